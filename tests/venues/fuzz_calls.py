"""What a trader may ask of a venue, as unified calls of ccxt, with odd arguments now and then."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from direct import MIDS

Named = tuple[str, Callable[[], Any]]


def requests_of(client: Any, paths: set[tuple[str, str]]) -> list[tuple[str, list[str], str]]:
    """What ``client`` can sign of the requests in ``paths`` (method, path): its own name of the path, its part of the
    API, the method. A path with parameters in it is left out."""
    found = []

    def look(part: list[str], tree: dict[str, Any]) -> None:
        for name, below in tree.items():
            if name.upper() not in ("GET", "POST", "PUT", "DELETE", "PATCH"):
                if isinstance(below, dict):
                    look([*part, name], below)
                continue
            for path in below:
                try:
                    url = client.sign(path, part, name.upper(), {})["url"]
                except Exception:  # needs parameters that nobody sends here
                    continue
                if (name.upper(), urlsplit(url).path) in paths:
                    found.append((path, part, name.upper()))

    look([], client.api)
    return found


def unified(rng: random.Random, client: Any, markets: list[str], ids: list[str]) -> list[Named]:
    """The calls that ``client`` has, by their names. ``ids``: of orders that there were, the newest last."""
    symbol = rng.choice(markets)
    mid = float(MIDS[symbol.split("/")[0]])
    side, kind = rng.choice(("buy", "sell")), rng.choice(("limit", "limit", "limit", "market"))
    price = mid * rng.choice((0.5, 0.9, 0.999, 1.0, 1.001, 1.1, 2.0, 1e-9, 1e9, -1.0))
    amount = rng.choice((5, 50, 500, 5_000, 1e-6, 1e12)) / mid
    near, some = mid * rng.uniform(0.97, 1.03), rng.uniform(20, 2_000) / mid
    order, last = rng.choice(ids), ids[-1]
    params: dict[str, Any] = {}
    for name, values in (
        ("timeInForce", ("GTC", "IOC", "FOK", "PO", "XX")), ("postOnly", (True, False)), ("reduceOnly", (True,)),
        ("triggerPrice", (price, mid, mid * 1.01)), ("stopLossPrice", (mid * 0.9,)), ("takeProfitPrice", (mid * 1.1,)),
        ("trailingPercent", (0.1, 1, 500)), ("clientOrderId", ("A1", "a" * 40, "A1")), ("cost", (100,)),
        ("marginMode", ("cross", "isolated")), ("hedged", (True,)), ("stopLoss", ({"triggerPrice": mid * 0.9},)),
        ("takeProfit", ({"triggerPrice": mid * 1.1},)),
    ):  # fmt: skip
        if rng.random() < 0.1:
            params[name] = rng.choice(values)
    batch = [{"symbol": symbol, "type": kind, "side": side, "amount": amount, "price": price, "params": params}] * 3
    known: list[Named] = [
        ("create_order", lambda: client.create_order(symbol, kind, side, amount, price, params)),
        ("create_order", lambda: client.create_order(symbol, kind, side, amount, price, params)),
        ("create_order", lambda: client.create_order(symbol, kind, side, amount, price, params)),
        *[("create_order", lambda: client.create_order(symbol, kind, side, some, near))] * 6,
        ("create_orders", lambda: client.create_orders(batch)),
        ("edit_order", lambda: client.edit_order(last, symbol, kind, side, amount, price, params)),
        ("cancel_order", lambda: client.cancel_order(order, symbol)),
        ("cancel_order", lambda: client.cancel_order(last, symbol, params)),
        ("cancel_orders", lambda: client.cancel_orders([order, last], symbol)),
        ("cancel_all_orders", lambda: client.cancel_all_orders(symbol)),
        ("cancel_all_orders_after", lambda: client.cancel_all_orders_after(rng.choice((0, 1000, 60_000, -1)))),
        ("fetch_order", lambda: client.fetch_order(order, symbol, {"acknowledged": True})),
        ("fetch_orders", lambda: client.fetch_orders(symbol)),
        ("fetch_open_orders", lambda: client.fetch_open_orders(rng.choice((symbol, None)))),
        (
            "fetch_closed_orders",
            lambda: client.fetch_closed_orders(symbol, rng.choice((None, 1)), rng.choice((None, 1))),
        ),
        ("fetch_my_trades", lambda: client.fetch_my_trades(symbol, None, rng.choice((None, 1, 10_000)))),
        ("fetch_balance", lambda: client.fetch_balance()),
        ("fetch_positions", lambda: client.fetch_positions([symbol])),
        ("fetch_ticker", lambda: client.fetch_ticker(symbol)),
        ("fetch_order_book", lambda: client.fetch_order_book(symbol, rng.choice((None, 1, 5, 100, 7)))),
        ("fetch_trades", lambda: client.fetch_trades(symbol)),
        ("fetch_time", lambda: client.fetch_time()),
        ("fetch_status", lambda: client.fetch_status()),
        ("fetch_trading_fee", lambda: client.fetch_trading_fee(symbol)),
        ("set_leverage", lambda: client.set_leverage(rng.choice((1, 5, 50, 5000, 0)), symbol)),
        ("set_margin_mode", lambda: client.set_margin_mode(rng.choice(("cross", "isolated")), symbol)),
        ("set_position_mode", lambda: client.set_position_mode(rng.random() < 0.5, symbol)),
    ]
    return [(name, call) for name, call in known if hasattr(client, name)]
