"""What every incarnation of an agent finds as a new process would: how logging and warnings are set up.

Both are settings of a process, and outlive a run inside it: the second agent that calls ``logging.basicConfig`` would
get nothing (the root logger has a handler already, which writes to the first one's stderr), a warning is shown once for
each line that causes it, and under pytest both go somewhere else altogether. So each incarnation begins with what a new
interpreter has, and what it changed is undone at its end: what it logs and is warned of is on the record of every run,
in every process.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_Settings = dict[logging.Logger, tuple[Any, ...]]
_UNSET = (logging.NOTSET, True, False)
_IGNORED = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@contextmanager
def settings() -> Iterator[None]:
    """Logging and warnings as in a new process, within the block."""
    root, manager = logging.root, logging.Logger.manager
    before = {logger: _of(logger) for logger in _loggers()}
    disabled, manager.disable = manager.disable, logging.NOTSET
    _set(root, logging.WARNING, True, False, [], [])
    try:
        with warnings.catch_warnings():  # also makes every module forget what it has warned of
            _as_at_start()
            yield
    finally:
        manager.disable = disabled
        for logger in _loggers():
            # libraries give theirs a NullHandler when they are imported, which happens once in a process
            silent = [handler for handler in logger.handlers if type(handler) is logging.NullHandler]
            _set(logger, *before.get(logger, (*_UNSET, silent, [])))


def _loggers() -> list[logging.Logger]:
    named = logging.Logger.manager.loggerDict.values()
    return [logging.root, *(logger for logger in named if isinstance(logger, logging.Logger))]


def _of(logger: logging.Logger) -> tuple[Any, ...]:
    return logger.level, logger.propagate, logger.disabled, list(logger.handlers), list(logger.filters)


def _set(logger: logging.Logger, level: int, propagate: bool, disabled: bool, handlers: Any, filters: Any) -> None:
    """Without the lock of the logging module, which a thread that was killed may hold."""
    logger.level, logger.propagate, logger.disabled = level, propagate, disabled
    logger.handlers[:], logger.filters[:] = handlers, filters
    logger._cache.clear()  # type: ignore[attr-defined]


def _as_at_start() -> None:
    """The interpreter's own filters (``Py_DEBUG`` aside), then those of ``-W``; shown on stderr, in one line."""
    warnings.resetwarnings()
    for category in _IGNORED:
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    warnings._processoptions(sys.warnoptions)  # type: ignore[attr-defined]
    warnings.showwarning = _show


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    text = f"{Path(filename).name}:{lineno}: {category.__name__}: {message}\n"
    (file or sys.stderr).write(text)
