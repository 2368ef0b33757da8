"""Position endpoints: list, leverage, modes, take profit and stop loss of positions, isolated margin, closed profit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from outtrade_mocks.core import Position, Reject
from outtrade_mocks.core.orders import Side
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import codec, holdings, shapes, tickets
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.errors import refuse, translate
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.guards import INDEX, SIDE_OF, Wanted
from outtrade_mocks.venues.bybit.notes import Execution, Note
from outtrade_mocks.venues.bybit.queries import times
from outtrade_mocks.venues.bybit.reference import Listing
from outtrade_mocks.venues.bybit.trading import scope

MARGIN_MODES = ("REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN")
MOST_PARTIAL = 20
Params = Mapping[str, Any]


def contract(firm: Firm, params: Params) -> Listing:
    """The contract that a request is about; raises 10001 on spot."""
    category = firm.desk.category(dict(params))
    if category not in ("linear", "inverse"):
        raise refuse("illegal_category")
    return firm.desk.listed(category, params.get("symbol"))


def listing(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/position/list: of a symbol all its places, filled or not; of a settle coin those that are held."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    if category not in ("linear", "inverse"):
        if category == "option":
            return Outcome({"list": [], "nextPageCursor": "", "category": category}, now)
        raise refuse("illegal_category")
    symbol = codec.text(params, "symbol")
    entries = scope(firm, category, params, needs_one=category == "linear")
    view = desk.exchange.view(desk.account, as_of)
    rows = []
    for entry in entries:
        held = {INDEX[one.side]: one for one in view.positions(entry.unified)}
        places = ((1, 2) if desk.hedge else (0,)) if symbol is not None else sorted(held)
        for index in places:
            rows.append(holdings.position(desk, firm.guards, held.get(index), entry.unified, index))
    page, cursor = codec.page(params, rows, 20, 200)
    return Outcome({"list": page, "nextPageCursor": cursor, "category": category}, now)


# ------------------------------------------------------------------- settings
def set_leverage(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/set-leverage: whole numbers only (*simplified*: the venue takes steps of 0.01), the same for
    both sides."""
    params = call.raw.params
    entry = contract(firm, params)
    sent = [codec.required(params, name) for name in ("buyLeverage", "sellLeverage")]
    try:
        values = [Decimal(value) for value in sent]
    except InvalidOperation:
        raise refuse("params_named", "leverage invalid") from None
    if not all(value.is_finite() for value in values) or values[0] != values[1]:
        raise refuse("params_named", "buy leverage invalid")
    if values[0] != int(values[0]) or values[0] < 1:
        raise refuse("params_named", "buy leverage invalid")
    wanted = int(values[0])
    if wanted > int(Decimal(entry.raw["leverageFilter"]["maxLeverage"])):
        raise refuse("leverage_risk")
    if wanted == firm.desk.leverage(entry.unified):
        raise refuse("leverage_unchanged")
    try:
        firm.desk.exchange.set_leverage(firm.desk.account, entry.unified, wanted)
    except Reject as reject:
        raise refuse("leverage_risk") if reject.reason == "LEVERAGE" else translate(reject, spot=False) from None
    return Outcome({}, now)


def switch_isolated(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/switch-isolated: not for unified accounts, which set the mode of the whole account."""
    contract(firm, call.raw.params)
    raise refuse("unified_cannot")


def switch_mode(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/switch-mode: 0 one-way, 3 both sides (*simplified*: of the whole account, not per symbol)."""
    desk, params = firm.desk, call.raw.params
    if desk.category(params) != "linear":
        raise refuse("illegal_category")
    mode = codec.integer(params, "mode")
    if mode not in (0, 3):
        raise refuse("params_named", "mode invalid")
    scope(firm, "linear", params, needs_one=True)
    try:
        desk.exchange.set_position_mode(desk.account, hedge=mode == 3)
    except Reject as reject:
        if reject.reason == "NO_CHANGE":
            raise refuse("mode_unchanged") from None
        raise refuse("mode_orders" if "orders" in reject.detail else "mode_position") from None
    return Outcome({}, now)


def set_margin_mode(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/account/set-margin-mode, of all contracts; refused while one has a position or an open order (there is
    no portfolio margin here)."""
    desk = firm.desk
    mode = codec.required(call.raw.params, "setMarginMode")
    if mode not in MARGIN_MODES:
        raise refuse("params_named", "setMarginMode invalid")
    isolated = mode == "ISOLATED_MARGIN"
    if mode == "PORTFOLIO_MARGIN":
        raise _mode_failed("3400000", "Portfolio margin is not available for this account")
    if isolated == desk.isolated:
        return Outcome({"reasons": []}, now, message="Request accepted")
    entries = [entry for entry in desk.known() if not entry.spot]
    busy = {order.symbol for snapshots in desk.account.orders.values() if (order := snapshots[-1]).live}
    if any(entry.unified in busy for entry in entries) or desk.positions():
        raise _mode_failed("3400006", "There are open orders or positions")
    for entry in entries:
        desk.exchange.set_margin_mode(desk.account, entry.unified, isolated=isolated)
    desk.isolated = isolated
    return Outcome({"reasons": []}, now, message="Request accepted")


def _mode_failed(code: str, text: str) -> Exception:
    return refuse("margin_mode_failed", result={"reasons": [{"reasonCode": code, "reasonMsg": text}]})


def add_margin(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/add-margin: add (below 0: take) margin of an isolated position."""
    desk, params = firm.desk, call.raw.params
    entry = contract(firm, params)
    index = codec.integer(params, "positionIdx") or 0
    if index not in SIDE_OF:
        raise refuse("params_named", "positionIdx invalid")
    value = codec.required(params, "margin")
    atoms = codec.units(value.removeprefix("-"), 8)
    if not atoms:
        raise refuse("params_named", "margin invalid")
    sign = -1 if value.startswith("-") else 1
    try:
        desk.exchange.add_margin(desk.account, entry.unified, sign * atoms, side=SIDE_OF[index])
    except Reject as reject:
        names = {
            "NO_POSITION": "margin_position",
            "MARGIN_MODE": "cross_margin",
            "INSUFFICIENT_MARGIN": "margin_missing",
        }
        raise refuse(names.get(str(reject.reason), "parameter")) from None
    held = _held(firm, entry, index)
    data = holdings.position(desk, firm.guards, held, entry.unified, index)
    names_shown = (
        *("symbol", "positionIdx", "riskId", "riskLimitValue", "size", "positionValue", "avgPrice", "liqPrice"),
        *("bustPrice", "markPrice", "leverage", "autoAddMargin", "positionStatus", "positionIM", "positionMM"),
        *("unrealisedPnl", "cumRealisedPnl", "stopLoss", "takeProfit", "trailingStop", "createdTime", "updatedTime"),
    )
    return Outcome({"category": entry.category} | {name: data[name] for name in names_shown}, now)


def set_auto_add_margin(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/set-auto-add-margin: taken in isolated mode, but nothing is added by itself (*simplified*)."""
    contract(firm, call.raw.params)
    if codec.integer(call.raw.params, "autoAddMargin") not in (0, 1):
        raise refuse("params_named", "autoAddMargin invalid")
    if not firm.desk.isolated:
        raise refuse("isolated_only")
    return Outcome({}, now)


def _held(firm: Firm, entry: Listing, index: int) -> Position | None:
    portfolio = firm.desk.account.portfolio
    return None if portfolio is None else portfolio.position(entry.unified, SIDE_OF[index])


# --------------------------------------------------------------- trading stop
def trading_stop(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/position/trading-stop: take profit, stop loss and trailing stop of a position; 0 takes one off."""
    params = call.raw.params
    entry = contract(firm, params)
    index = codec.integer(params, "positionIdx") or 0
    if index not in SIDE_OF or (index > 0) != firm.desk.hedge:
        raise refuse("position_idx")
    mode = codec.text(params, "tpslMode") or "Full"
    if mode not in ("Full", "Partial"):
        raise refuse("params_named", "tpslMode invalid")
    held = _held(firm, entry, index)
    if held is None:
        raise refuse("zero_position")
    side: Side = "sell" if held.is_long else "buy"
    wanted = _wanted(entry, params)
    base = firm.desk.exchange.last_price(entry.unified) or firm.desk.mark(entry.unified)
    prices = {one.which: one.price for one in wanted}
    check = Note(take_profit=prices.get("tp"), stop_loss=prices.get("sl"))
    tickets.check_order_of_prices(check, base, "buy" if held.is_long else "sell")
    if mode == "Partial":
        _partial(firm, entry, params, index, side, held, wanted)
        return Outcome({}, now)
    if any(one.limit is not None for one in wanted):
        raise refuse("params_named", "tpOrderType and slOrderType must be Market in Full mode")
    changes = [one for one in wanted if not _stands(firm, entry, index, one)]
    if not changes:
        raise refuse("not_modified")
    for one in changes:
        firm.guards.set_full(entry.unified, index, side, one)
    return Outcome({}, now)


def _wanted(entry: Listing, params: Params) -> list[Wanted]:
    """The guards that a request names; a price of None takes one off."""
    wanted = []
    for which, name in (("tp", "takeProfit"), ("sl", "stopLoss")):
        if codec.text(params, name) is None:
            continue
        source = codec.text(params, f"{which}TriggerBy") or "LastPrice"
        if source not in tickets.SOURCES:
            raise refuse("params_named", f"{which}TriggerBy invalid")
        limit = None
        if (codec.text(params, f"{which}OrderType") or "Market") == "Limit":
            limit = tickets.ticks_of(entry, f"{which}LimitPrice", params)
            if limit is None:
                raise refuse("params_named", f"{which}LimitPrice is required")
        wanted.append(Wanted(which, tickets.ticks_of(entry, name, params), source, limit))
    if codec.text(params, "trailingStop") is not None:
        trail = tickets.ticks_of(entry, "trailingStop", params)
        active = tickets.ticks_of(entry, "activePrice", params) if trail is not None else None
        wanted.append(Wanted("ts", active, "LastPrice", None, trail))
    if not wanted:
        raise refuse("params_named", "takeProfit, stopLoss or trailingStop is required")
    return wanted


def _stands(firm: Firm, entry: Listing, index: int, one: Wanted) -> bool:
    """Whether a guard of the whole position stands as it is wanted."""
    before = firm.guards.of(entry.unified, index, one.which)
    if before is None or before.terms is None or before.terms.trigger is None:
        return one.price is None and one.trail is None
    trigger = before.terms.trigger
    return (trigger.price, trigger.trail_ticks, trigger.source) == (one.price, one.trail, tickets.SOURCES[one.source])


def _partial(
    firm: Firm, entry: Listing, params: Params, index: int, side: Side, held: Position, wanted: list[Wanted]
) -> None:
    """Add a pair for part of the position."""
    sizes = {name: codec.text(params, name) for name in ("tpSize", "slSize")}
    given = {value for value in sizes.values() if value is not None}
    if len(given) > 1:
        raise refuse("params_named", "tpSize and slSize must be equal")
    lots = abs(held.lots)
    if given:
        sent = codec.units(given.pop(), entry.size_decimals)
        lots, rest = (0, 1) if sent is None else divmod(sent, entry.step)
        if rest or not lots:
            raise refuse("params_named", "tpSize invalid")
        if lots > abs(held.lots):
            raise refuse("tpsl_size")
    wanted = [one for one in wanted if one.which != "ts" and one.price is not None]
    if not wanted:
        raise refuse("params_named", "takeProfit or stopLoss is required")
    if sum(1 for _ in firm.guards.standing(entry.unified, index)) >= MOST_PARTIAL:
        raise refuse("tpsl_limit")
    firm.guards.pair(entry.unified, index, side, wanted, lots)


# -------------------------------------------------------------- closed profit
def closed_pnl(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/position/closed-pnl: one row for each order that closed something, newest first."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    if category not in ("linear", "inverse"):
        raise refuse("illegal_category")
    wanted = {entry.unified for entry in scope(firm, category, params, needs_one=False)}
    start, end = times(params, now)
    by_order: dict[int, list[Execution]] = {}
    for each in desk.executions:
        if each.closed and each.fill.symbol in wanted and (as_of is None or each.fill.time <= as_of):
            by_order.setdefault(each.fill.order_id, []).append(each)
    rows = []
    for closing in reversed(by_order.values()):
        row = _closed(firm, closing)
        if start <= int(row["updatedTime"]) <= end:
            rows.append(row)
    page, cursor = codec.page(params, rows, 50, 100)
    return Outcome({"nextPageCursor": cursor, "category": category, "list": page}, now)


def _closed(firm: Firm, closing: list[Execution]) -> dict[str, Any]:
    desk, last = firm.desk, closing[-1]
    order, symbol = last.order, last.fill.symbol
    entry, asset = desk.listings[symbol], desk.listings[symbol].settle
    lots = sum(each.closed for each in closing)
    exit_value = sum(each.fill.quote * each.closed // each.fill.lots for each in closing)
    profit = sum(each.fill.realised for each in closing)
    fees = sum(each.fill.fee for each in closing)
    long = order.side == "sell"
    entry_value = exit_value - profit if long != entry.inverse else exit_value + profit
    row = shapes.order_row(desk, order)
    size = Decimal(desk.size(symbol, lots))

    def average(value: int) -> str:
        amount = desk.exchange.amount(asset, value)
        if not amount or not size:
            return "0"
        return codec.rounded(size / amount if entry.inverse else amount / size)

    return {
        "symbol": entry.id,
        "orderId": row["orderId"],
        "side": row["side"],
        "qty": row["qty"],
        "orderPrice": row["price"],
        "orderType": row["orderType"],
        "execType": shapes.execution_row(desk, last)["execType"],
        "closedSize": desk.size(symbol, lots),
        "cumEntryValue": desk.money(asset, entry_value),
        "avgEntryPrice": average(entry_value),
        "cumExitValue": desk.money(asset, exit_value),
        "avgExitPrice": average(exit_value),
        "closedPnl": desk.money(asset, profit - fees),
        "openFee": "0",
        "closeFee": desk.money(asset, fees),
        "fillCount": str(len(closing)),
        "leverage": str(desk.leverage(symbol)),
        "createdTime": row["createdTime"],
        "updatedTime": str(last.fill.time // MS),
    }
