"""The JSON objects of orders and executions, with every field that the documentation lists."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from outtrade_mocks.core import Order, Status
from outtrade_mocks.venues.bybit.codec import rounded
from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.notes import NAMELESS, SIDES, Execution, Note

REASONS = {
    "post_only": "EC_PostOnlyWillTakeLiquidity",
    "ioc": "EC_NoImmediateQtyToFill",
    "liquidity": "EC_NoImmediateQtyToFill",
    "fok": "EC_NoEnoughQtyToFill",
    "self_trade": "EC_BySelfMatch",
    "funds": "EC_Others",
    "reduce_only": "EC_NoError",
}
"""Why an order ended -> rejectReason (enum.mdx); which of them goes with FOK and with funds is *inferred*."""
CANCEL_TYPES = {
    "self_trade": "CancelBySmp",
    "reduce_only": "CancelByReduceOnly",
    "liquidation": "CancelAllBeforeLiq",
    "adl": "CancelAllBeforeAdl",
    "settlement": "CancelBySettle",
}
WORKED = (Status.OPEN, Status.PARTIALLY_FILLED, Status.UNTRIGGERED, Status.TRIGGERED, Status.HELD, Status.QUEUED)
FORCED = {
    "liquidation": ("CreateByLiq", "BustTrade"),
    "adl": ("CreateByAdl_PassThrough", "AdlTrade"),
    "settlement": ("CreateBySettle", "Settle"),
}


def link_of(order: Order, note: Note) -> str:
    """``orderLinkId``: empty where the client gave none (spot: a number of the venue's)."""
    return note.link_id or ("" if order.created_as.startswith(NAMELESS) else order.created_as)


def create_type(order: Order, note: Note) -> str:
    """Who made the order."""
    forced = order.terms.forced if order.terms is not None else ""
    return FORCED[forced][0] if forced else note.create_type


def shown_quantity(desk: Desk, order: Order, note: Note) -> str:
    """``qty``: what was asked for; a quote amount where the order is by value."""
    if order.quote is not None:
        return desk.money(desk.listings[order.symbol].quote, order.quote)
    return desk.size(order.symbol, order.lots)


def average(desk: Desk, order: Order) -> str:
    """``avgPrice``; empty without a fill (open-order.mdx: unified accounts)."""
    if not order.filled:
        return ""
    fills, entry = [each.fill for each in _until(desk, order)], desk.listings[order.symbol]
    lots = sum(fill.lots for fill in fills)
    if entry.inverse:
        return desk.exact(entry, lots / sum((Fraction(fill.lots, fill.price) for fill in fills), Fraction(0)))
    return desk.exact(entry, Fraction(sum(fill.lots * fill.price for fill in fills), lots))


def fees(desk: Desk, order: Order) -> dict[str, str]:
    """``cumFeeDetail``: asset -> fees of what the order had filled at that time."""
    paid: dict[str, int] = {}
    for each in _until(desk, order):
        paid[each.fill.fee_asset] = paid.get(each.fill.fee_asset, 0) + each.fill.fee
    return {asset: desk.money(asset, atoms) for asset, atoms in paid.items()}


def order_row(desk: Desk, order: Order) -> dict[str, Any]:
    """An order as queries and the order topic show it."""
    entry, note, symbol = desk.listings[order.symbol], desk.note(order), order.symbol
    trigger = None if order.terms is None else order.terms.trigger
    status, working = desk.status(order), order.status in WORKED
    left = order.remaining if working else 0
    detail = fees(desk, order)
    price = order.price if order.price is not None else note.shown_price
    stop = note.stop_type
    return {
        "symbol": entry.id,
        "orderId": desk.order_id(order.order_id),
        "orderLinkId": link_of(order, note),
        "parentOrderLinkId": "",
        "blockTradeId": "",
        "side": SIDES[order.side],
        "orderType": "Market" if order.type == "market" else "Limit",
        "createType": create_type(order, note),
        "cancelType": cancel_type(order, note),
        "orderStatus": status,
        "rejectReason": REASONS.get(order.expired_by, "EC_NoError") if not working else "EC_NoError",
        "price": desk.price(symbol, price, "0"),
        "qty": shown_quantity(desk, order, note),
        "orderIv": "",
        "timeInForce": "IOC" if order.type == "market" else "PostOnly" if order.post_only else order.tif,
        "isLeverage": note.is_leverage if entry.spot else "",
        "marketUnit": note.market_unit,
        "positionIdx": note.position_idx,
        "avgPrice": average(desk, order),
        "leavesQty": desk.size(symbol, left) if order.quote is None else "0",
        "leavesValue": desk.money(entry.settle, desk.rules(entry).notional(price, left)) if price and left else "0",
        "cumExecQty": desk.size(symbol, order.filled),
        "cumExecValue": desk.money(entry.settle, order.quote_filled),
        "cumExecFee": next(iter(detail.values()), "0"),
        "cumFeeDetail": detail,
        "extraFees": "",
        "closedPnl": desk.money(entry.settle, sum(each.fill.realised for each in _until(desk, order))),
        "stopOrderType": stop,
        "triggerPrice": desk.price(symbol, None if trigger is None else trigger.price),
        "triggerDirection": note.direction,
        "triggerBy": note.trigger_by,
        "takeProfit": desk.price(symbol, note.take_profit),
        "stopLoss": desk.price(symbol, note.stop_loss),
        "tpTriggerBy": note.tp_trigger_by if not entry.spot else "",
        "slTriggerBy": note.sl_trigger_by if not entry.spot else "",
        "tpLimitPrice": desk.price(symbol, note.tp_limit, "0" if note.take_profit else ""),
        "slLimitPrice": desk.price(symbol, note.sl_limit, "0" if note.stop_loss else ""),
        "tpslMode": note.tpsl_mode,
        "ocoTriggerBy": "",
        "lastPriceOnCreated": desk.price(symbol, note.created_at_price),
        "basePrice": "",
        "reduceOnly": order.terms is not None and order.terms.reduce_only,
        "closeOnTrigger": note.close_on_trigger,
        "placeType": "",
        "smpType": note.smp_type,
        "smpGroup": 0,
        "smpOrderId": "",
        "slippageToleranceType": "UNKNOWN",
        "slippageTolerance": "",
        "rpiTakerAccess": False,
        "rpiMatchedQty": "0",
        "createdTime": desk.time(order.created),
        "updatedTime": desk.time(order.updated),
    }


def _until(desk: Desk, order: Order) -> list[Execution]:
    """The executions that an order had by the time of a snapshot."""
    left, found = order.filled, []
    for each in desk.by_order.get(order.order_id, ()):
        if left <= 0:
            break
        left -= each.fill.lots
        found.append(each)
    return found


def cancel_type(order: Order, note: Note) -> str:
    """Who or what ended the order."""
    if order.status is Status.CANCELLED:
        return note.cancel_type if note.cancel_type != "UNKNOWN" else "CancelByUser"
    if order.status in (Status.EXPIRED, Status.REJECTED):
        return CANCEL_TYPES.get(order.expired_by, "UNKNOWN")
    return "UNKNOWN"


def order_event(desk: Desk, one: Order) -> dict[str, Any]:
    """An order as the order topic tells of it."""
    entry = desk.listings[one.symbol]
    data = order_row(desk, one)
    detail = data["cumFeeDetail"]
    return data | {"category": entry.category, "feeCurrency": next(iter(detail), "") if entry.spot else ""}


def execution_row(desk: Desk, each: Execution) -> dict[str, Any]:
    """A trade of the account."""
    fill, made = each.fill, each.order
    entry, note = desk.listings[fill.symbol], desk.note(made)
    rules = desk.rules(entry)
    forced = made.terms.forced if made.terms is not None else ""
    price = made.price if made.price is not None else note.shown_price
    listed = rules.maker_fee if fill.maker else rules.taker_fee
    return {
        "symbol": entry.id,
        "orderId": desk.order_id(fill.order_id),
        "orderLinkId": link_of(made, note),
        "side": SIDES[fill.side],
        "orderPrice": desk.price(fill.symbol, price, "0"),
        "orderQty": shown_quantity(desk, made, note),
        "leavesQty": desk.size(fill.symbol, made.remaining) if made.quote is None else "0",
        "createType": create_type(made, note),
        "orderType": "Market" if made.type == "market" else "Limit",
        "stopOrderType": note.stop_type,
        "execFee": desk.money(fill.fee_asset, fill.fee),
        "execFeeV2": "",
        "execId": desk.execution_id(fill),
        "execPrice": desk.price(fill.symbol, fill.price),
        "execQty": desk.size(fill.symbol, fill.lots),
        "execType": FORCED[forced][1] if forced else "Trade",
        "execValue": desk.money(entry.settle, fill.quote),
        "execTime": desk.time(fill.time),
        "feeCurrency": fill.fee_asset,
        "isMaker": fill.maker,
        "feeRate": rounded(listed),
        "tradeIv": "",
        "markIv": "",
        "markPrice": "" if entry.spot else desk.price(fill.symbol, desk.mark(fill.symbol)),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "" if entry.spot else desk.size(fill.symbol, each.closed),
        "extraFees": "",
        "isLeverage": note.is_leverage or "0",
        "marketUnit": note.market_unit,
        "seq": desk.sequence(fill.time),
    }


def execution_event(desk: Desk, each: Execution) -> dict[str, Any]:
    """A trade as the execution topic tells of it."""
    entry = desk.listings[each.fill.symbol]
    data = execution_row(desk, each)
    return data | {"category": entry.category, "execPnl": desk.money(entry.settle, each.fill.realised)}


def fast_event(desk: Desk, each: Execution) -> dict[str, Any]:
    """A trade as the topic execution.fast tells of it."""
    names = (
        *("category", "symbol", "execId", "execPrice", "execQty", "orderId", "isMaker", "orderLinkId", "side"),
        *("execTime", "seq"),
    )
    data = execution_event(desk, each)
    return {name: data[name] for name in names}
