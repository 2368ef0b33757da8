"""Tickets: a request for an order, read and checked as the API does before it reaches the matching engine.

What each type needs (New Order, New Algo Order)::

    LIMIT                            timeInForce, quantity, price (or priceMatch)
    MARKET                           quantity
    STOP, TAKE_PROFIT                quantity, price (or priceMatch), triggerPrice
    STOP_MARKET, TAKE_PROFIT_MARKET  triggerPrice; quantity or closePosition
    TRAILING_STOP_MARKET             callbackRate, quantity; activatePrice

The types that wait for a price are *algo orders* with an endpoint of their own; on the endpoint of ordinary orders they
are refused (-4120). A quantity is in the base asset. Trading rules (filters) come after these checks, in the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple, cast

import msgspec

from outtrade_mocks.core import NewOrder, Reject, Trigger
from outtrade_mocks.core.orders import HeldSide, SelfTrade, TimeInForce, TriggerKind, TriggerSource
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.binance_usdm.desk import E8, MS, Desk
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse, translate
from outtrade_mocks.venues.binance_usdm.figures import decimal, fixed
from outtrade_mocks.venues.binance_usdm.names import client_id
from outtrade_mocks.venues.binance_usdm.reference import Listing

SIDES: Mapping[str, Literal["buy", "sell"]] = {"BUY": "buy", "SELL": "sell"}
POSITION_SIDES: Mapping[str, HeldSide | None] = {"BOTH": None, "LONG": "long", "SHORT": "short"}
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
SELF_TRADE_MODES: Mapping[str, SelfTrade | None] = {
    "NONE": "none",
    "EXPIRE_TAKER": "expire_taker",
    "EXPIRE_MAKER": None,
    "EXPIRE_BOTH": "expire_both",
}
WORKING_TYPES: Mapping[str, TriggerSource] = {"CONTRACT_PRICE": "last", "MARK_PRICE": "mark"}
PRICE_MATCHES = tuple(f"{way}{level}" for way in ("OPPONENT", "QUEUE") for level in ("", "_5", "_10", "_20"))
LEAST_LIFE_MS = 600_000
LAST_DATE_MS = 253_402_300_799_000
RATE_RANGE = range(10, 1001, 10)
"""``callbackRate`` in hundredths of a per cent: 0.1 to 10 per cent, in steps of 0.1."""


class Kind(NamedTuple):
    """What an order type is made of."""

    limit: bool
    trigger: TriggerKind | None = None
    trailing: bool = False


KINDS: Mapping[str, Kind] = {"LIMIT": Kind(True), "MARKET": Kind(False)}
ALGO_KINDS: Mapping[str, Kind] = {
    "STOP": Kind(True, "stop"),
    "STOP_MARKET": Kind(False, "stop"),
    "TAKE_PROFIT": Kind(True, "take_profit"),
    "TAKE_PROFIT_MARKET": Kind(False, "take_profit"),
    "TRAILING_STOP_MARKET": Kind(False, "take_profit", True),
}
"""A trailing stop begins to track when its activation price is reached as a take profit's would be."""


class Ticket(msgspec.Struct):
    """A readable request for an order, and how its answer is wanted."""

    listing: Listing
    new: NewOrder
    result: bool
    """``newOrderRespType=RESULT``; else ACK."""

    def refused(self, reject: Reject) -> Refusal:
        """The core's refusal of it in the venue's words."""
        return translate(reject, self.listing, market=self.new.type == "market", buy=self.new.side == "buy")


def read(desk: Desk, params: Mapping[str, str], now: int) -> Ticket:
    """Read a new ordinary order; raises Refusal."""
    return _read(desk, params, now, KINDS, "newClientOrderId")


def read_algo(desk: Desk, params: Mapping[str, str], now: int) -> Ticket:
    """Read a new algo order; raises Refusal."""
    if codec.mandatory(params, "algoType") != "CONDITIONAL":
        raise refuse("invalid_parameter", "algoType")
    return _read(desk, params, now, ALGO_KINDS, "clientAlgoId")


def _read(desk: Desk, params: Mapping[str, str], now: int, kinds: Mapping[str, Kind], id_name: str) -> Ticket:
    entry = desk.listed(codec.mandatory(params, "symbol"))
    side = SIDES.get(codec.mandatory(params, "side"))
    if side is None:
        raise refuse("invalid_side")
    position_side = _position_side(desk, params)
    word = codec.mandatory(params, "type")
    kind = kinds.get(word)
    if kind is None:
        raise refuse("use_algo" if word in ALGO_KINDS and kinds is KINDS else "invalid_type")
    tif = _tif(params, word, kind)
    close = kind.trigger is not None and codec.boolean(params, "closePosition")
    reduce_only = _reduce_only(desk, params, close)
    lots = _lots(entry, params, word, close)
    name = codec.optional(params, id_name)
    price, match = _price(desk, entry, params, kind, side)
    trigger = None if kind.trigger is None else _trigger(desk, entry, params, kind)
    if trigger is not None and trigger.price is not None and price is not None:
        _check_stop_limit(entry, price, trigger.price, side)
    result = _wants_result(params)
    mode = codec.optional(params, "selfTradePreventionMode") or "EXPIRE_MAKER"
    if mode not in SELF_TRADE_MODES:
        raise refuse("self_trade_mode")
    protect = kind.trigger is not None and codec.boolean(params, "priceProtect")
    new = NewOrder(
        symbol=entry.unified,
        side=side,
        type="limit" if kind.limit else "market",
        tif=cast(TimeInForce, "GTC" if tif in ("GTX", "GTE_GTC") else tif),
        post_only=tif == "GTX",
        price=price,
        lots=lots,
        client_id=desk.client_id() if name is None else client_id(id_name, name),
        label="" if match is None and not protect else f"{match or ''}|{1 if protect else ''}",
        expires=_expires(params, tif, now),
        trigger=trigger,
        self_trade=SELF_TRADE_MODES[mode],
        reduce_only=reduce_only and not close,
        close_position=close,
        position_side=position_side,
    )
    return Ticket(entry, new, result)


def _position_side(desk: Desk, params: Mapping[str, str]) -> HeldSide | None:
    word = codec.optional(params, "positionSide") or "BOTH"
    if word not in POSITION_SIDES:
        raise refuse("invalid_position_side")
    found = POSITION_SIDES[word]
    if desk.hedge != (found is not None):
        raise refuse("position_side_mismatch")
    return found


def _tif(params: Mapping[str, str], word: str, kind: Kind) -> str:
    """The time in force; an ordinary limit order must name one."""
    tif = codec.optional(params, "timeInForce")
    if tif is None:
        if word == "LIMIT":
            raise refuse("mandatory", "timeinforce")
        return "GTC"
    if tif not in TIMES_IN_FORCE and not (tif == "GTE_GTC" and kind.trigger is not None):
        raise refuse("invalid_tif")
    if word == "MARKET":
        raise refuse("not_required", "timeinforce")
    return tif


def _expires(params: Mapping[str, str], tif: str, now: int) -> int | None:
    """``goodTillDate`` in ns, cut to whole seconds; only with GTD."""
    if tif != "GTD":
        return None
    date = codec.integer("goodTillDate", codec.mandatory(params, "goodTillDate"))
    if not now // MS + LEAST_LIFE_MS < date < LAST_DATE_MS:
        raise refuse("good_till_date")
    return date // 1000 * 1_000_000_000


def _reduce_only(desk: Desk, params: Mapping[str, str], close: bool) -> bool:
    """``reduceOnly``, which cannot be sent in hedge mode or with ``closePosition``."""
    if codec.optional(params, "reduceOnly") is None:
        return False
    if desk.hedge or close:
        raise refuse("not_required", "reduceonly")
    return codec.boolean(params, "reduceOnly")


def _lots(entry: Listing, params: Mapping[str, str], word: str, close: bool) -> int | None:
    """The quantity in lots, within the symbol's bounds."""
    if close:
        if word not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
            raise refuse("close_position_type", word)
        sent = codec.optional(params, "quantity")
        if sent is not None and decimal("quantity", sent, entry.quantity_places):
            raise refuse("quantity_with_close")
        return None
    lots = Desk.lots(entry, quantity_e8(entry, params))
    market = word in ("MARKET", "STOP_MARKET", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
    check_lots(entry, lots, market=market)
    return lots


def quantity_e8(entry: Listing, params: Mapping[str, str]) -> int:
    """``quantity`` in e8, above 0."""
    quantity = decimal("quantity", codec.mandatory(params, "quantity"), entry.quantity_places)
    if not quantity:
        raise refuse("quantity_below_zero")
    return quantity


def check_lots(entry: Listing, lots: int, *, market: bool) -> None:
    """Raises -4004 and -4005 outside LOT_SIZE, of market orders MARKET_LOT_SIZE."""
    least, most = entry.lot_bounds(market)
    if lots < least:
        raise refuse("quantity_below_min")
    if lots > most:
        raise refuse("quantity_above_max")


def limit_price(entry: Listing, name: str, sent: str) -> int:
    """A limit price in ticks. Raises -1111, -4001, -4013, -4002, -4014."""
    price = decimal(name, sent, entry.price_places)
    if not price:
        raise refuse("price_below_zero")
    least, most = entry.price_bounds
    if price < least:
        raise refuse("price_below_min")
    if price > most:
        raise refuse("price_above_max")
    return Desk.ticks(entry, price)


def _price(
    desk: Desk, entry: Listing, params: Mapping[str, str], kind: Kind, side: str
) -> tuple[int | None, str | None]:
    """The limit price in ticks, and ``priceMatch`` where the book gave it."""
    sent, match = codec.optional(params, "price"), codec.optional(params, "priceMatch")
    if match == "NONE":
        match = None
    if not kind.limit:
        if sent is not None and decimal("price", sent, 8):
            raise refuse("not_required", "price")
        if match is not None:
            raise refuse("price_match_type")
        return None, None
    if match is None:
        return limit_price(entry, "price", codec.mandatory(params, "price")), None
    if sent is not None:
        raise refuse("not_required", "price")
    return matched_price(desk, entry, match, side), match


def matched_price(desk: Desk, entry: Listing, match: str, side: str) -> int:
    """The price (ticks) of ``priceMatch``: the best or the 5th, 10th, 20th price of the own or the other side. Raises
    -5037, and -5041 where the book has none."""
    if match not in PRICE_MATCHES:
        raise refuse("price_match")
    way, _, level = match.partition("_")
    number = int(level or 1)
    bids, asks = desk.exchange.depth(entry.unified, number)
    levels = bids if (side == "buy") == (way == "QUEUE") else asks
    if len(levels) < number:
        raise refuse("no_depth")
    return levels[number - 1][0]


def _trigger(desk: Desk, entry: Listing, params: Mapping[str, str], kind: Kind) -> Trigger:
    word = codec.optional(params, "workingType") or "CONTRACT_PRICE"
    if word not in WORKING_TYPES:
        raise refuse("working_type", word)
    source = WORKING_TYPES[word]
    if source == "mark":
        desk.follow_mark(entry.unified)
    assert kind.trigger is not None
    if not kind.trailing:
        sent = codec.mandatory(params, "triggerPrice")
        price = decimal("triggerPrice", sent, entry.price_places)
        if not price:
            raise refuse("stop_below_zero")
        return Trigger(kind=kind.trigger, price=Desk.ticks(entry, price), source=source)
    rate = decimal("callbackRate", codec.mandatory(params, "callbackRate"), 8)
    bps, rest = divmod(rate * 100, E8)
    if rest or bps not in RATE_RANGE:
        raise refuse("callback_rate")
    name = "activatePrice" if "activatePrice" in params else "activationPrice"
    activation = codec.optional(params, name)
    ticks = None
    if activation is not None:
        amount = decimal(name, activation, entry.price_places)
        if not amount:
            raise refuse("activation_price")
        ticks = Desk.ticks(entry, amount)
    return Trigger(kind=kind.trigger, price=ticks, source=source, trail_bps=bps)


def _check_stop_limit(entry: Listing, price: int, stop: int, side: str) -> None:
    """The limit of an order that waits is held to its trigger price as others are to the mark price (-4183, -4184)."""
    percent = entry.filters["PERCENT_PRICE"]
    if side == "buy":
        cap = int(stop * Decimal(percent["multiplierUp"]))
        if price > cap:
            raise refuse("above_stop_cap", fixed(cap * entry.tick, entry.price_places))
    else:
        floor = -int(-stop * Decimal(percent["multiplierDown"]) // 1)
        if price < floor:
            raise refuse("below_stop_floor", fixed(floor * entry.tick, entry.price_places))


def _wants_result(params: Mapping[str, str]) -> bool:
    """``newOrderRespType``: ACK (default) or RESULT."""
    wanted = codec.optional(params, "newOrderRespType") or "ACK"
    if wanted not in ("ACK", "RESULT"):
        raise refuse("invalid_response_type")
    return wanted == "RESULT"
