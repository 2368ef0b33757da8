"""Same scenario, same bytes: in any process, under any PYTHONHASHSEED, and twice in one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import scenario_for_determinism

HERE = Path(__file__).parent


def in_a_process(hash_seed: str) -> str:
    root = HERE.parents[1]
    path = os.pathsep.join([str(HERE), *(str(root / name) for name in ("harness", "mocks", "suites"))])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    script = str(HERE / "scenario_for_determinism.py")
    done = subprocess.run(
        [sys.executable, script], env=environment, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_same_bytes_in_two_processes_and_here() -> None:
    first, second = in_a_process("1"), in_a_process("2")
    for a, b in zip(first.splitlines(), second.splitlines(), strict=False):
        assert a == b
    assert first == second
    here = scenario_for_determinism.transcript()
    assert here == scenario_for_determinism.transcript()
    for a, b in zip(first.splitlines(), here.splitlines(), strict=False):
        assert a == b
    assert len(first.splitlines()) > 200
