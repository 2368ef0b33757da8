"""Trading states: what a market takes, request by request, in one table.

A market is in one state. The venue sets one (``Exchange.set_state``: a halt, maintenance, a call auction), the calendar
has its own opinion (open, extended hours, closed), and the more restrictive of the two holds. ``TABLE`` says for each
state what becomes of each request: it is taken (``ALLOWED``), it is taken and waits for the session or the auction it
is for (``WAITS``; a venue that queues nothing refuses it, see ``Practice.outside_session``), or it is refused, with a
reason. ``docs/trading_states.md`` is written from this table.

    >>> check(TradingState.CANCEL_ONLY, Request.CANCEL)
    False
    >>> check(TradingState.CLOSED, Request.MARKET)
    True
    >>> check(TradingState.POST_ONLY, Request.MARKET)
    Traceback (most recent call last):
        ...
    outtrade_mocks.core.orders.Reject: POST_ONLY_MODE: market order in the trading state post_only

Sources: cancel-only and post-only modes, and maintenance, in which not even cancels work: Kraken, system and pair
status. Halts that still take cancels: Nasdaq, Equity 4, Rule 4120; Binance spot, symbol status HALT (*inferred*). Calls
of an auction take limit orders, and no orders that are to be filled at once or never to take (*inferred*, after Xetra's
market model, in which IOC, FOK and book-or-cancel orders are for continuous trading). Extended hours take only limit
orders marked for them, and what comes while the market is closed is queued for the session it is for (Alpaca, orders).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from outtrade_mocks.core.orders import NewOrder, Reject, RejectReason
from outtrade_mocks.core.sessions import Calendar, Phase

ALLOWED: Literal["allowed"] = "allowed"
WAITS: Literal["waits"] = "waits"


class TradingState(StrEnum):
    """State of a market, from the least to the most restrictive: where two hold at once, the later one wins."""

    __hash__ = str.__hash__

    OPEN = "open"
    """Continuous trading."""
    EXTENDED = "extended"
    """Continuous trading of orders that are marked for it: pre-market, after hours."""
    POST_ONLY = "post_only"
    """Orders that rest; nothing trades."""
    AUCTION = "auction"
    """The call of an auction: orders gather, the book may be crossed; it ends with the uncross."""
    CLOSED = "closed"
    """Between sessions."""
    CANCEL_ONLY = "cancel_only"
    HALTED = "halted"
    MAINTENANCE = "maintenance"
    """The venue does not work on anything, not even on cancels."""
    EXPIRED = "expired"
    """Trading in the instrument is over for good."""


class Request(StrEnum):
    """What may be asked of a market, and what may happen in it."""

    __hash__ = str.__hash__

    LIMIT = "limit order"
    EXTENDED_LIMIT = "limit order for extended hours"
    MARKET = "market order"
    AT_ONCE = "IOC or FOK order"
    POST_ONLY = "post-only order"
    TRIGGER_ORDER = "trigger order"
    REDUCE = "amend, quantity down"
    AMEND = "any other amend"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"
    QUERY = "query"
    TRIGGER = "a trigger is reached"
    TRADE = "orders trade"


CONTINUOUS = frozenset({TradingState.OPEN, TradingState.EXTENDED})
"""States in which the market trades continuously."""

Cell = RejectReason | Literal["allowed", "waits"]
_R, _S = RejectReason, TradingState
_PLACING = (
    Request.LIMIT,
    Request.EXTENDED_LIMIT,
    Request.MARKET,
    Request.AT_ONCE,
    Request.POST_ONLY,
    Request.TRIGGER_ORDER,
)


def _row(placing: Cell, other: Cell, **special: Cell) -> MappingProxyType[Request, Cell]:
    """A row: what becomes of new orders, of everything else, and the exceptions."""
    row: dict[Request, Cell] = {request: placing if request in _PLACING else other for request in Request}
    row |= {Request[name.upper()]: cell for name, cell in special.items()}
    return MappingProxyType(row)


_CLOSED = _R.MARKET_CLOSED
TABLE: MappingProxyType[TradingState, MappingProxyType[Request, Cell]] = MappingProxyType(
    {
        _S.OPEN: _row(ALLOWED, ALLOWED),
        _S.EXTENDED: _row(WAITS, ALLOWED, extended_limit=ALLOWED, at_once=_CLOSED, trigger=WAITS),
        _S.POST_ONLY: _row(
            _R.POST_ONLY_MODE, ALLOWED, post_only=ALLOWED, amend=_R.POST_ONLY_MODE, trigger=WAITS, trade=WAITS
        ),
        _S.AUCTION: _row(
            ALLOWED, ALLOWED, market=WAITS, at_once=_R.AUCTION, post_only=_R.AUCTION, trigger=WAITS, trade=WAITS
        ),
        _S.CLOSED: _row(WAITS, ALLOWED, at_once=_CLOSED, amend=_CLOSED, trigger=WAITS, trade=WAITS),
        _S.CANCEL_ONLY: _row(
            _R.CANCEL_ONLY, ALLOWED, reduce=_R.CANCEL_ONLY, amend=_R.CANCEL_ONLY, trigger=WAITS, trade=WAITS
        ),
        _S.HALTED: _row(_CLOSED, ALLOWED, amend=_CLOSED, trigger=WAITS, trade=WAITS),
        _S.MAINTENANCE: _row(_R.MAINTENANCE, _R.MAINTENANCE, trigger=WAITS, trade=WAITS),
        _S.EXPIRED: _row(_CLOSED, ALLOWED, reduce=_CLOSED, amend=_CLOSED, trigger=_CLOSED, trade=_CLOSED),
    }
)


def check(state: TradingState, request: Request) -> bool:
    """Whether what is asked waits. Raises Reject where the state refuses it."""
    cell = TABLE[state][request]
    if cell is ALLOWED:
        return False
    if cell is WAITS:
        return True
    raise Reject(RejectReason(cell), f"{request} in the trading state {state}")


def request_of(new: NewOrder) -> Request:
    """What a new order is to the table."""
    if new.trigger is not None:
        return Request.TRIGGER_ORDER
    if new.tif in ("IOC", "FOK"):
        return Request.AT_ONCE
    if new.type == "market":
        return Request.MARKET
    if new.extended:
        return Request.EXTENDED_LIMIT
    return Request.POST_ONLY if new.post_only else Request.LIMIT


def strictest(*states: TradingState) -> TradingState:
    """The most restrictive of some states."""
    order = list(TradingState)
    return max(states, key=order.index)


_BY_PHASE = {
    Phase.CLOSED: TradingState.CLOSED,
    Phase.PRE_MARKET: TradingState.EXTENDED,
    Phase.REGULAR: TradingState.OPEN,
    Phase.AFTER_HOURS: TradingState.EXTENDED,
}


def by_calendar(calendar: Calendar, now: int) -> TradingState:
    """What the calendar wants at ``now`` (ns)."""
    return _BY_PHASE[calendar.phase(now)]
