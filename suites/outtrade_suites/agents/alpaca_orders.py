"""New orders in alpaca-py's words, and orders with legs in ours.

Two things differ from venues of coins. A part of a share is for the day alone, so an order of parts that says nothing
of its time is a day order, and others are good until cancelled. And of a pair of which one cancels the other (``oco``)
the limit order is the *parent*, which carries our client order id; its stop is a *leg*, and the venue names it. So the
name of a leg is a matter of convention here: of a pair the stop has the number before that of its limit order::

    >>> before("AB12CD34-2"), before("AB12CD34c1-10")
    ('AB12CD34-1', 'AB12CD34c1-9')
    >>> rows = with_legs({"client_order_id": "AB12CD34-2", "order_class": "oco", "legs": [{"client_order_id": "f00"}]})
    >>> [name for _, name in rows]
    [None, 'AB12CD34-1']

Sources: docs.alpaca.markets, orders at Alpaca (OCO orders), fractional trading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade.dialects.words import Terms


def before(client_id: str) -> str | None:
    """The client order id with the number before; None where it ends in no number."""
    found = re.fullmatch(r"(.*?)(\d+)", client_id)
    return None if found is None else f"{found[1]}{int(found[2]) - 1}"


def with_legs(row: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str | None]]:
    """An order's object and those of its legs, each with what we call it where the venue calls it otherwise. Raises
    KeyError or TypeError on what is no order."""
    legs = (row.get("legs") or ()) if row.get("order_class") == "oco" else ()
    return [(row, None), *((leg, before(row["client_order_id"])) for leg in legs)]


def in_parts(quantity: Decimal | None) -> bool:
    """Whether a quantity is not of whole shares."""
    return quantity is not None and quantity != quantity.to_integral_value()


def request(name: str, client_id: str, terms: Terms) -> Any:
    """The request for one order; ``name``: the venue's symbol."""
    from alpaca.trading import requests

    fields = _fields(name, client_id, terms)
    if terms.quote_quantity is not None:
        fields["notional"] = float(terms.quote_quantity)
    else:
        fields["qty"] = float(terms.quantity or 0)
    if terms.stop_price is not None:
        fields["stop_price"] = float(terms.stop_price)
        if terms.price is None:
            return requests.StopOrderRequest(**fields)
        return requests.StopLimitOrderRequest(**fields, limit_price=float(terms.price))
    if terms.price is None:
        return requests.MarketOrderRequest(**fields)
    more = {"extended_hours": True} if terms.extended_hours else {}
    return requests.LimitOrderRequest(**fields, limit_price=float(terms.price), **more)


def pair(name: str, stop: Terms, limit: tuple[str, Terms]) -> Any:
    """The request for a stop and a limit order of which one cancels the other; the limit order is the parent."""
    from alpaca.trading.requests import LimitOrderRequest, StopLossRequest, TakeProfitRequest

    client_id, terms = limit
    assert terms.price is not None and stop.stop_price is not None
    beyond = {} if stop.price is None else {"limit_price": float(stop.price)}
    return LimitOrderRequest(
        **_fields(name, client_id, terms),
        qty=float(terms.quantity or 0),
        order_class="oco",
        take_profit=TakeProfitRequest(limit_price=float(terms.price)),
        stop_loss=StopLossRequest(stop_price=float(stop.stop_price), **beyond),
    )


def _fields(name: str, client_id: str, terms: Terms) -> dict[str, Any]:
    usual = "DAY" if in_parts(terms.quantity) else "GTC"
    return {
        "symbol": name, "side": terms.side, "client_order_id": client_id,
        "time_in_force": (terms.time_in_force or usual).lower(),
    }  # fmt: skip
