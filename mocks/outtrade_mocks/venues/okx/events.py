"""The events of the private channels, made of the core's changes, in the order in which state moved.

One change may make several: a trade is told on ``orders``, on ``fills``, and with the balance and the position that it
changed on ``account``, ``positions`` and ``balance_and_position``. An algo order is told on ``orders-algo`` (a trailing
one on ``algo-advance``) until it was triggered; from then on the order it became is told on ``orders``. A push renders
the ``data`` of a frame; each session puts its own ``arg`` around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

from outtrade_mocks.core import BalanceChange, Change, Fill, Order, OrderChange, PositionChange, Status
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.okx import algos, money, shapes
from outtrade_mocks.venues.okx.codec import encode, ms
from outtrade_mocks.venues.okx.desk import Desk

Kind = Literal["order", "fill", "balance", "position", "other"]
EVENT_TYPES = {"trade": "filled", "funding": "funding_fee", "margin": "adjust_margin", "leverage": "set_leverage"}


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
            yield self._push("balance", "account", partial(self._account, change))
            yield self._push("balance", "balance_and_position", partial(self._both, change, None))
        elif isinstance(change, PositionChange):
            symbol = change.position.symbol
            yield self._push("position", "positions", partial(self._position, change), symbol=symbol)
            yield self._push("position", "balance_and_position", partial(self._both, None, change), symbol=symbol)

    def _push(self, kind: Kind, channel: str, render: Callable[[], str], **more: Any) -> Push:
        self._n += 1
        return Push(self._n, kind, render, channel=channel, **more)

    # ------------------------------------------------------------------ orders
    def _order(self, change: OrderChange) -> Iterator[Push]:
        order, desk = change.order, self._desk
        note = desk.note(order)
        if note.algo is not None and not (shapes.is_order(order) and change.why != "triggered"):
            yield from self._algo(change)
            return
        if note.algo is not None and change.why == "working":
            yield from self._algo(change)
        if not shapes.is_order(order):
            return
        venue_id = desk.order_id(order)
        state = shapes.state(note, order)
        fill = change.fill
        ids: dict[str, Any] = {
            "client_id": desk.client_id(order) or None,
            "venue_id": venue_id,
            "trade_id": None if fill is None else desk.trade_id(fill),
            "status": state,
            "order": venue_id,
            "symbol": order.symbol,
        }
        data = partial(self._told, change)
        yield self._push("order" if fill is None else "fill", "orders", data, **ids)
        if fill is not None:
            yield self._push("other", "fills", partial(self._fill, fill, order), **ids)

    def _told(self, change: OrderChange) -> str:
        return _text([shapes.pushed_order(self._desk, change)])

    def _fill(self, fill: Fill, order: Order) -> str:
        desk = self._desk
        data = {
            "instId": desk.listing(fill).id,
            "fillSz": desk.size(fill.symbol, fill.lots),
            "fillPx": desk.price(fill.symbol, fill.price),
            "side": fill.side,
            "ts": ms(fill.time),
            "ordId": desk.order_id(fill),
            "clOrdId": desk.client_id(order),
            "tradeId": desk.trade_id(fill),
            "execType": "M" if fill.maker else "T",
            "count": "1",
        }
        return _text([data])

    def _algo(self, change: OrderChange) -> Iterator[Push]:
        order, desk = change.order, self._desk
        algo = desk.note(order).algo
        assert algo is not None
        if order.status is Status.HELD or change.why == "triggered":
            return
        orders = [order if core_id == order.order_id else desk.account.orders[core_id][-1] for core_id in algo.orders]
        if any(one.status is Status.HELD for one in orders) or all(shapes.never_released(desk, one) for one in orders):
            return
        if len(orders) < len([name for name in ("tpTriggerPx", "slTriggerPx") if algo.prices.get(name)]):
            return  # a pair is told as a whole
        state = algos.state_of(orders)
        if state == algo.told and change.why != "amend":
            return
        algo.told = state
        told = algos.show(desk, algo, orders) | {"amendResult": "0" if change.why == "amend" else "", "reqId": ""}
        told["notionalUsd"] = ""
        channel = "algo-advance" if algo.kind == "move_order_stop" else "orders-algo"
        venue_id = desk.order_id(order)
        yield self._push(
            "other", channel, partial(_text, [told]), client_id=algo.client_id or None, venue_id=venue_id,
            status=state, order=venue_id, symbol=order.symbol,
        )  # fmt: skip

    # ------------------------------------------------------------------- money
    def _account(self, change: BalanceChange) -> str:
        """The changed currencies; profit and margin beside them are those of the moment."""
        return _text([money.changed_balance(self._desk, change.balances, change.time)])

    def _position(self, change: PositionChange) -> str:
        return _text([money.position(self._desk, change.position) | {"pTime": ms(change.time)}])

    def _both(self, balance: BalanceChange | None, position: PositionChange | None) -> str:
        return _text([both(self._desk, balance, position)])


def both(desk: Desk, balance: BalanceChange | None, position: PositionChange | None) -> dict[str, Any]:
    """What balance_and_position tells of a change."""
    time = balance.time if balance is not None else position.time if position is not None else 0
    why = "delivered" if position is None else EVENT_TYPES.get(position.why, "filled")
    if balance is not None:
        why = "funding_fee" if balance.cause == "funding" else "transferred" if balance.cause == "script" else "filled"
    return {
        "pTime": ms(time),
        "eventType": why,
        "balData": [
            {"ccy": asset, "cashBal": desk.money(asset, free + locked), "uTime": ms(time)}
            for asset, free, locked in (() if balance is None else balance.balances)
        ],
        "posData": [] if position is None else [brief(desk, position.position)],
        "trades": _trades(desk, position),
    }


def _trades(desk: Desk, change: PositionChange | None) -> list[dict[str, str]]:
    """The trade that changed a position."""
    if change is None or change.why != "trade":
        return []
    told = money.position(desk, change.position, liquidation=False)
    return [{"instId": told["instId"], "tradeId": told["tradeId"]}]


def brief(desk: Desk, position: Any) -> dict[str, str]:
    """A position in balance_and_position."""
    told = money.position(desk, position, liquidation=False)
    names = (
        "posId", "tradeId", "instId", "instType", "mgnMode", "posSide", "pos", "ccy", "posCcy", "avgPx",
        "nonSettleAvgPx", "settledPnl", "uTime",
    )  # fmt: skip
    return {name: told[name] for name in names}


def _text(data: list[Any]) -> str:
    return encode(data).decode()
