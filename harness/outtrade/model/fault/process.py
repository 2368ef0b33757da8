"""Faults of the process under test: it dies at a point of an order's life and is started again."""

from __future__ import annotations

from typing import Literal

from outtrade.model.fault.trigger import FaultBase, Trigger


class Crash(FaultBase):
    """The agent dies at a named point and is started again ``downtime`` seconds later, with its store.

    ``on.op`` (default ``place``) says which operation ``before_send``, ``after_send``, ``after_commit``,
    ``after_ack`` and ``during_cancel`` refer to; ``after_store_set`` counts store writes by ``on.nth``.
    """

    kind: Literal["crash"] = "crash"
    on: Trigger = Trigger(op="place")
    point: Literal["before_send", "after_send", "after_commit", "after_ack", "after_store_set", "during_cancel"]
    downtime: float = 5.0
    store: Literal["kept", "lost"] = "kept"

    @property
    def variant(self) -> str:
        return f"crash.{self.point}" + ("" if self.store == "kept" else f".store_{self.store}")
