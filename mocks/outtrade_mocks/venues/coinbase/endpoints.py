"""The table of endpoints: method and path -> what each is in unified words, whether it is signed, who carries it out.

A path may end in, or have in it, a name in braces: what stands there is the request's ``named``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.coinbase import account, market, orders, trading
from outtrade_mocks.venues.coinbase.desk import Desk, Outcome

Handler = Callable[[Desk, Call, int, int | None], Outcome]
BASE = "/api/v3/brokerage"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``op`` is the unified operation."""

    op: str
    run: Handler
    signed: bool = True


def _public(op: str, run: Handler) -> Endpoint:
    return Endpoint(op, run, signed=False)


TABLE: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    {
        ("POST", f"{BASE}/orders"): Endpoint("place", trading.place),
        ("POST", f"{BASE}/orders/preview"): Endpoint("other", trading.preview),
        ("POST", f"{BASE}/orders/edit"): Endpoint("amend", trading.edit),
        ("POST", f"{BASE}/orders/edit_preview"): Endpoint("other", trading.edit_preview),
        ("POST", f"{BASE}/orders/batch_cancel"): Endpoint("cancel", trading.cancel),
        ("POST", f"{BASE}/orders/close_position"): Endpoint("other", trading.close_position),
        ("GET", f"{BASE}/orders/historical/batch"): Endpoint("all_orders", orders.batch),
        ("GET", f"{BASE}/orders/historical/fills"): Endpoint("trades", orders.fills),
        ("GET", f"{BASE}/orders/historical/{{order_id}}"): Endpoint("query", orders.one),
        ("GET", f"{BASE}/accounts"): Endpoint("account", account.accounts),
        ("GET", f"{BASE}/accounts/{{account_uuid}}"): Endpoint("account", account.account),
        ("GET", f"{BASE}/portfolios"): Endpoint("other", account.portfolios),
        ("GET", f"{BASE}/portfolios/{{portfolio_uuid}}"): Endpoint("other", account.breakdown),
        ("GET", f"{BASE}/key_permissions"): Endpoint("other", account.permissions),
        ("GET", f"{BASE}/transaction_summary"): Endpoint("fees", account.summary),
        ("GET", f"{BASE}/cfm/positions"): Endpoint("positions", account.no_positions),
        ("GET", f"{BASE}/products"): Endpoint("exchange_info", market.products),
        ("GET", f"{BASE}/products/{{product_id}}"): Endpoint("exchange_info", market.one_product),
        ("GET", f"{BASE}/products/{{product_id}}/ticker"): Endpoint("public_trades", market.trades),
        ("GET", f"{BASE}/products/{{product_id}}/candles"): Endpoint("other", market.candles),
        ("GET", f"{BASE}/product_book"): Endpoint("depth", market.book),
        ("GET", f"{BASE}/best_bid_ask"): Endpoint("ticker", market.best_bid_ask),
        ("GET", f"{BASE}/time"): _public("time", market.time),
        ("GET", f"{BASE}/market/products"): _public("exchange_info", market.products),
        ("GET", f"{BASE}/market/products/{{product_id}}"): _public("exchange_info", market.one_product),
        ("GET", f"{BASE}/market/products/{{product_id}}/ticker"): _public("public_trades", market.trades),
        ("GET", f"{BASE}/market/products/{{product_id}}/candles"): _public("other", market.candles),
        ("GET", f"{BASE}/market/product_book"): _public("depth", market.book),
        ("GET", "/v2/accounts"): Endpoint("account", account.wallets),
        ("GET", "/v2/time"): _public("time", market.older_time),
        ("GET", "/v2/currencies"): _public("currencies", market.fiat),
        ("GET", "/v2/currencies/crypto"): _public("currencies", market.crypto),
        ("GET", "/v2/exchange-rates"): _public("other", market.rates_of),
    }
)
_EXACT = {key: row for key, row in TABLE.items() if "{" not in key[1]}
_NAMED = [
    (method, path.partition("{")[0], path.partition("}")[2], row)
    for (method, path), row in TABLE.items()
    if "{" in path
]


def find(method: str, path: str) -> tuple[Endpoint | None, str]:
    """The endpoint of a request, and what is named in its path."""
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact, ""
    for known, before, after, row in _NAMED:
        if known == method and path.startswith(before) and path.endswith(after):
            named = path[len(before) : len(path) - len(after)]
            if named and "/" not in named:
                return row, named
    return None, ""
