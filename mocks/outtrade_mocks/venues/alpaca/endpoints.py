"""The table of endpoints: what each is in unified words, what it needs, who carries it out.

A path is looked up part by part; ``{name}`` stands for any part (an asset may be a pair, of two). Which of Alpaca's
hosts was dialled does not matter, as no path is on two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from outtrade_mocks.venues.alpaca import account, data, market, positions, trading
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.api import Call

Handler = Callable[[Desk, Call, int, int | None], Outcome]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``api``: whose limit it counts against; ``private``: it needs a key."""

    op: str
    run: Handler
    api: Literal["trading", "data"] = "trading"
    private: bool = True


def _data(run: Handler, op: str = "other", *, private: bool) -> Endpoint:
    return Endpoint(op, run, "data", private)


_TRADING: dict[tuple[str, str], Endpoint] = {
    ("POST", "/v2/orders"): Endpoint("place", trading.place),
    ("GET", "/v2/orders"): Endpoint("open_orders", account.orders),
    ("DELETE", "/v2/orders"): Endpoint("cancel_all", trading.cancel_all),
    ("GET", "/v2/orders/{order_id}"): Endpoint("query", account.order),
    ("PATCH", "/v2/orders/{order_id}"): Endpoint("amend", trading.amend),
    ("DELETE", "/v2/orders/{order_id}"): Endpoint("cancel", trading.cancel),
    ("GET", "/v2/orders:by_client_order_id"): Endpoint("query", account.order_by_client_id),
    ("GET", "/v2/account"): Endpoint("account", account.account),
    ("GET", "/v2/account/configurations"): Endpoint("other", account.configuration),
    ("PATCH", "/v2/account/configurations"): Endpoint("other", account.configure),
    ("GET", "/v2/account/activities"): Endpoint("trades", account.activities),
    ("GET", "/v2/account/activities/{activity_type}"): Endpoint("trades", account.activities),
    ("GET", "/v2/account/portfolio/history"): Endpoint("other", market.history),
    ("GET", "/v2/positions"): Endpoint("positions", positions.listed),
    ("DELETE", "/v2/positions"): Endpoint("place_batch", positions.close_all),
    ("GET", "/v2/positions/{symbol_or_asset_id}"): Endpoint("positions", positions.one),
    ("DELETE", "/v2/positions/{symbol_or_asset_id}"): Endpoint("place_batch", positions.close),
    ("GET", "/v2/assets"): Endpoint("exchange_info", market.assets),
    ("GET", "/v2/assets/{symbol_or_asset_id}"): Endpoint("exchange_info", market.asset),
    ("GET", "/v2/clock"): Endpoint("time", market.clock),
    ("GET", "/v2/calendar"): Endpoint("other", market.calendar),
    ("GET", "/v2/watchlists"): Endpoint("other", market.announced),
    ("GET", "/v2/corporate_actions/announcements"): Endpoint("other", market.announced),
}
_CRYPTO = {
    "latest/orderbooks": _data(data.latest_books, "depth", private=False),
    "latest/quotes": _data(data.latest_quotes, "ticker", private=False),
    "latest/trades": _data(data.latest_trades, "public_trades", private=False),
    "latest/bars": _data(data.latest_bars, private=False),
    "snapshots": _data(data.snapshots, "ticker", private=False),
    "bars": _data(data.historical_bars, private=False),
    "trades": _data(data.historical_trades, "public_trades", private=False),
    "quotes": _data(data.historical_quotes, private=False),
}
_STOCKS = {
    "quotes/latest": _data(data.latest_quotes, "ticker", private=True),
    "trades/latest": _data(data.latest_trades, "public_trades", private=True),
    "bars/latest": _data(data.latest_bars, private=True),
    "bars": _data(data.historical_bars, private=True),
    "trades": _data(data.historical_trades, "public_trades", private=True),
    "quotes": _data(data.historical_quotes, private=True),
}
ENDPOINTS: Mapping[tuple[str, str], Endpoint] = MappingProxyType(
    _TRADING
    | {("GET", f"/v1beta3/crypto/{{loc}}/{name}"): row for name, row in _CRYPTO.items()}
    | {("GET", f"/v2/stocks/{name}"): row for name, row in _STOCKS.items()}
    | {("GET", f"/v2/stocks/{{symbol}}/{name}"): row for name, row in _STOCKS.items()}
    | {
        ("GET", "/v2/stocks/snapshots"): _data(data.snapshots, "ticker", private=True),
        ("GET", "/v2/stocks/{symbol}/snapshot"): _data(data.snapshots, "ticker", private=True),
    }
)
_PATTERNS = [(method, tuple(path.strip("/").split("/")), row) for (method, path), row in ENDPOINTS.items()]


def find(method: str, parts: tuple[str, ...]) -> Endpoint | None:
    """The endpoint of a path; None where there is none. Paths without names come first."""
    exact = ENDPOINTS.get((method, "/" + "/".join(parts)))
    if exact is not None:
        return exact
    for verb, pattern, row in _PATTERNS:
        if verb == method and _fits(pattern, parts):
            return row
    return None


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if len(parts) == 4 and parts[1] == "assets":
        parts = (*parts[:2], "/".join(parts[2:]))
    return len(pattern) == len(parts) and all(
        one == part or one[0] == "{" for one, part in zip(pattern, parts, strict=True)
    )
