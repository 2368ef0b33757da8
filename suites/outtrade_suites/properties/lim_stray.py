"""LIM-03: fills that nobody asked for.

The last line of defence. Whatever went wrong (an old copy still runs, a tag is used twice, an order filled beyond its
quantity), it shows in what the venue says of the account; and whoever goes on trading after that trades blindly.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.history import NS
from outtrade.model.task import Alert
from outtrade_suites.properties import sight
from outtrade_suites.properties.lim_halt import gone, stood
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.sent import EXPOSING
from outtrade_suites.properties.strays import Stray, strays


# ---------------------------------------------------------------- LIM-03
def check_stray(ix: Index) -> Iterator[Case]:
    """LIM-03. A life that began after a crash may have lost the record of what was sent: it is not judged."""
    reported = ix.reported
    if ix.scope == "G" or reported is None or len(ix.incarnations) > 1:
        return
    for stray in strays(ix):
        last = max(stray.at + ns(ix.bounds.lost_frame), answers_since(ix, stray.at, ix.until) + ns(ix.bounds.answer))
        told = sight.of(ix, sight.names_in(stray.order), after=stray.seq - 1)
        known = min([last, *(one.at for one in told[:1])])
        due = known + ns(ix.bounds.halt)
        if due >= min(ix.until, reported.at):
            continue
        yield from _halted(ix, stray, known, due)


def _halted(ix: Index, stray: Stray, known: int, due: int) -> Iterator[Case]:
    """An alert that names it, nothing new after ``due``, and the book cleared."""
    name, what = stray.order.created_as, "filled for more than was asked" if stray.overfill else "was never sent"
    alert = next((a for a in alerts_since(ix, stray.seq) if a.level != "info" and _names(ix, stray, a)), None)
    if alert is None:
        yield broke(
            f"{name} {what} ({stray.at / NS:.1f} s); no warning or error of the target names it",
            stray.seq,
            subject=name,
            key="no-alert",
        )
    new = [op for op in ix.sends if op.sent_at > due and _exposes(op)]
    if new:
        yield broke(
            f"{name} {what}, which could be known at {known / NS:.1f} s; {new[0].name} is a new order"
            + (f", and {len(new) - 1} more followed" if len(new) > 1 else ""),
            stray.seq,
            new[0].seq,
            subject=name,
            key="went-on",
        )
    if alert is not None and not new:
        yield held(stray.seq, subject=name)
    for order in ix.own_orders:
        state = order.state_by(due - 1)
        risky = order.intent is None or order.intent.kind in EXPOSING
        if risky and state is not None and stood(order, known):
            yield from gone(ix, f"{name} {what}, which could be known", order, known)


def _exposes(op: Operation) -> bool:
    """Whether a request adds exposure: what a flatten or a protection sends takes it away."""
    return op.order is not None and (op.intent is None or op.intent.kind in EXPOSING)


def alerts_since(ix: Index, seq: int) -> Iterator[Alert]:
    """Alerts published after event ``seq``, and those of the report that were not published before it."""
    before: list[Alert] = []
    for event in ix.published:
        if event.view == "Alert":
            alert = Alert.model_validate(event.data)
            if event.seq > seq:
                yield alert
            else:
                before.append(alert)
    if ix.report is not None:
        yield from (alert for alert in ix.report.alerts if alert not in before)


def _names(ix: Index, stray: Stray, alert: Alert) -> bool:
    """Whether an alert is about it: by the order's ids, a trade's id, or the intent whose tag it bears."""
    names = sight.names_in(stray.order) | {fill.trade_id for fill in stray.order.fills}
    if stray.intent is not None and alert.about == stray.intent.id:
        return True
    return alert.about in names or any(name in alert.text for name in names)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="LIM-03",
        title="Fills that nobody asked for lead to an alert and a halt",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A fill that no order of yours explains is the clearest sign there is that something is badly wrong: an old copy of the
program still runs, two programs share a tag, an order was filled beyond its size. An agent that books it and goes on
computes every further order from a position that somebody else is moving. Knight Capital had four million executions
in 45 minutes; messages that named the error went out before the market opened, and nothing stopped.

Example: at second 40 the venue reports a fill of order L2GJMN4Gs1. The tag is ours; no request ever had that id. The
agent adopts the order, and sends its next one at second 60.

What passes: a warning or error that names the order (its id, the trade's, or the intent), nothing new within `halt`
seconds of knowing, and own working orders off the book. What a `flatten` or a protection sends may go on.

How to mend: know every id you ever sent, durably and before it leaves; hold what the venue tells against that; halt
first and reconcile afterwards, with a person.

How it is judged: for each own order that filled beyond its quantity, and each order that bears a tag of the task and
that no request created: known from the first answer or event that named it, at the latest `lost_frame` after it
happened (an outage extends that). Not applicable after a restart: a lost record makes own orders look like strays.""",
        source="SEC Release 34-70694 (Knight Capital, 1 August 2012); nautilus_trader#3986 and #4154 (overfills); the"
        " contract with agents (nobody asked: an overfill, or an order with our tag that we never sent)",
        check=check_stray,
    ),
)
