"""``outtrade dataset``: training data from a stored run, or generated from a seed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outtrade.cli.guard import INTERRUPTED, UsageError, complain, consoles
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean
from outtrade.score import OK

PER_FILE = 25
"""Scenarios in a file, where the number of files is not given."""


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """What was asked for on the command line."""

    report: Path | None
    targets: tuple[str, ...]
    out: Path | None
    scenarios: int
    seed: int
    suite: str | None
    space: str | None
    shards: int | None
    workers: int | None
    twins: bool
    controls: bool


def dataset_command(options: DatasetOptions) -> int:
    """Carry it out; returns the exit code."""
    from outtrade.dataset.shards import DatasetError

    if (options.report is None) == (not options.targets):
        raise UsageError("name a report folder, or at least one --target to generate from")
    try:
        return _stored(options) if options.report is not None else _generated(options)
    except DatasetError as error:
        raise UsageError(str(error)) from None


def _stored(options: DatasetOptions) -> int:
    from outtrade.dataset.stored import from_report

    assert options.report is not None
    folder = options.report if options.report.is_dir() else options.report.parent
    out = options.out or folder / "dataset"
    manifest, problems = from_report(options.report, out, options.suite)
    for problem in problems:
        complain(f"left out: {problem}")
    _summary(Terminal(*consoles()), out, manifest)
    return OK


def _generated(options: DatasetOptions) -> int:
    from outtrade import suites
    from outtrade.dataset.shards import Made, Spec
    from outtrade.engine.many import Stop
    from outtrade.suites import CORE

    if options.out is None:
        raise UsageError("say where the dataset goes with --out FOLDER")
    shards = options.shards or -(-options.scenarios // PER_FILE)
    if shards > options.scenarios:
        raise UsageError(f"--shards {shards}: more files than scenarios ({options.scenarios})")
    if len(set(options.targets)) < len(options.targets):
        raise UsageError("a target is named twice")
    first = suites.load(options.suite or CORE).scenario(options.space, options.seed, 0)
    if first.several:
        raise UsageError(
            f"a row is made of one agent at one venue, and {first.space} plays several {first.several}; choose another"
            " --space"
        )
    spec = Spec(
        targets=options.targets,
        suite=options.suite or CORE,
        space=options.space,
        seed=options.seed,
        scenarios=options.scenarios,
        shards=shards,
        twins=options.twins,
        controls=options.controls,
    )
    terminal = Terminal(*consoles())
    workers = options.workers if options.workers is not None else os.cpu_count() or 1
    made = Made(spec, options.out)
    with Stop() as stop:
        whole = made.run(workers=workers, stopped=stop, progress=_progress())
    if not whole:
        complain(f"stopped; {options.out} keeps every finished file, and the same command goes on from there")
        return INTERRUPTED
    manifest = made.conclude()
    _summary(terminal, options.out, manifest)
    if len(options.targets) > 1 and "preference" not in manifest["counts"]["kind"]:
        complain(
            "no preference pairs: no target failed where another passed after the same messages; pair a broken agent"
            " with the one it was made from (outtrade list agents), or take more --scenarios"
        )
    return OK


def _progress() -> Callable[[int, int], None]:
    """Shows how far it is: on a terminal in place, else a line for every tenth part."""
    import sys

    shown = [-1]

    def show(done: int, planned: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done} of {planned} scenarios" + ("\n" if done == planned else ""))
            sys.stderr.flush()
        elif done * 10 // planned > shown[0]:
            shown[0] = done * 10 // planned
            sys.stderr.write(f"{done} of {planned} scenarios\n")

    return show


def _summary(terminal: Terminal, out: Path, manifest: dict[str, Any]) -> None:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in manifest["counts"].get("kind", {}).items())
    terminal.line(f"{manifest['rows']:,} rows: {kinds}")
    terminal.line(f"dataset: {clean(out)} ({len(manifest['files'])} file(s), manifest.json, README.md)")
