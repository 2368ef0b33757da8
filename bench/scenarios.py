"""Scenarios a minute on one core, and memory.

The standard scenario: ccxt (sync), constructor and load_markets included, 10 orders over 45 virtual minutes, one answer
lost after execution; run, record and judge. Prints the median of several batches, virtual seconds per second, and the
peak memory of the process. Beside wall time stands the processor time of this process, which other work on the machine
hardly changes.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import time

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.suites import load as load_suite
from outtrade.targets import resolve
from outtrade_suites.spaces import generate


def main() -> None:
    """Run the batches and print medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--target", default="py:bench/ten_orders.py:execute")
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--batches", type=int, default=5)
    args = parser.parse_args()
    target, properties = resolve(args.target), load_suite().properties
    scenarios = [generate("standard", 1, index) for index in range(args.batch)]
    run(target, scenarios[0])
    gc.collect()
    gc.freeze()  # as worker processes do
    clocks = (time.perf_counter, time.process_time)
    ran: list[list[float]] = [[], []]
    judged: list[list[float]] = [[], []]
    for _ in range(args.batches):
        start = [clock() for clock in clocks]
        histories = [run(target, scenario) for scenario in scenarios]
        middle = [clock() for clock in clocks]
        for history in histories:
            judge_history(history, properties)
        for which, clock in enumerate(clocks):
            ran[which].append(60 * len(scenarios) / (middle[which] - start[which]))
            judged[which].append(60 * len(scenarios) / (clock() - start[which]))
    print(args.target)
    for which, name in enumerate(("wall", "processor")):
        alone, both = statistics.median(ran[which]), statistics.median(judged[which])
        virtual = alone / 60 * scenarios[0].until
        best = max(ran[which])
        print(f"{name:9} time: {alone:6,.0f} scenarios/min run (best batch {best:,.0f}), {both:,.0f} run and judged")
        print(f"{'':15} {virtual:,.0f} virtual seconds a second")
    print(f"load average (1 min): {os.getloadavg()[0]:.1f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
