"""Reading and checking a new order: the JSON of ``POST /v2/orders`` in the core's words, or the refusal.

An order has ``qty`` or ``notional`` (dollars), a ``type`` and a ``time_in_force``; its ``order_class`` may give it
legs:

* ``bracket``: ``take_profit`` and ``stop_loss`` wait for the entry to be filled, then one cancels the other;
* ``oto``: one of the two waits for the entry;
* ``oco``: no entry, both at once; the limit order is the parent, the stop its leg.

Equities and crypto take different orders: crypto is market, limit and stop-limit, ``gtc`` or ``ioc``, without legs
(crypto orders); parts of a share are for ``day`` orders without legs alone (fractional trading). Texts of refusals that
no source shows are *inferred*.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal

import msgspec

from outtrade_mocks.core import NewList, NewOrder, TradingState
from outtrade_mocks.core.orders import Trigger
from outtrade_mocks.venues.alpaca import guards
from outtrade_mocks.venues.alpaca.codec import decimal, flag, plain
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.errors import Refusal, refuse
from outtrade_mocks.venues.alpaca.notes import Note, OrderClass
from outtrade_mocks.venues.alpaca.reference import LEAST_CRYPTO, MOST_PRICE, STEP, TICK, Listing

Side = Literal["buy", "sell"]
Params = Mapping[str, Any]
KINDS = ("market", "limit", "stop", "stop_limit", "trailing_stop")
CRYPTO_KINDS = ("market", "limit", "stop_limit")
TIFS: Mapping[str, Any] = {"day": "DAY", "gtc": "GTC", "opg": "OPG", "cls": "CLS", "ioc": "IOC", "fok": "FOK"}
CRYPTO_TIFS = ("gtc", "ioc")
CLASSES: Mapping[str, OrderClass] = {"": "", "simple": "", "bracket": "bracket", "oco": "oco", "oto": "oto"}
LONGEST_ID = 128
LEAST_NOTIONAL = Decimal(1)


class Ticket(msgspec.Struct):
    """A new order, read: one order or a list, with a note for each."""

    listing: Listing
    new: NewOrder | NewList
    notes: list[Note]

    @property
    def first(self) -> NewOrder:
        """The order itself, or the parent of a list."""
        return self.new.orders[0] if isinstance(self.new, NewList) else self.new


def read(desk: Desk, params: Params) -> Ticket:
    """The order that is asked for. Raises Refusal; nothing changes."""
    listing = asset(desk, params)
    side, kind, tif = words(params, listing)
    order_class = CLASSES.get(str(params.get("order_class", "")))
    if order_class is None:
        raise refuse("invalid", "invalid order_class")
    extended = flag(params, "extended_hours")
    guards.check_account(desk, listing)
    lots, notional = quantity(desk, listing, params, kind, tif, order_class)
    limit, trigger, note = prices(desk, listing, params, kind, side, oco=order_class == "oco")
    note.tif, note.order_class, note.extended = tif, order_class, extended
    if extended and (kind != "limit" or tif != "day" or not listing.equity):
        raise refuse("unprocessable", "extended hours order must be DAY limit orders")
    if tif in ("opg", "cls") and kind not in ("market", "limit"):
        raise refuse("unprocessable", f"{tif} orders must be market or limit orders")
    new = NewOrder(
        symbol=listing.unified,
        side=side,
        type="market" if kind in ("market", "stop", "trailing_stop") else "limit",
        tif=TIFS[tif],
        price=limit,
        lots=lots,
        client_id=client_id(desk, params.get("client_order_id")),
        trigger=trigger,
        extended=extended,
    )
    if notional is not None:
        note.notional = plain(notional)
        new = for_amount(desk, listing, new, notional)
    if not order_class:
        return Ticket(listing, new, [note])
    return _classed(desk, listing, params, new, note, order_class)


# ---------------------------------------------------------------------- words
def asset(desk: Desk, params: Params) -> Listing:
    """The asset of a request; raises Refusal."""
    name = params.get("symbol")
    if name is None or name == "":
        raise refuse("invalid", "symbol is required")
    found = desk.find(name)
    if found is None:
        raise refuse("unknown_asset", str(name)[:40])
    return found


def words(params: Params, listing: Listing) -> tuple[Side, str, str]:
    """Side, type and time in force. Raises Refusal."""
    side, kind, tif = params.get("side"), params.get("type"), params.get("time_in_force")
    if side not in ("buy", "sell"):
        raise refuse("invalid", "side is required" if side is None else "invalid side")
    if kind not in KINDS:
        raise refuse("invalid", "type is required" if kind is None else "invalid order type")
    if not isinstance(tif, str) or tif not in TIFS:
        raise refuse("invalid", "time_in_force is required" if tif is None else "invalid time_in_force")
    if not listing.equity:
        if kind not in CRYPTO_KINDS:
            raise refuse("crypto_type")
        if tif not in CRYPTO_TIFS:
            raise refuse("crypto_tif")
    return side, kind, tif


def client_id(desk: Desk, sent: object) -> str:
    """The client order id: the sent one, or a new one. Raises Refusal."""
    if sent is None or sent == "":
        return desk.new_client_id()
    if not isinstance(sent, str):
        raise refuse("body")
    if len(sent) > LONGEST_ID:
        raise refuse("id_length")
    if desk.taken(sent):
        raise refuse("duplicate")
    return sent


# ----------------------------------------------------------------- quantities
def quantity(
    desk: Desk, listing: Listing, params: Params, kind: str, tif: str, order_class: str
) -> tuple[int | None, Decimal | None]:
    """Lots, or dollars. Raises Refusal."""
    sent, dollars = params.get("qty"), params.get("notional")
    if (sent is None) == (dollars is None):
        raise refuse(
            "invalid", "qty or notional is required" if sent is None else "only one of qty or notional is accepted"
        )
    value = decimal(dollars if sent is None else sent)
    name = "notional" if sent is None else "qty"
    if value is None or value <= 0:
        raise refuse("invalid", f"{name} must be > 0")
    if sent is None:
        if kind != "market" or order_class:
            raise refuse("unprocessable", "notional orders must be market orders")
        value = value.quantize(Decimal("0.01"), ROUND_DOWN) if listing.quote == "USD" else value
        if listing.equity and value < LEAST_NOTIONAL:
            raise refuse("unprocessable", "notional amount must be >= 1.00")
    else:
        value = value.quantize(STEP, ROUND_DOWN)  # what is finer is cut silently
        if value > desk.rules(listing).quantity_max:  # type: ignore[operator]
            raise refuse("invalid", "qty is too large")
        if value <= 0:
            raise refuse("invalid", "qty must be > 0")
    if listing.equity and (sent is None or value != int(value)):
        _check_fraction(desk, listing, tif, order_class)
    return (None, value) if sent is None else (int(value / STEP), None)


def _check_fraction(desk: Desk, listing: Listing, tif: str, order_class: str) -> None:
    """Parts of a share (fractional trading). Raises Refusal."""
    if not listing.fractionable:
        raise refuse("unprocessable", f'asset "{listing.id}" is not fractionable')
    if not desk.configuration["fractional_trading"]:
        raise refuse("fractional_off")
    if tif != "day":
        raise refuse("unprocessable", "fractional orders must be DAY orders")
    if order_class:
        raise refuse("unprocessable", "fractional orders must be simple orders")


def for_amount(desk: Desk, listing: Listing, new: NewOrder, notional: Decimal) -> NewOrder:
    """A market order for an amount. Outside the session it waits for the next one as what the amount is worth now
    (*simplified*)."""
    if not listing.equity and listing.quote == "USD" and notional < LEAST_CRYPTO:
        raise refuse("cost_basis", LEAST_CRYPTO)
    quote = int(notional.scaleb(desk.exchange.precisions[listing.quote]))
    if desk.exchange.state(listing.unified) is TradingState.OPEN:
        return NewOrder(
            symbol=new.symbol, side=new.side, type="market", tif=new.tif, quote=quote, client_id=new.client_id
        )
    price = desk.price(listing)
    lots = int(notional / price / STEP) if price else 0
    if lots <= 0:
        raise refuse("unprocessable", "no price to measure the notional against")
    return NewOrder(symbol=new.symbol, side=new.side, type="market", tif=new.tif, lots=lots, client_id=new.client_id)


# --------------------------------------------------------------------- prices
def ticks(desk: Desk, listing: Listing, sent: object, name: str) -> int:
    """A price in ticks. Raises Refusal."""
    value = decimal(sent)
    if value is None or value <= 0 or value > MOST_PRICE:
        raise refuse(
            "invalid", f"{name.replace('_', ' ')} must be > 0" if not value or value <= 0 else f"invalid {name}"
        )
    found = value / listing.tick
    rules = desk.rules(listing)
    if found != int(found) or not rules.on_grid(int(found)):
        if listing.equity:
            raise refuse("penny_stop" if name == "stop_price" else "penny_limit", plain(value))
        raise refuse("unprocessable", f"{name} must be a multiple of {plain(listing.tick)}")
    return int(found)


def prices(
    desk: Desk, listing: Listing, params: Params, kind: str, side: Side, *, oco: bool = False
) -> tuple[int | None, Trigger | None, Note]:
    """Limit price and trigger of an order, and its note. Raises Refusal."""
    note = Note(kind=kind, tif="")
    limit, stop = params.get("limit_price"), params.get("stop_price")
    if oco:
        if kind != "limit":
            raise refuse("invalid", "oco orders must be limit orders")
        limit = part(params, "take_profit").get("limit_price", limit)
    if kind in ("limit", "stop_limit") and limit is None:
        raise refuse("invalid", f"{kind.replace('_', ' ')} orders require a limit price")
    if kind in ("market", "stop", "trailing_stop") and limit is not None:
        raise refuse("invalid", f"{kind.replace('_', ' ')} orders require no limit price")
    if kind in ("stop", "stop_limit") and stop is None:
        raise refuse("invalid", f"{kind.replace('_', ' ')} orders require a stop price")
    if kind in ("market", "limit", "trailing_stop") and stop is not None:
        raise refuse("invalid", f"{kind.replace('_', ' ')} orders require no stop price")
    price = None if limit is None else ticks(desk, listing, limit, "limit_price")
    trigger = None if stop is None else Trigger(kind="stop", price=ticks(desk, listing, stop, "stop_price"))
    if kind == "trailing_stop":
        trigger = trailing(listing, params, note)
    elif params.get("trail_price") is not None or params.get("trail_percent") is not None:
        raise refuse("invalid", "only trailing stop orders have trail_price or trail_percent")
    return price, trigger, note


def trailing(listing: Listing, params: Params, note: Note) -> Trigger:
    """The trigger of a trailing stop: a distance in dollars or in per cent, in steps of a hundredth (*inferred*)."""
    dollars, percent = params.get("trail_price"), params.get("trail_percent")
    if (dollars is None) == (percent is None):
        raise refuse("invalid", "trailing stop orders require one of trail_price or trail_percent")
    name = "trail_percent" if dollars is None else "trail_price"
    value = decimal(percent if dollars is None else dollars)
    if value is None or value <= 0:
        raise refuse("invalid", f"{name} must be > 0")
    units = value * 100 if dollars is None else value / TICK
    if units != int(units) or units > MOST_PRICE / TICK or (dollars is None and value >= 100):
        raise refuse("invalid", f"invalid {name}")
    if dollars is None:
        note.trail_percent = plain(value)
        return Trigger(trail_bps=int(units))
    note.trail_price = plain(value)
    return Trigger(trail_ticks=int(units))


# ----------------------------------------------------------------------- legs
def part(params: Params, name: str) -> dict[str, Any]:
    """``take_profit`` or ``stop_loss``; empty where it was not sent. Raises Refusal."""
    found = params.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise refuse("body")
    return {key: value for key, value in found.items() if value is not None}


def _classed(
    desk: Desk, listing: Listing, params: Params, new: NewOrder, note: Note, order_class: OrderClass
) -> Ticket:
    """An order with legs. Raises Refusal."""
    profit, loss = part(params, "take_profit"), part(params, "stop_loss")
    if not listing.equity:
        raise refuse("unprocessable", f"crypto orders not allowed for advanced order_class: {order_class}")
    if note.extended or note.tif not in ("day", "gtc"):
        raise refuse("unprocessable", f"{order_class} orders must be DAY or GTC orders of the regular session")
    if new.trigger is not None:
        raise refuse("unprocessable", f"{order_class} orders must be entered with limit orders or market orders")
    if order_class == "oto" and bool(profit) == bool(loss):
        raise refuse("unprocessable", "oto orders require either take_profit or stop_loss")
    if order_class != "oto" and not (loss and (profit or order_class == "oco")):
        raise refuse("unprocessable", f"{order_class} orders require take_profit and stop_loss")
    side: Side = new.side if order_class == "oco" else ("sell" if new.side == "buy" else "buy")
    orders, notes = [new], [note]
    if profit and order_class != "oco":
        orders.append(_leg(desk, listing, new, side, {"limit_price": profit.get("limit_price")}, "limit"))
        notes.append(Note(kind="limit", tif=note.tif, order_class=order_class))
    if loss:
        kind = "stop" if loss.get("limit_price") is None else "stop_limit"
        orders.append(_leg(desk, listing, new, side, loss, kind))
        waits = order_class in ("oco", "bracket")
        notes.append(Note(kind=kind, tif=note.tif, order_class=order_class, waits_for_pair=waits))
    if order_class != "oto":
        _check_prices(orders[-2], orders[-1])
    return Ticket(listing, NewList(kind=order_class, orders=tuple(orders)), notes)  # type: ignore[arg-type]


def _leg(desk: Desk, listing: Listing, entry: NewOrder, side: Side, params: Params, kind: str) -> NewOrder:
    names = {"limit": "take_profit.limit_price", "stop": "stop_loss.stop_price", "stop_limit": "stop_loss.stop_price"}
    try:
        price, trigger, _ = prices(desk, listing, params, kind, side)
    except Refusal as refusal:
        if refusal.name == "invalid" and "require" in refusal.message:
            raise refuse("invalid", f"{names[kind]} is required") from None
        raise
    return NewOrder(
        symbol=entry.symbol,
        side=side,
        type="market" if price is None else "limit",
        tif=entry.tif,
        price=price,
        lots=entry.lots,
        client_id=desk.new_client_id(),
        trigger=trigger,
    )


def _check_prices(profit: NewOrder, loss: NewOrder) -> None:
    """The limit of the take profit lies above the stop of a sale, below that of a purchase. Raises Refusal."""
    assert profit.price is not None and loss.trigger is not None and loss.trigger.price is not None
    if profit.price <= loss.trigger.price if profit.side == "sell" else profit.price >= loss.trigger.price:
        way = ">" if profit.side == "sell" else "<"
        raise refuse("unprocessable", f"take_profit.limit_price must be {way} stop_loss.stop_price")
