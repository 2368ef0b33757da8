"""Reading a new order (``private/buy``, ``private/sell``), and what an edit may say.

``amount`` and ``contracts`` are two ways to say the same; both sent must agree. A *post-only* order that would take is
moved to just beside the spread, unless ``reject_post_only`` asks for a refusal (11054)::

    type           limit, market, stop_limit, stop_market, take_limit, take_market, trailing_stop, market_limit
    time_in_force  good_til_cancelled, good_til_day (ends at 8:00 UTC), fill_or_kill, immediate_or_cancel

``market_limit`` trades at the market and rests with what is left at the price it last traded at; here it is refused as
not implemented, as are orders that trigger others (``linked_order_type``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, cast

import msgspec

from outtrade_mocks.core import NewOrder, Trigger
from outtrade_mocks.core.orders import Side, TimeInForce, TriggerKind, TriggerSource
from outtrade_mocks.venues.catalogue import text
from outtrade_mocks.venues.deribit import codec
from outtrade_mocks.venues.deribit.desk import Desk, Note
from outtrade_mocks.venues.deribit.errors import refuse
from outtrade_mocks.venues.deribit.reference import Listing

DAY_NS = 86_400_000_000_000
CLOSE_NS = 8 * 3_600_000_000_000
"""The trading session ends at 8:00 UTC."""


class Kind(NamedTuple):
    """A word of ``type``."""

    limit: bool
    trigger: TriggerKind | None = None
    trailing: bool = False


KINDS: Mapping[str, Kind] = {
    "limit": Kind(True),
    "market": Kind(False),
    "stop_limit": Kind(True, "stop"),
    "stop_market": Kind(False, "stop"),
    "take_limit": Kind(True, "take_profit"),
    "take_market": Kind(False, "take_profit"),
    "trailing_stop": Kind(False, "stop", trailing=True),
}
UNIFIED = {
    "limit": "limit",
    "market": "market",
    "stop_limit": "stop_limit",
    "stop_market": "stop",
    "take_limit": "take_profit_limit",
    "take_market": "take_profit",
    "trailing_stop": "trailing_stop",
}
TIFS: Mapping[str, TimeInForce] = {
    "good_til_cancelled": "GTC",
    "good_til_day": "GTD",
    "fill_or_kill": "FOK",
    "immediate_or_cancel": "IOC",
}
SOURCES: Mapping[str, TriggerSource] = {"last_price": "last", "mark_price": "mark", "index_price": "mark"}
"""``trigger``; the core has no index apart from the mark price (*simplified*)."""


class Ticket(msgspec.Struct):
    """A readable request for an order."""

    listing: Listing
    new: NewOrder


def read(desk: Desk, sent: Mapping[str, Any], side: Side, now: int, connection: int) -> Ticket:
    """Read a new order; raises Refusal."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    word = codec.choice(sent, "type", (*KINDS, "market_limit"), "limit")
    if word == "market_limit" or codec.text(sent, "linked_order_type"):
        raise refuse("not_implemented")
    kind = KINDS[word]
    lots = size(desk, entry, sent)
    if lots is None:
        raise codec.invalid("amount", "value required")
    tif = codec.choice(sent, "time_in_force", TIFS, "good_til_cancelled")
    label = codec.label(sent)
    price = _price(desk, entry, kind, sent)
    post_only, reject = codec.flag(sent, "post_only"), codec.flag(sent, "reject_post_only")
    if post_only and (not kind.limit or tif != "good_til_cancelled"):
        raise refuse("post_only_not_allowed")
    if reject and not post_only:
        raise codec.invalid("reject_post_only", "only with post_only")
    trigger, trigger_word, reference = _trigger(desk, entry, kind, side, sent)
    visible = _visible(desk, entry, kind, lots, sent)
    if post_only and not reject and price is not None and trigger is None:
        price = beside_the_spread(desk, entry, side, price)
    note = Note(label, word, tif, trigger_word, reject, connection, reference=reference)
    return Ticket(
        entry,
        NewOrder(
            symbol=entry.unified,
            side=side,
            type="limit" if kind.limit else "market",
            tif=TIFS[tif] if kind.limit or tif not in ("good_til_cancelled", "good_til_day") else "GTC",
            expires=_close(now) if tif == "good_til_day" and kind.limit else None,
            post_only=post_only,
            price=price,
            lots=lots,
            client_id=desk.name(label),
            trigger=trigger,
            visible=visible,
            reduce_only=codec.flag(sent, "reduce_only"),
            label=desk.noted(note),
        ),
    )


def size(desk: Desk, entry: Listing, sent: Mapping[str, Any]) -> int | None:
    """``amount`` or ``contracts`` in lots; None where neither was sent. Raises 10002, 10021, 10027."""
    amount = codec.positive(sent, "amount", "invalid_amount")
    contracts = codec.positive(sent, "contracts", "invalid_amount")
    if contracts is not None:
        if contracts != contracts.to_integral_value():
            raise refuse("non_integer_contracts")
        if amount is not None and amount != contracts * entry.contract:
            raise refuse("invalid_amount")
        amount = contracts * entry.contract
    return None if amount is None else desk.lots(entry, amount)


def _price(desk: Desk, entry: Listing, kind: Kind, sent: Mapping[str, Any]) -> int | None:
    """``price`` in ticks, where the type has one; market orders ignore it (*inferred*)."""
    if not kind.limit:
        return None
    price = codec.positive(sent, "price", "invalid_price")
    if price is None:
        raise codec.invalid("price", "value required")
    return desk.ticks(entry, price)


def _trigger(
    desk: Desk, entry: Listing, kind: Kind, side: Side, sent: Mapping[str, Any]
) -> tuple[Trigger | None, str, Decimal | None]:
    """``trigger``, ``trigger_price`` and ``trigger_offset`` of a trigger order; others ignore them (*inferred*)."""
    if kind.trigger is None:
        return None, "", None
    word = codec.choice(sent, "trigger", SOURCES)
    price = codec.positive(sent, "trigger_price", "invalid_trigger")
    offset = codec.positive(sent, "trigger_offset", "invalid_trigger")
    if kind.trailing:
        if offset is None:
            raise codec.invalid("trigger_offset", "value required")
        trail = desk.ticks(entry, offset, "trigger_wrong_tick")
        reference = desk.price(entry.unified, desk.exchange.last_price(entry.unified)) or desk.mark(entry)
        return Trigger(kind="stop", source=SOURCES[word], trail_ticks=trail), word, reference
    if price is None:
        raise codec.invalid("trigger_price", "value required")
    ticks = desk.ticks(entry, price, "trigger_wrong_tick")
    return Trigger(kind=kind.trigger, price=ticks, source=SOURCES[word]), word, None


def _visible(desk: Desk, entry: Listing, kind: Kind, lots: int, sent: Mapping[str, Any]) -> int | None:
    """``display_amount`` of an iceberg in lots: at least 100 times the least amount, and a hundredth of the whole
    (private/buy)."""
    shown = codec.positive(sent, "display_amount", "invalid_max_show")
    if shown is None:
        return None
    if not kind.limit or shown < 100 * entry.least:
        raise refuse("invalid_max_show")
    visible = desk.lots(entry, shown)
    if visible >= lots:
        return None
    if visible * 100 < lots:
        raise refuse("invalid_max_show")
    return visible


def beside_the_spread(desk: Desk, entry: Listing, side: Side, price: int) -> int:
    """The price of a post-only order, moved one tick from the other side's best where it would take (11021 where there
    is no such price)."""
    bids, asks = desk.exchange.depth(entry.unified, 1)
    best = (asks if side == "buy" else bids)[:1]
    if not best or (price < best[0][0] if side == "buy" else price > best[0][0]):
        return price
    level = desk.exchange.instrument(entry.unified).price(best[0][0])
    step = next((one for above, one in reversed(entry.steps) if level >= above), entry.tick)
    moved = best[0][0] + int(step / entry.tick) * (-1 if side == "buy" else 1)
    if moved < 1:
        raise refuse("no_slide")
    return moved


def _close(now: int) -> int:
    """The end of the trading session that ``now`` lies in: the next 8:00 UTC."""
    return (now - CLOSE_NS) // DAY_NS * DAY_NS + DAY_NS + CLOSE_NS


DIGITS = 20
"""No amount has so many digits before or behind its point."""


def wire_amount(contracts: str | None, contract: Decimal) -> str | None:
    """The amount of so many contracts; None for none, and for what is no number.

    >>> wire_amount("250", Decimal("10.0")), wire_amount("many", Decimal(10)), wire_amount(None, Decimal(10))
    ('2500', None, None)
    """
    try:
        amount = Decimal(contracts or "x") * contract
    except ArithmeticError:
        return None
    return text(amount) if amount.is_finite() and abs(amount.adjusted()) < DIGITS else None


def unified(
    sent: Mapping[str, Any], side: str, symbol: str, price: str | None, contract: Decimal | None
) -> dict[str, Any]:
    """The unified reading of an order request; numbers stay as they were sent, but that ``contracts`` are told as the
    amount that they stand for. ``price``: of the request; ``contract``: the amount in one, None where the instrument is
    not known."""
    word = str(sent.get("type") or "limit")
    names = ("amount", "contracts", "trigger_price")
    plain = codec.plainly({name: sent[name] for name in names if sent.get(name) is not None})
    if "amount" not in plain and contract is not None:
        counted = wire_amount(plain.get("contracts"), contract)
        plain |= {} if counted is None else {"amount": counted}
    return {
        "symbol": symbol,
        "side": cast(Side, side),
        "type": UNIFIED.get(word, "limit"),
        "tif": TIFS.get(str(sent.get("time_in_force") or "good_til_cancelled")),
        "price": price,
        "quantity": plain.get("amount"),
        "quote_quantity": None,
        "stop_price": plain.get("trigger_price"),
        "post_only": str(sent.get("post_only")).lower() == "true",
        "reduce_only": str(sent.get("reduce_only")).lower() == "true",
    }
