"""What Kraken remembers of an order beside what a matching engine needs: how it was asked for, in its own words.

Every order has a *txid* (``O`` and two dashes), which the core carries along as the order's label, so that the way from
a core order to its note is one look-up. Orders that are to start later have a note, and no core order yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from outtrade_mocks.core import NewOrder
from outtrade_mocks.venues.kraken_spot.reference import Listing


class Ids:
    """Identifiers of Kraken's form, by a seed: ``O`` for orders, ``T`` for trades, ``L`` for ledger entries.

    >>> Ids(1).make("O", 1), Ids(1).make("O", 1) == Ids(2).make("O", 1)
    ('O04837-7DC79-196447', False)
    """

    __slots__ = ("_seed",)

    def __init__(self, seed: int) -> None:
        self._seed = f"kraken_spot:{seed}".encode()[:64]

    def make(self, kind: str, number: int | str) -> str:
        """The identifier with this number."""
        text = blake2b(f"{kind}{number}".encode(), digest_size=8, key=self._seed).hexdigest().upper()
        return f"{kind}{text[:5]}-{text[5:10]}-{text[10:16]}"


@dataclass(frozen=True, slots=True)
class Close:
    """A conditional close: the template of the orders that close what fills."""

    ordertype: str
    price: str
    price2: str
    text: str


class Note(msgspec.Struct):
    """One order as it was asked for. ``price`` and ``price2`` are as shown; times are UNIX seconds, 0 for none."""

    txid: str
    listing: Listing
    new: NewOrder
    ordertype: str
    price: str = "0"
    price2: str = "0"
    userref: int | None = None
    cl_ord_id: str | None = None
    oflags: tuple[str, ...] = ("fciq",)
    starttm: int = 0
    expiretm: int = 0
    close: Close | None = None
    refid: str | None = None
    trigger: str | None = None
    """``last`` or ``index``, of orders that wait for a price."""
    price_type: str = "static"
    """How WebSocket v2 calls the form of the trigger price: ``static``, ``pct`` or ``quote``."""
    limit_offset: str | None = None
    """Of trailing-stop-limit orders: price2 as asked for."""
    created: int = 0
    """UNIX ns."""
    core_id: int | None = None
    """None: not in the market yet, and may never be."""
    ended: int | None = None
    """When an order that never came to the market ended (UNIX ns)."""
    reasons: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """(time, why it ended), where the core does not know."""
    amends: list[Amend] = msgspec.field(default_factory=list)

    @property
    def order_text(self) -> str:
        """How the order is described after volume and pair (``limit 30000.0``)."""
        return described(self.ordertype, self.price, self.price2)


@dataclass(frozen=True, slots=True)
class Amend:
    """One amend of an order (OrderAmends)."""

    amend_id: str
    time: int
    lots: int
    remaining: int
    price: int | None
    trigger: int | None
    visible: int | None
    post_only: bool


def described(ordertype: str, price: str, price2: str) -> str:
    """What an order is, in Kraken's words.

    >>> described("stop-loss-limit", "100.0", "99.0"), described("market", "0", "0")
    ('stop loss 100.0 -> limit 99.0', 'market')
    """
    if ordertype == "market":
        return "market"
    if ordertype in ("limit", "iceberg"):
        return f"limit {price}"
    words = ordertype.removesuffix("-limit").replace("-", " ")
    return f"{words} {price} -> limit {price2}" if ordertype.endswith("-limit") else f"{words} {price}"
