"""Hold another policy against a stored run: the gate decides again from the findings in results.json.

Scores and verdicts are computed by the code that computed them during the run, so the same policy gives the same
bytes; no scenario is run. Only what the gate decides changes: exit code, reasons, notes, what is expected.
"""

from __future__ import annotations

from outtrade.baseline import Known
from outtrade.engine.results import FaultRow, Judged, Result, Violation
from outtrade.gate import Policy
from outtrade.report.results import Results, ScenarioRow, judgement
from outtrade.score import score


def regate(results: Results, policy: Policy) -> Results:
    """``results`` as if the run had been judged by ``policy``."""
    rows = [result_of(row) for row in results.results]
    repeats = results.repeats
    card = score(rows, results.properties, planned=results.planned * repeats, policy=policy, repeats=repeats)
    failures = []
    for failure in results.failures:
        known = card.known.get(failure.fingerprint, Known(0, ""))
        failures.append(failure.model_copy(update={"expected": known.scenarios, "reason": known.reason}))
    return results.model_copy(update=judgement(card, policy) | {"failures": tuple(failures)})


def result_of(row: ScenarioRow, *, size: tuple[int, int, int] = (0, 0, 0)) -> Result:
    """A row of results.json as the Result that it was written from; the row does not hold the size of the scenario."""
    return Result(
        index=row.index,
        scenario=row.scenario,
        seed=row.seed,
        space=row.space,
        pair=row.pair,
        history=row.history,
        events=row.events,
        size=size,
        verdicts=dict(row.verdicts),
        findings=tuple(
            Judged(
                property=found.property,
                verdict=found.verdict,
                fingerprint=found.fingerprint,
                violations=tuple(Violation(v.message, v.evidence, v.subject) for v in found.violations),
                more=found.more,
                baseline=found.baseline,
                kinds=found.kinds,
            )
            for found in row.findings
        ),
        faults=tuple(FaultRow(fault.fault, fault.variant, fault.status, fault.times) for fault in row.faults),
        ended=row.ended,
        differs=row.differs,
        entropy=dict(row.entropy),
        escapes=row.escapes,
        outside=dict(row.outside),
        lacks=row.lacks,
        untracked=row.untracked,
        error=row.error,
        wall_seconds=row.wall_seconds,
    )
