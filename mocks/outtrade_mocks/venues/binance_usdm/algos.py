"""Algo orders: orders that wait for a price, on endpoints of their own since December 2025.

A waiting order has an ``algoId`` and takes no margin; when its price comes, it goes to the matching engine as an
ordinary order with a new ``orderId`` (``actualOrderId``) and the same client id (*inferred*). From then on it is
cancelled and queried like any other.
"""

from __future__ import annotations

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm import shapes, tickets
from outtrade_mocks.venues.binance_usdm.desk import MS, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.errors import refuse
from outtrade_mocks.venues.binance_usdm.periods import clip, period
from outtrade_mocks.venues.binance_usdm.trading import find, identify


def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/algoOrder."""
    ticket = tickets.read_algo(desk, call.params, now)
    try:
        order = desk.exchange.place(desk.account, ticket.new)
    except Reject as reject:
        raise ticket.refused(reject) from None
    return Outcome(shapes.algo(desk, order), now, desk.limits.order_headers(now), order_ids=(str(desk.algo_id(order)),))


def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/algoOrder: one that waits; -2011 otherwise. No symbol is asked for."""
    number, name = identify(call.params, "algoId", "clientAlgoId")
    core_id = desk.account.working.get(name or "") if number is None else desk.core_id(number)
    snapshots = desk.account.orders.get(-1 if core_id is None else core_id)
    found = None
    if snapshots:
        found = find(desk, desk.listings[snapshots[-1].symbol], number, snapshots[-1].client_id, algo=True)
    if found is None:
        raise refuse("unknown_order")
    order = desk.exchange.cancel(desk.account, found.symbol, order_id=found.order_id)
    data = {"algoId": desk.algo_id(order), "clientAlgoId": order.client_id, "code": "200", "msg": "success"}
    return Outcome(data, now, order_ids=(str(desk.algo_id(order)),))


def _algos(desk: Desk, as_of: int | None, unified: str | None) -> list[Order]:
    return [order for order in desk.exchange.view(desk.account, as_of).all_orders(unified) if desk.is_algo(order)]


def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/algoOrder, by ``algoId`` or ``clientAlgoId``."""
    number, name = identify(call.params, "algoId", "clientAlgoId")
    core_id = None if number is None else desk.core_id(number)
    for order in reversed(_algos(desk, as_of, None)):
        if order.order_id == core_id if core_id is not None else order.client_id == name:
            return Outcome(shapes.algo(desk, order, query=True), now)
    raise refuse("no_such_order")


def open_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/openAlgoOrders: those that wait, of one symbol or of all, or by ``algoId``."""
    symbol, number = codec.optional(call.params, "symbol"), codec.optional_integer(call.params, "algoId")
    unified = None if symbol is None else desk.listed(symbol).unified
    found = [order for order in _algos(desk, as_of, unified) if order.live and not desk.in_market(order)]
    if number is not None:
        found = [order for order in found if desk.algo_id(order) == number]
    return Outcome([shapes.algo(desk, order, query=True) for order in found], now)


def all_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/allAlgoOrders of one symbol: from ``algoId`` on, or within times, else the latest."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    first = codec.optional_integer(params, "algoId")
    start, end = period(params)
    orders = _algos(desk, as_of, entry.unified)
    found = clip(orders, params, first, start, end, number=desk.algo_id, time=lambda order: order.created // MS)
    return Outcome([shapes.algo(desk, order, query=True) for order in found], now)
