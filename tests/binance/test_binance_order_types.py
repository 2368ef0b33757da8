"""Stops, trailing stops, icebergs, self-trade modes, amends and order lists, as Binance spot offers them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt
import pytest
from binance_kit import SECOND, Kit
from test_binance_ccxt import SYMBOL, build_client

from outtrade_mocks.venues.binance_spot.reference import own_listings

BTC = {"symbol": "BTCUSDT"}
STOP = BTC | {"side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC"}
STOP |= {"quantity": "0.5", "price": "49995", "stopPrice": "49970"}


def fall(kit: Kit) -> None:
    """Sell through the book, so that the last price falls (to 49,970; the best bid is 49,990)."""
    kit.now += SECOND
    assert kit.market("SELL", quantity="1").status == 200


def shown(kit: Kit, order_id: int) -> Any:
    return kit.private("/api/v3/order", symbol="BTCUSDT", orderId=order_id).data


def test_a_stop_limit_waits_triggers_and_rests(kit: Kit) -> None:
    placed = kit.place(**STOP, newOrderRespType="RESULT").data
    assert (placed["status"], placed["type"], placed["stopPrice"], placed["workingTime"]) == (
        "NEW", "STOP_LOSS_LIMIT", "49970.00000000", -1,
    )  # fmt: skip
    waiting = shown(kit, placed["orderId"])
    assert (waiting["isWorking"], waiting["workingTime"], waiting["price"]) == (False, -1, "49995.00000000")
    assert kit.private("/api/v3/openOrders").data == [waiting]
    before = len(kit.events())
    fall(kit)
    after = shown(kit, placed["orderId"])
    assert (after["isWorking"], after["type"]) == (True, "STOP_LOSS_LIMIT")
    assert after["workingTime"] == kit.now // 1_000_000
    reports = [event for event in kit.events()[before:] if event.get("i") == placed["orderId"]]
    assert [(event["x"], event["X"], event["w"]) for event in reports[:1]] == [("NEW", "NEW", True)]
    assert reports[0]["P"] == "49970.00000000" and reports[0]["W"] == after["workingTime"]


def test_a_stop_takes_its_money_at_once_and_gives_it_back(kit: Kit) -> None:
    order = kit.place(**STOP).data
    balances = {each["asset"]: each for each in kit.private("/api/v3/account").data["balances"]}
    assert (balances["BTC"]["free"], balances["BTC"]["locked"]) == ("1.50000000", "0.50000000")
    answer = kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).data
    assert (answer["status"], answer["stopPrice"]) == ("CANCELED", "49970.00000000")
    assert not shown(kit, order["orderId"])["isWorking"], "it never came to the book"
    balances = {each["asset"]: each for each in kit.private("/api/v3/account").data["balances"]}
    assert balances["BTC"]["free"] == "2.00000000"


def test_a_stop_market_sells_when_it_is_reached(kit: Kit) -> None:
    fields = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.5", "stopPrice": "49970"}
    order = kit.place(**BTC, **fields).data
    assert set(order) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}, "ACK by default"
    fall(kit)
    done = shown(kit, order["orderId"])
    assert (done["status"], done["executedQty"], done["price"]) == ("FILLED", "0.50000000", "0.00000000")
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT", orderId=order["orderId"]).data


def test_a_trailing_stop_follows_and_triggers(kit: Kit) -> None:
    fields = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "trailingDelta": "10"}
    order = kit.place(**BTC, **fields).data
    waiting = shown(kit, order["orderId"])
    assert (waiting["trailingDelta"], waiting["trailingTime"]) == (10, waiting["time"])
    report = kit.events()[-2] if kit.events()[-1]["e"] != "executionReport" else kit.events()[-1]
    assert (report["d"], report["w"], "W" in report) == (10, False, False)
    kit.now += SECOND
    assert kit.market("BUY", quantity="1").status == 200  # the price to follow rises
    assert shown(kit, order["orderId"])["status"] == "NEW"
    fall(kit)
    assert shown(kit, order["orderId"])["status"] == "FILLED"


def test_an_iceberg_shows_a_part(kit: Kit) -> None:
    order = kit.limit("49995", "1", icebergQty="0.2", newOrderRespType="RESULT").data
    assert order["icebergQty"] == "0.20000000"
    bids = kit.public("/api/v3/depth", symbol="BTCUSDT", limit=5).data["bids"]
    assert bids[0] == ["49995.00000000", "0.20000000"]
    too_many = kit.limit("49995", "1", icebergQty="0.01")
    assert too_many.error == (400, -1013, "Filter failure: ICEBERG_PARTS")


def test_only_so_many_stops_are_open(kit: Kit) -> None:
    for _ in range(5):
        assert kit.place(**STOP | {"quantity": "0.1"}).status == 200
    assert kit.place(**STOP | {"quantity": "0.1"}).error == (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    assert kit.limit("40000", "0.1").status == 200


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("DECREMENT", "EXPIRED_IN_MATCH", "NEW"),
    ],
)
def test_self_trade_modes(kit: Kit, mode: str, maker: str, taker: str) -> None:
    first = kit.limit("49995", "0.2").data
    second = kit.limit("49995", "0.5", "SELL", selfTradePreventionMode=mode, newOrderRespType="RESULT").data
    assert second["selfTradePreventionMode"] == mode
    assert (shown(kit, first["orderId"])["status"], shown(kit, second["orderId"])["status"]) == (maker, taker)
    answer = kit.limit("1", "9", selfTradePreventionMode="TRANSFER")
    assert answer.error == (400, -1020, "This operation is not supported.")


# -------------------------------------------------------------------- amend
def amend(kit: Kit, **params: Any) -> Any:
    return kit.ask("PUT", "/api/v3/order/amend/keepPriority", symbol="BTCUSDT", **params)


def test_an_amend_reduces_and_keeps_the_place(kit: Kit) -> None:
    order = kit.limit("40000", "0.5", newClientOrderId="mine").data
    kit.now += SECOND
    answer = amend(kit, orderId=order["orderId"], newQty="0.3", newClientOrderId="other").data
    assert list(answer) == ["transactTime", "executionId", "amendedOrder"]
    amended = answer["amendedOrder"]
    assert (amended["origClientOrderId"], amended["clientOrderId"], amended["qty"]) == ("mine", "other", "0.30000000")
    assert shown(kit, order["orderId"])["origQty"] == "0.30000000"
    [event] = [event for event in kit.events() if event.get("x") == "REPLACED"]
    assert (event["q"], event["c"], event["C"]) == ("0.30000000", "other", "mine")
    [row] = kit.private("/api/v3/order/amendments", symbol="BTCUSDT", orderId=order["orderId"]).data
    assert (row["origQty"], row["newQty"], row["newClientOrderId"]) == ("0.50000000", "0.30000000", "other")


def test_amends_that_are_refused(kit: Kit) -> None:
    order = kit.limit("40000", "0.5").data
    number = order["orderId"]
    assert amend(kit, orderId=number, newQty="0.6").error[1:] == (
        -2038, "Order amend (quantity increase) is not supported.",
    )  # fmt: skip
    assert amend(kit, orderId=number, newQty="0.5").error[1] == -2038
    assert amend(kit, orderId=number, newQty="0").error == (400, -1013, "Filter failure: LOT_SIZE")
    assert amend(kit, orderId=number).error[1] == -1102
    assert amend(kit, orderId=number + 9, newQty="0.1").error[1] == -2011
    for step in range(10):
        assert amend(kit, orderId=number, newQty=f"0.{49 - step}").status == 200
    assert amend(kit, orderId=number, newQty="0.1").error == (400, -2038, "Filter failure: MAX_NUM_ORDER_AMENDS")


# -------------------------------------------------------------- order lists
OCO = BTC | {"side": "SELL", "quantity": "0.5", "aboveType": "LIMIT_MAKER", "abovePrice": "50500"}
OCO |= {"belowType": "STOP_LOSS_LIMIT", "belowStopPrice": "49970", "belowPrice": "49995", "belowTimeInForce": "GTC"}


def test_an_oco_pair_one_cancels_the_other(kit: Kit) -> None:
    made = kit.ask("POST", "/api/v3/orderList/oco", **OCO, listClientOrderId="pair").data
    assert (made["contingencyType"], made["listStatusType"], made["listOrderStatus"]) == (
        "OCO", "EXEC_STARTED", "EXECUTING",
    )  # fmt: skip
    stop, limit = made["orderReports"]
    assert (stop["type"], stop["workingTime"], limit["type"]) == ("STOP_LOSS_LIMIT", -1, "LIMIT_MAKER")
    assert {report["orderListId"] for report in made["orderReports"]} == {made["orderListId"]}
    [btc] = [each for each in kit.private("/api/v3/account").data["balances"] if each["asset"] == "BTC"]
    assert btc["locked"] == "0.50000000", "once, not twice"
    fall(kit)
    assert shown(kit, limit["orderId"])["status"] == "EXPIRED"
    assert shown(kit, stop["orderId"])["isWorking"]
    lists = [event for event in kit.events() if event["e"] == "listStatus"]
    assert (lists[0]["l"], lists[0]["C"], len(lists[0]["O"])) == ("EXEC_STARTED", "pair", 2)
    assert kit.private("/api/v3/orderList", orderListId=made["orderListId"]).data["listOrderStatus"] in (
        "EXECUTING", "ALL_DONE",
    )  # fmt: skip


def test_cancelling_one_of_a_list_cancels_the_list(kit: Kit) -> None:
    made = kit.ask("POST", "/api/v3/orderList/oco", **OCO).data
    answer = kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=made["orders"][1]["orderId"]).data
    assert (answer["listStatusType"], answer["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
    assert [report["status"] for report in answer["orderReports"]] == ["CANCELED", "CANCELED"]
    assert kit.private("/api/v3/openOrderList").data == [] == kit.private("/api/v3/openOrders").data
    again = kit.ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=made["orderListId"])
    assert again.error == (400, -2011, "Unknown order sent.")


def test_all_open_orders_include_lists(kit: Kit) -> None:
    kit.limit("40000", "0.1")
    kit.ask("POST", "/api/v3/orderList/oco", **OCO)
    answer = kit.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").data
    assert ["orderReports" in each for each in answer] == [False, True]
    assert kit.private("/api/v3/openOrders").data == []


def test_the_older_oco(kit: Kit) -> None:
    fields = {"side": "SELL", "quantity": "0.5", "price": "50500", "stopPrice": "49970"}
    made = kit.ask("POST", "/api/v3/order/oco", **BTC, **fields, stopClientOrderId="s", limitClientOrderId="l").data
    assert [(each["type"], each["clientOrderId"]) for each in made["orderReports"]] == [
        ("STOP_LOSS", "s"), ("LIMIT_MAKER", "l"),
    ]  # fmt: skip
    limited = fields | {"stopLimitPrice": "49995", "stopLimitTimeInForce": "GTC"}
    assert kit.ask("POST", "/api/v3/order/oco", **BTC, **limited).data["orderReports"][0]["type"] == "STOP_LOSS_LIMIT"


def test_otoco_waits_for_its_entry(kit: Kit) -> None:
    fields = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "50020", "workingQuantity": "0.1"}
    fields |= {"workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "0.099"}
    fields |= {"pendingAboveType": "TAKE_PROFIT", "pendingAboveStopPrice": "52000"}
    fields |= {"pendingBelowType": "STOP_LOSS", "pendingBelowTrailingDelta": "500"}
    waits = fields | {"workingPrice": "45000"}
    made = kit.ask("POST", "/api/v3/orderList/otoco", **BTC, **waits).data
    assert [report["status"] for report in made["orderReports"]] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    assert kit.ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=made["orderListId"]).status == 200
    made = kit.ask("POST", "/api/v3/orderList/otoco", **BTC, **fields).data
    assert [report["status"] for report in made["orderReports"]] == ["FILLED", "NEW", "NEW"]
    assert [each["listOrderStatus"] for each in kit.private("/api/v3/allOrderList").data] == ["ALL_DONE", "EXECUTING"]


def test_oto(kit: Kit) -> None:
    fields = {"workingType": "LIMIT_MAKER", "workingSide": "BUY", "workingPrice": "45000", "workingQuantity": "0.1"}
    fields |= {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingQuantity": "0.09", "pendingPrice": "60000"}
    fields |= {"pendingTimeInForce": "GTC"}
    made = kit.ask("POST", "/api/v3/orderList/oto", **BTC, **fields).data
    assert [(each["status"], each["type"]) for each in made["orderReports"]] == [
        ("NEW", "LIMIT_MAKER"), ("PENDING_NEW", "LIMIT"),
    ]  # fmt: skip
    entry = made["orders"][0]["orderId"]
    answer = amend(kit, orderId=entry, newQty="0.08").data
    assert (answer["amendedOrder"]["qty"], answer["listStatus"]["orderListId"]) == ("0.08000000", made["orderListId"])
    assert list(answer["listStatus"]) == [
        *("orderListId", "contingencyType", "listOrderStatus", "listClientOrderId", "symbol", "orders"),
    ]
    market = fields | {"workingType": "MARKET"}
    assert kit.ask("POST", "/api/v3/orderList/oto", **BTC, **market).error == (400, -1116, "Invalid orderType.")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"belowType": "LIMIT_MAKER"}, (-1168, "At least one OCO order must be contingent.")),
        ({"belowType": "MARKET"}, (-1158, "Order type not supported in OCO.")),
        (
            {"aboveType": "STOP_LOSS", "aboveStopPrice": "51000", "belowType": "LIMIT_MAKER"},
            (-1197, "A stop loss order in a sell OCO must be below."),
        ),
        ({"side": "BUY"}, (-1165, "A limit order in a buy OCO must be below.")),
        ({"belowStopPrice": "50400"}, (-2010, "The relationship of the prices for the orders is not correct.")),
        ({"abovePrice": "49000"}, (-2010, "The relationship of the prices for the orders is not correct.")),
        ({"quantity": "50"}, (-2010, "Account has insufficient balance for requested action.")),
        ({"belowPrice": "x"}, (-1100, "Illegal characters found in parameter 'belowPrice'")),
        ({"listClientOrderId": "a b"}, (-1100, "Illegal characters found in parameter 'listClientOrderId'")),
    ],
)
def test_lists_that_are_refused(kit: Kit, changes: dict[str, str], error: tuple[int, str]) -> None:
    params = OCO | changes
    if "aboveStopPrice" in changes:
        params = {name: value for name, value in params.items() if name != "abovePrice"}
    if changes.get("belowType") in ("LIMIT_MAKER", "MARKET"):
        params = {n: v for n, v in params.items() if n not in ("belowStopPrice", "belowTimeInForce")}
    if changes.get("belowType") == "MARKET":
        params.pop("belowPrice")
    answer = kit.ask("POST", "/api/v3/orderList/oco", **params)
    assert answer.status == 400
    assert answer.data["code"] == error[0] and answer.data["msg"].startswith(error[1])
    assert kit.private("/api/v3/openOrders").data == []
    assert kit.private("/api/v3/rateLimit/order").data[0]["count"] == 0 or error[0] == -2010


def test_a_symbol_without_them_refuses_in_its_words(make_kit: Callable[..., Kit]) -> None:
    raw = copy.deepcopy(own_listings()["BTC/USDT"].raw)
    raw |= dict.fromkeys(("icebergAllowed", "ocoAllowed", "otoAllowed", "allowTrailingStop", "amendAllowed"), False)
    raw["orderTypes"] = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS"]
    kit = make_kit(symbols=("BTC/USDT",), reference={"listings": {"BTC/USDT": raw}})
    fields = {"side": "SELL", "quantity": "0.1"}
    trailing = {"type": "STOP_LOSS", "trailingDelta": "100"}
    assert kit.place(**BTC, **fields, **trailing).error[2] == "Trailing stop orders are not supported for this symbol."
    assert kit.place(**STOP).error[2] == "Stop loss limit orders are not supported for this symbol."
    taken = {"type": "TAKE_PROFIT", "stopPrice": "60000"}
    assert kit.place(**BTC, **fields, **taken).error[2] == "Take profit orders are not supported for this symbol."
    assert kit.limit("40000", "1", icebergQty="0.5").error[2] == "Iceberg orders are not supported for this symbol."
    old = fields | {"price": "50500", "stopPrice": "49970"}
    assert kit.ask("POST", "/api/v3/order/oco", **BTC, **old).error[2] == (
        "OCO orders are not supported for this symbol"
    )  # fmt: skip
    order = kit.limit("40000", "0.5").data
    assert (
        amend(kit, orderId=order["orderId"], newQty="0.1").error[2] == "Order amend is not supported for this symbol."
    )


def test_ccxt_places_sees_and_cancels_a_stop(kit: Kit) -> None:
    exchange, _ = build_client(kit, options={"fetchMarkets": {"types": ["spot"]}})
    order = exchange.create_order(SYMBOL, "limit", "sell", 0.5, 49900, {"stopLossPrice": 49950})
    seen = exchange.fetch_order(order["id"], SYMBOL)
    assert (seen["status"], seen["triggerPrice"], seen["price"]) == ("open", 49950, 49900)
    assert exchange.cancel_order(order["id"], SYMBOL)["status"] == "canceled"
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        exchange.create_order(SYMBOL, "market", "sell", 0.1, None, {"stopLossPrice": 55000})
    assert Decimal(str(exchange.fetch_balance()["BTC"]["free"])) == 2
