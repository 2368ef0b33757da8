"""A cassette as somebody may have recorded it on Binance spot: more symbols, filters and order types than the mock has,
a book for one symbol, best prices for another, only a price for a third."""

from __future__ import annotations

import json
from typing import Any

from outtrade_mocks.cassettes import Cassette, Interaction

BASE = "https://api.binance.com/api/v3"


def symbol(base: str, quote: str, tick: str, step: str, **changes: Any) -> dict[str, Any]:
    """A symbol's object in exchangeInfo, as the venue answers it."""
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "100000.00000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "900000.00000000", "stepSize": step},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": "25000.74166666",
            "stepSize": "0.00000000",
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": filters,
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN", "TRD_GRP_004", "TRD_GRP_005"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
        **changes,
    }


def got(path: str, answer: Any, status: int = 200) -> Interaction:
    """A GET and its answer."""
    return Interaction(path.partition("?")[0], "GET", BASE + path, status, json.dumps(answer).encode())


SOL_BOOK = {
    "lastUpdateId": 27_000_000_001,
    "bids": [[f"{187.31 - 0.01 * n:.8f}", f"{120.5 + 17 * n:.8f}"] for n in range(10)],
    "asks": [[f"{187.32 + 0.01 * n:.8f}", f"{98.25 + 21 * n:.8f}"] for n in range(10)],
}
SYMBOLS = [
    symbol("SOL", "USDT", "0.01000000", "0.00100000"),
    symbol("LINK", "USDT", "0.00100000", "0.01000000"),
    symbol("SOL", "BTC", "0.00000010", "0.00100000"),
    symbol("OLD", "USDT", "0.01000000", "0.01000000", status="BREAK"),
    symbol("ADA", "USDT", "0.00010000", "0.10000000"),
]


def tape(*more: Interaction, symbols: list[dict[str, Any]] | None = None) -> Cassette:
    """The recording; ``more`` comes first."""
    info = {"timezone": "UTC", "serverTime": 1, "rateLimits": [], "exchangeFilters": [], "symbols": symbols or SYMBOLS}
    link = {"symbol": "LINKUSDT", "bidPrice": "21.40100000", "bidQty": "512.00000000", "askPrice": "21.40300000"}
    items = (
        *more,
        got("/exchangeInfo", info),
        got("/ticker/bookTicker?symbol=LINKUSDT", link | {"askQty": "488.00000000"}),
        got("/depth?symbol=SOLUSDT&limit=10", SOL_BOOK),
        got(
            "/trades?symbol=SOLUSDT",
            [{"id": 1, "price": "187.32", "qty": "4.5"}, {"id": 2, "price": "1", "qty": "1.5"}],
        ),
        got("/avgPrice?symbol=SOLBTC", {"mins": 5, "price": "0.00210055", "closeTime": 1}),
        got(
            "/account/commission?symbol=SOLUSDT",
            {"symbol": "SOLUSDT", "standardCommission": {"maker": "0.00080000", "taker": "0.00100000"}},
        ),
    )
    return Cassette("their_run", "recorded", "api.binance.com, a test", items)
