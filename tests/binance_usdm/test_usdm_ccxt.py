"""ccxt's binanceusdm, unmodified, against the mock in a World: blocking, asynchronous, and its streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

ccxt = pytest.importorskip("ccxt")
from usdm_kit import BTC, ETH  # noqa: E402
from world_kit import play, quiet  # noqa: E402

Did = Callable[[str, str, str], None]
STAGE: dict[str, Any] = {
    "symbols": (BTC, ETH),
    "balances": {"USDT": 100_000},
    "markets": {BTC: quiet("50000"), ETH: quiet("3000", depth="5", taker_size="0.5")},
    "fees": ("0.0002", "0.0005"),
}
VENUE = "binance_usdm"


def test_a_whole_life_cycle(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        def ok(operation: str) -> None:
            did(VENUE, "ccxt", operation)

        ex = access.ccxt()
        markets = ex.load_markets()
        assert markets[BTC]["linear"] is True
        assert markets[BTC]["limits"]["cost"]["min"] == 100
        ok("load markets")
        assert ex.fetch_status()["status"] == "ok"
        assert ex.fetch_time() > 1_700_000_000_000
        assert ex.fetch_ticker(BTC)["last"] in (49_990, 50_010)
        assert ex.fetch_order_book(BTC, 10)["bids"][0][0] == 49_990
        assert ex.fetch_balance()["USDT"]["free"] == 100_000
        ok("fetch status, time, ticker, order book, balance")

        order = ex.create_order(BTC, "limit", "buy", 0.01, 40_000, {"newClientOrderId": "mine.1:a/b"})
        assert (order["status"], order["clientOrderId"]) == ("open", "mine.1:a/b")
        with pytest.raises(ccxt.InvalidOrder):  # -4116
            ex.create_order(BTC, "limit", "buy", 0.01, 40_000, {"newClientOrderId": "mine.1:a/b"})
        ok("create limit order")
        assert ex.fetch_order(order["id"], BTC)["remaining"] == 0.01
        assert [one["id"] for one in ex.fetch_open_orders(BTC)] == [order["id"]]
        ok("fetch order, fetch open orders")
        edited = ex.edit_order(order["id"], BTC, "limit", "buy", 0.02, 41_000)
        assert (edited["id"], edited["price"], edited["amount"]) == (order["id"], 41_000, 0.02)
        ok("edit order")
        assert ex.cancel_order(order["id"], BTC)["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound):
            ex.cancel_order(order["id"], BTC)
        ok("cancel order")
        with pytest.raises(ccxt.OrderNotFillable):
            ex.create_order(BTC, "limit", "buy", 0.01, 50_100, {"postOnly": True})
        with pytest.raises(ccxt.InsufficientFunds):
            ex.create_order(BTC, "limit", "buy", 100, 49_000)

        bought = ex.create_order(BTC, "market", "buy", 0.1)
        assert (bought["status"], bought["average"], bought["filled"]) == ("closed", 50_010, 0.1)
        ok("create market order")
        (trade,) = ex.fetch_my_trades(BTC)
        assert (trade["price"], trade["takerOrMaker"], trade["fee"]["cost"]) == (50_010, "taker", 2.5005)
        (position,) = ex.fetch_positions([BTC])
        assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 0.1, 50_010)
        ok("fetch my trades, fetch positions")

        stop = ex.create_order(BTC, "market", "sell", 0.1, None, {"stopLossPrice": 45_000, "reduceOnly": True})
        trailing = ex.create_order(BTC, "market", "sell", 0.05, None, {"trailingPercent": 1})
        target = ex.create_order(BTC, "limit", "sell", 0.05, 55_000, {"takeProfitPrice": 54_000})
        waiting = ex.fetch_open_orders(BTC, None, None, {"trigger": True})
        assert {one["id"] for one in waiting} == {stop["id"], trailing["id"], target["id"]}
        assert ex.fetch_order(stop["id"], BTC, {"trigger": True})["triggerPrice"] == 45_000
        assert ex.fetch_open_orders(BTC) == []
        ok("create, fetch stop, take-profit and trailing orders")
        ex.cancel_order(stop["id"], BTC, {"trigger": True})
        ex.cancel_all_orders(BTC, {"trigger": True})
        assert ex.fetch_open_orders(BTC, None, None, {"trigger": True}) == []
        ok("cancel trigger orders")

        made = ex.create_orders(
            [
                {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": 40_000},
                {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": 39_000},
                {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": 38_000},
            ]
        )
        assert [one["status"] for one in made] == ["open"] * 3
        ended = ex.cancel_orders([one["id"] for one in made[:2]], BTC)
        assert [one["status"] for one in ended] == ["canceled"] * 2
        ex.cancel_all_orders(BTC)
        assert ex.fetch_open_orders(BTC) == []
        ok("create orders, cancel orders, cancel all orders")

        assert ex.set_leverage(5, BTC)["leverage"] == 5
        assert ex.set_margin_mode("isolated", ETH)["code"] == 200
        with pytest.raises(ccxt.MarginModeAlreadySet):
            ex.set_margin_mode("isolated", ETH)
        assert ex.fetch_trading_fee(BTC)["maker"] == 0.0002
        assert ex.fetch_leverage_tiers([BTC])[BTC][0]["maxLeverage"] == 125
        ok("set leverage, set margin mode, fetch trading fee, fetch leverage tiers")
        closed = ex.create_order(BTC, "market", "sell", 0.1, None, {"reduceOnly": True})
        assert closed["status"] == "closed"
        assert ex.fetch_positions([BTC]) == []
        assert len(ex.fetch_closed_orders(BTC)) == 2
        assert ex.fetch_balance()["USDT"]["total"] == pytest.approx(100_000 - 2.5005 - 2.4995 - 2)
        assert ex.fetch_funding_rate(BTC)["fundingRate"] == 0.0001
        ok("close position, fetch closed orders, fetch funding rate")
        kinds = {row["info"]["incomeType"] for row in ex.fetch_ledger("USDT")}
        assert kinds == {"TRANSFER", "COMMISSION", "REALIZED_PNL"}
        ex.set_position_mode(True, BTC)
        ex.create_order(BTC, "market", "buy", 0.01, None, {"positionSide": "LONG"})
        ex.create_order(BTC, "market", "sell", 0.02, None, {"positionSide": "SHORT"})
        held = {one["side"]: one["contracts"] for one in ex.fetch_positions([BTC])}
        assert held == {"long": 0.01, "short": 0.02}
        ok("fetch ledger, set position mode, hedge positions")

    play(VENUE, body, **STAGE)


def test_a_partial_fill_and_then_the_rest_is_cancelled(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        ex = access.ccxt()
        ex.load_markets()
        order = ex.create_order(BTC, "limit", "buy", 0.4, 50_010)
        seen = ex.fetch_order(order["id"], BTC)
        assert seen["status"] == "open"
        assert 0 < seen["filled"] < 0.4
        assert ex.cancel_order(order["id"], BTC)["filled"] == seen["filled"]
        did(VENUE, "ccxt", "partial fill, cancel the rest")

    fault = PartialFill(on=Trigger(op="place"), fraction=0.5)
    play(VENUE, body, faults=[fault], **STAGE)


async def _asynchronous(access: VenueAccess) -> None:
    ex = access.ccxt(asynchronous=True)
    try:
        await ex.load_markets()
        first, second = await asyncio.gather(
            ex.create_order(BTC, "limit", "buy", 0.01, 40_000), ex.create_order(ETH, "limit", "sell", 1, 3_100)
        )
        assert {one["id"] for one in await ex.fetch_open_orders(BTC) + await ex.fetch_open_orders(ETH)} == {
            first["id"],
            second["id"],
        }
        await ex.cancel_order(first["id"], BTC)
        assert (await ex.fetch_order(first["id"], BTC))["status"] == "canceled"
    finally:
        await ex.close()


def test_the_asynchronous_class(did: Did) -> None:
    play(VENUE, _asynchronous, **STAGE)
    did(VENUE, "ccxt.async", "load markets, create, fetch, cancel orders")


async def _streams(access: VenueAccess) -> None:
    ex = access.ccxt(pro=True)
    try:
        await ex.load_markets()
        orders = asyncio.ensure_future(ex.watch_orders(BTC))
        await asyncio.sleep(1)
        order = await ex.create_order(BTC, "limit", "buy", 0.01, 40_000)
        (seen,) = await orders
        assert (seen["id"], seen["status"]) == (order["id"], "open")
        watched = (ex.watch_my_trades(BTC), ex.watch_positions([BTC]), ex.watch_balance())
        trades, positions, balance = (asyncio.ensure_future(one) for one in watched)
        await asyncio.sleep(1)
        bought = await ex.create_order(BTC, "market", "buy", 0.1)
        (trade,) = await trades
        assert (trade["order"], trade["price"]) == (bought["id"], 50_010)
        assert (await positions)[0]["contracts"] == 0.1
        assert (await balance)["USDT"]["total"] < 100_000
        await ex.cancel_order(order["id"], BTC)
        stop = await ex.create_order(BTC, "market", "sell", 0.1, None, {"stopLossPrice": 45_000})
        seen = (await ex.watch_orders(BTC))[-1]
        assert seen["id"] == stop["id"]
    finally:
        await ex.close()


def test_private_streams(did: Did) -> None:
    play(VENUE, _streams, **STAGE)
    did(VENUE, "ccxt.pro", "watch orders, trades, positions, balance, trigger orders")


async def _public(access: VenueAccess) -> None:
    ex = access.ccxt(pro=True)
    try:
        await ex.load_markets()
        book = await ex.watch_order_book(BTC)
        snapshot = await ex.fetch_order_book(BTC)
        assert book["bids"][0][0] == pytest.approx(snapshot["bids"][0][0], rel=1e-3)
        assert (await ex.watch_ticker(BTC))["symbol"] == BTC
        assert (await ex.watch_trades(BTC))[-1]["price"] == pytest.approx(50_000, rel=0.02)
        assert BTC in await ex.watch_bids_asks([BTC])
        assert (await ex.watch_ohlcv(BTC, "1m"))[-1][4] == pytest.approx(50_000, rel=0.02)
        assert (await ex.watch_mark_price(BTC))["markPrice"] == pytest.approx(50_000, rel=0.02)
    finally:
        await ex.close()


def test_public_streams(did: Did) -> None:
    lively = quiet("50000", maker_rate=2, taker_rate=2, volatility_bps=3)
    play(VENUE, _public, **(STAGE | {"symbols": (BTC,), "markets": {BTC: lively}}))
    did(VENUE, "ccxt.pro", "watch order book, ticker, trades, best bid and ask, candles, mark price")


async def _in_frames(access: VenueAccess) -> None:
    ex = access.ccxt(pro=True)
    try:
        await ex.load_markets()
        order = await ex.create_order_ws(BTC, "limit", "buy", 0.01, 40_000)
        assert order["status"] == "open"
        edited = await ex.edit_order_ws(order["id"], BTC, "limit", "buy", 0.02, 41_000)
        assert edited["price"] == 41_000
        assert (await ex.fetch_order_ws(order["id"], BTC))["amount"] == 0.02
        assert (await ex.cancel_order_ws(order["id"], BTC))["status"] == "canceled"
        assert (await ex.fetch_balance_ws())["USDT"]["total"] == 100_000
    finally:
        await ex.close()


def test_orders_in_frames(did: Did) -> None:
    play(VENUE, _in_frames, **STAGE)
    did(VENUE, "ccxt.pro", "create, edit, fetch, cancel order and fetch balance by WebSocket")
