"""The usual scenario: 1 to 6 intents over 7 to 30 virtual minutes, 0 to 3 faults, on a mild market of any venue.

How a scenario comes about: it wishes for faults (spread evenly over all variants), each fault brings an order of the
shape it needs, further intents are added, and all get their times. The end is laid so that every fault has healed
``bounds.settle`` seconds before it. A part of the scenarios starts without any of a base asset, buys it and flattens
later: there a fee that was overlooked becomes a sale of more than is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from outtrade.model.delay import Delay, EachWay, FixedDelay, LognormalDelay, SpikyDelay, UniformDelay
from outtrade.model.fault import Fault
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Intent
from outtrade_suites.spaces import intents, plans, rates
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product, Universe, market
from outtrade_suites.spaces.plans import Hit, Wish
from outtrade_suites.spaces.wording import sentence

SHORTEST, LONGEST = 400, 1800
"""Seconds of run time at which reports are due."""
MOST_INTENTS = 6
FEES = (("0.001", "0.001"), ("0.0002", "0.0004"), ("0", "0.00075"))


@dataclass(slots=True)
class Sketch:
    """A scenario in the making."""

    d: Draw
    known: Universe
    markets: dict[str, Market]
    slots: list[tuple[str, str]]
    """(symbol, side) that no order intent has yet."""
    intents: list[dict[str, Any]]
    clock: float


def usual(
    d: Draw,
    known: Universe,
    *,
    venue: str,
    knobs: Mapping[str, bool],
    wished: Callable[[Draw], list[Wish]] | None = None,
) -> Scenario:
    """One scenario among the instruments of ``known``; the space is called as the venue is. ``wished``: which faults
    it is to have, where it is not the usual number from the usual table."""
    profile = d.profile()
    if profile is not None:
        wishes = rates.wished(d, profile)
    else:
        wishes = _wishes(d) if wished is None else wished(d)
    bought = d.choice("bought", tuple(known.homes)) if d.boolean("starts without", 0.3) and known.homes else None
    given = known.recorded.markets if known.recorded is not None else {}
    slots = _slots(d, known, bought)
    wishes = wishes[: len(slots) - (bought is not None)]  # few symbols, few orders to be hit
    sketch = Sketch(
        d=d,
        known=known,
        markets={symbol: market(d.sub(f"market {product.base}{product.quote}"), product, given.get(symbol))
                 for symbol, product in known.products.items()},
        slots=slots,
        intents=[],
        clock=float(d.integer("first", 5, 25)),
    )  # fmt: skip
    _orders(sketch, wishes, bought)
    _others(sketch, bought)
    return _assembled(sketch, wishes, bought, venue, knobs, plain=profile is None and wished is None)


# ------------------------------------------------------------------ faults wished for
def _wishes(d: Draw) -> list[Wish]:
    """Up to three faults; a kind comes twice only where that makes sense."""
    found: list[Wish] = []
    for number, chance in ((1, 0.98), (2, 0.95), (3, 0.6)):
        present, variant = d.boolean(f"has fault {number}", chance), d.spread(f"fault {number}", plans.VARIANTS)
        w = plans.wish(d.sub(f"wish {number}"), variant)
        known = {other.kind for other in found}
        if present and (w.kind not in known or w.kind in plans.REPEATABLE):
            found.append(w)
    return found


# ------------------------------------------------------------------ intents
def _slots(d: Draw, known: Universe, bought: str | None) -> list[tuple[str, str]]:
    """All (symbol, side) that can be afforded, in a drawn order; what is to be bought first comes first."""
    slots = [(symbol, side) for symbol in known.products for side in ("buy", "sell")]
    slots = [slot for slot in d.shuffled("slots", slots) if _spends(known.products[slot[0]], slot[1]) != bought]
    if bought is not None:
        slots.sort(key=lambda slot: slot != (known.homes[bought], "buy"))
    return slots


def _spends(product: Product, side: str) -> str:
    return product.quote if side == "buy" else product.base


def _orders(sketch: Sketch, wishes: list[Wish], bought: str | None) -> None:
    """The order that is bought first, one order for each wish, then a few without a fault of their own."""
    d = sketch.d
    if bought is not None:
        _order(sketch, d.sub("bought first"), "marketable")
    for number, w in enumerate(wishes, 1):
        _order(sketch, d.sub(f"order {number}"), w.shape, wish=number, undisturbed=w.kind in plans.NEED_TIME)
    room = MOST_INTENTS - len(sketch.intents)
    for number in range(min(room, d.integer("extra", 0, 2), len(sketch.slots))):
        _order(sketch, d.sub(f"extra {number + 1}"), "any")
    if (
        not sketch.known.contracts
        and d.boolean("impossible", 0.14)
        and len(sketch.intents) < MOST_INTENTS
        and sketch.slots
    ):
        symbol, side = sketch.slots.pop(0)
        part = d.sub("impossible one")
        fields = intents.impossible(part, sketch.known, symbol, sketch.markets[symbol], side, _next_time(sketch, part))
        sketch.intents.append(fields | {"tag": part.tag("tag")})
    if not sketch.intents:
        _order(sketch, d.sub("only"), "any")


def _order(
    sketch: Sketch, part: Draw, shape: intents.Shape, *, wish: int | None = None, undisturbed: bool = False
) -> None:
    symbol, side = sketch.slots.pop(0)
    at = _next_time(sketch, part)
    fields = intents.order(part, sketch.known.products[symbol], sketch.markets[symbol], side, at, shape)
    sketch.intents.append(fields | {"tag": part.tag("tag"), "wish": wish, "undisturbed": undisturbed})


def _next_time(sketch: Sketch, part: Draw) -> float:
    at = sketch.clock
    sketch.clock += part.integer("then", 5, 80)
    return at


def _others(sketch: Sketch, bought: str | None) -> None:
    """Cancel, flatten and watch intents, behind the orders they concern."""
    d, products = sketch.d, sketch.known.products
    _number(sketch)
    room = MOST_INTENTS - len(sketch.intents)
    orders = [i for i in sketch.intents if i["kind"] == "order" and i["symbol"] in products]
    resting = [i for i in sketch.intents if _rests(i) and not i.get("undisturbed")]
    if room and resting and d.boolean("cancel", 0.5):
        target = d.choice("target", resting)
        at = max(sketch.clock, target["at"] + d.integer("cancel after", 40, 120))
        sketch.intents.append({"kind": "cancel", "target": target["id"], "at": at, "tag": d.tag("cancel tag")})
        sketch.clock, room = at + 20, room - 1
    if room and (bought is not None or (not sketch.known.contracts and d.boolean("flatten", 0.12))):
        waiting = {i["symbol"] for i in sketch.intents if i.get("undisturbed")}
        free = [symbol for symbol in products if symbol not in waiting and any(i["symbol"] == symbol for i in orders)]
        symbol = sketch.known.homes[bought] if bought is not None else d.choice("flat", free) if free else None
        if symbol is not None:
            at = sketch.clock + d.integer("flatten after", 20, 120)
            sketch.intents.append({"kind": "flatten", "symbol": symbol, "at": at, "tag": d.tag("flatten tag")})
            room -= 1
    if room and d.boolean("watch", 0.1):
        sketch.intents.append({"kind": "watch", "at": 1.0, "tag": d.tag("watch tag")})
    _number(sketch)


def _rests(fields: dict[str, Any]) -> bool:
    """Whether it is a limit order without an end of its own."""
    limit = fields.get("type") == "limit" and fields.get("time_in_force") not in ("IOC", "FOK")
    return limit and fields.get("expires") is None


def _number(sketch: Sketch) -> None:
    """Order by time and name: i1, i2, ...; targets of cancels follow."""
    sketch.intents.sort(key=lambda fields: fields["at"])
    names = {fields["id"]: f"i{number}" for number, fields in enumerate(sketch.intents, 1) if "id" in fields}
    for number, fields in enumerate(sketch.intents, 1):
        fields["id"] = f"i{number}"
        if "target" in fields:
            fields["target"] = names[fields["target"]]


# ------------------------------------------------------------------ the whole
def _assembled(
    sketch: Sketch, wishes: list[Wish], bought: str | None, venue: str, knobs: Mapping[str, bool], *, plain: bool
) -> Scenario:
    d, known = sketch.d, sketch.known
    settle = Bounds().settle
    spans = [plans.span(d.sub(f"span {number}"), w) for number, w in enumerate(wishes, 1)]
    hits = [_hit(next(i for i in sketch.intents if i.get("wish") == number)) for number in range(1, len(wishes) + 1)]
    slack = sum(
        lasts for w, lasts in zip(wishes, spans, strict=True) if w.kind not in ("delayed_fill", "stream_silent")
    )
    last = max(max(i["at"], i.get("expires") or 0.0) for i in sketch.intents)
    healed = max((plans.begins(w, hit) + lasts for w, hit, lasts in zip(wishes, hits, spans, strict=True)), default=0.0)
    quiet = d.integer("to the end", 20, 90) if d.boolean("ends soon", 0.92) else d.integer("long end", 300, 900)
    end = max(healed + slack + settle, last + 70) + quiet
    until = float(min(max(round(end), SHORTEST), LONGEST))
    faults: list[Fault] = [
        plans.build(d.sub(f"build {number}"), w, hit, lasts, until - settle)
        for number, (w, hit, lasts) in enumerate(zip(wishes, hits, spans, strict=True), 1)
    ]
    faults += _companions(d, wishes, hits, max(3 - len(faults), 0 if plain else 2), until - settle)
    used = {i["symbol"] for i in sketch.intents if i.get("symbol") in known.products}
    symbols = tuple(symbol for symbol in known.products if symbol in used)
    balances = {asset: amount for asset, amount in known.balances.items() if asset != bought}
    foreign = d.shuffled("foreign", sorted(known.foreign))[: d.integer("foreigners", 1, 3)]
    balances |= {asset: known.foreign[asset] for asset in foreign}
    made = Scenario(
        id=f"{venue}-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space=venue,
        venue=venue,
        symbols=symbols,
        balances={asset: Decimal(amount) for asset, amount in balances.items()},
        markets={symbol: sketch.markets[symbol] for symbol in symbols},
        fees=d.choice("fees", [(Decimal(maker), Decimal(taker)) for maker, taker in FEES], weights=(4, 1, 1)),
        latency=_latency(d.number("latency", 0.005, 0.12), d.sub("network")),
        knobs=dict(knobs),
        intents=tuple(_intent(fields) for fields in sketch.intents),
        until=until,
        leave_resting=d.boolean("leave resting", 0.04),
        faults=tuple(faults),
    )
    if known.recorded is None:
        return made
    short = known.recorded.reference.sha256[:8]
    return made.model_copy(update={"id": f"{made.id}-{short}", **known.recorded.fields(symbols)})


def _latency(usual: float, d: Draw) -> Delay:
    """One way between the agent and the venue: mostly always the same, sometimes with jitter, a tail or spikes, which
    stay far below the time after which clients give an answer up."""
    if not d.boolean("varies", 0.25):
        return usual
    jitter = UniformDelay(kind="uniform", low=round(usual / 2, 4), high=round(usual * d.number("width", 1.5, 4), 4))
    tail = LognormalDelay(kind="lognormal", median=usual, sigma=d.number("sigma", 0.2, 0.7))
    probability, extra = d.number("often", 0.01, 0.15), d.number("extra", 0.2, 2.0)
    spikes = SpikyDelay(kind="spikes", base=usual, probability=probability, extra=extra)
    slow_back = EachWay(kind="each_way", up=FixedDelay(kind="fixed", seconds=usual), down=spikes)
    models: tuple[Delay, ...] = (jitter, tail, spikes, slow_back)
    return d.choice("kind", models)


def _companions(d: Draw, wishes: list[Wish], hits: list[Hit], room: int, heal: float) -> list[Fault]:
    """Second faults on the same order, where two together make the trap."""
    found: list[Fault] = []
    for w, hit in zip(wishes, hits, strict=True):
        part = d.sub(f"companion {hit.tag}")
        if w.kind == "lost_answer" and w.op == "place" and part.boolean("question lost too", 0.35):
            found.append(plans.unanswered_question(part, hit, heal))
        elif w.kind == "stream_drop" and w.shape == "resting":
            found.append(plans.unseen_fill(part, hit, heal))
        elif w.kind == "visibility" and part.boolean("answer lost too", 0.8):
            found.append(plans.invisible_and_unanswered(part, hit, heal))
    return found[:room]


def _hit(fields: dict[str, Any]) -> Hit:
    return Hit(tag=fields["tag"], symbol=fields["symbol"], at=fields["at"], expires=fields.get("expires"))


def _intent(fields: dict[str, Any]) -> Intent:
    known = {key: value for key, value in fields.items() if key not in ("wish", "undisturbed")}
    return Intent(**known, text=sentence(fields))
