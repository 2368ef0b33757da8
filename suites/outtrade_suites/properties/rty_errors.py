"""RTY-03 and -04: which refusals call for another attempt, and which do not.

A venue that says "not now" (busy, rate limit, clock) has not executed the request and will take it later: giving up
loses the trade. A venue that says "never like this" (no permission, no funds) will say so again: repeating it is noise
until something has changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.fault import WRITES
from outtrade.model.history import NS, Response
from outtrade.model.task import Intent
from outtrade_suites.properties.rty_pace import HAMMERING
from outtrade_suites.properties.sent import EXPOSING, TRANSIENT, completing, gateway_call, impossible, same_request
from outtrade_suites.properties.strays import halted_since

PERMANENT = frozenset({"permanent", "auth", "funds"})
"""Error classes that the same request meets again until something changes (parameters are judged by RTY-09)."""
NEWS: dict[str, frozenset[str]] = {
    "funds": frozenset({"account", "trades", "query", "open_orders", "all_orders", "cancel", "cancel_all"}),
    "auth": frozenset({"account", "status", "time"}),
    "permanent": frozenset({"account", "status", "exchange_info"}),
}
"""Operations whose good answer may tell that the reason is gone."""
CLEAN_UP = 30 * NS
"""How long before the end of the run an agent may already be winding up."""


# ---------------------------------------------------------------- RTY-03
def check_transient(ix: Index) -> Iterator[Case]:
    """RTY-03."""
    if ix.last_incarnation is not None and ix.last_incarnation.crashed is not None:
        return
    for intent in ix.intents.values():
        if intent.kind not in EXPOSING or impossible(ix, intent) is not None or intent.max_slippage_bps is not None:
            continue
        if intent.id in ix.elsewhere:
            continue
        failed = [op for op in ix.sends_of(intent) if op.state == "definite" and op.error in TRANSIENT]
        if failed and _in_time(ix, intent, failed[-1]):
            yield from _retried(ix, intent, failed[-1])


def _in_time(ix: Index, intent: Intent, failed: Operation) -> bool:
    """Whether all faults are over, and the demanded silence too, with ``recovery`` to spare before the intent ends."""
    free = [failed.ended_at or 0]
    for record in ix.faults:
        free += [landed.at for landed in record.landed[-1:]]
        if record.healed is not None:
            free.append(record.healed.at)
    for op in ix.ops:
        end = op.end
        if isinstance(end, Response) and end.error in ("rate", "ban"):
            free.append(end.at + ns(end.retry_after or 0))
    return max(free) + ns(ix.bounds.recovery) <= last_chance(ix, intent)


def last_chance(ix: Index, intent: Intent) -> int:
    """The last moment (ns) at which an order for the intent may be expected: it expires, is cancelled, a stray halts
    everything, the run ends."""
    end = ix.until if ix.scenario.leave_resting else ix.until - CLEAN_UP
    halted = halted_since(ix)
    last = min(ix.deadline(intent), end, *(() if halted is None else (halted,)))
    for other in ix.intents.values():
        stops = other.kind == "cancel" and other.target == intent.id
        stops = stops or (other.kind in ("flatten", "halt") and other.symbol in (None, intent.symbol))
        if stops and ns(other.at) >= ns(intent.at):
            last = min(last, ns(other.at))
    return last


def _retried(ix: Index, intent: Intent, failed: Operation) -> Iterator[Case]:
    """Judge the last transient refusal of an intent: what came after it?"""
    assert failed.ended_seq is not None
    later = [op for op in ix.sends_of(intent) if op.seq > failed.seq]
    if any(order.accepted for op in later for order in op.orders) or _complete(ix, intent):
        yield held(failed.seq, *(op.seq for op in later), subject=intent.id)
    elif later or (any(order.accepted for order in ix.orders_of(intent)) and not completing(ix, failed)):
        return
    else:
        yield broke(
            f"{failed.name} was refused for a passing reason ({failed.error}); it was never sent again, although the"
            f" venue was well again in time for {intent.id}",
            failed.seq,
            failed.ended_seq,
            subject=intent.id,
            key=f"gave-up {failed.error}",
        )


def _complete(ix: Index, intent: Intent) -> bool:
    seq = ix.events[-1].seq
    if intent.quantity is not None:
        return ix.filled(intent, seq) + ix.working(intent, seq) >= intent.quantity
    return False


# ---------------------------------------------------------------- RTY-04
def check_permanent(ix: Index) -> Iterator[Case]:
    """RTY-04."""
    for op in ix.ops:
        if op.state != "definite" or op.error not in PERMANENT or op.ended_seq is None:
            continue
        again = next((other for other in ix.ops if other.seq > op.ended_seq and _repeats(ix, op, other)), None)
        if again is None or _news(ix, op, again):
            yield held(op.seq, op.ended_seq, subject=op.client_id or op.request.op)
        else:
            yield broke(
                f"{op.name} was refused for good ({op.error}); the same request went out again at"
                f" {again.request.seconds:.3f} s, though nothing had been learned in between",
                op.seq,
                op.ended_seq,
                again.seq,
                subject=op.client_id or op.request.op,
                key=f"repeated {op.error}",
            )


def _repeats(ix: Index, op: Operation, other: Operation) -> bool:
    """Whether ``other`` is the same request by the same incarnation (for gateways: within the same call)."""
    if other.request.incarnation != op.request.incarnation or not same_request(op, other):
        return False
    if op.request.op not in WRITES and other.sent_at - (op.ended_at or 0) >= HAMMERING:
        return False
    return ix.scope != "G" or _call(ix, op) == _call(ix, other)


def _call(ix: Index, op: Operation) -> int | None:
    call = gateway_call(ix, op) or next((g for g in ix.gateway if op in g.requests), None)
    return None if call is None else call.call.id


def _news(ix: Index, op: Operation, again: Operation) -> bool:
    """Whether something that may have changed the answer was learned between the refusal and the repetition."""
    assert op.ended_seq is not None and op.error is not None
    if any(op.ended_seq < event.seq < again.seq for event in ix.stream_events):
        return True
    return any(
        other.state == "ok"
        and other.request.op in NEWS[op.error]
        and other.ended_seq is not None
        and op.ended_seq < other.ended_seq < again.seq
        for other in ix.ops
    )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-03",
        title="A definite, passing failure is retried",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A rate limit, a busy engine or a clock error is a clean "no, not now": the request was certainly not executed.
Agents that treat it as final leave a position half closed because of one busy second; some stop altogether in
the middle of an order.

Example: the order is answered 429 with Retry-After 20 and is never sent again, though the intent runs for ten
more minutes. Sending it again after 20 seconds passes.

Judged: for every intent, its last order request that was refused for a passing reason (`transient`, `rate`,
`ban`, `clock`), provided that all faults and all demanded silence were over with `recovery` to spare before the
intent expires, is cancelled or the run winds up. Then an order must have been accepted later, or the intent be
complete without it. Not judged: later attempts that failed otherwise (they are judged by their own rules),
intents with a slippage bound (the price may be gone), intents that cannot be carried out, and a target that was
not started again after a crash.""",
        source="Binance spot API documentation, rest-api.md (429) and errors.md (-1021, -1015); askmike/gekko#1855;"
        " nautechsystems/nautilus_trader#4091",
        check=check_transient,
        venues="each",
    ),
    Property(
        id="RTY-04",
        title="A permanent error is not argued with",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A key without permission stays without permission; an account without funds stays empty until something comes
in. Code that retries every error alike repeats such requests as if they were passing, delays the alarm, and
spends the rate limit that real work needs.

Example: the order is refused for lack of permission and sent again a second later, four times. Reporting it
passes; so does reading the account after "insufficient funds" and trying once more.

Judged: after each refusal of class `permanent`, `auth` or `funds`, the next identical request (orders: same
terms, any client order id) of the same incarnation must have news before it: a stream event, or a good answer
to a request that could show a change (after `funds`: account, trades, orders, a cancel; after the others:
account, status, rules). A read counts as repeated only within one second. Errors about parameters are judged
elsewhere. For gateways only repetitions within one call count.""",
        source="Binance spot API documentation, errors.md (-2010, -2015); freqtrade/freqtrade#7932;"
        " freqtrade/freqtrade#528",
        check=check_permanent,
        venues="each",
    ),
)
