"""A session over MCP: what a model is told, what it may do wrong, and what is left when it goes away."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp_kit import BTC, ORDER, client_of, flagship, play, session_of, use

from outtrade.mcp import worker
from outtrade.mcp.session import Session
from outtrade.mcp.worker import MOST_REPORTS
from outtrade.model.fault import Crash, Trigger
from outtrade.model.history import History, NoReport, Reported, ToolCall, ToolResult
from outtrade.model.scenario import Scenario
from outtrade.tools import TOOLS
from outtrade_suites.agents.models.right import Model

CLAIM = {"outcomes": {"i1": {"status": "done", "filled": "0.4"}}, "orders": []}
EMPTY = {"outcomes": {"i1": {"status": "unknown"}}, "orders": []}


def run(work: Callable[[Client, Session], Awaitable[Any]], *scenarios: Scenario, **options: Any) -> Session:
    """Does something with a client; returns the closed session."""
    session = session_of(*(scenarios or (flagship(),)), **options)

    async def main() -> None:
        async with client_of(session) as client:
            await work(client, session)

    anyio.run(main)
    return session


def history_of(folder: Path) -> History:
    (file,) = (folder / "histories").glob("*.jsonl")
    return History.from_jsonl(file.read_bytes())


def events(history: History, kind: type) -> list[Any]:
    return [event for event in history.events if isinstance(event, kind)]


def right(scenario: Scenario) -> Any:
    return Model(scenario.task(), 30.0).script()


def test_what_is_offered() -> None:
    async def work(client: Client, session: Session) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == ["task", "report", *TOOLS]
        assert tools["place"].input_schema == TOOLS["place"].schema
        report = tools["report"].input_schema
        assert report["required"] == ["outcomes", "orders"] and "$ref" not in json.dumps(report)
        assert "intent" in report["properties"]["orders"]["items"]["properties"]
        (resource,) = (await client.list_resources()).resources
        (prompt,) = (await client.list_prompts()).prompts
        assert session.begun == 0, "listing begins nothing"
        text = (await client.read_resource(resource.uri)).contents[0].text
        assert "i1 (tag FLAG5H1P), at 5 s: Buy 0.4 BTC with a limit of 50100 USDT; until 200 s." in text
        assert text in (await client.get_prompt(prompt.name)).messages[0].content.text
        told = await use(client, "task")
        assert told["task"]["intents"][0]["tag"] == "FLAG5H1P" and "lost" not in json.dumps(told["task"]["intents"])

    assert run(work).begun == 1


def test_nothing_of_the_plan_is_told() -> None:
    async def work(client: Client, session: Session) -> None:
        assert "fault" not in json.dumps(await use(client, "task")).lower()

    run(work)


def test_time_stands_still_while_the_model_thinks() -> None:
    async def work(client: Client, session: Session) -> None:
        first = (await use(client, "wait", {"seconds": 0}))["time"]
        await asyncio.sleep(0.05)
        assert (await use(client, "wait", {"seconds": 0}))["time"] - first < 0.01

    run(work)


def test_thinking_may_cost_virtual_time() -> None:
    async def work(client: Client, session: Session) -> None:
        first = (await use(client, "wait", {"seconds": 0}))["time"]
        assert 2 <= (await use(client, "wait", {"seconds": 0}))["time"] - first < 2.1

    run(work, think=2.0)


def test_the_same_calls_give_the_same_history(tmp_path: Path) -> None:
    files = []
    for number in range(2):
        folder = tmp_path / str(number)

        async def work(client: Client, session: Session) -> None:
            await play(client, right, flagship())

        run(work, folder=folder)
        (file,) = (folder / "histories").glob("*.jsonl")
        files.append(file.read_bytes())
    assert files[0] == files[1]


def test_results_are_written_and_only_the_operator_sees_the_verdict(tmp_path: Path) -> None:
    said: list[str] = []

    async def work(client: Client, session: Session) -> None:
        assert await use(client, "report", CLAIM) == {"accepted": True, "tasks_left": 0}
        again = await use(client, "ticker", BTC)
        assert again["error"]["kind"] == "over" and (await use(client, "report", EMPTY))["error"]["code"] == "no_task"

    session = run(work, folder=tmp_path, said=said.append)
    assert session.card is not None and session.card.code == 1
    assert len(said) == 1 and said[0].startswith("flagship-answer-lost: FAIL ")
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["target"], results["space"], results["exit"]["code"]) == ("mcp:test", "flagship", 1)
    assert results["results"][0]["history"] == history_of(tmp_path).hash()
    assert list((tmp_path / "failures").glob("*.min.jsonl"))


def test_one_scenario_after_the_other(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        assert "next_task" in [tool.name for tool in (await client.list_tools()).tools]
        await use(client, "place", ORDER | {"client_id": "FLAG5H1P-1"})
        assert (await use(client, "next_task"))["error"]["message"].startswith("this task is not finished")
        assert (await use(client, "report", EMPTY))["tasks_left"] == 1
        told = await use(client, "next_task")
        assert told["task"]["id"] == "flagship-never-accepted" and told["state"] == "open"
        assert (await use(client, "open_orders", BTC))["orders"] == [], "a world of its own"
        assert (await use(client, "report", EMPTY))["tasks_left"] == 0
        assert (await use(client, "next_task"))["error"]["message"] == "there are no more tasks"

    session = run(work, flagship(), flagship("never_accepted"), folder=tmp_path)
    assert session.card is not None and session.card.scenarios == 2
    assert len(list((tmp_path / "histories").iterdir())) == 2


def test_an_invented_tool_is_on_the_record(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        error = (await use(client, "get_order_status", {"order_id": "1"}))["error"]
        assert (error["kind"], error["code"]) == ("bad_arguments", "unknown_tool")
        assert (await use(client, "next_task"))["error"]["code"] == "unknown_tool", "not offered for a single task"
        await use(client, "report", EMPTY)

    run(work, folder=tmp_path)
    history = history_of(tmp_path)
    assert [call.tool for call in events(history, ToolCall)] == ["get_order_status", "next_task", "report"]


HOSTILE: list[tuple[str, Any]] = [
    ("place", {}),
    ("place", ORDER | {"quantity": "NaN"}),
    ("place", ORDER | {"leverage": 10**30}),
    ("ticker", {"symbol": "<script>alert(1)</script>\x1b[2J\x00\u202e"}),
    ("ticker", {"symbol": "\ud800"}),
    ("ticker", {"symbol": "x" * 3_000_000}),
    ("order", BTC | {"client_id": {"a": [[[[{}]]]]}}),
    ("x" * 100_000, {}),
    ("<b>\x1b[31m", {"\ud800": 1e300}),
    ("", {}),
    ("wait", {"seconds": -1}),
    ("wait", {"seconds": 1e308}),
]


def test_hostile_arguments_are_refused_recorded_and_harmless(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        for tool, arguments in HOSTILE:
            error = (await use(client, tool, arguments))["error"]
            assert error["kind"] == "bad_arguments", (tool[:20], error)
            assert len(error["message"]) <= 500 and "\x1b" not in error["message"]
        unspeakable = await session.call("\ud800", {"a": object()})  # a client cannot even send these
        assert unspeakable["error"]["code"] == "unknown_tool"
        assert (await use(client, "balances"))["USDT"]["free"] == "100000"
        await use(client, "report", EMPTY)

    run(work, folder=tmp_path)
    file = next((tmp_path / "histories").glob("*.jsonl"))
    assert file.stat().st_size < 300_000
    assert len(events(history_of(tmp_path), ToolResult)) == len(HOSTILE) + 3


def test_a_report_that_is_none_is_handed_back(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        for bad in ({}, {"outcomes": [], "orders": []}, {"outcomes": {"i1": {"status": "great"}}, "orders": []}):
            error = (await use(client, "report", bad))["error"]
            assert error["code"] == "invalid_argument" and error["message"].startswith("report: ")
        assert (await use(client, "report", EMPTY | {"profit": 5}))["error"]["code"] == "unknown_argument"
        assert (await use(client, "report", EMPTY))["accepted"] is True

    run(work, folder=tmp_path)
    assert len(events(history_of(tmp_path), Reported)) == 1


def test_a_model_that_cannot_write_a_report_has_none(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        for _ in range(MOST_REPORTS):
            assert (await use(client, "report", {}))["error"]["kind"] == "bad_arguments"
        over = await use(client, "report", {})
        assert over["error"]["kind"] == "over" and "invalid: not a Report: outcomes" in over["error"]["message"]

    assert run(work, folder=tmp_path).card.code == 1  # type: ignore[union-attr]
    assert [event.why for event in events(history_of(tmp_path), NoReport)] == ["invalid"]


def test_who_waits_for_ever_is_late(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        over = await use(client, "wait", {"seconds": 5000})
        assert over["error"]["kind"] == "over" and "no report (late: " in over["error"]["message"]

    run(work, folder=tmp_path)
    assert [event.why for event in events(history_of(tmp_path), NoReport)] == ["late"]


def test_who_goes_round_in_circles_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_CALLS", 20)

    async def work(client: Client, session: Session) -> None:
        for _ in range(20):
            assert (await use(client, "nope"))["error"]["kind"] == "bad_arguments"
        assert "more than 20 tool calls" in (await use(client, "nope"))["error"]["message"]

    run(work)


def test_a_crash_is_told_and_the_session_goes_on(tmp_path: Path) -> None:
    crashing = flagship().model_copy(update={"faults": (Crash(point="after_send", on=Trigger(op="place")),)})

    async def work(client: Client, session: Session) -> None:
        error = (await use(client, "place", ORDER | {"client_id": "FLAG5H1P-1"}))["error"]
        assert (error["kind"], error["code"]) == ("ambiguous", "crashed")
        assert (await use(client, "order", BTC | {"client_id": "FLAG5H1P-1"}))["client_id"] == "FLAG5H1P-1"
        await use(client, "report", EMPTY)

    run(work, crashing, folder=tmp_path)
    assert [call.incarnation for call in events(history_of(tmp_path), ToolCall)] == [0, 1, 1]


def test_calls_at_once_are_taken_in_turn(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(use, client, "alert", {"text": str(number)})
        await use(client, "report", EMPTY)

    run(work, folder=tmp_path)
    calls = events(history_of(tmp_path), ToolCall)
    assert sorted(call.args["text"] for call in calls[:8]) == list("01234567")
    assert [call.id for call in calls] == list(range(1, 10))


def test_a_call_that_nobody_waits_for_any_more_is_carried_out(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        await use(client, "task")
        with anyio.move_on_after(0):
            await session.call("place", ORDER | {"client_id": "FLAG5H1P-1"})
        assert (await use(client, "order", BTC | {"client_id": "FLAG5H1P-1"}))["client_id"] == "FLAG5H1P-1"

    run(work)


def test_who_leaves_in_the_middle_is_incomplete_and_leaves_nothing(tmp_path: Path) -> None:
    pids: list[int] = []

    async def work(client: Client, session: Session) -> None:
        await use(client, "place", ORDER | {"client_id": "FLAG5H1P-1"})
        pids.append(session._process.pid or 0)

    session = run(work, folder=tmp_path)
    assert session.card is not None and session.card.code == 3
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["interrupted"] and results["results"] == [] and results["exit"]["code"] == 3
    assert list((tmp_path / "histories").iterdir()) == []


def test_what_was_finished_before_is_kept(tmp_path: Path) -> None:
    async def work(client: Client, session: Session) -> None:
        await play(client, right, flagship())
        await use(client, "next_task")

    session = run(work, flagship(), flagship("never_accepted"), folder=tmp_path)
    assert session.card is not None and (session.card.code, session.card.scenarios) == (3, 1)
    assert len(list((tmp_path / "histories").iterdir())) == 1


def test_a_process_that_dies_is_an_error_of_the_harness() -> None:
    async def work(client: Client, session: Session) -> None:
        await use(client, "task")
        os.kill(session._process.pid or 0, 9)
        over = await use(client, "balances")
        assert "the harness failed" in over["error"]["message"] and "signal 9" in over["error"]["message"]
        await use(client, "next_task")
        assert "USDT" in await use(client, "balances"), "the next one has a process of its own"

    session = run(work, flagship(), flagship())
    assert session.card is not None and session.card.errors == 1


def test_who_never_begins_has_no_result(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("of an earlier run")

    async def work(client: Client, session: Session) -> None:
        await client.list_tools()

    assert run(work, folder=tmp_path).card is None
    assert (tmp_path / "results.json").read_text() == "of an earlier run"
