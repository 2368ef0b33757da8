"""Orders: types, units, labels, edits, cancels, deadlines; and what each refusal says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from deribit_kit import LINEAR, PERP, Kit


def test_a_market_order_of_an_inverse_contract_is_counted_in_dollars(kit: Kit) -> None:
    told = kit.buy(amount=1000, type="market", label="A").result
    order, (trade,) = told["order"], told["trades"]
    assert (order["order_state"], order["amount"], order["contracts"], order["filled_amount"]) == (
        "filled", 1000, 100, 1000,
    )  # fmt: skip
    assert order["average_price"] == 50010 and trade["price"] == 50010 and trade["liquidity"] == "T"
    assert trade["fee"] == pytest.approx(1000 / 50010 * 0.0005, abs=1e-8) and trade["fee_currency"] == "BTC"
    position = kit.get("private/get_position", instrument_name=PERP).result
    assert (position["size"], position["direction"], position["kind"]) == (1000, "buy", "future")
    assert position["size_currency"] == pytest.approx(1000 / 50000)
    kit.wait(1)
    closed = kit.get("private/close_position", instrument_name=PERP, type="market").result["order"]
    assert (closed["direction"], closed["order_state"], closed["reduce_only"]) == ("sell", "filled", True)
    assert kit.get("private/get_positions", currency="BTC").result == []
    assert kit.get("private/get_position", instrument_name=PERP).result["direction"] == "zero"
    loss = kit.get("private/get_account_summary", currency="BTC").result["balance"]
    assert loss == pytest.approx(2 - 1000 * (1 / 49990 - 1 / 50010) - 2 * 0.01 * 0.0005 * 2, abs=1e-6)


def test_a_linear_contract_is_counted_in_coins(kit: Kit) -> None:
    told = kit.sell(LINEAR, contracts=1000, type="market").result
    assert (told["order"]["amount"], told["order"]["contracts"]) == (0.1, 1000)
    assert told["order"]["order_id"].startswith("USDC-") and told["trades"][0]["fee_currency"] == "USDC"
    assert kit.get("private/get_position", instrument_name=LINEAR).result["size"] == -0.1
    assert kit.fills[0]["quantity"] == "0.1" and kit.fills[0]["trade_id"] == told["trades"][0]["trade_id"]


def test_a_label_is_no_protection(kit: Kit) -> None:
    """The trait that matters: the same request twice makes two orders, and the truth knows both by the same name."""
    first, second = (kit.buy(amount=100, price=40000, label="same").result["order"] for _ in range(2))
    assert first["order_id"] != second["order_id"] and first["label"] == second["label"] == "same"
    assert [row["client_id"] for row in kit.orders] == ["same", "same"]
    assert len(kit.venue.truth()["working"]) == 2
    found = kit.get("private/get_order_state_by_label", currency="BTC", label="same").result
    assert [row["order_id"] for row in found] == [first["order_id"], second["order_id"]]
    assert kit.get("private/get_order_state_by_label", currency="BTC", label="other").result == []
    assert kit.get("private/get_order_state_by_label", currency="USDC", label="same").result == []
    edited = kit.get("private/edit_by_label", label="same", instrument_name=PERP, amount=200, price=40000)
    assert edited.error == (400, 13032, "non_unique_order_label")
    assert kit.get("private/cancel_by_label", label="same").result == 2
    assert kit.venue.truth()["working"] == ()
    assert kit.get("private/cancel_by_label", label="same").result == 0
    third = kit.buy(amount=100, price=40000, label="same").result["order"]
    call = kit.get("private/edit_by_label", label="same", instrument_name=PERP, amount=300, price=40000)
    assert call.result["order"]["order_id"] == third["order_id"] and call.result["order"]["amount"] == 300
    assert kit.get("private/edit_by_label", label="none", instrument_name=PERP, amount=300).code == 10004
    assert kit.venue.find(call.call) == third["order_id"], "a fault finds an order by its label"


def test_orders_without_a_label_have_none(kit: Kit) -> None:
    kit.buy(amount=100, price=40000)
    told = kit.buy(amount=100, price=40000, label="").result["order"]
    assert told["label"] == "" and [row["client_id"] for row in kit.orders] == ["", ""]


def test_valid_until_lets_a_late_request_die(kit: Kit) -> None:
    before, now = kit.books(), kit.now // 1_000_000
    assert kit.buy(amount=100, price=40000, valid_until=now).error == (400, 13888, "timed_out")
    assert kit.books() == before
    assert kit.buy(amount=100, price=40000, valid_until=now + 1).result["order"]["order_state"] == "open"


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_post_only_is_moved_beside_the_spread_or_refused(kit: Kit, side: str) -> None:
    price, best = (50100, 50009.5) if side == "buy" else (49900, 49990.5)
    place = kit.buy if side == "buy" else kit.sell
    moved = place(amount=100, price=price, post_only="true").result["order"]
    assert (moved["price"], moved["order_state"], moved["post_only"]) == (best, "open", True)
    before = kit.books()
    refused = place(amount=100, price=price, post_only="true", reject_post_only="true")
    assert refused.error == (400, 11054, "post_only_reject") and kit.books() == before
    assert place(amount=100, type="market", post_only="true").code == 11055
    kept = place(amount=100, price=moved["price"], post_only="true", reject_post_only="true").result["order"]
    assert (kept["price"], kept["reject_post_only"]) == (best, True)


def test_times_in_force(kit: Kit) -> None:
    assert kit.buy(amount=100, price=49000, time_in_force="immediate_or_cancel").result["order"]["order_state"] == (
        "cancelled"
    )
    assert kit.buy(amount=3_000_000, price=50020, time_in_force="fill_or_kill").result["order"]["filled_amount"] == 0
    day = kit.buy(amount=100, price=49000, time_in_force="good_til_day").result["order"]
    kit.wait(8 * 3600 - 1)
    assert kit.order(day["order_id"])["order_state"] == "open"
    kit.wait(1)
    assert kit.order(day["order_id"])["order_state"] == "cancelled", "the session ends at 8:00 UTC"


def test_stops_takes_and_trailing_orders_wait_and_trigger(kit: Kit) -> None:
    kit.buy(LINEAR, amount=0.5, type="market")
    common: dict[str, Any] = {"amount": 0.1, "trigger": "last_price"}
    stop = kit.sell(LINEAR, type="stop_market", trigger_price=49950, **common).result["order"]
    assert (stop["order_state"], stop["price"], stop["trigger_price"]) == ("untriggered", "market_price", 49950)
    limit = kit.sell(LINEAR, type="stop_limit", trigger_price=49950, price=49000, **common).result["order"]
    take = kit.sell(LINEAR, type="take_market", trigger_price=51000, **common).result["order"]
    trail = kit.sell(LINEAR, type="trailing_stop", trigger_offset=30, **common).result["order"]
    assert trail["trigger_offset"] == 30 and trail["trigger_reference_price"] == 50010
    waiting = kit.get("private/get_open_orders_by_instrument", instrument_name=LINEAR, type="trigger_all").result
    assert [row["order_type"] for row in waiting] == ["stop_market", "stop_limit", "take_market", "trailing_stop"]
    kit.sell(LINEAR, amount=20, price=49940)  # takes the bids down to 49940
    states = {one["order_id"]: kit.order(one["order_id"])["order_state"] for one in (stop, limit, take, trail)}
    assert states[stop["order_id"]] == "filled" and states[trail["order_id"]] == "filled"
    assert states[limit["order_id"]] == "filled" and states[take["order_id"]] == "untriggered"
    after = kit.order(stop["order_id"])
    assert after["triggered"] and after["order_type"] == "market"
    assert kit.get("private/cancel_all_by_instrument", instrument_name=LINEAR, type="take").result == 1


def test_an_edit_keeps_the_id(kit: Kit) -> None:
    order = kit.buy(amount=200, price=40000, label="E").result["order"]
    told = kit.get("private/edit", order_id=order["order_id"], amount=100, price=41000).result["order"]
    assert (told["order_id"], told["amount"], told["price"], told["replaced"]) == (order["order_id"], 100, 41000, True)
    same = kit.get("private/edit", order_id=order["order_id"], amount=100, price=41000).result["order"]
    assert same["price"] == 41000
    post = kit.buy(amount=100, price=40000, post_only="true", reject_post_only="true").result["order"]
    assert kit.get("private/edit", order_id=post["order_id"], amount=100, price=50100).code == 11054
    gone = kit.order(post["order_id"])
    assert (gone["order_state"], gone["cancel_reason"]) == ("cancelled", "edit_post_only_reject")


@pytest.mark.parametrize("knob", ["already_closed", "not_open_order"])
def test_what_is_over_or_never_was(knob: str) -> None:
    kit = Kit(knobs={"cancel_closed": knob})
    order = kit.buy(amount=100, price=40000).result["order"]
    ended = kit.get("private/cancel", order_id=order["order_id"]).result
    assert (ended["order_state"], ended["cancel_reason"]) == ("cancelled", "user_request")
    code = {"already_closed": 10010, "not_open_order": 11044}[knob]
    assert kit.get("private/cancel", order_id=order["order_id"]).error == (400, code, knob)
    assert kit.get("private/edit", order_id=order["order_id"], amount=200, price=40000).code == code
    for unknown in ("ETH-104819327001", "999", "nonsense"):
        assert kit.get("private/cancel", order_id=unknown).code == 10004
        assert kit.get("private/get_order_state", order_id=unknown).error == (400, 10004, "order_not_found")
    assert kit.get("private/cancel").code == 10025


def test_cancels_of_many(kit: Kit) -> None:
    for _ in range(2):
        kit.buy(amount=100, price=40000)
        kit.buy(LINEAR, amount=0.1, price=40000)
    kit.sell(LINEAR, amount=0.1, type="stop_market", trigger="mark_price", trigger_price=49000)
    assert kit.get("private/cancel_all_by_currency", currency="BTC").result == 2
    report = kit.get("private/cancel_all_by_kind_or_type", currency="any", type="limit", detailed="true").result
    assert [(row["currency"], row["type"], len(row["result"])) for row in report] == [("USDC", "limit", 2)]
    assert kit.get("private/cancel_all").result == 1 and kit.get("private/cancel_all").result == 0


REFUSALS: list[tuple[dict[str, Any], int]] = [
    ({"instrument_name": "BTC-NOPE"}, 13020),
    ({"instrument_name": ""}, -32602),
    ({"amount": "ten"}, 10021),
    ({"amount": -10}, 10021),
    ({"amount": 15}, 10021),
    ({"amount": 5}, 10002),
    ({"amount": ""}, -32602),
    ({"amount": 100, "contracts": 5}, 10021),
    ({"contracts": 1.5, "amount": ""}, 10027),
    ({"price": "cheap"}, 10023),
    ({"price": 0}, 10023),
    ({"price": ""}, -32602),
    ({"price": 40000.3}, 10043),
    ({"price": 60000}, 10007),
    ({"type": "iceberg"}, -32602),
    ({"type": "market_limit"}, 10033),
    ({"linked_order_type": "one_cancels_other"}, 10033),
    ({"time_in_force": "forever"}, -32602),
    ({"label": "x" * 65}, -32602),
    ({"post_only": "perhaps"}, -32602),
    ({"reject_post_only": "true"}, -32602),
    ({"type": "stop_market"}, -32602),
    ({"type": "stop_market", "trigger": "last_price"}, -32602),
    ({"type": "stop_market", "trigger": "last_price", "trigger_price": 50100.3}, 10044),
    ({"type": "stop_market", "trigger": "last_price", "trigger_price": 40000}, 10035),
    ({"type": "trailing_stop", "trigger": "last_price"}, -32602),
    ({"display_amount": 10}, 10036),
    ({"amount": 50_000_000}, 10009),
    ({"reduce_only": "true"}, 11030),
    ({"valid_until": "never"}, -32602),
]


@pytest.mark.parametrize(("change", "code"), REFUSALS)
def test_refusals_say_why_and_change_nothing(change: dict[str, Any], code: int) -> None:
    kit = Kit()
    kit.sell(amount=10, type="market")  # the last price
    kit.get("private/close_position", instrument_name=PERP, type="market")
    before = kit.books()
    params = {"instrument_name": PERP, "amount": 100, "price": 40000} | change
    refused = kit.get("private/buy", **params)
    assert (refused.status, refused.code) == (400, code), refused.body
    assert kit.books() == before
    assert set(refused.body) == {"jsonrpc", "error", "usIn", "usOut", "usDiff", "testnet"}


def test_ticks_are_coarser_above_a_step(kit: Kit) -> None:
    """tick_size_steps: SOL is quoted in cents, from 1000 on in five."""
    place = {"amount": 1}
    assert kit.buy("SOL_USDC-PERPETUAL", price=1150.02, **place).code == 10043
    assert kit.buy("SOL_USDC-PERPETUAL", price=1150.05, **place).result["order"]["price"] == 1150.05
    assert kit.buy("SOL_USDC-PERPETUAL", price=950.02, **place).result["order"]["price"] == 950.02


def test_queries_in_pages_and_as_of_the_past(kit: Kit) -> None:
    ids = []
    for number in range(12):
        ids.append(kit.buy(amount=10, type="market", label=f"n{number}").result["order"]["order_id"])
        kit.wait(1)
    cancelled = kit.buy(amount=10, price=40000).result["order"]["order_id"]
    past = kit.now
    kit.wait(1)
    kit.get("private/cancel", order_id=cancelled)
    trades = kit.get("private/get_user_trades_by_instrument", instrument_name=PERP).result
    assert (len(trades["trades"]), trades["has_more"]) == (10, True), "ten, unless more are asked for"
    assert [row["order_id"] for row in trades["trades"]] == ids[::-1][:10]
    start = int(past // 1_000_000 - 12_000)
    timed = kit.get(
        "private/get_user_trades_by_instrument_and_time", instrument_name=PERP, start_timestamp=start, count=1000
    ).result
    assert [row["order_id"] for row in timed["trades"]] == ids and not timed["has_more"]
    (one,) = kit.get("private/get_user_trades_by_order", order_id=ids[3]).result
    assert one["order_id"] == ids[3] and one["label"] == "n3"
    history = kit.get("private/get_order_history_by_instrument", instrument_name=PERP, count=5, offset=2).result
    assert [row["order_id"] for row in history] == ids[::-1][2:7]
    whole = kit.get("private/get_order_history_by_currency", currency="BTC", include_unfilled="true").result
    assert [row["order_id"] for row in whole] == [cancelled, *ids[::-1]]
    assert kit.order(cancelled, as_of=past)["order_state"] == "open"
    assert [row["order_id"] for row in kit.get("private/get_open_orders", as_of=past).result] == [cancelled]
    assert kit.get("private/get_open_orders").result == []


def test_the_account_adds_up(kit: Kit) -> None:
    kit.buy(LINEAR, amount=0.5, type="market")
    kit.buy(LINEAR, amount=0.5, price=49000)
    usdc = kit.get("private/get_account_summary", currency="USDC", extended="true").result
    free = Decimal(str(usdc["equity"])) - Decimal(str(usdc["initial_margin"]))
    assert usdc["available_funds"] == pytest.approx(float(free)) and usdc["id"] and usdc["limits"]
    assert usdc["equity"] == pytest.approx(usdc["balance"] + usdc["total_pl"])
    assert usdc["initial_margin"] == pytest.approx((25_000 + 24_500) / 50)
    told = kit.get("private/get_account_summaries").result["summaries"]
    assert {row["currency"] for row in told} >= {"BTC", "ETH", "USDC"}
    margins = kit.get("private/get_margins", instrument_name=PERP, amount=1000, price=50000).result
    assert margins["buy"] == 0.0004 and margins["max_price"] == 52500
    logs = kit.get("private/get_transaction_log", currency="USDC").result["logs"]
    assert [row["type"] for row in logs] == ["trade"] and logs[0]["change"] == -logs[0]["commission"]
