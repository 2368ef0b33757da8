"""What a run proved: counts side by side, and what stays below the mark."""

from __future__ import annotations

from dataclasses import replace

from outtrade.report.coverage import lines, shortfalls
from outtrade.score import FaultCount, PropertyScore, Scorecard


def card(*, scenarios: int = 1000, decided: int = 50, landed: int = 20, incomplete: int = 0) -> Scorecard:
    prop = PropertyScore(
        id="PAR-01",
        title="t",
        level="MUST",
        severity="major",
        dimension="parameters",
        counts={"pass": decided, "not-applicable": scenarios - decided},
        baseline=0,
        rate=1.0,
        low=0.9,
        high=1.0,
    )
    fault = FaultCount("refuse", 30, landed, 30 - landed, 0)
    return Scorecard(
        scenarios=scenarios,
        planned=scenarios,
        dimensions=(),
        properties=(prop,),
        faults=(fault,),
        critical=0,
        incomplete=incomplete,
        unexercised=0,
        errors=0,
        differing=0,
        code=0,
        reasons=(),
    )


def test_tables_stand_side_by_side() -> None:
    text = "\n".join(lines({"ccxt": card(), "httpx": card(decided=70)}))
    assert "PAR-01" + " " * 28 + " " * 10 + "50" + " " * 10 + "70" in text
    assert "20/30" in text


def test_the_best_agent_counts_for_faults_and_properties_but_each_for_incomplete() -> None:
    assert list(shortfalls({"a": card(), "b": card(decided=0, landed=0)})) == []
    assert list(shortfalls({"a": card(decided=49, landed=19)})) == [
        "PAR-01 was decided 49 times at most; 50 are wanted",
        "refuse landed 19 times at most; 20 are wanted",
    ]
    assert list(shortfalls({"a": card(), "b": card(incomplete=21)})) == [
        "b: 21 of 1000 scenarios are incomplete; 2% is the limit"
    ]


def test_small_runs_are_not_held_to_the_marks() -> None:
    assert list(shortfalls({"a": replace(card(decided=0), scenarios=999)})) == []
