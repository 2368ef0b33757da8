"""What every venue with contracts tells of positions, and what can be done to them: the same for every venue.

Beside the ``Witness``, which speaks of orders and balances, stands a Holder, which speaks of what an account *holds*:
positions with entry price, margin and leverage, the settings of the account, what was booked on it beside trades
(funding, liquidation fees), and mark prices. It also does to a position what a venue does to it: liquidates it,
deleverages it, ends its contract. Amounts are plain decimal strings in the settlement asset; times integer ns.

A spot venue has a Holder as well; it has nothing to tell.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from outtrade_mocks.core import Account, Exchange, PositionChange, Reject, SettingsChange
from outtrade_mocks.core.contracts import entry_price
from outtrade_mocks.core.events import InsuranceChange
from outtrade_mocks.core.positions import Position
from outtrade_mocks.venues.witness import plain

SOON = 1_000_000
"""Nanoseconds from the word that a contract ends to its end."""


def decimal_of(value: Fraction) -> Decimal:
    """A fraction as a decimal of 28 digits."""
    return Decimal(value.numerator) / Decimal(value.denominator)


class Holder:
    """Contracts of one account at one venue. The core's symbols are the unified ones."""

    def __init__(self, exchange: Exchange, account: Account) -> None:
        self.exchange = exchange
        self.account = account
        self._funded: dict[tuple[str, str], int] = {}
        """(symbol, side) -> atoms of funding booked on the present position."""

    # ------------------------------------------------------------------ the stage
    def arrange(self, symbol: str, *, hedge: bool, isolated: bool, leverage: int | None) -> None:
        """How the account trades a contract from the start on. Raises ValueError where the venue has no such setting
        for it."""
        try:
            portfolio = self.account.portfolio
            if hedge != (portfolio is not None and portfolio.hedge):
                self.exchange.set_position_mode(self.account, hedge=hedge)
            if isolated != self.settings_of(symbol)["isolated"]:
                self.exchange.set_margin_mode(self.account, symbol, isolated=isolated)
            if leverage is not None:
                self.exchange.set_leverage(self.account, symbol, leverage)
        except Reject as reject:
            raise ValueError(f"{symbol} cannot be traded like that: {reject}") from None

    # ------------------------------------------------------------------ the truth
    def contracts(self) -> list[str]:
        """The contracts that the venue lists in this run."""
        return [symbol for symbol, rules in self.exchange.instruments.items() if rules.derivative]

    def contract_size(self, symbol: str) -> Decimal:
        """Units in one of the venue's contracts; 1 where it counts in units, and of spot."""
        return self.exchange.instrument(symbol).contract_size

    def settings_of(self, symbol: str) -> dict[str, Any]:
        """Leverage, margin mode and position mode by which the account trades a contract."""
        portfolio, practice = self.account.portfolio, self.exchange.practice
        setting = None if portfolio is None else portfolio.settings.get(symbol)
        tiers = self.exchange.instrument(symbol).tiers
        usual = practice.leverage if tiers is None else min(practice.leverage, tiers.tiers[0].leverage)
        return {
            "leverage": usual if setting is None else setting.leverage,
            "isolated": practice.isolated if setting is None else setting.isolated,
            "hedge": portfolio is not None and portfolio.hedge,
        }

    def marks(self) -> dict[str, str]:
        """Contract -> mark price, where there is one."""
        found = {symbol: self.exchange.mark_price(symbol) for symbol in self.contracts()}
        return {
            symbol: plain(self.exchange.instrument(symbol).price(ticks)) for symbol, ticks in found.items() if ticks
        }

    def position(self, change: PositionChange) -> dict[str, Any]:
        """A position as it is from now on, in the fields of ``PositionTruth``."""
        held = change.position
        rules = self.exchange.instrument(held.symbol)
        size = plain(rules.units(abs(held.lots)))
        entry = entry_price(rules, held.lots, held.carried)
        return {
            "symbol": held.symbol,
            "side": held.side,
            "quantity": f"-{size}" if held.lots < 0 else size,
            "entry_price": None if entry is None else plain(decimal_of(entry)),
            "margin": self._amount(held, held.margin),
            "isolated": held.isolated,
            "leverage": held.leverage,
            "why": change.why,
            "cause": change.cause,
        }

    def settings(self, change: SettingsChange) -> dict[str, Any]:
        """Settings as they are from now on, in the fields of ``SettingsTruth``."""
        return {
            "symbol": change.symbol, "leverage": change.leverage, "isolated": change.isolated, "hedge": change.hedge,
        }  # fmt: skip

    def charge(self, change: PositionChange | InsuranceChange) -> dict[str, Any] | None:
        """What was booked on the account beside trades, in the fields of ``Charged``; None for what books nothing."""
        if isinstance(change, InsuranceChange):
            if change.account != self.account.name or not change.fee:
                return None
            amount = self.exchange.amount(change.asset, change.fee)
            return {
                "symbol": change.symbol, "asset": change.asset, "amount": plain(-amount), "why": "liquidation_fee",
            }  # fmt: skip
        held, key = change.position, (change.position.symbol, change.position.side)
        paid = held.funding - self._funded.get(key, 0)
        self._funded[key] = held.funding if held.lots else 0
        if change.why != "funding":
            return None
        asset = self.exchange.instrument(held.symbol).settle
        return {"symbol": held.symbol, "asset": asset, "amount": self._amount(held, paid), "why": "funding"}

    def _amount(self, held: Position, atoms: int) -> str:
        return plain(self.exchange.amount(self.exchange.instrument(held.symbol).settle, atoms))

    # ------------------------------------------------------------------ what a venue does
    def _held(self, symbol: str) -> list[Position]:
        return [] if self.account.portfolio is None else self.account.portfolio.held(symbol)

    def liquidate(self, symbol: str) -> bool:
        """For a moment the mark price stands where the position in ``symbol`` is liquidated; the venue does the rest.
        False where there is no position, or no such price above zero."""
        for held in self._held(symbol):
            price = self.exchange.liquidation_price(self.account, symbol, held.side)
            if price is None or price <= 1:
                continue
            self.exchange.publish(symbol, mark=floor(price) if held.lots > 0 else ceil(price))
            self.exchange.withdraw_mark(symbol)
            if self.account.portfolio is None or self.account.portfolio.position(symbol, held.side) != held:
                return True
        return False

    def deleverage(self, symbol: str, fraction: Decimal) -> bool:
        """``fraction`` of the position in ``symbol`` (at least a lot) is closed at the mark price, because somebody on
        the other side was liquidated and the insurance fund is empty. False where there is no one-way position."""
        held, mark = self._held(symbol), self.exchange.mark_price(symbol)
        if len(held) != 1 or held[0].side != "net" or not mark:
            return False
        self.exchange.deleverage(self.account, symbol, max(1, int(abs(held[0].lots) * fraction)), mark)
        return True

    def expire(self, symbol: str) -> bool:
        """Trading in ``symbol`` ends for good, a moment from now: orders expire, positions are settled. False where it
        has ended already, or is to end at a time of its own."""
        try:
            self.exchange.plan_end(symbol, self.exchange.now + SOON)
        except ValueError:
            return False
        return True
