"""Orders: the request, the snapshot, and the life cycle.

Everything that may happen to an order stands in one table, ``TABLE``: state x event -> state. An event that the table
does not list for a state is illegal: ``step`` raises and nothing has changed. The diagram in the documentation is
drawn from the same table. In words: the exchange accepts or rejects; an accepted order is filled in parts and then
completely, or it is cancelled (somebody asked) or expires (nobody did); nothing follows a terminal state. A trigger
order is armed instead, waits outside the book, and is triggered once: at that instant it is accepted into the market or
refused. An order that waits for another order of its list is held until that one is filled.

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
TimeInForce = Literal["GTC", "IOC", "FOK", "GTD", "DAY", "OPG", "CLS"]
"""OPG and CLS: only in the auction that opens or closes a session (Alpaca opg, cls; Nasdaq on-open, on-close)."""
ExpiredBy = Literal[
    "", "ioc", "fok", "liquidity", "self_trade", "gtd", "day", "post_only", "list", "funds", "auction", "expiry",
    "reduce_only", "liquidation", "adl", "settlement", "venue",
]  # fmt: skip
"""Why an order ended (or, once triggered or released, was refused) without its owner asking: ``gtd`` and ``day`` its
time was over, ``post_only`` it would have taken, ``list`` the other orders of its list decided, ``funds`` too little
money when it was triggered or released; ``liquidity`` also: a triggered quote amount paid for less than the least
quantity; ``auction`` it was for an auction alone, ``expiry`` the instrument expired; ``reduce_only`` there was no
position left to reduce; ``liquidation``, ``adl``, ``settlement`` the venue closed the position; ``venue``:
the venue did not say why."""
Forced = Literal["", "liquidation", "adl", "settlement"]
"""Orders that the venue makes for an account: to liquidate it, to deleverage it, to settle an expired contract."""
HeldSide = Literal["long", "short"]
SideEffect = Literal["borrow", "repay", "borrow_repay"]
"""What an order of a margin account does beside trading: borrow what it lacks, repay with what it brings in, both
(Binance sideEffectType MARGIN_BUY, AUTO_REPAY, AUTO_BORROW_REPAY)."""
SelfTrade = Literal["none", "expire_taker", "expire_maker", "expire_both", "decrement"]
TriggerKind = Literal["stop", "take_profit"]
TriggerSource = Literal["last", "mark", "index"]

OrderKind = Literal["plain", "trigger", "stop", "take_profit", "trailing"]
"""What a cancel of many orders may be limited to: orders without a trigger to wait for, orders with one, or one kind of
trigger (a trailing order is neither stop nor take profit)."""

ORDER_KINDS = ("plain", "trigger", "stop", "take_profit", "trailing")
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTD", "DAY", "OPG", "CLS")
BORROWS = ("borrow", "borrow_repay")
REPAYS = ("repay", "borrow_repay")
SELF_TRADE = ("none", "expire_taker", "expire_maker", "expire_both", "decrement")


class Status(StrEnum):
    """State of an order."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and the table is looked up for every fill

    PENDING = "pending"
    """Received, not yet decided; never visible in a snapshot."""
    HELD = "held"
    """Waits for another order of its list to be filled (Binance PENDING_NEW, Alpaca held)."""
    QUEUED = "queued"
    """Waits for the session or the auction it is for (Alpaca accepted)."""
    UNTRIGGERED = "untriggered"
    """Waits outside the book for its trigger price."""
    TRIGGERED = "triggered"
    """The instant between trigger and market; never the last snapshot of an instant."""
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Another order has taken its place (Alpaca replaced, FIX OrdStatus 5); what was filled stays its own."""


class Event(StrEnum):
    """What may happen to an order. FILL leaves something to fill, COMPLETE does not."""

    __hash__ = str.__hash__

    ACCEPT = "accept"
    HOLD = "hold"
    QUEUE = "queue"
    ARM = "arm"
    TRIGGER = "trigger"
    REJECT = "reject"
    FILL = "fill"
    COMPLETE = "complete"
    AMEND = "amend"
    REPLACE = "replace"
    CANCEL = "cancel"
    EXPIRE = "expire"


TABLE: MappingProxyType[Status, MappingProxyType[Event, Status]] = MappingProxyType(
    {
        Status.PENDING: MappingProxyType(
            {
                Event.ACCEPT: Status.OPEN,
                Event.HOLD: Status.HELD,
                Event.QUEUE: Status.QUEUED,
                Event.ARM: Status.UNTRIGGERED,
                Event.REJECT: Status.REJECTED,
            }
        ),
        Status.HELD: MappingProxyType(
            {
                Event.ACCEPT: Status.OPEN,
                Event.ARM: Status.UNTRIGGERED,
                Event.QUEUE: Status.QUEUED,
                Event.REJECT: Status.REJECTED,
                Event.AMEND: Status.HELD,
                Event.REPLACE: Status.REPLACED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.QUEUED: MappingProxyType(
            {
                Event.ACCEPT: Status.OPEN,
                Event.REJECT: Status.REJECTED,
                Event.AMEND: Status.QUEUED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.UNTRIGGERED: MappingProxyType(
            {
                Event.TRIGGER: Status.TRIGGERED,
                Event.AMEND: Status.UNTRIGGERED,
                Event.REPLACE: Status.REPLACED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.TRIGGERED: MappingProxyType(
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
                Event.REPLACE: Status.REPLACED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.PARTIALLY_FILLED: MappingProxyType(
            {
                Event.FILL: Status.PARTIALLY_FILLED,
                Event.COMPLETE: Status.FILLED,
                Event.AMEND: Status.PARTIALLY_FILLED,
                Event.REPLACE: Status.REPLACED,
                Event.CANCEL: Status.CANCELLED,
                Event.EXPIRE: Status.EXPIRED,
            }
        ),
        Status.FILLED: MappingProxyType({}),
        Status.CANCELLED: MappingProxyType({}),
        Status.EXPIRED: MappingProxyType({}),
        Status.REJECTED: MappingProxyType({}),
        Status.REPLACED: MappingProxyType({}),
    }
)

WORKING = frozenset({Status.OPEN, Status.PARTIALLY_FILLED})
"""States in which an order stands in the market and can be filled."""
LIVE = WORKING | {Status.HELD, Status.QUEUED, Status.UNTRIGGERED}
"""States of open orders: those in the market and those that wait to come there."""
TERMINAL = frozenset(status for status, events in TABLE.items() if not events)
"""States that nothing follows."""


_NEXT = {status: dict(events) for status, events in TABLE.items()}
"""The table once more, as plain dictionaries, which are faster to read."""


class IllegalTransition(AssertionError):
    """An event that cannot happen in a state: a broken invariant of the core."""


def step(status: Status, event: Event) -> Status:
    """The state after ``event``; raises IllegalTransition where TABLE has none."""
    try:
        return _NEXT[status][event]
    except KeyError:
        raise IllegalTransition(f"a {status} order cannot take the event {event}") from None


class RejectReason(StrEnum):
    """Why the exchange refused. Filters carry the names of Binance's filters; other venues translate."""

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    INVALID_ORDER = "INVALID_ORDER"
    """Fields that make no order: wrong kinds of values, missing ones, ones that exclude each other."""
    MARKET_CLOSED = "MARKET_CLOSED"
    CANCEL_ONLY = "CANCEL_ONLY"
    POST_ONLY_MODE = "POST_ONLY_MODE"
    """The market takes post-only orders only."""
    AUCTION = "AUCTION"
    """Not during an auction; or there is no such auction, or it is too late for it."""
    MAINTENANCE = "MAINTENANCE"
    PRICE_FILTER = "PRICE_FILTER"
    PERCENT_PRICE_BY_SIDE = "PERCENT_PRICE_BY_SIDE"
    LOT_SIZE = "LOT_SIZE"
    MARKET_LOT_SIZE = "MARKET_LOT_SIZE"
    NOTIONAL = "NOTIONAL"
    MAX_POSITION = "MAX_POSITION"
    MAX_NUM_ORDERS = "MAX_NUM_ORDERS"
    MAX_NUM_ALGO_ORDERS = "MAX_NUM_ALGO_ORDERS"
    MAX_NUM_ICEBERG_ORDERS = "MAX_NUM_ICEBERG_ORDERS"
    MAX_NUM_ORDER_LISTS = "MAX_NUM_ORDER_LISTS"
    EXCHANGE_MAX_NUM_ORDERS = "EXCHANGE_MAX_NUM_ORDERS"
    EXCHANGE_MAX_NUM_ALGO_ORDERS = "EXCHANGE_MAX_NUM_ALGO_ORDERS"
    EXCHANGE_MAX_NUM_ICEBERG_ORDERS = "EXCHANGE_MAX_NUM_ICEBERG_ORDERS"
    EXCHANGE_MAX_NUM_ORDER_LISTS = "EXCHANGE_MAX_NUM_ORDER_LISTS"
    ACCOUNT_TYPE = "ACCOUNT_TYPE"
    """The kind of account does not fit: no margin account, an isolated one of another symbol."""
    BORROW_ASSET = "BORROW_ASSET"
    """The asset is not lent."""
    BORROW_LIMIT = "BORROW_LIMIT"
    NO_LOAN = "NO_LOAN"
    REPAY_EXCEEDS = "REPAY_EXCEEDS"
    """More is repaid than is owed."""
    TRANSFER_LEVEL = "TRANSFER_LEVEL"
    """Taking that out would bring the margin level too low."""
    MAX_NOTIONAL = "MAX_NOTIONAL"
    """Holdings and open purchases of an account would be worth too much."""
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
    AMEND_PRICE = "AMEND_PRICE"
    """The venue amends quantities only."""
    AMEND_NOT_ALLOWED = "AMEND_NOT_ALLOWED"
    """The venue does not amend such an order (one that waits, one of a list), or the order has no such value."""
    EXPIRY = "EXPIRY"
    """The end of a GTD or DAY order is not in the future."""
    TRIGGER_IMMEDIATE = "TRIGGER_IMMEDIATE"
    """The trigger price is reached already."""
    NO_TRIGGER_PRICE = "NO_TRIGGER_PRICE"
    """There is no price of that source to measure a trigger against."""
    ICEBERG_PARTS = "ICEBERG_PARTS"
    LIST_SHAPE = "LIST_SHAPE"
    """The orders of a list do not fit each other."""
    BATCH_SIZE = "BATCH_SIZE"
    CANCEL_RESTRICTED = "CANCEL_RESTRICTED"
    """The order is not in the state to which the cancel was restricted."""
    INSUFFICIENT_MARGIN = "INSUFFICIENT_MARGIN"
    REDUCE_ONLY = "REDUCE_ONLY"
    """There is no position that the order could reduce, or not so much of it."""
    POSITION_SIDE = "POSITION_SIDE"
    """The order's position side does not fit the position mode."""
    LEVERAGE = "LEVERAGE"
    """No such leverage, or too large a position for it."""
    POSITION_MODE = "POSITION_MODE"
    """The position mode cannot be changed now."""
    MARGIN_MODE = "MARGIN_MODE"
    """The margin mode cannot be changed now, or the position is not isolated."""
    NO_POSITION = "NO_POSITION"
    NO_CHANGE = "NO_CHANGE"
    """A setting is what it was to become."""


class Reject(Exception):
    """The exchange refuses a request; nothing has changed. ``detail`` is one line for people."""

    def __init__(self, reason: RejectReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class Malformed(Reject, ValueError):
    """A request that is no order at all (INVALID_ORDER): a bug of the codec that made it, not of the client."""

    def __init__(self, detail: str) -> None:
        super().__init__(RejectReason.INVALID_ORDER, detail)


class Trigger(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a waiting order goes to the market.

    A *stop* waits for the price to move against the order (a buy: up to ``price`` or above, a sale: down to it or
    below), a *take profit* for the reverse. A *trailing* order (one of ``trail_ticks``, ``trail_bps``) follows the best
    price since it began to track and triggers when the price comes back by that much; ``price`` is then its activation:
    tracking begins when it is reached, in the direction of the kind, or at once without it (Binance spot, trailing stop
    FAQ: stopPrice and trailingDelta; USD-M and Bybit activation prices are take-profit conditions).
    """

    kind: TriggerKind = "stop"
    price: int | None = None
    """Ticks."""
    source: TriggerSource = "last"
    trail_ticks: int | None = None
    trail_bps: int | None = None
    """Hundredths of a percent, as Binance's trailingDelta."""
    limit_ticks: int | None = None
    limit_bps: int | None = None
    """Of a limit order: its limit price is that far above (below 0: below) the price that triggers it, and what the
    order says before that is a guess for which money is reserved (Kraken trailing-stop-limit, price2)."""
    reserve: Literal["placement", "trigger"] | None = None
    """Spot: when the money is locked; None: as ``Practice.reserve`` says (Bybit: its TP/SL orders at placement, its
    conditional orders at the trigger)."""

    @property
    def trailing(self) -> bool:
        """Whether the trigger follows the price."""
        return self.trail_ticks is not None or self.trail_bps is not None


class Terms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What only some orders have; as in NewOrder."""

    expires: int | None = None
    trigger: Trigger | None = None
    visible: int | None = None
    self_trade: SelfTrade | None = None
    extended: bool = False
    list_id: int | None = None
    triggered: int | None = None
    """The price in ticks that triggered the order."""
    replaces: int | None = None
    """Id of the order whose place it took."""
    replaced_by: int | None = None
    """Id of the order that took its place."""
    reduce_only: bool = False
    close_position: bool = False
    position_side: HeldSide | None = None
    forced: Forced = ""
    side_effect: SideEffect | None = None


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
    expires: int | None = None
    """GTD and DAY: the time in ns at which what is left expires. DAY without it, on a market with a calendar: at the
    end of the session that the order is for."""
    trigger: Trigger | None = None
    """The order waits for this first."""
    visible: int | None = None
    """Iceberg: lots that the book shows at a time."""
    self_trade: SelfTrade | None = None
    """None: the venue's default."""
    extended: bool = False
    """The order may trade in extended hours, too (Alpaca extended_hours); a DAY order then ends with them."""
    reduce_only: bool = False
    """Contracts: the order never opens or adds to a position."""
    close_position: bool = False
    """Contracts: a market order without a quantity that closes the whole position, at once or when it is triggered
    (Binance USD-M closePosition)."""
    position_side: HeldSide | None = None
    """Contracts in hedge mode: the position that the order adds to or closes."""
    side_effect: SideEffect | None = None
    """Margin accounts: borrow or repay with the order."""


class OrderRef(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which order of an account is meant: by id, by client id, or by both, which must fit."""

    symbol: str
    order_id: int | None = None
    client_id: str | None = None


class Amendment(OrderRef, frozen=True, kw_only=True, gc=False):
    """What is to change of an order; None: stays. Units as in NewOrder and Trigger."""

    lots: int | None = None
    """The whole quantity, fills included."""
    price: int | None = None
    trigger_price: int | None = None
    trail_ticks: int | None = None
    trail_bps: int | None = None
    new_client_id: str | None = None


def terms_of(new: NewOrder, list_id: int | None = None, replaces: int | None = None) -> Terms:
    """The terms of an order that is not plain."""
    return Terms(
        expires=new.expires, trigger=new.trigger, visible=new.visible, self_trade=new.self_trade, extended=new.extended,
        list_id=list_id, replaces=replaces, reduce_only=new.reduce_only or new.close_position,
        close_position=new.close_position, position_side=new.position_side, side_effect=new.side_effect,
    )  # fmt: skip


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
    """Whole quantity. Market orders by quote amount: what the amount bought at the time (0 before a trigger)."""
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
    terms: Terms | None = None
    """None for a plain order."""

    @property
    def remaining(self) -> int:
        """Lots not filled."""
        return self.lots - self.filled

    @property
    def working(self) -> bool:
        """Whether the order stands in the market."""
        return self.status in WORKING

    @property
    def live(self) -> bool:
        """Whether the order is open: in the market, or waiting to come there."""
        return self.status in LIVE
