"""What was sent, what happened, what was believed: a History as three lanes that read well in 80 columns.

::

         time  sent and received       on the exchange         believed
        5.000  place buy 0.4 BTC/USDT
               limit 50000  [a1-AB12]
        5.020                          order 7 accepted
        5.020                          FAULT answer lost: hang
       15.000  no answer: gave up
       15.000                                                  i1: open

Times are seconds of run time. A line marked ``>`` holds evidence of the failure shown. Only what concerns the orders
of the evidence is shown, with all faults, crashes and reports; routine reads are left out; long stretches are
cut in the middle. Of several copies of the agent ``[2]`` says whose an event is, of several venues ``[main]`` and
``[okx]`` where it happened. ``lines`` returns plain text, without control characters or markup.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from outtrade.judge.fleet import Fleet
from outtrade.judge.index import OWN
from outtrade.model.fault import READS, WRITES
from outtrade.model.history import (
    Answer,
    Broken,
    Charged,
    Crashed,
    Deadlocked,
    EventType,
    FillTruth,
    GatewayCall,
    GatewayResult,
    Healed,
    History,
    Landed,
    Ledger,
    Marked,
    NoReport,
    OrderTruth,
    Outside,
    Planned,
    Published,
    Reported,
    Request,
    Response,
    Slept,
    Snapshot,
    Started,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
    SwitchTruth,
    ToolResult,
)
from outtrade.report.text import clean, number

SENT, EXCHANGE, BELIEVED = 0, 1, 2
TITLES = ("sent and received", "on the exchange", "believed")
MAX_ROWS = 30
"""Most entries shown; what lies in the middle is cut."""

_TIME = 10
_GAP = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: ``at`` in nanoseconds of run time."""

    seq: int
    at: int
    lane: int
    text: str
    marked: bool = False
    by: str = ""
    """``[2] `` or ``[okx] ``: which of several copies or venues it is about; "" where there is one."""

    @property
    def told(self) -> str:
        """The whole entry."""
        return self.by + self.text


def lines(
    history: History,
    *,
    evidence: Collection[int] = (),
    width: int = 80,
    limit: int = MAX_ROWS,
    everything: bool = False,
) -> list[str]:
    """The timeline as text lines of at most ``width`` columns.

    ``evidence``: sequence numbers to mark; they also decide which orders are shown, unless ``everything``.
    """
    return list(_layout(_chosen(history, evidence, limit, everything), width))


def groups(
    history: History, *, evidence: Collection[int] = (), limit: int = MAX_ROWS, everything: bool = False
) -> list[list[Row] | int]:
    """The timeline as data, for other reports: rows that share a line, or how many rows were left out there."""
    return list(_grouped(_chosen(history, evidence, limit, everything)))


def _chosen(history: History, evidence: Collection[int], limit: int, everything: bool) -> list[Row | int]:
    rows = [row for row in _Reader(history, frozenset(evidence), everything).rows() if row.text]
    return _cut(rows, limit)


# ------------------------------------------------------------------ from events to rows
class _Reader:
    """Turns events into rows. It knows which orders matter and what each request was about."""

    def __init__(self, history: History, evidence: frozenset[int], everything: bool) -> None:
        self.history = history
        self.evidence = evidence
        self.requests = {event.call: event for event in history.events if isinstance(event, Request)}
        self.received = {e.call: (e.status, e.code) for e in history.events if isinstance(e, Response)}
        self.intents = {str(intent["id"]): intent for intent in history.header.scenario.get("intents", ())}
        self.variants = {event.fault: event.variant for event in history.events if isinstance(event, Planned)}
        self.client_ids: dict[str, str] = {}
        for event in history.events:
            if isinstance(event, OrderTruth):
                self.client_ids[event.order] = event.created_as
        self.working_at_report: dict[int, tuple[str, ...]] = {}
        for event in history.events:
            if isinstance(event, Snapshot) and event.why == "report":
                self.working_at_report.setdefault(event.venue, event.working)
        self.calls, self.answered = _gateway_calls(history)
        self.tags = None if everything else self._tags()
        self.fleet = Fleet(history) if history.header.scenario.get("fleet") else None

    def _tags(self) -> frozenset[str] | None:
        """Tags of the intents that the evidence is about; None: all."""
        named: set[str] = set()
        for seq in self.evidence:
            if seq >= len(self.history.events):
                continue
            event = self.history.events[seq]
            for client_id in self._ids(event):
                named |= {str(i["tag"]) for i in self.intents.values() if str(i["tag"]) in client_id}
        return frozenset(named) or None

    def _ids(self, event: EventType) -> Iterator[str]:
        for name in ("client_id", "created_as"):
            value = getattr(event, name, None)
            if value:
                yield value
        request = self.requests.get(getattr(event, "call", None) or -1)
        if request is not None and not isinstance(event, Request):
            yield from self._ids(request)
        order = getattr(event, "order", None)
        if isinstance(order, str) and order in self.client_ids:
            yield self.client_ids[order]
        venue_id = getattr(event, "venue_id", None)
        if venue_id in self.client_ids:
            yield self.client_ids[venue_id]
        call = self.calls.get(event.seq) if isinstance(event, GatewayResult) else event
        if isinstance(call, GatewayCall) and call.intent in self.intents:
            yield str(self.intents[call.intent]["tag"])

    def _concerns(self, event: EventType) -> bool:
        """Whether it is about an order that is shown (or about no order at all)."""
        if self.tags is None or event.seq in self.evidence:
            return True
        ids = list(self._ids(event))
        return not ids or any(tag in client_id for client_id in ids for tag in self.tags)

    def rows(self) -> Iterator[Row]:
        """All rows in the order of the record."""
        for event in self.history.events:
            if not self._concerns(event):
                continue
            write = _WRITERS.get(type(event))
            marked = event.seq in self.evidence
            texts = write(self, event) if write else ()
            if marked and not texts and (spare := _SPARE.get(type(event))):
                texts = spare(self, event)
            by = self._by(event)
            for lane, text in texts:
                yield Row(event.seq, event.at, lane, text, marked, by)

    def _by(self, event: EventType) -> str:
        """Which of several copies did or saw it, or at which of several venues it happened."""
        if self.fleet is not None:
            about = self.requests.get(event.call or -1) if isinstance(event, Landed) else None
            owner = self.fleet.owner(event if about is None else about)
            return "" if owner is None else f"[{owner}] "
        if not self.history.header.fallbacks or event.source in OWN:
            return ""
        return f"[{self.history.header.fallbacks[event.venue - 1].name if event.venue else 'main'}] "

    # -------------------------------------------------------------- wire
    def routine(self, call: int) -> bool:
        """A request that is not worth a line: anything but writes and reads of orders."""
        request = self.requests.get(call)
        return request is None or request.op not in WRITES | READS

    def request(self, event: Request) -> Texts:
        if self.routine(event.call):
            return ()
        return ((SENT, _asked(event)),)

    def any_request(self, event: Request) -> Texts:
        return ((SENT, _asked(event)),)

    def response(self, event: Response) -> Texts:
        return () if self.routine(event.call) and event.outcome == "ok" else self.any_response(event)

    def any_response(self, event: Response) -> Texts:
        if event.outcome == "ok":
            return ((SENT, f"<- {event.status} ok"),)
        what = f"<- {event.status}" + (f" {event.code}" if event.code is not None else "")
        doubt = " (ambiguous)" if event.outcome == "ambiguous" else ""
        return ((SENT, f"{what} {clean(event.message, 60)}{doubt}"),)

    def broken(self, event: Broken) -> Texts:
        request = self.requests.get(event.call)
        op = f"{request.op}: " if request else ""
        return ((SENT, f"<- {op}{_BROKEN[event.how]}"),)

    def answer(self, event: Answer) -> Texts:
        if event.outcome == "ok" or event.fault is not None or self.routine(event.call):
            return ()
        if self.received.get(event.call) == (event.status, event.code):
            return ()  # the answer itself says it
        code = f" ({event.code})" if event.code is not None else ""
        return ((EXCHANGE, f"refused{code}" if event.executed else f"turned away{code}"),)

    def outside(self, event: Outside) -> Texts:
        """What a real host said: only what went wrong."""
        return self.any_outside(event) if event.error or event.status >= 400 else ()

    def any_outside(self, event: Outside) -> Texts:
        came = f"no answer ({clean(event.error, 20)})" if event.error else f"{event.status}, {event.size:,} bytes"
        return ((SENT, f"{clean(event.host, 40)}: {came}"),)

    # -------------------------------------------------------------- stream
    def stream_event(self, event: StreamEvent) -> Texts:
        if event.kind not in ("order", "fill"):
            return ()
        return ((SENT, f"<~ stream: {event.kind} {clean(event.status or '')} {_tail(event.client_id)}".rstrip()),)

    def stream_lost(self, event: StreamLost) -> Texts:
        if event.kind not in ("order", "fill"):
            return ()
        return ((SENT, f"   (stream event lost: {event.kind} {_tail(event.client_id)})"),)

    # -------------------------------------------------------------- fault
    def fault(self, index: int) -> str:
        """``lost answer, hang, committed``: words that can be wrapped."""
        return clean(self.variants.get(index, f"number {index}")).replace(".", ", ").replace("_", " ")

    def landed(self, event: Landed) -> Texts:
        name = self.fault(event.fault)
        detail = clean(event.detail, 40)
        return ((EXCHANGE, f"FAULT {name}" + (f" ({detail})" if detail and detail not in name else "")),)

    def healed(self, event: Healed) -> Texts:
        return ((EXCHANGE, f"healed: {self.fault(event.fault)}"),)

    def ledger(self, event: Ledger) -> Texts:
        if event.status == "landed":
            return ()
        return ((EXCHANGE, f"{self.fault(event.fault)}: {event.status}"),)

    # -------------------------------------------------------------- truth
    def order(self, event: OrderTruth) -> Texts:
        if event.why == "fill" or (event.foreign and not event.forced and event.seq not in self.evidence):
            return ()
        whose = event.forced.upper() or ("foreign order" if event.foreign else "order")
        what = {"accepted": "accepted", "cancel": "cancelled", "expire": "expired", "reject": "rejected"}
        text = f"{whose} {clean(event.order)} {what.get(event.why, event.why)}"
        if event.why == "accepted":
            text += f": {event.side} {number(event.quantity)} {_tail(event.created_as)}"
        elif event.status != "open":
            text += f", {number(event.filled)} of {number(event.quantity)} filled"
        return ((EXCHANGE, text),)

    def fill(self, event: FillTruth) -> Texts:
        if event.foreign and not event.forced and event.seq not in self.evidence:
            return ()
        return (
            (
                EXCHANGE,
                f"order {clean(event.order)}: {'bought' if event.side == 'buy' else 'sold'} "
                f"{number(event.quantity)} at {number(event.price)}",
            ),
        )

    def switch(self, event: SwitchTruth) -> Texts:
        """Each time it is set again is a line too many."""
        if event.state == "set" and event.seq not in self.evidence:
            return ()
        what = {"set": f"set to {event.timeout:g} s", "off": "switched off", "fired": "GOES OFF"}[event.state]
        return ((EXCHANGE, f"dead-man switch {what}" + (f" ({clean(event.symbol)})" if event.symbol else "")),)

    def charged(self, event: Charged) -> Texts:
        what = "received" if not event.amount.startswith("-") else "paid"
        name = event.why.replace("_", " ")
        return ((EXCHANGE, f"{name} {what}: {number(event.amount.lstrip('-'))} {clean(event.asset)}"),)

    def marked(self, event: Marked) -> Texts:
        return ((EXCHANGE, f"mid of {clean(event.symbol)} for {clean(event.intent)}: {number(event.mid)}"),)

    def snapshot(self, event: Snapshot) -> Texts:
        if event.why == "start" or (event.why == "end" and event.working == self.working_at_report.get(event.venue)):
            return ()
        when = "at the report" if event.why == "report" else "at the end"
        working = ", ".join(clean(order) for order in event.working) or "nothing"
        return ((EXCHANGE, f"{when}: {working} working"),)

    def any_snapshot(self, event: Snapshot) -> Texts:
        held = ", ".join(f"{clean(asset)} {number(free)}" for asset, (free, _) in sorted(event.balances.items()))
        return ((EXCHANGE, f"at the start: {held}"),)

    # -------------------------------------------------------------- agent
    def started(self, event: Started) -> Texts:
        return ((BELIEVED, "restarted with its store" if event.resumed else "started"),)

    def crashed(self, event: Crashed) -> Texts:
        return ((BELIEVED, f"KILLED {event.point.replace('_', ' ')}"),)

    def published(self, event: Published) -> Texts:
        return ((BELIEVED, _view(event.view, event.data)),)

    def reported(self, event: Reported) -> Texts:
        texts = [(BELIEVED, "REPORT")]
        for intent, outcome in sorted(event.report.get("outcomes", {}).items()):
            if self.tags is not None and self.intents.get(intent, {}).get("tag") not in self.tags:
                continue
            filled = outcome.get("filled")
            texts.append(
                (
                    BELIEVED,
                    f"{clean(intent)}: {clean(outcome.get('status'))}"
                    + (f", filled {number(filled)}" if filled is not None else ""),
                )
            )
        for order in event.report.get("orders", ()):
            name = order.get("client_id") or ", ".join(order.get("venue_ids", ()))
            if self.tags is not None and not any(tag in str(name) for tag in self.tags):
                continue
            texts.append((BELIEVED, f"{_tail(name)} {clean(order.get('status'))} {number(order.get('filled', '0'))}"))
        return tuple(texts)

    def no_report(self, event: NoReport) -> Texts:
        where = f" at {clean(event.where)}" if event.where else ""
        return ((BELIEVED, f"NO REPORT ({event.why}): {clean(event.detail, 120)}{where}"),)

    def deadlocked(self, event: Deadlocked) -> Texts:
        waits = (f"{clean(one.thread, 40)}: {clean(one.call, 80)} at {clean(one.where, 120)}" for one in event.waits)
        return ((BELIEVED, f"THREADS WAIT FOR EACH OTHER: {'; '.join(waits)}"),)

    def gateway_call(self, event: GatewayCall) -> Texts:
        """Shown with its result; a call that never came back is shown where it began."""
        if event.seq in self.answered:
            return ()
        return ((BELIEVED, f"{clean(event.method).replace('_', ' ')}: never came back"),)

    def gateway_result(self, event: GatewayResult) -> Texts:
        if event.ok and not isinstance(event.value, dict | list):
            return ()
        return self.any_gateway_result(event)

    def any_gateway_result(self, event: GatewayResult) -> Texts:
        call = self.calls.get(event.seq)
        method = clean(call.method if call else "call").replace("_", " ")
        if not event.ok:
            return ((BELIEVED, f"{method}: {clean(event.meaning or 'raised')} ({clean(event.error, 40)})"),)
        value = event.value
        if isinstance(value, dict) and "status" in value:
            return ((BELIEVED, f"{method}: {clean(value['status'])}, filled {number(value.get('filled', '0'))}"),)
        return ((BELIEVED, f"{method}: {len(value)} found" if isinstance(value, list) else f"{method}: ok"),)

    def tool_result(self, event: ToolResult) -> Texts:
        """Only what failed: what succeeded shows on the wire and in the report."""
        return self.any_tool_result(event) if event.kind is not None else ()

    def any_tool_result(self, event: ToolResult) -> Texts:
        said = "ok" if event.kind is None else event.kind.replace("_", " ")
        code = f" ({clean(event.code, 40)})" if event.code is not None else ""
        return ((BELIEVED, f"tool {clean(event.tool, 40)}: {said}{code}"),)

    # -------------------------------------------------------------- one line each
    def stream_up(self, event: StreamUp) -> Texts:
        return ((SENT, "stream subscribed"),)

    def stream_down(self, event: StreamDown) -> Texts:
        return ((SENT, f"stream closed by the {event.by}"),)

    def slept(self, event: Slept) -> Texts:
        return ((SENT, f"sleeps {event.duration:g} s"),)


Texts = Sequence[tuple[int, str]]
_Writer = Callable[[_Reader, Any], Texts]

_WRITERS: dict[type, _Writer] = {
    Request: _Reader.request,
    Response: _Reader.response,
    Broken: _Reader.broken,
    Answer: _Reader.answer,
    Outside: _Reader.outside,
    StreamUp: _Reader.stream_up,
    StreamDown: _Reader.stream_down,
    StreamEvent: _Reader.stream_event,
    StreamLost: _Reader.stream_lost,
    Landed: _Reader.landed,
    Healed: _Reader.healed,
    Ledger: _Reader.ledger,
    OrderTruth: _Reader.order,
    FillTruth: _Reader.fill,
    SwitchTruth: _Reader.switch,
    Charged: _Reader.charged,
    Marked: _Reader.marked,
    Snapshot: _Reader.snapshot,
    Started: _Reader.started,
    Crashed: _Reader.crashed,
    Published: _Reader.published,
    Reported: _Reader.reported,
    NoReport: _Reader.no_report,
    Deadlocked: _Reader.deadlocked,
    GatewayCall: _Reader.gateway_call,
    GatewayResult: _Reader.gateway_result,
    ToolResult: _Reader.tool_result,
}

_SPARE: dict[type, _Writer] = {
    Request: _Reader.any_request,
    Response: _Reader.any_response,
    Outside: _Reader.any_outside,
    Snapshot: _Reader.any_snapshot,
    GatewayResult: _Reader.any_gateway_result,
    ToolResult: _Reader.any_tool_result,
    Slept: _Reader.slept,
}
"""How to show an event that is usually left out, where it is evidence."""

_BROKEN = {
    "reset": "connection reset",
    "close": "connection closed",
    "truncated": "answer cut off",
    "gave_up": "no answer: gave up",
    "crashed": "no answer: crashed",
    "unanswered": "no answer",
}


def _gateway_calls(history: History) -> tuple[dict[int, GatewayCall], frozenset[int]]:
    """The call that each result (by its sequence number) answers, and the calls that were answered. Ids of calls begin
    anew with each incarnation."""
    pending: dict[int, GatewayCall] = {}
    calls: dict[int, GatewayCall] = {}
    for event in history.events:
        if isinstance(event, GatewayCall):
            pending[event.id] = event
        elif isinstance(event, GatewayResult) and event.id in pending:
            calls[event.seq] = pending.pop(event.id)
    return calls, frozenset(call.seq for call in calls.values())


def _asked(event: Request) -> str:
    what = clean(event.op).replace("_", " ")
    order = event.order
    if order is not None and event.op in ("place", "cancel_replace", "amend"):
        amount = number(order.quantity) if order.quantity is not None else f"{number(order.quote_quantity)} quote"
        what += f" {clean(order.side or '')} {amount} {clean(order.symbol)} {clean(order.type or '')}"
        what += f" {number(order.price)}" if order.price is not None else ""
    elif event.symbol and not event.client_id:
        what += f" {clean(event.symbol)}"
    if event.client_id:
        what += f" {_tail(event.client_id)}"
    elif event.venue_id:
        what += f" order {clean(event.venue_id)}"
    return " ".join(what.split())


def _tail(client_id: object) -> str:
    """A client order id short enough for a lane: its end tells orders of one intent apart."""
    text = clean(client_id or "")
    return f"[{text}]" if len(text) <= 16 else f"[…{text[-15:]}]" if text else ""


def _view(view: str, data: dict[str, Any]) -> str:
    if view == "OrderView":
        state = f"{clean(data.get('status'))}, filled {number(data.get('filled', 0))}"
        return f"order {_tail(data.get('client_id'))} {state}"
    if view == "FillView":
        return f"fill {clean(data.get('trade_id'))}: {number(data.get('quantity'))} at {number(data.get('price'))}"
    if view == "Alert":
        return f"alert: {clean(data.get('text'), 80)}"
    shown = ", ".join(f"{clean(key)} {number(value)}" for key, value in sorted(data.items())[:3] if value is not None)
    return f"{clean(view)}: {shown}"


# ------------------------------------------------------------------ from rows to lines
def _cut(rows: list[Row], limit: int) -> list[Row | int]:
    """At most ``limit`` rows: evidence and its surroundings first, then from both ends. An int says how many rows
    were left out there."""
    if len(rows) <= limit:
        return list(rows)
    keep: set[int] = set()
    places = [n for n, row in enumerate(rows) if row.marked]
    for distance in range(len(rows)):
        wanted = [n for place in places for n in (place - distance, place + distance)]
        wanted += [distance, len(rows) - 1 - distance]
        for n in wanted:
            if 0 <= n < len(rows) and len(keep) < limit:
                keep.add(n)
        if len(keep) >= limit:
            break
    shown: list[Row | int] = []
    for n, row in enumerate(rows):
        if n in keep:
            shown.append(row)
        elif shown and isinstance(shown[-1], int):
            shown[-1] += 1
        else:
            shown.append(1)
    return shown


def _layout(rows: list[Row | int], width: int) -> Iterator[str]:
    lane = (width - _TIME - 1 - 3 * _GAP) // 3
    gap = " " * _GAP
    yield f"{'time':>{_TIME}} {gap}" + gap.join(f"{title:<{lane}}" for title in TITLES).rstrip()
    before = ""
    for group in _grouped(rows):
        if isinstance(group, int):
            yield f"{'':>{_TIME}} {gap}… {group} more …"
            before = ""
            continue
        cells: list[list[str]] = [[], [], []]
        for row in group:
            cells[row.lane] += textwrap.wrap(
                row.told, lane, subsequent_indent=" ", break_on_hyphens=False, max_lines=5, placeholder="…"
            )
        stamp = f"{group[0].at / 1e9:.3f}"
        for n in range(max(len(cell) for cell in cells)):
            clock = stamp if n == 0 and stamp != before else ""
            mark = ">" if n == 0 and any(row.marked for row in group) else " "
            parts = [cell[n] if n < len(cell) else "" for cell in cells]
            yield (f"{clock:>{_TIME}}{mark}{gap}" + gap.join(f"{part:<{lane}}" for part in parts)).rstrip()
        before = stamp


def _grouped(rows: list[Row | int]) -> Iterator[list[Row] | int]:
    """Rows that share a line: same time, one after the other, lanes from left to right."""
    group: list[Row] = []
    for row in rows:
        if isinstance(row, int):
            if group:
                yield group
                group = []
            yield row
            continue
        last = group[-1] if group else None
        same = last is not None and last.at == row.at and not last.marked and not row.marked
        if last is not None and same and (row.lane > last.lane or (row.lane == last.lane and row.seq == last.seq)):
            group.append(row)
            continue
        if last is not None and last.seq == row.seq:
            group.append(row)
            continue
        if group:
            yield group
        group = [row]
    if group:
        yield group
