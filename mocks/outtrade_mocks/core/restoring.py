"""Restore: an exchange made of a snapshot (``state``), which goes on as the first one would have gone on.

What is derived from other things is not saved, but worked out anew: who holds which contract, which orders only reduce,
what open orders could open.
"""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry, Special
from outtrade_mocks.core.brackets import Bracket
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.feed import Feed, config_of, open_feed
from outtrade_mocks.core.fees import FeeSchedule
from outtrade_mocks.core.floor import Countdown, FundingTime, InterestHour, Planned, Timed
from outtrade_mocks.core.flow import Flow, Take
from outtrade_mocks.core.instruments import Instrument, PriceBand
from outtrade_mocks.core.lists import OrderList
from outtrade_mocks.core.loans import Loan, Loans, MarginRules
from outtrade_mocks.core.orders import Order, Status
from outtrade_mocks.core.positions import Portfolio, Setting
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.prints import Prints
from outtrade_mocks.core.saved import (
    AccountState,
    FlowState,
    ListState,
    MarketState,
    OpenState,
    Rules,
    State,
    WatchState,
)
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.states import CONTINUOUS
from outtrade_mocks.core.tape import TapeFlow
from outtrade_mocks.core.triggers import Watches, watch_of


def restore(state: State) -> Exchange:
    """An exchange that goes on from ``state``; the state may be restored any number of times."""
    exchange = Exchange([], now=state.now, seed=0, find_by_original=state.find_by_original)
    exchange.practice = Practice(**state.practice)
    exchange._printed = state.printed
    exchange.tariffs.schedules.update(
        ((saved.account, saved.symbol), msgspec.convert(saved.rules, FeeSchedule)) for saved in state.schedules
    )
    exchange.precisions.update(state.precisions)
    exchange._last_order_id, exchange.event_id = state.last_order_id, state.event_id
    exchange.ledger.fees.update(state.fees)
    exchange.ledger.insurance.update(state.insurance)
    exchange.ledger.pool.update(state.pool)
    exchange.ledger.interest.update(state.interest)
    exchange.ledger.house = _make_account(state.house)
    orders: dict[int, tuple[Account, Order]] = {}
    """Each order that works, by its id."""
    for saved in state.accounts:
        account = exchange.accounts[saved.name] = _make_account(saved)
        for order_id in account.working.values():
            orders[order_id] = account, account.orders[order_id][-1]
    for market in state.markets:
        _make_market(exchange, market, orders)
    _make_open(exchange, state.opened, orders)
    for market in state.markets:
        symbol = market.rules["symbol"]
        exchange._markets[symbol].waiting = {order_id: exchange._entries[order_id] for order_id in market.waiting}
    _make_reducing(exchange)
    for group in state.lists:
        _make_list(exchange, group)
    exchange._lists._last_id = state.last_list_id
    exchange._timers.clear()
    for timer in state.timers:
        what: Timed = timer.order_id
        if timer.plan:
            what = Planned(timer.symbol or "", timer.state)
        elif timer.funding:
            what = FundingTime(timer.symbol or "")
        elif timer.interest:
            what = exchange._interest = InterestHour()
        elif not timer.order_id:
            what = Countdown(exchange.accounts[timer.account], timer.symbol)
            exchange._countdowns[timer.account, timer.symbol] = what
        exchange._timers.append((timer.time, timer.number, what))  # sorted, hence a heap
    exchange._timer_count = state.timer_count
    exchange._borrowers.update((name, exchange.accounts[name]) for name in state.borrowers)
    exchange._collateral(bool(state.borrowers))
    return exchange


def _make_open(exchange: Exchange, saved: list[OpenState], orders: dict[int, tuple[Account, Order]]) -> None:
    """Waiting orders, and what open orders have beside their place in the book."""
    armed: list[tuple[int, Entry, WatchState]] = []
    for one in saved:
        account, order = orders[one.order_id]
        if one.waits:
            market, buy = exchange._market(order.symbol), order.side == "buy"
            entry = Entry(account, buy, order.price or 0, one.remaining, order, *market.clearing.sides(account, buy))
            entry.locked = one.locked
            exchange._entries[one.order_id] = entry
        entry = exchange._entries[one.order_id]
        entry.special = special = Special(one.tip)
        special.hidden, special.reserve, special.borrowed = one.hidden, one.reserve, one.borrowed
        if order.status is Status.QUEUED:
            entry.price = one.reserve
        if one.watch is not None:
            armed.append((one.watch.since, entry, one.watch))
    for _, entry, state in sorted(armed, key=lambda item: item[0]):
        assert entry.order is not None and entry.special is not None
        entry.special.watch = watch = watch_of(entry, entry.order)
        watch.active, watch.extreme = state.active, state.extreme
        market = exchange._market(entry.order.symbol)
        if market.watches is None:
            market.watches = Watches()
        market.watches.put_back(watch)


def _make_reducing(exchange: Exchange) -> None:
    """Reduce-only orders, what open orders could open, and who holds which contract."""
    for order_id, entry in sorted(exchange._entries.items()):
        terms, account = None if entry.order is None else entry.order.terms, entry.account
        if account is not None and account.portfolio is not None:
            account.portfolio.openings.mark(entry)
        if terms is not None and terms.reduce_only and account is not None and account.portfolio is not None:
            account.portfolio.reducing[order_id] = entry
    for account in exchange.accounts.values():
        for position in [] if account.portfolio is None else account.portfolio.held():
            margined = exchange._market(position.symbol).margined
            assert margined is not None
            margined.holders[account.name] = account


def _make_list(exchange: Exchange, saved: ListState) -> None:
    account = exchange.accounts[saved.account]
    group = OrderList(saved.list_id, saved.client_id, saved.kind, account, saved.symbol, saved.partial)
    group.released, group.status = saved.released, saved.status
    for order in saved.orders:
        entry = exchange._entries.get(order.order_id)
        if entry is None:  # it has ended; the list remembers how
            entry = Entry(account, order.side == "buy", order.price or 0, 0, order)
            entry.special = Special()
        assert entry.special is not None
        entry.special.group = group
        group.entries.append(entry)
    exchange._lists.open[saved.list_id] = group


def _make_account(saved: AccountState) -> Account:
    account = Account(saved.name, now=saved.opened, unlimited=saved.unlimited)
    for asset, kept in saved.balances.items():
        balance = account.balances[asset] = Balance(asset, time=saved.opened)
        balance.free, balance.locked, balance.past = kept.free, kept.locked, list(kept.past)
    account.snapshots = list(saved.orders)
    account.fills = list(saved.fills)
    account.preventions = list(saved.preventions)
    account.unlisted = set(saved.unlisted)
    account.working = dict(saved.working)
    account.open_count = dict(saved.open_count)
    account.volumes = {asset: dict(days) for asset, days in saved.volumes.items()}
    if saved.loans is not None:
        account.loans = loans = Loans(msgspec.convert(saved.loans.rules, MarginRules))
        loans.loans = {asset: Loan(owed, Fraction(text)) for asset, (owed, text) in saved.loans.loans.items()}
        loans.called, loans.history = saved.loans.called, list(saved.loans.history)
    if saved.portfolio is not None:
        account.portfolio = portfolio = Portfolio()
        portfolio.hedge = saved.portfolio.hedge
        for symbol, (leverage, isolated) in saved.portfolio.settings.items():
            portfolio.settings[symbol] = Setting(leverage, isolated)
        for snapshots_of_side in saved.portfolio.positions:
            first = snapshots_of_side[0]
            portfolio.positions[first.symbol, first.side] = list(snapshots_of_side)
    return account


def _make_market(exchange: Exchange, saved: MarketState, orders: dict[int, tuple[Account, Order]]) -> None:
    instrument = _make_instrument(saved.rules)
    exchange.add_instrument(instrument, _make_feed(saved, instrument))
    market = exchange._markets[instrument.symbol]
    market.state, market.ordered, market.is_open = saved.state, saved.ordered, saved.state in CONTINUOUS
    market.ends, market.index_log = saved.ends, list(saved.index_log)
    market.last_price, market.trade_id = saved.last_price, saved.trade_id
    market.quote, market.noted = saved.quote, saved.noted
    market.takes, market._taken = list(saved.takes), list(saved.taken)
    market.published = dict(saved.published)
    if exchange._printed:
        market.prints = Prints(exchange._printed, saved.prints, saved.last_print)
    if market.margined is not None and saved.house_position is not None:
        market.margined.house_lots, market.margined.house_carried = saved.house_position
        market.margined.funding = None if saved.funding is None else Fraction(*saved.funding)
    for buy, kept in ((True, saved.bids), (False, saved.asks)):
        side = market.side(buy=buy)
        for order_id, price, remaining, locked in zip(
            kept.order_ids, kept.prices, kept.remaining, kept.locked, strict=True
        ):
            if order_id:
                account, order = orders[order_id]
                entry = Entry(account, buy, price, remaining, order, *market.clearing.sides(account, buy))
                entry.locked = locked
                exchange._entries[order_id] = entry
                market.own_entries += 1
            else:
                entry = Entry(exchange.ledger.house, buy, price, remaining)
                market.house.append(entry)
            side.add(entry)


def _make_feed(saved: MarketState, instrument: Instrument) -> Feed | None:
    if saved.tape is not None:
        config = replace(config_of(saved.tape.config), tape=saved.tape.tape)
        return TapeFlow(config, instrument, now=saved.tape.opened, place=saved.tape.place)
    return None if saved.flow is None else _make_flow(saved.flow, instrument)


def _make_flow(saved: FlowState, instrument: Instrument) -> Flow:
    flow = open_feed(config_of(saved.config), instrument, seed=0, now=saved.opened)
    assert isinstance(flow, Flow)
    if isinstance(flow, ScriptedFlow):
        flow._renewed, flow._noise = saved.renewed, saved.noise
    flow._rng.setstate(saved.generator)
    flow.mid, flow.reference = saved.mid, saved.reference
    flow._low, flow._high = saved.bounds
    flow._quoted, flow._drawn_mid = saved.quoted, saved.drawn_mid
    flow._quote_at, flow._take_at = saved.quote_at, saved.take_at
    flow._ahead.extend(
        sorted((*saved.quotes, *saved.takes), key=lambda action: (action.time, isinstance(action, Take)))
    )
    flow.next_time = flow._ahead[0].time if flow._ahead else flow._due()
    return flow


def _make_instrument(rules: Rules) -> Instrument:
    given: dict[str, Any] = {}
    for name, value in rules.items():
        if name == "band":
            given[name] = None if value is None else PriceBand(**{side: Decimal(v) for side, v in value.items()})
        elif name == "price_grid":
            given[name] = tuple((Decimal(start), Decimal(increment)) for start, increment in value)
        elif name == "brackets":
            given[name] = msgspec.convert(value, tuple[Bracket, ...])
        else:
            given[name] = Decimal(value) if name in _DECIMALS and value is not None else value
    return Instrument(**given)


_DECIMALS = frozenset(field.name for field in fields(Instrument) if "Decimal" in str(field.type))
