"""The public tape: everybody's trades, and what is computed from them: candles and statistics of a window.

The core keeps the last trades of each symbol (``Exchange.keep_prints``) from the first request for them on, so that
runs in which nobody looks pay nothing; of what was before only the account's own trades are known. Ids on the tape
count its trades; they are not those of the account's own trades in ``myTrades`` (*simplified*). An aggregate
(``aggTrades``, the stream ``aggTrade``) is what one taker took at one price at one instant (rest-api.md); its id is
that of its first trade (*simplified*: the venue counts aggregates).

    >>> interval_ns("1m"), interval_ns("2x")
    (60000000000, None)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from outtrade_mocks.core.orders import Side
from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues.binance_codec import E8, money
from outtrade_mocks.venues.binance_spot.desk import MS, TRADE_ID_BASE, Desk
from outtrade_mocks.venues.binance_spot.reference import Listing

KEPT = 5000
"""So many trades of each symbol are kept."""
SECOND = 1_000_000_000
_OTHER: dict[Side, Side] = {"buy": "sell", "sell": "buy"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000}
INTERVALS = (*("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),)
"""Of candles (enums.md). A month has thirty days here (*simplified*)."""


def interval_ns(name: str) -> int | None:
    """Length of a candle's interval; None on one that does not exist."""
    return int(name[:-1]) * _UNITS[name[-1]] * SECOND if name in INTERVALS else None


def trade_id(one: Print) -> int:
    """Its id on the tape."""
    return TRADE_ID_BASE + one.number


def prints(desk: Desk, entry: Listing, after: int | None = None) -> list[Print]:
    """The trades that are kept, oldest first, or those with a number above ``after``; the first request begins to keep
    them."""
    begin(desk)
    if after is not None and after >= 0:
        return desk.exchange.prints(entry.unified, after)
    found = [*desk.before[entry.unified], *desk.exchange.prints(entry.unified)]
    return found if after is None else [one for one in found if one.number > after]


def begin(desk: Desk) -> None:
    """From now on keep the tape. The account's trades until now come before number 1."""
    if desk.before:
        return
    for name in desk.listings:
        fills = [fill for fill in desk.account.fills if fill.symbol == name]
        desk.before[name] = [
            Print(
                number,
                fill.time,
                fill.price,
                fill.lots,
                fill.side if not fill.maker else _OTHER[fill.side],
                fill.trade_id,
            )
            for number, fill in enumerate(fills, 1 - len(fills))
        ]
    desk.exchange.keep_prints(KEPT)


def public_trade(desk: Desk, entry: Listing, one: Print) -> dict[str, Any]:
    """A trade as ``trades`` and ``historicalTrades`` show it."""
    return {
        "id": trade_id(one),
        "price": money(one.price * entry.tick),
        "qty": money(one.lots * entry.step),
        "quoteQty": money(quote_of(entry, one)),
        "time": one.time // MS,
        "isBuyerMaker": one.taker == "sell",
        "isBestMatch": True,
    }


def quote_of(entry: Listing, one: Print) -> int:
    """What a trade moved, in e8 of the quote asset, rounded down."""
    return one.price * entry.tick * one.lots * entry.step // E8


def aggregates(trades: Iterable[Print]) -> list[list[Print]]:
    """Trades of one taker, at one price, at one instant, together."""
    groups: list[list[Print]] = []
    for one in trades:
        last = groups[-1][-1] if groups else None
        if last is not None and (last.time, last.price, last.taker) == (one.time, one.price, one.taker):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def aggregate_trade(entry: Listing, group: Sequence[Print]) -> dict[str, Any]:
    """An aggregate as ``aggTrades`` shows it."""
    first, last = group[0], group[-1]
    return {
        "a": trade_id(first),
        "p": money(first.price * entry.tick),
        "q": money(sum(one.lots for one in group) * entry.step),
        "f": trade_id(first),
        "l": trade_id(last),
        "T": first.time // MS,
        "m": first.taker == "sell",
        "M": True,
    }


@dataclass(slots=True)
class Bar:
    """Trades of a span of time; prices and amounts in e8. Without trades all prices are those of the last one."""

    start: int
    """ns."""
    end: int
    """ns; not part of it."""
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote: int = 0
    bought: int = 0
    """Volume that takers bought."""
    bought_quote: int = 0
    count: int = 0
    first: int = -1
    """Id of the first trade, -1 where there is none."""
    last: int = -1

    def add(self, entry: Listing, one: Print) -> None:
        """Count a trade in."""
        price, size, quote = one.price * entry.tick, one.lots * entry.step, quote_of(entry, one)
        if not self.count:
            self.open = self.high = self.low = price
            self.first = trade_id(one)
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += size
        self.quote += quote
        if one.taker == "buy":
            self.bought += size
            self.bought_quote += quote
        self.count += 1
        self.last = trade_id(one)

    @property
    def average(self) -> int:
        """Weighted average price."""
        return self.quote * E8 // self.volume if self.volume else self.close

    def row(self) -> list[Any]:
        """As ``klines`` shows it."""
        return [
            self.start // MS,
            *(money(price) for price in (self.open, self.high, self.low, self.close)),
            money(self.volume),
            self.end // MS - 1,
            money(self.quote),
            self.count,
            money(self.bought),
            money(self.bought_quote),
            "0",
        ]


def bar(desk: Desk, entry: Listing, start: int, end: int) -> Bar:
    """What traded from ``start`` until before ``end`` (ns)."""
    made = bars(desk, entry, start, end, end - start)
    return made[0]


def bars(desk: Desk, entry: Listing, start: int, end: int, length: int) -> list[Bar]:
    """Candles of ``length`` ns from ``start`` until before ``end``, without gaps."""
    trades = prints(desk, entry)
    before = [one for one in trades if one.time < start]
    last = desk.price_e8(entry.unified, desk.exchange.last_price(entry.unified))
    price = before[-1].price * entry.tick if before else trades[0].price * entry.tick if trades else last
    found = []
    position = len(before)
    for begin in range(start, end, length):
        one = Bar(begin, begin + length, price, price, price, price)
        while position < len(trades) and trades[position].time < begin + length:
            one.add(entry, trades[position])
            position += 1
        price = one.close
        found.append(one)
    return found


def statistics(desk: Desk, entry: Listing, window: Bar, *, mini: bool) -> dict[str, Any]:
    """The fields that all windows of a ticker share."""
    change = window.close - window.open
    data: dict[str, Any] = {"symbol": entry.id}
    if not mini:
        data |= {
            "priceChange": money(change),
            "priceChangePercent": f"{100 * change / window.open if window.open else 0:.3f}",
            "weightedAvgPrice": money(window.average),
        }
    return data | {
        "openPrice": money(window.open),
        "highPrice": money(window.high),
        "lowPrice": money(window.low),
        "lastPrice": money(window.close),
        "volume": money(window.volume),
        "quoteVolume": money(window.quote),
        "openTime": window.start // MS,
        "closeTime": window.end // MS - 1,
        "firstId": window.first,
        "lastId": window.last,
        "count": window.count,
    }
