"""Which line of the agent's code is waiting?

Agent code is what lies outside the standard library, installed packages, and Outtrade's own ``outtrade`` and
``outtrade_mocks`` (agents that ship in ``outtrade_suites`` are agents). The innermost such frame is what a person
wants to see. The result never holds a directory, so that it is the same on every machine.
"""

from __future__ import annotations

import linecache
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import outtrade_mocks

_LIBRARY = tuple({sysconfig.get_paths()[name] + "/" for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_HARNESS = tuple({str(Path(__file__).parents[1]) + "/", str(Path(outtrade_mocks.__path__[0])) + "/"})
_SUITES = "/outtrade_suites/"


@lru_cache(maxsize=4096)
def is_agent_code(filename: str) -> bool:
    """Whether a source file belongs to the agent under test."""
    if filename.startswith("<"):
        return False
    if _SUITES in filename:
        return True
    return not (
        filename.startswith(_HARNESS + _LIBRARY) or "site-packages/" in filename or "dist-packages/" in filename
    )


Place = tuple[str, int, str]
"""File, line, function."""


def _place(frame: FrameType) -> Place:
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def told(place: Place) -> str:
    """A place in words, e.g. ``my_agent.py:12 in execute: answer = get(url)``."""
    filename, line, function = place
    text = linecache.getline(filename, line).strip()
    return f"{Path(filename).name}:{line} in {function}" + (f": {text}" if text else "")


def _describe(frame: FrameType) -> str:
    return told(_place(frame))


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def of_stack(frame: FrameType | None) -> str:
    """The innermost agent line on a call stack that ends in ``frame``; empty if there is none."""
    return next((_describe(f) for f in _outwards(frame) if is_agent_code(f.f_code.co_filename)), "")


def places(frame: FrameType | None, most: int, until: str) -> tuple[Place, ...]:
    """The innermost agent lines on a call stack that ends in ``frame``, innermost first; what called a file whose name
    ends with ``until`` is nobody's agent."""
    found: list[Place] = []
    while frame is not None and len(found) < most:  # a plain loop: while somebody watches, each event comes here
        name = frame.f_code.co_filename
        if name.endswith(until):
            break
        if is_agent_code(name):
            found.append(_place(frame))
        frame = frame.f_back
    return tuple(found)


_WAITERS = ("/threading.py", "/queue.py", "/concurrent/futures/")


def call_of(frame: FrameType | None) -> str:
    """The waiting call above a lock on a call stack, e.g. ``Queue.get``, ``Thread.join``, ``Future.result``: the
    outermost of the frames of ``threading``, ``queue`` and ``concurrent.futures`` through which the agent came. A
    thread of a library that waits for work is described by the innermost (``_worker``)."""
    names = ["lock.acquire"]
    for f in _outwards(frame):
        filename = f.f_code.co_filename
        if filename.startswith(_LIBRARY) and any(part in filename for part in _WAITERS):
            if f.f_code.co_qualname.startswith(("Thread.run", "Thread._bootstrap")):
                return names[min(1, len(names) - 1)]
            names.append(f.f_code.co_qualname)
        elif not filename.startswith(_HARNESS):
            break
    return names[-1]


def _awaits(coroutine: Any) -> Iterator[FrameType]:
    while coroutine is not None:
        for prefix in ("cr", "gi", "ag"):
            frame = getattr(coroutine, prefix + "_frame", None)
            if frame is not None:
                yield frame
            if hasattr(coroutine, prefix + "_frame"):
                inner = getattr(coroutine, prefix + ("_yieldfrom" if prefix == "gi" else "_await"), None)
                break
        else:
            return
        coroutine = inner


def of_coroutines(coroutines: Iterable[Any]) -> str:
    """The innermost agent line of the first suspended coroutine that has one; empty if none has."""
    for coroutine in coroutines:
        frames = [f for f in _awaits(coroutine) if is_agent_code(f.f_code.co_filename)]
        if frames:
            return _describe(frames[-1])
    return ""
