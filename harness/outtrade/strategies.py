"""Scenarios as Hypothesis strategies, for property tests of your own.

::

    from hypothesis import given, settings
    from outtrade.engine.judging import judge_history
    from outtrade.engine.run import run
    from outtrade.strategies import scenarios
    from outtrade.suites import load
    from outtrade.targets import resolve

    TARGET, PROPERTIES = resolve("py:my_agent.py:execute"), load().properties

    @settings(max_examples=50, deadline=None)
    @given(scenarios("flagship"))
    def test_no_order_is_sent_twice(scenario):
        findings = judge_history(run(TARGET, scenario), PROPERTIES)
        assert [f.fingerprint for f in findings if f.verdict == "fail"] == []

The spaces are those of ``outtrade run``; only who makes the choices differs, so Hypothesis shrinks a failing scenario
as it shrinks any value, and keeps it in its database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade import suites

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from outtrade.model.scenario import Scenario


def scenarios(space: str | None = None, *, suite: str = suites.CORE) -> SearchStrategy[Scenario]:
    """Valid scenarios of a space (None: the suite's first). Raises SuiteError where there is no such space, ImportError
    where Hypothesis is not installed (``pip install "outtrade[hypothesis]"``)."""
    from hypothesis.strategies import composite

    loaded = suites.load(suite)
    loaded.space(space)  # an unknown name is told where it stands, not in the first example

    @composite
    def made(draw: DrawFn) -> Scenario:
        return loaded.drawn(space, draw)

    return made()
