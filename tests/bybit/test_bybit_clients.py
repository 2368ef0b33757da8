"""Real, unmodified clients in the World: an order's whole life by ccxt (sync, async, pro) and pybit (REST, streams)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import ccxt
import pytest
from world_kit import play, quiet

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
STAGE: dict[str, Any] = {
    "symbols": (SPOT, SWAP, "BTC/USD:BTC", "ETH/USDT:USDT"),
    "balances": {"USDT": 100_000, "BTC": 2},
    "markets": {
        SPOT: quiet("50000"),
        SWAP: quiet("50000"),
        "BTC/USD:BTC": quiet("50000", depth="20000", taker_size="100"),
        "ETH/USDT:USDT": quiet("2500", depth="5", taker_size="0.1"),
    },
}
FETCH = {"acknowledged": True}


@pytest.mark.parametrize("symbol", [SPOT, SWAP])
def test_ccxt_lives_a_whole_life(did: Did, symbol: str) -> None:
    kind = "spot" if symbol == SPOT else "linear"

    def note(what: str) -> None:
        did("bybit", "ccxt", f"{what} ({kind})")

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        assert set(exchange.load_markets()) == set(STAGE["symbols"])
        assert exchange.market(SWAP)["limits"]["leverage"]["max"] == 100
        note("load markets")
        order = exchange.create_order(symbol, "limit", "buy", 0.1, 40_000, {"clientOrderId": "life-1"})
        assert exchange.fetch_order(order["id"], symbol, FETCH)["status"] == "open"
        assert exchange.fetch_open_order(order["id"], symbol)["clientOrderId"] == "life-1"
        note("create limit order")
        exchange.edit_order(order["id"], symbol, "limit", "buy", 0.08, 41_000)
        [standing] = exchange.fetch_open_orders(symbol)
        assert (standing["id"], standing["amount"], standing["price"]) == (order["id"], 0.08, 41_000)
        note("edit order")
        exchange.cancel_order(None, symbol, {"orderLinkId": "life-1"})
        assert exchange.fetch_order(order["id"], symbol, FETCH)["status"] == "canceled"
        with pytest.raises((ccxt.OrderNotFound, ccxt.InvalidOrder)):
            exchange.cancel_order(order["id"], symbol)
        with pytest.raises(ccxt.InvalidOrder):
            exchange.create_order(symbol, "limit", "buy", 0.1, 40_000, {"clientOrderId": "life-1"})
        note("cancel order")
        partly = exchange.create_order(symbol, "limit", "buy", 0.1, 50_010, {"timeInForce": "IOC"})
        assert exchange.fetch_order(partly["id"], symbol, FETCH)["filled"] == pytest.approx(0.04, abs=0.001)
        note("partial fill")
        bought = exchange.fetch_order(exchange.create_order(symbol, "market", "buy", 0.2, 51_000)["id"], symbol, FETCH)
        assert bought["status"] == "closed" and bought["filled"] > 0.19
        assert bought["fee"]["currency"] == ("BTC" if symbol == SPOT else "USDT")
        note("create market order")
        trades = exchange.fetch_my_trades(symbol)
        assert {trade["order"] for trade in trades} == {partly["id"], bought["id"]}
        assert exchange.fetch_order_trades(bought["id"], symbol)[0]["takerOrMaker"] == "taker"
        note("fetch trades")
        taking = exchange.create_order(symbol, "limit", "buy", 0.1, 60_000, {"postOnly": True})
        assert exchange.fetch_order(taking["id"], symbol, FETCH)["status"] == "canceled"
        direction = {} if symbol == SPOT else {"triggerDirection": "descending"}
        stop = exchange.create_order(symbol, "market", "sell", 0.1, None, {"triggerPrice": 45_000} | direction)
        taker = exchange.create_order(symbol, "limit", "sell", 0.1, 60_500, {"takeProfitPrice": 60_000})
        waiting = exchange.fetch_open_orders(symbol, None, None, {"trigger": True} if symbol == SWAP else {})
        assert {one["triggerPrice"] for one in waiting} == {45_000, 60_000}
        note("conditional orders")
        for one, extra in ((stop, {"trigger": True}), (taker, {"orderFilter": "tpslOrder"} if symbol == SPOT else {})):
            exchange.cancel_order(one["id"], symbol, extra)
        batch = [
            {"symbol": symbol, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
            for price in (30_000, 31_000)
        ]
        made = exchange.create_orders(batch)
        assert [one["id"] for one in exchange.cancel_orders([one["id"] for one in made], symbol)] == [
            one["id"] for one in made
        ]
        note("batches")
        exchange.create_order(symbol, "limit", "buy", 0.01, 30_000)
        assert len(exchange.cancel_all_orders(symbol)) == 1 and exchange.fetch_open_orders(symbol) == []
        note("cancel all orders")
        closed = {one["id"] for one in exchange.fetch_closed_orders(symbol)}
        assert bought["id"] in closed
        assert order["id"] in {one["id"] for one in exchange.fetch_canceled_orders(symbol)}
        assert exchange.fetch_balance()["USDT"]["total"] < 100_000
        note("fetch balance")
        with pytest.raises(ccxt.InsufficientFunds):
            exchange.create_order(symbol, "limit", "buy", 30, 40_000)
        assert exchange.fetch_status()["status"] == "ok" and exchange.fetch_trading_fee(symbol)["taker"] > 0

    play("bybit", body, **STAGE, faults=[PartialFill(on=Trigger(op="place", nth=2), fraction=0.4)])


def test_ccxt_holds_positions(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        exchange.set_leverage(20, SWAP)
        assert exchange.fetch_leverage(SWAP)["longLeverage"] == 20
        did("bybit", "ccxt", "set leverage")
        exchange.create_order(
            SWAP,
            "market",
            "buy",
            0.1,
            None,
            {"stopLoss": {"triggerPrice": 45_000}, "takeProfit": {"triggerPrice": 60_000}},
        )
        [held] = exchange.fetch_positions([SWAP])
        assert (held["side"], held["contracts"], held["stopLossPrice"], held["takeProfitPrice"]) == (
            "long",
            0.1,
            45_000,
            60_000,
        )
        did("bybit", "ccxt", "positions with take profit and stop loss")
        exchange.create_order(SWAP, "market", "sell", 0.1, None, {"trailingAmount": "500", "reduceOnly": True})
        assert exchange.fetch_position(SWAP)["info"]["trailingStop"] == "500.00"
        exchange.close_position(SWAP) if exchange.has["closePosition"] else exchange.create_order(
            SWAP, "market", "sell", 0.1, None, {"reduceOnly": True}
        )
        assert exchange.fetch_positions([SWAP])[0]["contracts"] == 0
        assert exchange.fetch_positions_history([SWAP])[0]["realizedPnl"] < 0
        did("bybit", "ccxt", "close position")
        inverse = exchange.create_order("BTC/USD:BTC", "limit", "buy", 100, 40_000)
        assert exchange.fetch_open_orders("BTC/USD:BTC")[0]["amount"] == 100
        exchange.cancel_order(inverse["id"], "BTC/USD:BTC")
        exchange.set_position_mode(True, SWAP)
        exchange.create_order(SWAP, "market", "sell", 0.1, None, {"positionIdx": 2})
        sides = {one["side"]: one["contracts"] for one in exchange.fetch_positions([SWAP])}
        assert sides == {"long": 0, "short": 0.1}
        did("bybit", "ccxt", "hedge mode")
        tiers = exchange.fetch_leverage_tiers([SWAP])[SWAP]
        assert tiers[0]["maxLeverage"] == 100
        exchange.set_margin_mode("cross")
        assert exchange.fetch_funding_rate(SWAP)["fundingRate"] == 0.0001
        assert exchange.fetch_my_trades(SWAP)[-1]["symbol"] == SWAP
        with pytest.raises(ccxt.BadRequest):
            exchange.set_leverage(20, SWAP)

    play("bybit", body, **STAGE)


def test_ccxt_async(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await exchange.load_markets()
            made = await asyncio.gather(
                *(exchange.create_order(SWAP, "limit", "buy", 0.01, 40_000 + step) for step in range(3))
            )
            standing = await exchange.fetch_open_orders(SWAP)
            assert {one["id"] for one in made} == {one["id"] for one in standing}
            await exchange.cancel_all_orders(SWAP)
            assert await exchange.fetch_open_orders(SWAP) == []
            did("bybit", "ccxt.async_support", "create, fetch and cancel orders")
        finally:
            await exchange.close()

    play("bybit", body, **STAGE)


def test_ccxt_pro(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            book = await exchange.watch_order_book(SWAP)
            assert (book["bids"][0][0], book["asks"][0][0]) == (49_990, 50_010)
            assert (await exchange.watch_ticker(SPOT))["symbol"] == SPOT
            did("bybit", "ccxt.pro", "watch order book and ticker")

            async def take(method: Any, *args: Any, until: int = 1) -> list[Any]:
                seen: list[Any] = []
                while len(seen) < until:
                    got = await method(*args)
                    seen += [dict(one) for one in (got if isinstance(got, list) else [got])]  # ccxt changes its own
                return seen

            tasks = [
                asyncio.ensure_future(take(*each, until=until) if until > 1 else take(*each))
                for each, until in (
                    ((exchange.watch_orders,), 3),
                    ((exchange.watch_my_trades,), 1),
                    ((exchange.watch_balance,), 2),
                    ((exchange.watch_trades, SWAP), 1),
                )
            ]
            await asyncio.sleep(2)
            order = await exchange.create_order(SWAP, "limit", "buy", 0.01, 40_000, {"clientOrderId": "pro-1"})
            await exchange.cancel_order(order["id"], SWAP)
            sent = await exchange.create_order_ws(SWAP, "market", "buy", 0.02)
            orders, trades, balances, public = await asyncio.wait_for(asyncio.gather(*tasks), 60)
            states = [(one["id"], one["status"]) for one in orders]
            assert states[:2] == [(order["id"], "open"), (order["id"], "canceled")]
            assert states[2][0] == sent["id"]
            assert (trades[0]["order"], trades[0]["amount"]) == (sent["id"], 0.02)
            assert balances[-1]["USDT"]["total"] < 100_000 and public[0]["amount"] == 0.02
            did("bybit", "ccxt.pro", "watch orders, trades, balance")
            resting = await exchange.create_order_ws(SPOT, "limit", "buy", 0.01, 40_000)
            await exchange.edit_order_ws(resting["id"], SPOT, "limit", "buy", 0.02, 41_000)
            assert (await exchange.fetch_open_orders(SPOT))[0]["price"] == 41_000
            await exchange.cancel_order_ws(resting["id"], SPOT)
            with pytest.raises(ccxt.InvalidOrder):
                await exchange.cancel_order_ws(resting["id"], SPOT)
            did("bybit", "ccxt.pro", "orders by WebSocket")
        finally:
            await exchange.close()

    play("bybit", body, **STAGE)


# ------------------------------------------------------------------------ pybit
def test_pybit_rest(did: Did) -> None:
    trading = pytest.importorskip("pybit.unified_trading", reason="pybit is not installed")

    def body(access: VenueAccess) -> None:
        session = trading.HTTP(api_key=access.key, api_secret=access.secret)
        assert session.get_server_time()["retCode"] == 0
        common = {"category": "linear", "symbol": "BTCUSDT"}
        wire = session.place_order(
            **common, side="Buy", orderType="Limit", qty="0.01", price="40000", orderLinkId="py"
        )["result"]["orderId"]
        did("bybit", "pybit", "place order")
        session.amend_order(**common, orderLinkId="py", price="41000")
        [row] = session.get_open_orders(**common, orderId=wire)["result"]["list"]
        assert (row["price"], row["orderStatus"]) == ("41000.00", "New")
        did("bybit", "pybit", "amend order")
        session.cancel_order(**common, orderLinkId="py")
        with pytest.raises(Exception, match="110001"):
            session.cancel_order(**common, orderLinkId="py")
        did("bybit", "pybit", "cancel order")
        batch = [{"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "30000"}] * 2
        made = session.place_batch_order(category="linear", request=batch)
        assert [one["code"] for one in made["retExtInfo"]["list"]] == [0, 0]
        assert len(session.cancel_all_orders(category="linear", symbol="BTCUSDT")["result"]["list"]) == 2
        did("bybit", "pybit", "batch, cancel all")
        session.set_leverage(**common, buyLeverage="5", sellLeverage="5")
        session.place_order(**common, side="Buy", orderType="Market", qty="0.02")
        session.set_trading_stop(**common, stopLoss="45000", trailingStop="500", tpslMode="Full", positionIdx=0)
        [held] = session.get_positions(**common)["result"]["list"]
        assert (held["size"], held["leverage"], held["stopLoss"]) == ("0.020", "5", "45000.00")
        session.place_order(**common, side="Sell", orderType="Market", qty="0.02", reduceOnly=True)
        assert session.get_closed_pnl(category="linear")["result"]["list"][0]["closedSize"] == "0.020"
        assert session.get_executions(category="linear")["result"]["list"][0]["execQty"] == "0.020"
        assert session.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]["coin"]
        did("bybit", "pybit", "leverage, trading stop, positions, executions, balance")

    play("bybit", body, **STAGE)


def test_pybit_streams(did: Did) -> None:
    trading = pytest.importorskip("pybit.unified_trading", reason="pybit is not installed")

    def body(access: VenueAccess) -> None:
        keys = {"testnet": False, "api_key": access.key, "api_secret": access.secret}
        events: list[tuple[str, Any]] = []
        private = trading.WebSocket(channel_type="private", **keys)
        for name in ("order", "execution", "position", "wallet"):
            getattr(private, f"{name}_stream")(
                callback=lambda message: events.append((message["topic"], message["data"]))
            )
        public = trading.WebSocket(channel_type="linear", testnet=False)
        public.orderbook_stream(50, "BTCUSDT", callback=lambda message: events.append(("book", message["data"])))
        public.trade_stream("BTCUSDT", callback=lambda message: events.append(("trade", message["data"])))
        orders = trading.WebSocketTrading(**keys)
        time.sleep(1)
        acks: list[Any] = []
        common = {"category": "linear", "symbol": "BTCUSDT"}
        orders.place_order(acks.append, **common, side="Buy", orderType="Market", qty="0.02", orderLinkId="ws-1")
        time.sleep(1)
        orders.place_order(acks.append, **common, side="Buy", orderType="Limit", qty="0.01", price="40000")
        time.sleep(1)
        orders.cancel_order(acks.append, **common, orderId=acks[-1]["data"]["orderId"])
        time.sleep(1)
        assert [ack["retCode"] for ack in acks] == [0, 0, 0]
        assert acks[0]["data"]["orderLinkId"] == "ws-1"
        did("bybit", "pybit WebSocketTrading", "place and cancel orders")
        topics = [topic for topic, _ in events]
        assert {"order", "execution", "position", "wallet", "book", "trade"} <= set(topics)
        states = [row["orderStatus"] for topic, data in events if topic == "order" for row in data]
        assert states == ["New", "Filled", "New", "Cancelled"]
        did("bybit", "pybit WebSocket", "orders, executions, positions, wallet, book, trades")
        for each in (private, public, orders):
            each.exit()

    play("bybit", body, **STAGE)


def test_orders_end_with_a_client_that_went_away(did: Did) -> None:
    trading = pytest.importorskip("pybit.unified_trading", reason="pybit is not installed")

    def body(access: VenueAccess) -> None:
        session = trading.HTTP(api_key=access.key, api_secret=access.secret)
        common = {"category": "linear", "symbol": "BTCUSDT"}
        session.place_order(**common, side="Buy", orderType="Limit", qty="0.01", price="40000")
        session.set_dcp(product="DERIVATIVES", timeWindow=10)
        private = trading.WebSocket(channel_type="private", testnet=False, api_key=access.key, api_secret=access.secret)
        private.standard_private_topics.append("dcp.future")
        private.subscribe("dcp.future", lambda message: None)
        time.sleep(60)
        assert len(session.get_open_orders(**common)["result"]["list"]) == 1
        private.exit()
        time.sleep(8)
        assert len(session.get_open_orders(**common)["result"]["list"]) == 1
        time.sleep(4)
        [row] = session.get_order_history(**common)["result"]["list"]
        assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByDCP")
        did("bybit", "pybit", "disconnection protection")

    play("bybit", body, **STAGE)
