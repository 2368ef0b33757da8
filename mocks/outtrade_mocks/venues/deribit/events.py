"""The events of the private channels, made of the core's changes, in the order in which state moved.

A change of an order is told on ``user.orders``, a trade on ``user.trades`` too; ``user.changes`` carries both, and the
position; ``user.portfolio`` the money. A push renders the ``data`` of a notification; each session puts the name of its
own channel around it. The venue may tell what happens at one instant in one notification, here each change is one
(*simplified*); whether an event comes before the answer of its request, the server decides (nautilus_trader#3436 saw it
come first).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

from outtrade_mocks.core import BalanceChange, Change, OrderChange
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.deribit.codec import encode
from outtrade_mocks.venues.deribit.desk import STATE, Desk
from outtrade_mocks.venues.deribit.shapes import order_of, position_of, summary_of, trade_of

Kind = Literal["order", "fill", "balance", "position", "other"]


class Events:
    """Makes numbered pushes out of the core's changes."""

    __slots__ = ("_desk", "_n")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n = 0

    def of(self, change: Change) -> Iterator[Push]:
        """The pushes of a change."""
        if isinstance(change, OrderChange):
            yield from self._order(change)
        elif isinstance(change, BalanceChange):
            for asset, _, _ in change.balances:
                yield self._push("balance", f"portfolio.{asset}", partial(self._portfolio, asset))

    def _push(self, kind: Kind, channel: str, render: Callable[[], str], **more: Any) -> Push:
        self._n += 1
        return Push(self._n, kind, render, channel=channel, **more)

    def _order(self, change: OrderChange) -> Iterator[Push]:
        order, desk, fill = change.order, self._desk, change.fill
        if order.status not in STATE:
            return
        venue_id = desk.order_id(order)
        ids: dict[str, Any] = {
            "client_id": desk.label(order) or None,
            "venue_id": venue_id,
            "trade_id": None if fill is None else desk.trade_id(fill),
            "status": STATE[order.status],
            "order": venue_id,
            "symbol": order.symbol,
        }
        told = order_of(desk, order)
        trade = None if fill is None else trade_of(desk, fill, order)
        yield self._push("order", "orders", partial(_text, told), **ids)
        if trade is not None:
            yield self._push("fill", "trades", partial(_text, [trade]), **ids)
        yield self._push("other", "changes", partial(self._changes, change, told, trade), **ids)

    def _changes(self, change: OrderChange, told: dict[str, Any], trade: dict[str, Any] | None) -> str:
        desk, symbol = self._desk, change.order.symbol
        entry = desk.listings[symbol]
        held = desk.exchange.view(desk.account).positions(symbol) if trade is not None else []
        return _text(
            {
                "instrument_name": entry.id,
                "orders": [told],
                "trades": [] if trade is None else [trade],
                "positions": [position_of(desk, entry, one) for one in held],
            }
        )

    def _portfolio(self, asset: str) -> str:
        return _text(summary_of(self._desk, asset))


def _text(data: object) -> str:
    return encode(data).decode()
