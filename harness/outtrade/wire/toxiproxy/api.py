"""Talking to a Toxiproxy server through toxiproxy-python (extra ``toxiproxy``).

The library (0.1.1) keeps the server's address in a class, knows no time limit, obeys HTTP_PROXY even for loopback,
takes any answer but 400, 404 and 409 for a success, and cannot change a toxic. So one process talks to one server, the
library is lent a session with a time limit and without proxies that raises on every other error, and toxicity is
switched by its own ``post``. Calls block for some milliseconds: ``ask`` makes them from an asyncio loop, one at a time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import json
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
LIMIT = 5.0
"""Seconds that Toxiproxy may take for one call."""
OURS = "outtrade"
"""What the names of our proxies begin with; then the process id and a number."""
REMOTE = "OUTTRADE_TOXIPROXY_ANYWHERE"
"""Environment variable that allows a TOXIPROXY_URL that is not loopback."""


class ToxiproxyError(RuntimeError):
    """Toxiproxy cannot be used or is gone; the message is one line for the user."""


def address(url: str) -> tuple[str, int]:
    """Host and port of ``TOXIPROXY_URL``; raises ToxiproxyError.

    >>> address("http://127.0.0.1:8474")
    ('127.0.0.1', 8474)
    """
    try:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.scheme != "http" or parts.path not in ("", "/") or parts.query or parts.username:
        raise ToxiproxyError("TOXIPROXY_URL cannot be used: write it as http://127.0.0.1:8474")
    if not _loopback(host) and os.environ.get(REMOTE) != "1":
        raise ToxiproxyError(
            f"TOXIPROXY_URL: {host[:80]} is not on loopback, where the venue listens; "
            f"a Toxiproxy on this machine's network that has another address is used with {REMOTE}=1"
        )
    return host, port or 8474


def _loopback(host: str) -> bool:
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def library() -> Any:
    """The library's top module; raises ToxiproxyError where it is not installed."""
    try:
        import toxiproxy
        import toxiproxy.api
    except ImportError as error:
        raise ToxiproxyError(
            f'Toxiproxy needs the library toxiproxy-python ({error}): pip install "outtrade[toxiproxy]"'
        ) from None
    return toxiproxy


class _Session:
    """What the library calls instead of ``requests``."""

    def __init__(self) -> None:
        import requests

        self._requests = requests
        self._session = requests.Session()
        self._session.trust_env = False

    def _call(self, method: str, url: str, **words: Any) -> Any:
        answer = self._session.request(method, url, timeout=LIMIT, allow_redirects=False, **words)
        if answer.status_code >= 300 and answer.status_code not in (400, 404, 409):
            raise ToxiproxyError(f"Toxiproxy: {_first_line(answer.content)} ({answer.status_code})")
        return answer

    def get(self, url: str, **words: Any) -> Any:
        return self._call("GET", url, **words)

    def post(self, url: str, **words: Any) -> Any:
        return self._call("POST", url, **words)

    def delete(self, url: str, **words: Any) -> Any:
        return self._call("DELETE", url, **words)


def _first_line(content: bytes) -> str:
    try:
        said = str(json.loads(content).get("error", ""))
    except (ValueError, AttributeError):
        said = content[:200].decode("utf-8", "replace")
    return (said.splitlines() or ["no message"])[0][:200]


class Toxiproxy:
    """One server. All methods but ``ask`` block; all raise ToxiproxyError."""

    def __init__(self, host: str, port: int) -> None:
        self._toxiproxy = library()
        self._consumer = self._toxiproxy.api.APIConsumer
        self.where = f"{host}:{port}"
        self._toxiproxy.api.requests = _Session()
        self._server = self._toxiproxy.Toxiproxy()
        self._server.update_api_consumer(f"[{host}]" if ":" in host else host, port)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outtrade-toxiproxy")
        self._numbers = itertools.count(1)

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """Make a blocking call from a loop, behind those before it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args))

    def close(self) -> None:
        """No more calls."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _guarded(self, call: Callable[[], T]) -> T:
        import requests

        errors = self._toxiproxy.exceptions
        try:
            return call()
        except requests.RequestException as error:
            kind = type(error).__name__
            raise ToxiproxyError(f"Toxiproxy at {self.where} does not answer ({kind})") from None
        except ToxiproxyError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ToxiproxyError(
                f"what answers at {self.where} is no Toxiproxy 2 ({type(error).__name__}: {_word(error)})"
            ) from None
        except (errors.ProxyExists, errors.NotFound, errors.InvalidToxic) as error:
            said = error.args[0] if error.args else b""
            line = _first_line(said if isinstance(said, bytes) else str(said).encode())
            raise ToxiproxyError(f"Toxiproxy at {self.where}: {line} ({type(error).__name__})") from None

    # ------------------------------------------------------------------ the server
    def version(self) -> str:
        """Version that the server gives itself (``git`` where it was built by ``go install``)."""

        def call() -> str:
            answer = self._consumer.get("/version")
            return str(answer.json()["version"])[:40]

        try:
            return self._guarded(call)
        except ToxiproxyError as error:
            if isinstance(error.__context__, self._toxiproxy.exceptions.NotFound):
                raise ToxiproxyError(f"what answers at {self.where} is no Toxiproxy 2") from None
            raise

    def create(self, upstream: int, listen: int) -> Any:
        """A proxy from port ``listen`` (0: a free one) to ``upstream``, both on loopback."""
        name = f"{OURS}-{os.getpid()}-{next(self._numbers)}"
        return self._guarded(
            lambda: self._server.create(f"127.0.0.1:{upstream}", name, listen=f"127.0.0.1:{listen}", enabled=True)
        )

    def destroy(self, proxy: Any) -> None:
        """Remove a proxy; its connections are closed."""
        self._guarded(lambda: self._server.destroy(proxy))

    def sweep(self) -> None:
        """Remove proxies of ours whose process is gone."""
        for name, proxy in self._guarded(self._server.proxies).items():
            first, _, rest = name.partition("-")
            pid = rest.partition("-")[0]
            if first == OURS and pid.isdigit() and not _alive(int(pid)):
                self.destroy(proxy)

    # ------------------------------------------------------------------ a proxy
    def add(self, proxy: Any, name: str, kind: str, attributes: dict[str, int], *, on: bool = True) -> None:
        """Put a toxic on what flows to the client; ``on`` False: with toxicity 0, without effect."""
        self._guarded(
            lambda: proxy.add_toxic(
                name=name, type=kind, stream="downstream", toxicity=1.0 if on else 0.0, attributes=attributes
            )
        )

    def switch(self, proxy: Any, name: str, on: bool) -> None:
        """Let a toxic act, or not, without closing the connections it is on. The library has no word for it."""
        url = f"/proxies/{proxy.name}/toxics/{name}"
        self._guarded(lambda: self._consumer.post(url, json={"toxicity": 1.0 if on else 0.0}))

    def remove(self, proxy: Any, name: str) -> None:
        """Take a toxic off."""
        self._guarded(lambda: proxy.destroy_toxic(name))

    def acting(self, proxy: Any, name: str) -> bool:
        """Whether the toxic is there and acts on everything."""

        def call() -> bool:
            toxic = proxy.get_toxic(name)
            return toxic is not None and float(toxic.toxicity) == 1.0

        return self._guarded(call)

    def enable(self, proxy: Any, on: bool) -> None:
        """Let a proxy listen; or close its connections and refuse new ones."""
        self._guarded(proxy.enable if on else proxy.disable)


def _word(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:100]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
