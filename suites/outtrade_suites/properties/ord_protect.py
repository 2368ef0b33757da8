"""ORD-04, ORD-05, ORD-07: protection that is there, in the right size, and an exit where it cannot be.

A stop is the one order that nobody may forget: it is sent for the moment in which nobody looks. It fails in three ways.
It is not there (or covers only the first part of the position); there is too much of it, so that the second order to
fill opens a position the other way; or the venue refuses it, because the price has already passed, and the code takes
the refusal for the end of the matter.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO, Operation
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties import guarding
from outtrade_suites.properties.compare import plain
from outtrade_suites.properties.guarding import Moment


# ---------------------------------------------------------------- ORD-05
def check_protected(ix: Index) -> Iterator[Case]:
    """ORD-05."""
    for guard in guarding.guards(ix):
        start, end = guarding.window(ix, guard)
        known = [moment for moment in guarding.moments(ix, guard.symbol or "") if moment.at < end]
        bare = [(moment, not guarding.settled(ix, guard, moment)) for moment in known]
        at_risk = [m for m in known if not guarding.is_dust(ix, guard, guarding.exposed(ix, guard, m))]
        if start >= end or not at_risk:
            continue
        failed = False
        for moment, until in guarding.stretches(bare, end):
            since = max(moment.at, start)
            if until > since and guarding.too_long(ix, guard, since, until):
                failed = True
                size, cover = guarding.exposed(ix, guard, moment), guarding.covered(ix, guard, moment)
                yield broke(
                    f"{guard.id} protects {guard.symbol}; from {since / NS:.3f} s to {until / NS:.3f} s the"
                    f" position was {plain(size)} and orders that protect it came to {plain(cover)}",
                    moment.seq,
                    subject=guard.id,
                    key="bare" if not cover else "covered-in-part",
                )
        if not failed:
            yield held(*(moment.seq for moment in at_risk[:4]), subject=guard.id)


# ---------------------------------------------------------------- ORD-04
def check_alternatives(ix: Index) -> Iterator[Case]:
    """ORD-04."""
    for guard in guarding.guards(ix):
        orders = [order for order in ix.orders_of(guard) if order.accepted and order.side == guard.side]
        if not orders:
            continue
        known = guarding.moments(ix, guard.symbol or "")
        violation = _oversold(ix, guard, known) or _too_much(ix, guard, known)
        yield violation or held(*(order.first.seq for order in orders), subject=guard.id)


def _oversold(ix: Index, guard: Intent, known: list[Moment]) -> Case | None:
    """An order of the guard filled for more than was held."""
    step, before = ix.instruments[guard.symbol or ""].step, ZERO
    times = {fill.at for order in ix.orders_of(guard) for fill in order.fills}
    for moment in known:
        wrong_way = -moment.position if guard.side == "sell" else moment.position
        if moment.at in times and wrong_way > step and wrong_way > before:
            return broke(
                f"{guard.id} was to close a position in {guard.symbol}; at {moment.at / NS:.3f} s its orders had traded"
                f" {plain(wrong_way)} more than was held",
                moment.seq,
                subject=guard.id,
                key="oversold",
            )
        before = wrong_way
    return None


def _too_much(ix: Index, guard: Intent, known: list[Moment]) -> Case | None:
    """The guard's orders could fill more than is held, for longer than it takes to notice."""
    step = ix.instruments[guard.symbol or ""].step
    more = [(m, guarding.potential(ix, guard, m) > guarding.held(guard, m) + step) for m in known]
    last = ix.last_incarnation
    end = min([ix.until, *(e.at for e in ([] if last is None else [last.reported, last.no_report, last.crashed]) if e)])
    for moment, until in guarding.stretches(more, end):
        if guarding.too_long(ix, guard, moment.at, until):
            could, has = guarding.potential(ix, guard, moment), guarding.held(guard, moment)
            return broke(
                f"from {moment.at / NS:.3f} s to {until / NS:.3f} s orders of {guard.id} could together trade"
                f" {plain(could)} {guard.symbol}, of which {plain(has)} was held: nothing ends one when another fills",
                moment.seq,
                *(ix.orders[name].first.seq for name in moment.rests),
                subject=guard.id,
                key="both-can-fill" if has else "outlives-the-position",
            )
    return None


# ---------------------------------------------------------------- ORD-07
def check_passed(ix: Index) -> Iterator[Case]:
    """ORD-07."""
    for guard in guarding.guards(ix):
        for op in ix.ops:
            if _refused(ix, guard, op):
                yield _left(ix, guard, op)


def _refused(ix: Index, guard: Intent, op: Operation) -> bool:
    """Whether a protective order of the guard was refused for good while there was something to protect."""
    if op.request.op not in ("place", "place_list", "cancel_replace") or op.state != "definite":
        return False
    if op.error != "permanent" or op.request.symbol != guard.symbol or op.ended_seq is None:
        return False
    ours = any(guard.tag in value for value in op.request.params.values())
    order = op.order
    waits = order is not None and (order.stop_price is not None or order.type == "trailing_stop")
    stop = op.request.op == "place_list" or waits
    if not (ours or op.intent is guard) or not stop:
        return False
    start, end = guarding.window(ix, guard)
    moment = _at(ix, guard, op.ended_seq)
    return start <= op.sent_at < end and moment is not None and not guarding.settled(ix, guard, moment)


def _left(ix: Index, guard: Intent, op: Operation) -> Case:
    """What became of the position after the refusal."""
    assert op.ended_at is not None and op.ended_seq is not None
    _, end = guarding.window(ix, guard)
    due = min(guarding.able_since(ix, guard.symbol or "", op.ended_at, end) + ns(ix.bounds.protection_gap), end)
    seen = [
        _at(ix, guard, op.ended_seq),
        *(m for m in guarding.moments(ix, guard.symbol or "") if m.seq > op.ended_seq),
    ]
    after = [moment for moment in seen if moment is not None and moment.at <= due]
    if any(guarding.settled(ix, guard, moment) for moment in after) or due < op.ended_at + ns(ix.bounds.protection_gap):
        return held(op.seq, op.ended_seq, subject=guard.id)
    size = guarding.exposed(ix, guard, after[-1])
    return broke(
        f"{op.name}, which was to protect {guard.symbol} for {guard.id}, was refused at {op.ended_at / NS:.3f} s; at"
        f" {due / NS:.3f} s {plain(size)} was still held without protection and without an exit",
        op.seq,
        op.ended_seq,
        subject=guard.id,
        key="refused-and-left",
    )


def _at(ix: Index, guard: Intent, seq: int) -> Moment | None:
    before = [moment for moment in guarding.moments(ix, guard.symbol or "") if moment.seq <= seq]
    return before[-1] if before else None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-04",
        title="Legs that exclude each other never exceed the position",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A stop and a take-profit for the same position are alternatives. Sent as two orders that know nothing of each other,
both can fill: the first closes the position, the second opens one the other way, which nobody watches. The same happens
when the position is closed by other means and its stop stays behind.

Example: 1 BTC is held; a stop for 1 at 95 and a limit for 1 at 110 stand side by side. At 110 the limit fills, an hour
later the stop does, and the account is short. Passes: an order list of the venue (one cancels the other); a stop on the
venue, with the take-profit watched by the agent, which cancels the stop before it sells.

Judged from the truth: what the orders of a `protect` intent can still fill is at no time more than the own net
position, plus one step, for longer than `protection_gap`; orders of one list count once. None of its fills may take the
position to the other side. Time in which the target could not know or act (unanswered requests, outages, restarts) does
not count.""",
        source="freqtrade#2799, #12528 (a stop made again for a closed trade); Lean.Brokerages.Alpaca#74 (both legs"
        " of an OCO filled); Binance spot API documentation, rest-api.md (order lists)",
        check=check_alternatives,
    ),
    Property(
        id="ORD-05",
        title="A position that must be protected is, for its full size",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A loss is bounded by a stop that stands on the venue, and by nothing else. Agents that send it once, for the first fill,
leave the rest of the position bare; agents that send it from the handler of an event never send it where the event is
lost.

Example: an order to buy 3 fills in parts, 1 at second 10, 2 more at second 40. The stop for 1 is sent at second 10 and
never grows. Passes: a second stop for 2 a moment after the second fill, or one for 3 in place of the first.

Judged from the truth, from the `at` of a `protect` intent to its end (`expires`, a flatten, a cancel of it, the last 30
seconds): the own net position, at most the intent's quantity, cut to the step, is never for longer than
`protection_gap` larger than the orders that protect it. What the venue would not take as an order (dust) needs no
protection. Time in which the target could not know or act does not count: an answer that took long or never came, an
outage, a restart, an order in doubt.

Where the intent asks for a distance (`trail`, basis points), only orders that follow the price protect, at that
distance within a basis point: a fixed stop stays behind when the price rises, and percent sent for basis points are
wrong by a factor of 100. A distance told as an amount of quote currency may be off by a tenth, against the market as
the order left; where that price is not on record, the distance is taken for right, and so is a stop that waits for an
activation price before it follows.""",
        source="freqtrade#4051 (unprotected after a refused stop); tony-ho/binance-oco#19 (a target never placed);"
        " freqtrade#3639 (a stop filled unnoticed)",
        check=check_protected,
    ),
    Property(
        id="ORD-07",
        title="A stop that the market has passed becomes an exit",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A venue refuses a stop whose price the market has already passed: it would trigger at once. That refusal is the message
that the stop has been hit. Code that logs it, or sends the same stop again, holds a losing position with no protection
at the very moment it was made for.

Example: bought at 100, stop at 95; the price gaps to 93 before the stop is sent: "Order would trigger immediately.",
and the agent reports an error and waits. Passes: a market order that closes the position; or a stop that the venue
takes after all, because the price came back.

Judged: protective orders of a `protect` intent (a stop, or a list with one) that the venue refused for good while an
own position was without protection. `protection_gap` seconds later the position is closed, protected, or dust. Refusals
that pass by themselves (rate limits, overload) and those of parameters or funds are left to ORD-05. That a permanent
refusal of a well-formed stop means that the price has passed is *inferred*; any of them calls for the same exit.""",
        source="freqtrade#4051 (a stop above the price is refused, no emergency exit); Binance spot API documentation,"
        " errors.md (-2010, Order would trigger immediately)",
        check=check_passed,
    ),
)
