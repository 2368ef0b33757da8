"""Queries of the account: orders, trades, balances, fees, the transaction log.

They are answered from a view, which may be of an earlier time (``as_of``): order/realtime shows open orders and, by id,
the last 500 closed ones; order/history the closed ones of up to two years, newest first, in pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Order, View
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import codec, holdings, shapes
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.desk import Execution, Outcome
from outtrade_mocks.venues.bybit.errors import VENUE, refuse
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.reference import Listing, fees_of
from outtrade_mocks.venues.bybit.trading import scope

CLOSED_SHOWN = 500
"""Closed orders that order/realtime still shows."""
WEEK = 7 * 86_400_000
Params = Mapping[str, Any]


@lru_cache(maxsize=4)
def _template(name: str) -> dict[str, Any]:
    result: dict[str, Any] = cassettes.load(VENUE, "account")[name].json()["result"]
    return result


def _view(firm: Firm, as_of: int | None) -> View:
    return firm.desk.exchange.view(firm.desk.account, as_of)


# --------------------------------------------------------------------- orders
def realtime(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/order/realtime."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    by_id = wire is not None or link is not None
    entries = scope(firm, category, params, needs_one=category != "spot" and not by_id)
    orders = _orders(firm, entries, as_of)
    if by_id:
        closed = [order for order in orders if not order.live][:CLOSED_SHOWN]
        orders = [order for order in orders if order.live] + closed
        orders = _named(firm, orders, wire, link)
    elif (codec.integer(params, "openOnly") or 0) >= 1:
        orders = [order for order in orders if not order.live][:CLOSED_SHOWN]
    else:
        orders = [order for order in orders if order.live]
    return _page(firm, category, params, _filtered(firm, params, orders), now)


def history(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/order/history."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    entries = scope(firm, category, params, needs_one=False)
    start, end = times(params, now)
    orders = [order for order in _orders(firm, entries, as_of) if not order.live]
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    if wire is not None or link is not None:
        orders = _named(firm, orders, wire, link)
    else:
        orders = [order for order in orders if start <= order.created // MS <= end]
    wanted = codec.text(params, "orderStatus")
    if wanted is not None:
        orders = [order for order in orders if desk.status(order) == wanted]
    return _page(firm, category, params, _filtered(firm, params, orders), now)


def _orders(firm: Firm, entries: list[Listing], as_of: int | None) -> list[Order]:
    """All orders in these symbols, newest first."""
    wanted = {entry.unified for entry in entries}
    return [order for order in reversed(_view(firm, as_of).all_orders()) if order.symbol in wanted]


def _named(firm: Firm, orders: list[Order], wire: str | None, link: str | None) -> list[Order]:
    desk = firm.desk
    if wire is not None:
        return [order for order in orders if desk.order_id(order.order_id) == wire]
    found = [order for order in orders if shapes.link_of(order, desk.note(order)) == link]
    return found[:1]


def _filtered(firm: Firm, params: Params, orders: list[Order]) -> list[Order]:
    """By ``orderFilter``, where one is sent."""
    wanted = codec.text(params, "orderFilter")
    if wanted is None:
        return orders
    return [order for order in orders if firm.desk.note(order).order_filter == wanted]


def _page(firm: Firm, category: str, params: Params, orders: list[Order], now: int) -> Outcome:
    rows, cursor = codec.page(params, orders, 20, 50)
    made = [shapes.order_row(firm.desk, order) for order in rows]
    return Outcome({"list": made, "nextPageCursor": cursor, "category": category}, now)


def times(params: Params, now: int) -> tuple[int, int]:
    """``startTime`` and ``endTime`` in ms; seven days where one or both are left out, and at most (10001)."""
    start, end = codec.integer(params, "startTime"), codec.integer(params, "endTime")
    if start is None:
        end = now // MS if end is None else end
        start = end - WEEK
    elif end is None:
        end = start + WEEK
    if end < start or end - start > WEEK:
        raise refuse("params_named", "the interval between the startTime and endTime is incorrect")
    return start, end


# --------------------------------------------------------------------- trades
def executions(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/execution/list."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wanted = {entry.unified for entry in scope(firm, category, params, needs_one=False)}
    start, end = times(params, now)
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    found: list[Execution] = []
    for each in reversed(desk.executions):
        fill = each.fill
        if fill.symbol not in wanted or (as_of is not None and fill.time > as_of):
            continue
        if not start <= fill.time // MS <= end:
            continue
        if wire is not None and desk.order_id(fill.order_id) != wire:
            continue
        if link is not None and shapes.link_of(each.order, desk.note(each.order)) != link:
            continue
        found.append(each)
    kind = codec.text(params, "execType")
    rows, cursor = codec.page(params, found, 50, 100)
    made = [shapes.execution_row(desk, each) for each in rows]
    if kind is not None:
        made = [row for row in made if row["execType"] == kind]
    return Outcome({"nextPageCursor": cursor, "category": category, "list": made}, now)


# ------------------------------------------------------------------- balances
def wallet_balance(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/wallet-balance."""
    params = call.raw.params
    if codec.required(params, "accountType") != "UNIFIED":
        raise refuse("params_named", "accountType only support UNIFIED.")
    coins = codec.text(params, "coin")
    only = None if coins is None else set(coins.split(","))
    balances = _view(firm, as_of).balances()
    for coin in only or ():
        if coin not in firm.desk.assets():
            raise refuse("unknown_coin")
        balances.setdefault(coin, (0, 0))
    return Outcome({"list": [holdings.wallet(firm.desk, balances, only)]}, now)


def coins_balance(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/asset/transfer/query-account-coins-balance: the unified account, or an empty funding account."""
    desk, params = firm.desk, call.raw.params
    kind = codec.required(params, "accountType")
    if kind not in ("UNIFIED", "FUND"):
        raise refuse("params_named", "accountType invalid")
    balances = _view(firm, as_of).balances()
    coins = codec.text(params, "coin")
    rows = []
    for asset in coins.split(",") if coins else desk.assets():
        free, locked = balances.get(asset, (0, 0)) if kind == "UNIFIED" else (0, 0)
        total = desk.money(asset, free + locked) if asset in desk.assets() else "0"
        left = desk.money(asset, free) if asset in desk.assets() else "0"
        rows.append({"coin": asset, "transferBalance": left, "walletBalance": total, "bonus": ""})
    return Outcome({"memberId": "1000001", "accountType": kind, "balance": rows}, now, message="success")


def coin_balance(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/asset/transfer/query-account-coin-balance: one coin of one account."""
    desk, params = firm.desk, call.raw.params
    kind, asset = codec.required(params, "accountType"), codec.required(params, "coin")
    if kind not in ("UNIFIED", "FUND"):
        raise refuse("params_named", "accountType invalid")
    if asset not in desk.assets():
        raise refuse("unknown_coin")
    free, locked = _view(firm, as_of).balances().get(asset, (0, 0)) if kind == "UNIFIED" else (0, 0)
    balance = {
        "coin": asset,
        "walletBalance": desk.money(asset, free + locked),
        "transferBalance": desk.money(asset, free),
        "bonus": "0",
        "transferSafeAmount": "",
        "ltvTransferSafeAmount": "",
    }
    return Outcome(
        {"accountType": kind, "bizType": 1, "accountId": "1000001", "memberId": "1000001", "balance": balance},
        now,
        message="success",
    )


def coins(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/asset/coin/query-info: the coins of the listed symbols, each with one chain."""
    wanted = codec.text(call.raw.params, "coin")
    chain = {
        "chainType": "",
        "confirmation": "1",
        "withdrawFee": "0",
        "depositMin": "0",
        "withdrawMin": "0",
        "chain": "",
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "minAccuracy": "8",
        "withdrawPercentageFee": "0",
        "contractAddress": "",
        "safeConfirmNumber": "1",
        "withdrawMax": "1000000",
    }
    rows = [
        {"name": asset, "coin": asset, "remainAmount": "0", "chains": [chain | {"chainType": asset, "chain": asset}]}
        for asset in firm.desk.assets()
        if wanted in (None, asset)
    ]
    return Outcome({"rows": rows}, now, message="success")


# -------------------------------------------------------------------- account
def fee_rate(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/fee-rate."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    rows = []
    for entry in scope(firm, category, params, needs_one=False):
        maker, taker = (codec.plain(fee) for fee in fees_of(entry, desk.fees))
        rows.append({"symbol": entry.id, "takerFeeRate": taker, "makerFeeRate": maker})
    return Outcome({"category": category, "list": rows}, now)


def info(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/info."""
    desk, windows = firm.desk, firm.protection.windows
    mode = "ISOLATED_MARGIN" if desk.isolated else "REGULAR_MARGIN"
    data = _template("account_info") | {"marginMode": mode, "updatedTime": desk.time(desk.epoch_ns)}
    if windows:
        data |= {"dcpStatus": "ON", "timeWindow": next(iter(windows.values()))}
    return Outcome(data, now)


def query_api(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/user/query-api."""
    return Outcome(_template("query_api") | {"apiKey": firm.credentials.key}, now, message="")


def dcp_info(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/query-dcp-info."""
    rows = [
        {"product": product, "dcpStatus": "ON", "timeWindow": str(seconds)}
        for product, seconds in firm.protection.windows.items()
    ]
    return Outcome({"dcpInfos": rows}, now, message="success")


def smp_group(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/smp-group."""
    return Outcome({"smpGroup": 0}, now, message="success")


def transaction_log(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/transaction-log: the account's trades (*simplified*: no funding, no transfers)."""
    desk, params = firm.desk, call.raw.params
    category, currency = codec.text(params, "category"), codec.text(params, "currency")
    start, end = times(params, now)
    rows = []
    for each in reversed(desk.executions):
        fill = each.fill
        entry = desk.listings[fill.symbol]
        if category not in (None, entry.category) or not start <= fill.time // MS <= end:
            continue
        if as_of is not None and fill.time > as_of:
            continue
        row = shapes.execution_row(desk, each)
        flow = fill.realised if not entry.spot else fill.quote * (-1 if fill.side == "buy" else 1)
        asset = entry.settle
        fee = fill.fee if fill.fee_asset == asset else 0
        if currency not in (None, asset):
            continue
        rows.append(
            {
                "id": f"1000001_{entry.id}_{desk.sequence(fill.time)}",
                "symbol": entry.id,
                "category": entry.category,
                "side": row["side"],
                "transactionTime": row["execTime"],
                "type": "TRADE",
                "transSubType": "",
                "qty": row["execQty"],
                "size": row["execQty"],
                "currency": asset,
                "tradePrice": row["execPrice"],
                "funding": "",
                "fee": desk.money(asset, fee),
                "cashFlow": desk.money(asset, flow),
                "change": desk.money(asset, flow - fee),
                "cashBalance": desk.money(asset, sum(_view(firm, fill.time).balances().get(asset, (0, 0)))),
                "feeRate": row["feeRate"],
                "bonusChange": "",
                "tradeId": row["execId"],
                "orderId": row["orderId"],
                "orderLinkId": row["orderLinkId"],
                "extraFees": "",
            }
        )
    page, cursor = codec.page(params, rows, 20, 50)
    return Outcome({"nextPageCursor": cursor, "list": page}, now)
