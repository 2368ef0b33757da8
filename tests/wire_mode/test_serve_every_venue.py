"""``outtrade serve`` with every venue: ccxt moved to its port trades there, and every printed stream takes clients."""

from __future__ import annotations

import asyncio

import pytest

from outtrade.cli.serve import plain_scenario
from outtrade.wire.server import WireServer
from outtrade_mocks.venues import NAMES, load


@pytest.mark.parametrize("venue", NAMES)
def test_ccxt_trades_with_a_served_venue(venue: str) -> None:
    import ccxt.async_support  # noqa: F401
    import websockets

    async def trade() -> None:
        scenario = plain_scenario(venue, 1)
        server = WireServer(scenario, name="serve")
        await server.start()
        try:
            exchange = server.access().ccxt(asynchronous=True)
            try:
                await exchange.load_markets()
                symbol = scenario.symbols[0]
                order = await exchange.create_order(symbol, "limit", "buy", 0.01, 40_000)
                found = await exchange.fetch_open_orders(symbol)
                assert [one["id"] for one in found] == [order["id"]]
                assert (await exchange.fetch_balance())[symbol.split("/")[1].split(":")[0]]["total"] == 1_000_000
            finally:
                await exchange.close()
            for path in (server.stream_path, *(path for path, _ in load(venue).about().streams)):
                async with websockets.connect(server.stream_url + path) as connection:
                    await connection.send('{"id": 1}')
        finally:
            await server.stop()

    asyncio.run(trade())


@pytest.mark.parametrize("venue", NAMES)
def test_what_is_served_by_default(venue: str) -> None:
    scenario = plain_scenario(venue, 1)
    kinds = {":" in symbol for symbol in scenario.symbols}
    listed = {":" in symbol for symbol in load(venue).symbols if symbol.startswith("BTC/")}
    assert kinds == listed and set(scenario.markets) == set(scenario.symbols)
