"""The fixed driver: plays the intents of a task through a gateway and writes down what the gateway says.

The driver is careful so that the gateway has every chance: one client order id per order, a question by that id
wherever the gateway is in doubt, ``absent_after`` seconds before "not found" is believed, pauses where the exchange
asks for them. Its own decisions are never scored; what the gateway states is (``GatewayCall``, ``GatewayResult``).

One script (a coroutine) per intent, written once. For an asyncio gateway the scripts are tasks of the running loop;
for a blocking one a small scheduler runs them in turn and sleeps in between (``_Turns``)::

    intent ──► submit ──ok──────────────► follow: open orders, order ──► cancel at the deadline ──► report
                  │                          ▲
                  └─ambiguous, unavailable─► ask by client id ──not found after absent_after──► submit again

What was sent is put into the task's store before it is sent: a driver that is started again after a crash asks for
those orders first.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal, cast

from pydantic import BaseModel

from outtrade.model.history import Event, GatewayCall, GatewayResult
from outtrade.model.task import Alert, BalanceView, FillView, Intent, OrderView, Outcome, PositionView, Report, Task
from outtrade.targets.access import VenueAccess
from outtrade.targets.gateway import MEANINGS, OrderRef, OrderRequest
from outtrade_mocks import venues

POLL = 10.0
"""Seconds between two looks at a working order."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds before the first repetition of a question, and the most between two."""
SILENCE = 60.0
"""Seconds of pause after "rate limited" where the gateway cannot say how long."""
SENDS = 3
"""How often one order is sent at most, each time after its absence was proved."""
CLEAN_UP, CLOSING = 30.0, 20.0
"""Seconds before ``until`` at which working orders are cancelled, and at which the final books are asked for."""

ENDED = frozenset({"filled", "cancelled", "rejected", "expired"})
Runner = Callable[[Task, VenueAccess], Report | Awaitable[Report]]
Pause = Callable[[float], Awaitable[None]]


def bind(make: Callable[[], Any], *, is_async: bool) -> Runner:
    """The driver bound to a gateway that ``make`` creates for each incarnation."""
    if is_async:

        async def run_async(task: Task, venue: VenueAccess) -> Report:
            return await Driver(task, venue, make(), pause=asyncio.sleep).run_async()

        return run_async

    def run(task: Task, venue: VenueAccess) -> Report:
        turns = _Turns()
        return Driver(task, venue, make(), pause=turns.pause).run(turns)

    return run


LegState = Literal["new", "doubt", "live", "ended", "absent", "refused"]


def client_id_of(venue: str, tag: str, leg: int) -> str:
    """The client order id of a leg, within the alphabet that the venue declares (trait ``id_pattern``).

    >>> client_id_of("kraken_spot", "L2GJMN4G", 1), client_id_of("okx", "L2GJMN4G", 1)
    ('ot-L2GJMN4G-1', 'otL2GJMN4Gn1')
    """
    usual = f"ot-{tag}-{leg}"
    pattern = venues.load(venue).traits["id_pattern"].value if venue in venues.NAMES else None
    return usual if pattern is None or re.search(pattern, usual) else f"ot{tag}n{leg}"


@dataclass(slots=True)
class Leg:
    """One order of an intent. ``state``: new, doubt, live, ended, absent (proved), refused (said the gateway)."""

    request: OrderRequest
    intent: Intent
    state: LegState = "new"
    sent_at: float = 0.0
    view: OrderView | None = None
    reason: str = ""

    @property
    def ref(self) -> OrderRef:
        """By the exchange's id once the gateway has told it."""
        venue_id = self.view.venue_ids[0] if self.view is not None and self.view.venue_ids else None
        return OrderRef(client_id=self.request.client_id, venue_id=venue_id, symbol=self.request.symbol)

    @property
    def filled(self) -> Decimal:
        return self.view.filled if self.view is not None else Decimal(0)


@dataclass(slots=True)
class State:
    """What became of an intent so far. ``stop``: a cancel or flatten wants it to end."""

    intent: Intent
    legs: list[Leg] = field(default_factory=list)
    stop: bool = False
    over: bool = False
    outcome: Outcome | None = None


@dataclass(slots=True, frozen=True)
class Said:
    """One answer of the gateway. ``meaning`` is None where it raised nothing."""

    value: Any = None
    meaning: str | None = None
    text: str = ""
    wait: float | None = None

    @property
    def ok(self) -> bool:
        return self.meaning is None


class Driver:
    """Plays one task through one gateway."""

    def __init__(self, task: Task, venue: VenueAccess, gateway: Any, *, pause: Pause) -> None:
        self.task = task
        self.venue = venue
        self.gateway = gateway
        self.pause = pause
        self.states = {intent.id: State(intent) for intent in task.intents}
        self.calls = 0
        self.alerts: list[Alert] = []
        self.turn: AbstractAsyncContextManager[Any] = nullcontext()
        self.store: MutableMapping[str, Any] = getattr(task, "store", {})
        if task.resumed:
            self._remember()

    # -------------------------------------------------------------- the whole run
    def run(self, turns: _Turns) -> Report:
        """Blocking form."""
        turns.run([self._connect()])
        turns.run([self._play(state) for state in self.states.values()])
        (report,) = turns.run([self._close_books()])
        return cast(Report, report)

    async def run_async(self) -> Report:
        """asyncio form, in the running loop. One call at a time, so that each request belongs to one call."""
        self.turn = asyncio.Lock()
        await self._connect()
        await asyncio.gather(*[self._play(state) for state in self.states.values()])
        return await self._close_books()

    @property
    def now(self) -> float:
        """Run time in seconds."""
        return time.time() - self.task.epoch

    async def _sleep_until(self, moment: float) -> None:
        if moment > self.now:
            await self.pause(moment - self.now)

    async def _connect(self) -> None:
        wait = FIRST_PAUSE
        while self.now < self.task.until - CLOSING:
            said = await self._call("connect", self.venue)
            if said.ok:
                return
            await self.pause(self._wait(said, wait))
            wait = min(wait * 2, LONGEST_PAUSE)
        self.alerts.append(Alert(level="error", text="the gateway never connected", about="venue"))

    async def _play(self, state: State) -> None:
        """The script of one intent."""
        if state.over:
            return
        await self._sleep_until(state.intent.at)
        scripts = {
            "order": self._order, "trade": self._order, "cancel": self._cancel_intent,
            "amend": self._amend_intent, "flatten": self._flatten, "watch": self._watch,
        }  # fmt: skip
        script = scripts.get(state.intent.kind)
        if script is None:
            state.outcome = Outcome(status="refused", reason=f"the driver does not play {state.intent.kind}")
        elif state.stop:
            state.outcome = Outcome(status="refused", reason="cancelled before it began")
        else:
            await script(state)
        state.over = True
        if state.outcome is not None:
            self.store[f"{state.intent.id}/outcome"] = state.outcome.model_dump(mode="json")

    # -------------------------------------------------------------- what survives a crash
    def _save(self, leg: Leg, number: int) -> None:
        self.store[f"{leg.intent.id}/{number}"] = {
            "request": leg.request.model_dump(mode="json"),
            "sent_at": leg.sent_at,
            "state": leg.state,
            "reason": leg.reason,
        }

    def _remember(self) -> None:
        """After a crash: what was sent is in doubt, what was refused or absent stays so, what was decided is over."""
        for state in self.states.values():
            number = 1
            while (saved := self.store.get(f"{state.intent.id}/{number}")) is not None:
                known: LegState = saved["state"] if saved["state"] in ("refused", "absent") else "doubt"
                request = OrderRequest.model_validate(saved["request"])
                state.legs.append(Leg(request, state.intent, known, saved["sent_at"], reason=saved["reason"]))
                number += 1
            outcome = self.store.get(f"{state.intent.id}/outcome")
            if outcome is not None:
                state.outcome, state.over = Outcome.model_validate(outcome), True

    # -------------------------------------------------------------- orders
    async def _order(self, state: State) -> None:
        intent = state.intent
        if intent.symbol not in self.venue.instruments:
            state.outcome = Outcome(status="refused", reason=f"no such symbol: {intent.symbol}")
            return
        if too_small := self._outside_rules(intent):
            state.outcome = Outcome(status="refused", reason=too_small)
            return
        if not state.legs:
            self._leg(state, intent.quantity, market=intent.type in (None, "market"))
        leg = state.legs[0]
        await self._carry_out(state, leg)
        if intent.on_partial == "complete" and not state.stop and leg.state == "ended" and leg.filled > 0:
            await self._complete(state, leg)

    async def _carry_out(self, state: State, leg: Leg) -> None:
        await self._place(state, leg)
        self._save(leg, state.legs.index(leg) + 1)
        await self._follow(state, leg)

    async def _complete(self, state: State, leg: Leg) -> None:
        """Take what a cancelled order left over, at the market."""
        if len(state.legs) > 1:
            await self._carry_out(state, state.legs[1])
            return
        instrument = self.venue.instruments[leg.request.symbol]
        rest = ((leg.request.quantity or Decimal(0)) - leg.filled) // instrument.step * instrument.step
        if rest >= instrument.quantity_min and self.now < self._deadline(state):
            await self._carry_out(state, self._leg(state, rest, market=True))

    def _outside_rules(self, intent: Intent) -> str:
        """Why the quantity can never be accepted; empty where it can."""
        assert intent.symbol is not None, "checked by the caller"
        rules = self.venue.instruments[intent.symbol]
        if intent.quantity is not None and not rules.quantity_min <= intent.quantity <= rules.quantity_max:
            return f"quantity {intent.quantity} is outside {rules.quantity_min}..{rules.quantity_max}"
        return ""

    def _leg(
        self, state: State, quantity: Decimal | None, *, market: bool, side: Any = None, symbol: Any = None
    ) -> Leg:
        intent = state.intent
        by_quote = market and quantity is None
        request = OrderRequest(
            client_id=client_id_of(self.venue.name, intent.tag, len(state.legs) + 1),
            symbol=symbol or intent.symbol,
            side=side or intent.side,
            type="market" if market else (intent.type or "limit"),
            quantity=None if by_quote else quantity,
            quote_quantity=intent.quote_quantity if by_quote else None,
            limit_price=None if market else intent.limit_price,
            stop_price=None if market else intent.stop_price,
            time_in_force=None if market else intent.time_in_force,
            post_only=intent.post_only and not market,
            reduce_only=intent.reduce_only,
        )
        leg = Leg(request, intent)
        state.legs.append(leg)
        return leg

    def _deadline(self, state: State) -> float:
        """From here on no exposure is sent for the intent, and what works is cancelled."""
        last = self.task.until if self.task.leave_resting else self.task.until - CLEAN_UP
        return last if state.intent.expires is None else min(state.intent.expires, last)

    async def _place(self, state: State, leg: Leg) -> None:
        """Send the order; where the gateway is in doubt, ask until it is known or proved absent."""
        if leg.state in ("refused", "absent") or (leg.state == "doubt" and await self._ask(leg)):
            return
        wait = FIRST_PAUSE
        for _ in range(SENDS):
            if state.stop or self.now >= self._deadline(state):
                break
            leg.sent_at, leg.state = self.now, "doubt"
            self._save(leg, state.legs.index(leg) + 1)
            said = await self._call("submit", leg.request, intent=leg.intent)
            if said.ok and isinstance(said.value, OrderView):
                self._adopt(leg, said.value)
                return
            if said.meaning == "rejected":
                leg.state, leg.reason = "refused", said.text
                return
            if said.meaning == "not_sent":
                leg.state = "absent"
                await self.pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE)
                continue
            if said.meaning == "rate_limited":
                await self.pause(self._wait(said, SILENCE))
            if await self._ask(leg):
                return
        if leg.state == "new":
            leg.state = "absent"

    async def _ask(self, leg: Leg) -> bool:
        """Ask for an order in doubt by its client id. False: it is proved absent. True: found, or time is up."""
        wait = FIRST_PAUSE
        while self.now < self.task.until:
            asked = self.now
            said = await self._call("order", leg.ref, intent=leg.intent)
            if said.ok and isinstance(said.value, OrderView):
                self._adopt(leg, said.value)
                return True
            if said.meaning == "not_found" and asked >= leg.sent_at + self.venue.absent_after:
                leg.state = "absent"
                return False
            await self.pause(self._wait(said, wait))
            wait = min(wait * 2, LONGEST_PAUSE)
        return True

    def _adopt(self, leg: Leg, view: OrderView) -> None:
        """Believe the gateway; an order that has ended stays ended."""
        if leg.state != "ended":
            leg.view = view
            leg.state = "ended" if view.status in ENDED else "live"

    async def _follow(self, state: State, leg: Leg) -> None:
        """Look at a working order until it has ended; cancel it when its time is up."""
        while leg.state == "live" and self.now < self.task.until:
            partly = state.intent.on_partial != "keep" and leg.filled > 0
            if state.stop or partly or self.now >= self._deadline(state):
                if self.task.leave_resting and self.now >= self.task.until:
                    return
                await self._cancel(leg)
                return
            await self._sleep_until(min(self.now + POLL, self._deadline(state)))
            await self._look(leg)

    async def _look(self, leg: Leg) -> None:
        """Open orders first; an order that is missing there is asked for by name."""
        said = await self._call("open_orders", leg.request.symbol, intent=leg.intent)
        for view in said.value if said.ok else ():
            if leg.view is not None and set(view.venue_ids) & set(leg.view.venue_ids):
                self._adopt(leg, view)
                return
        if said.ok:
            await self._refresh(leg)
        else:
            await self.pause(self._wait(said, FIRST_PAUSE))

    async def _refresh(self, leg: Leg) -> bool:
        """Ask for one order; whether the gateway answered."""
        said = await self._call("order", leg.ref, intent=leg.intent)
        if said.ok and isinstance(said.value, OrderView):
            self._adopt(leg, said.value)
        elif not said.ok:
            await self.pause(self._wait(said, FIRST_PAUSE))
        return said.ok

    async def _cancel(self, leg: Leg) -> None:
        """Cancel and look until the order has ended: the order's own state decides, not the answer to the cancel."""
        wait = FIRST_PAUSE
        while leg.state == "live" and self.now < self.task.until:
            said = await self._call("cancel", leg.ref, intent=leg.intent)
            if said.meaning == "rate_limited":
                await self.pause(self._wait(said, SILENCE))
            await self._refresh(leg)
            if leg.state == "live":
                await self.pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE)

    # -------------------------------------------------------------- other intents
    async def _cancel_intent(self, state: State) -> None:
        target = self.states.get(state.intent.target or "")
        if target is None:
            state.outcome = Outcome(status="failed", reason="there is no such intent")
            return
        await self._stop(target)
        complete = any(leg.view is not None and leg.view.status == "filled" for leg in target.legs)
        none = not any(leg.view is not None for leg in target.legs) and bool(target.legs)
        state.outcome = Outcome(status="failed" if complete or none else "done")

    async def _stop(self, target: State) -> None:
        """End an intent: its orders are cancelled, its script sends no more."""
        target.stop = True
        while any(leg.state in ("doubt", "live") for leg in target.legs) and self.now < self.task.until - CLOSING:
            for leg in target.legs:
                await self._cancel(leg)
            if any(leg.state == "doubt" for leg in target.legs):
                await self.pause(FIRST_PAUSE)  # its own script is asking

    async def _amend_intent(self, state: State) -> None:
        target = self.states.get(state.intent.target or "")
        leg = target.legs[-1] if target is not None and target.legs else None
        if leg is None or leg.state != "live" or not hasattr(self.gateway, "amend"):
            state.outcome = Outcome(status="failed", reason="nothing to amend, or the gateway cannot")
            return
        changes = {"quantity": state.intent.quantity, "limit_price": state.intent.limit_price}
        said = await self._call("amend", leg.ref, intent=state.intent, **changes)
        if said.ok and isinstance(said.value, OrderView):
            leg.view = said.value
        await self._refresh(leg)
        state.outcome = Outcome(status="done" if said.ok else "failed", reason=said.text)

    async def _flatten(self, state: State) -> None:
        """End earlier intents, cancel every order in the symbol, sell or buy back the own net position."""
        symbols = [state.intent.symbol] if state.intent.symbol else list(self.venue.symbols)
        for other in self.states.values():
            if other.intent.at < state.intent.at and other.intent.symbol in symbols:
                await self._stop(other)
        for leg in list(state.legs):
            await self._carry_out(state, leg)
        for symbol in symbols:
            await self._cancel_all(symbol, state)
            net = await self._net(symbol)
            rules = self.venue.instruments[symbol]
            size = abs(net).quantize(rules.step, rounding=ROUND_DOWN)
            if size >= rules.quantity_min:
                leg = self._leg(state, size, market=True, side="sell" if net > 0 else "buy", symbol=symbol)
                await self._carry_out(state, leg)
        done = all(leg.view is not None and leg.view.status == "filled" for leg in state.legs)
        state.outcome = Outcome(status="done" if done else "failed")

    async def _cancel_all(self, symbol: str, state: State) -> None:
        while self.now < self.task.until - CLOSING:
            said = await self._call("open_orders", symbol, intent=state.intent)
            if said.ok and not said.value:
                return
            for view in said.value if said.ok else ():
                ref = OrderRef(client_id=view.client_id, venue_id=next(iter(view.venue_ids), None), symbol=symbol)
                await self._call("cancel", ref, intent=state.intent)
            await self.pause(self._wait(said, FIRST_PAUSE))

    async def _net(self, symbol: str) -> Decimal:
        """Own net position in base units, fees in the base asset taken off."""
        net = Decimal(0)
        base = self.venue.instruments[symbol].base
        for leg, fill in await self._own_fills(symbol):
            net += fill.quantity if leg.request.side == "buy" else -fill.quantity
            if fill.fee is not None and fill.fee_asset == base:
                net -= fill.fee
        return net

    async def _watch(self, state: State) -> None:
        await self._sleep_until(self.task.until - CLEAN_UP)
        state.outcome = Outcome(status="done")

    # -------------------------------------------------------------- the books
    async def _close_books(self) -> Report:
        """Ask for everything once more, then say what the gateway said."""
        await self._sleep_until(self.task.until - (0 if self.task.leave_resting else CLOSING))
        for leg in self._legs():
            while leg.state in ("doubt", "live") and self.now < self.task.until:
                await self._refresh(leg)
                if leg.state == "live":
                    break
        symbols = sorted({leg.request.symbol for leg in self._legs() if leg.view is not None})
        fills: list[FillView] = []
        for symbol in symbols:
            fills += [fill for _, fill in await self._own_fills(symbol)]
        balances = await self._insist("balances")
        positions = await self._insist("positions") if hasattr(self.gateway, "positions") else None
        await self._call("close")
        return Report(
            outcomes={key: state.outcome or self._outcome(state) for key, state in self.states.items()},
            orders=tuple(self._view(leg) for leg in self._legs() if leg.state not in ("new", "absent")),
            fills=tuple(fills),
            positions=cast("dict[str, PositionView] | None", positions),
            balances=cast("dict[str, BalanceView] | None", balances),
            alerts=tuple(self.alerts),
        )

    def _legs(self) -> list[Leg]:
        return [leg for state in self.states.values() for leg in state.legs]

    async def _own_fills(self, symbol: str) -> list[tuple[Leg, FillView]]:
        """Fills of the driver's own orders in a symbol, as the gateway lists them."""
        mine: dict[str, Leg] = {}
        for leg in self._legs():
            mine[leg.request.client_id] = leg
            mine.update(dict.fromkeys(leg.view.venue_ids if leg.view is not None else (), leg))
        listed = await self._insist("fills", symbol, float(self.task.epoch))
        return [(mine[fill.order], fill) for fill in listed or () if fill.order in mine]

    async def _insist(self, method: str, *args: Any) -> Any:
        """Call until there is an answer; None where there is none by ``until``."""
        wait = FIRST_PAUSE
        while True:
            said = await self._call(method, *args)
            if said.ok:
                return said.value
            if self.now >= self.task.until:
                self.alerts.append(Alert(level="error", text=f"no answer to {method}: {said.text}", about="venue"))
                return None
            await self.pause(self._wait(said, wait))
            wait = min(wait * 2, LONGEST_PAUSE)

    def _view(self, leg: Leg) -> OrderView:
        """What the gateway last said of an order."""
        known = {"client_id": leg.request.client_id, "intent": leg.intent.id}
        if leg.view is not None:
            return leg.view.model_copy(update=known)
        return OrderView(
            symbol=leg.request.symbol,
            side=leg.request.side,
            type=leg.request.type,
            quantity=leg.request.quantity,
            status="rejected" if leg.state == "refused" else "unknown",
            **known,
        )

    def _outcome(self, state: State) -> Outcome:
        filled = sum((leg.filled for leg in state.legs), Decimal(0))
        reason = next((leg.reason for leg in state.legs if leg.reason), "")
        rules = self.venue.instruments.get(state.intent.symbol or "")
        wanted = state.intent.quantity
        if any(leg.state == "doubt" for leg in state.legs):
            return Outcome(status="unknown", filled=filled, reason="still in doubt")
        if any(leg.state == "live" for leg in state.legs):
            return Outcome(status="working", filled=filled)
        if wanted is None:
            done = any(leg.view is not None and leg.view.status == "filled" for leg in state.legs)
        else:
            done = filled > 0 and filled >= wanted - (rules.step if rules is not None else 0)
        if done:
            return Outcome(status="done", filled=filled)
        if filled > 0:
            return Outcome(status="partial", filled=filled)
        return Outcome(status="failed" if state.legs else "refused", filled=filled, reason=reason)

    # -------------------------------------------------------------- calling and recording
    def _wait(self, said: Said, default: float) -> float:
        """How long to pause after an answer: what the exchange asked for, else a default."""
        if said.meaning == "rate_limited":
            return (SILENCE if said.wait is None else said.wait) + 1
        return default

    async def _call(self, method: str, *args: Any, intent: Intent | None = None, **options: Any) -> Said:
        """Call the gateway and record both sides of it."""
        async with self.turn:
            return await self._called(method, args, options, intent)

    async def _called(
        self, method: str, args: Sequence[Any], options: Mapping[str, Any], intent: Intent | None
    ) -> Said:
        self.calls += 1
        number = self.calls
        shown = _plain_args(method, args) | {key: _plain(value) for key, value in options.items()}
        self._record(GatewayCall(id=number, method=method, args=shown, intent=intent.id if intent else None))
        try:
            value = getattr(self.gateway, method)(*args, **options)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            said = self._meaning(error)
            self._record(GatewayResult(id=number, ok=False, meaning=said.meaning, error=said.text))
            return said
        self._record(GatewayResult(id=number, ok=True, value=_plain(value)))
        return Said(value)

    def _meaning(self, error: Exception) -> Said:
        meaning: Any = None
        try:
            meaning = self.gateway.meaning(error)
            ask = getattr(self.gateway, "retry_after", None)
            wait = ask(error) if ask is not None else None
        except Exception as second:
            self.alerts.append(Alert(text=f"the gateway cannot explain {error!r}: {second!r}"))
            wait = None
        if meaning not in MEANINGS:
            meaning = "ambiguous"
        text = f"{type(error).__name__}: {error}"[:500]
        return Said(meaning=meaning, text=text, wait=wait)

    def _record(self, event: Event) -> None:
        if self.venue.record is not None:
            self.venue.record(event)


_ARGUMENTS = {"submit": "request", "cancel": "ref", "order": "ref", "amend": "ref", "open_orders": "symbol"}


def _plain_args(method: str, args: Sequence[Any]) -> dict[str, Any]:
    """Arguments as plain data for the History."""
    if method == "fills":
        return {"symbol": args[0], "since": args[1]}
    name = _ARGUMENTS.get(method)
    if name is None or not args:
        return {}
    value = _plain(args[0])
    return value if isinstance(value, dict) else {name: value}


def _plain(value: Any) -> Any:
    """Models, and what holds them, as plain JSON data."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


class _Turns:
    """Runs coroutines in turn in a thread without a loop: each runs until it pauses, then the next that is due."""

    async def pause(self, seconds: float) -> None:
        """Suspend the running coroutine for ``seconds``."""
        await _Until(time.monotonic() + max(seconds, 0.0))

    def run(self, scripts: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Run all to their end; returns their results in order."""
        results: list[Any] = [None] * len(scripts)
        waiting = [(0.0, number) for number in range(len(scripts))]
        try:
            while waiting:
                due, number = heapq.heappop(waiting)
                now = time.monotonic()
                if due > now:
                    time.sleep(due - now)
                try:
                    heapq.heappush(waiting, (scripts[number].send(None), number))
                except StopIteration as end:
                    results[number] = end.value
        finally:
            for script in scripts:
                script.close()
        return results


class _Until:
    """Awaitable that hands the moment of waking (``time.monotonic``) to ``_Turns``."""

    def __init__(self, moment: float) -> None:
        self.moment = moment

    def __await__(self) -> Generator[float, None, None]:
        yield self.moment
