"""The agent everybody writes first. It is fine while nothing breaks; Outtrade shows what it costs when something does.

outtrade run py:examples/naive_agent.py:execute --scenarios 50
"""

import time

from outtrade import OrderView, Outcome, Report, Task, VenueAccess


def execute(task: Task, venue: VenueAccess) -> Report:
    """Place every order; if that fails, wait a second and place it again (the classic bug); cancel at the deadline."""
    exchange = venue.ccxt()
    placed = {}
    outcomes = {}

    for intent in task.intents:
        time.sleep(max(0.0, task.epoch + intent.at - time.time()))
        if intent.kind != "order" or intent.quantity is None:
            outcomes[intent.id] = Outcome(status="refused", reason="only plain orders")
            continue
        price = float(intent.limit_price) if intent.limit_price else None
        params = {"timeInForce": intent.time_in_force} if intent.time_in_force else {}
        params |= {"postOnly": True} if intent.post_only else {}
        for _attempt in range(3):
            try:
                placed[intent] = exchange.create_order(
                    intent.symbol, intent.type, intent.side, float(intent.quantity), price, params
                )
                break
            except Exception as error:
                outcomes[intent.id] = Outcome(status="failed", reason=str(error)[:80])
                time.sleep(1)

    orders = []
    for intent, order in placed.items():
        time.sleep(max(0.0, task.epoch + (intent.expires or task.until - 30) - time.time()))
        order = exchange.fetch_order(order["id"], intent.symbol)
        if order["status"] == "open":
            exchange.cancel_order(order["id"], intent.symbol)
            order = exchange.fetch_order(order["id"], intent.symbol)
        filled = order["filled"]
        status = "done" if order["status"] == "closed" else "partial" if filled else "failed"
        outcomes[intent.id] = Outcome(status=status, filled=filled, average_price=order["average"])
        orders.append(
            OrderView(
                client_id=order["clientOrderId"],
                venue_ids=(order["id"],),
                symbol=intent.symbol,
                side=intent.side,
                filled=filled,
                average_price=order["average"],
                status={"closed": "filled", "canceled": "cancelled"}.get(order["status"], order["status"]),
                intent=intent.id,
            )
        )
    return Report(outcomes=outcomes, orders=tuple(orders))
