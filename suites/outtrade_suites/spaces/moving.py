"""What moves: a protection whose stop or take-profit is changed while it stands, an order at another price or for more.

One symbol. Six of eight stories are of a position that is protected from the start, two of an order that rests::

    follows    the stop is raised once or more behind a rising price; then the price falls through the last one
    passed     the price has fallen below the new stop before that is asked for: the venue refuses it
    races      the price jumps over the old stop in the moment in which it is moved
    grows      the entry is filled in parts, before and after the move
    closed     the position is sold by another intent after the move; later the price falls through both stops
    both       stop and take-profit, of which one cancels the other, are moved at once; the price reaches one of them
    repriced   an order, filled in part or not at all, is asked for at another price, or at two, one after the other
    enlarged   an order is asked for more in all, at its own price or a better one

About two thirds have a fault, most of them on the move itself: the answer to the cancel of the old stop is lost (it was
carried out, or not), the answer to the new stop is lost, the venue is busy for either. The space is one of Binance
spot: its account holds enough for two stops to stand, so that nothing but the agent keeps them apart.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model import fault as kinds
from outtrade.model.fault import Fault, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import OWN, Product, market
from outtrade_suites.spaces.orders import SETTLE, SYMBOLS, lively
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.wording import sentence

STORIES = ("follows", "passed", "repriced", "races", "grows", "enlarged", "closed", "both")
FAULTS = ("none", "lost cancel", "lost stop", "none", "busy stop", "busy cancel", "none", "event", "partial")


def moving(d: Draw) -> Scenario:
    """One position, its protection, and what becomes of both."""
    product = OWN.products[d.choice("symbol", SYMBOLS)]
    story = d.spread("story", STORIES)
    wanted, told, ends = _told(d, product, story)
    for place, one in enumerate(wanted, 1):
        one |= {"id": f"i{place}", "tag": d.tag(f"tag {place}"), "symbol": product.symbol}
    target = next((one for one in wanted if one["kind"] == "protect"), wanted[0])
    for one in wanted:
        if one["kind"] == "amend":
            one["target"] = target["id"]
    until = float(round(ends + SETTLE + d.integer("to the end", 20, 60)))
    return Scenario(
        id=f"moving-{d.seed}-{d.index:04d}-{story}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="moving",
        symbols=(product.symbol,),
        balances={asset: Decimal(amount) for asset, amount in OWN.balances.items()},
        markets={product.symbol: told},
        fees=d.choice("fees", ((Decimal("0.001"), Decimal("0.001")), (Decimal(0), Decimal("0.00075")))),
        latency=d.number("latency", 0.005, 0.08),
        knobs={"event_first": d.boolean("event first")},
        intents=tuple(Intent(**one, text=_text(one, wanted[0])) for one in wanted),
        until=until,
        faults=_faults(d, wanted, target, until - 180),
        needs=("amend", "protect", "stop_orders") if target["kind"] == "protect" else ("amend",),
    )


def _text(one: dict[str, Any], entry: dict[str, Any]) -> str:
    """The sentence of an intent; of an amendment, whether it asks for more or for less."""
    more = one["kind"] == "amend" and one.get("quantity", entry["quantity"]) > entry["quantity"]
    return sentence(one).replace("Reduce", "Raise") if more else sentence(one)


# ------------------------------------------------------------------ stories
def _told(d: Draw, product: Product, story: str) -> tuple[list[dict[str, Any]], Market, float]:
    """What is wanted, what the market does, and when the last thing happens."""
    flat = market(d.sub("market"), product)
    mid, begin = flat.mid, float(d.integer("at", 5, 30))
    if story in ("repriced", "enlarged"):
        return _resting(d, product, flat, story, begin)
    size = product.quantity(product.order_value * Decimal(str(d.number("value", 0.3, 1.2))) / mid)
    entry: dict[str, Any] = {"kind": "order", "side": "buy", "at": begin, "quantity": size, "type": "market"}
    if story == "grows":
        price = product.price(mid * Decimal("0.99999"), up=False)
        entry |= {"type": "limit", "limit_price": price, "expires": begin + 90}
    stop = _part(d, product, mid, "stop", 0.015, 0.03, -1)
    guard: dict[str, Any] = {"kind": "protect", "side": "sell", "at": begin + d.integer("guarded", 0, 6)}
    guard["stop_price"] = stop
    if story == "both" or (story == "follows" and d.boolean("pair", 0.5)):
        guard["take_profit_price"] = _part(d, product, mid, "target", 0.03, 0.05, 1)
    at = begin + d.integer("moved after", 35, 60)
    move: dict[str, Any] = {
        "kind": "amend",
        "at": at,
        "stop_price": _part(d, product, mid, "new stop", 0.004, 0.01, -1),
    }
    told, wanted, ends = lively(d, flat), [entry, guard, move], at
    down = stop * (1 - Decimal(str(d.number("beyond", 0.006, 0.02, digits=4))))
    if story == "grows":  # a few large fills: each wants a stop of its own
        told |= {"taker_size": product.quantity(size * Decimal("0.4")), "taker_rate": d.number("fills", 0.04, 0.1)}
    if story == "follows":
        ends = _follows(d, product, flat, wanted, told)
    elif story == "passed":
        low = (stop + move["stop_price"]) / 2
        told["path"] = {"points": [(at - 12, mid), (at - 5, low)]}
    elif story == "races":
        told["events"] = [_gap(at + d.number("early or late", -0.1, 0.4, digits=2), mid, down)]
    elif story == "closed":
        sold = at + d.integer("sold after", 30, 60)
        wanted.append({
            "kind": "order", "side": "sell", "at": sold, "type": "market",
            "quantity": product.quantity(size * Decimal("0.999")),
        })  # fmt: skip
        ends = sold + d.integer("falls after", 40, 60)
        told["events"] = [_gap(ends, mid, down)]
    elif story == "both":
        move["take_profit_price"] = _part(d, product, mid, "new target", 0.012, 0.02, 1)
        ends = at + d.integer("reached after", 20, 40)
        reached = move["take_profit_price"] * Decimal("1.006") if d.boolean("up", 0.5) else down
        told["path"] = {"points": [(ends, mid), (ends + 20, reached)]}
    elif d.boolean("falls", 0.5):
        ends = begin + 110
        told["path"] = {"points": [(ends, mid), (ends + 20, down)]}
    return wanted, Market.model_validate(flat.model_dump() | told), ends


def _follows(d: Draw, product: Product, flat: Market, wanted: list[dict[str, Any]], told: dict[str, Any]) -> float:
    """A price that rises step by step, a stop that is raised behind it, and a fall through it in most scenarios."""
    first, at, price = wanted[2], wanted[2]["at"], flat.mid
    points = [(at - 25, price)]
    for number in range(d.integer("moves", 1, 3)):
        price = price * (1 + Decimal(str(d.number(f"rise {number}", 0.004, 0.008, digits=4))))
        points.append((at - 5, price))
        stop = product.price(price * (1 - Decimal(str(d.number(f"behind {number}", 0.006, 0.01, digits=4)))), up=True)
        if number == 0:
            first["stop_price"] = stop
        else:
            wanted.append({"kind": "amend", "at": at, "stop_price": stop})
        at += d.integer(f"next after {number}", 30, 50)
    if d.boolean("falls", 0.7):
        points += [(at, price), (at + 15, stop * Decimal("0.99"))]
    told["path"] = {"points": points}
    return float(at)


def _resting(
    d: Draw, product: Product, flat: Market, story: str, begin: float
) -> tuple[list[dict[str, Any]], Market, float]:
    """An order near the touch, which the market fills in part; then other terms, once or twice."""
    side, at = d.choice("side", ("buy", "sell")), begin + d.integer("amended after", 10, 40)
    way = 1 if side == "buy" else -1
    size = product.quantity(flat.depth * Decimal(str(d.number("size", 1.5, 3))))

    def price(name: str, low: float, high: float) -> Decimal:
        bps = Decimal(str(d.number(name, low, high, digits=1))) * way
        return product.price(flat.mid * (1 - bps / 10_000), up=side == "sell")

    entry: dict[str, Any] = {
        "kind": "order", "side": side, "at": begin, "quantity": size, "type": "limit",
        "limit_price": price("price", 0, 12), "post_only": d.boolean("post only", 0.15),
    }  # fmt: skip
    first: dict[str, Any] = {"kind": "amend", "at": at}
    if story == "enlarged":
        first["quantity"] = product.quantity(size * Decimal(str(d.number("more", 1.2, 1.8, digits=2))))
    elif d.boolean("less as well", 0.3):
        first["quantity"] = product.quantity(size * Decimal(str(d.number("less", 0.7, 0.95, digits=2))))
    if story == "repriced" or d.boolean("nearer", 0.4):
        first["limit_price"] = price("new price", 13, 20) if d.boolean("away", 0.3) else price("new price", 0, 4)
    wanted = [entry, first]
    if d.boolean("twice", 0.4):
        wanted.append(
            {"kind": "amend", "at": at + d.integer("again after", 25, 50), "limit_price": price("third", 5, 9)}
        )
    entry["expires"] = ends = wanted[-1]["at"] + d.integer("then", 50, 90)
    return wanted, Market.model_validate(flat.model_dump() | lively(d, flat)), ends


def _part(d: Draw, product: Product, mid: Decimal, name: str, low: float, high: float, way: int) -> Decimal:
    """A price on the grid, a drawn part of the mid price away from it."""
    return product.price(mid * (1 + way * Decimal(str(d.number(name, low, high, digits=4)))), up=True)


def _gap(at: float, mid: Decimal, down: Decimal) -> dict[str, Any]:
    return {"kind": "gap", "at": at, "percent": float(round((down / mid - 1) * 100, 3))}


# ------------------------------------------------------------------ faults
def _faults(d: Draw, wanted: list[dict[str, Any]], target: dict[str, Any], heal: float) -> tuple[Fault, ...]:
    """At most one, most of them on the first move."""
    what = d.spread("fault", FAULTS)
    entry, move = wanted[0], next(one for one in wanted if one["kind"] == "amend")
    pair = target.get("take_profit_price") is not None
    at_cancel = Trigger(op="cancel", symbol=move["symbol"], after=move["at"], before=heal)
    at_stop = Trigger(op="place_list" if pair else "place", tag=target["tag"], after=move["at"], before=heal)
    symptom, delay = d.choice("symptom", SYMPTOMS), d.number("delay", 0.05, 2, digits=2)
    committed = d.boolean("committed", 0.6)
    if what == "lost cancel":
        return (kinds.LostAnswer(on=at_cancel, committed=committed, symptom=symptom, delay=delay),)
    if what == "lost stop":
        return (kinds.LostAnswer(on=at_stop, committed=committed, symptom=symptom, delay=delay),)
    if what == "busy stop":
        return (kinds.Reject(on=at_stop.model_copy(update={"times": 1}), reason="busy"),)
    if what == "busy cancel":
        return (kinds.Reject(on=at_cancel.model_copy(update={"times": 2}), reason="busy"),)
    if what == "event":
        return (kinds.StreamDrop(on=Trigger(op="event", nth=d.integer("nth", 1, 3), after=move["at"], before=heal)),)
    if what == "partial":
        on, fraction = Trigger(op="place", tag=entry["tag"], before=heal), d.number("fraction", 0.2, 0.7, digits=2)
        return (kinds.PartialFill(on=on, fraction=fraction, after=d.number("rest after", 20, 45, digits=1)),)
    return ()
