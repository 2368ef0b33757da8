"""Every property of the first path exists, as the catalogue has it, and explains itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from outtrade_suites.properties import PROPERTIES

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("OUTTRADE_SHARED", ROOT.parent / "shared"))
WANTED = {
    "PAR": (1, 2, 3, 5, 6, 7, 11, 12, 15, 18),
    "RTY": (1, 2, 3, 4, 5, 6, 7, 12, 13),
    "RCV": (1, 2, 3, 4, 5, 6, 8, 11, 12, 15, 16, 18),
    "REC": (1, 2, 3, 4, 5, 6, 10, 12, 15),
}
IDS = [f"{prefix}-{number:02}" for prefix, numbers in WANTED.items() for number in numbers]
SEVERITIES = {"C": "critical", "M": "major", "m": "minor"}


def rows() -> dict[str, tuple[str, str, str]]:
    """Id -> level, severity, scope, from the catalogue."""
    path = SHARED / "properties.md"
    if not path.exists():
        pytest.skip(f"the catalogue of properties is not at {path}")
    found = {}
    for match in re.finditer(r"^\| ([A-Z]{3}-\d\d) \| (MUST|SHOULD) (C|M|m) \| (A|G|AG) \|", path.read_text(), re.M):
        found[match[1]] = (match[2], SEVERITIES[match[3]], match[4])
    return found


def test_the_properties_of_the_first_path_are_there_once_each() -> None:
    ids = [prop.id for prop in PROPERTIES]
    assert sorted(set(ids)) == sorted(ids)
    assert not set(IDS) - set(ids)


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda prop: prop.id)
def test_level_severity_and_scope_are_those_of_the_catalogue(prop: object) -> None:
    catalogue = rows()
    assert (prop.level, prop.severity, prop.scope) == catalogue[prop.id]  # type: ignore[attr-defined]


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda prop: prop.id)
def test_every_property_explains_itself_in_prose_and_names_a_source(prop: object) -> None:
    explain, source = prop.explain, prop.source  # type: ignore[attr-defined]
    assert len(explain.split()) > 60 and "xample" in explain and "udged" in explain
    assert "documentation" in source or re.search(r"[\w.-]+#\d+", source)
    assert not re.search(r"\bA\d+-\d\d\b", explain + source), "catalogue rows are cited by their public issue"
