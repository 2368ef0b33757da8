"""Comparing recordings: what is data is no difference, what is interface is one, and nothing printed is a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.writing import render
from outtrade_mocks.comparison import compare

BASE = "https://api.venue.example"
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"


def _tape(*items: Interaction) -> Cassette:
    return Cassette("tape", "recorded", "test", items)


def _item(path: str, answer: Any, *, method: str = "GET", status: int = 200, sent: str = "") -> Interaction:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Interaction("x", method, BASE + path, status, body, request_body=sent.encode())


def _lines(old: Cassette, new: Cassette) -> list[str]:
    return [str(item) for item in compare(old, new)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (_item("/t?symbol=A", {"price": "1.0", "time": 5}), _item("/t?symbol=B", {"price": "22", "time": 6.5})),
        (_item("/order/123456", {"id": 1}), _item("/order/987", {"id": 2})),
        (_item("/o/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f", {"id": 1}), _item("/o/512", {"id": 2})),
        (_item("/t", {"BTCUSDT": {"p": 1}}), _item("/t", {"ETHUSDT": {"p": 2}, "SOLUSDT": {"p": 2}})),
        (_item("/t", [{"p": 1}]), _item("/t", [])),
        (_item("/t", {"fills": [{"p": 1}]}), _item("/t", {"fills": []})),
        (_item("/t", {"stop": None}), _item("/t", {"stop": "5"})),
        (_item("/t", {"rows": {}}), _item("/t", {"rows": {"a": 1}})),
        (_item("/t", b"\x89PNG\xff"), _item("/t", b"\x89PNG\xfe")),
    ],
)
def test_data_is_no_difference(old: Interaction, new: Interaction) -> None:
    assert _lines(_tape(old), _tape(new)) == []
    assert _lines(_tape(new), _tape(old)) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (_item("/a", {}), _item("/b", {}), ["operation gone: GET /a", "operation added: GET /b"]),
        (
            _item("/t", {"a": 1, "b": "x"}),
            _item("/t", {"a": 1, "c": "x"}),
            ["key gone: GET /t answer.b (string)", "key added: GET /t answer.c (string)"],
        ),
        (
            _item("/t", {"rows": [{"a": 1}, {"b": 1}]}),
            _item("/t", {"rows": [{"a": 1}]}),
            ["key gone: GET /t answer.rows[].b (number)"],
        ),
        (_item("/t", {"p": "1.0"}), _item("/t", {"p": 1.0}), ["type changed: GET /t answer.p: string -> number"]),
        (_item("/t", {"a": 1}), _item("/t", [{"a": 1}]), ["type changed: GET /t answer: object -> array"]),
        (
            _item("/t?a=1", {}),
            _item("/t?a=1&limit=5", {}),
            ["key added: GET /t request.limit (string)"],
        ),
        (
            _item("/o", {"ok": 1}, method="POST", sent='{"side":"BUY","size":1}'),
            _item("/o", {"ok": 1}, method="POST", sent='{"side":"BUY","size":"1"}'),
            ["type changed: POST /o request.size: number -> string"],
        ),
        (
            _item("/o", {"code": -2013, "msg": "no"}, status=400),
            _item("/o", {"code": -2013, "msg": "no"}, status=404),
            ["error changed: GET /o -2013: HTTP 400 -> HTTP 404"],
        ),
        (
            _item("/o", {"error": ["EOrder:Unknown order"]}),
            _item("/o", b"<html>", status=503),
            ["error gone: GET /o EOrder:Unknown (HTTP 200)", "error added: GET /o HTTP 503 (HTTP 503)"],
        ),
    ],
)
def test_interface_is(old: Interaction, new: Interaction, lines: list[str]) -> None:
    assert _lines(_tape(old), _tape(new)) == lines


def _exchange_info(change: Any) -> Cassette:
    tape = cassettes.load("binance_spot", "exchange_info")
    info = tape["exchange_info"].json()
    change(info["symbols"])
    return _tape(replace(tape["exchange_info"], body=json.dumps(info).encode()))


def test_trading_rules() -> None:
    def changed(symbols: list[dict[str, Any]]) -> None:
        filters = {rule["filterType"]: rule for rule in symbols[0]["filters"]}
        filters["PRICE_FILTER"]["tickSize"] = "0.1"
        filters["LOT_SIZE"]["stepSize"] = "0.0000100000"  # the same number
        symbols[1]["status"] = "BREAK"
        symbols[2]["orderTypes"].reverse()  # the same set
        symbols.pop(3)
        symbols[0]["filters"] = [rule for rule in symbols[0]["filters"] if rule["filterType"] != "MAX_NUM_ALGO_ORDERS"]

    old, new = _exchange_info(lambda symbols: None), _exchange_info(changed)
    assert _lines(old, new) == [
        "instrument gone: binance_spot DOGEUSDT",
        "rule gone: binance_spot BTCUSDT MAX_NUM_ALGO_ORDERS.maxNumAlgoOrders (5)",
        "rule changed: binance_spot BTCUSDT PRICE_FILTER.tickSize: 0.01 -> 0.1",
        "rule changed: binance_spot ETHUSDT status: TRADING -> BREAK",
    ]
    one = replace(new.interactions[0], uri=new.interactions[0].uri + "?symbol=BTCUSDT")
    assert "instrument gone" not in " ".join(_lines(old, _tape(one))), "who asks for one symbol gets one"


def test_the_command(tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.json"
    old.write_text(render(_tape(_item("/t", {"a": 1}))))
    new.write_text(render(_tape(_item("/t", {"a": 1, "b": 1})), form="json"))
    run = CliRunner().invoke
    same = run(app, ["cassette", "diff", str(old), str(old)])
    assert (same.exit_code, same.output) == (0, "no difference\n")
    told = run(app, ["cassette", "diff", str(old), str(new)])
    assert (told.exit_code, told.output) == (1, "key added: GET /t answer.b (number)\n1 difference\n")
    data = run(app, ["cassette", "diff", str(old), str(new), "--json"])
    assert data.exit_code == 1
    assert json.loads(data.output)["differences"] == [
        {"kind": "key", "operation": "GET /t", "where": "answer.b", "old": "", "new": "number"}
    ]
    for bad in (tmp_path / "none.yaml", tmp_path):
        done = run(app, ["cassette", "diff", str(old), str(bad)])
        assert done.exit_code == 2 and len(done.output.strip().splitlines()) == 1


def test_no_secret_is_printed(tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(render(_tape(_item("/t", {"a": 1}))))
    items = (
        _item("/t", {"a": 1, KEY: 2, "nested": {"hunter2-word": 1}}),
        _item(f"/user/{KEY}", {"a": 1}),
        _item("/who/jane@desk.example.com", {"code": f"no {KEY}", "msg": KEY}, status=400),
        _item(f"/t?signature={KEY}&{KEY}=1", {"a": 1}, sent=f"apiKey={KEY}"),
        _item("/api/v3/exchangeInfo", {"symbols": [{"symbol": KEY, "filters": [{"filterType": KEY, "x": KEY}]}]}),
    )
    new.write_text(render(_tape(*items)))
    for extra in ([], ["--json"], ["--debug"]):
        done = CliRunner().invoke(app, ["cassette", "diff", str(old), str(new), "--secret", "hunter2-word", *extra])
        assert done.exit_code == 1
        assert KEY not in done.output and "jane@" not in done.output and "hunter2" not in done.output


def test_many_keys_and_levels_cost_little() -> None:
    wide = _item("/t", {f"k{number}": {"a": number} for number in range(2_000)})
    deep: Any = 1
    for _ in range(25):
        deep = {"a": [deep]}
    assert len(compare(_tape(wide), _tape(_item("/t", {"other": deep})))) == 2_001
