"""Algo orders, and take-profit and stop-loss attached to an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from okx_kit import SPOT, SWAP, Kit, spot


@pytest.fixture
def kit() -> Kit:
    return Kit()


def algo(kit: Kit, algo_id: str) -> dict[str, Any]:
    return kit.get("trade/order-algo", algoId=algo_id).item


def fall(kit: Kit) -> None:
    """The price falls, because the account sells into the book."""
    kit.wait(1)
    kit.place(side="sell", ordType="market", sz="1")


def test_a_stop_loss_waits_and_is_triggered(kit: Kit) -> None:
    placed = kit.algo(
        side="sell", ordType="conditional", sz="0.1", slTriggerPx="49980", slOrdPx="-1", algoClOrdId="stop1"
    )
    assert set(placed.item) == {"algoId", "algoClOrdId", "clOrdId", "sCode", "sMsg", "tag"}
    algo_id = placed.item["algoId"]
    waiting = algo(kit, algo_id)
    assert {
        "state": "live", "ordType": "conditional", "slTriggerPx": "49980", "slOrdPx": "-1", "slTriggerPxType": "last",
        "tpTriggerPx": "", "sz": "0.1", "algoClOrdId": "stop1", "ordId": "", "actualSz": "0", "last": "50010",
    }.items() <= waiting.items()  # fmt: skip
    assert kit.get("trade/order-algo", algoClOrdId="stop1").item == waiting
    assert kit.get("trade/orders-algo-pending", ordType="conditional").data == [waiting]
    assert kit.get("trade/orders-algo-pending", ordType="trigger").data == []
    assert kit.get("trade/orders-pending").data == []
    assert kit.balance("BTC")["ordFrozen"] == "0"
    fall(kit)
    done = algo(kit, algo_id)
    assert (done["state"], done["actualSide"], done["actualSz"]) == ("effective", "sl", "0.1")
    order = kit.order(done["ordId"])
    assert (order["state"], order["algoId"], order["algoClOrdId"], order["source"]) == ("filled", algo_id, "stop1", "7")
    assert kit.get("trade/orders-algo-history", ordType="conditional", state="effective").data == [done]
    assert kit.get("trade/orders-algo-pending", ordType="conditional").data == []


def test_a_pair_of_which_one_cancels_the_other(kit: Kit) -> None:
    fields = {"tpTriggerPx": "51000", "tpOrdPx": "-1", "slTriggerPx": "49980", "slOrdPx": "49000"}
    algo_id = kit.algo(side="sell", ordType="oco", sz="0.1", **fields).item["algoId"]
    assert len(kit.get("trade/orders-algo-pending", ordType="oco").data) == 1
    fall(kit)
    done = algo(kit, algo_id)
    assert (done["state"], done["actualSide"]) == ("effective", "sl")
    assert kit.order(done["ordId"])["px"] == "49000"


def test_a_cancelled_algo_order(kit: Kit) -> None:
    fields = {"tpTriggerPx": "51000", "tpOrdPx": "-1", "slTriggerPx": "49000", "slOrdPx": "-1"}
    algo_id = kit.algo(side="sell", ordType="oco", sz="0.1", **fields).item["algoId"]
    answer = kit.post("trade/cancel-algos", [{"algoId": algo_id, "instId": SPOT}, {"algoId": "1", "instId": SPOT}])
    assert (answer.code, [item["sCode"] for item in answer.data]) == ("2", ["0", "51400"])
    assert algo(kit, algo_id)["state"] == "canceled"
    fall(kit)
    assert kit.get("trade/orders-history", instType="SPOT", state="filled").item["source"] == ""
    assert kit.post("trade/cancel-algos", [{"algoId": algo_id, "instId": SPOT}]).code == "1"


@pytest.mark.parametrize(
    ("side", "leg", "price", "code"), [("sell", "tp", "49000", "51279"), ("buy", "tp", "51000", "51277"), ("sell",
    "sl", "51000", "51280"), ("buy", "sl", "49000", "51278")],
)  # fmt: skip
def test_triggers_on_the_wrong_side(kit: Kit, side: str, leg: str, price: str, code: str) -> None:
    answer = kit.algo(side=side, ordType="conditional", sz="0.1", **{f"{leg}TriggerPx": price, f"{leg}OrdPx": "-1"})
    assert answer.error[1] == code


@pytest.mark.parametrize(("price", "triggered"), [("49980", True), ("49000", False), ("51000", False)])
def test_a_trigger_order_waits_on_either_side(kit: Kit, price: str, triggered: bool) -> None:
    algo_id = kit.algo(side="buy", ordType="trigger", sz="0.1", triggerPx=price, orderPx="49500").item["algoId"]
    fall(kit)
    found = algo(kit, algo_id)
    assert found["state"] == ("effective" if triggered else "live")
    assert (found["triggerPx"], found["ordPx"]) == (price, "49500")
    if triggered:
        assert kit.order(found["ordId"])["state"] == "live"


def test_a_trailing_order_follows(kit: Kit) -> None:
    algo_id = kit.algo(side="sell", ordType="move_order_stop", sz="0.1", callbackRatio="0.0003").item["algoId"]
    assert algo(kit, algo_id)["callbackRatio"] == "0.0003"
    fall(kit)
    assert algo(kit, algo_id)["state"] == "effective"
    wrong = kit.algo(side="sell", ordType="move_order_stop", sz="0.1")
    assert wrong.error[1] == "50015"
    both = kit.algo(side="sell", ordType="move_order_stop", sz="0.1", callbackRatio="0.01", callbackSpread="5")
    assert both.error[1] == "50024"


def test_money_that_is_missing_when_it_is_triggered(kit: Kit) -> None:
    algo_id = kit.algo(side="sell", ordType="conditional", sz="1.5", slTriggerPx="49980", slOrdPx="-1").item["algoId"]
    fall(kit)  # sells one of the two
    found = algo(kit, algo_id)
    assert (found["state"], found["failCode"], found["ordId"]) == ("order_failed", "51008", "")


def test_an_amended_algo_order(kit: Kit) -> None:
    algo_id = kit.algo(side="sell", ordType="conditional", sz="0.1", slTriggerPx="49000", slOrdPx="-1").item["algoId"]
    answer = kit.post("trade/amend-algos", instId=SPOT, algoId=algo_id, newSlTriggerPx="49980", newSz="0.2")
    assert answer.item["sCode"] == "0"
    assert (algo(kit, algo_id)["slTriggerPx"], algo(kit, algo_id)["sz"]) == ("49980", "0.2")
    fall(kit)
    assert algo(kit, algo_id)["actualSz"] == "0.2"
    assert kit.post("trade/amend-algos", instId=SPOT, algoId=algo_id, newSz="0.3").error[1] == "51527"


def test_close_fraction_takes_the_whole_position(kit: Kit) -> None:
    kit.swap("buy", "30")
    fields = {"instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "conditional", "closeFraction": "1"}
    placed = kit.algo(**fields, slTriggerPx="49990", slOrdPx="-1", reduceOnly="true")
    assert placed.item["sCode"] == "0"
    kit.swap("sell", "5")
    done = algo(kit, placed.item["algoId"])
    assert (done["state"], done["closeFraction"]) == ("effective", "1")
    assert kit.order(done["ordId"], SWAP)["accFillSz"] == "25"
    assert kit.get("account/positions").data == []


def test_ids_of_algo_orders(kit: Kit) -> None:
    fields = {"side": "sell", "ordType": "conditional", "sz": "0.1", "slTriggerPx": "49000", "slOrdPx": "-1"}
    kit.algo(**fields, algoClOrdId="one")
    assert kit.algo(**fields, algoClOrdId="one").error[1] == "51065"
    kit.post("trade/cancel-algos", [{"algoClOrdId": "one", "instId": SPOT}])
    assert kit.algo(**fields, algoClOrdId="one").code == "0"
    assert kit.get("trade/orders-algo-pending", ordType="conditional").item["algoClOrdId"] == "one"


# --------------------------------------------------------------------- attached
ATTACHED = {
    "tpTriggerPx": "51000",
    "tpOrdPx": "-1",
    "slTriggerPx": "49000",
    "slOrdPx": "-1",
    "attachAlgoClOrdId": "both",
}


def test_attached_orders_come_with_the_fill(kit: Kit) -> None:
    placed = kit.limit("49900", "0.1", attachAlgoOrds=[ATTACHED])
    order_id = placed.item["ordId"]
    shown = kit.order(order_id)["attachAlgoOrds"]
    assert [(one["tpTriggerPx"], one["slTriggerPx"], one["attachAlgoClOrdId"]) for one in shown] == [
        ("51000", "49000", "both")
    ]
    assert kit.get("trade/orders-algo-pending", ordType="oco").data == []
    kit.wait(1)
    kit.venue.fill(order_id, Decimal(1))
    pending = kit.get("trade/orders-algo-pending", ordType="oco").item
    assert (pending["algoClOrdId"], pending["side"], pending["sz"], pending["state"]) == ("both", "sell", "0.1", "live")
    assert pending["cTime"] == str(kit.now // 1_000_000)


def test_attached_orders_go_with_a_cancelled_entry(kit: Kit) -> None:
    order_id = kit.limit("49900", "0.1", attachAlgoOrds=[ATTACHED]).item["ordId"]
    kit.post("trade/cancel-order", instId=SPOT, ordId=order_id)
    assert kit.get("trade/orders-algo-pending", ordType="oco,conditional").data == []
    assert kit.get("trade/orders-algo-history", ordType="oco", state="canceled").data == []


def test_attached_orders_that_do_not_fit(kit: Kit) -> None:
    for changes, code in (
        ({"tpTriggerPx": "49000"}, "51046"),
        ({"slTriggerPx": "50000"}, "51047"),
        ({"slOrdPx": ""}, "50014"),
        ({"tpTriggerPx": "x"}, "51000"),
    ):
        order = spot(side="buy", ordType="limit", px="49900", sz="0.1", attachAlgoOrds=[ATTACHED | changes])
        assert kit.post("trade/order", order).error[1] == code, changes
    assert kit.place(side="buy", ordType="market", sz="500", attachAlgoOrds=[ATTACHED]).error[1] == "51044"
    assert kit.get("trade/orders-history", instType="SPOT").data == []


def test_attached_to_a_swap(kit: Kit) -> None:
    placed = kit.swap("sell", "2", attachAlgoOrds=[{"slTriggerPx": "50500", "slOrdPx": "-1"}])
    assert placed.code == "0"
    pending = kit.get("trade/orders-algo-pending", ordType="conditional").item
    assert (pending["side"], pending["reduceOnly"], pending["instType"]) == ("buy", "true", "SWAP")
