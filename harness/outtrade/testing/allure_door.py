"""The items of the pytest plug-in in allure-pytest's report (``--alluredir``).

allure-pytest writes one result for each item by itself. What it cannot know is added here through the public interface
of Allure: how the case is filed, what the property demands, the distinct failures as steps with the smallest scenario,
its timeline and the replay command. All of that comes from ``outtrade.report.sheets``, as with ``outtrade report
--allure``: the two doors say the same, and their cases have the same ids, so that trends go on across them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from outtrade.report.results import write_whole
from outtrade.report.sheets import Step, labels, sheet
from outtrade.report.stored import Stored

if TYPE_CHECKING:
    import pytest

    from outtrade.judge.api import Property


def folder_of(config: pytest.Config) -> Path | None:
    """The folder of ``--alluredir``; None where Allure is not installed or not asked for."""
    asked = config.getoption("allure_report_dir", None)
    return Path(asked) if asked else None


def mark(item: pytest.Item, prop: Property, venue: str) -> None:
    """File the item by venue, dimension, property and severity (``--allure-severities``, ``--allure-features``)."""
    import pytest

    for kind, value in (*labels(prop, venue), ("tag", prop.level)):
        item.add_marker(pytest.mark.allure_label(value, label_type=kind))


def describe(prop: Property, stored: Stored, folder: Path) -> str:
    """Say of the running item all that the stored run says of its property; returns the message in a few words."""
    import allure

    from outtrade.report.allure import surroundings

    row = next(row for row in stored.results.properties if row.id == prop.id)
    said = sheet(stored, row)
    dynamic: Any = allure.dynamic  # untyped
    dynamic.title(said.name)
    dynamic.description(said.description)
    for name, address in said.links:
        dynamic.link(address, name=name)
    for name, value, kept in said.parameters:
        dynamic.parameter(name, value, excluded=None if kept else True)
    for step in said.steps:
        _step(step)
    for name, data in surroundings(stored.results):
        if not (folder / name).exists():
            write_whole(folder / name, data)
    return said.message


def _step(step: Step) -> None:
    import allure
    import pytest
    from allure_commons._core import plugin_manager

    ended: dict[str, type[BaseException] | None] = {
        "passed": None,
        "failed": AssertionError,
        "broken": RuntimeError,
        "skipped": pytest.skip.Exception,
    }
    kind = ended[step.status]
    error = kind(step.message or step.name) if kind else None
    uuid = str(uuid4())
    plugin_manager.hook.start_step(uuid=uuid, title=step.name, params={})
    for paper in step.papers:
        allure.attach(paper.body, name=paper.name, attachment_type=paper.media, extension=paper.ending)
    plugin_manager.hook.stop_step(uuid=uuid, title=step.name, exc_type=kind, exc_val=error, exc_tb=None)
