"""Fixtures for all tests: the reference material where it is there, and the table of what real clients did.

``did(venue, client, operation)`` notes that an unmodified client carried out an operation against a venue; call it
right after the assertion that proves it. The notes stand in the run's JUnit file.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


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
