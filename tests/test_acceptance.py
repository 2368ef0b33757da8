"""The large runs: `python3 dev.py test -m slow`. Tens of minutes; kept out of CI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def command(*words: str) -> int:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("harness", "mocks", "suites"))
    return subprocess.run(
        [sys.executable, "-m", "outtrade", *words], env={**os.environ, "PYTHONPATH": paths}
    ).returncode


def test_the_zoo_is_caught_and_the_reference_agents_are_clean(tmp_path: Path) -> None:
    """Kill matrix, 1,000 scenarios of each reference agent, every fault landed, every property applied."""
    assert command("zoo", "--report", str(tmp_path)) == 0


def test_two_runs_of_a_gateway_are_identical_whatever_the_workers(tmp_path: Path) -> None:
    def results(name: str, workers: str) -> dict[str, Any]:
        folder = tmp_path / name
        command("run", "ccxt:binance", "-n", "200", "--seed", "1", "--workers", workers, "--report", str(folder))
        data: dict[str, Any] = json.loads((folder / "results.json").read_text())
        for field in data["declared_time_fields"]:
            rows, _, leaf = field.rpartition("[].")
            for row in data[rows] if rows else [data]:
                row.pop(leaf, None)
        return data

    assert results("one", "1") == results("two", "2")
