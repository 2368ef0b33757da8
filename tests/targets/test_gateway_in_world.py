"""The real ccxt as a gateway, on the mock exchange, through the fixed driver: end to end."""

from __future__ import annotations

import pytest

from outtrade.engine.run import run
from outtrade.model.history import GatewayCall, GatewayResult, History, NoReport, OrderTruth, Reported, Request
from outtrade.targets import resolve
from outtrade_suites.spaces import generate

GATEWAYS = ("ccxt:binance", "ccxt.async:binance")


def played(target: str, space: str, index: int) -> History:
    history = run(resolve(target), generate(space, 1, index))
    assert not [event for event in history.events if isinstance(event, NoReport)]
    return history


def submits(history: History) -> list[GatewayCall]:
    return [event for event in history.events if isinstance(event, GatewayCall) and event.method == "submit"]


def accepted(history: History) -> list[OrderTruth]:
    return [event for event in history.events if isinstance(event, OrderTruth) and event.why == "accepted"]


@pytest.mark.parametrize("target", GATEWAYS)
def test_accepted_but_unanswered_is_found_by_its_id(target: str) -> None:
    history = played(target, "flagship", 0)
    (submit,) = submits(history)
    (order,) = accepted(history)
    result = next(e for e in history.events if isinstance(e, GatewayResult) and e.id == submit.id)
    assert (result.ok, result.meaning) == (False, "ambiguous")
    (reported,) = [event for event in history.events if isinstance(event, Reported)]
    assert reported.report["outcomes"]["i1"]["status"] == "done"
    (view,) = reported.report["orders"]
    assert list(view["venue_ids"]) == [order.order]


@pytest.mark.parametrize("target", GATEWAYS)
def test_its_twin_is_sent_again_once_absence_is_proved(target: str) -> None:
    history = played(target, "flagship", 1)
    first, second = submits(history)
    assert first.args == second.args
    assert second.seconds - first.seconds >= history.header.absent_after
    assert len(accepted(history)) == 1


@pytest.mark.parametrize("target", GATEWAYS)
def test_each_request_belongs_to_one_call(target: str) -> None:
    """Intents overlap in time, calls do not: between a call and its result lie its own requests only."""
    history = played(target, "standard", 0)
    open_call: int | None = None
    for event in history.events:
        if isinstance(event, GatewayCall):
            assert open_call is None
            open_call = event.id
        elif isinstance(event, GatewayResult):
            assert open_call == event.id
            open_call = None
        elif isinstance(event, Request):
            assert open_call is not None


def test_markets_are_loaded_over_the_wire_from_the_spot_host_alone() -> None:
    history = played("ccxt:binance", "smoke", 0)
    requests = [event for event in history.events if isinstance(event, Request)]
    assert requests[0].op in ("exchange_info", "currencies")
    assert {event.host for event in requests} == {"api.binance.com"}
