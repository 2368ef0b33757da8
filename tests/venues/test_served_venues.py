"""``outtrade serve`` without a scenario: every venue has bitcoin and ether, spot and contracts as it has them."""

from __future__ import annotations

import pytest

from outtrade.cli.serve import plain_scenario
from outtrade.engine.setting import Setting
from outtrade.sim import World
from outtrade_mocks.venues import NAMES, load


@pytest.mark.parametrize("venue", NAMES)
def test_what_is_served_unless_a_scenario_is_given(venue: str) -> None:
    made = plain_scenario(venue, 1)
    kinds = {"/".join(symbol.split("/")[1:]) for symbol in made.symbols}
    assert sorted(made.symbols) == sorted(f"{base}/{kind}" for base in ("BTC", "ETH") for kind in kinds)
    assert {":" in kind for kind in kinds} == {":" in symbol for symbol in load(venue).symbols}
    setting = Setting(World(epoch_ns=made.epoch * 10**9, seed=1), made, name="served", scope="A")
    assert set(setting.venue.truth()["mids"]) == set(made.symbols)
