"""A history as what the agent did, one tool call after the other.

An agent that holds a model calls ``venue.tools``, and its steps stand in the history as they were (``ToolCall``,
``ToolResult``). Any other agent sends requests; each becomes a call of the tool that would have sent it, and its answer
is read as that tool would have read it. Between them ``wait`` stands for the time in which it sent nothing, and *notes*
for what reached it without being asked for: pushed events, a refused connection, a restart.

    POST /api/v3/order symbol=BTCUSDT&side=BUY&...   ->   place {"symbol": "BTC/USDT", "side": "buy", ...}
    no answer for 10 s                               ->   {"error": {"kind": "ambiguous", ...}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic import ValidationError

from outtrade.dialects.binance_spot import parsed, read_answer, read_order
from outtrade.dialects.words import Doubtful, PortError
from outtrade.judge.index import Index
from outtrade.judge.records import Operation
from outtrade.model.history import (
    NS,
    Broken,
    Connect,
    EventType,
    Request,
    Resolve,
    Response,
    Started,
    StreamDown,
    StreamEvent,
    StreamUp,
    ToolCall,
    ToolResult,
)
from outtrade.tools import failures
from outtrade.tools.binance_spot import BinanceSpot, show_order
from outtrade.tools.catalogue import TOOLS

Json = dict[str, Any]

OPERATIONS = {
    "place": "place", "cancel": "cancel", "cancel_all": "cancel_all", "query": "order", "open_orders": "open_orders",
    "trades": "fills", "account": "balances", "ticker": "ticker", "depth": "book", "exchange_info": "instruments",
    "status": "status", "all_orders": "all_orders", "subscribe": "subscribe", "time": "time",
}  # fmt: skip
"""Operation on the wire -> tool. Every other operation is a ``request``."""
EXTRA = {
    "all_orders": "Every order of the account in a symbol, whatever became of it.",
    "subscribe": "Open the private stream; what it pushes comes as messages of the user.",
    "time": "The venue's clock.",
    "request": "Any other request: operation, method and path.",
}
"""Tools that only derived steps have: what a client can ask beyond ``venue.tools``."""
PAUSE = NS
"""A silence of this length or more (nanoseconds) between two steps becomes a ``wait``."""
IDLE = frozenset({"wait", "alert"})
"""Tools that do not speak to the venue."""
SENT_BY_NONE = "the agent was stopped before an answer came"


@dataclass(slots=True)
class Step:
    """One tool call and its result."""

    index: int
    tool: str
    arguments: str
    """JSON text, as the agent wrote it."""
    seq: int
    """Event by which it began."""
    at: int
    end_seq: int | None = None
    """Event by which the agent had the result; None: it never had one."""
    ended_at: int | None = None
    result: str = ""
    kind: str | None = None
    """Kind of the error in the result."""
    code: int | str | None = None
    retry_after: float | None = None
    ops: list[Operation] = field(default_factory=list)
    given: Json = field(default_factory=dict)
    """The arguments, where they are an object."""

    @property
    def op(self) -> Operation | None:
        """The request that carried it out; None: nothing left."""
        return self.ops[0] if self.ops else None

    @property
    def over(self) -> int:
        """``end_seq``, or an end beyond all events."""
        return self.end_seq if self.end_seq is not None else 2**62

    def about(self) -> str | None:
        """The order that the call names."""
        named = self.given.get("client_id") or self.given.get("venue_id")
        return named if isinstance(named, str) else None


@dataclass(slots=True)
class Note:
    """Something that reached the agent without being asked for."""

    seq: int
    at: int
    text: str


@dataclass(slots=True)
class Play:
    """All of a run: steps and notes in order of time. ``wire``: derived from requests."""

    steps: list[Step]
    notes: list[Note]
    wire: bool

    def step_at(self, seq: int) -> Step | None:
        """The last begun step during which event ``seq`` happened, else the first one after it."""
        inside = [step for step in self.steps if step.seq <= seq <= step.over]
        if inside:
            return max(inside, key=lambda step: (step.end_seq is not None, step.seq))
        return next((step for step in self.steps if step.seq > seq), None)

    def step_of(self, call: int) -> Step | None:
        """The step that sent request ``call``."""
        return next((step for step in self.steps if any(op.request.call == call for op in step.ops)), None)

    def after(self, seq: int) -> Iterator[Step]:
        """Steps that began after event ``seq``."""
        return (step for step in self.steps if step.seq > seq)


def play(ix: Index) -> Play:
    """The steps of a run."""
    told = _told(ix)
    inside = {op.seq for step in told for op in step.ops}
    derived = [_derived(ix, op) for op in ix.ops if op.seq not in inside]
    notes = list(_notes(ix, wire=not told))
    steps = sorted((*told, *derived), key=lambda step: step.seq)
    if not told:
        steps = sorted((*steps, *_waits(ix, steps, notes)), key=lambda step: (step.at, step.seq))
    for number, step in enumerate(steps):
        step.index = number
    return Play(steps, notes, wire=not told)


# ------------------------------------------------------------------ steps on the record
def _told(ix: Index) -> list[Step]:
    steps: list[Step] = []
    running: dict[tuple[int, int], Step] = {}
    for event in ix.events:
        if isinstance(event, ToolCall):
            step = Step(0, event.tool, _text(event.args), event.seq, event.at)
            step.given = _object(step.arguments)
            running[event.incarnation, event.id] = step
            steps.append(step)
        elif isinstance(event, ToolResult):
            done = running.pop((event.incarnation, event.id), None)
            if done is not None:
                done.end_seq, done.ended_at = event.seq, event.at
                _conclude(done, event.value)
        elif isinstance(event, Request) and running:
            latest = list(running.values())[-1]
            latest.ops.append(ix.by_call[event.call])
    for step in running.values():
        _conclude(step, {"error": {"kind": "interrupted", "message": SENT_BY_NONE, "code": None, "retry_after": None}})
    return steps


def _text(args: Json) -> str:
    """Arguments as the agent wrote them: a model's are a text, kept under one name."""
    if set(args) == {"arguments"} and isinstance(args["arguments"], str):
        return args["arguments"]
    return json.dumps(args, sort_keys=True)


def _object(text: str) -> Json:
    try:
        data = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _conclude(step: Step, value: Any) -> None:
    step.result = json.dumps(value, ensure_ascii=False, sort_keys=True)  # a history read back has its keys sorted
    problem = value.get("error") if isinstance(value, dict) else None
    if isinstance(problem, dict):
        step.kind, step.code, step.retry_after = problem.get("kind"), problem.get("code"), problem.get("retry_after")


# ------------------------------------------------------------------ steps derived from the wire
def _derived(ix: Index, op: Operation) -> Step:
    tool = OPERATIONS.get(op.request.op, "request")
    given = _arguments(op, tool)
    step = Step(0, tool, json.dumps(given), op.seq, op.sent_at, ops=[op], given=given)
    if isinstance(op.end, Broken) and op.end.how == "crashed":
        _conclude(step, {"error": {"kind": "interrupted", "message": SENT_BY_NONE, "code": None, "retry_after": None}})
        return step
    step.end_seq, step.ended_at = op.ended_seq, op.ended_at
    _conclude(step, _result(ix, op, tool, given))
    return step


def _arguments(op: Operation, tool: str) -> Json:
    request, order = op.request, op.order
    found: Json = {}
    if tool == "request":
        return {"operation": request.op, "method": request.method, "path": request.path}
    if tool in ("balances", "status", "subscribe", "time"):
        return found
    if request.symbol is not None:
        found["symbol"] = request.symbol
    if tool == "place" and order is not None:
        found |= {
            "symbol": order.symbol, "side": order.side, "type": order.type, "quantity": order.quantity,
            "quote_quantity": order.quote_quantity, "limit_price": order.price, "client_id": op.client_id,
            "time_in_force": None if order.post_only else order.tif, "post_only": order.post_only or None,
        }  # fmt: skip
    elif tool in ("order", "cancel"):
        found |= {"venue_id": request.venue_id} if request.venue_id else {"client_id": request.client_id}
    elif tool == "fills" and request.venue_id:
        found["venue_id"] = request.venue_id
    elif tool == "fills" and request.params.get("startTime", "").isdigit():
        found["since"] = int(request.params["startTime"]) / 1000
    elif tool == "book" and request.params.get("limit", "").isdigit():
        found["depth"] = int(request.params["limit"])
    return {name: value for name, value in found.items() if value is not None}


def _result(ix: Index, op: Operation, tool: str, given: Json) -> Json:
    """What the tool would have returned."""
    spec = TOOLS.get(tool)
    writes = bool(spec and spec.writes)
    end = op.end
    if not isinstance(end, Response):
        seen = "no answer came" if end is None else _BROKEN[end.how]
        return failures.of_port(Doubtful(seen), writes=writes)
    body = ix.body(end)
    try:
        data = read_answer(end.status, end.headers, body, now=ix.scenario.epoch + end.at / NS)
    except PortError as problem:
        return failures.of_port(problem, writes=writes)
    try:
        return _shown(ix, tool, given, data)
    except (PortError, ValidationError, KeyError, StopIteration, TypeError, ValueError):
        return {"status": end.status, "body": body}


_BROKEN = {
    "gave_up": "no answer in time", "unanswered": "no answer came", "crashed": "no answer came",
    "reset": "the connection was reset", "close": "the connection was closed", "truncated": "the answer was cut off",
}  # fmt: skip


def _shown(ix: Index, tool: str, given: Json, data: Any) -> Json:
    if tool == "all_orders":
        return parsed(lambda: {"orders": [show_order(read_order(row, given["symbol"])) for row in data]})
    if tool == "time":
        return {"time": int(data["serverTime"]) / 1000}
    if tool == "subscribe":
        return {"subscribed": True}
    spec = TOOLS[tool]
    names = {symbol: rules.venue_symbol for symbol, rules in ix.instruments.items()}
    dialect = BinanceSpot(names, ix.instruments, "", "", ix.absent_after / NS, clock=lambda: 0.0)
    steps = dialect.run(tool, spec.arguments.model_validate(given))
    next(steps)
    try:
        steps.send(data)
    except StopIteration as end:
        result: Json = end.value
        return result
    raise ValueError("more pages follow")


def _waits(ix: Index, steps: list[Step], notes: list[Note]) -> Iterator[Step]:
    """A ``wait`` for every silence before a step or a note."""
    moments = sorted(
        [(step.at, step.ended_at if step.ended_at is not None else step.at) for step in steps]
        + [(note.at, note.at) for note in notes]
    )
    reported = ix.reported
    if reported is not None:
        moments.append((reported.at, reported.at))
    clock = 0
    for begin, end in moments:
        if begin - clock >= PAUSE:
            seconds = round((begin - clock) / NS, 3)
            step = Step(0, "wait", json.dumps({"seconds": seconds}), _seq_at(ix, clock), clock)
            step.given = {"seconds": seconds}
            step.end_seq, step.ended_at = step.seq, begin
            _conclude(step, {"time": round(ix.scenario.epoch + begin / NS, 6)})
            yield step
        clock = max(clock, end)


def _seq_at(ix: Index, at: int) -> int:
    """The last event up to time ``at``."""
    low, high = 0, len(ix.events)
    while low < high:
        middle = (low + high) // 2
        if ix.events[middle].at <= at:
            low = middle + 1
        else:
            high = middle
    return low - 1


# ------------------------------------------------------------------ notes
def _notes(ix: Index, *, wire: bool) -> Iterator[Note]:
    for event in ix.events:
        text = _restart(event) or (_unasked(ix, event) if wire else "")
        if text:
            yield Note(event.seq, event.at, text)


def _restart(event: EventType) -> str:
    if isinstance(event, Started) and event.resumed:
        return f"You were stopped and started again at {event.seconds:.3f} s; only what you had stored is left."
    return ""


def _unasked(ix: Index, event: EventType) -> str:
    if isinstance(event, Resolve) and not event.ok:
        return f"network: the name {event.host} could not be resolved; nothing was sent."
    if isinstance(event, Connect) and event.outcome != "ok":
        how = "was refused" if event.outcome == "refused" else "got no answer"
        return f"network: a connection to {event.host} {how}; nothing was sent."
    if isinstance(event, StreamUp):
        return "stream: open."
    if isinstance(event, StreamDown):
        return "stream: closed" + (" by the venue." if event.by == "venue" else ".")
    if isinstance(event, StreamEvent) and event.kind != "other":
        return "stream: " + _pushed(ix, event)
    return ""


def _pushed(ix: Index, event: StreamEvent) -> str:
    """A pushed event in the words of the tools, where it is about an order; else as it came."""
    from outtrade.dialects.binance_spot import read_event

    body = ix.history.body(event.body)
    names = {rules.venue_symbol: symbol for symbol, rules in ix.instruments.items()}
    try:
        data = msgspec.json.decode(body)
        data = data.get("event", data)
        state = parsed(lambda: read_event(data, names))
        if data.get("e") == "outboundAccountPosition":
            shown = {row["a"]: {"free": row["f"], "locked": row["l"]} for row in data["B"]}
            return json.dumps({"balances": shown})
    except (msgspec.MsgspecError, PortError, AttributeError, KeyError, TypeError):
        return body
    return body if state is None else json.dumps(show_order(state))
