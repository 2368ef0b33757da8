"""The tools as a language model sees them: names, schemas, and documentation that says the same."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from outtrade.targets.access import VenueAccess
from outtrade.tools import ERROR_KINDS, TOOLS
from outtrade.tools import arguments as a
from outtrade.tools.catalogue import error_table, table

NAMES = [
    "instruments",
    "ticker",
    "book",
    "place",
    "amend",
    "cancel",
    "cancel_all",
    "order",
    "open_orders",
    "fills",
    "balances",
    "positions",
    "status",
    "wait",
    "alert",
]


def access() -> VenueAccess:
    return VenueAccess(
        name="binance_spot",
        market="spot",
        symbols={"BTC/USDT": "BTCUSDT"},
        rest_url="https://api.binance.com",
        key="K" * 64,
        secret="S" * 64,
        instruments={},
        absent_after=30.0,
    )


def test_the_tools_are_those_of_the_contract() -> None:
    tools = access().tools
    assert list(tools) == list(tools.aio) == list(TOOLS) == NAMES
    assert [tool["name"] for tool in tools.schemas] == NAMES
    assert {name for name, spec in TOOLS.items() if spec.writes} == {"place", "amend", "cancel", "cancel_all"}


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_a_plain_function_with_a_schema(name: str) -> None:
    tools = access().tools
    function = tools[name]
    assert inspect.isfunction(function) and inspect.iscoroutinefunction(tools.aio[name])
    assert function.__name__ == name and function.__doc__ == TOOLS[name].description
    schema = function.schema
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert list(inspect.signature(function).parameters) == list(schema["properties"])
    assert "$ref" not in json.dumps(schema) and '"title"' not in json.dumps(schema)


def test_the_schema_of_an_order() -> None:
    schema = TOOLS["place"].schema
    assert schema["required"] == ["symbol", "side", "type"]
    assert schema["properties"]["side"] == {"enum": ["buy", "sell"], "type": "string"}
    assert schema["properties"]["quantity"]["type"] == ["string", "number"]


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "NaN"}, {"quantity": "Infinity"}, {"quantity": "-1"}, {"quantity": "0"}, {"quantity": None},
        {"quantity": []}, {"quote_quantity": "5"}, {"limit_price": None}, {"type": "market"}, {"side": "BUY"},
        {"symbol": 5}, {"time_in_force": "GTX"}, {"client_id": ""}, {"surprise": 1},
    ],
)  # fmt: skip
def test_orders_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    order = {"symbol": "BTC/USDT", "side": "buy", "type": "limit", "quantity": "1", "limit_price": "2"}
    a.Place.model_validate(order)
    with pytest.raises(ValidationError):
        a.Place.model_validate(order | change)


def test_the_documentation_has_the_tables() -> None:
    text = (Path(__file__).resolve().parent.parent.parent / "docs" / "tools.md").read_text()
    assert table() in text and error_table() in text
    assert len(ERROR_KINDS) == 6


def test_hostile_arguments_are_refused_in_one_short_line() -> None:
    tools = access().tools
    for given in ("[" * 100_000, "5", [1], {"text": "x" * 100_000}, {"a\n" * 5000: 1}, '{"text": 1e999}', object()):
        error = tools.call("alert", given)["error"]
        assert error["kind"] == "bad_arguments" and len(error["message"]) <= 500 and "\n" not in error["message"]
    assert len(tools.call("x" * 10_000)["error"]["message"]) <= 500
