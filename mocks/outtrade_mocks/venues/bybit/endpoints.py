"""The table of endpoints: method and path -> what it is called, whether it is signed, how fast it may be asked, who
carries it out.

The pace is per account, endpoint and category in a rolling second (rate-limit.mdx); public endpoints have none of
their own, all count for the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import account, market, positions, queries, trading
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.firm import Firm

Handler = Callable[[Firm, Call, int, int | None], Outcome]
Pace = Literal["order", "query", ""]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``op`` is the unified operation; ``pace`` which limit it counts against."""

    op: str
    signed: bool
    run: Handler
    pace: Pace = ""
    batch: bool = False
    """Whether each of its items counts."""

    def most(self, paces: Mapping[str, int], category: str) -> int:
        """Requests (or items) in a second."""
        if self.pace == "order":
            return paces["spot_order" if category == "spot" else "order"]
        return paces["query"]

    def cost(self, params: Mapping[str, Any]) -> int:
        """What a request counts."""
        items = params.get("request")
        return len(items) if self.batch and isinstance(items, list) and items else 1


def _public(op: str, run: Handler) -> Endpoint:
    return Endpoint(op, False, run)


def _query(op: str, run: Handler) -> Endpoint:
    return Endpoint(op, True, run, "query")


def _order(op: str, run: Handler, *, batch: bool = False) -> Endpoint:
    return Endpoint(op, True, run, "order", batch)


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/v5/market/time"): _public("time", market.time),
    ("GET", "/v5/system/status"): _public("status", market.status),
    ("GET", "/v5/market/instruments-info"): _public("exchange_info", market.rules),
    ("GET", "/v5/market/risk-limit"): _public("exchange_info", market.risk_limit),
    ("GET", "/v5/market/orderbook"): _public("depth", market.orderbook),
    ("GET", "/v5/market/tickers"): _public("ticker", market.tickers),
    ("GET", "/v5/market/recent-trade"): _public("public_trades", market.recent_trades),
    ("GET", "/v5/market/kline"): _public("other", market.kline),
    ("GET", "/v5/market/mark-price-kline"): _public("other", market.mark_kline),
    ("GET", "/v5/market/index-price-kline"): _public("other", market.mark_kline),
    ("GET", "/v5/market/premium-index-kline"): _public("other", market.premium_kline),
    ("GET", "/v5/market/open-interest"): _public("other", market.open_interest),
    ("GET", "/v5/market/funding/history"): _public("other", market.funding_history),
    ("GET", "/v5/market/price-limit"): _public("other", market.price_limit),
    ("POST", "/v5/order/create"): _order("place", trading.create),
    ("POST", "/v5/order/amend"): _order("amend", trading.amend),
    ("POST", "/v5/order/cancel"): _order("cancel", trading.cancel),
    ("POST", "/v5/order/cancel-all"): _order("cancel_all", trading.cancel_all),
    ("POST", "/v5/order/create-batch"): _order("place_batch", trading.create_batch, batch=True),
    ("POST", "/v5/order/amend-batch"): _order("amend_batch", trading.amend_batch, batch=True),
    ("POST", "/v5/order/cancel-batch"): _order("cancel_batch", trading.cancel_batch, batch=True),
    ("POST", "/v5/order/pre-check"): _order("other", trading.pre_check),
    ("GET", "/v5/order/spot-borrow-check"): _query("other", trading.borrow_check),
    ("POST", "/v5/order/disconnected-cancel-all"): _order("dead_man", trading.protect),
    ("GET", "/v5/order/realtime"): _query("open_orders", queries.realtime),
    ("GET", "/v5/order/history"): _query("all_orders", queries.history),
    ("GET", "/v5/execution/list"): _query("trades", queries.executions),
    ("GET", "/v5/position/list"): _query("positions", positions.listing),
    ("POST", "/v5/position/set-leverage"): _order("leverage", positions.set_leverage),
    ("POST", "/v5/position/switch-isolated"): _order("margin_mode", positions.switch_isolated),
    ("POST", "/v5/position/switch-mode"): _order("position_mode", positions.switch_mode),
    ("POST", "/v5/position/trading-stop"): _order("place_list", positions.trading_stop),
    ("POST", "/v5/position/add-margin"): _order("margin", positions.add_margin),
    ("POST", "/v5/position/set-auto-add-margin"): _order("other", positions.set_auto_add_margin),
    ("GET", "/v5/position/closed-pnl"): _query("other", positions.closed_pnl),
    ("GET", "/v5/account/wallet-balance"): _query("account", account.wallet_balance),
    ("GET", "/v5/account/info"): _query("other", account.info),
    ("GET", "/v5/account/fee-rate"): _query("fees", account.fee_rate),
    ("GET", "/v5/account/instruments-info"): _query("exchange_info", market.rules),
    ("GET", "/v5/account/collateral-info"): _query("other", account.collateral),
    ("GET", "/v5/account/withdrawal"): _query("other", account.withdrawal),
    ("GET", "/v5/account/transaction-log"): _query("other", account.transaction_log),
    ("POST", "/v5/account/set-margin-mode"): _order("margin_mode", positions.set_margin_mode),
    ("GET", "/v5/account/query-dcp-info"): _query("other", account.dcp_info),
    ("GET", "/v5/account/smp-group"): _query("other", account.smp_group),
    ("GET", "/v5/user/query-api"): _query("other", account.query_api),
    ("GET", "/v5/asset/coin/query-info"): _query("currencies", account.coins),
    ("GET", "/v5/asset/transfer/query-account-coins-balance"): _query("account", account.coins_balance),
    ("GET", "/v5/asset/transfer/query-account-coin-balance"): _query("account", account.coin_balance),
}
