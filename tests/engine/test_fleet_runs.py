"""Several copies of an agent in one run: shares, stores, modules, crashes, a copy too many; the same bytes twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.judge.fleet import Fleet as Apart
from outtrade.judge.fleet import merged
from outtrade.model.fault import Crash, SecondInstance, Trigger
from outtrade.model.fleet import Fleet, owners, share
from outtrade.model.history import (
    Connect,
    Crashed,
    History,
    Log,
    NoReport,
    Reported,
    Request,
    Started,
    StoreSet,
)
from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.model.task import Intent, Limits
from outtrade.report import timeline
from outtrade.report.beliefs import beliefs
from outtrade.targets import resolve
from outtrade.wire.run import NotInRealTime, run_wire
from outtrade_suites import suite
from outtrade_suites.spaces import generate

AGENT = """
import time
from outtrade import Outcome, Report

COUNT = [0]

def execute(task, venue):
    COUNT[0] += 1
    print(f"I am {task.instance} of {task.instances}, count {COUNT[0]}")
    task.store["seen"] = [*task.store.get("seen", ()), task.instance]
    time.sleep(5 + task.instance)
    if task.instance == 1:
        raise RuntimeError("one is broken")
    time.sleep(20)
    seen = task.store["seen"]
    return Report(outcomes={i.id: Outcome(status="refused", reason=str(seen)) for i in task.intents}, orders=())
"""


NO_FLEETS = ({"instances": 0}, {"instances": 65}, {"instances": 2, "old": 2}, {"instances": 1, "old": 0})


def _intent(number: int, **fields: object) -> Intent:
    usual = {"kind": "order", "symbol": "BTC/USDT", "side": "buy", "quantity": "1", "type": "limit"}
    name = f"i{number}"
    return Intent.model_validate({"id": name, "tag": f"TAG0000{number}", "at": float(number)} | usual | fields)


def _scenario(instances: int = 3, **fields: object) -> Scenario:
    return Scenario(
        id="fleet", seed=1, until=60, symbols=("BTC/USDT",), balances={"USDT": "1000000"},
        intents=tuple(_intent(number) for number in range(4)), fleet=Fleet(instances=instances),
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def _of(history: History, kind: type) -> list[object]:
    return [event for event in history.events if isinstance(event, kind)]


# ------------------------------------------------------------------ shares
def test_intents_are_dealt_out_in_turn_and_keep_together_what_belongs_together() -> None:
    intents = [
        _intent(0),
        _intent(1, symbol="ETH/USDT"),
        _intent(2),
        _intent(3, kind="cancel", target="i1", symbol=None),
        _intent(4, kind="halt", symbol=None),
        _intent(5, symbol="ADA/USDT"),
        _intent(6, kind="flatten", symbol="ADA/USDT"),
    ]
    assert owners(intents, 3) == {"i0": 0, "i1": 1, "i2": 2, "i3": 1, "i4": None, "i5": 0, "i6": 0}
    assert [intent.id for intent in share(intents, 1, 3)] == ["i1", "i3", "i4"]
    assert set(owners([*intents, _intent(7, kind="flatten", symbol=None)], 3).values()) == {0, None}


def test_caps_of_the_account_are_dealt_out_and_the_old_copy_gets_all() -> None:
    made = _scenario(2, limits=Limits(max_position=3, max_notional=7)).model_copy(
        update={"fleet": Fleet(instances=2, old=1)}
    )
    task, old = made.task(instance=0), made.task(instance=1)
    assert (task.instance, task.instances, len(task.intents)) == (0, 2, 2)
    assert (str(task.limits.max_position), str(task.limits.max_notional)) == ("1.5", "7")
    assert (old.instance, old.instances, len(old.intents), old.limits) == (0, 1, 4, made.limits)


@pytest.mark.parametrize("fleet", NO_FLEETS)
def test_what_is_no_fleet_is_refused(fleet: dict[str, int]) -> None:
    data = json.loads(_scenario().to_json()) | {"fleet": fleet}
    with pytest.raises(ScenarioError, match="fleet"):
        Scenario.from_json(json.dumps(data))


def test_a_scenario_without_copies_is_written_as_ever() -> None:
    alone = _scenario().model_copy(update={"fleet": None})
    assert "fleet" not in alone.model_dump(mode="json") and not alone.crowded
    assert Scenario.from_json(_scenario().to_json()) == _scenario()


# ------------------------------------------------------------------ runs
def test_each_copy_has_its_modules_its_store_and_its_words(tmp_path: Path) -> None:
    (tmp_path / "fleet_agent.py").write_text(AGENT)
    history = run(resolve(f"py:{tmp_path}/fleet_agent.py:execute"), _scenario())
    said = [(log.instance, log.text) for log in _of(history, Log)]  # type: ignore[attr-defined]
    assert said[:3] == [(k, f"I am {k} of 3, count 1") for k in range(3)]
    stored = [(event.instance, event.value) for event in _of(history, StoreSet)]  # type: ignore[attr-defined]
    assert stored == [(0, [0]), (1, [1]), (2, [2])]
    (failed,) = _of(history, NoReport)
    assert (failed.instance, failed.why, failed.seconds < 7) == (1, "raised", True)  # type: ignore[attr-defined]
    assert [event.instance for event in _of(history, Reported)] == [0, 2]  # type: ignore[attr-defined]
    assert History.from_jsonl(history.to_jsonl()).hash() == history.hash()


def test_histories_of_before_are_read() -> None:
    old = b'{"format":"outtrade.history","scenario":{},"target":"t"}\n{"event":"Started","incarnation":0,"seq":0}\n'
    (started,) = History.from_jsonl(old).events
    assert isinstance(started, Started) and started.instance == 0


@pytest.mark.parametrize("agent", ["httpx", "threaded", "ccxt"])
def test_a_crash_and_a_copy_too_many_are_the_same_bytes_twice(agent: str) -> None:
    if agent == "ccxt":
        pytest.importorskip("ccxt")
    base = generate("fleet", 1, 4)  # of eight
    assert base.fleet is not None
    size, target = base.fleet.instances, resolve(f"agent:{agent}")
    tag = share(base.intents, 1, size)[0].tag
    at = share(base.intents, 2, size)[0].at
    made = base.model_copy(
        update={
            "faults": (
                Crash(on=Trigger(op="place", tag=tag), point="after_commit"),
                SecondInstance(on=Trigger(after=at + 1), instance=2),
            )
        }
    )
    history = run(target, made)
    assert history.hash() == run(target, made).hash()
    (crashed,) = _of(history, Crashed)
    assert crashed.instance == 1  # type: ignore[attr-defined]
    lives = [(event.instance, event.incarnation, event.resumed) for event in _of(history, Started)]  # type: ignore[attr-defined]
    assert lives[:size] == [(k, 0, False) for k in range(size)]
    assert sorted(lives[size:]) == [(1, 1, True), (2, 1, True)]
    reports = {(event.instance, event.incarnation) for event in _of(history, Reported)}  # type: ignore[attr-defined]
    assert reports == {*((k, 0) for k in range(size) if k != 1), (1, 1), (2, 1)}
    assert {event.instance for event in _of(history, Request)} == set(range(size))  # type: ignore[attr-defined]
    assert {event.instance for event in _of(history, Connect)} == set(range(size))  # type: ignore[attr-defined]
    assert [f.id for f in judge_history(history, suite.properties) if f.verdict in ("fail", "harness-error")] == []


def test_views_part_the_history_and_the_whole_has_one_report() -> None:
    pytest.importorskip("ccxt")
    history = run(resolve("agent:ccxt"), generate("fleet", 1, 4))
    apart = Apart(history)
    whole, views = apart.whole(), [apart.view(instance) for instance in apart.judged()]
    assert len(views) == 8 and sum(len(view.ops) for view in views) == len(whole.ops)
    assert sum(len(view.own_orders) for view in views) == len(whole.own_orders) > 0
    assert all(len(view.orders) == len(whole.orders) for view in views), "others' orders are foreign"
    assert whole.report is not None and set(whole.report.outcomes) == set(whole.intents)
    assert len(beliefs(history)) > len(whole.intents) and not [one for one in beliefs(history) if one.differs]
    truth = [line for line in timeline.lines(history, width=160, limit=1000) if "accepted" in line]
    assert truth and all("[" in line.split("order", 1)[0] for line in truth), "the exchange's lane says whose it is"
    numbers = {event.seq: event for event in history.events}
    assert all(numbers[op.seq] is op.request for view in views for op in view.ops)


def test_the_timeline_says_which_copy(tmp_path: Path) -> None:
    (tmp_path / "fleet_agent.py").write_text(AGENT)
    history = run(resolve(f"py:{tmp_path}/fleet_agent.py:execute"), _scenario())
    told = "\n".join(timeline.lines(history, width=120))
    assert all(words in told for words in ("[0] started", "[1] started", "[2] REPORT"))


def test_reports_are_put_together() -> None:
    one = {"outcomes": {"i1": {"status": "done"}, "h": {"status": "failed"}}, "orders": [1], "fills": [1]}
    two = {"outcomes": {"i2": {"status": "done"}, "h": {"status": "done"}}, "orders": [2], "fills": None}
    one |= {"positions": {"BTC/USDT": {"quantity": "1", "entry_price": "5"}}, "balances": {"USDT": 1}}
    two |= {"positions": {"BTC/USDT": {"quantity": "-0.5"}}, "balances": {"USDT": 2}, "alerts": ["a"]}
    whole = merged([one, two])
    assert {name: outcome["status"] for name, outcome in whole["outcomes"].items()} == {
        "i1": "done", "i2": "done", "h": "failed",
    }  # fmt: skip
    assert (whole["orders"], whole["alerts"], whole["balances"]) == ([1, 2], ["a"], {"USDT": 2})
    assert "fills" not in whole, "one of them does not track them"
    assert whole["positions"] == {"BTC/USDT": {"quantity": "0.5"}}


def test_real_time_targets_refuse_in_one_line() -> None:
    with pytest.raises(NotInRealTime, match="several copies"):
        run_wire(resolve("cmd:python agent.py"), _scenario())


def test_two_folders_with_a_helper_of_the_same_name_in_whole_runs(tmp_path: Path) -> None:
    """Old code and new code, run in turn: every copy, the one that was forgotten and the one that is started again,
    gets the helper that lies beside it, and leaves nothing behind for the next run."""
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bot.py").write_text("import helper\n" + AGENT.replace("COUNT[0] += 1", "helper.count()"))
        (tmp_path / folder / "helper.py").write_text(
            f"COUNT = [0]\ndef count():\n    COUNT[0] += 1\n    print('{folder} helper', COUNT[0])\n"
        )
    targets = {folder: resolve(f"py:{tmp_path}/{folder}/bot.py:execute") for folder in ("old", "new")}
    made = _scenario().model_copy(
        update={
            "fleet": Fleet(instances=3, old=2),
            "faults": (Crash(on=Trigger(), point="after_store_set", downtime=2.0),),
        }
    )
    hashes: dict[str, set[str]] = {"old": set(), "new": set()}
    for folder in ("new", "old", "new", "old"):
        history = run(targets[folder], made)
        said = [log.text for log in _of(history, Log) if "helper" in log.text]  # type: ignore[attr-defined]
        assert said == [f"{folder} helper 1"] * 4, "three copies, and one of them a second time"
        hashes[folder].add(history.hash())
    assert all(len(found) == 1 for found in hashes.values())
