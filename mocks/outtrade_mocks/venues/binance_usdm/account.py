"""Account endpoints: wallets, positions, risk, and how the account is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm.desk import MS, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.figures import fixed, money, plain, ratio
from outtrade_mocks.venues.binance_usdm.holdings import Row, Wallet, rows, wallets
from outtrade_mocks.venues.binance_usdm.reference import Listing

ALIAS = "SgsRoCtA"
"""``accountAlias``: a name that the venue gives the account."""


# ------------------------------------------------------------------ account
def _totals(found: list[Wallet]) -> dict[str, str]:
    """The account's totals in single-asset mode: those of USDT (Account Information V2)."""
    usdt = next((one for one in found if one.asset == "USDT"), Wallet("USDT", 0, 0, 0, 0, 0, 0, 0, 0))
    return {
        "totalInitialMargin": money(usdt.initial + usdt.orders),
        "totalMaintMargin": money(usdt.maintenance),
        "totalWalletBalance": money(usdt.balance),
        "totalUnrealizedProfit": money(usdt.profit),
        "totalMarginBalance": money(usdt.balance + usdt.profit),
        "totalPositionInitialMargin": money(usdt.initial),
        "totalOpenOrderInitialMargin": money(usdt.orders),
        "totalCrossWalletBalance": money(usdt.cross),
        "totalCrossUnPnl": money(usdt.cross_profit),
        "availableBalance": money(usdt.available),
        "maxWithdrawAmount": money(usdt.withdrawable),
    }


def _asset(one: Wallet, updated: int) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "walletBalance": money(one.balance),
        "unrealizedProfit": money(one.profit),
        "marginBalance": money(one.balance + one.profit),
        "maintMargin": money(one.maintenance),
        "initialMargin": money(one.initial + one.orders),
        "positionInitialMargin": money(one.initial),
        "openOrderInitialMargin": money(one.orders),
        "crossWalletBalance": money(one.cross),
        "crossUnPnl": money(one.cross_profit),
        "availableBalance": money(one.available),
        "maxWithdrawAmount": money(one.withdrawable),
        "marginAvailable": True,
        "updateTime": updated,
    }


def account_v3(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v3/account: only symbols with a position or an open order."""
    held = rows(desk, as_of)
    found, updated = wallets(desk, as_of, held), desk.updated_ns // MS
    positions = [
        {
            "symbol": row.entry.id,
            "positionSide": row.side,
            "positionAmt": _amount(row),
            "unrealizedProfit": money(row.profit),
            "isolatedMargin": money(row.wallet + row.profit if row.isolated else 0),
            "notional": plain_signed(row.value),
            "isolatedWallet": plain_signed(row.wallet),
            "initialMargin": plain_signed(row.initial + row.orders),
            "maintMargin": plain_signed(row.maintenance),
            "updateTime": row.updated // MS,
        }
        for row in held
        if row.held
    ]
    assets = [_asset(one, updated) for one in found]
    return Outcome(_totals(found) | {"assets": assets, "positions": positions}, now)


def account_v2(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v2/account: every symbol."""
    held = rows(desk, as_of)
    found, updated = wallets(desk, as_of, held), desk.updated_ns // MS
    head = {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": False,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }
    positions = [
        {
            "symbol": row.entry.id,
            "initialMargin": plain_signed(row.initial + row.orders),
            "maintMargin": plain_signed(row.maintenance),
            "unrealizedProfit": money(row.profit),
            "positionInitialMargin": plain_signed(row.initial),
            "openOrderInitialMargin": plain_signed(row.orders),
            "leverage": str(row.leverage),
            "isolated": row.isolated,
            "entryPrice": _price(row, "0.0"),
            "breakEvenPrice": ratio(row.break_even) if row.break_even is not None else "0.0",
            "maxNotional": str(row.entry.max_notional(row.leverage)),
            "positionSide": row.side,
            "positionAmt": _amount(row),
            "notional": plain_signed(row.value),
            "isolatedWallet": plain_signed(row.wallet),
            "updateTime": row.updated // MS,
            "bidNotional": plain_signed(row.bids),
            "askNotional": plain_signed(row.asks),
        }
        for row in held
    ]
    assets = [_asset(one, updated) for one in found]
    return Outcome(head | _totals(found) | {"assets": assets, "positions": positions}, now)


def balance(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v2/balance and /fapi/v3/balance."""
    found = wallets(desk, as_of, rows(desk, as_of))
    data = [
        {
            "accountAlias": ALIAS,
            "asset": one.asset,
            "balance": money(one.balance),
            "crossWalletBalance": money(one.cross),
            "crossUnPnl": money(one.cross_profit),
            "availableBalance": money(one.available),
            "maxWithdrawAmount": money(one.withdrawable),
            "marginAvailable": True,
            "updateTime": desk.updated_ns // MS,
        }
        for one in found
    ]
    return Outcome(data, now)


# ---------------------------------------------------------------- positions
def plain_signed(amount: int) -> str:
    """An amount in plain notation, with its sign."""
    return f"-{plain(-amount)}" if amount < 0 else plain(amount)


def _amount(row: Row) -> str:
    return fixed(row.lots * row.entry.step, row.entry.quantity_places)


def _price(row: Row, none: str) -> str:
    return none if row.entry_price is None else ratio(row.entry_price)


def _wanted(desk: Desk, call: Call, as_of: int | None) -> list[Row]:
    name = codec.optional(call.params, "symbol")
    return rows(desk, as_of, None if name is None else desk.listed(name).unified)


def _risk(row: Row) -> dict[str, Any]:
    return {
        "symbol": row.entry.id,
        "positionSide": row.side,
        "positionAmt": _amount(row),
        "entryPrice": _price(row, "0.0"),
        "breakEvenPrice": ratio(row.break_even) if row.break_even is not None else "0.0",
        "markPrice": money(row.mark),
        "unRealizedProfit": money(row.profit),
        "liquidationPrice": ratio(row.liquidation),
    }


def risk_v3(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v3/positionRisk: only symbols with a position or an open order."""
    data = [
        _risk(row)
        | {
            "isolatedMargin": plain_signed(row.wallet + row.profit if row.isolated else 0),
            "notional": plain_signed(row.value),
            "marginAsset": row.entry.margin,
            "isolatedWallet": plain_signed(row.wallet),
            "initialMargin": plain_signed(row.initial + row.orders),
            "maintMargin": plain_signed(row.maintenance),
            "positionInitialMargin": plain_signed(row.initial),
            "openOrderInitialMargin": plain_signed(row.orders),
            "adl": row.adl,
            "bidNotional": plain_signed(row.bids),
            "askNotional": plain_signed(row.asks),
            "updateTime": row.updated // MS,
        }
        for row in _wanted(desk, call, as_of)
        if row.held
    ]
    return Outcome(data, now)


def risk_v2(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v2/positionRisk: every symbol, or one."""
    data = [
        _risk(row)
        | {
            "leverage": str(row.leverage),
            "maxNotionalValue": str(row.entry.max_notional(row.leverage)),
            "marginType": "isolated" if row.isolated else "cross",
            "isolatedMargin": money(row.wallet + row.profit if row.isolated else 0),
            "isAutoAddMargin": "false",
            "notional": plain_signed(row.value),
            "isolatedWallet": plain_signed(row.wallet),
            "updateTime": row.updated // MS,
            "isolated": row.isolated,
            "adlQuantile": row.adl,
        }
        for row in _wanted(desk, call, as_of)
    ]
    return Outcome(data, now)


def adl_quantile(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/adlQuantile: of held positions, 0 (last) to 4 (next to be deleveraged)."""
    found: dict[str, dict[str, int]] = {}
    for row in _wanted(desk, call, as_of):
        if row.lots:
            found.setdefault(row.entry.id, {})[row.side] = row.adl
    data: Any = [{"symbol": symbol, "adlQuantile": ranks} for symbol, ranks in found.items()]
    return Outcome(data, now)


# ------------------------------------------------------------ configuration
def _listings(desk: Desk, call: Call) -> list[Listing]:
    name = codec.optional(call.params, "symbol")
    return list(desk.listings.values()) if name is None else [desk.listed(name)]


def symbol_config(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/symbolConfig."""
    data = []
    for entry in _listings(desk, call):
        leverage, isolated = desk.setting(entry.unified)
        data.append(
            {
                "symbol": entry.id,
                "marginType": "ISOLATED" if isolated else "CROSSED",
                "isAutoAddMargin": False,
                "leverage": leverage,
                "maxNotionalValue": str(entry.max_notional(leverage)),
            }
        )
    return Outcome(data, now)


def account_config(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/accountConfig."""
    data = {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": False,
        "dualSidePosition": desk.hedge,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }
    return Outcome(data, now)


def brackets(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/leverageBracket, of one symbol or of all; a list either way."""
    data = [{"symbol": entry.id, "brackets": list(entry.brackets)} for entry in _listings(desk, call)]
    return Outcome(data, now)


def commission(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/commissionRate."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    maker, taker = (f"{fee.normalize():f}" for fee in desk.fees_of(entry))
    return Outcome(
        {
            "symbol": entry.id,
            "makerCommissionRate": maker,
            "takerCommissionRate": taker,
            "rpiCommissionRate": maker,
        },
        now,
    )


def order_limits(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/rateLimit/order."""
    return Outcome(desk.limits.rules()[1:], now)


def trading_status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/apiTradingStatus: no quantitative rule is broken."""
    return Outcome({"indicators": {}, "updateTime": now // MS}, now)


def constant(data: Any) -> Callable[[Desk, Call, int, int | None], Outcome]:
    """A handler that always says the same."""
    return lambda desk, call, now, as_of: Outcome(data, now)
