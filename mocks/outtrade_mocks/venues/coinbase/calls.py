"""Calls in unified words, and refusals that are injected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Call, HttpAnswer
from outtrade_mocks.venues.coinbase.codec import encode
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.endpoints import Endpoint
from outtrade_mocks.venues.coinbase.errors import SUCCESS, Refusal, Rejected, refuse, reject
from outtrade_mocks.venues.coinbase.notes import KINDS

CONTENT_TYPE = "application/json; charset=utf-8"
REJECTIONS = {"funds": "insufficient_fund", "closed": "entry_disabled", "filter": "size_precision"}
"""What a fault injects in an answer with 200, by the names of the errors."""
REFUSALS = {"rate": "rate", "ban": "rate", "permission": "permission", "busy": "unavailable", "code_1006": "internal",
            "code_1007": "deadline"}  # fmt: skip
"""What it injects by status."""


class Asked(msgspec.Struct):
    """The venue's own parse of an HTTP request."""

    endpoint: Endpoint | None
    token: str | None
    uris: tuple[str, ...]
    """What its token may be for."""
    named: str = ""
    """What stands in the path where the table of endpoints has a name."""
    query: dict[str, list[str]] = msgspec.field(default_factory=dict)
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    readable: bool = True


def refused(refusal: Refusal, headers: Mapping[str, str]) -> HttpAnswer:
    """The answer to who is refused by status."""
    return HttpAnswer(refusal.status, refusal.encode(), dict(headers), refusal.content_type)


def injected(reason: str, call: Call | None, headers: Mapping[str, str], retry_after: int | None) -> HttpAnswer:
    """A refusal that a fault injects, in the form of what was asked. Raises ValueError on an unknown reason."""
    if reason in REFUSALS:
        more = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return refused(refuse(REFUSALS[reason]), dict(headers) | more)
    if reason not in REJECTIONS:
        raise ValueError(f"unknown refusal {reason!r}")
    problem = reject(REJECTIONS[reason])
    return HttpAnswer(200, encode(_said(problem, call)), dict(headers), CONTENT_TYPE)


def _said(problem: Rejected, call: Call | None) -> dict[str, Any]:
    op, body = ("place", {}) if call is None else (call.op, call.raw.body if isinstance(call.raw, Asked) else {})
    if op == "cancel":
        wanted = body.get("order_ids")
        ids = [one for one in wanted if isinstance(one, str)] if isinstance(wanted, list) else []
        reason = "COMMANDER_REJECTED_CANCEL_ORDER"
        return {"results": [{"success": False, "failure_reason": reason, "order_id": one} for one in ids or [""]]}
    if op == "amend":
        return {"success": False, "errors": [{"edit_failure_reason": "COMMANDER_REJECTED_EDIT_ORDER",
                                              "preview_failure_reason": problem.preview}]}  # fmt: skip
    return {
        "success": False,
        "failure_reason": SUCCESS,
        "order_id": "",
        "error_response": problem.response(),
        "order_configuration": body.get("order_configuration"),
    }


def name_it(call: Call, desk: Desk) -> None:
    """Fill in a call's unified fields from its parameters."""
    asked: Asked = call.raw
    body = asked.body
    product = body.get("product_id") or next(iter(asked.query.get("product_id", ())), None)
    if isinstance(product, str):
        listing = desk.by_id.get(product)
        call.symbol = product if listing is None else listing.unified
    if call.op == "place":
        name = body.get("client_order_id")
        call.client_id = name if isinstance(name, str) else None
        call.order = order_params(body, call.symbol or "")
    elif call.op == "query":
        call.venue_id = asked.named
    elif call.op == "cancel":
        wanted = body.get("order_ids")
        ids = [one for one in wanted if isinstance(one, str)] if isinstance(wanted, list) else []
        if len(ids) == 1:
            call.venue_id = ids[0]
        elif ids:
            call.op = "cancel_batch"
    elif call.op == "amend" and isinstance(body.get("order_id"), str):
        call.venue_id = body["order_id"]
    elif call.op == "all_orders" and "OPEN" in ",".join(asked.query.get("order_status", ())).split(","):
        call.op = "open_orders"
    elif call.op == "trades":
        call.venue_id = next(iter(asked.query.get("order_id", ())), None)
    note = desk.notes.get(call.venue_id or "")
    if note is not None and call.symbol is None:
        call.symbol = note.listing.unified


def order_params(body: Mapping[str, Any], symbol: str) -> dict[str, Any]:
    """The unified reading of a new order; numbers stay as they were sent."""
    found = body.get("order_configuration")
    key, fields = next(iter(found.items()), ("", {})) if isinstance(found, dict) else ("", {})
    fields = fields if isinstance(fields, dict) else {}
    kind = KINDS.get(str(key))

    def sent(name: str) -> str | None:
        value = fields.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None

    side = body.get("side")
    side = side.lower() if isinstance(side, str) else None
    unified = None if kind is None else kind.unified
    if unified == "stop_limit" and (fields.get("stop_direction") == "STOP_DIRECTION_STOP_UP") != (side == "buy"):
        unified = "take_profit_limit"
    return {
        "symbol": symbol,
        "side": side,
        "type": unified,
        "tif": None if kind is None or unified == "market" else kind.core_tif,
        "price": sent("limit_price"),
        "quantity": sent("base_size"),
        "quote_quantity": sent("quote_size"),
        "stop_price": sent("stop_price") or sent("stop_trigger_price"),
        "post_only": fields.get("post_only") is True,
        "reduce_only": fields.get("reduce_only") is True or body.get("reduce_only") is True,
    }
