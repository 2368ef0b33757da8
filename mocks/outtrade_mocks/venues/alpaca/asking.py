"""Requests in unified words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.api import Call

TIFS = {"day": "DAY", "gtc": "GTC", "opg": "OPG", "cls": "CLS", "ioc": "IOC", "fok": "FOK"}


def name_it(call: Call, desk: Desk) -> None:
    """Fill in a call's unified fields from its path and parameters."""
    params, parts = call.params, call.raw.parts
    name = params.get("symbol") or params.get("symbols", "").partition(",")[0]
    if name:
        entry = desk.by_id.get(name)
        call.symbol = name if entry is None else entry.unified
    if call.op == "place":
        call.client_id = params.get("client_order_id")
        call.order = _order(params, call.symbol or "", _price(params, call.raw.params))
    elif call.op in ("query", "cancel", "amend"):
        if parts[-1] == "orders:by_client_order_id":
            call.client_id = params.get("client_order_id")
        else:
            call.venue_id = parts[2]
        number = None if call.venue_id is None else desk.core_id(call.venue_id)
        known = None if number is None else desk.snapshot(number)
        if known is not None:
            call.symbol = known.symbol
    elif call.op == "open_orders" and params.get("status") in ("closed", "all"):
        call.op = "all_orders"


def _price(params: Mapping[str, str], sent: Mapping[str, Any]) -> str | None:
    """The limit of an order; that of an OCO stands where its take-profit does, unless it stands in both places."""
    profit = sent.get("take_profit") if sent.get("order_class") == "oco" else None
    if isinstance(profit, dict) and "limit_price" in profit:
        return str(profit["limit_price"])
    return params.get("limit_price")


def _order(params: dict[str, str], symbol: str, price: str | None) -> dict[str, Any]:
    tif = params.get("time_in_force")
    return {
        "symbol": symbol,
        "side": params.get("side"),
        "type": params.get("type"),
        "tif": TIFS.get(tif or "", tif),
        "price": price,
        "stop_price": params.get("stop_price"),
        "quantity": params.get("qty"),
        "quote_quantity": params.get("notional"),
        "post_only": False,
        "reduce_only": False,
    }
