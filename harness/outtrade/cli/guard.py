"""Errors become one clear line on stderr and an exit code; a traceback only with ``--debug``."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from outtrade.report.text import clean

if TYPE_CHECKING:
    from rich.console import Console

ERROR = 2
INTERRUPTED = 3


class UsageError(ValueError):
    """Something the user gave cannot be used; the message is one line."""


def guarded(command: Callable[[], int], *, debug: bool = False) -> int:
    """Run a command. Errors the user can mend, and our own, are one line and exit code 2."""
    try:
        code = command()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away (``outtrade ... | head``)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except Exception as error:
        if debug:
            traceback.print_exc()
        if _is_expected(error):
            complain(str(error))
        else:
            complain(f"internal error: {type(error).__name__}: {error}" + ("" if debug else " (--debug shows where)"))
        return ERROR


def _is_expected(error: Exception) -> bool:
    from outtrade.baseline import BaselineError
    from outtrade.model.capability import CapabilityError
    from outtrade.model.scenario import ScenarioError
    from outtrade.profile import ProfileError
    from outtrade.report.results import ReportError
    from outtrade.suites import SuiteError
    from outtrade.targets import TargetError
    from outtrade_mocks.cassettes import CassetteError
    from outtrade_mocks.venues import VenueError

    known = UsageError | BaselineError | TargetError | ScenarioError | ReportError | SuiteError | CassetteError
    return isinstance(error, known | VenueError | CapabilityError | ProfileError)


def complain(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"outtrade: {clean(message)}\n")


def consoles() -> tuple[Console, Console]:
    """Consoles for stdout and stderr. Plain text of fixed width where they are no terminal."""
    from rich.console import Console

    return (
        Console(
            file=sys.stdout, highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 100
        ),
        Console(file=sys.stderr, highlight=False, markup=False, emoji=False),
    )
