"""Plays a scripted model through an MCP client: the scripts are those that play by ``venue.tools``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.client import Client

from outtrade import suites
from outtrade.engine.plan import Plan
from outtrade.mcp.door import make_server
from outtrade.mcp.process import Process
from outtrade.mcp.session import ServedKit, Session
from outtrade.mcp.worker import Pipe, serve
from outtrade.model.scenario import Scenario
from outtrade.report.results import ResultsFile, open_folder
from outtrade_suites.agents.models.script import Script

ROOT = Path(__file__).resolve().parent.parent.parent
BTC = {"symbol": "BTC/USDT"}
ORDER = BTC | {"side": "buy", "type": "limit", "quantity": "0.4", "limit_price": "50100"}


class Forked(Process):
    """The same process, forked from this one, which has everything imported: a start costs no second."""

    async def _spawn(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if not self.pid:
            try:
                ours.close()
                serve(Pipe(theirs.fileno(), theirs.fileno()))
            finally:
                os._exit(0)
        self._forked = self.pid
        theirs.close()
        return await asyncio.open_connection(sock=ours)

    async def _end(self) -> int:
        os.kill(self._forked, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self._forked, 0)[1])


def flagship(name: str = "answer_lost") -> Scenario:
    return Scenario.from_json((ROOT / "examples" / f"{name}.json").read_text())


def session_of(*scenarios: Scenario, folder: Path | None = None, **options: Any) -> Session:
    plan = Plan("mcp:test", scenarios=len(scenarios), baseline=False)
    options.setdefault("process", Forked())
    handlers = [] if folder is None else [ResultsFile(open_folder(folder))]
    return Session(ServedKit(plan, suites.load(), scenarios), folder=folder, handlers=handlers, **options)


@asynccontextmanager
async def client_of(session: Session) -> AsyncIterator[Client]:
    """The official SDK's client, in memory. The session is closed at the end."""
    try:
        async with Client(make_server(session)) as client:
            yield client
    finally:
        await session.close()


async def use(client: Client, tool: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a tool returned, read as a model reads it: from the text."""
    result = await client.call_tool(tool, arguments or {})
    text = result.content[0].text
    value = json.loads(text.rpartition("\n\n")[2])
    assert result.is_error == ("error" in value)
    return value


async def play(client: Client, make: Callable[[Scenario], Script], scenario: Scenario) -> dict[str, Any]:
    """A scripted model from its task to its report; what the report was answered with."""
    assert (await use(client, "task"))["state"] == "open"
    script = make(scenario)
    try:
        step = next(script)
        while True:
            step = script.send(await use(client, step.tool, step.arguments))
    except StopIteration as end:
        return await use(client, "report", end.value)
