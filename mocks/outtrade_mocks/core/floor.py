"""The floor of the exchange: its accounts and markets, the timers, and the tape on which everything is told.

The engine is a pile of layers, each a class that calls only those below it::

    exchange         requests: place, cancel, list; queries
    margin_requests  how contracts are traded: leverage, margin and position mode
    amending         open orders change
    contract_orders  checks of orders for contracts
    clockwork        time passes: timers, published prices
    doors            trading states, sessions, orders that wait for them
    expiry           the end of an instrument
    auction          the call auction
    foreclosure      margin accounts: interest, calls, liquidation
    liquidity        the seeded market acts; liquidity moved by a script
    settlement       funding, the last settlement of a contract
    liquidation      margin is watched, and enforced
    waiting          what an operation sets off: triggers, order lists
    matching         orders meet: trades, self-trade prevention
    borrowing        margin accounts: debts, what an order borrows and repays
    holdings         positions and margin, seen from the engine
    lifecycle        an order begins, rests, changes, ends
    floor            accounts, markets, timers, the drop copy

A bound method is looked up by name alone, so a pile costs a call nothing over one large class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from heapq import heappush

import msgspec

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.clearing import Spot
from outtrade_mocks.core.events import Ask, BalanceChange, Cause, Change, Rejection
from outtrade_mocks.core.feed import Feed
from outtrade_mocks.core.instruments import Instrument, OffGrid, from_atoms, to_atoms
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.limits import limited
from outtrade_mocks.core.margined import Margined
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed, NewOrder, Order, Reject, RejectReason
from outtrade_mocks.core.positions import Portfolio, Setting
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.states import CONTINUOUS, TradingState, by_calendar
from outtrade_mocks.core.tariffs import Tariffs
from outtrade_mocks.core.valuation import Prices


class Countdown:
    """A dead man's switch: everything of ``account`` (in ``symbol``; None: all) is cancelled at its time."""

    __slots__ = ("account", "alive", "symbol")

    def __init__(self, account: Account, symbol: str | None) -> None:
        self.account = account
        self.symbol = symbol
        self.alive = True


class Planned:
    """A change of a symbol's trading state at its time; None: a boundary of the calendar."""

    __slots__ = ("state", "symbol")

    def __init__(self, symbol: str, state: TradingState | None) -> None:
        self.symbol = symbol
        self.state = state


class FundingTime:
    """The next funding payment of ``symbol``."""

    __slots__ = ("alive", "symbol")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.alive = True


class InterestHour:
    """The next hour's interest of all margin accounts."""

    __slots__ = ("alive",)

    def __init__(self) -> None:
        self.alive = True


Timed = int | Countdown | Planned | FundingTime | InterestHour
"""What a timer ends or changes: an order, by its id, a countdown's patience, a trading state; or funding is paid, or
interest becomes due."""


class Floor:
    """Accounts, markets and time; what is not said here is said in ``Exchange``."""

    def __init__(self, *, now: int, practice: Practice | None = None) -> None:
        self.now = now
        """Time in ns; only ``advance`` moves it."""
        self.practice = practice or Practice()
        self.precisions: dict[str, int] = {}
        """Asset -> number of decimals of an atom."""
        self.accounts: dict[str, Account] = {}
        self.ledger = Ledger(now=now)
        self._markets: dict[str, Market] = {}
        self.prices = Prices(self._markets)
        self.tariffs = Tariffs(self._markets, self.precisions, self.ledger, self.prices)
        self._moving: list[Market] = []
        """Markets with a flow."""
        self._entries: dict[int, Entry] = {}
        """Order id -> what is left of it, open orders of accounts only."""
        self._touched: list[Entry] = []
        """Orders of lists that were filled or ended, what follows from that still to be done."""
        self._timers: list[tuple[int, int, Timed]] = []
        """Heap of (time, number, what happens then)."""
        self._timer_count = 0
        self._countdowns: dict[tuple[str, str | None], Countdown] = {}
        self._last_order_id = 0
        self.event_id = 0
        """Number of the event told last; inside a callback: of this one. Never repeats, and a restored core goes on
        counting where the snapshot was taken."""
        self._callbacks: list[Callable[[Change], None]] = []
        self._out: list[Change] = []

    # ---------------------------------------------------------------- set-up
    @property
    def instruments(self) -> dict[str, Instrument]:
        """Symbol -> the rules as they are now."""
        return {symbol: market.instrument for symbol, market in self._markets.items()}

    def instrument(self, symbol: str) -> Instrument:
        """The rules of a symbol as they are now. Raises Reject(UNKNOWN_SYMBOL)."""
        return self._market(symbol).instrument

    def extreme(self, order_id: int) -> int | None:
        """The best price (ticks) that an open order which trails has seen since it tracks; None: no such order."""
        entry = self._entries.get(order_id) if type(order_id) is int else None
        watch = None if entry is None or entry.special is None else entry.special.watch
        return None if watch is None else watch.extreme

    def add_instrument(self, instrument: Instrument, flow: Feed | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, or where an asset has another precision already."""
        if not isinstance(instrument, Instrument) or not (flow is None or isinstance(flow, Feed)):
            raise ValueError("a listing is an instrument, and may have a flow")
        if instrument.symbol in self._markets:
            raise ValueError(f"{instrument.symbol} is listed")
        wanted = {instrument.base: instrument.base_precision, instrument.quote: instrument.quote_precision}
        for asset, precision in wanted.items():
            if self.precisions.get(asset, precision) != precision:
                raise ValueError(f"{asset} has two precisions")
        self.precisions.update(wanted)
        clearing = (Margined if instrument.derivative else Spot)(self.ledger, instrument)
        market = self._markets[instrument.symbol] = Market(instrument, flow, clearing)
        self.tariffs.listed(market)
        market.limited = limited(instrument, self.practice)
        if flow is not None:
            self._moving.append(market)
        if not market.calendar.always_open:
            market.state = by_calendar(market.calendar, self.now)
            market.is_open = market.state in CONTINUOUS
            change = market.calendar.next_change(self.now)
            if change is not None:
                self._alarm(change, Planned(instrument.symbol, None))

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call ``callback`` with every event, in exact order, after the operation that caused it is complete. This is
        the drop copy; ``event_id`` is the event's number."""
        if not callable(callback):
            raise ValueError(f"a callback can be called, {callback!r} cannot")
        self._callbacks.append(callback)

    def open_account(self, name: str, balances: Mapping[str, int]) -> Account:
        """A new account holding ``balances`` (asset -> atoms, see ``atoms``). Raises ValueError on a taken name and on
        what are no balances."""
        if type(name) is not str or name in self.accounts:
            raise ValueError(f"account {name!r} exists, or is no name")
        if not isinstance(balances, Mapping):
            raise ValueError("balances are atoms by asset")
        for asset in balances:
            _check_money(asset, balances[asset])
        account = Account(name, now=self.now)
        for asset in sorted(balances):
            self.precisions.setdefault(asset, 8)
            self.ledger.deposit(account, asset, balances[asset], self.now)
        self.accounts[name] = account
        return account

    def deposit(self, account: Account, asset: str, atoms: int) -> None:
        """Money arrives from outside (told as a BalanceChange caused by ``script``). Raises ValueError."""
        self._known(account)
        _check_money(asset, atoms)
        self.precisions.setdefault(asset, 8)
        self._tell_balance(account, "script", self.ledger.deposit(account, asset, atoms, self.now))
        self._flush()

    def withdraw(self, account: Account, asset: str, atoms: int) -> None:
        """Money leaves for outside (told as a BalanceChange caused by ``script``). Raises ValueError where less is
        free."""
        self._known(account)
        _check_money(asset, atoms)
        self._tell_balance(account, "script", self.ledger.withdraw(account, asset, atoms, self.now))
        self._flush()

    def atoms(self, asset: str, amount: Decimal) -> int:
        """Atoms of a decimal amount; raises OffGrid where it has more digits than the asset."""
        if not isinstance(asset, str) or not isinstance(amount, Decimal):
            raise OffGrid(f"an amount of an asset is a decimal, not {amount!r}")
        return to_atoms(amount, self.precisions.get(asset, 8))

    def amount(self, asset: str, atoms: int) -> Decimal:
        """The decimal amount of ``atoms``."""
        if not isinstance(asset, str) or not isinstance(atoms, int):
            raise OffGrid(f"atoms of an asset are a whole number, not {atoms!r}")
        return from_atoms(atoms, self.precisions.get(asset, 8))

    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol) if isinstance(symbol, str) else None
        if market is None:
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{symbol!r} is not traded here")
        return market

    def _setting(self, portfolio: Portfolio | None, market: Market) -> Setting:
        """How an account trades a symbol: as it set, else as the venue does. Nothing is kept."""
        found = None if portfolio is None else portfolio.settings.get(market.instrument.symbol)
        if found is not None:
            return found
        tiers = market.instrument.tiers
        assert tiers is not None
        return Setting(min(self.practice.leverage, tiers.tiers[0].leverage), self.practice.isolated)

    def _portfolio(self, account: Account, market: Market) -> Portfolio:
        """The account's portfolio with a setting for the market; both are made where they are missing."""
        portfolio = account.portfolio
        if portfolio is None:
            portfolio = account.portfolio = Portfolio()
        symbol = market.instrument.symbol
        if symbol not in portfolio.settings:
            portfolio.settings[symbol] = self._setting(portfolio, market)
        return portfolio

    def _working(self, account: Account, symbol: str, order_id: int | None, client_id: str | None) -> Entry:
        """The entry of an open order; raises Reject(UNKNOWN_ORDER), Reject(UNKNOWN_SYMBOL)."""
        wanted = order_id
        if wanted is None and type(client_id) is str:
            wanted = account.working.get(client_id)
        entry = self._entries.get(wanted) if type(wanted) is int else None
        if entry is not None and entry.account is account:
            order = order_of(entry)
            if order.symbol == symbol and (client_id is None or order.client_id == client_id):
                return entry
        self._market(symbol)
        raise Reject(RejectReason.UNKNOWN_ORDER, f"no open order {order_id or client_id!r} in {symbol}")

    def _open_ids(self, account: Account, symbol: str | None) -> list[int]:
        """Ids of the account's open orders, oldest first."""
        ids = sorted(account.working.values())
        return ids if symbol is None else [i for i in ids if order_of(self._entries[i]).symbol == symbol]

    def _open_buys(self, account: Account, symbol: str) -> int:
        """Lots that the account's open buys in ``symbol`` can still add."""
        entries = (self._entries[order_id] for order_id in account.working.values())
        return sum(entry.total for entry in entries if entry.buy and order_of(entry).symbol == symbol)

    def _alarm(self, time: int, what: Timed) -> None:
        self._timer_count += 1
        heappush(self._timers, (time, self._timer_count, what))

    def _ticks(self, what: Timed) -> bool:
        """Whether a timer still has something to do."""
        if isinstance(what, int):
            return what in self._entries
        return isinstance(what, Planned) or what.alive

    def _tell_balance(self, account: Account, cause: Cause, balance: Balance) -> None:
        if self._callbacks:
            changed = ((balance.asset, balance.free, balance.locked),)
            self._out.append(BalanceChange(account.name, changed, self.now, cause))

    def _known(self, account: Account) -> None:
        """Raises Malformed where ``account`` is none of this exchange."""
        if not isinstance(account, Account) or self.accounts.get(account.name) is not account:
            raise Malformed("no account of this exchange")

    def _refuse(self, account: Account, ask: Ask, asked: object, problem: Exception) -> Exception:
        """A request of ``account`` has failed with ``problem``, before anything moved: tell it. Returns what to raise:
        the Reject, or Malformed where the caller passed something that is no account or no request (looked for only
        here, so that a request that is right pays nothing for it), or what else happened, a bug of ours."""
        if not isinstance(problem, Reject):
            if isinstance(account, Account) and (ask != "place" or isinstance(asked, NewOrder)):
                return problem
            problem = Malformed("a request has an account and an order")
        if self._callbacks:
            known = asked if isinstance(asked, msgspec.Struct) else None
            name = account.name if isinstance(account, Account) else ""
            told = Rejection(name, ask, known, problem.reason, problem.detail, self.now)  # type: ignore[arg-type]
            self._out.append(told)
            self._flush()
        return problem

    def _flush(self) -> None:
        """Tell what happened."""
        out, callbacks = self._out, self._callbacks
        self._out = []
        if len(callbacks) == 1:
            (callback,) = callbacks
            for self.event_id, change in enumerate(out, self.event_id + 1):  # noqa: B020
                callback(change)
        else:
            for self.event_id, change in enumerate(out, self.event_id + 1):  # noqa: B020
                for callback in callbacks:
                    callback(change)


def _check_money(asset: str, atoms: int) -> None:
    """Raises ValueError where that is no amount of an asset."""
    if type(asset) is not str or type(atoms) is not int or atoms < 0:
        raise ValueError(f"{atoms!r} is no number of atoms of {asset!r}")


def order_of(entry: Entry) -> Order:
    """The order of an entry that is an account's."""
    assert entry.order is not None
    return entry.order
