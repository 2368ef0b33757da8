"""What Coinbase says of itself in its documentation (docs/venues/coinbase.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.coinbase.endpoints import TABLE, Endpoint
from outtrade_mocks.venues.coinbase.errors import table

_ORDER_TYPES = (
    OrderTypeRow("market", "market_market_ioc with quote_size or base_size", "quote_size: buys only, fees included"),
    OrderTypeRow("limit", "limit_limit_gtc, limit_limit_gtd, limit_limit_fok, sor_limit_ioc"),
    OrderTypeRow("limit, post-only", "limit_limit_gtc or limit_limit_gtd with post_only"),
    OrderTypeRow(
        "stop_limit", "stop_limit_stop_limit_gtc or _gtd, stop_direction against the order (a buy: UP, a sale: DOWN)"
    ),
    OrderTypeRow("take_profit_limit", "the same with the other stop_direction"),
    OrderTypeRow(
        "bracket", "trigger_bracket_gtc or _gtd", "limit order; at the stop trigger price a limit 5 % beyond it"
    ),
)


def _note(row: Endpoint) -> str:
    if row.op == "all_orders":
        return "with order_status=OPEN: open_orders"
    return "of several orders: cancel_batch" if row.op == "cancel" else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    rest = tuple(
        EndpointRow(method, path, row.op, "signed" if row.signed else "none", "1", _note(row))
        for (method, path), row in TABLE.items()
    )
    stream = (
        EndpointRow("WS", "subscribe", "subscribe", "token for user", "1 without a token"),
        EndpointRow("WS", "unsubscribe", "other", "token for user", "1 without a token"),
    )
    return About(
        endpoints=rest + stream,
        errors=tuple(ErrorRow(error.word, error.text or error.word, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=(
            ChannelRow("user", True, "open orders, then an order after each change; amounts are cumulative"),
            ChannelRow("heartbeats", False, "each second, with a counter"),
            ChannelRow("level2", False, "the book, then what changed; named l2_data; looked at every 100 ms"),
            ChannelRow("ticker", False, "price, the day's figures, best bid and ask"),
            ChannelRow("ticker_batch", False, "the same every 5 s"),
            ChannelRow("market_trades", False, "everybody's trades of the last 250 ms"),
            ChannelRow("candles", False, "candles of five minutes, each second"),
            ChannelRow("status", False, "all products, every 5 s"),
        ),
        refusal_keys=("error|errors|error_response|results",),
    )
