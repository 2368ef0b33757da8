"""Ends agent code that neither calls the World nor returns: a spin loop, or a lock that nobody will release.

A thread looks at the World now and then in real time. If its clock, its events and its sends have stood still for the
World's ``watchdog`` seconds, the thread that lives in it gets a Watchdog exception: by a signal if that is the main
thread (which also interrupts a wait for a lock), else between two byte codes. Runs that end by themselves never notice.
A thread of the agent that does not end then either is left behind (see ``baton``); the one that entered the World can't
be, if it blocks in C code that ignores signals. The watching thread is stopped before a fork, and starts again when
needed.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

from outtrade.sim import active, where
from outtrade.sim.errors import Watchdog

if TYPE_CHECKING:
    from outtrade.sim.world import World

_monotonic = time.monotonic
_start = _thread.start_new_thread
_SIGNAL = getattr(signal, "SIGVTALRM", None)
_wake: Any = None
"""Held while the thread runs; released to end it."""
_ended: Any = None
_LAST_WORDS = 1.0
"""Seconds that a struck thread gets to end."""
_signal_ready = False


def arm(world: World) -> None:
    """A World is about to be entered. The thread stays for the next one: to start it costs more than it does."""
    global _wake, _ended
    if _wake is None and world.watchdog > 0:
        _wake, _ended = _thread.allocate_lock(), _thread.allocate_lock()
        _wake.acquire()
        _ended.acquire()
        _install_signal()
        _start(_watch, (_wake, _ended))


def stop() -> None:
    """End the thread (before a fork)."""
    global _wake
    if _wake is not None:
        _wake.release()
        _ended.acquire()
        _wake = None


def _install_signal() -> None:
    global _signal_ready
    if _SIGNAL is None or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(_SIGNAL) in (signal.SIG_DFL, _on_signal):
        signal.signal(_SIGNAL, _on_signal)
        _signal_ready = True


def _on_signal(number: int, frame: FrameType | None) -> None:
    world = active.current()
    if world is not None:
        if world.stopped is not None:
            raise world.stopped.again()
        world.stop(Watchdog(where=where.of_stack(frame), at=world.run_ns / 1e9))


def _watch(wake: Any, ended: Any) -> None:
    last: tuple[Any, ...] = ()
    since = _monotonic()
    struck = 0
    while not wake.acquire(timeout=0.5):
        world = active.WORLD
        now = _monotonic()
        state = (id(world), world and (world.now, world.events, world.sends, world.handovers))
        if world is None or world.watchdog <= 0 or state != last:
            last, since = state, now
            struck = 0
        elif now - since > (world.watchdog if not struck else min(world.watchdog, _LAST_WORDS)):
            since = now
            struck = _strike(world, struck)
        world = None  # or else the last World stayed in memory until the next look
    ended.release()


def _strike(world: World, struck: int) -> int:
    """End the thread that holds the baton; the second time, go on without it. Returns the thread."""
    thread, baton = world.thread, world.baton
    if not thread:  # the baton changes hands
        return 0
    if _signal_ready and thread == threading.main_thread().ident:
        assert _SIGNAL is not None
        signal.pthread_kill(thread, _SIGNAL)
        return 0
    if baton is not None and thread != world.home:
        if struck == thread:
            baton.depose(thread)
            return 0
        if world.stopped is None:
            line = where.of_stack(sys._current_frames().get(thread))
            name, others = baton.running.name, baton.others_wait()
            world.halt(Watchdog(where=line, at=world.run_ns / 1e9, thread=name, others=others))
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Watchdog))
    return thread


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=stop)
