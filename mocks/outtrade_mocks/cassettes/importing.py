"""Recordings of other tools, turned into a Cassette.

Told by their structure, whatever the file is called:

* **HAR** (browsers, mitmproxy, Polly.JS): ``log.entries``;
* **VCR** of Ruby and what took its format over (Betamax, the VCRs of Scala, Java, C#): ``http_interactions``;
* **php-vcr**: a list of requests with responses;
* **go-vcr**: ``interactions`` with ``url`` where vcrpy has ``uri``.

Nothing is written here and nothing redacted: `outtrade_mocks.cassettes.writing.publish` does both. The same limits
hold as for cassettes, and the same rule: a message says where something is wrong, never what stood there.

What cannot be part of a cassette is left out and counted: requests without an answer, WebSocket frames, bodies that
are no text (a page's images), and hosts that were not asked for.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from outtrade_mocks.cassettes.model import Cassette, CassetteError, Interaction, Provenance, one_line
from outtrade_mocks.cassettes.reading import LIMITS, Limits, content_of, unpacked

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Wrong(ValueError):
    """What is wrong with a field; becomes part of a CassetteError."""


@dataclass(slots=True)
class Imported:
    """What was read: the cassette, and how much was left out, by reason."""

    cassette: Cassette
    left_out: Counter[str]

    @property
    def words(self) -> str:
        """What was left out; "" where nothing was."""
        return _words(self.left_out)


@dataclass(slots=True)
class _Raw:
    """One request with its answer as another tool keeps it."""

    method: Any
    uri: Any
    status: Any
    request_headers: Any = None
    request_body: bytes = b""
    headers: Any = None
    body: bytes = b""
    date: Any = None


@dataclass(slots=True)
class _Tape:
    """A whole file: the tool's name, and its interactions, each to be read by itself."""

    tool: str
    items: list[Any]
    read: Callable[[Any], _Raw | None]
    left_out: Counter[str] = field(default_factory=Counter)


def read_recording(
    path: Path, *, provenance: Provenance = "recorded", hosts: Collection[str] = (), limits: Limits = LIMITS
) -> Imported:
    """Read another tool's file. ``hosts``: keep only requests to these. Raises CassetteError in one line."""
    shown, content = content_of(path, limits)
    tape = _tape(content, shown)
    if len(tape.items) > limits.interactions:
        raise CassetteError(f"{shown}: more than {limits.interactions} interactions")
    wanted = {host.lower() for host in hosts}
    found: list[Interaction] = []
    dates: list[str] = []
    for number, item in enumerate(tape.items):
        try:
            raw = tape.read(item)
            if raw is None:
                tape.left_out["without an answer"] += 1
                continue
            interaction = _interaction(raw, str(len(found)), limits)
        except (_Wrong, ValueError, TypeError, RecursionError) as error:
            why = str(error) if isinstance(error, _Wrong) else "it cannot be read"
            raise CassetteError(f"{shown}: malformed entry {number} of this {tape.tool} file: {why}") from None
        if wanted and (urlsplit(interaction.uri).hostname or "").lower() not in wanted:
            tape.left_out["to another host"] += 1
        elif not (_is_text(interaction.body) and _is_text(interaction.request_body)):
            tape.left_out["with a body that is no text"] += 1
        else:
            found.append(interaction)
            if isinstance(raw.date, str) and (day := _DATE.match(raw.date)):
                dates.append(day[0])
    if not found:
        raise CassetteError(f"{shown}: nothing to import: {_words(tape.left_out) or 'it holds no request'}")
    return Imported(Cassette(path.stem, provenance, _source(tape.tool, found, dates), tuple(found)), tape.left_out)


def _source(tool: str, found: list[Interaction], dates: list[str]) -> str:
    """Where it comes from: hosts, the first day where the file says it, the tool."""
    hosts = list(dict.fromkeys(urlsplit(item.uri).hostname or "" for item in found))
    named = ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
    return one_line(", ".join(filter(None, (named, min(dates, default=""), f"imported from {tool}"))), 400)


def _words(left_out: Counter[str]) -> str:
    return ", ".join(f"{number} {why}" for why, number in sorted(left_out.items()))


# ------------------------------------------------------------------ whose file it is
def _tape(content: Any, shown: str) -> _Tape:
    if isinstance(content, dict):
        log = content.get("log")
        if isinstance(log, dict) and isinstance(log.get("entries"), list):
            left_out: Counter[str] = Counter()
            return _Tape("HAR", log["entries"], lambda item: _har(item, left_out), left_out)
        if isinstance(content.get("http_interactions"), list):
            return _Tape("VCR", content["http_interactions"], _vcr)
        items = content.get("interactions")
        if isinstance(items, list):
            first = items[0].get("request") if items and isinstance(items[0], dict) else None
            if isinstance(first, dict) and "url" in first and "uri" not in first:
                return _Tape("go-vcr", items, partial(_pair, method="GET"))
            raise CassetteError(f"{shown}: a cassette of vcrpy already; outtrade cassette redact takes it")
        if "item" in content and "info" in content:
            raise CassetteError(f"{shown}: a Postman collection holds no recording; export the run as HAR")
    if isinstance(content, list) and content and isinstance(content[0], dict) and "response" in content[0]:
        request = content[0].get("request")
        if isinstance(request, dict) and "url" in request:
            return _Tape("php-vcr", content, _pair)
    raise CassetteError(f"{shown}: no recording of a known tool (HAR, VCR, Betamax, php-vcr, go-vcr)")


def _har(item: Any, left_out: Counter[str]) -> _Raw | None:
    request, answer = _mapping(item, "request"), _mapping(item, "response")
    frames = item.get("_webSocketMessages")
    if isinstance(frames, list):
        left_out["WebSocket frames"] += len(frames)
    if not answer.get("status") or answer.get("status") == 101:
        return None
    content = answer.get("content")
    body = _mapping(answer, "content") if content is not None else {}
    return _Raw(
        request.get("method"),
        request.get("url"),
        answer["status"],
        _pairs(request.get("headers"), "request.headers"),
        _posted(request.get("postData")),
        _pairs(answer.get("headers"), "response.headers"),
        _coded(body.get("text"), body.get("encoding") == "base64", "response.content"),
        item.get("startedDateTime"),
    )


def _posted(data: Any) -> bytes:
    """HAR keeps a body as text, or as the parameters of a form."""
    if not isinstance(data, dict):
        return b""
    if data.get("text"):
        return _coded(data["text"], data.get("encoding") == "base64", "request.postData")
    params = data.get("params")
    if isinstance(params, list) and all(isinstance(param, dict) for param in params):
        return urlencode([(str(param.get("name", "")), str(param.get("value", ""))) for param in params]).encode()
    return b""


def _pairs(headers: Any, where: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not isinstance(headers, list | None):
        raise _Wrong(f"{where} is no list")
    for header in headers or ():
        if not isinstance(header, dict) or not isinstance(header.get("name"), str):
            raise _Wrong(f"{where} holds something that is no header")
        if not header["name"].startswith(":"):  # HTTP/2's own, which say what method and URL say
            found.setdefault(header["name"], []).append(str(header.get("value", "")))
    return found


def _vcr(item: Any) -> _Raw:
    request, answer = _mapping(item, "request"), _mapping(item, "response")
    return _Raw(
        request.get("method"),
        request.get("uri", request.get("url")),
        _status(answer),
        request.get("headers"),
        _body(request.get("body"), "request.body"),
        answer.get("headers"),
        _body(answer.get("body"), "response.body"),
        item.get("recorded_at"),
    )


def _pair(item: Any, *, method: str | None = None) -> _Raw:
    """A request beside its response, as php-vcr and go-vcr keep them (go-vcr leaves a GET out)."""
    request, answer = _mapping(item, "request"), _mapping(item, "response")
    return _Raw(
        request.get("method") or method,
        request.get("url"),
        _status(answer),
        request.get("headers"),
        _body(request.get("body"), "request.body"),
        answer.get("headers"),
        _body(answer.get("body"), "response.body"),
    )


# ------------------------------------------------------------------ fields
def _interaction(raw: _Raw, name: str, limits: Limits) -> Interaction:
    method, uri, status = raw.method, raw.uri, raw.status
    if not isinstance(method, str) or not re.fullmatch(r"[A-Za-z]{1,20}", method):
        raise _Wrong("the method is no word")
    if not isinstance(uri, str) or not uri.lower().startswith(("http://", "https://")):
        raise _Wrong("the address is no http or https URL")
    try:
        urlsplit(uri).port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise _Wrong("the address is no http or https URL") from None
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:
        raise _Wrong("the status is no HTTP status")
    headers, body = unpacked(_headers(raw.headers, limits), raw.body, limits)
    headers.pop("content-encoding", None)  # these tools keep bodies unpacked
    headers.pop("transfer-encoding", None)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    if len(body) > limits.body or len(raw.request_body) > limits.body:
        raise _Wrong("a body is too large")
    sent = _headers(raw.request_headers, limits)
    return Interaction(name, method.upper(), uri, status, body, headers, sent, raw.request_body)


def _headers(value: Any, limits: Limits) -> dict[str, str]:
    """Names in lower case; a value may be a list."""
    if value is None or value == []:  # PHP writes an empty mapping as a list
        return {}
    if not isinstance(value, dict) or len(value) > limits.headers:
        raise _Wrong(f"headers are no mapping of at most {limits.headers}")
    found = {}
    for name, given in value.items():
        parts = given if isinstance(given, list) else [given]
        if not isinstance(name, str) or not all(isinstance(part, str | int | float) for part in parts):
            raise _Wrong("headers hold something that is no text")
        found[name.lower()] = ", ".join(str(part) for part in parts[: limits.headers])
    return found


def _status(answer: dict[str, Any]) -> Any:
    """``{code: 200}``, ``code: 200``, ``"200 OK"``, ``"200"``."""
    status = answer.get("code", answer.get("status", answer.get("status_code")))
    if isinstance(status, dict):
        status = status.get("code")
    if isinstance(status, str) and (number := re.match(r"\d{3}(?=\s|$)", status)):
        return int(number[0])
    return status


def _body(value: Any, where: str) -> bytes:
    """A text, or ``{encoding, string}``, or ``{encoding, base64_string}``."""
    if isinstance(value, dict):
        if value.get("base64_string") is not None:
            return _coded(value["base64_string"], True, where)
        value = value.get("string")
    return _coded(value, False, where)


def _coded(value: Any, packed: bool, where: str) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _Wrong(f"{where} is of type {type(value).__name__}")
    if not packed:
        return value.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):
        raise _Wrong(f"{where} is no base64") from None


def _mapping(parent: Any, key: str) -> dict[str, Any]:
    value = parent.get(key) if isinstance(parent, dict) else None
    if not isinstance(value, dict):
        raise _Wrong(f"{key} is no mapping")
    return value


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
