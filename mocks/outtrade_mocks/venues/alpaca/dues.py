"""Fees of crypto: in the asset that a trade brought, booked at the end of the day (activity ``CFEE``).

A purchase pays in coins, a sale in dollars, at the venue's maker or taker rate; what is due is taken at midnight in New
York, as much of it as is free by then (*inferred*). Until that the account shows the whole quantity that was filled,
and no answer names the fee (docs/crypto-fees). The paper account was seen to take it at once (measured 2026-08): the
knob ``crypto_fee`` plays that.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Account, Exchange, Fill
from outtrade_mocks.venues.alpaca.codec import SECOND, amount, market_day, new_york_offset, uuid_of
from outtrade_mocks.venues.alpaca.reference import Listing

DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Booked:
    """One fee that was taken: ``atoms`` of ``asset``; ``time`` in UNIX ns."""

    number: int
    time: int
    asset: str
    symbol: str
    quantity: Decimal


class Dues:
    """What the account owes for its trades, until it is booked."""

    def __init__(self, exchange: Exchange, account: Account, rates: tuple[Decimal, Decimal], seed: int) -> None:
        self._exchange = exchange
        self._account = account
        self._maker, self._taker = rates
        self._seed = seed
        self._collector: Account | None = None
        self._due: dict[tuple[str, str], Decimal] = {}
        self._at: int | None = None
        self.booked: list[Booked] = []

    def traded(self, listing: Listing, fill: Fill) -> None:
        """Owe the fee of a trade."""
        if listing.equity:
            return
        rules = self._exchange.instrument(fill.symbol)
        quantity = rules.quantity(fill.lots)
        if fill.side == "buy":
            asset, received = listing.base, quantity
        else:
            asset, received = listing.quote, self._exchange.amount(listing.quote, fill.quote)
        key = asset, listing.position_id
        owed = received * (self._maker if fill.maker else self._taker)
        if owed <= 0:
            return
        self._due[key] = self._due.get(key, Decimal(0)) + owed
        if self._at is None:
            self._at = next_midnight(fill.time)

    def next_time(self) -> int | None:
        """When fees are booked next (UNIX ns); None: nothing is owed."""
        return self._at

    def book(self) -> None:
        """Take what is owed; the exchange stands at ``next_time``."""
        now, self._at = self._exchange.now, None
        if self._collector is None:
            self._collector = self._exchange.open_account("fees", {})
        for (asset, symbol), owed in self._due.items():
            scale = self._exchange.precisions.get(asset, 9)
            atoms = min(int(owed.scaleb(scale)), self._account.balance(asset).free)
            if atoms > 0:
                self._exchange.transfer(self._account, self._collector, asset, atoms)
                taken = self._exchange.amount(asset, atoms)
                self.booked.append(Booked(len(self.booked) + 1, now, asset, symbol, taken))
        self._due.clear()

    def activity(self, one: Booked) -> dict[str, Any]:
        """The JSON object of a booked fee."""
        day = market_day(one.time - 1)
        in_dollars = one.asset == "USD"
        return {
            "id": f"{day.replace('-', '')}000000000::{uuid_of(self._seed, 'fee', one.number)}",
            "activity_type": "CFEE",
            "date": day,
            "net_amount": amount(-one.quantity) if in_dollars else "0",
            "symbol": one.symbol,
            "qty": "0" if in_dollars else amount(-one.quantity),
            "status": "executed",
            "description": "Coin Pair Transaction Fee" + ("" if in_dollars else " (Non USD)"),
            "currency": "USD",
        }


def next_midnight(time: int) -> int:
    """The next midnight in New York (UNIX ns) after ``time``.

    >>> next_midnight(1_767_225_600_000_000_000) // SECOND  # 2026-01-01T00:00Z: five hours later
    1767243600
    """
    ahead = new_york_offset(time) * SECOND
    return (time + ahead) // DAY * DAY + DAY - ahead
