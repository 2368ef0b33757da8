"""What the tests of contracts share: a small contract whose numbers are easy to follow, and an exchange around it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from outtrade_mocks.core import Account, Bracket, Change, Exchange, Instrument, NewOrder, Order, Practice
from outtrade_mocks.core.events import PositionChange
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.positions import Position, PositionSide

SYMBOL = "ABC/USD"
HOUR = 3_600_000_000_000
BRACKETS = (
    Bracket(cap=Decimal(10_000), leverage=50, rate=Decimal("0.01")),
    Bracket(cap=Decimal(50_000), leverage=20, rate=Decimal("0.025")),
    Bracket(cap=None, leverage=10, rate=Decimal("0.05")),
)


def contract(**changes: Any) -> Instrument:
    """Tick 1, step 1, no decimals: 3 contracts at 100 are worth 300 atoms of USD. No fees unless asked."""
    rules: dict[str, Any] = {
        "symbol": SYMBOL, "base": "ABC", "quote": "USD", "tick": Decimal(1), "step": Decimal(1), "base_precision": 0,
        "quote_precision": 0, "kind": "perpetual", "brackets": BRACKETS,
    }  # fmt: skip
    return Instrument(**(rules | changes))


class Pit:
    """An exchange with accounts ``a``, ``b`` and ``c``; everything is checked after every operation of the helpers."""

    def __init__(self, *, practice: Practice | None = None, money: int = 100_000, **changes: Any) -> None:
        self.instrument = contract(**changes)
        self.exchange = Exchange([self.instrument], now=0, seed=1, practice=practice)
        self.events: list[Change] = []
        self.asset = self.instrument.settle
        self.a, self.b, self.c = (self.exchange.open_account(name, {self.asset: money}) for name in "abc")
        self.given = 3 * money
        self.exchange.on_change(self.events.append)

    def check(self, event: str = "an operation") -> None:
        check(self.exchange, event)
        assert total(self.exchange, self.asset) == self.given, event

    def endow(self, atoms: int) -> None:
        self.given += atoms
        self.exchange.endow_insurance(self.asset, atoms)

    def limit(self, account: Account, side: str, price: int, lots: int, **more: Any) -> Order:
        new = NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots, **more)  # type: ignore[arg-type]
        order = self.exchange.place(account, new)
        self.check(f"{side} {lots} at {price}")
        return order

    def market(self, account: Account, side: str, lots: int | None = None, **more: Any) -> Order:
        new = NewOrder(symbol=SYMBOL, side=side, type="market", lots=lots, **more)  # type: ignore[arg-type]
        order = self.exchange.place(account, new)
        self.check(f"{side} {lots}")
        return order

    def trade(self, buyer: Account, seller: Account, price: int, lots: int) -> None:
        """The two trade with each other, one-way."""
        self.limit(seller, "sell", price, lots)
        self.limit(buyer, "buy", price, lots)

    def mark(self, price: int) -> None:
        self.exchange.publish(SYMBOL, mark=price)
        self.check(f"mark {price}")

    def held(self, account: Account, side: PositionSide = "net") -> Position | None:
        return None if account.portfolio is None else account.portfolio.position(SYMBOL, side)

    def wallet(self, account: Account) -> int:
        return account.balance(self.asset).free

    def liquidation(self, account: Account, side: PositionSide = "net") -> Fraction | None:
        return self.exchange.liquidation_price(account, SYMBOL, side)

    def changes(self, account: Account) -> list[tuple[str, str, int]]:
        """(why, cause, lots) of each change of the account's positions."""
        return [
            (event.why, event.cause, event.position.lots)
            for event in self.events
            if isinstance(event, PositionChange) and event.position.account == account.name
        ]
