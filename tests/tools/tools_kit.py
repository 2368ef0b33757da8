"""Runs a piece of code as an agent on the flagship scenario, and returns its history."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from outtrade.engine.run import run
from outtrade.model.fault import Fault
from outtrade.model.history import Event, History, NoReport
from outtrade.model.scenario import Scenario
from outtrade.model.task import Report
from outtrade.targets import Target

ROOT = Path(__file__).resolve().parent.parent.parent
EMPTY = Report(outcomes={}, orders=())


def flagship(name: str = "answer_lost") -> Scenario:
    return Scenario.model_validate_json((ROOT / "examples" / f"{name}.json").read_text())


def play(agent: Callable[..., Any], faults: Sequence[Fault] = (), **changes: Any) -> History:
    """The history of ``agent(task, venue)``, which must not fail."""
    scenario = flagship().model_copy(update={"faults": tuple(faults)} | changes)
    target = Target(name="test", scope="A", is_async=inspect.iscoroutinefunction(agent), load=lambda: agent)
    history = run(target, scenario)
    assert [event for event in history.events if isinstance(event, NoReport)] == []
    return history


def events(history: History, kind: type[Event]) -> list[Any]:
    return [event for event in history.events if isinstance(event, kind)]
