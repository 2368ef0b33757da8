"""LIM-01, LIM-02: the task's own caps, on size and on speed.

Caps are the last line before the venue: whatever a strategy, a bug or a typing error asks for, no more than this may be
at risk. They are judged from what stood and filled on the exchange and from the bytes that left, never from what the
target says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal, ns
from outtrade.judge.records import ZERO, Operation, Order, working
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import Instrument
from outtrade.model.units import average_price, settled_in, value_of, worth
from outtrade_suites.properties.sent import size
from outtrade_suites.properties.truth import fee_in_kind

WALKED = Decimal("1.02")
"""How far a market order's value may exceed the cap on notional: nobody knows its price before it is sent."""
MARKED = Decimal("1.1")
"""How far leverage, which is reckoned with the equity at the start, may exceed its cap."""
MINUTE = 60


# ---------------------------------------------------------------- LIM-01
def check_caps(ix: Index) -> Iterator[Case]:
    """LIM-01. Leverage is reckoned in contract markets only, with what the account held at the start: profits and
    losses of the run are left out, and a tenth is allowed for them."""
    limits = ix.scenario.limits
    if limits.max_notional is not None:
        for op in ix.sends:
            yield from _notional(ix, op, limits.max_notional)
    if limits.max_position is not None or limits.max_leverage is not None:
        for symbol, rule in ix.instruments.items():
            orders = [o for o in ix.own_orders if o.symbol == symbol and o.accepted and o.op is not None]
            if not orders:
                continue
            if limits.max_position is not None:
                yield _position(ix, orders, rule, limits.max_position)
            if limits.max_leverage is not None and ":" in symbol:
                yield from _leverage(ix, orders, settled_in(symbol), limits.max_leverage)


def _notional(ix: Index, op: Operation, cap: Decimal) -> Iterator[Case]:
    """Whether one order request is worth more than the cap (quote currency)."""
    order = op.order
    if order is None or order.symbol not in ix.instruments:
        return
    asked, price, quote = size(order, ix.instruments[order.symbol]), decimal(order.price), decimal(order.quote_quantity)
    filled = [(Decimal(fill.price), Decimal(fill.quantity)) for made in op.orders for fill in made.fills]
    if quote is not None:
        value, most = quote, cap
    elif asked is not None and price is not None:
        value, most = worth(order.symbol, asked, price), cap
    elif asked is not None and filled:
        traded = average_price(order.symbol, ((quantity, price) for price, quantity in filled)) or ZERO
        value, most = worth(order.symbol, asked, traded), cap * WALKED
    else:
        return
    if value > most:
        yield broke(
            f"{op.name} is worth {value:f}, and no order may be worth more than {cap:f}",
            op.seq,
            subject=op.client_id or "",
            key="notional",
        )
    else:
        yield held(op.seq, subject=op.client_id or "")


def reach(orders: list[Order], rule: Instrument, seq: int) -> Decimal:
    """The largest own position (base units, absolute) that fills so far and all working orders can lead to just after
    event ``seq``; fees taken in the base asset are off."""
    net = buys = sells = ZERO
    for order in orders:
        for fill in order.fills:
            if fill.seq <= seq:
                net += Decimal(fill.quantity) * (1 if fill.side == "buy" else -1)
                net -= fee_in_kind(fill, rule.base)
        rest = working(order.state_at(seq))
        if order.side == "buy":
            buys += rest
        else:
            sells += rest
    return max(abs(net), abs(net + buys), abs(net - sells))


def _position(ix: Index, orders: list[Order], rule: Instrument, cap: Decimal) -> Case:
    """The worst instant of one symbol, looked at when an order is accepted or amended."""
    for order, change in _changes(orders):
        most = reach(orders, rule, change.seq)
        if most > cap + rule.step:
            return broke(
                f"after {order.created_as} the own position in {order.symbol} could reach {most:f} {rule.base}; the cap"
                f" is {cap:f}",
                order.first.seq,
                change.seq,
                subject=order.symbol,
                key="position",
            )
    return held(*(order.first.seq for order in orders), subject=orders[0].symbol)


def _changes(orders: list[Order]) -> list[tuple[Order, OrderTruth]]:
    found = [(order, change) for order in orders for change in order.changes]
    return sorted(found, key=lambda pair: pair[1].seq)


def _leverage(ix: Index, orders: list[Order], asset: str, cap: Decimal) -> Iterator[Case]:
    """The value that a symbol's position can reach, against what the account held of its settlement asset."""
    start = ix.snapshots.get("start")
    equity = sum((Decimal(part) for part in start.balances.get(asset, ())), ZERO) if start is not None else ZERO
    rule = ix.instruments[orders[0].symbol]
    if equity <= 0:
        return
    for order, change in _changes(orders):
        price = decimal(change.price) or max((Decimal(fill.price) for fill in order.fills), default=None)
        if not price:
            continue
        if value_of(order.symbol, reach(orders, rule, change.seq), price) > cap * MARKED * equity:
            yield broke(
                f"after {order.created_as} the position in {order.symbol} could exceed {cap:f} times the {equity:f}"
                f" {asset} of the account",
                order.first.seq,
                change.seq,
                subject=order.symbol,
                key="leverage",
            )
            return
    yield held(*(order.first.seq for order in orders), subject=orders[0].symbol)


# ---------------------------------------------------------------- LIM-02
def check_rate(ix: Index) -> Iterator[Case]:
    """LIM-02."""
    rate = ix.scenario.limits.max_orders_per_second
    if rate is not None and rate > 0 and ix.sends:
        yield _within_rate(ix, rate)
    for intent in ix.intents.values():
        sends = [op for op in ix.sends_of(intent) if op.client_id is not None]
        if sends and intent.kind != "scale":
            yield _no_runaway(ix, sends)


def _within_rate(ix: Index, rate: Decimal) -> Case:
    """No window holds more order requests than allowed: as many as the whole part of ``rate`` in any second; a rate
    below one is one request in the time that it gives."""
    allowed = max(1, int(rate))
    span = NS if rate >= 1 else int(NS / rate)
    for first, last in zip(ix.sends, ix.sends[allowed:], strict=False):
        if last.sent_at - first.sent_at < span:
            return broke(
                f"{last.name} is one order request too many: {allowed + 1} in"
                f" {(last.sent_at - first.sent_at) / NS:.3f} s, and {allowed} are allowed in {span / NS:g} s",
                first.seq,
                last.seq,
                key="rate",
            )
    return held(*(op.seq for op in ix.sends[: allowed + 1]))


def _no_runaway(ix: Index, sends: list[Operation]) -> Case:
    """More than ``attempts`` different orders for one intent within a minute are a loop; it has ``halt`` seconds."""
    name = sends[0].intent.id if sends[0].intent else ""
    for place, op in enumerate(sends):
        lately = {o.client_id for o in sends[: place + 1] if op.sent_at - o.sent_at < ns(MINUTE)}
        if len(lately) <= ix.bounds.attempts:
            continue
        after = [o for o in sends[place:] if ns(ix.bounds.halt) < o.sent_at - op.sent_at < ns(MINUTE)]
        if after:
            return broke(
                f"{name} had got {len(lately)} different orders within a minute by {op.sent_at / NS:.3f} s; the loop"
                f" went on beyond {ix.bounds.halt:g} s ({after[0].name})",
                op.seq,
                after[0].seq,
                subject=name,
                key="runaway",
            )
        break
    return held(*(op.seq for op in sends[:3]), subject=name)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="LIM-01",
        title="Caps on position, notional and leverage hold at every instant",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A cap is what is left when everything else has failed. An agent that looks at its position before each order, and
forgets what is still working, or what another task of its own has just sent, passes every test with one order and
doubles its risk with two.

Example: the cap is 1 BTC, 0.6 are held, an order for 0.6 more is sent. Refusing the intent passes; an order for the 0.4
that would fit does not carry out the intent (PAR-06).

Real bugs: a unit taken for another, a decimal point that moved, a position counted without its working orders; the SEC
demands pre-trade caps of every broker with market access since Knight Capital's morning.

How to mend: reckon with what could be, not with what is: net position plus everything that works or is in doubt plus
the new order, against the cap, in one place that every order passes.

Judged: every order request against `max_notional` (price times quantity; a market order by what it paid, two per cent
allowed). After every change of an own order: net fills (less fees in the base asset) plus or minus everything that
works on a side, against `max_position`, one step allowed. In contract markets the same, valued, against `max_leverage`
times what the account held at the start, a tenth allowed.""",
        source="SEC Release 34-70694 (Knight Capital: no capital thresholds at the router); 17 CFR 240.15c3-5;"
        " nautilus_trader documentation, risk engine (max_notional_per_order); the contract with agents (limits)",
        check=check_caps,
        account=True,
    ),
    Property(
        id="LIM-02",
        title="The cap on orders per second holds, and a runaway loop stops itself",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
Speed multiplies mistakes. One wrong order is a small loss, four million in 45 minutes were 460 million dollars. A cap
on new orders per second, kept by the agent itself, is what turns a loop into an alarm.

Example: four intents become due in the same instant and all four orders leave at once, although one a second is
allowed. Sending the second a second later passes. A loop that takes every fill for a failure and sends the next order
never ends by itself.

How to mend: count what leaves, resends too, at the only door through which orders leave; queue what is too fast, and
stop and alert when one intent needs more orders than it can reasonably need.

Judged on the wire: no sliding second holds more order requests (resends count) than `max_orders_per_second`; a rate
below one is one request in that time. And without any cap: once more than `attempts` different orders within a minute
were sent for one intent (a scale excepted), no more follow later than `halt` seconds after that.""",
        source="SEC Release 34-70694 (Knight Capital, four million executions in 45 minutes);"
        " QuantConnect/Lean.Brokerages.TradeStation#101 (an endless loop of liquidations);"
        " the contract with agents (max_orders_per_second: new orders, sliding window)",
        check=check_rate,
        venues="all",
        account=True,
    ),
)
