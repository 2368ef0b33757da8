"""Algo orders: conditional, oco, trigger and move_order_stop.

* **conditional**: a take-profit or a stop-loss; at its trigger price it goes to the market (``OrdPx`` -1) or becomes a
  limit order. **oco**: one of each, and the first that is reached cancels the other.
* **trigger**: waits for a price on either side of the market; which side, the last price at placing decides.
* **move_order_stop**: follows the best price at a distance (``callbackRatio``, ``callbackSpread``), from the start or
  from ``activePx`` on.

None of them freezes money before it is triggered; one for which the money is missing then is ``order_failed``. A
trigger on the wrong side of the last price is refused (51277 to 51280). Mark and index prices stand for the last price
where a scenario publishes none (*simplified*). Iceberg, TWAP and chase orders are not offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from outtrade_mocks.core import NewList, NewOrder, Order, OrderList, Reject, RejectReason, Status, Trigger
from outtrade_mocks.core.orders import HeldSide, TriggerSource
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import codec, shapes, tickets, trading
from outtrade_mocks.venues.okx.codec import flag, ms
from outtrade_mocks.venues.okx.desk import Algo, Desk, Note, Outcome
from outtrade_mocks.venues.okx.errors import ALL_FAILED, SOME_FAILED, Refusal, refuse
from outtrade_mocks.venues.okx.history import page
from outtrade_mocks.venues.okx.reference import Listing
from outtrade_mocks.venues.okx.tickets import SOURCES, Side

KINDS = ("conditional", "oco", "trigger", "move_order_stop")
OTHER_KINDS = ("iceberg", "twap", "chase", "smart_iceberg")
MOST_RATIO = Decimal(1)
PRICES = (
    "tpTriggerPx", "tpTriggerPxType", "tpOrdPx", "slTriggerPx", "slTriggerPxType", "slOrdPx", "triggerPx",
    "triggerPxType", "ordPx", "callbackRatio", "callbackSpread", "activePx",
)  # fmt: skip
Item = dict[str, str]


def _identity(order: Mapping[str, str]) -> Item:
    return {
        "algoId": order.get("algoId", ""),
        "clOrdId": order.get("clOrdId", ""),
        "algoClOrdId": order.get("algoClOrdId", ""),
        "tag": order.get("tag", ""),
    }


# -------------------------------------------------------------------- place
def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/order-algo."""
    params = codec.text(trading.single(call)[0])
    try:
        algo, order = _place(desk, params)
    except Refusal as refusal:
        if refusal.whole:
            raise
        return Outcome([_identity(params) | _why(refusal)], now, "1", ALL_FAILED)
    made = _identity(params) | {"algoId": str(algo.algo_id), "algoClOrdId": algo.client_id, "sCode": "0", "sMsg": ""}
    return Outcome([made], now, order_ids=(desk.order_id(order),))


def _why(refusal: Refusal) -> Item:
    return {"sCode": refusal.code, "sMsg": refusal.message}


def _place(desk: Desk, params: Mapping[str, str]) -> tuple[Algo, Order]:
    entry = tickets.listing_of(desk, params)
    mode = tickets.mode_of(desk, entry, params)
    side = tickets.side_of(params)
    kind = codec.mandatory(params, "ordType")
    if kind not in KINDS:
        raise refuse("parameter", "ordType")
    name = codec.client_id(params, "algoClOrdId") or codec.client_id(params, "clOrdId")
    known = desk.algo_clients.get(name) if name else None
    if known is not None and state(desk, known) in ("live", "pause"):
        raise refuse("duplicate_algo")
    held = tickets.position_side(desk, entry, params)
    prices = {one: params[one] for one in PRICES if params.get(one)}
    if kind == "trigger" and params.get("orderPx"):
        prices["ordPx"] = params["orderPx"]
    algo = desk.new_algo(kind, name, prices, entry.unified)
    algo.by_old_name = not params.get("algoClOrdId")
    base = Note(mode, "market", "", codec.tag(params), "", "cancel_maker", algo=algo)
    base.sz, base.tgt_ccy = params.get("sz", ""), params.get("tgtCcy", "")
    tickets.remember(desk, entry, base)
    shape = _size(desk, entry, side, held, params, algo)
    orders = _ORDERS[kind](desk, entry, shape, params, base)
    if name:
        orders = [replace(orders[0], client_id=name), *orders[1:]]
    tickets.set_margin_mode(desk, entry, mode)
    order = _enter(desk, entry, orders)
    desk.keep(algo)
    return algo, order


def _enter(desk: Desk, entry: Listing, orders: list[NewOrder]) -> Order:
    """Give the orders to the exchange; where nobody publishes mark or index prices, the last price stands for them."""
    try:
        return _first(_try(desk, orders))
    except Reject as reject:
        if reject.reason is RejectReason.NO_TRIGGER_PRICE:
            try:
                return _first(_try(desk, [_by_last(order) for order in orders]))
            except Reject as again:
                reject = again
        raise desk.refused(reject, entry, orders[0].side) from None


def _try(desk: Desk, orders: list[NewOrder]) -> Order | OrderList:
    if len(orders) == 1:
        return desk.exchange.place(desk.account, orders[0])
    return desk.exchange.place_list(desk.account, NewList(kind="oco", orders=(orders[0], orders[1])))


def _first(made: Order | OrderList) -> Order:
    return made if isinstance(made, Order) else made.orders[0]


def _by_last(order: NewOrder) -> NewOrder:
    assert order.trigger is not None
    return replace(order, trigger=replace(order.trigger, source="last"))


class _Shape(dict[str, Any]):
    """Fields of NewOrder that do not depend on the trigger."""


def _size(
    desk: Desk, entry: Listing, side: Side, held: HeldSide | None, params: Mapping[str, str], algo: Algo
) -> _Shape:
    """How much, and of which position: ``sz``, or all of a position with ``closeFraction`` 1."""
    shape = _Shape(symbol=entry.unified, side=side, position_side=held)
    fraction = codec.optional(params, "closeFraction")
    if fraction is not None:
        if not entry.swap:
            raise refuse("close_fraction_swap")
        if codec.number("closeFraction", fraction) != 1:
            raise refuse("parameter", "closeFraction")
        algo.close_fraction = fraction
        return _Shape(shape | {"close_position": True})
    size = codec.positive("sz", codec.mandatory(params, "sz"))
    reduce = codec.boolean(params, "reduceOnly") and entry.swap and held is None
    default = "quote_ccy" if side == "buy" and _at_market(params) else "base_ccy"
    target = codec.choice(params, "tgtCcy", ("base_ccy", "quote_ccy"), default)
    if target == "quote_ccy" and not entry.swap and side == "buy":
        return _Shape(shape | {"quote": desk.exchange.atoms(entry.quote, size.quantize(Decimal("0.00000001")))})
    return _Shape(shape | {"lots": desk.lots(entry, size), "reduce_only": reduce})


def _at_market(params: Mapping[str, str]) -> bool:
    """Whether an algo order goes to the market: then ``sz`` of a spot buy is quote currency unless ``tgtCcy`` says
    otherwise (Place algo order)."""
    prices = [params[name] for name in ("orderPx", "ordPx", "tpOrdPx", "slOrdPx") if params.get(name)]
    return all(price == tickets.MARKET for price in prices)


def _order(desk: Desk, shape: _Shape, note: Note, trigger: Trigger, price: int | None) -> NewOrder:
    fields = dict(shape)
    note.ord_type = "market" if price is None else "limit"
    if price is not None:
        if fields.pop("close_position", False):
            raise refuse("close_fraction_market")
        if "quote" in fields:
            raise refuse("parameter", "tgtCcy")
    kind: Literal["limit", "market"] = "market" if price is None else "limit"
    return NewOrder(**fields, type=kind, price=price, trigger=trigger, label=desk.noted(note))


def _copy(note: Note, leg: str) -> Note:
    made = Note(note.td_mode, note.ord_type, note.sz, note.tag, note.tgt_ccy, note.stp_mode, algo=note.algo, leg=leg)
    made.last, made.lever = note.last, note.lever
    return made


def _source(entry: Listing, params: Mapping[str, str], name: str) -> TriggerSource:
    """A trigger price type; spot knows the last price only (51415)."""
    word = codec.choice(params, name, tuple(SOURCES), "last")
    if word != "last" and not entry.swap:
        raise refuse("spot_trigger_type")
    return SOURCES[word]


def _conditional(desk: Desk, entry: Listing, shape: _Shape, params: Mapping[str, str], note: Note) -> list[NewOrder]:
    """A take-profit, a stop-loss, or (oco) both. A conditional order with both is an oco that the venue calls
    conditional: here, too, one cancels the other."""
    legs = [leg for leg in ("tp", "sl") if params.get(f"{leg}TriggerPx") or params.get(f"{leg}OrdPx")]
    assert note.algo is not None
    if not legs or (note.algo.kind == "oco" and len(legs) < 2):
        raise refuse("empty", "slTriggerPx" if "tp" in legs else "tpTriggerPx")
    if "quote" in shape and len(legs) == 2:
        raise refuse("parameter", "tgtCcy")
    last = desk.exchange.last_price(entry.unified)
    orders = []
    for leg in legs:
        trigger, price = tickets.leg_prices(desk, entry, params, leg)
        kind: Literal["stop", "take_profit"] = "take_profit" if leg == "tp" else "stop"
        _beyond(shape["side"], leg, trigger, last)
        source = _source(entry, params, f"{leg}TriggerPxType")
        note.algo.prices[f"{leg}TriggerPxType"] = source
        orders.append(_order(desk, shape, _copy(note, leg), Trigger(kind=kind, price=trigger, source=source), price))
    return orders


def _beyond(side: Side, leg: str, trigger: int, last: int | None) -> None:
    """A take-profit lies on the good side of the last price, a stop-loss on the bad one (51277 to 51280)."""
    if last is None:
        return
    if leg == "tp":
        if trigger > last if side == "buy" else trigger < last:
            raise refuse("tp_above_last" if side == "buy" else "tp_below_last")
    elif trigger < last if side == "buy" else trigger > last:
        raise refuse("sl_below_last" if side == "buy" else "sl_above_last")


def _trigger(desk: Desk, entry: Listing, shape: _Shape, params: Mapping[str, str], note: Note) -> list[NewOrder]:
    assert note.algo is not None
    trigger = desk.ticks(entry, "triggerPx", codec.positive("triggerPx", codec.mandatory(params, "triggerPx")))
    source = _source(entry, params, "triggerPxType")
    note.algo.prices["triggerPxType"] = source
    sent = params.get("orderPx") or params.get("ordPx") or ""
    if not sent:
        raise refuse("empty", "orderPx")
    price = None
    if codec.number("orderPx", sent) != -1:
        price = desk.ticks(entry, "orderPx", codec.positive("orderPx", sent))
    last = desk.exchange.last_price(entry.unified)
    rising = last is None or trigger > last
    kind: Literal["stop", "take_profit"] = "stop" if rising == (shape["side"] == "buy") else "take_profit"
    return [_order(desk, shape, note, Trigger(kind=kind, price=trigger, source=source), price)]


def _trailing(desk: Desk, entry: Listing, shape: _Shape, params: Mapping[str, str], note: Note) -> list[NewOrder]:
    """``callbackRatio`` is a fraction (0.01 is one percent), ``callbackSpread`` a distance in price."""
    ratio, spread = codec.optional(params, "callbackRatio"), codec.optional(params, "callbackSpread")
    if (ratio is None) == (spread is None):
        raise (
            refuse("either", "callbackRatio", "callbackSpread")
            if ratio is None
            else refuse("exclusive", "callbackRatio", "callbackSpread")
        )
    bps = distance = None
    if ratio is not None:
        fraction = codec.positive("callbackRatio", ratio)
        if fraction > MOST_RATIO or fraction * 10_000 != int(fraction * 10_000):
            raise refuse("callback_rate")
        bps = int(fraction * 10_000)
    else:
        distance = desk.ticks(entry, "callbackSpread", codec.positive("callbackSpread", spread or ""))
    sent = codec.optional(params, "activePx")
    active = None if sent is None else desk.ticks(entry, "activePx", codec.positive("activePx", sent))
    kind: Literal["stop", "take_profit"] = "stop" if active is None else "take_profit"
    trigger = Trigger(kind=kind, price=active, trail_bps=bps, trail_ticks=distance)
    return [_order(desk, shape, note, trigger, None)]


_ORDERS = {"conditional": _conditional, "oco": _conditional, "trigger": _trigger, "move_order_stop": _trailing}


# ------------------------------------------------------------------- cancel
def _found(desk: Desk, params: Mapping[str, str], unknown: Refusal) -> Algo:
    sent, name = (
        codec.optional(params, "algoId"),
        codec.optional(params, "algoClOrdId") or codec.optional(params, "clOrdId"),
    )
    if sent is None and name is None:
        raise refuse("either", "algoId", "algoClOrdId")
    algo = (
        desk.algos.get(int(sent))
        if sent is not None and sent.isascii() and sent.isdecimal() and len(sent) < 21
        else None
    )
    if sent is None:
        algo = desk.algo_clients.get(name or "")
    if algo is None or not shapes.algo_orders(desk, algo):
        raise unknown
    return algo


def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/cancel-algos: up to 10; each for itself."""
    data: list[Item] = []
    ids: list[str] = []
    failed = 0
    items = trading.objects(call, 10)
    for item in (codec.text(one) for one in items):
        try:
            tickets.listing_of(desk, item)
            algo = _found(desk, item, refuse("cancel_failed"))
            live = _live(desk, algo)
            if not live:
                raise refuse("cancel_failed")
            desk.exchange.cancel(desk.account, live[0].symbol, order_id=live[0].order_id)
            ids.extend(desk.order_id(order) for order in live)
            data.append(
                _identity(item) | {"algoId": str(algo.algo_id), "algoClOrdId": algo.client_id, "sCode": "0", "sMsg": ""}
            )
        except Refusal as refusal:
            failed += 1
            data.append(_identity(item) | _why(refusal))
    if not failed:
        return Outcome(data, now, order_ids=tuple(ids))
    if failed == len(items):
        return Outcome(data, now, "1", ALL_FAILED)
    return Outcome(data, now, "2", SOME_FAILED, tuple(ids))


def _live(desk: Desk, algo: Algo) -> list[Order]:
    """Its orders that still wait for their trigger."""
    return [order for order in shapes.algo_orders(desk, algo) if order.status is Status.UNTRIGGERED]


# -------------------------------------------------------------------- amend
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/amend-algos: trigger price, order price and size of what waits; not of trailing orders."""
    params = codec.text(trading.single(call)[0])
    made = {
        "algoId": params.get("algoId", ""),
        "algoClOrdId": params.get("algoClOrdId", ""),
        "reqId": params.get("reqId", ""),
    }
    try:
        entry = tickets.listing_of(desk, params)
        algo = _found(desk, params, refuse("amend_no_stop"))
        made |= {"algoId": str(algo.algo_id), "algoClOrdId": algo.client_id}
        order_ids = _amend(desk, entry, algo, params)
    except Refusal as refusal:
        return Outcome([made | _why(refusal)], now, "1", ALL_FAILED)
    return Outcome([made | {"sCode": "0", "sMsg": ""}], now, order_ids=order_ids)


_NEW = {
    "newTriggerPx": "triggerPx", "newOrdPx": "ordPx", "newTpTriggerPx": "tpTriggerPx", "newTpOrdPx": "tpOrdPx",
    "newSlTriggerPx": "slTriggerPx", "newSlOrdPx": "slOrdPx",
}  # fmt: skip


def _amend(desk: Desk, entry: Listing, algo: Algo, params: Mapping[str, str]) -> tuple[str, ...]:
    live = _live(desk, algo)
    if not live or live[0].symbol != entry.unified:
        raise refuse("amend_no_stop")
    size = codec.optional(params, "newSz")
    changes = {old: params[new] for new, old in _NEW.items() if params.get(new)}
    if size is None and not changes:
        raise refuse("amend_nothing")
    lots = None if size is None else desk.lots(entry, codec.positive("newSz", size))
    planned = []
    for order in live:
        leg = desk.note(order).leg
        names = (f"{leg}TriggerPx", f"{leg}OrdPx") if leg else ("triggerPx", "ordPx")
        trigger = price = None
        if names[0] in changes:
            trigger = desk.ticks(entry, names[0], codec.positive(names[0], changes[names[0]]))
        if names[1] in changes:
            at_market = codec.number(names[1], changes[names[1]]) == -1
            if at_market != (order.price is None):
                raise refuse("amend_type")  # a market order stays one, and a limit order, too (*simplified*)
            price = None if at_market else desk.ticks(entry, names[1], codec.positive(names[1], changes[names[1]]))
        planned.append((order, trigger, price))
    for order, trigger, price in planned:
        if (trigger, price) == (None, None) and (lots is None or order is not live[0]):
            continue
        try:
            desk.exchange.amend(
                desk.account,
                entry.unified,
                order_id=order.order_id,
                lots=lots if order is live[0] else None,
                price=price,
                trigger_price=trigger,
            )
        except Reject as reject:
            if reject.reason is not RejectReason.AMEND_NO_CHANGE:
                raise desk.refused(reject, entry, order.side) from None
    algo.prices |= changes
    if size is not None:
        for order in live:
            desk.note(order).sz = size
    return tuple(desk.order_id(order) for order in live)


# ------------------------------------------------------------------ queries
def state(desk: Desk, algo: Algo, as_of: int | None = None) -> str:
    """``state`` of an algo order; "" where it does not exist (yet)."""
    return state_of(shapes.algo_orders(desk, algo, as_of))


def state_of(orders: list[Order]) -> str:
    """The state that its orders give an algo order."""
    if not orders:
        return ""
    if any(one.status is Status.REJECTED for one in orders):
        return "order_failed"
    if any(shapes.is_order(one) for one in orders):
        return "effective"
    return "live" if any(one.status is Status.UNTRIGGERED for one in orders) else "canceled"


def show(desk: Desk, algo: Algo, orders: list[Order]) -> dict[str, Any]:
    """An algo order as queries and channels show it."""
    first = orders[0]
    entry, note = desk.listing(first), desk.note(first)
    triggered = next((one for one in orders if shapes.is_order(one)), None)
    failed = next((one for one in orders if one.status is Status.REJECTED), None)
    done = triggered or failed
    reached = None if done is None or done.terms is None else done.terms.triggered
    prices = algo.prices
    trigger_time = "" if done is None else ms(_trigger_time(desk, done))
    order_id = "" if triggered is None else desk.order_id(triggered)
    fields: dict[str, Any] = dict.fromkeys(_FIELDS, "")
    fields |= {name: prices.get(name, "") for name in PRICES}
    for leg in ("tp", "sl"):
        if fields[f"{leg}TriggerPx"] and not fields[f"{leg}TriggerPxType"]:
            fields[f"{leg}TriggerPxType"] = "last"
    updated = max(one.updated for one in orders)
    return fields | {
        "actualPx": desk.price(first.symbol, reached) if triggered is not None else "",
        "actualSide": "" if triggered is None else desk.note(triggered).leg,
        "actualSz": "0" if triggered is None else shapes.size(desk, desk.note(triggered), triggered),
        "algoClOrdId": algo.client_id,
        "clOrdId": algo.client_id if algo.by_old_name else "",
        "algoId": str(algo.algo_id),
        "attachAlgoOrds": [],
        "amendPxOnTriggerType": "0",
        "cTime": ms(_began(desk, first)),
        "closeFraction": algo.close_fraction,
        "failCode": "51008" if failed is not None else "0",
        "instId": entry.id,
        "instType": entry.type,
        "last": algo.last,
        "lever": note.lever,
        "linkedOrd": {"ordId": ""},
        "moveTriggerPx": "",
        "ordId": order_id,
        "ordIdList": [order_id] if order_id else [],
        "ordType": algo.kind,
        "posSide": shapes.position_side(entry, first) if entry.swap else "net",
        "reduceOnly": flag(first.terms is not None and first.terms.reduce_only),
        "side": first.side,
        "state": state_of(orders),
        "sz": note.sz,
        "tag": note.tag,
        "tdMode": note.td_mode,
        "tgtCcy": note.tgt_ccy,
        "tradeQuoteCcy": "" if entry.swap else entry.quote,
        "triggerTime": trigger_time,
        "uTime": ms(updated),
    }


_FIELDS = (
    "ccy", "chaseType", "chaseVal", "clOrdId", "isTradeBorrowMode", "maxChaseType", "maxChaseVal", "pxLimit",
    "pxSpread", "pxVar", "quickMgnType", "szLimit", "timeInterval", "advanceOrdType",
)  # fmt: skip


def _began(desk: Desk, order: Order) -> int:
    """When an algo order came to be: an attached one with the fill of its entry."""
    snapshots = desk.account.orders[order.order_id]
    return next((one.updated for one in snapshots if one.status is not Status.HELD), order.created)


def _trigger_time(desk: Desk, order: Order) -> int:
    """When an order was triggered."""
    snapshots = desk.account.orders[order.order_id]
    return next((one.updated for one in snapshots if one.terms and one.terms.triggered is not None), order.updated)


def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/order-algo."""
    algo = _found(desk, call.params, refuse("no_order"))
    orders = shapes.algo_orders(desk, algo, as_of)
    if not orders:
        raise refuse("no_order")
    return Outcome([show(desk, algo, orders)], now)


def pending(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/orders-algo-pending."""
    return Outcome(_listed(desk, call, as_of, ("live", "pause", "partially_effective")), now)


def past(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/orders-algo-history: by state or by id (51602 is documented; here 50015)."""
    wanted = codec.optional(call.params, "state")
    if wanted is None and codec.optional(call.params, "algoId") is None:
        raise refuse("either", "state", "algoId")
    states = ("effective", "canceled", "order_failed")
    if wanted is not None and wanted not in states:
        raise refuse("parameter", "state")
    return Outcome(_listed(desk, call, as_of, states if wanted is None else (wanted,)), now)


def _listed(desk: Desk, call: Call, as_of: int | None, states: tuple[str, ...]) -> list[dict[str, Any]]:
    params = call.params
    kinds = codec.mandatory(params, "ordType").split(",")
    if any(kind not in KINDS + OTHER_KINDS for kind in kinds):
        raise refuse("parameter", "ordType")
    found = []
    for algo in desk.algos.values():
        if algo.kind not in kinds or str(algo.algo_id) != (params.get("algoId") or str(algo.algo_id)):
            continue
        name = codec.optional(params, "algoClOrdId")
        if name is not None and algo.client_id != name:
            continue
        orders = shapes.algo_orders(desk, algo, as_of)
        if not orders or state_of(orders) not in states:
            continue
        entry = desk.listing(orders[0])
        if entry.id != (params.get("instId") or entry.id) or entry.type != (params.get("instType") or entry.type):
            continue
        found.append((algo.algo_id, algo, orders))
    chosen = page(params, [(number, (algo, orders)) for number, algo, orders in found])
    return [show(desk, algo, orders) for algo, orders in chosen]
