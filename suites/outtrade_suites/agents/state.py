"""An own order, and what has become of an intent.

An order is always in one of four phases, and only evidence moves it::

    unsent ──send──► doubt ──the venue shows it──► live ──► ended
       ▲               │                                      ▲
       └── not executed, or proven absent ──┘   └── ended, or refused for good

It is in ``doubt`` from the moment *before* it is sent, so that a crash leaves it there. ``unsent`` says that nothing of
it stands on the venue: it may be sent (again, under the same id).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from outtrade.model.task import Intent, OrderStatus, OutcomeStatus
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import OrderState, Terms, plain

Phase = Literal["unsent", "doubt", "live", "ended"]
ZERO = Decimal(0)
NUMBERS = ("quantity", "quote_quantity", "price", "stop_price", "trail")
"""Fields of Terms that are numbers."""


@dataclass(slots=True)
class Order:
    """An own order. Times are run time in seconds, quantities base units."""

    client_id: str
    intent: str
    terms: Terms
    phase: Phase = "unsent"
    status: OrderStatus = "pending"
    venue_id: str | None = None
    quantity: Decimal = ZERO
    filled: Decimal = ZERO
    quote_filled: Decimal = ZERO
    sends: int = 0
    last_sent: float = 0.0
    """The latest moment at which the last request for it can have left."""
    answer_lost: bool = False
    """A request for it got no answer that decides."""
    queries: int = 0
    """Unsuccessful looks since it fell into doubt."""
    poll_at: float = 0.0
    """When to ask about it again, while it is live."""
    cancels: int = 0
    cancel_unclear: bool = False
    """A cancel was sent and its effect is not known: ask before anything else."""

    @property
    def may_stand(self) -> bool:
        """It works on the venue, or may do so."""
        return self.phase in ("doubt", "live")

    @property
    def remaining(self) -> Decimal:
        """The most it can still execute, base units."""
        return max(ZERO, self.quantity - self.filled) if self.may_stand else ZERO

    def to_store(self) -> dict[str, Any]:
        """As plain data for the journal."""
        terms = self.terms
        numbers = {name: getattr(terms, name) for name in NUMBERS}
        return {
            "client_id": self.client_id,
            "intent": self.intent,
            "terms": {
                "symbol": terms.symbol, "side": terms.side, "type": terms.type, "tif": terms.time_in_force,
                "post_only": terms.post_only,
                **({"reduce_only": True} if terms.reduce_only else {}),
                **({"extended_hours": True} if terms.extended_hours else {}),
                **{name: plain(value) for name, value in numbers.items() if value is not None},
            },
            "phase": self.phase,
            "status": self.status,
            "venue_id": self.venue_id,
            "quantity": plain(self.quantity),
            "filled": plain(self.filled),
            "quote_filled": plain(self.quote_filled),
            "sends": self.sends,
            "last_sent": self.last_sent,
        }  # fmt: skip

    @classmethod
    def from_store(cls, data: dict[str, Any]) -> Order:
        """What ``to_store`` wrote."""
        terms = data["terms"]
        number = {name: Decimal(terms[name]) for name in NUMBERS if name in terms}
        return cls(
            client_id=data["client_id"],
            intent=data["intent"],
            terms=Terms(
                terms["symbol"], terms["side"], terms["type"],
                time_in_force=terms["tif"], post_only=terms["post_only"],
                reduce_only=terms.get("reduce_only", False), extended_hours=terms.get("extended_hours", False),
                **number,
            ),
            phase=data["phase"],
            status=data["status"],
            venue_id=data["venue_id"],
            quantity=Decimal(data["quantity"]),
            filled=Decimal(data["filled"]),
            quote_filled=Decimal(data["quote_filled"]),
            sends=data["sends"],
            last_sent=data["last_sent"],
        )  # fmt: skip

    @classmethod
    def adopted(cls, state: OrderState, client_id: str, intent: str) -> Order:
        """An own order that the venue shows and no journal knows."""
        quantity = state.quantity if state.quantity else None
        terms = Terms(state.symbol, state.side, state.type, quantity=quantity, price=state.price)
        return cls(client_id=client_id, intent=intent, terms=terms, quantity=state.quantity, sends=1)


@dataclass(slots=True)
class Job:
    """One intent and what is being done about it."""

    intent: Intent
    backoff: Backoff
    orders: list[Order] = field(default_factory=list)
    """In order of creation; only the last can stand on the venue."""
    wake: float = 0.0
    """When there is something new to look at, run time; see ``due``."""
    stopped: str = ""
    """Why it ends early: a cancel, a flatten. Nothing more is sent for it, what works is cancelled."""
    verdict: OutcomeStatus | None = None
    """Decided by other things than its orders (refused; cancel, flatten and watch)."""
    reason: str = ""
    closed: bool = False
    tries: int = 0
    """Requests for an amendment so far."""
    stage: str = ""
    """How far a flatten has come."""
    priced_at: float = 0.0
    """When the price was read on which its latest order was decided, run time; 0: not in this life."""
    intended: Decimal | None = None
    """The mid price on which its first order was decided (``recording``)."""
    unanswered: float | None = None
    """When its first request left, where the answer to that was lost, run time."""
    latency: float | None = None
    """Seconds until the answer to its first request was known."""

    @property
    def due(self) -> float:
        """When it next has something to do, run time: never before ``at``, unless it has begun or was stopped."""
        return self.wake if self.orders or self.stopped else max(self.wake, self.intent.at)

    @property
    def current(self) -> Order | None:
        return self.orders[-1] if self.orders else None

    @property
    def filled(self) -> Decimal:
        return sum((order.filled for order in self.orders), ZERO)

    @property
    def quote_filled(self) -> Decimal:
        return sum((order.quote_filled for order in self.orders), ZERO)

    def close(self, verdict: OutcomeStatus | None = None, reason: str = "") -> None:
        """Nothing more is to be done for it."""
        self.closed = True
        self.verdict = verdict or self.verdict
        self.reason = self.reason or reason
