"""Cassettes: what exchanges really say, or are documented to say, as data.

A cassette is a YAML (or JSON) file in the format of vcrpy, so that a recording made with vcrpy can be used as it is
and ours can be replayed by vcrpy. Two things are added, which vcrpy ignores:

* at the top, as fields or as comments, ``provenance`` and ``source``. ``recorded``: the bytes came from the venue
  itself, ``source`` says when and how. ``documented``: written from the venue's documentation, which ``source``
  names. ``from-mock``: made by our own mock. Only the first may ever be called recorded;
* a ``name`` beside ``request`` and ``response``, by which code asks for an interaction.

Files come from outside, so they are read with the safe loader only: no tag in a cassette can create an object.

    >>> cassette = load("binance_spot", "general")
    >>> cassette.provenance
    'documented'
    >>> cassette["ping"].json()
    {}
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

Provenance = Literal["recorded", "documented", "from-mock"]
PROVENANCES: tuple[str, ...] = get_args(Provenance)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADER = re.compile(r"^#\s*(provenance|source)\s*:\s*(.+?)\s*$")


class CassetteError(ValueError):
    """A cassette that cannot be used; the message is one line and names the file."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and the answer to it."""

    name: str
    method: str
    uri: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    request_headers: dict[str, str] = field(default_factory=dict)
    request_body: bytes = b""

    def json(self) -> Any:
        """The decoded body; raises ValueError where it is no JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Cassette:
    """A file of interactions with one provenance."""

    name: str
    provenance: Provenance
    source: str
    interactions: tuple[Interaction, ...]

    def __iter__(self) -> Iterator[Interaction]:
        return iter(self.interactions)

    def __len__(self) -> int:
        return len(self.interactions)

    def __getitem__(self, name: str) -> Interaction:
        for interaction in self.interactions:
            if interaction.name == name:
                return interaction
        raise KeyError(f"no interaction {name!r} in cassette {self.name!r}")


def root() -> Path:
    """The folder of all cassettes: inside an installed package, else beside the sources of a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_cassettes"
    return installed if installed.is_dir() else here.parent.parent / "cassettes"


def names(venue: str) -> list[str]:
    """The cassettes of a venue, sorted, without suffix."""
    folder = root() / venue
    return sorted({path.stem for path in folder.glob("*") if path.suffix in {".yaml", ".json"}})


@lru_cache(maxsize=64)
def load(venue: str, name: str) -> Cassette:
    """Read a venue's cassette once; raises CassetteError where it is missing or malformed."""
    folder = root() / venue
    for suffix in (".yaml", ".json"):
        path = folder / (name + suffix)
        if path.is_file():
            return read(path)
    raise CassetteError(f"no cassette {name!r} for {venue!r} in {folder}")


def read(path: Path) -> Cassette:
    """Read a cassette file; raises CassetteError with one line that names the file and what is wrong with it."""
    try:
        return parse(path.read_bytes(), name=path.stem, form=path.suffix.lstrip("."))
    except OSError as error:
        raise CassetteError(f"{path.name}: {error.strerror or error}") from None


def parse(data: bytes, *, name: str = "cassette", form: str = "yaml") -> Cassette:
    """Read a cassette from bytes (``form``: ``yaml`` or ``json``); raises CassetteError."""
    try:
        text = data.decode("utf-8")
        content = json.loads(text) if form == "json" else yaml.load(text, Loader=_LOADER)  # noqa: S506
    except (UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise CassetteError(f"{name}: not {form.upper()}: {first}") from None
    if not isinstance(content, dict) or not isinstance(content.get("interactions"), list):
        raise CassetteError(f"{name}: no list of interactions")
    header = _header(text, content)
    provenance = header.get("provenance", "")
    if provenance not in PROVENANCES:
        raise CassetteError(f"{name}: provenance {provenance!r} is none of {', '.join(PROVENANCES)}")
    if not header.get("source"):
        raise CassetteError(f"{name}: no source named")
    try:
        interactions = tuple(_interaction(item, number) for number, item in enumerate(content["interactions"]))
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zlib.error) as error:
        raise CassetteError(f"{name}: malformed interaction: {error!r}") from None
    return Cassette(name, provenance, header["source"], interactions)  # type: ignore[arg-type]


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


def _interaction(item: dict[str, Any], number: int) -> Interaction:
    request, answer = item["request"], item["response"]
    headers = _headers(answer.get("headers"))
    body = answer["body"]
    raw = _bytes(body.get("string") if isinstance(body, dict) else body)
    encoding = headers.get("content-encoding", "")
    if encoding == "gzip" and raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    elif encoding == "deflate" and raw[:1] == b"\x78":
        raw = zlib.decompress(raw)
    return Interaction(
        name=str(item.get("name", number)),
        method=str(request["method"]),
        uri=str(request["uri"]),
        status=int(answer["status"]["code"]),
        body=raw,
        headers=headers,
        request_headers=_headers(request.get("headers")),
        request_body=_bytes(request.get("body")),
    )


def _headers(value: Any) -> dict[str, str]:
    """Header names in lower case; vcrpy keeps values as lists."""
    return {
        str(name).lower(): ", ".join(map(str, text)) if isinstance(text, list) else str(text)
        for name, text in (value or {}).items()
    }


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    raise TypeError(f"body of type {type(value).__name__}")
