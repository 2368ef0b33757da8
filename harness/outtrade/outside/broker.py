"""Who talks to real hosts on behalf of agents: a process that lives outside the Worlds and their empty networks.

Workers run agents in a network namespace in which there is nobody, and inside a World no socket is opened. So a worker
hands a question (``Asked``) to its parent over the pipe it has anyway; the parent passes it on to the broker, a process
that was started before any worker and is no part of a World; it makes the TLS connection, waits, and hands back what
came of it (``Told``)::

    agent ─ World ─ worker ══pipe══ parent ══pipe══ broker ─ TLS ─ api.openai.com

One question, one answer, both plain data. The broker asks only the hosts it was started for, at port 443, verifies
certificates as httpx does, follows no redirect, sends no cookie of its own and retries nothing: all that is the
client's business. A host that is busy gets the rest it asks for (``Pace``). Proxies of the environment
(``HTTPS_PROXY``) are used. A connection that fails is an answer, too (``Told.error``).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import msgspec

from outtrade_mocks.cassettes import LIMITS

if TYPE_CHECKING:
    import httpx

AT_ONCE = 64
"""Most questions under way at a time; workers ask one after another, so this is more than enough."""
CONNECT = 15.0
"""Real seconds to connect."""
SILENCE = 600.0
"""Real seconds for which a host may say nothing: models think for minutes."""

_HOP = frozenset({
    "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding", "expect",
})  # fmt: skip
"""Headers of one connection, not of the message (RFC 9110, 7.6.1), and those that the broker sets itself."""
_UNPACKED = frozenset({"content-encoding", "content-length", "transfer-encoding", "set-cookie"})
"""Headers of an answer that do not fit what is handed on: a body in one piece, unpacked. Cookies are not kept."""


BUSY = frozenset({429, 503, 529})
"""Answers by which a host asks to be left alone for a while (529: overloaded, *inferred* from Anthropic's API)."""
PAUSE = 2.0
"""Real seconds of rest where such an answer names none."""
LONGEST_PAUSE = 60.0
"""Most real seconds of rest for one such answer."""


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    """A request to ``https://HOST/TARGET``. ``number``: by which whoever asks knows the answer."""

    number: int
    host: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Told(msgspec.Struct, frozen=True, tag="told"):
    """What came of it: an answer, or in ``error`` why there is none (``connect``, ``timeout``, ``broken``)."""

    number: int
    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b""
    error: str = ""
    refused: str = ""
    """Why it was not asked at all, or what came cannot be used: no matter of the network, an error of the harness."""


class Pace:
    """Real time for hosts that ask for it. An agent that is told to wait 20 s waits them on the World's clock, that is
    not at all; so the next request to that host is held back here, whoever makes it. The agent sees nothing of it."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Wait until the host may be asked again."""
        rest = self._free.get(host, 0.0) - self._clock()
        if rest > 0:
            self._sleep(rest)

    def note(self, host: str, told: Told) -> None:
        """Look whether the host asked for rest (``Retry-After`` in seconds; a date counts as none)."""
        if told.status in BUSY:
            try:
                wanted = float(told.headers.get("retry-after", ""))
            except ValueError:
                wanted = PAUSE
            pause = min(wanted, LONGEST_PAUSE) if wanted > 0 else PAUSE
            self._free[host] = max(self._free.get(host, 0.0), self._clock() + pause)


def open_client() -> httpx.Client:
    """The client of a broker; tests put one in its place that knows where their servers are."""
    import httpx

    return httpx.Client(
        http2=False,
        follow_redirects=False,
        timeout=httpx.Timeout(SILENCE, connect=CONNECT),
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
    )


def fetch(client: httpx.Client, asked: Asked, hosts: Collection[str]) -> Told:
    """Ask a real host. Never raises: what goes wrong is in the answer, without a word of what was said."""
    import httpx

    if asked.host not in hosts:
        return Told(asked.number, refused=f"{asked.host} was not let through")
    headers = {name: value for name, value in asked.headers.items() if name not in _HOP}
    headers["accept-encoding"] = "gzip, deflate"
    try:
        url = httpx.URL(scheme="https", host=asked.host, raw_path=asked.target.encode("ascii"))
        if url.host != asked.host or not asked.target.startswith("/"):
            return Told(asked.number, refused=f"{asked.host}: the request names another host")
        request = httpx.Request(asked.method, url, headers=headers, content=asked.body or None)
        answer = client.send(request, stream=True, auth=None)
        try:
            body = _whole(answer)
        finally:
            answer.close()
    except httpx.ConnectError:
        return Told(asked.number, error="connect")
    except httpx.TimeoutException:
        return Told(asked.number, error="timeout")
    except (httpx.HTTPError, OSError):
        return Told(asked.number, error="broken")
    except Exception as error:  # a URL or header that httpx cannot send; its message might quote one
        return Told(asked.number, refused=f"{asked.host}: the request cannot be sent ({type(error).__name__})")
    if body is None:
        return Told(asked.number, refused=f"{asked.host}: an answer of more than {LIMITS.body >> 20} MiB")
    kept = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _HOP | _UNPACKED}
    return Told(asked.number, answer.status_code, kept, body)


def _whole(answer: httpx.Response) -> bytes | None:
    """The unpacked body; None where it is larger than a cassette holds."""
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > LIMITS.body:
            return None
        parts.append(part)
    return b"".join(parts)


_ASKED = msgspec.msgpack.Decoder(Asked)


def serve(conn: Connection, hosts: frozenset[str], opened: Callable[[], httpx.Client]) -> None:
    """The broker's life: questions in, answers out in whatever order they come, until the parent is gone."""
    from outtrade.engine.orphans import die_with_parent

    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    telling = threading.Lock()
    client, pace = opened(), Pace()

    def answer(asked: Asked) -> None:
        pace.wait(asked.host)
        told = fetch(client, asked, hosts)
        pace.note(asked.host, told)
        with telling, suppress(OSError):
            conn.send_bytes(msgspec.msgpack.encode(told))

    asking = ThreadPoolExecutor(AT_ONCE, "outtrade-outside")
    while True:
        try:
            asking.submit(answer, _ASKED.decode(conn.recv_bytes()))
        except (EOFError, OSError):
            os._exit(0)  # whatever is still under way concerns nobody any more
