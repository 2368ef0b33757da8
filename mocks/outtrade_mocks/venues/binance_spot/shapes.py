"""The JSON objects of orders, cancels and trades, in the documentation's order of fields."""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Fill, Order
from outtrade_mocks.venues.binance_spot.codec import money
from outtrade_mocks.venues.binance_spot.desk import EXPIRY_REASON, MS, SELF_TRADE_MODE, Desk


def conditional(order: Order) -> dict[str, Any]:
    """Fields that appear only under conditions: strategy (where sent), expiry reason (where expired)."""
    fields: dict[str, Any] = {}
    if order.label:
        strategy, _, kind = order.label.partition("|")
        if strategy:
            fields["strategyId"] = int(strategy)
        if kind:
            fields["strategyType"] = int(kind)
    if order.expired_by == "self_trade":
        fields["preventedMatchId"] = 0
    elif order.expired_by:
        fields["expiryReason"] = EXPIRY_REASON[order.expired_by]
    return fields


def ack(desk: Desk, order: Order, now: int) -> dict[str, Any]:
    """``newOrderRespType=ACK``."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "orderListId": -1,
        "clientOrderId": order.created_as,
        "transactTime": now // MS,
    }


def result(desk: Desk, order: Order, now: int) -> dict[str, Any]:
    """``newOrderRespType=RESULT``."""
    return ack(desk, order, now) | {
        "price": desk.price(order.symbol, order.price),
        "origQty": desk.quantity(order.symbol, order.lots),
        "executedQty": desk.quantity(order.symbol, order.filled),
        "origQuoteOrderQty": money(order.quote or 0),
        "cummulativeQuoteQty": money(order.quote_filled),
        "status": desk.status(order),
        "timeInForce": order.tif,
        "type": desk.order_type(order),
        "side": order.side.upper(),
        "workingTime": order.created // MS,
        "selfTradePreventionMode": SELF_TRADE_MODE,
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
    if order.label or order.expired_by:
        data |= conditional(order)
    return data


def query(desk: Desk, order: Order) -> dict[str, Any]:
    """An order as the queries show it."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "orderId": desk.order_id(order),
        "orderListId": -1,
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
        "isWorking": True,
        "workingTime": order.created // MS,
        "origQuoteOrderQty": money(order.quote or 0),
        "selfTradePreventionMode": SELF_TRADE_MODE,
    } | conditional(order)


def cancelled(desk: Desk, order: Order, original: str, now: int) -> dict[str, Any]:
    """The answer to a cancel; ``original`` is the client id that the order had until then."""
    return {
        "symbol": desk.listings[order.symbol].id,
        "origClientOrderId": original,
        "orderId": desk.order_id(order),
        "orderListId": -1,
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
        "selfTradePreventionMode": SELF_TRADE_MODE,
    } | conditional(order)


def trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """A trade of the account (myTrades)."""
    return {
        "symbol": desk.listings[fill.symbol].id,
        "id": desk.trade_id(fill),
        "orderId": desk.order_id(fill),
        "orderListId": -1,
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


def public_trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """The same trade as everybody sees it."""
    return {
        "id": desk.trade_id(fill),
        "price": desk.price(fill.symbol, fill.price),
        "qty": desk.quantity(fill.symbol, fill.lots),
        "quoteQty": money(fill.quote),
        "time": fill.time // MS,
        "isBuyerMaker": (fill.side == "buy") == fill.maker,
        "isBestMatch": True,
    }


def aggregate_trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """The same trade as an aggregate (aggTrades)."""
    trade_id = desk.trade_id(fill)
    return {
        "a": trade_id,
        "p": desk.price(fill.symbol, fill.price),
        "q": desk.quantity(fill.symbol, fill.lots),
        "f": trade_id,
        "l": trade_id,
        "T": fill.time // MS,
        "m": (fill.side == "buy") == fill.maker,
        "M": True,
    }
