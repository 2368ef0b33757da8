"""What the market data streams say, stream by stream (web-socket-streams.md).

A stream is looked after every so often, on a grid of 100 ms of absolute time: it says what has changed since. Streams
that are real-time on the venue (trades, best prices) are looked after every 100 ms too (*simplified*).

The book's update id is the time in milliseconds, on the stream as in the REST snapshot: an event of the diff stream
that covers the changes after a ms and up to b ms has ``U = a + 1`` and ``u = b``. So the documented way to keep a book
works: drop what has ``u <= lastUpdateId``, begin with the event around ``lastUpdateId + 1``, go on without gaps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from outtrade_mocks.venues.binance_codec import money
from outtrade_mocks.venues.binance_spot import tape
from outtrade_mocks.venues.binance_spot.desk import MS, Desk
from outtrade_mocks.venues.binance_spot.market import DAY_MS, best
from outtrade_mocks.venues.binance_spot.reference import Listing
from outtrade_mocks.venues.binance_spot.tape import SECOND, Bar

TICK = 100 * MS
"""ns between two looks."""
WHOLE_BOOK = 5000
_DEPTH = re.compile(r"depth(5|10|20)?(@100ms|@1000ms)?", re.ASCII)
_KLINE = re.compile(r"kline_([0-9]{1,2}[smhdwM])(@\+08:00)?", re.ASCII)
_WINDOWS = {"1h": 3600 * SECOND, "4h": 14_400 * SECOND, "1d": 86_400 * SECOND}

Clock = Callable[[int], int]
"""ns -> the time as the connection wants it: milliseconds or microseconds."""


@dataclass(slots=True)
class Feed:
    """One stream of one connection. ``look`` yields what there is to say at ``now``."""

    name: str
    period: int
    look: Callable[[int], Iterator[Any]]


def feed(desk: Desk, name: str, now: int, clock: Clock) -> Feed | None:
    """The stream of that name from ``now`` on; None on one that does not exist (the venue says nothing then)."""
    tape.begin(desk)
    symbol, _, kind = name.partition("@")
    if symbol.startswith("!"):
        return _of_all(desk, name, clock)
    entry = desk.by_id.get(symbol.upper()) if symbol == symbol.lower() else None
    if entry is None:
        return None
    simple = {"trade": _trades, "aggTrade": _aggregates, "bookTicker": _book_ticker, "avgPrice": _average}
    if kind in simple:
        return Feed(name, SECOND if kind == "avgPrice" else TICK, simple[kind](desk, entry, now, clock))
    if kind in ("ticker", "miniTicker"):
        make = _ticker if kind == "ticker" else _mini
        return Feed(name, SECOND, _changed(lambda at: make(desk, entry, at, clock)))
    if kind.startswith("ticker_") and kind[7:] in _WINDOWS:
        return Feed(name, SECOND, _changed(lambda at: _window(desk, entry, kind[7:], at, clock)))
    match = _DEPTH.fullmatch(kind)
    if match is not None:
        period = TICK if match[2] == "@100ms" else SECOND
        return Feed(name, period, _levels(desk, entry, int(match[1])) if match[1] else _diffs(desk, entry, now, clock))
    match = _KLINE.fullmatch(kind)
    if match is not None and tape.interval_ns(match[1]) is not None:
        shift = 28_800 * SECOND if match[2] else 0
        return Feed(name, SECOND if match[1] == "1s" else 2 * SECOND, _klines(desk, entry, match[1], shift, now, clock))
    return None


def _of_all(desk: Desk, name: str, clock: Clock) -> Feed | None:
    """Streams of all symbols: a list of those that have changed."""
    makers: dict[str, Callable[[Listing, int], dict[str, Any]]] = {
        "!ticker@arr": lambda entry, at: _ticker(desk, entry, at, clock),
        "!miniTicker@arr": lambda entry, at: _mini(desk, entry, at, clock),
    }
    for window in _WINDOWS:
        makers[f"!ticker_{window}@arr"] = lambda entry, at, window=window: _window(desk, entry, window, at, clock)  # type: ignore[misc]
    make = makers.get(name)
    if make is None:
        return None
    looks = [_changed(lambda at, entry=entry: make(entry, at)) for entry in desk.all_listed()]  # type: ignore[misc]

    def look(now: int) -> Iterator[Any]:
        found = [data for each in looks for data in each(now)]
        if found:
            yield found

    return Feed(name, SECOND, look)


_TIMES = frozenset({"E", "O", "C"})


def _changed(make: Callable[[int], dict[str, Any]]) -> Callable[[int], Iterator[Any]]:
    """Say it only where something but the time has changed."""
    before: list[dict[str, Any]] = []

    def look(now: int) -> Iterator[Any]:
        data = make(now)
        kept = {name: value for name, value in data.items() if name not in _TIMES}
        if before != [kept]:
            before[:] = [kept]
            yield data

    return look


# ------------------------------------------------------------------ trades
def _since(desk: Desk, entry: Listing) -> list[int]:
    """The number of the last trade until now, to be moved on."""
    kept = tape.prints(desk, entry)
    return [max(0, kept[-1].number) if kept else 0]


def _trades(desk: Desk, entry: Listing, now: int, clock: Clock) -> Callable[[int], Iterator[Any]]:
    last = _since(desk, entry)

    def look(now: int) -> Iterator[Any]:
        for one in tape.prints(desk, entry, last[0]):
            last[0] = one.number
            yield {
                "e": "trade",
                "E": clock(now),
                "s": entry.id,
                "t": tape.trade_id(one),
                "p": money(one.price * entry.tick),
                "q": money(one.lots * entry.step),
                "T": clock(one.time),
                "m": one.taker == "sell",
                "M": True,
            }

    return look


def _aggregates(desk: Desk, entry: Listing, now: int, clock: Clock) -> Callable[[int], Iterator[Any]]:
    last = _since(desk, entry)

    def look(now: int) -> Iterator[Any]:
        for group in tape.aggregates(tape.prints(desk, entry, last[0])):
            last[0] = group[-1].number
            data = tape.aggregate_trade(entry, group)
            yield {"e": "aggTrade", "E": clock(now), "s": entry.id} | data | {"T": clock(group[0].time)}

    return look


# ------------------------------------------------------------------ the book
def _side(levels: list[tuple[int, int]], entry: Listing) -> list[list[str]]:
    return [[money(ticks * entry.tick), money(lots * entry.step)] for ticks, lots in levels]


def _levels(desk: Desk, entry: Listing, count: int) -> Callable[[int], Iterator[Any]]:
    """The best levels, where they have changed."""
    before: list[Any] = []

    def look(now: int) -> Iterator[Any]:
        book = desk.exchange.depth(entry.unified, count)
        if before != [book]:
            before[:] = [book]
            yield {"lastUpdateId": now // MS, "bids": _side(book[0], entry), "asks": _side(book[1], entry)}

    return look


def _diffs(desk: Desk, entry: Listing, now: int, clock: Clock) -> Callable[[int], Iterator[Any]]:
    """Levels that have changed since the last event, zero where one is gone."""
    before = [dict(side) for side in desk.exchange.depth(entry.unified, WHOLE_BOOK)]
    last = [now // MS]

    def look(now: int) -> Iterator[Any]:
        after = [dict(side) for side in desk.exchange.depth(entry.unified, WHOLE_BOOK)]
        changes = []
        for old, new in zip(before, after, strict=True):
            gone = [(ticks, 0) for ticks in old if ticks not in new]
            changes.append([(ticks, lots) for ticks, lots in new.items() if old.get(ticks) != lots] + gone)
        if not any(changes):
            return
        before[:] = after
        first, last[0] = last[0] + 1, now // MS
        sides = (_side(side, entry) for side in changes)
        event = {"e": "depthUpdate", "E": clock(now), "s": entry.id, "U": first, "u": last[0]}
        yield event | dict(zip("ba", sides, strict=True))

    return look


def _book_ticker(desk: Desk, entry: Listing, now: int, clock: Clock) -> Callable[[int], Iterator[Any]]:
    def make(now: int) -> dict[str, Any]:
        touch = best(desk, entry)
        return {
            "s": entry.id,
            "b": touch["bidPrice"],
            "B": touch["bidQty"],
            "a": touch["askPrice"],
            "A": touch["askQty"],
        }

    say = _changed(make)

    def look(now: int) -> Iterator[Any]:
        for data in say(now):
            yield {"u": now // MS} | data

    return look


def _average(desk: Desk, entry: Listing, now: int, clock: Clock) -> Callable[[int], Iterator[Any]]:
    def make(now: int) -> dict[str, Any]:
        trades = tape.prints(desk, entry)
        return {
            "e": "avgPrice",
            "E": clock(now),
            "s": entry.id,
            "i": "5m",
            "w": desk.price(entry.unified, desk.exchange.reference_price(entry.unified)),
            "T": clock(trades[-1].time) if trades else clock(desk.epoch_ns),
        }

    return _changed(make)


# ------------------------------------------------------------------ statistics
def _day(desk: Desk, entry: Listing, now: int) -> Bar:
    return tape.bar(desk, entry, now - DAY_MS * MS, now + MS)


def _mini(desk: Desk, entry: Listing, now: int, clock: Clock) -> dict[str, Any]:
    window = _day(desk, entry, now)
    return {
        "e": "24hrMiniTicker",
        "E": clock(now),
        "s": entry.id,
        "c": money(window.close),
        "o": money(window.open),
        "h": money(window.high),
        "l": money(window.low),
        "v": money(window.volume),
        "q": money(window.quote),
    }


def _ticker(desk: Desk, entry: Listing, now: int, clock: Clock) -> dict[str, Any]:
    window, touch, trades = _day(desk, entry, now), best(desk, entry), tape.prints(desk, entry)
    head, tail = _frame("24hrTicker", entry, window, now, clock)
    return (
        head
        | {
            "w": money(window.average),
            "x": money(window.open),
            "c": money(window.close),
            "Q": money(trades[-1].lots * entry.step if trades else 0),
            "b": touch["bidPrice"],
            "B": touch["bidQty"],
            "a": touch["askPrice"],
            "A": touch["askQty"],
            "o": money(window.open),
            "h": money(window.high),
            "l": money(window.low),
        }
        | tail
    )


def _window(desk: Desk, entry: Listing, name: str, now: int, clock: Clock) -> dict[str, Any]:
    window = tape.bar(desk, entry, now - _WINDOWS[name], now + MS)
    head, tail = _frame(f"{name}Ticker", entry, window, now, clock)
    prices = {
        "o": money(window.open),
        "h": money(window.high),
        "l": money(window.low),
        "c": money(window.close),
        "w": money(window.average),
    }
    return head | prices | tail


def _frame(event: str, entry: Listing, window: Bar, now: int, clock: Clock) -> tuple[dict[str, Any], dict[str, Any]]:
    """What all tickers begin and end with."""
    change = window.close - window.open
    head = {
        "e": event,
        "E": clock(now),
        "s": entry.id,
        "p": money(change),
        "P": f"{100 * change / window.open if window.open else 0:.3f}",
    }
    tail = {
        "v": money(window.volume),
        "q": money(window.quote),
        "O": clock(window.start),
        "C": clock(now),
        "F": window.first,
        "L": window.last,
        "n": window.count,
    }
    return head, tail


def _klines(
    desk: Desk, entry: Listing, interval: str, shift: int, now: int, clock: Clock
) -> Callable[[int], Iterator[Any]]:
    """The present candle where it has changed, and the last one as closed."""
    length = tape.interval_ns(interval)
    assert length is not None
    span = length
    start = [(now + shift) // span * span - shift]
    before: list[Any] = []

    def event(one: Bar, now: int, closed: bool) -> dict[str, Any]:
        candle = {
            "t": clock(one.start),
            "T": clock(one.end - 1),
            "s": entry.id,
            "i": interval,
            "f": one.first,
            "L": one.last,
            "o": money(one.open),
            "c": money(one.close),
            "h": money(one.high),
            "l": money(one.low),
            "v": money(one.volume),
            "n": one.count,
            "x": closed,
            "q": money(one.quote),
            "V": money(one.bought),
            "Q": money(one.bought_quote),
            "B": "0",
        }
        return {"e": "kline", "E": clock(now), "s": entry.id, "k": candle}

    def look(now: int) -> Iterator[Any]:
        present = (now + shift) // span * span - shift
        for one in tape.bars(desk, entry, start[0], present + span, span):
            closed = one.end <= now
            if closed or before != [one]:
                yield event(one, now, closed)
            before[:] = [one]
        start[0] = present

    return look
