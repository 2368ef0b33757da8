"""Recorded order books and trades of Binance spot, to be played again by the exchange core.

A program that asked for ``depth`` and ``trades`` (or ``aggTrades``) over and over, recorded as a cassette, is a film of
the market. ``tape_of`` makes a ``Tape`` of it for one symbol. Times:

* trades bear their own, in milliseconds (``time``, ``T``), and an id by which repeated ones are told; * an answer to
``depth`` bears none in its body: its ``Date`` header counts, which has whole seconds; several of one second
  are spread evenly over it, in the order of the file (*inferred*). The mock sends no ``Date``, but its ``lastUpdateId``
  is the time in milliseconds: that counts in recordings ``from-mock``, and only there.

The tape begins with the first book that has a time; trades before it are left out. Where both ``trades`` and
``aggTrades`` were recorded, the former count. ``isBuyerMaker`` (``m``) says who took: true, the seller. The best
``LEVELS`` levels of a book are used. The recording comes from outside: whatever is wrong with it is one
``CassetteError`` of one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.core.recording import ROWS, Levels, Tape
from outtrade_mocks.venues.binance_spot.recorded import LEVELS, decimal, field_of, levels_of

MOST_MS = 10**14
"""No time is later than that (the year 5138)."""


def tape_of(cassette: Cassette, unified: str, listing: Mapping[str, Any]) -> Tape:
    """The film of one symbol (``listing``: its object in exchangeInfo). Raises CassetteError where there is none."""
    name, symbol = one_line(cassette.name), str(listing["symbol"])

    def wrong(what: str) -> CassetteError:
        return CassetteError(f"{name}: {one_line(unified, 40)} cannot be played again: {what}")

    rules = {rule["filterType"]: rule for rule in listing["filters"]}
    grid = Decimal(rules["PRICE_FILTER"]["tickSize"]), Decimal(rules["LOT_SIZE"]["stepSize"])
    books = _books(cassette, symbol)
    if not books:
        raise wrong("no answer to depth with a time (a Date header) in it")
    start = books[0][0]
    trades = [trade for trade in _trades(cassette, symbol) if trade[0] >= start]
    if len(books) + len(trades) > ROWS:
        raise wrong(f"{len(books)} books and {len(trades)} trades, more than {ROWS} together; record a shorter time")
    for price, size in _amounts(books, trades):
        if price % grid[0] or size % grid[1]:
            raise wrong("a price or quantity does not lie on the grid of its exchangeInfo")
    try:
        return Tape(
            books=tuple(((time - start) / 1000, bids, asks) for time, bids, asks in books),
            trades=tuple(((time - start) / 1000, price, size, side) for time, price, size, side in trades),
            provenance=cassette.provenance,
            source=one_line(cassette.source),
        )
    except ValueError as error:
        raise wrong(str(error)) from None


Book = tuple[float, Levels, Levels]
Trade = tuple[float, Decimal, Decimal, Literal["buy", "sell"]]
"""Times in milliseconds since 1970."""


def _answers(cassette: Cassette, symbol: str, *paths: str) -> Iterator[tuple[Interaction, Any]]:
    """Every successful answer of these paths about ``symbol``."""
    for item in cassette:
        parts = urlsplit(item.uri)
        if item.method != "GET" or item.status != 200 or parts.path not in paths:
            continue
        if dict(parse_qsl(parts.query)).get("symbol") != symbol:
            continue
        try:
            yield item, item.json()
        except (ValueError, RecursionError):
            continue


def _books(cassette: Cassette, symbol: str) -> list[Book]:
    """The recorded books in order of time, those without a time or without any level left out."""
    found: list[tuple[int, bool, Levels, Levels]] = []
    for item, data in _answers(cassette, symbol, "/api/v3/depth", "/api/v1/depth"):
        bids, asks = (levels_of(field_of(data, side)) for side in ("bids", "asks"))
        stamp = _stamp(item, data, mock=cassette.provenance == "from-mock")
        if stamp is not None and (bids or asks):
            sides = tuple(sorted(bids, reverse=True)[:LEVELS]), tuple(sorted(asks)[:LEVELS])
            found.append((*stamp, *sides))
    found.sort(key=lambda row: row[0])
    alike, seen = Counter(time for time, exact, _, _ in found if not exact), Counter[int]()
    books = []
    for time, exact, one, other in found:
        books.append((time if exact else time + 1000 * seen[time] / alike[time], one, other))
        seen[time] += 1
    return books


def _stamp(item: Interaction, data: Any, *, mock: bool) -> tuple[int, bool] | None:
    """When a book was answered (ms since 1970), and whether to the millisecond."""
    number = field_of(data, "lastUpdateId")
    if mock and isinstance(number, int) and 0 < number < MOST_MS:
        return number, True
    try:
        when = parsedate_to_datetime(item.headers["date"])
        return int(when.timestamp()) * 1000, False
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None


def _trades(cassette: Cassette, symbol: str) -> list[Trade]:
    """The recorded trades in order of time, each once."""
    for paths, names in (
        (("/api/v3/trades", "/api/v3/historicalTrades"), ("id", "time", "price", "qty", "isBuyerMaker")),
        (("/api/v3/aggTrades",), ("a", "T", "p", "q", "m")),
    ):
        found: dict[int, Trade] = {}
        for _, data in _answers(cassette, symbol, *paths):
            for row in data if isinstance(data, list) else ():
                number, time, price, size, sold = (field_of(row, name) for name in names)
                price, size = decimal(price), decimal(size)
                whole = all(type(value) is int and 0 <= value < 10**18 for value in (number, time))
                if whole and time < MOST_MS and price and size and isinstance(sold, bool):
                    found.setdefault(number, (time, price, size, "sell" if sold else "buy"))
        if found:
            return [trade for _, trade in sorted(found.items(), key=lambda item: (item[1][0], item[0]))]
    return []


def _amounts(books: list[Book], trades: list[Trade]) -> Iterator[tuple[Decimal, Decimal]]:
    for _, bids, asks in books:
        yield from (*bids, *asks)
    yield from ((price, size) for _, price, size, _ in trades)
