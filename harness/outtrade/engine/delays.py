"""The network delays of one run: drawn from the scenario's latency model, for every message anew.

Draws come from a sub-stream for each direction and operation, so that one more query shifts the delay of no order: the
third ``place`` takes as long whatever happened in between. A latency that is a number draws nothing.
"""

from __future__ import annotations

from random import Random
from typing import Literal

from outtrade.model.delay import MOST, Delay, EachWay, FixedDelay, LognormalDelay, SpikyDelay, UniformDelay
from outtrade.sim import paths

Way = Literal["up", "down"]


class Delays:
    """``up``: from the client to the venue; ``down``: back. Seconds."""

    def __init__(self, latency: Delay, seed: int) -> None:
        both = (latency.up, latency.down) if isinstance(latency, EachWay) else (latency, latency)
        self._up, self._down = (distribution(way) for way in both)
        self._seed = seed
        self._streams: dict[str, Random] = {}

    def up(self, op: str) -> float:
        """How long this message of an operation takes to the venue."""
        return self._draw(self._up, "up", op)

    def down(self, op: str) -> float:
        """How long this message of an operation takes to the client."""
        return self._draw(self._down, "down", op)

    def _draw(self, model: paths.Latency, way: Way, op: str) -> float:
        if isinstance(model, paths.Fixed):
            return model.seconds
        name = f"{self._seed}/latency/{way}/{op}"
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Random(name)
        return min(model.draw(stream), MOST)


def distribution(latency: Delay) -> paths.Latency:
    """The World's form of a model for one direction."""
    match latency:
        case FixedDelay(seconds=seconds):
            return paths.Fixed(seconds)
        case UniformDelay(low=low, high=high):
            return paths.Uniform(low, high)
        case LognormalDelay(median=median, sigma=sigma):
            return paths.Lognormal(median, sigma)
        case SpikyDelay(base=base, probability=probability, extra=extra):
            return paths.Spikes(base, probability, extra)
        case EachWay():
            raise TypeError("a model for each direction is two distributions")
        case seconds:
            return paths.Fixed(seconds)
