"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and Binance's (decimal strings, large ids, ``BTCUSDT``, milliseconds).

An order that waits for a price is an *algo order* here, with an id of its own kind (``algoId``); once triggered, it
becomes an ordinary order with an ``orderId`` that nobody knew before. In the core both are one order, so both ids are
made of the same number, with different bases.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import (
    Account,
    BalanceChange,
    Change,
    Exchange,
    Fill,
    InsuranceChange,
    Order,
    OrderChange,
    PositionChange,
    Practice,
    SettingsChange,
    Status,
)
from outtrade_mocks.venues.binance_codec import e8_of
from outtrade_mocks.venues.binance_codec import symbol as symbol_chars
from outtrade_mocks.venues.binance_usdm.errors import refuse
from outtrade_mocks.venues.binance_usdm.limits import Limits
from outtrade_mocks.venues.binance_usdm.listenkeys import ListenKeys
from outtrade_mocks.venues.binance_usdm.reference import Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.binance_usdm.traits import KNOBS
from outtrade_mocks.venues.catalogue import flows, from_the_start
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob

ORDER_ID_BASE = 840_000_000_000
ALGO_ID_BASE = 4_000_000_000_000_000
TRADE_ID_BASE = 6_700_000_000
MS = 1_000_000
SECOND = 1_000_000_000
E8 = 100_000_000
PRINTS = 1000
"""So many public trades of each symbol are kept, the most that one request shows."""
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ATOM = Decimal("0.00000001")

PRACTICE = Practice(
    reserve="trigger",
    band_of_waiting=False,
    amend="requeue",
    amend_waiting="no",
    amend_below_filled="cancel",
    batch_limit=5,
    batch_cancels=10,
    batch_amends=5,
)
"""Sources: see the traits stop_reserves, amend and batch."""

_OWN = frozenset({OrderChange, Fill, BalanceChange, PositionChange, SettingsChange})
"""What changes the account."""

STATUS = {
    Status.PENDING: "NEW",
    Status.HELD: "NEW",
    Status.UNTRIGGERED: "NEW",
    Status.TRIGGERED: "NEW",
    Status.OPEN: "NEW",
    Status.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    Status.FILLED: "FILLED",
    Status.CANCELLED: "CANCELED",
    Status.EXPIRED: "EXPIRED",
    Status.REJECTED: "REJECTED",
}
SELF_TRADE_WORDS: Mapping[str | None, str] = {
    None: "EXPIRE_MAKER",
    "none": "NONE",
    "expire_taker": "EXPIRE_TAKER",
    "expire_maker": "EXPIRE_MAKER",
    "expire_both": "EXPIRE_BOTH",
}
SIDES = {None: "BOTH", "net": "BOTH", "long": "LONG", "short": "SHORT"}
FORCED = {"liquidation": "autoclose-", "adl": "adl_autoclose", "settlement": "settlement_autoclose-"}
"""Client order ids of orders that the venue makes (user-data-streams, Event Order Update)."""


class Outcome(msgspec.Struct):
    """What a handler did: the data of the answer. ``time`` is when it was decided (UNIX ns)."""

    data: Any
    time: int
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    status: int = 200
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig) -> None:
        self.listings: dict[str, Listing] = listings(config)
        self.by_id: dict[str, Listing] = {entry.id: entry for entry in self.listings.values()}
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
            "tester", {asset: self._atoms(asset, amount) for asset, amount in config.balances.items()}
        )
        knobs = config.knobs
        self.limits = Limits(
            weight=int(knob(KNOBS, knobs, "weight_per_minute")),
            orders_10s=int(knob(KNOBS, knobs, "orders_per_10s")),
            orders_minute=int(knob(KNOBS, knobs, "orders_per_minute")),
            ban_after=int(knob(KNOBS, knobs, "ban_after")),
            retry_after=bool(knob(KNOBS, knobs, "retry_after")),
        )
        self.exchange.keep_prints(PRINTS)
        self._rate = Decimal(str(knob(KNOBS, knobs, "funding_rate")))
        for unified in self.exchange.instruments:
            self.exchange.publish(unified, funding=self._rate)
        self.epoch_ns = config.epoch_ns
        self.updated_ns = config.epoch_ns
        """When the account last changed."""
        self.deposits = dict(config.balances)
        self.listen_keys = ListenKeys(config.seed)
        self.amends: dict[int, list[tuple[int, Order, Order]]] = {}
        """Core order id -> (amendment id, before, after) of its amends."""
        self.incomes: list[tuple[int, str, str, int, str]] = []
        """Funding and moved margin: (time, type, unified symbol, atoms, asset), oldest first."""
        self.margin_changes: list[tuple[int, str, str, int]] = []
        """Isolated margin added or taken: (time, unified symbol, position side, atoms)."""
        self.marked: list[str] = []
        """Unified symbols whose mark price is published each second."""
        self._funded: dict[tuple[str, str], int] = {}
        self._amend_count = 0
        self._ids = random.Random(f"binance_usdm:{config.seed}:ids")
        self.exchange.on_change(self._on_change)

    def _atoms(self, asset: str, amount: Decimal) -> int:
        """Every asset of the futures wallet has eight decimals."""
        self.exchange.precisions.setdefault(asset, 8)
        return self.exchange.atoms(asset, amount)

    def _on_change(self, change: Change) -> None:
        if isinstance(change, PositionChange):
            position = change.position
            key = position.symbol, position.side
            if change.why == "funding":
                paid = position.funding - self._funded.get(key, 0)
                asset = self.listings[position.symbol].margin
                self.incomes.append((change.time, "FUNDING_FEE", position.symbol, paid, asset))
            self._funded[key] = position.funding if position.lots else 0
        elif isinstance(change, InsuranceChange) and change.account == self.account.name:
            self.incomes.append((change.time, "INSURANCE_CLEAR", change.symbol, -change.fee, change.asset))
        if type(change) in _OWN:
            self.updated_ns = self.exchange.now

    def amended(self, before: Order, order: Order) -> int:
        """Note an amend; returns its id."""
        self._amend_count += 1
        self.amends.setdefault(order.order_id, []).append((self._amend_count, before, order))
        return self._amend_count

    # --------------------------------------------------------------- symbols
    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The venue's reference data tell another rule of a unified symbol from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.id] = entry

    def listed(self, value: str) -> Listing:
        """The listing of a symbol as sent; raises -1100 or -1121."""
        found = self.by_id.get(value)
        if found is None:
            symbol_chars("symbol", value)
            raise refuse("invalid_symbol")
        return self.know(found)

    def know(self, entry: Listing) -> Listing:
        """The core lists the symbol, if it did not."""
        if entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(core_instrument(entry, self.fees))
            self.exchange.publish(entry.unified, funding=self._rate)
        return entry

    def knows(self, entry: Listing) -> bool:
        """Whether the core lists the symbol."""
        return entry.unified not in self._unlisted

    def every_listing(self) -> list[Listing]:
        """All symbols, which the core lists from now on."""
        return [self.know(entry) for entry in self.listings.values()]

    def fees_of(self, entry: Listing) -> tuple[Decimal, Decimal]:
        """Maker and taker fee of a symbol, as fractions."""
        return entry.fees or self.fees

    def client_id(self) -> str:
        """A client order id as the venue makes one where none was sent."""
        return "".join(self._ids.choices(_ALPHABET, k=22))

    @property
    def hedge(self) -> bool:
        """Position mode of the account: long and short beside each other."""
        return self.account.portfolio is not None and self.account.portfolio.hedge

    def setting(self, unified: str) -> tuple[int, bool]:
        """Leverage and whether margin is isolated, of a symbol."""
        portfolio = self.account.portfolio
        setting = None if portfolio is None else portfolio.settings.get(unified)
        if setting is None:
            return min(PRACTICE.leverage, self.listings[unified].brackets[0]["initialLeverage"]), PRACTICE.isolated
        return setting.leverage, setting.isolated

    def assets(self) -> list[str]:
        """Every asset that the contracts settle in or the account holds, sorted."""
        return sorted(set(self.account.balances) | {entry.margin for entry in self.listings.values()})

    # ------------------------------------------------------------ the wire's
    @staticmethod
    def order_id(order: Order | Fill) -> int:
        """The ``orderId`` on the wire."""
        return ORDER_ID_BASE + order.order_id

    @staticmethod
    def algo_id(order: Order) -> int:
        """The ``algoId`` on the wire."""
        return ALGO_ID_BASE + order.order_id

    @staticmethod
    def is_algo(order: Order) -> bool:
        """Whether it was placed as an algo order."""
        return order.terms is not None and order.terms.trigger is not None

    @staticmethod
    def in_market(order: Order) -> bool:
        """Whether it is an ordinary order: placed as one, or an algo order that was triggered and accepted."""
        terms = order.terms
        return (
            terms is None
            or terms.trigger is None
            or (terms.triggered is not None and order.status is not Status.REJECTED)
        )

    def truth_id(self, core_id: int) -> str:
        """The id by which an order is known from its beginning: ``algoId`` or ``orderId``."""
        snapshots = self.account.orders.get(core_id)
        base = ALGO_ID_BASE if snapshots and self.is_algo(snapshots[0]) else ORDER_ID_BASE
        return str(base + core_id)

    @staticmethod
    def core_id(number: int) -> int:
        """The core's id of an ``orderId`` or ``algoId``; what never existed becomes one that never exists."""
        return number - (ALGO_ID_BASE if number >= ALGO_ID_BASE else ORDER_ID_BASE)

    @staticmethod
    def trade_id(fill: Fill) -> int:
        """The trade id on the wire."""
        return TRADE_ID_BASE + fill.trade_id

    @staticmethod
    def client_id_of(order: Order) -> str:
        """The client order id; of orders that the venue made, the documented form."""
        forced = "" if order.terms is None else order.terms.forced
        return order.client_id if not forced else f"{FORCED[forced]}{ORDER_ID_BASE + order.order_id}"

    @staticmethod
    def status(order: Order) -> str:
        """The order's status in Binance's words."""
        if order.expired_by == "self_trade":
            return "EXPIRED_IN_MATCH"
        return STATUS[order.status]

    def entered(self, order: Order) -> int:
        """When an ordinary order came to be (ns): as placed, or as triggered."""
        if order.terms is None or order.terms.trigger is None:
            return order.created
        for snapshot in self.account.orders.get(order.order_id, ()):
            if snapshot.status is Status.TRIGGERED:
                return snapshot.updated
        return order.created

    # ----------------------------------------------------------- conversions
    def price_e8(self, symbol: str, ticks: int | None) -> int:
        """A price in e8; 0 for none."""
        return 0 if ticks is None else ticks * self.listings[symbol].tick

    def mark_e8(self, symbol: str) -> int:
        """Mark price in e8; 0 where there is no market."""
        return self.price_e8(symbol, self.exchange.mark_price(symbol))

    # ------------------------------------------------------------ mark prices
    def follow_mark(self, symbol: str) -> None:
        """From here on the mark price of ``symbol`` is published each second, as the venue does all the time: orders
        that wait for it need it."""
        if symbol not in self.marked:
            self.marked.append(symbol)
            self.publish_marks((symbol,))

    def publish_marks(self, symbols: Iterable[str]) -> None:
        """Publish the mid price as mark price (a simplification: the venue's is made of several indices)."""
        for symbol in symbols:
            mid = self.exchange.reference_price(symbol)
            if mid:
                self.exchange.publish(symbol, mark=mid)

    def advance(self, now: int) -> None:
        """Let the market act up to ``now``, with the mark prices of each second between."""
        exchange = self.exchange
        while self.marked:
            second = (exchange.now // SECOND + 1) * SECOND
            if second > now:
                break
            exchange.advance(second)
            self.publish_marks(self.marked)
        if now > exchange.now:
            exchange.advance(now)

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice."""
        due = self.exchange.next_time()
        if not self.marked:
            return due
        second = (self.exchange.now // SECOND + 1) * SECOND
        return second if due is None else min(due, second)

    def mid_e8(self, symbol: str) -> int:
        """Mid price in e8, 0 where there is no market."""
        mid = self.exchange.mid(symbol)
        return 0 if mid is None else e8_of(mid.quantize(_ATOM))

    @staticmethod
    def ticks(entry: Listing, price: int) -> int:
        """Ticks of a price in e8; raises -4014 off the grid."""
        ticks, rest = divmod(price, entry.tick)
        if rest:
            raise refuse("tick_size")
        return ticks

    @staticmethod
    def lots(entry: Listing, quantity: int) -> int:
        """Lots of a quantity in e8; raises -4023 off the grid."""
        lots, rest = divmod(quantity, entry.step)
        if rest:
            raise refuse("step_size")
        return lots
