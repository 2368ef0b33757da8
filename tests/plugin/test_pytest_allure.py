"""``--alluredir``: allure-pytest's report of the items says what ``outtrade report --allure`` says of the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_pytest_items import plugin, session

from outtrade.report import allure
from outtrade.report.stored import load

__all__ = ["session"]

pytest_plugins = ["pytester"]

SMALL = ("--outtrade-workers=0", "--outtrade-scenarios=3")
SAME = ("name", "fullName", "historyId", "testCaseId", "status", "description", "links")


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(file.read_bytes()) for file in folder.glob("*-result.json")]
    return {one["fullName"].partition("#")[2]: one for one in found}


def steps(one: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    return [
        (step["name"], step["status"], [paper["name"] for paper in step.get("attachments", ())])
        for step in one.get("steps", ())
    ]


def test_both_doors_say_the_same(session: pytest.Pytester) -> None:
    asked = ("--pyargs", "outtrade_suites", "--outtrade-target=zoo:blind_retry", "--alluredir=out")
    done = session.runpytest_subprocess(*plugin(), "-p", "no:cacheprovider", *asked, *SMALL, timeout=200)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    by_pytest = results(session.path / "out")
    allure.write(load(session.path / "reports" / "zoo-blind_retry"), session.path / "again")
    stored = results(session.path / "again")
    assert {*stored} == {*by_pytest, "gate"}
    for ident, one in by_pytest.items():
        other = stored[ident]
        assert {key: one.get(key) for key in SAME} == {key: other.get(key) for key in SAME}
        assert steps(one) == steps(other)
        mine = {label["name"]: label["value"] for label in one["labels"]}
        theirs = {label["name"]: label["value"] for label in other["labels"]}
        for kind in ("epic", "feature", "story", "parentSuite", "suite", "severity", "tag"):
            assert mine[kind] == theirs[kind]
    statuses = {one["status"] for one in by_pytest.values()}
    assert {"passed", "failed", "skipped"} <= statuses
    failed = by_pytest["RTY-02"]
    assert failed["status"] == "failed" and "violated in" in failed["statusDetails"]["message"]
    assert "site-packages" not in failed["statusDetails"]["trace"], "no traceback"
    assert (session.path / "out" / "categories.json").is_file()
