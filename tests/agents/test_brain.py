"""What the reference agents decide, against a venue in memory: every failure of a request, one at a time."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from fake import EPOCH, Crash, FakeAccess, FakePort, order, run, task

from outtrade.model.task import Intent, Limits
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.port import Doubtful, Link, NotSent, OrderState, Refused, Terms
from outtrade_suites.agents.state import Order

D = Decimal


@pytest.fixture
def port() -> FakePort:
    return FakePort()


def placed(port: FakePort) -> list[str]:
    """Client ids in order of sending."""
    return [what[0] for op, _, what in port.calls if op == "place"]


# ------------------------------------------------------------------ the plain life of an order
def test_a_limit_order_that_nobody_takes_is_cancelled_before_the_end(port: FakePort) -> None:
    report = run(port, task(order()))
    assert report.outcomes["i1"].status == "failed"
    assert [o.status for o in report.orders] == ["cancelled"]
    assert port.sent("cancel") == [pytest.approx(570)]


def test_a_resting_order_may_stay_where_the_task_says_so(port: FakePort) -> None:
    report = run(port, task(order(), leave_resting=True))
    assert report.outcomes["i1"].status == "working"
    assert not port.sent("cancel")


def test_nothing_is_sent_before_its_time_and_the_deadline_is_kept(port: FakePort) -> None:
    run(port, task(order(at=50, expires=80)))
    assert port.sent("place")[0] >= 50
    assert 78 <= port.sent("cancel")[0] <= 81


def test_a_market_order_is_reported_with_its_fill_fee_and_net_position(port: FakePort) -> None:
    report = run(port, task(order(type="market", limit_price=None)))
    assert report.outcomes["i1"].status == "done"
    assert report.fills is not None and [(f.fee, f.fee_asset) for f in report.fills] == [(D("0.001"), "BTC")]
    assert report.positions is not None and report.positions["BTC/USDT"].quantity == D("0.999")
    assert report.outcomes["i1"].average_price == 100


def test_grid_prices_go_to_the_passive_side_and_quantities_are_cut(port: FakePort) -> None:
    off = {"limit_price": "100.006", "quantity": "1.23456"}
    run(port, task(order("b", **off), order("s", side="sell", **off)))
    terms = {what[1].side: what[1] for op, _, what in port.calls if op == "place"}
    assert (terms["buy"].price, terms["buy"].quantity) == (D("100.00"), D("1.234"))
    assert terms["sell"].price == D("100.01")


def test_an_unexpected_fill_while_polling_is_found(port: FakePort) -> None:
    port.at(100, lambda: port.fill("100", "0.4"))
    report = run(port, task(order()))
    assert report.outcomes["i1"].status == "partial"
    assert report.outcomes["i1"].filled == D("0.4")
    assert report.fills is not None and len(report.fills) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": "0.0004"},
        {"quantity": "0.02", "limit_price": "100"},
        {"symbol": "XXX/USDT"},
        {"limit_price": "900"},
        {"limit_price": "10"},
        {"quantity": "50"},
        {"side": "sell", "quantity": "11"},
        {"type": "stop"},
        {"post_only": True, "time_in_force": "IOC"},
    ],
)
def test_what_is_impossible_is_refused_without_a_request(port: FakePort, fields: dict[str, object]) -> None:
    report = run(port, task(order(**fields)))
    assert report.outcomes["i1"].status == "refused"
    assert report.outcomes["i1"].reason
    assert not port.sent("place")


def test_caps_refuse_and_never_shrink(port: FakePort) -> None:
    report = run(port, task(order("a"), order("b", at=6), limits=Limits(max_position="1.5")))
    assert (report.outcomes["a"].status, report.outcomes["b"].status) == ("failed", "refused")
    assert placed(port) == ["0000000a-1"]


# ------------------------------------------------------------------ doubt
@pytest.mark.parametrize("fate", ["lost", "absent"])
def test_after_a_lost_answer_nothing_is_sent_before_the_order_is_found_or_absent(port: FakePort, fate: str) -> None:
    port.script["place"] = [fate]
    report = run(port, task(order()))
    names = [op for op, _, _ in port.calls]
    first = names.index("place")
    assert "order" in names[first + 1 :][:1]
    if fate == "lost":
        assert placed(port) == ["000000i1-1"]
    else:
        assert placed(port) == ["000000i1-1", "000000i1-1"]
        gap = port.sent("place")[1] - port.sent("place")[0]
        assert gap >= 30
        asked = [when for when in port.sent("order") if when <= port.sent("place")[1]]
        assert asked[-1] >= port.sent("place")[0] + 30
    assert report.outcomes["i1"].status == "failed"


def test_a_query_that_fails_is_not_absence(port: FakePort) -> None:
    port.script["place"] = ["lost"]
    port.script["order"] = [Doubtful("504"), NotSent("dns"), Refused("rate"), Doubtful("reset")]
    run(port, task(order()))
    assert placed(port) == ["000000i1-1"]


def test_early_not_found_is_not_absence(port: FakePort) -> None:
    port.script["place"] = ["lost"]
    port.script["order"] = [Refused("not_found")] * 4
    run(port, task(order()))
    assert placed(port) == ["000000i1-1"]


def test_a_question_put_a_moment_too_early_is_put_again_as_soon_as_it_was_answered(port: FakePort) -> None:
    brain = Brain(task(order()), FakeAccess(), port, rng=Random(1), clock=lambda: port.now)
    doubtful = Order("000000i1-1", "i1", Terms("BTC/USDT", "buy", "limit", D(1), D(9)), "doubt", queries=8)
    port.now = EPOCH + 30.2
    assert brain.next_look(doubtful, asked=brain.now() - 0.3) == brain.now()
    assert brain.next_look(doubtful, asked=brain.now() - 0.05) > brain.now() + 10


def test_not_sent_is_repeated_with_growing_waits_under_the_same_id(port: FakePort) -> None:
    port.script["place"] = [NotSent("dns")] * 5
    report = run(port, task(order()))
    assert set(placed(port)) == {"000000i1-1"}
    sent = port.sent("place")
    waits = [b - a for a, b in pairwise(sent)]
    assert len(waits) == 5 and waits == sorted(waits)
    assert report.outcomes["i1"].status == "failed"


def test_a_transient_refusal_is_bounded(port: FakePort) -> None:
    port.script["place"] = [Refused("busy")] * 50
    report = run(port, task(order(), until=4000))
    assert len(port.sent("place")) == 11
    assert report.outcomes["i1"].status == "failed"


def test_a_permanent_refusal_is_not_repeated(port: FakePort) -> None:
    port.script["place"] = [Refused("auth", "Invalid API-key, IP, or permissions for action.")]
    report = run(port, task(order()))
    assert len(port.sent("place")) == 1
    assert report.outcomes["i1"].status == "refused"


def test_duplicate_means_that_it_stands(port: FakePort) -> None:
    def somebody_was_faster() -> None:
        port.orders["100"] = OrderState(
            "100", "000000i1-1", "BTC/USDT", "buy", "limit", "open", D(1), D(0), D(0), D(100)
        )

    port.script["place"] = [somebody_was_faster]
    report = run(port, task(order()))
    assert placed(port) == ["000000i1-1"]
    assert report.outcomes["i1"].status == "failed"
    assert [o.venue_ids for o in report.orders] == [("100",)]


@pytest.mark.parametrize(("kind", "wait"), [("rate", 20), ("ban", 120)])
def test_silence_is_kept_for_as_long_as_the_venue_asks(port: FakePort, kind: str, wait: float) -> None:
    port.script["place"] = [Refused(kind, retry_after=wait)]  # type: ignore[arg-type]
    run(port, task(order(), order("i2", side="sell", at=6)))
    when = port.sent("place")[0]
    assert not [c for c in port.calls if when < c[1] < when + wait]
    assert len(placed(port)) == 3


@pytest.mark.parametrize("kind", ["rate", "ban"])
def test_a_limit_met_while_starting_is_obeyed_too(port: FakePort, kind: str) -> None:
    port.script["start"] = [Refused(kind, retry_after=40)]  # type: ignore[arg-type]
    run(port, task(order()))
    assert [when for _, when, _ in port.calls][:1] == [0]
    assert [when for _, when, _ in port.calls][1] >= 40


def test_a_ban_outlives_a_restart(port: FakePort) -> None:
    def die() -> None:
        raise Crash

    port.script["place"] = [Refused("ban", retry_after=120)]
    port.at(30, die)
    first = task(order())
    with pytest.raises(Crash):
        run(port, first)
    banned, port.closed, before = port.sent("place")[0], False, len(port.calls)
    run(port, task(order(), store=dict(first.store), resumed=True))
    assert port.calls[before][1] >= banned + 120


# ------------------------------------------------------------------ cancels
def test_unknown_order_on_cancel_is_resolved_by_a_query(port: FakePort) -> None:
    port.script["cancel"] = [lambda: port.fill("100", "1")]
    report = run(port, task(order(expires=60)))
    assert report.outcomes["i1"].status == "done"
    assert [o.status for o in report.orders] == ["filled"]


def test_a_lost_cancel_is_looked_at_before_it_is_repeated(port: FakePort) -> None:
    port.script["cancel"] = ["absent"]
    report = run(port, task(order(expires=60)))
    names = [op for op, when, _ in port.calls if when >= 60]
    assert names[:3] == ["cancel", "order", "cancel"]
    assert report.outcomes["i1"].status == "failed"


def test_the_rest_is_taken_only_after_the_cancel_is_resolved(port: FakePort) -> None:
    port.at(20, lambda: port.fill("100", "0.4"))
    port.script["cancel"] = ["lost"]
    port.script["order"] = [lambda: None] * 30
    report = run(port, task(order(on_partial="complete")))
    assert report.outcomes["i1"].status == "done"
    assert placed(port) == ["000000i1-1", "000000i1-2"]
    assert port.orders["101"].quantity == D("0.6")
    seen = [op for op, _, _ in port.calls]
    rest = seen[seen.index("cancel") :]
    assert "order" in rest[: rest.index("place")]


def test_a_cancel_intent_ends_its_target(port: FakePort) -> None:
    cancel = Intent(id="c", tag="CCCCCCCC", at=60, kind="cancel", target="i1")
    report = run(port, task(order(), cancel))
    assert (report.outcomes["i1"].status, report.outcomes["c"].status) == ("failed", "done")
    assert port.sent("cancel")[0] == pytest.approx(60, abs=1)


def test_a_target_cancelled_before_its_time_is_never_sent(port: FakePort) -> None:
    cancel = Intent(id="c", tag="CCCCCCCC", at=10, kind="cancel", target="i1")
    report = run(port, task(order(at=60), cancel))
    assert (report.outcomes["i1"].status, report.outcomes["c"].status) == ("refused", "failed")
    assert not port.sent("place")


def test_flatten_cancels_everything_and_sells_the_net_position(port: FakePort) -> None:
    port.orders["1"] = OrderState("1", "theirs", "BTC/USDT", "sell", "limit", "open", D(2), D(0), D(0), D(200))
    flatten = Intent(id="f", tag="FFFFFFFF", at=60, kind="flatten", symbol="BTC/USDT")
    report = run(port, task(order(type="market", limit_price=None), order("i2", at=20, limit_price="99"), flatten))
    assert report.outcomes["f"].status == "done"
    assert port.orders["1"].status == "cancelled"
    (sale,) = [o for o in port.orders.values() if o.client_id.startswith("FFFFFFFF")]
    assert (sale.side, sale.quantity) == ("sell", D("0.999"))
    assert report.outcomes["i2"].status == "failed"


# ------------------------------------------------------------------ stream
def test_fills_told_twice_and_out_of_order_count_once(port: FakePort) -> None:
    port.link = Link(up=True, generation=1)

    def burst() -> None:
        port.fill("100", "0.4")
        port.fill("100", "0.6")
        port.told = [port.told[1], port.told[0], port.told[1]]

    port.at(20, burst)
    report = run(port, task(order()))
    assert report.outcomes["i1"].status == "done"
    assert report.fills is not None and sorted(f.trade_id for f in report.fills) == ["1", "2"]


def test_after_a_gap_the_account_is_read_before_anything_is_sent(port: FakePort) -> None:
    port.link = link = Link(up=True, generation=1)

    def drop() -> None:
        link.up = False

    def back() -> None:
        link.up, link.generation = True, 2

    port.at(49, drop)
    port.at(70, back)
    run(port, task(order("i1", at=50)))
    names = [op for op, when, _ in port.calls if when >= 49]
    assert port.sent("place")[0] >= 70
    assert names.index("open_orders") < names.index("fills") < names.index("place")


# ------------------------------------------------------------------ crashes
@pytest.mark.parametrize("fate", ["crash before", "crash after"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_crash_around_the_send_leads_to_one_order(port: FakePort, fate: str, kept: bool) -> None:
    port.script["place"] = [fate]
    first = task(order())
    with pytest.raises(Crash):
        run(port, first)
    port.closed = False
    port.now += 5
    restart = port.now - EPOCH
    report = run(port, task(order(), store=dict(first.store) if kept else {}, resumed=True))
    assert len(port.orders) == 1
    assert [o.client_id for o in report.orders] == ["000000i1-1"]
    if fate == "crash before":
        assert port.sent("place")[1] >= restart + 30
    assert report.outcomes["i1"].status == "failed"


def test_a_restart_without_store_does_not_repeat_an_order_that_was_cancelled_and_renamed(port: FakePort) -> None:
    port.orders["100"] = OrderState(
        "100", "000000i1-1x", "BTC/USDT", "buy", "limit", "cancelled", D(1), D("0.4"), D(40), D(100)
    )
    port.now += 100
    report = run(port, task(order(), resumed=True))
    assert not port.sent("place")
    assert report.outcomes["i1"].status == "partial"


# ------------------------------------------------------------------ report
def test_foreign_orders_are_reported_as_such(port: FakePort) -> None:
    port.orders["1"] = OrderState("1", "theirs", "ETH/USDT", "sell", "limit", "open", D(2), D(0), D(0), D(200))
    report = run(port, task(order()))
    assert ("theirs", None) in [(o.client_id, o.intent) for o in report.orders]
    assert port.orders["1"].status == "open"


def test_reads_that_fail_at_the_end_are_repeated(port: FakePort) -> None:
    port.at(569, lambda: port.script.update(balances=[Doubtful("html"), NotSent("dns")]))
    report = run(port, task(order()))
    assert report.balances is not None and report.balances["USDT"].free == 1000


def test_nothing_is_sent_after_the_report(port: FakePort) -> None:
    run(port, task(order()))
    assert port.closed


def test_an_order_that_cannot_be_settled_is_unknown_with_an_alert(port: FakePort) -> None:
    port.script["place"] = ["lost"]
    port.script["order"] = [Doubtful("down")] * 1000
    port.script["all_orders"] = [Doubtful("down")] * 1000
    port.script["open_orders"] = [lambda: None] * 2 + [Doubtful("down")] * 1000  # type: ignore[list-item]
    report = run(port, task(order()))
    assert report.outcomes["i1"].status == "unknown"
    assert any(alert.level == "error" for alert in report.alerts)


def test_a_halt_ends_what_works_and_what_is_still_to_come_but_nothing_foreign(port: FakePort) -> None:
    foreign = OrderState("f1", "somebody", "BTC/USDT", "sell", "limit", "open", D(1), D(0), D(0), D(120))
    port.orders["f1"] = foreign
    halt = Intent(id="h1", tag="HALTHALT", at=60, kind="halt")
    report = run(port, task(order("a"), halt, order("b", at=90, side="sell", limit_price="110")))
    assert placed(port) == ["0000000a-1"] and port.sent("cancel") == [pytest.approx(60, abs=1)]
    assert {name: outcome.status for name, outcome in report.outcomes.items()} == {
        "a": "failed", "h1": "done", "b": "refused",
    }  # fmt: skip
    assert port.orders["f1"].status == "open"


def test_a_halt_is_kept_after_a_restart(port: FakePort) -> None:
    halt = Intent(id="h1", tag="HALTHALT", at=60, kind="halt")
    port.now = EPOCH + 100.0
    run(port, task(halt, order("b", at=90), resumed=True))
    assert placed(port) == []


def test_a_cap_counts_what_filled_although_the_answer_was_lost(port: FakePort) -> None:
    port.script["place"] = ["lost"]
    wanted = {"type": "market", "limit_price": None, "quantity": "0.6"}
    report = run(
        port,
        task(order("a", expires=40, **wanted), order("b", at=50, **wanted), limits=Limits(max_position=D(1))),
    )
    assert [outcome.status for outcome in report.outcomes.values()] == ["done", "refused"]


def test_the_cap_on_orders_per_second_counts_from_when_the_last_one_had_left(port: FakePort) -> None:
    def slow() -> None:
        port.now += 0.4

    port.script["place"] = [slow]
    run(port, task(order("a"), order("b", side="sell", limit_price="110"), limits=Limits(max_orders_per_second=D(1))))
    first, second = port.sent("place")
    assert second - first >= 1.4


def trade(id: str = "t1", at: float = 5, **fields: object) -> Intent:
    common = {"symbol": "BTC/USDT", "side": "buy", "quantity": "1", "expires": 200}
    return Intent(id=id, tag=f"{id:0>8}", at=at, kind="trade", **{**common, **fields})


def test_a_trade_waits_as_a_maker_and_takes_the_rest_within_the_bound(port: FakePort) -> None:
    report = run(port, task(trade(patience=30, max_slippage_bps="50")))
    sent = [(when, what[1]) for op, when, what in port.calls if op == "place"]
    assert [(terms.post_only, terms.time_in_force, terms.price) for _, terms in sent[:2]] == [
        (True, None, D("99.99")), (False, "IOC", D("100.21")),
    ]  # fmt: skip
    assert sent[1][0] == pytest.approx(35, abs=1)
    assert report.outcomes["t1"].status in ("done", "failed")


def test_a_trade_whose_fee_nobody_charges_is_refused(port: FakePort) -> None:
    report = run(port, task(trade(max_fee_bps="5")))
    assert report.outcomes["t1"].status == "refused" and not port.sent("place")
