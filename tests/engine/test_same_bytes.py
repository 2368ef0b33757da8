"""Same scenario, same bytes: in two processes with different hash seeds, and alone or after other scenarios."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = ("agent:ccxt", "agent:httpx", "agent:threaded", "ccxt:binance", "ccxt.async:binance")
SCRIPT = f"""
from outtrade.engine.run import run
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
import sys
wanted = [int(index) for index in sys.argv[1].split(",")]
for spec in {TARGETS!r}:
    target = resolve(spec)
    for index in wanted:
        print(spec, index, run(target, generate("binance_spot", 3, index)).hash())
"""


def hashes(seed: str, wanted: str) -> list[str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("harness", "mocks", "suites"))
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, wanted], env=env, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()


def test_two_processes_with_different_hash_seeds_give_the_same_histories() -> None:
    first = hashes("1", "0,1,2,3,4,5")
    second = hashes("2", "5,4,3,2,1,0")
    assert len(first) == 6 * len(TARGETS)
    assert sorted(first) == sorted(second)
