"""The JSON objects of orders, trades and ledger entries, as REST has them.

Everything is shown as of a time: an order by the snapshot that stood then, with the trades that it had by then.
Amounts have the decimals of the pair (``lot_decimals``; ``cost_decimals`` for cost, fee and average price), not those
of the assets (Trades History). A completely filled order is ``closed``; so nothing but ``vol_exec`` tells a fill from
another end of an order that is not ``canceled`` or ``expired``.
"""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Fill, Order, Status
from outtrade_mocks.venues.kraken_spot import prices
from outtrade_mocks.venues.kraken_spot.codec import padded, rescaled, seconds
from outtrade_mocks.venues.kraken_spot.desk import TRADE_ID_BASE, Desk
from outtrade_mocks.venues.kraken_spot.ledger import Booking
from outtrade_mocks.venues.kraken_spot.notes import Note
from outtrade_mocks.venues.kraken_spot.reference import Listing

STATUS = {
    Status.PENDING: "pending",
    Status.HELD: "pending",
    Status.QUEUED: "open",
    Status.UNTRIGGERED: "open",
    Status.TRIGGERED: "open",
    Status.OPEN: "open",
    Status.PARTIALLY_FILLED: "open",
    Status.FILLED: "closed",
    Status.CANCELLED: "canceled",
    Status.EXPIRED: "canceled",
    Status.REJECTED: "canceled",
    Status.REPLACED: "canceled",
}
"""An order that came to its own end is ``expired``, one that the engine ended ``canceled``."""
REASONS = {
    "ioc": "IOC remainder",
    "fok": "FOK not filled",
    "liquidity": "Insufficient liquidity",
    "self_trade": "Self trade prevention",
    "gtd": "Order expired",
    "post_only": "Post order would take",
    "funds": "Out of funds",
}
"""Why an order ended without its owner asking; "Out of funds" is recorded, the others are inferred."""
USER = "User requested"
_TRADED_AS = {
    "stop-loss": "stop market",
    "stop-loss-limit": "stop limit",
    "take-profit": "touched market",
    "take-profit-limit": "touched limit",
    "trailing-stop": "stop market",
    "trailing-stop-limit": "stop limit",
    "iceberg": "limit",
}
"""Order types in trades: "stop market" is recorded, the others by analogy (*inferred*)."""


class Seen:
    """An order as of a time: its note, its snapshot (None: not in the market), its trades."""

    __slots__ = ("at", "fills", "note", "order")

    def __init__(self, desk: Desk, note: Note, at: int | None = None) -> None:
        self.note = note
        self.at = at
        self.order: Order | None = None
        self.fills: list[Fill] = []
        if note.core_id is not None:
            snapshots = desk.account.orders[note.core_id]
            fills = desk.fills.get(note.core_id, [])
            if at is None:
                self.order, self.fills = snapshots[-1], fills
            else:
                self.order = next((one for one in reversed(snapshots) if one.updated <= at), None)
                self.fills = [fill for fill in fills if fill.time <= at]

    @property
    def status(self) -> str:
        """In Kraken's words."""
        order = self.order
        if order is None:
            return "pending" if self.ended is None else "canceled"
        return "expired" if order.expired_by in ("gtd", "day") else STATUS[order.status]

    @property
    def open(self) -> bool:
        """Whether it is pending or open."""
        return self.ended is None if self.order is None else self.order.live

    @property
    def ended(self) -> int | None:
        """When it ended (UNIX ns)."""
        if self.order is not None:
            return None if self.order.live else self.order.updated
        ended = self.note.ended
        return ended if ended is not None and (self.at is None or ended <= self.at) else None

    @property
    def reason(self) -> str | None:
        """Why it ended before it was filled."""
        if self.note.reasons and (self.at is None or self.note.reasons[-1][0] <= self.at):
            return self.note.reasons[-1][1]
        order = self.order
        if order is None or order.live or order.status is Status.FILLED:
            return None
        return USER if order.status is Status.CANCELLED else REASONS.get(order.expired_by, "")

    @property
    def lots(self) -> int:
        """The whole quantity."""
        return (self.note.new.lots or 0) if self.order is None else self.order.lots

    @property
    def filled(self) -> int:
        """Lots filled."""
        return 0 if self.order is None else self.order.filled

    @property
    def triggered(self) -> int | None:
        """Ticks at which it was triggered."""
        return None if self.order is None or self.order.terms is None else self.order.terms.triggered


def volume(listing: Listing, lots: int) -> str:
    """A quantity as shown."""
    return padded(lots, listing.lot_decimals)


def cost(desk: Desk, listing: Listing, atoms: int) -> str:
    """Atoms of quote as shown."""
    return rescaled(atoms, desk.exchange.precisions[listing.quote], listing.cost_decimals)


def price(listing: Listing, ticks: int | None) -> str:
    """A price as shown beside costs; zeros for none."""
    return rescaled((ticks or 0) * listing.tick, listing.decimals, max(listing.cost_decimals, listing.decimals))


def average(listing: Listing, fills: list[Fill]) -> str:
    """The volume-weighted price of trades, rounded down; zeros for none."""
    lots = sum(fill.lots for fill in fills)
    if not lots:
        return price(listing, None)
    decimals = max(listing.cost_decimals, listing.decimals)
    value = sum(fill.price * fill.lots for fill in fills) * listing.tick * 10 ** (decimals - listing.decimals)
    return padded(value // lots, decimals)


def size_text(desk: Desk, note: Note, lots: int) -> str:
    """The quantity as it was asked for: of base, or with ``viqc`` of quote."""
    if note.new.quote is not None:
        return desk.atoms_text(note.listing.quote, note.new.quote, 8)
    return volume(note.listing, lots)


def description(desk: Desk, note: Note, lots: int | None = None) -> dict[str, str]:
    """``descr`` in the answer to a new order."""
    size = size_text(desk, note, note.new.lots or 0 if lots is None else lots)
    text = {"order": f"{note.new.side} {size} {note.listing.altname} @ {note.order_text}"}
    return text if note.close is None else text | {"close": note.close.text}


def order(desk: Desk, seen: Seen, *, trades: bool = False) -> dict[str, Any]:
    """An order as OpenOrders, ClosedOrders and QueryOrders show it."""
    note, snapshot, listing = seen.note, seen.order, seen.note.listing
    closed = not seen.open
    data: dict[str, Any] = {"refid": note.refid}
    data["userref"] = note.userref if closed or note.userref is not None or note.cl_ord_id is not None else 0
    if note.cl_ord_id is not None:
        data["cl_ord_id"] = note.cl_ord_id
    data["status"] = seen.status
    if closed:
        data["reason"] = seen.reason
    data["opentm"] = seconds(note.created)
    if closed:
        data["closetm"] = seconds(seen.ended or 0)
    shown = shown_price(note, snapshot)
    text = description(desk, note, seen.lots)
    data |= {
        "starttm": note.starttm,
        "expiretm": note.expiretm,
        "descr": {
            "pair": listing.altname,
            "aclass": "forex",
            "type": note.new.side,
            "ordertype": note.ordertype,
            "price": shown[0],
            "price2": shown[1],
            "leverage": "none",
            "order": text["order"],
            "close": text.get("close", ""),
        },
        "vol": size_text(desk, note, seen.lots),
        "vol_exec": volume(listing, seen.filled),
        "cost": cost(desk, listing, sum(fill.quote for fill in seen.fills)),
        "fee": cost(desk, listing, sum(fill.fee for fill in seen.fills)),
        "price": average(listing, seen.fills),
        "stopprice": price(listing, seen.triggered or trigger_price(snapshot)),
        "limitprice": price(listing, limit_of_triggered(seen)),
    }
    if note.trigger is not None:
        data["trigger"] = note.trigger
    data |= {"margin": False, "misc": misc(seen), "oflags": ",".join(note.oflags)}
    if trades and seen.fills:
        data["trades"] = [desk.trade_id(fill) for fill in seen.fills]
    return data


def shown_price(note: Note, snapshot: Order | None) -> tuple[str, str]:
    """``price`` and ``price2`` of the description, amends included."""
    if snapshot is None or not note.amends:
        return note.price, note.price2
    limit = prices.text(note.listing, snapshot.price)
    if note.trigger is None:
        return limit, "0"
    trigger = snapshot.terms.trigger if snapshot.terms is not None else None
    first = note.price if trigger is None or trigger.trailing else prices.text(note.listing, trigger.price)
    return first, limit if note.price2 != "0" and note.limit_offset is None else note.price2


def trigger_price(snapshot: Order | None) -> int | None:
    """Ticks of a static trigger."""
    trigger = None if snapshot is None or snapshot.terms is None else snapshot.terms.trigger
    return None if trigger is None or trigger.trailing else trigger.price


def limit_of_triggered(seen: Seen) -> int | None:
    """The limit price of a limit order that was triggered."""
    return None if seen.triggered is None or seen.order is None else seen.order.price


def misc(seen: Seen) -> str:
    """Comma-separated remarks."""
    found = []
    if seen.triggered is not None:
        found.append("touched" if seen.note.ordertype.startswith("take-profit") else "stopped")
    if not seen.open and 0 < seen.filled < seen.lots:
        found.append("partial")
    if any(seen.at is None or amend.time <= seen.at for amend in seen.note.amends):
        found.append("amended")
    return ",".join(found)


def trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """A trade as TradesHistory and QueryTrades show it."""
    note = desk.notes[fill.label]
    listing = note.listing
    return {
        "ordertxid": note.txid,
        "postxid": desk.ids.make("T", "position"),
        "pair": listing.id,
        "aclass": "forex",
        "time": seconds(fill.time),
        "type": fill.side,
        "ordertype": _TRADED_AS.get(note.ordertype, note.ordertype),
        "price": price(listing, fill.price),
        "cost": cost(desk, listing, fill.quote),
        "fee": cost(desk, listing, fill.fee),
        "vol": volume(listing, fill.lots),
        "margin": cost(desk, listing, 0),
        "leverage": "0",
        "misc": "",
        "trade_id": TRADE_ID_BASE + fill.trade_id,
        "maker": fill.maker,
    }


def booking(desk: Desk, entry: Booking) -> dict[str, Any]:
    """A ledger entry as Ledgers and QueryLedgers show it."""
    return {
        "refid": entry.refid,
        "time": seconds(entry.time),
        "type": entry.type,
        "subtype": "",
        "aclass": "currency",
        "asset": desk.book.asset_id(entry.asset),
        "amount": desk.balance_text(entry.asset, entry.amount),
        "fee": desk.balance_text(entry.asset, entry.fee),
        "balance": desk.balance_text(entry.asset, entry.balance),
    }
