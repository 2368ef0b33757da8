"""``--allow-host`` and its companions: from words to what a plan holds. Every refusal is one line and exit code 2."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outtrade.cli.guard import UsageError
from outtrade.cli.report import check_places
from outtrade.outside import Allowed, played
from outtrade.outside.hosts import HostError, checked
from outtrade.outside.tape import Recorder
from outtrade_mocks.cassettes.secrets import from_environment

if TYPE_CHECKING:
    from outtrade.targets import Target


@dataclass(frozen=True, slots=True)
class OutsideOptions:
    """What the user asked for."""

    hosts: tuple[str, ...] = ()
    latency: float | None = None
    record: Path | None = None
    replay: Path | None = None


def allowed_of(options: OutsideOptions) -> Allowed | None:
    """What is let through; None where nothing is. Raises UsageError and CassetteError."""
    if options.replay is not None:
        if options.hosts or options.record is not None or options.latency is not None:
            raise UsageError(
                "--allow-replay: the recording says which hosts and what latency; leave out --allow-host,"
                " --allow-latency and --allow-record"
            )
        return played(options.replay)
    if not options.hosts:
        if options.record is not None or options.latency is not None:
            raise UsageError("--allow-record, --allow-latency: name a host with --allow-host")
        return None
    try:
        hosts = tuple(dict.fromkeys(checked(host) for host in options.hosts))
    except HostError as error:
        raise UsageError(f"--allow-host {error}") from None
    if options.record is None:
        raise UsageError("--allow-host: say where to record what is said, so that the run replays: --allow-record FILE")
    return Allowed(hosts, latency=options.latency or 0.0, file=str(options.record))


def check_run(allowed: Allowed, target: Target, *, check_determinism: bool, resume: bool) -> None:
    """Raises UsageError for what a run that is let through cannot be or do."""
    if target.real_time:
        raise UsageError(
            f"--allow-host: {target.name} runs outside of the World, over real sockets, and needs no leave"
        )
    if allowed.live and check_determinism:
        raise UsageError(
            "--check-determinism: real hosts answer each time anew; record the run, then check it with --allow-replay"
        )
    if allowed.live and resume:
        raise UsageError(
            "--resume: real hosts answer each time anew; a run that reaches them cannot go on from a folder"
        )


def recorder_of(allowed: Allowed | None) -> Recorder | None:
    """Who takes down what real hosts say; None where none is reached. Raises UsageError and CassetteError."""
    if allowed is None or not allowed.live:
        return None
    file = Path(allowed.file)
    check_places({"recording": file})
    return Recorder(file, allowed.hosts, secrets=from_environment(os.environ))
