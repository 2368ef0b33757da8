"""What a property is, and how a check speaks.

A check is a generator over an Index of the History. It yields one *case* for everything it looked at::

    def check(ix: Index) -> Iterator[Case]:
        for order in ix.own_orders:
            if on_grid(order):  yield held(order.request.seq)
            else:               yield broke("price 100.005 is off the 0.01 grid", order.request.seq)

Nothing yielded: not-applicable. Any ``broke``: fail (``warn`` for a SHOULD). Else any ``undecided``: incomplete. Else
any ``held``: pass. Only ``waived`` (the target does not track what is compared): waived. A check that raises is
``harness-error``, never a pass. Every case carries evidence: sequence numbers of events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from .index import Index

Verdict = Literal["pass", "fail", "warn", "not-applicable", "incomplete", "waived", "harness-error"]
Dimension = Literal["parameters", "retry", "recovery", "reconciliation", "orders", "execution", "own"]


class Case(msgspec.Struct, frozen=True):
    """One thing a check looked at. ``subject`` names it (client order id, intent); ``key`` tells distinct failures
    apart without run-specific values (used to group and to minimise)."""

    kind: Literal["held", "broke", "undecided", "waived"]
    message: str = ""
    evidence: tuple[int, ...] = ()
    subject: str = ""
    key: str = ""


def held(*evidence: int, subject: str = "") -> Case:
    """The property held for this case."""
    return Case("held", "", evidence, subject)


def broke(message: str, *evidence: int, subject: str = "", key: str = "") -> Case:
    """The property was violated; ``message`` is a sentence that a person understands without the code."""
    return Case("broke", message, evidence, subject, key)


def undecided(message: str, *evidence: int, subject: str = "") -> Case:
    """The History does not hold what is needed to decide."""
    return Case("undecided", message, evidence, subject)


def waived(message: str) -> Case:
    """The target does not report the part that this property compares."""
    return Case("waived", message)


@dataclass(frozen=True, slots=True)
class Property:
    """A row of the catalogue. ``explain`` is the prose for ``outtrade explain``; ``source`` says where the rule comes
    from (venue documentation or a catalogued bug)."""

    id: str
    title: str
    level: Literal["MUST", "SHOULD"]
    severity: Literal["critical", "major", "minor"]
    scope: Literal["A", "G", "AG"]
    explain: str
    source: str
    check: Callable[[Index], Iterator[Case]]
    account: bool = False
    """Of several copies of an agent: judged over all that they did on the account, not of each by itself."""
    always: bool = False
    """Asked of each copy even where another runs old code or twice, and whoever stops is right."""
    venues: Literal["one", "each", "all"] = "one"
    """Scenarios with fallbacks: not judged there (``one``), judged at each venue by itself (``each``), or over all of
    them together (``all``: the check reads nothing that differs from venue to venue, or keeps it apart itself)."""

    @property
    def dimension(self) -> Dimension:
        """The part of the score it counts for, from its id; ``own`` for ids of somebody's own."""
        names: dict[str, Dimension] = {
            "PAR": "parameters", "RTY": "retry", "RCV": "recovery", "REC": "reconciliation",
            "ORD": "orders", "EXQ": "execution", "LIM": "execution",
        }  # fmt: skip
        return names.get(self.id.partition("-")[0], "own")


@dataclass(slots=True)
class Finding:
    """The verdict on one property in one run."""

    id: str
    """The property's id."""
    verdict: Verdict
    cases: int = 0
    broken: list[Case] = field(default_factory=list)
    """Violations (fail, warn), or what could not be decided (incomplete), or the error (harness-error)."""

    @property
    def fingerprint(self) -> str:
        """Same failure, same fingerprint: the property and the key of its first violation."""
        return self.id + (":" + self.broken[0].key if self.broken and self.broken[0].key else "")


def _named(prop: Property, index: Index) -> Iterator[Case]:
    """What a check finds at one of several venues."""
    for case in prop.check(index):
        told = f"at {index.name_of(index.venue or 0)}: {case.message}" if case.message else ""
        yield msgspec.structs.replace(case, message=told)


def judge(prop: Property, *indices: Index) -> Finding:
    """Run one check over one history: over each of its indices, one after the other. Of several (one a venue) what was
    found names the venue."""
    finding = Finding(prop.id, "not-applicable")
    kinds: set[str] = set()
    open_cases: list[Case] = []
    try:
        found = (prop.check(index) if len(indices) == 1 else _named(prop, index) for index in indices)
        for case in chain.from_iterable(found):
            finding.cases += 1
            kinds.add(case.kind)
            if case.kind == "broke":
                finding.broken.append(case)
            elif case.kind == "undecided":
                open_cases.append(case)
    except Exception as error:
        line = error.__traceback__
        while line is not None and line.tb_next is not None:
            line = line.tb_next
        where = f" (line {line.tb_lineno} of {line.tb_frame.f_code.co_filename.rpartition('/')[2]})" if line else ""
        return Finding(prop.id, "harness-error", finding.cases, [Case("undecided", f"{error!r}{where}")])
    if "broke" in kinds:
        finding.verdict = "fail" if prop.level == "MUST" else "warn"
    elif "undecided" in kinds:
        finding.verdict, finding.broken = "incomplete", open_cases
    elif "held" in kinds:
        finding.verdict = "pass"
    elif "waived" in kinds:
        finding.verdict = "waived"
    return finding
