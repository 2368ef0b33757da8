"""Market data endpoints: time, rules, book, tickers. No key is needed; they show the exchange as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Fill
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_codec import E8, money
from outtrade_mocks.venues.binance_spot import shapes
from outtrade_mocks.venues.binance_spot.desk import MS, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import VENUE, refuse
from outtrade_mocks.venues.binance_spot.reference import Listing, exchange_info

DAY_MS = 86_400_000


def ping(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ping."""
    return Outcome({}, now)


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/time."""
    return Outcome({"serverTime": now // MS}, now)


def status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/system/status."""
    return Outcome(cassettes.load(VENUE, "general")["system_status"].json(), now)


def rules(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/exchangeInfo, for all symbols, one, some, or those with a permission."""
    params = call.params
    given = [name for name in ("symbol", "symbols", "permissions") if name in params]
    if len(given) > 1 or ("symbolStatus" in params and given and given != ["permissions"]):
        raise refuse("bad_combination")
    entries = _chosen(desk, params)
    permissions = codec.optional(params, "permissions")
    if permissions is not None and "SPOT" not in permissions:
        entries = []
    wanted = codec.optional(params, "symbolStatus")
    if wanted is not None and wanted != "TRADING":
        entries = []
    info = exchange_info() | {
        "serverTime": now // MS,
        "rateLimits": desk.limits.rules(),
        "symbols": [entry.raw for entry in entries],
    }
    return Outcome(info, now)


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


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/trades: the trades in which the account took part, latest last (see trait ``public_trades``)."""
    return Outcome([shapes.public_trade(desk, fill) for fill in _prints(desk, call)], now)


def aggregate_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/aggTrades: the same trades, each an aggregate of one."""
    return Outcome([shapes.aggregate_trade(desk, fill) for fill in _prints(desk, call)], now)


def _prints(desk: Desk, call: Call) -> list[Fill]:
    """The latest trades of a symbol, or those from ``fromId`` or ``startTime`` on."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    most = codec.limit(params, 500, 1000)
    first, start = codec.optional_integer(params, "fromId"), codec.optional_integer(params, "startTime")
    fills = desk.exchange.view(desk.account).trades(entry.unified)
    if first is not None:
        fills = [fill for fill in fills if desk.trade_id(fill) >= first]
    if start is not None:
        fills = [fill for fill in fills if fill.time // MS >= start]
    return fills[-most:] if first is None and start is None else fills[:most]


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
    return _each(desk, call, now, lambda entry: {"symbol": entry.id} | _touch(desk, entry))


def ticker_24hr(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/ticker/24hr. Book and last price are the exchange's; volumes are those of the account's trades."""
    mini = codec.optional(call.params, "type")
    if mini is not None and mini not in ("FULL", "MINI"):
        raise refuse("invalid_parameter", "type")
    return _each(desk, call, now, lambda entry: _day(desk, entry, now, mini == "MINI"))


def _chosen(desk: Desk, params: Mapping[str, str]) -> list[Listing]:
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
    entries = _chosen(desk, call.params)
    data = [make(entry) for entry in entries]
    return Outcome(data[0] if "symbol" in call.params else data, now)


def _last(desk: Desk, entry: Listing) -> str:
    return desk.price(entry.unified, desk.exchange.last_price(entry.unified))


def _touch(desk: Desk, entry: Listing) -> dict[str, str]:
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
    fills = [
        fill for fill in desk.exchange.view(desk.account).trades(entry.unified) if fill.time // MS > now // MS - DAY_MS
    ]
    last = desk.price_e8(entry.unified, desk.exchange.last_price(entry.unified))
    prices = [fill.price * entry.tick for fill in fills] + [last]
    opened = prices[0]
    volume = sum(fill.lots for fill in fills) * entry.step
    quote_volume = sum(fill.quote for fill in fills)
    average = quote_volume * E8 // volume if volume else last
    change = last - opened
    data: dict[str, Any] = {"symbol": entry.id}
    if not mini:
        data |= {
            "priceChange": money(change),
            "priceChangePercent": f"{100 * change / opened if opened else 0:.3f}",
            "weightedAvgPrice": money(average),
            "prevClosePrice": money(opened),
        }
    data |= {"lastPrice": money(last)}
    if not mini:
        data |= {"lastQty": money(fills[-1].lots * entry.step if fills else 0)} | _touch(desk, entry)
    return data | {
        "openPrice": money(opened),
        "highPrice": money(max(prices)),
        "lowPrice": money(min(prices)),
        "volume": money(volume),
        "quoteVolume": money(quote_volume),
        "openTime": now // MS - DAY_MS,
        "closeTime": now // MS,
        "firstId": TRADE_ID_BASE + fills[0].trade_id if fills else -1,
        "lastId": TRADE_ID_BASE + fills[-1].trade_id if fills else -1,
        "count": len(fills),
    }
