"""The second backend of ``Draw``: the choices of a scenario space are draws of Hypothesis.

The spaces do not notice. Every draw is a plain one from a simple strategy, made so that smaller means simpler: numbers
shrink to their lower bound, booleans to False (no fault, no extra), choices to the first option, orders to the order
given. Labels do not name the choice here, the order of draws does; what shrinking leaves out is simply not drawn.

Two differences from the draws by hash: weights of a ``choice`` are ignored (they shape statistics, not validity), and
tags are no draws but hashes of their labels, because shrinking would make them all alike and they must differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from outtrade_suites.spaces.draw import Draw

T = TypeVar("T")
DrawFn = Callable[[st.SearchStrategy[Any]], Any]
"""What ``hypothesis.strategies.composite`` hands to its function."""

INDICES = 1000
"""Indices drawn from; spaces that alternate by index (the flagship's twins) show both sides."""


class HypothesisDraw(Draw):
    """Draws of one example. ``sub`` draws come from the same example."""

    def __init__(self, draw: DrawFn, *, index: int | None = None, path: tuple[str, ...] = ()) -> None:
        super().__init__(0, draw(st.integers(0, INDICES - 1)) if index is None else index, path=path)
        self._draw = draw

    def integer(self, label: str, low: int, high: int) -> int:
        if low > high:
            raise ValueError(f"{label}: nothing lies between {low} and {high}")
        self._name(label)
        return low + int(self._draw(st.integers(0, high - low)))

    def number(self, label: str, low: float, high: float, *, digits: int = 3) -> float:
        if low > high:
            raise ValueError(f"{label}: nothing lies between {low} and {high}")
        self._name(label)
        scale = 10**digits
        first, last = math.ceil(low * scale), math.floor(high * scale)
        value = low if first >= last else (first + self._draw(st.integers(0, last - first))) / scale
        return min(max(round(value, digits), low), high)

    def boolean(self, label: str, probability: float = 0.5) -> bool:
        self._name(label)
        if not 0 < probability < 1:
            return probability >= 1
        return bool(self._draw(st.integers(0, 99)) >= 100 - min(max(round(100 * probability), 1), 99))

    def choice(self, label: str, options: Sequence[T], *, weights: Sequence[float] | None = None) -> T:
        if not options:
            raise ValueError(f"{label}: there is nothing to choose from")
        self._name(label)
        return options[self._draw(st.integers(0, len(options) - 1))]

    def shuffled(self, label: str, options: Sequence[T]) -> list[T]:
        self._name(label)
        return [options[i] for i in self._draw(st.permutations(range(len(options))))]

    def spread(self, label: str, options: Sequence[T]) -> T:
        return self.choice(label, options)

    def sub(self, label: str) -> Draw:
        self._name(label)
        return HypothesisDraw(self._draw, index=self.index, path=(*self._path, label))
