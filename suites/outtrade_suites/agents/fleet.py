"""One of several: whose an order is, whom to believe, when to stop.

Where copies of this agent trade on one account, three things go wrong that no single one can do wrong:

* **Ids collide.** Every client order id holds the intent's tag and the number of the copy, so no two copies can ever
  send the same one, however they count.
* **A copy runs old code.** It works intents that are ours, and nothing on the venue says that it should not. But its
  orders carry our tag and an id that this copy never gives: whoever looks at the account sees them. Nobody can explain
  them, so everything here ends and somebody is told (Knight Capital's router had no control that compared the orders
  that left with the orders that were wanted).
* **A copy runs twice.** Who was started last wrote its number into the store; whoever finds another's there has been
  replaced, and does nothing more (a fencing token: M. Kleppmann, *How to do distributed locking*, 2016).

An agent that is alone does none of this.
"""

from __future__ import annotations

from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.port import OrderState, PortError
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.state import Job

LOOK_EVERY = 60.0
"""Seconds between two looks at all orders of the account."""


class OneOfMany(Reporting):
    """What a copy does beside its work."""

    life = 0
    """Which life of this copy it is, by the store."""
    look_at = 0.0
    """When to look at the account's orders again, run time."""

    @property
    def alone(self) -> bool:
        return self.task.instances == 1

    # -------------------------------------------------------------- replaced
    def enter(self) -> None:
        """This life is the one that counts from now on."""
        if not self.alone:
            self.life = self.journal.enter()

    def replaced(self) -> bool:
        """Whether another life of this copy has begun since."""
        return not self.alone and self.journal.life() != self.life

    def check_exposure(self) -> None:
        if self.replaced():
            raise NotYet(self.task.until)
        super().check_exposure()

    # -------------------------------------------------------------- strangers
    def sent_here(self, job: Job, client_id: str) -> bool:
        """Whether an order with our tag can be this copy's, by its id."""
        return self.alone or client_id.startswith(self.client_id(job, 1)[:-1])

    async def look_out(self) -> None:
        """Read all orders of the account now and then: a stream tells, a poll of one's own orders does not."""
        if self.alone or self.now() < self.look_at or self.closing:
            return
        self.look_at = self.now() + LOOK_EVERY
        try:
            for symbol in self.symbols:
                await self.list_orders(symbol)
        except (NotYet, PortError):
            return

    def on_stranger(self, job: Job, state: OrderState) -> None:
        """An order for one of our intents that this copy did not send: nobody here can say what it is for."""
        what = f"order {state.client_id} is for {job.intent.id} and was not sent by this copy: all stops here"
        self.alert("error", what, job)
        self.end_all("an order of unknown origin")

    def end_all(self, reason: str) -> None:
        """Nothing new any more, and what works is cancelled."""
        for job in self.jobs:
            if job.intent.kind not in ("halt", "watch"):
                self.stop(job, reason)

    def stop(self, job: Job, reason: str) -> None:
        raise NotImplementedError
