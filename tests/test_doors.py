"""The README's doors: every line of every block is run as written, in a folder that holds what a clone holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- door: (\w+) -->\n```sh\n(.*?)```\n", re.DOTALL)
DOORS = dict(BLOCK.findall((ROOT / "README.md").read_text()))
NEEDS = {"process": ("node", "npm"), "wire": ("curl", "timeout"), "cassette": ("timeout",)}
SHOWS = {
    "world": "RTY-01", "process": "PASS", "wire": "serverTime", "cassette": "PASS", "pytest": "passed",
    "model": "PASS", "reports": "page.html", "gate": "RTY", "dataset": "preference",
}  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone, in which commands may write."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "cassettes").symlink_to(ROOT / "cassettes")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("node_modules"))
    commands = folder / "bin"
    commands.mkdir()
    for name, words in (("outtrade", "-m outtrade"), ("pytest", "-m pytest"), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (commands / name).chmod(0o755)
    return folder


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {
        "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(str(ROOT / name) for name in ("harness", "mocks", "suites")),
        "COLUMNS": "100",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    environ.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(["bash", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, timeout=280)


@pytest.mark.xdist_group("doors")
@pytest.mark.parametrize("door", DOORS)
def test_a_door_opens_as_the_readme_says(door: str, clone: Path) -> None:
    missing = [name for name in NEEDS.get(door, ()) if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    lines = [line for line in DOORS[door].splitlines() if not line.startswith("#")]
    if "& " in DOORS[door] or "&\n" in DOORS[door]:  # something runs beside: one shell for all lines
        lines = ["\n".join(lines)]
    said = ""
    for line in lines:
        done = run(line, clone)
        said += done.stdout + done.stderr
        if "npm ci" in line and "ENOTFOUND" in said:
            pytest.skip("the package registry cannot be reached")
        wanted = 1 if "# exit 1" in line else 0
        assert done.returncode == wanted, f"{line}\nexit {done.returncode}\n{said[-3000:]}"
    assert SHOWS[door] in said, said[-3000:]


def test_every_door_is_shown() -> None:
    assert set(SHOWS) == set(DOORS)
