"""Stops that follow the price: a position is bought, and protected by a stop of the venue's own that trails behind it.

One symbol, one ``protect`` intent with ``trail`` (basis points), and a plot::

    climbs     the price rises, step by step, and falls back through the stop: it sells above the first price
    falls      the price falls at once
    grows      the position is built in several fills, by a maker's order or by a second entry, while it is protected
    closed     the position is sold by another intent; its stop has to go with it
    stays      nothing happens: the stop stands until the end

Three distances: *usual* (0.6 to 3 %), *tight* (0.12 to 0.2 %) and *wide* (12 to 20 %): taken for percent or for a
fraction, a tight one becomes one that the venue takes as well (``TRAILING_DELTA`` is 10 to 2000 on Binance spot), and
never triggers; so does a wide one, and sells at the next trade. About three quarters have a fault, on the placing of
the stop (its answer is lost, or is a firewall's page; the venue is busy, the process dies) or on the fills before it.
The space is one of Binance spot (``trailingDelta``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model import fault as kinds
from outtrade.model.capability import Capability
from outtrade.model.fault import Fault, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import OWN, Product, market
from outtrade_suites.spaces.orders import SETTLE, SYMBOLS, lively
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.wording import sentence

PLOTS = ("climbs", "grows", "falls", "closed", "stays")
DISTANCES: dict[str, tuple[int, int]] = {"usual": (60, 300), "tight": (12, 20), "wide": (1200, 2000)}
"""Lowest and highest distance, in basis points."""
SPREAD = ("usual", "tight", "wide", "tight")
FAULTS = ("none", "lost stop", "partial", "none", "crash", "busy stop", "page", "none", "lost entry", "event", "page")


def trailing(d: Draw) -> Scenario:
    """One position, its trailing stop, and what the price does."""
    product, plot = OWN.products[d.choice("symbol", SYMBOLS)], d.spread("plot", PLOTS)
    wanted, told, ends = _told(d, product, plot)
    for place, one in enumerate(wanted, 1):
        one |= {"id": f"i{place}", "tag": d.tag(f"tag {place}"), "symbol": product.symbol}
    until = float(round(ends + SETTLE + d.integer("to the end", 20, 60)))
    faults = _faults(d, wanted, until - 180)
    needs: tuple[Capability, ...] = ("protect", "stop_orders", "trailing_stop")
    if any(fault.kind == "crash" for fault in faults):
        needs = ("protect", "restart", "stop_orders", "trailing_stop")
    return Scenario(
        id=f"trailing-{d.seed}-{d.index:04d}-{plot}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="trailing",
        symbols=(product.symbol,),
        balances={asset: Decimal(amount) for asset, amount in OWN.balances.items()},
        markets={product.symbol: told},
        fees=d.choice("fees", ((Decimal("0.001"), Decimal("0.001")), (Decimal(0), Decimal("0.00075")))),
        latency=d.number("latency", 0.005, 0.08),
        knobs={"event_first": d.boolean("event first")},
        intents=tuple(Intent(**one, text=sentence(one)) for one in wanted),
        until=until,
        faults=faults,
        needs=needs,
    )


# ------------------------------------------------------------------ plots
def _told(d: Draw, product: Product, plot: str) -> tuple[list[dict[str, Any]], Market, float]:
    """What is wanted, what the market does, and when the last thing happens."""
    flat = market(d.sub("market"), product)
    mid, begin = flat.mid, float(d.integer("at", 5, 30))
    kind = d.spread("distance", SPREAD)
    if plot in ("climbs", "falls") or (plot == "closed" and kind == "tight"):  # the sale itself may reach a tight one
        kind = "usual"
    trail = d.integer("trail", *DISTANCES[kind])
    size = product.quantity(product.order_value * Decimal(str(d.number("value", 0.3, 1.2))) / mid)
    entry: dict[str, Any] = {"kind": "order", "side": "buy", "at": begin, "quantity": size, "type": "market"}
    guard: dict[str, Any] = {
        "kind": "protect", "side": "sell", "at": begin + d.integer("guarded", 0, 6), "trail": Decimal(trail),
    }  # fmt: skip
    told, wanted, then = lively(d, flat), [entry, guard], begin + d.integer("then", 50, 90)
    if plot == "climbs":
        told["path"], then = _climb(d, mid, trail, then)
    elif plot == "falls":
        low = mid * (1 - Decimal(trail) / 10_000 - Decimal(str(d.number("beyond", 0.006, 0.02, digits=4))))
        told["path"] = {"points": [(then, mid), (then + d.integer("lasts", 5, 30), low)]}
    elif plot == "grows" and d.boolean("as maker", 0.5):
        entry |= {
            "type": "limit", "limit_price": product.price(mid * Decimal("0.99999"), up=False), "expires": begin + 70,
        }  # fmt: skip
        told |= {"taker_size": product.quantity(size * Decimal("0.4")), "taker_rate": d.number("fills", 0.05, 0.12)}
        then = begin + 90
    elif plot == "grows":
        wanted.append(entry | {"at": begin + d.integer("second after", 25, 45)})
    elif plot == "closed":
        wanted.append({
            "kind": "order", "side": "sell", "at": then, "type": "market",
            "quantity": product.quantity(size * Decimal("0.999")),
        })  # fmt: skip
    return wanted, Market.model_validate(flat.model_dump() | told), then


def _climb(d: Draw, mid: Decimal, trail: int, at: float) -> tuple[dict[str, Any], float]:
    """A price that rises, rests and rises, and in most scenarios falls back by more than the distance."""
    points, price = [(at - 30, mid)], mid
    for number in range(d.integer("steps", 1, 3)):
        price *= 1 + Decimal(str(d.number(f"rise {number}", 0.01, 0.03, digits=4)))
        points += [(at, price), (at + 12, price)]
        at += d.integer(f"next after {number}", 25, 45)
    if d.boolean("turns", 0.75):
        points.append((at, price * (1 - Decimal(trail) / 10_000 - Decimal("0.008"))))
    return {"points": points}, at


# ------------------------------------------------------------------ faults
def _faults(d: Draw, wanted: list[dict[str, Any]], heal: float) -> tuple[Fault, ...]:
    """At most one, most of them on the placing of the stop."""
    what = d.spread("fault", FAULTS)
    entry, guard = wanted[0], wanted[1]
    at_entry = Trigger(op="place", tag=entry["tag"], before=heal)
    at_stop = Trigger(op="place", tag=guard["tag"], before=heal)
    symptom, delay = d.choice("symptom", SYMPTOMS), d.number("delay", 0.05, 2, digits=2)
    committed = d.boolean("committed", 0.6)
    if what == "lost stop":
        return (kinds.LostAnswer(on=at_stop, committed=committed, symptom=symptom, delay=delay),)
    if what == "lost entry":
        return (kinds.LostAnswer(on=at_entry, committed=committed, symptom=symptom, delay=delay),)
    if what == "busy stop":
        return (kinds.Reject(on=at_stop.model_copy(update={"times": d.integer("times", 1, 2)}), reason="busy"),)
    if what == "page":
        truth, lasts = d.choice("truth", ("committed", "absent")), float(d.integer("page lasts", 5, 30))
        on = at_stop.model_copy(update={"before": heal - lasts})
        return (kinds.Forbidden(on=on, duration=lasts, truth=truth),)
    if what == "crash":
        point = d.choice("point", ("before_send", "after_send", "after_commit", "after_ack"))
        on = at_stop.model_copy(update={"before": heal - 20})
        return (kinds.Crash(on=on, point=point, downtime=float(d.integer("downtime", 1, 15))),)
    if what == "event":
        return (kinds.StreamDrop(on=Trigger(op="event", nth=d.integer("nth", 1, 4), after=entry["at"], before=heal)),)
    if what == "partial":
        fraction = d.number("fraction", 0.2, 0.7, digits=2)
        return (kinds.PartialFill(on=at_entry, fraction=fraction, after=d.number("rest after", 8, 30, digits=1)),)
    return ()
