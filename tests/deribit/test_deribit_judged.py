"""What the judge sees here: who trusts a client order id to protect from sending twice doubles the order."""

from __future__ import annotations

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.suites import load
from outtrade.targets.naming import resolve

SEED, LOST = 1, 8
"""A scenario of the space in which the answer to a new order is lost, and the order stands."""


@pytest.mark.parametrize(("target", "doubles"), [("agent:stateless", False), ("zoo:trusts_the_id", True)])
def test_a_resend_under_the_same_label_is_a_second_order(target: str, doubles: bool) -> None:
    pytest.importorskip("ccxt")
    suite = load()
    history = run(resolve(target), suite.scenario("deribit", SEED, LOST))
    failed = {finding.id: finding for finding in judge_history(history, suite.properties) if finding.verdict == "fail"}
    assert ("RTY-01" in failed) is doubles
    assert doubles or not failed
    if doubles:
        assert "in 2 order(s)" in failed["RTY-01"].broken[0].message
