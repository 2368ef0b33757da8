"""Fills that nobody asked for: an alert and a halt.

Two things cannot come from what this agent sent: an order that fills beyond its quantity, and one that bears a tag of
this task although it never left from here. Either says that something is running that should not be (an old copy, a
second one, a loop), or that the books here or there are wrong. Every further order would be built on that. So: tell a
person, send nothing new, take what works off the book, and leave the rest to the person; also after a restart.

After a restart an order under our tag that no record knows may well be ours (the record was lost): it is adopted, and
that is no alarm. Of several copies each knows the ids that it gives (``fleet``). What takes risk away (a ``flatten``,
protection that stands) goes on.
"""

from __future__ import annotations

from outtrade_suites.agents.port import OrderState
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.state import Job, Order


class Alarm(Reporting):
    """What was never asked for is told, and nothing new is sent."""

    def is_stray(self, job: Job, state: OrderState) -> bool:
        """Whether an order under the tag of ``job``, which is not in the books, cannot have been sent from here."""
        return self.task.instances == 1 and not self.task.resumed

    def on_stray(self, job: Job, state: OrderState) -> None:
        """News of an order that bears our tag and was never sent from here. It is not ours: it is left alone, and
        counts for no intent."""
        known = self.books.foreign.get((state.symbol, state.venue_id))
        self.books.foreign[state.symbol, state.venue_id] = state
        if known is None:
            self.sound(f"order {state.client_id} ({state.venue_id}) bears our tag and was never sent from here", job)

    def on_overfill(self, order: Order) -> None:
        """An own order filled for more than it asked for."""
        text = f"order {order.client_id} ({order.venue_id}) filled {order.filled} of {order.quantity}"
        self.sound(text, self.job_of(order))

    def sound(self, text: str, job: Job) -> None:
        """Tell a person, and stop everything that adds exposure, for good."""
        self.alert("error", f"{text}: nothing more is sent", job)
        self.journal.halt(text)
        self.stand_still(text)

    def stand_still(self, reason: str) -> None:
        """Nothing new for any intent, those too that are not due yet; what works is cancelled."""
        for job in self.jobs:
            if job.intent.kind in ("order", "trade", "scale"):
                self.stop(job, f"halted: {reason}")

    async def recover(self) -> None:
        """A halt outlives a restart."""
        await super().recover()
        if reason := self.journal.halted():
            self.stand_still(reason)

    def stop(self, job: Job, reason: str) -> None:
        raise NotImplementedError
