"""The ledger: who owns how much, and the only code that moves money.

For every asset, the sum over all accounts (free and locked), the house, the collected fees, the insurance fund, the
lending pool and its interest, and over all positions (carried and isolated margin, the house's among them) never
changes, to the atom, except by money from outside. Each change of an account's balance is kept with its time (see
``account``). How a trade is paid for is said in ``clearing``.
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry


class Ledger:
    """Balances of the house and collected fees, in atoms; customers' balances lie in their accounts."""

    __slots__ = ("fees", "house", "insurance", "interest", "pool")

    def __init__(self, *, now: int) -> None:
        self.house = Account("house", now=now, unlimited=True)
        self.fees: dict[str, int] = {}
        """Fees collected less rebates paid: asset -> atoms."""
        self.insurance: dict[str, int] = {}
        """The insurance fund: asset -> atoms, never below 0."""
        self.pool: dict[str, int] = {}
        """The lending pool: asset -> atoms, below 0 by what is lent out."""
        self.interest: dict[str, int] = {}
        """Interest paid on what the pool lent: asset -> atoms."""

    def deposit(self, account: Account, asset: str, atoms: int, now: int) -> Balance:
        """New money from outside; raises ValueError below zero."""
        if atoms < 0:
            raise ValueError(f"balance of {asset} below zero")
        balance = account.balance(asset)
        balance.free += atoms
        balance.note(now)
        return balance

    def withdraw(self, account: Account, asset: str, atoms: int, now: int) -> Balance:
        """Money that leaves; raises ValueError on less than none, and where less is free."""
        balance = account.balance(asset)
        if not 0 <= atoms <= balance.free:
            raise ValueError(f"{atoms} of {asset} cannot be withdrawn, {balance.free} are free")
        balance.free -= atoms
        balance.note(now)
        return balance

    def hold(self, entry: Entry, need: int, now: int) -> Balance:
        """Set the entry's lock to ``need`` atoms, which must be free: AssertionError where they are not."""
        asset, free, _ = self.set_lock(entry, need, now)
        if free < 0:
            raise AssertionError(f"{asset} overdrawn by the lock of {entry.order}")
        assert entry.pays is not None
        return entry.pays

    def set_lock(self, entry: Entry, need: int, now: int) -> tuple[str, int, int]:
        """Set the entry's lock to ``need`` atoms, which the caller knows to be free; returns asset, free and locked
        atoms of the balance as it is then."""
        balance = entry.pays
        assert balance is not None
        more = need - entry.locked
        entry.locked = need
        balance.free = free = balance.free - more
        balance.locked = locked = balance.locked + more
        balance.past += (now, free, locked)
        return balance.asset, free, locked
