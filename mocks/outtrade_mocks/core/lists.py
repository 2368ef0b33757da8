"""Order lists: orders that decide about each other.

* **OCO**: two orders of one side and quantity, a limit order and a trigger order (or two trigger orders); one cancels
  the other. Money is locked once, for the dearer of the two.
* **OTO**: an entry, and an order that is *held* until the entry is completely filled. Held orders lock nothing.
* **OTOCO**: an entry, and an OCO pair that is held. A **bracket** is one whose pair closes what the entry opens.

Rules, with their sources: one order triggered or filled ends the other; cancelling one order of a list ends the list
(Binance spot, New Order list; Alpaca, bracket orders: any one cancelled cancels the rest); held orders come to life
when the entry is *completely* filled (both). A partial fill of one of a pair ends the other (Binance spot) or reduces
it to what is left (Alpaca: the stop-loss is adjusted to the remaining quantity): ``Practice.partial``, or the list's
own word. A held trigger order whose price is reached when it comes to life triggers at once (*inferred*); a held order
for which the money is missing by then is rejected, and the list ends (*inferred*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.events import Cause, ListChange, ListStatus
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.limits import check_list
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import (
    LIVE,
    TERMINAL,
    Event,
    Malformed,
    NewOrder,
    Order,
    Reject,
    RejectReason,
    Status,
)
from outtrade_mocks.core.rules import (
    check_contract,
    check_limit,
    check_lots,
    check_shape,
    check_spot,
    check_terms,
    check_trigger,
)

if TYPE_CHECKING:
    from outtrade_mocks.core.exchange import Exchange

ListKind = Literal["oco", "oto", "otoco", "bracket"]
Partial = Literal["cancel", "reduce"]
_SIZE = {"oco": 2, "oto": 2, "otoco": 3, "bracket": 3}


class NewList(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an order list; an entry comes first in ``orders``."""

    kind: ListKind
    orders: tuple[NewOrder, ...]
    client_id: str = ""
    partial: Partial | None = None
    """None: the venue's practice."""


class OrderList:
    """An order list of an account as it is now."""

    __slots__ = ("account", "client_id", "entries", "kind", "list_id", "partial", "released", "status", "symbol")

    def __init__(
        self, list_id: int, client_id: str, kind: ListKind, account: Account, symbol: str, partial: Partial
    ) -> None:
        self.list_id = list_id
        self.client_id = client_id
        self.kind: ListKind = kind
        self.account = account
        self.symbol = symbol
        self.partial: Partial = partial
        self.entries: list[Entry] = []
        self.released = kind == "oco"
        """Whether the orders that wait for the entry have come to life."""
        self.status: ListStatus = "executing"

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders as they are now."""
        return tuple(order_of(entry) for entry in self.entries)

    @property
    def pair(self) -> list[Entry]:
        """The orders that come to life together."""
        return self.entries if self.kind == "oco" else self.entries[1:]

    def partners(self, entry: Entry) -> list[Entry]:
        """The other open orders whose quantity goes with that of ``entry``: the other one of a pair, and the legs of a
        bracket whose entry it is."""
        if entry in self.pair:
            held = self.pair
        else:
            held = self.pair if self.kind == "bracket" and not self.released else []
        return [other for other in held if other is not entry and order_of(other).live]

    def claim(self, entry: Entry) -> None:
        """What the list has locked is from here on locked by ``entry``, because it is the one that trades."""
        for other in self.entries:
            if other is not entry and other.locked:
                entry.locked += other.locked
                other.locked = 0


class Lists:
    """The order lists of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._last_id = 0
        self.open: dict[int, OrderList] = {}
        """List id -> list, of those not done."""

    # -------------------------------------------------------------- requests
    def place(self, account: Account, new: NewList) -> OrderList:
        """Take a list in. Raises Reject; then nothing has changed."""
        exchange = self._exchange
        _check_list(new)
        market = exchange._market(new.orders[0].symbol)
        oco = new.kind == "oco"
        if any(order.tif in ("OPG", "CLS") for order in new.orders):
            raise Reject(RejectReason.LIST_SHAPE, "an order for an auction stands alone")
        sent = new.orders[:1]  # looked at as it came: its end is filled in there, too
        new = replace(new, orders=tuple(exchange._dated(market, order) for order in new.orders))
        vetted = [exchange._vet(account, order) for order in (new.orders if oco else sent)]
        if oco and any(one[5] for one in vetted):
            raise Reject(RejectReason.WOULD_TAKE, "the limit order of an OCO pair would trade at once")
        for order in new.orders[len(vetted) :]:
            self.look(market, account, order)
        self._check_account(market, account, new)

        self._last_id = list_id = self._last_id + 1
        made = OrderList(
            list_id, new.client_id or f"list-{list_id}", new.kind, account, market.instrument.symbol,
            new.partial or exchange.practice.partial,
        )  # fmt: skip
        self.open[list_id] = made
        status = Status.HELD
        first = exchange._last_order_id + 1
        ids = tuple(range(first, first + len(new.orders)))
        if exchange._callbacks:
            exchange._out.append(_change_of(made, ids, exchange.now, "request"))
        for number, order in enumerate(new.orders):
            pays, gets = market.clearing.sides(account, order.side == "buy")
            entering = oco or number == 0
            if entering:
                status = Status.OPEN if order.trigger is None else Status.UNTRIGGERED
            else:
                status = Status.HELD
            lots, need = (vetted[number][1], vetted[number][2]) if entering else (order.lots or 0, 0)
            waits = vetted[number][7] if entering else None
            if waits is not None:
                status = Status.QUEUED
            if oco:
                need = 0  # a pair locks once, below
            elif entering and waits is None:
                need = exchange._held(market, order.price, pays, need)
            terms = exchange._terms(market, order, list_id)
            entry = exchange._accept(market, account, order, lots, pays, gets, need, terms, status)
            assert entry.special is not None
            entry.special.group = made
            made.entries.append(entry)
            if status is Status.HELD:
                exchange._register(entry)
            elif status is Status.UNTRIGGERED:
                exchange._arm(market, entry)
            elif waits is not None:
                exchange._queue(market, entry, waits)
            elif oco:
                exchange._rest(market, entry)
        if oco:
            self.share(market, made, "request")
        elif vetted[0][7] is None:
            exchange._enter(market, made.entries[0], vetted[0][5], "request")
        return made

    def look(self, market: Market, account: Account, new: NewOrder) -> None:
        """The checks of an order that is held: all but those of money and of the moment."""
        exchange = self._exchange
        check_shape(new)
        if market.margined is not None:
            check_contract(new)
            exchange._order_side(account, new)
        else:
            check_spot(new)
        check_terms(new, market.instrument, exchange.practice, exchange.now)
        if new.lots is None:
            raise Reject(RejectReason.LIST_SHAPE, "a held order has a quantity")
        if new.trigger is not None:
            exchange._size_trigger(market, new, reached_is_fine=True)
        elif new.price is not None:
            check_limit(market.instrument, new.side, new.price, new.lots, market.reference)
        else:
            check_lots(market.instrument, new.lots, market=True)

    def _check_account(self, market: Market, account: Account, new: NewList) -> None:
        """Client ids and the number of orders, of the list as a whole."""
        names = [order.client_id for order in new.orders if order.client_id]
        first = self._exchange._last_order_id + 1
        made = {f"auto-{first + number}" for number in range(len(new.orders))}
        if len(set(names)) < len(names) or any(name in account.working or name in made for name in names):
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, "a client id is that of an open order, or used twice")
        if new.client_id and any(group.client_id == new.client_id for group in self._of(account)):
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new.client_id!r} is the id of an open list")
        check_list(self._exchange, market.instrument, account, new.orders)

    def _of(self, account: Account) -> list[OrderList]:
        return [group for group in self.open.values() if group.account is account]

    # ------------------------------------------------------------ life cycle
    def follow(self, market: Market, entry: Entry) -> None:
        """What follows for its list from fills or the end of an order."""
        special = entry.special
        assert special is not None and special.group is not None
        group, order = special.group, order_of(entry)
        if group.status == "done":
            return
        first = group.entries[0]
        if order.expired_by == "list":
            pass  # ended by this, nothing further follows
        elif not group.released:
            if entry is first and order.status is Status.FILLED:
                self._release(market, group)
            elif entry is first and order.status in TERMINAL and order.filled and self._exchange.practice.released_part:
                for held in group.pair:
                    self._resize(market, held, min(order_of(held).lots, order.filled))
                self._release(market, group)
            elif order.status in TERMINAL:
                self._end_others(market, group, entry)
        elif entry is not first or group.kind == "oco":
            if order.status in TERMINAL:
                self._end_others(market, group, entry)
            elif group.partial == "reduce" or not order.filled:  # not filled: self-trade prevention took something
                self._reduce_others(market, group, entry)
            else:
                self._end_others(market, group, entry)
        if all(order_of(one).status in TERMINAL for one in group.entries):
            group.status = "done"
            del self.open[group.list_id]
            self.tell(group, "list")

    def triggered(self, market: Market, entry: Entry) -> None:
        """One of a pair is triggered: the other ends before it comes to the market."""
        assert entry.special is not None and entry.special.group is not None
        group = entry.special.group
        group.claim(entry)
        self._end_others(market, group, entry)

    def _end_others(self, market: Market, group: OrderList, entry: Entry) -> None:
        """A cancel by the owner cancels them, anything else lets them expire."""
        ended = False
        cancelled = order_of(entry).status is Status.CANCELLED
        for other in group.entries:
            if other is not entry and order_of(other).live:
                if cancelled:
                    self._exchange._withdraw(market, other, "list")
                else:
                    self._exchange._end(market, other, "list", "list")
                ended = True
        if ended and order_of(entry).status not in TERMINAL:
            group.status = "updated"
            self.tell(group, "list")
            if group.released:
                self.share(market, group, "list")

    def _reduce_others(self, market: Market, group: OrderList, entry: Entry) -> None:
        """The other order can still trade what this one has left."""
        for other in group.pair:
            if other is not entry and order_of(other).live and other.total > entry.total:
                self._resize(market, other, order_of(other).lots - (other.total - entry.total))
                group.status = "updated"
                self.tell(group, "list")
        self.share(market, group, "list")

    def _resize(self, market: Market, entry: Entry, lots: int) -> None:
        """Reduce an open order's whole quantity to ``lots``."""
        less = order_of(entry).lots - lots
        if less <= 0:
            return
        if entry.level is not None:
            self._exchange._shrink(market, entry, less)
        else:
            entry.remaining -= less
        self._exchange._change(entry, Event.AMEND, "amend", "list", lots=lots)

    def _release(self, market: Market, group: OrderList) -> None:
        """The entry is filled: what waits for it comes to life, trigger orders first."""
        exchange = self._exchange
        group.released = True
        group.status = "updated"
        self.tell(group, "list")
        for entry in sorted(group.pair, key=_is_plain):
            order, account, pays = order_of(entry), entry.account, entry.pays
            if order.status is not Status.HELD:
                continue
            assert account is not None and pays is not None and order.terms is not None
            exchange._unregister(entry)
            group.claim(entry)
            if order.terms.trigger is None:
                exchange._work(market, entry, "released", "list")
            else:
                need = exchange._reserve(market, entry)
                if need is None or (need and need > exchange._spare(account, pays) + entry.locked):
                    exchange._change(entry, Event.REJECT, "reject", "list", expired_by="funds")
                else:
                    exchange._change(entry, Event.ARM, "released", "list")
                    if need > entry.locked:
                        exchange._tell_balance(account, "list", exchange.ledger.hold(entry, need, exchange.now))
                    exchange._arm(market, entry)
            if order_of(entry).status is Status.REJECTED:
                if entry.locked:
                    exchange._unlock(entry, "list")
                return  # follow() ends the others
        self.share(market, group, "list")

    def share(self, market: Market, group: OrderList, cause: Cause) -> None:
        """Lock what the dearest of the pair's open orders needs, once."""
        exchange = self._exchange
        live = [entry for entry in group.pair if order_of(entry).status in LIVE]
        if not live:
            return
        leader = live[0]
        group.claim(leader)
        need = max(exchange._need(market, entry) for entry in live)
        assert leader.account is not None and leader.pays is not None
        more = need - leader.locked
        if more > max(0, leader.pays.free):  # only where an order was filled when it was released, from both locks
            need = leader.locked + leader.pays.free
        if need != leader.locked:
            exchange._tell_balance(leader.account, cause, exchange.ledger.hold(leader, need, exchange.now))

    def tell(self, group: OrderList, cause: Cause) -> None:
        exchange = self._exchange
        if exchange._callbacks:
            ids = tuple(order.order_id for order in group.orders)
            exchange._out.append(_change_of(group, ids, exchange.now, cause))


def _check_list(new: NewList) -> None:
    """The shape of a list. Raises Malformed; Reject(LIST_SHAPE) on orders that do not fit each other."""
    if not isinstance(new, NewList) or new.kind not in tuple(_SIZE) or type(new.client_id) is not str:
        raise Malformed("not an order list")
    if new.partial not in (None, "cancel", "reduce"):
        raise Malformed(f"partial fill rule {new.partial!r}")
    orders = new.orders
    if not isinstance(orders, tuple) or len(orders) != _SIZE[new.kind]:
        raise Malformed(f"{new.kind} has {_SIZE[new.kind]} orders")
    if not all(isinstance(order, NewOrder) for order in orders):
        raise Malformed("a list consists of orders")
    for order in orders:
        check_shape(order)
        if order.trigger is not None:
            check_trigger(order, order.trigger)
    if any(order.symbol != orders[0].symbol for order in orders):
        raise Reject(RejectReason.LIST_SHAPE, "the orders of a list are of one symbol")
    if any(order.side_effect is not None for order in orders):
        raise Reject(RejectReason.LIST_SHAPE, "the orders of a list neither borrow nor repay")
    if any(order.lots is None for order in orders):
        raise Reject(RejectReason.LIST_SHAPE, "the orders of a list have quantities")
    entry = None if new.kind == "oco" else orders[0]
    if entry is not None and entry.trigger is not None:
        raise Reject(RejectReason.LIST_SHAPE, "an entry has no trigger")
    if new.kind != "oto":
        check_pair(*orders[-2:])
    if new.kind == "bracket":
        assert entry is not None
        if any(order.side == entry.side or order.lots != entry.lots for order in orders[1:]):
            raise Reject(RejectReason.LIST_SHAPE, "a bracket closes what its entry opens")


def check_pair(one: NewOrder, other: NewOrder) -> None:
    """Two orders of which one cancels the other."""
    if one.side != other.side or one.lots != other.lots:
        raise Reject(RejectReason.LIST_SHAPE, "an OCO pair has one side and one quantity")
    if any(order.tif in ("IOC", "FOK") and order.trigger is None for order in (one, other)):
        raise Reject(RejectReason.LIST_SHAPE, "the limit order of an OCO pair rests")
    plain = [order for order in (one, other) if order.trigger is None]
    if len(plain) > 1 or any(order.price is None for order in plain):
        raise Reject(RejectReason.LIST_SHAPE, "an OCO pair is a limit and a trigger order, or two trigger orders")
    if not plain:
        return
    waits = other if plain[0] is one else one
    assert waits.trigger is not None and plain[0].price is not None
    stop = waits.trigger.price
    if stop is None or waits.trigger.kind != "stop" or waits.trigger.trailing:
        return
    if plain[0].price <= stop if one.side == "sell" else plain[0].price >= stop:
        raise Reject(RejectReason.LIST_SHAPE, "the limit order lies on the wrong side of the stop")


def _is_plain(entry: Entry) -> bool:
    terms = order_of(entry).terms
    return terms is None or terms.trigger is None


def _change_of(group: OrderList, ids: tuple[int, ...], now: int, cause: Cause) -> ListChange:
    return ListChange(
        group.list_id, group.client_id, group.account.name, group.symbol, group.kind, group.status, ids, now, cause
    )
