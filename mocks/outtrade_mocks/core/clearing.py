"""Clearing: what an order needs, and how a trade is paid for. One object per market.

The matching engine asks it which balances pay and receive, what must be locked for a quantity at a price, and what a
trade moves, lets it settle each side of a trade, and knows nothing else about money. ``Spot`` exchanges one asset for
another; other kinds of market settle otherwise.

Rounding rules: a trade moves price x quantity rounded down to an atom of quote; a resting buy locks price x remaining
quantity rounded up; a fee is rounded down. So a lock always covers what its order can cost: for any split of the
remainder, up(a + b) - up(b) >= down(a).
"""

from __future__ import annotations

from typing import Protocol

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.ledger import Ledger


class Clearing(Protocol):
    """The money side of one market. Prices in ticks, quantities in lots, amounts in atoms."""

    instrument: Instrument
    """The rules as they are now."""
    charged: Balance | None
    """The balance that paid the fee of the side settled last (or got the rebate), where it may be another than the one
    that received."""

    def sides(self, account: Account, buy: bool) -> tuple[Balance, Balance]:
        """The account's balance that pays, and the one that receives."""

    def need(self, buy: bool, price: int, lots: int) -> int:
        """Atoms of the paying balance that ``lots`` at ``price`` may cost."""

    def value(self, price: int, lots: int) -> int:
        """Atoms that a trade moves (of quote, on a spot market)."""

    def lock(self, entry: Entry, now: int) -> Balance:
        """Set the entry's lock to what its remainder needs."""

    def settle(self, entry: Entry, lots: int, quote: int, maker: bool, now: int) -> int:
        """One side of a trade of ``lots`` for ``quote`` atoms; ``entry.total`` is what is left after it.

        Returns the fee, in atoms of the asset received (where schedules hold: of ``Tariffed.charged``); below 0: a
        rebate.
        """

    def settle_house(self, lots: int, quote: int, *, buy: bool) -> None:
        """The house's side of a trade with an account; the house pays no fee."""


class Spot:
    """One asset is exchanged for another: a buy pays quote and receives base, a sale the reverse."""

    __slots__ = ("_ledger", "charged", "instrument")

    def __init__(self, ledger: Ledger, instrument: Instrument) -> None:
        self._ledger = ledger
        self.instrument = instrument
        self.charged: Balance | None = None

    def sides(self, account: Account, buy: bool) -> tuple[Balance, Balance]:
        """See Clearing."""
        instrument, balances = self.instrument, account.balances
        try:
            base, quote = balances[instrument.base], balances[instrument.quote]
        except KeyError:
            base, quote = account.balance(instrument.base), account.balance(instrument.quote)
        return (quote, base) if buy else (base, quote)

    def need(self, buy: bool, price: int, lots: int) -> int:
        """See Clearing."""
        instrument = self.instrument
        if buy:
            return -(-price * lots * instrument.unit_numerator // instrument.unit_denominator)  # Instrument.cover
        return lots * instrument.lot_atoms

    def value(self, price: int, lots: int) -> int:
        """See Clearing."""
        instrument = self.instrument
        return price * lots * instrument.unit_numerator // instrument.unit_denominator

    def lock(self, entry: Entry, now: int) -> Balance:
        """See Clearing."""
        left = entry.remaining if entry.special is None else entry.total
        self._ledger.set_lock(entry, self.need(entry.buy, entry.price, left), now)
        assert entry.pays is not None
        return entry.pays

    def settle(self, entry: Entry, lots: int, quote: int, maker: bool, now: int) -> int:
        """See Clearing."""
        gets, pays, instrument = entry.gets, entry.pays, self.instrument
        assert gets is not None and pays is not None
        rate = instrument.maker_rate if maker else instrument.taker_rate
        received, paid = lots * instrument.lot_atoms, quote
        if not entry.buy:
            received, paid = paid, received
        fee = received * rate.numerator // rate.denominator
        if fee:
            fees, asset = self._ledger.fees, gets.asset
            fees[asset] = fees.get(asset, 0) + fee
        gets.free = got = gets.free + received - fee
        gets.past += (now, got, gets.locked)
        released = entry.locked
        if released:
            left = entry.remaining if entry.special is None else entry.total
            entry.locked = need = self.need(entry.buy, entry.price, left) if left else 0
            released -= need
            pays.locked -= released
        pays.free = free = pays.free + released - paid
        pays.past += (now, free, pays.locked)
        return fee

    def settle_house(self, lots: int, quote: int, *, buy: bool) -> None:
        """See Clearing."""
        instrument, house = self.instrument, self._ledger.house
        base = lots * instrument.lot_atoms
        sign = 1 if buy else -1
        house.balance(instrument.base).free += sign * base
        house.balance(instrument.quote).free -= sign * quote
