"""The dead-man switch: the venue cancels everything, unless it hears from us in time.

A task may ask for it (``task.dead_man``, seconds). Then no order leaves while the switch is not set, and from the first
one to the end of the work it is set again at a third of its timeout, so that one lost answer, and a second, do no harm.
Three rules:

* Time counts from when the request *left*: on the venue's side the switch goes off no earlier. A request whose answer
  was lost may have set it or not, so it changes nothing of what is known.
* When more time has passed than that, the switch is taken to have gone off, whatever the reason: a pause, an outage. It
  is set again, and all orders are read before anything new is sent. What is gone is booked as ended; it is not placed
  again: whoever asks for the switch wants orders gone that nobody minds.
* At the end it is turned off, because on most venues it covers the whole account, and others trade there. While
  something may still work it stays on: then it is needed most.

Nothing of this is stored: a process that comes back reads all orders anyway, and sets the switch anew as soon as one is
found to stand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import PortError, SwitchDoor
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.sizing import Impossible

T = TypeVar("T")

SHARE = 3
"""It is set again when a SHARE-th of its timeout has passed."""
AGAIN = 10
"""After a failure, this part of the timeout is the longest wait before the next try."""
OFF_PATIENCE = 5.0
"""Seconds for which the end tries to turn it off; after that it may go off, and hits nothing of ours."""


class DeadMan(Reporting):
    """Keeps the switch set. Where the task does not ask for it, nothing here does anything."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.goes_off: dict[str, float] = {}
        """Symbol ("": the whole account) -> when the switch goes off at the earliest, run time in seconds."""
        self.lapsed = False
        """It may have gone off, and the orders have not been read since."""
        self.set_again_at = 0.0
        """After a failure: not before this run time."""
        self.at_it = False
        """A request to set it is on its way."""
        self.setting = Backoff(self.rng, cap=(self.task.dead_man or 0.0) / AGAIN)

    # ---------------------------------------------------------------- what is wanted
    @property
    def switch_door(self) -> SwitchDoor:
        """What the port offers; raises Impossible where that is nothing."""
        if self.port.switch is None:
            raise Impossible("the venue has no dead-man switch that this client could set")
        return self.port.switch

    def timeout(self) -> int:
        """Whole seconds that the switch is set to; raises Impossible where the venue takes none so short."""
        wanted, door = self.task.dead_man or 0.0, self.switch_door
        if wanted < door.shortest:
            raise Impossible(f"the venue's dead-man switch takes no less than {door.shortest:g} s")
        return int(min(wanted, door.longest))

    def switch_of(self, symbol: str) -> str:
        """Which switch covers a symbol."""
        return symbol if self.switch_door.by_symbol else ""

    def due_again(self, name: str) -> float:
        """When a switch has to be set again, run time."""
        end, timeout = self.goes_off.get(name), self.timeout()
        return self.set_again_at if end is None else max(self.set_again_at, end - timeout + timeout / SHARE)

    def needed(self) -> list[str]:
        """The switches to keep set: those that are, and those of orders that may stand."""
        if self.task.dead_man is None or self.port.switch is None:
            return []
        standing = {self.switch_of(order.terms.symbol) for order in self.books.standing(self.symbols)}
        return sorted(standing | set(self.goes_off))

    # ---------------------------------------------------------------- keeping it set
    async def before_sending(self, symbol: str) -> None:
        """No order leaves without it. A failure to set it is a failure to send."""
        await super().before_sending(symbol)
        if self.task.dead_man is not None and self.now() >= self.due_again(self.switch_of(symbol)):
            await self.set_switch(self.switch_of(symbol))

    def check_exposure(self) -> None:
        """What a switch has ended has to be known first."""
        super().check_exposure()
        if self.lapsed:
            raise NotYet(self.now() + 0.5)

    async def mind_the_switch(self) -> None:
        """Set it again where that is due; if it may have gone off, see what is left. What fails is tried again soon."""
        await self.keep_set()
        if self.lapsed:
            try:
                await self.read_what_is_left()
            except (NotYet, PortError):
                self.set_again_at = max(self.now() + self.setting.next(), self.gate.opens)

    async def keep_set(self) -> None:
        """Set again what is due."""
        self.notice_lapse()
        for name in self.needed():
            if self.now() >= self.due_again(name):
                try:
                    await self.set_switch(name)
                except NotYet as wait:
                    self.set_again_at = wait.until
                except PortError:
                    self.set_again_at = max(self.now() + self.setting.next(), self.gate.opens)

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Before anything is asked: a client that spaces its requests takes long for a long list of them."""
        if not self.at_it:
            await self.keep_set()
        return await super().ask(request)

    async def pause(self, until: float) -> None:
        """Wait, but not past the moment at which the switch has to be set again."""
        while (wake := min([until, *map(self.due_again, self.needed())])) < until:
            await super().pause(wake)
            await self.keep_set()
        await super().pause(until)

    def switch_wakes(self) -> list[float]:
        """When there is something to do about it, run time."""
        return [self.set_again_at] * self.lapsed + [self.due_again(name) for name in self.needed()]

    async def set_switch(self, name: str) -> None:
        """Set it, and count from before the request left."""
        left, timeout = self.now(), self.timeout()
        self.at_it = True
        try:
            await self.ask(lambda: self.switch_door.set_for(timeout, name))
        finally:
            self.at_it = False
        self.setting.reset()
        self.goes_off[name] = left + timeout

    def notice_lapse(self) -> None:
        """Has more time passed than the switch was set to?"""
        for name, end in list(self.goes_off.items()):
            if self.now() < end:
                continue
            del self.goes_off[name]
            standing = self.books.standing(self.symbols)
            if any(self.switch_of(order.terms.symbol) == name for order in standing):
                self.lapsed = True

    async def read_what_is_left(self) -> None:
        """All orders, as they are after the switch went off."""
        before = [order for order in self.books.standing(self.symbols) if order.phase == "live"]
        for symbol in self.symbols:
            await self.list_orders(symbol)
        await self.complete_fills()
        self.lapsed = False
        gone = [order.client_id for order in before if order.phase == "ended"]
        if gone:
            self.alert("warning", f"the dead-man switch may have gone off; ended meanwhile: {', '.join(gone)}")

    async def switch_off(self) -> None:
        """The work is done: what still may stand keeps it set, else it goes."""
        if any(True for _ in self.books.standing(self.symbols)):
            return
        await self.patiently(self.clear_switches, min(self.now() + OFF_PATIENCE, self.task.until))

    async def clear_switches(self) -> None:
        """Turn off what is set."""
        for name in list(self.goes_off):
            await self.ask(lambda name=name: self.switch_door.set_for(0, name))  # type: ignore[misc]
            del self.goes_off[name]
