"""Tickets: a request for an order, read and checked before it reaches the matching engine.

What is wrong with the request itself (no JSON object, no ``client_order_id``, no ``order_configuration``) is refused
with 400; what is wrong with the order is a rejection in an answer with 200 (see ``errors``). The configuration has one
key, which is type and time in force in one, and each key needs its own fields (``notes.KINDS``)::

    market_market_ioc            quote_size (buys), or base_size
    limit_limit_gtc / _gtd       base_size, limit_price; post_only; end_time
    limit_limit_fok, sor_limit_ioc    base_size, limit_price
    stop_limit_stop_limit_gtc / _gtd  base_size, limit_price, stop_price, stop_direction; end_time
    trigger_bracket_gtc / _gtd   base_size, limit_price, stop_trigger_price; end_time

The order of the checks is *inferred*: product, side, configuration, precision, bounds, time, stop price, then the
market's state, money, post-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from outtrade_mocks.core import NewOrder, Trigger
from outtrade_mocks.core.orders import TimeInForce
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.coinbase import codec
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.errors import refuse, reject
from outtrade_mocks.venues.coinbase.notes import ELSEWHERE, KINDS, Note
from outtrade_mocks.venues.coinbase.reference import PRECISION, Listing

SIDES = {"BUY": "buy", "SELL": "sell"}
DIRECTIONS = {"STOP_DIRECTION_STOP_UP": True, "STOP_DIRECTION_STOP_DOWN": False}
LONGEST = 128
"""Characters of a client order id (*inferred*: none is stated)."""


def client_id(body: Mapping[str, Any]) -> str:
    """``client_order_id``; raises Refusal."""
    found = body.get("client_order_id")
    if not isinstance(found, str) or not found or len(found) > LONGEST:
        raise refuse("invalid_argument", "client_order_id is required")
    return found


def configuration(body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one key of ``order_configuration`` and what it holds; raises Refusal or Rejected."""
    found = body.get("order_configuration")
    if not isinstance(found, dict):
        raise refuse("invalid_argument", "order_configuration is required")
    members = [(name, value) for name, value in found.items() if isinstance(value, dict)]
    if len(members) != 1 or members[0][0] in ELSEWHERE or members[0][0] not in KINDS:
        raise reject("configuration")
    return members[0]


def read(desk: Desk, body: Mapping[str, Any], name: str, now: int) -> tuple[Note, NewOrder]:
    """A new order from its request; raises Refusal or Rejected."""
    product = body.get("product_id")
    if not isinstance(product, str) or not product:
        raise refuse("invalid_argument", "product_id is required")
    key, fields = configuration(body)
    listing = desk.known(product)
    if listing is None:
        raise reject("product_id")
    side = SIDES.get(str(body.get("side")))
    if side is None:
        raise reject("side")
    return _order(desk, listing, side, key, fields, name, now)


def _order(
    desk: Desk, listing: Listing, side: str, key: str, fields: Mapping[str, Any], name: str, now: int
) -> tuple[Note, NewOrder]:
    kind = KINDS[key]
    if any(fields.get(one) in (None, "") for one in kind.fields):
        raise reject("configuration")
    market = key == "market_market_ioc"
    lots, quote = sizes(listing, fields, side, market=market)
    price = None if market else ticks(listing, fields.get("limit_price"))
    post_only = codec.switch(fields.get("post_only"))
    expires = _end(fields, now) if kind.core_tif == "GTD" else None
    note = Note("", name, listing, side, key, _shown(listing, fields, lots, quote, price))
    trigger = None
    if "stop_price" in kind.fields:
        trigger = _trigger(desk, listing, side, fields, note)
    elif "stop_trigger_price" in kind.fields:
        note.stop = _bracket(desk, listing, side, fields, price or 0, note)
    if market and desk.state(listing) is TradingState.OPEN:
        bids, asks = desk.exchange.depth(listing.unified, 1)
        if not (asks if side == "buy" else bids):
            raise reject("no_liquidity")
    return note, NewOrder(
        symbol=listing.unified,
        side=cast(Any, side),
        type="market" if market else "limit",
        tif=cast(TimeInForce, kind.core_tif if not market else "GTC"),
        post_only=post_only,
        price=price,
        lots=lots,
        quote=quote,
        client_id=name,
        expires=expires,
        trigger=trigger,
    )


# ------------------------------------------------------------------ sizes and prices
def sizes(listing: Listing, fields: Mapping[str, Any], side: str, *, market: bool) -> tuple[int | None, int | None]:
    """Lots, or atoms of quote; raises Rejected."""
    raw = listing.raw
    base, quote = fields.get("base_size"), fields.get("quote_size")
    if market and base in (None, "") and quote in (None, ""):
        raise reject("empty_size")
    if quote not in (None, "") and (not market or side == "sell" or base not in (None, "")):
        raise reject("configuration")  # only a market buy has a size in quote
    if quote not in (None, ""):
        amount = _number(quote)
        if amount % listing.increment("quote_increment"):
            raise reject("size_precision")
        if amount < Decimal(raw["quote_min_size"]):
            raise reject("quote_small")
        if amount > Decimal(raw["quote_max_size"]):
            raise reject("quote_large")
        return None, int(amount.scaleb(PRECISION))
    amount = _number(base)
    if amount % listing.increment("base_increment"):
        raise reject("size_precision")
    if amount <= 0 or amount < Decimal(raw["base_min_size"]):
        raise reject("base_small")
    if amount > Decimal(raw["base_max_size"]):
        raise reject("base_large")
    return int(amount / listing.step), None


def _number(value: Any) -> Decimal:
    try:
        return codec.decimal(value)
    except ValueError:
        raise refuse("invalid_argument", "a size is a decimal string") from None


def ticks(listing: Listing, value: Any) -> int:
    """A price in ticks; raises Refusal or Rejected."""
    try:
        price = codec.decimal(value)
    except ValueError:
        raise refuse("invalid_argument", "a price is a decimal string") from None
    if price % listing.increment("price_increment"):
        raise reject("price_precision")
    if price <= 0 or price >= 10**12:
        raise reject("limit_price")
    return int(price / listing.tick)


def _end(fields: Mapping[str, Any], now: int) -> int:
    try:
        end = codec.instant(fields.get("end_time"))
    except (ValueError, OverflowError):
        raise refuse("invalid_argument", "end_time is a time in RFC 3339") from None
    if end <= now:
        raise reject("configuration")
    return end


def _trigger(desk: Desk, listing: Listing, side: str, fields: Mapping[str, Any], note: Note) -> Trigger:
    """A stop price and the direction from which it is reached; an order whose stop is reached already is refused."""
    up = DIRECTIONS.get(str(fields.get("stop_direction")))
    if up is None:
        raise reject("configuration")
    stop, last = ticks(listing, fields.get("stop_price")), desk.last(listing)
    if last is not None and (stop <= last if up else stop >= last):
        raise reject("stop_below" if up else "stop_above")
    note.sent |= {"stop_price": listing.price(stop), "stop_direction": fields["stop_direction"]}
    return Trigger(kind="stop" if up == (side == "buy") else "take_profit", price=stop)


def _bracket(desk: Desk, listing: Listing, side: str, fields: Mapping[str, Any], price: int, note: Note) -> int:
    """The stop trigger price of a bracket, which lies on the other side of the market than its limit."""
    stop, last = ticks(listing, fields.get("stop_trigger_price")), desk.last(listing)
    if stop >= price if side == "sell" else stop <= price:
        raise reject("configuration")
    if last is not None and (stop >= last if side == "sell" else stop <= last):
        raise reject("stop_above" if side == "sell" else "stop_below")
    note.sent["stop_trigger_price"] = listing.price(stop)
    return stop


def _shown(
    listing: Listing, fields: Mapping[str, Any], lots: int | None, quote: int | None, price: int | None
) -> dict[str, Any]:
    """What a configuration holds, as answers repeat it."""
    shown: dict[str, Any] = {}
    if quote is not None:
        shown["quote_size"] = codec.scaled(quote, PRECISION)
    if lots is not None:
        shown["base_size"] = listing.size(lots)
    if price is not None:
        shown["limit_price"] = listing.price(price)
    if "post_only" in fields:
        shown["post_only"] = codec.switch(fields["post_only"])
    if "end_time" in fields:
        shown["end_time"] = fields["end_time"]
    return shown
