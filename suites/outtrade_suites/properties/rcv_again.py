"""RCV-07, -14, -20: starting again from nothing, answers that did not come, and halves of things.

Three ways to lose sight of what one holds. A process that lost its memory must read it from the venue. A question that
failed has no answer, and no answer is not "nothing". And what takes two steps can stop between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO, Operation, Order
from outtrade.model.fault import Crash
from outtrade.model.history import NS, Crashed, Started
from outtrade.model.task import Intent, OrderView
from outtrade_suites.properties import rec_state
from outtrade_suites.properties.compare import TERMINAL, step_of, views_of
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.rty_errors import last_chance
from outtrade_suites.properties.sent import EXPOSING, impossible, start_mid
from outtrade_suites.properties.truth import position

SNAPSHOTS = ("account", "open_orders", "all_orders", "trades", "positions")
"""Operations that say how things stand as a whole."""
OVER = TERMINAL - {"filled"}


# ---------------------------------------------------------------- RCV-07
def check_adopted(ix: Index) -> Iterator[Case]:
    """RCV-07."""
    report, reported = ix.report, ix.reported
    again = _restart_without_store(ix)
    if again is None or report is None or reported is None:
        return
    crashed, started = again
    for order in ix.own_orders:
        state = order.state_at(started.seq)
        if state is None or not order.accepted or (state.status != "open" and order.filled_at(started.seq) == 0):
            continue
        proof = (crashed.seq, order.first.seq, reported.seq)
        if views_of(report.orders, order):
            yield held(*proof, subject=order.created_as)
        else:
            what = "stood on the venue" if state.status == "open" else f"had filled {state.filled}"
            yield broke(
                f"{order.created_as} {what} when the agent was started again without its store; the report does not"
                " know the order",
                *proof,
                subject=order.created_as,
                key=f"order-not-adopted-{'open' if state.status == 'open' else 'ended'}",
            )
    if any(fill.seq < started.seq for fill in ix.own_fills):
        for case in rec_state.positions(ix):
            if case.kind == "broke":
                message = f"started again without its store: {case.message}"
                yield replace(case, message=message, key=f"position-{case.key}")


def _restart_without_store(ix: Index) -> tuple[Crashed, Started] | None:
    """The last crash that lost the store, and the start after it."""
    found = None
    for life, following in pairwise(ix.incarnations):
        crash = life.crashed
        if crash is None or following.started is None or crash.fault is None or crash.fault >= len(ix.faults):
            continue
        fault = ix.faults[crash.fault].fault
        if isinstance(fault, Crash) and fault.store != "kept":
            found = crash, following.started
    return found


# ---------------------------------------------------------------- RCV-14
def check_failed_snapshot(ix: Index) -> Iterator[Case]:
    """RCV-14."""
    for op in ix.by_op(*SNAPSHOTS):
        if op.ended_seq is None or op.state == "ok" or (op.state == "definite" and op.error == "not_found"):
            continue
        wrong = _read_as_empty(ix, op)
        if wrong is None:
            yield held(op.seq, op.ended_seq, subject=op.request.op)
        else:
            yield wrong


def _answered_after(ix: Index, failed: Operation) -> int:
    """Sequence number of the first good answer to the same question after ``failed``; the end of the record if none."""
    for op in ix.by_op(failed.request.op):
        same = op.request.symbol in (None, "", failed.request.symbol)
        if op.seq > failed.seq and op.state == "ok" and same and op.ended_seq is not None:
            return op.ended_seq
    return ix.end


def _read_as_empty(ix: Index, failed: Operation) -> Case | None:
    """What shows that a question that failed was taken for an empty answer."""
    until = _answered_after(ix, failed)
    if failed.request.op == "account":
        return _empty_account(ix, failed, until) or _poor(ix, failed)
    if failed.request.op in ("open_orders", "all_orders"):
        return _orders_gone(ix, failed, until)
    return _flat(ix, failed, until)


def _empty_account(ix: Index, failed: Operation, until: int) -> Case | None:
    report, reported, start = ix.report, ix.reported, ix.snapshots.get("start")
    assert failed.ended_seq is not None
    if report is None or reported is None or start is None or report.balances is None:
        return None
    if not failed.ended_seq < reported.seq < until:
        return None
    end = ix.snapshots.get("end", start)
    held_now = {asset for asset, parts in end.balances.items() if sum(map(Decimal, parts), ZERO) > 0}
    said = {asset for asset, view in report.balances.items() if view.free + view.locked > 0}
    if held_now and not said:
        return broke(
            f"{failed.name} failed, was not answered afterwards, and the report says that the account is empty",
            failed.seq,
            failed.ended_seq,
            reported.seq,
            subject="account",
            key="account-empty",
        )
    return None


def _poor(ix: Index, failed: Operation) -> Case | None:
    """An intent given up unsent, though nobody had looked at the account again."""
    report, reported = ix.report, ix.reported
    assert failed.ended_at is not None and failed.ended_seq is not None
    if report is None or reported is None:
        return None
    for intent in ix.intents.values():
        outcome = report.outcomes.get(intent.id)
        if intent.kind not in EXPOSING or outcome is None or outcome.status not in ("refused", "failed"):
            continue
        if ix.sends_of(intent) or impossible(ix, intent) is not None or not _due(ix, intent, failed):
            continue
        last = last_chance(ix, intent)
        free = answers_since(ix, failed.ended_at, last)
        again = [op for op in ix.by_op("account") if op.seq > failed.seq and op.state == "ok" and op.sent_at < last]
        if not again and free + ns(ix.bounds.recovery) <= last:
            return broke(
                f"{failed.name} failed; {intent.id} was then given up unsent ({outcome.reason or 'no reason'})"
                " and without asking again, as if the account were empty",
                failed.seq,
                failed.ended_seq,
                reported.seq,
                subject=intent.id,
                key="given-up-as-poor",
            )
    return None


def _due(ix: Index, intent: Intent, failed: Operation) -> bool:
    assert failed.ended_at is not None
    return ns(intent.at) <= failed.ended_at < last_chance(ix, intent)


def _orders_gone(ix: Index, failed: Operation, until: int) -> Case | None:
    """An order called over, between the failed list and the next good one, while it stood."""
    assert failed.ended_seq is not None
    for event in ix.published:
        if event.view != "OrderView" or not failed.ended_seq < event.seq < until:
            continue
        view = OrderView.model_validate(event.data)
        for order in ix.own_orders:
            state = order.state_at(event.seq)
            if view.status in OVER and views_of([view], order) and state is not None and state.status == "open":
                return broke(
                    f"{failed.name} failed; {order.created_as} was then called {view.status}, while it stood on the"
                    " venue",
                    failed.seq,
                    failed.ended_seq,
                    event.seq,
                    subject=order.created_as,
                    key=f"order-{view.status}",
                )
    return None


def _flat(ix: Index, failed: Operation, until: int) -> Case | None:
    """A position reported flat, with the trades or positions never read after the failure."""
    report, reported = ix.report, ix.reported
    assert failed.ended_seq is not None
    if report is None or reported is None or report.positions is None or not failed.ended_seq < reported.seq < until:
        return None
    for symbol in {fill.symbol for fill in ix.own_fills if fill.seq < failed.seq}:
        view = report.positions.get(symbol)
        true = position(ix, symbol, reported.seq)
        asked = failed.request.symbol in (None, "", symbol)
        if asked and (view is None or view.quantity == 0) and abs(true) >= (step_of(ix.instruments.get(symbol)) or 1):
            return broke(
                f"{failed.name} failed, was not answered afterwards, and the report calls {symbol} flat",
                failed.seq,
                failed.ended_seq,
                reported.seq,
                subject=symbol,
                key="flat",
            )
    return None


# ---------------------------------------------------------------- RCV-20
def check_second_step(ix: Index) -> Iterator[Case]:
    """RCV-20."""
    last = ix.last_incarnation
    if last is None or last.crashed is not None or ix.reported is None:
        return
    for intent in ix.intents.values():
        for half in _halves(ix, intent):
            yield from _resolved(ix, intent, half)


def _halves(ix: Index, intent: Intent) -> Iterator[tuple[Order, Decimal]]:
    """Orders that were cancelled with a rest that is to be taken, and that rest (base units)."""
    if intent.kind != "order" or intent.on_partial != "complete" or intent.quantity is None:
        return
    rules = ix.instruments.get(intent.symbol or "")
    for order in ix.orders_of(intent):
        end = order.last
        if end.status not in ("cancelled", "expired") or order.filled == 0:
            continue
        rest = intent.quantity - ix.filled(intent, end.seq)
        price = start_mid(ix, order.symbol) or Decimal(end.price or 0)
        least = max(rules.quantity_min, rules.market_min or ZERO) if rules is not None else ZERO
        worth = rules.notional_min * 2 if rules is not None and rules.notional_min is not None else ZERO
        if rest > least * 2 and rest * price >= worth:
            yield order, rest
            return


def _resolved(ix: Index, intent: Intent, half: tuple[Order, Decimal]) -> Iterator[Case]:
    order, rest = half
    done = order.last
    later = [op for op in ix.sends_of(intent) if op.seq > done.seq]
    crash = next(
        (crash for crash in ix.crashes if crash.seq > done.seq and (not later or crash.seq < later[0].seq)), None
    )
    failed = later[0] if later and later[0].state != "ok" else None
    if failed is None and crash is None:
        return
    since = crash.at if failed is None and crash is not None else (failed.ended_at or done.at) if failed else done.at
    free = answers_since(ix, since, last_chance(ix, intent))
    if failed is not None and failed.state == "ambiguous":
        free = max(free, failed.sent_at + ix.absent_after)
    if free + ns(ix.bounds.recovery) > last_chance(ix, intent):
        return
    proof = (done.seq, *((failed.seq,) if failed else ()), *((crash.seq,) if crash else ()))
    taken = any(o.accepted and o is not order and o.first.seq > done.seq for o in ix.orders_of(intent))
    if taken or _told(ix, intent):
        yield held(*proof, subject=intent.id)
        return
    how = (
        f"{failed.name} failed ({failed.error or failed.state})"
        if failed
        else f"the agent crashed at {since / NS:.1f} s"
    )
    yield broke(
        f"{order.created_as} was cancelled to take its rest of {rest:f} otherwise; {how}, and that was never taken up"
        " again, nor does an alert tell of it",
        *proof,
        subject=intent.id,
        key=f"half-done-{(failed.error or failed.state) if failed else 'crash'}",
    )


def _told(ix: Index, intent: Intent) -> bool:
    alerts = ix.report.alerts if ix.report is not None else None
    return any(alert.level != "info" and alert.about == intent.id for alert in alerts or ())


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-07",
        title="started without its store, the agent adopts what the venue holds",
        level="MUST",
        severity="major",
        scope="A",
        source="freqtrade/freqtrade#8913; nautechsystems/nautilus_trader#3878; Alpaca documentation, client order ids",
        explain="""\
Disks fill up, containers are moved, files are deleted. The venue still knows every order by the id it was given, and an
id that carries the intent's tag says whose it is. An agent that trusts only its own memory starts a second life beside
the first: the old orders go on working, the old position is nobody's.

Example: three orders were placed, the process dies, the store is gone. The new process finds three orders that it has
no record of, calls them foreign, and reports a flat position.

What passes: listing the account's orders of this run after the start, and adopting those whose ids carry the tag of an
intent of this task, filled and ended ones too.

How it is judged: after a crash that lost the store (or left an old one), every own order that stood, or had filled,
at the restart is in the report, and the positions include what was filled before (compared as in REC-02).""",
        check=check_adopted,
    ),
    Property(
        id="RCV-14",
        title="a failed snapshot is not read as flat or empty",
        level="MUST",
        severity="critical",
        scope="AG",
        source="nautechsystems/nautilus_trader#4230, #3459, #3476 (a failed snapshot read as flat)",
        explain="""\
A function that asks for the account returns a list; when the question fails, it returns an empty one. From there on the
agent is flat, owns nothing and has no orders, and it acts on that: it opens the position a second time, refuses what it
could pay for, forgets what it should have closed.

Example: the account's balances could not be read (503). The order is given up because "0 USDT is not enough". Asking
again a second later passes.

What passes: a failure that stays a failure: the question is put again, and until it is answered nothing is concluded.

How it is judged: for each question about the account, orders, trades or positions that was not answered: until the next
good answer to it no own order that stands is called over; no report says that the account is empty, or a traded symbol
flat; and no intent that could be carried out is given up unsent with nobody having asked again, though the venue
answered with `recovery` to spare.""",
        check=check_failed_snapshot,
        venues="each",
    ),
    Property(
        id="RCV-20",
        title="an operation of two steps that half succeeded is resolved",
        level="MUST",
        severity="major",
        scope="A",
        source="Binance spot API documentation, order.cancelReplace (409); stellar-deprecated/kelp#458",
        explain="""\
Cancel, then place anew: two requests, and the world can end between them. The first order is gone, the second was
refused or never sent, and the agent's plan says "replaced". The exposure that was wanted is simply not there.

Example: an order filled 40 %, the rest was cancelled to be taken at the market, and that order met "too many orders".
Nothing is sent any more; the intent ends 60 % short, without a word.

What passes: remembering that a second step is due, and trying it again once what stood in its way is gone; or an alert
that says that it was left undone.

How it is judged: for intents whose rest is to be taken (`on_partial` = `complete`), where an order was cancelled with a
rest that can be traded, and the request for the rest failed, was left in doubt, or was kept back by a crash: a later
order of the intent is accepted, or an alert of level warning or error is about the intent, if there were `recovery`
seconds left. What went through at the first attempt is judged by ORD-02.""",
        check=check_second_step,
    ),
)
