"""Threads of an agent: real threads, of which exactly one runs at a time, the one that holds the baton.

Every call that may block is a hand-over point: reads and connects, ``select`` and ``poll``, ``time.sleep``, locks and
all that is built of them, ``Thread.join``, an idle event loop. Which thread goes on is decided by one rule:

    A thread that can go on (what it waits for has come, or its deadline has) and has waited longest gets the baton;
    events that are due run before deadlines of the same instant; only when no thread can go on, the next event runs or
    the clock moves to the nearest deadline.

A call that need not wait hands nothing over, so a thread runs until it waits. Two things keep one from running for
ever: when its own readings of the clock have moved it by ``SLICE``, or when it has taken or looked at locks, events and
queues ``POLLS`` times, the next such call is a hand-over point too, and polling takes time (so that
``while not event.is_set()`` ends). A loop that calls nothing at all is the watchdog's. ``World(schedule="random")``
draws the next thread from the World's stream ``schedule`` instead, and hands over before one in eight takings of a
lock: other interleavings, as repeatable.

Copies of an agent that run side by side (``sim.process``) are threads of the same baton: who goes on is decided among
all of them by the same rule, and a stop ends those of one copy.

Events of the World, and with them the harness and the venue, run in whichever thread happens to wait: it holds the
baton, so it is "the thread that lives in the World" (``World.thread``). Threads that the agent did not start inside the
World are foreign; they keep real time and are never waited for, except for what ``locks`` says.

The end of a thread is part of the order: it passes the baton while it still holds its identity, and the next thread
waits, in real time, until the operating system has let it go. What its thread-locals do in their finalisers happens in
that gap, alone, at a moment that is the same in every run; and whoever joins it finds it gone.

When the agent is stopped, each thread gets the baton in turn, its wait raises, and the thread ends; none outlives its
incarnation. One that will not end (it catches everything and goes on calling, or spins) is named in ``World.lost``, and
left behind without a way into this or any other World, nor out of it: see ``active.OUTLAWS``.
"""

from __future__ import annotations

import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

from outtrade.sim import active, knots, locks, where
from outtrade.sim.errors import Budget, Deadlock, Killed, Late, Waiting, WorldStop

if TYPE_CHECKING:
    from outtrade.sim.process import Process
    from outtrade.sim.world import World

Schedule = Literal["fifo", "random"]
Wait = tuple[str, str, str]
"""The name of a thread, the call in which it waits, and the line of agent code (may be empty)."""

SLICE = 1_000_000
"""Nanoseconds by which a thread may move the clock by reading it before others get a turn: 1,000 readings."""
POLLS = 200
"""Looks at locks, events and queues that a thread gets before others get a turn."""
POLL_TIME = 100_000
"""Nanoseconds that the n-th such turn in a row lasts for the thread itself, times n: polling ends, however long."""
PATIENCE = 1_000
"""Refused calls after which a thread that does not end is left behind."""
_NS = 1_000_000_000
_acquire: Any = locks.real_acquire


def _always() -> bool:
    return True


def _never() -> bool:
    return False


def _starting() -> str:
    return "start of the thread"


def _polling() -> str:
    return "a loop that polls"


def _ending() -> str:
    return "end of the threads"


class Member:
    """One thread of the World, and what it waits for."""

    __slots__ = (
        "closing", "deadline", "deposed", "error", "first", "gate", "gone", "ident", "importing", "name", "place",
        "polls", "process", "ready", "refused", "thread", "what", "work",
    )  # fmt: skip

    def __init__(self, name: str, process: Process, ident: int = 0) -> None:
        self.name = name
        self.process = process
        self.first = False
        """Its end is that of its process."""
        self.ident = ident
        self.gate = allocate_lock()
        _acquire(self.gate)
        self.ready: Callable[[], object] = _always
        self.deadline: int | None = None
        self.what: Callable[[], str] = _starting
        self.place: Callable[[], str] | None = None
        self.importing = 0
        """Modules that this thread is importing (see ``World.importing``)."""
        self.error: BaseException | None = None
        """What a signal handler raised in the thread while another held the baton."""
        self.polls = 0
        self.closing = False
        """It waits for the end of the others: a stop does not wake it."""
        self.refused = 0
        self.deposed = False
        self.thread: threading.Thread | None = None
        self.work: tuple[Any, ...] | None = None
        self.gone: Callable[[float], bool] = _always_gone
        """Waits in real time, at most so many seconds, for the end of the thread; whether it has ended."""


def _told(rows: list[Wait]) -> tuple[str, ...]:
    return tuple(f"thread {name}: {call} at {line}" if line else f"thread {name}: {call}" for name, call, line in rows)


def _always_gone(seconds: float) -> bool:
    return True


class Baton:
    """Who runs, and who is next. Exists while a World has more threads than the one that entered it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.main = self.running = Member(threading.current_thread().name, world.process, get_ident())
        self.others: dict[Member, None] = {}
        """The threads that the agent started, in that order, while they live."""
        self.waiting: dict[Member, None] = {}
        """Every thread but the running one, the longest-waiting first."""
        self.holders: dict[int, Member] = {}
        """Which thread took a lock last, by the lock's address: for what is said of a deadlock."""
        self.launching = False
        """A real thread is being started, by ``threads``."""
        self._leaver: Member | None = None
        self._calls = 0
        self._chance = world.rng("schedule") if world.schedule == "random" else None

    def idents(self) -> set[int]:
        """The numbers by which the system knows our threads."""
        return {self.main.ident, *(member.ident for member in self.others)}

    # ---------------------------------------------------------------- waiting
    def wait(
        self, ready: Callable[[], object], deadline: int | None, what: Callable[[], str], place: Any = None
    ) -> bool:
        """As ``World.wait``, of the running thread: the others, events and the clock go on meanwhile."""
        me = self.running
        if me.ident != get_ident():
            if self._leaver is not None and self._leaver.ident == get_ident():
                raise Killed()  # a finaliser of a thread that is over
            raise RuntimeError(f"a thread outside of the World waits in it: {what() or 'for a lock'}")
        self.world.events += 1
        if ready():
            return True
        me.polls = 0
        return self._wait(me, ready, deadline, what, place)

    def _wait(
        self, me: Member, ready: Callable[[], object], deadline: int | None, what: Callable[[], str], place: Any
    ) -> bool:
        me.ready, me.deadline, me.what, me.place = ready, deadline, what, place
        self.waiting[me] = None
        self._until_chosen(me, self._next_for(me))
        return bool(ready())

    def _until_chosen(self, me: Member, chosen: Member) -> None:
        """Hand the baton to ``chosen``, and come back when it is this thread's turn. May raise WorldStop."""
        while chosen is not me:
            self._switch(me, chosen)
            self._resumed(me)
            if me not in self.waiting:
                break
            chosen = self._next_for(me)  # another thread has ended and left the choice to this one
        if me.error is not None:
            error, me.error = me.error, None
            raise error
        if self.world.stopped is not None and not me.closing:
            self.world.check()

    def _next_for(self, me: Member) -> Member:
        try:
            return self._next()
        except BaseException:
            self.waiting.pop(me, None)
            raise

    def give_way(self) -> None:
        """Let threads that can go on, and events that are due, have their turn."""
        self.world.events += 1
        self._wait(self.running, _never, self.world.now, _polling, None)

    def slice_over(self) -> None:
        """The running thread has read the clock for long enough."""
        if self._may_yield():
            self.give_way()

    def called(self) -> None:
        """The running thread takes or looks at a lock, without waiting so far."""
        if self.world.importing and self.world.copies:
            return  # only the first run imports libraries
        if self._chance is not None and self._chance.random() < 0.125 and self._may_yield():
            self.give_way()
            return
        self._calls += 1
        if self._calls >= POLLS and self._may_yield():
            self._calls = 0
            me = self.running
            me.polls += 1
            self._wait(me, _never, self.world.now + me.polls * POLL_TIME, _polling, None)

    def _may_yield(self) -> bool:
        world = self.world
        if world.copies and world.importing:
            return False  # the modules of one copy are not to be mixed with those of another
        return world.stopped is None and not world.in_harness and self.running.ident == get_ident()

    # ---------------------------------------------------------------- choosing
    def _candidates(self) -> Iterator[Member]:
        world, now = self.world, self.world.now
        due = world.due()
        for member in self.waiting:
            if member.closing:
                if member.ready():
                    yield member
            elif (
                member.process.stopped is not None
                or member.ready()
                or (member.deadline is not None and (member.deadline < now or (member.deadline == now and not due)))
                or member.error is not None
            ):
                yield member

    def _pick(self) -> Member | None:
        if self._chance is None:
            return next(self._candidates(), None)
        able = list(self._candidates())
        return self._chance.choice(able) if able else None

    def _next(self) -> Member:
        """Let the World go on until a thread can, and take that one off the list. May raise WorldStop."""
        world = self.world
        if world.events > world.max_events and world.stopped is None:
            self._end(Budget)
        if world.frozen and world.stopped is None:
            world.thaw()
        while (member := self._pick()) is None:
            self._advance()
            if world.frozen and world.stopped is None:
                world.thaw()
        del self.waiting[member]
        return member

    def _advance(self) -> None:
        """The next event, or the nearest deadline; or nothing can end any of the waits."""
        world = self.world
        nearest = min((m.deadline for m in self.waiting if m.deadline is not None), default=None)
        hard = world.hard_limit_ns
        limit = nearest if hard is None or (nearest is not None and nearest < hard) else hard
        if world.events > world.max_events:
            self._end(Budget)
        if nearest is None and not world.foreground and not world.net.pushing:
            self._dead()
        elif not world.step(limit):
            if limit is None:
                self._dead()
                return
            if limit > world.now:
                world.now = limit
            if limit != nearest:
                if nearest is None:
                    self._dead()
                else:
                    self._end(Late)

    def _dead(self) -> None:
        if not locks.others_end_it(lambda: any(True for _ in self._candidates())):
            self._end(Deadlock)

    def _end(self, kind: type[Waiting]) -> None:
        """Nothing more is to be waited for: say so, with what each thread waits for and where, to every process. Raises
        where that is the one that runs."""
        world = self.world
        for process in list(world.copies) or [world.process]:
            rows = self._waits(member for member in (self.main, *self.others) if member.process is process)
            rows.sort(key=lambda row: not row[2])  # the first that has a line of agent code; idle workers have none
            if process.stopped is None:
                name, waiting, line = rows[0] if rows else ("", "nothing", "")
                world.halt(kind(waiting, line, world.run_ns / _NS, name, _told(rows[1:])), process)
        if world.stopped is not None:
            raise world.stopped.again()

    def _waits(self, members: Iterable[Member] | None = None) -> list[Wait]:
        """Of each waiting thread (or these) its name, the call and the line of agent code."""
        frames = sys._current_frames()
        rows = []
        for member in (self.main, *self.others) if members is None else members:
            if member in self.waiting:
                frame = frames.get(member.ident)
                place = member.place() if member.place is not None else ""
                rows.append((member.name, self._call(member, frame), place or where.of_stack(frame)))
        return rows

    def _call(self, member: Member, frame: FrameType | None) -> str:
        call = member.what() or where.call_of(frame)
        holder = self.holders.get(id(getattr(member.what, "lock", None)))
        own = holder is member and call != "lock.acquire"  # how conditions wait, and events
        if holder is None or own or call == "Thread.join":
            return call
        return f"{call} (held by thread {holder.name})"

    def knot(self) -> list[Wait]:
        """What the threads wait for that can never go on because they wait for each other (see ``knots``)."""
        members = knots.knotted(self)
        return self._waits(members) if members else []

    def others_wait(self) -> tuple[str, ...]:
        """A line for each thread but the running one."""
        return _told(self._waits())

    # ---------------------------------------------------------------- handing over
    def _switch(self, me: Member, chosen: Member) -> None:
        me.importing = self.world.importing
        self._pass(chosen)
        while True:
            try:
                _acquire(me.gate)
                return
            except BaseException as error:  # of a signal handler (Ctrl-C, a test's timeout), in the main thread
                me.error = error
                if self.running is me:
                    _acquire(me.gate, False)
                    return

    def _pass(self, chosen: Member) -> None:
        self.world.handovers += 1
        self.running = chosen
        if self._leaver is None:
            self.world.thread = 0  # until the next one is awake; one that leaves keeps its place until it is gone
        chosen.gate.release()

    def _resumed(self, me: Member) -> None:
        """This thread got the baton."""
        world, leaver = self.world, self._leaver
        if leaver is not None:
            while not leaver.gone(0.05) and not leaver.deposed:
                pass
            self._leaver = None
        world.thread = me.ident
        world.process = me.process
        world.importing = me.importing
        self._calls = 0
        if me is self.main and not self.others:
            world.baton = None
        world.set_fence()

    # ---------------------------------------------------------------- the life of a thread
    def enter(self, member: Member) -> None:
        """A thread that is being started waits for its first turn, after all who wait already."""
        self.others[member] = None
        self.waiting[member] = None

    def withdraw(self, member: Member) -> None:
        """It could not be started."""
        del self.others[member], self.waiting[member]

    def awake(self, member: Member) -> bool:
        """First call of a started thread: wait for its turn; False if the agent was stopped before it came."""
        member.ident = get_ident()
        _acquire(member.gate)
        try:
            self._resumed(member)
            if member in self.waiting:
                self._until_chosen(member, self._next_for(member))
        except WorldStop:
            return False
        return self.world.stopped is None

    def leave(self, member: Member) -> None:
        """Last call of a thread that has ended: who has waited longest sees it gone, and chooses the next."""
        if member.deposed:  # nobody waits for it any more
            active.OUTLAWS.discard(member.ident)
            return
        self._left(member)
        self._leaver = member
        self._pass(next(iter(self.waiting)))

    def _left(self, member: Member) -> None:
        """A thread is no more of this World; with the first one of a copy ends that copy."""
        del self.others[member]
        if member.first:
            member.process.ended = member.process.over = True
            self.world.copies.remove(member.process)

    def _mates(self, me: Member) -> bool:
        """Whether a thread has others that end with it: those of its process, and to the World's first one all."""
        if me is self.main:
            return bool(self.others)
        return any(member is not me and member.process is me.process for member in self.others)

    def end_all(self) -> None:
        """Called by the first thread of a process once the World refuses all its calls: the others of that process get
        the baton until they are gone."""
        me = self.running
        if not self.others:
            self.world.baton = None
            return
        me.closing = True
        interrupted = None
        while self._mates(me):
            me.ready, me.deadline, me.what, me.place = lambda: not self._mates(me), None, _ending, None
            self.waiting[me] = None
            try:
                self._until_chosen(me, self._next_for(me))
            except BaseException as error:
                interrupted = error
        me.closing = False
        if interrupted is not None:
            raise interrupted

    def refuse(self) -> None:
        """The running thread called although it was stopped. One that does so for ever is left behind."""
        me = self.running
        if me is self.main or me.ident != get_ident():
            return
        me.refused += 1
        if me.refused > PATIENCE:
            active.OUTLAWS.add(me.ident)
            self._lose(me)
            self.leave_behind(me)
            while True:
                _acquire(me.gate)

    def leave_behind(self, member: Member) -> None:
        """Go on without a thread that will not end; called by itself, or by the watchdog."""
        self._left(member)
        self.world.thread = 0
        chosen = self._next()
        self._pass(chosen)

    def depose(self, stuck: int) -> None:
        """The watchdog takes the baton from a thread that neither calls nor ends, even after it was struck."""
        member = self.running if self.running.ident == stuck else self._leaver
        if member is None or member is self.main:
            return
        active.OUTLAWS.add(stuck)
        self._lose(member)
        member.deposed = True
        if member is self.running:
            self.leave_behind(member)

    def _lose(self, member: Member) -> None:
        world = self.world
        world.lost.append(member.name)
        world.call_quietly(world.observe.escaped, f"thread {member.name} did not end with the agent")
        sentinel = getattr(member.thread, "_tstate_lock", None)
        if sentinel is not None:  # or the interpreter would wait for it at its end
            threading._shutdown_locks.discard(sentinel)  # type: ignore[attr-defined]
