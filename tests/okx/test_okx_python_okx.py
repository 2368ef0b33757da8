"""python-okx, the venue's own Python client, unmodified in the World: REST and WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from world_kit import play, quiet

from outtrade.targets.access import VenueAccess

pytest.importorskip("okx.Trade", reason="python-okx is not installed")

Did = Callable[[str, str, str], None]
STAGE: dict[str, Any] = {
    "symbols": ("BTC/USDT", "BTC/USDT:USDT"),
    "balances": {"USDT": 100_000, "BTC": 1},
    "markets": {"BTC/USDT": quiet("50000"), "BTC/USDT:USDT": quiet("50000", depth="50", taker_size="1")},
}
SPOT, SWAP = "BTC-USDT", "BTC-USDT-SWAP"
ORDER = {"instId": SPOT, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "40000", "sz": "0.01"}


def item(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["code"] == "0", answer
    found: dict[str, Any] = answer["data"][0]
    return found


def test_rest_whole_life(did: Did) -> None:
    def body(access: VenueAccess) -> None:
        from okx import Account, MarketData, PublicData, Status, Trade

        keys = access.key, access.secret, access.passphrase
        trade, account = Trade.TradeAPI(*keys), Account.AccountAPI(*keys)  # flag "1": x-simulated-trading
        public, market = PublicData.PublicAPI(flag="0"), MarketData.MarketAPI(flag="0")
        assert item(public.get_instruments(instType="SWAP"))["ctVal"] == "0.01"
        assert int(item(public.get_system_time())["ts"]) > 0
        assert item(market.get_ticker(instId=SPOT))["askPx"] == "50010"
        assert item(market.get_orderbook(SPOT, sz="2"))["asks"][0][0] == "50010"
        assert item(public.get_mark_price(instType="SWAP"))["markPx"] == "50000"
        assert Status.StatusAPI(flag="0").status()["data"] == []
        did("okx", "python-okx", "instruments, time, ticker, book, mark price, status")

        order_id = item(trade.place_order(**ORDER, clOrdId="mine1"))["ordId"]
        assert item(trade.get_order(SPOT, clOrdId="mine1"))["state"] == "live"
        assert [one["ordId"] for one in trade.get_order_list(instType="SPOT")["data"]] == [order_id]
        item(trade.amend_order(SPOT, ordId=order_id, newSz="0.02", newPx="41000"))
        assert item(trade.get_order(SPOT, ordId=order_id))["px"] == "41000"
        item(trade.cancel_order(SPOT, ordId=order_id))
        assert item(trade.get_orders_history("SPOT"))["state"] == "canceled"
        did("okx", "python-okx", "place, query by either id, open orders, amend, cancel, order history")

        both = [ORDER | {"clOrdId": name} for name in ("one", "two")]
        assert [one["sCode"] for one in trade.place_multiple_orders(both)["data"]] == ["0", "0"]
        changes = [{"instId": SPOT, "clOrdId": name, "newSz": "0.02"} for name in ("one", "two")]
        assert trade.amend_multiple_orders(changes)["code"] == "0"
        gone = [{"instId": SPOT, "clOrdId": name} for name in ("one", "two")]
        assert trade.cancel_multiple_orders(gone)["code"] == "0"
        did("okx", "python-okx", "batch place, amend, cancel")

        item(trade.place_order(SPOT, "cash", "buy", "market", "500.1"))
        assert item(trade.get_fills(instType="SPOT"))["fillPx"] == "50010"
        assert item(trade.get_fills_history("SPOT"))["feeCcy"] == "BTC"
        assert item(account.get_account_balance("BTC"))["details"][0]["cashBal"] == "1.00999"
        assert item(account.get_fee_rates("SPOT", SPOT))["taker"] == "-0.001"
        assert item(account.get_account_bills())["ccy"] == "BTC"
        did("okx", "python-okx", "market order, fills, balance, fees, bills")

        assert item(account.get_account_config())["posMode"] == "net_mode"
        item(account.set_position_mode("long_short_mode"))
        item(account.set_leverage(lever="5", mgnMode="cross", instId=SWAP))
        item(trade.place_order(SWAP, "cross", "buy", "market", "2", posSide="long"))
        assert item(account.get_positions())["pos"] == "2"
        assert item(account.get_leverage("cross", instId=SWAP))["lever"] == "5"
        assert item(account.get_max_order_size(SWAP, "cross"))["instId"] == SWAP
        item(trade.close_positions(SWAP, "cross", posSide="long"))
        assert account.get_positions()["data"] == []
        assert item(account.get_positions_history())["closeTotalPos"] == "2"
        did("okx", "python-okx", "position mode, leverage, positions, close position")

        placed = trade.place_algo_order(
            SPOT, "cash", "sell", "conditional", "0.1", slTriggerPx="45000", slOrdPx="-1", algoClOrdId="stop1"
        )
        algo_id = item(placed)["algoId"]
        assert item(trade.get_algo_order_details(algoClOrdId="stop1"))["state"] == "live"
        assert item(trade.order_algos_list(ordType="conditional"))["algoId"] == algo_id
        item(trade.amend_algo_order(instId=SPOT, algoId=algo_id, newSlTriggerPx="44000"))
        item(trade.cancel_algo_order([{"instId": SPOT, "algoId": algo_id}]))
        assert item(trade.order_algos_history(ordType="conditional", state="canceled"))["algoId"] == algo_id
        did("okx", "python-okx", "algo orders: place, query, amend, cancel, history")

    play("okx", body, **STAGE)


def test_websocket(did: Did) -> None:
    async def body(access: VenueAccess) -> None:
        from okx.websocket.WsPrivateAsync import WsPrivateAsync
        from okx.websocket.WsPublicAsync import WsPublicAsync

        told: list[dict[str, Any]] = []
        private = WsPrivateAsync(access.key, access.passphrase, access.secret, "wss://ws.okx.com:8443/ws/v5/private")
        public = WsPublicAsync("wss://ws.okx.com:8443/ws/v5/public")

        def hear(text: str) -> None:
            told.append(json.loads(text))

        def heard(channel: str) -> list[dict[str, Any]]:
            return [
                row for frame in told if frame.get("arg", {}).get("channel") == channel for row in frame.get("data", ())
            ]

        tasks = [await private.start(), await public.start()]
        await private.subscribe([{"channel": "orders", "instType": "ANY"}, {"channel": "account"}], hear)
        await public.subscribe([{"channel": "books5", "instId": SPOT}, {"channel": "trades", "instId": SPOT}], hear)
        await asyncio.sleep(1)
        assert heard("account")[0]["details"][0]["ccy"] in ("BTC", "USDT")
        assert heard("books5")[0]["bids"][0][0] == "49990"
        did("okx", "python-okx WebSocket", "login, subscribe: orders, account, books5, trades")
        await private.place_order([ORDER], id="1")
        await private.batch_orders([ORDER | {"clOrdId": "two"}, ORDER | {"clOrdId": "three"}], id="2")
        await private.amend_order([{"instId": SPOT, "clOrdId": "two", "newSz": "0.02"}], id="3")
        await private.cancel_order([{"instId": SPOT, "clOrdId": "two"}], id="4")
        await private.batch_cancel_orders([{"instId": SPOT, "clOrdId": "three"}], id="5")
        await private.place_order([ORDER | {"ordType": "market", "sz": "500.1"}], id="6")
        await asyncio.sleep(1)
        assert [frame["code"] for frame in told if frame.get("id")] == ["0"] * 6
        states = [(row["clOrdId"], row["state"]) for row in heard("orders")]
        assert states == [
            ("", "live"), ("two", "live"), ("three", "live"), ("two", "live"), ("two", "canceled"), ("three",
            "canceled"), ("", "live"), ("", "filled"),
        ]  # fmt: skip
        assert heard("trades")[-1]["px"] == "50010"
        did("okx", "python-okx WebSocket", "place, batch, amend, cancel in frames; their events; public trades")
        await private.stop()
        await public.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    play("okx", body, **STAGE)
