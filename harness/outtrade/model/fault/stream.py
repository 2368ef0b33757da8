"""Faults of the private stream: events lost, doubled, late; streams that fall silent or close."""

from __future__ import annotations

from typing import Literal

from outtrade.model.fault.trigger import FaultBase, Trigger


class StreamDrop(FaultBase):
    """The nth pushed event is never delivered; the stream stays healthy."""

    kind: Literal["stream_drop"] = "stream_drop"
    on: Trigger = Trigger(op="event")


class StreamDuplicate(FaultBase):
    """The nth pushed event is delivered twice (the second ``after`` seconds later)."""

    kind: Literal["stream_duplicate"] = "stream_duplicate"
    on: Trigger = Trigger(op="event")
    after: float = 0.05


class StreamReorder(FaultBase):
    """The nth pushed event is delivered after the next one (or ``after`` seconds late where none follows)."""

    kind: Literal["stream_reorder"] = "stream_reorder"
    on: Trigger = Trigger(op="event")
    after: float = 1.0


class StreamEarly(FaultBase):
    """The stream tells of the order before the REST acknowledgement, which comes ``delay`` seconds late."""

    kind: Literal["stream_early"] = "stream_early"
    on: Trigger = Trigger(op="place")
    delay: float = 1.0


class StreamSilent(FaultBase):
    """For ``duration`` seconds the open stream delivers nothing: no events, no pings, no pongs."""

    kind: Literal["stream_silent"] = "stream_silent"
    duration: float = 200.0


class StreamClose(FaultBase):
    """The venue closes the stream at ``on.after``; what happens before the next subscription is not replayed."""

    kind: Literal["stream_close"] = "stream_close"
    down: float = 5.0
    """Seconds during which new stream connections are refused."""


class StreamStall(FaultBase):
    """For ``duration`` seconds no event of the account is delivered, while pings, heartbeats and public data go on.

    ``late``: they all come when the stall is over, in their order; else they are lost."""

    kind: Literal["stream_stall"] = "stream_stall"
    duration: float = 60.0
    late: bool = True

    @property
    def variant(self) -> str:
        return f"stream_stall.{'late' if self.late else 'lost'}"


class StreamExpire(FaultBase):
    """At ``on.after`` what the stream was opened with (listen key, token, session) ends: the venue says so in its own
    words and sends no more events of the account; some venues close the connection too. A new subscription works."""

    kind: Literal["stream_expire"] = "stream_expire"
