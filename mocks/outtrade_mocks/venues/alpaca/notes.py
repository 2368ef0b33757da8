"""What Alpaca knows of an order beside what the core does, and the names of its states.

>>> from outtrade_mocks.core import Status
>>> STATUS[Status.OPEN], STATUS[Status.QUEUED], STATUS[Status.REPLACED]
('new', 'accepted', 'replaced')
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from outtrade_mocks.core import Order, Status

OrderClass = Literal["", "bracket", "oco", "oto"]

STATUS: Mapping[Status, str] = MappingProxyType(
    {
        Status.PENDING: "pending_new",
        Status.HELD: "held",
        Status.QUEUED: "accepted",
        Status.UNTRIGGERED: "new",
        Status.TRIGGERED: "new",
        Status.OPEN: "new",
        Status.PARTIALLY_FILLED: "partially_filled",
        Status.FILLED: "filled",
        Status.CANCELLED: "canceled",
        Status.EXPIRED: "expired",
        Status.REJECTED: "rejected",
        Status.REPLACED: "replaced",
    }
)
CANCELED_BY_VENUE = frozenset({"ioc", "fok", "liquidity", "self_trade", "list", "auction", "funds"})
"""Reasons of the core's expiries that Alpaca calls ``canceled``: what an IOC or FOK order leaves, an auction, the other
leg of a pair (orders); for self-trades and money *inferred*. ``expired`` is what lived until its day's end."""
TIFS: Mapping[str, str] = MappingProxyType(
    {"GTC": "gtc", "IOC": "ioc", "FOK": "fok", "DAY": "day", "GTD": "gtc", "OPG": "opg", "CLS": "cls"}
)


class Note(msgspec.Struct, kw_only=True):
    """How an order was asked for. ``kind``: ``market``, ``limit``, ``stop``, ``stop_limit``, ``trailing_stop``."""

    kind: str
    tif: str
    order_class: OrderClass = ""
    notional: str | None = None
    """The dollars that it was to spend or bring; its quantity is then not shown."""
    trail_price: str | None = None
    trail_percent: str | None = None
    extended: bool = False
    parent: int | None = None
    """The core's id of the order it is a leg of."""
    legs: list[int] = msgspec.field(default_factory=list)
    """The core's ids of its legs."""
    waits_for_pair: bool = False
    """Whether it is the stop of a pair: ``held`` until its price is reached, while the limit order is in the market."""


def plain_note(order: Order) -> Note:
    """The note of an order that nobody asked for here."""
    return Note(kind=order.type, tif=TIFS[order.tif])


def status_of(order: Order, note: Note) -> str:
    """The state of an order in Alpaca's words."""
    if order.status is Status.EXPIRED and order.expired_by in CANCELED_BY_VENUE:
        return "canceled"
    if order.status is Status.UNTRIGGERED and note.waits_for_pair:
        return "held"
    return STATUS[order.status]


def acknowledged(order: Order, note: Note) -> str:
    """What the answer to a new order says of it: it was taken in, and what became of it comes later."""
    state = status_of(order, note)
    return "pending_new" if state == "new" else state
