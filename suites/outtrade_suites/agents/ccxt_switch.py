"""The dead-man switch over ccxt: a unified method for some venues, the venue's own request for others.

Whether a venue has a switch with a timer, in which unit and range, is read from its declared traits. A switch that acts
on the end of a connection (Bybit, Deribit) is none in this sense: there is nothing to refresh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

DAY = 86_400.0


class Asking(Protocol):
    """What is used of the port."""

    exchange: Any

    async def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


class CcxtSwitch:
    """Sets the switch of one venue."""

    def __init__(self, port: Asking, rule: Mapping[str, Any]) -> None:
        """``rule``: the venue's trait ``dead_man_switch``."""
        self._port = port
        self.by_symbol = rule.get("per") == "symbol"
        least, most = rule.get("range", (1, rule.get("most", DAY)))
        self.shortest, self.longest = float(least), float(most)

    async def set_for(self, seconds: int, symbol: str) -> None:
        exchange = self._port.exchange
        if self.by_symbol:  # Binance USD-M, for which ccxt has no unified method
            params = {"symbol": exchange.market_id(symbol), "countdownTime": seconds * 1000}
            await self._port.ask(exchange.fapiPrivatePostCountdownCancelAll, params)
        else:
            await self._port.ask(exchange.cancel_all_orders_after, seconds * 1000)


def switch_of(port: Asking, traits: Mapping[str, Any]) -> CcxtSwitch | None:
    """The venue's switch, if it has one with a timer and ccxt can set it."""
    rule, exchange = traits.get("dead_man_switch"), port.exchange
    if not isinstance(rule, Mapping) or "unit" not in rule or "acts" in rule:
        return None
    if rule.get("per") == "symbol":
        known = hasattr(exchange, "fapiPrivatePostCountdownCancelAll")
    else:
        known = exchange.has.get("cancelAllOrdersAfter") is True
    return CcxtSwitch(port, rule) if known else None
