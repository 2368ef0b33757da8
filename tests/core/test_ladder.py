"""The price ladder is a sorted list, whatever its number of keys."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.core import ladder as module
from outtrade_mocks.core.ladder import Ladder


@given(st.lists(st.integers(-60, 60), max_size=400))
def test_it_is_a_sorted_list(keys: list[int]) -> None:
    """Each key named toggles it."""
    size, module.SIZE = module.SIZE, 3
    try:
        ladder, there = Ladder(), set[int]()
        for key in keys:
            if key in there:
                there.remove(key)
                ladder.remove(key)
            else:
                there.add(key)
                ladder.add(key)
            assert list(reversed(ladder)) == sorted(there, reverse=True) and len(ladder) == len(there)
            assert not there or ladder.near[-1] == max(there)
    finally:
        module.SIZE = size


@pytest.mark.parametrize("order", ["up", "down", "random"])
def test_many_keys_in_any_order(order: str) -> None:
    keys = list(range(20_000))
    if order == "down":
        keys.reverse()
    elif order == "random":
        Random(1).shuffle(keys)
    ladder = Ladder()
    for key in keys:
        ladder.add(key)
    assert list(reversed(ladder)) == sorted(keys, reverse=True)
    assert max(map(len, (ladder.near, *ladder._blocks))) <= 2 * module.SIZE
    for key in keys[:-1]:
        ladder.remove(key)
    assert list(reversed(ladder)) == [keys[-1]]
