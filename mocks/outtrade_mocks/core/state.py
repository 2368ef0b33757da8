"""Snapshot and restore of a whole exchange: to branch a run, or to lay it down and take it up again.

``snapshot`` takes everything that the exchange's future depends on, and everything a query may ask of its past;
``restore`` makes an exchange of it that tells exactly the events the first one would have told from there on: same
trades, same ids, same market, the seeded one included (its generator's state is part of it). Whoever listened to the
first listens to the new one by ``on_change`` again.

    >>> from decimal import Decimal
    >>> from outtrade_mocks.core import Exchange, Instrument, NewOrder
    >>> abc = Instrument(symbol="ABC/USD", base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1))
    >>> first = Exchange([abc], now=0, seed=1)
    >>> anna = first.open_account("anna", {"ABC": 10**9})
    >>> order = first.place(anna, NewOrder(symbol="ABC/USD", side="sell", price=100, lots=5))
    >>> text = snapshot(first).to_json()
    >>> second = restore(State.from_json(text))
    >>> second.depth("ABC/USD"), second.view(second.accounts["anna"]).open_orders() == [order]
    (([], [(100, 5)]), True)

A ``State`` is plain data with a version: numbers, text, lists and maps, and the immutable records (orders, fills) that
the exchange itself never changes. So taking one copies references, not records, and it stays as it is while the
exchange goes on. Take it between operations, not in a callback.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import msgspec

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import BookSide, Entry, Special
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.floor import Countdown, FundingTime, InterestHour, Planned, Timed
from outtrade_mocks.core.flow import Flow, FlowConfig, Quote, Take
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.lists import OrderList
from outtrade_mocks.core.loans import Loans
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.positions import Portfolio
from outtrade_mocks.core.restoring import restore
from outtrade_mocks.core.saved import (
    AccountState,
    BalanceState,
    FlowState,
    ListState,
    LoansState,
    MarketState,
    OpenState,
    PortfolioState,
    Rules,
    ScheduleState,
    SideState,
    State,
    TapeState,
    TimerState,
    WatchState,
)
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.tape import TapeFlow

__all__ = ["State", "restore", "snapshot"]


def snapshot(exchange: Exchange) -> State:
    """The state of ``exchange`` as it is now."""
    special = [(order_id, entry) for order_id, entry in exchange._entries.items() if entry.special is not None]
    return State(
        now=exchange.now,
        find_by_original=exchange.find_by_original,
        precisions=dict(exchange.precisions),
        last_order_id=exchange._last_order_id,
        event_id=exchange.event_id,
        fees=dict(exchange.ledger.fees),
        house=_account(exchange.ledger.house),
        accounts=[_account(account) for account in exchange.accounts.values()],
        markets=[_market(market) for market in exchange._markets.values()],
        practice=asdict(exchange.practice),
        schedules=[
            ScheduleState(account, symbol, msgspec.to_builtins(schedule))
            for (account, symbol), schedule in exchange.tariffs.schedules.items()
        ],
        opened=[_open(entry, entry.special) for _, entry in sorted(special) if entry.special],
        lists=[_list(group) for group in exchange._lists.open.values()],
        last_list_id=exchange._lists._last_id,
        insurance=dict(exchange.ledger.insurance),
        pool=dict(exchange.ledger.pool),
        interest=dict(exchange.ledger.interest),
        borrowers=list(exchange._borrowers),
        printed=exchange._printed,
        timers=[
            _timer(time, number, what)
            for time, number, what in sorted(exchange._timers, key=lambda timer: timer[:2])
            if exchange._ticks(what)
        ],
        timer_count=exchange._timer_count,
    )


def _timer(time: int, number: int, what: Timed) -> TimerState:
    if isinstance(what, Planned):
        return TimerState(time, number, 0, "", what.symbol, True, what.state)
    if isinstance(what, Countdown):
        return TimerState(time, number, 0, what.account.name, what.symbol)
    if isinstance(what, FundingTime):
        return TimerState(time, number, 0, "", what.symbol, funding=True)
    if isinstance(what, InterestHour):
        return TimerState(time, number, 0, "", None, interest=True)
    return TimerState(time, number, what, "", None)


def _open(entry: Entry, special: Special) -> OpenState:
    watch = special.watch
    return OpenState(
        0 if entry.order is None else entry.order.order_id, entry.level is None, entry.remaining, entry.locked,
        special.hidden, special.tip, special.reserve,
        None if watch is None else WatchState(watch.since, watch.active, watch.extreme), special.borrowed,
    )  # fmt: skip


def _list(group: OrderList) -> ListState:
    return ListState(
        group.list_id, group.client_id, group.kind, group.account.name, group.symbol, group.partial, group.released,
        group.status, group.orders,
    )  # fmt: skip


def _account(account: Account) -> AccountState:
    balances = {b.asset: BalanceState(b.free, b.locked, b.past[:]) for b in account.balances.values() if b.touched}
    return AccountState(
        account.name,
        account.opened,
        account.unlimited,
        balances,
        account.snapshots[:],
        account.fills[:],
        dict(account.working),
        dict(account.open_count),
        {asset: dict(days) for asset, days in account.volumes.items()},
        None if account.portfolio is None else _portfolio(account.portfolio),
        None if account.loans is None else _loans(account.loans),
        account.preventions[:],
        sorted(account.unlisted),
    )


def _loans(loans: Loans) -> LoansState:
    owed = {asset: (loan.principal, str(loan.accrued)) for asset, loan in loans.loans.items()}
    return LoansState(msgspec.to_builtins(loans.rules), owed, loans.called, loans.history[:])


def _portfolio(portfolio: Portfolio) -> PortfolioState:
    return PortfolioState(
        portfolio.hedge,
        {symbol: (setting.leverage, setting.isolated) for symbol, setting in portfolio.settings.items()},
        [snapshots[:] for snapshots in portfolio.positions.values()],
    )


def _market(market: Market) -> MarketState:
    return MarketState(
        _rules(market.instrument),
        _flow(market.flow) if isinstance(market.flow, Flow) else None,
        _tape(market.flow) if isinstance(market.flow, TapeFlow) else None,
        market.state,
        market.ordered,
        market.ends,
        market.index_log[:],
        list(market.waiting),
        market.last_price,
        market.trade_id,
        _side(market.bids),
        _side(market.asks),
        market.quote,
        market.noted,
        market.takes[:],
        (market._taken[0], market._taken[1]),
        dict(market.published),
        None if market.margined is None else (market.margined.house_lots, market.margined.house_carried),
        None if market.margined is None or market.margined.funding is None
        else market.margined.funding.as_integer_ratio(),
        [] if market.prints is None else market.prints.after(0),
        0 if market.prints is None else market.prints.last,
    )  # fmt: skip


def _side(side: BookSide) -> SideState:
    entries: list[Entry] = []
    for level in side:
        entry: Entry | None = level.head
        while entry is not None:
            entries.append(entry)
            entry = entry.after
    return SideState(
        [0 if entry.order is None else entry.order.order_id for entry in entries],
        [entry.price for entry in entries],
        [entry.remaining for entry in entries],
        [entry.locked for entry in entries],
    )


def _flow(flow: Flow) -> FlowState:
    version, words, gauss = flow._rng.getstate()
    return FlowState(
        _rules(flow.config), (version, words, gauss), flow.mid, flow.reference, (flow._low, flow._high), flow._opened,
        flow._quoted, flow._drawn_mid, flow._quote_at, flow._take_at,
        [action for action in flow._ahead if isinstance(action, Quote)],
        [action for action in flow._ahead if isinstance(action, Take)],
        *((flow._renewed, flow._noise) if isinstance(flow, ScriptedFlow) else ()),
    )  # fmt: skip


def _tape(flow: TapeFlow) -> TapeState:
    assert flow.config.tape is not None
    return TapeState(_rules(replace(flow.config, tape=None)), flow.config.tape, flow.opened, flow.place)


def _rules(record: Instrument | FlowConfig) -> Rules:
    """What the record was made with."""
    given = {field.name: getattr(record, field.name) for field in fields(record) if field.init}
    band = given.get("band")
    if band is not None:
        given["band"] = {name: getattr(band, name) for name in ("bid_down", "bid_up", "ask_down", "ask_up")}
    plain: Rules = msgspec.to_builtins(given)
    return plain
