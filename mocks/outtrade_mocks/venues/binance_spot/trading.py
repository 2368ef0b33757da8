"""Trading endpoints: new order, test order, cancel, cancel all, cancel-replace.

They go to the matching engine, so they see the exchange as it is, never a lagging copy. A handler raises Refusal or
the core's Reject where nothing happened; cancel-replace, which may do half of its work, says so in the refusal's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_spot import orderlists, shapes, tickets
from outtrade_mocks.venues.binance_spot.desk import BNB, BNB_MULTIPLIER, MS, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import Refusal, refuse, translate
from outtrade_mocks.venues.binance_spot.reference import Listing

RESTRICTIONS = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
MODES = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
EXCEEDED_MODES = ("DO_NOTHING", "CANCEL_ONLY")


def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/order."""
    ticket = tickets.read(desk, call.params)
    order = _accept(desk, ticket, now)
    return Outcome(
        shapes.placed(desk, order, now, ticket.response),
        now,
        desk.limits.order_headers(now),
        order_ids=(str(desk.order_id(order)),),
    )


def _accept(desk: Desk, ticket: tickets.Ticket, now: int) -> Order:
    """Place the order and count it; the count comes first, so that a fill at once can take it off again."""
    desk.limits.order(now)
    try:
        return desk.exchange.place(desk.account, ticket.new)
    except Reject as reject:
        desk.limits.order_refused(now)
        raise _liquidity(reject, ticket) or translate(reject) from None


def _liquidity(reject: Reject, ticket: tickets.Ticket) -> Refusal | None:
    """A market order by quote amount that finds no book is refused in its own words."""
    if ticket.new.quote is not None and reject.reason == "LOT_SIZE":
        return refuse("lot_liquidity")
    return None


def test(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/order/test: checked, not sent to the matching engine."""
    tickets.read(desk, call.params)
    if not codec.boolean(call.params, "computeCommissionRates"):
        return Outcome({}, now)
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    maker, taker = (f"{fee:.8f}" for fee in desk.fees_of(entry))
    none = {"maker": "0.00000000", "taker": "0.00000000"}
    return Outcome(
        {
            "standardCommissionForOrder": {"maker": maker, "taker": taker},
            "specialCommissionForOrder": none,
            "taxCommissionForOrder": none,
            "discount": discount(desk),
        },
        now,
    )


def discount(desk: Desk) -> dict[str, Any]:
    """The discount for fees in BNB, as answers about fees show it."""
    return {
        "enabledForAccount": desk.burns_bnb,
        "enabledForSymbol": True,
        "discountAsset": BNB,
        "discount": f"{BNB_MULTIPLIER:.8f}",
    }


# ------------------------------------------------------------------- cancel
def identify(
    params: Mapping[str, str], *, order_id: str = "orderId", client_id: str = "origClientOrderId"
) -> tuple[int | None, str | None]:
    """Which order is meant: by id, by client id or both (-1102 where neither is sent)."""
    number = codec.optional_integer(params, order_id)
    name = codec.optional(params, client_id)
    if number is None and name is None:
        raise refuse("either", client_id, order_id)
    return number, None if name is None else codec.client_id(client_id, name)


def _restriction(params: Mapping[str, str]) -> str | None:
    """The only status (in the venue's words) in which the order may be cancelled."""
    value = codec.optional(params, "cancelRestrictions")
    if value is None:
        return None
    if value not in RESTRICTIONS:
        raise refuse("cancel_restrictions")
    return RESTRICTIONS[value]


def _working(desk: Desk, listing: Listing, number: int | None, name: str | None) -> Order:
    """The working order that is meant; -2011 where there is none, -2039 where the two ids disagree."""
    core_id = desk.core_id(number) if number is not None else desk.account.working.get(name or "")
    snapshots = desk.account.orders.get(core_id) if core_id is not None else None
    order = snapshots[-1] if snapshots else None
    if order is None or order.symbol != listing.unified or not order.live:
        raise refuse("unknown_order")
    if name is not None and order.client_id != name:
        raise refuse("client_id_mismatch")
    return order


def _cancel(
    desk: Desk,
    listing: Listing,
    number: int | None,
    name: str | None,
    new_id: str | None,
    only: str | None,
    now: int,
) -> dict[str, Any]:
    """Cancel one order; where it belongs to a list, the list, and the answer is the list's."""
    before = _working(desk, listing, number, name)
    if only is not None and desk.status(before) != only:
        raise refuse("restricted_cancel")
    if before.terms is not None and before.terms.list_id is not None:
        return orderlists.cancelled(desk, before.terms.list_id, new_id, now, before)
    order = desk.exchange.cancel(
        desk.account, listing.unified, order_id=before.order_id, new_client_id=new_id or desk.client_id()
    )
    return shapes.cancelled(desk, order, before.client_id, now)


def _new_name(params: Mapping[str, str], name: str) -> str | None:
    value = codec.optional(params, name)
    return None if value is None else codec.client_id(name, value)


def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /api/v3/order. The order takes the cancel's client id, which frees its own."""
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    number, name = identify(params)
    new_id, only = _new_name(params, "newClientOrderId"), _restriction(params)
    data = _cancel(desk, listing, number, name, new_id, only, now)
    return Outcome(data, now, order_ids=_ids(data))


def _ids(data: dict[str, Any]) -> tuple[str, ...]:
    """Ids of the orders that an answer to a cancel tells of."""
    return tuple(str(report["orderId"]) for report in data.get("orderReports", (data,)))


def cancel_all(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /api/v3/openOrders, order lists included; with nothing open -2011. All cancelled orders take one new
    client id."""
    listing = desk.listed(codec.mandatory(call.params, "symbol"))
    orders = [order for order in open_orders(desk) if order.symbol == listing.unified]
    if not orders:
        raise refuse("unknown_order")
    new_id, data = desk.client_id(), []
    for order in orders:
        if desk.account.orders[order.order_id][-1].live:  # not ended with its list already
            data.append(_cancel(desk, listing, desk.order_id(order), None, new_id, None, now))
    return Outcome(data, now, order_ids=tuple(each for one in data for each in _ids(one)))


def open_orders(desk: Desk) -> list[Order]:
    """The account's open orders, oldest first."""
    return [desk.account.orders[core_id][-1] for core_id in sorted(desk.account.working.values())]


# -------------------------------------------------------------------- amend
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PUT /api/v3/order/amend/keepPriority: a smaller quantity; the order keeps its place in the queue.

    The order takes a new client order id: the one that is sent, else a random one (order_amend_keep_priority.md).
    """
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    number, name = identify(params)
    new_id = _new_name(params, "newClientOrderId")
    quantity = codec.e8("newQty", codec.mandatory(params, "newQty"))
    if not listing.raw["amendAllowed"]:
        raise refuse("unsupported_amend")
    before = _working(desk, listing, number, name)
    most = listing.filter("MAX_NUM_ORDER_AMENDS").get("maxNumOrderAmends")
    if most is not None and len(desk.amends.get(before.order_id, ())) >= most:
        raise refuse("filter_max_num_order_amends")
    lots = desk.lots(listing, quantity)
    if lots > before.lots:
        raise refuse("amend_increase")
    order = desk.exchange.amend(
        desk.account, listing.unified, order_id=before.order_id, lots=lots, new_client_id=new_id or desk.client_id()
    )
    data: dict[str, Any] = {"transactTime": now // MS, "executionId": desk.amended(before, order)}
    data["amendedOrder"] = shapes.amended(desk, order, before)
    if order.terms is not None and order.terms.list_id is not None:
        data["listStatus"] = orderlists.status(desk, order.terms.list_id)
    return Outcome(data, now, order_ids=(str(desk.order_id(order)),))


# ----------------------------------------------------------- cancel-replace
def cancel_replace(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v3/order/cancelReplace.

    Parameters and filters of the new order are looked at first, then the old order is cancelled, then the new one
    placed. One half failed: 409, -2021. Both failed, or the second not attempted: 400, -2022. A new order that was not
    attempted still counts as an order.
    """
    params = call.params
    ticket = tickets.read(desk, params)
    if not ticket.listing.raw["cancelReplaceAllowed"]:
        raise refuse("cancel_replace_unsupported")
    mode = codec.mandatory(params, "cancelReplaceMode")
    if mode not in MODES:
        raise refuse("invalid_parameter", "cancelReplaceMode")
    exceeded = codec.optional(params, "orderRateLimitExceededMode") or "DO_NOTHING"
    if exceeded not in EXCEEDED_MODES:
        raise refuse("invalid_parameter", "orderRateLimitExceededMode")
    number, name = identify(params, order_id="cancelOrderId", client_id="cancelOrigClientOrderId")
    new_id, only = _new_name(params, "cancelNewClientOrderId"), _restriction(params)

    ids: list[str] = []
    try:
        cancel_data = _cancel(desk, ticket.listing, number, name, new_id, only, now)
        ids.extend(_ids(cancel_data))
        cancelled = True
    except Refusal as refusal:
        cancel_data, cancelled = refusal.envelope, False
    if not cancelled and mode == "STOP_ON_FAILURE":
        desk.limits.order(now)
        raise _half("cancel_replace_failed", "FAILURE", "NOT_ATTEMPTED", cancel_data, None)

    limit = desk.limits.order_refusal(now)  # only with CANCEL_ONLY does an exceeded limit come this far
    try:
        if limit is not None:
            raise limit
        new = _accept(desk, ticket, now)
    except Refusal as refusal:
        name_of = "cancel_replace_partial" if cancelled else "cancel_replace_failed"
        half = _half(name_of, "SUCCESS" if cancelled else "FAILURE", "FAILURE", cancel_data, refusal.envelope)
        if limit is not None:
            half.status = limit.status
        raise half from None
    ids.append(str(desk.order_id(new)))
    new_data = shapes.placed(desk, new, now, ticket.response)
    headers = desk.limits.order_headers(now)
    if not cancelled:
        half = _half("cancel_replace_partial", "FAILURE", "SUCCESS", cancel_data, new_data)
        half.headers |= headers
        raise half
    data = {
        "cancelResult": "SUCCESS",
        "newOrderResult": "SUCCESS",
        "cancelResponse": cancel_data,
        "newOrderResponse": new_data,
    }
    return Outcome(data, now, headers, order_ids=tuple(ids))


def _half(name: str, cancel: str, new: str, cancel_data: Any, new_data: Any) -> Refusal:
    return refuse(
        name,
        data={
            "cancelResult": cancel,
            "newOrderResult": new,
            "cancelResponse": cancel_data,
            "newOrderResponse": new_data,
        },
    )
