"""Queries of orders and trades, answered from a view, which may be of an earlier time (``as_of``): real queries come
from memory and database, not from the matching engine, and lag behind it."""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm import shapes
from outtrade_mocks.venues.binance_usdm.desk import MS, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.errors import refuse, translate
from outtrade_mocks.venues.binance_usdm.figures import money
from outtrade_mocks.venues.binance_usdm.periods import clip, period
from outtrade_mocks.venues.binance_usdm.trading import identify

INCOME_TYPES = ("TRANSFER", "REALIZED_PNL", "FUNDING_FEE", "COMMISSION", "INSURANCE_CLEAR")


def _found(desk: Desk, call: Call, as_of: int | None) -> Order:
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    number, name = identify(call.params)
    view = desk.exchange.view(desk.account, as_of)
    try:
        if number is None:
            order = view.order(entry.unified, client_id=name)
        else:
            order = view.order(entry.unified, order_id=desk.core_id(number))
    except Reject as reject:
        raise translate(reject) from None
    if not desk.in_market(order):
        raise refuse("no_such_order")
    return order


def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/order."""
    return Outcome(shapes.order(desk, _found(desk, call, as_of), query=True), now)


def open_order(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/openOrder: -2013 once it is over."""
    order = _found(desk, call, as_of)
    if not order.live:
        raise refuse("no_such_order")
    return Outcome(shapes.order(desk, order, query=True), now)


def open_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/openOrders, of one symbol or of all; algo orders that wait are not among them."""
    name = codec.optional(call.params, "symbol")
    unified = None if name is None else desk.listed(name).unified
    orders = desk.exchange.view(desk.account, as_of).open_orders(unified)
    return Outcome([shapes.order(desk, order, query=True) for order in orders if desk.in_market(order)], now)


def all_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/allOrders: from ``orderId`` on, or within times (at most 7 days), else the latest."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    first = codec.optional_integer(params, "orderId")
    start, end = period(params)
    orders = [one for one in desk.exchange.view(desk.account, as_of).all_orders(entry.unified) if desk.in_market(one)]
    found = clip(orders, params, first, start, end, number=desk.order_id, time=lambda order: desk.entered(order) // MS)
    return Outcome([shapes.order(desk, order, query=True) for order in found], now)


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/userTrades: from ``fromId`` on, of one order, or within times (at most 7 days), else the latest."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    number, first = codec.optional_integer(params, "orderId"), codec.optional_integer(params, "fromId")
    start, end = period(params)
    if first is not None and (start is not None or end is not None):
        raise refuse("bad_combination")
    order_id = None if number is None else desk.core_id(number)
    fills = desk.exchange.view(desk.account, as_of).trades(entry.unified, order_id=order_id)
    found = clip(fills, params, first, start, end, number=desk.trade_id, time=lambda fill: fill.time // MS)
    return Outcome([shapes.trade(desk, fill) for fill in found], now)


def force_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/forceOrders: orders of liquidations and deleveraging (``autoCloseType`` LIQUIDATION, ADL)."""
    params = call.params
    name, kind = codec.optional(params, "symbol"), codec.optional(params, "autoCloseType")
    unified = None if name is None else desk.listed(name).unified
    kinds = {None: ("liquidation", "adl"), "LIQUIDATION": ("liquidation",), "ADL": ("adl",)}.get(kind)
    if kinds is None:
        raise refuse("invalid_parameter", "autoCloseType")
    start, end = period(params)
    orders = [
        order
        for order in desk.exchange.view(desk.account, as_of).all_orders(unified)
        if order.terms is not None and order.terms.forced in kinds
    ]
    found = clip(
        orders, params, None, start, end, number=desk.order_id, time=lambda order: order.created // MS,
        default=50, most=100,
    )  # fmt: skip
    return Outcome([shapes.order(desk, order, query=True) for order in found], now)


def amendments(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/orderAmendment: the amends of one order, the latest first."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    number, name = identify(call.params)
    start, end = period(call.params)
    rows: list[dict[str, Any]] = []
    for core_id, changes in desk.amends.items():
        if number is not None and core_id != desk.core_id(number):
            continue
        for count, (amendment, before, order) in enumerate(changes, 1):
            mine = order.symbol == entry.unified and (number is not None or order.client_id == name)
            if mine and (as_of is None or order.updated <= as_of):
                rows.append(shapes.amendment(desk, amendment, count, before, order))
    found = clip(
        rows, call.params, None, start, end, number=lambda row: int(row["amendmentId"]),
        time=lambda row: int(row["time"]),
        default=50, most=100,
    )  # fmt: skip
    return Outcome(found[::-1], now)


def income(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/income: transfers, realised profit, commission, funding; oldest first."""
    params = call.params
    name, kind = codec.optional(params, "symbol"), codec.optional(params, "incomeType")
    unified = None if name is None else desk.listed(name).unified
    start, end = period(params)
    rows = [
        (time, income_type, symbol, atoms, asset, trade)
        for time, income_type, symbol, atoms, asset, trade in _incomes(desk, as_of)
        if unified in (None, symbol) and kind in (None, income_type)
    ]
    data = [
        {
            "symbol": desk.listings[symbol].id if symbol else "",
            "incomeType": income_type,
            "income": money(atoms),
            "asset": asset,
            "info": trade or income_type,
            "time": time // MS,
            "tranId": 9_689_322_392 + number,
            "tradeId": trade,
        }
        for number, (time, income_type, symbol, atoms, asset, trade) in enumerate(rows)
    ]
    found = clip(
        data, params, None, start, end, number=lambda row: int(str(row["tranId"])),
        time=lambda row: int(str(row["time"])),
        default=100, most=1000,
    )  # fmt: skip
    return Outcome(found, now)


Income = tuple[int, str, str, int, str, str]
"""(time in ns, type, unified symbol, atoms, asset, trade id)."""


def _incomes(desk: Desk, as_of: int | None) -> list[Income]:
    rows: list[Income] = [
        (desk.epoch_ns, "TRANSFER", "", desk.exchange.atoms(asset, amount), asset, "")
        for asset, amount in sorted(desk.deposits.items())
        if amount
    ]
    for fill in desk.exchange.view(desk.account, as_of).trades():
        trade, margin = str(TRADE_ID_BASE + fill.trade_id), desk.listings[fill.symbol].margin
        if fill.realised:
            rows.append((fill.time, "REALIZED_PNL", fill.symbol, fill.realised, margin, trade))
        if fill.fee:
            rows.append((fill.time, "COMMISSION", fill.symbol, -fill.fee, fill.fee_asset, trade))
    rows += [(*row, "") for row in desk.incomes if as_of is None or row[0] <= as_of]
    return sorted(rows, key=lambda row: row[0])
