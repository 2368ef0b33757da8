"""python-binance, unmodified, against the mock in a World: blocking, asynchronous, and its socket managers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("binance.ws.streams", reason="python-binance is not installed: pip install python-binance")

from world_kit import play, quiet

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
VENUE = "binance_spot"
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USDT", "ETH/USDT"),
    "balances": {"USDT": 100_000, "BTC": 1},
    "markets": {"BTC/USDT": quiet("50000"), "ETH/USDT": quiet("3000", depth="5", taker_size="0.5")},
}
BTC = "BTCUSDT"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its event loop open
def test_the_blocking_client(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        from binance.client import Client
        from binance.exceptions import BinanceAPIException

        def ok(operation: str) -> None:
            did(VENUE, "python-binance", operation)

        client = Client(access.key, access.secret)
        assert client.get_symbol_info(BTC)["baseAsset"] == "BTC"
        ok("load markets")
        assert client.get_server_time()["serverTime"] > 10**12
        assert client.get_system_status()["status"] == 0
        ok("fetch time and status")
        assert len(client.get_order_book(symbol=BTC, limit=5)["bids"]) == 5
        ok("fetch order book")
        assert client.get_ticker(symbol=BTC)["bidPrice"] == client.get_orderbook_ticker(symbol=BTC)["bidPrice"]
        assert client.get_symbol_ticker(symbol=BTC)["symbol"] == BTC
        assert client.get_avg_price(symbol=BTC)["mins"] == 5
        ok("fetch ticker")

        order = client.order_limit_buy(symbol=BTC, quantity="0.01", price="40000", newClientOrderId="mine")
        assert order["status"] == "NEW"
        ok("create limit order")
        assert client.get_order(symbol=BTC, origClientOrderId="mine")["orderId"] == order["orderId"]
        ok("fetch order")
        assert [each["orderId"] for each in client.get_open_orders(symbol=BTC)] == [order["orderId"]]
        ok("fetch open orders")
        swapped = client.cancel_replace_order(
            symbol=BTC, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="41000",
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order["orderId"],
        )  # fmt: skip
        assert swapped["newOrderResult"] == "SUCCESS"
        ok("cancel and replace order")
        cancelled = client.cancel_order(symbol=BTC, orderId=swapped["newOrderResponse"]["orderId"])
        assert cancelled["status"] == "CANCELED"
        ok("cancel order")
        part = client.order_limit_buy(symbol=BTC, quantity="0.02", price="50100")
        assert part["status"] == "PARTIALLY_FILLED"
        assert Decimal(part["executedQty"]) < Decimal("0.02")
        ok("partial fill")
        assert client.order_market_sell(symbol=BTC, quantity="0.02")["status"] == "FILLED"
        ok("create market order")
        assert client.create_test_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.01") == {}
        stop = client.create_order(
            symbol=BTC, side="SELL", type="STOP_LOSS_LIMIT", timeInForce="GTC", quantity="0.01", price="44900",
            stopPrice="45000",
        )  # fmt: skip
        assert client.get_order(symbol=BTC, orderId=stop["orderId"])["stopPrice"] == "45000.00000000"
        ok("create stop order")
        pair = client.create_oco_order(
            symbol=BTC, side="SELL", quantity="0.01", aboveType="LIMIT_MAKER", abovePrice="60000",
            belowType="STOP_LOSS", belowStopPrice="45000",
        )  # fmt: skip
        assert pair["contingencyType"] == "OCO"
        ok("create order list")
        ended = client.cancel_all_open_orders(symbol=BTC)
        assert len(ended) == 2, "the stop and the pair; self-trade prevention ended the partly filled one"
        ok("cancel all orders")
        with pytest.raises(BinanceAPIException) as refused:
            client.cancel_order(symbol=BTC, orderId=stop["orderId"])
        assert refused.value.code == -2011
        ok("errors")
        assert len(client.get_all_orders(symbol=BTC)) == 7
        ok("fetch all orders")
        trades = client.get_my_trades(symbol=BTC)
        assert {trade["orderId"] for trade in trades} >= {part["orderId"]}
        ok("fetch my trades")
        assert client.get_asset_balance(asset="BTC")["locked"] == "0.00000000"
        ok("fetch balance")
        assert client.get_trade_fee(symbol=BTC)[0]["makerCommission"] == "0.001"
        ok("fetch fees")
        client.toggle_bnb_burn_spot_margin(spotBNBBurn="true")
        assert client.get_bnb_burn_spot_margin()["spotBNBBurn"] is True
        assert client.get_recent_trades(symbol=BTC)[-1]["isBestMatch"] is True
        assert client.get_aggregate_trades(symbol=BTC)[-1]["M"] is True
        ok("fetch public trades")
        candles = client.get_klines(symbol=BTC, interval=Client.KLINE_INTERVAL_1MINUTE)
        assert len(candles[0]) == 12
        ok("fetch candles")
        assert client.get_account_status()["data"] == "Normal"
        assert client.get_account_api_permissions()["enableReading"] is True

        # the same over the WebSocket API, which this client offers too
        placed = client.ws_create_order(
            symbol=BTC, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000"
        )
        assert client.ws_get_order(symbol=BTC, orderId=placed["orderId"])["status"] == "NEW"
        assert client.ws_cancel_order(symbol=BTC, orderId=placed["orderId"])["status"] == "CANCELED"
        ok("create and cancel order by WebSocket")
        client.close_connection()

    play(VENUE, body, faults=[PartialFill(on=Trigger(op="place", nth=2), fraction=0.4)], **STAGE)


def test_the_asynchronous_client_and_its_private_stream(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        from binance import AsyncClient, BinanceSocketManager

        def ok(operation: str) -> None:
            did(VENUE, "python-binance async", operation)

        client = await AsyncClient.create(access.key, access.secret)
        manager = BinanceSocketManager(client)
        async with manager.user_socket() as socket:
            order = await client.order_limit_buy(symbol=BTC, quantity="0.01", price="40000")
            told = [await asyncio.wait_for(socket.recv(), 5) for _ in range(2)]
            assert [each["e"] for each in told] == ["executionReport", "outboundAccountPosition"]
            assert (told[0]["i"], told[0]["X"]) == (order["orderId"], "NEW")
            ok("watch orders")
            assert told[1]["B"][0]["a"] == "USDT"
            ok("watch balance")
            taken = await client.order_market_buy(symbol=BTC, quantity="0.01")
            ok("create market order")
            seen = [await asyncio.wait_for(socket.recv(), 5) for _ in range(3)]
            trades = [each for each in seen if each.get("x") == "TRADE"]
            assert [each["t"] for each in trades] == [fill["tradeId"] for fill in taken["fills"]]
            ok("watch my trades")
        placed = await client.ws_create_order(
            symbol=BTC, side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.01", price="60000"
        )
        assert len(await client.ws_get_open_orders(symbol=BTC)) == 2
        assert (await client.ws_get_account())["accountType"] == "SPOT"
        assert (await client.ws_get_exchange_info(symbol=BTC))["symbols"][0]["symbol"] == BTC
        swapped = await client.ws_cancel_and_replace_order(
            symbol=BTC, side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.01", price="61000",
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"],
        )  # fmt: skip
        assert swapped["cancelResult"] == "SUCCESS"
        assert len(await client.ws_cancel_all_open_orders(symbol=BTC)) == 2
        ok("create and cancel order by WebSocket")
        await client.close_connection()

    play(VENUE, body, **STAGE)


def test_the_asynchronous_client_and_market_streams(did: Did) -> None:
    lively = quiet("50000", maker_rate=2.0, taker_rate=2.0, volatility_bps=3)

    async def body(access: VenueAccess) -> None:
        from binance import AsyncClient, BinanceSocketManager, DepthCacheManager

        def ok(operation: str) -> None:
            did(VENUE, "python-binance async", operation)

        client = await AsyncClient.create(access.key, access.secret)
        manager = BinanceSocketManager(client)
        cases: list[tuple[str, Any, str]] = [
            ("watch trades", manager.trade_socket(BTC), "trade"),
            ("watch trades", manager.aggtrade_socket(BTC), "aggTrade"),
            ("watch candles", manager.kline_socket(BTC), "kline"),
            ("watch order book", manager.depth_socket(BTC, interval=100), "depthUpdate"),
            ("watch ticker", manager.symbol_ticker_socket(BTC), "24hrTicker"),
            ("watch ticker", manager.symbol_miniticker_socket(BTC), "24hrMiniTicker"),
        ]
        for operation, opened, event in cases:
            async with opened as socket:
                said = await asyncio.wait_for(socket.recv(), 20)
                assert (said["e"], said["s"]) == (event, BTC)
                ok(operation)
        async with manager.multiplex_socket(["btcusdt@bookTicker", "ethusdt@bookTicker"]) as socket:
            said = [await asyncio.wait_for(socket.recv(), 20) for _ in range(2)]
            assert {each["stream"] for each in said} == {"btcusdt@bookTicker", "ethusdt@bookTicker"}
            ok("watch best prices")
        async with DepthCacheManager(client, BTC) as socket:
            for _ in range(10):
                cache = await asyncio.wait_for(socket.recv(), 20)
            best = (await client.get_order_book(symbol=BTC, limit=5))["bids"][0]
            assert cache.get_bids()[0][0] == pytest.approx(float(best[0]), rel=1e-3)
            ok("keep an order book")
        await client.close_connection()

    play(VENUE, body, **STAGE | {"markets": {"BTC/USDT": lively, "ETH/USDT": quiet("3000", depth="5")}})


def test_the_threaded_manager(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        import time

        from binance import ThreadedWebsocketManager

        said: list[dict[str, Any]] = []
        manager = ThreadedWebsocketManager(access.key, access.secret)
        manager.start()
        manager.start_symbol_ticker_socket(callback=said.append, symbol=BTC)
        time.sleep(5)
        manager.stop()
        manager.join()
        assert said[0]["e"] == "24hrTicker"
        did(VENUE, "python-binance threads", "watch ticker")

    play(VENUE, body, **STAGE)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_key_pairs(did: Did, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, kind: str) -> None:
    pytest.importorskip("cryptography")
    from binance_pairs import pair

    from outtrade_mocks.venues import load

    venue = load(VENUE)
    monkeypatch.setattr(venue, "credentials", pair(kind).credentials(venue.credentials.key))

    # what decides is the length: this client takes every private key of more than 120 characters for RSA
    def body(access: VenueAccess) -> None:
        from binance.client import Client

        client = Client(access.key, private_key=access.secret)
        assert client.get_account()["canTrade"] is True
        assert client.order_limit_buy(symbol=BTC, quantity="0.01", price="40000")["status"] == "NEW"
        did(VENUE, "python-binance", f"sign with {kind.upper()}")

    play(VENUE, body, **STAGE)
