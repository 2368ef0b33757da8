"""What the exchange tells: events in the exact order in which state moved.

For one trade of an account's order: ``Fill``, ``OrderChange(why="fill", fill=...)``, ``BalanceChange``. An order that
arrives is told as ``OrderChange(why="accepted")`` first, with the lock as its BalanceChange, then its trades one by
one, then, where a remainder does not rest, ``OrderChange(why="expire")``. An order that waits is ``accepted`` in the
state untriggered, held or queued; ``released``: what it was held for has happened, or its session or auction has come;
``triggered`` once, then ``working`` or ``reject``; ``prevent``: self-trade prevention took some of its quantity;
``replaced``: the order accepted next takes its place. ``ListChange`` tells of order lists. Events of the house (the
seeded market) are not told. Callbacks run after the operation is complete: they may look at the exchange, but must not
change it.

What concerns a whole market is told with its time and its cause: ``StateChange`` (trading begins, is halted, ends),
``Uncross`` (after the fills of an auction, before the state that follows), ``RulesChange``, ``FinalSettlement``. Orders
that leave the book because the session is over, and come back with the next one, are not told one by one.

A request of an account that is refused is told as a ``Rejection``, which is all that it leaves behind. Refusals of two
kinds are not here: what a venue turns away before it asks the core (signature, rate limit, a parameter that cannot be
read: its codec answers, the core never hears of it), and queries, which change nothing either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from outtrade_mocks.core.orders import Amendment, NewOrder, Order, OrderRef, RejectReason, SelfTrade, Side
from outtrade_mocks.core.positions import Position

if TYPE_CHECKING:
    from outtrade_mocks.core.lists import NewList

Why = Literal[
    "accepted", "fill", "cancel", "expire", "amend", "released", "triggered", "working", "reject", "prevent",
    "replaced", "reduce",
]  # fmt: skip
"""``reduce``: a reduce-only order became smaller because the position did."""
Cause = Literal[
    "request", "market", "script", "time", "list", "auction", "funding", "liquidation", "adl", "settlement", "borrow",
    "repay", "interest", "transfer",
]  # fmt: skip
"""``request``: the account's own call. ``market``: somebody else's order, or a price. ``script``: liquidity moved by a
fault. ``time``: what was set before, an end or a change of state. ``list``: another order of the same list.
``auction``: an uncross. ``funding``, ``liquidation``, ``adl``, ``settlement``: the venue paid funding, liquidated,
deleveraged or settled the contract. ``borrow``, ``repay``, ``interest``: money came from or went to the lending pool.
``transfer``: from or to another account of the customer."""
LoanWhy = Literal["borrow", "repay", "interest", "takeover"]
"""``interest``: an hour's interest became due. ``takeover``: the house paid for the account."""
CountdownWhy = Literal["set", "off", "fired"]
MarginWhy = Literal["call", "safe", "liquidation", "takeover"]
PositionWhy = Literal["trade", "funding", "margin", "leverage"]
ListStatus = Literal["executing", "updated", "done"]
Ask = Literal[
    "place", "place_list", "cancel", "cancel_all", "amend", "replace", "batch", "countdown", "set_leverage",
    "set_margin_mode", "set_position_mode", "add_margin", "borrow", "repay", "transfer",
]  # fmt: skip
"""What an account may ask for."""


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One account's side of a trade."""

    trade_id: int
    """Increasing per symbol."""
    order_id: int
    client_id: str
    created_as: str
    account: str
    symbol: str
    side: Side
    price: int
    """Ticks."""
    lots: int
    quote: int
    """Atoms of quote moved, fee not included."""
    fee: int
    """Atoms of ``fee_asset``; below 0: a rebate."""
    fee_asset: str
    maker: bool
    time: int
    label: str = ""
    realised: int = 0
    """Contracts: profit in atoms that the trade realised, fee not included."""


class OrderChange(msgspec.Struct, frozen=True, gc=False):
    """An order has a new snapshot."""

    order: Order
    why: Why
    time: int
    cause: Cause
    fill: Fill | None = None
    """The trade, where ``why`` is ``fill``."""


class Prevention(msgspec.Struct, frozen=True, gc=False):
    """Two orders of one account met and did not trade (Binance spot: myPreventedMatches). Kept by the account."""

    number: int
    """From 0, per account and symbol."""
    symbol: str
    taker_id: int
    maker_id: int
    mode: SelfTrade
    price: int
    """Ticks at which they would have traded."""
    taker_lots: int
    """What the arriving order lost by it."""
    maker_lots: int
    time: int


class BalanceChange(msgspec.Struct, frozen=True, gc=False):
    """Balances of an account changed; ``balances`` has the new (asset, free, locked) of each changed asset."""

    account: str
    balances: tuple[tuple[str, int, int], ...]
    time: int
    cause: Cause


class ListChange(msgspec.Struct, frozen=True, gc=False):
    """An order list began, moved on (a leg was released, triggered, reduced or ended), or is over (Binance
    listStatusType EXEC_STARTED, UPDATED, ALL_DONE)."""

    list_id: int
    """Never used twice."""
    client_id: str
    account: str
    symbol: str
    kind: str
    status: ListStatus
    order_ids: tuple[int, ...]
    time: int
    cause: Cause


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """A request was refused, and nothing else has changed. Its number (``Exchange.event_id``) is its id; there is no
    order, and no order id is used up."""

    account: str
    ask: Ask
    asked: NewOrder | NewList | OrderRef | Amendment | None
    """The request as it came, wrong values included; None where it was none, or concerns no order."""
    reason: RejectReason
    detail: str
    """One line for people."""
    time: int
    cause: Cause = "request"


class CountdownChange(msgspec.Struct, frozen=True, gc=False):
    """A dead man's switch was set (again), switched off, or went off: the cancels that it makes come after this."""

    account: str
    symbol: str | None
    """None: all of them."""
    why: CountdownWhy
    due: int
    """When it goes off; 0 where it is no longer set."""
    time: int
    cause: Cause


class StateChange(msgspec.Struct, frozen=True, gc=False):
    """The trading state of a symbol changed (``core.states``)."""

    symbol: str
    before: str
    state: str
    time: int
    cause: Cause


class Uncross(msgspec.Struct, frozen=True, gc=False):
    """An auction traded: its fills came before this."""

    symbol: str
    price: int
    """Ticks."""
    lots: int
    """All that traded, the seeded market's share included."""
    time: int


class RulesChange(msgspec.Struct, frozen=True, gc=False):
    """Trading rules of a symbol changed; open orders stay as they are."""

    symbol: str
    changes: tuple[tuple[str, str, str], ...]
    """(rule, before, after), named as in ``Instrument``, as text."""
    time: int
    cause: Cause


class FinalSettlement(msgspec.Struct, frozen=True, gc=False):
    """An instrument has reached its end: its orders have ended, this is the price at which positions are settled."""

    symbol: str
    price: int | None
    """Ticks; None: the instrument never had a price."""
    time: int


MarketChange = StateChange | Uncross | RulesChange | FinalSettlement
"""What concerns everybody in a market."""


class PositionChange(msgspec.Struct, frozen=True, gc=False):
    """A position has a new snapshot: a trade, funding, isolated margin added or taken, another leverage. For a trade it
    comes after the Fill and the OrderChange and before the BalanceChange."""

    position: Position
    why: PositionWhy
    time: int
    cause: Cause


class SettingsChange(msgspec.Struct, frozen=True, gc=False):
    """An account trades contracts in another way: leverage and margin mode of ``symbol``, or (symbol "") the position
    mode of all."""

    account: str
    symbol: str
    leverage: int
    isolated: bool
    hedge: bool
    time: int
    cause: Cause


class InsuranceChange(msgspec.Struct, frozen=True, gc=False):
    """The insurance fund holds ``atoms`` of ``asset`` from here on."""

    asset: str
    atoms: int
    time: int
    cause: Cause
    account: str = ""
    """Who paid a liquidation fee."""
    symbol: str = ""
    fee: int = 0
    """Atoms of that fee."""


class LoanChange(msgspec.Struct, frozen=True, gc=False):
    """A margin account's debt in ``asset`` is this from here on."""

    account: str
    asset: str
    principal: int
    """Atoms."""
    interest: int
    """Atoms of interest not paid yet, rounded up."""
    why: LoanWhy
    time: int
    cause: Cause


class MarginChange(msgspec.Struct, frozen=True, gc=False):
    """A margin account's level has fallen to the margin call, is above it again, or was lost: the account is
    liquidated, or the house has taken it over. ``assets`` and ``debts`` in atoms of ``reference``, rounded down and
    up."""

    account: str
    why: MarginWhy
    reference: str
    assets: int
    debts: int
    time: int
    cause: Cause


ContractChange = PositionChange | SettingsChange | InsuranceChange
"""What concerns contracts, beside the fills of their orders."""
DebtChange = LoanChange | MarginChange
"""What concerns margin accounts, beside their orders and balances."""
Change = (
    OrderChange
    | Fill
    | BalanceChange
    | ListChange
    | Rejection
    | CountdownChange
    | MarketChange
    | ContractChange
    | DebtChange
)
