"""A whole run, traced by the kernel: no Internet socket is made, nothing is sent to one.

Needs strace (Debian: ``apt-get install strace``) and the right to trace; each run takes some seconds under it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
NETWORKED = re.compile(r"AF_INET6?|AF_PACKET|AF_NETLINK|<(?:TCP|UDP|RAW|NETLINK|PACKET)")
"""Families of sockets that lead out of the machine, in a call's arguments or behind a descriptor."""

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(STRACE is None, reason="strace is not installed (Debian: apt-get install strace)"),
]

DIALS_IN_C = """
import ctypes

def execute(task, venue):
    libc = ctypes.CDLL(None)
    libc.close(libc.socket(2, 1, 0))
"""


def traced(folder: Path, target: str) -> list[str]:
    """Every network system call of ``outtrade run``, of all its processes."""
    return traced_command(folder, "run", target, "-n", "4", "--workers", "2", "--report", "r")


def traced_command(folder: Path, *words: str) -> list[str]:
    """Every network system call of a command of ``outtrade``."""
    assert STRACE is not None
    trace = folder / "trace"
    done = subprocess.run(
        [STRACE, "-f", "-yy", "-e", "trace=network", "-o", str(trace), sys.executable, "-m", "outtrade", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True,
    )  # fmt: skip
    if not trace.exists() or "ptrace" in done.stderr:
        pytest.skip(f"this system does not let us trace: {done.stderr[-200:]}")
    assert done.returncode in (0, 1, 3), done.stderr
    return trace.read_text().splitlines()


@pytest.mark.parametrize("target", ["agent:ccxt", "agent:httpx", "agent:threaded", "ccxt.async:binance"])
def test_no_packet_leaves_a_whole_run(tmp_path: Path, target: str) -> None:
    calls = traced(tmp_path, target)
    assert any("AF_UNIX" in call for call in calls)  # the pipes to the workers: the trace saw them
    assert [call for call in calls if NETWORKED.search(call)] == []


def test_a_replayed_talk_with_a_model_needs_no_socket(tmp_path: Path) -> None:
    """The host of ``--allow-host`` answers from the recording."""
    agent, tape = f"py:{EXAMPLES / 'llm_agent.py'}:execute", str(EXAMPLES / "llm_talk.yaml")
    scenario = str(EXAMPLES / "answer_lost.json")
    calls = traced_command(tmp_path, "replay", scenario, "--target", agent, "--allow-replay", tape)
    assert [call for call in calls if NETWORKED.search(call)] == []


def test_the_trace_sees_what_passes_the_hook(tmp_path: Path) -> None:
    (tmp_path / "dials.py").write_text(DIALS_IN_C)
    assert any(NETWORKED.search(call) for call in traced(tmp_path, "py:dials.py:execute"))
