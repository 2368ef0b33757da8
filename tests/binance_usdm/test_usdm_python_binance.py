"""python-binance's futures methods, unmodified, against the mock in a World: blocking, asynchronous, sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("binance.ws.streams", reason="python-binance is not installed: pip install python-binance")

from usdm_kit import BTC, ETH
from world_kit import play, quiet

from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
VENUE = "binance_usdm"
STAGE: dict[str, Any] = {
    "symbols": (BTC, ETH),
    "balances": {"USDT": 100_000},
    "markets": {BTC: quiet("50000"), ETH: quiet("3000", depth="5", taker_size="0.5")},
    "fees": ("0.0002", "0.0005"),
}
ID = {"symbol": "BTCUSDT"}


def test_the_blocking_client(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        from binance.client import Client
        from binance.exceptions import BinanceAPIException

        def ok(operation: str) -> None:
            did(VENUE, "python-binance", operation)

        client = Client(access.key, access.secret)
        assert client.futures_exchange_info()["symbols"][0]["symbol"] == "BTCUSDT"
        ok("load markets")
        assert client.futures_time()["serverTime"] > 10**12
        assert client.futures_ping() == {}
        ok("fetch time and status")
        assert len(client.futures_order_book(**ID, limit=5)["bids"]) == 5
        ok("fetch order book")
        assert client.futures_symbol_ticker(**ID)["symbol"] == "BTCUSDT"
        assert client.futures_orderbook_ticker(**ID)["askPrice"] == "50010.00"
        assert client.futures_ticker(**ID)["count"] == 0
        assert client.futures_mark_price(**ID)["lastFundingRate"] == "0.00010000"
        assert client.futures_funding_rate(**ID)[0]["fundingRate"] == "0.00010000"
        ok("fetch ticker, mark price, funding rate")

        order = client.futures_create_order(
            **ID, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000", newClientOrderId="mine"
        )
        assert order["status"] == "NEW"
        ok("create limit order")
        assert client.futures_get_order(**ID, origClientOrderId="mine")["orderId"] == order["orderId"]
        assert [one["orderId"] for one in client.futures_get_open_orders(**ID)] == [order["orderId"]]
        assert client.futures_v1_get_open_order(**ID, orderId=order["orderId"])["status"] == "NEW"
        ok("fetch order, fetch open orders")
        changed = client.futures_modify_order(
            **ID, side="BUY", orderId=order["orderId"], quantity="0.02", price="41000"
        )
        assert (changed["orderId"], changed["price"]) == (order["orderId"], "41000.00")
        history = client.futures_v1_get_order_amendment(**ID, orderId=order["orderId"])
        assert history[0]["amendment"]["price"] == {"before": "40000.00", "after": "41000.00"}
        ok("edit order")
        assert client.futures_cancel_order(**ID, orderId=order["orderId"])["status"] == "CANCELED"
        with pytest.raises(BinanceAPIException) as refused:
            client.futures_cancel_order(**ID, orderId=order["orderId"])
        assert (refused.value.code, refused.value.message) == (-2011, "Unknown order sent.")
        ok("cancel order")

        part = client.futures_limit_buy_order(
            **ID, timeInForce="GTC", quantity="0.4", price="50010", newOrderRespType="RESULT"
        )
        assert part["status"] == "PARTIALLY_FILLED"
        ok("partial fill")
        client.futures_cancel_all_open_orders(**ID)
        sold = client.futures_market_sell_order(**ID, quantity="0.01", newOrderRespType="RESULT")
        assert (sold["status"], sold["avgPrice"]) == ("FILLED", "49990.00000")
        ok("cancel all orders, create market order")
        stop = client.futures_create_order(
            **ID, side="SELL", type="STOP_MARKET", stopPrice="45000", closePosition="true"
        )
        assert stop["algoStatus"] == "NEW"
        assert [one["algoId"] for one in client.futures_get_open_orders(**ID, conditional=True)] == [stop["algoId"]]
        assert client.futures_cancel_order(**ID, algoId=stop["algoId"], conditional=True)["msg"] == "success"
        ok("create, fetch, cancel stop order")
        items = [
            {**ID, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": price}
            for price in ("40000", "40000.05")
        ]
        good, bad = client.futures_place_batch_order(batchOrders=items)
        assert (good["status"], bad["code"]) == ("NEW", -4014)
        assert client.futures_cancel_orders(**ID, orderidlist=[good["orderId"]])[0]["status"] == "CANCELED"
        assert client.futures_countdown_cancel_all(**ID, countdownTime=60_000)["countdownTime"] == "60000"
        ok("create orders, cancel orders, dead-man switch")

        assert len(client.futures_get_all_orders(**ID)) == 4
        assert len(client.futures_account_trades(**ID)) >= 2
        assert client.futures_account_balance()[0]["asset"] == "USDT"
        assert client.futures_account()["totalMaintMargin"] != "0.00000000"
        assert float(client.futures_position_information(**ID)[0]["positionAmt"]) > 0
        assert {row["incomeType"] for row in client.futures_income_history()} >= {"COMMISSION", "REALIZED_PNL"}
        ok("fetch all orders, my trades, balance, positions, income")
        assert client.futures_change_leverage(**ID, leverage=10)["leverage"] == 10
        assert client.futures_change_margin_type(symbol="ETHUSDT", marginType="ISOLATED")["code"] == 200
        assert client.futures_get_position_mode() == {"dualSidePosition": False}
        assert client.futures_leverage_bracket(**ID)[0]["brackets"][0]["initialLeverage"] == 125
        assert client.futures_commission_rate(**ID)["takerCommissionRate"] == "0.0005"
        assert client.futures_get_multi_assets_mode() == {"multiAssetsMargin": False}
        ok("set leverage, set margin mode, fetch fees")
        assert client.futures_recent_trades(**ID)[-1]["price"] == "49990.00"
        assert client.futures_aggregate_trades(**ID)[-1]["m"] is True
        assert len(client.futures_klines(**ID, interval="1m")[0]) == 12
        ok("fetch public trades, candles")

    play(VENUE, body, **STAGE)


async def _sockets(access: VenueAccess) -> None:
    from binance import AsyncClient, BinanceSocketManager

    client = await AsyncClient.create(access.key, access.secret)
    try:
        manager = BinanceSocketManager(client)
        async with manager.futures_user_socket() as account, manager.symbol_ticker_futures_socket("BTCUSDT") as ticker:
            assert (await ticker.recv())["data"]["s"] == "BTCUSDT"
            await client.futures_create_order(
                **ID, side="BUY", type="MARKET", quantity="0.01", newOrderRespType="RESULT"
            )
            told = [(await account.recv())["e"] for _ in range(4)]
            assert told == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
        placed = await client.ws_futures_create_order(
            **ID, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000"
        )
        assert placed["status"] == "NEW"
        gone = await client.ws_futures_cancel_order(**ID, orderId=placed["orderId"])
        assert gone["status"] == "CANCELED"
        held = await client.ws_futures_v2_account_position(**ID)
        assert held[0]["positionAmt"] == "0.010"
    finally:
        await client.close_connection()


def test_sockets_and_orders_in_frames(did: Did) -> None:
    play(VENUE, _sockets, **STAGE)
    did(VENUE, "python-binance.async", "watch account and ticker")
    did(VENUE, "python-binance.async", "create and cancel order by WebSocket, fetch positions by WebSocket")


def test_a_listener_without_a_request_is_on_the_record() -> None:
    """A stream that is opened by its address counts as one that was subscribed."""
    history = play(VENUE, _sockets, **STAGE)
    names = [type(event).__name__ for event in history.events]
    assert "StreamUp" in names
    assert asyncio.iscoroutinefunction(_sockets)
