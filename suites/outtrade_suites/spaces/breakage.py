"""Spaces about faults: every variant in turn, and swarms.

``faults`` goes through all variants of all kinds, those of the usual scenarios and the rarer ones, each as often as any
other. ``swarm`` turns a random subset of the kinds on for each scenario and takes up to four faults from that subset:
some combinations never come where everything may happen at once (Groce et al., "Swarm testing", ISSTA 2012).
``every_kind`` has four faults of different kinds in each scenario, and each kind as often as any other: the shortest
way to see all of them land (bench/fault_coverage.py).
"""

from __future__ import annotations

from collections.abc import Callable

from outtrade.model.scenario import Scenario
from outtrade_suites.spaces import plans
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import universe
from outtrade_suites.spaces.plans import Wish
from outtrade_suites.spaces.usual import usual

KINDS: tuple[str, ...] = tuple(dict.fromkeys(variant.partition(".")[0] for variant in plans.EVERY))
"""Every kind of fault that a space can plan."""


def faults(d: Draw) -> Scenario:
    """Usual orders on Binance spot under every variant of every fault in turn, two or three to a scenario."""
    return _made(d, "faults", evenly)


def swarm(d: Draw) -> Scenario:
    """Usual orders on Binance spot; each scenario turns a random subset of the kinds on, and has up to four faults."""
    return _made(d, "swarm", from_a_subset)


def every_kind(d: Draw) -> Scenario:
    """Usual orders on Binance spot, four kinds of fault to a scenario, each kind as often as any other."""
    return _made(d, "every_kind", by_kind)


def _made(d: Draw, name: str, wished: Callable[[Draw], list[Wish]]) -> Scenario:
    knobs = {"event_first": d.boolean("event first")}
    made = usual(d, universe(d.recorded), venue="binance_spot", knobs=knobs, wished=wished)
    return made.model_copy(update={"id": made.id.replace("binance_spot", name, 1), "space": name})


def evenly(d: Draw) -> list[Wish]:
    """Two or three faults, each from a shuffled round of all variants."""
    found: list[Wish] = []
    for number, chance in ((1, 1.0), (2, 1.0), (3, 0.6)):
        present, variant = d.boolean(f"has fault {number}", chance), d.spread(f"fault {number}", plans.EVERY)
        if present:
            _add(found, plans.wish(d.sub(f"wish {number}"), variant))
    return found


def by_kind(d: Draw) -> list[Wish]:
    """Four kinds, each from a shuffled round of all kinds; then one of its forms."""
    found: list[Wish] = []
    for number in range(1, 5):
        _form(d, found, number, d.spread(f"kind {number}", KINDS))
    return found


def enabled(d: Draw) -> tuple[str, ...]:
    """The kinds that are on in this scenario: each with an even chance, at least two."""
    on = tuple(kind for kind in KINDS if d.boolean(f"on {kind}"))
    return on if len(on) > 1 else tuple(d.shuffled("at least", KINDS)[:2])


def from_a_subset(d: Draw) -> list[Wish]:
    """One to four faults of the kinds that are on; the kind is drawn first, so that kinds with many variants do not
    crowd the others out."""
    on, found = enabled(d), list[Wish]()
    for number in range(1, d.integer("faults", 1, 4) + 1):
        _form(d, found, number, d.choice(f"kind {number}", on))
    return found


def _form(d: Draw, found: list[Wish], number: int, kind: str) -> None:
    variants = [variant for variant in plans.EVERY if variant.partition(".")[0] == kind]
    _add(found, plans.wish(d.sub(f"wish {number}"), d.choice(f"variant {number}", variants)))


def _add(found: list[Wish], wish: Wish) -> None:
    """A kind comes twice only where that makes sense."""
    if wish.kind not in {other.kind for other in found} or wish.kind in plans.REPEATABLE:
        found.append(wish)
