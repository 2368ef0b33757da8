"""The rest of the market: seeded makers and takers around a mid price that walks.

Two kinds of action come at random times (exponential gaps, as in a Poisson process). A *quote* moves the mid, cancels
what the house makers had, and puts up fresh orders on both sides: ``levels`` price levels of about ``depth`` each. A
*take* is a market order of random side and size. So resting orders of an account are filled in parts and after a while
(by takes, or by quotes that cross them as the mid walks), and a large order walks through several levels.

A ``Flow`` only decides what the market *wants* to do. Its draws come from a stream of its own and never depend on the
book: two runs of one scenario see the same market, whatever the accounts do. The exchange carries the actions out.

Between two quotes of a book without orders of accounts nothing lasts: the next quote replaces everything. The exchange
uses that to carry out only the last quote and what follows it (see ``market``); a flow is cheap while nobody looks.
Because draws depend on nothing but the stream, a flow can also be read ahead of time (``peek``): so the exchange finds
out when the market will next meet an order of an account, and need not be woken before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, isfinite, log, sqrt
from random import Random
from typing import NamedTuple

from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.recording import Levels, Tape, check_book
from outtrade_mocks.core.script import EVENTS, FAR, MarketEvent, Path

NS = 1_000_000_000
NEVER = 1 << 62
"""A time that does not come; as a price, none: asks that are missing stand at NEVER, bids at -NEVER."""
Ladder = tuple[list[tuple[int, int]], list[tuple[int, int]]]
"""Bids and asks, best first, as (ticks, lots)."""
LEVELS = 1_000
"""Price levels of the makers on each side."""
Opening = tuple[Levels, Levels]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowConfig:
    """The market of one symbol. ``mid`` in quote per base, ``depth`` and ``taker_size`` in base units.

    ``spread_bps``: usual distance between best bid and best ask. ``depth``: mean quantity at each of ``levels`` price
    levels on each side. ``maker_rate``, ``taker_rate``: mean number of quotes and of market orders a second; 0 for
    none. ``taker_size``: mean quantity of a market order. ``volatility_bps``: standard deviation of the mid's move in
    one minute. ``opening``: bids and asks (price, quantity; best first) of the first quote, instead of drawn ones.
    ``path`` and ``events``: what is known in advance (``script``). ``tape``: a recorded market that is played instead
    of all this (``tape``); of the rest only ``mid`` counts, until its first book. Raises ValueError in one line.
    """

    mid: Decimal
    spread_bps: float = 4.0
    depth: Decimal
    levels: int = 10
    maker_rate: float = 0.05
    taker_rate: float = 0.05
    taker_size: Decimal
    volatility_bps: float = 3.0
    opening: Opening | None = None
    path: Path | None = None
    events: tuple[MarketEvent, ...] = ()
    tape: Tape | None = None

    def __post_init__(self) -> None:
        if not all(size.is_finite() and size > 0 for size in (self.mid, self.depth, self.taker_size)):
            raise ValueError("mid, depth and taker_size must be positive")
        rates = (self.spread_bps, self.maker_rate, self.taker_rate, self.volatility_bps)
        if not 1 <= self.levels <= LEVELS or not all(isfinite(rate) and rate >= 0 for rate in rates):
            raise ValueError(f"levels must be 1 to {LEVELS}, and spread, rates and volatility not negative")
        if self.opening is not None:
            check_book(*self.opening)
            if not all(self.opening):
                raise ValueError("an opening book has bids and asks")
        if self.path is not None and not all(
            self.mid / FAR <= price <= self.mid * FAR for _, price in self.path.points
        ):
            raise ValueError(f"the prices of a path lie between mid / {FAR} and {FAR} x mid")
        if len(self.events) > EVENTS:
            raise ValueError(f"a market has at most {EVENTS} events")
        if self.tape is not None and (self.opening is not None or self.path is not None or self.events):
            raise ValueError("a market with a tape has no opening, path or events of its own")


class Quote(NamedTuple):
    """House makers renew their orders around ``mid`` (ticks, not whole); ``noise`` has 16 random bits a level.

    ``through``: before that, somebody buys (positive) or sells (negative) everything up to this price (ticks)."""

    time: int
    mid: float
    noise: int
    through: int = 0


class Take(NamedTuple):
    """A market order of the house. ``prints``: trades among others meanwhile, which use up trade ids. ``limit``: the
    worst price (ticks) it takes, at which its last part is printed; 0: any."""

    time: int
    buy: bool
    lots: int
    prints: int
    limit: int = 0


_new = tuple.__new__
"""Makes a named tuple without the detour over its own constructor: these are made millions of times."""


class Flow:
    """The seeded actions of one symbol, in order of time."""

    __slots__ = (
        "_ahead",
        "_bits",
        "_drawn_mid",
        "_gauss",
        "_high",
        "_low",
        "_opened",
        "_opening",
        "_quote_at",
        "_quoted",
        "_random",
        "_rng",
        "_take_at",
        "_take_lots",
        "config",
        "depth",
        "instrument",
        "mid",
        "next_time",
        "reference",
    )

    def __init__(self, config: FlowConfig, instrument: Instrument, *, seed: int, now: int) -> None:
        self.config = config
        self.instrument = instrument
        self._rng = rng = Random(f"{seed}/flow/{instrument.symbol}")
        self._random, self._bits, self._gauss = rng.random, rng.getrandbits, rng.gauss
        self.mid = self._drawn_mid = float(config.mid / instrument.tick)
        """The mid in ticks, as of the last quote."""
        self.reference = max(1, round(self.mid))
        """The same in whole ticks."""
        self._low, self._high = self.mid / 20, self.mid * 20
        self.depth = max(1, int(config.depth / instrument.step))
        self._take_lots = float(config.taker_size / instrument.step)
        self._opened = self._quoted = now
        self._opening: Ladder | None = None
        """The first quote's bids and asks, where they are given."""
        if config.opening is not None:
            bids, asks = (
                [(instrument.ticks(price), instrument.lots(size)) for price, size in side] for side in config.opening
            )
            self._opening = (bids, asks)
        self._ahead: deque[Quote | Take] = deque()
        """Actions that were looked at ahead of their time."""
        self._quote_at = now
        """The first quote comes at once: a market opens with makers."""
        self._take_at = self._after(now, config.taker_rate)
        self.next_time = now
        """When the next action comes (ns), NEVER for never."""

    def _after(self, now: int, rate: float) -> int:
        # as Random.expovariate, without the call
        return now + 1 + int(-log(1.0 - self._random()) / rate * NS) if rate > 0 else NEVER

    @property
    def next_quote(self) -> int:
        """When the next quote comes (ns), NEVER for never."""
        return next((action.time for action in self._ahead if isinstance(action, Quote)), self._quote_at)

    def pop(self) -> Quote | Take:
        """The next action."""
        ahead = self._ahead
        action = ahead.popleft() if ahead else self._draw()
        if isinstance(action, Quote):
            self.mid = action.mid
            self.reference = max(1, round(action.mid))
        self.next_time = ahead[0].time if ahead else self._due()
        return action

    def _due(self) -> int:
        """When the next action comes that is not drawn yet."""
        return self._quote_at if self._quote_at <= self._take_at else self._take_at

    def peek(self, index: int) -> Quote | Take | None:
        """The action ``index`` places after the next one, which stays where it is; None where none comes."""
        ahead = self._ahead
        while len(ahead) <= index:
            if self._due() == NEVER:
                return None
            ahead.append(self._draw())
        return ahead[index]

    def _draw(self) -> Quote | Take:
        """Draw the action after the last one drawn."""
        random, config = self._random, self.config
        if self._quote_at <= self._take_at:
            time = self._quote_at
            minutes = (time - self._quoted) / (60 * NS)
            if minutes > 0 and config.volatility_bps:
                moved = self._drawn_mid * (1 + config.volatility_bps / 10_000 * sqrt(minutes) * self._gauss(0, 1))
                self._drawn_mid = min(max(moved, self._low), self._high)
            self._quoted = time
            self._quote_at = self._after(time, config.maker_rate)
            return _new(Quote, (time, self._drawn_mid, self._bits(16 * config.levels), 0))
        time = self._take_at
        lots = max(1, int(-log(1.0 - random()) * self._take_lots))
        buy = random() < 0.5
        prints = self._bits(3)
        while prints >= 5:  # as Random.randrange(5), without the calls
            prints = self._bits(3)
        self._take_at = self._after(time, config.taker_rate)
        return _new(Take, (time, buy, lots, prints + 1, 0))

    def touch(self, quote: Quote) -> tuple[int, int]:
        """The best bid and ask (ticks) of a quote, before the instrument's bounds."""
        if self._opening is not None and quote.time == self._opened:
            return self._opening[0][0][0], self._opening[1][0][0]
        half = quote.mid * self.config.spread_bps / 20_000
        bid, ask = floor(quote.mid - half), ceil(quote.mid + half)
        return bid, ask if ask > bid else bid + 1

    def shown(self, quote: Quote) -> int | None:
        """The last price (ticks) after a quote, which counts as a small trade at its touch; None: as it was."""
        return max(1, self.touch(quote)[quote.noise & 1])

    def levels(self, quote: Quote) -> Ladder:
        """The house's bids and asks for a quote, best first, as (ticks, lots)."""
        if self._opening is not None and quote.time == self._opened:
            return self._opening
        bid, ask = self.touch(quote)
        space = max(1, round(quote.mid * self.config.spread_bps / 20_000))
        low, high = self.instrument.min_ticks, self.instrument.max_ticks or NEVER
        depth, noise = self.depth, quote.noise
        bids, asks = [], []
        for _ in range(self.config.levels):
            if low <= bid <= high:
                bids.append((bid, max(1, depth * (128 + (noise & 255)) >> 8)))
            if low <= ask <= high:
                asks.append((ask, max(1, depth * (128 + (noise >> 8 & 255)) >> 8)))
            noise >>= 16
            bid -= space
            ask += space
        return bids, asks

    def shields(self, quote: Quote, *, buy: bool, price: int, lots: int) -> bool:
        """Whether after ``quote`` purchases (``buy``, else sales) of ``lots`` are filled by the house alone before they
        reach ``price`` (ticks): at better prices than that it puts up at least as much."""
        ahead = 0
        if self._opening is not None and quote.time == self._opened:
            for level, size in self._opening[buy]:
                if level >= price if buy else level <= price:
                    break
                ahead += size
            return ahead >= lots
        bid, ask = self.touch(quote)
        level, space = (ask, 1) if buy else (bid, -1)
        if level >= price if buy else level <= price:
            return lots <= 0
        space *= max(1, round(quote.mid * self.config.spread_bps / 20_000))
        low, high = self.instrument.min_ticks, self.instrument.max_ticks or NEVER
        depth, noise = self.depth, quote.noise >> 8 if buy else quote.noise
        for _ in range(self.config.levels):
            if level >= price if buy else level <= price:
                return False
            if low <= level <= high:
                ahead += max(1, depth * (128 + (noise & 255)) >> 8)
                if ahead >= lots:
                    return True
            noise >>= 16
            level += space
        return False
