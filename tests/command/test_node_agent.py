"""The agent in JavaScript, with npm's unmodified ccxt: installed as its documentation says, then judged."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "node"
FILES = ("agent.mjs", "package.json", "package-lock.json", ".npmrc")
SEED = "6"
"""Crashes after the exchange executed and after the answer came, a lost answer that was committed, one that was not."""
NPM = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000")


@pytest.fixture(scope="session")
def installed(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds ``examples/node`` with its libraries, kept from run to run; skips where there is no npm."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    state = hashlib.sha256(b"".join((EXAMPLE / name).read_bytes() for name in FILES[1:])).hexdigest()[:12]
    cache = getattr(pytestconfig, "cache", None)
    kept = cache.mkdir("node-agent") if cache is not None else tmp_path_factory.mktemp("node-agent")
    place = Path(kept) / state
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of pytest-xdist install once
        folder = place / "examples" / "node"
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(EXAMPLE / name, folder / name)
        if not (place / "done").exists():
            try:
                done = subprocess.run(["npm", *NPM], cwd=folder, capture_output=True, text=True, timeout=200)
            except subprocess.TimeoutExpired:
                pytest.skip("npm ci took more than 200 s")
            if done.returncode:
                pytest.skip(f"npm ci failed: {(done.stderr.strip().splitlines() or ['(no reason given)'])[0]}")
            (place / "done").touch()
    return place


def test_the_javascript_agent_passes(installed: Path, tmp_path: Path) -> None:
    path = os.pathsep.join(str(ROOT / part) for part in ("harness", "mocks", "suites"))
    words = ["cmd:node examples/node/agent.mjs", "--scenarios", "4", "--seed", SEED, "--report", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "outtrade", "run", *words],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 landed" in done.stdout


def test_versions_are_pinned_and_no_registry_is_named() -> None:
    wanted = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]
    packages = json.loads((EXAMPLE / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    for name, package in packages.items():
        if name:
            assert "resolved" not in package and package["integrity"].startswith("sha512-")
