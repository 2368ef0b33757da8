"""An account: what it owns, what is locked, and everything it ever was.

A balance is free and locked atoms of one asset. A resting buy locks what its remainder can still cost, a resting sell
what it can still deliver; both are released as the order ends. Every change is kept with its time, so that ``View``
can show the account as it was.

The *house* is the counterparty of the seeded market: an account without limits and without a past, whose balances
may be negative, so that for every asset accounts + house + fees stays constant to the atom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade_mocks.core.events import Fill, Prevention
from outtrade_mocks.core.orders import Order
from outtrade_mocks.core.positions import Portfolio

if TYPE_CHECKING:
    from outtrade_mocks.core.loans import Loans


class Balance:
    """Atoms of one asset: ``free`` and ``locked``, and all earlier values with their times."""

    __slots__ = ("asset", "free", "history", "locked")

    def __init__(self, asset: str, free: int = 0, *, time: int) -> None:
        self.asset = asset
        self.free = free
        self.locked = 0
        self.history: list[tuple[int, int, int]] = [(time, free, 0)]
        """(time, free, locked) after each change."""

    @property
    def touched(self) -> bool:
        """Whether anything ever lay here; what was only looked at is as good as absent."""
        return len(self.history) > 1 or self.free != 0 or self.locked != 0

    def __repr__(self) -> str:
        return f"Balance({self.asset} free={self.free} locked={self.locked})"


class Account:
    """One customer of the exchange. Made by ``Exchange.open_account``; read it through ``Exchange.view``."""

    __slots__ = (
        "balances", "by_client_id", "fills", "loans", "name", "open_count", "opened", "orders", "portfolio",
        "preventions", "unlimited", "volumes", "working",
    )  # fmt: skip

    def __init__(self, name: str, *, now: int, unlimited: bool = False) -> None:
        self.name = name
        self.opened = now
        self.unlimited = unlimited
        self.balances: dict[str, Balance] = {}
        self.orders: dict[int, list[Order]] = {}
        """Order id -> its snapshots, oldest first."""
        self.fills: list[Fill] = []
        """Trades, oldest first."""
        self.preventions: list[Prevention] = []
        """Where orders of the account would have traded with each other, oldest first."""
        self.by_client_id: dict[str, list[int]] = {}
        """Client order id -> ids of all orders that ever carried it."""
        self.working: dict[str, int] = {}
        """Client order id -> id, of open orders: on a book, or waiting to come there."""
        self.open_count: dict[str, int] = {}
        """Symbol -> number of its open orders."""
        self.loans: Loans | None = None
        """Debts of a margin account; None: it is none."""
        self.volumes: dict[str, dict[int, int]] = {}
        """Asset -> UTC day (days since 1970) -> atoms traded on it, where fee tiers count them."""
        self.portfolio: Portfolio | None = None
        """Contracts and how they are traded; None: it never did."""

    def balance(self, asset: str) -> Balance:
        """The balance of ``asset``, zero where it was never touched."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance(asset, time=self.opened)
        return found

    def __repr__(self) -> str:
        return f"Account({self.name})"
