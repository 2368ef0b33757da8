"""From a History to findings: every property of the right scope, over one shared Index."""

from __future__ import annotations

from collections.abc import Iterable

from outtrade.judge.api import Finding, Property, judge
from outtrade.judge.fleet import judge_fleet
from outtrade.judge.index import Index
from outtrade.model.history import History


def applies(prop: Property, scope: str) -> bool:
    """Whether a property is asked of an agent (``A``) or a gateway (``G``)."""
    return scope in prop.scope


def crowded(history: History) -> bool:
    """Whether several processes of the agent may have lived at a time."""
    scenario = history.header.scenario
    doubled = any(fault.get("kind") == "second_instance" for fault in scenario.get("faults", ()))
    return doubled or scenario.get("fleet") is not None


def judge_history(history: History, properties: Iterable[Property]) -> list[Finding]:
    """Judge a run, or the same run read back from its file: the findings are equal. Ordered by property id."""
    chosen = sorted((p for p in properties if applies(p, history.header.scope)), key=lambda p: p.id)
    if crowded(history):
        return judge_fleet(history, chosen)
    fallbacks = len(history.header.fallbacks)
    if not fallbacks:
        index = Index(history)
        return [judge(prop, index) for prop in chosen]
    each, together = [Index(history, venue) for venue in range(fallbacks + 1)], Index(history, None)
    read: dict[str, list[Index]] = {"one": [], "each": each, "all": [together]}
    return [judge(prop, *read[prop.venues]) for prop in chosen]
