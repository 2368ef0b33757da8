"""Requests made of several: batches with a result for each item, and cancel/replace.

* A batch is not atomic: each item succeeds or is refused alone, in the order given (Binance USD-M batchOrders, OKX
  batch-orders: a result per item).
* ``replace`` cancels an order and places another. ``stop_on_failure``: no cancel, no new order; ``allow_failure``: the
  new order is placed anyway (Binance spot order/cancelReplace). Where the new order is refused, the old one is gone all
  the same. ``atomic``: the new order is looked at first, with what the old one frees; refused, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.orders import Malformed, NewOrder, Order, Reject, RejectReason

Mode = Literal["stop_on_failure", "allow_failure", "atomic"]


@dataclass(frozen=True, slots=True)
class Replaced:
    """What came of the two halves; ``placed`` is None where it was not attempted."""

    cancelled: Order | Reject
    placed: Order | Reject | None


def place_batch(exchange: Exchange, account: Account, orders: Sequence[NewOrder]) -> list[Order | Reject]:
    """Place each order; a result for each. Raises Reject(BATCH_SIZE) where there are none or too many."""
    most = exchange.practice.batch_limit
    if not 0 < len(orders) <= most:
        raise Reject(RejectReason.BATCH_SIZE, f"a batch has 1 to {most} orders")
    results: list[Order | Reject] = []
    for new in orders:
        try:
            if not isinstance(new, NewOrder):
                raise Malformed("not an order")
            results.append(exchange.place(account, new))
        except Reject as reject:
            results.append(reject)
    return results


def replace(
    exchange: Exchange,
    account: Account,
    symbol: str,
    new: NewOrder,
    *,
    order_id: int | None = None,
    client_id: str | None = None,
    mode: Mode = "stop_on_failure",
) -> Replaced:
    """Cancel an open order and place ``new``.

    With ``atomic``, raises Reject and changes nothing where either half would fail (limit orders only: what a market
    order costs depends on the book that the cancel changes).
    """
    if mode not in ("stop_on_failure", "allow_failure", "atomic") or not isinstance(new, NewOrder):
        raise Malformed("a replacement is an order and a mode")
    if mode == "atomic":
        leaving = exchange._working(account, symbol, order_id, client_id)
        if new.type != "limit" or new.symbol != symbol:
            raise Malformed("only a limit order in the same symbol replaces atomically")
        exchange._vet(account, new, leaving)
    try:
        cancelled: Order | Reject = exchange.cancel(account, symbol, order_id=order_id, client_id=client_id)
    except Reject as reject:
        if mode == "stop_on_failure":
            return Replaced(reject, None)
        cancelled = reject
    try:
        return Replaced(cancelled, exchange.place(account, new))
    except Reject as reject:
        return Replaced(cancelled, reject)
