"""Contracts over ccxt's unified API: settings, positions, and what is booked beside trades.

ccxt asks for each setting by a method of its own, and not every venue has all of them (``has``): where there is none,
the same is said by the position (Bybit), or the setting travels with each order (OKX's margin mode), or there is none
(Deribit). Its position structures are not asked for leverage: on some venues ccxt reckons it from rounded margins.
Liquidation fees have no method at all; on Binance they are rows of the income (``INSURANCE_CLEAR``), on OKX a part of
the position (``liqPenalty``), on Bybit rows of the transaction log.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from outtrade.dialects import unified
from outtrade.dialects.binance_spot import parsed
from outtrade.dialects.words import Held, Modes

if TYPE_CHECKING:
    from outtrade_suites.agents.ccxt_port import CcxtPort

ZERO = Decimal(0)
ONE_BY_ONE = frozenset({"bybit"})
"""Classes of ccxt that list positions of one symbol at a time."""


class CcxtContracts:
    """What a ``CcxtPort`` can do where contracts are traded."""

    def __init__(self, port: CcxtPort) -> None:
        self.port = port
        self.exchange = port.exchange

    async def modes(self, symbol: str) -> Modes:
        """See ``ContractDoor``."""
        port, exchange, has = self.port, self.exchange, self.exchange.has
        leverage: Any = {"longLeverage": None, "marginMode": None}
        if has["fetchLeverage"]:
            leverage = await port.ask(exchange.fetch_leverage, symbol)
        mode: Any = {"hedged": False}
        if has["fetchPositionMode"]:
            mode = await port.ask(exchange.fetch_position_mode, symbol)
        elif has["setPositionMode"]:
            mode = await port.ask(exchange.fetch_position, symbol)
        margin = leverage
        if leverage["marginMode"] is None and has["fetchMarginMode"]:
            margin = await port.ask(exchange.fetch_margin_mode, symbol)
        most = leverage["longLeverage"]
        return parsed(
            lambda: Modes(
                leverage=None if most is None else int(Decimal(str(most))),
                isolated=margin["marginMode"] == "isolated",
                hedge=bool(mode["hedged"]),
            )
        )

    async def one_way(self, symbol: str) -> None:
        """See ``ContractDoor``."""
        await self.port.ask(self.exchange.set_position_mode, False, symbol)

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        """See ``ContractDoor``."""
        await self.port.ask(self.exchange.set_leverage, leverage, symbol)

    async def positions(self, symbols: Sequence[str]) -> dict[str, Held]:
        """See ``ContractDoor``."""
        asked = [[symbol] for symbol in symbols] if self.exchange.id in ONE_BY_ONE else [list(symbols)]
        rows = [row for some in asked for row in await self.port.rows(self.exchange.fetch_positions, some)]
        return parsed(lambda: self.read(rows, symbols))

    def read(self, rows: Sequence[Any], symbols: Sequence[str]) -> dict[str, Held]:
        """Position structures as net positions; raises KeyError or ValueError where one says less than that."""
        found: dict[str, Held] = {}
        for row in rows:
            if row["symbol"] in symbols and Decimal(str(row["contracts"] or 0)):
                held = unified.read_position(row, self.port.size(row["symbol"]))
                other = found.get(row["symbol"])
                found[row["symbol"]] = held if other is None else both(held, other)
        return found

    async def charges(self, symbol: str, since: float) -> Decimal | None:
        """See ``ContractDoor``."""
        start = int(since * 1000)
        if not self.exchange.has["fetchFundingHistory"]:
            return None
        if self.exchange.id == "bybit":
            return await self.logged(symbol, start)
        funding = await self.port.rows(self.exchange.fetch_funding_history, symbol, start)
        total = parsed(lambda: sum((Decimal(str(row["amount"])) for row in funding), ZERO))
        if hasattr(self.exchange, "fapiprivate_get_income"):
            of = {"symbol": self.port.venue.symbols[symbol], "incomeType": "INSURANCE_CLEAR", "startTime": start}
            fees = await self.port.rows(self.exchange.fapiprivate_get_income, of)
            total += parsed(lambda: sum((Decimal(str(row["income"])) for row in fees), ZERO))
        elif self.exchange.id == "okx":
            closed = await self.port.rows(self.exchange.fetch_positions_history, [symbol], start)
            kept = await self.port.rows(self.exchange.fetch_positions, [symbol])
            penalties = [row["info"].get("liqPenalty") or 0 for row in (*closed, *kept)]
            total += parsed(lambda: sum((Decimal(str(penalty)) for penalty in penalties), ZERO))
        return total

    async def logged(self, symbol: str, start: int) -> Decimal:
        """From Bybit's log of transactions: ccxt hands its funding on as a fee, with what was paid above 0
        (ccxt/ccxt#26404), and liquidations not at all."""
        market, total = self.exchange.market(symbol), ZERO
        about = {"category": "linear" if market["linear"] else "inverse", "startTime": start, "limit": 50}
        for kind in ("SETTLEMENT", "LIQUIDATION"):
            log = await self.port.ask(self.exchange.private_get_v5_account_transaction_log, about | {"type": kind})
            total += parsed(partial(changes, log, market["id"]))
        return total


def changes(log: Any, market_id: str) -> Decimal:
    """What the rows of a log about one market changed together; raises KeyError or ValueError."""
    return sum((Decimal(row["change"]) for row in log["result"]["list"] if row["symbol"] == market_id), ZERO)


def both(one: Held, other: Held) -> Held:
    """A long and a short position beside each other: what is left of them, which has no entry price."""
    return Held(
        one.quantity + other.quantity, None, one.unrealised + other.unrealised, one.margin + other.margin
    )  # fmt: skip
