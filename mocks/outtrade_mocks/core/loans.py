"""Spot margin: what an account may borrow, what it owes, and how safe that is. Arithmetic; nothing moves here.

A margin account borrows assets and trades them like its own; everything in it stands for the debt. A *cross* account
trades and borrows all symbols, an *isolated* one (``MarginRules.symbol``) the two assets of one symbol. Selling short
is borrowing and selling, of shares as of coins. Rules, all Binance's:

* *Margin level* = total asset value / (total liabilities + outstanding interest), all valued in one asset ("Binance
  Margin Level and Margin Call"). At 3x: at 2 or more, money may be taken out; at 1.3 or less a margin call; at 1.1 or
  less liquidation (ibid.; the call is at 1.16 for 5x).
* *Borrowing* may go down to the initial risk ratio, leverage / (leverage - 1): 1.5 at 3x, 1.25 at 5x, 10/9 at 10x.
  The most that may be borrowed is (assets - ratio x debts) / (ratio - 1) / price ("Isolated Margin Leverage
  Adjustment").
* *Interest* is simple, on the principal, by the hour: one hour's when an asset is borrowed, another one's at each
  full hour ("Frequently Asked Questions on Binance Margin Trading's New Dynamic Interest Rate System"). It is exact
  as long as it is owed; who pays it back pays it rounded up to an atom (*inferred*; so does Binance's example).
* Repaying pays the interest first, then the principal (*inferred*).

    >>> loan = Loan()
    >>> loan.borrow(1000_00000000, Fraction("0.0002") / 24)     # 1,000 USDT at 0.02 % a day, 13:20
    >>> loan.accrue(Fraction("0.0002") / 24)                    # 14:00
    >>> loan.interest                                           # 14:15: 0.01666667
    1666667
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from outtrade_mocks.core.events import LoanChange

HOUR = 3_600_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRules:
    """How an account may borrow. Plain data; raises ValueError where it makes no sense. The defaults are Binance's for
    cross margin at 3x."""

    rates: Mapping[str, Decimal]
    """Assets that may be borrowed -> interest of a day, a fraction (an hour costs the 24th part)."""
    reference: str
    """The asset in which assets and debts are valued."""
    leverage: int = 3
    transfer: Decimal = Decimal(2)
    """The level that must be left when money is taken out."""
    call: Decimal = Decimal("1.3")
    liquidation: Decimal = Decimal("1.1")
    caps: Mapping[str, Decimal] = field(default_factory=dict)
    """The most that may be owed of an asset, in units of it."""
    symbol: str | None = None
    """Isolated: the only symbol. None: cross."""
    step: Decimal = Decimal("0.25")
    """The part of a debt that one step of a liquidation pays back (*inferred*)."""
    liquidation_fee: Decimal = Decimal("0.02")
    """Of what a liquidation sells, for the insurance fund (Binance and Bybit: 2 % of the liquidated amount; from
    memory, *inferred*)."""

    def __post_init__(self) -> None:
        if type(self.leverage) is not int or self.leverage < 2:
            raise ValueError("the leverage of a margin account is a whole number of at least 2")
        levels = (self.transfer, self.call, self.liquidation, self.step, self.liquidation_fee)
        amounts = (*self.rates.values(), *self.caps.values())
        if not all(isinstance(value, Decimal) and value.is_finite() for value in (*levels, *amounts)):
            raise ValueError("levels, rates and limits of a margin account are finite decimals")
        if not 1 < self.liquidation < self.initial or not self.liquidation < self.call:
            raise ValueError("1 < liquidation < call, and what may be borrowed is not liquidated at once")
        if not 0 < self.step <= 1 or not 0 <= self.liquidation_fee < 1 or not self.transfer >= 1:
            raise ValueError("a liquidation step is above 0 and at most 1, its fee below 1, a level at least 1")
        if any(amount < 0 for amount in amounts):
            raise ValueError("interest and limits of borrowing are at least 0")

    @property
    def initial(self) -> Fraction:
        """The level down to which an account may borrow."""
        return Fraction(self.leverage, self.leverage - 1)

    def hourly(self, asset: str) -> Fraction:
        """Interest of an hour, as a fraction of the principal."""
        return Fraction(self.rates[asset]) / 24


class Loan:
    """What is owed of one asset: ``principal`` atoms, and interest."""

    __slots__ = ("accrued", "principal")

    def __init__(self, principal: int = 0, accrued: Fraction = Fraction(0)) -> None:
        self.principal = principal
        self.accrued = accrued
        """Interest not paid yet, exact."""

    @property
    def interest(self) -> int:
        """Interest not paid yet, in atoms, rounded up."""
        return -(-self.accrued.numerator // self.accrued.denominator)

    @property
    def debt(self) -> int:
        """All that is owed, in atoms."""
        return self.principal + self.interest

    def borrow(self, atoms: int, hourly: Fraction) -> None:
        """Owe more, and the interest of its first hour."""
        self.principal += atoms
        self.accrued += atoms * hourly

    def accrue(self, hourly: Fraction) -> None:
        """Another hour has begun."""
        self.accrued += self.principal * hourly

    def repay(self, atoms: int) -> int:
        """Owe less by ``atoms``, at most the debt. Returns how many of them paid interest."""
        paid = min(atoms, self.interest)
        self.accrued = max(Fraction(0), self.accrued - paid)
        self.principal -= atoms - paid
        return paid


class Loans:
    """The debts of a margin account, and its rules."""

    __slots__ = ("called", "history", "loans", "rules")

    def __init__(self, rules: MarginRules) -> None:
        self.rules = rules
        self.loans: dict[str, Loan] = {}
        """Asset -> loan, in the order of borrowing; only those on which something is owed."""
        self.called = False
        """Whether the account was told that its level is low, and it still is."""
        self.history: list[LoanChange] = []
        """All that was told of loans, oldest first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a margin account has and owes, in atoms of its rules' reference asset, exact."""

    assets: Fraction
    debts: Fraction

    @property
    def level(self) -> Fraction | None:
        """The margin level; None where nothing is owed."""
        return self.assets / self.debts if self.debts else None

    def below(self, ratio: Decimal | Fraction) -> bool:
        """Whether the level is at ``ratio`` or less."""
        return bool(self.debts) and self.assets <= self.debts * Fraction(ratio)

    def room(self, ratio: Fraction) -> Fraction:
        """How much more may be borrowed until the level is down to ``ratio``; below 0: it is."""
        return (self.assets - ratio * self.debts) / (ratio - 1)
