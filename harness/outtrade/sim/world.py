"""The World: one virtual clock, one event heap, one network, one source of entropy, for one agent under test.

Inside ``with world:`` this thread, and whatever threads it starts, live in virtual time. Whatever the agent does that
takes time (a read, a sleep, an idle event loop) runs events from the heap until what it waits for has come, and moves
the clock; nothing ever waits in real time::

    world = World(epoch_ns=1_767_225_600 * NS, seed=7)
    world.net.listen("api.binance.com", 443, MyApp)
    with world:
        report = world.run_blocking(lambda: agent(task))      # or run_async(coroutine_function)
    world.run_until(world.now + 60 * NS)

Rules of determinism, which every module of this package keeps:

* Events run in the order (time, sequence number). Only the World moves the clock; an event is never run early, and the
  clock never goes back. Each reading of the clock by agent code moves it by 1 us, so that a busy wait ends.
* All randomness comes from streams derived from (seed, name). Nothing depends on hashes of strings, on addresses of
  objects, on real time or on the environment. Tasks and futures hash by number.
* The cyclic garbage collector is off inside a World, because a finaliser that ran at a moment of its choosing could
  read the clock or close a connection. Garbage of one run is collected after it.
* Of several threads exactly one runs at a time, and the rule by which the next is chosen is fixed: see ``baton``.
* Agent code never runs inside an event. Code of the harness (events, listeners, hooks) reads a clock that stands still
  and must not wait.

A run of agent code is ended by a ``WorldStop`` (see ``errors``), which stays raised: from then on every call into the
World raises, until ``revive``. The stop also closes the agent's connections, as the death of a process does. What
threads still live when ``run_blocking`` or ``run_async`` is over end there, as if the process did.
"""

from __future__ import annotations

import gc
import random
import sys
import warnings
from _thread import get_ident
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from heapq import heappop, heappush
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import WeakValueDictionary

from outtrade.sim import active, locks, sources, watchdog, where
from outtrade.sim.baton import SLICE, Baton, Schedule
from outtrade.sim.errors import Budget, Deadlock, HarnessError, Killed, Late, WorldStop
from outtrade.sim.network import Network
from outtrade.sim.observer import Observer
from outtrade.sim.process import Process
from outtrade.sim.surroundings import take_over

if TYPE_CHECKING:
    from outtrade.sim.realtls import Tls

NS = 1_000_000_000
TICK = 1_000
"""Nanoseconds by which a reading of the clock moves it."""
TOLD_SLEEP = 0.01
"""Sleeps shorter than this many seconds are not told to the observer: throttlers poll."""
_NEVER = 1 << 100

T = TypeVar("T")


class Timer:
    """A planned event; ``cancel`` it while it has not run."""

    __slots__ = ("_world", "args", "background", "fn", "time")

    def __init__(self, world: World, time: int, fn: Callable[..., object], args: tuple[Any, ...], background: bool):
        self._world = world
        self.time = time
        self.fn: Callable[..., object] | None = fn
        self.args = args
        self.background = background

    def cancel(self) -> None:
        """It will not run; without effect if it did."""
        if self.fn is not None:
            self.fn = None
            self.args = ()
            if not self.background:
                self._world.foreground -= 1


class World:
    """See the module's docstring. Times are integer nanoseconds unless a name says seconds.

    ``epoch_ns`` is the UNIX time of run time 0, ``max_events`` the budget of events and waits, ``hosts_latency`` the
    seconds that a connect takes when no plan says otherwise, ``watchdog`` the real seconds without any call into the
    World after which running code is ended (0: never). ``tls``: see ``realtls``; null TLS without. ``schedule``: how
    the next of several threads is chosen, see ``baton``.
    """

    def __init__(
        self,
        *,
        epoch_ns: int,
        seed: int | str = 0,
        max_events: int = 2_000_000,
        hosts_latency: float = 0.0,
        watchdog: float = 30.0,
        tls: Tls | None = None,
        schedule: Schedule = "fifo",
    ) -> None:
        self.epoch_ns = epoch_ns
        self.now = epoch_ns
        self.seed = seed
        self.max_events = max_events
        self.watchdog = watchdog
        self.tls = tls
        """Real TLS (``realtls.Tls``), or None for null TLS."""
        self.events = 0
        """Events run and waits begun so far."""
        self.sends = 0
        self.foreground = 0
        """Planned events that could end a wait."""
        self.importing = 0
        """Modules being imported by agent code. The clock stands still meanwhile: only the first run imports."""
        self.process = Process(0)
        """The process that runs: its thread holds the baton."""
        self.copy_died = False
        """One of several copies was ended: what it leaves behind is finalised while others run."""
        self.copies: list[Process] = []
        """Processes that ``spawn`` started and that have not ended, in that order."""
        self.thread = 0
        """The thread that lives in this World and runs; 0 while the baton changes hands."""
        self.home = 0
        """The thread that entered the World."""
        self.schedule = schedule
        self.baton: Baton | None = None
        """Who runs next, while the agent has more than one thread."""
        self.handovers = 0
        """How often the baton changed hands so far."""
        self.lost: list[str] = []
        """Names of threads that would not end, and were left behind."""
        self.pollable: WeakValueDictionary[int, Any] = WeakValueDictionary()
        """Descriptor numbers handed out, for select and poll; they are no real descriptors."""
        self.observe = Observer()
        self.net = Network(self, hosts_latency)
        self._heap: list[tuple[int, int, Timer]] = []
        self._planned = 0
        self._numbers = 0
        self._descriptors = 1 << 20
        self._harness = 0
        self._hard: int | None = None
        self._fence = _NEVER
        self.frozen = 0
        """UNIX ns until which the agent stands still, once it next waits; 0: it does not."""
        self._streams: dict[str, random.Random] = {}
        self._processes = 1
        self._outside = ExitStack()
        self._entered = 0
        self._random_state: Any = None
        if sources.WATCH is not None:
            self.tick = sources.counted(self.tick)  # type: ignore[method-assign]

    # ---------------------------------------------------------------- the process that runs
    @property
    def stopped(self) -> WorldStop | None:
        """Why the process that runs is over; None while it lives."""
        return self.process.stopped

    @stopped.setter
    def stopped(self, reason: WorldStop | None) -> None:
        self.process.stopped = reason

    @property
    def incarnation(self) -> int:
        """The number of the process that runs: what an earlier one left behind is dead."""
        return self.process.number

    # ---------------------------------------------------------------- clock and events
    @property
    def run_ns(self) -> int:
        """Run time in nanoseconds."""
        return self.now - self.epoch_ns

    @property
    def hard_limit_ns(self) -> int | None:
        """UNIX time in nanoseconds past which no agent may wait; None: no limit."""
        return self._hard

    @hard_limit_ns.setter
    def hard_limit_ns(self, value: int | None) -> None:
        self._hard = value
        self.set_fence()

    def set_fence(self) -> None:
        """Fix the time from which on a reading of the clock is looked at: the hard limit, or the end of a slice."""
        if self.stopped is not None:
            self._fence = -1
        else:
            self._fence = _NEVER if self._hard is None else self._hard
            if self.baton is not None:
                self._fence = min(self._fence, self.now + SLICE)

    @property
    def observer(self) -> object:
        """Who is told what the agent does: an ``Observer``, or any object with some of its methods."""
        return self.observe

    @observer.setter
    def observer(self, value: object) -> None:
        if not isinstance(value, Observer):
            names = [n for n in vars(Observer) if not n.startswith("_")]
            hooks = {n: getattr(value, n) for n in names if callable(getattr(value, n, None))}
            value = type("Hooks", (Observer,), {n: staticmethod(hook) for n, hook in hooks.items()})()
        assert isinstance(value, Observer)
        self.observe = value

    def rng(self, name: str) -> random.Random:
        """The stream of random numbers called ``name``; asking again goes on where it was."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = random.Random(f"{self.seed}/{name}")
        return stream

    def number(self) -> int:
        """The next of the numbers by which tasks and futures are hashed."""
        self._numbers += 1
        return self._numbers

    def descriptor(self, owner: Any) -> int:
        """A number that stands for a file descriptor of ``owner`` (which has ``readable`` and ``writable``)."""
        self._descriptors += 1
        self.pollable[self._descriptors] = owner
        return self._descriptors

    def call_at(self, t_ns: int, fn: Callable[..., object], *args: Any, background: bool = False) -> Timer:
        """Plan an event at UNIX time ``t_ns`` (at once if that is past). Background events can't end a wait."""
        timer = Timer(self, t_ns, fn, args, background)
        self._planned += 1
        heappush(self._heap, (t_ns, self._planned, timer))
        if not background:
            self.foreground += 1
        return timer

    def call_later(self, seconds: float, fn: Callable[..., object], *args: Any, background: bool = False) -> Timer:
        """Plan an event ``seconds`` from now."""
        return self.call_at(self.now + round(seconds * NS), fn, *args, background=background)

    def due(self) -> bool:
        """Whether an event is due now."""
        heap = self._heap
        while heap and heap[0][2].fn is None:
            heappop(heap)
        return bool(heap) and heap[0][0] <= self.now

    def step(self, limit: int | None) -> bool:
        """Run the next event if it is due at or before ``limit``; False if there is none."""
        heap = self._heap
        while heap:
            time, _, timer = heap[0]
            fn = timer.fn
            if fn is None:
                heappop(heap)
                continue
            if limit is not None and time > limit:
                return False
            heappop(heap)
            timer.fn = None
            if not timer.background:
                self.foreground -= 1
            if time > self.now:
                self.now = time
            self.events += 1
            self._harness += 1
            try:
                fn(*timer.args)
            except WorldStop:
                raise
            except Exception as error:
                self._broken(error)
            finally:
                self._harness -= 1
            return True
        return False

    def run_until(self, t_ns: int) -> None:
        """Let the World go on without an agent until UNIX time ``t_ns``. Raises HarnessError."""
        while self.step(t_ns):
            if self.events > self.max_events:
                raise Budget("the World without an agent", "", self.run_ns / NS)
        if t_ns > self.now:
            self.now = t_ns

    def freeze(self, seconds: float) -> bool:
        """The agent stands still for so long, as a process does that the system does not schedule: the World goes on,
        what is sent to the agent waits in its sockets, its timers are late. Called by the harness; always works."""
        self.frozen = max(self.frozen, self.now + round(seconds * NS))
        return True

    def thaw(self) -> None:
        """Let the time of a freeze pass, on behalf of whoever waits. Raises what stopped the agent meanwhile."""
        until, self.frozen = self.frozen, 0
        if self._hard is not None:
            until = min(until, self._hard)
        if self.stopped is None and until > self.now:
            self.run_until(until)
        if self.stopped is not None:
            raise self.stopped.again()

    # ---------------------------------------------------------------- what agent code calls, through wrappers
    def tick(self) -> int:
        """The clock, as agent code reads it: moves it by 1 us. May raise WorldStop."""
        if self._harness or self.importing:
            return self.now
        now = self.now + TICK
        if now >= self._fence:
            now = self._fenced(now)
        self.now = now
        return now

    def _fenced(self, now: int) -> int:
        """The agent is stopped, or late, or the thread has had its slice. Returns the time of the reading."""
        self.check()
        self.now = now
        if self._hard is not None and now >= self._hard:
            self.stop(Late("a loop that reads the clock", where.of_stack(sys._getframe(2)), self.run_ns / NS))
        self.set_fence()
        if self.baton is not None:
            self.baton.slice_over()
        return max(now, self.now)

    @property
    def in_harness(self) -> bool:
        """Whether code of the harness runs: an event, a hook, a listener."""
        return self._harness > 0

    def check(self, incarnation: int | None = None) -> None:
        """Raise if the agent is stopped, or belongs to an earlier incarnation. Cheap; never called by the harness."""
        if self.stopped is not None:
            if self.baton is not None:
                self.baton.refuse()
            raise self.stopped.again()
        if incarnation is not None and incarnation != self.incarnation:
            raise Killed()
        if active.WORLD is not self:
            raise OSError(9, "The World of this object is over")

    def wait(
        self,
        ready: Callable[[], object],
        deadline: int | None,
        what: Callable[[], str],
        place: Callable[[], str] | None = None,
    ) -> bool:
        """Run events until ``ready()`` (True) or until the clock is at ``deadline`` (False).

        ``what`` and ``place`` describe the wait if it can't end: see Deadlock and Late.
        """
        self.check()
        if self._harness:
            raise RuntimeError(f"code of the harness must not wait: {what() or where.call_of(sys._getframe(1))}")
        if self.baton is not None:
            return self.baton.wait(ready, deadline, what, place)
        self.events += 1
        hard = self._hard
        limit = deadline if hard is None or (deadline is not None and deadline < hard) else hard
        while self.frozen or not ready():
            if self.frozen:
                self.thaw()
                continue
            if self.events > self.max_events:
                self._end_wait(Budget, what, place)
            if deadline is None and not self.foreground and not self.net.pushing:
                self._end_wait(Deadlock, what, place)
            if not self.step(limit):
                if limit is None:
                    self._end_wait(Deadlock, what, place)
                if limit > self.now:
                    self.now = limit
                if limit != deadline:
                    self._end_wait(Deadlock if deadline is None else Late, what, place)
                return bool(ready())
            if self.stopped is not None:
                raise self.stopped.again()
        return True

    def _end_wait(self, kind: type[WorldStop], what: Callable[[], str], place: Callable[[], str] | None) -> NoReturn:
        line = place() if place is not None else ""
        frame = sys._getframe(2)
        self.stop(kind(what() or where.call_of(frame), line or where.of_stack(frame), self.run_ns / NS))

    def run_due(self) -> None:
        """Run what is due now, without moving the clock (a poll); other threads get a turn."""
        self.check()
        if self.baton is not None and not self._harness:
            self.baton.give_way()
            return
        self.events += 1
        if self.frozen and not self._harness:
            self.thaw()
        heap = self._heap
        while heap and heap[0][0] <= self.now and self.step(self.now):
            if self.stopped is not None:
                raise self.stopped.again()
        if self.events > self.max_events:
            self.stop(Budget("a loop that polls", where.of_stack(sys._getframe(1)), self.run_ns / NS))

    def sleep(self, seconds: float, what: str = "sleep") -> None:
        """Agent code sleeps."""
        self.check()
        if seconds >= TOLD_SLEEP:
            self.call_harness(self.observe.slept, seconds)
        self.wait(_nothing, self.now + round(seconds * NS), lambda: f"{what}({seconds:g})")

    def call_harness(self, fn: Callable[..., T], *args: Any) -> T:
        """Call code of the harness on behalf of agent code; raises what stopped the agent meanwhile."""
        self._harness += 1
        try:
            result = fn(*args)
        except WorldStop:
            raise
        except Exception as error:
            self._broken(error)
        finally:
            self._harness -= 1
        if self.stopped is not None and not self._harness:
            raise self.stopped.again()
        return result

    def call_quietly(self, fn: Callable[..., object], *args: Any) -> None:
        """As ``call_harness``, on behalf of the World itself: an error ends the agent but is not raised here."""
        self._harness += 1
        try:
            fn(*args)
        except Exception as error:
            stop = HarnessError(f"{type(error).__name__}: {error}")
            stop.__cause__ = error
            self.halt(stop)
        finally:
            self._harness -= 1

    def escape(self, what: str) -> None:
        """Agent code tried something that is not simulated."""
        self.call_harness(self.observe.escaped, what)

    # ---------------------------------------------------------------- the end of an incarnation
    def stop(self, reason: WorldStop) -> NoReturn:
        """End the agent with ``reason``: raises it."""
        self.halt(reason)
        assert self.stopped is not None
        raise self.stopped.again()

    def _broken(self, error: Exception) -> NoReturn:
        stop = HarnessError(f"{type(error).__name__}: {error}")
        stop.__cause__ = error
        self.halt(stop)
        raise stop

    def halt(self, reason: WorldStop, process: Process | None = None) -> None:
        """A process (the one that runs) is over for this reason, if it was not before; does not raise. An error of the
        harness ends all of them."""
        if isinstance(reason, HarnessError):
            for copy in self.copies:
                if copy is not process and copy.stopped is None:
                    self._halt(reason.again(), copy)
        self._halt(reason, process or self.process)

    def _halt(self, reason: WorldStop, process: Process) -> None:
        if process.stopped is None or (process.stopped is process.leaving and isinstance(reason, HarnessError)):
            process.stopped = reason
            self.copy_died = self.copy_died or process in self.copies
            if process is self.process:
                self._fence = -1
            for loop in process.loops:
                loop.silence()
            self._harness += 1
            try:
                self.net.kill_clients(process)
            finally:
                self._harness -= 1

    def kill(self, process: Process | None = None) -> None:
        """End a process (the one that runs): from now on every call of its code into the World raises Killed.

        Called by the harness: from an event, a hook or a listener. Listeners see RST at this instant."""
        self.halt(Killed(), process)

    def spawn(self, name: str, fn: Callable[[], object], owner: Any = None) -> Process:
        """Start a copy of the agent: a process of its own, whose first thread runs ``fn``. Called by the thread that
        entered the World, which then waits for ``Process.ended``. Whatever ends ``fn`` ends the process."""
        from outtrade.sim.threads import start_process

        process = Process(self._processes, owner)
        self._processes += 1
        self.copies.append(process)
        start_process(self, process, name, fn)
        return process

    def _end_threads(self) -> None:
        """The agent has returned, or is dead: its threads end. Their sockets close, as at the end of a process."""
        process, first = self.process, self.thread
        if first == self.home:
            for copy in list(self.copies):
                self.halt(Killed(), copy)
        baton, dead = self.baton, process.stopped is not None
        if baton is None and not dead:
            return
        if not dead:
            if baton is not None and (knot := baton.knot()):
                self.call_quietly(self.observe.deadlocked, knot)
            process.stopped = process.leaving = Killed()
            self._fence = -1
        try:
            if baton is not None:
                baton.end_all()
            for loop in process.loops:
                if not loop.is_running() and (dead or loop.owner != first):
                    loop.abandon()
        finally:
            if process.stopped is process.leaving:
                process.stopped = None
            process.leaving = None
            self.set_fence()

    def revive(self) -> None:
        """The next incarnation may run: the World works again; sockets and loops of the last one stay dead."""
        self._end_threads()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect(0)  # finalisers of the dead run now, while the World still refuses them
        self.process.over = True
        self.process = Process(self._processes)
        self._processes += 1
        self.hard_limit_ns = self._hard
        if active.WORLD is self:
            random.seed(f"{self.seed}/random/{self.incarnation}")

    # ---------------------------------------------------------------- running agent code
    def run_blocking(self, fn: Callable[[], T]) -> T:
        """Run agent code; returns its result or raises what it raised, or the WorldStop that ended it.

        Threads that it leaves are ended."""
        self.check()
        result: Any = None
        process = self.process
        process.running += 1
        try:
            result = fn()
        except WorldStop as reason:
            self.halt(reason.again())
        except Exception:
            if self.stopped is None:
                raise
        finally:
            process.running -= 1
            if not process.running:
                self._end_threads()
        if self.stopped is not None:
            # from here, without traceback or context: the frames of the dead agent must not live on
            stop = self.stopped.again()
            stop.__cause__ = self.stopped.__cause__
            raise stop
        done: T = result
        return done

    def run_async(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run an async agent on a loop of its own; the loop and whatever task is left end with it."""
        from outtrade.sim.loop import run_in_loop

        return self.run_blocking(lambda: run_in_loop(self, main))

    def adopt_loop(self, loop: Any) -> None:
        """A loop of this incarnation; it is silenced when the agent is stopped."""
        self.process.loops.append(loop)

    def forget_loop(self, loop: Any) -> None:
        """The loop is closed."""
        if loop in loop.process.loops:
            loop.process.loops.remove(loop)

    # ---------------------------------------------------------------- entering and leaving
    def __enter__(self) -> World:
        if not self._entered:
            if active.WORLD is not None:
                raise RuntimeError("another World is active in this process")
            self._outside = take_over(self, self._random_state)
            watchdog.arm(self)
            self.thread = self.home = get_ident()
            active.WORLD = self
        self._entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        if self._entered:
            return
        try:
            self._end_threads()
        finally:
            self._leave()

    def _leave(self) -> None:
        active.WORLD = None
        locks.forget()
        self._random_state = random.getstate()
        self._outside.close()


def _nothing() -> bool:
    return False
