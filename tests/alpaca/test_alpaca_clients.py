"""Real, unmodified clients in the World: an order's whole life by ccxt (sync, async, pro) and alpaca-py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
OPEN = 1_767_366_000
"""Friday, 2 January 2026, 10:00 in New York."""
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USD", "ETH/USD", "AAPL/USD"),
    "balances": {"USD": 100_000, "BTC": 2, "AAPL": 50},
    "markets": {
        "BTC/USD": quiet("50000"),
        "ETH/USD": quiet("3000", depth="5"),
        "AAPL/USD": quiet("200", depth="100", taker_size="1"),
    },
    "epoch": OPEN,
}
BTC = "BTC/USD"


def test_ccxt_lives_a_whole_life(did: Did) -> None:
    def note(what: str) -> None:
        did("alpaca", "ccxt", what)

    def body(access: VenueAccess) -> None:
        import ccxt

        exchange = access.ccxt()
        assert set(exchange.load_markets()) == {BTC, "ETH/USD"}, "ccxt asks for crypto alone"
        note("load markets")
        assert exchange.fetch_time() // 1000 >= OPEN
        assert exchange.fetch_balance()["free"] == {"USD": 100_000, "BTC": 2}
        note("fetch balance")
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "life-1"})
        assert (order["status"], order["clientOrderId"]) == ("open", "life-1")
        note("create limit order")
        assert exchange.fetch_balance()["total"]["USD"] == 100_000 and exchange.fetch_balance()["free"]["USD"] == 95_500
        assert exchange.fetch_order(order["id"], BTC)["amount"] == 0.1
        note("fetch order")
        moved = exchange.edit_order(order["id"], BTC, "limit", "buy", 0.08, 46_000)
        assert moved["id"] != order["id"] and exchange.fetch_order(order["id"], BTC)["status"] == "canceled"
        note("edit order")
        assert [one["price"] for one in exchange.fetch_open_orders(BTC)] == [46_000]
        note("fetch open orders")
        exchange.cancel_order(moved["id"], BTC)
        assert exchange.fetch_order(moved["id"], BTC)["status"] == "canceled"
        note("cancel order")
        bought = exchange.fetch_order(exchange.create_order(BTC, "market", "buy", 0.2)["id"], BTC)
        assert (bought["status"], bought["filled"], bought["average"]) == ("closed", 0.2, 50_010)
        note("create market order")
        stop = exchange.create_order(BTC, "limit", "sell", 0.1, 44_000, {"triggerPrice": 45_000})
        assert (stop["status"], stop["triggerPrice"]) == ("open", 45_000)
        note("create stop order")
        exchange.cancel_all_orders()
        assert exchange.fetch_open_orders(BTC) == [] and len(exchange.fetch_closed_orders(BTC)) == 4
        note("cancel all orders")
        note("fetch closed orders")
        [trade] = exchange.fetch_my_trades(BTC)
        assert (trade["order"], trade["price"], trade["amount"]) == (bought["id"], 50_010, 0.2)
        note("fetch my trades")
        assert exchange.fetch_order_book(BTC)["bids"][0][0] == 49_990 and exchange.fetch_ticker(BTC)["ask"] == 50_010
        note("fetch order book")
        note("fetch ticker")
        exchange.fetch_trades(BTC)
        assert exchange.fetch_ohlcv(BTC, "1m")
        for ask, error in (
            (lambda: exchange.create_order(BTC, "limit", "buy", 0.1, 1000, {"clientOrderId": "life-1"}), "unique"),
            (lambda: exchange.create_order(BTC, "limit", "buy", 90, 45_000), "insufficient balance for USD"),
            (lambda: exchange.fetch_order("none", BTC), "order not found"),
        ):
            with pytest.raises(ccxt.ExchangeError, match=error):
                ask()

    play("alpaca", body, **STAGE)


def test_what_ccxt_makes_of_it() -> None:
    def body(access: VenueAccess) -> None:
        import ccxt

        exchange = access.ccxt()
        for word in ({"stopLossPrice": 45_000}, {"takeProfitPrice": 60_000}, {"trailingPercent": 5}):
            at_once = exchange.create_order(BTC, "market", "sell", 0.01, None, word)
            assert exchange.fetch_order(at_once["id"], BTC)["status"] == "closed", "it was to wait, and traded"
        taken = exchange.create_order(BTC, "limit", "buy", 0.01, 50_010, {"clientOrderId": "once", "postOnly": True})
        assert exchange.fetch_order(taken["id"], BTC)["filled"] == 0.01, "it was not to take"
        with pytest.raises(ccxt.BadRequest):
            exchange.create_order(BTC, "limit", "buy", 0.01, 40_000, {"clientOrderId": "once"})
        with pytest.raises(ccxt.InvalidOrder):
            exchange.fetch_order("", BTC, {"clientOrderId": "once"})
        resting = exchange.create_order(BTC, "limit", "buy", 0.01, 40_000)
        assert exchange.cancel_order(resting["id"], BTC)["id"] is None
        exchange.create_order(BTC, "limit", "buy", 0.01, 40_000)
        assert [one["status"] for one in exchange.cancel_all_orders()] == ["200"]
        trades = exchange.fetch_my_trades(BTC)
        assert {one["takerOrMaker"] for one in trades} == {"taker"} and trades[0]["fee"]["cost"] is None

    play("alpaca", body, **STAGE)


def test_ccxt_async_lives_too(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            made = await asyncio.gather(
                *(exchange.create_order(BTC, "limit", "buy", 0.01, price) for price in (40_000, 41_000, 42_000))
            )
            assert len({one["id"] for one in made}) == 3
            await exchange.cancel_order(made[0]["id"], BTC)
            left = await exchange.fetch_open_orders(BTC)
            assert {one["id"] for one in left} == {one["id"] for one in made[1:]}
            did("alpaca", "ccxt.async", "create limit order")
            did("alpaca", "ccxt.async", "cancel order")
            did("alpaca", "ccxt.async", "fetch open orders")
        finally:
            await exchange.close()

    play("alpaca", body, **STAGE)


def test_ccxt_pro_hears_of_its_orders(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            heard: list[tuple[str, str]] = []

            async def listen() -> None:
                while True:
                    for order in await exchange.watch_orders(BTC):
                        heard.append((order["id"], order["status"]))

            task = asyncio.get_running_loop().create_task(listen())
            await asyncio.sleep(2)
            resting = await exchange.create_order(BTC, "limit", "buy", 0.01, 40_000)
            await exchange.cancel_order(resting["id"], BTC)
            taken = await exchange.create_order(BTC, "market", "buy", 0.01)
            await asyncio.sleep(2)
            task.cancel()
            assert {(resting["id"], "open"), (resting["id"], "canceled"), (taken["id"], "closed")} <= set(heard)
            did("alpaca", "ccxt.pro", "watch orders")
            ticker = await exchange.watch_ticker(BTC)
            assert (ticker["bid"], ticker["ask"]) == (49_990, 50_010)
            did("alpaca", "ccxt.pro", "watch ticker")
            book = await exchange.watch_order_book(BTC)
            assert book["bids"][0][0] == 49_990
            did("alpaca", "ccxt.pro", "watch order book")
        finally:
            await exchange.close()

    play("alpaca", body, **STAGE)


def test_alpaca_py_lives_a_whole_life_with_equities(did: Did) -> None:
    pytest.importorskip("alpaca", reason="pip install alpaca-py")
    from alpaca.common.exceptions import APIError
    from alpaca.data.historical import StockHistoricalDataClient
    from alpaca.data.requests import StockLatestQuoteRequest
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, QueryOrderStatus, TimeInForce
    from alpaca.trading.requests import (
        ClosePositionRequest,
        GetCalendarRequest,
        GetOrdersRequest,
        LimitOrderRequest,
        MarketOrderRequest,
        ReplaceOrderRequest,
        StopLossRequest,
        TakeProfitRequest,
        TrailingStopOrderRequest,
    )

    def note(what: str) -> None:
        did("alpaca", "alpaca-py", what)

    def body(access: VenueAccess) -> None:
        client = TradingClient(access.key, access.secret, paper=True)
        assert client.get_clock().is_open and client.get_account().multiplier == "1"
        assert [
            str(one.date) for one in client.get_calendar(GetCalendarRequest(start="2026-11-26", end="2026-11-27"))
        ] == ["2026-11-27"]
        assert client.get_asset("AAPL").tradable and len(client.get_all_assets()) == 3
        note("clock, calendar, assets, account")
        order = client.submit_order(
            LimitOrderRequest(symbol="AAPL", qty=2, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=180,
                              client_order_id="life-1")
        )  # fmt: skip
        assert order.status is OrderStatus.PENDING_NEW
        assert client.get_order_by_client_id("life-1").id == order.id
        note("submit, get by client id")
        moved = client.replace_order_by_id(order.id, ReplaceOrderRequest(limit_price=181))
        assert moved.replaces == order.id and client.get_order_by_id(order.id).replaced_by == moved.id
        note("replace")
        client.cancel_order_by_id(moved.id)
        assert client.get_order_by_id(moved.id).status is OrderStatus.CANCELED
        note("cancel")
        bracket = client.submit_order(
            MarketOrderRequest(symbol="AAPL", qty=2, side=OrderSide.BUY, time_in_force=TimeInForce.GTC,
                               order_class=OrderClass.BRACKET, take_profit=TakeProfitRequest(limit_price=210),
                               stop_loss=StopLossRequest(stop_price=190))
        )  # fmt: skip
        assert bracket.legs is not None and [leg.status for leg in bracket.legs] == [OrderStatus.HELD] * 2
        assert len(client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, symbols=["AAPL"]))) == 2
        note("bracket order")
        assert [one.status for one in client.cancel_orders()] == [200, 200]
        trail = TrailingStopOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.SELL, time_in_force=TimeInForce.DAY, trail_percent=5
        )
        client.cancel_order_by_id(client.submit_order(trail).id)
        spend = MarketOrderRequest(symbol="AAPL", notional=100, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
        bought = client.get_order_by_id(client.submit_order(spend).id)
        assert bought.status is OrderStatus.FILLED and 0.49 < float(bought.filled_qty or 0) < 0.5
        note("trailing stop, notional order")
        position = client.get_open_position("AAPL")
        assert 52.49 < float(position.qty) < 52.5 and len(client.get_all_positions()) == 2
        closing = client.close_position("AAPL", ClosePositionRequest(qty="2"))
        assert client.get_order_by_id(closing.id).status is OrderStatus.FILLED
        client.close_all_positions(cancel_orders=True)
        assert client.get_all_positions() == []
        note("positions, close position")
        fills = client.get("/account/activities/FILL")
        assert len({one["order_id"] for one in fills}) == 5 and client.get_portfolio_history().timestamp
        settings = client.get_account_configurations()
        settings.suspend_trade = True
        assert client.set_account_configurations(settings).suspend_trade
        with pytest.raises(APIError, match="new orders are rejected by user request"):
            client.submit_order(spend)
        note("activities, configurations")
        quotes = StockHistoricalDataClient(access.key, access.secret).get_stock_latest_quote(
            StockLatestQuoteRequest(symbol_or_symbols="AAPL")
        )
        assert quotes["AAPL"].ask_price == 200.04
        note("latest stock quote")

    play("alpaca", body, **STAGE)


def test_alpaca_py_hears_of_its_orders(did: Did) -> None:
    pytest.importorskip("alpaca", reason="pip install alpaca-py")
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderSide, TimeInForce
    from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
    from alpaca.trading.stream import TradingStream

    async def body(access: VenueAccess) -> None:
        stream = TradingStream(access.key, access.secret, paper=True)
        heard: list[Any] = []

        async def handler(update: Any) -> None:
            heard.append(update)

        stream.subscribe_trade_updates(handler)
        task = asyncio.get_running_loop().create_task(stream._run_forever())
        await asyncio.sleep(2)
        client = TradingClient(access.key, access.secret, paper=True)
        usual: dict[str, Any] = {"symbol": "AAPL", "qty": 2, "side": OrderSide.BUY, "time_in_force": TimeInForce.DAY}
        resting = client.submit_order(LimitOrderRequest(limit_price=180, **usual))
        client.cancel_order_by_id(resting.id)
        client.submit_order(MarketOrderRequest(**usual))
        await asyncio.sleep(2)
        assert [getattr(one.event, "value", one.event) for one in heard] == ["new", "canceled", "new", "fill"]
        last = heard[-1]
        assert (last.price, last.qty, last.position_qty, last.order.filled_qty) == (200.04, 2, 52, "2")
        did("alpaca", "alpaca-py", "trade updates")
        await stream.stop_ws()
        await task

    play("alpaca", body, **STAGE)
