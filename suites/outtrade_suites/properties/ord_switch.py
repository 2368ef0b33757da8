"""ORD-08: the dead-man switch stands behind every order, is refreshed in time, and what it removes is known.

Four things go wrong with a switch. It is never set, because it is one more request that a test without a crash never
misses. It is set once and runs out under a program that is well. It is set for so long that it protects nobody. And
when it has done its duty, the program that comes back believes in orders that are gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Order
from outtrade.model.history import NS, SwitchTruth
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.outages import answered_for
from outtrade_suites.properties.switching import (
    Fired,
    fired,
    free,
    guarded,
    has_timer,
    hindered,
    length,
    switched,
    tried,
)

WHOLE = NS
"""By how much a timeout may be longer than asked for: venues count whole seconds."""
FIRST, AGAIN = 2, 3
"""A switch may not run out under a target that had this part of its timeout (a half, a third) to refresh it, or after a
refresh that failed to do it again. Venues advise to refresh earlier: every 15 to 30 s of 60 (Kraken), every 30 of 120
(Binance USD-M)."""


def check_switch(ix: Index) -> Iterator[Case]:
    """ORD-08."""
    if ix.scenario.dead_man is None or not has_timer(ix):
        return
    most = ns(ix.scenario.dead_man)
    for order in ix.own_orders:
        yield from _covered(ix, order)
    for event in switched(ix):
        if event.state == "set" and ns(event.timeout) > most + WHOLE:
            yield broke(
                f"the switch was set to {event.timeout:g} s; orders may stand for {most / NS:g} s after the last sign"
                " of life",
                event.seq,
                subject=event.symbol or "",
                key="too-long",
            )
    for shot in fired(ix):
        yield from _in_time(ix, shot)
        for stated in books(ix):
            for order in shot.removed:
                yield from _known(ix, shot.event, order, stated)


def _covered(ix: Index, order: Order) -> Iterator[Case]:
    """Whether the switch stood behind an order while it worked, but for a gap that had to be."""
    opened = next((change for change in order.changes if change.status == "open"), None)
    if opened is None:
        return
    end = ix.until if ix.reported is None else ix.reported.at
    if order.last.status != "open":
        end = min(end, order.last.at)
    if end <= opened.at:
        return
    bare = free((opened.at, end), [*guarded(ix, order.symbol), *hindered(ix)])
    if length(bare) > ns(ix.bounds.protection_gap):
        yield broke(
            f"{order.created_as} stood for {length(bare) / NS:.1f} s without the dead-man switch, from"
            f" {bare[0][0] / NS:.1f} s on",
            opened.seq,
            *(event.seq for event in switched(ix)[:3]),
            subject=order.created_as,
            key="never-set" if not guarded(ix, order.symbol) else "not-covered",
        )
    else:
        yield held(opened.seq, *(event.seq for event in switched(ix)[:1]), subject=order.created_as)


def _in_time(ix: Index, shot: Fired) -> Iterator[Case]:
    """Whether a switch that ended orders went off although the target could have refreshed it."""
    event, by = shot.event, shot.set_by
    if not shot.removed or by is None or (ix.reported is not None and event.at >= ix.reported.at):
        return
    names = ", ".join(order.created_as for order in shot.removed)
    idle, allowed = by.at, ns(by.timeout) // FIRST
    spare = 0
    for sent, ended in [*tried(ix, event.symbol, (by.at, event.at)), (event.at, event.at)]:
        spare = length(free((idle, max(idle, sent)), hindered(ix)))
        if spare >= allowed:
            break
        idle, allowed = max(idle, ended), ns(by.timeout) // AGAIN
    if spare >= allowed:
        yield broke(
            f"the switch was set to {by.timeout:g} s at {by.at / NS:.1f} s and not refreshed in time, though from"
            f" {idle / NS:.1f} s on that was possible for {spare / NS:.1f} s; it ended {names}",
            by.seq,
            event.seq,
            subject=event.symbol or "",
            key="ran-out",
        )
    else:
        yield held(by.seq, event.seq, subject=event.symbol or "")


def _known(ix: Index, event: SwitchTruth, order: Order, stated: Books) -> Iterator[Case]:
    """Whether the report knows that the switch ended an order, where there was time to find out."""
    if not stated.agent or ix.reported is None or event.at >= ix.reported.at:
        return
    if answered_for(ix, event.at, ix.reported.at) < ns(ix.bounds.resolve):
        return
    views = stated.named(ix).get(order.id, [])
    wrong = [view for view in views if view.status in ("open", "pending", "unknown")]
    if wrong or not views:
        said = f"is reported {wrong[0].status}" if wrong else "is not in the report"
        yield broke(
            f"{order.created_as} was ended by the dead-man switch at {event.at / NS:.1f} s and {said}",
            event.seq,
            order.last.seq,
            stated.seq,
            subject=order.created_as,
            key="still-working" if wrong else "forgotten",
        )
    else:
        yield held(event.seq, stated.seq, subject=order.created_as)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-08",
        title="The dead-man switch is set, refreshed, and what it removes is known",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A program that dies leaves its orders behind, and they go on trading for nobody. Venues offer a switch against that:
cancel everything unless I call again within so many seconds. It costs a request every now and then, and it is
the only protection that works when the program, its machine or its line is gone.

Example: `dead_man` is 30. The switch is set to 30 s before the first order, and again every 10 s. The process dies at
second 100; at 120 the venue cancels its two orders; at 150 it is back, finds both cancelled, and says so.

What goes wrong (*inferred* from the venues' documents; hummingbot#1357 shows the loss without a switch): it is never
set; it is set once and goes off under a program that is well, which then trades on without its orders; a refresh that
failed is not repeated before the time is over; the orders that it cancelled stay in the books, and the position is
hedged against fills that can never come.

How to mend: set it before the first order, and let no order leave while it is not set. Refresh at a third of the
timeout, so that one lost answer does no harm, counting from when the request *left*. Whenever more time has passed than
that (a pause, a crash, an outage), take the switch for fired: read all orders again before anything else. Switch it off
when nothing works any more.

Judged: tasks with `dead_man`, at venues whose switch is a timer (Kraken, OKX, Binance USD-M). Own orders stand without
the switch for no longer than `protection_gap` (10 s; a position that has to be protected gets the same) in all, not
counting the time in which the process was down or paused or the venue gave no usable answer. No timeout is longer than
`dead_man`, rounded up to a second. No switch ends own orders that could have been refreshed: for half of its timeout in
all, or for a third of it after a request that failed. Every order that it ended is reported as ended, where the venue
had answered for `resolve` before the report.

Not judged, because it cannot be decided: switches that act on the end of a connection (Bybit, Deribit), which nobody
refreshes and which leave no trace of being set; venues that have none (Binance spot, Coinbase, Alpaca); and tasks that
do not ask for it, or in which no order stood.""",
        source="Kraken documentation, Cancel All Orders After X; developers.binance.com USD-M futures,"
        " Auto-Cancel All Open Orders (countdownCancelAll); OKX documentation, Cancel All After;"
        " hummingbot/hummingbot#1357 (orders left behind)",
        check=check_switch,
    ),
)
