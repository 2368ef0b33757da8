"""Judging several copies of an agent that ran side by side: each by itself, and the account as a whole.

Most properties ask what one agent did with what it knew: whether it resent too early, found what was lost, reported
what is true. Of several copies each is asked by itself, over its *view*: the same History with only its own requests,
connections, orders and statements, its share of the intents, and the account as it was when it reported; the other
copies' orders are foreign ones to it. Evidence keeps the numbers that events have in the whole.

Some properties are about the account, whoever acted on it (``Property.account``): one intent and one exposure, caps,
orders a second, the kill switch, order ids. They see the *whole*: all copies' requests and orders, all intents, and one
report made of theirs: outcomes, orders, fills and alerts together, positions added up, balances as the last one saw
them (of outcomes given by several, as of a halt, the worst).

Two kinds of copies are not asked about progress. The *old* one (``Fleet.old``) is no part of what is judged at all:
what it does is the fault that the others meet, and its orders are nobody's. And where a copy runs twice
(`SecondInstance`), that copy has no view of its own: its two lives overlap, so it is judged by the account alone. In
either case every copy may rightly stop, so only ``Property.account`` and what is marked ``always`` is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from outtrade.judge.api import Finding, Property, Verdict, judge
from outtrade.judge.index import Index
from outtrade.model.fleet import share
from outtrade.model.history import (
    Answer,
    Broken,
    Closed,
    Connect,
    EventType,
    FillTruth,
    Header,
    History,
    OrderTruth,
    Reported,
    Request,
    Response,
    Snapshot,
    Started,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
)
from outtrade.model.scenario import Scenario

WORST = ("unknown", "failed", "refused", "partial", "working", "done")
_RANK = {"not-applicable": 0, "waived": 1, "pass": 2, "incomplete": 3, "warn": 4, "fail": 5, "harness-error": 6}


class Fleet:
    """The History of several copies, taken apart."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.scenario = Scenario.model_validate(history.header.scenario)
        fleet = self.scenario.fleet
        self.instances = 1 if fleet is None else fleet.instances
        self.old = None if fleet is None else fleet.old
        self.doubled = {fault.instance for fault in self.scenario.faults if fault.kind == "second_instance"}
        self._calls: dict[int, int] = {}
        self._conns: dict[int, int] = {}
        self._orders: dict[str, int] = {}
        for event in history.events:
            if isinstance(event, Request):
                self._calls[event.call] = self._conns[event.conn] = event.instance
            elif isinstance(event, Connect):
                self._conns[event.conn] = event.instance
            elif isinstance(event, OrderTruth) and event.call is not None:
                self._orders.setdefault(event.order, self._calls.get(event.call, 0))

    @property
    def disturbed(self) -> bool:
        """Whether a copy too many, or an old one, is at work: then whoever stops is right."""
        return self.old is not None or bool(self.doubled)

    def owner(self, event: EventType) -> int | None:
        """Whose an event is; None: nobody's, or everybody's."""
        match event:
            case Request() | Connect():
                return event.instance
            case Answer() | Response() | Broken():
                return self._calls.get(event.call)
            case Closed() | StreamUp() | StreamEvent() | StreamLost() | StreamDown():
                return self._conns.get(event.conn)
            case OrderTruth() | FillTruth():
                return self._orders.get(event.order)
            case Snapshot():
                return event.instance if event.why == "report" else None
        return event.instance if hasattr(event, "instance") else None

    def judged(self) -> list[int]:
        """The copies that are asked by themselves."""
        return [one for one in range(self.instances) if one != self.old and one not in self.doubled]

    def report_of(self, instance: int) -> Reported | None:
        """The report of a copy's last life."""
        mine = [event for event in self.history.events if getattr(event, "instance", None) == instance]
        life = max((event.incarnation for event in mine if isinstance(event, Started)), default=0)
        return next((event for event in mine if isinstance(event, Reported) and event.incarnation == life), None)

    def view(self, instance: int) -> Index:
        """One copy's History."""
        mine = share(self.scenario.intents, instance, self.instances)
        header = msgspec.structs.replace(
            self.history.header,
            scenario=self.history.header.scenario | {"intents": [one.model_dump(mode="json") for one in mine]},
        )
        return Index(self._part(header, lambda owner: owner in (None, instance)))

    def whole(self) -> Index:
        """All that the copies did, as if one had done it; without the old one."""
        part = self._part(self.history.header, lambda owner: owner is None or owner != self.old)
        part.events = self._one_report(part.events)
        return Index(part)

    def _part(self, header: Header, wanted: Callable[[int | None], bool]) -> History:
        part = History(header)
        part.blobs = self.history.blobs
        for event in self.history.events:
            if wanted(self.owner(event)):
                part.events.append(event)
            elif isinstance(event, OrderTruth):
                part.events.append(msgspec.structs.replace(event, foreign=True, call=None))
            elif isinstance(event, FillTruth):
                part.events.append(msgspec.structs.replace(event, foreign=True))
        return part

    def _one_report(self, events: list[EventType]) -> list[EventType]:
        """The last life's report of each copy becomes part of one, which came with the last of them."""
        lives = {event.instance: event.incarnation for event in events if isinstance(event, Started)}
        counted = [said for instance in lives if (said := self.report_of(instance)) is not None]
        rest: list[EventType] = [event for event in events if not isinstance(event, Reported)]
        if not counted or len(counted) < len(lives):
            return rest
        latest = max(counted, key=lambda event: event.seq)
        one = msgspec.structs.replace(
            latest,
            report=merged([event.report for event in sorted(counted, key=lambda event: event.seq)]),
            instance=max(lives),
            incarnation=max(life for instance, life in lives.items() if instance == max(lives)),
        )
        return sorted([*rest, one], key=lambda event: event.seq)


def merged(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """One report of several copies', in the order in which they came."""
    found: dict[str, Any] = {"outcomes": {}, "orders": [], "alerts": []}
    for report in reports:
        for intent, outcome in report["outcomes"].items():
            known = found["outcomes"].get(intent)
            if known is None or WORST.index(outcome["status"]) < WORST.index(known["status"]):
                found["outcomes"][intent] = outcome
        found["orders"] += report["orders"]
        found["alerts"] += report.get("alerts", ())
    tracked = [report.get("fills") for report in reports]
    if None not in tracked:
        found["fills"] = [fill for fills in tracked for fill in fills or ()]
    if all(report.get("positions") is not None for report in reports):
        found["positions"] = _summed([report["positions"] for report in reports])
    found["balances"] = reports[-1].get("balances")
    return found


def _summed(positions: list[dict[str, Any]]) -> dict[str, Any]:
    """Quantities added up; what else a copy says of its part does not hold of the sum."""
    from decimal import Decimal

    total: dict[str, Decimal] = {}
    for one in positions:
        for symbol, position in one.items():
            total[symbol] = total.get(symbol, Decimal(0)) + Decimal(str(position["quantity"]))
    return {symbol: {"quantity": str(quantity)} for symbol, quantity in total.items()}


def judge_fleet(history: History, properties: Iterable[Property]) -> list[Finding]:
    """Judge a run of several copies, in the order of the properties given."""
    fleet = Fleet(history)
    whole = fleet.whole()
    whole.fleet = fleet
    views = {instance: fleet.view(instance) for instance in fleet.judged()}
    found = []
    for prop in properties:
        if prop.account:
            found.append(judge(prop, whole))
        elif fleet.disturbed and not prop.always:
            found.append(Finding(prop.id, "not-applicable"))
        else:
            found.append(together(prop, {instance: judge(prop, view) for instance, view in views.items()}))
    return found


def together(prop: Property, findings: dict[int, Finding]) -> Finding:
    """What was found of each copy, as one finding: the worst verdict, with what speaks for it."""
    verdict: Verdict = max((one.verdict for one in findings.values()), key=_RANK.__getitem__, default="not-applicable")
    found = Finding(prop.id, verdict, sum(one.cases for one in findings.values()))
    for instance, one in findings.items():
        if one.verdict == verdict:
            found.broken += [
                msgspec.structs.replace(case, message=f"instance {instance}: {case.message}") for case in one.broken
            ]
    return found
