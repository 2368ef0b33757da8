"""Small spaces with a purpose of their own: the flagship pair, the benchmark, the smoke test.

They are fixed but for their seed, so that a number or a timeline means the same tomorrow.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.fault import LostAnswer, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.wording import sentence

BTC = Market(mid=Decimal(50000), depth=Decimal("0.5"), taker_size=Decimal("0.05"), volatility_bps=1.0)
ETH = Market(mid=Decimal(3000), depth=Decimal(8), taker_size=Decimal("0.8"), volatility_bps=1.0)


def _intent(number: int, tag: str, at: float, **fields: Any) -> Intent:
    fields = {"kind": "order", "at": at, **fields}
    return Intent(id=f"i{number}", tag=tag, text=sentence(fields), **fields)


def flagship(d: Draw) -> Scenario:
    """The answer to an order is lost. Even indices: the exchange had accepted it. Odd: it never did.

    Whoever assumes "failed" buys twice in the first; whoever assumes "placed" waits for ever in the second."""
    committed = d.index % 2 == 0
    order = _intent(
        1, "FLAG5H1P", 5, symbol="BTC/USDT", side="buy", quantity=Decimal("0.4"), type="limit",
        limit_price=Decimal("50100"), expires=200.0,
    )  # fmt: skip
    return Scenario(
        id=f"flagship-{d.seed}-{'committed' if committed else 'absent'}" + (f"-{d.index // 2}" if d.index > 1 else ""),
        seed=d.seed + d.index // 2,
        space="flagship",
        symbols=("BTC/USDT",),
        balances={"USDT": Decimal(100000), "BNB": Decimal("12.5")},
        markets={"BTC/USDT": BTC},
        intents=(order,),
        until=420,
        faults=(LostAnswer(on=Trigger(op="place", tag=order.tag, before=240), committed=committed, symptom="hang"),),
        pair=f"flagship-{d.seed}-{d.index // 2}",
    )


def standard(d: Draw) -> Scenario:
    """The benchmark: ten orders over 45 virtual minutes, the answer to the fifth is lost after it was accepted."""
    part = d.sub("orders")
    orders = []
    for number in range(1, 11):
        buy, eth = number % 2 == 1, number % 4 in (2, 3)
        fields: dict[str, Any] = {
            "symbol": "ETH/USDT" if eth else "BTC/USDT",
            "side": "buy" if buy else "sell",
            "quantity": Decimal("0.2") if eth else Decimal("0.02"),
        }
        mid = ETH.mid if eth else BTC.mid
        if number in (5, 6):
            away = Decimal("0.985") if buy else Decimal("1.015")
            fields |= {"type": "limit", "limit_price": mid * away, "expires": 240.0 * number + 200}
        elif number % 3 == 0:
            through = Decimal("1.005") if buy else Decimal("0.995")
            fields |= {"type": "limit", "limit_price": mid * through, "time_in_force": "IOC"}
        else:
            fields |= {"type": "market"}
        fields["expires"] = fields.get("expires", 240.0 * number + 200)
        orders.append(_intent(number, part.tag(f"tag {number}"), 240.0 * number, **fields))
    return Scenario(
        id=f"standard-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="standard",
        symbols=("BTC/USDT", "ETH/USDT"),
        balances={"USDT": Decimal(100000), "BTC": Decimal(2), "ETH": Decimal(30), "BNB": Decimal("12.5")},
        markets={"BTC/USDT": BTC, "ETH/USDT": ETH},
        intents=tuple(orders),
        until=2700,
        faults=(LostAnswer(on=Trigger(op="place", tag=orders[4].tag, before=2500), committed=True, symptom="hang"),),
    )


def smoke(d: Draw) -> Scenario:
    """The shortest useful run: one market order, one resting order with a deadline, one answer lost."""
    first = _intent(
        1, "SM0KEAAA", 3, symbol="BTC/USDT", side="buy", quantity=Decimal("0.02"), type="market", expires=60.0
    )
    second = _intent(
        2, "SM0KEBBB", 8, symbol="BTC/USDT", side="sell", quantity=Decimal("0.02"), type="limit",
        limit_price=Decimal("50750"), expires=80.0,
    )  # fmt: skip
    committed = d.index % 2 == 0
    return Scenario(
        id=f"smoke-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="smoke",
        symbols=("BTC/USDT",),
        balances={"USDT": Decimal(100000), "BTC": Decimal(1)},
        markets={"BTC/USDT": BTC},
        intents=(first, second),
        until=300,
        faults=(LostAnswer(on=Trigger(op="place", tag=second.tag, before=120), committed=committed, symptom="reset"),),
    )
