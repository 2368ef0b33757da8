"""Market data of the public streams: one feed for each topic of a connection.

A feed says something when it begins (a snapshot) and then whenever it is looked at and has changed. It is looked at
every 100 ms (*simplified*: the venue pushes shallow books every 10 or 20 ms).
"""

from __future__ import annotations

from typing import Any, Protocol

from outtrade_mocks.venues.bybit import market
from outtrade_mocks.venues.bybit.codec import MS, encode
from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.reference import Listing

DEPTHS = {
    "spot": ("1", "50", "200", "1000"),
    "linear": ("1", "50", "200", "1000"),
    "inverse": ("1", "50", "200", "1000"),
}
REPEAT = 3_000_000_000
"""A book of one level that has not changed for so long is told again (orderbook.mdx)."""
TICKER = (
    *("symbol", "tickDirection", "price24hPcnt", "lastPrice", "prevPrice24h", "highPrice24h", "lowPrice24h"),
    *("prevPrice1h", "markPrice", "indexPrice", "openInterest", "openInterestValue", "turnover24h", "volume24h"),
    *("fundingIntervalHour", "fundingCap", "nextFundingTime", "fundingRate", "bid1Price", "bid1Size", "ask1Price"),
    *("ask1Size", "preOpenPrice", "preQty", "curPreListingPhase"),
)
SPOT_TICKER = (
    *("symbol", "lastPrice", "highPrice24h", "lowPrice24h", "prevPrice24h", "volume24h", "turnover24h"),
    *("price24hPcnt", "usdIndexPrice"),
)


class Feed(Protocol):
    """One topic of one connection."""

    def begin(self, now: int) -> list[str]:
        """What is said upon the subscription."""

    def look(self, now: int) -> list[str]:
        """What has changed since."""


def _written(event: dict[str, Any]) -> str:
    return encode(event).decode()


def _by_price(side: list[list[str]]) -> dict[str, str]:
    return {row[0]: row[1] for row in side}


class Book:
    """``orderbook.DEPTH.SYMBOL``: a snapshot, then the levels that changed; a size of 0 takes a level off."""

    def __init__(self, desk: Desk, entry: Listing, topic: str, depth: int) -> None:
        self._desk, self._entry, self._topic, self._depth = desk, entry, topic, depth
        self._sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._u = 0
        self._said = 0

    def begin(self, now: int) -> list[str]:
        """A snapshot."""
        self._u = now // (100 * MS)
        return [self._snapshot(now)]

    def _snapshot(self, now: int) -> str:
        sides = market.levels(self._desk, self._entry, self._depth)
        self._sides = (_by_price(sides[0]), _by_price(sides[1]))
        return self._event("snapshot", sides, now)

    def look(self, now: int) -> list[str]:
        """A delta, where anything changed."""
        sides = market.levels(self._desk, self._entry, self._depth)
        found = (_by_price(sides[0]), _by_price(sides[1]))
        if found == self._sides:
            if self._depth == 1 and now - self._said >= REPEAT:
                return [self._event("snapshot", sides, now)]
            return []
        changed = []
        for before, after in zip(self._sides, found, strict=True):
            gone = [[price, "0"] for price in before if price not in after]
            changed.append(gone + [[price, size] for price, size in after.items() if before.get(price) != size])
        self._sides = found
        self._u += 1
        return [self._event("delta", (changed[0], changed[1]), now)]

    def _event(self, kind: str, sides: tuple[list[list[str]], list[list[str]]], now: int) -> str:
        self._said = now
        data = {"s": self._entry.id, "b": sides[0], "a": sides[1], "u": self._u, "seq": self._desk.sequence(now)}
        return _written({"topic": self._topic, "type": kind, "ts": now // MS, "data": data, "cts": now // MS})


class Trades:
    """``publicTrade.SYMBOL``: everybody's trades, from the subscription on."""

    def __init__(self, desk: Desk, entry: Listing, topic: str) -> None:
        self._desk, self._entry, self._topic = desk, entry, topic
        self._last = 0
        self._price = 0
        self._direction = "ZeroPlusTick"

    def begin(self, now: int) -> list[str]:
        """Nothing: there is no history."""
        market.kept_prints(self._desk)
        prints = self._desk.exchange.prints(self._entry.unified)
        if prints:
            self._last, self._price = prints[-1].number, prints[-1].price
        return []

    def look(self, now: int) -> list[str]:
        """The trades since."""
        prints = self._desk.exchange.prints(self._entry.unified, after=self._last)
        if not prints:
            return []
        desk, entry, rows = self._desk, self._entry, []
        for one in prints:
            row = {
                "T": one.time // MS,
                "s": entry.id,
                "S": "Buy" if one.taker == "buy" else "Sell",
                "v": desk.size(entry.unified, one.lots),
                "p": desk.price(entry.unified, one.price),
                "i": market.print_id(entry, one.number),
                "BT": False,
                "RPI": False,
                "seq": desk.sequence(one.time),
            }
            if not entry.spot:
                row["L"] = self._moved(one.price)
            rows.append(row)
        self._last = prints[-1].number
        return [_written({"topic": self._topic, "type": "snapshot", "ts": now // MS, "data": rows})]

    def _moved(self, price: int) -> str:
        if self._price and price > self._price:
            self._direction = "PlusTick"
        elif self._price and price < self._price:
            self._direction = "MinusTick"
        else:
            self._direction = {"PlusTick": "ZeroPlusTick", "MinusTick": "ZeroMinusTick"}.get(
                self._direction, self._direction
            )
        self._price = price
        return self._direction


class Ticker:
    """``tickers.SYMBOL``: spot always whole, contracts a snapshot and then the fields that changed."""

    def __init__(self, desk: Desk, entry: Listing, topic: str) -> None:
        self._desk, self._entry, self._topic = desk, entry, topic
        self._before: dict[str, Any] = {}

    def _data(self, now: int) -> dict[str, Any]:
        whole = market.ticker(self._desk, self._entry, now) | {"tickDirection": "ZeroPlusTick"}
        return {name: whole[name] for name in (SPOT_TICKER if self._entry.spot else TICKER)}

    def begin(self, now: int) -> list[str]:
        """A snapshot."""
        self._before = self._data(now)
        return [self._event("snapshot", self._before, now)]

    def look(self, now: int) -> list[str]:
        """What changed."""
        data = self._data(now)
        changed = {name: value for name, value in data.items() if self._before[name] != value}
        self._before = data
        if not changed:
            return []
        if self._entry.spot:
            return [self._event("snapshot", data, now)]
        return [self._event("delta", {"symbol": self._entry.id} | changed, now)]

    def _event(self, kind: str, data: dict[str, Any], now: int) -> str:
        sequence = self._desk.sequence(now)
        return _written({"topic": self._topic, "type": kind, "data": data, "cs": sequence, "ts": now // MS})


class Kline:
    """``kline.INTERVAL.SYMBOL``: the candle of the moment whenever its price changed, and once more when it is over."""

    def __init__(self, desk: Desk, entry: Listing, topic: str, interval: str) -> None:
        self._desk, self._entry, self._topic, self._interval = desk, entry, topic, interval
        self._start = 0
        self._prices: list[str] = []

    def begin(self, now: int) -> list[str]:
        """The candle of the moment."""
        self._start, _, price = market.candle(self._desk, self._entry, self._interval, now)
        self._prices = [price]
        return [self._event(now, confirm=False)]

    def look(self, now: int) -> list[str]:
        """The same, where it moved."""
        start, _, price = market.candle(self._desk, self._entry, self._interval, now)
        said = []
        if start != self._start:
            said.append(self._event(now, confirm=True))
            self._start, self._prices = start, [price]
            said.append(self._event(now, confirm=False))
        elif price != self._prices[-1]:
            self._prices.append(price)
            said.append(self._event(now, confirm=False))
        return said

    def _event(self, now: int, *, confirm: bool) -> str:
        span = market.INTERVALS[self._interval] * 60_000
        row = {
            "start": self._start,
            "end": self._start + span - 1,
            "interval": self._interval,
            "open": self._prices[0],
            "close": self._prices[-1],
            "high": max(self._prices, key=float),
            "low": min(self._prices, key=float),
            "volume": "0",
            "turnover": "0",
            "confirm": confirm,
            "timestamp": now // MS,
        }
        return _written({"topic": self._topic, "data": [row], "ts": now // MS, "type": "snapshot"})


def feed_of(desk: Desk, category: str, topic: str) -> Feed | None:
    """The feed of a topic; None where there is none."""
    parts = topic.split(".")
    entry = desk.by_id.get((category, parts[-1]))
    if entry is None:
        return None
    desk.know(entry)
    if len(parts) == 3 and parts[0] == "orderbook" and parts[1] in DEPTHS[category]:
        return Book(desk, entry, topic, int(parts[1]))
    if len(parts) == 3 and parts[0] == "kline" and parts[1] in market.INTERVALS:
        return Kline(desk, entry, topic, parts[1])
    if len(parts) == 2 and parts[0] == "publicTrade":
        return Trades(desk, entry, topic)
    return Ticker(desk, entry, topic) if len(parts) == 2 and parts[0] == "tickers" else None
