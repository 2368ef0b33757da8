"""The records of a snapshot: what of an exchange is laid down, as plain data with a version.

Taken by ``state.snapshot``, made an exchange of again by ``restoring.restore``. Who adds an attribute to the core adds
it here, or derives it from others there.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from outtrade_mocks.core.events import Fill, ListStatus, LoanChange, Prevention
from outtrade_mocks.core.flow import Quote, Take
from outtrade_mocks.core.lists import ListKind, Partial
from outtrade_mocks.core.orders import Order
from outtrade_mocks.core.positions import Position
from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.states import TradingState

VERSION = 2
Rules = dict[str, Any]
"""An Instrument's or a FlowConfig's own fields; decimals as text."""


class BalanceState(msgspec.Struct, frozen=True, array_like=True):
    """One asset of one account."""

    free: int
    locked: int
    past: list[int]
    """As ``Balance.past``."""


class PortfolioState(msgspec.Struct, frozen=True):
    """An account's contracts."""

    hedge: bool
    settings: dict[str, tuple[int, bool]]
    """Symbol -> (leverage, isolated)."""
    positions: list[list[Position]]
    """All snapshots of each side that was ever held."""


class LoansState(msgspec.Struct, frozen=True):
    """A margin account's rules and debts."""

    rules: Rules
    loans: dict[str, tuple[int, str]]
    """Asset -> (principal, interest not paid yet as a fraction)."""
    called: bool
    history: list[LoanChange]


class AccountState(msgspec.Struct, frozen=True):
    """One account and its past."""

    name: str
    opened: int
    unlimited: bool
    balances: dict[str, BalanceState]
    orders: list[Order]
    """All snapshots of its orders, oldest first."""
    fills: list[Fill]
    working: dict[str, int]
    open_count: dict[str, int]
    volumes: dict[str, dict[int, int]]
    portfolio: PortfolioState | None = None
    loans: LoansState | None = None
    preventions: list[Prevention] = []
    unlisted: list[int] = []
    """Order ids whose first fill the lists of trades lack for now."""


class TapeState(msgspec.Struct, frozen=True):
    """The recorded market of a symbol, and how far it was played."""

    config: Rules
    """All but the tape."""
    tape: Tape
    opened: int
    place: int


class FlowState(msgspec.Struct, frozen=True):
    """The seeded market of a symbol, its generator included."""

    config: Rules
    generator: tuple[int, tuple[int, ...], float | None]
    mid: float
    reference: int
    bounds: tuple[float, float]
    opened: int
    quoted: int
    drawn_mid: float
    quote_at: int
    take_at: int
    quotes: list[Quote]
    """Drawn, and still to come."""
    takes: list[Take]
    renewed: int = 0
    """How many renewals of the script were drawn."""
    noise: int = 0


class SideState(msgspec.Struct, frozen=True):
    """Bids or asks in order of priority, column by column (a book of 10,000 orders is four lists, not 10,000)."""

    order_ids: list[int]
    """0: the house."""
    prices: list[int]
    remaining: list[int]
    locked: list[int]


class MarketState(msgspec.Struct, frozen=True):
    """One symbol: rules, book, flow, and what of the flow is still to be carried out."""

    rules: Rules
    flow: FlowState | None
    tape: TapeState | None
    state: TradingState
    ordered: TradingState
    ends: int | None
    index_log: list[tuple[int, int]]
    waiting: list[int]
    last_price: int | None
    trade_id: int
    bids: SideState
    asks: SideState
    quote: Quote | None
    noted: bool
    takes: list[Take]
    taken: tuple[int, int]
    published: dict[str, int]
    house_position: tuple[int, int] | None = None
    """Of a contract: lots and carried."""
    funding: tuple[int, int] | None = None
    """The published rate as a fraction."""
    prints: list[Print] = []
    last_print: int = 0


class WatchState(msgspec.Struct, frozen=True, array_like=True):
    """How far a trigger has come; ``since`` gives the order in which triggers were armed."""

    since: int
    active: bool
    extreme: int | None


class OpenState(msgspec.Struct, frozen=True, array_like=True):
    """What an open order has that the book does not show: a hidden part, a trigger, what it locks while it waits."""

    order_id: int
    waits: bool
    remaining: int
    locked: int
    hidden: int
    tip: int
    reserve: int
    watch: WatchState | None
    borrowed: int = 0


class ListState(msgspec.Struct, frozen=True):
    """One order list that is not done."""

    list_id: int
    client_id: str
    kind: ListKind
    account: str
    symbol: str
    partial: Partial
    released: bool
    status: ListStatus
    orders: tuple[Order, ...]


class TimerState(msgspec.Struct, frozen=True, array_like=True):
    """What is to come: the end of the order ``order_id``, or (0) of the patience of a countdown; or (``plan``) a
    trading state (None: what the calendar wants)."""

    time: int
    number: int
    order_id: int
    account: str
    symbol: str | None
    plan: bool = False
    state: TradingState | None = None
    funding: bool = False
    """The next funding payment of ``symbol``."""
    interest: bool = False
    """The next hour's interest."""


class ScheduleState(msgspec.Struct, frozen=True, array_like=True):
    """A fee schedule, and for whom and where it holds."""

    account: str | None
    symbol: str | None
    rules: Rules


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A whole exchange at one moment."""

    format: Literal["outtrade-core"] = "outtrade-core"
    version: int = VERSION
    now: int
    find_by_original: bool
    precisions: dict[str, int]
    last_order_id: int
    event_id: int
    fees: dict[str, int]
    house: AccountState
    accounts: list[AccountState]
    markets: list[MarketState]
    practice: dict[str, Any]
    schedules: list[ScheduleState]
    opened: list[OpenState]
    """Open orders that are not plain, oldest first."""
    lists: list[ListState]
    last_list_id: int
    timers: list[TimerState]
    timer_count: int
    insurance: dict[str, int] = {}
    pool: dict[str, int] = {}
    interest: dict[str, int] = {}
    borrowers: list[str] = []
    """Accounts that owe something, in the order in which they began to."""
    printed: int = 0
    """So many prints of each symbol are kept."""

    def to_json(self) -> bytes:
        """The state as one JSON document."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes) -> State:
        """The state of a JSON document; raises ValueError, in one line, on anything else."""
        try:
            state = msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise ValueError(f"this is no snapshot of an exchange: {error}") from None
        if state.version != VERSION:
            raise ValueError(f"a snapshot of version {state.version}; this program reads version {VERSION}")
        return state
