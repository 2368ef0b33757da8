"""Short scenarios for agents that run in real time (``cmd:``, ``http:``): 20 to 40 seconds each.

A small part of what ``binance_spot`` has, with all bounds scaled down: one order that trades, one that rests until its
deadline, and one fault. Everything that is to be waited for fits: an answer that never comes costs a client its own
time limit (up to 10 s are allowed for), proof of absence ``absent_after`` = 3 s, healing is 8 s before the end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.fault import (
    CancelRace,
    Crash,
    Fault,
    Latency,
    LostAnswer,
    PartialFill,
    RateLimit,
    Refuse,
    Reject,
    StreamClose,
    StreamDrop,
    StreamDuplicate,
    StreamEarly,
    StreamReorder,
    StreamSilent,
    Trigger,
)
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Intent
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.fixed import BTC, ETH
from outtrade_suites.spaces.markets import Product, Universe, universe
from outtrade_suites.spaces.wording import sentence

BOUNDS = Bounds(
    answer=12, attempts=10, silence=15, lost_frame=10, recovery=10, resolve=8, protection_gap=3, halt=3, settle=8
)
ABSENT_AFTER = 3.0
SHORT, LONG = 24.0, 36.0

CASES = (
    "calm", "lost.reset", "lost.close", "lost.truncate", "lost.html_503", "lost.code_1007", "lost.malformed",
    "lost.hang", "lost_cancel.close", "latency", "rate_limit", "busy", "refuse", "partial_fill", "cancel_race",
    "crash.after_send", "crash.after_commit", "crash.after_ack",
)  # fmt: skip


STREAM_CASES = ("drop", "duplicate", "reorder", "early", "close", "silent")


def wire(d: Draw) -> Scenario:
    """An order that fills, one that rests, one fault: real time, 20 to 40 s each, for `cmd:` and `http:` agents."""
    return _scenario(d, "wire", CASES)


def wire_stream(d: Draw) -> Scenario:
    """One fault of the private stream, for agents that have one."""
    return _scenario(d, "wire_stream", tuple(f"stream.{case}" for case in STREAM_CASES))


def _scenario(d: Draw, space: str, cases: tuple[str, ...]) -> Scenario:
    case, _, form = d.spread("case", cases).partition(".")
    until = LONG if form == "hang" else SHORT
    known = universe(d.recorded)
    symbol, market, unit = _traded(d, known)
    product = known.products[symbol]
    buys = d.boolean("buys", 0.6)
    trades: dict[str, Any] = {
        "kind": "order", "at": 1.0, "symbol": symbol, "side": "buy" if buys else "sell", "expires": until - 12.0,
        "quantity": _size(known, product, d.integer("size", 10, 40) * unit),
    }  # fmt: skip
    if d.boolean("market", 0.5):
        trades |= {"type": "market"}
    else:
        through = Decimal("1.005") if buys else Decimal("0.995")
        trades |= {"type": "limit", "limit_price": _round(known, product, market.mid * through)}
    rests: dict[str, Any] = {
        "kind": "order", "at": 2.0, "symbol": symbol, "side": "sell" if buys else "buy", "type": "limit",
        "quantity": _size(known, product, d.integer("resting size", 10, 40) * unit), "expires": 9.0,
        "limit_price": _round(known, product, market.mid * (Decimal("1.02") if buys else Decimal("0.98"))),
    }  # fmt: skip
    first, second = (
        Intent(id=f"i{number}", tag=d.tag(f"tag {number}"), text=sentence(fields), **fields)
        for number, fields in enumerate((trades, rests), 1)
    )
    hit = first if d.boolean("hits the first") and case not in ("lost_cancel", "cancel_race") else second
    committed = d.boolean("committed")
    made = Scenario(
        id=f"{space.replace('_', '-')}-{d.seed}-{d.index:04d}",
        seed=d.integer("seed", 0, 2**31 - 1),
        space=space,
        symbols=(symbol,),
        balances=_balances(known),
        markets={symbol: market},
        latency=0.02,
        knobs={"absent_after": ABSENT_AFTER, "event_first": d.boolean("event first")},
        intents=(first, second),
        until=until,
        bounds=BOUNDS,
        faults=_faults(case, form, hit, committed, until - BOUNDS.settle),
    )
    if known.recorded is None:
        return made
    short = known.recorded.reference.sha256[:8]
    return made.model_copy(update={"id": f"{made.id}-{short}", **known.recorded.fields((symbol,))})


def _traded(d: Draw, known: Universe) -> tuple[str, Market, Decimal]:
    """The symbol, its market, and the unit of sizes (a usual order is 25 of them)."""
    if known.recorded is None:
        return ("ETH/USDT", ETH, Decimal("0.01")) if d.boolean("eth", 0.4) else ("BTC/USDT", BTC, Decimal("0.001"))
    product = known.products[d.choice("symbol", tuple(known.products))]
    market = known.recorded.markets[product.symbol].model_copy(update={"volatility_bps": 1.0})
    return product.symbol, market, product.order_value / market.mid / 25


def _size(known: Universe, product: Product, quantity: Decimal) -> Decimal:
    return quantity if known.recorded is None else product.quantity(quantity)


def _round(known: Universe, product: Product, price: Decimal) -> Decimal:
    return price.quantize(Decimal(1)) if known.recorded is None else product.price(price, up=False)


def _balances(known: Universe) -> dict[str, Decimal]:
    if known.recorded is None:
        return {"USDT": Decimal(100000), "BTC": Decimal(2), "ETH": Decimal(30), "BNB": Decimal("12.5")}
    held = known.balances | dict(list(known.foreign.items())[:1])
    return {asset: Decimal(amount) for asset, amount in held.items()}


def _faults(case: str, form: str, hit: Intent, committed: bool, heal: float) -> tuple[Fault, ...]:
    place = Trigger(op="place", tag=hit.tag, before=heal - 1)
    cancel = Trigger(op="cancel", symbol=hit.symbol, before=heal - 1)
    match case:
        case "calm":
            return ()
        case "lost":
            symptom: Any = form
            return (LostAnswer(on=place, committed=committed, symptom=symptom),)
        case "lost_cancel":
            closing: Any = form
            return (LostAnswer(on=cancel, committed=committed, symptom=closing),)
        case "stream":
            return (_stream_fault(form, hit),)
        case "latency":
            return (Latency(on=place, delay=2.0),)
        case "rate_limit":
            return (RateLimit(on=place, duration=3.0),)
        case "busy":
            return (Reject(on=place, reason="busy"),)
        case "refuse":
            return (Refuse(on=Trigger(after=1.7), duration=3.0),)
        case "partial_fill":
            return (PartialFill(on=place.model_copy(update={"tag": None, "nth": 2}), fraction=0.4, after=1.0),)
        case "cancel_race":
            return (CancelRace(on=cancel),)
        case _:
            point: Any = form
            return (Crash(on=place, point=point, downtime=1.0),)


def _stream_fault(form: str, hit: Intent) -> Fault:
    """A closed or silent stream is so while the resting order is cancelled (9 s); a process is up long before."""
    event = Trigger(op="event", nth=2)
    match form:
        case "drop":
            return StreamDrop(on=event)
        case "duplicate":
            return StreamDuplicate(on=event)
        case "reorder":
            return StreamReorder(on=event, after=0.5)
        case "early":
            return StreamEarly(on=Trigger(op="place", tag=hit.tag))
        case "close":
            return StreamClose(on=Trigger(after=8.0), down=3.0)
        case _:
            return StreamSilent(on=Trigger(after=6.0), duration=6.0)
