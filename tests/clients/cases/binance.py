"""Clients of Binance spot, on the stateful mock: a whole order life cycle each."""

from __future__ import annotations

import asyncio
from typing import Any

from table import Try, case

from cases.support import binance

PRICE, LOW, AMOUNT = 60_000, 40_000, 0.01


def life_cycle(exchange: Any) -> None:
    exchange.load_markets()
    assert exchange.fetch_ticker("BTC/USDT")["last"] > 0 and exchange.fetch_order_book("BTC/USDT")["bids"]
    taken = exchange.create_order("BTC/USDT", "limit", "buy", AMOUNT, PRICE, {"timeInForce": "IOC"})
    assert taken["filled"] == AMOUNT
    resting = exchange.create_order("BTC/USDT", "limit", "buy", AMOUNT, LOW, {"newClientOrderId": "mine-1"})
    assert [order["id"] for order in exchange.fetch_open_orders("BTC/USDT")] == [resting["id"]]
    assert exchange.cancel_order(resting["id"], "BTC/USDT")["status"] == "canceled"
    assert exchange.fetch_order(resting["id"], "BTC/USDT")["status"] == "canceled"
    assert exchange.fetch_my_trades("BTC/USDT") and exchange.fetch_balance()["BTC"]["total"] > 0


@case(package="ccxt", door="sync", server="mock", env="venues")
def ccxt_sync(done: Try) -> None:
    """Markets, ticker, book, IOC fill, resting order, open orders, cancel, query, trades, balance."""
    with binance(done) as venue:
        life_cycle(venue.access.ccxt())


@case(package="ccxt", door="async_support", server="mock", env="venues")
def ccxt_async(done: Try) -> None:
    """Markets, IOC fill, two resting orders at once, cancel both, balance."""

    async def agent(exchange: Any) -> None:
        await exchange.load_markets()
        taken = await exchange.create_order("BTC/USDT", "limit", "buy", AMOUNT, PRICE, {"timeInForce": "IOC"})
        assert taken["filled"] == AMOUNT
        places = (exchange.create_order("BTC/USDT", "limit", "buy", AMOUNT, LOW - n) for n in range(2))
        for order in await asyncio.gather(*places):
            assert (await exchange.cancel_order(order["id"], "BTC/USDT"))["status"] == "canceled"
        assert (await exchange.fetch_balance())["BTC"]["total"] > 0
        await exchange.close()

    with binance(done) as venue:
        venue.world.run_async(lambda: agent(venue.access.ccxt(asynchronous=True)))


@case(package="ccxt", door="pro", server="mock", env="venues")
def ccxt_pro(done: Try) -> None:
    """watch_orders on the private stream while an order is placed by REST: the fill arrives as an event."""

    async def agent(exchange: Any) -> None:
        await exchange.load_markets()
        watch = asyncio.ensure_future(exchange.watch_orders("BTC/USDT"))
        await asyncio.sleep(5)
        placed = await exchange.create_order("BTC/USDT", "limit", "buy", AMOUNT, PRICE, {"timeInForce": "IOC"})
        seen = await asyncio.wait_for(watch, 30)
        while seen[-1]["status"] == "open":
            seen = await asyncio.wait_for(exchange.watch_orders("BTC/USDT"), 30)
        assert seen[-1]["id"] == placed["id"] and seen[-1]["filled"] == AMOUNT, seen
        done.note(f"stream: {seen[-1]['status']} {seen[-1]['filled']}")
        await exchange.close()

    with binance(done) as venue:
        venue.world.run_async(lambda: agent(venue.access.ccxt(pro=True)))


@case(package="python-binance", door="Client", server="mock", env="venues")
def python_binance_client(done: Try) -> None:
    """Ping at construction, rules, depth, IOC fill, resting order, query by client id, cancel, trades, account."""
    with binance(done) as venue:
        from binance.client import Client

        client = Client(venue.access.key, venue.access.secret)
        assert client.get_symbol_info("BTCUSDT")["symbol"] == "BTCUSDT" and client.get_order_book(symbol="BTCUSDT")
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.01"}
        assert client.create_order(**order, timeInForce="IOC", price="60000")["status"] == "FILLED"
        client.create_order(**order, timeInForce="GTC", price="40000", newClientOrderId="mine-1")
        assert client.get_order(symbol="BTCUSDT", origClientOrderId="mine-1")["status"] == "NEW"
        assert len(client.get_open_orders(symbol="BTCUSDT")) == 1
        assert client.cancel_order(symbol="BTCUSDT", origClientOrderId="mine-1")["status"] == "CANCELED"
        assert client.get_my_trades(symbol="BTCUSDT") and client.get_account()["balances"]


@case(package="python-binance", door="AsyncClient", server="mock", env="venues")
def python_binance_async(done: Try) -> None:
    """Create, IOC fill, resting order, cancel, close."""

    async def agent(venue: Any) -> None:
        from binance import AsyncClient

        client = await AsyncClient.create(venue.access.key, venue.access.secret)
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.01"}
        assert (await client.create_order(**order, timeInForce="IOC", price="60000"))["status"] == "FILLED"
        await client.create_order(**order, timeInForce="GTC", price="40000", newClientOrderId="mine-1")
        gone = await client.cancel_order(symbol="BTCUSDT", origClientOrderId="mine-1")
        assert gone["status"] == "CANCELED"
        await client.close_connection()

    with binance(done) as venue:
        venue.world.run_async(lambda: agent(venue))


@case(package="binance-sdk-spot", door="rest_api", server="mock", env="venues")
def binance_sdk(done: Try) -> None:
    """Rules, IOC fill, resting order, query, cancel, account."""
    with binance(done) as venue:
        from binance_common.configuration import ConfigurationRestAPI
        from binance_sdk_spot.spot import Spot

        spot = Spot(ConfigurationRestAPI(api_key=venue.access.key, api_secret=venue.access.secret)).rest_api
        assert spot.exchange_info(symbol="BTCUSDT").data().symbols
        order: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 0.01}
        taken = spot.new_order(**order, time_in_force="IOC", price=60000.0).data()
        assert taken.status == "FILLED", taken
        spot.new_order(**order, time_in_force="GTC", price=40000.0, new_client_order_id="mine-1")
        assert spot.get_order("BTCUSDT", orig_client_order_id="mine-1").data().status == "NEW"
        assert spot.delete_order("BTCUSDT", orig_client_order_id="mine-1").data().status == "CANCELED"
        assert spot.get_account().data().balances


@case(package="binance-connector", door="Spot", server="mock", env="connector")
def binance_connector(done: Try) -> None:
    """Rules, IOC fill, resting order, query, refusal of a second order with its id, cancel, fills, account."""
    with binance(done) as venue:
        from binance.error import ClientError
        from binance.spot import Spot

        spot = Spot(venue.access.key, venue.access.secret)
        assert spot.exchange_info(symbol="BTCUSDT")["symbols"]
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 0.01}
        assert spot.new_order(**order, timeInForce="IOC", price="60000")["status"] == "FILLED"
        resting = order | {"timeInForce": "GTC", "price": "40000", "newClientOrderId": "mine-1"}
        spot.new_order(**resting)
        assert spot.get_order("BTCUSDT", origClientOrderId="mine-1")["status"] == "NEW"
        try:
            spot.new_order(**resting)
            raise AssertionError("a second order with the id of an open one was taken")
        except ClientError as error:
            assert error.error_code == -2010, error
        assert spot.cancel_order("BTCUSDT", origClientOrderId="mine-1")["status"] == "CANCELED"
        assert spot.my_trades("BTCUSDT")[0]["commissionAsset"] == "BTC"
        assert spot.account()["balances"]


@case(package="python-binance", door="ThreadedWebsocketManager", server="canned", env="venues")
def python_binance_threaded_stream(done: Try) -> None:
    """A manager thread with its own event loop: ticker messages reach a callback, stop and join."""
    import time

    from cases.support import KEY, SECRET, blocking, canned

    def talk(stream: Any, message: Any) -> None:
        if message is None:
            for n in range(3):
                stream.send({"e": "24hrTicker", "s": "BTCUSDT", "c": str(50_000 + n)}, after=1.0 + n)

    def agent() -> None:
        from binance import ThreadedWebsocketManager

        got: list[str] = []
        manager = ThreadedWebsocketManager(KEY, SECRET)
        manager.start()
        manager.start_symbol_ticker_socket(callback=lambda message: got.append(message["c"]), symbol="BTCUSDT")
        time.sleep(10)
        manager.stop()
        manager.join(10)
        assert not manager.is_alive() and got == ["50000", "50001", "50002"], got

    time_of = "GET api.binance.com/api/v3/time"
    routes: dict[str, Any] = {"GET api.binance.com/api/v3/ping": {}, time_of: {"serverTime": 1767225600000}}
    with canned(done, routes, {"stream.binance.com:9443": talk, "stream.binance.com": talk}) as world:
        blocking(world, agent)
