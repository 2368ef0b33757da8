"""The standard trader of the benchmark: a ccxt object, markets loaded, one call an order, one question where needed."""

from __future__ import annotations

import time

import ccxt

from outtrade import Outcome, Report, Task, VenueAccess


def execute(task: Task, venue: VenueAccess) -> Report:
    """Place every order once; ask by client id where no answer came."""
    exchange = venue.ccxt()
    exchange.load_markets()
    for number, intent in enumerate(task.intents):
        time.sleep(max(0.0, task.epoch + intent.at - time.time()))
        client_id = f"{intent.tag}-{number}"
        price = None if intent.limit_price is None else float(intent.limit_price)
        params = {"newClientOrderId": client_id}
        try:
            exchange.create_order(intent.symbol, intent.type, intent.side, float(intent.quantity or 0), price, params)
        except ccxt.NetworkError:
            exchange.fetch_order(None, intent.symbol, {"origClientOrderId": client_id})
    return Report(outcomes={intent.id: Outcome(status="unknown") for intent in task.intents}, orders=())
