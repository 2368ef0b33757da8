"""The regressions as a space: index 0 is the first of them, and after the last they begin again with other seeds."""

from __future__ import annotations

from functools import cache

from outtrade.model.scenario import Scenario
from outtrade.oneline import scenario
from outtrade_suites.regressions import REGRESSIONS
from outtrade_suites.spaces.draw import Draw


@cache
def _scenarios() -> tuple[Scenario, ...]:
    return tuple(scenario(one.line, id=one.name, space="regressions") for one in REGRESSIONS.values())


def regressions(d: Draw) -> Scenario:
    """Real bugs as scenarios of one line each, in turn: what happened to somebody, played to everybody."""
    made = _scenarios()
    lap, which = divmod(d.index, len(made))
    return made[which] if not lap else made[which].model_copy(update={"id": f"{made[which].id}-{lap}", "seed": 1 + lap})
