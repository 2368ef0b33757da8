"""Scripted models over MCP: judged as they are when the engine calls them."""

from __future__ import annotations

import anyio
import pytest
from mcp_kit import client_of, flagship, play, session_of

from outtrade_suites.agents.models.claims_success import Optimist
from outtrade_suites.agents.models.invents_a_tool import Inventive
from outtrade_suites.agents.models.resends_without_id import Resender
from outtrade_suites.agents.models.right import Model

WRONG = {Inventive: {"PAR-16"}, Resender: {"RTY-01", "RTY-02", "RCV-04"}, Optimist: {"RCV-03", "REC-02"}}


def verdict_of(model: type[Model], name: str = "answer_lost") -> dict[str, object]:
    async def main() -> dict[str, object]:
        scenario = flagship(name)
        session = session_of(scenario, tell_verdict=True)
        async with client_of(session) as client:
            return await play(client, lambda s: model(s.task(), 30.0).script(), scenario)

    return anyio.run(main)


NO_RECORD = [{"property": "EXQ-05", "verdict": "waived", "messages": []}]
"""The tools have no place for a record of execution."""


@pytest.mark.parametrize("name", ["answer_lost", "never_accepted"])
def test_the_right_model_passes(name: str) -> None:
    told = verdict_of(Model, name)
    assert told["verdict"] == "PASS" and told["findings"] == NO_RECORD and told["accepted"] is True


@pytest.mark.parametrize("model", WRONG)
def test_a_wrong_model_fails_by_what_it_does(model: type[Model]) -> None:
    told = verdict_of(model)
    failed = {finding["property"] for finding in told["findings"]}  # type: ignore[attr-defined]
    assert failed >= WRONG[model]
