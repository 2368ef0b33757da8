"""ccxt, unmodified, in a World: blocking, asynchronous and its streams, with orders by REST and by WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.model.fault import LostAnswer, PartialFill, Trigger
from outtrade.model.history import Answer, Broken, Request
from outtrade.targets.access import VenueAccess
from outtrade_mocks.venues import load

Did = Callable[[str, str, str], None]
VENUE, BTC = "binance_spot", "BTC/USDT"
STAGE: dict[str, Any] = {
    "symbols": (BTC, "ETH/USDT"),
    "balances": {"USDT": 100_000, "BTC": 1},
    "markets": {BTC: quiet("50000"), "ETH/USDT": quiet("3000", depth="5", taker_size="0.5")},
}
LIVELY = STAGE | {
    "markets": {BTC: quiet("50000", maker_rate=2.0, taker_rate=2.0, volatility_bps=3), "ETH/USDT": quiet("3000")}
}


def test_a_whole_life_cycle(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        def ok(operation: str) -> None:
            did(VENUE, "ccxt", operation)

        ex = access.ccxt()
        assert ex.load_markets()[BTC]["spot"] is True
        ok("load markets")
        assert ex.fetch_status()["status"] == "ok"
        assert ex.fetch_time() > 10**12
        ok("fetch time and status")
        assert ex.fetch_ticker(BTC)["bid"] < ex.fetch_order_book(BTC, 10)["asks"][0][0]
        assert set(ex.fetch_tickers()) == {BTC, "ETH/USDT"}
        assert ex.fetch_bids_asks()[BTC]["ask"] > 50_000
        ok("fetch ticker")
        ok("fetch order book")
        order = ex.create_order(BTC, "limit", "buy", 0.01, 40_000, {"clientOrderId": "mine"})
        ok("create limit order")
        assert ex.fetch_order(order["id"], BTC)["clientOrderId"] == "mine"
        ok("fetch order")
        assert len(ex.fetch_open_orders(BTC)) == 1
        ok("fetch open orders")
        edited = ex.edit_order(order["id"], BTC, "limit", "buy", 0.01, 41_000)
        ok("edit order")
        assert ex.cancel_order(edited["id"], BTC)["status"] == "canceled"
        ok("cancel order")
        part = ex.create_order(BTC, "limit", "buy", 0.02, 50_100)
        assert 0 < part["filled"] < 0.02
        ok("partial fill")
        ex.cancel_order(part["id"], BTC)
        assert ex.create_order(BTC, "market", "sell", 0.01)["status"] == "closed"
        ok("create market order")
        stop = ex.create_order(BTC, "limit", "sell", 0.01, 44_900, {"triggerPrice": 45_000})
        assert ex.fetch_order(stop["id"], BTC)["triggerPrice"] == 45_000
        ok("create stop order")
        ex.create_order(BTC, "market", "sell", 0.01, None, {"takeProfitPrice": 60_000})
        ex.create_order(BTC, "market", "sell", 0.01, 50_000, {"stopLossOrTakeProfit": "stopLoss", "trailingPercent": 1})
        ok("create trailing order")
        assert len(ex.cancel_all_orders(BTC)) == 3
        ok("cancel all orders")
        assert len(ex.fetch_orders(BTC)) == 7
        assert ex.fetch_closed_orders(BTC)[0]["status"] == "closed"
        ok("fetch all orders")
        assert len(ex.fetch_my_trades(BTC)) >= 2
        ok("fetch my trades")
        assert ex.fetch_balance()["BTC"]["used"] == 0
        ok("fetch balance")
        assert ex.fetch_trading_fee(BTC)["maker"] == 0.001
        assert ex.fetch_trading_fees()[BTC]["taker"] == 0.001
        ok("fetch fees")
        assert ex.fetch_trades(BTC)[-1]["side"] == "sell"
        ok("fetch public trades")
        assert len(ex.fetch_ohlcv(BTC, "1m")[0]) == 6
        ok("fetch candles")
        assert "BTC" in ex.fetch_currencies()

    play(VENUE, body, faults=[PartialFill(on=Trigger(op="place", nth=2), fraction=0.4)], **STAGE)


def test_the_asynchronous_client(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        ex = access.ccxt(asynchronous=True)
        try:
            await ex.load_markets()
            orders = await asyncio.gather(*(ex.create_order(BTC, "limit", "buy", 0.01, 40_000 + n) for n in range(3)))
            assert len(await ex.fetch_open_orders(BTC)) == 3
            did(VENUE, "ccxt async", "create limit order")
            await asyncio.gather(*(ex.cancel_order(order["id"], BTC) for order in orders))
            assert await ex.fetch_open_orders(BTC) == []
            did(VENUE, "ccxt async", "cancel order")
            assert (await ex.fetch_balance())["USDT"]["used"] == 0
            did(VENUE, "ccxt async", "fetch balance")
        finally:
            await ex.close()

    play(VENUE, body, **STAGE)


def test_private_streams_and_orders_by_websocket(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        def ok(operation: str) -> None:
            did(VENUE, "ccxt.pro", operation)

        ex = access.ccxt(pro=True)
        try:
            await ex.load_markets()
            watching = asyncio.ensure_future(ex.watch_orders(BTC))
            await asyncio.sleep(1)
            order = await ex.create_order(BTC, "limit", "buy", 0.01, 40_000)
            [seen] = await asyncio.wait_for(watching, 10)
            assert (seen["id"], seen["status"]) == (order["id"], "open")
            ok("watch orders")
            balance = asyncio.ensure_future(ex.watch_balance())
            trades = asyncio.ensure_future(ex.watch_my_trades(BTC))
            await asyncio.sleep(1)
            taken = await ex.create_order_ws(BTC, "market", "buy", 0.01)
            assert taken["status"] == "closed"
            ok("create order by WebSocket")
            [trade] = await asyncio.wait_for(trades, 10)
            assert trade["order"] == taken["id"]
            ok("watch my trades")
            assert (await asyncio.wait_for(balance, 10))["BTC"]["free"] > 1
            ok("watch balance")
            placed = await ex.create_order_ws(BTC, "limit", "sell", 0.01, 60_000)
            assert (await ex.fetch_order_ws(placed["id"], BTC))["status"] == "open"
            assert len(await ex.fetch_open_orders_ws(BTC)) == 2
            edited = await ex.edit_order_ws(placed["id"], BTC, "limit", "sell", 0.01, 61_000)
            ok("edit order by WebSocket")
            assert (await ex.cancel_order_ws(edited["id"], BTC))["status"] == "canceled"
            assert len(await ex.cancel_all_orders_ws(BTC)) == 1
            ok("cancel order by WebSocket")
            assert (await ex.fetch_balance_ws())["info"]["accountType"] == "SPOT"
            assert len(await ex.fetch_my_trades_ws(BTC)) == 1
            assert len(await ex.fetch_orders_ws(BTC)) == 4
            ok("fetch by WebSocket")
        finally:
            await ex.close()

    play(VENUE, body, **STAGE)


def test_public_streams(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        ex = access.ccxt(pro=True)
        try:
            await ex.load_markets()
            for _ in range(10):
                book = await asyncio.wait_for(ex.watch_order_book(BTC), 30)
            assert book["bids"][0][0] < book["asks"][0][0]
            fresh = await ex.fetch_order_book(BTC, 20)
            assert book["bids"][0][0] == pytest.approx(fresh["bids"][0][0], rel=1e-3)
            did(VENUE, "ccxt.pro", "watch order book")
            assert (await asyncio.wait_for(ex.watch_trades(BTC), 30))[0]["symbol"] == BTC
            did(VENUE, "ccxt.pro", "watch trades")
            assert (await asyncio.wait_for(ex.watch_ticker(BTC), 30))["last"] > 0
            did(VENUE, "ccxt.pro", "watch ticker")
            assert (await asyncio.wait_for(ex.watch_bids_asks([BTC]), 30))[BTC]["bid"] > 0
            did(VENUE, "ccxt.pro", "watch best prices")
            assert len((await asyncio.wait_for(ex.watch_ohlcv(BTC, "1m"), 30))[0]) == 6
            did(VENUE, "ccxt.pro", "watch candles")
            assert (await ex.fetch_ohlcv_ws(BTC, "1m"))[0]
            await ex.un_watch_trades(BTC)
        finally:
            await ex.close()

    play(VENUE, body, **LIVELY)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_key_pairs(did: Did, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    pytest.importorskip("cryptography")
    from binance_pairs import pair

    venue = load(VENUE)
    monkeypatch.setattr(venue, "credentials", pair(kind).credentials(venue.credentials.key))

    def body(access: VenueAccess) -> None:
        ex = access.ccxt()
        assert ex.create_order(BTC, "limit", "buy", 0.01, 40_000)["status"] == "open"
        did(VENUE, "ccxt", f"sign with {kind.upper()}")

    play(VENUE, body, **STAGE)


@pytest.mark.parametrize("committed", [True, False])
def test_an_order_in_a_frame_meets_the_faults_of_the_plan(committed: bool) -> None:
    """The answer to an order sent by WebSocket is lost, with and without the order; only a query can tell."""
    found: list[bool] = []

    async def body(access: VenueAccess) -> None:
        ex = access.ccxt(pro=True)
        try:
            await ex.load_markets()
            with pytest.raises(Exception):  # noqa: B017 - whichever way ccxt says that nothing came
                order = ex.create_order_ws(BTC, "limit", "buy", 0.01, 40_000, {"clientOrderId": "lost"})
                await asyncio.wait_for(order, 20)
            found.append(bool(await ex.fetch_open_orders(BTC)))
        finally:
            await ex.close()

    fault = LostAnswer(on=Trigger(op="place"), committed=committed, symptom="hang")
    history = play(VENUE, body, faults=[fault], **STAGE)
    assert found == [committed]
    sent = [event for event in history.events if isinstance(event, Request) and event.op == "place"]
    assert [event.method for event in sent] == ["WS"]
    answers = [event for event in history.events if isinstance(event, Answer) and event.call == sent[0].call]
    assert [answer.executed for answer in answers] == [committed]
    assert [event for event in history.events if isinstance(event, Broken) and event.call == sent[0].call]
