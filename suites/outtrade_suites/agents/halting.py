"""The kill switch: own orders off the book, nothing new any more.

A halt ends every job in its symbols, begun or not, and is done when nothing of ours can stand on the venue any more. It
needs no flag of its own: a job that is stopped sends nothing, and after a restart the halt is due again, before
anything else is. What others have working, and the position, are left as they are.
"""

from __future__ import annotations

from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.state import Job

LOOK_AGAIN = 0.2
"""Seconds between two looks at whether everything has gone."""


class Halting(Reporting):
    """Jobs of kind ``halt``."""

    def step_halt(self, job: Job) -> None:
        """End what the halt covers; done when all of it is off the book."""
        for other in self.halted_by(job):
            self.stop(other, f"halted by intent {job.intent.id}")
        if any(order.may_stand and self.halts(job, order.terms.symbol) for order in self.books.orders.values()):
            job.wake = self.now() + LOOK_AGAIN
        else:
            job.close("done")

    def halted_by(self, job: Job) -> list[Job]:
        """The jobs that a halt ends: all that may send orders in its symbols, those too that are not due yet."""
        return [
            other
            for other in self.jobs
            if other.intent.kind not in ("halt", "watch", "cancel") and self.halts(job, other.intent.symbol)
        ]

    def halts(self, job: Job, symbol: str | None) -> bool:
        """Whether a halt covers a symbol (None: all of them)."""
        return job.intent.symbol is None or symbol is None or symbol == job.intent.symbol

    def stop(self, job: Job, reason: str) -> None:
        raise NotImplementedError
