"""Faults of the exchange itself: fills, races, what can be seen and when."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from outtrade.model.fault.trigger import FaultBase, Trigger


class PartialFill(FaultBase):
    """The next accepted order fills to ``fraction`` of its quantity: at once where it would have taken more
    (the book is thinned), else ``after`` seconds after acceptance (a market order of somebody else)."""

    kind: Literal["partial_fill"] = "partial_fill"
    on: Trigger = Trigger(op="place")
    fraction: float = Field(default=0.4, gt=0, lt=1)
    after: float = 2.0


class DelayedFill(FaultBase):
    """The next resting order is filled completely ``after`` seconds after its acceptance."""

    kind: Literal["delayed_fill"] = "delayed_fill"
    on: Trigger = Trigger(op="place")
    after: float = 30.0


class CancelRace(FaultBase):
    """As the cancel arrives, somebody else's order fills ``fraction`` of what was left just before it."""

    kind: Literal["cancel_race"] = "cancel_race"
    on: Trigger = Trigger(op="cancel")
    fraction: float = Field(default=1.0, gt=0, le=1)


class Visibility(FaultBase):
    """After the matching write, reads see the venue as it was before it, for ``delay`` seconds."""

    kind: Literal["visibility"] = "visibility"
    on: Trigger = Trigger(op="place")
    delay: float = 5.0


class Duplicated(FaultBase):
    """Something between client and venue (a proxy that repeats a request whose connection broke) delivers the matching
    request twice, the second ``after`` seconds later; the client sees the venue's answer to the *second* only.

    A resting order then answers "duplicate" although it stands, a cancel "unknown order" although it succeeded. Only
    for orders that rest: where ids are unique among open orders only, a copy of a filled one would be accepted. A copy
    that the venue turns away unread (Kraken: a nonce that was used) says nothing about the order; then the client sees
    the first answer."""

    kind: Literal["duplicated"] = "duplicated"
    on: Trigger = Trigger(op="place")
    after: float = 0.1

    @property
    def variant(self) -> str:
        return f"duplicated.{self.on.op}"


class Overfill(FaultBase):
    """``after`` seconds after its acceptance the next resting order is filled completely, and in the same trade for
    ``fraction`` of its quantity beyond that: the venue breaks its own promise. Nothing hides it: the order, the trade,
    the balances and the stream all tell the larger quantity. An order whose surplus the account could not pay, one of
    a list, an iceberg and one in contracts are left alone; the fault waits for another."""

    kind: Literal["overfill"] = "overfill"
    on: Trigger = Trigger(op="place")
    fraction: float = Field(default=0.3, gt=0, le=1)
    after: float = Field(default=20.0, gt=0)


class UnlistedFill(FaultBase):
    """Until ``duration`` seconds after the next order was accepted, its first trade is missing from every list of
    trades. The order's filled quantity, the balances and the stream tell of it all the while: only the lists are too
    short, and they do not say so. In the end it is listed with its own time, among those that were listed before."""

    kind: Literal["unlisted_fill"] = "unlisted_fill"
    on: Trigger = Trigger(op="place")
    duration: float = Field(default=60.0, gt=0)


KINDS = frozenset({"overfill", "unlisted_fill"})
"""The kinds of this module that a scenario plans around its orders; they are not thrown into any."""
