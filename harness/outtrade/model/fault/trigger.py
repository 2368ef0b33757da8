"""When a fault fires: operations, and the conditions of a trigger. The base class of all faults.

>>> Trigger(op="place", where={"side": "sell", "type": "limit"}).where["side"]
'sell'
>>> Trigger(op="cancel", state="partly_filled").model_dump(exclude_defaults=True)
{'op': 'cancel', 'state': 'partly_filled'}
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

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


OrderState = Literal["resting", "partly_filled", "filled", "ended", "unknown"]
"""What the exchange holds of the order that an operation names, at that moment: it works and nothing of it is filled,
it works and part is filled, all is filled, it ended otherwise (cancelled, expired, rejected), it has no such order."""


class Sparse(Plain):
    """Plain data that leaves the fields named in ``LATER`` (its own and those of its bases) out while they hold their
    defaults: scenarios that were written before such a field was added keep their bytes."""

    LATER: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _sparsely(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        for name in (name for base in type(self).__mro__ for name in vars(base).get("LATER", ())):
            if name in data and getattr(self, name) == type(self).model_fields[name].get_default(
                call_default_factory=True
            ):
                del data[name]
        return data


class Trigger(Sparse):
    """When a fault fires. All given conditions must hold.

    ``op`` may be a name, ``read`` (any of READS), ``write`` (any of WRITES), ``any``. ``nth`` counts matching
    operations from 1 (within ``after``..``before``); ``times`` is how many consecutive ones are hit. ``tag``
    restricts to orders whose client order id contains it. ``after`` and ``before`` are run time in seconds.

    ``where`` holds fields that the parsed request must have: those of the order (``symbol side type tif price quantity
    quote_quantity stop_price post_only reduce_only``, numbers as they travelled, flags as ``true`` or ``false``), else
    parameters by the venue's own name. ``state`` is what the exchange holds of the order that the request (or the
    pushed event) names, at the moment at which the fault would act.
    """

    LATER = ("where", "state")

    op: str = "any"
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=1)
    symbol: str | None = None
    tag: str | None = None
    after: float = 0.0
    before: float | None = None
    where: dict[str, str] = Field(default_factory=dict)
    state: OrderState | None = None


class FaultBase(Sparse):
    """Common to all faults. ``venue``: where it acts, at the main one (0) or at the n-th fallback of the scenario; its
    trigger counts what happens there. (A crash or a pause at a fallback: at a point of a request to it.)"""

    LATER = ("venue",)

    on: Trigger = Trigger()
    venue: int = Field(default=0, ge=0)

    @property
    def variant(self) -> str:
        """A stable label for tables: the kind and what distinguishes its forms."""
        return str(self.kind)  # type: ignore[attr-defined]
