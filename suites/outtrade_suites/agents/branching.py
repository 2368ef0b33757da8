"""When the venue is down: the intents of which nothing can stand go to another one.

The other venue is worked by a *branch*: an agent of the same kind with its own port, books and part of the journal,
which is given intents one by one. Two rules say when an intent may go there::

    the venue is down     nothing has been answered for DOWN seconds, and not for want of asking
    nothing stands        no order of the intent was sent, or each is proven absent; what is in doubt stays where it is,
                          however long that takes: nobody knows how much of it is done

An intent that went over does not come back. What cannot reach the other venue either stays, and goes wherever the first
answer comes from. Whoever reads the report sees one account of the task: orders and fills of both, positions added up;
balances are those of the main account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from decimal import Decimal
from typing import Any

from outtrade.model.task import Bounds, Intent, Limits, Outcome, PositionView, Report
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import Access, Port, RunTask
from outtrade_suites.agents.state import ZERO, Job

DOWN = 20.0
"""Seconds without any answer after which the venue is taken to be down. *Inferred*: two answers waited for in vain."""
ASKED = 2
"""So many requests must have failed since the last answer."""
LISTEN = 1.0
"""Seconds between two looks at the other venue: only the main one's stream wakes the agent."""


class Drawer(MutableMapping[str, Any]):
    """The part of a store whose keys begin with ``name``."""

    def __init__(self, store: MutableMapping[str, Any], name: str) -> None:
        self._store, self._name = store, name

    def __getitem__(self, key: str) -> Any:
        return self._store[self._name + key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._store[self._name + key] = value

    def __delitem__(self, key: str) -> None:
        del self._store[self._name + key]

    def __iter__(self) -> Iterator[str]:
        return (key.removeprefix(self._name) for key in self._store if key.startswith(self._name))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class BranchTask:
    """The task as a branch sees it: intents are given to it one by one, its store is a part of the whole one."""

    fallbacks: Sequence[Access] = ()

    def __init__(self, task: RunTask, name: str, intents: Iterable[Intent]) -> None:
        self._task = task
        self.intents: tuple[Intent, ...] = tuple(intents)
        self.store: MutableMapping[str, Any] = Drawer(task.store, f"{name}/")
        self.epoch: int = task.epoch
        self.until: float = task.until
        self.limits: Limits = task.limits
        self.bounds: Bounds = task.bounds
        self.leave_resting: bool = task.leave_resting
        self.dead_man: float | None = task.dead_man
        self.resumed: bool = task.resumed
        self.instance: int = task.instance
        self.instances: int = task.instances

    def publish(self, view: Any) -> None:
        """Say what is believed now."""
        self._task.publish(view)


class Branching(Brain):
    """A reference agent that has somewhere else to go."""

    branch: Brain | None = None
    """Who works the first fallback; None: nothing went there yet, or it cannot be reached."""
    try_at = 0.0
    """When to try again to reach the fallback, run time."""

    def __init__(self, task: RunTask, venue: Access, port: Port) -> None:
        super().__init__(task, venue, port)
        self.owed: list[Job] = []
        """What went over before a restart, while nobody works it."""
        self.reaching = Backoff(self.rng, base=2.0, cap=15.0)

    def elsewhere(self, task: RunTask, venue: Access) -> Brain:
        """An agent of this kind for another venue."""
        raise NotImplementedError

    # -------------------------------------------------------------- run
    async def run(self) -> Report:
        """The whole task, at both venues."""
        try:
            return await super().run()
        finally:
            if self.branch is not None:
                await self.branch.port.close()

    def patience(self) -> float:
        """With somewhere else to go, a venue that is down from the start is not waited for any longer than later; a
        fallback is not waited for at all, others have something to do meanwhile."""
        if isinstance(self.task, BranchTask):
            return self.now()
        if not self.task.fallbacks or not self.jobs:
            return super().patience()
        return max(self.now(), min(job.intent.at for job in self.jobs)) + DOWN

    # -------------------------------------------------------------- hand over
    def down(self) -> bool:
        """Whether the venue has not answered anything for a while."""
        return len(self.unheard) >= ASKED and self.now() - self.unheard[0] >= DOWN

    def may_move(self, job: Job) -> bool:
        """Whether it is certain that nothing of the intent stands, and there is still time."""
        if job.closed or job.stopped or job.intent.kind != "order" or self.now() < job.intent.at or self.too_late(job):
            return False
        if self.task.resumed and job.intent.at <= self.started:
            return False  # an earlier incarnation may have sent what the journal does not know
        return all(order.phase == "unsent" for order in job.orders)

    async def hand_over(self) -> None:
        """Give the branch what can wait no longer."""
        if not self.wants_over() or not await self.reached():
            return
        access, branch = self.task.fallbacks[0], self.branch
        assert branch is not None and isinstance(branch.task, BranchTask)
        for job in self.movable():
            self.journal.moved(job.intent.id, access.name)
            self.alert("warning", f"{self.venue.name} is down: the intent goes to {access.name}", job)
            branch.task.intents = (*branch.task.intents, job.intent)
            branch.jobs.append(Job(job.intent, Backoff(self.rng), wake=self.now()))
            job.close("failed", f"handed over to {access.name}")

    def movable(self) -> list[Job]:
        """What can wait no longer, and need not."""
        if not self.task.fallbacks or not self.down():
            return []
        return [j for j in self.jobs if self.may_move(j) and j.intent.symbol in self.task.fallbacks[0].symbols]

    def wants_over(self) -> bool:
        """Whether there is something to do at the fallback that nobody does yet."""
        return bool(self.movable() or (self.owed and self.branch is None))

    async def reached(self) -> bool:
        """Whether somebody works at the fallback, and knows what stands there; one attempt, now and then."""
        if self.branch is not None or self.now() < self.try_at:
            return self.branch is not None
        access = self.task.fallbacks[0]
        branch = self.elsewhere(BranchTask(self.task, access.name, [job.intent for job in self.owed]), access)
        if await branch.open():
            await branch.recover()
            self.branch, self.owed = branch, []
            return True
        await branch.port.close()
        self.try_at = self.now() + self.reaching.next()
        return False

    async def recover(self) -> None:
        """What went over before a restart is the branch's."""
        await super().recover()
        for access in self.task.fallbacks[:1]:
            self.owed = [job for job in self.jobs if self.journal.went_to(job.intent.id) == access.name]
            for job in self.owed:
                job.close("unknown", f"handed over to {access.name}")

    def target(self, job: Job) -> Job | None:
        """The job that a cancel is aimed at, wherever it is carried out."""
        branch = self.branch.jobs if self.branch is not None else []
        return next((other for other in branch if other.intent.id == job.intent.target), super().target(job))

    def halted_by(self, job: Job) -> list[Job]:
        """The jobs that a halt ends, the branch's included."""
        branch = self.branch.jobs if self.branch is not None else []
        return [*super().halted_by(job), *(other for other in branch if self.halts(job, other.intent.symbol))]

    # -------------------------------------------------------------- rounds
    async def round(self) -> None:
        """The branch first: what went there has waited already."""
        await self.hand_over()
        if self.branch is not None:
            await self.branch.round()
        await super().round()

    def next_wake(self) -> float:
        """When one of both has something to do; while nothing is answered, when that will have been for too long."""
        wakes = [super().next_wake()]
        if self.branch is not None:
            wakes.append(self.branch.next_wake())
            if self.branch.port.link is not None:
                wakes.append(self.now() + LISTEN)
        elif self.wants_over():
            wakes.append(max(self.try_at, self.now() + LISTEN))
        if self.task.fallbacks and self.unheard and not self.down() and not self.closing:
            wakes.append(self.unheard[0] + DOWN)
        return min(wakes)

    async def clean_up(self) -> None:
        """The branch first: its venue answers."""
        if self.branch is not None:
            await self.branch.clean_up()
        await super().clean_up()

    # -------------------------------------------------------------- report
    def report(self) -> Report:
        """One account of the task."""
        own = super().report()
        if self.branch is None:
            return own
        other = self.branch.report()
        moved: dict[str, Outcome] = {job.intent.id: other.outcomes[job.intent.id] for job in self.branch.jobs}
        return own.model_copy(
            update={
                "outcomes": own.outcomes | moved,
                "orders": own.orders + other.orders,
                "fills": (*(own.fills or ()), *(other.fills or ())),
                "positions": {
                    symbol: added(view, (other.positions or {}).get(symbol))
                    for symbol, view in (own.positions or {}).items()
                },
                "alerts": own.alerts + other.alerts,
            }
        )


def added(one: PositionView, two: PositionView | None) -> PositionView:
    """Two positions in a symbol as one, at the average of both."""
    if two is None or not two.quantity:
        return one
    if not one.quantity:
        return two
    total = one.quantity + two.quantity
    worth = [(v.quantity, v.entry_price) for v in (one, two) if v.entry_price is not None]
    held = sum((quantity for quantity, _ in worth), ZERO)
    price = sum((quantity * price for quantity, price in worth), Decimal(0)) / held if held > 0 else None
    return PositionView(quantity=total, entry_price=price if total > 0 else None)
