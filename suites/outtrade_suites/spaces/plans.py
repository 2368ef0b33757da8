"""Fault plans: from the label of a variant to a fault that will land.

``VARIANTS`` names every variant of every fault kind, some of them more than once because a property needs them
often. A scenario spreads over that table, so over consecutive indices each comes equally often. ``wish`` decides on
which operation a variant acts and which shape of order it wants; ``build`` makes the fault for such an order.

Rules for all: no answer is delayed by more than ``absent_after``; whatever waits for an operation is given up early
enough (``on.before``) that all has healed ``bounds.settle`` seconds before the end; faults on orders are tied to the
order's tag, those on cancels to its symbol (a cancel may name the exchange's id).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outtrade.model import fault as kinds
from outtrade.model.fault import Fault, Trigger
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape

SYMPTOMS: tuple[str, ...] = (
    "hang", "reset", "close", "truncate", "html_502", "html_503", "html_504", "code_1006", "code_1007", "malformed",
)  # fmt: skip
"""Symptoms of a lost answer that the usual scenarios have; ``MORE_SYMPTOMS`` are those of the space ``faults``."""
MORE_SYMPTOMS: tuple[str, ...] = ("html_500", "html_200", "empty", "empty_500", "error_200")
_CRASHES = ("before_send", "after_send", "after_commit", "after_ack", "after_store_set", "during_cancel")
_REJECTS = ("funds", "closed", "permission", "filter", "busy")
_STREAM = ("stream_drop", "stream_duplicate", "stream_reorder", "stream_early", "stream_silent", "stream_close")

_OFTEN: tuple[str, ...] = (
    "rate_limit.retry_after", "rate_limit.retry_after", "ban.retry_after", "reject.funds", "reject.closed",
    "reject.permission", "partial_fill", "partial_fill", "partial_fill", "cancel_race", "visibility",
    "duplicated.place", "duplicated.place", "stream_duplicate", "stream_close",
)  # fmt: skip
"""Once more for each time they stand here: one property alone depends on them."""

VARIANTS: tuple[str, ...] = (
    "dns_failure", "refuse", "blackhole", "latency", "trickle",
    *(f"lost_answer.{symptom}.{truth}" for symptom in SYMPTOMS for truth in ("committed", "absent", "read")),
    "rate_limit.retry_after", "rate_limit.bare", "ban.retry_after", "ban.bare",
    *(f"reject.{reason}" for reason in _REJECTS),
    "partial_fill", "delayed_fill", "cancel_race", "visibility", "duplicated.place", "duplicated.cancel",
    *_STREAM,
    *(f"crash.{point}" for point in _CRASHES),
    *_OFTEN,
)  # fmt: skip
"""What a scenario may be given; the labels are those of ``Fault.variant``."""

MORE: tuple[str, ...] = (
    "late_request", "half_open.all", "half_open.rest", "half_open.stream", "disconnect.close", "disconnect.reset",
    *(f"lost_answer.{symptom}.{truth}" for symptom in MORE_SYMPTOMS for truth in ("committed", "absent", "read")),
    "rate_limit.page", "rate_limit.page_bare", "forbidden", "stream_stall.late", "stream_stall.lost", "stream_expire",
    *(f"crash.{point}.store_{store}" for point in _CRASHES for store in ("lost", "stale")),
    "pause.at", "pause.after_send", "pause.after_commit", "pause.after_ack",
)  # fmt: skip
"""What the spaces ``faults`` and ``swarm`` have besides: old seeds of the other spaces keep their meaning."""

EVERY: tuple[str, ...] = (*dict.fromkeys(VARIANTS), *MORE)
"""Each variant once."""

LATER: tuple[str, ...] = ("forbidden.committed", "forbidden.absent")
"""Variants that ``EVERY`` had to do without, so that old seeds keep their meaning: drawn in spaces of their own
(``trailing``), or named."""

REPEATABLE = frozenset({"lost_answer"})
"""Kinds of which one scenario may have several."""

NEED_TIME = frozenset({"partial_fill", "delayed_fill", "cancel_race", "duplicated", "stream_drop"})
"""Kinds that act on an order after its acceptance: no other intent may end that order early."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A fault that a scenario is to have: which variant, on what operation, on what shape of order."""

    variant: str
    op: str
    shape: Shape

    @property
    def kind(self) -> str:
        return self.variant.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Hit:
    """The order a fault is aimed at: fields of its intent that matter here (times in seconds of run time)."""

    tag: str
    symbol: str
    at: float
    expires: float | None


def wish(d: Draw, variant: str) -> Wish:
    """Decide on which operation a variant acts, and hence which shape of order it needs."""
    kind, _, rest = variant.partition(".")
    op = "place"
    if variant in LATER or (kind == "lost_answer" and not rest.endswith("read")):
        op = "cancel" if d.boolean("on a cancel", 0.2) else "place"
    elif kind == "lost_answer":
        op = "read"
    elif kind in ("latency", "trickle"):
        op = d.choice("op", ("place", "cancel", "read"), weights=(3, 1, 1))
    elif kind in ("rate_limit", "ban"):
        op = d.choice("op", ("place", "read"), weights=(3, 1))
    elif kind == "cancel_race" or variant.startswith("crash.during_cancel") or variant == "duplicated.cancel":
        op = "cancel"
    elif variant.startswith("crash.after_store_set"):
        op = "any"
    elif kind in ("stream_drop", "stream_duplicate", "stream_reorder"):
        op = "event"
    return Wish(variant, op, _shape(d, kind, variant, op))


def _shape(d: Draw, kind: str, variant: str, op: str) -> Shape:
    if kind == "partial_fill":
        return d.choice("shape", ("complete", "resting"), weights=(4, 1))
    if op == "cancel":
        return "timed"
    if kind in ("delayed_fill", "visibility") or variant == "duplicated.place":
        return "resting"  # visible effects are looked for only while an order works
    if kind == "stream_drop":  # what is lost with a resting order is a fill that no answer tells of
        return d.choice("shape", ("resting", "marketable"), weights=(2, 1))
    if kind in ("stream_duplicate", "stream_reorder", "stream_stall"):
        return "marketable"
    if kind == "pause":  # nobody can send in time what a pause kept from leaving
        return d.choice("shape", ("resting", "marketable"))
    if kind in ("dns_failure", "refuse", "blackhole", "rate_limit", "ban"):
        return d.choice("shape", ("any", "brief"), weights=(3, 1))
    return "any"


def span(d: Draw, w: Wish) -> float:
    """How long the fault lasts once it has begun, in seconds; drawn before the end of the scenario is known."""
    if w.kind in ("dns_failure", "refuse", "blackhole"):
        return d.integer("lasts", 15, 60)
    if w.kind == "rate_limit":
        return d.integer("lasts", 10, 60)
    if w.kind == "ban":
        return d.integer("lasts", 60, 120)
    if w.kind == "latency":
        return d.number("lasts", 2, 25, digits=1)
    if w.kind == "trickle":
        return d.number("lasts", 16, 25, digits=1)
    if w.kind == "visibility":
        return d.number("lasts", 16, 28, digits=1)
    if w.kind == "partial_fill":
        return d.number("lasts", 2, 12, digits=1)
    if w.kind == "delayed_fill":
        return d.number("lasts", 5, 90, digits=0)
    if w.kind == "stream_silent":
        return d.integer("lasts", 130, 200)
    if w.kind == "late_request":
        return d.number("lasts", 0.5, 3.5, digits=1)
    if w.kind == "forbidden":
        return d.integer("lasts", 10, 60)
    if w.kind == "stream_stall":
        return d.integer("lasts", 15, 100)
    if w.kind == "pause":
        return d.integer("lasts", 5, 40)
    if w.kind in ("stream_close", "crash"):
        return d.integer("lasts", 2, 20)
    return 3.0


def begins(w: Wish, hit: Hit) -> float:
    """When the fault's operation is expected, in seconds of run time."""
    return hit.expires if w.op == "cancel" and hit.expires is not None else hit.at


def build(d: Draw, w: Wish, hit: Hit, lasts: float, heal: float) -> Fault:
    """The fault. ``heal``: the run time by which nothing of it may act any more."""
    on = _trigger(d, w, hit, round(heal - lasts, 3))
    window = Trigger(after=max(0.0, hit.at - d.number("ahead", 0, 4, digits=1)))
    _, _, rest = w.variant.partition(".")
    match w.kind:
        case "dns_failure":
            return kinds.DnsFailure(on=window, duration=lasts)
        case "refuse":
            return kinds.Refuse(on=window, duration=lasts)
        case "blackhole":
            return kinds.Blackhole(on=window, duration=lasts)
        case "latency":
            return kinds.Latency(on=on, delay=lasts)
        case "trickle":
            return kinds.Trickle(on=on, chunks=2, pause=lasts)
        case "lost_answer":
            symptom, _, truth = rest.partition(".")
            delay = d.number("delay", 0.05, 3, digits=2)
            committed = truth != "absent"
            return kinds.LostAnswer(on=on, committed=committed, symptom=symptom, delay=delay)
        case "rate_limit":
            told, page = rest in ("retry_after", "page"), rest.startswith("page")
            return kinds.RateLimit(on=on, duration=lasts, retry_after=told, page=page)
        case "forbidden":
            return kinds.Forbidden(on=on, duration=lasts, truth=rest or "told")
        case "late_request":
            return kinds.LateRequest(on=on, delay=lasts)
        case "half_open":
            return kinds.HalfOpen(on=window, only=rest)
        case "disconnect":
            return kinds.Disconnect(on=window, how=rest)
        case "stream_stall":
            return kinds.StreamStall(on=window, duration=lasts, late=rest == "late")
        case "stream_expire":
            return kinds.StreamExpire(on=window)
        case "pause":
            return kinds.Pause(on=window if rest == "at" else on, point=rest, duration=lasts)
        case "ban":
            return kinds.Ban(on=on, duration=lasts, retry_after=rest == "retry_after")
        case "reject":
            times = d.integer("times", 1, 2) if rest == "busy" else 5
            return kinds.Reject(on=on.model_copy(update={"times": times}), reason=rest)
        case "partial_fill":
            return kinds.PartialFill(on=on, fraction=d.number("fraction", 0.15, 0.7, digits=2), after=lasts)
        case "delayed_fill":
            return kinds.DelayedFill(on=on, after=lasts)
        case "cancel_race":
            whole = d.boolean("whole", 0.7)
            return kinds.CancelRace(on=on, fraction=1.0 if whole else d.number("fraction", 0.2, 0.8, digits=2))
        case "visibility":
            return kinds.Visibility(on=on, delay=lasts)
        case "duplicated":
            return kinds.Duplicated(on=on, after=d.number("after", 0.01, 1.5, digits=2))
        case "stream_drop":
            if w.shape == "resting":  # its first event is told by the answer as well
                on = on.model_copy(update={"nth": 2, "tag": hit.tag})
            return kinds.StreamDrop(on=on)
        case "stream_duplicate":
            return kinds.StreamDuplicate(on=on, after=d.number("after", 0.01, 2, digits=2))
        case "stream_reorder":
            return kinds.StreamReorder(on=on, after=d.number("after", 0.2, 2, digits=2))
        case "stream_early":
            return kinds.StreamEarly(on=on, delay=d.number("delay", 0.3, 3, digits=2))
        case "stream_silent":
            return kinds.StreamSilent(on=window, duration=lasts)
        case "stream_close":
            return kinds.StreamClose(on=window, down=lasts)
        case "crash":
            point, _, store = rest.partition(".store_")
            if not store:
                return kinds.Crash(on=on, point=point, downtime=lasts)
            behind = d.integer("behind", 1, 4)
            return kinds.Crash(on=on, point=point, downtime=lasts, store=store, behind=behind)
    raise ValueError(f"no fault is called {w.variant!r}")


def _trigger(d: Draw, w: Wish, hit: Hit, before: float) -> Trigger:
    """Tie the fault to its order: by tag where the client names it, by symbol on a cancel, else by time."""
    fields: dict[str, Any] = {"op": w.op, "before": before}
    if w.op == "place":
        fields["tag"] = hit.tag
    elif w.op == "cancel" and w.kind != "crash":
        fields["symbol"] = hit.symbol
    elif w.op == "read":
        fields |= {"nth": d.integer("nth", 1, 2), "after": 0.0 if d.boolean("from the start", 0.2) else hit.at}
    elif w.op == "event":
        fields |= {"nth": d.integer("nth", 1, 2), "after": hit.at}
    elif w.op == "any":
        fields["nth"] = d.integer("nth", 1, 4)
    return Trigger(**fields)


def invisible_and_unanswered(d: Draw, hit: Hit, heal: float) -> Fault:
    """A companion of delayed visibility: the answer is lost, and whoever asks at once does not find the order."""
    on = Trigger(op="place", tag=hit.tag, before=heal)
    symptom = d.choice("symptom", [symptom for symptom in SYMPTOMS if symptom != "hang"])
    return kinds.LostAnswer(on=on, committed=True, symptom=symptom, delay=0.2)


def unseen_fill(d: Draw, hit: Hit, heal: float) -> Fault:
    """A companion of a dropped event: the resting order fills, and that is the event that gets lost."""
    after = d.number("after", 3, 20, digits=1)
    return kinds.DelayedFill(on=Trigger(op="place", tag=hit.tag, before=round(heal - after, 3)), after=after)


def unanswered_question(d: Draw, hit: Hit, heal: float) -> Fault:
    """A companion of a lost answer: the first query for that order fails as well, and proves nothing."""
    on = Trigger(op="query", tag=hit.tag, before=heal)
    symptom = d.choice("symptom", SYMPTOMS)
    return kinds.LostAnswer(on=on, symptom=symptom, delay=0.2)
