"""What the engine needs of its surroundings: the World (virtual time, a network in memory) or the real one (asyncio).

The venue's server is written against these few names and not against a World, so that one fault plan, one recorder and
one history serve both ``outtrade.sim`` and ``outtrade.wire``. Times are integer nanoseconds, delays are seconds. While
one event or one piece of data is handled, ``now`` stands still: what is done together happens at one instant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from outtrade.sim.network import ConnectPlan

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange
    from outtrade.faults.plan import Armed
    from outtrade.model.fault import LostAnswer, Trickle
    from outtrade_mocks.venues.api import HttpAnswer, Reading


class Planned(Protocol):
    """An event to come."""

    @property
    def time(self) -> int: ...
    def cancel(self) -> None: ...


class Connection(Protocol):
    """One connection of the client, as its listener holds it (see ``outtrade.sim.network.Conn``)."""

    @property
    def id(self) -> int: ...
    @property
    def host(self) -> str: ...
    def send(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def reset(self) -> None: ...
    def drop(self) -> None: ...


class Net(Protocol):
    """Where the venue listens, and who decides about look-ups and connection attempts."""

    pushing: int
    on_resolve: Callable[[str], bool] | None
    on_connect: Callable[[str, int], ConnectPlan | None] | None

    @property
    def dialling(self) -> object:
        """Whose connection attempt is being decided, or was last."""
        ...

    def listen(self, host: str, port: int, factory: Callable[[Any], Any]) -> None: ...


class Surroundings(Protocol):
    """Clock, timers and network of one run."""

    epoch_ns: int
    now: int

    @property
    def run_ns(self) -> int: ...
    @property
    def net(self) -> Net: ...
    @property
    def observer(self) -> object: ...
    @observer.setter
    def observer(self, value: object) -> None: ...
    def call_at(self, t_ns: int, fn: Callable[..., object], *args: Any, background: bool = False) -> Planned: ...
    def call_later(
        self, seconds: float, fn: Callable[..., object], *args: Any, background: bool = False
    ) -> Planned: ...
    def kill(self) -> None: ...
    def freeze(self, seconds: float) -> bool: ...
    def check(self) -> None: ...


class Carrier(Protocol):
    """Something between client and venue that does network faults to answers instead of the server (Toxiproxy, in wire
    mode). Each method says whether it takes the fault over; if not, the server does it. A fault that then does not act
    is taken back (``Armed.missed``)."""

    def lose(self, exchange: Exchange, armed: Armed, fault: LostAnswer) -> bool:
        """Show the symptom of a lost answer."""
        ...

    def delay(self, exchange: Exchange, answer: HttpAnswer, reading: Reading, armed: Armed, extra: float) -> bool:
        """Let the answer leave ``extra`` seconds later and arrive late by the fault's delay."""
        ...

    def drip(self, exchange: Exchange, answer: HttpAnswer, reading: Reading, armed: Armed, fault: Trickle) -> bool:
        """Let the answer arrive piece by piece."""
        ...
