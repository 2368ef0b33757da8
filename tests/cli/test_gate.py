"""The gate: thresholds, expected failures, stale and expired entries, and that nothing undecided becomes green."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from outtrade.baseline import Baseline, BaselineError, Expectation, read, write
from outtrade.cli.gating import thresholds_of
from outtrade.cli.guard import UsageError
from outtrade.engine.results import FaultRow, Judged, Result, Violation, judged
from outtrade.gate import ERROR, GATE, INCOMPLETE, OK, Policy
from outtrade.judge.api import Finding, Property, broke
from outtrade.score import Scorecard, score

TODAY = date(2026, 6, 1)


def prop(ident: str, level: str = "MUST", severity: str = "major") -> Property:
    return Property(ident, "title " + ident, level, severity, "A", "e", "s", lambda ix: iter(()))  # type: ignore[arg-type]


PROPERTIES = (prop("RTY-01", severity="critical"), prop("RTY-02"), prop("REC-01"), prop("RTY-14", "SHOULD"))


def result(
    index: int, *broken: str, fault: str = "", status: str = "landed", baseline: bool = False, **more: str
) -> Result:
    """``broken``: fingerprints. Everything else passes, unless ``more`` (PROP_ID=verdict) says otherwise."""
    verdicts = {one.id: "pass" for one in PROPERTIES} | {name.replace("_", "-"): word for name, word in more.items()}
    findings: dict[str, Judged] = {}
    for kind in broken:
        ident = kind.partition(":")[0]
        verdicts[ident] = "warn" if ident == "RTY-14" else "fail"
        kinds = (*(findings[ident].kinds or (findings[ident].fingerprint,)), kind) if ident in findings else ()
        first = findings[ident].fingerprint if ident in findings else kind
        findings[ident] = Judged(
            ident, verdicts[ident], first, (Violation(f"{kind} went wrong"),), baseline=baseline, kinds=kinds
        )
    faults = (FaultRow(0, fault, status, 1),) if fault else ()
    return Result(index, f"demo-{index}", index, verdicts=verdicts, findings=tuple(findings.values()), faults=faults)


def card(
    *results: Result, entries: tuple[Expectation, ...] = (), planned: int | None = None, **policy: object
) -> Scorecard:
    baseline = Baseline(entries, TODAY) if entries else None
    rules = Policy(baseline=baseline, **policy)  # type: ignore[arg-type]
    return score(results, PROPERTIES, planned=planned or len(results), policy=rules)


def known(ident: str, **more: object) -> Expectation:
    return Expectation(property=ident, reason="a reason", **more)  # type: ignore[arg-type]


GOOD = [result(n) for n in range(8)]


# ------------------------------------------------------------------ the baseline
def test_an_expected_failure_passes_the_gate_and_still_counts_in_the_rate() -> None:
    bad = result(8, "RTY-01:twice"), result(9, "RTY-01:twice")
    assert card(*GOOD, *bad).code == GATE
    done = card(*GOOD, *bad, entries=(known("RTY-01"),))
    assert (done.code, done.reasons) == (OK, ())
    assert done.notes == ("2 violations of 1 property expected by the baseline",)
    row = done.properties[0]
    assert (row.expected, row.counts["fail"], row.rate, done.critical) == (2, 2, 0.8, 2)
    assert [(one.status, one.seen, one.chances) for one in done.expectations] == [("seen", 2, 10)]
    assert done.known["RTY-01:twice"].scenarios == 2


@pytest.mark.parametrize(
    ("entry", "excused"),
    [
        (known("RTY-01"), {7, 8, 9}),
        (known("RTY-01", fingerprint="RTY-01:twice"), {7, 8}),
        (known("RTY-01", fingerprint="RTY-01:*"), {7, 8, 9}),
        (known("RTY-01", scenario="demo-8"), {8}),
        (known("RTY-01", scenario="demo-*"), {7, 8, 9}),
        (known("RTY-01", fault="lost_answer.*"), {8}),
        (known("RTY-01", fault="reset"), set()),  # planned, and did not land
        (known("RTY-02"), set()),
    ],
)
def test_what_an_entry_covers(entry: Expectation, excused: set[int]) -> None:
    bad = {
        7: result(7, "RTY-01:twice"),
        8: result(8, "RTY-01:twice", fault="lost_answer.hang"),
        9: result(9, "RTY-01:other", fault="reset", status="incomplete"),
    }
    assert card(*GOOD[:7], *bad.values(), entries=(entry,)).properties[0].expected == len(excused)
    for index, one in bad.items():
        alone = card(*GOOD[:7], one, entries=(entry,)).properties[0]
        assert (alone.expected == 1) == (index in excused)


def test_a_scenario_is_expected_only_where_every_kind_of_violation_is() -> None:
    both = result(8, "RTY-01:twice", "RTY-01:lost")
    twice, lost = known("RTY-01", fingerprint="RTY-01:twice"), known("RTY-01", fingerprint="RTY-01:lost")
    assert card(*GOOD, both, entries=(twice,)).code == GATE
    assert card(*GOOD, both, entries=(twice, lost)).code == OK


def test_all_kinds_of_a_finding_are_kept() -> None:
    finding = Finding("RTY-01", "fail", 3, [broke("a", key="x"), broke("b", key="y"), broke("c", key="x")])
    assert judged(finding).kinds == ("RTY-01:x", "RTY-01:y")
    assert judged(Finding("RTY-01", "fail", 1, [broke("a", key="x")])).kinds == ()


def test_a_fault_does_not_excuse_what_fails_without_it() -> None:
    entry = known("RTY-01", fault="reset")
    assert card(*GOOD, result(8, "RTY-01:x", fault="reset"), entries=(entry,)).code == OK
    assert card(*GOOD, result(8, "RTY-01:x", fault="reset", baseline=True), entries=(entry,)).code == GATE


def test_a_stale_entry_fails_and_is_named() -> None:
    done = card(*GOOD, entries=(known("RTY-01", fingerprint="RTY-01:twice"),))
    assert done.code == GATE
    assert done.expectations[0].status == "stale"
    assert "RTY-01:twice is stale" in done.reasons[0]
    assert "in 8 scenarios that could show it" in done.reasons[0]


def test_an_entry_that_could_not_show_is_not_stale() -> None:
    for entry in (known("RTY-01", scenario="demo-99"), known("RTY-01", fault="reset")):
        done = card(*GOOD, entries=(entry,))
        assert (done.code, done.expectations[0].status) == (OK, "not met")
        assert done.notes[0].startswith("expected and never decided here: RTY-01")
    nowhere = [result(n, RTY_01="not-applicable") for n in range(3)]
    assert card(*nowhere, entries=(known("RTY-01"),)).code == OK
    never = [result(n, fault="reset", status="not-exercised") for n in range(3)]  # passes that prove nothing
    assert card(*never, entries=(known("RTY-01"),)).expectations[0].status == "not met"


def test_an_interrupted_run_makes_nothing_stale_and_is_incomplete() -> None:
    done = card(*GOOD, entries=(known("RTY-01"),), planned=20)
    assert (done.code, done.expectations[0].status) == (INCOMPLETE, "not met")


def test_an_expired_entry_excuses_nothing() -> None:
    bad = result(8, "RTY-01:twice")
    assert card(*GOOD, bad, entries=(known("RTY-01", expires=TODAY),)).code == OK
    done = card(*GOOD, bad, entries=(known("RTY-01", expires=date(2026, 5, 31)),))
    assert (done.code, done.properties[0].expected) == (GATE, 0)
    assert done.reasons == (
        "1 violation of 1 MUST property, 1 critical",
        "expected failure RTY-01 expired on 2026-05-31",
    )


def test_a_narrow_entry_behind_a_broad_one_is_not_stale() -> None:
    entries = known("RTY-01"), known("RTY-01", fingerprint="RTY-01:twice")
    assert card(*GOOD, result(8, "RTY-01:twice"), entries=entries).code == OK


def test_a_baseline_never_makes_the_undecided_green() -> None:
    entries = (known("RTY-01"),)
    bad = result(8, "RTY-01:twice")
    assert card(*GOOD, bad, result(9, RTY_01="incomplete"), entries=entries).code == INCOMPLETE
    crashed = result(9, RTY_01="harness-error")
    assert card(*GOOD, bad, crashed, entries=entries).code == ERROR
    assert card(*GOOD, bad, result(9, RTY_01="waived"), entries=entries).code == INCOMPLETE
    lost = result(9, fault="reset", status="incomplete")
    assert card(*GOOD, bad, lost, entries=entries, max_critical=9, fail_under={"all": 0}).code == INCOMPLETE


# ------------------------------------------------------------------ thresholds
def test_fail_under_tolerates_what_is_not_critical_where_the_score_is_reached() -> None:
    bad = result(8, "RTY-02:a"), result(9)  # retry: (1 + 0.9 + 1) / 3 = 96.7 %
    assert card(*GOOD, *bad).code == GATE
    done = card(*GOOD, *bad, fail_under={"all": 96})
    assert (done.code, done.properties[1].tolerated) == (OK, 1)
    assert done.notes == ("1 violation of RTY-02 tolerated by --fail-under",)
    low = card(*GOOD, *bad, fail_under={"all": 97})
    assert low.code == GATE
    assert low.reasons == (
        "1 violation of 1 MUST property",
        "retry scored 96.7 %, less than the 97 % asked for",
    )


def test_a_threshold_of_a_dimension_comes_before_the_one_for_all_and_touches_no_other() -> None:
    bad = result(8, "RTY-02:a"), result(9)
    assert card(*GOOD, *bad, fail_under={"all": 99, "retry": 90}).code == OK
    assert card(*GOOD, *bad, fail_under={"retry": 90}).code == OK
    assert card(*GOOD, *bad, fail_under={"reconciliation": 0}).code == GATE
    assert card(*GOOD, *bad, fail_under={"all": 0, "retry": 99}).code == GATE


def test_a_should_counts_in_the_score_that_is_asked_for() -> None:
    bad = [result(n, "RTY-14:a") for n in range(4)]
    assert card(*bad).code == OK
    assert card(*bad, fail_under={"all": 90}).code == GATE


def test_a_baseline_raises_no_score() -> None:
    bad = result(8, "RTY-02:a"), result(9)
    done = card(*GOOD, *bad, entries=(known("RTY-02"),), fail_under={"retry": 99})
    assert (done.code, done.reasons) == (GATE, ("retry scored 96.7 %, less than the 99 % asked for",))


def test_fail_under_does_not_tolerate_a_critical_violation_but_max_critical_does() -> None:
    bad = result(8, "RTY-01:a"), result(9, "RTY-01:a")
    assert card(*GOOD, *bad, fail_under={"all": 10}).code == GATE
    one = card(*GOOD, *bad, max_critical=1)
    assert (one.code, one.reasons) == (GATE, ("2 violations of 1 MUST property, 2 critical (at most 1 allowed)",))
    two = card(*GOOD, *bad, max_critical=2)
    assert (two.code, two.notes) == (OK, ("2 critical violations of RTY-01 tolerated by --max-critical 2",))
    assert card(*GOOD, *bad, result(10, "RTY-02:x"), max_critical=2).code == GATE
    assert card(*GOOD, *bad, entries=(known("RTY-01", scenario="demo-8"),), max_critical=1).code == OK


def test_a_score_that_could_not_be_computed_is_incomplete() -> None:
    nothing = [result(n, REC_01="not-applicable") for n in range(3)]
    assert card(*nothing).code == OK
    done = card(*nothing, fail_under={"all": 50})
    assert (done.code, done.reasons) == (INCOMPLETE, ("nothing was decided in reconciliation, of which 50 % is asked",))


def test_thresholds_as_written() -> None:
    assert thresholds_of(["95", "retry=99.5%", "ALL = 3"][:2], ("retry",)) == {"all": 95, "retry": 99.5}
    for words in (["x"], ["nan"], ["-1"], ["101"], ["retry="], ["speed=4"], ["1", "2"], ["retry=1", "retry=2"]):
        with pytest.raises(UsageError, match="--fail-under") as caught:
            thresholds_of(words, ("retry", "recovery"))
        assert "\n" not in str(caught.value)


# ------------------------------------------------------------------ the file
HEAD = "format: outtrade.baseline\nversion: 1\n"


def load(tmp_path: Path, text: str | bytes, name: str = "b.yaml") -> Baseline:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file, frozenset({"RTY-01", "RTY-02"}), today=TODAY)


def test_a_file_as_yaml_and_as_json(tmp_path: Path) -> None:
    yaml = (
        HEAD
        + "expected:\n- property: RTY-01\n  scenario: demo-*\n  reason: known\n  owner: team\n  expires: 2027-01-31\n"
    )
    json = (
        '{"format": "outtrade.baseline", "version": 1, "expected": [{"property": "RTY-01", "scenario": "demo-*",'
        ' "reason": "known", "owner": "team", "expires": "2027-01-31"}]}'
    )
    one, other = load(tmp_path, yaml), load(tmp_path, json, "b.json")
    assert one.entries == other.entries
    assert one.entries[0].expires == date(2027, 1, 31)
    assert load(tmp_path, HEAD + "expected: []\n").entries == ()


ENTRY = "expected:\n- property: RTY-01\n  reason: r\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a mapping with format, version and expected is needed"),
        ("- a\n", "a mapping with format, version and expected is needed"),
        (HEAD, "expected: Field required"),
        (HEAD.replace("1", "2") + ENTRY, "version: "),
        (HEAD + "expected:\n- property: RTY-99\n  reason: r\n", "entry 1: no property 'RTY-99' in this suite"),
        (HEAD + "expected:\n- property: RTY-01\n  reason: ' '\n", r"entry 1 \(RTY-01\) has no reason"),
        (HEAD + "expected:\n- property: RTY-01\n", "entry 1: reason: Field required"),
        (HEAD + ENTRY + "  expires: soon\n", "entry 1: expires: "),
        (HEAD + ENTRY + "  expire: 2027-01-01\n", "entry 1: expire: Extra inputs"),
        (HEAD + "expected: &a\n- *a\n", "aliases are not allowed"),
        (HEAD + "expected: !!python/object/apply:os.system ['touch pwned']\n", "not YAML: could not determine"),
        (HEAD + "expected: " + "[" * 3000, "nested too deeply"),
        ("a: [", "not YAML: "),
        ("a: \x00", "not YAML: "),
        (b"\xff\xfe\x00", "not UTF-8|not YAML"),
        ("x" * (1024 * 1024 + 1), "larger than 1024 KiB"),
    ],
)
def test_what_is_no_baseline_is_said_in_one_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=said) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "b.yaml"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_bad_json_and_missing_files_are_said_in_one_line(tmp_path: Path) -> None:
    for text in ("{", "[" * 100_000, "null"):
        with pytest.raises(BaselineError, match=r"not JSON|nested|a mapping"):
            load(tmp_path, text, "b.json")
    for place in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BaselineError, match=r"No such file|Is a directory"):
            read(place, frozenset(), today=TODAY)


def test_a_written_baseline_needs_reasons_and_then_fits(tmp_path: Path) -> None:
    results = [*GOOD, result(8, "RTY-01:tw[i]ce", "RTY-01:lost"), result(9, "RTY-02"), result(10, "RTY-14:a")]
    levels = {one.id: one.level for one in PROPERTIES}
    text = write(results, levels)
    assert text.count("property:") == 3  # two kinds of RTY-01, one of RTY-02, no SHOULD
    assert "# in 1 scenario: RTY-02 went wrong" in text
    with pytest.raises(BaselineError, match="has no reason"):
        load(tmp_path, text)
    filled = load(tmp_path, text.replace("reason: ''", "reason: known"))
    assert card(*results, entries=filled.entries).code == OK
    more = write([*results, result(11, "RTY-02:new")], levels, filled.entries[:2])
    assert more.count("reason: known") == 2
    assert more.count("reason: ''") == 2
    assert load(tmp_path, write(GOOD, levels)).entries == ()


def test_hostile_words_stay_in_a_comment_of_the_written_file(tmp_path: Path) -> None:
    bad = result(8, "RTY-01:x")
    found = Judged("RTY-01", "fail", "RTY-01:x", (Violation("evil\nexpected: []\r\u2028\x85- x\x1b[0m"),))
    one = Result(8, "demo-8", 8, verdicts=bad.verdicts, findings=(found,))
    text = write([one], {"RTY-01": "MUST"}).replace("reason: ''", "reason: r")
    assert [entry.fingerprint for entry in load(tmp_path, text).entries] == ["RTY-01:x"]
