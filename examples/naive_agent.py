"""The agent everybody writes first: one ccxt call per intent, and again if it fails. Outtrade shows what that costs.

outtrade run py:examples/naive_agent.py:execute --scenarios 50
"""

import time

from outtrade import OrderView, Outcome, Report, Task, VenueAccess


def execute(task: Task, venue: VenueAccess) -> Report:
    """Place every order; on any error wait a second and place it again (that is the bug)."""
    exchange = venue.ccxt()
    outcomes, orders = {}, []
    for intent in task.intents:
        time.sleep(max(0.0, task.epoch + intent.at - time.time()))
        if intent.kind != "order" or intent.quantity is None:
            outcomes[intent.id] = Outcome(status="refused", reason="only simple orders")
            continue
        price = float(intent.limit_price) if intent.limit_price else None
        for _attempt in range(3):
            try:
                answer = exchange.create_order(intent.symbol, intent.type, intent.side, float(intent.quantity), price)
            except Exception as error:
                outcomes[intent.id] = Outcome(status="failed", reason=str(error)[:80])
                time.sleep(1)
                continue
            filled = answer["filled"] or 0
            done = filled >= float(intent.quantity)
            outcomes[intent.id] = Outcome(status="done" if done else "working", filled=filled)
            view = OrderView(
                client_id=answer["clientOrderId"],
                venue_ids=(answer["id"],),
                symbol=intent.symbol,
                side=intent.side,
                filled=filled,
                status="filled" if done else "open",
                intent=intent.id,
            )
            orders.append(view)
            break
    return Report(outcomes=outcomes, orders=tuple(orders))
