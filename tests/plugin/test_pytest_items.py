"""``pytest --pyargs outtrade_suites --outtrade-target=...``: one item for each venue and property."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from outtrade.suites import load

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
ASKED = sum("A" in prop.scope for prop in load().properties)
SMALL = ("--outtrade-workers=0", "--outtrade-scenarios=2", "--outtrade-space=smoke")

NAIVE = (ROOT / "examples" / "naive_agent.py").read_text()
LAZY = """
from outtrade import Outcome, Report

def execute(task, venue):
    '''Places nothing, tracks nothing, and says so.'''
    return Report(outcomes={i.id: Outcome(status="refused", reason="lazy") for i in task.intents}, orders=())
"""


def plugin() -> tuple[str, ...]:
    """How a session below this one finds the plugin: by its entry point, or by name in a checkout that was installed
    before the entry point existed."""
    return () if any(p.name == "outtrade" for p in entry_points(group="pytest11")) else ("-p", "outtrade.pytest_plugin")


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own in an empty folder."""
    for folder in ("suites", "mocks", "harness"):
        monkeypatch.setenv("PYTHONPATH", str(ROOT / folder), prepend=os.pathsep)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    return pytester


def run(session: pytest.Pytester, *words: str) -> pytest.RunResult:
    return session.runpytest_subprocess(*plugin(), "-p", "no:cacheprovider", *words, timeout=200)


def test_nothing_is_collected_without_a_target(session: pytest.Pytester) -> None:
    result = run(session, "--pyargs", "outtrade_suites")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*no tests ran*"])


def test_one_item_for_each_property(session: pytest.Pytester) -> None:
    result = run(session, "--pyargs", "outtrade_suites", "--outtrade-target=agent:ccxt", "--collect-only", "-q")
    items = [line for line in result.outlines if line.startswith("binance_spot::")]
    assert "binance_spot::RTY-02" in items and len(items) == len(set(items)) == ASKED


def test_a_correct_agent_passes(session: pytest.Pytester) -> None:
    result = run(session, "--pyargs", "outtrade_suites", "--outtrade-target=agent:ccxt", *SMALL, "-rs")
    assert result.ret == pytest.ExitCode.OK
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 15 and outcomes["passed"] + outcomes["skipped"] == ASKED
    result.stdout.fnmatch_lines(["*not applicable: it never applied in 2 scenarios"])
    assert (session.path / "reports" / "agent-ccxt" / "results.json").is_file()


def test_a_wrong_agent_fails_with_all_that_is_needed(session: pytest.Pytester) -> None:
    session.makepyfile(naive=NAIVE)
    result = run(
        session, "--pyargs", "outtrade_suites", "--outtrade-target=py:naive.py:execute", *SMALL, "-k", "RTY-02", "-v"
    )  # fmt: skip
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1, deselected=ASKED - 1)
    result.stdout.fnmatch_lines(
        [
            "binance_spot::RTY-02 FAILED*",
            "*binance_spot::RTY-02 Nothing new while an order is in doubt*",
            "MUST, critical, in * scenario*",
            "smallest scenario, found in * runs; nothing in it can go alone:",
            "*fault: lost_answer.reset.*",
            "*sent and received*on the exchange*believed*",
            "*REPORT*",
            "replay: outtrade replay reports/naive.execute/failures/RTY-02*.min.json",
            "what it demands: outtrade explain RTY-02",
        ]
    )
    text = result.stdout.str()
    assert "before the first was found or proven absent" in " ".join(text.split())
    assert "Traceback" not in text and "runtest" not in text and "\x1b" not in text
    found = re.search(r"outtrade replay (\S+)", text)
    assert found is not None
    replayed = session.run(sys.executable, "-m", "outtrade", "replay", found[1], timeout=100)
    assert replayed.ret == 0, "the same failure shows again"


def test_what_is_not_tracked_is_skipped_as_waived(session: pytest.Pytester) -> None:
    session.makepyfile(lazy=LAZY)
    result = run(
        session, "--pyargs", "outtrade_suites", "--outtrade-target=py:lazy.py:execute", *SMALL, "-k", "REC-02", "-rs"
    )  # fmt: skip
    result.stdout.fnmatch_lines(["*waived in * scenario*: the report does not hold what REC-02 needs*"])


def test_expected_failures_are_xfailed_and_stale_ones_fail(session: pytest.Pytester) -> None:
    session.makepyfile(naive=NAIVE)
    file = session.path / "baseline.yaml"
    head = "format: outtrade.baseline\nversion: 1\nexpected:\n"
    entry = "- {{property: {0}, reason: 'known [bold] {0}'}}\n"
    words = ("--pyargs", "outtrade_suites", "--outtrade-target=py:naive.py:execute", *SMALL, "-k", "RTY-02 or PAR-01")
    file.write_text(head + entry.format("RTY-02"))
    result = run(session, *words, "-rx", "--outtrade-baseline=baseline.yaml")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(xfailed=1, passed=1, deselected=ASKED - 2)
    result.stdout.fnmatch_lines(["XFAIL*RTY-02*expected failure in * scenario*: known [[]bold] RTY-02*"])
    run(session, *words, "--outtrade-baseline=baseline.yaml", "--runxfail").assert_outcomes(
        failed=1, passed=1, deselected=ASKED - 2
    )
    file.write_text(head + entry.format("PAR-01"))
    result = run(session, *words, "--outtrade-baseline=baseline.yaml")
    result.assert_outcomes(failed=2, deselected=ASKED - 2)
    result.stdout.fnmatch_lines(["to be taken out of the baseline:", "*PAR-01 is stale*known [[]bold] PAR-01*"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--outtrade-target=py:nowhere.py:execute",), "there is no file 'nowhere.py'"),
        (("--outtrade-target=agent:ccxt", "--outtrade-space=nowhere"), "no space 'nowhere' in suite core"),
        (("--outtrade-target=agent:ccxt", "--outtrade-scenarios=0"), "--outtrade-scenarios: at least 1"),
        (("--outtrade-target=agent:ccxt", "--outtrade-baseline=none.yaml"), "none.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(session: pytest.Pytester, words: tuple[str, ...], said: str) -> None:
    result = run(session, "--pyargs", "outtrade_suites", *words)
    assert result.ret in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR)
    text = result.stdout.str() + result.stderr.str()
    assert said in text and "Traceback" not in text and ".py:1" not in text


def test_an_unused_plugin_imports_nothing(session: pytest.Pytester) -> None:
    session.makepyfile(
        """
        import sys

        def test_it():
            ours = {name for name in sys.modules if name.startswith("outtrade")}
            assert ours == {"outtrade", "outtrade.pytest_plugin"}
        """
    )
    run(session).assert_outcomes(passed=1)


def test_tests_beside_the_target_keep_their_modules(session: pytest.Pytester) -> None:
    """A target is imported afresh for every run; the test modules in its folder are not its own."""
    session.makepyfile(
        lazy=LAZY,
        test_one="""
        from outtrade.targets import resolve
        TARGET = resolve("py:lazy.py:execute")

        def test_it():
            import sys
            assert TARGET.fresh() and sys.modules[__name__].TARGET is TARGET
        """,
        test_two="""
        def test_asserts_are_still_explained():
            assert [1, 2] == [1, 3]
        """,
    )
    result = run(session)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*At index 1 diff: 2 != 3"])
