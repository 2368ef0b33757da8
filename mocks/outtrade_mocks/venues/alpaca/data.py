"""Market data (data.alpaca.markets): quotes, trades, bars, books and snapshots of crypto and of stocks.

Amounts are JSON numbers here. Quotes and books show the present; trades and bars are those since somebody first asked
(*simplified*), and before any the price of the moment stands for the last trade. Crypto needs no key, stocks do.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues.alpaca.codec import instant, stamp, whole
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.alpaca.errors import refuse
from outtrade_mocks.venues.alpaca.reference import Listing
from outtrade_mocks.venues.api import Call

MINUTE = 60 * 10**9
UNITS = {"min": 1, "t": 1, "hour": 60, "h": 60, "day": 1440, "d": 1440, "week": 10_080, "w": 10_080, "month": 43_200,
         "m": 43_200}  # fmt: skip
LEVELS = 200
MOST = 10_000


def _number(value: Decimal) -> float | int:
    found = float(value)
    return int(found) if found == int(found) else found


def asked(desk: Desk, call: Call) -> list[Listing]:
    """The assets of a request, of the class of its path. Raises Refusal."""
    parts = call.raw.parts
    crypto = parts[1] == "crypto"
    sent = call.raw.params.get("symbols") or call.raw.params.get("symbol")
    names = [part for part in str(sent or "").split(",") if part]
    if not crypto and len(parts) == (5 if parts[-1] == "latest" else 4):
        names = [parts[2]]
    if not names:
        raise refuse("data_parameter", "symbols: it is required")
    found = []
    for name in names:
        entry = desk.find(name)
        if crypto and "/" not in name:
            raise refuse("data_symbol", name[:40])
        if entry is not None and entry.equity != crypto:
            found.append(entry)
    return found


# -------------------------------------------------------------------- objects
def levels(desk: Desk, entry: Listing, count: int) -> tuple[list[Any], list[Any]]:
    """Bids and asks, best first, as (price, size)."""
    rules = desk.rules(entry)
    bids, asks = desk.exchange.depth(entry.unified, count)

    def read(side: list[tuple[int, int]]) -> list[Any]:
        return [(_number(rules.price(ticks)), _number(rules.quantity(lots))) for ticks, lots in side]

    return read(bids), read(asks)


def quote(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """The best bid and ask."""
    bids, asks = levels(desk, entry, 1)
    bid, ask = bids[0] if bids else (0, 0), asks[0] if asks else (0, 0)
    shown: dict[str, Any] = {"ap": ask[0], "as": ask[1], "bp": bid[0], "bs": bid[1], "t": stamp(now)}
    return shown if not entry.equity else shown | {"ax": "V", "bx": "V", "c": ["R"], "z": "C"}


def book(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """The order book."""
    bids, asks = levels(desk, entry, LEVELS)
    rows = [[{"p": price, "s": size} for price, size in side] for side in (asks, bids)]
    return {"a": rows[0], "b": rows[1], "t": stamp(now)}


def trade(desk: Desk, entry: Listing, one: Print) -> dict[str, Any]:
    """One public trade."""
    rules = desk.rules(entry)
    shown: dict[str, Any] = {
        "i": one.number,
        "p": _number(rules.price(one.price)),
        "s": _number(rules.quantity(one.lots)),
        "t": stamp(one.time),
    }
    return shown | ({"c": ["@"], "x": "V", "z": "C"} if entry.equity else {"tks": "B" if one.taker == "buy" else "S"})


def prints(desk: Desk, entry: Listing) -> list[Print]:
    """The public trades that are kept, oldest first."""
    desk.know(entry)
    desk.keep_prints()
    return desk.exchange.prints(entry.unified)


def last_trade(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """The last public trade; before any, the price of the moment."""
    found = prints(desk, entry)
    if found:
        return trade(desk, entry, found[-1])
    return trade(desk, entry, Print(0, now, desk.exchange.last_price(entry.unified) or 0, 0, "buy"))


def bars(desk: Desk, entry: Listing, minutes: int, now: int) -> list[dict[str, Any]]:
    """Bars of so many minutes out of the trades that are kept; before any, one of the moment without volume."""
    rules, length = desk.rules(entry), minutes * MINUTE
    found: dict[int, list[Print]] = {}
    for one in prints(desk, entry):
        found.setdefault(one.time // length * length, []).append(one)
    if not found:
        found[now // length * length] = [Print(0, now, desk.exchange.last_price(entry.unified) or 0, 0, "buy")]
    rows = []
    for start, trades in found.items():
        at = [rules.price(one.price) for one in trades]
        sizes = [rules.quantity(one.lots) for one in trades]
        volume = sum(sizes, Decimal(0))
        worth = sum((price * size for price, size in zip(at, sizes, strict=True)), Decimal(0))
        rows.append(
            {
                "c": _number(at[-1]),
                "h": _number(max(at)),
                "l": _number(min(at)),
                "n": sum(1 for one in trades if one.number),
                "o": _number(at[0]),
                "t": stamp(start),
                "v": _number(volume),
                "vw": _number(round(worth / volume, 9)) if volume else _number(at[-1]),
            }
        )
    return rows


# ------------------------------------------------------------------- handlers
Shown = Callable[[Desk, Listing, int], Any]


def _latest(key: str, show: Shown) -> Callable[[Desk, Call, int, int | None], Outcome]:
    def handler(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
        entries, parts = asked(desk, call), call.raw.parts
        if parts[1] == "stocks" and len(parts) == 5:
            if not entries:
                raise refuse("asset_not_found", parts[2][:40])
            return Outcome({key[:-1]: show(desk, entries[0], now), "symbol": entries[0].id})
        return Outcome({key: {entry.id: show(desk, entry, now) for entry in entries}})

    handler.__doc__ = f"The latest {key} of some assets."
    return handler


latest_quotes = _latest("quotes", quote)
latest_trades = _latest("trades", last_trade)
latest_bars = _latest("bars", lambda desk, entry, now: bars(desk, entry, 1, now)[-1])
latest_books = _latest("orderbooks", book)


def snapshot(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """Latest quote, trade and bars of an asset."""
    day = bars(desk, entry, 1440, now)[-1]
    return {
        "dailyBar": day,
        "latestQuote": quote(desk, entry, now),
        "latestTrade": last_trade(desk, entry, now),
        "minuteBar": bars(desk, entry, 1, now)[-1],
        "prevDailyBar": day | {"n": 0, "v": 0},
    }


def snapshots(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Snapshots; of stocks without a frame around them."""
    entries, parts = asked(desk, call), call.raw.parts
    if parts[1] == "stocks" and len(parts) == 4:
        if not entries:
            raise refuse("asset_not_found", parts[2][:40])
        return Outcome({"symbol": entries[0].id} | snapshot(desk, entries[0], now))
    found = {entry.id: snapshot(desk, entry, now) for entry in entries}
    return Outcome(found if parts[1] == "stocks" else {"snapshots": found})


def _history(key: str, rows: Callable[[Desk, Listing, int, dict[str, Any]], list[Any]]) -> Any:
    def handler(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
        params, parts = call.raw.params, call.raw.parts
        entries = asked(desk, call)
        start, end = _time(params, "start"), _time(params, "end")
        limit = whole(params.get("limit", MOST)) or 0
        if not 0 < limit <= MOST:
            raise refuse("data_parameter", "limit: it lies between 1 and 10000")
        left, token, found = limit, None, {}
        skip = whole(params.get("page_token", 0)) or 0
        for entry in entries:
            seen = [one for one in rows(desk, entry, now, params) if _within(one["t"], start, end)]
            if params.get("sort") == "desc":
                seen.reverse()
            kept, skip = seen[skip:], max(0, skip - len(seen))
            if len(kept) > left:
                token = str((whole(params.get("page_token", 0)) or 0) + limit)
            if kept[:left]:
                found[entry.id] = kept[:left]
            left -= len(kept[:left])
        if parts[1] == "stocks" and len(parts) == 4:
            return Outcome({key: found.get(parts[2], []), "symbol": parts[2], "next_page_token": token})
        return Outcome({key: found, "next_page_token": token})

    handler.__doc__ = f"The {key} of some assets, in pages."
    return handler


def _time(params: dict[str, Any], name: str) -> int | None:
    sent = params.get(name)
    if sent is None or sent == "":
        return None
    found = instant(sent)
    if found is None:
        raise refuse("data_parameter", f"{name}: error parsing '{str(sent)[:40]}' as RFC3339 or 2006-01-02 time")
    return found


def _within(text: str, start: int | None, end: int | None) -> bool:
    time = instant(text) or 0
    return (start is None or time >= start) and (end is None or time <= end)


def minutes_of(frame: object) -> int:
    """The minutes of a time frame as ``1Min``, ``4Hour``, ``1D``. Raises Refusal."""
    text = str(frame)
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = UNITS.get(text[len(digits) :].lower())
    count = whole(digits)
    if unit is None or not count or count > 59:
        raise refuse("data_parameter", f"timeframe: '{text[:20]}'")
    return count * unit


def _bars(desk: Desk, entry: Listing, now: int, params: dict[str, Any]) -> list[Any]:
    return bars(desk, entry, minutes_of(params.get("timeframe", "1Min")), now)


def _trades(desk: Desk, entry: Listing, now: int, params: dict[str, Any]) -> list[Any]:
    return [trade(desk, entry, one) for one in prints(desk, entry)]


def _quotes(desk: Desk, entry: Listing, now: int, params: dict[str, Any]) -> list[Any]:
    return [quote(desk, entry, now)]


historical_bars = _history("bars", _bars)
historical_trades = _history("trades", _trades)
historical_quotes = _history("quotes", _quotes)
