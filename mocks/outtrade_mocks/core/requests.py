"""Requests made of several: batches with a result for each item, and cancel/replace.

* A batch is not atomic: each item succeeds or is refused alone, in the order given (Binance USD-M batchOrders: POST,
  PUT, DELETE; OKX batch-orders, amend-batch-orders, cancel-batch-orders: a result per item). A cancel by a list of
  ids (Binance USD-M orderIdList) is a batch of cancels. How many items a batch may have is ``Practice``.
* ``replace`` cancels an order and places another. ``stop_on_failure``: no cancel, no new order; ``allow_failure``: the
  new order is placed anyway (Binance spot order/cancelReplace). Where the new order is refused, the old one is gone all
  the same. ``atomic``: the new order is looked at first, with what the old one frees; refused, nothing has changed.
  ``only``: the cancel fails unless the order is as yet unfilled, or filled in part (Binance spot cancelRestrictions
  ONLY_NEW, ONLY_PARTIALLY_FILLED).

A venue where one request changes an order into another (Alpaca PATCH) is another thing: ``Practice.amend``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.orders import Amendment, Malformed, NewOrder, Order, OrderRef, Reject, RejectReason

Mode = Literal["stop_on_failure", "allow_failure", "atomic"]
Restriction = Literal["new", "partially_filled"]
Results = list[Order | Reject]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Replaced:
    """What came of the two halves; ``placed`` is None where it was not attempted."""

    cancelled: Order | Reject
    placed: Order | Reject | None


# ------------------------------------------------------------------- batches
def place_batch(exchange: Exchange, account: Account, orders: Sequence[NewOrder]) -> Results:
    """Place each order; a result for each. Raises Reject(BATCH_SIZE) where there are none or too many."""
    return _each(exchange, account, orders, exchange.practice.batch_limit, lambda new: exchange.place(account, new))


def cancel_batch(exchange: Exchange, account: Account, orders: Sequence[OrderRef]) -> Results:
    """Cancel each order; a result for each: one that ended with an order before it in the batch (of the same list) is
    UNKNOWN_ORDER. Raises Reject(BATCH_SIZE) where there are none or too many."""

    def cancel(ref: OrderRef) -> Order:
        if not isinstance(ref, OrderRef):
            raise exchange._refuse(account, "cancel", None, Malformed("not an order's id"))
        return exchange.cancel(account, ref.symbol, order_id=ref.order_id, client_id=ref.client_id)

    return _each(exchange, account, orders, exchange.practice.batch_cancels, cancel)


def amend_batch(exchange: Exchange, account: Account, changes: Sequence[Amendment]) -> Results:
    """Amend each order; a result for each. Raises Reject(BATCH_SIZE) where there are none or too many."""

    def amend(to: Amendment) -> Order:
        if not isinstance(to, Amendment):
            raise exchange._refuse(account, "amend", None, Malformed("not an amendment"))
        return exchange.amend(
            account, to.symbol, order_id=to.order_id, client_id=to.client_id, lots=to.lots, price=to.price,
            trigger_price=to.trigger_price, trail_ticks=to.trail_ticks, trail_bps=to.trail_bps,
            new_client_id=to.new_client_id,
        )  # fmt: skip

    return _each(exchange, account, changes, exchange.practice.batch_amends, amend)


def _each(
    exchange: Exchange, account: Account, items: Sequence[Item], most: int, carry_out: Callable[[Item], Order]
) -> Results:
    refusal: Reject | None = None
    if not isinstance(items, list | tuple):
        refusal = Malformed("a batch is a list")
    elif not 0 < len(items) <= most:
        refusal = Reject(RejectReason.BATCH_SIZE, f"a batch has 1 to {most} items")
    if refusal is not None:
        raise exchange._refuse(account, "batch", None, refusal)
    results: Results = []
    for item in items:
        try:
            results.append(carry_out(item))
        except Reject as reject:
            results.append(reject)
    return results


# ------------------------------------------------------------ cancel, replace
def cancel_if(
    exchange: Exchange,
    account: Account,
    symbol: str,
    only: Restriction | None,
    *,
    order_id: int | None = None,
    client_id: str | None = None,
    new_client_id: str | None = None,
) -> Order:
    """Cancel an open order only as long as it is ``new`` (nothing filled) or ``partially_filled``; None: in any case.
    Raises Reject(CANCEL_RESTRICTED) where it is not, Reject(UNKNOWN_ORDER)."""
    if only is not None:
        try:
            exchange._known(account)
            _check_restriction(order_of(exchange._working(account, symbol, order_id, client_id)), only)
        except Reject as refusal:
            asked = OrderRef(symbol=symbol, order_id=order_id, client_id=client_id)
            raise exchange._refuse(account, "cancel", asked, refusal) from None
    return exchange.cancel(account, symbol, order_id=order_id, client_id=client_id, new_client_id=new_client_id)


def _check_restriction(order: Order, only: Restriction | None) -> None:
    if only not in (None, "new", "partially_filled"):
        raise Malformed(f"cancel restriction {only!r}")
    if only is not None and (order.filled > 0) != (only == "partially_filled"):
        raise Reject(RejectReason.CANCEL_RESTRICTED, f"{order.filled} lots of the order are filled")


def replace(
    exchange: Exchange,
    account: Account,
    symbol: str,
    new: NewOrder,
    *,
    order_id: int | None = None,
    client_id: str | None = None,
    mode: Mode = "stop_on_failure",
    only: Restriction | None = None,
) -> Replaced:
    """Cancel an open order and place ``new``.

    With ``atomic``, raises Reject and changes nothing where either half would fail (limit orders only: what a market
    order costs depends on the book that the cancel changes).
    """
    try:
        if mode not in ("stop_on_failure", "allow_failure", "atomic") or not isinstance(new, NewOrder):
            raise Malformed("a replacement is an order and a mode")
        exchange._known(account)
        if mode == "atomic":
            leaving = exchange._working(account, symbol, order_id, client_id)
            if new.type != "limit" or new.symbol != symbol:
                raise Malformed("only a limit order in the same symbol replaces atomically")
            _check_restriction(order_of(leaving), only)
            exchange._vet(account, new, leaving)
    except Reject as refusal:
        raise exchange._refuse(account, "replace", new, refusal) from None
    try:
        cancelled: Order | Reject = cancel_if(exchange, account, symbol, only, order_id=order_id, client_id=client_id)
    except Reject as reject:
        if mode == "stop_on_failure":
            return Replaced(reject, None)
        cancelled = reject
    try:
        return Replaced(cancelled, exchange.place(account, new))
    except Reject as reject:
        return Replaced(cancelled, reject)
