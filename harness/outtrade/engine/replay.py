"""Saved failures: a scenario, the target it was run against, and the failure that must show again.

A failure file is JSON with everything that a replay needs. Replay succeeds only on the *same* failure, by its
fingerprint; another failure, or none, is not a success. The History's hash is compared too: with the same target and
the same libraries it is equal, and where it is not, something changed.

A plain scenario file can be replayed as well; then nothing is expected, and what is found is the verdict. So can a
stored History, whose header holds scenario and target.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from outtrade.engine.results import FAILING
from outtrade.model.scenario import Scenario, ScenarioError, problems
from outtrade.model.task import Plain

if TYPE_CHECKING:
    from outtrade.engine.plan import Kit
    from outtrade.judge.api import Finding
    from outtrade.model.history import History

VERSION: Literal[1] = 1
FORMAT: Literal["outtrade.failure"] = "outtrade.failure"


class Expected(Plain):
    """A failure that must show again."""

    property: str
    fingerprint: str
    message: str = ""


class SavedFailure(Plain):
    """What ``outtrade run`` writes to ``failures/`` and ``outtrade replay`` reads."""

    format: Literal["outtrade.failure"] = FORMAT
    version: Literal[1] = VERSION
    target: str
    suite: str
    failures: tuple[Expected, ...]
    history: str = ""
    """SHA-256 of the History that the scenario gave."""
    scenario: dict[str, Any]
    """The scenario, as in a scenario file."""

    def to_json(self) -> str:
        """The file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Saved:
    """A file read back: a failure, a plain scenario (``target`` None, nothing expected), or a History (nothing
    expected)."""

    scenario: Scenario
    target: str | None
    suite: str | None
    expected: tuple[Expected, ...]
    history: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay showed. ``missing``: expected failures that did not show again."""

    history: History
    findings: list[Finding]
    missing: tuple[Expected, ...]
    same_history: bool | None
    """Whether the History is the one that was saved; None where none was."""

    @property
    def failed(self) -> list[Finding]:
        """Findings that say fail or warn."""
        return [finding for finding in self.findings if finding.verdict in FAILING]


def read(path: Path) -> Saved:
    """Read a failure or scenario file. Raises ScenarioError with one line, OSError where it cannot be read."""
    return parse(path.read_bytes())


def parse(text: bytes) -> Saved:
    """``read``, of what is in the file."""
    if _is_history(text):
        return _of_history(text)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ScenarioError(f"not JSON: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return Saved(Scenario.from_json(text), None, None, (), "")
    if data.get("version") != VERSION:
        raise ScenarioError(f"failure file version {data.get('version')!r} is not supported (this is {VERSION})")
    try:
        saved = SavedFailure.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(problems(error)) from None
    scenario = Scenario.from_json(json.dumps(saved.scenario))
    return Saved(scenario, saved.target, saved.suite, saved.failures, saved.history)


def _is_history(text: bytes) -> bool:
    """Whether the first line is the header of a History."""
    try:
        header = json.loads(text.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "format" not in header and {"target", "scenario"} <= header.keys()


def _of_history(text: bytes) -> Saved:
    from outtrade.model.history import History

    try:
        history = History.from_jsonl(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(str(error)) from None
    scenario = Scenario.from_json(json.dumps(history.header.scenario))
    return Saved(scenario, history.header.target, None, (), history.hash())


def replay(kit: Kit, scenario: Scenario, expected: Sequence[Expected] = (), saved_hash: str = "") -> Replayed:
    """Run ``scenario`` against the target of ``kit`` and look for the expected failures."""
    from outtrade.engine.judging import judge_history
    from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

    history = run(kit.target, scenario)
    findings = judge_history(history, kit.properties)
    shown = {finding.fingerprint for finding in findings if finding.verdict in FAILING}
    missing = tuple(one for one in expected if one.fingerprint not in shown)
    return Replayed(history, findings, missing, history.hash() == saved_hash if saved_hash else None)
