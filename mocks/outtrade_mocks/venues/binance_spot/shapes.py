"""The JSON objects of orders, cancels and trades, in the documentation's order of fields."""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Fill, Order, Prevention
from outtrade_mocks.venues.binance_codec import money
from outtrade_mocks.venues.binance_spot.desk import EXPIRY_REASON, MS, ORDER_ID_BASE, SELF_TRADE_WORDS, Desk


def special(desk: Desk, order: Order) -> dict[str, Any]:
    """Fields of stops, trailing stops and icebergs, as far as the order is one.

    ``trailingTime``, when it began to track the price, is that of the order where it begins at once; else -1: the mock
    does not tell when an activation price was reached (*simplified*).
    """
    fields: dict[str, Any] = {}
    terms = order.terms
    if terms is None:
        return fields
    trigger = terms.trigger
    if trigger is not None and trigger.price is not None:
        fields["stopPrice"] = desk.price(order.symbol, trigger.price)
    if trigger is not None and trigger.trail_bps is not None:
        fields["trailingDelta"] = trigger.trail_bps
        fields["trailingTime"] = order.created // MS if trigger.price is None else -1
    if terms.visible is not None:
        fields["icebergQty"] = desk.quantity(order.symbol, terms.visible)
    return fields


def conditional(desk: Desk, order: Order) -> dict[str, Any]:
    """Fields that appear only under conditions: stops, strategy (where sent), expiry reason (where expired)."""
    fields = special(desk, order)
    if order.label:
        strategy, _, kind = order.label.partition("|")
        if strategy:
            fields["strategyId"] = int(strategy)
        if kind:
            fields["strategyType"] = int(kind)
    prevented = desk.preventions(order)
    if prevented:
        fields["preventedMatchId"] = prevented[-1].number
        lost = sum(lost_by(order, one) for one in prevented)
        fields["preventedQuantity"] = desk.quantity(order.symbol, lost)
    if order.expired_by in EXPIRY_REASON:
        fields["expiryReason"] = EXPIRY_REASON[order.expired_by]
    return fields


def lost_by(order: Order, prevention: Prevention) -> int:
    """Lots that an order lost by a prevented match."""
    return prevention.taker_lots if prevention.taker_id == order.order_id else prevention.maker_lots


def prevention(desk: Desk, one: Prevention) -> dict[str, Any]:
    """A prevented match (myPreventedMatches). The account belongs to no trade group (-1: *inferred*)."""
    symbol = desk.listings[one.symbol].id
    data: dict[str, Any] = {
        "symbol": symbol,
        "preventedMatchId": one.number,
        "takerOrderId": ORDER_ID_BASE + one.taker_id,
        "makerSymbol": symbol,
        "makerOrderId": ORDER_ID_BASE + one.maker_id,
        "tradeGroupId": -1,
        "selfTradePreventionMode": SELF_TRADE_WORDS[one.mode],
        "price": desk.price(one.symbol, one.price),
    }
    if one.taker_lots:
        data["takerPreventedQuantity"] = desk.quantity(one.symbol, one.taker_lots)
    if one.maker_lots:
        data["makerPreventedQuantity"] = desk.quantity(one.symbol, one.maker_lots)
    return data | {"transactTime": one.time // MS}


def ack(desk: Desk, order: Order, now: int) -> dict[str, Any]:
    """``newOrderRespType=ACK``."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "orderListId": desk.list_id(order),
        "clientOrderId": order.created_as,
        "transactTime": now // MS,
    }


def result(desk: Desk, order: Order, now: int) -> dict[str, Any]:
    """``newOrderRespType=RESULT``."""
    listing = desk.listings[order.symbol]
    return {
        **ack(desk, order, now),
        "price": money((order.price or 0) * listing.tick),
        "origQty": money(order.lots * listing.step),
        "executedQty": money(order.filled * listing.step),
        "origQuoteOrderQty": money(order.quote or 0),
        "cummulativeQuoteQty": money(order.quote_filled),
        "status": desk.status(order),
        "timeInForce": order.tif,
        "type": desk.order_type(order),
        "side": order.side.upper(),
        "workingTime": desk.working_time(order),
        "selfTradePreventionMode": desk.self_trade(order),
    }


def full(desk: Desk, order: Order, now: int) -> dict[str, Any]:
    """``newOrderRespType=FULL``: with the fills that the order met at once."""
    data = result(desk, order, now)
    data["fills"] = [
        {
            "price": desk.price(fill.symbol, fill.price),
            "qty": desk.quantity(fill.symbol, fill.lots),
            "commission": money(fill.fee),
            "commissionAsset": fill.fee_asset,
            "tradeId": desk.trade_id(fill),
        }
        for fill in desk.fills.get(order.order_id, ())
    ]
    return data


def placed(desk: Desk, order: Order, now: int, kind: str) -> dict[str, Any]:
    """The answer to a new order in the wanted ``kind`` (ACK, RESULT, FULL)."""
    if kind == "FULL":
        data = full(desk, order, now)
    elif kind == "RESULT":
        data = result(desk, order, now)
    else:
        return ack(desk, order, now)
    if order.label or order.expired_by or order.terms is not None or desk.account.preventions:
        data |= conditional(desk, order)
    return data


def query(desk: Desk, order: Order) -> dict[str, Any]:
    """An order as the queries show it."""
    working = desk.working_time(order)
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "orderListId": desk.list_id(order),
        "clientOrderId": order.client_id,
        "price": desk.price(order.symbol, order.price),
        "origQty": desk.quantity(order.symbol, order.lots),
        "executedQty": desk.quantity(order.symbol, order.filled),
        "cummulativeQuoteQty": money(order.quote_filled),
        "status": desk.status(order),
        "timeInForce": order.tif,
        "type": desk.order_type(order),
        "side": order.side.upper(),
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created // MS,
        "updateTime": order.updated // MS,
        "isWorking": working >= 0,
        "workingTime": working,
        "origQuoteOrderQty": money(order.quote or 0),
        "selfTradePreventionMode": desk.self_trade(order),
    } | conditional(desk, order)


def cancelled(desk: Desk, order: Order, original: str, now: int) -> dict[str, Any]:
    """The answer to a cancel; ``original`` is the client id that the order had until then."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "origClientOrderId": original,
        "orderId": desk.order_id(order),
        "orderListId": desk.list_id(order),
        "clientOrderId": order.client_id,
        "transactTime": now // MS,
        "price": desk.price(order.symbol, order.price),
        "origQty": desk.quantity(order.symbol, order.lots),
        "executedQty": desk.quantity(order.symbol, order.filled),
        "origQuoteOrderQty": money(order.quote or 0),
        "cummulativeQuoteQty": money(order.quote_filled),
        "status": desk.status(order),
        "timeInForce": order.tif,
        "type": desk.order_type(order),
        "side": order.side.upper(),
        "selfTradePreventionMode": desk.self_trade(order),
    } | conditional(desk, order)


def amended(desk: Desk, order: Order, before: Order) -> dict[str, Any]:
    """The order in the answer to an amend; ``before``: as it was."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "orderListId": desk.list_id(order),
        "origClientOrderId": before.client_id,
        "clientOrderId": order.client_id,
        "price": desk.price(order.symbol, order.price),
        "qty": desk.quantity(order.symbol, order.lots),
        "executedQty": desk.quantity(order.symbol, order.filled),
        "preventedQty": desk.quantity(order.symbol, sum(lost_by(order, one) for one in desk.preventions(order))),
        "quoteOrderQty": money(order.quote or 0),
        "cumulativeQuoteQty": money(order.quote_filled),
        "status": desk.status(order),
        "timeInForce": order.tif,
        "type": desk.order_type(order),
        "side": order.side.upper(),
        "workingTime": desk.working_time(order),
        "selfTradePreventionMode": desk.self_trade(order),
    } | conditional(desk, order)


def amendment(desk: Desk, execution: int, before: Order, order: Order) -> dict[str, Any]:
    """One amend of an order (order/amendments)."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "executionId": execution,
        "origClientOrderId": before.client_id,
        "newClientOrderId": order.client_id,
        "origQty": desk.quantity(order.symbol, before.lots),
        "newQty": desk.quantity(order.symbol, order.lots),
        "time": order.updated // MS,
    }


def trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """A trade of the account (myTrades)."""
    return {
        "symbol": desk.listings[fill.symbol].id,
        "id": desk.trade_id(fill),
        "orderId": desk.order_id(fill),
        "orderListId": desk.list_id(desk.account.orders[fill.order_id][0]),
        "price": desk.price(fill.symbol, fill.price),
        "qty": desk.quantity(fill.symbol, fill.lots),
        "quoteQty": money(fill.quote),
        "commission": money(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time // MS,
        "isBuyer": fill.side == "buy",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }
