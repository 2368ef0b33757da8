"""Real, unmodified clients in the World: an order's whole life over REST, by ccxt (sync and async)."""

from __future__ import annotations

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
        note("create stop, take profit and trailing orders")
        orders = [
            {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
            for price in (40_000, 41_000)
        ]
        made = exchange.create_orders(orders)
        assert len([one["id"] for one in made if one["id"]]) == 2
        note("create several orders")
        exchange.cancel_orders([one["id"] for one in made], BTC)
        exchange.cancel_all_orders(BTC)
        assert exchange.fetch_open_orders(BTC) == []
        note("cancel several, cancel all")
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
        note("market order by cost")

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
            did("kraken_spot", "ccxt.async", "create, query, cancel, market, balance")
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
