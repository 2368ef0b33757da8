"""Real, unmodified clients in the World: an order's whole life over REST, by ccxt (sync and async)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

Did = Callable[[str, str, str], None]
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USD", "ETH/USD"),
    "balances": {"USD": 100_000, "BTC": 2},
    "markets": {"BTC/USD": quiet("50000"), "ETH/USD": quiet("3000", depth="5")},
    "knobs": {"tier": "pro"},
}
BTC = "BTC/USD"


def test_ccxt_lives_a_whole_life(did: Did) -> None:
    def note(what: str) -> None:
        did("kraken_spot", "ccxt", what)

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        assert set(exchange.load_markets()) == {BTC, "ETH/USD"}
        assert exchange.market(BTC)["precision"] == {"amount": 1e-8, "price": 0.1}
        note("load markets")
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "life-1"})
        found = exchange.fetch_order(order["id"], BTC)
        assert (found["status"], found["clientOrderId"], found["amount"]) == ("open", "life-1", 0.1)
        note("create limit order")
        note("fetch order")
        exchange.edit_order(order["id"], BTC, "limit", "buy", 0.08, 46_000)
        assert [one["price"] for one in exchange.fetch_open_orders(BTC)] == [46_000]
        note("edit order")
        note("fetch open orders")
        exchange.cancel_order(order["id"], BTC)
        assert exchange.fetch_order(order["id"], BTC)["status"] == "canceled"
        note("cancel order")
        named = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "life-1", "postOnly": True})
        exchange.cancel_order(None, BTC, {"clientOrderId": "life-1"})
        assert exchange.fetch_order(named["id"], BTC)["status"] == "canceled"
        note("cancel by client order id")
        bought = exchange.fetch_order(exchange.create_order(BTC, "market", "buy", 0.2)["id"], BTC)
        assert (bought["status"], bought["filled"], bought["fee"]["currency"]) == ("closed", 0.2, "USD")
        note("create market order")
        stop = exchange.create_order(BTC, "market", "sell", 0.1, None, {"stopLossPrice": 45_000})
        limit = exchange.create_order(BTC, "limit", "sell", 0.1, 60_500, {"takeProfitPrice": 60_000})
        trail = exchange.create_order(BTC, "market", "sell", 0.1, None, {"trailingPercent": "5"})
        assert {one["id"] for one in exchange.fetch_open_orders(BTC)} == {stop["id"], limit["id"], trail["id"]}
        assert exchange.fetch_order(stop["id"], BTC)["stopLossPrice"] == 45_000
        note("create stop order")
        note("create take-profit order")
        note("create trailing order")
        orders = [
            {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
            for price in (40_000, 41_000)
        ]
        made = exchange.create_orders(orders)
        assert len([one["id"] for one in made if one["id"]]) == 2
        note("create orders in a batch")
        exchange.cancel_orders([one["id"] for one in made], BTC)
        exchange.cancel_all_orders(BTC)
        assert exchange.fetch_open_orders(BTC) == []
        note("cancel orders in a batch")
        note("cancel all orders")
        trades = exchange.fetch_my_trades(BTC)
        assert sum(Decimal(str(one["amount"])) for one in trades) == Decimal("0.2")
        assert {one["order"] for one in trades} == {bought["id"]}
        note("fetch my trades")
        assert len(exchange.fetch_closed_orders(BTC)) >= 1
        balance = exchange.fetch_balance()
        assert balance["BTC"]["total"] == 2.2 and balance["USD"]["used"] == 0
        note("fetch balance")
        assert exchange.fetch_positions() == []
        assert exchange.cancel_all_orders_after(60_000)["result"]["triggerTime"].endswith("Z")
        note("dead man's switch")
        cost = exchange.create_market_buy_order_with_cost(BTC, 100)
        assert exchange.fetch_order(cost["id"], BTC)["cost"] == pytest.approx(100, rel=0.002)
        note("create market order by cost")

    play("kraken_spot", body, **STAGE)


def test_ccxt_async_lives_on(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await exchange.load_markets()
            order = await exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "async-1"})
            assert (await exchange.fetch_order(order["id"], BTC))["status"] == "open"
            await exchange.cancel_order(order["id"], BTC)
            bought = await exchange.create_order(BTC, "market", "buy", 0.1)
            assert (await exchange.fetch_order(bought["id"], BTC))["filled"] == 0.1
            assert (await exchange.fetch_balance())["BTC"]["free"] == 2.1
            did("kraken_spot", "ccxt.async", "create limit order")
            did("kraken_spot", "ccxt.async", "fetch order")
            did("kraken_spot", "ccxt.async", "cancel order")
            did("kraken_spot", "ccxt.async", "create market order")
            did("kraken_spot", "ccxt.async", "fetch balance")
        finally:
            await exchange.close()

    play("kraken_spot", body, **STAGE)


def test_a_partial_fill_is_seen(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 50_020)
        seen = exchange.fetch_order(order["id"], BTC)
        assert 0 < seen["filled"] < 0.1 and seen["status"] == "open"
        did("kraken_spot", "ccxt", "partial fill")

    play("kraken_spot", body, **STAGE, faults=(PartialFill(on=Trigger(op="place"), fraction=Decimal("0.5")),))


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"amount": 100}, "InsufficientFunds"),
        ({"amount": 0.00001}, "InvalidOrder"),
        ({"price": 50_100, "params": {"postOnly": True}}, "ExchangeError"),
        ({"params": {"clientOrderId": "this is no id at all"}}, "ExchangeError"),
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

    play("kraken_spot", body, **STAGE)


# ------------------------------------------------- what ccxt was seen to send
def replayed(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["kraken spot"]
    return found


def test_every_captured_request_gets_a_sensible_answer(shared: Path) -> None:
    """Each request body that ccxt was seen to send, signed anew, is taken, or refused as documented."""
    from urllib.parse import parse_qsl, urlsplit

    from kraken_kit import Kit

    refusals = {
        "createOrder attached SL/TP": None,
        "createOrder reduceOnly": "EOrder:Reduce only:No position exists",
        "editOrder": "EOrder:Invalid order",
        "cancelOrder": "EOrder:Unknown order",  # 123456789 reads as a user reference
        "cancelOrder by clientOrderId": "EOrder:Unknown order",
        "cancelOrder trigger": "EOrder:Unknown order",
        "cancelOrders": "EOrder:Unknown order",
        "fetchOrder": "EOrder:Invalid order",
    }
    seen = 0
    for name, requests in replayed(shared).items():
        if isinstance(requests, str):
            continue  # ccxt itself refuses
        for sent in requests:
            kit = Kit(knobs={"tier": "pro"}, balances={"USD": Decimal(100_000), "BTC": Decimal(20)})
            url = urlsplit(sent["url"])
            endpoint = url.path.rsplit("/", 1)[1]
            if sent["method"] == "GET":
                answer = kit.public(endpoint, **dict(parse_qsl(url.query)))
            else:
                as_json = sent["body"].startswith("{")
                params = json.loads(sent["body"]) if as_json else dict(parse_qsl(sent["body"]))
                params.pop("nonce")
                answer = kit.ask(endpoint, as_json=as_json, **params)
            wanted = refusals.get(name)
            assert (answer.data["error"] or [None])[0] == wanted, (name, answer.data)
            seen += 1
    assert seen > 30


# ----------------------------------------------------------------- streams
def test_ccxt_pro_watches_and_trades(did: Did) -> None:
    def note(what: str) -> None:
        did("kraken_spot", "ccxt.pro", what)

    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            book = await exchange.watch_order_book(BTC, 10)
            assert (book["bids"][0][0], book["asks"][0][0]) == (49_990, 50_010)
            note("watch order book")
            assert (await exchange.watch_ticker(BTC))["bid"] == 49_990
            note("watch ticker")
            waiting = asyncio.ensure_future(exchange.watch_orders(BTC))
            balance = await exchange.watch_balance()
            assert balance["BTC"]["total"] == 2
            note("watch balance")
            made = await exchange.create_order_ws(BTC, "limit", "buy", 0.1, 45_000)
            orders = await waiting
            assert (orders[-1]["id"], orders[-1]["amount"]) == (made["id"], 0.1)
            note("create order in a frame")
            note("watch orders")
            amended = await exchange.edit_order_ws(made["id"], BTC, "limit", "buy", 0.1, 46_000)
            assert amended["id"] == made["id"]
            note("edit order in a frame")
            await exchange.cancel_order_ws(made["id"])
            assert (await exchange.fetch_order(made["id"], BTC))["status"] == "canceled"
            note("cancel order in a frame")
            trades = asyncio.ensure_future(exchange.watch_my_trades(BTC))
            public = asyncio.ensure_future(exchange.watch_trades(BTC))
            await asyncio.sleep(1)
            bought = await exchange.create_order_ws(BTC, "market", "buy", 0.05)
            (trade,) = await trades
            assert (trade["order"], trade["amount"], trade["price"]) == (bought["id"], 0.05, 50_010)
            assert trade["fee"]["currency"] == "USD"
            note("watch my trades")
            assert (await public)[-1]["amount"] == 0.05
            note("watch trades")
            stop = await exchange.create_order_ws(BTC, "market", "sell", 0.05, None, {"stopLossPrice": 45_000})
            assert (await exchange.fetch_order(stop["id"], BTC))["stopLossPrice"] == 45_000
            note("create stop order in a frame")
            await exchange.cancel_all_orders_ws()
            assert await exchange.fetch_open_orders(BTC) == []
            note("cancel all orders in a frame")
        finally:
            await exchange.close()

    play("kraken_spot", body, **STAGE)


def test_ccxt_pro_outlives_an_hour_of_heartbeats(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            waiting = asyncio.ensure_future(exchange.watch_orders(BTC))
            await asyncio.sleep(1200)
            made = await exchange.create_order(BTC, "limit", "buy", 0.1, 45_000)
            assert (await waiting)[-1]["id"] == made["id"]
            did("kraken_spot", "ccxt.pro", "watch orders for twenty quiet minutes")
        finally:
            await exchange.close()

    play("kraken_spot", body, **STAGE)


# ---------------------------------------------------------- Kraken's own clients
def test_krakenex(did: Did) -> None:
    krakenex = pytest.importorskip("krakenex", reason="krakenex is not installed")

    def note(what: str) -> None:
        did("kraken_spot", "krakenex", what)

    def body(access: VenueAccess) -> None:
        api = krakenex.API(key=access.key, secret=access.secret)
        ticker = api.query_public("Ticker", {"pair": "XBTUSD"})
        assert ticker["result"]["XXBTZUSD"]["a"][0] == "50010.00000"
        note("fetch ticker")
        order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "limit", "price": "45000", "volume": "0.1"}
        (txid,) = api.query_private("AddOrder", order | {"userref": 5})["result"]["txid"]
        assert api.query_private("OpenOrders")["result"]["open"][txid]["userref"] == 5
        note("create limit order")
        note("fetch open orders")
        amended = api.query_private("AmendOrder", {"txid": txid, "limit_price": "46000"})
        assert amended["error"] == []
        edited = api.query_private("EditOrder", {"txid": txid, "pair": "XBTUSD", "volume": "0.2"})["result"]
        assert (
            api.query_private("QueryOrders", {"txid": edited["txid"]})["result"][edited["txid"]]["vol"] == "0.20000000"
        )
        note("amend order")
        note("edit order")
        note("fetch order")
        assert api.query_private("CancelOrder", {"txid": "5"})["result"] == {"count": 1}
        note("cancel by user reference")
        stop = order | {"type": "sell", "ordertype": "stop-loss", "price": "#2%", "close[ordertype]": "limit",
                        "close[price]": "44000"}  # fmt: skip
        assert "close" in api.query_private("AddOrder", stop)["result"]["descr"]
        note("create stop order")
        note("create order with a conditional close")
        bought = api.query_private("AddOrder", order | {"ordertype": "market"})["result"]["txid"][0]
        trades = api.query_private("TradesHistory")["result"]["trades"]
        assert {trade["ordertxid"] for trade in trades.values()} == {bought}
        assert api.query_private("Balance")["result"]["XXBT"] == "2.1000000000"
        note("create market order")
        note("fetch my trades")
        note("fetch balance")
        assert api.query_private("CancelAll")["result"]["count"] == 1
        refused = api.query_private("AddOrder", order | {"volume": "1000"})
        assert refused == {"error": ["EOrder:Insufficient funds"]}
        note("cancel all orders")
        note("be refused")

    play("kraken_spot", body, **STAGE)


def test_python_kraken_sdk_over_rest(did: Did) -> None:
    spot = pytest.importorskip("kraken.spot", reason="python-kraken-sdk is not installed")
    from kraken.exceptions import KrakenInsufficientFundsError

    def note(what: str) -> None:
        did("kraken_spot", "python-kraken-sdk", what)

    def body(access: VenueAccess) -> None:
        market = spot.Market()
        assert market.get_asset_pairs(pair="BTC/USD")["BTC/USD"]["pair_decimals"] == 1
        assert market.get_system_status()["status"] == "online"
        note("load markets")
        note("fetch status")
        trade = spot.Trade(key=access.key, secret=access.secret)
        user = spot.User(key=access.key, secret=access.secret)
        made = trade.create_order(ordertype="limit", side="buy", volume=0.1, pair="BTC/USD", price=45_000, userref=3)
        (txid,) = made["txid"]
        assert user.get_open_orders(trades=True)["open"][txid]["status"] == "open"
        note("create limit order")
        note("fetch open orders")
        trade.amend_order(txid=txid, limit_price="46000.0")
        assert user.get_orders_info(txid=txid)[txid]["descr"]["price"] == "46000.0"
        edited = trade.edit_order(txid=txid, pair="BTC/USD", volume=0.05)
        note("amend order")
        note("edit order")
        note("fetch order")
        assert trade.cancel_order(txid=edited["txid"]) == {"count": 1}
        orders = [{"ordertype": "limit", "price": price, "type": "buy", "volume": "0.01"} for price in (40_000, 41_000)]
        batch = trade.create_order_batch(orders=orders, pair="BTC/USD")
        assert len(batch["orders"]) == 2
        trade.cancel_order_batch(orders=[one["txid"] for one in batch["orders"]])
        note("cancel order")
        note("create orders in a batch")
        note("cancel orders in a batch")
        trade.cancel_all_orders_after_x(60)
        trade.create_order(ordertype="market", side="buy", volume=0.1, pair="BTC/USD")
        assert user.get_trades_history()["count"] >= 1
        assert user.get_account_balance()["XXBT"] == "2.1000000000"
        assert user.get_ledgers_info()["count"] >= 3
        note("dead man's switch")
        note("create market order")
        note("fetch my trades")
        note("fetch balance")
        note("fetch ledger")
        stop = trade.create_order(ordertype="trailing-stop", side="sell", volume=0.05, pair="XBTUSD", price="+5%")
        assert "trailing stop" in stop["descr"]["order"]
        assert trade.cancel_all_orders()["count"] == 1
        note("create trailing order")
        note("cancel all orders")
        with pytest.raises(KrakenInsufficientFundsError):
            trade.create_order(ordertype="limit", side="buy", volume=100, pair="BTC/USD", price=45_000)
        note("be refused")

    play("kraken_spot", body, **STAGE)


def test_python_kraken_sdk_streams_and_orders_in_frames(did: Did) -> None:
    spot = pytest.importorskip("kraken.spot", reason="python-kraken-sdk is not installed")

    async def body(access: VenueAccess) -> None:
        seen: list[Any] = []

        class Client(spot.SpotWSClient):  # type: ignore[misc, name-defined]
            async def on_message(self, message: Any) -> None:
                seen.append(message)

        client = Client(key=access.key, secret=access.secret)
        await client.start()
        await client.subscribe(params={"channel": "executions"})
        await client.subscribe(params={"channel": "book", "symbol": ["BTC/USD"], "depth": 10})
        order = {"order_type": "limit", "side": "buy", "limit_price": 49_995, "symbol": "BTC/USD", "order_qty": 0.1}
        await client.send_message({"method": "add_order", "params": order})
        await asyncio.sleep(3)
        (answer,) = (one for one in seen if one.get("method") == "add_order")
        kinds = [one["data"][0]["exec_type"] for one in seen if one.get("channel") == "executions" and one["data"]]
        assert kinds == ["pending_new", "new"]
        assert any(one.get("channel") == "book" and one["type"] == "update" for one in seen)
        await client.send_message({"method": "cancel_order", "params": {"order_id": [answer["result"]["order_id"]]}})
        await asyncio.sleep(1)
        assert seen[-1].get("channel") in ("executions", "heartbeat", "book")
        assert "canceled" in [
            one["data"][0]["exec_type"] for one in seen if one.get("channel") == "executions" and one["data"]
        ]
        did("kraken_spot", "python-kraken-sdk", "watch orders")
        did("kraken_spot", "python-kraken-sdk", "create order in a frame")
        did("kraken_spot", "python-kraken-sdk", "cancel order in a frame")
        await client.close()

    play("kraken_spot", body, **STAGE)


def test_python_kraken_sdk_rebuilds_the_book_by_its_checksum(did: Did) -> None:
    spot = pytest.importorskip("kraken.spot", reason="python-kraken-sdk is not installed")

    async def body(access: VenueAccess) -> None:
        told: list[Any] = []

        class Books(spot.SpotOrderBookClient):  # type: ignore[misc, name-defined]
            async def on_book_update(self, pair: str, message: Any) -> None:
                told.append(message)

        books = Books(depth=10)
        await books.start()
        await books.add_book(pairs=["BTC/USD"])
        exchange = access.ccxt(asynchronous=True)
        for price in (49_993.5, 49_994.0, 50_010.0):
            await exchange.create_order(BTC, "limit", "buy", 0.2, price)
            await asyncio.sleep(1)
        assert len(told) >= 4 and not any("error" in one for one in told)
        assert next(iter(books.get(pair="BTC/USD")["bid"]))
        did("kraken_spot", "python-kraken-sdk", "watch order book")
        await exchange.close()
        await books.remove_book(pairs=["BTC/USD"])
        await books.close()

    play("kraken_spot", body, **STAGE)
