"""What a run proved: counts side by side, and what stays below the mark."""

from __future__ import annotations

from outtrade.report.coverage import Proof, lines, proof, shortfalls
from outtrade.score import FaultCount, PropertyScore, Scorecard


def one(**what: int) -> Proof:
    return proof([card(**what)])


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
    text = "\n".join(lines({"ccxt": one(), "httpx": one(decided=70)}))
    assert "PAR-01" + " " * 28 + " " * 10 + "50" + " " * 10 + "70" in text
    assert "20/30" in text


def test_the_best_agent_counts_for_faults_and_properties_but_each_for_incomplete() -> None:
    assert list(shortfalls({"a": one(), "b": one(decided=0, landed=0)})) == []
    assert list(shortfalls({"a": one(decided=49, landed=19)})) == [
        "PAR-01 was decided 49 times at most; 50 are wanted",
        "refuse landed 19 times at most; 20 are wanted",
    ]
    assert list(shortfalls({"a": one(), "b": one(incomplete=21)})) == [
        "b: 21 of 1000 scenarios are incomplete; 2% is the limit"
    ]


def test_what_one_of_several_agents_shows_is_not_asked_of_one_alone() -> None:
    alone = {"a": one(decided=0, landed=0, incomplete=21)}
    assert list(shortfalls(alone, all_ran=False)) == ["a: 21 of 1000 scenarios are incomplete; 2% is the limit"]


def test_small_runs_are_not_held_to_the_marks() -> None:
    assert list(shortfalls({"a": one(decided=0, scenarios=999)})) == []


def test_the_runs_of_an_agent_in_several_spaces_count_together() -> None:
    both = proof([card(decided=30, landed=5, incomplete=1), card(scenarios=150, decided=20, landed=15, incomplete=2)])
    assert (both.scenarios, both.incomplete) == (1150, 3)
    assert (both.decided["PAR-01"], both.landed["refuse"], both.planned["refuse"]) == (50, 20, 60)
    assert list(shortfalls({"a": both})) == []
