"""A market as plain data: profiles, paths, events, recordings; what is none is refused in one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.run import run
from outtrade.model.history import NS, FillTruth, Header, Snapshot
from outtrade.model.scenario import Market, Scenario, ScenarioError
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess
from outtrade_mocks.core.profiles import PROFILES
from outtrade_mocks.core.script import KINDS

PLAIN: dict[str, Any] = {"mid": "50000", "depth": "0.5", "taker_size": "0.4"}
PATH = {"points": [[0, "50000"], [12, "47500"]]}
GAP = {"kind": "gap", "at": [3, 5], "percent": -5}
EVENTS = [
    GAP,
    {"kind": "flash_crash", "at": 60, "percent": -20, "fall": 3, "recover": 30},
    {"kind": "one_sided", "at": 8, "lasts": 3, "missing": "bids"},
    {"kind": "trade_through", "at": 7, "percent": -1.0},
    {"kind": "widening", "at": 90, "lasts": 5, "factor": 4, "depth": 0.5},
]
TAPE = {
    "books": [[0, [["49990", "1"]], [["50010", "2"]]], [10, [], [["50020", "1"]]]],
    "trades": [[5, "50010", "0.5", "buy"]],
    "provenance": "recorded",
    "source": "api.binance.com, a test",
}


def scenario(**market: Any) -> dict[str, Any]:
    return {
        "format": "outtrade.scenario", "version": 1, "id": "market", "seed": 1, "symbols": ["BTC/USDT"],
        "balances": {"USDT": "100000"}, "intents": [], "until": 120.0, "markets": {"BTC/USDT": market},
    }  # fmt: skip


def read(**market: Any) -> Scenario:
    return Scenario.from_json(json.dumps(scenario(**market)))


@pytest.mark.parametrize(
    "more", [{}, {"path": PATH}, {"events": EVENTS}, {"path": PATH, "events": EVENTS}, {"tape": TAPE}]
)
def test_it_is_written_as_it_was_read(more: dict[str, Any]) -> None:
    made = read(**PLAIN, **more)
    assert Scenario.from_json(made.to_json()) == made
    written = json.loads(made.to_json())["markets"]["BTC/USDT"]
    assert set(written) == set(PLAIN) | set(more), "what is not there leaves no trace: histories keep their hashes"
    assert [event["kind"] for event in written.get("events", [])] == [event["kind"] for event in more.get("events", [])]
    jsonschema.validate(written, Market.model_json_schema())


def test_a_profile_sets_what_is_not_given() -> None:
    made = read(mid="50000", profile="thin", unit="0.1", levels=4)
    market = made.markets["BTC/USDT"]
    assert (market.depth, market.spread_bps, market.levels) == (Decimal("0.05"), 15.0, 4)
    written = json.loads(made.to_json())["markets"]["BTC/USDT"]
    assert "profile" not in written and "unit" not in written, "a written scenario holds the numbers"
    schema = Market.model_json_schema()
    assert schema["properties"]["profile"]["enum"] == list(PROFILES)
    jsonschema.validate({"mid": "50000", "profile": "thin", "unit": "0.1"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"mid": "50000"}, schema)


@pytest.mark.parametrize(
    ("market", "message"),
    [
        (PLAIN | {"mid": "0"}, "BTC/USDT: .*must be positive"),
        (PLAIN | {"spread_bps": "inf"}, "not negative"),
        (PLAIN | {"events": [GAP | {"at": -1}]}, "events.0.gap: .*at is"),
        (PLAIN | {"events": [GAP | {"percent": "NaN"}]}, "events.0.gap: .*percent is"),
        (PLAIN | {"events": [{"kind": "gap", "percent": 1}]}, "events.0.gap.at: Field required"),
        (PLAIN | {"events": [GAP | {"kind": "flood"}]}, "events.0: .*'flood'"),
        (PLAIN | {"events": [GAP | {"more": 1}]}, "events.0.gap.more"),
        (PLAIN | {"events": [7]}, "events.0"),
        (PLAIN | {"path": {"points": [[5, "50000"], [3, "50000"]]}}, "path: .*in order of time"),
        (PLAIN | {"path": {"points": [[5, "1"]]}}, "mid / 20"),
        (PLAIN | {"path": {"points": [[5, "Infinity"]]}}, "path.points.0.1"),
        (PLAIN | {"path": PATH | {"shape": "round"}}, "path.shape"),
        (PLAIN | {"tape": TAPE, "events": EVENTS}, "no opening, path or events"),
        (PLAIN | {"tape": TAPE | {"books": []}}, "begins with an order book"),
        (PLAIN | {"tape": TAPE | {"trades": [[1, "2", "3", "give"]]}}, "tape.trades.0.3"),
        ({"mid": "1", "profile": "fat", "unit": "1"}, "there are deep, normal, thin, illiquid"),
        ({"mid": "1", "profile": "fat\nand more", "unit": "1"}, "no profile"),
        ({"mid": "1", "profile": "thin"}, "needs a unit"),
        ({"mid": "1", "profile": "thin", "unit": "NaN"}, "positive quantity"),
        ({"mid": "1", "unit": "1"}, "no profile"),
    ],
)  # fmt: skip
def test_what_is_no_market_is_refused_in_one_line(market: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        read(**market)
    assert "\n" not in str(caught.value)


def test_an_agent_meets_what_the_scenario_says() -> None:
    """A resting bid is caught by a flash crash, at its own price, at the time the scenario says."""

    def execute(task: Task, venue: VenueAccess) -> Report:
        import time

        venue.ccxt().create_order("BTC/USDT", "limit", "buy", 0.1, 45_000)
        time.sleep(110)
        return Report(outcomes={}, orders=())

    still = {"maker_rate": 0, "taker_rate": 0, "volatility_bps": 0}
    made = read(**PLAIN, **still, events=[EVENTS[1] | {"at": [60, 80]}])
    runs = [run(Target("test", "A", False, lambda: execute), made) for _ in range(2)]
    fills = [event for event in runs[0].events if isinstance(event, FillTruth)]
    assert {fill.price for fill in fills} == {"45000"} and sum(float(fill.quantity) for fill in fills) == 0.1
    assert all(60 * NS < fill.at < 84 * NS and fill.maker for fill in fills)
    assert runs[0].hash() == runs[1].hash()
    ends = [event for event in runs[0].events if isinstance(event, Snapshot)]
    assert ends[-1].mids["BTC/USDT"] == ends[0].mids["BTC/USDT"], "and the price came back"
    header = runs[0].header
    assert isinstance(header, Header)
    assert header.scenario["markets"]["BTC/USDT"]["events"][0]["kind"] == "flash_crash"


def test_what_the_page_shows_is_a_market() -> None:
    page = (Path(__file__).parents[2] / "docs" / "markets.md").read_text()
    blocks = re.findall(r"```json\n(.*?)```", page, re.S)
    shown = [Market.model_validate(json.loads(block)) for block in blocks]
    assert len(shown) == 4 and {event.kind for market in shown for event in market.events} == set(KINDS)
    for name, profile in PROFILES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        spread, depth, levels, volatility, takes, renews = re.findall(r"[\d.]+", row)
        said = (float(spread), Decimal(depth), int(levels), float(volatility), 1 / float(takes), 1 / float(renews))
        assert said == (
            profile.spread_bps, profile.depth, profile.levels, profile.volatility_bps, profile.take_rate, profile.refill
        )  # fmt: skip


def test_the_drawing_is_that_of_the_example(tmp_path: Path) -> None:
    """docs/markets.svg is what the example draws today."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(root / "examples" / "markets.py"), "--svg", str(tmp_path / "drawn.svg")],
        env=os.environ | {"PYTHONPATH": str(root / "mocks")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count("\n") == 1 + len(PROFILES) + 8 + 1
    assert (tmp_path / "drawn.svg").read_text() == (root / "docs" / "markets.svg").read_text()
    drawing = ElementTree.parse(tmp_path / "drawn.svg").getroot()
    assert sum(element.tag.endswith("polyline") for element in drawing.iter()) >= 3 * 12 + 1


def test_a_tape_off_the_venues_grid_is_one_line(tmp_path: Path) -> None:
    """Only the venue knows its ticks."""
    off = TAPE | {"books": [[0, [["49990.001", "1"]], []]]}
    file = tmp_path / "off.json"
    file.write_text(json.dumps(scenario(**PLAIN, tape=off)))
    done = CliRunner().invoke(app, ["replay", str(file), "--target", "agent:httpx"])
    assert done.exit_code == 2
    assert done.output.startswith("outtrade: binance_spot cannot play this scenario: price 49990.001 is not a multiple")
    assert done.output.count("\n") == 1
