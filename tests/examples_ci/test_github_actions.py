"""The example for GitHub Actions: the workflow's own commands, run as written, on a good and on a bad agent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
WORKFLOW: dict[Any, Any] = yaml.safe_load((CI / "github-actions.yml").read_text())
STEPS = {step.get("name", step.get("uses")): step for step in WORKFLOW["jobs"]["gate"]["steps"]}

EVIL = "::error::forged%0A<script>alert(1)</script>\\n::set-output name=x::y"
LOUD = f"""
from outtrade import Report

def execute(task, venue):
    print('{EVIL}')
    raise RuntimeError('{EVIL}' + 20 * ' ::error::forged')  # wherever the line is wrapped
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository that has followed the comment at the top of the workflow, on a runner."""
    (tmp_path / "ci").mkdir()
    for name in ("gate.py", "baseline.yaml"):
        shutil.copy(CI / name, tmp_path / "ci" / name)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return tmp_path


def step(project: Path, run: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run a step's command as a runner does, with its environment and ``changed``."""
    env = os.environ | WORKFLOW["env"] | {"SCENARIOS": "4"} | changed
    env |= {
        "PATH": f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("harness", "mocks", "suites")),
        "GITHUB_STEP_SUMMARY": str(project / "summary"),
        "GITHUB_OUTPUT": str(project / "output"),
        "GITHUB_ACTIONS": "true",
    }
    return subprocess.run(["bash", "-e", "-c", run], cwd=project, env=env, capture_output=True, text=True, timeout=200)


def gate(project: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow's step, as it stands there."""
    return step(project, STEPS["Gate"]["run"], **changed)


def commands(text: str) -> list[str]:
    """What a runner would obey: commands that do not stand between stop-commands and its token."""
    found, token = [], ""
    for line in text.splitlines():
        line = line.lstrip()
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif re.match(r"::\w", line):
            found.append(line)
    assert not token, "commands were never read again"
    return found


def test_the_workflow_runs_the_tested_script_and_keeps_its_reports() -> None:
    assert list(STEPS) == ["actions/checkout@v4", "actions/setup-python@v5", "Install", "Gate", "Keep the reports"]
    assert WORKFLOW[True].keys() == {"pull_request", "push"}  # YAML 1.1 reads the key "on" as true
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert STEPS["Gate"]["run"].split()[:2] == ["python", "ci/gate.py"]
    install = re.fullmatch(r'python -m pip install "outtrade\[(\w+)\]"', STEPS["Install"]["run"])
    assert install is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert install[1] in project["optional-dependencies"]
    assert STEPS["Keep the reports"]["if"] == "always()"
    assert STEPS["Keep the reports"]["with"]["path"] == "outtrade-report/"
    assert 'OUT = Path("outtrade-report")' in (CI / "gate.py").read_text()


def test_a_good_agent_passes(project: Path) -> None:
    done = gate(project, TARGET="agent:httpx")
    assert (done.returncode, done.stderr) == (0, "")
    assert commands(done.stdout) == []
    assert (project / "summary").read_text().startswith("## Outtrade: PASS\n")
    assert (project / "output").read_text() == "exit-code=0\nreport=outtrade-report/report.html\n"
    assert ET.parse(project / "outtrade-report" / "junit.xml").getroot().get("failures") == "0"


def test_a_bad_agent_fails_and_is_annotated(project: Path) -> None:
    (project / "my_agent.py").write_text(LOUD)
    done = gate(project)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^\s*::error::forged", done.stdout, re.M), "what the agent said begins a line"
    said = commands(done.stdout)
    assert said[0].startswith("::error title=Outtrade gate::")
    assert any(re.match(r"::error file=my_agent\.py,title=[A-Z]{3}-\d\d(%3A|::)", line) for line in said)
    assert any("%0Aouttrade replay outtrade-report/failures/" in line for line in said)
    assert 1 < len([line for line in said if line.startswith("::error")]) <= 10
    assert all(line.startswith(("::error file=my_agent.py,title=", "::error title=Outtrade gate::")) for line in said)
    summary = (project / "summary").read_text()
    assert summary.startswith("## Outtrade: FAIL\n") and "<details>" in summary
    assert "<script>" not in summary and "<script>" not in (project / "outtrade-report" / "report.html").read_text()
    assert int(ET.parse(project / "outtrade-report" / "junit.xml").getroot().get("failures", 0)) > 1


def test_what_is_expected_passes(project: Path) -> None:
    wrong = "zoo:limit_price_as_average"
    file = project / "ci" / "baseline.yaml"
    file.unlink()
    write = (
        'python -m outtrade run "$TARGET" -n "$SCENARIOS" --report w --no-minimise --write-baseline ci/baseline.yaml'
    )
    assert step(project, write, TARGET=wrong).returncode == 1
    file.write_text(file.read_text().replace("reason: ''", "reason: known"))
    done = gate(project, TARGET=wrong)
    assert done.returncode == 0, done.stdout
    assert "### Expected failures" in (project / "summary").read_text()
    assert [line.partition("::")[0] for line in commands(done.stdout)] == [""]
    assert commands(done.stdout)[0].startswith("::notice title=Outtrade gate::")


def test_what_did_not_run_is_red_and_leaves_nothing_old(project: Path) -> None:
    (project / "outtrade-report").mkdir()
    (project / "outtrade-report" / "results.json").write_text("{}")
    done = gate(project, TARGET="py:nowhere.py:execute")
    assert done.returncode == 2
    assert commands(done.stdout) == ["::error title=Outtrade::outtrade run ended with exit code 2 and wrote no results"]
    assert (project / "summary").read_text() == "## Outtrade: exit code 2\n"
