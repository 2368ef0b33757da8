"""What a finished run says of one property: the table of ``outtrade.testing.verdicts``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from outtrade.baseline import Baseline, Expectation
from outtrade.engine.events import RunFinished
from outtrade.engine.results import FaultRow, Judged, Result, Violation
from outtrade.gate import Policy
from outtrade.judge.api import Property
from outtrade.score import score
from outtrade.testing.verdicts import Done, Told, tell_of


def prop(level: str = "MUST") -> Property:
    return Property("RTY-01", "one intent", level, "major", "AG", "", "", lambda index: iter(()))  # type: ignore[arg-type]


def result(index: int, verdict: str, *, message: str = "", fault: str = "", error: str = "") -> Result:
    found = (Judged("RTY-01", verdict, "RTY-01", (Violation(message),)),) if message else ()
    faults = (FaultRow(0, "latency", fault),) if fault else ()
    verdicts = {} if error else {"RTY-01": verdict}
    return Result(index, f"s{index}", 1, verdicts=verdicts, findings=found, faults=faults, error=error)


def told(*results: Result, level: str = "MUST") -> Told:
    card = score(results, (prop(level),), planned=len(results))
    return tell_of(prop(level), Done(RunFinished(card, (), False, 0.0), results, Path("reports/x")))


@pytest.mark.parametrize(
    ("results", "verdict", "words"),
    [
        ([result(0, "pass")], "pass", ""),
        ([result(0, "not-applicable"), result(1, "pass")], "pass", ""),
        ([result(0, "pass"), result(1, "fail")], "fail", "outtrade explain RTY-01"),
        ([result(0, "not-applicable")], "skip", "never applied in 1 scenario"),
        ([result(0, "waived")], "skip", "waived in 1 scenario"),
        ([result(0, "pass", fault="not-exercised")], "skip", "not exercised"),
        ([result(0, "pass"), result(1, "incomplete", message="no \x1b[31mend")], "fail", "s1: no \\x1b[31mend"),
        ([result(0, "pass", fault="incomplete")], "fail", "s0: a planned fault did not land"),
        ([result(0, "pass"), result(1, "harness-error", message="KeyError(1)")], "fail", "s1: KeyError(1)"),
        ([result(0, "pass"), result(1, "", error="RuntimeError: no")], "fail", "s1: RuntimeError: no"),
    ],
)
def test_the_table(results: list[Result], verdict: str, words: str) -> None:
    said = told(*results)
    assert said.verdict == verdict
    assert words in said.text


def test_a_should_warns() -> None:
    said = told(result(0, "warn"), level="SHOULD")
    assert said.verdict == "pass" and "violated in 1 scenario (SHOULD)" in said.text


def test_two_in_a_hundred_may_be_incomplete_but_something_must_be_decided() -> None:
    passes = [result(n, "pass") for n in range(98)]
    open_ones = [result(n, "incomplete") for n in range(98, 101)]
    assert told(*passes, *open_ones[:2]).verdict == "pass"
    assert told(*passes[:97], *open_ones).verdict == "fail"
    assert told(*[result(n, "not-applicable") for n in range(99)], open_ones[0]).verdict == "fail"


def expecting(*results: Result, entries: tuple[Expectation, ...]) -> Told:
    policy = Policy(baseline=Baseline(entries, date(2026, 6, 1)))
    card = score(results, (prop(),), planned=len(results), policy=policy)
    return tell_of(prop(), Done(RunFinished(card, (), False, 0.0), results, Path("reports/x")))


def test_what_the_baseline_expects() -> None:
    bad, good = result(0, "fail", message="sent twice"), result(1, "pass")
    known = Expectation(property="RTY-01", reason="known \x1b[31m")
    assert expecting(bad, good, entries=(known,)) == Told(
        "xfail", "RTY-01: expected failure in 1 scenario: known \\x1b[31m"
    )
    for entries, results, words in (
        ((known,), (good,), "stale, it showed in none of 1 scenario"),
        ((known.model_copy(update={"scenario": "s7"}),), (bad, good), "outtrade explain RTY-01"),
        ((known.model_copy(update={"expires": date(2026, 5, 1)}),), (good,), "expired on 2026-05-01"),
        ((known,), (bad, result(1, "incomplete", message="no end")), "incomplete in 1 scenario"),
        ((known,), (bad, result(1, "harness-error", message="KeyError")), "the harness failed in 1 scenario"),
    ):
        said = expecting(*results, entries=entries)
        assert said.verdict == "fail"
        assert words in said.text
