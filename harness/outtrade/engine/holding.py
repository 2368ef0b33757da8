"""Positions in one run: their truth on the record, and what a venue does to them.

The record gets every change of a position, of the settings it is traded by, and of what is booked on it (funding,
liquidation fees); and the mark prices as they stand when somebody reads positions or balances, because unrealised
profit can only be judged at a price. Liquidation, deleveraging and the end of a contract are acts of the venue itself:
this module says when, the venue does the rest, and what a client sees of it is the venue's behaviour.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outtrade.faults.plan import Armed
from outtrade.model.fault import Adl
from outtrade.model.history import NS, Charged, PositionTruth, SettingsTruth, Valued
from outtrade_mocks.core import InsuranceChange, PositionChange, SettingsChange

if TYPE_CHECKING:
    from outtrade.engine.server import Server

AGAIN_NS = NS
"""How long a fault waits for a position before it looks again."""
KINDS = ("liquidation", "adl", "expiry")
VALUING = frozenset({"positions", "account"})
"""Operations that tell what positions are worth."""


class Holding:
    """What the account holds, during one run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._marks: dict[str, str] = {}

    def install(self) -> None:
        """Schedule what has its time in the plan."""
        for armed in self.server.plan.of(*KINDS):
            self.server.at(armed.start, self._strike, armed)

    # ------------------------------------------------------------------ truth
    def told(self, change: Any) -> None:
        """Put a change on the record."""
        server, holder = self.server, self.server.venue.holder
        if isinstance(change, PositionChange | InsuranceChange):
            if isinstance(change, PositionChange) and change.position.account != holder.account.name:
                return
            if isinstance(change, PositionChange):
                server.recorder.add(PositionTruth(**holder.position(change)))
            charge = holder.charge(change)
            if charge is not None:
                server.recorder.add(Charged(**charge))
        elif isinstance(change, SettingsChange) and change.account == holder.account.name:
            server.recorder.add(SettingsTruth(**holder.settings(change)))

    def read(self, op: str) -> None:
        """Positions or balances were read: at what mark prices?"""
        if op not in VALUING:
            return
        for symbol, mark in self.server.venue.holder.marks().items():
            if self._marks.get(symbol) != mark:
                self._marks[symbol] = mark
                self.server.recorder.add(Valued(symbol=symbol, mark=mark))

    # ------------------------------------------------------------------ faults
    def _strike(self, armed: Armed) -> None:
        """Its time has come; where there is nothing to strike yet, it comes again."""
        server = self.server
        now = server.world.run_ns
        if armed.fired or now >= min(armed.end, server.heal_at):
            return
        server.venue.advance(server.world.now)
        wanted = armed.fault.on.symbol
        for symbol in server.venue.holder.contracts() if wanted is None else (wanted,):
            if self._acts(armed, symbol):
                server.recorder.add(armed.landed(detail=symbol))
                server.heal(armed)
                break
        else:
            server.at(now + AGAIN_NS, self._strike, armed)
        server.tick()

    def _acts(self, armed: Armed, symbol: str) -> bool:
        holder = self.server.venue.holder
        if armed.kind == "liquidation":
            return holder.liquidate(symbol)
        if armed.kind == "expiry":
            return holder.expire(symbol)
        assert isinstance(armed.fault, Adl)
        return holder.deleverage(symbol, Decimal(str(armed.fault.fraction)))
