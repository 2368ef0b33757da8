"""EXQ-05: the execution record is true: intended price, slippage, partial fill, latency.

A record is compared field by field, each with what is known of it for certain; what the agent leaves out of a record is
not judged, and a report without any record waives the property. Slippage is that of the *true* fills against the price
that the agent itself names as intended; that name is checked where the truth knows it: the limit of the intent, or the
mid of the market when a ``trade`` intent fell due.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index
from outtrade.model.fault import Pause
from outtrade.model.history import NS
from outtrade.model.task import ExecutionView, Intent
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import plain
from outtrade_suites.properties.exq_price import BPS, readable
from outtrade_suites.properties.rec_outcome import complete
from outtrade_suites.properties.strays import ambiguous
from outtrade_suites.properties.truth import Window, averages

EXECUTED = frozenset({"order", "trade"})
SLIPPAGE_NEAR = Decimal("0.1")
"""Basis points that a slippage may differ from the true one: averages are rounded."""
MID_NEAR = Decimal(30)
"""Basis points that an intended mid may lie beside the mids on record."""
EARLY, LATE = 2.0, 30.0
"""Seconds that a latency may differ from the true one: a connection is made first, and whoever waits for another answer
reads this one later."""


def check_record(ix: Index) -> Iterator[Case]:
    """EXQ-05."""
    report, silent, told = ix.report, False, False
    if report is None:
        return
    for stated in books(ix):
        for intent in ix.scenario.intents:
            said = report.outcomes.get(intent.id)
            if said is None or intent.kind not in EXECUTED or intent.side is None or not ix.sends_of(intent):
                continue
            if ambiguous(ix, intent):
                continue
            silent, told = silent or said.execution is None, told or said.execution is not None
            if said.execution is not None:
                yield from _judged(ix, stated, intent, said.execution)
    if silent and not told:
        yield waived("the report has no execution records")


def _judged(ix: Index, stated: Books, intent: Intent, said: ExecutionView) -> Iterator[Case]:
    proof = (*(order.last.seq for order in ix.orders_of(intent) if order.last.seq < stated.seq), stated.seq)
    wrong = [
        found
        for found in (
            _intended(ix, intent, said),
            _slippage(ix, intent, said, stated.window),
            _partial(ix, intent, said, stated.window),
            _latency(ix, intent, said),
        )
        if found is not None
    ]
    for message, key in wrong:
        yield broke(f"the record of {intent.id} gives {message}", *proof, subject=intent.id, key=key)
    if not wrong:
        yield held(*proof, subject=intent.id)


Wrong = tuple[str, str]
"""What is wrong with a field, and its key."""


def _intended(ix: Index, intent: Intent, said: ExecutionView) -> Wrong | None:
    price = said.intended_price
    if price is None:
        return None
    if intent.limit_price is not None:
        tick = ix.instruments[intent.symbol or ""].tick
        if abs(price - intent.limit_price) > tick:
            return f"{plain(price)} as intended price; its limit is {plain(intent.limit_price)}", "intended"
        return None
    mids = [Decimal(mark.mid) for mark in ix.marks.get(intent.id, ())]
    if not mids or not readable(ix, round(intent.at * NS)) or len(ix.incarnations) > 1:
        return None
    low, high = min(mids) * (1 - MID_NEAR / BPS), max(mids) * (1 + MID_NEAR / BPS)
    if low <= price <= high:
        return None
    return f"{plain(price)} as intended price; the mid was {plain(mids[0])} when it fell due", "intended"


def _slippage(ix: Index, intent: Intent, said: ExecutionView, window: Window) -> Wrong | None:
    intended, slipped = said.intended_price, said.slippage_bps
    if slipped is None or not intended:
        return None
    true: list[Decimal] = []
    for seq in window.moments(ix):
        fills = [fill for order in ix.orders_of(intent) for fill in order.fills if fill.seq <= seq]
        for paid in averages(ix, fills):
            true.append((paid / intended - 1) * BPS * (1 if intent.side == "buy" else -1))
    if any(abs(slipped - value) <= SLIPPAGE_NEAR for value in true):
        return None
    what = f"it was {true[-1]:.2f}" if true else "nothing was filled"
    return f"a slippage of {slipped:.2f} basis points from {plain(intended)}; {what}", "slippage"


def _partial(ix: Index, intent: Intent, said: ExecutionView, window: Window) -> Wrong | None:
    if said.partial_fill is None:
        return None
    step = ix.instruments[intent.symbol or ""].step
    true = {ix.filled(intent, seq) > 0 and not complete(ix, intent, seq) for seq in window.moments(ix)}
    filled = ix.filled(intent, window.moments(ix)[-1])
    dust = intent.quantity is not None and filled > 0 and 0 < intent.quantity - filled <= step
    if said.partial_fill in true or dust:
        return None
    return f"{'a' if said.partial_fill else 'no'} partial fill; {plain(filled)} was filled", "partial"


def _latency(ix: Index, intent: Intent, said: ExecutionView) -> Wrong | None:
    """Judged in runs of one life in which nobody froze the process."""
    paused = any(isinstance(record.fault, Pause) and record.landed for record in ix.faults)
    if said.latency is None or len(ix.incarnations) > 1 or paused:
        return None
    first = ix.sends_of(intent)[0]
    found = next((doubt.resolution for doubt in ix.doubts if doubt.op is first), None)
    if first.state in ("ok", "definite") and first.ended_at is not None:
        true = (first.ended_at - first.sent_at) / NS
    elif found is not None and found.how == "found":
        true = (found.at - first.sent_at) / NS
    else:
        return None
    if true - EARLY <= said.latency <= true + LATE:
        return None
    return f"a latency of {said.latency:.3f} s; its first order request was answered after {true:.3f} s", "latency"


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="EXQ-05",
        title="The execution record is true",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Whoever sends orders is judged by its records: what was intended, what was paid, what that cost. Records that flatter
hide the one number that would have stopped a bad strategy. They are rarely forged; they come about by taking the limit
price for the price paid (slippage is always 0), by measuring from the fill instead of from the decision, by a forgotten
sign for sales, by seconds that are milliseconds.

Example: buy at most at 100, filled at 99.90: a slippage of -10 basis points. "0" is false, and so is "+10", and a
partial fill of 0.4 of 1 that is recorded as none.

How to mend: note the intended price before the first request, and never touch it again; compute the rest from the
fills, when they are all there.

Judged: `execution` of the outcomes of `order` and `trade` intents for which something was sent, where it is given.
The intended price: the intent's limit within a tick; of a `trade` without one, the mid at `at` within 30 basis
points. The slippage: that of the true fills from the price named as intended, within a tenth of a basis point. The
partial fill. The latency: between two seconds less and thirty more than the first order request truly took. A report
without records waives it.""",
        source="ccxt/ccxt#6093; freqtrade/freqtrade#13358 (the limit price used as fill price)",
        check=check_record,
    ),
)
