"""What the account holds, as queries and channels show it: balances, positions, bills.

One account serves spot and swaps: a currency's equity is what lies in it, the profit of its positions, and the margin
of isolated ones. ``availBal`` and ``availEq`` are what may be used for new orders (not below 0), ``frozenBal`` the
rest. Values in USD take the reference prices of the listed markets; where there is none they are 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill, Position
from outtrade_mocks.core.contracts import entry_price, unrealised, worth
from outtrade_mocks.venues.okx import shapes
from outtrade_mocks.venues.okx.codec import MS, ms
from outtrade_mocks.venues.okx.desk import POS_ID_BASE, TRADE_ID_BASE, Desk, Funding
from outtrade_mocks.venues.witness import plain

_DETAIL = (
    "accAvgPx", "borrowFroz", "clSpotInUseAmt", "crossLiab", "interest", "isoLiab", "liab", "maxLoan", "maxSpotInUse",
    "maxSpotInUseAmt", "mgnRatio", "openAvgPx", "spotBal", "spotInUseAmt", "spotUpl", "spotUplRatio", "totalPnl",
    "totalPnlRatio", "uplLiab",
)  # fmt: skip
_TOTAL = (
    "adjEq", "availEq", "borrowFroz", "imr", "mgnRatio", "mmr", "notionalUsd", "notionalUsdForBorrow",
    "notionalUsdForFutures", "notionalUsdForOption", "notionalUsdForSwap", "ordFroz", "upl", "delta", "deltaLever",
    "deltaNeutralStatus",
)  # fmt: skip
ROUND = Decimal("1E-8")


def _usd(value: Decimal) -> str:
    return plain(value.quantize(ROUND).normalize()) if value else "0"


def detail(
    desk: Desk, asset: str, free: int, locked: int, positions: Sequence[Position], updated: int, *, current: bool
) -> dict[str, Any]:
    """One currency. ``current``: as it is now, margin of open orders included; else of an earlier time, without it."""
    exchange = desk.exchange
    profit = isolated_profit = isolated = required = maintenance = 0
    for position in positions:
        entry = desk.listings[position.symbol]
        if entry.settle != asset:
            continue
        gain = _profit(desk, position)
        if position.isolated:
            isolated, isolated_profit = isolated + position.margin, isolated_profit + gain
        else:
            profit += gain
            required += -(-_value(desk, position) // position.leverage)
            maintenance += _maintenance(desk, position)
    for_orders = 0
    if current and desk.account.portfolio is not None:
        for_orders = exchange.margin(desk.account, asset).orders
    cash = free + locked
    equity = cash + profit + isolated + isolated_profit
    available = max(0, free + profit - required - for_orders)
    price = desk.usd(asset)

    def text(atoms: int) -> str:
        return desk.money(asset, atoms) if atoms else "0"

    return dict.fromkeys(_DETAIL, "") | {
        "autoLendStatus": "unsupported",
        "autoLendMtAmt": "0",
        "availBal": text(available),
        "availEq": text(available),
        "cashBal": text(cash),
        "ccy": asset,
        "coinUsdPrice": _usd(price),
        "colBorrAutoConversion": "0",
        "colRes": "0",
        "collateralEnabled": False,
        "collateralRestrict": False,
        "disEq": _usd(exchange.amount(asset, equity) * price),
        "eq": text(equity),
        "eqUsd": _usd(exchange.amount(asset, equity) * price),
        "fixedBal": "0",
        "frozenBal": text(max(0, equity - available)),
        "frpType": "0",
        "imr": text(required + for_orders),
        "isoEq": text(isolated + isolated_profit),
        "isoUpl": text(isolated_profit),
        "mgnRatio": plain((Decimal(free + profit) / maintenance).quantize(ROUND)) if maintenance else "",
        "mmr": text(maintenance),
        "notionalLever": "0",
        "ordFrozen": text(locked + for_orders),
        "rewardBal": "0",
        "smtSyncEq": "0",
        "spotCopyTradingEq": "0",
        "spotIsoBal": "0",
        "stgyEq": "0",
        "twap": "0",
        "uTime": ms(updated),
        "upl": text(profit),
    }


def balance(desk: Desk, as_of: int | None = None, assets: frozenset[str] | None = None) -> dict[str, Any]:
    """The account's balance (account/balance, the account channel), of some currencies or all that were ever held."""
    view = desk.exchange.view(desk.account, as_of)
    positions = view.positions()
    details, total, isolated, latest = [], Decimal(0), Decimal(0), desk.epoch_ns
    for asset, (free, locked) in view.balances().items():
        if assets is not None and asset not in assets:
            continue
        changed = desk.account.balances[asset].past[::3]
        updated = changed[bisect_right(changed, view.as_of) - 1]
        latest = max(latest, updated)
        one = detail(desk, asset, free, locked, positions, updated, current=as_of is None)
        total += Decimal(one["eqUsd"])
        isolated += Decimal(one["isoEq"]) * desk.usd(asset)
        details.append(one)
    return dict.fromkeys(_TOTAL, "") | {
        "details": details,
        "isoEq": _usd(isolated),
        "totalEq": _usd(total),
        "uTime": ms(latest),
    }


def changed_balance(desk: Desk, balances: Sequence[tuple[str, int, int]], time: int) -> dict[str, Any]:
    """What the account channel tells of changed balances, (asset, free, locked) each; totals are the account's."""
    positions = desk.exchange.view(desk.account).positions()
    details = [detail(desk, asset, free, locked, positions, time, current=True) for asset, free, locked in balances]
    return balance(desk) | {"details": details, "uTime": ms(time)}


# ---------------------------------------------------------------- positions
def _mark(desk: Desk, position: Position) -> int | None:
    return desk.exchange.mark_price(position.symbol)


def _profit(desk: Desk, position: Position) -> int:
    mark = _mark(desk, position)
    if mark is None or not position.lots:
        return 0
    return unrealised(desk.exchange.instrument(position.symbol), position.lots, position.carried, mark)


def _value(desk: Desk, position: Position) -> int:
    mark = _mark(desk, position)
    if mark is None:
        return abs(position.carried)
    return abs(worth(desk.exchange.instrument(position.symbol), position.lots, mark))


def _maintenance(desk: Desk, position: Position) -> int:
    tiers = desk.exchange.instrument(position.symbol).tiers
    assert tiers is not None
    return tiers.maintenance(_value(desk, position))


def position_id(desk: Desk, position: Position) -> str:
    """``posId``: that of a side of an instrument."""
    number = list(desk.listings).index(position.symbol) * 3 + ("net", "long", "short").index(position.side)
    return str(POS_ID_BASE + number)


_POSITION = (
    "baseBal", "baseBorrowed", "baseInterest", "bizRefId", "bizRefType", "clSpotInUseAmt", "deltaBS", "deltaPA",
    "gammaBS", "gammaPA", "interest", "liab", "liabCcy", "maxSpotInUseAmt", "nonSettleAvgPx", "optVal",
    "pendingCloseOrdLiabVal", "posCcy", "quoteBal", "quoteBorrowed", "quoteInterest", "settledPnl", "spotInUseAmt",
    "spotInUseCcy", "thetaBS", "thetaPA", "vegaBS", "vegaPA",
)  # fmt: skip


def position(desk: Desk, held: Position, *, liquidation: bool = True) -> dict[str, Any]:
    """A position (account/positions, the positions channel). ``liquidation``: whether ``liqPx`` may be worked out,
    which is true of the present only."""
    entry, exchange = desk.listings[held.symbol], desk.exchange
    rules = exchange.instrument(held.symbol)
    asset, mark = entry.settle, _mark(desk, held)
    average = entry_price(rules, held.lots, held.carried)
    gain, value = _profit(desk, held), _value(desk, held)
    initial = -(-value // held.leverage)
    invested = held.margin if held.isolated else abs(held.carried) // held.leverage
    maintenance = _maintenance(desk, held) if held.lots else 0
    mark_text = desk.price(held.symbol, mark)
    price = exchange.liquidation_price(desk.account, held.symbol, held.side) if liquidation and held.lots else None

    def text(atoms: int) -> str:
        return desk.money(asset, atoms) if atoms else "0"

    backing = held.margin + gain if held.isolated else desk.account.balance(asset).free + gain
    closing = (held.side == "net" and desk.size(held.symbol, abs(held.lots))) or desk.size(held.symbol, abs(held.lots))
    sign = "-" if held.side == "net" and held.lots < 0 else ""
    return dict.fromkeys(_POSITION, "") | {
        "adl": "1" if held.lots else "0",
        "availPos": closing if held.side != "net" else "",
        "avgPx": "" if average is None else _fraction(average),
        "bePx": "" if average is None else _fraction(average),
        "cTime": ms(held.opened),
        "ccy": asset,
        "closeOrderAlgo": [],
        "fee": text(-held.fees),
        "fundingFee": text(held.funding),
        "hedgedPos": "",
        "idxPx": mark_text,
        "imr": "" if held.isolated else text(initial),
        "instId": entry.id,
        "instType": entry.type,
        "last": mark_text,
        "lever": str(held.leverage),
        "liqPenalty": text(desk.bookings.fees(held.symbol, held.opened, held.updated)),
        "liqPx": ""
        if price is None
        else _fraction(price * entry.tick.as_integer_ratio()[0] / entry.tick.as_integer_ratio()[1]),
        "margin": text(held.margin) if held.isolated else "",
        "markPx": mark_text,
        "mgnMode": "isolated" if held.isolated else "cross",
        "mgnRatio": plain((Decimal(backing) / maintenance).quantize(ROUND)) if maintenance else "",
        "mmr": text(maintenance),
        "notionalUsd": _usd(exchange.amount(asset, value) * desk.usd(asset)),
        "pnl": text(held.realised),
        "pos": sign + closing,
        "posId": position_id(desk, held),
        "posSide": held.side,
        "realizedPnl": text(held.realised - held.fees + held.funding),
        "tradeId": _last_trade(desk, held),
        "uTime": ms(held.updated),
        "upl": text(gain),
        "uplLastPx": text(gain),
        "uplRatio": plain((Decimal(gain) / invested).quantize(ROUND)) if invested else "0",
        "uplRatioLastPx": plain((Decimal(gain) / invested).quantize(ROUND)) if invested else "0",
        "usdPx": _usd(desk.usd(asset)),
    }


def _fraction(value: Any) -> str:
    return plain((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("1E-10")).normalize())


def _last_trade(desk: Desk, held: Position) -> str:
    for fill in reversed(desk.account.fills):
        if fill.symbol == held.symbol and fill.time <= held.updated:
            return str(TRADE_ID_BASE + fill.trade_id)
    return ""


def closed(desk: Desk, snapshots: Sequence[Position], *, since: int) -> list[dict[str, Any]]:
    """The closed positions of one side of an instrument (account/positions-history)."""
    found, life = [], list[Position]()
    for held in snapshots:
        if not life and not held.lots:
            continue
        life.append(held)
        if held.lots == 0:
            if held.updated >= since:
                found.append(_closed(desk, life))
            life = []
    return found


def _closed(desk: Desk, life: Sequence[Position]) -> dict[str, Any]:
    last, first = life[-1], life[0]
    entry, asset = desk.listings[last.symbol], desk.listings[last.symbol].settle
    rules = desk.exchange.instrument(last.symbol)
    most = max(life, key=lambda one: abs(one.lots))
    average = entry_price(rules, most.lots, most.carried)
    closing = [
        fill
        for fill in desk.account.fills
        if fill.symbol == last.symbol
        and first.updated <= fill.time <= last.updated
        and (fill.side == "sell") == (most.lots > 0)
    ]

    def text(atoms: int) -> str:
        return desk.money(asset, atoms) if atoms else "0"

    total = last.realised - last.fees + last.funding
    invested = abs(most.carried) // last.leverage
    return {
        "cTime": ms(last.opened),
        "ccy": asset,
        "closeAvgPx": shapes.average(entry, closing),
        "closeTotalPos": desk.size(last.symbol, sum(fill.lots for fill in closing)),
        "direction": "long" if most.lots > 0 else "short",
        "fee": text(-last.fees),
        "fundingFee": text(last.funding),
        "instId": entry.id,
        "instType": entry.type,
        "lever": str(last.leverage),
        "liqPenalty": text(desk.bookings.fees(last.symbol, first.opened, last.updated)),
        "mgnMode": "isolated" if last.isolated else "cross",
        "nonSettleAvgPx": "",
        "openAvgPx": "" if average is None else _fraction(average),
        "openMaxPos": desk.size(last.symbol, abs(most.lots)),
        "pnl": text(last.realised),
        "pnlRatio": plain((Decimal(total) / invested).quantize(ROUND)) if invested else "0",
        "posId": position_id(desk, last),
        "posSide": last.side,
        "realizedPnl": text(total),
        "settledPnl": "",
        "triggerPx": "",
        "type": _ended_by(desk, closing),
        "uTime": ms(last.updated),
        "uly": entry.family,
    }


def _ended_by(desk: Desk, closing: Sequence[Fill]) -> str:
    """``type`` of a closed position: 2 by its owner, 3 by liquidation, 5 by deleveraging."""
    terms = desk.account.orders[closing[-1].order_id][-1].terms if closing else None
    return {"liquidation": "3", "adl": "5"}.get("" if terms is None else terms.forced, "2")


# -------------------------------------------------------------------- bills
_BILL = (
    "clOrdId", "earnAmt", "earnApr", "execType", "fillFwdPx", "fillIdxPx", "fillMarkPx", "fillMarkVol", "fillPxUsd",
    "fillPxVol", "fillTime", "from", "mgnMode", "notes", "ordId", "px", "sz", "tag", "to", "tradeId",
)  # fmt: skip


def funding_bill(desk: Desk, number: int, paid: Funding) -> dict[str, Any]:
    """A funding payment (account/bills, type 8): subType 173 was paid, 174 received."""
    entry = desk.listings[paid.symbol]
    change = desk.money(entry.settle, paid.atoms)
    after = sum(desk.account.balance(entry.settle).at(paid.time) or (0, 0))
    return dict.fromkeys(_BILL, "") | {
        "bal": desk.money(entry.settle, after),
        "balChg": "0" if paid.isolated else change,
        "billId": str(number),
        "ccy": entry.settle,
        "fee": "0",
        "instId": entry.id,
        "instType": entry.type,
        "interest": "0",
        "mgnMode": "isolated" if paid.isolated else "cross",
        "pnl": change,
        "posBal": "0",
        "posBalChg": change if paid.isolated else "0",
        "px": desk.price(paid.symbol, desk.exchange.mark_price(paid.symbol)),
        "subType": "174" if paid.atoms > 0 else "173",
        "sz": desk.size(paid.symbol, abs(paid.lots)),
        "ts": ms(paid.time),
        "type": "8",
    }


def bill(desk: Desk, number: int, fill: Fill) -> dict[str, Any]:
    """What a trade did to the balance of its currency (account/bills, type 2). The balance after it is that of the
    trade's time."""
    entry, note = desk.listing(fill), desk.note(fill)
    asset = entry.settle if entry.swap else entry.base if fill.side == "buy" else entry.quote
    if entry.swap:
        change = fill.realised - (fill.fee if fill.fee_asset == asset else 0)
    else:
        received = fill.lots * desk.exchange.instrument(fill.symbol).lot_atoms if fill.side == "buy" else fill.quote
        change = received - (fill.fee if fill.fee_asset == asset else 0)
    after = sum(desk.account.balance(asset).at(fill.time) or (0, 0))
    held = shapes.position_side(entry, desk.account.orders[fill.order_id][0])

    def text(atoms: int) -> str:
        return desk.money(asset, atoms) if atoms else "0"

    return dict.fromkeys(_BILL, "") | {
        "bal": text(after),
        "balChg": text(change),
        "billId": str(number),
        "ccy": asset,
        "clOrdId": "" if fill.client_id.startswith("auto-") else fill.client_id,
        "execType": "M" if fill.maker else "T",
        "fee": desk.money(fill.fee_asset, -fill.fee) if fill.fee else "0",
        "fillTime": str(fill.time // MS),
        "instId": entry.id,
        "instType": entry.type,
        "interest": "0",
        "mgnMode": note.td_mode if entry.swap else "",
        "ordId": desk.order_id(fill),
        "pnl": text(fill.realised),
        "posBal": "0",
        "posBalChg": "0",
        "px": desk.price(fill.symbol, fill.price),
        "subType": shapes.sub_type(entry, fill, held),
        "sz": desk.size(fill.symbol, fill.lots),
        "tag": note.tag,
        "tradeId": desk.trade_id(fill),
        "ts": ms(fill.time),
        "type": "2",
    }
