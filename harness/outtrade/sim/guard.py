"""What a World refuses: ways out of it that are not simulated.

An audit hook sees every attempt of Python code to use a real socket, to start a process or to fork, whatever wrapper it
went around, and refuses it in the thread that lives in a World. Threads can't be started by agent code for now; thread
pools run their work at once, in the caller. C extensions that talk to the kernel themselves (grpc, curl_cffi, psycopg)
are out of reach; uvloop's event loops are replaced by the World's.
"""

from __future__ import annotations

import concurrent.futures
import errno
import sys
import threading
from collections.abc import Callable
from typing import Any

from outtrade.sim.active import current

_REFUSED = frozenset(
    {
        "_thread.start_joinable_thread", "_thread.start_new_thread",
        "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
        "socket.sendmsg", "socket.sendto",
    }
)  # fmt: skip


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        world = current()
        if world is not None:
            world.escape(event)
            raise OSError(errno.EPERM, f"{event} is not possible inside a World")


_real_start = threading.Thread.start


def sim_thread_start(self: threading.Thread) -> None:
    """Replaces ``threading.Thread.start``."""
    world = current()
    if world is not None:
        world.check()
        world.escape(f"thread {self.name}")
        raise RuntimeError("can't start new thread: threads of agents are not simulated")
    _real_start(self)


_real_submit = concurrent.futures.ThreadPoolExecutor.submit


def sim_submit(
    self: concurrent.futures.ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> concurrent.futures.Future[Any]:
    """Replaces ``ThreadPoolExecutor.submit``: in a World the work is done before it returns."""
    world = current()
    if world is None:
        return _real_submit(self, fn, *args, **kwargs)
    world.check()
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    future.set_running_or_notify_cancel()
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:
        future.set_exception(error)
    return future


def install_audit() -> None:
    """Add the audit hook; it stays for the life of the process."""
    sys.addaudithook(_audit)
