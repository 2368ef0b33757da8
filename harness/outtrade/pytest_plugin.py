"""The pytest plugin: a target's properties as test items, and fixtures for tests of your own.

::

    pytest --pyargs outtrade_suites --outtrade-target=py:my_agent.py:execute

collects one item for each venue and property (``binance_spot::RTY-02``), runs the scenarios once, and lets every item
pass, fail or be skipped by what they showed. Without ``--outtrade-target`` nothing is collected from the suites.

pytest loads this module in every session of every project in whose environment Outtrade is installed, so it imports
nothing but pytest and defines hooks that return at once; the work is done in ``outtrade.testing``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from outtrade.model.scenario import Scenario
    from outtrade.sim import World
    from outtrade.testing.venue import MockVenue

SUITES = "outtrade_suites"
"""The package whose folder stands for the items."""


class ShouldViolated(UserWarning):
    """A property of level SHOULD was violated. It fails no item: ``-W error::outtrade.pytest_plugin.ShouldViolated``
    makes it do so."""


# ------------------------------------------------------------------ options
def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a run, with the defaults of ``outtrade run``."""
    group = parser.getgroup("outtrade", "Outtrade: fault injection for execution agents")
    group.addoption("--outtrade-target", metavar="TARGET", help="What to test, for example py:my_agent.py:execute.")
    group.addoption("--outtrade-scenarios", metavar="N", type=int, default=100, help="How many scenarios (100).")
    group.addoption("--outtrade-seed", metavar="N", type=int, default=1, help="Generates the scenarios (1).")
    group.addoption("--outtrade-space", metavar="NAME", help="Scenario space of the suite (by default its first).")
    group.addoption("--outtrade-suite", metavar="NAME", default="core", help="Suite of properties and spaces (core).")
    group.addoption(
        "--outtrade-workers",
        metavar="N",
        type=int,
        help="Worker processes; by default one for each processor, none below pytest-xdist.",
    )
    group.addoption(
        "--outtrade-baseline",
        metavar="FILE",
        help="Expected failures, each with a reason: their items are xfailed, strictly (as outtrade run --baseline).",
    )
    group.addoption("--outtrade-reference", metavar="FILE", help="A cassette whose symbols and market are used.")
    group.addoption("--outtrade-report", metavar="DIR", help="Folder for what failed (by default reports/TARGET).")


# ------------------------------------------------------------------ the properties as items
@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The folder of the suites holds no test files: it stands for the properties, where a target is given."""
    if path.name != SUITES or not _is_ours(path):
        return None
    from outtrade.testing.items import SuitesFolder

    return SuitesFolder.from_parent(parent, path=path)


def _is_ours(path: Path) -> bool:
    spec = find_spec(SUITES)
    return spec is not None and spec.origin is not None and Path(spec.origin).parent.resolve() == path.resolve()


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """All scenarios are run before the first item starts, outside of its time limit."""
    prepare = getattr(item, "outtrade_prepare", None)
    if prepare is not None:
        prepare()
    return (yield)


# ------------------------------------------------------------------ fixtures
@pytest.fixture
def venue_scenario() -> Scenario:
    """What ``world`` and ``venue`` are made from. Override it in a module or conftest for other markets, balances, fees
    or another seed (``outtrade.testing.venue.scenario``)."""
    from outtrade.testing.venue import scenario

    return scenario()


@pytest.fixture
def world(venue_scenario: Scenario) -> Iterator[World]:
    """An active ``outtrade.sim.World``: the test lives in virtual time, and no packet leaves the process."""
    from outtrade.testing.venue import make_world

    with make_world(venue_scenario) as active:
        yield active


@pytest.fixture
def venue(world: World, venue_scenario: Scenario, request: pytest.FixtureRequest) -> Iterator[MockVenue]:
    """A mock Binance spot inside ``world`` (``outtrade.testing.venue.MockVenue``): its ``access``, faults, the truth.

    A fault that was armed and never landed is an error of the test: it has tested less than it says."""
    from outtrade.testing.venue import MockVenue

    served = MockVenue(world, venue_scenario)
    request.node.outtrade_venue = served
    yield served
    missed = served.missed()
    if missed and not getattr(request.node, "outtrade_failed", False):
        pytest.fail(f"armed, but never landed: {', '.join(missed)}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test that used ``venue`` shows what was sent and what happened on the exchange."""
    report = yield
    served: Any = getattr(item, "outtrade_venue", None)
    if served is not None and call.when == "call" and report.failed:
        item.outtrade_failed = True  # type: ignore[attr-defined]
        report.sections.append(("outtrade: what happened on the exchange", served.timeline()))
    return report
