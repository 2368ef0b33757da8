"""RTY-09, RTY-11, RTY-14: resends that ought not to be: of what is wrong, of what has arrived, of too much.

What the venue calls wrong is corrected or given up. A resend that waits on a timer is dropped when the first request
turns out to have arrived. And an agent that is left alone keeps within the venue's limits by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index
from outtrade.judge.records import Doubt, Operation
from outtrade.model.fault import Ban, Fault, LateRequest, RateLimit, Reject
from outtrade.model.history import NS
from outtrade_suites.properties.sent import same_request

PARAMETER = frozenset({"parameter", "filter"})
"""Classes of refusals that say that the request itself is wrong."""


# ---------------------------------------------------------------- RTY-09
def check_parameter_errors(ix: Index) -> Iterator[Case]:
    """RTY-09."""
    for op in ix.sends:
        if op.state != "definite" or op.error not in PARAMETER or op.ended_seq is None:
            continue
        again = next((other for other in ix.sends if _repeats(op, other)), None)
        if again is None:
            yield held(op.seq, op.ended_seq, subject=op.client_id or op.request.op)
        else:
            yield broke(
                f"{op.name} was refused for its parameters; {again.name} was the same again",
                op.seq,
                op.ended_seq,
                again.seq,
                subject=op.client_id or op.request.op,
                key="unchanged",
            )


def _repeats(op: Operation, other: Operation) -> bool:
    assert op.ended_seq is not None
    same_life = op.request.incarnation == other.request.incarnation
    return other.seq > op.ended_seq and same_life and same_request(op, other)


# ---------------------------------------------------------------- RTY-11
def check_dropped(ix: Index) -> Iterator[Case]:
    """RTY-11."""
    for doubt in ix.doubts:
        found = doubt.resolution
        if found is None or found.how != "found" or found.via == "resend" or doubt.client_id is None:
            continue
        again = _resent(ix, doubt, found.seq)
        if again is None or again.sent_at - found.at < CLOCK_SLACK:
            yield held(doubt.op.seq, found.seq, subject=doubt.client_id)
        else:
            yield broke(
                f"{doubt.op.name} was found on the venue at {found.at / NS:.3f} s (by {found.via});"
                f" {again.name} sent it once more",
                doubt.op.seq,
                found.seq,
                again.seq,
                subject=doubt.client_id,
                key=f"resent-after-{found.via}",
            )


def _resent(ix: Index, doubt: Doubt, after: int) -> Operation | None:
    first = doubt.op
    for op in ix.sends:
        same_id = op.client_id == doubt.client_id and op.request.symbol == first.request.symbol
        if op.seq > after and op.request.incarnation == first.request.incarnation and same_id:
            return op
    return None


# ---------------------------------------------------------------- RTY-14
def _limits(fault: Fault) -> bool:
    """Whether a fault speaks of limits."""
    return isinstance(fault, RateLimit | Ban) or (isinstance(fault, Reject) and fault.reason == "busy")


def _limited(op: Operation) -> bool:
    return op.answer is not None and op.answer.error in ("rate", "ban")


def check_own_limits(ix: Index) -> Iterator[Case]:
    """RTY-14."""
    if any(_limits(fault) for fault in ix.scenario.faults if ix.venue in (None, fault.venue)):
        return
    late = {on.call for record in ix.faults if isinstance(record.fault, LateRequest) for on in record.landed}
    bunched = {op.request.op for op in ix.ops if op.request.call in late}  # sent apart, and met on the way
    limited = next((op for op in ix.ops if _limited(op) and op.request.op not in bunched), None)
    if limited is not None:
        yield broke(
            f"{limited.name} met a limit of the venue, and no fault had anything to do with it",
            limited.seq,
            subject=limited.request.op,
            key="own-limit",
        )
    elif ix.ops:
        yield held(ix.ops[-1].seq)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-09",
        title="A parameter error is corrected or given up",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A price off the grid is off the grid however often it is sent. Agents that retry every refusal alike send the same wrong
order until a limit stops them, and the position stays unhedged meanwhile.

Example: "Filter failure: PRICE_FILTER", and a second later the same price and quantity. A corrected price, or a report
that says "refused", passes.

Judged: after each refusal of an order request for its parameters, no request with the same terms (under any client
order id) is sent by the same incarnation.""",
        source="QuantConnect/Lean.Brokerages.TradeStation#101; nautechsystems/nautilus_trader#3942",
        check=check_parameter_errors,
        venues="each",
    ),
    Property(
        id="RTY-11",
        title="A resend is dropped when the order is found",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A retry that waits in a queue does not know what happened since. The answer was lost, the resend is scheduled, the
stream tells that the order filled, and the resend leaves all the same: a second order, which a venue that frees the
id with the first fill accepts.

Example: the order request times out at second 10, a query finds the order at second 12, and at second 15 the timer
sends it again. Asking the books at the moment of sending passes.

Judged: after the evidence that ended a doubt with "found" (query, stream, list, a cancel that worked, a
duplicate-id answer) had reached the agent, no order request with that client order id leaves. Requests that were on
their way (a tenth of a second) are exempt.""",
        source="Haehnchen/crypto-trading-bot#53; bennycode/trading-signals#1178",
        check=check_dropped,
        venues="each",
    ),
    Property(
        id="RTY-14",
        title="The venue's own limits are kept without being told",
        level="SHOULD",
        severity="minor",
        scope="AG",
        explain="""\
Limits are documented. An agent that meets them in a quiet run will be banned in a busy one: polls without a pause,
listings without a symbol, an order for every tick.

Example: 429 after 300 account queries in a minute, in a run whose faults have nothing to do with limits.

Judged in runs whose plan holds no rate limit, ban or "busy": no answer of class `rate` or `ban`.""",
        source="Binance spot API documentation, rest-api.md (LIMITS); hummingbot/hummingbot#1291",
        check=check_own_limits,
        venues="each",
    ),
)
