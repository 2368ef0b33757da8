"""Trading states: the table is what the exchange does, and every change is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from outtrade_mocks.core import NewOrder, Practice, Reject, RejectReason, Request, StateChange, TradingState, Trigger
from outtrade_mocks.core.diagram import states_page
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.orders import Malformed
from outtrade_mocks.core.state import snapshot
from outtrade_mocks.core.states import ALLOWED, CONTINUOUS, TABLE, WAITS, by_calendar, strictest
from outtrade_mocks.core.states import check as look_up

SYMBOL = "ABC/USD"
Bench = Any  # conftest.Bench
S, R = TradingState, RejectReason
SETTABLE = [state for state in S if state is not S.EXPIRED]


def request(bench: Bench, what: Request) -> Callable[[], Any]:
    """A request of each kind that an open market carries out; the bench has an order of b's to take from."""
    x, a = bench.exchange, bench.a
    new: dict[Request, dict[str, Any]] = {
        Request.LIMIT: {"price": 90, "lots": 1},
        Request.EXTENDED_LIMIT: {"price": 90, "lots": 1, "extended": True},
        Request.MARKET: {"type": "market", "lots": 1},
        Request.AT_ONCE: {"price": 101, "lots": 1, "tif": "IOC"},
        Request.POST_ONLY: {"price": 90, "lots": 1, "post_only": True},
        Request.TRIGGER_ORDER: {"type": "market", "lots": 1, "trigger": Trigger(price=150)},
    }
    if what in new:
        return lambda: x.place(a, NewOrder(symbol=SYMBOL, side="buy", **new[what]))
    mine = next(iter(x.view(a).open_orders()))
    return {
        Request.REDUCE: lambda: x.amend(a, SYMBOL, order_id=mine.order_id, lots=4),
        Request.AMEND: lambda: x.amend(a, SYMBOL, order_id=mine.order_id, price=94),
        Request.CANCEL: lambda: x.cancel(a, SYMBOL, order_id=mine.order_id),
        Request.CANCEL_ALL: lambda: x.cancel_all(a, SYMBOL),
        Request.QUERY: lambda: x.require(SYMBOL, Request.QUERY),
    }[what]


@pytest.mark.parametrize(("state", "what"), list(itertools.product(SETTABLE, list(Request)[:-2])))
def test_the_exchange_does_what_the_table_says(bench: Callable[..., Bench], state: S, what: Request) -> None:
    x = bench()
    x.exchange.practice = Practice(amend="change")
    x.limit(x.b, "sell", 100, 3)
    x.market(x.a, "buy", 1)
    x.limit(x.a, "buy", 95, 5)
    x.exchange.set_state(SYMBOL, state)
    cell, ask = TABLE[state][what], request(x, what)
    before = snapshot(x.exchange)
    if cell in (ALLOWED, WAITS):
        order = ask()
        assert snapshot(x.exchange).to_json() != before.to_json() or what is Request.QUERY
        if cell is WAITS and what is not Request.TRIGGER_ORDER:
            assert order.status == "queued"
    else:
        with pytest.raises(Reject) as refused:
            ask()
        assert refused.value.reason is cell
        after = replace(snapshot(x.exchange), event_id=before.event_id)
        assert after.to_json() == before.to_json(), "a refusal changes nothing"
    check(x.exchange, what)


@pytest.mark.parametrize("state", SETTABLE)
def test_triggers_and_trades_only_where_the_table_says(bench: Callable[..., Bench], state: S) -> None:
    """Prices published in that state reach no trigger, but the one that stands when trading goes on does."""
    x = bench()
    x.limit(x.b, "sell", 100, 3)
    what = Trigger(price=120, source="mark")
    x.exchange.publish(SYMBOL, mark=110)
    stop = x.exchange.place(x.a, NewOrder(symbol=SYMBOL, side="buy", type="market", lots=1, trigger=what))
    x.exchange.set_state(SYMBOL, state)
    x.exchange.publish(SYMBOL, mark=125)
    now = x.exchange.view(x.a).order(SYMBOL, order_id=stop.order_id).status
    assert (now == "filled") == (TABLE[state][Request.TRIGGER] is ALLOWED), now
    assert (state in CONTINUOUS) == (TABLE[state][Request.TRADE] is ALLOWED)
    x.exchange.set_state(SYMBOL, S.OPEN)
    assert x.exchange.view(x.a).order(SYMBOL, order_id=stop.order_id).status == "filled"


def test_the_table_is_whole_and_cannot_be_changed() -> None:
    assert list(TABLE) == list(S) and all(list(row) == list(Request) for row in TABLE.values())
    assert all(cell in (ALLOWED, WAITS) or isinstance(cell, R) for row in TABLE.values() for cell in row.values())
    with pytest.raises(TypeError):
        TABLE[S.OPEN][Request.CANCEL] = R.MAINTENANCE  # type: ignore[index]


def test_some_cells_by_hand() -> None:
    """Sources: see ``core.states``."""
    assert not look_up(S.HALTED, Request.CANCEL) and not look_up(S.CANCEL_ONLY, Request.CANCEL_ALL)
    for state, what, reason in [
        (S.MAINTENANCE, Request.CANCEL, R.MAINTENANCE),
        (S.MAINTENANCE, Request.QUERY, R.MAINTENANCE),
        (S.CANCEL_ONLY, Request.LIMIT, R.CANCEL_ONLY),
        (S.POST_ONLY, Request.LIMIT, R.POST_ONLY_MODE),
        (S.AUCTION, Request.POST_ONLY, R.AUCTION),
        (S.AUCTION, Request.AT_ONCE, R.AUCTION),
        (S.HALTED, Request.LIMIT, R.MARKET_CLOSED),
        (S.CLOSED, Request.AT_ONCE, R.MARKET_CLOSED),
    ]:
        with pytest.raises(Reject) as refused:
            look_up(state, what)
        assert refused.value.reason is reason


def test_the_documentation_shows_this_table() -> None:
    written = Path(__file__).resolve().parents[2] / "docs" / "trading_states.md"
    assert written.read_text() == states_page(), (
        "run: python -m outtrade_mocks.core.diagram states > docs/trading_states.md"
    )


def test_changes_are_told_once_with_time_and_cause(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.exchange.plan_state(SYMBOL, S.MAINTENANCE, 100)
    x.exchange.plan_state(SYMBOL, S.OPEN, 250)
    assert x.exchange.next_time() == 100
    x.exchange.set_state(SYMBOL, S.OPEN)  # it is: nothing to tell
    x.at(300)
    x.exchange.set_open(SYMBOL, False)
    x.exchange.set_state(SYMBOL, S.HALTED)
    assert x.events == [
        StateChange(SYMBOL, S.OPEN, S.MAINTENANCE, 100, "time"),
        StateChange(SYMBOL, S.MAINTENANCE, S.OPEN, 250, "time"),
        StateChange(SYMBOL, S.OPEN, S.HALTED, 300, "script"),
    ]
    assert x.exchange.next_time() is None and x.exchange.state(SYMBOL) is S.HALTED


def test_a_state_that_is_none_is_refused(bench: Callable[..., Bench]) -> None:
    x = bench().at(10)
    for state, at in [("halted", 20), (S.EXPIRED, 20), (S.HALTED, 10), (S.HALTED, "20"), (S.HALTED, True)]:
        with pytest.raises(Malformed):
            x.exchange.plan_state(SYMBOL, state, at)  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        x.exchange.set_state(SYMBOL, None)  # type: ignore[arg-type]
    with pytest.raises(Reject, match="UNKNOWN_SYMBOL"):
        x.exchange.set_state("NO/NE", S.OPEN)
    assert x.events == [] and x.exchange.next_time() is None


def test_maintenance_of_one_market_refuses_a_cancel_of_all(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.limit(x.a, "buy", 90, 1)
    x.exchange.set_state(SYMBOL, S.MAINTENANCE)
    with pytest.raises(Reject, match="MAINTENANCE"):
        x.exchange.cancel_all(x.a, None)
    assert len(x.exchange.view(x.a).open_orders()) == 1


def test_the_more_restrictive_opinion_holds() -> None:
    assert strictest(S.OPEN, S.CLOSED) is S.CLOSED and strictest(S.HALTED, S.CLOSED) is S.HALTED
    assert strictest(S.POST_ONLY, S.EXTENDED) is S.POST_ONLY
    from outtrade_mocks.core.sessions import ALWAYS

    assert by_calendar(ALWAYS, 0) is S.OPEN
