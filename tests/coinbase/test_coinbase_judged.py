"""What agents and the judge make of this venue: reasons in place of codes, lists in place of a query by client id."""

from __future__ import annotations

import json
from typing import Any

import pytest
from coinbase_kit import Kit

from outtrade.dialects.answers import Reader
from outtrade.dialects.words import Doubtful, Refused
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.judge.listing import whole
from outtrade.judge.records import Operation
from outtrade.model.history import Request, Response
from outtrade.suites import load
from outtrade.targets.naming import resolve

READER = Reader.of("coinbase")


def kind(status: int, body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    try:
        READER.check(status, {}, text, now=0.0)
    except Refused as refusal:
        return refusal.kind
    except Doubtful:
        return "doubtful"
    return "ok"


def test_agents_read_the_venues_own_answers(kit: Kit) -> None:
    good, order = kit.order(), kit.place(limit_price="50100")
    cancel = kit.post("/orders/batch_cancel", order_ids=[order])
    assert kind(200, good.data) == "ok"
    assert kind(200, cancel.data) == "unknown_order"
    assert kind(200, kit.post("/orders/batch_cancel", order_ids=["x", order]).data) == "unknown_order"
    both = kit.post("/orders/batch_cancel", order_ids=[good.data["order_id"], order])
    assert kind(200, both.data) == "ok"  # one of them was cancelled
    assert kind(404, kit.get("/orders/historical/x").data) == "not_found"
    assert kind(200, kit.order(base_size="100").data) == "funds"
    assert kind(200, kit.order(base_size="0.000000001").data) == "rules"
    assert kind(200, kit.order(base_size="0.00000001").data) == "rules"
    assert kind(200, kit.order(limit_price="51000", post_only=True).data) == "would_take"
    assert kind(400, kit.order(CLIENT_ORDER_ID="").data) == "rules"
    assert kind(200, kit.post("/orders/edit", order_id="x", price="1", size="1").data) == "other"
    kit.venue.set_state("BTC/USD", "halted")
    assert kind(200, kit.order().data) == "closed"


@pytest.mark.parametrize(
    "reason", ["rate", "permission", "busy", "code_1006", "code_1007", "funds", "closed", "filter"]
)
def test_agents_read_what_faults_refuse(kit: Kit, reason: str) -> None:
    call = kit.venue.read(kit.request("POST", "/orders", {"client_order_id": "A"}))
    answer = kit.venue.refusal(reason, kit.now, call=call, retry_after=3)
    reading = kit.venue.interpret(answer.status, answer.headers, answer.body, kit.now)
    wanted = {"permission": "auth", "filter": "rules", "busy": "doubtful", "code_1006": "doubtful",
              "code_1007": "doubtful"}.get(reason, reason)  # fmt: skip
    assert kind(answer.status, answer.body.decode()) == wanted
    assert (reading.outcome == "ambiguous") == (wanted == "doubtful")
    if reason == "rate":
        assert reading.retry_after == 3.0


def test_a_failed_token_is_told_in_plain_text() -> None:
    assert kind(401, "Unauthorized\n") == "auth"
    assert kind(401, "<html>") == kind(500, "") == kind(200, "") == "doubtful"


# ------------------------------------------------------------------ absence
RULE = {"request": "all_orders", "partial": ("order_status",), "since": "start_date", "more": "has_next"}


def listed(body: str, *, op: str = "all_orders", state: str = "ok", **params: str) -> Operation:
    request = Request(at=10, seq=1, call=1, conn=1, op=op, method="GET", host="h", path="/", params=params)
    made = Operation(request)
    made.ends(Response(at=11, seq=2, call=1, conn=1, status=200, body=body, outcome=state))  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    ("what", "body", "proof"),
    [
        ({}, {"orders": [], "has_next": False}, True),
        ({"start_date": "1970-01-01T00:16:39Z"}, {"orders": [], "has_next": False}, True),
        ({"start_date": "1970-01-01T00:16:41Z"}, {"orders": [], "has_next": False}, False),
        ({"start_date": "soon"}, {"orders": [], "has_next": False}, False),
        ({"order_status": "OPEN"}, {"orders": [], "has_next": False}, False),
        ({"cursor": "x"}, {"orders": [], "has_next": False}, False),
        ({}, {"orders": [], "has_next": True}, False),
        ({}, {"orders": []}, False),
        ({}, [], False),
        ({}, None, False),
        ({"op": "open_orders"}, {"orders": [], "has_next": False}, False),
        ({"state": "definite"}, {"orders": [], "has_next": False}, False),
    ],
)
def test_only_a_whole_list_proves_absence(what: dict[str, str], body: Any, proof: bool) -> None:
    text = "" if body is None else json.dumps(body)
    assert whole(RULE, listed(text, **what), text, 1000.0) is proof  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agent", "seed", "index"),
    [
        pytest.param("ccxt", 1, 63, id="self-trade-prevention-took-a-part"),
        pytest.param("ccxt_pro", 2, 86, id="the-next-event-makes-up-for-a-lost-one"),
    ],
)
def test_what_was_once_judged_wrongly(agent: str, seed: int, index: int) -> None:
    suite = load()
    findings = judge_history(run(resolve(f"agent:{agent}"), suite.scenario("coinbase", seed, index)), suite.properties)
    assert [(one.id, case.message) for one in findings for case in one.broken] == []
