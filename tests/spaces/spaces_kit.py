"""What the tests of spaces ask of a fault: how long it can act, how much it delays."""

from __future__ import annotations

from typing import get_args

from outtrade.model import fault as kinds
from outtrade.model.fault import Fault


def acts_until(fault: Fault) -> float:
    """The last moment at which a fault can act, in seconds of run time; infinity where nothing bounds it."""
    before = fault.on.before if fault.on.before is not None else float("inf")
    match fault:
        case kinds.DnsFailure() | kinds.Refuse() | kinds.Blackhole() | kinds.StreamSilent() | kinds.StreamStall():
            return fault.on.after + fault.duration
        case kinds.StreamClose():
            return fault.on.after + fault.down
        case kinds.HalfOpen() | kinds.Disconnect() | kinds.StreamExpire():
            return fault.on.after  # the engine gives it up when all is to be healed
        case kinds.Pause(point="at"):
            return fault.on.after + fault.duration
        case kinds.RateLimit() | kinds.Ban() | kinds.Forbidden() | kinds.Pause():
            return before + fault.duration
        case kinds.Latency() | kinds.LateRequest() | kinds.Visibility() | kinds.StreamEarly():
            return before + fault.delay
        case kinds.Trickle():
            return before + (fault.chunks - 1) * fault.pause
        case kinds.PartialFill() | kinds.DelayedFill() | kinds.StreamDuplicate() | kinds.StreamReorder():
            return before + fault.after
        case kinds.Crash():
            return before + fault.downtime
    return before


def delay_of_an_answer(fault: Fault) -> float:
    match fault:
        case kinds.Latency() | kinds.LateRequest() | kinds.Visibility() | kinds.StreamEarly() | kinds.LostAnswer():
            return fault.delay
        case kinds.Trickle():
            return (fault.chunks - 1) * fault.pause
        case kinds.StreamDuplicate() | kinds.StreamReorder() | kinds.Duplicated():
            return fault.after
    return 0.0


def all_kinds() -> set[str]:
    union = get_args(Fault)[0]
    return {kind.model_fields["kind"].default for kind in get_args(union)}
