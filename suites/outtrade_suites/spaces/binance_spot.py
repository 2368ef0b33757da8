"""The default space: usual scenarios on a mild Binance spot market, or with the instruments of a recording."""

from __future__ import annotations

from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import universe
from outtrade_suites.spaces.usual import usual


def scenario(d: Draw) -> Scenario:
    """1 to 6 intents over 7 to 30 virtual minutes, 0 to 3 faults, on a mild Binance spot market."""
    return usual(d, universe(d.recorded), venue="binance_spot", knobs={"event_first": d.boolean("event first")})
