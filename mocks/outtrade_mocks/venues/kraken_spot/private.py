"""Snapshots of the private channels, and results of batches, in the words of WebSocket v2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.core import Status
from outtrade_mocks.venues.kraken_spot import executions as events
from outtrade_mocks.venues.kraken_spot.desk import Desk
from outtrade_mocks.venues.kraken_spot.shapes import Seen

TRADES = 50
"""Trades in a snapshot (executions page)."""


def executions(desk: Desk, as_of: int | None, *, orders: bool, trades: bool) -> list[dict[str, Any]]:
    """Open orders and the latest trades, oldest first."""
    found: list[dict[str, Any]] = []
    if orders:
        for note in desk.notes.values():
            seen = Seen(desk, note, as_of)
            if seen.open and seen.order is not None:
                state = "partially_filled" if seen.order.status is Status.PARTIALLY_FILLED else "new"
                found.append(events.full(desk, note, seen.order, seen.fills, "new", state))
    if trades:
        for fill in desk.exchange.view(desk.account, as_of).trades()[-TRADES:]:
            found.append(events.trade(desk, desk.notes[fill.label], fill, "filled"))
    return found


def balances(desk: Desk, as_of: int | None) -> list[dict[str, Any]]:
    """What is owned, free and on hold together."""
    held = desk.exchange.view(desk.account, as_of).balances()
    found = []
    for asset in desk.book.held:
        if asset in held:
            amount = events.number(sum(held[asset]), desk.exchange.precisions.get(asset, 8))
            wallet = {"type": "spot", "id": "main", "balance": amount}
            found.append({"asset": asset, "asset_class": "currency", "balance": amount, "wallets": [wallet]})
    return found


def batch_item(item: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one order of ``batch_add``."""
    made = {"order_id": item["txid"]} if "txid" in item else {"error": item["error"]} if "error" in item else {}
    return made | {name: sent[name] for name in ("cl_ord_id", "order_userref") if name in sent}
