"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and Kraken's (padded strings, txids, ``XBTUSD``, seconds). What the core does not know is kept
here: how orders were asked for (``notes``), orders that start later, conditional closes, the ledger.

A conditional close is placed when the operation that filled its order is complete (``follow``); an order that starts
later is placed at its time (``advance``). Either may fail by then, silently, as far as the owner's requests go.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import (
    Account,
    BalanceChange,
    Change,
    Exchange,
    Fill,
    Instrument,
    NewOrder,
    Order,
    OrderChange,
    Practice,
    Reject,
)
from outtrade_mocks.core.fees import FeeSchedule, FeeTier, Rates
from outtrade_mocks.core.orders import RejectReason
from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.catalogue import flows
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.kraken_spot import prices
from outtrade_mocks.venues.kraken_spot.auth import Keeper
from outtrade_mocks.venues.kraken_spot.codec import SECOND, rescaled
from outtrade_mocks.venues.kraken_spot.errors import refuse
from outtrade_mocks.venues.kraken_spot.ledger import Booking, Ledger
from outtrade_mocks.venues.kraken_spot.limits import Limits
from outtrade_mocks.venues.kraken_spot.notes import Ids, Note
from outtrade_mocks.venues.kraken_spot.reference import Book, Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.kraken_spot.traits import KNOBS
from outtrade_mocks.venues.public_tape import PublicTape

ICEBERG_PARTS = 15
"""An iceberg shows at least a fifteenth of its quantity (Add Order, displayvol)."""
PRINTS = 1000
"""Public trades kept of each pair (Recent Trades answers with at most 1,000)."""
TRADE_ID_BASE = 61_000_000
AT_ONCE = 100
"""Up to so many pairs are listed in the core from the beginning; of more, those without a market when somebody asks for
them: nobody pays for what nobody looks at."""
_SCHEDULE = ((0, "0.0025", "0.0040"), (10_000, "0.0020", "0.0035"), (50_000, "0.0014", "0.0024"),
             (100_000, "0.0012", "0.0022"), (250_000, "0.0010", "0.0020"), (500_000, "0.0008", "0.0018"),
             (1_000_000, "0.0006", "0.0016"), (2_500_000, "0.0004", "0.0014"), (5_000_000, "0.0002", "0.0012"),
             (10_000_000, "0", "0.0010"))  # fmt: skip
"""Kraken's fee schedule: from that 30-day volume (USD) on, maker and taker fee."""


_UNPAID = (RejectReason.INSUFFICIENT_BALANCE,)
"""Refusals of an order that starts later for which "Out of funds" is the reason."""


class Outcome(msgspec.Struct):
    """What a handler did: the result of the answer, and the txids that it created or changed."""

    result: Any
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig, keeper: Keeper) -> None:
        entries = listings(config)
        self.book = Book(entries, config.balances)
        self.keeper = keeper
        self.fees = config.fees
        self.limits = Limits(str(knob(KNOBS, config.knobs, "tier")))
        self.exchange = Exchange(
            [self._rules(one) for one in entries.values() if len(entries) <= AT_ONCE or one.unified in config.markets],
            now=config.epoch_ns,
            seed=config.seed,
            flows=flows(config),
            practice=Practice(
                self_trade="expire_taker",
                reserve=knob(KNOBS, config.knobs, "stop_reserves"),  # type: ignore[arg-type]
                immediate_trigger=knob(KNOBS, config.knobs, "trigger_reached"),  # type: ignore[arg-type]
                post_only=knob(KNOBS, config.knobs, "post_only"),  # type: ignore[arg-type]
                amend="change",
                amend_below_filled="cancel",
                iceberg_parts=ICEBERG_PARTS,
            ),
        )
        self.exchange.precisions |= self.book.precisions
        self._open = set(self.exchange.instruments)
        self.tiered = bool(knob(KNOBS, config.knobs, "fee_tiers"))
        self.schedule = self._schedule()
        self.exchange.tariffs.charge(self.schedule)
        atoms = {asset: self._atoms(asset, amount) for asset, amount in config.balances.items()}
        self.account: Account = self.exchange.open_account("tester", atoms)
        self.epoch_ns = config.epoch_ns
        self.ids = Ids(config.seed)
        self.ledger = Ledger(self.exchange, self.ids, atoms, config.epoch_ns)
        self.notes: dict[str, Note] = {}
        """txid -> note of every order that there ever was, oldest first."""
        self.by_core: dict[int, str] = {}
        self.fills: dict[int, list[Fill]] = {}
        """Core order id -> its trades."""
        self.trades: dict[str, Fill] = {}
        """Trade txid -> trade."""
        self.later: list[Note] = []
        """Orders that start later, soonest first."""
        self.listeners: list[Callable[[Push], None]] = []
        """Connections that number the events of their subscriptions, when these are made."""
        self.on_booking: Callable[[Booking], None] | None = None
        self._closes: list[tuple[Note, Fill]] = []
        self._amends = 0
        self._dead_at: int | None = None
        self._tape = PublicTape(self.exchange, self.account, PRINTS)
        self.exchange.on_change(self._on_change)

    def _rules(self, listing: Listing) -> Instrument:
        return core_instrument(listing, self.fees, precisions=self.book.precisions)

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The venue's reference data tell another rule of a unified symbol from now on."""
        self.book.relist(relisted(self.book.listings[symbol], rule, value))

    def open(self, listing: Listing) -> Listing:
        """The same pair, which the core lists from here on at the latest (``AT_ONCE``)."""
        if listing.unified not in self._open:
            self._open.add(listing.unified)
            self.exchange.add_instrument(self._rules(listing))
        return listing

    def state(self, listing: Listing) -> TradingState:
        """The trading state of a pair."""
        return self.exchange.state(listing.unified) if listing.unified in self._open else TradingState.OPEN

    def _schedule(self) -> FeeSchedule:
        maker, taker = self.fees
        rows = _SCHEDULE if self.tiered else ((0, str(maker), str(taker)),)
        tiers = (
            FeeTier(rates=Rates(maker=Decimal(maker), taker=Decimal(taker)), volume=Decimal(volume))
            for volume, maker, taker in rows
        )
        return FeeSchedule(tiers=tuple(tiers), asset="quote", reference="USD" if self.tiered else "")

    def _atoms(self, asset: str, amount: Decimal) -> int:
        decimals = self.exchange.precisions.get(asset, 8)
        return self.exchange.atoms(asset, amount.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN))

    # ------------------------------------------------------------------ what happens
    def _on_change(self, change: Change) -> None:
        if isinstance(change, OrderChange):
            order = change.order
            if order.order_id not in self.by_core:
                self.by_core[order.order_id] = order.label
                self.notes[order.label].core_id = order.order_id
        elif isinstance(change, Fill):
            self.fills.setdefault(change.order_id, []).append(change)
            self.trades[self.trade_id(change)] = change
            self.ledger.traded(change)
            note = self.notes[change.label]
            if note.close is not None:
                self._closes.append((note, change))
        elif isinstance(change, BalanceChange) and change.account == self.account.name:
            for booking in self.ledger.changed(change, self.trade_id):
                if self.on_booking is not None:
                    self.on_booking(booking)

    def place(self, note: Note, now: int) -> None:
        """Take an order in: at once, or for later where it starts later. Raises Reject; then there is none."""
        new = note.new
        if new.tif not in ("IOC", "FOK") and (new.price is not None or new.trigger is not None):
            self.check_room(new.symbol)
        note.txid = self.ids.make("O", len(self.notes) + 1)
        note.created = now
        self.notes[note.txid] = note
        if note.starttm * SECOND > now:
            self.later.append(note)
            self.later.sort(key=lambda one: one.starttm)
            return
        try:
            self._enter(note)
        except Reject:
            del self.notes[note.txid]
            raise

    def enter(self, new: NewOrder) -> Order:
        """Take in a plain order that came by no request of ours. Raises Reject."""
        listing = next(one for one in self.book.listings.values() if one.unified == new.symbol)
        note = Note("", listing, new, new.type, cl_ord_id=new.client_id)
        if new.price is not None:
            note.price = prices.text(listing, new.price)
        self.place(note, self.exchange.now)
        return self.account.orders[note.core_id or 0][-1]

    def check_room(self, symbol: str) -> None:
        """Raises Reject where an account of this tier has as many open orders in a pair as it may."""
        if self.account.open_count.get(symbol, 0) >= self.limits.tier.open_orders:
            raise Reject(RejectReason.MAX_NUM_ORDERS, f"{self.limits.tier.open_orders} orders are open in {symbol}")

    def _enter(self, note: Note) -> None:
        self.exchange.place(self.account, msgspec.structs.replace(note.new, label=note.txid))

    def advance(self, now: int) -> None:
        """Let time pass: the market acts, orders start, closes follow fills."""
        while self.later and self.later[0].starttm * SECOND <= now:
            self._retire(self.later[0].starttm * SECOND)
            if not self.later:
                break
            note = self.later.pop(0)
            self.exchange.advance(max(self.exchange.now, note.starttm * SECOND))
            self.follow()
            try:
                self._enter(note)
            except Reject as refusal:
                note.ended = self.exchange.now
                note.reasons.append((note.ended, "Out of funds" if refusal.reason in _UNPAID else "Not accepted"))
        self._retire(now)
        self.exchange.advance(now)
        self.follow()

    def cancel_after(self, delay: int) -> int | None:
        """Cancel everything ``delay`` ns from now unless it is called again; 0: never. Returns when."""
        self._dead_at = self.exchange.countdown(self.account, delay)
        return self._dead_at

    def _retire(self, now: int) -> None:
        """Orders that start later end where the dead man's switch goes off first; the core ends the others."""
        if self._dead_at is None or self._dead_at > now:
            return
        for note in self.later:
            note.ended = self._dead_at
            note.reasons.append((self._dead_at, "User requested"))
        self.later.clear()
        self._dead_at = None

    def next_time(self) -> int | None:
        """When the exchange next does something by itself."""
        found = self.exchange.next_time()
        if not self.later:
            return found
        start = self.later[0].starttm * SECOND
        return start if found is None else min(found, start)

    def follow(self) -> None:
        """Place the orders that close what was filled: for each fill one of its size, on the other side (Add Order)."""
        if not self._closes:
            return
        from outtrade_mocks.venues.kraken_spot.tickets import closing

        while self._closes:
            closes, self._closes = self._closes, []
            for note, fill in closes:
                closed = closing(self, note, fill)
                if closed is not None:
                    try:
                        self.place(closed, self.exchange.now)
                    except Reject:
                        continue  # too small, or too little money: there is nobody to tell

    def amend_id(self) -> str:
        """A new id of an amend."""
        self._amends += 1
        return self.ids.make("T", f"amend {self._amends}")

    # ------------------------------------------------------------------ ids
    def order_id(self, core_id: int) -> str:
        """The txid of a core order."""
        return self.by_core[core_id]

    def core_id(self, txid: str) -> int | None:
        """The core's id of a txid; None: not in the market, or never was."""
        note = self.notes.get(txid)
        return None if note is None else note.core_id

    def trade_id(self, fill: Fill) -> str:
        """The txid of a trade."""
        return self.ids.make("T", f"{fill.symbol}:{fill.trade_id}")

    def order(self, note: Note) -> Order | None:
        """The order as it is now; None where it never came to the market."""
        return None if note.core_id is None else self.account.orders[note.core_id][-1]

    def listed(self, name: str) -> Listing:
        """The pair of that name; raises Refusal."""
        found = self.book.find(name)
        if found is None:
            raise refuse("unknown_pair")
        return self.open(found)

    # ------------------------------------------------------------------ amounts
    def atoms_text(self, asset: str, atoms: int, decimals: int) -> str:
        """Atoms of an asset as text with that many decimals."""
        return rescaled(atoms, self.exchange.precisions.get(asset, 8), decimals)

    def balance_text(self, asset: str, atoms: int) -> str:
        """Atoms of an asset with the ledger's decimals."""
        decimals = self.exchange.precisions.get(asset, 8)
        return rescaled(atoms, decimals, decimals)

    def prints(self, listing: Listing, after: int | None = None) -> list[Print]:
        """The public trades of a pair with a higher number (None: all that are kept), oldest first."""
        return self._tape.after(listing.unified, after)

    def last(self, listing: Listing) -> int | None:
        """The last traded price in ticks."""
        return self.exchange.last_price(listing.unified) or self.exchange.reference_price(listing.unified)
