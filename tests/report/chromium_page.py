"""Headless Chromium for tests of pages, over its DevTools protocol: what it shows, how wide, what it asks for.

Nothing but Chromium and ``websockets`` is needed; the browser gets a profile of its own, and ends with the block.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
WHY = "no chromium on PATH"
ALONE = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
LIMIT = 60
"""Seconds after which the browser is taken for dead."""


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command and its answer; what happens meanwhile is kept in ``events``."""
        number = next(self._numbers)
        session = {"sessionId": self._session} if self._session else {}
        self._socket.send(json.dumps({"id": number, "method": method, "params": params, **session}))
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=LIMIT))
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, address: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a page and wait until it is there."""
        look = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=look)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )  # fmt: skip
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def ask(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, good: Callable[[Any], bool]) -> Any:
        """The value of an expression as soon as it is ``good``; pages draw themselves when they like."""
        deadline = time.monotonic() + LIMIT
        while not good(value := self.ask(expression)):
            assert time.monotonic() < deadline, f"{expression}: {str(value)[:2000]}"
            time.sleep(0.05)
        return value

    def requests(self) -> list[str]:
        """Every address the page has asked for."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def complaints(self) -> list[str]:
        """What stands in the console: errors, violations of the security policy, messages of scripts."""
        logged = [e["params"]["entry"]["text"] for e in self.events if e["method"] == "Log.entryAdded"]
        said = [e for e in self.events if e["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown")]
        return logged + [json.dumps(event["params"])[:300] for event in said]

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot as PNG; ``whole``: the page from top to bottom."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        file.write_bytes(base64.b64decode(data))


@contextmanager
def browser() -> Iterator[Page]:
    """A tab in a browser of its own."""
    assert CHROMIUM is not None, WHY
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = [CHROMIUM, "--headless", *ALONE.split(), f"--user-data-dir={profile}", "--remote-debugging-port=0"]
        words.append("about:blank")
        process = subprocess.Popen(
            words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
        )
        try:
            assert process.stderr is not None
            said = (line.rpartition("DevTools listening on ") for line in process.stderr)
            address = next((rest.strip() for _, found, rest in said if found), "")
            assert address, "chromium ended at once"
            with connect(address, max_size=None, compression=None, open_timeout=LIMIT) as socket:
                yield Page(socket)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(LIMIT)
            process.stderr.close() if process.stderr else None
