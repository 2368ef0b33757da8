"""Orders: every configuration, rejections with HTTP 200, ids that return the first order, edits, cancels, previews."""

from __future__ import annotations

from typing import Any

import pytest
from coinbase_kit import EPOCH, SECOND, Kit

from outtrade_mocks.venues.coinbase.codec import moment

SOON = moment(EPOCH + 60 * SECOND)


def stop(price: str, direction: str, limit: str) -> dict[str, Any]:
    return {"base_size": "0.1", "limit_price": limit, "stop_price": price, "stop_direction": direction}


# ------------------------------------------------------------------ what is taken
def test_an_answer_names_the_order_and_says_nothing_of_its_state(kit: Kit) -> None:
    answer = kit.order(CLIENT_ORDER_ID="A", post_only=True).ok
    order = answer["order_id"]
    assert answer == {
        "success": True,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "order_id": order,
        "success_response": {
            "order_id": order,
            "product_id": "BTC-USD",
            "side": "BUY",
            "client_order_id": "A",
            "attached_order_id": "",
        },
        "order_configuration": {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "45000", "post_only": True}},
    }
    seen = kit.seen(order)
    assert (seen["status"], seen["order_type"], seen["time_in_force"]) == ("OPEN", "LIMIT", "GOOD_UNTIL_CANCELLED")
    assert (seen["client_order_id"], seen["side"], seen["settled"]) == ("A", "BUY", False)
    assert (seen["outstanding_hold_amount"], seen["filled_size"], seen["fee"]) == ("450", "0", "")


@pytest.mark.parametrize(
    ("kind", "fields", "status", "filled"),
    [
        ("market_market_ioc", {"quote_size": "100"}, "FILLED", "0.00199760"),
        ("market_market_ioc", {"base_size": "0.2"}, "FILLED", "0.2"),
        ("limit_limit_gtc", {"limit_price": "50100"}, "FILLED", "0.01"),
        ("limit_limit_gtd", {"end_time": SOON}, "OPEN", "0"),
        ("limit_limit_fok", {"limit_price": "50010", "base_size": "0.05"}, "FILLED", "0.05"),
        ("limit_limit_fok", {"limit_price": "50010", "base_size": "90"}, "CANCELLED", "0"),
        ("sor_limit_ioc", {"limit_price": "50010", "base_size": "90"}, "CANCELLED", None),
        ("sor_limit_ioc", {"limit_price": "40000"}, "CANCELLED", "0"),
    ],
)
def test_configurations(kind: str, fields: dict[str, Any], status: str, filled: str | None) -> None:
    kit = Kit(balances={"USD": 10_000_000})
    seen = kit.seen(kit.place(kind, **fields))
    assert seen["status"] == status and set(seen["order_configuration"]) == {kind}
    if filled is None:
        assert 0 < float(seen["filled_size"]) < 90
    else:
        assert float(seen["filled_size"]) == pytest.approx(float(filled), abs=2e-8)
    assert seen["number_of_fills"] == str(len(kit.get("/orders/historical/fills").ok["fills"]))


def test_a_quote_size_includes_the_fee(kit: Kit) -> None:
    seen = kit.seen(kit.place("market_market_ioc", quote_size="1000"))
    assert seen["size_in_quote"] is True and seen["size_inclusive_of_fees"] is True
    assert 999.99 < float(seen["total_value_after_fees"]) <= 1000
    assert float(seen["filled_value"]) + float(seen["total_fees"]) == pytest.approx(
        float(seen["total_value_after_fees"]), abs=1e-8
    )
    fill = kit.get("/orders/historical/fills").ok["fills"][0]
    assert fill["size_in_quote"] is True and fill["size"] == seen["filled_value"]


def test_fees_are_taken_in_quote_from_both_sides(kit: Kit) -> None:
    kit.place("market_market_ioc", base_size="0.1")
    kit.place("market_market_ioc", base_size="0.1", side="SELL")
    truth = [event for event in kit.truths if type(event).__name__ == "Fill"]
    assert {event.fee_asset for event in truth} == {"USD"}
    assert kit.balances()["BTC"] == ("2", "0")


def test_a_good_till_date_order_expires(kit: Kit) -> None:
    order = kit.place("limit_limit_gtd", end_time=SOON)
    kit.later(61)
    assert kit.seen(order)["status"] == "EXPIRED" and kit.balances()["USD"] == ("100000", "0")


@pytest.mark.parametrize(
    ("side", "direction", "price", "limit", "move"),
    [
        ("BUY", "STOP_DIRECTION_STOP_UP", "50050", "50200", ("BUY", "0.9")),
        ("SELL", "STOP_DIRECTION_STOP_DOWN", "49950", "49800", ("SELL", "0.9")),
    ],
)
def test_a_stop_limit_waits_and_starts(side: str, direction: str, price: str, limit: str, move: Any) -> None:
    kit = Kit(balances={"USD": 1_000_000, "BTC": 10})
    order = kit.place("stop_limit_stop_limit_gtc", side=side, **stop(price, direction, limit))
    seen = kit.seen(order)
    assert (seen["status"], seen["trigger_status"], seen["order_type"]) == ("OPEN", "STOP_PENDING", "STOP_LIMIT")
    assert seen["order_configuration"]["stop_limit_stop_limit_gtc"]["stop_direction"] == direction
    kit.place("market_market_ioc", side=move[0], base_size="2.2")
    kit.later(1)
    assert kit.seen(order)["trigger_status"] == "STOP_TRIGGERED"


@pytest.mark.parametrize(
    ("side", "direction", "price", "kind"),
    [
        ("BUY", "STOP_DIRECTION_STOP_DOWN", "49000", "take_profit_limit"),
        ("SELL", "STOP_DIRECTION_STOP_UP", "51000", "take_profit_limit"),
        ("BUY", "STOP_DIRECTION_STOP_UP", "51000", "stop_limit"),
    ],
)
def test_the_direction_tells_stop_and_take_profit_apart(
    kit: Kit, side: str, direction: str, price: str, kind: str
) -> None:
    answer = kit.order("stop_limit_stop_limit_gtd", side=side, end_time=SOON, **stop(price, direction, price))
    assert answer.ok and answer.call.order is not None and answer.call.order["type"] == kind


def test_a_bracket_takes_its_profit(kit: Kit) -> None:
    bracket = {"base_size": "0.1", "limit_price": "50400", "stop_trigger_price": "45000"}
    order = kit.place("trigger_bracket_gtc", side="SELL", **bracket)
    seen = kit.seen(order)
    assert (seen["status"], seen["trigger_status"], seen["order_type"]) == ("OPEN", "STOP_PENDING", "BRACKET")
    kit.venue.fill(order, 1)  # type: ignore[arg-type]
    assert kit.seen(order)["status"] == "FILLED" and kit.seen(order)["average_filled_price"] == "50400"


def test_a_bracket_is_stopped_out() -> None:
    """The last trade reaches the stop trigger price: the order sells 5 % below it, under its own id."""
    kit = Kit(balances={"USD": 1_000_000, "BTC": 10})
    bracket = {"base_size": "0.5", "limit_price": "60000", "stop_trigger_price": "49960"}
    order = kit.place("trigger_bracket_gtc", side="SELL", **bracket)
    kit.place("sor_limit_ioc", side="SELL", base_size="4", limit_price="49950")
    assert kit.seen(order)["trigger_status"] == "STOP_PENDING"
    kit.later(1)
    seen = kit.seen(order)
    assert seen["trigger_status"] == "STOP_TRIGGERED" and float(seen["filled_size"]) > 0
    assert float(seen["average_filled_price"]) < 49960


# ------------------------------------------------------------------ what is rejected
@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("limit_limit_gtc", {"base_size": "100"}, "INSUFFICIENT_FUND"),
        ("limit_limit_gtc", {"side": "SELL", "base_size": "100"}, "INSUFFICIENT_FUND"),
        ("limit_limit_gtc", {"base_size": "0.123456789"}, "INVALID_SIZE_PRECISION"),
        ("limit_limit_gtc", {"limit_price": "45000.001"}, "INVALID_PRICE_PRECISION"),
        ("limit_limit_gtc", {"PRODUCT_ID": "BTC-XYZ"}, "INVALID_PRODUCT_ID"),
        ("limit_limit_gtc", {"side": "HOLD"}, "INVALID_SIDE"),
        ("limit_limit_gtc", {"limit_price": "50100", "post_only": True}, "INVALID_LIMIT_PRICE_POST_ONLY"),
        ("limit_limit_gtc", {"limit_price": "0"}, "INVALID_LIMIT_PRICE"),
        ("limit_limit_gtc", {"base_size": ""}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("limit_limit_gtc", {"base_size": "0"}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ("limit_limit_gtc", {"base_size": "3401"}, "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        ("limit_limit_gtc", {"base_size": "0.00001"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        ("limit_limit_gtd", {"end_time": "2020-01-01T00:00:00Z"}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("limit_limit_gtd", {}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("market_market_ioc", {"quote_size": "0.5"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        ("market_market_ioc", {"quote_size": "200000000"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE"),
        ("market_market_ioc", {"quote_size": "10.001"}, "INVALID_SIZE_PRECISION"),
        ("market_market_ioc", {}, "Market orders cannot be placed with empty order sizes"),
        ("market_market_ioc", {"side": "SELL", "quote_size": "10"}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("market_market_ioc", {"base_size": "1", "quote_size": "10"}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("market_market_ioc", {"PRODUCT_ID": "DOGE-USD", "base_size": "10"}, "INVALID_NO_LIQUIDITY"),
        ("market_market_fok", {"quote_size": "10"}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("twap_limit_gtd", {}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("limit_limit_ioc", {}, "UNSUPPORTED_ORDER_CONFIGURATION"),
        (
            "stop_limit_stop_limit_gtc",
            stop("50500", "STOP_DIRECTION_STOP_DOWN", "50400") | {"side": "SELL"},
            "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
        ),
        (
            "stop_limit_stop_limit_gtc",
            stop("49500", "STOP_DIRECTION_STOP_UP", "49600"),
            "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE",
        ),
        ("stop_limit_stop_limit_gtc", stop("49500", "UP", "49600"), "UNSUPPORTED_ORDER_CONFIGURATION"),
        (
            "trigger_bracket_gtc",
            {"side": "SELL", "limit_price": "51000", "stop_trigger_price": "50500"},
            "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
        ),
        (
            "trigger_bracket_gtc",
            {"side": "SELL", "limit_price": "51000", "stop_trigger_price": "52000"},
            "UNSUPPORTED_ORDER_CONFIGURATION",
        ),
    ],
)
def test_rejections_come_with_http_200_and_change_nothing(
    kit: Kit, kind: str, fields: dict[str, Any], reason: str
) -> None:
    before = kit.balances()
    answer = kit.order(kind, CLIENT_ORDER_ID="A", **fields)
    assert answer.rejected == reason
    said = answer.data["error_response"]
    assert set(said) == {
        "error", "message", "error_details", "preview_failure_reason", "new_order_failure_reason"
    }  # fmt: skip
    assert answer.data["failure_reason"] == "UNKNOWN_FAILURE_REASON"
    assert kit.balances() == before and not kit.truths
    assert kit.place(CLIENT_ORDER_ID="A")  # an id that was only rejected is free


def test_the_texts_that_clients_map(kit: Kit) -> None:
    said = kit.order(base_size="100").data["error_response"]
    assert (said["error"], said["message"]) == ("INSUFFICIENT_FUND", "Insufficient balance in source account")
    assert said["preview_failure_reason"] == "PREVIEW_INSUFFICIENT_FUND"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"client_order_id": ""}, "client_order_id is required"),
        ({"client_order_id": 7}, "client_order_id is required"),
        ({"order_configuration": None}, "order_configuration is required"),
        ({"product_id": None}, "product_id is required"),
        ({"order_configuration": {"limit_limit_gtc": {"base_size": "x", "limit_price": "1"}}}, "a size is"),
        ({"order_configuration": {"limit_limit_gtc": {"base_size": "1", "limit_price": "1e3"}}}, "a price is"),
        (
            {"order_configuration": {"limit_limit_gtd": {"base_size": "1", "limit_price": "1", "end_time": "soon"}}},
            "end_time is",
        ),
    ],
)
def test_requests_that_are_none_get_400(kit: Kit, body: dict[str, Any], text: str) -> None:
    good = {
        "client_order_id": "A",
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "45000"}},
    }
    answer = kit.post("/orders", **(good | body))
    assert (answer.status, answer.data["error"], answer.reading.error) == (400, "INVALID_ARGUMENT", "parameter")
    assert text in answer.data["message"] and answer.data["error_details"] == answer.data["message"]


@pytest.mark.parametrize(
    ("state", "flag"),
    [
        ("halted", "trading_disabled"),
        ("cancel_only", "cancel_only"),
        ("post_only", "post_only"),
        ("auction", "auction_mode"),
        ("maintenance", "trading_disabled"),
    ],
)
def test_a_market_that_is_not_open(kit: Kit, state: str, flag: str) -> None:
    standing = kit.place()
    kit.venue.set_state("BTC/USD", state)
    product = kit.public("/market/products/BTC-USD").ok
    assert product[flag] is True and product["view_only"] is False
    assert kit.order("sor_limit_ioc").rejected == "ORDER_ENTRY_DISABLED"
    assert kit.order("sor_limit_ioc").reading.error == "closed"
    cancelled = kit.post("/orders/batch_cancel", order_ids=[standing]).data["results"][0]
    refused = "COMMANDER_REJECTED_CANCEL_ORDER" if state == "maintenance" else "UNKNOWN_CANCEL_FAILURE_REASON"
    assert cancelled["failure_reason"] == refused


# ------------------------------------------------------------------ the same id again
def test_an_id_that_is_taken_returns_the_first_order(kit: Kit) -> None:
    """Create Order, client_order_id; coinbase-advanced-py#49: whatever else the request says."""
    first = kit.order(CLIENT_ORDER_ID="A").ok
    told = len(kit.truths)
    for again in (
        kit.order(CLIENT_ORDER_ID="A"),
        kit.order(CLIENT_ORDER_ID="A", side="SELL", base_size="0.5"),
        kit.order(CLIENT_ORDER_ID="A", PRODUCT_ID="ETH-USD"),
        kit.order("market_market_ioc", CLIENT_ORDER_ID="A", quote_size="100"),
        kit.order(CLIENT_ORDER_ID="A", base_size="99"),
    ):
        assert again.ok == first and len(kit.truths) == told


@pytest.mark.parametrize("over", ["filled", "cancelled"])
def test_an_id_is_never_free_again(kit: Kit, over: str) -> None:
    first = kit.place(CLIENT_ORDER_ID="A", limit_price="50100" if over == "filled" else "45000")
    if over == "cancelled":
        kit.post("/orders/batch_cancel", order_ids=[first]).ok  # noqa: B018
    assert kit.place(CLIENT_ORDER_ID="A") == first
    assert kit.seen(first)["status"] == over.upper()
    assert len(kit.get("/orders/historical/batch").ok["orders"]) == 1


# ------------------------------------------------------------------ edits
def test_an_edit_keeps_the_id_and_needs_price_and_size(kit: Kit) -> None:
    order = kit.place()
    assert kit.post("/orders/edit", order_id=order, price="46000", size="0.02").ok == {
        "success": True,
        "success_response": {"order_id": order},
        "errors": [
            {
                "edit_failure_reason": "UNKNOWN_EDIT_ORDER_FAILURE_REASON",
                "preview_failure_reason": "UNKNOWN_PREVIEW_FAILURE_REASON",
            }
        ],
    }
    seen = kit.seen(order)
    assert seen["order_configuration"] == {"limit_limit_gtc": {"base_size": "0.02", "limit_price": "46000"}}
    assert seen["edit_history"] == [{"price": "46000", "size": "0.02", "replace_accept_timestamp": moment(EPOCH)}]
    for body, reason in (
        ({"price": "46000"}, "INVALID_EDITED_SIZE"),
        ({"size": "0.02"}, "INVALID_EDITED_PRICE"),
        ({"size": "0.02", "price": "46000"}, "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST"),
        ({"size": "0.02", "price": "46000.001"}, "INVALID_EDITED_PRICE"),
        ({"size": "x", "price": "46000"}, "INVALID_EDITED_SIZE"),
    ):
        answer = kit.post("/orders/edit", order_id=order, **body)
        assert (answer.status, answer.data["success"]) == (200, False)
        assert answer.data["errors"][0]["edit_failure_reason"] == answer.reading.message == reason


def test_what_cannot_be_edited(kit: Kit) -> None:
    wanted = {"price": "46000", "size": "0.02"}
    dated = kit.place("limit_limit_gtd", end_time=SOON)
    spent = kit.place("market_market_ioc", quote_size="100")
    done = kit.place(limit_price="50100")
    part = kit.place(base_size="0.1", limit_price="49990")
    kit.venue.fill(part, 0.5)  # type: ignore[arg-type]
    for order, reason in (
        ("00000000-0000-0000-0000-000000000000", "ORDER_NOT_FOUND"),
        (dated, "ONLY_LIMIT_ORDER_EDITS_SUPPORTED"),
        (spent, "SIZE_IN_QUOTE_EDITS_NOT_ALLOWED"),
        (done, "ONLY_OPEN_ORDERS_CAN_BE_EDITED"),
        (part, "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"),
    ):
        answer = kit.post("/orders/edit", order_id=order, **wanted)
        assert answer.data["errors"][0]["edit_failure_reason"] == reason
        preview = kit.post("/orders/edit_preview", order_id=order, **wanted)
        assert preview.data["errors"][0]["edit_failure_reason"] == reason
    assert kit.post("/orders/edit", **wanted).status == 400


def test_a_stop_may_be_edited_while_it_waits(kit: Kit) -> None:
    order = kit.place("stop_limit_stop_limit_gtc", side="SELL", **stop("49000", "STOP_DIRECTION_STOP_DOWN", "48000"))
    kit.post("/orders/edit", order_id=order, price="47000", size="0.1", stop_price="48500").ok  # noqa: B018
    sent = kit.seen(order)["order_configuration"]["stop_limit_stop_limit_gtc"]
    assert (sent["stop_price"], sent["limit_price"]) == ("48500", "47000")


# ------------------------------------------------------------------ cancels
def test_a_cancel_answers_for_each_order(kit: Kit) -> None:
    standing, over, done = kit.place(), kit.place(), kit.place(limit_price="50100")
    kit.post("/orders/batch_cancel", order_ids=[over]).ok  # noqa: B018
    unknown = "00000000-0000-0000-0000-000000000000"
    answer = kit.post("/orders/batch_cancel", order_ids=[standing, over, done, unknown])
    assert answer.ok == {
        "results": [
            {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON", "order_id": standing},
            {"success": False, "failure_reason": "DUPLICATE_CANCEL_REQUEST", "order_id": over},
            {"success": False, "failure_reason": "ORDER_IS_FULLY_FILLED", "order_id": done},
            {"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER", "order_id": unknown},
        ]
    }
    assert answer.call.op == "cancel_batch"
    assert kit.seen(standing)["status"] == "CANCELLED"
    one = kit.post("/orders/batch_cancel", order_ids=[done])
    assert (one.status, one.reading.outcome, one.reading.error) == (200, "definite", "unknown_order")
    assert (one.call.op, one.call.venue_id) == ("cancel", done)


@pytest.mark.parametrize("wanted", [None, [], "x", ["a"] * 101])
def test_a_cancel_of_nothing_gets_400(kit: Kit, wanted: Any) -> None:
    assert kit.post("/orders/batch_cancel", order_ids=wanted).status == 400


def test_closing_a_position_is_not_for_spot(kit: Kit) -> None:
    answer = kit.post("/orders/close_position", client_order_id="A", product_id="BTC-USD")
    assert answer.rejected == "UNTRADABLE_PRODUCT"


# ------------------------------------------------------------------ previews
def test_a_preview_estimates_and_places_nothing(kit: Kit) -> None:
    def preview(kind: str, side: str = "BUY", **fields: Any) -> Any:
        return kit.post("/orders/preview", product_id="BTC-USD", side=side, order_configuration={kind: fields}).ok

    market = preview("market_market_ioc", base_size="0.1")
    assert market["errs"] == [] and market["base_size"] == "0.1" and market["best_bid"] == "49990"
    assert float(market["order_total"]) == pytest.approx(5001 * 1.001)
    resting = preview("limit_limit_gtc", base_size="0.1", limit_price="40000")
    assert (resting["quote_size"], resting["commission_total"], resting["order_total"]) == ("4000", "4", "4004")
    spending = preview("market_market_ioc", quote_size="500")
    assert float(spending["quote_size"]) == pytest.approx(500, rel=0.002)
    assert preview("limit_limit_gtc", base_size="9", limit_price="40000")["errs"] == ["PREVIEW_INSUFFICIENT_FUND"]
    assert preview("limit_limit_gtc", base_size="1", limit_price="40000.001")["errs"] == [
        "PREVIEW_INVALID_PRICE_PRECISION"
    ]
    assert preview("limit_limit_gtc", base_size="1", limit_price="51000", post_only=True)["errs"] == [
        "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY"
    ]
    assert preview("limit_limit_fok", base_size="1", limit_price="41000")["errs"] == ["PREVIEW_INVALID_NO_LIQUIDITY"]
    assert not kit.truths
    order = kit.place()
    edited = kit.post("/orders/edit_preview", order_id=order, price="46000", size="0.02").ok
    assert (edited["quote_size"], edited["base_size"], edited["order_total"]) == ("920", "0.02", "920.92")
    assert kit.seen(order)["order_configuration"]["limit_limit_gtc"]["limit_price"] == "45000"
