"""Contracts: how the account trades them, what it really holds, and what that costs.

Two things are different from spot. An account has *settings* that somebody else may have left as they are: long and
short beside each other or one position per symbol, a leverage, isolated or cross margin. They are read before the first
order; what does not fit is set, and read again, because an answer to "set" is not a look. And the *position is the
venue's*: it can be liquidated, deleveraged or settled, and nobody asks. So it is read, now and then while there is one,
before anything is closed, and at the end; where it is smaller than what the own orders made, the difference is what was
taken from us, and the books say so.

Profit, funding and fees are kept apart::

    unrealised   at the mark price, as the venue says
    realised     by what was closed, at average cost, from all fills (``Ledger``)
    funding      what was booked beside trades: funding, liquidation fees
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from outtrade.model.task import PositionView, is_contract
from outtrade.model.units import average_price, gain
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.port import TRANSIENT, ContractDoor, Fill, Held, Modes, PortError, Refused
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.sizing import Impossible
from outtrade_suites.agents.state import ZERO

LOOK = 30.0
"""Seconds between two looks at positions that are held; well inside ``bounds.lost_frame``."""
AGAIN = 5.0
"""Seconds until the next look where one failed."""
TWICE = 2
"""Readings of a position that moved between the orders and itself."""
FLAT = Held(ZERO)


@dataclass(slots=True)
class Ledger:
    """One position as its trades make it, at average cost: what reduces it realises, what goes beyond it begins anew.

    >>> ledger = Ledger()
    >>> for signed, price in ((3, 100), (-1, 110), (-4, 90)):
    ...     ledger.trade(Decimal(signed), Decimal(price))
    >>> ledger.quantity, ledger.entry, ledger.realised  # +10, then -10 twice, and two short at 90
    (Decimal('-2'), Decimal('90'), Decimal('-10'))

    Of an inverse contract the average is units over value, and profit is in the base asset::

    >>> dollars = Ledger("BTC/USD:BTC")
    >>> for signed, price in ((1000, 40_000), (1000, 60_000), (-2000, 50_000)):
    ...     dollars.trade(Decimal(signed), Decimal(price))
    >>> round(dollars.realised, 8)  # bought for 0.025 and 0.01666667 BTC, sold for 0.04
    Decimal('0.00166667')
    """

    symbol: str = ""
    quantity: Decimal = ZERO
    entry: Decimal = ZERO
    realised: Decimal = ZERO

    def trade(self, signed: Decimal, price: Decimal) -> None:
        """A purchase (above 0) or sale of so many base units."""
        if self.quantity * signed >= 0:
            held = [(abs(self.quantity), self.entry)] if self.quantity else []
            self.entry = average_price(self.symbol, [*held, (abs(signed), price)]) or ZERO
            self.quantity += signed
            return
        closing = min(abs(signed), abs(self.quantity))
        way = 1 if self.quantity > 0 else -1
        self.realised += gain(self.symbol, closing * way, self.entry, price)
        rest = abs(signed) - closing
        self.quantity -= closing * way
        if rest:
            self.quantity, self.entry = -rest * way, price


def ledger_of(fills: Iterable[Fill]) -> Ledger:
    """The ledger of some fills of one contract, by trade id."""
    listed = sorted(fills, key=lambda fill: (len(fill.trade_id), fill.trade_id))
    ledger = Ledger(listed[0].symbol if listed else "")
    for fill in listed:
        ledger.trade(fill.quantity if fill.side == "buy" else -fill.quantity, fill.price)
    return ledger


def above(modes: Modes, cap: Decimal | None) -> bool:
    """Whether the account's leverage is more than the task allows."""
    return cap is not None and modes.leverage is not None and modes.leverage > cap


class Contracts(Reporting):
    """Settings and positions of contracts. Spot symbols pass through untouched."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.modes: dict[str, Modes] = {}
        """Contract -> how the account trades it, as read last."""
        self.fitting: set[str] = set()
        """Contracts that the account trades as it should: seen, not assumed."""
        self.held: dict[str, Held] = {}
        """Contract -> the position as the venue last said; none where it is flat."""
        self.taken: dict[str, Decimal] = {}
        """Contract -> base units of the own position (signed) that somebody else closed."""
        self.traded: dict[str, list[Fill]] = {}
        """Contract -> all fills of the account, own ones and others', as read at the end."""
        self.booked: dict[str, Decimal | None] = {}
        """Contract -> what was booked beside trades, as read at the end."""
        self.next_position_look = 0.0
        """Run time in seconds."""

    @property
    def contracts(self) -> list[str]:
        """The contracts that this task is about."""
        return [symbol for symbol in self.symbols if is_contract(symbol)]

    @property
    def door(self) -> ContractDoor:
        """What the port offers for contracts; raises Impossible where that is nothing."""
        if self.port.contracts is None:
            raise Impossible("this client trades no contracts")
        return self.port.contracts

    # ------------------------------------------------------------ settings
    async def before_sending(self, symbol: str) -> None:
        """Nothing leaves before it is known how the account trades the symbol. Raises Impossible where that does not
        fit the task and cannot be changed."""
        if is_contract(symbol) and symbol not in self.fitting:
            await self.fit(symbol)
            self.fitting.add(symbol)

    async def survey(self) -> None:
        """Settings are a part of what stands before anything is sent."""
        await super().survey()
        for symbol in self.contracts:
            if symbol not in self.modes:
                await self.read_modes(symbol)

    async def fit(self, symbol: str) -> None:
        """Change what does not fit: one position per symbol, and no more leverage than the task allows."""
        modes, cap = self.modes.get(symbol) or await self.read_modes(symbol), self.task.limits.max_leverage
        if modes.hedge:
            await self.change(lambda: self.door.one_way(symbol))
        if above(modes, cap):
            await self.change(lambda: self.door.set_leverage(symbol, max(1, int(cap or 1))))
        if modes.hedge or above(modes, cap):
            modes = await self.read_modes(symbol)
        if modes.hedge:
            raise Impossible("the account holds long and short beside each other, and that cannot be changed now")
        if above(modes, cap):
            raise Impossible(f"the leverage is {modes.leverage}, above the cap {cap}, and cannot be lowered now")

    async def read_modes(self, symbol: str) -> Modes:
        """Ask the venue how the account trades a symbol."""
        self.modes[symbol] = await self.ask(lambda: self.door.modes(symbol))
        return self.modes[symbol]

    async def change(self, request: Callable[[], Awaitable[None]]) -> None:
        """Change a setting. A refusal says that it stays as it is, or is so already: the next look tells which."""
        try:
            await self.ask(request)
        except Refused as refusal:
            if refusal.kind in TRANSIENT:
                raise

    # ----------------------------------------------------------- positions
    @property
    def in_positions(self) -> list[str]:
        """Contracts of which something should be held."""
        return [symbol for symbol in self.contracts if self.net(symbol) + self.unbooked(symbol)]

    async def mind_positions(self) -> None:
        """Look at positions now and then while something is held; a look that fails is repeated soon."""
        symbols = self.in_positions
        if not symbols or self.now() < self.next_position_look:
            return
        self.next_position_look = self.now() + LOOK
        try:
            await self.compare_positions(symbols)
        except (NotYet, PortError) as problem:
            self.next_position_look = problem.until if isinstance(problem, NotYet) else self.now() + AGAIN

    async def compare_positions(self, symbols: Sequence[str]) -> None:
        """Read positions, and see whether they are what the own orders made. Where they are not, the orders are looked
        at again first: a fill of which nobody has told yet is no loss."""
        if not symbols:
            return
        for _ in range(TWICE):
            await self.complete_fills()
            self.held = await self.ask(lambda: self.door.positions(self.contracts))
            before = {symbol: self.own_net(symbol) for symbol in symbols}
            missing = [symbol for symbol in symbols if self.gap(symbol) != self.taken.get(symbol, ZERO)]
            for symbol in missing:
                await self.list_orders(symbol)
            await self.complete_fills()
            if all(self.own_net(symbol) == before[symbol] for symbol in missing):
                for symbol in missing:
                    self.on_taken(symbol)
                return

    def own_net(self, symbol: str) -> Decimal:
        """What the own orders made of the position."""
        return super().net(symbol)

    def gap(self, symbol: str) -> Decimal:
        """What is missing of that (signed). Where more is held, that is somebody else's, and left alone."""
        own, there = self.own_net(symbol), self.held.get(symbol, FLAT).quantity
        return min(own, max(ZERO, own - there)) if own > 0 else max(own, min(ZERO, own - there))

    def on_taken(self, symbol: str) -> None:
        """The venue has closed a part of the own position, or all of it."""
        self.taken[symbol] = self.gap(symbol)
        self.alert(
            "warning",
            f"{abs(self.taken[symbol])} of the position in {symbol} was closed by others; {self.net(symbol)} is left",
        )

    def net(self, symbol: str) -> Decimal:
        """What the own orders made of the position, less what others took of it."""
        return self.own_net(symbol) - self.taken.get(symbol, ZERO)

    # -------------------------------------------------------------- the end
    async def reconcile(self) -> None:
        """What takes long first, what may still change last: bookings, then orders, fills and balances, positions."""
        for symbol in self.contracts:
            if symbol not in self.modes:
                await self.read_modes(symbol)
            self.booked[symbol] = await self.bookings(symbol)
        await super().reconcile()
        for symbol in self.contracts:
            self.traded[symbol] = await self.ask(lambda s=symbol: self.port.fills(s, since=self.task.epoch))  # type: ignore[misc]
        await self.compare_positions(self.contracts)

    async def bookings(self, symbol: str) -> Decimal | None:
        """Funding and liquidation fees of the run, in the settlement asset; below 0: paid. None: the client
        cannot ask."""
        return await self.ask(lambda: self.door.charges(symbol, self.task.epoch))

    def position_view(self, symbol: str) -> PositionView:
        """A contract's position is the venue's, whoever changed it; profit and bookings are of the run."""
        if symbol not in self.traded:
            return super().position_view(symbol)
        held, leverage = self.held.get(symbol, FLAT), self.modes[symbol].leverage
        return PositionView(
            quantity=held.quantity,
            entry_price=held.entry_price,
            unrealised=held.unrealised,
            leverage=None if leverage is None else Decimal(leverage),
            margin=held.margin,
            realised=self.realised(symbol),
            funding=self.booked[symbol],
        )

    def realised(self, symbol: str) -> Decimal:
        """Profit of what was closed in this run, fees and funding left out."""
        return ledger_of(self.traded[symbol]).realised
