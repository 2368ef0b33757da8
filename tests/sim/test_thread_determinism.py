"""Threaded agents: same seed, same bytes, same number of hand-overs, in any process and under any PYTHONHASHSEED."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scenario_for_threads

HERE = Path(__file__).parent


def in_a_process(hash_seed: str, seeds: int) -> str:
    root = HERE.parents[1]
    path = os.pathsep.join([str(HERE), *(str(root / name) for name in ("harness", "mocks", "suites"))])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    script = [sys.executable, str(HERE / "scenario_for_threads.py"), str(seeds)]
    done = subprocess.run(script, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def same(first: str, second: str) -> None:
    for a, b in zip(first.splitlines(), second.splitlines(), strict=False):
        assert a == b
    assert first == second


def test_same_bytes_in_two_processes_and_here() -> None:
    first = in_a_process("1", 2)
    same(first, in_a_process("2", 2))
    here = "".join(scenario_for_threads.transcript(n, s) + "\n" for n in range(2) for s in ("fifo", "random"))
    same(first, here)
    assert "'crash'" in first
    runs = {seed: scenario_for_threads.transcript(seed, "fifo").splitlines()[-1] for seed in (1, 0)}
    assert len(set(runs.values())) == 2, "hand-overs are counted, and each seed is another run"
    assert first.splitlines().count(runs[1]) >= 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_hundreds_of_seeds() -> None:
    start = time.monotonic()
    same(in_a_process("1", 500), in_a_process("2", 500))
    print(f"1,000 runs twice in {time.monotonic() - start:.0f} s")
