"""What the engine tells while it runs many scenarios: small frozen events, handled by one handler a format.

A run is a generator of these. Terminal, results file and others are handlers; none of them can change the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from outtrade.engine.plan import Kit
from outtrade.engine.results import Examined, Judged
from outtrade.score import Scorecard


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Everything is imported and the workers stand ready."""

    kit: Kit
    scenarios: int


@dataclass(frozen=True, slots=True)
class ScenarioDone:
    """A scenario was run and judged. These come in the order of the index, whatever the number of workers."""

    examined: Examined


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped the run; what is finished is kept."""

    done: int
    planned: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A distinct failure with the smallest scenario known to show it.

    ``minimal``: whether it was minimised (else it is the smallest of those that were run). ``scenario`` is JSON,
    ``history`` the JSON lines of its History, ``judged`` the finding there.
    """

    judged: Judged
    title: str
    level: str
    severity: str
    scenarios: int
    first: str
    """Id of the scenario it was minimised from."""
    scenario: str
    history: bytes
    hash: str
    minimal: bool
    runs: int
    one_minimal: bool = False
    """Nothing that the minimiser knows of can go alone."""
    shown: tuple[int, int] = (1, 1)
    """In how many of how many runs of the scenario it showed, where the agent is not deterministic."""


@dataclass(frozen=True, slots=True)
class MinimisingStarted:
    """All scenarios are done; ``failures`` distinct failures are made small now."""

    failures: int


@dataclass(frozen=True, slots=True)
class FailureFound:
    """A distinct failure, made small. These come ordered by severity and id."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event. ``wall_seconds`` is real time (a declared time field)."""

    card: Scorecard
    failures: tuple[Failure, ...]
    interrupted: bool
    wall_seconds: float
    isolation: str = ""
    """In what agents were run: an empty network, or only behind the audit hook (``engine.isolation``)."""


Event = RunStarted | ScenarioDone | Interrupted | MinimisingStarted | FailureFound | RunFinished


class Handler(Protocol):
    """Somebody who listens to a run."""

    def handle(self, event: Event) -> None:
        """Called for every event in order."""


def tell(handlers: Sequence[Handler], event: Event) -> None:
    """Hand an event to all handlers in order."""
    for handler in handlers:
        handler.handle(event)
