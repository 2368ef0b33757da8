"""Orders: the request, the snapshot, and the life cycle.

Everything that may happen to an order stands in one table, ``TABLE``: state x event -> state. An event that the table
does not list for a state is illegal: ``step`` raises and nothing has changed. The diagram in the documentation is
drawn from the same table. In words: the exchange accepts or rejects; an accepted order is filled in parts and then
completely, or it is cancelled (somebody asked) or expires (nobody did); nothing follows a terminal state.

    >>> step(Status.OPEN, Event.FILL)
    <Status.PARTIALLY_FILLED: 'partially_filled'>
    >>> step(Status.FILLED, Event.CANCEL)
    Traceback (most recent call last):
        ...
    outtrade_mocks.core.orders.IllegalTransition: a filled order cannot take the event cancel

``Order`` is an immutable snapshot: each change makes a new one, so the past can be shown by keeping the old ones.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Literal

import msgspec

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market"]
TimeInForce = Literal["GTC", "IOC", "FOK"]
ExpiredBy = Literal["", "ioc", "fok", "liquidity", "self_trade"]


class Status(StrEnum):
    """State of an order."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and the table is looked up for every fill

    PENDING = "pending"
    """Received, not yet decided; never visible in a snapshot."""
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Event(StrEnum):
    """What may happen to an order. FILL leaves something to fill, COMPLETE does not."""

    __hash__ = str.__hash__

    ACCEPT = "accept"
    REJECT = "reject"
    FILL = "fill"
    COMPLETE = "complete"
    AMEND = "amend"
    CANCEL = "cancel"
    EXPIRE = "expire"


TABLE: MappingProxyType[Status, MappingProxyType[Event, Status]] = MappingProxyType(
    {
        Status.PENDING: MappingProxyType(
            {
                Event.ACCEPT: Status.OPEN,
                Event.REJECT: Status.REJECTED,
            }
        ),
        Status.OPEN: MappingProxyType(
            {
                Event.FILL: Status.PARTIALLY_FILLED,
                Event.COMPLETE: Status.FILLED,
                Event.AMEND: Status.OPEN,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.PARTIALLY_FILLED: MappingProxyType(
            {
                Event.FILL: Status.PARTIALLY_FILLED,
                Event.COMPLETE: Status.FILLED,
                Event.AMEND: Status.PARTIALLY_FILLED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.FILLED: MappingProxyType({}),
        Status.CANCELLED: MappingProxyType({}),
        Status.EXPIRED: MappingProxyType({}),
        Status.REJECTED: MappingProxyType({}),
    }
)

WORKING = frozenset({Status.OPEN, Status.PARTIALLY_FILLED})
"""States in which an order can still be filled."""
TERMINAL = frozenset(status for status, events in TABLE.items() if not events)
"""States that nothing follows."""


class IllegalTransition(AssertionError):
    """An event that cannot happen in a state: a broken invariant of the core."""


def step(status: Status, event: Event) -> Status:
    """The state after ``event``; raises IllegalTransition where TABLE has none."""
    try:
        return TABLE[status][event]
    except KeyError:
        raise IllegalTransition(f"a {status} order cannot take the event {event}") from None


class RejectReason(StrEnum):
    """Why the exchange refused. Filters carry the names of Binance's filters; other venues translate."""

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    MARKET_CLOSED = "MARKET_CLOSED"
    PRICE_FILTER = "PRICE_FILTER"
    PERCENT_PRICE_BY_SIDE = "PERCENT_PRICE_BY_SIDE"
    LOT_SIZE = "LOT_SIZE"
    MARKET_LOT_SIZE = "MARKET_LOT_SIZE"
    NOTIONAL = "NOTIONAL"
    MAX_POSITION = "MAX_POSITION"
    MAX_NUM_ORDERS = "MAX_NUM_ORDERS"
    DUPLICATE_CLIENT_ID = "DUPLICATE_CLIENT_ID"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    WOULD_TAKE = "WOULD_TAKE"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    """A cancel or amend of an order that is not working (or never was)."""
    NO_SUCH_ORDER = "NO_SUCH_ORDER"
    """A query for an order that does not exist."""
    AMEND_INCREASE = "AMEND_INCREASE"
    AMEND_NO_CHANGE = "AMEND_NO_CHANGE"
    AMEND_BELOW_FILLED = "AMEND_BELOW_FILLED"


class Reject(Exception):
    """The exchange refuses a request; nothing has changed. ``detail`` is one line for people."""

    def __init__(self, reason: RejectReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request for an order.

    A limit order has ``price`` (ticks) and ``lots``; a market order has ``lots`` or ``quote`` (atoms of quote to spend
    or to obtain). ``post_only``: refuse rather than take (Binance LIMIT_MAKER). ``label`` is carried along untouched.
    """

    symbol: str
    side: Side
    type: OrderType = "limit"
    tif: TimeInForce = "GTC"
    post_only: bool = False
    price: int | None = None
    lots: int | None = None
    quote: int | None = None
    client_id: str = ""
    """Empty: the exchange makes one."""
    label: str = ""


class Order(msgspec.Struct, frozen=True, gc=False):
    """One order as it was from ``updated`` on (until the next snapshot)."""

    order_id: int
    client_id: str
    """May differ from ``created_as`` after a cancel or amend."""
    created_as: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    tif: TimeInForce
    post_only: bool
    price: int | None
    """Limit price in ticks; None for market orders."""
    lots: int
    """Whole quantity. Market orders by quote amount: what the amount bought at the time."""
    quote: int | None
    """Atoms of quote that a market order by quote amount was given."""
    filled: int
    """Lots filled."""
    quote_filled: int
    """Atoms of quote that the fills moved, fees not included."""
    status: Status
    created: int
    updated: int
    """Times in ns."""
    expired_by: ExpiredBy = ""
    """Why an expired order expired."""
    label: str = ""

    @property
    def remaining(self) -> int:
        """Lots not filled."""
        return self.lots - self.filled

    @property
    def working(self) -> bool:
        """Whether the order can still be filled."""
        return self.status in WORKING
