"""The front door and the way to the engine, the same for a request over HTTP and one in a WebSocket frame.

What differs between the two is how a request is written down, and how its answer is; that is the business of `venue`
and `wsapi`. Both make a Call with an ``Asked`` in it, and let it pass here: weight, key, repeated parameters, time
window and signature, order limits, in this order. ``execute`` is the only place where state moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.core import Reject
from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues.api import Call, Commit
from outtrade_mocks.venues.binance_spot.desk import Desk, Outcome
from outtrade_mocks.venues.binance_spot.endpoints import Endpoint
from outtrade_mocks.venues.binance_spot.errors import Refusal, refuse, translate

TYPES = {
    "LIMIT": "limit",
    "LIMIT_MAKER": "limit",
    "MARKET": "market",
    "STOP_LOSS": "stop",
    "STOP_LOSS_LIMIT": "stop_limit",
    "TAKE_PROFIT": "take_profit",
    "TAKE_PROFIT_LIMIT": "take_profit_limit",
}


class Asked(msgspec.Struct):
    """The venue's own parse of a request."""

    endpoint: Endpoint | None
    payload: str
    """What is signed: over HTTP query string and body as sent, in a frame the sorted parameters; no signature in it."""
    key: str | None
    repeated: bool = False
    """Whether a parameter came twice in the query string or in the body."""
    deadline: int | None = None
    """Until when (UNIX ns) a signed request may be carried out; set by ``admit``."""
    frame: Any = None
    """The decoded frame, where it came in one."""


class Front:
    """Who may come in, and what becomes of it."""

    def __init__(self, desk: Desk, keys: auth.Keys) -> None:
        self.desk = desk
        self.keys = keys
        self._unified = {entry.id: unified for unified, entry in desk.listings.items()}

    def annotate(self, call: Call) -> Call:
        """Fill in what a call is about, in unified words."""
        params, op = call.params, call.op
        symbol = params.get("symbol")
        if symbol is not None:
            call.symbol = self._unified.get(symbol, symbol)
        if op in ("place", "cancel_replace"):
            call.client_id = params.get("newClientOrderId")
            call.venue_id = params.get("cancelOrderId")
            call.order = order_params(params, call.symbol or "")
        elif op in ("query", "cancel", "amend"):
            call.client_id, call.venue_id = params.get("origClientOrderId"), params.get("orderId")
        elif op == "trades":
            call.venue_id = params.get("orderId")
        return call

    def admit(self, call: Call, now: int, *, trusted: bool = False) -> Refusal | None:
        """The refusal of who may not come in; None = come in. Counts the weight, refused or not. ``trusted``: the
        request comes on a connection that has logged on, so it needs a time but neither key nor signature."""
        asked: Asked = call.raw
        endpoint, limits = asked.endpoint, self.desk.limits
        try:
            if endpoint is None:
                limited = limits.request(now, 1)
                raise refuse("not_found") if limited is None else limited
            if endpoint.bucket == "api":
                limited = limits.request(now, endpoint.cost(call.params))
                if limited is not None:
                    raise limited
            if endpoint.security != "none" and not trusted:
                auth.check_key(asked.key, self.keys.key)
            if asked.repeated:
                raise refuse("duplicate_values")
            if endpoint.security == "signed":
                if trusted:
                    asked.deadline = auth.check_time(call.params, now)
                else:
                    asked.deadline = auth.check_signed(call.params, asked.payload, keys=self.keys, now=now)
            if endpoint.new_order and call.params.get("orderRateLimitExceededMode") != "CANCEL_ONLY":
                exceeded = limits.order_refusal(now)
                if exceeded is not None:
                    raise exceeded
        except Refusal as refusal:
            return refusal
        return None

    def execute(self, call: Call, now: int, as_of: int | None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        exchange, asked = self.desk.exchange, call.raw
        if now > exchange.now:
            exchange.advance(now)
        commit = Commit(call)
        try:
            if asked.endpoint is None:
                raise refuse("not_found")
            if asked.deadline is not None:
                auth.check_deadline(asked.deadline, now)
            outcome: Outcome = asked.endpoint.run(self.desk, call, now, as_of)
            commit.result = outcome
            commit.order_ids = outcome.order_ids
        except Refusal as refusal:
            _failed(commit, refusal, now)
        except Reject as reject:
            _failed(commit, translate(reject), now)
        return commit


def _failed(commit: Commit, refusal: Refusal, now: int) -> None:
    commit.error = refusal
    commit.result = Outcome(None, now)
    data = refusal.data or {}
    halves = (data.get("cancelResponse"), data.get("newOrderResponse"))
    commit.order_ids = tuple(str(half["orderId"]) for half in halves if half and "orderId" in half)


def order_params(params: Mapping[str, str], symbol: str) -> dict[str, Any]:
    """The unified reading of an order request; numbers stay as they were sent."""
    kind = params.get("type")
    return {
        "symbol": symbol,
        "side": params["side"].lower() if "side" in params else None,
        "type": "trailing_stop" if "trailingDelta" in params else TYPES.get(kind or "", kind),
        "tif": params.get("timeInForce"),
        "price": params.get("price"),
        "quantity": params.get("quantity"),
        "quote_quantity": params.get("quoteOrderQty"),
        "stop_price": params.get("stopPrice"),
        "trail": params.get("trailingDelta"),
        "post_only": kind == "LIMIT_MAKER",
        "reduce_only": params.get("reduceOnly", "").lower() == "true",
    }
