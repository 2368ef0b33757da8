"""More trades than a page, all in one instant, the answer lost: the agent counts them at every venue."""

from __future__ import annotations

from decimal import Decimal

import pytest

from outtrade.engine.run import run
from outtrade.model.fault import LostAnswer, Trigger
from outtrade.model.history import FillTruth, Reported
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade.targets import resolve
from outtrade_suites.agents.ccxt_pages import following, has_cursor
from outtrade_suites.spaces.by_venue import universe_of


def sweeping(venue: str, levels: int) -> Scenario:
    """A market order that takes about so many levels of a book."""
    known = universe_of(venue)
    product = list(known.products.values())[-1]
    depth = max(product.quantity(product.order_value / 40 / product.mid), product.step * 10)
    market = Market(mid=product.mid, depth=depth, levels=levels + 60, taker_size=depth, maker_rate=0, taker_rate=0)
    order = Intent(
        id="i1", tag="ABCD1234", at=5, kind="order", symbol=product.symbol, side="buy", type="market",
        quantity=product.quantity(depth * levels),
    )  # fmt: skip
    return Scenario(
        id="sweeping", seed=3, venue=venue, symbols=(product.symbol,), markets={product.symbol: market}, until=200,
        balances={asset: Decimal(amount) * 100 for asset, amount in known.balances.items()}, intents=(order,),
        faults=(LostAnswer(on=Trigger(op="place"), committed=True, symptom="html_502"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("venue", "levels"),
    [("binance_spot", 560), ("binance_usdm", 560), ("bybit", 120), ("kraken_spot", 60), ("okx", 120)],
)
def test_all_are_counted(venue: str, levels: int) -> None:
    history = run(resolve("agent:ccxt"), sweeping(venue, levels))
    true = [event.trade_id for event in history.events if isinstance(event, FillTruth)]
    said = next(event for event in history.events if isinstance(event, Reported)).report
    assert len(true) > levels - 20 and sorted(fill["trade_id"] for fill in said["fills"]) == sorted(true)
    assert [alert["level"] for alert in said["alerts"]] == ["info"]  # the answer that was lost


def test_cursors() -> None:
    rows = [{"id": "7", "info": {"billId": "70"}}, {"id": "12", "info": {"billId": "120"}}]
    assert following("binanceusdm", rows, None) == {"fromId": "13"}
    assert following("okx", rows, None) == {"after": "70"} and following("kraken", rows, None) == {"ofs": "2"}
    assert following("bybit", rows, {"result": {"nextPageCursor": "c"}}) == {"cursor": "c"}
    assert following("bybit", rows, {"result": {"nextPageCursor": ""}}) is None
    assert not has_cursor("coinbase") and following("coinbase", rows, {}) is None
