"""Positions: seeing them, and closing them.

A position is closed by a market order of what is not held for other orders: the answer is that order. Closing all of
them can cancel all open orders first, and tells of each position by itself (207).
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from outtrade_mocks.venues.alpaca.codec import decimal, flag, plain
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.alpaca.errors import Refusal, refuse
from outtrade_mocks.venues.alpaca.holdings import Position, position_object, positions
from outtrade_mocks.venues.alpaca.reference import STEP, own_listings
from outtrade_mocks.venues.alpaca.shapes import order_object
from outtrade_mocks.venues.alpaca.trading import cancel_symbol, enter
from outtrade_mocks.venues.api import Call


def listed(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/positions."""
    return Outcome([position_object(desk, one) for one in positions(desk, now, as_of)])


def _asked(desk: Desk, call: Call, now: int, as_of: int | None) -> Position:
    name = call.raw.parts[2]
    for one in positions(desk, now, as_of):
        if name in (one.listing.id, one.listing.position_id, one.listing.asset_id):
            return one
    known = any(name in (one.id, one.position_id, one.asset_id) for one in own_listings().values())
    raise refuse("position_not_found") if known or desk.find(name) else refuse("unknown_asset", name[:40])


def one(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/positions/{symbol or asset id}."""
    return Outcome(position_object(desk, _asked(desk, call, now, as_of)))


def close(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /v2/positions/{symbol or asset id}: all of it, ``qty`` or ``percentage`` of it."""
    params, position = call.raw.params, _asked(desk, call, now, None)
    quantity = position.quantity
    if params.get("qty") is not None and params.get("percentage") is not None:
        raise refuse("invalid", "only one of qty or percentage is accepted")
    for name, most in (("qty", None), ("percentage", Decimal(100))):
        if params.get(name) is None:
            continue
        value = decimal(params[name])
        if value is None or value <= 0 or (most is not None and value > most):
            raise refuse("invalid", f"invalid {name}")
        quantity = value if most is None else (position.quantity * value / 100).quantize(STEP, ROUND_DOWN)
    order, ids = _close(desk, position, quantity, now)
    return Outcome(order, ids)


def _close(desk: Desk, position: Position, quantity: Decimal, now: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A market order against a position. Raises Refusal."""
    from outtrade_mocks.venues.alpaca import tickets

    listing = position.listing
    params = {
        "symbol": listing.id,
        "side": "sell",
        "type": "market",
        "qty": plain(quantity),
        "time_in_force": "day" if listing.equity else "gtc",
    }
    order = enter(desk, tickets.read(desk, params), now)
    return order_object(desk, order, fresh=True), (desk.order_id(order.order_id),)


def close_all(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /v2/positions: a result for each; ``cancel_orders=true`` cancels all open orders first."""
    done = cancel_symbol(desk, None) if flag(call.raw.params, "cancel_orders") else ()
    rows = []
    for position in positions(desk, now):
        row: dict[str, Any] = {"symbol": position.listing.position_id}
        try:
            order, ids = _close(desk, position, position.quantity, now)
            rows.append(row | {"status": 200, "body": order})
            done += ids
        except Refusal as refusal:
            rows.append(row | {"status": refusal.status, "body": refusal.body})
    return Outcome(rows, done, 207)
