"""What waits, and what an operation sets off: trigger orders, and the other orders of a list.

Prices seen and fills of listed orders take effect when the operation that made them is complete (``_aftermath``). An
order that waited comes to the market as if it arrived then, except that its money may be locked already.
"""

from __future__ import annotations

from msgspec import structs

from outtrade_mocks.core.book import Entry, Special
from outtrade_mocks.core.events import Cause, Why
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.lists import Lists
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.matching import Matching
from outtrade_mocks.core.orders import TERMINAL, Event, NewOrder, Reject, RejectReason, Status, Trigger
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.core.rules import check_limit, check_lots, check_market, check_notional, check_price
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.core.triggers import Watch, Watches, watch_of


class Waiting(Matching):
    """Orders that wait, and what follows from an operation."""

    _lists: Lists

    def _size_trigger(self, market: Market, new: NewOrder, *, reached_is_fine: bool) -> tuple[int, int]:
        """Lots of a trigger order, and the atoms that are locked for it while it waits.

        The limit price is checked when the order is placed, with the filters of a limit order (Binance spot); money for
        a market order is reserved at its trigger price, for a trailing one at the price of the moment (*inferred*). One
        by quote amount (OKX algo orders with tgtCcy quote_ccy, Bybit spot market buys) has no lots before it triggers,
        and reserves its amount.
        Raises Reject: TRIGGER_IMMEDIATE, NO_TRIGGER_PRICE, the filters.
        """
        trigger, instrument, lots = new.trigger, market.instrument, new.lots
        assert trigger is not None
        now = market.price_of(trigger.source)
        if now is None and trigger.source != "last":
            raise Reject(RejectReason.NO_TRIGGER_PRICE, f"there is no {trigger.source} price")
        if trigger.price is not None:
            check_price(instrument, new.side, trigger.price, None)
            if not trigger.trailing and now is not None and not reached_is_fine and watch_of(None, new).hits(now):
                raise Reject(RejectReason.TRIGGER_IMMEDIATE, "the order would trigger immediately")
        if new.close_position:
            return 0, 0  # its quantity is that of the position by then
        if lots is None:
            check_market(instrument, None, new.quote, None)
            return 0, (new.quote or 0) if self._at_placement(trigger) else 0
        if new.price is not None:
            reference = market.reference if self.practice.band_of_waiting else None
            check_limit(instrument, new.side, new.price, lots, reference)
        else:
            check_lots(instrument, lots, market=True)
            if trigger.price is not None and not trigger.trailing:
                check_notional(instrument, trigger.price * lots, market=True)
        if not self._at_placement(trigger):
            return lots, 0
        price = 0 if new.side == "sell" else self._reserve_price(market, new.price, trigger)
        if price is None:
            raise Reject(RejectReason.NO_TRIGGER_PRICE, "there is no price to reserve money for")
        return lots, market.clearing.need(new.side == "buy", price, lots)

    def _at_placement(self, trigger: Trigger) -> bool:
        """Whether an order with that trigger locks its money while it waits."""
        return (trigger.reserve or self.practice.reserve) == "placement"

    def _reserve_price(self, market: Market, limit: int | None, trigger: Trigger) -> int | None:
        """Ticks for which a buy that waits for its trigger locks money; None: there is no price yet."""
        if limit is not None:
            return limit
        if not trigger.trailing:
            return trigger.price
        return market.price_of(trigger.source) or market.reference

    def _reserve(self, market: Market, entry: Entry) -> int | None:
        """Atoms that are locked for a trigger order from here on; None: there is no price to reserve for."""
        terms, special = order_of(entry).terms, entry.special
        assert terms is not None and terms.trigger is not None and special is not None
        if not self._at_placement(terms.trigger):
            return 0
        price = self._reserve_price(market, order_of(entry).price, terms.trigger) if entry.buy else 0
        return None if price is None else market.clearing.need(entry.buy, price, entry.remaining)

    def _need(self, market: Market, entry: Entry, more: int = 0) -> int:
        """Atoms that an open order needs to be locked, alone, and with ``more`` lots."""
        status, terms = order_of(entry).status, order_of(entry).terms
        trigger = None if terms is None or status is not Status.UNTRIGGERED else terms.trigger
        if status is Status.HELD or (trigger is not None and not self._at_placement(trigger)):
            return 0
        special, order = entry.special, order_of(entry)
        if order.quote is not None:
            return order.quote
        price = special.reserve if special is not None and special.watch is not None else entry.price
        return market.clearing.need(entry.buy, price, entry.total + more)

    def _arm(self, market: Market, entry: Entry) -> None:
        """A trigger order begins to wait. One that is reached already triggers at once."""
        order, special = order_of(entry), entry.special
        assert special is not None and order.terms is not None and order.terms.trigger is not None
        trigger = order.terms.trigger
        special.watch = watch = watch_of(entry, order)
        special.reserve = self._reserve_price(market, order.price, trigger) or 0
        if market.watches is None:
            market.watches = Watches()
        now = market.price_of(trigger.source)
        market.watches.add(watch, now)
        self._register(entry)
        if now is not None and not watch.trailing and watch.hits(now):
            market.watches.trigger(watch, now)

    def _trigger(self, market: Market, watch: Watch) -> None:
        """The price that an order waited for has come: it goes to the market, or is refused for want of money.

        The other orders of its list end before that (Binance spot: triggered stop leg, the limit leg expires).
        """
        entry: Entry = watch.entry
        special, order = entry.special, order_of(entry)
        assert special is not None and order.terms is not None
        if special.watch is not watch:
            raise AssertionError(f"order {order.order_id} is triggered twice")
        special.watch = None
        self._unregister(entry)
        terms = structs.replace(order.terms, triggered=watch.reached)
        price = self._relative_limit(market, watch)
        if price is not None:
            entry.price = price
        self._change(entry, Event.TRIGGER, "triggered", "market", terms=terms, price=price)
        if special.group is not None:
            self._lists.triggered(market, entry)
        self._work(market, entry, "working", "market")

    def _relative_limit(self, market: Market, watch: Watch) -> int | None:
        """Ticks of a limit that follows from the price that triggered the order, on the grid; None: it has none."""
        terms, reached, instrument = order_of(watch.entry).terms, watch.reached, market.instrument
        trigger = None if terms is None else terms.trigger
        if trigger is None or reached is None or (trigger.limit_ticks is None and trigger.limit_bps is None):
            return None
        if trigger.limit_bps is not None:
            price = reached * (10_000 + trigger.limit_bps) // 10_000
        else:
            price = reached + (trigger.limit_ticks or 0)
        return instrument.snap(min(max(price, instrument.min_ticks), instrument.top_ticks))

    def _collar(self, market: Market) -> int:
        """Ticks at which a market order that waits is reserved. Raises Reject(NO_TRIGGER_PRICE)."""
        reference = market.reference
        if reference is None:
            raise Reject(RejectReason.NO_TRIGGER_PRICE, "there is no price to reserve money for")
        return market.instrument.snap(-(-reference * (10_000 + self.practice.collar_bps) // 10_000))

    def _queue(self, market: Market, entry: Entry, price: int) -> None:
        """An order that was taken but may not trade yet waits, reserved at ``price`` (ticks)."""
        self._await(market, entry)
        assert entry.special is not None
        entry.price = entry.special.reserve = price

    def _await(self, market: Market, entry: Entry) -> None:
        """An open order waits from here on, behind those that wait already."""
        if entry.special is None:
            entry.special = Special()
        market.waiting[order_of(entry).order_id] = entry
        if order_of(entry).order_id not in self._entries:
            self._register(entry)

    def _may_enter(self, market: Market, entry: Entry) -> bool:
        """Whether an order that waits may come to the market as it is now."""
        order = order_of(entry)
        if order.tif == "CLS" or not market.is_open:
            return False
        return market.state is TradingState.OPEN or (order.terms is not None and order.terms.extended)

    def _work(self, market: Market, entry: Entry, why: Why, cause: Cause) -> None:
        """An order that waited comes to the market: checked for money, accepted, entered; else rejected. One that may
        not trade now waits for its session."""
        order, account, pays = order_of(entry), entry.account, entry.pays
        assert account is not None and pays is not None
        if market.margined is not None and not self._reduces(market, entry):
            self._change(entry, Event.REJECT, "reject", cause, expired_by="reduce_only")
            return
        later = not self._may_enter(market, entry)
        reserve = order.price
        if later and reserve is None:
            reserve = self._collar(market) if market.reference is not None else entry.price
        lots = entry.remaining
        if later:
            need = market.clearing.need(entry.buy, reserve or 0, entry.remaining)
        elif order.quote is not None:
            try:
                lots, need = self._size(market, account, entry.buy, None, order.quote, self._mode(entry))
            except Reject:  # it pays for less than the least quantity
                self._change(entry, Event.REJECT, "reject", cause, expired_by="liquidity")
                if entry.locked:
                    self._unlock(entry, cause)
                return
            entry.remaining = lots
        elif order.price is None:
            _, cost = self._size(market, account, entry.buy, lots, None, self._mode(entry))
            need = cost if entry.buy else market.clearing.need(False, 0, lots)
        else:
            need = market.clearing.need(entry.buy, order.price, entry.remaining)
        if market.margined is None:
            short = need - self._spare(account, pays) - entry.locked
            fits = short <= 0 or self._covers(entry, short, cause)
        else:
            fits = self._fits(market, entry)
        if not fits:
            self._change(entry, Event.REJECT, "reject", cause, expired_by="funds")
            if entry.locked:
                self._unlock(entry, cause)
            return
        if later:
            self._change(entry, Event.QUEUE, why, cause, lots=order.filled + entry.total)
            if need != entry.locked:
                self._tell_balance(account, cause, self.ledger.hold(entry, need, self.now))
            self._queue(market, entry, reserve or 0)
            return
        crosses = order.price is None or market.side(buy=not entry.buy).reaches(order.price)
        if crosses and order.post_only and self.practice.post_only == "reject":
            self._change(entry, Event.REJECT, "reject", cause, expired_by="post_only")
            if entry.locked:
                self._unlock(entry, cause)
            return
        self._change(entry, Event.ACCEPT, why, cause, lots=order.filled + lots)
        need = self._held(market, order.price, pays, need)
        if need != entry.locked:
            self._tell_balance(account, cause, self.ledger.hold(entry, need, self.now))
        self._enter(market, entry, crosses, cause)

    def _reduces(self, market: Market, entry: Entry) -> bool:
        """Whether a reduce-only order that waited still has something to reduce; it is cut to that. Others: yes."""
        terms, account = order_of(entry).terms, entry.account
        assert account is not None
        if terms is None or not terms.reduce_only:
            return True
        most = self._closable(account, market.instrument.symbol, terms.position_side or "net", entry.buy)
        if entry.remaining > most and entry.special is not None and entry.special.group is not None:
            self._touched.append(entry)
        entry.remaining = most if terms.close_position else min(entry.remaining, most)
        return entry.remaining > 0

    def _fits(self, market: Market, entry: Entry) -> bool:
        """Whether the account has the margin for an order for contracts that waited."""
        order, account = order_of(entry), entry.account
        assert account is not None
        terms = order.terms
        if terms is not None and terms.reduce_only:
            return True
        if order.price is None:
            _, value = self._size(market, account, entry.buy, entry.remaining, None, self._mode(entry))
        else:
            value = market.instrument.cover(order.price, entry.remaining)
        side: PositionSide = "net" if terms is None or terms.position_side is None else terms.position_side
        try:
            self._check_margin(market, account, side, entry.buy, value, entry.remaining)
        except Reject:
            return False
        return True

    def _cancel(self, entry: Entry, cause: Cause, new_client_id: str | None) -> None:
        market = self._markets[order_of(entry).symbol]
        self._withdraw(market, entry, cause, new_client_id)
        if self._touched:
            self._aftermath(market)

    def _follow_touched(self) -> None:
        """What follows from the fill or the end of the order that was touched first, in whatever market it was."""
        entry = self._touched.pop(0)
        if entry.special is not None and entry.special.borrowed and order_of(entry).status in TERMINAL:
            self._give_back(entry)
        if entry.special is not None and entry.special.group is not None:
            self._lists.follow(self._markets[order_of(entry).symbol], entry)

    def _aftermath(self, market: Market) -> None:
        """Carry out what an operation set off: first what fills of listed orders lead to, then triggers, until nothing
        is left. Ends, because an order triggers once and a list's order ends once."""
        while True:
            if self._touched:
                self._follow_touched()
                continue
            watches = market.watches
            if watches is None:
                return
            if market.state is not TradingState.OPEN:
                watches.forget()
                return
            watch = watches.next()
            if watch is not None:
                self._trigger(market, watch)
            elif not self._touched:
                if not watches.armed:
                    market.watches = None
                return
