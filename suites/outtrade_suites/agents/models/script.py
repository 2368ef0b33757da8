"""A script in the place of a language model: it yields tool calls as a model would write them, and reads results.

``play`` is the loop that any program around a model has: hand over the call, hand back the result, until the model
has nothing left to call and says what it believes.

    def script():
        result = yield Use("ticker", {"symbol": "BTC/USDT"})
        return {"outcomes": {}, "orders": []}
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from outtrade.model.task import Report

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """A tool call."""

    tool: str
    arguments: Json = field(default_factory=dict)


Script = Generator[Use, Json, Json]
"""Yields tool calls, is sent their results, returns the report as plain data."""


class Tools(Protocol):
    """What is used of ``venue.tools``."""

    def call(self, name: str, arguments: Any = None) -> Json: ...


class Venue(Protocol):
    """What is used of ``VenueAccess``."""

    @property
    def absent_after(self) -> float: ...
    @property
    def tools(self) -> Tools: ...
    @property
    def symbols(self) -> Mapping[str, str]: ...


def play(tools: Tools, script: Script) -> Report:
    """Run a script to its end; its arguments travel as JSON text, as a model's do."""
    try:
        use = next(script)
        while True:
            use = script.send(tools.call(use.tool, json.dumps(use.arguments)))
    except StopIteration as end:
        return Report.model_validate(end.value)
