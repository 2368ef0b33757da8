"""Fixtures for all tests: the reference material where it is there, and the table of what real clients did.

``did(venue, client, operation)`` notes that an unmodified client carried out an operation against a venue; call it
right after the assertion that proves it. What passed tests noted stands in ``reports/client_matrix.json`` after the
run, also under xdist; ``python docs/client_matrix.py`` makes the page of it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

MATRIX = Path(__file__).resolve().parents[1] / "reports" / "client_matrix.json"
_noted: dict[tuple[str, str, str], set[str]] = {}
"""Venue, client, operation -> the tests that proved it; filled by the process that hears of every test."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        for name, value in report.user_properties:
            if name == "client_matrix":
                venue, client, operation = value  # type: ignore[misc]
                _noted.setdefault((venue, client, operation), set()).add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what this run proved, and whether it ran every test there is."""
    config = session.config
    if not _noted or hasattr(config, "workerinput"):
        return
    chosen = config.option.keyword or config.option.markexpr != "not slow" or config.getoption("lf", False)
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen
    rows = [
        {"venue": venue, "client": client, "operation": operation, "tests": sorted(tests)}
        for (venue, client, operation), tests in sorted(_noted.items())
    ]
    MATRIX.parent.mkdir(exist_ok=True)
    MATRIX.write_text(json.dumps({"whole": whole, "rows": rows}, indent=1) + "\n")


@pytest.fixture(autouse=True)
def _forget_what_was_written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A module that a test wrote and imported must not be found by the next test that writes one of that name."""
    before = set(sys.modules)
    yield
    written = str(tmp_path_factory.getbasetemp())
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(written):
            del sys.modules[name]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the project; tests that need it are skipped without."""
    default = Path(__file__).resolve().parents[2] / "shared"
    candidates = [Path(os.environ["OUTTRADE_SHARED"])] if "OUTTRADE_SHARED" in os.environ else []
    for folder in [*candidates, default, default.parent.parent / "shared"]:
        if (folder / "fixtures").is_dir():
            return folder
    pytest.skip("no reference material: set OUTTRADE_SHARED")


@pytest.fixture(scope="session")
def wire_compare(shared: Path) -> ModuleType:
    """The shape comparer of the reference material."""
    spec = importlib.util.spec_from_file_location("wire_compare", shared / "fixtures" / "wire_compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def did(record_property: Callable[[str, object], None]) -> Callable[[str, str, str], None]:
    """Note what an unmodified client did: venue, client (its package's name and kind), operation in unified words."""

    def note(venue: str, client: str, operation: str) -> None:
        record_property("client_matrix", (venue, client, operation))

    return note
