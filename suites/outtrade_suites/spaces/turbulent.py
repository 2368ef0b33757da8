"""The scenarios of ``binance_spot`` in markets where something happens: gaps, crashes, missing sides, prints far away.

Intents, faults and all else are those of the same seed and index in ``binance_spot``; what happens to the market is
drawn from a stream of its own. Sizes are those of a bad day, not of the end of the world: an order may fill at once or
never, a market order may find nobody, but prices stay within what the venue's bands allow.

Faults that need an order to rest, or to fill when they say, would come to nothing where the market fills it before: the
markets of such orders stay calm.
"""

from __future__ import annotations

from typing import Any

from outtrade.model.scenario import Market, Scenario
from outtrade_suites.spaces.binance_spot import scenario as binance_spot
from outtrade_suites.spaces.draw import Draw

KINDS = ("gap", "flash_crash", "one_sided", "trade_through", "widening")
NEEDS_CALM = ("cancel_race", "delayed_fill", "duplicated", "partial_fill", "visibility")


def turbulent(d: Draw) -> Scenario:
    """A scenario of ``binance_spot`` most of whose markets have one to four events each, and now and then a path."""
    made = binance_spot(d)
    part, calm = d.sub("turbulence"), kept_calm(made)
    markets = {
        symbol: market
        if symbol in calm
        else stirred(part.sub(symbol.replace("/", "-")), market, made.until, part.spread(f"first {number}", KINDS))
        for number, (symbol, market) in enumerate(made.markets.items())
    }
    name = made.id.replace("binance_spot", "turbulent", 1)
    return made.model_copy(update={"id": name, "space": "turbulent", "markets": markets})


def kept_calm(made: Scenario) -> set[str]:
    """The symbols whose orders a fault of ``NEEDS_CALM`` is about."""
    tags = {fault.on.tag for fault in made.faults if fault.kind in NEEDS_CALM}
    return {intent.symbol for intent in made.intents if intent.symbol and (None in tags or intent.tag in tags)}


def stirred(d: Draw, market: Market, until: float, first: str) -> Market:
    """``market`` with events within ``until`` seconds, one of them of kind ``first``; a recorded one as it is."""
    if market.tape is not None:
        return market
    missing = d.choice("missing", ("bids", "asks"))  # one side for all its events: the book is never empty
    kinds = [first, *(d.choice(f"kind {n}", KINDS) for n in range(d.integer("more", 0, 3)))]
    told: dict[str, Any] = {
        "events": [_event(d.sub(f"event {n}"), kind, until, missing) for n, kind in enumerate(kinds)]
    }
    if d.boolean("has path", 0.25):
        times = sorted({d.integer(f"time {n}", 1, int(until)) for n in range(d.integer("points", 1, 4))})
        prices = [market.mid * (1000 + d.integer(f"price {n}", -40, 40)) / 1000 for n in range(len(times))]
        told["path"] = {
            "points": list(zip(times, prices, strict=True)), "shape": d.choice("shape", ("linear", "stepped")),
        }  # fmt: skip
    return Market.model_validate(market.model_dump() | told)


def _event(d: Draw, kind: str, until: float, missing: str) -> dict[str, Any]:
    sign = d.choice("sign", (-1, 1))
    at: Any = d.number("at", 0, until * 0.8)
    if d.boolean("window", 0.3):
        at = (at, min(at + d.number("width", 1, 60), until))
    event: dict[str, Any] = {"kind": kind, "at": at}
    if kind == "gap":
        return event | {"percent": sign * d.number("percent", 0.2, 4)}
    if kind == "flash_crash":
        fall, hold, recover = d.number("fall", 0.2, 20), d.number("hold", 0, 10), d.number("recover", 1, 120)
        return event | {"percent": sign * d.number("percent", 1, 15), "fall": fall, "hold": hold, "recover": recover}
    if kind == "one_sided":
        return event | {"lasts": d.number("lasts", 1, 40), "missing": missing}
    if kind == "trade_through":
        return event | {"percent": sign * d.number("percent", 0.1, 3)}
    return event | {
        "lasts": d.number("lasts", 1, 120), "factor": d.number("factor", 1.5, 12), "depth": d.number("depth", 0.1, 1),
    }  # fmt: skip
