"""Allure: the sheets of a run as a folder of Allure results, through allure-python-commons' own classes.

    outtrade report reports/agent-ccxt --allure allure-results
    python3 examples/allure_page.py allure-results allure-page      # the page; needs Node

One result for each venue and property, and one for the gate. The same stored run gives the same bytes:

* the *uuid* of a result is a hash of what it says. Its first 12 digits stand for target and venue, so that a new run of
  the same target replaces the results of the old one, and results of several targets can share a folder;
* *testCaseId* and *historyId* are hashes of venue, property and target, made as allure-pytest makes them: trends go on
  from run to run, and from one door to the other;
* *times* are those of the run. A property has no time of its own, all are judged from the same histories; one stands a
  millisecond after the other, so that pages list them in their order.

The folder also gets ``categories.json`` (why something is not green) and ``environment.properties`` (what was run with
which versions; nothing of the surroundings, and no secret).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from allure_commons.model2 import (
    ATTACHMENT_PATTERN,
    Attachment,
    Label,
    Link,
    Parameter,
    StatusDetails,
    TestResult,
    TestStepResult,
)
from allure_commons.types import LinkType
from allure_commons.utils import md5, represent
from attr import asdict

from outtrade.report.results import Results, write_whole
from outtrade.report.secrets import without_secrets
from outtrade.report.sheets import Paper, Sheet, Step, sheets
from outtrade.report.stored import Stored
from outtrade.report.text import clean

_ANYTHING = r"[\s\S]*"
CATEGORIES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "Baseline: an expected failure is gone",
        "matchedStatuses": ["failed"],
        "messageRegex": rf"{_ANYTHING}to be taken out of the baseline{_ANYTHING}",
    },
    {"name": "Violated (MUST)", "matchedStatuses": ["failed"]},
    {
        "name": "Incomplete: it could not be decided",
        "matchedStatuses": ["broken"],
        "messageRegex": rf"{_ANYTHING}(incomplete in|INCOMPLETE){_ANYTHING}",
    },
    {
        "name": "Harness error: a check or the harness crashed",
        "matchedStatuses": ["broken"],
        "messageRegex": rf"{_ANYTHING}(crashed in|harness failed in|HARNESS ERROR){_ANYTHING}",
    },
    {
        "name": "Expected failure (baseline)",
        "matchedStatuses": ["skipped"],
        "messageRegex": rf"{_ANYTHING}expected failure in{_ANYTHING}",
    },
    {
        "name": "Waived: the report leaves out what it needs",
        "matchedStatuses": ["skipped"],
        "messageRegex": rf"{_ANYTHING}waived in{_ANYTHING}",
    },
    {
        "name": "Not exercised: no planned fault happened",
        "matchedStatuses": ["skipped"],
        "messageRegex": rf"{_ANYTHING}not exercised{_ANYTHING}",
    },
    {
        "name": "Not applicable",
        "matchedStatuses": ["skipped"],
        "messageRegex": rf"{_ANYTHING}not applicable{_ANYTHING}",
    },
    {
        "name": "Violated, and the gate lets it pass (SHOULD, or tolerated)",
        "matchedStatuses": ["passed"],
        "messageRegex": rf"{_ANYTHING}(SHOULD|MUST) violated in{_ANYTHING}",
    },
)
"""Why a result is not simply green. The expressions are read by Java (Allure 2) and JavaScript (Allure 3)."""

_OURS = re.compile(r"[0-9a-f-]{36}-(result\.json|attachment\.[a-z]{1,8})")


def write(stored: Stored, folder: Path) -> int:
    """Write the results of a run into a folder (made where it is missing); returns how many. Results of an earlier run
    of the same target on the same venue are removed. Raises OSError."""
    files = dict(build(stored))
    folder.mkdir(parents=True, exist_ok=True)
    start = _start(stored)
    for old in sorted(folder.glob(f"{start[:8]}-{start[8:]}-*")):
        if _OURS.fullmatch(old.name) and old.name not in files and old.is_file():
            old.unlink()
    for name, data in files.items():
        write_whole(folder / name, data)
    return sum(name.endswith("-result.json") for name in files)


def build(stored: Stored) -> Iterable[tuple[str, bytes]]:
    """(file name, contents) of the whole folder."""
    start = _start(stored)
    began, ended = _times(stored.results)
    for number, sheet in enumerate(sheets(stored)):
        at = (began, ended) if sheet.whole else (ended + number, ended + number)
        result, papers = _result(sheet, at, start)
        yield from papers.items()
        yield result.file_pattern.format(prefix=result.uuid), _json(result)
    yield from surroundings(stored.results)


def surroundings(results: Results) -> Iterable[tuple[str, bytes]]:
    """categories.json and environment.properties."""
    yield "categories.json", (json.dumps(CATEGORIES, indent=1) + "\n").encode()
    facts = {
        "Target": without_secrets(results.target),
        "Venue": results.venue or results.space,
        "Suite": results.suite,
        "Space": results.space,
        "Scenarios": str(results.scenarios),
        **({} if results.seed is None else {"Seed": str(results.seed)}),
        **({} if results.reference is None else {"Reference": results.reference.source}),
        "Outtrade": results.outtrade,
        **{f"Library.{name}": version for name, version in results.libraries.items()},
    }
    lines = (f"{_key(name)} = {_value(value)}\n" for name, value in facts.items())
    yield "environment.properties", "".join(lines).encode()


def case_ids(sheet: Sheet) -> tuple[str, str, str]:
    """fullName, testCaseId and historyId, as allure-pytest makes them from the item ``venue::property``."""
    name = "#".join(sheet.place)
    apart = sorted((one, _shown(value)) for one, value, kept in sheet.parameters if kept)
    return name, _digest(name), _digest(name, *(value for _, value in apart))


# ------------------------------------------------------------------ the classes of allure-python-commons
def _result(sheet: Sheet, at: tuple[int, int], start: str) -> tuple[TestResult, dict[str, bytes]]:
    """The result, and its attachments by file name."""
    papers: dict[str, bytes] = {}
    name, case, history = case_ids(sheet)
    result = TestResult(
        name=sheet.name,
        fullName=name,
        testCaseId=case,
        historyId=history,
        titlePath=[sheet.place[0]],
        status=sheet.status,
        statusDetails=_details(sheet.message, sheet.trace),
        stage="finished",
        description=sheet.description,
        labels=[Label(name=one, value=value) for one, value in (*sheet.labels, ("framework", "outtrade"))],
        links=[Link(type=LinkType.LINK, url=url, name=one) for one, url in sheet.links],
        parameters=[
            Parameter(name=one, value=_shown(value), excluded=None if kept else True)
            for one, value, kept in sheet.parameters
        ],
        steps=[_step(step, at[1], start, f"{name}/{n}", papers) for n, step in enumerate(sheet.steps)],
        start=at[0],
        stop=at[1],
    )
    result.uuid = _uuid(start, _json(result))
    return result, papers


def _step(step: Step, at: int, start: str, place: str, papers: dict[str, bytes]) -> TestStepResult:
    return TestStepResult(
        name=step.name,
        status=step.status,
        statusDetails=_details(step.message, ""),
        stage="finished",
        start=at,
        stop=at,
        attachments=[_attachment(paper, start, place, papers) for paper in step.papers],
    )


def _attachment(paper: Paper, start: str, place: str, papers: dict[str, bytes]) -> Attachment:
    """A file for each place that names it: Allure 3 gives a file to one result only, to all others it is missing."""
    words = f"{place}/{paper.name}\n".encode("utf-8", "replace")
    source = ATTACHMENT_PATTERN.format(prefix=_uuid(start, words + paper.body), ext=paper.ending)
    papers[source] = paper.body
    return Attachment(name=paper.name, source=source, type=paper.media)


def _digest(*words: str) -> str:
    return str(md5(*words))  # type: ignore[no-untyped-call]


def _shown(value: str) -> str:
    """A parameter's value, in quotation marks."""
    return str(represent(value))  # type: ignore[no-untyped-call]


def _details(message: str, trace: str) -> StatusDetails | None:
    return StatusDetails(message=message or None, trace=trace or None) if message or trace else None


def _json(result: TestResult) -> bytes:
    """As allure-python-commons' own logger writes it, but for the name of the file, which that draws at random."""
    data = asdict(result, filter=lambda _, value: bool(value) or value is False)
    return json.dumps(data, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")


# ------------------------------------------------------------------ what makes it the same every time
def _start(stored: Stored) -> str:
    """The first 12 digits of every uuid of this target on this venue."""
    return hashlib.sha256(f"{stored.results.target}\n{stored.where}".encode("utf-8", "replace")).hexdigest()[:12]


def _uuid(start: str, content: bytes) -> str:
    return str(UUID(hex=start + hashlib.sha256(content).hexdigest()[:20], version=5))


def _times(results: Results) -> tuple[int, int]:
    """Start and end of the run, in milliseconds."""
    try:
        began = int(datetime.fromisoformat(results.started).timestamp() * 1000)
    except (ValueError, OverflowError):
        began = 0
    return began, began + int(max(0.0, results.wall_seconds) * 1000)


def _key(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", clean(name, 60))


def _value(value: str) -> str:
    return clean(value, 300).replace("\\", "\\\\")
