"""Workers that run Worlds live in an empty network; a run says what kept its agents from the real one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outtrade.engine import isolation
from outtrade.engine.events import RunFinished, ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.model.history import History, Log

DIALS_IN_C = """
import ctypes, os, struct

def execute(task, venue):
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.socket(2, 1, 0)
    port = int(os.environ["ESCAPE_PORT"])
    address = struct.pack("=H", 2) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    print("connect:", libc.connect(descriptor, address, 16), os.strerror(ctypes.get_errno()))
    libc.close(descriptor)
"""


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("ESCAPE_PORT", str(server.getsockname()[1]))
        server.setblocking(False)
        yield server


def possible(user: int | None = None) -> bool:
    """Whether a process of this system may enter an empty network (tried in a child)."""
    child = os.fork()
    if child == 0:
        if user is not None:
            os.setgid(user)
            os.setuid(user)
        os._exit(0 if isolation.enter() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def dial(tmp_path: Path, workers: int) -> tuple[str, str]:
    """What the agent's call in C came to, and what the run says of its isolation."""
    (tmp_path / "dials.py").write_text(DIALS_IN_C)
    kit = prepare(Plan(f"py:{tmp_path / 'dials.py'}:execute", space="smoke", scenarios=1, baseline=False))
    events = list(run_many(kit, workers=workers, budget=0))
    (history,) = (History.from_jsonl(e.examined.history) for e in events if isinstance(e, ScenarioDone))
    (said,) = (event.text for event in history.events if isinstance(event, Log))
    assert isinstance(events[-1], RunFinished)
    return said, events[-1].isolation


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_a_socket_made_in_c_reaches_nobody(tmp_path: Path, listener: socket.socket) -> None:
    if not possible():
        pytest.skip("this system gives this user no network namespace")
    said, isolated = dial(tmp_path, workers=1)
    assert said == "connect: -1 Network is unreachable"
    assert isolated == "network namespace"
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_in_this_process_there_is_the_hook_only_and_the_run_says_so(tmp_path: Path, listener: socket.socket) -> None:
    """The same agent outside of a namespace gets through: the test above shows something."""
    said, isolated = dial(tmp_path, workers=0)
    assert said.startswith("connect: 0")
    assert isolated == "audit hook only"
    listener.accept()[0].close()


def test_where_the_system_refuses_the_run_goes_on_and_says_so(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "_unshare", lambda flags: False)
    said, isolated = dial(tmp_path, workers=1)
    assert said.startswith("connect: 0")
    assert isolated == "audit hook only"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_others_than_root_get_it_with_a_user_namespace() -> None:
    if not possible(65534):
        pytest.skip("this system gives only root a network namespace")
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        entered = isolation.enter()
        with socket.socket() as sock:
            os._exit(0 if entered and sock.connect_ex(("127.0.0.1", 9)) != 111 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_one_scenario_outside_is_enough_to_say_so() -> None:
    assert isolation.words({True}) == "network namespace"
    assert isolation.words({True, False}) == isolation.words({False}) == "audit hook only"
    assert isolation.words(set()) == ""
