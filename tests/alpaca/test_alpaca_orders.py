"""Orders of every kind, and what is refused: by code and text, with nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from alpaca_kit import Kit

LEGS = {"take_profit": {"limit_price": "210"}, "stop_loss": {"stop_price": "190", "limit_price": "189"}}


def test_an_answer_says_that_the_order_was_taken_and_the_query_what_became_of_it(kit: Kit) -> None:
    answer = kit.place(type="market", limit_price=None, client_order_id="mine").ok
    assert (answer["status"], answer["filled_qty"], answer["filled_avg_price"]) == ("pending_new", "0", None)
    done = kit.order(answer["id"])
    assert (done["status"], done["filled_qty"], done["filled_avg_price"]) == ("filled", "2", "200.04")
    assert done["filled_at"] == done["updated_at"] == "2026-01-02T15:00:00Z"
    assert done["expires_at"] == "2026-01-02T21:00:00Z", "a day order lives until the close"
    named = kit.ask("GET", "/v2/orders:by_client_order_id", client_order_id="mine").ok
    assert named == done and named["client_order_id"] == "mine"
    assert kit.balances()["USD"] == ("99599.92", "0") and kit.balances()["AAPL"] == ("52", "0")


def test_numbers_may_be_json_numbers_and_quantities_are_cut_at_nine_decimals(kit: Kit) -> None:
    made = kit.place(symbol="BTC/USD", limit_price=40000.5, qty=0.1234567891234, time_in_force="gtc").ok
    assert (made["qty"], made["limit_price"], made["notional"]) == ("0.123456789", "40000.5", None)
    assert kit.orders(symbols="BTCUSD")[0]["id"] == made["id"], "a pair may be written without the slash"


def test_a_client_order_id_is_taken_for_ever(kit: Kit) -> None:
    duplicate = (422, 40010001, "client_order_id must be unique")
    made = kit.place(client_order_id="once").ok
    assert kit.place(client_order_id="once").error == duplicate
    kit.ask("DELETE", f"/v2/orders/{made['id']}")
    assert kit.place(client_order_id="once").error == duplicate, "cancelled, and taken all the same"
    filled = kit.market(client_order_id="twice")
    assert filled["status"] == "filled" and kit.place(client_order_id="twice").error == duplicate
    assert kit.place(client_order_id="x" * 129).error[2] == "client_order_id must be no more than 128 characters"
    assert kit.place(client_order_id="x" * 128).status == 200
    free = Kit(knobs={"id_reuse": "open_only"})
    first = free.place(client_order_id="once").ok
    assert free.place(client_order_id="once").error == duplicate
    free.ask("DELETE", f"/v2/orders/{first['id']}")
    second = free.place(client_order_id="once").ok
    named = free.ask("GET", "/v2/orders:by_client_order_id", client_order_id="once").ok
    assert named["id"] == second["id"] != first["id"]


def test_cancels(kit: Kit) -> None:
    made = kit.place().ok
    path = f"/v2/orders/{made['id']}"
    answer = kit.ask("DELETE", path)
    assert (answer.status, answer.data) == (204, None)
    gone = kit.order(made["id"])
    assert gone["status"] == "canceled" and gone["canceled_at"] is not None
    assert kit.ask("DELETE", path).status == 204, "cancelled already: success again"
    filled = kit.market()
    assert kit.ask("DELETE", f"/v2/orders/{filled['id']}").error == (
        422, 42210000, 'order is already in "filled" state',
    )  # fmt: skip
    ids = [kit.place(limit_price=str(price)).ok["id"] for price in (170, 171)]
    assert kit.ask("DELETE", "/v2/orders").data == [{"id": one, "status": 200} for one in ids]
    assert kit.ask("DELETE", "/v2/orders").data == [] and kit.orders() == []


def test_a_replacement_is_a_new_order(kit: Kit) -> None:
    old = kit.place(qty="10", client_order_id="first").ok
    kit.fill(old["id"], "0.4")
    new = kit.ask("PATCH", f"/v2/orders/{old['id']}", {"limit_price": "181", "client_order_id": "second"}).ok
    assert (new["replaces"], new["qty"], new["limit_price"]) == (old["id"], "6", "181")
    assert new["client_order_id"] == "second" and new["status"] == "pending_new"
    was = kit.order(old["id"])
    assert (was["status"], was["replaced_by"], was["filled_qty"]) == ("replaced", new["id"], "4")
    assert was["replaced_at"] is not None and kit.order(new["id"])["status"] == "new"
    assert [one["id"] for one in kit.orders()] == [new["id"]]
    unnamed = kit.ask("PATCH", f"/v2/orders/{new['id']}", {"qty": "3"}).ok
    assert unnamed["client_order_id"] not in ("first", "second")
    for sent, error in (
        ({"qty": "3"}, (422, 42210000, "order parameters are not changed")),
        ({"qty": "1.5"}, (422, 40010001, "qty must be integer")),
        ({"limit_price": "0"}, (422, 40010001, "limit price must be > 0")),
        ({"stop_price": "170"}, (422, 42210000, "order cannot be replaced: no such parameter")),
        ({"trail": "1"}, (422, 42210000, "order cannot be replaced: trail")),
        ({"time_in_force": "ioc"}, (422, 42210000, "order cannot be replaced: time_in_force")),
        ({"client_order_id": "first"}, (422, 40010001, "client_order_id must be unique")),
        ({"limit_price": "99999"}, (403, 40310000, "insufficient buying power")),
    ):
        if sent.get("limit_price") == "99999":
            sent["qty"] = "5000"
        assert kit.ask("PATCH", f"/v2/orders/{unnamed['id']}", sent).error == error
    assert kit.ask("PATCH", f"/v2/orders/{old['id']}", {"qty": "9"}).error[2] == 'order is already in "replaced" state'
    assert [one["id"] for one in kit.orders()] == [unnamed["id"]]


def test_a_bracket(kit: Kit) -> None:
    made = kit.place(type="market", limit_price=None, time_in_force="gtc", order_class="bracket", **LEGS).ok
    assert (made["order_class"], [leg["status"] for leg in made["legs"]]) == ("bracket", ["held", "held"])
    parent = kit.order(made["id"], nested="true")
    profit, loss = parent["legs"]
    assert (parent["status"], profit["status"], loss["status"]) == ("filled", "new", "held")
    assert (profit["type"], profit["limit_price"], loss["type"], loss["stop_price"]) == (
        "limit",
        "210",
        "stop_limit",
        "190",
    )
    assert kit.order(made["id"])["legs"] is None and kit.orders(nested="true") == [], "the open ones are legs"
    kit.fill(profit["id"], "0.5")
    assert kit.order(loss["id"])["qty"] == "1", "the stop is adjusted to what is left"
    kit.fill(profit["id"])
    assert (kit.order(profit["id"])["status"], kit.order(loss["id"])["status"]) == ("filled", "canceled")


def test_an_oco_and_an_oto(kit: Kit) -> None:
    asked = kit.place(side="sell", order_class="oco", limit_price=None, **LEGS)
    pair = asked.ok
    assert asked.call is not None and asked.call.order is not None
    assert asked.call.order["price"] == pair["limit_price"], "of an OCO it stands in take_profit"
    assert (pair["type"], pair["limit_price"], pair["status"]) == ("limit", "210", "pending_new")
    assert [(leg["type"], leg["status"]) for leg in pair["legs"]] == [("stop_limit", "held")]
    assert kit.balances()["AAPL"] == ("48", "2"), "shares are held once"
    moved = kit.ask("PATCH", f"/v2/orders/{pair['legs'][0]['id']}", {"stop_price": "191"}).ok
    assert kit.order(pair["id"], nested="true")["legs"][0]["id"] == moved["id"]
    kit.ask("DELETE", f"/v2/orders/{pair['id']}")
    assert kit.order(moved["id"])["status"] == "canceled"
    entry = kit.place(order_class="oto", stop_loss={"stop_price": "150"}).ok
    assert [(leg["type"], leg["side"], leg["status"]) for leg in entry["legs"]] == [("stop", "sell", "held")]
    kit.fill(entry["id"])
    assert kit.order(entry["legs"][0]["id"])["status"] == "new"


def test_stops_and_trailing_stops(kit: Kit) -> None:
    stop = kit.place(side="sell", type="stop", limit_price=None, stop_price="195").ok
    assert kit.order(stop["id"])["status"] == "new" and stop["stop_price"] == "195"
    trail = kit.place(side="sell", type="trailing_stop", limit_price=None, trail_percent="5", time_in_force="gtc").ok
    found = kit.order(trail["id"])
    assert (found["trail_percent"], found["trail_price"]) == ("5", None)
    best = found["hwm"]
    assert best is None or float(found["stop_price"]) == pytest.approx(float(best) * 0.95)
    wider = kit.ask("PATCH", f"/v2/orders/{trail['id']}", {"trail": "6"}).ok
    assert wider["trail_percent"] == "6" and wider["replaces"] == trail["id"]
    dollars = kit.place(side="sell", type="trailing_stop", limit_price=None, trail_price="6.15").ok
    assert dollars["trail_price"] == "6.15"


def test_amounts_in_dollars(kit: Kit) -> None:
    spent = kit.place(type="market", limit_price=None, qty=None, notional="100").ok
    assert (spent["notional"], spent["qty"]) == ("100", None)
    done = kit.order(spent["id"])
    assert done["status"] == "filled" and 0.49 < float(done["filled_qty"]) < 0.5
    coins = kit.place(symbol="BTC/USD", type="market", limit_price=None, qty=None, notional=50, time_in_force="gtc").ok
    assert float(kit.order(coins["id"])["filled_qty"]) == pytest.approx(50 / 50010, rel=1e-4)
    sold = kit.place(
        symbol="BTC/USD", side="sell", type="market", limit_price=None, qty=None, notional=50, time_in_force="gtc"
    ).ok
    assert kit.order(sold["id"])["status"] == "filled"


def test_ioc_and_fok(kit: Kit) -> None:
    kept = kit.place(time_in_force="ioc").ok
    assert kit.order(kept["id"])["status"] == "canceled"
    part = kit.place(symbol="BTC/USD", limit_price="50010", qty="1", time_in_force="ioc").ok
    done = kit.order(part["id"])
    assert done["status"] == "canceled" and 0 < float(done["filled_qty"]) < 1
    none = kit.place(limit_price="200.04", qty="300", time_in_force="fok").ok
    assert (kit.order(none["id"])["status"], kit.order(none["id"])["filled_qty"]) == ("canceled", "0")


MARKET: dict[str, Any] = {"type": "market", "limit_price": None}
CRYPTO: dict[str, Any] = {"symbol": "BTC/USD", "limit_price": "40000", "qty": "0.1", "time_in_force": "gtc"}
REFUSED: list[tuple[dict[str, Any], int, int, str]] = [
    ({"symbol": None}, 422, 40010001, "symbol is required"),
    ({"symbol": "NONE"}, 422, 42210000, 'asset "NONE" not found'),
    ({"side": None}, 422, 40010001, "side is required"),
    ({"side": "up"}, 422, 40010001, "invalid side"),
    ({"type": "odd"}, 422, 40010001, "invalid order type"),
    ({"time_in_force": "gtd"}, 422, 40010001, "invalid time_in_force"),
    ({"order_class": "odd"}, 422, 40010001, "invalid order_class"),
    ({"qty": None}, 422, 40010001, "qty or notional is required"),
    ({"notional": "5"}, 422, 40010001, "only one of qty or notional is accepted"),
    ({"qty": "0"}, 422, 40010001, "qty must be > 0"),
    ({"qty": "-1"}, 422, 40010001, "qty must be > 0"),
    ({"qty": "NaN"}, 422, 40010001, "qty must be > 0"),
    ({"qty": "0.0000000001"}, 422, 40010001, "qty must be > 0"),
    ({"qty": "9999999999"}, 422, 40010001, "qty is too large"),
    ({"limit_price": None}, 422, 40010001, "limit orders require a limit price"),
    ({"limit_price": "0"}, 422, 40010001, "limit price must be > 0"),
    ({"limit_price": "290.123"}, 422, 42210000,
     "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria"),
    ({"type": "stop", "limit_price": None, "stop_price": "290.123"}, 422, 42210000,
     "invalid stop_price 290.123. sub-penny increment does not fulfill minimum pricing criteria"),
    ({"type": "stop", "limit_price": None}, 422, 40010001, "stop orders require a stop price"),
    ({"stop_price": "170"}, 422, 40010001, "limit orders require no stop price"),
    ({"type": "market"}, 422, 40010001, "market orders require no limit price"),
    ({"type": "trailing_stop", "limit_price": None}, 422, 40010001,
     "trailing stop orders require one of trail_price or trail_percent"),
    ({"trail_price": "1"}, 422, 40010001, "only trailing stop orders have trail_price or trail_percent"),
    ({"qty": "1.5", "time_in_force": "gtc"}, 422, 42210000, "fractional orders must be DAY orders"),
    ({"qty": "1.5", "order_class": "bracket"}, 422, 42210000, "fractional orders must be simple orders"),
    ({"symbol": "SNDL", "qty": "1.5", "limit_price": "0.4"}, 422, 42210000, 'asset "SNDL" is not fractionable'),
    ({"qty": None, "notional": "5"}, 422, 42210000, "notional orders must be market orders"),
    (MARKET | {"qty": None, "notional": "0.5"}, 422, 42210000, "notional amount must be >= 1.00"),
    ({"extended_hours": True, "time_in_force": "gtc"}, 422, 42210000, "extended hours order must be DAY limit orders"),
    (MARKET | {"extended_hours": True}, 422, 42210000, "extended hours order must be DAY limit orders"),
    (CRYPTO | {"time_in_force": "day"}, 422, 42210000, "invalid crypto time_in_force"),
    (CRYPTO | {"time_in_force": "fok"}, 422, 42210000, "invalid crypto time_in_force"),
    (CRYPTO | {"type": "stop", "limit_price": None, "stop_price": "1"}, 422, 40010001,
     "invalid order type for crypto order"),
    (CRYPTO | {"qty": "0.0002"}, 403, 40310000, "cost basis must be >= minimal amount of order 10"),
    (CRYPTO | {"limit_price": "40000.001"}, 422, 42210000, "limit_price must be a multiple of 0.01"),
    (CRYPTO | {"order_class": "oco", **LEGS}, 422, 42210000, "crypto orders not allowed for advanced order_class: oco"),
    (CRYPTO | {"qty": "100"}, 403, 40310000, "insufficient balance for USD (requested: 4000000, available: 100000)"),
    (CRYPTO | {"qty": "3", "side": "sell", "limit_price": "60000"}, 403, 40310000,
     "insufficient balance for BTC (requested: 3, available: 2)"),
    ({"qty": "1000"}, 403, 40310000, "insufficient buying power"),
    ({"side": "sell", "qty": "60", "limit_price": "220"}, 403, 40310000,
     "insufficient qty available for order (requested: 60, available: 50)"),
    ({"symbol": "SNDL", "side": "sell", "limit_price": "0.6"}, 403, 40310000, "account is not allowed to short"),
    ({"order_class": "oto"}, 422, 42210000, "oto orders require either take_profit or stop_loss"),
    ({"order_class": "bracket"}, 422, 42210000, "bracket orders require take_profit and stop_loss"),
    ({"order_class": "bracket", "take_profit": 5}, 400, 40010000, "request body format is invalid"),
    ({"order_class": "bracket", "take_profit": {"limit_price": "180"}, "stop_loss": {"stop_price": "190"}}, 422,
     42210000, "take_profit.limit_price must be > stop_loss.stop_price"),
    ({"order_class": "bracket", "take_profit": {"limit_price": "1"}, "stop_loss": {"limit_price": "9"}}, 422, 40010001,
     "stop_loss.stop_price is required"),
    ({"client_order_id": 5}, 400, 40010000, "request body format is invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "code", "text"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_is_refused(kit: Kit, changes: dict[str, Any], status: int, code: int, text: str) -> None:
    before = kit.balances()
    assert kit.place(**changes).error == (status, code, text)
    assert kit.balances() == before and kit.truths == [] and kit.pushes == []


def test_what_is_lacking_is_told(kit: Kit) -> None:
    held = kit.place(side="sell", qty="20", limit_price="220").ok
    refused = kit.place(side="sell", qty="40", limit_price="230").data
    assert refused == {
        "code": 40310000, "message": "insufficient qty available for order (requested: 40, available: 30)",
        "available": "30", "existing_qty": "50", "held_for_orders": "20", "symbol": "AAPL",
        "related_orders": [held["id"]],
    }  # fmt: skip
    funds = kit.place(qty="1000").data
    assert (funds["buying_power"], funds["cost_basis"]) == ("100000", "180000")


def test_wash_trades_are_refused(kit: Kit) -> None:
    sale = kit.place(side="sell", limit_price="220").ok
    wash = (403, 40310000, "potential wash trade detected. use complex orders")
    refused = kit.place(type="market", limit_price=None)
    assert refused.error == wash and refused.data["existing_order_id"] == sale["id"]
    assert kit.place(limit_price="220").error == wash
    assert kit.place(limit_price="219.99").status == 200
    kit.place(symbol="BTC/USD", limit_price="40000", qty="0.1", time_in_force="gtc")
    crypto = {"symbol": "BTC/USD", "side": "sell", "qty": "0.1", "time_in_force": "gtc"}
    assert kit.place(type="market", limit_price=None, **crypto).error == wash, "crypto, too"
    assert kit.place(type="stop_limit", limit_price="39000", stop_price="39500", **crypto).error == wash


def test_lists_of_orders(kit: Kit) -> None:
    ids = []
    for number in range(5):
        ids.append(kit.place(limit_price=str(170 + number)).ok["id"])
        kit.later(1)
    kit.ask("DELETE", f"/v2/orders/{ids[0]}")
    assert [one["id"] for one in kit.orders()] == ids[:0:-1], "open ones, newest first"
    assert [one["id"] for one in kit.orders(status="closed")] == ids[:1]
    assert [one["id"] for one in kit.orders(status="all", direction="asc", limit=2)] == ids[:2]
    second = kit.order(ids[1])["submitted_at"]
    assert [one["id"] for one in kit.orders(status="all", after=second, direction="asc")] == ids[2:]
    assert [one["id"] for one in kit.orders(status="all", until=second)] == ids[:1]
    assert kit.orders(side="sell") == [] and kit.orders(symbols="F,SNDL") == [] and len(kit.orders(symbols="AAPL")) == 4


def test_an_old_copy_of_the_account_shows_what_was(kit: Kit) -> None:
    before = kit.now
    kit.later(1)
    made = kit.place().ok
    assert kit.ask("GET", f"/v2/orders/{made['id']}", as_of=before).status == 404
    assert kit.ask("GET", "/v2/orders", as_of=before).ok == []
    kit.later(1)
    kit.ask("DELETE", f"/v2/orders/{made['id']}")
    assert kit.order(made["id"], as_of=kit.now - 1)["status"] == "new"


def test_a_replacement_may_take_its_time_and_come_to_nothing() -> None:
    kit = Kit(knobs={"replace_ms": 500})
    talk = kit.open()
    talk.listen()
    old = kit.place(qty="10").ok
    new = kit.ask("PATCH", f"/v2/orders/{old['id']}", {"limit_price": "181", "client_order_id": "second"}).ok
    assert (new["status"], new["replaces"], new["limit_price"], new["qty"]) == ("pending_new", old["id"], "181", "10")
    assert kit.order(old["id"])["status"] == "pending_replace" and kit.order(new["id"]) == new
    assert kit.ask("GET", "/v2/orders:by_client_order_id", client_order_id="second").ok == new
    assert kit.ask("PATCH", f"/v2/orders/{old['id']}", {"qty": "3"}).error[2].startswith("unable to replace order")
    assert kit.place(client_order_id="second").error[2] == "client_order_id must be unique"
    kit.later(1)
    assert (kit.order(old["id"])["replaced_by"], kit.order(new["id"])["status"]) == (new["id"], "new")
    assert [one["event"] for one in talk.events()] == ["new", "pending_replace", "replaced", "new"]
    third = kit.ask("PATCH", f"/v2/orders/{new['id']}", {"limit_price": "182"}).ok
    kit.fill(new["id"])
    kit.later(1)
    assert (kit.order(new["id"])["status"], kit.order(third["id"])["status"]) == ("filled", "rejected")
    assert kit.order(third["id"])["failed_at"] is not None
    events = talk.events()
    assert [one["event"] for one in events] == ["pending_replace", "fill", "order_replace_rejected", "rejected"]
    assert kit.ask("DELETE", f"/v2/orders/{third['id']}").error[2] == 'order is already in "rejected" state'
    last = kit.place().ok
    fourth = kit.ask("PATCH", f"/v2/orders/{last['id']}", {"qty": "1"}).ok
    assert kit.ask("DELETE", f"/v2/orders/{fourth['id']}").status == 204
    kit.later(1)
    assert [kit.order(one["id"])["status"] for one in (last, fourth)] == ["canceled", "canceled"]


def test_a_replacement_that_could_trade_with_an_own_order_is_refused(kit: Kit) -> None:
    kit.place(side="sell", limit_price="220")
    buy = kit.place().ok
    path = f"/v2/orders/{buy['id']}"
    assert kit.ask("PATCH", path, {"limit_price": "220"}).error[2].startswith("potential wash trade")
    assert kit.ask("PATCH", path, {"limit_price": "190"}).status == 200
