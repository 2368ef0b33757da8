"""pytest items for the properties of a suite: one for each venue and property, all fed by one run.

::

    SuitesFolder            the folder of outtrade_suites, empty without --outtrade-target
      VenueItems            binance_spot
        PropertyItem        binance_spot::RTY-02

The items share a ``TargetRun``, which runs and judges all scenarios when the first of them is due. What an item says of
that run is decided by ``outtrade.testing.verdicts``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from outtrade.baseline import BaselineError
from outtrade.pytest_plugin import ShouldViolated
from outtrade.report.results import ReportError
from outtrade.suites import SuiteError
from outtrade.targets import TargetError
from outtrade.testing import allure_door
from outtrade.testing.session import TargetRun, options_of
from outtrade.testing.verdicts import Told, tell_of
from outtrade_mocks.cassettes import CassetteError

if TYPE_CHECKING:
    from outtrade.judge.api import Property


class PropertyUndecided(Exception):
    """A property could not be checked (Allure: broken). ``text`` is all that is to be shown."""

    def __init__(self, brief: str, text: str) -> None:
        super().__init__(brief)
        self.text = text


class PropertyFailed(PropertyUndecided, AssertionError):
    """A property was violated (Allure: failed)."""


class SuitesFolder(pytest.Directory):
    """Stands for the folder of the suites: holds the venue of the run, or nothing where no target is given."""

    def collect(self) -> Iterable[pytest.Collector]:
        try:
            options = options_of(self.config)
            if options is None:
                return []
            run = TargetRun(options)
        except (TargetError, SuiteError, ReportError, BaselineError, CassetteError) as error:
            raise self.CollectError(str(error)) from None
        return [VenueItems.from_parent(self, name=run.venue, nodeid=run.venue, run=run)]


class VenueItems(pytest.Collector):
    """The properties that are asked of the target on one venue."""

    def __init__(self, *, run: TargetRun, **rest: Any) -> None:
        super().__init__(**rest)
        self.run = run

    def collect(self) -> Iterable[pytest.Item]:
        return [
            PropertyItem.from_parent(self, name=prop.id, run=self.run, prop=prop) for prop in self.run.kit.properties
        ]


class PropertyItem(pytest.Item):
    """One property on one venue, over all scenarios."""

    def __init__(self, *, run: TargetRun, prop: Property, **rest: Any) -> None:
        super().__init__(**rest)
        self.run, self.prop = run, prop
        self.user_properties.append(("outtrade_property", prop.title))
        if allure_door.folder_of(self.config):
            allure_door.mark(self, prop, run.venue)

    def outtrade_prepare(self) -> None:
        """Run the scenarios, if no item before this one did."""
        self.run.ensure()

    def runtest(self) -> None:
        told: Told = tell_of(self.prop, self.run.done())
        folder = allure_door.folder_of(self.config)
        brief = allure_door.describe(self.prop, self.run.stored(), folder) if folder else told.text.partition("\n")[0]
        if told.verdict == "fail":
            raise (PropertyFailed if told.violated else PropertyUndecided)(brief, told.text)
        if told.verdict == "xfail":
            pytest.xfail(told.text)
            raise PropertyFailed(brief, told.text)  # with --runxfail, pytest.xfail does nothing
        if told.verdict == "skip":
            pytest.skip(told.text)
        if told.text:
            warnings.warn(ShouldViolated(told.text), stacklevel=1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, PropertyUndecided):
            return excinfo.value.text
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, None, f"{self.run.venue}::{self.prop.id} {self.prop.title}"
