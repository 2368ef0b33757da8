"""The server's end of the process that holds the World (``outtrade.mcp.worker``): asks, and awaits the answer.

The process is ours alone: it reads its orders from a pipe and ends when that pipe does, so that nothing is left behind
even if the server is killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import msgspec

from outtrade.mcp.frames import ANSWERED, HEAD, Answered, Asked, Failed, packed

_MODULE = "outtrade.mcp.worker"


class Process:
    """One worker process. ``start`` it before anything is asked."""

    def __init__(self) -> None:
        self.pid: int | None = None
        """Its number; None while there is none."""
        self._streams: tuple[StreamReader, StreamWriter] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        self._streams = await self._spawn()

    async def _spawn(self) -> tuple[StreamReader, StreamWriter]:
        """The pipes of a new process, which finds the modules that this one finds."""
        path = os.pathsep.join(entry or os.curdir for entry in sys.path)
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )
        self.pid = process.pid
        assert process.stdin is not None and process.stdout is not None
        return process.stdout, process.stdin

    async def _end(self) -> int:
        """Kill it; its exit code, negative for a signal."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        return await self._process.wait()

    def tell(self, frame: Asked) -> None:
        """Send a frame that has no answer."""
        assert self._streams is not None
        self._streams[1].write(packed(frame))

    async def ask(self, frame: Asked) -> Answered:
        """Send a frame and await its answer; a process that died has Failed."""
        self.tell(frame)
        assert self._streams is not None
        reader = self._streams[0]
        try:
            size = int.from_bytes(await reader.readexactly(HEAD), "big")
            return ANSWERED.decode(await reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError, msgspec.MsgspecError):
            return Failed(f"the process of the scenario ended ({await self.stop()})")

    async def stop(self) -> str:
        """End it, wherever it is; how it ended."""
        if self._streams is None:
            return "it was not running"
        _, writer = self._streams
        self._streams = self.pid = None
        writer.close()
        code = await self._end()
        return f"signal {-code}" if code < 0 else f"exit status {code}"
