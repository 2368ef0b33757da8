"""The page of order features: as it would be written today, and without a gap."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from outtrade_mocks.core import NewOrder, Practice
from outtrade_mocks.core.lists import ListKind
from outtrade_mocks.core.orders import OrderKind, OrderType, SelfTrade, TimeInForce, TriggerKind, TriggerSource
from outtrade_mocks.core.requests import Mode, Restriction

DOCS = Path(__file__).resolve().parents[2] / "docs"
VOCABULARIES = {
    "type": OrderType, "tif": TimeInForce, "self_trade": SelfTrade, "kind": TriggerKind, "source": TriggerSource,
    "list": ListKind, "mode": Mode, "only": Restriction, "cancel_all": OrderKind,
}  # fmt: skip


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("order_features_page", DOCS / "order_features.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def wanted() -> set[str]:
    """Every value of a vocabulary, every field of an order, every choice of a practice."""
    values = {f"{name}.{value}" for name, kind in VOCABULARIES.items() for value in get_args(kind)}
    hints = get_type_hints(Practice)
    for field in fields(Practice):
        choices = get_args(hints[field.name]) if get_origin(hints[field.name]) is Literal else ()
        values |= {f"{field.name}.{choice}" for choice in choices} if field.name != "outside_session" else {field.name}
        if not choices:
            values.add(field.name)
    return values | (set(NewOrder.__struct_fields__) - {"type", "tif"})


def test_the_page_is_as_it_would_be_written_today(script: ModuleType) -> None:
    written = (DOCS / "order_features.md").read_text()
    assert written == script.page(), "run: python docs/order_features.py > docs/order_features.md"


def test_every_feature_has_a_row_with_tests_and_a_source(script: ModuleType) -> None:
    covered = {value for row in script.ROWS for value in row.covers.split()}
    assert wanted() <= covered, f"without a row in docs/order_features.py: {sorted(wanted() - covered)}"
    assert covered <= wanted(), f"in a row, but not in the core: {sorted(covered - wanted())}"
    assert all(row.feature and row.tests.split() and row.source for row in script.ROWS)


def test_a_row_of_a_test_that_is_not_there_is_refused(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "ROWS", [script.Row("x", "", "test_that_nobody_wrote", "y")])
    with pytest.raises(ValueError, match="test_that_nobody_wrote is a test in no file"):
        script.page()
