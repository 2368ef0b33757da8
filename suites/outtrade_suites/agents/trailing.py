"""Protection that follows the price: a stop of the venue's own that trails behind the best price it has seen.

The distance is all that is asked for (``Intent.trail``, basis points); the venue does the following, also while the
agent is down, and that is the point of it. So nothing here ever looks at a price in order to move a stop. Two things
remain to get right::

    the unit      a distance travels in basis points (Binance), in percent (ccxt) or as an amount: by a factor of 100
                  too wide it protects nothing, too narrow it sells at the next trade. Ports translate, nobody else
    the height    a stop that is cancelled and placed again begins at the price of now: what it had gained is lost.
                  So a position that grows gets a stop beside the old one, and where there are too many it is the
                  newest that makes room: the older ones have seen every price that it has seen, and more

A venue takes a trailing stop at any time, no price being on the wrong side of the market. If it refuses one for good,
the position is closed, as with any stop (``protecting``).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from outtrade.model.task import Instrument, Intent
from outtrade_suites.agents.moving import Moving
from outtrade_suites.agents.port import Terms
from outtrade_suites.agents.sizing import Impossible, floor_to
from outtrade_suites.agents.state import ZERO, Order

POINT = Decimal(1)
"""The grid of distances, in basis points (Binance spot, trailing stop FAQ: whole ones)."""
WHOLE = Decimal(10_000)
"""Basis points in one."""


class Trailing(Moving):
    """``protect`` intents that have a distance in place of prices."""

    def trailable(self, intent: Intent, rules: Instrument) -> None:
        """Raises Impossible where the port, or the symbol, has no stop that follows the price."""
        if "trail" not in self.port.offers or not {"stop", "trailing_stop"} & set(rules.types):
            raise Impossible("stops that follow the price are not offered")
        if intent.trail is not None and self.distance(intent.trail) <= 0:
            raise Impossible(f"a distance of {intent.trail} basis points is finer than the venue's grid")

    def distance(self, trail: Decimal) -> Decimal:
        """The distance of a stop in basis points, on the grid: rather nearer than farther."""
        return floor_to(trail, POINT)

    def trailing_stop(self, intent: Intent, quantity: Decimal) -> Terms:
        """The order that follows the price."""
        assert intent.symbol is not None and intent.side is not None and intent.trail is not None
        return Terms(intent.symbol, intent.side, "trailing_stop", quantity, trail=self.distance(intent.trail))

    def lowest_exit(self, intent: Intent) -> Decimal:
        """About the lowest price at which a stop of the intent sells, quote per base, from the last own trade: what its
        least value is measured by. 0 where nothing was traded."""
        traded = self.books.traded(intent.symbol or "")
        return traded[-1].price * (1 - (intent.trail or ZERO) / WHOLE) if traded else ZERO

    def to_merge(self, stops: Sequence[Order], most: int) -> Sequence[Order]:
        """Which of too many stops are replaced by one: all, but of those that trail only the newest."""
        trailing = any(order.terms.trail is not None for order in stops)
        return stops[most - 1 :] if trailing else stops
