"""``outtrade list venues``: side by side, in full, as JSON."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from cli.test_cli import outtrade, same
from outtrade_mocks.venues import NAMES, load
from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.vocabulary import TRAITS


def venue(name: str, says: str, *, judged: bool = True) -> ModuleType:
    """A stand-in for a venue: every trait says the same, but for one."""
    module = ModuleType(name, f"{name}: a venue.\n\nAnd more.")
    said = Trait(says, f"the documents of {name}", "documented" if judged else "inferred")
    module.traits = dict.fromkeys(TRAITS, said) | {
        "duplicate_answer": Trait({"status": 400, "code": -1}, "a tape", "recorded")
    }
    module.market, module.rest_url = "spot", f"https://{name}.test"
    return module


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {name: venue(name, f"as {name} does", judged=name != "east") for name in ("east", "north", "west")}
    made["west"].traits["own"] = Trait(None, "nobody says", "unknown")
    monkeypatch.setattr("outtrade.cli.venues.NAMES", tuple(made))
    monkeypatch.setattr("outtrade.cli.venues.load", made.__getitem__)


def test_venues_side_by_side(three: None) -> None:
    same(
        "traits", "\n".join(line.rstrip() for line in outtrade("list", "venues", "--traits").stdout.splitlines()) + "\n"
    )


def test_one_venue_in_full(three: None) -> None:
    same("traits_of_one", outtrade("list", "venues", "west", "--traits").stdout)


def test_as_json(three: None) -> None:
    told = json.loads(outtrade("list", "venues", "--traits", "--json").stdout)
    assert list(told["venues"]) == ["east", "north", "west"] and told["traits"] == dict(TRAITS)
    west = told["venues"]["west"]["traits"]
    assert west["duplicate_answer"] == {
        "value": {"status": 400, "code": -1},
        "source": "a tape",
        "confidence": "recorded",
    }
    assert west["own"]["value"] is None
    assert "traits" not in json.loads(outtrade("list", "venues", "--json").stdout)["venues"]["west"]


@pytest.mark.parametrize("name", NAMES)
def test_every_venue_can_be_shown(name: str) -> None:
    assert name in outtrade("list", "venues").stdout
    full = outtrade("list", "venues", name, "--traits").stdout
    assert all(f"  {trait}\n" in full for trait in load(name).traits)
    assert len(full.splitlines()) > 3 * len(TRAITS) and max(map(len, full.splitlines())) <= 80
    shown = json.loads(outtrade("list", "venues", name, "--traits", "--json").stdout)
    assert set(shown["venues"][name]["traits"]) == set(load(name).traits)


def test_no_such_venue() -> None:
    done = outtrade("list", "venues", "nowhere")
    assert done.exit_code == 2 and "no venue 'nowhere'; there is alpaca, binance_spot" in done.stderr
