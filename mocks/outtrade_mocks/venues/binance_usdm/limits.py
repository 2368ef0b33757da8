"""Rate limits of USD-M futures: request weight per address, orders per account, and the ban.

* Weight: 2400 a minute; every answer carries ``X-MBX-USED-WEIGHT-1M``. Above it: 429, -1003. Whoever goes on sending is
  banned: 418, -1003 with the time of its end, 2 minutes at first, growing to 3 days (General Info, IP limits). The
  futures document knows no ``Retry-After``; the knob ``retry_after`` sends one all the same.
* Orders: 300 in ten seconds and 1200 a minute, counted whatever becomes of them but for overload; each answer to an
  order carries ``X-MBX-ORDER-COUNT-10S`` and ``-1M``. Above it: 429, -1015.

    >>> limits = Limits()
    >>> limits.request(0, 20) is None, limits.used(0)
    (True, 20)
"""

from __future__ import annotations

from outtrade_mocks.venues.binance_limits import BANS, MINUTE, WeightLimits, waiting
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse
from outtrade_mocks.venues.windows import SECOND, Window

INJECTED = {
    "funds": "insufficient_margin",
    "closed": "market_closed",
    "permission": "rejected_key",
    "filter": "price_above_cap",
    "code_1006": "unexpected_response",
    "code_1007": "timeout",
}
"""What the venue says where a fault refuses, beside limits."""


class Limits(WeightLimits):
    """The counters of one address and one account. Times are UNIX ns."""

    def __init__(
        self,
        *,
        weight: int = 2400,
        orders_10s: int = 300,
        orders_minute: int = 1200,
        ban_after: int = 20,
        retry_after: bool = False,
    ) -> None:
        super().__init__(weight=weight, ban_after=ban_after)
        self._orders = (Window(10 * SECOND, orders_10s), Window(MINUTE, orders_minute))
        self._named = ((self._orders[0], "10 SECOND"), (self._orders[1], "1 MINUTE"))
        self._retry_after = retry_after

    # ---------------------------------------------------------------- weight
    def _limited(self, now: int) -> Refusal:
        return self._rate(self._weight.seconds_left(now) if self._retry_after else None)

    def _banned(self, until: int, now: int) -> Refusal:
        return self._ban(until, None)

    def _rate(self, retry_after: int | None) -> Refusal:
        return refuse("too_many_requests", self._weight.limit, headers=waiting(retry_after))

    @staticmethod
    def _ban(until: int, retry_after: int | None) -> Refusal:
        return refuse("banned", until // 1_000_000, headers=waiting(retry_after))

    # ---------------------------------------------------------------- orders
    def orders(self, now: int, count: int = 1) -> Refusal | None:
        """Count ``count`` orders of a request; the refusal (-1015) where they break a limit, then none counts."""
        for window, name in self._named:
            if window.at(now) + count > window.limit:
                return refuse("too_many_orders", window.limit, name)
        for window in self._orders:
            window.count += count
        return None

    def order_headers(self, now: int) -> dict[str, str]:
        """Headers of an answer to an order."""
        ten, minute = self._orders
        return {"X-MBX-ORDER-COUNT-10S": str(ten.at(now)), "X-MBX-ORDER-COUNT-1M": str(minute.at(now))}

    def injected(self, reason: str, now: int, *, retry_after: int | None, until: int | None) -> Refusal:
        """A refusal that a fault injects, in Binance's words. Raises ValueError on an unknown reason."""
        if reason == "rate":
            return self._rate(retry_after)
        if reason == "ban":
            return self._ban(until or now + (retry_after or BANS[0]) * SECOND, retry_after)
        if reason == "busy":
            return refuse("too_many_orders", self._orders[0].limit, "10 SECOND")
        if reason not in INJECTED:
            raise ValueError(f"unknown refusal {reason!r}")
        return refuse(INJECTED[reason])

    def rules(self) -> list[dict[str, object]]:
        """The ``rateLimits`` of exchangeInfo; the last two are the answer to rateLimit/order."""
        ten, minute = self._orders
        return [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self._weight.limit},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ten.limit},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": minute.limit},
        ]

    def counted(self, now: int, *, orders: bool) -> list[dict[str, object]]:
        """``rateLimits`` of a WebSocket answer: of orders the order limits, else the weight."""
        weight, ten, minute = self.rules()
        if not orders:
            return [weight | {"count": self.used(now)}]
        return [ten | {"count": self._orders[0].at(now)}, minute | {"count": self._orders[1].at(now)}]
