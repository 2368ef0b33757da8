"""The fixtures ``world`` and ``venue``, and what stands behind them (``outtrade.testing.venue``)."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path

import ccxt
import httpx
import pytest

from outtrade.model.fault import Crash, DnsFailure, LostAnswer, RateLimit, Trigger
from outtrade.testing.venue import scenario, served

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
MINE = {"newClientOrderId": "mine-1"}
REAL = time.time


def test_a_lost_answer_and_the_truth() -> None:
    with served() as venue:
        lost = venue.arm(LostAnswer(on=Trigger(op="place"), committed=True, symptom="reset"))
        exchange = venue.access.ccxt()
        with pytest.raises(ccxt.NetworkError):
            exchange.create_order("BTC/USDT", "limit", "buy", 0.1, 49000, MINE)
        assert lost.fired == 1 and venue.missed() == []
        assert venue.order("mine-1").status == "open"
        assert venue.balances["USDT"] == (Decimal(95_100), Decimal(4_900))
        found = exchange.fetch_order(None, "BTC/USDT", {"origClientOrderId": "mine-1"})
        assert found["status"] == "open" and [r.op for r in venue.requests][-2:] == ["place", "query"]


def test_the_market_takes_an_order() -> None:
    with served() as venue:
        venue.access.ccxt().create_order("BTC/USDT", "limit", "buy", 0.1, 49000, MINE)
        assert venue.fill("mine-1", 0.5) and venue.order("mine-1").filled == "0.05"
        assert venue.fill("mine-1") and not venue.working
        assert [(f.side, f.price) for f in venue.fills] == [("buy", "49000"), ("buy", "49000")]
        assert venue.mid("BTC/USDT") > 49000
        with pytest.raises(KeyError, match="no order 'other'"):
            venue.order("other")


def test_times_of_a_fault_count_from_its_arming() -> None:
    with served() as venue:
        assert httpx.get(f"{venue.access.rest_url}/api/v3/ping").status_code == 200
        venue.wait(1000)
        venue.arm(DnsFailure(on=Trigger(after=10), duration=20))
        assert httpx.get(f"{venue.access.rest_url}/api/v3/ping").status_code == 200
        venue.wait(15)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{venue.access.rest_url}/api/v3/ping")
        venue.wait(20)
        venue.arm(RateLimit(on=Trigger(op="ping", nth=2), duration=5))
        answers = [httpx.get(f"{venue.access.rest_url}/api/v3/ping").status_code for _ in range(2)]
        venue.wait(6)
        assert [*answers, httpx.get(f"{venue.access.rest_url}/api/v3/ping").status_code] == [200, 429, 200]
        assert venue.missed() == []


def test_a_fault_that_never_landed_is_named() -> None:
    with served() as venue:
        venue.arm(LostAnswer(on=Trigger(op="cancel"), committed=False, symptom="hang"))
        venue.arm(DnsFailure(duration=1), must_land=False)
        assert venue.missed() == ["lost_answer.hang.absent"]
        with pytest.raises(ValueError, match="started again"):
            venue.arm(Crash(point="after_send"))


def test_async_clients_and_another_scenario() -> None:
    with served(scenario(seed=7, balances={"ETH": 3}, fees=("0", "0"))) as venue:

        async def sell() -> float:
            exchange = venue.access.ccxt(asynchronous=True)
            try:
                order = await exchange.create_order("ETH/USDT", "market", "sell", 1)
                return float(order["filled"])
            finally:
                await exchange.close()

        assert venue.world.run_async(sell) == 1
        assert venue.balances["ETH"] == (Decimal(2), Decimal(0))
        assert {fill.fee for fill in venue.fills} == {"0"}
    assert time.time() - REAL() < 5, "outside of the World time is real"


MODULE = """
import time
import ccxt
import pytest
from outtrade.model.fault import DnsFailure, LostAnswer, Trigger
from outtrade.testing.venue import scenario

@pytest.fixture
def venue_scenario():
    return scenario(seed=5, balances={"USDT": 1234})

def test_an_hour_of_virtual_time(world):
    began = time.monotonic()
    time.sleep(3600)
    assert 3600 <= time.monotonic() - began < 3601

def test_no_packet_leaves(world):
    import socket
    with pytest.raises(socket.gaierror):
        socket.create_connection(("example.com", 80))

def test_own_scenario(venue):
    assert venue.balances["USDT"][0] == 1234

def test_wrong_belief(venue):
    venue.access.ccxt().create_order("BTC/USDT", "limit", "buy", 0.01, 49000, {"newClientOrderId": "mine-1"})
    assert venue.order("mine-1").status == "filled"

def test_never_armed_for_real(venue):
    venue.arm(DnsFailure(duration=20))

def test_waits_for_ever(venue):
    time.sleep(30 * 86400)

def test_real_time_again():
    assert abs(time.time() - REAL()) < 1

from time import time as REAL
"""


@pytest.mark.parametrize("more", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_the_fixtures(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]) -> None:
    for folder in ("suites", "mocks", "harness"):
        monkeypatch.setenv("PYTHONPATH", str(ROOT / folder), prepend=os.pathsep)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makepyfile(MODULE)
    known = any(point.name == "outtrade" for point in entry_points(group="pytest11"))
    plugin = () if known else ("-p", "outtrade.pytest_plugin")
    result = pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", *more, timeout=200)
    result.assert_outcomes(passed=5, failed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "armed, but never landed: dns_failure",
            "*AssertionError: assert 'open' == 'filled'",
            "*outtrade: what happened on the exchange*",
            "*place buy 0.01*",
            "*still waiting at the end of the run: sleep(2.592e+06)*",
        ]
    )
