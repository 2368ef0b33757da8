"""What Bybit knows of an order and the core does not: its labels on the wire, and its executions as they were."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from outtrade_mocks.core import Fill, Order

NAMELESS = "~"
"""Begins the core's client id of an order without orderLinkId; no client can send it."""
SIDES = {"buy": "Buy", "sell": "Sell"}


class Note(msgspec.Struct):
    """What Bybit knows of an order and the core does not. Prices in ticks, quantities in lots."""

    link_id: str = ""
    """As shown: spot orders without one get a number."""
    order_filter: str = "Order"
    stop_type: str = ""
    create_type: str = "CreateByUser"
    direction: int = 0
    trigger_by: str = ""
    position_idx: int = 0
    take_profit: int | None = None
    stop_loss: int | None = None
    tp_trigger_by: str = ""
    sl_trigger_by: str = ""
    tpsl_mode: str = ""
    tp_limit: int | None = None
    sl_limit: int | None = None
    smp_type: str = "None"
    is_leverage: str = ""
    market_unit: str = ""
    close_on_trigger: bool = False
    shown_price: int | None = None
    """The price of a market order for contracts: the limit that it is matched with."""
    created_at_price: int | None = None
    """The last price when it was made."""
    cancel_type: str = "UNKNOWN"
    guards: tuple[str, int] | None = None
    """(symbol, position index) of the position that it protects."""
    pair: str = ""
    """What it shares with the other of a take profit and a stop loss."""
    placed_guards: bool = False
    """Whether its own take profit and stop loss stand."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill, and what was true of its order then."""

    fill: Fill
    order: Order
    closed: int
    """Lots that closed a position."""
