"""Channels: which there are, on which address, what they say at first and at their times.

Private channels carry what happens to the account (``frames_of``); account and positions are also told every five
seconds unless ``updateInterval`` is 0. Public ones are looked at at multiples of their period after the subscription,
and send what has changed:

    books                    400 levels: a snapshot, then changes every 100 ms, with seqId, prevSeqId and a checksum
    books5, bbo-tbt          5 levels or 1, whole each time
    tickers, mark-price, price-limit, candles                  what changed, every 100 to 200 ms
    funding-rate, instruments, trades, status                  at first (where they do), and when something changes

The checksum is the CRC32, as a signed number, of the first 25 levels of both sides, alternating::

    >>> checksum([["3366.1", "7", "0", "3"]], [["3366.8", "9", "0", "3"], ["3368", "8", "0", "4"]])
    -1471518219
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.okx import codec, market, money
from outtrade_mocks.venues.okx.codec import MS, encode
from outtrade_mocks.venues.okx.desk import UID, Desk
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.okx.reference import TYPES, Listing

COUNTED = ("orders", "account", "positions", "balance_and_position")
"""Channels whose connections are counted (docs-v5, Connection count limit)."""
PRIVATE: Mapping[str, str] = {
    "orders": "private",
    "fills": "private",
    "account": "private",
    "positions": "private",
    "balance_and_position": "private",
    "liquidation-warning": "private",
    "account-greeks": "private",
    "orders-algo": "business",
    "algo-advance": "business",
}
PERIODS: Mapping[str, int] = {
    "books": 100, "books5": 100, "bbo-tbt": 10, "tickers": 100, "mark-price": 200, "price-limit": 200, "trades": 10,
    "funding-rate": 30_000, "open-interest": 3_000, "instruments": 60_000, "status": 60_000, "index-tickers": 100,
}  # fmt: skip
"""Milliseconds between two looks."""
VIP = ("books-l2-tbt", "books50-l2-tbt")
TYPED = ("orders", "positions", "orders-algo", "algo-advance", "liquidation-warning")
PAGED = ("account", "positions")
REGULAR_NS = 5_000_000_000
INTERVALS = {"0": 0, "2000": 2000, "3000": 3000, "4000": 4000}
"""Values of ``updateInterval`` that mean something."""
_INTERVAL = re.compile(r'"updateInterval"\s*:\s*"?(\d{1,6})')
QUIET_NS = 60_000_000_000
"""After so long without a change a book says that it is alive."""


class Subscription:
    """One subscription of a connection."""

    __slots__ = (
        "arg",
        "channel",
        "due",
        "entry",
        "frame",
        "key",
        "last",
        "private",
        "seen",
        "sequence",
        "since",
        "wide",
    )

    def __init__(self, arg: Mapping[str, str], *, private: bool, entry: Listing | None) -> None:
        self.arg = dict(arg)
        self.channel = arg.get("channel", "")
        self.private = private
        self.entry = entry
        self.key = self.key_of(arg)
        self.wide = arg.get("instType", "") in ("", "ANY")
        shown = {name: value for name, value in self.arg.items() if name != "extraParams"}
        self.frame = encode(shown | ({"uid": UID} if private else {})).decode()
        self.due: int | None = None
        self.since = 0
        self.seen: Any = None
        """What it sent last."""
        self.sequence = -1
        self.last = 0
        """When it spoke last."""

    @staticmethod
    def key_of(arg: Mapping[str, str]) -> str:
        """What tells one subscription from another."""
        kept = {name: value for name, value in arg.items() if name != "extraParams"}
        return "\n".join(f"{name}={kept[name]}" for name in sorted(kept))

    @property
    def period(self) -> int | None:
        """Nanoseconds between two looks; None: it speaks of events only."""
        if self.private:
            return self._regular() if self.channel in PAGED else None
        name = "books" if self.channel == "books" else self.channel
        return PERIODS.get(name, 1_000) * MS

    def _regular(self) -> int | None:
        """How often account and positions are told without a reason: as ``updateInterval`` says, else every 5 s."""
        found = _INTERVAL.search(self.arg.get("extraParams", ""))
        milliseconds = INTERVALS.get(found[1], REGULAR_NS // MS) if found is not None else REGULAR_NS // MS
        return milliseconds * MS or None

    def begins(self, now: int) -> None:
        """It was accepted."""
        self.since = self.last = now
        period = self.period
        self.due = None if period is None else now + period

    def data(self, data: str, action: str = "", *, snapshot: bool = False) -> str:
        """A frame with this subscription's argument; those of account and positions say whether it is a snapshot."""
        told = f',"action":"{action}"' if action else ""
        if self.channel in PAGED:
            told = ',"eventType":"snapshot","curPage":1,"lastPage":true' if snapshot else ',"eventType":"event_update"'
        return f'{{"arg":{self.frame}{told},"data":{data}}}'

    def wants(self, entry: Listing | None) -> bool:
        """Whether an event of an instrument concerns it."""
        if entry is None:
            return True
        arg = self.arg
        return (
            (self.wide or arg.get("instType") == entry.type)
            and arg.get("instId", entry.id) == entry.id
            and arg.get("instFamily", entry.family) == entry.family
        )


def check_subscription(desk: Desk, address: str, logged_in: bool, sent: Mapping[str, Any]) -> Subscription:
    """Read an argument of ``subscribe``. Raises 60011, 60018, 64001 to 64003."""
    arg = codec.text(sent)
    channel = arg.get("channel", "")
    if not channel:
        raise refuse("ws_args")
    described = ",".join(f"{name}:{arg[name]}" for name in sorted(arg))
    candles = channel.removeprefix("candle") if channel.startswith("candle") else ""
    home = PRIVATE.get(channel) or ("business" if candles else "public")
    if channel in VIP:
        raise refuse("ws_fee_tier")
    known = channel in PRIVATE or channel in PERIODS or candles in market.BARS
    if not known:
        raise refuse("ws_channel", described)
    if home != address:
        if home == "business":
            raise refuse("ws_business")
        raise refuse("ws_not_business" if address == "business" else "ws_channel", described)
    if channel in PRIVATE:
        if not logged_in:
            raise refuse("ws_login")
        kind = arg.get("instType", "")
        if channel in TYPED and kind not in (*TYPES, "MARGIN", "FUTURES", "OPTION", "EVENTS", "ANY"):
            raise refuse("ws_channel", described)
        if arg.get("instId") and arg["instId"] not in desk.by_id:
            raise refuse("ws_channel", described)
        return Subscription(arg, private=True, entry=None)
    if channel in ("instruments", "status", "open-interest") and not arg.get("instId"):
        if channel == "instruments" and arg.get("instType") not in (*TYPES, "MARGIN", "FUTURES", "OPTION", "EVENTS"):
            raise refuse("ws_channel", described)
        return Subscription(arg, private=False, entry=None)
    name = arg.get("instId", "")
    entry = desk.by_id.get(name) or desk.by_id.get(f"{name}-SWAP" if channel == "index-tickers" else name)
    if entry is None or (channel == "funding-rate" and not entry.swap):
        raise refuse("ws_channel", described)
    return Subscription(arg, private=False, entry=desk.know(entry))


# ------------------------------------------------------------------- private
def frames_of(desk: Desk, subscriptions: Iterable[Subscription], push: Push) -> list[str]:
    """The frames of an event for those who want it."""
    wanted = [one for one in subscriptions if one.private and one.channel == push.channel]
    if not wanted:
        return []
    entry = None if push.symbol is None else desk.listings[push.symbol]
    wanted = [one for one in wanted if one.wants(entry)]
    if not wanted:
        return []
    data = push.render()
    return [one.data(data) for one in wanted]


def snapshot(desk: Desk, one: Subscription, now: int) -> list[str]:
    """What a channel says right after the subscription."""
    if one.private:
        return _private_snapshot(desk, one, now)
    if one.channel in ("trades", "status"):
        one.seen = _last_print(desk, one.entry)
        return []
    frame = _public(desk, one, now, first=True)
    return [] if frame is None else [frame]


def _private_snapshot(desk: Desk, one: Subscription, now: int) -> list[str]:
    if one.channel == "account":
        wanted = one.arg.get("ccy")
        told = money.balance(desk, None, frozenset({wanted}) if wanted else None)
        return [one.data(encode([told]).decode(), snapshot=True)]
    held = [
        position
        for position in desk.exchange.view(desk.account).positions()
        if one.wants(desk.listings[position.symbol])
    ]
    if one.channel == "positions":
        rows = [money.position(desk, position) | {"pTime": str(now // MS)} for position in held]
        return [one.data(encode(rows).decode(), snapshot=True)]
    if one.channel == "balance_and_position":
        from outtrade_mocks.venues.okx.events import brief

        balances = desk.exchange.view(desk.account).balances()
        data = {
            "pTime": str(now // MS),
            "eventType": "snapshot",
            "balData": [
                {"ccy": asset, "cashBal": desk.money(asset, free + locked), "uTime": str(now // MS)}
                for asset, (free, locked) in balances.items()
            ],
            "posData": [brief(desk, position) for position in held],
            "trades": [],
        }
        return [one.data(encode([data]).decode())]
    return []


# -------------------------------------------------------------------- public
def next_due(subscriptions: Iterable[Subscription]) -> int | None:
    """When one of them is to be looked at next."""
    return min((one.due for one in subscriptions if one.due is not None), default=None)


def due_frames(desk: Desk, subscriptions: Iterable[Subscription], now: int) -> list[str]:
    """What those whose time has come say. Books come before others, as on the venue."""
    frames = []
    for one in subscriptions:
        period = one.period
        if one.due is None or period is None or one.due > now:
            continue
        one.due += (now - one.due) // period * period + period
        if one.private:
            frames.extend(_private_snapshot(desk, one, now))
            continue
        frame = _public(desk, one, now, first=False)
        if frame is not None:
            frames.append(frame)
    return frames


def _public(desk: Desk, one: Subscription, now: int, *, first: bool) -> str | None:
    """What a public channel says now; None: nothing new."""
    if one.channel == "books":
        return _book(desk, one, now)
    if one.channel == "trades":
        return _trades(desk, one)
    data = _state(desk, one, now)
    if data is None:
        return None
    timeless = [
        {name: value for name, value in row.items() if name != "ts"} if isinstance(row, dict) else row for row in data
    ]
    if not first and timeless == one.seen and not (one.channel == "books5" and now - one.last >= QUIET_NS):
        return None
    one.seen, one.last = timeless, now
    return one.data(encode(data).decode())


def _state(desk: Desk, one: Subscription, now: int) -> list[Any] | None:
    channel, entry = one.channel, one.entry
    if channel == "instruments":
        kind = one.arg.get("instType")
        return [listing.raw for listing in desk.listings.values() if listing.type == kind]
    if channel == "open-interest" or channel == "status" or entry is None:
        return None
    if channel in ("books5", "bbo-tbt"):
        bids, asks = market.levels(desk, entry, 5 if channel == "books5" else 1)
        book: dict[str, Any] = {"asks": asks, "bids": bids}
        if channel == "books5":
            book["instId"] = entry.id
        timeless = [book | {"seqId": one.sequence}]
        if one.seen is None or one.seen != timeless:
            one.sequence = now // MS
        return [book | {"ts": str(now // MS), "seqId": one.sequence}]
    if channel == "tickers":
        return [market.ticker_of(desk, entry, now)]
    if channel == "mark-price":
        return [market.mark(desk, entry, now)]
    if channel == "price-limit":
        return [market.limits(desk, entry, now)]
    if channel == "funding-rate":
        return [market.funding(desk, entry, now)]
    if channel == "index-tickers":
        price = market.mark(desk, entry, now)["markPx"]
        names = ("high24h", "idxPx", "low24h", "open24h", "sodUtc0", "sodUtc8")
        return [dict.fromkeys(names, price) | {"instId": one.arg["instId"], "ts": str(now // MS)}]
    row = market.candle(desk, entry, channel.removeprefix("candle"), now)
    return [row] if row[1] else None


# --------------------------------------------------------------------- books
def checksum(bids: list[list[str]], asks: list[list[str]]) -> int:
    """The checksum of a book, best levels first."""
    parts: list[str] = []
    for number in range(min(25, max(len(bids), len(asks)))):
        parts.extend(f"{side[number][0]}:{side[number][1]}" for side in (bids, asks) if number < len(side))
    crc = zlib.crc32(":".join(parts).encode())
    return crc - (1 << 32) if crc >= 1 << 31 else crc


def _book(desk: Desk, one: Subscription, now: int) -> str | None:
    """A snapshot at first, then what changed: a level that is gone has size 0. ``seqId`` is the time (*inferred*: any
    rising number will do); a book in which nothing happens for a minute says so with equal numbers."""
    assert one.entry is not None
    bids, asks = market.levels(desk, one.entry, 400)
    before, one.seen = one.seen, (bids, asks)
    more: dict[str, Any] = {"ts": str(now // MS), "checksum": checksum(bids, asks)}
    if before is None:
        one.sequence, one.last = now // MS, now
        more |= {"prevSeqId": -1, "seqId": one.sequence}
        return one.data(encode([{"asks": asks, "bids": bids} | more]).decode(), "snapshot")
    changes = {"asks": _changed(before[1], asks), "bids": _changed(before[0], bids)}
    if not changes["asks"] and not changes["bids"]:
        if now - one.last < QUIET_NS:
            return None
        one.last = now
        more |= {"prevSeqId": one.sequence, "seqId": one.sequence}
        return one.data(encode([changes | more]).decode(), "update")
    previous, one.sequence, one.last = one.sequence, max(now // MS, one.sequence + 1), now
    more |= {"prevSeqId": previous, "seqId": one.sequence}
    return one.data(encode([changes | more]).decode(), "update")


def _changed(before: list[list[str]], after: list[list[str]]) -> list[list[str]]:
    """Levels that are new or another, and those that are gone, in the order of the sides."""
    old, new = {row[0]: row for row in before}, {row[0]: row for row in after}
    gone = [[price, "0", "0", "0"] for price in old if price not in new]
    return [row for price, row in new.items() if old.get(price) != row] + gone


# -------------------------------------------------------------------- trades
def _last_print(desk: Desk, entry: Listing | None) -> int:
    """The number of the last public trade."""
    printed = [] if entry is None else desk.exchange.prints(entry.unified)
    return printed[-1].number if printed else 0


def _trades(desk: Desk, one: Subscription) -> str | None:
    """The trades since the last look."""
    assert one.entry is not None
    printed = desk.exchange.prints(one.entry.unified, one.seen or 0)
    if not printed:
        return None
    one.seen = printed[-1].number
    rows = [market.public_trade(desk, one.entry, found) | {"count": "1", "seqId": found.number} for found in printed]
    return one.data(encode(rows).decode())
