"""What Kraken spot says of itself in its documentation (docs/venues/kraken_spot.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.kraken_spot.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.kraken_spot.errors import table
from outtrade_mocks.venues.kraken_spot.streams import METHOD_OPS

_ORDER_TYPES = (
    OrderTypeRow("market", "ordertype=market", "with oflags=viqc the volume is in quote (buys)"),
    OrderTypeRow("limit", "ordertype=limit, timeinforce GTC, IOC, GTD or FOK"),
    OrderTypeRow("limit, post-only", "ordertype=limit, oflags=post"),
    OrderTypeRow("iceberg", "ordertype=iceberg, displayvol at least a fifteenth of the volume"),
    OrderTypeRow("stop", "ordertype=stop-loss, price"),
    OrderTypeRow("stop_limit", "ordertype=stop-loss-limit, price, price2"),
    OrderTypeRow("take_profit", "ordertype=take-profit, price"),
    OrderTypeRow("take_profit_limit", "ordertype=take-profit-limit, price, price2"),
    OrderTypeRow("trailing_stop", "ordertype=trailing-stop, price as +5 or +1%"),
    OrderTypeRow(
        "trailing_stop_limit", "ordertype=trailing-stop-limit, price, price2 as offset from the trigger price"
    ),
    OrderTypeRow("oto", "close[ordertype], close[price], close[price2]", "one closing order for each fill"),
    OrderTypeRow("scheduled", "starttm", "pending until then"),
)


def _note(row: Endpoint) -> str:
    return "counts at the engine, per pair" if row.private and not row.cost else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    rest = tuple(
        EndpointRow(
            "POST" if row.private else "GET",
            path,
            row.op,
            "signed" if row.private else "none",
            str(row.cost) if row.cost else "",
            _note(row),
        )
        for path, row in ENDPOINTS.items()
    )
    stream = tuple(
        EndpointRow("WS", method, op, "none" if op == "ping" else "token, but for public channels"
                    if method in ("subscribe", "unsubscribe") else "token")
        for method, op in METHOD_OPS.items()
    )  # fmt: skip
    return About(
        endpoints=rest + stream,
        errors=tuple(ErrorRow("", text, 200) for text in table().values()),
        order_types=_ORDER_TYPES,
        channels=(
            ChannelRow("executions", True, "open orders and trades, then every change; sequence from 1"),
            ChannelRow("balances", True, "what is owned, then every entry of the ledger; sequence from 1"),
            ChannelRow("book", False, "depth 10 to 1000, with checksum, looked at every 100 ms"),
            ChannelRow("ticker", False, "best bid and ask, and the day's figures"),
            ChannelRow("trade", False, "everybody's trades"),
            ChannelRow("ohlc", False, "candles of the trades that are kept"),
            ChannelRow("instrument", False, "assets and pairs, once"),
            ChannelRow("status", False, "the greeting"),
            ChannelRow("heartbeat", False, "each second in which nothing else came"),
        ),
        refusal_keys=("error",),
        answer_keys=("error", "result"),
    )
