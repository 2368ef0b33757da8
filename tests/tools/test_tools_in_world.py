"""The tools over the mock's wire: what they send, what they return, and that failures tell what is known."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest
from tools_kit import EMPTY, events, play

from outtrade.model.fault import Ban, Crash, DnsFailure, LostAnswer, RateLimit, Trigger
from outtrade.model.history import Answer, Published, Request, ToolCall, ToolResult
from outtrade.model.task import Report, Task
from outtrade.targets.access import VenueAccess

ORDER = {"symbol": "BTC/USDT", "side": "buy", "type": "limit", "quantity": "0.01", "limit_price": "49000"}
BTC = {"symbol": "BTC/USDT"}


def told(name: str, **given: Any) -> Any:
    """What one tool returns, in a run without faults."""
    found: list[Any] = []

    def agent(task: Task, venue: VenueAccess) -> Report:
        found.append(venue.tools[name](**given))
        return EMPTY

    play(agent)
    return found[0]


def test_the_market() -> None:
    rules = told("instruments")["BTC/USDT"]
    assert (rules["venue_symbol"], rules["base"], rules["tick"], rules["status"]) == (
        "BTCUSDT",
        "BTC",
        "0.01",
        "trading",
    )
    ticker, book = told("ticker", **BTC), told("book", **BTC, depth=3)
    assert Decimal(ticker["bid"]) < Decimal(ticker["ask"])
    assert len(book["bids"]) == len(book["asks"]) == 3
    assert book["bids"][0][0] == ticker["bid"] and book["asks"][0][0] == ticker["ask"]
    assert told("balances")["USDT"] == {"free": "100000", "locked": "0"}
    assert told("status")["open"] is True and told("status")["absent_after"] == 30


def test_the_rules_on_the_wire_are_those_that_the_agent_was_given() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        for symbol, rules in venue.tools["instruments"]().items():
            known = venue.instruments[symbol].model_dump(mode="json")
            for name in ("venue_symbol", "base", "quote"):
                assert rules[name] == known[name]
            for name in sorted(rules.keys() & known.keys() - {"venue_symbol", "base", "quote", "status", "types"}):
                ours, theirs = (None if side[name] is None else Decimal(side[name]) for side in (rules, known))
                assert ours == theirs, name
        return EMPTY

    play(agent)


def test_the_life_of_an_order() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        tools = venue.tools
        placed = tools["place"](**ORDER, client_id="FLAG5H1P-1")
        assert (placed["status"], placed["client_id"], placed["filled"]) == ("open", "FLAG5H1P-1", "0")
        by_client = tools["order"](**BTC, client_id="FLAG5H1P-1")
        assert by_client == tools["order"](**BTC, venue_id=placed["venue_id"])
        assert [order["venue_id"] for order in tools["open_orders"](**BTC)["orders"]] == [placed["venue_id"]]
        ended = tools["cancel"](**BTC, client_id="FLAG5H1P-1")
        assert (ended["status"], ended["client_id"]) == ("cancelled", "FLAG5H1P-1")
        assert tools["order"](**BTC, client_id="FLAG5H1P-1")["status"] == "cancelled", "it kept its name"
        again = tools["cancel"](**BTC, client_id="FLAG5H1P-1")["error"]
        assert (again["kind"], again["code"]) == ("not_found", -2011)
        assert tools["cancel_all"](**BTC) == {"cancelled": []}
        tools["place"](**ORDER, client_id="FLAG5H1P-2")
        (gone,) = tools["cancel_all"](**BTC)["cancelled"]
        assert (gone["client_id"], gone["status"]) == ("FLAG5H1P-2", "cancelled")
        taken = tools["place"](symbol="BTC/USDT", side="buy", type="market", quantity=0.01, client_id="FLAG5H1P-3")
        fills = tools["fills"](**BTC, venue_id=taken["venue_id"])["fills"]
        assert fills == taken["fills"] == tools["fills"](**BTC, since=task.epoch)["fills"]
        assert sum(Decimal(fill["quantity"]) for fill in fills) == Decimal("0.01")
        assert tools["order"](**BTC, client_id="nobody")["error"]["kind"] == "not_found"
        return EMPTY

    play(agent)


def test_an_answer_that_got_lost_is_ambiguous_and_nothing_is_sent_twice() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        error = venue.tools["place"](**ORDER, client_id="FLAG5H1P-1")["error"]
        assert error["kind"] == "ambiguous" and error["code"] is None
        assert venue.tools["order"](**BTC, client_id="FLAG5H1P-1")["status"] == "open"
        return EMPTY

    history = play(agent, [LostAnswer(on=Trigger(op="place"))])
    assert [request.op for request in events(history, Request)] == ["place", "query"]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (RateLimit(on=Trigger(op="place"), duration=20), "rate_limited", -1003),
        (Ban(on=Trigger(op="place")), "rate_limited", -1003),
        (DnsFailure(duration=300), "unavailable", "not_sent"),
        (LostAnswer(on=Trigger(op="place"), symptom="code_1006"), "ambiguous", None),
    ],
    ids=["rate", "ban", "dns", "1006"],
)
def test_what_a_failed_order_says_is_what_is_known(fault: Any, kind: str, code: Any) -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        error = venue.tools["place"](**ORDER, client_id="FLAG5H1P-1")["error"]
        assert (error["kind"], error["code"]) == (kind, code)
        assert (error["retry_after"] is not None) == (kind == "rate_limited")
        return EMPTY

    play(agent, [fault])


def test_a_query_without_an_answer_is_not_ambiguous() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        error = venue.tools["balances"]()["error"]
        assert error["kind"] == "unavailable" and "nothing was learned" in error["message"]
        return EMPTY

    play(agent, [LostAnswer(on=Trigger(op="account"))])


def test_a_refusal_of_the_venue_keeps_its_code_and_its_words() -> None:
    error = told("place", **ORDER | {"quantity": "3"})["error"]
    assert (error["kind"], error["code"]) == ("rejected", -2010) and "insufficient balance" in error["message"]


def test_what_spot_does_not_have_is_said_plainly_and_nothing_is_sent() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        for result in (venue.tools["positions"](), venue.tools["amend"](**BTC, client_id="a", quantity="1")):
            assert (result["error"]["kind"], result["error"]["code"]) == ("rejected", "not_offered")
            assert "nothing was sent" in result["error"]["message"]
        return EMPTY

    assert events(play(agent), Request) == []


def test_what_does_not_exist_is_refused_and_on_record() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        tools = venue.tools
        assert (
            "there is no tool 'get_order'; there are instruments," in tools.call("get_order", "{}")["error"]["message"]
        )
        assert "there is no argument 'leverage'" in tools["place"](**ORDER, leverage=5)["error"]["message"]
        assert "no JSON" in tools.call("ticker", "{symbol: BTC")["error"]["message"]
        assert "no symbol 'DOGE/USDT' here" in tools["ticker"](symbol="DOGE/USDT")["error"]["message"]
        assert "quantity_price" not in tools
        with pytest.raises(KeyError, match="there is no tool"):
            tools["get_order"]
        return EMPTY

    history = play(agent)
    assert events(history, Request) == []
    assert [call.tool for call in events(history, ToolCall)] == ["get_order", "place", "ticker", "ticker"]
    codes = [(result.kind, result.code) for result in events(history, ToolResult)]
    assert {kind for kind, _ in codes} == {"bad_arguments"}
    assert [code for _, code in codes] == ["unknown_tool", "unknown_argument", "invalid_argument", "invalid_argument"]


def test_waiting_takes_virtual_time_and_an_alert_is_on_record() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        before = time.time()
        assert venue.tools["wait"](seconds=100)["time"] == pytest.approx(before + 100, abs=0.1)
        assert venue.tools["alert"](text="look here", about="i1") == {"told": True}
        return EMPTY

    (alert,) = events(play(agent), Published)
    assert (alert.view, alert.data) == ("Alert", {"level": "warning", "text": "look here", "about": "i1"})


def test_the_awaitable_tools_do_the_same() -> None:
    async def agent(task: Task, venue: VenueAccess) -> Report:
        tools = venue.tools.aio
        assert (await tools["place"](**ORDER, client_id="FLAG5H1P-1"))["error"]["kind"] == "ambiguous"
        order, balances = await asyncio.gather(
            tools["order"](**BTC, client_id="FLAG5H1P-1"), tools.call("balances", "{}")
        )
        assert order["status"] == "open" and balances["USDT"]["locked"] == "490"
        assert (await tools.call("nope"))["error"]["code"] == "unknown_tool"
        await tools["wait"](seconds=5)
        await tools.close()
        return EMPTY

    play(agent, [LostAnswer(on=Trigger(op="place"))])


def test_a_new_incarnation_has_tools_of_its_own() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        venue.tools["balances"]()
        if not task.resumed:
            venue.tools["place"](**ORDER, client_id="FLAG5H1P-1")
        assert venue.tools["order"](**BTC, client_id="FLAG5H1P-1")["status"] == "open"
        return EMPTY

    history = play(agent, [Crash(point="after_send", on=Trigger(op="place"))])
    lives = [(call.incarnation, call.id, call.tool) for call in events(history, ToolCall)]
    assert lives == [(0, 1, "balances"), (0, 2, "place"), (1, 1, "balances"), (1, 2, "order")]


def test_secrets_are_not_on_record() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        venue.tools["balances"]()
        assert venue.secret not in repr(venue) + repr(venue.tools) + repr(vars(venue.tools["place"]))
        return EMPTY

    for result in events(play(agent), ToolResult):
        assert "TESTsecret" not in repr(result) and "TESTkey" not in repr(result)


def test_every_answer_was_an_answer() -> None:
    def agent(task: Task, venue: VenueAccess) -> Report:
        for name, given in {"ticker": BTC, "book": BTC, "open_orders": BTC, "fills": BTC, "balances": {}}.items():
            assert "error" not in venue.tools[name](**given)
        return EMPTY

    assert {answer.status for answer in events(play(agent), Answer)} == {200}
