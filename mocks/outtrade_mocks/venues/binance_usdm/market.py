"""Market data endpoints: time, rules, book, trades, tickers, mark price and funding. No key is needed; they show the
exchange as it is. What happened before the run is not known: a day's figures and candles begin with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm.desk import MS, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.errors import refuse
from outtrade_mocks.venues.binance_usdm.figures import average_e8, fixed, money, ratio
from outtrade_mocks.venues.binance_usdm.periods import clip, period
from outtrade_mocks.venues.binance_usdm.reference import EIGHT_HOURS, Listing, exchange_info

DAY_MS = 86_400_000
DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
INTERVALS = {
    "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14_400, "6h": 21_600,
    "8h": 28_800, "12h": 43_200, "1d": 86_400, "3d": 259_200, "1w": 604_800, "1M": 2_592_000,
}  # fmt: skip
"""Candles: name -> seconds (weeks and months begin where 1970 makes them begin, a simplification)."""


def ping(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/ping."""
    return Outcome({}, now)


def time(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/time."""
    return Outcome({"serverTime": now // MS}, now)


def rules(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/exchangeInfo: parameters are ignored."""
    info = exchange_info() | {
        "serverTime": now // MS,
        "rateLimits": desk.limits.rules(),
        "symbols": [entry.raw for entry in desk.listings.values()],
    }
    return Outcome(info, now)


def update_id(now: int) -> int:
    """The number of the book's last update: the time in microseconds, so that snapshots and streams agree."""
    return now // 1000


def levels(entry: Listing, side: list[tuple[int, int]]) -> list[list[str]]:
    """Prices and quantities of one side of the book, as written."""
    return [
        [fixed(ticks * entry.tick, entry.price_places), fixed(lots * entry.step, entry.quantity_places)]
        for ticks, lots in side
    ]


def depth(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/depth. Raises -4021 on a limit that is none of the documented ones."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    sent = codec.optional(call.params, "limit") or "500"
    if not sent.isascii() or not sent.isdigit() or len(sent) > 6 or int(sent) not in DEPTHS:
        raise refuse("depth_limit", sent)
    bids, asks = desk.exchange.depth(entry.unified, int(sent))
    return Outcome(
        {
            "lastUpdateId": update_id(now),
            "E": now // MS,
            "T": now // MS,
            "bids": levels(entry, bids),
            "asks": levels(entry, asks),
        },
        now,
    )


# ------------------------------------------------------------------- trades
def trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/trades and /fapi/v1/historicalTrades (``fromId``)."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    first = codec.optional_integer(call.params, "fromId")
    found = clip(
        desk.exchange.prints(entry.unified), call.params, first, None, None, number=print_id, time=lambda one: one.time
    )
    data = [
        {
            "id": print_id(one),
            "price": fixed(one.price * entry.tick, entry.price_places),
            "qty": fixed(one.lots * entry.step, entry.quantity_places),
            "quoteQty": fixed(_quote(desk, entry, one), min(8, entry.price_places + entry.quantity_places)),
            "time": one.time // MS,
            "isBuyerMaker": one.taker == "sell",
            "isRPITrade": False,
        }
        for one in found
    ]
    return Outcome(data, now)


def aggregate_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/aggTrades: each trade an aggregate of one (a simplification)."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    first = codec.optional_integer(call.params, "fromId")
    start, end = period(call.params)
    found = clip(
        desk.exchange.prints(entry.unified), call.params, first, start, end,
        number=print_id, time=lambda one: one.time // MS,
    )  # fmt: skip
    return Outcome([aggregate(entry, one) for one in found], now)


def aggregate(entry: Listing, one: Print) -> dict[str, Any]:
    """A print as an aggregate trade."""
    quantity = fixed(one.lots * entry.step, entry.quantity_places)
    return {
        "a": print_id(one),
        "p": fixed(one.price * entry.tick, entry.price_places),
        "q": quantity,
        "nq": quantity,
        "f": print_id(one),
        "l": print_id(one),
        "T": one.time // MS,
        "m": one.taker == "sell",
    }


def print_id(one: Print) -> int:
    """The public id of a trade."""
    return TRADE_ID_BASE + one.number


def _quote(desk: Desk, entry: Listing, one: Print) -> int:
    return desk.exchange.instrument(entry.unified).notional(one.price, one.lots)


# ------------------------------------------------------------------ candles
def candles(desk: Desk, entry: Listing, seconds: int, now: int) -> list[list[Any]]:
    """Candles made of the trades of the run, the current one last; a time without a trade repeats the price before."""
    length, tick, step = seconds * 1000, entry.tick, entry.step
    rows: dict[int, list[Print]] = {}
    for one in desk.exchange.prints(entry.unified):
        rows.setdefault(one.time // MS // length * length, []).append(one)
    current = now // MS // length * length
    rows.setdefault(current, [])
    close = desk.exchange.last_price(entry.unified) or desk.exchange.reference_price(entry.unified) or 0
    made = []
    for opened in sorted(rows):
        prints = rows[opened]
        prices = [one.price for one in prints] or [close]
        close = prices[-1]
        taken = [one for one in prints if one.taker == "buy"]
        volume, bought = (sum(one.lots for one in some) * step for some in (prints, taken))
        quote, paid = (sum(_quote(desk, entry, one) for one in some) for some in (prints, taken))
        made.append(
            [
                opened,
                *(
                    fixed(price * tick, entry.price_places)
                    for price in (prices[0], max(prices), min(prices), prices[-1])
                ),
                fixed(volume, entry.quantity_places),
                opened + length - 1,
                fixed(quote, min(8, entry.price_places + entry.quantity_places)),
                len(prints),
                fixed(bought, entry.quantity_places),
                fixed(paid, min(8, entry.price_places + entry.quantity_places)),
                "0",
            ]
        )
    return made


def klines(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/klines. Raises -1120 on an interval that is none."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    return _klines(desk, call, entry, now)


def continuous_klines(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/continuousKlines: the same, by pair."""
    return _klines(desk, call, desk.listed(codec.mandatory(call.params, "pair")), now)


def _klines(desk: Desk, call: Call, entry: Listing, now: int) -> Outcome:
    seconds = INTERVALS.get(codec.mandatory(call.params, "interval"))
    if seconds is None:
        raise refuse("bad_interval")
    start, end = period(call.params, 10_000)
    rows = candles(desk, entry, seconds, now)
    found = clip(
        rows, call.params, None, start, end, number=lambda row: int(row[0]), time=lambda row: int(row[0]), most=1500
    )
    return Outcome(found, now)


# ------------------------------------------------------------------ tickers
def _each(desk: Desk, call: Call, now: int, make: Callable[[Listing], dict[str, Any]]) -> Outcome:
    """One object for ``symbol``, else a list."""
    name = codec.optional(call.params, "symbol")
    if name is not None:
        return Outcome(make(desk.listed(name)), now)
    return Outcome([make(entry) for entry in desk.every_listing()], now)


def ticker_price(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/ticker/price and /fapi/v2/ticker/price."""
    return _each(desk, call, now, lambda entry: {"symbol": entry.id, "price": last(desk, entry), "time": now // MS})


def last(desk: Desk, entry: Listing) -> str:
    """The last price as written."""
    ticks = desk.exchange.last_price(entry.unified) or desk.exchange.reference_price(entry.unified)
    return fixed(desk.price_e8(entry.unified, ticks), entry.price_places)


def touch(desk: Desk, entry: Listing) -> dict[str, str]:
    """Best bid and ask."""
    bids, asks = (levels(entry, side) for side in desk.exchange.depth(entry.unified, 1))
    none = ["0", "0"]
    bid, ask = (bids or [none])[0], (asks or [none])[0]
    return {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}


def book_ticker(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/ticker/bookTicker."""
    return _each(
        desk, call, now,
        lambda entry: {"symbol": entry.id} | touch(desk, entry) | {"time": now // MS, "lastUpdateId": update_id(now)},
    )  # fmt: skip


def day(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """The figures of the last 24 hours."""
    prints = [one for one in desk.exchange.prints(entry.unified) if one.time // MS > now // MS - DAY_MS]
    now_ticks = desk.exchange.last_price(entry.unified) or desk.exchange.reference_price(entry.unified) or 0
    prices = [one.price for one in prints] + [now_ticks]
    opened, places = prices[0], entry.price_places
    volume = sum(one.lots for one in prints) * entry.step
    quote = sum(_quote(desk, entry, one) for one in prints)
    change = (now_ticks - opened) * entry.tick
    return {
        "symbol": entry.id,
        "priceChange": fixed(change, places),
        "priceChangePercent": f"{100 * (now_ticks - opened) / opened if opened else 0:.3f}",
        "weightedAvgPrice": fixed(average_e8(quote, volume) or now_ticks * entry.tick, places),
        "lastPrice": fixed(now_ticks * entry.tick, places),
        "lastQty": fixed(prints[-1].lots * entry.step if prints else 0, entry.quantity_places),
        "openPrice": fixed(opened * entry.tick, places),
        "highPrice": fixed(max(prices) * entry.tick, places),
        "lowPrice": fixed(min(prices) * entry.tick, places),
        "volume": fixed(volume, entry.quantity_places),
        "quoteVolume": fixed(quote, min(8, places + entry.quantity_places)),
        "openTime": now // MS - DAY_MS,
        "closeTime": now // MS,
        "firstId": print_id(prints[0]) if prints else -1,
        "lastId": print_id(prints[-1]) if prints else -1,
        "count": len(prints),
    }


def ticker_24hr(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/ticker/24hr."""
    return _each(desk, call, now, lambda entry: day(desk, entry, now))


# --------------------------------------------------------- mark and funding
def funding(desk: Desk, entry: Listing) -> tuple[str, int]:
    """The rate as written, and when it is paid next (ms)."""
    rate = desk.exchange.funding_rate(entry.unified)
    text = ratio(rate) if rate is not None else "0"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<8}", (desk.exchange.funding_time(entry.unified) or 0) // MS


def premium_index(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/premiumIndex: mark price, index (the mid price) and funding."""

    def one(entry: Listing) -> dict[str, Any]:
        rate, due = funding(desk, entry)
        return {
            "symbol": entry.id,
            "markPrice": money(desk.mark_e8(entry.unified)),
            "indexPrice": money(desk.mid_e8(entry.unified)),
            "estimatedSettlePrice": money(desk.mid_e8(entry.unified)),
            "lastFundingRate": rate,
            "interestRate": "0.00010000",
            "nextFundingTime": due,
            "time": now // MS,
        }

    return _each(desk, call, now, one)


def funding_rates(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/fundingRate: the payments of the run, at the rate as it is now and the mark price as it is now (the
    core keeps no history of either, a simplification)."""
    name = codec.optional(call.params, "symbol")
    entries = desk.every_listing() if name is None else [desk.listed(name)]
    start, end = period(call.params, 10_000)
    first = -(-desk.epoch_ns // EIGHT_HOURS) * EIGHT_HOURS
    rows = [
        {
            "symbol": entry.id,
            "fundingTime": due // MS,
            "fundingRate": funding(desk, entry)[0],
            "markPrice": money(desk.mark_e8(entry.unified)),
            "rateType": "Regular",
        }
        for due in range(first, now + 1, EIGHT_HOURS)
        for entry in entries
    ]
    found = clip(
        rows,
        call.params,
        None,
        start,
        end,
        number=lambda row: 0,
        time=lambda row: int(str(row["fundingTime"])),
        default=100,
    )
    return Outcome(found, now)


def funding_info(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/fundingInfo: symbols whose funding was adjusted; none are, but clients want the shape."""
    data = [
        {
            "symbol": entry.id,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": 8,
            "disclaimer": False,
        }
        for entry in desk.listings.values()
    ]
    return Outcome(data, now)


def open_interest(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/openInterest: the account's positions are all that is known (a simplification)."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    lots = sum(abs(one.lots) for one in desk.exchange.view(desk.account).positions(entry.unified))
    return Outcome(
        {
            "openInterest": fixed(lots * entry.step, entry.quantity_places),
            "symbol": entry.id,
            "time": now // MS,
        },
        now,
    )
