"""Rate limits: request weight per address, unfilled orders per account, and the ban.

* Weight: each request costs its endpoint's weight; the window is the calendar minute. Every answer carries
  ``X-MBX-USED-WEIGHT-1M``. Above the limit: 429, -1003, ``Retry-After`` to the end of the minute. Whoever goes on
  sending is banned: 418, -1003 with the time of its end, 2 minutes at first, growing to 3 days (rest-api.md).
* Orders: new orders that have not traded, per ten seconds and per day, in calendar windows. The first fill of an order
  takes one off, five where it filled as a maker (faqs/order_count_decrement.md, whose numbers are examples). Above the
  limit: 429, -1015, without ``Retry-After``.

    >>> limits = Limits()
    >>> limits.request(0, 20) is None, limits.used(0)
    (True, 20)
"""

from __future__ import annotations

from outtrade_mocks.venues.binance_limits import BANS, WeightLimits, waiting
from outtrade_mocks.venues.binance_spot.errors import Refusal, refuse
from outtrade_mocks.venues.windows import SECOND, Window

TEN_SECONDS = 10 * SECOND
DAY = 86_400 * SECOND
MAKER_CREDIT = 5
INJECTED = {
    "funds": "insufficient_balance",
    "closed": "market_closed",
    "permission": "rejected_key",
    "filter": "filter_percent_price_by_side",
    "code_1006": "unexpected_response",
    "code_1007": "timeout",
}
"""What the venue says where a fault refuses, beside limits."""


class Limits(WeightLimits):
    """The counters of one address and one account. Times are UNIX ns."""

    def __init__(
        self, *, weight: int = 6000, orders_10s: int = 100, orders_day: int = 200_000, ban_after: int = 20
    ) -> None:
        super().__init__(weight=weight, ban_after=ban_after)
        self._orders = (Window(TEN_SECONDS, orders_10s), Window(DAY, orders_day))
        self._named = ((self._orders[0], "10 SECOND"), (self._orders[1], "1 DAY"))

    # ---------------------------------------------------------------- weight
    def _limited(self, now: int) -> Refusal:
        return self.rate_refusal(self._weight.seconds_left(now))

    def _banned(self, until: int, now: int) -> Refusal:
        return self.ban_refusal(until, now)

    def rate_refusal(self, retry_after: int | None) -> Refusal:
        """429 in Binance's words; ``retry_after`` in seconds, None: no header."""
        return refuse("too_many_requests", self._weight.limit, "1 MINUTE", headers=waiting(retry_after))

    def ban_refusal(self, until: int, now: int, *, header: bool = True) -> Refusal:
        """418 in Binance's words; ``until`` in ns, told in milliseconds."""
        seconds = max(1, -(-(until - now) // SECOND))
        return refuse("banned", until // 1_000_000, headers=waiting(seconds if header else None))

    # ---------------------------------------------------------------- orders
    def order_refusal(self, now: int) -> Refusal | None:
        """429 / -1015 where a further order would break a limit."""
        for window, name in self._named:
            if window.at(now) >= window.limit:
                return refuse("too_many_orders", window.limit, name)
        return None

    def busy_refusal(self) -> Refusal:
        """429 / -1015 as a fault injects it."""
        return refuse("too_many_orders", self._orders[0].limit, "10 SECOND")

    def injected(self, reason: str, now: int, *, retry_after: int | None, until: int | None) -> Refusal:
        """A refusal that a fault injects, in Binance's words. Raises ValueError on an unknown reason."""
        if reason == "rate":
            return self.rate_refusal(retry_after)
        if reason == "ban":
            refusal = self.ban_refusal(until or now + (retry_after or BANS[0]) * SECOND, now, header=False)
            if retry_after is not None:
                refusal.headers["Retry-After"] = str(retry_after)
            return refusal
        if reason == "busy":
            return self.busy_refusal()
        if reason not in INJECTED:
            raise ValueError(f"unknown refusal {reason!r}")
        return refuse(INJECTED[reason])

    def order(self, now: int) -> None:
        """Count a new order."""
        for window in self._orders:
            window.count = window.at(now) + 1

    def order_refused(self, now: int) -> None:
        """The order just counted was refused: only accepted orders count."""
        for window in self._orders:
            window.count = max(0, window.at(now) - 1)

    def traded(self, now: int, *, maker: bool) -> None:
        """An order has had its first fill."""
        credit = MAKER_CREDIT if maker else 1
        for window in self._orders:
            window.count = max(0, window.at(now) - credit)

    def order_headers(self, now: int) -> dict[str, str]:
        """Headers of an accepted order."""
        ten, day = self._orders
        return {"X-MBX-ORDER-COUNT-10S": str(ten.at(now)), "X-MBX-ORDER-COUNT-1D": str(day.at(now))}

    def order_counts(self, now: int) -> list[dict[str, object]]:
        """The answer to ``GET /api/v3/rateLimit/order``."""
        return [
            {"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": window.limit,
             "count": window.at(now)}
            for window, interval, number in zip(self._orders, ("SECOND", "DAY"), (10, 1), strict=True)
        ]  # fmt: skip

    def told(self, now: int, *, orders: bool) -> list[dict[str, object]]:
        """The ``rateLimits`` of a frame: those that the request counted against."""
        weight = self.rules()[0] | {"count": self.used(now)}
        return [*self.order_counts(now), weight] if orders else [weight]

    def rules(self) -> list[dict[str, object]]:
        """The ``rateLimits`` of exchangeInfo."""
        ten, day = self._orders
        return [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self._weight.limit},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ten.limit},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": day.limit},
        ]
