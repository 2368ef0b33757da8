"""A recording under the stateful core: its symbols, rules, fees, prices and book; hostile and poor ones in one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from reference_kit import SYMBOLS, got, symbol, tape
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.run import run
from outtrade.model.scenario import Scenario
from outtrade.reference import Recorded, read_reference, with_reference
from outtrade.suites import SuiteError, load
from outtrade.targets import resolve
from outtrade.testing.venue import scenario, served
from outtrade_mocks.cassettes import CassetteError, Interaction
from outtrade_mocks.cassettes.writing import render
from outtrade_mocks.venues import VenueError


def _written(folder: Path, *more: Interaction, symbols: Any = None, suffix: str = ".yaml") -> Path:
    path = folder / f"their_run{suffix}"
    path.write_text(render(tape(*more, symbols=symbols), form=suffix[1:]))
    return path


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    path = _written(tmp_path)
    yield read_reference(path)


def test_what_is_read(tmp_path: Path, recorded: Recorded) -> None:
    assert recorded.symbols == ("SOL/USDT", "LINK/USDT", "SOL/BTC"), "books, then best prices, then prices"
    assert recorded.reference.sha256 == hashlib.sha256((tmp_path / "their_run.yaml").read_bytes()).hexdigest()
    assert recorded.reference.provenance == "recorded"
    sol, link, cross = recorded.markets.values()
    assert sol.opening is not None and sol.opening[0][0] == (Decimal("187.31"), Decimal("120.5"))
    assert (sol.mid, sol.levels, sol.taker_size) == (Decimal("187.315"), 10, Decimal(3))
    assert (link.mid, link.depth, link.opening) == (Decimal("21.402"), Decimal(500), None)
    assert cross.mid == Decimal("0.00210055")
    assert recorded.instruments["SOL/USDT"].tick == Decimal("0.01")
    assert recorded.instruments["SOL/USDT"].maker_fee == Decimal("0.0008")
    assert recorded.instruments["LINK/USDT"].maker_fee == Decimal("0.001")
    same = read_reference(_written(tmp_path, suffix=".json"))
    assert same.markets == recorded.markets and same.reference.listings == recorded.reference.listings


def test_symbols_are_chosen(tmp_path: Path) -> None:
    assert read_reference(_written(tmp_path), symbols=["SOL/BTC", "SOL/USDT"]).symbols == ("SOL/BTC", "SOL/USDT")


def test_the_mock_is_stateful_on_it(recorded: Recorded) -> None:
    with served(scenario(recorded=recorded)) as venue:
        base = venue.access.rest_url + "/api/v3"

        def ask(path: str) -> Any:
            return venue.world.run_blocking(lambda: httpx.get(base + path).json())

        book = ask("/depth?symbol=SOLUSDT&limit=1")
        assert (book["bids"], book["asks"]) == ([["187.31000000", "120.50000000"]], [["187.32000000", "98.25000000"]])
        link = ask("/ticker/bookTicker?symbol=LINKUSDT")
        assert (link["bidPrice"], link["askPrice"]) == ("21.40100000", "21.40300000")
        info = ask("/exchangeInfo")
        assert [entry["symbol"] for entry in info["symbols"]] == ["SOLUSDT", "LINKUSDT", "SOLBTC"]
        assert "STOP_LOSS_LIMIT" in info["symbols"][0]["orderTypes"], "as recorded"
        assert not info["symbols"][0]["opoAllowed"], "only what the mock executes"
        exchange = venue.access.ccxt()

        def trade() -> Any:
            return exchange.create_order("SOL/USDT", "limit", "buy", 100, 187.32)

        order = venue.world.run_blocking(trade)
        assert order["filled"] == 98.25, "what the recorded best ask held"
        assert venue.fills[0].fee == "0.09825" and venue.fills[0].price == "187.32"
        assert [entry.status for entry in venue.working] == ["open"]


def test_a_scenario_needs_no_other_file(recorded: Recorded) -> None:
    made = load().scenario("binance_spot", 1, 4, recorded=recorded)
    assert made.reference is not None and set(made.reference.listings) == set(made.symbols)
    assert made.id.endswith(recorded.reference.sha256[:8])
    again = Scenario.from_json(made.to_json())
    assert again == made
    target = resolve("agent:ccxt")
    assert run(target, again).to_jsonl() == run(target, made).to_jsonl()


@pytest.mark.parametrize("space", ["binance_spot", "wire"])
@pytest.mark.parametrize("chosen", [("SOL/USDT",), ("LINK/USDT", "SOL/BTC"), ()])
def test_spaces_draw_from_it(tmp_path: Path, space: str, chosen: tuple[str, ...]) -> None:
    recorded = read_reference(_written(tmp_path), symbols=chosen)
    used: set[str] = set()
    faults = 0
    for index in range(60):
        made = load().scenario(space, 3, index, recorded=recorded)
        assert set(made.symbols) <= set(recorded.symbols) == set(chosen or recorded.symbols)
        used |= set(made.symbols)
        faults += len(made.faults)
        for intent in made.intents:
            if intent.kind == "order" and intent.symbol in recorded.instruments and intent.limit_price is not None:
                ratio = intent.limit_price / made.markets[intent.symbol].mid
                assert Decimal("0.09") < ratio < Decimal("6.1")
        assert made.to_json() == load().scenario(space, 3, index, recorded=recorded).to_json()
    assert used == set(recorded.symbols) and faults > 30


def test_a_space_with_symbols_of_its_own_says_so(recorded: Recorded) -> None:
    with pytest.raises(SuiteError, match="the space flagship has symbols of its own"):
        load().scenario("flagship", 1, 0, recorded=recorded)


def test_a_given_scenario_can_be_put_on_it(recorded: Recorded) -> None:
    with pytest.raises(CassetteError, match=r"no BTC/USDT among SOL/USDT, LINK/USDT, SOL/BTC"):
        with_reference(scenario(), recorded)


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        ("XRP/USDT", r"^their_run.yaml: no XRP/USDT in its exchangeInfo; there is SOL/USDT, LINK/USDT, SOL/BTC, ADA"),
        ("OLD/USDT", "OLD/USDT cannot be played: it is not open"),
        ("ADA/USDT", "no price of ADA/USDT in it: record its depth or ticker"),
        ("a\nb\x1b[31m" + "x" * 500, r"no a b\?\[31mx"),
    ],
)
def test_symbols_that_are_missing(tmp_path: Path, chosen: str, complaint: str) -> None:
    with pytest.raises(CassetteError, match=complaint) as caught:
        read_reference(_written(tmp_path), symbols=[chosen])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def _broken(**changes: Any) -> dict[str, Any]:
    """A symbol one field of one filter of which is something else."""
    made = json.loads(json.dumps(symbol("SOL", "USDT", "0.01000000", "0.00100000")))
    for rule in made["filters"]:
        rule.update({name: value for name, value in changes.items() if name in rule})
    made.update({name: value for name, value in changes.items() if name in made})
    return dict(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"tickSize": "NaN"},
        {"tickSize": "1e999999999"},
        {"tickSize": "-0.01"},
        {"tickSize": "0.00000000"},
        {"tickSize": 0.01},
        {"tickSize": "9" * 5000},
        {"tickSize": "0.0000000001"},
        {"maxQty": "Infinity"},
        {"minNotional": None},
        {"bidMultiplierUp": ["5"]},
        {"maxNumOrders": -1},
        {"maxNumOrders": "200"},
        {"filters": []},
        {"filters": "PRICE_FILTER"},
        {"filters": [[], 5, {"filterType": ["x"]}]},
        {"orderTypes": ["LIMIT"]},
        {"baseAsset": "<script>"},
        {"baseAsset": ["SOL"]},
        {"baseAsset": "USDT"},
        {"baseAssetPrecision": 2},
        {"status": "HALT"},
    ],
)
def test_reference_data_that_cannot_be_played(tmp_path: Path, recorded: Recorded, changes: dict[str, Any]) -> None:
    raw = _broken(**changes)
    with pytest.raises(CassetteError) as caught:
        read_reference(_written(tmp_path, symbols=[raw]))
    assert "no symbol that can be played" in str(caught.value) and len(str(caught.value)) < 250
    # the same inside a scenario file
    made = scenario(recorded=recorded)
    data = json.loads(made.to_json())
    data["reference"]["listings"]["SOL/USDT"] = raw
    with pytest.raises(VenueError, match="reference data of SOL/USDT"):
        run(resolve("agent:ccxt"), Scenario.from_json(json.dumps(data)))


@pytest.mark.parametrize(
    "answer",
    [
        {"bids": [["187.315", "1"]], "asks": [["187.32", "1"]]},  # beside the grid
        {"bids": [["187.33", "1"]], "asks": [["187.32", "1"]]},  # crossed
        {"bids": [], "asks": [["187.32", "1"]]},
        {"bids": [["NaN", "1"]], "asks": [["187.32", "Infinity"]]},
        {"bids": {"a": 1}, "asks": 5},
        {"bids": [[["187.31"], "1"], "x", None, []], "asks": [["187.32", "1"]]},
        [1],
        "x",
    ],
)
def test_a_book_that_cannot_be_used_is_passed_over(tmp_path: Path, answer: Any) -> None:
    path = _written(tmp_path, got("/depth?symbol=SOLUSDT", answer), got("/ticker/price", [5, {"symbol": [1]}]))
    assert read_reference(path).markets["SOL/USDT"].mid == Decimal("187.315")


def test_an_opening_book_in_a_scenario_file_is_checked(recorded: Recorded) -> None:
    made = scenario(recorded=recorded)
    for side, complaint in (
        ([["187.33", "1"]], "not crossed"),
        ([["187.311", "1"]], "not a multiple"),
        ([], "bids and"),
    ):
        data = json.loads(made.to_json())
        data["markets"]["SOL/USDT"]["opening"][0] = side
        with pytest.raises(ValueError, match=complaint):
            run(resolve("agent:ccxt"), Scenario.from_json(json.dumps(data)))


def test_older_filters_have_successors(tmp_path: Path) -> None:
    raw = json.loads(json.dumps(SYMBOLS[0]))
    raw["filters"] = [rule for rule in raw["filters"] if rule["filterType"] in ("PRICE_FILTER", "LOT_SIZE")] + [
        {"filterType": "MIN_NOTIONAL", "minNotional": "10.00", "applyToMarket": False, "avgPriceMins": 5},
        {"filterType": "PERCENT_PRICE", "multiplierUp": "1.3", "multiplierDown": "0.7", "avgPriceMins": 5},
    ]
    rules = read_reference(_written(tmp_path, symbols=[raw])).instruments["SOL/USDT"]
    assert (rules.notional_min, rules.band) == (Decimal(10), (Decimal("0.7"), Decimal("1.3")))


def test_the_command(tmp_path: Path) -> None:
    path = _written(tmp_path)
    words = ["run", "agent:ccxt", "--reference", str(path), "--symbol", "SOL/USDT", "-n", "2", "--workers", "0"]
    done = CliRunner().invoke(app, [*words, "--report", str(tmp_path / "report")])
    assert done.output.startswith("reference: their_run.yaml (recorded, sha256 "), done.output
    assert "symbols SOL/USDT\n" in done.output
    assert done.exit_code in (0, 3), done.output  # two scenarios may be too few to decide all
    for extra, complaint in (
        (["--symbol", "XRP/USDT"], "no XRP/USDT in its exchangeInfo"),
        (["--space", "flagship"], "the space flagship has symbols of its own"),
    ):
        done = CliRunner().invoke(app, [*words, *extra, "--report", str(tmp_path / "none")])
        assert done.exit_code == 2 and complaint in done.output and len(done.output.splitlines()) == 1
        assert not (tmp_path / "none").exists()
    for command in (["run", "agent:ccxt"], ["serve", "binance_spot"]):
        done = CliRunner().invoke(app, [*command, "--symbol", "SOL/USDT"])
        assert done.exit_code == 2 and "give --reference" in done.output
        done = CliRunner().invoke(app, [*command, "--reference", str(tmp_path / "none.yaml")])
        assert done.exit_code == 2 and "none.yaml: no such file" in done.output
