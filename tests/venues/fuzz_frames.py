"""Frames that a venue's sessions understand, for the fuzzer to damage.

One function for each venue: it gets the wire (for keys, time and requests) and says which connections there are, and
what a client would send on each; ``damage`` is called with parameters before they are signed. A venue without one is
fuzzed with random text on its private stream alone.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from direct import MS, Wire

from outtrade_mocks.venues.binance_auth import sign

Connections = list[tuple[str, str, list[str]]]
"""Host, path, frames."""
Damage = Callable[[dict[str, Any]], dict[str, Any]]


def _binance_spot(wire: Wire, damage: Damage) -> Connections:
    keys = wire.module.credentials
    stamp = {"apiKey": keys.key, "timestamp": wire.now // MS}
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "1",
    }

    def signed(method: str, **params: Any) -> dict[str, Any]:
        sent = {str(name): value for name, value in sorted(damage(params | stamp).items())}
        return {"method": method, "params": sent | {"signature": sign(keys.secret, urlencode(sent))}}

    frames: list[dict[str, Any]] = [
        {"method": "ping"},
        {"method": "time", "params": {}},
        signed("userDataStream.subscribe.signature"),
        {"method": "userDataStream.unsubscribe"},
        signed("session.logon"),
        {"method": "session.status"},
        {"method": "session.subscriptions"},
        signed("order.place", **order),
        signed("order.status", symbol="BTCUSDT", orderId=48300000001),
        signed("order.cancel", symbol="BTCUSDT", orderId=48300000001),
        signed("openOrders.status"),
        signed("account.status"),
        {"method": "depth", "params": {"symbol": "BTCUSDT"}},
    ]
    host = wire.venue.stream_hosts[0][0]
    texts = [json.dumps({"id": n} | frame) for n, frame in enumerate(frames)]
    return [(host, wire.venue.stream_path, texts)]


def _okx(wire: Wire, damage: Damage) -> Connections:
    from outtrade_mocks.venues.okx.auth import sign as okx_sign

    keys, seconds = wire.module.credentials, str(wire.now // 1_000_000_000)
    login = {"apiKey": keys.key, "passphrase": keys.passphrase, "timestamp": seconds}
    login["sign"] = okx_sign(keys.secret, seconds + "GET/users/self/verify")
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "49000", "sz": "0.001"}
    swap = {"instIdCode": 10459, "tdMode": "cross", "side": "sell", "ordType": "market", "sz": "1"}
    which = {"instId": "BTC-USDT", "ordId": "2497956918703000001"}

    def frame(op: str, *args: dict[str, Any]) -> dict[str, Any]:
        return {"op": op, "args": [damage(arg) for arg in args]}

    private = [
        {"op": "login", "args": [login]},
        frame("login", login),
        frame("subscribe", {"channel": "orders", "instType": "ANY"}, {"channel": "account"}),
        frame("subscribe", {"channel": "positions", "instType": "ANY"}, {"channel": "balance_and_position"}),
        frame("unsubscribe", {"channel": "orders", "instType": "ANY"}),
        frame("order", order),
        frame("order", swap),
        frame("batch-orders", order, swap),
        frame("cancel-order", which),
        frame("batch-cancel-orders", which, which),
        frame("amend-order", which | {"newSz": "0.002"}),
        frame("batch-amend-orders", which | {"newPx": "48000"}),
    ]
    names = ("books", "books5", "bbo-tbt", "tickers", "trades", "mark-price", "price-limit", "index-tickers")
    public = [frame("subscribe", {"channel": name, "instId": "BTC-USDT"}) for name in names]
    public += [frame("subscribe", {"channel": "funding-rate", "instId": "BTC-USDT-SWAP"})]
    public += [frame("subscribe", {"channel": "instruments", "instType": "SPOT"})]
    business = [{"op": "login", "args": [login]}, frame("subscribe", {"channel": "orders-algo", "instType": "ANY"})]
    business += [frame("subscribe", {"channel": "candle1m", "instId": "BTC-USDT"})]
    host = wire.venue.stream_hosts[0][0]
    return [
        (host, f"/ws/v5/{address}", [json.dumps({"id": str(n)} | one) for n, one in enumerate(frames)])
        for address, frames in (("private", private), ("public", public), ("business", business))
    ]


def _binance_usdm(wire: Wire, damage: Damage) -> Connections:
    keys = wire.module.credentials
    stamp = {"apiKey": keys.key, "timestamp": wire.now // MS}
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "1",
    }
    stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01", "triggerPrice": "1000"}
    known = {"symbol": "BTCUSDT", "orderId": 840000000001}

    def signed(method: str, **params: Any) -> dict[str, Any]:
        sent = {str(name): value for name, value in sorted(damage(params | stamp).items())}
        return {"method": method, "params": sent | {"signature": sign(keys.secret, urlencode(sent))}}

    asked: list[dict[str, Any]] = [
        signed("order.place", **order),
        signed("order.modify", **known, side="BUY", quantity="0.02", price="2"),
        signed("order.status", **known),
        signed("order.cancel", **known),
        signed("algoOrder.place", algoType="CONDITIONAL", **stop),
        signed("v2/account.position"),
        signed("session.logon"),
        {"method": "depth", "params": {"symbol": "BTCUSDT"}},
        {"method": "userDataStream.start", "params": {"apiKey": keys.key}},
    ]
    streams = ["btcusdt@depth@100ms", "btcusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@depth5", "!ticker@arr"]
    said: list[dict[str, Any]] = [
        {"method": "SUBSCRIBE", "params": streams},
        {"method": "LIST_SUBSCRIPTIONS"},
        {"method": "SET_PROPERTY", "params": ["combined", True]},
        {"method": "UNSUBSCRIBE", "params": streams[:2]},
    ]
    frames = [[json.dumps({"id": n} | frame) for n, frame in enumerate(some)] for some in (asked, said)]
    return [("ws-fapi.binance.com", "/ws-fapi/v1", frames[0]), ("fstream.binance.com", "/market/ws", frames[1])]


def _asked(wire: Wire, ask: Callable[[], Any]) -> Any:
    """What a request gave that a client makes before it connects; once for each venue."""
    if wire.kept is None or wire.kept[0] is not wire.venue:
        watched, wire.asked, wire.seen = (wire.asked, wire.seen), None, None
        wire.now += MS
        try:
            wire.kept = (wire.venue, ask())
        except Exception:  # banned, or the like
            wire.kept = (wire.venue, {})
        wire.asked, wire.seen = watched
    return wire.kept[1]


def _kraken_spot(wire: Wire, damage: Damage) -> Connections:
    told = _asked(wire, wire.ccxt.privatePostGetWebSocketsToken)
    mine = {"token": told.get("result", {}).get("token", "x")}
    order = {"order_type": "limit", "side": "buy", "order_qty": 0.01, "limit_price": 40000, "symbol": "BTC/USD"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("subscribe", {"channel": "executions", "snap_orders": True, "snap_trades": True} | mine),
        ("subscribe", {"channel": "balances"} | mine),
        *(("subscribe", {"channel": name, "symbol": ["BTC/USD"]}) for name in ("book", "trade", "ticker", "ohlc")),
        ("subscribe", {"channel": "instrument"}),
        ("unsubscribe", {"channel": "book", "symbol": ["BTC/USD"]}),
        ("add_order", order | mine),
        ("amend_order", {"cl_ord_id": "A1", "order_qty": 0.02} | mine),
        ("edit_order", {"order_id": "OAAAAA-AAAAA-AAAAAA", "symbol": "BTC/USD", "order_qty": 0.02} | mine),
        ("cancel_order", {"cl_ord_id": ["A1"]} | mine),
        ("cancel_all", dict(mine)),
        ("cancel_all_orders_after", {"timeout": 60} | mine),
        ("batch_add", {"symbol": "BTC/USD", "orders": [order, order]} | mine),
        ("batch_cancel", {"orders": ["A1", "A2"]} | mine),
        ("ping", {}),
    ]
    texts = [
        json.dumps({"method": name, "params": damage(params), "req_id": n}) for n, (name, params) in enumerate(calls)
    ]
    return [(host, wire.venue.stream_path, texts) for host in ("ws-auth.kraken.com", "ws.kraken.com")]


def _bybit(wire: Wire, damage: Damage) -> Connections:
    keys, expires = wire.module.credentials, wire.now // MS + 10_000
    proof = hmac.new(keys.secret.encode(), f"GET/realtime{expires}".encode(), "sha256").hexdigest()
    order = {
        "category": "spot",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.01",
        "price": "40000",
    }
    more = {"orderLinkId": "A1", "price": "40000"}
    head = {"X-BAPI-TIMESTAMP": str(wire.now // MS)}
    frames: list[dict[str, Any]] = [
        *[{"op": "auth", "args": [keys.key, expires, proof]}] * 3,
        {"op": "subscribe", "args": ["order", "execution", "position", "wallet"]},
        {"op": "subscribe", "args": ["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT", "tickers.BTCUSDT"]},
        {"op": "unsubscribe", "args": ["publicTrade.BTCUSDT"]},
        {"op": "ping"},
        *({"op": f"order.{name}", "header": damage(head), "args": [damage(order | more)]}
          for name in ("create", "amend", "cancel", "create-batch")),
    ]  # fmt: skip
    texts = [json.dumps({"req_id": str(n), "reqId": str(n)} | frame) for n, frame in enumerate(frames)]
    places = ("/v5/private", "/v5/trade", "/v5/public/spot", "/v5/public/linear")
    return [("stream.bybit.com", place, texts) for place in places]


def _coinbase(wire: Wire, damage: Damage) -> Connections:
    """ccxt makes the tokens, at the wire's time."""

    def jwt() -> str:
        return str(wire.ccxt.create_auth_token(wire.ccxt.seconds()))

    def frame(channel: str, kind: str = "subscribe", **more: Any) -> str:
        return json.dumps(damage({"type": kind, "channel": channel, "product_ids": ["BTC-USD"]}) | more)

    names = ("level2", "ticker", "ticker_batch", "market_trades", "candles", "status", "heartbeats")
    public = [frame(name, kind) for name in names for kind in ("subscribe", "unsubscribe")]
    user = [frame("user", kind, jwt=jwt()) for kind in ("subscribe", "unsubscribe")]
    user += [frame("user"), frame("heartbeats"), frame("ticker", jwt=jwt()), frame("user", "subscribe", product_ids=[])]
    own, other = (host for host, _ in wire.venue.stream_hosts)
    return [(own, "/", user), (other, "/", public + user)]


def _deribit(wire: Wire, damage: Damage) -> Connections:
    keys = wire.module.credentials
    order = {"instrument_name": "BTC-PERPETUAL", "amount": 100, "price": 40000, "label": "A1", "type": "limit"}
    stop = {"type": "stop_market", "trigger": "last_price", "trigger_price": 49000}
    channels = ["user.orders.any.any.raw", "user.changes.BTC-PERPETUAL.raw", "user.portfolio.any"]
    public = ["book.BTC-PERPETUAL.100ms", "book.BTC-PERPETUAL.none.10.100ms", "ticker.BTC-PERPETUAL.raw"]
    login = {"grant_type": "client_credentials", "client_id": keys.key, "client_secret": keys.secret}
    calls: list[tuple[str, dict[str, Any]]] = [
        *[("public/auth", login)] * 3,
        ("public/test", {}),
        ("public/set_heartbeat", {"interval": 10}),
        ("private/subscribe", {"channels": channels}),
        ("public/subscribe", {"channels": [*public, "trades.future.any.100ms", "quote.BTC-PERPETUAL"]}),
        ("public/unsubscribe", {"channels": public[:1]}),
        ("private/enable_cancel_on_disconnect", {"scope": "connection"}),
        ("private/buy", order),
        ("private/sell", order | {"price": 60000, "post_only": True, "valid_until": 1_900_000_000_000}),
        ("private/sell", order | stop),
        ("private/buy", order | {"type": "trailing_stop", "trigger": "mark_price", "trigger_offset": 50}),
        ("private/edit_by_label", order),
        ("private/cancel_by_label", {"label": "A1", "currency": "BTC"}),
        ("private/cancel_all_by_kind_or_type", {"currency": "any", "type": "limit", "detailed": True}),
        ("private/close_position", {"instrument_name": "BTC-PERPETUAL", "type": "market"}),
        ("private/get_user_trades_by_currency", {"currency": "BTC", "count": 3, "sorting": "asc"}),
        ("private/logout", {"invalidate_token": True}),
    ]
    texts = [
        json.dumps({"jsonrpc": "2.0", "id": n, "method": name, "params": damage(params)})
        for n, (name, params) in enumerate(calls)
    ]
    return [(wire.venue.stream_hosts[0][0], wire.venue.stream_path, texts)]


def _alpaca(wire: Wire, damage: Damage) -> Connections:
    keys = wire.module.credentials
    account: list[dict[str, Any]] = [
        {"action": "authenticate", "data": damage({"key_id": keys.key, "secret_key": keys.secret})},
        {"action": "authenticate", "data": {"key_id": keys.key, "secret_key": keys.secret}},
        damage({"action": "listen", "data": {"streams": ["trade_updates"]}}),
        {"action": "listen", "data": damage({"streams": ["trade_updates"]})},
    ]
    wanted = {"quotes": ["BTC/USD"], "trades": ["BTC/USD"], "orderbooks": ["BTC/USD"], "bars": ["BTC/USD"]}
    market: list[dict[str, Any]] = [
        damage({"action": "subscribe", **wanted}),
        {"action": "auth", "key": keys.key, "secret": keys.secret},
        damage({"action": "subscribe", **wanted}),
        damage({"action": "unsubscribe", **wanted}),
    ]
    return [
        ("api.alpaca.markets", wire.venue.stream_path, [json.dumps(frame) for frame in account]),
        ("stream.data.alpaca.markets", "/v1beta3/crypto/us", [json.dumps(frame) for frame in market]),
    ]


FRAMES: dict[str, Callable[[Wire, Damage], Connections]] = {
    "alpaca": _alpaca,
    "binance_spot": _binance_spot,
    "binance_usdm": _binance_usdm,
    "bybit": _bybit,
    "coinbase": _coinbase,
    "deribit": _deribit,
    "kraken_spot": _kraken_spot,
    "okx": _okx,
}


def frames_of(wire: Wire, damage: Damage = dict) -> Connections:
    """The connections of a wire's venue, as they are now."""
    made = FRAMES.get(wire.venue.name)
    return made(wire, damage) if made else [(wire.venue.stream_hosts[0][0], wire.venue.stream_path, [])]
