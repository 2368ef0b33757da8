"""What a tool asks of the outside, so that one definition serves blocking and asyncio code.

A tool is a generator: it yields a ``Send`` or a ``Pause`` and gets back the JSON of the answer (or a ``PortError`` is
thrown into it), and returns plain JSON. ``outtrade.tools.transport`` plays the other side twice.

    >>> def tool():
    ...     data = yield Send("GET", "/api/v3/time", {}, signed=False)
    ...     return {"time": data["serverTime"]}
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from outtrade.tools import arguments as a


@dataclass(frozen=True, slots=True)
class Send:
    """One request to the venue. ``params`` are not signed yet."""

    method: str
    path: str
    params: dict[str, str]
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Let ``seconds`` pass."""

    seconds: float


Steps = Generator[Send | Pause, Any, Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """A signed request as it goes out: path with query, headers."""

    target: str
    headers: dict[str, str]


class Dialect(Protocol):
    """How a venue is spoken to. Each tool method takes its validated arguments and returns the steps of its work."""

    def wire(self, step: Send) -> Wire:
        """A request ready to be sent now."""

    def answer(self, status: int, headers: Mapping[str, str], body: str) -> Any:
        """The JSON of a good answer; raises Refused or Doubtful."""

    def run(self, tool: str, given: a.Arguments) -> Steps:
        """The steps of a tool that speaks to the venue."""
