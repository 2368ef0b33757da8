"""Faults of the process under test: it dies at a point of an order's life and is started again, stands
still for a while, or is started a second time although it lives."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from outtrade.model.fault.trigger import FaultBase, Trigger

Point = Literal["before_send", "after_send", "after_commit", "after_ack", "after_store_set", "during_cancel"]
"""Where in an order's life a process can die. ``before_send``: the request was written and did not leave.
``after_send``: it left. ``after_commit``: the exchange carried it out. ``after_ack``: the answer has arrived.
``after_store_set``: something was made durable. ``during_cancel``: a cancel was carried out, its
answer is on its way."""

POINTS: tuple[str, ...] = get_args(Point)


class Crash(FaultBase):
    """The agent dies at a named point and is started again ``downtime`` seconds later, with its store.

    ``on.op`` (default ``place``) says which operation ``before_send``, ``after_send``, ``after_commit``,
    ``after_ack`` and ``during_cancel`` refer to; ``after_store_set`` counts store writes by ``on.nth``.
    ``store``: what the next process finds, all that was made durable (``kept``), nothing (``lost``), or an old copy
    that lacks the latest ``behind`` changes (``stale``: a backup, a replica that lagged).
    """

    LATER = ("behind",)

    kind: Literal["crash"] = "crash"
    on: Trigger = Trigger(op="place")
    point: Point
    downtime: float = 5.0
    store: Literal["kept", "lost", "stale"] = "kept"
    behind: int = Field(default=1, ge=1)

    @property
    def variant(self) -> str:
        return f"crash.{self.point}" + ("" if self.store == "kept" else f".store_{self.store}")


class Pause(FaultBase):
    """The process stands still for ``duration`` seconds and then goes on as if nothing had been: a garbage collector, a
    suspended machine, a debugger. The exchange goes on; what it sends waits in the process's sockets, and every timer
    of the process is late. ``point`` says when: at ``on.after`` (``at``), or where a crash of that name would be."""

    kind: Literal["pause"] = "pause"
    point: Literal["at", "after_send", "after_commit", "after_ack"] = "at"
    duration: float = 20.0

    @property
    def variant(self) -> str:
        return f"pause.{self.point}"


class SecondInstance(FaultBase):
    """A copy of the agent is started while the first still runs, with the same instance number and the same store: a
    supervisor lost sight of it (a missed heartbeat, a split network, a slow shutdown) and believes it dead. It happens
    at ``on.after``; the copy is told ``resumed``. ``instance`` says which one of several is doubled."""

    kind: Literal["second_instance"] = "second_instance"
    instance: int = Field(default=0, ge=0)
