"""What a request asks, in unified words, as far as it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIMES = {"GTC": "GTC", "IOC": "IOC", "FOK": "FOK", "PostOnly": "GTC", "RPI": "GTC"}


def _string(params: Mapping[str, Any], name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) and value else None


def named_ids(params: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Venue id and client id that a request names."""
    return _string(params, "orderId"), _string(params, "orderLinkId")


def asked_order(params: Mapping[str, Any], symbol: str) -> dict[str, Any]:
    """The unified reading of an order request; numbers stay as they were sent."""
    side, kind = _string(params, "side"), _string(params, "orderType")
    limited, quantity = kind == "Limit", _string(params, "qty")
    tif = _string(params, "timeInForce")
    unit = _string(params, "marketUnit")
    by_value = params.get("category") == "spot" and not limited and (unit or _usual(side)) == "quoteCoin"
    trigger = _string(params, "triggerPrice")
    word = ("limit" if limited else "market") if kind in ("Limit", "Market") else kind
    if trigger is not None:
        rising, buy = params.get("triggerDirection") == 1, side == "Buy"
        known = params.get("triggerDirection") in (1, 2)
        word = "take_profit" if known and rising != buy else "stop"
        word += "_limit" if limited else ""
    return {
        "symbol": symbol,
        "side": side.lower() if side in ("Buy", "Sell") else side,
        "type": word,
        "tif": TIMES.get(tif, tif) if tif is not None else None,
        "price": _string(params, "price") if limited else None,
        "quantity": None if by_value else quantity,
        "quote_quantity": quantity if by_value else None,
        "stop_price": trigger,
        "post_only": tif in ("PostOnly", "RPI"),
        "reduce_only": params.get("reduceOnly") is True,
    }


def _usual(side: str | None) -> str:
    return "quoteCoin" if side == "Buy" else "baseCoin"
