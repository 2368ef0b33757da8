"""Compare two histories of the same scenario event by event and name the first difference.

Same scenario, same target, same bytes: where that does not hold, something read a clock, entropy or an order of
iteration that the World does not control, and no failing scenario could be replayed. The first event that differs is
where to look; everything after it is a consequence.
"""

from __future__ import annotations

from itertools import zip_longest

import msgspec

from outtrade.model.history import EventType, History
from outtrade.sim.sources import Watch

_ENCODER = msgspec.json.Encoder(order="deterministic")


def explained(one: History, two: History, first: Watch, second: Watch) -> str:
    """The first difference, and the agent's lines that caused it in either run; empty if the runs are the same."""
    seq = _first(one, two)
    if seq is None:
        return first_difference(one, two)
    here, there = (watch.origin(seq) for watch in (first, second))
    lines = f"{here}; in the other run {there}" if here and there and here != there else here or there
    return first_difference(one, two) + (f"; from {lines}" if lines else "")


def _first(one: History, two: History) -> int | None:
    pairs = enumerate(zip_longest(one.events, two.events))
    return next((seq for seq, (left, right) in pairs if left != right), None)


def first_difference(one: History, two: History) -> str:
    """One line that names the first event that differs (sequence number, virtual time, field); empty if none does."""
    if _ENCODER.encode(one.header) != _ENCODER.encode(two.header):
        return "the headers differ (target, scenario or venue data)"
    for seq, (left, right) in enumerate(zip_longest(one.events, two.events)):
        if left is None or right is None:
            there = left or right
            kind = type(there).__name__
            return f"event {seq}: one run ended, the other went on with {kind} at {there.seconds:.6f} s"
        if left != right:
            return f"event {seq} at {left.seconds:.6f} s ({type(left).__name__}): {_field(left, right)}"
    return ""


def _field(left: EventType, right: EventType) -> str:
    if type(left) is not type(right):
        return f"the other run has {type(right).__name__} at {right.seconds:.6f} s"
    for name in left.__struct_fields__:
        a, b = getattr(left, name), getattr(right, name)
        if a != b:
            return f"{name} is {_short(a)}, then {_short(b)}"
    return "encoded differently"


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
