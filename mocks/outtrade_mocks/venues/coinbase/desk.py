"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols) and Coinbase's (plain decimal strings, UUIDs, ``BTC-USD``). What the core does not know is kept here: how
orders were asked for (``notes``), and the stop of a bracket.

A *bracket* closes what somebody holds: a limit order at its price, and when the last trade reaches the stop trigger
price, a limit order 5 % beyond it in place of that (Create Order, trigger_bracket_gtc). Here the limit order gets that
price in the instant in which the market has reached the stop, and keeps its id.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    FeeSchedule,
    FeeTier,
    Fill,
    NewOrder,
    Order,
    OrderChange,
    Practice,
    Rates,
    Reject,
)
from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.catalogue import flows, from_the_start
from outtrade_mocks.venues.coinbase.auth import Keys
from outtrade_mocks.venues.coinbase.codec import made_id, scaled
from outtrade_mocks.venues.coinbase.errors import refuse
from outtrade_mocks.venues.coinbase.limits import Limits
from outtrade_mocks.venues.coinbase.notes import Note
from outtrade_mocks.venues.coinbase.reference import PRECISION, Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.coinbase.traits import KNOBS
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.public_tape import PublicTape

BEYOND = (105, 95)
"""Percent of the stop trigger price at which a triggered bracket buys, sells."""
PRINTS = 1000
"""Public trades kept of each product."""
TRADE_ID_BASE = 995_098_000
TIERS = ((0, "0.004", "0.006"), (10_000, "0.0025", "0.004"), (50_000, "0.0015", "0.0025"), (100_000, "0.001", "0.002"),
         (1_000_000, "0.0008", "0.0018"), (15_000_000, "0.0006", "0.0016"), (75_000_000, "0.0003", "0.0012"),
         (250_000_000, "0", "0.0008"), (400_000_000, "0", "0.0005"))  # fmt: skip
"""From that 30-day volume (USD) on, maker and taker fee (as ccxt lists them; the venue's own page needs a login)."""


class Outcome(msgspec.Struct):
    """What a handler did: the data of the answer, and the orders that it created or changed."""

    data: Any
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig, keys: Keys) -> None:
        self.keys = keys
        self.listings: dict[str, Listing] = listings(config)
        self.by_id: dict[str, Listing] = {entry.id: entry for entry in self.listings.values()}
        self.fees = config.fees
        moving = flows(config)
        eager, self._unlisted = from_the_start(self.listings, moving)
        self.exchange = Exchange(
            [core_instrument(entry, config.fees) for entry in eager],
            now=config.epoch_ns,
            seed=config.seed,
            flows=moving,
            practice=Practice(
                self_trade="decrement",
                amend="change",
                reserve=knob(KNOBS, config.knobs, "stop_reserves"),  # type: ignore[arg-type]
            ),
        )
        self.tiered = bool(knob(KNOBS, config.knobs, "fee_tiers"))
        self.exchange.tariffs.charge(self._schedule())
        self.account: Account = self.exchange.open_account(
            "tester", {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        )
        self.limits = Limits(
            private=int(knob(KNOBS, config.knobs, "private_per_second")),
            public=int(knob(KNOBS, config.knobs, "public_per_second")),
        )
        self.quiet_seconds = int(knob(KNOBS, config.knobs, "quiet_seconds"))
        self.epoch_ns = config.epoch_ns
        self.seed = config.seed
        self.user_id = made_id("coinbase user", config.seed)
        self.portfolio_id = made_id("coinbase portfolio", config.seed)
        self.notes: dict[str, Note] = {}
        """Order id -> how it was asked for, oldest first."""
        self.by_core: dict[int, Note] = {}
        self.by_client: dict[str, Note] = {}
        """Client order id -> the first order that had it."""
        self.fills: dict[int, list[Fill]] = {}
        """Core order id -> its trades."""
        self.listeners: list[Callable[[Push], None]] = []
        """Connections that number the events of the account, when these are made."""
        self._brackets: list[Note] = []
        self._tape = PublicTape(self.exchange, self.account, PRINTS)
        self.exchange.on_change(self._on_change)

    def _schedule(self) -> FeeSchedule:
        maker, taker = self.fees
        rows = TIERS if self.tiered else ((0, str(maker), str(taker)),)
        tiers = tuple(
            FeeTier(rates=Rates(maker=Decimal(maker), taker=Decimal(taker)), volume=Decimal(volume))
            for volume, maker, taker in rows
        )
        return FeeSchedule(tiers=tiers, asset="quote", reference="USD" if self.tiered else "")

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """A product tells another rule from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.id] = entry

    # ------------------------------------------------------------------ products
    def known(self, product: str) -> Listing | None:
        """The product of that id; the core lists it from here on at the latest."""
        found = self.by_id.get(product)
        if found is not None and found.unified in self._unlisted:
            self._unlisted.remove(found.unified)
            self.exchange.add_instrument(core_instrument(found, self.fees))
        return found

    def listed(self, product: str) -> Listing:
        """The same; raises Refusal (404)."""
        found = self.known(product)
        if found is None:
            raise refuse("product_not_found")
        return found

    def state(self, listing: Listing) -> TradingState:
        """The trading state of a product."""
        return TradingState.OPEN if listing.unified in self._unlisted else self.exchange.state(listing.unified)

    # ------------------------------------------------------------------ orders
    def place(self, note: Note, new: NewOrder, now: int) -> Order:
        """Take an order in; raises Reject, and then there is none."""
        note.id, note.created = made_id("order", self.seed, len(self.notes) + 1, note.client_id), now
        self.notes[note.id] = self.by_client[note.client_id] = note
        if note.stop is not None:
            self._brackets.append(note)
        try:
            return self.exchange.place(self.account, replace(new, label=note.id))
        except Reject:
            del self.notes[note.id], self.by_client[note.client_id]
            if note.stop is not None:
                self._brackets.remove(note)
            raise

    def _on_change(self, change: Change) -> None:
        if isinstance(change, OrderChange):
            order = change.order
            if order.order_id not in self.by_core:
                note = self.notes.get(order.label) or self._foreign(order)
                note.core_id = order.order_id
                self.by_core[order.order_id] = note
            if change.fill is not None:
                self.fills.setdefault(order.order_id, []).append(change.fill)

    def _foreign(self, order: Order) -> Note:
        """An order that somebody else placed with the account's password."""
        listing = self.listings[order.symbol]
        sent = {"base_size": listing.size(order.lots), "limit_price": listing.price(order.price), "post_only": False}
        note = Note(made_id("order", self.seed, len(self.notes) + 1, order.client_id), order.client_id, listing,
                    order.side, "limit_limit_gtc", sent, created=order.created)  # fmt: skip
        self.notes[note.id] = note
        self.by_client.setdefault(note.client_id, note)
        return note

    def order(self, note: Note, as_of: int | None = None) -> Order | None:
        """The order as it is, or was at ``as_of`` (ns); None where it was not there yet."""
        snapshots = self.account.orders.get(note.core_id, [])
        if as_of is None:
            return snapshots[-1] if snapshots else None
        return next((one for one in reversed(snapshots) if one.updated <= as_of), None)

    def note_of(self, core_id: int) -> Note:
        """How a core order was asked for."""
        return self.by_core[core_id]

    def order_id(self, core_id: int) -> str:
        """The id of a core order."""
        return self.by_core[core_id].id

    def core_id(self, order: str) -> int | None:
        """The core's id of an order id; None: there never was such an order."""
        note = self.notes.get(order)
        return None if note is None else note.core_id

    def trade_id(self, fill: Fill) -> str:
        """The id of a trade."""
        return made_id("trade", self.seed, fill.symbol, fill.trade_id, fill.order_id)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let time pass. While a bracket works, the market is looked at wherever it does something."""
        exchange = self.exchange
        if self._brackets:
            while (soon := exchange.next_time()) is not None and soon <= now and self._brackets:
                exchange.advance(soon)
                self._watch()
        if now > exchange.now:
            exchange.advance(now)
        if self._brackets:
            self._watch()

    def _watch(self) -> None:
        """Brackets whose stop is reached give up their limit."""
        for note in list(self._brackets):
            order = self.order(note)
            if order is None or not order.live or note.stop is None:
                self._brackets.remove(note)
                continue
            last = self.exchange.last_price(note.listing.unified)
            if last is None or (last > note.stop if note.side == "sell" else last < note.stop):
                continue
            price, note.stop = note.stop * BEYOND[note.side == "sell"] // 100, None
            self._brackets.remove(note)
            try:
                self.exchange.amend(
                    self.account, note.listing.unified, order_id=note.core_id, lots=order.lots, price=max(1, price)
                )
            except Reject:
                continue  # its market is halted: it stays where it is

    # ------------------------------------------------------------------ amounts
    def amount(self, atoms: int) -> str:
        """Atoms of an asset as written."""
        return scaled(atoms, PRECISION)

    def last(self, listing: Listing) -> int | None:
        """The last traded price in ticks."""
        return self.exchange.last_price(listing.unified) or self.exchange.reference_price(listing.unified)

    def prints(self, listing: Listing, after: int | None = None) -> list[Print]:
        """The public trades of a product with a higher number (None: all that are kept), oldest first."""
        return self._tape.after(listing.unified, after)

    def assets(self) -> list[str]:
        """Every asset that the products or the account know, sorted."""
        known = set(self.account.balances)
        for entry in self.listings.values():
            known |= {entry.base, entry.quote}
        return sorted(known)
