"""Absence from a list, at a venue that knows no query by client order id.

Where such a query exists, a list proves nothing: lists lag, have pages, leave out what is over. Where none exists
(trait ``lookup``), a list of *all* orders is the only question there is, and a whole one is an answer: no filter that
could leave the order out, no page missing, asked late enough. The trait says what that means on the wire::

    {"request": "all_orders", "partial": ("order_status", ...), "since": "start_date", "more": "has_next"}

``partial``: parameters with which a list is not whole; ``since``: the one that says from when on; ``more``: the field
that says that another page follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from outtrade.judge.records import Operation
from outtrade.model.history import NS, Response


def whole(rule: Mapping[str, Any], listing: Operation, body: str, sent_at: float) -> bool:
    """Whether a list holds every order in its symbol that was sent at ``sent_at`` (UNIX seconds) or later."""
    params = listing.request.params
    if listing.request.op != rule["request"] or listing.state != "ok" or not isinstance(listing.end, Response):
        return False
    if any(params.get(name) for name in (*rule["partial"], "cursor")):
        return False
    begins = params.get(str(rule.get("since")))
    if begins:
        try:
            if datetime.fromisoformat(begins.replace("Z", "+00:00")).timestamp() > sent_at:
                return False
        except ValueError:
            return False
    try:
        data = json.loads(body)
    except ValueError:
        return False
    return isinstance(data, dict) and data.get(rule["more"]) is False


def covers(listing: Operation, send: Operation) -> bool:
    """Whether a list is about the symbol of the order."""
    return listing.request.symbol is None or listing.request.symbol == send.request.symbol


def seconds(epoch: float, at: int) -> float:
    """UNIX seconds of a moment of the run."""
    return epoch + at / NS
