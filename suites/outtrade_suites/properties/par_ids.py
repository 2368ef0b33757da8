"""PAR-11 and -12: client order ids, and signed requests that are well formed.

The client order id is what makes an unanswered request safe: the same id names the same order before and after the
answer was lost. It has to be one that the venue takes, name one order only, and stay the same when the request is sent
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal
from outtrade.judge.records import Doubt, Operation
from outtrade.model.fault import ClockSkew, LateRequest
from outtrade_suites.properties.sent import same_intent, same_request


def check_client_id(ix: Index) -> Iterator[Case]:
    """PAR-11."""
    yield from _spelling(ix)
    yield from _unique(ix)
    yield from _kept(ix)


def _spelling(ix: Index) -> Iterator[Case]:
    pattern = ix.trait("id_pattern")
    if pattern is None:
        return
    allowed = re.compile(pattern)
    for op in ix.sends:
        if op.client_id is None:
            continue
        if allowed.fullmatch(op.client_id):
            yield held(op.seq, subject=op.client_id)
        else:
            yield broke(
                f"{op.name}: the client order id {op.client_id!r} does not match the venue's {pattern}",
                op.seq,
                subject=op.client_id,
                key="alphabet",
            )


def _unique(ix: Index) -> Iterator[Case]:
    """An id that names a living order (or, where ids are never free again, any order) is not given to another."""
    reuse = ix.trait("id_reuse")
    if reuse not in ("open_only", "never", "returns_first"):
        return
    for op in ix.sends:
        if op.client_id is None:
            continue
        for earlier in ix.by_id(op.client_id):
            if not earlier.is_send or earlier.seq >= op.seq or not _known_accepted(ix, earlier, op.seq):
                continue
            if reuse == "open_only" and not any(order.working_at(op.seq) for order in earlier.orders):
                continue
            yield broke(
                f"{op.name}: the id already names the order sent at {earlier.request.seconds:.3f} s,"
                " which the target knew to stand on the venue",
                earlier.seq,
                op.seq,
                subject=op.client_id,
                key="not-unique",
            )
            break


def _known_accepted(ix: Index, op: Operation, seq: int) -> bool:
    """Whether the client had learned, before event ``seq``, that the venue took the order."""
    if op.state == "ok" and op.ended_seq is not None and op.ended_seq < seq:
        return True
    return any(
        doubt.op is op
        and doubt.resolution is not None
        and doubt.resolution.how == "found"
        and doubt.resolution.seq < seq
        for doubt in ix.doubts
    )


def _kept(ix: Index) -> Iterator[Case]:
    """A request whose outcome was ambiguous is sent again under its own id, also after it was proven absent."""
    for doubt in ix.doubts:
        resend = next((op for op in ix.sends if _resends(op, doubt)), None)
        if doubt.client_id is None or resend is None:
            continue
        if resend.client_id == doubt.client_id:
            yield held(doubt.op.seq, resend.seq, subject=doubt.client_id)
        else:
            yield broke(
                f"{doubt.op.name} ended without an answer that decides it; the same request was sent again at"
                f" {resend.request.seconds:.3f} s as {resend.client_id!r}, so that nothing ties the two together",
                doubt.op.seq,
                doubt.since_seq,
                resend.seq,
                subject=doubt.client_id,
                key="id-changed",
            )


def _resends(op: Operation, doubt: Doubt) -> bool:
    """Whether ``op`` is the request in doubt again: the same request, sent while it was not known to be accepted.

    Parts of a ``scale`` or ``trade`` may look alike, so that for these only a resend before the proof of absence
    can be told from the next part.
    """
    if op.seq <= doubt.since_seq or not same_intent(op, doubt.op) or not same_request(op, doubt.op):
        return False
    known = doubt.resolution is not None and doubt.resolution.seq < op.seq
    if not known:
        return True
    parts = op.intent is not None and op.intent.kind != "order"
    return doubt.resolution is not None and doubt.resolution.how == "absent" and not parts


def check_signed(ix: Index) -> Iterator[Case]:
    """PAR-12."""
    skewed = any(isinstance(record.fault, ClockSkew) and record.landed for record in ix.faults)
    held_up = {on.call for record in ix.faults if isinstance(record.fault, LateRequest) for on in record.landed}
    for op in ix.ops:
        clock = op.answer is not None and op.answer.error == "clock"
        if op.injected or op.answer is None or (clock and (skewed or op.request.call in held_up)):
            continue
        if op.answer.error in ("auth", "clock"):
            what = "its time window" if op.answer.error == "clock" else "its key or signature"
            yield broke(
                f"{op.name}: the venue refused the request for {what} (code {op.answer.code})",
                op.seq,
                op.answer.seq,
                subject=op.request.op,
                key=op.answer.error,
            )
        elif op.request.signed and op.answer.executed:
            yield held(op.seq, subject=op.request.op)
    yield from _nonces(ix)


def _nonces(ix: Index) -> Iterator[Case]:
    """Where the venue wants nonces, they increase in order of sending on each connection."""
    name = ix.trait("nonce")
    if not isinstance(name, str):
        return
    last: dict[int, Operation] = {}
    for op in ix.ops:
        nonce = decimal(op.request.params.get(name)) if op.request.signed else None
        if nonce is None:
            continue
        before = last.get(op.request.conn)
        previous = decimal(before.request.params.get(name)) if before is not None else None
        if before is not None and previous is not None and nonce <= previous:
            yield broke(
                f"{op.name}: the nonce {nonce:f} is not above {previous:f}, which was sent before it",
                before.seq,
                op.seq,
                subject=op.request.op,
                key="nonce",
            )
        last[op.request.conn] = op


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-11",
        title="Client order ids are valid, unique and kept",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
The client order id is the only handle on an order whose acknowledgement was lost. Three things make it useless:
an id that the venue refuses or cuts short; an id that already names another order, so that a rejection or a
fill is booked on the wrong one; and a new id for the same request after a lost answer. The last is how one
intent becomes two orders: each retry looks like a new order to the venue, and five inner times three outer
retries become fifteen distinct orders.

Example: place id=A, no answer; place the same order again with id=B. Passes: ask for A, wait until A is proven
absent, then send A again. A changed request (another price or quantity) takes a new id.

Judged: the alphabet and length where the venue declares them (`id_pattern`); uniqueness against orders that the
target knew to be accepted, in the scope that the venue declares (`id_reuse`: among open orders, or for ever);
and for every order request with an ambiguous outcome, that the first identical request for the same intent
carries the same id unless the order had been found. For `trade` and `scale`, whose parts may look alike, only
resends before the proof of absence. Orders without any client order id are not judged here.""",
        source="Binance spot API documentation, rest-api.md (newClientOrderId) and fix-api.md (ClOrdID); "
        "Reya-Labs/reya-python-sdk#55; hummingbot/hummingbot#3970",
        check=check_client_id,
        venues="each",
    ),
    Property(
        id="PAR-12",
        title="Signed requests are well formed",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A signed request carries a key, a timestamp or nonce and a signature over exactly the bytes that are sent. One
wrong encoding, a timestamp taken before a long queue, or two requests in the same millisecond under one nonce,
and the venue refuses. If that request was a cancel or an exit, the position stays.

Example: an order queued during an outage is sent a minute later with its old timestamp and is refused as
outside of the window. An agent that signs at the moment of sending passes.

Judged: every request that the venue answered without a fault in between: none may be refused for key,
signature, timestamp or nonce; and where the venue wants nonces, they must increase in order of sending on a
connection. A clock error or a permission error that a fault injected is not the target's doing; where the venue's
clock ran apart, RTY-10 judges what follows.""",
        source="Binance spot API documentation, rest-api.md (SIGNED endpoints, timing security) and errors.md (-1021,"
        " -1022); askmike/gekko#1855; hummingbot/hummingbot#7737",
        check=check_signed,
        venues="each",
    ),
)
