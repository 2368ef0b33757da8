"""A report folder read back: the one source of HTML, JUnit, Markdown and of comparisons.

``results.json`` holds every number; ``failures/`` holds the smallest scenario of each distinct failure and its
History. Reports read nothing else, neither the clock nor the surroundings, so the same folder gives the same bytes.

The folder may come from somewhere else (an artefact of a CI job, another team), so it is read as untrusted input:
sizes are limited, everything is validated, and names in it never lead out of it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from outtrade.engine.replay import parse
from outtrade.model.history import History
from outtrade.model.scenario import ScenarioError
from outtrade.report.describe import describe_scenario
from outtrade.report.results import ExpectationRow, FailureRow, PropertyRow, ReportError, Results
from outtrade.report.secrets import without_secrets
from outtrade.report.text import count

MAX_RESULTS = 512 * 1024 * 1024
"""Largest results.json that is read, in bytes."""
MAX_FILE = 64 * 1024 * 1024
"""Largest scenario or history file that is read, in bytes."""

CAME_TO_US = "mcp:"
"""Such a target (a model behind ``outtrade mcp``) cannot be called, so nothing can be run again."""

_SEVERITIES = ("critical", "major", "minor")


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest scenario of a distinct failure. ``problem`` says in one line what could not be read."""

    words: tuple[str, ...] = ()
    history: History | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A report folder. ``folder`` is as the user wrote it, because replay commands name it."""

    folder: Path
    results: Results

    @property
    def source(self) -> str:
        """What all of it was made from, for people."""
        return "results.json and failures/"

    @property
    def where(self) -> str:
        """What was played: the venue, where one was asked for, else the scenario space."""
        return self.results.venue or self.results.space

    @property
    def again(self) -> str:
        """What ``replay`` does: ``replay``, or ``judge`` where the target was somebody who came to us."""
        return "judge" if self.results.target.startswith(CAME_TO_US) else "replay"

    def replay(self, failure: FailureRow) -> str:
        """The command that shows a failure again, for a POSIX shell."""
        outside = self.results.outside
        recording = "" if outside is None else outside.recording
        return again(self.results.target, self.folder / failure.file, recording, self.results.suite)

    def failures(self) -> list[FailureRow]:
        """Distinct failures, the worst first: what nobody expects, MUST before SHOULD, then by severity, then by how
        often."""
        return sorted(
            self.results.failures,
            key=lambda f: (
                f.expected >= f.scenarios,
                f.level != "MUST",
                _SEVERITIES.index(f.severity),
                -f.scenarios,
                f.fingerprint,
            ),
        )

    def smallest(self, failure: FailureRow) -> Smallest:
        """The smallest scenario in words, and its History; what cannot be read is said, never guessed."""
        try:
            words = tuple(describe_scenario(parse(self.scenario(failure)).scenario.to_json()))
        except (ScenarioError, ValueError, RecursionError) as error:
            return Smallest(problem=f"the scenario cannot be read: {error}")
        except OSError as error:
            return Smallest(problem=f"the scenario cannot be read: {error.strerror or error}")
        try:
            history = History.from_jsonl(self.history(failure))
        except OSError as error:
            return Smallest(words, problem=f"no timeline: {error.strerror or error}")
        except (ValueError, RecursionError) as error:
            return Smallest(words, problem=f"no timeline: {error}")
        if failure.history and history.hash() != failure.history:
            return Smallest(words, history, "the stored history is not the one that was judged")
        return Smallest(words, history)

    def scenario(self, failure: FailureRow) -> bytes:
        """The file of a failure's smallest scenario, which ``outtrade replay`` runs. Raises OSError and ValueError."""
        return self.file(failure.file)

    def history(self, failure: FailureRow) -> bytes:
        """Its History, as JSON lines. Raises OSError and ValueError."""
        return self.file(str(Path(failure.file).with_suffix(".jsonl")))

    def file(self, name: str) -> bytes:
        """A file of the folder. Raises OSError, and ValueError where the name leads out of it or it is too large."""
        return self._inside(name).read_bytes()

    def _inside(self, name: str) -> Path:
        """A file of the folder. Raises ValueError where the name leads out of it or the file is too large."""
        file = self.folder / name
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise ValueError("it lies outside of the report folder")
        if file.stat().st_size > MAX_FILE:
            raise ValueError(f"larger than {MAX_FILE // 1024**2} MiB")
        return file


def again(target: str, file: Path, recording: str = "", suite: str = "") -> str:
    """The command that shows a failure again, for a POSIX shell: ``file`` is that of its scenario, ``recording`` that
    of the real hosts it was let through to. A program, or a suite in a file, is named in the command: no file is
    trusted to start one."""
    if target.startswith(CAME_TO_US):
        return f"outtrade judge {shlex.quote(str(file.with_suffix('.jsonl')))} --timeline"
    played = f" --allow-replay {shlex.quote(recording)}" if recording else ""
    program = f" --target {shlex.quote(without_secrets(target))}" if target.startswith("cmd:") else ""
    judged = f" --suite {shlex.quote(suite)}" if suite.startswith("py:") else ""
    return "outtrade replay " + shlex.quote(str(file)) + program + judged + played


def seed_words(results: Results) -> str:
    """``seed 3``, the frozen profile, or where the scenarios came from without one."""
    if results.profile is not None:
        return f"frozen, sha256 {results.profile.sha256}"
    return "from stored histories" if results.seed is None else f"seed {results.seed}"


def load(path: Path) -> Stored:
    """Read a report folder, or the results.json in it. Raises ReportError with one line."""
    file = path / "results.json" if path.is_dir() else path
    try:
        if file.stat().st_size > MAX_RESULTS:
            raise ReportError(f"{file}: larger than {MAX_RESULTS // 1024**2} MiB")
        results = Results.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ReportError(f"{file}: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ReportError(f"{file}: not a results.json of this version: {place} {first['msg']}".strip()) from None
    return Stored(file.parent, results)


def decided(row: PropertyRow) -> int:
    """Scenarios in which a property passed or was violated."""
    return row.counts.get("pass", 0) + violations(row)


def violations(row: PropertyRow) -> int:
    """Scenarios that violate it: ``fail``, or ``warn`` for a SHOULD."""
    return row.counts.get("fail", 0) + row.counts.get("warn", 0)


def unexpected(row: PropertyRow) -> int:
    """Violations of a MUST that count against the run: neither expected by the baseline nor tolerated."""
    return max(0, row.counts.get("fail", 0) - row.expected - row.tolerated)


def notes_of(results: Results) -> tuple[str, ...]:
    """To which real hosts the run was let through; what the gate excused, tolerated, or could not hold against it."""
    outside = () if results.outside is None else (f"let through: {results.outside.words()}",)
    return outside + (results.gate.notes if results.gate is not None else ())


def expectations(results: Results) -> tuple[ExpectationRow, ...]:
    """The entries of the baseline and what became of them."""
    return results.gate.expected if results.gate is not None else ()


def conditions(row: ExpectationRow) -> str:
    """What an entry is about, in one line."""
    words = row.fingerprint or row.property
    words += f" in {row.scenario}" if row.scenario else ""
    return words + (f" with {row.fault}" if row.fault else "")


def standing(row: ExpectationRow) -> str:
    """What became of an entry, in words: ``seen in 12 scenarios``."""
    if row.status == "seen":
        return f"seen in {count(row.seen, 'scenario')}"
    if row.status == "stale":
        return f"stale: not seen in {count(row.chances, 'scenario')} that could show it"
    return f"expired on {row.expires}" if row.status == "expired" else "never decided in this run"
