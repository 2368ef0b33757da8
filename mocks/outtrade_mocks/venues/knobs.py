"""Knobs: the settings of a venue for what nobody documents, so that a scenario can play both behaviours.

A venue lists its knobs as plain data (``KNOBS``); a scenario sets those it cares for. What it sets is checked here::

    >>> KNOBS = {"late": Knob(False, (True, False), "not stated"), "limit": Knob(50, (), "the live number changes")}
    >>> knob(KNOBS, {"limit": 20}, "limit"), knob(KNOBS, {}, "late")
    (20, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Setting = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Knob:
    """A seeded setting. ``choices`` empty: any positive number."""

    default: Setting
    choices: tuple[Setting, ...]
    why: str


def knob(knobs: Mapping[str, Knob], settings: Mapping[str, Setting], name: str) -> Setting:
    """The setting of a knob, its default where ``settings`` has none. Raises ValueError on an impossible value."""
    rule = knobs[name]
    value = settings.get(name, rule.default)
    if rule.choices and value not in rule.choices:
        raise ValueError(f"knob {name}: {value!r} is none of {rule.choices}")
    if not rule.choices and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
        raise ValueError(f"knob {name}: {value!r} is not a positive number")
    return value
