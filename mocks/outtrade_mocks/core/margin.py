"""Margin: what an account's contracts of one settlement asset require, and what is left to it.

* *Initial margin* of a symbol: the larger of what its position and its open buys, or its position and its open sales,
  could come to, over the leverage (Binance USD-M, one-way mode: max(|position + bids|, |position - asks|); in hedge
  mode the long side with its bids and the short side with its asks, added up). The position counts at the mark price,
  an order at its limit. Orders that only reduce count nothing. Rounded up.
* An isolated position's own margin is out of the wallet already; of its symbol only orders still need some.
* *Maintenance margin* is that of the brackets at the mark price.
* *Available*: free balance + unrealised profit of cross positions - all initial margins (Binance availableBalance).

Cross positions of one asset share everything: they are liquidated when free balance + unrealised profit is no longer
above their maintenance margin. Money that spot orders lock stands for nothing, but a liquidation ends those orders
first (*inferred*; on most venues spot and contracts have wallets of their own).
"""

from __future__ import annotations

import msgspec

from outtrade_mocks.core.positions import PositionSide


class Margin(msgspec.Struct, frozen=True, kw_only=True):
    """An account's margin in one settlement asset. All amounts in atoms of it."""

    asset: str
    free: int
    locked: int
    """What spot orders lock."""
    unrealised: int
    """Profit of cross positions at the mark prices."""
    positions: int
    """Initial margin of cross positions."""
    orders: int
    """Initial margin of open orders for contracts, beyond that of the positions."""
    maintenance: int
    """Maintenance margin of cross positions."""
    isolated: int
    """Margin of isolated positions, which is not in the balance any more."""

    @property
    def equity(self) -> int:
        """What stands for the cross positions."""
        return self.free + self.unrealised

    @property
    def spare(self) -> int:
        """What is left above all initial margins; below 0: nothing may be opened."""
        return self.free + self.unrealised - self.positions - self.orders

    @property
    def available(self) -> int:
        """What may be used for new orders (and, of ``free``, for anything else)."""
        return max(0, self.spare)


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What one side of a symbol could come to: ``net``, or ``long`` and ``short`` in hedge mode."""

    side: PositionSide
    value: int
    """Atoms, at the mark price and the orders' limits."""
    lots: int
    held: int
    """Atoms that the position alone is worth at the mark price."""


def initial(exposure: list[Exposure], leverage: int) -> tuple[int, int]:
    """Initial margin of positions alone, and of positions with orders: value / leverage, rounded up."""
    alone = together = 0
    for one in exposure:
        alone -= -one.held // leverage
        together -= -one.value // leverage
    return alone, together
