"""The ledger: who owns how much, and the only code that moves money.

For every asset, the sum over all accounts (free and locked), the house and the collected fees never changes, to the
atom, except by ``deposit``. Each change of an account's balance is kept with its time (see ``account``).

Rounding rules: a trade moves price x quantity rounded down to an atom of quote; a resting buy locks price x remaining
quantity rounded up; a fee is rounded down. So a lock always covers what its order can cost: for any split of the
remainder, up(a + b) - up(b) >= down(a).
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.instruments import Instrument


class Ledger:
    """Balances of the house and collected fees, in atoms; customers' balances lie in their accounts."""

    __slots__ = ("fees", "house")

    def __init__(self, *, now: int) -> None:
        self.house = Account("house", now=now, unlimited=True)
        self.fees: dict[str, int] = {}

    def deposit(self, account: Account, asset: str, atoms: int, now: int) -> Balance:
        """New money from outside; raises ValueError below zero."""
        if atoms < 0:
            raise ValueError(f"balance of {asset} below zero")
        balance = account.balance(asset)
        balance.free += atoms
        balance.history.append((now, balance.free, balance.locked))
        return balance

    def lock(self, entry: Entry, instrument: Instrument, now: int) -> Balance:
        """Set the entry's lock to what its remainder needs."""
        left = entry.remaining if entry.special is None else entry.total
        need = instrument.cover(entry.price, left) if entry.buy else left * instrument.lot_atoms
        return self.set_lock(entry, need, now)

    def hold(self, entry: Entry, need: int, now: int) -> Balance:
        """Set the entry's lock to ``need`` atoms, which must be free: AssertionError where they are not."""
        balance = self.set_lock(entry, need, now)
        if balance.free < 0:
            raise AssertionError(f"{balance.asset} overdrawn by the lock of {entry.order}")
        return balance

    def unlock(self, entry: Entry, now: int) -> Balance:
        """Release what the entry still locks."""
        return self.set_lock(entry, 0, now)

    def set_lock(self, entry: Entry, need: int, now: int) -> Balance:
        """Set the entry's lock to ``need`` atoms, which the caller knows to be free."""
        balance = entry.pays
        assert balance is not None
        more = need - entry.locked
        entry.locked = need
        balance.free = free = balance.free - more
        balance.locked = locked = balance.locked + more
        balance.history.append((now, free, locked))
        return balance

    def settle(self, entry: Entry, instrument: Instrument, lots: int, quote: int, maker: bool, now: int) -> int:
        """One side of a trade of ``lots`` for ``quote`` atoms; ``entry.total`` is what is left after it.

        Returns the fee, in atoms of the asset received.
        """
        gets, pays = entry.gets, entry.pays
        assert gets is not None and pays is not None
        rate = instrument.maker_rate if maker else instrument.taker_rate
        need = 0
        if entry.locked:
            left = entry.remaining if entry.special is None else entry.total
            need = instrument.cover(entry.price, left) if entry.buy else left * instrument.lot_atoms
        if entry.buy:
            received, paid = lots * instrument.lot_atoms, quote
        else:
            received, paid = quote, lots * instrument.lot_atoms
        fee = received * rate.numerator // rate.denominator
        if fee:
            self.fees[gets.asset] = self.fees.get(gets.asset, 0) + fee
        released = entry.locked - need
        entry.locked = need
        gets.free = got = gets.free + received - fee
        pays.free = free = pays.free + released - paid
        pays.locked = locked = pays.locked - released
        gets.history.append((now, got, gets.locked))
        pays.history.append((now, free, locked))
        return fee

    def settle_house(self, instrument: Instrument, lots: int, quote: int, *, buy: bool) -> None:
        """The house's side of a trade with an account; the house pays no fee."""
        base = lots * instrument.lot_atoms
        sign = 1 if buy else -1
        self.house.balance(instrument.base).free += sign * base
        self.house.balance(instrument.quote).free -= sign * quote
