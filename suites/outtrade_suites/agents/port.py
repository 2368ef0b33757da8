"""The seam between deciding and speaking: what a decision needs of a venue, in unified words.

A port method either returns what the venue said, or fails in one of exactly three ways. Everything that an agent
does right or wrong after a failure hangs on telling them apart:

* ``NotSent``: provably nothing left (the name did not resolve, the connection was refused). Send it again at leisure.
* ``Refused``: the venue answered, definitely, "no". ``kind`` says why; nothing was executed.
* ``Doubtful``: anything else. It may or may not have happened. Ask before doing anything about it.

The methods are ``async def`` so that one set of decisions serves both worlds. A synchronous port never suspends,
and ``drive`` runs the coroutine to its end without an event loop::

    >>> async def answer() -> int:
    ...     return 42
    >>> drive(answer())
    42
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from outtrade.dialects.words import (
    TRANSIENT,
    Doubtful,
    Fill,
    Held,
    Kind,
    Modes,
    NotSent,
    OrderState,
    PortError,
    Quote,
    Refused,
    Terms,
    plain,
)
from outtrade.model.task import Bounds, Instrument, Intent, Limits

__all__ = [
    "TRANSIENT",
    "Access",
    "ContractDoor",
    "Doubtful",
    "Fill",
    "Held",
    "Kind",
    "Link",
    "Modes",
    "NotSent",
    "OrderState",
    "Port",
    "PortError",
    "Quote",
    "Refused",
    "RunTask",
    "SwitchDoor",
    "Terms",
    "drive",
    "plain",
]

T = TypeVar("T")


@dataclass(slots=True)
class Link:
    """The private stream. ``generation`` counts acknowledged subscriptions: after each, the account is read again."""

    up: bool = False
    generation: int = 0


class ContractDoor(Protocol):
    """What a port can do where contracts are traded. Every method may raise a PortError."""

    async def modes(self, symbol: str) -> Modes:
        """How the account trades a contract."""

    async def one_way(self, symbol: str) -> None:
        """From now on one position per symbol: in this one, or in the whole account where the venue knows no other."""

    async def set_leverage(self, symbol: str, leverage: int) -> None: ...
    async def positions(self, symbols: Sequence[str]) -> dict[str, Held]:
        """Contract -> net position; those that are flat are left out."""

    async def charges(self, symbol: str, since: float) -> Decimal | None:
        """What was booked beside trades since ``since`` (UNIX seconds): funding, liquidation fees; below 0: paid. None
        where the client has no list of that."""


class SwitchDoor(Protocol):
    """What a port can do where the venue has a dead-man switch with a timer: it cancels everything unless it is set
    again in time. ``set_for`` may raise a PortError."""

    by_symbol: bool
    """Whether it is set for each symbol by itself, or for the whole account."""
    shortest: float
    longest: float
    """Timeouts that the venue takes, in seconds; whole ones."""

    async def set_for(self, seconds: int, symbol: str) -> None:
        """Set it (again) to go off in ``seconds``; 0 switches it off. ``symbol`` matters only where ``by_symbol``."""


class Port(Protocol):
    """A venue, as the decisions see it. Every method but ``events`` and ``close`` may raise a PortError."""

    link: Link | None
    """None: this port has no stream."""
    contracts: ContractDoor | None
    """None: this port trades no contracts."""
    switch: SwitchDoor | None
    """None: there is no dead-man switch that this port could set."""
    offers: frozenset[str]
    """What it can do beyond plain orders: ``pair`` (one cancels the other), ``amend`` (a smaller
    quantity for an order that works), ``trail`` (stops that follow the price)."""

    async def start(self) -> None:
        """Get ready: clients, rules, stream. May be called again after it failed."""

    async def close(self) -> None:
        """Let go of everything. Never raises; nothing is sent afterwards."""

    async def wait(self, seconds: float) -> None:
        """Let time pass; comes back early when the stream has something to tell."""

    def events(self) -> Sequence[OrderState]:
        """What the stream has told since the last call, in order of arrival. Never waits."""

    async def place(self, client_id: str, terms: Terms) -> OrderState: ...
    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        """Two orders of one side and quantity, as (client id, terms), of which the fill or trigger of one ends the
        other. Never called where ``offers`` lacks "pair"."""

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState | None:
        """Cancel by the venue's id; None where the venue only says that it has heard. ``cancel_id`` becomes the order's
        client id, where the venue renames it."""

    async def amend(self, symbol: str, venue_id: str, quantity: Decimal, new_id: str) -> None:
        """Give a working order another quantity (base units, fills included) and client id. Never called where
        ``offers`` lacks "amend"."""

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        """Query one order by either id; raises Refused("not_found")."""

    async def open_orders(self, symbol: str) -> list[OrderState]: ...
    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        """Every order of the account placed since ``since`` (UNIX seconds), whatever became of it; all pages."""

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        """Own fills in ``symbol``: of one order, or since ``since`` (UNIX seconds); all pages."""

    async def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """The whole account: asset -> (free, locked)."""

    async def quote(self, symbol: str) -> Quote: ...
    async def rules(self, symbol: str) -> dict[str, Any]:
        """The rules as the venue tells them now: ``tick``, ``step``, ``quantity_min`` (base units) and ``notional_min``
        (quote, or None), as fields of Instrument."""


class Access(Protocol):
    """What is used of ``VenueAccess``."""

    @property
    def name(self) -> str: ...
    @property
    def symbols(self) -> Mapping[str, str]: ...
    @property
    def instruments(self) -> Mapping[str, Instrument]: ...
    @property
    def rest_url(self) -> str: ...
    @property
    def stream_url(self) -> str | None: ...
    @property
    def key(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def absent_after(self) -> float: ...
    def ccxt(self, asynchronous: bool = False, pro: bool = False) -> Any: ...


class RunTask(Protocol):
    """What is used of the task of a run (``Task`` with its store)."""

    @property
    def epoch(self) -> int: ...
    @property
    def intents(self) -> tuple[Intent, ...]: ...
    @property
    def until(self) -> float: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def bounds(self) -> Bounds: ...
    @property
    def leave_resting(self) -> bool: ...
    @property
    def dead_man(self) -> float | None: ...
    @property
    def resumed(self) -> bool: ...
    @property
    def instance(self) -> int: ...
    @property
    def instances(self) -> int: ...
    @property
    def fallbacks(self) -> Sequence[Access]: ...
    @property
    def store(self) -> MutableMapping[str, Any]: ...
    def publish(self, view: Any) -> None: ...


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends (every wait inside it blocks) and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("a synchronous port suspended: one of its methods awaits something real")
