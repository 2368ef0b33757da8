"""Reference and market data from somebody's recording of Binance spot.

``recorded`` reads a cassette and returns plain data that a venue can be built from: the symbols' own objects of
``exchangeInfo``, the account's fees, and for each symbol with a price the market it starts with. Where something was
recorded several times, the first counts. Paths decide, not hosts: a testnet or ``data-api`` is as good.

    exchangeInfo                             which symbols there are, and their filters
    depth                                    the book at the start: levels, mid, spread
    ticker/bookTicker, ticker/24hr           best bid and ask, where no book was recorded
    trades, aggTrades, ticker/price, avgPrice   a price, where neither was; the size of a usual trade
    account/commission, asset/tradeFee, account   maker and taker fees

What the mock does not have is switched off by the documented flags, so that a client that
reads the rules does not rely on them. The recording comes from outside: every number is checked before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from outtrade_mocks.cassettes import Cassette, CassetteError
from outtrade_mocks.cassettes.model import one_line

ORDER_TYPES = (*("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"),)
FILTERS = (
    *("PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "PERCENT_PRICE_BY_SIDE", "NOTIONAL", "MAX_NUM_ORDERS"),
    *("MAX_NUM_ALGO_ORDERS", "MAX_POSITION", "ICEBERG_PARTS", "TRAILING_DELTA", "MAX_NUM_ORDER_AMENDS"),
    *("MAX_NUM_ICEBERG_ORDERS", "MAX_NUM_ORDER_LISTS"),
)
"""What the mock keeps of a symbol's filters; the older PERCENT_PRICE and MIN_NOTIONAL become their successors."""
FLAGS = ("icebergAllowed", "ocoAllowed", "otoAllowed", "allowTrailingStop", "amendAllowed")
"""What a symbol may have or not."""
OFF = ("opoAllowed", "pegInstructionsAllowed", "isMarginTradingAllowed")
"""What the mock does not offer."""
MODES = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
USUAL = 200
"""Smallest orders that a level of the book holds, where no size was recorded."""
LEVELS = 20
"""Levels of a recorded book that are used, on each side."""

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,8})?", re.ASCII)
"""Short enough for exact arithmetic with 28 digits."""
_SYMBOL = re.compile(r"[A-Z0-9._-]{1,20}", re.ASCII)
_ASSET = re.compile(r"[A-Z0-9._-]{1,15}", re.ASCII)


class Unusable(ValueError):
    """What is wrong with one symbol of a recording."""


@dataclass(slots=True)
class Rules:
    """For comparisons: symbol -> rule -> value as text. ``complete``: all symbols were asked for."""

    symbols: dict[str, dict[str, str]] = field(default_factory=dict)
    complete: bool = False


@dataclass(slots=True)
class Recorded:
    """Unified symbol -> its object in exchangeInfo, fees (maker, taker), and the market at the start as fields of a
    scenario's market; ``unusable``: why a symbol of the recording cannot be traded in the mock."""

    listings: dict[str, dict[str, Any]] = field(default_factory=dict)
    fees: dict[str, tuple[str, str]] = field(default_factory=dict)
    markets: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)


# ------------------------------------------------------------------ reading a cassette
def _answers(cassette: Cassette, *paths: str) -> Iterator[tuple[dict[str, str], Any]]:
    """Parameters and decoded answer of every successful GET of one of these paths."""
    for item in cassette:
        parts = urlsplit(item.uri)
        if item.method != "GET" or item.status != 200 or parts.path not in paths:
            continue
        try:
            yield dict(parse_qsl(parts.query)), item.json()
        except (ValueError, RecursionError):
            continue


def _symbols(cassette: Cassette) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Parameters and every symbol's object of the exchangeInfo answers."""
    for params, info in _answers(cassette, "/api/v3/exchangeInfo", "/api/v1/exchangeInfo"):
        listed = info.get("symbols") if isinstance(info, dict) else None
        for raw in listed if isinstance(listed, list) else ():
            if isinstance(raw, dict) and isinstance(raw.get("symbol"), str):
                yield params, raw


def rules(cassette: Cassette) -> Rules:
    """The trading rules in a recording, each filter's bound by itself, for comparisons."""
    found = Rules()
    for params, raw in _symbols(cassette):
        if raw["symbol"] in found.symbols:
            continue
        found.complete = found.complete or not {"symbol", "symbols", "permissions", "symbolStatus"} & set(params)
        entry = found.symbols[one_line(raw["symbol"], 40)] = {}
        for name, value in raw.items():
            if name == "filters" and isinstance(value, list):
                for rule in (rule for rule in value if isinstance(rule, dict)):
                    kind = one_line(rule.get("filterType"), 60)
                    entry |= {f"{kind}.{one_line(key, 60)}": _shown(value) for key, value in rule.items()}
                    entry.pop(f"{kind}.filterType", None)
            elif name != "symbol":
                entry[one_line(name, 60)] = _shown(value)
    return found


def _shown(value: Any) -> str:
    """A rule's value in one line; numbers without trailing zeros, lists in order of their words."""
    if isinstance(value, list):
        return one_line(" ".join(sorted(map(_shown, value))) or "none", 120)
    text = str(value)
    if isinstance(value, str) and re.fullmatch(r"\d{1,20}(\.\d{1,20})?", text, re.ASCII):
        text = f"{Decimal(text).normalize():f}"
    return one_line(text, 120) or "empty"


def recorded(cassette: Cassette) -> Recorded:
    """What a recording says about Binance spot. Raises CassetteError where it holds no exchangeInfo."""
    found = Recorded()
    by_id: dict[str, str] = {}
    for _, raw in _symbols(cassette):
        try:
            unified, listing = listing_of(raw)
        except Unusable as error:
            found.unusable.setdefault(_unified(raw), str(error))
            continue
        if unified not in found.listings:
            found.listings[unified] = listing
            by_id[listing["symbol"]] = unified
    if not found.listings and not found.unusable:
        raise CassetteError(f"{one_line(cassette.name)}: no answer of Binance spot's /api/v3/exchangeInfo in it")
    found.unusable = {name: why for name, why in found.unusable.items() if name not in found.listings}
    found.fees = _fees(cassette, by_id)
    found.markets = _markets(cassette, by_id, found.listings)
    return found


def _unified(raw: Mapping[str, Any]) -> str:
    return one_line(f"{raw.get('baseAsset')}/{raw.get('quoteAsset')}", 40)


# ------------------------------------------------------------------ listings
def listing_of(raw: Any) -> tuple[str, dict[str, Any]]:
    """Unified symbol, and its object as the mock can play it. Raises Unusable. What it returns passes again."""
    if not isinstance(raw, dict):
        raise Unusable("it is no object")
    base, quote = raw.get("baseAsset"), raw.get("quoteAsset")
    if (
        not (_matches(_SYMBOL, raw.get("symbol")) and _matches(_ASSET, base) and _matches(_ASSET, quote))
        or base == quote
    ):
        raise Unusable("its name is no symbol of Binance spot")
    if raw.get("status") != "TRADING" or raw.get("isSpotTradingAllowed") is False:
        raise Unusable("it is not open for spot trading in the recording")
    for name in ("baseAssetPrecision", "quoteAssetPrecision"):
        if raw.get(name, 8) != 8:
            raise Unusable(f"{name} is not 8")
    types = [kind for kind in ORDER_TYPES if kind in _list(raw.get("orderTypes"))]
    if "LIMIT" not in types or "MARKET" not in types:
        raise Unusable("it does not take limit and market orders")
    listing = {
        "symbol": raw["symbol"],
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": types,
        "quoteOrderQtyMarketAllowed": raw.get("quoteOrderQtyMarketAllowed") is not False,
        "cancelReplaceAllowed": raw.get("cancelReplaceAllowed") is not False,
        "isSpotTradingAllowed": True,
        **{name: raw.get(name) is True for name in FLAGS},
        **dict.fromkeys(OFF, False),
        "filters": _filters(raw),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": [
            mode
            for mode in MODES
            if mode == "EXPIRE_MAKER" or mode in _list(raw.get("allowedSelfTradePreventionModes"))
        ],
    }
    return f"{base}/{quote}", listing


def _filters(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The filters that the mock enforces, checked."""
    listed = _list(raw.get("filters"))
    given = {rule["filterType"]: rule for rule in listed if _matches(_ANY, field_of(rule, "filterType"))}
    if "NOTIONAL" not in given and "MIN_NOTIONAL" in given:
        old = given["MIN_NOTIONAL"]
        given["NOTIONAL"] = {
            "filterType": "NOTIONAL",
            "minNotional": old.get("minNotional"),
            "applyMinToMarket": old.get("applyToMarket", True),
            "maxNotional": "0",
            "applyMaxToMarket": False,
            "avgPriceMins": old.get("avgPriceMins", 5),
        }
    if "PERCENT_PRICE_BY_SIDE" not in given and "PERCENT_PRICE" in given:
        old = given["PERCENT_PRICE"]
        up, down = old.get("multiplierUp"), old.get("multiplierDown")
        given["PERCENT_PRICE_BY_SIDE"] = {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": up,
            "bidMultiplierDown": down,
            "askMultiplierUp": up,
            "askMultiplierDown": down,
            "avgPriceMins": old.get("avgPriceMins", 5),
        }
    for kind, names in _NEEDED.items():
        if kind not in given:
            if kind in _MUST:
                raise Unusable(f"it has no {kind} filter")
            continue
        for name in names:
            if decimal(given[kind].get(name)) is None:
                raise Unusable(f"{kind}.{name} is no number")
    for kind, name in (("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize")):
        unit = decimal(given[kind][name])
        if not unit or unit.normalize().as_tuple().exponent < -8:  # type: ignore[operator]
            raise Unusable(f"{kind}.{name} is not a positive number of at most eight decimals")
    market_step = decimal(given.get("MARKET_LOT_SIZE", {}).get("stepSize")) or Decimal(0)
    if market_step % Decimal(given["LOT_SIZE"]["stepSize"]):
        raise Unusable("MARKET_LOT_SIZE.stepSize is no multiple of LOT_SIZE.stepSize")
    for kind, names in _COUNTS.items():
        for name in names if kind in given else ():
            most = given[kind].get(name)
            if not isinstance(most, int) or isinstance(most, bool) or most < 1:
                raise Unusable(f"{kind}.{name} is no positive integer")
    return [_plain_rule(given[kind]) for kind in FILTERS if kind in given]


_ANY = re.compile(r"[A-Z_]{1,60}")
_MUST = ("PRICE_FILTER", "LOT_SIZE")
_NEEDED = {
    "PRICE_FILTER": ("minPrice", "maxPrice", "tickSize"),
    "LOT_SIZE": ("minQty", "maxQty", "stepSize"),
    "MARKET_LOT_SIZE": ("minQty", "maxQty", "stepSize"),
    "PERCENT_PRICE_BY_SIDE": ("bidMultiplierUp", "bidMultiplierDown", "askMultiplierUp", "askMultiplierDown"),
    "NOTIONAL": ("minNotional", "maxNotional"),
    "MAX_POSITION": ("maxPosition",),
}

_COUNTS = {
    "MAX_NUM_ORDERS": ("maxNumOrders",),
    "MAX_NUM_ORDER_AMENDS": ("maxNumOrderAmends",),
    "MAX_NUM_ALGO_ORDERS": ("maxNumAlgoOrders",),
    "MAX_NUM_ICEBERG_ORDERS": ("maxNumIcebergOrders",),
    "MAX_NUM_ORDER_LISTS": ("maxNumOrderLists",),
    "ICEBERG_PARTS": ("limit",),
    "TRAILING_DELTA": tuple(f"{end}Trailing{way}Delta" for end in ("min", "max") for way in ("Above", "Below")),
}


def _plain_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A filter's fields that are names, numbers and flags."""
    return {name: value for name, value in rule.items() if isinstance(value, str | int | bool) and len(str(value)) < 50}


# ------------------------------------------------------------------ fees
def _fees(cassette: Cassette, by_id: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """(maker, taker) by symbol; the account's own rates where a symbol has none of its own."""
    found: dict[str, tuple[str, str]] = {}
    for _, data in _answers(cassette, "/api/v3/account/commission"):
        _fee(found, by_id.get(str(field_of(data, "symbol"))), field_of(data, "standardCommission"), "maker", "taker")
    for _, data in _answers(cassette, "/sapi/v1/asset/tradeFee"):
        for row in data if isinstance(data, list) else [data]:
            _fee(found, by_id.get(str(field_of(row, "symbol"))), row, "makerCommission", "takerCommission")
    for _, data in _answers(cassette, "/api/v3/account"):
        for unified in by_id.values():
            _fee(found, unified, field_of(data, "commissionRates"), "maker", "taker")
    return found


def _fee(found: dict[str, tuple[str, str]], symbol: str | None, rates: Any, maker: str, taker: str) -> None:
    first, second = decimal(field_of(rates, maker)), decimal(field_of(rates, taker))
    if symbol is not None and first is not None and second is not None and max(first, second) < 1:
        found.setdefault(symbol, (f"{first.normalize():f}", f"{second.normalize():f}"))


# ------------------------------------------------------------------ markets
def _markets(
    cassette: Cassette, by_id: Mapping[str, str], listings: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Symbols with a price: those with a whole book first, then those with best prices, then the rest."""
    sizes = _trade_sizes(cassette, by_id)
    found: dict[str, dict[str, Any]] = {}
    for quotes in (_books(cassette, by_id), _touches(cassette, by_id), _prices(cassette, by_id)):
        for symbol, sides in quotes:
            if symbol in found:
                continue
            rules = {rule["filterType"]: rule for rule in listings[symbol]["filters"]}
            tick, step = Decimal(rules["PRICE_FILTER"]["tickSize"]), Decimal(rules["LOT_SIZE"]["stepSize"])
            market = _market(sides, tick, step)
            if market is None:
                continue
            if "depth" not in market:
                least = Decimal(rules.get("NOTIONAL", {}).get("minNotional", "0")) / Decimal(market["mid"])
                least = max(least, Decimal(rules["LOT_SIZE"]["minQty"]), step)
                market["depth"] = market["taker_size"] = _on_grid(least * USUAL, step)
            if symbol in sizes:
                market["taker_size"] = _on_grid(sizes[symbol], step)
            found[symbol] = market
    return found


Sides = tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]


def _books(cassette: Cassette, by_id: Mapping[str, str]) -> Iterator[tuple[str, Sides]]:
    for params, data in _answers(cassette, "/api/v3/depth"):
        symbol = by_id.get(params.get("symbol", ""))
        bids, asks = (levels_of(field_of(data, side)) for side in ("bids", "asks"))
        if symbol is not None and bids and asks:
            yield symbol, (sorted(bids, reverse=True)[:LEVELS], sorted(asks)[:LEVELS])


def _touches(cassette: Cassette, by_id: Mapping[str, str]) -> Iterator[tuple[str, Sides]]:
    for _, data in _answers(cassette, "/api/v3/ticker/bookTicker", "/api/v3/ticker/24hr"):
        for row in data if isinstance(data, list) else [data]:
            symbol = by_id.get(str(field_of(row, "symbol")))
            bids, asks = (
                levels_of([[field_of(row, f"{side}Price"), field_of(row, f"{side}Qty")]]) for side in ("bid", "ask")
            )
            if symbol is not None and bids and asks:
                yield symbol, (bids, asks)


def _prices(cassette: Cassette, by_id: Mapping[str, str]) -> Iterator[tuple[str, Sides]]:
    """A price alone is a book without a spread and without a size."""
    paths = ("ticker/price", "avgPrice", "ticker/24hr", "trades", "aggTrades")
    for path in paths:
        for params, data in _answers(cassette, f"/api/v3/{path}"):
            rows = data if isinstance(data, list) else [data]
            for row in reversed(rows) if "rades" in path else rows:
                symbol = by_id.get(str(field_of(row, "symbol") or params.get("symbol", "")))
                price = next(
                    (decimal(field_of(row, name)) for name in ("price", "lastPrice", "p") if field_of(row, name)), None
                )
                if symbol is not None and price:
                    yield symbol, ([(price, Decimal(0))], [(price, Decimal(0))])


def _trade_sizes(cassette: Cassette, by_id: Mapping[str, str]) -> dict[str, Decimal]:
    """The mean quantity of the recorded trades."""
    found: dict[str, list[Decimal]] = {}
    for params, data in _answers(cassette, "/api/v3/trades", "/api/v3/aggTrades"):
        symbol = by_id.get(params.get("symbol", ""))
        sizes = [decimal(field_of(row, "qty") or field_of(row, "q")) for row in _list(data)]
        if symbol is not None:
            found.setdefault(symbol, []).extend(size for size in sizes if size)
    return {symbol: sum(sizes, Decimal(0)) / len(sizes) for symbol, sizes in found.items() if sizes}


def levels_of(rows: Any) -> list[tuple[Decimal, Decimal]]:
    """Rows of a recorded book that are a price and a quantity above 0."""
    found = []
    for row in _list(rows):
        price, size = (decimal(part) for part in row[:2]) if isinstance(row, list) and len(row) >= 2 else (None, None)
        if price and size:
            found.append((price, size))
    return found


def _market(sides: Sides, tick: Decimal, step: Decimal) -> dict[str, Any] | None:
    """Fields of a scenario's market, as text; None where the prices do not lie on the grid or the book is crossed.
    Sizes and the spread are missing where only a price was recorded."""
    bids, asks = sides
    best, lowest = bids[0][0], asks[0][0]
    alone = not bids[0][1]
    if any(price % tick or size % step for side in sides for price, size in side) and not alone:
        return None
    if best > lowest or (best == lowest and not alone):
        return None
    mid = (best + lowest) / 2
    market: dict[str, Any] = {"mid": f"{mid.normalize():f}"}
    if alone:
        return market
    spread = (lowest - best) / mid * 10_000  # not rounded up, or the touch of the mock's quotes lies a tick outside
    market["spread_bps"] = float(spread.quantize(Decimal("0.000001"), ROUND_DOWN))
    sizes = [size for side in sides for _, size in side]
    market["depth"] = market["taker_size"] = _on_grid(sum(sizes, Decimal(0)) / len(sizes), step)
    if min(len(bids), len(asks)) > 1:
        market["levels"] = min(len(bids), len(asks))
        market["opening"] = [[[f"{price:f}", f"{size:f}"] for price, size in side] for side in sides]
    return market


def _on_grid(size: Decimal, step: Decimal) -> str:
    return f"{(max(size // step, Decimal(1)) * step).normalize():f}"


# ------------------------------------------------------------------ values from outside
def field_of(data: Any, name: str) -> Any:
    """A field of an object; None of anything else."""
    return data.get(name) if isinstance(data, dict) else None


def _list(data: Any) -> Iterable[Any]:
    return data if isinstance(data, list) else ()


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def decimal(value: Any) -> Decimal | None:
    """A decimal string of the wire; None for anything else (sign, exponent, a thousand digits)."""
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None
