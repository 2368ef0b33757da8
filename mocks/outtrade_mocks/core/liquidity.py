"""The rest of the market: house makers who quote, somebody who takes, and liquidity that a script moves.

The flow decides what happens when (``flow``); here it is carried out, lazily where no account can notice (``market``).
"""

from __future__ import annotations

from decimal import Decimal

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.flow import Quote, Take
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed, Order, Side
from outtrade_mocks.core.settlement import Settlement

ENDLESS = 1 << 62
"""Lots: more than any book holds."""


class Liquidity(Settlement):
    """The seeded market acts; anybody may look at the book."""

    def _act(self, market: Market, action: Quote | Take) -> None:
        """Carry out an action that may touch an account's order."""
        if isinstance(action, Quote):
            market.takes.clear()
            if action.through:
                self._trade_through(market, action.through)
            self._put_up(market)
        else:
            self._sync(market)
            self._take(market, action)
        if self._touched or market.watches is not None or market.margined is not None or self._borrowers:
            self._aftermath(market)

    def _take(self, market: Market, take: Take) -> None:
        limit = take.limit or None
        self._match(market, Entry(self.ledger.house, take.buy, take.limit, take.lots), limit, "market", "market")
        if limit is not None:
            self._print(market, limit)

    def _trade_through(self, market: Market, price: int) -> None:
        """Somebody buys (else, with a negative price, sells) all that rests up to a price, at which the last part is
        printed; the makers, who trade among each other, are about to renew their quotes."""
        market.withdraw()
        limit = abs(price)
        self._match(market, Entry(self.ledger.house, price > 0, limit, ENDLESS), limit, "market", "market")
        self._print(market, limit)

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
