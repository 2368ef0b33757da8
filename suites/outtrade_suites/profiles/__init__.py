"""Frozen profiles (``NAME.json`` and ``NAME.scenarios.xz``), and the recipes by which the next ones are frozen.

A recipe says which spaces the scenarios of a family come from and which properties it holds; it is read once, when
``python dev.py freeze NAME`` runs, and never by those who run the profile. Names are FAMILY-YEAR.MONTH::

    exec-core-2026.11           every dimension
    exec-retry-2026.11          the properties of one dimension, in scenarios that make them apply
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outtrade.profile import Drawn

DIMENSIONS = ("parameters", "retry", "recovery", "reconciliation", "orders", "execution")
SEED = 2611
"""Of every part of a recipe."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a family of profiles is made of. ``spaces``: name -> scenarios; those that the suite has not got are left
    out. ``dimension``: whose properties it holds (None: all). ``requires``: parts of every report."""

    about: str
    spaces: tuple[tuple[str, int], ...]
    dimension: str | None = None
    requires: tuple[str, ...] = ("outcomes", "orders")

    def drawn(self, known: Iterable[str]) -> Iterator[Drawn]:
        """Where the scenarios come from, among the spaces that there are."""
        there = set(known)
        return (Drawn(space=name, seed=SEED, count=count) for name, count in self.spaces if name in there)


_BOOKS = ("outcomes", "orders", "fills", "positions", "balances")

RECIPES: dict[str, Recipe] = {
    "exec-core": Recipe(
        "Everything that is judged, at a spot exchange under realistic faults.",
        (
            ("binance_spot", 160),
            ("turbulent", 40),
            ("regressions", 60),
            *((name, 30) for name in (*DIMENSIONS, "moving")),
        ),
        requires=_BOOKS,
    ),
    "exec-parameters": Recipe(
        "Valid orders: prices, quantities, ids, what the venue takes.",
        (("parameters", 60), ("binance_spot", 40)),
        "parameters",
    ),
    "exec-retry": Recipe(
        "Sending again, and when not to: lost answers, limits, refusals.",
        (("retry", 60), ("binance_spot", 40)),
        "retry",
    ),
    "exec-recovery": Recipe(
        "Finding out what became of orders: doubt, crashes, gaps of streams.",
        (("recovery", 60), ("binance_spot", 40)),
        "recovery",
    ),
    "exec-reconciliation": Recipe(
        "Books that equal the exchange's: orders, fills, positions, balances, fees.",
        (("reconciliation", 60), ("binance_spot", 40)),
        "reconciliation",
        _BOOKS,
    ),
    "exec-orders": Recipe(
        "The life of orders and protection: deadlines, partial fills, cancels, stops.",
        (("orders", 60), ("moving", 30), ("binance_spot", 40), ("turbulent", 20)),
        "orders",
    ),
    "exec-execution": Recipe(
        "Execution and limits: price, slippage, fees, caps.",
        (("execution", 60), ("binance_spot", 40), ("turbulent", 20)),
        "execution",
    ),
}
"""Family -> recipe."""


def recipe(name: str) -> Recipe:
    """The recipe of the family of profile ``name``. Raises KeyError where there is none."""
    return RECIPES[name.rpartition("-")[0]]
