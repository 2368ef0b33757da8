"""A stored run as a dataset: the histories in its report folder, read as untrusted input.

A run keeps the histories of what failed (the first few scenarios of each distinct failure). What passed left none; rows
of those are generated again from the seed, by ``outtrade dataset --target``. A session of ``outtrade mcp`` keeps all of
them: a model's own trajectories, with labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from outtrade.dataset import shards
from outtrade.dataset.build import AnyRow, Told, build
from outtrade.judge.api import Property
from outtrade.model.history import History
from outtrade.report.results import FAILURES
from outtrade.report.stored import MAX_FILE, load
from outtrade.suites import load as load_suite

NAME = "rows-00000-of-00001.jsonl"
FOLDERS = ("histories", FAILURES)
"""Where a report folder keeps histories."""


def from_report(folder: Path, out: Path, suite: str | None) -> tuple[dict[str, Any], list[str]]:
    """Write the dataset of a report folder; returns its manifest and a line for every file that could not be used.

    Raises ReportError, SuiteError, DatasetError."""
    stored = load(folder)
    results = stored.results
    if suite is None and results.suite.startswith("py:"):
        raise shards.DatasetError(f"{folder} names code as its suite; if it is yours, say so: --suite {results.suite}")
    chosen = load_suite(suite or results.suite)
    problems: list[str] = []
    indices = {row.scenario: row.index for row in results.results}
    files = [f for name in FOLDERS for f in sorted((stored.folder / name).glob("*.jsonl")) if _is_whole(f)]
    if not files:
        raise shards.DatasetError(
            f"{folder} holds no histories: nothing failed; make rows of a passing run with outtrade dataset --target"
            f" {results.target} --seed {results.seed} --scenarios {results.planned} --out FOLDER"
        )
    digest = hashlib.sha256(b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files)).hexdigest()
    origin = {"target": results.target, "space": results.space, "seed": results.seed, "histories": digest}
    shards.claim(out, shards.to_json({"format": "outtrade.dataset.plan", "version": 1, "stored": origin}))
    try:
        shards.write_rows(out, NAME, _rows(files, indices, chosen.properties, problems))
    except OSError as error:
        raise shards.DatasetError(f"cannot write {out}: {error.strerror or error}") from None
    return shards.conclude(out, [NAME], {"stored": origin}), problems


def _is_whole(file: Path) -> bool:
    """Whether it is the history of a scenario as it was run, not of one made smaller."""
    return not file.name.endswith(".min.jsonl")


def _rows(
    files: list[Path], indices: dict[str, int], properties: Sequence[Property], problems: list[str]
) -> Iterator[AnyRow]:
    seen: set[str] = set()
    for file in files:
        try:
            if file.stat().st_size > MAX_FILE:
                raise ValueError(f"larger than {MAX_FILE // 1024**2} MiB")
            history = History.from_jsonl(file.read_bytes())
            if history.hash() in seen:
                continue
            seen.add(history.hash())
            drawn = str(history.header.scenario["id"])
            group = history.header.scenario.get("pair") or drawn
            built = build(
                Told(history, history.header.target, "fault", group, drawn, indices.get(drawn, -1)), properties
            )
        except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as error:
            problems.append(f"{file}: {error or type(error).__name__}".partition("\n")[0])
            continue
        yield built.row
        yield from built.orders
