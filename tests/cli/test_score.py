"""Score mathematics: rates, intervals that cover, what counts as a pass, the gate and its exit codes."""

from __future__ import annotations

import random

import pytest

from outtrade.engine.results import FaultRow, Judged, Result
from outtrade.judge.api import Property
from outtrade.score import (
    ERROR,
    GATE,
    INCOMPLETE,
    OK,
    Policy,
    _beta_cdf,
    clopper_pearson,
    effective,
    mean_of_rates,
    score,
)


def prop(ident: str, level: str = "MUST", severity: str = "major") -> Property:
    return Property(ident, "title " + ident, level, severity, "A", "e", "s", lambda ix: iter(()))  # type: ignore[arg-type]


def result(index: int = 0, faults: str = "", **verdicts: str) -> Result:
    """``faults`` names statuses: l(anded), n(ot-exercised), i(ncomplete)."""
    words = {"l": "landed", "n": "not-exercised", "i": "incomplete"}
    return Result(
        index=index,
        scenario=f"s{index}",
        seed=index,
        verdicts={name.replace("_", "-"): verdict for name, verdict in verdicts.items()},
        faults=tuple(FaultRow(n, "reset", words[letter], 1) for n, letter in enumerate(faults)),
    )


# Published values: R's binom.test / scipy.stats.beta.ppf.
@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [
        (10, 10, 0.6915029, 1.0),
        (0, 10, 0.0, 0.3084971),
        (5, 10, 0.1870860, 0.8129140),
        (99, 100, 0.9455406, 0.9997468),
        (1000, 1000, 0.9963179, 1.0),
        (1, 1, 0.025, 1.0),
    ],
)
def test_clopper_pearson_equals_published_values(passed: int, total: int, low: float, high: float) -> None:
    assert clopper_pearson(passed, total) == pytest.approx((low, high), abs=1e-6)


def test_the_interval_has_an_answer_where_both_sides_of_the_fraction_meet() -> None:
    """Rounding may put a point beyond the border seen from either side: found by a run that never came back."""
    assert _beta_cdf(0.17324110652257355, 1.1358245377497829, 9.192799889914458) == pytest.approx(0.79, abs=0.05)
    assert _beta_cdf(0.23518447780996968, 100.90181231916105, 330.3827873621932) == pytest.approx(0.52, abs=0.05)


def test_a_single_property_has_the_clopper_pearson_interval() -> None:
    table = [{"A": n not in (3, 7)} for n in range(60)]
    mean, low, high = mean_of_rates(table)
    assert mean == pytest.approx(58 / 60)
    assert (low, high) == pytest.approx(clopper_pearson(58, 60), abs=2e-3)


def test_the_mean_weighs_properties_equally_and_rare_ones_widen_the_interval() -> None:
    table = [{"A": True} for _ in range(96)] + [{"A": True, "B": n < 2} for n in range(4)]
    mean, low, _ = mean_of_rates(table)
    assert mean == pytest.approx((1 + 0.5) / 2)
    assert low < 0.5
    everything = [{"A": True} for _ in range(96)] + [{"A": True, "B": True} for _ in range(4)]
    mean, low, high = mean_of_rates(everything)
    assert (mean, high) == (1, 1)
    assert 0.6 < low < 0.65  # about eight effective scenarios, not a hundred


def clustered(rng: random.Random, scenarios: int, bad: float) -> list[dict[str, bool]]:
    """Scenarios that are hard as a whole: with probability ``bad`` each of five properties fails with 0.6."""
    table = []
    for _ in range(scenarios):
        hard = rng.random() < bad
        table.append({name: not (hard and rng.random() < 0.6) for name in "ABCDE" if rng.random() < 0.8 or name == "A"})
    return table


@pytest.mark.parametrize(("scenarios", "bad"), [(40, 0.05), (40, 0.5), (200, 0.02), (200, 0.2)])
def test_intervals_cover_the_truth_in_clustered_scenarios(scenarios: int, bad: float) -> None:
    rng = random.Random(f"{scenarios}/{bad}")
    truth = 1 - bad * 0.6
    trials = 300
    covered = 0
    for _ in range(trials):
        _, low, high = mean_of_rates(clustered(rng, scenarios, bad))
        covered += low <= truth <= high
    assert covered / trials >= 0.92


def test_the_interval_narrows_with_more_scenarios() -> None:
    widths = []
    for scenarios in (25, 100, 400):
        _, low, high = mean_of_rates([{"A": n % 5 != 0, "B": n % 5 != 0} for n in range(scenarios)])
        widths.append(high - low)
    assert widths[0] > 1.6 * widths[1] > 2.5 * widths[2]


@pytest.mark.parametrize(
    ("faults", "verdict", "counts_as"),
    [
        ("", "pass", "pass"),
        ("l", "pass", "pass"),
        ("ln", "pass", "pass"),
        ("n", "pass", "not-exercised"),
        ("nn", "pass", "not-exercised"),
        ("li", "pass", "incomplete"),
        ("i", "fail", "fail"),
        ("n", "fail", "fail"),
        ("i", "not-applicable", "not-applicable"),
    ],
)
def test_a_pass_counts_only_where_the_trouble_happened(faults: str, verdict: str, counts_as: str) -> None:
    assert effective(result(faults=faults, PAR_01=verdict), verdict) == counts_as


def test_rates_leave_out_what_was_not_decided() -> None:
    results = [
        result(0, PAR_01="pass"),
        result(1, PAR_01="fail"),
        result(2, PAR_01="not-applicable"),
        result(3, PAR_01="waived"),
        result(4, "n", PAR_01="pass"),
    ]
    row = score(results, [prop("PAR-01")], planned=5).properties[0]
    assert (row.applied, row.rate) == (2, 0.5)
    assert row.counts == {"fail": 1, "not-applicable": 1, "not-exercised": 1, "pass": 1, "waived": 1}


def test_dimensions_are_separate_and_undecided_ones_have_no_score() -> None:
    card = score([result(0, PAR_01="pass", REC_01="not-applicable")], [prop("PAR-01"), prop("REC-01")], planned=1)
    assert [(d.name, d.score) for d in card.dimensions] == [("parameters", 1.0), ("reconciliation", None)]


GOOD = [result(n, "l", PAR_01="pass") for n in range(100)]


@pytest.mark.parametrize(
    ("results", "code", "reason"),
    [
        (GOOD, OK, None),
        ([*GOOD, result(100, PAR_01="fail")], GATE, "1 violation of 1 MUST property"),
        ([*GOOD, result(100, PAR_01="warn")], OK, None),
        ([*GOOD, result(100, PAR_01="harness-error")], ERROR, "the harness failed in 1 scenario"),
        ([*GOOD, Result(100, "s100", 1, error="boom")], ERROR, "the harness failed in 1 scenario"),
        ([*GOOD, Result(100, "s100", 1, differs="event 3")], ERROR, "1 scenario differed when run twice"),
        ([*GOOD, result(100, "i", PAR_01="pass")], OK, None),
        (
            [*GOOD, *(result(100 + n, "i", PAR_01="pass") for n in range(3))],
            INCOMPLETE,
            "3 of 103 scenarios incomplete (at most 2% allowed)",
        ),
        (
            [result(n, "n", PAR_01="pass") for n in range(3)] + GOOD[:2],
            INCOMPLETE,
            "no planned fault was exercised in 3 of 5 scenarios",
        ),
        ([], INCOMPLETE, "no scenario was run"),
        # a proven violation outweighs a harness error, and that outweighs what is missing
        ([result(0, PAR_01="fail"), Result(1, "s1", 1, error="boom")], GATE, None),
        ([result(0, "i", PAR_01="pass"), Result(1, "s1", 1, error="boom")], ERROR, None),
    ],
)
def test_the_gate(results: list[Result], code: int, reason: str | None) -> None:
    card = score(results, [prop("PAR-01")], planned=len(results))
    assert card.code == code, card.reasons
    assert card.passed is (code == OK)
    if reason:
        assert reason in card.reasons
    elif code == OK:
        assert card.reasons == ()


def test_fewer_scenarios_than_planned_is_incomplete() -> None:
    card = score(GOOD, [prop("PAR-01")], planned=200)
    assert (card.code, card.reasons) == (INCOMPLETE, ("only 100 of 200 scenarios were run",))


def test_a_waived_critical_must_needs_a_reason() -> None:
    results = [result(n, REC_03="waived", PAR_01="pass") for n in range(5)]
    properties = [prop("REC-03", severity="critical"), prop("PAR-01")]
    card = score(results, properties, planned=5)
    assert card.code == INCOMPLETE
    assert "--allow-waiver REC-03=REASON" in card.reasons[0]
    assert score(results, properties, planned=5, policy=Policy(waivers={"REC-03": "spot only"})).code == OK
    assert score(results, [prop("REC-03"), prop("PAR-01")], planned=5).code == OK  # major: shown, not held against


def test_critical_violations_are_counted() -> None:
    results = [result(n, RTY_01="fail", PAR_01="fail") for n in range(3)]
    card = score(results, [prop("RTY-01", severity="critical"), prop("PAR-01")], planned=3)
    assert card.critical == 3
    assert card.reasons[0] == "6 violations of 2 MUST properties, 3 critical"


def test_violations_without_faults_are_labelled() -> None:
    bad = Result(0, "s0", 1, verdicts={"PAR-01": "fail"}, findings=(Judged("PAR-01", "fail", "PAR-01", baseline=True),))
    assert score([bad], [prop("PAR-01")], planned=1).properties[0].baseline == 1
