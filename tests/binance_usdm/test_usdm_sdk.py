"""Binance's own Python SDK for USD-M futures, unmodified, against the mock in a World."""

from __future__ import annotations

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
