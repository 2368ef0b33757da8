"""Where things come from: which line of the agent caused an event, and which lines draw on clock and entropy.

Kept only while somebody watches (``--check-determinism``), because walking the stack costs more than most calls::

    with watching() as watch:
        ...                       # a run in a World
    watch.origin(3)               # the agent's lines under which event 3 was recorded
    watch.counts()                # {"clock: my_agent.py:7 in execute: time.time()": 4}

Watching changes nothing in the run: the World's clock and streams do not notice.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from outtrade.sim import where

DEEP = 4
"""Lines of the agent kept of one event."""

CALLER = "outtrade/engine/run.py"
"""Who calls agents: what lies beyond on the stack is whoever started the run."""

WATCH: Watch | None = None


class Watch:
    """What was seen of one run."""

    def __init__(self) -> None:
        self._origins: dict[int, tuple[where.Place, ...]] = {}
        self._drawn: Counter[tuple[str, tuple[where.Place, ...]]] = Counter()

    def event(self, seq: int) -> None:
        """Event ``seq`` is being recorded."""
        self._origins[seq] = where.places(sys._getframe(1), DEEP, CALLER)

    def origin(self, seq: int) -> str:
        """The agent's lines on the stack when event ``seq`` was recorded, innermost first; empty if there was none."""
        return " < ".join(where.told(place) for place in self._origins.get(seq, ()))

    def drew(self, source: str) -> None:
        """Agent code reads the clock, or asks for entropy."""
        self._drawn[source, where.places(sys._getframe(1), 1, CALLER)] += 1

    def counts(self) -> dict[str, int]:
        """How often each source was drawn on by each line, most often first."""
        ranked = sorted(self._drawn.items(), key=lambda one: (-one[1], one[0]))
        return {f"{source}: {where.told(at[0]) if at else 'a library'}": times for (source, at), times in ranked}


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch the runs of this process within the block."""
    global WATCH
    from outtrade.sim.entropy import count_functions
    from outtrade.sim.install import install

    install()
    count_functions()
    before, WATCH = WATCH, Watch()
    try:
        yield WATCH
    finally:
        WATCH = before


def drew(source: str) -> None:
    """Tell who watches, if anybody does."""
    if WATCH is not None:
        WATCH.drew(source)


def counted(tick: Callable[[], int]) -> Callable[[], int]:
    """A World's ``tick`` that tells of each reading of the clock."""

    def counting() -> int:
        drew("clock")
        return tick()

    return counting
