"""Alpaca's objects in our words; no I/O.

Two things are told here by nobody else. An order that is to change is *replaced*: it ends, and another one with an id
of its own goes on for what was not filled. And an order that was taken outside the session is ``accepted``: it stands,
though no market has seen it yet. Sources: docs.alpaca.markets, orders at Alpaca, PATCH order, account activities.

    >>> row = {"id": "a", "client_order_id": "AB12CD34-1", "side": "buy", "type": "limit", "status": "replaced",
    ...        "qty": "10", "filled_qty": "3", "filled_avg_price": "200", "limit_price": "201", "replaced_by": "b"}
    >>> old = read_order(row, "AAPL/USD")
    >>> old.status, old.filled, old.replaced_by
    ('cancelled', Decimal('3'), 'b')
    >>> read_order(row | {"status": "accepted", "replaced_by": None}, "AAPL/USD").status
    'open'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from outtrade.dialects.words import Fill, OrderState, Quote
from outtrade.model.task import OrderStatus, OrderType

ZERO = Decimal(0)
OVER: dict[str, OrderStatus] = {
    "filled": "filled", "canceled": "cancelled", "replaced": "cancelled", "expired": "expired", "rejected": "rejected",
}  # fmt: skip
"""States in which an order can never trade again."""
STANDING = frozenset(
    {"new", "partially_filled", "accepted", "pending_new", "pending_cancel", "pending_replace", "held", "done_for_day",
     "accepted_for_bidding", "stopped", "suspended", "calculated"}
)  # fmt: skip
"""States in which it stands, whether a market has seen it or not."""
TYPES: dict[str, OrderType] = {
    "market": "market", "limit": "limit", "stop": "stop", "stop_limit": "stop_limit", "trailing_stop": "trailing_stop",
}  # fmt: skip


def number(value: Any) -> Decimal | None:
    """A number, exactly as it prints."""
    return None if value is None else Decimal(str(value))


def read_order(row: Mapping[str, Any], symbol: str) -> OrderState:
    """An order's object. Raises KeyError or ValueError where it is none."""
    state = row["status"]
    if not row["id"] or row["side"] not in ("buy", "sell") or state not in {*OVER, *STANDING}:
        raise ValueError(f"no order: {str(row)[:80]}")
    filled = number(row["filled_qty"]) or ZERO
    average = number(row["filled_avg_price"]) or ZERO
    successor = row.get("replaced_by") if state == "replaced" else None
    return OrderState(
        venue_id=str(row["id"]),
        client_id=str(row["client_order_id"] or ""),
        symbol=symbol,
        side=row["side"],
        type=TYPES[row["type"]],
        status=OVER.get(state, "open"),
        quantity=number(row["qty"]) or ZERO,
        filled=filled,
        quote_filled=filled * average,
        price=number(row.get("limit_price")),
        replaced_by=None if successor is None else str(successor),
    )


def read_fill(row: Mapping[str, Any], symbol: str) -> Fill:
    """A trade among the account's activities. Equities pay no fee, and of others it stands in another activity. Raises
    KeyError or ValueError."""
    if not row["id"] or not row["order_id"]:
        raise ValueError(f"no trade: {str(row)[:80]}")
    return Fill(
        trade_id=str(row["id"]),
        order=str(row["order_id"]),
        symbol=symbol,
        side="buy" if row["side"] == "buy" else "sell",
        price=Decimal(str(row["price"])),
        quantity=Decimal(str(row["qty"])),
        fee=ZERO,
        fee_asset="",
    )


def read_balances(
    account: Mapping[str, Any], positions: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[Decimal, Decimal]]:
    """Asset -> (free, locked), out of the account and its positions. Dollars held for orders stand in no field: they
    are what equity has beyond cash and what the positions are worth. Raises KeyError or ArithmeticError."""
    cash = Decimal(account["cash"])
    held = Decimal(account["equity"]) - cash - Decimal(account["position_market_value"])
    found = {"USD": (cash, held)}
    for row in positions:
        name = str(row["symbol"])
        asset = name.removesuffix("USD") if row["asset_class"] == "crypto" else name
        total, free = Decimal(row["qty"]), Decimal(row["qty_available"])
        found[asset] = (free, total - free)
    return {asset: both for asset, both in found.items() if any(both)}


def read_quote(row: Mapping[str, Any]) -> Quote:
    """The latest quote; a side that nobody offers is told as 0, and then the other stands for both. Raises KeyError or
    ValueError on a quote of nothing."""
    bid, ask = Decimal(str(row["bp"])), Decimal(str(row["ap"]))
    if not bid and not ask:
        raise ValueError("a quote without prices")
    bids = ((bid, Decimal(str(row["bs"]))),) if bid else ()
    asks = ((ask, Decimal(str(row["as"]))),) if ask else ()
    return Quote(bid or ask, ask or bid, bids, asks)
