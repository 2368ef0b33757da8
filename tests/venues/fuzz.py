"""Fuzzes mock venues from the command line (see ``fuzz_kit``).

python tests/venues/fuzz.py --steps 1000000 --seed 1             all venues, a line of progress each second
python tests/venues/fuzz.py kraken_spot --seed 1 --episode 17    one episode again, to look at a failure
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT / "mocks"), str(ROOT / "harness"), str(Path(__file__).parent)]

from fuzz_kit import EPISODE, Fuzz

from outtrade_mocks.venues import NAMES


def run(fuzz: Fuzz, episodes: Iterable[int]) -> int:
    """Run episodes with a line of progress; says what failed and goes on. Returns how many failed."""
    began = said = time.monotonic()
    failed = 0

    def progress() -> None:
        steps = sum(fuzz.done.values())
        answers = ", ".join(f"{count:,} {name}" for name, count in sorted(fuzz.seen.items()))
        pace = steps / (time.monotonic() - began)
        print(f"{fuzz.name}: {steps:,} steps, {pace:,.0f}/s; answers {answers}; {failed} failed", flush=True)

    for number in episodes:
        try:
            fuzz.episode(number)
        except AssertionError as error:
            failed += 1
            print(f"{fuzz.name}: {error}", file=sys.stderr, flush=True)
        if time.monotonic() - said > 1:
            said = time.monotonic()
            progress()
    progress()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz mock venues.")
    parser.add_argument("venue", nargs="*", help="these venues; without, all")
    parser.add_argument("--steps", type=int, default=20_000, help="in all, over all venues")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--episode", type=int, help="this one episode alone")
    options = parser.parse_args()
    names = options.venue or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"no venue {unknown[0]!r}; there is {', '.join(NAMES)}")
    each = -(-options.steps // (len(names) * EPISODE))
    episodes = range(each) if options.episode is None else (options.episode,)
    return 1 if sum(run(Fuzz(name, options.seed), episodes) for name in names) else 0


if __name__ == "__main__":
    sys.exit(main())
