"""How much of a run's time the judge takes: index and all checks, against the run itself, in one process.

    python bench/judging.py [agent:ccxt] [scenarios] [space]

Prints the share (it should stay under 10 %), the share of every property that costs something, and how the time grows
with the length of a history: the same scenarios stretched to twice the events should take about twice as long. CPU
time of this process, so that a busy machine moves the ratios little.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable

from outtrade import suites
from outtrade.engine.judging import applies
from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.history import History
from outtrade.targets import resolve

SHOWN = 15


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of ``work``."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main(spec: str = "agent:ccxt", scenarios: int = 40, space: str | None = None) -> None:
    """Print the shares."""
    target, suite = resolve(spec), suites.load()
    properties = [prop for prop in suite.properties if applies(prop, target.scope)]
    run(target, suite.scenario(space, 1, 0))
    running = indexing = 0.0
    checks: Counter[str] = Counter()
    sizes: list[tuple[int, float]] = []
    gc.freeze()
    for index in range(scenarios):
        scenario = suite.scenario(space, 1, index)
        made: list[History] = []
        running += timed(lambda: made.append(run(target, scenario)))  # noqa: B023
        found: list[Index] = []
        spent = timed(lambda: found.append(Index(made[0])))  # noqa: B023
        indexing += spent
        for prop in properties:
            took = timed(lambda: judge(prop, found[0]))  # noqa: B023
            checks[prop.id] += took  # type: ignore[assignment]
            spent += took
        sizes.append((len(made[0].events), spent))
    judging = indexing + sum(checks.values())
    print(f"{spec}, {scenarios} scenarios, {len(properties)} properties, {sum(n for n, _ in sizes):,} events")
    print(f"run {running / scenarios * 1000:8.2f} ms a scenario")
    print(f"judge {judging / scenarios * 1000:6.2f} ms, {judging / running:.1%} of the run's own time")
    print(f"  index {indexing / judging:6.1%}")
    for ident, took in checks.most_common(SHOWN):
        print(f"  {ident} {took / judging:6.1%}")
    sizes.sort()
    third = max(1, len(sizes) // 3)
    for name, part in (("shortest", sizes[:third]), ("longest", sizes[-third:])):
        events, spent = sum(n for n, _ in part), sum(s for _, s in part)
        print(f"{name} third: {events / len(part):7.0f} events, {spent / events * 1e6:6.2f} us an event")


if __name__ == "__main__":
    words = sys.argv[1:]
    main(words[0] if words else "agent:ccxt", int(words[1]) if words[1:] else 40, words[2] if words[2:] else None)
