"""Unified words for what is asked of a venue and what it says, and the three ways in which a request can fail.

* ``NotSent``: provably nothing left (the name did not resolve, the connection was refused). Send it again at leisure.
* ``Refused``: the venue answered, definitely, "no". ``kind`` says why; nothing was executed.
* ``Doubtful``: anything else. It may or may not have happened. Ask before doing anything about it.

    >>> str(Refused("not_found", "Order does not exist.", code=-2013))
    'not_found: Order does not exist.'
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from outtrade.model.task import OrderStatus, OrderType, Side

Kind = Literal[
    "rate", "ban", "busy", "clock", "duplicate", "unknown_order", "not_found",
    "funds", "closed", "auth", "rules", "would_take", "would_trigger", "other",
]  # fmt: skip
"""Why a venue refused. The first four pass by themselves (``TRANSIENT``); the rest do not."""

TRANSIENT: frozenset[Kind] = frozenset({"rate", "ban", "busy", "clock"})


class PortError(Exception):
    """A request that did not get the answer it asked for."""


class NotSent(PortError):
    """Nothing left: no name, no connection, no handshake."""


class Doubtful(PortError):
    """At least a byte may have left, and no definite answer came: timeout, reset, 5xx, unreadable body."""


class Refused(PortError):
    """A definite refusal: nothing was executed. ``retry_after``: seconds of silence the venue demands, if it says."""

    def __init__(self, kind: Kind, message: str = "", *, code: int | None = None, retry_after: float | None = None):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind: Kind = kind
        self.code = code
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of the venue. Prices in quote per base, quantities in base units or in quote; on the grid."""

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    """Contracts: it may make a position smaller, and nothing else."""
    stop_price: Decimal | None = None
    """The trigger of stop and take-profit orders, quote per base."""
    trail: Decimal | None = None
    """Of a stop that follows the price: how far behind the best one, in basis points of it."""
    extended_hours: bool = False
    """Where a market has sessions: it may trade outside the regular one."""

    @property
    def triggered(self) -> bool:
        """Whether it waits for a price before it comes to the book."""
        return self.stop_price is not None or self.trail is not None


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. ``trade_id`` is unique within the symbol; ``order`` is the venue's order id."""

    trade_id: str
    order: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order as the venue describes it at one moment; ``fills`` where the answer lists them.

    ``client_id`` is what it is called now; ``placed_as`` what it was called before a cancel renamed it, if known.
    """

    venue_id: str
    client_id: str
    symbol: str
    side: Side
    type: OrderType
    status: OrderStatus
    quantity: Decimal
    filled: Decimal
    quote_filled: Decimal
    price: Decimal | None = None
    placed_as: str | None = None
    fills: tuple[Fill, ...] = ()
    replaced_by: str | None = None
    """The venue id of the order that has taken its place, where a change makes a new one."""


@dataclass(frozen=True, slots=True)
class Modes:
    """How an account trades a contract. ``leverage`` None: the venue has no such setting; ``hedge``: long and short
    beside each other."""

    leverage: int | None
    isolated: bool
    hedge: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A position in a contract as the venue describes it: base units with sign, average entry price, profit at the mark
    price and initial margin in the settlement asset."""

    quantity: Decimal
    entry_price: Decimal | None = None
    unrealised: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and best ask, and the levels that were shown, as (price, base units), best first."""

    bid: Decimal
    ask: Decimal
    bids: tuple[tuple[Decimal, Decimal], ...] = ()
    asks: tuple[tuple[Decimal, Decimal], ...] = ()

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


def plain(value: Decimal) -> str:
    """A decimal in plain notation: no exponent, no trailing zeros.

    >>> plain(Decimal("1E+2")), plain(Decimal("0.00001000"))
    ('100', '0.00001')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
