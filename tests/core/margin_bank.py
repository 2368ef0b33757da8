"""What the tests of spot margin share: three markets, an account with margin, two with everything."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from msgspec import structs

from outtrade_mocks.core import Account, Bracket, Change, Exchange, Instrument, MarginRules, NewOrder, Practice, Reject
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.loans import HOUR
from outtrade_mocks.core.state import snapshot

BTC = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"))
ETH = Instrument(symbol="ETH/BTC", base="ETH", quote="BTC", tick=D("0.00001"), step=D("0.0001"))
TSLA = Instrument(
    symbol="TSLA/USD", base="TSLA", quote="USD", kind="equity", tick=D("0.01"), step=D(1), base_precision=0,
    quote_precision=2,
)  # fmt: skip
SWAP = Instrument(
    symbol="BTC/USDT:USDT", base="BTC", quote="USDT", kind="perpetual", tick=D("0.01"), step=D("0.001"),
    brackets=(Bracket(cap=None, leverage=100, rate=D("0.005")),),
)  # fmt: skip
CENT = D("0.24")
"""A day's rate that makes one percent an hour."""
CROSS = MarginRules(rates={"USDT": D("0.0002"), "BTC": D("0.0001"), "ETH": D("0.0001")}, reference="USDT")


class Bank:
    """BTC at 10,000 and ETH at 0.05 BTC; ``a`` has margin, ``b`` has everything. Money is counted as it goes."""

    def __init__(self, rules: MarginRules = CROSS, *, usdt: str = "1000", **practice: Any) -> None:
        markets = [BTC, ETH, TSLA, SWAP]
        self.exchange = Exchange(markets, now=0, seed=1, practice=Practice(**practice))
        rich = {"BTC": D(10**6), "USDT": D(10**9), "ETH": D(10**6), "TSLA": D(10**6), "USD": D(10**9)}
        self.b = self.exchange.open_account("b", {k: self.exchange.atoms(k, v) for k, v in rich.items()})
        self.c = self.exchange.open_account("c", {k: self.exchange.atoms(k, v) for k, v in rich.items()})
        self.a = self.exchange.open_account("a", {"USDT": self.exchange.atoms("USDT", D(usdt))})
        for rules_of, price in ((BTC, "10000"), (ETH, "0.05"), (TSLA, "200")):
            self.price(rules_of, price)
        self.exchange.open_margin(self.a, rules)
        self.told: list[Change] = []
        self.exchange.on_change(self.told.append)
        self.start = {asset: total(self.exchange, asset) for asset in rich}

    def price(self, rules: Instrument, price: str) -> None:
        """The last trade is at that price."""
        lot = D(1) if rules.kind == "equity" else D("0.001")
        self.order(self.b, rules, "sell", price, str(lot))
        self.order(self.c, rules, "buy", price, str(lot))

    def order(
        self, account: Account, rules: Instrument, side: Any, price: str | None, quantity: str, **more: Any
    ) -> Any:
        placed = self.exchange.place(
            account,
            NewOrder(
                symbol=rules.symbol, side=side, type="market" if price is None else "limit",
                price=None if price is None else rules.ticks(D(price)), lots=rules.lots(D(quantity)), **more,
            ),
        )  # fmt: skip
        self.check(f"{side} {quantity} at {price}")
        return placed

    def check(self, event: str) -> None:
        check(self.exchange, event)
        for asset, start in getattr(self, "start", {}).items():
            assert total(self.exchange, asset) == start, (event, asset)

    def borrow(self, asset: str, amount: str, account: Account | None = None) -> None:
        self.exchange.borrow(account or self.a, asset, self.exchange.atoms(asset, D(amount)))
        self.check(f"borrowing {amount} {asset}")

    def owes(self, asset: str, account: Account | None = None) -> tuple[D, D]:
        principal, interest = self.exchange.view(account or self.a).loans().get(asset, (0, 0))
        return self.exchange.amount(asset, principal), self.exchange.amount(asset, interest)

    def free(self, asset: str, account: Account | None = None) -> D:
        return self.exchange.amount(asset, (account or self.a).balance(asset).free)

    def refused(self, reason: str, method: str, *arguments: Any) -> None:
        before = snapshot(self.exchange)
        with pytest.raises(Reject) as caught:
            getattr(self.exchange, method)(*arguments)
        assert caught.value.reason == reason
        assert structs.replace(snapshot(self.exchange), event_id=before.event_id).to_json() == before.to_json()

    def at(self, hours: float) -> None:
        self.exchange.advance(int(hours * HOUR))
        self.check(f"{hours} o'clock")
