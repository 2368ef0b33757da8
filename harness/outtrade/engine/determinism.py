"""Compare two runs of the same scenario event by event, name the first difference, and what may have caused it.

Same scenario, same target, same bytes: where that does not hold, something read a clock, entropy or an order of
iteration that the World does not control, and no failing scenario could be replayed. The first event that differs is
where to look; everything after it is a consequence.

The second run happens in another process under another PYTHONHASHSEED (``elsewhere``), which brings to light orders of
sets, addresses of objects and what earlier runs left behind. What is the same in two processes that did the same may
still differ when done twice in one, so every tenth scenario, the first included, is run again here as well.

Where two runs differ, a few interpreters that have run nothing before run the scenario once each: whether they agree,
and under which hash seeds, tells the likely cause. One cause is asked for each line of the agent's code.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec

from outtrade.engine.elsewhere import Others, in_a_fresh_one
from outtrade.engine.results import spun
from outtrade.model.history import EventType, History
from outtrade.sim.sources import watching

if TYPE_CHECKING:
    from outtrade.model.scenario import Scenario
    from outtrade.targets import Target

EVERY = 10
"""Of so many scenarios one is run twice in this process, too."""
MAX_CAUSES = 10
"""Most lines of agent code for which a cause is looked for."""

UNCONTROLLED = (
    "two fresh processes differ under the same PYTHONHASHSEED as well: likely an order by id(), real time, or"
    " randomness that is not the World's"
)
HASHES = (
    "fresh processes agree under one PYTHONHASHSEED and differ under another: likely the order of a set of strings, or"
    " hash()"
)
STATE = (
    "fresh processes agree whatever their PYTHONHASHSEED: likely state that an earlier run left in this process, or"
    " where its objects lie in memory"
)

_ENCODER = msgspec.json.Encoder(order="deterministic")
Origin = Callable[[int], str]
"""From an event's sequence number to the agent's lines behind it."""


class Check:
    """The determinism check of one run of many scenarios. ``close`` it: it keeps processes."""

    def __init__(self, others: Others | None = None) -> None:
        self.others = others or Others()
        self._causes: dict[str, str] = {}

    def run(self, target: Target, scenario: Scenario, index: int) -> tuple[History, str, dict[str, int]]:
        """Run a scenario here and in another process: the History, the first difference in words (empty: none), and
        how often each line of the agent drew on clock and entropy. Raises RuntimeError where the harness fails."""
        from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

        with watching() as here:
            history = run(target, scenario)
        text = scenario.to_json()
        recording = target.outside.allowed.file if target.outside is not None else ""
        told = self.others.run(index, target.name, text, history.hash(), recording, target.suite)
        if told.lost:
            return history, f"the run here ended; elsewhere {told.lost}", here.counts()
        differs = origin = ""
        if told.history:
            one, two = History.from_jsonl(history.to_jsonl()), History.from_jsonl(told.history)
            differs, origin = explained(one, two, here.origin, lambda seq: told.origins.get(seq, ""))
        elif index % EVERY == 0 and not spun(history.events):
            with watching() as again:
                differs, origin = explained(history, run(target, scenario), here.origin, again.origin)
        if differs and not spun(history.events):
            differs += self._cause(origin, target, text, recording)
        return history, differs, here.counts()

    def _cause(self, origin: str, target: Target, scenario: str, recording: str) -> str:
        if origin not in self._causes:
            if len(self._causes) == MAX_CAUSES:
                return ""
            self._causes[origin] = likely_cause(
                self.others.seeds, lambda seed: in_a_fresh_one(seed, target.name, scenario, recording, target.suite)
            )
        return f"; {self._causes[origin]}"

    def close(self) -> None:
        """End the other processes."""
        self.others.close()


def likely_cause(seeds: list[int], fresh: Callable[[int], str]) -> str:
    """Why two runs may differ. ``fresh``: the outcome in an interpreter that ran nothing before, by its hash seed."""
    first = fresh(seeds[0])
    if fresh(seeds[0]) != first:
        return UNCONTROLLED
    return HASHES if any(fresh(seed) != first for seed in seeds[1:]) else STATE


def explained(one: History, two: History, here: Origin, there: Origin) -> tuple[str, str]:
    """The first difference with the agent's lines that caused it in either run, and these lines; empty if there is
    none."""
    seq = _first(one, two)
    if seq is None:
        return first_difference(one, two), ""
    first, second = here(seq), there(seq)
    lines = f"{first}; in the other run {second}" if first and second and first != second else first or second
    return first_difference(one, two) + (f"; from {lines}" if lines else ""), lines


def _first(one: History, two: History) -> int | None:
    pairs = enumerate(zip_longest(one.events, two.events))
    return next((seq for seq, (left, right) in pairs if left != right), None)


def first_difference(one: History, two: History) -> str:
    """One line that names the first event that differs (sequence number, virtual time, field); empty if none does."""
    if _ENCODER.encode(one.header) != _ENCODER.encode(two.header):
        return "the headers differ (target, scenario or venue data)"
    for seq, (left, right) in enumerate(zip_longest(one.events, two.events)):
        if left is None or right is None:
            there = left or right
            kind = type(there).__name__
            return f"event {seq}: one run ended, the other went on with {kind} at {there.seconds:.6f} s"
        if left != right:
            return f"event {seq} at {left.seconds:.6f} s ({type(left).__name__}): {_field(left, right)}"
    return ""


def _field(left: EventType, right: EventType) -> str:
    if type(left) is not type(right):
        return f"the other run has {type(right).__name__} at {right.seconds:.6f} s"
    for name in left.__struct_fields__:
        a, b = getattr(left, name), getattr(right, name)
        if a != b:
            return f"{name} is {_short(a)}, then {_short(b)}"
    return "encoded differently"


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
