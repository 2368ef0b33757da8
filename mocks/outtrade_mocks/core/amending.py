"""Amends: an open order changes, wherever it stands, and what hangs together with it stays consistent.

* **In the book**: price and quantity. A smaller quantity at the same price keeps its place where the venue lets it
  (Binance spot keepPriority); anything else leaves the book and comes back as if it arrived then, and may trade.
* **Before its trigger**: trigger price, trailing distance, limit price, quantity; the money is reserved anew. An order
  that trails keeps the best price that it has seen, and its activation cannot change any more (*inferred*).
* **In a list**: the orders of a pair have one quantity, so what one gains or loses the other does, too (Binance spot,
  keepPriority FAQ: "amending either order affects both"; OKX: newSz is that of the whole order); a bracket's legs go
  with its entry. A limit leg may be amended to trade at once; then follows what follows from any fill (Alpaca's staff
  recommend it to close a position).

Where the venue replaces (``Practice.amend``), a new order with an id of its own takes the old one's place, also in a
list: the old one ends as ``replaced`` with the new one's id in ``Terms.replaced_by``, the new one has the old one's in
``Terms.replaces``. What is *pending* replace on the wire is the venue's affair; here it happens at one instant.

Everything is looked at first, so an amend that is refused has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import structs

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.contract_orders import ContractOrders
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.limits import check_exposure
from outtrade_mocks.core.lists import check_pair
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import (
    Amendment,
    Event,
    Malformed,
    NewOrder,
    Order,
    Reject,
    RejectReason,
    Status,
    Terms,
    Trigger,
)
from outtrade_mocks.core.rules import check_account, check_limit, check_lots, check_shape, check_terms
from outtrade_mocks.core.states import Request, TradingState, check
from outtrade_mocks.core.triggers import watch_of


@dataclass(slots=True)
class _Change:
    """An amend that was looked at and is allowed."""

    market: Market
    entry: Entry
    lots: int
    price: int | None
    trigger: Trigger | None
    client_id: str | None
    partners: list[Entry]
    """Orders whose quantity changes with this one's."""
    paired: bool
    """Whether it is one of a pair that shares its lock."""
    keeps: bool
    """Whether it keeps its place in the book."""
    need: int = 0
    """Atoms to be locked: for the pair, where there is one."""
    crosses: bool = False


class Amending(ContractOrders):
    """Open orders change."""

    def amend(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        lots: int | None = None,
        price: int | None = None,
        trigger_price: int | None = None,
        trail_ticks: int | None = None,
        trail_bps: int | None = None,
        new_client_id: str | None = None,
    ) -> Order:
        """Change an open order; what is None stays. ``lots``: its whole quantity, fills included; ``price`` and
        ``trigger_price`` in ticks (for a trailing order: its activation). Returns its last snapshot; where the venue
        replaces, that of the new order.

        Raises Reject: UNKNOWN_ORDER, AMEND_NOT_ALLOWED, the filters, AMEND_INCREASE and AMEND_PRICE where the venue
        only reduces, AMEND_NO_CHANGE, AMEND_BELOW_FILLED, the trading state's, TRIGGER_IMMEDIATE, INSUFFICIENT_BALANCE,
        WOULD_TAKE, LIST_SHAPE where the orders of a list no longer fit each other, and DUPLICATE_CLIENT_ID where
        ``new_client_id`` belongs to another open order.
        """
        asked = Amendment(
            symbol=symbol, order_id=order_id, client_id=client_id, lots=lots, price=price, trigger_price=trigger_price,
            trail_ticks=trail_ticks, trail_bps=trail_bps, new_client_id=new_client_id,
        )  # fmt: skip
        try:
            self._known(account)
            change = self._look_at(account, asked)
        except Reject as refusal:
            raise self._refuse(account, "amend", asked, refusal) from None
        market, entry = change.market, change.entry
        group = None if entry.special is None else entry.special.group
        if change.lots <= order_of(entry).filled:
            self._cancel(entry, "request", new_client_id)
        elif self.practice.amend == "replace":
            entry = self._take_place(change)
        elif change.keeps:
            self._reduce(change)
        elif entry.level is not None:
            self._requeue(change)
        else:
            self._change_waiting(change)
        if group is not None and group.status != "done":
            group.status = "updated"
            self._lists.tell(group, "request")
        if self._touched or market.watches is not None or market.margined is not None or self._borrowers:
            self._aftermath(market)
        self._flush()
        return order_of(entry)

    # -------------------------------------------------------------- looking
    def _look_at(self, account: Account, asked: Amendment) -> _Change:
        """Whether the amend is allowed, and what it comes to. Raises Reject."""
        numbers = (asked.lots, asked.price, asked.trigger_price, asked.trail_ticks, asked.trail_bps)
        if not all(value is None or type(value) is int for value in numbers):
            raise Malformed("an amend has whole lots, ticks and basis points")
        name = asked.new_client_id
        if name is not None and type(name) is not str:
            raise Malformed("a client id is text")
        market, practice = self._market(asked.symbol), self.practice
        if practice.amend != "reduce":
            self._sync(market)
        entry = self._working(account, asked.symbol, asked.order_id, asked.client_id)
        order = order_of(entry)
        lots = order.lots if asked.lots is None else asked.lots
        price = order.price if asked.price is None else asked.price
        trigger = self._new_trigger(entry, asked)
        if order.price is None and price is not None:
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order has no limit price")
        if order.order_id in market.waiting:
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order waits for its session")
        self._check_kind(entry)
        if order.quote is not None:  # Alpaca: notional orders cannot be replaced
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "an order by quote amount cannot be amended")
        check_lots(market.instrument, lots, market=price is None)
        same = price == order.price and trigger == _waits_for(order)
        if practice.amend == "reduce" and not same:
            raise Reject(RejectReason.AMEND_PRICE, "only the quantity can be changed")
        if practice.amend == "reduce" and lots > order.lots:
            raise Reject(RejectReason.AMEND_INCREASE, "a quantity can only be reduced")
        if lots == order.lots and same:
            raise Reject(RejectReason.AMEND_NO_CHANGE, "nothing changes")
        if lots <= order.filled and practice.amend_below_filled == "reject":
            raise Reject(RejectReason.AMEND_BELOW_FILLED, "that much is filled already")
        if name is not None and account.working.get(name, order.order_id) != order.order_id:
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{name!r} is the id of an open order")
        group = None if entry.special is None else entry.special.group
        keeps = entry.level is not None and practice.amend in ("reduce", "change") and same and lots < order.lots
        change = _Change(
            market, entry, lots, price, trigger, name, partners=[] if group is None else group.partners(entry),
            paired=group is not None and group.released and entry in group.pair, keeps=keeps,
        )  # fmt: skip
        check(market.state, Request.REDUCE if same and lots < order.lots else Request.AMEND)
        if lots > order.filled:
            self._check_change(account, change)
        return change

    def _new_trigger(self, entry: Entry, asked: Amendment) -> Trigger | None:
        """What the order waits for after the amend. Raises Reject(AMEND_NOT_ALLOWED) on what it has not got."""
        trigger = _waits_for(order_of(entry))
        wanted: dict[str, int | None] = {
            "price": asked.trigger_price, "trail_ticks": asked.trail_ticks, "trail_bps": asked.trail_bps
        }  # fmt: skip
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if not wanted:
            return trigger
        if trigger is None or any(getattr(trigger, name) is None for name in wanted):
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order does not wait for such a trigger")
        changed = structs.replace(trigger, **wanted)
        watch = None if entry.special is None else entry.special.watch
        if watch is not None and watch.trailing and watch.active and changed.price != trigger.price:
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order is active, and trails")
        return changed

    def _check_kind(self, entry: Entry) -> None:
        """Whether the venue amends orders like this one."""
        trigger, practice = _waits_for(order_of(entry)), self.practice
        fixed = trigger is None or not trigger.trailing
        if trigger is not None and (
            practice.amend_waiting == "no" or (practice.amend_waiting == "fixed" and not fixed)
        ):
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order waits for its trigger")
        if entry.special is not None and entry.special.group is not None and not practice.amend_listed:
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order belongs to a list")

    def _check_change(self, account: Account, change: _Change) -> None:
        """The filters, the list and the money of an amend that leaves something to fill; fills in what it needs."""
        market, entry, order = change.market, change.entry, order_of(change.entry)
        instrument, more = market.instrument, change.lots - order.lots
        new = again(order, lots=change.lots, price=change.price, trigger=change.trigger)
        for partner in change.partners:
            other = order_of(partner)
            check_lots(instrument, other.lots + more, market=other.price is None)
            if market.margined is not None:
                self._check_amended(market, partner, again(other), partner.total + more)
        self._check_list(change, new)
        if change.keeps:
            return
        if more > 0 and instrument.max_position_lots is not None and market.margined is None:
            check_account(instrument, new, account, self._open_buys(account, order.symbol), more, replaces=True)
        if order.status is Status.HELD:
            self._lists.look(market, account, new)
            return
        if entry.level is None:
            check_shape(new)
            check_terms(new, instrument, self.practice, self.now)
            fine = self.practice.immediate_trigger == "trigger"
            _, need = self._size_trigger(market, new, reached_is_fine=fine)
        else:
            assert change.price is not None
            check_limit(instrument, order.side, change.price, change.lots, market.reference)
            need = market.clearing.need(entry.buy, change.price, change.lots - order.filled)
            change.crosses = market.side(buy=not entry.buy).reaches(change.price)
            change.crosses = change.crosses and market.state is not TradingState.AUCTION
            if change.crosses and order.post_only and self.practice.post_only == "reject":
                raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")
        if market.margined is not None:
            self._check_amended(market, entry, new, change.lots - order.filled)
            return
        locked = entry.locked
        if change.paired:
            locked += sum(partner.locked for partner in change.partners)
            need = max(need, *(self._need(market, partner, more) for partner in change.partners), 0)
        change.need = need
        assert entry.pays is not None
        if need > locked and entry.buy:
            check_exposure(self, account, entry.pays, need - (locked - entry.locked), entry)
        if need - locked > self._spare(account, entry.pays):
            raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {entry.pays.asset} than is free")

    def _check_list(self, change: _Change, new: NewOrder) -> None:
        """Whether the orders of a list still fit each other. Raises Reject(LIST_SHAPE)."""
        entry = change.entry
        group = None if entry.special is None else entry.special.group
        if group is None or entry not in group.pair:
            return
        first = order_of(group.entries[0])
        if group.kind == "bracket" and not group.released and change.lots > first.lots:
            raise Reject(RejectReason.LIST_SHAPE, "a bracket closes no more than its entry opens")
        for partner in change.partners:
            check_pair(structs.replace(new, lots=1), again(order_of(partner), lots=1))

    # --------------------------------------------------------------- moving
    def _reduce(self, change: _Change) -> None:
        """Less of an order in the book, which keeps its place."""
        entry, market, account = change.entry, change.market, change.entry.account
        order = order_of(entry)
        assert account is not None
        self._shrink(market, entry, order.lots - change.lots)
        del account.working[order.client_id]
        self._change(entry, Event.AMEND, "amend", "request", client_id=change.client_id, lots=change.lots)
        account.working[order_of(entry).client_id] = order.order_id
        self._follow_quantity(change, change.lots - order.lots)
        if change.paired:
            assert entry.special is not None and entry.special.group is not None
            self._lists.share(market, entry.special.group, "request")
        else:
            self._tell_balance(account, "request", market.clearing.lock(entry, self.now))

    def _requeue(self, change: _Change) -> None:
        """An order loses its place: it leaves the book, and comes to the market as if it were new."""
        entry, market, order = change.entry, change.market, order_of(change.entry)
        self._leave(market, entry)
        entry.price, entry.remaining = change.price or 0, change.lots - order.filled
        if entry.special is not None:
            entry.special.hidden = 0
        self._change(
            entry, Event.AMEND, "amend", "request", client_id=change.client_id, lots=change.lots, price=change.price
        )
        self._follow_quantity(change, change.lots - order.lots)
        self._lock(change, entry)
        self._enter(market, entry, change.crosses, "request")

    def _change_waiting(self, change: _Change) -> None:
        """An order that waits for its trigger or its list changes where it is."""
        entry, market, account, special = change.entry, change.market, change.entry.account, change.entry.special
        order = order_of(entry)
        assert account is not None and special is not None and order.terms is not None
        del account.working[order.client_id]
        entry.price, entry.remaining = change.price or 0, change.lots - order.filled
        terms = (
            order.terms
            if order.terms.trigger == change.trigger
            else structs.replace(order.terms, trigger=change.trigger)
        )
        self._change(
            entry, Event.AMEND, "amend", "request", client_id=change.client_id, lots=change.lots, price=change.price,
            terms=terms,
        )  # fmt: skip
        account.working[order_of(entry).client_id] = order.order_id
        self._follow_quantity(change, change.lots - order.lots)
        if special.watch is not None:
            assert change.trigger is not None
            special.reserve = self._reserve_price(market, change.price, change.trigger) or 0
            self._lock(change, entry)
            if terms is not order.terms:
                self._aim(market, entry, change.trigger)

    def _aim(self, market: Market, entry: Entry, trigger: Trigger) -> None:
        """A waiting order's trigger is another one from here on; one that is reached already triggers at once."""
        special, watches = entry.special, market.watches
        assert special is not None and special.watch is not None and watches is not None
        watch = special.watch
        if watch.trailing:
            watch.price, watch.trail_ticks, watch.trail_bps = trigger.price, trigger.trail_ticks, trigger.trail_bps
            return
        watches.drop(watch)
        special.watch = watch = watch_of(entry, order_of(entry))
        price = market.price_of(trigger.source)
        watches.add(watch, price)
        if price is not None and watch.hits(price):
            watches.trigger(watch, price)

    def _take_place(self, change: _Change) -> Entry:
        """A new order takes the place of the old one, for what was not filled."""
        old, market, order = change.entry, change.market, order_of(change.entry)
        account, pays, gets = old.account, old.pays, old.gets
        assert account is not None and pays is not None and gets is not None
        group = None if old.special is None else old.special.group
        if old.special is not None:
            if old.level is None:
                self._disarm(market, old)
            old.special.group = None
        if old.level is not None:
            self._leave(market, old)
        number = self._last_order_id + 1
        terms = structs.replace(order.terms or Terms(), replaced_by=number)
        self._change(old, Event.REPLACE, "replaced", "request", terms=terms)
        left = change.lots - order.filled
        new = again(order, lots=left, price=change.price, trigger=change.trigger, client_id=change.client_id or "")
        waits = order.status if not order.working else Status.OPEN
        terms = self._terms(market, new, None if group is None else group.list_id, order.order_id)
        entry = self._accept(market, account, new, left, pays, gets, 0, terms, waits)
        entry.locked, old.locked = old.locked, 0
        if group is not None:
            assert entry.special is not None
            entry.special.group = group
            group.entries[group.entries.index(old)] = entry
        self._follow_quantity(change, change.lots - order.lots)
        if waits is Status.HELD:
            self._register(entry)
            return entry
        self._lock(change, entry)
        if waits is Status.UNTRIGGERED:
            self._arm(market, entry)
        else:
            self._enter(market, entry, change.crosses, "request")
        return entry

    def _lock(self, change: _Change, entry: Entry) -> None:
        """Lock what the amended order needs; of a pair, what the dearer of the two does."""
        if change.paired:
            assert entry.special is not None and entry.special.group is not None
            entry.special.group.claim(entry)
        if change.need != entry.locked:
            assert entry.account is not None
            self._tell_balance(entry.account, "request", self.ledger.hold(entry, change.need, self.now))

    def _follow_quantity(self, change: _Change, more: int) -> None:
        """The partners' quantities change by as many lots."""
        for partner in change.partners if more else ():
            lots = order_of(partner).lots + more
            if partner.level is None:
                partner.remaining += more
            elif more < 0:
                self._shrink(change.market, partner, -more)
            else:  # more of it loses its place
                whole = partner.total + more
                self._leave(change.market, partner)
                partner.remaining = whole
                if partner.special is not None:
                    partner.special.hidden = 0
                self._rest(change.market, partner)
            self._change(partner, Event.AMEND, "amend", "list", lots=lots)


def again(order: Order, **changes: Any) -> NewOrder:
    """The request that an open order would be if it were placed now, with changes; ``lots`` its whole quantity."""
    given: dict[str, Any] = {}
    for name in NewOrder.__struct_fields__:
        if hasattr(order, name):
            given[name] = getattr(order, name)
        elif order.terms is not None:
            given[name] = getattr(order.terms, name)
    given |= {"trigger": _waits_for(order), "client_id": ""} | changes
    if given.get("visible") is not None:
        given["visible"] = min(given["visible"], given["lots"])
    return NewOrder(**given)


def _waits_for(order: Order) -> Trigger | None:
    """The trigger that an open order still waits for."""
    return None if order.working or order.terms is None else order.terms.trigger
