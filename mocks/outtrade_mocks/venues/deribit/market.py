"""Public data: time, status, instruments, books, tickers, trades, prices and rates.

One mark price stands for the index too (*simplified*); of before the run nothing is known, so the day's figures are
those of the trades that are kept. ``funding_8h`` is the rate of the core's next funding payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from outtrade_mocks.core import TradingState
from outtrade_mocks.core.prints import Print
from outtrade_mocks.venues.deribit import codec
from outtrade_mocks.venues.deribit.codec import MS
from outtrade_mocks.venues.deribit.desk import PRINT_ID_BASE, TRADE_ID_BASE, TRADE_ID_STEP, Desk, Outcome, tidy
from outtrade_mocks.venues.deribit.errors import refuse
from outtrade_mocks.venues.deribit.queries import KINDS
from outtrade_mocks.venues.deribit.reference import Listing, currencies
from outtrade_mocks.venues.deribit.shapes import rounded
from outtrade_mocks.venues.deribit.trading import CURRENCIES

Sent = Mapping[str, Any]
ZERO = Decimal(0)
VERSION = "1.2.26"
DEPTHS = (1, 5, 10, 20, 50, 100, 1000, 10000)
RESOLUTIONS = ("1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D")


def time(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_time: milliseconds."""
    return Outcome(now // MS)


def test(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/test; ``expected_result=exception`` is the documented way to see an error."""
    if codec.text(sent, "expected_result") == "exception":
        raise refuse("general")
    return Outcome({"version": VERSION})


def hello(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/hello: who the client is."""
    codec.needed(sent, "client_name")
    codec.needed(sent, "client_version")
    return Outcome({"version": VERSION})


def status(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/status: whether all or some books are locked."""
    locked = [entry for entry in desk.listings.values() if state_of(desk, entry) != "open"]
    word = "true" if locked and len(locked) == len(desk.listings) else "partial" if locked else "false"
    names = sorted({entry.index for entry in locked})
    return Outcome({"locked": word} | ({"locked_indices": names, "locked_currencies": names} if locked else {}))


def state_of(desk: Desk, entry: Listing) -> str:
    """``state`` of a book."""
    if entry.unified not in desk.exchange.instruments:
        return "open"
    state = desk.exchange.state(entry.unified)
    if state in (TradingState.CLOSED, TradingState.EXPIRED):
        return "closed"
    return "open" if state is TradingState.OPEN else "locked"


# ---------------------------------------------------------------- instruments
def instrument_of(desk: Desk, entry: Listing) -> dict[str, Any]:
    """An instrument's object, with the fees that are charged here."""
    maker, taker = desk.fees_of(entry)
    state = state_of(desk, entry)
    told = dict(entry.raw) | {"maker_commission": tidy(maker), "taker_commission": tidy(taker)}
    return told if state == "open" else told | {"state": state, "is_active": state != "closed"}


def instruments(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_instruments: those of a currency, or of all; ccxt leaves the currency out."""
    currency = codec.choice(sent, "currency", (*CURRENCIES, "any"), "any")
    kind, expired = codec.choice(sent, "kind", KINDS, "any"), codec.flag(sent, "expired")
    if expired or kind not in ("any", "future"):
        return Outcome([])
    listed = [entry for entry in desk.listings.values() if currency in ("any", entry.settle)]
    return Outcome([instrument_of(desk, entry) for entry in listed])


def instrument(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_instrument."""
    return Outcome(instrument_of(desk, desk.listed(codec.needed(sent, "instrument_name"))))


def contract_size(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_contract_size."""
    return Outcome({"contract_size": desk.listed(codec.needed(sent, "instrument_name")).contract})


def all_currencies(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_currencies."""
    return Outcome(currencies())


# -------------------------------------------------------------------- tickers
def _best(desk: Desk, entry: Listing) -> dict[str, Any]:
    bids, asks = desk.exchange.depth(entry.unified, 1)
    told: dict[str, Any] = {}
    for name, side in (("bid", bids), ("ask", asks)):
        told[f"best_{name}_price"] = desk.price(entry.unified, side[0][0]) if side else ZERO
        told[f"best_{name}_amount"] = desk.amount(entry.unified, side[0][1]) if side else ZERO
    return told


def _stats(desk: Desk, entry: Listing) -> dict[str, Any]:
    printed, rules = desk.exchange.prints(entry.unified), desk.exchange.instrument(entry.unified)
    prices = [one.price for one in printed]
    amount = desk.amount(entry.unified, sum(one.lots for one in printed))
    exact = sum((Fraction(rules.quantity(one.lots)) / Fraction(rules.price(one.price)) for one in printed), Fraction(0))
    value = sum((rules.price(one.price) * rules.quantity(one.lots) for one in printed), ZERO)
    dollars = amount if entry.inverse else tidy(value)
    change = (Decimal(prices[-1] - prices[0]) / prices[0] * 100).quantize(Decimal("0.0001")) if prices else None
    return {
        "high": desk.price(entry.unified, max(prices)) if prices else None,
        "low": desk.price(entry.unified, min(prices)) if prices else None,
        "price_change": change,
        "volume": rounded(exact, 8) if entry.inverse else amount,
        "volume_usd": dollars,
        "volume_notional": dollars,
    }


def open_interest(desk: Desk, entry: Listing) -> Decimal:
    """What the account holds; nobody else's positions are known."""
    held = [] if desk.account.portfolio is None else desk.account.portfolio.held(entry.unified)
    return desk.amount(entry.unified, sum(abs(one.lots) for one in held))


def ticker_of(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """A ticker."""
    mark, (high, low) = desk.mark(entry), desk.band(entry) or (None, None)
    last = desk.price(entry.unified, desk.exchange.last_price(entry.unified))
    told = {
        "timestamp": now // MS,
        "state": state_of(desk, entry),
        "stats": _stats(desk, entry),
        "index_price": mark,
        "instrument_name": entry.id,
        "last_price": mark if last is None else last,
        "settlement_price": mark,
        "min_price": low,
        "max_price": high,
        "open_interest": open_interest(desk, entry),
        "mark_price": mark,
        "estimated_delivery_price": mark,
    }
    if entry.expires is None:
        rate = rounded(desk.exchange.funding_rate(entry.unified), 8) or ZERO
        told |= {"current_funding": rate, "funding_8h": rate, "interest_value": rate}
    return told | _best(desk, entry)


def ticker(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/ticker."""
    return Outcome(ticker_of(desk, desk.listed(codec.needed(sent, "instrument_name")), now))


def book_summary_of(desk: Desk, entry: Listing, now: int) -> dict[str, Any]:
    """A row of the book summaries."""
    told, stats = ticker_of(desk, entry, now), _stats(desk, entry)
    bid, ask = told["best_bid_price"], told["best_ask_price"]
    return {
        "instrument_name": entry.id,
        "base_currency": entry.base,
        "quote_currency": entry.quote,
        "bid_price": bid or None,
        "ask_price": ask or None,
        "mid_price": (bid + ask) / 2 if bid and ask else None,
        "last": told["last_price"],
        "mark_price": told["mark_price"],
        "estimated_delivery_price": told["mark_price"],
        "open_interest": told["open_interest"],
        "creation_timestamp": now // MS,
        **{name: stats[name] for name in ("high", "low", "volume", "volume_usd", "volume_notional", "price_change")},
    }


def book_summary(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_book_summary_by_currency and _by_instrument."""
    name = codec.text(sent, "instrument_name")
    if name is not None:
        return Outcome([book_summary_of(desk, desk.listed(name), now)])
    currency, kind = codec.choice(sent, "currency", CURRENCIES), codec.choice(sent, "kind", KINDS, "any")
    entries = desk.all_listed(currency) if kind in ("any", "future") else []
    return Outcome([book_summary_of(desk, entry, now) for entry in entries])


# ---------------------------------------------------------------------- books
def levels(desk: Desk, entry: Listing, most: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """Bids and asks, best first: price and amount."""
    bids, asks = desk.exchange.depth(entry.unified, most)

    def rows(side: list[tuple[int, int]]) -> list[list[Any]]:
        return [[desk.price(entry.unified, ticks), desk.amount(entry.unified, lots)] for ticks, lots in side]

    return rows(bids), rows(asks)


def order_book(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_order_book: a ticker with levels; ``depth`` 20 (*inferred*: 5 was the default of old)."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    bids, asks = levels(desk, entry, codec.count(sent, "depth", 20, 10_000))
    return Outcome(ticker_of(desk, entry, now) | {"bids": bids, "asks": asks, "change_id": now // MS})


# --------------------------------------------------------------------- trades
def print_of(desk: Desk, entry: Listing, one: Print) -> dict[str, Any]:
    """A trade as everybody sees it; the direction is that of who took. A trade of the account has the id of its fills,
    trades among others have ids of their own (*simplified*)."""
    row = desk.rows[entry.unified] * TRADE_ID_STEP
    number = PRINT_ID_BASE + row + one.number if one.trade_id is None else TRADE_ID_BASE + row + one.trade_id
    amount, mark = desk.amount(entry.unified, one.lots), desk.mark(entry)
    return {
        "trade_id": f"{entry.prefix}{number}",
        "trade_seq": one.number,
        "timestamp": one.time // MS,
        "tick_direction": 1,
        "price": desk.price(entry.unified, one.price),
        "mark_price": mark,
        "index_price": mark,
        "instrument_name": entry.id,
        "direction": one.taker,
        "contracts": tidy(amount / entry.contract),
        "amount": amount,
    }


def last_trades(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_last_trades_by_instrument, _by_currency and their _and_time."""
    name = codec.text(sent, "instrument_name")
    if name is not None:
        entries = [desk.listed(name)]
    else:
        entries = desk.all_listed(codec.choice(sent, "currency", CURRENCIES))
    count = codec.count(sent, "count", 10, 1000)
    start, end = codec.integer(sent, "start_timestamp"), codec.integer(sent, "end_timestamp")
    sorting = codec.choice(sent, "sorting", ("asc", "desc", "default"), "default")
    found = [
        (one.time, one.number, entry, one)
        for entry in entries
        for one in desk.exchange.prints(entry.unified)
        if (start is None or one.time // MS >= start) and (end is None or one.time // MS <= end)
    ]
    found.sort(key=lambda row: row[:2])
    earliest = sorting == "asc" or (sorting == "default" and start is not None)
    page = found[:count] if earliest else found[::-1][:count]
    told = [print_of(desk, entry, one) for _, _, entry, one in page]
    return Outcome({"trades": told, "has_more": len(found) > count})


def chart(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_tradingview_chart_data: candles of the trades that are kept."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    word = codec.choice(sent, "resolution", RESOLUTIONS)
    start, end = codec.integer(sent, "start_timestamp"), codec.integer(sent, "end_timestamp")
    if start is None or end is None:
        raise codec.invalid("start_timestamp" if start is None else "end_timestamp", "value required")
    length = (1440 if word == "1D" else int(word)) * 60_000
    names = ("ticks", "open", "high", "low", "close", "volume", "cost")
    told: dict[str, Any] = {name: [] for name in names}
    for one in desk.exchange.prints(entry.unified):
        stamp = one.time // MS // length * length
        if not start <= stamp <= end:
            continue
        price, amount = desk.price(entry.unified, one.price) or ZERO, desk.amount(entry.unified, one.lots)
        if not told["ticks"] or told["ticks"][-1] != stamp:
            for name, value in zip(names, (stamp, price, price, price, price, ZERO, ZERO), strict=True):
                told[name].append(value)
        told["high"][-1], told["low"][-1] = max(told["high"][-1], price), min(told["low"][-1], price)
        told["close"][-1] = price
        told["volume"][-1] += tidy((amount / price).quantize(Decimal("1e-8"))) if entry.inverse else amount
        told["cost"][-1] += amount if entry.inverse else amount * price
    return Outcome(told | {"status": "ok" if told["ticks"] else "no_data"})


# ---------------------------------------------------------- prices and rates
def index_price(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_index_price: the mark price of the first instrument with this index stands for it."""
    name = codec.needed(sent, "index_name")
    entry = next((one for one in desk.listings.values() if one.index == name), None)
    if entry is None:
        raise codec.invalid("index_name", "wrong value")
    mark = desk.mark(desk.know(entry))
    return Outcome({"index_price": mark, "estimated_delivery_price": mark})


def funding_value(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """public/get_funding_rate_value: of the past; here the rate of now."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    return Outcome(rounded(desk.exchange.funding_rate(entry.unified), 8) or ZERO)


def nothing(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """Lists of which the exchange keeps none: funding history, announcements."""
    return Outcome([])
