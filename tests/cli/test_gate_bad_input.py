"""Folders that cannot be written, full disks, files that cannot be read: one line and a documented exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.conftest import BAD, GOOD, agent
from outtrade.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
FULL = Path("/dev/full")
DROP = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)
"""Runs a command as root without root's way past permissions."""

full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")


def run(spec: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["run", spec, "-n", "4", "--workers", "0", "--report", "r", *words])


@full
def test_a_disk_that_gets_full_costs_the_files_and_not_the_scorecard(engine: Path) -> None:
    spec = agent(engine, GOOD)
    run(spec)
    Path("r/results.json.part").symlink_to(FULL)
    done = run(spec, "--html", "--junit", "j.xml", "--write-baseline", "b.yaml")
    assert done.exit_code == 2, "a run whose results are lost is not green"
    assert "PASS" in done.stdout.splitlines()
    assert done.stderr == "outtrade: could not write the report: [Errno 28] No space left on device\n"
    assert not [name for name in ("r/report.html", "j.xml", "b.yaml", "r/results.json") if Path(name).exists()]
    assert not list(Path().rglob("*.part"))


@full
@pytest.mark.parametrize("name", ["r/report.html", "j.xml", "s.md", "b.yaml"])
def test_a_report_that_does_not_fit_is_said(engine: Path, name: str) -> None:
    Path("r/failures").mkdir(parents=True)
    Path(name + ".part").symlink_to(FULL)
    done = run(agent(engine, BAD), "--html", "--junit", "j.xml", "--markdown", "s.md", "--write-baseline", "b.yaml")
    assert done.exit_code == 2
    assert done.stderr == f"outtrade: cannot write {name}: No space left on device\n"
    assert Path("r/results.json").exists()
    assert not Path(name).exists() and not Path(name + ".part").is_symlink()
    again = CliRunner().invoke(app, ["report", "r", "--html", "h.html", "--junit", "j.xml"])
    assert again.exit_code == 0, "nothing is lost: the stored run makes them again"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_what_may_not_be_read_or_written_is_said_before_the_run(tmp_path: Path) -> None:
    """For root, no folder is read-only; so root gives that right up first."""
    place = tmp_path / "place"
    (place / "r" / "failures").mkdir(parents=True)
    (place / "baseline.yaml").write_text("format: outtrade.baseline\nversion: 1\nexpected: []\n")
    (place / "baseline.yaml").chmod(0)
    (place / "agent.py").write_text("def execute(task, venue):\n    raise RuntimeError\n")
    for folder in (place, place / "r", place / "r" / "failures"):
        folder.chmod(0o555)
    before = DROP if os.geteuid() == 0 else ()
    if before and (
        shutil.which(before[0]) is None or subprocess.run([*before, "true"], capture_output=True).returncode
    ):
        pytest.skip("root cannot give up its right to write everywhere: no setpriv")
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("harness", "mocks", "suites"))}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        whole = [*before, sys.executable, "-B", "-m", "outtrade", "run", "py:agent.py:execute", "-n", "1", *words]
        return subprocess.run(whole, cwd=place, env=env, capture_output=True, text=True, timeout=100)

    for words, said in (
        (("--report", "r"), "cannot write reports to r: Permission denied"),
        (("--report", "new"), "cannot write reports to new: Permission denied"),
        (("--baseline", "baseline.yaml"), "baseline.yaml: Permission denied"),
        (
            ("--report", str(tmp_path / "nowhere"), "--write-baseline", "b.yaml"),
            "cannot write b.yaml: Permission denied",
        ),
    ):
        done = command(*words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"outtrade: {said}\n")
    for folder in (place, place / "r", place / "r" / "failures"):
        folder.chmod(0o755)
