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
        """Set the entry's lock to what its remainder needs (zero for an entry whose ``remaining`` is zero)."""
        assert entry.account is not None
        if entry.buy:
            need = instrument.cover(entry.price, entry.remaining)
            balance = entry.account.balance(instrument.quote)
        else:
            need = entry.remaining * instrument.lot_atoms
            balance = entry.account.balance(instrument.base)
        more = need - entry.locked
        entry.locked = need
        balance.free -= more
        balance.locked += more
        balance.history.append((now, balance.free, balance.locked))
        return balance

    def unlock(self, entry: Entry, instrument: Instrument, now: int) -> Balance:
        """Release what the entry still locks."""
        assert entry.account is not None
        balance = entry.account.balance(instrument.quote if entry.buy else instrument.base)
        balance.free += entry.locked
        balance.locked -= entry.locked
        entry.locked = 0
        balance.history.append((now, balance.free, balance.locked))
        return balance

    def settle(
        self, entry: Entry, instrument: Instrument, lots: int, quote: int, *, maker: bool, now: int
    ) -> tuple[int, str, Balance, Balance]:
        """One side of a trade of ``lots`` for ``quote`` atoms; ``entry.remaining`` is what is left after it.

        Returns fee, fee asset, and the balances of base and quote.
        """
        account = entry.account
        assert account is not None
        base_balance, quote_balance = account.balance(instrument.base), account.balance(instrument.quote)
        base = lots * instrument.lot_atoms
        rate = instrument.maker_rate if maker else instrument.taker_rate
        if entry.buy:
            fee, fee_asset = base * rate.numerator // rate.denominator, instrument.base
            base_balance.free += base - fee
            paid, need, source = quote, 0, quote_balance
            if entry.locked:
                need = instrument.cover(entry.price, entry.remaining)
        else:
            fee, fee_asset = quote * rate.numerator // rate.denominator, instrument.quote
            quote_balance.free += quote - fee
            paid, need, source = base, 0, base_balance
            if entry.locked:
                need = entry.remaining * instrument.lot_atoms
        released = entry.locked - need
        entry.locked = need
        source.locked -= released
        source.free += released - paid
        if fee:
            self.fees[fee_asset] = self.fees.get(fee_asset, 0) + fee
        base_balance.history.append((now, base_balance.free, base_balance.locked))
        quote_balance.history.append((now, quote_balance.free, quote_balance.locked))
        return fee, fee_asset, base_balance, quote_balance

    def settle_house(self, instrument: Instrument, lots: int, quote: int, *, buy: bool) -> None:
        """The house's side of a trade with an account; the house pays no fee."""
        base = lots * instrument.lot_atoms
        sign = 1 if buy else -1
        self.house.balance(instrument.base).free += sign * base
        self.house.balance(instrument.quote).free -= sign * quote
