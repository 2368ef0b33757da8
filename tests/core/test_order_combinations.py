"""Order features in combination: every product of them is allowed or refused as it should be, and keeps its promises.

The whole product of type, side, time in force, post-only, quantity or quote amount, trigger (kind, source, trailing),
iceberg and self-trade mode is placed on an exchange of its own and lives through a market that reaches every trigger,
sweeps the book and lets time pass. Whether a combination is an order at all is decided here a second time, in other
words than the core's; while it lives, the invariants of the core hold after every step, and each feature does what it
promises whatever it is combined with. The same for the orders of lists.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import Exchange, Fill, Instrument, NewList, NewOrder, OrderChange, Practice, Reject, Trigger
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.orders import TERMINAL

SYMBOL = "ABC/USD"
RULES = Instrument(
    symbol=SYMBOL, base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0, quote_precision=0,
    maker_fee=Decimal("0.01"), taker_fee=Decimal("0.02"),
)  # fmt: skip
END = 1_000
PATHS = ((104, 111, 102, 89, 97, 100), (96, 89, 98, 111, 103, 100))
START = {"ABC": 10_000, "USD": 1_000_000}
SOURCES = ("last", "mark", "index")


def triggers(side: str) -> Iterator[Trigger | None]:
    """None, and each kind of trigger, by each source; prices on the side where they wait."""
    yield None
    rise, fall = 110, 90
    for source in SOURCES:
        for kind in ("stop", "take_profit"):
            price = rise if (side == "buy") == (kind == "stop") else fall
            yield Trigger(kind=kind, price=price, source=source)  # type: ignore[arg-type]
        yield Trigger(trail_ticks=8, source=source)  # type: ignore[arg-type]
        yield Trigger(kind="take_profit", price=fall if side == "buy" else rise, trail_bps=700, source=source)  # type: ignore[arg-type]


def orders(side: Any) -> Iterator[NewOrder]:
    """The whole product."""
    for kind, tif, post_only, by_quote, trigger, visible, mode in itertools.product(
        ("limit", "market"), ("GTC", "IOC", "FOK", "GTD", "DAY"), (False, True), (False, True), triggers(side),
        (None, 3), (None, "decrement", "expire_taker"),
    ):  # fmt: skip
        yield NewOrder(
            symbol=SYMBOL, side=side, type=kind, tif=tif, post_only=post_only,  # type: ignore[arg-type]
            price=(101 if side == "buy" else 99) if kind == "limit" else None,
            lots=None if by_quote else 12, quote=1_200 if by_quote else None, trigger=trigger, visible=visible,
            expires=END if tif in ("GTD", "DAY") else None, self_trade=mode,  # type: ignore[arg-type]
        )  # fmt: skip


def makes_sense(new: NewOrder) -> bool:
    """Whether the fields make an order, by a table of what excludes what."""
    rests = new.tif not in ("IOC", "FOK")
    timed = new.tif in ("GTD", "DAY")
    if new.type == "market":
        return not (
            new.post_only or new.visible or (timed and not new.trigger)
            or (new.quote and new.trigger and new.side == "sell")
        )  # fmt: skip
    return not new.quote and (rests or not (new.post_only or new.visible))


class Life:
    """An exchange with a market around 100 in which an account ``me`` has an order on either side."""

    def __init__(self, practice: Practice) -> None:
        self.exchange = x = Exchange([RULES], now=0, seed=1, practice=practice)
        self.me, self.others = x.open_account("me", START), x.open_account("others", START)
        self.third = x.open_account("third", START)
        x.publish(SYMBOL, mark=100, index=100)
        self.trade(100)
        for side, price in (("buy", 98), ("sell", 102)):
            x.place(self.me, NewOrder(symbol=SYMBOL, side=side, price=price, lots=2, client_id=side))  # type: ignore[arg-type]
        for side, price in (("buy", 97), ("sell", 103), ("buy", 99), ("sell", 101)):
            x.place(self.others, NewOrder(symbol=SYMBOL, side=side, price=price, lots=5))  # type: ignore[arg-type]
        self.told: list[Any] = []
        x.on_change(self.told.append)

    def trade(self, price: int) -> None:
        """The market goes to ``price``: someone sweeps the book up to there and meets someone else, who has more."""
        x, one, two = self.exchange, "buy", "sell"
        if price >= (x.last_price(SYMBOL) or 0):
            one, two = two, one
        for account, side, lots in ((self.others, one, 90), (self.third, two, 60)):
            x.place(account, NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots))  # type: ignore[arg-type]
        for account in (self.others, self.third):
            if account.working:
                x.cancel_all(account, None)

    def live(self, path: tuple[int, ...]) -> None:
        """Up and down, or down and up: each trigger is reached; then time passes and what is left is cancelled."""
        x = self.exchange
        for price in path:
            x.publish(SYMBOL, mark=price, index=price)
            self.holds(f"mark {price}")
            self.trade(price)
            self.holds(f"a trade at {price}")
        x.advance(END)
        self.holds("the end")
        for account in (self.me, self.others, self.third):
            if account.working:
                x.cancel_all(account, None)
        self.holds("cancel all")
        assert all(balance.locked == 0 for balance in self.me.balances.values())

    def holds(self, event: str) -> None:
        check(self.exchange, event)
        ledger, accounts = self.exchange.ledger, self.exchange.accounts.values()
        for asset, atoms in START.items():
            held = sum(account.balance(asset).free + account.balance(asset).locked for account in accounts)
            assert held + ledger.house.balance(asset).free + ledger.fees.get(asset, 0) == 3 * atoms, event


def promises(life: Life, new: NewOrder, order_id: int) -> str:
    """What each feature promises, whatever it is combined with; returns how the order ended."""
    path = life.me.orders[order_id]
    last, fills = path[-1], [e for e in life.told if isinstance(e, Fill) and e.order_id == order_id]
    assert last.status in TERMINAL and sum(fill.lots for fill in fills) == last.filled <= last.lots
    changes = [e for e in life.told if isinstance(e, OrderChange) and e.order.order_id == order_id]
    rested = any(c.order.working for c in changes[-1:]) or any(fill.maker for fill in fills)
    if new.tif in ("IOC", "FOK") or new.type == "market":
        assert not rested
    if new.tif == "FOK" and new.self_trade != "decrement":
        assert last.filled in (0, last.lots)
    if new.post_only:
        assert all(fill.maker for fill in fills)
    if new.tif in ("GTD", "DAY"):
        assert last.updated <= END and last.expired_by in ("", "gtd", "day", "post_only", "self_trade", "liquidity")
    if new.trigger is not None:
        assert path[0].status == "untriggered" and not path[0].filled
        assert [one.status.value for one in path].count("triggered") == 1, "every trigger is reached"
        assert last.terms is not None and last.terms.triggered is not None
    if new.quote is not None:
        assert last.quote_filled <= new.quote
    if new.price is not None:
        assert all(f.price <= new.price if new.side == "buy" else f.price >= new.price for f in fills)
    if new.self_trade == "expire_taker":
        met = {f.trade_id for f in fills}
        mine = [e for e in life.told if isinstance(e, Fill) and e.account == "me" and e.order_id != order_id]
        assert not met & {f.trade_id for f in mine}
    return last.expired_by or last.status.value


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_every_combination_of_an_orders_features(side: str) -> None:
    """Half of them under each practice of post-only orders and of reserving."""
    ends: Counter[str] = Counter()
    for number, new in enumerate(orders(side)):
        practice = Practice(
            post_only=("reject", "cancel")[number % 2], reserve=("placement", "trigger")[number // 2 % 2]  # type: ignore[arg-type]
        )  # fmt: skip
        life = Life(practice)
        try:
            order = life.exchange.place(life.me, new)
        except Reject as refusal:
            if makes_sense(new):
                assert refusal.reason == "WOULD_TAKE" and new.post_only and practice.post_only == "reject", (
                    new,
                    refusal,
                )
                assert new.trigger is None
                ends["refused: would take"] += 1
            else:
                assert refusal.reason == "INVALID_ORDER", (new, refusal)
                ends["no order"] += 1
            continue
        assert makes_sense(new), new
        life.holds("placing")
        if new.visible and new.trigger is None:
            depth = life.exchange.depth(SYMBOL)[0 if side == "buy" else 1]
            assert sum(lots for price, lots in depth if price == new.price) <= 3
        life.live(PATHS[number // 4 % 2])
        ends[promises(life, new, order.order_id)] += 1
    assert {"filled", "ioc", "fok", "liquidity", "post_only", "self_trade", "refused: would take", "no order"} <= set(
        ends
    )
    assert sum(ends.values()) == 2 * 5 * 2 * 2 * 13 * 2 * 3 and ends["filled"] > 200, ends


def pair(side: Any) -> Iterator[tuple[NewOrder, NewOrder]]:
    """A limit order and a trigger order of one side, of every kind that may stand together."""
    above = side == "sell"
    for tif, more, trigger, at in itertools.product(
        ("GTC", "GTD"), ({}, {"post_only": True}, {"visible": 3}), triggers(side), (False, True)
    ):
        if trigger is None or (trigger.kind == "take_profit" and not trigger.trailing):
            continue
        limit = NewOrder(
            symbol=SYMBOL, side=side, price=106 if above else 94, lots=9, tif=tif,
            expires=END if tif == "GTD" else None, **more,
        )  # type: ignore[arg-type]  # fmt: skip
        yield limit, NewOrder(
            symbol=SYMBOL, side=side, type="limit" if at else "market", lots=9, trigger=trigger,
            price=(85 if above else 115) if at else None,
        )  # fmt: skip


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("kind", ["oco", "otoco", "bracket", "oto"])
def test_every_combination_of_a_lists_orders(kind: Any, side: str) -> None:
    """With both rules of partial fills, entries that rest and entries that trade at once."""
    ends: Counter[tuple[str, ...]] = Counter()
    other: Any = "buy" if side == "sell" else "sell"
    for number, legs in enumerate(pair(side)):
        for partial, waits in itertools.product(("cancel", "reduce"), (False, True)):
            price = (97 if waits else 103) if other == "buy" else (103 if waits else 97)
            entry = NewOrder(symbol=SYMBOL, side=other, price=price, lots=9)
            made = {"oco": legs, "oto": (entry, legs[number % 2])}.get(kind, (entry, *legs))
            life = Life(Practice(partial=partial, released_part=bool(number % 3)))  # type: ignore[arg-type]
            group = life.exchange.place_list(life.me, NewList(kind=kind, orders=made))
            life.holds("placing")
            life.live(PATHS[number // 2 % 2])
            states = tuple(order.status.value for order in group.orders)
            assert group.status == "done" and all(order.status in TERMINAL for order in group.orders)
            if kind != "oto":
                one, two = group.orders[-2:]
                assert not (one.filled and two.filled) or group.partial == "reduce"
                assert one.filled + two.filled <= 9, "one of a pair cancels the other"
            if kind != "oco":
                assert group.orders[0].filled == 9 or not any(o.filled for o in group.orders[1:]) or number % 3
            ends[states] += 1
    assert len(ends) >= 2 and any(state.count("filled") == (1 if kind == "oco" else 2) for state in ends), ends
