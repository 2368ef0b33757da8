"""The exchange: every request that moves its state. What a request sets off lies in the layers below (``floor``).

Every operation checks first and moves afterwards: what raises has changed nothing. Operations happen at ``now``, which
only ``advance`` moves; call it before each operation.

    >>> from decimal import Decimal
    >>> btc = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=Decimal("0.01"), step=Decimal("0.00001"))
    >>> exchange = Exchange([btc], now=0, seed=1)
    >>> anna = exchange.open_account("anna", {"USDT": exchange.atoms("USDT", Decimal(50_000))})
    >>> bert = exchange.open_account("bert", {"BTC": exchange.atoms("BTC", Decimal(1))})
    >>> exchange.advance(1_000)
    >>> sale = NewOrder(symbol="BTC/USDT", side="sell", price=btc.ticks(Decimal(50_000)), lots=btc.lots(Decimal(1)))
    >>> exchange.place(bert, sale).status.value
    'open'
    >>> buy = NewOrder(symbol="BTC/USDT", side="buy", type="market", lots=btc.lots(Decimal("0.25")))
    >>> exchange.place(anna, buy).status.value
    'filled'
    >>> exchange.view(bert).open_orders()[0].filled, exchange.view(bert, as_of=999).open_orders()
    (25000, [])

Self-trade: whether an account's orders may match each other is decided by the arriving order's mode (Binance spot, STP
FAQ), else by the venue's: with EXPIRE_MAKER, Binance's default, the resting order expires (``expired_by="self_trade"``)
and the arriving one goes on; DECREMENT takes the same quantity from both. The house may trade with itself.

Trigger orders wait outside the book (``triggers``), order lists tie orders to each other (``lists``), a countdown
cancels everything unless it is renewed; what venues do differently is a ``Practice``. Prices seen and fills of listed
orders take effect when the operation that made them is complete.

Client order ids are unique among the account's open orders, over all symbols (*inferred*: Binance says "among open
orders"). A cancel or an amend may rename the order, which frees the old id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.events import RulesChange
from outtrade_mocks.core.feed import Feed, open_feed
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.flow import FlowConfig
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.limits import check_limits, limited
from outtrade_mocks.core.lists import Lists, NewList, OrderList
from outtrade_mocks.core.margin_requests import MarginRequests
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import (
    ORDER_KINDS,
    Event,
    Malformed,
    NewOrder,
    Order,
    OrderKind,
    OrderRef,
    Reject,
    RejectReason,
    Side,
    Status,
    Terms,
    step,
    terms_of,
)
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.rules import check_limit, check_market, check_shape, check_spot, check_terms
from outtrade_mocks.core.states import Request, TradingState, check
from outtrade_mocks.core.view import View

_FIXED = (
    "base", "quote", "tick", "step", "base_precision", "quote_precision", "kind", "inverse", "contract_size",
    "calendar", "expires",
)  # fmt: skip
"""Rules without which the integers on the book, or the times that were set, would mean something else."""
_INSTEAD = {"tick": "; use price_grid", "step": "; use quantity_grid"}
_ACCEPTED = step(Status.PENDING, Event.ACCEPT)
_ARMED = step(Status.PENDING, Event.ARM)
_QUEUED = step(Status.PENDING, Event.QUEUE)
_OPEN, _AUCTION = TradingState.OPEN, TradingState.AUCTION


class Exchange(MarginRequests):
    """An exchange of some ``instruments``, at time ``now`` (ns), with a seeded market where ``flows`` has one.

    ``find_by_original``: whether queries find an order by the client id it was placed with after it was renamed.
    ``practice``: what the venue does where venues differ.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        now: int,
        seed: int,
        flows: Mapping[str, FlowConfig] | None = None,
        find_by_original: bool = True,
        practice: Practice | None = None,
    ) -> None:
        super().__init__(now=now, practice=practice)
        self.find_by_original = find_by_original
        self._lists = Lists(self)
        for instrument in instruments:
            config = (flows or {}).get(instrument.symbol)
            self.add_instrument(instrument, open_feed(config, instrument, seed=seed, now=now) if config else None)
        self.advance(now)

    def add_instrument(self, instrument: Instrument, flow: Feed | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, where an asset has another precision already, or where
        it has expired."""
        if isinstance(instrument, Instrument) and instrument.expires is not None and instrument.expires <= self.now:
            raise ValueError(f"{instrument.symbol} has expired")
        super().add_instrument(instrument, flow)
        if instrument.expires is not None:
            self._set_end(self._markets[instrument.symbol], instrument.expires)

    def set_instrument(self, instrument: Instrument) -> None:
        """Change the rules of a symbol, and tell it (RulesChange). Open orders stay as they are, and trade at their old
        prices (Binance, announcements of tick size updates: orders placed before are matched with the original tick
        size). What gives integers their meaning must not change (ValueError): a tick or step that is to change is a
        ``price_grid`` or ``quantity_grid`` over one that is fine enough for all of them.
        """
        if not isinstance(instrument, Instrument):
            raise ValueError("the rules of a symbol are an instrument")
        market = self._market(instrument.symbol)
        old = market.instrument
        for name in _FIXED:
            if getattr(old, name) != getattr(instrument, name):
                raise ValueError(f"{name} cannot change{_INSTEAD.get(name, '')}")
        names = [one.name for one in fields(Instrument) if one.init]
        changes = [(name, str(getattr(old, name)), str(getattr(instrument, name))) for name in names]
        changes = [change for change in changes if change[1] != change[2]]
        self._sync(market)
        market.instrument = market.clearing.instrument = instrument
        market.limited = limited(instrument, self.practice)
        if market.charges is not None:
            market.charges.plans.clear()
        market.own_changed()
        if changes and self._callbacks:
            self._out.append(RulesChange(instrument.symbol, tuple(changes), self.now, "script"))
        if market.margined is not None:
            if old.funding_interval is None and instrument.funding_interval is not None:
                self._await_funding(instrument)
            if old.funding_interval not in (None, instrument.funding_interval):
                self._restart_funding(instrument)
            market.margined.seen = None  # other brackets, other margins
            self._aftermath(market)
        if self._out:
            self._flush()

    def place(self, account: Account, new: NewOrder) -> Order:
        """Carry out a new order at ``now``; returns its last snapshot (fills included). Raises Reject; ValueError on
        a request that is no order at all."""
        try:
            if self.accounts.get(account.name) is not account:
                raise Malformed("no account of this exchange")
            market, lots, need, pays, gets, crosses, terms, waits = self._vet(account, new)
        except (Reject, AttributeError, TypeError) as problem:
            raise self._refuse(account, "place", new, problem) from None
        borrowed = 0 if terms is None else self._borrow_first(terms, account, pays, need)
        if new.trigger is not None:
            status = _ARMED
        elif waits is not None:
            status = _QUEUED
        else:
            status = _ACCEPTED
            if new.price is None:
                need = self._held(market, None, pays, need)
        entry = self._accept(market, account, new, lots, pays, gets, need, terms, status)
        if borrowed:
            assert entry.special is not None
            entry.special.borrowed = borrowed
        if status is _ARMED:
            self._arm(market, entry)
        elif waits is not None:
            self._queue(market, entry, waits)
        elif crosses or new.tif != "GTC":
            self._enter(market, entry, crosses, "request")
        else:
            self._rest(market, entry)
        if self._touched or market.watches is not None or market.margined is not None or self._borrowers:
            self._aftermath(market)
        if self._out:
            self._flush()
        assert entry.order is not None
        return entry.order

    def place_list(self, account: Account, new: NewList) -> OrderList:
        """Carry out an order list (OCO, OTO, OTOCO, bracket): all of it or, with Reject, nothing."""
        try:
            self._known(account)
            made = self._lists.place(account, new)
        except Reject as refusal:
            raise self._refuse(account, "place_list", new, refusal) from None
        self._aftermath(self._markets[made.symbol])
        self._flush()
        return made

    def _vet(
        self, account: Account, new: NewOrder, leaving: Entry | None = None
    ) -> tuple[Market, int, int, Balance, Balance, bool, Terms | None, int | None]:
        """Whether the order is taken, looking only: its market, lots, what it needs (atoms), the balances that pay and
        receive, whether it would trade at once, its terms, and where it has to wait for a session the ticks at which it
        is reserved. ``leaving``: an order that it replaces. Raises Reject."""
        plain = check_shape(new)
        try:
            market = self._markets[new.symbol]
        except (KeyError, TypeError):
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{new.symbol!r} is not traded here") from None
        if market.noted or market.takes:
            self._sync(market)
        later, waits, terms, trigger = False, None, None, None
        if not plain or market.state is not _OPEN:
            new, later = self._admit(market, new)
        if account.loans is not None:
            self._check_margin_order(account.loans, market)
        if market.margined is not None:
            return self._vet_contract(market, account, new, leaving, plain=plain, later=later)
        if not plain:
            terms, trigger = self._vet_terms(market, account, new), new.trigger
        instrument, clearing, price, buy = market.instrument, market.clearing, new.price, new.side == "buy"
        reference = market.last_price if market.flow is None else market.flow.reference  # Market.reference, for speed
        if trigger is not None:
            lots, need = self._size_trigger(market, new, reached_is_fine=self.practice.immediate_trigger == "trigger")
        elif price is not None:
            lots = new.lots or 0
            check_limit(instrument, new.side, price, lots, reference)
            need = clearing.need(buy, price, lots)
        elif later:
            check_market(instrument, new.lots, None, reference)
            lots, waits = new.lots or 0, self._collar(market)
            need = clearing.need(buy, waits, lots)
        else:
            check_market(instrument, new.lots, new.quote, reference)
            lots, cost = self._size(market, account, buy, new.lots, new.quote, new.self_trade)
            need = cost if buy else clearing.need(False, 0, lots)
        pays, gets = clearing.sides(account, buy)
        if market.limited:
            check_limits(self, market, account, new, lots, (pays, need), leaving)
        if new.client_id in account.working and (
            leaving is None or account.working[new.client_id] != order_of(leaving).order_id
        ):
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new.client_id!r} is the id of an open order")
        free = pays.free if account.portfolio is None else self._spare(account, pays)
        if need > free and (leaving is None or need > free + (leaving.locked if leaving.pays is pays else 0)):
            self._lacks(account, new, pays, need - free)
        if later and trigger is None:
            return market, lots, need, pays, gets, False, terms, price if waits is None else waits
        if trigger is not None or market.state is _AUCTION:
            return market, lots, need, pays, gets, False, terms, None
        crosses = price is None or (market.asks if buy else market.bids).reaches(price)
        if crosses and new.post_only and self.practice.post_only == "reject":
            raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")
        return market, lots, need, pays, gets, crosses, terms, None

    def _vet_terms(self, market: Market, account: Account, new: NewOrder) -> Terms:
        """The terms of an order on a spot market that is not plain. Raises Reject."""
        check_spot(new)
        if new.side_effect is not None:
            self._loans(account)
        check_terms(new, market.instrument, self.practice, self.now)
        return terms_of(new)

    def cancel(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> Order:
        """Cancel an open order (both ids given: both must fit). ``new_client_id`` renames it. The other orders of its
        list end with it (Binance spot order lists; Alpaca brackets). Raises Reject(UNKNOWN_ORDER)."""
        try:
            if new_client_id is not None and type(new_client_id) is not str:
                raise Malformed("a client id is text")
            entry = self._working(account, symbol, order_id, client_id)
            market = self._markets[symbol]
            if market.state is not _OPEN:
                check(market.state, Request.CANCEL)
        except (Reject, AttributeError, TypeError) as problem:
            asked = OrderRef(symbol=symbol, order_id=order_id, client_id=client_id)
            raise self._refuse(account, "cancel", asked, problem) from None
        if entry.level is not None and entry.special is None:
            self._leave(market, entry)
            self._change(entry, Event.CANCEL, "cancel", "request", client_id=new_client_id)
            self._hold(entry, 0, "request")
        else:
            self._cancel(entry, "request", new_client_id)
        if self._out:
            self._flush()
        assert entry.order is not None
        return entry.order

    def expel(self, account: Account, symbol: str, order_id: int) -> Order:
        """The venue itself ends an open order, as in maintenance (Binance spot, order status EXPIRED), whatever
        the market's state. Raises Reject(UNKNOWN_ORDER)."""
        entry = self._working(account, symbol, order_id, None)
        market = self._markets[symbol]
        self._end(market, entry, "venue", "script")
        if self._touched:
            self._aftermath(market)
        self._flush()
        return order_of(entry)

    def cancel_all(
        self, account: Account, symbol: str | None, *, side: Side | None = None, kind: OrderKind | None = None
    ) -> list[Order]:
        """Cancel all open orders in ``symbol`` (None: in all), oldest first; those of a list that ended with another
        order are among them. ``side`` and ``kind`` leave out what is of another side or kind (Gate cancel all orders:
        side; Bybit cancel-all: orderFilter; Deribit cancel_all_by_instrument: type). Raises Reject: UNKNOWN_ORDER where
        there are none, MAINTENANCE where one of them is in a market that takes no cancel (*inferred*: all or none)."""
        try:
            self._known(account)
            if side not in (None, "buy", "sell") or kind not in (None, *ORDER_KINDS):
                raise Malformed(f"orders to cancel: side {side!r}, kind {kind!r}")
            if symbol is not None:
                check(self._market(symbol).state, Request.CANCEL_ALL)
            entries = [self._entries[order_id] for order_id in self._open_ids(account, symbol)]
            entries = [entry for entry in entries if side in (None, order_of(entry).side)]
            entries = [entry for entry in entries if kind is None or _is_kind(order_of(entry), kind)]
            if not entries:
                raise Reject(RejectReason.UNKNOWN_ORDER, f"no such open orders in {symbol or 'any symbol'}")
            for entry in entries:
                check(self._markets[order_of(entry).symbol].state, Request.CANCEL_ALL)
        except Reject as refusal:
            asked = None if symbol is None else OrderRef(symbol=symbol)
            raise self._refuse(account, "cancel_all", asked, refusal) from None
        for entry in entries:
            if order_of(entry).live:
                self._cancel(entry, "request", None)
        self._flush()
        return [order_of(entry) for entry in entries]

    def view(self, account: Account, as_of: int | None = None) -> View:
        """What a query sees now, or saw at ``as_of`` (ns; what happened at that instant included)."""
        if not isinstance(account, Account) or not (as_of is None or type(as_of) is int):
            raise Malformed("a view is of an account, at a time in ns")
        return View(account, self.now if as_of is None else as_of, find_by_original=self.find_by_original)


def _is_kind(order: Order, kind: OrderKind) -> bool:
    """Whether an open order is of that kind."""
    trigger = None if order.terms is None or order.working else order.terms.trigger
    if trigger is None or kind == "plain":
        return trigger is None and kind == "plain"
    if kind == "trailing" or trigger.trailing:
        return trigger.trailing and kind in ("trailing", "trigger")
    return kind in (trigger.kind, "trigger")
