"""How much a run proved: how often each property was decided, and how often each variant of fault landed.

One column of numbers for each scorecard, so that the reference agents stand side by side. A suite is worth trusting
only where its faults land and its properties apply: ``shortfalls`` names what stays below the mark in every column
(a fault on a stream can only land on an agent that has one).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from outtrade.score import Scorecard

LANDED = 20
"""How often every variant of fault must land in 1,000 scenarios of a reference agent."""
DECIDED = 50
"""How often every property must be decided there."""
INCOMPLETE = 0.02
"""Largest share of incomplete scenarios there."""
ENOUGH = 1_000
"""Scenarios from which on the marks apply."""


def decided(card: Scorecard) -> dict[str, int]:
    """Property id -> scenarios in which it passed or failed."""
    return {prop.id: sum(prop.counts.get(v, 0) for v in ("pass", "fail", "warn")) for prop in card.properties}


def landed(card: Scorecard) -> dict[str, int]:
    """Variant of fault -> how many planned ones landed."""
    return {row.variant: row.landed for row in card.faults}


def lines(cards: Mapping[str, Scorecard]) -> Iterator[str]:
    """The two tables, one column for each scorecard."""
    width = max(12, *(len(name) + 2 for name in cards))
    yield f"{'property decided in scenarios':<34}" + "".join(f"{name:>{width}}" for name in cards)
    yield from _table([decided(card) for card in cards.values()], width)
    yield ""
    yield f"{'fault landed (of planned)':<34}" + "".join(f"{name:>{width}}" for name in cards)
    planned = [{row.variant: row.planned for row in card.faults} for card in cards.values()]
    yield from _table([landed(card) for card in cards.values()], width, planned)
    yield ""
    yield f"{'incomplete scenarios':<34}" + "".join(f"{card.incomplete:>{width}}" for card in cards.values())


def _table(columns: list[dict[str, int]], width: int, of: list[dict[str, int]] | None = None) -> Iterator[str]:
    names = list(dict.fromkeys(name for column in columns for name in column))
    for name in names if of is None else sorted(names):
        cells = []
        for number, column in enumerate(columns):
            total = "" if of is None else f"/{of[number].get(name, 0)}"
            cells.append(f"{column.get(name, 0)}{total}".rjust(width))
        yield f"{name:<34}" + "".join(cells)


def shortfalls(cards: Mapping[str, Scorecard]) -> Iterator[str]:
    """What did not happen often enough for any of the agents, in sentences; judged from 1,000 scenarios on."""
    if not cards or min(card.scenarios for card in cards.values()) < ENOUGH:
        return
    for what, mark, columns in (
        ("was decided", DECIDED, [decided(card) for card in cards.values()]),
        ("landed", LANDED, [landed(card) for card in cards.values()]),
    ):
        for name in dict.fromkeys(name for column in columns for name in column):
            most = max(column.get(name, 0) for column in columns)
            if most < mark:
                yield f"{name} {what} {most} times at most; {mark} are wanted"
    for name, card in cards.items():
        if card.incomplete > INCOMPLETE * card.scenarios:
            share = f"{card.incomplete} of {card.scenarios} scenarios are incomplete"
            yield f"{name}: {share}; {INCOMPLETE:.0%} is the limit"
