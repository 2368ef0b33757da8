"""Reading cassette files that nobody vouches for.

A cassette may come from anywhere, so reading one must neither run code, nor eat the memory, nor end in a traceback:

* YAML is read with the safe loader only (no tag creates an object), merge keys are refused (they can grow without
  bound), and no container is ever turned into text, so that nested aliases stay references and never unfold;
* every size has a limit (`Limits`): the file before it is read, bodies while they are unpacked, nesting, counts;
* files of other tools (HAR, Betamax, Ruby's VCR, Postman) are told by their name;
* whatever is wrong is one `CassetteError` of one line. It says where, never what stood there: it may be a secret.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from outtrade_mocks.cassettes.model import PROVENANCES, Cassette, CassetteError, Interaction, one_line

_HEADER = re.compile(r"^#\s*(provenance|source)\s*:\s*(.+?)\s*$")
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a file by format (YAML reads a hundred times slower than JSON) and of one unpacked body; how many
    interactions a file holds, headers a message has, and levels its structure nests."""

    yaml: int = 16 * _MEBIBYTE
    json: int = 64 * _MEBIBYTE
    body: int = 16 * _MEBIBYTE
    interactions: int = 20_000
    headers: int = 512
    depth: int = 100


LIMITS = Limits()


class _Loader(_SAFE):  # type: ignore[misc]
    """The safe loader without merge keys: ``<<: [*a, *a]``, repeated, doubles a mapping at every level."""

    def flatten_mapping(self, node: Any) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(None, None, "merge keys are not allowed", node.start_mark)
        super().flatten_mapping(node)


class _Wrong(ValueError):
    """What is wrong with a field; becomes part of a CassetteError."""


def read(path: Path, *, foreign: bool = False, limits: Limits = LIMITS) -> Cassette:
    """Read a cassette file; raises CassetteError with one line that names the file and what is wrong with it.

    ``foreign``: a file without provenance is read, too, as ``unstated``.
    """
    form = "json" if path.suffix.lower() == ".json" else "yaml"
    data = _bytes_of(path, limits.json if form == "json" else limits.yaml)
    return parse(data, name=path.stem, form=form, foreign=foreign, limits=limits)


def _bytes_of(path: Path, most: int) -> bytes:
    """A file, or so much of it that it is seen to be too large."""
    try:
        if not path.is_file():
            raise CassetteError(f"{one_line(path.name)}: {'no file' if path.exists() else 'no such file'}")
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise CassetteError(f"{one_line(path.name)}: {error.strerror or type(error).__name__}") from None


def content_of(path: Path, limits: Limits = LIMITS) -> tuple[str, Any]:
    """A file's name as it may be shown, and its decoded content, whatever it is: JSON where it begins like JSON
    (``.har`` and others), else YAML. Raises CassetteError."""
    data = _bytes_of(path, limits.json)
    shown = one_line(path.name)
    form = "json" if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "yaml"
    _check_size(data, shown, form, limits)
    return shown, _decode(data, shown, form, limits)[1]


def _check_size(data: bytes, shown: str, form: str, limits: Limits) -> None:
    most = limits.json if form == "json" else limits.yaml
    if len(data) > most:
        raise CassetteError(f"{shown}: larger than {most // _MEBIBYTE} MiB, the limit for {form.upper()} cassettes")


def parse(
    data: bytes, *, name: str = "cassette", form: str = "yaml", foreign: bool = False, limits: Limits = LIMITS
) -> Cassette:
    """Read a cassette from bytes (``form``: ``yaml`` or ``json``); raises CassetteError."""
    shown = one_line(name)
    _check_size(data, shown, form, limits)
    text, content = _decode(data, shown, form, limits)
    if not isinstance(content, dict) or not isinstance(content.get("interactions"), list):
        raise CassetteError(f"{shown}: no list of interactions{_other_tool(content)}")
    header = _header(text, content)
    provenance = header.get("provenance", "unstated" if foreign else "")
    if provenance not in PROVENANCES and not (foreign and provenance == "unstated"):
        raise CassetteError(f"{shown}: the provenance is none of {', '.join(PROVENANCES)}")
    source = header.get("source", "somebody's recording" if foreign else "")
    if not source:
        raise CassetteError(f"{shown}: no source named")
    if len(content["interactions"]) > limits.interactions:
        raise CassetteError(f"{shown}: more than {limits.interactions} interactions")
    interactions = []
    for number, item in enumerate(content["interactions"]):
        try:
            interactions.append(_interaction(item, number, limits))
        except _Wrong as wrong:
            raise CassetteError(f"{shown}: malformed interaction {number}: {wrong}") from None
    return Cassette(name, provenance, source, tuple(interactions))  # type: ignore[arg-type]


def _decode(data: bytes, shown: str, form: str, limits: Limits) -> tuple[str, Any]:
    try:
        text = data.decode("utf-8-sig")
        if form == "json":
            return text, json.loads(text)
        _check_depth(text, limits.depth)
        return text, yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except UnicodeDecodeError:
        why = "not UTF-8"
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        why = f"not YAML: {_problem(error)}{where}"
    except json.JSONDecodeError as error:
        why = f"not JSON: {error.msg} (line {error.lineno})"
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, OverflowError) as error:
        why = f"not {form.upper()}: {type(error).__name__}"
    except RecursionError:
        why = f"not {form.upper()}: nested too deeply"
    except MemoryError:
        why = f"not {form.upper()}: too large"
    raise CassetteError(f"{shown}: {why}") from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    """The parser's complaint without the text it quotes."""
    return one_line(re.sub(r"'[^']*'|\"[^\"]*\"", "…", str(error.problem or "unreadable")), 100)


def _check_depth(text: str, most: int) -> None:
    """Refuse YAML whose flow brackets or indentation nest too deeply, before a recursive parser meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=_SAFE):
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            depth += 1
            if depth > most:
                raise RecursionError
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            depth -= 1


def _other_tool(content: Any) -> str:
    """Whose file it is, where that shows."""
    if isinstance(content, dict):
        if isinstance(content.get("log"), dict) and "entries" in content["log"]:
            return " (a HAR file, not a cassette of vcrpy: outtrade cassette import)"
        if "http_interactions" in content:
            return " (a cassette of Betamax or of Ruby's VCR, not of vcrpy: outtrade cassette import)"
        if isinstance(content.get("info"), dict) and "item" in content:
            return " (a Postman collection, not a cassette of vcrpy)"
    if isinstance(content, list) and content and isinstance(content[0], dict) and "request" in content[0]:
        return " (a cassette of vcrpy before 1.0; vcrpy has a script that migrates it)"
    return ""


def _header(text: str, content: dict[str, Any]) -> dict[str, str]:
    """``provenance`` and ``source`` from the comments at the top, or from fields (which win)."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        match = _HEADER.match(line)
        if match:
            found.setdefault(match[1], match[2])
    for key in ("provenance", "source"):
        if isinstance(content.get(key), str):
            found[key] = content[key].strip()
    return found


def _interaction(item: Any, number: int, limits: Limits) -> Interaction:
    if not isinstance(item, dict):
        raise _Wrong("no mapping")
    request, answer = _mapping(item, "request"), _mapping(item, "response")
    headers = _headers(answer.get("headers"), "response.headers", limits)
    if "status_code" in answer:  # how vcrpy before 6 kept answers to httpx
        status, raw = answer["status_code"], _bytes(answer.get("content"), "response.content")
    else:
        status = _mapping(answer, "status").get("code")
        body = answer.get("body")
        raw = _bytes(body.get("string") if isinstance(body, dict) else body, "response.body")
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:
        raise _Wrong("response.status.code is no HTTP status")
    headers, body = unpacked(headers, raw, limits)
    return Interaction(
        name=_text(item.get("name", str(number)), "name"),
        method=_text(request.get("method"), "request.method").upper(),
        uri=_text(request.get("uri"), "request.uri"),
        status=status,
        body=body,
        headers=headers,
        request_headers=_headers(request.get("headers"), "request.headers", limits),
        request_body=_bytes(request.get("body"), "request.body"),
    )


def unpacked(headers: dict[str, str], raw: bytes, limits: Limits = LIMITS) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer without its content coding; raises ValueError where it cannot be unpacked."""
    body, coded = _unpack(raw, headers.get("content-encoding", ""), limits.body)
    if coded:
        headers = {key: value for key, value in headers.items() if key != "content-encoding"}
        if "content-length" in headers:
            headers["content-length"] = str(len(body))
    return headers, body


def _unpack(raw: bytes, encoding: str, most: int) -> tuple[bytes, bool]:
    """A body without its content coding, and whether it had one. Clients like aiohttp leave the header but have
    unpacked already, so the first bytes decide."""
    if encoding == "gzip" and raw[:2] == b"\x1f\x8b":
        bits = 31
    elif encoding == "deflate" and raw[:1] == b"\x78":
        bits = 15
    else:
        return raw, False
    try:
        unpacker = zlib.decompressobj(bits)
        body = unpacker.decompress(raw, most)
    except zlib.error:
        raise _Wrong(f"the body is no {encoding}") from None
    if unpacker.unconsumed_tail:
        raise _Wrong(f"the body unpacks to more than {most // _MEBIBYTE} MiB")
    if not unpacker.eof:
        raise _Wrong(f"the body is no whole {encoding}")
    return body, True


def _mapping(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise _Wrong(f"{key} is {'no mapping' if key in parent else 'missing'}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(f"{where} is no text")
    return value


def _headers(value: Any, where: str, limits: Limits) -> dict[str, str]:
    """Header names in lower case; vcrpy keeps values as lists, which are joined."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > limits.headers:
        raise _Wrong(f"{where} is no mapping of at most {limits.headers} headers")
    return {_text(name, where).lower(): _header_value(text, where, limits) for name, text in value.items()}


def _header_value(value: Any, where: str, limits: Limits) -> str:
    parts = value if isinstance(value, list) else [value]
    if len(parts) > limits.headers:
        raise _Wrong(f"{where} is too long")
    texts = []
    for part in parts:
        if isinstance(part, bytes):
            part = part.decode("latin-1")
        if not isinstance(part, str | int | float):
            raise _Wrong(f"{where} holds something that is no text")
        texts.append(str(part))
    return ", ".join(texts)


def _bytes(value: Any, where: str) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    raise _Wrong(f"{where} is of type {type(value).__name__}")
