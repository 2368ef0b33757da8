"""Faults of the exchange that are operations of its own: what others do to an order, halts, clocks that run apart,
rules that change.

They are no accidents of a request. The venue, or somebody with the account's password, does something that the agent
did not ask for, and it stays so until it is undone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from outtrade.model.fault.trigger import FaultBase, Trigger


class OthersCancel(FaultBase):
    """The next accepted order is ended by somebody else ``after`` seconds after its acceptance.

    ``by``: ``person`` (a manual cancel on the same account: it reads like one of our own), ``venue`` (the exchange
    expires it: orders that it ends by itself, in maintenance or by its own rules)."""

    kind: Literal["others_cancel"] = "others_cancel"
    on: Trigger = Trigger(op="place")
    by: Literal["person", "venue"] = "person"
    after: float = Field(default=20.0, gt=0)

    @property
    def variant(self) -> str:
        return f"others_cancel.{self.by}"


class Halt(FaultBase):
    """For ``duration`` seconds from ``on.after`` the market ``on.symbol`` (None: every market) is in another trading
    state: ``halted`` (cancels only, and nothing trades), ``cancel_only`` (cancels only, what rests may trade) or
    ``maintenance`` (nothing, not even cancels). The venue refuses in its own words; its reference data say so too,
    where the venue lists a state."""

    kind: Literal["halt"] = "halt"
    state: Literal["halted", "cancel_only", "maintenance"] = "halted"
    duration: float = Field(default=60.0, gt=0)

    @property
    def variant(self) -> str:
        return f"halt.{self.state}"


class ClockSkew(FaultBase):
    """For ``duration`` seconds from ``on.after`` the clock at the venue's front door is ahead of the true time by
    ``seconds`` (negative: behind), and gains ``drift`` seconds an hour on top. Signed requests are held against it,
    and the venue's time tells it; the engine keeps the true time. Behind by more than a request stays valid is not
    offered: nothing would get in whatever the client does."""

    kind: Literal["clock_skew"] = "clock_skew"
    seconds: float = Field(default=30.0, ge=-4, le=3600)
    drift: float = Field(default=0.0, ge=-60, le=600)
    duration: float = Field(default=60.0, gt=0)


class RuleChange(FaultBase):
    """From ``on.after`` on a trading rule of ``on.symbol`` (None: of every market) is ``times`` as strict: its
    ``tick``, its quantity ``step`` or its least ``notional``. It stays so: nothing heals. Orders that rest keep their
    terms; new ones that keep the old rule alone are refused in the venue's words, and its reference data tell the new
    rule. (A market's *status* changes with ``halt``.) Where a venue has no such rule, nothing happens.

    Kraken tells ticks and steps as numbers of decimals, so that ``times`` is a power of ten there."""

    kind: Literal["rule_change"] = "rule_change"
    rule: Literal["tick", "step", "notional"] = "tick"
    times: int = Field(default=10, ge=2, le=100_000)

    @property
    def variant(self) -> str:
        return f"rule_change.{self.rule}"


class Stray(FaultBase):
    """``after`` seconds after the next accepted order, an order that the agent never sent appears on its account under
    the same tag: an old copy of it still runs, or a second one was started with its settings.

    It has the side of the order that was hit, and ``fraction`` of its quantity. ``form``: ``fill`` (it takes at the
    market, and is filled at once) or ``order`` (it rests three per cent away from the market)."""

    kind: Literal["stray"] = "stray"
    on: Trigger = Trigger(op="place")
    form: Literal["fill", "order"] = "fill"
    after: float = Field(default=15.0, gt=0)
    fraction: float = Field(default=0.5, gt=0, le=1)

    @property
    def variant(self) -> str:
        return f"stray.{self.form}"


class Transfer(FaultBase):
    """At ``on.after`` somebody moves ``amount`` units of ``asset`` into the account (``way`` ``in``) or out of it
    (``out``). There is no order and no trade behind it, and nobody announces it."""

    kind: Literal["transfer"] = "transfer"
    way: Literal["in", "out"] = "out"
    asset: str = "USDT"
    amount: float = Field(default=25.0, gt=0)

    @property
    def variant(self) -> str:
        return f"transfer.{self.way}"


KINDS = frozenset({"others_cancel", "halt", "clock_skew", "rule_change", "stray", "transfer"})
"""The kinds of this module: a scenario plans them around its orders, they are not thrown into any."""
