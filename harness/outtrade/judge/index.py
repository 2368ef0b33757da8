"""One index over the History, built once and shared by all checks.

A history is a flat list of events; a check asks questions: which requests were sent for this intent, how did each
end for the client, what stood on the exchange at that moment, was the order still in doubt when the next one left?
The Index joins the events into the records of `outtrade.judge.records` and answers these questions.

    >>> from outtrade.judge.micro import history
    >>> ix = Index(history("i1:buy 1@100 | 1 place a q=1 p=100 -> lost | 12 query a -> none | 45 query a -> none"))
    >>> [doubt.resolution.how for doubt in ix.doubts], ix.doubts[0].resolution.at // 10**9
    (['absent'], 45)

(The query at 12 s proves nothing: the venue may still be busy with the request. The one at 45 s does.)

**Attribution.** An order belongs to the intent whose tag stands in the client order id it was *created* with; where
no tag does, to the only intent that was live at that moment with the same symbol and side. It never comes from the
report.

**Traits.** What a venue does is read from ``header.traits`` by name, either a plain value or a mapping with ``value``
and ``confidence``; a trait that is only inferred or unknown counts as undeclared. The names that checks read:

===================  ==================================================================================================
``id_reuse``         what a second order with the same client order id meets: ``open_only`` (refused only while the
                     first is open), ``never`` (refused for good), ``returns_first`` (the first order is returned),
                     ``none`` (ids are not unique at all)
``id_window``        seconds for which ``id_reuse`` holds (undeclared: for ever)
``id_pattern``       regular expression that a whole client order id must match
``nonce``            name of the parameter that has to increase from signed request to signed request
``asset_unit``       the smallest amount of an asset that is booked (undeclared: 0.00000001)
===================  ==================================================================================================
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from outtrade.judge import listing
from outtrade.judge.records import (
    ZERO,
    Doubt,
    FaultRecord,
    GatewayOp,
    Incarnation,
    Operation,
    Order,
    Resolution,
    Stream,
    working,
)
from outtrade.judge.sites import Part
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Crashed,
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
    Offered,
    OrderTruth,
    Published,
    Reported,
    Request,
    Response,
    Snapshot,
    Started,
    StoreSet,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
)
from outtrade.model.scenario import Scenario
from outtrade.model.task import Bounds, Instrument, Intent, Report

if TYPE_CHECKING:
    from outtrade.judge.fleet import Fleet

T = TypeVar("T")

JUDGED = frozenset({"documented", "recorded", "maintainer"})
"""Confidences of a trait on which a target may be judged."""

CLOCK_SLACK = NS // 10
"""How much earlier than the wire a client may date its own sends (100 ms): it notes the time, and signs with it, before
it connects. ``absent_after`` counts from the signed time on the venue's side, so nothing is lost."""

OWN = frozenset({"agent", "clock"})
"""Sources of events that belong to no venue."""

LISTINGS = frozenset({"open_orders", "all_orders", "cancel_all"})
"""Operations whose answer lists orders."""


def decimal(text: str | None) -> Decimal | None:
    """A number as it travelled; None for absent or unreadable ones."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


class Index:
    """Look-ups over one History; read only."""

    def __init__(self, history: History, venue: int | None = 0) -> None:
        """``venue``: what happened at this one (0: the main venue, n: the n-th fallback), by its rules and traits;
        None: what happened at all of them, by those of the main one (but for steps). What the target
        itself said is in all; of several venues one is given what is about it (``judge.sites``)."""
        header = history.header
        self.venue = venue
        offered = header.fallbacks[venue - 1] if venue else header
        self.traits = offered.traits
        self.history = history
        self.events: list[EventType] = history.events
        """Those that are looked at, by their sequence numbers; of several venues or copies not all that there are."""
        self.scope = header.scope
        self.scenario = Scenario.model_validate(header.scenario)
        self.bounds: Bounds = self.scenario.bounds
        self.until = ns(self.scenario.until)
        """When the report is due."""
        self.absent_after = ns(offered.absent_after)
        """Nanoseconds after the last send of an id from which a by-id "not found" is proof of absence."""
        self.instruments: dict[str, Instrument] = {
            symbol: Instrument.model_validate(data) for symbol, data in offered.instruments.items()
        }
        if venue is None:
            self._coarsest(header.fallbacks)
        several = header.fallbacks and venue is not None
        self._part = Part(history, venue or 0, self.scenario.intents) if several else None
        self.elsewhere = frozenset[str]() if self._part is None else self._part.elsewhere
        """Intents for which an order was sent to another venue than this."""
        self.intents: dict[str, Intent] = {intent.id: intent for intent in self.scenario.intents}
        self.faults: list[FaultRecord] = [FaultRecord(i, fault) for i, fault in enumerate(self.scenario.faults)]

        self.ops: list[Operation] = []
        """All requests, in order of sending."""
        self.sends: list[Operation] = []
        """Requests for new orders, in order of sending."""
        self.by_call: dict[int, Operation] = {}
        self.orders: dict[str, Order] = {}
        """Venue id -> order (truth), foreign ones included."""
        self.streams: list[Stream] = []
        self.stream_events: list[StreamEvent] = []
        self.stream_lost: list[StreamLost] = []
        self.fills: list[FillTruth] = []
        self.snapshots: dict[str, Snapshot] = {}
        self.marks: dict[str, list[Marked]] = {}
        """Intent -> the mid prices from which its slippage counts."""
        self.incarnations: list[Incarnation] = []
        self.published: list[Published] = []
        self.stored: list[StoreSet] = []
        self.gateway: list[GatewayOp] = []
        self.fleet: Fleet | None = None
        """The copies of the agent, where several ran and all are judged together."""
        self._report: Report | None = None
        self._memo: dict[str, object] = {}
        self._tags = [(intent.tag, intent) for intent in self.scenario.intents]
        self._read()
        self._attribute()
        self._group()
        self.doubts: list[Doubt] = [d for op in self.sends for d in self._doubt(op)]
        """Order requests whose outcome the client did not know for a while, in order of sending."""
        self._assign_gateway()

    # ------------------------------------------------------------------ building
    def _read(self) -> None:
        """One pass over the events."""
        self._lives: dict[tuple[int, int], Incarnation] = {}
        self._calls: dict[int, GatewayOp] = {}
        self._open: dict[int, Stream] = {}
        readers: dict[type, Callable[[Any], None]] = {
            Request: self._request,
            Answer: self._answer,
            Response: self._end_of_call,
            Broken: self._end_of_call,
            OrderTruth: self._order,
            FillTruth: self._fill,
            StreamUp: self._stream_up,
            StreamDown: self._stream_down,
            StreamEvent: self._stream_event,
            StreamLost: self._stream_lost,
            Landed: self._fault_event,
            Healed: self._fault_event,
            Ledger: self._fault_event,
            Snapshot: self._snapshot,
            Marked: self._mark,
            Started: self._life,
            Crashed: self._life,
            Reported: self._life,
            NoReport: self._life,
            Published: self._publish,
            StoreSet: self.stored.append,
            GatewayCall: self._gateway_call,
            GatewayResult: self._gateway_result,
        }
        if self.history.header.fallbacks:
            self.events = [event for event in self.events if self._here(event)]
        for event in self.events:
            reader = readers.get(type(event))
            if reader is not None:
                reader(event)
        self.incarnations = [self._lives[number] for number in sorted(self._lives)]

    def _coarsest(self, others: Iterable[Offered]) -> None:
        """Several venues: a quantity is what was asked for if it is that within the coarsest of their steps."""
        for symbol, rule in self.instruments.items():
            steps = [Decimal(o.instruments[symbol]["step"]) for o in others if symbol in o.instruments]
            self.instruments[symbol] = rule.model_copy(update={"step": max([rule.step, *steps])})

    def _here(self, event: EventType) -> bool:
        """Whether it is about this venue; what describes the account as a whole is never about several."""
        if event.source in OWN or event.venue == (self.venue or 0):
            return True
        return self.venue is None and not isinstance(event, Snapshot | Marked)

    def _request(self, event: Request) -> None:
        op = Operation(event)
        self.ops.append(op)
        if op.is_send:
            self.sends.append(op)
        self.by_call[event.call] = op

    def _answer(self, event: Answer) -> None:
        if event.call in self.by_call:
            self.by_call[event.call].answer = event

    def _end_of_call(self, event: Response | Broken) -> None:
        if event.call in self.by_call:
            self.by_call[event.call].ends(event)

    def _fill(self, event: FillTruth) -> None:
        self.fills.append(event)
        if event.order in self.orders:
            self.orders[event.order].fills.append(event)

    def _stream_up(self, event: StreamUp) -> None:
        stream = Stream(event.conn, event.at, event.seq, self.by_call.get(event.call))
        self._open[event.conn] = stream
        self.streams.append(stream)

    def _stream_down(self, event: StreamDown) -> None:
        stream = self._open.pop(event.conn, None)
        if stream is not None:
            stream.down_at, stream.down_seq, stream.down_by = event.at, event.seq, event.by

    def _stream_event(self, event: StreamEvent) -> None:
        self.stream_events.append(event)
        if event.conn in self._open:
            self._open[event.conn].events.append(event)

    def _stream_lost(self, event: StreamLost) -> None:
        self.stream_lost.append(event)
        if event.conn in self._open:
            self._open[event.conn].lost.append(event)

    def _fault_event(self, event: Landed | Healed | Ledger) -> None:
        if event.fault >= len(self.faults):
            return
        record = self.faults[event.fault]
        if isinstance(event, Landed):
            record.landed.append(event)
        elif isinstance(event, Healed):
            record.healed = event
        else:
            record.status = event.status

    def _mark(self, event: Marked) -> None:
        self.marks.setdefault(event.intent, []).append(event)

    def _snapshot(self, event: Snapshot) -> None:
        self.snapshots[event.why] = event

    def _publish(self, event: Published) -> None:
        if self._part is None or self._part.published(event):
            self.published.append(event)

    def _gateway_call(self, event: GatewayCall) -> None:
        call = self._calls[event.id] = GatewayOp(event)
        self.gateway.append(call)

    def _gateway_result(self, event: GatewayResult) -> None:
        if event.id in self._calls:
            self._calls[event.id].result = event

    def _order(self, event: OrderTruth) -> None:
        order = self.orders.get(event.order)
        if order is not None and event.venue != order.first.venue:
            raise ValueError(f"two venues use the order id {event.order}: their orders cannot be told apart")
        if order is None:
            order = Order(event.order, event.created_as, event.symbol, event.side, event.foreign)
            self.orders[event.order] = order
            if event.call is not None and event.call in self.by_call:
                order.op = self.by_call[event.call]
                order.op.orders.append(order)
        order.changes.append(event)

    def _life(self, event: Started | Crashed | Reported | NoReport) -> None:
        life = self._lives.setdefault((event.instance, event.incarnation), Incarnation(event.incarnation))
        if isinstance(event, Started):
            life.started = event
        elif isinstance(event, Crashed):
            life.crashed = event
        elif isinstance(event, Reported):
            life.reported = event
        else:
            life.no_report = event

    def _attribute(self) -> None:
        for order in self.orders.values():
            if not order.foreign:
                order.intent = self.intent_for(order.created_as, order.symbol, order.side, order.first.at)
        for op in self.ops:
            if op.is_send and op.order is not None:
                op.intent = self.intent_for(op.client_id, op.order.symbol, op.order.side, op.sent_at)

    def _group(self) -> None:
        self._by_op: dict[str, list[Operation]] = {}
        self._by_id: dict[str, list[Operation]] = {}
        self._by_venue_id: dict[str, list[Operation]] = {}
        self._by_intent: dict[str, list[Operation]] = {}
        self._orders_by_intent: dict[str, list[Order]] = {}
        for op in self.ops:
            self._by_op.setdefault(op.request.op, []).append(op)
            if op.client_id is not None:
                self._by_id.setdefault(op.client_id, []).append(op)
            if op.request.venue_id is not None:
                self._by_venue_id.setdefault(op.request.venue_id, []).append(op)
            if op.intent is not None:
                self._by_intent.setdefault(op.intent.id, []).append(op)
        for order in self.orders.values():
            if order.intent is not None:
                self._orders_by_intent.setdefault(order.intent.id, []).append(order)

    def _doubt(self, op: Operation) -> Iterator[Doubt]:
        end = op.end
        if op.state == "ambiguous" and end is not None:
            first = min(self._evidence(op), key=lambda r: r.seq, default=None)
            yield Doubt(op, end.at, end.seq, first)

    def _assign_gateway(self) -> None:
        """Give every request to the gateway's call during which it was sent; where several ran at once, to the one
        with its client order id, else to the last."""
        calls = iter(self.gateway)
        coming = next(calls, None)
        running: list[GatewayOp] = []
        for op in self.ops if self.gateway else ():
            while coming is not None and coming.call.seq < op.seq:
                running.append(coming)
                coming = next(calls, None)
            running = [g for g in running if g.result is None or op.seq < g.result.seq]
            same_id = [g for g in running if op.client_id is not None and op.client_id in strings(g.call.args)]
            if running:
                (same_id or running)[-1].requests.append(op)

    # ------------------------------------------------------------------ requests
    def by_op(self, *names: str) -> list[Operation]:
        """All requests of these operations, in order of sending."""
        if len(names) == 1:
            return list(self._by_op.get(names[0], ()))
        return sorted((op for name in names for op in self._by_op.get(name, ())), key=lambda op: op.seq)

    def by_id(self, client_id: str) -> list[Operation]:
        """All requests about this client order id (by that id, not by the venue's)."""
        return list(self._by_id.get(client_id, ()))

    def sends_of(self, intent: Intent) -> list[Operation]:
        """Requests for new orders attributed to the intent."""
        return list(self._by_intent.get(intent.id, ()))

    def about(self, op: Operation) -> Iterator[Operation]:
        """Requests to the same venue about the order that ``op`` asked for, by its client id or by the venue's."""
        found = {other.seq: other for order in op.orders for other in self._by_venue_id.get(order.id, ())}
        if op.client_id is not None:
            found |= {other.seq: other for other in self._by_id.get(op.client_id, ())}
        for seq in sorted(found):
            if seq != op.seq and found[seq].request.venue == op.request.venue:
                yield found[seq]

    def last_send(self, client_id: str, before_seq: int) -> Operation | None:
        """The last request for a new order with this id that was sent before event ``before_seq``."""
        found = None
        for op in self._by_id.get(client_id, ()):
            if op.is_send and op.seq < before_seq:
                found = op
        return found

    def body(self, response: Response) -> str:
        """The text of an answer."""
        return self.history.body(response.body)

    # ------------------------------------------------------------------ doubt and proof
    def proves_absence(self, query: Operation) -> bool:
        """Whether this by-id query was answered "not found" and was sent late enough after the id's last send."""
        if query.request.op != "query" or query.state != "definite" or query.error != "not_found":
            return False
        if query.client_id is None:
            return False
        last = self.last_send(query.client_id, query.seq)
        return last is None or query.sent_at >= last.sent_at + self.absent_after - CLOCK_SLACK

    def _evidence(self, op: Operation) -> Iterator[Resolution]:
        """Everything that told the client what became of the order that ``op`` asked for."""
        for other in self.about(op):
            end = other.end
            if end is None or other.seq < op.seq:
                continue
            if other.is_send:
                if other.state == "ok":
                    yield Resolution("found", "resend", end.at, end.seq)
                elif other.error == "duplicate":
                    yield Resolution("found", "duplicate", end.at, end.seq)
            elif other.state == "ok":
                yield Resolution("found", "query" if other.request.op == "query" else "write", end.at, end.seq)
            elif self.proves_absence(other):
                yield Resolution("absent", "query", end.at, end.seq)
        names = [op.client_id] if op.client_id is not None else []
        venue_ids = {order.id for order in op.orders}
        for event in self.stream_events:
            if (
                event.venue == op.request.venue
                and event.seq > op.seq
                and (event.venue_id in venue_ids or event.client_id in names)
            ):
                yield Resolution("found", "stream", event.at, event.seq)
                break
        if op.client_id is None:
            names = [name for order in op.orders for name in order.names] + sorted(venue_ids)
        if names:
            token = re.compile(r"(?<![\w-])(?:" + "|".join(re.escape(n) for n in names) + r")(?![\w-])")
            for other in self.by_op(*LISTINGS):
                end = other.end
                if other.seq < op.seq or other.state != "ok" or not isinstance(end, Response):
                    continue
                if other.request.venue != op.request.venue:
                    continue
                if token.search(self.body(end)):
                    yield Resolution("found", "listing", end.at, end.seq)
                    break
                if op.client_id is not None and self._lacks(other, op):
                    yield Resolution("absent", "listing", end.at, end.seq)
                    break

    def _lacks(self, listed: Operation, op: Operation) -> bool:
        """Whether a list without the order proves that it is not there, at a venue that knows no query by client order
        id (trait ``lookup``)."""
        rule = self.trait("lookup")
        if not isinstance(rule, Mapping) or not listing.covers(listed, op):
            return False
        last = self.last_send(op.client_id or "", listed.seq) or op
        if listed.sent_at < last.sent_at + self.absent_after - CLOCK_SLACK:
            return False
        assert isinstance(listed.end, Response)
        sent = listing.seconds(self.scenario.epoch, op.sent_at)
        return listing.whole(rule, listed, self.body(listed.end), sent)

    def doubts_of(self, intent: Intent) -> list[Doubt]:
        """Doubts about order requests of the intent, in order of sending."""
        return [doubt for doubt in self.doubts if doubt.op.intent is intent]

    # ------------------------------------------------------------------ intents
    def intent_for(self, client_id: str | None, symbol: str, side: str | None, t: int) -> Intent | None:
        """The intent that an order with this client id, symbol and side belongs to, if sent at ``t``."""
        for tag, intent in self._tags:
            if client_id is not None and tag in client_id:
                return intent
        same = [
            i
            for i in self.scenario.intents
            if i.kind not in ("cancel", "amend", "watch", "halt")
            and (i.symbol is None or i.symbol == symbol)
            and (i.side is None or i.side == side)
            and ns(i.at) <= t
        ]
        live = [i for i in same if t < self.deadline(i)]
        if live:
            return live[0] if len(live) == 1 else None
        latest = [i for i in same if i.at == max(s.at for s in same)]
        return latest[0] if len(latest) == 1 else None

    def deadline(self, intent: Intent) -> int:
        """When the intent expires (None = ``until``), in nanoseconds of run time."""
        return self.until if intent.expires is None else ns(intent.expires)

    def orders_of(self, intent: Intent) -> list[Order]:
        """Orders on the venue that belong to the intent, in order of acceptance."""
        return list(self._orders_by_intent.get(intent.id, ()))

    @cached_property
    def own_orders(self) -> list[Order]:
        """Orders on the venue placed by the target, in order of acceptance."""
        return [order for order in self.orders.values() if not order.foreign]

    @cached_property
    def own_fills(self) -> list[FillTruth]:
        """Fills of the target's own orders."""
        return [fill for fill in self.fills if not fill.foreign]

    def filled(self, intent: Intent, seq: int) -> Decimal:
        """Base quantity filled for the intent just after event ``seq``."""
        return sum((order.filled_at(seq) for order in self.orders_of(intent)), ZERO)

    def working(self, intent: Intent, seq: int) -> Decimal:
        """Base quantity that the intent's working orders can still add just after event ``seq``."""
        return sum((order.working_at(seq) for order in self.orders_of(intent)), ZERO)

    def quote_filled(self, intent: Intent, seq: int) -> Decimal:
        """Quote amount of the intent's fills just after event ``seq``."""
        states = (order.state_at(seq) for order in self.orders_of(intent))
        return sum((Decimal(s.quote_filled) for s in states if s is not None), ZERO)

    def quote_working(self, intent: Intent, seq: int) -> Decimal:
        """Quote amount that the intent's working limit orders can still add (market orders: they end at once)."""
        states = (order.state_at(seq) for order in self.orders_of(intent))
        return sum((working(s) * Decimal(s.price) for s in states if s is not None and s.price is not None), ZERO)

    # ------------------------------------------------------------------ the record
    @property
    def end(self) -> int:
        """A sequence number behind all events."""
        return self.events[-1].seq + 1 if self.events else 0

    def at(self, seq: int) -> int:
        """When event ``seq`` (one of ``events``) happened, in nanoseconds of run time."""
        return self.events[bisect_left(self.events, seq, key=lambda event: event.seq)].at

    # ------------------------------------------------------------------ the target
    @property
    def last_incarnation(self) -> Incarnation | None:
        """The last life of the target."""
        return self.incarnations[-1] if self.incarnations else None

    @property
    def reported(self) -> Reported | None:
        """The event of the last incarnation's report; None where there is none."""
        last = self.last_incarnation
        return None if last is None else last.reported

    @property
    def report(self) -> Report | None:
        """The last incarnation's report."""
        if self._report is None and self.reported is not None:
            told = self.reported.report
            self._report = Report.model_validate(told if self._part is None else self._part.report(told))
        return self._report

    @property
    def no_report(self) -> NoReport | None:
        """Why the last incarnation ended without a report; None where it reported."""
        last = self.last_incarnation
        return None if last is None else last.no_report

    @property
    def crashes(self) -> list[Crashed]:
        """All crashes."""
        return [life.crashed for life in self.incarnations if life.crashed is not None]

    def memo(self, name: str, build: Callable[[Index], T]) -> T:
        """What ``build`` makes of this history, made once under ``name``: for look-ups that several checks share."""
        if name not in self._memo:
            self._memo[name] = build(self)
        return cast(T, self._memo[name])

    # ------------------------------------------------------------------ the venue
    def trait(self, name: str) -> Any:
        """A declared trait of the venue; None where it is undeclared or its confidence too low to judge by."""
        trait = self.traits.get(name)
        if isinstance(trait, Mapping) and "value" in trait:
            return trait["value"] if trait.get("confidence", "documented") in JUDGED else None
        return trait

    def name_of(self, venue: int) -> str:
        """A venue in words: 0 is the main one, n the n-th fallback."""
        header = self.history.header
        return header.fallbacks[venue - 1].name if venue else str(header.scenario.get("venue", "the main venue"))

    @property
    def healed_at(self) -> int:
        """When the last fault was over (0 if there was none)."""
        return max((record.healed.at for record in self.faults if record.healed is not None), default=0)


def ns(seconds: float) -> int:
    """Nanoseconds of run time."""
    return round(seconds * NS)


def strings(value: Any) -> set[str]:
    """All strings inside plain data (msgspec structs included)."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {text for item in value.values() for text in strings(item)}
    if isinstance(value, list | tuple):
        return {text for item in value for text in strings(item)}
    if isinstance(value, msgspec.Struct):
        return strings(msgspec.to_builtins(value))
    return set()
