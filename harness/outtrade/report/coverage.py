"""How much a run proved: how often each property was decided, and how often each variant of fault landed.

One column of numbers for each agent, over all the spaces it was run in, so that reference agents stand side by side.
A suite is worth trusting only where its faults land and its properties apply: ``shortfalls`` names what stays below the
mark in every column (a fault on a stream can only land on an agent that has one).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outtrade.score import Scorecard

LANDED = 20
"""How often every variant of fault must land in 1,000 scenarios of a reference agent."""
DECIDED = 50
"""How often every property must be decided there."""
INCOMPLETE = 0.02
"""Largest share of incomplete scenarios there."""
ENOUGH = 1_000
"""Scenarios from which on the marks apply."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What all runs of one agent proved together: one run in each space."""

    scenarios: int
    incomplete: int
    decided: Mapping[str, int]
    """Property id -> scenarios in which it passed or failed."""
    landed: Mapping[str, int]
    """Variant of fault -> how many planned ones landed."""
    planned: Mapping[str, int]


def proof(cards: Sequence[Scorecard]) -> Proof:
    """The sums over scorecards of the same agent."""
    decided: Counter[str] = Counter()
    landed: Counter[str] = Counter()
    planned: Counter[str] = Counter()
    for card in cards:
        for prop in card.properties:
            decided[prop.id] += sum(prop.counts.get(v, 0) for v in ("pass", "fail", "warn"))
        for row in card.faults:
            landed[row.variant] += row.landed
            planned[row.variant] += row.planned
    return Proof(
        sum(card.scenarios for card in cards), sum(card.incomplete for card in cards), decided, landed, planned
    )


def lines(proofs: Mapping[str, Proof]) -> Iterator[str]:
    """The two tables, one column for each agent."""
    width = max(12, *(len(name) + 2 for name in proofs))
    yield f"{'property decided in scenarios':<34}" + "".join(f"{name:>{width}}" for name in proofs)
    yield from _table([proof.decided for proof in proofs.values()], width)
    yield ""
    yield f"{'fault landed (of planned)':<34}" + "".join(f"{name:>{width}}" for name in proofs)
    planned = [proof.planned for proof in proofs.values()]
    yield from _table([proof.landed for proof in proofs.values()], width, planned)
    yield ""
    yield f"{'incomplete scenarios':<34}" + "".join(f"{proof.incomplete:>{width}}" for proof in proofs.values())


def _table(columns: list[Mapping[str, int]], width: int, of: list[Mapping[str, int]] | None = None) -> Iterator[str]:
    names = list(dict.fromkeys(name for column in columns for name in column))
    for name in names if of is None else sorted(names):
        cells = []
        for number, column in enumerate(columns):
            total = "" if of is None else f"/{of[number].get(name, 0)}"
            cells.append(f"{column.get(name, 0)}{total}".rjust(width))
        yield f"{name:<34}" + "".join(cells)


def shortfalls(proofs: Mapping[str, Proof], *, all_ran: bool = True) -> Iterator[str]:
    """What did not happen often enough for any of the agents, in sentences; judged from 1,000 scenarios on. What some
    of them show where others cannot is asked of all together only (``all_ran``)."""
    if not proofs or min(proof.scenarios for proof in proofs.values()) < ENOUGH:
        return
    for what, mark, columns in (
        ("was decided", DECIDED, [proof.decided for proof in proofs.values()]),
        ("landed", LANDED, [proof.landed for proof in proofs.values()]),
    ):
        for name in dict.fromkeys(name for column in columns for name in column if all_ran):
            most = max(column.get(name, 0) for column in columns)
            if most < mark:
                yield f"{name} {what} {most} times at most; {mark} are wanted"
    for name, proof in proofs.items():
        if proof.incomplete > INCOMPLETE * proof.scenarios:
            share = f"{proof.incomplete} of {proof.scenarios} scenarios are incomplete"
            yield f"{name}: {share}; {INCOMPLETE:.0%} is the limit"
