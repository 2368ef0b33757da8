"""Several processes of the agent in one World: each dies alone, and who goes on is decided in one way."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from outtrade.sim import Deadlock, HarnessError, Killed, Late, World
from outtrade.sim.process import Process

NS = 1_000_000_000


def _all_ended(*processes: Process) -> bool:
    return all(process.ended for process in processes)


def test_copies_interleave_by_the_clock() -> None:
    told: list[str] = []

    def copy(name: str, pause: float) -> None:
        for _ in range(3):
            time.sleep(pause)
            told.append(f"{name} {time.time():.0f}")

    with World(epoch_ns=0) as world:
        one = world.spawn("one", lambda: copy("one", 2))
        two = world.spawn("two", lambda: copy("two", 3))
        world.wait(lambda: _all_ended(one, two), None, lambda: "the copies")
        assert world.copies == [] and world.process.number == 0
    assert told == ["one 2", "two 3", "one 4", "two 6", "one 6", "two 9"]


def test_a_kill_ends_the_threads_of_one_copy_alone() -> None:
    told: list[str] = []
    killed: list[str] = []

    def beat(name: str) -> None:
        try:
            while True:
                time.sleep(1)
                told.append(name)
        except Killed:
            killed.append(name)
            raise

    def copy(name: str) -> None:
        threading.Thread(target=beat, args=(f"{name}'s thread",)).start()
        try:
            world.run_blocking(lambda: beat(name) if name == "dies" else time.sleep(4.5))
        except Killed:
            killed.append(f"{name} is over")

    with World(epoch_ns=0) as world:
        dies = world.spawn("dies", lambda: copy("dies"))
        lives = world.spawn("lives", lambda: copy("lives"))
        world.call_later(2.5, world.kill, dies)
        world.wait(lambda: dies.ended, None, lambda: "its end")
        assert 2.5 <= world.run_ns / NS < 2.6 and not lives.ended
        world.wait(lambda: lives.ended, None, lambda: "its end")
    assert sorted(killed) == ["dies", "dies is over", "dies's thread", "lives's thread"]
    assert told.count("dies") == 2 and told.count("lives's thread") == 4


def test_each_copy_is_told_why_it_cannot_go_on() -> None:
    reasons: dict[str, BaseException] = {}

    def copy(name: str) -> None:
        try:
            world.run_blocking(threading.Event().wait if name == "stuck" else lambda: time.sleep(1_000))
        except BaseException as reason:
            reasons[name] = reason

    with World(epoch_ns=0) as world:
        world.hard_limit_ns = 10 * NS
        copies = [world.spawn(name, lambda name=name: copy(name)) for name in ("stuck", "slow")]  # type: ignore[misc]
        world.wait(lambda: _all_ended(*copies), None, lambda: "the copies")
    assert {name: type(reason) for name, reason in reasons.items()} == {"stuck": Late, "slow": Late}
    assert "wait" in str(reasons["stuck"]) and "sleep" in str(reasons["slow"])


def test_copies_that_wait_for_nothing_are_deadlocked() -> None:
    reasons: list[BaseException] = []

    def copy() -> None:
        try:
            world.run_blocking(threading.Event().wait)
        except Deadlock as reason:
            reasons.append(reason)

    with World(epoch_ns=0) as world:
        copies = [world.spawn(name, copy) for name in ("one", "two")]
        world.wait(lambda: _all_ended(*copies), None, lambda: "the copies")
    assert len(reasons) == 2


def test_an_error_of_the_harness_ends_all() -> None:
    ended: list[str] = []

    def copy() -> None:
        try:
            world.run_blocking(lambda: time.sleep(100))
        except HarnessError:
            ended.append("told")
            raise

    world = World(epoch_ns=0)
    with world:
        copies = [world.spawn(name, copy) for name in ("one", "two")]
        world.call_later(1, lambda: 1 // 0)
        with suppress(HarnessError):  # raised here, if the event ran in this thread
            world.wait(lambda: _all_ended(*copies), None, lambda: "the copies")
    assert ended == ["told", "told"]


def test_leaving_the_world_ends_its_copies() -> None:
    ended: list[bool] = []

    def copy() -> None:
        try:
            time.sleep(1_000)
        finally:
            ended.append(True)

    with World(epoch_ns=0) as world:
        process = world.spawn("one", copy)
    assert ended == [True] and process.ended
