"""A baseline: failures that are known, each with a reason, so that a gate fails only for what is new.

::

    format: outtrade.baseline
    version: 1
    expected:
      - property: RTY-02                      # the id that `outtrade list properties` shows
        fingerprint: RTY-02:resent-in-doubt   # optional: only this kind of failure
        scenario: binance_spot-1-*            # optional: only in these scenarios
        fault: lost_answer.*                  # optional: only where such a fault landed
        reason: the retry queue is rewritten in the next release
        owner: execution team                 # optional
        expires: 2027-01-31                   # optional: from the day after, it excuses nothing

``fingerprint``, ``scenario`` and ``fault`` are shell patterns. The rules keep a baseline from hiding anything:

* It excuses violations and nothing else: neither what could not be decided nor an error of the harness.
* It changes no score and hides no failure: reports show what is expected, and why.
* A scenario that violates a property in several ways is expected only where every way is.
* An entry with a ``fault`` does not cover a failure that shows without faults, too: that fault is not to blame.
* An entry is **stale** where its property was decided in scenarios that it names and was violated in none of them, and
  it may expire. Both fail the gate, so that the list can only become shorter.

The file may come from anyone, so it is read by the safe loader, without aliases, and with limits on every size.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outtrade.report.text import clean, count

if TYPE_CHECKING:
    from outtrade.engine.results import Judged, Result

MAX_SIZE = 1024 * 1024
"""Largest file, in bytes."""
MAX_ENTRIES = 2_000
MAX_DEPTH = 8

_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FAILING = ("fail", "warn")
_DECIDED = ("pass", *_FAILING)


class BaselineError(ValueError):
    """The file cannot be used; the message is one line for the user."""


class Expectation(BaseModel):
    """One known failure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    property: str = Field(min_length=1, max_length=40)
    fingerprint: str | None = Field(default=None, min_length=1, max_length=400)
    scenario: str | None = Field(default=None, min_length=1, max_length=400)
    fault: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str = Field(max_length=2_000)
    owner: str | None = Field(default=None, max_length=200)
    expires: date | None = None

    def name(self) -> str:
        """What it is about, in one line: ``RTY-02:resent-in-doubt in binance_spot-1-*``."""
        words = self.fingerprint or self.property
        words += f" in {self.scenario}" if self.scenario else ""
        return clean(words + (f" with {self.fault}" if self.fault else ""), 160)

    def concerns(self, result: Result) -> bool:
        """Whether ``result`` is of a scenario that it names, with a fault that it names."""
        if self.scenario is not None and not fnmatchcase(result.scenario, self.scenario):
            return False
        return self.fault is None or any(
            row.status == "landed" and fnmatchcase(row.variant, self.fault) for row in result.faults
        )

    def covers(self, kind: str, *, without_faults: bool) -> bool:
        """Whether it excuses this kind of failure of its property."""
        if self.fault is not None and without_faults:
            return False
        return self.fingerprint is None or fnmatchcase(kind, self.fingerprint)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["outtrade.baseline"]
    version: Literal[1]
    expected: tuple[Expectation, ...] = Field(max_length=MAX_ENTRIES)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a file and the day on which they are held against a run. ``name``: the file, for messages."""

    entries: tuple[Expectation, ...] = ()
    today: date = date.min
    name: str = ""


Status = Literal["seen", "stale", "expired", "not met"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one entry in a run.

    ``seen``: scenarios in which it excused a violation. ``chances``: scenarios that it names and in which its property
    was decided. Without any the entry is ``not met``: nothing can be said about it.
    """

    entry: Expectation
    status: Status
    seen: int
    chances: int


@dataclass(frozen=True, slots=True)
class Known:
    """In how many scenarios a distinct failure is expected, and the reason that the first entry gives."""

    scenarios: int
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """A baseline held against a run. ``properties``: id -> scenarios whose violation is expected; ``kinds``: the same
    by fingerprint."""

    standings: tuple[Standing, ...] = ()
    properties: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, Known] = field(default_factory=dict)


def hold(
    baseline: Baseline, results: Sequence[Result], *, complete: bool, effective: Callable[[Result, str], str]
) -> Coverage:
    """Hold ``baseline`` against what a run found. Where the run is not ``complete``, no entry is stale: the scenario
    that shows it may be missing. ``effective`` says what a verdict counts as (``outtrade.score.effective``)."""
    by_property: dict[str, list[int]] = {}
    for number, entry in enumerate(baseline.entries):
        by_property.setdefault(entry.property, []).append(number)
    seen: Counter[int] = Counter()
    chances: Counter[int] = Counter()
    properties: Counter[str] = Counter()
    kinds: dict[str, Known] = {}
    for result in results:
        findings = {found.property: found for found in result.findings if found.verdict in _FAILING}
        for ident, numbers in by_property.items():
            verdict = effective(result, result.verdicts.get(ident, ""))
            if verdict not in _DECIDED:
                continue
            named = [number for number in numbers if baseline.entries[number].concerns(result)]
            chances.update(named)
            found = findings.get(ident)
            if found is None:
                continue
            valid = [number for number in named if not _expired(baseline.entries[number], baseline.today)]
            matched = [_covering(baseline.entries, valid, kind, found) for kind in kinds_of(found)]
            seen.update({number for group in matched for number in group})
            if all(matched):
                properties[ident] += 1
                known = kinds.get(found.fingerprint, Known(0, baseline.entries[matched[0][0]].reason))
                kinds[found.fingerprint] = Known(known.scenarios + 1, known.reason)
    standings = tuple(
        Standing(entry, _status(entry, baseline.today, seen[n], chances[n], complete), seen[n], chances[n])
        for n, entry in enumerate(baseline.entries)
    )
    return Coverage(standings, dict(properties), kinds)


def kinds_of(found: Judged) -> tuple[str, ...]:
    """Every way in which a finding violates its property."""
    return found.kinds or (found.fingerprint,)


def _covering(entries: Sequence[Expectation], numbers: Iterable[int], kind: str, found: Judged) -> list[int]:
    return [number for number in numbers if entries[number].covers(kind, without_faults=found.baseline)]


def _expired(entry: Expectation, today: date) -> bool:
    return entry.expires is not None and entry.expires < today


def _status(entry: Expectation, today: date, seen: int, chances: int, complete: bool) -> Status:
    if _expired(entry, today):
        return "expired"
    if seen:
        return "seen"
    return "stale" if chances and complete else "not met"


# ------------------------------------------------------------------ reading
def read(file: Path, known: frozenset[str], *, today: date) -> Baseline:
    """Read a baseline (YAML, or JSON where the name ends so). Raises BaselineError: not readable, not one of ours,
    a property that is not in ``known``, or an entry without a reason."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SIZE + 1)
    except OSError as error:
        raise BaselineError(f"{file}: {error.strerror or type(error).__name__}") from None
    if len(data) > MAX_SIZE:
        raise BaselineError(f"{file}: larger than {MAX_SIZE // 1024} KiB, the limit for baselines")
    try:
        parsed = _File.model_validate(_decode(data, as_json=file.suffix.lower() == ".json"))
    except ValidationError as error:
        raise BaselineError(f"{file}: {_first(error)}") from None
    except BaselineError as error:
        raise BaselineError(f"{file}: {error}") from None
    for number, entry in enumerate(parsed.expected, 1):
        if entry.property not in known:
            raise BaselineError(f"{file}: entry {number}: no property {clean(entry.property, 40)!r} in this suite")
        if not entry.reason.strip():
            raise BaselineError(f"{file}: entry {number} ({entry.name()}) has no reason; write why it is expected")
    return Baseline(parsed.expected, today, str(file))


def _decode(data: bytes, *, as_json: bool) -> Any:
    try:
        text = data.decode("utf-8-sig")
        if as_json:
            return json.loads(text)
        _check(text)
        return yaml.load(text, Loader=_SAFE)  # noqa: S506 - the safe loader
    except UnicodeDecodeError:
        why = "not UTF-8"
    except json.JSONDecodeError as error:
        why = f"not JSON: {error.msg} (line {error.lineno})"
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        why = f"not YAML: {clean(error.problem or 'unreadable', 100)}{where}"
    except RecursionError:
        why = "nested too deeply"
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, OverflowError) as error:
        why = str(error) if isinstance(error, BaselineError) else f"not YAML: {type(error).__name__}"
    raise BaselineError(why)


def _check(text: str) -> None:
    """Refuse aliases (they can unfold without bound) and deep nesting, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_SAFE):
        if isinstance(event, yaml.AliasEvent):
            raise BaselineError("aliases are not allowed")
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise RecursionError
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            depth -= 1


def _first(error: ValidationError) -> str:
    """The first complaint, with the place as a person counts: ``entry 2: expires: ...``."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    loc = first["loc"]
    place = loc[1:] if len(loc) > 1 and loc[0] == "expected" else loc
    words = [f"entry {part + 1}" if isinstance(part, int) else clean(part, 40) for part in place]
    if not words and first["type"] == "model_type":
        return "not a baseline: a mapping with format, version and expected is needed"
    return ": ".join([*words, clean(first["msg"], 160)])


# ------------------------------------------------------------------ writing
_HEAD = """\
# Expected failures for `outtrade run --baseline FILE`.
# Write a reason for each entry before you use the file; owner and expires (a date) may be added.
format: outtrade.baseline
version: 1
expected:
"""


def write(results: Iterable[Result], levels: Mapping[str, str], kept: Sequence[Expectation] = ()) -> str:
    """A baseline of every kind of violation of a MUST in ``results``, with empty reasons, after the entries of an older
    one that are to stay. ``levels``: property id -> level."""
    scenarios: Counter[str] = Counter()
    owner: dict[str, str] = {}
    said: dict[str, str] = {}
    for result, found in _violations(results):
        if levels.get(found.property) != "MUST":
            continue
        named = [entry for entry in kept if entry.property == found.property and entry.concerns(result)]
        for kind in kinds_of(found):
            if any(entry.covers(kind, without_faults=found.baseline) for entry in named):
                continue
            scenarios[kind] += 1
            owner[kind] = found.property
            if kind == found.fingerprint and found.violations:
                said.setdefault(kind, found.violations[0].message)
    parts = [_HEAD if kept or scenarios else _HEAD.replace("expected:", "expected: []")]
    parts += [_entry(entry.model_dump(exclude_none=True)) for entry in kept]
    for kind in sorted(scenarios):
        note = f"in {count(scenarios[kind], 'scenario')}" + (f": {clean(said[kind], 160)}" if kind in said else "")
        fields: dict[str, Any] = {"property": owner[kind]}
        if kind != owner[kind]:
            fields["fingerprint"] = _literal(kind)
        parts.append(_entry(fields | {"reason": ""}, note))
    return "".join(parts)


def _violations(results: Iterable[Result]) -> Iterator[tuple[Result, Judged]]:
    for result in results:
        for found in result.findings:
            if found.verdict in _FAILING:
                yield result, found


def _entry(fields: dict[str, Any], note: str = "") -> str:
    text: str = yaml.safe_dump([fields], sort_keys=False, allow_unicode=True, width=110)
    body = "".join(f"  {line}\n" for line in text.splitlines())
    return (f"  # {note}\n" if note else "") + body


def _literal(text: str) -> str:
    """A shell pattern that matches only ``text``."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
