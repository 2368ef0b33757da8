"""Tickets: a request for an order, read and checked as Bybit's API does before it reaches the matching engine.

Contracts and spot refuse the same mistakes with other codes (10001 and 110..., 170...). The checks run in a fixed order
(*inferred*): symbol, side, type, time in force, quantity, price, trigger, take profit and stop loss, client order id.

A *conditional order* has a trigger price. For contracts ``triggerDirection`` says from which side it is reached; a spot
order takes it from the market of the moment. ``side`` and direction together make the core's stop or take profit: an
order that waits for the price to move against it is a stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, cast

import msgspec

from outtrade_mocks.core import NewOrder, Reject, Trigger
from outtrade_mocks.core.orders import HeldSide, SelfTrade, TimeInForce, TriggerSource
from outtrade_mocks.venues.bybit import codec
from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.errors import Refusal, refuse
from outtrade_mocks.venues.bybit.notes import Note
from outtrade_mocks.venues.bybit.reference import Listing

SIDES: Mapping[str, Literal["buy", "sell"]] = {"Buy": "buy", "Sell": "sell"}
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "PostOnly", "RPI")
FILTERS = ("Order", "StopOrder", "tpslOrder")
SOURCES: Mapping[str, TriggerSource] = {"LastPrice": "last", "MarkPrice": "mark", "IndexPrice": "index"}
SMP: Mapping[str, SelfTrade] = {
    "None": "none",
    "CancelMaker": "expire_maker",
    "CancelTaker": "expire_taker",
    "CancelBoth": "expire_both",
}
POSITION_SIDES: Mapping[int, HeldSide | None] = {0: None, 1: "long", 2: "short"}
BUY, SELL = "buy", "sell"


class Ticket(msgspec.Struct):
    """A readable request for an order."""

    listing: Listing
    new: NewOrder
    note: Note


def bad(listing: Listing, spot: str, name: str) -> Refusal:
    """A refusal in the words of the category: the spot error of that name, or 10001 about a parameter."""
    return refuse(spot) if listing.spot else refuse("params_named", f"{name} invalid")


def read(desk: Desk, category: str, params: Mapping[str, Any]) -> Ticket:
    """Read a new order; raises Refusal."""
    if category == "spot" and not params.get("symbol"):
        raise refuse("spot_empty", "symbol")
    listing = desk.listed(category, params.get("symbol"))
    side = SIDES.get(codec.text(params, "side") or "")
    if side is None:
        raise bad(listing, "spot_side", "side")
    kind = codec.text(params, "orderType")
    if kind not in ("Limit", "Market"):
        raise bad(listing, "spot_type", "orderType")
    market = kind == "Market"
    sent_tif = codec.text(params, "timeInForce")
    if sent_tif is not None and sent_tif not in TIMES_IN_FORCE:
        raise bad(listing, "spot_tif", "timeInForce")
    tif = "IOC" if market else sent_tif or "GTC"
    note = Note(link_id=codec.link_id(params) or "")
    reduce_only, closing = codec.boolean(params, "reduceOnly"), codec.boolean(params, "closeOnTrigger")
    if listing.spot:
        reduce_only = closing = False  # valid for contracts only: ignored
        note.market_unit = _unit(params, side, market=market)
        note.is_leverage = str(codec.integer(params, "isLeverage") or 0)
    note.close_on_trigger = closing
    lots, quote, all_of_it = _quantity(desk, listing, params, note, close=reduce_only and closing)
    price = None if market else ticks_of(listing, "price", params)
    if not market and price is None:
        raise bad(listing, "spot_price_low", "price")
    trigger = _trigger(desk, listing, params, side, note)
    _protection(listing, params, note, side=side, market=market, reduce_only=reduce_only)
    position = _position(listing, params, note)
    smp = codec.text(params, "smpType") or "None"
    if smp not in SMP:
        raise bad(listing, "spot_rejected", "smpType")
    note.smp_type = smp
    note.created_at_price = desk.exchange.last_price(listing.unified)
    if market and not listing.spot:
        note.shown_price = _slip(desk, listing, side)
    if listing.spot and not note.link_id:
        note.link_id = desk.number()
    label = desk.label(note)
    new = NewOrder(
        symbol=listing.unified,
        side=side,
        type="market" if market else "limit",
        tif=cast(TimeInForce, "GTC" if tif in ("PostOnly", "RPI") or market else tif),
        post_only=not market and tif in ("PostOnly", "RPI"),
        price=price,
        lots=None if all_of_it else lots,
        quote=quote,
        client_id=note.link_id or desk.client_id(),
        label=label,
        trigger=trigger,
        self_trade=None if smp == "None" else SMP[smp],
        reduce_only=not listing.spot and (reduce_only or closing) and not all_of_it,
        close_position=all_of_it,
        position_side=position,
    )
    return Ticket(listing, new, note)


def _unit(params: Mapping[str, Any], side: str, *, market: bool) -> str:
    """``marketUnit``: by default a market buy is given in quote, a sale in base."""
    if not market:
        return ""
    unit = codec.text(params, "marketUnit")
    if unit is None:
        return "quoteCoin" if side == BUY else "baseCoin"
    if unit not in ("baseCoin", "quoteCoin"):
        raise refuse("spot_invalid", "marketUnit")
    return unit


def _quantity(
    desk: Desk, listing: Listing, params: Mapping[str, Any], note: Note, *, close: bool
) -> tuple[int | None, int | None, bool]:
    """Lots or quote atoms, and whether it is the whole position (``qty`` 0 with reduceOnly and closeOnTrigger)."""
    value = codec.text(params, "qty")
    if value is None:
        raise refuse("spot_empty", "qty") if listing.spot else refuse("params_named", "qty is required")
    by_value = note.market_unit == "quoteCoin"
    sent = codec.units(value, 8 if by_value else listing.size_decimals)
    if sent is None and not codec.is_decimal(value):
        raise bad(listing, "spot_quantity_decimals", "qty")
    if by_value:
        if sent is None:
            raise refuse("spot_amount_decimals")
        if not sent:
            raise refuse("spot_notional")
        return None, sent, False
    lots, rest = (0, 1) if sent is None else divmod(sent, listing.step)
    if rest:
        if listing.spot:
            raise refuse("spot_quantity_decimals")
        raise refuse("params_named", "qty invalid")
    if not lots:
        if close and not listing.spot:
            return None, None, True
        raise refuse("spot_quantity_low" if listing.spot else "quantity")
    return lots, None, False


def ticks_of(listing: Listing, name: str, params: Mapping[str, Any]) -> int | None:
    """A price in ticks; None where it is left out or zero. Raises 170134, 170130 or 110003, 10001."""
    value = codec.text(params, name)
    if value is None:
        return None
    sent = codec.units(value, listing.price_decimals)
    if sent is None and not codec.is_decimal(value):
        raise refuse("spot_invalid", name) if listing.spot else refuse("params_named", f"{name} invalid")
    ticks, rest = (0, 1) if sent is None else divmod(sent, listing.tick)
    if rest:
        raise refuse("spot_price_decimals" if listing.spot else "price_range")
    return ticks or None


def _trigger(desk: Desk, listing: Listing, params: Mapping[str, Any], side: str, note: Note) -> Trigger | None:
    """What a conditional order waits for."""
    wanted = codec.text(params, "orderFilter") or "Order"
    if listing.spot and wanted not in FILTERS:
        raise refuse("spot_filter")
    price = ticks_of(listing, "triggerPrice", params)
    if price is None:
        if listing.spot and wanted != "Order":
            raise refuse("spot_tpsl_price")
        return None
    source = "LastPrice" if listing.spot else codec.text(params, "triggerBy") or "LastPrice"
    if source not in SOURCES:
        raise refuse("params_named", "triggerBy invalid")
    now = _now(desk, listing, SOURCES[source])
    if listing.spot:
        note.order_filter = "StopOrder" if wanted == "Order" else wanted
        note.stop_type = "tpslOrder" if wanted == "tpslOrder" else "Stop"
        rising = now is None or price >= now
    else:
        direction = codec.integer(params, "triggerDirection")
        if direction not in (1, 2):
            raise refuse("params_named", "triggerDirection invalid")
        note.order_filter, note.stop_type, note.direction = "StopOrder", "Stop", direction
        note.create_type, note.trigger_by = "CreateByStopOrder", source
        rising = direction == 1
        if now is not None and (price <= now if rising else price >= now):
            shown = (desk.price(listing.unified, price), desk.price(listing.unified, now))
            raise refuse("rising" if rising else "falling", *shown)
    return Trigger(
        kind="stop" if (side == BUY) == rising else "take_profit",
        price=price,
        source=SOURCES[source],
        reserve="placement" if note.order_filter == "tpslOrder" else None,
    )


def _now(desk: Desk, listing: Listing, source: TriggerSource) -> int | None:
    """The price that a trigger compares with."""
    if source == "last":
        return desk.exchange.last_price(listing.unified) or desk.exchange.reference_price(listing.unified)
    return desk.exchange.mark_price(listing.unified)


def _protection(
    listing: Listing, params: Mapping[str, Any], note: Note, *, side: str, market: bool, reduce_only: bool
) -> None:
    """Attached take profit and stop loss."""
    note.take_profit, note.stop_loss = ticks_of(listing, "takeProfit", params), ticks_of(listing, "stopLoss", params)
    if note.take_profit is None and note.stop_loss is None:
        return
    if reduce_only:
        raise refuse("params_named", "tp/sl cannot be set on a reduce only order")
    if listing.spot and market:
        note.take_profit = note.stop_loss = None  # only spot limit orders take them: ignored (*inferred*)
        return
    mode = codec.text(params, "tpslMode") or ("" if listing.spot else "Full")
    kinds = {which: codec.text(params, f"{which}OrderType") or "Market" for which in ("tp", "sl")}
    if mode not in ("", "Full", "Partial") or not set(kinds.values()) <= {"Market", "Limit"}:
        raise refuse("params_named", "tpslMode invalid")
    if mode == "Full" and "Limit" in kinds.values():
        raise refuse("params_named", "tpOrderType and slOrderType must be Market in Full mode")
    note.tpsl_mode = mode
    for which in ("tp", "sl"):
        source = codec.text(params, f"{which}TriggerBy") or "LastPrice"
        if source not in SOURCES:
            raise refuse("params_named", f"{which}TriggerBy invalid")
        limit = ticks_of(listing, f"{which}LimitPrice", params) if kinds[which] == "Limit" else None
        if kinds[which] == "Limit" and limit is None:
            raise refuse("params_named", f"{which}LimitPrice is required")
        if which == "tp" and note.take_profit is not None:
            note.tp_trigger_by, note.tp_limit = source, limit
        if which == "sl" and note.stop_loss is not None:
            note.sl_trigger_by, note.sl_limit = source, limit
    check_order_of_prices(note, ticks_of(listing, "price", params), side)


def check_order_of_prices(note: Note, base: int | None, side: str) -> None:
    """A take profit lies on the winning side of ``base``, a stop loss on the other (10001, text *inferred*)."""
    if base is None:
        return
    word = SIDES_WRITTEN[side]
    for name, price, above in (
        ("TakeProfit", note.take_profit, side == BUY),
        ("StopLoss", note.stop_loss, side != BUY),
    ):
        if price is not None and (price <= base if above else price >= base):
            where = "higher" if above else "lower"
            raise refuse(
                "tpsl_params", f"{name}:{price} set for {word} position should be {where} than base_price:{base}"
            )


SIDES_WRITTEN = {"buy": "Buy", "sell": "Sell"}


def _position(listing: Listing, params: Mapping[str, Any], note: Note) -> HeldSide | None:
    """``positionIdx``; whether it fits the position mode is seen by the core."""
    if listing.spot:
        return None
    index = codec.integer(params, "positionIdx") or 0
    if index not in POSITION_SIDES:
        raise refuse("params_named", "positionIdx invalid")
    note.position_idx = index
    return POSITION_SIDES[index]


def _slip(desk: Desk, listing: Listing, side: str) -> int | None:
    """The price that a market order for contracts is shown with: the mark price and 5 % (*simplified*: the book decides
    what it trades at)."""
    mark = desk.mark(listing.unified)
    if not mark:
        return None
    factor = Decimal("1.05") if side == BUY else Decimal("0.95")
    return desk.rules(listing).snap(int(mark * factor)) or None


def too_large(listing: Listing, reject: Reject, new: NewOrder) -> Refusal | None:
    """A quantity beyond the largest has its own words."""
    if reject.reason != "LOT_SIZE" or new.lots is None:
        return None
    step = Decimal(listing.step).scaleb(-listing.size_decimals)
    if new.lots * step > listing.most_limit:
        return refuse("spot_quantity_large" if listing.spot else "quantity_max")
    return None
