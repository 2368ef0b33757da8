"""Make a failing scenario small: the fewest steps and faults and the plainest values that fail in the same way.

It works on the scenario's data, not on the draws it came from: leave out faults and intents by halves (Zeller's
ddmin), then put plain values where odd ones stand (the first operation instead of the third, a calm market, one
symbol): all of them at once, and by halves where that goes wrong; and again, until nothing more can go. A candidate
counts only where the *same* failure shows, by its fingerprint. Each try is one run, and the number of runs is bounded.
Where the search came to its end the result is *one-minimal*: no fault, no intent and no odd value can go alone. It is
not the smallest there is, and where the runs were used up, or the agent is flaky, not even that is said.

    >>> from outtrade.model.scenario import Scenario
    >>> s = Scenario(id="x", seed=1, until=60, symbols=("BTC/USDT",), balances={"USDT": "1000"}, intents=(),
    ...              knobs={"a": 1})
    >>> minimise(s, lambda candidate: True).scenario.knobs
    {}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from outtrade.model.scenario import Scenario
from outtrade.model.task import Limits

BUDGET = 40
"""Most runs spent on one failure."""

T = TypeVar("T")
Test = Callable[[Scenario], bool]


class _Spent(Exception):
    """The budget is used up."""


@dataclass(frozen=True, slots=True)
class Minimised:
    """The smallest scenario found that still fails in the same way, and how many runs it took to find."""

    scenario: Scenario
    runs: int
    one_minimal: bool = False
    """Whether the search came to its end: nothing that it knows of can go alone."""


class _Search:
    """The best scenario so far, the runs spent, and what was already tried."""

    def __init__(self, scenario: Scenario, fails: Test, budget: int) -> None:
        self.best = scenario
        self.runs = 0
        self._fails = fails
        self._budget = budget
        self._tried: set[str] = {scenario.to_json()}

    def attempt(self, candidate: Scenario | None) -> bool:
        """Adopt ``candidate`` where it fails in the same way. Raises _Spent at the end of the budget."""
        if candidate is None:
            return False
        key = candidate.to_json()
        if key in self._tried:
            return False
        if self.runs >= self._budget:
            raise _Spent
        self._tried.add(key)
        self.runs += 1
        if not self._fails(candidate):
            return False
        self.best = candidate
        return True


def minimise(scenario: Scenario, fails: Test, *, budget: int = BUDGET) -> Minimised:
    """Shrink ``scenario`` while ``fails`` holds; at most ``budget`` calls of it. ``scenario`` itself must fail."""
    search = _Search(scenario, fails, budget)
    try:
        while True:
            before = search.best
            _drop(search, "faults")
            _drop(search, "intents")
            _plain(search, tuple(_steps(search.best)))
            if search.best is before:
                return Minimised(search.best, search.runs, one_minimal=True)
    except _Spent:
        return Minimised(search.best, search.runs)


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario | None:
    """``scenario`` with other fields, checked like one from a file; None where that is no scenario."""
    try:
        return Scenario.model_validate({**dict(scenario), **changes})
    except ValidationError:
        return None


# ------------------------------------------------------------------ leaving out
def _drop(search: _Search, field: str) -> None:
    """Leave out members of a tuple field by halves, quarters, ... single ones."""
    if search.attempt(_without(search.best, field, ())):
        return
    parts = 2
    while len(items := getattr(search.best, field)) >= 2:
        for chunk in _chunks(items, parts):
            if search.attempt(_without(search.best, field, _others(items, chunk))):
                parts = max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(parts * 2, len(items))


def _chunks(items: Sequence[T], parts: int) -> Iterator[Sequence[T]]:
    """Cut into ``parts`` pieces of almost equal length, the last ones first: what comes late matters least."""
    edges = [len(items) * n // parts for n in range(parts + 1)]
    for n in reversed(range(parts)):
        if edges[n] < edges[n + 1]:
            yield items[edges[n] : edges[n + 1]]


def _others(items: Sequence[T], chunk: Sequence[T]) -> tuple[T, ...]:
    left_out = {id(item) for item in chunk}
    return tuple(item for item in items if id(item) not in left_out)


def _without(scenario: Scenario, field: str, kept: tuple[Any, ...]) -> Scenario | None:
    """Keep only ``kept``; intents whose target is gone go with it."""
    if field == "intents":
        names = {intent.id for intent in kept}
        kept = tuple(intent for intent in kept if intent.target is None or intent.target in names)
        if not kept:
            return None  # an agent without work proves nothing
    return _changed(scenario, {field: kept, "pair": None} if field == "faults" else {field: kept})


# ------------------------------------------------------------------ plain values
Step = Callable[[Scenario], Scenario | None]
"""Makes one thing plainer; None (or the same scenario) where it is plain already."""


_PLAIN_TRIGGER: tuple[dict[str, Any], ...] = (
    {"nth": 1},
    {"times": 1},
    {"tag": None, "symbol": None},
    {"before": None},
)
_PLAIN_INTENT: tuple[dict[str, Any], ...] = (
    {"text": ""},
    {"max_slippage_bps": None, "max_fee_bps": None, "patience": None},
)


def _steps(scenario: Scenario) -> Iterator[Step]:
    """What can be made plainer, the most telling first. Each step starts from the best scenario so far; none changes
    the number of faults or intents."""
    yield lambda s: _changed(s, {"knobs": {}})
    yield _fewer_symbols
    yield _steady
    for n, fault in enumerate(scenario.faults):
        for changes in _PLAIN_TRIGGER:
            yield partial(_plainer_trigger, n, changes)
        for name in type(fault).model_fields:
            yield partial(_plainer_fault, n, name)
    yield _unscripted
    yield _calmer
    yield _shorter
    for n in range(len(scenario.intents)):
        for changes in _PLAIN_INTENT:
            yield partial(_plainer_intent, n, changes)
    yield lambda s: _changed(s, {"leave_resting": False})
    yield lambda s: _changed(s, {"limits": Limits()})


def _plain(search: _Search, steps: Sequence[Step]) -> None:
    """Take all steps at once; where the failure goes away, each half by itself, down to single ones."""
    made = search.best
    for simpler in steps:
        made = simpler(made) or made
    if made == search.best or search.attempt(made) or len(steps) == 1:
        return
    middle = len(steps) // 2
    _plain(search, steps[:middle])
    _plain(search, steps[middle:])


def _replaced(scenario: Scenario, field: str, n: int, item: Any) -> Scenario | None:
    items = getattr(scenario, field)
    return _changed(scenario, {field: (*items[:n], item, *items[n + 1 :])})


def _fewer_symbols(scenario: Scenario) -> Scenario | None:
    """Only the symbols that the intents name."""
    used = {intent.symbol for intent in scenario.intents}
    symbols = tuple(symbol for symbol in scenario.symbols if symbol in used)
    if None in used or not symbols:
        return None
    markets = {name: market for name, market in scenario.markets.items() if name in symbols}
    return _changed(scenario, {"symbols": symbols, "markets": markets})


def _steady(scenario: Scenario) -> Scenario | None:
    """A network whose delay is always the same."""
    latency = scenario.latency
    return None if isinstance(latency, float) else _changed(scenario, {"latency": round(latency.typical, 4)})


def _plainer_trigger(n: int, changes: dict[str, Any], scenario: Scenario) -> Scenario | None:
    """The first operation, once, at any time, on any order."""
    fault = scenario.faults[n]
    plain = fault.model_copy(update={"on": fault.on.model_copy(update=changes)})
    return _replaced(scenario, "faults", n, plain)


def _plainer_fault(n: int, name: str, scenario: Scenario) -> Scenario | None:
    """The default of one of the fault's own parameters, unless it tells variants apart: a minimised failure keeps its
    kind of trouble."""
    fault = scenario.faults[n]
    info = type(fault).model_fields[name]
    if name in ("kind", "on", "venue") or info.is_required():
        return None
    plain = fault.model_copy(update={name: info.default})
    return _replaced(scenario, "faults", n, plain) if plain.variant == fault.variant else None


def _unscripted(scenario: Scenario) -> Scenario | None:
    """Markets to which nothing happens but by chance."""
    plain = {"path": None, "events": (), "tape": None}
    return _changed(
        scenario, {"markets": {name: market.model_copy(update=plain) for name, market in scenario.markets.items()}}
    )


def _calmer(scenario: Scenario) -> Scenario | None:
    """Markets in which nobody else moves."""
    still = {"taker_rate": 0.0, "maker_rate": 0.0, "volatility_bps": 0.0}
    return _changed(
        scenario, {"markets": {name: market.model_copy(update=still) for name, market in scenario.markets.items()}}
    )


def _shorter(scenario: Scenario) -> Scenario | None:
    """End soon after the last thing that happens."""
    last = max((intent.expires or intent.at for intent in scenario.intents), default=0.0)
    last = max([last, *(getattr(fault, "duration", 0.0) + fault.on.after for fault in scenario.faults)])
    until = last + scenario.bounds.settle + 60
    return _changed(scenario, {"until": until}) if until < scenario.until else None


def _plainer_intent(n: int, changes: dict[str, Any], scenario: Scenario) -> Scenario | None:
    return _replaced(scenario, "intents", n, scenario.intents[n].model_copy(update=changes))
