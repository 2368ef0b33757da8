"""What Bybit says of itself in its documentation (docs/venues/bybit.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.bybit.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.bybit.errors import table
from outtrade_mocks.venues.bybit.orders_stream import PATHS

_ORDER_TYPES = (
    OrderTypeRow("limit", "orderType=Limit, with timeInForce GTC, IOC or FOK"),
    OrderTypeRow("limit, post-only", "timeInForce=PostOnly", "taken in, then cancelled where it would take"),
    OrderTypeRow("market", "orderType=Market", "spot buys are given in quote unless marketUnit=baseCoin"),
    OrderTypeRow("stop, take_profit", "triggerPrice with triggerDirection (contracts), orderFilter=StopOrder (spot)"),
    OrderTypeRow("stop_limit, take_profit_limit", "the same with orderType=Limit"),
    OrderTypeRow("bracket", "takeProfit and stopLoss of an order, tpslMode Full or Partial"),
    OrderTypeRow("trailing_stop", "trailingStop of position/trading-stop", "contracts; activePrice begins it"),
    OrderTypeRow("close position", "qty=0 with reduceOnly and closeOnTrigger", "contracts"),
)

_CHANNELS = (
    ChannelRow("order", True, "every change of an order; also order.spot, order.linear, order.inverse"),
    ChannelRow("execution", True, "every trade of the account; also by category"),
    ChannelRow("execution.fast", True, "the same, shorter"),
    ChannelRow("position", True, "every change of a position; also by category"),
    ChannelRow("wallet", True, "balances that changed"),
    ChannelRow("dcp.spot, dcp.future, dcp.option", True, "says nothing; disconnection protection counts on it"),
    ChannelRow("orderbook.DEPTH.SYMBOL", False, "the book: a snapshot, then deltas; depths 1, 50, 200, 1000"),
    ChannelRow("publicTrade.SYMBOL", False, "everybody's trades"),
    ChannelRow("tickers.SYMBOL", False, "prices and sizes at the touch; contracts by deltas"),
    ChannelRow("kline.INTERVAL.SYMBOL", False, "the candle of the moment, without volumes"),
)


def _cost(row: Endpoint) -> str:
    return "" if not row.pace else "1 for each item" if row.batch else "1"


def about() -> About:
    """Endpoints, errors, order types and channels."""
    return About(
        endpoints=tuple(
            EndpointRow(method, path, row.op, "signed" if row.signed else "none", _cost(row))
            for (method, path), row in ENDPOINTS.items()
        )
        + tuple(
            EndpointRow("WS", op, ENDPOINTS["POST", path].op, "login", _cost(ENDPOINTS["POST", path]), "on /v5/trade")
            for op, path in PATHS.items()
        ),
        errors=tuple(ErrorRow(str(error.code or ""), error.text, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=_CHANNELS,
        streams=(
            ("/v5/public/spot", "market data"),
            ("/v5/public/linear", "market data of contracts"),
            ("/v5/trade", "orders"),
        ),
        refusal_keys=("retCode", "retMsg", "result", "retExtInfo", "time"),
        answer_keys=("retCode", "retMsg", "result", "retExtInfo", "time"),
    )
