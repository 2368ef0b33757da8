"""The table of endpoints: method and path -> what it is called, how it is secured, what it weighs, who carries it out.

Weights are those of rest-api.md; where they depend on parameters, a function of these computes them. The wallet API
(``/sapi``) counts in a bucket of its own, whose weights are left out here because no client under test comes near its
limit of 12,000 a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_spot import account, candles, market, orderlists, trading, wallet
from outtrade_mocks.venues.binance_spot.desk import Desk, Outcome

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
    bucket: Literal["api", "sapi", "other"] = "api"
    writes: bool = False
    """Whether it goes to the matching engine."""
    new_order: bool = False
    """Whether it counts against the order limits."""

    def cost(self, params: Params) -> int:
        """The weight of a request."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def _depth(params: Params) -> int:
    limit = params.get("limit", "100")
    size = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 10 else 100
    return 5 if size <= 100 else 25 if size <= 500 else 50 if size <= 1000 else 250


def _one_or_all(one: int, some: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else some


def _windows(params: Params) -> int:
    return min(200, 4 * (params.get("symbols", "").count(",") + 1))


def _day(params: Params) -> int:
    if "symbol" in params:
        return 2
    if "symbols" not in params:
        return 80
    count = params["symbols"].count(",") + 1
    return 2 if count <= 20 else 40 if count <= 100 else 80


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): Endpoint("ping", "none", 1, market.ping),
    ("GET", "/api/v3/time"): Endpoint("time", "none", 1, market.time),
    ("GET", "/api/v3/exchangeInfo"): Endpoint("exchange_info", "none", 20, market.rules),
    ("GET", "/api/v3/depth"): Endpoint("depth", "none", _depth, market.depth),
    ("GET", "/api/v3/trades"): Endpoint("public_trades", "none", 25, candles.trades),
    ("GET", "/api/v3/historicalTrades"): Endpoint("public_trades", "none", 25, candles.historical_trades),
    ("GET", "/api/v3/aggTrades"): Endpoint("public_trades", "none", 4, candles.aggregate_trades),
    ("GET", "/api/v3/klines"): Endpoint("other", "none", 2, candles.klines),
    ("GET", "/api/v3/uiKlines"): Endpoint("other", "none", 2, candles.klines),
    ("GET", "/api/v3/avgPrice"): Endpoint("ticker", "none", 2, market.average_price),
    ("GET", "/api/v3/ticker/24hr"): Endpoint("ticker", "none", _day, market.ticker_24hr),
    ("GET", "/api/v3/ticker"): Endpoint("ticker", "none", _windows, candles.rolling),
    ("GET", "/api/v3/ticker/tradingDay"): Endpoint("ticker", "none", _windows, candles.trading_day),
    ("GET", "/api/v3/ticker/price"): Endpoint("ticker", "none", _one_or_all(2, 4), market.ticker_price),
    ("GET", "/api/v3/ticker/bookTicker"): Endpoint("ticker", "none", _one_or_all(2, 4), market.book_ticker),
    ("POST", "/api/v3/order"): Endpoint("place", "signed", 1, trading.place, writes=True, new_order=True),
    ("POST", "/api/v3/order/test"): Endpoint(
        "other", "signed", lambda params: 20 if params.get("computeCommissionRates") == "true" else 1, trading.test
    ),
    ("GET", "/api/v3/order"): Endpoint("query", "signed", 4, account.query),
    ("DELETE", "/api/v3/order"): Endpoint("cancel", "signed", 1, trading.cancel, writes=True),
    ("GET", "/api/v3/openOrders"): Endpoint("open_orders", "signed", _one_or_all(6, 80), account.open_orders),
    ("DELETE", "/api/v3/openOrders"): Endpoint("cancel_all", "signed", 1, trading.cancel_all, writes=True),
    ("POST", "/api/v3/order/cancelReplace"): Endpoint(
        "cancel_replace", "signed", 1, trading.cancel_replace, writes=True, new_order=True
    ),
    ("PUT", "/api/v3/order/amend/keepPriority"): Endpoint("amend", "signed", 4, trading.amend, writes=True),
    ("GET", "/api/v3/order/amendments"): Endpoint("other", "signed", 4, account.amendments),
    ("POST", "/api/v3/orderList/oco"): Endpoint("place_list", "signed", 1, orderlists.oco, writes=True, new_order=True),
    ("POST", "/api/v3/orderList/oto"): Endpoint("place_list", "signed", 1, orderlists.oto, writes=True, new_order=True),
    ("POST", "/api/v3/orderList/otoco"): Endpoint(
        "place_list", "signed", 1, orderlists.otoco, writes=True, new_order=True
    ),
    ("POST", "/api/v3/order/oco"): Endpoint("place_list", "signed", 1, orderlists.old_oco, writes=True, new_order=True),
    ("DELETE", "/api/v3/orderList"): Endpoint("cancel_list", "signed", 1, orderlists.cancel, writes=True),
    ("GET", "/api/v3/orderList"): Endpoint("lists", "signed", 4, orderlists.query),
    ("GET", "/api/v3/allOrderList"): Endpoint("lists", "signed", 20, orderlists.all_lists),
    ("GET", "/api/v3/openOrderList"): Endpoint("lists", "signed", 6, orderlists.open_lists),
    ("GET", "/api/v3/allOrders"): Endpoint("all_orders", "signed", 20, account.all_orders),
    ("GET", "/api/v3/myTrades"): Endpoint(
        "trades", "signed", lambda params: 5 if "orderId" in params else 20, account.my_trades
    ),
    ("GET", "/api/v3/account"): Endpoint("account", "signed", 20, account.account),
    ("GET", "/api/v3/account/commission"): Endpoint("fees", "signed", 20, account.commission),
    ("GET", "/api/v3/myPreventedMatches"): Endpoint(
        "other", "signed", lambda params: 20 if "orderId" in params else 2, account.prevented_matches
    ),
    ("GET", "/api/v3/myAllocations"): Endpoint("other", "signed", 20, account.allocations),
    ("GET", "/api/v3/myFilters"): Endpoint("other", "signed", 40, account.filters),
    ("GET", "/api/v3/rateLimit/order"): Endpoint("other", "signed", 40, account.order_counts),
    ("GET", "/sapi/v1/system/status"): Endpoint("status", "none", 0, market.status, "sapi"),
    ("GET", "/sapi/v1/asset/tradeFee"): Endpoint("fees", "signed", 0, wallet.trade_fee, "sapi"),
    ("POST", "/sapi/v3/asset/getUserAsset"): Endpoint("account", "signed", 0, wallet.user_assets, "sapi"),
    ("GET", "/sapi/v1/account/status"): Endpoint("other", "signed", 0, wallet.account_status, "sapi"),
    ("GET", "/sapi/v1/account/apiTradingStatus"): Endpoint("other", "signed", 0, wallet.trading_status, "sapi"),
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint("other", "signed", 0, wallet.restrictions, "sapi"),
    ("GET", "/sapi/v1/bnbBurn"): Endpoint("other", "signed", 0, wallet.burn, "sapi"),
    ("POST", "/sapi/v1/bnbBurn"): Endpoint("other", "signed", 0, wallet.set_burn, "sapi"),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint("currencies", "signed", 0, wallet.coins, "sapi"),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint("other", "key", 0, wallet.no_pairs, "sapi"),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint("other", "signed", 0, wallet.no_pairs, "sapi"),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint("other", "none", 0, market.no_symbols, "other"),
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint("other", "none", 0, market.no_symbols, "other"),
}
