"""An exchange that forgets: for long runs of which the drop copy is the only record wanted.

An exchange keeps every snapshot of every order, every fill and every balance that ever was, because queries are served
from the past. Millions of orders make gigabytes of it. ``forget_past`` keeps what is open and forgets the rest at
once; queries then know working orders and present balances only.
"""

from __future__ import annotations

from outtrade_mocks.core.events import BalanceChange, Change, Fill
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.orders import TERMINAL


def forget_past(exchange: Exchange) -> None:
    """Keep no ended order, no fill and no former balance of ``exchange`` from here on."""
    accounts = exchange.accounts

    def told(change: Change) -> None:
        if isinstance(change, Fill):
            accounts[change.account].fills.clear()
        elif isinstance(change, BalanceChange):
            balances = accounts[change.account].balances
            for asset, _, _ in change.balances:
                history = balances[asset].history
                if len(history) > 1:
                    del history[:-1]
        else:
            account, order = accounts[change.order.account], change.order
            snapshots = account.orders.get(order.order_id)
            if snapshots is not None and order.status in TERMINAL:
                del account.orders[order.order_id]
                for name in {snapshot.client_id for snapshot in snapshots}:
                    ids = account.by_client_id[name]
                    ids.remove(order.order_id)
                    if not ids:
                        del account.by_client_id[name]
            elif snapshots is not None and len(snapshots) > 1:
                del snapshots[:-1]

    exchange.on_change(told)
