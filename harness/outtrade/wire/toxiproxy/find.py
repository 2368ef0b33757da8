"""Look for a Toxiproxy, or start one: ``--network-faults auto|toxiproxy|own``.

* ``TOXIPROXY_URL`` names a server: that one is used, and only our own proxies on it are touched;
* else ``toxiproxy-server`` on PATH is started, on a free port of loopback, and killed at the end, also when we are
  (``keeper``);
* else, or with ``own``, the venue's server does the faults by itself, which ``Found.says`` tells with the reason.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from outtrade.wire.toxiproxy import keeper
from outtrade.wire.toxiproxy.api import Toxiproxy, ToxiproxyError, address, library

Wanted = Literal["auto", "toxiproxy", "own"]
WANTED: tuple[Wanted, ...] = ("auto", "toxiproxy", "own")
SERVER = "toxiproxy-server"
URL = "TOXIPROXY_URL"
START = 10.0
"""Seconds in which a server that was started must answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """``url`` of the server to use ("": none), and one line for people about it."""

    url: str
    says: str


def connect(url: str) -> Toxiproxy:
    """The server at ``url``, asked for its version. Raises ToxiproxyError."""
    server = Toxiproxy(*address(url))
    try:
        server.version()
    except ToxiproxyError:
        server.close()
        raise
    return server


@contextmanager
def found(wanted: Wanted) -> Iterator[Found]:
    """What is there, for as long as the block lasts. Raises ToxiproxyError where it was asked for and is not there, or
    TOXIPROXY_URL does not lead to one."""
    url, program = os.environ.get(URL, ""), shutil.which(SERVER)
    if wanted == "own":
        yield Found("", "own (asked for)")
        return
    if wanted == "auto":
        if not url and program is None:
            yield Found("", f"own (no {SERVER} on PATH, {URL} is not set)")
            return
        try:
            library()
        except ToxiproxyError as error:
            yield Found("", f"own ({error})")
            return
    library()
    if url:
        server = connect(url)
        try:
            server.sweep()
            yield Found(url, f"toxiproxy {server.version()} at {server.where}")
        finally:
            server.close()
    elif program is not None:
        with _started(program) as (own, said):
            yield Found(own, f"toxiproxy {said} ({program})")
    else:
        raise ToxiproxyError(f"no {SERVER} on PATH and {URL} is not set: install one, or use --network-faults own")


@contextmanager
def _started(program: str) -> Iterator[tuple[str, str]]:
    port = _free_port()
    reading, writing = os.pipe()
    held = [writing]
    os.register_at_fork(after_in_child=lambda: _close(held))  # only we hold the owner's end
    words = [sys.executable, "-I", "-S", str(Path(keeper.__file__)), program, "-host", "127.0.0.1", "-port", str(port)]
    process = subprocess.Popen(  # noqa: S603
        words, stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(reading)
    try:
        url = f"http://127.0.0.1:{port}"
        yield url, _ready(process, url, program)
    finally:
        _close(held)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(process: subprocess.Popen[bytes], url: str, program: str) -> str:
    """Wait until the server answers; returns its version."""
    server = Toxiproxy(*address(url))
    end = time.monotonic() + START
    try:
        while True:
            try:
                return server.version()
            except ToxiproxyError as error:
                if process.poll() is not None:
                    raise ToxiproxyError(f"{program} does not run (exit status {process.returncode})") from None
                if time.monotonic() > end:
                    raise ToxiproxyError(f"{program} does not answer: {error}") from None
                time.sleep(0.01)
    finally:
        server.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _close(held: list[int]) -> None:
    while held:
        os.close(held.pop())
