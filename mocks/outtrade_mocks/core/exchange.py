"""The matching engine: the one place where state moves.

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

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from heapq import heappop, heappush

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import BookSide, Entry, Special
from outtrade_mocks.core.events import BalanceChange, Cause, Change, Fill, OrderChange, Why
from outtrade_mocks.core.flow import NEVER, Flow, FlowConfig, Quote, Take
from outtrade_mocks.core.instruments import Instrument, from_atoms, to_atoms
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.lists import Lists, NewList, OrderList
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import (
    TERMINAL,
    Event,
    ExpiredBy,
    Malformed,
    NewOrder,
    Order,
    Reject,
    RejectReason,
    SelfTrade,
    Side,
    Status,
    Terms,
    Trigger,
    step,
)
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.rules import (
    check_account,
    check_limit,
    check_lots,
    check_market,
    check_notional,
    check_price,
    check_shape,
    check_terms,
)
from outtrade_mocks.core.triggers import Watch, Watches
from outtrade_mocks.core.view import View

_ACCEPTED = step(Status.PENDING, Event.ACCEPT)
_ARMED = step(Status.PENDING, Event.ARM)
_FILL, _COMPLETE = Event.FILL, Event.COMPLETE


class Countdown:
    """A dead man's switch: everything of ``account`` (in ``symbol``; None: all) is cancelled at its time."""

    __slots__ = ("account", "alive", "symbol")

    def __init__(self, account: Account, symbol: str | None) -> None:
        self.account = account
        self.symbol = symbol
        self.alive = True


class Exchange:
    """A spot exchange of some ``instruments``, at time ``now`` (ns), with a seeded market where ``flows`` has one.

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
        self.now = now
        self.practice = practice or Practice()
        self.find_by_original = find_by_original
        self.precisions: dict[str, int] = {}
        """Asset -> number of decimals of an atom."""
        self.accounts: dict[str, Account] = {}
        self.ledger = Ledger(now=now)
        self._markets: dict[str, Market] = {}
        self._moving: list[Market] = []
        """Markets with a flow."""
        self._entries: dict[int, Entry] = {}
        """Order id -> what is left of it, open orders of accounts only."""
        self._lists = Lists(self)
        self._touched: list[Entry] = []
        """Orders of lists that were filled or ended, what follows from that still to be done."""
        self._timers: list[tuple[int, int, int | Countdown]] = []
        """Heap of (time, number, what ends then: an order, by id, or a countdown's patience)."""
        self._timer_count = 0
        self._countdowns: dict[tuple[str, str | None], Countdown] = {}
        self._last_order_id = 0
        self.event_id = 0
        """Number of the event told last; inside a callback: of this one. Never repeats, and a restored core goes on
        counting where the snapshot was taken."""
        self._callbacks: list[Callable[[Change], None]] = []
        self._out: list[Change] = []
        for instrument in instruments:
            config = (flows or {}).get(instrument.symbol)
            self.add_instrument(instrument, Flow(config, instrument, seed=seed, now=now) if config else None)
        self.advance(now)

    # ---------------------------------------------------------------- set-up
    @property
    def instruments(self) -> dict[str, Instrument]:
        """Symbol -> the rules as they are now."""
        return {symbol: market.instrument for symbol, market in self._markets.items()}

    def add_instrument(self, instrument: Instrument, flow: Flow | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, or where an asset has another precision already."""
        if instrument.symbol in self._markets:
            raise ValueError(f"{instrument.symbol} is listed")
        wanted = {instrument.base: instrument.base_precision, instrument.quote: instrument.quote_precision}
        for asset, precision in wanted.items():
            if self.precisions.get(asset, precision) != precision:
                raise ValueError(f"{asset} has two precisions")
        self.precisions.update(wanted)
        market = self._markets[instrument.symbol] = Market(instrument, flow)
        if flow is not None:
            self._moving.append(market)

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call ``callback`` with every event, in exact order, after the operation that caused it is complete. This is
        the drop copy; ``event_id`` is the event's number."""
        self._callbacks.append(callback)

    def open_account(self, name: str, balances: Mapping[str, int]) -> Account:
        """A new account holding ``balances`` (asset -> atoms, see ``atoms``). Raises ValueError on a taken name."""
        if name in self.accounts:
            raise ValueError(f"account {name!r} exists")
        account = Account(name, now=self.now)
        for asset in sorted(balances):
            self.precisions.setdefault(asset, 8)
            self.ledger.deposit(account, asset, balances[asset], self.now)
        self.accounts[name] = account
        return account

    def deposit(self, account: Account, asset: str, atoms: int) -> None:
        """Money arrives from outside (told as a BalanceChange caused by ``script``)."""
        self.precisions.setdefault(asset, 8)
        self._tell_balance(account, "script", self.ledger.deposit(account, asset, atoms, self.now))
        self._flush()

    def atoms(self, asset: str, amount: Decimal) -> int:
        """Atoms of a decimal amount; raises OffGrid where it has more digits than the asset."""
        return to_atoms(amount, self.precisions.get(asset, 8))

    def amount(self, asset: str, atoms: int) -> Decimal:
        """The decimal amount of ``atoms``."""
        return from_atoms(atoms, self.precisions.get(asset, 8))

    def set_open(self, symbol: str, is_open: bool) -> None:
        """Halt or resume trading: while halted, orders are refused (MARKET_CLOSED) and the market rests; cancels
        work. On resuming, house makers quote where the mid is by then."""
        market = self._market(symbol)
        self._sync(market)
        market.is_open = is_open
        self._sync(market)
        if is_open and market.watches is not None:
            for source in ("last", "mark", "index"):
                price = market.price_of(source)
                if price is not None:
                    market.watches.saw(source, price)
            self._aftermath(market)
        self._flush()

    def publish(self, symbol: str, *, mark: int | None = None, index: int | None = None) -> None:
        """Tell the core the mark or index price (ticks) that triggers compare with."""
        market = self._market(symbol)
        for price in (mark, index):
            if price is not None and (type(price) is not int or price <= 0):
                raise Malformed(f"price {price!r}")
        self._sync(market)
        for source, price in (("mark", mark), ("index", index)):
            if price is not None:
                market.published[source] = price
                if market.watches is not None and market.is_open:
                    market.watches.saw(source, price)
        self._aftermath(market)
        self._flush()

    def set_instrument(self, instrument: Instrument) -> None:
        """Change the rules of a symbol; resting orders stay as they are. Tick, step and precisions must not change
        (ValueError): integers on the book would change their meaning."""
        market = self._market(instrument.symbol)
        old = market.instrument
        for name in ("base", "quote", "tick", "step", "base_precision", "quote_precision"):
            if getattr(old, name) != getattr(instrument, name):
                raise ValueError(f"{name} cannot change")
        market.instrument = instrument

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let time pass: the market acts at its own times up to and including ``now`` (ns). Time never goes back."""
        if now < self.now:
            raise ValueError(f"time goes back from {self.now} to {now}")
        if self._timers and self._timers[0][0] <= now:
            self._ring(now)
        lively: list[Market] = []
        for market in self._moving:
            if market.own_entries or market.watches is not None:
                lively.append(market)
            else:
                _let_pass(market, now + 1)
        while lively:
            market = min(lively, key=Market.first_touch)
            time = market.first_touch()
            if time > now:
                break
            _let_pass(market, time)
            self.now = time
            self._act(market, market.pop())
        for market in lively:
            _let_pass(market, now + 1)
        self.now = now
        if self._out:
            self._flush()

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice by itself (ns); None while no account has
        an order on a book that moves. Ask again after every call."""
        times = [market.first_touch() for market in self._moving]
        timers = self._timers
        while timers and not self._ticks(timers[0][2]):
            heappop(timers)
        if timers:
            times.append(timers[0][0])
        soonest = min(times, default=NEVER)
        return None if soonest == NEVER else soonest

    def _act(self, market: Market, action: Quote | Take) -> None:
        """Carry out an action that may touch an account's order."""
        if isinstance(action, Quote):
            market.takes.clear()
            self._put_up(market)
        else:
            self._sync(market)
            self._take(market, action)
        if self._touched or market.watches is not None:
            self._aftermath(market)

    def _ring(self, now: int) -> None:
        """End what ends at its own time, up to ``now``; at one time the market acts first."""
        timers = self._timers
        while timers and timers[0][0] <= now:
            time = timers[0][0]
            due = []
            while timers and timers[0][0] == time:
                due.append(heappop(timers)[2])
            self.advance(time)
            for one in due:
                if not self._ticks(one):
                    continue
                if isinstance(one, Countdown):
                    self._countdowns.pop((one.account.name, one.symbol), None)
                    for order_id in self._open_ids(one.account, one.symbol):
                        if order_id in self._entries:
                            self._cancel(self._entries[order_id], "time", None)
                else:
                    entry = self._entries[one]
                    market = self._markets[_order(entry).symbol]
                    self._end(market, entry, "gtd" if _order(entry).tif == "GTD" else "day", "time")
                    self._aftermath(market)

    def _ticks(self, what: int | Countdown) -> bool:
        """Whether a timer still has something to end."""
        return what.alive if isinstance(what, Countdown) else what in self._entries

    def _alarm(self, time: int, what: int | Countdown) -> None:
        self._timer_count += 1
        heappush(self._timers, (time, self._timer_count, what))

    def _take(self, market: Market, take: Take) -> None:
        self._match(market, Entry(self.ledger.house, take.buy, 0, take.lots), None, "market", "market")

    def _sync(self, market: Market) -> None:
        """Carry out what was only noted, before anybody looks at the book."""
        if not market.is_open:
            return
        if market.noted:
            self._put_up(market)
        if market.takes:
            takes, market.takes = market.takes, []
            for take in takes:
                self._take(market, take)

    def _put_up(self, market: Market) -> None:
        """House makers replace their orders by those of the last quote; one that crosses an account's order trades
        with it first."""
        market.looked_at()
        market.withdraw()
        bids, asks = market.levels()
        for buy, levels in ((True, bids), (False, asks)):
            own, other = market.side(buy=buy), market.side(buy=not buy)
            for price, lots in levels:
                entry = Entry(self.ledger.house, buy, price, lots)
                if other.reaches(price):
                    self._match(market, entry, price, "market", "market")
                if entry.remaining:
                    own.add(entry)
                    market.house.append(entry)

    # -------------------------------------------------------------- requests
    def place(self, account: Account, new: NewOrder) -> Order:
        """Carry out a new order at ``now``; returns its last snapshot (fills included). Raises Reject; ValueError on
        a request that is no order at all."""
        market, lots, need, pays, gets, crosses, terms = self._vet(account, new)
        if new.trigger is not None:
            entry = self._accept(market, account, new, lots, pays, gets, need, terms, _ARMED)
            self._arm(market, entry)
        else:
            entry = self._accept(market, account, new, lots, pays, gets, 0 if new.price is None else need, terms)
            if crosses or new.tif != "GTC":
                self._enter(market, entry, crosses, "request")
            else:
                self._rest(market, entry)
        if self._touched or market.watches is not None:
            self._aftermath(market)
        if self._out:
            self._flush()
        assert entry.order is not None
        return entry.order

    def place_list(self, account: Account, new: NewList) -> OrderList:
        """Carry out an order list (OCO, OTO, OTOCO, bracket): all of it or, with Reject, nothing."""
        made = self._lists.place(account, new)
        self._aftermath(self._markets[made.symbol])
        self._flush()
        return made

    def _vet(
        self, account: Account, new: NewOrder, leaving: Entry | None = None
    ) -> tuple[Market, int, int, Balance, Balance, bool, Terms | None]:
        """Whether the order is taken, looking only: its market, lots, what it needs (atoms), the balances that pay and
        receive, whether it would trade at once, its terms. ``leaving``: an order that it replaces. Raises Reject."""
        check_shape(new)
        try:
            market = self._markets[new.symbol]
        except (KeyError, TypeError):
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{new.symbol!r} is not traded here") from None
        if market.noted or market.takes:
            self._sync(market)
        instrument, price, buy, terms = market.instrument, new.price, new.side == "buy", None
        if not market.is_open:
            raise Reject(RejectReason.MARKET_CLOSED, f"{new.symbol} is halted")
        trigger = new.trigger
        plain = trigger is None and new.expires is None and new.visible is None and new.self_trade is None
        if not plain:
            check_terms(new, self.practice, self.now)
            terms = terms_of(new)
        if trigger is not None:
            lots, need = self._size_trigger(market, new, reached_is_fine=self.practice.immediate_trigger == "trigger")
        elif price is not None:
            lots = new.lots or 0
            check_limit(instrument, new.side, price, lots, market.reference)
            need = instrument.cover(price, lots) if buy else lots * instrument.lot_atoms
        else:
            check_market(instrument, new.lots, new.quote, market.reference)
            lots, cost = self._size(market, account, buy, new.lots, new.quote, new.self_trade)
            need = cost if buy else lots * instrument.lot_atoms
        if instrument.max_orders is not None or instrument.max_position_lots is not None:
            open_buys = 0 if instrument.max_position_lots is None else self._open_buys(account, new.symbol)
            check_account(instrument, new, account, open_buys, lots, leaving is not None)
        if new.client_id in account.working and (
            leaving is None or account.working[new.client_id] != _order(leaving).order_id
        ):
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new.client_id!r} is the id of an open order")
        pays, gets = account.balance(instrument.base), account.balance(instrument.quote)
        if buy:
            pays, gets = gets, pays
        if need > pays.free and (leaving is None or need > pays.free + (leaving.locked if leaving.pays is pays else 0)):
            raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {pays.asset} than is free")
        crosses = trigger is None and (price is None or (market.asks if buy else market.bids).reaches(price))
        if crosses and new.post_only and self.practice.post_only == "reject":
            raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")
        return market, lots, need, pays, gets, crosses, terms

    def _enter(self, market: Market, entry: Entry, crosses: bool, cause: Cause) -> None:
        """An accepted order comes to the market: it trades, and what is left of it rests or expires."""
        order = entry.order
        assert order is not None
        price, tif = order.price, order.tif
        if crosses and order.post_only:
            self._expire(entry, "post_only", cause)
        elif tif == "FOK" and not self._fillable(market.side(buy=not entry.buy), entry, price):
            self._expire(entry, "fok", cause)
        else:
            if crosses:
                self._match(market, entry, price, cause, "market")
            if entry.remaining:
                if price is None:
                    self._expire(entry, "liquidity", cause)
                elif tif == "IOC" or tif == "FOK":
                    self._expire(entry, "ioc", cause)
                else:
                    self._rest(market, entry)

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
        if new_client_id is not None and type(new_client_id) is not str:
            raise Malformed("a client id is text")
        entry = self._working(account, symbol, order_id, client_id)
        market = self._markets[symbol]
        if entry.level is not None and entry.special is None:
            self._leave(market, entry)
            self._change(entry, Event.CANCEL, "cancel", "request", client_id=new_client_id)
            self._unlock(entry, "request")
        else:
            self._cancel(entry, "request", new_client_id)
        self._flush()
        assert entry.order is not None
        return entry.order

    def _cancel(self, entry: Entry, cause: Cause, new_client_id: str | None) -> None:
        market = self._markets[_order(entry).symbol]
        if entry.level is not None:
            self._leave(market, entry)
        else:
            self._disarm(market, entry)
        self._change(entry, Event.CANCEL, "cancel", cause, client_id=new_client_id)
        self._unlock(entry, cause)
        if self._touched:
            self._aftermath(market)

    def _open_ids(self, account: Account, symbol: str | None) -> list[int]:
        """Ids of the account's open orders, oldest first."""
        ids = sorted(account.working.values())
        return ids if symbol is None else [i for i in ids if _order(self._entries[i]).symbol == symbol]

    def cancel_all(self, account: Account, symbol: str | None) -> list[Order]:
        """Cancel all open orders in ``symbol`` (None: in all), oldest first; those of a list that ended with another
        order are among them. Raises Reject(UNKNOWN_ORDER) where there are none."""
        if symbol is not None:
            self._market(symbol)
        ids = self._open_ids(account, symbol)
        if not ids:
            raise Reject(RejectReason.UNKNOWN_ORDER, f"no open orders in {symbol or 'any symbol'}")
        entries = [self._entries[order_id] for order_id in ids]
        for entry in entries:
            if _order(entry).live:
                self._cancel(entry, "request", None)
        self._flush()
        return [_order(entry) for entry in entries]

    def countdown(self, account: Account, delay: int, symbol: str | None = None) -> int | None:
        """Cancel all of the account's open orders (in ``symbol``; None: in all) ``delay`` ns from now, unless it is
        called again before; 0 switches that off. Returns the time at which it would happen.

        Binance USD-M countdownCancelAll (per symbol, 0 stops it), Kraken CancelAllOrdersAfter and OKX cancel-all-after
        (whole account). Raises Malformed.
        """
        if type(delay) is not int or delay < 0:
            raise Malformed(f"countdown {delay!r}")
        if symbol is not None:
            self._market(symbol)
        key = (account.name, symbol)
        before = self._countdowns.pop(key, None)
        if before is not None:
            before.alive = False
        if not delay:
            return None
        self._countdowns[key] = made = Countdown(account, symbol)
        self._alarm(self.now + delay, made)
        return self.now + delay

    def amend(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        lots: int | None = None,
        price: int | None = None,
        new_client_id: str | None = None,
    ) -> Order:
        """Change an order's whole quantity (fills included) to ``lots`` and its price to ``price`` (ticks).

        A smaller quantity at the same price keeps its place in the queue (but not where the venue always requeues);
        anything else goes to the end of its price's queue, having traded where it now crosses. Raises Reject:
        UNKNOWN_ORDER, AMEND_NOT_ALLOWED, the filters, AMEND_INCREASE and AMEND_PRICE where the venue only reduces,
        AMEND_NO_CHANGE, AMEND_BELOW_FILLED, INSUFFICIENT_BALANCE, WOULD_TAKE, and DUPLICATE_CLIENT_ID where
        ``new_client_id`` belongs to another open order.
        """
        if new_client_id is not None and type(new_client_id) is not str:
            raise Malformed("a client id is text")
        market = self._market(symbol)
        if self.practice.amend != "reduce":
            self._sync(market)
        entry = self._working(account, symbol, order_id, client_id)
        order, practice, instrument = _order(entry), self.practice, market.instrument
        lots = order.lots if lots is None else lots
        price = order.price if price is None else price
        if type(lots) is not int or (price is not None and type(price) is not int):
            raise Malformed("an amend has whole lots and ticks")
        if entry.level is None or (entry.special is not None and entry.special.group is not None):
            raise Reject(RejectReason.AMEND_NOT_ALLOWED, "the order waits, or belongs to a list")
        check_lots(instrument, lots, market=False)
        if practice.amend == "reduce" and price != order.price:
            raise Reject(RejectReason.AMEND_PRICE, "only the quantity can be changed")
        if practice.amend == "reduce" and lots > order.lots:
            raise Reject(RejectReason.AMEND_INCREASE, "a quantity can only be reduced")
        if lots == order.lots and price == order.price:
            raise Reject(RejectReason.AMEND_NO_CHANGE, "price and quantity are the same")
        if lots <= order.filled and practice.amend_below_filled == "reject":
            raise Reject(RejectReason.AMEND_BELOW_FILLED, "that much is filled already")
        if new_client_id is not None and account.working.get(new_client_id, order.order_id) != order.order_id:
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new_client_id!r} is the id of an open order")
        if lots <= order.filled:
            self._cancel(entry, "request", new_client_id)
        elif practice.amend != "requeue" and price == order.price and lots < order.lots:
            self._shrink(market, entry, order.lots - lots)
            del account.working[order.client_id]
            self._change(entry, Event.AMEND, "amend", "request", client_id=new_client_id, lots=lots)
            account.working[_order(entry).client_id] = order.order_id
            self._tell_balance(account, "request", self.ledger.lock(entry, instrument, self.now))
        else:
            assert price is not None
            self._requeue(market, entry, price, lots, new_client_id)
        if self._touched or market.watches is not None:
            self._aftermath(market)
        self._flush()
        return _order(entry)

    def _requeue(self, market: Market, entry: Entry, price: int, lots: int, client_id: str | None) -> None:
        """Amend an order that loses its place: it leaves the book, and comes to the market as if it were new."""
        order, instrument, pays = _order(entry), market.instrument, entry.pays
        account = entry.account
        assert pays is not None and account is not None
        if not market.is_open:
            raise Reject(RejectReason.MARKET_CLOSED, f"{order.symbol} is halted")
        check_limit(instrument, order.side, price, lots, market.reference)
        left = lots - order.filled
        need = instrument.cover(price, left) if entry.buy else left * instrument.lot_atoms
        if need - entry.locked > pays.free:
            raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {pays.asset} than is free")
        crosses = market.side(buy=not entry.buy).reaches(price)
        if crosses and order.post_only and self.practice.post_only == "reject":
            raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")
        self._leave(market, entry)
        entry.price, entry.remaining = price, left
        if entry.special is not None:
            entry.special.hidden = 0
        self._change(entry, Event.AMEND, "amend", "request", client_id=client_id, lots=lots, price=price)
        self._tell_balance(account, "request", self.ledger.hold(entry, need, self.now))
        self._enter(market, entry, crosses, "request")

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

    # --------------------------------------------------------------- queries
    def view(self, account: Account, as_of: int | None = None) -> View:
        """What a query sees now, or saw at ``as_of`` (ns; what happened at that instant included)."""
        return View(account, self.now if as_of is None else as_of, find_by_original=self.find_by_original)

    def depth(self, symbol: str, limit: int = 100) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks, best first, as (ticks, lots)."""
        market = self._market(symbol)
        self._sync(market)
        return market.bids.depth(limit), market.asks.depth(limit)

    def resting(self, symbol: str) -> tuple[list[Order], list[Order]]:
        """Bids and asks of accounts on the book, in order of priority."""
        market = self._market(symbol)
        self._sync(market)
        bids, asks = ([e.order for e in side.entries() if e.order is not None] for side in (market.bids, market.asks))
        return bids, asks

    def last_price(self, symbol: str) -> int | None:
        """Price of the last trade in ticks (a quote of the flow counts as a small trade at its touch)."""
        market = self._market(symbol)
        self._sync(market)
        return market.last_price

    def reference_price(self, symbol: str) -> int | None:
        """The price in ticks that bands and market-order notionals are measured against: the flow's mid, else the
        last trade, else None. A venue's average over some minutes is near it, and it does not depend on accounts."""
        return self._market(symbol).reference

    def mid(self, symbol: str) -> Decimal | None:
        """Half-way between best bid and best ask (quote per base), else the reference price."""
        market = self._market(symbol)
        self._sync(market)
        bid, ask = market.bids.best, market.asks.best
        if bid is not None and ask is not None:
            return (bid.price + ask.price) * market.instrument.tick / 2
        reference = self.reference_price(symbol)
        return None if reference is None else market.instrument.price(reference)

    # ---------------------------------------------------- scripted liquidity
    def sweep(self, order_id: int, lots: int) -> int:
        """Somebody's market order fills ``lots`` of that working order, after everything with better priority.

        Of an iceberg, at most what it shows. House makers return to the swept side at once, where that crosses nothing.
        Returns the lots of the order that were filled (0: it is not in the market, or the market is halted).
        """
        entry = self._entries.get(order_id)
        if entry is None or lots <= 0:
            return 0
        market = self._market(_order(entry).symbol)
        self._sync(market)
        if not market.is_open:
            return 0
        if entry.level is None:
            return 0
        lots = min(lots, entry.remaining)
        before = entry.total
        side = market.side(buy=entry.buy)
        ahead = 0
        for other in side.entries(entry.price):
            if other is entry:
                break
            ahead += other.remaining
        taker = Entry(self.ledger.house, not entry.buy, entry.price, ahead + lots)
        self._match(market, taker, entry.price, "script", "script")
        assert before - entry.total == lots and not taker.remaining, "a sweep fills exactly what it was made for"
        self._restore(market, buy=entry.buy)
        if self._touched or market.watches is not None:
            self._aftermath(market)
        self._flush()
        return lots

    def thin(
        self, symbol: str, side: Side, lots: int, limit_price: int | None = None, *, taker: Account | None = None
    ) -> int:
        """House makers cancel so that a taker on ``side`` finds only ``lots`` within ``limit_price`` (ticks; None: any
        price). Orders of accounts stay, those of ``taker`` are not counted (they would expire, not trade). Lasts until
        the next quote. Returns the lots that are left, which is more where accounts' orders are more."""
        market = self._market(symbol)
        self._sync(market)
        other = market.side(buy=side == "sell")
        left = 0
        for entry in list(other.entries(limit_price)):
            if taker is not None and entry.account is taker:
                continue
            surplus = left + entry.total - lots
            if entry.order is None and surplus >= entry.remaining:
                other.remove(entry)
                continue
            if entry.order is None and surplus > 0:
                other.reduce(entry, surplus)
            left += entry.total
        return left

    def _restore(self, market: Market, *, buy: bool) -> None:
        """House makers put the last quote up again on one side, except where it would trade."""
        if market.flow is None or market.quote is None:
            return
        market.withdraw(bids=buy, asks=not buy)
        own, other = market.side(buy=buy), market.side(buy=not buy)
        for price, lots in market.levels()[0 if buy else 1]:
            if not other.reaches(price):
                entry = Entry(self.ledger.house, buy, price, lots)
                own.add(entry)
                market.house.append(entry)

    # -------------------------------------------------------------- matching
    def _size(
        self,
        market: Market,
        account: Account,
        buy: bool,
        wanted: int | None,
        budget: int | None,
        mode: SelfTrade | None,
    ) -> tuple[int, int]:
        """Lots of a market order, and what it costs or brings in atoms of quote: a walk through the book.

        For a quote amount: as many lots as it pays for, level by level, rounded down; where the book runs dry, the
        rest of the amount counts at the last price seen, so that the order ends unfilled (*inferred*). The quantity
        must pass the lot filters (*inferred*: Reject(LOT_SIZE) where the amount pays for less than the minimum). The
        account's own orders are passed over where they would expire, end the walk where this order would, and count
        like anybody's where both trade or shrink (an upper bound of the cost).
        """
        instrument = market.instrument
        side = market.asks if buy else market.bids
        if wanted is not None and side.best is not None:
            head = side.best.head
            if head.remaining >= wanted and head.account is not account:  # most orders are that small
                return wanted, instrument.notional(head.price, wanted)
        mode = mode or self.practice.self_trade
        lots = total = 0
        price = None
        dry = False
        for entry in side.entries():
            if entry.account is account and mode != "none" and mode != "decrement":
                if mode == "expire_maker":
                    continue
                dry = True
                break
            price = entry.price
            there = entry.total
            if wanted is not None:
                part = min(there, wanted - lots)
            else:
                assert budget is not None
                part = min(there, instrument.affordable(price, budget - total))
            lots += part
            total += instrument.notional(price, part)
            if part < there or lots == wanted:
                break
        else:
            dry = True
        if dry and budget is not None:
            price = price or market.reference
            lots += instrument.affordable(price, budget - total) if price else 0
        if wanted is not None:
            return wanted, total
        grid = max(1, instrument.market_step_lots)
        lots -= lots % grid
        check_lots(instrument, lots, market=True)
        return lots, total

    def _fillable(self, other: BookSide, entry: Entry, limit: int | None) -> bool:
        """Whether the book can fill the whole entry at once; its own account's orders count only where they trade."""
        left = entry.remaining
        mode = self._mode(entry)
        for resting in other.entries(limit):
            if resting.account is entry.account and mode != "none":
                if mode != "expire_maker":
                    return False
                continue
            left -= resting.total
            if left <= 0:
                return True
        return False

    def _mode(self, taker: Entry) -> SelfTrade:
        """The self-trade mode that decides: the arriving order's, else the venue's."""
        terms = _order(taker).terms
        return (terms.self_trade if terms is not None else None) or self.practice.self_trade

    def _prevent(self, market: Market, taker: Entry, maker: Entry, mode: SelfTrade, cause: Cause) -> bool:
        """Two orders of one account meet and must not trade; whether the arriving one is over.

        EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH and DECREMENT as on Binance spot (STP FAQ): DECREMENT takes the smaller
        quantity from both, and who has nothing left expires. Binance shows what was taken as prevented quantity; here
        the larger order's quantity falls (``why="prevent"``).
        """
        if mode == "decrement":
            lots = min(taker.remaining, maker.total)
            if lots == maker.total:
                self._leave(market, maker)
                self._expire(maker, "self_trade", cause)
            else:
                self._shrink(market, maker, lots)
                self._change(maker, Event.AMEND, "prevent", cause, lots=_order(maker).lots - lots)
                assert maker.account is not None
                if maker.special is not None and maker.special.group is not None:
                    maker.special.group.claim(maker)
                    self._touched.append(maker)
                self._tell_balance(maker.account, cause, self.ledger.lock(maker, market.instrument, self.now))
            if lots < taker.remaining:
                taker.remaining -= lots
                self._change(taker, Event.AMEND, "prevent", cause, lots=_order(taker).lots - lots)
                if taker.special is not None and taker.special.group is not None:
                    self._touched.append(taker)
                if taker.locked:
                    assert taker.account is not None
                    self._tell_balance(taker.account, cause, self.ledger.lock(taker, market.instrument, self.now))
                return False
        elif mode != "expire_taker":
            self._leave(market, maker)
            self._expire(maker, "self_trade", cause)
            if mode == "expire_maker":
                return False
        self._expire(taker, "self_trade", cause)
        taker.remaining = 0
        return True

    def _match(self, market: Market, taker: Entry, limit: int | None, taker_cause: Cause, maker_cause: Cause) -> None:
        """Trade an arriving entry against the book until it is filled, its limit is reached, or nothing is left."""
        buy = taker.buy
        side = market.asks if buy else market.bids
        instrument = market.instrument
        account, own = taker.account, taker.order is not None
        while taker.remaining:
            level = side.best
            if level is None:
                return
            price = level.price
            if limit is not None and (price > limit if buy else price < limit):
                return
            maker = level.head
            maker_own = maker.order is not None
            if own and maker_own and maker.account is account:
                mode = self._mode(taker)
                if mode != "none":
                    if self._prevent(market, taker, maker, mode, taker_cause):
                        return
                    continue
            lots = maker.remaining if maker.remaining < taker.remaining else taker.remaining
            taker.remaining -= lots
            side.fill(maker, lots)
            market.last_price = price
            if market.watches is not None:
                market.watches.saw("last", price)
            if not own and not maker_own:
                continue
            market.trade_id += 1
            quote = price * lots * instrument.unit_numerator // instrument.unit_denominator
            if maker_own:
                if not maker.remaining:
                    if maker.special is not None and maker.special.hidden:
                        side.replenish(maker)
                    else:
                        self._forget(market, maker)
                self._fill(market, maker, price, lots, quote, True, maker_cause)
            else:
                self.ledger.settle_house(instrument, lots, quote, buy=not buy)
            if own:
                self._fill(market, taker, price, lots, quote, False, taker_cause)
            else:
                self.ledger.settle_house(instrument, lots, quote, buy=buy)

    def _fill(self, market: Market, entry: Entry, price: int, lots: int, quote: int, maker: bool, cause: Cause) -> None:
        """Book one side of a trade for an account."""
        now, old, account, instrument = self.now, entry.order, entry.account, market.instrument
        assert old is not None and account is not None
        gets, pays = entry.gets, entry.pays
        assert gets is not None and pays is not None
        if entry.special is not None and entry.special.group is not None:
            entry.special.group.claim(entry)
            self._touched.append(entry)
        fee = self.ledger.settle(entry, instrument, lots, quote, maker, now)
        order = Order(
            old.order_id, old.client_id, old.created_as, old.account, old.symbol, old.side, old.type, old.tif,
            old.post_only, old.price, old.lots, old.quote, old.filled + lots, old.quote_filled + quote,
            step(old.status, _FILL if entry.remaining else _COMPLETE), old.created, now, "", old.label, old.terms,
        )  # fmt: skip
        entry.order = order
        account.orders[old.order_id].append(order)
        fill = Fill(
            market.trade_id, old.order_id, old.client_id, old.created_as, old.account, old.symbol, old.side, price,
            lots, quote, fee, gets.asset, maker, now, old.label,
        )  # fmt: skip
        account.fills.append(fill)
        if self._callbacks:
            self._out.append(fill)
            self._out.append(OrderChange(order, "fill", now, cause, fill))
            got = (gets.asset, gets.free, gets.locked)
            paid = (pays.asset, pays.free, pays.locked)
            changed = (got, paid) if entry.buy else (paid, got)
            self._out.append(BalanceChange(old.account, changed, now, cause))

    # ------------------------------------------------------------ life cycle
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
    ) -> Entry:
        """The order exists from here on; ``need`` is locked (0 for market orders, which pay from what is free)."""
        self._last_order_id = order_id = self._last_order_id + 1
        client_id = new.client_id or f"auto-{order_id}"
        while client_id in account.working:  # somebody named an order like that
            client_id += "-"
        order = Order(
            order_id, client_id, client_id, account.name, new.symbol, new.side, new.type, new.tif, new.post_only,
            new.price, lots, new.quote, 0, 0, status, self.now, self.now, "", new.label, terms,
        )  # fmt: skip
        account.orders[order_id] = [order]
        account.by_client_id.setdefault(client_id, []).append(order_id)
        entry = Entry(account, new.side == "buy", new.price or 0, lots, order, pays, gets)
        if terms is not None:
            entry.special = Special(terms.visible or 0)
            if terms.expires is not None:
                self._alarm(terms.expires, order_id)
        if self._callbacks:
            self._out.append(OrderChange(order, "accepted", self.now, "request"))
        if need:
            self._tell_balance(account, "request", self.ledger.set_lock(entry, need, self.now))
        return entry

    def _rest(self, market: Market, entry: Entry) -> None:
        """Put what remains on the book."""
        order, account, special = entry.order, entry.account, entry.special
        assert order is not None and account is not None
        if special is not None and 0 < special.tip < entry.remaining:
            special.hidden = entry.remaining - special.tip
            entry.remaining = special.tip
        market.side(buy=entry.buy).add(entry)
        market.own_changed(1)
        self._entries[order.order_id] = entry
        account.working[order.client_id] = order.order_id
        account.open_count[order.symbol] = account.open_count.get(order.symbol, 0) + 1

    def _leave(self, market: Market, entry: Entry) -> None:
        """Take an order off the book."""
        market.side(buy=entry.buy).remove(entry)
        self._forget(market, entry)

    def _register(self, entry: Entry) -> None:
        """An order is open without standing in the book."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        self._entries[order.order_id] = entry
        account.working[order.client_id] = order.order_id
        account.open_count[order.symbol] = account.open_count.get(order.symbol, 0) + 1

    def _unregister(self, entry: Entry) -> None:
        """The reverse."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        del self._entries[order.order_id]
        del account.working[order.client_id]
        account.open_count[order.symbol] -= 1

    def _disarm(self, market: Market, entry: Entry) -> None:
        """Take an order that waits (untriggered or held) out."""
        special = entry.special
        if special is not None and special.watch is not None:
            assert market.watches is not None
            market.watches.drop(special.watch)
            special.watch = None
            if not market.watches.armed:
                market.watches = None
        self._unregister(entry)

    def _end(self, market: Market, entry: Entry, by: ExpiredBy, cause: Cause) -> None:
        """An open order ends, wherever it stands, without its owner having asked."""
        if entry.level is not None:
            self._leave(market, entry)
        else:
            self._disarm(market, entry)
        self._expire(entry, by, cause)

    def _forget(self, market: Market, entry: Entry) -> None:
        """An order that is off the book no longer holds its client id."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        market.own_changed(-1)
        del self._entries[order.order_id]
        del account.working[order.client_id]
        account.open_count[order.symbol] -= 1

    def _expire(self, entry: Entry, by: ExpiredBy, cause: Cause) -> None:
        """End what remains without anybody having asked for it."""
        self._change(entry, Event.EXPIRE, "expire", cause, expired_by=by)
        if entry.locked:
            self._unlock(entry, cause)

    def _unlock(self, entry: Entry, cause: Cause) -> None:
        assert entry.account is not None
        self._tell_balance(entry.account, cause, self.ledger.unlock(entry, self.now))

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
        name = client_id or old.client_id
        order = Order(
            old.order_id, name, old.created_as, old.account, old.symbol, old.side, old.type, old.tif, old.post_only,
            old.price if price is None else price, old.lots if lots is None else lots, old.quote, old.filled,
            old.quote_filled, step(old.status, event), old.created, self.now, expired_by, old.label,
            terms or old.terms,
        )  # fmt: skip
        entry.order = order
        account.orders[old.order_id].append(order)
        if name != old.client_id:
            account.by_client_id.setdefault(name, []).append(old.order_id)
        if self._callbacks:
            self._out.append(OrderChange(order, why, self.now, cause))
        if entry.special is not None and entry.special.group is not None and order.status in TERMINAL:
            self._touched.append(entry)

    # -------------------------------------------------------------- triggers
    def _size_trigger(self, market: Market, new: NewOrder, *, reached_is_fine: bool) -> tuple[int, int]:
        """Lots of a trigger order, and the atoms that are locked for it while it waits.

        The limit price is checked when the order is placed, with the filters of a limit order (Binance spot); money for
        a market order is reserved at its trigger price, for a trailing one at the price of the moment (*inferred*).
        Raises Reject: TRIGGER_IMMEDIATE, NO_TRIGGER_PRICE, the filters.
        """
        trigger, instrument, lots = new.trigger, market.instrument, new.lots
        assert trigger is not None and lots is not None
        now = market.price_of(trigger.source)
        if now is None and trigger.source != "last":
            raise Reject(RejectReason.NO_TRIGGER_PRICE, f"there is no {trigger.source} price")
        if trigger.price is not None:
            check_price(instrument, new.side, trigger.price, None)
            if not trigger.trailing and now is not None and not reached_is_fine and watch_of(None, new).hits(now):
                raise Reject(RejectReason.TRIGGER_IMMEDIATE, "the order would trigger immediately")
        if new.price is not None:
            check_limit(instrument, new.side, new.price, lots, market.reference)
        else:
            check_lots(instrument, lots, market=True)
            if trigger.price is not None and not trigger.trailing:
                check_notional(instrument, trigger.price * lots, market=True)
        if self.practice.reserve == "trigger":
            return lots, 0
        if new.side == "sell":
            return lots, lots * instrument.lot_atoms
        price = self._reserve_price(market, new.price, trigger)
        if price is None:
            raise Reject(RejectReason.NO_TRIGGER_PRICE, "there is no price to reserve money for")
        return lots, instrument.cover(price, lots)

    def _reserve_price(self, market: Market, limit: int | None, trigger: Trigger) -> int | None:
        """Ticks for which a buy that waits for its trigger locks money; None: there is no price yet."""
        if limit is not None:
            return limit
        if not trigger.trailing:
            return trigger.price
        return market.price_of(trigger.source) or market.reference

    def _reserve(self, market: Market, entry: Entry) -> int | None:
        """Atoms that are locked for a trigger order from here on; None: there is no price to reserve for."""
        terms, special = _order(entry).terms, entry.special
        assert terms is not None and terms.trigger is not None and special is not None
        if self.practice.reserve == "trigger":
            return 0
        if not entry.buy:
            return entry.remaining * market.instrument.lot_atoms
        price = self._reserve_price(market, _order(entry).price, terms.trigger)
        return None if price is None else market.instrument.cover(price, entry.remaining)

    def _need(self, market: Market, entry: Entry) -> int:
        """Atoms that an open order needs to be locked, alone."""
        status = _order(entry).status
        if status is Status.HELD or (status is Status.UNTRIGGERED and self.practice.reserve == "trigger"):
            return 0
        if not entry.buy:
            return entry.total * market.instrument.lot_atoms
        special = entry.special
        price = special.reserve if special is not None and special.watch is not None else entry.price
        return market.instrument.cover(price, entry.total)

    def _arm(self, market: Market, entry: Entry) -> None:
        """A trigger order begins to wait. One that is reached already triggers at once."""
        order, special = _order(entry), entry.special
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
        special, order = entry.special, _order(entry)
        assert special is not None and order.terms is not None
        if special.watch is not watch:
            raise AssertionError(f"order {order.order_id} is triggered twice")
        special.watch = None
        self._unregister(entry)
        terms = order.terms
        terms = Terms(
            expires=terms.expires, trigger=terms.trigger, visible=terms.visible, self_trade=terms.self_trade,
            list_id=terms.list_id, triggered=watch.reached,
        )  # fmt: skip
        self._change(entry, Event.TRIGGER, "triggered", "market", terms=terms)
        if special.group is not None:
            self._lists.triggered(market, entry)
        self._work(market, entry, "working", "market")

    def _work(self, market: Market, entry: Entry, why: Why, cause: Cause) -> None:
        """An order that waited comes to the market: checked for money, accepted, entered; else rejected."""
        order, account, pays, instrument = _order(entry), entry.account, entry.pays, market.instrument
        assert account is not None and pays is not None
        if order.price is None:
            _, cost = self._size(market, account, entry.buy, entry.remaining, None, self._mode(entry))
            need = cost if entry.buy else entry.remaining * instrument.lot_atoms
        elif entry.buy:
            need = instrument.cover(order.price, entry.remaining)
        else:
            need = entry.remaining * instrument.lot_atoms
        if need > pays.free + entry.locked:
            self._change(entry, Event.REJECT, "reject", cause, expired_by="funds")
            if entry.locked:
                self._unlock(entry, cause)
            return
        crosses = order.price is None or market.side(buy=not entry.buy).reaches(order.price)
        if crosses and order.post_only and self.practice.post_only == "reject":
            self._change(entry, Event.REJECT, "reject", cause, expired_by="post_only")
            if entry.locked:
                self._unlock(entry, cause)
            return
        self._change(entry, Event.ACCEPT, why, cause)
        need = 0 if order.price is None else need
        if need != entry.locked:
            self._tell_balance(account, cause, self.ledger.hold(entry, need, self.now))
        self._enter(market, entry, crosses, cause)

    def _aftermath(self, market: Market) -> None:
        """Carry out what an operation set off: first what fills of listed orders lead to, then triggers, until nothing
        is left. Ends, because an order triggers once and a list's order ends once."""
        while True:
            if self._touched:
                self._lists.follow(market, self._touched.pop(0))
                continue
            watches = market.watches
            if watches is None or not market.is_open:
                return
            watch = watches.next()
            if watch is not None:
                self._trigger(market, watch)
            elif not self._touched:
                if not watches.armed:
                    market.watches = None
                return

    # --------------------------------------------------------------- helpers
    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol) if isinstance(symbol, str) else None
        if market is None:
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{symbol!r} is not traded here")
        return market

    def _working(self, account: Account, symbol: str, order_id: int | None, client_id: str | None) -> Entry:
        """The entry of an open order; raises Reject(UNKNOWN_ORDER), Reject(UNKNOWN_SYMBOL)."""
        wanted = order_id
        if wanted is None and type(client_id) is str:
            wanted = account.working.get(client_id)
        entry = self._entries.get(wanted) if type(wanted) is int else None
        if entry is not None and entry.account is account:
            order = _order(entry)
            if order.symbol == symbol and (client_id is None or order.client_id == client_id):
                return entry
        self._market(symbol)
        raise Reject(RejectReason.UNKNOWN_ORDER, f"no open order {order_id or client_id!r} in {symbol}")

    def _open_buys(self, account: Account, symbol: str) -> int:
        """Lots that the account's open buys in ``symbol`` can still add."""
        entries = (self._entries[order_id] for order_id in account.working.values())
        return sum(entry.total for entry in entries if entry.buy and _order(entry).symbol == symbol)

    def _tell_balance(self, account: Account, cause: Cause, balance: Balance) -> None:
        if self._callbacks:
            changed = ((balance.asset, balance.free, balance.locked),)
            self._out.append(BalanceChange(account.name, changed, self.now, cause))

    def _flush(self) -> None:
        """Tell what happened."""
        while self._out:
            out, self._out = self._out, []
            if len(self._callbacks) == 1:
                callback = self._callbacks[0]
                for self.event_id, change in enumerate(out, self.event_id + 1):  # noqa: B020
                    callback(change)
            else:
                for self.event_id, change in enumerate(out, self.event_id + 1):  # noqa: B020
                    for callback in self._callbacks:
                        callback(change)


def _let_pass(market: Market, end: int) -> None:
    """Only note the actions before ``end`` (ns): they touch no account's order."""
    while market.next_time < end:
        market.defer(market.pop())


def _order(entry: Entry) -> Order:
    assert entry.order is not None
    return entry.order


def terms_of(new: NewOrder, list_id: int | None = None) -> Terms:
    """The terms of an order that is not plain."""
    return Terms(
        expires=new.expires, trigger=new.trigger, visible=new.visible, self_trade=new.self_trade, list_id=list_id
    )


def watch_of(entry: Entry | None, order: NewOrder | Order) -> Watch:
    """The watch of a trigger order: a stop buy and a take-profit sale wait for a rise, the others for a fall."""
    terms = terms_of(order) if isinstance(order, NewOrder) else order.terms
    trigger = None if terms is None else terms.trigger
    assert trigger is not None
    buy = order.side == "buy"
    rising = buy == (trigger.kind == "stop")
    return Watch(
        entry,
        trigger.source,
        rising=buy if trigger.trailing else rising,
        price=trigger.price,
        trail_ticks=trigger.trail_ticks,
        trail_bps=trigger.trail_bps,
        activates_rising=rising,
    )
