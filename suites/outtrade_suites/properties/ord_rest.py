"""ORD-02, EXQ-03: what becomes of the rest of a partly filled order, and orders that must never take.

A partial fill is the moment at which an agent has to remember what the intent said: the rest stays, the rest goes, or
the rest is taken. Most bugs with partial fills are one of these three done in place of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Order
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import Intent
from outtrade_suites.properties.compare import plain, step_of, wanted_base
from outtrade_suites.properties.ord_time import CLEAN_UP
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.sent import completing, impossible, start_mid
from outtrade_suites.properties.strays import halted_since


# ---------------------------------------------------------------- ORD-02
def check_rest(ix: Index) -> Iterator[Case]:
    """ORD-02."""
    for order in ix.own_orders:
        intent = order.intent
        if intent is None or intent.kind != "order" or (ix.crashes and ix.reported is None):
            continue
        partial = _partly_filled(order)
        if partial is None:
            continue
        if intent.on_partial == "cancel":
            yield from _cancelled(ix, order, intent, partial)
        elif intent.on_partial == "complete":
            yield from _completed(ix, order, intent, partial)
        else:
            yield from _kept(ix, order, intent, partial)


def _partly_filled(order: Order) -> OrderTruth | None:
    """The first change after which it rested with a part of it filled."""
    for change in order.changes:
        if change.status == "open" and 0 < Decimal(change.filled) < Decimal(change.quantity):
            return change
    return None


def _kept(ix: Index, order: Order, intent: Intent, partial: OrderTruth) -> Iterator[Case]:
    """``keep``: nothing new is sent for the intent while the rest works (that it is left alone is ORD-12)."""
    for op in ix.sends_of(intent):
        if op.seq > partial.seq and order.working_at(op.seq) > 0:
            yield broke(
                f"{order.created_as} was partly filled and its rest was to be kept; {op.name} was sent beside it",
                partial.seq,
                op.seq,
                subject=order.created_as,
                key="kept-and-sent",
            )
            return
    yield held(partial.seq, order.last.seq, subject=order.created_as)


def _cancelled(ix: Index, order: Order, intent: Intent, partial: OrderTruth) -> Iterator[Case]:
    """``cancel``: the rest goes at the first partial fill that is seen, and nothing takes its place."""
    again = next((op for op in ix.sends_of(intent) if op.seq > partial.seq and op.orders), None)
    if again is not None:
        yield broke(
            f"{order.created_as} was partly filled and its rest was to be cancelled; {again.name} was sent for it",
            partial.seq,
            again.seq,
            subject=order.created_as,
            key="cancelled-and-sent",
        )
        return
    seen = partial.at + ns(ix.bounds.lost_frame)
    due = answers_since(ix, partial.at, ix.until) + ns(ix.bounds.recovery)
    due = max(seen + ns(ix.bounds.answer), due)
    state = order.state_by(due)
    if state is not None and state.status != "open":
        yield held(partial.seq, order.last.seq, subject=order.created_as)
    elif due <= min(ix.until, ix.deadline(intent)) and not _over_before(ix, due):
        yield broke(
            f"{order.created_as} was partly filled at {partial.at / NS:.1f} s; its rest was to be cancelled and still"
            f" worked at {due / NS:.0f} s",
            partial.seq,
            max(event.seq for event in ix.events if event.at <= due),
            subject=order.created_as,
            key="rest-left",
        )


def _completed(ix: Index, order: Order, intent: Intent, partial: OrderTruth) -> Iterator[Case]:
    """``complete``: the rest is taken by another order, if there was time and it was large enough."""
    later = [op for op in ix.sends_of(intent) if op.seq > partial.seq]
    if later:
        yield held(partial.seq, later[0].seq, subject=order.created_as)
        return
    left = _left(ix, intent)
    instrument = ix.instruments.get(intent.symbol or "")
    if left is None or instrument is None or left < max(step_of(instrument), instrument.quantity_min):
        return
    price = start_mid(ix, intent.symbol or "")
    worth = None if price is None else left * price / 2  # half: the market may have moved
    if instrument.notional_min is not None and (worth is None or worth < instrument.notional_min):
        return
    end = min(ix.deadline(intent), ix.until - CLEAN_UP)
    ready = max(partial.at + ns(ix.bounds.lost_frame), answers_since(ix, partial.at, ix.until))
    if ready + ns(ix.bounds.answer) > end or impossible(ix, intent) is not None or _stopped(ix, intent, end):
        return
    if order.last.status == "filled" or _over_before(ix, end):
        return
    yield broke(
        f"{order.created_as} was partly filled at {partial.at / NS:.1f} s; its rest of {plain(left)} was to be taken"
        f" before {end / NS:.0f} s, and no order was sent for it",
        partial.seq,
        max(event.seq for event in ix.events if event.at <= end),
        subject=order.created_as,
        key="rest-forgotten",
    )


def _left(ix: Index, intent: Intent) -> Decimal | None:
    wanted = wanted_base(intent, ix.instruments.get(intent.symbol or ""))
    return None if wanted is None else wanted - ix.filled(intent, ix.events[-1].seq)


def _stopped(ix: Index, intent: Intent, end: int) -> bool:
    """Whether another intent, or a stray, ended this one before its time."""
    halted = halted_since(ix)
    return (halted is not None and halted < end) or any(
        ns(other.at) < end
        and (other.target == intent.id or (other.kind in ("flatten", "halt") and other.symbol in (None, intent.symbol)))
        for other in ix.intents.values()
        if other.kind in ("cancel", "flatten", "halt")
    )


def _over_before(ix: Index, t: int) -> bool:
    """Whether the target had reported, failed or crashed for good before ``t``."""
    life = ix.last_incarnation
    ends = [] if life is None else [e.at for e in (life.crashed, life.no_report, life.reported) if e is not None]
    return life is None or (bool(ends) and min(ends) < t)


# ---------------------------------------------------------------- EXQ-03
def check_maker_only(ix: Index) -> Iterator[Case]:
    """EXQ-03."""
    for order in ix.own_orders:
        if not _maker_only(ix, order):
            continue
        for fill in order.fills:
            if fill.maker:
                yield held(fill.seq, subject=order.created_as)
            else:
                yield broke(
                    f"trade {fill.trade_id} of {order.created_as} took liquidity; the intent allows making only",
                    fill.seq,
                    order.first.seq,
                    subject=order.created_as,
                    key="took",
                )


def _maker_only(ix: Index, order: Order) -> bool:
    if ix.scope == "G":
        asked = ix.memo("post-only submits", _post_only_submits)
        return order.op is not None and order.op.seq in asked
    intent = order.intent
    if intent is None or intent.kind != "order" or not intent.post_only:
        return False
    return order.op is None or not completing(ix, order.op)


def _post_only_submits(ix: Index) -> set[int]:
    submits = (call for call in ix.gateway if call.call.method == "submit" and call.call.args.get("post_only"))
    return {op.seq for call in submits for op in call.requests if op.is_send}


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="EXQ-03",
        title="Orders that may only make never take",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A maker strategy lives on the difference between two fees. An order that was to rest and crosses the book pays the
taker's fee, and pays it exactly when prices move fast. The flag is lost in translation: sent to an endpoint that
ignores it, dropped for a type that lacks it, or replaced by a price that "should" rest.

Example: a post-only buy at 100, filled as taker because the flag was not sent. A refused order passes.

Judged: every fill of an own order whose intent (for gateways: whose call) says `post_only` is a maker's. Orders that
take the rest of a partly filled one, because the intent says `complete`, are not judged.""",
        source="Binance spot API documentation, rest-api.md (LIMIT_MAKER); OKX and Bybit documentation (post-only)",
        check=check_maker_only,
        venues="each",
    ),
    Property(
        id="ORD-02",
        title="The rest of a partial fill is treated as the intent says",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A partly filled order leaves a question: does the rest stay, does it go, is it taken? Agents that know only "filled" and
"not filled" answer it by accident: they forget the rest, send the whole quantity again, or leave it to rest for ever.

Example: `on_partial` = `cancel`, four tenths filled, the rest still on the book five minutes later. Or `complete`, and
nothing is sent for the rest although there was time. Cancelling it and taking the rest at the market passes.

Judged, once an order of an `order` intent rested with a part filled. `keep`: no further order is sent beside it.
`cancel`: the rest is gone `lost_frame` + `answer` seconds later (or `recovery` seconds after an outage), and nothing
replaces it. `complete`: another order is sent for the rest, unless the rest is below the venue's minimum, the intent
was ended by another, or no time was left.""",
        source="DeviaVir/zenbot#1936; DeviaVir/zenbot#397; hummingbot/hummingbot#4024",
        check=check_rest,
        venues="all",
    ),
)
