"""``outtrade report`` and ``outtrade compare``: everything after the run, made again from its folder, or from bare
histories."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from outtrade.cli.gating import GateOptions, stored_policy
from outtrade.cli.guard import UsageError, consoles
from outtrade.report.bare import gather, is_history
from outtrade.report.regate import regate
from outtrade.report.results import as_json, write_whole
from outtrade.report.stored import Stored, load, notes_of
from outtrade.report.terminal import Terminal
from outtrade.score import OK
from outtrade.suites import CORE

PAGE = "report.html"
"""The page's name in the report folder."""


def report_command(
    sources: Sequence[Path],
    *,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    allure: Path | None = None,
    results: Path | None = None,
    gate: GateOptions | None = None,
    suite: str | None = None,
) -> int:
    """Carry it out; returns the exit code. ``sources``: a report folder, or history files (judged by ``suite``). Where
    no format is named, the page is written into the folder, or beside the history. With options of the gate, the
    stored run is judged by those, and the exit code says how."""
    stored = stored_run(sources, suite)
    if gate:
        stored = replace(stored, results=regate(stored.results, stored_policy(gate, stored.results)))
    if html is None and junit is None and markdown is None and allure is None and results is None:
        html = sources[0].with_suffix(".html") if is_history(sources[0]) else stored.folder / PAGE
    wanted = {"html": html, "junit": junit, "markdown": markdown, "results": results}
    check_places(wanted, allure)
    write_reports(stored, wanted, allure)
    if not gate:
        return OK
    if not any(str(file) == "-" for file in wanted.values()):
        Terminal(*consoles()).decision(stored.results.exit.code, stored.results.exit.reasons, notes_of(stored.results))
    return stored.results.exit.code


def stored_run(sources: Sequence[Path], suite: str | None) -> Stored:
    """The run that ``sources`` hold. Raises UsageError and ReportError."""
    if all(is_history(path) for path in sources):
        return gather(sources, suite=suite or CORE)
    if len(sources) > 1:
        raise UsageError("give one report folder, or one or more history files (FILE.jsonl)")
    if suite is not None:
        raise UsageError("--suite: a report folder names its suite; only histories are judged again")
    return load(sources[0])


def check_places(wanted: Mapping[str, Path | None], allure: Path | None = None) -> None:
    """Make sure, before any work, that files can be written there, and Allure results at all. Raises UsageError."""
    if allure is not None:
        _check_allure(allure)
    for file in wanted.values():
        if file is None or str(file) == "-":
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror or error}") from None
        if file.is_dir():
            raise UsageError(f"cannot write {file}: it is a folder")
        if not os.access(file.parent, os.W_OK):
            raise UsageError(f"cannot write {file}: Permission denied")


def _check_allure(folder: Path) -> None:
    if importlib.util.find_spec("allure_commons") is None:
        raise UsageError('--allure needs allure-python-commons: pip install "outtrade[allure]"')
    if str(folder) == "-":
        raise UsageError("--allure: a folder is needed, results are many files")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"cannot write {folder}: Permission denied")


def write_reports(stored: Stored, wanted: Mapping[str, Path | None], allure: Path | None = None) -> None:
    """Write each format to its file; ``-`` is stdout. ``allure`` is a folder. Raises UsageError."""
    from outtrade.report import html, junit, markdown

    formats: dict[str, Callable[[Stored], str]] = {
        "html": html.build,
        "junit": junit.build,
        "markdown": markdown.build,
        "results": lambda stored: as_json(stored.results),
    }
    terminal = Terminal(*consoles())
    said = str(next((file for file in wanted.values() if str(file) == "-"), "")) != "-"
    for name, file in wanted.items():
        if file is None:
            continue
        text = formats[name](stored)
        if str(file) == "-":
            sys.stdout.write(text)
            continue
        try:
            write_whole(file, text.encode())
        except OSError as error:
            raise UsageError(f"cannot write {file}: {error.strerror or error}") from None
        if said:
            terminal.line(f"{name}: {file}")
    if allure is not None:
        from outtrade.report.allure import write

        try:
            total = write(stored, allure)
        except OSError as error:
            raise UsageError(f"cannot write {allure}: {error.strerror or error}") from None
        if said:
            terminal.line(f"allure: {total} results in {allure}")


def compare_command(old: Path, new: Path, *, gate: GateOptions | None = None) -> int:
    """Carry it out; returns the exit code. With options of the gate, NEW is judged by those."""
    from outtrade.report import compare

    before, after = load(old).results, load(new).results
    if gate:
        after = regate(after, stored_policy(gate, after))
    found = compare.compare(before, after)
    terminal = Terminal(*consoles())
    for text in compare.lines(found):
        terminal.line(text)
    return found.code
