"""Disconnection protection: open orders end when the account's private streams have been gone for too long (dcp.mdx).

It works by products (``SPOT``, ``DERIVATIVES``, ``OPTIONS``), each with a window of 3 to 300 seconds. A stream counts
where it has logged in and subscribed to the ``dcp`` topic of the product; when the last of them is gone, the clock
runs, and when one is back, it stops. ``set`` switches a product on (*simplified*: at once; the venue says that it takes
about ten seconds, and only lets some customers).
"""

from __future__ import annotations

from outtrade_mocks.venues.bybit.desk import Desk

TOPICS = {"dcp.spot": "SPOT", "dcp.future": "DERIVATIVES", "dcp.option": "OPTIONS"}
SECOND = 1_000_000_000


class Protection:
    """The dead man's switch of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.windows: dict[str, int] = {}
        """Product -> seconds, where it is on."""
        self._streams: dict[str, int] = {}
        """Product -> streams that are there."""

    def set(self, product: str, seconds: int) -> None:
        """Switch a product on."""
        self.windows[product] = seconds

    def arrived(self, product: str) -> None:
        """A stream subscribed to the product's topic: a running clock stops."""
        self._streams[product] = self._streams.get(product, 0) + 1
        self._count(product, 0)

    def gone(self, product: str) -> None:
        """Such a stream is gone: was it the last, the clock runs."""
        self._streams[product] -= 1
        if not self._streams[product] and product in self.windows:
            self._count(product, self.windows[product] * SECOND)

    def _count(self, product: str, delay: int) -> None:
        for entry in self._desk.known():
            if entry.spot == (product == "SPOT") and product != "OPTIONS":
                self._desk.exchange.countdown(self._desk.account, delay, entry.unified)
