"""Requests and answers: envelope, access, the life of an order, money, pages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from okx_kit import EPOCH, INVERSE, KEY, SECOND, SPOT, SWAP, Answer, Kit, iso, spot

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.okx.auth import sign


@pytest.fixture
def kit() -> Kit:
    return Kit()


# ------------------------------------------------------------------- envelope
def test_public_data_needs_no_key(kit: Kit) -> None:
    answer = kit.public("public/time")
    assert (answer.status, answer.body) == (200, {"code": "0", "data": [{"ts": str(EPOCH // 1_000_000)}], "msg": ""})


def test_order_requests_carry_times(kit: Kit) -> None:
    answer = kit.limit("40000", "0.01")
    assert answer.body["inTime"] == answer.body["outTime"] == str(EPOCH // 1000)
    assert answer.item == {
        "clOrdId": "", "ordId": answer.item["ordId"], "sCode": "0", "sMsg": "", "subCode": "", "tag": "",
        "ts": str(EPOCH // 1_000_000),
    }  # fmt: skip


def test_a_path_that_is_none(kit: Kit) -> None:
    answer = kit.public("public/nothing")
    assert (answer.status, answer.body["error_code"]) == (404, "404")
    assert kit.raw(kit.request("POST", "public/time", {})).error == (405, "50115", "Invalid request method.")


def test_bodies_that_are_none(kit: Kit) -> None:
    request = kit.request("POST", "trade/order", {})
    for body, error in ((b"", "50000"), (b"{", "50002"), (b"3", "50002"), (b"[3]", "50002")):
        stamp = request.headers["ok-access-timestamp"]
        signature = sign("TESTSECRET", stamp + "POST/api/v5/trade/order" + body.decode())
        sent = HttpRequest("POST", request.target, request.host, request.headers | {"ok-access-sign": signature}, body)
        assert kit.raw(sent).error[:2] == (400, error)


# --------------------------------------------------------------------- access
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("ok-access-key", None, (401, "50103", 'Request header "OK-ACCESS-KEY" cannot be empty.')),
        ("ok-access-passphrase", None, (401, "50104", 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.')),
        ("ok-access-sign", None, (401, "50106", 'Request header "OK-ACCESS-SIGN" cannot be empty.')),
        ("ok-access-timestamp", None, (401, "50107", 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.')),
        ("ok-access-key", "no key", (401, "50111", "Invalid OK-ACCESS-KEY.")),
        ("ok-access-key", KEY[::-1].replace("5", "a"), (401, "50111", "Invalid OK-ACCESS-KEY.")),
        ("ok-access-key", KEY.replace("1", "a"), (200, "50119", "API key doesn't exist")),
        ("ok-access-passphrase", "another", (401, "50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')),
        ("ok-access-sign", "bm8=", (401, "50113", "Invalid signature.")),
        ("ok-access-timestamp", "yesterday", (401, "50112", "Invalid OK-ACCESS-TIMESTAMP.")),
        ("ok-access-timestamp", iso(EPOCH - 31 * SECOND), (401, "50102", "Timestamp request expired.")),
        ("ok-access-timestamp", iso(EPOCH + 31 * SECOND), (401, "50102", "Timestamp request expired.")),
        ("ok-access-timestamp", iso(EPOCH - 29 * SECOND), (401, "50113", "Invalid signature.")),
    ],
)
def test_who_may_ask(kit: Kit, name: str, value: str | None, error: tuple[int, str, str]) -> None:
    request = kit.request("GET", "account/balance")
    headers = {key: text for key, text in request.headers.items() if key != name}
    request.headers = headers if value is None else headers | {name: value}
    assert kit.raw(request).error == error


def test_seconds_are_a_timestamp_too(kit: Kit) -> None:
    request = kit.request("GET", "account/balance")
    stamp = f"{EPOCH // SECOND}.123"
    signature = sign("TESTSECRET", stamp + "GET/api/v5/account/balance")
    request.headers |= {"ok-access-timestamp": stamp, "ok-access-sign": signature, "x-simulated-trading": "1"}
    assert kit.raw(request).code == "0"


def test_the_query_is_signed_as_sent(kit: Kit) -> None:
    request = kit.request("GET", "trade/orders-pending", {"instType": "SPOT"})
    request.target += "&instId=BTC-USDT"
    assert kit.raw(request).error[1] == "50113"


@pytest.mark.parametrize(("ms", "code"), [(1, "0"), (-1, "50036")])
def test_exp_time(kit: Kit, ms: int, code: str) -> None:
    request = kit.request("POST", "trade/order", spot(side="buy", ordType="limit", px="40000", sz="0.01"))
    request.headers["exptime"] = str(EPOCH // 1_000_000 + ms)
    assert kit.raw(request).code == code


# ---------------------------------------------------------------- life of an order
def test_an_order_rests_is_found_and_cancelled(kit: Kit) -> None:
    placed = kit.limit("40000", "0.01", clOrdId="mine1", tag="tagged")
    order_id = placed.item["ordId"]
    found = kit.order(order_id)
    assert {
        "state": "live", "px": "40000", "sz": "0.01", "accFillSz": "0", "avgPx": "", "clOrdId": "mine1",
        "tag": "tagged", "ordType": "limit", "side": "buy", "tdMode": "cash", "instType": "SPOT", "fee": "0",
        "feeCcy": "BTC", "cancelSource": "", "reduceOnly": "false", "posSide": "", "lever": "",
    }.items() <= found.items()  # fmt: skip
    assert kit.get("trade/order", instId=SPOT, clOrdId="mine1").item == found
    assert kit.get("trade/orders-pending").data == [found]
    assert kit.balance("USDT")["ordFrozen"] == "400"
    kit.wait(1)
    cancelled = kit.post("trade/cancel-order", instId=SPOT, clOrdId="mine1")
    assert (cancelled.item["sCode"], cancelled.item["ordId"]) == ("0", order_id)
    over = kit.order(order_id)
    assert (over["state"], over["cancelSource"]) == ("canceled", "1")
    assert kit.get("trade/orders-pending").data == []
    assert kit.get("trade/orders-history", instType="SPOT").data == [over]
    assert kit.get("trade/orders-history", instType="SPOT", state="filled").data == []
    again = kit.post("trade/cancel-order", instId=SPOT, ordId=order_id)
    text = "Order cancellation failed as the order has been filled, canceled or does not exist."
    assert again.error == (200, "51400", text)


def test_an_order_without_trades_is_forgotten_after_two_hours(kit: Kit) -> None:
    order_id = kit.limit("40000", "0.01").item["ordId"]
    kit.post("trade/cancel-order", instId=SPOT, ordId=order_id)
    kit.wait(7_199)
    assert kit.order(order_id)["state"] == "canceled"
    kit.wait(2)
    assert kit.get("trade/order", instId=SPOT, ordId=order_id).error == (200, "51603", "Order does not exist.")


@pytest.mark.parametrize(
    ("word", "px", "state", "source"),
    [("post_only", "50100", "canceled", "31"), ("ioc", "40000", "canceled", "14"), ("fok", "50010", "canceled", "13")],
)
def test_what_cannot_be_is_taken_in_and_cancelled(kit: Kit, word: str, px: str, state: str, source: str) -> None:
    placed = kit.place(side="buy", ordType=word, px=px, sz="1.9" if word == "fok" else "0.01")
    assert placed.item["sCode"] == "0"
    found = kit.order(placed.item["ordId"])
    assert (found["state"], found["cancelSource"], found["ordType"], found["accFillSz"]) == (state, source, word, "0")


def test_market_orders_count_in_the_currency_asked_for(kit: Kit) -> None:
    quote = kit.order(kit.place(side="buy", ordType="market", sz="500.1").item["ordId"])
    assert (quote["state"], quote["sz"], quote["accFillSz"], quote["tgtCcy"]) == (
        "filled",
        "500.1",
        "0.01",
        "quote_ccy",
    )
    base = kit.order(kit.place(side="buy", ordType="market", sz="0.02", tgtCcy="base_ccy").item["ordId"])
    assert (base["accFillSz"], base["avgPx"], base["fee"], base["feeCcy"]) == ("0.02", "50010", "-0.00002", "BTC")
    sold = kit.order(kit.place(side="sell", ordType="market", sz="0.02").item["ordId"])
    assert (sold["accFillSz"], sold["feeCcy"], sold["fee"]) == ("0.02", "USDT", "-0.9998")


def test_ids_are_free_again_when_the_order_is_over(kit: Kit) -> None:
    first = kit.limit("40000", "0.01", clOrdId="same")
    taken = kit.limit("40000", "0.01", clOrdId="same")
    assert taken.error == (200, "51016", "Client order ID already exists.")
    assert (taken.item["ordId"], taken.item["clOrdId"]) == ("", "same")
    kit.post("trade/cancel-order", instId=SPOT, ordId=first.item["ordId"])
    second = kit.limit("41000", "0.01", clOrdId="same")
    assert second.code == "0"
    assert kit.get("trade/order", instId=SPOT, clOrdId="same").item["ordId"] == second.item["ordId"]


# ---------------------------------------------------------------------- amend
def test_an_amend_keeps_the_ids(kit: Kit) -> None:
    order_id = kit.limit("40000", "0.01", clOrdId="mine").item["ordId"]
    changed = kit.post("trade/amend-order", instId=SPOT, clOrdId="mine", newSz="0.02", newPx="41000", reqId="r1")
    assert {"ordId": order_id, "clOrdId": "mine", "reqId": "r1", "sCode": "0"}.items() <= changed.item.items()
    found = kit.order(order_id)
    assert (found["px"], found["sz"], found["state"]) == ("41000", "0.02", "live")


def test_an_amend_to_what_is_filled_ends_the_order_as_filled(kit: Kit) -> None:
    order_id = kit.limit("49900", "0.1").item["ordId"]
    assert kit.venue.fill(order_id, Decimal("0.4"))
    assert kit.order(order_id)["state"] == "partially_filled"
    kit.post("trade/amend-order", instId=SPOT, ordId=order_id, newSz="0.04")
    found = kit.order(order_id)
    assert (found["state"], found["accFillSz"], found["sz"], found["cancelSource"]) == ("filled", "0.04", "0.04", "")


def test_amends_that_are_refused(kit: Kit) -> None:
    order_id = kit.limit("40000", "0.01").item["ordId"]
    assert kit.post("trade/amend-order", instId=SPOT, ordId=order_id).error[1] == "51500"
    assert kit.post("trade/amend-order", instId=SPOT, ordId="7", newSz="1").error[1] == "51503"
    assert kit.post("trade/amend-order", instId=SPOT, ordId=order_id, newSz="9").error[1] == "51502"
    assert kit.order(order_id)["state"] == "live"
    kit.post("trade/amend-order", instId=SPOT, ordId=order_id, newSz="9", cxlOnFail=True)
    assert kit.order(order_id)["state"] == "canceled"


# --------------------------------------------------------------------- batches
def test_a_batch_fails_item_by_item(kit: Kit) -> None:
    good = spot(side="buy", ordType="limit", px="40000", sz="0.01", clOrdId="one")
    bad = good | {"sz": "100", "clOrdId": "two"}
    answer = kit.post("trade/batch-orders", [good, bad, good])
    assert (answer.status, answer.code, answer.body["msg"]) == (200, "2", "Bulk operation partially succeeded.")
    assert [item["sCode"] for item in answer.data] == ["0", "51008", "51016"]
    assert kit.post("trade/batch-orders", [bad, good]).code == "1"
    assert kit.post("trade/batch-orders", [good] * 21).error[1] == "51111"
    assert kit.post("trade/batch-orders", []).code == "50014"
    ids = [{"instId": SPOT, "clOrdId": "one"}, {"instId": SPOT, "ordId": "12"}]
    assert [item["sCode"] for item in kit.post("trade/cancel-batch-orders", ids).data] == ["0", "51400"]


def test_a_batch_of_one_is_a_request_of_its_kind(kit: Kit) -> None:
    answer = kit.post("trade/batch-orders", [spot(side="buy", ordType="limit", px="40000", sz="0.01", clOrdId="one")])
    call = answer.call
    assert (call.op, call.symbol, call.client_id) == ("place", "BTC/USDT", "one")
    assert call.order is not None
    assert (call.order["type"], call.order["price"], call.order["quantity"]) == ("limit", "40000", "0.01")
    changes = [{"instId": SPOT, "clOrdId": "one", "newSz": "0.02"}] * 2
    assert kit.post("trade/amend-batch-orders", changes).error[1] == "51512"
    assert kit.post("trade/amend-batch-orders", changes[:1]).code == "0"


def test_cancel_all_after(kit: Kit) -> None:
    order_id = kit.limit("40000", "0.01").item["ordId"]
    assert kit.post("trade/cancel-all-after", timeOut="5").code == "51000"
    kit.wait(1)
    due = kit.post("trade/cancel-all-after", timeOut="10").item
    assert due["triggerTime"] == str(kit.now // 1_000_000 + 10_000)
    kit.wait(9.9)
    assert kit.order(order_id)["state"] == "live"
    kit.wait(0.2)
    assert (kit.order(order_id)["state"], kit.order(order_id)["cancelSource"]) == ("canceled", "20")
    assert kit.post("trade/cancel-all-after", timeOut=0).item["triggerTime"] == "0"


# ----------------------------------------------------------------------- swaps
def test_a_swap_position_opens_and_closes(kit: Kit) -> None:
    order = kit.order(kit.swap("buy", "2").item["ordId"], SWAP)
    assert {
        "state": "filled", "sz": "2", "accFillSz": "2", "avgPx": "50010", "lever": "3", "posSide": "net",
        "feeCcy": "USDT", "fee": "-1.0002", "pnl": "0",
    }.items() <= order.items()  # fmt: skip
    held = kit.get("account/positions").item
    assert (held["pos"], held["avgPx"], held["mgnMode"], held["lever"]) == ("2", "50010", "cross", "3")
    assert held["imr"] == "333.33333334"
    assert Decimal(kit.balance("USDT")["availBal"]) < Decimal(kit.balance("USDT")["eq"])
    kit.wait(1)
    closing = kit.post("trade/close-position", instId=SWAP, mgnMode="cross")
    assert closing.item == {"clOrdId": "", "instId": SWAP, "posSide": "net", "tag": ""}
    assert kit.get("account/positions").data == []
    history = kit.get("account/positions-history").item
    assert (history["closeTotalPos"], history["openAvgPx"], history["closeAvgPx"]) == ("2", "50010", "49990")
    assert (history["pnl"], history["direction"]) == ("-0.4", "long")
    assert kit.post("trade/close-position", instId=SWAP, mgnMode="cross").error == (
        200,
        "51023",
        "Position doesn't exist.",
    )


def test_inverse_swaps_settle_in_base(kit: Kit) -> None:
    order = kit.order(
        kit.post("trade/order", instId=INVERSE, tdMode="cross", side="sell", ordType="market", sz="10").item["ordId"],
        INVERSE,
    )
    assert (order["feeCcy"], order["avgPx"]) == ("BTC", "49990")
    held = kit.get("account/positions", instId=INVERSE).item
    assert (held["pos"], held["ccy"]) == ("-10", "BTC")


def test_long_short_mode() -> None:
    kit = Kit(knobs={"position_mode": "long_short_mode"})
    assert kit.get("account/config").item["posMode"] == "long_short_mode"
    assert kit.swap("buy", "1").error == (200, "51000", "Parameter posSide error")
    assert kit.swap("buy", "1", posSide="long").code == "0"
    assert kit.swap("sell", "1", posSide="short").code == "0"
    assert [(one["posSide"], one["pos"]) for one in kit.get("account/positions").data] == [
        ("long", "1"),
        ("short", "1"),
    ]
    assert kit.post("account/set-position-mode", posMode="net_mode").code == "59000"
    assert kit.swap("sell", "1", posSide="long").code == "0"
    assert [one["subType"] for one in kit.get("trade/fills").data] == ["5", "4", "3"]


def test_isolated_margin_and_leverage(kit: Kit) -> None:
    info = kit.post("account/set-leverage", instId=SWAP, lever="10", mgnMode="isolated").item
    assert info == {"instId": SWAP, "lever": "10", "mgnMode": "isolated", "posSide": "net"}
    assert kit.get("account/leverage-info", instId=SWAP, mgnMode="isolated").item["lever"] == "10"
    assert kit.post("account/set-leverage", instId=SWAP, lever="101", mgnMode="isolated").code == "59102"
    kit.swap("buy", "2", tdMode="isolated")
    held = kit.get("account/positions").item
    assert (held["mgnMode"], held["margin"]) == ("isolated", "100.02")
    more = kit.post("account/position/margin-balance", instId=SWAP, posSide="net", type="add", amt="10")
    assert more.code == "0"
    assert kit.get("account/positions").item["margin"] == "110.02"
    assert kit.swap("buy", "1", tdMode="cross").error[1] == "51010"


def test_reduce_only(kit: Kit) -> None:
    text = "Order failed because you don't have any positions in this direction for this contract to reduce or close."
    assert kit.swap("sell", "1", reduceOnly=True).error == (200, "51169", text)
    kit.swap("buy", "1")
    assert kit.order(kit.swap("sell", "5", reduceOnly=True).item["ordId"], SWAP)["accFillSz"] == "1"


# ----------------------------------------------------------------------- pages
def test_pages_go_back_by_id(kit: Kit) -> None:
    ids = [kit.limit("40000", "0.01").item["ordId"] for _ in range(5)]

    def listed(**params: Any) -> list[str]:
        return [one["ordId"] for one in kit.get("trade/orders-pending", **params).data]

    assert listed() == ids[::-1]
    assert listed(limit=2) == [ids[4], ids[3]]
    assert listed(limit=2, after=ids[3]) == [ids[2], ids[1]]
    assert listed(limit=2, before=ids[1]) == [ids[3], ids[2]]
    assert kit.get("trade/orders-pending", limit=0).code == "51000"


def test_trades_in_pages(kit: Kit) -> None:
    for _ in range(3):
        kit.place(side="buy", ordType="market", sz="0.01", tgtCcy="base_ccy")
        kit.wait(1)
    fills = kit.get("trade/fills-history", instType="SPOT").data
    assert [one["tradeId"] for one in fills] == ["242000003", "242000002", "242000001"]
    assert {"fillPx": "50010", "fillSz": "0.01", "fee": "-0.00001", "feeCcy": "BTC", "execType": "T"}.items() <= fills[
        0
    ].items()
    older = kit.get("trade/fills", after=fills[0]["billId"], limit=1).item
    assert older == fills[1]
    assert kit.get("trade/fills-history").code == "50014"
    assert kit.get("trade/fills", ordId=fills[2]["ordId"]).data == [fills[2]]
    bills = kit.get("account/bills").data
    assert [(one["ccy"], one["balChg"]) for one in bills] == [("BTC", "0.00999")] * 3


def test_a_query_may_lag(kit: Kit) -> None:
    before = kit.now
    kit.wait(1)
    order_id = kit.limit("40000", "0.01").item["ordId"]
    assert kit.get("trade/order", as_of=before, instId=SPOT, ordId=order_id).code == "51603"
    assert kit.get("trade/orders-pending", as_of=before).data == []
    whole = kit.get("account/balance", as_of=before, ccy="USDT").item["details"][0]
    assert (whole["ordFrozen"], whole["availBal"]) == ("0", "100000")


# ---------------------------------------------------------------------- errors
def refused(answer: Answer) -> str:
    return answer.error[1]


def test_what_is_wrong_with_an_order(kit: Kit) -> None:
    good: dict[str, Any] = spot(side="buy", ordType="limit", px="40000", sz="0.01")
    for changes, code in (
        ({"instId": "NO-SUCH"}, "51001"),
        ({"instId": ""}, "50014"),
        ({"side": "both"}, "51000"),
        ({"tdMode": "none"}, "51000"),
        ({"ordType": "magic"}, "51000"),
        ({"sz": "0.000001"}, "51020"),
        ({"sz": "0.000010001"}, "51121"),
        ({"sz": "-1"}, "51000"),
        ({"sz": "NaN"}, "51000"),
        ({"px": "40000.05"}, "51000"),
        ({"px": ""}, "50014"),
        ({"px": "60000", "sz": "1"}, "51137"),
        ({"px": "40000", "side": "sell"}, "51138"),
        ({"sz": "1000"}, "51203"),
        ({"clOrdId": "with-hyphen"}, "51000"),
        ({"clOrdId": "x" * 33}, "51000"),
        ({"tag": "x" * 17}, "51000"),
        ({"stpMode": "cancel_both", "ordType": "fok"}, "54036"),
    ):
        assert refused(kit.post("trade/order", good | changes)) == code, changes
    assert kit.get("trade/orders-pending").data == []
    limit = kit.public("public/price-limit", instId=SPOT).item
    assert (limit["buyLmt"], limit["sellLmt"]) == ("52500", "47500")
    answer = kit.post("trade/order", good | {"px": "60000", "sz": "1"})
    assert answer.error == (200, "51137", "The highest price limit for buy orders is 52500.")


def test_numbers_may_come_as_numbers(kit: Kit) -> None:
    answer = kit.post("trade/order", spot(side="buy", ordType="limit", px=40000.1, sz=0.01, extra={"ignored": [1]}))
    assert kit.order(answer.item["ordId"])["px"] == "40000.1"
    assert json.loads(answer.call.params["extra"]) == {"ignored": [1]}


def test_rate_limits(kit: Kit) -> None:
    for _ in range(60):
        assert kit.get("trade/order", instId=SPOT, ordId="1").code == "51603"
    assert kit.get("trade/order", instId=SPOT, ordId="1").body == {"msg": "Too Many Requests", "code": "50011"}
    assert kit.get("trade/order", instId=SWAP, ordId="1").code == "51603"
    kit.wait(2)
    assert kit.get("trade/order", instId=SPOT, ordId="1").code == "51603"


def test_the_rate_of_the_sub_account() -> None:
    kit = Kit(knobs={"rate_factor": 100.0, "rate_status": 200})
    one = spot(side="buy", ordType="limit", px="40000", sz="0.00001")
    for _ in range(50):
        assert kit.post("trade/batch-orders", [one] * 20).code == "0"
    assert kit.post("trade/batch-orders", [one]).error[1] == "50061"
    assert kit.public("public/time").status == 200


def test_knob_of_the_rate_answer() -> None:
    kit = Kit(knobs={"rate_factor": 0.01, "rate_status": 200})
    assert kit.public("public/time").error[:2] == (200, "50011")


def test_a_market_order_is_cut_where_the_knob_says_so() -> None:
    sent = {"side": "sell", "ordType": "market", "sz": "3"}
    assert refused(Kit().place(**sent)) == "51008"
    kit = Kit(knobs={"shrinks_market_orders": True})
    order = kit.order(kit.place(**sent).item["ordId"])
    assert (order["state"], order["accFillSz"]) == ("filled", "2")


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("rate", 429, "50011"), ("ban", 200, "50121"), ("funds", 200, "51008"), ("closed", 200, "51022"),
        ("permission", 200, "50120"), ("filter", 200, "51121"), ("busy", 429, "50013"), ("code_1006", 400, "50004"),
        ("code_1007", 500, "51149"),
    ],
)  # fmt: skip
def test_refusals_that_faults_inject(kit: Kit, reason: str, status: int, code: str) -> None:
    call = kit.venue.read(
        kit.request("POST", "trade/order", spot(side="buy", ordType="limit", px="4", sz="1", clOrdId="a"))
    )
    answer = kit.venue.refusal(reason, kit.now, call=call)
    body = json.loads(answer.body)
    assert (answer.status, body["data"][0]["sCode"] if body["code"] == "1" else body["code"]) == (status, code)
    reading = kit.venue.interpret(answer.status, {}, answer.body, kit.now)
    assert reading.outcome == ("ambiguous" if reason.startswith("code") else "definite")
    with pytest.raises(ValueError, match="unknown"):
        kit.venue.refusal("nonsense", kit.now)


# ------------------------------------------------------------------ public data
def test_public_data(kit: Kit) -> None:
    assert [one["instId"] for one in kit.public("public/instruments", instType="SPOT").data] == ["BTC-USDT", "ETH-USDT"]
    assert kit.public("public/instruments", instType="OPTION").data == []
    assert kit.public("public/instruments").code == "50014"
    assert kit.public("public/instruments", instType="SWAP", instId=SPOT).code == "51015"
    book = kit.public("market/books", instId=SPOT, sz=3).item
    assert len(book["bids"]) == len(book["asks"]) == 3
    assert book["bids"][0][0] == "49990"
    assert book["bids"][0][2:] == ["0", "1"]
    assert kit.public("market/ticker", instId=SPOT).item["askPx"] == "50010"
    assert kit.public("public/mark-price", instType="SWAP", instId=SWAP).item["markPx"] == "50000"
    assert kit.public("public/funding-rate", instId=SWAP).item["fundingTime"] == str(EPOCH // 1_000_000 + 28_800_000)
    tiers = kit.public("public/position-tiers", instType="SWAP", tdMode="cross", instFamily="BTC-USDT").data
    assert tiers[0]["maxLever"] == "100"
    assert kit.public("system/status").data == []
    assert kit.public("market/candles", instId=SPOT).data[0][1:5] == ["50010"] * 4
