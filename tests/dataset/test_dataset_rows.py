"""Rows: their schema, twins, pairs, controls, and nothing in them that does not belong there."""

from __future__ import annotations

import json

import jsonschema
import pytest
from dataset_kit import ROOT, one, preferences, rows, trajectories

from outtrade import suites
from outtrade.dataset import steps
from outtrade.dataset.build import Told, build, split_of
from outtrade.dataset.messages import digest
from outtrade.dataset.rows import ROW, encode, schema
from outtrade.engine.run import run
from outtrade.model.fault import Crash, LostAnswer, Trigger
from outtrade.model.history import History
from outtrade.targets import resolve
from outtrade_mocks.venues.binance_spot.venue import CREDENTIALS
from outtrade_suites.agents.models import MODELS as MODELS_BY_NAME

MODELS = ("right", "invents_a_tool", "resends_without_id", "claims_success")
PAIRS = ("agent:ccxt", "zoo:blind_retry")


def test_the_schema_in_docs_is_that_of_the_rows() -> None:
    found = json.loads((ROOT / "docs" / "dataset.schema.json").read_text())
    assert found == schema(), "write outtrade.dataset.rows.schema() to docs/dataset.schema.json"


@pytest.mark.parametrize(("space", "index", "targets"), [("flagship", 0, MODELS), ("binance_spot", 8, PAIRS)])
def test_every_row_fits_the_schema(space: str, index: int, targets: tuple[str, ...]) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    found = rows(space, index, *targets)
    assert {row.kind for row in found} == {"trajectory", "order", "preference"}
    assert len({row.id for row in found}) == len(found)
    for row in found:
        line = encode(row)
        assert line.count(b"\n") == 1
        validator.validate(json.loads(line))
        assert encode(ROW.validate_json(line)) == line
    broken = json.loads(encode(found[0])) | {"split": "holdout"}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(broken)


@pytest.mark.parametrize(("space", "index", "targets"), [("flagship", 0, MODELS), ("binance_spot", 8, PAIRS)])
def test_chats_are_well_formed(space: str, index: int, targets: tuple[str, ...]) -> None:
    for row in trajectories(space, index, *targets):
        assert [m.role for m in row.messages[:2]] == ["system", "user"]
        asked: list[str] = []
        for message in row.messages:
            if message.role == "tool":
                assert message.tool_call_id == asked.pop(0)
            else:
                assert asked == []
                asked = [call.id for call in message.tool_calls]
        assert json.loads(row.messages[-1].content)["outcomes"]
        names = {tool["function"]["name"] for tool in json.loads(row.tools)}
        for step in row.steps:
            call = row.messages[step.message].tool_calls[0]
            assert call.function.name in names | {"get_order_status"}
            json.loads(call.function.arguments)


def test_derived_messages_read_like_those_of_the_tools() -> None:
    (row,) = [r for r in trajectories("binance_spot", 8, *PAIRS) if r.id.endswith("fault/agent-ccxt")]
    assert row.source.calls == "wire"
    place = next(s for s in row.steps if s.tool == "place")
    call = row.messages[place.message].tool_calls[0]
    assert {"symbol", "side", "type", "quantity", "client_id"} <= set(json.loads(call.function.arguments))
    answered = [m for m in row.messages if m.role == "tool" and '"venue_id"' in m.content]
    assert answered
    assert any(step.tool == "wait" for step in row.steps)
    clock = 0.0
    for step in row.steps:
        assert step.sent_at >= clock - 1e-9 or step.message == row.steps[step.step - 1].message
        clock = max(clock, step.sent_at)


@pytest.mark.parametrize("target", ["right", "agent:httpx"])
def test_a_history_read_back_gives_the_same_rows(target: str) -> None:
    suite = suites.load()
    history = run(resolve(MODELS_BY_NAME.get(target, target)), suite.scenario("binance_spot", 1, 8))
    again = History.from_jsonl(history.to_jsonl())
    built = [build(Told(h, target, "fault", "g", "g"), suite.properties) for h in (history, again)]
    assert encode(built[0].row) == encode(built[1].row)
    assert [encode(order) for order in built[0].orders] == [encode(order) for order in built[1].orders]


# ------------------------------------------------------------------ twins, controls, splits
@pytest.mark.parametrize("index", [8])
def test_twins_see_the_same_and_live_in_two_truths(index: int) -> None:
    for target in PAIRS:
        found = [r for r in trajectories("binance_spot", index, *PAIRS) if r.source.target == target]
        half, other = (next(r for r in found if r.source.role == role) for role in ("fault", "twin"))
        assert half.pair is not None
        assert other.pair is not None
        assert half.pair.id == other.pair.id
        assert half.pair.observation == other.pair.observation is not None
        assert {half.pair.truth, other.pair.truth} == {"committed", "absent"}
        assert half.split == other.split
        fault = next(f for f in half.labels.faults if f.kind == "lost_answer")
        end = half.steps[fault.step or 0].message + 2
        assert half.messages[:end] == other.messages[:end]
        assert digest(half.messages[:end]) == half.pair.observation
        truths = [next(f for f in r.labels.faults if f.kind == "lost_answer").committed for r in (half, other)]
        assert sorted(truths, key=str) == [False, True]


def test_controls_have_no_faults() -> None:
    for target in PAIRS:
        found = [r for r in trajectories("binance_spot", 8, *PAIRS) if r.source.target == target]
        control = next(r for r in found if r.source.role == "control")
        assert control.labels.faults == ()
        assert control.labels.passed
        assert {r.control for r in found if r.source.role != "control"} == {control.id}


def test_splits_go_by_scenario() -> None:
    for space, index, targets in (("flagship", 0, MODELS), ("binance_spot", 8, PAIRS)):
        found = rows(space, index, *targets)
        assert {(row.group, row.split) for row in found} == {(found[0].group, split_of(found[0].group))}
    assert rows("flagship", 0, *MODELS)[0].group == rows("flagship", 1, *MODELS)[0].group
    shares = [split_of(f"binance_spot-1-{index:04d}") for index in range(2000)]
    assert 0.77 < shares.count("train") / 2000 < 0.83


# ------------------------------------------------------------------ preference pairs
@pytest.mark.parametrize(
    ("space", "index", "targets"), [("flagship", 0, MODELS), ("flagship", 1, MODELS), ("binance_spot", 8, PAIRS)]
)
def test_pairs_share_the_prefix_up_to_the_fault_and_differ_after_it(
    space: str, index: int, targets: tuple[str, ...]
) -> None:
    by_id = {row.id: row for row in trajectories(space, index, *targets)}
    found = preferences(space, index, *targets)
    assert found
    for pair in found:
        good, bad = by_id[pair.chosen_trajectory], by_id[pair.rejected_trajectory]
        assert good.messages == pair.prompt + pair.chosen
        assert bad.messages == pair.prompt + pair.rejected
        assert pair.chosen[0].role == pair.rejected[0].role == "assistant"
        assert pair.chosen[0] != pair.rejected[0]
        assert good.labels.failed == ()
        assert pair.failed == bad.labels.failed != ()
        assert pair.fault.step is not None
        assert good.steps[pair.fault.step].message + 1 < len(pair.prompt)
        wrong = bad.labels.first_wrong
        assert wrong is not None
        assert wrong.message >= len(pair.prompt)


def test_agents_that_part_before_the_fault_give_no_pair() -> None:
    assert {p.rejected_target for p in preferences("flagship", 0, *MODELS)} == {"invents_a_tool", "claims_success"}


# ------------------------------------------------------------------ what must not be in a row
def talker(task, venue):  # type: ignore[no-untyped-def]
    """Tells its credentials to everybody, and writes what is hard to write."""
    venue.tools.call("alert", {"text": f"key {venue.key} secret {venue.secret}"})
    venue.tools.call("nothing \x00 \ud800 <script>", '{"broken": ')
    venue.tools.call("alert", {"text": "x" * 1999, "about": "long"})
    venue.tools.call("order", {"symbol": "BTC/USDT", "client_id": "y" * 12_000})
    return {"outcomes": {"i1": {"status": "failed", "reason": venue.secret}}, "orders": []}


def test_no_secrets_and_nothing_unreadable() -> None:
    row = one(talker)
    line = encode(row)
    for secret in (CREDENTIALS.key, CREDENTIALS.secret):
        assert secret.encode() not in line
    assert b"[redacted]" in line
    data = json.loads(line)
    assert data["truncated"] is True
    assert "more characters]" in line.decode()
    assert row.labels.first_wrong is not None
    for target in PAIRS:
        for other in trajectories("binance_spot", 8, *PAIRS):
            text = encode(other)
            assert b"signature" not in text.replace(b"subscribe.signature", b""), target
            assert CREDENTIALS.key.encode() not in text


def reporter(task, venue):  # type: ignore[no-untyped-def]
    """Hands in its report by a tool, as models over MCP do, and gives up on an order in doubt."""
    recorder = venue.tools._prepared.recorder
    terms = {"symbol": "BTC/USDT", "side": "buy", "type": "limit", "quantity": "0.4", "limit_price": "50100"}
    venue.tools.call("wait", {"seconds": 5})
    venue.tools.call("place", terms | {"client_id": "FLAG5H1P-1"})
    report = {"outcomes": {"i1": {"status": "failed"}}, "orders": []}
    recorder.returned(recorder.called("report", report), "report", {"accepted": True})
    return report


def test_a_report_by_tool_is_a_tool_that_was_offered() -> None:
    row = one(reporter, LostAnswer(on=Trigger(op="place"), committed=True, symptom="hang"))
    assert "report" in {tool["function"]["name"] for tool in json.loads(row.tools)}
    assert [d.followed for d in row.labels.decisions] == [False]
    assert "RCV-04" in {failed.property for failed in row.labels.failed}


def test_a_restart_is_told() -> None:
    row = one("agent:httpx", Crash(on=Trigger(op="place"), point="after_send"))
    told = [m.content for m in row.messages if m.role == "user"]
    assert any(text.startswith("You were stopped and started again at") for text in told)
    decision = next(d for d in row.labels.decisions if d.situation == "restarted")
    assert decision.followed
    assert row.labels.faults[0].phase == "restart"
    assert any(steps.SENT_BY_NONE in m.content for m in row.messages)
