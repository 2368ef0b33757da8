"""Events of the account's stream: what the executions and balances channels of WebSocket v2 say.

One change of the core can make two events: an accepted order is ``pending_new`` and then ``new``, the trade that fills
an order is followed by ``filled``. Only the first event of an order describes it; later ones carry what changed, as the
venue's samples do. Numbers are JSON numbers. ``fee_usd_equiv`` is 0 for quotes other than USD (*simplified*).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from outtrade_mocks.core import Fill, Order, OrderChange, Status
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.kraken_spot import prices
from outtrade_mocks.venues.kraken_spot.codec import encode, moment
from outtrade_mocks.venues.kraken_spot.desk import TRADE_ID_BASE, Desk
from outtrade_mocks.venues.kraken_spot.ledger import Booking
from outtrade_mocks.venues.kraken_spot.notes import Note
from outtrade_mocks.venues.kraken_spot.reference import Listing
from outtrade_mocks.venues.kraken_spot.shapes import REASONS, USER

EXECUTIONS, BALANCES = "executions", "balances"
ENDS = ("new", "filled", "canceled", "expired")
"""What is sent with ``order_status`` false (executions page)."""
_LIVE = {Status.PARTIALLY_FILLED: "partially_filled", Status.FILLED: "filled"}


def number(amount: int, decimals: int) -> float:
    """An amount of 10**-decimals as a JSON number."""
    return amount / float(10**decimals)


def price(listing: Listing, ticks: int | None) -> float:
    """A price as a JSON number; 0.0 for none."""
    return number((ticks or 0) * listing.tick, listing.decimals)


def quantity(listing: Listing, lots: int) -> float:
    """A quantity as a JSON number."""
    return number(lots, listing.lot_decimals)


class Reports:
    """Makes numbered pushes out of the core's changes and the ledger's entries."""

    def __init__(self, desk: Desk, send: Callable[[Push], None], *, last_trade: str) -> None:
        self._desk = desk
        self._send = send
        self._n = 0
        self._last_trade = last_trade
        desk.on_booking = self._booked

    # ---------------------------------------------------------------- orders
    def order(self, change: OrderChange) -> None:
        """Tell of a change of an order."""
        order, why = change.order, change.why
        if why == "accepted":
            self._tell(change, "pending_new", "pending_new")
            self._tell(change, "new", "new")
        elif why == "fill":
            whole = order.status is Status.FILLED
            self._tell(change, "trade", self._last_trade if whole else "partially_filled", "fill")
            if whole:
                self._tell(change, "filled", "filled")
        elif why == "cancel":
            self._tell(change, "canceled", "canceled")
        elif why in ("expire", "reject"):
            word = "expired" if order.expired_by in ("gtd", "day") else "canceled"
            self._tell(change, word, word)
        elif why == "amend":
            word = "amended" if change.cause == "request" else "restated"
            self._tell(change, word, _LIVE.get(order.status, "new"))
        elif why == "triggered":
            self._tell(change, "status", "new")

    def _tell(self, change: OrderChange, kind: str, status: str, push: Literal["order", "fill"] = "order") -> None:
        self._n += 1
        order, fill = change.order, change.fill
        note, count = self._desk.notes[order.label], len(self._desk.fills.get(order.order_id, ()))
        self._made(
            Push(
                self._n,
                push,
                partial(self._execution, change, note, kind, status, count),
                order.client_id,
                note.txid,
                self._desk.trade_id(fill) if fill is not None and kind == "trade" else None,
                status,
                note.txid,
                f"{EXECUTIONS}/{kind}",
                order.symbol,
            )
        )

    def _execution(self, change: OrderChange, note: Note, kind: str, status: str, count: int) -> str:
        order, desk = change.order, self._desk
        fills = desk.fills.get(order.order_id, [])[:count]
        if kind == "pending_new":
            event = full(desk, note, order, [], kind, status)
        elif kind == "trade":
            assert change.fill is not None
            event = trade(desk, note, change.fill, status) | sums(desk, note.listing, order, fills)
        else:
            event = {"order_id": note.txid} | names(note)
            event |= {"exec_type": kind, "order_status": status, "timestamp": moment(change.time)}
            if kind in ("filled", "canceled", "expired", "amended", "restated"):
                event |= sums(desk, note.listing, order, fills)
            if kind in ("canceled", "expired"):
                reason = why_ended(order)
                event |= {"cancel_reason": reason, "reason": reason} if reason else {}
            if kind in ("amended", "restated"):
                event |= terms(desk, note, order)
                event["reason"] = USER if kind == "amended" else "Order maintenance"
            if kind == "status":
                event |= triggers(note, order)
        return encode(event).decode()

    def _made(self, push: Push) -> None:
        for listen in self._desk.listeners:
            listen(push)
        self._send(push)

    # -------------------------------------------------------------- balances
    def _booked(self, entry: Booking) -> None:
        self._n += 1
        self._made(Push(self._n, "balance", partial(self._balance, entry), channel=BALANCES))

    def _balance(self, entry: Booking) -> str:
        decimals = self._desk.exchange.precisions.get(entry.asset, 8)
        trade_ = entry.type == "trade"
        return encode(
            {
                "asset": entry.asset,
                "asset_class": "currency",
                "amount": number(entry.amount, decimals),
                "balance": number(entry.balance, decimals),
                "fee": number(entry.fee, decimals),
                "ledger_id": entry.id,
                "ref_id": entry.refid,
                "timestamp": moment(entry.time),
                "type": entry.type,
                "subtype": "",
                "category": "trade" if trade_ else entry.type,
                "wallet_type": "spot",
                "wallet_id": "main",
            }
        ).decode()


def why_ended(order: Order) -> str:
    """Why an order ended."""
    return USER if order.status is Status.CANCELLED else REASONS.get(order.expired_by, "")


def names(note: Note) -> dict[str, Any]:
    """The owner's names of an order."""
    if note.cl_ord_id is not None:
        return {"cl_ord_id": note.cl_ord_id}
    return {"order_userref": note.userref or 0}


def sums(desk: Desk, listing: Listing, order: Order, fills: list[Fill]) -> dict[str, Any]:
    """What was filled so far."""
    decimals = desk.exchange.precisions[listing.quote]
    lots = sum(fill.lots for fill in fills)
    value = sum(fill.price * fill.lots for fill in fills) * listing.tick
    return {
        "cum_qty": quantity(listing, lots),
        "cum_cost": number(sum(fill.quote for fill in fills), decimals),
        "avg_price": value / (lots * 10**listing.decimals) if lots else 0.0,
        "fee_usd_equiv": _usd(listing, sum(fill.fee for fill in fills), decimals),
    }


def _usd(listing: Listing, fee: int, decimals: int) -> float:
    return number(fee, decimals) if listing.quote == "USD" else 0.0


def terms(desk: Desk, note: Note, order: Order) -> dict[str, Any]:
    """Quantity and prices."""
    listing, quote_decimals = note.listing, desk.exchange.precisions[note.listing.quote]
    found: dict[str, Any] = {"order_qty": quantity(listing, order.lots)}
    if note.new.quote is not None:
        found["cash_order_qty"] = number(note.new.quote, quote_decimals)
    if order.price is not None:
        found |= {"limit_price_type": "static", "limit_price": price(listing, order.price)}
    if note.limit_offset is not None:
        found["limit_price_type"] = "pct" if note.limit_offset.endswith("%") else "quote"
    if order.terms is not None and order.terms.visible is not None:
        found["display_qty"] = quantity(listing, order.terms.visible)
    return found | (triggers(note, order) if note.trigger is not None else {})


def triggers(note: Note, order: Order) -> dict[str, Any]:
    """What a waiting order waits for."""
    trigger = None if order.terms is None else order.terms.trigger
    if trigger is None or order.terms is None:
        return {}
    stated = prices.parse(note.price)
    distance = trigger.trail_ticks is not None or trigger.trail_bps is not None
    found: dict[str, Any] = {
        "reference": note.trigger or "last",
        "price": float(stated.number) if distance and stated is not None else price(note.listing, trigger.price),
        "price_type": note.price_type if distance else "static",
        "status": "untriggered" if order.terms.triggered is None else "triggered",
    }
    if order.terms.triggered is not None:
        found |= {"actual_price": price(note.listing, order.terms.triggered), "timestamp": moment(order.updated)}
    return {"triggers": found}


def full(desk: Desk, note: Note, order: Order, fills: list[Fill], kind: str, status: str) -> dict[str, Any]:
    """An order with all that describes it: its first event, and in snapshots."""
    listing = note.listing
    found: dict[str, Any] = {"order_id": note.txid} | names(note)
    found |= {
        "symbol": listing.unified,
        "side": order.side,
        "order_type": note.ordertype,
        "time_in_force": order.tif,
        "exec_type": kind,
        "order_status": status,
    }
    found |= terms(desk, note, order)
    found |= {
        "stop_price": price(listing, order.terms.trigger.price if order.terms and order.terms.trigger else None),
        "post_only": order.post_only,
        "reduce_only": False,
        "margin": False,
        "fee_ccy_pref": "fcib" if "fcib" in note.oflags else "fciq",
        "timestamp": moment(note.created if kind == "pending_new" else order.updated),
    }
    if note.expiretm:
        found["expire_time"] = moment(note.expiretm * 1_000_000_000, 0)
    if note.refid is not None:
        found["ord_ref_id"] = note.refid
    if note.close is not None:
        found["contingent"] = {"order_type": note.close.ordertype}
    return found | sums(desk, listing, order, fills)


def trade(desk: Desk, note: Note, fill: Fill, status: str) -> dict[str, Any]:
    """A trade."""
    listing, decimals = note.listing, desk.exchange.precisions[note.listing.quote]
    found: dict[str, Any] = {"order_id": note.txid} | names(note)
    return found | {
        "exec_id": desk.trade_id(fill),
        "exec_type": "trade",
        "trade_id": TRADE_ID_BASE + fill.trade_id,
        "symbol": listing.unified,
        "side": fill.side,
        "last_qty": quantity(listing, fill.lots),
        "last_price": price(listing, fill.price),
        "liquidity_ind": "m" if fill.maker else "t",
        "cost": number(fill.quote, decimals),
        "order_status": status,
        "order_type": note.ordertype,
        "fees": [{"asset": fill.fee_asset, "qty": number(fill.fee, decimals)}],
        "timestamp": moment(fill.time),
    }
