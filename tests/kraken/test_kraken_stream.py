"""WebSocket v2: greeting, tokens, subscriptions, the account's events, orders in frames, public channels."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest
from kraken_kit import EPOCH, Kit, Talk

from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.api import Close

ORDER = {"order_type": "limit", "side": "buy", "order_qty": 0.1, "symbol": "BTC/USD", "limit_price": 40000}


def public(kit: Kit) -> Talk:
    return kit.open("ws.kraken.com")


def place(talk: Talk, **changes: Any) -> Any:
    return talk.send("add_order", {**ORDER, "token": talk.kit.token(), **changes})[0]


# --------------------------------------------------------------- connection
def test_a_connection_is_greeted_with_the_status(kit: Kit) -> None:
    for symbol in kit.venue.desk.exchange.instruments:
        kit.venue.desk.exchange.set_state(symbol, TradingState.POST_ONLY)
    (greeting,) = public(kit).greeting
    data = greeting.pop("data")
    assert greeting == {"channel": "status", "type": "update"}
    assert data[0]["system"] == "post_only" and data[0]["api_version"] == "v2"


def test_ping_and_what_is_no_request(kit: Kit) -> None:
    talk = public(kit)
    (pong,) = talk.send("ping", req_id=7)
    assert pong["method"] == "pong" and pong["req_id"] == 7
    assert pong["time_in"] == pong["time_out"] == "2026-01-01T00:00:00.000000Z"
    for text in ("", "[]", "{", '{"method":5}', '"x"'):
        (answer,) = talk.say(text)
        assert (answer["error"], answer["success"]) == ("Malformed request", False)
    assert talk.send("fly")[0]["error"] == "Event(s) not found"


def test_who_says_nothing_is_let_go(kit: Kit) -> None:
    talk = public(kit)
    assert talk.due(59) == []
    talk.send("ping")
    assert talk.due(59) == []
    assert talk.due(2) == [Close(1000, "")]


def test_heartbeats_come_where_nothing_else_does(kit: Kit) -> None:
    talk = kit.open()
    talk.private()
    assert talk.due(3) == [{"channel": "heartbeat"}] * 3


def test_version_one_is_not_served(kit: Kit) -> None:
    assert kit.venue.open_session("ws.kraken.com", "/", EPOCH).opened(EPOCH) == (Close(1008, "only /v2 is served"),)


def test_tokens(kit: Kit) -> None:
    talk, token = kit.open(), kit.token()
    assert talk.send("subscribe", {"channel": "balances", "token": "x"})[0]["error"] == "ESession:Invalid session"
    assert talk.send("add_order", ORDER)[0]["error"] == "ESession:Invalid session"
    assert talk.send("subscribe", {"channel": "balances", "token": token})[0]["success"]
    kit.later(901)
    assert place(talk, token=token)["success"]  # in use before, and still good on this connection
    late = kit.open()
    assert late.send("add_order", {**ORDER, "token": token})[0]["error"] == "ESession:Invalid session"
    assert kit.open("ws.kraken.com").private()[0]["error"] == "EGeneral:Permission denied"
    answer = kit.open().send("subscribe", {"channel": "book", "symbol": ["BTC/USD"]})[0]
    assert answer["error"].startswith("Public market data")


# --------------------------------------------------------- the account's events
def test_the_life_of_an_order_as_events(kit: Kit) -> None:
    talk = kit.open()
    done, snapshot = talk.private()
    assert done["result"] == {"channel": "executions", "maxratecount": 125, "snap_orders": True, "snap_trades": False}
    assert (snapshot["type"], snapshot["data"], snapshot["sequence"]) == ("snapshot", [], 1)
    txid = kit.place("49995", "0.1", cl_ord_id="mine")
    pending, new = talk.events()
    assert [pending["sequence"], new["sequence"]] == [2, 3]
    first = pending["data"][0]
    assert (first["order_id"], first["exec_type"], first["cl_ord_id"]) == (txid, "pending_new", "mine")
    assert (first["order_qty"], first["limit_price"], first["time_in_force"]) == (0.1, 49995.0, "GTC")
    assert (new["data"][0]["exec_type"], new["data"][0]["order_status"]) == ("new", "new")
    kit.venue.fill(txid, Decimal("0.5"))
    (event,) = talk.events()
    trade = event["data"][0]
    assert (trade["exec_type"], trade["order_status"], trade["last_qty"]) == ("trade", "partially_filled", 0.05)
    assert (trade["last_price"], trade["liquidity_ind"], trade["fees"]) == (
        49995.0, "m", [{"asset": "USD", "qty": 2.4997}],
    )  # fmt: skip
    assert trade["exec_id"] in kit.ask("TradesHistory").result["trades"]
    kit.ask("AmendOrder", txid=txid, order_qty="0.08")
    assert [one["data"][0]["exec_type"] for one in talk.events()] == ["amended"]
    kit.venue.fill(txid, Decimal(1))
    trade, filled = (one["data"][0] for one in talk.events())
    assert (trade["exec_type"], trade["order_status"]) == ("trade", "filled")
    assert (filled["exec_type"], filled["cum_qty"], filled["avg_price"]) == ("filled", 0.08, 49995.0)
    assert filled["cum_cost"] == pytest.approx(3999.6)
    kit.ask("CancelOrder", txid=kit.place("40000", userref="9"))
    last = talk.events()[-1]["data"][0]
    assert (last["exec_type"], last["reason"], last["order_userref"]) == ("canceled", "User requested", 9)


def test_snapshots_and_fewer_states(kit: Kit) -> None:
    kit.place(volume="0.01")
    txid = kit.place("40000", "0.1")
    talk = kit.open()
    snapshot = talk.private(snap_trades=True, order_status=False)[1]
    order, trade = snapshot["data"]
    assert (order["order_id"], order["order_status"], order["symbol"]) == (txid, "new", "BTC/USD")
    assert (trade["exec_type"], trade["last_qty"]) == ("trade", 0.01)
    kit.place(volume="0.01")
    assert [one["data"][0]["exec_type"] for one in talk.events()] == ["new", "filled"]
    assert talk.private()[0]["error"] == "Already subscribed"
    assert talk.send("unsubscribe", {"channel": "executions", "token": kit.token()})[0]["success"]
    kit.place(volume="0.01")
    assert talk.events() == [] and not talk.session.subscribed


def test_numbers_are_given_when_events_are_made(kit: Kit) -> None:
    """One that is lost leaves a gap, one that is late has its own number, one that comes twice has it twice."""
    talk = kit.open()
    talk.private()
    kit.place("40000")
    kit.place("40000")
    pushes = kit.pushes[-4:]
    told = [json.loads(talk.session.frames(pushes[index])[0])["sequence"] for index in (3, 1, 1)]
    assert told == [5, 3, 3]
    talk.session.closed()
    assert talk.session.frames(pushes[0]) == () and kit.venue.desk.listeners == []


def test_what_ends_an_order_by_itself(kit: Kit) -> None:
    talk = kit.open()
    talk.private()
    kit.place("50010", "0.9", timeinforce="IOC")
    last = talk.events()[-1]["data"][0]
    assert (last["exec_type"], last["reason"]) == ("canceled", "IOC remainder")
    kit.place("40000", expiretm="+5")
    kit.later(6)
    assert talk.events()[-1]["data"][0]["exec_type"] == "expired"


def test_the_last_trade_need_not_say_filled() -> None:
    kit = Kit(knobs={"last_trade": "partially_filled"})
    talk = kit.open()
    talk.private()
    kit.place(volume="0.01")
    states = [one["data"][0]["order_status"] for one in talk.events()]
    assert states == ["pending_new", "new", "partially_filled", "filled"]


def test_balances_follow_the_ledger(kit: Kit) -> None:
    talk = kit.open()
    snapshot = talk.private("balances")[1]
    assert {one["asset"]: one["balance"] for one in snapshot["data"]} == {"BTC": 2.0, "ETH": 10.0, "USD": 100_000.0}
    kit.place("40000")
    assert talk.events() == []  # holds are no entries
    kit.place(volume="0.01")
    entries = {one["data"][0]["asset"]: one["data"][0] for one in talk.events()}
    assert (entries["BTC"]["amount"], entries["BTC"]["balance"]) == (0.01, 2.01)
    assert (entries["USD"]["amount"], entries["USD"]["fee"]) == (-500.1, 0.5001)
    assert entries["USD"]["balance"] == pytest.approx(100_000 - 500.1 - 0.5001)
    assert entries["USD"]["ledger_id"] in kit.ask("Ledgers").result["ledger"]


# ---------------------------------------------------------- orders in frames
def test_orders_in_frames(kit: Kit) -> None:
    talk = kit.open()
    answer = place(talk, cl_ord_id="ws-1")
    assert answer["success"] and answer["result"]["cl_ord_id"] == "ws-1"
    txid = answer["result"]["order_id"]
    amended = talk.send("amend_order", {"order_id": txid, "limit_price": 41000.5, "token": kit.token()})[0]
    assert amended["result"]["order_id"] == txid and amended["result"]["amend_id"]
    assert kit.order(txid)["descr"]["price"] == "41000.5"
    assert place(talk, cl_ord_id="ws-1")["error"] == "EGeneral:Invalid arguments:cl_ord_id not unique"
    cancelled = talk.send("cancel_order", {"cl_ord_id": ["ws-1"], "token": kit.token()})[0]
    assert cancelled["result"] == {"cl_ord_id": "ws-1"}
    assert talk.send("cancel_order", {"order_id": [txid], "token": kit.token()})[0]["error"] == "EOrder:Unknown order"
    one, two = place(talk), place(talk, order_userref=3)
    ids = [one["result"]["order_id"], "OAAAAA-BBBBB-CCCCCC", two["result"]["order_id"]]
    answers = talk.send("cancel_order", {"order_id": ids, "token": kit.token()})
    assert [answer["success"] for answer in answers] == [True, False, True]
    assert talk.send("cancel_order", {"token": kit.token()})[0]["error"] == "EGeneral:Invalid arguments:order_id"


def test_edits_batches_and_the_switch_in_frames() -> None:
    kit = Kit(knobs={"tier": "pro"})
    talk = kit.open()
    txid = place(talk)["result"]["order_id"]
    params = {"order_id": txid, "symbol": "BTC/USD", "order_qty": 0.2, "limit_price": 41000, "token": kit.token()}
    edited = talk.send("edit_order", params)[0]["result"]
    assert edited["original_order_id"] == txid and kit.order(edited["order_id"])["vol"] == "0.20000000"
    orders = [{name: value for name, value in ORDER.items() if name != "symbol"} for _ in range(3)]
    orders[1] = orders[1] | {"order_qty": 99.0, "order_userref": 5}
    batch = {"orders": orders, "symbol": "BTC/USD", "token": kit.token(), "deadline": "2026-01-01T00:00:03.5Z"}
    result = talk.send("batch_add", batch)[0]["result"]
    assert [sorted(one) for one in result] == [["order_id"], ["error", "order_userref"], ["order_id"]]
    ids = [result[0]["order_id"], result[2]["order_id"]]
    assert talk.send("batch_cancel", {"orders": ids, "token": kit.token()})[0]["orders_cancelled"] == 2
    armed = talk.send("cancel_all_orders_after", {"timeout": 60, "token": kit.token()})[0]["result"]
    assert armed["triggerTime"] == "2026-01-01T00:01:00Z"
    assert talk.send("cancel_all", {"token": kit.token()})[0]["result"] == {"count": 1}
    assert talk.send("batch_add", batch | {"orders": [1, 2]})[0]["error"] == "EGeneral:Invalid arguments:orders"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"order_type": "market", "limit_price": None}, "market"),
        ({"order_type": "market", "limit_price": None, "order_qty": None, "cash_order_qty": 100}, "market"),
        ({"order_type": "stop-loss", "limit_price": None, "triggers": {"price": 51000}}, "stop loss 51000.0"),
        (
            {"order_type": "stop-loss-limit", "triggers": {"price": 51000.5, "reference": "index"}},
            "stop loss 51000.5 -> limit 40000.0",
        ),
        (
            {"order_type": "take-profit", "limit_price": None, "triggers": {"price": -10, "price_type": "pct"}},
            "take profit 44991.0",
        ),
        (
            {"order_type": "trailing-stop", "limit_price": None, "triggers": {"price": 1.5, "price_type": "pct"}},
            "trailing stop +1.5%",
        ),
        (
            {
                "order_type": "trailing-stop-limit",
                "limit_price": -20,
                "triggers": {"price": 500, "price_type": "quote"},
            },
            "trailing stop +500 -> limit -20",
        ),
        ({"order_type": "iceberg", "display_qty": 0.05, "time_in_force": "gtc"}, "limit 40000.0"),
        ({"post_only": True, "stp_type": "cancel_both", "fee_preference": "quote"}, "limit 40000.0"),
        ({"time_in_force": "gtd", "expire_time": "2026-01-01T01:00:00Z"}, "limit 40000.0"),
        ({"effective_time": "2026-01-01T00:10:00Z", "reduce_only": False, "margin": False}, "limit 40000.0"),
        ({"order_qty": 1e-4, "limit_price": 4e4}, "limit 40000.0"),
    ],
)
def test_every_order_type_in_a_frame(kit: Kit, changes: dict[str, Any], shown: str) -> None:
    fields = {name: value for name, value in {**ORDER, **changes}.items() if value is not None}
    talk = kit.open()
    answer = talk.send("add_order", {**fields, "token": kit.token()})[0]
    assert answer["success"], answer
    text = kit.order(answer["result"]["order_id"])["descr"]["order"]
    assert text.partition(" @ ")[2] == shown


def test_conditional_closes_in_a_frame(kit: Kit) -> None:
    talk = kit.open()
    close = {"order_type": "stop-loss-limit", "trigger_price": 45000, "limit_price": 44900}
    txid = place(talk, limit_price=50010, conditional=close)["result"]["order_id"]
    (made,) = (one for one in kit.ask("OpenOrders").result["open"].values() if one["refid"] == txid)
    assert made["descr"]["order"] == "sell 0.10000000 XBTUSD @ stop loss 45000.0 -> limit 44900.0"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"price": 5}, "Unsupported field: 'price' for the given msg type: add order"),
        ({"order_type": "stop-loss"}, "EGeneral:Invalid arguments:triggers"),
        ({"order_qty": "many"}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": True}, "EGeneral:Invalid arguments:order_qty"),
        ({"limit_price": [1]}, "EGeneral:Invalid arguments:limit_price"),
        ({"symbol": "BTC/XXX"}, "EQuery:Unknown asset pair"),
        ({"time_in_force": "day"}, "EGeneral:Invalid arguments:timeinforce"),
        ({"conditional": 5}, "EGeneral:Invalid arguments:conditional"),
        ({"order_qty": 100}, "EOrder:Insufficient funds"),
        ({"margin": True}, "EGeneral:Invalid arguments:leverage"),
        ({"deadline": "2026-01-01T00:02:00Z"}, "EGeneral:Invalid arguments:deadline"),
    ],
)
def test_a_refused_frame_leaves_nothing(kit: Kit, changes: dict[str, Any], error: str) -> None:
    before = kit.venue.truth()
    answer = place(kit.open(), **changes)
    assert (answer["error"], answer["success"], answer["method"], answer["req_id"]) == (error, False, "add_order", 1)
    assert kit.venue.truth() == before and kit.venue.desk.notes == {}


def test_a_call_is_read_in_unified_words(kit: Kit) -> None:
    session = kit.venue.open_session("ws-auth.kraken.com", "/v2", EPOCH)
    call = session.read(json.dumps({"method": "add_order", "params": {**ORDER, "cl_ord_id": "a", "token": "t"}}))
    assert (call.op, call.symbol, call.client_id) == ("place", "BTC/USD", "a")
    assert call.order is not None
    assert {name: call.order[name] for name in ("side", "type", "price", "quantity")} == {
        "side": "buy", "type": "limit", "price": "40000", "quantity": "0.1",
    }  # fmt: skip
    again = session.read(json.dumps({"method": "add_order", "params": {**ORDER, "cl_ord_id": "a", "token": "u"}}))
    assert again.digest == call.digest
    txid = kit.place("40000")
    cancel = session.read(json.dumps({"method": "cancel_order", "params": {"order_id": [txid]}}))
    assert (cancel.op, cancel.venue_id, cancel.symbol) == ("cancel", txid, "BTC/USD")
    assert kit.venue.find(cancel) == txid


def test_answers_and_injected_refusals_in_frames_are_readable(kit: Kit) -> None:
    session = kit.venue.open_session("ws-auth.kraken.com", "/v2", EPOCH)
    call = session.read(json.dumps({"method": "add_order", "params": ORDER, "req_id": 4}))
    refused = session.refusal("funds", EPOCH, call=call)
    assert json.loads(refused.body)["req_id"] == 4
    assert session.interpret(200, {}, refused.body, EPOCH).error == "funds"
    assert session.interpret(200, {}, b'{"success":true}', EPOCH).outcome == "ok"
    assert session.interpret(200, {}, b"nothing", EPOCH).outcome == "ambiguous"
    assert session.interpret(200, {}, session.refusal("code_1007", EPOCH).body, EPOCH).outcome == "ambiguous"


# ------------------------------------------------------------ public channels
def rebuilt(book: dict[str, dict[float, float]], message: dict[str, Any]) -> int:
    """Apply a message to a book as the documentation says; the checksum of what it is then."""
    data = message["data"][0]
    for side in ("bids", "asks"):
        if message["type"] == "snapshot":
            book[side] = {}
        for level in data[side]:
            if level["qty"]:
                book[side][level["price"]] = level["qty"]
            else:
                book[side].pop(level["price"], None)
    asks, bids = sorted(book["asks"].items())[:10], sorted(book["bids"].items(), reverse=True)[:10]
    digits = (f"{price:.1f}".replace(".", "").lstrip("0") + f"{qty:.8f}".replace(".", "").lstrip("0")
              for price, qty in (*asks, *bids))  # fmt: skip
    return crc32("".join(digits).encode())


def test_the_book_and_its_checksum(kit: Kit) -> None:
    talk = public(kit)
    done, snapshot = talk.send("subscribe", {"channel": "book", "symbol": ["BTC/USD"], "depth": 10})
    assert done["result"] == {"channel": "book", "depth": 10, "snapshot": True, "symbol": "BTC/USD"}
    book: dict[str, dict[float, float]] = {}
    assert rebuilt(book, snapshot) == snapshot["data"][0]["checksum"]
    assert talk.due(0.5) == []
    kit.place(volume="0.3")
    kit.place("49991.5", "0.2")
    (update,) = talk.due(0.1)
    assert update["type"] == "update" and len(update["data"][0]["asks"]) >= 1
    assert rebuilt(book, update) == update["data"][0]["checksum"]
    assert 49991.5 in book["bids"]
    assert talk.send("subscribe", {"channel": "book", "symbol": ["BTC/USD"], "depth": 7})[0]["error"] == (
        "Subscription depth not supported"
    )


def test_tickers_trades_and_candles(kit: Kit) -> None:
    kit.place(volume="0.01")
    talk = public(kit)
    for channel in ("ticker", "trade", "ohlc"):
        done, snapshot = talk.send("subscribe", {"channel": channel, "symbol": ["BTC/USD"]})
        assert done["success"] and snapshot["channel"] == channel and snapshot["type"] == "snapshot"
    kit.place(volume="0.02")
    said = {one["channel"]: one["data"][0] for one in talk.due(0.1)}
    assert set(said) == {"ticker", "trade", "ohlc"}
    assert (said["trade"]["price"], said["trade"]["qty"], said["trade"]["side"]) == (50010.0, 0.02, "buy")
    assert (said["ticker"]["last"], said["ticker"]["volume"]) == (50010.0, 0.03)
    assert (said["ohlc"]["close"], said["ohlc"]["interval"]) == (50010.0, 1)
    assert all(one == {"channel": "heartbeat"} for one in talk.due(2))
    assert talk.send("unsubscribe", {"channel": "trade", "symbol": ["BTC/USD"]})[0]["success"]


def test_a_subscription_is_answered_for_each_symbol(kit: Kit) -> None:
    talk = public(kit)
    frames = talk.send("subscribe", {"channel": "ticker", "symbol": ["BTC/USD", "NO/PE", "ETH/USD", "XBT/USD"]})
    answers = [frame for frame in frames if "method" in frame]
    assert [answer["success"] for answer in answers] == [True, False, True, False]
    assert (answers[1]["error"], answers[1]["symbol"]) == ("Currency pair not supported NO/PE", "NO/PE")
    assert talk.send("subscribe", {"channel": "ticker", "symbol": ["BTC/USD"]})[0]["error"] == "Already subscribed"
    assert talk.send("subscribe", {"channel": "ticker"})[0]["success"] is False
    assert (
        talk.send("subscribe", {"channel": "gossip", "symbol": ["BTC/USD"]})[0]["error"] == "Subscription name invalid"
    )


def test_instruments(kit: Kit) -> None:
    done, snapshot = public(kit).send("subscribe", {"channel": "instrument"})
    assert done["success"]
    pairs = {one["symbol"]: one for one in snapshot["data"]["pairs"]}
    assert (pairs["BTC/USD"]["price_increment"], pairs["BTC/USD"]["qty_min"]) == (0.1, 0.00005)
    assert {"BTC", "USD", "DOGE"} <= {one["id"] for one in snapshot["data"]["assets"]}


def test_another_batch_is_another_request(kit: Kit) -> None:
    """The digest of a request tells a resend from something new, also by what a batch holds."""
    session = kit.venue.open_session("ws-auth.kraken.com", "/v2", EPOCH)
    orders = [{name: value for name, value in ORDER.items() if name != "symbol"} for _ in range(2)]
    other = [orders[0], orders[1] | {"order_qty": 0.2}]
    frames = [
        {"method": "batch_add", "params": {"orders": one, "symbol": "BTC/USD"}} for one in (orders, orders, other)
    ]
    first, again, new = (session.read(json.dumps(frame)).digest for frame in frames)
    assert first == again != new
    rest = [{"type": "buy", "ordertype": "limit", "volume": volume, "price": "40000"} for volume in ("0.1", "0.2")]
    calls = [
        kit.venue.read(kit.request("AddOrderBatch", {"pair": "XBTUSD", "orders": one}, as_json=True))
        for one in (rest, rest, rest[::-1])
    ]
    assert calls[0].digest == calls[1].digest != calls[2].digest
