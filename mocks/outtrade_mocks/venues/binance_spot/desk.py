"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and Binance's (strings of eight decimals, large ids, ``BTCUSDT``, milliseconds).
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import (
    Account,
    BalanceChange,
    Change,
    Discount,
    Exchange,
    FeeSchedule,
    FeeTier,
    Fill,
    ListChange,
    Order,
    OrderChange,
    Prevention,
    Rates,
    Status,
)
from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues.binance_codec import e8_of, money
from outtrade_mocks.venues.binance_codec import symbol as symbol_chars
from outtrade_mocks.venues.binance_spot.errors import refuse
from outtrade_mocks.venues.binance_spot.limits import Limits
from outtrade_mocks.venues.binance_spot.reference import Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.binance_spot.traits import KNOBS
from outtrade_mocks.venues.catalogue import flows, from_the_start
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob

ORDER_ID_BASE = 48_300_000_000
"""Order ids on the wire are the core's plus this: of the size that the venue has today."""
TRADE_ID_BASE = 5_200_000_000
LIST_ID_BASE = 1_300_000
MS = 1_000_000
_ATOM = Decimal("0.00000001")
SELF_TRADE_MODE = "EXPIRE_MAKER"
BNB = "BNB"
BNB_MULTIPLIER = Decimal("0.75")
"""What is left of a fee that is paid in BNB (faqs/commission_faq.md)."""
_OWN = frozenset({OrderChange, Fill, BalanceChange, ListChange})
"""Changes of the account."""
_LIMITED = {"limit": "_LIMIT", "market": ""}
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

STATUS = {
    Status.PENDING: "PENDING_NEW",
    Status.HELD: "PENDING_NEW",
    Status.UNTRIGGERED: "NEW",
    Status.TRIGGERED: "NEW",
    Status.OPEN: "NEW",
    Status.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    Status.FILLED: "FILLED",
    Status.CANCELLED: "CANCELED",
    Status.EXPIRED: "EXPIRED",
    Status.REJECTED: "REJECTED",
}
EXPIRY_REASON = {
    "ioc": "UNFILLED_IOC_QUANTITY_EXPIRED",
    "fok": "UNFILLED_FOK_ORDER_EXPIRED",
    "liquidity": "INSUFFICIENT_LIQUIDITY",
}
"""enums.md; an order that expired to prevent a self-trade says so by its status, one whose list decided by its list."""
LIST_STATUS = {"executing": "EXEC_STARTED", "updated": "UPDATED", "done": "ALL_DONE"}
CONTINGENCY = {"oco": "OCO", "oto": "OTO", "otoco": "OTO", "bracket": "OTO"}
SELF_TRADE_WORDS = {
    "none": "NONE",
    "expire_taker": "EXPIRE_TAKER",
    "expire_maker": "EXPIRE_MAKER",
    "expire_both": "EXPIRE_BOTH",
    "decrement": "DECREMENT",
}


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
            find_by_original=bool(knob(KNOBS, config.knobs, "lookup_after_cancel")),
        )
        self.account: Account = self.exchange.open_account(
            "tester", {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        )
        self.limits = Limits(
            weight=int(knob(KNOBS, config.knobs, "weight_per_minute")),
            orders_10s=int(knob(KNOBS, config.knobs, "orders_per_10s")),
            orders_day=int(knob(KNOBS, config.knobs, "orders_per_day")),
            ban_after=int(knob(KNOBS, config.knobs, "ban_after")),
        )
        self.epoch_ns = config.epoch_ns
        self.updated_ns = config.epoch_ns
        """When the account last changed."""
        self.fills: dict[int, list[Fill]] = {}
        """Core order id -> its trades."""
        self.lists: dict[int, list[ListChange]] = {}
        """Core list id -> what was told of the list, oldest first."""
        self.amends: dict[int, list[tuple[int, Order, Order]]] = {}
        """Core order id -> (execution id, before, after) of its amends."""
        self.before: dict[str, list[Print]] = {}
        """Symbol -> the account's trades until somebody first asked for public ones (see `tape`)."""
        self._ids = random.Random(f"binance_spot:{config.seed}:ids")
        self.burns_bnb = False
        """Whether fees are paid in BNB while there is enough of it."""
        if knob(KNOBS, config.knobs, "bnb_burn"):
            self.burn_bnb(True)
        self.exchange.on_change(self._on_change)

    def burn_bnb(self, on: bool) -> None:
        """Pay fees in BNB from now on, or no longer."""
        if on == self.burns_bnb:
            return
        self.burns_bnb = on
        for name, entry in self.listings.items():
            if name not in self._unlisted:
                self._charge(entry)

    def _charge(self, entry: Listing) -> None:
        maker, taker = self.fees_of(entry)
        discount = Discount(asset=BNB, multiplier=BNB_MULTIPLIER) if self.burns_bnb else None
        tier = FeeTier(rates=Rates(maker=maker, taker=taker))
        self.exchange.tariffs.charge(FeeSchedule(tiers=(tier,), discount=discount), symbol=entry.unified)

    def _on_change(self, change: Change) -> None:
        if type(change) not in _OWN:
            return  # the account is as it was
        self.updated_ns = self.exchange.now
        if isinstance(change, ListChange):
            self.lists.setdefault(change.list_id, []).append(change)
        elif isinstance(change, OrderChange) and change.fill is not None:
            fills = self.fills.setdefault(change.order.order_id, [])
            if not fills:
                self.limits.traded(change.time, maker=change.fill.maker)
            fills.append(change.fill)

    def amended(self, before: Order, order: Order) -> int:
        """Note an amend; returns its execution id."""
        execution = sum(map(len, self.amends.values())) + 1
        self.amends.setdefault(order.order_id, []).append((execution, before, order))
        return execution

    # --------------------------------------------------------------- symbols
    def listed(self, value: str, name: str = "symbol") -> Listing:
        """The listing of a symbol as sent; raises -1100 or -1121."""
        found = self.by_id.get(value)
        if found is None:
            symbol_chars(name, value)
            raise refuse("invalid_symbol")
        if self._unlisted:
            self._know(found)
        return found

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """exchangeInfo tells another rule of a unified symbol from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.id] = entry

    def all_listed(self) -> list[Listing]:
        """All listings, each known to the core."""
        for name in sorted(self._unlisted):
            self._know(self.listings[name])
        return list(self.listings.values())

    def _know(self, entry: Listing) -> None:
        """The core lists the symbol."""
        if entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(core_instrument(entry, self.fees))
            if self.burns_bnb:
                self._charge(entry)

    def fees_of(self, entry: Listing) -> tuple[Decimal, Decimal]:
        """Maker and taker fee of a symbol, as fractions."""
        return entry.fees or self.fees

    def client_id(self) -> str:
        """A client order id as the venue makes one where none was sent."""
        return "".join(self._ids.choices(_ALPHABET, k=22))

    # ------------------------------------------------------------ the wire's
    @staticmethod
    def order_id(order: Order | Fill) -> int:
        """The id on the wire."""
        return ORDER_ID_BASE + order.order_id

    @staticmethod
    def core_id(order_id: int) -> int:
        """The core's id of an id on the wire; one that never existed becomes one that never exists."""
        return order_id - ORDER_ID_BASE

    @staticmethod
    def trade_id(fill: Fill) -> int:
        """The trade id on the wire."""
        return TRADE_ID_BASE + fill.trade_id

    def price_e8(self, symbol: str, ticks: int | None) -> int:
        """A price in e8; 0 for none."""
        return 0 if ticks is None else ticks * self.listings[symbol].tick

    def price(self, symbol: str, ticks: int | None) -> str:
        """A price as written; zeros for none."""
        return money(self.price_e8(symbol, ticks))

    def quantity(self, symbol: str, lots: int) -> str:
        """A quantity as written."""
        return money(lots * self.listings[symbol].step)

    @staticmethod
    def status(order: Order) -> str:
        """The order's status in Binance's words."""
        if order.expired_by == "self_trade":
            return "EXPIRED_IN_MATCH"
        return STATUS[order.status]

    @staticmethod
    def order_type(order: Order) -> str:
        """The order's type in Binance's words; a stop that was triggered is still a stop."""
        trigger = None if order.terms is None else order.terms.trigger
        if trigger is not None:
            return ("STOP_LOSS" if trigger.kind == "stop" else "TAKE_PROFIT") + _LIMITED[order.type]
        if order.type == "market":
            return "MARKET"
        return "LIMIT_MAKER" if order.post_only else "LIMIT"

    @staticmethod
    def list_id(order: Order) -> int:
        """``orderListId``: -1 for an order of no list."""
        return -1 if order.terms is None or order.terms.list_id is None else LIST_ID_BASE + order.terms.list_id

    @staticmethod
    def self_trade(order: Order) -> str:
        """``selfTradePreventionMode``."""
        mode = None if order.terms is None else order.terms.self_trade
        return SELF_TRADE_MODE if mode is None else SELF_TRADE_WORDS[mode]

    def preventions(self, order: Order) -> list[Prevention]:
        """Where the order met another of the account up to this snapshot, and lost some of its quantity."""
        number, found = order.order_id, []
        for one in self.account.preventions:
            lost = one.taker_lots if one.taker_id == number else one.maker_lots if one.maker_id == number else 0
            if lost and one.time <= order.updated:
                found.append(one)
        return found

    def working_time(self, order: Order) -> int:
        """When the order came to the book (ms); -1: it has not, or never did."""
        if order.terms is None:
            return order.created // MS
        for snapshot in self.account.orders.get(order.order_id, ()):
            if snapshot.working or snapshot.filled:
                return snapshot.updated // MS
            if snapshot is order:
                break
        return -1

    # ----------------------------------------------------------- conversions
    def ticks(self, entry: Listing, price: int) -> int:
        """Ticks of a price in e8; raises the PRICE_FILTER failure off the grid."""
        ticks, rest = divmod(price, entry.tick)
        if rest:
            raise refuse("filter_price_filter")
        return ticks

    def lots(self, entry: Listing, quantity: int) -> int:
        """Lots of a quantity in e8; raises the LOT_SIZE failure off the grid."""
        lots, rest = divmod(quantity, entry.step)
        if rest:
            raise refuse("filter_lot_size")
        return lots

    def mid_e8(self, symbol: str) -> int:
        """Mid price in e8, 0 where there is no market."""
        mid = self.exchange.mid(symbol)
        return 0 if mid is None else e8_of(mid.quantize(_ATOM))

    def assets(self) -> list[str]:
        """Every asset that the symbols or the account know, sorted."""
        known = set(self.account.balances)
        for entry in self.listings.values():
            known |= {entry.base, entry.quote}
        return sorted(known)
