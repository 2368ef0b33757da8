"""Whose doing an event is: lives of the copies of an agent.

A *copy* (instance) of the agent has one life after another: it is killed and started again. One copy and one life at a
time is the usual case, in which all events are that life's. Where several live at once, what the agent says is said by
the process that runs, and what travels belongs to the process whose connection it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Life:
    """One life of one copy. ``dead``: it was killed, and the next has not begun."""

    instance: int = 0
    incarnation: int = 0
    dead: bool = False
    reported: bool = False
    """Its report is on the record."""
    fault: int | None = None
    """The crash that ended it."""
    kill: Callable[[], None] | None = None
    """Ends this life, where there are others at the same time; None: the World has but one."""
