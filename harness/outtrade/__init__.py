"""Outtrade: fault injection and conformance for execution agents and exchange gateways.

An agent is one function; everything it needs is importable from here::

    from outtrade import Outcome, Report, Task, VenueAccess

    def execute(task: Task, venue: VenueAccess) -> Report:
        exchange = venue.ccxt()
        ...
        return Report(outcomes={...}, orders=(...))

The names are loaded when they are first used, so that ``import outtrade`` costs next to nothing: the command line
must start quickly, and most of its subcommands need neither pydantic models nor the simulated World.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outtrade.model.scenario import Scenario
    from outtrade.model.task import (
        Alert,
        BalanceView,
        ExecutionView,
        FillView,
        Intent,
        OrderView,
        Outcome,
        PositionView,
        Report,
        Task,
    )
    from outtrade.sim import World
    from outtrade.targets.access import VenueAccess

__version__ = "0.1.0"

__all__ = [
    "Alert",
    "BalanceView",
    "ExecutionView",
    "FillView",
    "Intent",
    "OrderView",
    "Outcome",
    "PositionView",
    "Report",
    "Scenario",
    "Task",
    "VenueAccess",
    "World",
]

_HOME = dict.fromkeys(__all__, "outtrade.model.task") | {
    "Scenario": "outtrade.model.scenario",
    "VenueAccess": "outtrade.targets.access",
    "World": "outtrade.sim",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'outtrade' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
