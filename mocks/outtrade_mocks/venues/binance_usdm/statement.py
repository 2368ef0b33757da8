"""What the documentation says of Binance USD-M futures (docs/venues/binance_usdm.md), from their own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow, cost_of
from outtrade_mocks.venues.binance_errors import table
from outtrade_mocks.venues.binance_usdm.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_usdm.errors import VENUE
from outtrade_mocks.venues.binance_usdm.wsapi import METHODS

_PROBES: tuple[dict[str, str], ...] = ({}, {"symbol": "BTCUSDT"}, {"limit": "5"}, {"limit": "100"}, {"limit": "1000"})
"""Parameters that change an endpoint's weight."""
_ORDER_TYPES = (
    OrderTypeRow("limit", "LIMIT, with timeInForce GTC, IOC, FOK or GTD, and price or priceMatch"),
    OrderTypeRow("limit, post-only", "LIMIT with timeInForce GTX"),
    OrderTypeRow("market", "MARKET, with quantity"),
    OrderTypeRow("stop", "algoOrder STOP_MARKET, with triggerPrice; quantity or closePosition", "no margin until then"),
    OrderTypeRow("stop_limit", "algoOrder STOP, with triggerPrice and price"),
    OrderTypeRow("take_profit", "algoOrder TAKE_PROFIT_MARKET, with triggerPrice; quantity or closePosition"),
    OrderTypeRow("take_profit_limit", "algoOrder TAKE_PROFIT, with triggerPrice and price"),
    OrderTypeRow("trailing_stop", "algoOrder TRAILING_STOP_MARKET, with callbackRate and activatePrice"),
)
_CHANNELS = (
    ChannelRow("ORDER_TRADE_UPDATE", True, "every change of an order in the market, and every trade"),
    ChannelRow("TRADE_LITE", True, "every trade, in short"),
    ChannelRow("ACCOUNT_UPDATE", True, "wallet and positions that changed"),
    ChannelRow("ALGO_UPDATE", True, "every change of an order that waits for a price"),
    ChannelRow("ACCOUNT_CONFIG_UPDATE", True, "another leverage"),
    ChannelRow("MARGIN_CALL", True, "a liquidation begins"),
    ChannelRow("listenKeyExpired", True, "the stream's key was not renewed"),
    ChannelRow("<symbol>@depth, @depth5/10/20", False, "the book: what changed (U, u, pu), or its best levels"),
    ChannelRow("<symbol>@bookTicker, !bookTicker", False, "best bid and ask"),
    ChannelRow("<symbol>@trade, @aggTrade", False, "trades"),
    ChannelRow("<symbol>@markPrice, !markPrice@arr", False, "mark price, index and funding"),
    ChannelRow("<symbol>@ticker, @miniTicker, !ticker@arr, !miniTicker@arr", False, "the last 24 hours"),
    ChannelRow("<symbol>@kline_<interval>", False, "candles"),
)


def _cost(endpoint: Endpoint) -> str:
    return cost_of(endpoint.cost(params) for params in _PROBES) if endpoint.bucket == "api" else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    requests = [
        EndpointRow(method, path, row.op, row.security, _cost(row), "counts as an order" if row.orders else "")
        for (method, path), row in ENDPOINTS.items()
    ]
    frames = [
        EndpointRow("WS", name, row.op, row.security, _cost(row), "counts as an order" if row.orders else "")
        for name, row in METHODS.items()
    ]
    return About(
        endpoints=(*requests, *frames),
        errors=tuple(ErrorRow(str(error.code), error.text, error.status) for error in table(VENUE).values()),
        order_types=_ORDER_TYPES,
        channels=_CHANNELS,
        streams=(("/ws", "market data"), ("/ws-fapi/v1", "WebSocket API")),
        refusal_keys=("code", "msg"),
    )
