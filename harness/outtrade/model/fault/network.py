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
