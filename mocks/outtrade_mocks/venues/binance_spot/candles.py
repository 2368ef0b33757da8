"""Endpoints over the public tape: trades, candles, and statistics of rolling windows and trading days."""

from __future__ import annotations

import re
from collections.abc import Mapping

from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_spot import tape
from outtrade_mocks.venues.binance_spot.desk import MS, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import refuse
from outtrade_mocks.venues.binance_spot.market import chosen
from outtrade_mocks.venues.binance_spot.tape import SECOND

DAY = 86_400 * SECOND
_WINDOW = re.compile(r"([1-9]|[1-5][0-9])m|([1-9]|1[0-9]|2[0-3])h|([1-7])d", re.ASCII)
_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-9]{2}))?", re.ASCII)
WINDOW_RANGE = r"^(([1-9]|[1-5][0-9])m|([1-9]|1[0-9]|2[0-3])h|[1-7]d)$"
MOST_SYMBOLS = 100


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/trades: the latest trades, latest last."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    most = codec.limit(call.params, 500, 1000)
    return Outcome([tape.public_trade(desk, entry, one) for one in tape.prints(desk, entry)[-most:]], now)


def historical_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/historicalTrades: from ``fromId`` on, else the latest."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    first, most = codec.optional_integer(call.params, "fromId"), codec.limit(call.params, 500, 1000)
    found = tape.prints(desk, entry)
    if first is not None:
        found = [one for one in found if tape.trade_id(one) >= first]
    found = found[-most:] if first is None else found[:most]
    return Outcome([tape.public_trade(desk, entry, one) for one in found], now)


def aggregate_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/aggTrades: from ``fromId`` on, or within times, else the latest."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    most, first = codec.limit(params, 500, 1000), codec.optional_integer(params, "fromId")
    start, end = _times(params)
    if first is not None and (start is not None or end is not None):
        raise refuse("bad_combination")
    groups = tape.aggregates(_within(tape.prints(desk, entry), start, end))
    if first is not None:
        groups = [group for group in groups if tape.trade_id(group[0]) >= first]
    groups = groups[:most] if first is not None or start is not None else groups[-most:]
    return Outcome([tape.aggregate_trade(entry, group) for group in groups], now)


def _times(params: Mapping[str, str]) -> tuple[int | None, int | None]:
    return codec.optional_integer(params, "startTime"), codec.optional_integer(params, "endTime")


def _within(found: list[Print], start: int | None, end: int | None) -> list[Print]:
    return [
        one for one in found if (start is None or one.time // MS >= start) and (end is None or one.time // MS <= end)
    ]


# ------------------------------------------------------------------ candles
def klines(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/klines and uiKlines: candles since the start of the run, flat where nothing traded or was kept."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    length = tape.interval_ns(codec.mandatory(params, "interval"))
    if length is None:
        raise refuse("invalid_interval")
    shift = _zone(params)
    start, end = _times(params)
    most = codec.limit(params, 500, 1000)
    last = min(now, now if end is None else end * MS)
    stop = (last + shift) // length * length - shift + length
    begin = (desk.epoch_ns + shift) // length * length - shift
    if start is not None:
        begin = max(begin, -(-(start * MS + shift) // length) * length - shift)
        stop = min(stop, begin + most * length)
    else:
        begin = max(begin, stop - most * length)
    if begin >= stop:
        return Outcome([], now)
    return Outcome([one.row() for one in tape.bars(desk, entry, begin, stop, length)], now)


def _zone(params: Mapping[str, str]) -> int:
    """``timeZone`` in ns: hours and minutes from UTC, -12:00 to +14:00; 0 unless sent."""
    value = codec.optional(params, "timeZone")
    if value is None:
        return 0
    match = _ZONE.fullmatch(value)
    if match is None:
        raise refuse("invalid_parameter", "timeZone")
    sign, hours, minutes = match.groups()
    shift = (int(hours) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    if not -720 <= shift <= 840:
        raise refuse("invalid_parameter", "timeZone")
    return shift * 60 * SECOND


# ------------------------------------------------------------------ windows
def rolling(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker: statistics of the last ``windowSize`` (1m to 59m, 1h to 23h, 1d to 7d), from the start of a
    minute on."""
    size = codec.optional(call.params, "windowSize") or "1d"
    if _WINDOW.fullmatch(size) is None:
        raise refuse("illegal_characters", "windowSize", WINDOW_RANGE)
    span = int(size[:-1]) * {"m": 60, "h": 3600, "d": 86_400}[size[-1]] * SECOND
    start = (now - span) // (60 * SECOND) * 60 * SECOND
    return _windows(desk, call, now, start, now + MS)


def trading_day(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker/tradingDay: statistics of the present day in ``timeZone``."""
    shift = _zone(call.params)
    start = (now + shift) // DAY * DAY - shift
    return _windows(desk, call, now, start, start + DAY)


def _windows(desk: Desk, call: Call, now: int, start: int, end: int) -> Outcome:
    params = call.params
    if "symbol" not in params and "symbols" not in params:
        raise refuse("either", "symbol", "symbols")
    kind = codec.optional(params, "type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise refuse("invalid_parameter", "type")
    entries = chosen(desk, params)
    if len(entries) > MOST_SYMBOLS:
        raise refuse("too_many_symbols")
    data = [tape.statistics(desk, one, tape.bar(desk, one, start, end), mini=kind == "MINI") for one in entries]
    return Outcome(data[0] if "symbol" in params else data, now)
