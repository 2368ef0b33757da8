"""What Binance spot says of itself in its documentation (docs/venues/binance_spot.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow, cost_of
from outtrade_mocks.venues.binance_spot.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_spot.errors import table
from outtrade_mocks.venues.binance_spot.methods import METHODS
from outtrade_mocks.venues.binance_spot.streams import METHODS as ASKED
from outtrade_mocks.venues.binance_spot.wsapi import CONTROL, CONTROL_WEIGHT

_PROBES: tuple[dict[str, str], ...] = (
    {},
    {"symbol": "BTCUSDT"},
    {"limit": "5000"},
    {"symbols": "[]"},
    {"orderId": "1"},
    {"computeCommissionRates": "true"},
)
"""Parameters that change an endpoint's weight."""

_ORDER_TYPES = (
    OrderTypeRow("limit", "LIMIT, with timeInForce GTC, IOC or FOK; icebergQty makes it an iceberg"),
    OrderTypeRow("limit, post-only", "LIMIT_MAKER"),
    OrderTypeRow("market", "MARKET, with quantity or quoteOrderQty"),
    OrderTypeRow("stop", "STOP_LOSS, with stopPrice", "reserves its money when it is placed"),
    OrderTypeRow("stop_limit", "STOP_LOSS_LIMIT, with stopPrice and price"),
    OrderTypeRow("take_profit", "TAKE_PROFIT, with stopPrice"),
    OrderTypeRow("take_profit_limit", "TAKE_PROFIT_LIMIT, with stopPrice and price"),
    OrderTypeRow("trailing_stop", "a stop or take-profit with trailingDelta (basis points)"),
    OrderTypeRow("oco", "orderList/oco, or the older order/oco"),
    OrderTypeRow("oto", "orderList/oto"),
    OrderTypeRow("otoco", "orderList/otoco"),
)


_CONTROL = {
    "userDataStream.subscribe.signature": "signed",
    "userDataStream.subscribe": "a logged-on connection",
    "userDataStream.unsubscribe": "none",
    "session.logon": "signed (Ed25519)",
    "session.status": "none",
    "session.logout": "none",
    "session.subscriptions": "none",
}
_AT = "at the market data streams"
_STREAMS = (
    ("SYMBOL@trade", "every trade, within 100 ms"),
    ("SYMBOL@aggTrade", "trades of one taker at one price, together"),
    ("SYMBOL@depth, @depth@100ms", "changes of the book every 1000 or 100 ms, with U and u"),
    ("SYMBOL@depth5, 10, 20, with or without @100ms", "the best levels, where they have changed"),
    ("SYMBOL@bookTicker", "best prices, where they have changed, within 100 ms"),
    (
        "SYMBOL@kline_INTERVAL, with or without @+08:00",
        "the present candle every second (1s) or two, and each one closed",
    ),
    ("SYMBOL@ticker, !ticker@arr", "statistics of the last 24 hours every second, where they have changed"),
    ("SYMBOL@miniTicker, !miniTicker@arr", "fewer of them"),
    ("SYMBOL@ticker_1h, _4h, _1d, !ticker_1h@arr ...", "statistics of shorter windows"),
    ("SYMBOL@avgPrice", "the reference price of the core, where it has changed"),
)


def _cost(endpoint: Endpoint) -> str:
    """Of the bucket of the API's weights; other hosts and the wallet API count elsewhere."""
    return cost_of(endpoint.cost(params) for params in _PROBES) if endpoint.bucket == "api" else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    return About(
        endpoints=tuple(
            EndpointRow(method, path, row.op, row.security, _cost(row), "counts as an order" if row.new_order else "")
            for (method, path), row in ENDPOINTS.items()
        )
        + tuple(
            EndpointRow("WS", name, row.op, row.security, _cost(row), "counts as an order" if row.new_order else "")
            for name, row in METHODS.items()
        )
        + tuple(EndpointRow("WS", name, op, _CONTROL[name], str(CONTROL_WEIGHT)) for name, op in CONTROL.items())
        + tuple(
            EndpointRow("WS", name, "subscribe" if name == "SUBSCRIBE" else "other", "none", "", _AT) for name in ASKED
        ),
        errors=tuple(ErrorRow(str(error.code), error.text, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=(
            *(ChannelRow(name, False, says) for name, says in _STREAMS),
            ChannelRow("executionReport", True, "every change of an order, and every trade"),
            ChannelRow("outboundAccountPosition", True, "balances that changed"),
            ChannelRow("listStatus", True, "every change of an order list"),
        ),
        streams=(("/ws", "market data"), ("/stream", "market data, combined")),
        refusal_keys=("code", "msg"),
    )
