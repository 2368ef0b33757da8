"""RCV-09, RCV-10: streams that say less than they should: one that is silent, one that lost a single frame.

A stream that ends is noticed. One that stays open and says nothing, or that drops one message and goes on, is not: only
a clock (nothing came for so long) or a look at the venue (what stands, what filled) finds out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Order, Stream
from outtrade.model.fault import StreamDrop, StreamSilent
from outtrade.model.history import NS, Response, StreamEvent, StreamLost
from outtrade_suites.properties import sight
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.rcv_stream import life_of

PATIENCE = ns(10)
"""How much later than ``silence`` a stream may be given up: a check every few seconds is fine."""


# ---------------------------------------------------------------- RCV-09
def check_silence(ix: Index) -> Iterator[Case]:
    """RCV-09."""
    bound = ns(ix.bounds.silence) + PATIENCE
    for record in ix.faults:
        if not isinstance(record.fault, StreamSilent) or not record.landed:
            continue
        begun = record.landed[0].at
        over = record.healed.at if record.healed is not None else begun + ns(record.fault.duration)
        for stream in ix.streams:
            start = max(begun, stream.up_at)
            if stream.up_at >= over or (stream.down_at is not None and stream.down_at <= begun):
                continue
            ends = [t for t in (over, ix.events[-1].at, _life_end(ix, stream)) if t is not None]
            if stream.down_at is not None and stream.down_by == "client" and stream.down_at - start <= bound:
                yield held(stream.up_seq, stream.down_seq or stream.up_seq)
            elif min([*ends, stream.down_at or over]) - start > bound:
                yield broke(
                    f"the private stream said nothing from {start / NS:.0f} s on, no pong either, and was kept for more"
                    f" than {bound / NS:.0f} s",
                    record.landed[0].seq,
                    stream.up_seq,
                    key="kept-silent",
                )


def _life_end(ix: Index, stream: Stream) -> int | None:
    """When the incarnation that holds the stream reported, failed or crashed."""
    for life in ix.incarnations:
        if life.number == life_of(stream):
            ends = [e.at for e in (life.crashed, life.reported, life.no_report) if e is not None]
            return min(ends) if ends else None
    return None


# ---------------------------------------------------------------- RCV-10
def check_lost_frame(ix: Index) -> Iterator[Case]:
    """RCV-10."""
    drops = {landed.seq for r in ix.faults if isinstance(r.fault, StreamDrop) for landed in r.landed}
    if not drops:
        return
    for lost in ix.stream_lost:
        order = ix.orders.get(_order_of(ix, lost))
        stream = next((s for s in ix.streams if s.conn == lost.conn and s.up(lost.seq)), None)
        if order is None or order.foreign or stream is None or not _dropped(ix, lost) or _told(ix, order, lost):
            continue
        due = max(lost.at + ns(ix.bounds.lost_frame), answers_since(ix, lost.at, ix.until) + ns(ix.bounds.answer))
        found = _made_up_for(ix, order, lost) or _asked_after(ix, order, lost)
        if found is not None and found.at <= due:
            yield held(lost.seq, found.seq, subject=order.created_as)
        elif due < min(_life_end(ix, stream) or ix.until, ix.until):
            yield broke(
                f"one event of {order.created_as} was lost at {lost.at / NS:.1f} s on a stream that went on, and until"
                f" {due / NS:.0f} s nobody asked the venue about it",
                lost.seq,
                subject=order.created_as,
                key="never-asked",
            )


def _order_of(ix: Index, lost: StreamLost) -> str:
    names = (order.id for order in ix.own_orders if lost.client_id is not None and lost.client_id in order.names)
    return next(names, "")


def _dropped(ix: Index, lost: StreamLost) -> bool:
    """Whether a fault dropped this very event (others are lost because nobody was subscribed)."""
    records = (record for record in ix.faults if isinstance(record.fault, StreamDrop))
    return any(landed.n == lost.n for record in records for landed in record.landed)


def _told(ix: Index, order: Order, lost: StreamLost) -> bool:
    """Whether the answer to a request about the order (its own, its cancel) says what the lost event was about. Where
    an answer says no more than that the order was taken, it tells of the event that says just this."""
    state, names, ack = order.state_at(lost.seq), sight.names_in(order), ix.trait("ack")
    if state is None:
        return False
    taken = ack == "accepted" and state.status == "open" and not Decimal(state.filled)
    if ack not in (None, "result") and not taken:
        return False
    for op in ix.by_op("place", "cancel", "cancel_replace"):
        about = op is order.op or (not taken and (op.client_id in names or op.request.venue_id == order.id))
        if about and op.state == "ok" and op.answer is not None and op.answer.at >= state.at:
            return True
    return False


def _asked_after(ix: Index, order: Order, lost: StreamLost) -> Response | None:
    """The first answer, to a question asked after the loss, that shows the order or its fills."""
    names = sight.names_in(order)
    for op in ix.by_op("query", "open_orders", "all_orders", "trades"):
        if op.seq <= lost.seq or op.state != "ok" or not isinstance(op.end, Response):
            continue
        if op.request.op == "query" and op.client_id not in names and op.request.venue_id not in names:
            continue
        if op.request.op == "query" or op.request.symbol in (None, "", order.symbol):
            return op.end
    return None


def _made_up_for(ix: Index, order: Order, lost: StreamLost) -> StreamEvent | None:
    """The order's next event, in time, where each says all of it again (trait ``stream``, ``amounts``), or where what
    was lost told of no trade: after a stop that was triggered, the next event says what the order is."""
    stream, state = ix.trait("stream"), order.state_at(lost.seq)
    again = isinstance(stream, Mapping) and stream.get("amounts") == "cumulative"
    if not again and (state is None or state.why not in ("triggered", "working")):
        return None
    due = lost.at + ns(ix.bounds.lost_frame)
    told = (event for event in ix.stream_events if event.seq > lost.seq and event.venue_id == order.id)
    return next((event for event in told if event.at <= due), None)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-09",
        title="A silent stream is given up",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A connection can be dead for hours without either end being told: a firewall forgot it, a server hangs. Nothing comes,
nothing fails, and an agent that waits for events waits for ever, with orders on the book.

Example: no event, no ping and no pong for 200 seconds on an open stream, and the client still holds it.

What passes: closing it after 130 seconds and subscribing anew; pings of one's own whose missing pong ends it earlier.

How it is judged: where the fault `stream_silent` met an open stream for longer than `silence` plus ten seconds, the
client ended that connection by then. A stream that ended with its process is not judged.""",
        source="nautechsystems/nautilus_trader#4020; nautechsystems/nautilus_trader#3907 (pings reset the timer);"
        " Binance, OKX and Bybit documentation (keep-alive)",
        check=check_silence,
        venues="each",
    ),
    Property(
        id="RCV-10",
        title="One lost frame on a healthy stream is found",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
The stream is up, heartbeats come, and one message is missing: a full queue, a bug in a proxy. No reconnect will ever
bring it back. An agent that asks only after reconnects holds a filled order for open until the day ends; one liquidated
the same position in an endless loop.

Example: the fill at second 5 was dropped, and in the next 200 seconds the venue is never asked about the order.

What passes: a look at open orders and trades every twenty seconds, or a query of the order while it is thought to work.

How it is judged: for each event of an own order that the fault `stream_drop` kept from an open subscription, and that
the answer to the order's request or cancel had not told as well, an answer
that shows that order or its symbol's orders or trades, asked for after the loss, reached the agent within `lost_frame`
(an outage extends it). Where events are cumulative (trait `stream`), the order's next event says as much. Balances
alone do not say what happened to which order.""",
        source="QuantConnect/Lean.Brokerages.TradeStation#101; sammchardy/python-binance#1647",
        check=check_lost_frame,
        venues="each",
    ),
)
