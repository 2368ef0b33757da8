"""What was asked for, and what was sent: the vocabulary that the parameter and retry checks share.

*Asked* is what an order request has to express: for an agent the intent, for a gateway the arguments of the call
during which it sent the request. *Sent* is what travelled. Two requests are *the same request* when they ask the venue
for the same thing (`same_request`), whatever client order id they carry.

`impossible` says why an intent cannot be carried out at all. It is strict on purpose: it says so only where every
rounding and every sale that might bring money in still leaves the intent impossible. Estimates (a market order's
price) are marked as such, so that a venue that accepts the order proves them wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from outtrade.judge.index import Index, decimal
from outtrade.judge.records import ZERO, GatewayOp, Operation
from outtrade.model.history import OrderParams
from outtrade.model.task import Instrument, Intent, is_contract
from outtrade.model.units import wire_size, worth
from outtrade_suites.properties.amended import most

EXPOSING = frozenset({"order", "trade", "scale"})
"""Kinds of intent that say how much exposure is wanted."""
TRANSIENT = frozenset({"transient", "rate", "ban", "clock"})
"""Definite refusals that say nothing against the request itself: the same request may succeed later."""
MARGIN = Decimal("1.25")
"""How far a market order's price may be from the mid at the start before an estimate is no longer used."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order request has to express. ``exact``: place exactly this; else the size is the sender's choice."""

    symbol: str | None
    side: str | None
    type: str | None
    quantity: Decimal | None
    quote_quantity: Decimal | None
    tif: str | None
    post_only: bool
    reduce_only: bool
    exact: bool
    fallback_types: tuple[str, ...] = ()


def asked(ix: Index, op: Operation) -> Asked | None:
    """What the order request ``op`` has to express; None where nobody asked, or several might have."""
    if ix.scope == "G":
        call = gateway_call(ix, op)
        return None if call is None else asked_of_gateway(call.call.args)
    intent = op.intent
    if intent is None or intent.kind not in EXPOSING:
        return None
    return replace(asked_of(intent), quantity=most(ix, intent, op.sent_at))


def asked_of(intent: Intent) -> Asked:
    """What the orders of an intent have to express."""
    return Asked(
        symbol=intent.symbol,
        side=intent.side,
        type=intent.type if intent.kind != "scale" else "limit",
        quantity=intent.quantity,
        quote_quantity=intent.quote_quantity,
        tif=intent.time_in_force,
        post_only=intent.post_only,
        reduce_only=intent.reduce_only,
        exact=intent.kind == "order",
        fallback_types=intent.fallback_types,
    )


def asked_of_gateway(args: dict[str, Any]) -> Asked:
    """What the arguments of a gateway's ``submit`` say."""
    return Asked(
        symbol=args.get("symbol"),
        side=args.get("side"),
        type=args.get("type"),
        quantity=_number(args.get("quantity")),
        quote_quantity=_number(args.get("quote_quantity")),
        tif=args.get("time_in_force"),
        post_only=bool(args.get("post_only")),
        reduce_only=bool(args.get("reduce_only")),
        exact=True,
    )


def _number(value: Any) -> Decimal | None:
    return None if value is None else decimal(str(value))


def submits(ix: Index) -> dict[int, GatewayOp]:
    """Sequence number of an order request -> the gateway's ``submit`` that it was sent for.

    A request sent during a call belongs to it; one sent outside of any (a resend in the background) to the last call
    before it with the same client order id.
    """
    return ix.memo("submits", _submits)


def _submits(ix: Index) -> dict[int, GatewayOp]:
    found: dict[int, GatewayOp] = {}
    for call in ix.gateway:
        if call.call.method == "submit":
            found |= {op.seq: call for op in call.requests if op.is_send}
    for op in ix.sends:
        if op.seq not in found:
            same = [g for g in ix.gateway if g.call.method == "submit" and g.call.seq < op.seq]
            same = [g for g in same if op.client_id is not None and g.call.args.get("client_id") == op.client_id]
            if same:
                found[op.seq] = same[-1]
    return found


def gateway_call(ix: Index, op: Operation) -> GatewayOp | None:
    """The gateway's ``submit`` that an order request was sent for."""
    return submits(ix).get(op.seq)


def rules(ix: Index, op: Operation) -> Instrument | None:
    """The trading rules of the symbol that an order request names."""
    return ix.instruments.get(op.order.symbol) if op.order is not None else None


def terms(order: OrderParams) -> tuple[str | bool | Decimal | None, ...]:
    """What a request asks for, without its client order id; numbers by value, not by spelling."""
    numbers = (order.price, order.quantity, order.quote_quantity, order.stop_price)
    values = tuple(value if (value := decimal(text)) is not None else text for text in numbers)
    return (order.symbol, order.side, order.type, order.tif, order.post_only, order.reduce_only, *values)


def same_request(a: Operation, b: Operation) -> bool:
    """Whether two requests ask the venue for the same thing, whatever client order ids they carry."""
    if a.order is None or b.order is None:
        return a.request.digest == b.request.digest
    if a.intent is not None and b.intent is not None and a.intent is not b.intent:
        return False
    return a.request.op == b.request.op and terms(a.order) == terms(b.order)


def same_intent(a: Operation, b: Operation) -> bool:
    """Whether two order requests are for the same intent; where attribution fails, for the same symbol and side."""
    if a.intent is not None and b.intent is not None:
        return a.intent is b.intent
    if a.order is None or b.order is None:
        return False
    return (a.order.symbol, a.order.side) == (b.order.symbol, b.order.side)


def on_grid(value: Decimal, grid: Decimal | None) -> bool:
    """Whether ``value`` is a whole multiple of the grid (no grid: always)."""
    return not grid or value % grid == 0


def decimals(value: Decimal) -> int:
    """Digits behind the point that carry a value (trailing zeros do not)."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def floor_to(value: Decimal, grid: Decimal | None) -> Decimal:
    """The largest multiple of the grid that is not above ``value``."""
    return value if not grid else (value / grid).to_integral_value(ROUND_FLOOR) * grid


def passive(price: Decimal, side: str | None, tick: Decimal) -> Decimal:
    """An off-grid limit price moved to the passive side: down for a buy, up for a sell."""
    if not tick:
        return price
    rounding = ROUND_FLOOR if side == "buy" else ROUND_CEILING
    return (price / tick).to_integral_value(rounding) * tick


def start_mid(ix: Index, symbol: str) -> Decimal | None:
    """The mid price of the symbol at the start of the run."""
    start = ix.snapshots.get("start")
    return decimal(start.mids.get(symbol)) if start is not None else None


def completing(ix: Index, op: Operation) -> bool:
    """Whether an order request takes the rest of a partly filled, ended order of an intent that asks for that."""
    if op.intent is None or op.intent.on_partial != "complete":
        return False
    return any(order.filled_at(op.seq) > 0 and order.op is not op for order in ix.orders_of(op.intent))


# ---------------------------------------------------------------- intents that cannot be carried out
@dataclass(frozen=True, slots=True)
class Impossible:
    """Why an intent cannot be carried out. ``exact``: by the rules alone; else by an estimate of the price."""

    why: str
    exact: bool = True


def impossible(ix: Index, intent: Intent) -> Impossible | None:
    """Why the intent cannot be carried out before it expires; None where it can, or might."""
    return ix.memo("impossible", _impossible_ones).get(intent.id)


def _impossible_ones(ix: Index) -> dict[str, Impossible]:
    found = ((intent.id, _why_impossible(ix, intent)) for intent in ix.intents.values() if intent.kind in EXPOSING)
    return {name: reason for name, reason in found if reason is not None}


def _why_impossible(ix: Index, intent: Intent) -> Impossible | None:
    if intent.symbol is None or not ix.instruments:
        return None
    instrument = ix.instruments.get(intent.symbol)
    if instrument is None:
        return Impossible(f"{intent.symbol} is not traded here")
    if instrument.status != "trading":
        return Impossible(f"the market of {intent.symbol} is {instrument.status}")
    limit = passive(intent.limit_price, intent.side, instrument.tick) if intent.limit_price is not None else None
    mid = start_mid(ix, intent.symbol)
    for reason in (
        _size(intent, instrument),
        _notional(intent, instrument, limit, mid),
        _funds(ix, intent, limit, mid),
    ):
        if reason is not None:
            return reason
    return None


def _size(intent: Intent, instrument: Instrument) -> Impossible | None:
    if intent.quantity is None:
        return None
    market = intent.type == "market"
    step = max(instrument.step, instrument.market_step or ZERO) if market else instrument.step
    low = max(instrument.quantity_min, (instrument.market_min or ZERO) if market else ZERO)
    high = min(instrument.quantity_max, instrument.market_max or instrument.quantity_max) if market else None
    quantity = floor_to(intent.quantity, step)
    if quantity < low:
        return Impossible(f"its quantity is below the minimum of {low:f}")
    if intent.kind == "order" and quantity > (high if high is not None else instrument.quantity_max):
        return Impossible(f"its quantity is above the maximum of {high or instrument.quantity_max:f}")
    return None


def _notional(intent: Intent, rule: Instrument, limit: Decimal | None, mid: Decimal | None) -> Impossible | None:
    if rule.notional_min is None:
        return None
    if intent.quote_quantity is not None:
        value, exact = intent.quote_quantity, True
    elif intent.quantity is None:
        return None
    elif limit is not None:
        value, exact = worth(intent.symbol or "", floor_to(intent.quantity, rule.step), limit), True
    elif mid is not None:
        value, exact = worth(intent.symbol or "", floor_to(intent.quantity, rule.step), mid) * MARGIN, False
    else:
        return None
    if value < rule.notional_min:
        return Impossible(f"its value is below the minimum notional of {rule.notional_min:f}", exact)
    return None


def _funds(ix: Index, intent: Intent, limit: Decimal | None, mid: Decimal | None) -> Impossible | None:
    """Unaffordable even if everything that other intents may bring in arrives first."""
    start = ix.snapshots.get("start")
    instrument = ix.instruments[intent.symbol or ""]
    if start is None or intent.kind == "scale" or is_contract(intent.symbol or ""):
        return None  # a contract takes margin, not the asset
    exact = True
    if intent.side == "sell":
        asset, needed = instrument.base, floor_to(intent.quantity, instrument.step) if intent.quantity else None
    else:
        asset, needed = instrument.quote, intent.quote_quantity
        if intent.quantity is not None:
            price = limit if limit is not None else (mid / MARGIN if mid is not None else None)
            exact = limit is not None
            needed = floor_to(intent.quantity, instrument.step) * price if price is not None else None
    if needed is None:
        return None
    held = sum((Decimal(part) for part in start.balances.get(asset, ("0", "0"))), ZERO)
    if needed > held + sum(_brings(ix, other, asset) for other in ix.intents.values() if other is not intent):
        return Impossible(f"it needs {needed:f} {asset}, and the account can never hold that much", exact)
    return None


def _brings(ix: Index, other: Intent, asset: str) -> Decimal:
    """The most of an asset that another intent may bring in."""
    instrument = ix.instruments.get(other.symbol or "")
    if instrument is None:
        return ZERO
    mid = start_mid(ix, other.symbol or "") or other.limit_price
    if other.side == "buy" and instrument.base == asset:
        if other.quantity is not None:
            return other.quantity
        return (other.quote_quantity or ZERO) / mid * MARGIN if mid else Decimal("Infinity")
    if other.side == "sell" and instrument.quote == asset:
        if other.quote_quantity is not None:
            return other.quote_quantity
        price = max(other.limit_price or ZERO, (mid or ZERO) * MARGIN)
        return (other.quantity or ZERO) * price if price else Decimal("Infinity")
    return ZERO


def final_refusals(sends: list[Operation]) -> list[Operation]:
    """Order requests that the venue refused for a reason that lies in the request or the account."""
    return [op for op in sends if op.state == "definite" and op.error not in TRANSIENT | {"duplicate"}]


def excused(ix: Index, op: Operation) -> bool:
    """Whether ``op`` is the one rejected order request that an impossible intent may cost (judged by PAR-15)."""
    if op.intent is None or impossible(ix, op.intent) is None:
        return False
    refused = final_refusals(ix.sends_of(op.intent))
    return bool(refused) and refused[0] is op


def size(order: OrderParams | None, rule: Instrument | None) -> Decimal | None:
    """How much an order request asks for, in units (base; of an inverse contract quote): what travelled, times the
    size of a contract. None where it names no quantity."""
    return None if order is None else wire_size(order.quantity, Decimal(1) if rule is None else rule.contract_size)


def judged_sends(ix: Index) -> Iterator[Operation]:
    """Order requests whose parameters are judged."""
    for op in ix.sends:
        if op.order is not None and not excused(ix, op):
            yield op
