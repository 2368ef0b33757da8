"""A seeded market with a script: a path of its price, and events.

The seeded actions are drawn as ever; the script multiplies what they say (``script.Timeline``). Where something
changes, or while the price moves evenly, the makers renew their quotes in between, with the sizes they showed last.
These renewals draw nothing, so a market with a script and the same one without see the same walk, the same takes and
the same sizes. And they are actions like all others: known in advance, independent of the book, so that what nobody can
notice may be put off.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from outtrade_mocks.core.flow import NEVER, Flow, FlowConfig, Ladder, Quote, Take
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.script import Timeline, settled


class ScriptedFlow(Flow):
    """The actions of one symbol, seeded and scripted, in order of time. Its ``config`` has every event at one time."""

    __slots__ = ("_makers", "_noise", "_renewed", "_timeline")

    def __init__(self, config: FlowConfig, instrument: Instrument, *, seed: int, now: int) -> None:
        events = settled(config.events, f"{seed}/events/{instrument.symbol}")
        config = replace(config, events=events)
        super().__init__(config, instrument, seed=seed, now=now)
        self._timeline = timeline = Timeline(
            config.path, events, mid=config.mid, spread_bps=config.spread_bps, opened=now
        )
        plain = replace(config, path=None, events=(), opening=None)
        shapes = [(1.0, 1.0), *((phase.spread, phase.depth) for phase in timeline.phases)]
        self._makers = [
            Flow(
                replace(plain, spread_bps=config.spread_bps * spread, depth=config.depth * Decimal(str(depth))),
                instrument,
                seed=0,
                now=now,
            )
            for spread, depth in shapes
        ]
        """What quotes look like before the first phase and in each."""
        self._noise = 0
        """Sizes of the last quote that was drawn."""
        self._renewed = 0
        """How many of the script's renewals were drawn."""

    @property
    def _script_at(self) -> int:
        renewals = self._timeline.renewals
        return renewals[self._renewed].time if self._renewed < len(renewals) else NEVER

    @property
    def next_quote(self) -> int:
        """When the next quote comes (ns), NEVER for never."""
        drawn = (action.time for action in self._ahead if isinstance(action, Quote))
        return next(drawn, min(self._quote_at, self._script_at))

    def _due(self) -> int:
        """When the next action comes that is not drawn yet."""
        return min(self._quote_at, self._take_at, self._script_at)

    def _draw(self) -> Quote | Take:
        """Draw the action after the last one drawn."""
        timeline = self._timeline
        if self._script_at < self._quote_at and self._script_at <= self._take_at:
            renewal = timeline.renewals[self._renewed]
            self._renewed += 1
            mid = self._drawn_mid * timeline.factor(renewal.time)
            price = max(1, round(mid * (1 + renewal.through))) if renewal.through else 0
            return Quote(renewal.time, mid, self._noise, price if renewal.through > 0 else -price)
        action = super()._draw()
        if isinstance(action, Take):
            return action
        self._noise = action.noise
        return Quote(action.time, action.mid * timeline.factor(action.time), action.noise)

    def touch(self, quote: Quote) -> tuple[int, int]:
        """The best bid and ask (ticks) of a quote, before the instrument's bounds; -NEVER and NEVER where a side is
        missing."""
        if self._opening is not None and quote.time == self._opened:
            return super().touch(quote)
        number = self._timeline.phase(quote.time)
        bid, ask = self._makers[number + 1].touch(quote)
        if number < 0:
            return bid, ask
        phase = self._timeline.phases[number]
        return bid if phase.bids else -NEVER, ask if phase.asks else NEVER

    def shown(self, quote: Quote) -> int | None:
        """The last price (ticks) after a quote; None: as it was."""
        if quote.through:
            return abs(quote.through)
        bid, ask = self.touch(quote)
        there = [price for price in (bid, ask) if -NEVER < price < NEVER]
        return max(1, there[quote.noise & 1 if len(there) == 2 else 0]) if there else None

    def levels(self, quote: Quote) -> Ladder:
        """The house's bids and asks for a quote, best first, as (ticks, lots)."""
        if self._opening is not None and quote.time == self._opened:
            return self._opening
        number = self._timeline.phase(quote.time)
        bids, asks = self._makers[number + 1].levels(quote)
        if number < 0:
            return bids, asks
        phase = self._timeline.phases[number]
        return bids if phase.bids else [], asks if phase.asks else []

    def shields(self, quote: Quote, *, buy: bool, price: int, lots: int) -> bool:
        """Whether after ``quote`` purchases (``buy``, else sales) of ``lots`` are filled by the house alone before they
        reach ``price`` (ticks)."""
        if self._opening is not None and quote.time == self._opened:
            return super().shields(quote, buy=buy, price=price, lots=lots)
        number = self._timeline.phase(quote.time)
        if number >= 0:
            phase = self._timeline.phases[number]
            if not (phase.asks if buy else phase.bids):
                return lots <= 0
        return self._makers[number + 1].shields(quote, buy=buy, price=price, lots=lots)
