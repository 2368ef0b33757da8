"""The catalogue of recovery and reconciliation is complete, and each row says what it has to say."""

from __future__ import annotations

import pytest

from outtrade.judge.api import Property
from outtrade_suites.properties import rcv, rec

ALL = (*rcv.PROPERTIES, *rec.PROPERTIES)

ROWS = {
    "RCV-01": ("critical", "A"), "RCV-02": ("major", "A"), "RCV-03": ("critical", "AG"), "RCV-04": ("critical", "A"),
    "RCV-05": ("critical", "AG"), "RCV-06": ("critical", "A"),
    "RCV-07": ("major", "A"), "RCV-14": ("critical", "AG"), "RCV-20": ("major", "A"),
    "RCV-13": ("critical", "A"), "RCV-17": ("major", "AG"), "RCV-19": ("critical", "A"),
    "RCV-08": ("critical", "A"), "RCV-09": ("major", "AG"),
    "RCV-10": ("major", "A"),
    "RCV-11": ("critical", "AG"), "RCV-12": ("critical", "AG"), "RCV-15": ("critical", "AG"),
    "RCV-16": ("critical", "A"), "RCV-18": ("major", "A"), "REC-01": ("critical", "AG"), "REC-02": ("critical", "AG"),
    "REC-03": ("major", "AG"), "REC-04": ("critical", "AG"), "REC-05": ("major", "AG"), "REC-06": ("major", "AG"),
    "REC-07": ("major", "AG"), "REC-08": ("critical", "AG"), "REC-09": ("major", "AG"), "REC-13": ("minor", "A"),
    "REC-10": ("critical", "A"), "REC-11": ("major", "A"), "REC-12": ("critical", "A"), "REC-14": ("major", "AG"),
    "REC-15": ("major", "A"),
}  # fmt: skip


def test_every_row_is_there_with_its_severity_and_scope() -> None:
    assert {p.id: (p.severity, p.scope) for p in ALL} == ROWS
    assert len(ALL) == len(ROWS)
    assert {p.level for p in ALL} == {"MUST"}


@pytest.mark.parametrize("prop", ALL, ids=lambda p: p.id)
def test_the_explanation_says_what_why_an_example_what_passes_and_how_it_is_judged(prop: Property) -> None:
    text = prop.explain
    for part in ("Example:", "What passes", "How it is judged:"):
        assert part in text, part
    assert len(text.split()) >= 80
    assert all(len(line) <= 120 for line in text.splitlines())
    assert prop.title and prop.source and "/work" not in text
    assert prop.dimension == {"RCV": "recovery", "REC": "reconciliation"}[prop.id[:3]]
