"""The front door and the engine, the same for requests over HTTP and in frames: who may come in, and what is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.core import Reject
from outtrade_mocks.venues.api import Call, Commit
from outtrade_mocks.venues.binance_usdm.desk import Desk, Outcome
from outtrade_mocks.venues.binance_usdm.endpoints import Endpoint
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse, translate
from outtrade_mocks.venues.binance_usdm.reference import TYPES


def limited(desk: Desk, endpoint: Endpoint | None, params: Mapping[str, str], now: int) -> None:
    """Count a request's weight; raises Refusal where it breaks the limit."""
    refusal = desk.limits.request(now, 1 if endpoint is None else endpoint.cost(params))
    if refusal is not None:
        raise refusal


def counted(desk: Desk, endpoint: Endpoint, params: Mapping[str, str], now: int) -> None:
    """Count a request's orders; raises Refusal where they break a limit."""
    orders = endpoint.order_count(params)
    refusal = desk.limits.orders(now, orders) if orders else None
    if refusal is not None:
        raise refusal


def carry_out(
    desk: Desk, endpoint: Endpoint | None, call: Call, now: int, as_of: int | None, deadline: int | None
) -> Commit:
    """Let the engine carry a call out. ``deadline``: until when (ns) a signed request may be (-5028)."""
    desk.advance(now)
    commit = Commit(call)
    try:
        if endpoint is None:
            raise refuse("not_found")
        if deadline is not None and now > deadline:
            raise refuse("engine_recv_window")
        outcome = endpoint.run(desk, call, now, as_of)
        commit.result = outcome
        commit.order_ids = outcome.order_ids
    except Refusal as refusal:
        commit.error = refusal
    except Reject as reject:
        commit.error = translate(reject)
    if commit.error is not None:
        commit.result = Outcome(None, now, desk.limits.order_headers(now) if endpoint and endpoint.orders else {})
    return commit


# ------------------------------------------------------------ in unified words
def describe(call: Call, symbols: Mapping[str, str]) -> Call:
    """Fill in what a call asks in unified words. ``symbols``: Binance's id -> unified."""
    params, op = call.params, call.op
    symbol = params.get("symbol")
    if symbol is not None:
        call.symbol = symbols.get(symbol, symbol)
    algo = "algo" in call.path.lower()
    if op == "place":
        call.client_id = params.get("clientAlgoId" if algo else "newClientOrderId")
        call.order = order_params(params, call.symbol or "")
    elif op in ("query", "cancel", "amend"):
        call.client_id = params.get("clientAlgoId" if algo else "origClientOrderId")
        call.venue_id = params.get("algoId" if algo else "orderId")
        if op == "amend":
            call.order = order_params(params, call.symbol or "")
    elif op == "trades":
        call.venue_id = params.get("orderId")
    return call


def order_params(params: Mapping[str, str], symbol: str) -> dict[str, Any]:
    """The unified reading of an order request; numbers stay as they were sent."""
    kind, tif = params.get("type"), params.get("timeInForce")
    return {
        "symbol": symbol,
        "side": params["side"].lower() if "side" in params else None,
        "type": TYPES.get(kind or "", kind),
        "tif": "GTC" if tif == "GTX" else tif,
        "price": params.get("price"),
        "quantity": params.get("quantity"),
        "quote_quantity": None,
        "stop_price": params.get("triggerPrice", params.get("stopPrice", params.get("activatePrice"))),
        "post_only": tif == "GTX",
        "reduce_only": params.get("reduceOnly", "").lower() == "true"
        or params.get("closePosition", "").lower() == "true",
    }
