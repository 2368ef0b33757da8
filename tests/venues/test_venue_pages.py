"""What every venue says of itself, and that docs/venues says the same."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from outtrade_mocks.venues import NAMES, load
from outtrade_mocks.venues.about import classes_of
from outtrade_mocks.venues.vocabulary import GROUPS, TRAITS

DOCS = Path(__file__).resolve().parents[2] / "docs"
RECIPE = "see docs/add-a-venue.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("venue_tables_page", DOCS / "venue_tables.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("venue", NAMES)
def test_a_venue_says_what_it_has(venue: str) -> None:
    module = load(venue)
    assert hasattr(module, "about"), f"{venue} has no about(): {RECIPE}"
    about = module.about()
    paths = [(row.method, row.path) for row in about.endpoints]
    assert paths and len(paths) == len(set(paths))
    assert all(row.op and row.security for row in about.endpoints)
    assert about.errors and all(row.text for row in about.errors)
    assert about.order_types and about.refusal_keys
    assert module.documentation.startswith("https://") and isinstance(module.KNOBS, dict | type(module.traits))


@pytest.mark.parametrize("venue", NAMES)
def test_every_error_has_a_class(venue: str) -> None:
    """An error without a class is one that no check can judge."""
    module = load(venue)
    without = [f"{row.code} {row.text}" for row in module.about().errors if not classes_of(row, module.traits)]
    assert without == [], f"{venue}: name them in the trait error_classes ({RECIPE})"


@pytest.mark.parametrize("venue", NAMES)
def test_a_venues_page_is_as_it_would_be_written_today(venue: str, script: ModuleType) -> None:
    path = DOCS / "venues" / f"{venue}.md"
    assert path.exists(), f"no page of {venue}: run: python docs/venue_tables.py {venue}"
    assert path.read_text() == script.page(venue), f"run: python docs/venue_tables.py {venue}"


def test_the_comparison_is_as_it_would_be_written_today(script: ModuleType) -> None:
    assert (DOCS / "venues" / "README.md").read_text() == script.comparison(), "run: python docs/venue_tables.py"


def test_the_recipe_says_what_its_venue_took(script: ModuleType) -> None:
    """Lines and files of the venue that was written from docs/add-a-venue.md, counted."""
    path = DOCS / "add-a-venue.md"
    assert f"<!-- generated: size of {script.BY_RECIPE} -->" in path.read_text()
    assert path.read_text() == script.recipe(), "run: python docs/venue_tables.py"


def test_a_page_with_a_broken_mark_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="no table 'prices'"):
        script.filled("binance_spot", "<!-- generated: prices -->\n<!-- end -->\n")
    with pytest.raises(ValueError, match="not all are ended"):
        script.filled("binance_spot", "<!-- generated: traits -->\n")


def test_what_is_written_by_hand_stays(script: ModuleType) -> None:
    text = "By hand | *so*.\n<!-- generated: knobs -->\nold\n<!-- end -->\nAnd after.\n"
    made = script.filled("binance_spot", text)
    assert made.startswith("By hand | *so*.\n") and made.endswith("And after.\n")
    assert "old" not in made and "`ban_after`" in made


def test_the_comparison_names_every_venue_and_trait(script: ModuleType) -> None:
    text = script.comparison()
    assert all(f"]({venue}.md)" in text for venue in NAMES)
    assert all(f"**{trait}**" in text for trait in TRAITS)
    assert sum(map(len, GROUPS.values())) == len(TRAITS), "a trait stands in two groups"
