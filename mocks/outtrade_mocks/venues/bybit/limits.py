"""Rate limits: per account, endpoint and second; per address; and the ban.

* Per account: a rolling second for each endpoint and category. Every answer carries ``X-Bapi-Limit``,
  ``X-Bapi-Limit-Status`` (what is left) and ``X-Bapi-Limit-Reset-Timestamp`` (when it is whole again, else now). Above
  it: HTTP 200 with 10006. A batch counts its items.
* Per address: 600 requests in 5 seconds. Above it: HTTP 403 ``access too frequent``, for ten minutes at least.

    >>> limits = Limits()
    >>> limits.take(("/v5/order/create", "linear"), 10, 0), limits.headers(("/v5/order/create", "linear"), 10, 0)
    (1, {'X-Bapi-Limit': '10', 'X-Bapi-Limit-Status': '9', 'X-Bapi-Limit-Reset-Timestamp': '0'})
"""

from __future__ import annotations

from collections import deque

from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.errors import Refusal, refuse

SECOND = 1_000_000_000
ADDRESS_WINDOW = 5 * SECOND
Key = tuple[str, str]
"""(path, category)."""
INJECTED = {
    "rate": "too_many_visits",
    "ban": "ip_limit",
    "permission": "permission",
    "busy": "system_error",
    "code_1006": "system_error",
    "code_1007": "server_timeout",
}
_BY_MARKET = {
    "funds": ("spot_balance", "available_balance"),
    "closed": ("spot_closed", "no_trading"),
    "filter": ("spot_price_low", "price_range"),
}


class Limits:
    """The counters of one address and one account. Times are UNIX ns."""

    def __init__(self, *, address: int = 600, ban_seconds: int = 600) -> None:
        self._address: deque[int] = deque()
        self._most = address
        self._ban = ban_seconds * SECOND
        self._banned_until = 0
        self._taken: dict[Key, deque[int]] = {}

    def request(self, now: int) -> Refusal | None:
        """Count a request of the address; the refusal where it breaks the limit."""
        if now < self._banned_until:
            return refuse("ip_limit")
        seen = self._address
        while seen and seen[0] <= now - ADDRESS_WINDOW:
            seen.popleft()
        seen.append(now)
        if len(seen) <= self._most:
            return None
        seen.clear()
        self._banned_until = now + self._ban
        return refuse("ip_limit")

    def _window(self, key: Key, now: int) -> deque[int]:
        taken = self._taken.get(key)
        if taken is None:
            taken = self._taken[key] = deque()
        while taken and taken[0] <= now - SECOND:
            taken.popleft()
        return taken

    def take(self, key: Key, most: int, now: int, cost: int = 1) -> int:
        """Take up to ``cost`` of what is left; returns how much there was."""
        taken = self._window(key, now)
        granted = max(0, min(cost, most - len(taken)))
        taken.extend([now] * granted)
        return granted

    def headers(self, key: Key, most: int, now: int) -> dict[str, str]:
        """Headers of an answer."""
        taken = self._window(key, now)
        left = most - len(taken)
        reset = now if left or not taken else taken[0] + SECOND
        return {
            "X-Bapi-Limit": str(most),
            "X-Bapi-Limit-Status": str(left),
            "X-Bapi-Limit-Reset-Timestamp": str(reset // MS),
        }

    @staticmethod
    def injected(reason: str, *, spot: bool) -> Refusal:
        """A refusal that a fault injects, in Bybit's words. Raises ValueError on an unknown reason."""
        if reason in _BY_MARKET:
            return refuse(_BY_MARKET[reason][0 if spot else 1])
        if reason not in INJECTED:
            raise ValueError(f"unknown refusal {reason!r}")
        return refuse(INJECTED[reason])
