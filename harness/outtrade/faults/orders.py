"""What a trigger looks at besides the name of an operation: the content of the request, the state of its order.

>>> call = Call("place", "POST", "/order", {"recvWindow": "5000"}, order={"side": "buy", "post_only": True})
>>> carries(call, {"side": "buy", "post_only": "true", "recvWindow": "5000"}), carries(call, {"side": "sell"})
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade.model.fault import OrderState
from outtrade_mocks.venues.api import Call


def carries(call: Call, where: Mapping[str, str]) -> bool:
    """Whether the request has all these fields: those of its order first, then its parameters."""
    order = call.order or {}
    for name, wanted in where.items():
        found: Any = order[name] if order.get(name) is not None else call.params.get(name)
        if found is None and name in ("post_only", "reduce_only"):
            found = False
        text = str(found).lower() if isinstance(found, bool) else found
        if text != wanted:
            return False
    return True


class Orders:
    """The orders of the account as the exchange has them, kept up to date by what it tells of each change."""

    def __init__(self) -> None:
        self._states: dict[str, OrderState] = {}
        self.traded: set[str] = set()
        """Venue ids of those of which something was filled."""
        self._named: dict[str, str] = {}
        """Client order id -> venue id of the latest order that bore it."""

    def note(self, truth: Mapping[str, Any]) -> None:
        """A change, as the fields of ``OrderTruth``. What was refused is no order."""
        ident, status = truth["order"], truth["status"]
        if status == "open":
            state: OrderState = "partly_filled" if Decimal(str(truth.get("filled", "0"))) > 0 else "resting"
        else:
            state = "filled" if status == "filled" else "ended"
        self._states[ident] = state
        if Decimal(str(truth.get("filled", "0"))) > 0:
            self.traded.add(ident)
        for name in (truth["created_as"], truth["client_id"]):
            if name:
                self._named[name] = ident

    def state(self, call: Call) -> OrderState:
        """Of the order that a call names, by the venue's id or the client's."""
        ident = call.venue_id if call.venue_id in self._states else self._named.get(call.client_id or "")
        return "unknown" if ident is None else self._states[ident]
