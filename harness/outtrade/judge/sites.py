"""What an agent said about one venue of several.

An agent that has somewhere else to go gives one account of its task: orders and fills of every venue in one report.
A check that looks at one venue (``Property.venues``: ``each``) is given the part that is about it::

    an order, a fill    by the venue's own ids; where a view has none, by the venue that its client order id was sent
                        to. Of an id that was sent to two venues, a view without a venue's id means the one that
                        it went to last; in the report only where it is in doubt: else it tells nothing
    balances            the main venue's (the contract says so)
    positions           none: they are added up over the venues
    outcomes            without quantities where an order of the intent was sent to another venue

What is about no venue that the record knows, such as a trade that never took place, is about each of them: nobody is
excused for having made it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade.judge.records import SENDS
from outtrade.model.history import FillTruth, History, OrderTruth, Published, Request
from outtrade.model.task import Intent

IN_DOUBT = frozenset({"pending", "unknown"})
"""Statuses that claim nothing."""


class Part:
    """What was said about venue ``venue`` (0: the main one, n: the n-th fallback)."""

    def __init__(self, history: History, venue: int, intents: tuple[Intent, ...]) -> None:
        self.venue = venue
        self._orders: dict[str, int] = {}
        self._sent: dict[str, list[tuple[int, int]]] = {}
        self._trades: dict[str, list[tuple[int, frozenset[str]]]] = {}
        named: set[str] = set()
        for event in history.events:
            if isinstance(event, OrderTruth):
                self._orders[event.order] = event.venue
            elif isinstance(event, FillTruth):
                names = frozenset((event.order, event.client_id))
                self._trades.setdefault(event.trade_id, []).append((event.venue, names))
            elif isinstance(event, Request) and event.op in SENDS and event.client_id is not None:
                self._sent.setdefault(event.client_id, []).append((event.seq, event.venue))
                if event.venue != venue:
                    named.add(event.client_id)
        self.elsewhere = frozenset(intent.id for intent in intents if any(intent.tag in name for name in named))
        """Intents for which an order was sent to another venue, whatever became of it."""

    # ------------------------------------------------------------------ views
    def published(self, event: Published) -> bool:
        """Whether a view that was published is about this venue."""
        if event.view == "OrderView":
            return self._order(event.data, before=event.seq)
        return self._fill(event.data) if event.view == "FillView" else True

    def report(self, told: dict[str, Any]) -> dict[str, Any]:
        """The part of a report that is about this venue."""
        fills = told.get("fills")
        return told | {
            "orders": [view for view in told["orders"] if self._order(view)],
            "fills": None if fills is None else [view for view in fills if self._fill(view)],
            "positions": None,
            "balances": told.get("balances") if self.venue == 0 else None,
            "outcomes": {name: self._outcome(name, outcome) for name, outcome in told["outcomes"].items()},
        }

    def _order(self, view: Mapping[str, Any], before: int | None = None) -> bool:
        """``before``: it was said at this event; None: in the report."""
        at = {self._orders[name] for name in view.get("venue_ids", ()) if name in self._orders}
        if at:
            return self.venue in at
        sent = [
            venue for seq, venue in self._sent.get(view.get("client_id") or "", ()) if before is None or seq < before
        ]
        if not sent or len(set(sent)) == 1:
            return not sent or sent[0] == self.venue
        return sent[-1] == self.venue and (before is not None or view.get("status") in IN_DOUBT)

    def _fill(self, view: Mapping[str, Any]) -> bool:
        trades = self._trades.get(view["trade_id"], [])
        right = [venue for venue, names in trades if view["order"] in names]
        at = right or [venue for venue, _ in trades]
        return not at or self.venue in at

    def _outcome(self, intent: str, outcome: dict[str, Any]) -> dict[str, Any]:
        return outcome | {"filled": None, "average_price": None} if intent in self.elsewhere else outcome
