"""1,000 seeds of a blocking, an asyncio and a threaded agent: two processes, not one differing byte.

    python3 dev.py test -m slow tests/engine/test_thousand_seeds.py

The hash of a history covers every event with its time, and every body that was sent or received.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from outtrade.engine.run import run
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
spec, order = sys.argv[1], range(1000) if sys.argv[2] == "up" else range(999, -1, -1)
target = resolve(spec)
for seed in order:
    print(seed, run(target, generate("binance_spot", seed, seed % 7)).hash())
"""


def start(spec: str, hash_seed: str, order: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("harness", "mocks", "suites"))
    environ = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, spec, order], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("spec", ["agent:ccxt", "agent:httpx", "agent:threaded"])
def test_a_thousand_seeds_give_the_same_bytes_in_another_process(spec: str) -> None:
    """The second process has another hash seed and goes through the seeds backwards."""
    both = [start(spec, "1", "up"), start(spec, "2", "down")]
    one, two = (process.communicate()[0].splitlines() for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert len(set(one)) == 1000
    assert set(one) == set(two)
