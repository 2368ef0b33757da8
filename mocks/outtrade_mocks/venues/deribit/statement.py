"""What Deribit says of itself in its documentation (docs/venues/deribit.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.deribit.channels import PRIVATE_WORDS, PUBLIC_WORDS, SILENT
from outtrade_mocks.venues.deribit.errors import table
from outtrade_mocks.venues.deribit.methods import METHODS

_ORDER_TYPES = (
    OrderTypeRow("limit", "type limit with price; post_only is moved beside the spread, or refused (reject_post_only)"),
    OrderTypeRow("market", "type market"),
    OrderTypeRow(
        "stop", "type stop_market with trigger and trigger_price", "reserves nothing; one id before and after"
    ),
    OrderTypeRow("stop_limit", "type stop_limit, with price", "the same"),
    OrderTypeRow("take_profit", "type take_market with trigger and trigger_price", "the same"),
    OrderTypeRow("take_profit_limit", "type take_limit, with price", "the same"),
    OrderTypeRow("trailing_stop", "type trailing_stop with trigger and trigger_offset", "the same"),
    OrderTypeRow("iceberg", "display_amount of a limit order"),
)
_POOLS = {
    "matching": "matching engine",
    "other": "500 credits",
    "subscribe": "3000 credits",
    "instruments": "1 in 10 s",
}


def about() -> About:
    """Methods, errors, order types and channels."""
    rows = [
        EndpointRow(
            "WS" if row.run is None else "GET",
            name if row.run is None else f"/api/v2/{name}",
            row.op,
            "token or signature" if row.private else "none",
            _POOLS[row.pool],
            row.note or "also POST, and frames",
        )
        for name, row in METHODS.items()
    ]
    private = tuple(ChannelRow(name, True, says) for name, says in PRIVATE_WORDS.items())
    public = tuple(ChannelRow(name, False, says) for name, says in PUBLIC_WORDS.items())
    silent = tuple(ChannelRow(name, name.startswith("user."), "nothing here") for name in SILENT)
    return About(
        endpoints=tuple(rows),
        errors=tuple(ErrorRow(str(error.code), error.text, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=private + public + silent,
        refusal_keys=("jsonrpc", "error", "usIn", "usOut", "usDiff", "testnet"),
        answer_keys=("jsonrpc", "result", "usIn", "usOut", "usDiff", "testnet"),
    )
