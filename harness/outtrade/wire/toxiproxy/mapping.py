"""Which fault is which toxic. What is no such thing stays with the venue's server, with the reason.

Facts of Toxiproxy 2.12 behind the table (its source, and tests/wire_mode/test_toxiproxy.py):

* ``reset_peer`` sends RST only on connections that were *opened* while such a toxic was there (SO_LINGER is set then);
  on older ones its client sees FIN. So it is installed before the first connect, with toxicity 0, and switched on for
  the one answer. Every connection opened meanwhile ends by RST, whoever ends it: a plan that wants both, RST and FIN,
  cannot go through Toxiproxy.
* A FIN of the venue passes through, its RST does not (it becomes FIN).
* ``timeout`` closes all its connections when it is removed; switched to toxicity 0 it lets them live.
* ``limit_data`` counts bytes from the moment it is put on a connection.
* TLS handshakes of new connections would meet a toxic that is meant for another one's answer: the venue can hold back
  answers, not handshakes. So with TLS everything stays with the server.
* ``slicer`` halves until a slice is small enough, and pauses after each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outtrade.model.fault import Fault, Latency, LostAnswer, Trickle

RST = ("refuse", "dns_failure")
"""Faults (beside a reset) whose connections end by RST."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Who does a fault: ``toxic`` is the type of toxic (``disabled``: the proxy itself), "" where the server does it
    and ``why`` says why."""

    toxic: str = ""
    why: str = ""

    def __str__(self) -> str:
        if not self.toxic:
            return f"server ({self.why})"
        return "toxiproxy, proxy disabled" if self.toxic == "disabled" else f"toxiproxy {self.toxic}"


def _resets(fault: Fault) -> bool:
    return fault.kind in RST or (isinstance(fault, LostAnswer) and fault.symptom == "reset")


def _ends(fault: Fault) -> bool:
    return isinstance(fault, LostAnswer) and fault.symptom in ("close", "truncate")


def carriers(faults: Sequence[Fault], *, tls: bool = False) -> list[Carried]:
    """For each fault of a plan, who does it.

    >>> [str(c) for c in carriers([LostAnswer(symptom="reset"), LostAnswer(symptom="malformed")])]
    ['toxiproxy reset_peer', 'server (bytes of an answer, no fault of a network)']
    """
    if tls:
        return [Carried(why="a toxic would hit the TLS handshakes of other connections")] * len(faults)
    if any(map(_resets, faults)) and any(map(_ends, faults)):
        return [Carried(why="the plan has RST and FIN; Toxiproxy gives a connection one of them")] * len(faults)
    return [_carried(fault) for fault in faults]


def _carried(fault: Fault) -> Carried:
    if isinstance(fault, LostAnswer):
        return _lost(fault)
    if isinstance(fault, Latency):
        return Carried("latency")
    if isinstance(fault, Trickle):
        return Carried("slicer")
    match fault.kind:
        case "refuse" | "dns_failure":
            return Carried("disabled")
        case "blackhole":
            return Carried(why="nobody could count what Toxiproxy throws away")
        case "late_request":
            return Carried(why="a delay of one request, Toxiproxy delays answers")
        case "half_open" | "disconnect":
            return Carried(why="the end of a connection that the venue knows of")
        case _ if fault.kind.startswith("stream_"):
            return Carried(why="a fault of WebSocket frames, Toxiproxy knows bytes")
        case "rate_limit" | "ban" | "forbidden" | "reject":
            return Carried(why="an answer of the venue")
        case "crash" | "pause":
            return Carried(why="a fault of the process")
        case _:
            return Carried(why="a fault of the exchange")


def _lost(fault: LostAnswer) -> Carried:
    match fault.symptom:
        case "reset":
            return Carried("reset_peer")
        case "hang":
            return Carried("timeout")
        case "close":
            return Carried("slow_close" if fault.delay >= 0.001 else "limit_data")
        case "truncate":
            return Carried("limit_data")
        case "malformed":
            return Carried(why="bytes of an answer, no fault of a network")
        case _:
            return Carried(why="an answer, no fault of a network")


def why_not(carried: Sequence[Carried]) -> str:
    """Why Toxiproxy has nothing to do in a plan, in a few words."""
    reasons = {one.why for one in carried}
    return reasons.pop() if len(reasons) == 1 else "no fault of the plan is one for toxiproxy"


def needed(carried: Sequence[Carried]) -> bool:
    """Whether Toxiproxy has anything to do in such a plan."""
    return any(one.toxic for one in carried)
