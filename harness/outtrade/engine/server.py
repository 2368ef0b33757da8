"""The venue inside the World: requests in, faults applied, answers out, everything on the record.

One HTTP request takes this way. *Send*: the client's last byte left; the Request is recorded, crash points before and
after sending fire. *Arrive*, one network delay later: the fault pipeline decides; the front door (``admit``), then
the engine (``execute``: state moves here), then the Answer is on the record, whatever happens to it afterwards.
*Deliver*, one more delay later: the client has the bytes (Response), or sees something else (Broken).

A lost answer (`LostAnswer`) hides its truth: pushed events are held back until the client's first read after it, so
that nothing but a query can tell the accepted case from its twin. Rules of the pipeline: the first fault of the plan
that matches decides about the answer; faults of the exchange (partial fill, cancel race, ...) act beside it; a fault
that could not take effect waits for the next matching operation (``outtrade.faults.plan``).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outtrade.engine.absence import lists_nothing
from outtrade.engine.delays import Delays, Way
from outtrade.engine.holding import Holding
from outtrade.engine.operations import Operations
from outtrade.engine.outages import Outages
from outtrade.engine.pushes import EVENT_GAP, Pushes
from outtrade.engine.recorder import RunRecorder
from outtrade.engine.seam import Carrier, Planned, Surroundings
from outtrade.faults import symptoms
from outtrade.faults.plan import Armed, Plan
from outtrade.model.fault import (
    READS,
    WRITES,
    CancelRace,
    Crash,
    DelayedFill,
    Duplicated,
    Forbidden,
    Latency,
    LateRequest,
    LostAnswer,
    PartialFill,
    Pause,
    RateLimit,
    StreamEarly,
    Trickle,
    Visibility,
)
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Connect,
    Crashed,
    Deadlocked,
    FillTruth,
    Healed,
    Marked,
    OrderParams,
    OrderTruth,
    Request,
    Resolve,
    Response,
    Slept,
    SwitchTruth,
    Wait,
)
from outtrade.model.scenario import Scenario
from outtrade_mocks.core.events import CountdownChange, Fill, OrderChange
from outtrade_mocks.venues.api import Call, Commit, Desk, HttpAnswer, HttpRequest, Reading, Session, Venue

if TYPE_CHECKING:
    from outtrade.engine.link import Link


MARK_AGAIN = 1.0
"""Seconds after an intent falls due at which its price is recorded once more: whoever asks then sees that one."""


class Exchange:
    """One request under way: its number, its parsed call, the connection that waits for the answer, and the desk that
    deals with it (the venue, or the session of a WebSocket)."""

    __slots__ = ("call", "desk", "link", "number", "sent")

    def __init__(self, number: int, call: Call, link: Link, sent: int, desk: Desk) -> None:
        self.number = number
        self.call = call
        self.link = link
        self.sent = sent
        self.desk = desk

    @property
    def framed(self) -> bool:
        """Whether it came in a WebSocket frame."""
        return self.call.method == "WS"


class Server:
    """Serves one venue in its surroundings (mostly a World) under one fault plan, recording everything."""

    def __init__(
        self,
        world: Surroundings,
        venue: Venue,
        plan: Plan,
        recorder: RunRecorder,
        scenario: Scenario,
        numbers: Iterator[int],
    ) -> None:
        """``numbers``: of the requests; venues of one run take them from the same."""
        self.world = world
        self.venue = venue
        self.plan = plan
        self.recorder = recorder
        self.scenario = scenario
        self.delays = Delays(scenario.latency, scenario.seed)
        self.heal_at = int((scenario.until - scenario.bounds.settle) * NS)
        """No fault outlasts this run time."""
        self.links: dict[int, Link] = {}
        self.numbers = numbers
        self.calls = 0
        """How many requests came."""
        self.current: Exchange | None = None
        self.pushes = Pushes(self)
        self.outages = Outages(self)
        self.operations = Operations(self)
        self.holding = Holding(self)
        self.veils: list[tuple[int, int, Armed]] = []
        """Delayed visibility: (until, as_of, fault), venue time."""
        self.event_first = bool(scenario.knobs.get("event_first", False))
        self.carrier: Carrier | None = None
        """Who does network faults instead of us, where there is somebody."""
        self._pending_partial: Armed | None = None
        self._due: Planned | None = None
        venue.on_push(self.pushes.pushed)
        venue.on_truth(self._truth)

    # ------------------------------------------------------------------ set-up
    def install(self) -> None:
        """Listen on the venue's hosts and schedule the windows of the plan."""
        from outtrade.engine.link import Link

        net = self.world.net
        for host, port in dict.fromkeys((*self.venue.rest_hosts, *self.venue.stream_hosts)):
            net.listen(host, port, lambda conn: Link(self, conn))
        self.world.observer = self
        self.outages.install()
        self.operations.install()
        self.holding.install()
        self.at(self.heal_at, self.pushes.release)
        for intent in self.scenario.intents:
            if intent.kind == "trade" and intent.symbol in self.scenario.symbols:
                for seconds in (intent.at, intent.at + MARK_AGAIN):
                    self.at(int(seconds * NS), self._mark, intent.id, intent.symbol)
        self.tick()

    def at(self, run_ns: int, action: Any, *args: Any) -> None:
        """Schedule something at a run time; it does not count as what could end a wait."""
        self.world.call_at(self.world.epoch_ns + max(run_ns, 0), action, *args, background=True)

    def later(self, seconds: float, action: Any, *args: Any) -> None:
        """Schedule something that may end a wait of the client."""
        self.world.call_later(seconds, action, *args)

    def carry(self, link: Link, way: Way, seconds: float, action: Any, *args: Any, after: float = 0.0) -> None:
        """Schedule what a message does where it arrives, ``seconds`` from now; the first ``after`` of these pass before
        it leaves. It arrives after what left before it on the same connection. It may end a wait of the client."""
        left, at = self.world.now + round(after * NS), self.world.now + round(seconds * NS)
        last_left, last_arrival = link.lanes[way]
        if left < last_left:  # that one has not left yet
            at = min(at, last_arrival - 1)
        else:
            at = max(at, last_arrival)
            link.lanes[way] = left, at
        self.world.call_at(at, action, *args)

    # ------------------------------------------------------------------ time of the venue
    def tick(self) -> None:
        """Let the venue do what is due by itself, and come back when it next has something to do."""
        due = self.venue.next_time()
        if self._due is not None:
            if self._due.time == due:
                return
            self._due.cancel()
            self._due = None
        if due is not None:
            self._due = self.world.call_at(due, self._tick, background=True)

    def _tick(self) -> None:
        self._due = None
        self.venue.advance(self.world.now)
        self.tick()

    def _mark(self, intent: str, symbol: str) -> None:
        """Record the mid price from which the slippage of an intent counts."""
        self.venue.advance(self.world.now)
        mid = self.venue.truth()["mids"].get(symbol)
        if mid is not None:
            self.recorder.add(Marked(intent=intent, symbol=symbol, mid=mid))

    # ------------------------------------------------------------------ what the World reports
    def resolved(self, host: str, ok: bool) -> None:
        """A look-up by the client."""
        self.recorder.add(Resolve(host=host, ok=ok))

    def connected(self, conn: int, host: str, port: int, outcome: Any) -> None:
        """A connection attempt by the client."""
        life = self.recorder.life_of(self.world.net.dialling)
        self.recorder.add(
            Connect(
                conn=conn,
                host=host,
                port=port,
                outcome=outcome,
                incarnation=life.incarnation,
                instance=life.instance,
            )
        )

    def client_closed(self, conn: int, how: Any) -> None:
        """The client closed or reset a connection (a killed client's are reset by the system)."""
        link = self.links.get(conn)
        if link is not None:
            link.client_closed(how)

    def slept(self, seconds: float) -> None:
        """The agent sleeps."""
        self.recorder.add(Slept(duration=round(seconds, 9)))

    def deadlocked(self, waits: list[tuple[str, str, str]]) -> None:
        """The agent has returned, and some of its threads wait for each other."""
        told = tuple(Wait(thread=name, call=call, where=line) for name, call, line in waits)
        self.recorder.add(Deadlocked(incarnation=self.recorder.incarnation, waits=told))

    def escaped(self, what: str) -> None:
        """The agent tried something that the World cannot simulate; it got an error instead."""
        from outtrade.engine.results import ESCAPE
        from outtrade.model.history import Log

        self.recorder.add(Log(incarnation=self.recorder.incarnation, stream="world", text=f"{ESCAPE}{what}"))

    # ------------------------------------------------------------------ landing and healing
    def landed_once(self, armed: Armed, **where: Any) -> None:
        """Record that a fault took effect, the first time only."""
        if not armed.fired:
            self.recorder.add(armed.landed(**where))

    def heal(self, armed: Armed) -> None:
        """Record that a fault is over, once."""
        if not armed.healed:
            armed.healed = True
            self.recorder.add(Healed(fault=armed.index))

    # ------------------------------------------------------------------ crash points
    def crash(
        self,
        point: str,
        op: str,
        exchange: Exchange | None = None,
        asked: Call | None = None,
        link: Link | None = None,
    ) -> bool:
        """Kill the agent if the plan says so at this point of a request (or before it: ``asked``, on ``link``); of
        several copies the one whose request it is."""
        call = None if exchange is None else exchange.number
        by = link if exchange is None else exchange.link
        life = self.recorder.life_of(None if by is None else by.conn)
        about = exchange.call if exchange is not None else asked
        self._pause(point, op, call, about)
        for armed in self.plan.of("crash"):
            fault = armed.fault
            assert isinstance(fault, Crash)
            if fault.point == point and not life.dead:
                counted = fault.on.op if point == "after_store_set" else op
                run = self.world.run_ns
                tag = None if about is None or fault.on.tag is None else self.plan.tag_of(about, run)
                if not self.plan.fits(fault.on, about):
                    continue
                if armed.offered(counted, run, None if about is None else about.symbol, tag):
                    armed.occurred = True
                    self.recorder.add(armed.landed(call=call, detail=point))
                    self.recorder.add(
                        Crashed(incarnation=life.incarnation, instance=life.instance, point=point, fault=armed.index)
                    )
                    life.dead, life.fault = True, armed.index
                    (life.kill or self.world.kill)()
                    return True
        return False

    def _pause(self, point: str, op: str, number: int | None, about: Call | None) -> None:
        """Let the agent stand still if the plan says so at this point of a request."""
        for armed in self.plan.of("pause"):
            if isinstance(armed.fault, Pause) and armed.fault.point == point and about is not None:
                tag = None if armed.fault.on.tag is None else self.plan.tag_of(about, self.world.run_ns)
                if self.plan.fits(armed.fault.on, about) and armed.offered(op, self.world.run_ns, about.symbol, tag):
                    armed.occurred = True
                    self.freeze(armed, number)

    def freeze(self, armed: Armed, call: int | None = None) -> None:
        """The process under test stands still from now on, at most until everything is to be healed."""
        assert isinstance(armed.fault, Pause)
        seconds = min(armed.fault.duration, max(0.0, (self.heal_at - self.world.run_ns) / NS))
        if seconds > 0 and self.world.freeze(seconds):
            self.recorder.add(armed.landed(call=call, detail=armed.fault.point))
            self.at(self.world.run_ns + round(seconds * NS), self.heal, armed)

    def stored(self) -> None:
        """The agent made something durable."""
        self.crash("after_store_set", "store")

    # ------------------------------------------------------------------ a request: send, arrive, deliver
    def sent(self, link: Link, request: HttpRequest) -> None:
        """The client's last byte of an HTTP request has left."""
        call = self.venue.read(request)
        if self.crash("before_send", call.op, asked=call, link=link):
            return
        exchange = self.opened(link, call, request.host, request.body, self.venue)
        self._depart(exchange)
        self.crash("after_send", call.op, exchange)

    def asked(self, link: Link, session: Session, call: Call, text: str) -> None:
        """A text frame of the client has left. Only what reads or changes the account can crash it."""
        about_account = call.op in READS or call.op in WRITES
        if about_account and self.crash("before_send", call.op, asked=call, link=link):
            return
        exchange = self.opened(link, call, link.host, text.encode("utf-8", "replace"), session)
        self._depart(exchange)
        if about_account:
            self.crash("after_send", call.op, exchange)

    def _depart(self, exchange: Exchange) -> None:
        """The request is on its way to the venue; it may take its time."""
        seconds, call = self.delays.up(exchange.call.op), exchange.call
        about_account = not exchange.framed or call.op in READS or call.op in WRITES
        late = self.plan.match(call, self.world.run_ns, "late_request") if about_account else None
        if late is not None:
            assert isinstance(late.fault, LateRequest)
            seconds += late.fault.delay
            self.recorder.add(late.landed(call=exchange.number))
            self.later(seconds, self.heal, late)
        self.carry(exchange.link, "up", seconds, self.arrive, exchange)

    def opened(self, link: Link, call: Call, host: str, body: bytes, desk: Desk) -> Exchange:
        """Number a request and put it on the record."""
        self.calls += 1
        life = self.recorder.life_of(link.conn)
        exchange = Exchange(next(self.numbers), call, link, self.world.run_ns, desk)
        link.waiting[exchange.number] = exchange
        self.recorder.add(
            Request(
                call=exchange.number,
                conn=link.conn.id,
                incarnation=life.incarnation,
                instance=life.instance,
                op=call.op,
                method=call.method,
                host=host,
                path=call.path,
                params=call.params,
                signed=call.signed,
                symbol=call.symbol,
                client_id=call.client_id,
                venue_id=call.venue_id,
                order=OrderParams(**call.order) if call.order else None,
                body=self.recorder.history.intern(body.decode("utf-8", "replace")),
                digest=call.digest,
            )
        )
        if call.order and (call.order.get("stop_price") is not None or call.order.get("type") == "trailing_stop"):
            self._mark("", str(call.order.get("symbol")))
        return exchange

    def arrive(self, exchange: Exchange) -> None:
        """The request has reached the venue."""
        link, call = exchange.link, exchange.call
        if self.outages.swallowed(link):
            return
        now, run = self.world.now, self.world.run_ns
        if exchange.framed and (link.session is not exchange.desk or self.outages.hushed(link)):
            return
        self.venue.advance(now)
        fault = self._lasting(run, exchange) or self._fault(exchange)
        if fault is not None and fault.kind in ("rate_limit", "ban", "forbidden", "reject"):
            self._refuse(exchange, fault)
            return
        if call.op in READS and self.pushes.held:
            self.pushes.release()
        self.operations.told(exchange)
        refused = exchange.desk.admit(call, now + self.operations.skew())
        if refused is not None:
            reading = self._answered(exchange, refused, executed=False)
            self.deliver(exchange, refused, reading)
            return
        if fault is not None and isinstance(fault.fault, LostAnswer):
            self._lose(exchange, fault, fault.fault)
            return
        answer, reading, delay = self._execute(exchange)
        if self._crash_after_commit(exchange):
            return
        if fault is not None and isinstance(fault.fault, Duplicated) and reading.outcome == "ok":
            self.later(fault.fault.after, self._again, exchange, fault, answer, reading, delay)
        elif fault is not None and isinstance(fault.fault, Latency):
            self.recorder.add(fault.landed(call=exchange.number))
            self.heal(fault)
            gap = delay + (EVENT_GAP if self.event_first else 0.0)
            carrier = None if exchange.framed else self.carrier
            if carrier is None or not carrier.delay(exchange, answer, reading, fault, gap):
                self.deliver(exchange, answer, reading, delay=delay + fault.fault.delay, fault=fault)
        elif fault is not None and isinstance(fault.fault, Trickle):
            self.recorder.add(fault.landed(call=exchange.number))
            self.heal(fault)
            if self.carrier is None or not self.carrier.drip(exchange, answer, reading, fault, fault.fault):
                self._trickle(exchange, answer, reading, fault, fault.fault)
        else:
            self.deliver(exchange, answer, reading, delay=delay)

    def _fault(self, exchange: Exchange) -> Armed | None:
        """The fault that decides about the answer. Of frames only those about the account count as operations, and
        none comes piece by piece."""
        call, run = exchange.call, self.world.run_ns
        kinds = ("rate_limit", "ban", "reject", "lost_answer", "duplicated", "latency")
        if not exchange.framed:
            return self.plan.match(call, run, *kinds, "trickle", "forbidden")
        return self.plan.match(call, run, *kinds) if call.op in READS or call.op in WRITES else None

    def _again(self, exchange: Exchange, armed: Armed, first: HttpAnswer, reading: Reading, delay: float) -> None:
        """The second copy of a request arrives; the client sees only what the venue says to that one.

        A copy of a place whose order no longer rests would be a second order that nobody sent: it is dropped instead,
        and the fault waits for another request. A copy that is turned away at the front door (its nonce was used, a
        limit is reached) was not read, and its answer speaks of the copy alone: the client gets the first answer.
        """
        call, now = exchange.call, self.world.now
        self.venue.advance(now)
        if call.op == "place" and self.venue.find(call) is None:
            self.deliver(exchange, first, reading, delay=delay)
            return
        refused = exchange.desk.admit(call, now)
        self.recorder.add(armed.landed(call=exchange.number, detail="" if refused is None else "copy turned away"))
        self.heal(armed)
        if refused is not None:
            self.deliver(exchange, first, reading, delay=delay, fault=armed)
            return
        answer = exchange.desk.render(exchange.desk.execute(call, now), now)
        self.tick()
        self.deliver(exchange, answer, None, fault=armed)

    def _crash_after_commit(self, exchange: Exchange) -> bool:
        op = exchange.call.op
        died = self.crash("after_commit", op, exchange)
        if not died and op == "cancel":
            died = self.crash("during_cancel", op, exchange)
        return died

    def _lasting(self, run: int, exchange: Exchange) -> Armed | None:
        """The refusal that goes on. A firewall looks at HTTP, not into frames."""
        kinds = ("rate_limit", "ban") if exchange.framed else ("rate_limit", "ban", "forbidden")
        for armed in self.plan.of(*kinds):
            if armed.fired and run < armed.until:
                return armed
        return None

    def _refuse(self, exchange: Exchange, armed: Armed) -> None:
        """429, 418, 403 or an injected rejection: nothing executed, but for one form of the 403."""
        fault, run, now = armed.fault, self.world.run_ns, self.world.now
        until: int | None = None
        retry_after: int | None = None
        reason, executed = "ban", False
        if fault.kind == "rate_limit" or fault.kind == "ban" or fault.kind == "forbidden":
            reason = "rate" if fault.kind == "rate_limit" else "ban"
            if run >= armed.until:
                armed.until = min(run + int(fault.duration * NS), max(self.heal_at, run + NS))
                self.recorder.add(armed.landed(call=exchange.number))
                self.at(armed.until, self.heal, armed)
                if isinstance(fault, Forbidden) and fault.truth != "told" and exchange.call.op in WRITES:
                    self.pushes.hold(armed)
                    executed = fault.truth == "committed" and self._behind(exchange, armed)
            left = armed.until - run
            until = now + left
            if not isinstance(fault, Forbidden) and fault.retry_after:
                retry_after = -(-left // NS)
        else:
            assert fault.kind == "reject"
            reason = fault.reason
            self.recorder.add(armed.landed(call=exchange.number))
            self.heal(armed)
        if isinstance(fault, Forbidden) or (isinstance(fault, RateLimit) and fault.page and not exchange.framed):
            answer = symptoms.html_page(403 if isinstance(fault, Forbidden) else 429, retry_after=retry_after)
        else:
            answer = exchange.desk.refusal(reason, now, call=exchange.call, retry_after=retry_after, until=until)
        reading = None if executed else self._answered(exchange, answer, executed=False, fault=armed)
        if not (executed and self._crash_after_commit(exchange)):
            self.deliver(exchange, answer, reading, fault=armed)

    def _behind(self, exchange: Exchange, armed: Armed) -> bool:
        """Let the venue carry out what is answered by somebody before it; False where it would not look at it."""
        if exchange.desk.admit(exchange.call, self.world.now + self.operations.skew()) is not None:
            return False
        self._execute(exchange, fault=armed)
        return True

    def _lose(self, exchange: Exchange, armed: Armed, fault: LostAnswer) -> None:
        """Commit then lose the answer, or its twin: nothing committed, the same bytes."""
        read = exchange.call.op in READS
        self.recorder.add(armed.landed(call=exchange.number, detail=fault.symptom))
        if not read:
            self.pushes.hold(armed)
        if read or fault.committed:
            self._execute(exchange, fault=armed)
            if self._crash_after_commit(exchange):
                return
        else:
            self.recorder.add(
                Answer(call=exchange.number, status=0, executed=False, outcome="ambiguous", fault=armed.index)
            )
        if read or self.world.run_ns >= self.heal_at:
            self.heal(armed)
        carrier = None if exchange.framed else self.carrier
        if carrier is None or not carrier.lose(exchange, armed, fault):
            symptoms.show(self, exchange, armed, fault)

    def _execute(self, exchange: Exchange, *, fault: Armed | None = None) -> tuple[HttpAnswer, Reading, float]:
        """Let the engine carry out the call, with the exchange's own faults; returns answer, reading, extra delay."""
        call, now = exchange.call, self.world.now
        thinned = self._before(call)
        pushes = self.pushes.count
        self.current = exchange
        try:
            commit = exchange.desk.execute(call, now, as_of=self._as_of(exchange))
        finally:
            self.current = None
        answer = exchange.desk.render(commit, now)
        if exchange.framed:
            exchange.link.executed()
        reading = self._answered(exchange, answer, executed=True, fault=fault)
        self.holding.read(call.op)
        if reading.outcome == "ok":
            self.operations.listed(exchange)
        delay = 0.0
        if reading.outcome == "ok" and call.op in ("place", "cancel", "cancel_replace"):
            self._after(exchange, commit, thinned)
            if self.pushes.count > pushes and self.pushes.live():
                delay = self._early(exchange)
        self.tick()
        return answer, reading, delay

    def _read(self, exchange: Exchange, answer: HttpAnswer) -> Reading:
        """How the answer is to be read; a good answer to a by-id query may be the venue's way to say "not found"."""
        reading = exchange.desk.interpret(answer.status, answer.headers, answer.body, self.world.now)
        if exchange.call.op == "query" and reading.outcome == "ok" and lists_nothing(self.venue, answer.body):
            return Reading("definite", "not_found", None, "an empty list")
        return reading

    def _answered(
        self, exchange: Exchange, answer: HttpAnswer, *, executed: bool, fault: Armed | None = None
    ) -> Reading:
        reading = self._read(exchange, answer)
        self.recorder.add(
            Answer(
                call=exchange.number,
                status=answer.status,
                code=reading.code,
                executed=executed,
                outcome=reading.outcome,
                error=reading.error,  # type: ignore[arg-type]
                fault=None if fault is None else fault.index,
            )
        )
        return reading

    # ------------------------------------------------------------------ faults of the exchange itself
    def _before(self, call: Call) -> Armed | None:
        run = self.world.run_ns
        if call.op == "place":
            armed = self.plan.match(call, run, "partial_fill")
            if armed is not None:
                assert isinstance(armed.fault, PartialFill)
                if self.venue.thin(call, Decimal(str(armed.fault.fraction))):
                    return armed
                self._pending_partial = armed
        elif call.op == "cancel":
            armed = self.plan.match(call, run, "cancel_race")
            if armed is not None:
                assert isinstance(armed.fault, CancelRace)
                order = self.venue.find(call)
                if order is not None and self.venue.fill(order, Decimal(str(armed.fault.fraction))):
                    self.recorder.add(armed.landed(order=order))
                    self.heal(armed)
        return None

    def _after(self, exchange: Exchange, commit: Commit, thinned: Armed | None) -> None:
        run = self.world.run_ns
        call = exchange.call
        order = commit.order_ids[-1] if commit.order_ids else None
        pending, self._pending_partial = self._pending_partial, None
        if call.op == "place" and order is not None:
            self.operations.placed(call, order)
            if thinned is not None:
                self.recorder.add(thinned.landed(order=order, call=exchange.number))
                self.heal(thinned)
            elif pending is not None:
                assert isinstance(pending.fault, PartialFill)
                self.later(pending.fault.after, self._fill, pending, order, pending.fault.fraction)
            armed = self.plan.match(call, run, "delayed_fill")
            if armed is not None:
                assert isinstance(armed.fault, DelayedFill)
                self.later(armed.fault.after, self._fill, armed, order, 1.0)
        armed = self.plan.match(call, run, "visibility")
        if armed is not None:
            assert isinstance(armed.fault, Visibility)
            now = self.world.now
            self.veils.append((now + int(armed.fault.delay * NS), now - 1, armed))

    def _fill(self, armed: Armed, order: str, fraction: float) -> None:
        if armed.fired >= armed.fault.on.times:
            return
        self.venue.advance(self.world.now)
        if self.venue.fill(order, Decimal(str(fraction))):
            self.recorder.add(armed.landed(order=order))
            self.heal(armed)
        self.tick()

    def _as_of(self, exchange: Exchange) -> int | None:
        """What a read may see now: the past, while a veil hides the latest writes; of the clock, what it shows."""
        if exchange.call.op == "time" and (skew := self.operations.skew()):
            return self.world.now + skew
        if exchange.call.op not in READS or not self.veils:
            return None
        now = self.world.now
        for until, _, armed in self.veils:
            if until <= now and armed.fired:
                self.heal(armed)
        self.veils = [veil for veil in self.veils if veil[0] > now]
        if not self.veils:
            return None
        for _, _, armed in self.veils:
            self.landed_once(armed, call=exchange.number)
        return min(as_of for _, as_of, _ in self.veils)

    def _early(self, exchange: Exchange) -> float:
        armed = self.plan.match(exchange.call, self.world.run_ns, "stream_early")
        if armed is None:
            return 0.0
        assert isinstance(armed.fault, StreamEarly)
        self.recorder.add(armed.landed(call=exchange.number))
        self.heal(armed)
        return armed.fault.delay

    # ------------------------------------------------------------------ answers on their way
    def deliver(
        self,
        exchange: Exchange,
        answer: HttpAnswer,
        reading: Reading | None,
        *,
        delay: float = 0.0,
        fault: Armed | None = None,
    ) -> None:
        """Send an answer; it reaches the client one network delay (plus ``delay``) later."""
        gap = EVENT_GAP if self.event_first else 0.0
        link, seconds = exchange.link, self.delays.down(exchange.call.op) + delay + gap
        self.carry(link, "down", seconds, self._delivered, exchange, answer, reading, fault, after=delay + gap)

    def _delivered(self, exchange: Exchange, answer: HttpAnswer, reading: Reading | None, fault: Armed | None) -> None:
        link = exchange.link
        if self.outages.swallowed(link) or not link.open:
            return
        if exchange.framed:
            self._framed(exchange, answer, reading, fault)
            return
        self.record_response(exchange, answer, reading, fault)
        link.send(link.frame(answer))
        self.crash("after_ack", exchange.call.op, exchange)

    def _framed(self, exchange: Exchange, answer: HttpAnswer, reading: Reading | None, fault: Armed | None) -> None:
        if self.outages.hushed(exchange.link):
            return
        reading = self.record_response(exchange, answer, reading, fault)
        exchange.link.reply(exchange, answer, reading.outcome)
        if exchange.call.op in READS or exchange.call.op in WRITES:
            self.crash("after_ack", exchange.call.op, exchange)

    def record_response(
        self, exchange: Exchange, answer: HttpAnswer, reading: Reading | None, fault: Armed | None
    ) -> Reading:
        """All bytes of an answer have reached the client; returns how they are to be read."""
        reading = reading or self._read(exchange, answer)
        exchange.link.waiting.pop(exchange.number, None)
        self.recorder.add(
            Response(
                call=exchange.number,
                conn=exchange.link.conn.id,
                status=answer.status,
                headers=answer.headers,
                body=self.recorder.history.intern(answer.body.decode("utf-8", "replace")),
                code=reading.code,
                message=reading.message,
                outcome=reading.outcome,
                error=reading.error,  # type: ignore[arg-type]
                retry_after=reading.retry_after,
                fault=None if fault is None else fault.index,
            )
        )
        return reading

    def _trickle(self, exchange: Exchange, answer: HttpAnswer, reading: Reading, armed: Armed, fault: Trickle) -> None:
        data = exchange.link.frame(answer)
        size = max(1, -(-len(data) // fault.chunks))
        pieces = [data[i : i + size] for i in range(0, len(data), size)]

        def piece(number: int) -> None:
            link = exchange.link
            if self.outages.swallowed(link) or not link.open:
                return
            if number == len(pieces) - 1:
                self.record_response(exchange, answer, reading, armed)
            link.send(pieces[number])

        seconds = self.delays.down(exchange.call.op)
        for number in range(len(pieces)):
            pause = number * fault.pause
            self.carry(exchange.link, "down", seconds + pause, piece, number, after=pause)

    def settle(self) -> None:
        """The run is over: nothing is hidden any more, and requests still open will stay so."""
        self.venue.advance(self.world.now)
        self.pushes.release()
        for link in list(self.links.values()):
            for number in link.waiting:
                self.recorder.add(Broken(call=number, conn=link.conn.id, how="unanswered"))
            link.waiting.clear()

    # ------------------------------------------------------------------ truth and pushes
    def _truth(self, change: Any) -> None:
        if not self.recorder.keeps and not self.plan.all:
            return
        call = self.current.number if self.current is not None else None
        if isinstance(change, OrderChange):
            data = self.venue.order_truth(change)
            self.plan.orders.note(data)
            life = self.recorder.life_of(self.current.link.conn if self.current is not None else None)
            self.recorder.add(OrderTruth(**data, call=call, incarnation=life.incarnation))
        elif isinstance(change, Fill):
            self.recorder.add(FillTruth(**self.venue.fill_truth(change)))
        elif isinstance(change, CountdownChange):
            if change.account == self.venue.holder.account.name:
                timeout = max(0, change.due - change.time) / NS
                by = call if change.cause == "request" else None
                self.recorder.add(SwitchTruth(state=change.why, timeout=timeout, symbol=change.symbol, call=by))
        else:
            self.holding.told(change)
