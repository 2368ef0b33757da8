"""Unmodified clients in the World: ccxt (blocking, async, pro) and typed-deribit, which checks every answer against its
own schema of the documentation; whole lives of orders over REST and the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.model.fault import LostAnswer, Trigger
from outtrade.targets.access import VenueAccess

ccxt = pytest.importorskip("ccxt")

Did = Callable[[str, str, str], None]
PERP, LINEAR = "BTC/USD:BTC", "BTC/USDC:USDC"
STAGE: dict[str, Any] = {
    "symbols": (PERP, LINEAR, "BTC/USD:BTC-270625"),
    "balances": {"USDC": 100_000, "BTC": 2},
    "markets": {
        PERP: quiet("50000", depth="100000", taker_size="1000"),
        LINEAR: quiet("50000"),
        "BTC/USD:BTC-270625": quiet("50500", depth="100000", taker_size="1000"),
    },
}


def test_the_blocking_client_of_ccxt(did: Did) -> None:
    def note(operation: str) -> None:
        did("deribit", "ccxt", operation)

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        markets = exchange.load_markets()
        assert markets[PERP]["inverse"] and markets[PERP]["contractSize"] == 10
        assert markets[LINEAR]["linear"] and markets["BTC/USD:BTC-270625"]["type"] == "future"
        note("markets, currencies")
        assert exchange.fetch_status()["status"] == "ok" and exchange.fetch_time() > 0
        assert exchange.fetch_ticker(PERP)["ask"] == 50_010
        assert exchange.fetch_order_book(LINEAR, 5)["bids"][0][0] == 49_990
        assert exchange.fetch_funding_rate(PERP)["symbol"] == PERP
        assert len(exchange.fetch_tickers([PERP, "BTC/USD:BTC-270625"])) == 2
        note("status, time, tickers, book, funding rate")

        order = exchange.create_order(PERP, "limit", "buy", 100, 40_000, {"label": "first"})
        assert order["info"]["label"] == "first"
        found = exchange.fetch_order(order["id"], PERP)
        assert (found["status"], found["price"], found["amount"], found["filled"]) == ("open", 40_000, 100, 0)
        (named,) = exchange.private_get_get_order_state_by_label({"currency": "BTC", "label": "first"})["result"]
        assert named["order_id"] == order["id"]
        note("place limit, query by id and by label")
        assert exchange.edit_order(order["id"], PERP, "limit", "buy", 200, 41_000)["amount"] == 200
        assert exchange.fetch_open_orders(PERP)[0]["price"] == 41_000
        note("amend, open orders")
        assert exchange.cancel_order(order["id"])["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound):
            exchange.cancel_order(order["id"])
        note("cancel, cancel again")

        bought = exchange.create_order(LINEAR, "market", "buy", 0.1)
        assert (bought["status"], bought["filled"], bought["average"]) == ("closed", 0.1, 50_010)
        assert exchange.fetch_my_trades(LINEAR)[0]["fee"]["currency"] == "USDC"
        assert exchange.fetch_order_trades(bought["id"])[0]["order"] == bought["id"]
        assert exchange.fetch_closed_orders(LINEAR)[0]["id"] == bought["id"]
        note("place market, trades, closed orders")
        (position,) = exchange.fetch_positions()
        assert (position["side"], position["contracts"]) == ("long", 0.1)
        assert exchange.fetch_position(LINEAR)["entryPrice"] == 50_010
        assert exchange.fetch_balance()["USDC"]["total"] < 100_000
        note("positions, balance")

        stop = exchange.create_order(LINEAR, "market", "sell", 0.1, None, {"stopLossPrice": 49_000, "reduceOnly": True})
        assert stop["info"]["order_state"] == "untriggered" and stop["reduceOnly"] is not False
        trail = exchange.create_order(LINEAR, "market", "sell", 0.1, None, {"trailingAmount": 50})
        assert trail["info"]["order_type"] == "trailing_stop"
        exchange.cancel_all_orders(LINEAR)
        assert exchange.fetch_open_orders(LINEAR) == []
        note("stop, trailing stop, cancel all")
        with pytest.raises(ccxt.InvalidOrder):
            exchange.create_order(LINEAR, "limit", "buy", 0.1, 50_100, {"postOnly": True})
        with pytest.raises(ccxt.InsufficientFunds):
            exchange.create_order(LINEAR, "limit", "buy", 1000, 49_000)
        with pytest.raises(ccxt.AuthenticationError):
            exchange.secret = "other"
            exchange.fetch_positions()
        note("refusals: post-only, funds, signature")

    play("deribit", body, **STAGE)


def test_a_lost_answer_and_a_resend_double_the_order(did: Did) -> None:
    """What no client order id prevents here: ccxt times out, the order stands, the same request makes another."""

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.timeout = 5_000
        exchange.load_markets()
        with pytest.raises(ccxt.RequestTimeout):
            exchange.create_order(PERP, "limit", "buy", 100, 40_000, {"label": "mine"})
        asked = {"currency": "BTC", "label": "mine"}
        assert len(exchange.private_get_get_order_state_by_label(asked)["result"]) == 1, "a query by label finds it"
        exchange.create_order(PERP, "limit", "buy", 100, 40_000, {"label": "mine"})
        assert len(exchange.fetch_open_orders(PERP)) == 2
        did("deribit", "ccxt", "lost answer, query by label")

    lost = LostAnswer(symptom="hang", on=Trigger(op="place"))
    play("deribit", body, faults=(lost,), **STAGE)


def test_the_async_client_of_ccxt(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await exchange.load_markets()
            order = await exchange.create_order(LINEAR, "limit", "sell", 0.1, 51_000, {"label": "a"})
            assert (await exchange.fetch_order(order["id"], LINEAR))["status"] == "open"
            edited = await exchange.edit_order(order["id"], LINEAR, "limit", "sell", 0.1, 49_000)
            assert edited["status"] == "closed" and edited["trades"][0]["takerOrMaker"] == "taker"
            assert (await exchange.fetch_positions())[0]["side"] == "short"
        finally:
            await exchange.close()
        did("deribit", "ccxt.async", "markets, place limit, amend into the market, positions")

    play("deribit", body, **STAGE)


def test_aiohttp_repeats_an_order_of_its_own_accord_and_the_nonce_stops_it(did: Did) -> None:
    """ccxt places orders by GET; aiohttp takes a GET to be repeatable where its connection was closed (RFC 9112). The
    repetition is the same signed request: its nonce has served, it is refused, and that refusal says nothing of the
    order, which stands."""

    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(asynchronous=True)
        try:
            await exchange.load_markets()
            with pytest.raises(ccxt.AuthenticationError, match="nonce already used"):
                await exchange.create_order(PERP, "limit", "buy", 100, 40_000, {"label": "once"})
            (order,) = await exchange.fetch_open_orders(PERP)
            assert order["info"]["label"] == "once"
        finally:
            await exchange.close()
        did("deribit", "ccxt.async", "order repeated by aiohttp, refused by its nonce")

    lost = LostAnswer(symptom="close", on=Trigger(op="place"))
    history = play("deribit", body, faults=(lost,), **STAGE)
    placed = [event for event in history.events if type(event).__name__ == "Request" and event.op == "place"]
    assert len(placed) == 2 and placed[0].digest == placed[1].digest


def test_ccxt_pro_watches_orders_trades_money_and_the_market(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        try:
            await exchange.load_markets()
            watching = asyncio.ensure_future(exchange.watch_orders(LINEAR))
            trades = asyncio.ensure_future(exchange.watch_my_trades(LINEAR))
            await asyncio.sleep(2)
            order = await exchange.create_order(LINEAR, "limit", "buy", 0.1, 40_000, {"label": "pro"})
            (told,) = await watching
            assert (told["id"], told["status"], told["info"]["label"]) == (order["id"], "open", "pro")
            await exchange.cancel_order(order["id"])
            while (await exchange.watch_orders(LINEAR))[-1]["status"] != "canceled":
                pass
            did("deribit", "ccxt.pro", "login, orders stream")
            await exchange.create_order(LINEAR, "market", "buy", 0.1)
            assert (await trades)[0]["amount"] == 0.1
            did("deribit", "ccxt.pro", "trades stream")
            while "USDC" not in (told := await exchange.watch_balance()):
                pass
            assert told["USDC"]["USDC"]["total"] < 100_000  # ccxt nests it
            did("deribit", "ccxt.pro", "balance stream")
            assert (await exchange.watch_ticker(LINEAR))["bid"] == 49_990
            book = await exchange.watch_order_book(LINEAR)
            assert book["asks"][0][0] >= 50_010
            did("deribit", "ccxt.pro", "ticker, book")
        finally:
            await exchange.close()

    play("deribit", body, **STAGE)


def test_typed_deribit_trades_over_both_transports_and_finds_every_answer_valid(did: Did) -> None:
    typed = pytest.importorskip("typed_deribit")

    async def body(access: VenueAccess) -> None:
        async with typed.Deribit.new(client_id=access.key, client_secret=access.secret) as client:
            market, trading, account = client.market_data, client.trading, client.account
            listed = await market.get_instruments(currency="any", kind="future")
            assert {"BTC-PERPETUAL", "BTC_USDC-PERPETUAL"} <= {row["instrument_name"] for row in listed}
            ticker = await market.ticker(instrument_name="BTC-PERPETUAL")
            assert ticker["best_ask_price"] == 50_010
            book = await market.get_order_book(instrument_name="BTC-PERPETUAL", depth=5)
            assert len(book["bids"]) == 5
            did("deribit", "typed-deribit", "instruments, ticker, book")
            for transport in ("http", "ws"):
                label = f"typed-{transport}"
                order = {"instrument_name": "BTC-PERPETUAL", "amount": 100, "type": "limit", "price": 40_000}
                made = await trading.buy(order | {"label": label}, transport=transport)
                order_id = made["order"]["order_id"]
                state = await trading.get_order_state(order_id=order_id, transport=transport)
                assert (state["order_state"], state["label"]) == ("open", label)
                found = await trading.get_order_state_by_label(currency="BTC", label=label, transport=transport)
                assert [row["order_id"] for row in found] == [order_id]
                edited = await trading.edit(order_id=order_id, amount=200, price=41_000, transport=transport)
                assert edited["order"]["replaced"]
                listed = await trading.get_open_orders_by_instrument(
                    instrument_name="BTC-PERPETUAL", transport=transport
                )
                assert len(listed) == 1
                gone = await trading.cancel(order_id=order_id, transport=transport)
                assert gone["cancel_reason"] == "user_request"
                filled = await trading.sell(
                    {"instrument_name": "BTC-PERPETUAL", "amount": 100, "type": "market"}, transport=transport
                )
                assert filled["trades"][0]["liquidity"] == "T"
                did("deribit", "typed-deribit", f"place, query, label, amend, cancel, market over {transport}")
            trades = await trading.get_user_trades_by_instrument(instrument_name="BTC-PERPETUAL", count=100)
            assert len(trades["trades"]) == 2
            (position,) = await account.get_positions(currency="BTC")
            assert position["size"] == -200
            summary = await account.get_account_summary(currency="BTC", extended=True)
            assert summary["equity"] < 2
            closed = await trading.close_position({"instrument_name": "BTC-PERPETUAL", "type": "market"})
            assert closed["order"]["reduce_only"]
            assert await trading.cancel_all() == 0
            did("deribit", "typed-deribit", "trades, positions, account, close position, cancel all")

    play("deribit", body, **STAGE)
