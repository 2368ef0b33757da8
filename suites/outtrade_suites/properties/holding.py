"""What is true of contracts in one run: positions, the settings they are traded by, bookings, mark prices.

A look-up for the properties about positions (PAR-17, REC-09, REC-13, RCV-13), made once per History. Everything here is
exchange truth; amounts are in the settlement asset, quantities in base units with sign. A hedged account has a long and
a short beside each other: the net position is their sum, and it has no entry price while both are held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO
from outtrade.model.history import Charged, PositionTruth, SettingsTruth, Snapshot, Valued
from outtrade.model.task import is_contract
from outtrade_suites.properties.truth import Window

PRICED = ns(60)
"""How long before a statement the mark price may have been read that its unrealised profit was reckoned at."""


@dataclass(frozen=True, slots=True)
class Position:
    """A net position just after event ``seq``."""

    seq: int
    at: int
    quantity: Decimal
    entry: Decimal | None
    """None for none, and where long and short are held beside each other."""
    margin: Decimal
    """Isolated margin."""


@dataclass(slots=True)
class Contract:
    """Everything about one contract, in order of time."""

    positions: list[Position] = field(default_factory=list)
    settings: list[tuple[int, int]] = field(default_factory=list)
    """(seq, leverage) from then on."""
    charges: list[Charged] = field(default_factory=list)
    marks: list[tuple[int, Decimal]] = field(default_factory=list)
    """(time, mark price)."""

    def at(self, seq: int) -> Position:
        """The position just after event ``seq``; a flat one before there was any."""
        known = [position for position in self.positions if position.seq <= seq]
        return known[-1] if known else Position(-1, 0, ZERO, None, ZERO)

    def during(self, window: Window) -> list[Position]:
        """The positions that were true in a window, oldest first."""
        before = [one.seq for one in self.positions if one.at <= window.since]
        inside = [one for one in self.positions if one.at > window.since and one.seq < window.seq]
        return [self.at(before[-1] if before else -1), *inside]

    def leverage(self, seq: int) -> int | None:
        """The leverage just after event ``seq``; None where it is not on record."""
        known = [leverage for since, leverage in self.settings if since <= seq]
        return known[-1] if known else None

    def charged(self, seq: int) -> Decimal:
        """What was booked beside trades up to event ``seq``."""
        return sum((Decimal(one.amount) for one in self.charges if one.seq <= seq), ZERO)

    def marks_before(self, at: int) -> list[Decimal]:
        """Mark prices on record of the last minute before ``at``, and the one in force when that began."""
        early = [price for time, price in self.marks if time < at - PRICED]
        return [*early[-1:], *(price for time, price in self.marks if at - PRICED <= time <= at)]


def contract(ix: Index, symbol: str) -> Contract:
    """What is true of one contract; empty where nothing of it is on record."""
    return ix.memo("contracts", _read).get(symbol, Contract())


def contracts(ix: Index) -> list[str]:
    """The contracts of a run, by name."""
    return sorted(symbol for symbol in ix.instruments if is_contract(symbol))


def _read(ix: Index) -> dict[str, Contract]:
    found: dict[str, Contract] = {symbol: Contract() for symbol in contracts(ix)}
    legs: dict[tuple[str, str], PositionTruth] = {}
    for event in ix.events:
        if isinstance(event, PositionTruth) and event.symbol in found:
            legs[event.symbol, event.side] = event
            mine = [leg for (symbol, _), leg in legs.items() if symbol == event.symbol]
            found[event.symbol].positions.append(_net(event, mine))
        elif isinstance(event, SettingsTruth) and event.symbol in found:
            found[event.symbol].settings.append((event.seq, event.leverage))
        elif isinstance(event, Charged) and event.symbol in found:
            found[event.symbol].charges.append(event)
        elif isinstance(event, Valued) and event.symbol in found:
            found[event.symbol].marks.append((event.at, Decimal(event.mark)))
        elif isinstance(event, Snapshot):
            for symbol, mark in event.marks.items():
                found.setdefault(symbol, Contract()).marks.append((event.at, Decimal(mark)))
            for symbol, settings in event.settings.items():
                found.setdefault(symbol, Contract()).settings.append((event.seq, int(settings["leverage"])))
    return found


def _net(event: PositionTruth, legs: list[PositionTruth]) -> Position:
    held = [leg for leg in legs if Decimal(leg.quantity)]
    entry = held[0].entry_price if len(held) == 1 else None
    return Position(
        event.seq,
        event.at,
        sum((Decimal(leg.quantity) for leg in held), ZERO),
        None if entry is None else Decimal(entry),
        sum((Decimal(leg.margin) for leg in held), ZERO),
    )
