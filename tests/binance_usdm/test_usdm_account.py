"""Algo orders, positions, margin, funding, liquidation, and what the account is told of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from usdm_kit import BTC, EPOCH, SECOND, Kit

HOUR = 3600


# --------------------------------------------------------------- algo orders
def test_a_stop_becomes_an_order_with_an_id_of_its_own(kit: Kit) -> None:
    kit.market(quantity="0.1")
    stop = kit.algo("STOP_MARKET", triggerPrice="49000", closePosition="true", workingType="MARK_PRICE").data
    assert (stop["algoStatus"], stop["quantity"], stop["closePosition"]) == ("NEW", "0.000", True)
    assert kit.get("/fapi/v1/openOrders").data == []
    assert kit.get("/fapi/v1/order", symbol="BTCUSDT", orderId=stop["algoId"]).code == -2013
    assert kit.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=stop["algoId"]).code == -2011
    seen = len(kit.pushes)
    kit.move("48900")
    told = [(event["e"], event["o"]["X"]) for event in kit.events()[seen:] if event["e"] in ("ALGO_UPDATE",)]
    assert told == [("ALGO_UPDATE", "TRIGGERING"), ("ALGO_UPDATE", "TRIGGERED"), ("ALGO_UPDATE", "FINISHED")]
    algo = kit.get("/fapi/v1/algoOrder", algoId=stop["algoId"]).data
    assert (algo["algoStatus"], algo["actualQty"]) == ("FINISHED", "0.100")
    order = kit.get("/fapi/v1/order", symbol="BTCUSDT", orderId=algo["actualOrderId"]).data
    assert (order["status"], order["type"], order["origType"]) == ("FILLED", "MARKET", "STOP_MARKET")
    assert int(algo["actualOrderId"]) != stop["algoId"]
    assert kit.ask("DELETE", "/fapi/v1/algoOrder", algoId=stop["algoId"]).code == -2011


def test_the_mark_price_moves_with_the_market_once_somebody_waits_for_it(make_kit: Any) -> None:
    path = {"points": [[0, "50000"], [60, "48000"]]}
    kit: Kit = make_kit(markets={BTC: _market() | {"path": path}})
    kit.algo("STOP_MARKET", triggerPrice="49000", quantity="0.01", workingType="MARK_PRICE")
    kit.wait(70)
    (algo,) = kit.get("/fapi/v1/allAlgoOrders", symbol="BTCUSDT").data
    assert algo["algoStatus"] == "FINISHED"
    assert 25 <= (algo["triggerTime"] - EPOCH // 1_000_000) / 1000 <= 40


def _market() -> dict[str, Any]:
    from usdm_kit import MARKETS

    return MARKETS[BTC] | {"maker_rate": 1.0}


def test_a_trailing_stop_follows_the_price(kit: Kit) -> None:
    fields = {"callbackRate": "1", "activatePrice": "51000", "quantity": "0.01", "workingType": "MARK_PRICE"}
    made = kit.algo("TRAILING_STOP_MARKET", **fields).data
    assert (made["callbackRate"], made["activatePrice"]) == ("1.0", "51000.00")
    for price, status in (("50900", "NEW"), ("52000", "NEW"), ("51500", "NEW"), ("51480", "FINISHED")):
        kit.move(price)
        assert kit.get("/fapi/v1/algoOrder", algoId=made["algoId"]).data["algoStatus"] == status, price


def test_algo_orders_that_are_refused(kit: Kit) -> None:
    stop = {"triggerPrice": "49000", "quantity": "0.01"}
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("LIMIT", stop, -1116),
        ("STOP_MARKET", {"triggerPrice": "60000", "quantity": "0.01"}, -2021),
        ("STOP_MARKET", {"quantity": "0.01"}, -1102),
        ("STOP_MARKET", stop | {"closePosition": "true"}, -4137),
        ("STOP", stop, -1102),
        ("STOP", {"triggerPrice": "49000", "price": "49000", "closePosition": "true"}, -4136),
        ("STOP", {"triggerPrice": "45000", "price": "42749.9", "quantity": "0.01"}, -4184),
        ("STOP_MARKET", stop | {"workingType": "INDEX"}, -4031),
        ("STOP_MARKET", stop | {"algoType": "VP"}, -1130),
        ("TRAILING_STOP_MARKET", {"callbackRate": "0.05", "quantity": "0.01"}, -2007),
        ("TRAILING_STOP_MARKET", {"callbackRate": "1", "quantity": "0.01", "activatePrice": "0"}, -4135),
        ("TAKE_PROFIT_MARKET", {"triggerPrice": "0", "quantity": "0.01"}, -4006),
    ]
    for kind, params, code in cases:
        answer = kit.algo(kind, **params)
        assert (answer.status, answer.code) == (400, code), (kind, params, answer.data)
    assert kit.get("/fapi/v1/openAlgoOrders").data == []
    assert kit.get("/fapi/v1/algoOrder", algoId=1).code == -2013


def test_a_waiting_order_takes_no_margin_and_is_rejected_where_none_is_left(kit: Kit) -> None:
    free = kit.get("/fapi/v3/balance").data[0]["availableBalance"]
    kit.algo("STOP_MARKET", "BUY", triggerPrice="51000", quantity="100", workingType="MARK_PRICE")
    assert kit.get("/fapi/v3/balance").data[0]["availableBalance"] == free
    kit.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=1)
    kit.limit("40000", "2.4")
    kit.move("51500")
    (algo,) = kit.get("/fapi/v1/allAlgoOrders", symbol="BTCUSDT").data
    assert algo["algoStatus"] in ("REJECTED", "FINISHED")
    if algo["algoStatus"] == "REJECTED":
        assert kit.events("ALGO_UPDATE")[-1]["o"]["rm"] == "Margin is insufficient."
        assert kit.get("/fapi/v1/allOrders", symbol="BTCUSDT").data[-1]["origType"] == "LIMIT"


# ---------------------------------------------------------- positions, margin
def test_numbers_of_a_position(kit: Kit) -> None:
    kit.market(quantity="0.1")
    kit.move("51000")
    (risk,) = kit.get("/fapi/v3/positionRisk").data
    assert (risk["entryPrice"], risk["breakEvenPrice"], risk["unRealizedProfit"]) == (
        "50010",
        "50035.005",
        "99.00000000",
    )
    assert (risk["notional"], risk["initialMargin"], risk["maintMargin"]) == ("5100", "255", "20.4")
    account = kit.get("/fapi/v3/account").data
    wallet = Decimal(account["totalWalletBalance"])
    assert wallet == Decimal(100_000) - Decimal("2.5005")
    assert Decimal(account["totalMarginBalance"]) == wallet + 99
    assert Decimal(account["availableBalance"]) == wallet + 99 - 255
    every = kit.get("/fapi/v2/account").data
    assert [row["symbol"] for row in every["positions"]] == ["BTCUSDT", "ETHUSDT"]
    assert kit.get("/fapi/v1/adlQuantile").data == [{"symbol": "BTCUSDT", "adlQuantile": {"BOTH": 4}}]


def test_settings_and_what_stands_in_their_way(kit: Kit) -> None:
    def post(path: str, **params: Any) -> Any:
        return kit.ask("POST", f"/fapi/v1/{path}", symbol="BTCUSDT", **params)

    assert post("leverage", leverage=125).data == {
        "leverage": 125,
        "maxNotionalValue": "50000",
        "symbol": "BTCUSDT",
    }
    assert post("leverage", leverage=126).error == (400, -4028, "Leverage 126 is not valid")
    assert post("marginType", marginType="CROSSED").code == -4046
    order = kit.limit("40000", "0.1").data["orderId"]
    assert post("marginType", marginType="ISOLATED").code == -4047
    assert kit.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true").code == -4067
    kit.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order)
    assert post("positionMargin", amount="1", type=1).code == -4054
    assert post("marginType", marginType="ISOLATED").data == {"code": 200, "msg": "success"}
    kit.market(quantity="0.1")
    assert post("marginType", marginType="CROSSED").code == -4048
    assert post("leverage", leverage=5).code == -4161
    assert post("positionMargin", amount="0", type=1).code == -4055
    assert post("positionMargin", amount="1000000", type=1).code == -4050
    assert post("positionMargin", amount="39", type=2).code == -4051
    assert post("positionMargin", amount="100", type=1).data["code"] == 200
    (risk,) = kit.get("/fapi/v3/positionRisk").data
    assert Decimal(risk["isolatedWallet"]) == Decimal("5001") / 125 + 100
    assert kit.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false").code == -4059
    assert kit.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true").code == -1020
    assert kit.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false").code == -4171
    told = kit.events("ACCOUNT_CONFIG_UPDATE")
    assert [event["ac"] for event in told] == [{"s": "BTCUSDT", "l": 125}]


def test_funding_is_paid_and_told(kit: Kit) -> None:
    kit.market(quantity="0.1")
    seen = len(kit.pushes)
    kit.wait(8 * HOUR)
    (event,) = [event for event in kit.events()[seen:] if event["e"] == "ACCOUNT_UPDATE"]
    assert (event["a"]["m"], event["a"]["P"], event["a"]["B"][0]["bc"]) == ("FUNDING_FEE", [], "-0.5")
    rows = kit.get("/fapi/v1/income", incomeType="FUNDING_FEE").data
    assert [(row["income"], row["symbol"]) for row in rows] == [("-0.50000000", "BTCUSDT")]
    everything = kit.get("/fapi/v1/income").data
    total = sum(Decimal(row["income"]) for row in everything)
    assert total == Decimal(kit.get("/fapi/v3/balance").data[0]["balance"])


def test_a_liquidation(make_kit: Any) -> None:
    kit: Kit = make_kit(balances={"USDT": Decimal(1000)})
    kit.now += SECOND
    kit.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    kit.market(quantity="0.5")
    at = Decimal(kit.get("/fapi/v3/positionRisk").data[0]["liquidationPrice"])
    assert 48_000 < at < 50_000
    kit.move("48000")
    assert kit.get("/fapi/v3/positionRisk").data == []
    forced = kit.get("/fapi/v1/forceOrders").data
    assert forced[0]["clientOrderId"].startswith("autoclose-")
    assert kit.get("/fapi/v1/forceOrders", autoCloseType="ADL").data == []
    assert kit.events("MARGIN_CALL")[0]["p"][0]["s"] == "BTCUSDT"
    assert {event["o"]["x"] for event in kit.events("ORDER_TRADE_UPDATE")} >= {"CALCULATED"}


# -------------------------------------------------------------------- events
def test_events_of_a_trade_in_their_order(kit: Kit) -> None:
    order = kit.limit("49000", "0.02").data["orderId"]
    kit.venue.fill(str(order), Decimal("0.5"))
    new, lite, update, account = kit.events()
    assert (new["o"]["x"], lite["e"], update["o"]["x"], account["e"]) == (
        "NEW",
        "TRADE_LITE",
        "TRADE",
        "ACCOUNT_UPDATE",
    )
    body = update["o"]
    assert (body["X"], body["z"], body["L"], body["n"], body["m"]) == (
        "PARTIALLY_FILLED",
        "0.01",
        "49000",
        "0.098",
        True,
    )
    assert account["a"]["P"][0]["pa"] == "0.01"
    assert account["a"]["B"][0]["wb"] == kit.get("/fapi/v3/balance").data[0]["balance"].rstrip("0")


def test_queries_see_the_past(kit: Kit) -> None:
    before = kit.now
    kit.now += SECOND
    order = kit.limit("49000", "0.02").data["orderId"]
    kit.market(quantity="0.1")
    assert kit.ask("GET", "/fapi/v1/order", as_of=before, symbol="BTCUSDT", orderId=order).code == -2013
    for path in ("/fapi/v1/openOrders", "/fapi/v3/positionRisk"):
        assert kit.ask("GET", path, as_of=before).data == [], path
    assert kit.ask("GET", "/fapi/v1/userTrades", as_of=before, symbol="BTCUSDT").data == []
    assert kit.ask("GET", "/fapi/v3/balance", as_of=before).data[0]["balance"] == "100000.00000000"


def test_pages(kit: Kit) -> None:
    ids = []
    for _ in range(5):
        kit.now += SECOND
        ids.append(kit.market(quantity="0.01").data["orderId"])
    page = kit.get("/fapi/v1/allOrders", symbol="BTCUSDT", orderId=ids[1], limit=2).data
    assert [one["orderId"] for one in page] == ids[1:3]
    latest = kit.get("/fapi/v1/allOrders", symbol="BTCUSDT", limit=2).data
    assert [one["orderId"] for one in latest] == ids[3:]
    trades = kit.get("/fapi/v1/userTrades", symbol="BTCUSDT").data
    after = kit.get("/fapi/v1/userTrades", symbol="BTCUSDT", fromId=trades[2]["id"]).data
    assert after == trades[2:]
    since = kit.get("/fapi/v1/userTrades", symbol="BTCUSDT", startTime=trades[3]["time"]).data
    assert since == trades[3:]
    day = 86_400_000
    assert kit.get("/fapi/v1/userTrades", symbol="BTCUSDT", startTime=1, endTime=8 * day).code == -4165
    assert kit.get("/fapi/v1/userTrades", symbol="BTCUSDT", startTime=2, endTime=1).code == -1023
    assert kit.get("/fapi/v1/allOrders", symbol="BTCUSDT", limit=0).code == -1130
