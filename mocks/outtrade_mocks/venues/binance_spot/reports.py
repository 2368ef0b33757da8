"""Events of the account, as frames: what the core's changes look like on the private stream (user-data-stream.md).

An order's change is an ``executionReport``, a change of balances an ``outboundAccountPosition``, a step in the life of
an order list a ``listStatus``; in the order in which the exchange moved. What happens while nobody is subscribed is not
sent later. Who carries them to a client is `wsapi`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from outtrade_mocks.core import BalanceChange, ListChange, Order, OrderChange, Prevention
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.binance_codec import E8, encode, money
from outtrade_mocks.venues.binance_spot.desk import (
    CONTINGENCY,
    EXPIRY_REASON,
    LIST_ID_BASE,
    LIST_STATUS,
    MS,
    ORDER_ID_BASE,
    Desk,
)
from outtrade_mocks.venues.binance_spot.shapes import lost_by, special

EXECUTIONS = {
    "accepted": "NEW",
    "released": "NEW",
    "working": "NEW",
    "fill": "TRADE",
    "cancel": "CANCELED",
    "expire": "EXPIRED",
    "reject": "REJECTED",
    "amend": "REPLACED",
    "prevent": "TRADE_PREVENTION",
}
"""Execution type by what happened. An order that comes to the book after it waited is told as NEW once more, now with
``w`` true (*inferred* for released orders); that it was triggered, an instant before, is not told."""


class Reports:
    """Makes numbered pushes out of the core's changes."""

    __slots__ = ("_desk", "_executions", "_n")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n = 0
        self._executions = 0

    def order(self, change: OrderChange) -> Push:
        """An executionReport."""
        desk, order, fill = self._desk, change.order, change.fill
        self._executions += 1
        self._n += 1
        status, venue_id = desk.status(order), str(desk.order_id(order))
        return Push(
            self._n,
            "fill" if fill else "order",
            partial(self._execution, change, self._executions, status),
            order.client_id,
            venue_id,
            str(desk.trade_id(fill)) if fill else None,
            status,
            venue_id,
        )

    def _execution(self, change: OrderChange, number: int, status: str) -> str:
        desk, order, fill = self._desk, change.order, change.fill
        listing = desk.listings[order.symbol]
        cancelled = change.why in ("cancel", "amend")
        prevented = order.expired_by == "self_trade" and change.why == "expire"
        more = special(desk, order)
        working = desk.working_time(order)
        time = change.time // MS
        step = listing.step
        event: dict[str, Any] = {
            "e": "executionReport",
            "E": time,
            "s": listing.id,
            "c": order.client_id,
            "S": order.side.upper(),
            "o": desk.order_type(order),
            "f": order.tif,
            "q": money(order.lots * step),
            "p": desk.price(order.symbol, order.price),
            "P": more.get("stopPrice", "0.00000000"),
            "F": more.get("icebergQty", "0.00000000"),
            "g": desk.list_id(order),
            "C": order.created_as if cancelled and order.client_id != order.created_as else "",
            "x": "TRADE_PREVENTION" if prevented else EXECUTIONS[change.why],
            "X": status,
            "r": "NONE",
            "i": desk.order_id(order),
            "l": money(fill.lots * step) if fill else "0.00000000",
            "z": money(order.filled * step),
            "L": desk.price(order.symbol, fill.price) if fill else "0.00000000",
            "n": money(fill.fee) if fill else "0",
            "N": fill.fee_asset if fill else None,
            "T": time,
            "t": desk.trade_id(fill) if fill else -1,
            "I": 90_000_000_000 + number,
            "w": order.working,
            "m": fill.maker if fill else False,
            "M": fill is not None,
            "O": order.created // MS,
            "Z": money(order.quote_filled),
            "Y": money(fill.quote) if fill else "0.00000000",
            "Q": money(order.quote or 0),
        }
        if working >= 0:
            event["W"] = working
        event["V"] = desk.self_trade(order)
        if "trailingDelta" in more:
            event |= {"d": more["trailingDelta"], "D": more["trailingTime"]}
        event |= _strategy(order)
        matches = desk.preventions(order) if prevented or change.why == "prevent" else []
        if matches:
            event |= _prevented(desk, order, matches)
        if order.expired_by in EXPIRY_REASON:
            event["eR"] = EXPIRY_REASON[order.expired_by]
        return encode(event).decode()

    def order_list(self, change: ListChange) -> Push:
        """A listStatus: an order list began, moved on or is over."""
        self._n += 1
        names = tuple(self._desk.account.orders[order_id][-1].client_id for order_id in change.order_ids)
        return Push(self._n, "other", partial(self._list, change, names))

    def _list(self, change: ListChange, names: tuple[str, ...]) -> str:
        time, symbol = change.time // MS, self._desk.listings[change.symbol].id
        event = {
            "e": "listStatus",
            "E": time,
            "s": symbol,
            "g": LIST_ID_BASE + change.list_id,
            "c": CONTINGENCY[change.kind],
            "l": LIST_STATUS[change.status],
            "L": "ALL_DONE" if change.status == "done" else "EXECUTING",
            "r": "NONE",
            "C": change.client_id,
            "T": time,
            "O": [
                {"s": symbol, "i": ORDER_ID_BASE + order_id, "c": name}
                for order_id, name in zip(change.order_ids, names, strict=True)
            ],
        }
        return encode(event).decode()

    def balance(self, change: BalanceChange) -> Push:
        """An outboundAccountPosition with the assets that changed."""
        self._n += 1
        return Push(self._n, "balance", partial(self._position, change))

    def _position(self, change: BalanceChange) -> str:
        time = change.time // MS
        event = {
            "e": "outboundAccountPosition",
            "E": time,
            "u": time,
            "B": [{"a": asset, "f": money(free), "l": money(locked)} for asset, free, locked in change.balances],
        }
        return encode(event).decode()


def _strategy(order: Order) -> dict[str, int]:
    """Strategy id and type, where they were sent."""
    strategy, _, kind = order.label.partition("|")
    return ({"j": int(strategy)} if strategy else {}) | ({"J": int(kind)} if kind else {})


def _prevented(desk: Desk, order: Order, matches: list[Prevention]) -> dict[str, Any]:
    """What self-trade prevention took: in all, and now from the order named by ``U``."""
    last, step = matches[-1], desk.listings[order.symbol].step
    lost, now = sum(lost_by(order, one) for one in matches), lost_by(order, last)
    other = last.maker_id if last.taker_id == order.order_id else last.taker_id
    price = desk.price_e8(order.symbol, last.price)
    return {
        "v": last.number,
        "A": money(lost * step),
        "B": money(now * step),
        "u": -1,
        "U": ORDER_ID_BASE + other,
        "Cs": desk.listings[order.symbol].id,
        "pl": money(now * step),
        "pL": money(price),
        "pY": money(price * now * step // E8),
    }
