"""Where the market's actions come from: drawn by a seed, drawn and scripted, or played from a recording.

All three say what the house does next and when, and none looks at the book: a ``Market`` cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core.flow import Flow, FlowConfig, Opening
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import KINDS, Path
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.tape import TapeFlow

Feed = Flow | TapeFlow


def open_feed(config: FlowConfig, instrument: Instrument, *, seed: int, now: int) -> Feed:
    """The market of ``config``, which opens at ``now`` (ns). Raises ValueError where a recorded price or quantity does
    not lie on the instrument's grid."""
    if config.tape is not None:
        return TapeFlow(config, instrument, now=now)
    if config.path is not None or config.events:
        return ScriptedFlow(config, instrument, seed=seed, now=now)
    return Flow(config, instrument, seed=seed, now=now)


_TYPES: dict[str, Any] = {
    "mid": Decimal, "depth": Decimal, "taker_size": Decimal, "opening": Opening | None, "path": Path | None,
    "tape": Tape | None,
}  # fmt: skip


def config_of(fields: Mapping[str, Any]) -> FlowConfig:
    """A FlowConfig from plain data (decimals as Decimal or text). Raises ValueError, in one line."""
    try:
        given = {name: msgspec.convert(value, _TYPES.get(name, Any)) for name, value in fields.items()}
        given["events"] = tuple(msgspec.convert(event, KINDS[event["kind"]]) for event in given.get("events", ()))
        return FlowConfig(**given)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no market: {error}") from None
