"""Scenarios a minute on one core, and memory.

The standard scenario: ccxt (sync), constructor and load_markets included, 10 orders over 45 virtual minutes, one answer
lost after execution; run, record and judge. Prints the median of several batches, virtual seconds per wall second, and
the peak memory of the process.
"""

from __future__ import annotations

import argparse
import gc
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
    rates, judged = [], []
    for _ in range(args.batches):
        start = time.perf_counter()
        histories = [run(target, scenario) for scenario in scenarios]
        middle = time.perf_counter()
        for history in histories:
            judge_history(history, properties)
        rates.append(60 * len(scenarios) / (middle - start))
        judged.append(60 * len(scenarios) / (time.perf_counter() - start))
    ran, both = statistics.median(rates), statistics.median(judged)
    print(f"{args.target}: {ran:,.0f} scenarios/min run, {both:,.0f} run and judged")
    print(f"virtual seconds per wall second: {ran / 60 * scenarios[0].until:,.0f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
