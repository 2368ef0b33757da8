"""Threads that wait for each other: looked for when the agent has returned and its other threads are about to end.

A thread that waits for ever is nothing bad in itself: a daemon that waits on its queue does so by design, and a wait
that should have ended shows in what the agent then did not do. But where thread A waits for a lock that B holds, and B
for one that A holds (or for the end of A), nobody else will ever release either, and all that is queued behind them
waits as well: a *knot*.

What counts is a wait without a deadline in ``acquire`` of a lock or in ``join``. Who took a lock last is taken for the
one who holds it. A thread that waits for a lock which it took itself is not told of, since that is how conditions,
events and queues wait, and a lock may be a signal that another thread was to give; nor is one whose lock died with its
holder. A wait for a future or a queue shows no holder: pools that wait for their own workers are not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outtrade.sim.baton import Baton, Member


def knotted(baton: Baton) -> list[Member]:
    """The waiting threads that can never go on because some of them wait for each other, as they were started."""
    after = {member: other for member in baton.waiting if (other := _holder(baton, member)) in baton.waiting}
    return [member for member in baton.others if _leads_round(member, after)]


def _leads_round(member: Member, after: dict[Member, Member]) -> bool:
    seen = {member}
    while (following := after.get(member)) is not None:
        if following in seen:
            return True
        seen.add(following)
        member = following
    return False


def _holder(baton: Baton, member: Member) -> Member | None:
    """The thread that alone can end this one's wait; None where there is no such."""
    lock = getattr(member.what, "lock", None)
    if lock is None or member.deadline is not None or member.ready():
        return None
    for other in baton.others:
        if other.thread is not None and lock in (
            getattr(other.thread, "_tstate_lock", None),
            getattr(other.thread, "_handle", None),
        ):
            return other
    holder = baton.holders.get(id(lock))
    return None if holder is member else holder
