"""Locks, and all that is built of them, in a World: whoever waits for one hands the baton over.

Conditions, events, semaphores, barriers, ``queue.Queue``, ``Thread.join``, futures and executors are Python code of the
standard library over two C types, ``_thread.lock`` and ``_thread.RLock``. The methods of these types by which a thread
may block are replaced in the types' own dictionaries (as those of ``datetime``), and so are ``SimpleQueue.get`` and,
from Python 3.13 on, the ``join`` of thread handles. So every lock is covered, whoever made it and when: one made by a
module that was imported long before a World began (logging's, the import system's, urllib3's) is the same object, of
the same type, as ever. Nothing is simulated about its state: a free lock is taken by the real method. Only where that
would block, a thread that lives in a World waits in virtual time instead.

* A lock held by a foreign thread (real time; say, a progress bar that logs) is waited for in real time, while the World
  stands still: that thread is not ours to schedule. Foreign acquisitions are noted while a World is active.
* A wait that nothing in the World can end is a deadlock, unless foreign threads end it within a second of real time.
* A free lock is never refused, not even to a dead agent: ``finally`` blocks put the locks of the process in order.
* Reads of locks, events and queues that never wait are counted, so that a thread that polls can't keep the baton.
"""

from __future__ import annotations

import _queue
import _thread
import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from outtrade.sim import active

if TYPE_CHECKING:
    from outtrade.sim.world import World

LOCK: Any = type(_thread.allocate_lock())
RLOCK: Any = _thread.RLock
HANDLE: Any = getattr(_thread, "_ThreadHandle", None)
SENTINELS = sys.version_info < (3, 13)
"""Whether a thread object waits for its thread by a lock that the interpreter releases (later: by a handle)."""

real_acquire: Any = LOCK.acquire
"""``real_acquire(lock, blocking, timeout)``: whatever the World says."""
real_handle_join: Any = getattr(HANDLE, "join", None)

_get_ident = _thread.get_ident
_real_sleep, _real_clock = time.sleep, time.monotonic
_NS = 1_000_000_000
TOLD = 0.01
"""Timed waits of a single thread from this many seconds on are sleeps, and told as such."""
GRACE = 1.0
"""Real seconds that foreign threads get to end a wait that the World can't end."""
_foreign: dict[int, Any] = {}
"""Locks last taken by a foreign thread while a World was active, by address (kept alive, so that it stays theirs)."""


class LockWait:
    """What a thread waits for; it is told by the call stack (``where.call_of``): ``Queue.get``, ``Thread.join``."""

    __slots__ = ("lock",)

    def __init__(self, lock: Any) -> None:
        self.lock = lock

    def __call__(self) -> str:
        return ""


def _simple_queue() -> str:
    return "SimpleQueue.get"


def forget() -> None:
    """A World ends: what foreign threads hold is no concern any more."""
    _foreign.clear()


# -------------------------------------------------------------------- foreign threads
def foreign_threads() -> bool:
    """Whether there are threads of this process that live in real time (beside the sim's own)."""
    world = active.WORLD
    if world is None:
        return False
    baton = world.baton
    ours = {world.home} if baton is None else baton.idents()
    return any(ident not in ours for ident in list(threading._active))  # type: ignore[attr-defined]


def others_end_it(ready: Callable[[], object]) -> bool:
    """Give foreign threads, if there are any, real time to make ``ready()`` true; whether it is."""
    if not foreign_threads():
        return False
    end = _real_clock() + GRACE
    while not ready():
        if _real_clock() > end:
            return False
        _real_sleep(0.001)
    return True


def _take_from_foreigner(world: World, acquire: Any, lock: Any, timeout: float) -> bool:
    """Wait in real time, with the World standing still; it is over at the latest when the agent is stopped."""
    end = None if timeout < 0 else _real_clock() + timeout
    while not acquire(lock, True, 0.05):
        world.check()
        if end is not None and _real_clock() >= end:
            return False
    return True


# -------------------------------------------------------------------- the two types of locks
def _acquirer(acquire: Any, is_free: Callable[[Any], bool]) -> Any:
    """The ``acquire`` that replaces the C method ``acquire`` of one type of lock."""
    get_ident, foreign, world_of = _get_ident, _foreign, active

    def acquire_in_world(self: Any, blocking: Any = True, timeout: float = -1) -> bool:
        world = world_of.WORLD
        if world is None:
            taken: bool = acquire(self, blocking, timeout)
            return taken
        if world.thread != get_ident():
            world = None  # a thread that waits for long must not keep a World that is over
            taken = acquire(self, blocking, timeout)
            if taken:
                foreign[id(self)] = self
            return taken
        baton = world.baton
        if baton is not None:
            baton.called()
        if acquire(self, False):
            if foreign:
                foreign.pop(id(self), None)
            if baton is not None:
                baton.holders[id(self)] = baton.running
            return True
        if not blocking or timeout == 0 or (timeout < 0 and timeout != -1):
            taken = acquire(self, blocking, timeout)  # False, or the error for such arguments
            return taken
        return _contended(world, self, acquire, is_free, timeout)

    acquire_in_world.__name__ = acquire_in_world.__qualname__ = "acquire"
    return acquire_in_world


def _contended(world: World, lock: Any, acquire: Any, is_free: Callable[[Any], bool], timeout: float) -> bool:
    if id(lock) in _foreign:
        return _take_from_foreigner(world, acquire, lock, timeout)
    deadline = None if timeout < 0 else world.now + round(timeout * _NS)
    if world.baton is None:
        world.check()
        if deadline is None and others_end_it(lambda: is_free(lock)):
            return _take_from_foreigner(world, acquire, lock, timeout)
        if timeout >= TOLD:
            world.call_harness(world.observe.slept, timeout)
    while world.wait(lambda: is_free(lock), deadline, LockWait(lock)):
        if acquire(lock, False):
            if world.baton is not None:
                world.baton.holders[id(lock)] = world.baton.running
            return True
    return False


def _lock_is_free(lock: Any) -> bool:
    return not lock.locked()


def _rlock_is_free(lock: Any) -> bool:
    return repr(lock).startswith("<unlocked")  # before Python 3.14 there is no other way to ask without taking it


def _restorer(acquire: Any) -> Any:
    """``RLock._acquire_restore``: takes the lock as often as it was held."""

    def acquire_restore(self: Any, state: tuple[int, int]) -> None:
        for _ in range(state[0]):
            acquire(self)

    return acquire_restore


# -------------------------------------------------------------------- queues and handles
def _getter(real: Any) -> Any:
    """The ``get`` that replaces ``SimpleQueue.get``, which blocks in C."""
    get_ident, world_of, empty = _get_ident, active, _queue.Empty

    def get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
        """As queue.SimpleQueue.get; in a World the wait is in virtual time."""
        world = world_of.WORLD
        if world is None or world.thread != get_ident():
            return real(self, block, timeout)
        world.check()
        if world.baton is not None:
            world.baton.called()
        try:
            return real(self, False)
        except empty:
            if not block or (timeout is not None and timeout <= 0):
                return real(self, block, timeout)
        deadline = None if timeout is None else world.now + round(timeout * _NS)
        if deadline is None and world.baton is None and others_end_it(lambda: not self.empty()):
            return real(self, False)
        world.wait(lambda: not self.empty(), deadline, _simple_queue)
        return real(self, False)

    return get


def _handle_joiner(real: Any) -> Any:
    """The ``join`` that replaces that of the thread handles of Python 3.13."""
    get_ident, world_of = _get_ident, active

    def join(self: Any, timeout: float | None = None) -> None:
        world = world_of.WORLD
        if world is not None and world.thread == get_ident() and not self.is_done():
            if timeout is None and world.baton is None and others_end_it(self.is_done):
                return
            deadline = None if timeout is None or timeout < 0 else world.now + round(timeout * _NS)
            if not world.wait(self.is_done, deadline, LockWait(self)):
                return
        real(self, timeout)

    return join


_real_sentinel_wait: Any = getattr(threading.Thread, "_wait_for_tstate_lock", None)


def sim_sentinel_wait(self: Any, block: bool = True, timeout: float = -1) -> None:
    """Replaces ``Thread._wait_for_tstate_lock``, which takes a thread for ended when its wait is interrupted."""
    lock = self._tstate_lock
    if lock is None or active.current() is None:
        _real_sentinel_wait(self, block, timeout)
        return
    if block:
        if not lock.acquire(True, timeout):
            return
        lock.release()
    _real_sentinel_wait(self, False)


_real_is_set = threading.Event.is_set


def sim_is_set(self: threading.Event) -> bool:
    """Replaces ``threading.Event.is_set``: a thread that polls must not keep the baton."""
    world = active.WORLD
    if world is not None and world.baton is not None and world.thread == _get_ident():
        world.baton.called()
    return _real_is_set(self)


# -------------------------------------------------------------------- installation
def _put(cls: Any, methods: dict[str, Any]) -> None:
    own: dict[str, Any] = gc.get_referents(cls.__dict__)[0]
    own.update(methods)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))
    for name, method in methods.items():
        if getattr(cls, name, None) is not method:
            raise RuntimeError(f"cannot make {cls.__name__}.{name} follow the World on this Python")


def install() -> None:
    """Replace the methods, and the bound copies of them that conditions keep."""
    for cls, is_free in ((LOCK, _lock_is_free), (RLOCK, _rlock_is_free)):
        acquire = _acquirer(cls.acquire, is_free)
        methods = {"acquire": acquire, "__enter__": acquire}
        if cls is RLOCK:
            methods["_acquire_restore"] = _restorer(acquire)
        else:
            methods["acquire_lock"] = acquire
        _put(cls, methods)
    _put(_queue.SimpleQueue, {"get": _getter(_queue.SimpleQueue.get)})
    if HANDLE is not None:
        _put(HANDLE, {"join": _handle_joiner(HANDLE.join)})
    for condition in [o for o in gc.get_objects() if type(o) is threading.Condition]:
        lock: Any = condition._lock  # type: ignore[attr-defined]
        condition.acquire = lock.acquire  # type: ignore[method-assign]
        if hasattr(lock, "_acquire_restore"):
            condition._acquire_restore = lock._acquire_restore  # type: ignore[attr-defined]
