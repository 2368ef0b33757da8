"""Calls in unified words, and refusals that are injected: what HTTP and WebSocket share at the seam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import codec
from outtrade_mocks.venues.kraken_spot.codec import SECOND
from outtrade_mocks.venues.kraken_spot.desk import Desk
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse

TYPES = {
    "market": "market",
    "limit": "limit",
    "iceberg": "limit",
    "stop-loss": "stop",
    "stop-loss-limit": "stop_limit",
    "take-profit": "take_profit",
    "take-profit-limit": "take_profit_limit",
    "trailing-stop": "trailing_stop",
    "trailing-stop-limit": "trailing_stop",
}
REFUSALS = {
    "rate": "rate_limit",
    "ban": "lockout",
    "funds": "funds",
    "closed": "cancel_only",
    "permission": "permission",
    "filter": "tick_size",
    "code_1006": "internal",
    "code_1007": "deadline",
}
"""What a fault injects, by the names of the errors."""


def injected(reason: str, now: int, retry_after: int | None, until: int | None) -> Refusal:
    """A refusal that a fault injects. Raises ValueError on an unknown reason."""
    if reason == "busy":
        end = until if until is not None else now + (retry_after or 1) * SECOND
        return refuse("throttled", -(-end // SECOND))
    if reason not in REFUSALS:
        raise ValueError(f"unknown refusal {reason!r}")
    return refuse(REFUSALS[reason])


def name_it(call: Call, desk: Desk) -> None:
    """Fill in a call's unified fields from its parameters."""
    params, op = call.params, call.op
    pair = params.get("pair")
    listing = None if pair is None else desk.book.find(pair)
    if pair is not None:
        call.symbol = pair if listing is None else listing.unified
    if op == "place":
        call.client_id = params.get("cl_ord_id")
        call.order = _order_params(params, call.symbol or "")
    elif op in ("query", "cancel", "amend", "cancel_replace"):
        call.client_id, call.venue_id = params.get("cl_ord_id"), params.get("txid")
        note = desk.notes.get(call.venue_id or "")
        if note is not None:
            call.symbol = note.listing.unified


def _order_params(params: Mapping[str, str], symbol: str) -> dict[str, Any]:
    ordertype = params.get("ordertype")
    kind = TYPES.get(ordertype or "", ordertype)
    waits, trails = ordertype not in ("market", "limit", "iceberg"), kind == "trailing_stop"
    flags = params.get("oflags", "")
    return {
        "symbol": symbol,
        "side": params.get("type"),
        "type": kind,
        "tif": params.get("timeinforce"),
        "price": None if trails else params.get("price2" if waits else "price"),
        "stop_price": params.get("price") if waits and not trails else None,
        "post_only": "post" in flags,
        "reduce_only": codec.switch(params.get("reduce_only")),
        "quote_quantity" if "viqc" in flags else "quantity": params.get("volume"),
    }
