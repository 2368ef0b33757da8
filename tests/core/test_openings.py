"""What open orders for contracts could open is a running sum: the same as adding up, at a cost that does not grow."""

from __future__ import annotations

import pytest
from contract_bench import SYMBOL, Pit

from outtrade_mocks.core import NewOrder, Practice, Reject
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.invariants import Broken
from outtrade_mocks.core.lists import NewList
from outtrade_mocks.core.openings import Part, Sums
from outtrade_mocks.core.orders import Trigger


def sums(pit: Pit) -> Sums:
    assert pit.a.portfolio is not None
    return pit.a.portfolio.openings.sums(SYMBOL, pit.exchange._opening)


def looked_at(pit: Pit, resting: int) -> int:
    """So many orders are looked at to place, amend and cancel one beside ``resting`` others."""
    for number in range(resting):
        pit.exchange.place(pit.a, NewOrder(symbol=SYMBOL, side="buy", price=50 + number % 40, lots=1))
    count = 0

    def counted(entry: Entry) -> Part | None:
        nonlocal count
        count += 1
        return type(pit.exchange)._opening(pit.exchange, entry)

    pit.exchange._opening = counted  # type: ignore[method-assign]
    order = pit.exchange.place(pit.a, NewOrder(symbol=SYMBOL, side="buy", price=45, lots=2))
    pit.exchange.amend(pit.a, SYMBOL, order_id=order.order_id, lots=3)
    pit.exchange.cancel(pit.a, SYMBOL, order_id=order.order_id)
    pit.exchange.margin(pit.a, pit.asset)
    return count


def test_an_order_costs_the_same_beside_ten_others_and_beside_five_hundred() -> None:
    few, many = (looked_at(Pit(money=10**9, practice=Practice(amend="change")), resting) for resting in (10, 500))
    assert 0 < few == many <= 8


def test_what_is_counted() -> None:
    pit = Pit()
    pit.limit(pit.a, "buy", 90, 3)
    pit.limit(pit.a, "buy", 80, 1)
    sale = pit.limit(pit.a, "sell", 110, 5)
    assert sums(pit) == {("net", True): (350, 4), ("net", False): (550, 5)}
    pit.limit(pit.b, "buy", 110, 2)  # two of the sale are filled
    assert sums(pit) == {("net", True): (350, 4), ("net", False): (330, 3)}
    pit.exchange.cancel(pit.a, SYMBOL, order_id=sale.order_id)
    pit.limit(pit.a, "buy", 95, 2, reduce_only=True)
    assert sums(pit) == {("net", True): (350, 4)}
    pit.check()


def test_of_a_pair_the_larger_counts_and_the_other_once_it_is_alone() -> None:
    pit = Pit()
    pit.mark(100)
    legs = (
        NewOrder(symbol=SYMBOL, side="sell", price=120, lots=3, client_id="limit"),
        NewOrder(symbol=SYMBOL, side="sell", price=70, lots=3, trigger=Trigger(price=80), client_id="stop"),
    )
    pit.exchange.place_list(pit.a, NewList(kind="oco", orders=legs))
    assert sums(pit) == {("net", False): (360, 3)}
    single = pit.limit(pit.a, "sell", 130, 1)
    assert sums(pit) == {("net", False): (490, 4)}
    entry = pit.exchange._entries[pit.a.working["limit"]]
    assert pit.a.portfolio is not None
    openings = pit.a.portfolio.openings
    without = openings.sums(SYMBOL, pit.exchange._opening, leaving=entry)
    assert without == {("net", False): (130 + 3 * 70, 4)}
    pit.exchange.cancel(pit.a, SYMBOL, client_id="stop")
    pit.exchange.cancel(pit.a, SYMBOL, order_id=single.order_id)
    assert sums(pit) == {}
    assert openings._units == {} == openings._stale
    pit.check()


def test_a_refused_order_counts_nothing() -> None:
    pit = Pit(money=100)
    pit.mark(100)
    with pytest.raises(Reject):
        pit.limit(pit.a, "buy", 90, 10_000)
    pit.limit(pit.a, "buy", 90, 1)
    assert sums(pit) == {("net", True): (90, 1)}


def test_a_sum_that_is_wrong_is_found() -> None:
    pit = Pit()
    pit.limit(pit.a, "buy", 90, 3)
    sums(pit)[("net", True)] = (269, 3)
    with pytest.raises(Broken, match="a's orders in ABC/USD could open"):
        pit.check()
