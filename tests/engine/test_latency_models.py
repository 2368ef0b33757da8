"""A scenario's latency: what each model does to requests, answers and streams, and what it must not do."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from outtrade.engine.delays import Delays
from outtrade.engine.minimise import minimise
from outtrade.engine.run import run
from outtrade.model.delay import DELAY, MOST
from outtrade.model.history import NS, Answer, Connect, History, Request, Response, StreamEvent
from outtrade.model.scenario import Market, Scenario, ScenarioError
from outtrade.model.task import Report, Task
from outtrade.targets import Target, resolve
from outtrade.targets.access import VenueAccess
from outtrade.testing.venue import scenario as calm
from outtrade.testing.venue import served
from outtrade_suites.spaces import generate

UNIFORM = {"kind": "uniform", "low": 0.01, "high": 0.2}
LOGNORMAL = {"kind": "lognormal", "median": 0.05, "sigma": 0.5}
SPIKES = {"kind": "spikes", "base": 0.02, "probability": 0.1, "extra": 1.5}
EACH_WAY = {"kind": "each_way", "up": {"kind": "fixed", "seconds": 0.01}, "down": {"kind": "fixed", "seconds": 0.3}}


def scenario(latency: Any) -> Scenario:
    return Scenario(
        id="latency",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 100_000, "BTC": 1},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01", taker_rate=0, maker_rate=0)},
        intents=(),
        until=300,
        latency=latency,
    )


def asking(*paths: str) -> Callable[..., Report]:
    def execute(task: Task, venue: VenueAccess) -> Report:
        session = requests.Session()
        for path in paths:
            session.get(f"{venue.rest_url}/api/v3/{path}")
        return Report(outcomes={}, orders=())

    return execute


def play(latency: Any, *paths: str) -> History:
    return run(Target("test", "A", False, lambda: asking(*paths)), scenario(latency))


def times(history: History, op: str) -> list[tuple[int, int]]:
    """Up and down of each call of an operation, in nanoseconds."""
    at = {kind: {e.call: e.at for e in history.events if isinstance(e, kind)} for kind in (Answer, Response)}
    calls = [e for e in history.events if isinstance(e, Request) and e.op == op]
    return [(at[Answer][e.call] - e.at, at[Response][e.call] - at[Answer][e.call]) for e in calls]


def test_a_number_and_the_fixed_model_are_the_same() -> None:
    number, model = play(0.02, "time", "ping"), play({"kind": "fixed", "seconds": 0.02}, "time", "ping")
    assert number.events == model.events
    assert times(number, "time") == [(20_000_000, 20_000_000)]


def test_both_ways_have_a_model_of_their_own() -> None:
    history = play(EACH_WAY, "time", "ping")
    assert times(history, "time") == [(10_000_000, 300_000_000)]
    connect = next(event for event in history.events if isinstance(event, Connect))
    assert 0.31 <= connect.at / NS < 0.311, "a connection takes a round trip"


@pytest.mark.parametrize("latency", [UNIFORM, LOGNORMAL, SPIKES])
def test_delays_are_drawn_for_each_message_both_ways_and_repeat(latency: Any) -> None:
    history = play(latency, *["time"] * 40)
    up, down = zip(*times(history, "time"), strict=True)
    assert up != down
    assert len(set(up)) > 1 and len(set(down)) > 1
    assert play(latency, *["time"] * 40).hash() == history.hash()


def test_one_more_call_shifts_the_delay_of_no_other_operation() -> None:
    alone, after = play(UNIFORM, "ping", "ping", "ping"), play(UNIFORM, "ping", "time", "time", "ping", "time", "ping")
    assert times(alone, "ping") == times(after, "ping")
    assert len(set(times(alone, "ping"))) == 3


def test_the_models_draw_what_they_say() -> None:
    def drawn(latency: Any) -> list[float]:
        delays = Delays(DELAY.validate_python(latency), seed=3)
        return [delays.up("place") for _ in range(2000)]

    assert 0.01 <= min(drawn(UNIFORM)) < 0.02 and 0.19 < max(drawn(UNIFORM)) <= 0.2
    assert statistics.median(drawn(LOGNORMAL)) == pytest.approx(0.05, rel=0.1)
    assert statistics.stdev(math.log(one) for one in drawn(LOGNORMAL)) == pytest.approx(0.5, rel=0.1)
    assert {round(one, 9) for one in drawn(SPIKES)} == {0.02, 1.52}
    assert sum(one > 1 for one in drawn(SPIKES)) == pytest.approx(200, rel=0.3)
    assert max(drawn({"kind": "lognormal", "median": 50, "sigma": 2})) == MOST


# ------------------------------------------------------------------ order
def arrivals(latency: Any, left: list[tuple[float, float]], links: int = 1) -> list[int]:
    """The order in which messages arrive: ``left`` says when each is given to the network, and how much later it
    leaves; they go over ``links`` connections in turn."""
    with served(calm(latency=latency)) as venue:
        server, world = venue._server, venue.world
        ways = [SimpleNamespace(lanes={"up": (0, 0), "down": (0, 0)}) for _ in range(links)]
        came: list[int] = []

        def give(number: int, after: float) -> None:
            link: Any = ways[number % links]
            seconds = server.delays.down("event") + after
            server.carry(link, "down", seconds, came.append, number, after=after)

        for number, (at, after) in enumerate(left):
            world.call_later(at, give, number, after)
        world.run_until(world.now + 300 * NS)
    return came


@pytest.mark.parametrize("latency", [UNIFORM, SPIKES, {"kind": "lognormal", "median": 0.05, "sigma": 2}])
def test_within_a_connection_nothing_overtakes_and_between_two_it_may(latency: Any) -> None:
    steady = [(number * 0.002, 0.0) for number in range(200)]
    assert arrivals(latency, steady) == list(range(200))
    free = arrivals(latency, steady, links=2)
    assert free != list(range(200))
    assert [n for n in free if n % 2] == list(range(1, 200, 2)), "each of the two keeps its order"


def test_what_leaves_later_arrives_later_although_it_was_given_first() -> None:
    assert arrivals(UNIFORM, [(0.0, 0.5), (0.1, 0.0), (0.6, 0.0)]) == [1, 0, 2]
    pairs = [one for n in range(50) for one in ((5.0 * n, 0.02), (5.0 * n + 0.005, 0.0))]
    assert arrivals(UNIFORM, pairs) == [number ^ 1 for number in range(100)]
    assert arrivals(0.02, [(0.0, 0.002), (0.001, 0.0)]) == [1, 0]


def test_events_of_a_stream_arrive_in_order_in_a_jittery_network() -> None:
    jitter = DELAY.validate_python({"kind": "lognormal", "median": 0.05, "sigma": 1})
    rough = generate("binance_spot", 2, 3).model_copy(update={"latency": jitter, "faults": ()})
    target = resolve("agent:httpx")
    history = run(target, rough)
    events = [event for event in history.events if isinstance(event, StreamEvent)]
    assert len(events) > 3
    assert [event.n for event in events] == sorted(event.n for event in events)
    assert run(target, rough).hash() == history.hash()


# ------------------------------------------------------------------ as data
@pytest.mark.parametrize("latency", [0.02, 0.3, {"kind": "fixed", "seconds": 1}, UNIFORM, LOGNORMAL, SPIKES, EACH_WAY])
def test_a_latency_survives_the_file(latency: Any) -> None:
    made = scenario(latency)
    assert Scenario.from_json(made.to_json()) == made
    if latency == 0.02:
        assert '"latency":' not in made.to_json(), "a scenario with the usual latency is written as ever"


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        (-0.1, "latency.seconds: Input should be greater than or equal to 0"),
        (61, "latency.seconds: Input should be less than or equal to 60"),
        ("slow", "latency.seconds: Input should be a valid number"),
        ({"kind": "slow"}, "latency: is a number of seconds, or a model: kind fixed, uniform"),
        ({"seconds": 1}, "latency: is a number of seconds, or a model"),
        ({"kind": "uniform", "low": 2, "high": 1}, "latency.uniform: Value error, high is below low"),
        ({"kind": "spikes", "base": 1, "probability": 2, "extra": 0}, "latency.spikes.probability: Input should be"),
        ({"kind": "fixed", "seconds": 1, "more": 1}, "latency.fixed.more: Extra inputs are not permitted"),
        ({"kind": "each_way", "up": 1, "down": 1}, "latency.each_way.up: "),
    ],
)
def test_what_is_no_latency_is_refused_in_one_line(latency: Any, said: str) -> None:
    text = json.dumps(json.loads(scenario(0.3).to_json()) | {"latency": latency})
    with pytest.raises(ScenarioError) as error:
        Scenario.from_json(text)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("latency", "plain"),
    [
        (0.3, 0.3),
        ({"kind": "fixed", "seconds": 1}, 1.0),
        (UNIFORM, 0.105),
        (LOGNORMAL, 0.05),
        (SPIKES, 0.02),
        (EACH_WAY, 0.155),
    ],
)
def test_a_minimised_scenario_has_a_fixed_latency(latency: Any, plain: float) -> None:
    fails: Callable[[Scenario], bool] = lambda candidate: True  # noqa: E731
    assert minimise(scenario(latency), fails).scenario.latency == plain


def test_a_failure_that_needs_the_jitter_keeps_it() -> None:
    small = minimise(scenario(UNIFORM), lambda candidate: not isinstance(candidate.latency, float)).scenario
    assert small.latency == DELAY.validate_python(UNIFORM)
