"""The model that does it right: an order without an answer is asked for before anything else is sent.

outtrade replay examples/answer_lost.json --target agent:models/right
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from typing import Any

from outtrade.model.task import Intent, Report, Task
from outtrade_suites.agents.models.script import Json, Script, Use, Venue, play

ATTEMPTS = 8
"""Most requests of the same kind before the model gives up."""
PATIENCE = 5.0
"""Seconds between two looks at an order."""

Looks = Generator[Use, Json, Any]


class Model:
    """Plain orders, one after the other. ``on_doubt`` is where the wrong models differ."""

    def __init__(self, task: Task, absent_after: float) -> None:
        self.task, self.absent_after = task, absent_after
        self.outcomes: dict[str, Json] = {}
        self.orders: list[Json] = []
        self.fills: list[Json] = []
        self.positions: dict[str, Decimal] = {}

    def script(self) -> Script:
        """The whole task."""
        for intent in self.task.intents:
            if intent.kind != "order" or intent.quantity is None or intent.type not in ("limit", "market"):
                self.outcomes[intent.id] = {"status": "refused", "reason": "only plain orders"}
                continue
            yield from self.sleep_until(intent.at)
            state = yield from self.place(intent)
            if state is not None:
                state = yield from self.follow(intent, state)
                yield from self.learn_fills(intent, state)
            self.conclude(intent, state)
        balances = yield from self.ask("balances")
        return {
            "outcomes": self.outcomes,
            "orders": self.orders,
            "fills": self.fills,
            "positions": {symbol: {"quantity": str(held)} for symbol, held in self.positions.items()},
            "balances": None if "error" in balances else balances,
        }

    # ------------------------------------------------------------------ time
    def now(self) -> Looks:
        """Run time in seconds."""
        told = yield Use("wait", {"seconds": 0})
        return told["time"] - self.task.epoch

    def sleep_until(self, when: float) -> Looks:
        """Wait until a run time."""
        now = yield from self.now()
        if when > now:
            yield Use("wait", {"seconds": when - now})

    def deadline(self, intent: Intent) -> float:
        """When the intent's order must no longer work."""
        return min(intent.expires or self.task.until, self.task.until - 30)

    # ------------------------------------------------------------------ orders
    def client_id(self, intent: Intent) -> str | None:
        """The id under which the order is sent, every time."""
        return f"{intent.tag}-1"

    def place(self, intent: Intent) -> Looks:
        """Place the order; its state, or None where there is none."""
        terms: Json = {"symbol": intent.symbol, "side": intent.side, "type": intent.type}
        terms["quantity"] = str(intent.quantity)
        if (name := self.client_id(intent)) is not None:
            terms["client_id"] = name
        if intent.limit_price is not None:
            terms["limit_price"] = str(intent.limit_price)
        if intent.time_in_force in ("IOC", "FOK"):
            terms["time_in_force"] = intent.time_in_force
        if intent.post_only:
            terms["post_only"] = True
        for _ in range(ATTEMPTS):
            now = yield from self.now()
            if now >= self.deadline(intent):
                return None
            result = yield Use("place", terms)
            error = result.get("error")
            if error is None:
                return result
            if error["kind"] == "ambiguous":
                state = yield from self.on_doubt(intent, terms)
                if state is not None:
                    return state
            elif error["kind"] in ("rate_limited", "unavailable") or error["code"] == -1021:
                yield Use("wait", {"seconds": error["retry_after"] or PATIENCE})
            else:
                self.outcomes[intent.id] = {"status": "refused", "reason": error["message"]}
                return None
        return None

    def on_doubt(self, intent: Intent, terms: Json) -> Looks:
        """The order's state, or None once its absence is proven; then the same order may be sent again."""
        since = yield from self.now()
        while True:
            result = yield Use("order", {"symbol": intent.symbol, "client_id": terms["client_id"]})
            error = result.get("error")
            if error is None:
                return result
            now = yield from self.now()
            if error["kind"] == "not_found" and now - since >= self.absent_after:
                return None
            if now > self.task.until:
                self.outcomes[intent.id] = {"status": "unknown", "reason": error["message"]}
                return None
            yield Use("wait", {"seconds": error["retry_after"] or PATIENCE})

    def follow(self, intent: Intent, state: Json) -> Looks:
        """The order's last state: filled, ended, or cancelled at the deadline."""
        named = {"symbol": intent.symbol, "venue_id": state["venue_id"]}
        while state["status"] == "open":
            now = yield from self.now()
            if now < self.deadline(intent):
                yield Use("wait", {"seconds": min(PATIENCE, self.deadline(intent) - now)})
            elif now > self.task.until:
                return state
            else:
                yield Use("cancel", {"symbol": intent.symbol, "client_id": state["client_id"]})
                yield Use("wait", {"seconds": 1})
            state = (yield from self.ask("order", named)) or state
        return state

    def ask(self, tool: str, arguments: Json | None = None) -> Looks:
        """A question, until it is answered."""
        result: Json = {}
        for _ in range(ATTEMPTS):
            result = yield Use(tool, arguments or {})
            if "error" not in result:
                return result
            yield Use("wait", {"seconds": result["error"]["retry_after"] or PATIENCE})
        return result if tool == "balances" else {}

    # ------------------------------------------------------------------ beliefs
    def learn_fills(self, intent: Intent, state: Json) -> Looks:
        """Read the order's fills."""
        if not Decimal(state["filled"]):
            return
        answer = yield from self.ask("fills", {"symbol": intent.symbol, "venue_id": state["venue_id"]})
        base = str(intent.symbol).partition("/")[0]
        for fill in answer.get("fills", ()):
            kept = ("trade_id", "order", "price", "quantity", "fee", "fee_asset")
            self.fills.append({name: fill[name] for name in kept})
            signed = Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
            fee = Decimal(fill["fee"]) if fill["fee_asset"] == base else Decimal(0)
            held = self.positions.get(str(intent.symbol), Decimal(0))
            self.positions[str(intent.symbol)] = held + signed - fee

    def conclude(self, intent: Intent, state: Json | None) -> None:
        """What became of the intent."""
        if state is None:
            self.outcomes.setdefault(intent.id, {"status": "failed", "reason": "no order stands"})
            return
        filled = Decimal(state["filled"])
        status = "done" if state["status"] == "filled" else "partial" if filled else "failed"
        if state["status"] == "open":
            status = "working"
        average = state["average_price"]
        self.outcomes[intent.id] = {"status": status, "filled": str(filled), "average_price": average}
        kept = ("client_id", "symbol", "side", "type", "quantity", "filled", "average_price", "status")
        order = {name: state[name] for name in kept}
        self.orders.append(order | {"venue_ids": [state["venue_id"]], "intent": intent.id})


VENUES = ("binance_spot",)
"""Where there are tools."""


def execute(task: Task, venue: Venue) -> Report:
    """The agent."""
    return play(venue.tools, Model(task, venue.absent_after).script())
