"""The rest of the market: house makers who quote, somebody who takes, and liquidity that a script moves.

The flow decides what happens when (``flow``); here it is carried out, lazily where no account can notice (``market``).
"""

from __future__ import annotations

from decimal import Decimal

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.feed import Feed
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.flow import Quote, Take
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed, Order, Side
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.prints import MOST, Print, Prints
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.settlement import Settlement

ENDLESS = 1 << 62
"""Lots: more than any book holds."""


class Liquidity(Settlement):
    """The seeded market acts; anybody may look at the book."""

    def __init__(self, *, now: int, practice: Practice | None = None) -> None:
        super().__init__(now=now, practice=practice)
        self._printed = 0
        """So many prints of each symbol are kept."""

    def _act(self, market: Market, action: Quote | Take) -> None:
        """Carry out an action that may touch an account's order."""
        if isinstance(action, Quote):
            market.takes.clear()
            if action.through:
                self._trade_through(market, action)
            self._put_up(market)
        else:
            self._sync(market)
            self._take(market, action)
        if self._touched or market.watches is not None or market.margined is not None or self._borrowers:
            self._aftermath(market)

    def _take(self, market: Market, take: Take) -> None:
        limit, prints = take.limit or None, market.prints
        entry = Entry(self.ledger.house, take.buy, take.limit, take.lots)
        if prints is not None:
            prints.gather(take.time)
        self._match(market, entry, limit, "market", "market")
        if prints is not None:
            prints.took(limit, entry.remaining, buy=take.buy)
        if limit is not None:
            self._print(market, limit)

    def _trade_through(self, market: Market, quote: Quote) -> None:
        """Somebody buys (else, with a negative price, sells) all that rests up to a price, at which the last part is
        printed; the makers, who trade among each other, are about to renew their quotes."""
        buy, limit, prints = quote.through > 0, abs(quote.through), market.prints
        house: list[tuple[int, int]] = []
        if prints is not None:
            resting = market.side(buy=not buy).entries(limit)
            house = [(entry.price, entry.remaining) for entry in resting if entry.order is None]
            prints.gather(quote.time)
        market.withdraw()
        self._match(market, Entry(self.ledger.house, buy, limit, ENDLESS), limit, "market", "market")
        if prints is not None:
            prints.swept(house, (limit, market.least), buy=buy)
        self._print(market, limit)

    def _pop(self, market: Market) -> Quote | Take:
        """Take the flow's next action. What a quote is about to wipe out trades first where it can be noticed: prints
        are kept, or the last price stays because the quote shows none (a script has taken both sides away)."""
        flow, printed = market.flow, market.prints is not None
        if printed or isinstance(flow, ScriptedFlow):
            assert flow is not None
            following = flow.peek(0)
            if isinstance(following, Quote) and (
                (printed and (market.takes or following.through)) or (market.takes and flow.shown(following) is None)
            ):
                self._sync(market)
        return market.pop()

    def _let_pass(self, market: Market, end: int) -> None:
        """Only note the actions before ``end`` (ns): they touch no account's order."""
        if market.prints is None and not isinstance(market.flow, ScriptedFlow):
            while market.next_time < end:
                market.defer(market.pop())
            return
        while market.next_time < end:
            action = self._pop(market)
            if market.prints is not None and isinstance(action, Quote) and action.through and market.is_open:
                self._trade_through(market, action)
            market.defer(action)

    def _print(self, market: Market, price: int) -> None:
        """Others trade at ``price`` (ticks)."""
        market.last_price = price
        if market.watches is not None:
            market.watches.saw("last", price)

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

    def sweep(self, order_id: int, lots: int) -> int:
        """Somebody's market order fills ``lots`` of that working order, after everything with better priority.

        Of an iceberg, at most what it shows. House makers return to the swept side at once, where that crosses nothing.
        Returns the lots of the order that were filled (0: it is not in the market, or the market is halted).
        """
        if type(order_id) is not int or type(lots) is not int:
            raise Malformed("a sweep fills lots of an order, by its id")
        entry = self._entries.get(order_id)
        if entry is None or lots <= 0:
            return 0
        market = self._market(order_of(entry).symbol)
        self._sync(market)
        if not market.is_open:
            return 0
        if entry.level is None:
            return 0
        side, filled = market.side(buy=entry.buy), 0
        while entry.level is not None and not filled:
            first = next(side.entries())  # looked up anew: a trade may end or shrink reduce-only orders
            part = min(lots, entry.remaining) if first is entry else first.remaining
            filled = part if first is entry else 0
            taker = Entry(self.ledger.house, not entry.buy, first.price, part)
            self._match(market, taker, first.price, "script", "script")
            assert not taker.remaining, "a sweep fills exactly what it was made for"
        self._restore(market, buy=entry.buy)
        if self._touched or market.watches is not None or market.margined is not None or self._borrowers:
            self._aftermath(market)
        self._flush()
        return filled

    def overfill(self, order_id: int, more: int) -> bool:
        """Somebody fills what is left of that working order, and ``more`` lots beyond it in the same trade: no
        exchange may do that, and now and then one does (nautilus_trader#3986). False where the order is not on the
        book, is one of a list, an iceberg or one in contracts, or the account could not pay for it."""
        if type(order_id) is not int or type(more) is not int or more <= 0:
            raise Malformed("an overfill takes some lots too many of an order, by its id")
        entry = self._entries.get(order_id)
        if entry is None or entry.special is not None or entry.pays is None:
            return False
        market = self._market(order_of(entry).symbol)
        self._sync(market)
        if entry.level is None or not market.is_open or market.margined is not None:
            return False
        if entry.pays.free < market.clearing.need(entry.buy, entry.price, more):
            return False
        market.side(buy=entry.buy).enlarge(entry, more)
        filled = self.sweep(order_id, entry.remaining)
        assert filled, "an order on an open book can be filled"
        return True

    def thin(
        self, symbol: str, side: Side, lots: int, limit_price: int | None = None, *, taker: Account | None = None
    ) -> int:
        """House makers cancel so that a taker on ``side`` finds only ``lots`` within ``limit_price`` (ticks; None: any
        price). Orders of accounts stay, those of ``taker`` are not counted (they would expire, not trade). Lasts until
        the next quote. Returns the lots that are left, which is more where accounts' orders are more."""
        limited = limit_price is None or type(limit_price) is int
        if side not in ("buy", "sell") or type(lots) is not int or lots < 0 or not limited:
            raise Malformed(f"a taker's side and lots within a limit, not {side!r}, {lots!r}, {limit_price!r}")
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

    def keep_prints(self, most: int) -> None:
        """From now on keep the last ``most`` prints of each symbol (``prints``); 0 keeps none, and forgets those that
        were kept. What happens is the same either way. Raises Malformed where that is no number from 0 to 1,000,000."""
        if type(most) is not int or not 0 <= most <= MOST:
            raise Malformed(f"so many prints are kept: 0 to {MOST:,}, not {most!r}")
        self._printed = most
        for market in self._markets.values():
            self._sync(market)
            self._record(market)

    def _record(self, market: Market) -> None:
        before = market.prints
        kept, last = ([], 0) if before is None else (before.after(0), before.last)
        market.prints = Prints(self._printed, kept, last) if self._printed else None

    def prints(self, symbol: str, after: int = 0) -> list[Print]:
        """The prints of a symbol that are kept and have a number above ``after``, oldest first. Raises Malformed where
        none are kept (``keep_prints``), or on a number that is none; Reject(UNKNOWN_SYMBOL)."""
        market = self._market(symbol)
        if type(after) is not int or after < 0 or market.prints is None:
            raise Malformed("prints are asked for after a number, and kept once keep_prints was called")
        self._sync(market)
        return market.prints.after(after)

    def add_instrument(self, instrument: Instrument, flow: Feed | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, or where an asset has another precision already."""
        super().add_instrument(instrument, flow)
        self._record(self._markets[instrument.symbol])

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
