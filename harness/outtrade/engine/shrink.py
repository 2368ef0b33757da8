"""Minimise one distinct failure with a loaded Kit: the job that ``minimise`` needs runs and judging for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade.engine.minimise import minimise
from outtrade.engine.results import FAILING, judged
from outtrade.model.scenario import Scenario

if TYPE_CHECKING:
    from outtrade.engine.plan import Kit
    from outtrade.engine.pool import ShrinkJob, Shrunk
    from outtrade.judge.api import Finding
    from outtrade.model.history import History


def shrink(kit: Kit, job: ShrinkJob) -> Shrunk:
    """The smallest scenario found in which ``job.property`` fails with ``job.fingerprint``, and its History. A flaky
    agent gets ``job.tries`` runs of each candidate, and as many at the end, which give its flake rate."""
    from outtrade.engine.judging import judge_history
    from outtrade.engine.pool import Shrunk
    from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

    prop = kit.suite.property(job.property)

    def finding_in(scenario: Scenario) -> tuple[History, Finding | None]:
        history = run(kit.target, scenario)
        found = judge_history(history, [prop])
        return history, found[0] if found else None

    def same(finding: Finding | None) -> bool:
        return finding is not None and finding.verdict in FAILING and finding.fingerprint == job.fingerprint

    def fails(scenario: Scenario) -> bool:
        return any(same(finding_in(scenario)[1]) for _ in range(job.tries))

    small = minimise(Scenario.from_json(job.scenario), fails, budget=job.budget)
    again = [finding_in(small.scenario) for _ in range(job.tries)]
    hits = [(history, finding) for history, finding in again if same(finding)]
    if not hits:
        raise RuntimeError(f"{job.fingerprint} does not show again in the scenario that just showed it")
    history, finding = hits[0]
    assert finding is not None
    return Shrunk(
        scenario=small.scenario.to_json(),
        history=history.to_jsonl(),
        hash=history.hash(),
        judged=judged(finding, baseline=job.baseline),
        runs=(small.runs + 1) * job.tries,
        one_minimal=small.one_minimal and job.tries == 1,
        shown=(len(hits), job.tries),
    )
