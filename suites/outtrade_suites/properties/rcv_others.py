"""RCV-13, -17, -19: an account without the agent's doing: orders that others end or had placed, sessions that run out.

An agent that knows only what it did itself is right until somebody else does something: a person cancels by hand, the
venue expires an order, the key that a stream was opened with grows old.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Order
from outtrade.model.fault import StreamExpire
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import OrderView
from outtrade_suites.properties import sight
from outtrade_suites.properties.compare import TERMINAL, views_of
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.rcv_stream import life_of
from outtrade_suites.properties.rcv_taken import check_taken

AT_ONCE = frozenset({"IOC", "FOK"})
"""Times in force by which an order ends by itself: that is no news."""


# ---------------------------------------------------------------- RCV-13
def check_noticed(ix: Index) -> Iterator[Case]:
    """RCV-13: of orders, and of positions (`rcv_taken`)."""
    yield from check_taken(ix)
    reported, report = ix.reported, ix.report
    for order in ix.own_orders:
        end = _ended_by_others(order)
        if end is None:
            continue
        due = max(end.at + ns(ix.bounds.lost_frame), answers_since(ix, end.at, ix.until) + ns(ix.bounds.answer))
        life = next((life for life in ix.incarnations if life.number == end.incarnation), None)
        stops = [e.at for e in (life.crashed, life.reported, life.no_report) if e is not None] if life else []
        if not reported or (stops and min(stops) < due):
            continue
        name, shown = order.created_as, _shown(ix, order, end)
        if shown is None or shown.at > due:
            yield broke(
                f"{name} was ended by somebody else at {end.at / NS:.1f} s ({end.status}); until {due / NS:.0f} s the"
                " target was not told, because it did not ask",
                end.seq,
                subject=name,
                key="never-looked",
            )
            continue
        views = [view for _, view in _published(ix, order)]
        learned = [seq for seq, view in _published(ix, order) if view.status in TERMINAL and seq > end.seq]
        if views and (not learned or ix.at(learned[0]) > due):
            yield broke(
                f"{name} was ended by somebody else at {end.at / NS:.1f} s, the venue said so at {shown.at / NS:.1f} s,"
                f" and at {due / NS:.0f} s it was still believed to work",
                end.seq,
                shown.seq,
                subject=name,
                key="not-believed",
            )
        elif report is not None and any(v.status not in TERMINAL for v in views_of(report.orders, order)):
            yield broke(
                f"{name} was ended by somebody else at {end.at / NS:.1f} s ({end.status}); the report has it working",
                end.seq,
                reported.seq,
                subject=name,
                key="reported-working",
            )
        else:
            yield held(end.seq, shown.seq, subject=name)


def _ended_by_others(order: Order) -> OrderTruth | None:
    """The end of an order that no request of the target brought about, and its own terms neither."""
    end = order.last
    by_others = end.call is None and end.status in ("cancelled", "expired") and len(order.changes) > 1
    return end if by_others and end.tif not in AT_ONCE and end.type != "market" else None


def _shown(ix: Index, order: Order, end: OrderTruth) -> sight.Sight | None:
    told = sight.of(ix, sight.names_in(order), after=end.seq)
    return next((one for one in told if one.terminal), None)


def _published(ix: Index, order: Order) -> list[tuple[int, OrderView]]:
    views = ((e.seq, OrderView.model_validate(e.data)) for e in ix.published if e.view == "OrderView")
    return [(seq, view) for seq, view in views if views_of([view], order)]


# ---------------------------------------------------------------- RCV-17
def check_renewed(ix: Index) -> Iterator[Case]:
    """RCV-17."""
    bound = ns(ix.bounds.recovery)
    for record in ix.faults:
        if not isinstance(record.fault, StreamExpire) or not record.landed:
            continue
        expired = record.landed[0]
        old = next((s for s in ix.streams if expired.conn in (None, s.conn) and s.up(expired.seq)), None)
        if old is None:
            continue
        due = answers_since(ix, expired.at, ix.until) + bound
        life = next((life for life in ix.incarnations if life.number == life_of(old)), None)
        ends = [e.at for e in (life.crashed, life.reported, life.no_report) if e is not None] if life else []
        if due >= min([ix.until, *ends]):
            continue
        new = next((s for s in ix.streams if s.up_seq > expired.seq and life_of(s) == life_of(old)), None)
        if new is None or new.up_at > due:
            yield broke(
                f"what the private stream was opened with ended at {expired.at / NS:.1f} s; no new subscription was"
                f" acknowledged until {due / NS:.0f} s",
                expired.seq,
                key="not-renewed",
            )
            continue
        asked = [op for op in ix.by_op("open_orders", "all_orders") if op.seq > new.up_seq and op.state == "ok"]
        closed = next(
            (op for op in asked if (op.ended_at or 0) <= answers_since(ix, new.up_at, ix.until) + bound), None
        )
        if closed is None:
            yield broke(
                f"the private stream was renewed at {new.up_at / NS:.1f} s; nobody asked for the orders afterwards, so"
                " that what happened in between stays unknown",
                expired.seq,
                new.up_seq,
                key="gap-left-open",
            )
        else:
            yield held(expired.seq, new.up_seq, closed.seq)


# ---------------------------------------------------------------- RCV-19
def check_found(ix: Index) -> Iterator[Case]:
    """RCV-19."""
    reported, report = ix.reported, ix.report
    if reported is None or report is None or not ix.ops:
        return
    for order in ix.orders.values():
        state = order.state_at(reported.seq)
        if order.op is not None or order.first.seq > ix.ops[0].seq or state is None or state.status != "open":
            continue
        listed = [op for op in ix.by_op("open_orders") if op.state == "ok" and (op.ended_seq or 0) < reported.seq]
        proof = (order.first.seq, *(op.seq for op in listed[:1]), reported.seq)
        if any(view.status == "open" for view in views_of(report.orders, order)):
            yield held(*proof, subject=order.created_as)
        else:
            looked = (
                "was shown it"
                if any(order.id in ix.body(op.response) for op in listed if op.response)
                else "never asked"
            )
            yield broke(
                f"{order.created_as} stood on the account before the start and stands at the report; the target"
                f" {looked}, and does not report it",
                *proof,
                subject=order.created_as,
                key="not-found",
            )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-13",
        title="what others do to an order is noticed",
        level="MUST",
        severity="critical",
        scope="A",
        source="freqtrade/freqtrade#385 (an order deleted by hand); Binance spot API documentation, enums.md (EXPIRED);"
        " nautechsystems/nautilus_trader#4020; freqtrade/freqtrade#7107 and nautechsystems/nautilus_trader#3922"
        " (liquidations, deleveraging)",
        explain="""\
The account is not the agent's alone. Somebody cancels an order in the venue's app, the venue expires it in maintenance,
a liquidation takes it. An agent that believes in its own order until it has cancelled it itself waits for fills that
cannot come, counts protection that is gone, and reports what is not there.

Example: a limit order is cancelled by hand at second 30. At second 300 the agent still holds it for open, and learns of
its end when its own cancel is answered "unknown order".

What passes: taking the stream's word for an order that nobody here cancelled, and looking at working orders now and
then where there is no stream.

How it is judged: for each own order that was cancelled or expired without a request of the target and not by its own
time in force: within `lost_frame` (an outage extends it) an answer or event that shows its end reaches the target; if
it publishes views of that order, one that is over follows in that time; and the report does not have it working. For
each part of a position that was liquidated, deleveraged or settled: an answer about positions, trades or orders that
was asked for afterwards, or an event, reaches the target in that time.""",
        check=check_noticed,
    ),
    Property(
        id="RCV-17",
        title="an expired listen key, token or session is renewed",
        level="MUST",
        severity="major",
        scope="AG",
        source="sammchardy/python-binance#28 and #825; Binance documentation, user data streams (eventStreamTerminated,"
        " listenKeyExpired)",
        explain="""\
A private stream lives on a key, a token or a login, and these end: after an hour, after a day, when somebody logs out.
The connection often stays open. Nothing comes any more, pings are answered, and nothing fails.

Example: the venue says that the subscription has ended; the client ignores the message that it does not know and keeps
the connection for the rest of the day.

What passes: subscribing anew when the venue says that the old subscription is over, and reading orders and fills
afterwards, as after any gap.

How it is judged: where the fault `stream_expire` met a private stream: a new subscription of the same incarnation is
acknowledged within `recovery` (an outage extends it), and a list of orders, asked for after that, is answered within
`recovery`. A stream that ended with its process is not judged.""",
        check=check_renewed,
    ),
    Property(
        id="RCV-19",
        title="what stood before the start is found",
        level="MUST",
        severity="critical",
        scope="A",
        source="nautechsystems/nautilus_trader#3878; freqtrade/freqtrade#8913; the contract (what stood before)",
        explain="""\
An account is rarely empty. A person has an order on it, another program works there, an earlier run left something. It
locks funds, it can fill, it counts against limits; an agent that begins with a clean sheet is wrong from its first
moment on, and nothing tells it so.

Example: a sell order of somebody else stands in the symbol that is traded. The agent never lists the open orders, and
its report says that nothing works on the account.

What passes: listing open orders before anything is sent, and keeping what is not one's own in the books as foreign.

How it is judged: every order that stood before the target's first request, and stands when the report comes, is in the
report as open. What may be done with it is judged by ORD-10, its terms by REC-01, what it locks by REC-03.""",
        check=check_found,
    ),
)
