"""Orders over REST: acks and what becomes of them, amends, cancels, batches, and every refusal in Bybit's words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bybit_kit import LINEAR, MS, SECOND, SPOT, Kit

from outtrade_mocks.venues.bybit.reference import listing

PLACE = "/v5/order/create"
NOTHING_LEFT = "EC_NoImmediateQtyToFill"


def test_an_ack_has_ids_and_nothing_else(kit: Kit) -> None:
    answer = kit.place(price="40000", orderLinkId="mine")
    assert (answer.status, answer.code, answer.data["retMsg"]) == (200, 0, "OK")
    assert set(answer.result) == {"orderId", "orderLinkId"}
    assert answer.data["time"] == kit.now // MS and answer.data["retExtInfo"] == {}
    row = kit.order(answer.result["orderId"])
    assert (row["orderStatus"], row["orderLinkId"], row["price"], row["qty"]) == ("New", "mine", "40000.00", "0.010")
    assert (row["leavesQty"], row["leavesValue"], row["avgPrice"]) == ("0.010", "400", "")


def test_contracts_have_uuids_and_no_name_spot_has_numbers(kit: Kit) -> None:
    contract, spot = kit.placed(price="40000"), kit.placed("spot", price="40000")
    assert len(contract) == 36 and spot.isdigit() and len(spot) == 19
    assert kit.order(contract)["orderLinkId"] == ""
    assert kit.order(spot, "spot")["orderLinkId"].isdigit()
    assert [row["orderId"] for row in kit.open("linear")] == [contract]
    assert kit.get("/v5/order/realtime", category="spot", symbol="BTCUSDT", orderId=contract).rows == []


def test_market_orders_and_their_money(kit: Kit) -> None:
    row = kit.order(kit.placed("spot", qty="1000"), "spot")
    assert (row["orderStatus"], row["marketUnit"], row["timeInForce"]) == ("Filled", "quoteCoin", "IOC")
    assert row["cumExecQty"] == "0.019996" and row["cumExecFee"] == "0.00001999"  # 1000 / 50010, fee in BTC
    row = kit.order(kit.placed("spot", qty="0.02", marketUnit="baseCoin"), "spot")
    assert (row["cumExecQty"], row["cumExecValue"]) == ("0.020000", "1000.2")
    row = kit.order(kit.placed("spot", "Sell", qty="0.02"), "spot")
    assert row["cumFeeDetail"] == {"USDT": "0.9998"}
    row = kit.order(kit.placed("spot", "Sell", qty="1000", marketUnit="quoteCoin"), "spot")
    assert float(row["cumExecValue"]) == pytest.approx(1000, abs=0.1)
    row = kit.order(kit.placed("linear", qty="0.02"))
    assert row["cumFeeDetail"] == {"USDT": "0.55011"} and row["price"] == "52500.00"
    row = kit.get("/v5/order/realtime", category="inverse", symbol="BTCUSD", orderId=kit.post(
        PLACE, category="inverse", symbol="BTCUSD", side="Buy", orderType="Market", qty="1000"
    ).result["orderId"]).rows[0]  # fmt: skip
    assert (row["avgPrice"], row["cumExecValue"]) == ("50010", "0.019996")


@pytest.mark.parametrize(
    ("category", "change", "status", "reason"),
    [
        ("linear", {"price": "60000", "timeInForce": "PostOnly"}, "Cancelled", "EC_PostOnlyWillTakeLiquidity"),
        ("spot", {"price": "60000", "timeInForce": "PostOnly"}, "Cancelled", "EC_PostOnlyWillTakeLiquidity"),
        ("linear", {"price": "40000", "timeInForce": "IOC"}, "Cancelled", NOTHING_LEFT),
        ("linear", {"price": "50010", "qty": "5", "timeInForce": "FOK"}, "Cancelled", "EC_NoEnoughQtyToFill"),
        ("spot", {"price": "50010", "qty": "1.5", "timeInForce": "IOC"}, "PartiallyFilledCanceled", NOTHING_LEFT),
        ("linear", {"price": "50010", "qty": "1.5", "timeInForce": "IOC"}, "Cancelled", NOTHING_LEFT),
    ],
)  # fmt: skip
def test_accepted_first_and_ended_later(
    kit: Kit, category: str, change: dict[str, Any], status: str, reason: str
) -> None:
    row = kit.order(kit.placed(category, **change), category)
    assert (row["orderStatus"], row["rejectReason"], row["leavesQty"]) == (status, reason, row["leavesQty"])
    assert float(row["leavesQty"]) == 0


def test_a_link_id_is_unique_for_ever_or_among_open_orders(kit: Kit, make_kit: Callable[..., Kit]) -> None:
    for category, code in (("linear", 110072), ("spot", 170141)):
        first = kit.placed(category, price="40000", orderLinkId=f"{category}-1")
        again = kit.place(category, price="41000", orderLinkId=f"{category}-1")
        assert again.code == code
        kit.post("/v5/order/cancel", category=category, symbol="BTCUSDT", orderId=first)
        assert kit.place(category, price="41000", orderLinkId=f"{category}-1").code == code, "closed, and still taken"
    other = make_kit(knobs={"id_reuse": "open_only"})
    other.placed(price="60000", orderLinkId="twice")  # fills
    assert other.place(price="40000", orderLinkId="twice").code == 0
    assert other.place(price="40000", orderLinkId="twice").code == 110072


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("linear", {"symbol": "NOPE"}, 10001, "params error: symbol invalid"),
    ("spot", {"symbol": "NOPE"}, 170121, "Invalid symbol."),
    ("linear", {"side": "buy"}, 10001, "params error: side invalid"),
    ("spot", {"side": "buy"}, 170117, "Invalid side."),
    ("spot", {"orderType": "limit"}, 170116, "Invalid orderType."),
    ("spot", {"timeInForce": "DAY"}, 170115, "Invalid timeInForce."),
    ("linear", {"timeInForce": "DAY"}, 10001, "params error: timeInForce invalid"),
    ("spot", {"qty": "0.0000001"}, 170137, "Order volume decimal too long"),
    ("spot", {"qty": "0"}, 170136, "Order quantity lower than the minimum."),
    ("spot", {"qty": "84"}, 170135, "Order quantity too large."),
    ("spot", {"price": "40000.01"}, 170134, "Order price decimal too long."),
    ("spot", {"qty": "0.0001"}, 170140, "Order value exceeded lower limit."),
    ("spot", {"qty": "3"}, 170131, "Insufficient balance."),
    ("spot", {"orderFilter": "Nope"}, 170201, "Invalid orderFilter parameter"),
    ("spot", {"orderFilter": "StopOrder"}, 170202, "Please enter the TP/SL price."),
    ("linear", {"qty": "0.0001"}, 10001, "params error: qty invalid"),
    ("linear", {"qty": 0.01}, 10001, "params error: qty invalid"),
    ("linear", {"qty": "2000"}, 10001, "The number of contracts exceeds maximum limit allowed: too large"),
    ("linear", {"price": "40000.001"}, 110003, "Order price exceeds the allowable range."),
    ("linear", {"qty": "0.001", "price": "4000"}, 110094, "Order notional value below the lower limit"),
    ("linear", {"qty": "30"}, 110007, "Available balance is insufficient"),
    ("linear", {"reduceOnly": True}, 110017, "orderQty will be truncated to zero."),
    ("linear", {"positionIdx": 1}, 10001, "position idx not match position mode"),
    ("linear", {"positionIdx": 7}, 10001, "params error: positionIdx invalid"),
    ("linear", {"triggerPrice": "45000"}, 10001, "params error: triggerDirection invalid"),
    ("linear", {"triggerPrice": "45000", "triggerDirection": 1}, 110092, "expect Rising, but trigger_price[45000.00]"),
    ("linear", {"triggerPrice": "55000", "triggerDirection": 2}, 110093, "expect Falling, but trigger_price[55000.00]"),
    ("linear", {"orderLinkId": "x" * 37}, 10001, "params error: orderLinkId invalid"),
    ("linear", {"takeProfit": "39000"}, 10001, "params error: TakeProfit"),
    ("linear", {"stopLoss": "38000", "tpslMode": "Full", "slOrderType": "Limit"}, 10001, "params error: tpOrderType"),
    ("nope", {}, 10001, "Illegal category"),
    ("option", {}, 10001, "params error: symbol invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("category", "change", "code", "text"), REFUSED)
def test_what_is_refused(kit: Kit, category: str, change: dict[str, Any], code: int, text: str) -> None:
    before = kit.venue.truth()
    answer = kit.place(category, **({"price": "40000"} | change))
    assert (answer.status, answer.code) == (200, code), answer.data
    assert answer.data["retMsg"].startswith(text), answer.data
    assert kit.venue.truth() == before and kit.truths == []


def test_a_refusal_is_read_by_its_class(kit: Kit) -> None:
    classes = {110007: "funds", 170131: "funds", 110072: "duplicate", 170141: "duplicate", 110001: "unknown_order"}
    for code, name in classes.items():
        reading = kit.venue.interpret(200, {}, b'{"retCode":%d,"retMsg":"x","result":{}}' % code, kit.now)
        assert (reading.outcome, reading.error) == ("definite", name)
    for code in (10000, 10016, 170007, 170146, 110079):
        assert kit.venue.interpret(200, {}, b'{"retCode":%d,"retMsg":"x"}' % code, kit.now).outcome == "ambiguous"
    assert kit.venue.interpret(403, {}, b"access too frequent", kit.now).error == "ban"
    assert kit.venue.interpret(200, {}, b"[]", kit.now).outcome == "ambiguous"


# ---------------------------------------------------------------- amend, cancel
@pytest.mark.parametrize("category", ["linear", "spot"])
def test_amend_keeps_the_id(kit: Kit, category: str) -> None:
    wire = kit.placed(category, price="40000", orderLinkId="am")
    answer = kit.post(
        "/v5/order/amend", category=category, symbol="BTCUSDT", orderLinkId="am", price="41000", qty="0.02"
    )
    assert answer.result == {"orderId": wire, "orderLinkId": "am"}
    row = kit.order(wire, category)
    assert (float(row["price"]), float(row["qty"]), row["orderStatus"]) == (41000, 0.02, "New")
    same = kit.post("/v5/order/amend", category=category, symbol="BTCUSDT", orderId=wire, price="41000")
    assert (same.code, same.data["retMsg"]) == (10001, "order not modified")
    gone = kit.post("/v5/order/amend", category=category, symbol="BTCUSDT", orderId="123456789", price="41000")
    assert gone.code == (170213 if category == "spot" else 110001)
    if category == "linear":
        assert gone.data["retMsg"] == "order not exists or too late to replace"


def test_amend_below_what_is_filled(kit: Kit) -> None:
    wire = kit.placed(price="49995", qty="0.02")
    assert kit.venue.fill(wire, Decimal("0.5"))
    low = kit.post("/v5/order/amend", category="linear", symbol="BTCUSDT", orderId=wire, qty="0.005")
    assert low.code == 110064
    assert kit.order(wire)["orderStatus"] == "PartiallyFilled"


def test_cancel_says_what_it_cannot_find(kit: Kit) -> None:
    wire = kit.placed(price="40000", orderLinkId="c-1")
    assert kit.post("/v5/order/cancel", category="linear", symbol="BTCUSDT").code == 10001
    done = kit.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=wire, orderLinkId="other")
    assert done.result == {"orderId": wire, "orderLinkId": "c-1"}, "orderId goes first"
    row = kit.order(wire)
    assert (row["orderStatus"], row["cancelType"], row["leavesQty"]) == ("Cancelled", "CancelByUser", "0.000")
    again = kit.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=wire)
    assert (again.code, again.data["retMsg"]) == (110001, "order not exists or too late to cancel")
    spot, filled = kit.placed("spot", price="40000"), kit.placed("spot", qty="100")
    kit.post("/v5/order/cancel", category="spot", symbol="BTCUSDT", orderId=spot)
    for wire, code in ((spot, 170142), (filled, 170139), ("1", 170213)):
        assert kit.post("/v5/order/cancel", category="spot", symbol="BTCUSDT", orderId=wire).code == code


def test_a_spot_cancel_knows_its_filter(kit: Kit) -> None:
    stop = kit.placed("spot", "Sell", price="44000", triggerPrice="45000", orderFilter="StopOrder")
    wrong = kit.post("/v5/order/cancel", category="spot", symbol="BTCUSDT", orderId=stop, orderFilter="Order")
    assert wrong.code == 170213
    right = kit.post("/v5/order/cancel", category="spot", symbol="BTCUSDT", orderId=stop, orderFilter="StopOrder")
    assert right.code == 0 and kit.order(stop, "spot")["orderStatus"] == "Deactivated"


def test_cancel_all(kit: Kit) -> None:
    plain = [kit.placed(price=price) for price in ("40000", "41000")]
    stop = kit.placed(price="44000", side="Sell", triggerPrice="45000", triggerDirection=2)
    some = kit.post("/v5/order/cancel-all", category="linear", symbol="BTCUSDT", orderFilter="StopOrder")
    assert [row["orderId"] for row in some.rows] == [stop] and some.result["success"] == "1"
    rest = kit.post("/v5/order/cancel-all", category="linear", settleCoin="USDT")
    assert [row["orderId"] for row in rest.rows] == plain
    assert kit.post("/v5/order/cancel-all", category="linear", symbol="BTCUSDT").rows == []
    assert kit.post("/v5/order/cancel-all", category="linear").code == 10001
    assert kit.post("/v5/order/cancel-all", category="spot").rows == []


def test_batches_fail_item_by_item(kit: Kit) -> None:
    items = [
        {
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Limit",
            "qty": "0.01",
            "price": "40000",
            "orderLinkId": "b-1",
        },
        {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0", "price": "40000", "orderLinkId": "b-2"},
        "nonsense",
    ]
    answer = kit.post("/v5/order/create-batch", category="linear", request=items)
    assert [row["code"] for row in answer.data["retExtInfo"]["list"]] == [0, 10001, 10001]
    first, second, third = answer.rows
    assert first["createAt"] == str(kit.now // MS) and len(first["orderId"]) == 36
    assert (second["orderId"], second["orderLinkId"], second["createAt"], third["symbol"]) == ("", "b-2", "", "")
    changes = [
        {"symbol": "BTCUSDT", "orderLinkId": "b-1", "price": "41000"},
        {"symbol": "BTCUSDT", "orderId": "1", "qty": "1"},
    ]
    answer = kit.post("/v5/order/amend-batch", category="linear", request=changes)
    assert [row["code"] for row in answer.data["retExtInfo"]["list"]] == [0, 110001]
    answer = kit.post("/v5/order/cancel-batch", category="linear", request=changes)
    assert [row["code"] for row in answer.data["retExtInfo"]["list"]] == [0, 110001]
    assert kit.open() == []
    kit.now += SECOND
    assert kit.post("/v5/order/create-batch", category="linear", request="no").code == 10001
    assert kit.post("/v5/order/create-batch", category="linear", request=[items[0]] * 21).code == 10001


# ------------------------------------------------------------------ conditional
@pytest.mark.parametrize(
    ("side", "direction", "trigger", "reach"),
    [
        ("Sell", 2, "49000", "48990"),
        ("Sell", 1, "51000", "51010"),
        ("Buy", 1, "51000", "51010"),
        ("Buy", 2, "49000", "48990"),
    ],
)
def test_a_conditional_order_waits_for_its_side(kit: Kit, side: str, direction: int, trigger: str, reach: str) -> None:
    before = kit.wallet("USDT")
    wire = kit.placed(side=side, triggerPrice=trigger, triggerDirection=direction)
    row = kit.order(wire)
    assert (row["orderStatus"], row["stopOrderType"], row["triggerDirection"]) == ("Untriggered", "Stop", direction)
    assert (row["triggerBy"], row["createType"]) == ("LastPrice", "CreateByStopOrder")
    assert kit.wallet("USDT") == before, "it occupies no margin"
    kit.to(reach)
    assert kit.order(wire)["orderStatus"] == "Filled"
    assert [row["orderStatus"] for row in kit.events("order") if row["orderId"] == wire] == [
        "Untriggered", "Triggered", "New", "Filled",
    ]  # fmt: skip


def test_by_mark_price(kit: Kit) -> None:
    wire = kit.placed(side="Sell", triggerPrice="49000", triggerDirection=2, triggerBy="MarkPrice")
    kit.to("48990")
    kit.venue.desk.exchange.publish(LINEAR, mark=kit.venue.desk.exchange.instrument(LINEAR).ticks(Decimal("48000")))
    assert kit.order(wire)["orderStatus"] == "Filled"


def test_spot_conditional_orders_take_their_side_from_the_market(kit: Kit) -> None:
    below = kit.placed("spot", "Sell", triggerPrice="49000", orderFilter="StopOrder")
    above = kit.placed("spot", "Sell", triggerPrice="51000", orderFilter="tpslOrder")
    assert (kit.order(above, "spot")["stopOrderType"], kit.order(below, "spot")["orderStatus"]) == (
        "tpslOrder",
        "Untriggered",
    )
    kit.to("48990", SPOT)
    assert (kit.order(below, "spot")["orderStatus"], kit.order(above, "spot")["orderStatus"]) == (
        "Filled",
        "Untriggered",
    )


def test_a_tpsl_order_occupies_its_assets_and_a_stop_order_does_not(kit: Kit) -> None:
    kit.placed("spot", "Sell", qty="0.5", triggerPrice="45000", orderFilter="StopOrder")
    assert kit.wallet("BTC")["locked"] == "0"
    wire = kit.placed("spot", "Sell", qty="0.5", triggerPrice="45000", orderFilter="tpslOrder")
    assert kit.wallet("BTC")["locked"] == "0.5"
    assert kit.place("spot", "Sell", qty="1.8", triggerPrice="46000", orderFilter="tpslOrder").code == 170131
    kit.post("/v5/order/cancel", category="spot", symbol="BTCUSDT", orderId=wire)
    assert kit.wallet("BTC")["locked"] == "0"


def test_money_that_is_missing_when_it_triggers(kit: Kit) -> None:
    wire = kit.placed("spot", price="51000", qty="1.9", triggerPrice="51000")
    kit.placed("spot", price="40000", qty="2")
    kit.to("51010", SPOT)
    assert kit.order(wire, "spot")["orderStatus"] == "Rejected"


# ---------------------------------------------------------------------- queries
def test_pages(kit: Kit) -> None:
    ids = [kit.placed(price=str(40000 + number)) for number in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        answer = kit.get("/v5/order/realtime", category="linear", symbol="BTCUSDT", limit=2, cursor=cursor)
        seen += [row["orderId"] for row in answer.rows]
        cursor = answer.result["nextPageCursor"]
    assert seen == ids[::-1] and cursor == ""
    assert kit.get("/v5/order/realtime", category="linear", symbol="BTCUSDT", cursor="junk").code == 10001


def test_open_closed_and_history(kit: Kit) -> None:
    first, second = kit.placed(price="40000"), kit.placed(price="60000")
    assert [row["orderId"] for row in kit.open()] == [first]
    closed = kit.get("/v5/order/realtime", category="linear", symbol="BTCUSDT", openOnly=1)
    assert [row["orderId"] for row in closed.rows] == [second]
    history = kit.get("/v5/order/history", category="linear")
    assert [row["orderId"] for row in history.rows] == [second]
    assert kit.get("/v5/order/history", category="linear", orderStatus="Cancelled").rows == []
    assert kit.get("/v5/order/history", category="linear", startTime=1, endTime=10**12).code == 10001
    assert kit.get("/v5/order/realtime", category="linear").code == 10001
    assert len(kit.get("/v5/order/realtime", category="linear", settleCoin="USDT").rows) == 1


def test_reads_lag(kit: Kit) -> None:
    before = kit.now
    kit.now += SECOND
    wire = kit.placed(price="60000")
    late = kit.get("/v5/order/realtime", as_of=before, category="linear", symbol="BTCUSDT", orderId=wire)
    assert late.rows == [] and late.code == 0
    assert kit.get("/v5/execution/list", as_of=before, category="linear").rows == []
    assert kit.get("/v5/position/list", as_of=before, category="linear", symbol="BTCUSDT").rows[0]["size"] == "0.000"


def test_executions(kit: Kit) -> None:
    wire = kit.placed(qty="1", orderLinkId="big")
    rows = kit.get("/v5/execution/list", category="linear", orderLinkId="big").rows
    assert len(rows) > 1 and sum(float(row["execQty"]) for row in rows) == pytest.approx(1)
    assert {row["orderId"] for row in rows} == {wire} and len({row["execId"] for row in rows}) == len(rows)
    assert rows[0]["leavesQty"] == "0.000", "newest first"
    assert all(row["feeRate"] == "0.00055" and row["feeCurrency"] == "USDT" and not row["isMaker"] for row in rows)
    assert kit.get("/v5/execution/list", category="spot").rows == []
    kit.placed(side="Sell", qty="1.5")
    newest = kit.get("/v5/execution/list", category="linear").rows
    assert sum(float(row["closedSize"]) for row in newest[: len(newest) - len(rows)]) == pytest.approx(1)


def test_pre_check_places_nothing(kit: Kit) -> None:
    answer = kit.post(
        "/v5/order/pre-check",
        category="linear",
        symbol="BTCUSDT",
        side="Buy",
        orderType="Limit",
        qty="1",
        price="50000",
    )
    assert answer.result["postImrE4"] > answer.result["preImrE4"] == 0
    assert kit.open() == []
    quota = kit.get("/v5/order/spot-borrow-check", category="spot", symbol="BTCUSDT", side="Buy")
    assert quota.result["maxTradeAmount"] == "100000" and quota.result["borrowCoin"] == "USDT"


# -------------------------------------------------------------------- reference
def test_many_symbols_are_listed_when_they_are_needed(make_kit: Callable[..., Kit]) -> None:
    own = {name: listing(name).raw for name in (SPOT, LINEAR)}
    raws: dict[str, Any] = {}
    for number in range(50):
        name = {"baseCoin": f"C{number}", "symbol": f"C{number}USDT"}
        raws |= {f"C{number}/USDT": own[SPOT] | name, f"C{number}/USDT:USDT": own[LINEAR] | name}
    fees = {"C7/USDT": ["0.0005", "0.0007"]}
    kit = make_kit(symbols=list(raws), markets={}, reference={"listings": raws, "fees": fees})
    exchange = kit.venue.desk.exchange
    assert len(exchange.instruments) == 0
    assert kit.place("linear", symbol="C3USDT", price="40000").code == 0
    assert set(exchange.instruments) == {"C3/USDT:USDT"}
    assert len(kit.get("/v5/market/tickers", category="spot").rows) == 50
    assert len(exchange.instruments) == 51
    [rate] = kit.get("/v5/account/fee-rate", category="spot", symbol="C7USDT").rows
    assert (rate["makerFeeRate"], rate["takerFeeRate"]) == ("0.0005", "0.0007")
    pages = kit.get("/v5/market/instruments-info", category="linear", limit=30)
    assert len(pages.rows) == 30 and pages.result["nextPageCursor"]


def test_reference_data_that_cannot_be_played(make_kit: Callable[..., Kit]) -> None:
    raw = listing(SPOT).raw
    for bad in ({}, raw | {"priceFilter": {"tickSize": "0"}}, raw | {"lotSizeFilter": 5}, raw | {"baseCoin": "ETH"}):
        with pytest.raises(ValueError, match="reference data of BTC/USDT"):
            make_kit(symbols=[SPOT], markets={}, reference={"listings": {SPOT: bad}})
    with pytest.raises(ValueError, match="does not list"):
        make_kit(symbols=["NOPE/USDT"], markets={})
