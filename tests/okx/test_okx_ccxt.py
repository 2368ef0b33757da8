"""ccxt, unmodified, in the World: blocking, async and pro; a whole life of orders, spot and swaps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.model.fault import PartialFill, Trigger
from outtrade.targets.access import VenueAccess

ccxt = pytest.importorskip("ccxt")

Did = Callable[[str, str, str], None]
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"),
    "balances": {"USDT": 100_000, "BTC": 2},
    "markets": {
        "BTC/USDT": quiet("50000"),
        "ETH/USDT": quiet("3000", depth="5"),
        "BTC/USDT:USDT": quiet("50000", depth="50", taker_size="1"),
        "BTC/USD:BTC": quiet("50000", depth="5000", taker_size="10"),
    },
}
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


def test_the_blocking_client_trades_spot(did: Did) -> None:
    def note(operation: str) -> None:
        did("okx", "ccxt", operation)

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        markets = exchange.load_markets()
        assert markets[SPOT]["precision"] == {"amount": 1e-8, "price": 0.1}
        assert markets[SWAP]["contractSize"] == 0.01
        assert markets["BTC/USD:BTC"]["inverse"]
        note("markets, currencies")
        assert exchange.fetch_status()["status"] == "ok"
        assert exchange.fetch_time() > 0
        assert exchange.fetch_ticker(SPOT)["ask"] == 50_010
        assert exchange.fetch_order_book(SPOT, 5)["bids"][0][0] == 49_990
        assert len(exchange.fetch_ohlcv(SPOT)) == 1
        note("status, time, ticker, book, candles")

        order = exchange.create_order(SPOT, "limit", "buy", 0.01, 40_000, {"clientOrderId": "first1"})
        assert order["clientOrderId"] == "first1"
        found = exchange.fetch_order(order["id"], SPOT)
        assert (found["status"], found["price"], found["amount"], found["filled"]) == ("open", 40_000, 0.01, 0)
        assert exchange.fetch_order(None, SPOT, {"clientOrderId": "first1"})["id"] == order["id"]
        note("place limit, query by either id")
        exchange.edit_order(order["id"], SPOT, "limit", "buy", 0.02, 41_000)
        assert exchange.fetch_open_orders(SPOT)[0]["amount"] == 0.02
        note("amend, open orders")
        exchange.cancel_order(order["id"], SPOT)
        assert exchange.fetch_canceled_orders(SPOT)[0]["status"] == "canceled"
        note("cancel, canceled orders")

        bought = exchange.create_order(SPOT, "market", "buy", 0.02)
        found = exchange.fetch_order(bought["id"], SPOT)
        assert (found["status"], found["filled"], found["average"]) == ("closed", 0.02, 50_010)
        assert found["fee"] == {"cost": 0.00002, "currency": "BTC"}
        exchange.create_market_buy_order_with_cost(SPOT, 500.1)
        note("market buy, by amount and by cost")
        trades = exchange.fetch_my_trades(SPOT)
        assert [(one["amount"], one["price"]) for one in trades] == [(0.02, 50_010), (0.01, 50_010)]
        assert exchange.fetch_closed_orders(SPOT)[0]["status"] == "closed"
        note("own trades, closed orders")
        assert exchange.fetch_balance()["BTC"]["total"] == pytest.approx(2.02997)
        assert exchange.fetch_trading_fee(SPOT)["taker"] == 0.001
        note("balance, fees")

        both = [
            {"symbol": SPOT, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
            for price in (30_000, 31_000)
        ]
        made = exchange.create_orders(both)
        assert len(made) == 2
        exchange.cancel_orders([one["id"] for one in made], SPOT)
        assert exchange.fetch_open_orders(SPOT) == []
        note("batch place, batch cancel")
        exchange.create_order(SPOT, "limit", "buy", 0.01, 30_000)
        exchange.cancel_all_orders_after(10_000)
        exchange.sleep(11_000)
        assert exchange.fetch_open_orders(SPOT) == []
        note("cancel all after")

    play("okx", body, **STAGE)


def test_conditional_orders(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        stop = exchange.create_order(SPOT, "market", "sell", 0.1, None, {"stopLossPrice": 45_000})
        take = exchange.create_order(SPOT, "limit", "sell", 0.1, 56_000, {"takeProfitPrice": 55_000})
        trigger = exchange.create_order(SPOT, "limit", "buy", 0.1, 44_000, {"triggerPrice": 45_000})
        trail = exchange.create_order(SPOT, "market", "sell", 0.1, None, {"trailingPercent": "1"})
        pending = {"trigger": True}
        for made, kind in (
            (stop, "conditional"),
            (take, "conditional"),
            (trigger, "trigger"),
            (trail, "move_order_stop"),
        ):
            listed = exchange.fetch_open_orders(SPOT, params=pending | {"ordType": kind})
            assert made["id"] in [one["id"] for one in listed]
            exchange.cancel_order(made["id"], SPOT, {"trigger": True})
        attached = {"stopLoss": {"triggerPrice": 45_000}, "takeProfit": {"triggerPrice": 55_000}}
        order = exchange.create_order(SPOT, "limit", "buy", 0.1, 49_000, attached)
        assert exchange.fetch_order(order["id"], SPOT)["stopLossPrice"] == 45_000
        did("okx", "ccxt", "stop loss, take profit, trigger, trailing, attached TP and SL; cancel them")

    play("okx", body, **STAGE)


def test_the_blocking_client_trades_swaps(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        exchange.set_leverage(5, SWAP, {"mgnMode": "cross"})
        assert exchange.fetch_leverage(SWAP, {"mgnMode": "cross"})["longLeverage"] == 5
        exchange.set_position_mode(False)
        did("okx", "ccxt", "leverage, position mode")
        exchange.create_order(SWAP, "market", "buy", 2)
        held = exchange.fetch_position(SWAP)
        assert (held["contracts"], held["side"], held["entryPrice"], held["leverage"]) == (2, "long", 50_010, 5)
        assert exchange.fetch_positions()[0]["id"] == held["id"]
        did("okx", "ccxt", "positions")
        exchange.create_order(SWAP, "market", "sell", 2, None, {"reduceOnly": True})
        assert exchange.fetch_positions([SWAP]) == []
        assert exchange.fetch_positions_history([SWAP])[0]["realizedPnl"] < 0
        assert exchange.fetch_funding_rate(SWAP)["fundingRate"] == 0.0001
        assert exchange.fetch_my_trades(SWAP)[0]["fee"]["currency"] == "USDT"
        assert exchange.fetch_ledger(params={"type": "swap"})[0]["type"] == "trade"
        did("okx", "ccxt", "reduce only, closed positions, funding rate, ledger")
        exchange.create_order("BTC/USD:BTC", "market", "sell", 3)
        assert exchange.fetch_position("BTC/USD:BTC")["contracts"] == 3
        did("okx", "ccxt", "inverse swap")

    play("okx", body, **STAGE)


def test_errors_are_those_that_ccxt_knows(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        for error, action in (
            (ccxt.InsufficientFunds, lambda: exchange.create_order(SPOT, "limit", "buy", 300, 40_000)),
            (ccxt.InsufficientFunds, lambda: exchange.create_order(SPOT, "market", "sell", 5)),
            (ccxt.OrderNotFound, lambda: exchange.cancel_order("12", SPOT)),
            (ccxt.OrderNotFound, lambda: exchange.fetch_order("12", SPOT)),
            (ccxt.InvalidOrder, lambda: exchange.create_order(SPOT, "limit", "buy", 1, 90_000)),
        ):
            with pytest.raises(error):
                action()
        exchange.create_order(SPOT, "limit", "buy", 0.01, 40_000, {"clientOrderId": "twice"})
        with pytest.raises(ccxt.InvalidOrder, match="51016"):
            exchange.create_order(SPOT, "limit", "buy", 0.01, 40_000, {"clientOrderId": "twice"})
        exchange.secret = "another"
        with pytest.raises(ccxt.AuthenticationError):
            exchange.fetch_balance()
        did("okx", "ccxt", "errors: funds, not found, price limit, duplicate, signature")

    play("okx", body, **STAGE)


async def _life(exchange: Any) -> None:
    await exchange.load_markets()
    order = await exchange.create_order(SPOT, "limit", "buy", 0.1, 49_990)
    part = await exchange.fetch_order(order["id"], SPOT)
    assert part["status"] == "open"
    await exchange.cancel_order(order["id"], SPOT)
    assert (await exchange.fetch_open_orders(SPOT)) == []


def test_the_async_client(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await _life(exchange)
            did("okx", "ccxt.async_support", "place, query, cancel, open orders")
        finally:
            await exchange.close()

    play("okx", body, **STAGE)


def test_a_partial_fill_is_seen(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        order = exchange.create_order(SPOT, "limit", "buy", 0.1, 50_100)
        found = exchange.fetch_order(order["id"], SPOT)
        assert (found["status"], found["filled"]) == ("open", 0.05)
        exchange.cancel_order(order["id"], SPOT)
        over = exchange.fetch_order(order["id"], SPOT)
        assert (over["status"], over["filled"]) == ("canceled", 0.05)
        did("okx", "ccxt", "partial fill, cancel of the rest")

    play("okx", body, faults=(PartialFill(on=Trigger(op="place"), fraction=0.5),), **STAGE)


def test_streams_and_orders_in_frames(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            book = await exchange.watch_order_book(SPOT)
            assert book["bids"][0][0] == 49_990
            assert (await exchange.watch_ticker(SPOT))["ask"] == 50_010
            assert (await exchange.watch_bids_asks([SPOT]))[SPOT]["bid"] == 49_990
            assert (await exchange.watch_mark_price(SWAP))["markPrice"] == 50_000
            assert (await exchange.watch_funding_rate(SWAP))["fundingRate"] == 0.0001
            did("okx", "ccxt.pro", "watch book, ticker, best prices, mark price, funding rate")
            assert (await exchange.watch_balance())["USDT"]["total"] == 100_000
            did("okx", "ccxt.pro", "watch balance")

            watching = asyncio.ensure_future(exchange.watch_orders(SPOT))
            await asyncio.sleep(1)
            order = await exchange.create_order_ws(SPOT, "limit", "buy", 0.01, 40_000)
            assert [(one["id"], one["status"]) for one in await watching] == [(order["id"], "open")]
            watching = asyncio.ensure_future(exchange.watch_orders(SPOT))
            await exchange.edit_order_ws(order["id"], SPOT, "limit", "buy", 0.02, 41_000)
            assert [(one["price"], one["amount"]) for one in await watching] == [(41_000, 0.02)]
            watching = asyncio.ensure_future(exchange.watch_orders(SPOT))
            await exchange.cancel_order_ws(order["id"], SPOT)
            assert [one["status"] for one in await watching] == ["canceled"]
            did("okx", "ccxt.pro", "place, amend, cancel in frames; watch orders")

            trading = asyncio.ensure_future(exchange.watch_my_trades(SWAP))
            printed = asyncio.ensure_future(exchange.watch_trades(SWAP))
            await exchange.watch_positions([SWAP])
            moving = asyncio.ensure_future(exchange.watch_positions([SWAP]))
            await asyncio.sleep(1)
            await exchange.create_order_ws(SWAP, "market", "buy", 2)
            assert [(one["amount"], one["price"]) for one in await trading] == [(2, 50_010)]
            assert [(one["amount"], one["side"]) for one in await printed] == [(2, "buy")]
            assert [(one["contracts"], one["side"]) for one in await moving] == [(2, "long")]
            did("okx", "ccxt.pro", "watch own trades, trades, positions")
            exchange.options["watchOrderBook"]["checksum"] = True
            await exchange.create_order_ws(SPOT, "market", "buy", 0.3)
            changed = await exchange.watch_order_book(SPOT)
            assert changed["asks"][0][0] >= 50_010
        finally:
            await exchange.close()

    play("okx", body, **STAGE)


# ------------------------------------------------------- what ccxt was seen to send
def _captured(shared: Any) -> list[tuple[str, str, Any]]:
    found = json.loads((shared / "venues" / "ccxt_requests.json").read_text())
    return [(name, operation, sent) for name in ("okx spot", "okx swap") for operation, sent in found[name].items()]


CALLS: dict[str, Callable[[Any, str], Any]] = {
    "fetchTime": lambda x, s: x.fetch_time(),
    "fetchStatus": lambda x, s: x.fetch_status(),
    "fetchMarkets": lambda x, s: x.fetch_markets(),
    "fetchTicker": lambda x, s: x.fetch_ticker(s),
    "fetchOrderBook": lambda x, s: x.fetch_order_book(s, 10),
    "createOrder limit": lambda x, s: x.create_order(s, "limit", "buy", 0.5, 30_000.1, {"clientOrderId": "cid1"}),
    "createOrder limit IOC": lambda x, s: x.create_order(s, "limit", "buy", 0.5, 30_000.1, {"timeInForce": "IOC"}),
    "createOrder limit postOnly": lambda x, s: x.create_order(s, "limit", "buy", 0.5, 30_000.1, {"postOnly": True}),
    "createOrder market buy": lambda x, s: x.create_order(
        s, "market", "buy", 0.5, None, {"createMarketBuyOrderRequiresPrice": False, "tgtCcy": "base_ccy"}
    ),
    "createOrder market sell": lambda x, s: x.create_order(s, "market", "sell", 0.5),
    "createOrder stop-market (triggerPrice)": lambda x, s: x.create_order(
        s, "market", "sell", 0.5, None, {"triggerPrice": 25_000}
    ),
    "createOrder stop-limit": lambda x, s: x.create_order(s, "limit", "sell", 0.5, 24_900, {"triggerPrice": 25_000}),
    "createOrder stopLossPrice": lambda x, s: x.create_order(s, "market", "sell", 0.5, None, {"stopLossPrice": 25_000}),
    "createOrder takeProfitPrice": lambda x, s: x.create_order(
        s, "market", "sell", 0.5, None, {"takeProfitPrice": 55_000}
    ),
    "createOrder attached SL/TP": lambda x, s: x.create_order(
        s, "limit", "buy", 0.5, 30_000, {"stopLoss": {"triggerPrice": 25_000}, "takeProfit": {"triggerPrice": 45_000}}
    ),
    "createOrder trailingPercent": lambda x, s: x.create_order(
        s, "market", "sell", 0.5, None, {"trailingPercent": "1"}
    ),
    "createOrder reduceOnly": lambda x, s: x.create_order(s, "market", "sell", 0.5, None, {"reduceOnly": True}),
    "createOrders": lambda x, s: x.create_orders(
        [{"symbol": s, "type": "limit", "side": "buy", "amount": 0.5, "price": price} for price in (30_000, 29_000)]
    ),
    "editOrder": lambda x, s: x.edit_order(_open(x, s), s, "limit", "buy", 0.4, 30_001),
    "cancelOrder": lambda x, s: x.cancel_order(_open(x, s), s),
    "cancelOrder by clientOrderId": lambda x, s: x.cancel_order(_open(x, s) and None, s, {"clientOrderId": "open1"}),
    "cancelOrder trigger": lambda x, s: x.cancel_order(
        x.create_order(s, "market", "sell", 0.5, None, {"triggerPrice": 25_000})["id"], s, {"trigger": True}
    ),
    "cancelOrders": lambda x, s: x.cancel_orders([_open(x, s), "22"], s),
    "cancelAllOrdersAfter": lambda x, s: x.cancel_all_orders_after(60_000),
    "fetchOrder": lambda x, s: x.fetch_order(_open(x, s), s),
    "fetchOpenOrders": lambda x, s: (_open(x, s), x.fetch_open_orders(s))[1],
    "fetchOpenOrders trigger": lambda x, s: x.fetch_open_orders(s, params={"trigger": True, "ordType": "trigger"}),
    "fetchClosedOrders": lambda x, s: x.fetch_closed_orders(s),
    "fetchMyTrades": lambda x, s: x.fetch_my_trades(s),
    "fetchBalance": lambda x, s: x.fetch_balance(),
    "fetchPositions": lambda x, s: x.fetch_positions([s]),
    "fetchTradingFee": lambda x, s: x.fetch_trading_fee(s),
    "setLeverage": lambda x, s: x.set_leverage(5, s, {"mgnMode": "cross"}),
}
REFUSED = {("okx swap", "createOrder reduceOnly"): "51169"}
"""What the venue refuses of it: there is no position to reduce."""


def _open(exchange: Any, symbol: str) -> str:
    made = exchange.create_order(symbol, "limit", "buy", 0.5, 30_000, {"clientOrderId": "open1"})
    return str(made["id"])


def test_every_captured_call_is_answered(shared: Any, did: Did) -> None:
    """One scenario for all calls of a market: each stands for itself, and orders are cancelled in between."""
    for name, symbol in (("okx spot", SPOT), ("okx swap", SWAP)):
        wanted = [op for which, op, sent in _captured(shared) if which == name and not isinstance(sent, str)]
        assert set(wanted) <= set(CALLS), set(wanted) - set(CALLS)

        def body(access: VenueAccess, name: str = name, symbol: str = symbol, wanted: list[str] = wanted) -> None:
            exchange = access.ccxt()
            exchange.load_markets()
            for operation in wanted:
                refusal = REFUSED.get((name, operation))
                if refusal is not None:
                    with pytest.raises(ccxt.BaseError, match=refusal):
                        CALLS[operation](exchange, symbol)
                else:
                    result = CALLS[operation](exchange, symbol)
                    assert result is not None, operation
                    if isinstance(result, dict) and operation.startswith("createOrder"):
                        assert result["id"], operation
                for order in exchange.fetch_open_orders(symbol):
                    exchange.cancel_order(order["id"], symbol)
            did("okx", "ccxt", f"every captured call, {name}")

        play("okx", body, **STAGE)
