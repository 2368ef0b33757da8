"""What a cassette is once it is read: interactions with one provenance, and the error every bad file ends in."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Provenance = Literal["recorded", "documented", "from-mock", "unstated"]
"""``unstated``: somebody's vcrpy recording without our header; only readers that ask for such files see it."""
PROVENANCES: tuple[str, ...] = tuple(name for name in get_args(Provenance) if name != "unstated")


class CassetteError(ValueError):
    """A cassette that cannot be used; the message is one line, names the file, and quotes no value from it."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and the answer to it. Header names are in lower case; bodies are unpacked (gzip, deflate)."""

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


def one_line(text: object, limit: int = 200) -> str:
    """Text from a file or its name, fit for a one-line message: no line breaks, no control characters, not long."""
    line = "".join("?" if unicodedata.category(char)[0] == "C" else char for char in " ".join(str(text).split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"
