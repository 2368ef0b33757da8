"""Tickets: a request for an order, read and checked as OKX's API does before it reaches the matching engine.

``ordType`` holds type and time in force in one word::

    market, optimal_limit_ioc    no price; the second for swaps only, the rest of it is cancelled at once
    limit                        rests
    post_only                    taken in, and cancelled where it would take (cancelSource 31)
    ioc, fok                     taken in, and the rest, or all of it, cancelled (14, 13)

``sz`` counts base currency in spot, contracts in swaps; of a spot market order the currency that ``tgtCcy`` names, and
without it a buy's is quote currency. ``attachAlgoOrds`` are a take-profit, a stop-loss or both, which come to life when
the order is completely filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

import msgspec
from msgspec.structs import replace

from outtrade_mocks.core import NewList, NewOrder, Reject, Trigger
from outtrade_mocks.core.orders import HeldSide, SelfTrade, TimeInForce, TriggerSource
from outtrade_mocks.venues.okx import codec
from outtrade_mocks.venues.okx.desk import ATTACH_ID_BASE, Desk, Note
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.okx.reference import Listing

Side = Literal["buy", "sell"]
MARKET = "-1"
"""An order price that means: at the market."""


class Kind(NamedTuple):
    """What an ordType is made of."""

    limit: bool
    tif: TimeInForce = "GTC"
    post_only: bool = False


KINDS: Mapping[str, Kind] = {
    "limit": Kind(True),
    "market": Kind(False),
    "post_only": Kind(True, "GTC", True),
    "ioc": Kind(True, "IOC"),
    "fok": Kind(True, "FOK"),
    "optimal_limit_ioc": Kind(False),
}
SELF_TRADE: Mapping[str, SelfTrade] = {
    "cancel_maker": "expire_maker",
    "cancel_taker": "expire_taker",
    "cancel_both": "expire_both",
}
SOURCES: Mapping[str, TriggerSource] = {"last": "last", "mark": "mark", "index": "index"}


class Ticket(msgspec.Struct):
    """A readable request for an order."""

    listing: Listing
    side: Side
    new: NewOrder | NewList
    client_id: str
    tag: str


def listing_of(desk: Desk, params: Mapping[str, str]) -> Listing:
    """The instrument of a request, by ``instId`` or (in frames) ``instIdCode``."""
    code = params.get("instIdCode")
    if code and not params.get("instId"):
        found = desk.by_code.get(int(code)) if code.isascii() and code.isdecimal() and len(code) < 16 else None
        if found is None:
            raise refuse("instrument")
        return desk.know(found)
    return desk.listed(codec.mandatory(params, "instId"))


def side_of(params: Mapping[str, str]) -> Side:
    """``side``."""
    return cast(Side, codec.choice(params, "side", ("buy", "sell")))


def mode_of(desk: Desk, entry: Listing, params: Mapping[str, str]) -> str:
    """``tdMode``: cash for spot, cross or isolated for swaps (51000). Spot with cross is margin trading without a loan
    where the account has it (Place order: cross spot in multi-currency margin); ccxt sends it with every TP/SL."""
    mode = codec.choice(params, "tdMode", ("cash", "cross", "isolated", "spot_isolated"))
    if entry.swap != (mode in ("cross", "isolated")) and not (mode == "cross" and not entry.swap):
        raise refuse("parameter", "tdMode")
    return mode


def position_side(desk: Desk, entry: Listing, params: Mapping[str, str]) -> HeldSide | None:
    """``posSide``: none or net in net mode, long or short in long/short mode (51000)."""
    sent = codec.optional(params, "posSide")
    if not entry.swap:
        if sent not in (None, "net"):
            raise refuse("parameter", "posSide")
        return None
    portfolio = desk.account.portfolio
    hedge = portfolio is not None and portfolio.hedge
    if (sent in ("long", "short")) != hedge or sent not in (None, "net", "long", "short"):
        raise refuse("parameter", "posSide")
    return cast(HeldSide | None, sent if hedge else None)


def read(desk: Desk, params: Mapping[str, str], attached: Any = None) -> Ticket:
    """Read a new order; raises Refusal. ``attached``: its attachAlgoOrds as decoded JSON."""
    entry = listing_of(desk, params)
    mode = mode_of(desk, entry, params)
    side = side_of(params)
    word = codec.mandatory(params, "ordType")
    kind = KINDS.get(word)
    if kind is None or (word == "optimal_limit_ioc" and not entry.swap):
        raise refuse("parameter", "ordType")
    sent = codec.mandatory(params, "sz")
    size = codec.positive("sz", sent)
    price = _price(desk, entry, kind, params)
    target = _target(entry, kind, side, params)
    client_id, tag = codec.client_id(params, "clOrdId"), codec.tag(params)
    stp = codec.choice(params, "stpMode", SELF_TRADE, "cancel_maker")
    if stp == "cancel_both" and kind.tif == "FOK":
        raise refuse("stp_fok")
    held = position_side(desk, entry, params)
    reduce = codec.boolean(params, "reduceOnly") and entry.swap and held is None
    _largest(entry, kind, size, price)
    note = Note(mode, word, sent, tag, target or "", stp)
    remember(desk, entry, note)
    wanted = _attachments(params, attached)
    quote = desk.exchange.atoms(entry.quote, _rounded(size)) if target == "quote_ccy" else None
    new = NewOrder(
        symbol=entry.unified,
        side=side,
        type="limit" if kind.limit else "market",
        tif=kind.tif,
        post_only=kind.post_only,
        price=price,
        lots=None if quote is not None else desk.lots(entry, size),
        quote=quote,
        client_id=client_id,
        self_trade=None if stp == "cancel_maker" else SELF_TRADE[stp],
        reduce_only=reduce,
        position_side=held,
        label="" if wanted is not None else desk.noted(note),
    )
    if wanted is None:
        return Ticket(entry, side, new, client_id, tag)
    legs = _attached(desk, entry, new, note, params, wanted)
    new = replace(new, label=desk.noted(note))
    orders = NewList(kind="oto" if len(legs) == 1 else "bracket", orders=(new, *legs))
    return Ticket(entry, side, orders, client_id, tag)


def remember(desk: Desk, entry: Listing, note: Note) -> None:
    """What an order's note says of the moment."""
    note.last = desk.exchange.last_price(entry.unified)
    note.lever = str(desk.leverage(entry)) if entry.swap else ""


def _rounded(size: Decimal) -> Decimal:
    """An amount of quote currency in whole atoms; finer ones are cut (*inferred*)."""
    return size.quantize(Decimal("0.00000001"), rounding="ROUND_DOWN")


def _price(desk: Desk, entry: Listing, kind: Kind, params: Mapping[str, str]) -> int | None:
    """``px`` in ticks, where the type has one; other types ignore it (*inferred*)."""
    if not kind.limit:
        return None
    sent = codec.optional(params, "px")
    if sent is None:
        raise refuse("empty", "px")
    return desk.ticks(entry, "px", codec.positive("px", sent))


def _target(entry: Listing, kind: Kind, side: Side, params: Mapping[str, str]) -> str | None:
    """``tgtCcy`` of a spot market order; of all others it is ignored."""
    if entry.swap or kind.limit:
        return None
    default = "quote_ccy" if side == "buy" else "base_ccy"
    return codec.choice(params, "tgtCcy", ("base_ccy", "quote_ccy"), default)


def _largest(entry: Listing, kind: Kind, size: Decimal, price: int | None) -> None:
    """The instrument's upper bounds: contracts (51101, 51202), value of a spot order (51201, 51203)."""
    raw = entry.raw
    if entry.swap:
        most = raw.get("maxLmtSz" if kind.limit else "maxMktSz")
        if most and size > Decimal(most):
            raise refuse("max_size", most) if kind.limit else refuse("market_size")
        return
    most = raw.get("maxLmtAmt" if kind.limit else "maxMktAmt")
    if kind.limit and most and price is not None and size * price * entry.tick > Decimal(most):
        raise refuse("limit_amount", most)


# ---------------------------------------------------------- attached TP and SL
_ATTACHED = (
    "attachAlgoId", "attachAlgoClOrdId", "tpOrdKind", "tpTriggerPx", "tpTriggerRatio", "tpTriggerPxType", "tpOrdPx",
    "slTriggerPx", "slTriggerRatio", "slTriggerPxType", "slOrdPx", "sz", "amendPxOnTriggerType", "callbackRatio",
    "callbackSpread", "activePx",
)  # fmt: skip


def _attachments(params: Mapping[str, str], sent: Any) -> Any:
    """What is to be attached, as sent; None: nothing."""
    if sent is None and (params.get("tpTriggerPx") or params.get("slTriggerPx")):
        return [params]  # the older parameters beside the order's own
    return None if sent == [] or sent == "" else sent


def _attached(
    desk: Desk, entry: Listing, new: NewOrder, note: Note, params: Mapping[str, str], sent: Any
) -> list[NewOrder]:
    """The orders of ``attachAlgoOrds``: at most one take-profit and one stop-loss here (split TPs are not offered)."""
    if not isinstance(sent, list) or not all(isinstance(item, Mapping) for item in sent):
        raise refuse("parameter", "attachAlgoOrds")
    merged: dict[str, str] = {}
    for item in (codec.text(one) for one in sent):
        for name in ("tpTriggerPx", "slTriggerPx"):
            if item.get(name) and merged.get(name):
                raise refuse("parameter", "attachAlgoOrds")
        merged |= {name: item[name] for name in _ATTACHED if item.get(name)}
    pairs = [leg for leg in ("tp", "sl") if merged.get(f"{leg}TriggerPx") or merged.get(f"{leg}OrdPx")]
    if not pairs:
        raise refuse("parameter", "attachAlgoOrds")
    if new.lots is None or new.reduce_only:
        raise refuse("no_attachments", note.ord_type, note.td_mode)
    name = codec.client_id(merged, "attachAlgoClOrdId")
    prices = {
        one: merged.get(one, "") for leg in pairs for one in (f"{leg}TriggerPx", f"{leg}TriggerPxType", f"{leg}OrdPx")
    }
    algo = desk.new_algo("oco" if len(pairs) == 2 else "conditional", name, prices, entry.unified)
    side: Side = "sell" if new.side == "buy" else "buy"
    legs = []
    for leg in pairs:
        kind: Literal["stop", "take_profit"] = "take_profit" if leg == "tp" else "stop"
        trigger, price = leg_prices(desk, entry, merged, leg)
        _right_side(new, kind, trigger)
        one = Note(note.td_mode, "market" if price is None else "limit", note.sz, note.tag, algo=algo, leg=leg)
        one.last, one.lever = note.last, note.lever
        legs.append(
            NewOrder(
                symbol=entry.unified,
                side=side,
                type="market" if price is None else "limit",
                price=price,
                lots=new.lots,
                trigger=Trigger(kind=kind, price=trigger, source="last"),
                reduce_only=entry.swap and new.position_side is None,
                position_side=new.position_side,
                label=desk.noted(one),
            )
        )
    note.attached = (
        {one: merged.get(one, "") for one in _ATTACHED}
        | {"attachAlgoId": str(ATTACH_ID_BASE + algo.algo_id % 1_000_000)}
        | {"tpOrdKind": merged.get("tpOrdKind") or "condition", "amendPxOnTriggerType": "0"}
        | {"failCode": "", "failReason": ""}
        | {f"{leg}TriggerPxType": merged.get(f"{leg}TriggerPxType") or "last" for leg in pairs},
    )
    desk.keep(algo)
    return legs


def leg_prices(desk: Desk, entry: Listing, params: Mapping[str, str], leg: str) -> tuple[int, int | None]:
    """Trigger price and order price in ticks of a take-profit (``tp``) or stop-loss (``sl``); None: at the market."""
    trigger = desk.ticks(
        entry, f"{leg}TriggerPx", codec.positive(f"{leg}TriggerPx", codec.mandatory(params, f"{leg}TriggerPx"))
    )
    codec.choice(params, f"{leg}TriggerPxType", tuple(SOURCES), "last")
    sent = codec.mandatory(params, f"{leg}OrdPx")
    if codec.number(f"{leg}OrdPx", sent) == -1:
        return trigger, None
    return trigger, desk.ticks(entry, f"{leg}OrdPx", codec.positive(f"{leg}OrdPx", sent))


def _right_side(new: NewOrder, kind: str, trigger: int) -> None:
    """An attached trigger lies beyond the order's price, on its own side (51046 to 51049)."""
    if new.price is None:
        return
    buy = new.side == "buy"
    if kind == "take_profit" and (trigger <= new.price if buy else trigger >= new.price):
        raise refuse("tp_below_price" if buy else "tp_above_price")
    if kind == "stop" and (trigger >= new.price if buy else trigger <= new.price):
        raise refuse("sl_above_price" if buy else "sl_below_price")


def set_margin_mode(desk: Desk, entry: Listing, mode: str) -> None:
    """Trade a swap with the margin mode of an order. Both at once on one instrument are not offered (51010)."""
    if not entry.swap:
        return
    isolated = mode == "isolated"
    portfolio = desk.account.portfolio
    setting = None if portfolio is None else portfolio.settings.get(entry.unified)
    if (setting is not None and setting.isolated) == isolated:
        return
    try:
        desk.exchange.set_margin_mode(desk.account, entry.unified, isolated=isolated)
    except Reject:
        raise refuse("account_mode") from None
