"""RTY-01, -02, -12: one intent, one exposure, whatever was lost on the way.

RTY-01 counts what truly stood on the exchange. RTY-02 and RTY-12 look at the decision: what did the target know when it
sent the next order? A target may break RTY-02 and keep RTY-01 by luck (the lost order happened not to be accepted);
with the twin scenario it would have doubled the position.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held, undecided
from outtrade.judge.index import CLOCK_SLACK, Index, decimal, ns
from outtrade.judge.records import ZERO, Doubt, GatewayOp, Operation, working
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import Instrument, Intent
from outtrade.model.units import is_inverse
from outtrade_suites.properties.amended import amendments
from outtrade_suites.properties.sent import EXPOSING, same_intent, start_mid, submits


# ---------------------------------------------------------------- RTY-01
def check_exposure(ix: Index) -> Iterator[Case]:
    """RTY-01."""
    if ix.scope == "G":
        yield from _one_submit_one_order(ix)
        return
    for intent in ix.intents.values():
        if intent.kind in EXPOSING and intent.symbol in ix.instruments and ix.sends_of(intent):
            yield _one_exposure(ix, intent, ix.instruments[intent.symbol])
    yield from _unattributed(ix)


def _one_exposure(ix: Index, intent: Intent, rule: Instrument) -> Case:
    """The worst instant of one intent."""
    orders = [order for order in ix.orders_of(intent) if order.side == intent.side and order.symbol == intent.symbol]
    first = intent.quantity or intent.quote_quantity
    unit = rule.quote if is_inverse(intent.symbol or "") else rule.base
    if first is None:
        return undecided(f"{intent.id} says no quantity", subject=intent.id)
    slack = rule.step
    by_quote = intent.quantity is None
    if by_quote:
        slack, unit = rule.step * _price(ix, intent), rule.quote
    changes = sorted((change for order in orders for change in order.changes), key=lambda change: change.seq)
    limits = _Limit(first, slack, [] if by_quote else amendments(ix, intent))
    for change in changes:
        states = [state for order in orders if (state := order.state_at(change.seq)) is not None]
        if by_quote:
            total = sum((Decimal(s.quote_filled) + working(s) * Decimal(s.price or "0") for s in states), ZERO)
        else:
            total = sum((asked_for(s) + working(s) for s in states), ZERO)
        limit = limits.at(change.at, total)
        if total > limit + slack:
            parts = [o for o in orders if o.filled_at(change.seq) or o.working_at(change.seq)]
            names = ", ".join(order.created_as for order in parts)
            return broke(
                f"{intent.id} wants {limit:f} {unit}; at {change.seconds:.3f} s {total:f} was filled or could still"
                f" fill, in {len(parts)} order(s): {names}",
                *(order.first.seq for order in parts),
                change.seq,
                subject=intent.id,
                key="exposure",
            )
    return held(*(op.seq for op in ix.sends_of(intent)), subject=intent.id)


def asked_for(state: OrderTruth) -> Decimal:
    """What was filled of an order, without what the venue filled beyond its quantity: that is not the target's doing
    (what the target does about it is LIM-03's)."""
    return min(Decimal(state.filled), Decimal(state.quantity))


class _Limit:
    """The most that an intent may come to, change by change: a larger total counts from its ``at`` on, a smaller one
    from the first instant at which no more than that was filled or working."""

    def __init__(self, first: Decimal, slack: Decimal, amends: list[Intent]) -> None:
        self.limit, self.slack = first, slack
        self.to_come = [(ns(one.at) - CLOCK_SLACK, one.quantity) for one in amends if one.quantity is not None]
        self.less: Decimal | None = None

    def at(self, when: int, total: Decimal) -> Decimal:
        """The limit for ``total`` at ``when`` (ns); to be asked in order of time."""
        while self.to_come and self.to_come[0][0] <= when:
            wanted = self.to_come.pop(0)[1]
            self.limit, self.less = (wanted, None) if wanted >= self.limit else (self.limit, wanted)
        if self.less is not None and 0 < total <= self.less + self.slack:
            self.limit, self.less = self.less, None
        return self.limit


def _wanted(ix: Index, intent: Intent) -> Decimal | None:
    """The most that the intent ever asks for (amendments included), in base units, else in quote units."""
    if intent.quantity is None:
        return intent.quote_quantity
    amended = [i.quantity for i in ix.intents.values() if i.kind == "amend" and i.target == intent.id and i.quantity]
    return max([intent.quantity, *amended])


def _price(ix: Index, intent: Intent) -> Decimal:
    """The highest price at which the intent traded or may trade, to turn a step into a value."""
    traded = [Decimal(fill.price) for order in ix.orders_of(intent) for fill in order.fills]
    known = [intent.limit_price, start_mid(ix, intent.symbol or ""), *traded]
    return max((price for price in known if price is not None), default=ZERO)


def _unattributed(ix: Index) -> Iterator[Case]:
    """Orders without a tag that several intents may own: together, these bound them."""
    groups = dict.fromkeys((o.symbol, o.side) for o in ix.own_orders if o.intent is None and o.accepted)
    for symbol, side in groups:
        owners = [i for i in ix.intents.values() if (i.symbol, i.side) == (symbol, side) and i.kind in EXPOSING]
        if not owners or any(intent.quantity is None for intent in owners) or symbol not in ix.instruments:
            continue
        orders = [order for order in ix.own_orders if (order.symbol, order.side) == (symbol, side)]
        limit = sum((_wanted(ix, intent) or ZERO for intent in owners), ZERO) + ix.instruments[symbol].step * len(
            owners
        )
        for change in sorted((c for order in orders for c in order.changes), key=lambda c: c.seq):
            total = sum((o.filled_at(change.seq) + o.working_at(change.seq) for o in orders), ZERO)
            if total > limit:
                yield broke(
                    f"all intents to {side} {symbol} want {limit:f} together; at {change.seconds:.3f} s {total:f} was"
                    " filled or could still fill",
                    change.seq,
                    subject=symbol,
                    key="exposure",
                )
                break
        else:
            yield held(*(order.first.seq for order in orders), subject=symbol)


def _one_submit_one_order(ix: Index) -> Iterator[Case]:
    """For gateways: each call of ``submit`` brought at most one order onto the exchange."""
    sent: dict[int, tuple[GatewayOp, list[Operation]]] = {}
    owner = submits(ix)
    for op in ix.sends:
        if op.seq in owner:
            sent.setdefault(owner[op.seq].call.seq, (owner[op.seq], []))[1].append(op)
    for call, ops in sent.values():
        orders = [order for op in ops for order in op.orders if order.accepted]
        subject = str(call.call.args.get("client_id") or call.call.id)
        if len(orders) > 1:
            yield broke(
                f"one call of submit ({subject}) brought {len(orders)} orders onto the exchange:"
                f" {', '.join(order.created_as for order in orders)}",
                call.call.seq,
                *(order.first.seq for order in orders),
                subject=subject,
                key="exposure",
            )
        else:
            yield held(call.call.seq, *(op.seq for op in ops), subject=subject)


# ---------------------------------------------------------------- RTY-02
def check_reconciled(ix: Index) -> Iterator[Case]:
    """RTY-02."""
    for doubt in ix.doubts:
        violation = next((found for op in ix.sends if (found := _too_early(ix, doubt, op)) is not None), None)
        if violation is None:
            yield held(doubt.op.seq, doubt.since_seq, subject=doubt.client_id or "")
            continue
        op, why, key = violation
        yield broke(
            f"{doubt.op.name} ended at {doubt.since / NS:.3f} s without an answer that decides it; at"
            f" {op.request.seconds:.3f} s {why}, before the first was found or proven absent",
            doubt.op.seq,
            doubt.since_seq,
            op.seq,
            subject=doubt.client_id or "",
            key=key,
        )


def _too_early(ix: Index, doubt: Doubt, op: Operation) -> tuple[Operation, str, str] | None:
    """Whether ``op`` is an order for the intent in doubt that should not have been sent yet."""
    if op is doubt.op or not doubt.open_at(op.seq) or not same_intent(op, doubt.op):
        return None
    if doubt.client_id is not None and op.client_id == doubt.client_id:
        reuse = ix.trait("id_reuse")
        if reuse is None:
            return None
        window = ix.trait("id_window")
        in_time = window is None or op.sent_at - doubt.op.sent_at <= float(window) * NS
        if reuse in ("never", "returns_first") and in_time:
            return None
        if in_time:
            return op, f"it was sent again under its id, which this venue accepts twice (id_reuse: {reuse})", "same-id"
        return op, f"it was sent again under its id, later than the {window} s for which the venue knows it", "window"
    if _another_part(op, doubt.op):
        return None
    return op, f"another order ({op.client_id or 'without an id'}) was sent for the same intent", "new-order"


def _another_part(a: Operation, b: Operation) -> bool:
    """Whether two orders are different parts of one ``scale``: the intent itself asks for both."""
    if a.intent is None or a.intent.kind != "scale" or a.order is None or b.order is None:
        return False
    return decimal(a.order.price) != decimal(b.order.price)


# ---------------------------------------------------------------- RTY-12
def check_duplicate(ix: Index) -> Iterator[Case]:
    """RTY-12."""
    for op in ix.sends:
        if op.error != "duplicate" or op.ended_seq is None:
            continue
        learned = _learned(ix, op)
        fault = _gateway_verdict(ix, op, learned) if ix.scope == "G" else _agent_verdict(ix, op, learned)
        subject = op.client_id or ""
        if fault is None:
            yield held(op.seq, op.ended_seq, *(() if learned is None else (learned,)), subject=subject)
        else:
            message, key, seq = fault
            yield broke(
                f"{op.name} was answered 'duplicate id': {message}", op.seq, op.ended_seq, seq, subject=subject, key=key
            )


Fault = tuple[str, str, int]
"""Sentence, key, and the event that shows it."""


def _learned(ix: Index, op: Operation) -> int | None:
    """The event by which the target asked about the id, or was told, after the duplicate answer.

    A query by that id (or by the venue's id of an order that bears it) counts when it is sent; what others tell (an
    event, a list) counts from when the request in question was sent, as it may come before the answer.
    """
    assert op.ended_seq is not None
    bearers = [order for order in ix.own_orders if op.client_id in order.names]
    venue_ids = {order.id for order in bearers}
    asked = [
        query.seq
        for query in ix.by_op("query")
        if query.seq > op.ended_seq and (query.client_id == op.client_id or query.request.venue_id in venue_ids)
    ]
    told = [
        event.seq
        for event in ix.stream_events
        if event.seq > op.seq and (event.client_id == op.client_id or event.venue_id in venue_ids)
    ]
    told += [
        doubt.resolution.seq
        for doubt in ix.doubts
        if doubt.client_id == op.client_id
        and doubt.resolution is not None
        and doubt.resolution.via in ("query", "listing", "write")
        and doubt.resolution.seq > op.seq
    ]
    return min((*asked, *told), default=None)


def _agent_verdict(ix: Index, op: Operation, learned: int | None) -> Fault | None:
    assert op.ended_seq is not None

    def unaware(seq: int) -> bool:
        return op.ended_seq is not None and op.ended_seq < seq and (learned is None or seq < learned)

    for other in ix.sends:
        if (
            unaware(other.seq)
            and same_intent(op, other)
            and other.client_id != op.client_id
            and not _another_part(other, op)
        ):
            return f"{other.name} was sent under a new id before the first was asked for", "new-id", other.seq
    for view in ix.published:
        told = (view.data.get("client_id"), view.data.get("status"))
        if unaware(view.seq) and told == (op.client_id, "rejected"):
            return "it was called rejected before it was asked for", "rejected", view.seq
    if learned is None:
        report = ix.reported
        if report is None and ix.no_report is None:
            return None
        return "the order was never asked for", "never-asked", report.seq if report is not None else op.ended_seq
    return None


def _gateway_verdict(ix: Index, op: Operation, learned: int | None) -> Fault | None:
    call = submits(ix).get(op.seq)
    assert op.ended_seq is not None
    if call is None or call.result is None:
        return None
    end = call.result.seq
    if learned is not None and learned < end:
        return None
    for other in call.requests:
        if other.is_send and other.seq > op.ended_seq and other.client_id != op.client_id:
            return f"{other.name} was sent under a new id before the first was asked for", "new-id", other.seq
    value = call.result.value
    if call.result.meaning == "rejected" or (isinstance(value, dict) and value.get("status") == "rejected"):
        return "the gateway called the order rejected without asking for it", "rejected", end
    return None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-01",
        title="One intent, one exposure",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
An order is sent, the answer is lost, the order is sent again; both fill. The position is twice what was
decided, and with a retry loop it grows without a bound. This is the most common expensive bug of execution
code, and the balance is often the only thing that stops it.

Example: the intent is to buy 1. Order A (1) is accepted but its answer times out; order B (1) is placed. At
that instant 2 can fill. Passes: asking for A first; a replacement of 0.6 after A was cancelled with 0.4 filled.

Judged from the truth, over all incarnations and at every change of every order: filled plus what working orders
can still add never exceeds the intent's quantity by more than one step (for quote amounts, by the value of one
step; where the intent is amended, a larger total from its time on, a smaller one once no more than that was left).
Orders belong to an intent by the tag in the id they were
created with, else by symbol and side. Orders that several intents might own are bounded by all of them
together. For gateways: one call of `submit` brings at most one order onto the exchange.""",
        source="Binance spot API documentation, rest-api.md (5XX: execution status unknown); scrtlabs/catalyst#315;"
        " s4w3d0ff/python-poloniex#109; Reya-Labs/reya-python-sdk#55",
        check=check_exposure,
        account=True,
        venues="all",
    ),
    Property(
        id="RTY-02",
        title="Nothing new while an order is in doubt",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
After a timeout, a reset, a 5xx or anything else that does not say what became of it, an order may be alive.
Whoever places the next one before finding out gambles on which it was. That the gamble went well in this run
(the lost order was not accepted) proves nothing: the twin of the scenario has the same bytes on the wire and
the opposite truth.

Example: place A, timeout, place B. Also: place A, timeout, ask for A, "502", place B; or "not found" two
seconds later, place B: the venue may still be working on it. Passes: ask until A is found, or "not found" to a
question sent `absent_after` seconds after A was last sent; then act.

Judged by traits, not by luck: sending the same id again counts as safe only where the venue declares that an id
is never accepted twice (`id_reuse` = `never`, `returns_first`) and within its window; where ids are free again
after a fill or a cancel (`open_only`), a resend can be a second order. A doubt begins at the end that the
client saw; requests already under way are exempt, cancels and queries always allowed. Found means: by a query,
a stream event, a list that holds it, or a cancel that the venue carried out. Missing from a list and "unknown
order" on a cancel prove nothing. Other parts of a `scale`, at other prices, may go on.""",
        source="Binance spot API documentation, rest-api.md (5XX) and errors.md (-1006, -1007); scrtlabs/catalyst#317;"
        " bennycode/trading-signals#1178; gzhytar in veox/python3-krakenex#65",
        check=check_reconciled,
        venues="each",
    ),
    Property(
        id="RTY-12",
        title="A duplicate-id answer leads to a query",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
"Duplicate client order id" is not a rejection. It is the venue saying that an order with this id is there:
usually the first attempt, whose answer was lost. Code that files it under errors reports a live order as
rejected (it then fills, and nobody watches it), or helps itself with a fresh id and trades twice.

Example: place A, timeout, A is sent again and answered "duplicate"; the agent marks A rejected. Passes: ask for
A by its id and go on from what the answer says.

Judged: after every duplicate answer to an order request, a query by that id follows (or a stream event or list
already told of the order), and before it neither an order under a new id for the same intent nor a published
view that calls it rejected. A gateway may pass the answer on as `duplicate`; it may not call the order
rejected, nor send it under a new id, unless it asked.""",
        source="Binance spot API documentation, errors.md (-2010, Duplicate order sent);"
        " nautechsystems/nautilus_trader#4215",
        check=check_duplicate,
        venues="each",
    ),
)
