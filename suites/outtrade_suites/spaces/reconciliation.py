"""Reconciliation: accounts on which much happens, and not all of it is ours.

Each scenario has one *plot*, on Binance spot; what it is about is beside it:

``stray``      an order under our own tag that we never sent, filled or at work; our own stand or are due (LIM-03)
``transfer``   money comes or goes, and no trade is behind it (REC-11)
``pages``      an order that fills more often than a page of trades holds, all of it in one instant (REC-14)
``busy``       orders that fill in many small parts, orders of others that fill beside them, fees in a third asset, lost
               events and lost answers: the books have to be right all the same

Behind each but ``stray`` the venue itself breaks a promise: an order is filled beyond its quantity (``overfill``,
LIM-03), or a trade is missing from the lists for a while (``unlisted``, REC-04).

    outtrade run agent:ccxt --space reconciliation --scenarios 40
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.fault import (
    DelayedFill,
    LostAnswer,
    Overfill,
    PartialFill,
    Stray,
    StreamClose,
    StreamDrop,
    Transfer,
    Trigger,
    UnlistedFill,
)
from outtrade.model.scenario import Market, Scenario, Standing
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape
from outtrade_suites.spaces.markets import Product
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told

PAGE = 500
"""Trades in one answer of Binance spot, where no more are asked for (rest-api.md, account trade list)."""
TOKEN = "BNB/USDT"
"""The market in which the price of the token for fees is made."""


def reconciliation(d: Draw) -> Scenario:
    """Accounts on which much happens, not all of it ours: strays, transfers, pages of fills, fees in BNB."""
    story, plot = Story(d), d.spread("plot", tuple(PLOTS))
    PLOTS[plot](d.sub(plot), story)
    if plot != "stray":
        then = d.spread("then", tuple(BROKEN))
        story.clock = max(story.clock, story.healed)
        BROKEN[then](d.sub(then), story)
    made = told(story, "reconciliation")
    changes: dict[str, Any] = {"id": f"{made.id}-{plot}"}
    if d.boolean("fees in BNB"):
        token = Market(mid=Decimal(600), depth=Decimal(20), taker_size=Decimal(1), maker_rate=0.01, taker_rate=0.01)
        changes["knobs"] = made.knobs | {"bnb_burn": True}
        changes["symbols"] = (*made.symbols, TOKEN)
        changes["markets"] = {**made.markets, TOKEN: token}
        changes["balances"] = {**made.balances, "BNB": Decimal("12.5")}
    return made.model_copy(update=changes)


# ------------------------------------------------------------------ plots
def _stray(d: Draw, story: Story) -> None:
    """An order that rests, one that is hit, and more that are due when the stray is known."""
    if d.boolean("another rests", 0.6):
        story.order(d.sub("resting"), "resting", at=story.clock + d.integer("first", 1, 8), lasts=500)
    shape: Shape = d.choice("shape", ("marketable", "resting"))
    hit = story.order(d.sub("hit"), shape, at=story.clock + d.integer("then", 5, 25), lasts=450)
    after, form = d.number("after", 3, 40, digits=1), d.choice("form", ("fill", "fill", "order"))
    on = Trigger(op="place", tag=hit["tag"])
    story.fault(
        Stray(on=on, form=form, after=after, fraction=d.number("fraction", 0.2, 1)), ends=hit["at"] + after + 20
    )
    known = hit["at"] + after
    if d.boolean("event lost", 0.3):
        story.fault(StreamDrop(on=Trigger(op="event", after=known - 1, times=3)), ends=known + 20)
    story.order(d.sub("soon"), "any", at=known + d.integer("soon after", 20, 60), lasts=200)
    story.order(d.sub("late"), "any", at=known + d.integer("late after", 150, 200), lasts=120)


def _transfer(d: Draw, story: Story) -> None:
    """Ordinary orders, and money that moves while they are about."""
    first = story.clock
    for number in range(d.integer("orders", 1, 3)):
        story.order(d.sub(f"order {number}"), "any", at=story.clock + d.integer(f"then {number}", 3, 40))
    used = [story.known.products[fields["symbol"]] for fields in story.intents]
    assets = sorted({asset for product in used for asset in (product.base, product.quote)})
    asset = d.choice("asset", assets)
    at = first + d.integer("at", 5, 150)
    transfer = Transfer(
        on=Trigger(after=at), way=d.choice("way", ("in", "out")), asset=asset, amount=_amount(d, story, asset)
    )
    story.fault(transfer, ends=at + 60)
    if d.boolean("answer lost too", 0.3):
        _lose(d, story, story.intents[0])


def _amount(d: Draw, story: Story, asset: str) -> float:
    """Something between a thousandth and a hundredth of what is held: never so much that an order lacks it."""
    held = float(story.known.balances[asset])
    return float(f"{held * d.number('share', 0.001, 0.01):.3g}")


def _pages(d: Draw, story: Story) -> None:
    """A book of many small levels, and an order that takes them."""
    product = story.known.products[d.choice("symbol", ("BTC/USDT", "ETH/USDT", "DOGE/USDT"))]
    levels = PAGE + d.integer("levels", 40, 140)
    depth = product.quantity(product.order_value / 30 / story.markets[product.symbol].mid)
    side = d.choice("side", ("buy", "sell"))
    story.markets[product.symbol] = story.markets[product.symbol].model_copy(
        update={
            "depth": depth, "levels": levels + 120, "taker_size": depth, "maker_rate": 0.0, "taker_rate": 0.02,
            "volatility_bps": 0.0,
        }
    )  # fmt: skip
    story.slots.remove((product.symbol, side))
    at = story.clock + d.integer("then", 2, 20)
    fields = story.intent(
        kind="order", symbol=product.symbol, side=side, type="market", at=at, expires=at + 200,
        quantity=product.quantity(depth * levels), tag=d.tag("tag"),
    )  # fmt: skip
    _lose(d, story, fields)
    if d.boolean("stream cut", 0.5):
        story.fault(StreamClose(on=Trigger(after=max(0.0, at - 1)), down=d.integer("down", 5, 20)), ends=at + 60)


def _busy(d: Draw, story: Story) -> None:
    """Makers' orders near the touch, on markets with many small takers; somebody else's beside them."""
    story.extra["standing"] = ()
    for number in range(d.integer("orders", 1, 3)):
        part = d.sub(f"order {number}")
        symbol, side = next(slot for slot in story.slots if slot[0].endswith("/USDT"))
        story.slots.remove((symbol, side))
        product = story.known.products[symbol]
        _liven(part, story, product)
        at = story.clock + part.integer("then", 2, 15)
        mid = story.markets[symbol].mid
        fields = story.intent(
            kind="order", symbol=symbol, side=side, type="limit", at=at, expires=at + part.integer("lasts", 150, 300),
            quantity=product.quantity(product.order_value * Decimal(str(part.number("value", 0.8, 2))) / mid),
            limit_price=_near(product, side, mid), on_partial=part.choice("partial", ("keep", "keep", "cancel")),
            tag=part.tag("tag"),
        )  # fmt: skip
        if part.boolean("foreign beside", 0.5):
            story.extra["standing"] += (_beside(part, product, side, mid),)
        if part.boolean("in the end all", 0.3):
            on = Trigger(op="place", tag=fields["tag"])
            story.fault(DelayedFill(on=on, after=part.number("all after", 30, 100, digits=0)), ends=at + 120)
    for number in range(d.integer("frames lost", 1, 3)):
        nth = d.integer(f"nth {number}", 2, 12)
        story.fault(StreamDrop(on=Trigger(op="event", nth=nth)), ends=story.clock + 100)
    if d.boolean("answer lost", 0.5):
        _lose(d, story, story.intents[0])


# ------------------------------------------------------------------ parts
def _lose(d: Draw, story: Story, fields: dict[str, Any]) -> None:
    """The answer to the order of an intent is lost, though the exchange carried it out."""
    symptom = d.choice("symptom", SYMPTOMS)
    on = Trigger(op="place", tag=fields["tag"], before=fields["at"] + 60)
    story.fault(LostAnswer(on=on, committed=True, symptom=symptom, delay=0.3), ends=fields["at"] + 90)


def _liven(d: Draw, story: Story, product: Product) -> None:
    """Many small market orders on a symbol's market, and a price that stays."""
    small = product.quantity(product.order_value / 25 / product.mid)
    story.markets[product.symbol] = story.markets[product.symbol].model_copy(
        update={
            "taker_rate": d.number("takers", 0.15, 0.4), "taker_size": small, "maker_rate": 0.05, "volatility_bps": 0.5,
        }
    )  # fmt: skip


def _near(product: Product, side: str, mid: Decimal) -> Decimal:
    """Just on the own side of the mid: the best price there."""
    away = Decimal("0.99999") if side == "buy" else Decimal("1.00001")
    return product.price(mid * away, up=side == "sell")


def _beside(d: Draw, product: Product, side: str, mid: Decimal) -> Standing:
    """Somebody else's order at the same price."""
    size = product.quantity(product.order_value * Decimal(str(d.number("foreign value", 0.1, 0.5))) / mid)
    name = d.choice("foreign name", ("web_", "grid-")) + d.tag("foreign id")
    price = _near(product, side, mid)
    return Standing(
        name=name, symbol=product.symbol, side="buy" if side == "buy" else "sell", quantity=size, price=price
    )


# ------------------------------------------------------------------ promises that the venue breaks
def _overfill(d: Draw, story: Story) -> None:
    """An order that is filled for more than it asked, and others that are due when that is known."""
    hit = story.order(d.sub("hit"), "resting", at=story.clock + d.integer("then", 5, 25), lasts=300)
    after = d.number("after", 3, 30, digits=1)
    on = Trigger(op="place", tag=hit["tag"])
    ends = hit["at"] + after
    story.fault(Overfill(on=on, fraction=d.number("fraction", 0.1, 0.6), after=after), ends=ends)
    if d.boolean("event lost", 0.3):
        story.fault(StreamDrop(on=Trigger(op="event", after=ends - 1, times=2)), ends=ends + 20)
    story.order(d.sub("late"), "any", at=ends + d.integer("late after", 100, 160), lasts=120)


def _unlisted(d: Draw, story: Story) -> None:
    """An order that fills in two parts, the first of which is missing from the lists of trades for a while."""
    hit = story.order(d.sub("hit"), "resting", at=story.clock + d.integer("then", 5, 25), lasts=320)
    hit["on_partial"] = "keep"
    on = Trigger(op="place", tag=hit["tag"])
    first, then = d.number("first", 2, 15, digits=1), d.number("rest", 20, 60, digits=1)
    lasts = d.number("missing", 60, 250, digits=0)
    story.fault(PartialFill(on=on, fraction=d.number("fraction", 0.2, 0.7), after=first), ends=hit["at"] + first)
    if d.boolean("all", 0.6):
        story.fault(DelayedFill(on=on, after=then), ends=hit["at"] + then)
    story.fault(UnlistedFill(on=on, duration=lasts), ends=hit["at"] + lasts)
    if d.boolean("event lost", 0.6):  # then only the lists could have told of it
        story.fault(StreamDrop(on=Trigger(op="event", after=hit["at"] + first - 1)), ends=hit["at"] + first + 20)


BROKEN: dict[str, Plot] = {"overfill": _overfill, "unlisted": _unlisted}
"""What comes behind each plot but the first, after which nothing is sent any more; both come equally often."""

PLOTS: dict[str, Plot] = {"stray": _stray, "transfer": _transfer, "pages": _pages, "busy": _busy}
"""What a scenario is about; over consecutive indices each comes equally often."""

__all__ = ["PLOTS", "reconciliation"]
