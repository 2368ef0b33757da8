"""Tickets: a request for an order, read and checked as Binance's API does before it reaches the matching engine.

The checks run in a fixed order: symbol, side, type, time in force, what the type needs, what it must not have, the
form of each number, client order id. Trading rules (filters) come after them, in the core.

What each type needs (rest-api.md, New order)::

    LIMIT                                price, quantity, timeInForce
    MARKET                               quantity or quoteOrderQty
    LIMIT_MAKER                          price, quantity
    STOP_LOSS, TAKE_PROFIT               quantity; stopPrice, trailingDelta or both
    STOP_LOSS_LIMIT, TAKE_PROFIT_LIMIT   the same, price, timeInForce

The orders of a list are read here too: there the same parameters have other names (``abovePrice``, ``workingSide``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, cast

import msgspec

from outtrade_mocks.core import NewOrder, Trigger
from outtrade_mocks.core.orders import SelfTrade, TimeInForce, TriggerKind
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.binance_spot.desk import SELF_TRADE_MODE, Desk
from outtrade_mocks.venues.binance_spot.errors import refuse
from outtrade_mocks.venues.binance_spot.reference import Listing

SIDES: Mapping[str, Literal["buy", "sell"]] = {"BUY": "buy", "SELL": "sell"}
TIMES_IN_FORCE = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")


class Kind(NamedTuple):
    """What an order type is made of."""

    limit: bool
    """It has a price."""
    timed: bool
    """It has a time in force."""
    trigger: TriggerKind | None = None


KINDS: Mapping[str, Kind] = {
    "LIMIT": Kind(True, True),
    "MARKET": Kind(False, False),
    "LIMIT_MAKER": Kind(True, False),
    "STOP_LOSS": Kind(False, False, "stop"),
    "STOP_LOSS_LIMIT": Kind(True, True, "stop"),
    "TAKE_PROFIT": Kind(False, False, "take_profit"),
    "TAKE_PROFIT_LIMIT": Kind(True, True, "take_profit"),
}
UNSUPPORTED = {
    "STOP_LOSS": "unsupported_stop_loss",
    "STOP_LOSS_LIMIT": "unsupported_stop_loss_limit",
    "TAKE_PROFIT": "unsupported_take_profit",
    "TAKE_PROFIT_LIMIT": "unsupported_take_profit_limit",
}
"""The documented refusals of types that a symbol does not list."""
SELF_TRADE_MODES: Mapping[str, SelfTrade | None] = {
    "NONE": "none",
    "EXPIRE_TAKER": "expire_taker",
    "EXPIRE_MAKER": "expire_maker",
    "EXPIRE_BOTH": "expire_both",
    "DECREMENT": "decrement",
    "TRANSFER": None,
}
LEAST_STRATEGY_TYPE = 1_000_000
PEGS = ("pegPriceType", "pegOffsetType", "pegOffsetValue")
RARE = frozenset(
    {"stopPrice", "trailingDelta", "icebergQty", "strategyId", "strategyType", "selfTradePreventionMode", *PEGS}
)
"""What few orders have: an order without any of it is read in fewer steps."""
Names = Mapping[str, str]
"""Usual name of a parameter -> its name in this request, where that differs."""


class Ticket(msgspec.Struct):
    """A readable request for an order, and how its answer is wanted."""

    listing: Listing
    new: NewOrder
    response: str


def read(desk: Desk, params: Mapping[str, str], names: Names | None = None) -> Ticket:
    """Read a new order; raises Refusal."""
    called = _Called(params, names or {})
    listing = desk.listed(codec.mandatory(params, "symbol"))
    side = SIDES.get(called.mandatory("side"))
    if side is None:
        raise refuse("invalid_side")
    word = called.mandatory("type")
    kind = KINDS.get(word)
    if kind is None:
        raise refuse("invalid_type")
    tif = called.optional("timeInForce")
    if tif is not None and tif not in TIMES_IN_FORCE:
        raise refuse("invalid_tif")
    usual = called.plain()
    _refuse_unsupported(called, listing, word, usual)
    price, quantity, quote = _numbers(called, kind, tif, word)
    trigger = None if usual and kind.trigger is None else _trigger(desk, called, listing, kind, side)
    visible = None if usual else _visible(called, kind, tif, quantity)
    response = _response(params, word)
    client_id = called.optional("newClientOrderId")
    if client_id is not None:
        client_id = codec.client_id(called.name("newClientOrderId"), client_id)
    label = "" if usual else _strategy(called)
    mode = None if usual else _mode(params, listing)
    new = NewOrder(
        symbol=listing.unified,
        side=side,
        type="limit" if kind.limit else "market",
        tif=cast(TimeInForce, tif or "GTC"),
        post_only=word == "LIMIT_MAKER",
        price=None if price is None else desk.ticks(listing, price),
        lots=None if quantity is None else desk.lots(listing, quantity),
        quote=quote,
        client_id=desk.client_id() if client_id is None else client_id,
        label=label,
        trigger=trigger,
        visible=None if visible is None else desk.lots(listing, visible),
        self_trade=mode,
    )
    return Ticket(listing, new, response)


class _Called:
    """Parameters under the names that this request has for them."""

    def __init__(self, params: Mapping[str, str], names: Names) -> None:
        self.params = params
        self._names = names
        self._sent = params
        """The parameters by their usual names."""
        if names:
            own = {usual: params[name] for usual, name in names.items() if name in params}
            self._sent = {name: value for name, value in params.items() if name not in names} | own

    def name(self, usual: str) -> str:
        return self._names.get(usual, usual)

    def has(self, usual: str) -> bool:
        return usual in self._sent

    def plain(self) -> bool:
        """Whether none of what few orders have was sent."""
        return RARE.isdisjoint(self._sent)

    def optional(self, usual: str) -> str | None:
        value = self._sent.get(usual)
        if value == "":
            raise refuse("empty", self.name(usual))
        return value

    def mandatory(self, usual: str) -> str:
        value = self._sent.get(usual)
        if not value:
            raise refuse("mandatory" if value is None else "empty", self.name(usual))
        return value

    def refuse_sent(self, *usual: str) -> None:
        for one in usual:
            if self.has(one):
                raise refuse("not_required", self.name(one))


def _refuse_unsupported(called: _Called, listing: Listing, word: str, usual: bool) -> None:
    """Types and options that exist on the venue and not for this symbol (its flags say so), or not here."""
    raw = listing.raw
    if word not in raw["orderTypes"]:
        raise refuse(UNSUPPORTED.get(word, "invalid_type"))
    if usual:
        return
    if called.has("trailingDelta") and not raw["allowTrailingStop"]:
        raise refuse("unsupported_trailing_stop")
    iceberg = called.optional("icebergQty")
    if iceberg is not None and not raw["icebergAllowed"] and codec.e8(called.name("icebergQty"), iceberg):
        raise refuse("unsupported_iceberg")
    for name in PEGS:
        if called.has(name):
            raise refuse("unsupported_operation")


def _numbers(called: _Called, kind: Kind, tif: str | None, word: str) -> tuple[int | None, int | None, int | None]:
    """Price, quantity and quote amount in e8, as far as the type has them."""
    if not kind.limit:
        called.refuse_sent("price", "timeInForce")
    if word == "MARKET":
        quantity, quote = called.optional("quantity"), called.optional("quoteOrderQty")
        if quantity is None and quote is None:
            raise refuse("either", called.name("quantity"), "quoteOrderQty")
        if quantity is not None and quote is not None:
            raise refuse("not_required", "quoteOrderQty")
        return (
            None,
            None if quantity is None else codec.e8(called.name("quantity"), quantity),
            None if quote is None else codec.e8("quoteOrderQty", quote),
        )
    if kind.timed:
        if tif is None:
            raise refuse("mandatory", called.name("timeInForce"))
    elif tif is not None:
        raise refuse("not_required", called.name("timeInForce"))
    size = called.mandatory("quantity")
    price = called.mandatory("price") if kind.limit else None
    called.refuse_sent("quoteOrderQty")
    return (
        None if price is None else codec.e8(called.name("price"), price),
        codec.e8(called.name("quantity"), size),
        None,
    )


def _trigger(desk: Desk, called: _Called, listing: Listing, kind: Kind, side: str) -> Trigger | None:
    """``stopPrice`` and ``trailingDelta`` (basis points, within the symbol's TRAILING_DELTA)."""
    if kind.trigger is None:
        called.refuse_sent("stopPrice", "trailingDelta")
        return None
    stop, delta = called.optional("stopPrice"), called.optional("trailingDelta")
    if stop is None and delta is None:
        raise refuse("either", called.name("stopPrice"), called.name("trailingDelta"))
    trail = None if delta is None else codec.integer(called.name("trailingDelta"), delta)
    if trail is not None:
        above = (side == "buy") == (kind.trigger == "stop")
        rule, way = listing.filter("TRAILING_DELTA"), "Above" if above else "Below"
        if rule and not rule[f"minTrailing{way}Delta"] <= trail <= rule[f"maxTrailing{way}Delta"]:
            raise refuse("filter_trailing_delta")
    price = None if stop is None else desk.ticks(listing, codec.e8(called.name("stopPrice"), stop))
    return Trigger(kind=kind.trigger, price=price, trail_bps=trail)


def _visible(called: _Called, kind: Kind, tif: str | None, quantity: int | None) -> int | None:
    """``icebergQty`` in e8; zero means none."""
    sent = called.optional("icebergQty")
    visible = None if sent is None else codec.e8(called.name("icebergQty"), sent)
    if not visible:
        return None
    if not kind.limit:
        raise refuse("not_required", called.name("icebergQty"))
    if tif not in (None, "GTC"):
        raise refuse("unsupported_combination")
    if quantity is not None and visible >= quantity:
        raise refuse("iceberg_exceeds")
    return visible


def _mode(params: Mapping[str, str], listing: Listing) -> SelfTrade | None:
    """``selfTradePreventionMode``; None: the symbol's default."""
    mode = codec.optional(params, "selfTradePreventionMode")
    if mode is None or mode == SELF_TRADE_MODE:
        return None
    if mode not in SELF_TRADE_MODES:
        raise refuse("invalid_parameter", "selfTradePreventionMode")
    if mode not in listing.raw["allowedSelfTradePreventionModes"]:
        raise refuse("unsupported_operation")
    return SELF_TRADE_MODES[mode]


def _response(params: Mapping[str, str], kind: str) -> str:
    """``newOrderRespType``; MARKET and LIMIT default to FULL, all others to ACK."""
    wanted = codec.optional(params, "newOrderRespType")
    if wanted is None:
        return "FULL" if kind in ("MARKET", "LIMIT") else "ACK"
    if wanted not in RESPONSES:
        raise refuse("invalid_parameter", "newOrderRespType")
    return wanted


def _strategy(called: _Called) -> str:
    """``strategyId`` and ``strategyType``, carried along as the core's label."""
    strategy = codec.optional_integer(called.params, called.name("strategyId"))
    kind = codec.optional_integer(called.params, called.name("strategyType"))
    if kind is not None and kind < LEAST_STRATEGY_TYPE:
        raise refuse("strategy_type")
    if strategy is None and kind is None:
        return ""
    return f"{'' if strategy is None else strategy}|{'' if kind is None else kind}"
