"""A Binance spot venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from binance_box import BTC_MARKET, EPOCH, ETH_MARKET, KEY, QUIET, SECOND, SECRET, Answer, Box, parsed

from outtrade_mocks.venues.binance_spot import BinanceSpot

__all__ = ["EPOCH", "KEY", "MARKETS", "QUIET", "SECOND", "SECRET", "SYMBOLS", "Answer", "Kit", "limit_order", "parsed"]
SYMBOLS = ("BTC/USDT", "ETH/USDT", "ETH/BTC", "DOGE/USDT")
MARKETS = {
    "BTC/USDT": BTC_MARKET,
    "ETH/USDT": ETH_MARKET,
    "ETH/BTC": QUIET | {"mid": "0.06", "depth": "5", "taker_size": "0.5"},
}


def limit_order(price: str, quantity: str, side: str = "BUY") -> dict[str, str]:
    """Parameters of a GTC limit order."""
    fields = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
    return fields | {"price": price, "quantity": quantity}


class Kit(Box):
    """The venue and a client of it that signs properly."""

    name, host = "binance_spot", "api.binance.com"
    usual = {  # noqa: RUF012
        "symbols": SYMBOLS,
        "balances": {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(10)},
        "markets": MARKETS,
    }
    venue: BinanceSpot

    # ---- the usual requests
    def place(self, **params: Any) -> Answer:
        return self.ask("POST", "/api/v3/order", **params)

    def limit(self, price: str, quantity: str, side: str = "BUY", **params: Any) -> Answer:
        return self.place(**(limit_order(price, quantity, side) | params))

    def market(self, side: str = "BUY", **params: Any) -> Answer:
        return self.place(**({"symbol": "BTCUSDT", "side": side, "type": "MARKET"} | params))
