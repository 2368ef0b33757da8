"""Account endpoints: balances, positions, settings, sizes, fees, bills, and what clients ask of the funding API.

Queries of money and positions are answered from a view that may be of an earlier time; settings are set at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill, Position, Reject, RejectReason
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import codec, money, tickets, trading
from outtrade_mocks.venues.okx.codec import MS
from outtrade_mocks.venues.okx.desk import BILL_ID_BASE, UID, Desk, Outcome
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.okx.history import instrument_type, page
from outtrade_mocks.venues.okx.reference import Listing
from outtrade_mocks.venues.witness import plain

RECENT_NS = 90 * 86_400_000_000_000
MODES = ("cross", "isolated")


def _currencies(params: Mapping[str, str]) -> frozenset[str] | None:
    """``ccy``: some currencies, at most 20 (50025)."""
    sent = codec.optional(params, "ccy")
    if sent is None:
        return None
    names = sent.split(",")
    if len(names) > 20:
        raise refuse("too_many_values", "ccy", 20)
    return frozenset(names)


def balance(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/balance."""
    return Outcome([money.balance(desk, as_of, _currencies(call.params))], now)


def positions(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/positions."""
    return Outcome(
        [money.position(desk, held, liquidation=as_of is None) for held in _held(desk, call.params, as_of)], now
    )


def _held(desk: Desk, params: Mapping[str, str], as_of: int | None) -> list[Position]:
    kind = instrument_type(params, needed=False)
    wanted = params.get("instId", "").split(",") if params.get("instId") else None
    ids = params.get("posId", "").split(",") if params.get("posId") else None
    return [
        held
        for held in desk.exchange.view(desk.account, as_of).positions()
        if (kind is None or desk.listings[held.symbol].type == kind)
        and (wanted is None or desk.listings[held.symbol].id in wanted)
        and (ids is None or money.position_id(desk, held) in ids)
    ]


def positions_history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/positions-history: what was closed in the last three months."""
    params = call.params
    kind = instrument_type(params, needed=False)
    found: list[tuple[int, dict[str, Any]]] = []
    portfolio = desk.account.portfolio
    for snapshots in () if portfolio is None else portfolio.positions.values():
        seen = [one for one in snapshots if as_of is None or one.updated <= as_of]
        for one in money.closed(desk, seen, since=now - RECENT_NS):
            if kind not in (None, one["instType"]) or params.get("instId") not in (None, "", one["instId"]):
                continue
            if params.get("mgnMode") not in (None, "", one["mgnMode"]) or params.get("posId") not in (
                None,
                "",
                one["posId"],
            ):
                continue
            found.append((int(one["uTime"]), one))
    return Outcome(page(params, found), now)


def risk(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/account-position-risk."""
    whole = money.balance(desk, as_of)
    held = [money.position(desk, one, liquidation=False) for one in _held(desk, call.params, as_of)]
    names = (
        "baseBal", "ccy", "instId", "instType", "mgnMode", "notionalUsd", "pos", "posCcy", "posId", "posSide",
        "quoteBal",
    )  # fmt: skip
    data = {
        "adjEq": "",
        "balData": [{name: one[name] for name in ("ccy", "disEq", "eq")} for one in whole["details"]],
        "posData": [{name: one[name] for name in names} | {"notionalCcy": ""} for one in held],
        "ts": str(now // MS),
    }
    return Outcome([data], now)


# ----------------------------------------------------------------- settings
def config(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/config."""
    portfolio = desk.account.portfolio
    hedge = portfolio is not None and portfolio.hedge
    data = {
        "acctLv": desk.account_mode,
        "acctStpMode": "cancel_maker",
        "autoLoan": False,
        "ctIsoMode": "automatic",
        "enableSpotBorrow": False,
        "feeType": "0",
        "greeksType": "PA",
        "ip": "",
        "kycLv": "3",
        "label": "outtrade",
        "level": "Lv1",
        "levelTmp": "",
        "liquidationGear": "-1",
        "mainUid": UID,
        "mgnIsoMode": "automatic",
        "opAuth": "0",
        "perm": "read_only,trade",
        "posMode": "long_short_mode" if hedge else "net_mode",
        "roleType": "0",
        "settleCcy": "USD",
        "settleCcyList": ["USD", "USDC"],
        "spotBorrowAutoRepay": False,
        "spotOffsetType": "",
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "stgyType": "0",
        "traderInsts": [],
        "type": "0",
        "uid": UID,
    }
    return Outcome([data], now)


def set_position_mode(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/account/set-position-mode; the mode it is already is no error."""
    params = codec.text(trading.single(call)[0])
    mode = codec.choice(params, "posMode", ("net_mode", "long_short_mode"))
    try:
        desk.exchange.set_position_mode(desk.account, hedge=mode == "long_short_mode")
    except Reject as reject:
        if reject.reason is not RejectReason.NO_CHANGE:
            raise refuse("position_mode") from None
    return Outcome([{"posMode": mode}], now)


def set_leverage(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/account/set-leverage. That of spot margin is kept and has no effect: there are no loans here."""
    params = codec.text(trading.single(call)[0])
    sent = codec.mandatory(params, "lever")
    mode = codec.choice(params, "mgnMode", MODES)
    lever = codec.positive("lever", sent)
    if not params.get("instId") and not params.get("ccy"):
        raise refuse("either", "instId", "ccy")
    if not params.get("instId"):
        raise refuse("account_mode")
    entry = desk.listed(params["instId"])
    held = codec.optional(params, "posSide")
    portfolio = desk.account.portfolio
    if held is not None and (held != "net") != (portfolio is not None and portfolio.hedge and entry.swap):
        raise refuse("parameter", "posSide")
    most = Decimal(entry.raw.get("lever") or 1)
    if lever > most:
        raise refuse("leverage_max")
    data = {
        "lever": plain(lever),
        "mgnMode": mode,
        "instId": entry.id,
        "posSide": held or ("net" if entry.swap else ""),
    }
    if not entry.swap:
        desk.margin_lever[entry.id] = plain(lever)
        return Outcome([data], now)
    if lever != int(lever):
        raise refuse("parameter", "lever")  # the core knows whole numbers only (*simplified*)
    tickets.set_margin_mode(desk, entry, mode)
    try:
        desk.exchange.set_leverage(desk.account, entry.unified, int(lever))
    except Reject as reject:
        lacks = reject.reason is RejectReason.INSUFFICIENT_MARGIN
        raise refuse("leverage_margin" if lacks else "leverage_positions") from None
    return Outcome([data], now)


def leverage_info(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/leverage-info."""
    mode = codec.choice(call.params, "mgnMode", MODES)
    names = codec.optional(call.params, "instId")
    if names is None and codec.optional(call.params, "ccy") is None:
        raise refuse("either", "instId", "ccy")
    portfolio = desk.account.portfolio
    sides = ("long", "short") if portfolio is not None and portfolio.hedge else ("net",)
    data: list[dict[str, str]] = []
    for name in names.split(",") if names else ():
        entry = desk.listed(name)
        lever = str(desk.leverage(entry)) if entry.swap else desk.margin_lever.get(entry.id, str(desk.default_lever))
        data.extend(
            {"ccy": "", "instId": entry.id, "mgnMode": mode, "posSide": side, "lever": lever}
            for side in (sides if entry.swap else ("",))
        )
    return Outcome(data, now)


def margin_balance(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/account/position/margin-balance: add margin to an isolated position, or take it out."""
    params = codec.text(trading.single(call)[0])
    entry = desk.listed(codec.mandatory(params, "instId"))
    side = codec.choice(params, "posSide", ("net", "long", "short"))
    way = codec.choice(params, "type", ("add", "reduce"))
    amount = codec.positive("amt", codec.mandatory(params, "amt"))
    if not entry.swap:
        raise refuse("parameter", "instId")
    atoms = desk.exchange.atoms(entry.settle, amount.quantize(money.ROUND))
    try:
        desk.exchange.add_margin(desk.account, entry.unified, atoms if way == "add" else -atoms, side=side)  # type: ignore[arg-type]
    except Reject as reject:
        missing = reject.reason is RejectReason.INSUFFICIENT_MARGIN
        raise refuse("isolated_margin" if missing else "no_position") from None
    data = {
        "amt": plain(amount),
        "ccy": entry.settle,
        "instId": entry.id,
        "leverage": str(desk.leverage(entry)),
        "posSide": side,
        "type": way,
    }
    return Outcome([data], now)


# ------------------------------------------------------------- sizes and fees
def _sizes(desk: Desk, entry: Listing, price: Decimal | None) -> tuple[int, int]:
    """Most lots of a buy and of a sale now. Of swaps: what the free margin opens, before what a position frees."""
    rules, account = desk.exchange.instrument(entry.unified), desk.account
    reference = desk.exchange.reference_price(entry.unified)
    ticks = int(price / entry.tick) if price is not None else reference
    if not ticks or ticks < 1:
        return 0, 0
    if not entry.swap:
        buy = rules.affordable(ticks, account.balance(entry.quote).free)
        return buy, account.balance(entry.base).free // rules.lot_atoms
    free = account.balance(entry.settle).free
    if account.portfolio is not None:
        free = desk.exchange.margin(account, entry.settle).available
    most = rules.affordable(ticks, free * desk.leverage(entry))
    return most, most


def max_size(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/max-size: how much could be bought or sold."""
    codec.choice(call.params, "tdMode", ("cash", "cross", "isolated", "spot_isolated"))
    sent = codec.optional(call.params, "px")
    price = None if sent is None else codec.positive("px", sent)
    data = []
    for name in codec.mandatory(call.params, "instId").split(","):
        entry = desk.listed(name)
        buy, sell = _sizes(desk, entry, price)
        sizes = {"maxBuy": desk.size(entry.unified, buy), "maxSell": desk.size(entry.unified, sell)}
        data.append({"ccy": entry.settle if entry.swap else entry.base, "instId": entry.id} | sizes)
    return Outcome(data, now)


def max_avail_size(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/max-avail-size: the balance that is there to be traded."""
    codec.choice(call.params, "tdMode", ("cash", "cross", "isolated", "spot_isolated"))
    data = []
    for name in codec.mandatory(call.params, "instId").split(","):
        entry = desk.listed(name)
        if entry.swap:
            portfolio = desk.account.portfolio
            wallet = desk.account.balance(entry.settle).free
            free = wallet if portfolio is None else desk.exchange.margin(desk.account, entry.settle).available
            text = desk.money(entry.settle, free)
            data.append({"availBuy": text, "availSell": text, "instId": entry.id})
            continue
        buy, sell = desk.account.balance(entry.quote).free, desk.account.balance(entry.base).free
        texts = {"availBuy": desk.money(entry.quote, buy), "availSell": desk.money(entry.base, sell)}
        data.append(texts | {"instId": entry.id})
    return Outcome(data, now)


def trade_fee(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/trade-fee: below 0 what is charged."""
    kind = instrument_type(call.params, needed=True)
    fees = desk.fees
    if call.params.get("instId"):
        fees = desk.fees_of(desk.listed(call.params["instId"]))
    maker, taker = plain(-fees[0]), plain(-fees[1])
    swap = kind != "SPOT"
    data = {
        "category": "1",
        "delivery": "",
        "exercise": "",
        "feeGroup": [{"groupId": "4" if swap else "1", "maker": maker, "taker": taker}],
        "fiat": [],
        "instType": kind,
        "isSpecialInst": "false",
        "level": "Lv1",
        "maker": maker,
        "makerU": maker if swap else "",
        "makerUSDC": maker,
        "ruleType": "normal",
        "settle": "",
        "taker": taker,
        "takerU": taker if swap else "",
        "takerUSDC": taker,
        "ts": str(now // MS),
    }
    return Outcome([data], now)


def bills(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/bills and bills-archive: what trades and funding did to balances (liquidation fees
    are in the trades)."""
    params = call.params
    kind = instrument_type(params, needed=False)
    rows = []
    for number, moved in enumerate(desk.bills, BILL_ID_BASE):
        if as_of is not None and moved.time > as_of:
            break
        one = money.bill(desk, number, moved) if isinstance(moved, Fill) else money.funding_bill(desk, number, moved)
        wanted = {"instType": kind} | {name: params.get(name) for name in ("type", "ccy", "instId", "subType")}
        if all(not value or one[name] == value for name, value in wanted.items()):
            rows.append((number, one))
    return Outcome(page(params, rows), now)


# ------------------------------------------------------------------ funding
_CURRENCY = {
    "burningFeeRate": "", "canDep": True, "canInternal": True, "canWd": True, "ctAddr": "", "depEstOpenTime": "",
    "depQuotaFixed": "", "depQuoteDailyLayer2": "", "fee": "0", "logoLink": "", "mainNet": True, "maxFee": "0",
    "maxFeeForCtAddr": "", "maxWd": "1000000", "minDep": "0.00000001", "minDepArrivalConfirm": "1", "minFee": "0",
    "minFeeForCtAddr": "", "minInternal": "0.00000001", "minWd": "0.00000001", "minWdUnlockConfirm": "2",
    "needTag": False, "usedDepQuotaFixed": "", "usedWdQuota": "0", "wdEstOpenTime": "", "wdQuota": "1000000",
    "wdTickSz": "8",
}  # fmt: skip


def currencies(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/asset/currencies: each currency with one network of its own name."""
    wanted = _currencies(call.params)
    return Outcome(
        [
            {"ccy": asset, "chain": f"{asset}-{asset}", "name": asset} | _CURRENCY
            for asset in desk.assets()
            if wanted is None or asset in wanted
        ],
        now,
    )


def asset_balances(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/asset/balances: the funding account, which is empty: all money is in the trading account."""
    wanted = _currencies(call.params)
    zero = {"availBal": "0", "bal": "0", "frozenBal": "0"}
    return Outcome([{"ccy": asset} | zero for asset in desk.assets() if wanted is not None and asset in wanted], now)


def interest(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/interest-accrued, interest-rate and their like: nothing is borrowed."""
    return Outcome([], now)


def max_withdrawal(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/max-withdrawal."""
    wanted = _currencies(call.params)
    held = desk.exchange.view(desk.account, as_of).balances()
    return Outcome(
        [
            {"ccy": asset}
            | dict.fromkeys(("maxWd", "maxWdEx", "spotOffsetMaxWd", "spotOffsetMaxWdEx"), desk.money(asset, free))
            for asset, (free, _) in held.items()
            if wanted is None or asset in wanted
        ],
        now,
    )


def own_instruments(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/account/instruments: those of the public list that the account may trade: all."""
    kind = instrument_type(call.params, needed=True)
    wanted = codec.optional(call.params, "instId")
    if wanted is not None:
        desk.listed(wanted)
    found = [entry.raw for entry in desk.listings.values() if entry.type == kind and wanted in (None, entry.id)]
    return Outcome(found, now)
