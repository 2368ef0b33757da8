"""What Binance spot says of itself in its documentation (docs/venues/binance_spot.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow, cost_of
from outtrade_mocks.venues.binance_spot.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_spot.errors import table

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


def _cost(endpoint: Endpoint) -> str:
    """Of the bucket of the API's weights; other hosts and the wallet API count elsewhere."""
    return cost_of(endpoint.cost(params) for params in _PROBES) if endpoint.bucket == "api" else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    return About(
        endpoints=tuple(
            EndpointRow(method, path, row.op, row.security, _cost(row), "counts as an order" if row.new_order else "")
            for (method, path), row in ENDPOINTS.items()
        ),
        errors=tuple(ErrorRow(str(error.code), error.text, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=(
            ChannelRow("executionReport", True, "every change of an order, and every trade"),
            ChannelRow("outboundAccountPosition", True, "balances that changed"),
            ChannelRow("listStatus", True, "every change of an order list"),
        ),
        refusal_keys=("code", "msg"),
    )
