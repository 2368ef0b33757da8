"""How long bytes travel between the client and the venue: a scenario's ``latency``.

A number is a fixed one-way delay in seconds, which is enough for most scenarios. Otherwise one of these models; each
is drawn anew for every message, on the way up (to the venue) and down (to the client), of requests and streams alike:

    >>> DELAY.validate_python(0.02)
    0.02
    >>> DELAY.validate_python({"kind": "spikes", "base": 0.02, "probability": 0.01, "extra": 1.5}).typical
    0.02

All figures are seconds one way, at most ``MOST``. Messages of one connection never overtake each other, those of two
connections may.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter, model_validator

from .task import Plain

MOST = 60.0
"""Longest delay in seconds: no run waits longer for a report, either."""

Seconds = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)]


class FixedDelay(Plain):
    """Always ``seconds``; a plain number says the same."""

    kind: Literal["fixed"]
    seconds: Seconds

    @property
    def typical(self) -> float:
        """The delay that stands for the model where it is made plain."""
        return self.seconds


class UniformDelay(Plain):
    """Between ``low`` and ``high`` seconds, evenly."""

    kind: Literal["uniform"]
    low: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> UniformDelay:
        if self.high < self.low:
            raise ValueError("high is below low")
        return self

    @property
    def typical(self) -> float:
        """The mean."""
        return (self.low + self.high) / 2


class LognormalDelay(Plain):
    """The usual shape of measured delays: ``median`` seconds, ``sigma`` the standard deviation of the logarithm."""

    kind: Literal["lognormal"]
    median: float = Field(gt=0, le=MOST, allow_inf_nan=False)
    sigma: float = Field(ge=0, le=2, allow_inf_nan=False)

    @property
    def typical(self) -> float:
        """The median."""
        return self.median


class SpikyDelay(Plain):
    """``base`` seconds, and with ``probability`` (of each message) ``extra`` seconds more."""

    kind: Literal["spikes"]
    base: Seconds
    probability: float = Field(ge=0, le=1)
    extra: Seconds

    @property
    def typical(self) -> float:
        """The base."""
        return self.base


OneWay = Annotated[FixedDelay | UniformDelay | LognormalDelay | SpikyDelay, Field(discriminator="kind")]


class EachWay(Plain):
    """A model for each direction: ``up`` to the venue, ``down`` to the client."""

    kind: Literal["each_way"]
    up: OneWay
    down: OneWay

    @property
    def typical(self) -> float:
        """The mean of both."""
        return (self.up.typical + self.down.typical) / 2


def _form(value: Any) -> str | None:
    """Which member of the union a value is meant to be, so that an error speaks of that one."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", "seconds")
    return kind if isinstance(kind, str) else None


Delay = Annotated[
    Annotated[Seconds, Tag("seconds")]
    | Annotated[FixedDelay, Tag("fixed")]
    | Annotated[UniformDelay, Tag("uniform")]
    | Annotated[LognormalDelay, Tag("lognormal")]
    | Annotated[SpikyDelay, Tag("spikes")]
    | Annotated[EachWay, Tag("each_way")],
    Discriminator(
        _form,
        custom_error_type="delay",
        custom_error_message="is a number of seconds, or a model: kind fixed, uniform, lognormal, spikes or each_way",
    ),
]
"""A number of seconds, or a model."""

DELAY: TypeAdapter[Delay] = TypeAdapter(Delay)
