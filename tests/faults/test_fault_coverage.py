"""Every kind of fault lands often enough: the counting, and (slow) the run itself."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from outtrade.faults import catalogue

ROOT = Path(__file__).resolve().parents[2]


def bench() -> Any:
    spec = importlib.util.spec_from_file_location("fault_coverage", ROOT / "bench" / "fault_coverage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fault_coverage"] = module
    spec.loader.exec_module(module)
    return module


def test_what_never_landed_is_named() -> None:
    coverage = bench()
    full = Counter({("every_kind", row.variants[0], "landed"): 100 for row in catalogue.entries().values()})
    assert list(coverage.shortfalls(full, 100)) == []
    assert len(list(coverage.table(full))) == 2 + len(catalogue.entries())
    less = full - Counter({("every_kind", "trickle", "landed"): 1})
    assert list(coverage.shortfalls(less, 100)) == ["trickle landed 99 times; 100 are wanted"]
    empty = full + Counter({("every_kind", "trickle", "incomplete"): 100})
    assert "are incomplete" in next(iter(coverage.shortfalls(empty, 100)))


def test_one_scenario_is_counted() -> None:
    coverage = bench()
    found = coverage.counted((coverage.PARTS[0], 0))
    assert found.total() >= 4 and {space for space, _, _ in found} == {"every_kind"}
    assert sum(number for (_, _, status), number in found.items() if status == "landed") >= 3


@pytest.mark.slow
def test_every_kind_lands_a_hundred_times() -> None:
    coverage = bench()
    assert list(coverage.shortfalls(coverage.count(1.0, 2), 100)) == []
