"""A crash at every point of an order's life, enumerated: every kind of order, every point, every fate of the store.

Where a space draws its crashes, a point that is hit once in a thousand scenarios hides its bug for a thousand
scenarios. Here ``CASES`` lists them all, and consecutive indices go through the list, each case once a round:

    outtrade run agent:httpx --space crash_points --scenarios 330     # CASES, each once

Points (``outtrade.model.fault.process``): before and after the request leaves, after the exchange carried it out, after
the answer arrived, for each request that the order needs (place, the cancel that ends it, the second place that
completes it), and after each of the first things that are made durable. The next process finds its whole store, an
empty one, or an old copy.

>>> CASES[0], len(CASES) == len(set(CASES))
(Case(order='market', op='place', nth=1, point='before_send', store='kept'), True)
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from outtrade.model import fault as kinds
from outtrade.model.fault import Fault, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product, universe
from outtrade_suites.spaces.wording import sentence

AT, EXPIRES, UNTIL = 5.0, 125.0, 420.0
"""Seconds of run time: the order is wanted, its deadline, the report. The last crash comes soon after the deadline."""
ORDERS = ("market", "limit", "IOC", "FOK", "resting", "post_only", "filled_later", "partly_cancelled", "completed")
CANCELLED = ("resting", "post_only", "partly_cancelled", "completed")
"""Orders whose life holds a cancel: at the deadline, or at the first partial fill."""
STORES = ("kept", "lost", "stale")
SETS = 6
"""How many of the things that are made durable are followed by a crash."""


class Case(NamedTuple):
    """One point: the kind of order, the ``nth`` operation ``op`` (or durable write), where in it, the store's fate."""

    order: str
    op: str
    nth: int
    point: str
    store: str


def _cases() -> Iterator[Case]:
    for order in ORDERS:
        spots = [("place", 1, point) for point in ("before_send", "after_send", "after_commit", "after_ack")]
        if order in CANCELLED:
            spots += [("cancel", 1, point) for point in ("before_send", "after_send", "during_cancel", "after_ack")]
        if order == "completed":
            spots += [("place", 2, point) for point in ("before_send", "after_send", "after_commit", "after_ack")]
        spots += [("any", nth, "after_store_set") for nth in range(1, SETS + 1)]
        for op, nth, point in spots:
            for store in STORES:
                yield Case(order, op, nth, point, store)


CASES: tuple[Case, ...] = tuple(_cases())
"""Every point of every order's life, once for each fate of the store."""


def crash_points(d: Draw) -> Scenario:
    """One order on Binance spot and one crash; consecutive scenarios go through every point of every kind of order."""
    case = d.spread("case", CASES)
    known = universe(d.recorded)
    symbol = d.choice("symbol", tuple(known.products))
    product, side = known.products[symbol], d.choice("side", ("buy", "sell"))
    calm = known.recorded.markets[symbol] if known.recorded is not None else _market(product)
    fields = _order(case, d, product, calm, side)
    tag = d.tag("tag")
    intent = Intent(id="i1", tag=tag, text=sentence(fields), **fields)
    made = Scenario(
        id=f"crash_points-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space="crash_points",
        symbols=(symbol,),
        balances={asset: Decimal(amount) for asset, amount in (known.balances | known.foreign).items()},
        markets={symbol: calm},
        latency=d.number("latency", 0.005, 0.12),
        intents=(intent,),
        until=UNTIL,
        faults=(_crash(case, d), *_company(case, tag)),
    )
    return made if known.recorded is None else made.model_copy(update=known.recorded.fields((symbol,)))


def _market(product: Product) -> Market:
    """Deep enough to take the order at once, and nobody else trades."""
    depth = product.quantity(product.order_value / product.mid)
    return Market(mid=product.mid, depth=depth, taker_size=depth, taker_rate=0, maker_rate=0, volatility_bps=0)


def _order(case: Case, d: Draw, product: Product, market: Market, side: str) -> dict[str, Any]:
    value = product.order_value * Decimal(str(d.number("value", 0.3, 1.2)))
    fields: dict[str, Any] = {"kind": "order", "symbol": product.symbol, "side": side, "at": AT}
    if case.order == "market":
        return fields | {"type": "market", "quantity": product.quantity(value / market.mid)}
    takes = case.order in ("limit", "IOC", "FOK")
    away = Decimal(str(d.number("away", 0.004, 0.02, digits=4)))
    price = market.mid * (1 + away if takes == (side == "buy") else 1 - away)
    price = product.price(price, up=side == "sell")
    fields |= {"type": "limit", "limit_price": price, "quantity": product.quantity(value / price), "expires": EXPIRES}
    if case.order in ("IOC", "FOK"):
        fields["time_in_force"] = case.order
    if case.order == "post_only":
        fields["post_only"] = True
    if case.order in ("partly_cancelled", "completed"):
        fields["on_partial"] = "cancel" if case.order == "partly_cancelled" else "complete"
    if case.order == "completed":
        fields["max_slippage_bps"] = Decimal(400)
    return fields


def _crash(case: Case, d: Draw) -> Fault:
    on = Trigger(op=case.op, nth=case.nth, before=UNTIL - 200)
    down, behind = float(d.integer("downtime", 1, 20)), d.integer("behind", 1, 4)
    more = {"store": case.store, "behind": behind} if case.store == "stale" else {"store": case.store}
    return kinds.Crash.model_validate({"on": on, "point": case.point, "downtime": down, **more})


def _company(case: Case, tag: str) -> tuple[Fault, ...]:
    """What gives the order the life that it is to have."""
    on = Trigger(op="place", tag=tag, before=UNTIL - 200)
    if case.order == "filled_later":
        return (kinds.DelayedFill(on=on, after=20),)
    if case.order in ("partly_cancelled", "completed"):
        return (kinds.PartialFill(on=on, fraction=0.4, after=3),)
    return ()
