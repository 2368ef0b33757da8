"""Orders and protection: positions that grow and are protected, prices that reach a stop, gap over it, or never come.

One or two symbols, each with a story of its own, and in half of the scenarios one more, ``amended`` or ``passed``. A
story is what is wanted (entries, protection, and sometimes a flatten in the end) and what the price does about it::

    grows      a position is built in several fills while it is protected: by a maker's order, or by a second entry
    falls      the price walks through the stop
    gaps       the price jumps over the stop, with nothing traded in between
    rises      the price reaches the take-profit
    amended    a maker's order is filled in part, and then asked for less in all
    tidied     everything in the symbol is cancelled, orders of others too, and a cancel gets lost
    passed     the price is beyond the stop before the stop is placed: the venue refuses it

Prices move by *paths* and *gaps* (docs/markets.md) on a market whose own walk is small, so that triggers are reached
when the story says so. In two thirds of the scenarios somebody else has orders standing on the account. About half have
a fault on the entry or on the protection. Stops and pairs of orders are needed: the space is one of Binance spot.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model import fault as kinds
from outtrade.model.capability import Capability
from outtrade.model.fault import Fault, Trigger
from outtrade.model.scenario import Market, Scenario, Standing
from outtrade.model.task import Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import OWN, Product, market
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.wording import sentence

STORIES = ("grows", "falls", "gaps", "rises", "passed", "amended", "tidied")
FAULTS = ("none", "none", "none", "partial", "lost entry", "lost protection", "busy", "event", "none")
SYMBOLS = ("BTC/USDT", "ETH/USDT", "DOGE/USDT")
CALM = 0.4
"""Basis points a minute by which the price walks of itself."""
SETTLE = 200
"""Seconds from the last thing that happens to the end of the task."""


def orders(d: Draw) -> Scenario:
    """One or two symbols, each with an entry, a protection, and a price that does something about it."""
    symbols = d.shuffled("symbols", SYMBOLS)[: d.integer("how many", 1, 2)]
    wanted: list[dict[str, Any]] = []
    markets: dict[str, Market] = {}
    tidied: list[str] = []
    for number, symbol in enumerate(symbols):
        part = d.sub(f"story {number}")
        story = d.spread("story", STORIES) if number == 0 else part.choice("which", STORIES)
        fields, markets[symbol] = _told(part, OWN.products[symbol], story)
        tidied += [symbol] if story == "tidied" else []
        wanted += [one | {"tag": part.tag(f"tag {place}")} for place, one in enumerate(fields)]
    hit = sorted(wanted, key=lambda fields: fields["at"])
    if further := d.spread("further", ("amended", "passed", None, None)):
        part, symbol = d.sub("further story"), next(name for name in SYMBOLS if name not in symbols)
        symbols.append(symbol)
        fields, markets[symbol] = _told(part, OWN.products[symbol], further)
        wanted += [one | {"tag": part.tag(f"tag {place}")} for place, one in enumerate(fields)]
    wanted.sort(key=lambda fields: fields["at"])
    for place, one in enumerate(wanted, 1):
        one["id"] = f"i{place}"
    for one in wanted:
        if one["kind"] == "amend":
            one["target"] = next(o["id"] for o in wanted if o["kind"] == "order" and o["symbol"] == one["symbol"])
    last = max(max(one["at"], one.get("expires") or 0.0) for one in wanted)
    moves = max((at for one in markets.values() if one.path for at, _ in one.path.points), default=0.0)
    until = float(round(max(last, moves) + SETTLE + d.integer("to the end", 20, 60)))
    return Scenario(
        id=f"orders-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="orders",
        symbols=tuple(symbols),
        balances={asset: Decimal(amount) for asset, amount in OWN.balances.items()},
        markets=markets,
        fees=d.choice("fees", ((Decimal("0.001"), Decimal("0.001")), (Decimal(0), Decimal("0.00075")))),
        latency=d.number("latency", 0.005, 0.08),
        knobs={"event_first": d.boolean("event first")},
        intents=tuple(Intent(**one, text=sentence(one)) for one in wanted),
        until=until,
        faults=_faults(d, hit, until - 180),
        standing=_others(d, symbols, markets, tidied),
        needs=_needs(wanted),
    )


def _others(d: Draw, symbols: list[str], markets: dict[str, Market], tidied: list[str]) -> tuple[Standing, ...]:
    """Orders of somebody else on the same account, far enough from the market to rest."""
    found: list[Standing] = []
    for number in range(max(2 * bool(tidied), d.integer("others", 0, 2))):
        part = d.sub(f"other {number}")
        symbol, side = part.choice("symbol", tidied or symbols), part.choice("side", ("buy", "sell"))
        far = Decimal(str(part.number("far", 0.08, 0.14))) * (-1 if side == "buy" else 1)
        product, mid = OWN.products[symbol], markets[symbol].mid
        price = product.price(mid * (1 + far), up=side == "sell")
        size = product.quantity(product.order_value * Decimal(str(part.number("value", 0.1, 0.5))) / price)
        name = part.choice("name", ("web_", "grid-", "")) + part.tag("id")
        found.append(Standing(name=name, symbol=symbol, side=side, quantity=size, price=price))
    return tuple(found)


def _needs(wanted: list[dict[str, Any]]) -> tuple[Capability, ...]:
    """What a target must be able to do."""
    found: dict[Capability, bool] = {
        "flatten": any(one["kind"] == "flatten" for one in wanted),
        "amend": any(one["kind"] == "amend" for one in wanted),
        "protect": any(one["kind"] == "protect" for one in wanted),
        "stop_orders": any(one["kind"] == "protect" for one in wanted),
    }
    return tuple(name for name, needed in found.items() if needed)


# ------------------------------------------------------------------ stories
def _told(d: Draw, product: Product, story: str) -> tuple[list[dict[str, Any]], Market]:
    """What is wanted in one symbol, and what its market does."""
    flat = market(d.sub("market"), product)
    mid, begin = flat.mid, float(d.integer("at", 5, 30))
    stop = product.price(mid * (1 - Decimal(str(d.number("stop", 0.012, 0.03, digits=4)))), up=True)
    target = product.price(mid * (1 + Decimal(str(d.number("target", 0.012, 0.03, digits=4)))), up=True)
    size = product.quantity(product.order_value * Decimal(str(d.number("value", 0.3, 1.2))) / mid)
    if story == "tidied":
        flatten = {"kind": "flatten", "symbol": product.symbol, "at": begin + d.integer("tidied after", 20, 60)}
        return [*_entries(d, product, flat, story, begin, size), flatten], flat
    if story == "amended":
        return _amended(d, product, flat, begin)
    fields = _entries(d, product, flat, story, begin, size)
    guarded = begin + (d.integer("guarded after", 15, 25) if story == "passed" else d.integer("guarded", -3, 8))
    protection: dict[str, Any] = {
        "kind": "protect", "symbol": product.symbol, "side": "sell", "at": max(0.0, guarded), "stop_price": stop,
    }  # fmt: skip
    if story == "rises" or d.boolean("pair", 0.6):
        protection["take_profit_price"] = target
    moves = begin + d.integer("moves after", 60, 110)
    if d.boolean("ends", 0.2):
        protection["expires"] = moves + d.integer("outlasts", 40, 90)
    fields.append(protection)
    if story in ("grows", "rises") and d.boolean("flatten", 0.6):
        fields.append({"kind": "flatten", "symbol": product.symbol, "at": moves + d.integer("flatten after", 60, 90)})
    return fields, _moved(d, flat, story, begin, moves, stop, target)


def _amended(d: Draw, product: Product, flat: Market, begin: float) -> tuple[list[dict[str, Any]], Market]:
    """An order at the touch, large enough to be filled only in part when it is reduced."""
    side = d.choice("side", ("buy", "sell"))
    size = product.quantity(flat.depth * Decimal(str(d.number("size", 2.5, 4))))
    price = product.price(flat.mid, up=side == "sell")
    less = product.quantity(size * Decimal(str(d.number("less", 0.75, 0.92, digits=2))))
    at = begin + d.integer("amended after", 8, 30)
    entry = {
        "kind": "order", "symbol": product.symbol, "side": side, "at": begin, "quantity": size, "type": "limit",
        "limit_price": price, "post_only": d.boolean("post only", 0.2), "expires": at + d.integer("then", 40, 90),
    }  # fmt: skip
    told = lively(d, flat)
    amend = {"kind": "amend", "symbol": product.symbol, "quantity": less, "at": at}
    return [entry, amend], Market.model_validate(flat.model_dump() | told)


def lively(d: Draw, flat: Market) -> dict[str, Any]:
    """Takers come often enough for a trigger to see a trade, and makers often enough for the book to stay full."""
    return {
        "volatility_bps": CALM, "taker_rate": d.number("takers", 0.15, 0.4), "taker_size": flat.depth / 5,
        "maker_rate": d.number("makers", 0.2, 0.4),
    }  # fmt: skip


def _entries(d: Draw, product: Product, flat: Market, story: str, begin: float, size: Decimal) -> list[dict[str, Any]]:
    """How the position comes about."""
    entry: dict[str, Any] = {"kind": "order", "symbol": product.symbol, "side": "buy", "at": begin, "quantity": size}
    if story != "grows":
        if d.boolean("by limit", 0.4):
            return [entry | {"type": "limit", "limit_price": product.price(flat.mid * Decimal("1.004"), up=False),
                             "expires": begin + 60}]  # fmt: skip
        return [entry | {"type": "market"}]
    if d.boolean("as maker", 0.6):
        price = product.price(flat.mid * Decimal("0.99999"), up=False)
        return [entry | {"type": "limit", "limit_price": price, "expires": begin + 55}]
    second = entry | {"type": "market", "at": begin + d.integer("second after", 30, 50)}
    return [entry | {"type": "market", "expires": begin + 20}, second]


def _moved(d: Draw, flat: Market, story: str, begin: float, moves: float, stop: Decimal, target: Decimal) -> Market:
    """The market with the story's movement."""
    told = lively(d, flat)
    beyond = Decimal(str(d.number("beyond", 0.006, 0.02, digits=4)))
    down, up = stop * (1 - beyond), target * (1 + beyond)
    lasts = d.integer("walk", 15, 50)
    if story == "falls":
        told["path"] = {"points": [(moves, flat.mid), (moves + lasts, down)]}
    elif story == "rises":
        told["path"] = {"points": [(moves, flat.mid), (moves + lasts, up)]}
    elif story == "gaps":
        told["events"] = [{"kind": "gap", "at": moves, "percent": float(round((down / flat.mid - 1) * 100, 3))}]
    elif story == "passed":
        at = begin + 8
        told["path"] = {"points": [(at, flat.mid), (at + 4, down)]}
    return Market.model_validate(flat.model_dump() | told)


# ------------------------------------------------------------------ faults
def _faults(d: Draw, wanted: list[dict[str, Any]], heal: float) -> tuple[Fault, ...]:
    """At most one, on the first entry or on the first protection."""
    what = d.spread("fault", FAULTS)
    entry = next(fields for fields in wanted if fields["kind"] == "order")
    guard = next((fields for fields in wanted if fields["kind"] in ("protect", "amend")), None)
    if guard is None:
        flat = next(fields for fields in wanted if fields["kind"] == "flatten")
        on = Trigger(op="cancel", symbol=flat["symbol"], after=flat["at"], before=heal)
        symptom = d.choice("symptom", SYMPTOMS)
        return (kinds.LostAnswer(on=on, committed=d.boolean("committed", 0.3), symptom=symptom, delay=0.3),)
    at_entry = Trigger(op="place", tag=entry["tag"], before=heal)
    pair = guard.get("take_profit_price") is not None
    at_guard = Trigger(
        op="place_list" if pair else "amend" if guard["kind"] == "amend" else "place",
        after=guard["at"],
        symbol=guard["symbol"],
        before=heal,
    )
    symptom, delay = d.choice("symptom", SYMPTOMS), d.number("delay", 0.05, 2, digits=2)
    committed = d.boolean("committed", 0.7)
    if what == "partial":
        fraction = d.number("fraction", 0.2, 0.7, digits=2)
        return (kinds.PartialFill(on=at_entry, fraction=fraction, after=d.number("rest after", 2, 12, digits=1)),)
    if what == "lost entry":
        return (kinds.LostAnswer(on=at_entry, committed=committed, symptom=symptom, delay=delay),)
    if what == "lost protection":
        return (kinds.LostAnswer(on=at_guard, committed=committed, symptom=symptom, delay=delay),)
    if what == "busy":
        return (kinds.Reject(on=at_guard.model_copy(update={"times": 1}), reason="busy"),)
    if what == "event":
        return (kinds.StreamDrop(on=Trigger(op="event", nth=d.integer("nth", 1, 4), after=entry["at"], before=heal)),)
    return ()
