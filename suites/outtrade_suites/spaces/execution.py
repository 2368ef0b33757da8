"""Execution and limits: slippage, fees and patience; caps, order rates, the kill switch.

Each scenario has one *plot* (they come in turn); behind ``rate``, ``slippage`` and ``patience`` comes ``fees`` or
``halt`` as well:

``position``  a cap on the own position; orders that fit, then one that would break it, on either side
``notional``  a cap on the value of one order; some are above it
``rate``      a cap on orders per second, and many intents due in the same instant
``halt``      orders that rest, a kill switch, and intents that are due after it
``slippage``  a bound on slippage, and more wanted than stands within it
``patience``  time for a maker fill before the rest is taken
``fees``      a bound on fees that only a maker, or nobody, can keep

What would break a cap breaks it by a quarter or more, so that rounding and fees decide nothing. A part of the scenarios
loses the answer to an order as well: what is in doubt counts towards every cap, and is to be off the book after a halt.

    outtrade run agent:httpx --space execution --scenarios 40
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.capability import Capability
from outtrade.model.fault import LostAnswer, Trigger
from outtrade.model.scenario import Scenario
from outtrade.model.task import Limits
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape
from outtrade_suites.spaces.markets import Product
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told


def execution(d: Draw) -> Scenario:
    """Slippage, fees and patience; caps, order rates, the kill switch (Binance spot)."""
    story, plot = Story(d), d.spread("plot", tuple(PLOTS))
    PLOTS[plot](d.sub(plot), story)
    if plot in ("rate", "slippage", "patience"):
        then = d.spread("then", ("fees", "halt"))
        story.clock = max(story.healed, *(fields.get("expires") or fields["at"] for fields in story.intents))
        PLOTS[then](d.sub(f"then {then}"), story)
    made = told(story, "execution")
    return made.model_copy(update={"id": f"{made.id}-{plot}"})


# ------------------------------------------------------------------ plots
def _position(d: Draw, story: Story) -> None:
    """Fill a part of the cap, go beyond it, come back, and ask for too much once more, far from the market."""
    product, side = _slot(story)
    mid = story.markets[product.symbol].mid
    cap = product.quantity(product.order_value * 2 / mid)
    story.extra["limits"] = Limits(max_position=cap)
    parts = [d.number("first", 0.4, 0.6), d.number("too much", 0.85, 1.2), d.number("back", 0.2, 0.38)]
    at = story.clock
    for number, (part, way) in enumerate(zip(parts, (side, side, _other(side)), strict=True), 1):
        fields = _taking(product, way, at) | {"quantity": product.quantity(cap * Decimal(str(part)))}
        story.intent(**fields, tag=d.tag(f"tag {number}"))
        if number == 1:
            _may_be_lost(d, story, fields)
        at = fields["expires"] + d.integer(f"then {number}", 2, 20)
    if d.boolean("resting too", 0.6):
        fields = _resting(product, side, mid, at) | {
            "quantity": product.quantity(cap * Decimal(str(d.number("resting", 1.5, 2))))
        }
        story.intent(**fields, tag=d.tag("resting tag"))


def _notional(d: Draw, story: Story) -> None:
    """Orders below and above the cap on the value of one."""
    cap = Decimal(d.integer("cap", 800, 2000))
    story.extra["limits"] = Limits(max_notional=cap)
    at = story.clock
    for number in range(d.integer("orders", 2, 4)):
        part, (product, side) = d.sub(f"order {number}"), _slot(story, quote="USDT")
        above = number == 0 or part.boolean("above", 0.4)
        value = cap * Decimal(str(part.number("value", 1.4, 3) if above else part.number("small", 0.3, 0.8)))
        mid, form = story.markets[product.symbol].mid, part.choice("form", ("market", "quote", "limit"))
        if form == "quote":
            fields = _taking(product, side, at) | {"quote_quantity": value.quantize(Decimal(1))}
        else:
            fields = _taking(product, side, at) if form == "market" else _resting(product, side, mid, at)
            fields["quantity"] = product.quantity(value / fields.get("limit_price", mid))
        story.intent(**fields, tag=part.tag("tag"))
        if not above and not story.faults:
            _may_be_lost(part, story, fields)
        at += part.integer("then", 5, 40)


def _rate(d: Draw, story: Story) -> None:
    """Many intents due at once."""
    rate = d.choice("rate", (Decimal(1), Decimal(2), Decimal("0.5")))
    story.extra["limits"] = Limits(max_orders_per_second=rate)
    at = story.clock
    for number in range(d.integer("orders", 4, 6)):
        shape: Shape = d.choice(f"shape {number}", ("marketable", "timed"), weights=(2, 1))
        fields = story.order(d.sub(f"order {number}"), shape, at=at)
        if number == 0:
            _may_be_lost(d, story, fields)


def _halt(d: Draw, story: Story) -> None:
    """Orders that rest, the switch, and what would come after it."""
    for number in range(min(d.integer("resting", 1, 4), len(story.slots) - 1)):
        part = d.sub(f"resting {number}")
        fields = story.order(part, "resting", at=story.clock + part.integer("then", 1, 15))
        fields["expires"] = None
        if number == 0:
            _may_be_lost(d, story, fields)
    stop = story.clock + d.integer("halt after", 20, 90)
    story.intent(kind="halt", at=stop, tag=d.tag("halt tag"))
    _need(story, "halt")
    for number in range(min(d.integer("after", 1, 2), len(story.slots))):
        part = d.sub(f"after {number}")
        shape: Shape = part.choice("shape", ("marketable", "timed"))
        story.order(part.sub("order"), shape, at=stop + part.integer("late", 10, 80))


def _slippage(d: Draw, story: Story) -> None:
    """Thin books, sizes that walk through them, and a bound that does not allow it."""
    for number in range(d.integer("trades", 1, 3)):
        part = d.sub(f"trade {number}")
        fields = _trade(part, story, value=(1.5, 4), depth=(0.1, 0.3), patience=part.choice("patience", (0.0, None)))
        fields["max_slippage_bps"] = Decimal(part.integer("slippage", 4, 15))
        fields["quantity"] = None if part.boolean("in quote", 0.2) else fields["quantity"]
        if fields["quantity"] is None:
            fields["quote_quantity"] = (
                Decimal(part.integer("amount", 20, 60)) * story.known.products[fields["symbol"]].order_value / 20
            )
        story.intent(**fields, tag=part.tag("tag"))


def _patience(d: Draw, story: Story) -> None:
    """A maker order first; the rest is taken when patience is over."""
    for number in range(d.integer("trades", 1, 2)):
        part = d.sub(f"trade {number}")
        waits = float(part.integer("patience", 20, 80))
        fields = _trade(part, story, value=(0.3, 1.2), depth=(0.8, 2), patience=waits)
        fields["max_slippage_bps"] = Decimal(part.integer("slippage", 25, 60))
        story.intent(**fields, tag=part.tag("tag"))


def _fees(d: Draw, story: Story) -> None:
    """What a taker pays is too much; in a few scenarios what a maker pays is as well."""
    part = d.sub("trade")
    story.extra["fees"] = (Decimal("0.0002"), Decimal("0.0008"))
    fields = _trade(part, story, value=(0.3, 1.2), depth=(0.8, 2), patience=part.choice("patience", (None, 30.0)))
    fields |= {"max_slippage_bps": Decimal(50), "max_fee_bps": part.choice("fee", (Decimal(1), Decimal(4), Decimal(5)))}
    story.intent(**fields, tag=part.tag("tag"))


PLOTS: dict[str, Plot] = {
    "position": _position, "notional": _notional, "rate": _rate, "halt": _halt,
    "slippage": _slippage, "patience": _patience, "fees": _fees,
}  # fmt: skip


# ------------------------------------------------------------------ parts
def _need(story: Story, capability: Capability) -> None:
    """The scenario needs a target that has this."""
    story.extra["needs"] = tuple(sorted({*story.extra.get("needs", ()), capability}))


def _slot(story: Story, quote: str | None = None) -> tuple[Product, str]:
    """The next product and side that no intent has yet (of a quote currency, where one is given)."""
    products = story.known.products
    slot = next(slot for slot in story.slots if quote in (None, products[slot[0]].quote))
    story.slots.remove(slot)
    return products[slot[0]], slot[1]


def _other(side: str) -> str:
    return "sell" if side == "buy" else "buy"


def _taking(product: Product, side: str, at: float) -> dict[str, Any]:
    """A market order, over within half a minute; its quantity is still to be said."""
    return {
        "kind": "order", "symbol": product.symbol, "side": side, "type": "market", "at": at, "expires": at + 30,
    }  # fmt: skip


def _trade(
    d: Draw, story: Story, *, value: tuple[float, float], depth: tuple[float, float], patience: float | None
) -> dict[str, Any]:
    """A ``trade`` intent of some usual orders' worth, in a market whose levels hold ``depth`` of one each."""
    product, side = _slot(story)
    symbol, at = product.symbol, story.clock + d.integer("then", 5, 30)
    usual = product.order_value / story.markets[symbol].mid
    level = product.quantity(usual * Decimal(str(d.number("depth", *depth))))
    story.markets[symbol] = story.markets[symbol].model_copy(
        update={"depth": level, "taker_size": max(product.quantity(level / 2), product.step), "maker_rate": 0.1}
    )
    _need(story, "trade")
    return {
        "kind": "trade", "symbol": symbol, "side": side, "at": at, "expires": at + d.integer("lasts", 120, 240),
        "quantity": product.quantity(usual * Decimal(str(d.number("value", *value)))), "patience": patience,
    }  # fmt: skip


def _resting(product: Product, side: str, mid: Decimal, at: float) -> dict[str, Any]:
    """A limit order two per cent from the market; its quantity is still to be said."""
    away = mid * (Decimal("0.98") if side == "buy" else Decimal("1.02"))
    return {
        "kind": "order", "symbol": product.symbol, "side": side, "type": "limit", "at": at, "expires": at + 60,
        "limit_price": product.price(away, up=side == "sell"),
    }  # fmt: skip


def _may_be_lost(d: Draw, story: Story, fields: dict[str, Any]) -> None:
    """In a third of the scenarios, the answer to the order of this intent is lost."""
    part = d.sub("answer")
    if part.boolean("lost", 0.35):
        tag = story.intents[-1]["tag"]
        on = Trigger(op="place", tag=tag, before=fields["at"] + 60)
        committed, symptom = part.boolean("committed"), part.choice("symptom", SYMPTOMS)
        story.fault(LostAnswer(on=on, committed=committed, symptom=symptom), ends=fields["at"] + 90)
