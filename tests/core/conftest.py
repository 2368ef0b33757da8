"""What the tests of the core share: a small instrument whose numbers are easy to follow, and a bank of checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_market import SYMBOL, instrument

from outtrade_mocks.core import Account, Change, Exchange, NewOrder, Order, Rejection


class Bench:
    """An exchange with accounts ``a`` and ``b`` and everything it told."""

    def __init__(self, **changes: Any) -> None:
        self.exchange = Exchange([instrument(**changes)], now=0, seed=1)
        self.events: list[Change] = []
        self.a = self.exchange.open_account("a", {"ABC": 1_000, "USD": 100_000})
        self.b = self.exchange.open_account("b", {"ABC": 1_000, "USD": 100_000})
        self.exchange.on_change(self.events.append)

    def at(self, now: int) -> Bench:
        self.exchange.advance(now)
        return self

    def limit(self, account: Account, side: str, price: int, lots: int, **more: Any) -> Order:
        new = NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots, **more)  # type: ignore[arg-type]
        return self.exchange.place(account, new)

    @property
    def moved(self) -> list[Change]:
        """What was told, but for requests that were refused."""
        return [event for event in self.events if not isinstance(event, Rejection)]

    def market(self, account: Account, side: str, lots: int | None = None, **more: Any) -> Order:
        new = NewOrder(symbol=SYMBOL, side=side, type="market", lots=lots, **more)  # type: ignore[arg-type]
        return self.exchange.place(account, new)

    def balances(self, account: Account) -> dict[str, tuple[int, int]]:
        return self.exchange.view(account).balances()


@pytest.fixture
def bench() -> Callable[..., Bench]:
    return Bench
