"""Rate limits: requests per endpoint, and new and amended orders per sub-account.

Each endpoint has its own count in two seconds (docs-v5, "Rate Limit" of each endpoint): public ones per address,
private ones per user, orders per user and instrument. A request above it gets 50011. REST and WebSocket share the
counts of order requests; a batch counts its orders, against counts of its own, except that a batch of one counts as a
single order. New and amended orders together: 1000 in two seconds per sub-account, above that 50061. No header tells
how much is left or how long to wait. Where two seconds begin is not stated: here with the first request (*inferred*).

    >>> limits = Limits()
    >>> limits.take(("order", "BTC-USDT"), 2, 0), limits.take(("order", "BTC-USDT"), 2, 0), limits.take(
    ...     ("order", "BTC-USDT"), 2, 0)
    (True, True, False)
"""

from __future__ import annotations

from collections.abc import Hashable

WINDOW = 2_000_000_000
ACCOUNT_ORDERS = 1000


class Limits:
    """The counts of one address and one account. Times are UNIX ns."""

    __slots__ = ("_account", "_windows", "account_orders", "factor")

    def __init__(self, *, factor: float = 1.0, account_orders: int = ACCOUNT_ORDERS) -> None:
        self.factor = factor
        """How many times the documented limits are allowed."""
        self.account_orders = account_orders
        self._windows: dict[Hashable, tuple[int, int]] = {}
        """What is counted -> (start of its two seconds, count)."""
        self._account = (0, 0)

    def take(self, key: Hashable, most: int, now: int, cost: int = 1, window: int = WINDOW) -> bool:
        """Count a request; whether it is within the limit. A refused one is not counted (*inferred*)."""
        start, count = self._windows.get(key, (now, 0))
        if now - start >= window:
            start, count = now, 0
        allowed = count + cost <= most * self.factor
        self._windows[key] = (start, count + cost if allowed else count)
        return allowed

    def take_orders(self, now: int, orders: int) -> bool:
        """Count new or amended orders of the sub-account; whether they are within the limit."""
        start, count = self._account
        if now - start >= WINDOW:
            start, count = now, 0
        allowed = count + orders <= self.account_orders
        self._account = (start, count + orders if allowed else count)
        return allowed
