"""The execution record of every order: what was intended, what came of it, and what the agent believes.

One record for each client order id that was sent (an order without an id: for each request), whether or not the
exchange ever created it. All figures are from the truth; only ``latency_ms`` and ``believed_*`` are the agent's view.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from outtrade.dataset.rows import Fee, Fill
from outtrade.dataset.steps import Play
from outtrade.judge.index import Index, decimal
from outtrade.judge.records import ZERO, Operation, Order
from outtrade.model.history import NS, FillTruth
from outtrade.report.text import number

From = Literal["limit_price", "quote_seen", "start_mid"]


def records(ix: Index, play: Play) -> Iterator[dict[str, Any]]:
    """The fields of each record, in order of the first send."""
    seen: set[str] = set()
    for op in ix.sends:
        if op.order is None or (op.client_id is not None and op.client_id in seen):
            continue
        sends = [op]
        if op.client_id is not None:
            seen.add(op.client_id)
            sends = [other for other in ix.by_id(op.client_id) if other.is_send]
        orders = [order for other in sends for order in other.orders if not order.foreign]
        if not orders:
            yield _record(ix, play, op, sends, None)
        for order in orders:  # an id may be used again once its order has ended
            yield _record(ix, play, order.op or op, sends, order)


def _record(ix: Index, play: Play, op: Operation, sends: list[Operation], order: Order | None) -> dict[str, Any]:
    asked = op.order
    assert asked is not None
    fills = order.fills if order is not None else []
    intended, source = _intended(ix, play, op)
    actual = _average(fills)
    wanted = decimal(asked.quantity)
    filled = order.filled if order is not None else ZERO
    side = "sell" if (asked.side or "").lower() == "sell" else "buy"
    step = play.step_of(op.request.call)
    return {
        "step": None if step is None else step.index,
        "intent": op.intent.id if op.intent is not None else None,
        "client_id": op.client_id,
        "venue_id": order.id if order is not None else None,
        "symbol": asked.symbol,
        "side": side,
        "type": asked.type or "unknown",
        "limit_price": _plain(decimal(asked.price)),
        "quantity": _plain(wanted),
        "quote_quantity": _plain(decimal(asked.quote_quantity)),
        "status": _status(order, sends),
        "intended_entry": _plain(intended),
        "intended_from": source,
        "actual_entry": _plain(actual),
        "slippage_bps": slippage_bps(intended, actual, side),
        "filled": number(filled),
        "partial_fill": order is not None and ZERO < filled < order.quantity,
        "latency_ms": _latency(op),
        "accepted_ms": None if order is None or not order.accepted else _ms(order.first.at - op.sent_at),
        "sends": len(sends),
        "fees": _fees(fills),
        "fills": tuple(_fill(fill) for fill in fills),
        **_believed(ix, op, order),
    }


def slippage_bps(intended: Decimal | None, actual: Decimal | None, side: str) -> float | None:
    """How much worse than intended, in basis points.

    >>> slippage_bps(Decimal(100), Decimal("100.5"), "buy"), slippage_bps(Decimal(100), Decimal("100.5"), "sell")
    (50.0, -50.0)
    """
    if not intended or actual is None:
        return None
    sign = -1 if side == "sell" else 1
    return float(round((actual - intended) / intended * 10_000 * sign, 4)) + 0.0


def _intended(ix: Index, play: Play, op: Operation) -> tuple[Decimal | None, From | None]:
    """The price intended when an order was sent, and where it comes from."""
    assert op.order is not None
    limit = decimal(op.order.price)
    if limit is not None:
        return limit, "limit_price"
    for step in reversed(play.steps):
        if step.over < op.seq and step.kind is None and step.given.get("symbol") == op.order.symbol:
            mid = _mid(step.tool, step.result)
            if mid is not None:
                return mid, "quote_seen"
    start = ix.snapshots.get("start")
    mid = decimal(start.mids.get(op.order.symbol)) if start is not None else None
    return (mid, "start_mid") if mid is not None else (None, None)


def _mid(tool: str, result: str) -> Decimal | None:
    if tool not in ("ticker", "book"):
        return None
    try:
        shown = json.loads(result)
        bid, ask = (shown["bid"], shown["ask"]) if tool == "ticker" else (shown["bids"][0][0], shown["asks"][0][0])
        return (Decimal(bid) + Decimal(ask)) / 2
    except (ValueError, KeyError, IndexError, TypeError, ArithmeticError):
        return None


def _average(fills: list[FillTruth]) -> Decimal | None:
    quantity = sum((Decimal(fill.quantity) for fill in fills), ZERO)
    if not quantity:
        return None
    exact = sum((Decimal(fill.price) * Decimal(fill.quantity) for fill in fills), ZERO) / quantity
    return round(exact, 12)


def _status(order: Order | None, sends: list[Operation]) -> str:
    if order is not None:
        return order.last.status
    refused = any(op.state == "definite" or (op.answer is not None and op.answer.outcome == "definite") for op in sends)
    return "rejected" if refused else "never_accepted"


def _latency(op: Operation) -> float | None:
    return None if op.response is None else _ms(op.response.at - op.sent_at)


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / NS * 1000, 3)


def _fees(fills: list[FillTruth]) -> tuple[Fee, ...]:
    sums: dict[str, Decimal] = {}
    for fill in fills:
        sums[fill.fee_asset] = sums.get(fill.fee_asset, ZERO) + Decimal(fill.fee)
    return tuple(Fee(asset=asset, amount=number(amount)) for asset, amount in sorted(sums.items()))


def _fill(fill: FillTruth) -> Fill:
    return Fill(
        trade_id=fill.trade_id,
        at=fill.seconds,
        price=number(fill.price),
        quantity=number(fill.quantity),
        fee=number(fill.fee),
        fee_asset=fill.fee_asset,
        maker=fill.maker,
    )


def _believed(ix: Index, op: Operation, order: Order | None) -> dict[str, str | None]:
    names = {op.client_id} - {None} | (set(order.names) if order is not None else set())
    for view in ix.report.orders if ix.report is not None else ():
        if view.client_id in names or (order is not None and order.id in view.venue_ids):
            return {"believed_status": view.status, "believed_filled": number(view.filled)}
    return {"believed_status": None, "believed_filled": None}


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else number(value)
