"""Snapshot and restore: a run can be branched anywhere, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from core_play import NAMES, NS, SYMBOLS, Auditor, Player, make
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.core import Change, Exchange
from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import BookSide, Entry, Level, Special
from outtrade_mocks.core.clearing import Spot
from outtrade_mocks.core.floor import Countdown, FundingTime, InterestHour, Planned
from outtrade_mocks.core.flow import Flow
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.lists import OrderList
from outtrade_mocks.core.loans import Loan, Loans
from outtrade_mocks.core.margined import Margined
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.openings import Openings
from outtrade_mocks.core.past import forget_past
from outtrade_mocks.core.positions import Portfolio, Setting
from outtrade_mocks.core.prints import Prints
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.state import State, restore, snapshot
from outtrade_mocks.core.tape import TapeFlow
from outtrade_mocks.core.tariffs import Charges, Plan, Tariffed
from outtrade_mocks.core.triggers import Watch


def listen(exchange: Exchange) -> list[tuple[int, Change]]:
    """The drop copy, each event with its number."""
    heard: list[tuple[int, Change]] = []
    exchange.on_change(lambda change: heard.append((exchange.event_id, change)))
    return heard


def shown(exchange: Exchange) -> list[Any]:
    """Everything that can be asked."""
    views = [exchange.view(exchange.accounts[name]) for name in NAMES]
    books = [exchange.depth(symbol) for symbol in SYMBOLS]
    return [books] + [(v.all_orders(), v.open_orders(), v.trades(), v.balances()) for v in views]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), before=st.integers(0, 250), after=st.integers(1, 120), flow=st.booleans())
def test_a_branch_tells_the_same_events(seed: int, before: int, after: int, flow: bool) -> None:
    first = make(seed, flow=flow)
    told = listen(first)
    player = Player(seed)
    for _ in player.steps(before, first):
        pass
    state = snapshot(first)
    text = state.to_json()
    branches = [restore(state), restore(State.from_json(text))]
    heard = [listen(branch) for branch in branches]
    told.clear()
    for _ in player.steps(after, first, *branches):
        pass
    assert heard == [told, told]
    assert shown(branches[0]) == shown(branches[1]) == shown(first)
    assert state.to_json() == text, "a snapshot stays as it was taken"
    numbers = [number for number, _ in told]
    assert numbers == list(range(state.event_id + 1, state.event_id + 1 + len(told)))


def test_a_restored_exchange_is_audited_like_any_other() -> None:
    first = make(5)
    heard = Auditor(first)
    player = Player(5)
    for _ in player.steps(400, first):
        pass
    second = restore(snapshot(first))
    auditor = Auditor(second)
    auditor.orders, auditor.filled = dict(heard.orders), dict(heard.filled)
    auditor.told = {name: dict(held) for name, held in heard.told.items()}
    auditor.owned = {name: dict(held) for name, held in heard.owned.items()}
    auditor.check()
    for _ in player.steps(400, second):
        auditor.check()


def test_a_snapshot_of_a_snapshot_is_the_same() -> None:
    """Whatever of the market is noted and not carried out yet."""
    noted = 0
    for seed in range(20):
        exchange = make(seed)
        player = Player(seed)
        for _ in player.steps(100, exchange):
            pass
        exchange.advance(exchange.now + 5 * NS)
        next(iter(exchange.accounts.values())).unlisted |= {9, 2}
        state = snapshot(exchange)
        noted += any(market.taken != (0, 0) for market in state.markets)
        assert snapshot(restore(state)).to_json() == state.to_json()
    assert noted >= 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-9], "no snapshot of an exchange"),
        (lambda text: b"{}", "no snapshot of an exchange"),
        (lambda text: text.replace(b'"version":2', b'"version":99'), "version 99"),
        (lambda text: text.replace(b'"now":0', b'"now":"x"', 1), "no snapshot of an exchange"),
    ],
)
def test_what_is_no_snapshot_is_refused(damage: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        State.from_json(damage(snapshot(make(1)).to_json()))
    assert "\n" not in str(caught.value)


def test_nothing_of_an_exchange_is_unknown_to_the_snapshot() -> None:
    """A new attribute must be saved (``core/saved.py``) or be derived from others (``restoring``); then add it here."""
    known = {
        Account: "_by_client_id _orders _read balances fills loans name open_count opened portfolio preventions "
        "snapshots unlimited unlisted volumes working",
        Balance: "asset free locked past",
        BookSide: "_keys best buy levels",
        Entry: "account after before buy gets level locked order pays price remaining special",
        Level: "head key lots price tail",
        Ledger: "fees house insurance interest pool",
        Flow: "_ahead _bits _drawn_mid _gauss _high _low _opened _opening _quote_at _quoted _random _rng _take_at "
        "_take_lots config depth instrument mid next_time reference",
        ScriptedFlow: "_makers _noise _renewed _timeline",
        TapeFlow: "_actions _books _place _seen config instrument mid next_time opened reference",
        Market: "_clear_until _own_best _taken asks bids calendar clearing collateral ends flow house index_log "
        "instrument is_open ladder last_price limited margined noted ordered own_entries prints published quote state "
        "takes tariffed trade_id waiting watches",
        Prints: "_gathered _kept _time last",
        Planned: "state symbol",
        Margined: "_ledger changed charged charges funding holders house_carried house_lots instrument realised seen",
        Openings: "_stale _sums _units",
        Portfolio: "hedge openings positions reducing settings",
        Setting: "isolated leverage",
        FundingTime: "alive symbol",
        InterestHour: "alive",
        Loans: "called history loans rules",
        Loan: "accrued principal",
        Special: "borrowed group hidden reserve tip watch",
        Watch: "activates_rising active alive entry extreme price reached rising since source trail_bps trail_ticks",
        OrderList: "account client_id entries kind list_id partial released status symbol",
        Countdown: "account alive symbol",
        Spot: "_ledger charged instrument",
        Tariffed: "_tariffs _tokens charges worst",
        Charges: "_symbol _tariffs plans",
        Plan: "charges in_quote key rebate_paid review tiers token top until",
    }
    for kind, names in known.items():
        assert sorted(getattr(kind, "__struct_fields__", ()) or kind.__slots__) == names.split(), kind
    private = (
        "_borrowers _callbacks _countdowns _entries _foreclosing _interest _last_order_id _lists _markets _moving _out "
        "_printed _stressed _timer_count _timers _touched"
    )
    public = "accounts event_id find_by_original ledger now practice precisions prices tariffs"
    assert sorted(vars(make(1).tariffs)) == ["_ledger", "_markets", "_precisions", "prices", "schedules"]
    assert sorted(vars(make(1)._lists)) == ["_exchange", "_last_id", "open"]
    assert sorted(vars(make(1))) == f"{private} {public}".split()


def test_the_player_plays_everything() -> None:
    """The random operations reach what they are for."""
    exchange = make(3)
    auditor = Auditor(exchange)
    kinds = {operation[0] for operation in Player(3).steps(3_000, exchange)}
    auditor.check()
    assert kinds == {"place", "cancel", "amend", "advance", "sweep", "thin", "open"}
    assert auditor.trades > 1_000 and len(auditor.orders) > 5


def test_an_exchange_that_forgets_has_the_same_future() -> None:
    """It knows what is open, and goes on as if nothing were missing."""
    whole, short = make(8), make(8)
    heard = listen(whole), listen(short)
    player = Player(8)
    for number, _ in enumerate(player.steps(800, whole, short)):
        if number % 50 == 49:
            forget_past(short)
    assert heard[0] == heard[1]
    forget_past(short)
    for name in NAMES:
        full, brief = whole.view(whole.accounts[name]), short.view(short.accounts[name])
        assert brief.all_orders() == brief.open_orders() == full.open_orders()
        assert brief.trades() == [] and brief.balances() == full.balances()
        for order in brief.open_orders():
            assert brief.order(order.symbol, client_id=order.client_id) == order
    assert snapshot(restore(snapshot(short))).to_json() == snapshot(short).to_json()
