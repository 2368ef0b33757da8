"""What a query may see: one account as it was at one moment.

A venue answers queries from a view, not from the engine, because real venues do: orders go to the matching engine, but
queries are served from copies that lag. ``as_of`` is that lag made explicit. What happened *at* ``as_of`` is included;
to see the state just before a commit at time t, ask for t - 1.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.events import Fill
from outtrade_mocks.core.orders import Order, Reject, RejectReason
from outtrade_mocks.core.positions import Position


class View:
    """Read-only view of ``account`` as of ``as_of`` (ns). Lists are ordered by id, hence by time of creation.

    ``find_by_original``: whether an order whose cancel or amend renamed it is still found by its first client id.
    """

    __slots__ = ("account", "as_of", "find_by_original")

    def __init__(self, account: Account, as_of: int, *, find_by_original: bool = True) -> None:
        self.account = account
        self.as_of = as_of
        self.find_by_original = find_by_original

    def _at(self, snapshots: list[Order]) -> Order | None:
        """The snapshot that stood at ``as_of``."""
        for snapshot in reversed(snapshots):
            if snapshot.updated <= self.as_of:
                return snapshot
        return None

    def order(self, symbol: str, *, order_id: int | None = None, client_id: str | None = None) -> Order:
        """The order with this id, or with this client id (an open one first, else the latest).

        Where both are given, both must fit. Raises Reject(NO_SUCH_ORDER).
        """
        if order_id is not None:
            found = self._at(self.account.orders.get(order_id, [])) if type(order_id) is int else None
            if found is not None and found.symbol == symbol and (client_id is None or self._named(found, client_id)):
                return found
            raise Reject(RejectReason.NO_SUCH_ORDER, f"no order {order_id!r} in {symbol!r}")
        best: Order | None = None
        rank = (False, False, 0)
        for candidate in self.account.by_client_id.get(client_id, ()) if type(client_id) is str else ():
            found = self._at(self.account.orders[candidate])
            if found is None or found.symbol != symbol or not self._named(found, client_id or ""):
                continue
            this = (found.live, found.client_id == client_id, found.order_id)
            if this > rank:
                best, rank = found, this
        if best is None:
            raise Reject(RejectReason.NO_SUCH_ORDER, f"no order with client id {client_id!r} in {symbol}")
        return best

    def _named(self, order: Order, client_id: str) -> bool:
        return order.client_id == client_id or (self.find_by_original and order.created_as == client_id)

    def all_orders(self, symbol: str | None = None) -> list[Order]:
        """All orders ever accepted, in one symbol or in all."""
        found = (self._at(snapshots) for snapshots in self.account.orders.values())
        return [order for order in found if order is not None and (symbol is None or order.symbol == symbol)]

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Orders that were open: in the market, or waiting for a trigger or another order."""
        return [order for order in self.all_orders(symbol) if order.live]

    def trades(self, symbol: str | None = None, *, order_id: int | None = None) -> list[Fill]:
        """Trades, oldest first; without those that a fault keeps from being listed."""
        fills = self.account.fills
        found = [
            fill
            for fill in fills[: bisect_right(fills, self.as_of, key=attrgetter("time"))]
            if (symbol is None or fill.symbol == symbol) and (order_id is None or fill.order_id == order_id)
        ]
        for hidden in self.account.unlisted:
            first = next((fill for fill in fills if fill.order_id == hidden), None)
            found = [fill for fill in found if fill is not first]
        return found

    def positions(self, symbol: str | None = None) -> list[Position]:
        """Open positions in contracts, in the order in which their sides were first held."""
        found = []
        portfolio = self.account.portfolio
        for key, snapshots in ({} if portfolio is None else portfolio.positions).items():
            index = bisect_right(snapshots, self.as_of, key=attrgetter("updated"))
            if index and snapshots[index - 1].lots and (symbol is None or key[0] == symbol):
                found.append(snapshots[index - 1])
        return found

    def loans(self) -> dict[str, tuple[int, int]]:
        """Asset -> (principal, interest not paid yet) in atoms, of what a margin account owed; the assets sorted."""
        history = [] if self.account.loans is None else self.account.loans.history
        last = {one.asset: one for one in history[: bisect_right(history, self.as_of, key=attrgetter("time"))]}
        owed = {asset: (one.principal, one.interest) for asset, one in sorted(last.items())}
        return {asset: both for asset, both in owed.items() if any(both)}

    def balances(self) -> dict[str, tuple[int, int]]:
        """Asset -> (free, locked) atoms, sorted by asset; assets never touched are absent."""
        result: dict[str, tuple[int, int]] = {}
        for asset in sorted(self.account.balances):
            balance = self.account.balances[asset]
            then = balance.at(self.as_of)
            if then is not None and balance.touched:
                result[asset] = then
        return result
