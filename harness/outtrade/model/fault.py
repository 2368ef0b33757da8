"""Faults as typed data: what breaks, when, and for how long.

A plan is a tuple of faults. Each has a trigger (which operation, the how-manieth, in which window of run time)
and its own parameters. For every operation the pipeline asks the plan in order; the first fault that matches
decides. A ledger proves that each planned fault landed (`outtrade.faults.ledger`).

The flagship is ``lost_answer``: with ``committed=True`` the exchange executes the request and the answer is lost;
with ``committed=False`` nothing is executed and the client sees *the same bytes*. Every ambiguity is tested as a
pair, so "always assume failed" and "always assume placed" both lose.

Operations (the same for every venue, by REST or in a frame): ``place cancel cancel_all cancel_replace amend place_list
cancel_list place_batch cancel_batch amend_batch dead_man leverage position_mode margin_mode margin query open_orders
all_orders lists trades account positions fees time exchange_info depth public_trades ticker ping currencies status
token other``; ``login`` and ``subscribe`` on a stream, ``event`` for a pushed stream event, ``connect`` for a TCP
connection (REST and stream alike).

    >>> f = LostAnswer(on=Trigger(op="place"), committed=True, symptom="hang")
    >>> f.variant
    'lost_answer.hang.committed'
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from .task import Plain

READS = frozenset({"query", "open_orders", "all_orders", "lists", "trades", "account", "positions"})
"""Operations that tell the client something about the state of its orders and of what it holds."""
WRITES = frozenset(
    {
        *("place", "cancel", "cancel_all", "cancel_replace", "amend", "place_list", "cancel_list"),
        *("place_batch", "cancel_batch", "amend_batch", "dead_man"),
        *("leverage", "position_mode", "margin_mode", "margin"),
    }
)
"""Operations that change the state of the exchange."""


class Trigger(Plain):
    """When a fault fires. All given conditions must hold.

    ``op`` may be a name, ``read`` (any of READS), ``write`` (any of WRITES), ``any``. ``nth`` counts matching
    operations from 1 (within ``after``..``before``); ``times`` is how many consecutive ones are hit. ``tag``
    restricts to orders whose client order id contains it. ``after`` and ``before`` are run time in seconds.
    """

    op: str = "any"
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=1)
    symbol: str | None = None
    tag: str | None = None
    after: float = 0.0
    before: float | None = None


class FaultBase(Plain):
    """Common to all faults."""

    on: Trigger = Trigger()

    @property
    def variant(self) -> str:
        """A stable label for tables: the kind and what distinguishes its forms."""
        return str(self.kind)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- network
class DnsFailure(FaultBase):
    """Every name look-up of the venue fails for ``duration`` seconds from ``on.after``."""

    kind: Literal["dns_failure"] = "dns_failure"
    duration: float


class Refuse(FaultBase):
    """TCP connections are refused for ``duration`` seconds; open idle connections are reset at its start."""

    kind: Literal["refuse"] = "refuse"
    duration: float


class Blackhole(FaultBase):
    """For ``duration`` seconds no packet arrives in either direction; nothing is executed."""

    kind: Literal["blackhole"] = "blackhole"
    duration: float


class Latency(FaultBase):
    """The answer to the matching operations comes ``delay`` seconds late (execution is not delayed)."""

    kind: Literal["latency"] = "latency"
    delay: float


class Trickle(FaultBase):
    """The answer comes in ``chunks`` pieces with ``pause`` seconds (more than 15) between them."""

    kind: Literal["trickle"] = "trickle"
    chunks: int = 3
    pause: float = 16.0


Symptom = Literal[
    "hang", "reset", "close", "truncate", "html_502", "html_503", "html_504", "code_1006", "code_1007", "malformed"
]


class LostAnswer(FaultBase):
    """The answer is lost or useless; ``committed`` says whether the exchange executed the request.

    ``hang``: nothing ever comes. ``reset``/``close``: RST/FIN after ``delay`` seconds without an answer.
    ``truncate``: status line, headers and half of an (error-free looking) body, then FIN. ``html_5xx``: a proxy's
    HTML page. ``code_1006/1007``: the venue's own "status unknown". ``malformed``: 200 with a body that is no JSON.
    The symptom's bytes never depend on ``committed``. Stream events about the order, and its visible effects, are
    withheld until the first read after it, or until the venue heals.
    On a read, ``committed`` means nothing.
    """

    kind: Literal["lost_answer"] = "lost_answer"
    committed: bool = True
    symptom: Symptom = "hang"
    delay: float = 0.5

    @property
    def variant(self) -> str:
        if self.on.op in READS or self.on.op == "read":
            return f"lost_answer.{self.symptom}.read"
        return f"lost_answer.{self.symptom}.{'committed' if self.committed else 'absent'}"


# ---------------------------------------------------------------- http
class RateLimit(FaultBase):
    """HTTP 429 for every request from the triggering one on, for ``duration`` seconds.

    With ``retry_after`` the header carries the remaining whole seconds; without, only the code tells.
    """

    kind: Literal["rate_limit"] = "rate_limit"
    duration: float = 20.0
    retry_after: bool = True

    @property
    def variant(self) -> str:
        return f"rate_limit.{'retry_after' if self.retry_after else 'bare'}"


class Ban(FaultBase):
    """HTTP 418 for every request from the triggering one on, for ``duration`` seconds; nothing executes."""

    kind: Literal["ban"] = "ban"
    duration: float = 120.0
    retry_after: bool = True

    @property
    def variant(self) -> str:
        return f"ban.{'retry_after' if self.retry_after else 'bare'}"


class Reject(FaultBase):
    """The venue refuses the matching request for a definite reason; nothing executes.

    ``reason`` names one of the venue's rejections: ``funds`` (insufficient balance), ``closed`` (market closed),
    ``permission`` (key not allowed), ``filter`` (a price or lot filter that the venue just tightened), ``busy``
    (definite transient: order count limit).
    """

    kind: Literal["reject"] = "reject"
    reason: Literal["funds", "closed", "permission", "filter", "busy"]

    @property
    def variant(self) -> str:
        return f"reject.{self.reason}"


# ---------------------------------------------------------------- exchange
class PartialFill(FaultBase):
    """The next accepted order fills to ``fraction`` of its quantity: at once where it would have taken more
    (the book is thinned), else ``after`` seconds after acceptance (a market order of somebody else)."""

    kind: Literal["partial_fill"] = "partial_fill"
    on: Trigger = Trigger(op="place")
    fraction: float = Field(default=0.4, gt=0, lt=1)
    after: float = 2.0


class DelayedFill(FaultBase):
    """The next resting order is filled completely ``after`` seconds after its acceptance."""

    kind: Literal["delayed_fill"] = "delayed_fill"
    on: Trigger = Trigger(op="place")
    after: float = 30.0


class CancelRace(FaultBase):
    """As the cancel arrives, somebody else's order fills ``fraction`` of what was left just before it."""

    kind: Literal["cancel_race"] = "cancel_race"
    on: Trigger = Trigger(op="cancel")
    fraction: float = Field(default=1.0, gt=0, le=1)


class Visibility(FaultBase):
    """After the matching write, reads see the venue as it was before it, for ``delay`` seconds."""

    kind: Literal["visibility"] = "visibility"
    on: Trigger = Trigger(op="place")
    delay: float = 5.0


class Duplicated(FaultBase):
    """Something between client and venue (a proxy that repeats a request whose connection broke) delivers the matching
    request twice, the second ``after`` seconds later; the client sees the venue's answer to the *second* only.

    A resting order then answers "duplicate" although it stands, a cancel "unknown order" although it succeeded. Only
    for orders that rest: where ids are unique among open orders only, a copy of a filled one would be accepted."""

    kind: Literal["duplicated"] = "duplicated"
    on: Trigger = Trigger(op="place")
    after: float = 0.1

    @property
    def variant(self) -> str:
        return f"duplicated.{self.on.op}"


# ---------------------------------------------------------------- stream
class StreamDrop(FaultBase):
    """The nth pushed event is never delivered; the stream stays healthy."""

    kind: Literal["stream_drop"] = "stream_drop"
    on: Trigger = Trigger(op="event")


class StreamDuplicate(FaultBase):
    """The nth pushed event is delivered twice (the second ``after`` seconds later)."""

    kind: Literal["stream_duplicate"] = "stream_duplicate"
    on: Trigger = Trigger(op="event")
    after: float = 0.05


class StreamReorder(FaultBase):
    """The nth pushed event is delivered after the next one (or ``after`` seconds late where none follows)."""

    kind: Literal["stream_reorder"] = "stream_reorder"
    on: Trigger = Trigger(op="event")
    after: float = 1.0


class StreamEarly(FaultBase):
    """The stream tells of the order before the REST acknowledgement, which comes ``delay`` seconds late."""

    kind: Literal["stream_early"] = "stream_early"
    on: Trigger = Trigger(op="place")
    delay: float = 1.0


class StreamSilent(FaultBase):
    """For ``duration`` seconds the open stream delivers nothing: no events, no pings, no pongs."""

    kind: Literal["stream_silent"] = "stream_silent"
    duration: float = 200.0


class StreamClose(FaultBase):
    """The venue closes the stream at ``on.after``; what happens before the next subscription is not replayed."""

    kind: Literal["stream_close"] = "stream_close"
    down: float = 5.0
    """Seconds during which new stream connections are refused."""


# ---------------------------------------------------------------- process
class Crash(FaultBase):
    """The agent dies at a named point and is started again ``downtime`` seconds later, with its store.

    ``on.op`` (default ``place``) says which operation ``before_send``, ``after_send``, ``after_commit``,
    ``after_ack`` and ``during_cancel`` refer to; ``after_store_set`` counts store writes by ``on.nth``.
    """

    kind: Literal["crash"] = "crash"
    on: Trigger = Trigger(op="place")
    point: Literal["before_send", "after_send", "after_commit", "after_ack", "after_store_set", "during_cancel"]
    downtime: float = 5.0
    store: Literal["kept", "lost"] = "kept"

    @property
    def variant(self) -> str:
        return f"crash.{self.point}" + ("" if self.store == "kept" else f".store_{self.store}")


Fault = Annotated[
    DnsFailure
    | Refuse
    | Blackhole
    | Latency
    | Trickle
    | LostAnswer
    | RateLimit
    | Ban
    | Reject
    | PartialFill
    | DelayedFill
    | CancelRace
    | Visibility
    | Duplicated
    | StreamDrop
    | StreamDuplicate
    | StreamReorder
    | StreamEarly
    | StreamSilent
    | StreamClose
    | Crash,
    Field(discriminator="kind"),
]

FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
