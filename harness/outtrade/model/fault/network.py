"""Faults of the network: names, connections, packets. Nothing is executed that did not arrive."""

from __future__ import annotations

from typing import Literal

from outtrade.model.fault.trigger import FaultBase


class DnsFailure(FaultBase):
    """Every name look-up of the venue fails for ``duration`` seconds from ``on.after``."""

    kind: Literal["dns_failure"] = "dns_failure"
    duration: float


class Refuse(FaultBase):
    """TCP connections are refused for ``duration`` seconds; open idle connections are reset at its start."""

    kind: Literal["refuse"] = "refuse"
    duration: float


class Blackhole(FaultBase):
    """For ``duration`` seconds no packet arrives in either direction; nothing is executed."""

    kind: Literal["blackhole"] = "blackhole"
    duration: float


class Latency(FaultBase):
    """The answer to the matching operations comes ``delay`` seconds late (execution is not delayed)."""

    kind: Literal["latency"] = "latency"
    delay: float


class Trickle(FaultBase):
    """The answer comes in ``chunks`` pieces with ``pause`` seconds (more than 15) between them."""

    kind: Literal["trickle"] = "trickle"
    chunks: int = 3
    pause: float = 16.0


class LateRequest(FaultBase):
    """The matching request is on its way ``delay`` seconds longer; it is carried out when it arrives, if the venue
    still takes it (some refuse what was signed too long ago)."""

    kind: Literal["late_request"] = "late_request"
    delay: float = 3.0


class HalfOpen(FaultBase):
    """At ``on.after`` the open connections die without a word (a router forgot them): what either side sends on them
    vanishes. New connections work. ``only`` restricts it to ``rest`` or ``stream`` connections."""

    kind: Literal["half_open"] = "half_open"
    only: Literal["all", "rest", "stream"] = "all"

    @property
    def variant(self) -> str:
        return f"half_open.{self.only}"


class Disconnect(FaultBase):
    """At ``on.after`` the venue ends the open connections, by FIN (``close``) or RST (``reset``); new ones work. What a
    client sends on a connection that it believes open was not executed. ``only`` as for ``half_open``."""

    kind: Literal["disconnect"] = "disconnect"
    how: Literal["close", "reset"] = "close"
    only: Literal["all", "rest", "stream"] = "all"

    @property
    def variant(self) -> str:
        return f"disconnect.{self.how}"
