"""Market data endpoints: time, rules, book, tickers, trades, funding. No key is needed; they show the present.

Of the last 24 hours only the price is known (*simplified*): open, high and low are the last price, volumes are zero;
candles are one of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import codec
from outtrade_mocks.venues.bybit.codec import MS, fixed, rounded
from outtrade_mocks.venues.bybit.desk import Desk, Outcome
from outtrade_mocks.venues.bybit.errors import refuse
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.reference import Listing

DEPTHS = {"spot": (1, 200), "linear": (25, 500), "inverse": (25, 500), "option": (1, 25)}
"""Default and largest number of levels (orderbook.mdx)."""
PRINTS = 1000
"""Trades that are kept for everybody, once somebody asks."""
FUNDING = Decimal("0.0001")
"""Shown where nobody set a rate: the usual one of 0.01 % (*inferred*)."""
MINUTES = {"1": 1, "3": 3, "5": 5, "15": 15, "30": 30, "60": 60, "120": 120, "240": 240, "360": 360, "720": 720}
INTERVALS = MINUTES | {"D": 1440, "W": 10_080, "M": 43_200}
DIRECTIONS = ("PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick")
Params = Mapping[str, Any]


def time(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/time."""
    return Outcome({"timeSecond": str(now // 10**9), "timeNano": str(now)}, now)


def status(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/system/status: no maintenance is announced."""
    return Outcome({"list": []}, now, message="")


def rules(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/instruments-info and account/instruments-info; spot knows no pages, and there are no options."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wanted, base = codec.text(params, "symbol"), codec.text(params, "baseCoin")
    state = codec.text(params, "status")
    entries = desk.of_category(category)
    if wanted is not None:
        entries = [entry for entry in entries if entry.id == wanted]
        if not entries and category != "option":
            raise refuse("symbol_invalid")
    if category != "spot" and base is not None:
        entries = [entry for entry in entries if entry.base == base]
    if state not in (None, "Trading"):
        entries = []
    rows = [entry.raw for entry in entries]
    if call.path == "/v5/account/instruments-info":
        rows = [row | {"myRpiPermission": False, "isPublicRpi": False} for row in rows]
    if category == "spot":
        return Outcome({"category": category, "list": rows}, now)
    page, cursor = codec.page(params, rows, 500, 1000)
    return Outcome({"category": category, "nextPageCursor": cursor, "list": page}, now)


def risk_limit(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/risk-limit."""
    desk, params = firm.desk, call.raw.params
    category = _contracts(desk, params)
    wanted = codec.text(params, "symbol")
    entries = desk.of_category(category) if wanted is None else [desk.listed(category, wanted)]
    rows = [row for entry in entries for row in entry.risks]
    page, cursor = codec.page(params | {"limit": None}, rows, 500, 500)
    return Outcome({"category": category, "list": page, "nextPageCursor": cursor}, now)


def _contracts(desk: Desk, params: dict[str, Any]) -> str:
    category = desk.category(params)
    if category not in ("linear", "inverse"):
        raise refuse("illegal_category")
    return category


def _one(desk: Desk, params: dict[str, Any]) -> Listing:
    return desk.listed(desk.category(params), params.get("symbol"))


# ----------------------------------------------------------------------- book
def levels(desk: Desk, entry: Listing, count: int) -> tuple[list[list[str]], list[list[str]]]:
    """Bids and asks as written, best first."""
    bids, asks = desk.exchange.depth(entry.unified, count)

    def written(side: list[tuple[int, int]]) -> list[list[str]]:
        return [
            [fixed(ticks * entry.tick, entry.price_decimals), fixed(lots * entry.step, entry.size_decimals)]
            for ticks, lots in side
        ]

    return written(bids), written(asks)


def orderbook(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/orderbook."""
    desk, params = firm.desk, call.raw.params
    entry = _one(desk, params)
    default, most = DEPTHS[entry.category]
    bids, asks = levels(desk, entry, codec.limit(params, default, most))
    data = {
        "s": entry.id,
        "b": bids,
        "a": asks,
        "ts": now // MS,
        "u": now // (100 * MS),
        "seq": desk.sequence(now),
        "cts": now // MS,
    }
    return Outcome(data, now)


# -------------------------------------------------------------------- tickers
def last_of(desk: Desk, entry: Listing) -> int | None:
    """The last price in ticks; before any trade that which stands for it."""
    found = desk.exchange.last_price(entry.unified)
    return desk.exchange.reference_price(entry.unified) if found is None else found


def next_funding(desk: Desk, entry: Listing, now: int) -> str:
    """When funding is paid next, in ms."""
    due = desk.exchange.funding_time(entry.unified)
    return str((due or now) // MS)


def funding_rate(desk: Desk, entry: Listing) -> str:
    """The rate of the next payment, a fraction."""
    rate = desk.exchange.funding_rate(entry.unified)
    return rounded(FUNDING if rate is None else Decimal(rate.numerator) / Decimal(rate.denominator))


def ticker(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """One symbol's ticker, as REST shows it."""
    bids, asks = levels(desk, entry, 1)
    bid, ask = (side[0] if side else ["", ""] for side in (bids, asks))
    last = desk.price(entry.unified, last_of(desk, entry))
    common = {
        "symbol": entry.id,
        "bid1Price": bid[0],
        "bid1Size": bid[1],
        "ask1Price": ask[0],
        "ask1Size": ask[1],
        "lastPrice": last,
        "prevPrice24h": last,
        "price24hPcnt": "0",
        "highPrice24h": last,
        "lowPrice24h": last,
        "turnover24h": "0",
        "volume24h": "0",
    }
    if entry.spot:
        return common | {"usdIndexPrice": rounded(desk.usd(entry.base)) if desk.usd(entry.base) else ""}
    mark = desk.price(entry.unified, desk.exchange.mark_price(entry.unified))
    interest = sum(abs(position.lots) for position in desk.positions(entry.unified))
    worth = desk.rules(entry).notional(desk.mark(entry.unified), interest) if interest else 0
    return common | {
        "indexPrice": mark,
        "markPrice": mark,
        "prevPrice1h": last,
        "openInterest": desk.size(entry.unified, interest),
        "openInterestValue": desk.money(entry.settle, worth),
        "fundingRate": funding_rate(desk, entry),
        "nextFundingTime": next_funding(desk, entry, now),
        "fundingIntervalHour": str(int(entry.raw["fundingInterval"]) // 60),
        "fundingCap": entry.raw.get("upperFundingRate", ""),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basisRateYear": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "basis": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def tickers(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/tickers, of one symbol or of a category."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wanted, base = codec.text(params, "symbol"), codec.text(params, "baseCoin")
    entries = desk.of_category(category)
    if wanted is not None:
        entries = [entry for entry in entries if entry.id == wanted]
        if not entries:
            raise refuse("not_supported_symbols")
    elif category == "option" and base is not None:
        entries = []
    return Outcome({"category": category, "list": [ticker(desk, desk.know(entry), now) for entry in entries]}, now)


# --------------------------------------------------------------------- trades
def kept_prints(desk: Desk) -> None:
    """From now on everybody's trades are kept."""
    if not desk.prints_kept:
        desk.prints_kept = True
        desk.exchange.keep_prints(PRINTS)


def print_id(entry: Listing, number: int) -> str:
    """The public id of a trade: of the size of the venue's."""
    if entry.spot:
        return str(2_290_000_000_000_000_000 + entry.place * 10**12 + number)
    return f"{number * 2_654_435_761 & 0xFFFFFFFF:08x}-5b31-51d2-a176-{entry.place:04x}{number:08x}"


def recent_trades(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/recent-trade, newest first: what was traded since somebody first asked."""
    desk, params = firm.desk, call.raw.params
    entry = _one(desk, params)
    kept_prints(desk)
    most = codec.limit(params, 60 if entry.spot else 500, 60 if entry.spot else 1000)
    rows = [
        {
            "execId": print_id(entry, one.number),
            "symbol": entry.id,
            "price": desk.price(entry.unified, one.price),
            "size": desk.size(entry.unified, one.lots),
            "side": "Buy" if one.taker == "buy" else "Sell",
            "time": desk.time(one.time),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(desk.sequence(one.time)),
        }
        for one in reversed(desk.exchange.prints(entry.unified)[-most:])
    ]
    return Outcome({"category": entry.category, "list": rows}, now)


# -------------------------------------------------------------------- candles
def candle(desk: Desk, entry: Listing, interval: str, now: int) -> tuple[int, int, str]:
    """Begin and end (ms) of the candle of the moment, and its price."""
    if interval not in INTERVALS:
        raise refuse("params_named", "interval invalid")
    span = INTERVALS[interval] * 60_000
    start = now // MS // span * span
    return start, start + span - 1, desk.price(entry.unified, last_of(desk, entry), "0")


def kline(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/kline: one candle, that of the moment, without volume."""
    desk, params = firm.desk, call.raw.params
    entry = _one(desk, params)
    start, _, price = candle(desk, entry, codec.required(params, "interval"), now)
    row = [str(start), price, price, price, price, "0", "0"]
    return Outcome({"symbol": entry.id, "category": entry.category, "list": [row]}, now)


def mark_kline(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/mark-price-kline and index-price-kline: likewise, at the mark price."""
    desk, params = firm.desk, call.raw.params
    _contracts(desk, params)
    entry = _one(desk, params)
    price = desk.price(entry.unified, desk.mark(entry.unified))
    return _short_candle(desk, entry, params, price, now)


def premium_kline(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/premium-index-kline: mark and index price are one here, so there is no premium."""
    desk, params = firm.desk, call.raw.params
    _contracts(desk, params)
    return _short_candle(desk, _one(desk, params), params, "0", now)


def _short_candle(desk: Desk, entry: Listing, params: Params, price: str, now: int) -> Outcome:
    start, _, _ = candle(desk, entry, codec.required(params, "interval"), now)
    row = [str(start), price, price, price, price]
    return Outcome({"symbol": entry.id, "category": entry.category, "list": [row]}, now)


def open_interest(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/open-interest: that of the account, now (*simplified*: the market's own is not known)."""
    desk, params = firm.desk, call.raw.params
    _contracts(desk, params)
    entry = _one(desk, params)
    if codec.text(params, "intervalTime") not in ("5min", "15min", "30min", "1h", "4h", "1d"):
        raise refuse("params_named", "intervalTime invalid")
    interest = desk.size(entry.unified, sum(abs(position.lots) for position in desk.positions(entry.unified)))
    row = {"openInterest": interest, "singleOpenInterest": interest, "timestamp": str(now // MS)}
    data = {"symbol": entry.id, "category": entry.category, "list": [row], "nextPageCursor": ""}
    return Outcome(data, now)


# -------------------------------------------------------------------- funding
def funding_history(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/funding/history: the payments since the start, at today's rate."""
    desk, params = firm.desk, call.raw.params
    category = _contracts(desk, params)
    entry = desk.listed(category, params.get("symbol"))
    interval = int(entry.raw["fundingInterval"]) * 60 * 10**9
    latest = now // interval * interval
    rows = []
    for due in range(latest, desk.epoch_ns - 1, -interval):
        rate = funding_rate(desk, entry)
        rows.append({"symbol": entry.id, "fundingRate": rate, "fundingRateTimestamp": str(due // MS)})
        if len(rows) == codec.limit(params, 200, 200):
            break
    return Outcome({"category": category, "list": rows}, now)


def price_limit(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/market/price-limit: highest buy, lowest sale by the symbol's ratio X (*simplified*: shown, not kept)."""
    desk, params = firm.desk, call.raw.params
    entry = desk.listed(codec.text(params, "category") or "linear", params.get("symbol"))
    ratio = Decimal(entry.raw["riskParameters"]["priceLimitRatioX"])
    base = last_of(desk, entry) or 0
    high, low = (int(base * (1 + ratio * sign)) for sign in (1, -1))
    data = {
        "symbol": entry.id,
        "buyLmt": desk.price(entry.unified, high),
        "sellLmt": desk.price(entry.unified, low),
        "ts": str(now // MS),
    }
    return Outcome(data, now, message="")
