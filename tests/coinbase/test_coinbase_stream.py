"""One WebSocket connection: subscriptions, numbers over all channels, snapshots, cumulative events, its end."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from coinbase_kit import EPOCH, Kit, Talk, token

from outtrade_mocks.venues.api import Close

MARKET = "advanced-trade-ws.coinbase.com"
FAILED = [{"type": "error", "message": "authentication failure"}]
ENVELOPE = {"channel", "client_id", "timestamp", "sequence_num", "events"}
ORDER = {
    "avg_price", "cancel_reason", "client_order_id", "completion_percentage", "contract_expiry_type",
    "cumulative_quantity", "filled_value", "leaves_quantity", "limit_price", "number_of_fills", "order_id",
    "order_side", "order_type", "outstanding_hold_amount", "post_only", "product_id", "product_type", "reject_reason",
    "retail_portfolio_id", "risk_managed_by", "status", "stop_price", "time_in_force", "total_fees",
    "total_value_after_fees", "trigger_status", "creation_time", "end_time", "start_time",
}  # fmt: skip
"""The fields of an order on the user channel (WebSocket channels; coinbase-advanced-py)."""


def orders(messages: list[Any]) -> list[dict[str, Any]]:
    return [order for message in messages for event in message["events"] for order in event.get("orders", ())]


# ------------------------------------------------------------------ subscribing
def test_the_user_channel_tells_of_orders_cumulatively(kit: Kit) -> None:
    standing = kit.place()
    talk = kit.open()
    done, snapshot = talk.send("user", signed=True)
    assert done["channel"] == "subscriptions" and list(done["events"][0]["subscriptions"]) == ["user"]
    assert set(snapshot) == ENVELOPE and snapshot["events"][0]["type"] == "snapshot"
    assert [one["order_id"] for one in orders([snapshot])] == [standing]
    order = kit.place(base_size="0.4", limit_price="49990")
    kit.venue.fill(order, Decimal("0.25"))
    kit.venue.fill(order, Decimal("0.5"))
    kit.post("/orders/batch_cancel", order_ids=[order]).ok  # noqa: B018
    messages = talk.events()
    told = orders(messages)
    assert all(set(one) == ORDER and all(isinstance(value, str) for value in one.values()) for one in told)
    assert [(one["status"], one["cumulative_quantity"], one["leaves_quantity"]) for one in told] == [
        ("OPEN", "0", "0.4"), ("OPEN", "0.1", "0.3"), ("OPEN", "0.25", "0.15"), ("CANCELLED", "0.25", "0"),
    ]  # fmt: skip
    assert (told[-1]["avg_price"], told[-1]["number_of_fills"], told[-1]["order_type"]) == ("49990", "2", "Limit")
    assert {message["events"][0]["type"] for message in messages} == {"update"}
    assert [message["sequence_num"] for message in (done, snapshot, *messages)] == list(range(6))


def test_numbers_count_over_all_channels_and_a_lost_event_leaves_a_gap(kit: Kit) -> None:
    talk = kit.open()
    talk.send("user", signed=True)
    talk.send("heartbeats")
    assert [one["sequence_num"] for one in talk.due(2)] == [3, 4]
    kit.place()
    lost, kept = len(kit.pushes), kit.place()
    assert kept
    (second,) = (json.loads(one) for push in kit.pushes[lost:] for one in talk.session.frames(push))
    assert second["sequence_num"] == 6  # 5 never came
    assert [one["sequence_num"] for one in talk.due(1)] == [7]


def test_a_snapshot_comes_in_messages_of_fifty() -> None:
    kit = Kit(knobs={"private_per_second": 1000}, balances={"USD": 10_000_000})
    for number in range(100):
        kit.place(limit_price=str(40_000 + number))
    sizes = [len(orders([message])) for message in kit.open().send("user", signed=True)[1:]]
    assert sizes == [50, 50, 0]


def test_products_may_be_chosen(kit: Kit) -> None:
    talk = kit.open()
    talk.send("user", ["ETH-USD"], signed=True)
    kit.place()
    kit.place(PRODUCT_ID="ETH-USD", base_size="1", limit_price="2000")
    (message,) = talk.events()
    assert orders([message])[0]["product_id"] == "ETH-USD" and message["sequence_num"] == 2


def test_who_leaves_hears_nothing_any_more(kit: Kit) -> None:
    talk = kit.open()
    talk.send("user", signed=True)
    assert talk.send("user", kind="unsubscribe") == FAILED and talk.session.subscribed
    (left,) = talk.send("user", kind="unsubscribe", signed=True)
    assert left["events"] == [{"subscriptions": {}}] and not talk.session.subscribed
    kit.place()
    assert talk.events() == []


# ------------------------------------------------------------------ tokens
@pytest.mark.parametrize(
    "jwt",
    [None, "", "x.y.z", token(EPOCH, keys=Kit().keys, sub="else"), token(EPOCH - 200 * 10**9), 7],
    ids=["none", "empty", "nonsense", "of somebody else", "old", "a number"],
)
def test_the_user_channel_needs_a_good_token(kit: Kit, jwt: Any) -> None:
    frame = {"type": "subscribe", "channel": "user", "product_ids": []} | ({} if jwt is None else {"jwt": jwt})
    talk = kit.open()
    assert talk.say(json.dumps(frame)) == FAILED and not talk.session.subscribed


def test_each_message_is_verified_by_itself(kit: Kit) -> None:
    talk = kit.open()
    assert len(talk.send("user", signed=True)) == 2
    stale = token(kit.now)
    kit.later(300)
    frame = {"type": "subscribe", "channel": "user", "product_ids": ["BTC-USD"], "jwt": stale}
    assert talk.say(json.dumps(frame)) == FAILED
    public = Talk(kit, kit.venue.open_session(MARKET, "/", kit.now))
    assert public.say(json.dumps({"type": "subscribe", "channel": "ticker", "jwt": stale})) == FAILED


@pytest.mark.parametrize("channel", ["full", "heartbeat", "", "futures_balance_summary"])
def test_a_channel_that_is_none_fails_like_a_token(kit: Kit, channel: str) -> None:
    """coinbase-advanced-py#64, #92."""
    assert kit.open(MARKET).send(channel) == FAILED


def test_the_user_host_has_no_market_channels(kit: Kit) -> None:
    assert kit.open().send("ticker", ["BTC-USD"]) == FAILED
    assert kit.open(MARKET).send("user", signed=True)[0]["channel"] == "subscriptions"


def test_messages_without_a_token_are_limited(kit: Kit) -> None:
    talk = kit.open(MARKET)
    said = [talk.send("heartbeats")[0] for _ in range(9)]
    assert [one.get("channel") for one in said] == ["subscriptions"] * 8 + [None]
    assert said[-1]["message"] == "rate limit exceeded"


@pytest.mark.parametrize("text", ["", "[]", "7", '{"type": "hello"}', '{"channel": "user"}', '{"type": ["subscribe"]}'])
def test_what_is_no_request(kit: Kit, text: str) -> None:
    assert kit.open(MARKET).say(text) == [{"type": "error", "message": "failed to parse message"}]


# ------------------------------------------------------------------ its end
def test_who_does_not_subscribe_is_cut_off_after_five_seconds(kit: Kit) -> None:
    talk = kit.open()
    assert talk.due(4.9) == []
    assert talk.due(0.2) == [Close(1000, "")]


@pytest.mark.parametrize("seconds", [60, 90])
def test_a_quiet_connection_ends_unless_there_are_heartbeats(seconds: int) -> None:
    kit = Kit(knobs={"quiet_seconds": seconds})
    quiet, beating = kit.open(), kit.open()
    quiet.send("user", signed=True)
    beating.send("user", signed=True)
    beating.send("heartbeats")
    assert quiet.due(seconds - 1) == [] and quiet.due(2) == [Close(1000, "")]
    beats = beating.due(200)
    assert len(beats) > 190 and beats[-1]["channel"] == "heartbeats"
    assert int(beats[-1]["events"][0]["heartbeat_counter"]) == int(beats[-2]["events"][0]["heartbeat_counter"]) + 1
    assert beats[0]["events"][0]["current_time"].startswith("2026-01-01 00:0")


def test_a_stream_may_be_ended(kit: Kit) -> None:
    talk = kit.open()
    talk.send("user", signed=True)
    assert talk.session.expire(kit.now) == (Close(1000, ""),) and not talk.session.subscribed


# ------------------------------------------------------------------ the market
def test_level2_adds_up_to_the_book(kit: Kit) -> None:
    talk = kit.open(MARKET)
    done, snapshot = talk.send("level2", ["BTC-USD", "NO-SUCH"])
    assert done["events"][0]["subscriptions"] == {"level2": ["BTC-USD"]} and snapshot["channel"] == "l2_data"
    book: dict[tuple[str, str], str] = {}

    def apply(messages: list[Any]) -> None:
        for message in messages:
            for event in message["events"]:
                assert event["product_id"] == "BTC-USD"
                for one in event["updates"]:
                    book[one["side"], one["price_level"]] = one["new_quantity"]

    apply([snapshot])
    kit.place(base_size="0.3", limit_price="49999")
    kit.place("market_market_ioc", base_size="0.6")
    changes = talk.due(0.2)
    assert len(changes) == 1 and changes[0]["events"][0]["type"] == "update"
    apply(changes)
    now = kit.public("/market/product_book", product_id="BTC-USD", limit=100).ok["pricebook"]
    rest = {key: value for key, value in book.items() if value != "0"}
    shown = {("bid", one["price"]): one["size"] for one in now["bids"]}
    assert rest == shown | {("offer", one["price"]): one["size"] for one in now["asks"]}


def test_trades_tickers_candles_and_status(kit: Kit) -> None:
    kit.public("/market/products/BTC-USD/ticker")
    assert len(kit.open(MARKET).send("market_trades", ["BTC-USD"])) == 1  # nothing has traded
    kit.place("market_market_ioc", side="SELL", base_size="0.1")
    talk = kit.open(MARKET)
    for channel in ("market_trades", "ticker", "ticker_batch", "candles"):
        snapshot = talk.send(channel, ["BTC-USD"])[-1]
        assert (snapshot["channel"], snapshot["events"][0]["type"]) == (channel, "snapshot")
    status = talk.send("status")[-1]["events"][0]["products"]
    assert {one["id"] for one in status} == {"BTC-USD", "ETH-USD", "ETH-BTC", "DOGE-USD"}
    assert status[0]["status"] == "online"
    kit.place("market_market_ioc", base_size="0.6")
    said: dict[str, list[Any]] = {}
    for message in talk.due(5):
        said.setdefault(message["channel"], []).append(message["events"][0])
    trades = [one for event in said["market_trades"] for one in event["trades"]]
    assert sum(Decimal(one["size"]) for one in trades) == Decimal("0.6") and trades[0]["side"] == "SELL"
    ticker = said["ticker"][0]["tickers"][0]
    assert ticker["price"] == trades[0]["price"] and ticker["volume_24_h"] == "0.7"
    assert said["ticker_batch"][0]["tickers"][0]["price"] == ticker["price"]
    assert said["candles"][0]["candles"][0]["product_id"] == "BTC-USD"
    assert {event["type"] for event in said["status"]} == {"snapshot"}
    talk.send("ticker", ["BTC-USD"], kind="unsubscribe")
    left = talk.send("market_trades", kind="unsubscribe")[0]["events"][0]["subscriptions"]
    assert set(left) == {"ticker_batch", "candles", "status"}
