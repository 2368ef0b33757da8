"""Orders in frames: requests of WebSocket v2 carried out by the handlers of REST, and answered in the words of v2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from outtrade_mocks.core import Reject
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import codec, frames, private, trading
from outtrade_mocks.venues.kraken_spot.desk import Desk, Outcome
from outtrade_mocks.venues.kraken_spot.endpoints import ENDPOINTS
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse, translate


@dataclass(slots=True)
class Frame:
    """A frame as it came. ``body``: what a handler of lists looks into, as with a JSON body of REST."""

    method: str
    req_id: int | None
    sent: dict[str, Any]
    body: dict[str, Any] = field(default_factory=dict)
    received: int = 0
    problem: Refusal | None = None
    """What is wrong with it, found while it was read."""


def translated(desk: Desk, frame: Frame) -> dict[str, str]:
    """Parameters in the words of REST; what is wrong is kept for ``execute``."""
    sent = {name: value for name, value in frame.sent.items() if name != "token"}
    token = {"token": frame.sent["token"]} if isinstance(frame.sent.get("token"), str) else {}
    try:
        if frame.method == "add_order":
            return frames.place(sent) | token
        if frame.method == "batch_add":
            params, orders = frames.batch(sent)
            frame.body["orders"] = orders
            return params | token
        if frame.method == "amend_order":
            note = desk.notes.get(str(sent.get("order_id")))
            trails = note is not None and note.ordertype.startswith("trailing")
            return frames.amend(sent, trails=trails, offset=note is not None and note.limit_offset is not None) | token
        if frame.method == "edit_order":
            note = desk.notes.get(str(sent.get("order_id")))
            return frames.edit(sent, "limit" if note is None else note.ordertype) | token
        if frame.method in ("batch_cancel", "cancel_order"):
            name = "orders" if frame.method == "batch_cancel" else "order_id"
            ids = [*frames.many(sent, name), *frames.many(sent, "order_userref")]
            named = frames.many(sent, "cl_ord_id")
            frame.body["orders"] = [{"txid": one} for one in ids] + [{"cl_ord_id": one} for one in named]
            return ({"txid": ids[0]} if ids else {"cl_ord_id": named[0]} if named else {}) | token
        if frame.method == "cancel_all_orders_after":
            return {"timeout": frames.number(sent.get("timeout"), "timeout")} | token
    except Refusal as refusal:
        frame.problem = refusal
    return codec.flat(sent) | token


def carry_out(desk: Desk, call: Call, now: int) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Orders in frames: the results in the words of v2."""
    frame: Frame = call.raw
    if frame.method == "cancel_order":
        return _cancel(desk, call, now)
    handlers: dict[str, Callable[[Desk, Call, int, int | None], Outcome]] = {
        "batch_cancel": trading.cancel_batch,
        "batch_add": trading.place_batch,
    }
    ours = {"add_order": "AddOrder", "amend_order": "AmendOrder", "edit_order": "EditOrder",
            "cancel_all": "CancelAll", "cancel_all_orders_after": "CancelAllOrdersAfter"}  # fmt: skip
    run = handlers.get(frame.method) or ENDPOINTS[f"/0/private/{ours[frame.method]}"].run
    outcome = run(desk, call, now, None)
    result, sent = outcome.result, frame.sent
    if frame.method == "add_order":
        made = {"order_id": result["txid"][0]} if "txid" in result else {}
        what: Any = made | {name: sent[name] for name in ("cl_ord_id", "order_userref") if name in sent}
    elif frame.method == "amend_order":
        what = {"amend_id": result["amend_id"]} | {k: sent[k] for k in ("order_id", "cl_ord_id") if k in sent}
    elif frame.method == "edit_order":
        what = {"order_id": result.get("txid", sent.get("order_id")), "original_order_id": sent.get("order_id")}
    elif frame.method == "batch_add":
        what = [private.batch_item(item, order) for item, order in zip(result["orders"], sent["orders"], strict=True)]
    elif frame.method == "batch_cancel":
        return [{"orders_cancelled": result["count"], "success": True}], outcome.order_ids
    else:
        what = result
    return [{"result": what, "success": True}], outcome.order_ids


def _cancel(desk: Desk, call: Call, now: int) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """``cancel_order``: an answer for each order; where there is only one, its refusal is that of the request."""
    asked: list[dict[str, str]] = call.raw.body["orders"]
    if not asked:
        raise refuse("invalid_argument", "order_id")
    answers: list[dict[str, Any]] = []
    done: tuple[str, ...] = ()
    for one in asked:
        try:
            outcome = trading.cancel(desk, Call("cancel", "WS", "", one, raw=call.raw), now, None)
            done += outcome.order_ids
            answers.append({"result": _named(one, outcome), "success": True})
        except (Refusal, Reject) as problem:
            refusal = problem if isinstance(problem, Refusal) else translate(problem)
            if len(asked) == 1:
                raise refusal from None
            answers.append({"error": refusal.text, "success": False})
    return answers, done


def _named(one: dict[str, str], outcome: Outcome) -> dict[str, str]:
    """Which order was cancelled, as it was named."""
    if "cl_ord_id" in one:
        return {"cl_ord_id": one["cl_ord_id"]}
    return {"order_id": outcome.order_ids[0] if outcome.order_ids else one["txid"]}
