"""Rows of small datasets, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from outtrade import suites
from outtrade.dataset.build import AnyRow, Maker, Told, build
from outtrade.dataset.rows import Order, Preference, Trajectory
from outtrade.engine.run import run
from outtrade.model.fault import Fault
from outtrade.model.scenario import Scenario
from outtrade.targets import Target, resolve
from outtrade_suites.agents.models import MODELS

ROOT = Path(__file__).resolve().parent.parent.parent


@lru_cache
def rows(space: str, index: int, *targets: str) -> tuple[AnyRow, ...]:
    """All rows of one scenario; targets may be names of scripted models."""
    suite = suites.load()
    specs = [(name, resolve(MODELS.get(name, name))) for name in targets]
    return tuple(Maker(specs, suite.properties).rows(suite.scenario(space, 1, index), index))


def trajectories(space: str, index: int, *targets: str) -> list[Trajectory]:
    return [row for row in rows(space, index, *targets) if isinstance(row, Trajectory)]


def orders(space: str, index: int, *targets: str) -> list[Order]:
    return [row for row in rows(space, index, *targets) if isinstance(row, Order)]


def preferences(space: str, index: int, *targets: str) -> list[Preference]:
    return [row for row in rows(space, index, *targets) if isinstance(row, Preference)]


def one(agent: Callable[..., Any] | str, *faults: Fault, **changes: Any) -> Trajectory:
    """The trajectory of an agent on the flagship scenario with other faults."""
    text = (ROOT / "examples" / "answer_lost.json").read_text()
    scenario = Scenario.model_validate_json(text).model_copy(update={"faults": faults, **changes})
    if isinstance(agent, str):
        target = resolve(MODELS.get(agent, agent))
    else:
        target = Target(name="test", scope="A", is_async=False, load=lambda: agent)
    history = run(target, scenario)
    return build(Told(history, target.name, "fault", "g", scenario.id), suites.load().properties).row
