"""Two venues: the reference agent goes to the other one when it may, and only then; who does otherwise is caught."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import ccxt
import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.judge.api import Finding
from outtrade.judge.index import OWN, Index
from outtrade.model.history import Request
from outtrade.model.scenario import Scenario
from outtrade.model.task import Report
from outtrade.report import timeline
from outtrade.report.beliefs import beliefs
from outtrade.targets.naming import Target, resolve
from outtrade_suites.agents.branching import BranchTask
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import drive
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate

JUDGED = [prop for prop in PROPERTIES if prop.venues != "one"]


class StaysHome(CcxtAgent):
    """Says that it is cut off, and leaves it at that."""

    async def hand_over(self) -> None:
        """Never."""


def stays_home(task: Any, venue: Any) -> Report:
    return drive(StaysHome(task, venue).run())


class LosesItsPapers(CcxtAgent):
    """Reports half of what happened at the other venue: the orders, and no fill."""

    def report(self) -> Report:
        whole = super().report()
        there = set() if self.branch is None else {fill.trade_id for fill in self.branch.report().fills or ()}
        return whole.model_copy(update={"fills": tuple(f for f in whole.fills or () if f.trade_id not in there)})


class NamesAsAtHome(CcxtAgent):
    """Gives its orders the names that the main venue takes, wherever they go."""

    def client_id(self, job: Any, number: int) -> str:
        return f"{job.intent.tag}-{number}"


class KnocksAgain(CcxtAgent):
    """Does not hear that the other venue wants silence."""

    def on_rate_limit(self, refusal: Any) -> None:
        if not isinstance(self.task, BranchTask):
            super().on_rate_limit(refusal)


def target(entry: Callable[..., Report]) -> Target:
    return Target("t", "A", False, lambda: entry)


def played(
    agent: Target, plot: str, index: int, *, trouble: str = "none", **changes: Any
) -> tuple[dict[str, Finding], list[tuple[int, str]]]:
    pins = {"plot": plot, "fallback/trouble": trouble}
    scenario = generate("fallback", 3, index, pins=pins).model_copy(update=changes)
    assert Scenario.from_json(scenario.to_json()) == scenario
    history = run(agent, scenario)
    sends = [(e.venue, e.client_id or "") for e in history.events if isinstance(e, Request) and e.op == "place"]
    return {found.id: found for found in judge_history(history, JUDGED)}, sends


@pytest.mark.parametrize("plot", ["down", "in doubt", "returns", "banned"])
def test_the_reference_agent_goes_where_it_may(plot: str) -> None:
    moved = 0
    for index in range(3):
        found, sends = played(resolve("agent:ccxt"), plot, index)
        assert {f.verdict for f in found.values()} <= {"pass", "not-applicable"}, found
        moved += any(venue == 1 for venue, _ in sends)
        if plot == "down":
            assert found["RTY-16"].verdict == "pass" and any(venue == 1 for venue, _ in sends)
    assert moved or plot == "in doubt"


@pytest.mark.parametrize("trouble", ["slow", "limited", "lost", "down", "gone"])
def test_and_bears_with_what_happens_there(trouble: str) -> None:
    for index in range(2):
        found, sends = played(resolve("agent:ccxt"), "down", index, trouble=trouble, allow_alert_only=False)
        assert {f.verdict for f in found.values()} <= {"pass", "not-applicable"}, found
        assert found["RTY-16"].verdict == "pass"
        assert (trouble != "gone") <= any(venue == 1 for venue, _ in sends), "it is back in good time"


def both(task: Any, venue: Any) -> Report:
    """Sends to the fallback, hears nothing, and sends to the main venue."""
    intent = task.intents[0]
    time.sleep(task.epoch + intent.at + 1 - time.time())
    for access in (task.fallbacks[0], venue):
        with contextlib.suppress(ccxt.NetworkError):
            access.ccxt().create_order(
                intent.symbol, "limit", intent.side, float(intent.quantity), float(intent.limit_price),
                params={"clientOrderId": f"{intent.tag}n1"},
            )  # fmt: skip
    return Report(outcomes={}, orders=())


def test_doubt_at_the_fallback_binds_as_well() -> None:
    made = generate("fallback", 3, 0, pins={"plot": "down", "fallback/trouble": "lost", "about/shape": "resting"})
    wanted = next(i for i in made.intents if i.kind == "order" and i.type == "limit" and i.quantity is not None)
    lost = tuple(fault for fault in made.faults if fault.venue == 1)
    history = run(target(both), made.model_copy(update={"intents": (wanted,), "faults": lost}))
    (found,) = judge_history(history, [prop for prop in JUDGED if prop.id == "RTY-16"])
    assert found.broken[0].key == "moved-in-doubt" and "sent at" in found.broken[0].message
    assert "went to binance_spot" in found.broken[0].message


@pytest.mark.parametrize(
    ("agent", "venue", "name"),
    [(LosesItsPapers, "okx", "REC-04"), (NamesAsAtHome, "okx", "PAR-11"), (KnocksAgain, "bybit", "RTY-06")],
)
def test_mistakes_at_the_fallback_are_judged_by_its_own_rules(agent: Any, venue: str, name: str) -> None:
    told: set[str] = set()
    for index in range(4):
        pins = {"plot": "down", "fallback/trouble": "limited", "fallback/troubled/what": "place"}
        pins |= {"fallback/troubled/told": True, "fallback/troubled/lasts": 30, "about/shape": "marketable"}
        pins |= {"fallback/venue": venue}
        history = run(
            target(lambda task, venue: drive(agent(task, venue).run())), generate("fallback", 3, index, pins=pins)
        )
        (found,) = judge_history(history, [prop for prop in JUDGED if prop.id == name])
        events = {event.seq: event for event in history.events}
        for case in found.broken:
            assert {events[seq].venue for seq in case.evidence if events[seq].source not in OWN} == {1}
            assert case.message.startswith(f"at {venue}: ")
            told.add(case.key)
        if told:
            return
    raise AssertionError(f"{name} saw nothing")


def test_a_report_is_taken_apart() -> None:
    history = run(resolve("agent:ccxt"), generate("fallback", 1, 20))  # orders here and there
    assert beliefs(history) and not [line for line in beliefs(history) if line.differs]
    lines = "\n".join(timeline.lines(history, width=160, limit=1000))
    places = [line for line in lines.splitlines() if "place " in line]
    assert all("[main] place" in line or "[bybit] place" in line for line in places)
    assert "[main] place" in lines and "[bybit] place" in lines
    assert "[main] FAULT lost answer" in lines and "[main] REPORT" not in lines
    main, there, both = Index(history), Index(history, 1), Index(history, None)
    assert main.report is not None and there.report is not None and both.report is not None
    for ix in (main, there):
        ids = {order.id for order in ix.own_orders}
        assert ix.report is not None and ids and {i for view in ix.report.orders for i in view.venue_ids} == ids
        assert {fill.trade_id for fill in ix.report.fills or ()} == {fill.trade_id for fill in ix.own_fills}
        assert not ix.elsewhere & {order.intent.id for order in ix.own_orders if order.intent is not None}
    assert len(both.report.orders) == len(main.report.orders) + len(there.report.orders)
    assert main.report.balances is not None and there.report.balances is None and there.report.positions is None
    assert {e.view for e in both.published} >= {"OrderView"} and len(there.published) < len(both.published)


def test_what_is_in_doubt_is_not_to_be_moved() -> None:
    keys = set()
    for index in range(4):
        found, _ = played(resolve("zoo:moves_in_doubt"), "in doubt", index)
        keys |= {case.key for name in ("RTY-16", "RTY-01") for case in found[name].broken}
    assert "moved-in-doubt" in keys


def test_an_alert_is_enough_only_where_the_task_says_so() -> None:
    for allowed, verdict in ((True, "pass"), (False, "fail")):
        found, sends = played(target(stays_home), "down", 0, allow_alert_only=allowed)
        assert found["RTY-16"].verdict == verdict and all(venue == 0 for venue, _ in sends)
        assert not allowed or not found["RTY-16"].broken
    assert found["RTY-16"].broken[0].key == "fallback-unused"
