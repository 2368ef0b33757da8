"""EXQ-01, -06, -07: what a ``trade`` intent may cost.

Such an intent leaves the orders to the agent, and says what they may cost: in slippage, in fees, in patience. Slippage
counts from the mid price when the intent falls due (``Marked``, recorded then and a second later), and is the same for
all pieces, so that a piece an hour later is no excuse for a price that nobody agreed to.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, decimal, ns
from outtrade.judge.records import ZERO, Order
from outtrade.model.history import NS, FillTruth
from outtrade.model.task import Intent
from outtrade.model.units import is_inverse, value_of
from outtrade_suites.properties.outages import answers_since

BPS = Decimal(10_000)
LOOKED = ns(2)
"""How long after an intent falls due its price must be readable, or slippage is not judged (nanoseconds)."""
STANDS = ns(5)
"""How long an order may stand on the book before it counts as resting (nanoseconds)."""


def trades(ix: Index) -> Iterator[Intent]:
    """The ``trade`` intents of a known symbol."""
    for intent in ix.intents.values():
        if intent.kind == "trade" and intent.symbol in ix.instruments and intent.side is not None:
            yield intent


def slippage_bound(ix: Index, intent: Intent) -> Decimal | None:
    """The bound on slippage in basis points: the intent's own, else the task's."""
    own = intent.max_slippage_bps
    return own if own is not None else ix.scenario.limits.max_slippage_bps


# ---------------------------------------------------------------- EXQ-01
def check_slippage(ix: Index) -> Iterator[Case]:
    """EXQ-01. Not judged where the venue could not be asked for a price as the intent fell due, and after a restart
    (the price of that moment may be lost)."""
    for intent in trades(ix):
        most, worst = slippage_bound(ix, intent), worst_price(ix, intent)
        if most is None or worst is None or not readable(ix, ns(intent.at)) or len(ix.incarnations) > 1:
            continue
        for order in ix.orders_of(intent):
            fill = next((fill for fill in order.fills if _beyond(intent, Decimal(fill.price), worst)), None)
            if fill is not None:
                yield broke(
                    f"{order.created_as} traded at {fill.price}; {intent.id} allows {most:f} basis points, which is"
                    f" {worst:f} ({slipped(ix, intent, fill):.1f} basis points from the mid at {intent.at:g} s)",
                    order.first.seq,
                    fill.seq,
                    subject=order.created_as,
                    key="slippage",
                )
            else:
                yield held(order.first.seq, order.last.seq, subject=order.created_as)


def readable(ix: Index, due: int) -> bool:
    """Whether the venue answered around an instant; prices are no reads of the account, so each is looked at."""
    start, end = due - LOOKED, due + LOOKED
    failed = any(start <= op.sent_at <= end and not op.is_send and op.state != "ok" for op in ix.ops)
    return not failed and answers_since(ix, start, end) <= start


def worst_price(ix: Index, intent: Intent) -> Decimal | None:
    """The worst price that the bound on slippage allows, one tick included; None where there is no bound or no mid."""
    most, marks = slippage_bound(ix, intent), [Decimal(mark.mid) for mark in ix.marks.get(intent.id, ())]
    if most is None or not marks:
        return None
    tick = ix.instruments[intent.symbol or ""].tick
    if intent.side == "buy":
        return max(marks) * (1 + most / BPS) + tick
    return min(marks) * (1 - most / BPS) - tick


def _beyond(intent: Intent, price: Decimal, worst: Decimal) -> bool:
    return price > worst if intent.side == "buy" else price < worst


def slipped(ix: Index, intent: Intent, fill: FillTruth) -> Decimal:
    """Basis points that a fill was worse than the mid as the intent fell due (negative: better)."""
    mid = Decimal(ix.marks[intent.id][0].mid)
    return (Decimal(fill.price) / mid - 1) * BPS * (1 if intent.side == "buy" else -1)


# ---------------------------------------------------------------- EXQ-06
def check_suits(ix: Index) -> Iterator[Case]:
    """EXQ-06."""
    for intent in trades(ix):
        bounded = slippage_bound(ix, intent) is not None
        for op in ix.sends_of(intent) if bounded else ():
            if op.order is not None and op.order.type == "market" and decimal(op.order.price) is None:
                yield broke(
                    f"{op.name} takes any price, and {intent.id} allows {slippage_bound(ix, intent):f} basis points",
                    op.seq,
                    subject=op.client_id or "",
                    key="market",
                )
            else:
                yield held(op.seq, subject=op.client_id or "")
        for order in ix.orders_of(intent) if intent.patience == 0 else ():
            yield _impatient(intent, order)


def _impatient(intent: Intent, order: Order) -> Case:
    """Whether an order of an intent without patience stood on the book."""
    state = order.state_by(order.first.at + STANDS)
    if state is not None and state.status == "open":
        return broke(
            f"{order.created_as} rested on the book; {intent.id} has no patience",
            order.first.seq,
            state.seq,
            subject=order.created_as,
            key="rests",
        )
    return held(order.first.seq, order.last.seq, subject=order.created_as)


# ---------------------------------------------------------------- EXQ-07
def check_fees(ix: Index) -> Iterator[Case]:
    """EXQ-07. Fees in a third currency are not judged: their rate of exchange is not on record."""
    for intent in trades(ix):
        if intent.max_fee_bps is None and not intent.patience:
            continue
        patient = ns(intent.at + (intent.patience or 0.0)) - CLOCK_SLACK
        for order in ix.orders_of(intent):
            for fill in order.fills:
                cost = fee_bps(ix, fill)
                if intent.max_fee_bps is not None and cost is not None and cost > intent.max_fee_bps:
                    yield broke(
                        f"a fill of {order.created_as} cost {cost:.2f} basis points in fees; {intent.id} allows"
                        f" {intent.max_fee_bps:f}",
                        order.first.seq,
                        fill.seq,
                        subject=order.created_as,
                        key="fee",
                    )
                elif not fill.maker and fill.at < patient:
                    yield broke(
                        f"{order.created_as} took at {fill.at / NS:.1f} s; {intent.id} was to wait for a maker fill"
                        f" until {intent.at + (intent.patience or 0.0):g} s",
                        order.first.seq,
                        fill.seq,
                        subject=order.created_as,
                        key="took-early",
                    )
                else:
                    yield held(fill.seq, subject=order.created_as)


def fee_bps(ix: Index, fill: FillTruth) -> Decimal | None:
    """The fee of a fill in basis points of its value, rounded to hundredths; None where it is in a third currency."""
    rule = ix.instruments[fill.symbol]
    price, quantity, fee = Decimal(fill.price), Decimal(fill.quantity), Decimal(fill.fee)
    value = {rule.base: quantity, rule.quote: quantity * price}.get(fill.fee_asset, ZERO)
    if is_inverse(fill.symbol):
        value = value_of(fill.symbol, quantity, price) if fill.fee_asset == rule.base else ZERO
    return round(fee / value * BPS, 2) if value else None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="EXQ-01",
        title="Slippage stays within the bound, or the rest is not traded",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A market order has no price. In a book that is thin for a moment it takes whatever stands there, and what stands there
in a bad minute is an order that somebody forgot. The size that looked small by the day's volume is large by the book.

Example: buy 4 with at most 10 basis points of slippage, the mid at 100. Fills up to 100.10 pass, and so does buying
2.5 and reporting the rest as not done; a fill at 100.40 fails.

How to mend: send a price with every order that takes (limit, immediate-or-cancel) and reckon it once, from the mid at
the time of the decision; a bound that follows the market is none.

Judged: every fill of a `trade` intent with `max_slippage_bps` (else the task's) against the mid when the intent fell
due, or a second later, whichever is kinder, and one tick. Not judged where the venue could not be asked at that moment,
and after a restart.""",
        source="the contract with agents (max_slippage_bps: against the mid visible at `at`, the same for all pieces);"
        " Binance spot API documentation, rest-api.md (a market order has no price)",
        check=check_slippage,
    ),
    Property(
        id="EXQ-06",
        title="The order type suits the intent",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
An order type is a promise: a market order promises a fill, a limit order a price, a resting order neither, now. Code
that has one favourite type keeps only one of these promises whatever is asked.

Example: a bound of ten basis points and a market order: it may well fill inside the bound, by luck. Or no patience at
all, and an order that rests at the touch for minutes. A limit order that is immediate-or-cancel suits both.

Judged, of `trade` intents: order requests without a price where a bound on slippage is given; orders that are still on
the book five seconds after they were accepted where `patience` is zero.""",
        source="the contract with agents (trade: max_slippage_bps, patience); Binance spot API documentation,"
        " rest-api.md (order types, time in force)",
        check=check_suits,
    ),
    Property(
        id="EXQ-07",
        title="Fees are part of the decision",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
A strategy that earns five basis points a trade and pays ten to take loses money with every correct decision. Between
maker and taker lies more than most edges are worth, so an agent that was given time has to use it.

Example: `patience` 60, and a market order in the first second. A post-only order at the touch, cancelled after a minute
and the rest taken, passes; so does never taking where `max_fee_bps` lies below the taker's fee.

Judged, of `trade` intents: the fee of every fill in basis points against `max_fee_bps` (fees in a third currency are
left out); no fill as taker before `at` + `patience`, a tenth of a second allowed.""",
        source="the contract with agents (max_fee_bps, patience: how long to wait for a maker fill before taking);"
        " freqtrade/freqtrade#4057",
        check=check_fees,
    ),
)
