"""The table of endpoints: method and path -> what it is called, how it is secured, what it weighs, who carries it out.

Weights are those of the documentation; where they depend on parameters, a function of these computes them. Orders count
against the order limits instead (General Info): a batch as many times as it has orders. The wallet API (``/sapi``)
that clients ask at start-up, counts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm import account, algos, market, queries, settings, trading
from outtrade_mocks.venues.binance_usdm.desk import Desk, Outcome

Handler = Callable[[Desk, Call, int, int | None], Outcome]
Security = Literal["none", "key", "signed"]
Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``op`` is the unified operation; ``bucket`` says which weight it counts against."""

    op: str
    security: Security
    weight: int | Callable[[Params], int]
    run: Handler
    orders: bool = False
    """Whether it counts against the order limits: once, or as often as ``batchOrders`` has items."""
    bucket: Literal["api", "sapi"] = "api"

    def cost(self, params: Params) -> int:
        """The weight of a request."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)

    def order_count(self, params: Params) -> int:
        """How many orders a request counts as."""
        if not self.orders:
            return 0
        return max(1, params.get("batchOrders", "").count("{")) if "batch" in self.op else 1


def _limit(params: Params, default: int) -> int:
    sent = params.get("limit", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 8 else default


def _depth(params: Params) -> int:
    size = _limit(params, 500)
    return 2 if size <= 50 else 5 if size <= 100 else 10 if size <= 500 else 20


def _klines(params: Params) -> int:
    size = _limit(params, 500)
    return 1 if size < 100 else 2 if size < 500 else 5 if size <= 1000 else 10


def _one_or_all(one: int, some: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else some


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    # ---- market data
    ("GET", "/fapi/v1/ping"): Endpoint("ping", "none", 1, market.ping),
    ("GET", "/fapi/v1/time"): Endpoint("time", "none", 1, market.time),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint("exchange_info", "none", 1, market.rules),
    ("GET", "/fapi/v1/depth"): Endpoint("depth", "none", _depth, market.depth),
    ("GET", "/fapi/v1/rpiDepth"): Endpoint("depth", "none", 20, market.depth),
    ("GET", "/fapi/v1/trades"): Endpoint("public_trades", "none", 5, market.trades),
    ("GET", "/fapi/v1/historicalTrades"): Endpoint("public_trades", "key", 20, market.trades),
    ("GET", "/fapi/v1/aggTrades"): Endpoint("public_trades", "none", 20, market.aggregate_trades),
    ("GET", "/fapi/v1/klines"): Endpoint("other", "none", _klines, market.klines),
    ("GET", "/fapi/v1/continuousKlines"): Endpoint("other", "none", _klines, market.continuous_klines),
    ("GET", "/fapi/v1/premiumIndex"): Endpoint("ticker", "none", _one_or_all(1, 10), market.premium_index),
    ("GET", "/fapi/v1/fundingRate"): Endpoint("other", "none", 1, market.funding_rates),
    ("GET", "/fapi/v1/fundingInfo"): Endpoint("other", "none", 1, market.funding_info),
    ("GET", "/fapi/v1/ticker/24hr"): Endpoint("ticker", "none", _one_or_all(1, 40), market.ticker_24hr),
    ("GET", "/fapi/v1/ticker/price"): Endpoint("ticker", "none", _one_or_all(1, 2), market.ticker_price),
    ("GET", "/fapi/v2/ticker/price"): Endpoint("ticker", "none", _one_or_all(1, 2), market.ticker_price),
    ("GET", "/fapi/v1/ticker/bookTicker"): Endpoint("ticker", "none", _one_or_all(2, 5), market.book_ticker),
    ("GET", "/fapi/v1/openInterest"): Endpoint("other", "none", 1, market.open_interest),
    # ---- orders
    ("POST", "/fapi/v1/order"): Endpoint("place", "signed", 0, trading.place, True),
    ("POST", "/fapi/v1/order/test"): Endpoint("other", "signed", 0, trading.test),
    ("PUT", "/fapi/v1/order"): Endpoint("amend", "signed", 1, trading.amend, True),
    ("GET", "/fapi/v1/order"): Endpoint("query", "signed", 1, queries.query),
    ("DELETE", "/fapi/v1/order"): Endpoint("cancel", "signed", 1, trading.cancel),
    ("POST", "/fapi/v1/batchOrders"): Endpoint("place_batch", "signed", 5, trading.place_batch, True),
    ("PUT", "/fapi/v1/batchOrders"): Endpoint("amend_batch", "signed", 5, trading.amend_batch, True),
    ("DELETE", "/fapi/v1/batchOrders"): Endpoint("cancel_batch", "signed", 1, trading.cancel_batch),
    ("DELETE", "/fapi/v1/allOpenOrders"): Endpoint("cancel_all", "signed", 1, trading.cancel_all),
    ("POST", "/fapi/v1/countdownCancelAll"): Endpoint("dead_man", "signed", 10, trading.countdown),
    ("GET", "/fapi/v1/openOrder"): Endpoint("query", "signed", 1, queries.open_order),
    ("GET", "/fapi/v1/openOrders"): Endpoint("open_orders", "signed", _one_or_all(1, 40), queries.open_orders),
    ("GET", "/fapi/v1/allOrders"): Endpoint("all_orders", "signed", 5, queries.all_orders),
    ("GET", "/fapi/v1/userTrades"): Endpoint("trades", "signed", 5, queries.trades),
    ("GET", "/fapi/v1/orderAmendment"): Endpoint("other", "signed", 1, queries.amendments),
    ("GET", "/fapi/v1/forceOrders"): Endpoint("other", "signed", _one_or_all(20, 50), queries.force_orders),
    # ---- orders that wait for a price
    ("POST", "/fapi/v1/algoOrder"): Endpoint("place", "signed", 0, algos.place, True),
    ("GET", "/fapi/v1/algoOrder"): Endpoint("query", "signed", 1, algos.query),
    ("DELETE", "/fapi/v1/algoOrder"): Endpoint("cancel", "signed", 1, algos.cancel),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Endpoint("cancel_all", "signed", 1, trading.cancel_all_algos),
    ("GET", "/fapi/v1/openAlgoOrders"): Endpoint("open_orders", "signed", _one_or_all(1, 40), algos.open_orders),
    ("GET", "/fapi/v1/allAlgoOrders"): Endpoint("all_orders", "signed", 5, algos.all_orders),
    # ---- account
    ("GET", "/fapi/v2/account"): Endpoint("account", "signed", 5, account.account_v2),
    ("GET", "/fapi/v3/account"): Endpoint("account", "signed", 5, account.account_v3),
    ("GET", "/fapi/v2/balance"): Endpoint("account", "signed", 5, account.balance),
    ("GET", "/fapi/v3/balance"): Endpoint("account", "signed", 5, account.balance),
    ("GET", "/fapi/v2/positionRisk"): Endpoint("positions", "signed", 5, account.risk_v2),
    ("GET", "/fapi/v3/positionRisk"): Endpoint("positions", "signed", 5, account.risk_v3),
    ("GET", "/fapi/v1/adlQuantile"): Endpoint("other", "signed", 5, account.adl_quantile),
    ("GET", "/fapi/v1/income"): Endpoint("other", "signed", 30, queries.income),
    ("GET", "/fapi/v1/commissionRate"): Endpoint("fees", "signed", 20, account.commission),
    ("GET", "/fapi/v1/leverageBracket"): Endpoint("other", "signed", 1, account.brackets),
    ("GET", "/fapi/v1/accountConfig"): Endpoint("other", "signed", 5, account.account_config),
    ("GET", "/fapi/v1/symbolConfig"): Endpoint("other", "signed", 5, account.symbol_config),
    ("GET", "/fapi/v1/rateLimit/order"): Endpoint("other", "signed", 1, account.order_limits),
    ("GET", "/fapi/v1/apiTradingStatus"): Endpoint("other", "signed", _one_or_all(1, 10), account.trading_status),
    ("GET", "/fapi/v1/feeBurn"): Endpoint("other", "signed", 30, account.constant({"feeBurn": False})),
    # ---- how it trades
    ("POST", "/fapi/v1/leverage"): Endpoint("leverage", "signed", 1, settings.leverage),
    ("POST", "/fapi/v1/marginType"): Endpoint("margin_mode", "signed", 1, settings.margin_type),
    ("GET", "/fapi/v1/positionSide/dual"): Endpoint("other", "signed", 30, settings.get_position_mode),
    ("POST", "/fapi/v1/positionSide/dual"): Endpoint("position_mode", "signed", 1, settings.position_mode),
    ("POST", "/fapi/v1/positionMargin"): Endpoint("margin", "signed", 1, settings.position_margin),
    ("GET", "/fapi/v1/positionMargin/history"): Endpoint("other", "signed", 1, settings.margin_history),
    ("GET", "/fapi/v1/multiAssetsMargin"): Endpoint("other", "signed", 30, settings.get_asset_mode),
    ("POST", "/fapi/v1/multiAssetsMargin"): Endpoint("other", "signed", 1, settings.asset_mode),
    # ---- stream
    ("POST", "/fapi/v1/listenKey"): Endpoint("token", "key", 1, settings.open_listen_key),
    ("PUT", "/fapi/v1/listenKey"): Endpoint("token", "key", 1, settings.renew_listen_key),
    ("DELETE", "/fapi/v1/listenKey"): Endpoint("token", "key", 1, settings.close_listen_key),
    # ---- spot and wallet, as far as clients ask them at start-up
    ("GET", "/api/v3/ping"): Endpoint("ping", "none", 0, market.ping, False, "sapi"),
    ("GET", "/api/v3/time"): Endpoint("time", "none", 0, market.time, False, "sapi"),
    ("GET", "/sapi/v1/system/status"): Endpoint(
        "status", "none", 0, account.constant({"status": 0, "msg": "normal"}), False, "sapi"
    ),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint("currencies", "signed", 0, account.constant([]), False, "sapi"),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint("other", "key", 0, account.constant([]), False, "sapi"),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint("other", "signed", 0, account.constant([]), False, "sapi"),
}
