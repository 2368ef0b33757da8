"""The JSON objects of orders and trades, in the documentation's order of fields."""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Fill, Order
from outtrade_mocks.venues.binance_usdm.desk import MS, SELF_TRADE_WORDS, SIDES, Desk
from outtrade_mocks.venues.binance_usdm.figures import average_e8, fixed, money

KINDS = {
    ("stop", "limit"): "STOP",
    ("stop", "market"): "STOP_MARKET",
    ("take_profit", "limit"): "TAKE_PROFIT",
    ("take_profit", "market"): "TAKE_PROFIT_MARKET",
}


def algo_type(order: Order) -> str:
    """The type of an algo order in Binance's words; the plain type of others."""
    trigger = None if order.terms is None else order.terms.trigger
    if trigger is None:
        return order.type.upper()
    return "TRAILING_STOP_MARKET" if trigger.trailing else KINDS[trigger.kind, order.type]


def time_in_force(order: Order) -> str:
    """``timeInForce``: a post-only order is GTX."""
    return "GTX" if order.post_only else order.tif


def label(order: Order) -> tuple[str, bool]:
    """``priceMatch`` and ``priceProtect``, which the core carries along as the order's label."""
    match, _, protect = order.label.partition("|")
    return match or "NONE", protect == "1"


def options(order: Order) -> dict[str, Any]:
    """The fields that every kind of order ends with."""
    terms = order.terms
    match, protect = label(order)
    trigger = None if terms is None else terms.trigger
    gtd = terms is not None and terms.expires is not None
    return {
        "workingType": "MARK_PRICE" if trigger is not None and trigger.source == "mark" else "CONTRACT_PRICE",
        "priceProtect": protect,
        "priceMatch": match,
        "selfTradePreventionMode": SELF_TRADE_WORDS[None if terms is None else terms.self_trade],
        "goodTillDate": (terms.expires or 0) // MS if gtd and terms is not None else 0,
    }


def stop_price(desk: Desk, order: Order) -> int:
    """The trigger price in e8; 0 where there is none (a trailing order's is its activation, told elsewhere)."""
    trigger = None if order.terms is None else order.terms.trigger
    if trigger is None or trigger.trailing or trigger.price is None:
        return 0
    return desk.price_e8(order.symbol, trigger.price)


def order(desk: Desk, order: Order, *, query: bool = False) -> dict[str, Any]:
    """An ordinary order, as the answer to a request about it (``query``: as queries show it)."""
    entry, terms = desk.listings[order.symbol], order.terms
    quantity_places, filled = entry.quantity_places, order.filled * entry.step
    executed = fixed(filled, quantity_places)
    data: dict[str, Any] = {
        "orderId": desk.order_id(order),
        "symbol": entry.id,
        "status": desk.status(order),
        "clientOrderId": desk.client_id_of(order),
        "price": fixed(desk.price_e8(order.symbol, order.price), entry.price_places),
        "avgPrice": fixed(average_e8(order.quote_filled, filled), max(5, entry.price_places)),
        "origQty": fixed(order.lots * entry.step, quantity_places),
        "executedQty": executed,
    }
    if not query:
        data["cumQty"] = executed
    data |= {
        "cumQuote": fixed(order.quote_filled, min(8, entry.price_places + quantity_places)),
        "timeInForce": time_in_force(order),
        "type": order.type.upper(),
        "reduceOnly": terms is not None and terms.reduce_only,
        "closePosition": terms is not None and terms.close_position,
        "side": order.side.upper(),
        "positionSide": SIDES[None if terms is None else terms.position_side],
        "stopPrice": fixed(stop_price(desk, order), entry.price_places),
        "origType": algo_type(order),
    }
    data |= options(order)
    trigger = None if terms is None else terms.trigger
    if trigger is not None and trigger.trail_bps is not None:
        data["activatePrice"] = fixed(desk.price_e8(order.symbol, trigger.price), entry.price_places)
        data["priceRate"] = rate(trigger.trail_bps)
    if query:
        data["time"] = desk.entered(order) // MS
    data["updateTime"] = order.updated // MS
    return data


def rate(bps: int) -> str:
    """``callbackRate``: per cent, one decimal."""
    return f"{bps // 100}.{bps % 100 // 10}"


def trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """A trade of the account (userTrades)."""
    entry = desk.listings[fill.symbol]
    terms = desk.account.orders[fill.order_id][0].terms
    return {
        "symbol": entry.id,
        "id": desk.trade_id(fill),
        "orderId": desk.order_id(fill),
        "side": fill.side.upper(),
        "price": fixed(fill.price * entry.tick, entry.price_places),
        "qty": fixed(fill.lots * entry.step, entry.quantity_places),
        "realizedPnl": money(fill.realised),
        "quoteQty": fixed(fill.quote, min(8, entry.price_places + entry.quantity_places)),
        "commission": money(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time // MS,
        "positionSide": SIDES[None if terms is None else terms.position_side],
        "buyer": fill.side == "buy",
        "maker": fill.maker,
        "marginAsset": entry.margin,
    }


def amendment(desk: Desk, number: int, count: int, before: Order, order: Order) -> dict[str, Any]:
    """One amend of an order (orderAmendment)."""
    entry = desk.listings[order.symbol]

    def price(one: Order) -> str:
        return fixed(desk.price_e8(one.symbol, one.price), entry.price_places)

    def quantity(one: Order) -> str:
        return fixed(one.lots * entry.step, entry.quantity_places)

    return {
        "amendmentId": number,
        "symbol": entry.id,
        "pair": entry.raw["pair"],
        "orderId": desk.order_id(order),
        "clientOrderId": desk.client_id_of(order),
        "time": order.updated // MS,
        "amendment": {
            "price": {"before": price(before), "after": price(order)},
            "origQty": {"before": quantity(before), "after": quantity(order)},
            "count": count,
        },
        "priceMatch": label(order)[0],
    }


# ------------------------------------------------------------------- algo orders
def algo_status(order: Order) -> str:
    """``algoStatus``: NEW until it is triggered, TRIGGERED while its order is in the market, FINISHED after that."""
    terms = order.terms
    if order.status == "rejected":
        return "REJECTED"
    if terms is not None and terms.triggered is not None:
        return "TRIGGERED" if order.live else "FINISHED"
    return {"cancelled": "CANCELED", "expired": "EXPIRED"}.get(order.status.value, "NEW")


def algo(desk: Desk, order: Order, *, query: bool = False) -> dict[str, Any]:
    """An algo order, as the answer to a new one (``query``: as queries show it, with the order that it became)."""
    entry, terms = desk.listings[order.symbol], order.terms
    assert terms is not None and terms.trigger is not None
    places, trigger = entry.price_places, terms.trigger
    first = desk.account.orders[order.order_id][0]
    none = fixed(0, places)
    data: dict[str, Any] = {
        "algoId": desk.algo_id(order),
        "clientAlgoId": order.client_id,
        "algoType": "CONDITIONAL",
        "orderType": algo_type(order),
        "symbol": entry.id,
        "side": order.side.upper(),
        "positionSide": SIDES[terms.position_side],
        "timeInForce": time_in_force(order),
        "quantity": fixed(first.lots * entry.step, entry.quantity_places),
        "algoStatus": algo_status(order),
    }
    entered = desk.in_market(order)
    if query:
        filled = order.filled * entry.step
        data |= {
            "actualOrderId": str(desk.order_id(order)) if entered else "",
            "actualPrice": fixed(average_e8(order.quote_filled, filled), max(5, places)),
            "actualType": order.type.upper(),
            "actualQty": fixed(filled, entry.quantity_places),
        }
    data |= {
        "triggerPrice": fixed(stop_price(desk, order), places),
        "price": fixed(desk.price_e8(order.symbol, order.price), places),
        "icebergQuantity": None,
    }
    if query:
        data |= {"tpTriggerPrice": none, "tpPrice": none, "slTriggerPrice": none, "slPrice": none, "tpOrderType": ""}
    trailing = trigger.trail_bps is not None
    fields = options(order)
    good_till = fields.pop("goodTillDate")
    triggered = next((one.updated for one in desk.account.orders[order.order_id] if one.status == "triggered"), 0)
    return (
        data
        | fields
        | {
            "closePosition": terms.close_position,
            "reduceOnly": terms.reduce_only,
            "activatePrice": fixed(desk.price_e8(order.symbol, trigger.price), places) if trailing else "",
            "callbackRate": rate(trigger.trail_bps or 0) if trailing else "",
            "createTime": order.created // MS,
            "updateTime": order.updated // MS,
            "triggerTime": triggered // MS,
            "goodTillDate": good_till,
        }
    )
