"""Tickets: a request for an order, read and checked as Kraken's API does before it reaches the matching engine.

What each type needs (Add Order)::

    market                                volume
    limit, iceberg                        volume, price (iceberg: displayvol)
    stop-loss, take-profit                volume, price: the trigger
    stop-loss-limit, take-profit-limit    volume, price: the trigger, price2: the limit
    trailing-stop                         volume, price: the distance ("+5", "+1%")
    trailing-stop-limit                   the same, price2: the limit's offset from the trigger price

The result is a ``Note`` that holds the core's order. The order of the checks is not documented (*inferred*).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, cast

from outtrade_mocks.core import Fill, NewOrder, Trigger
from outtrade_mocks.core.orders import SelfTrade, TimeInForce, TriggerKind
from outtrade_mocks.venues.kraken_spot import prices
from outtrade_mocks.venues.kraken_spot.codec import SECOND, instant, integer, padded, switch, units
from outtrade_mocks.venues.kraken_spot.desk import Desk
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse
from outtrade_mocks.venues.kraken_spot.notes import Close, Note, described
from outtrade_mocks.venues.kraken_spot.prices import Side
from outtrade_mocks.venues.kraken_spot.reference import Listing

Params = Mapping[str, str]


class Kind(NamedTuple):
    """What an order type is made of."""

    limit: bool
    trigger: TriggerKind | None = None
    trails: bool = False


KINDS: Mapping[str, Kind] = {
    "market": Kind(False),
    "limit": Kind(True),
    "iceberg": Kind(True),
    "stop-loss": Kind(False, "stop"),
    "take-profit": Kind(False, "take_profit"),
    "stop-loss-limit": Kind(True, "stop"),
    "take-profit-limit": Kind(True, "take_profit"),
    "trailing-stop": Kind(False, "stop", True),
    "trailing-stop-limit": Kind(True, "stop", True),
}
CLOSES = tuple(name for name in KINDS if name not in ("market", "iceberg"))
SELF_TRADE: Mapping[str, SelfTrade | None] = {
    "cancel-newest": None,
    "cancel-oldest": "expire_maker",
    "cancel-both": "expire_both",
}
"""None: the venue's default."""
_USUAL = ("fciq",)
FLAGS = ("post", "fcib", "fciq", "nompp", "viqc")
TIMES_IN_FORCE = ("GTC", "IOC", "GTD", "FOK")
MOST_DEADLINE = 60 * SECOND
_CLIENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[!-~]{1,18}", re.ASCII)


def read(desk: Desk, params: Params, now: int) -> Note:
    """Read a new order; raises Refusal."""
    get = params.get
    listing = desk.listed(get("pair", ""))
    side = get("type", "")
    if side not in ("buy", "sell"):
        raise refuse("invalid_argument", "type")
    side = cast(Side, side)
    ordertype = get("ordertype", "")
    kind = KINDS.get(ordertype)
    if kind is None:
        raise refuse("unknown_position") if ordertype == "settle-position" else refuse("invalid_argument", "ordertype")
    if get("leverage", "") not in ("", "none", "0", "1", "1:1"):
        raise refuse("invalid_argument", "leverage")
    if switch(get("reduce_only")):
        raise refuse("reduce_only")
    flags = _flags(get("oflags", ""), ordertype, kind, side)
    tif = get("timeinforce") or "GTC"
    if tif not in TIMES_IN_FORCE or (tif == "FOK" and ordertype != "limit"):
        raise refuse("invalid_argument", "timeinforce")
    userref, cl_ord_id = _names(desk, params)
    lots, quote = _volume(desk, listing, params, viqc="viqc" in flags)
    note = Note("", listing, _EMPTY, ordertype, userref=userref, cl_ord_id=cl_ord_id, oflags=flags)
    price, trigger = _prices(desk, note, params, side, kind)
    note.starttm, note.expiretm = _time(params, "starttm", now), _time(params, "expiretm", now)
    expires = _expires(note, tif, kind, now)
    if expires is not None:
        tif = "GTD"
    elif tif == "GTD" or not (kind.limit or kind.trigger):
        tif = "GTC"
    if "post" in flags and tif in ("IOC", "FOK"):
        raise refuse("invalid_argument", "timeinforce")
    mode = get("stptype", "cancel-newest") or "cancel-newest"
    if mode not in SELF_TRADE:
        raise refuse("invalid_argument", "stptype")
    note.close = _close(desk, listing, params, side)
    note.new = NewOrder(
        symbol=listing.unified,
        side=side,
        type="limit" if kind.limit else "market",
        tif=cast(TimeInForce, tif),
        post_only="post" in flags,
        price=price,
        lots=lots,
        quote=quote,
        client_id=cl_ord_id or "",
        expires=expires,
        trigger=trigger,
        visible=_visible(listing, params, ordertype, tif, lots),
        self_trade=SELF_TRADE[mode],
    )
    return note


_EMPTY = NewOrder(symbol="", side="buy")


# --------------------------------------------------------------------- names
def client_id(value: str) -> str:
    """A client order id; raises Refusal on one of the wrong form."""
    if _CLIENT_ID.fullmatch(value) is None:
        raise refuse("invalid_argument", "cl_ord_id")
    return value


def reference(value: str) -> int:
    """A user reference: a whole number of 32 bits; raises Refusal."""
    try:
        number = integer(value)
    except ValueError:
        raise refuse("invalid_argument", "userref") from None
    if not -(2**31) <= number < 2**31:
        raise refuse("invalid_argument", "userref")
    return number


def _names(desk: Desk, params: Params) -> tuple[int | None, str | None]:
    name, number = params.get("cl_ord_id") or None, params.get("userref") or None
    if name is not None:
        client_id(name)
        if number is not None and number != "0":
            raise refuse("invalid_argument", "cl_ord_id")
        if desk.later and any(note.cl_ord_id == name for note in desk.later):
            raise refuse("duplicate")
        number = None
    return None if number is None else reference(number), name


# -------------------------------------------------------------------- amounts
def _volume(desk: Desk, listing: Listing, params: Params, *, viqc: bool) -> tuple[int | None, int | None]:
    """Lots, or with ``viqc`` atoms of quote."""
    try:
        if viqc:
            amount = units(params.get("volume", ""), 20)
            decimals = desk.exchange.precisions[listing.quote]
            quote = amount // 10 ** (20 - decimals)
            if quote <= 0:
                raise ValueError
            return None, quote
        lots = units(params.get("volume", ""), listing.lot_decimals)
    except (ValueError, OverflowError):
        raise refuse("invalid_argument", "volume") from None
    if not 0 < lots <= prices.MOST_TICKS * 10**listing.lot_decimals:
        raise refuse("invalid_argument", "volume")
    return lots, None


def _visible(listing: Listing, params: Params, ordertype: str, tif: str, lots: int | None) -> int | None:
    if ordertype != "iceberg":
        return None
    if tif in ("IOC", "FOK"):
        raise refuse("invalid_argument", "timeinforce")
    try:
        shown = units(params.get("displayvol", ""), listing.lot_decimals)
    except (ValueError, OverflowError):
        raise refuse("invalid_argument", "displayvol") from None
    if not 0 < shown <= (lots or 0):
        raise refuse("invalid_argument", "displayvol")
    return shown


def _flags(sent: str, ordertype: str, kind: Kind, side: Side) -> tuple[str, ...]:
    if not sent:
        return _USUAL
    flags = [flag for flag in sent.replace(" ", "").split(",") if flag]
    if any(flag not in FLAGS for flag in flags) or ("fcib" in flags and "fciq" in flags):
        raise refuse("invalid_argument", "oflags")
    if "post" in flags and not kind.limit:
        raise refuse("invalid_argument", "oflags")
    if "viqc" in flags and (ordertype != "market" or side != "buy"):
        raise refuse("invalid_argument", "viqc")
    if "fcib" not in flags and "fciq" not in flags:
        flags.insert(0, "fciq")
    return tuple(dict.fromkeys(flags))


# --------------------------------------------------------------------- prices
def _prices(desk: Desk, note: Note, params: Params, side: Side, kind: Kind) -> tuple[int | None, Trigger | None]:
    """Limit price and trigger; the note learns how they are shown."""
    listing, first, second = note.listing, params.get("price") or "", params.get("price2") or ""
    if kind.trigger is None:
        if not kind.limit:
            return None, None
        price = prices.ticks(listing, first, "price", reference=desk.last(listing), side=side)
        note.price = prices.text(listing, price)
        return price, None
    source = params.get("trigger") or "last"
    if source not in ("last", "index"):
        raise refuse("invalid_argument", "trigger")
    note.trigger = source
    last = desk.last(listing)  # also for "index": without an index feed Kraken measures against the last trade
    note.price_type = price_type(first)
    if kind.trails:
        return _trailing(note, first, second, last, kind)
    ticks = prices.ticks(listing, first, "price", reference=last, ordertype=note.ordertype, side=side)
    note.price = prices.text(listing, ticks)
    limit = None
    if kind.limit:
        limit = prices.ticks(listing, second, "price2", reference=last, ordertype=note.ordertype, side=side)
        note.price2 = prices.text(listing, limit)
    return limit, Trigger(kind=kind.trigger, price=ticks)


def _trailing(note: Note, first: str, second: str, last: int | None, kind: Kind) -> tuple[int | None, Trigger]:
    """A trailing stop: distances as asked for; a limit is an offset from the price that triggers."""
    in_ticks, points = prices.distance(note.listing, first, "price")
    note.price = first
    price: int | None = None
    limit_ticks: int | None = None
    limit_points: int | None = None
    if kind.limit:
        stated = prices.parse(second)
        if stated is None or not stated.sign or last is None:
            raise refuse("invalid_argument", "price2")
        note.price2 = note.limit_offset = second
        way = -1 if stated.sign == "-" else 1
        if stated.percent:
            limit_points = prices.points(stated, "price2") * way
        else:
            limit_ticks = prices.offset(note.listing, stated, last, way)
        price = last + prices.offset(note.listing, stated, last, way)
        if price <= 0:
            raise refuse("invalid_price")
    trigger = Trigger(trail_ticks=in_ticks, trail_bps=points, limit_ticks=limit_ticks, limit_bps=limit_points)
    return price, trigger


def price_type(text: str) -> str:
    """How WebSocket v2 calls the form of a price."""
    return "pct" if text.endswith("%") else "quote" if text[:1] in ("+", "-", "#") else "static"


# ---------------------------------------------------------------------- times
def _time(params: Params, name: str, now: int) -> int:
    """UNIX seconds of starttm or expiretm: a time, or ``+`` seconds from now; 0: not set."""
    text = params.get(name)
    if not text or text == "0":
        return 0
    try:
        number = integer(text)
    except ValueError:
        raise refuse("invalid_argument", name) from None
    if text.startswith("+"):
        return now // SECOND + number if number else 0
    if not 0 <= number < 2**33:
        raise refuse("invalid_argument", name)
    return number


def _expires(note: Note, tif: str, kind: Kind, now: int) -> int | None:
    """When the order ends by itself (ns). An ``expiretm`` alone makes an order GTD, as recorded requests show."""
    if tif == "GTD" and not note.expiretm:
        raise refuse("invalid_argument", "expiretm")
    if not note.expiretm or tif in ("IOC", "FOK") or not (kind.limit or kind.trigger):
        return None
    expires = note.expiretm * SECOND
    if expires <= max(now, note.starttm * SECOND):
        raise refuse("invalid_argument", "expiretm")
    return expires


def check_deadline(params: Params, now: int) -> None:
    """The engine does not act after the request's deadline (Add Order, deadline). Raises Refusal."""
    text = params.get("deadline")
    if not text:
        return
    try:
        deadline = instant(text)
    except ValueError:
        raise refuse("invalid_argument", "deadline") from None
    if deadline > now + MOST_DEADLINE:
        raise refuse("invalid_argument", "deadline")
    if deadline < now:
        raise refuse("deadline")


# --------------------------------------------------------------------- closes
def _close(desk: Desk, listing: Listing, params: Params, side: Side) -> Close | None:
    """The template of a conditional close. It is tried out now, so that a wrong one is refused with its order."""
    ordertype = params.get("close[ordertype]")
    if not ordertype:
        return None
    if ordertype not in CLOSES:
        raise refuse("invalid_argument", "close[ordertype]")
    close = Close(ordertype, params.get("close[price]") or "", params.get("close[price2]") or "", "")
    try:
        made = _closing(desk, listing, close, side, 1)
    except Refusal as refusal:
        if refusal.name == "invalid_argument":
            raise Refusal(refusal.name, refusal.text.replace(":price", ":close[price") + "]") from None
        raise
    text = f"close position @ {described(ordertype, made.price, made.price2)}"
    return Close(close.ordertype, close.price, close.price2, text)


def _closing(desk: Desk, listing: Listing, close: Close, side: Side, lots: int) -> Note:
    other: Side = "sell" if side == "buy" else "buy"
    kind = KINDS[close.ordertype]
    note = Note("", listing, _EMPTY, close.ordertype)
    price, trigger = _prices(desk, note, {"price": close.price, "price2": close.price2}, other, kind)
    note.new = NewOrder(
        symbol=listing.unified, side=other, type="limit" if kind.limit else "market", price=price, lots=lots,
        trigger=trigger,
    )  # fmt: skip
    return note


def closing(desk: Desk, note: Note, fill: Fill) -> Note | None:
    """The order that closes what a fill of ``note`` opened; None where its prices make no sense any more."""
    assert note.close is not None
    try:
        made = _closing(desk, note.listing, note.close, fill.side, fill.lots)
    except Refusal:
        return None
    made.refid = note.txid
    return made


def volume_text(listing: Listing, lots: int) -> str:
    """A quantity as shown."""
    return padded(lots, listing.lot_decimals)
