"""The JSON objects of positions and of the wallet, with every field that the documentation lists."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from outtrade_mocks.core import Order, Position
from outtrade_mocks.core.contracts import break_even, entry_price
from outtrade_mocks.venues.bybit.codec import rounded
from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.guards import INDEX, Guards


def position(desk: Desk, guards: Guards, held: Position | None, symbol: str, index: int) -> dict[str, Any]:
    """A position, or (None) the empty place of one."""
    entry, leverage = desk.listings[symbol], desk.leverage(symbol)
    rules, asset = desk.rules(entry), entry.settle
    mark = desk.mark(symbol)
    lots = 0 if held is None else held.lots
    side = "" if not lots else "Buy" if lots > 0 else "Sell"
    value = entry_value(held)
    now = rules.notional(mark, abs(lots)) if mark and lots else 0
    profit = _profit(entry.inverse, lots, held, now)
    need = initial_margin(desk, symbol, held) if held is not None and lots else 0
    keep = rules.tiers.maintenance(value if held is not None and held.isolated else now) if rules.tiers and lots else 0
    liquidation = (
        desk.exchange.liquidation_price(desk.account, symbol, held.side) if held is not None and lots else None
    )
    realised = 0 if held is None else held.realised - held.fees + held.funding
    total = sum(each.fill.realised for each in desk.executions if each.fill.symbol == symbol)
    tp, sl, ts = (guards.of(symbol, index, which) for which in ("tp", "sl", "ts"))
    row = entry.risks[0] if entry.risks else {"id": 1, "riskLimitValue": ""}
    even = None if held is None else break_even(rules, held, costs=True)
    return {
        "positionIdx": index,
        "riskId": row["id"],
        "riskLimitValue": row["riskLimitValue"],
        "symbol": entry.id,
        "side": side,
        "size": desk.size(symbol, abs(lots)),
        "avgPrice": average_entry(desk, symbol, held),
        "positionValue": desk.money(asset, value) if lots else "",
        "tradeMode": 1 if held is not None and held.isolated else 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 0,
        "leverage": str(leverage),
        "breakEvenPrice": "" if even is None else exact_price(even),
        "positionBalance": desk.money(asset, held.margin if held is not None and held.isolated else need),
        "markPrice": desk.price(symbol, mark, "0"),
        "liqPrice": desk.exact(entry, liquidation) if liquidation is not None else "",
        "bustPrice": "",
        "positionMM": desk.money(asset, keep) if lots else "",
        "positionMMByMp": desk.money(asset, keep) if lots else "",
        "positionIM": desk.money(asset, need) if lots else "",
        "positionIMByMp": desk.money(asset, need) if lots else "",
        "tpslMode": "Full",
        "takeProfit": desk.price(symbol, _trigger_of(tp)),
        "stopLoss": desk.price(symbol, _trigger_of(sl)),
        "trailingStop": desk.price(symbol, _trail_of(ts), "0"),
        "unrealisedPnl": desk.money(asset, profit) if lots else "",
        "curRealisedPnl": desk.money(asset, realised),
        "cumRealisedPnl": desk.money(asset, total),
        "sessionAvgPrice": "",
        "seq": desk.sequence(held.updated) if held is not None else -1,
        "isReduceOnly": False,
        "mmrSysUpdateTime": "",
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "createdTime": desk.time(held.opened if held is not None else desk.epoch_ns),
        "updatedTime": desk.time(held.updated) if held is not None else desk.time(desk.epoch_ns),
    }


def _trigger_of(one: Order | None) -> int | None:
    return None if one is None or one.terms is None or one.terms.trigger is None else one.terms.trigger.price


def _trail_of(one: Order | None) -> int | None:
    return None if one is None or one.terms is None or one.terms.trigger is None else one.terms.trigger.trail_ticks


def entry_value(held: Position | None) -> int:
    """What was paid for a position, in atoms of its settlement asset."""
    return 0 if held is None else abs(held.carried)


def average_entry(desk: Desk, symbol: str, held: Position | None) -> str:
    """The average price at which a position was entered."""
    if held is None:
        return "0"
    price = entry_price(desk.exchange.instrument(symbol), held.lots, held.carried)
    return "0" if price is None else exact_price(price)


def exact_price(price: Fraction) -> str:
    """A computed price, as written."""
    return rounded(Decimal(price.numerator) / Decimal(price.denominator))


def _profit(inverse: bool, lots: int, held: Position | None, now: int) -> int:
    """Unrealised profit at the mark price."""
    if held is None or not lots:
        return 0
    then = abs(held.carried)
    return (now - then) if (lots > 0) != inverse else (then - now)


def initial_margin(desk: Desk, symbol: str, held: Position) -> int:
    """Initial margin of one position at the mark price, rounded up."""
    mark = desk.mark(symbol)
    value = desk.rules(desk.listings[symbol]).cover(mark, abs(held.lots)) if mark else entry_value(held)
    return -(-value // held.leverage)


def position_event(desk: Desk, guards: Guards, held: Position) -> dict[str, Any]:
    """A position as the position topic tells of it."""
    entry = desk.listings[held.symbol]
    data = position(desk, guards, held, held.symbol, INDEX[held.side])
    average_price = data.pop("avgPrice")
    del data["mmrSysUpdateTime"]
    for name in ("positionValue", "positionMM", "positionMMByMp", "positionIM", "positionIMByMp", "unrealisedPnl"):
        data[name] = data[name] or "0"
    for name in ("liqPrice", "sessionAvgPrice", "takeProfit", "stopLoss", "breakEvenPrice"):
        data[name] = data[name] or "0"
    return data | {"entryPrice": average_price, "category": entry.category}


# -------------------------------------------------------------------- wallet
def wallet(desk: Desk, balances: dict[str, tuple[int, int]], only: set[str] | None = None) -> dict[str, Any]:
    """The unified account; ``balances``: asset -> free and locked atoms; ``only`` these coins are listed."""
    coins, sums = [], {name: Decimal(0) for name in ("equity", "wallet", "margin", "im", "mm", "upl")}
    settles = {entry.settle for entry in desk.listings.values() if not entry.spot}
    for asset in sorted(balances):
        free, locked = balances[asset]
        one, amounts = coin(desk, asset, free, locked, settled=asset in settles)
        rate = desk.usd(asset)
        for name, amount in amounts.items():
            sums[name] += amount * rate
        if only is None or asset in only:
            coins.append(one | {"usdValue": rounded(amounts["equity"] * rate)})
    margin = sums["wallet"] + sums["upl"]
    rates = {name: sums[name] / margin if margin > 0 else Decimal(0) for name in ("im", "mm")}
    return {
        "accountType": "UNIFIED",
        "accountLTV": "0",
        "accountIMRate": rounded(rates["im"], 4),
        "accountIMRateByMp": rounded(rates["im"], 4),
        "accountMMRate": rounded(rates["mm"], 4),
        "accountMMRateByMp": rounded(rates["mm"], 4),
        "totalEquity": rounded(sums["equity"]),
        "totalWalletBalance": rounded(sums["wallet"]),
        "totalMarginBalance": rounded(margin),
        "totalAvailableBalance": rounded(max(Decimal(0), margin - sums["im"])),
        "totalPerpUPL": rounded(sums["upl"]),
        "totalInitialMargin": rounded(sums["im"]),
        "totalInitialMarginByMp": rounded(sums["im"]),
        "totalMaintenanceMargin": rounded(sums["mm"]),
        "totalMaintenanceMarginByMp": rounded(sums["mm"]),
        "coin": coins,
    }


def coin(desk: Desk, asset: str, free: int, locked: int, *, settled: bool) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """One coin of the wallet, and its amounts for the sums."""
    unrealised = orders = positions = keep = isolated = 0
    if settled:
        margin = desk.exchange.margin(desk.account, asset)
        unrealised, orders, positions = margin.unrealised, margin.orders, margin.positions
        keep, isolated = margin.maintenance, margin.isolated
        for held in desk.positions():
            if held.isolated and desk.listings[held.symbol].settle == asset:
                entry = desk.listings[held.symbol]
                now = desk.rules(entry).notional(desk.mark(held.symbol), abs(held.lots))
                unrealised += _profit(entry.inverse, held.lots, held, now)
    total = free + locked + isolated
    amount = desk.exchange.amount
    realised = sum(
        each.fill.realised - each.fill.fee
        for each in desk.executions
        if settled and each.fill.fee_asset == asset and not desk.listings[each.fill.symbol].spot
    )
    data = {
        "coin": asset,
        "equity": desk.money(asset, total + unrealised),
        "usdValue": "0",
        "walletBalance": desk.money(asset, total),
        "availableToWithdraw": "",
        "availableToBorrow": "",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": desk.money(asset, orders),
        "totalPositionIM": desk.money(asset, positions + isolated),
        "totalPositionMM": desk.money(asset, keep),
        "unrealisedPnl": desk.money(asset, unrealised),
        "cumRealisedPnl": desk.money(asset, realised),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "locked": desk.money(asset, locked),
        "spotHedgingQty": "0",
        "spotBorrow": "0",
    }
    sums = {
        "equity": amount(asset, total + unrealised),
        "wallet": amount(asset, total),
        "margin": amount(asset, free),
        "im": amount(asset, orders + positions + isolated + locked),
        "mm": amount(asset, keep),
        "upl": amount(asset, unrealised),
    }
    return data, sums
