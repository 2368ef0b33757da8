"""Orders: what is taken, refused, changed and ended, with the venue's codes and texts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from usdm_kit import BTC, KEY, SECOND, Kit

from outtrade_mocks.venues.api import HttpRequest

ORDER = "/fapi/v1/order"


def snapshot(kit: Kit) -> tuple[Any, ...]:
    """What a refused request must not change."""
    truth = kit.venue.truth()
    return truth["balances"], truth["working"], truth["positions"], len(kit.pushes)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"symbol": "NOPE"}, -1121),
    ({"side": "BOTH"}, -1117),
    ({"type": "STOP_LOSS"}, -1116),
    ({"type": "STOP_MARKET", "stopPrice": "40000"}, -4120),
    ({"type": "TRAILING_STOP_MARKET"}, -4120),
    ({"timeInForce": "DAY"}, -1115),
    ({"timeInForce": "GTD"}, -1102),
    ({"timeInForce": "GTD", "goodTillDate": "1767225700000"}, -5040),
    ({"quantity": "0"}, -4003),
    ({"quantity": "0.0001"}, -1111),
    ({"quantity": "2000"}, -4005),
    ({"quantity": "1e3"}, -1100),
    ({"price": "40000.001"}, -1111),
    ({"price": "40000.05"}, -4014),
    ({"price": "0"}, -4001),
    ({"price": "100"}, -4013),
    ({"price": "9000000"}, -4002),
    ({"price": "55000"}, -4016),
    ({"quantity": "0.001"}, -4164),
    ({"newClientOrderId": "x" * 37}, -4015),
    ({"newClientOrderId": "a b"}, -1100),
    ({"newOrderRespType": "FULL"}, -1136),
    ({"positionSide": "LONG"}, -4061),
    ({"positionSide": "UP"}, -4060),
    ({"reduceOnly": "true"}, -2022),
    ({"reduceOnly": "yes"}, -1130),
    ({"selfTradePreventionMode": "DECREMENT"}, -5039),
    ({"priceMatch": "BEST"}, -5037),
    ({"priceMatch": "QUEUE"}, -1106),
    ({"quantity": "100", "price": "45000"}, -2019),
    ({"quantity": "900", "price": "45000"}, -2027),
    ({"timeInForce": "GTX", "price": "50100"}, -5022),
    ({"timeInForce": "FOK", "price": "50010", "quantity": "5"}, -5021),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED, ids=[f"{code} {next(iter(c))}" for c, code in REFUSED])
def test_a_refused_order_changes_nothing(kit: Kit, changes: dict[str, Any], code: int) -> None:
    if "priceMatch" in changes and changes["priceMatch"] == "BEST":
        changes = changes | {"price": ""}
    before = snapshot(kit)
    fields = {"type": "LIMIT", "timeInForce": "GTC", "price": "40000", "quantity": "0.01"} | changes
    answer = kit.place(**{name: value for name, value in fields.items() if value != ""})
    assert (answer.status, answer.code) == (400, code), answer.data
    assert snapshot(kit) == before
    reading = kit.venue.interpret(answer.status, answer.headers, json.dumps(answer.data).encode(), kit.now)
    assert reading.outcome == "definite"


def test_texts_that_clients_map(kit: Kit) -> None:
    assert kit.limit("40000", "0.001").error == (
        400,
        -4164,
        "Order's notional must be no smaller than 100 (unless you choose reduce only)",
    )
    assert kit.limit("40000", "100").data["msg"] == "Margin is insufficient."
    assert kit.place(type="LIMIT", quantity="0.01", price="40000").data["msg"] == (
        "Mandatory parameter 'timeinforce' was not sent, was empty/null, or malformed."
    )


def test_an_id_is_taken_until_its_order_is_over(kit: Kit) -> None:
    first = kit.limit("40000", "0.01", newClientOrderId="a:/.b")
    assert kit.limit("40000", "0.01", newClientOrderId="a:/.b").error == (400, -4116, "ClientOrderId is duplicated.")
    gone = kit.ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="a:/.b").data
    assert (gone["status"], gone["clientOrderId"]) == ("CANCELED", "a:/.b")
    second = kit.limit("40000", "0.01", newClientOrderId="a:/.b").data
    assert second["orderId"] != first.data["orderId"]
    assert kit.get(ORDER, symbol="BTCUSDT", origClientOrderId="a:/.b").data["orderId"] == second["orderId"]
    bought = kit.market(newClientOrderId="filled")
    assert kit.market(newClientOrderId="filled").status == 200, "a filled order's id is free: the trap"
    assert bought.data["status"] == "FILLED"


def test_ack_says_new_and_result_says_what_became_of_it(kit: Kit) -> None:
    ack = kit.place(type="MARKET", quantity="0.01").data
    assert (ack["status"], ack["executedQty"], ack["avgPrice"]) == ("NEW", "0.000", "0.00000")
    assert kit.get(ORDER, symbol="BTCUSDT", orderId=ack["orderId"]).data["status"] == "FILLED"
    ioc = kit.limit("50010", "0.9", timeInForce="IOC", newOrderRespType="RESULT").data
    assert ioc["status"] == "EXPIRED"
    assert 0 < Decimal(ioc["executedQty"]) < Decimal("0.9")


def test_headers_count_weight_and_orders(kit: Kit) -> None:
    answer = kit.limit("40000", "0.01")
    assert (answer.headers["X-MBX-ORDER-COUNT-10S"], answer.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    refused = kit.limit("40000.05", "0.01")
    assert refused.headers["X-MBX-ORDER-COUNT-10S"] == "2"
    assert kit.get("/fapi/v1/openOrders").headers["X-MBX-USED-WEIGHT-1M"] == "40"


def test_price_match_takes_a_price_from_the_book(kit: Kit) -> None:
    book = kit.public("/fapi/v1/depth", symbol="BTCUSDT", limit=5).data
    fields = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "newOrderRespType": "RESULT"}
    assert kit.place(priceMatch="QUEUE_5", **fields).data["price"] == book["bids"][4][0]
    taken = kit.place(priceMatch="OPPONENT", **fields).data
    assert (taken["status"], taken["price"], taken["priceMatch"]) == ("FILLED", book["asks"][0][0], "OPPONENT")
    assert kit.place(priceMatch="QUEUE_20", **fields).code == -5041


def test_good_till_date_expires(kit: Kit) -> None:
    date = kit.now // 1_000_000 + 700_999
    made = kit.limit("40000", "0.01", timeInForce="GTD", goodTillDate=date).data
    assert made["goodTillDate"] == date // 1000 * 1000
    kit.wait(701)
    assert kit.get(ORDER, symbol="BTCUSDT", orderId=made["orderId"]).data["status"] == "EXPIRED"
    assert kit.get("/fapi/v1/openOrder", symbol="BTCUSDT", orderId=made["orderId"]).code == -2013


def test_reduce_only_and_hedge_mode(kit: Kit) -> None:
    kit.market(quantity="0.02")
    closed = kit.market("SELL", "0.05", reduceOnly="true").data
    assert (closed["status"], closed["executedQty"]) == ("FILLED", "0.020")
    assert kit.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true").data["code"] == 200
    assert kit.market(quantity="0.02").code == -4061
    assert kit.market("SELL", "0.02", positionSide="SHORT", reduceOnly="true").error == (
        400,
        -1106,
        "Parameter 'reduceonly' sent when not required.",
    )
    kit.market("SELL", "0.02", positionSide="SHORT")
    kit.market(quantity="0.01", positionSide="LONG")
    rows = {row["positionSide"]: row["positionAmt"] for row in kit.get("/fapi/v2/positionRisk", symbol="BTCUSDT").data}
    assert rows == {"LONG": "0.010", "SHORT": "-0.020"}
    assert kit.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false").code == -4068


# -------------------------------------------------------------------- amends
def put(kit: Kit, **changes: Any) -> Any:
    fields = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.02", "price": "41000"} | changes
    return kit.ask("PUT", ORDER, **fields)


def test_an_amend_keeps_the_id(kit: Kit) -> None:
    order = kit.limit("40000", "0.01").data["orderId"]
    changed = put(kit, orderId=order).data
    assert (changed["orderId"], changed["price"], changed["origQty"]) == (order, "41000.00", "0.020")
    assert put(kit, orderId=order).error == (400, -5027, "No need to modify the order.")
    assert put(kit, orderId=order, side="SELL").code == -1117
    assert put(kit, orderId=order + 1).code == -2013
    assert [event["o"]["x"] for event in kit.events("ORDER_TRADE_UPDATE")] == ["NEW", "AMENDMENT"]


def test_an_amend_below_what_is_filled_ends_the_order(kit: Kit) -> None:
    order = kit.limit("49000", "0.02").data["orderId"]
    kit.venue.fill(str(order), Decimal("0.5"))
    assert put(kit, orderId=order, quantity="0.010", price="49000").data["status"] == "CANCELED"


def test_a_post_only_order_that_would_take_after_an_amend_is_cancelled(kit: Kit) -> None:
    order = kit.limit("49000", "0.02", timeInForce="GTX").data["orderId"]
    assert put(kit, orderId=order, price="50100").data["status"] == "CANCELED"
    assert kit.get("/fapi/v1/openOrders").data == []


# ------------------------------------------------------------------- batches
def test_items_of_a_batch_fail_alone(kit: Kit) -> None:
    item = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": 40000,
        "quantity": "0.01",
    }
    items = [item, item | {"price": "40000.05"}, {"symbol": "BTCUSDT"}, 7, item | {"newClientOrderId": "b"}]
    data = kit.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(items)).data
    assert [one.get("code") for one in data] == [None, -4014, -1102, -1130, None]
    ids = [data[0]["orderId"], data[4]["orderId"], 1]
    ended = kit.ask("DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", orderidlist=json.dumps(ids)).data
    assert [one.get("status", one.get("msg")) for one in ended] == ["CANCELED", "CANCELED", "Unknown order sent."]
    assert kit.ask("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps([item] * 6)).code == -4082
    assert kit.ask("POST", "/fapi/v1/batchOrders", batchOrders="{").code == -1130
    assert kit.ask("DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", orderIdList=json.dumps([1] * 11)).code == -4032
    assert kit.limits_orders() == "11", "each order of a batch counts, also of one that is refused"


def test_cancel_all_leaves_algo_orders_and_other_symbols(kit: Kit) -> None:
    kit.limit("40000", "0.01")
    kit.limit("2500", "1", symbol="ETHUSDT")
    kit.algo("STOP_MARKET", triggerPrice="40000", quantity="0.01")
    done = {"code": 200, "msg": "The operation of cancel all open order is done."}
    assert kit.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT").data == done
    assert kit.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT").data == done
    assert [one["symbol"] for one in kit.get("/fapi/v1/openOrders").data] == ["ETHUSDT"]
    assert len(kit.get("/fapi/v1/openAlgoOrders").data) == 1
    assert kit.ask("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT").data["code"] == 200
    assert kit.get("/fapi/v1/openAlgoOrders").data == []


def test_the_countdown_cancels_unless_it_is_renewed(kit: Kit) -> None:
    kit.limit("40000", "0.01")
    kit.limit("2500", "1", symbol="ETHUSDT")
    path = "/fapi/v1/countdownCancelAll"
    assert kit.ask("POST", path, symbol="BTCUSDT", countdownTime=5000).data == {
        "symbol": "BTCUSDT",
        "countdownTime": "5000",
    }
    kit.wait(4)
    kit.ask("POST", path, symbol="BTCUSDT", countdownTime=5000)
    kit.wait(4)
    assert len(kit.get("/fapi/v1/openOrders").data) == 2
    kit.wait(1.1)
    assert [one["symbol"] for one in kit.get("/fapi/v1/openOrders").data] == ["ETHUSDT"]


# ---------------------------------------------------------- front door, limits
def test_keys_times_and_signatures(kit: Kit) -> None:
    def asked(change: dict[str, Any] | None = None, **headers: str) -> Any:
        request = kit.request("GET", "/fapi/v1/openOrders", change or {})
        request.headers.update(headers)
        return kit.raw(request)

    assert asked(**{"x-mbx-apikey": "short"}).error[:2] == (401, -2014)
    assert asked(**{"x-mbx-apikey": KEY[::-1]}).error[:2] == (401, -2015)
    assert asked({"timestamp": kit.now // 1_000_000 - 6000}).code == -1021
    assert asked({"timestamp": kit.now // 1_000_000 + 2000}).code == -1021
    request = kit.request("GET", "/fapi/v1/openOrders")
    tampered = HttpRequest("GET", request.target + "&symbol=BTCUSDT", request.host, request.headers)
    assert kit.raw(tampered).code == -1022
    unsigned = kit.ask("GET", "/fapi/v1/openOrders", signed=False)
    assert unsigned.error == (400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    late = kit.venue.read(kit.request("POST", ORDER, {"symbol": "BTCUSDT"}))
    assert kit.venue.admit(late, kit.now) is None
    answer = kit.venue.render(kit.venue.execute(late, kit.now + 6 * SECOND), kit.now + 6 * SECOND)
    assert json.loads(answer.body)["code"] == -5028
    assert kit.public("/fapi/v9/nothing").error[:2] == (404, -1099)


def test_too_many_requests_and_then_a_ban(kit: Kit) -> None:
    codes = [kit.public("/fapi/v1/ticker/24hr").status for _ in range(90)]
    assert codes == [200] * 60 + [429] * 20 + [418] * 10
    banned = kit.public("/fapi/v1/ping")
    assert banned.code == -1003
    assert "Retry-After" not in banned.headers
    reading = kit.venue.interpret(418, {}, json.dumps(banned.data).encode(), kit.now)
    assert (reading.error, reading.retry_after) == ("ban", 120.0)
    kit.wait(121)
    assert kit.public("/fapi/v1/ping").status == 200


def test_too_many_orders(make_kit: Any) -> None:
    kit = make_kit(knobs={"orders_per_10s": 2})
    answers = [kit.limit("40000", "0.01") for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 429]
    assert answers[2].data == {
        "code": -1015,
        "msg": "Too many new orders; current limit is 2 orders per 10 SECOND.",
    }


def test_amends_go_to_the_back_of_the_queue(kit: Kit) -> None:
    exchange = kit.venue.desk.exchange
    order = kit.limit("40000", "0.02").data["orderId"]
    rules = exchange.instrument(BTC)
    other = exchange.open_account("other", {"USDT": exchange.atoms("USDT", Decimal(10_000))})
    from outtrade_mocks.core import NewOrder

    exchange.place(other, NewOrder(symbol=BTC, side="buy", price=rules.ticks(Decimal(40_000)), lots=20))
    put(kit, orderId=order, quantity="0.01", price="40000")
    bids, _ = exchange.resting(BTC)
    assert [one.account for one in bids if one.price == rules.ticks(Decimal(40_000))] == ["other", "tester"]
