"""Channels: their names, whom an event concerns, and what the public ones say at their times.

    user.orders.INSTRUMENT.INTERVAL       user.orders.KIND.CURRENCY.INTERVAL      the same for trades and changes
    user.portfolio.CURRENCY               (any: every currency)
    book.INSTRUMENT.INTERVAL              a snapshot, then changes: ["new" | "change" | "delete", price, amount],
                                          with change_id and prev_change_id
    book.INSTRUMENT.GROUP.DEPTH.INTERVAL  so many levels, whole each time
    ticker, quote, trades, perpetual, chart.trades, deribit_price_index

An interval is ``raw``, ``100ms`` or ``agg2``; raw public channels need a login (13778). Notifications of user.orders
hold one order under ``raw``, a list of orders otherwise. Channels of events that do not occur here (``platform_state``,
``instrument.state``, announcements) are taken, and silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.deribit import market
from outtrade_mocks.venues.deribit.codec import MS, encode
from outtrade_mocks.venues.deribit.desk import Desk
from outtrade_mocks.venues.deribit.reference import Listing
from outtrade_mocks.venues.deribit.shapes import summary_of
from outtrade_mocks.venues.deribit.trading import CURRENCIES

INTERVALS = ("raw", "100ms", "agg2")
KINDS = ("any", "future", "option", "spot", "future_combo", "option_combo")
PERIODS = {"raw": 10, "100ms": 100, "agg2": 1000}
"""Milliseconds between two looks at what a public channel has to say; nothing tells when raw ones are sent."""
SILENT = ("platform_state", "instrument", "announcements", "deribit_price_ranking", "user.lock", "user.mmp_trigger")
USER = ("orders", "trades", "changes")
GROUPS = ("none", "1", "2", "5", "10", "25", "100", "250")
DEPTHS = ("1", "10", "20")
PRIVATE_WORDS = {
    "user.orders": "every change of an order: of an instrument, or of a kind and currency",
    "user.trades": "every trade",
    "user.changes": "orders, trades and the position they change",
    "user.portfolio": "balances, equity and margin: at first, and when they change",
}
PUBLIC_WORDS = {
    "book": "a snapshot, then changes with change_id and prev_change_id; grouped: whole",
    "ticker": "best prices, mark price, funding, limits, when they change",
    "quote": "best prices and amounts",
    "trades": "everybody's trades",
    "perpetual": "the rate of interest of a perpetual",
    "chart.trades": "the candle of now",
    "deribit_price_index": "the index (here the mark price)",
}


@dataclass(slots=True, eq=False)
class Channel:
    """One subscription of a connection. ``topic``: orders, trades, ...; ``entry``: its instrument, if it has one."""

    name: str
    topic: str
    private: bool
    interval: str = "raw"
    entry: Listing | None = None
    currency: str = "any"
    extra: tuple[str, ...] = ()
    due: int | None = None
    seen: Any = None
    """What it sent last."""
    change_id: int = 0
    since: dict[str, int] = field(default_factory=dict)
    """Unified symbol -> number of the last public trade that was told."""

    @property
    def period(self) -> int | None:
        """Nanoseconds between two looks; None: it speaks of events, or never."""
        if self.private or self.topic == "silent":
            return None
        return PERIODS.get(self.interval, 100) * MS

    def wants(self, entry: Listing | None) -> bool:
        """Whether an event of an instrument concerns it."""
        if entry is None or self.entry is not None:
            return self.entry is entry
        return self.currency in ("any", entry.settle)


def parse(desk: Desk, name: str) -> Channel | None:
    """A channel by its name; None where there is none of that name."""
    parts = tuple(name.split("."))
    if parts[0] == "user":
        return _user(desk, name, parts[1:])
    if name.startswith(SILENT):
        return Channel(name, "silent", False)
    if parts[0] == "deribit_price_index" and len(parts) == 2:
        entry = next((one for one in desk.listings.values() if one.index == parts[1]), None)
        return None if entry is None else Channel(name, "index", False, "100ms", desk.know(entry))
    if parts[:2] == ("chart", "trades") and len(parts) == 4 and parts[3] in market.RESOLUTIONS:
        entry = desk.by_id.get(parts[2])
        return None if entry is None else Channel(name, "chart", False, "agg2", desk.know(entry), extra=parts[3:])
    if parts[0] == "trades" and len(parts) == 4 and parts[1] in KINDS and parts[2] in (*CURRENCIES, "any"):
        currency = parts[2] if parts[1] in ("any", "future") else "none"
        return Channel(name, "trades", False, parts[3], currency=currency) if parts[3] in INTERVALS else None
    entry = desk.by_id.get(parts[1]) if len(parts) > 1 else None
    if entry is None:
        return None
    desk.know(entry)
    if parts[0] == "quote" and len(parts) == 2:
        return Channel(name, "quote", False, "100ms", entry)
    if parts[0] == "book" and len(parts) == 5 and parts[2] in GROUPS and parts[3] in DEPTHS and parts[4] in INTERVALS:
        return Channel(name, "levels", False, parts[4], entry, extra=parts[2:4])
    plain = parts[0] in ("book", "ticker", "trades", "perpetual") and len(parts) == 3
    return Channel(name, parts[0], False, parts[2], entry) if plain and parts[2] in INTERVALS else None


def _user(desk: Desk, name: str, parts: tuple[str, ...]) -> Channel | None:
    if len(parts) == 2 and parts[0] == "portfolio":
        currency = parts[1].upper() if parts[1] != "any" else "any"
        return Channel(name, "portfolio", True, currency=currency) if currency in (*CURRENCIES, "any") else None
    if len(parts) < 3 or parts[0] not in USER or parts[-1] not in INTERVALS:
        return None
    if len(parts) == 3:
        entry = desk.by_id.get(parts[1])
        return None if entry is None else Channel(name, parts[0], True, parts[2], entry)
    if len(parts) == 4 and parts[1] in KINDS and (parts[2] in CURRENCIES or parts[2] == "any"):
        currency = parts[2] if parts[1] in ("any", "future") else "none"
        return Channel(name, parts[0], True, parts[3], currency=currency)
    return None


def notification(channel: str, data: str) -> str:
    """A frame; ``data`` is JSON already."""
    name = encode(channel).decode()
    return f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":{name},"data":{data}}}}}'


# -------------------------------------------------------------------- private
def frames_of(desk: Desk, channels: Iterable[Channel], push: Push) -> list[str]:
    """The frames of an event for those who want it."""
    topic, _, currency = push.channel.partition(".")
    entry = None if push.symbol is None else desk.listings[push.symbol]
    frames: list[str] = []
    data: str | None = None
    for one in channels:
        if not one.private or one.topic != topic:
            continue
        if topic == "portfolio" and one.currency not in ("any", currency):
            continue
        if topic != "portfolio" and not one.wants(entry):
            continue
        data = push.render() if data is None else data
        listed = topic == "orders" and one.interval != "raw"
        frames.append(notification(one.name, f"[{data}]" if listed else data))
    return frames


def first(desk: Desk, one: Channel, now: int) -> list[str]:
    """What a channel says right after the subscription."""
    if one.topic == "portfolio":
        currencies = CURRENCIES if one.currency == "any" else (one.currency,)
        told = [summary_of(desk, currency) for currency in currencies]
        shown = [row for row in told if one.currency != "any" or row["equity"] or row["balance"]]
        return [notification(one.name, encode(row).decode()) for row in shown]
    period = one.period
    if period is None:
        return []
    one.due = now + period
    if one.topic == "trades":
        for entry in [one.entry] if one.entry is not None else desk.all_listed(one.currency):
            printed = desk.exchange.prints(entry.unified)
            one.since[entry.unified] = printed[-1].number if printed else 0
        return []
    data = _public(desk, one, now)
    return [] if data is None else [notification(one.name, encode(data).decode())]


# --------------------------------------------------------------------- public
def next_due(channels: Iterable[Channel]) -> int | None:
    """When one of them is to be looked at next."""
    return min((one.due for one in channels if one.due is not None), default=None)


def due_frames(desk: Desk, channels: Iterable[Channel], now: int) -> list[str]:
    """What those whose time has come say."""
    frames = []
    for one in channels:
        period = one.period
        if one.due is None or period is None or one.due > now:
            continue
        one.due += (now - one.due) // period * period + period
        data = _public(desk, one, now)
        if data is not None:
            frames.append(notification(one.name, encode(data).decode()))
    return frames


def _public(desk: Desk, one: Channel, now: int) -> Any:
    """What a public channel says now; None: nothing new."""
    if one.topic == "trades":
        return _trades(desk, one)
    entry = one.entry
    assert entry is not None
    if one.topic == "book":
        return _book(desk, one, entry, now)
    told = _state(desk, one, entry, now)
    timeless = {name: value for name, value in told.items() if name not in ("timestamp", "change_id")}
    if timeless == one.seen:
        return None
    one.seen = timeless
    return told


def _state(desk: Desk, one: Channel, entry: Listing, now: int) -> dict[str, Any]:
    if one.topic == "ticker":
        return market.ticker_of(desk, entry, now)
    if one.topic == "index":
        return {"timestamp": now // MS, "price": desk.mark(entry), "index_name": entry.index}
    ticker = market.ticker_of(desk, entry, now)
    if one.topic == "quote":
        names = ("best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount", "instrument_name")
        return {name: ticker[name] for name in names} | {"timestamp": now // MS}
    if one.topic == "perpetual":
        return {"interest": ticker.get("interest_value", Decimal(0)), "index_price": ticker["index_price"],
                "timestamp": now // MS}  # fmt: skip
    if one.topic == "chart":
        price, length = ticker["last_price"], 86_400_000 if one.extra[0] == "1D" else int(one.extra[0]) * 60_000
        row = dict.fromkeys(("open", "high", "low", "close"), price)
        return row | {"tick": now // MS // length * length, "volume": Decimal(0), "cost": Decimal(0)}
    bids, asks = market.levels(desk, entry, int(one.extra[1]))
    return {"timestamp": now // MS, "instrument_name": entry.id, "change_id": now // MS, "bids": bids, "asks": asks}


def _book(desk: Desk, one: Channel, entry: Listing, now: int) -> dict[str, Any] | None:
    """All levels at first, then what changed. ``change_id`` is the time (*inferred*: any rising number will do)."""
    bids, asks = market.levels(desk, entry, 1000)
    before, one.seen = one.seen, ({row[0]: row[1] for row in bids}, {row[0]: row[1] for row in asks})
    told: dict[str, Any] = {"timestamp": now // MS, "instrument_name": entry.id}
    if before is None:
        one.change_id = now // MS
        sides = {name: [["new", *row] for row in side] for name, side in (("bids", bids), ("asks", asks))}
        return told | {"type": "snapshot", "change_id": one.change_id} | sides
    changes = {name: _changed(before[n], one.seen[n]) for n, name in enumerate(("bids", "asks"))}
    if not changes["bids"] and not changes["asks"]:
        return None
    previous, one.change_id = one.change_id, max(now // MS, one.change_id + 1)
    return told | {"type": "change", "change_id": one.change_id, "prev_change_id": previous} | changes


def _changed(before: dict[Decimal, Decimal], after: dict[Decimal, Decimal]) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["change" if price in before else "new", price, amount]
        for price, amount in after.items()
        if before.get(price) != amount
    ]
    return rows + [["delete", price, Decimal(0)] for price in before if price not in after]


def _trades(desk: Desk, one: Channel) -> list[dict[str, Any]] | None:
    """The trades since the last look."""
    rows = []
    for entry in [one.entry] if one.entry is not None else desk.all_listed(one.currency):
        printed = desk.exchange.prints(entry.unified, one.since.get(entry.unified, 0))
        if printed:
            one.since[entry.unified] = printed[-1].number
            rows += [market.print_of(desk, entry, found) for found in printed]
    return rows or None
