"""PAR-09: triggers stand on the right side of the market.

A stop waits for the price to become worse, a take-profit for it to become better. Which side that is follows from the
side of the order, and is the first thing that a sign error turns round. The market is that of the moment in which the
request left (its mid price is on record then); what the price has moved since the client read it is allowed for.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal
from outtrade.judge.records import Operation
from outtrade_suites.properties.amended import amendments

STOPS = frozenset({"stop", "stop_limit"})
PROFITS = frozenset({"take_profit", "take_profit_limit"})
MOVED = Decimal("0.001")
"""The part of the price by which the market may have moved since the client last read it."""


def check_triggers(ix: Index) -> Iterator[Case]:
    """PAR-09."""
    for op in ix.sends:
        order = op.order
        trigger = decimal(order.stop_price) if order is not None else None
        if order is None or trigger is None or order.side not in ("buy", "sell"):
            continue
        if order.type not in STOPS | PROFITS:
            continue
        mid = _mid(ix, op)
        if mid is None:
            continue
        above = (order.type in STOPS) == (order.side == "buy")
        wrong = trigger < mid * (1 - MOVED) if above else trigger > mid * (1 + MOVED)
        if not wrong:
            yield held(op.seq, subject=op.client_id or "")
        elif not _asked_for(ix, op, trigger):
            yield broke(
                f"{op.name}: a {order.type} that is to {order.side} waits {'above' if above else 'below'} the market;"
                f" its trigger is {trigger:f}, and the market was at {mid:f}",
                op.seq,
                subject=op.client_id or "",
                key="wrong-side",
            )


def _mid(ix: Index, op: Operation) -> Decimal | None:
    """The mid price as a request with a trigger left; None where it is not on record."""
    marks = (mark for mark in ix.marks.get("", ()) if mark.seq > op.seq and mark.at == op.sent_at)
    symbol = op.order.symbol if op.order is not None else None
    return next((Decimal(mark.mid) for mark in marks if mark.symbol == symbol), None)


def _asked_for(ix: Index, op: Operation, trigger: Decimal) -> bool:
    """Whether the trigger is the one that the intent names: that the market has passed it is not the agent's doing."""
    intent, order = op.intent, op.order
    if intent is None or order is None:
        return False
    rules = ix.instruments.get(intent.symbol or "")
    return rules is not None and any(
        abs(price - trigger) <= rules.tick
        for one in (intent, *amendments(ix, intent))
        for price in (one.stop_price if order.type in STOPS else one.take_profit_price or one.stop_price,)
        if price is not None
    )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-09",
        title="Triggers stand on the right side of the market",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A stop-loss that sells stands below the market, one that buys stands above it; take-profits stand on the other side. A
stop on the wrong side is refused by some venues, and executed at once by others: the protection sells the position that
it was to protect. Sign errors of this kind live in code for shorts, in distances that are added where they are to be
subtracted, in a stop and a take-profit whose prices were swapped.

Example: long at 100, the stop belongs at 95; a stop at 105 breaks it. So does a take-profit, of that type, at 95.

How to mend: compute the trigger from side and kind in one place, compare it with a price read just before, and leave
the position where the market has passed it already.

Judged: order requests with a trigger, by the mid price of the market when they left, a tenth of a per cent allowed
for what it moved meanwhile. Not judged: a trigger that is exactly the intent's own, which the market has passed
(ORD-07), trailing stops, and pairs of orders (their venue refuses what stands on one side).""",
        source="Binance spot API documentation, errors.md (-2010, Stop price would trigger immediately);"
        " freqtrade/freqtrade#4051",
        check=check_triggers,
    ),
)
