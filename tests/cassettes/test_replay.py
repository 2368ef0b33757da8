"""Strict replay: recorded requests are answered in order, all others refused; in the World, through respx, by hand."""

from __future__ import annotations

import json
import time
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests

from outtrade.playback import playing
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.redaction import Redactor
from outtrade_mocks.cassettes.writing import publish
from outtrade_mocks.replay import Replay, ReplayError, router
from outtrade_mocks.venues.api import HttpRequest

HOST = "api.venue.example"
BASE = f"https://{HOST}"


def _item(method: str, path: str, answer: str, *, sent: str = "", status: int = 200) -> Interaction:
    return Interaction(
        "x",
        method,
        BASE + path,
        status,
        json.dumps({"is": answer}).encode(),
        headers={"content-type": "application/json", "x-weight": "1"},
        request_body=sent.encode(),
    )


TAPE = Redactor().redact(
    Cassette(
        "tape",
        "recorded",
        "test",
        (
            _item("GET", "/time", "first"),
            _item("GET", "/time", "second"),
            _item("GET", "/account?asset=BTC&timestamp=1&signature=abcdef0123456789", "account"),
            _item("POST", "/order", "placed", sent="symbol=BTCUSDT&side=BUY&timestamp=5&signature=ff", status=201),
            _item("POST", "/json", "json", sent='{"symbol":"BTC","uid":12345678,"at":{"price":"1.0"},"nonce":4}'),
            _item("GET", "/user/jane@desk.example.com/fees", "fees"),
        ),
    )
)


def _ask(method: str, target: str, body: str = "", host: str = HOST) -> HttpRequest:
    return HttpRequest(method, target, host, {}, body.encode())


def test_each_recording_answers_once_and_in_order() -> None:
    replay = Replay(TAPE)
    assert [json.loads(replay.answer(_ask("GET", "/time")).body)["is"] for _ in range(2)] == ["first", "second"]
    with pytest.raises(ReplayError, match="recorded 2 times, asked once more"):
        replay.answer(_ask("GET", "/time"))
    assert len(replay.unused) == 4
    with pytest.raises(ReplayError, match=r"^not recorded: GET api.venue.example/time"):
        replay.check()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (_ask("GET", "/account?timestamp=99&asset=BTC&recvWindow=5000&signature=00"), "account"),
        (_ask("POST", "/order", "side=BUY&symbol=BTCUSDT&timestamp=7&signature=aa"), "placed"),
        (_ask("POST", "/json", '{"at": {"price": "1.0"}, "uid": 7, "symbol": "BTC"}'), "json"),
        (_ask("GET", "/user/REDACTED-EMAIL-1/fees"), "fees"),
        (_ask("GET", "/user/somebody%40else.example/fees"), "fees"),
    ],
)
def test_what_changes_from_call_to_call_is_left_out(request_: HttpRequest, answer: str) -> None:
    assert json.loads(Replay(TAPE).answer(request_).body)["is"] == answer


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (_ask("GET", "/account?asset=ETH"), r"other parameters \(asset\)"),
        (_ask("GET", "/account?asset=BTC&limit=5"), r"other parameters \(limit\)"),
        (_ask("GET", "/account"), r"other parameters \(asset\)"),
        (_ask("POST", "/order", "symbol=BTCUSDT&side=SELL-hunter2"), r"other parameters \(side\)"),
        (_ask("POST", "/json", '{"symbol":"BTC","at":{"price":1.0}}'), r"other parameters \(at\)"),
        (_ask("POST", "/json", "[1]"), r"other parameters \(body\)"),
        (_ask("DELETE", "/order"), "not in the cassette"),
        (_ask("GET", "/time", host="api.other.example"), "not in the cassette"),
    ],
)
def test_anything_else_is_refused_without_its_values(request_: HttpRequest, complaint: str) -> None:
    with pytest.raises(ReplayError, match=complaint) as caught:
        Replay(TAPE).answer(request_)
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


def test_the_order_of_the_whole_cassette_can_be_demanded() -> None:
    replay = Replay(TAPE, in_order=True)
    with pytest.raises(ReplayError, match="out of order, next is GET"):
        replay.answer(_ask("GET", "/account?asset=BTC"))
    replay.answer(_ask("GET", "/time"))


def test_more_parameters_can_be_ignored() -> None:
    Replay(TAPE, ignore=["limit"]).answer(_ask("GET", "/account?asset=BTC&limit=5"))


def test_leftovers_are_reported() -> None:
    with pytest.raises(ReplayError, match="6 recorded requests were not made, first GET"):
        Replay(TAPE).check()


# ---- in the World
def test_real_clients_in_the_world(tmp_path: Path) -> None:
    publish(TAPE, tmp_path / "tape.yaml")

    async def with_aiohttp() -> tuple[int, object]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(BASE + "/order", data={"symbol": "BTCUSDT", "side": "BUY"}) as got,
        ):
            return got.status, await got.json()

    with playing(tmp_path / "tape.yaml") as world:
        started = world.run_ns
        assert world.run_blocking(lambda: requests.get(BASE + "/time", timeout=5).json()) == {"is": "first"}
        assert world.run_blocking(lambda: httpx.get(BASE + "/time").json()) == {"is": "second"}
        assert world.run_async(with_aiohttp) == (201, {"is": "placed"})
        assert world.run_ns - started >= 60_000_000, "three answers took virtual time"


def test_the_world_does_not_hide_a_refused_request() -> None:
    def agent() -> int:
        time.sleep(1)
        return requests.get(BASE + "/nothing", timeout=5).status_code

    with pytest.raises(ReplayError, match="nothing: not in the cassette"), playing(TAPE) as world:
        assert world.run_blocking(agent) == 501


def test_the_whole_cassette_can_be_demanded() -> None:
    with pytest.raises(ReplayError, match="5 recorded requests were not made"), playing(TAPE, complete=True) as world:
        world.run_blocking(lambda: requests.get(BASE + "/time", timeout=5))


def test_other_hosts_do_not_exist() -> None:
    with playing(TAPE) as world, pytest.raises(requests.ConnectionError):
        world.run_blocking(lambda: requests.get("https://api.elsewhere.example/", timeout=5))


# ---- through respx
def test_respx() -> None:
    replay = Replay(cassettes.load("binance_spot", "general"))
    with router(replay):
        assert httpx.get("https://api.binance.com/api/v3/ping").json() == {}
        with pytest.raises(ReplayError, match="not in the cassette"):
            httpx.get("https://api.binance.com/api/v3/nothing")
    assert replay.refused
