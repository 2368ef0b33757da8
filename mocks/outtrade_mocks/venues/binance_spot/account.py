"""Account endpoints: queries of orders, trades, balances, fees and limits.

Queries are answered from a view, which may be of an earlier time (``as_of``): real queries come from memory and
database, not from the matching engine, and lag behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from outtrade_mocks.core import Reject
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_codec import money
from outtrade_mocks.venues.binance_spot import shapes
from outtrade_mocks.venues.binance_spot.desk import MS, ORDER_ID_BASE, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import refuse, translate
from outtrade_mocks.venues.binance_spot.trading import discount, identify
from outtrade_mocks.venues.binance_spot.wallet import template

DAY_MS = 86_400_000
DEFAULT_LIMIT, MOST = 500, 1000
TRADE_COMBINATIONS = frozenset(
    frozenset(names)
    for names in (
        (),
        ("orderId",),
        ("startTime",),
        ("endTime",),
        ("fromId",),
        ("startTime", "endTime"),
        ("orderId", "fromId"),
    )
)
"""Which optional parameters of myTrades may stand together (rest-api.md, Account trade list)."""


# ------------------------------------------------------------------- orders
def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/order."""
    listing = desk.listed(codec.mandatory(call.params, "symbol"))
    number, name = identify(call.params)
    view = desk.exchange.view(desk.account, as_of)
    try:
        if number is None:
            order = view.order(listing.unified, client_id=name)
        else:
            order = view.order(listing.unified, order_id=desk.core_id(number))
            if name is not None and name not in (order.client_id, order.created_as):
                raise refuse("client_id_mismatch")
    except Reject as reject:
        raise translate(reject) from None
    return Outcome(shapes.query(desk, order), now)


def open_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/openOrders, of one symbol or of all."""
    name = codec.optional(call.params, "symbol")
    unified = None if name is None else desk.listed(name).unified
    orders = desk.exchange.view(desk.account, as_of).open_orders(unified)
    return Outcome([shapes.query(desk, order) for order in orders], now)


def all_orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/allOrders: from ``orderId`` on, or within times (at most 24 hours), else the latest."""
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    first = codec.optional_integer(params, "orderId")
    start, end = _times(params)
    most = codec.limit(params, DEFAULT_LIMIT, MOST)
    orders = desk.exchange.view(desk.account, as_of).all_orders(listing.unified)
    if first is not None:
        orders = [order for order in orders if ORDER_ID_BASE + order.order_id >= first]
    if start is not None:
        orders = [order for order in orders if order.created // MS >= start]
    if end is not None:
        orders = [order for order in orders if order.created // MS <= end]
    orders = orders[:most] if first is not None or start is not None else orders[-most:]
    return Outcome([shapes.query(desk, order) for order in orders], now)


def my_trades(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/myTrades: from ``fromId`` on, of one order, or within times, else the latest."""
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    number, first = codec.optional_integer(params, "orderId"), codec.optional_integer(params, "fromId")
    start, end = _times(params)
    given = {"orderId": number, "fromId": first, "startTime": start, "endTime": end}
    if frozenset(name for name, value in given.items() if value is not None) not in TRADE_COMBINATIONS:
        raise refuse("bad_combination")
    most = codec.limit(params, DEFAULT_LIMIT, MOST)
    order_id = None if number is None else desk.core_id(number)
    fills = desk.exchange.view(desk.account, as_of).trades(listing.unified, order_id=order_id)
    if first is not None:
        fills = [fill for fill in fills if TRADE_ID_BASE + fill.trade_id >= first]
    if start is not None:
        fills = [fill for fill in fills if fill.time // MS >= start]
    if end is not None:
        fills = [fill for fill in fills if fill.time // MS <= end]
    fills = fills[:most] if first is not None or start is not None else fills[-most:]
    return Outcome([shapes.trade(desk, fill) for fill in fills], now)


def _times(params: Mapping[str, str]) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime`` in ms; -1127 beyond 24 hours."""
    start, end = codec.optional_integer(params, "startTime"), codec.optional_integer(params, "endTime")
    if start is not None and end is not None and end - start > DAY_MS:
        raise refuse("lookup_interval", 24)
    return start, end


def amendments(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/order/amendments: the amends of one order, oldest first."""
    params = call.params
    listing = desk.listed(codec.mandatory(params, "symbol"))
    number = codec.integer("orderId", codec.mandatory(params, "orderId"))
    first = codec.optional_integer(params, "fromExecutionId") or 0
    most = codec.limit(params, DEFAULT_LIMIT, MOST)
    found = [
        shapes.amendment(desk, execution, before, order)
        for execution, before, order in desk.amends.get(desk.core_id(number), ())
        if execution >= first and order.symbol == listing.unified and (as_of is None or order.updated <= as_of)
    ]
    return Outcome(found[:most], now)


# ------------------------------------------------------------------ account
def account(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/account."""
    omit_zero = codec.boolean(call.params, "omitZeroBalances")
    held = desk.exchange.view(desk.account, as_of).balances()
    base = template("account")
    maker, taker = desk.fees
    data = base | {
        "makerCommission": int(maker * 10_000),
        "takerCommission": int(taker * 10_000),
        "commissionRates": base["commissionRates"] | {"maker": f"{maker:.8f}", "taker": f"{taker:.8f}"},
        "updateTime": (desk.updated_ns if as_of is None else min(desk.updated_ns, as_of)) // MS,
        "balances": [
            {"asset": asset, "free": money(free), "locked": money(locked)}
            for asset in desk.assets()
            for free, locked in (held.get(asset, (0, 0)),)
            if free or locked or not omit_zero
        ],
    }
    return Outcome(data, now)


def order_counts(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/rateLimit/order."""
    return Outcome(desk.limits.order_counts(now), now)


def commission(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/account/commission: the rates of a symbol, in full and in BNB."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    maker, taker = (f"{fee:.8f}" for fee in desk.fees_of(entry))
    none = {"maker": money(0), "taker": money(0), "buyer": money(0), "seller": money(0)}
    data = {
        "symbol": entry.id,
        "standardCommission": none | {"maker": maker, "taker": taker},
        "specialCommission": none,
        "taxCommission": none,
        "discount": discount(desk),
    }
    return Outcome(data, now)


def prevented_matches(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/myPreventedMatches: one by its id, or those of an order, from ``fromPreventedMatchId`` on."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    number, order = codec.optional_integer(params, "preventedMatchId"), codec.optional_integer(params, "orderId")
    first = codec.optional_integer(params, "fromPreventedMatchId") or 0
    if (number is None) == (order is None):
        raise refuse("bad_combination")
    found = [
        shapes.prevention(desk, one)
        for one in desk.account.preventions
        if one.symbol == entry.unified
        and (as_of is None or one.time <= as_of)
        and (one.number == number if order is None else desk.core_id(order) in (one.taker_id, one.maker_id))
        and one.number >= first
    ]
    return Outcome(found[: codec.limit(params, DEFAULT_LIMIT, MOST)], now)


def allocations(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/myAllocations: what smart order routing allotted; there is none here."""
    desk.listed(codec.mandatory(call.params, "symbol"))
    return Outcome([], now)


def filters(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v3/myFilters: the filters of a symbol that hold for the account: all of them."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    data = {"exchangeFilters": [], "symbolFilters": entry.raw["filters"], "assetFilters": []}
    return Outcome(data | {"rateLimits": desk.limits.told(now, orders=True)}, now)
