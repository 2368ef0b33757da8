"""The venue's ends of proxied connections, and the gate that keeps a toxic to the one answer it is meant for.

A toxic acts on whatever flows through its proxy while it is there. So for that time the gate is shut: what the venue
would send on the proxy's other connections waits in their doors, in order, and leaves as soon as the toxic is off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from outtrade.wire.doors import Door

if TYPE_CHECKING:
    from outtrade.engine.server import Server
    from outtrade.wire.world import RealWorld

QUIET = 0.02
"""Seconds for what others were sent last to have passed the proxy."""


class Gate:
    """Who may send through a proxy now. ``wanted`` is called when somebody has to wait."""

    def __init__(self) -> None:
        self._only: ProxiedDoor | None = None
        self._waiting: dict[ProxiedDoor, list[Callable[[], None]]] = {}
        self._last: dict[ProxiedDoor, float] = {}
        self.wanted: Callable[[], None] | None = None

    def shut(self, only: ProxiedDoor) -> float:
        """Only ``only`` sends from now on; returns the seconds until what others sent has passed."""
        self._only = only
        others = [at for door, at in self._last.items() if door is not only]
        return max(0.0, QUIET - (time.monotonic() - max(others))) if others else 0.0

    def open(self) -> None:
        """Everybody sends; who waited goes first."""
        self._only = self.wanted = None
        waiting, self._waiting = self._waiting, {}
        for actions in waiting.values():
            for action in actions:
                action()

    def gone(self, door: ProxiedDoor) -> None:
        """A connection is over."""
        self._waiting.pop(door, None)
        self._last.pop(door, None)

    def passes(self, door: ProxiedDoor, action: Callable[[], None]) -> None:
        """Do ``action`` of a door now, or as soon as the gate is open."""
        if self._only is not None and self._only is not door:
            self._waiting.setdefault(door, []).append(action)
            if self.wanted is not None:
                self.wanted()
            return
        self._last[door] = time.monotonic()
        action()


class ProxiedDoor(Door):
    """One connection that comes from a proxy. ``ending`` says what it means when the connection ends next; ``heard`` is
    told once of the next bytes of the client."""

    __slots__ = ("ending", "free_port", "gate", "heard", "left_to_proxy")

    def __init__(
        self, world: RealWorld, server: Server, number: int, doors: dict[int, Door], gate: Gate, free_port: int
    ) -> None:
        super().__init__(world, server, number, doors)
        self.gate = gate
        self.free_port = free_port
        """The venue's port whose connections no gate holds up."""
        self.ending: Callable[[str], None] | None = None
        self.heard: Callable[[], None] | None = None
        self.left_to_proxy: Callable[[], bool] = lambda: False
        """Whether the proxy is about to end its connections, so that a reset here would only blur it."""

    @property
    def up(self) -> bool:
        """Whether bytes can still be sent."""
        return self._open and not self._dropped

    @property
    def there(self) -> bool:
        """Whether the connection still exists, in whatever state."""
        return self.id in self.doors

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        if self.heard is not None:
            heard, self.heard = self.heard, None
            heard()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        super().connection_lost(exc)
        self.gate.gone(self)

    def _tell(self, how: str) -> None:
        ending, self.ending = self.ending, None
        if ending is not None:
            ending(how)
        else:
            super()._tell(how)

    # ------------------------------------------------------------------ for the engine
    def send(self, data: bytes) -> None:
        """Bytes to the client, once the gate lets them."""
        self._through(lambda: Door.send(self, data))

    def close(self) -> None:
        """FIN, in its turn."""
        self._through(lambda: Door.close(self))

    def reset(self) -> None:
        """RST, in its turn (Toxiproxy makes a FIN of it)."""
        if not self.left_to_proxy():
            self._through(lambda: Door.reset(self))

    def _through(self, action: Callable[[], None]) -> None:
        if self.port == self.free_port:
            action()
        else:
            self.gate.passes(self, action)

    # ------------------------------------------------------------------ for the carrier
    def push(self, data: bytes) -> None:
        """Bytes past the gate."""
        Door.send(self, data)

    def half_close(self) -> None:
        """FIN that leaves the other direction open."""
        transport: Any = self._transport
        if self._open and transport is not None:
            transport.write_eof()

    def abort(self) -> None:
        """End it, whatever the proxy is about to do."""
        Door.reset(self)
