"""A worker process goes when the process that wanted it is gone, and be it by ``kill -9``, which tells nobody.

Linux sends a child a signal when its parent dies (``PR_SET_PDEATHSIG``), whatever the child is busy with: a scenario in
real time, native code, an endless loop. What a worker has started itself has guards of its own
(``outtrade.targets.command``), which notice the worker's end. Elsewhere a worker goes when it next looks for work.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def die_with_parent() -> None:
    """To be called first thing in a worker of ``multiprocessing``, whose parent's main thread started it."""
    if sys.platform != "linux":
        return
    parent = multiprocessing.parent_process()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if parent is not None and os.getppid() != parent.pid:  # it died before we asked
        os._exit(1)
