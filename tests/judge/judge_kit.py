"""What the one-line histories of all properties are judged with."""

from __future__ import annotations

from collections.abc import Iterable

from outtrade.engine.judging import crowded
from outtrade.judge.api import judge
from outtrade.judge.fleet import judge_fleet
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade_suites.properties import PROPERTIES

NA = "not-applicable"
BY_ID = {prop.id: prop for prop in PROPERTIES}
BUY = "i1:buy 1@100 | "
Case = tuple[str, str, str]
"""Property, history, verdict."""


def check(case: Case) -> None:
    """The verdict of a history is the one expected."""
    prop, line, verdict = case
    told = history(line)
    finding = judge_fleet(told, [BY_ID[prop]])[0] if crowded(told) else judge(BY_ID[prop], Index(told))
    assert finding.verdict == verdict, [one.message for one in finding.broken]


def lacking(prefix: str, cases: Iterable[Case]) -> list[str]:
    """Properties whose id begins so, which no history passes or none breaks (a SHOULD is broken with a warning)."""
    shown: dict[str, set[str]] = {}
    for prop, _, verdict in cases:
        shown.setdefault(prop, set()).add(verdict)
    return [
        prop.id
        for prop in PROPERTIES
        if prop.id.startswith(prefix)
        and not shown.get(prop.id, set()) >= {"pass", "fail" if prop.level == "MUST" else "warn"}
    ]
