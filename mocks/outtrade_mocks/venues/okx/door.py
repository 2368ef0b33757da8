"""The door: what REST and WebSocket requests have in common between being read and being answered.

A request, over HTTP or in a frame, becomes an ``Asked`` beside its Call: its endpoint, its payload as decoded JSON,
what was wrong with it when it was read. The door counts it against the rate limits and has it carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Call, Commit
from outtrade_mocks.venues.okx import codec
from outtrade_mocks.venues.okx.codec import MS
from outtrade_mocks.venues.okx.desk import Desk, Outcome
from outtrade_mocks.venues.okx.endpoints import Endpoint
from outtrade_mocks.venues.okx.errors import Refusal, refuse
from outtrade_mocks.venues.okx.tickets import KINDS

SINGLE = {"place_batch": "place", "cancel_batch": "cancel", "amend_batch": "amend"}
"""A batch of one item is a request of that kind, for faults and for limits."""
SINGLE_KEYS = {
    "batch-orders": "order",
    "cancel-batch-orders": "cancel-order",
    "amend-batch-orders": "amend-order",
}
"""What a batch of one counts as."""
INJECTED = {
    "funds": ("funds", ("USDT",)),
    "closed": ("suspended", ()),
    "permission": ("permission", ()),
    "filter": ("lot", ()),
    "busy": ("busy", ()),
    "ban": ("address_blocked", ("192.0.2.1",)),
    "code_1006": ("timeout", ()),
    "code_1007": ("order_timeout", ()),
}
"""What the venue says where a fault refuses. ``code_1006`` and ``code_1007`` are its two ways to say that it does not
know the outcome (50004, 51149); of a ban it documents no words of its own."""
_ITEMS = ("place", "place_batch", "cancel", "cancel_batch", "amend", "amend_batch")


class Asked(msgspec.Struct):
    """The venue's own parse of a request. ``payload``: the JSON of a body or the arguments of a frame."""

    endpoint: Endpoint | None
    payload: Any = None
    text: Mapping[str, str] | None = None
    """The only object of the payload, its values as text."""
    problem: Refusal | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    signed: str = ""
    """Of a REST request, what is signed behind the timestamp."""
    identity: str = ""
    """Of a frame, its id."""
    deadline: str = ""
    """``expTime``: until when (ms) an order or amend may be carried out."""
    entered: int = 0
    """When it came in (UNIX ns)."""


def items(payload: Any) -> list[Mapping[str, Any]]:
    """The objects of a payload."""
    if isinstance(payload, dict):
        return [payload]
    return [item for item in payload if isinstance(item, dict)] if isinstance(payload, list) else []


def describe(desk: Desk, call: Call) -> None:
    """Say in unified words what a request with a payload asks: symbol, ids and order, where it is about one."""
    asked: Asked = call.raw
    sent = items(asked.payload)
    if len(sent) == 1:
        call.op = SINGLE.get(call.op, call.op)
        asked.text = call.params = params = codec.text(sent[0])
    elif sent:
        call.params = {"orders": codec.value(asked.payload)}
        names = {str(item.get("instId", item.get("instIdCode", ""))) for item in sent}
        params = {"instId": names.pop()} if len(names) == 1 else {}
    else:
        params = call.params
    call.symbol = _symbol(desk, params) or call.symbol
    if len(sent) > 1:
        return
    call.client_id = params.get("clOrdId") or params.get("algoClOrdId") or None
    call.venue_id = params.get("ordId") or _algo_order(desk, params) or None
    if call.op == "place":
        call.order = _order(params, call.symbol or "")


def _symbol(desk: Desk, params: Mapping[str, str]) -> str | None:
    name, code = params.get("instId"), params.get("instIdCode", "")
    if name:
        entry = desk.by_id.get(name)
        return name if entry is None else entry.unified
    entry = desk.by_code.get(int(code)) if code.isascii() and code.isdecimal() and len(code) < 16 else None
    return None if entry is None else entry.unified


def _algo_order(desk: Desk, params: Mapping[str, str]) -> str | None:
    """The order that stands for an algo order, so that the record names it as the truth does."""
    sent = params.get("algoId", "")
    algo = desk.algos.get(int(sent)) if sent.isascii() and sent.isdecimal() and len(sent) < 21 else None
    return desk.order_id(algo.orders[0]) if algo is not None and algo.orders else None


def _order(params: Mapping[str, str], symbol: str) -> dict[str, Any]:
    """The unified reading of an order request; numbers stay as they were sent."""
    word = params.get("ordType", "")
    kind = KINDS.get(word)
    price, stop, name = params.get("px"), None, "limit" if kind is None or kind.limit else "market"
    if word == "trigger":
        stop, price = params.get("triggerPx"), params.get("orderPx") or params.get("ordPx")
    elif word in ("conditional", "oco"):
        leg = "tp" if params.get("tpTriggerPx") else "sl"
        stop, price = params.get(f"{leg}TriggerPx"), params.get(f"{leg}OrdPx")
        name = "take_profit" if leg == "tp" else "stop"
    if word in ("trigger", "conditional", "oco"):
        price = None if price == "-1" else price
        name = ("stop" if word == "trigger" else name) + ("_limit" if price else "")
    elif word == "move_order_stop":
        name = "trailing_stop"
    target = params.get("tgtCcy") or ("quote_ccy" if params.get("side") == "buy" else "base_ccy")
    spot_market = word == "market" and params.get("tdMode") not in ("cross", "isolated")
    by_quote = spot_market and target == "quote_ccy"
    return {
        "symbol": symbol,
        "side": params.get("side"),
        "type": name,
        "tif": kind.tif if kind is not None else None,
        "price": price or None,
        "quantity": None if by_quote else params.get("sz"),
        "quote_quantity": params.get("sz") if by_quote else None,
        "stop_price": stop,
        "post_only": word == "post_only",
        "reduce_only": params.get("reduceOnly", "").lower() == "true",
    }


# --------------------------------------------------------------------- limits
def check_limits(desk: Desk, call: Call, now: int) -> None:
    """Count a request. Raises 50011, 50061."""
    asked: Asked = call.raw
    endpoint = asked.endpoint
    assert endpoint is not None
    key, most, orders = endpoint.key or f"{call.method} {call.path}", endpoint.limit, 1
    by_instrument = endpoint.per == "instrument" or endpoint.per == "orders"
    counts: dict[str, int]
    if asked.text is not None or not by_instrument:
        params = call.params
        counts = {(params.get("instId") or params.get("instIdCode") or "") if by_instrument else "": 1}
        if key in SINGLE_KEYS:
            key, most = SINGLE_KEYS[key], 60
    else:
        counts, sent = {}, items(asked.payload)
        orders = len(sent)
        for item in sent or [call.params]:
            name = str(item.get("instId") or item.get("instIdCode") or "")
            counts[name] = counts.get(name, 0) + 1
    for name, cost in counts.items():
        if not desk.limits.take((key, name), most, now, cost, endpoint.window):
            raise rate_refusal(desk)
    if endpoint.counts and not desk.limits.take_orders(now, max(1, orders)):
        raise refuse("account_rate")


def rate_refusal(desk: Desk) -> Refusal:
    """50011, with one of its two statuses."""
    return refuse("too_many_requests" if desk.rate_status == 429 else "rate_reached")


def injected(desk: Desk, reason: str) -> Refusal:
    """The words of a refusal that a fault injects. Raises ValueError on an unknown reason."""
    if reason == "rate":
        return rate_refusal(desk)
    if reason not in INJECTED:
        raise ValueError(f"unknown refusal {reason!r}")
    name, values = INJECTED[reason]
    return refuse(name, *values)


def check_deadline(asked: Asked, now: int) -> None:
    """``expTime``: a request that comes too late is not carried out (50036 for one that is past when it comes in, 50037
    for one that has run out since). Raises Refusal."""
    if not asked.deadline:
        return
    if not asked.deadline.isascii() or not asked.deadline.isdecimal() or len(asked.deadline) > 18:
        raise refuse("parameter", "expTime")
    if int(asked.deadline) < now // MS:
        raise refuse("exp_time" if now == asked.entered else "order_expired")


# ------------------------------------------------------------------ execution
def carry_out(desk: Desk, call: Call, now: int, as_of: int | None) -> Commit:
    """Have a request carried out."""
    asked: Asked = call.raw
    commit = Commit(call)
    try:
        if asked.endpoint is None:
            raise refuse("endpoint_inactive")
        if asked.endpoint.counts:
            check_deadline(asked, now)
        outcome: Outcome = asked.endpoint.run(desk, call, now, as_of)
        commit.result, commit.order_ids = outcome, outcome.order_ids
    except Refusal as refusal:
        commit.error = refusal
    return commit


def as_item(call: Call | None, refusal: Refusal, now: int) -> list[dict[str, str]] | None:
    """The items of an answer that refuses orders one by one; None where the envelope says it."""
    if call is None or call.op not in _ITEMS or refusal.whole:
        return None
    return [
        {
            "clOrdId": str(item.get("clOrdId", "")),
            "ordId": str(item.get("ordId", "")) if call.op.startswith(("cancel", "amend")) else "",
            "tag": str(item.get("tag", "")),
            "ts": str(now // MS),
            "sCode": refusal.code,
            "sMsg": refusal.message,
            "subCode": "",
        }
        for item in items(call.raw.payload) or [call.params]
    ]
