"""The desk: what the handlers of the methods work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and Deribit's (JSON numbers, ids such as ``USDC-104819327443``, ``BTC-PERPETUAL``, milliseconds).

**Labels are no client order ids.** Deribit lets any number of orders bear the same ``label``, open or not, while the
core, as most venues, knows one open order by one name. So the core's name of an order is its label while that is free,
else a made-up one; what the wire shows, and what the truth says, is the label of the order's ``Note``. The core carries
the note's number along (``Order.label``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    Fill,
    Instrument,
    Order,
    OrderChange,
    Practice,
    Reject,
    Status,
)
from outtrade_mocks.venues.catalogue import flows, from_the_start, funded
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.deribit.auth import CREDENTIALS, Gate
from outtrade_mocks.venues.deribit.errors import Refusal, refuse, translate
from outtrade_mocks.venues.deribit.limits import Limits
from outtrade_mocks.venues.deribit.reference import BANDWIDTH, Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.deribit.traits import KNOBS
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.price_band import price_band

ORDER_ID_BASE = 104_819_327_000
"""Order ids on the wire are the core's plus this: of the size that the venue has today."""
TRADE_ID_BASE = 403_000_000
TRADE_ID_STEP = 1_000_000
"""Trade ids are unique per currency, the core's per symbol: each instrument has a row of its own."""
PRINT_ID_BASE = 803_000_000
"""Of trades in which the account had no part."""
PRINTS = 1_000
"""Public trades that are kept of each instrument."""
USER_ID = 96_103
MADE_UP = "\x00"
"""How the core names orders whose label is taken, or that have none; no label begins so."""
PRACTICE = Practice(
    reserve="trigger",
    immediate_trigger="reject",
    band_of_waiting=False,
    post_only="reject",
    self_trade="expire_taker",
    amend="change",
    amend_waiting="all",
    reduce_only="trim",
    leverage=50,
)
"""Margin accounts are cross at the instrument's leverage; nobody sets it. Self trades: ``reject_taker`` (recorded as
self_trading_reject_mode)."""
STATE = {
    Status.UNTRIGGERED: "untriggered",
    Status.OPEN: "open",
    Status.PARTIALLY_FILLED: "open",
    Status.FILLED: "filled",
    Status.CANCELLED: "cancelled",
    Status.EXPIRED: "cancelled",
    Status.REJECTED: "rejected",
}


class Note(msgspec.Struct, eq=False):
    """What Deribit remembers of an order beside what the core knows."""

    label: str = ""
    kind: str = "limit"
    """``order_type`` as it was sent."""
    tif: str = "good_til_cancelled"
    trigger: str = ""
    """``last_price``, ``mark_price`` or ``index_price``."""
    reject_post_only: bool = False
    connection: int = 0
    """Number of the WebSocket connection it was placed on; 0: HTTP."""
    replaced: bool = False
    cancel_reason: str = ""
    reference: Decimal | None = None
    """Of a trailing order: the price of its trigger when it was placed."""


class Outcome(msgspec.Struct):
    """What a method did: the ``result`` of the answer."""

    result: Any
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig) -> None:
        self.listings: dict[str, Listing] = listings(config)
        self.by_id: dict[str, Listing] = {entry.id: entry for entry in self.listings.values()}
        self.rows = {unified: number for number, unified in enumerate(self.listings)}
        """Unified symbol -> which row of trade ids its trades have."""
        self.fees = config.fees
        self.knobs = config.knobs
        markets = flows(config)
        eager, self._unlisted = from_the_start(self.listings, markets)
        """Instruments that the core comes to know when somebody first asks for them."""
        self.exchange = Exchange(
            [self._rules(entry) for entry in eager],
            now=config.epoch_ns,
            seed=config.seed,
            flows=markets,
            practice=PRACTICE,
        )
        balances = {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        self.account: Account = self.exchange.open_account("tester", balances)
        self.exchange.keep_prints(PRINTS)
        self._rate = float(knob(KNOBS, config.knobs, "funding_rate"))
        for entry in eager:
            funded(self.exchange, entry.unified, self._rate)
        self.limits = Limits(
            rate=float(knob(KNOBS, config.knobs, "matching_rate")),
            burst=float(knob(KNOBS, config.knobs, "matching_burst")),
            factor=float(knob(KNOBS, config.knobs, "rate_factor")),
        )
        self.gate = Gate(
            config.credentials or CREDENTIALS, seed=config.seed, seconds=int(knob(KNOBS, config.knobs, "token_seconds"))
        )
        self.cancel_closed = str(knob(KNOBS, config.knobs, "cancel_closed"))
        self.epoch_ns = config.epoch_ns
        self.seed = config.seed
        self.notes: list[Note] = [Note()]
        self.fills: dict[int, list[Fill]] = {}
        """Core order id -> its trades."""
        self.cod: set[int] = set()
        """Numbers of the connections with cancel on disconnect."""
        self.cod_account = False
        """Cancel on disconnect is on for every connection that opens."""
        self._names = 0
        self._symbols: dict[int, str] = {}
        """Core order id -> unified symbol."""
        self.exchange.on_change(self._on_change)

    def _on_change(self, change: Change) -> None:
        if isinstance(change, OrderChange):
            self._symbols[change.order.order_id] = change.order.symbol
            if change.fill is not None:
                self.fills.setdefault(change.order.order_id, []).append(change.fill)
            note = self.note(change.order)
            if change.why == "amend":
                note.replaced = True
            elif change.why == "cancel":
                note.cancel_reason = note.cancel_reason or "user_request"

    # ---------------------------------------------------------------- notes
    def noted(self, note: Note) -> str:
        """Keep a note; the label under which the core carries it."""
        self.notes.append(note)
        return str(len(self.notes) - 1)

    def note(self, order: Order | Fill) -> Note:
        """The note of an order; orders of the venue (liquidations), and of somebody else, have an empty one."""
        return self.notes[int(order.label)] if order.label else self.notes[0]

    def name(self, label: str) -> str:
        """The core's name of a new order: its label where no open order has it (see the module)."""
        if label and label not in self.account.working:
            return label
        self._names += 1
        return f"{MADE_UP}{self._names}"

    def label(self, order: Order | Fill) -> str:
        """``label``; "" where the client sent none."""
        if order.label:
            return self.note(order).label
        return "" if order.client_id.startswith(MADE_UP) else order.client_id

    def labelled(self, label: str) -> list[Order]:
        """The account's open orders with this label, oldest first."""
        if not label:
            return []
        orders = (self.account.orders[core_id][-1] for core_id in sorted(self.account.working.values()))
        return [order for order in orders if self.label(order) == label]

    # --------------------------------------------------------- instruments
    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The reference data tell another rule of a unified symbol from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.id] = entry

    def listed(self, name: str) -> Listing:
        """The listing of an instrument_name; raises 13020."""
        found = self.by_id.get(name)
        if found is None:
            raise refuse("not_found")
        return self.know(found)

    def know(self, entry: Listing) -> Listing:
        """The same instrument, which the core lists from here on at the latest."""
        if self._unlisted and entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(self._rules(entry))
            funded(self.exchange, entry.unified, self._rate)
        return entry

    def all_listed(self, currency: str = "any") -> list[Listing]:
        """Those settled in a currency, each known to the core."""
        return [self.know(entry) for entry in self.listings.values() if currency in ("any", entry.settle)]

    def _rules(self, entry: Listing) -> Instrument:
        return core_instrument(entry, self.fees)

    def fees_of(self, entry: Listing) -> tuple[Decimal, Decimal]:
        """Maker and taker fee, as fractions."""
        return entry.fees or self.fees

    # ------------------------------------------------------------- the wire's
    def order_id(self, order: Order | Fill | int) -> str:
        """``order_id``: the number, after the settlement currency where that is not BTC."""
        core_id = order if isinstance(order, int) else order.order_id
        symbol = self._symbols.get(core_id) if isinstance(order, int) else order.symbol
        if symbol is None:
            snapshots = self.account.orders.get(core_id)
            symbol = snapshots[-1].symbol if snapshots else None
        prefix = "" if symbol is None else self.listings[symbol].prefix
        return f"{prefix}{ORDER_ID_BASE + core_id}"

    def core_id(self, order_id: str) -> int | None:
        """The core's id of an ``order_id``; None for what is none of the account's."""
        number = order_id.rpartition("-")[2]
        if not number.isascii() or not number.isdecimal() or len(number) > 15:
            return None
        core_id = int(number) - ORDER_ID_BASE
        return core_id if core_id in self.account.orders and self.order_id(core_id) == order_id else None

    def trade_id(self, fill: Fill) -> str:
        """``trade_id``: unique per currency."""
        number = TRADE_ID_BASE + self.rows[fill.symbol] * TRADE_ID_STEP + fill.trade_id
        return f"{self.listings[fill.symbol].prefix}{number}"

    def price(self, symbol: str, ticks: int | None) -> Decimal | None:
        """A price as written; None for none."""
        return None if ticks is None else tidy(self.exchange.instrument(symbol).price(ticks))

    def amount(self, symbol: str, lots: int) -> Decimal:
        """An amount as written: dollars of a reversed contract, coins of a linear one."""
        return tidy(self.exchange.instrument(symbol).quantity(lots))

    def money(self, asset: str, atoms: int) -> Decimal:
        """An amount of an asset as written."""
        return tidy(self.exchange.amount(asset, atoms))

    # ----------------------------------------------------------- conversions
    def ticks(self, entry: Listing, price: Decimal, error: str = "price_wrong_tick") -> int:
        """Ticks of a price; ``error`` off the grid, steps included."""
        tick = next((step for above, step in reversed(entry.steps) if price >= above), entry.tick)
        if price % tick:
            raise refuse(error)
        return int(price / entry.tick)

    def lots(self, entry: Listing, amount: Decimal) -> int:
        """Lots of an amount: 10021 where it is no multiple of the least one, 10002 below it."""
        if amount < entry.least:
            raise refuse("qty_too_low")
        quotient = amount / entry.least
        if quotient != quotient.to_integral_value():
            raise refuse("invalid_amount")
        return int(quotient)

    def band(self, entry: Listing) -> tuple[Decimal, Decimal] | None:
        """Highest price of a buy and lowest price of a sale now; None where there is no price."""
        band = price_band(self.exchange, entry.unified, entry.tick, BANDWIDTH)
        return None if band is None else (tidy(band[0]), tidy(band[1]))

    def refused(self, reject: Reject, entry: Listing, side: str) -> Refusal:
        """The core's refusal of an order in Deribit's words."""
        reason = reject.reason.value
        if reason == "PERCENT_PRICE_BY_SIDE":
            high, low = self.band(entry) or ("", "")
            return refuse("price_too_high", high) if side == "buy" else refuse("price_too_low", low)
        if reason == "TRIGGER_IMMEDIATE":
            return refuse("trigger_too_low" if side == "buy" else "trigger_too_high")
        return translate(reject)

    def mark(self, entry: Listing) -> Decimal | None:
        """The mark price."""
        return self.price(entry.unified, self.exchange.mark_price(entry.unified))


def tidy(value: Decimal) -> Decimal:
    """A number without zeros at the end and without exponent, as far as JSON needs none.

    >>> tidy(Decimal("10.00")), tidy(Decimal("0.0100")), tidy(Decimal("1E+3"))
    (Decimal('10'), Decimal('0.01'), Decimal('1000'))
    """
    found = value.normalize()
    exponent = found.as_tuple().exponent
    return found.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else found
