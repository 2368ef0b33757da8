"""Positions: leverage, modes, take profits and stop losses beside them, margin, closed profit, the wallet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bybit_kit import LINEAR, SECOND, Kit

from outtrade_mocks.core.invariants import check

CONTRACT = {"category": "linear", "symbol": "BTCUSDT"}
STOP = "/v5/position/trading-stop"


def stop(kit: Kit, **fields: Any) -> int:
    return kit.post(STOP, **CONTRACT, **({"tpslMode": "Full", "positionIdx": 0} | fields)).code


def shown(kit: Kit) -> tuple[str, str, str]:
    row = kit.position()
    return row["takeProfit"], row["stopLoss"], row["trailingStop"]


def test_a_position_and_its_money(kit: Kit) -> None:
    assert kit.position()["side"] == "" and kit.position()["size"] == "0.000"
    kit.placed(qty="1")
    row, wallet = kit.position(), kit.wallet("USDT")
    assert (row["side"], row["size"], row["leverage"], row["positionIdx"]) == ("Buy", "1.000", "10", 0)
    assert float(row["avgPrice"]) == pytest.approx(50015, abs=15) and row["markPrice"] != "0"
    assert float(row["positionIM"]) == pytest.approx(5000, rel=0.01)
    assert float(row["positionMM"]) == pytest.approx(250, rel=0.01)
    assert float(row["breakEvenPrice"]) > float(row["avgPrice"]), "the fee is to come back, too"
    assert wallet["totalPositionIM"] == row["positionIM"] and wallet["unrealisedPnl"] == row["unrealisedPnl"]
    assert float(wallet["equity"]) == pytest.approx(float(wallet["walletBalance"]) + float(wallet["unrealisedPnl"]))
    kit.placed(side="Sell", qty="1", reduceOnly=True)
    assert kit.position()["size"] == "0.000"
    [closed] = kit.get("/v5/position/closed-pnl", category="linear").rows
    assert (closed["side"], closed["closedSize"]) == ("Sell", "1.000")
    profit = float(closed["cumExitValue"]) - float(closed["cumEntryValue"])
    assert float(closed["closedPnl"]) == pytest.approx(profit - float(closed["closeFee"]))
    check(kit.venue.desk.exchange, 0)


def test_an_inverse_position(kit: Kit) -> None:
    fields = {"category": "inverse", "symbol": "BTCUSD"}
    assert kit.post("/v5/order/create", **fields, side="Buy", orderType="Market", qty="1000").code == 0
    [row] = kit.get("/v5/position/list", **fields).rows
    assert (row["size"], row["positionValue"]) == ("1000", "0.019996")
    assert float(row["avgPrice"]) == pytest.approx(50010, abs=0.01)
    assert (
        kit.post("/v5/order/create", **fields, side="Sell", orderType="Market", qty="1000", reduceOnly=True).code == 0
    )
    [closed] = kit.get("/v5/position/closed-pnl", category="inverse").rows
    assert closed["avgEntryPrice"].startswith("50010") and float(closed["closedPnl"]) < 0


def test_leverage(kit: Kit) -> None:
    path = "/v5/position/set-leverage"
    assert kit.post(path, **CONTRACT, buyLeverage="10", sellLeverage="10").code == 110043
    assert kit.post(path, **CONTRACT, buyLeverage="5", sellLeverage="4").code == 10001
    assert kit.post(path, **CONTRACT, buyLeverage="200", sellLeverage="200").code == 110013
    for odd in ("x", "NaN", "0", "2.5", "-3"):
        assert kit.post(path, **CONTRACT, buyLeverage=odd, sellLeverage=odd).code == 10001
    kit.now += SECOND
    assert kit.post(path, **CONTRACT, buyLeverage="20", sellLeverage="20").code == 0
    assert kit.position()["leverage"] == "20"
    assert kit.post(path, category="spot", symbol="BTCUSDT", buyLeverage="2", sellLeverage="2").code == 10001


def test_hedge_mode(kit: Kit) -> None:
    path = "/v5/position/switch-mode"
    assert kit.post(path, **CONTRACT, mode=0).code == 110025
    assert kit.post(path, **CONTRACT, mode=3).code == 0
    assert kit.place(qty="0.02").code == 10001, "it must name its position"
    kit.placed(qty="0.02", positionIdx=1)
    kit.placed(side="Sell", qty="0.01", positionIdx=2)
    rows = kit.get("/v5/position/list", **CONTRACT).rows
    assert [(row["positionIdx"], row["side"], row["size"]) for row in rows] == [
        (1, "Buy", "0.020"),
        (2, "Sell", "0.010"),
    ]
    assert kit.post(path, **CONTRACT, mode=0).code == 110024
    assert stop(kit, positionIdx=2, stopLoss="55000") == 0 and stop(kit, stopLoss="45000") == 10001
    kit.placed(side="Sell", qty="0.02", positionIdx=1, reduceOnly=True)
    rows = kit.get("/v5/position/list", **CONTRACT).rows
    assert [row["size"] for row in rows] == ["0.000", "0.010"] and rows[1]["stopLoss"] == "55000.00"


def test_margin_modes(kit: Kit) -> None:
    path = "/v5/account/set-margin-mode"
    assert kit.post("/v5/position/switch-isolated", **CONTRACT, tradeMode=1).code == 100028
    assert kit.post("/v5/position/set-auto-add-margin", **CONTRACT, autoAddMargin=1).code == 110076
    assert kit.post(path, setMarginMode="NOPE").code == 10001
    assert kit.post(path, setMarginMode="PORTFOLIO_MARGIN").code == 3400045
    answer = kit.post(path, setMarginMode="ISOLATED_MARGIN")
    assert (answer.code, answer.result) == (0, {"reasons": []})
    assert kit.get("/v5/account/info").result["marginMode"] == "ISOLATED_MARGIN"
    assert kit.post("/v5/position/add-margin", **CONTRACT, margin="10").code == 110033
    kit.placed(qty="0.1")
    total = float(kit.wallet("USDT")["walletBalance"])
    before = float(kit.position()["positionBalance"])
    added = kit.post("/v5/position/add-margin", **CONTRACT, margin="100")
    assert added.code == 0 and float(kit.position()["positionBalance"]) == before + 100
    assert float(kit.wallet("USDT")["walletBalance"]) == total, "it is still the account's"
    assert kit.post("/v5/position/add-margin", **CONTRACT, margin="-90").code == 0
    assert kit.post("/v5/position/add-margin", **CONTRACT, margin="1000000").code == 110014
    refused = kit.post(path, setMarginMode="REGULAR_MARGIN")
    assert refused.code == 3400045 and refused.result["reasons"][0]["reasonCode"]
    assert kit.post("/v5/position/set-auto-add-margin", **CONTRACT, autoAddMargin=1).code == 0


# ----------------------------------------------------------------- trading stop
def test_full_guards_replace_each_other_and_go_with_the_position(kit: Kit) -> None:
    assert stop(kit, takeProfit="60000") == 10001, "no position"
    kit.placed(qty="0.1")
    assert stop(kit, takeProfit="60000", stopLoss="45000") == 0 and shown(kit) == ("60000.00", "45000.00", "0")
    assert stop(kit, takeProfit="60000") == 34040
    assert stop(kit, stopLoss="46000") == 0 and shown(kit) == ("60000.00", "46000.00", "0")
    assert stop(kit, takeProfit="0") == 0 and shown(kit) == ("", "46000.00", "0")
    assert stop(kit, takeProfit="40000") == 10001 and stop(kit, stopLoss="60000") == 10001
    assert stop(kit) == 10001 and stop(kit, tpslMode="Nope", stopLoss="1") == 10001
    kit.now += SECOND
    kit.placed(qty="0.1")
    kit.to("45990")
    assert kit.position()["size"] == "0.000", "all of it, also what was added later"
    assert kit.open() == []
    history = kit.get("/v5/order/history", category="linear", orderStatus="Filled").rows
    assert ("StopLoss", "CreateByStopLoss") in {(row["stopOrderType"], row["createType"]) for row in history}
    check(kit.venue.desk.exchange, 0)


def test_guards_that_are_left_end_with_the_position(kit: Kit) -> None:
    kit.placed(qty="0.1")
    stop(kit, takeProfit="60000", stopLoss="45000", trailingStop="500")
    kit.placed(side="Sell", qty="0.1", reduceOnly=True)
    assert kit.open() == []
    rows = kit.get("/v5/order/history", category="linear", orderStatus="Deactivated").rows
    assert {row["stopOrderType"] for row in rows} == {"TakeProfit", "StopLoss", "TrailingStop"}
    assert {row["cancelType"] for row in rows} == {"CancelByTpSlTsClear"}


def test_a_trailing_stop_follows_and_may_wait_for_its_activation(kit: Kit) -> None:
    kit.placed(qty="0.1")
    assert stop(kit, trailingStop="500", activePrice="51000") == 0
    kit.to("50500")
    kit.to("49900")
    assert kit.position()["size"] == "0.100", "not active yet"
    kit.to("52000")
    kit.to("51600")
    assert kit.position()["size"] == "0.100"
    kit.to("51490")
    assert kit.position()["size"] == "0.000"


def test_partial_guards_are_a_pair(kit: Kit) -> None:
    kit.placed(qty="0.1")
    fields = {"tpslMode": "Partial", "takeProfit": "60000", "stopLoss": "45000"}
    assert stop(kit, **fields, tpSize="0.2", slSize="0.2") == 110058
    assert stop(kit, **fields, tpSize="0.04", slSize="0.05") == 10001
    assert stop(kit, **fields, tpSize="0.04", slSize="0.04") == 0
    assert stop(kit, **fields, tpSize="0.02", tpOrderType="Limit", tpLimitPrice="60010") == 0
    assert {row["stopOrderType"] for row in kit.open()} == {"PartialTakeProfit", "PartialStopLoss"}
    limit = next(row for row in kit.open() if row["orderType"] == "Limit")
    kit.post("/v5/order/cancel", **CONTRACT, orderId=limit["orderId"])
    assert len(kit.open()) == 2, "its partner went with it"
    kit.to("44990")
    assert kit.position()["size"] == "0.060" and kit.open() == []
    rows = kit.get("/v5/order/history", category="linear").rows
    assert "CancelByOCOTpCanceledBySlTriggered" in {row["cancelType"] for row in rows}


# ------------------------------------------------------------- attached to orders
def test_attached_guards_come_with_the_first_fill(kit: Kit) -> None:
    wire = kit.placed(price="49995", qty="0.1", takeProfit="60000", stopLoss="45000", slTriggerBy="MarkPrice")
    row = kit.order(wire)
    assert (row["takeProfit"], row["stopLoss"], row["tpslMode"]) == ("60000.00", "45000.00", "Full")
    assert len(kit.open()) == 1
    amend = kit.post("/v5/order/amend", **CONTRACT, orderId=wire, takeProfit="61000", stopLoss="0")
    assert amend.code == 0 and kit.order(wire)["stopLoss"] == ""
    kit.venue.fill(wire, Decimal("0.5"))
    assert shown(kit) == ("61000.00", "", "0")
    [first] = [row["orderId"] for row in kit.open() if row["stopOrderType"]]
    kit.venue.fill(wire, Decimal(1))
    assert [row["orderId"] for row in kit.open()] == [first], "one take profit, of the whole position"


def test_attached_partial_guards_have_what_was_filled(kit: Kit) -> None:
    fields = {"tpslMode": "Partial", "takeProfit": "60000", "stopLoss": "45000"}
    wire = kit.placed(price="49995", qty="0.1", **fields)
    kit.venue.fill(wire, Decimal("0.5"))
    assert sorted(row["qty"] for row in kit.open() if row["stopOrderType"]) == ["0.050", "0.050"]


def test_spot_guards_come_when_the_order_is_over(kit: Kit) -> None:
    wire = kit.placed("spot", price="49995", qty="0.1", takeProfit="60000", stopLoss="45000")
    kit.venue.fill(wire, Decimal("0.5"))
    assert len(kit.open("spot")) == 1
    kit.venue.fill(wire, Decimal(1))
    rows = kit.open("spot")
    assert [row["qty"] for row in rows] == ["0.099900"] * 2, "less the fee"
    kit.to("44990", "BTC/USDT")
    assert kit.open("spot") == []
    last = kit.get("/v5/order/history", category="spot", orderStatus="Filled").rows[0]
    assert (last["side"], last["stopOrderType"], last["cumExecQty"]) == ("Sell", "StopLoss", "0.099900")


def test_liquidation_is_told(kit: Kit) -> None:
    kit.post("/v5/position/set-leverage", **CONTRACT, buyLeverage="100", sellLeverage="100")
    kit.placed(qty="4")
    kit.placed(price="40000", qty="0.01")
    rules = kit.venue.desk.exchange.instrument(LINEAR)
    kit.venue.desk.exchange.publish(LINEAR, mark=rules.ticks(Decimal(20_000)))
    kit.venue.advance(kit.now)
    assert kit.position()["size"] == "0.000"
    kinds = {row["execType"] for row in kit.get("/v5/execution/list", category="linear").rows}
    assert "Trade" in kinds
    check(kit.venue.desk.exchange, 0)


def test_account_queries(kit: Kit) -> None:
    assert kit.get("/v5/account/wallet-balance", accountType="SPOT").code == 10001
    assert kit.get("/v5/account/wallet-balance", accountType="UNIFIED", coin="NOPE").code == 170221
    [account] = kit.get("/v5/account/wallet-balance", accountType="UNIFIED", coin="BTC").rows
    assert [row["coin"] for row in account["coin"]] == ["BTC"] and float(account["totalEquity"]) == 200_000
    [fees] = kit.get("/v5/account/fee-rate", **CONTRACT).rows
    assert (fees["makerFeeRate"], fees["takerFeeRate"]) == ("0.0002", "0.00055")
    assert len(kit.get("/v5/account/fee-rate", category="spot").rows) == 2
    assert kit.get("/v5/user/query-api").result["uta"] == 1
    kit.placed("spot", qty="1000")
    [row] = kit.get("/v5/account/transaction-log", category="spot").rows
    assert float(row["change"]) == float(row["cashFlow"]) and row["currency"] == "USDT"
    assert kit.wallet("BTC")["walletBalance"] == "2.01997601"


def test_a_fill_between_two_requests_is_guarded(kit: Kit) -> None:
    """The market acts by itself: what hangs on a fill stands at once, also where nobody asks."""
    wire = kit.placed(price="49995", qty="0.1")
    assert kit.post("/v5/order/amend", **CONTRACT, orderId=wire, stopLoss="45000").code == 0
    exchange = kit.venue.desk.exchange
    exchange.sweep(1, 100)
    kit.now += SECOND
    kit.venue.advance(kit.now)
    assert [order["stopOrderType"] for order in kit.open()] == ["StopLoss"]
