"""When a fault fires: operations, and the conditions of a trigger. The base class of all faults."""

from __future__ import annotations

from pydantic import Field

from outtrade.model.task import Plain

READS = frozenset({"query", "open_orders", "all_orders", "lists", "trades", "account", "positions"})
"""Operations that tell the client something about the state of its orders and of what it holds."""
WRITES = frozenset(
    {
        *("place", "cancel", "cancel_all", "cancel_replace", "amend", "place_list", "cancel_list"),
        *("place_batch", "cancel_batch", "amend_batch", "dead_man"),
        *("leverage", "position_mode", "margin_mode", "margin"),
    }
)
"""Operations that change the state of the exchange."""


class Trigger(Plain):
    """When a fault fires. All given conditions must hold.

    ``op`` may be a name, ``read`` (any of READS), ``write`` (any of WRITES), ``any``. ``nth`` counts matching
    operations from 1 (within ``after``..``before``); ``times`` is how many consecutive ones are hit. ``tag``
    restricts to orders whose client order id contains it. ``after`` and ``before`` are run time in seconds.
    """

    op: str = "any"
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=1)
    symbol: str | None = None
    tag: str | None = None
    after: float = 0.0
    before: float | None = None


class FaultBase(Plain):
    """Common to all faults."""

    on: Trigger = Trigger()

    @property
    def variant(self) -> str:
        """A stable label for tables: the kind and what distinguishes its forms."""
        return str(self.kind)  # type: ignore[attr-defined]
