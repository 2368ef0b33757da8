"""Positions: what an account holds in contracts, and what a trade does to it.

In *one-way* mode an account has one position per symbol (side ``net``, lots above or below zero); in *hedge* mode a
long and a short one beside each other (lots of a short are below zero, too). A position is *cross*, then the whole
balance of its settlement asset stands for it, or *isolated*, then only its own ``margin`` does.

A ``Position`` is an immutable snapshot, like an order: each change makes a new one, and the last of a list counts. What
a trade does is said by ``traded``, which moves nothing itself:

* what adds to a position adds the trade's value to ``carried`` (see ``contracts``);
* what closes part of it realises profit: the trade's value against that part of ``carried``. The part is rounded down,
  so realised profit is never above the exact one, and what was rounded off stays in the entry value until the end;
* a trade in one-way mode that is larger than the position closes it and opens the rest on the other side; its value is
  divided by lots, the closing part rounded so that it realises less: what is bought up, what is sold down.

    >>> long = Position("anna", "BTC/USDT", "net", lots=3, carried=-1000, margin=0, isolated=False, leverage=10)
    >>> traded(long, -1, 400, inverse=False)            # one of three, which cost 333 1/3, sold for 400
    Traded(lots=2, carried=-666, realised=66, released=0, opened=0)
    >>> traded(long, -5, 2000, inverse=False)           # three sold for 1200, two opened short at 800
    Traded(lots=-2, carried=800, realised=200, released=0, opened=800)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from outtrade_mocks.core.openings import Openings

if TYPE_CHECKING:
    from outtrade_mocks.core.book import Entry

PositionSide = Literal["net", "long", "short"]
Key = tuple[str, PositionSide]
"""(symbol, side)."""


class Position(msgspec.Struct, frozen=True, gc=False):
    """One position as it was from ``updated`` on. Amounts in atoms of the settlement asset."""

    account: str
    symbol: str
    side: PositionSide
    lots: int
    """Contracts in lots; below 0: short. 0: there was a position."""
    carried: int
    """What its trades moved, with sign: minus the entry value of a linear long."""
    margin: int
    """Isolated margin; 0 for a cross position."""
    isolated: bool
    leverage: int
    realised: int = 0
    """Profit realised since it was opened; fees and funding not counted."""
    fees: int = 0
    """Trading fees since it was opened; those paid in a discount's token and those of a liquidation not counted."""
    funding: int = 0
    """Funding received since it was opened (below 0: paid)."""
    opened: int = 0
    updated: int = 0
    """Times in ns."""

    @property
    def is_long(self) -> bool:
        """Whether it gains when the price rises."""
        return self.lots > 0


class Traded(msgspec.Struct, frozen=True, gc=False):
    """What a trade makes of a position."""

    lots: int
    carried: int
    realised: int
    """Profit that goes to the wallet."""
    released: int
    """Isolated margin that goes back to the wallet with what was closed; rounded down."""
    opened: int
    """Value of what the trade opened: this needs margin."""


def traded(held: Position, lots: int, value: int, *, inverse: bool) -> Traded:
    """A trade of ``lots`` (a purchase is above 0, a sale below) for ``value`` atoms, seen by one side."""
    move = value if (lots > 0) == inverse else -value
    if held.lots == 0 or (held.lots > 0) == (lots > 0):
        return Traded(held.lots + lots, held.carried + move, 0, 0, value)
    closing = min(abs(lots), abs(held.lots))
    closed = value * closing // abs(lots) if move > 0 else -(-value * closing // abs(lots))
    part = held.carried * closing // abs(held.lots)
    realised = part + (closed if move > 0 else -closed)
    released = held.margin * closing // abs(held.lots)
    opened = value - closed
    rest = held.carried - part + (opened if move > 0 else -opened)
    return Traded(held.lots + lots, rest, realised, released, opened)


class Setting:
    """How an account trades one symbol."""

    __slots__ = ("isolated", "leverage")

    def __init__(self, leverage: int, isolated: bool = False) -> None:
        self.leverage = leverage
        self.isolated = isolated


class Portfolio:
    """All contracts of an account, and how it trades them."""

    __slots__ = ("hedge", "openings", "positions", "reducing", "settings")

    def __init__(self) -> None:
        self.hedge = False
        """Position mode: long and short beside each other."""
        self.settings: dict[str, Setting] = {}
        """Symbol -> leverage and margin mode, where they were ever set or needed."""
        self.positions: dict[Key, list[Position]] = {}
        """(symbol, side) -> snapshots, oldest first; only sides that were ever held."""
        self.reducing: dict[int, Entry] = {}
        """Order id -> entry, of reduce-only orders; some may have ended."""
        self.openings = Openings()
        """What open orders could open."""

    def position(self, symbol: str, side: PositionSide) -> Position | None:
        """The position now; None where there is none (or no longer any)."""
        snapshots = self.positions.get((symbol, side))
        return snapshots[-1] if snapshots and snapshots[-1].lots else None

    def held(self, symbol: str | None = None) -> list[Position]:
        """Open positions (in ``symbol``), in the order in which their sides were first held."""
        return [
            snapshots[-1]
            for key, snapshots in self.positions.items()
            if snapshots[-1].lots and (symbol is None or key[0] == symbol)
        ]
