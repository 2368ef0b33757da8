"""The one declared exception to "nothing inside the World reaches a real host": model providers, named one by one.

An agent that is a language model asks its provider from inside the World, with its real client. The World's clock
stands still meanwhile, or moves by a stated latency, so that how fast a provider happens to be decides nothing. All
that is said goes onto a tape, and from the tape a run replays without the network, the same to the byte.

    hosts         which names may be let through (never one of an exchange)
    broker        the process that talks to them, outside of Worlds and empty networks
    switchboard   the way from a worker to the broker and back
    talk          what one scenario says and hears, without its secrets
    tape          the recording, written and read
    inside        the host as it stands in the World

``Allowed`` is the plain data of it, part of a ``Plan``; ``Outside`` is what a ``Target`` carries into each of its runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outtrade_mocks.cassettes.secrets import from_environment

if TYPE_CHECKING:
    from outtrade.engine.runtime import Recorder
    from outtrade.outside.talk import Line, Source
    from outtrade.outside.tape import Tape
    from outtrade.sim import World

__all__ = ["Allowed", "Outside", "played"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is let through. ``latency``: virtual seconds that a real answer takes. ``file``: the recording, as the user
    names it. ``tape``: what is in it, where it answers in place of the hosts; None: they are real."""

    hosts: tuple[str, ...]
    latency: float = 0.0
    file: str = ""
    tape: Tape | None = None

    @property
    def live(self) -> bool:
        """Whether real hosts are reached."""
        return self.tape is None


def played(file: Path) -> Allowed:
    """A recording in place of the hosts. Raises CassetteError with one line."""
    from outtrade.outside.tape import read_tape

    tape = read_tape(file)
    return Allowed(tape.hosts, file=str(file), tape=tape)


class Outside:
    """The hosts of an ``Allowed`` for the runs of one process. ``line`` must be there before a live run."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.line: Line | None = None
        self._secrets = from_environment(os.environ) if allowed.live else ()

    def install(self, world: World, scenario: str, recorder: Recorder) -> None:
        """Let the hosts stand in the World of one run of ``scenario``."""
        from outtrade.outside.inside import listen
        from outtrade.outside.talk import Live, Played, Talk

        allowed = self.allowed
        source: Source
        if allowed.tape is not None:
            source = Played(scenario, allowed.tape)
        else:
            assert self.line is not None, "a live run needs somebody to talk to real hosts"
            source = Live(scenario, self.line, secrets=self._secrets, latency=allowed.latency)
        listen(world, allowed.hosts, Talk(source), recorder)
