"""binance-sdk-spot, the venue's own Python client, unmodified, in a World: REST, WebSocket API and streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("binance_sdk_spot.spot", reason="binance-sdk-spot is not installed: pip install binance-sdk-spot")

from world_kit import play, quiet

from outtrade.targets.access import VenueAccess
from outtrade_mocks.venues import load

Did = Callable[[str, str, str], None]
VENUE, BTC = "binance_spot", "BTCUSDT"
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USDT", "ETH/USDT"),
    "balances": {"USDT": 100_000, "BTC": 1},
    "markets": {"BTC/USDT": quiet("50000"), "ETH/USDT": quiet("3000", depth="5", taker_size="0.5")},
}
ORDER: dict[str, Any] = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.01}


def test_rest(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationRestAPI
        from binance_common.errors import BadRequestError
        from binance_sdk_spot.spot import Spot

        def ok(operation: str) -> None:
            did(VENUE, "binance-sdk-spot", operation)

        spot = Spot(ConfigurationRestAPI(api_key=access.key, api_secret=access.secret)).rest_api
        assert spot.exchange_info(symbol=BTC).data().symbols[0].base_asset == "BTC"
        ok("load markets")
        assert len(spot.depth(BTC, limit=5).data().bids) == 5
        ok("fetch order book")
        spot.new_order(**ORDER, price=40000.0, new_client_order_id="mine-1")
        ok("create limit order")
        assert spot.get_order(BTC, orig_client_order_id="mine-1").data().status == "NEW"
        ok("fetch order")
        number = spot.get_open_orders(BTC).data()[0].order_id
        ok("fetch open orders")
        changed = spot.order_amend_keep_priority(BTC, new_qty=0.005, order_id=number).data()
        assert changed.amended_order.qty == "0.00500000"
        ok("amend order")
        swapped = spot.order_cancel_replace(
            **ORDER, price=41000.0, cancel_replace_mode="STOP_ON_FAILURE", cancel_order_id=number
        ).data()
        assert swapped.new_order_result == "SUCCESS"
        ok("cancel and replace order")
        assert spot.delete_order(BTC, order_id=swapped.new_order_response.order_id).data().status == "CANCELED"
        ok("cancel order")
        taken = spot.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.01).data()
        assert taken.status == "FILLED"
        ok("create market order")
        pair = spot.order_list_oco(
            BTC, "SELL", 0.01, "LIMIT_MAKER", "STOP_LOSS", above_price=60000.0, below_stop_price=45000.0
        ).data()
        assert pair.contingency_type == "OCO"
        ok("create order list")
        assert spot.delete_order_list(BTC, order_list_id=pair.order_list_id).data().list_order_status == "ALL_DONE"
        spot.new_order(symbol=BTC, side="SELL", type="STOP_LOSS", quantity=0.01, stop_price=45000.0)
        ok("create stop order")
        assert len(spot.delete_open_orders(BTC).data()) == 1
        ok("cancel all orders")
        with pytest.raises(BadRequestError):
            spot.delete_open_orders(BTC)
        ok("errors")
        assert len(spot.all_orders(BTC).data()) == 6
        ok("fetch all orders")
        assert spot.my_trades(BTC).data()[0].is_maker is False
        ok("fetch my trades")
        assert spot.get_account().data().can_trade
        ok("fetch balance")
        assert spot.account_commission(BTC).data().discount.discount_asset == "BNB"
        ok("fetch fees")
        assert spot.get_trades(BTC).data()[0].is_best_match
        assert spot.klines(BTC, "1m").data()
        assert spot.ticker24hr(BTC).data()
        assert spot.ticker_trading_day(BTC).data()
        ok("fetch public trades")

    play(VENUE, body, **STAGE)


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_websocket_api(did: Did, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if kind == "ed25519":
        pytest.importorskip("cryptography")
        from binance_pairs import pair

        venue = load(VENUE)
        monkeypatch.setattr(venue, "credentials", pair(kind).credentials(venue.credentials.key))

    async def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationWebSocketAPI
        from binance_sdk_spot.spot import Spot

        def ok(operation: str) -> None:
            did(VENUE, "binance-sdk-spot WebSocket API", operation)

        secret = {"private_key": access.secret} if kind == "ed25519" else {"api_secret": access.secret}
        spot = Spot(config_ws_api=ConfigurationWebSocketAPI(api_key=access.key, **secret)).websocket_api
        await spot.create_connection()
        told: list[Any] = []
        if kind == "ed25519":
            answer = (await spot.session_logon()).data().result
            assert answer.api_key == access.key
            ok("log on with Ed25519")
            stream = (await spot.user_data_stream_subscribe()).stream
        else:
            stream = (await spot.user_data_stream_subscribe_signature()).stream
        stream.on("message", told.append)
        placed = (await spot.order_place(**ORDER, price=40000.0, new_client_order_id="mine")).data().result
        assert placed.status == "NEW"
        ok("create limit order")
        assert (await spot.order_status(BTC, orig_client_order_id="mine")).data().result.status == "NEW"
        ok("fetch order")
        assert (await spot.order_cancel(BTC, order_id=placed.order_id)).data().result.status == "CANCELED"
        ok("cancel order")
        await spot.order_place(symbol=BTC, side="BUY", type="MARKET", quantity=0.01)
        ok("create market order")
        assert (await spot.my_trades(BTC)).data().result[0].commission_asset == "BTC"
        assert (await spot.account_status()).data().result.can_trade
        ok("fetch balance")
        await asyncio.sleep(1)
        reports = [one.actual_instance for one in told]
        assert [one.X for one in reports if type(one).__name__ == "ExecutionReport"] == [
            "NEW",
            "CANCELED",
            "NEW",
            "FILLED",
        ]
        ok("watch orders")
        await spot.close_connection()

    play(VENUE, body, **STAGE)


def test_market_streams(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        from binance_common.configuration import ConfigurationWebSocketStreams
        from binance_sdk_spot.spot import Spot

        spot = Spot(config_ws_streams=ConfigurationWebSocketStreams()).websocket_streams
        await spot.create_connection()
        told: list[tuple[str, Any]] = []
        for name, opened in (
            ("watch trades", spot.trade(symbol="btcusdt")),
            ("watch order book", spot.diff_book_depth(symbol="btcusdt", update_speed="100ms")),
            ("watch best prices", spot.book_ticker(symbol="btcusdt")),
            ("watch candles", spot.kline(symbol="btcusdt", interval="1m")),
            ("watch ticker", spot.ticker(symbol="btcusdt")),
        ):
            stream = await opened
            stream.on("message", lambda data, name=name: told.append((name, data)))  # type: ignore[misc]
            await asyncio.sleep(1)
        assert len((await spot.list_subscribe())["result"]) == 5
        await asyncio.sleep(5)
        for name in dict.fromkeys(name for name, _ in told):
            did(VENUE, "binance-sdk-spot streams", name)
        assert len({name for name, _ in told}) == 5
        await spot.close_connection()

    lively = quiet("50000", maker_rate=2.0, taker_rate=2.0, volatility_bps=3)
    play(VENUE, body, **STAGE | {"markets": {"BTC/USDT": lively, "ETH/USDT": quiet("3000", depth="5")}})
