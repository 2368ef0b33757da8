"""Market data: time, products, books, trades, candles, best prices, and currencies of the older API.

The public endpoints (``/market/...``) answer like the signed ones. A product's flags say in which state its market is;
``view_only`` is not the market's, but that of an account that may not trade it (always false here).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.coinbase import codec, orders
from outtrade_mocks.venues.coinbase.codec import SECOND, moment, text
from outtrade_mocks.venues.coinbase.desk import TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.coinbase.errors import refuse
from outtrade_mocks.venues.coinbase.reference import FIAT, Listing

DAY = 86_400 * SECOND
GRANULARITIES = {
    "ONE_MINUTE": 60, "FIVE_MINUTE": 300, "FIFTEEN_MINUTE": 900, "THIRTY_MINUTE": 1800, "ONE_HOUR": 3600,
    "TWO_HOUR": 7200, "FOUR_HOUR": 14_400, "SIX_HOUR": 21_600, "ONE_DAY": 86_400,
}  # fmt: skip
"""Seconds of a candle."""
CANDLES = 350
"""Most candles of an answer."""
FLAGS: dict[TradingState, dict[str, Any]] = {
    TradingState.POST_ONLY: {"post_only": True},
    TradingState.AUCTION: {"auction_mode": True},
    TradingState.CANCEL_ONLY: {"cancel_only": True},
    TradingState.HALTED: {"trading_disabled": True},
    TradingState.MAINTENANCE: {"trading_disabled": True, "status": "offline"},
    TradingState.EXPIRED: {"trading_disabled": True, "is_disabled": True, "status": "delisted"},
}
"""What a product says of a market that is not open."""


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/brokerage/time."""
    return Outcome({"iso": moment(now), "epochSeconds": str(now // SECOND), "epochMillis": str(now // 1_000_000)})


def older_time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/time."""
    return Outcome({"data": {"iso": moment(now, 0), "epoch": now // SECOND}})


# ------------------------------------------------------------------ products
def product(desk: Desk, listing: Listing, now: int) -> dict[str, Any]:
    """A product as it is shown: reference data, flags, prices and volumes of the day."""
    shown: dict[str, Any] = dict(listing.raw) | FLAGS.get(desk.state(listing), {})
    last = desk.last(desk.listed(listing.id))
    bids, asks = desk.exchange.depth(listing.unified, 1)
    fills = [one for one in desk.account.fills if one.symbol == listing.unified and one.time > now - DAY]
    shown["price"] = listing.price(last)
    shown["volume_24h"] = listing.size(sum(one.lots for one in fills))
    shown["price_percentage_change_24h"] = "0"
    shown["volume_percentage_change_24h"] = "0"
    if bids and asks:
        shown["mid_market_price"] = text((bids[0][0] + asks[0][0]) * listing.tick / 2)
    return shown


def products(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /products and /market/products."""
    kind = orders.first(call, "product_type")
    ids = orders.asked(call, "product_ids")
    chosen = [
        entry
        for entry in desk.listings.values()
        if kind in (None, "SPOT", "UNKNOWN_PRODUCT_TYPE") and (not ids or entry.id in ids)
    ]
    offset, limit = orders.first(call, "offset") or "0", orders.limit_of(call, len(chosen), len(chosen))
    start = int(offset) if offset.isascii() and offset.isdecimal() and len(offset) < 9 else 0
    rows = [product(desk, entry, now) for entry in chosen[start : start + limit]]
    return Outcome({"products": rows, "num_products": len(rows), "pagination": None})


def one_product(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /products/{product_id}."""
    return Outcome(product(desk, desk.listed(call.raw.named), now))


# ------------------------------------------------------------------ books
def levels(listing: Listing, side: list[tuple[int, int]]) -> list[dict[str, str]]:
    """One side of a book."""
    return [{"price": listing.price(ticks), "size": listing.size(lots)} for ticks, lots in side]


def _book(desk: Desk, listing: Listing, depth: int, now: int) -> dict[str, Any]:
    bids, asks = desk.exchange.depth(listing.unified, depth)
    return {"product_id": listing.id, "bids": levels(listing, bids), "asks": levels(listing, asks), "time": moment(now)}


def book(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /product_book and /market/product_book."""
    listing = desk.listed(orders.first(call, "product_id") or "")
    shown = _book(desk, listing, orders.limit_of(call, 1000, 1000), now)
    bids, asks = desk.exchange.depth(listing.unified, 1)
    found: dict[str, Any] = {"pricebook": shown, "last": listing.price(desk.last(listing))}
    if bids and asks:
        spread = (asks[0][0] - bids[0][0]) * listing.tick
        mid = (asks[0][0] + bids[0][0]) * listing.tick / 2
        found |= {
            "mid_market": text(mid),
            "spread_bps": text((spread / mid * 10_000).quantize(Decimal("0.000000000001"))),
            "spread_absolute": text(spread),
        }
    return Outcome({"mid_market": "", "spread_bps": "", "spread_absolute": ""} | found)


def best_bid_ask(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /best_bid_ask."""
    ids = orders.asked(call, "product_ids") or list(desk.by_id)
    return Outcome({"pricebooks": [_book(desk, desk.listed(one), 1, now) for one in ids]})


# ------------------------------------------------------------------ trades
def trade(listing: Listing, one: Print) -> dict[str, Any]:
    """A public trade; its side is the maker's (WebSocket channels, market_trades)."""
    return {
        "trade_id": str(TRADE_ID_BASE + one.number),
        "product_id": listing.id,
        "price": listing.price(one.price),
        "size": listing.size(one.lots),
        "time": moment(one.time),
        "side": "SELL" if one.taker == "buy" else "BUY",
    }


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /products/{product_id}/ticker: the latest trades, newest first, and the best prices."""
    listing = desk.listed(call.raw.named)
    start, end = _seconds(call, "start"), _seconds(call, "end")
    found = [
        one
        for one in desk.prints(listing)
        if (start is None or one.time >= start) and (end is None or one.time < end + SECOND)
    ]
    rows = [trade(listing, one) | {"bid": "", "ask": "", "exchange": "coinbase"} for one in reversed(found)]
    bids, asks = desk.exchange.depth(listing.unified, 1)
    return Outcome(
        {
            "trades": rows[: orders.limit_of(call, 100, 1000)],
            "best_bid": listing.price(bids[0][0]) if bids else "",
            "best_ask": listing.price(asks[0][0]) if asks else "",
        }
    )


def _seconds(call: Call, name: str) -> int | None:
    sent = orders.first(call, name)
    if sent is None:
        return None
    try:
        return codec.integer(sent) * SECOND
    except ValueError:
        raise refuse("invalid_argument", f"{name} is a UNIX time in seconds") from None


# ------------------------------------------------------------------ candles
def candles_of(desk: Desk, listing: Listing, seconds: int, start: int, end: int) -> list[dict[str, str]]:
    """Candles that begin within the times (UNIX ns), newest first; an interval without trades has none."""
    length = seconds * SECOND
    groups: dict[int, list[Print]] = {}
    for one in desk.prints(listing):
        begin = one.time - one.time % length
        if start <= begin <= end:
            groups.setdefault(begin, []).append(one)
    return [candle(listing, begin, groups[begin]) for begin in sorted(groups, reverse=True)]


def candle(listing: Listing, begin: int, found: list[Print]) -> dict[str, str]:
    """One candle of trades, oldest first."""
    return {
        "start": str(begin // SECOND),
        "low": listing.price(min(one.price for one in found)),
        "high": listing.price(max(one.price for one in found)),
        "open": listing.price(found[0].price),
        "close": listing.price(found[-1].price),
        "volume": listing.size(sum(one.lots for one in found)),
    }


def candles(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /products/{product_id}/candles."""
    listing = desk.listed(call.raw.named)
    seconds = GRANULARITIES.get(orders.first(call, "granularity") or "")
    if seconds is None:
        raise refuse("invalid_argument", "granularity is unknown")
    start, end = _seconds(call, "start"), _seconds(call, "end")
    if start is None or end is None or end < start:
        raise refuse("invalid_argument", "start and end are required")
    if (end - start) // (seconds * SECOND) > CANDLES:
        raise refuse("invalid_argument", f"number of candles requested should be less than {CANDLES}")
    return Outcome({"candles": candles_of(desk, listing, seconds, start, end)[:CANDLES]})


# ------------------------------------------------------------------ currencies (older API)
def fiat(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/currencies."""
    return Outcome({"data": [{"id": one, "name": one, "min_size": "0.01"} for one in desk.assets() if one in FIAT]})


def crypto(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/currencies/crypto."""
    rows = [
        {
            "asset_id": codec.made_id("asset", asset),
            "code": asset,
            "name": asset,
            "color": "#000000",
            "sort_index": number,
            "exponent": 8,
            "type": "crypto",
            "address_regex": "",
        }
        for number, asset in enumerate(desk.assets())
        if asset not in FIAT
    ]
    return Outcome({"data": rows})


def rates_of(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/exchange-rates: of one dollar, where a product has a price."""
    rates = {"USD": "1"}
    for listing in desk.listings.values():
        last = desk.last(desk.listed(listing.id)) if listing.quote == "USD" else None
        if last:
            rates[listing.base] = text((1 / (last * listing.tick)).quantize(Decimal("1E-12")))
    return Outcome({"data": {"currency": "USD", "rates": rates}})
