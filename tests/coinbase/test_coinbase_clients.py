"""Real, unmodified clients in the World: an order's whole life, by ccxt (sync, async, pro)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from coinbase_kit import BASE, Kit
from world_kit import play, quiet

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USD", "ETH/USD"),
    "balances": {"USD": 100_000, "BTC": 2},
    "markets": {"BTC/USD": quiet("50000"), "ETH/USD": quiet("3000", depth="5")},
}
BTC = "BTC/USD"


def test_ccxt_lives_a_whole_life(did: Did) -> None:
    def note(what: str) -> None:
        did("coinbase", "ccxt", what)

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        assert set(exchange.load_markets()) == {BTC, "ETH/USD"}
        assert exchange.market(BTC)["precision"] == {"amount": 1e-8, "price": 0.01}
        note("load markets")
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"client_order_id": "life-1"})
        assert order["clientOrderId"] == "life-1"
        again = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"client_order_id": "life-1"})
        assert again["id"] == order["id"]
        found = exchange.fetch_order(order["id"], BTC)
        assert (found["status"], found["clientOrderId"], found["amount"]) == ("open", "life-1", 0.1)
        note("create limit order")
        note("fetch order")
        exchange.edit_order(order["id"], BTC, "limit", "buy", 0.08, 46_000)
        assert [one["price"] for one in exchange.fetch_open_orders(BTC)] == [46_000]
        note("edit order")
        note("fetch open orders")
        assert exchange.fetch_balance({"v3": True})["USD"]["used"] == pytest.approx(0.08 * 46_000 * 1.001)
        assert exchange.fetch_balance()["USD"]["total"] == 100_000
        note("fetch balance")
        exchange.cancel_order(order["id"], BTC)
        assert exchange.fetch_order(order["id"], BTC)["status"] == "canceled"
        note("cancel order")
        post = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"postOnly": True})
        assert exchange.fetch_order(post["id"], BTC)["postOnly"] is True
        dated = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"end_time": "2030-01-01T00:00:00Z"})
        assert exchange.fetch_order(dated["id"], BTC)["timeInForce"] == "GTD"
        gone = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"timeInForce": "IOC"})
        assert exchange.fetch_order(gone["id"], BTC)["status"] == "canceled"
        stop = exchange.create_order(BTC, "limit", "sell", 0.1, 44_000, {"stopLossPrice": 45_000})
        profit = exchange.create_order(BTC, "limit", "sell", 0.1, 60_000, {"takeProfitPrice": 60_000})
        assert exchange.fetch_order(stop["id"], BTC)["triggerPrice"] == 45_000
        note("create stop order")
        note("create take-profit order")
        working = [post["id"], dated["id"], stop["id"], profit["id"]]
        assert {one["id"] for one in exchange.fetch_open_orders(BTC)} == set(working)
        exchange.cancel_orders(working, BTC)
        assert exchange.fetch_open_orders(BTC) == []
        note("cancel orders in a batch")
        bought = exchange.fetch_order(exchange.create_market_buy_order_with_cost(BTC, 1_000)["id"], BTC)
        assert (bought["status"], bought["fee"]["currency"]) == ("closed", "USD")
        assert bought["cost"] + float(bought["fee"]["cost"]) == pytest.approx(1_000, abs=0.01)
        note("create market order by cost")
        sold = exchange.fetch_order(exchange.create_order(BTC, "market", "sell", 0.2)["id"], BTC)
        assert (sold["status"], sold["filled"]) == ("closed", 0.2)
        note("create market order")
        trades = exchange.fetch_my_trades(BTC)
        assert {one["order"] for one in trades} == {bought["id"], sold["id"]}
        amounts = [Decimal(str(one["amount"])) for one in trades if one["order"] == sold["id"]]
        assert sum(amounts) == Decimal("0.2")
        note("fetch my trades")
        assert {one["id"] for one in exchange.fetch_closed_orders(BTC)} == {bought["id"], sold["id"]}
        assert len(exchange.fetch_orders(BTC)) == 8
        note("fetch closed orders")
        estimate = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"preview": True})
        assert estimate["id"] is None and len(exchange.fetch_orders(BTC)) == 8
        book = exchange.fetch_order_book(BTC, 5)
        assert len(book["bids"]) == 5 and book["bids"][0][0] == 49_990
        assert exchange.fetch_ticker(BTC)["bid"] == 49_990 and exchange.fetch_tickers()[BTC]["last"]
        assert exchange.fetch_bids_asks([BTC])[BTC]["ask"] == pytest.approx(50_010, abs=5)
        note("fetch order book")
        note("fetch ticker")
        exchange.fetch_trades(BTC)
        exchange.fetch_ohlcv(BTC)
        note("fetch trades")
        note("fetch candles")
        assert exchange.fetch_trading_fees()[BTC]["taker"] == 0.001
        assert abs(exchange.fetch_time() - exchange.milliseconds()) < 2000
        assert [one["id"] for one in exchange.fetch_portfolios()] and exchange.fetch_accounts()
        assert exchange.fetch_positions() == []
        note("fetch fees")

    play("coinbase", body, **STAGE)


def test_ccxt_async_lives_on(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await exchange.load_markets()
            order = await exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"client_order_id": "async-1"})
            assert (await exchange.fetch_order(order["id"], BTC))["status"] == "open"
            await exchange.cancel_order(order["id"], BTC)
            bought = await exchange.create_order(BTC, "market", "sell", 0.1)
            assert (await exchange.fetch_order(bought["id"], BTC))["filled"] == 0.1
            assert (await exchange.fetch_balance())["BTC"]["free"] == 1.9
            for what in ("create limit order", "fetch order", "cancel order", "create market order", "fetch balance"):
                did("coinbase", "ccxt.async", what)
        finally:
            await exchange.close()

    play("coinbase", body, **STAGE)


def test_a_partial_fill_is_seen(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 50_020)
        seen = exchange.fetch_order(order["id"], BTC)
        assert 0 < seen["filled"] < 0.1 and seen["status"] == "open"
        did("coinbase", "ccxt", "partial fill")

    play("coinbase", body, **STAGE, faults=(PartialFill(on=Trigger(op="place"), fraction=Decimal("0.5")),))


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"amount": 100}, "InsufficientFunds"),
        ({"amount": 0.00001}, "ExchangeError"),
        ({"price": 50_100, "params": {"postOnly": True}}, "ExchangeError"),
        ({"params": {"client_order_id": ""}}, "BadRequest"),
    ],
)
def test_ccxt_maps_refusals(params: dict[str, Any], kind: str) -> None:
    import ccxt

    fields = {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.1, "price": 45_000} | params

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        with pytest.raises(getattr(ccxt, kind)):
            exchange.create_order(**fields)

    play("coinbase", body, **STAGE)


def test_every_captured_request_gets_a_sensible_answer(shared: Path) -> None:
    """Each request that ccxt was seen to send, signed anew, is taken, or refused as documented."""
    captured: dict[str, Any] = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["coinbase spot"]
    refusals = {
        "createOrder market buy": "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",  # of half a dollar
        "createOrder stop-limit": "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE",  # ccxt's own direction for a sale
        "editOrder": "ORDER_NOT_FOUND",
        "cancelOrder": "UNKNOWN_CANCEL_ORDER",
        "cancelOrder by clientOrderId": "UNKNOWN_CANCEL_ORDER",
        "cancelOrder trigger": "UNKNOWN_CANCEL_ORDER",
        "cancelOrders": "UNKNOWN_CANCEL_ORDER",
        "fetchOrder": "unknown",
    }
    seen = 0
    for name, requests in captured.items():
        if isinstance(requests, str):
            continue  # ccxt itself refuses
        for sent in requests:
            kit = Kit(balances={"USD": 100_000, "BTC": 20})
            url = urlsplit(sent["url"])
            path = url.path.removeprefix(BASE)
            query, data = parse_qs(url.query), None if sent["body"] is None else json.loads(sent["body"])
            request = kit.request(sent["method"], path, data, query)
            if "Authorization" not in sent["headers"]:
                del request.headers["authorization"]
            answer = kit.raw(request)
            assert (answer.reading.message or None) == refusals.get(name), (name, answer.body)
            seen += 1
    assert seen > 20


# ----------------------------------------------------------------- streams
def test_ccxt_pro_watches_and_trades(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            assert await exchange.watch_orders() == []  # the snapshot
            watching = asyncio.ensure_future(exchange.watch_orders())
            await asyncio.sleep(1)
            order = await exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"client_order_id": "pro-1"})
            (told,) = await watching
            assert (told["id"], told["clientOrderId"], told["status"]) == (order["id"], "pro-1", "open")
            did("coinbase", "ccxt.pro", "watch orders")
            watching = asyncio.ensure_future(exchange.watch_orders())
            await asyncio.sleep(1)
            await exchange.cancel_order(order["id"], BTC)
            assert (await watching)[-1]["status"] == "canceled"
            book = await exchange.watch_order_book(BTC)
            assert book["bids"][0][0] == 49_990
            did("coinbase", "ccxt.pro", "watch order book")
            assert (await exchange.watch_ticker(BTC))["bid"] == 49_990
            did("coinbase", "ccxt.pro", "watch ticker")
            trades = asyncio.ensure_future(exchange.watch_trades(BTC))
            await asyncio.sleep(1)
            await exchange.create_order(BTC, "market", "sell", 0.2)
            assert sum(one["amount"] for one in await trades) == pytest.approx(0.2)
            did("coinbase", "ccxt.pro", "watch trades")
        finally:
            await exchange.close()

    play("coinbase", body, **STAGE)
