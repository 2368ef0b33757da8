"""Recording what a program and a venue say to each other, without a secret ever reaching the disk.

The program runs unchanged in a process of its own; the module in ``bootstrap`` puts vcrpy under its HTTP clients and
sends each request with its answer through a pipe. Here, in the parent, they are collected in memory; the caller
redacts and writes them (`outtrade_mocks.cassettes.writing.publish`).

Recorded are Python programs whose interpreter has vcrpy: http.client, urllib3, requests, httpx, aiohttp. WebSockets and
other processes that the program starts are not.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outtrade_mocks.cassettes import CassetteError, Interaction
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.cassettes.reading import unpacked

BOOTSTRAP = Path(__file__).resolve().parent / "bootstrap"
_LINE = 64 * 1_048_576
"""Bytes of one request with its answer."""


@dataclass(frozen=True, slots=True)
class Recording:
    """How the program ended (its exit code), and what it said and heard."""

    code: int
    interactions: tuple[Interaction, ...]


def record(command: Sequence[str], *, environment: Mapping[str, str]) -> Recording:
    """Run a command and record its HTTP traffic. Raises CassetteError where it cannot be run, or where something that
    was said cannot be recorded; messages quote neither the command's arguments nor what was said."""
    read_end, write_end = os.pipe()
    path = os.pathsep.join(filter(None, (str(BOOTSTRAP), environment.get("PYTHONPATH", ""))))
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            list(command),
            env={**environment, "PYTHONPATH": path, "OUTTRADE_RECORD_PIPE": str(write_end)},
            pass_fds=(write_end,),
        )
    except OSError as error:
        os.close(read_end)
        os.close(write_end)
        raise CassetteError(
            f"cannot run {one_line(command[0], 80)}: {error.strerror or type(error).__name__}"
        ) from None
    os.close(write_end)
    lines: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(read_end, lines), daemon=True)
    reader.start()
    code = _wait(process)
    reader.join(timeout=5)  # a process that outlives its parent may still hold the pipe; it is not waited for
    return Recording(code, tuple(_interaction(line, number) for number, line in enumerate(list(lines))))


def _drain(descriptor: int, lines: list[bytes]) -> None:
    with os.fdopen(descriptor, "rb") as pipe:
        while line := pipe.readline(_LINE):
            lines.append(line)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code; Ctrl-C goes to the program, too, and what it said until then is kept."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)


def _interaction(line: bytes, number: int) -> Interaction:
    try:
        told = json.loads(line)
        headers, body = unpacked(_headers(told["headers"]), _bytes(told["body"]))
        return Interaction(
            name=str(number),
            method=str(told["method"]).upper(),
            uri=str(told["uri"]),
            status=int(told["status"]),
            body=body,
            headers=headers,
            request_headers=_headers(told["request_headers"]),
            request_body=_bytes(told["request_body"]),
        )
    except (ValueError, KeyError, TypeError):
        raise CassetteError(f"request {number} of the program could not be recorded") from None


def _headers(pairs: Sequence[Sequence[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8")
    return base64.b64decode(value["base64"])
