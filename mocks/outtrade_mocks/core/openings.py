"""What an account's open orders for contracts could open: their value and lots, kept as running sums.

Whether an account may have one more order depends on all it has already. To add them up each time would cost more with
every order that rests; so each open order is counted once, and counted again only after something happened to it
(``mark``), when the sums are next asked for. Of two orders of a list that exclude each other one at most will trade, so
a pair is one *unit*: it counts what the larger of the two does.

An order counts at its limit, one that waits at its trigger where its margin is needed from there on (``Practice``,
reserve); orders that only reduce, or are held back, count nothing. ``invariants`` adds everything up from scratch and
compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from outtrade_mocks.core.orders import Status

if TYPE_CHECKING:
    from outtrade_mocks.core.book import Entry
    from outtrade_mocks.core.instruments import Instrument
    from outtrade_mocks.core.positions import PositionSide

Leg = tuple["PositionSide", bool]
"""The side of a position, and whether orders buy there."""
Sums = dict[Leg, tuple[int, int]]
"""Leg -> value (atoms) and lots of open orders."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """What one order adds to the sums."""

    symbol: str
    leg: Leg
    value: int
    lots: int


Count = Callable[["Entry"], Part | None]
"""What an order adds now; None where it is not open, or adds nothing."""


def part_of(entry: Entry, instrument: Instrument, *, while_waiting: bool) -> Part | None:
    """What an open order adds; ``while_waiting``: also before its trigger is reached."""
    order, special, price = entry.order, entry.special, entry.price
    assert order is not None
    terms = order.terms
    side: PositionSide = "net"
    if terms is not None:
        if terms.reduce_only or order.status is Status.HELD:
            return None
        side = terms.position_side or "net"
        if order.status is Status.UNTRIGGERED:
            if not while_waiting:
                return None
            price = price or (special.reserve if special is not None else 0)
    lots = entry.total
    return Part(order.symbol, (side, entry.buy), instrument.cover(price, lots) if price else 0, lots)


class _Unit(msgspec.Struct, frozen=True):
    """Orders that are counted together."""

    members: tuple[Entry, ...]
    parts: tuple[Part, ...]


class Openings:
    """The sums of one account."""

    __slots__ = ("_stale", "_sums", "_units")

    def __init__(self) -> None:
        self._sums: dict[str, Sums] = {}
        """By symbol; only legs with orders."""
        self._units: dict[int, _Unit] = {}
        """Order id -> the unit in which it is counted."""
        self._stale: dict[int, Entry] = {}
        """Order id -> orders to which something happened since."""

    def mark(self, entry: Entry) -> None:
        """Something happened, or is about to happen, to an order of the account."""
        assert entry.order is not None
        self._stale[entry.order.order_id] = entry

    def sums(self, symbol: str, count: Count, leaving: Entry | None = None) -> Sums:
        """Value and lots of open orders in ``symbol`` as they are now; ``leaving``: an order that is not counted."""
        if self._stale:
            self._recount(count)
        sums = self._sums.get(symbol, {})
        unit = None if leaving is None or leaving.order is None else self._units.get(leaving.order.order_id)
        if unit is None:
            return sums
        sums = dict(sums)
        _add(sums, unit.parts, -1)
        _add(sums, _parts(tuple(entry for entry in unit.members if entry is not leaving), count), 1)
        return sums

    def _recount(self, count: Count) -> None:
        stale, self._stale = self._stale, {}
        for order_id in [one for one in stale if one in self._units]:
            for entry in self._dissolve(order_id):
                assert entry.order is not None
                stale[entry.order.order_id] = entry
        for order_id, entry in stale.items():
            if order_id in self._units:
                continue  # counted with its partner
            members = _together(entry)
            for member in members:
                if member is not entry:
                    assert member.order is not None
                    self._dissolve(member.order.order_id)
            parts = _parts(members, count)
            if parts:
                unit = _Unit(members, parts)
                for member in members:
                    assert member.order is not None
                    self._units[member.order.order_id] = unit
                _add(self._sums.setdefault(parts[0].symbol, {}), parts, 1)

    def _dissolve(self, order_id: int) -> tuple[Entry, ...]:
        """Count the unit of an order no more; returns its members."""
        unit = self._units.get(order_id)
        if unit is None:
            return ()
        for member in unit.members:
            assert member.order is not None
            del self._units[member.order.order_id]
        _add(self._sums[unit.parts[0].symbol], unit.parts, -1)
        return unit.members


def _together(entry: Entry) -> tuple[Entry, ...]:
    """The orders that are counted with one, itself among them."""
    group = None if entry.special is None else entry.special.group
    return tuple(group.pair) if group is not None and entry in group.pair else (entry,)


def _parts(members: tuple[Entry, ...], count: Count) -> tuple[Part, ...]:
    """What some orders add, of which one at most will trade: each only what is more than those before it."""
    parts: list[Part] = []
    value = lots = 0
    for entry in members:
        part = count(entry)
        if part is not None:
            more = part
            if parts:
                more = msgspec.structs.replace(part, value=max(0, part.value - value), lots=max(0, part.lots - lots))
            parts.append(more)
            value, lots = max(value, part.value), max(lots, part.lots)
    return tuple(parts)


def _add(sums: Sums, parts: tuple[Part, ...], sign: int) -> None:
    for part in parts:
        value, lots = sums.get(part.leg, (0, 0))
        value, lots = value + sign * part.value, lots + sign * part.lots
        if value or lots:
            sums[part.leg] = value, lots
        else:
            sums.pop(part.leg, None)
