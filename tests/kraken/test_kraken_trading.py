"""New orders, cancels, amends, edits, batches over REST: what is answered, and what the truth is afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from kraken_kit import EPOCH, SECOND, Kit


def test_a_limit_order_rests_and_is_cancelled(kit: Kit) -> None:
    txid = kit.place("40000", "0.1", cl_ord_id="mine-1")
    order = kit.order(txid)
    assert (order["status"], order["vol"], order["vol_exec"]) == ("open", "0.10000000", "0.00000000")
    assert (order["cl_ord_id"], order["descr"]["price"], order["oflags"]) == ("mine-1", "40000.0", "fciq")
    assert order["descr"]["order"] == "buy 0.10000000 XBTUSD @ limit 40000.0"
    assert kit.balances()["USD"] == ("95996", "4004")  # the fee of 0.1 % is held, too
    assert kit.ask("CancelOrder", txid=txid).result == {"count": 1}
    order = kit.order(txid)
    assert (order["status"], order["reason"]) == ("canceled", "User requested")
    assert kit.balances()["USD"] == ("100000", "0")


def test_a_market_order_trades_and_pays_in_quote(kit: Kit) -> None:
    bought, sold = kit.place(volume="0.01"), kit.place(volume="0.01", side="sell")
    for txid, price, fee in ((bought, "50010.00000", "0.50010"), (sold, "49990.00000", "0.49990")):
        order = kit.order(txid)
        assert (order["status"], order["price"], order["fee"]) == ("closed", price, fee)
        trade = kit.ask("QueryTrades", txid=order["trades"][0]).result[order["trades"][0]]
        assert (trade["price"], trade["fee"], trade["ordertype"], trade["maker"]) == (price, fee, "market", False)
        assert trade["ordertxid"] == txid
    assert kit.balances()["BTC"][0] == "2"  # no fee is taken from what was bought


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD", "BTCUSD"])
def test_a_pair_has_many_names(kit: Kit, name: str) -> None:
    assert kit.place("40000", pair=name)
    key = name if "/" in name else "XXBTZUSD"
    assert list(kit.public("Ticker", pair=name).result) == [key]


def test_quote_volume(kit: Kit) -> None:
    txid = kit.place(volume="100", oflags="viqc")
    order = kit.order(txid)
    assert order["status"] == "closed" and order["oflags"] == "fciq,viqc" and order["vol"] == "100.00000000"
    assert Decimal("99.8") < Decimal(order["cost"]) <= 100
    assert kit.ask("AddOrder", pair="XBTUSD", type="sell", ordertype="market", volume="100", oflags="viqc").error == (
        "EGeneral:Invalid arguments:viqc"
    )


def test_immediate_or_cancel_and_fill_or_kill(kit: Kit) -> None:
    partly = kit.order(kit.place("50010", "1", timeinforce="IOC"))
    assert partly["status"] == "canceled" and partly["misc"] == "partial" and Decimal(partly["vol_exec"]) > 0
    killed = kit.order(kit.place("50010", "1.2", timeinforce="FOK"))
    assert killed["status"] == "canceled" and killed["vol_exec"] == "0.00000000"


def test_an_order_expires(kit: Kit) -> None:
    txid = kit.place("40000", timeinforce="GTD", expiretm=str(EPOCH // SECOND + 30))
    alone = kit.place("40000", expiretm="+60")
    assert kit.order(alone)["expiretm"] == EPOCH // SECOND + 60
    kit.later(31)
    assert kit.order(txid)["status"] == "expired" and kit.order(alone)["status"] == "open"
    kit.later(30)
    assert kit.order(alone)["status"] == "expired"


def test_an_order_starts_later(kit: Kit) -> None:
    txid = kit.place(volume="0.01", starttm="+10")
    assert kit.order(txid)["status"] == "pending" and kit.balances()["USD"][1] == "0"
    assert txid in kit.ask("OpenOrders").result["open"]
    assert kit.venue.next_time() == EPOCH + 10 * SECOND
    kit.later(10)
    assert kit.order(txid)["status"] == "closed"
    cancelled = kit.place("40000", starttm="+10", cl_ord_id="later")
    assert kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="0.01", price="1000",
                   cl_ord_id="later").error.endswith("cl_ord_id not unique")  # fmt: skip
    assert kit.ask("CancelOrder", cl_ord_id="later").result == {"count": 1}
    kit.later(11)
    assert kit.order(cancelled)["status"] == "canceled"


def test_post_only(kit: Kit) -> None:
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "oflags": "post"}
    assert kit.ask("AddOrder", price="50010", **fields).error == "EOrder:Post only order"
    txid = kit.ask("AddOrder", price="50000", **fields).result["txid"][0]
    assert kit.order(txid)["oflags"] == "fciq,post"
    other = Kit(knobs={"post_only": "cancel"})
    txid = other.ask("AddOrder", price="50010", **fields).result["txid"][0]
    assert other.order(txid)["status"] == "canceled"


def test_the_other_side_of_a_self_trade(kit: Kit) -> None:
    resting = kit.place("50005", "0.01")
    newest = kit.place("50005", "0.01", side="sell")
    assert (kit.order(newest)["status"], kit.order(resting)["status"]) == ("canceled", "open")
    oldest = kit.place("50005", "0.01", side="sell", stptype="cancel-oldest")
    assert (kit.order(oldest)["status"], kit.order(resting)["status"]) == ("open", "canceled")
    both = kit.place("50005", "0.01", stptype="cancel-both")
    assert (kit.order(oldest)["status"], kit.order(both)["status"]) == ("canceled", "canceled")


# ------------------------------------------------------------------ identity
def test_a_client_order_id_is_unique_among_open_orders(kit: Kit) -> None:
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "40000"}
    first = kit.ask("AddOrder", cl_ord_id="one", **fields).result["txid"][0]
    assert kit.ask("AddOrder", cl_ord_id="one", **fields).error == ("EGeneral:Invalid arguments:cl_ord_id not unique")
    kit.ask("CancelOrder", txid=first)
    second = kit.ask("AddOrder", cl_ord_id="one", **fields).result["txid"][0]
    assert list(kit.ask("QueryOrders", cl_ord_id="one").result) == [second, first]
    filled = kit.ask("AddOrder", cl_ord_id="two", **(fields | {"price": "50010"})).result["txid"][0]
    again = kit.ask("AddOrder", cl_ord_id="two", **(fields | {"price": "50010"})).result["txid"][0]
    assert filled != again and kit.order(again)["status"] == "closed"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("6d1b345e-2821-40e2-ad83-4ecb18a06876", True),
        ("da8e4ad59b78481c93e589746b0cf91f", True),
        ("arb-20240509-00010", True),
        ("arb-20240509-000100", False),
        ("with space", False),
        ("ä", False),
    ],
)
def test_the_form_of_a_client_order_id(kit: Kit, name: str, taken: bool) -> None:
    answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="1", price="9", cl_ord_id=name)
    assert (answer.data["error"] == []) == taken
    if not taken:
        assert answer.error == "EGeneral:Invalid arguments:cl_ord_id"


def test_user_references_name_groups(kit: Kit) -> None:
    group = [kit.place("40000", userref="7") for _ in range(3)]
    kit.place("40000", userref="8")
    assert set(kit.ask("OpenOrders", userref="7").result["open"]) == set(group)
    assert kit.ask("CancelOrder", txid="7").result == {"count": 3}
    assert kit.ask("CancelOrder", txid="7").error == "EOrder:Unknown order"
    assert kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="1", userref="x").error == (
        "EGeneral:Invalid arguments:userref"
    )


def test_cancels_of_what_is_over_and_of_what_never_was(kit: Kit) -> None:
    txid = kit.place(volume="0.01")
    assert kit.ask("CancelOrder", txid=txid).error == "EOrder:Unknown order"
    assert kit.ask("CancelOrder", txid="OAAAAA-BBBBB-CCCCCC").error == "EOrder:Invalid order"
    assert kit.ask("CancelOrder", cl_ord_id="nobody").error == "EOrder:Unknown order"
    assert kit.ask("QueryOrders", txid="OAAAAA-BBBBB-CCCCCC").error == "EOrder:Invalid order"
    assert kit.ask("QueryOrders", cl_ord_id="nobody").result == {}


# -------------------------------------------------------------------- change
def test_an_amend_keeps_the_txid(kit: Kit) -> None:
    txid = kit.place("40000", "0.1", cl_ord_id="keep")
    made = kit.ask("AmendOrder", txid=txid, order_qty="0.05").result
    assert list(made) == ["amend_id"]
    kit.ask("AmendOrder", cl_ord_id="keep", limit_price="41000.5")
    order = kit.order(txid)
    assert (order["vol"], order["descr"]["price"], order["misc"], order["cl_ord_id"]) == (
        "0.05000000", "41000.5", "amended", "keep",
    )  # fmt: skip
    rows = kit.ask("OrderAmends", order_id=txid).result
    assert rows["count"] == 3
    assert [row["amend_type"] for row in rows["amends"]] == ["original", "user", "user"]
    assert [row["order_qty"] for row in rows["amends"]] == ["0.10000000", "0.05000000", "0.05000000"]
    assert kit.ask("AmendOrder", txid=txid, limit_price="51000", post_only="true").error == "EOrder:Post only order"
    assert kit.ask("AmendOrder", txid=txid).error == "EGeneral:Invalid arguments"


def test_an_amend_below_what_is_filled_cancels_the_rest(kit: Kit) -> None:
    txid = kit.place("49995", "0.1")
    assert kit.venue.fill(txid, Decimal("0.5"))
    kit.ask("AmendOrder", txid=txid, order_qty="0.04")
    order = kit.order(txid)
    assert (order["status"], order["vol_exec"]) == ("canceled", "0.05000000")


def test_an_edit_makes_another_order(kit: Kit) -> None:
    txid = kit.place("49995", "0.1", userref="5", oflags="post")
    kit.venue.fill(txid, Decimal("0.5"))
    made = kit.ask("EditOrder", txid=txid, pair="XBTUSD", volume="0.08", price="45000").result
    assert (made["status"], made["originaltxid"], made["orders_cancelled"]) == ("ok", txid, 1)
    assert (made["volume"], made["olduserref"], made["newuserref"]) == ("0.03000000", "5", "5")
    assert (kit.order(txid)["status"], kit.order(txid)["reason"]) == ("canceled", "Order replaced")
    new = kit.order(made["txid"])
    assert (new["status"], new["descr"]["price"], new["oflags"]) == ("open", "45000.0", "fciq")
    named = kit.place("40000", cl_ord_id="named")
    assert kit.ask("EditOrder", txid=named, pair="XBTUSD", price="41000").error == "EOrder:Order not editable"
    assert kit.order(named)["status"] == "open"


def test_an_edit_that_is_refused_changes_nothing(kit: Kit) -> None:
    txid = kit.place("40000", "0.1")
    assert kit.ask("EditOrder", txid=txid, pair="XBTUSD", volume="1000").error == "EOrder:Insufficient funds"
    assert kit.order(txid)["status"] == "open"


# ------------------------------------------------------------------- batches
def batch(*prices: str, **more: str) -> list[dict[str, str]]:
    return [{"type": "buy", "ordertype": "limit", "volume": "0.01", "price": price} | more for price in prices]


def test_a_batch_is_checked_as_a_whole_and_carried_out_one_by_one(kit: Kit) -> None:
    orders: list[Any] = batch("40000", "41000")
    orders.append({"type": "buy", "ordertype": "limit", "volume": "100", "price": "40000"})
    results = kit.ask("AddOrderBatch", as_json=True, pair="XBTUSD", orders=orders).result["orders"]
    assert [sorted(one) for one in results] == [["descr", "txid"], ["descr", "txid"], ["error"]]
    assert results[2]["error"] == "EOrder:Insufficient funds"
    wrong = [*batch("40000"), {"type": "buy", "ordertype": "limit", "volume": "0.01"}]
    answer = kit.ask("AddOrderBatch", as_json=True, pair="XBTUSD", orders=wrong)
    assert answer.error == "EGeneral:Invalid arguments:price"
    assert kit.ask("AddOrderBatch", as_json=True, pair="XBTUSD", orders=batch("1")).error.endswith(":orders")
    assert len(kit.ask("OpenOrders").result["open"]) == 2
    txids = [results[0]["txid"], results[1]["txid"], "OAAAAA-BBBBB-CCCCCC"]
    assert kit.ask("CancelOrderBatch", as_json=True, orders=txids).result == {"count": 2}
    assert kit.ask("CancelOrderBatch", as_json=True, orders=txids[2:]).error == "EOrder:Invalid order"


def test_a_batch_as_a_form(kit: Kit) -> None:
    fields = {
        f"orders[{n}][{name}]": value for n, one in enumerate(batch("40000", "41000")) for name, value in one.items()
    }
    assert len(kit.ask("AddOrderBatch", pair="XBTUSD", **fields).result["orders"]) == 2


def test_cancel_all_and_the_dead_mans_switch(kit: Kit) -> None:
    for price in ("40000", "41000"):
        kit.place(price)
    assert kit.ask("CancelAll").result == {"count": 2}
    assert kit.ask("CancelAll").result == {"count": 0}
    kit.place("40000")
    armed = kit.ask("CancelAllOrdersAfter", timeout="60").result
    assert armed == {"currentTime": "2026-01-01T00:00:00Z", "triggerTime": "2026-01-01T00:01:00Z"}
    kit.later(30)
    kit.ask("CancelAllOrdersAfter", timeout="60")
    later = kit.place("40000", starttm="+120")
    kit.later(59)
    assert len(kit.ask("OpenOrders").result["open"]) == 2
    kit.later(2)
    assert kit.ask("OpenOrders").result["open"] == {}
    assert kit.order(later)["status"] == "canceled"
    assert kit.ask("CancelAllOrdersAfter", timeout="0").result["triggerTime"] == "0"
    assert kit.ask("CancelAllOrdersAfter", timeout="99999").error == "EGeneral:Invalid arguments:timeout"


def test_validate_only(kit: Kit) -> None:
    answer = kit.ask(
        "AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="1", price="40000", validate="true"
    )
    assert answer.result == {"descr": {"order": "buy 1.00000000 XBTUSD @ limit 40000.0"}}
    assert kit.venue.desk.notes == {}


def test_deadlines(kit: Kit) -> None:
    fields = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "40000"}
    assert kit.ask("AddOrder", deadline="2026-01-01T00:00:05Z", **fields).result["txid"]
    assert kit.ask("AddOrder", deadline="2025-12-31T23:59:59.9Z", **fields).error == "EService:Deadline elapsed"
    assert kit.ask("AddOrder", deadline="2026-01-01T00:02:00Z", **fields).error == "EGeneral:Invalid arguments:deadline"
    assert kit.ask("AddOrder", deadline="tomorrow", **fields).error == "EGeneral:Invalid arguments:deadline"
