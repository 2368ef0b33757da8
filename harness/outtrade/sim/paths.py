"""What lies between the agent and a host: latency, bandwidth, and which attempts to connect get through.

A ``Path`` belongs to a host name or to one of its addresses (``world.net.paths``). Without one, bytes are handed over
at the instant at which they are sent. With one, each direction of each connection is a ``Lane``: bytes leave one after
the other at the lane's bandwidth, travel for a latency drawn anew for every send, and never overtake each other, as in
TCP; connections overtake each other freely.

    world.net.paths["api.example.com"] = Path(up=Lognormal(0.02, 0.5), down=Spikes(0.02, 0.01, 1.5), bandwidth=50_000)

Determinism: every lane draws from a stream of its own, named after its connection's number and direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from outtrade.sim.world import World

NS = 1_000_000_000


class Latency(Protocol):
    """A distribution of one-way delays."""

    def draw(self, rng: Random) -> float:
        """Seconds."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same; ``seconds`` one way."""

    seconds: float = 0.0

    def __post_init__(self) -> None:
        _positive(self.seconds)

    def draw(self, rng: Random) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Between ``low`` and ``high`` seconds, evenly."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _positive(self.low, self.high)
        if self.high < self.low:
            raise ValueError("high is below low")

    def draw(self, rng: Random) -> float:
        return rng.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """The usual shape of measured delays: ``median`` seconds, ``sigma`` the deviation of the logarithm."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _positive(self.median, self.sigma)
        if not self.median:
            raise ValueError("the median must not be 0")

    def draw(self, rng: Random) -> float:
        return rng.lognormvariate(math.log(self.median), self.sigma)


@dataclass(frozen=True, slots=True)
class Spikes:
    """``base`` seconds, and with ``probability`` (of each send) ``extra`` seconds more."""

    base: float
    probability: float
    extra: float

    def __post_init__(self) -> None:
        _positive(self.base, self.extra)
        if not 0 <= self.probability <= 1:
            raise ValueError("a probability is from 0 to 1")

    def draw(self, rng: Random) -> float:
        return self.base + (self.extra if rng.random() < self.probability else 0.0)


def _positive(*values: float) -> None:
    if not all(0 <= value < math.inf for value in values):
        raise ValueError("delays are finite and not negative")


@dataclass(frozen=True, slots=True)
class ConnectPlan:
    """How a connection attempt ends, after ``delay`` seconds. ``lost``: nothing ever answers."""

    outcome: Literal["ok", "refused", "lost", "unreachable"] = "ok"
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Path:
    """``up`` is from the agent, ``down`` to it; ``bandwidth`` in bytes a second each way (None: no limit).

    ``connect``: how attempts end; None is "accepted after a round trip".
    """

    up: Latency = field(default_factory=Fixed)
    down: Latency = field(default_factory=Fixed)
    bandwidth: float | None = None
    connect: ConnectPlan | None = None

    def __post_init__(self) -> None:
        if self.bandwidth is not None and not 0 < self.bandwidth < math.inf:
            raise ValueError("a bandwidth is finite and above 0")


class Lane:
    """One direction of one connection."""

    __slots__ = ("_arrived", "_bandwidth", "_free", "_latency", "_rng", "_world")

    def __init__(self, world: World, name: str, latency: Latency, bandwidth: float | None) -> None:
        self._world = world
        self._latency, self._bandwidth = latency, bandwidth
        self._rng = world.rng(f"net/{name}")
        self._free = 0
        self._arrived = 0

    def carry(self, size: int, deliver: Callable[..., object], *args: Any) -> int:
        """Call ``deliver(*args)`` when ``size`` bytes sent now arrived; returns when the last one has left (ns)."""
        world = self._world
        left = max(world.now, self._free)
        if self._bandwidth is not None:
            left += math.ceil(size / self._bandwidth * NS)
        self._free = left
        self._arrived = max(self._arrived, left + round(self._latency.draw(self._rng) * NS))
        world.call_at(self._arrived, deliver, *args)
        return left
