"""ccxt's unified structures in our words. No I/O; see ccxt's manual, "Order structure" and "Trade structure".

Amounts of contracts are counted in contracts by ccxt, in units of the base asset here. Numbers may be floats, strings
or Decimals (``exchange.number``); a float is taken as the decimal that it prints as. Whatever lacks a field that the
manual promises is an answer that cannot be read (``Doubtful``)::

    >>> order = {"id": "7", "clientOrderId": "AB12CD34-1", "symbol": "BTC/USDT", "side": "buy", "type": "limit",
    ...          "status": "closed", "amount": 2.0, "filled": 0.5, "cost": 50.0, "price": 100.0, "trades": []}
    >>> state = read_order(order, "BTC/USDT", Decimal(1))
    >>> state.status, state.filled, state.quote_filled  # closed, and not all of it was filled
    ('cancelled', Decimal('0.5'), Decimal('50.0'))
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade.dialects.words import Fill, Held, OrderState, Quote
from outtrade.model.task import OrderStatus, OrderType

ZERO = Decimal(0)
STATUSES: dict[str, OrderStatus] = {
    "open": "open", "canceling": "open", "closed": "filled", "canceled": "cancelled", "expired": "expired",
    "rejected": "rejected",
}  # fmt: skip
TYPES: dict[str, OrderType] = {
    "market": "market", "stop": "stop", "stop_market": "stop", "stop_loss": "stop", "stop_limit": "stop_limit",
    "stop_loss_limit": "stop_limit", "take_profit": "take_profit", "take_profit_market": "take_profit",
    "take_profit_limit": "take_profit_limit", "trailing_stop_market": "trailing_stop",
}  # fmt: skip
"""All others are limit orders. ccxt hands these on as the venues word them."""


def number(value: Any) -> Decimal | None:
    """A number of ccxt, exactly as it prints."""
    return None if value is None else Decimal(str(value))


def amount(value: Any, size: Decimal) -> Decimal:
    """An amount of ccxt in base units; ``size``: of a contract."""
    return (number(value) or ZERO) * size


def read_order(order: Mapping[str, Any], symbol: str, size: Decimal) -> OrderState:
    """An order structure. Raises KeyError or ValueError where it says less than who, what and how it stands (an
    answer that only acknowledges)."""
    if not order["id"] or order["side"] not in ("buy", "sell"):
        raise ValueError(f"no order: {str(order)[:80]}")
    venue_id = str(order["id"])
    status = STATUSES[order["status"]]
    quantity, filled = amount(order["amount"], size), amount(order["filled"], size)
    if status == "filled" and filled < quantity:
        status = "cancelled"
    trades = [trade for trade in order["trades"] or () if trade.get("price") is not None]  # else only their ids
    return OrderState(
        venue_id=venue_id,
        client_id=str(order["clientOrderId"] or ""),
        symbol=symbol,
        side=order["side"],
        type=TYPES.get(str(order["type"]), "limit"),
        status=status,
        quantity=quantity,
        price=number(order["price"]) or None,
        filled=filled,
        quote_filled=number(order["cost"]) or ZERO,
        fills=tuple(read_fill({**trade, "order": venue_id, "side": order["side"]}, symbol, size) for trade in trades),
    )


def read_fill(trade: Mapping[str, Any], symbol: str, size: Decimal) -> Fill:
    """A trade structure with its fee; where ccxt gives several fees, the first. Raises KeyError or ValueError."""
    if not trade["id"] or not trade["order"] or trade["side"] not in ("buy", "sell"):
        raise ValueError(f"no trade: {str(trade)[:80]}")
    fee = trade.get("fee") or next(iter(trade.get("fees") or ()), None) or {}
    return Fill(
        trade_id=str(trade["id"]),
        order=str(trade["order"]),
        symbol=symbol,
        side=trade["side"],
        price=Decimal(str(trade["price"])),
        quantity=amount(trade["amount"], size),
        fee=number(fee.get("cost")) or ZERO,
        fee_asset=str(fee.get("currency") or ""),
    )


def read_position(position: Mapping[str, Any], size: Decimal) -> Held:
    """A position structure. ``contracts`` has no sign by ccxt's manual, and has one on Deribit: the side decides.
    Raises KeyError or ValueError where it does not say which that is."""
    side = position["side"]
    if side not in ("long", "short"):
        raise ValueError(f"no position: {str(position)[:80]}")
    quantity = abs(amount(position["contracts"], size))
    return Held(
        quantity=quantity if side == "long" else -quantity,
        entry_price=number(position["entryPrice"]),
        unrealised=number(position["unrealizedPnl"]) or ZERO,
        margin=number(position["initialMargin"]) or ZERO,
    )


def read_balances(balance: Mapping[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    """A balance structure: asset -> (free, used), zeros left out. Raises KeyError where it has no assets' part."""
    free, used = balance["free"], balance["used"]
    found = {asset: (number(free[asset]) or ZERO, number(used.get(asset)) or ZERO) for asset in free}
    return {asset: both for asset, both in found.items() if any(both)}


def read_quote(book: Mapping[str, Any], size: Decimal = Decimal(1)) -> Quote:
    """Best prices and levels of an order book; where nobody buys (sells), the best ask (bid) stands for both. ``size``:
    base units per unit of amounts. Raises ValueError on an empty book."""
    bids, asks = (
        tuple((Decimal(str(level[0])), amount(level[1], size)) for level in book[side]) for side in ("bids", "asks")
    )
    best = [levels[0][0] for levels in (bids, asks) if levels]
    if not best:
        raise ValueError("an empty order book")
    return Quote(best[0], best[-1], bids, asks)


def read_rules(market: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """A market structure of tick sizes: tick, step, least quantity (base units) and least notional (quote, or None).
    Raises KeyError or ArithmeticError."""
    size = Decimal(str(market.get("contractSize") or 1))
    precision, least = market["precision"], {name: market["limits"][name].get("min") for name in ("amount", "cost")}
    step = Decimal(str(precision["amount"])) * size
    return {
        "tick": Decimal(str(precision["price"])),
        "step": step,
        "quantity_min": max(step, (number(least["amount"]) or ZERO) * size),
        "notional_min": number(least["cost"]) or None,
    }
