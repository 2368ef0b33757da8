"""What is exposed and what protects it, instant by instant: the vocabulary of the checks about protection.

A *guard* is a ``protect`` intent. What it has to protect is the own net position in its symbol (at most its quantity);
what protects is every own order on the side of the exit that waits for a trigger (of a guard that trails: one that
trails as asked, see ``trailed``), and an exit of the guard itself that works. Orders of one list (one cancels the
other) are alternatives: they count once.

A client learns late what happened, through no fault of its own: an answer that took long or never came, a refusal that
passes by itself, an outage, a crash. ``able_since`` says from when on it could act.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO, Order, working
from outtrade.model.fault import WRITES
from outtrade.model.history import FillTruth, OrderTruth
from outtrade.model.task import Intent
from outtrade_suites.properties import trailed
from outtrade_suites.properties.compare import floor_to
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.sent import TRANSIENT
from outtrade_suites.properties.truth import base_of, fee_in_kind

CLEAN_UP = ns(30)
"""How long before the end of the task protection may be removed (the contract)."""
EARLY = ns(2)
"""How long before its deadline it may be removed (the contract)."""
SLOW = ns(1)
"""An answer that takes longer excuses whoever waits for it."""
LOOKING = ns(15)
"""How long a careful agent may take, after an id is old enough, to prove that it does not exist."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The account in one symbol at the end of an instant (``at``, ns; ``seq``: its last event)."""

    at: int
    seq: int
    position: Decimal
    """Own net position, base units: bought less sold less fees taken in the base asset."""
    rests: dict[str, Decimal]
    """Venue id of an own order that works -> what it can still fill, base units."""


def guards(ix: Index) -> list[Intent]:
    """The ``protect`` intents that can be judged."""
    return [i for i in ix.intents.values() if i.kind == "protect" and i.side is not None and i.symbol in ix.instruments]


def moments(ix: Index, symbol: str) -> list[Moment]:
    """Every instant at which something changed about own orders in ``symbol``, in order."""
    return ix.memo(f"guard moments {symbol}", lambda index: list(_moments(index, symbol)))


def _moments(ix: Index, symbol: str) -> Iterator[Moment]:
    base, position, rests = base_of(ix, symbol), ZERO, dict[str, Decimal]()
    changes: list[FillTruth | OrderTruth] = [fill for fill in ix.own_fills if fill.symbol == symbol]
    changes += [change for order in ix.own_orders if order.symbol == symbol for change in order.changes]
    changes.sort(key=lambda change: change.seq)
    for place, change in enumerate(changes):
        if isinstance(change, FillTruth):
            position += Decimal(change.quantity) if change.side == "buy" else -Decimal(change.quantity)
            position -= fee_in_kind(change, base)
        elif rest := working(change):
            rests[change.order] = rest
        else:
            rests.pop(change.order, None)
        if place + 1 == len(changes) or changes[place + 1].at > change.at:
            yield Moment(change.at, change.seq, position, dict(rests))


def held(guard: Intent, moment: Moment) -> Decimal:
    """The position that the guard's side closes, base units."""
    return max(ZERO, moment.position if guard.side == "sell" else -moment.position)


def exposed(ix: Index, guard: Intent, moment: Moment) -> Decimal:
    """What the guard has to protect, cut to the step."""
    size = held(guard, moment)
    if guard.quantity is not None:
        size = min(size, max(ZERO, guard.quantity - ix.filled(guard, moment.seq)))
    return floor_to(size, ix.instruments[guard.symbol or ""].step)


def covered(ix: Index, guard: Intent, moment: Moment) -> Decimal:
    """What orders that stand would close when the price comes."""
    return sum((rest for name, rest in moment.rests.items() if _protects(ix, guard, ix.orders[name])), ZERO)


def _protects(ix: Index, guard: Intent, order: Order) -> bool:
    if order.side != guard.side:
        return False
    if order.first.trigger is not None:
        return trailed.as_asked(ix, guard, order)
    return order.intent is guard and (order.first.group is None or guard.stop_price is None)


def potential(ix: Index, guard: Intent, moment: Moment) -> Decimal:
    """The most that the guard's own orders can still fill: alternatives of one list count once."""
    groups: dict[str, Decimal] = {}
    for name, rest in moment.rests.items():
        order = ix.orders[name]
        if order.intent is guard and order.side == guard.side:
            group = order.first.group or f"order {name}"
            groups[group] = max(rest, groups.get(group, ZERO))
    return sum(groups.values(), ZERO)


def is_dust(ix: Index, guard: Intent, quantity: Decimal) -> bool:
    """Whether the venue takes no protective order that small."""
    rules = ix.instruments[guard.symbol or ""]
    prices = [price for price in (guard.stop_price, guard.limit_price, guard.take_profit_price) if price]
    if guard.trail is not None:
        prices.append(trailed.lowest_exit(ix, guard))
    least = max(rules.quantity_min, rules.market_min or ZERO, rules.step)
    return quantity < least or quantity * min(prices, default=ZERO) < (rules.notional_min or ZERO)


def window(ix: Index, guard: Intent) -> tuple[int, int]:
    """From when to when (ns) the guard has to protect."""
    ends = [ix.until - CLEAN_UP, ix.deadline(guard) - EARLY]
    ends += [
        ns(other.at)
        for other in ix.intents.values()
        if (other.kind in ("flatten", "halt") and other.symbol in (None, guard.symbol) and other.at >= guard.at)
        or (other.kind == "cancel" and other.target == guard.id)
    ]
    life = ix.last_incarnation
    for event in () if life is None else (life.crashed, life.reported, life.no_report):
        if event is not None:
            ends.append(event.at)
    return ns(guard.at), min(ends)


def able_since(ix: Index, symbol: str, since: int, until: int) -> int:
    """From when on (ns, at least ``since``) the target could know and act, until ``until``.

    Excused: what ``answers_since`` excuses; writes in the symbol that took longer than a second or were turned away by
    something that passes; writes whose outcome was unknown, until it was found or could be proven absent; restarts,
    after which every id counts as just sent.
    """
    start = answers_since(ix, since, until)
    proof = ix.absent_after + LOOKING
    for life in ix.incarnations[1:]:
        if life.started is not None and life.started.at <= until and life.started.at + proof > since:
            start = max(start, life.started.at + proof)
    ends = {doubt.op.seq: doubt.resolution for doubt in ix.doubts}
    for op in ix.ops:
        if op.request.op not in WRITES or op.request.symbol not in (None, symbol) or op.sent_at > until:
            continue
        ended = op.ended_at if op.ended_at is not None else until
        if ended <= since and op.state != "ambiguous":
            continue
        if op.state == "ambiguous":
            found = ends.get(op.seq)
            over = found.at if found is not None else ended + proof
            start = max(start, over) if over > since else start
        elif ended - op.sent_at > SLOW:
            start = max(start, ended)
        elif op.state == "definite" and op.error in TRANSIENT:
            wait = getattr(op.end, "retry_after", None) or 0.0
            start = max(start, ended + ns(wait))
    return min(start, until)


def settled(ix: Index, guard: Intent, moment: Moment) -> bool:
    """Whether nothing, or no more than dust, is without protection."""
    return is_dust(ix, guard, exposed(ix, guard, moment) - covered(ix, guard, moment))


def stretches(wrong: list[tuple[Moment, bool]], end: int) -> Iterator[tuple[Moment, int]]:
    """Unbroken stretches of moments that are wrong: the first moment of each, and when (ns) it ended."""
    begun: Moment | None = None
    for moment, bad in wrong:
        if bad and begun is None:
            begun = moment
        elif not bad and begun is not None:
            yield begun, min(moment.at, end)
            begun = None
    if begun is not None:
        yield begun, end


def too_long(ix: Index, guard: Intent, since: int, until: int) -> bool:
    """Whether a state lasted longer than ``protection_gap`` after the target could have ended it."""
    if until - since <= ns(ix.bounds.protection_gap):
        return False
    able = able_since(ix, guard.symbol or "", since, until)
    return until - able > ns(ix.bounds.protection_gap)
