"""The doors of a market: trading states, sessions, and orders that wait for them.

The venue sets a state, or plans one for later (``set_state``, ``plan_state``); the calendar's boundaries come by
themselves. The more restrictive of both opinions is the market's state, and each change is told (``StateChange``).

* An order that comes while it may not trade *waits*: it is accepted, its money is locked, and it comes to the market,
  first come first served, when the session or the auction begins that it is for.
* In extended hours only orders that are marked for it stand on the book; at the end of the regular session the others
  leave it and go on waiting, in their order, until the next one (GTC) or end (DAY).
* Where an instrument has auctions, every way into continuous trading, and the end of the regular session, leads through
  an uncross at that instant; CLS orders are in the closing one alone.
"""

from __future__ import annotations

from msgspec.structs import replace

from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.events import Cause, StateChange
from outtrade_mocks.core.expiry import Expiry
from outtrade_mocks.core.floor import Planned, order_of
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import (
    TERMINAL,
    Event,
    Malformed,
    NewOrder,
    Reject,
    RejectReason,
    Status,
)
from outtrade_mocks.core.sessions import Session
from outtrade_mocks.core.states import CONTINUOUS, Request, TradingState, by_calendar, check, request_of, strictest


class Doors(Expiry):
    """When a market takes what."""

    # ---------------------------------------------------------------- states
    def state(self, symbol: str) -> TradingState:
        """The trading state of a symbol. Raises Reject(UNKNOWN_SYMBOL)."""
        return self._market(symbol).state

    def require(self, symbol: str, request: Request) -> None:
        """Raise Reject where the symbol's state refuses a request; for those that the core does not refuse itself
        (queries). Raises Malformed."""
        if not isinstance(request, Request):
            raise Malformed(f"no request: {request!r}")
        check(self._market(symbol).state, request)

    def set_state(self, symbol: str, state: TradingState) -> None:
        """The venue's own word on a symbol's state, from now on. OPEN leaves it to the calendar. On resuming, house
        makers quote where the mid is by then. Raises Malformed; Reject(MARKET_CLOSED) once the instrument expired."""
        market = self._settable(symbol, state)
        market.ordered = state
        self._turn(market, "script")
        self._flush()

    def plan_state(self, symbol: str, state: TradingState, at: int) -> None:
        """Have ``set_state`` happen at a time to come (ns). Raises Malformed where it is not after now."""
        self._settable(symbol, state)
        if type(at) is not int or at <= self.now:
            raise Malformed(f"a state is planned for a time after now, not {at!r}")
        self._alarm(at, Planned(symbol, state))

    def _settable(self, symbol: str, state: TradingState) -> Market:
        market = self._market(symbol)
        if not isinstance(state, TradingState) or state is TradingState.EXPIRED:
            raise Malformed(f"no trading state that can be set: {state!r}")
        self._alive(market)
        if state is TradingState.AUCTION and market.margined is not None:
            raise Malformed("contracts have no call auctions")
        return market

    def set_open(self, symbol: str, is_open: bool) -> None:
        """Halt or resume trading: shorthand for ``set_state`` with HALTED or OPEN."""
        if type(is_open) is not bool:
            raise Malformed(f"a market is open or not, not {is_open!r}")
        self.set_state(symbol, TradingState.OPEN if is_open else TradingState.HALTED)

    def _on_plan(self, planned: Planned) -> None:
        """A planned change is due."""
        market = self._markets[planned.symbol]
        if planned.state is TradingState.EXPIRED:
            self._expire_market(market)
            return
        if market.state is TradingState.EXPIRED:
            return
        if planned.state is not None:
            market.ordered = planned.state
        else:
            following = market.calendar.next_change(self.now)
            if following is not None:
                self._alarm(following, Planned(planned.symbol, None))
        self._turn(market, "time")

    def _turn(self, market: Market, cause: Cause) -> None:
        """Bring a market into the state that venue and calendar want now."""
        before, wanted = market.state, strictest(market.ordered, by_calendar(market.calendar, self.now))
        if wanted is before:
            return
        self._sync(market)
        closing = wanted in (TradingState.EXTENDED, TradingState.CLOSED)
        crossing = wanted is TradingState.OPEN or (before is TradingState.OPEN and closing)
        if market.instrument.auctions and crossing and before is not TradingState.AUCTION:
            self._shift(market, TradingState.AUCTION, cause)
        left: list[Entry] = []
        if market.state is TradingState.AUCTION:
            left = self._auction(market, closing=closing)
        self._shift(market, wanted, cause)
        self._sync(market)
        for entry in left:
            self._go_on(market, entry)
        self._release(market)
        if closing and not market.calendar.always_open:
            self._retire(market)
        if market.margined is not None:
            market.margined.seen = None  # nobody was liquidated while it was closed
        if market.is_open and market.watches is not None:
            for source in ("last", "mark", "index"):
                price = market.price_of(source)
                if price is not None:
                    market.watches.saw(source, price)
        self._aftermath(market)

    def _shift(self, market: Market, state: TradingState, cause: Cause) -> None:
        before, market.state = market.state, state
        market.is_open = state in CONTINUOUS
        market.own_changed()
        if self._callbacks:
            self._out.append(StateChange(market.instrument.symbol, before, state, self.now, cause))

    # --------------------------------------------------------------- waiting
    def _admit(self, market: Market, new: NewOrder) -> tuple[NewOrder, bool]:
        """An order with its end filled in, and whether it waits. Raises Reject, Malformed."""
        new, waits = self._dated(market, new), check(market.state, request_of(new))
        if waits and self.practice.outside_session == "reject" and market.state is not TradingState.AUCTION:
            raise Reject(RejectReason.MARKET_CLOSED, f"{new.symbol} is not in session, and nothing is queued here")
        if waits and new.quote is not None and new.trigger is None:
            raise Reject(RejectReason.MARKET_CLOSED, "an order by amount does not wait for a session")
        if new.tif in ("OPG", "CLS"):
            return replace(new, expires=self._auction_for(market, new).close), True
        return new, waits

    def _dated(self, market: Market, new: NewOrder) -> NewOrder:
        """An order whose end is filled in, where it is the end of a session. Raises Malformed; Reject(MARKET_CLOSED)
        where the calendar has no further session."""
        if type(new.extended) is not bool or (
            new.extended and (new.type != "limit" or new.post_only or new.tif not in ("GTC", "DAY"))
        ):
            raise Malformed("an order for extended hours is a GTC or DAY limit order, and not post-only")
        if new.tif != "DAY" or new.expires is not None:
            return new
        if market.calendar.always_open:
            raise Malformed("a DAY order has an end where the market has no sessions")
        try:
            session = market.calendar.session_for(self.now, extended=new.extended)
        except ValueError as error:
            raise Reject(RejectReason.MARKET_CLOSED, str(error)) from None
        return replace(new, expires=session.end if new.extended else session.close)

    def _auction_for(self, market: Market, new: NewOrder) -> Session:
        """The session whose auction an OPG or CLS order is for. Raises Reject(AUCTION) where there is none, or it is
        too late (Alpaca: refused from 9:28 or 15:50 to 19:00, then queued for the next session)."""
        if not market.instrument.auctions or market.calendar.always_open:
            raise Reject(RejectReason.AUCTION, f"{new.symbol} has no opening and closing auctions")
        session = market.calendar.session_for(self.now, extended=True)
        before_open, before_close = self.practice.auction_cutoff
        last = session.open - before_open if new.tif == "OPG" else session.close - before_close
        if self.now < last:
            return session
        if self.now < session.begin + self.practice.auction_reopens:
            raise Reject(RejectReason.AUCTION, f"it is too late for the {new.tif} auction of {session.day}")
        return market.calendar.session_for(session.end)

    def _retire(self, market: Market) -> None:
        """The regular session is over: what is not for extended hours leaves the book and waits, in its order."""
        for side in (market.bids, market.asks):
            for entry in [entry for entry in side.entries() if entry.order is not None]:
                terms = order_of(entry).terms
                if terms is None or not terms.extended:
                    side.remove(entry)
                    market.own_entries -= 1
                    market.own_changed()
                    if entry.special is not None:
                        entry.remaining, entry.special.hidden = entry.total, 0
                    self._await(market, entry)

    def _release(self, market: Market) -> None:
        """Orders that waited come to a market that trades continuously."""
        for order_id, entry in list(market.waiting.items()):
            if market.waiting.get(order_id) is entry and self._may_enter(market, entry):
                self._go_on(market, entry)

    def _go_on(self, market: Market, entry: Entry) -> None:
        """An order that waited, or is left from an auction, comes to the market as if it arrived now."""
        order = order_of(entry)
        if order.status in TERMINAL:
            return
        if order.tif in ("OPG", "CLS") and order.order_id not in market.waiting:
            raise AssertionError(f"order {order.order_id} outlives its auction")
        if not market.is_open:
            return
        self._disarm(market, entry)
        if market.margined is not None and not self._reduces(market, entry):
            self._expire(entry, "reduce_only", "time")
            return
        if entry.total != order.remaining:
            self._change(entry, Event.AMEND, "reduce", "time", lots=order.filled + entry.total)
        if order.status is Status.QUEUED and order.price is None:
            self._work(market, entry, "released", "time")
        else:  # its money is locked
            if order.status is Status.QUEUED:
                self._change(entry, Event.ACCEPT, "released", "time")
            crosses = order.price is None or market.side(buy=not entry.buy).reaches(order.price)
            if order.price is None and not self._pay_at_market(market, entry):
                self._expire(entry, "funds", "time")
                return
            self._enter(market, entry, crosses, "time")
        self._aftermath(market)

    def _pay_at_market(self, market: Market, entry: Entry) -> bool:
        """Whether there is the money for what is left of a market order; if so, it is locked as such orders lock it."""
        account, pays, lots = entry.account, entry.pays, entry.remaining
        assert account is not None and pays is not None
        _, cost = self._size(market, account, entry.buy, lots, None, self._mode(entry))
        need = cost if entry.buy else market.clearing.need(False, 0, lots)
        if need > pays.free + entry.locked:
            return False
        need = self._held(market, None, pays, need)
        if need != entry.locked:
            self._tell_balance(account, "time", self.ledger.hold(entry, need, self.now))
        return True

    def _auction(self, market: Market, *, closing: bool) -> list[Entry]:
        """Uncross a market; returns the market orders that are left and have not ended."""
        unpriced: list[Entry] = []
        for order_id, entry in list(market.waiting.items()):
            order = order_of(entry)
            end = None if order.terms is None else order.terms.expires
            if (end != self.now or not closing) if order.tif == "CLS" else (closing and order.tif == "OPG"):
                continue
            if order.status is Status.QUEUED:
                self._change(entry, Event.ACCEPT, "released", "time")
            if order.price is None:
                unpriced.append(entry)
                continue
            del market.waiting[order_id]
            self._unregister(entry)
            self._rest(market, entry)
        self._uncross(market, unpriced)
        left = []
        for entry in unpriced:
            order = order_of(entry)
            if order.status not in TERMINAL and order.tif in ("OPG", "CLS"):
                self._end(market, entry, "auction", "time")
            elif order.status not in TERMINAL:
                left.append(entry)
        return left
