"""How many runs it takes to make the failures of the zoo small: median and maximum.

    python bench/minimise.py                # every broken agent, its own property, in its own space
    python bench/minimise.py 20 --first 10  # up to 20 scenarios to find the failure; only the first ten agents

A typical failure should take fewer than 40 runs, the most that ``outtrade run`` spends.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import suppress

from outtrade import suites
from outtrade.engine.minimise import BUDGET
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.pool import ShrinkJob
from outtrade.engine.results import FAILING
from outtrade.engine.shrink import shrink
from outtrade.model.scenario import Scenario


def main() -> None:
    """Print a line for each agent, then median and maximum."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="?", type=int, default=40)
    parser.add_argument("--first", type=int)
    args = parser.parse_args()
    runs: list[int] = []
    ended = 0
    for broken in suites.load().zoo[: args.first]:
        kit = prepare(Plan(f"zoo:{broken.name}", space=broken.space, scenarios=args.scenarios, baseline=False))
        job = None
        for index in range(args.scenarios):
            done = kit.examine(index)
            bad = [one for one in done.result.findings if one.verdict in FAILING and one.property == broken.property]
            if bad:
                job = ShrinkJob(done.scenario, broken.property, bad[0].fingerprint, False, 4 * BUDGET)
                break
        if job is None:
            print(f"{broken.name:<30} {broken.property}: not shown in {args.scenarios} scenarios")
            continue
        small = shrink(kit, job)
        runs.append(small.runs)
        ended += small.one_minimal
        with suppress(ValueError):
            made = Scenario.from_json(small.scenario)
            size = f"{len(made.faults)} faults, {len(made.intents)} intents"
        print(f"{broken.name:<30} {broken.property}: {small.runs:3} runs, {size}", flush=True)
    within = sum(one <= BUDGET for one in runs)
    middle = statistics.median(runs)
    print(f"{len(runs)} failures: median {middle:.0f} runs, maximum {max(runs)}; {within} within {BUDGET}")
    print(f"one-minimal: {ended}")


if __name__ == "__main__":
    main()
