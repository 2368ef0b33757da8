"""The client table: what needs no extra environment runs here; `pytest -m slow -k whole_table` builds the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import build
from table import ENVIRONMENTS, load

CASES = load()
HEAVY = sorted(case.name for case in CASES.values() if case.env != "plain" and case.package != "ccxt")


@pytest.mark.parametrize("name", [name for name in CASES if name not in HEAVY])
def test_a_client_works_and_sends_the_same_bytes_twice(name: str) -> None:
    told = build.judge(Path(sys.executable), CASES[name])
    if told["verdict"] == "absent":
        pytest.skip(told["why"])
    assert told["verdict"] == "ok", told["why"]


def test_a_client_that_sends_something_else_each_time_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([{"outcome": "ok", "sha256": "a", "saw": []}, {"outcome": "ok", "sha256": "b", "saw": []}])
    monkeypatch.setattr(build, "attempt", lambda *args: next(answers))
    assert build.judge(Path(), CASES["http_client"])["verdict"] == "differs"


def test_the_page_names_every_case() -> None:
    text = build.PAGE.read_text()
    missing = [case.name for case in CASES.values() if case.about not in text]
    assert not missing, f"{missing}: run `python dev.py clients`"
    assert {case.env for case in CASES.values()} == set(ENVIRONMENTS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_table() -> None:
    assert build.main(["--env", *" --env ".join(ENVIRONMENTS).split()]) == 0
