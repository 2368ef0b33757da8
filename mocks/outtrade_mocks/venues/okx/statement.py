"""What OKX says of itself in its documentation (docs/venues/okx.md), from its own tables."""

from __future__ import annotations

from outtrade_mocks.venues.about import About, ChannelRow, EndpointRow, ErrorRow, OrderTypeRow
from outtrade_mocks.venues.okx.channels import PERIODS, PRIVATE
from outtrade_mocks.venues.okx.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.okx.errors import table
from outtrade_mocks.venues.okx.session import OPERATIONS

_ORDER_TYPES = (
    OrderTypeRow("limit", "ordType limit, ioc or fok, with px"),
    OrderTypeRow("limit, post-only", "ordType post_only", "taken in, and cancelled where it would take"),
    OrderTypeRow("market", "ordType market; of swaps also optimal_limit_ioc", "sz counts as tgtCcy says"),
    OrderTypeRow("stop", "order-algo conditional with slTriggerPx and slOrdPx -1, or trigger", "reserves nothing"),
    OrderTypeRow("stop_limit", "the same with a price as slOrdPx, or as orderPx", "reserves nothing"),
    OrderTypeRow("take_profit", "order-algo conditional with tpTriggerPx and tpOrdPx -1", "reserves nothing"),
    OrderTypeRow("take_profit_limit", "the same with a price as tpOrdPx", "reserves nothing"),
    OrderTypeRow("trailing_stop", "order-algo move_order_stop with callbackRatio or callbackSpread, and activePx"),
    OrderTypeRow("oco", "order-algo oco with both"),
    OrderTypeRow("attached", "attachAlgoOrds of an order: a take-profit, a stop-loss or both", "come with its fill"),
)
_SAYS = {
    "orders": "every change of an order, and every trade",
    "fills": "every trade",
    "account": "balances: at first, when they change, and every five seconds",
    "positions": "positions: at first, when they change, and every five seconds",
    "balance_and_position": "both, in short: at first, and when they change",
    "liquidation-warning": "nothing here",
    "account-greeks": "nothing here",
    "orders-algo": "every change of a conditional, oco or trigger order",
    "algo-advance": "every change of a trailing order",
    "books": "400 levels: at first all, then changes, with seqId, prevSeqId and checksum",
    "books5": "5 levels, whole",
    "bbo-tbt": "the best level, whole",
    "status": "nothing here: no maintenance is planned",
    "open-interest": "nothing here",
}


def _cost(endpoint: Endpoint) -> str:
    whom = {"address": "an address", "user": "a user", "instrument": "an instrument", "orders": "an instrument"}
    counted = " orders" if endpoint.per == "orders" else ""
    return f"{endpoint.limit}{counted} in {endpoint.window // 1_000_000_000} s for {whom[endpoint.per]}"


def _note(endpoint: Endpoint) -> str:
    return "counts for the sub-account" if endpoint.counts else ""


def about() -> About:
    """Endpoints, errors, order types and channels."""
    rest = tuple(
        EndpointRow(method, path, row.op, "signed" if row.private else "none", _cost(row), _note(row))
        for (method, path), row in ENDPOINTS.items()
    )
    frames = tuple(EndpointRow("WS", op, row.op, "login", _cost(row), _note(row)) for op, row in OPERATIONS.items())
    private = tuple(ChannelRow(name, True, _SAYS[name]) for name in PRIVATE)
    public = tuple(
        ChannelRow(name, False, _SAYS.get(name, "what changed")) for name in (*PERIODS, "candle1m, and other bars")
    )
    return About(
        endpoints=rest + frames,
        errors=tuple(ErrorRow(error.code, error.text, error.status) for error in table().values()),
        order_types=_ORDER_TYPES,
        channels=private + public,
        streams=(("/ws/v5/public", "market data"), ("/ws/v5/business", "algo orders and candles")),
        refusal_keys=("code", "msg"),
        answer_keys=("code", "data", "msg"),
    )
