"""The life of an order, below the question whom it meets: it is accepted, rests or waits, changes, ends.

Each step makes a new snapshot by the life-cycle table (``orders.TABLE``), keeps the account's books of open orders, and
is told in the drop copy; what is locked for an order is released with its end.
"""

from __future__ import annotations

from msgspec.structs import replace

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry, Special
from outtrade_mocks.core.events import BalanceChange, Cause, OrderChange, Why
from outtrade_mocks.core.floor import Floor, order_of
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import TERMINAL, Event, ExpiredBy, NewOrder, Order, Status, Terms, step

_ACCEPTED = step(Status.PENDING, Event.ACCEPT)


class LifeCycle(Floor):
    """An order begins, rests, changes, ends."""

    def _accept(
        self,
        market: Market,
        account: Account,
        new: NewOrder,
        lots: int,
        pays: Balance,
        gets: Balance,
        need: int,
        terms: Terms | None,
        status: Status = _ACCEPTED,
        cause: Cause = "request",
    ) -> Entry:
        """The order exists from here on; ``need`` is locked (0 for market orders, which pay from what is free)."""
        if market.margined is not None:
            self._portfolio(account, market)
        self._last_order_id = order_id = self._last_order_id + 1
        client_id = new.client_id or f"auto-{order_id}"
        while client_id in account.working:  # somebody named an order like that
            client_id += "-"
        now = self.now
        order = Order(
            order_id, client_id, client_id, account.name, new.symbol, new.side, new.type, new.tif, new.post_only,
            new.price, lots, new.quote, 0, 0, status, now, now, "", new.label, terms,
        )  # fmt: skip
        account.snapshots.append(order)
        entry = Entry(account, new.side == "buy", new.price or 0, lots, order, pays, gets)
        if terms is not None:
            entry.special = Special(terms.visible or 0)
            if terms.reduce_only and account.portfolio is not None:
                account.portfolio.reducing[order_id] = entry
            if terms.expires is not None:
                self._alarm(terms.expires, order_id)
        if self._callbacks:
            self._out.append(OrderChange(order, "accepted", now, cause))
        if need:
            self._hold(entry, need, "request")
        return entry

    def _hold(self, entry: Entry, need: int, cause: Cause) -> None:
        """Set the entry's lock to ``need`` atoms, which the caller knows to be free, and tell it."""
        now, account = self.now, entry.account
        assert account is not None
        changed = self.ledger.set_lock(entry, need, now)
        if self._callbacks:
            self._out.append(BalanceChange(account.name, (changed,), now, cause))

    def _rest(self, market: Market, entry: Entry) -> None:
        """Put what remains on the book."""
        order, account, special = entry.order, entry.account, entry.special
        assert order is not None and account is not None
        if special is not None and 0 < special.tip < entry.remaining:
            special.hidden = entry.remaining - special.tip
            entry.remaining = special.tip
        (market.bids if entry.buy else market.asks).add(entry)
        market.own_entries += 1
        if market.flow is not None:
            market.own_changed()
        order_id, symbol, count = order.order_id, order.symbol, account.open_count
        self._entries[order_id] = entry
        account.working[order.client_id] = order_id
        if symbol in count:
            count[symbol] += 1
        else:
            count[symbol] = 1
        if account.portfolio is not None:
            account.portfolio.openings.mark(entry)

    def _leave(self, market: Market, entry: Entry) -> None:
        """Take an order off the book."""
        (market.bids if entry.buy else market.asks).remove(entry)
        self._forget(market, entry)

    def _register(self, entry: Entry) -> None:
        """An order is open without standing in the book."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        self._entries[order.order_id] = entry
        account.working[order.client_id] = order.order_id
        account.open_count[order.symbol] = account.open_count.get(order.symbol, 0) + 1
        if account.portfolio is not None:
            account.portfolio.openings.mark(entry)

    def _unregister(self, entry: Entry) -> None:
        """The reverse."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        del self._entries[order.order_id]
        del account.working[order.client_id]
        account.open_count[order.symbol] -= 1
        if account.portfolio is not None:
            account.portfolio.openings.mark(entry)

    def _forget(self, market: Market, entry: Entry) -> None:
        """An order that is off the book no longer holds its client id."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        market.own_entries -= 1
        if market.flow is not None:
            market.own_changed()
        del self._entries[order.order_id]
        del account.working[order.client_id]
        account.open_count[order.symbol] -= 1
        if account.portfolio is not None:
            account.portfolio.openings.mark(entry)

    def _disarm(self, market: Market, entry: Entry) -> None:
        """Take an order that waits (untriggered, held, or for a session) out."""
        special = entry.special
        if special is not None and special.watch is not None:
            assert market.watches is not None
            market.watches.drop(special.watch)
            special.watch = None
            if not market.watches.armed:
                market.watches = None
        if market.waiting:
            market.waiting.pop(order_of(entry).order_id, None)
        self._unregister(entry)

    def _withdraw(self, market: Market, entry: Entry, cause: Cause, new_client_id: str | None = None) -> None:
        """An open order is cancelled, wherever it stands."""
        if entry.level is not None:
            self._leave(market, entry)
        else:
            self._disarm(market, entry)
        self._change(entry, Event.CANCEL, "cancel", cause, client_id=new_client_id)
        self._unlock(entry, cause)

    def _end(self, market: Market, entry: Entry, by: ExpiredBy, cause: Cause) -> None:
        """An open order ends, wherever it stands, without its owner having asked."""
        if entry.level is not None:
            self._leave(market, entry)
        else:
            self._disarm(market, entry)
        self._expire(entry, by, cause)

    def _expire(self, entry: Entry, by: ExpiredBy, cause: Cause) -> None:
        """End what remains without anybody having asked for it."""
        self._change(entry, Event.EXPIRE, "expire", cause, expired_by=by)
        if entry.locked:
            self._unlock(entry, cause)

    def _unlock(self, entry: Entry, cause: Cause) -> None:
        self._hold(entry, 0, cause)

    def _shrink(self, market: Market, entry: Entry, lots: int) -> None:
        """Take ``lots`` from an order on the book, which keeps its place and something of its quantity; what an iceberg
        hides goes first (*inferred*)."""
        special = entry.special
        if special is not None and special.hidden:
            hidden = min(special.hidden, lots)
            special.hidden -= hidden
            lots -= hidden
        if lots:
            market.side(buy=entry.buy).reduce(entry, lots)

    def _change(
        self,
        entry: Entry,
        event: Event,
        why: Why,
        cause: Cause,
        *,
        client_id: str | None = None,
        lots: int | None = None,
        price: int | None = None,
        expired_by: ExpiredBy = "",
        terms: Terms | None = None,
    ) -> None:
        """A new snapshot for anything but a fill."""
        old, account = entry.order, entry.account
        assert old is not None and account is not None
        now, status = self.now, step(old.status, event)
        entry.order = order = replace(old, status=status, updated=now, expired_by=expired_by)
        if client_id or lots is not None or price is not None or terms is not None:
            entry.order = order = replace(
                order,
                client_id=client_id or old.client_id,
                lots=old.lots if lots is None else lots,
                price=old.price if price is None else price,
                terms=terms or old.terms,
            )
        account.snapshots.append(order)
        if self._callbacks:
            self._out.append(OrderChange(order, why, now, cause))
        special = entry.special
        if account.portfolio is not None:
            account.portfolio.openings.mark(entry)
        if special is not None and (special.group is not None or special.borrowed) and order.status in TERMINAL:
            self._touched.append(entry)
