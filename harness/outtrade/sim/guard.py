"""What a World refuses: ways out of it that are not simulated.

An audit hook sees every attempt of Python code to use a real socket, to start a process or to fork, whatever wrapper it
went around, and refuses it in a thread that lives in a World. Threads are started by ``threads``, and by nobody else.
C extensions that talk to the kernel themselves (grpc, curl_cffi, psycopg)
are out of reach; uvloop's event loops are replaced by the World's.
"""

from __future__ import annotations

import errno
import sys
from typing import Any

from outtrade.sim.active import current

_THREADS = ("_thread.start_new_thread", "_thread.start_joinable_thread")
_REFUSED = frozenset(
    {
        *_THREADS,
        "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
        "socket.sendmsg", "socket.sendto",
    }
)  # fmt: skip


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        world = current()
        if world is not None and not (event in _THREADS and world.baton is not None and world.baton.launching):
            world.escape(event)
            raise OSError(errno.EPERM, f"{event} is not possible inside a World")


def install_audit() -> None:
    """Add the audit hook; it stays for the life of the process."""
    sys.addaudithook(_audit)
