"""The catalogue holds every kind, its page is up to date, and profiles say how much breaks."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from outtrade import suites
from outtrade.engine.plan import Plan, prepare
from outtrade.faults import catalogue
from outtrade.model.fault import PLOTTED
from outtrade_suites.spaces import plans, rates
from outtrade_suites.spaces.draw import Draw

ROOT = Path(__file__).resolve().parents[2]


def test_every_kind_has_its_row_and_the_spaces_plan_every_form() -> None:
    rows = catalogue.entries()
    assert set(rows) == {one.model_fields["kind"].default for one in catalogue.classes()} == set(catalogue.SEEN)
    assert all(row.layer in catalogue.LAYERS and len(row.text) > 20 for row in rows.values())
    forms = [form for row in rows.values() for form in row.variants if row.kind not in PLOTTED]
    assert sorted(forms) == sorted((*plans.EVERY, *plans.LATER)), "what can be said and what is planned"


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("fault_tables", ROOT / "docs" / "fault_tables.py")
    assert spec is not None and spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = tables.PAGE.read_text(encoding="utf-8")
    assert tables.page(text) == text, "run python docs/fault_tables.py"


def test_every_rate_has_a_source_or_says_that_it_is_inferred() -> None:
    assert set(rates.REALISTIC) | PLOTTED == set(catalogue.entries())
    for kind, rate in rates.REALISTIC.items():
        assert 0 < rate.chance < 0.5 and rate.basis, kind
        assert "inferred" in rate.source or "/" in rate.source, kind


def test_profiles() -> None:
    counts: Counter[str] = Counter()
    sizes: dict[str, list[int]] = {"realistic": [], "hostile": []}
    for index in range(600):
        for profile, found in sizes.items():
            wished = rates.wished(Draw(1, index), profile)  # type: ignore[arg-type]
            found.append(len(wished))
            if profile == "realistic":
                counts.update(one.kind for one in wished)
        assert rates.wished(Draw(1, index), "none") == []
    for kind, rate in rates.REALISTIC.items():
        assert abs(counts[kind] / 600 - rate.chance) < 0.05, kind
    assert sum(size <= 1 for size in sizes["realistic"]) > 400 and max(sizes["hostile"]) == 5
    assert sum(sizes["hostile"]) > 3 * 600 * 0.9


@pytest.mark.parametrize("space", [None, "okx", "turbulent"])
def test_a_run_says_how_much_breaks(space: str | None) -> None:
    target = "ccxt:okx" if space == "okx" else "agent:ccxt"
    usual = prepare(Plan(target=target, space=space)).scenario(3)
    calm = prepare(Plan(target=target, space=space, faults="none")).scenario(3)
    wild = prepare(Plan(target=target, space=space, faults="hostile")).scenario(3)
    assert calm.faults == () and len(wild.faults) >= 2
    assert len({usual.id, calm.id, wild.id}) == 3


def test_a_space_with_faults_of_its_own_can_only_go_without() -> None:
    suite = suites.load()
    assert suite.scenario("flagship", 1, 0, faults="none").faults == ()
    with pytest.raises(suites.SuiteError, match="faults of its own"):
        suite.scenario("flagship", 1, 0, faults="hostile")
