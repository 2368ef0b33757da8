"""Faults that hit what an account *holds* in contracts: liquidation, deleveraging, the end of a contract.

They are answered by no request and asked for by nobody. What is left afterwards, another position, another balance,
orders that are gone, stands there to be read; an agent that adds up its own trades goes on believing in a position
that it no longer has. None of them is ambiguous on the wire, so none has a twin.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from outtrade.model.fault.trigger import FaultBase


class Liquidation(FaultBase):
    """From ``on.after`` on, as soon as there is a position in ``on.symbol`` that can be: for a moment the mark price
    stands where it is liquidated. Open orders end, the position is closed in the book, a fee goes to the insurance
    fund; the market itself has not moved."""

    kind: Literal["liquidation"] = "liquidation"


class Adl(FaultBase):
    """From ``on.after`` on, as soon as there is a position in ``on.symbol``: ``fraction`` of it is closed at the mark
    price to close somebody else's, who was liquidated (auto-deleveraging). The account's open orders in the symbol
    end, no fee is taken."""

    kind: Literal["adl"] = "adl"
    fraction: float = Field(default=1.0, gt=0, le=1)


class Expiry(FaultBase):
    """At ``on.after`` trading in ``on.symbol`` ends for good, as for a dated contract or a delisting: open orders
    expire, positions are settled at the settlement price, and nothing is taken any more."""

    kind: Literal["expiry"] = "expiry"


KINDS = frozenset({"liquidation", "adl", "expiry"})
"""The kinds of this module: a scenario plans them around its positions, they are not thrown into any."""
