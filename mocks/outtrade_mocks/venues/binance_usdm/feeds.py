"""Market data streams: what a subscription says, and when.

Each stream looks at the exchange at whole multiples of its interval after it was subscribed, and says what is new. The
numbers of the book's updates are the time in microseconds, so that a diff (``U`` to ``u``, where ``pu`` is the ``u``
before it) covers the instants between two looks, and a snapshot taken meanwhile (``lastUpdateId``) falls into exactly
one of them.

    btcusdt@depth@100ms   btcusdt@depth5   btcusdt@bookTicker   btcusdt@aggTrade   btcusdt@markPrice@1s   !ticker@arr
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outtrade_mocks.venues.binance_usdm import market
from outtrade_mocks.venues.binance_usdm.desk import MS, SECOND, Desk
from outtrade_mocks.venues.binance_usdm.figures import fixed, money
from outtrade_mocks.venues.binance_usdm.reference import Listing

MOST_LEVELS = 1000
_NAME = re.compile(
    r"([a-z0-9_]{1,30})@([A-Za-z]{1,20}?)(5|10|20)?(?:_([0-9]{1,2}[a-zA-Z]))?(?:@([0-9]{1,4}m?s))?", re.ASCII
)
_SPEEDS = {"100ms": 100 * MS, "250ms": 250 * MS, "500ms": 500 * MS, "0ms": 100 * MS, "1s": SECOND, "3s": 3 * SECOND}
_Events = list[Any]


class Feed:
    """One subscribed stream. ``look`` says what is new at a time."""

    def __init__(self, every: int, look: Callable[[int], _Events], now: int) -> None:
        self.every = every
        self.due = now + every
        self._look = look

    def said(self, now: int) -> _Events:
        """What is new; the next look is one interval later."""
        while self.due <= now:
            self.due += self.every
        return self._look(now)


def feed(desk: Desk, name: str, now: int) -> Feed | None:
    """The stream of that name; None where there is none, or it says nothing here."""
    if name.startswith("!"):
        return _of_all(desk, name, now)
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    symbol, channel, levels, interval, speed = match.groups()
    entry = desk.by_id.get(symbol.upper())
    every = _SPEEDS.get(speed) if speed else 0
    if entry is None or every is None:
        return None
    desk.know(entry)
    if channel == "depth":
        look = _Partial(desk, entry, int(levels)) if levels else _Diff(desk, entry, now)
        return Feed(every or 250 * MS, look, now)
    if levels is not None:
        return None
    if channel == "kline" and interval in market.INTERVALS:
        return Feed(every or 250 * MS, _Candles(desk, entry, interval), now)
    if interval is not None:
        return None
    if channel in ("trade", "aggTrade"):
        return Feed(100 * MS, _Trades(desk, entry, aggregate=channel == "aggTrade"), now)
    if channel == "bookTicker":
        return Feed(100 * MS, _Touch(desk, [entry]), now)
    if channel == "markPrice":
        return Feed(every or 3 * SECOND, lambda at: [_mark(desk, entry, at)], now)
    if channel in ("ticker", "miniTicker"):
        return Feed(2 * SECOND, lambda at: [_day(desk, entry, at, mini=channel == "miniTicker")], now)
    return None


def _of_all(desk: Desk, name: str, now: int) -> Feed | None:
    entries = desk.every_listing()
    if name == "!bookTicker":
        return Feed(100 * MS, _Touch(desk, entries), now)
    if name in ("!ticker@arr", "!miniTicker@arr"):
        mini = name.startswith("!mini")
        return Feed(SECOND, lambda at: [[_day(desk, entry, at, mini=mini) for entry in entries]], now)
    if name in ("!markPrice@arr", "!markPrice@arr@1s"):
        every = SECOND if name.endswith("1s") else 3 * SECOND
        return Feed(every, lambda at: [[_mark(desk, entry, at) for entry in entries]], now)
    return None


class _Diff:
    """Levels whose quantity changed since the last look."""

    def __init__(self, desk: Desk, entry: Listing, now: int) -> None:
        self._desk, self._entry = desk, entry
        self._sides = self._book()
        self._last = market.update_id(now)

    def _book(self) -> tuple[dict[int, int], dict[int, int]]:
        bids, asks = self._desk.exchange.depth(self._entry.unified, MOST_LEVELS)
        return dict(bids), dict(asks)

    def __call__(self, now: int) -> _Events:
        book = self._book()
        changed = [_changed(before, after) for before, after in zip(self._sides, book, strict=True)]
        self._sides = book
        if not any(changed):
            return []
        before, self._last = self._last, market.update_id(now)
        bids, asks = (market.levels(self._entry, side) for side in changed)
        return [_depth(self._entry, now, before + 1, self._last, before, bids, asks)]


def _changed(before: dict[int, int], after: dict[int, int]) -> list[tuple[int, int]]:
    """(ticks, lots) that differ; 0 lots where a level is gone."""
    found = [(ticks, lots) for ticks, lots in after.items() if before.get(ticks) != lots]
    return found + [(ticks, 0) for ticks in before if ticks not in after]


def _depth(
    entry: Listing, now: int, first: int, last: int, before: int, bids: list[list[str]], asks: list[list[str]]
) -> dict[str, Any]:
    return {
        "e": "depthUpdate",
        "E": now // MS,
        "T": now // MS,
        "s": entry.id,
        "ps": entry.raw["pair"],
        "U": first,
        "u": last,
        "pu": before,
        "b": bids,
        "a": asks,
        "st": 1,
    }


class _Partial:
    """The best levels, whenever they changed."""

    def __init__(self, desk: Desk, entry: Listing, size: int) -> None:
        self._desk, self._entry, self._size = desk, entry, size
        self._said: Any = None
        self._last = 0

    def __call__(self, now: int) -> _Events:
        book = self._desk.exchange.depth(self._entry.unified, self._size)
        if book == self._said:
            return []
        self._said = book
        number = market.update_id(now)
        before, self._last = self._last or number - 1, number
        bids, asks = (market.levels(self._entry, side) for side in book)
        return [_depth(self._entry, now, before + 1, number, before, bids, asks)]


class _Touch:
    """Best bid and ask of some symbols, whenever they changed."""

    def __init__(self, desk: Desk, entries: list[Listing]) -> None:
        self._desk, self._entries = desk, entries
        self._said: dict[str, Any] = {}

    def __call__(self, now: int) -> _Events:
        events = []
        for entry in self._entries:
            best = market.touch(self._desk, entry)
            if self._said.get(entry.id) == best:
                continue
            self._said[entry.id] = best
            events.append(
                {
                    "e": "bookTicker",
                    "u": market.update_id(now),
                    "E": now // MS,
                    "T": now // MS,
                    "s": entry.id,
                    "ps": entry.raw["pair"],
                    "b": best["bidPrice"],
                    "B": best["bidQty"],
                    "a": best["askPrice"],
                    "A": best["askQty"],
                    "st": 1,
                }
            )
        return events


class _Trades:
    """Trades since the last look."""

    def __init__(self, desk: Desk, entry: Listing, *, aggregate: bool) -> None:
        self._desk, self._entry, self._aggregate = desk, entry, aggregate
        self._last = max((one.number for one in desk.exchange.prints(entry.unified)), default=0)

    def __call__(self, now: int) -> _Events:
        entry, events = self._entry, []
        for one in self._desk.exchange.prints(entry.unified, self._last):
            self._last = one.number
            if self._aggregate:
                head = {"e": "aggTrade", "E": now // MS, "s": entry.id}
                events.append(head | market.aggregate(entry, one) | {"st": 1})
                continue
            events.append(
                {
                    "e": "trade",
                    "E": now // MS,
                    "T": one.time // MS,
                    "s": entry.id,
                    "t": market.print_id(one),
                    "p": fixed(one.price * entry.tick, entry.price_places),
                    "q": fixed(one.lots * entry.step, entry.quantity_places),
                    "X": "MARKET",
                    "m": one.taker == "sell",
                    "st": 1,
                }
            )
        return events


class _Candles:
    """The current candle, whenever it changed; once more, closed, when its time is over."""

    def __init__(self, desk: Desk, entry: Listing, interval: str) -> None:
        self._desk, self._entry, self._interval = desk, entry, interval
        self._said: list[Any] | None = None

    def __call__(self, now: int) -> _Events:
        rows = market.candles(self._desk, self._entry, market.INTERVALS[self._interval], now)
        events, current = [], rows[-1]
        if self._said is not None and self._said[0] != current[0]:
            over = next((row for row in rows if self._said is not None and row[0] == self._said[0]), self._said)
            events.append(self._event(over, now, closed=True))
        if current != self._said:
            self._said = current
            events.append(self._event(current, now, closed=False))
        return events

    def _event(self, row: list[Any], now: int, *, closed: bool) -> dict[str, Any]:
        candle = {
            "t": row[0],
            "T": row[6],
            "s": self._entry.id,
            "i": self._interval,
            "f": -1,
            "L": -1,
            "o": row[1],
            "c": row[4],
            "h": row[2],
            "l": row[3],
            "v": row[5],
            "n": row[8],
            "x": closed,
            "q": row[7],
            "V": row[9],
            "Q": row[10],
            "B": "0",
        }
        return {"e": "kline", "E": now // MS, "s": self._entry.id, "k": candle}


def _mark(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    rate, due = market.funding(desk, entry)
    mark = money(desk.mark_e8(entry.unified))
    return {
        "e": "markPriceUpdate",
        "E": now // MS,
        "s": entry.id,
        "p": mark,
        "ap": mark,
        "P": money(desk.mid_e8(entry.unified)),
        "i": money(desk.mid_e8(entry.unified)),
        "r": rate,
        "T": due,
        "st": 1,
    }


def _day(desk: Desk, entry: Listing, now: int, *, mini: bool) -> dict[str, Any]:
    figures = market.day(desk, entry, now)
    head = {"e": "24hrMiniTicker" if mini else "24hrTicker", "E": now // MS, "s": entry.id, "ps": entry.raw["pair"]}
    last = {
        "c": figures["lastPrice"],
        "o": figures["openPrice"],
        "h": figures["highPrice"],
        "l": figures["lowPrice"],
        "v": figures["volume"],
        "q": figures["quoteVolume"],
        "st": 1,
    }
    if mini:
        return head | last
    return head | {
        "p": figures["priceChange"],
        "P": figures["priceChangePercent"],
        "w": figures["weightedAvgPrice"],
        "Q": figures["lastQty"],
        "O": figures["openTime"],
        "C": figures["closeTime"],
        "F": figures["firstId"],
        "L": figures["lastId"],
        "n": figures["count"],
    } | last  # fmt: skip
