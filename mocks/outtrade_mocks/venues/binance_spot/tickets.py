"""Tickets: a request for an order, read and checked as Binance's API does before it reaches the matching engine.

The checks run in a fixed order: symbol, side, type, time in force, what the type needs, what it must not have, the
form of each number, client order id. Trading rules (filters) come after them, in the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from outtrade_mocks.core import NewOrder
from outtrade_mocks.core.orders import TimeInForce
from outtrade_mocks.venues.binance_spot import codec
from outtrade_mocks.venues.binance_spot.desk import SELF_TRADE_MODE, Desk
from outtrade_mocks.venues.binance_spot.errors import refuse
from outtrade_mocks.venues.binance_spot.reference import Listing

SIDES: Mapping[str, Literal["buy", "sell"]] = {"BUY": "buy", "SELL": "sell"}
TIMES_IN_FORCE = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")
UNSUPPORTED_TYPES = {
    "STOP_LOSS": "unsupported_stop_loss",
    "STOP_LOSS_LIMIT": "unsupported_stop_loss_limit",
    "TAKE_PROFIT": "unsupported_take_profit",
    "TAKE_PROFIT_LIMIT": "unsupported_take_profit_limit",
}
"""Types that the live venue has and this mock's symbols do not list, with the documented refusal."""
SELF_TRADE_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")
LEAST_STRATEGY_TYPE = 1_000_000


@dataclass(slots=True)
class Ticket:
    """A readable request for an order, and how its answer is wanted."""

    listing: Listing
    new: NewOrder
    response: str


def read(desk: Desk, params: Mapping[str, str]) -> Ticket:
    """Read a new order; raises Refusal."""
    listing = desk.listed(codec.mandatory(params, "symbol"))
    side = SIDES.get(codec.mandatory(params, "side"))
    if side is None:
        raise refuse("invalid_side")
    kind = codec.mandatory(params, "type")
    if kind not in ("LIMIT", "MARKET", "LIMIT_MAKER") and kind not in UNSUPPORTED_TYPES:
        raise refuse("invalid_type")
    tif = codec.optional(params, "timeInForce")
    if tif is not None and tif not in TIMES_IN_FORCE:
        raise refuse("invalid_tif")
    _refuse_unsupported(params, kind)
    price, quantity, quote = _numbers(params, kind, tif)
    response = _response(params, kind)
    client_id = codec.optional(params, "newClientOrderId")
    client_id = desk.client_id() if client_id is None else codec.client_id("newClientOrderId", client_id)
    label = _strategy(params)
    mode = codec.optional(params, "selfTradePreventionMode")
    if mode is not None and mode != SELF_TRADE_MODE:
        raise refuse("unsupported_operation" if mode in SELF_TRADE_MODES else "invalid_parameter", *_named(mode))
    new = NewOrder(
        symbol=listing.unified,
        side=side,
        type="market" if kind == "MARKET" else "limit",
        tif=cast(TimeInForce, tif or "GTC"),
        post_only=kind == "LIMIT_MAKER",
        price=None if price is None else desk.ticks(listing, price),
        lots=None if quantity is None else desk.lots(listing, quantity),
        quote=quote,
        client_id=client_id,
        label=label,
    )
    return Ticket(listing, new, response)


def _named(mode: str) -> tuple[str, ...]:
    return () if mode in SELF_TRADE_MODES else ("selfTradePreventionMode",)


def _refuse_unsupported(params: Mapping[str, str], kind: str) -> None:
    """Order types and options that exist on the venue and not here (the symbols' flags say so)."""
    if kind in UNSUPPORTED_TYPES:
        raise refuse(UNSUPPORTED_TYPES[kind])
    if "trailingDelta" in params:
        raise refuse("unsupported_trailing_stop")
    iceberg = codec.optional(params, "icebergQty")
    if iceberg is not None and codec.e8("icebergQty", iceberg):
        raise refuse("unsupported_iceberg")
    if "stopPrice" in params:
        raise refuse("not_required", "stopPrice")
    for name in ("pegPriceType", "pegOffsetType", "pegOffsetValue"):
        if name in params:
            raise refuse("unsupported_operation")


def _numbers(params: Mapping[str, str], kind: str, tif: str | None) -> tuple[int | None, int | None, int | None]:
    """Price, quantity and quote amount in e8, as far as the type has them."""
    if kind == "MARKET":
        for name in ("price", "timeInForce"):
            if name in params:
                raise refuse("not_required", name)
        quantity, quote = codec.optional(params, "quantity"), codec.optional(params, "quoteOrderQty")
        if quantity is None and quote is None:
            raise refuse("either", "quantity", "quoteOrderQty")
        if quantity is not None and quote is not None:
            raise refuse("not_required", "quoteOrderQty")
        return (
            None,
            None if quantity is None else codec.e8("quantity", quantity),
            None if quote is None else codec.e8("quoteOrderQty", quote),
        )
    if kind == "LIMIT":
        if tif is None:
            raise refuse("mandatory", "timeInForce")
    elif tif is not None:
        raise refuse("not_required", "timeInForce")
    size, price = codec.mandatory(params, "quantity"), codec.mandatory(params, "price")
    if "quoteOrderQty" in params:
        raise refuse("not_required", "quoteOrderQty")
    return codec.e8("price", price), codec.e8("quantity", size), None


def _response(params: Mapping[str, str], kind: str) -> str:
    """``newOrderRespType``; MARKET and LIMIT default to FULL, all others to ACK."""
    wanted = codec.optional(params, "newOrderRespType")
    if wanted is None:
        return "ACK" if kind == "LIMIT_MAKER" else "FULL"
    if wanted not in RESPONSES:
        raise refuse("invalid_parameter", "newOrderRespType")
    return wanted


def _strategy(params: Mapping[str, str]) -> str:
    """``strategyId`` and ``strategyType``, carried along as the core's label."""
    strategy = codec.optional_integer(params, "strategyId")
    kind = codec.optional_integer(params, "strategyType")
    if kind is not None and kind < LEAST_STRATEGY_TYPE:
        raise refuse("strategy_type")
    if strategy is None and kind is None:
        return ""
    return f"{'' if strategy is None else strategy}|{'' if kind is None else kind}"
