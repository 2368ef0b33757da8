"""RCV-08, RCV-11, RCV-12: the private stream: gaps, repetitions, and events in the wrong order.

A private stream is fast and incomplete. It ends without warning, what happens meanwhile is not sent again, and after a
reconnect some venues repeat what was already told. Nothing promises that an event arrives after the answer to the
request that caused it. Books kept from a stream must therefore close every gap by asking, must know each trade by its
id, and must accept news about an order whose acknowledgement has not come yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation, Order, Stream
from outtrade.model.history import NS, FillTruth, OrderTruth, Response, StreamEvent
from outtrade.model.task import Report
from outtrade_suites.properties import sight
from outtrade_suites.properties.compare import UNSETTLED, near, plain, step_of, views_of
from outtrade_suites.properties.truth import base_of, position, report_window

ORDER_READS = ("open_orders", "all_orders", "query")
"""Operations that tell which orders stand."""
FILL_READS = ("trades", "all_orders", "query")
"""Operations that tell what has filled."""
NEWS = ns(2)
"""An order that moved this shortly before a stream ended may not have been told of."""


# ---------------------------------------------------------------- RCV-08
def gap_closed(ix: Index) -> Iterator[Case]:
    """RCV-08: nothing that adds exposure between the end of the stream and answers asked for after the new one."""
    for stream in ix.streams:
        if stream.down_seq is None or stream.down_at is None:
            continue
        if not any(op.seq > stream.down_seq and op.request.incarnation == life_of(stream) for op in ix.ops):
            continue  # it ended with its process, or at the very end
        own = [other for other in ix.streams if other is not stream and life_of(other) == life_of(stream)]
        if any(other.up(stream.down_seq) for other in own):
            continue  # another subscription was alive: no gap
        reopened = next((other for other in own if other.up_seq > stream.down_seq), None)
        last = ix.end if reopened is None or reopened.down_seq is None else reopened.down_seq
        blind = False
        for op in ix.sends:
            if stream.down_seq < op.seq < last and op.request.incarnation == life_of(stream):
                for case in _sent_after(ix, stream, reopened, op):
                    blind = blind or case.kind == "broke"
                    yield case
        start = stream.down_seq if reopened is None else reopened.up_seq
        if not blind and any(could_have_moved(ix, order, stream, start) for order in ix.own_orders):
            yield held(stream.down_seq, start)  # something was in play, and nothing was sent blindly


def _sent_after(ix: Index, stream: Stream, reopened: Stream | None, op: Operation) -> Iterator[Case]:
    """One new order after a stream's end. Answers count from the new subscription; where there is none yet, the agent
    trades without a stream for the time being, and answers count from the end of the old one."""
    assert stream.down_seq is not None and stream.down_at is not None
    start = reopened.up_seq if reopened is not None and reopened.up_seq < op.seq else stream.down_seq
    affected = [order for order in ix.own_orders if could_have_moved(ix, order, stream, start)]
    name = op.client_id or "an order"
    for order in affected:
        missing = unread(ix, order.symbol, sight.names_in(order), start, op.seq)
        if missing:
            since = "the new subscription was acknowledged" if start != stream.down_seq else "the stream ended"
            message = (
                f"the private stream ended at {stream.down_at / NS:.3f} s with {order.created_as} in play, and {name}"
                f" was sent at {op.sent_at / NS:.3f} s before {missing}, asked for after {since}, were answered"
            )
            yield broke(message, stream.down_seq, start, op.seq, subject=name, key=f"blind-{missing.split()[0]}")
            return
    if affected or not unread(ix, op.request.symbol or "", set(), start, op.seq):
        yield held(stream.down_seq, op.seq, subject=name)


def could_have_moved(ix: Index, order: Order, stream: Stream, start: int) -> bool:
    """Whether the order was working when the stream ended, moved just before, or was sent in the gap and not shown to
    be over by event ``start``."""
    assert stream.down_seq is not None and stream.down_at is not None
    if order.first.seq > start:
        return False
    if order.first.seq > stream.down_seq:
        return sight.shown_over(ix, order, before=start) is None
    if order.working_at(stream.down_seq) > 0:
        return True
    told = any(e.seq > order.last.seq and e.venue_id == order.id for e in stream.events)
    recent = stream.down_at - order.last.at < NEWS and order.last.seq < stream.down_seq
    return recent and not told and sight.shown_over(ix, order, before=stream.down_seq) is None


def unread(ix: Index, symbol: str, names: set[str], start: int, before: int) -> str:
    """Which of "orders" and "fills" of an order (its symbol, its names) were not both asked for after event ``start``
    and answered before event ``before``; "" = none."""

    def answered(kinds: tuple[str, ...]) -> bool:
        for op in ix.by_op(*kinds):
            ended = op.ended_seq
            if op.seq <= start or ended is None or ended >= before:
                continue
            if op.request.op == "query":
                about = op.request.client_id in names or op.request.venue_id in names
                if about and (op.state == "ok" or op.error == "not_found"):
                    return True
            elif op.state == "ok" and op.request.symbol in (None, "", symbol):
                return True
        return False

    missing = [word for word, kinds in (("orders", ORDER_READS), ("fills", FILL_READS)) if not answered(kinds)]
    return " and ".join(missing)


def life_of(stream: Stream) -> int:
    """The incarnation that subscribed."""
    return 0 if stream.subscribe is None else stream.subscribe.request.incarnation


# ---------------------------------------------------------------- RCV-11
class Sighting(NamedTuple):
    """One telling of a trade: the event that brought it, and how."""

    seq: int
    how: str


def booked_once(ix: Index) -> Iterator[Case]:
    """RCV-11: an event that came twice moved the books once."""
    report, window = ix.report, report_window(ix)
    if ix.scope == "G" or report is None or window is None:
        return
    for again, fill in repeated(ix):
        order = ix.orders.get(fill.order)
        if order is None or again.seq > window.seq:
            continue
        wrong = twice_in_books(ix, report, window.seq, order, fill)
        if wrong:
            message = f"trade {fill.trade_id} of {order.created_as} was pushed and {again.how} again; {wrong}"
            key = "twice-" + wrong.split()[1]
            yield broke(message, fill.seq, again.seq, window.seq, subject=order.created_as, key=key)
        else:
            yield held(fill.seq, again.seq, window.seq, subject=order.created_as)


def repeated(ix: Index) -> Iterator[tuple[Sighting, FillTruth]]:
    """Trades of which the client was told more than once: the second telling, and the trade.

    On the stream again (the same event, or a replay under a new number), or once on the stream and once more in a list
    of trades: whoever adds up both books the trade twice.
    """
    trades = {(fill.order, fill.trade_id): fill for fill in ix.own_fills}
    by_trade = {fill.trade_id: fill for fill in ix.own_fills}
    told: dict[int, list[Sighting]] = {}
    for event in ix.stream_events:
        if event.trade_id is not None and event.kind in ("fill", "order"):
            fill = trades.get((event.venue_id or "", event.trade_id)) or by_trade.get(event.trade_id)
            if fill is not None:
                told.setdefault(fill.seq, []).append(Sighting(event.seq, "pushed"))
    if not told:
        return
    for op in ix.by_op("trades"):
        end = op.end
        if op.state != "ok" or not isinstance(end, Response):
            continue
        body = ix.body(end)
        for fill in ix.own_fills:
            known = told.get(fill.seq)
            if known and len(known) == 1 and op.request.symbol in (None, "", fill.symbol) and fill.trade_id in body:
                known.append(Sighting(end.seq, "listed"))
    for fill in ix.own_fills:
        if len(told.get(fill.seq, ())) > 1:
            yield sorted(told[fill.seq])[1], fill


def twice_in_books(ix: Index, report: Report, seq: int, order: Order, fill: FillTruth) -> str:
    """How a repeated trade shows more than once in the report made at event ``seq``; "" where it does not."""
    if report.fills is not None:
        named = {order.id, *order.names}
        times = sum(1 for said in report.fills if said.trade_id == fill.trade_id and said.order in named)
        if times > 1:
            return f"the fills of the report hold it {times} times"
    step, quantity = step_of(ix.instruments.get(order.symbol)), Decimal(fill.quantity)
    for view in views_of(report.orders, order):
        excess = view.filled - order.filled_at(seq)
        if excess > step / 2 and excess >= quantity - step / 2:
            return f"the order is reported {plain(excess)} above what was filled"
    if report.positions is not None and order.symbol in report.positions:
        difference = report.positions[order.symbol].quantity - position(ix, order.symbol, seq)
        signed = quantity if order.side == "buy" else -quantity
        fee = Decimal(fill.fee) if fill.fee_asset == base_of(ix, order.symbol) else Decimal(0)
        if near(difference, signed, step) or near(difference, signed - fee, step):
            return f"the position of the report is off by {plain(difference)}"
    return ""


# ---------------------------------------------------------------- RCV-12
def nothing_lost(ix: Index) -> Iterator[Case]:
    """RCV-12: what came early or out of order is in the books all the same."""
    report, window = ix.report, report_window(ix)
    if ix.scope == "G" or report is None or window is None:
        return
    for order, event, how in disordered(ix):
        if event.seq > window.seq:
            continue
        wrong = missing_from(report, order, window.states(order), step_of(ix.instruments.get(order.symbol)))
        if wrong:
            message = f"an event about {order.created_as} came {how}; {wrong}"
            yield broke(message, event.seq, window.seq, subject=order.created_as, key=f"lost-{how.split()[0]}")
        else:
            yield held(event.seq, window.seq, subject=order.created_as)


def disordered(ix: Index) -> Iterator[tuple[Order, StreamEvent, str]]:
    """Own orders with an event that came before the acknowledgement, or after a later one; each order once."""
    highest: dict[str, int] = {}
    done: set[str] = set()
    for event in ix.stream_events:
        order = ix.orders.get(event.venue_id or "") or next(
            (o for o in ix.own_orders if event.client_id is not None and event.client_id in o.names), None
        )
        if order is None or order.foreign:
            continue
        before = highest.get(order.id, -1)
        highest[order.id] = max(before, event.n)
        if order.id in done:
            continue
        if event.n < before:
            done.add(order.id)
            yield order, event, "out of order"
        elif order.op is not None and (order.op.ended_seq is None or event.seq < order.op.ended_seq):
            done.add(order.id)
            yield order, event, "before the acknowledgement"


def missing_from(report: Report, order: Order, states: list[OrderTruth | None], step: Decimal) -> str:
    """What the report does not know about an order that went through ``states`` while it was made; "" = nothing."""
    views = views_of(report.orders, order)
    known = states[0]
    if not views:
        return "the report does not know the order" if known is not None else ""
    if known is None or all(view.status in UNSETTLED for view in views):
        return ""
    view = views[-1]
    if view.filled < Decimal(known.filled) - step / 2:
        return f"the report holds {plain(view.filled)} filled, the venue {plain(Decimal(known.filled))}"
    if view.status == "open" and known.status != "open":
        return f"the report still calls the order open, on the venue it was {known.status}"
    return ""


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-08",
        title="after the stream ended, orders and fills are read before new exposure",
        level="MUST",
        severity="critical",
        scope="A",
        source=(
            "nautilus_trader#4991 (the venue does not replay on resubscription; fetch after the acknowledgement);"
            " Lean.Brokerages.InteractiveBrokers#249; Binance user data stream documentation (no replay, connection"
            " valid for 24 h)"
        ),
        explain="""\
What happens while a private stream is down is never sent again. An agent that reconnects and goes on as if nothing
had been missed decides on stale books.

Example: a resting buy of 1 BTC fills while the stream is down for five seconds. After the reconnect the agent still
sees the order as open and its exposure as zero, and buys another one through a second intent. Order of events
matters: a snapshot asked for before the new subscription was acknowledged leaves a smaller gap, but a gap.

What passes: after the end of the stream reached the client, no request that adds exposure is sent until both the
orders and the fills, asked for after the new subscription was acknowledged, have been answered. A query by id answers
both for its order, a list of all orders for its symbol. Cancels, and orders sent before, are exempt. An agent that
trades on without a stream passes if it asked for both after the stream ended.

How it is judged: for every end of a private stream with no other subscription alive, each later order request of the
same incarnation is looked at until the new stream ends. The reads must cover every own order that was working then or
was sent in the gap. Where none was, nothing could be missed and nothing is judged.
""",
        check=gap_closed,
        venues="each",
    ),
    Property(
        id="RCV-11",
        title="replayed or duplicated events are booked once",
        level="MUST",
        severity="critical",
        scope="AG",
        source=(
            "nautilus_trader#3172 and release notes of 2026 (replays after a reconnect booked as new fills);"
            " BYTEX-TRADE/bytex#16; hummingbot#5633"
        ),
        explain="""\
Streams deliver at least once. After a reconnect, behind a load balancer, or out of a bug, the same trade arrives
again. And the list of trades that an agent asks for after a gap holds again what the stream has told before it. Books
that add everything that comes double a position that did not change.

Example: a fill of 0.5 BTC is pushed twice. The agent books 1 BTC, hedges 1 BTC, and is short 0.5 BTC that it believes
to have. Every later decision starts from the wrong position, and each replay adds to it.

What passes: the trade id (with its order and symbol) decides whether a fill is new. Cumulative quantities may be
taken from order updates, where a repetition changes nothing.

How it is judged: for every trade that reached the client more than once on the private stream, or on the stream and
in a list of trades, the report must hold its id once, the filled quantity of its order must not exceed the truth by
that trade, and the position must not be off by it. Gateways without an event interface have nothing to judge here.
""",
        check=booked_once,
        venues="each",
    ),
    Property(
        id="RCV-12",
        title="events out of order, or before the acknowledgement, are not lost",
        level="MUST",
        severity="critical",
        scope="AG",
        source=(
            "nautilus_trader#3870 (orders filled before the first status poll) and #4215 (-1007 answered, then accepted"
            " on the user stream); venues do not document which of answer and event comes first"
        ),
        explain="""\
The answer to an order request and the events that follow from it travel on different connections. An order that takes
liquidity can be filled, on the stream, before the client has read the answer that tells it the order's id. Two events
can overtake each other.

Code that registers an order only when the answer is there drops the early fill ("unknown order, ignored"); code that
lets the last message win sets a filled order back to open. Example: the fill arrives 1 s before the acknowledgement.
The agent ignores it, then books the order as new, and waits for a fill that has already happened.

What passes: listening before sending, keeping events about ids one does not know yet, terminal states that stay, and
a look at the venue where something does not fit.

How it is judged: for every own order with an event that reached the client before the end of its order request, or
after a later event about it, the report must know the order with all that was filled, and must not call it open when
it was over.
""",
        check=nothing_lost,
        venues="each",
    ),
)
