"""How often each kind of fault landed, was not exercised, or came to nothing, over spaces and venues.

    python bench/fault_coverage.py                     the full size: some 3,800 runs
    python bench/fault_coverage.py --share 0.1         a tenth of it
    python bench/fault_coverage.py --markdown FILE     writes the table for docs/fault_tables.py --coverage FILE

Exit code 1 where a kind landed less often than ``--least`` (100 at full size), or a fault was incomplete more often
than in one of fifty.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(ROOT / name) for name in ("harness", "mocks", "suites")]

from outtrade import suites
from outtrade.engine.run import run
from outtrade.faults import catalogue
from outtrade.model.history import Ledger
from outtrade.targets import resolve

INCOMPLETE = 0.02


class Part(NamedTuple):
    """Runs of one agent in one space."""

    target: str
    space: str
    faults: str | None
    scenarios: int


PARTS = (
    Part("agent:httpx", "every_kind", None, 900),
    Part("agent:httpx", "retry", None, 280),
    Part("agent:httpx", "recovery", None, 280),
    Part("agent:ccxt", "leveraged", None, 848),
    Part("agent:httpx", "changing", None, 240),
    Part("agent:ccxt", "reconciliation", None, 440),
    Part("agent:ccxt", "fleet", None, 660),
    Part("agent:ccxt", "binance_spot", "hostile", 24),
    Part("agent:ccxt", "binance_usdm", "hostile", 24),
    Part("agent:ccxt", "bybit", "hostile", 24),
    Part("agent:ccxt", "kraken_spot", "hostile", 24),
    Part("agent:ccxt", "okx", "hostile", 24),
    Part("agent:ccxt", "coinbase", "hostile", 24),
    Part("agent:ccxt", "deribit", "hostile", 24),
    Part("agent:ccxt", "alpaca", "hostile", 24),
)
"""What is run at full size. What any scenario may have comes in ``every_kind`` (an agent with a private stream), and at
every venue (one that speaks them all); what is planned around orders and positions comes in the spaces that do so:
halts and clocks in ``retry``, what others cancel in ``recovery``, liquidations and the like in ``leveraged``, rules in
``changing``, strays, transfers, overfills and unlisted trades in ``reconciliation`` (an agent that asks for lists),
second lives in ``fleet``."""

Key = tuple[str, str, str]
"""(space, form, status of the ledger)."""
Count = Counter[Key]
"""How many planned faults."""


def counted(job: tuple[Part, int]) -> Count:
    """What became of the faults of one scenario."""
    part, index = job
    scenario = suites.load().scenario(part.space, 1, index, faults=part.faults)
    history = run(resolve(part.target), scenario)
    rows = (event for event in history.events if isinstance(event, Ledger))
    return Counter((part.space, scenario.faults[row.fault].variant, row.status) for row in rows)


def count(share: float, workers: int) -> Count:
    """All parts, or a share of each."""
    jobs = [(part, index) for part in PARTS for index in range(max(1, round(part.scenarios * share)))]
    total: Count = Counter()
    counted(jobs[0])  # so that the workers find everything imported
    gc.collect()
    gc.freeze()
    with get_context("fork").Pool(workers) as pool:
        for found in pool.imap(counted, jobs, chunksize=8):
            total.update(found)
    return total


def table(total: Count) -> Iterator[str]:
    """A row for each kind, Markdown: the ledger's words, where it landed, its rarest form."""
    spaces = list(dict.fromkeys(part.space for part in PARTS))
    yield "| kind | landed | not exercised | incomplete | " + " | ".join(spaces) + " | forms that landed | rarest |"
    yield "|---" * (6 + len(spaces)) + "|"
    for kind, row in catalogue.entries().items():
        mine = {key: number for key, number in total.items() if key[1].partition(".")[0] == kind}

        def amount(status: str, space: str = "", form: str = "", mine: dict[Key, int] = mine) -> int:
            return sum(
                n for key, n in mine.items() if key[2] == status and space in ("", key[0]) and form in ("", key[1])
            )

        forms = {form: amount("landed", form=form) for form in row.variants}
        rarest = min(forms, key=lambda form: forms[form])
        cells = [f"`{kind}`", *(str(amount(status)) for status in ("landed", "not-exercised", "incomplete"))]
        cells += [str(amount("landed", space)) for space in spaces]
        cells += [f"{sum(number > 0 for number in forms.values())} of {len(forms)}", f"`{rarest}` {forms[rarest]}"]
        yield f"| {' | '.join(cells)} |"


def shortfalls(total: Count, least: int) -> Iterator[str]:
    """What did not land often enough, in sentences."""
    landed: Counter[str] = Counter()
    for (_, form, status), number in total.items():
        landed[form.partition(".")[0]] += number if status == "landed" else 0
    for kind in catalogue.entries():
        if landed[kind] < least:
            yield f"{kind} landed {landed[kind]} times; {least} are wanted"
    incomplete = sum(number for (_, _, status), number in total.items() if status == "incomplete")
    if incomplete > INCOMPLETE * total.total():
        yield f"{incomplete} of {total.total()} planned faults are incomplete; {INCOMPLETE:.0%} is the limit"


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="how much of the full size is run")
    parser.add_argument("--least", type=int, help="how often every kind must land (100 times the share)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--markdown", type=Path, help="write the table there, too")
    options = parser.parse_args()
    total = count(options.share, options.workers)
    lines = "\n".join(table(total)) + "\n"
    print(lines, end="")
    if options.markdown:
        options.markdown.write_text(lines, encoding="utf-8")
    missing = list(shortfalls(total, round(100 * options.share) if options.least is None else options.least))
    for sentence in missing:
        print(sentence)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
