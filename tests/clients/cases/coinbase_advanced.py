"""coinbase-advanced-py against the stateful mock: whole lives of orders over REST, and both WebSocket clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from table import Try, case

from cases.support import binance

BTC = "BTC-USD"


@contextmanager
def coinbase(done: Try) -> Iterator[Any]:
    """Inside: the mock of Coinbase, calm, with money."""
    from outtrade.model.scenario import Market

    market = Market(mid=Decimal(50_000), depth=Decimal("0.5"), taker_size=Decimal("0.05"), volatility_bps=1.0)
    balances = {"USD": Decimal(100_000), "BTC": Decimal(2)}
    with binance(done, venue="coinbase", markets={"BTC/USD": market}, balances=balances) as venue:
        yield venue


@case(package="coinbase-advanced-py", door="RESTClient", server="mock", env="coinbase")
def coinbase_rest(done: Try) -> None:
    """Products, book, a limit order sent twice, edit, lists, cancel, preview, market, stop, bracket, refusals, fees."""
    with coinbase(done) as venue:
        from coinbase.rest import RESTClient
        from requests import HTTPError

        client = RESTClient(
            api_key=venue.access.key, api_secret=venue.access.secret, timeout=10, rate_limit_headers=True
        )
        assert [one.product_id for one in client.get_public_products().products] == [BTC]
        assert client.get_product(BTC).base_increment == "0.00000001" and client.get_unix_time().iso.endswith("Z")
        assert client.get_product_book(BTC).pricebook.bids and client.get_best_bid_ask([BTC]).pricebooks

        first = client.limit_order_gtc_buy("mine-1", BTC, base_size="0.1", limit_price="45000").to_dict()
        order = first["success_response"]["order_id"]
        again = client.limit_order_gtc_buy("mine-1", BTC, base_size="0.1", limit_price="45000").to_dict()
        assert first["success"] and again["success_response"]["order_id"] == order
        assert client.edit_order(order, size="0.08", price="46000").success
        seen = client.get_order(order).order
        assert (seen.status, seen.order_configuration.limit_limit_gtc.limit_price) == ("OPEN", "46000")
        assert [one.order_id for one in client.list_orders(order_status=["OPEN"], product_ids=[BTC]).orders] == [order]
        assert client.preview_edit_order(order, size="0.05", price="46000").to_dict()["base_size"] == "0.05"
        assert client.cancel_orders([order]).results[0].success
        gone = client.cancel_orders([order]).results[0]
        assert (gone.success, gone.failure_reason) == (False, "DUPLICATE_CANCEL_REQUEST")

        estimate = client.preview_market_order_buy(BTC, quote_size="1000").to_dict()
        assert estimate["errs"] == [] and float(estimate["commission_total"]) > 0
        bought = client.market_order_buy("mine-2", BTC, quote_size="1000").to_dict()["success_response"]["order_id"]
        filled = client.get_order(bought).order
        assert filled.status == "FILLED" and Decimal(filled.total_value_after_fees) <= 1000
        fills = client.get_fills(order_ids=[bought]).fills
        assert sum(Decimal(one.commission) for one in fills) == Decimal(filled.total_fees)
        taken = client.limit_order_ioc_buy("mine-3", BTC, base_size="0.01", limit_price="51000").to_dict()
        killed = client.limit_order_fok_buy("mine-4", BTC, base_size="1.9", limit_price="40000").to_dict()
        states = [client.get_order(one["success_response"]["order_id"]).order.status for one in (taken, killed)]
        assert states == ["FILLED", "CANCELLED"], states
        stop = {"limit_price": "44000", "stop_price": "45000", "stop_direction": "STOP_DIRECTION_STOP_DOWN"}
        assert client.stop_limit_order_gtc_sell("mine-5", BTC, base_size="0.1", **stop).success
        bracket = {"limit_price": "60000", "stop_trigger_price": "45000"}
        assert client.trigger_bracket_order_gtc_sell("mine-6", BTC, base_size="0.1", **bracket).success
        resting = [one.order_id for one in client.list_orders(order_status=["OPEN"]).orders]
        assert all(one.success for one in client.cancel_orders(resting).results) and len(resting) == 2

        poor = client.limit_order_gtc_buy("mine-7", BTC, base_size="100", limit_price="45000").to_dict()
        assert not poor["success"] and poor["error_response"]["error"] == "INSUFFICIENT_FUND"
        assert client.close_position("mine-8", BTC).success is False
        try:
            client.get_order("00000000-0000-0000-0000-000000000000")
            raise AssertionError("an order that never was")
        except HTTPError as error:
            assert error.response.status_code == 404
        holds = [account["hold"]["value"] for account in client.get_accounts().to_dict()["accounts"]]
        assert holds and set(holds) == {"0"}, holds
        summary = client.get_transaction_summary().to_dict()
        assert summary["fee_tier"]["taker_fee_rate"] == "0.001" and int(summary["rate_limit_limit"]) == 30
        portfolio = client.get_portfolios().to_dict()["portfolios"][0]
        assert client.get_portfolio_breakdown(portfolio["uuid"]).to_dict()["breakdown"]["spot_positions"]
        assert client.get_api_key_permissions().can_trade is True
        try:
            RESTClient(api_key=venue.access.key + "x", api_secret=venue.access.secret).get_accounts()
            raise AssertionError("a key that is not the account's")
        except HTTPError as error:
            assert error.response.status_code == 401 and error.response.text == "Unauthorized"


def told(messages: list[str]) -> list[Any]:
    """What a client got, in the library's own types."""
    from coinbase.websocket import WebsocketResponse

    return [WebsocketResponse(json.loads(text)) for text in messages]


@case(package="coinbase-advanced-py", door="WSClient", server="mock", env="coinbase")
def coinbase_stream(done: Try) -> None:
    """An event loop in a thread: level2, ticker, market trades, candles, status, heartbeats; numbers without gaps."""
    with coinbase(done) as venue:

        def agent() -> None:
            from coinbase.websocket import WSClient

            got: list[str] = []
            client = WSClient(api_key=venue.access.key, api_secret=venue.access.secret, on_message=got.append)
            client.open()
            channels = ["level2", "ticker", "market_trades", "candles", "status", "heartbeats"]
            client.subscribe(product_ids=[BTC], channels=channels)
            client.sleep_with_exception_check(10)
            client.unsubscribe_all()
            client.close()
            seen = told(got)
            assert {"l2_data", "ticker", "candles", "status", "heartbeats", "subscriptions"} <= {
                one.channel for one in seen
            }
            assert [one.sequence_num for one in seen] == list(range(len(seen)))

        venue.world.run_blocking(agent)


@case(package="coinbase-advanced-py", door="WSUserClient", server="mock", env="coinbase")
def coinbase_user_stream(done: Try) -> None:
    """The user channel beside REST: snapshot, an order's life in cumulative amounts, heartbeats, two quiet minutes."""
    with coinbase(done) as venue:

        def agent() -> None:
            from coinbase.rest import RESTClient
            from coinbase.websocket import WSUserClient

            keys = {"api_key": venue.access.key, "api_secret": venue.access.secret}
            rest, got = RESTClient(**keys, timeout=10), []
            client = WSUserClient(**keys, on_message=got.append, retry=False)
            client.open()
            client.user(product_ids=[BTC])
            client.heartbeats()
            order = rest.limit_order_gtc_buy("mine-1", BTC, base_size="0.1", limit_price="45000").to_dict()
            rest.cancel_orders([order["success_response"]["order_id"]])
            rest.market_order_sell("mine-2", BTC, base_size="0.2")
            client.sleep_with_exception_check(120)
            client.close()
            events = [event for one in told(got) if one.channel == "user" for event in one.events]
            assert [event.type for event in events[:2]] == ["snapshot", "update"]
            orders = [
                (one.client_order_id, one.status, one.cumulative_quantity) for e in events for one in e.orders or ()
            ]
            assert orders[:2] == [("mine-1", "OPEN", "0"), ("mine-1", "CANCELLED", "0")], orders
            assert orders[-1] == ("mine-2", "FILLED", "0.2"), orders

        venue.world.run_blocking(agent)
