"""The table of endpoints: what each is in unified words, what it costs, who carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import account, market, trading
from outtrade_mocks.venues.kraken_spot.desk import Desk, Outcome

Handler = Callable[[Desk, Call, int, int | None], Outcome]
HISTORY = 4
"""What calls for ledgers and trade history cost (guide Rate limits)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``cost``: on the counter of REST calls; ``private``: it needs a signature."""

    op: str
    run: Handler
    private: bool = True
    cost: int = 1


def _public(op: str, run: Handler) -> Endpoint:
    return Endpoint(op, run, private=False, cost=0)


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        "/0/public/Time": _public("time", market.time),
        "/0/public/SystemStatus": _public("status", market.status),
        "/0/public/Assets": _public("currencies", market.assets),
        "/0/public/AssetPairs": _public("exchange_info", market.asset_pairs),
        "/0/public/Ticker": _public("ticker", market.ticker),
        "/0/public/Depth": _public("depth", market.depth),
        "/0/public/Trades": _public("public_trades", market.trades),
        "/0/public/OHLC": _public("other", market.ohlc),
        "/0/public/Spread": _public("other", market.spread),
        "/0/private/AddOrder": Endpoint("place", trading.place, cost=0),
        "/0/private/AddOrderBatch": Endpoint("place_batch", trading.place_batch, cost=0),
        "/0/private/AmendOrder": Endpoint("amend", trading.amend, cost=0),
        "/0/private/EditOrder": Endpoint("cancel_replace", trading.edit, cost=0),
        "/0/private/CancelOrder": Endpoint("cancel", trading.cancel, cost=0),
        "/0/private/CancelOrderBatch": Endpoint("cancel_batch", trading.cancel_batch, cost=0),
        "/0/private/CancelAll": Endpoint("cancel_all", trading.cancel_all),
        "/0/private/CancelAllOrdersAfter": Endpoint("dead_man", trading.cancel_after),
        "/0/private/QueryOrders": Endpoint("query", account.query_orders),
        "/0/private/OpenOrders": Endpoint("open_orders", account.open_orders),
        "/0/private/ClosedOrders": Endpoint("all_orders", account.closed_orders),
        "/0/private/OrderAmends": Endpoint("other", account.order_amends),
        "/0/private/TradesHistory": Endpoint("trades", account.trades_history, cost=HISTORY),
        "/0/private/QueryTrades": Endpoint("trades", account.query_trades),
        "/0/private/Ledgers": Endpoint("other", account.ledgers, cost=HISTORY),
        "/0/private/QueryLedgers": Endpoint("other", account.query_ledgers),
        "/0/private/Balance": Endpoint("account", account.balance),
        "/0/private/BalanceEx": Endpoint("account", account.balance_ex),
        "/0/private/TradeBalance": Endpoint("account", account.trade_balance),
        "/0/private/OpenPositions": Endpoint("positions", account.positions),
        "/0/private/TradeVolume": Endpoint("fees", account.trade_volume),
        "/0/private/GetWebSocketsToken": Endpoint("token", account.token),
    }
)
