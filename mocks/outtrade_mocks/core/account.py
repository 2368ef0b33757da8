"""An account: what it owns, what is locked, and everything it ever was.

A balance is free and locked atoms of one asset. A resting buy locks what its remainder can still cost, a resting sell
what it can still deliver; both are released as the order ends. Every change is kept with its time, so that ``View``
can show the account as it was.

The past is written far more often than it is read. So it is kept as it comes, in plain lists that cost the engine one
step an event and the garbage collector nothing, and put in order (by order, by client order id) when somebody asks.

The *house* is the counterparty of the seeded market: an account without limits and without a past, whose balances
may be negative, so that for every asset accounts + house + fees stays constant to the atom.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING

from outtrade_mocks.core.events import Fill, Prevention
from outtrade_mocks.core.orders import Order
from outtrade_mocks.core.positions import Portfolio

if TYPE_CHECKING:
    from outtrade_mocks.core.loans import Loans


class Balance:
    """Atoms of one asset: ``free`` and ``locked``, and all earlier values with their times."""

    __slots__ = ("asset", "free", "locked", "past")

    def __init__(self, asset: str, free: int = 0, *, time: int) -> None:
        self.asset = asset
        self.free = free
        self.locked = 0
        self.past = [time, free, 0]
        """Time, free, locked after each change, one after the other: three numbers a change."""

    def note(self, now: int) -> None:
        """Keep the balance as it is from ``now`` (ns) on."""
        self.past += (now, self.free, self.locked)

    def at(self, time: int) -> tuple[int, int] | None:
        """(free, locked) as it stood at ``time`` (ns), with what happened at that instant; None: not there yet."""
        past = self.past
        index = 3 * bisect_right(range(0, len(past), 3), time, key=past.__getitem__)
        return (past[index - 2], past[index - 1]) if index else None

    @property
    def touched(self) -> bool:
        """Whether anything ever lay here; what was only looked at is as good as absent."""
        return len(self.past) > 3 or self.free != 0 or self.locked != 0

    def __repr__(self) -> str:
        return f"Balance({self.asset} free={self.free} locked={self.locked})"


class Account:
    """One customer of the exchange. Made by ``Exchange.open_account``; read it through ``Exchange.view``."""

    __slots__ = (
        "_by_client_id", "_orders", "_read", "balances", "fills", "loans", "name", "open_count", "opened", "portfolio",
        "preventions", "snapshots", "unlimited", "unlisted", "volumes", "working",
    )  # fmt: skip

    def __init__(self, name: str, *, now: int, unlimited: bool = False) -> None:
        self.name = name
        self.opened = now
        self.unlimited = unlimited
        self.balances: dict[str, Balance] = {}
        self.snapshots: list[Order] = []
        """Of all its orders, oldest first."""
        self._orders: dict[int, list[Order]] = {}
        self._by_client_id: dict[str, list[int]] = {}
        self._read = 0
        """So many snapshots are in these two."""
        self.fills: list[Fill] = []
        """Trades, oldest first."""
        self.unlisted: set[int] = set()
        """Ids of orders whose first trade no list shows (a fault)."""
        self.preventions: list[Prevention] = []
        """Where orders of the account would have traded with each other, oldest first."""
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

    @property
    def orders(self) -> dict[int, list[Order]]:
        """Order id -> its snapshots, oldest first; orders as they were placed."""
        if self._read < len(self.snapshots):
            self._catch_up()
        return self._orders

    @property
    def by_client_id(self) -> dict[str, list[int]]:
        """Client order id -> ids of all orders that ever carried it."""
        if self._read < len(self.snapshots):
            self._catch_up()
        return self._by_client_id

    def _catch_up(self) -> None:
        """Put what is new of ``snapshots`` in order."""
        for order in islice(self.snapshots, self._read, None):
            known = self._orders.setdefault(order.order_id, [])
            if not known or known[-1].client_id != order.client_id:
                self._by_client_id.setdefault(order.client_id, []).append(order.order_id)
            known.append(order)
        self._read = len(self.snapshots)

    def forget(self, kept: list[Order]) -> None:
        """Keep no snapshots but ``kept``, and no fills."""
        self.snapshots[:] = kept
        self._orders.clear()
        self._by_client_id.clear()
        self._read = 0
        self.fills.clear()

    def balance(self, asset: str) -> Balance:
        """The balance of ``asset``, zero where it was never touched."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance(asset, time=self.opened)
        return found

    def __repr__(self) -> str:
        return f"Account({self.name})"
