"""The seam between a mock venue and whoever serves it (the harness in a World, or a socket server).

A venue is sans-I/O and takes time as an argument (integer nanoseconds of UNIX time). It knows no fault and no score.
One HTTP request passes four calls, between which the caller may delay, alter or lose::

    call   = venue.read(request)                what is asked: a parsed view; never raises, never changes state
    answer = venue.admit(call, now)             the front door: key, signature, clock, weights; None = come in
    commit = venue.execute(call, now, as_of=t)  the engine: state moves here and only here
    answer = venue.render(commit, now)          bytes of the answer, and how they are to be read

A WebSocket connection is a Session: text in, text out, by the same four calls, so that an order sent in a frame meets
the same faults as one sent by REST. What the account's stream carries comes from ``Venue.on_push``; what a connection
says at times of its own (greetings, heartbeats, market data, the end of its life) comes from the Session itself.
Time passes by ``advance(now)``; ``next_time()`` says when the venue next does something by itself (market flow).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from outtrade_mocks.venues.holder import Holder

Confidence = Literal["documented", "recorded", "maintainer", "inferred", "unknown"]


@dataclass(frozen=True, slots=True)
class Trait:
    """One declared behaviour of a venue. Only documented, recorded and maintainer's word are judged."""

    value: Any
    source: str
    confidence: Confidence


class HttpRequest(msgspec.Struct):
    """A parsed HTTP/1.1 request. Header names are lower case; ``target`` is the raw request target."""

    method: str
    target: str
    host: str
    headers: dict[str, str]
    body: bytes = b""


BINARY = "application/octet-stream"
"""Content type of an answer on a WebSocket that goes out as a binary frame."""


class Binary(str):
    """The text of a frame that goes out as a binary one (Alpaca's trade updates)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Close:
    """The venue ends a WebSocket connection, with a close frame."""

    code: int = 1000
    reason: str = ""


class HttpAnswer(msgspec.Struct):
    """An answer before framing. Over HTTP ``body`` is sent with Content-Length. On a WebSocket ``body`` is one text
    frame (empty: nothing is answered), ``status`` what the frame says or HTTP would say, and ``also`` follows it."""

    status: int
    body: bytes
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"
    also: tuple[str | Close, ...] = ()


class Reading(msgspec.Struct):
    """How an answer is to be read, by the venue's declared traits. See ``outtrade.model.history.Response``."""

    outcome: Literal["ok", "definite", "ambiguous"] = "ok"
    error: str | None = None
    code: int | None = None
    message: str = ""
    retry_after: float | None = None


class Call(msgspec.Struct):
    """What a request asks, in unified words. ``op`` is one of the operations listed in ``outtrade.model.fault``."""

    op: str
    method: str
    path: str
    params: dict[str, str]
    signed: bool = False
    symbol: str | None = None
    client_id: str | None = None
    venue_id: str | None = None
    order: dict[str, Any] | None = None
    """Unified order parameters (fields of ``outtrade.model.history.OrderParams``), raw number strings."""
    digest: str = ""
    raw: Any = None
    """The venue's own parse (HttpRequest or decoded frame); opaque to the caller."""


class Commit(msgspec.Struct):
    """What the engine did for a call: a result or a refusal; opaque but for these fields."""

    call: Call
    result: Any = None
    error: Any = None
    order_ids: tuple[str, ...] = ()
    """Venue ids of the orders that the call created or changed."""


class Push(msgspec.Struct):
    """An event that the venue wants to send on private streams. ``n`` numbers them over the whole run."""

    n: int
    kind: Literal["order", "fill", "balance", "position", "other"]
    render: Callable[[], str]
    """Makes the text frame of what was true when the event happened; called only if somebody is subscribed."""
    client_id: str | None = None
    venue_id: str | None = None
    trade_id: str | None = None
    status: str | None = None
    order: str | None = None
    """The venue id of the order it is about."""
    channel: str = ""
    """Which subscription carries it, in the venue's words; read by the venue's own sessions only."""
    symbol: str | None = None


class Desk(Protocol):
    """Who answers requests: the venue over HTTP, a session on its own connection."""

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: key, signature, clock, limits. None = come in. Counts against limits, refused or not."""

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out; reads see the account as of ``as_of`` where given."""

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads an answer (also one that a fault made)."""

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's own wording of a refusal that a fault injects: ``rate``, ``ban``, ``funds``, ``closed``,
        ``permission``, ``filter``, ``busy``, ``code_1006`` and ``code_1007`` (the venue's way to say that it does not
        know the outcome). ``call``: what is refused; ``retry_after``: seconds until it may come again; ``until``:
        UNIX ns of a ban's end. Raises ValueError on another reason."""


def ask(desk: Desk, call: Call, now: int) -> HttpAnswer:
    """All of a request at one instant, where nobody stands between its parts."""
    refused = desk.admit(call, now)
    return desk.render(desk.execute(call, now), now) if refused is None else refused


class Session(Desk, Protocol):
    """One WebSocket connection, above the frames (the caller does handshake, pong and close)."""

    subscribed: bool
    """Whether events of the account are delivered on this connection."""
    ping_every: float | None
    """Seconds between the venue's WebSocket pings; None where it sends none."""

    def opened(self, now: int) -> Sequence[str | Close]:
        """What is said right after the handshake."""

    def read(self, text: str) -> Call:
        """What a text frame asks (``op='subscribe'`` and so on); never raises, never changes state."""

    def frames(self, push: Push) -> Sequence[str]:
        """The text frames of a pushed event on this connection; none where its channel is not subscribed."""

    def next_time(self) -> int | None:
        """When this connection next says something by itself (heartbeat, market data, end of life); None: never."""

    def due(self, now: int) -> Sequence[str | Close]:
        """What it says by itself now. The caller has advanced the venue."""

    def expire(self, now: int) -> Sequence[str | Close]:
        """What the private stream was opened with (listen key, token, login) ends before its time: what the venue says,
        after which it tells no events here. Asked only where ``subscribed``."""

    def closed(self) -> None:
        """The connection is gone."""


class Venue(Desk, Protocol):
    """A mock exchange behind its real wire."""

    name: str
    traits: Mapping[str, Trait]
    rest_hosts: tuple[tuple[str, int], ...]
    stream_hosts: tuple[tuple[str, int], ...]
    stream_path: str
    """Where the account's stream is; other paths are the venue's own matter."""
    holder: Holder
    """Positions, settings and mark prices: the truth, and what a venue does to positions."""

    def read(self, request: HttpRequest) -> Call: ...
    def open_session(self, host: str, path: str, now: int) -> Session: ...
    def on_push(self, callback: Callable[[Push], None]) -> None: ...
    def on_truth(self, callback: Callable[[Any], None]) -> None:
        """Changes of the account under test: ``OrderChange``, ``Fill``, ``CountdownChange``, ``PositionChange``,
        ``SettingsChange`` and ``InsuranceChange`` of ``core.events``."""

    def advance(self, now: int) -> None: ...
    def next_time(self) -> int | None: ...

    # ---- for whoever breaks things: somebody else's liquidity, and the truth
    def find(self, call: Call) -> str | None:
        """Venue id of the working order that a cancel or query is about; None if there is none."""

    def fill(self, order: str, fraction: Decimal) -> bool:
        """Somebody's market order fills that fraction of what is left of a working order (at least one lot)."""

    def overfill(self, order: str, fraction: Decimal) -> bool:
        """A working order is filled completely, and in the same trade for that fraction of its quantity beyond it (at
        least one lot). False where it does not rest, is one of a list, an iceberg or one in contracts, or the account
        could not pay for it."""

    def list_first_fill(self, order: str, *, listed: bool) -> None:
        """Whether lists of trades show the first trade of an order from now on (also one that is yet to come)."""

    def thin(self, call: Call, fraction: Decimal) -> bool:
        """Before a place is executed: leave only that fraction of its quantity available to it. False where it would
        not take at all, or cannot be thinned to less than its quantity."""

    def stand(
        self, symbol: str, side: Literal["buy", "sell"], quantity: Decimal, price: Decimal | None, name: str
    ) -> str:
        """Somebody else who uses the account places an order (base units; ``price`` in quote per base, None: at the
        market; ``name`` is its client order id); returns its venue id. Its changes and fills are told as ``foreign``.
        Raises ValueError where the venue would not take it."""

    def transfer(self, asset: str, amount: Decimal) -> bool:
        """Units of an asset come into the account, or (below 0) leave it, without a trade. False where less is free,
        or the amount is less than the smallest that is booked."""

    def end(self, order: str, *, by: str) -> bool:
        """A working order is ended by somebody else: ``person`` (a cancel of the account's, by hand) or ``venue`` (the
        exchange expires it). False where it is not working, or its market takes no cancel."""

    def set_state(self, symbol: str, state: str) -> None:
        """The market of a unified symbol is in a trading state from now on (``core.states.TradingState``)."""

    def set_rule(self, symbol: str, rule: str, times: int) -> Decimal | None:
        """A trading rule of a unified symbol is ``times`` as strict from now on, and the venue's reference data say so:
        ``tick``, ``step`` or ``notional`` (the least value of an order). Returns what it is now (quote per base, base
        units or contracts, quote); None where the venue has no such rule. Orders that stand keep their terms."""

    def truth(self) -> dict[str, Any]:
        """``balances`` (asset -> (free, locked)), ``working`` (venue ids), ``mids`` (unified symbol -> price)."""

    def order_truth(self, change: Any) -> dict[str, Any]:
        """An order change as the fields of ``outtrade.model.history.OrderTruth``."""

    def fill_truth(self, fill: Any) -> dict[str, Any]:
        """A fill as the fields of ``outtrade.model.history.FillTruth``."""
