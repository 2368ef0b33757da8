"""The gate's options, the same for ``run``, ``report``, ``compare`` and the pytest plug-in: words into a ``Policy``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from outtrade.baseline import read
from outtrade.cli.guard import UsageError
from outtrade.gate import EVERY, Policy

if TYPE_CHECKING:
    from outtrade.report.results import Results
    from outtrade.score import Rule


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What the user asked of the gate; nothing of it, by default."""

    fail_under: tuple[str, ...] = ()
    max_critical: int | None = None
    baseline: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.fail_under) or self.max_critical is not None or self.baseline is not None


class Asks(Protocol):
    """What a frozen profile asks of the gate; its head has it, and so has results.json."""

    @property
    def requires(self) -> Sequence[str]: ...
    @property
    def coverage(self) -> Mapping[str, int]: ...


def policy_of(
    options: GateOptions,
    properties: Iterable[Rule],
    *,
    waivers: Mapping[str, str],
    max_incomplete: float = Policy().max_incomplete,
    min_exercised: float = Policy().min_exercised,
    profile: Asks | None = None,
) -> Policy:
    """The policy. Raises UsageError and BaselineError with one line."""
    rows = list(properties)
    known = frozenset(row.id for row in rows)
    dimensions = tuple(dict.fromkeys(row.dimension for row in rows))
    entries = None
    if options.baseline is not None:
        entries = read(options.baseline, known, today=datetime.now(UTC).date())
    return Policy(
        max_incomplete=max_incomplete,
        waivers=waivers,
        fail_under=thresholds_of(options.fail_under, dimensions),
        max_critical=options.max_critical or 0,
        baseline=entries,
        min_exercised=min_exercised,
        requires=() if profile is None else tuple(profile.requires),
        coverage={} if profile is None else dict(profile.coverage),
    )


def stored_policy(options: GateOptions, results: Results) -> Policy:
    """The policy for a stored run: the options given now, with the waivers and the limit that the run had."""
    waivers = {row.id: row.waiver for row in results.properties if row.waiver}
    limit = results.gate.max_incomplete if results.gate is not None else Policy().max_incomplete
    return policy_of(options, results.properties, waivers=waivers, max_incomplete=limit, profile=results.profile)


def thresholds_of(texts: Iterable[str], dimensions: tuple[str, ...]) -> dict[str, float]:
    """``95``, ``retry=99``: lowest scores in per cent, by dimension or for ``all``. Raises UsageError.

    >>> thresholds_of(["95", "retry=99.5%"], ("retry",))
    {'all': 95.0, 'retry': 99.5}
    """
    found: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        name = name.strip().lower() if equals else EVERY
        if name not in (EVERY, *dimensions):
            raise UsageError(f"--fail-under {text}: no dimension {name!r}; there are {', '.join(dimensions)}")
        try:
            value = float(number.strip().removesuffix("%"))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 100:
            raise UsageError(f"--fail-under {text}: write a share in per cent, as 95 or {dimensions[0]}=99.5")
        if name in found:
            raise UsageError(f"--fail-under {text}: {name} has a threshold already")
        found[name] = value
    return found
