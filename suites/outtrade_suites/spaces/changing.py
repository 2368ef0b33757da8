"""Changing conditions: what was true of a market when the task began is not true any more when an order is due.

Each scenario has one *plot* (they come in turn):

``tick``      prices have to lie on a coarser grid from some moment on; three orders after it, one that rests before it
``step``      the same for quantities
``notional``  the least value of an order goes up; the first and the last order after it are too small
``closed``    the market closes and opens again as by a calendar, twice; orders are due before, between and behind, some
              with too little time to wait, and one may ask for the day, which a market without sessions has not got
``impact``    a trade that is several times as large as what the book shows at a price, and time to take it in pieces
``stale``     a trade is decided, and its order is held up for longer than the price may be old

Prices and quantities in the first three lie on the grid of the start and off the new one, so that whoever trusts what
it read is refused each time.

    outtrade run agent:ccxt --space changing --scenarios 40
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import Any, Literal

from outtrade.model.fault import Fault, Halt, LostAnswer, RateLimit, Reject, RuleChange, Trigger
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, about_one

Rule = Literal["tick", "step", "notional"]


def changing(d: Draw) -> Scenario:
    """What was true of a market is not any more: rules, hours and clocks change in mid-run (Binance spot)."""
    return about_one(d, PLOTS, "changing")


# ------------------------------------------------------------------ plots
def _rule(rule: Rule, d: Draw, story: Story) -> None:
    """An order that rests, the change, and three orders on the other side, one after the other."""
    product, side = _slot(story)
    mid = story.markets[product.symbol].mid
    at = story.clock
    story.intent(**_limit(d.sub("before"), product, mid, _other(side), at, rests=True), expires=at + 400)
    change = at + d.integer("then", 10, 40)
    times = d.choice("times", (5, 10, 100)) if rule != "notional" else _dearer(product)
    begins = change + d.integer("after", 1, 15)
    for number in range(3):
        part = d.sub(f"order {number}")
        rests = part.boolean("rests", 0.4)
        fields = _limit(part, product, mid, side, begins, rests=rests)
        lasts = part.integer("lasts", 60, 90)
        if rule == "tick":
            fields["limit_price"] = _beside(part, fields["limit_price"], product.tick, times)
        elif rule == "step":
            fields["quantity"] = _beside(part, fields["quantity"], product.step, times)
            if not rests and part.boolean("market", 0.5):
                fields |= {"type": "market", "limit_price": None}
        else:
            value = product.order_value * Decimal(str(1 if number == 1 else part.number("too little", 0.1, 0.35)))
            fields["quantity"] = product.quantity(value / fields["limit_price"])
        story.intent(**fields, expires=begins + lasts)
        begins += lasts + d.integer(f"pause {number}", 5, 20)
    on = Trigger(after=float(change), symbol=product.symbol)
    story.fault(RuleChange(on=on, rule=rule, times=times), ends=float(begins))


def _closed(d: Draw, story: Story) -> None:
    """Two sessions with a break before each: an order rests through the first, others are due while it is closed."""
    product, side = _slot(story)
    mid = story.markets[product.symbol].mid
    at = story.clock
    story.intent(**_limit(d.sub("before"), product, mid, _other(side), at, rests=True), expires=at + 420)
    closes = at + d.integer("then", 10, 30)
    for number in range(2):
        part = d.sub(f"session {number}")
        lasts = part.integer("closed", 30, 90)
        state = part.choice("state", ("halted", "cancel_only", "maintenance"))
        on = Trigger(after=float(closes), symbol=product.symbol)
        story.fault(Halt(on=on, state=state, duration=float(lasts)), ends=float(closes + lasts))
        due = closes + part.integer("due", 1, 20)
        waits = part.boolean("waits", 0.65)
        ends = closes + lasts + part.integer("open for", 70, 110)
        fields = _limit(part, product, mid, side, due, rests=part.boolean("rests", 0.4))
        story.intent(**fields, expires=ends if waits else due + max(6, (closes + lasts - due) // 2))
        closes = ends + part.integer("until the next", 10, 40)
    if d.boolean("for the day", 0.4):
        begins = closes + d.integer("last", 5, 20)
        fields = _limit(d.sub("day"), product, mid, side, begins, rests=True)
        story.intent(**fields | {"time_in_force": "DAY"}, expires=begins + 60)


def _impact(d: Draw, story: Story) -> None:
    """A thin book, several times what a level holds, and time enough to take it in pieces."""
    product, side = _slot(story)
    symbol, at = product.symbol, story.clock + d.integer("then", 5, 30)
    usual = product.order_value / story.markets[symbol].mid
    level = product.quantity(usual * Decimal(str(d.number("depth", 0.15, 0.3))))
    story.markets[symbol] = story.markets[symbol].model_copy(
        update={"depth": level, "taker_size": max(product.quantity(level / 2), product.step), "maker_rate": 0.4}
    )
    story.extra["needs"] = ("trade",)
    story.intent(
        kind="trade", symbol=symbol, side=side, at=at, expires=at + d.integer("lasts", 180, 260), patience=0.0,
        quantity=product.quantity(usual * Decimal(str(d.number("value", 1.5, 3)))),
        max_slippage_bps=Decimal(d.integer("slippage", 30, 60)), tag=d.tag("tag"),
    )  # fmt: skip


def _stale(d: Draw, story: Story) -> None:
    """An order is decided and turned away, or lost without a trace, for longer than its price may be old."""
    product, side = _slot(story)
    at = story.clock + d.integer("then", 5, 30)
    usual = product.order_value / story.markets[product.symbol].mid
    story.extra["needs"] = ("trade",)
    fields = story.intent(
        kind="trade", symbol=product.symbol, side=side, at=at, expires=at + 300, max_age=float(d.integer("age", 5, 12)),
        quantity=product.quantity(usual * Decimal(str(d.number("value", 0.3, 0.9)))), tag=d.tag("tag"),
        max_slippage_bps=Decimal(d.integer("slippage", 40, 120)), patience=d.choice("patience", (0.0, 20.0)),
    )  # fmt: skip
    on = Trigger(op="place", tag=fields["tag"])
    trouble: Fault
    match d.choice("trouble", ("limit", "busy", "lost")):
        case "limit":
            trouble = RateLimit(on=on, duration=float(d.integer("lasts", 20, 60)), retry_after=True)
        case "busy":
            trouble = Reject(on=on.model_copy(update={"times": d.integer("times", 4, 6)}), reason="busy")
        case _:
            trouble = LostAnswer(on=on, committed=False, symptom=d.choice("symptom", SYMPTOMS))
    story.fault(trouble, ends=at + 120)


def _slot(story: Story) -> tuple[Product, str]:
    """A product and a side, both of whose sides are free."""
    products = story.known.products
    symbol, side = story.slots[0]
    story.slots = [slot for slot in story.slots if slot[0] != symbol]
    return products[symbol], side


def _other(side: str) -> str:
    return "sell" if side == "buy" else "buy"


def _limit(d: Draw, product: Product, mid: Decimal, side: str, at: float, *, rests: bool) -> dict[str, Any]:
    """A limit order of a usual size, two per cent from the market or half a per cent through it."""
    away = Decimal("0.02") if rests else Decimal("-0.005")
    price = product.price(mid * (1 - away if side == "buy" else 1 + away), up=side == "sell")
    value = product.order_value * Decimal(str(d.number("value", 0.3, 0.9)))
    return {
        "kind": "order", "symbol": product.symbol, "side": side, "type": "limit", "at": at, "tag": d.tag("tag"),
        "limit_price": price, "quantity": product.quantity(value / price),
    }  # fmt: skip


def _beside(d: Draw, value: Decimal, grid: Decimal, times: int) -> Decimal:
    """A value of the fine grid near ``value`` that is not one of the grid ``times`` as coarse."""
    coarse = grid * times
    return (value / coarse).to_integral_value(ROUND_FLOOR) * coarse + grid * d.integer("beside", 1, times - 1)


def _dearer(product: Product) -> int:
    """How many times the least notional is to go up to be half of a usual order's value."""
    return max(2, int(product.order_value / 2 / product.notional_min))


PLOTS: dict[str, Plot] = {
    "tick": partial(_rule, "tick"),
    "step": partial(_rule, "step"),
    "notional": partial(_rule, "notional"),
    "closed": _closed,
    "impact": _impact,
    "stale": _stale,
}
"""What a scenario is about; over consecutive indices each comes equally often."""

__all__ = ["PLOTS", "changing"]
