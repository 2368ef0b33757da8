"""Connections: login, subscriptions, heartbeats, cancel on disconnect, the end."""

from __future__ import annotations

import json

import pytest
from deribit_kit import KEY, LINEAR, PERP, SECOND, SECRET, Kit

from outtrade_mocks.venues.api import Close


def test_private_methods_need_a_login_that_lasts_as_long_as_its_token(kit: Kit) -> None:
    session = kit.connect()
    assert kit.say(session, "private/get_positions")[0]["error"]["code"] == 13009
    granted = kit.login(session)
    assert kit.say(session, "private/get_positions")[0]["result"] == []
    other = kit.connect()
    (refused,) = kit.say(other, "private/get_positions", access_token=granted["access_token"])
    assert refused["error"]["code"] == 13009, "a token of a connection is good there alone"
    shared = kit.login(other, scope="session:both")["access_token"]
    assert kit.say(session, "private/get_positions", access_token=shared)[0]["result"] == []
    kit.wait(900)
    assert kit.say(session, "private/get_positions")[0]["error"]["code"] == 13009
    again = kit.say(session, "public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert again[0]["result"]["expires_in"] == 900
    assert kit.say(session, "private/get_positions")[0]["result"] == []


def test_a_whole_order_life_on_the_wire(kit: Kit) -> None:
    session, told = kit.private(
        "user.orders.any.any.raw",
        f"user.trades.{PERP}.raw",
        f"user.changes.{PERP}.100ms",
        "user.orders.future.BTC.100ms",
    )
    (answer,) = kit.say(session, "private/buy", instrument_name=PERP, amount=100, price=40000, label="L", type="limit")
    order_id = answer["result"]["order"]["order_id"]
    kit.say(session, "private/edit", order_id=order_id, amount=200, price=50100)
    orders = [row["data"] for row in told if row["channel"] == "user.orders.any.any.raw"]
    assert [(row["order_state"], row["amount"]) for row in orders] == [("open", 100), ("open", 200), ("filled", 200)]
    assert all(row["label"] == "L" and row["order_id"] == order_id for row in orders)
    (trades,) = [row["data"] for row in told if row["channel"] == f"user.trades.{PERP}.raw"]
    assert trades[0]["amount"] == 200 and trades[0]["state"] == "filled"
    listed = [row["data"] for row in told if row["channel"] == "user.orders.future.BTC.100ms"]
    assert [rows[0]["order_state"] for rows in listed] == ["open", "open", "filled"]
    changes = [row["data"] for row in told if row["channel"].startswith("user.changes")][-1]
    assert changes["positions"][0]["size"] == 200 and changes["trades"] and changes["orders"]
    kinds = [(push.kind, push.status, push.client_id) for push in kit.pushes if push.kind in ("order", "fill")]
    assert kinds[-2:] == [("order", "filled", "L"), ("fill", "filled", "L")]
    assert [push.n for push in kit.pushes] == list(range(1, len(kit.pushes) + 1))


def test_a_subscription_fits_what_it_names(kit: Kit) -> None:
    session, told = kit.private(f"user.orders.{LINEAR}.raw", "user.orders.option.any.raw", "user.orders.any.ETH.raw")
    kit.buy(amount=100, price=40000)
    assert told == []
    kit.buy(LINEAR, amount=0.1, price=40000)
    assert [row["channel"] for row in told] == [f"user.orders.{LINEAR}.raw"]
    assert kit.say(session, "private/unsubscribe", channels=[f"user.orders.{LINEAR}.raw", "x"])[0]["result"] == [
        f"user.orders.{LINEAR}.raw"
    ]
    kit.buy(LINEAR, amount=0.1, price=40000)
    assert len(told) == 1
    assert kit.say(session, "private/unsubscribe_all")[0]["result"] == "ok" and not session.subscribed


def test_unknown_channels_are_left_out_and_raw_ones_need_a_login(kit: Kit) -> None:
    session = kit.connect()
    names = ["nothing.BTC", "book.BTC-NOPE.100ms", "user.orders.any.any.raw", f"ticker.{PERP}.100ms"]
    told = kit.say(session, "public/subscribe", channels=names)
    assert told[0]["result"] == [names[-1]] and not session.subscribed
    assert told[1]["params"]["data"]["best_bid_price"] == 49990
    assert kit.say(session, "public/subscribe", channels=[f"book.{PERP}.raw"])[0]["error"]["code"] == 13778
    kit.login(session)
    assert kit.say(session, "public/subscribe", channels=[f"book.{PERP}.raw"])[0]["result"]
    assert kit.say(session, "public/subscribe", channels="book")[0]["error"]["code"] == -32602


def test_a_book_is_a_snapshot_and_changes_without_gaps(kit: Kit) -> None:
    session = kit.connect()
    channels = [f"book.{LINEAR}.100ms", f"book.{LINEAR}.none.10.100ms", f"trades.{LINEAR}.100ms", f"quote.{LINEAR}"]
    told = [row["params"] for row in kit.say(session, "public/subscribe", channels=channels)[1:]]
    book = next(row["data"] for row in told if row["channel"] == channels[0])
    assert book["type"] == "snapshot" and all(row[0] == "new" for row in book["bids"])
    levels = {row[1]: row[2] for row in book["asks"]}
    last, trades = book["change_id"], 0
    for _ in range(3):
        kit.buy(LINEAR, amount=0.3, type="market")
        at = session.next_time()
        assert at is not None
        kit.wait((at - kit.now) / SECOND)
        for text in session.due(kit.now):
            params = json.loads(str(text))["params"]
            if params["channel"] == channels[0]:
                assert params["data"]["prev_change_id"] == last
                last = params["data"]["change_id"]
                for action, price, amount in params["data"]["asks"]:
                    levels[price] = amount
                    if action == "delete":
                        del levels[price]
            elif params["channel"] == channels[2]:
                trades += len(params["data"])
    now = kit.get("public/get_order_book", instrument_name=LINEAR, depth=1000).result
    assert sorted(levels.items()) == [tuple(row) for row in now["asks"]]
    assert trades == len(kit.get("public/get_last_trades_by_instrument", instrument_name=LINEAR).result["trades"])


def test_portfolio_tells_money_at_first_and_when_it_changes(kit: Kit) -> None:
    session = kit.connect()
    kit.login(session)
    told = kit.say(session, "private/subscribe", channels=["user.portfolio.usdc", "user.portfolio.any"])
    assert [row["params"]["data"]["currency"] for row in told[1:]] == ["USDC", "BTC", "ETH", "USDC"]
    kit.buy(LINEAR, amount=0.5, type="market")
    seen = kit.told[kit.sessions.index(session)]
    assert seen[-1]["data"]["balance"] == 100_000 - 0.5 * 50_010 * 0.0005


@pytest.mark.parametrize("answers", [True, False])
def test_heartbeats_ask_and_end_the_connection(kit: Kit, answers: bool) -> None:
    session = kit.connect()
    assert kit.say(session, "public/set_heartbeat", interval=9)[0]["error"]["code"] == -32602
    assert kit.say(session, "public/set_heartbeat", interval=10)[0]["result"] == "ok"
    seen = []
    while len(seen) < 3 and 1000 not in seen:
        kit.wait((session.next_time() - kit.now) / SECOND)  # type: ignore[operator]
        for one in session.due(kit.now):
            seen.append(one.code if isinstance(one, Close) else json.loads(one)["params"]["type"])
            if answers and seen[-1] == "test_request":
                assert kit.say(session, "public/test")[0]["result"]["version"]
    assert seen == (["test_request"] * 3 if answers else ["test_request", 1000])
    assert kit.say(session, "public/disable_heartbeat")[0]["result"] == "ok" and session.next_time() is None


@pytest.mark.parametrize("leaves", ["drops", "logout", "disabled"])
def test_cancel_on_disconnect_ends_the_orders_of_the_connection(kit: Kit, leaves: str) -> None:
    session, other = kit.connect(), kit.connect()
    for one in (session, other):
        kit.login(one)
        kit.say(one, "private/buy", instrument_name=PERP, amount=100, price=40000)
    kit.buy(amount=100, price=40000)
    assert kit.say(session, "private/enable_cancel_on_disconnect")[0]["result"] == "ok"
    told = kit.say(session, "private/get_cancel_on_disconnect")[0]["result"]
    assert told == {"scope": "connection", "enabled": True}
    if leaves == "logout":
        assert kit.say(session, "private/logout") == [1000]
    elif leaves == "disabled":
        kit.say(session, "private/disable_cancel_on_disconnect")
    session.closed()
    gone = [row for row in kit.orders if row["status"] == "cancelled"]
    assert len(gone) == (1 if leaves == "drops" else 0), "only what was placed on it, and not after a logout"
    if gone:
        assert kit.order(gone[0]["order"])["cancel_reason"] == "cancel_on_disconnect"
    other.closed()
    assert len(kit.venue.truth()["working"]) == (2 if leaves == "drops" else 3)


def test_cancel_on_disconnect_of_the_account_covers_later_connections(kit: Kit) -> None:
    assert kit.get("private/enable_cancel_on_disconnect").code == 10030
    assert kit.get("private/enable_cancel_on_disconnect", scope="account").result == "ok"
    session = kit.connect()
    kit.login(session)
    kit.say(session, "private/buy", instrument_name=PERP, amount=100, price=40000)
    session.closed()
    assert kit.venue.truth()["working"] == ()


def test_above_the_limits_the_connection_ends(kit: Kit) -> None:
    session = kit.connect()
    kit.login(session)
    told = [kit.say(session, "private/cancel", order_id="BTC-1") for _ in range(21)]
    assert all(len(one) == 1 for one in told[:20])
    assert told[20][0]["error"]["code"] == 10028 and told[20][1] == 1008


def test_frames_that_are_none(kit: Kit) -> None:
    session = kit.connect()
    codes = {"nonsense": -32700, "[]": 11050, "{}": 11050, '{"method": 5}': 11050, '{"method": "private/fly"}': -32601,
             '{"method": "public/test", "params": []}': -32602, " " * 33_000: -32600}  # fmt: skip
    for text, code in codes.items():
        assert kit.text(session, text)[0]["error"]["code"] == code
    (told,) = kit.text(session, '{"id": "mine", "method": "public/test", "params": {}}')
    assert told["id"] == "mine" and set(told) == {"jsonrpc", "id", "result", "usIn", "usOut", "usDiff", "testnet"}


def test_a_signature_logs_a_connection_in(kit: Kit) -> None:
    from outtrade_mocks.venues.deribit.auth import sign

    session, stamp = kit.connect(), kit.now // 1_000_000
    fields = {"grant_type": "client_signature", "client_id": KEY, "timestamp": stamp, "nonce": "q", "data": ""}
    (told,) = kit.say(session, "public/auth", **fields, signature=sign(SECRET, f"{stamp}\nq\n"))
    assert told["result"]["access_token"] and kit.say(session, "private/get_positions")[0]["result"] == []


def test_the_stream_expires(kit: Kit) -> None:
    session, told = kit.private("user.orders.any.any.raw")
    assert isinstance(session.expire(kit.now)[-1], Close) and not session.subscribed
    kit.buy(amount=100, price=40000)
    assert told == []
