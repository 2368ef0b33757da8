"""``outtrade mcp``: serve scenarios to a language model over the Model Context Protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outtrade import suites
from outtrade.cli.guard import UsageError, complain
from outtrade.engine.plan import Plan
from outtrade.model.scenario import Scenario
from outtrade.report.results import ResultsFile, folder_name, open_folder
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean
from outtrade.score import ERROR

if TYPE_CHECKING:
    from mcp.server import Server

    from outtrade.mcp.session import ServedKit, Session

PATH = "/mcp"
"""Where streamable HTTP is served."""
VENUES = ("binance_spot",)
"""Venues that have tools."""


@dataclass(frozen=True, slots=True)
class McpOptions:
    """What the user asked for."""

    files: tuple[Path, ...]
    space: str | None
    seed: int
    scenarios: int | None
    suite: str
    name: str
    out: Path | None
    tell_verdict: bool
    think: float
    http: int | None
    debug: bool


def kit_of(options: McpOptions) -> ServedKit:
    """What is to be served; raises UsageError and SuiteError."""
    from outtrade.cli.serve import read_scenario
    from outtrade.mcp.session import ServedKit

    if options.files and (options.space is not None or options.scenarios is not None):
        raise UsageError("give scenario files, or --space and --scenarios, not both")
    files = tuple(read_scenario(path) for path in options.files)
    plan = Plan(
        f"mcp:{options.name}",
        suite=options.suite,
        space=options.space,
        scenarios=len(files) or options.scenarios or 1,
        seed=options.seed,
        baseline=False,
        debug=options.debug,
    )
    kit = ServedKit(plan, suites.load(options.suite), files)
    for scenario in files or (kit.scenario(0),):
        _check(scenario)
    return kit


def _check(scenario: Scenario) -> None:
    if scenario.venue not in VENUES:
        raise UsageError(f"scenario {scenario.id}: there are no tools for the venue {scenario.venue}")
    if scenario.several:
        raise UsageError(
            f"scenario {scenario.id}: one model trades at one venue, and there are several {scenario.several}"
        )


def mcp_command(options: McpOptions) -> int:
    """Serve until the client goes away (stdio), or until SIGINT or SIGTERM; returns the exit code."""
    if find_spec("mcp") is None:
        raise UsageError('outtrade mcp needs the MCP SDK; pip install "outtrade[mcp]"')
    if not options.name or not all(char.isalnum() or char in "._-" for char in options.name):
        raise UsageError("--name is made of letters, digits, dots, hyphens and underscores")
    kit = kit_of(options)
    folder = open_folder(options.out or Path("reports") / folder_name(kit.plan.target))
    return asyncio.run(_serve(kit, folder, options))


async def _serve(kit: ServedKit, folder: Path, options: McpOptions) -> int:
    from rich.console import Console

    from outtrade.mcp.door import make_server
    from outtrade.mcp.session import Session

    plain = Console(file=sys.stderr, highlight=False, markup=False, emoji=False, width=100)
    terminal = Terminal(plain, plain, folder=folder, shown=1, quiet=True)
    session = Session(
        kit,
        think=options.think,
        tell_verdict=options.tell_verdict,
        folder=folder,
        handlers=[ResultsFile(folder), terminal],
        said=_say,
    )
    server = make_server(session)

    async def end() -> int:
        code = await session.close()
        if session.card is None:
            _say("no task was begun")
        return code if session.written else ERROR

    if options.http is not None:
        await _http(server, options.http, kit)
        return await end()
    _end_on_signals(end)
    await _stdio(server, session)
    return await end()


def _say(line: str) -> None:
    """One line for the operator: stdout belongs to the protocol."""
    sys.stderr.write(clean(line) + "\n")
    sys.stderr.flush()


def _end_on_signals(end: Any) -> None:
    """SIGINT and SIGTERM end the session in order. The thread that reads stdin can't be interrupted, so the process
    leaves without it."""
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def leave() -> None:
        code = ERROR
        try:
            code = await end()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def caught() -> None:
        if not ending:
            ending.append(asyncio.ensure_future(leave()))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, caught)


async def _stdio(server: Server[Any], session: Session) -> None:
    from mcp.server.stdio import stdio_server

    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    except* (OSError, ValueError) as gone:  # the client went away while something was written to it
        complain(f"the client is gone: {gone.exceptions[0]}")


async def _http(server: Server[Any], port: int, kit: ServedKit) -> None:
    import uvicorn

    class Quiet(uvicorn.Server):
        """Leaves signals to us: uvicorn would raise them again after the end."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(f"port {port}: {error.strerror or error}") from None
        config = uvicorn.Config(
            server.streamable_http_app(streamable_http_path=PATH), log_level="warning", access_log=False,
            timeout_graceful_shutdown=1, lifespan="on",
        )  # fmt: skip
        serving = Quiet(config)

        def over() -> None:
            serving.should_exit = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, over)
        sys.stdout.write(f"MCP: http://127.0.0.1:{listening.getsockname()[1]}{PATH}\n")
        sys.stdout.write(f"serving: {kit.plan.scenarios} of {clean(kit.space)}; Ctrl-C ends it\n")
        sys.stdout.flush()
        await serving.serve(sockets=[listening])
