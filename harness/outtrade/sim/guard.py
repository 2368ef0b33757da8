"""What a World refuses: ways out of it that are not simulated.

An audit hook sees every attempt of Python code to use a real socket, to start a process or to fork, whatever wrapper it
went around, and refuses it in a thread that lives in a World. Threads are started by ``threads``, and by nobody else.
``multiprocessing`` starts processes past the hook ("spawn"); there the function below it is replaced. C libraries that
talk to the kernel themselves are the business of ``native`` and of ``outtrade.engine.isolation``; uvloop's event loops
are replaced by the World's.
"""

from __future__ import annotations

import errno
import importlib
import sys
from typing import Any

from outtrade.sim.active import current

try:
    _posixsubprocess: Any = importlib.import_module("_posixsubprocess")
    _real_fork_exec = _posixsubprocess.fork_exec
except ImportError:  # Windows
    _posixsubprocess = None

_THREADS = ("_thread.start_new_thread", "_thread.start_joinable_thread")
_REFUSED = frozenset(
    {
        *_THREADS,
        "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
        "socket.sendmsg", "socket.sendto",
    }
)  # fmt: skip


def _line(event: str) -> str:
    """What is told of an attempt."""
    if event.startswith(("socket.", *_THREADS)):
        return event
    return f"{event}: a process would be outside the World; use wire mode: outtrade run cmd:..."


def sim_fork_exec(*args: Any) -> int:
    """Replaces ``_posixsubprocess.fork_exec``, which no audit event announces."""
    world = current()
    if world is not None:
        world.escape(_line("multiprocessing"))
        raise OSError(errno.EPERM, "multiprocessing is not possible inside a World")
    return int(_real_fork_exec(*args))


def swaps() -> list[tuple[Any, str, Any]]:
    """What to replace, in the form of ``install``."""
    return [] if _posixsubprocess is None else [(_posixsubprocess, "fork_exec", sim_fork_exec)]


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        world = current()
        if world is not None and not (event in _THREADS and world.baton is not None and world.baton.launching):
            world.escape(_line(event))
            raise OSError(errno.EPERM, f"{event} is not possible inside a World")


def install_audit() -> None:
    """Add the audit hook; it stays for the life of the process."""
    sys.addaudithook(_audit)
