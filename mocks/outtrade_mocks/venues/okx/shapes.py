"""The JSON objects of orders and trades, with every field that the documentation lists; what does not apply is "".

An order is shown as it was at a snapshot: trades after it are not counted, so that a lagging query is consistent in
itself.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from outtrade_mocks.core import Fill, Order, OrderChange, Status
from outtrade_mocks.venues.okx.codec import flag, ms
from outtrade_mocks.venues.okx.desk import STATE, Algo, Desk, Note
from outtrade_mocks.venues.okx.reference import Listing
from outtrade_mocks.venues.witness import plain

CANCEL_SOURCE = {
    "ioc": "14",
    "fok": "13",
    "post_only": "31",
    "self_trade": "32",
    "liquidity": "14",
    "reduce_only": "2",
    "liquidation": "3",
    "adl": "6",
    "expiry": "7",
    "settlement": "7",
    "list": "0",
    "funds": "0",
}
"""Why an order ended by itself; docs-v5, Order channel, cancelSource."""
REASONS = {
    "1": "Order canceled by user",
    "13": "Order canceled: FOK order was canceled due to incompletely filled.",
    "14": "Order canceled: IOC order was partially canceled due to incompletely filled.",
    "20": "Cancel all after triggered",
    "31": "The post-only order will take liquidity in taker orders",
    "32": "Self trade prevention",
}
SOURCE = {"trigger": "6", "conditional": "7", "oco": "7", "move_order_stop": "25"}
CATEGORY = {"liquidation": "full_liquidation", "adl": "adl", "settlement": "delivery", "": "normal"}
SIGNIFICANT = Decimal("1E-10")


def is_order(order: Order) -> bool:
    """Whether an order of the core is one of the book on the venue, not an algo order that waits."""
    terms = order.terms
    if order.status in (Status.HELD, Status.UNTRIGGERED, Status.TRIGGERED):
        return False
    if terms is None or terms.trigger is None:
        return True
    return terms.triggered is not None and order.status is not Status.REJECTED


def state(note: Note, order: Order) -> str:
    """``state``."""
    return "filled" if note.completed and order.status is Status.CANCELLED else STATE[order.status]


def cancel_source(note: Note, order: Order) -> str:
    """``cancelSource``; "" where the order was not cancelled."""
    if state(note, order) != "canceled":
        return ""
    if order.status is Status.CANCELLED:
        return "20" if note.timed_out else "1"
    return CANCEL_SOURCE.get(order.expired_by, "0")


def average(entry: Listing, fills: list[Fill]) -> str:
    """The average price of trades; of inverse contracts by value. "" without trades."""
    if not fills:
        return ""
    lots = sum(fill.lots for fill in fills)
    if entry.inverse:
        mean = lots / sum((Decimal(fill.lots) / fill.price for fill in fills), Decimal(0))
    else:
        mean = sum((Decimal(fill.price) * fill.lots for fill in fills), Decimal(0)) / lots
    price = mean * entry.tick
    return plain(price.quantize(SIGNIFICANT).normalize())


def fills_of(desk: Desk, order: Order) -> list[Fill]:
    """The trades of an order up to its snapshot."""
    if not order.filled:
        return []
    found, lots = [], 0
    for fill in desk.fills.get(order.order_id, ()):
        if lots >= order.filled:
            break
        found.append(fill)
        lots += fill.lots
    return found


def position_side(entry: Listing, order: Order) -> str:
    """``posSide``: "" of spot, net, long or short of a swap."""
    if not entry.swap:
        return ""
    return (order.terms.position_side if order.terms is not None else None) or "net"


def size(desk: Desk, note: Note, order: Order) -> str:
    """``sz``: as it was sent, or as amends and reduce-only left it."""
    if order.quote is not None or not note.amends:
        sent = note.sz
        if sent and (order.quote is not None or Decimal(sent) == Decimal(desk.size(order.symbol, order.lots))):
            return sent
    if note.completed and note.amends:
        return note.amends[-1][2]
    return desk.size(order.symbol, order.lots)


def fee_sum(desk: Desk, entry: Listing, order: Order, fills: list[Fill]) -> tuple[str, str]:
    """``fee`` (below 0: charged) and ``feeCcy``."""
    if fills:
        asset = fills[0].fee_asset
        total = -sum(fill.fee for fill in fills)
        return desk.money(asset, total) if total else "0", asset
    if entry.swap:
        return "0", entry.settle
    return "0", entry.base if order.side == "buy" else entry.quote


def order(desk: Desk, order: Order) -> dict[str, Any]:
    """An order as the queries show it."""
    entry, note = desk.listing(order), desk.note(order)
    fills = fills_of(desk, order)
    last = fills[-1] if fills else None
    fee, fee_asset = fee_sum(desk, entry, order, fills)
    algo, source = note.algo, cancel_source(note, order)
    forced = "" if order.terms is None else order.terms.forced
    attached = note.attached
    word = note.ord_type if order.label else order.type
    return {
        "accFillSz": desk.size(order.symbol, order.filled),
        "algoClOrdId": "" if algo is None else algo.client_id,
        "algoId": "" if algo is None else str(algo.algo_id),
        "attachAlgoClOrdId": attached[0]["attachAlgoClOrdId"] if attached else "",
        "attachAlgoOrds": [dict(one) for one in attached],
        "avgPx": average(entry, fills),
        "cTime": ms(_since(desk, order)),
        "cancelSource": source,
        "cancelSourceReason": REASONS.get(source, ""),
        "category": CATEGORY[forced],
        "ccy": "",
        "clOrdId": desk.client_id(order) if algo is None else "",
        "fee": fee,
        "feeCcy": fee_asset,
        "fillPx": "" if last is None else desk.price(order.symbol, last.price),
        "fillSz": "0" if last is None else desk.size(order.symbol, last.lots),
        "fillTime": "" if last is None else ms(last.time),
        "instId": entry.id,
        "instType": entry.type,
        "isTpLimit": "false",
        "lever": note.lever if order.label else str(desk.leverage(entry)),
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": desk.order_id(order),
        "ordType": word,
        "outcome": "",
        "pnl": _pnl(desk, entry, fills),
        "posSide": position_side(entry, order),
        "px": desk.price(order.symbol, order.price),
        "pxType": "",
        "pxUsd": "",
        "pxVol": "",
        "quickMgnType": "",
        "rebate": "0",
        "rebateCcy": entry.quote if fee_asset == entry.base else entry.base,
        "reduceOnly": flag(order.terms is not None and order.terms.reduce_only),
        "side": order.side,
        "slOrdPx": attached[0]["slOrdPx"] if attached else "",
        "slTriggerPx": attached[0]["slTriggerPx"] if attached else "",
        "slTriggerPxType": attached[0]["slTriggerPxType"] if attached else "",
        "source": "" if algo is None else SOURCE[algo.kind],
        "state": state(note, order),
        "stpId": "",
        "stpMode": note.stp_mode,
        "sz": size(desk, note, order),
        "tag": note.tag,
        "tdMode": note.td_mode if order.label else "cross",
        "tgtCcy": note.tgt_ccy,
        "tpOrdPx": attached[0]["tpOrdPx"] if attached else "",
        "tpTriggerPx": attached[0]["tpTriggerPx"] if attached else "",
        "tpTriggerPxType": attached[0]["tpTriggerPxType"] if attached else "",
        "tradeId": "" if last is None else desk.trade_id(last),
        "tradeQuoteCcy": "" if entry.swap else entry.quote,
        "uTime": ms(order.updated),
    }


def _since(desk: Desk, order: Order) -> int:
    """When the order came to the book: that of an algo order begins with its trigger."""
    if order.terms is None or order.terms.trigger is None:
        return order.created
    for snapshot in desk.account.orders.get(order.order_id, ()):
        if is_order(snapshot):
            return snapshot.updated
    return order.created


def _pnl(desk: Desk, entry: Listing, fills: list[Fill]) -> str:
    realised = sum(fill.realised for fill in fills)
    return desk.money(entry.settle, realised) if realised else "0"


def pushed_order(desk: Desk, change: OrderChange) -> dict[str, Any]:
    """An order as the orders channel tells of it: the trade is that of this update."""
    seen, fill = change.order, change.fill
    entry, note = desk.listing(seen), desk.note(seen)
    data = order(desk, seen)
    value = Decimal(0)
    last = desk.price(seen.symbol, note.last)
    price = Decimal(data["px"] or last or 0)
    if price:
        quantity = desk.exchange.instrument(seen.symbol).quantity(seen.lots) * entry.contract
        value = (quantity / price).quantize(SIGNIFICANT) if entry.inverse else quantity * price
    fee_asset = data["feeCcy"] if fill is None else fill.fee_asset
    request = next((one for one in reversed(note.amends) if change.why == "amend" and one[0] == change.time), None)
    if not data["avgPx"]:
        data["avgPx"] = "0"
    money = partial(desk.money, fee_asset)
    return data | {
        "amendResult": "" if request is None else "0",
        "amendSource": "1" if request is not None else "4" if change.why == "reduce" else "",
        "code": "0",
        "execType": "" if fill is None else "M" if fill.maker else "T",
        "fillFee": "0" if fill is None or not fill.fee else money(-fill.fee),
        "fillFeeCcy": "" if fill is None else fee_asset,
        "fillFwdPx": "",
        "fillIdxPx": "",
        "fillMarkPx": desk.price(seen.symbol, fill.price) if fill is not None and entry.swap else "",
        "fillMarkVol": "",
        "fillNotionalUsd": "" if fill is None else plain(_usd(desk, entry, fill.quote)),
        "fillPnl": "0" if fill is None or not fill.realised else desk.money(entry.settle, fill.realised),
        "fillPx": "" if fill is None else desk.price(seen.symbol, fill.price),
        "fillPxUsd": "",
        "fillPxVol": "",
        "fillSz": "0" if fill is None else desk.size(seen.symbol, fill.lots),
        "fillTime": "" if fill is None else ms(fill.time),
        "lastPx": last if fill is None else desk.price(seen.symbol, fill.price),
        "msg": "",
        "notionalUsd": plain(value * desk.usd(entry.settle)),
        "reqId": "" if request is None else request[1],
        "tradeId": "" if fill is None else desk.trade_id(fill),
    }


def _usd(desk: Desk, entry: Listing, atoms: int) -> Decimal:
    return desk.exchange.amount(entry.settle, atoms) * desk.usd(entry.settle)


def trade(desk: Desk, fill: Fill) -> dict[str, Any]:
    """A trade of the account (fills, fills-history)."""
    entry, note = desk.listing(fill), desk.note(fill)
    taken = desk.account.orders[fill.order_id][0]
    name = "" if fill.client_id.startswith("auto-") or note.algo is not None else fill.client_id
    held = position_side(entry, taken)
    rate = desk.fees_of(entry)[0 if fill.maker else 1]
    return {
        "instType": entry.type,
        "instId": entry.id,
        "tradeId": desk.trade_id(fill),
        "ordId": desk.order_id(fill),
        "clOrdId": name,
        "billId": desk.bill_id(fill),
        "subType": sub_type(entry, fill, held),
        "tag": note.tag,
        "fillPx": desk.price(fill.symbol, fill.price),
        "fillSz": desk.size(fill.symbol, fill.lots),
        "fillIdxPx": desk.price(fill.symbol, fill.price),
        "fillPnl": desk.money(entry.settle, fill.realised) if fill.realised else "0",
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "fillMarkPx": desk.price(fill.symbol, fill.price) if entry.swap else "",
        "side": fill.side,
        "posSide": held or "net",
        "execType": "M" if fill.maker else "T",
        "feeCcy": fill.fee_asset,
        "fee": desk.money(fill.fee_asset, -fill.fee) if fill.fee else "0",
        "feeRate": plain(-rate),
        "ts": ms(fill.time),
        "fillTime": ms(fill.time),
        "tradeQuoteCcy": "" if entry.swap else entry.quote,
    }


def sub_type(entry: Listing, fill: Fill, held: str) -> str:
    """``subType``: 1 buy, 2 sell; in long/short mode 3 open long, 4 open short, 5 close long, 6 close short."""
    buy = fill.side == "buy"
    if held == "long":
        return "3" if buy else "5"
    if held == "short":
        return "6" if buy else "4"
    return "1" if buy else "2"


def algo_orders(desk: Desk, algo: Algo, as_of: int | None = None) -> list[Order]:
    """The orders of an algo order as they were; empty where it did not exist, or waits for an entry."""
    found = []
    for core_id in algo.orders:
        for snapshot in reversed(desk.account.orders[core_id]):
            if as_of is None or snapshot.updated <= as_of:
                found.append(snapshot)
                break
    if any(one.status is Status.HELD for one in found):
        return []
    if found and all(never_released(desk, one) for one in found):
        return []
    return found


def never_released(desk: Desk, order: Order) -> bool:
    """Whether an attached order ended with its entry, before it was an algo order at all."""
    snapshots = desk.account.orders[order.order_id]
    return snapshots[0].status is Status.HELD and not any(one.status is Status.UNTRIGGERED for one in snapshots)
