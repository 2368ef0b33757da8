"""Frozen profiles: what a vendor runs to say "passes exec-core-2026.11", the same for everybody and for good.

A profile is two files. ``NAME.json`` says what it asks: properties, parts of the report that must be there, in how many
scenarios each property has to be decided, the limits of the gate. ``NAME.scenarios.xz`` holds the scenarios themselves,
one JSON object a line: generators may change, a frozen profile does not. ``scenarios_sha256`` is the hash of those
lines, ``sha256`` that of everything else in the JSON (keys sorted, no spaces), the first hash included, so that one
number names the whole profile. A property or a space that is new in the suite changes none of it.

    outtrade list profiles
    outtrade run agent:ccxt --profile exec-core-2026.11

``freeze`` writes the two files; ``read`` refuses what was tampered with, in one line.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.model.task import Plain

FORMAT: Literal["outtrade.profile"] = "outtrade.profile"
MAX_HEAD = 1024 * 1024
"""Largest NAME.json that is read, in bytes."""
MAX_SCENARIOS = 256 * 1024 * 1024
"""Most bytes that the scenarios of a profile may unpack to."""
PARTS = ("outcomes", "orders", "fills", "positions", "balances", "alerts")
"""Parts of a report that a profile may require."""


class ProfileError(ValueError):
    """A profile that cannot be used; the message is one line for the user."""


class Drawn(Plain):
    """Where scenarios came from when the profile was frozen: the first ``count`` indices of a seed of a space."""

    space: str
    seed: int
    count: int = Field(gt=0)


class Head(Plain):
    """``NAME.json``."""

    format: Literal["outtrade.profile"] = FORMAT
    version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")
    about: str
    suite: str
    drawn: tuple[Drawn, ...]
    properties: tuple[str, ...] = Field(min_length=1)
    requires: tuple[Literal["outcomes", "orders", "fills", "positions", "balances", "alerts"], ...]
    """Parts that every report has to hold."""
    coverage: dict[str, int]
    """Property -> the least number of scenarios in which it has to be decided."""
    max_incomplete: float = Field(ge=0, le=1)
    min_exercised: float = Field(ge=0, le=1)
    scenarios: int = Field(gt=0)
    scenarios_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read and whose hashes hold. ``scenarios``: JSON, one a scenario."""

    head: Head
    scenarios: tuple[str, ...]

    def scenario(self, index: int) -> Scenario:
        """Scenario ``index``."""
        return Scenario.from_json(self.scenarios[index])


def content_hash(data: Mapping[str, Any]) -> str:
    """SHA-256 of a head without its own ``sha256``."""
    rest = {name: value for name, value in data.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def peek(file: Path) -> Head:
    """The head alone, its hash checked; for lists. Raises ProfileError."""
    try:
        if file.stat().st_size > MAX_HEAD:
            raise ProfileError(f"{file}: larger than {MAX_HEAD // 1024} KiB, no profile")
        data = json.loads(file.read_bytes())
        head = Head.model_validate(data)
    except OSError as error:
        raise ProfileError(f"{file}: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProfileError(f"{file}: not a profile of this version: {place} {first['msg']}".strip()) from None
    except (ValueError, RecursionError):
        raise ProfileError(f"{file}: not a profile: not JSON") from None
    if content_hash(data) != head.sha256:
        raise ProfileError(f"{file}: changed after it was frozen (its sha256 does not fit); take the file as published")
    return head


def read(file: Path) -> Profile:
    """The whole profile. Raises ProfileError where a file is missing, unreadable, or not what was frozen."""
    head = peek(file)
    packed = file.with_name(f"{head.name}.scenarios.xz")
    try:
        unpacker = lzma.LZMADecompressor()
        raw = unpacker.decompress(packed.read_bytes(), MAX_SCENARIOS)
    except OSError as error:
        raise ProfileError(f"{packed}: {error.strerror or error}") from None
    except (lzma.LZMAError, EOFError) as error:
        raise ProfileError(f"{packed}: cannot be unpacked: {error}") from None
    if not unpacker.eof or hashlib.sha256(raw).hexdigest() != head.scenarios_sha256:
        raise ProfileError(
            f"{packed}: not the scenarios that were frozen (their sha256 does not fit); take the file as published"
        )
    lines = tuple(raw.decode().splitlines())
    if len(lines) != head.scenarios:
        raise ProfileError(f"{packed}: {len(lines)} scenarios, not {head.scenarios}")
    profile = Profile(head, lines)
    try:
        profile.scenario(0)
    except ScenarioError as error:
        raise ProfileError(f"{packed}: {error}") from None
    return profile


def freeze(
    folder: Path,
    *,
    name: str,
    about: str,
    suite: str,
    drawn: Sequence[Drawn],
    scenarios: Iterable[Scenario],
    properties: Iterable[str],
    requires: Iterable[str],
    coverage: Mapping[str, int],
    max_incomplete: float = 0.02,
    min_exercised: float = 0.5,
) -> Profile:
    """Write a profile and read it back. Raises ProfileError where one of this name is there, OSError."""
    file = folder / f"{name}.json"
    if file.exists():
        raise ProfileError(f"{file}: is frozen; a new one takes a new name")
    lines = [json.dumps(json.loads(one.to_json()), separators=(",", ":"), ensure_ascii=True) for one in scenarios]
    raw = "".join(line + "\n" for line in lines).encode()
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": 1,
        "name": name,
        "about": about,
        "suite": suite,
        "drawn": [part.model_dump() for part in drawn],
        "properties": list(properties),
        "requires": list(requires),
        "coverage": {ident: coverage[ident] for ident in sorted(coverage) if coverage[ident]},
        "max_incomplete": max_incomplete,
        "min_exercised": min_exercised,
        "scenarios": len(lines),
        "scenarios_sha256": hashlib.sha256(raw).hexdigest(),
    }
    data["sha256"] = content_hash(data)
    folder.mkdir(parents=True, exist_ok=True)
    file.with_name(f"{name}.scenarios.xz").write_bytes(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME))
    file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return read(file)
