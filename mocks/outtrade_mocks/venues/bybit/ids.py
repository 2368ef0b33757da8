"""Ids on the wire, made of the core's and back again.

Orders for contracts have UUIDs, spot orders numbers of 19 digits (samples of the documentation, and of the help
centre); the same holds for executions. The core numbers trades per symbol, so a symbol's place is part of the id.

    >>> order_id(7, spot=False), order_id(7, spot=True)
    ('9e377ab4-7c04-4f1a-9b6e-000000000007', '1850000000000001799')
    >>> [core_id(order_id(7, spot=spot)) for spot in (True, False)], core_id("123456789"), core_id("x" * 36)
    ([7, 7], None, None)
"""

from __future__ import annotations

SPOT_BASE = 1_850_000_000_000_000_000
_SPREAD = 257
_SCATTER = 0x9E3779B1
_MIDDLE = "7c04-4f1a-9b6e"
_TRADES = "51d2-4e8f-8a37"


def order_id(core: int, *, spot: bool) -> str:
    """The order id on the wire."""
    if spot:
        return str(SPOT_BASE + core * _SPREAD)
    return f"{core * 37 + _SCATTER & 0xFFFFFFFF:08x}-{_MIDDLE}-{core:012x}"


def core_id(wire: str) -> int | None:
    """The core's order id; None for what never was one."""
    if len(wire) == 36:
        tail = wire[24:]
        try:
            core = int(tail, 16)
        except ValueError:
            return None
        return core if order_id(core, spot=False) == wire else None
    if len(wire) > 20 or not (wire.isascii() and wire.isdigit()):
        return None
    core, rest = divmod(int(wire) - SPOT_BASE, _SPREAD)
    return core if core > 0 and not rest else None


def execution_id(place: int, trade: int, *, spot: bool) -> str:
    """The execution id of a trade in the symbol of that place among the venue's symbols."""
    if spot:
        return str(2_100_000_000_000_000_000 + place * 10**12 + trade)
    return f"{trade * 11 + _SCATTER & 0xFFFFFFFF:08x}-{_TRADES}-{place:04x}{trade:08x}"
