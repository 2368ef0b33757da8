"""Public and market data: instruments, time, prices, limits, funding, tiers, tickers, books, trades, candles.

They show the exchange as it is. There is no index here: the mark price stands for it, as it does for the last price in
candles of time gone by, of which only the current one is known (*simplified*).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Order
from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import codec
from outtrade_mocks.venues.okx.codec import MS
from outtrade_mocks.venues.okx.desk import PRINT_ID_BASE, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.okx.history import instrument_type, page
from outtrade_mocks.venues.okx.reference import FUNDING_NS, Listing, tiers
from outtrade_mocks.venues.witness import plain

MOST_FUNDING = Decimal("0.00375")
BARS = {
    "1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1H": 3600, "2H": 7200, "4H": 14400, "6H": 21600,
    "12H": 43200, "1D": 86400, "6Hutc": 21600, "12Hutc": 43200, "1Dutc": 86400, "1W": 604800, "1Wutc": 604800,
}  # fmt: skip


def _matching(desk: Desk, params: Mapping[str, str], *, needed: bool = True) -> list[Listing]:
    """The instruments of a type, narrowed by family or id; 51001 for an id that is not listed."""
    kind = instrument_type(params, needed=needed)
    family = params.get("instFamily") or params.get("uly")
    wanted = codec.optional(params, "instId")
    if wanted is not None:
        entry = desk.listed(wanted)
        if kind is not None and entry.type != kind:
            raise refuse("wrong_type")
        return [entry]
    return [
        entry
        for entry in desk.listings.values()
        if (kind is None or entry.type == kind) and (not family or entry.family == family)
    ]


def _known(desk: Desk, params: Mapping[str, str]) -> list[Listing]:
    """The same, known to the core."""
    return [desk.know(entry) for entry in _matching(desk, params)]


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/time."""
    return Outcome([{"ts": str(now // MS)}], now)


def status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/system/status: planned maintenance; there is none."""
    if call.params.get("state") not in (None, "", "scheduled", "ongoing", "pre_open", "completed", "canceled"):
        raise refuse("parameter", "state")
    return Outcome([], now)


def instruments(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/instruments. Types that are not traded here have none."""
    return Outcome([entry.raw for entry in _matching(desk, call.params)], now)


def underlying(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/underlying: a list in a list."""
    instrument_type(call.params, needed=True)
    kind = call.params["instType"]
    names = list(dict.fromkeys(entry.family for entry in desk.listings.values() if entry.type == kind and entry.family))
    return Outcome([names], now)


def _mark(desk: Desk, entry: Listing) -> str:
    ticks = desk.exchange.mark_price(entry.unified)
    return desk.price(entry.unified, ticks)


def mark_price(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/mark-price. Spot has one as MARGIN on the venue; asked for as MARGIN, spot pairs are shown."""
    params = dict(call.params)
    margin = params.get("instType") == "MARGIN"
    if margin:
        params["instType"] = "SPOT"
    return Outcome([mark(desk, entry, now, margin) for entry in _known(desk, params)], now)


def mark(desk: Desk, entry: Listing, now: int, margin: bool = False) -> dict[str, str]:
    """A mark price."""
    kind = "MARGIN" if margin else entry.type
    return {"instId": entry.id, "instType": kind, "markPx": _mark(desk, entry), "ts": str(now // MS)}


def price_limit(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/price-limit."""
    entry = desk.listed(codec.mandatory(call.params, "instId"))
    return Outcome([limits(desk, entry, now)], now)


def limits(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """Highest price of a buy and lowest of a sale."""
    band = desk.band(entry)
    return {
        "buyLmt": "" if band is None else plain(band[0]),
        "enabled": band is not None,
        "instId": entry.id,
        "instType": entry.type,
        "sellLmt": "" if band is None else plain(band[1]),
        "ts": str(now // MS),
    }


def funding_rate(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/funding-rate, of a swap or (ANY) of all."""
    wanted = codec.mandatory(call.params, "instId")
    entries = (
        [desk.listed(wanted)] if wanted != "ANY" else [desk.know(one) for one in desk.listings.values() if one.swap]
    )
    if not all(entry.swap for entry in entries):
        raise refuse("parameter", "instId")
    return Outcome([funding(desk, entry, now) for entry in entries], now)


def funding(desk: Desk, entry: Listing, now: int) -> dict[str, str]:
    """The rate of the next payment; nothing is paid where a scenario publishes none."""
    rate = desk.exchange.funding_rate(entry.unified)
    text = plain(Decimal(rate.numerator) / rate.denominator) if rate is not None else "0"
    due = desk.exchange.funding_time(entry.unified) or now
    return {
        "formulaType": "withRate",
        "fundingRate": text,
        "fundingTime": str(due // MS),
        "impactValue": "20000",
        "instId": entry.id,
        "instType": entry.type,
        "interestRate": "0.0001",
        "maxFundingRate": plain(MOST_FUNDING),
        "method": "current_period",
        "minFundingRate": plain(-MOST_FUNDING),
        "nextFundingRate": "",
        "nextFundingTime": str((due + FUNDING_NS) // MS),
        "premium": "0",
        "prevFundingTime": str((due - FUNDING_NS) // MS),
        "settFundingRate": "0",
        "settState": "settled",
        "ts": str(now // MS),
    }


def funding_history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/funding-rate-history: the exchange keeps none of before the run."""
    desk.listed(codec.mandatory(call.params, "instId"))
    return Outcome([], now)


def open_interest(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/open-interest: the account's positions; nobody else's are known."""
    data = []
    for entry in _known(desk, call.params):
        if not entry.swap:
            continue
        held = [] if desk.account.portfolio is None else desk.account.portfolio.held(entry.unified)
        lots = sum(abs(one.lots) for one in held)
        contracts = desk.exchange.instrument(entry.unified).quantity(lots)
        ticks = desk.exchange.mark_price(entry.unified) or 0
        price = ticks * entry.tick
        coins = (
            contracts * entry.contract / price if entry.inverse and price else contracts * entry.contract
        ) or Decimal(0)
        value = contracts * entry.contract if entry.inverse else coins * price
        data.append(
            {
                "instId": entry.id,
                "instType": entry.type,
                "oi": plain(contracts),
                "oiCcy": plain(coins),
                "oiUsd": plain(value),
                "ts": str(now // MS),
            }
        )
    return Outcome(data, now)


def position_tiers(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/public/position-tiers."""
    params = call.params
    kind = instrument_type(params, needed=True)
    codec.choice(params, "tdMode", ("cross", "isolated"))
    family = params.get("instFamily") or params.get("uly")
    if kind != "SWAP":
        return Outcome([], now)
    if not family:
        raise refuse("either", "uly", "instFamily")
    rows = [row for name in family.split(",") for row in tiers().get(name, [])]
    wanted = params.get("tier")
    return Outcome([row for row in rows if not wanted or row["tier"] == wanted], now)


# ------------------------------------------------------------------ tickers
def tickers(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/tickers."""
    return Outcome([ticker_of(desk, entry, now) for entry in _known(desk, call.params)], now)


def ticker(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/ticker."""
    return Outcome([ticker_of(desk, desk.listed(codec.mandatory(call.params, "instId")), now)], now)


def ticker_of(desk: Desk, entry: Listing, now: int) -> dict[str, str]:
    """The best prices and the last one; the day's prices and volume are those of the trades that are kept, for of the
    day before the run nothing is known."""
    bids, asks = desk.exchange.depth(entry.unified, 1)
    last = desk.price(entry.unified, desk.exchange.last_price(entry.unified))
    printed = desk.exchange.prints(entry.unified)
    rules = desk.exchange.instrument(entry.unified)
    quantity = rules.quantity(sum(one.lots for one in printed))
    value = sum((rules.price(one.price) * rules.quantity(one.lots) for one in printed), Decimal(0))
    prices = [one.price for one in printed]
    high, low, first = (
        desk.price(entry.unified, found) if prices else last
        for found in (max(prices, default=0), min(prices, default=0), prices[0] if prices else 0)
    )

    def best(side: list[tuple[int, int]]) -> tuple[str, str]:
        return (desk.price(entry.unified, side[0][0]), desk.size(entry.unified, side[0][1])) if side else ("", "")

    (bid, bid_size), (ask, ask_size) = best(bids), best(asks)
    return {
        "askPx": ask,
        "askSz": ask_size,
        "bidPx": bid,
        "bidSz": bid_size,
        "high24h": high,
        "instId": entry.id,
        "instType": entry.type,
        "last": last,
        "lastSz": desk.size(entry.unified, printed[-1].lots) if printed else "0",
        "low24h": low,
        "open24h": first,
        "sodUtc0": first,
        "sodUtc8": first,
        "ts": str(now // MS),
        "vol24h": plain(quantity),
        "volCcy24h": plain(quantity * entry.contract if entry.swap else value),
    }


def index_tickers(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/index-tickers: the mark price stands for the index."""
    wanted, quote = call.params.get("instId"), call.params.get("quoteCcy")
    if not wanted and not quote:
        raise refuse("either", "instId", "quoteCcy")
    data = {}
    for entry in desk.listings.values():
        name = f"{entry.base}-{entry.quote}"
        if (wanted and name != wanted) or (quote and entry.quote != quote) or name in data:
            continue
        price = _mark(desk, desk.know(entry))
        names = ("high24h", "idxPx", "low24h", "open24h", "sodUtc0", "sodUtc8")
        data[name] = dict.fromkeys(names, price) | {"instId": name, "ts": str(now // MS)}
    if wanted and not data:
        raise refuse("instrument")
    return Outcome(list(data.values()), now)


# -------------------------------------------------------------------- books
def levels(desk: Desk, entry: Listing, most: int) -> tuple[list[list[str]], list[list[str]]]:
    """Bids and asks, best first: price, size, "0" (a field of the past), number of orders. Makers of the house are
    counted as one order a level."""
    bids, asks = desk.exchange.depth(entry.unified, most)
    own_bids, own_asks = desk.exchange.resting(entry.unified)

    def rows(side: list[tuple[int, int]], own: list[Order]) -> list[list[str]]:
        counts: dict[int | None, tuple[int, int]] = {}
        for order in own:
            number, lots = counts.get(order.price, (0, 0))
            counts[order.price] = number + 1, lots + order.remaining
        made = []
        for ticks, lots in side:
            number, part = counts.get(ticks, (0, 0))
            number += 1 if lots > part else 0
            made.append([desk.price(entry.unified, ticks), desk.size(entry.unified, lots), "0", str(max(1, number))])
        return made

    return rows(bids, own_bids), rows(asks, own_asks)


def books(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/books: one level a side, or ``sz`` of them, at most 400."""
    entry = desk.listed(codec.mandatory(call.params, "instId"))
    size = codec.integer(call.params, "sz")
    if size == 0:
        raise refuse("parameter", "sz")
    bids, asks = levels(desk, entry, min(size or 1, 400))
    return Outcome([{"asks": asks, "bids": bids, "ts": str(now // MS), "seqId": now // MS}], now)


# ------------------------------------------------------------------- trades
def public_trade(desk: Desk, entry: Listing, one: Print) -> dict[str, str]:
    """A trade as everybody sees it: the side is that of who took. A trade of the account has the tradeId of its fills;
    trades among others have ids of their own (*simplified*: on the venue one row of numbers serves all)."""
    trade_id = PRINT_ID_BASE + one.number if one.trade_id is None else TRADE_ID_BASE + one.trade_id
    return {
        "instId": entry.id,
        "px": desk.price(entry.unified, one.price),
        "side": one.taker,
        "source": "0",
        "sz": desk.size(entry.unified, one.lots),
        "tradeId": str(trade_id),
        "ts": str(one.time // MS),
    }


def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/trades: the latest trades, newest first."""
    entry = desk.listed(codec.mandatory(call.params, "instId"))
    size = codec.limit(call.params, 100, 500)
    found = desk.exchange.prints(entry.unified)
    return Outcome([public_trade(desk, entry, one) for one in reversed(found[-size:])], now)


def history_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/history-trades: the same, in pages."""
    entry = desk.listed(codec.mandatory(call.params, "instId"))
    rows = [public_trade(desk, entry, one) for one in desk.exchange.prints(entry.unified)]
    return Outcome(page(call.params, [(int(row["tradeId"]), row) for row in rows]), now)


def candles(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/market/candles and history-candles: the candle of now, at the last price; the mock keeps no past."""
    entry = desk.listed(codec.mandatory(call.params, "instId"))
    bar = call.params.get("bar") or "1m"
    if bar not in BARS:
        raise refuse("parameter", "bar")
    codec.limit(call.params, 100, 300)
    row = candle(desk, entry, bar, now)
    before, after = codec.integer(call.params, "before"), codec.integer(call.params, "after")
    start = int(row[0])
    outside = (before is not None and start <= before) or (after is not None and start >= after)
    return Outcome([] if outside or not row[1] else [row], now)


def candle(desk: Desk, entry: Listing, bar: str, now: int) -> list[str]:
    """The candle that is not over yet."""
    length = BARS[bar] * 1_000_000_000
    last = desk.price(entry.unified, desk.exchange.last_price(entry.unified))
    return [str(now // length * length // MS), last, last, last, last, "0", "0", "0", "0"]
