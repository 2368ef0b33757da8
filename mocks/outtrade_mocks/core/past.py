"""Forgetting: for long runs of which the drop copy is the only record wanted.

An exchange keeps every snapshot of every order, every fill and every balance that ever was, because queries are served
from the past. Millions of orders make gigabytes of it. ``forget_past``, called now and then between operations, keeps
what is open and forgets the rest; queries then know working orders, open positions and present balances only.
"""

from __future__ import annotations

from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.orders import TERMINAL


def forget_past(exchange: Exchange) -> None:
    """Drop ended orders, all fills and former balances of ``exchange``. Its future is the same with or without."""
    for account in exchange.accounts.values():
        account.forget([snaps[-1] for snaps in account.orders.values() if snaps[-1].status not in TERMINAL])
        if account.portfolio is not None:
            for snapshots in account.portfolio.positions.values():
                del snapshots[:-1]
        if account.loans is not None:
            account.loans.history.clear()
        for balance in account.balances.values():
            del balance.past[:-3]
