"""Market data endpoints: time, rules, book, tickers. No key is needed; they show the exchange as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import TradingState
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_codec import money
from outtrade_mocks.venues.binance_spot import tape
from outtrade_mocks.venues.binance_spot.desk import MS, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import VENUE, refuse
from outtrade_mocks.venues.binance_spot.reference import Listing, exchange_info

DAY_MS = 86_400_000
_WORDS = re.compile(r"[A-Z0-9_]+", re.ASCII)
DAY_FIELDS = (
    *("symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastPrice", "lastQty"),
    *("bidPrice", "bidQty", "askPrice", "askQty", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume"),
    *("openTime", "closeTime", "firstId", "lastId", "count"),
)
"""Of a full ticker/24hr, in the documentation's order."""


def ping(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ping."""
    return Outcome({}, now)


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/time. ``as_of``: what the clock shows, where it runs apart."""
    return Outcome({"serverTime": (now if as_of is None else as_of) // MS}, now)


def status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/system/status."""
    return Outcome(cassettes.load(VENUE, "general")["system_status"].json(), now)


def rules(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/exchangeInfo, for all symbols, one, some, or those with a permission."""
    params = call.params
    given = [name for name in ("symbol", "symbols", "permissions") if name in params]
    if len(given) > 1 or ("symbolStatus" in params and given and given != ["permissions"]):
        raise refuse("bad_combination")
    entries = chosen(desk, params)
    permissions = codec.optional(params, "permissions")
    if permissions is not None:
        wanted_permissions = set(_WORDS.findall(permissions))
        entries = [entry for entry in entries if wanted_permissions & _permissions(entry)]
    symbols = [entry.raw | {"status": status} if (status := _status(desk, entry)) else entry.raw for entry in entries]
    wanted = codec.optional(params, "symbolStatus")
    if wanted is not None:
        symbols = [raw for raw in symbols if raw["status"] == wanted]
    info = exchange_info() | {"serverTime": now // MS, "rateLimits": desk.limits.rules(), "symbols": symbols}
    if codec.optional(params, "showPermissionSets") is not None and not codec.boolean(params, "showPermissionSets"):
        kept = [{name: value for name, value in raw.items() if name != "permissionSets"} for raw in info["symbols"]]
        info["symbols"] = kept
    return Outcome(info, now)


def _status(desk: Desk, entry: Listing) -> str:
    """The status of a symbol whose market is not open, "" where it is (enums.md; which state is called which is
    *inferred*)."""
    if entry.unified not in desk.exchange.instruments:
        return ""
    state = desk.exchange.state(entry.unified)
    return "" if state is TradingState.OPEN else "HALT" if state is TradingState.HALTED else "BREAK"


def _permissions(entry: Listing) -> set[str]:
    """Which permissions let an account trade the symbol."""
    return {each for one in entry.raw.get("permissionSets", ()) for each in one} | set(entry.raw.get("permissions", ()))


def no_symbols(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """exchangeInfo of the derivatives hosts, which clients also ask at start-up: an exchange without symbols."""
    return Outcome(
        {"timezone": "UTC", "serverTime": now // MS, "rateLimits": [], "exchangeFilters": [], "symbols": []}, now
    )


def depth(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/depth."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    bids, asks = desk.exchange.depth(entry.unified, codec.limit(call.params, 100, 5000))
    tick, step = entry.tick, entry.step
    return Outcome(
        {
            "lastUpdateId": now // MS,
            "bids": [[money(ticks * tick), money(lots * step)] for ticks, lots in bids],
            "asks": [[money(ticks * tick), money(lots * step)] for ticks, lots in asks],
        },
        now,
    )


def average_price(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/avgPrice: the core's reference price stands for the five-minute average."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    price = desk.price(entry.unified, desk.exchange.reference_price(entry.unified))
    return Outcome({"mins": 5, "price": price, "closeTime": now // MS}, now)


# ------------------------------------------------------------------ tickers
def ticker_price(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker/price."""
    return _each(desk, call, now, lambda entry: {"symbol": entry.id, "price": _last(desk, entry)})


def book_ticker(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker/bookTicker."""
    return _each(desk, call, now, lambda entry: {"symbol": entry.id} | best(desk, entry))


def ticker_24hr(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker/24hr. Book and last price are the exchange's; volumes are those of the tape."""
    mini = codec.optional(call.params, "type")
    if mini is not None and mini not in ("FULL", "MINI"):
        raise refuse("invalid_parameter", "type")
    return _each(desk, call, now, lambda entry: _day(desk, entry, now, mini == "MINI"))


def chosen(desk: Desk, params: Mapping[str, str]) -> list[Listing]:
    """The listings named by ``symbol`` or ``symbols``, else all."""
    name, names = codec.optional(params, "symbol"), codec.optional(params, "symbols")
    if name is not None and names is not None:
        raise refuse("bad_combination")
    if name is not None:
        return [desk.listed(name)]
    if names is not None:
        return [desk.listed(each, "symbols") for each in codec.symbol_list(names)]
    return list(desk.listings.values())


def _each(desk: Desk, call: Call, now: int, make: Callable[[Listing], dict[str, Any]]) -> Outcome:
    """One object for ``symbol``, else a list."""
    some = "symbol" in call.params or "symbols" in call.params
    entries = chosen(desk, call.params) if some else desk.all_listed()
    data = [make(entry) for entry in entries]
    return Outcome(data[0] if "symbol" in call.params else data, now)


def _last(desk: Desk, entry: Listing) -> str:
    return desk.price(entry.unified, desk.exchange.last_price(entry.unified))


def best(desk: Desk, entry: Listing) -> dict[str, str]:
    """Best prices and what stands there; zeros where a side is empty."""
    bids, asks = desk.exchange.depth(entry.unified, 1)
    bid, bid_size = bids[0] if bids else (0, 0)
    ask, ask_size = asks[0] if asks else (0, 0)
    return {
        "bidPrice": money(bid * entry.tick),
        "bidQty": money(bid_size * entry.step),
        "askPrice": money(ask * entry.tick),
        "askQty": money(ask_size * entry.step),
    }


def _day(desk: Desk, entry: Listing, now: int, mini: bool) -> dict[str, Any]:
    start = now - DAY_MS * MS
    window = tape.bar(desk, entry, start, now + MS)
    data = tape.statistics(desk, entry, window, mini=mini) | {"openTime": start // MS, "closeTime": now // MS}
    if mini:
        return data
    trades = tape.prints(desk, entry)
    rest = {
        "prevClosePrice": money(window.open),
        "lastQty": money(trades[-1].lots * entry.step if trades else 0),
    } | best(desk, entry)
    return {name: (data | rest)[name] for name in DAY_FIELDS}
