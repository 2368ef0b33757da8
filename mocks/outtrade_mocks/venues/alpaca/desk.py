"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and Alpaca's (decimal strings, UUIDs, tickers and pairs, RFC 3339). What the core does not know of
an order is its ``Note``, by the core's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    Fill,
    Instrument,
    NewList,
    NewOrder,
    Order,
    OrderChange,
    OrderList,
    Practice,
)
from outtrade_mocks.core.sessions import Calendar, calendar_of
from outtrade_mocks.venues.alpaca.codec import market_day, new_york_offset, stamp, uuid_of
from outtrade_mocks.venues.alpaca.dues import Dues
from outtrade_mocks.venues.alpaca.limits import Limits
from outtrade_mocks.venues.alpaca.notes import Note, plain_note
from outtrade_mocks.venues.alpaca.reference import Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.alpaca.replacing import Pending, Replacements
from outtrade_mocks.venues.alpaca.traits import KNOBS
from outtrade_mocks.venues.catalogue import flows, from_the_start
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob

SECOND = 1_000_000_000
PRINTS = 10_000
"""Public trades kept of each asset, from the first time on that somebody asks."""
CONFIGURATION: dict[str, Any] = {
    "dtbp_check": "entry",
    "trade_confirm_email": "all",
    "suspend_trade": False,
    "no_shorting": False,
    "fractional_trading": True,
    "max_margin_multiplier": "4",
    "pdt_check": "entry",
    "max_options_trading_level": None,
    "ptp_no_exception_entry": False,
}
"""What a new account is configured to (account configurations)."""


class Outcome(Struct):
    """What a handler did: the object of the answer (None: no body), and the orders that it created or changed."""

    result: Any
    order_ids: tuple[str, ...] = ()
    status: int = 200


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig) -> None:
        self.listings: dict[str, Listing] = listings(config)
        at_trade = knob(KNOBS, config.knobs, "crypto_fee") == "at_trade"
        self.fees = config.fees if at_trade else (Decimal(0), Decimal(0))
        """Of crypto, taken with each trade; else they are booked at the end of the day (``dues``)."""
        self.seed = config.seed
        self.epoch_ns = config.epoch_ns
        moving, settings = flows(config), config.knobs
        eager, self._unlisted = from_the_start(self.listings, moving)
        self.exchange = Exchange(
            [core_instrument(entry, self.fees) for entry in eager],
            now=config.epoch_ns,
            seed=config.seed,
            flows=moving,
            practice=Practice(
                self_trade="expire_taker", immediate_trigger="trigger", amend="replace", partial="reduce"
            ),
        )
        precisions = self.exchange.precisions
        for asset in ("USD", *(entry.base for entry in self.listings.values()), *config.balances):
            precisions.setdefault(asset, 8 if asset == "USD" else 9)
        self.account: Account = self.exchange.open_account(
            "tester", {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        )
        rates = (Decimal(0), Decimal(0)) if at_trade else config.fees
        self.dues = Dues(self.exchange, self.account, rates, config.seed)
        self.opened: dict[str, Decimal] = dict(config.balances)
        """What the account held at the start."""
        self.limits = Limits(int(knob(KNOBS, settings, "requests_per_minute")))
        self.ids_for_ever = knob(KNOBS, settings, "id_reuse") == "never"
        self.replacements = Replacements(int(knob(KNOBS, settings, "replace_ms")), config.seed)
        self._alias: str | None = None
        """The id that the next new order has already."""
        self.configuration: dict[str, Any] = dict(CONFIGURATION)
        self.notes: dict[int, Note] = {}
        """The core's id of an order -> what Alpaca knows of it; every order that there ever was, oldest first."""
        self.by_id: dict[str, Listing] = {}
        """Symbols as sent (also pairs without the slash) and asset ids -> the asset."""
        for entry in self.listings.values():
            for name in (entry.id, entry.position_id, entry.asset_id):
                self.by_id[name] = entry
        self.bases = {entry.base: entry for entry in reversed(self.listings.values()) if entry.quote == "USD"}
        """What may be held -> the asset that is priced in dollars."""
        self.standing: dict[tuple[str, str], dict[int, Order]] = {}
        """(symbol, side) -> open orders by the core's id, as they are, oldest first."""
        self._wire: dict[int, str] = {}
        self._core: dict[str, int] = {}
        self._incoming: list[Note] = []
        self._named = 0
        self.prints_kept = False
        self.opening: dict[str, Decimal] = {
            symbol: mid for symbol in moving if (mid := self.exchange.mid(symbol)) is not None
        }
        """Prices at the start: yesterday's close, and what was paid for what is held from the beginning."""
        self.exchange.on_change(self._on_change)

    # ----------------------------------------------------------- what happens
    def _on_change(self, change: Change) -> None:
        if not isinstance(change, OrderChange):
            return
        order = change.order
        side = self.standing.setdefault((order.symbol, order.side), {})
        if order.live:
            side[order.order_id] = order
        else:
            side.pop(order.order_id, None)
        if change.fill is not None:
            self.dues.traded(self.listings[order.symbol], change.fill)
        if order.order_id in self.notes:
            return
        replaced = None if order.terms is None else order.terms.replaces
        if replaced is not None:
            note = self._taken_over(self.notes[replaced], replaced, order.order_id)
        else:
            note = self._incoming.pop(0) if self._incoming else plain_note(order)
        self.notes[order.order_id] = note
        self.order_id(order.order_id)

    def _taken_over(self, old: Note, replaced: int, number: int) -> Note:
        """The note of an order that takes another one's place: also as a leg, or as who has legs."""
        for leg in old.legs:
            self.notes[leg].parent = number
        if old.parent is not None:
            legs = self.notes[old.parent].legs
            legs[legs.index(replaced)] = number
        note = structs.replace(old, legs=old.legs)
        old.legs = []
        return note

    @contextmanager
    def _noted(self, notes: Sequence[Note]) -> Iterator[None]:
        self._incoming = list(notes)
        try:
            yield
        finally:
            self._incoming = []

    def place(self, new: NewOrder, note: Note) -> Order:
        """Place an order; raises Reject."""
        with self._noted([note]):
            return self.exchange.place(self.account, new)

    def place_list(self, new: NewList, notes: Sequence[Note]) -> OrderList:
        """Place an order with legs: the first order is the parent; raises Reject."""
        with self._noted(notes):
            made = self.exchange.place_list(self.account, new)
        first, *others = (order.order_id for order in made.orders)
        self.notes[first].legs = others
        for leg in others:
            self.notes[leg].parent = first
        return made

    def advance(self, now: int) -> None:
        """Let the market act up to ``now``; replacements arrive and fees are booked on the way."""
        while (due := self._next()) is not None and due <= now:
            self.exchange.advance(max(due, self.exchange.now))
            if due == self.dues.next_time():
                self.dues.book()
            else:
                self.replacements.arrive(self._replace, self.exchange.now)
        if now > self.exchange.now:
            self.exchange.advance(now)

    def next_time(self) -> int | None:
        """When the exchange next does something by itself."""
        times = [time for time in (self.exchange.next_time(), self._next()) if time is not None]
        return min(times, default=None)

    def _next(self) -> int | None:
        times = [time for time in (self.replacements.next_time(), self.dues.next_time()) if time is not None]
        return min(times, default=None)

    def _replace(self, pending: Pending) -> Order:
        """A replacement has arrived. Raises Reject."""
        self._alias = pending.wire
        try:
            return self.exchange.amend(
                self.account, self.account.orders[pending.old][0].symbol, order_id=pending.old,
                new_client_id=pending.client_id, **pending.changes,
            )  # fmt: skip
        finally:
            self._alias = None

    # -------------------------------------------------------------------- ids
    def order_id(self, core_id: int) -> str:
        """The id on the wire."""
        found = self._wire.get(core_id)
        if found is None:
            found = self._wire[core_id] = self._alias or uuid_of(self.seed, "order", core_id)
            self._core[found] = core_id
            self._alias = None
        return found

    def core_id(self, wire: str) -> int | None:
        """The core's id; None: never was an order."""
        return self._core.get(wire.lower())

    def new_client_id(self) -> str:
        """A client order id for an order that came without one."""
        self._named += 1
        return uuid_of(self.seed, "client", self._named)

    def taken(self, client_id: str) -> bool:
        """Whether an order may not be called so any more."""
        if client_id in self.replacements.names:
            return True
        return client_id in (self.account.by_client_id if self.ids_for_ever else self.account.working)

    def execution_id(self, fill: Fill) -> str:
        """The id of a trade on the stream."""
        return uuid_of(self.seed, f"execution:{fill.symbol}", f"{fill.trade_id}:{fill.order_id}")

    def activity_id(self, fill: Fill) -> str:
        """The id of a trade among the account's activities: New York's time, and the id of the execution."""
        local = stamp(fill.time + new_york_offset(fill.time) * SECOND)
        digits = "".join(char for char in local[:19] if char.isdecimal())
        return f"{digits}{fill.time // 1_000_000 % 1000:03d}::{self.execution_id(fill)}"

    # ----------------------------------------------------------------- orders
    def snapshot(self, core_id: int, as_of: int | None = None) -> Order | None:
        """An order as it was; None: not yet there."""
        for order in reversed(self.account.orders.get(core_id, ())):
            if as_of is None or order.updated <= as_of:
                return order
        return None

    def named(self, client_id: str, as_of: int | None = None) -> Order | None:
        """The order of that client id; of several the one that is open, else the latest."""
        found = (self.snapshot(core_id, as_of) for core_id in self.account.by_client_id.get(client_id, ()))
        orders = [order for order in found if order is not None and order.client_id == client_id]
        return max(orders, key=lambda order: (order.live, order.order_id), default=None)

    # ----------------------------------------------------------------- assets
    def know(self, entry: Listing) -> Listing:
        """The core lists the asset, if it did not: nobody pays for what nobody looks at."""
        if entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(core_instrument(entry, self.fees))
        return entry

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The reference data tell another rule of a unified symbol from now on."""
        entry = self.listings[symbol] = relisted(self.listings[symbol], rule, value)
        for name in (entry.id, entry.position_id, entry.asset_id):
            self.by_id[name] = entry

    def find(self, name: object) -> Listing | None:
        """The asset of a symbol (pairs with or without the slash) or asset id."""
        found = self.by_id.get(name) if isinstance(name, str) else None
        return None if found is None else self.know(found)

    def rules(self, entry: Listing) -> Instrument:
        """The core's rules of an asset."""
        return self.exchange.instrument(self.know(entry).unified)

    def price(self, entry: Listing) -> Decimal | None:
        """What one unit is worth now, in quote: the middle, else the last price."""
        if entry.unified in self._unlisted or entry.unified not in self.listings:
            return None
        mid = self.exchange.mid(entry.unified)
        ticks = self.exchange.last_price(entry.unified)
        return mid if mid is not None or ticks is None else self.rules(entry).price(ticks)

    def paid(self, entry: Listing) -> Decimal | None:
        """What one unit was worth at the start."""
        return self.opening.get(entry.unified)

    # ------------------------------------------------------------------- time
    @property
    def calendar(self) -> Calendar:
        """The sessions of New York."""
        return calendar_of("XNYS")

    def traded_on(self, fill: Fill) -> str:
        """The day of a trade in New York."""
        return market_day(fill.time)

    def keep_prints(self) -> None:
        """From now on everybody's trades are kept."""
        if not self.prints_kept:
            self.prints_kept = True
            self.exchange.keep_prints(PRINTS)

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call with every change, after the desk has noted it."""
        self.exchange.on_change(callback)
