"""Frames between the server and the process that holds the World: msgpack behind four bytes of length.

The server asks, the process answers, one for one; ``Begin`` alone has no answer. What a model wrote travels as JSON
text, so that anything it may write (lone surrogates, huge integers) arrives as it was.
"""

from __future__ import annotations

import msgspec

from outtrade.engine.results import Examined

HEAD = 4
"""Bytes of length before each frame."""
LARGEST = 1 << 30


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Run this scenario (JSON). ``think``: virtual seconds that pass before each call."""

    index: int
    scenario: str
    name: str
    suite: str
    think: float


class Call(msgspec.Struct, frozen=True, tag="call"):
    """A tool call, as the model wrote it."""

    tool: str
    arguments: str


class HandIn(msgspec.Struct, frozen=True, tag="hand-in"):
    """The report (JSON)."""

    report: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What a call returned (JSON), or why a report is none; the scenario goes on."""

    text: str


class Over(msgspec.Struct, frozen=True, tag="over"):
    """The scenario is over and judged. ``history``: JSON lines."""

    examined: Examined
    history: bytes


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The harness failed; the message is one line."""

    message: str


Asked = Begin | Call | HandIn
Answered = Answer | Over | Failed

ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
ANSWERED: msgspec.msgpack.Decoder[Answered] = msgspec.msgpack.Decoder(Answered)


def packed(frame: Asked | Answered) -> bytes:
    """A frame as bytes."""
    data = msgspec.msgpack.encode(frame)
    return len(data).to_bytes(HEAD, "big") + data
