"""LIM-05: several copies of an agent on one account.

Copies that do not know of each other share what they do not see: the namespace of client order ids, the intents, the
account. The check looks at all of them together (``Property.account``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.fleet import Fleet
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.fleet import owners
from outtrade.model.history import NS, OrderTruth, Reported, Started

LOUD = ("warning", "error")
"""Levels of an alert that somebody looks at."""


def check_fleet(ix: Index) -> Iterator[Case]:
    """LIM-05. Not applicable where one copy runs, once. A second life that a crash made is no second copy."""
    if ix.fleet is None:
        return
    yield from _ids(ix)
    for instance in sorted(ix.fleet.doubled):
        yield from _replaced(ix, instance)
    if ix.fleet.old is not None:
        yield from _old(ix, ix.fleet)


# ---------------------------------------------------------------- ids and shares
def _ids(ix: Index) -> Iterator[Case]:
    """No id and no intent is worked by two copies."""
    assert ix.fleet is not None
    whose = owners(ix.fleet.scenario.intents, ix.fleet.instances)
    first: dict[str, Operation] = {}
    for op in ix.sends:
        instance, name = op.request.instance, op.client_id
        intent = op.intent
        owner = whose.get(intent.id) if intent is not None and name is not None and intent.tag in name else None
        if owner is not None and owner != instance:
            assert intent is not None
            yield broke(
                f"{op.name} is for {intent.id}, which is the business of instance {owner}; instance {instance} sent it",
                op.seq,
                subject=name or "",
                key="anothers-intent",
            )
            continue
        if name is None:
            continue
        before = first.setdefault(name, op)
        if before.request.instance == instance:
            yield held(op.seq, subject=name)
        else:
            yield broke(
                f"{op.name} of instance {instance} has the id that instance {before.request.instance} gave to an order"
                f" at {before.sent_at / NS:.3f} s",
                before.seq,
                op.seq,
                subject=name,
                key="same-id",
            )


# ---------------------------------------------------------------- one that runs twice
def _replaced(ix: Index, instance: int) -> Iterator[Case]:
    """The earlier life of a copy that was started again while it lived ends within ``halt``."""
    lives = [event for event in ix.events if isinstance(event, Started) and event.instance == instance]
    for before, after in pairwise(lives):
        due = after.at + ns(ix.bounds.halt)
        mine = [op for op in ix.sends if op.request.instance == instance]
        late = [op for op in mine if op.request.incarnation == before.incarnation and op.sent_at > due]
        if late:
            yield broke(
                f"instance {instance} was started a second time at {after.seconds:.3f} s; its first life goes on and"
                f" sends {late[0].name}" + (f", and {len(late) - 1} more" if len(late) > 1 else ""),
                after.seq,
                late[0].seq,
                subject=f"instance {instance}",
                key="goes-on-twice",
            )
        else:
            yield held(after.seq, subject=f"instance {instance}")


# ---------------------------------------------------------------- one that runs old code
def _old(ix: Index, fleet: Fleet) -> Iterator[Case]:
    """Whose intents the old copy works, that copy says so and stops."""
    whose = owners(fleet.scenario.intents, fleet.instances)
    strange: dict[int, list[OrderTruth]] = {}
    for order in ix.orders.values():
        first = order.first
        if fleet.owner(fleet.history.events[first.seq]) != fleet.old or not order.accepted:
            continue
        intent = next((intent for intent in ix.intents.values() if intent.tag in order.created_as), None)
        owner = None if intent is None else whose[intent.id]
        if owner is not None and owner != fleet.old:
            strange.setdefault(owner, []).append(first)
    for instance in sorted(strange):
        said = fleet.report_of(instance)
        if said is not None and strange[instance][0].at < said.at:
            yield _noticed(ix, instance, strange[instance], said)


def _noticed(ix: Index, instance: int, orders: list[OrderTruth], said: Reported) -> Case:
    """Whether a copy spoke of orders for its intents that it never sent, in time, and then sent no more."""
    first, subject = orders[0], f"instance {instance}"
    names = {text for order in orders for text in (order.created_as, order.client_id, order.order)}
    names |= {i.id for i in ix.intents.values() if any(i.tag in order.created_as for order in orders)}
    told = [
        event.at
        for event in ix.published
        if event.instance == instance and event.at >= first.at and _about(event.data, names)
    ]
    if any(_about(alert, names) for alert in said.report.get("alerts", ())):
        told.append(said.at)
    due = max(first.at, ix.healed_at) + ns(ix.bounds.recovery)
    if not told:
        return broke(
            f"{first.created_as}, accepted at {first.seconds:.3f} s, is for an intent of {subject}, which never"
            f" sent it: a copy that runs old code did. There was no alert about it until {subject} reported",
            first.seq,
            said.seq,
            subject=subject,
            key="unnoticed",
        )
    noticed = min(told)
    if noticed > due and due < said.at:
        return broke(
            f"{first.created_as}, which {subject} did not send, was accepted at {first.seconds:.3f} s; the alert came"
            f" at {noticed / NS:.3f} s, later than {due / NS:.3f} s",
            first.seq,
            said.seq,
            subject=subject,
            key="noticed-late",
        )
    halted = noticed + ns(ix.bounds.halt)
    late = [op for op in ix.sends if op.request.instance == instance and op.sent_at > halted]
    if late:
        return broke(
            f"{subject} noticed an order of unknown origin at {noticed / NS:.3f} s and traded on: {late[0].name}",
            first.seq,
            late[0].seq,
            subject=subject,
            key="trades-on",
        )
    return held(first.seq, said.seq, subject=subject)


def _about(alert: object, names: set[str]) -> bool:
    """Whether an alert is loud and names one of these orders or intents."""
    if not isinstance(alert, dict) or alert.get("level", "warning") not in LOUD:
        return False
    text = str(alert.get("text", ""))
    return alert.get("about") in names or any(name in text for name in names if len(name) > 3)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="LIM-05",
        title="Several copies on one account: no id twice, and who runs old code is noticed",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
Copies of an agent share an account and nothing else. Each counts its orders, and where the count alone makes the id,
the second copy's order meets "duplicate id" or, worse, the first copy's order: it asks for its id and finds somebody
else's fill. A supervisor that lost sight of a copy starts it again while the first lives, and both work the same
intents. And a deployment that reaches seven of eight machines leaves one that does what no other copy expects.

Example: instances 0 and 1 both send an order with id ORD-1: fail. A copy finds an order on the account that carries the
tag of its own intent and that it never sent; it raises an alert within 120 s and sends nothing more: pass. It says
nothing, or goes on: fail.

Real bugs: Knight Capital, 1 August 2012: the eighth server ran code that was nine years old; four million orders left
in 45 minutes, 97 e-mails named the error and none was an alert, nothing compared the orders that left with those that
were wanted; 460 million dollars. hummingbot 3970, 4673, 5161: several instances with ids made of the time collide.

How to mend: put the copy into the client order id; let the store say which life of a copy counts, and look before each
send; read all orders of the account, not only those one remembers, and treat one that nobody can explain as the end of
trading, not as a curiosity.

Judged over all copies together. No client order id is sent by two of them; no order is sent for an intent of another
one's share. A copy that was started a second time: `halt` seconds later its first life sends no order. A copy that was
started as if it were alone (old code): each copy whose intents it works raises an alert (warning or error) that names
one of these orders or its intent, within `recovery` of the first of them or of the healing of the last fault, and
sends no order later than `halt` after it. What the old copy itself does is not judged: it is the fault.""",
        source="SEC Release 34-70694 (Knight Capital, 1 August 2012); hummingbot/hummingbot#3970, #4673, #5161",
        check=check_fleet,
        account=True,
    ),
)
