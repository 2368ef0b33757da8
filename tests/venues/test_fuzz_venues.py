"""Every venue under the fuzzer, and the fuzzer under venues that are broken on purpose."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from direct import core_of
from fuzz import run
from fuzz_kit import EPISODE, Fuzz

from outtrade_mocks.venues import NAMES
from outtrade_mocks.venues.api import HttpAnswer

STEPS = int(os.environ.get("OUTTRADE_FUZZ", "1000000"))
SEED = int(os.environ.get("OUTTRADE_FUZZ_SEED", "1"))


@pytest.mark.parametrize("venue", NAMES)
def test_malformed_requests_and_frames(venue: str) -> None:
    fuzz = Fuzz(venue, seed=7)
    for number in range(3):
        fuzz.episode(number)
    assert fuzz.seen["ok"] > 100 and fuzz.seen["definite"] > 100, "requests do not get in: see fuzz_kit"
    assert all(fuzz.done[kind] for kind in ("frame", "session", "signed", "damaged call", "time"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("venue", NAMES)
def test_a_million_malformed_requests_and_frames(venue: str) -> None:
    """A million over all venues; OUTTRADE_FUZZ is another number, OUTTRADE_FUZZ_SEED another seed."""
    assert run(Fuzz(venue, SEED), range(-(-STEPS // (len(NAMES) * EPISODE)))) == 0


# ------------------------------------------------------------------ the fuzzer can fail
def broken(name: str, breaks: Callable[[Any, Callable[..., Any]], Callable[..., Any]]) -> Fuzz:
    """A fuzzer whose venues have the method ``name`` replaced by what ``breaks`` makes of it."""
    fuzz = Fuzz("binance_spot", seed=7)
    restart = fuzz.wire.restart

    def again(venue: str, seed: int) -> None:
        restart(venue, seed)
        setattr(fuzz.wire.venue, name, breaks(fuzz.wire.venue, getattr(fuzz.wire.venue, name)))

    fuzz.wire.restart = again  # type: ignore[method-assign]
    return fuzz


def raises(venue: Any, was: Callable[..., Any]) -> Callable[..., Any]:
    def execute(call: Any, now: int, **rest: Any) -> Any:
        return {}["gone"] if call.op == "place" else was(call, now, **rest)

    return execute


def spins(venue: Any, was: Callable[..., Any]) -> Callable[..., Any]:
    def execute(call: Any, now: int, **rest: Any) -> Any:
        while call.op == "place":
            pass
        return was(call, now, **rest)

    return execute


def gives(venue: Any, was: Callable[..., Any]) -> Callable[..., Any]:
    def execute(call: Any, now: int, **rest: Any) -> Any:
        if call.op == "place":
            next(iter(core_of(venue).accounts.values())).balance("USDT").free += 1
        return was(call, now, **rest)

    return execute


def bare(venue: Any, was: Callable[..., Any]) -> Callable[..., Any]:
    def render(commit: Any, now: int) -> HttpAnswer:
        answer = was(commit, now)
        return HttpAnswer(400, b'{"error":"no"}') if answer.status == 400 else answer

    return render


@pytest.mark.parametrize(
    "name, breaks, says",
    [
        ("execute", raises, "KeyError: 'gone'"),
        ("execute", spins, "Hangs: more than"),
        ("execute", gives, "money came or went|but .* became"),
        ("render", bare, "lacks \\('code', 'msg'\\)"),
    ],
)
def test_what_breaks_is_found(name: str, breaks: Any, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz_kit.HANGS", 0.3)
    with pytest.raises(AssertionError, match=says) as caught:
        broken(name, breaks).episode(0)
    assert "again: python tests/venues/fuzz.py binance_spot --seed 7 --episode 0" in str(caught.value)


def test_an_episode_is_the_same_each_time() -> None:
    def told() -> list[bytes]:
        fuzz, answers = Fuzz("binance_spot", seed=7), []
        judge = fuzz.wire.seen
        assert judge is not None
        fuzz.wire.seen = lambda *what: (answers.append(what[-1].body), judge(*what))[1]
        fuzz.episode(2, steps=150)
        return answers

    assert len(told()) > 50 and told() == told()
