"""What is known of a market in advance: the path of its price, and events at stated times or within stated windows.

All of it is plain data. Times are seconds since the market opened; ``at`` may be a window (from, to), in which the seed
chooses a time. Percentages are relative to the price of the moment, negative for a fall. Events may overlap: their
effects multiply, on top of the seeded walk of the mid::

    Path(points=((0, Decimal(50_000)), (12, Decimal(47_500))))      at 12 s the price is 5 % lower, after an even fall
    Gap(at=12, percent=-5)                                          the same at one stroke, without a trade in between
    FlashCrash(at=(60, 90), percent=-20, fall=3, hold=1, recover=30)
    OneSided(at=30, lasts=10, missing="bids")                       nobody wants to buy
    TradeThrough(at=40, percent=-0.5)                               a print half a percent below the mid
    Widening(at=50, lasts=20, factor=8, depth=0.25)                 spread times eight, a quarter of the depth

A ``Timeline`` is the same compiled for a flow: by what the mid is multiplied at any time, and at which times the makers
have to renew their quotes so that all this shows when it happens, not at the next quote that chance brings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, isfinite
from random import Random
from typing import Literal, NamedTuple, TypeVar

NS = 1_000_000_000
LONGEST = 366 * 86_400.0
"""Seconds: no time and no duration is longer."""
FAR = 20
"""Prices stay between a twentieth and twenty times the mid at the start."""
POINTS = 1_000
"""Waypoints of a path."""
EVENTS = 200
STEPS = 400
"""Renewals of the quotes on one even stretch of a moving price."""
ALL_STEPS = 20_000
"""The same for a whole path."""

When = float | tuple[float, float]
"""Seconds since the opening, or a window from which the seed draws."""


def _check_when(at: When) -> None:
    first, last = at if isinstance(at, tuple) else (at, at)
    if not (isfinite(first) and isfinite(last) and 0 <= first <= last <= LONGEST):
        raise ValueError("at is a number of seconds, or a window of two in order, from 0 to a year")


def _check_percent(percent: float) -> None:
    if not isfinite(percent) or percent == 0 or not 100 / FAR - 100 <= percent <= 100 * FAR - 100:
        raise ValueError(f"percent is not 0, and from {100 / FAR - 100:g} to {100 * FAR - 100}")


def _check_seconds(name: str, seconds: float, *, zero: bool = False) -> None:
    if not isfinite(seconds) or seconds > LONGEST or seconds < 0 or (seconds == 0 and not zero):
        raise ValueError(f"{name} is a number of seconds {'from' if zero else 'above'} 0 to a year")


def _check_factor(name: str, factor: float) -> None:
    if not isfinite(factor) or not 0.001 <= factor <= 1_000:
        raise ValueError(f"{name} is a factor from 0.001 to 1000")


# ------------------------------------------------------------------ plain data
@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The mid as (seconds, price) waypoints: ``linear``, moving evenly from one to the next, or ``stepped``. Before the
    first it is the market's ``mid`` (a linear path leaves from there at 0), after the last it stays. The walk of the
    mid (volatility) goes on around it; with a volatility of 0 the path is exact."""

    points: tuple[tuple[float, Decimal], ...]
    shape: Literal["linear", "stepped"] = "linear"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by the model of scenarios

    def __post_init__(self) -> None:
        times, prices = [at for at, _ in self.points], [price for _, price in self.points]
        if not 1 <= len(times) <= POINTS:
            raise ValueError(f"a path has 1 to {POINTS} points")
        if not all(isfinite(at) and 0 <= at <= LONGEST for at in times) or times != sorted(set(times)):
            raise ValueError("the points of a path are in order of time, each at a time of its own, from 0 to a year")
        if not all(price.is_finite() and price > 0 for price in prices):
            raise ValueError("the prices of a path are positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The price jumps by ``percent`` and stays there; nothing is traded in between."""

    kind: Literal["gap"] = "gap"
    at: When
    percent: float

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def __post_init__(self) -> None:
        _check_when(self.at)
        _check_percent(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashCrash:
    """The price moves evenly by ``percent`` within ``fall`` seconds, stays for ``hold``, and comes back within
    ``recover``."""

    kind: Literal["flash_crash"] = "flash_crash"
    at: When
    percent: float
    fall: float
    hold: float = 0.0
    recover: float

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def __post_init__(self) -> None:
        _check_when(self.at)
        _check_percent(self.percent)
        _check_seconds("fall", self.fall)
        _check_seconds("hold", self.hold, zero=True)
        _check_seconds("recover", self.recover)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSided:
    """The makers' ``missing`` side stays away for ``lasts`` seconds."""

    kind: Literal["one_sided"] = "one_sided"
    at: When
    lasts: float
    missing: Literal["bids", "asks"]

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def __post_init__(self) -> None:
        _check_when(self.at)
        _check_seconds("lasts", self.lasts)
        if self.missing not in ("bids", "asks"):
            raise ValueError("missing is bids or asks")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeThrough:
    """Somebody trades through the book to ``percent`` from the mid (negative: a sale): all that rests up to there is
    filled in full, at its own price, and the last price is that far away; makers are back at once."""

    kind: Literal["trade_through"] = "trade_through"
    at: When
    percent: float

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def __post_init__(self) -> None:
        _check_when(self.at)
        _check_percent(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Widening:
    """For ``lasts`` seconds the spread is ``factor`` times as wide, and the depth ``depth`` times what it was."""

    kind: Literal["widening"] = "widening"
    at: When
    lasts: float
    factor: float
    depth: float = 1.0

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def __post_init__(self) -> None:
        _check_when(self.at)
        _check_seconds("lasts", self.lasts)
        _check_factor("factor", self.factor)
        _check_factor("depth", self.depth)


MarketEvent = Gap | FlashCrash | OneSided | TradeThrough | Widening
KINDS: dict[str, type[MarketEvent]] = {
    "gap": Gap,
    "flash_crash": FlashCrash,
    "one_sided": OneSided,
    "trade_through": TradeThrough,
    "widening": Widening,
}


E = TypeVar("E", bound=MarketEvent)


def settled(events: Sequence[E], label: str) -> tuple[E, ...]:
    """The events with each window replaced by a time in it. Each draws by itself (``label`` and its place): one more
    event changes no other."""
    return tuple(
        replace(event, at=Random(f"{label}/{place}").uniform(*event.at)) if isinstance(event.at, tuple) else event
        for place, event in enumerate(events)
    )


# ------------------------------------------------------------------ compiled
class Ramp(NamedTuple):
    """A factor of the mid over time: 1 before the first time, the last one after the last; in between, evenly moving
    or stepped."""

    times: tuple[int, ...]
    factors: tuple[float, ...]
    linear: bool

    def at(self, time: int) -> float:
        """The factor at ``time`` (ns)."""
        place = bisect_right(self.times, time)
        if not place:
            return 1.0
        before = self.factors[place - 1]
        if not self.linear or place == len(self.times):
            return before
        start, end = self.times[place - 1], self.times[place]
        return before + (self.factors[place] - before) * ((time - start) / (end - start))

    def steps(self, finest: float) -> Iterable[int]:
        """Times at which quotes are renewed, so that they follow the factor within about ``finest``."""
        yield from self.times
        if not self.linear:
            return
        most = max(1, min(STEPS, ALL_STEPS // len(self.times)))
        for place in range(len(self.times) - 1):
            start, end = self.times[place : place + 2]
            moved = abs(self.factors[place + 1] - self.factors[place])
            count = min(most, ceil(moved / finest), max(1, (end - start) // 1_000_000))
            yield from (start + (end - start) * step // count for step in range(1, count))


class Phase(NamedTuple):
    """How the makers quote from ``start`` (ns) on: factors of spread and depth, and which sides there are."""

    start: int
    spread: float
    depth: float
    bids: bool
    asks: bool


class Renewal(NamedTuple):
    """The makers renew their quotes at ``time`` (ns); before that, somebody trades through by this fraction of the mid
    (0: nobody does)."""

    time: int
    through: float


class Timeline:
    """Path and events of one market that opened at ``opened`` (ns); windows must be settled."""

    __slots__ = ("phases", "ramps", "renewals", "starts")

    def __init__(
        self, path: Path | None, events: Sequence[MarketEvent], *, mid: Decimal, spread_bps: float, opened: int
    ) -> None:
        def time(*seconds: float) -> int:
            return opened + max(1, round(sum(seconds) * NS))

        self.ramps: list[Ramp] = []
        throughs: list[Renewal] = []
        lasting: list[tuple[int, int, OneSided | Widening]] = []
        if path is not None:
            points = [(time(at), float(price / mid)) for at, price in path.points]
            if path.shape == "linear" and path.points[0][0] > 0:
                points.insert(0, (opened, 1.0))
            elif path.points[0][0] == 0:
                points[0] = (opened, points[0][1])
            times, factors = zip(*points, strict=True)
            self.ramps.append(Ramp(times, factors, path.shape == "linear"))
        for event in events:
            assert not isinstance(event.at, tuple)
            start = time(event.at)
            if isinstance(event, Gap):
                self.ramps.append(Ramp((start,), (1 + event.percent / 100,), False))
            elif isinstance(event, FlashCrash):
                low = 1 + event.percent / 100
                spans = (0.0, event.fall, event.hold, event.recover)
                times = tuple(time(event.at, *spans[: count + 1]) for count in range(len(spans)))
                self.ramps.append(Ramp(times, (1.0, low, low, 1.0), True))
            elif isinstance(event, TradeThrough):
                throughs.append(Renewal(start, event.percent / 100))
            else:
                lasting.append((start, time(event.at, event.lasts), event))
        self.phases = _phases(lasting)
        self.starts = [phase.start for phase in self.phases]
        finest = max(spread_bps, 0.5) / 2 / 10_000
        moves = {step for ramp in self.ramps for step in ramp.steps(finest)} | set(self.starts)
        renewals = [Renewal(at, 0.0) for at in moves - {through.time for through in throughs}]
        self.renewals = sorted((one for one in (*renewals, *throughs) if one.time > opened), key=lambda one: one.time)

    def factor(self, time: int) -> float:
        """By what the walk of the mid is multiplied at ``time`` (ns)."""
        product = 1.0
        for ramp in self.ramps:
            product *= ramp.at(time)
        return product

    def phase(self, time: int) -> int:
        """The number of the phase at ``time`` (ns); -1 before the first."""
        return bisect_right(self.starts, time) - 1


def _phases(lasting: list[tuple[int, int, OneSided | Widening]]) -> list[Phase]:
    """What holds from each start and end on."""
    found = []
    for start in sorted({time for first, last, _ in lasting for time in (first, last)}):
        spread = depth = 1.0
        sides = {"bids", "asks"}
        for first, last, event in lasting:
            if first <= start < last:
                if isinstance(event, OneSided):
                    sides.discard(event.missing)
                else:
                    spread *= event.factor
                    depth *= event.depth
        found.append(Phase(start, spread, depth, "bids" in sides, "asks" in sides))
    return found
