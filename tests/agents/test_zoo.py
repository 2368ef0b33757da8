"""The zoo is what it says: one method changed, one property each, and harmless until its fault comes."""

from __future__ import annotations

import inspect
from functools import lru_cache
from importlib import import_module
from typing import Any

import pytest

from outtrade.engine.run import run
from outtrade.model.history import Request
from outtrade.model.scenario import Scenario
from outtrade.suites import Broken
from outtrade.targets import resolve
from outtrade_suites.agents import AGENTS
from outtrade_suites.spaces import generate
from outtrade_suites.zoo import ZOO

IMPLEMENTED = [
    *(f"PAR-{n:02}" for n in range(1, 19)),
    *(f"RTY-{n:02}" for n in range(1, 20)),
    *(f"RCV-{n:02}" for n in range(1, 21)),
    *(f"REC-{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)),
    *(f"ORD-{n:02}" for n in range(1, 13)),
    *(f"EXQ-{n:02}" for n in (1, 2, 3, 4, 5, 6, 7)),
    *(f"LIM-{n:02}" for n in (1, 2, 3, 4, 5)),
]


def each(broken: Broken) -> str:
    return broken.name


def test_every_property_has_a_broken_agent_that_was_made_for_it() -> None:
    assert sorted({broken.property for broken in ZOO}) == sorted(IMPLEMENTED)
    assert len({broken.name for broken in ZOO}) == len(ZOO)


@pytest.mark.parametrize("broken", ZOO, ids=each)
def test_one_method_of_the_base_is_changed(broken: Broken) -> None:
    module: Any = import_module(broken.spec.removeprefix("py:").partition(":")[0])
    base: Any = import_module(AGENTS[broken.base].removeprefix("py:").partition(":")[0])
    own = {c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__}
    changed = [(c, name) for c in own for name, value in vars(c).items() if inspect.isfunction(value)]
    assert len(changed) == 1
    (cls, name) = changed[0]
    assert any(hasattr(parent, name) for parent in cls.__mro__[1:])
    assert any(cls.__mro__[1] is known for known in vars(base).values())
    assert inspect.iscoroutinefunction(module.execute) == inspect.iscoroutinefunction(base.execute)
    assert broken.source and module.__doc__ and module.__doc__.count("\n") >= 3


@lru_cache
def without_faults(index: int) -> Scenario:
    return generate("binance_spot", 1, index).model_copy(update={"faults": ()})


@lru_cache
def sent(spec: str, index: int) -> tuple[tuple[object, ...], ...]:
    history = run(resolve(spec), without_faults(index))
    return tuple(
        (e.at, e.op, e.method, e.path, tuple(e.params.items())) for e in history.events if isinstance(e, Request)
    )


@pytest.mark.parametrize("broken", [broken for broken in ZOO if broken.needs_fault], ids=each)
def test_without_a_fault_it_sends_what_its_base_sends(broken: Broken) -> None:
    for index in (2, 5):
        assert sent(AGENTS[broken.base], index)
        assert sent(broken.spec, index) == sent(AGENTS[broken.base], index)
