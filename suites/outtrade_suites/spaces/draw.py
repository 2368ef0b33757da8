"""Labelled draws: how a scenario space makes its choices.

A scenario space is a function ``def scenario(d: Draw) -> Scenario``. It asks for everything by name::

    side = d.choice("side", ("buy", "sell"))
    legs = [leg(d.sub(f"leg {i}")) for i in range(d.integer("legs", 1, 3))]

Here each value is a hash of (seed, index, path of labels), so draws are independent of one another: an extra draw, or
another order of draws, changes no other value. Old seeds keep their meaning while a space grows. A label names one
draw: asking twice for the same one is an error of the space.

``spread`` is for what must occur often enough: over consecutive indices every option comes equally often, in an
order shuffled anew for each round. ``pins`` fix labelled draws from outside (the twins of a pair, a user's question
"what if").

Other backends (Hypothesis) override the few primitives at the end.

    >>> a, b = Draw(1, 0), Draw(1, 0)
    >>> b.boolean("something else", 0.5) in (True, False) and a.integer("n", 1, 9) == b.integer("n", 1, 9)
    True
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from outtrade.reference import Recorded

T = TypeVar("T")

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Tags avoid the letters and digits that people confuse."""


class Draw:
    """Draws of one scenario: the ``index``-th of a ``seed``."""

    recorded: Recorded | None = None
    """Instruments and markets that the scenario is to use instead of the space's own; of the outermost Draw only."""

    faults: Literal["none", "realistic", "hostile"] | None = None
    """How much is to break, where the user says so (``outtrade run --faults``); of the outermost Draw only."""
    obeyed = False
    """Whether the space asked for that."""

    def __init__(
        self, seed: int, index: int, *, path: tuple[str, ...] = (), pins: Mapping[str, Any] | None = None
    ) -> None:
        self.seed = seed
        self.index = index
        self._path = path
        self._pins = dict(pins or {})
        self._used: set[str] = set()

    # -------------------------------------------------------------- draws
    def integer(self, label: str, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        if low > high:
            raise ValueError(f"{label}: nothing lies between {low} and {high}")
        name = self._name(label)
        return int(self._pins.get(name, low + int(self._unit(name) * (high - low + 1))))

    def number(self, label: str, low: float, high: float, *, digits: int = 3) -> float:
        """A number from ``low`` to ``high``, rounded to ``digits`` decimal places."""
        if low > high:
            raise ValueError(f"{label}: nothing lies between {low} and {high}")
        name = self._name(label)
        value = float(self._pins.get(name, low + self._unit(name) * (high - low)))
        return min(max(round(value, digits), low), high)

    def boolean(self, label: str, probability: float = 0.5) -> bool:
        """True with the given probability."""
        name = self._name(label)
        return bool(self._pins.get(name, self._unit(name) < probability))

    def choice(self, label: str, options: Sequence[T], *, weights: Sequence[float] | None = None) -> T:
        """One of the options, by weight where weights are given."""
        if not options:
            raise ValueError(f"{label}: there is nothing to choose from")
        name = self._name(label)
        if name in self._pins:
            return self._pins[name]  # type: ignore[no-any-return]
        if weights is None:
            return options[int(self._unit(name) * len(options))]
        mark = self._unit(name) * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            mark -= weight
            if mark < 0:
                return option
        return options[-1]

    def shuffled(self, label: str, options: Sequence[T]) -> list[T]:
        """All options in a drawn order."""
        return self._shuffle(self._name(label), options)

    def spread(self, label: str, options: Sequence[T]) -> T:
        """One of the options, such that each comes once in every ``len(options)`` consecutive indices.

        Give an option twice to have it twice as often."""
        if not options:
            raise ValueError(f"{label}: there is nothing to choose from")
        name = self._name(label)
        if name in self._pins:
            return self._pins[name]  # type: ignore[no-any-return]
        round_, place = divmod(self.index, len(options))
        order = _order(f"{self.seed}/{name}/{round_}", len(options))
        return options[order[place]]

    def tag(self, label: str) -> str:
        """Eight letters and digits, in effect unique."""
        name = self._name(label)
        if name in self._pins:
            return str(self._pins[name])
        value = int(self._unit(name) * 2**53)
        letters = []
        for _ in range(8):
            value, digit = divmod(value, len(_ALPHABET))
            letters.append(_ALPHABET[digit])
        return "".join(letters)

    def sub(self, label: str) -> Draw:
        """A Draw of its own for a part; its labels do not clash with those outside."""
        name = self._name(label)
        return Draw(
            self.seed,
            self.index,
            path=(*self._path, label),
            pins={key: value for key, value in self._pins.items() if key.startswith(name + "/")},
        )

    def profile(self) -> Literal["none", "realistic", "hostile"] | None:
        """How much is to break; None: what the space itself provides for."""
        self.obeyed = True
        return self.faults

    # -------------------------------------------------------------- primitives
    def _name(self, label: str) -> str:
        if "/" in label:
            raise ValueError(f"a label holds no slash: {label!r}")
        if label in self._used:
            raise ValueError(f"drawn twice: {'/'.join((*self._path, label))}")
        self._used.add(label)
        return "/".join((*self._path, label))

    def _unit(self, name: str) -> float:
        """A number in [0, 1) for a full label."""
        return _unit(f"{self.seed}/{self.index}/{name}")

    def _shuffle(self, name: str, options: Sequence[T]) -> list[T]:
        return [options[i] for i in _order(f"{self.seed}/{self.index}/{name}", len(options))]


def _unit(key: str) -> float:
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _order(key: str, length: int) -> list[int]:
    """A permutation of range(length) by hash."""
    return sorted(range(length), key=lambda i: (_unit(f"{key}/{i}"), i))
