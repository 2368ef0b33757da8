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

Self-trade: an account's orders never match each other. As on Binance spot, where EXPIRE_MAKER is the default, the
resting order expires (``expired_by="self_trade"``) and the arriving one goes on. The house may trade with itself.

Client order ids are unique among the account's open orders, over all symbols (*inferred*: Binance says "among open
orders"). A cancel or an amend may rename the order, which frees the old id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.events import BalanceChange, Cause, Change, Fill, OrderChange, Why
from outtrade_mocks.core.flow import NEVER, Flow, FlowConfig, Quote, Take
from outtrade_mocks.core.instruments import Instrument, from_atoms, to_atoms
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Event, ExpiredBy, NewOrder, Order, Reject, RejectReason, Side, Status, step
from outtrade_mocks.core.rules import check_account, check_limit, check_lots, check_market, check_shape
from outtrade_mocks.core.view import View

_ACCEPTED = step(Status.PENDING, Event.ACCEPT)
_FILL, _COMPLETE = Event.FILL, Event.COMPLETE


class Exchange:
    """A spot exchange of some ``instruments``, at time ``now`` (ns), with a seeded market where ``flows`` has one.

    ``find_by_original``: whether queries find an order by the client id it was placed with after it was renamed.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        now: int,
        seed: int,
        flows: Mapping[str, FlowConfig] | None = None,
        find_by_original: bool = True,
    ) -> None:
        self.now = now
        self.find_by_original = find_by_original
        self.precisions: dict[str, int] = {}
        """Asset -> number of decimals of an atom."""
        self.accounts: dict[str, Account] = {}
        self.ledger = Ledger(now=now)
        self._markets: dict[str, Market] = {}
        self._moving: list[Market] = []
        """Markets with a flow."""
        self._entries: dict[int, Entry] = {}
        """Order id -> what rests of it, orders of accounts only."""
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
        lively: list[Market] = []
        for market in self._moving:
            if market.own_entries:
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
        soonest = min((market.first_touch() for market in self._moving), default=NEVER)
        return None if soonest == NEVER else soonest

    def _act(self, market: Market, action: Quote | Take) -> None:
        """Carry out an action that may touch an account's order."""
        if isinstance(action, Quote):
            market.takes.clear()
            self._put_up(market)
        else:
            self._sync(market)
            self._take(market, action)

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
        check_shape(new)
        market = self._markets.get(new.symbol) or self._market(new.symbol)
        if market.noted or market.takes:
            self._sync(market)
        instrument, price, buy, tif = market.instrument, new.price, new.side == "buy", new.tif
        if not market.is_open:
            raise Reject(RejectReason.MARKET_CLOSED, f"{new.symbol} is halted")
        if price is not None:
            lots = new.lots or 0
            check_limit(instrument, new.side, price, lots, market.reference)
            need = instrument.cover(price, lots) if buy else lots * instrument.lot_atoms
        else:
            check_market(instrument, new.lots, new.quote, market.reference)
            lots, cost = self._size(market, account, new)
            need = cost if buy else lots * instrument.lot_atoms
        if instrument.max_orders is not None or instrument.max_position_lots is not None:
            open_buys = 0 if instrument.max_position_lots is None else self._open_buys(account, new.symbol)
            check_account(instrument, new, account, open_buys, lots)
        if new.client_id in account.working:
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new.client_id!r} is the id of an open order")
        pays, gets = account.balance(instrument.base), account.balance(instrument.quote)
        if buy:
            pays, gets = gets, pays
        if need > pays.free:
            raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {pays.asset} than is free")
        other = market.asks if buy else market.bids
        crosses = price is None or other.reaches(price)
        if crosses and new.post_only:
            raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")

        entry = self._accept(market, account, new, lots, pays, gets)
        if tif == "FOK" and not self._fillable(other, account, entry, price):
            self._expire(entry, "fok", "request")
        else:
            if crosses:
                self._match(market, entry, price, "request", "market")
            if entry.remaining:
                if price is None:
                    self._expire(entry, "liquidity", "request")
                elif tif != "GTC":
                    self._expire(entry, "ioc", "request")
                else:
                    self._rest(market, entry)
        order = entry.order
        assert order is not None
        if self._out:
            self._flush()
        return order

    def cancel(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> Order:
        """Cancel a working order (both ids given: both must fit). ``new_client_id`` renames it. Raises
        Reject(UNKNOWN_ORDER)."""
        market = self._market(symbol)
        entry = self._working(account, symbol, order_id, client_id)
        self._leave(market, entry)
        self._change(entry, Event.CANCEL, "cancel", "request", client_id=new_client_id)
        self._unlock(entry, "request")
        self._flush()
        assert entry.order is not None
        return entry.order

    def cancel_all(self, account: Account, symbol: str) -> list[Order]:
        """Cancel all working orders in ``symbol``, oldest first. Raises Reject(UNKNOWN_ORDER) where there are none."""
        self._market(symbol)
        ids = [i for i in sorted(account.working.values()) if _order(self._entries[i]).symbol == symbol]
        if not ids:
            raise Reject(RejectReason.UNKNOWN_ORDER, f"no open orders in {symbol}")
        return [self.cancel(account, symbol, order_id=order_id) for order_id in ids]

    def amend(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        lots: int,
        new_client_id: str | None = None,
    ) -> Order:
        """Reduce an order's whole quantity (fills included) to ``lots``; it keeps its place in the queue.

        Raises Reject: UNKNOWN_ORDER, LOT_SIZE, AMEND_INCREASE, AMEND_NO_CHANGE, AMEND_BELOW_FILLED, and
        DUPLICATE_CLIENT_ID where ``new_client_id`` belongs to another open order.
        """
        market = self._market(symbol)
        entry = self._working(account, symbol, order_id, client_id)
        order = _order(entry)
        check_lots(market.instrument, lots, market=False)
        if lots > order.lots:
            raise Reject(RejectReason.AMEND_INCREASE, "a quantity can only be reduced")
        if lots == order.lots:
            raise Reject(RejectReason.AMEND_NO_CHANGE, "the quantity is the same")
        if lots <= order.filled:
            raise Reject(RejectReason.AMEND_BELOW_FILLED, "that much is filled already")
        if new_client_id is not None and account.working.get(new_client_id, order.order_id) != order.order_id:
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new_client_id!r} is the id of an open order")
        market.side(buy=entry.buy).reduce(entry, order.lots - lots)
        del account.working[order.client_id]
        self._change(entry, Event.AMEND, "amend", "request", client_id=new_client_id, lots=lots)
        account.working[_order(entry).client_id] = order.order_id
        self._tell_balance(account, "request", self.ledger.lock(entry, market.instrument, self.now))
        self._flush()
        return _order(entry)

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

        House makers return to the swept side at once, where that crosses nothing. Returns the lots of the order that
        were filled (0: it does not work, or the market is halted).
        """
        entry = self._entries.get(order_id)
        if entry is None or lots <= 0:
            return 0
        market = self._market(_order(entry).symbol)
        self._sync(market)
        if not market.is_open:
            return 0
        lots = min(lots, entry.remaining)
        before = entry.remaining
        side = market.side(buy=entry.buy)
        ahead = 0
        for other in side.entries(entry.price):
            if other is entry:
                break
            ahead += other.remaining
        taker = Entry(self.ledger.house, not entry.buy, entry.price, ahead + lots)
        self._match(market, taker, entry.price, "script", "script")
        assert before - entry.remaining == lots and not taker.remaining, "a sweep fills exactly what it was made for"
        self._restore(market, buy=entry.buy)
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
            surplus = left + entry.remaining - lots
            if entry.order is None and surplus >= entry.remaining:
                other.remove(entry)
                continue
            if entry.order is None and surplus > 0:
                other.reduce(entry, surplus)
            left += entry.remaining
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
    def _size(self, market: Market, account: Account, new: NewOrder) -> tuple[int, int]:
        """Lots of a market order, and what it costs or brings in atoms of quote: a walk through the book.

        For a quote amount: as many lots as it pays for, level by level, rounded down; where the book runs dry, the
        rest of the amount counts at the last price seen, so that the order ends unfilled (*inferred*). The quantity
        must pass the lot filters (*inferred*: Reject(LOT_SIZE) where the amount pays for less than the minimum).
        """
        instrument = market.instrument
        wanted, budget = new.lots, new.quote
        side = market.bids if new.side == "sell" else market.asks
        if wanted is not None and side.best is not None:
            head = side.best.head
            if head.remaining >= wanted and head.account is not account:  # most orders are that small
                return wanted, instrument.notional(head.price, wanted)
        lots = total = 0
        price = None
        for entry in side.entries():
            if entry.account is account:
                continue
            price = entry.price
            if wanted is not None:
                part = min(entry.remaining, wanted - lots)
            else:
                assert budget is not None
                part = min(entry.remaining, instrument.affordable(price, budget - total))
            lots += part
            total += instrument.notional(price, part)
            if part < entry.remaining or lots == wanted:
                break
        else:
            if budget is not None:
                price = price or self.reference_price(new.symbol)
                lots += instrument.affordable(price, budget - total) if price else 0
        if wanted is not None:
            return wanted, total
        grid = max(1, instrument.market_step_lots)
        lots -= lots % grid
        check_lots(instrument, lots, market=True)
        return lots, total

    def _fillable(self, other: BookSide, account: Account, entry: Entry, limit: int | None) -> bool:
        """Whether the book can fill the whole entry at once (its own account's orders do not count)."""
        left = entry.remaining
        for resting in other.entries(limit):
            if resting.account is not account:
                left -= resting.remaining
                if left <= 0:
                    return True
        return False

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
                self._leave(market, maker)
                self._expire(maker, "self_trade", taker_cause)
                continue
            lots = maker.remaining if maker.remaining < taker.remaining else taker.remaining
            taker.remaining -= lots
            side.fill(maker, lots)
            market.last_price = price
            if not own and not maker_own:
                continue
            market.trade_id += 1
            quote = price * lots * instrument.unit_numerator // instrument.unit_denominator
            if maker_own:
                if not maker.remaining:
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
        fee = self.ledger.settle(entry, instrument, lots, quote, maker, now)
        order = Order(
            old.order_id, old.client_id, old.created_as, old.account, old.symbol, old.side, old.type, old.tif,
            old.post_only, old.price, old.lots, old.quote, old.filled + lots, old.quote_filled + quote,
            step(old.status, _FILL if entry.remaining else _COMPLETE), old.created, now, "", old.label,
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
        self, market: Market, account: Account, new: NewOrder, lots: int, pays: Balance, gets: Balance
    ) -> Entry:
        """The order exists from here on; what it needs is locked (market orders pay from what is free)."""
        self._last_order_id = order_id = self._last_order_id + 1
        client_id = new.client_id or f"auto-{order_id}"
        while client_id in account.working:  # somebody named an order like that
            client_id += "-"
        order = Order(
            order_id, client_id, client_id, account.name, new.symbol, new.side, new.type, new.tif, new.post_only,
            new.price, lots, new.quote, 0, 0, _ACCEPTED, self.now, self.now, "", new.label,
        )  # fmt: skip
        account.orders[order_id] = [order]
        account.by_client_id.setdefault(client_id, []).append(order_id)
        entry = Entry(account, new.side == "buy", new.price or 0, lots, order, pays, gets)
        if self._callbacks:
            self._out.append(OrderChange(order, "accepted", self.now, "request"))
        if new.price is not None:
            self._tell_balance(account, "request", self.ledger.lock(entry, market.instrument, self.now))
        return entry

    def _rest(self, market: Market, entry: Entry) -> None:
        """Put what remains on the book."""
        order, account = entry.order, entry.account
        assert order is not None and account is not None
        market.side(buy=entry.buy).add(entry)
        market.own_changed(1)
        self._entries[order.order_id] = entry
        account.working[order.client_id] = order.order_id
        account.open_count[order.symbol] = account.open_count.get(order.symbol, 0) + 1

    def _leave(self, market: Market, entry: Entry) -> None:
        """Take an order off the book."""
        market.side(buy=entry.buy).remove(entry)
        self._forget(market, entry)

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
        expired_by: ExpiredBy = "",
    ) -> None:
        """A new snapshot for anything but a fill."""
        old, account = entry.order, entry.account
        assert old is not None and account is not None
        name = client_id or old.client_id
        order = Order(
            old.order_id, name, old.created_as, old.account, old.symbol, old.side, old.type, old.tif, old.post_only,
            old.price, old.lots if lots is None else lots, old.quote, old.filled, old.quote_filled,
            step(old.status, event), old.created, self.now, expired_by, old.label,
        )  # fmt: skip
        entry.order = order
        account.orders[old.order_id].append(order)
        if name != old.client_id:
            account.by_client_id.setdefault(name, []).append(old.order_id)
        if self._callbacks:
            self._out.append(OrderChange(order, why, self.now, cause))

    # --------------------------------------------------------------- helpers
    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol)
        if market is None:
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{symbol!r} is not traded here")
        return market

    def _working(self, account: Account, symbol: str, order_id: int | None, client_id: str | None) -> Entry:
        """The entry of a working order; raises Reject(UNKNOWN_ORDER)."""
        wanted = order_id if order_id is not None else account.working.get(client_id or "")
        entry = self._entries.get(wanted) if wanted is not None else None
        if entry is not None and entry.account is account:
            order = _order(entry)
            if order.symbol == symbol and (client_id is None or order.client_id == client_id):
                return entry
        raise Reject(RejectReason.UNKNOWN_ORDER, f"no open order {order_id or client_id!r} in {symbol}")

    def _open_buys(self, account: Account, symbol: str) -> int:
        """Lots that the account's open buys in ``symbol`` can still add."""
        entries = (self._entries[order_id] for order_id in account.working.values())
        return sum(entry.remaining for entry in entries if entry.buy and _order(entry).symbol == symbol)

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
