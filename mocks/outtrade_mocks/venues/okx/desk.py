"""The desk: what the handlers of the endpoints work on.

One exchange core, one account under test, and the translation between the core's world (integers, small ids, unified
symbols, nanoseconds) and OKX's (plain decimal strings, ids of 19 digits, ``BTC-USDT-SWAP``, milliseconds).

What OKX remembers of an order and the core has no use for (tag, trade mode, the size as it was sent) is a ``Note``; the
core carries its number along as the order's label. An *algo order* (conditional, oco, trigger, move_order_stop) is in
the core one order that waits, or two of which one cancels the other; it has an ``algoId`` from the start, and an
``ordId`` once it was triggered: then a plain order of the book stands for it, as on the venue.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    PositionChange,
    Practice,
    Reject,
    Status,
)
from outtrade_mocks.venues.bookings import Bookings
from outtrade_mocks.venues.catalogue import flows, from_the_start, funded
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.okx.errors import Refusal, refuse, translate
from outtrade_mocks.venues.okx.limits import Limits
from outtrade_mocks.venues.okx.reference import PRICE_LIMIT, Listing, core_instrument, listings, relisted
from outtrade_mocks.venues.okx.traits import KNOBS
from outtrade_mocks.venues.price_band import price_band
from outtrade_mocks.venues.witness import plain

ORDER_ID_BASE = 2_497_956_918_703_000_000
"""Order ids on the wire are the core's plus this: of the size that the venue has today."""
ALGO_ID_BASE = 2_397_956_918_703_000_000
ATTACH_ID_BASE = 2_297_956_918_703_000_000
TRADE_ID_BASE = 242_000_000
PRINT_ID_BASE = 142_000_000
"""Of trades in which the account had no part."""
PRINTS = 500
"""Public trades that are kept of each instrument."""
BILL_ID_BASE = 2_197_956_918_703_000_000
POS_ID_BASE = 2_097_956_918_703_000_000
UID = "614488474791936"
MADE_UP = "auto-"
"""How the core names orders without a client id; no client can send a hyphen."""
PRACTICE = Practice(
    reserve="trigger",
    immediate_trigger="trigger",
    band_of_waiting=False,
    post_only="cancel",
    self_trade="expire_maker",
    amend="change",
    amend_waiting="fixed",
    amend_below_filled="cancel",
    batch_limit=20,
    batch_cancels=20,
    batch_amends=20,
)
STATE = {
    Status.OPEN: "live",
    Status.PARTIALLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELLED: "canceled",
    Status.EXPIRED: "canceled",
    Status.REJECTED: "canceled",
}


@dataclass(slots=True, eq=False)
class Algo:
    """An algo order. ``prices``: its trigger and order prices as sent, by their names on the wire."""

    kind: str
    algo_id: int
    client_id: str
    prices: dict[str, str]
    orders: list[int] = field(default_factory=list)
    """Core ids of its orders: the take-profit first, where there are two."""
    close_fraction: str = ""
    last: str = ""
    """The last price when it was placed."""
    told: str = ""
    """The state that was told last."""
    by_old_name: bool = False
    """Its client id came as ``clOrdId``, as ccxt sends it."""


class Note(msgspec.Struct, eq=False):
    """What OKX remembers of an order beside what the core knows."""

    td_mode: str = "cash"
    ord_type: str = "limit"
    sz: str = ""
    tag: str = ""
    tgt_ccy: str = ""
    stp_mode: str = "cancel_maker"
    attached: tuple[dict[str, str], ...] = ()
    """``attachAlgoOrds`` as shown."""
    algo: Algo | None = None
    leg: str = ""
    """``tp`` or ``sl``: which trigger of its algo order it is."""
    amends: list[tuple[int, str, str]] = msgspec.field(default_factory=list)
    """(time in ns, reqId, whole size as sent or "") of each amend."""
    completed: bool = False
    """An amend to a size that was filled already has ended it: then it counts as filled."""
    timed_out: bool = False
    """Cancelled by cancel-all-after."""
    last: int | None = None
    """The last price in ticks when it was placed."""
    lever: str = ""


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding payment of a position: ``atoms`` of its settlement asset, above 0 received."""

    symbol: str
    side: str
    isolated: bool
    lots: int
    atoms: int
    time: int


class Outcome(msgspec.Struct):
    """What a handler did: ``data`` of the answer, and the envelope's code."""

    data: list[Any]
    time: int
    code: str = "0"
    msg: str = ""
    order_ids: tuple[str, ...] = ()


class Desk:
    """Exchange, account and translation of one venue."""

    def __init__(self, config: VenueConfig) -> None:
        self.listings: dict[str, Listing] = listings(config)
        self.by_id: dict[str, Listing] = {entry.id: entry for entry in self.listings.values()}
        self.by_code = {entry.raw.get("instIdCode"): entry for entry in self.listings.values()}
        self.fees = config.fees
        self.knobs = config.knobs
        markets = flows(config, {symbol: entry.contract for symbol, entry in self.listings.items()})
        self._mids = {symbol: flow.mid for symbol, flow in markets.items()}
        eager, self._unlisted = from_the_start(self.listings, markets)
        """Instruments that the core comes to know when somebody first asks for them."""
        lever = int(knob(KNOBS, config.knobs, "leverage"))
        self.exchange = Exchange(
            [self._rules(entry) for entry in eager],
            now=config.epoch_ns,
            seed=config.seed,
            flows=markets,
            practice=replace(PRACTICE, leverage=lever),
        )
        balances = {asset: self.exchange.atoms(asset, amount) for asset, amount in config.balances.items()}
        self.account: Account = self.exchange.open_account("tester", balances)
        self.exchange.keep_prints(PRINTS)
        self._rate = float(knob(KNOBS, config.knobs, "funding_rate"))
        for entry in eager:
            funded(self.exchange, entry.unified, self._rate)
        self.limits = Limits(factor=float(knob(KNOBS, config.knobs, "rate_factor")))
        self.rate_status = int(knob(KNOBS, config.knobs, "rate_status"))
        self.shrinks = bool(knob(KNOBS, config.knobs, "shrinks_market_orders"))
        self.account_mode = str(knob(KNOBS, config.knobs, "account_mode"))
        self.epoch_ns = config.epoch_ns
        self.default_lever = lever
        self.margin_lever: dict[str, str] = {}
        """instId of a spot pair -> leverage of its margin trading, which is not offered here."""
        self.fills: dict[int, list[Fill]] = {}
        """Core order id -> its trades."""
        self.bills: list[Fill | Funding] = []
        """What moved money, oldest first: the number of a bill is its place."""
        self._bill_of: dict[tuple[str, int, int], int] = {}
        self.notes: list[Note] = [Note()]
        self.algos: dict[int, Algo] = {}
        """algoId without its base -> algo order."""
        self.algo_clients: dict[str, Algo] = {}
        self.connections: dict[str, int] = {}
        """Private channel -> number of WebSocket connections that are subscribed to it."""
        self._algo_count = 0
        self.bookings = Bookings(self.exchange, self.account)
        self.exchange.on_change(self._on_change)
        if knob(KNOBS, config.knobs, "position_mode") == "long_short_mode":
            self.exchange.set_position_mode(self.account, hedge=True)

    def _on_change(self, change: Change) -> None:
        if isinstance(change, PositionChange) and change.why == "funding":
            self._funded(change)
        if isinstance(change, OrderChange):
            if change.fill is not None:
                self.fills.setdefault(change.order.order_id, []).append(change.fill)
                fill = change.fill
                self._bill_of[fill.symbol, fill.trade_id, fill.order_id] = len(self.bills)
                self.bills.append(fill)
            note = self.note(change.order)
            if change.why == "accepted" and note.algo is not None:
                note.algo.orders.append(change.order.order_id)
            if change.why == "cancel" and change.cause == "time":
                note.timed_out = True

    def _funded(self, change: PositionChange) -> None:
        held = change.position
        portfolio = self.account.portfolio
        snapshots = [] if portfolio is None else portfolio.positions[held.symbol, held.side]
        before = next((one for one in reversed(snapshots) if one.funding != held.funding), None)
        atoms = held.funding - (before.funding if before is not None and before.opened == held.opened else 0)
        self.bills.append(Funding(held.symbol, held.side, held.isolated, held.lots, atoms, change.time))

    # --------------------------------------------------------------- notes
    def bill_id(self, fill: Fill) -> str:
        """``billId`` of a trade; ascending in the order in which money moved."""
        return str(BILL_ID_BASE + self._bill_of[fill.symbol, fill.trade_id, fill.order_id])

    def noted(self, note: Note) -> str:
        """Keep a note; the label under which the core carries it."""
        self.notes.append(note)
        return str(len(self.notes) - 1)

    def note(self, order: Order | Fill) -> Note:
        """The note of an order; orders of the venue (liquidations) have an empty one."""
        return self.notes[int(order.label)] if order.label else self.notes[0]

    def new_algo(self, kind: str, client_id: str, prices: dict[str, str], symbol: str) -> Algo:
        """An algo order, known by its id from here on."""
        self._algo_count += 1
        algo = Algo(kind, ALGO_ID_BASE + self._algo_count, client_id, prices)
        algo.last = self.price(symbol, self.exchange.last_price(symbol))
        return algo

    def keep(self, algo: Algo) -> None:
        """The algo order was accepted."""
        self.algos[algo.algo_id] = algo
        if algo.client_id:
            self.algo_clients[algo.client_id] = algo

    # --------------------------------------------------------- instruments
    def listed(self, inst_id: str) -> Listing:
        """The listing of an instId; raises 51001."""
        found = self.by_id.get(inst_id)
        if found is None:
            raise refuse("instrument")
        return self.know(found)

    def relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """The venue's reference data tell another rule of a unified symbol from now on."""
        entry = relisted(self.listings[symbol], rule, value)
        self.listings[symbol] = self.by_id[entry.id] = self.by_code[entry.raw.get("instIdCode")] = entry

    def know(self, entry: Listing) -> Listing:
        """The same instrument, which the core lists from here on at the latest."""
        if self._unlisted and entry.unified in self._unlisted:
            self._unlisted.remove(entry.unified)
            self.exchange.add_instrument(self._rules(entry))
            funded(self.exchange, entry.unified, self._rate)
        return entry

    def _rules(self, entry: Listing) -> Instrument:
        return core_instrument(entry, self.fees, self._mids.get(entry.unified))

    def fees_of(self, entry: Listing) -> tuple[Decimal, Decimal]:
        """Maker and taker fee, as fractions."""
        return entry.fees or self.fees

    def leverage(self, entry: Listing) -> int:
        """The leverage at which a swap is traded."""
        portfolio = self.account.portfolio
        setting = None if portfolio is None else portfolio.settings.get(entry.unified)
        if setting is not None:
            return setting.leverage
        return min(self.default_lever, int(Decimal(entry.raw.get("lever") or 1)))

    def listing(self, order: Order | Fill) -> Listing:
        """The listing of an order's instrument."""
        return self.listings[order.symbol]

    # ------------------------------------------------------------- the wire's
    @staticmethod
    def order_id(order: Order | Fill | int) -> str:
        """``ordId``."""
        return str(ORDER_ID_BASE + (order if isinstance(order, int) else order.order_id))

    @staticmethod
    def core_id(order_id: str) -> int | None:
        """The core's id of an ``ordId``; None for what can be none."""
        if not order_id.isascii() or not order_id.isdecimal() or len(order_id) > 20:
            return None
        return int(order_id) - ORDER_ID_BASE

    @staticmethod
    def trade_id(fill: Fill | int) -> str:
        """``tradeId``; unique per instrument."""
        return str(TRADE_ID_BASE + (fill if isinstance(fill, int) else fill.trade_id))

    @staticmethod
    def client_id(order: Order) -> str:
        """``clOrdId``; "" where the client sent none."""
        return "" if order.client_id.startswith(MADE_UP) else order.client_id

    def price(self, symbol: str, ticks: int | None) -> str:
        """A price as written; "" for none."""
        return "" if ticks is None else plain(self.exchange.instrument(symbol).price(ticks))

    def size(self, symbol: str, lots: int) -> str:
        """A size as written: base currency, or contracts."""
        return plain(self.exchange.instrument(symbol).quantity(lots))

    def money(self, asset: str, atoms: int) -> str:
        """An amount of an asset as written."""
        return plain(self.exchange.amount(asset, atoms))

    # ----------------------------------------------------------- conversions
    def ticks(self, entry: Listing, name: str, price: Decimal) -> int:
        """Ticks of a price; 51000 off the grid (*inferred*: tick size has no error of its own)."""
        quotient = price / entry.tick
        if price <= 0 or quotient != quotient.to_integral_value():
            raise refuse("parameter", name)
        return int(quotient)

    def lots(self, entry: Listing, size: Decimal) -> int:
        """Lots of a size; 51121 off the grid, 51000 where it is none."""
        if size <= 0:
            raise refuse("parameter", "sz")
        quotient = size / entry.lot
        if quotient != quotient.to_integral_value():
            raise refuse("lot")
        return int(quotient)

    def band(self, entry: Listing) -> tuple[Decimal, Decimal] | None:
        """Highest price of a buy and lowest price of a sale now; None where there is no price."""
        return price_band(self.exchange, entry.unified, entry.tick, PRICE_LIMIT)

    def refused(self, reject: Reject, entry: Listing, side: str) -> Refusal:
        """The core's refusal of an order in OKX's words."""
        if reject.reason.value == "PERCENT_PRICE_BY_SIDE":
            band = self.band(entry)
            high, low = ("", "") if band is None else (plain(band[0]), plain(band[1]))
            return refuse("buy_limit", high) if side == "buy" else refuse("sell_limit", low)
        currency = entry.settle if entry.swap else entry.quote if side == "buy" else entry.base
        return translate(reject, instrument=entry.id, currency=currency)

    def usd(self, asset: str) -> Decimal:
        """What one of an asset is worth in USD, by the listed markets (stablecoins count as one); 0 if unknown. May be
        asked while the exchange tells what happened: it moves nothing."""
        if asset in ("USD", "USDT", "USDC"):
            return Decimal(1)
        for quote in ("USDT", "USD", "USDC"):
            for symbol in (f"{asset}/{quote}", f"{asset}/{quote}:{quote}", f"{asset}/{quote}:{asset}"):
                ticks = (
                    self.exchange.reference_price(symbol)
                    if symbol in self.listings and symbol not in self._unlisted
                    else None
                )
                if ticks is not None:
                    return self.listings[symbol].tick * ticks
        return Decimal(0)

    def assets(self) -> list[str]:
        """Every asset that the instruments or the account know, sorted."""
        known = set(self.account.balances)
        for entry in self.listings.values():
            known |= {entry.base, entry.quote}
        return sorted(known)
