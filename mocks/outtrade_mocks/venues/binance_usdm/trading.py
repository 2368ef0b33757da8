"""Trading endpoints: new, test, amend and cancel, one by one, in batches, all at once, or when a countdown ends.

They go to the matching engine, so they see the exchange as it is, never a lagging copy. A handler raises Refusal or the
core's Reject where nothing happened; the items of a batch fail each alone, with code and text in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from outtrade_mocks.core import Order, Reject, Status
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm import shapes, tickets
from outtrade_mocks.venues.binance_usdm.desk import MS, PRACTICE, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse, translate
from outtrade_mocks.venues.binance_usdm.names import client_id
from outtrade_mocks.venues.binance_usdm.reference import Listing

MOST_AMENDS = 10_000
ALL_CANCELLED = {"code": 200, "msg": "The operation of cancel all open order is done."}
Params = Mapping[str, str]


def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/order."""
    order, data = _place(desk, call.params, now)
    return Outcome(data, now, desk.limits.order_headers(now), order_ids=(str(desk.order_id(order)),))


def _place(desk: Desk, params: Params, now: int) -> tuple[Order, dict[str, Any]]:
    ticket = tickets.read(desk, params, now)
    new = ticket.new
    if new.tif == "FOK" and not _fillable(desk, ticket):
        raise refuse("fok_rejected")
    try:
        order = desk.exchange.place(desk.account, new)
    except Reject as reject:
        raise ticket.refused(reject) from None
    shown = order if ticket.result else desk.account.orders[order.order_id][0]
    return order, shapes.order(desk, shown)


def _fillable(desk: Desk, ticket: tickets.Ticket) -> bool:
    """Whether the book holds the whole quantity within the limit of a fill-or-kill order."""
    new, wanted = ticket.new, ticket.new.lots or 0
    bids, asks = desk.exchange.depth(new.symbol, 10_000)
    for ticks, lots in asks if new.side == "buy" else bids:
        if new.price is not None and (ticks > new.price if new.side == "buy" else ticks < new.price):
            break
        wanted -= lots
        if wanted <= 0:
            return True
    return False


def test(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/order/test: checked, not sent to the matching engine; the answer looks like an order's."""
    ticket = tickets.read(desk, call.params, now)
    new, entry = ticket.new, ticket.listing
    made = Order(
        order_id=-840_000_000_000, client_id=new.client_id, created_as=new.client_id, account=desk.account.name,
        symbol=entry.unified, side=new.side, type=new.type, tif=new.tif, post_only=new.post_only, price=new.price,
        lots=new.lots or 0, quote=None, filled=0, quote_filled=0, status=Status.OPEN, created=now, updated=now,
        label=new.label,
    )  # fmt: skip
    return Outcome(shapes.order(desk, made), now)


# ------------------------------------------------------------------- cancel
def identify(params: Params, number: str = "orderId", name: str = "origClientOrderId") -> tuple[int | None, str | None]:
    """Which order is meant: by id or by client id, the id winning (-1102 where neither is sent)."""
    wanted, called = codec.optional_integer(params, number), codec.optional(params, name)
    if wanted is None and called is None:
        raise refuse("mandatory", number)
    return wanted, None if called is None else client_id(name, called)


def find(desk: Desk, entry: Listing, number: int | None, name: str | None, *, algo: bool = False) -> Order | None:
    """The open order that is meant, an ordinary one or an algo order that waits; None where there is none."""
    core_id = desk.account.working.get(name or "") if number is None else desk.core_id(number)
    snapshots = None if core_id is None else desk.account.orders.get(core_id)
    order = snapshots[-1] if snapshots else None
    if order is None or order.symbol != entry.unified or not order.live or desk.in_market(order) == algo:
        return None
    return order


def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/order. The order keeps its client id."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    order = _cancel(desk, entry, *identify(call.params))
    return Outcome(shapes.order(desk, order), now, order_ids=(str(desk.order_id(order)),))


def _cancel(desk: Desk, entry: Listing, number: int | None, name: str | None) -> Order:
    found = find(desk, entry, number, name)
    if found is None:
        raise refuse("unknown_order")
    return desk.exchange.cancel(desk.account, entry.unified, order_id=found.order_id)


def cancel_all(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/allOpenOrders of one symbol: algo orders stay."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    return Outcome(ALL_CANCELLED, now, order_ids=_sweep(desk, entry, "plain"))


def _sweep(desk: Desk, entry: Listing, kind: Any) -> tuple[str, ...]:
    try:
        ended = desk.exchange.cancel_all(desk.account, entry.unified, kind=kind)
    except Reject as reject:
        if reject.reason != "UNKNOWN_ORDER":
            raise
        return ()
    return tuple(desk.truth_id(order.order_id) for order in ended)


def cancel_all_algos(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/algoOpenOrders of one symbol."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    return Outcome(ALL_CANCELLED, now, order_ids=_sweep(desk, entry, "trigger"))


def countdown(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/countdownCancelAll: all open orders of a symbol end unless it is sent again; 0 switches it off."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    delay = codec.integer("countdownTime", codec.mandatory(call.params, "countdownTime"))
    desk.exchange.countdown(desk.account, delay * MS, entry.unified)
    return Outcome({"symbol": entry.id, "countdownTime": str(delay)}, now)


# -------------------------------------------------------------------- amend
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PUT /fapi/v1/order."""
    order, data = _amend(desk, call.params, now)
    return Outcome(data, now, desk.limits.order_headers(now), order_ids=(str(desk.order_id(order)),))


def _amend(desk: Desk, params: Params, now: int) -> tuple[Order, dict[str, Any]]:
    """Price and quantity of a limit order, both named. It goes to the back of the queue. Where the new quantity is
    filled already, or it is post-only and would take, the amend ends it (Modify Order)."""
    entry = desk.listed(codec.mandatory(params, "symbol"))
    number, name = identify(params)
    side = tickets.SIDES.get(codec.mandatory(params, "side"))
    if side is None:
        raise refuse("invalid_side")
    lots = desk.lots(entry, tickets.quantity_e8(entry, params))
    tickets.check_lots(entry, lots, market=False)
    match = codec.optional(params, "priceMatch")
    if match in (None, "NONE"):
        price = tickets.limit_price(entry, "price", codec.mandatory(params, "price"))
    else:
        price = tickets.matched_price(desk, entry, match or "", side)
    before = find(desk, entry, number, name)
    if before is None:
        raise refuse("no_such_order")
    if before.type != "limit":
        raise refuse("limit_only")
    if side != before.side:
        raise refuse("invalid_side")
    if len(desk.amends.get(before.order_id, ())) >= MOST_AMENDS:
        raise refuse("too_many_amends")
    if (lots, price) == (before.lots, before.price):
        raise refuse("amend_no_change")
    try:
        order = desk.exchange.amend(desk.account, entry.unified, order_id=before.order_id, lots=lots, price=price)
    except Reject as reject:
        if reject.reason != "WOULD_TAKE":
            raise translate(reject, entry, buy=before.side == "buy") from None
        order = desk.exchange.cancel(desk.account, entry.unified, order_id=before.order_id)
    number = desk.amended(before, order)
    data = shapes.order(desk, order)
    return order, {"orderId": data["orderId"], "symbol": entry.id, "pair": entry.raw["pair"]} | data | {
        "modifyId": number
    }


# ------------------------------------------------------------------ batches
def _items(params: Params, most: int) -> list[Any]:
    """``batchOrders``: a JSON array of 1 to ``most`` objects (-1130, -4082)."""
    try:
        found = msgspec.json.decode(codec.mandatory(params, "batchOrders").encode("utf-8", "replace"), type=list[Any])
    except (msgspec.MsgspecError, RecursionError):
        raise refuse("invalid_parameter", "batchOrders") from None
    if not 0 < len(found) <= most:
        raise refuse("batch_size", len(found))
    return found


def item_params(item: Any) -> dict[str, str]:
    """The parameters of one order of a batch, as a request would send them. Raises -1130."""
    if not isinstance(item, dict):
        raise refuse("invalid_parameter", "batchOrders")
    return {str(name): codec_text(value) for name, value in item.items() if value is not None}


def codec_text(value: object) -> str:
    """A JSON value as a parameter is written."""
    return value if isinstance(value, str) else codec.encode(value).decode()


Done = tuple[Order, dict[str, Any]]


def _each(desk: Desk, items: list[Any], now: int, carry_out: Callable[[Any], Done]) -> Outcome:
    """A result for each item, in the order given; one that fails leaves the others alone."""
    data: list[dict[str, Any]] = []
    ids = []
    for item in items:
        try:
            order, shown = carry_out(item)
        except Refusal as refusal:
            data.append(refusal.envelope)
        except Reject as reject:
            data.append(translate(reject).envelope)
        else:
            data.append(shown)
            ids.append(str(desk.order_id(order)))
    return Outcome(data, now, desk.limits.order_headers(now), order_ids=tuple(ids))


def place_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/batchOrders: at most 5."""
    items = _items(call.params, PRACTICE.batch_limit)
    return _each(desk, items, now, lambda item: _place(desk, item_params(item), now))


def amend_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PUT /fapi/v1/batchOrders: at most 5."""
    items = _items(call.params, PRACTICE.batch_amends)
    return _each(desk, items, now, lambda item: _amend(desk, item_params(item), now))


def cancel_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/batchOrders: at most 10, by ``orderIdList`` or ``origClientOrderIdList`` (names in any case:
    clients send ``orderidlist``)."""
    params = {name.lower(): value for name, value in call.params.items()}
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    numbers = _list(params, "orderidlist", list[int], "orderIdList")
    names = _list(params, "origclientorderidlist", list[str], "origClientOrderIdList")
    wanted: list[tuple[int | None, str | None]] = [(number, None) for number in numbers or ()]
    if numbers is None:
        wanted = [(None, name) for name in names or ()]
    if not wanted:
        raise refuse("either", "orderIdList", "origClientOrderIdList")
    if len(wanted) > PRACTICE.batch_cancels:
        raise refuse("too_many_cancels")

    def one(item: tuple[int | None, str | None]) -> Done:
        order = _cancel(desk, entry, *item)
        return order, shapes.order(desk, order)

    return _each(desk, wanted, now, one)


def _list(params: Params, name: str, kind: Any, shown: str) -> Any:
    sent = codec.optional(params, name)
    if sent is None:
        return None
    try:
        return msgspec.json.decode(sent.encode("utf-8", "replace"), type=kind, strict=False)
    except (msgspec.MsgspecError, RecursionError):
        raise refuse("invalid_parameter", shown) from None
