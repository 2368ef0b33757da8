"""What the Index is made of: requests with their ends, orders with their lives, streams, doubts, faults.

All times (``at``, ``since``, ``until``) are nanoseconds of run time. Order between two events of the same instant is
decided by their sequence numbers, so most questions exist in two forms: ``...(seq)`` is exact, ``...(t)`` means "at the
end of instant ``t``".

Two views are kept apart all through. What the *client saw*: ``Operation.state``, ``Operation.ended_at``, ``Doubt``,
``Stream``. What is *true*: ``Operation.executed``, ``Order`` and its fills. A check that blames an agent for a decision
reads the first; a check that counts exposure reads the second.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Literal

from outtrade.model.fault import Fault
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Crashed,
    FillTruth,
    GatewayCall,
    GatewayResult,
    Healed,
    Landed,
    NoReport,
    OrderParams,
    OrderTruth,
    Reported,
    Request,
    Response,
    Started,
    StreamEvent,
    StreamLost,
)
from outtrade.model.task import Intent

SENDS = frozenset({"place", "cancel_replace"})
"""Operations that put a new order on the venue."""

State = Literal["ok", "definite", "ambiguous", "open"]

ZERO = Decimal(0)


@dataclass(slots=True, eq=False)
class Operation:
    """One request and all that became of it.

    ``state`` is the client's view: ``ok`` and ``definite`` by an answer that says so; ``ambiguous`` by an answer that
    does not, or by a connection that broke or was given up after the request was sent; ``open`` if no end is on
    record."""

    request: Request
    answer: Answer | None = None
    response: Response | None = None
    broken: Broken | None = None
    intent: Intent | None = None
    """The intent that an order request is for (sends only), by tag, else by symbol and side."""
    orders: list[Order] = field(default_factory=list)
    """Orders on the venue that this request created (truth)."""
    seq: int = field(init=False)
    """Sequence number of the request."""
    sent_at: int = field(init=False)
    """When the whole request had been sent."""
    is_send: bool = field(init=False)
    """Whether it asks for a new order."""
    client_id: str | None = field(init=False)
    """The client order id that the request is about."""
    end: Response | Broken | None = field(init=False, default=None)
    """The event by which the client learned the end of the call: the first of answer and break."""
    ended_at: int | None = field(init=False, default=None)
    """When the client saw the end; None if it never did."""
    ended_seq: int | None = field(init=False, default=None)
    """Sequence number of the end that the client saw."""
    state: State = field(init=False, default="open")
    """How the call ended for the client."""
    error: str | None = field(init=False, default=None)
    """The class of the error that the client saw (``not_found``, ``rate``, ...); None without an answer."""

    def __post_init__(self) -> None:
        self.seq, self.sent_at = self.request.seq, self.request.at
        self.is_send, self.client_id = self.request.op in SENDS, self.request.client_id

    def ends(self, end: Response | Broken) -> None:
        """Take note of an end; the first one is what the client saw."""
        if isinstance(end, Response):
            self.response = end
        else:
            self.broken = end
        if self.end is None:
            self.end, self.ended_at, self.ended_seq = end, end.at, end.seq
            self.state = end.outcome if isinstance(end, Response) else "ambiguous"
            self.error = end.error if isinstance(end, Response) else None

    @property
    def executed(self) -> bool:
        """Whether the request reached the venue's engine (truth): it was carried out or refused there."""
        return self.answer is not None and self.answer.executed

    @property
    def carried_out(self) -> bool:
        """Whether the engine did what was asked (truth)."""
        return self.answer is not None and self.answer.executed and self.answer.error is None

    @property
    def order(self) -> OrderParams | None:
        """The order parameters that travelled."""
        return self.request.order

    @property
    def injected(self) -> bool:
        """Whether a fault made or altered its answer."""
        return (self.answer is not None and self.answer.fault is not None) or (
            self.response is not None and self.response.fault is not None
        )

    @property
    def name(self) -> str:
        """For messages: operation, client order id, run time."""
        about = self.request.client_id or self.request.venue_id
        return f"{self.request.op}{f' {about}' if about else ''} at {self.request.at / NS:.3f} s"


@dataclass(slots=True, eq=False)
class Order:
    """One order on the venue: its changes and its fills, as they happened (truth)."""

    id: str
    """The venue's id."""
    created_as: str
    """The client order id it was placed with."""
    symbol: str
    side: Literal["buy", "sell"]
    foreign: bool
    intent: Intent | None = None
    changes: list[OrderTruth] = field(default_factory=list)
    fills: list[FillTruth] = field(default_factory=list)
    op: Operation | None = None
    """The request that created it, where it is on record."""
    _named: int = -1
    """How many changes its remembered names are of."""
    _names: tuple[str, ...] = ()

    @property
    def first(self) -> OrderTruth:
        """Its acceptance (or its rejection by the engine)."""
        return self.changes[0]

    @property
    def last(self) -> OrderTruth:
        """Its last known change."""
        return self.changes[-1]

    @property
    def accepted(self) -> bool:
        """Whether it ever stood on the venue."""
        return any(change.why != "reject" and change.status != "rejected" for change in self.changes)

    @property
    def names(self) -> tuple[str, ...]:
        """All client order ids it ever had, the original first.

        Remembered, since an order that fills in a thousand trades has as many changes and is asked at each of them.
        """
        if self._named != len(self.changes):
            self._named = len(self.changes)
            self._names = tuple(dict.fromkeys([self.created_as, *(c.client_id for c in self.changes if c.client_id)]))
        return self._names

    def state_at(self, seq: int) -> OrderTruth | None:
        """The last change before or at sequence number ``seq``; None before its acceptance."""
        known = bisect_right(self.changes, seq, key=attrgetter("seq"))
        return self.changes[known - 1] if known else None

    def state_by(self, t: int) -> OrderTruth | None:
        """The last change up to the end of instant ``t``; None before its acceptance."""
        known = bisect_right(self.changes, t, key=attrgetter("at"))
        return self.changes[known - 1] if known else None

    def ended_by(self, t: int) -> bool:
        """Whether it was known to the venue and no longer worked at ``t`` (ns)."""
        state = self.state_by(t)
        return state is not None and state.status != "open"

    def working_at(self, seq: int) -> Decimal:
        """Base quantity that it could still fill just after event ``seq``."""
        return working(self.state_at(seq))

    def filled_at(self, seq: int) -> Decimal:
        """Base quantity filled just after event ``seq``."""
        change = self.state_at(seq)
        return ZERO if change is None else Decimal(change.filled)

    @property
    def filled(self) -> Decimal:
        """Base quantity filled in the end."""
        return Decimal(self.last.filled)

    @property
    def quantity(self) -> Decimal:
        """Its quantity in the end (amendments included)."""
        return Decimal(self.last.quantity)


def working(change: OrderTruth | None) -> Decimal:
    """Base quantity that an order in this state can still fill."""
    if change is None or change.status != "open":
        return ZERO
    return max(ZERO, Decimal(change.quantity) - Decimal(change.filled))


@dataclass(slots=True, eq=False)
class Stream:
    """One private stream subscription as the client saw it: from its acknowledgement to its end."""

    conn: int
    up_at: int
    up_seq: int
    subscribe: Operation | None = None
    down_at: int | None = None
    down_seq: int | None = None
    down_by: Literal["client", "venue"] | None = None
    events: list[StreamEvent] = field(default_factory=list)
    lost: list[StreamLost] = field(default_factory=list)

    def up(self, seq: int) -> bool:
        """Whether the client held it for open at event ``seq``."""
        return self.up_seq <= seq and (self.down_seq is None or seq < self.down_seq)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The evidence that ended a doubt: ``found`` or ``absent``, and by what the client learned it."""

    how: Literal["found", "absent"]
    via: Literal["query", "stream", "listing", "write", "resend", "duplicate"]
    at: int
    seq: int


@dataclass(slots=True, eq=False)
class Doubt:
    """An order request whose outcome the client does not know, and when it learned it.

    Begins at the end the client saw (``since``). Ended by a query that finds the order, by a by-id "not found" to a
    query sent at least ``absent_after`` after the id was last sent, by a stream event, by a list that holds it, by a
    cancel or amend that the venue carried out on it, or by the answer to a resend (an acknowledgement, or "duplicate
    id"). A query that fails, an early "not found", an "unknown order" on a cancel and absence from a list end nothing
    (but see ``listing``)."""

    op: Operation
    since: int
    since_seq: int
    resolution: Resolution | None = None

    @property
    def client_id(self) -> str | None:
        """The client order id in doubt (None: the order was sent without one)."""
        return self.op.client_id

    def open_at(self, seq: int) -> bool:
        """Whether the client was in doubt just before event ``seq``."""
        return self.since_seq < seq and (self.resolution is None or self.resolution.seq > seq)


@dataclass(slots=True, eq=False)
class FaultRecord:
    """A fault of the plan and what the ledger says of it."""

    index: int
    fault: Fault
    landed: list[Landed] = field(default_factory=list)
    healed: Healed | None = None
    status: Literal["landed", "not-exercised", "incomplete"] | None = None


@dataclass(slots=True, eq=False)
class Incarnation:
    """One life of the target: from its start to its report, its failure or its crash."""

    number: int
    started: Started | None = None
    crashed: Crashed | None = None
    reported: Reported | None = None
    no_report: NoReport | None = None


@dataclass(slots=True, eq=False)
class GatewayOp:
    """One call of a gateway's method, what it said, and the requests it sent meanwhile."""

    call: GatewayCall
    result: GatewayResult | None = None
    requests: list[Operation] = field(default_factory=list)
