"""A dataset as files: one for each range of scenarios, each written whole or not at all.

::

    FOLDER/rows-00000-of-00004.jsonl    scenarios 0 to 24 of 100
    FOLDER/rows-00001-of-00004.jsonl    ...
    FOLDER/plan.json                    what was asked for; a folder holds one dataset
    FOLDER/manifest.json, README.md     written last: hashes, counts, the dataset card
    FOLDER/.done/                       what is known of each finished file

A file is written under another name and renamed when it is complete, so a run that was stopped goes on with the ranges
that are missing. Neither the number of workers nor a stop shows in the bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from outtrade import suites
from outtrade.dataset.build import AnyRow, Maker
from outtrade.dataset.card import card
from outtrade.dataset.rows import FORMAT, VERSION, Trajectory, encode
from outtrade.engine import isolation
from outtrade.engine.orphans import die_with_parent
from outtrade.engine.plan import Kit, Plan, prepare
from outtrade.report.results import write_whole

PLAN, MANIFEST, CARD, DONE = "plan.json", "manifest.json", "README.md", ".done"
TICK = 0.1


class DatasetError(ValueError):
    """A dataset that cannot be made; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is asked for; the bytes of the dataset depend on nothing else."""

    targets: tuple[str, ...]
    suite: str = suites.CORE
    space: str | None = None
    seed: int = 1
    scenarios: int = 100
    shards: int = 1
    twins: bool = True
    controls: bool = True

    def range(self, shard: int) -> range:
        """The scenarios of a shard; sizes differ by one at most."""
        size, rest = divmod(self.scenarios, self.shards)
        begin = shard * size + min(shard, rest)
        return range(begin, begin + size + (shard < rest))

    def name(self, shard: int) -> str:
        """The file of a shard."""
        return f"rows-{shard:05d}-of-{self.shards:05d}.jsonl"

    def plan(self) -> bytes:
        """``plan.json``."""
        return to_json({"format": f"{FORMAT}.plan", "version": VERSION, **asdict(self)})


@dataclass(slots=True)
class Tally:
    """What is counted while rows are written."""

    rows: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, row: AnyRow, line: bytes) -> None:
        """Count a row."""
        self.rows += 1
        self.size += len(line)
        self.digest.update(line)
        self._count("kind", row.kind)
        self._count("split", row.split)
        if not isinstance(row, Trajectory):
            return
        self._count("role", row.source.role)
        self._count("target", row.source.target)
        self._count("passed", "yes" if row.labels.passed else "no")
        for fault in row.labels.faults:
            self._count("fault", fault.variant if fault.status == "landed" else f"({fault.status})")
            if fault.status == "landed":
                self._count("layer", fault.layer)
        for decision in row.labels.decisions:
            self._count("situation", decision.situation)
        for failed in row.labels.failed:
            self._count("failed", failed.property)

    def _count(self, table: str, key: str) -> None:
        self.counts.setdefault(table, Counter())[key] += 1

    def meta(self, name: str) -> dict[str, Any]:
        """What the manifest says of the file."""
        counts = {table: dict(sorted(counter.items())) for table, counter in sorted(self.counts.items())}
        return {
            "file": name, "rows": self.rows, "bytes": self.size, "sha256": self.digest.hexdigest(), "counts": counts
        }  # fmt: skip


def write_rows(folder: Path, name: str, rows: Iterable[AnyRow]) -> dict[str, Any]:
    """Write one file of rows, whole or not at all; returns what the manifest says of it. Raises OSError."""
    partial, tally = folder / f"{name}.part", Tally()
    try:
        with partial.open("wb") as file:
            for row in rows:
                line = encode(row)
                file.write(line)
                tally.add(row, line)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / name)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    meta = tally.meta(name)
    write_whole(folder / DONE / f"{name}.json", to_json(meta))
    return meta


def finished(folder: Path, name: str) -> dict[str, Any] | None:
    """What is known of a file, if it is there and unharmed."""
    try:
        meta: dict[str, Any] = json.loads((folder / DONE / f"{name}.json").read_bytes())
        with (folder / name).open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == meta["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return meta if same else None


# ------------------------------------------------------------------ from a seed
class Made:
    """A dataset in the making. ``progress(done, planned)`` counts scenarios."""

    def __init__(self, spec: Spec, folder: Path) -> None:
        self.spec, self.folder = spec, folder
        self.kits = tuple(prepare(Plan(target=target, suite=spec.suite, space=spec.space)) for target in spec.targets)
        for kit in self.kits:
            if kit.target.real_time:
                raise DatasetError(f"{kit.plan.target} runs in real time: no seed gives the same bytes twice")
        claim(folder, spec.plan())

    def missing(self) -> list[int]:
        """Shards that are not finished."""
        return [shard for shard in range(self.spec.shards) if finished(self.folder, self.spec.name(shard)) is None]

    def make(self, shard: int, *, tick: Callable[[], None], stopped: Callable[[], bool]) -> bool:
        """Write one shard in this process; False where it was stopped."""
        try:
            write_rows(self.folder, self.spec.name(shard), self._rows(shard, tick, stopped))
        except _Stopped:
            return False
        return True

    def _rows(self, shard: int, tick: Callable[[], None], stopped: Callable[[], bool]) -> Iterator[AnyRow]:
        first: Kit = self.kits[0]
        targets = [(kit.plan.target, kit.target) for kit in self.kits]
        maker = Maker(targets, first.suite.properties, twins=self.spec.twins, controls=self.spec.controls)
        for index in self.spec.range(shard):
            if stopped():
                raise _Stopped
            scenario = first.suite.scenario(first.space, self.spec.seed, index)
            yield from maker.rows(scenario, index)
            tick()

    def run(self, *, workers: int, stopped: Callable[[], bool], progress: Callable[[int, int], None]) -> bool:
        """Write all missing shards; False where it was stopped. Raises DatasetError."""
        todo = self.missing()
        done = self.spec.scenarios - sum(len(self.spec.range(shard)) for shard in todo)
        progress(done, self.spec.scenarios)
        if workers <= 1:
            for shard in todo:
                counter = _Counter(done, self.spec.scenarios, progress)
                if not self.make(shard, tick=counter, stopped=stopped):
                    return False
                done = counter.done
            return True
        return _Crew(self, todo, workers, done, progress).run(stopped)

    def conclude(self) -> dict[str, Any]:
        """Write manifest and card; returns the manifest."""
        names = [self.spec.name(shard) for shard in range(self.spec.shards)]
        made: dict[str, Any] = {"targets": list(self.spec.targets), "suite": self.spec.suite}
        made |= {"space": self.kits[0].space, "seed": self.spec.seed, "scenarios": self.spec.scenarios}
        made |= {"twins": self.spec.twins, "controls": self.spec.controls}
        return conclude(self.folder, names, {"generated": made})


class _Stopped(Exception):
    pass


@dataclass(slots=True)
class _Counter:
    done: int
    planned: int
    progress: Callable[[int, int], None]

    def __call__(self) -> None:
        self.done += 1
        self.progress(self.done, self.planned)


class _Crew:
    """Processes of this machine, one shard each at a time."""

    def __init__(
        self, made: Made, todo: list[int], workers: int, done: int, progress: Callable[[int, int], None]
    ) -> None:
        self.made, self.todo, self.workers = made, list(todo), workers
        self.done, self.progress = done, progress
        forking = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
        self.context: Any = multiprocessing.get_context("fork" if forking else "spawn")
        self.running: dict[int, tuple[Any, Connection]] = {}

    def run(self, stopped: Callable[[], bool]) -> bool:
        """Until all shards are written; False where it was stopped."""
        try:
            while self.todo or self.running:
                if stopped():
                    return False
                while self.todo and len(self.running) < self.workers:
                    self._start(self.todo.pop(0))
                self._listen()
            return True
        finally:
            for shard, (process, conn) in self.running.items():
                process.terminate()
                process.join(5)
                if process.is_alive():
                    process.kill()
                    process.join()
                conn.close()
                (self.made.folder / f"{self.made.spec.name(shard)}.part").unlink(missing_ok=True)

    def _start(self, shard: int) -> None:
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(
            target=_work, args=(self.made.spec, self.made.folder, shard, theirs), daemon=True, name="outtrade-dataset"
        )
        process.start()
        theirs.close()
        self.running[shard] = (process, ours)

    def _listen(self) -> None:
        from multiprocessing.connection import wait

        by_conn = {conn: shard for shard, (_, conn) in self.running.items()}
        for ready in wait(list(by_conn), TICK):
            shard = by_conn[ready]  # type: ignore[index]
            process, conn = self.running[shard]
            try:
                message = conn.recv()
            except (EOFError, OSError):
                message = "its process died"
            if message == "tick":
                self.done += 1
                self.progress(self.done, self.made.spec.scenarios)
                continue
            process.join()
            conn.close()
            del self.running[shard]
            if message != "done":
                scenarios = self.made.spec.range(shard)
                raise DatasetError(f"scenarios {scenarios.start} to {scenarios.stop - 1}: {message}")


def _work(spec: Spec, folder: Path, shard: int, conn: Connection) -> None:
    """The life of a worker process. What its agents print goes nowhere; the parent decides when to stop."""
    isolation.enter()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            os.dup2(nowhere, descriptor)
    try:
        Made(spec, folder).make(shard, tick=lambda: conn.send("tick"), stopped=lambda: False)
        conn.send("done")
    except Exception as error:
        conn.send(f"{type(error).__name__}: {error}".partition("\n")[0])


# ------------------------------------------------------------------ the folder
def claim(folder: Path, plan: bytes) -> None:
    """Make the folder this dataset's. Raises DatasetError where it holds another one, or cannot be written."""
    try:
        (folder / DONE).mkdir(parents=True, exist_ok=True)
        there = (folder / PLAN).read_bytes() if (folder / PLAN).exists() else None
        if there is not None and there != plan:
            raise DatasetError(f"{folder} holds another dataset ({PLAN} differs); choose another folder with --out")
        if there is None and any(folder.glob("rows-*.jsonl")):
            raise DatasetError(f"{folder} holds rows without a {PLAN}; choose another folder with --out")
        if there is None:
            write_whole(folder / PLAN, plan)
    except OSError as error:
        raise DatasetError(f"cannot write {folder}: {error.strerror or error}") from None


def conclude(folder: Path, names: list[str], origin: dict[str, Any]) -> dict[str, Any]:
    """Write ``manifest.json`` and the dataset card; returns the manifest. Raises DatasetError."""
    files = []
    totals: dict[str, Counter[str]] = {}
    for name in names:
        meta = finished(folder, name)
        if meta is None:
            raise DatasetError(f"{folder / name}: missing, or not what was written; run again to make it")
        counts = meta.pop("counts")
        files.append(meta)
        for table, counter in counts.items():
            totals.setdefault(table, Counter()).update(counter)
    manifest = {
        "format": FORMAT, "version": VERSION, **origin, "rows": sum(meta["rows"] for meta in files),
        "counts": {table: dict(sorted(counter.items())) for table, counter in sorted(totals.items())}, "files": files,
    }  # fmt: skip
    try:
        write_whole(folder / MANIFEST, to_json(manifest))
        write_whole(folder / CARD, card(manifest).encode())
    except OSError as error:
        raise DatasetError(f"cannot write {folder}: {error.strerror or error}") from None
    return manifest


def to_json(value: Any) -> bytes:
    """A small file of JSON."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
