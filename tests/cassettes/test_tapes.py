"""Recorded books and trades, played again: what is read, at which times, and how an account meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from reference_kit import BASE, SOL_BOOK, got, tape
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.model.scenario import Scenario
from outtrade.reference import read_reference
from outtrade.testing.venue import scenario, served
from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction
from outtrade_mocks.cassettes.writing import render
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.venues.binance_spot import recorded, tape_of

D = Decimal
START = 1_767_225_600_000
"""1 January 2026, 00:00:00 UTC, in milliseconds."""


def dated(path: str, answer: Any, second: int | None, status: int = 200) -> Interaction:
    headers = {} if second is None else {"date": f"Thu, 01 Jan 2026 00:00:{second:02} GMT"}
    return Interaction(path, "GET", BASE + path, status, json.dumps(answer).encode(), headers)


def book(cents: int, second: int | None = None, number: int = 1) -> Interaction:
    answer = {
        "lastUpdateId": number,
        "bids": [[f"{(cents - n) / 100:.8f}", "10.50000000"] for n in range(30)],
        "asks": [[f"{(cents + 1 + n) / 100:.8f}", "20.25000000"] for n in range(30)],
    }
    return dated("/depth?symbol=SOLUSDT&limit=30", answer, second)


def trade(number: int, ms: int, price: str, quantity: str, sold: bool) -> dict[str, Any]:
    return {
        "id": number,
        "price": price,
        "qty": quantity,
        "time": START + ms,
        "isBuyerMaker": sold,
        "isBestMatch": True,
    }


TRADES = [
    trade(1, 500, "18.00000000", "1.00000000", True),
    trade(2, 1_250, "187.31000000", "4.00000000", False),
    trade(3, 2_600, "187.28000000", "2.50000000", True),
    trade(4, 3_900, "187.35000000", "0.50000000", False),
]
FILM = (
    book(18_730, 1),
    dated("/trades?symbol=SOLUSDT", TRADES[:3], 2),
    book(18_732, 2),
    book(18_729, 2),
    dated("/trades?symbol=SOLUSDT&limit=2", TRADES[2:], 4),
    dated("/aggTrades?symbol=SOLUSDT", [{"a": 1, "p": "1", "q": "1", "T": START + 1_500, "m": True}], 4),
    book(18_734, 4),
)


def film(*items: Interaction, provenance: Any = "recorded") -> Cassette:
    return replace(tape(*items), interactions=(*items, *tape().interactions[:1]), provenance=provenance)


def played(*items: Interaction, provenance: Any = "recorded") -> Tape:
    cassette = film(*items, provenance=provenance)
    return tape_of(cassette, "SOL/USDT", recorded(cassette).listings["SOL/USDT"])


def written(folder: Path, *items: Interaction) -> Path:
    path = folder / "film.json"
    path.write_text(render(film(*items), form="json"))
    return path


def test_times_sides_and_sizes() -> None:
    found = played(*FILM)
    assert [at for at, _, _ in found.books] == [0, 1, 1.5, 3], "two answers of one second are spread over it"
    assert found.books[0][1][:2] == ((D("187.3"), D("10.5")), (D("187.29"), D("10.5")))
    assert found.books[0][2][0] == (D("187.31"), D("20.25")) and len(found.books[0][2]) == 20
    assert found.trades == (
        (0.25, D("187.31"), D(4), "buy"), (1.6, D("187.28"), D("2.5"), "sell"), (2.9, D("187.35"), D("0.5"), "buy"),
    ), "each once, by its id; what was before the first book is left out; raw trades before aggregates"  # fmt: skip
    assert (found.provenance, found.source) == ("recorded", "api.binance.com, a test")


def test_aggregates_count_where_there_is_nothing_else() -> None:
    rows = [{"a": n, "p": "187.30", "q": "3", "T": START + 1_000 * n, "m": n == 2} for n in (3, 2, 1)]
    found = played(book(18_730, 1), dated("/aggTrades?symbol=SOLUSDT", rows, 4))
    assert [(at, side) for at, _, _, side in found.trades] == [(0, "buy"), (1, "sell"), (2, "buy")]


def test_the_mock_has_no_date_but_tells_the_time() -> None:
    items = [book(18_730, number=START + 40), book(18_731, number=START + 90)]
    assert [at for at, _, _ in played(*items, provenance="from-mock").books] == [0, 0.05]
    with pytest.raises(CassetteError, match="Date header"):
        played(*items)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ((), "no answer to depth with a time"),
        ((book(18_730),), "no answer to depth with a time"),
        ((dated("/depth?symbol=LINKUSDT", SOL_BOOK, 1),), "no answer to depth with a time"),
        ((dated("/depth?symbol=SOLUSDT", SOL_BOOK, 1, status=429),), "no answer to depth with a time"),
        ((dated("/depth?symbol=SOLUSDT", {"bids": 1, "asks": [[]]}, 1),), "no answer to depth with a time"),
        ((dated("/depth?symbol=SOLUSDT", {"bids": [["1.005", "1"]], "asks": []}, 1),), "does not lie on the grid"),
        ((dated("/depth?symbol=SOLUSDT", {"bids": [["2", "1"]], "asks": [["1", "1"]]}, 1),), "not crossed"),
        ((replace(book(1, 1), headers={"date": "yesterday\nor so"}),), "no answer to depth with a time"),
        ((book(18_730, 1), dated("/trades?symbol=SOLUSDT", [trade(1, 2_000, "187.3", "0.0001", True)], 2)), "the grid"),
        ((book(18_730, 1), *(dated("/trades?symbol=SOLUSDT", [trade(n + 5_000 * k, 2_000, "187.3", "1", True)
            for n in range(5_000)], 2) for k in range(4))), "more than 20000 together"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_in_one_line(items: tuple[Interaction, ...], message: str) -> None:
    with pytest.raises(CassetteError, match=message) as caught:
        played(*items)
    assert str(caught.value).startswith("their_run: SOL/USDT cannot be played again: ")
    assert "\n" not in str(caught.value)


def test_hostile_rows_are_left_out() -> None:
    rows: list[Any] = [
        1, None, [], {"id": "1"}, trade(-1, 1_000, "187.3", "1", True), trade(1, 1_000, "-5", "1", True),
        trade(2, 1_000, "1e9", "1", True), trade(3, 1_000, "187.3", "0", True), trade(4, 10**17, "187.3", "1", True),
        trade(5, 1_000, "187.3", "1", None), {**trade(6, 0, "187.3", "1", True), "time": True},  # type: ignore[arg-type]
        trade(7, 1_000, "187.3", "1", True),
    ]  # fmt: skip
    found = played(book(18_730, 1), dated("/trades?symbol=SOLUSDT", rows, 2), dated("/trades?symbol=SOLUSDT", {}, 2))
    assert len(found.trades) == 1


# ------------------------------------------------------------------- on the mock
def test_an_account_meets_the_recording(tmp_path: Path) -> None:
    recorded = read_reference(written(tmp_path, *FILM), symbols=["SOL/USDT"], play=True)
    made = scenario(recorded=recorded)
    assert Scenario.from_json(made.to_json()) == made, "a scenario carries its recording"
    with served(made) as venue:
        exchange = venue.access.ccxt()
        began = venue.world.run_ns
        assert began < 10**9
        order = venue.world.run_blocking(
            lambda: exchange.create_order("SOL/USDT", "limit", "sell", 1, 187.33, {"newClientOrderId": "mine"})
        )
        assert order["filled"] == 0 and venue.mid("SOL/USDT") == D("187.305")
        venue.wait(1.2 - (venue.world.run_ns - began) / 1e9)
        assert venue.mid("SOL/USDT") == D("187.325")
        venue.wait(1.5)
        assert venue.order("mine").status == "open"
        venue.wait(1)  # past 3 s: the book of then begins at 187.34
        assert (venue.order("mine").status, venue.fills[0].price) == ("filled", "187.33")
        assert venue.fills[0].quantity in ("0.5", "1"), "by the trade of 0.5 at 187.35 first"
        venue.wait(1_000)
        assert venue.mid("SOL/USDT") == D("187.345"), "then it is silent"


def test_without_play_it_moves_by_the_seed(tmp_path: Path) -> None:
    market = read_reference(written(tmp_path, *FILM), symbols=["SOL/USDT"]).markets["SOL/USDT"]
    assert market.tape is None and market.opening is not None


def test_the_commands(tmp_path: Path) -> None:
    file = written(tmp_path, *FILM)
    out = tmp_path / "report"
    words = ["--reference", str(file), "--symbol", "SOL/USDT", "--play", "--report", str(out), "--workers", "0"]
    done = CliRunner().invoke(app, ["run", "agent:httpx", "--scenarios", "4", *words])
    assert done.exit_code == 0, done.output
    for command in (["run", "agent:httpx"], ["serve", "binance_spot"]):
        refused = CliRunner().invoke(app, [*command, "--play"])
        assert (
            refused.exit_code == 2 and refused.output == "outtrade: --play plays a recording: give --reference, too\n"
        )
    poor = written(tmp_path, book(18_730))
    refused = CliRunner().invoke(app, ["run", "agent:httpx", "--reference", str(poor), "--play"])
    assert refused.exit_code == 2 and "cannot be played again: no answer to depth" in refused.output
    assert refused.output.count("\n") == 1


def test_the_same_answers_are_data_for_a_reference(tmp_path: Path) -> None:
    """The kit's own recording, which has a book without a time, still starts a market."""
    path = tmp_path / "plain.json"
    path.write_text(render(tape(got("/time", {"serverTime": 1})), form="json"))
    assert read_reference(path).markets["SOL/USDT"].opening is not None
    with pytest.raises(CassetteError, match="SOL/USDT cannot be played again"):
        read_reference(path, play=True)
