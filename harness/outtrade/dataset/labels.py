"""What is known of a run afterwards: its faults, its decisions, and where it first went wrong.

*First wrong step.* A violation comes with evidence, event numbers. The last of them is either an act of the agent (a
request, a tool call, its report): then that act is the wrong one; or something it was shown: then what is wrong is that
it did nothing about it, and the first act after it is where something else should have stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from outtrade.dataset.messages import Chat
from outtrade.dataset.rows import Decision, Failed, FaultLabel, FirstWrong, Labels, Layer, Severity
from outtrade.dataset.steps import Play, Step
from outtrade.judge.api import Case, Finding, Property
from outtrade.judge.index import Index
from outtrade.judge.records import FaultRecord
from outtrade.model.fault import READS, WRITES
from outtrade.model.history import (
    Answer,
    NoReport,
    OrderTruth,
    Reported,
    Request,
    ToolCall,
    ToolResult,
)

LAYERS: dict[str, Layer] = {
    "dns_failure": "network", "refuse": "network", "blackhole": "network", "latency": "network", "trickle": "network",
    "lost_answer": "network", "rate_limit": "http", "ban": "http", "crash": "process",
}  # fmt: skip
"""Layer by kind of fault; what is not named here is ``stream`` by its name, else ``exchange``."""
HTTP_SYMPTOMS = frozenset({"html_502", "html_503", "html_504", "code_1006", "code_1007", "malformed"})
"""Symptoms of a lost answer that come as an HTTP answer."""
TEXTS = 5
"""Most explanations that are kept of one property."""
_RANK: dict[str, int] = {"critical": 0, "major": 1, "minor": 2}

REPORT = 2**30
"""Stands for the report, after all steps."""


def labels(
    ix: Index, play: Play, chat: Chat, findings: Sequence[Finding], properties: Iterable[Property], made: list[Decision]
) -> Labels:
    """All labels of a run."""
    known = {prop.id: prop for prop in properties}
    failed = [f for f in findings if f.verdict in ("fail", "warn")]
    rows = [_failed(ix, play, finding, known[finding.id]) for finding in failed]
    severities: list[Severity] = sorted((row.severity for row in rows), key=_RANK.__getitem__)
    return Labels(
        passed=not any(row.level == "MUST" for row in rows),
        severity=severities[0] if severities else None,
        faults=tuple(_fault(ix, play, record, made) for record in ix.faults),
        decisions=tuple(made),
        failed=tuple(rows),
        undecided=tuple(f.id for f in findings if f.verdict in ("incomplete", "waived", "harness-error")),
        first_wrong=_first_wrong(rows, chat),
    )


# ------------------------------------------------------------------ what went wrong
def _failed(ix: Index, play: Play, finding: Finding, prop: Property) -> Failed:
    steps = [culprit(ix, play, case) for case in finding.broken]
    first = min(steps, default=REPORT)
    return Failed(
        property=prop.id,
        title=prop.title,
        level=prop.level,
        severity=prop.severity,
        step=None if first == REPORT else first,
        explanations=tuple(case.message for case in finding.broken[:TEXTS]),
    )


def culprit(ix: Index, play: Play, case: Case) -> int:
    """The step by which a violation came about; REPORT where it was the report, or its absence."""
    if not case.evidence:
        return REPORT
    last = ix.events[max(seq for seq in case.evidence if seq < len(ix.events))]
    step: Step | None = None
    if isinstance(last, Reported | NoReport) or (isinstance(last, OrderTruth) and len(case.evidence) == 1):
        return REPORT  # a lone order: what is wrong is how it stood in the end
    if isinstance(last, Request | Answer) or (isinstance(last, OrderTruth) and last.call is not None):
        step = play.step_of(last.call) if last.call is not None else None
    elif isinstance(last, ToolCall | ToolResult):
        step = next((s for s in play.steps if last.seq in (s.seq, s.end_seq)), None)
    else:
        step = next(iter(play.after(last.seq)), None)
    return REPORT if step is None else step.index


def _first_wrong(rows: list[Failed], chat: Chat) -> FirstWrong | None:
    if not rows:
        return None
    first = min(REPORT if row.step is None else row.step for row in rows)
    where = [row.property for row in rows if (REPORT if row.step is None else row.step) == first]
    message = chat.final if first == REPORT else chat.message_of[first]
    return FirstWrong(step=None if first == REPORT else first, message=message, properties=tuple(where))


# ------------------------------------------------------------------ faults
def layer_of(kind: str, fields: Mapping[str, Any]) -> Layer:
    """The layer on which a fault acts, as the agent sees it."""
    if kind == "lost_answer" and fields.get("symptom") in HTTP_SYMPTOMS:
        return "http"
    if kind in LAYERS:
        return LAYERS[kind]
    return "stream" if kind.startswith("stream") else "exchange"


def fault_step(play: Play, record: FaultRecord) -> Step | None:
    """The first step whose result a fault changed; None where it did not land, or after all steps."""
    if not record.landed:
        return None
    landed = record.landed[0]
    step = play.step_of(landed.call) if landed.call is not None else None
    return step or play.step_at(landed.seq)


def _fault(ix: Index, play: Play, record: FaultRecord, made: list[Decision]) -> FaultLabel:
    fault = record.fault
    step = fault_step(play, record)
    landed = record.landed[0] if record.landed else None
    op = None
    if step is not None:
        op = ix.by_call.get(landed.call) if landed is not None and landed.call is not None else step.op
    write = op is not None and op.request.op in WRITES
    decision = next((d for d in made if step is not None and d.step == step.index), None)
    retry = decision.retry if decision is not None else "not_needed"
    return FaultLabel(
        fault=record.index,
        kind=fault.kind,
        variant=fault.variant,
        layer=layer_of(fault.kind, fault.model_dump()),
        status=record.status or "incomplete",
        phase=_phase(fault.kind, op.request.op if op is not None else None) if step is not None else None,
        step=None if step is None else step.index,
        committed=(op.carried_out if op is not None else None) if write else None,
        ambiguous=bool(write and op is not None and op.state in ("ambiguous", "open")),
        retryable=retry in ("now", "after_wait", "after_proof_of_absence"),
        retry=retry,
        situation=decision.situation if decision is not None else None,
        next_action=decision.correct[0] if decision is not None and decision.correct else None,
    )


def _phase(kind: str, op: str | None) -> str:
    if kind == "crash":
        return "restart"
    if kind.startswith("stream"):
        return "stream"
    if op is None:
        return "connect"
    return "read" if op in READS else "cancel" if op in ("cancel", "cancel_all") else op
