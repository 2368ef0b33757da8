"""The example of Knight Capital's morning, small: the same code, one order in a hundred."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "knight.py"


@pytest.fixture(scope="module")
def knight() -> ModuleType:
    spec = importlib.util.spec_from_file_location("knight_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = sys.modules["knight_example"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def morning(knight: ModuleType) -> object:
    return knight.run(size=0.01)  # audits itself: ledger, drop copy, house, books


def test_a_hundredth_of_the_morning(knight: ModuleType, morning: object) -> None:
    assert 39_500 <= morning.orders <= 40_100 and morning.executions >= morning.orders
    assert 3.8e6 < morning.shares < 4.1e6 and len(morning.curve) == 46
    assert sum(stock.position > 0 for stock in morning.stocks) == 80
    assert sum(stock.position < 0 for stock in morning.stocks) == 74
    final = morning.curve[-1]
    assert final[2] < -1e6 < 1e6 < final[1], "bought dearer and dearer: rich at the pushed prices, poor at the old ones"
    assert all(later[2] <= earlier[2] + 1e4 for earlier, later in zip(morning.curve, morning.curve[1:], strict=False))
    moved = [abs(stock.flow.mid / stock.open_price - 1) for stock in morning.stocks]
    assert sum(move > 0.1 for move in moved) > 20 and sum(move > 0.05 for move in moved) > 50


def test_a_router_that_counts_its_fills_stops(knight: ModuleType, morning: object) -> None:
    counted = knight.run(size=0.01, counting=True)
    assert counted.shares < morning.shares / 10
    assert abs(counted.curve[-1][2]) < abs(morning.curve[-1][2]) / 20


def test_the_same_morning_again(knight: ModuleType) -> None:
    first, second = (knight.run(size=0.001, seed=3) for _ in range(2))
    assert first.curve == second.curve and first.executions == second.executions


def test_the_auditor_of_the_morning_sees_a_share_from_nowhere(
    knight: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = knight.audit

    def one_share_more(exchange: object, account: object, morning: object) -> None:
        account.balance("K001").free += 1
        honest(exchange, account, morning)

    monkeypatch.setattr(knight, "audit", one_share_more)
    with pytest.raises(AssertionError, match="K001: the ledger differs"):
        knight.run(size=0.001)


def test_the_picture_is_well_formed(knight: ModuleType, morning: object) -> None:
    root = ElementTree.fromstring(knight.svg(morning))
    lines = [element for element in root.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 2 and all(len(line.get("points", "").split()) == 46 for line in lines)


def test_sizes_out_of_range_are_refused(knight: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    for size in ("0", "2", "nan", "x"):
        with pytest.raises(SystemExit) as caught:
            knight.main(["--size", size])
        assert caught.value.code == 2
    assert "--size" in capsys.readouterr().err
