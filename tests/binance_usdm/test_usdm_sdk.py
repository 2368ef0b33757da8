"""Binance's own Python SDK for USD-M futures, unmodified, against the mock in a World."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip(
    "binance_sdk_derivatives_trading_usds_futures", reason="pip install binance-sdk-derivatives-trading-usds-futures"
)

from usdm_kit import BTC
from world_kit import play, quiet

from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
VENUE = "binance_usdm"
STAGE: dict[str, Any] = {"symbols": (BTC,), "balances": {"USDT": 100_000}, "markets": {BTC: quiet("50000")}}


def test_rest(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationRestAPI
        from binance_common.errors import BadRequestError
        from binance_sdk_derivatives_trading_usds_futures import DerivativesTradingUsdsFutures

        def ok(operation: str) -> None:
            did(VENUE, "binance-sdk", operation)

        config = ConfigurationRestAPI(api_key=access.key, api_secret=access.secret)
        api = DerivativesTradingUsdsFutures(config_rest_api=config).rest_api
        assert api.exchange_information().data().symbols[0].symbol == "BTCUSDT"
        assert api.check_server_time().data().server_time > 10**12
        assert api.order_book("BTCUSDT", limit=5).data().bids[0][0] == "49990.00"
        ok("load markets, fetch time, order book")
        order = api.new_order("BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity=0.01, price=40000).data()
        assert order.status == "NEW"
        assert api.query_order("BTCUSDT", order_id=order.order_id).data().orig_qty == "0.010"
        changed = api.modify_order("BTCUSDT", "BUY", quantity=0.02, price=41000, order_id=order.order_id).data()
        assert changed.price == "41000.00"
        assert api.cancel_order("BTCUSDT", order_id=order.order_id).data().status == "CANCELED"
        with pytest.raises(BadRequestError):
            api.cancel_order("BTCUSDT", order_id=order.order_id)
        ok("create, fetch, edit, cancel order")
        bought = api.new_order("BTCUSDT", "BUY", "MARKET", quantity=0.1, new_order_resp_type="RESULT").data()
        assert bought.status == "FILLED"
        assert api.position_information_v3(symbol="BTCUSDT").data()[0].position_amt == "0.100"
        assert api.account_trade_list("BTCUSDT").data()[0].order_id == bought.order_id
        assert float(api.futures_account_balance_v3().data()[0].balance) < 100_000
        assert api.account_information_v3().data().positions[0].symbol == "BTCUSDT"
        ok("create market order, fetch positions, my trades, balance")
        stop = api.new_algo_order(
            "CONDITIONAL", "BTCUSDT", "SELL", "STOP_MARKET", quantity=0.1, trigger_price=45000
        ).data()
        assert stop.algo_status == "NEW"
        assert api.query_algo_order(algo_id=stop.algo_id).data().trigger_price == "45000.00"
        assert api.cancel_algo_order(algo_id=stop.algo_id).data().msg == "success"
        ok("create, fetch, cancel stop order")
        assert api.change_initial_leverage("BTCUSDT", 10).data().leverage == 10
        assert api.cancel_all_open_orders("BTCUSDT").data().code == 200
        ok("set leverage, cancel all orders")

    play(VENUE, body, **STAGE)


def test_websocket_api(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationWebSocketAPI
        from binance_sdk_derivatives_trading_usds_futures import DerivativesTradingUsdsFutures

        def ok(operation: str) -> None:
            did(VENUE, "binance-sdk WebSocket API", operation)

        config = ConfigurationWebSocketAPI(api_key=access.key, api_secret=access.secret)
        api = DerivativesTradingUsdsFutures(config_ws_api=config).websocket_api
        await api.create_connection()
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 0.01, "time_in_force": "GTC"}
        placed = (await api.new_order(**order, price=40000.0, new_client_order_id="mine")).data().result
        assert placed.status == "NEW"
        assert (await api.query_order("BTCUSDT", orig_client_order_id="mine")).data().result.status == "NEW"
        changed = (await api.modify_order("BTCUSDT", "BUY", 0.02, 41000.0, order_id=placed.order_id)).data().result
        assert changed.orig_qty == "0.020"
        assert (await api.cancel_order("BTCUSDT", order_id=placed.order_id)).data().result.status == "CANCELED"
        ok("create, fetch, edit, cancel order")
        await api.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.1)
        assert (await api.position_information_v2(symbol="BTCUSDT")).data().result[0].position_amt == "0.100"
        assert float((await api.futures_account_balance()).data().result[0].balance) < 100_000
        ok("create market order, fetch positions, balance")
        await api.close_connection()

    play(VENUE, body, **STAGE)


def test_streams(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
        from binance_sdk_derivatives_trading_usds_futures import DerivativesTradingUsdsFutures

        rest = ConfigurationRestAPI(api_key=access.key, api_secret=access.secret)
        client = DerivativesTradingUsdsFutures(config_rest_api=rest, config_ws_streams=ConfigurationWebSocketStreams())
        api, streams = client.rest_api, client.websocket_streams
        await streams.create_connection()
        told: list[tuple[str, Any]] = []
        for name, opened in (
            ("watch trades", streams.aggregate_trade_streams(symbol="btcusdt")),
            ("watch order book", streams.diff_book_depth_streams(symbol="btcusdt")),
            ("watch mark price", streams.mark_price_stream(symbol="btcusdt")),
            ("watch orders", streams.user_data(api.start_user_data_stream().data().listen_key)),
        ):
            stream = await opened
            stream.on("message", lambda data, name=name: told.append((name, data)))  # type: ignore[misc]
        api.new_order("BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity=0.01, price=40000)
        await asyncio.sleep(10)
        for name in dict.fromkeys(name for name, _ in told):
            did(VENUE, "binance-sdk streams", name)
        assert {name for name, _ in told} == {"watch trades", "watch order book", "watch mark price", "watch orders"}
        await streams.close_connection()

    lively = quiet("50000", maker_rate=2.0, taker_rate=2.0, volatility_bps=3)
    play(VENUE, body, **STAGE | {"markets": {BTC: lively}})
