"""The public trades of a venue, kept from the first time on that somebody asks: nobody pays for what nobody reads.

What the account itself traded before that is on the tape as well; it has numbers up to 0.
"""

from __future__ import annotations

from outtrade_mocks.core import Account, Exchange, Fill
from outtrade_mocks.core.prints import Print


class PublicTape:
    """The last ``most`` trades of each symbol, by number."""

    def __init__(self, exchange: Exchange, account: Account, most: int) -> None:
        self._exchange, self._account, self._most = exchange, account, most
        self._early: dict[str, list[Print]] | None = None

    def after(self, symbol: str, number: int | None = None) -> list[Print]:
        """The trades of a unified symbol with a higher number (None: all that are kept), oldest first."""
        if self._early is None:
            self._early = self._traded_before()
            self._exchange.keep_prints(self._most)
        least = -self._most if number is None else number
        early = [one for one in self._early.get(symbol, ()) if one.number > least]
        return early + self._exchange.prints(symbol, max(0, least))

    def _traded_before(self) -> dict[str, list[Print]]:
        found: dict[str, list[Fill]] = {}
        for fill in self._account.fills:
            found.setdefault(fill.symbol, []).append(fill)
        return {
            symbol: [
                Print(number - len(fills) + 1, fill.time, fill.price, fill.lots,
                      "buy" if (fill.side == "buy") != fill.maker else "sell", fill.trade_id)
                for number, fill in enumerate(fills)
            ][-self._most:]
            for symbol, fills in found.items()
        }  # fmt: skip
