"""A fault plan in force: which fault hits which operation, and the ledger that proves what landed.

The pipeline asks the plan once for every operation; faults are tried in the order of the plan and the first that
matches decides. A fault *counts* matching operations; it fires from the ``nth`` on, ``times`` times. One that could
not take effect on an operation (a partial fill of an order that the venue refused) is not spent: it waits for the
next matching operation.

Ledger: ``landed`` (took effect), ``not-exercised`` (its operation never occurred), ``incomplete`` (the operation
occurred, the fault did not land). Only the first is evidence; neither of the others is a pass.

Windows are run time in nanoseconds, [start, end).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Literal

from outtrade.faults.orders import Orders, carries
from outtrade.model.fault import READS, WRITES, Fault, Trigger
from outtrade.model.history import NS, Landed, Ledger, Planned
from outtrade.model.task import Intent
from outtrade_mocks.venues.api import Call

FOREVER = 1 << 62


def op_matches(wanted: str, op: str) -> bool:
    """Whether operation ``op`` is meant by a trigger's ``op`` (a name, ``read``, ``write`` or ``any``)."""
    if wanted == op or wanted == "any":
        return True
    return (wanted == "read" and op in READS) or (wanted == "write" and op in WRITES)


class Armed:
    """One fault of the plan with its counters."""

    __slots__ = ("end", "fault", "fired", "healed", "index", "kind", "occurred", "seen", "start", "until")

    def __init__(self, index: int, fault: Fault) -> None:
        self.index = index
        self.fault = fault
        self.kind = fault.kind
        self.seen = 0
        self.fired = 0
        self.occurred = False
        self.healed = False
        self.start = int(fault.on.after * NS)
        self.end = FOREVER if fault.on.before is None else int(fault.on.before * NS)
        self.until = 0
        """Run time (ns) until which a fault that lasts (429, ban) goes on once triggered."""

    def offered(self, op: str, now: int, symbol: str | None = None, tag: str | None = None) -> bool:
        """Count the operation if it matches; True if the fault may fire on it. ``tag``: of the intent it is for."""
        on = self.fault.on
        if self.fired >= on.times or not self.start <= now < self.end or not op_matches(on.op, op):
            return False
        if on.symbol is not None and on.symbol != symbol:
            return False
        if on.tag is not None and on.tag != tag:
            return False
        self.seen += 1
        return self.seen >= on.nth

    def landed(self, **where: object) -> Landed:
        """Spend one firing; returns the event for the History."""
        self.fired += 1
        return Landed(fault=self.index, **where)  # type: ignore[arg-type]

    def missed(self) -> None:
        """Take a firing back: it turned out that the fault did not act. It waits for the next matching operation."""
        self.fired = max(0, self.fired - 1)
        self.occurred = True

    def verdict(self) -> Ledger:
        """The last word on this fault."""
        status: Literal["landed", "not-exercised", "incomplete"]
        if self.fired:
            status = "landed"
        else:
            status = "incomplete" if self.occurred else "not-exercised"
        return Ledger(fault=self.index, status=status, times=self.fired)


class Window(Armed):
    """A fault that holds for a stretch of run time instead of for counted operations."""

    __slots__ = ()

    def __init__(self, index: int, fault: Fault, duration: float) -> None:
        super().__init__(index, fault)
        self.end = self.start + int(duration * NS)

    def holds(self, now: int) -> bool:
        """Whether the fault is in force."""
        return self.start <= now < self.end


class Moment(Armed):
    """A fault that strikes once, as soon from its start on as there is something to strike (an open connection)."""

    __slots__ = ()


class Plan:
    """The faults of a scenario that act at one of its venues, armed, in the order of the scenario. Their numbers are
    those that they have in the scenario."""

    def __init__(self, faults: Iterable[Fault], intents: Iterable[Intent] = (), venue: int = 0) -> None:
        self.intents = tuple(intents)
        self.venue = venue
        self._numbers = count()
        self.all: list[Armed] = []
        self.orders = Orders()
        self._of: dict[tuple[str, ...], tuple[Armed, ...]] = {}
        for fault in faults:
            if fault.venue == venue:
                self.add(fault)
            else:
                next(self._numbers)

    def add(self, fault: Fault) -> Armed:
        """Arm one more fault, behind all others."""
        index = next(self._numbers)
        armed: Armed
        match fault.kind:
            case "dns_failure" | "refuse" | "blackhole" | "stream_silent" | "stream_stall" | "halt" | "clock_skew":
                armed = Window(index, fault, fault.duration)
            case "stream_close":
                armed = Window(index, fault, fault.down)
            case "half_open" | "disconnect" | "stream_expire":
                armed = Moment(index, fault)
            case "pause" if fault.point == "at":
                armed = Moment(index, fault)
            case _:
                armed = Armed(index, fault)
        self.all.append(armed)
        self._of.clear()
        return armed

    def of(self, *kinds: str) -> tuple[Armed, ...]:
        """The faults of these kinds, in the order of the plan. Asked several times a request: answers are kept."""
        found = self._of.get(kinds)
        if found is None:
            found = self._of[kinds] = tuple(armed for armed in self.all if armed.kind in kinds)
        return found

    def windows(self, *kinds: str) -> Iterator[Window]:
        """The windowed faults of these kinds."""
        for armed in self.of(*kinds):
            assert isinstance(armed, Window)
            yield armed

    def window(self, kind: str, now: int) -> Window | None:
        """The windowed fault of this kind that is in force now."""
        for armed in self.of(kind):
            assert isinstance(armed, Window)
            if armed.holds(now):
                return armed
        return None

    def match(self, call: Call, now: int, *kinds: str) -> Armed | None:
        """The first fault of these kinds that fires on this call. All of them count it."""
        chosen: Armed | None = None
        tag: str | None = None
        for armed in self.of(*kinds):
            if tag is None and armed.fault.on.tag is not None:
                tag = self.tag_of(call, now) or ""
            if not self.fits(armed.fault.on, call):
                continue
            if armed.offered(call.op, now, call.symbol, tag) and chosen is None:
                chosen = armed
        if chosen is not None:
            chosen.occurred = True
        return chosen

    def fits(self, on: Trigger, call: Call | None) -> bool:
        """Whether a call holds what a trigger asks of its content, and its order is in the state that it asks for."""
        if on.where and (call is None or not carries(call, on.where)):
            return False
        return on.state is None or (call is not None and self.orders.state(call) == on.state)

    def tag_of(self, call: Call, now: int) -> str | None:
        """Tag of the intent that a call is for: the one inside its client order id, else by symbol and side, which are
        unique among live intents (an agent need not put the tag into its ids)."""
        for intent in self.intents:
            if call.client_id is not None and intent.tag in call.client_id:
                return intent.tag
        side = call.order.get("side") if call.order else None
        best: Intent | None = None
        for intent in self.intents:
            if intent.at * NS <= now and intent.symbol == call.symbol and (side is None or intent.side == side):
                live = intent.expires is None or now < intent.expires * NS
                if live or best is None:
                    best = intent
        return None if best is None or call.symbol is None else best.tag

    def planned(self) -> Iterator[Planned]:
        """The events that open the record."""
        for armed in self.all:
            yield Planned(fault=armed.index, kind=armed.kind, variant=armed.fault.variant)

    def ledger(self) -> Iterator[Ledger]:
        """The events that close the record."""
        for armed in self.all:
            yield armed.verdict()
