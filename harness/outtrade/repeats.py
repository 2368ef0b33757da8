"""Several runs of the same scenario, for agents that are not deterministic (``outtrade run T --repeats 5``).

A scenario passes a property where *every* run of it passed, so a rate is pass^k with k = repeats, intervals stay over
scenarios, and more repeats cannot make a run look larger than it is. What a single run does is shown beside it:
pass^1, pass^2, ... of whole scenarios (``outtrade.chances``) and how many scenarios were *flaky*: some runs passed,
others did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from outtrade.chances import pass_power
from outtrade.engine.results import FaultRow, Result

_WORST = ("harness-error", "fail", "warn", "incomplete", "waived", "pass", "not-applicable")
_STATUS = ("incomplete", "not-exercised", "landed")


@dataclass(frozen=True, slots=True)
class Repeated:
    """``powers``: pass^1, pass^2, ... pass^repeats over scenarios; ``flaky``: scenarios whose runs did not agree."""

    results: tuple[Result, ...]
    powers: tuple[float, ...]
    flaky: int


def fold(results: Sequence[Result], repeats: int, musts: Iterable[str]) -> Repeated:
    """One Result a scenario out of its runs, which stand one after the other (index // repeats). Only scenarios all of
    whose runs are there. ``musts``: ids of the properties that a run must not fail to count as passed."""
    if repeats == 1:
        return Repeated(tuple(results), (), 0)
    wanted = frozenset(musts)
    groups: dict[int, list[Result]] = {}
    for result in results:
        groups.setdefault(result.index // repeats, []).append(result)
    whole = {index: runs for index, runs in groups.items() if len(runs) == repeats}
    judged = [[run for run in runs if not run.error and not run.lacks] for runs in whole.values()]
    tallies = [(sum(_passed(run.verdicts, wanted) for run in runs), len(runs)) for runs in judged if runs]
    powers = [pass_power(tallies, k) for k in range(1, repeats + 1)]
    return Repeated(
        tuple(_folded(index, runs) for index, runs in sorted(whole.items())),
        tuple(power for power in powers if power is not None),
        sum(0 < passed < total for passed, total in tallies),
    )


def _passed(verdicts: Mapping[str, str], musts: frozenset[str]) -> bool:
    return not any(verdict in ("fail", "harness-error") for ident, verdict in verdicts.items() if ident in musts)


def _folded(index: int, runs: Sequence[Result]) -> Result:
    """The worst of every property; a fault landed where it landed in every run; an error where any run had one."""
    broken = next((run for run in runs if run.error), None)
    if broken is not None:
        return replace(broken, index=index)
    verdicts, findings = {}, []
    for ident in dict.fromkeys(ident for run in runs for ident in run.verdicts):
        said = [run.verdicts.get(ident, "not-applicable") for run in runs]
        verdicts[ident] = min(said, key=_WORST.index)
        worst = runs[said.index(verdicts[ident])]
        findings += [judged for judged in worst.findings if judged.property == ident]
    faults = tuple(
        FaultRow(row.fault, row.variant, min((run.faults[n].status for run in runs), key=_STATUS.index), row.times)
        for n, row in enumerate(runs[0].faults)
        if all(len(run.faults) > n for run in runs)
    )
    return replace(runs[0], index=index, verdicts=verdicts, findings=tuple(findings), faults=faults)
