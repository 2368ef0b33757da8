"""The call auction: orders gather without trading, then all trades happen at once, at one price.

The price is found in three steps (Nasdaq, Equity 4, Rule 4752(d)(2)(A), (B) and (D), the opening cross):

1. the price at which most lots trade;
2. among those, the one that leaves the smallest imbalance between what is bid and what is offered;
3. among those, the one nearest to the reference price.

Between two neighbouring limit prices neither demand nor supply changes, and both change in one direction only. So the
best prices of steps 1 and 2 are one interval, whose ends are limit prices or next to one; step 3 is the reference
itself, drawn into the interval.

    >>> clearing_price([(102, 5), (101, 7)], [(99, 4), (101, 6)], reference=100)
    (101, 10)
    >>> clearing_price([(105, 10)], [(95, 10)], reference=98), clearing_price([(99, 1)], [(100, 1)], reference=98)
    ((98, 10), None)

At that price orders trade by price-time priority: better prices first, then earlier orders, an iceberg with all it has.
A market order to sell comes before all others; one to buy counts as an order at the price that its money was locked
for, ahead of the limits there. What of an order is left goes on to continuous trading, except orders for the auction
alone. *Inferred*: both sides pay the taker's fee (nobody waited on a continuous book); orders of one account may trade
with each other (self-trade prevention belongs to continuous trading); the seeded market takes part with its last
quote.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.events import Uncross
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.foreclosure import Foreclosure
from outtrade_mocks.core.market import Market

_AUCTION_ONLY = frozenset({"OPG", "CLS"})


def clearing_price(
    bids: Iterable[tuple[int, int]],
    asks: Iterable[tuple[int, int]],
    *,
    reference: int | None,
    on_grid: Callable[[int], bool] | None = None,
) -> tuple[int, int] | None:
    """The price (ticks) of an auction and the lots that trade, or None where nothing does.

    ``bids`` and ``asks``: (limit price in ticks, lots), in any order. ``reference`` None: the middle of the best
    prices. ``on_grid`` tells which prices may be traded at, beside the limits themselves.
    """
    demand, supply = _curve((-price, lots) for price, lots in bids), _curve(asks)
    prices = sorted({-price for price in demand[0]} | set(supply[0]))
    inside = [q for p in prices for q in (p - 1, p, p + 1) if q > 0 and (q == p or on_grid is None or on_grid(q))]

    def traded(price: int) -> tuple[int, int]:
        bid, ask = _upto(demand, -price), _upto(supply, price)
        return min(bid, ask), -abs(bid - ask)

    best = max(map(traded, inside), default=(0, 0))
    if not best[0]:
        return None
    range_ = [price for price in inside if traded(price) == best]
    low, high = min(range_), max(range_)
    price = min(max((low + high) // 2 if reference is None else reference, low), high)
    if on_grid is not None:
        while price not in range_ and not on_grid(price):
            price -= 1
    return price, best[0]


Curve = tuple[list[int], list[int]]
"""Prices in order, and the lots up to and including each."""


def _curve(orders: Iterable[tuple[int, int]]) -> Curve:
    ordered = sorted(orders)
    return [price for price, _ in ordered], list(accumulate((lots for _, lots in ordered), initial=0))


def _upto(curve: Curve, price: int) -> int:
    return curve[1][bisect_right(curve[0], price)]


class Auctions(Foreclosure):
    """The uncross."""

    def _uncross(self, market: Market, unpriced: Sequence[Entry]) -> None:
        """Trade the gathered orders: those on the book, and ``unpriced``, which are accepted market orders that stand
        outside of it, oldest first."""
        self._quote_aside(market)
        for side in (market.bids, market.asks):
            _reveal(side)
        buys, sells = (
            [entry for entry in unpriced if entry.buy is side.buy] + list(side.entries())
            for side in (market.bids, market.asks)
        )
        buys.sort(key=lambda entry: -entry.price)  # a stable sort: market orders before limit orders of that price
        floor = market.instrument.min_ticks
        found = clearing_price(
            ((entry.price, entry.remaining) for entry in buys),
            ((entry.price if entry.level is not None else floor, entry.remaining) for entry in sells),
            reference=market.reference,
            on_grid=market.instrument.on_grid,
        )
        if found is not None:
            price, lots = found
            self._pair(market, price, lots, buys, sells)
            market.last_price = price
            if market.watches is not None:
                market.watches.saw("last", price)
            self._out.append(Uncross(market.instrument.symbol, price, lots, self.now))
        for side in (market.bids, market.asks):
            _hide(side)
        for entry in [e for side in (market.bids, market.asks) for e in side.entries() if e.order is not None]:
            if order_of(entry).tif in _AUCTION_ONLY:
                self._end(market, entry, "auction", "time")

    def _quote_aside(self, market: Market) -> None:
        """House makers put the last quote of the flow on the book, which may cross it."""
        if market.flow is None or market.quote is None:
            return
        market.looked_at()
        market.withdraw()
        bids, asks = market.levels()
        for buy, levels in ((True, bids), (False, asks)):
            for price, lots in levels:
                entry = Entry(self.ledger.house, buy, price, lots)
                market.side(buy=buy).add(entry)
                market.house.append(entry)

    def _pair(self, market: Market, price: int, lots: int, buys: list[Entry], sells: list[Entry]) -> None:
        """Trade ``lots`` at ``price`` in order of priority."""
        queues = iter(buys), iter(sells)
        buy, sell = next(queues[0]), next(queues[1])
        while True:
            part = min(lots, buy.remaining, sell.remaining)
            lots -= part
            quote = market.clearing.value(price, part)
            known = [entry.order for entry in (buy, sell) if entry.order is not None]
            if known:
                market.trade_id += 1
            if market.prints is not None:
                later = max(known, key=lambda order: order.order_id).side == "buy" if len(known) == 2 else True
                market.prints.add(self.now, price, part, buy=later, trade_id=market.trade_id if known else None)
            for entry in (buy, sell):
                self._take_from(market, entry, part)
                if entry.order is None:
                    market.clearing.settle_house(part, quote, buy=entry.buy)
                else:
                    self._fill(market, entry, price, part, quote, False, "auction")
            if not lots:
                return
            if not buy.remaining:
                buy = next(queues[0])
            if not sell.remaining:
                sell = next(queues[1])

    def _take_from(self, market: Market, entry: Entry, lots: int) -> None:
        """An entry trades ``lots``, wherever it stands; one without a rest is no longer open."""
        if entry.level is None:
            entry.remaining -= lots
            if not entry.remaining:
                self._disarm(market, entry)
        else:
            market.side(buy=entry.buy).fill(entry, lots)
            if not entry.remaining and entry.order is not None:
                self._forget(market, entry)


def _reveal(side: BookSide) -> None:
    """Icebergs show all they have."""
    for entry in side.entries():
        special = entry.special
        if special is not None and special.hidden:
            assert entry.level is not None
            entry.level.lots += special.hidden
            entry.remaining += special.hidden
            special.hidden = 0


def _hide(side: BookSide) -> None:
    """Icebergs show one part again, each in its place."""
    for entry in side.entries():
        special = entry.special
        if special is not None and 0 < special.tip < entry.remaining:
            assert entry.level is not None
            special.hidden = entry.remaining - special.tip
            entry.level.lots -= special.hidden
            entry.remaining = special.tip
