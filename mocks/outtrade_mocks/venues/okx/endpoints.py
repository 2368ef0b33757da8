"""The table of endpoints: method and path -> what it is called, who may ask, how often, and who carries it out.

``limit`` is the number of requests in two seconds (docs-v5, "Rate Limit" of each endpoint); ``per`` says of what:
``address`` of one IP address, ``user`` of the account, ``instrument`` of the account and the instruments that it
names, ``orders`` the same and counted by orders (batches). ``counts``: whether its orders count against the
sub-account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import account, algos, history, market, trading
from outtrade_mocks.venues.okx.desk import Desk, Outcome

Handler = Callable[[Desk, Call, int, int | None], Outcome]
Per = Literal["address", "user", "instrument", "orders"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``op`` is the unified operation."""

    op: str
    run: Handler
    limit: int
    per: Per = "user"
    private: bool = True
    timed: bool = False
    """Whether its answer carries ``inTime`` and ``outTime``."""
    counts: bool = False
    key: str = ""
    """What it shares its count with (WebSocket operations and REST share theirs); "": its own path."""
    window: int = 2_000_000_000


def _public(op: str, run: Handler, limit: int = 20) -> Endpoint:
    return Endpoint(op, run, limit, "address", private=False)


def _orders(op: str, run: Handler, key: str, *, batch: bool = False, counts: bool = False) -> Endpoint:
    return Endpoint(
        op, run, 300 if batch else 60, "orders" if batch else "instrument", timed=True, counts=counts, key=key
    )


PLACE = _orders("place", trading.place, "order", counts=True)
PLACE_BATCH = _orders("place_batch", trading.place_batch, "batch-orders", batch=True, counts=True)
CANCEL = _orders("cancel", trading.cancel, "cancel-order")
CANCEL_BATCH = _orders("cancel_batch", trading.cancel_batch, "cancel-batch-orders", batch=True)
AMEND = _orders("amend", trading.amend, "amend-order", counts=True)
AMEND_BATCH = _orders("amend_batch", trading.amend_batch, "amend-batch-orders", batch=True, counts=True)

_GET: dict[str, Endpoint] = {
    # ---- public data
    "public/time": _public("time", market.time, 10),
    "system/status": Endpoint("status", market.status, 1, "address", private=False, window=5_000_000_000),
    "public/instruments": _public("exchange_info", market.instruments),
    "public/underlying": _public("other", market.underlying),
    "public/mark-price": _public("ticker", market.mark_price, 10),
    "public/price-limit": _public("other", market.price_limit),
    "public/funding-rate": _public("other", market.funding_rate, 10),
    "public/funding-rate-history": _public("other", market.funding_history, 10),
    "public/open-interest": _public("other", market.open_interest),
    "public/position-tiers": _public("other", market.position_tiers, 10),
    # ---- market data
    "market/tickers": _public("ticker", market.tickers),
    "market/ticker": _public("ticker", market.ticker),
    "market/index-tickers": _public("ticker", market.index_tickers),
    "market/books": _public("depth", market.books, 40),
    "market/trades": _public("public_trades", market.trades, 100),
    "market/history-trades": _public("public_trades", market.history_trades),
    "market/candles": _public("other", market.candles, 40),
    "market/history-candles": _public("other", market.candles),
    # ---- orders and trades
    "trade/order": Endpoint("query", history.query, 60, "instrument"),
    "trade/orders-pending": Endpoint("open_orders", history.pending, 60),
    "trade/orders-history": Endpoint("all_orders", history.past, 40),
    "trade/orders-history-archive": Endpoint("all_orders", history.past, 20),
    "trade/fills": Endpoint("trades", history.fills, 60),
    "trade/fills-history": Endpoint("trades", history.fills_history, 10),
    "trade/order-algo": Endpoint("query", algos.query, 20),
    "trade/orders-algo-pending": Endpoint("open_orders", algos.pending, 20),
    "trade/orders-algo-history": Endpoint("all_orders", algos.past, 20),
    "trade/account-rate-limit": Endpoint("other", trading.account_rate_limit, 1, window=1_000_000_000),
    # ---- account
    "account/balance": Endpoint("account", account.balance, 10),
    "account/positions": Endpoint("positions", account.positions, 10),
    "account/positions-history": Endpoint("positions", account.positions_history, 10),
    "account/account-position-risk": Endpoint("positions", account.risk, 10),
    "account/config": Endpoint("other", account.config, 5),
    "account/instruments": Endpoint("exchange_info", account.own_instruments, 20),
    "account/leverage-info": Endpoint("other", account.leverage_info, 20),
    "account/max-size": Endpoint("other", account.max_size, 20),
    "account/max-avail-size": Endpoint("other", account.max_avail_size, 20),
    "account/max-withdrawal": Endpoint("other", account.max_withdrawal, 20),
    "account/trade-fee": Endpoint("fees", account.trade_fee, 5),
    "account/bills": Endpoint("other", account.bills, 5),
    "account/bills-archive": Endpoint("other", account.bills, 5),
    "account/interest-accrued": Endpoint("other", account.interest, 5),
    "account/interest-rate": Endpoint("other", account.interest, 5),
    # ---- funding
    "asset/currencies": Endpoint("currencies", account.currencies, 6, window=1_000_000_000),
    "asset/balances": Endpoint("other", account.asset_balances, 6, window=1_000_000_000),
}
_POST: dict[str, Endpoint] = {
    "trade/order": PLACE,
    "trade/batch-orders": PLACE_BATCH,
    "trade/cancel-order": CANCEL,
    "trade/cancel-batch-orders": CANCEL_BATCH,
    "trade/amend-order": AMEND,
    "trade/amend-batch-orders": AMEND_BATCH,
    "trade/close-position": Endpoint("place", trading.close_position, 20, "instrument"),
    "trade/order-algo": Endpoint("place", algos.place, 20, "instrument"),
    "trade/cancel-algos": Endpoint("cancel", algos.cancel, 20, "orders"),
    "trade/amend-algos": Endpoint("amend", algos.amend, 20, "instrument"),
    "trade/cancel-all-after": Endpoint("dead_man", trading.cancel_all_after, 1, window=1_000_000_000),
    "trade/order-precheck": Endpoint("other", trading.precheck, 5),
    "account/set-position-mode": Endpoint("position_mode", account.set_position_mode, 5),
    "account/set-leverage": Endpoint("leverage", account.set_leverage, 40),
    "account/position/margin-balance": Endpoint("margin", account.margin_balance, 20),
}
ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {("GET", f"/api/v5/{path}"): endpoint for path, endpoint in _GET.items()}
    | {("POST", f"/api/v5/{path}"): endpoint for path, endpoint in _POST.items()}
)
PATHS = frozenset(path for _, path in ENDPOINTS)
