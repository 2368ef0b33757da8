"""Order lists: OCO, OTO and OTOCO, made, cancelled and asked for (rest-api.md, Order lists).

The orders of a list are ordinary tickets whose parameters carry the leg's name (``abovePrice``, ``workingSide``).
``order/oco`` is the older form of the same OCO pair. A list counts as many orders against the order limits as it has.

What is asked is answered from what was told of a list (``ListChange``), as of the time of the query; client order ids
are those of the moment (*simplified*).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.core import ListChange, NewList, Order, Reject, RejectReason
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_spot import shapes, tickets
from outtrade_mocks.venues.binance_spot.desk import CONTINGENCY, LIST_ID_BASE, LIST_STATUS, MS, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import refuse, translate
from outtrade_mocks.venues.binance_spot.tickets import Ticket

_LEG = (
    *("price", "stopPrice", "trailingDelta", "icebergQty", "timeInForce", "strategyId", "strategyType", "type"),
    *("side", "quantity"),
)
_PAIRED = ("LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
_OLD_LIMIT = {
    "newClientOrderId": "limitClientOrderId",
    "icebergQty": "limitIcebergQty",
    "strategyId": "limitStrategyId",
    "strategyType": "limitStrategyType",
    "type": "limitType",
    "stopPrice": "",
    "trailingDelta": "",
    "timeInForce": "",
}
_OLD_STOP = {
    "newClientOrderId": "stopClientOrderId",
    "icebergQty": "stopIcebergQty",
    "strategyId": "stopStrategyId",
    "strategyType": "stopStrategyType",
    "type": "stopType",
    "price": "stopLimitPrice",
    "timeInForce": "stopLimitTimeInForce",
}
"""Names of ``order/oco``; an empty one cannot be sent."""


def _named(leg: str, **shared: str) -> dict[str, str]:
    """Parameters of a leg: ``above`` + ``Price``; ``shared`` says which belong to several legs or to all."""
    names = {name: leg + name[0].upper() + name[1:] for name in _LEG} | {"newClientOrderId": f"{leg}ClientOrderId"}
    return names | shared


# ------------------------------------------------------------------- making
def oco(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/orderList/oco."""
    return _place(desk, call, now, "oco", _pair(desk, call.params, "above", "below", side="side", quantity="quantity"))


def old_oco(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/order/oco (deprecated): a LIMIT_MAKER and a stop."""
    kind = "STOP_LOSS_LIMIT" if "stopLimitPrice" in call.params else "STOP_LOSS"
    params = dict(call.params) | {"limitType": "LIMIT_MAKER", "stopType": kind}
    limit, stop = (tickets.read(desk, params, names) for names in (_OLD_LIMIT, _OLD_STOP))
    return _place(desk, call, now, "oco", [stop, limit])


def oto(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/orderList/oto."""
    working = _working(desk, call.params)
    pending = tickets.read(desk, call.params, _named("pending"))
    return _place(desk, call, now, "oto", [working, pending])


def otoco(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/orderList/otoco."""
    working = _working(desk, call.params)
    shared = {"side": "pendingSide", "quantity": "pendingQuantity"}
    pair = _pair(desk, call.params, "pendingAbove", "pendingBelow", **shared)
    return _place(desk, call, now, "otoco", [working, *pair])


def _working(desk: Desk, params: Mapping[str, str]) -> Ticket:
    """The order of an OTO that comes to the market at once: LIMIT or LIMIT_MAKER."""
    if codec.mandatory(params, "workingType") not in ("LIMIT", "LIMIT_MAKER"):
        raise refuse("invalid_type")
    return tickets.read(desk, params, _named("working"))


def _pair(desk: Desk, params: Mapping[str, str], *legs: str, **shared: str) -> list[Ticket]:
    """The order above the market and the one below; in the documentation's examples the stop has the lower id."""
    pair = [tickets.read(desk, params, _named(leg, **shared)) for leg in legs]
    _check_pair([codec.mandatory(params, f"{leg}Type") for leg in legs], pair)
    return sorted(pair, key=lambda ticket: ticket.new.trigger is None or ticket.new.trigger.kind != "stop")


def _check_pair(words: list[str], legs: list[Ticket]) -> None:
    """-1158, -1168, and which type may lie above or below the market (-1165, -1166, -1196 to -1199)."""
    if not set(words) <= set(_PAIRED):
        raise refuse("oco_type")
    if words == ["LIMIT_MAKER", "LIMIT_MAKER"]:
        raise refuse("oco_both_limit")
    buy = legs[0].new.side == "buy"
    for word, is_above in zip(words, (True, False), strict=True):
        must_be_above = buy == word.startswith("STOP_LOSS")
        if must_be_above != is_above:
            raise refuse(f"oco_{'buy' if buy else 'sell'}_{word.lower().removesuffix('_limit')}")


def _place(desk: Desk, call: Call, now: int, kind: Any, legs: list[Ticket]) -> Outcome:
    params, listing = call.params, legs[0].listing
    if not listing.raw["ocoAllowed" if kind == "oco" else "otoAllowed"]:
        raise refuse("unsupported_oco")
    name = codec.optional(params, "listClientOrderId")
    name = desk.client_id() if name is None else codec.client_id("listClientOrderId", name)
    wanted = codec.optional(params, "newOrderRespType") or "RESULT"
    if wanted not in tickets.RESPONSES:
        raise refuse("invalid_parameter", "newOrderRespType")
    for _ in legs:
        desk.limits.order(now)
    try:
        made = desk.exchange.place_list(
            desk.account, NewList(kind=kind, orders=tuple(leg.new for leg in legs), client_id=name)
        )
    except Reject as reject:
        for _ in legs:
            desk.limits.order_refused(now)
        paired = kind == "oco" and reject.reason in (RejectReason.TRIGGER_IMMEDIATE, RejectReason.WOULD_TAKE)
        raise refuse("oco_prices") if paired else translate(reject) from None
    orders = [desk.account.orders[order.order_id][-1] for order in made.orders]
    data = _list(desk, desk.lists[made.list_id][0]) | {
        "orderReports": [shapes.placed(desk, order, now, wanted) for order in orders]
    }
    ids = tuple(str(desk.order_id(order)) for order in orders)
    return Outcome(data, now, desk.limits.order_headers(now), order_ids=ids)


# ------------------------------------------------------------------- ending
def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /api/v3/orderList: all orders of the list, which one is asked to end."""
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    change = _find(desk, params, "listClientOrderId", None)
    new_id = codec.optional(params, "newClientOrderId")
    if new_id is not None:
        codec.client_id("newClientOrderId", new_id)
    if change is None or change.symbol != listing.unified or change.status == "done":
        raise refuse("unknown_order")
    data = cancelled(desk, change.list_id, new_id, now)
    return Outcome(data, now, order_ids=tuple(str(report["orderId"]) for report in data["orderReports"]))


def cancelled(desk: Desk, list_id: int, new_id: str | None, now: int, through: Order | None = None) -> dict[str, Any]:
    """Cancel a list through one of its orders (the first open one); the answer tells of those that ended by it."""
    ids = desk.lists[list_id][-1].order_ids
    before = {order_id: order for order_id in ids if (order := desk.account.orders[order_id][-1]).live}
    first = through or next(iter(before.values()))
    name = new_id or desk.client_id()
    desk.exchange.cancel(desk.account, first.symbol, order_id=first.order_id, new_client_id=name)
    return _list(desk, desk.lists[list_id][-1]) | {
        "orderReports": [
            shapes.cancelled(desk, desk.account.orders[order_id][-1], order.client_id, now)
            for order_id, order in before.items()
        ]
    }


# ------------------------------------------------------------------- asking
def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/orderList."""
    change = _find(desk, call.params, "origClientOrderId", as_of)
    if change is None:
        raise refuse("no_such_list")
    return Outcome(_list(desk, change), now)


def all_lists(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/allOrderList: from ``fromId`` on, or within times, else the latest."""
    params = call.params
    first = codec.optional_integer(params, "fromId")
    start, end = codec.optional_integer(params, "startTime"), codec.optional_integer(params, "endTime")
    if first is not None and (start is not None or end is not None):
        raise refuse("bad_combination")
    most = codec.limit(params, 500, 1000)
    found = [
        change
        for list_id in sorted(desk.lists)
        if (change := _as_of(desk.lists[list_id], as_of)) is not None
        and (first is None or LIST_ID_BASE + list_id >= first)
        and (start is None or desk.lists[list_id][0].time // MS >= start)
        and (end is None or desk.lists[list_id][0].time // MS <= end)
    ]
    return Outcome([_list(desk, change) for change in (found[:most] if first is not None else found[-most:])], now)


def open_lists(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/openOrderList."""
    found = (_as_of(changes, as_of) for _, changes in sorted(desk.lists.items()))
    return Outcome([_list(desk, change) for change in found if change is not None and change.status != "done"], now)


def _find(desk: Desk, params: Mapping[str, str], by_name: str, as_of: int | None) -> ListChange | None:
    """The list that is meant, as it was; by id, or by client id (an open one first, else the latest)."""
    number, name = codec.optional_integer(params, "orderListId"), codec.optional(params, by_name)
    if number is None and name is None:
        raise refuse("either", "orderListId", by_name)
    seen = [change for changes in desk.lists.values() if (change := _as_of(changes, as_of)) is not None]
    if number is not None:
        seen = [change for change in seen if LIST_ID_BASE + change.list_id == number]
    if name is not None:
        codec.client_id(by_name, name)
        seen = [change for change in seen if change.client_id == name]
    return max(seen, key=lambda change: (change.status != "done", change.list_id), default=None)


def _as_of(changes: list[ListChange], as_of: int | None) -> ListChange | None:
    """What was told last, up to that time."""
    told = [change for change in changes if as_of is None or change.time <= as_of]
    return told[-1] if told else None


def status(desk: Desk, list_id: int) -> dict[str, Any]:
    """The list of an amended order."""
    data = _list(desk, desk.lists[list_id][-1])
    return {name: value for name, value in data.items() if name not in ("listStatusType", "transactionTime")}


def _list(desk: Desk, change: ListChange) -> dict[str, Any]:
    """An order list as every answer shows it."""
    symbol = desk.listings[change.symbol].id
    orders = (desk.account.orders[order_id][-1] for order_id in change.order_ids)
    return {
        "orderListId": LIST_ID_BASE + change.list_id,
        "contingencyType": CONTINGENCY[change.kind],
        "listStatusType": LIST_STATUS[change.status],
        "listOrderStatus": "ALL_DONE" if change.status == "done" else "EXECUTING",
        "listClientOrderId": change.client_id,
        "transactionTime": change.time // MS,
        "symbol": symbol,
        "orders": [
            {"symbol": symbol, "orderId": desk.order_id(order), "clientOrderId": order.client_id} for order in orders
        ],
    }
