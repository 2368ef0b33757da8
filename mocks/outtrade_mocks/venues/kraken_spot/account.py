"""What the account is asked for: orders, trades, balances, the ledger.

Queries are answered from a view as of a time, which may lie back (``as_of``), because real queries lag. Histories come
newest first, 50 at a time (``ofs`` skips), within ``start`` (exclusive) and ``end`` (inclusive), which are UNIX times
or ids; ``count`` is that of all that fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from outtrade_mocks.core import Fill
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import shapes, tickets
from outtrade_mocks.venues.kraken_spot.auth import TOKEN_LIFE
from outtrade_mocks.venues.kraken_spot.codec import SECOND, integer, rescaled, switch
from outtrade_mocks.venues.kraken_spot.desk import Desk, Outcome
from outtrade_mocks.venues.kraken_spot.errors import refuse
from outtrade_mocks.venues.kraken_spot.reference import Listing
from outtrade_mocks.venues.kraken_spot.shapes import Seen

PAGE = 50
QUERIED_ORDERS, QUERIED_TRADES, QUERIED_ENTRIES = 50, 20, 20
Params = Mapping[str, str]
Item = TypeVar("Item")


# --------------------------------------------------------------------- orders
def _seen(desk: Desk, params: Params, as_of: int | None) -> list[Seen]:
    """All orders there were, oldest first, of a user reference or client id where one is asked for."""
    userref, name = params.get("userref"), params.get("cl_ord_id")
    wanted = tickets.reference(userref) if userref else None
    found = []
    for note in desk.notes.values():
        if (wanted is not None and note.userref != wanted) or (name and note.cl_ord_id != name):
            continue
        if as_of is None or note.created <= as_of:
            found.append(Seen(desk, note, as_of))
    return found


def open_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """OpenOrders."""
    trades = switch(call.params.get("trades"))
    found = [seen for seen in _seen(desk, call.params, as_of) if seen.open]
    return Outcome({"open": {seen.note.txid: shapes.order(desk, seen, trades=trades) for seen in reversed(found)}})


def closed_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """ClosedOrders: by the time of their end, or of their beginning (``closetime``)."""
    params = call.params
    which = params.get("closetime") or "both"
    if which not in ("open", "close", "both"):
        raise refuse("invalid_argument", "closetime")
    found = [seen for seen in _seen(desk, params, as_of) if not seen.open]
    found.sort(key=lambda seen: (seen.ended or 0, seen.note.core_id or 0))

    def moments(seen: Seen) -> tuple[int, ...]:
        times = {"open": (seen.note.created,), "close": (seen.ended or 0,)}
        return times.get(which) or (seen.note.created, seen.ended or 0)

    kept = _within(params, found, moments, lambda txid: _order_time(desk, txid))
    trades = switch(params.get("trades"))
    page = {seen.note.txid: shapes.order(desk, seen, trades=trades) for seen in _page(params, kept)}
    return Outcome({"closed": page} | _counted(params, kept))


def query_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """QueryOrders: by txid (up to 50), or by client id."""
    params = call.params
    txids = [one for one in params.get("txid", "").replace(" ", "").split(",") if one]
    trades = switch(params.get("trades"))
    if not txids:
        if not params.get("cl_ord_id") and not params.get("userref"):
            raise refuse("invalid_argument", "txid")
        found = _seen(desk, params, as_of)
        return Outcome({seen.note.txid: shapes.order(desk, seen, trades=trades) for seen in reversed(found)})
    if len(txids) > QUERIED_ORDERS:
        raise refuse("invalid_argument", "txid")
    result = {}
    for txid in txids:
        note = desk.notes.get(txid)
        if note is None or (as_of is not None and note.created > as_of):
            raise refuse("invalid_order")
        result[txid] = shapes.order(desk, Seen(desk, note, as_of), trades=trades)
    return Outcome(result)


def order_amends(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """OrderAmends: what an order was, and each amend of it."""
    note = desk.notes.get(call.params.get("order_id", ""))
    if note is None or (as_of is not None and note.created > as_of):
        raise refuse("invalid_order")
    listing, rows = note.listing, []
    for number, one in enumerate(note.amends):
        if as_of is not None and one.time > as_of:
            break
        row: dict[str, Any] = {
            "amend_id": one.amend_id,
            "amend_type": "user" if number else "original",
            "order_qty": shapes.volume(listing, one.lots),
            "remaining_qty": shapes.volume(listing, one.remaining),
            "post_only": one.post_only,
            "timestamp": one.time // 1_000_000,
        }
        if one.visible is not None:
            row["display_qty"] = shapes.volume(listing, one.visible)
        if one.price is not None:
            row["limit_price"] = shapes.price(listing, one.price)
        if one.trigger is not None:
            row["trigger_price"] = shapes.price(listing, one.trigger)
        rows.append(row)
    return Outcome({"count": len(rows), "amends": rows})


# --------------------------------------------------------------------- trades
def trades_history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """TradesHistory."""
    params = call.params
    kind = params.get("type") or "all"
    if kind not in ("all", "any position", "closed position", "closing position", "no position"):
        raise refuse("invalid_argument", "type")
    found = [] if kind not in ("all", "no position") else desk.exchange.view(desk.account, as_of).trades()
    kept = _within(params, found, lambda fill: (fill.time,), lambda txid: _trade_time(desk, txid))
    page = {desk.trade_id(fill): shapes.trade(desk, fill) for fill in _page(params, kept)}
    return Outcome({"trades": page} | _counted(params, kept))


def query_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """QueryTrades: by trade txid (up to 20)."""
    txids = [one for one in call.params.get("txid", "").replace(" ", "").split(",") if one]
    if not 0 < len(txids) <= QUERIED_TRADES:
        raise refuse("invalid_argument", "txid")
    result = {}
    for txid in txids:
        fill = desk.trades.get(txid)
        if fill is None or (as_of is not None and fill.time > as_of):
            raise refuse("invalid_argument", "txid")
        result[txid] = shapes.trade(desk, fill)
    return Outcome(result)


# --------------------------------------------------------------------- ledger
def ledgers(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Ledgers, of some assets or of one type."""
    params = call.params
    kind = params.get("type") or "all"
    wanted = {desk.book.asset(name) for name in params.get("asset", "all").split(",") if name and name != "all"}
    if None in wanted:
        raise refuse("unknown_asset")
    found = [
        entry
        for entry in desk.ledger.entries.values()
        if (as_of is None or entry.time <= as_of)
        and (not wanted or entry.asset in wanted)
        and kind in ("all", entry.type)
    ]
    kept = _within(params, found, lambda entry: (entry.time,), lambda one: _entry_time(desk, one))
    page = {entry.id: shapes.booking(desk, entry) for entry in _page(params, kept)}
    return Outcome({"ledger": page} | _counted(params, kept))


def query_ledgers(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """QueryLedgers: by id (up to 20)."""
    ids = [one for one in call.params.get("id", "").replace(" ", "").split(",") if one]
    found = [desk.ledger.entries.get(one) for one in ids]
    if not 0 < len(ids) <= QUERIED_ENTRIES or any(
        entry is None or (as_of is not None and entry.time > as_of) for entry in found
    ):
        raise refuse("invalid_argument", "id")
    return Outcome({entry.id: shapes.booking(desk, entry) for entry in found if entry is not None})


# ---------------------------------------------------------------------- pages
def _within(
    params: Params, items: Sequence[Item], times: Callable[[Item], tuple[int, ...]], of_id: Callable[[str], int | None]
) -> list[Item]:
    """Those between start and end; an item with two times fits where either does."""
    start, end = _bound(params, "start", of_id), _bound(params, "end", of_id)
    return [
        item
        for item in items
        if any((start is None or time > start) and (end is None or time <= end) for time in times(item))
    ]


def _bound(params: Params, name: str, of_id: Callable[[str], int | None]) -> int | None:
    """``start`` or ``end`` in ns: a UNIX time (0 and absent: none), or the time of what an id names."""
    text = params.get(name)
    if not text or text == "0":
        return None
    time = of_id(text)
    if time is not None:
        return time
    try:
        return int(Decimal(text) * SECOND) if text.replace(".", "", 1).isdecimal() and len(text) < 25 else _bad(name)
    except ArithmeticError:
        return _bad(name)


def _bad(name: str) -> int:
    raise refuse("invalid_argument", name)


def _page(params: Params, items: list[Item]) -> list[Item]:
    text = params.get("ofs") or "0"
    try:
        skipped = integer(text)
    except ValueError:
        skipped = -1
    if skipped < 0:
        raise refuse("invalid_argument", "ofs")
    return items[::-1][skipped : skipped + PAGE]


def _counted(params: Params, items: Sequence[object]) -> dict[str, int]:
    return {} if switch(params.get("without_count")) else {"count": len(items)}


def _order_time(desk: Desk, txid: str) -> int | None:
    note = desk.notes.get(txid)
    return None if note is None else note.created


def _trade_time(desk: Desk, txid: str) -> int | None:
    fill: Fill | None = desk.trades.get(txid)
    return None if fill is None else fill.time


def _entry_time(desk: Desk, one: str) -> int | None:
    entry = desk.ledger.entries.get(one)
    return None if entry is None else entry.time


# ------------------------------------------------------------------- balances
def _balances(desk: Desk, as_of: int | None) -> dict[str, tuple[int, int]]:
    """Kraken's code -> free and held atoms, of every asset that was ever owned."""
    held = desk.exchange.view(desk.account, as_of).balances()
    return {asset: held[asset] for asset in desk.book.held if asset in held}


def balance(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Balance: what is owned, free and on hold together."""
    found = _balances(desk, as_of).items()
    return Outcome({desk.book.asset_id(asset): desk.balance_text(asset, free + held) for asset, (free, held) in found})


def balance_ex(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """BalanceEx: the same, and what open orders hold of it."""
    return Outcome(
        {
            desk.book.asset_id(asset): {
                "balance": desk.balance_text(asset, free + held),
                "hold_trade": desk.balance_text(asset, held),
            }
            for asset, (free, held) in _balances(desk, as_of).items()
        }
    )


def trade_balance(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """TradeBalance: what all of it is worth in one asset, at mid prices; nothing is ever borrowed."""
    asset = desk.book.asset(call.params.get("asset") or "ZUSD")
    if asset is None:
        raise refuse("unknown_asset")
    total = Decimal(0)
    for one, (free, held) in _balances(desk, as_of).items():
        total += desk.exchange.amount(one, free + held) * (_rate(desk, one, asset) or 0)
    worth = f"{total:.4f}"
    return Outcome(
        {"eb": worth, "tb": worth, "m": "0.0000", "uv": "0.0000", "n": "0.0000", "c": "0.0000", "v": "0.0000",
         "e": worth, "mf": worth}
    )  # fmt: skip


def _rate(desk: Desk, asset: str, wanted: str) -> Decimal | None:
    """What one unit of an asset is worth, directly, the other way round, or over bitcoin."""
    if asset == wanted:
        return Decimal(1)
    direct = _mid(desk, asset, wanted)
    if direct is not None or "BTC" in (asset, wanted):
        return direct
    first, second = _mid(desk, asset, "BTC"), _mid(desk, "BTC", wanted)
    return None if first is None or second is None else first * second


def _mid(desk: Desk, base: str, quote: str) -> Decimal | None:
    if f"{base}/{quote}" in desk.book.listings:
        return desk.exchange.mid(desk.open(desk.book.listings[f"{base}/{quote}"]).unified)
    reverse = desk.book.listings.get(f"{quote}/{base}")
    mid = None if reverse is None else desk.exchange.mid(desk.open(reverse).unified)
    return 1 / mid if mid else None


def positions(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """OpenPositions: there is no margin trading here."""
    return Outcome([] if call.params.get("consolidation") else {})


def trade_volume(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """TradeVolume: 30-day volume in USD (0 without fee tiers), and the fees of the pairs that are asked for."""
    listings = [desk.listed(name) for name in call.params.get("pair", "").split(",") if name]
    atoms = desk.exchange.tariffs.volume(desk.account, "USD", now) if desk.tiered else 0
    volume = rescaled(atoms, desk.exchange.precisions.get("USD", 4), 4)
    result: dict[str, Any] = {"currency": "ZUSD", "volume": volume}
    if listings:
        result["fees"] = {one.id: _fee(desk, one, Decimal(volume), maker=False) for one in listings}
        result["fees_maker"] = {one.id: _fee(desk, one, Decimal(volume), maker=True) for one in listings}
    return Outcome(result)


def _fee(desk: Desk, listing: Listing, volume: Decimal, *, maker: bool) -> dict[str, Any]:
    rows = fee_rows(desk, maker=maker)
    number = max(index for index, (least, _) in enumerate(rows) if volume >= least)
    after = rows[number + 1] if number + 1 < len(rows) else None
    return {
        "fee": f"{rows[number][1]:.4f}",
        "minfee": f"{rows[-1][1]:.4f}",
        "maxfee": f"{rows[0][1]:.4f}",
        "nextfee": None if after is None else f"{after[1]:.4f}",
        "tiervolume": f"{rows[number][0]:.4f}",
        "nextvolume": None if after is None else f"{after[0]:.4f}",
    }


def fee_rows(desk: Desk, *, maker: bool) -> list[tuple[int, Decimal]]:
    """(volume from which it holds, fee in percent) of the schedule in force, lowest volume first."""
    rates = ((int(tier.volume), tier.rates.maker if maker else tier.rates.taker) for tier in desk.schedule.tiers)
    return [(volume, rate * 100) for volume, rate in rates]


def token(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GetWebSocketsToken."""
    return Outcome({"token": desk.keeper.issue(now), "expires": TOKEN_LIFE})
