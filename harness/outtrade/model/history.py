"""The History: the only record of a run, append-only, and the only thing that checks may read.

Every event has a sequence number ``seq`` (its index), a time ``at`` (virtual nanoseconds of run time) and a type,
which belongs to one source: *wire* (what travelled), *fault* (planned, landed), *truth* (what the exchange did),
*agent* (what it was asked and what it said), *clock*. A request whose answer was lost is neither ok nor failed: the
Request has no Response, and only later evidence says what became of it.

A request's life on the record::

    Request ──► Answer (the venue decided; truth, the client may never see it)
       │
       ├──► Response   all bytes of an answer reached the client
       └──► Broken     the client saw something else: reset, close, truncation, or it gave up waiting

Where copies of an agent run side by side, ``instance`` says whose an event is (0 where there is one), and
``incarnation`` counts the lives of that copy.

Events are msgspec structs tagged by name: one line of JSON each (``History.to_jsonl``). Bodies over 4 KiB are kept
once, in ``blobs``, and referred to as ``blob:<sha256>``. ``History.hash`` covers header and events: same scenario,
same target, same bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Literal

import msgspec

NS = 1_000_000_000
BLOB_LIMIT = 4096

Outcome = Literal["ok", "definite", "ambiguous"]
ErrorClass = Literal[
    "transient", "permanent", "parameter", "funds", "rate", "ban", "clock", "auth",
    "duplicate", "unknown_order", "not_found", "closed", "unknown",
]  # fmt: skip


class Event(msgspec.Struct, tag=True, tag_field="event", omit_defaults=True, kw_only=True, gc=False):
    """Base of all events."""

    source: ClassVar[str] = ""
    seq: int = -1
    at: int = 0
    venue: int = 0
    """Where it happened: 0 is the main venue, n the n-th fallback of the scenario."""

    @property
    def seconds(self) -> float:
        """Run time in seconds."""
        return self.at / NS


class OrderParams(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """The unified reading of an order request; numbers are the raw strings that travelled: of contracts, ``quantity``
    is in the venue's unit (``outtrade.model.units.wire_size``)."""

    symbol: str
    side: str | None = None
    type: str | None = None
    tif: str | None = None
    price: str | None = None
    quantity: str | None = None
    quote_quantity: str | None = None
    stop_price: str | None = None
    trail: str | None = None
    """The distance of a stop that follows the price, in the venue's unit."""
    post_only: bool = False
    reduce_only: bool = False


# ------------------------------------------------------------------ wire
class Resolve(Event, kw_only=True):
    """A name look-up by the client."""

    source = "wire"
    host: str
    ok: bool


class Connect(Event, kw_only=True):
    """A TCP connection attempt and how it ended for the client (``lost``: no answer at all)."""

    source = "wire"
    conn: int
    host: str
    port: int
    outcome: Literal["ok", "refused", "lost"]
    incarnation: int = 0
    instance: int = 0


class Request(Event, kw_only=True):
    """The client has sent a whole request (HTTP, or a method call on a WebSocket): ``at`` is the time of sending."""

    source = "wire"
    call: int
    conn: int
    incarnation: int = 0
    instance: int = 0
    op: str
    method: str
    host: str
    path: str
    params: dict[str, str] = {}
    """Query and form parameters as sent (decoded)."""
    signed: bool = False
    symbol: str | None = None
    """Unified symbol (BTC/USDT) or, where it is unknown to the venue, the raw one."""
    client_id: str | None = None
    """The client order id the request is about (newClientOrderId of a place, origClientOrderId of a query)."""
    venue_id: str | None = None
    order: OrderParams | None = None
    body: str = ""
    digest: str = ""
    """Hash of operation and parameters without timestamp, signature and recvWindow: equal = unchanged resend."""


class Answer(Event, kw_only=True):
    """What the venue decided (truth). ``executed``: the request reached the engine and was carried out or refused
    there; False when a fault stopped it before. ``fault``: index of the fault that made or altered the answer."""

    source = "truth"
    call: int
    status: int
    code: int | None = None
    executed: bool = True
    outcome: Outcome = "ok"
    error: ErrorClass | None = None
    fault: int | None = None


class Response(Event, kw_only=True):
    """A whole answer reached the client. ``outcome`` and ``error`` are the venue's declared reading of it."""

    source = "wire"
    call: int
    conn: int
    status: int
    headers: dict[str, str] = {}
    body: str = ""
    code: int | None = None
    message: str = ""
    outcome: Outcome = "ok"
    error: ErrorClass | None = None
    retry_after: float | None = None
    """Seconds of silence the venue demands (header or body), None where it says nothing."""
    fault: int | None = None


class Broken(Event, kw_only=True):
    """The client will never get a whole answer to ``call``; ``how`` is what it saw."""

    source = "wire"
    call: int
    conn: int
    how: Literal["reset", "close", "truncated", "gave_up", "crashed", "unanswered"]


class Closed(Event, kw_only=True):
    """A connection ended, as seen by the client."""

    source = "wire"
    conn: int
    by: Literal["client", "venue"]
    how: Literal["fin", "rst"]


class StreamUp(Event, kw_only=True):
    """The client's private stream subscription was acknowledged (the acknowledgement reached it). ``call``: the request
    that asked for it; 0 where the address did (a listen key)."""

    source = "wire"
    conn: int
    call: int


class StreamEvent(Event, kw_only=True):
    """A pushed frame reached the client. ``n`` numbers the account's events: equal n = the same event again; 0 for what
    is no event of the account (kind ``public``)."""

    source = "wire"
    conn: int
    n: int
    kind: str
    """``order``, ``fill``, ``balance``, ``position``, ``other``; ``public``: market data, heartbeats, greetings."""
    client_id: str | None = None
    venue_id: str | None = None
    trade_id: str | None = None
    status: str | None = None
    body: str = ""


class StreamLost(Event, kw_only=True):
    """A pushed event that a fault (or a closed stream) kept from the client."""

    source = "wire"
    conn: int
    n: int
    kind: str
    client_id: str | None = None
    trade_id: str | None = None


class StreamDown(Event, kw_only=True):
    """The client's private stream ended, as seen by the client."""

    source = "wire"
    conn: int
    by: Literal["client", "venue"]


class Outside(Event, kw_only=True):
    """A request to a real host that the run lets through (``--allow-host``), or to its recording. ``path`` is without
    the query and without secrets; ``size``: bytes of the answer's body; ``status`` 0 with an ``error``: the connection
    failed (``connect``, ``timeout``, ``broken``); ``latency``: virtual seconds until the agent hears of it."""

    source = "wire"
    conn: int
    incarnation: int = 0
    host: str
    method: str
    path: str
    status: int
    size: int = 0
    error: str = ""
    latency: float = 0.0


# ------------------------------------------------------------------ fault
class Planned(Event, kw_only=True):
    """A fault of the plan (index in ``scenario.faults``)."""

    source = "fault"
    fault: int
    kind: str
    variant: str


class Landed(Event, kw_only=True):
    """The fault took effect; ``call``, ``conn``, ``order`` (venue id) or ``n`` (stream event) say on what."""

    source = "fault"
    fault: int
    call: int | None = None
    conn: int | None = None
    order: str | None = None
    n: int | None = None
    detail: str = ""


class Healed(Event, kw_only=True):
    """The fault is over: nothing of it acts any more."""

    source = "fault"
    fault: int


class Ledger(Event, kw_only=True):
    """The last word on a fault: ``landed``, ``not-exercised`` (its operation never occurred) or ``incomplete``."""

    source = "fault"
    fault: int
    status: Literal["landed", "not-exercised", "incomplete"]
    times: int = 0


# ------------------------------------------------------------------ truth
class OrderTruth(Event, kw_only=True):
    """An order changed on the exchange. Quantities in base units (``outtrade.model.units``), decimal strings.

    ``why``: ``accepted fill cancel expire reject amend``. ``call`` is the request that caused it (None: the market).
    ``quote_filled`` is the quote amount of the fills so far (of an inverse contract: their value in base). ``foreign``:
    not placed by the agent under test.
    """

    source = "truth"
    order: str
    client_id: str
    created_as: str
    """The client id the order was placed with (``client_id`` may change on cancel)."""
    symbol: str
    side: Literal["buy", "sell"]
    type: str
    tif: str
    price: str | None = None
    quantity: str
    filled: str = "0"
    quote_filled: str = "0"
    status: Literal["open", "filled", "cancelled", "expired", "rejected"]
    why: str
    call: int | None = None
    incarnation: int = 0
    foreign: bool = False
    trigger: str | None = None
    """What it waits or waited for: ``stop``, ``take_profit``, ``trailing_stop``; None: for nothing."""
    stop_price: str | None = None
    """Where it triggers; of one that trails: from where on it follows the price."""
    trail_bps: str | None = None
    """How far one that trails follows the best price: in basis points of it, or ..."""
    trail_price: str | None = None
    """... in quote per base."""
    group: str | None = None
    """The order list that it belongs to: orders of one group exclude or follow each other."""
    forced: str = ""
    """Made by the venue to close a position: ``liquidation``, ``adl`` or ``settlement``; such an order is foreign."""


class FillTruth(Event, kw_only=True):
    """A fill on the exchange. ``fee`` is in ``fee_asset``."""

    source = "truth"
    trade_id: str
    order: str
    client_id: str
    """The client id the order was placed with."""
    symbol: str
    side: Literal["buy", "sell"]
    price: str
    quantity: str
    fee: str
    fee_asset: str
    maker: bool = False
    foreign: bool = False
    forced: str = ""
    """Of an order that the venue made to close a position: ``liquidation``, ``adl`` or ``settlement``."""
    realised: str = "0"
    """Contracts: profit that it realised, in the settlement asset, fees not counted."""


class SwitchTruth(Event, kw_only=True):
    """The account's dead-man switch was set (``timeout``: seconds until it goes off), switched off, or went off: the
    cancels that it made come next, at the same instant. ``symbol`` None: it covers the whole account; ``call``: the
    request that did it."""

    source = "truth"
    state: Literal["set", "off", "fired"]
    timeout: float = 0.0
    symbol: str | None = None
    call: int | None = None


class PositionTruth(Event, kw_only=True):
    """A contract's position is this from now on. ``quantity`` in base units, below 0: short; ``side``: ``net``, or in
    hedge mode ``long`` or ``short``. ``margin``: what stands for it alone, where it is isolated (settlement asset).
    ``why``: ``trade funding margin leverage``; ``cause``: ``request market liquidation adl settlement ...``"""

    source = "truth"
    symbol: str
    side: Literal["net", "long", "short"]
    quantity: str
    entry_price: str | None = None
    margin: str = "0"
    isolated: bool = False
    leverage: int
    why: str
    cause: str


class SettingsTruth(Event, kw_only=True):
    """How the account trades a contract (``symbol`` empty: all of them, only ``hedge`` is said) from now on."""

    source = "truth"
    symbol: str
    leverage: int
    isolated: bool
    hedge: bool


class Charged(Event, kw_only=True):
    """The venue booked an amount of the settlement asset on the account beside trades; below 0: it took it."""

    source = "truth"
    symbol: str
    asset: str
    amount: str
    why: Literal["funding", "liquidation_fee"]


class Valued(Event, kw_only=True):
    """The mark price of a contract as it stood when the account's positions or balances were read."""

    source = "truth"
    symbol: str
    mark: str


class Marked(Event, kw_only=True):
    """The mid price of a symbol as a ``trade`` intent falls due, and a second later: what its slippage counts from.
    With ``intent`` "": as an order request with a trigger leaves the client."""

    source = "truth"
    intent: str
    symbol: str
    mid: str


class Snapshot(Event, kw_only=True):
    """The account as it truly is: at the ``start``, at each ``report`` (of ``instance``), at the ``end``. ``working``:
    venue ids."""

    source = "truth"
    why: Literal["start", "report", "end"]
    balances: dict[str, tuple[str, str]]
    """asset -> (free, locked)"""
    working: tuple[str, ...] = ()
    mids: dict[str, str] = {}
    marks: dict[str, str] = {}
    """Contract -> mark price."""
    settings: dict[str, dict[str, Any]] = {}
    """Contract -> ``leverage``, ``isolated``, ``hedge``."""
    instance: int = 0


# ------------------------------------------------------------------ agent
class Started(Event, kw_only=True):
    """An incarnation of the agent was given the task."""

    source = "agent"
    incarnation: int
    instance: int = 0
    resumed: bool = False


class Crashed(Event, kw_only=True):
    """The incarnation was killed at ``point``."""

    source = "agent"
    incarnation: int
    instance: int = 0
    point: str
    fault: int


class StoreSet(Event, kw_only=True):
    """The agent made ``key`` durable (``value`` None: deleted)."""

    source = "agent"
    incarnation: int
    instance: int = 0
    key: str
    value: Any = None


class Published(Event, kw_only=True):
    """The agent told what it believes now (OrderView, FillView, ... as plain data with its class name)."""

    source = "agent"
    incarnation: int
    instance: int = 0
    view: str
    data: dict[str, Any]


class Reported(Event, kw_only=True):
    """The agent's report, as plain data, checked against the contract."""

    source = "agent"
    incarnation: int
    instance: int = 0
    report: dict[str, Any]


class NoReport(Event, kw_only=True):
    """The agent ended without a usable report. ``why``: ``raised``, ``invalid``, ``late``, ``deadlock``, ``budget``,
    ``watchdog`` (code that spins in real time). ``detail`` is one line; ``where`` names the waiting or failing line."""

    source = "agent"
    incarnation: int
    instance: int = 0
    why: Literal["raised", "invalid", "late", "deadlock", "budget", "watchdog"]
    detail: str
    where: str = ""


class Wait(msgspec.Struct, frozen=True):
    """What a thread of the agent waits for: the call, and the line of the agent's code (may be empty)."""

    thread: str
    call: str
    where: str


class Deadlocked(Event, kw_only=True):
    """When the agent returned, threads of it waited for each other: none of them could ever go on."""

    source = "agent"
    incarnation: int
    instance: int = 0
    waits: tuple[Wait, ...]


class Log(Event, kw_only=True):
    """A line the agent printed or logged."""

    source = "agent"
    incarnation: int
    instance: int = 0
    stream: str
    text: str


class GatewayCall(Event, kw_only=True):
    """The driver called a method of the gateway under test."""

    source = "agent"
    id: int
    method: str
    args: dict[str, Any] = {}
    intent: str | None = None
    instance: int = 0


class GatewayResult(Event, kw_only=True):
    """What the gateway said: a value, or an exception with its declared meaning."""

    source = "agent"
    id: int
    ok: bool
    value: Any = None
    meaning: str | None = None
    error: str = ""
    instance: int = 0


class ToolCall(Event, kw_only=True):
    """A tool was called by a language model, or by whatever stands in for one; the tool need not exist."""

    source = "agent"
    id: int
    incarnation: int = 0
    instance: int = 0
    tool: str
    args: dict[str, Any] = {}


class ToolResult(Event, kw_only=True):
    """What the tool returned. ``kind``: of the error, None where it succeeded; ``code``: as in the error."""

    source = "agent"
    id: int
    incarnation: int = 0
    instance: int = 0
    tool: str
    kind: str | None = None
    code: int | str | None = None
    value: Any = None


# ------------------------------------------------------------------ clock
class Slept(Event, kw_only=True):
    """The agent slept ``duration`` seconds from ``at`` (sleeps under 10 ms are not recorded)."""

    source = "clock"
    duration: float
    instance: int = 0


class Ended(Event, kw_only=True):
    """The run is over. ``phase``: the last phase reached."""

    source = "clock"
    events: int = 0


EventType = (
    Resolve | Connect | Request | Answer | Response | Broken | Closed | StreamUp | StreamEvent | StreamLost | StreamDown
    | Outside | Planned | Landed | Healed | Ledger | OrderTruth | FillTruth | SwitchTruth | PositionTruth
    | SettingsTruth | Charged | Valued | Marked | Snapshot
    | Started | Crashed | StoreSet | Published | Reported | NoReport | Deadlocked | Log | GatewayCall | GatewayResult
    | ToolCall | ToolResult | Slept | Ended
)  # fmt: skip


class Offered(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A venue as the target could know it: see the fields of the same names in Header."""

    name: str
    instruments: dict[str, dict[str, Any]] = {}
    traits: dict[str, Any] = {}
    absent_after: float = 30.0


class Header(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What the run was: scenario and target by value, so that checks need nothing else."""

    format: str = "outtrade.history"
    version: int = 1
    target: str
    scope: Literal["A", "G"] = "A"
    """Agent or gateway: which properties apply."""
    scenario: dict[str, Any]
    instruments: dict[str, dict[str, Any]] = {}
    """Unified symbol -> ``Instrument`` as plain data (decimal strings), as the target could read them."""
    traits: dict[str, Any] = {}
    """The venue's declared traits (see ``outtrade_mocks.venues.api.Traits``)."""
    absent_after: float = 30.0
    fallbacks: tuple[Offered, ...] = ()
    streams: bool = True
    """Whether the target opened a private stream is decided by StreamUp events; this says whether one was offered."""


_ENCODER = msgspec.json.Encoder(order="deterministic")
_EVENT = msgspec.json.Decoder(EventType)
_HEADER = msgspec.json.Decoder(Header)


def _make_writable(event: EventType) -> None:
    """Lone surrogates, which UTF-8 cannot hold, become visible escapes (``\\ud800``)."""
    try:
        _ENCODER.encode(event)
    except UnicodeEncodeError:
        for name in event.__struct_fields__:
            setattr(event, name, _writable(getattr(event, name)))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_writable(one) for one in value)
    return value


class History:
    """Header, events and blobs of one run."""

    __slots__ = ("blobs", "events", "header")

    def __init__(self, header: Header) -> None:
        self.header = header
        self.events: list[EventType] = []
        self.blobs: dict[str, str] = {}

    def add(self, event: EventType) -> int:
        """Append and number an event; returns its sequence number. What an agent says is made fit for a file."""
        if event.source == "agent":
            _make_writable(event)
        event.seq = len(self.events)
        self.events.append(event)
        return event.seq

    def intern(self, body: str) -> str:
        """A body as it is stored in an event: itself, or a reference to a blob where it is long."""
        if len(body) <= BLOB_LIMIT:
            return body
        name = "blob:" + hashlib.sha256(body.encode()).hexdigest()
        self.blobs[name] = body
        return name

    def body(self, stored: str) -> str:
        """The body that ``intern`` stored."""
        return self.blobs.get(stored, stored) if stored.startswith("blob:") else stored

    def hash(self) -> str:
        """SHA-256 over header and events."""
        digest = hashlib.sha256(_ENCODER.encode(self.header))
        for event in self.events:
            digest.update(_ENCODER.encode(event))
            digest.update(b"\n")
        return digest.hexdigest()

    def to_jsonl(self) -> bytes:
        """The file form: header line, blob lines, then one line an event."""
        lines = [_ENCODER.encode(self.header)]
        lines += [_ENCODER.encode({"blob": name, "text": self.blobs[name]}) for name in sorted(self.blobs)]
        lines += [_ENCODER.encode(event) for event in self.events]
        return b"\n".join(lines) + b"\n"

    @classmethod
    def from_jsonl(cls, data: bytes) -> History:
        """Read what ``to_jsonl`` wrote; raises ValueError with one line on anything else."""
        first, _, rest = data.partition(b"\n")
        try:
            header = _HEADER.decode(first)
            if header.format != "outtrade.history" or header.version != 1:
                raise ValueError(f"not a history of version 1: {header.format} {header.version}")
            history = cls(header)
            for line in rest.splitlines():
                if line.startswith(b'{"blob":'):
                    blob = msgspec.json.decode(line)
                    history.blobs[str(blob["blob"])] = str(blob["text"])
                else:
                    history.events.append(_EVENT.decode(line))
        except (msgspec.MsgspecError, KeyError) as error:
            raise ValueError(f"not a history file: {error}") from None
        return history
