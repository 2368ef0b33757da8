"""Public endpoints: time, status, assets, pairs, tickers, depth, trades, candles.

An answer about pairs is keyed by Kraken's own name of each (``XXBTZUSD``), whatever altname was asked for; a name with
a slash, as WebSockets have it, is kept as the key (what clients that ask so rely on).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import prices, shapes
from outtrade_mocks.venues.kraken_spot.account import fee_rows
from outtrade_mocks.venues.kraken_spot.codec import SECOND, integer, moment, padded, rescaled
from outtrade_mocks.venues.kraken_spot.desk import TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.kraken_spot.errors import refuse
from outtrade_mocks.venues.kraken_spot.reference import Listing

DAY = 86_400 * SECOND
INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
"""Minutes of a candle."""
DEPTH_DECIMALS = 3
"""Quantities in Depth have three decimals, whatever the pair's (Get Order Book, sample)."""
STATES = {
    TradingState.OPEN: "online",
    TradingState.POST_ONLY: "post_only",
    TradingState.CANCEL_ONLY: "cancel_only",
    TradingState.HALTED: "cancel_only",
    TradingState.MAINTENANCE: "maintenance",
}


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Time."""
    stamp = datetime.fromtimestamp(now // SECOND, UTC)
    day = f"{stamp.day:2d}"
    return Outcome({"unixtime": now // SECOND, "rfc1123": stamp.strftime(f"%a, {day} %b %y %H:%M:%S +0000")})


def pair_status(desk: Desk, listing: Listing) -> str:
    """A pair's status in Kraken's words."""
    return STATES.get(desk.state(listing), "online")


def system_status(desk: Desk) -> str:
    """The system's status: that of all pairs where they agree, else online."""
    found = {pair_status(desk, listing) for listing in desk.book.listings.values()}
    return found.pop() if len(found) == 1 else "online"


def status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """SystemStatus."""
    return Outcome({"status": system_status(desk), "timestamp": moment(now, 0)})


def assets(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Assets."""
    names = [one for one in call.params.get("asset", "").split(",") if one]
    wanted = list(desk.book.held)
    if names:
        found = [desk.book.asset(name) for name in names]
        if None in found:
            raise refuse("unknown_asset")
        wanted = [one for one in found if one is not None]
    return Outcome({desk.book.asset_id(asset): desk.book.stated(asset) for asset in wanted})


def chosen(desk: Desk, call: Call) -> dict[str, Listing]:
    """Key of the answer -> pair, of those that are asked for; all where none is."""
    names = [one for one in call.params.get("pair", "").split(",") if one]
    if not names:
        return {listing.id: listing for listing in desk.book.listings.values()}
    found = ((name, desk.listed(name)) for name in names)
    return {name if "/" in name else listing.id: listing for name, listing in found}


def asset_pairs(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """AssetPairs; ``info`` limits what is told of each."""
    info = call.params.get("info") or "info"
    fields = {
        "info": None,
        "leverage": ("leverage_buy", "leverage_sell"),
        "fees": ("fees", "fees_maker", "fee_volume_currency"),
        "margin": ("margin_call", "margin_stop"),
    }
    if info not in fields:
        raise refuse("invalid_argument", "info")
    kept = fields[info]
    result = {}
    for key, listing in chosen(desk, call).items():
        pair = pair_object(desk, listing)
        result[key] = pair if kept is None else {name: pair[name] for name in kept if name in pair}
    return Outcome(result)


def pair_object(desk: Desk, listing: Listing) -> dict[str, Any]:
    """A pair as AssetPairs shows it: with the fees and the status of this venue."""
    fees = {
        name: [[volume, float(rate) or 0] for volume, rate in fee_rows(desk, maker=name == "fees_maker")]
        for name in ("fees", "fees_maker")
    }
    return dict(listing.raw) | fees | {"status": pair_status(desk, listing)}


# ----------------------------------------------------------------- prices
def ticker(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Ticker: of today (since midnight UTC) and of the last 24 hours."""
    return Outcome({key: _ticker(desk, listing, now) for key, listing in chosen(desk, call).items()})


def _ticker(desk: Desk, listing: Listing, now: int) -> dict[str, Any]:
    prints = desk.prints(desk.open(listing))
    last = desk.last(listing)
    midnight = now - now % DAY
    spans = [[one for one in prints if one.time > since] for since in (midnight - 1, now - DAY)]
    bids, asks = desk.exchange.depth(listing.unified, 1)

    def priced(ticks: int | None) -> str:
        return shapes.price(listing, ticks)

    def touch(levels: list[tuple[int, int]]) -> list[str]:
        ticks, lots = levels[0] if levels else (0, 0)
        whole = lots // 10**listing.lot_decimals
        return [priced(ticks), str(max(1, whole) if lots else 0), rescaled(lots, listing.lot_decimals, DEPTH_DECIMALS)]

    final = prints[-1] if prints else None
    return {
        "a": touch(asks),
        "b": touch(bids),
        "c": [priced(last), shapes.volume(listing, final.lots if final else 0)],
        "v": [shapes.volume(listing, sum(one.lots for one in span)) for span in spans],
        "p": [average(listing, span, last) for span in spans],
        "t": [len(span) for span in spans],
        "l": [priced(min((one.price for one in span), default=last)) for span in spans],
        "h": [priced(max((one.price for one in span), default=last)) for span in spans],
        "o": priced(spans[0][0].price if spans[0] else last),
    }


def average(listing: Listing, span: list[Print], otherwise: int | None, decimals: int | None = None) -> str:
    """The volume-weighted average price of some trades, as shown beside costs or with that many decimals."""
    lots = sum(one.lots for one in span)
    decimals = max(listing.cost_decimals, listing.decimals) if decimals is None else decimals
    if not lots:
        return rescaled((otherwise or 0) * listing.tick, listing.decimals, decimals)
    value = sum(one.price * one.lots for one in span) * listing.tick * 10 ** (decimals - listing.decimals)
    return padded(value // lots, decimals)


def _one(desk: Desk, call: Call) -> tuple[str, Listing]:
    name = call.params.get("pair", "")
    listing = desk.listed(name)
    return (name if "/" in name else listing.id), listing


def _number(params: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = params.get(name)
    if not text:
        return default
    try:
        found = integer(text)
    except ValueError:
        raise refuse("invalid_argument", name) from None
    if found < 0:
        raise refuse("invalid_argument", name)
    return min(found, most)


def depth(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Depth: ``[price, quantity, time]`` of up to 500 levels."""
    key, listing = _one(desk, call)
    bids, asks = desk.exchange.depth(listing.unified, max(1, _number(call.params, "count", 100, 500)))

    def rows(levels: list[tuple[int, int]]) -> list[list[Any]]:
        return [
            [shapes.price(listing, ticks), rescaled(lots, listing.lot_decimals, DEPTH_DECIMALS), now // SECOND]
            for ticks, lots in levels
        ]

    return Outcome({key: {"asks": rows(asks), "bids": rows(bids)}})


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Trades: ``[price, volume, time, side, type, misc, id]`` since ``since`` (ns), at most 1,000."""
    key, listing = _one(desk, call)
    since = _number(call.params, "since", 0, 2**63 - 1)
    most = max(1, _number(call.params, "count", 1000, 1000))
    if since < 10**12:  # seconds, too, are understood
        since *= SECOND
    found = [one for one in desk.prints(listing) if one.time > since]
    found = found[:most] if since else found[-most:]
    rows = [
        [shapes.price(listing, one.price), shapes.volume(listing, one.lots), one.time // 100 / 10_000_000,
         "b" if one.taker == "buy" else "s", "m", "", TRADE_ID_BASE + one.number]
        for one in found
    ]  # fmt: skip
    return Outcome({key: rows, "last": str(found[-1].time if found else since or now)})


def ohlc(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """OHLC: candles made of the trades that are kept; an interval without trades has none but the current one."""
    key, listing = _one(desk, call)
    minutes = _number(call.params, "interval", 1, INTERVALS[-1])
    if minutes not in INTERVALS:
        raise refuse("invalid_argument", "interval")
    since = _number(call.params, "since", 0, 2**33)
    rows = [
        [begin // SECOND, *(prices.text(listing, ticks) for ticks in candle),
         average(listing, span, candle[3], listing.decimals),
         shapes.volume(listing, sum(one.lots for one in span)), len(span)]
        for begin, candle, span in candles(desk, listing, minutes, now)
        if begin // SECOND > since
    ]  # fmt: skip
    last = (now - now % (minutes * 60 * SECOND)) // SECOND - minutes * 60
    return Outcome({key: rows, "last": last})


Candle = tuple[int, int, int, int]


def candles(desk: Desk, listing: Listing, minutes: int, now: int) -> list[tuple[int, Candle, list[Print]]]:
    """(begin in ns, (open, high, low, close) in ticks, trades) of each interval with trades, and of the current one."""
    length = minutes * 60 * SECOND
    spans: dict[int, list[Print]] = {}
    for one in desk.prints(listing):
        spans.setdefault(one.time - one.time % length, []).append(one)
    spans.setdefault(now - now % length, [])
    result = []
    close = desk.last(listing) or 0
    for begin, span in sorted(spans.items()):
        found = [one.price for one in span] or [close]
        candle = (found[0], max(found), min(found), found[-1])
        close = candle[3]
        result.append((begin, candle, span))
    return result


def spread(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Spread: the present best bid and ask (*simplified*: no history)."""
    key, listing = _one(desk, call)
    bids, asks = desk.exchange.depth(listing.unified, 1)
    rows = (
        [[now // SECOND, shapes.price(listing, bids[0][0]), shapes.price(listing, asks[0][0])]] if bids and asks else []
    )
    return Outcome({key: rows, "last": now // SECOND})
