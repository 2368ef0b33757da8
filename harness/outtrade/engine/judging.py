"""From a History to findings: every property of the right scope, over one shared Index."""

from __future__ import annotations

from collections.abc import Iterable

from outtrade.judge.api import Finding, Property, judge
from outtrade.judge.index import Index
from outtrade.model.history import History


def applies(prop: Property, scope: str) -> bool:
    """Whether a property is asked of an agent (``A``) or a gateway (``G``)."""
    return scope in prop.scope


def judge_history(history: History, properties: Iterable[Property]) -> list[Finding]:
    """Judge a run, or the same run read back from its file: the findings are equal. Ordered by property id."""
    index = Index(history)
    chosen = sorted((p for p in properties if applies(p, history.header.scope)), key=lambda p: p.id)
    return [judge(prop, index) for prop in chosen]
