"""Draws are named, independent of each other, and evenly spread where that is asked for."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from outtrade_suites.spaces.draw import Draw


def everything(d: Draw) -> list[Any]:
    return [
        d.integer("a", 0, 10**9),
        d.number("b", 0, 1, digits=9),
        d.boolean("c"),
        d.choice("d", range(1000)),
        d.tag("e"),
        d.spread("f", range(50)),
        d.shuffled("g", range(10)),
        d.sub("h").integer("a", 0, 10**9),
    ]


def test_the_same_draws_for_the_same_seed_and_index() -> None:
    assert everything(Draw(3, 4)) == everything(Draw(3, 4))
    assert everything(Draw(3, 4)) != everything(Draw(3, 5))
    assert everything(Draw(3, 4)) != everything(Draw(4, 4))


def test_draws_do_not_depend_on_each_other() -> None:
    """Neither more draws nor another order change a value; a part's labels are its own."""
    plain, busy = Draw(1, 2), Draw(1, 2)
    busy.integer("new", 0, 5)
    busy.sub("x").integer("n", 0, 5)
    late = busy.choice("last", "abcdefgh")
    assert plain.integer("n", 0, 10**9) == busy.integer("n", 0, 10**9)
    assert plain.choice("last", "abcdefgh") == late
    assert Draw(1, 2).sub("x").integer("n", 0, 10**9) != Draw(1, 2).sub("y").integer("n", 0, 10**9)


def test_values_do_not_depend_on_the_process() -> None:
    code = (
        "from outtrade_suites.spaces.draw import Draw; d = Draw(1, 1); print(d.integer('a', 0, 10**9), d.tag('t'))"
    )  # fmt: skip
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    d = Draw(1, 1)
    assert outputs == {f"{d.integer('a', 0, 10**9)} {d.tag('t')}\n"}


def test_bounds_are_kept_and_reached() -> None:
    values = [Draw(1, index).integer("n", 3, 6) for index in range(200)]
    assert set(values) == {3, 4, 5, 6}
    numbers = [Draw(1, index).number("x", 0.5, 2.5, digits=2) for index in range(200)]
    assert min(numbers) >= 0.5 and max(numbers) <= 2.5 and len(set(numbers)) > 100
    picks = Counter(Draw(1, index).choice("c", ("rare", "often"), weights=(1, 9)) for index in range(500))
    assert 20 < picks["rare"] < 90
    hits = sum(Draw(1, index).boolean("b", 0.2) for index in range(500))
    assert 60 < hits < 140


def test_spread_gives_each_option_once_a_round() -> None:
    options = tuple("abcdefg")
    rounds = [[Draw(1, 7 * r + i).spread("s", options) for i in range(7)] for r in range(4)]
    assert all(sorted(one) == sorted(options) for one in rounds)
    assert len({tuple(one) for one in rounds}) == 4, "each round has an order of its own"


def test_pins_fix_a_draw_and_leave_the_others() -> None:
    pinned = Draw(1, 2, pins={"a": 7, "part/b": True})
    assert pinned.integer("a", 0, 9) == 7
    assert pinned.sub("part").boolean("b", 0.0) is True
    assert pinned.integer("c", 0, 10**9) == Draw(1, 2).integer("c", 0, 10**9)


def test_errors_of_a_space_are_found() -> None:
    d = Draw(1, 2)
    d.integer("n", 0, 1)
    with pytest.raises(ValueError, match="drawn twice: n"):
        d.boolean("n")
    with pytest.raises(ValueError, match="no slash"):
        d.boolean("a/b")
    with pytest.raises(ValueError, match="nothing lies between"):
        d.integer("m", 2, 1)
    with pytest.raises(ValueError, match="nothing to choose"):
        d.choice("o", ())
