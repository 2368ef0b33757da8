"""The kill matrix: which agent fails which property, and whether that is as it should be.

The judge is judged here. A property that no broken agent fails may be blind; a broken agent that its property does not
catch shows it is. A cell is one of::

    #   caught by the property it was made for          *   should have been caught, and was not
    +   fails it as a permitted consequence of its bug  !   fails it without permission
    .   does not fail it                               (blank: never decided)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outtrade.report.text import clean, count, shorten

NAME = 26
COLUMNS = 13
"""Properties side by side in 80 columns."""


@dataclass(frozen=True, slots=True)
class Row:
    """An agent of the matrix. ``expected`` None: a reference agent. ``failed``: property id -> scenarios, for MUST and
    SHOULD; ``applied``: property id -> scenarios in which it was decided. ``problem``: harness errors and the like."""

    name: str
    expected: str | None
    also: tuple[str, ...]
    failed: Mapping[str, int]
    applied: Mapping[str, int]
    problem: str = ""
    space: str = ""
    scenarios: int = 0

    def cell(self, ident: str) -> str:
        """The mark for a property."""
        failed = self.failed.get(ident, 0)
        if ident == self.expected:
            return "#" if failed else "*"
        if failed:
            return "+" if ident in self.also else "!"
        return "." if self.applied.get(ident) else " "

    @property
    def unpermitted(self) -> bool:
        """Whether a broken agent fails something that is no consequence of its bug."""
        return self.expected is not None and any(self.cell(ident) == "!" for ident in self.failed)

    def faults(self) -> Iterator[str]:
        """What is not as it should be, one line each."""
        if self.problem:
            yield f"{self.name}: {self.problem}"
        if self.expected is not None and not self.failed.get(self.expected):
            decided = self.applied.get(self.expected, 0)
            yield f"{self.name}: not caught by {self.expected} (decided in {count(decided, 'scenario')})"
        for ident, scenarios in self.failed.items():
            if self.cell(ident) == "!":
                what = "a reference agent fails" if self.expected is None else "fails without permission"
                yield f"{self.name}: {what} {ident} in {count(scenarios, 'scenario')}"


def lines(rows: Sequence[Row], order: Sequence[str]) -> Iterator[str]:
    """The matrix in 80 columns; ``order`` is the order of the properties. Only columns with a mark are shown."""
    shown = [ident for ident in order if any(row.cell(ident) in "#*+!" for row in rows)]
    name = min(NAME, max([len(clean(row.name)) for row in rows], default=8))
    for start in range(0, len(shown), COLUMNS):
        part = shown[start : start + COLUMNS]
        if start:
            yield ""
        yield f"{'':<{name}}" + "".join(f"{_family(part, n):>4}" for n in range(len(part))).rstrip()
        yield f"{'':<{name}}" + "".join(f"{ident[-2:]:>4}" for ident in part)
        for row in rows:
            cells = "".join(f"{row.cell(ident):>4}" for ident in part)
            yield f"{shorten(clean(row.name), name):<{name}}{cells}".rstrip()
    if not shown:
        yield "no agent fails anything"
    yield ""
    yield "# caught by its property  * not caught  + permitted consequence  ! not permitted"


def blind_spots(rows: Sequence[Row], order: Sequence[str]) -> Iterator[str]:
    """Properties of a suite that were not seen to tell right from wrong: no broken agent fails them, or no reference
    agent was decided on them. One line each; nothing where one of the two kinds of agent did not run."""
    broken = [row for row in rows if row.expected is not None]
    right = [row for row in rows if row.expected is None]
    if not broken or not right:
        return
    for ident in order:
        if not any(row.failed.get(ident) for row in broken):
            yield f"{ident}: no broken agent fails it"
        if not any(row.applied.get(ident) for row in right):
            yield f"{ident}: no reference agent ever passed it"


def _family(part: Sequence[str], n: int) -> str:
    """PAR, RTY, ... above the first of their columns."""
    return part[n][:3] if n == 0 or part[n][:3] != part[n - 1][:3] else ""
