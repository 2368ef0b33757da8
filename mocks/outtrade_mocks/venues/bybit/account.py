"""The account: balances, coins, fees, its settings, the transaction log. Balances are those of a view (``as_of``)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bookings import Booked
from outtrade_mocks.venues.bybit import codec, holdings, market, shapes
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.errors import VENUE, refuse
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.notes import Execution
from outtrade_mocks.venues.bybit.queries import times, view_of
from outtrade_mocks.venues.bybit.reference import fees_of
from outtrade_mocks.venues.bybit.trading import scope

BOOKED = {"funding": "SETTLEMENT", "liquidation_fee": "LIQUIDATION"}
"""What was booked -> ``type`` of the transaction log (enum.mdx, type(uta-translog))."""


@lru_cache(maxsize=4)
def _template(name: str) -> dict[str, Any]:
    result: dict[str, Any] = cassettes.load(VENUE, "account")[name].json()["result"]
    return result


# ------------------------------------------------------------------- balances
def wallet_balance(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/wallet-balance."""
    params = call.raw.params
    if codec.required(params, "accountType") != "UNIFIED":
        raise refuse("params_named", "accountType only support UNIFIED.")
    coins = codec.text(params, "coin")
    only = None if coins is None else set(coins.split(","))
    balances = view_of(firm, as_of).balances()
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
    balances = view_of(firm, as_of).balances()
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
    free, locked = view_of(firm, as_of).balances().get(asset, (0, 0)) if kind == "UNIFIED" else (0, 0)
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


def collateral(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/collateral-info: every coin counts in full, and none is lent."""
    wanted = codec.text(call.raw.params, "currency")
    row = {
        "availableToBorrow": "0",
        "freeBorrowingAmount": "",
        "freeBorrowAmount": "0",
        "maxBorrowingAmount": "0",
        "hourlyBorrowRate": "0",
        "borrowUsageRate": "0",
        "collateralSwitch": True,
        "borrowAmount": "0",
        "borrowable": False,
        "otherBorrowAmount": "0",
        "marginCollateral": True,
        "freeBorrowingLimit": "0",
        "collateralRatio": "1",
    }
    coins_held = [asset for asset in firm.desk.assets() if wanted in (None, asset)]
    return Outcome({"list": [row | {"currency": asset} for asset in coins_held]}, now)


def withdrawal(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/withdrawal: what of some coins is free."""
    desk, names = firm.desk, codec.required(call.raw.params, "coinName").split(",")
    balances = view_of(firm, as_of).balances()
    if not set(names) <= set(desk.assets()):
        raise refuse("unknown_coin")
    free = {name: desk.money(name, balances.get(name, (0, 0))[0]) for name in names}
    return Outcome({"availableWithdrawal": free[names[0]], "availableWithdrawalMap": free}, now)


def _when(moved: Execution | Booked) -> int:
    return moved.time if isinstance(moved, Booked) else moved.fill.time


def _booked(firm: Firm, one: Booked, number: int) -> dict[str, Any]:
    """A booking in the transaction log: what funding brought is above 0 (transaction-log.mdx, sample of SETTLEMENT). A
    liquidation's fee is a fee (*inferred*: no sample)."""
    desk = firm.desk
    entry = desk.listings[one.symbol]
    funding = one.why == "funding"
    amount, size = desk.money(entry.settle, one.atoms), desk.size(one.symbol, abs(one.lots))
    return {
        "id": f"1000001_{entry.id}_{desk.sequence(one.time)}",
        "symbol": entry.id,
        "category": entry.category,
        "side": "None" if not one.lots else "Buy" if one.lots > 0 else "Sell",
        "transactionTime": desk.time(one.time),
        "type": BOOKED[one.why],
        "transSubType": "",
        "qty": size,
        "size": f"-{size}" if one.lots < 0 else size,
        "currency": entry.settle,
        "tradePrice": desk.price(one.symbol, desk.mark(one.symbol)),
        "funding": amount if funding else "",
        "fee": "0" if funding else desk.money(entry.settle, -one.atoms),
        "cashFlow": "0",
        "change": amount,
        "cashBalance": desk.money(entry.settle, sum(view_of(firm, one.time).balances().get(entry.settle, (0, 0)))),
        "feeRate": market.funding_rate(desk, entry) if funding else "",
        "bonusChange": "",
        "tradeId": f"{entry.id}-{one.time}-{number}",
        "orderId": "",
        "orderLinkId": "",
        "extraFees": "",
    }


def transaction_log(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/account/transaction-log: trades, funding and the fees of liquidations (*simplified*: no transfers)."""
    desk, params = firm.desk, call.raw.params
    category, currency, kind = (codec.text(params, name) for name in ("category", "currency", "type"))
    start, end = times(params, now)
    rows: list[dict[str, Any]] = []
    moved: list[Execution | Booked] = [*desk.executions, *desk.bookings.all]
    moved.sort(key=_when)
    for each in reversed(moved):
        time, symbol = _when(each), each.symbol if isinstance(each, Booked) else each.fill.symbol
        entry = desk.listings[symbol]
        if category not in (None, entry.category) or not start <= time // MS <= end:
            continue
        if as_of is not None and time > as_of:
            continue
        word = "TRADE" if isinstance(each, Execution) else BOOKED[each.why]
        if kind not in (None, word) or currency not in (None, entry.settle):
            continue
        if isinstance(each, Booked):
            rows.append(_booked(firm, each, len(rows)))
            continue
        fill = each.fill
        row = shapes.execution_row(desk, each)
        flow = fill.realised if not entry.spot else fill.quote * (-1 if fill.side == "buy" else 1)
        asset = entry.settle
        fee = fill.fee if fill.fee_asset == asset else 0
        rows.append(
            {
                "id": f"1000001_{entry.id}_{desk.sequence(fill.time)}",
                "symbol": entry.id,
                "category": entry.category,
                "side": row["side"],
                "transactionTime": row["execTime"],
                "type": word,
                "transSubType": "",
                "qty": row["execQty"],
                "size": row["execQty"],
                "currency": asset,
                "tradePrice": row["execPrice"],
                "funding": "",
                "fee": desk.money(asset, fee),
                "cashFlow": desk.money(asset, flow),
                "change": desk.money(asset, flow - fee),
                "cashBalance": desk.money(asset, sum(view_of(firm, fill.time).balances().get(asset, (0, 0)))),
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
