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
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import msgspec

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import BookSide, Entry, Special
from outtrade_mocks.core.brackets import Bracket
from outtrade_mocks.core.events import Fill, ListStatus, LoanChange, Prevention
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.feed import Feed, config_of, open_feed
from outtrade_mocks.core.fees import FeeSchedule
from outtrade_mocks.core.floor import Countdown, FundingTime, InterestHour, Planned, Timed
from outtrade_mocks.core.flow import Flow, FlowConfig, Quote, Take
from outtrade_mocks.core.instruments import Instrument, PriceBand
from outtrade_mocks.core.lists import ListKind, OrderList, Partial
from outtrade_mocks.core.loans import Loan, Loans, MarginRules
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Order, Status
from outtrade_mocks.core.positions import Portfolio, Position, Setting
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.prints import Print, Prints
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.states import CONTINUOUS, TradingState
from outtrade_mocks.core.tape import TapeFlow
from outtrade_mocks.core.triggers import Watches, watch_of

VERSION = 2
Rules = dict[str, Any]
"""An Instrument's or a FlowConfig's own fields; decimals as text."""


class BalanceState(msgspec.Struct, frozen=True, array_like=True):
    """One asset of one account."""

    free: int
    locked: int
    past: list[int]


class PortfolioState(msgspec.Struct, frozen=True):
    """An account's contracts."""

    hedge: bool
    settings: dict[str, tuple[int, bool]]
    """Symbol -> (leverage, isolated)."""
    positions: list[list[Position]]
    """All snapshots of each side that was ever held."""


class LoansState(msgspec.Struct, frozen=True):
    """A margin account's rules and debts."""

    rules: Rules
    loans: dict[str, tuple[int, str]]
    """Asset -> (principal, interest not paid yet as a fraction)."""
    called: bool
    history: list[LoanChange]


class AccountState(msgspec.Struct, frozen=True):
    """One account and its past."""

    name: str
    opened: int
    unlimited: bool
    balances: dict[str, BalanceState]
    orders: list[Order]
    """All snapshots of its orders, oldest first."""
    fills: list[Fill]
    working: dict[str, int]
    open_count: dict[str, int]
    volumes: dict[str, dict[int, int]]
    portfolio: PortfolioState | None = None
    loans: LoansState | None = None
    preventions: list[Prevention] = []


class TapeState(msgspec.Struct, frozen=True):
    """The recorded market of a symbol, and how far it was played."""

    config: Rules
    """All but the tape."""
    tape: Tape
    opened: int
    place: int


class FlowState(msgspec.Struct, frozen=True):
    """The seeded market of a symbol, its generator included."""

    config: Rules
    generator: tuple[int, tuple[int, ...], float | None]
    mid: float
    reference: int
    bounds: tuple[float, float]
    opened: int
    quoted: int
    drawn_mid: float
    quote_at: int
    take_at: int
    quotes: list[Quote]
    """Drawn, and still to come."""
    takes: list[Take]
    renewed: int = 0
    """How many renewals of the script were drawn."""
    noise: int = 0


class SideState(msgspec.Struct, frozen=True):
    """Bids or asks in order of priority, column by column (a book of 10,000 orders is four lists, not 10,000)."""

    order_ids: list[int]
    """0: the house."""
    prices: list[int]
    remaining: list[int]
    locked: list[int]


class MarketState(msgspec.Struct, frozen=True):
    """One symbol: rules, book, flow, and what of the flow is still to be carried out."""

    rules: Rules
    flow: FlowState | None
    tape: TapeState | None
    state: TradingState
    ordered: TradingState
    ends: int | None
    index_log: list[tuple[int, int]]
    waiting: list[int]
    last_price: int | None
    trade_id: int
    bids: SideState
    asks: SideState
    quote: Quote | None
    noted: bool
    takes: list[Take]
    taken: tuple[int, int]
    published: dict[str, int]
    house_position: tuple[int, int] | None = None
    """Of a contract: lots and carried."""
    funding: tuple[int, int] | None = None
    """The published rate as a fraction."""
    prints: list[Print] = []
    last_print: int = 0


class WatchState(msgspec.Struct, frozen=True, array_like=True):
    """How far a trigger has come; ``since`` gives the order in which triggers were armed."""

    since: int
    active: bool
    extreme: int | None


class OpenState(msgspec.Struct, frozen=True, array_like=True):
    """What an open order has that the book does not show: a hidden part, a trigger, what it locks while it waits."""

    order_id: int
    waits: bool
    remaining: int
    locked: int
    hidden: int
    tip: int
    reserve: int
    watch: WatchState | None
    borrowed: int = 0


class ListState(msgspec.Struct, frozen=True):
    """One order list that is not done."""

    list_id: int
    client_id: str
    kind: ListKind
    account: str
    symbol: str
    partial: Partial
    released: bool
    status: ListStatus
    orders: tuple[Order, ...]


class TimerState(msgspec.Struct, frozen=True, array_like=True):
    """What is to come: the end of the order ``order_id``, or (0) of the patience of a countdown; or (``plan``) a
    trading state (None: what the calendar wants)."""

    time: int
    number: int
    order_id: int
    account: str
    symbol: str | None
    plan: bool = False
    state: TradingState | None = None
    funding: bool = False
    """The next funding payment of ``symbol``."""
    interest: bool = False
    """The next hour's interest."""


class ScheduleState(msgspec.Struct, frozen=True, array_like=True):
    """A fee schedule, and for whom and where it holds."""

    account: str | None
    symbol: str | None
    rules: Rules


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A whole exchange at one moment."""

    format: Literal["outtrade-core"] = "outtrade-core"
    version: int = VERSION
    now: int
    find_by_original: bool
    precisions: dict[str, int]
    last_order_id: int
    event_id: int
    fees: dict[str, int]
    house: AccountState
    accounts: list[AccountState]
    markets: list[MarketState]
    practice: dict[str, Any]
    schedules: list[ScheduleState]
    opened: list[OpenState]
    """Open orders that are not plain, oldest first."""
    lists: list[ListState]
    last_list_id: int
    timers: list[TimerState]
    timer_count: int
    insurance: dict[str, int] = {}
    pool: dict[str, int] = {}
    interest: dict[str, int] = {}
    borrowers: list[str] = []
    """Accounts that owe something, in the order in which they began to."""
    printed: int = 0
    """So many prints of each symbol are kept."""

    def to_json(self) -> bytes:
        """The state as one JSON document."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes) -> State:
        """The state of a JSON document; raises ValueError, in one line, on anything else."""
        try:
            state = msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise ValueError(f"this is no snapshot of an exchange: {error}") from None
        if state.version != VERSION:
            raise ValueError(f"a snapshot of version {state.version}; this program reads version {VERSION}")
        return state


# ------------------------------------------------------------------ snapshot
def snapshot(exchange: Exchange) -> State:
    """The state of ``exchange`` as it is now."""
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
        opened=[_open(entry, entry.special) for _, entry in sorted(exchange._entries.items()) if entry.special],
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
    state = SideState([], [], [], [])
    for level in side:
        for entry in level:
            state.order_ids.append(0 if entry.order is None else entry.order.order_id)
            state.prices.append(entry.price)
            state.remaining.append(entry.remaining)
            state.locked.append(entry.locked)
    return state


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


# ------------------------------------------------------------------- restore
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
