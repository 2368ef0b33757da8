"""The Index answers questions about a history: joins, doubts and their ends, attribution, exposure over time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade.model.history import NS, OrderTruth

INTENT = "i1:buy 1@100 | "


def index(text: str) -> Index:
    return Index(history(text))


@pytest.mark.parametrize(
    ("line", "state", "executed"),
    [
        ("1 place a -> ok", "ok", True),
        ("1 place a -> lost", "ambiguous", False),
        ("1 place a -> lost:ok", "ambiguous", True),
        ("1 place a -> 504:ok", "ambiguous", True),
        ("1 place a -> no:funds", "definite", True),
        ("fault rate_limit | 1 place a -> no:rate f=0 ra=20", "definite", False),
        ("1 place a -> flight", "open", False),
        ("1 place a -> flight:ok | 2 crash", "ambiguous", True),
    ],
)
def test_a_request_is_joined_with_its_end_as_the_client_saw_it(line: str, state: str, executed: bool) -> None:
    op = index(INTENT + line).sends[0]
    assert (op.state, op.executed) == (state, executed)


@pytest.mark.parametrize(
    ("line", "ended"),
    [
        ("12 query a -> ok", "found query 12.04"),
        ("12 query a -> none", None),
        ("32 query a -> none", "absent query 32.04"),
        ("32 query a -> lost", None),
        ("32 query a -> 502", None),
        ("12 cancel a -> unknown", None),
        ("12 cancel a -> ok", "found write 12.04"),
        ("12 open -> ok", "found listing 12.04"),
        ("12 open -> ok:-", None),
        ("40 all -> ok:-", None),
        ("12 event a", "found stream 12.0"),
        ("12 place a -> no:duplicate", "found duplicate 12.04"),
        ("12 place a -> no:rate", None),
        ("20 place a -> lost | 35 query a -> none", None),
        ("20 place a -> lost | 50 query a -> none", "absent query 50.04"),
    ],
)
def test_a_doubt_ends_by_proof_and_by_nothing_else(line: str, ended: str | None) -> None:
    doubt = index(INTENT + "1 place a -> lost:ok | " + line).doubts[0]
    got = doubt.resolution
    assert (f"{got.how} {got.via} {got.at / NS}" if got else None) == ended
    assert doubt.since == 11 * NS


def test_an_order_without_a_client_id_can_be_found_but_never_proven_absent() -> None:
    found = index(INTENT + "1 place a id=- -> lost:ok | 12 open -> ok").doubts[0]
    lost = index(INTENT + "1 place a id=- -> lost | 40 open -> ok | 41 all -> ok").doubts[0]
    assert found.resolution is not None and found.resolution.via == "listing"
    assert lost.resolution is None


def test_attribution_is_by_tag_then_by_symbol_and_side() -> None:
    ix = index(
        "i1:buy 1@100 | i2:sell 1@120 | i3:buy 1@90 at=50 | 1 place a i=i2 -> ok | 2 place b id=xyz side=sell -> ok"
        "| 3 place c id=nobody -> ok | 60 place d id=either -> ok | 61 foreign f buy 1@90"
    )
    assert [order.intent and order.intent.id for order in ix.orders.values()] == ["i2", "i2", "i1", None, None]
    assert [op.intent and op.intent.id for op in ix.sends] == ["i2", "i2", "i1", None]


def test_exposure_is_what_is_filled_and_what_can_still_fill() -> None:
    ix = index(INTENT + "1 place a -> ok:0.4 | 5 cancel a -> ok | 6 place b q=0.6 -> ok | 7 fill b 0.1")
    intent = ix.intents["i1"]
    changes = [event.seq for event in ix.events if isinstance(event, OrderTruth)]
    steps = [(ix.filled(intent, seq), ix.working(intent, seq)) for seq in changes]
    assert steps == [
        (Decimal("0"), Decimal("1")),
        (Decimal("0.4"), Decimal("0.6")),
        (Decimal("0.4"), Decimal("0")),
        (Decimal("0.4"), Decimal("0.6")),
        (Decimal("0.5"), Decimal("0.5")),
    ]


def test_streams_have_intervals() -> None:
    ix = index(INTENT + "1 up | 2 place a -> ok | 3 event a | 4 down | 5 lose a | 6 up c=10")
    assert [(s.up_at // NS, s.down_at and s.down_at // NS, len(s.events)) for s in ix.streams] == [
        (1, 4, 1),
        (6, None, 0),
    ]


def test_the_last_incarnation_reports() -> None:
    ix = index(INTENT + "1 place a -> ok | 2 crash | 7 start | 8 report i1=failed")
    assert ix.last_incarnation is not None and ix.last_incarnation.number == 1
    assert ix.report is not None and ix.report.outcomes["i1"].status == "failed"
    assert len(ix.crashes) == 1


def test_a_trait_of_low_confidence_is_undeclared() -> None:
    h = history(INTENT)
    h.header.traits |= {"a": {"value": 1, "confidence": "documented"}, "b": {"value": 1, "confidence": "inferred"}}
    ix = Index(h)
    assert (ix.trait("a"), ix.trait("b"), ix.trait("c"), ix.trait("id_reuse")) == (1, None, None, "open_only")


def test_requests_belong_to_the_gateway_call_that_was_running() -> None:
    ix = index(
        "set scope=G | i1:buy 1@100 | 1 call 1 submit a | 1 call 2 submit b | 1 place b q=0.5 -> ok"
        "| 1 place a q=0.5 -> ok | 2 result 1 open | 2 result 2 open | 3 open -> ok"
    )
    assert [[op.client_id for op in call.requests] for call in ix.gateway] == [["i1xxxxxx-a"], ["i1xxxxxx-b"]]


def test_what_is_proven_counts_from_the_last_send_of_the_id() -> None:
    ix = index(INTENT + "1 place a -> lost | 20 place a -> lost | 45 query a -> none | 50.1 query a -> none")
    assert [ix.proves_absence(query) for query in ix.by_op("query")] == [False, True]
