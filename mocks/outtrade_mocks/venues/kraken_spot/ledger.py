"""The ledger: every change of what the account owns, as Kraken books it (Ledgers, and the balances channel).

A trade makes two entries, of the base and of the quote asset; the fee stands beside the amount it comes on top of, and
``balance`` is what is owned afterwards, free and on hold together. Holds make no entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from outtrade_mocks.core import BalanceChange, Exchange, Fill
from outtrade_mocks.venues.kraken_spot.notes import Ids


@dataclass(frozen=True, slots=True)
class Booking:
    """One entry. ``amount``, ``fee`` and ``balance`` in atoms of ``asset``, which is unified; ``time`` in ns."""

    id: str
    refid: str
    time: int
    type: str
    asset: str
    amount: int
    fee: int
    balance: int


class Ledger:
    """The entries of one account, oldest first, by id."""

    def __init__(self, exchange: Exchange, ids: Ids, balances: Mapping[str, int], now: int) -> None:
        self._exchange = exchange
        self._ids = ids
        self._totals: dict[str, int] = {}
        self._traded: list[Fill] = []
        self.entries: dict[str, Booking] = {}
        for asset, atoms in sorted(balances.items()):
            self._book("deposit", ids.make("Q", len(self.entries) + 1), now, asset, atoms, 0, atoms)

    def _book(self, kind: str, refid: str, time: int, asset: str, amount: int, fee: int, balance: int) -> Booking:
        number = len(self.entries) + 1
        entry = Booking(self._ids.make("L", number), refid, time, kind, asset, amount, fee, balance)
        self.entries[entry.id] = entry
        self._totals[asset] = balance
        return entry

    def traded(self, fill: Fill) -> None:
        """A trade of the account; its balances follow."""
        self._traded.append(fill)

    def changed(self, change: BalanceChange, trade_id: Callable[[Fill], str]) -> list[Booking]:
        """Book what a change of balances means; nothing where only holds changed."""
        made = []
        trades, self._traded = self._traded, []
        for asset, free, locked in change.balances:
            total, before = free + locked, self._totals.get(asset, 0)
            if total == before:
                continue
            trade = next((fill for fill in trades if asset in fill.symbol.split("/")), None)
            if trade is None:
                made.append(self._book("deposit", "", change.time, asset, total - before, 0, total))
                continue
            fee = trade.fee if trade.fee_asset == asset else 0
            amount = total - before + fee
            made.append(self._book("trade", trade_id(trade), change.time, asset, amount, fee, total))
        return made
