"""Runs inside the script that is recorded, before its first line: every interpreter imports ``sitecustomize``.

It puts vcrpy under http.client, requests, urllib3, httpx and aiohttp, and sends each request with its answer, as one
line of JSON, through a pipe to the parent, which redacts. Nothing is written to a file here, where secrets are still in
it. The module stands alone: the script's environment may hold vcrpy but not Outtrade.
"""

import base64
import contextlib
import importlib
import json
import os
import sys
from typing import Any

_until_the_end: list[Any] = []
"""Keeps vcrpy in place: a context that is collected takes its patches away."""


def _plain(value: Any) -> Any:
    """A body as data: text as it is, bytes in base64, files and iterators read.

    vcrpy hands over what was given to aiohttp, before it is encoded: a mapping becomes JSON, even where it was sent as
    a form (replay compares both by their fields). What is none of these is named in its place.
    """
    read = getattr(value, "read", None)
    if callable(read):
        value = read()
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, dict):
        return json.dumps(value, default=_text)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}
    try:
        return {"base64": base64.b64encode(b"".join(value)).decode("ascii")}
    except TypeError:
        return f"(not recorded: {type(value).__name__})"


def _headers(headers: Any) -> list[list[str]]:
    found = []
    for name, value in dict(headers or {}).items():
        values = value if isinstance(value, list | tuple) else [value]
        found += [[_text(name), _text(one)] for one in values]
    return found


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _start(pipe: int) -> None:
    import threading

    from vcr.cassette import Cassette
    from vcr.config import VCR

    lock = threading.Lock()

    class Nowhere:
        """Where vcrpy may load from and save to: nowhere."""

        @classmethod
        def load_cassette(cls, path: str, serializer: object) -> None:
            from vcr.persisters.filesystem import CassetteNotFoundError

            raise CassetteNotFoundError

        @staticmethod
        def save_cassette(path: str, content: object, serializer: object) -> None:
            pass

    class Streaming(Cassette):  # type: ignore[misc]
        """Sends each pair away as soon as it is complete, so that a crash loses nothing that was answered."""

        def append(self, request: Any, response: Any) -> None:
            try:
                _send(request, response)
            except Exception as error:  # the script must not fail because of us
                line = json.dumps({"failed": type(error).__name__})
                with lock, contextlib.suppress(OSError):
                    os.write(pipe, line.encode() + b"\n")

    def _send(request: Any, response: Any) -> None:
        if "status_code" in response:
            status, body = response["status_code"], response.get("content")
        else:
            status, body = response["status"]["code"], response["body"]["string"]
        line = json.dumps(
            {
                "method": request.method,
                "uri": request.uri,
                "request_headers": _headers(request.headers),
                "request_body": _plain(request.body),
                "status": status,
                "headers": _headers(response.get("headers")),
                "body": _plain(body),
            }
        ).encode()
        with lock:
            data = memoryview(line + b"\n")
            while data:
                data = data[os.write(pipe, data) :]

    recorder = VCR(record_mode="all")
    recorder.persister = Nowhere
    context = Streaming.use(**recorder.get_merged_config(path="recording"))
    context.__enter__()
    _until_the_end.append(context)


def _next_sitecustomize() -> None:
    """The environment's own ``sitecustomize``, which ours hides."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]  # noqa: PTH100
    ours = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError:
        if ours is not None:
            sys.modules["sitecustomize"] = ours


_pipe = os.environ.pop("OUTTRADE_RECORD_PIPE", "")
if _pipe:
    _next_sitecustomize()
    try:
        _start(int(_pipe))
    except ImportError:
        sys.stderr.write('outtrade: this Python has no vcrpy, nothing is recorded: pip install "outtrade[record]"\n')
