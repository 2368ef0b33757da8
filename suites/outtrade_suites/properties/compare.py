"""Comparing what a target says with what is true: tolerances, status words, who is who.

Two sets of books are equal when no step, no asset unit and no trade separates them. A target may compute in floats,
so nothing is compared for identity:

* quantities: within half a step of the instrument;
* balances and fees: within half a unit of the asset (`asset_unit`);
* averages: within one millionth of the value.

Everything here is a pure function of its arguments; nothing looks at a History.

    >>> near_average(Decimal("100.00000001"), Decimal(100)), near(Decimal("0.4"), Decimal("0.41"), Decimal("0.001"))
    (True, False)
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from outtrade.judge.records import Order
from outtrade.model.task import Instrument, Intent, OrderView

HALF = Decimal("0.5")
AVERAGE_TOLERANCE = Decimal("1e-6")
"""Relative difference up to which two average prices are equal."""
ASSET_UNIT = Decimal("1e-8")
"""Smallest amount of an asset where the venue declares no other (trait ``asset_unit``)."""

Terminal = Literal["filled", "cancelled", "expired", "rejected"]
TERMINAL: frozenset[str] = frozenset({"filled", "cancelled", "expired", "rejected"})
"""Statuses after which an order can never trade again."""
UNSETTLED: frozenset[str] = frozenset({"pending", "unknown"})
"""Statuses by which a target says that it does not know."""

STATUS_WORDS: dict[str, str] = {
    "NEW": "open", "OPEN": "open", "PARTIALLY_FILLED": "open", "PARTIALLY-FILLED": "open", "ACCEPTED": "open",
    "LIVE": "open", "ACTIVE": "open", "WORKING": "open", "PENDING_NEW": "open", "PENDING_CANCEL": "open",
    "PENDING": "open", "PARTIALLYFILLED": "open", "UNTRIGGERED": "open", "TRIGGERED": "open",
    "PENDING_REPLACE": "open", "HELD": "open",
    "FILLED": "filled", "CLOSED": "filled",
    "CANCELED": "cancelled", "CANCELLED": "cancelled", "PARTIALLYFILLEDCANCELED": "cancelled",
    "DEACTIVATED": "cancelled", "MMP_CANCELED": "cancelled", "REPLACED": "cancelled",
    "EXPIRED": "expired", "EXPIRED_IN_MATCH": "expired",
    "REJECTED": "rejected",
}  # fmt: skip
"""How venues write an order's state, in the words of the contract."""


def status_word(text: str | None) -> str | None:
    """A venue's word for an order's state in the words of the contract; None where it is not known."""
    return None if text is None else STATUS_WORDS.get(text.upper())


def near(said: Decimal, true: Decimal, unit: Decimal) -> bool:
    """Whether two amounts differ by no more than half a ``unit`` (a step, an asset unit)."""
    return abs(said - true) <= unit * HALF


def near_any(said: Decimal, true: Iterable[Decimal], unit: Decimal) -> bool:
    """Whether an amount is within half a ``unit`` of one of several admissible truths."""
    return any(near(said, value, unit) for value in true)


def near_average(said: Decimal, true: Decimal) -> bool:
    """Whether two prices are equal within one millionth of the true one."""
    return abs(said - true) <= abs(true) * AVERAGE_TOLERANCE


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that does not exceed ``value``."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def step_of(instrument: Instrument | None) -> Decimal:
    """The quantity step in base units; an instrument that is not on record is compared exactly."""
    return Decimal(0) if instrument is None else Decimal(instrument.step)


def plain(value: Decimal) -> str:
    """A number for a sentence: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def names_order(view: OrderView, order: Order) -> bool:
    """Whether a reported order is this order of the venue: by the venue's id where it gives one, else by client id."""
    if view.venue_ids:
        return order.id in view.venue_ids
    return view.client_id is not None and view.client_id in order.names


def views_of(views: Iterable[OrderView], order: Order) -> list[OrderView]:
    """The reported orders that are this order of the venue."""
    return [view for view in views if names_order(view, order)]


def wanted_base(intent: Intent, instrument: Instrument | None) -> Decimal | None:
    """Base quantity of an intent on the step grid (rounded down); None where it is given in quote currency."""
    if intent.quantity is None:
        return None
    step = step_of(instrument)
    return floor_to(intent.quantity, step) if step else intent.quantity
