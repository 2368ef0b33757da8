"""A gateway: an adapter between a program and an exchange, asked simple things and judged by what it says.

An adapter has no judgement of its own: it does not retry, wait or decide. Its methods may all be plain functions or
all be coroutine functions. A fixed driver (``outtrade.targets.driver``) turns the intents of a task into calls,
records each call with its answer, and asks again where the gateway says "ambiguous". Every statement is then held
against the truth: an order that stands on the exchange must never have been called rejected.

``meaning(error)`` is the heart of it: what *the library's own documentation* says that this exception means::

    rejected      the exchange refused it; nothing was done
    duplicate     the exchange already knows this client order id
    not_found     the exchange does not know the order asked about
    not_sent      the request never left
    ambiguous     nobody knows whether it was carried out
    rate_limited  refused for too many requests; to be tried again later
    unavailable   the exchange could not be reached or was not able to answer

Prices are in quote currency, quantities in base units, ``since`` is UNIX seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args

from outtrade.model.task import (
    BalanceView,
    FillView,
    Number,
    OrderType,
    OrderView,
    Plain,
    PositionView,
    Side,
    TimeInForce,
)
from outtrade.targets.access import VenueAccess

Meaning = Literal["rejected", "duplicate", "not_found", "not_sent", "ambiguous", "rate_limited", "unavailable"]
MEANINGS: frozenset[str] = frozenset(get_args(Meaning))

REQUIRED = ("connect", "submit", "cancel", "order", "open_orders", "fills", "balances", "close", "meaning")
"""Methods without which an object is no gateway. ``amend``, ``positions``, ``events``, ``retry_after`` are optional."""


class OrderRequest(Plain):
    """One order as the driver wants it. Exactly one of ``quantity`` and ``quote_quantity`` is given."""

    client_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Number | None = None
    quote_quantity: Number | None = None
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False


class OrderRef(Plain):
    """Which order is meant: by client id from the start, by the exchange's id as well once that is known."""

    client_id: str | None
    venue_id: str | None = None
    symbol: str


class Gateway(Protocol):
    """A blocking gateway. Each method may raise; ``meaning`` says what the exception means."""

    def connect(self, venue: VenueAccess) -> None: ...
    def submit(self, request: OrderRequest) -> OrderView: ...
    def cancel(self, ref: OrderRef) -> OrderView | None: ...
    def order(self, ref: OrderRef) -> OrderView: ...
    def open_orders(self, symbol: str) -> Sequence[OrderView]: ...
    def fills(self, symbol: str, since: float) -> Sequence[FillView]: ...
    def balances(self) -> Mapping[str, BalanceView]: ...
    def close(self) -> None: ...
    def meaning(self, error: Exception) -> Meaning: ...


class AsyncGateway(Protocol):
    """The same as coroutine functions; ``meaning`` stays a plain one."""

    async def connect(self, venue: VenueAccess) -> None: ...
    async def submit(self, request: OrderRequest) -> OrderView: ...
    async def cancel(self, ref: OrderRef) -> OrderView | None: ...
    async def order(self, ref: OrderRef) -> OrderView: ...
    async def open_orders(self, symbol: str) -> Sequence[OrderView]: ...
    async def fills(self, symbol: str, since: float) -> Sequence[FillView]: ...
    async def balances(self) -> Mapping[str, BalanceView]: ...
    async def close(self) -> None: ...
    def meaning(self, error: Exception) -> Meaning: ...


class Amends(Protocol):
    """Optional: change a working order in one step. None = unchanged; ``quantity`` is the new total, fills included."""

    def amend(
        self, ref: OrderRef, *, quantity: Number | None = None, limit_price: Number | None = None
    ) -> OrderView: ...


class TracksPositions(Protocol):
    """Optional: net positions by symbol. A gateway without it leaves positions "not tracked"."""

    def positions(self) -> Mapping[str, PositionView] | None: ...


class ReadsRetryAfter(Protocol):
    """Optional: how many seconds the exchange asks to be left alone, as far as the library lets its user know."""

    def retry_after(self, error: Exception) -> float | None: ...
