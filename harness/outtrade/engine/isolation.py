"""An empty network for worker processes: inside it there is nobody to talk to.

A World replaces Python's sockets, and an audit hook refuses those that go around it (``outtrade.sim.guard``). A C
library talks to the kernel itself and passes both. So a worker that runs agents in Worlds first leaves the machine's
network for one of its own (a Linux network namespace), which holds no interface but a loopback that is down: whatever
dials in C ends with "network is unreachable". Root needs nothing more for it; others get it together with a user
namespace, where the system allows that. Where it does not, the audit hook is what there is, and the run says so.

What a worker holds already (the pipe to its parent) goes on working. A socket in the file system could still be
connected to by C code: a path is not part of the network.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

NAMESPACE = "network namespace"
"""What a run says where every worker is in an empty network."""
HOOK = "audit hook only"
"""What a run says where at least one scenario was run without."""

_NEW_USER = 0x1000_0000
_NEW_NETWORK = 0x4000_0000


def enter() -> bool:
    """Leave the machine's network for an empty one, for the rest of this process; whether that was possible.

    To be called early, while the process has one thread: the kernel gives user namespaces to no other.
    """
    if not sys.platform.startswith("linux"):
        return False
    if _unshare(_NEW_NETWORK):
        return True
    user, group = os.geteuid(), os.getegid()
    if not _unshare(_NEW_USER | _NEW_NETWORK):
        return False
    with suppress(OSError):  # without it the process does not know its own name, and works all the same
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return True


def _unshare(flags: int) -> bool:
    """The system call; Python knows it from 3.12 on."""
    native = getattr(os, "unshare", None)
    try:
        if native is not None:
            native(flags)
            return True
        return bool(ctypes.CDLL(None).unshare(flags) == 0)
    except (OSError, AttributeError):
        return False


def words(entered: set[bool], allowed: Sequence[str] = ()) -> str:
    """What a run says of itself: ``entered`` holds, of each scenario that was run, whether its process is isolated,
    ``allowed`` the real hosts that a broker outside (``outtrade.outside``) reached for its agents.

    >>> words({True}), words({True, False}), words(set())
    ('network namespace', 'audit hook only', '')
    >>> words({True}, ["api.openai.com"])
    'network namespace; let through to the real api.openai.com'
    """
    if not entered:
        return ""
    exception = f"; let through to the real {', '.join(allowed)}" if allowed else ""
    return (NAMESPACE if entered == {True} else HOOK) + exception
