"""What the exchange tells: events in the exact order in which state moved.

For one trade of an account's order: ``Fill``, ``OrderChange(why="fill", fill=...)``, ``BalanceChange``. An order that
arrives is told as ``OrderChange(why="accepted")`` first, with the lock as its BalanceChange, then its trades one by
one, then, where a remainder does not rest, ``OrderChange(why="expire")``. An order that waits is ``accepted`` in the
state untriggered or held; ``released``: what it was held for has happened; ``triggered`` once, then ``working`` or
``reject``; ``prevent``: self-trade prevention took some of its quantity. ``ListChange`` tells of order lists. Events of
the house (the seeded market) are not told. Callbacks run after the operation is complete: they may look at the
exchange, but must not change it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from outtrade_mocks.core.orders import Order, Side

Why = Literal["accepted", "fill", "cancel", "expire", "amend", "released", "triggered", "working", "reject", "prevent"]
Cause = Literal["request", "market", "script", "time", "list"]
"""``request``: the account's own call. ``market``: somebody else's order, or a price. ``script``: liquidity moved by a
fault. ``time``: an end that was set before. ``list``: another order of the same list."""
ListStatus = Literal["executing", "updated", "done"]


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One account's side of a trade."""

    trade_id: int
    """Increasing per symbol."""
    order_id: int
    client_id: str
    created_as: str
    account: str
    symbol: str
    side: Side
    price: int
    """Ticks."""
    lots: int
    quote: int
    """Atoms of quote moved, fee not included."""
    fee: int
    """Atoms of ``fee_asset``."""
    fee_asset: str
    maker: bool
    time: int
    label: str = ""


class OrderChange(msgspec.Struct, frozen=True, gc=False):
    """An order has a new snapshot."""

    order: Order
    why: Why
    time: int
    cause: Cause
    fill: Fill | None = None
    """The trade, where ``why`` is ``fill``."""


class BalanceChange(msgspec.Struct, frozen=True, gc=False):
    """Balances of an account changed; ``balances`` has the new (asset, free, locked) of each changed asset."""

    account: str
    balances: tuple[tuple[str, int, int], ...]
    time: int
    cause: Cause


class ListChange(msgspec.Struct, frozen=True, gc=False):
    """An order list began, moved on (a leg was released, triggered, reduced or ended), or is over (Binance
    listStatusType EXEC_STARTED, UPDATED, ALL_DONE)."""

    list_id: int
    """Never used twice."""
    client_id: str
    account: str
    symbol: str
    kind: str
    status: ListStatus
    order_ids: tuple[int, ...]
    time: int
    cause: Cause


Change = OrderChange | Fill | BalanceChange | ListChange
