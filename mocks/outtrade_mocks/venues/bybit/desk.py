"""The desk: what the handlers of the endpoints work on.

One exchange core, one unified account under test, and the translation between the core's world (integers, small ids,
unified symbols, nanoseconds) and Bybit's (decimal strings, UUIDs, category and id, milliseconds).

The core knows nothing of Bybit's labels on an order (order filter, trigger direction, attached take profit and stop
loss, position index). They are a ``Note``, which the order carries along by its ``label``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec.structs import replace

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    Fill,
    Instrument,
    NewOrder,
    Order,
    OrderChange,
    Position,
    PositionChange,
    Practice,
    Reject,
    SettingsChange,
    Status,
)
from outtrade_mocks.venues.bookings import Bookings
from outtrade_mocks.venues.bybit import ids
from outtrade_mocks.venues.bybit.codec import MS, fixed, rounded
from outtrade_mocks.venues.bybit.errors import refuse
from outtrade_mocks.venues.bybit.limits import Limits
from outtrade_mocks.venues.bybit.notes import NAMELESS, Execution, Note
from outtrade_mocks.venues.bybit.reference import CATEGORIES, Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.bybit.traits import KNOBS
from outtrade_mocks.venues.catalogue import flows, from_the_start, funded
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob

PRACTICE = Practice(
    reserve="trigger",
    immediate_trigger="trigger",
    post_only="cancel",
    self_trade="none",
    amend="change",
    leverage=10,
    maintenance="entry",
    batch_limit=20,
    batch_cancels=20,
    batch_amends=20,
)
"""create-order.mdx (conditional orders, PostOnly), smp.mdx (default None), help centre (isolated maintenance margin).
A trigger price that is reached already is refused by the codec where the venue says so (110092, 110093)."""


class Outcome(msgspec.Struct):
    """What a handler did: the ``result`` of the answer. ``time`` is when it was decided (UNIX ns)."""

    result: Any
    time: int
    ext: dict[str, Any] = msgspec.field(default_factory=dict)
    message: str = "OK"
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig) -> None:
        self.listings: dict[str, Listing] = listings(config)
        self.by_id: dict[tuple[str, str], Listing] = {
            (entry.category, entry.id): entry for entry in self.listings.values()
        }
        self.fees = config.fees
        moving = flows(config)
        eager, self._unlisted = from_the_start(self.listings, moving)
        """Symbols that the core comes to know when somebody first asks for them."""
        self.exchange = Exchange(
            [core_instrument(entry, config.fees) for entry in eager],
            now=config.epoch_ns,
            seed=config.seed,
            flows=moving,
            practice=PRACTICE,
        )
        self.account: Account = self.exchange.open_account(
            "tester", {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        )
        settings = config.knobs
        self._rate = float(knob(KNOBS, settings, "funding_rate"))
        for entry in eager:
            funded(self.exchange, entry.unified, self._rate)
        self.limits = Limits(
            address=int(knob(KNOBS, settings, "address_per_5s")), ban_seconds=int(knob(KNOBS, settings, "ban_seconds"))
        )
        self.paces = {
            "order": int(knob(KNOBS, settings, "orders_per_second")),
            "spot_order": int(knob(KNOBS, settings, "spot_orders_per_second")),
            "query": int(knob(KNOBS, settings, "queries_per_second")),
        }
        self.ids_for_ever = knob(KNOBS, settings, "id_reuse") == "never"
        self.epoch_ns = config.epoch_ns
        self.updated_ns = config.epoch_ns
        """When the account last changed."""
        self.isolated = False
        """Margin mode of the account."""
        self.notes: dict[str, Note] = {}
        """Label of an order -> what Bybit knows of it."""
        self.executions: list[Execution] = []
        self.by_order: dict[int, list[Execution]] = {}
        """Core order id -> its executions."""
        self.net: dict[tuple[str, str], int] = {}
        """(symbol, side) -> lots of a position as the fills so far make it."""
        self.prints_kept = False
        """Whether trades are kept for everybody."""
        self.on_execution: list[Callable[[Execution], None]] = []
        self._serial = 0
        self._ids = random.Random(f"bybit:{config.seed}:ids")
        self.bookings = Bookings(self.exchange, self.account)
        """What was booked beside trades."""
        self.exchange.on_change(self._on_change)

    def _on_change(self, change: Change) -> None:
        if isinstance(change, OrderChange):
            self.updated_ns = change.time
            if change.fill is not None:
                self._executed(change.fill, change.order)
        elif isinstance(change, PositionChange):
            self.net[change.position.symbol, change.position.side] = change.position.lots
        elif isinstance(change, SettingsChange) and change.symbol:  # all contracts have the same mode
            self.isolated = change.isolated

    def _executed(self, fill: Fill, order: Order) -> None:
        closed = 0
        if not self.listings[fill.symbol].spot:
            side = order.terms.position_side if order.terms is not None and order.terms.position_side else "net"
            held, lots = self.net.get((fill.symbol, side), 0), fill.lots if fill.side == "buy" else -fill.lots
            closed = min(abs(held), fill.lots) if held * lots < 0 else 0
            self.net[fill.symbol, side] = held + lots
        execution = Execution(fill, order, closed)
        self.executions.append(execution)
        self.by_order.setdefault(fill.order_id, []).append(execution)
        for tell in self.on_execution:
            tell(execution)

    # --------------------------------------------------------------- symbols
    def category(self, params: dict[str, Any]) -> str:
        """The category asked for; raises 10001 on one that does not exist."""
        value = params.get("category")
        if value not in CATEGORIES:
            raise refuse("illegal_category")
        return str(value)

    def listed(self, category: str, symbol: object) -> Listing:
        """The listing of a symbol as sent; raises 170121 or 10001."""
        found = self.by_id.get((category, symbol)) if isinstance(symbol, str) else None
        if found is None:
            raise refuse("spot_symbol" if category == "spot" else "symbol_invalid")
        if self._unlisted:
            self.know(found)
        return found

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The venue's reference data tell another rule of a unified symbol from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.category, entry.id] = entry

    def know(self, entry: Listing) -> Listing:
        """The core lists the symbol, if it did not."""
        if entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(core_instrument(entry, self.fees))
            funded(self.exchange, entry.unified, self._rate)
            if self.isolated and not entry.spot:
                self.exchange.set_margin_mode(self.account, entry.unified, isolated=True)
        return entry

    def known(self) -> list[Listing]:
        """The symbols that the core lists."""
        if not self._unlisted:
            return list(self.listings.values())
        return [entry for name, entry in self.listings.items() if name not in self._unlisted]

    def of_category(self, category: str) -> list[Listing]:
        """The symbols of a category, in the order in which they were configured."""
        return [entry for entry in self.listings.values() if entry.category == category]

    def rules(self, entry: Listing) -> Instrument:
        """The core's rules of a symbol."""
        return self.exchange.instrument(entry.unified)

    def place(self, new: NewOrder) -> Order:
        """Place an order; raises Reject. Where nobody publishes a mark or index price, the last price stands for it, as
        the core's reference price does in margins."""
        try:
            return self.exchange.place(self.account, new)
        except Reject as reject:
            if reject.reason != "NO_TRIGGER_PRICE" or new.trigger is None or new.trigger.source == "last":
                raise
        return self.exchange.place(self.account, replace(new, trigger=replace(new.trigger, source="last")))

    # ------------------------------------------------------------ the wire's
    def label(self, note: Note) -> str:
        """The label by which an order carries its note."""
        self._serial += 1
        label = str(self._serial)
        self.notes[label] = note
        return label

    def note(self, order: Order | Fill) -> Note:
        """What Bybit knows of an order; the plain note for those that the venue itself made."""
        return self.notes.get(order.label) or Note()

    def client_id(self) -> str:
        """The core's client id of an order that has none."""
        return f"{NAMELESS}{self._serial}"

    def number(self) -> str:
        """An orderLinkId as the venue makes one for spot orders (sample of cancel-all.mdx)."""
        return str(1_850_000_000_000_000_000 + self._ids.randrange(10**17))

    def order_id(self, core: int) -> str:
        """The id on the wire."""
        snapshots = self.account.orders.get(core)
        return ids.order_id(core, spot=snapshots is not None and self.listings[snapshots[0].symbol].spot)

    def id_of(self, order: Order) -> str:
        """The id on the wire of an order that one has."""
        return ids.order_id(order.order_id, spot=self.listings[order.symbol].spot)

    def find(self, category: str, wire: str) -> Order | None:
        """The latest snapshot of an order of a category, by its id on the wire."""
        core = ids.core_id(wire)
        snapshots = None if core is None else self.account.orders.get(core)
        if not snapshots or self.listings[snapshots[0].symbol].category != category:
            return None
        return snapshots[-1] if self.order_id(snapshots[0].order_id) == wire else None

    def execution_id(self, fill: Fill) -> str:
        """The execution id on the wire."""
        entry = self.listings[fill.symbol]
        return ids.execution_id(entry.place, fill.trade_id, spot=entry.spot)

    def price(self, symbol: str, ticks: int | None, none: str = "") -> str:
        """A price as written; ``none`` where there is none."""
        if ticks is None:
            return none
        entry = self.listings[symbol]
        return fixed(ticks * entry.tick, entry.price_decimals)

    def size(self, symbol: str, lots: int) -> str:
        """A quantity as written."""
        entry = self.listings[symbol]
        return fixed(lots * entry.step, entry.size_decimals)

    def money(self, asset: str, atoms: int) -> str:
        """An amount as written."""
        return rounded(self.exchange.amount(asset, atoms))

    @staticmethod
    def exact(entry: Listing, ticks: Fraction, digits: int = 8) -> str:
        """A price that lies between ticks, as written."""
        value = ticks * entry.tick / 10**entry.price_decimals
        return rounded(Decimal(value.numerator) / Decimal(value.denominator), digits)

    def status(self, order: Order) -> str:
        """The order's status in Bybit's words."""
        status = order.status
        if status in (Status.CANCELLED, Status.EXPIRED, Status.REJECTED):
            if status is Status.REJECTED:
                return "Cancelled" if order.expired_by == "post_only" else "Rejected"
            waited = order.terms is not None and order.terms.trigger is not None and order.terms.triggered is None
            if waited:
                return "Deactivated"
            return "PartiallyFilledCanceled" if order.filled and self.listings[order.symbol].spot else "Cancelled"
        return STATUS[status]

    def mark(self, symbol: str) -> int:
        """The mark price in ticks, 0 where there is none."""
        return self.exchange.mark_price(symbol) or 0

    def positions(self, symbol: str | None = None) -> list[Position]:
        """Open positions now."""
        return [] if self.account.portfolio is None else self.account.portfolio.held(symbol)

    @property
    def hedge(self) -> bool:
        """Whether long and short positions stand beside each other."""
        return self.account.portfolio is not None and self.account.portfolio.hedge

    def leverage(self, symbol: str) -> int:
        """The leverage with which the account trades a contract."""
        portfolio = self.account.portfolio
        setting = None if portfolio is None else portfolio.settings.get(symbol)
        if setting is not None:
            return setting.leverage
        tiers = self.exchange.instrument(symbol).tiers
        return min(PRACTICE.leverage, tiers.tiers[0].leverage) if tiers is not None else 1

    def usd(self, asset: str) -> Decimal:
        """What one unit of an asset is worth in USD, by the symbols of the venue; 0 where nothing says so."""
        if asset in ("USDT", "USDC", "USD"):
            return Decimal(1)
        for entry in self.known():
            if entry.base == asset and entry.quote in ("USDT", "USDC", "USD"):
                mid = self.exchange.mid(entry.unified)
                if mid:
                    return mid
        return Decimal(0)

    def assets(self) -> list[str]:
        """Every asset that the symbols or the account know, sorted."""
        known = set(self.account.balances)
        for entry in self.listings.values():
            known |= {entry.base} if entry.inverse else {entry.base, entry.quote}
        return sorted(known)

    @staticmethod
    def sequence(now: int) -> int:
        """A cross sequence: grows with time."""
        return now // 100_000

    def time(self, ns: int) -> str:
        """A time as written in results: milliseconds, as a string."""
        return str(ns // MS)


STATUS = {
    Status.PENDING: "New",
    Status.HELD: "Untriggered",
    Status.QUEUED: "New",
    Status.UNTRIGGERED: "Untriggered",
    Status.TRIGGERED: "Triggered",
    Status.OPEN: "New",
    Status.PARTIALLY_FILLED: "PartiallyFilled",
    Status.FILLED: "Filled",
    Status.REPLACED: "Cancelled",
}
