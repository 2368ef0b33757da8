"""The Python of docs/cassettes.md runs as it is written there."""

from __future__ import annotations

import os
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from reference_kit import tape

from outtrade_mocks.cassettes.writing import render

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """
import httpx

def fetch_balances():
    base = "https://api.binance.com/api/v3"
    with httpx.Client(base_url=base) as client:
        for path in (
            "/exchangeInfo", "/ticker/bookTicker?symbol=LINKUSDT", "/depth?symbol=SOLUSDT&limit=10",
            "/trades?symbol=SOLUSDT", "/avgPrice?symbol=SOLBTC", "/account/commission?symbol=SOLUSDT",
        ):
            assert client.get(path).status_code == 200
"""


def test_the_examples(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("suites", "mocks", "harness"):
        monkeypatch.setenv("PYTHONPATH", str(ROOT / folder), prepend=os.pathsep)
    fixture, script, stateful = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "cassettes.md").read_text(), re.S)
    tests = pytester.mkdir("tests")
    (tests / "my_run.yaml").write_text(render(tape()))
    pytester.makepyfile(
        my_client=CLIENT,
        test_fixture=fixture,
        test_stateful=stateful,
        test_script="def test_it():\n" + "".join(f"    {line}\n" for line in script.splitlines()),
    )
    found = any(point.name == "outtrade" for point in entry_points(group="pytest11"))
    plugin = () if found else ("-p", "outtrade.pytest_plugin")
    result = pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", timeout=200)
    result.assert_outcomes(passed=3)


def test_items_on_a_recording(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("suites", "mocks", "harness"):
        monkeypatch.setenv("PYTHONPATH", str(ROOT / folder), prepend=os.pathsep)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # it would have a folder of its own
    found = any(point.name == "outtrade" for point in entry_points(group="pytest11"))
    plugin = () if found else ("-p", "outtrade.pytest_plugin")
    (pytester.path / "my_run.yaml").write_text(render(tape()))
    words = ("--pyargs", "outtrade_suites", "--outtrade-target=agent:ccxt", "--outtrade-scenarios=2")
    more = ("--outtrade-workers=0", "-k", "PAR-01", "-p", "no:cacheprovider")
    result = pytester.runpytest_subprocess(*plugin, *words, *more, "--outtrade-reference=my_run.yaml", timeout=200)
    result.assert_outcomes(passed=1)
    stored = (pytester.path / "reports" / "agent-ccxt" / "results.json").read_text()
    assert "binance_spot-1-0000-" in stored, "the scenario's id names the recording"
    result = pytester.runpytest_subprocess(*plugin, *words, *more, "--outtrade-reference=none.yaml", timeout=200)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["none.yaml: no such file"])
    result.stdout.no_fnmatch_line("*Traceback*")
