"""Public channels of WebSocket v2: book, ticker, trade, ohlc, instrument.

A feed looks at the exchange every tenth of a second after its subscription and says what changed since it last looked.
The book's checksum is CRC32 over the ten best asks, then bids, price and quantity of each with all their decimals,
without the point and without leading zeros (guide "Book checksum v2")::

    >>> from outtrade_mocks.venues.kraken_spot.reference import own_listings
    >>> checksum(own_listings()["BTC/USD"], [(452835, 10_000_000)], [(452852, 100_000)])
    1797556671
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from outtrade_mocks.venues.kraken_spot import executions, market
from outtrade_mocks.venues.kraken_spot.codec import SECOND, encode, moment, plain
from outtrade_mocks.venues.kraken_spot.desk import TRADE_ID_BASE, Desk
from outtrade_mocks.venues.kraken_spot.reference import Listing

POLL = SECOND // 10
DEPTHS = (10, 25, 100, 500, 1000)
SNAPSHOT_TRADES = 50
Levels = list[tuple[int, int]]


def frame(channel: str, kind: str, data: Any, **more: Any) -> str:
    """One message of a channel."""
    return encode({"channel": channel, "type": kind, "data": data} | more).decode()


def checksum(listing: Listing, bids: Levels, asks: Levels) -> int:
    """The checksum of a book, best levels first; prices are ticks, quantities lots."""
    text = "".join(f"{ticks * listing.tick}{lots}" for ticks, lots in (*asks[:10], *bids[:10]))
    return crc32(text.encode())


class Feed:
    """One subscription to one channel of one symbol."""

    def __init__(self, desk: Desk, listing: Listing) -> None:
        self.desk = desk
        self.listing = listing

    def snapshot(self, now: int) -> str | None:
        """What is said right after the acknowledgement."""
        raise NotImplementedError

    def update(self, now: int) -> str | None:
        """What changed since the last look; None: nothing."""
        raise NotImplementedError


class BookFeed(Feed):
    """The order book to a depth."""

    def __init__(self, desk: Desk, listing: Listing, depth: int) -> None:
        super().__init__(desk, listing)
        self.depth = depth
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def _message(self, kind: str, bids: Levels, asks: Levels, whole: tuple[Levels, Levels], now: int) -> str:
        listing = self.listing
        sides = {
            name: [
                {"price": executions.price(listing, ticks), "qty": executions.quantity(listing, lots)}
                for ticks, lots in levels
            ]
            for name, levels in (("bids", bids), ("asks", asks))
        }
        data = {"symbol": listing.unified, **sides, "checksum": checksum(listing, *whole), "timestamp": moment(now)}
        return frame("book", kind, [data])

    def snapshot(self, now: int) -> str:
        bids, asks = self.desk.exchange.depth(self.listing.unified, self.depth)
        self._bids, self._asks = dict(bids), dict(asks)
        return self._message("snapshot", bids, asks, (bids, asks), now)

    def update(self, now: int) -> str | None:
        bids, asks = self.desk.exchange.depth(self.listing.unified, self.depth)
        new_bids, new_asks = dict(bids), dict(asks)
        if new_bids == self._bids and new_asks == self._asks:
            return None
        changed = [_difference(old, new) for old, new in ((self._bids, new_bids), (self._asks, new_asks))]
        self._bids, self._asks = new_bids, new_asks
        return self._message("update", changed[0], changed[1], (bids, asks), now)


def _difference(old: Mapping[int, int], new: Mapping[int, int]) -> Levels:
    """Levels that changed; quantity 0 for those that are gone."""
    gone = [(ticks, 0) for ticks in old if ticks not in new]
    return gone + [(ticks, lots) for ticks, lots in new.items() if old.get(ticks) != lots]


class TickerFeed(Feed):
    """Best bid and ask, and the day's figures."""

    _last: dict[str, Any] | None = None

    def _data(self, now: int) -> dict[str, Any]:
        desk, listing = self.desk, self.listing
        prints = [one for one in desk.prints(listing) if one.time > now - market.DAY]
        bids, asks = desk.exchange.depth(listing.unified, 1)
        (bid, bid_lots), (ask, ask_lots) = (bids or [(0, 0)])[0], (asks or [(0, 0)])[0]
        last = desk.last(listing) or 0
        found = [one.price for one in prints] or [last]
        lots = sum(one.lots for one in prints)
        value = sum(one.price * one.lots for one in prints)
        change = last - found[0]
        return {
            "symbol": listing.unified,
            "bid": executions.price(listing, bid),
            "bid_qty": executions.quantity(listing, bid_lots),
            "ask": executions.price(listing, ask),
            "ask_qty": executions.quantity(listing, ask_lots),
            "last": executions.price(listing, last),
            "volume": executions.quantity(listing, lots),
            "vwap": executions.price(listing, value // lots if lots else last),
            "low": executions.price(listing, min(found)),
            "high": executions.price(listing, max(found)),
            "change": executions.price(listing, abs(change)) * (1 if change >= 0 else -1),
            "change_pct": round(100 * change / found[0], 2) if found[0] else 0.0,
        }

    def snapshot(self, now: int) -> str:
        self._last = self._data(now)
        return frame("ticker", "snapshot", [self._last])

    def update(self, now: int) -> str | None:
        data = self._data(now)
        if data == self._last:
            return None
        self._last = data
        return frame("ticker", "update", [data])


class TradeFeed(Feed):
    """Everybody's trades."""

    _seen = 0
    """Number of the last trade that was told."""

    def _data(self, after: int) -> list[dict[str, Any]]:
        listing = self.listing
        found = self.desk.prints(listing, after)
        if found:
            self._seen = max(0, found[-1].number)
        return [
            {
                "symbol": listing.unified,
                "side": one.taker,
                "price": executions.price(listing, one.price),
                "qty": executions.quantity(listing, one.lots),
                "ord_type": "market",
                "trade_id": TRADE_ID_BASE + one.number,
                "timestamp": moment(one.time),
            }
            for one in found
        ]

    def snapshot(self, now: int) -> str | None:
        """The latest trades; nothing where there are none yet (clients look at the first)."""
        data = self._data(-SNAPSHOT_TRADES)[-SNAPSHOT_TRADES:]
        return frame("trade", "snapshot", data) if data else None

    def update(self, now: int) -> str | None:
        data = self._data(self._seen)
        return frame("trade", "update", data) if data else None


class CandleFeed(Feed):
    """Candles of an interval in minutes, made of the trades that are kept."""

    def __init__(self, desk: Desk, listing: Listing, minutes: int) -> None:
        super().__init__(desk, listing)
        self.minutes = minutes
        self._last: list[dict[str, Any]] = []

    def _data(self, now: int) -> list[dict[str, Any]]:
        listing = self.listing
        rows = []
        for begin, candle, span in market.candles(self.desk, listing, self.minutes, now):
            lots = sum(one.lots for one in span)
            value = sum(one.price * one.lots for one in span)
            rows.append(
                {
                    "symbol": listing.unified,
                    **dict(zip(("open", "high", "low", "close"), (executions.price(listing, one) for one in candle),
                               strict=True)),
                    "trades": len(span),
                    "volume": executions.quantity(listing, lots),
                    "vwap": executions.price(listing, value // lots if lots else candle[3]),
                    "interval_begin": moment(begin, 9),
                    "interval": self.minutes,
                    "timestamp": moment(begin + self.minutes * 60 * SECOND),
                }
            )  # fmt: skip
        return rows

    def snapshot(self, now: int) -> str:
        self._last = self._data(now)
        return frame("ohlc", "snapshot", self._last, timestamp=moment(now))

    def update(self, now: int) -> str | None:
        data = self._data(now)
        new = [row for row in data if row not in self._last]
        self._last = data
        return frame("ohlc", "update", new, timestamp=moment(now)) if new else None


def instruments(desk: Desk) -> str:
    """The snapshot of the instrument channel: reference data of all assets and pairs."""
    assets = []
    for asset in desk.book.held:
        stated = desk.book.stated(asset)
        assets.append(
            {
                "id": asset,
                "status": stated["status"],
                "precision": stated["decimals"],
                "precision_display": stated["display_decimals"],
                "borrowable": False,
                "collateral_value": 0.0,
                "margin_rate": 0.0,
            }
        )
    pairs = [_pair(desk, listing) for listing in desk.book.listings.values()]
    return frame("instrument", "snapshot", {"assets": assets, "pairs": pairs})


def _pair(desk: Desk, listing: Listing) -> dict[str, Any]:
    raw = listing.raw
    return {
        "symbol": listing.unified,
        "base": listing.base,
        "quote": listing.quote,
        "status": market.pair_status(desk, listing),
        "qty_precision": int(raw["lot_decimals"]),
        "qty_increment": 10 ** -int(raw["lot_decimals"]),
        "price_precision": listing.decimals,
        "price_increment": float(raw["tick_size"]) if "tick_size" in raw else executions.price(listing, 1),
        "cost_precision": listing.cost_decimals,
        "cost_min": float(raw.get("costmin", 0)),
        "qty_min": float(raw.get("ordermin", 0)),
        "marginable": False,
        "has_index": True,
        "tick_size": float(plain(str(raw.get("tick_size", "1")))),
        "position_limit_long": 0,
        "position_limit_short": 0,
    }


def feed_of(desk: Desk, channel: str, listing: Listing, option: int) -> Feed:
    """A subscription; ``option``: depth or minutes."""
    makers: dict[str, Callable[[], Feed]] = {
        "book": lambda: BookFeed(desk, listing, option),
        "ticker": lambda: TickerFeed(desk, listing),
        "trade": lambda: TradeFeed(desk, listing),
        "ohlc": lambda: CandleFeed(desk, listing, option),
    }
    return makers[channel]()
