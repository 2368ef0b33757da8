"""The firm: all that one venue is made of, for the handlers of its endpoints and its streams."""

from __future__ import annotations

from dataclasses import dataclass

from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.guards import Guards
from outtrade_mocks.venues.bybit.protection import Protection
from outtrade_mocks.venues.config import Credentials


@dataclass(frozen=True, slots=True)
class Firm:
    """Desk (exchange and account), guards (take profits and stop losses), disconnection protection, credentials."""

    desk: Desk
    guards: Guards
    protection: Protection
    credentials: Credentials

    def advance(self, now: int) -> None:
        """Let the market act up to ``now``, and what the venue makes of it follow at the time it happened."""
        exchange = self.desk.exchange
        if not self.guards.on_duty:
            if now > exchange.now:
                exchange.advance(now)
            self.guards.run()
            return
        while (due := exchange.next_time()) is not None and due <= now:
            exchange.advance(max(due, exchange.now))
            self.guards.run()
            if (after := exchange.next_time()) is not None and after <= due:
                break  # it did not move on: the rest in one step
        if now > exchange.now:
            exchange.advance(now)
        self.guards.run()
