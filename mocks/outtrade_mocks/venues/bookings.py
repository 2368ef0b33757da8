"""What a venue books on an account beside its trades: funding of contracts, and fees of liquidations.

A venue tells of these in lists of its own (Bybit's transaction log, OKX's closed positions); this one remembers them,
oldest first, with the position that they are about::

    bookings = Bookings(exchange, account)
    bookings.fees("BTC/USDT:USDT", since=0, until=exchange.now)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from outtrade_mocks.core import Account, Exchange, InsuranceChange, PositionChange


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking: ``atoms`` of the settlement asset, below 0: taken. ``lots`` of the position then, below 0: short; 0
    for a fee of a liquidation."""

    time: int
    why: Literal["funding", "liquidation_fee"]
    symbol: str
    atoms: int
    lots: int = 0


class Bookings:
    """The bookings of one account."""

    def __init__(self, exchange: Exchange, account: Account) -> None:
        self.account = account
        self.all: list[Booked] = []
        self._funded: dict[tuple[str, str], int] = {}
        """(symbol, side) -> atoms of funding booked on the present position."""
        exchange.on_change(self._on_change)

    def _on_change(self, change: Any) -> None:
        if isinstance(change, PositionChange) and change.position.account == self.account.name:
            held, key = change.position, (change.position.symbol, change.position.side)
            if change.why == "funding":
                paid = held.funding - self._funded.get(key, 0)
                self.all.append(Booked(change.time, "funding", held.symbol, paid, held.lots))
            self._funded[key] = held.funding if held.lots else 0
        elif isinstance(change, InsuranceChange) and change.account == self.account.name and change.fee:
            self.all.append(Booked(change.time, "liquidation_fee", change.symbol, -change.fee))

    def fees(self, symbol: str, since: int, until: int) -> int:
        """Atoms that liquidations of a contract took from ``since`` to ``until`` (ns), as a number below 0."""
        return sum(
            one.atoms
            for one in self.all
            if one.why == "liquidation_fee" and one.symbol == symbol and since <= one.time <= until
        )
