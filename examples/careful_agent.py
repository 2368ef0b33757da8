"""An agent that asks before it acts (docs/agents.md walks through it).

outtrade replay examples/answer_lost.json --target py:examples/careful_agent.py:execute
"""

import time
from decimal import Decimal

import ccxt

from outtrade import BalanceView, FillView, OrderView, Outcome, PositionView, Report, Task, VenueAccess

SILENT = (ccxt.NetworkError, ccxt.BadResponse)  # nobody knows what happened
FINAL = {"closed": "filled", "canceled": "cancelled", "rejected": "rejected", "expired": "expired"}


def execute(task: Task, venue: VenueAccess) -> Report:
    """Plain orders, one after the other, each followed to its end. It asks before it acts."""
    exchange, outcomes, orders, fills, held = venue.ccxt(), {}, [], [], {}
    for intent in task.intents:
        if intent.kind != "order" or intent.quantity is None:
            outcomes[intent.id] = Outcome(status="refused", reason="only plain orders")
            continue
        time.sleep(max(0, task.epoch + intent.at - time.time()))
        end = task.epoch + (intent.expires or task.until - 30)
        client_id = intent.tag + "-1"  # carries the tag, and is known before anything is sent
        order, why = placed(exchange, venue, intent, client_id, end)
        if order is None:
            outcomes[intent.id] = Outcome(status="refused" if why else "failed", filled=0, reason=why)
            continue
        order = followed(exchange, intent, order["id"], end)
        for trade in asked(exchange.fetch_my_trades, intent.symbol, None, None, {"orderId": order["id"]}):
            amount, fee = Decimal(str(trade["amount"])), Decimal(str(trade["fee"]["cost"]))
            in_base = trade["fee"]["currency"] == intent.symbol.split("/")[0]
            signed = amount if intent.side == "buy" else -amount
            held[intent.symbol] = held.get(intent.symbol, 0) + signed - (fee if in_base else 0)
            fills.append(
                FillView(trade_id=trade["id"], order=client_id, price=trade["price"], quantity=amount,
                         fee=fee, fee_asset=trade["fee"]["currency"])
            )  # fmt: skip
        filled = order["filled"]
        status = "done" if filled >= float(intent.quantity) else "partial" if filled else "failed"
        outcomes[intent.id] = Outcome(status=status, filled=filled, average_price=order["average"])
        orders.append(
            OrderView(client_id=client_id, venue_ids=(order["id"],), symbol=intent.symbol, side=intent.side,
                      type=intent.type, quantity=intent.quantity, filled=filled, average_price=order["average"],
                      status=FINAL[order["status"]], intent=intent.id)
        )  # fmt: skip
    account = asked(exchange.fetch_balance)
    return Report(
        outcomes=outcomes,
        orders=tuple(orders),
        fills=tuple(fills),
        positions={symbol: PositionView(quantity=quantity) for symbol, quantity in held.items()},
        balances={a: BalanceView(free=account["free"][a], locked=account["used"][a]) for a in account["free"]},
    )


def placed(exchange, venue, intent, client_id, end):
    """The order as the venue has it, or None and why not. Never sends while the last request is in doubt."""
    params = {"clientOrderId": client_id, "postOnly": intent.post_only}
    if intent.time_in_force and not intent.post_only:
        params["timeInForce"] = intent.time_in_force
    price = None if intent.limit_price is None else str(intent.limit_price)
    while time.time() < end:
        sent = time.time()
        try:
            return exchange.create_order(
                intent.symbol, intent.type, intent.side, str(intent.quantity), price, params
            ), ""
        except (ccxt.RateLimitExceeded, ccxt.DDoSProtection):
            time.sleep(30)  # definite: it was not taken
            continue
        except SILENT:
            pass  # it may be there: ask
        except ccxt.ExchangeError as error:
            if "uplicate" not in str(error):  # a duplicate is there already: ask
                return None, str(error)[:80]  # a definite no
        order = sought(exchange, intent.symbol, client_id, sent + venue.absent_after)
        if order is not None:
            return order, ""
    return None, ""


def sought(exchange, symbol, client_id, proof):
    """The order with that client order id, or None once "not found" proves that there is none."""
    while True:
        time.sleep(2)
        now = time.time()
        try:
            return exchange.fetch_order(None, symbol, {"clientOrderId": client_id})
        except ccxt.OrderNotFound:
            if now > proof:
                return None
        except SILENT:
            pass


def asked(question, *words):
    """The answer to a question, which may be asked as often as it takes."""
    while True:
        try:
            return question(*words)
        except SILENT:
            time.sleep(5)


def followed(exchange, intent, order_id, end):
    """The order when it has ended; cancelled when its time is up."""
    while (order := asked(exchange.fetch_order, order_id, intent.symbol))["status"] == "open":
        if time.time() < end:
            time.sleep(min(10, end - time.time()))
            continue
        try:
            exchange.cancel_order(order_id, intent.symbol)
        except ccxt.OrderNotFound:
            pass  # it has ended, or the cancel came through before: the next look tells
        except SILENT:
            time.sleep(1)
    return order
