"""Scenario spaces: functions from a Draw to a Scenario. The first is the default.

    scenario = generate("binance_spot", seed=1, index=7)
    accepted, never = pair("binance_spot", seed=1, index=7)

``generate`` gives the same data for the same arguments, whatever was generated before. ``pair`` gives twins: the answer
to a write is lost, with the same symptom; in the first the exchange carried it out, in the second it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outtrade.model.fault import WRITES, LostAnswer
from outtrade.model.scenario import Scenario
from outtrade_mocks.venues import NAMES
from outtrade_suites.spaces import by_venue
from outtrade_suites.spaces.binance_spot import scenario as binance_spot
from outtrade_suites.spaces.breakage import every_kind, faults, swarm
from outtrade_suites.spaces.changing import changing
from outtrade_suites.spaces.crash_points import crash_points
from outtrade_suites.spaces.deadman import deadman
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.equities import equities
from outtrade_suites.spaces.execution import execution
from outtrade_suites.spaces.fallbacks import fallback
from outtrade_suites.spaces.fixed import flagship, smoke, standard
from outtrade_suites.spaces.fleet import fleet
from outtrade_suites.spaces.leveraged import PLACES, at_venue, leveraged
from outtrade_suites.spaces.moving import moving
from outtrade_suites.spaces.orders import orders
from outtrade_suites.spaces.parameters import parameters
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.real_bugs import regressions
from outtrade_suites.spaces.reconciliation import reconciliation
from outtrade_suites.spaces.recovery import recovery
from outtrade_suites.spaces.retry import retry
from outtrade_suites.spaces.shares import shares
from outtrade_suites.spaces.trailing import trailing
from outtrade_suites.spaces.turbulent import turbulent
from outtrade_suites.spaces.wire import wire, wire_stream

Space = Callable[[Draw], Scenario]

SPACES: dict[str, Space] = {
    "binance_spot": binance_spot,
    "flagship": flagship,
    "standard": standard,
    "smoke": smoke,
    "wire": wire,
    "wire_stream": wire_stream,
    "turbulent": turbulent,
    "regressions": regressions,
    "retry": retry,
    "orders": orders,
    "faults": faults,
    "swarm": swarm,
    "every_kind": every_kind,
    "crash_points": crash_points,
    "recovery": recovery,
    "execution": execution,
    "parameters": parameters,
    "fleet": fleet,
    "changing": changing,
    "leveraged": leveraged,
    "reconciliation": reconciliation,
    "fallback": fallback,
    "moving": moving,
    "equities": equities,
    "deadman": deadman,
    "trailing": trailing,
    "shares": shares,
}
SPACES |= {f"leveraged//{venue}": at_venue(venue) for venue in PLACES}
SPACES |= {venue: by_venue.space(venue) for venue in NAMES if venue not in SPACES}

__all__ = ["SPACES", "Draw", "generate", "pair"]


def generate(space: str, seed: int, index: int, *, pins: Mapping[str, Any] | None = None) -> Scenario:
    """The ``index``-th scenario of a space for a seed; ``pins`` fix labelled draws. KeyError where no such space is."""
    return SPACES[space](Draw(seed, index, pins=pins))


def pair(space: str, seed: int, index: int, *, symptom: str | None = None) -> tuple[Scenario, Scenario]:
    """Twins that differ only in whether the lost write was committed: (committed, absent).

    Over consecutive indices all usual symptoms come in turn, unless one is named. The lost answer is the only fault,
    but for a failed question."""
    symptom = symptom or SYMPTOMS[index % len(SYMPTOMS)]
    pins = {
        "has fault 1": True,
        "fault 1": f"lost_answer.{symptom}.committed",
        "has fault 2": False,
        "has fault 3": False,
    }
    base = generate(space, seed, index, pins=pins)
    place = next(
        number for number, fault in enumerate(base.faults) if isinstance(fault, LostAnswer) and fault.on.op in WRITES
    )
    name = base.pair or f"{base.id}-pair"

    def twin(committed: bool) -> Scenario:
        lost = base.faults[place].model_copy(update={"committed": committed})
        faults = (*base.faults[:place], lost, *base.faults[place + 1 :])
        return base.model_copy(
            update={"id": f"{name}-{'committed' if committed else 'absent'}", "pair": name, "faults": faults}
        )

    return twin(True), twin(False)
