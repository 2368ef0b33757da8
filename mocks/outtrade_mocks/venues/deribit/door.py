"""The door: what HTTP requests and frames have in common between being read and being answered.

A request becomes an ``Asked`` beside its Call: its method, its parameters as decoded JSON, its id, what was wrong with
it when it was read. The door counts it against the pools, has it carried out, and writes the envelope::

    {"jsonrpc": "2.0", "id": 5, "result": ..., "usIn": ..., "usOut": ..., "usDiff": ..., "testnet": false}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Call, Commit
from outtrade_mocks.venues.deribit import codec, tickets
from outtrade_mocks.venues.deribit.codec import US
from outtrade_mocks.venues.deribit.desk import Desk, Outcome
from outtrade_mocks.venues.deribit.errors import Refusal, refuse
from outtrade_mocks.venues.deribit.methods import METHODS, Method

INJECTED = {
    "rate": "too_many_requests",
    "ban": "too_many_requests",
    "funds": "not_enough_funds",
    "closed": "maintenance",
    "permission": "forbidden",
    "filter": "invalid_amount",
    "busy": "queue_full",
    "code_1006": "temporarily_unavailable",
    "code_1007": "internal",
}
"""What the venue says where a fault refuses. Of a ban no words are documented; who goes on is refused by rate. The two
``code_`` are its ways to say that it does not know: 13028 and 11094."""
SECRETS = ("client_secret", "signature", "refresh_token", "access_token")


class Asked(msgspec.Struct):
    """The venue's own parse of a request."""

    method: Method | None
    sent: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Its parameters."""
    identity: Any = None
    """``id``."""
    problem: Refusal | None = None
    authorization: str | None = None
    signed: str = ""
    """Of an HTTP request, what is signed behind time and nonce."""
    entered: int = 0
    """When it came in (UNIX ns)."""


def read_object(asked: Asked, data: Any) -> str:
    """A JSON-RPC object: fills in id and parameters; returns the method's name. Problems are kept for the door."""
    if not isinstance(data, dict):
        asked.problem = refuse("bad_request")
        return ""
    identity = data.get("id")
    if isinstance(identity, int | str) and not isinstance(identity, bool):
        asked.identity = identity
    name, sent = data.get("method"), data.get("params")
    if not isinstance(name, str):
        asked.problem = refuse("bad_request")
        return ""
    if sent is None:
        sent = {}
    if not isinstance(sent, dict):
        asked.problem = refuse("invalid_params", data={"reason": "params must be an object", "param": "params"})
        sent = {}
    asked.sent = sent
    return name.lstrip("/")


def describe(desk: Desk, call: Call, name: str) -> None:
    """Say in unified words what a request asks: operation, symbol, ids and order."""
    asked: Asked = call.raw
    method = asked.method = METHODS.get(name)
    if method is None:
        call.params = codec.plainly(asked.sent)
        return
    call.op, call.signed = method.op, method.private
    sent = asked.sent
    call.params = codec.plainly(sent)
    if name == "public/auth":
        call.params["apiKey"] = call.params.get("client_id", "")
        call.params["passphrase"] = call.params.pop("client_secret", "")  # where records look for foreign secrets
    entry = desk.by_id.get(call.params.get("instrument_name", ""))
    call.symbol = None if entry is None else entry.unified
    call.client_id = call.params.get("label") or None
    order_id = call.params.get("order_id")
    if order_id:
        call.venue_id = order_id
        core_id = desk.core_id(order_id)
        if core_id is not None:
            call.symbol = desk.account.orders[core_id][-1].symbol
    if name in ("private/buy", "private/sell"):
        price = call.params.get("price") if str(sent.get("type") or "limit").endswith("limit") else None
        symbol = call.symbol or call.params.get("instrument_name", "")
        contract = None if entry is None else entry.contract
        call.order = tickets.unified(sent, name.rpartition("/")[2], symbol, price, contract)
    lasting = {key: value for key, value in sent.items() if key not in SECRETS and key not in ("timestamp", "nonce")}
    call.digest = codec.digest(call.op, name, lasting)


# ---------------------------------------------------------------------- limits
def check_limits(desk: Desk, asked: Asked, now: int) -> None:
    """Count a request. Raises 10028."""
    if asked.method is not None and not desk.limits.take(asked.method.pool, now):
        raise refuse("too_many_requests")


def injected(reason: str) -> Refusal:
    """The words of a refusal that a fault injects. Raises ValueError on an unknown reason."""
    if reason not in INJECTED:
        raise ValueError(f"unknown refusal {reason!r}")
    return refuse(INJECTED[reason])


# ------------------------------------------------------------------ execution
def carry_out(desk: Desk, call: Call, now: int, as_of: int | None, connection: int) -> Commit:
    """Have a request carried out."""
    asked: Asked = call.raw
    commit = Commit(call)
    try:
        if asked.method is None:
            raise refuse("method_not_found")
        if asked.method.run is None:
            raise refuse("must_be_websocket")
        outcome: Outcome = asked.method.run(desk, asked.sent, now, as_of, connection)
        commit.result, commit.order_ids = outcome, outcome.order_ids
    except Refusal as refusal:
        commit.error = refusal
    return commit


def envelope(call: Call | None, now: int, **told: Any) -> bytes:
    """The answer to a request: ``result=`` or ``error=``."""
    asked: Asked | None = None if call is None else call.raw
    entered = now if asked is None or not asked.entered else asked.entered
    head: dict[str, Any] = {"jsonrpc": "2.0"}
    if asked is not None and asked.identity is not None:
        head["id"] = asked.identity
    tail = {"usIn": entered // US, "usOut": now // US, "usDiff": (now - entered) // US, "testnet": False}
    return codec.encode(head | told | tail)
