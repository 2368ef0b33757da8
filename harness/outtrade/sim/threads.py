"""Starting threads in a World, and what they share with the process: names, hashes, errors.

A thread is a real one, started by the interpreter's own function; ``baton`` decides when it runs. So everything that
hangs on threads is what it is outside: ``threading.current_thread``, ``enumerate``, thread-locals, context variables,
the event loop of a thread. Thread numbers (``get_ident``) are the kernel's and differ from run to run: nothing of a run
depends on them unless the agent prints them.

What else could differ from run to run is put in order. Threads and futures of ``concurrent.futures`` hash by number
instead of by address, because an executor joins a *set* of threads, and ``wait`` and ``as_completed`` go through sets
of futures; counters that name threads and pools begin anew in each World; pools are as wide as on a machine with four
processors.
"""

from __future__ import annotations

import _thread
import concurrent.futures
import itertools
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import _base
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from outtrade.sim import clients, imports, locks
from outtrade.sim.active import current
from outtrade.sim.baton import Baton, Member
from outtrade.sim.errors import WorldStop

if TYPE_CHECKING:
    from outtrade.sim.process import Process
    from outtrade.sim.world import World

PROCESSORS = 4

_real_start: Any = _thread.start_new_thread
_real_start_joinable: Any = getattr(_thread, "start_joinable_thread", None)
_real_cpu_count = os.cpu_count


# -------------------------------------------------------------------- starting
def sim_start_new_thread(function: Any, args: Any, kwargs: Any = None, /) -> int:
    """Replaces ``_thread.start_new_thread``."""
    world = current()
    if world is None:
        ident: int = _real_start(function, args) if kwargs is None else _real_start(function, args, kwargs)
        return ident
    return int(_begin(world, function, args, kwargs or {}, None))


def sim_start_joinable_thread(function: Any, handle: Any = None, daemon: bool = True) -> Any:
    """Replaces ``_thread.start_joinable_thread`` (Python 3.13)."""
    world = current()
    if world is None:
        return _real_start_joinable(function, handle=handle, daemon=daemon)
    handle = locks.HANDLE() if handle is None else handle
    _begin(world, function, (), {}, handle)
    return handle


def _begin(world: World, function: Any, args: Any, kwargs: Any, handle: Any) -> int:
    owner = getattr(function, "__self__", None)
    thread = owner if isinstance(owner, threading.Thread) else None
    try:
        world.check()
    except WorldStop:
        threading._limbo.pop(thread, None)  # type: ignore[attr-defined]  # Thread.start expects an Exception at most
        raise
    if world.in_harness:
        raise RuntimeError("code of the harness must not start threads")
    baton = world.baton
    if baton is None:
        baton = world.baton = Baton(world)
    process = thread.process if isinstance(thread, _First) else world.process
    member = Member(thread.name if thread is not None else getattr(function, "__name__", "thread"), process)
    member.thread = thread
    member.first = isinstance(thread, _First)
    member.work = (function, args, kwargs)
    baton.enter(member)
    baton.launching = True
    try:
        if _real_start_joinable is None:
            return int(_real_start(_run, (baton, member)))
        handle = locks.HANDLE() if handle is None else handle
        member.gone = lambda seconds: _handle_done(handle, seconds)
        # a daemon to the interpreter: the World ends it, and whether it waits for that is the agent's business
        _real_start_joinable(lambda: _run(baton, member), handle=handle, daemon=True)
        return int(handle.ident)
    except BaseException:
        baton.withdraw(member)
        raise
    finally:
        baton.launching = False


def _handle_done(handle: Any, seconds: float) -> bool:
    locks.real_handle_join(handle, seconds)
    return bool(handle.is_done())


def _lock_free(lock: Any, seconds: float) -> bool:
    if not locks.real_acquire(lock, True, seconds):
        return False
    lock.release()
    return True


def _run(baton: Baton, member: Member) -> None:
    """The whole life of a started thread."""
    sentinel = _thread._set_sentinel() if locks.SENTINELS else None  # type: ignore[attr-defined]
    wanted = baton.awake(member)
    assert member.work is not None
    function, args, kwargs = member.work
    member.work = None
    thread = member.thread
    try:
        if not wanted and thread is not None:
            thread.run = _nothing  # type: ignore[method-assign]
        if wanted or thread is not None:
            function(*args, **kwargs)
    except SystemExit:
        pass
    except WorldStop as reason:
        baton.world.halt(reason.again())
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        if sentinel is not None:
            lock = getattr(thread, "_tstate_lock", None) or sentinel  # the thread object has put its own in its place
            member.gone = lambda seconds: _lock_free(lock, seconds)
        member.thread = thread = None
        del function, args, kwargs  # what only they held ends now, in this thread's turn
        baton.leave(member)


def _nothing() -> None:
    pass


class _First(threading.Thread):
    """The first thread of a process beside others."""

    def __init__(self, process: Process, name: str, fn: Callable[[], object]) -> None:
        super().__init__(name=name)
        self.process = process
        self._fn = fn

    def run(self) -> None:
        self._fn()


def start_process(world: World, process: Process, name: str, fn: Callable[[], object]) -> None:
    """Start the first thread of a process; see ``World.spawn``."""
    _First(process, name, fn).start()


# -------------------------------------------------------------------- errors
def error_hook(world: World, hook: Callable[[Any], object]) -> Callable[[Any], object]:
    """A ``threading.excepthook`` for the World: errors go to the usual one, the end of the agent to nobody."""

    def excepthook(args: Any) -> object:
        if current() is not world:
            return hook(args)
        if issubclass(args.exc_type, WorldStop):
            world.halt(args.exc_value.again())
        elif world.stopped is None:
            name = args.thread.name if args.thread is not None else ""
            world.call_harness(world.observe.thread_failed, name, args.exc_value)
            hook(args)
        return None

    return excepthook


# -------------------------------------------------------------------- order
def sim_cpu_count() -> int | None:
    """Replaces ``os.cpu_count``: the same on every machine."""
    return _real_cpu_count() if current() is None else PROCESSORS


def _acquire_futures_init(self: Any, futures: Any) -> None:
    self.futures = sorted(futures, key=hash)  # the library sorts by address


def take_over(world: World, undo: ExitStack) -> None:
    """Names begin with number one; unhandled errors are the World's."""
    pool = concurrent.futures.ThreadPoolExecutor
    for owner, name, value in (
        (threading, "_counter", itertools.count(1).__next__),
        (pool, "_counter", itertools.count().__next__),
        (threading, "excepthook", error_hook(world, threading.excepthook)),
    ):
        undo.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)


def swaps() -> list[tuple[Any, str, Any]]:
    """What replaces what (see ``install``)."""
    table: list[tuple[Any, str, Any]] = [
        (_thread, "start_new_thread", sim_start_new_thread),
        (threading, "_start_new_thread", sim_start_new_thread),
        (threading.Event, "is_set", locks.sim_is_set),
        (os, "cpu_count", sim_cpu_count),
    ]
    if hasattr(os, "process_cpu_count"):
        table.append((os, "process_cpu_count", sim_cpu_count))
    if _real_start_joinable is not None:
        table.append((_thread, "start_joinable_thread", sim_start_joinable_thread))
        table.append((threading, "_start_joinable_thread", sim_start_joinable_thread))
    else:
        table.append((threading.Thread, "_wait_for_tstate_lock", locks.sim_sentinel_wait))
    return [row for row in table if hasattr(row[0], row[1])]


class _Notifier:
    """Stands in for the pipe by which a ``multiprocessing.pool.ThreadPool`` wakes the thread that keeps its workers."""

    _reader = None

    def __init__(self) -> None:
        self._queue = queue.SimpleQueue[Any]()
        self.put, self.get, self.empty = self._queue.put, self._queue.get, self._queue.empty


class _ThreadContext:
    """What a ThreadPool needs of a context of ``multiprocessing``."""

    SimpleQueue = _Notifier


def _thread_pool(module: Any) -> None:
    """Generated clients use ThreadPool, which waits for a real pipe: in a World it waits for a queue."""
    pool, real_wait = module.Pool, module.Pool._wait_for_updates
    real_context = module.get_context

    def wait_for_updates(sentinels: Any, change_notifier: Any, timeout: float | None = None) -> None:
        if not isinstance(change_notifier, _Notifier):
            real_wait(sentinels, change_notifier, timeout)
            return
        change_notifier.get()
        while not change_notifier.empty():
            change_notifier.get()

    def init(self: Any, processes: Any = None, initializer: Any = None, initargs: Any = ()) -> None:
        context = real_context() if current() is None else _ThreadContext()
        pool.__init__(self, processes, initializer, initargs, context=context)

    pool._wait_for_updates = staticmethod(wait_for_updates)
    module.ThreadPool.__init__ = init


def install() -> None:
    """Hashes by number, and locks."""
    imports.when_imported("multiprocessing.pool", _thread_pool)
    clients.numbered_hash(threading.Thread)
    clients.numbered_hash(concurrent.futures.Future)
    ordered: Any = _base._AcquireFutures
    ordered.__init__ = _acquire_futures_init
    locks.install()
