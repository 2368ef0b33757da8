"""Every refused request is told in the drop copy, once: who asked for what, and why not. Nothing else has changed."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from outtrade_mocks.core import Amendment, Exchange, NewList, NewOrder, OrderRef, Reject, Rejection, Trigger
from outtrade_mocks.core.events import Ask
from outtrade_mocks.core.requests import place_batch, replace
from outtrade_mocks.core.state import restore, snapshot

SYMBOL = "ABC/USD"


def sell(price: Any, lots: int, **more: Any) -> NewOrder:
    return NewOrder(symbol=SYMBOL, side="sell", price=price, lots=lots, **more)


OCO = NewList(
    kind="oco", orders=(sell(90, 5_000), NewOrder(symbol=SYMBOL, side="sell", type="market", lots=5_000,
    trigger=Trigger(price=80))),
)  # fmt: skip
CASES: dict[str, tuple[Any, Any, str]] = {
    "place": (lambda x: x.exchange.place(x.a, sell(90, 5_000)), sell(90, 5_000), "INSUFFICIENT_BALANCE"),
    "place_list": (lambda x: x.exchange.place_list(x.a, OCO), OCO, "INSUFFICIENT_BALANCE"),
    "cancel": (
        lambda x: x.exchange.cancel(x.a, SYMBOL, order_id=77), OrderRef(symbol=SYMBOL, order_id=77), "UNKNOWN_ORDER",
    ),
    "cancel_all": (lambda x: x.exchange.cancel_all(x.a, SYMBOL), OrderRef(symbol=SYMBOL), "UNKNOWN_ORDER"),
    "amend": (
        lambda x: x.exchange.amend(x.a, SYMBOL, client_id="k", lots=3),
        Amendment(symbol=SYMBOL, client_id="k", lots=3), "UNKNOWN_ORDER",
    ),
    "replace": (
        lambda x: replace(x.exchange, x.a, SYMBOL, sell(9, 1), client_id="k", mode="atomic"), sell(9, 1),
        "UNKNOWN_ORDER",
    ),
    "batch": (lambda x: place_batch(x.exchange, x.a, []), None, "BATCH_SIZE"),
    "countdown": (lambda x: x.exchange.countdown(x.a, -1), None, "INVALID_ORDER"),
    "set_leverage": (lambda x: x.exchange.set_leverage(x.a, SYMBOL, 5), None, "UNKNOWN_SYMBOL"),
    "set_margin_mode": (lambda x: x.exchange.set_margin_mode(x.a, SYMBOL, isolated=True), None, "UNKNOWN_SYMBOL"),
    "set_position_mode": (lambda x: x.exchange.set_position_mode(x.a, hedge=False), None, "NO_CHANGE"),
    "borrow": (lambda x: x.exchange.borrow(x.a, "USD", 5), None, "ACCOUNT_TYPE"),
    "repay": (lambda x: x.exchange.repay(x.a, "USD", 5), None, "ACCOUNT_TYPE"),
    "transfer": (lambda x: x.exchange.transfer(x.a, x.b, "USD", 10**9), None, "INSUFFICIENT_BALANCE"),
    "add_margin": (lambda x: x.exchange.add_margin(x.a, SYMBOL, 5), None, "UNKNOWN_SYMBOL"),
}  # fmt: skip


@pytest.mark.parametrize("ask", get_args(Ask))
def test_each_kind_of_request_is_told_when_it_is_refused(bench: Any, ask: str) -> None:
    x = bench().at(55)
    call, asked, reason = CASES[ask]
    with pytest.raises(Reject) as caught:
        call(x)
    assert x.events == [
        Rejection("a", ask, asked, caught.value.reason, caught.value.detail, 55, "request")  # type: ignore[arg-type]
    ]
    assert caught.value.reason == reason and caught.value.detail
    assert snapshot(x.exchange).accounts[0] == snapshot(bench().at(55).exchange).accounts[0]


def test_their_numbers_never_repeat_and_no_order_id_is_used_up(bench: Any) -> None:
    x = bench()
    numbers: list[int] = []
    x.exchange.on_change(lambda change: numbers.append(x.exchange.event_id))
    first = x.limit(x.a, "sell", 100, 1)
    for _ in range(3):
        with pytest.raises(Reject):
            x.limit(x.a, "sell", 100, 5_000)
    second = x.limit(x.a, "sell", 100, 1)
    assert second.order_id == first.order_id + 1
    assert numbers == list(range(1, len(x.events) + 1))
    other = restore(snapshot(x.exchange))
    other.on_change(lambda change: numbers.append(other.event_id))
    with pytest.raises(Reject):
        other.place(other.accounts["a"], sell(100, 5_000))
    assert numbers[-1] == numbers[-2] + 1


def test_a_batch_tells_each_item_that_is_refused(bench: Any) -> None:
    x = bench()
    items: Any = [sell(100, 1), sell(100, 5_000), None, sell(0, 1)]
    place_batch(x.exchange, x.a, items)
    told = [(e.ask, e.asked, e.reason.value) for e in x.events if isinstance(e, Rejection)]
    assert told == [
        ("place", items[1], "INSUFFICIENT_BALANCE"),
        ("place", None, "INVALID_ORDER"),
        ("place", items[3], "PRICE_FILTER"),
    ]  # fmt: skip


def test_a_half_of_a_replacement_that_fails_is_told_as_what_it_was(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "sell", 100, 10)
    replace(x.exchange, x.a, SYMBOL, sell(100, 5_000), order_id=order.order_id)
    replace(x.exchange, x.a, SYMBOL, sell(100, 1), order_id=order.order_id)
    assert [(e.ask, e.reason.value) for e in x.events if isinstance(e, Rejection)] == [
        ("place", "INSUFFICIENT_BALANCE"), ("cancel", "UNKNOWN_ORDER"),
    ]  # fmt: skip


def test_who_asks_without_an_account_of_this_exchange_is_refused(bench: Any) -> None:
    x, other = bench(), bench()
    for who in (None, "a", other.a):
        with pytest.raises(Reject, match="INVALID_ORDER"):
            x.exchange.place(who, sell(100, 1))
    assert [e.account for e in x.events] == ["", "", "a"]
    assert not other.events and not other.a.orders


def test_an_exchange_to_which_nobody_listens_refuses_as_well(bench: Any) -> None:
    exchange = Exchange([bench().exchange.instruments[SYMBOL]], now=0, seed=1)
    account = exchange.open_account("a", {})
    with pytest.raises(Reject, match="INSUFFICIENT_BALANCE"):
        exchange.place(account, sell(100, 1))
    assert exchange.event_id == 0 and exchange.view(account).balances() == {}


def test_a_broken_invariant_is_no_refusal(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails inside is raised as it is, and not told as if the client had been wrong."""
    x = bench()
    monkeypatch.setattr(x.exchange._markets[SYMBOL].clearing.__class__, "need", lambda *_: None)
    with pytest.raises(TypeError):
        x.exchange.place(x.a, sell(100, 1))
    assert x.events == []
