"""What Alpaca says of itself in its documentation (docs/venues/alpaca.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.alpaca.endpoints import ENDPOINTS
from outtrade_mocks.venues.alpaca.errors import table

_ORDER_TYPES = (
    OrderTypeRow("market", "type=market with qty or notional"),
    OrderTypeRow("limit", "type=limit, limit_price"),
    OrderTypeRow("stop", "type=stop, stop_price", "equities"),
    OrderTypeRow("stop_limit", "type=stop_limit, stop_price, limit_price"),
    OrderTypeRow("trailing_stop", "type=trailing_stop, trail_price or trail_percent", "equities"),
    OrderTypeRow("bracket", "order_class=bracket, take_profit, stop_loss", "equities"),
    OrderTypeRow("oco", "order_class=oco, take_profit, stop_loss", "equities; the limit order is the parent"),
    OrderTypeRow("oto", "order_class=oto, take_profit or stop_loss", "equities"),
    OrderTypeRow("extended hours", "extended_hours=true, type=limit, time_in_force=day", "equities"),
    OrderTypeRow("on the open, on the close", "time_in_force=opg or cls", "equities"),
)


def about() -> About:
    """Endpoints, errors, order types and channels."""
    rest = tuple(
        EndpointRow(method, path, row.op, "key" if row.private else "none", "1", f"limit of {row.api}")
        for (method, path), row in ENDPOINTS.items()
    )
    stream = (
        EndpointRow("WS", "authenticate", "login", "none"),
        EndpointRow("WS", "listen", "subscribe", "key"),
        EndpointRow("WS", "auth", "login", "none", "", "market data"),
        EndpointRow("WS", "subscribe", "subscribe", "key", "", "market data"),
        EndpointRow("WS", "unsubscribe", "other", "key", "", "market data"),
    )
    return About(
        endpoints=rest + stream,
        errors=tuple(
            ErrorRow("" if error.code is None else str(error.code), error.text, error.status)
            for error in table().values()
        ),
        order_types=_ORDER_TYPES,
        channels=(
            ChannelRow("trade_updates", True, "every change of the account's orders, with the whole order; binary"),
            ChannelRow("quotes", False, "best bid and ask of an asset, looked at every second"),
            ChannelRow("trades", False, "everybody's trades"),
            ChannelRow("bars", False, "the bar of each minute, once it is over"),
            ChannelRow("orderbooks", False, "crypto: a whole book, then what changed"),
        ),
        streams=(("/v1beta3/crypto/us", "crypto market data"), ("/v2/iex", "stock market data")),
        refusal_keys=("message",),
        answer_keys=(),
    )
