"""What was true, as the target could have seen it: the moment of the report, positions, balances.

A report is compared with what was visible on the venue when it came. No client sees the present: its last answers were
computed a moment earlier, and between them and the report the market may trade once more. So a report is held against
a short *window* of truth: whatever was true at one instant of it is a correct statement, whatever was true all through
it has to be stated. The window reaches back

* five seconds (a careful last look takes several requests),
* to the moment at which the venue computed an answer that arrived in those five seconds,
* to the write whose effect the venue still hid from reads (fault ``visibility``).

Positions of a spot account are what the task's own orders bought and sold, net of fees taken in the base asset.
Balances are the start's, moved by every fill, with what working orders lock set aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO, Order, working
from outtrade.model.fault import READS, WRITES, Visibility
from outtrade.model.history import FillTruth, OrderTruth
from outtrade.model.task import is_contract
from outtrade.model.units import average_price, price_of, value_of
from outtrade_suites.properties.compare import ASSET_UNIT, floor_to

LAST_LOOK = ns(5)
"""How long a careful last look at orders, fills and balances may take (nanoseconds)."""
FURTHEST = ns(30)
"""No answer is accepted as visible that the venue computed longer ago than this."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of truth: from the end of instant ``since`` to just before event ``seq`` (at time ``until``)."""

    since: int
    until: int
    seq: int

    def states(self, order: Order) -> list[OrderTruth | None]:
        """The states the order had in it, oldest first; None: it did not exist yet."""
        changes = [c for c in order.changes if c.at > self.since and c.seq < self.seq]
        return [order.state_by(self.since), *changes]

    def moments(self, ix: Index) -> list[int]:
        """Sequence numbers after which something about the account changed in it; the first is its beginning."""
        return ix.memo(f"moments {self.since} {self.seq}", self._moments)

    def _moments(self, ix: Index) -> list[int]:
        inside = [
            event.seq
            for event in ix.events
            if self.since < event.at and event.seq < self.seq and isinstance(event, OrderTruth | FillTruth)
        ]
        start = max((event.seq for event in ix.events if event.at <= self.since), default=-1)
        return [min(start, self.seq - 1), *inside]


def window(ix: Index, at: int, seq: int, *, look: int = LAST_LOOK) -> Window:
    """The window of truth for a statement made at time ``at`` (event ``seq``); ``look`` in nanoseconds."""
    since = at - look
    for op in ix.ops:
        if op.seq > seq:
            break
        answer, ended = op.answer, op.ended_at
        if answer is None or ended is None or (op.ended_seq or 0) > seq or op.request.op not in READS | WRITES:
            continue
        if ended >= at - look and answer.at < since:
            since = max(answer.at - 1, at - FURTHEST)
    return Window(visible_since(ix, since, seq), at, seq)


def visible_since(ix: Index, since: int, seq: int) -> int:
    """``since``, moved back to before every write whose effect reads did not show yet at that time.

    The fault lands on the first read that is kept in the past, or on the write itself; in the first case the write was
    at most the fault's delay earlier.
    """
    start = since
    for record in ix.faults:
        if isinstance(record.fault, Visibility):
            delay = ns(record.fault.delay)
            for landed in record.landed:
                if landed.seq < seq and landed.at + delay > since:
                    op = None if landed.call is None else ix.by_call.get(landed.call)
                    on_write = op is not None and op.request.op in WRITES
                    start = min(start, (op.sent_at if op is not None and on_write else landed.at - delay) - 1)
    return start


def report_window(ix: Index) -> Window | None:
    """The window of truth for the report; None where there is none."""
    reported = ix.reported
    if reported is None:
        return None
    return ix.memo("report_window", lambda index: window(index, reported.at, reported.seq))


def fee_in_kind(fill: FillTruth, base: str) -> Decimal:
    """What the fee of a fill took from what was bought. From a contract nothing is taken: the fee of an inverse one
    comes out of the margin, which is the same asset."""
    return Decimal(fill.fee) if fill.fee_asset == base and not is_contract(fill.symbol) else ZERO


def position(ix: Index, symbol: str, seq: int) -> Decimal:
    """Net position just after event ``seq``: bought minus sold minus fees in the base asset. Of a spot symbol that of
    the own orders; of a contract there is one position, whoever changed it, the venue included."""
    base, shared = base_of(ix, symbol), is_contract(symbol)
    total = ZERO
    for fill in ix.fills:
        if fill.symbol == symbol and fill.seq <= seq and (shared or not fill.foreign):
            quantity = Decimal(fill.quantity)
            total += quantity if fill.side == "buy" else -quantity
            total -= fee_in_kind(fill, base)
    return total


def entry_prices(ix: Index, symbol: str, seq: int) -> list[Decimal]:
    """Admissible entry prices of a long position that was only ever bought; empty where it is a matter of convention.

    The contract says "average of net buys": both the volume-weighted price of the buys and the quote amount paid per
    base unit that was really received are such an average.
    """
    base = base_of(ix, symbol)
    fills = [fill for fill in ix.own_fills if fill.symbol == symbol and fill.seq <= seq]
    if not fills or any(fill.side == "sell" for fill in fills):
        return []
    gross = sum((Decimal(f.quantity) for f in fills), ZERO)
    net = gross - sum((Decimal(f.fee) for f in fills if f.fee_asset == base), ZERO)
    return [price * gross / amount for price in averages(ix, fills) for amount in (gross, net) if amount > 0]


def averages(ix: Index, fills: Iterable[FillTruth]) -> list[Decimal]:
    """The volume-weighted price of fills: from their exact prices, and from the quote amounts that were booked, which
    the venue rounds down to its asset unit (for an order worth 0.0001 BTC that is one part in ten thousand)."""
    own = list(fills)
    exact = average_price(own[0].symbol, ((Decimal(f.quantity), Decimal(f.price)) for f in own)) if own else None
    if exact is None:
        return []
    quantity, booked = sum((Decimal(f.quantity) for f in own), ZERO), sum((paid(ix, f) for f in own), ZERO)
    return [exact, price_of(own[0].symbol, quantity, booked)] if booked else [exact]


def paid(ix: Index, fill: FillTruth) -> Decimal:
    """The quote amount that changed hands in a fill (of an inverse contract: its value in base), as booked: rounded
    down to the asset unit."""
    return floor_to(value_of(fill.symbol, Decimal(fill.quantity), Decimal(fill.price)), asset_unit(ix))


def base_of(ix: Index, symbol: str) -> str:
    """The base asset of a symbol."""
    instrument = ix.instruments.get(symbol)
    return symbol.partition("/")[0] if instrument is None else instrument.base


def quote_of(ix: Index, symbol: str) -> str:
    """The quote asset of a symbol."""
    instrument = ix.instruments.get(symbol)
    return symbol.partition("/")[2] if instrument is None else instrument.quote


def asset_unit(ix: Index) -> Decimal:
    """The smallest amount of an asset that the venue books."""
    unit = ix.trait("asset_unit")
    return ASSET_UNIT if unit is None else Decimal(str(unit))


def balances(ix: Index, seq: int) -> dict[str, tuple[Decimal, Decimal]] | None:
    """Free and locked by asset just after event ``seq``, from the start's balances, the fills and the working orders.

    None where the balances of the start are not on record.
    """
    start = ix.snapshots.get("start")
    if start is None:
        return None
    totals = {asset: Decimal(free) + Decimal(locked) for asset, (free, locked) in start.balances.items()}
    for fill in ix.fills:
        if start.seq < fill.seq <= seq:
            for asset, amount in moves(ix, fill):
                totals[asset] = totals.get(asset, ZERO) + amount
    locks: dict[str, Decimal] = {}
    grouped: dict[tuple[str, str], Decimal] = {}
    """What a list of orders locks: the dearest of them."""
    for order in ix.orders.values():
        state = order.state_at(seq)
        rest = working(state)
        if state is None or not rest:
            continue
        if order.side == "sell":
            asset, amount = base_of(ix, order.symbol), rest
        else:
            unit = asset_unit(ix)
            asset, amount = (
                quote_of(ix, order.symbol),
                -floor_to(-rest * Decimal(state.price or state.stop_price or 0), unit),
            )
        if state.group is not None:
            before = grouped.get((state.group, asset), ZERO)
            grouped[state.group, asset] = max(before, amount)
            amount = max(ZERO, amount - before)
        locks[asset] = locks.get(asset, ZERO) + amount
    return {asset: (total - locks.get(asset, ZERO), locks.get(asset, ZERO)) for asset, total in totals.items()}


def moves(ix: Index, fill: FillTruth) -> Iterator[tuple[str, Decimal]]:
    """What a fill moves: asset and signed amount, the fee included."""
    sign = 1 if fill.side == "buy" else -1
    yield base_of(ix, fill.symbol), sign * Decimal(fill.quantity)
    yield quote_of(ix, fill.symbol), -sign * paid(ix, fill)
    yield fill.fee_asset, -Decimal(fill.fee)


def store_lost(ix: Index, incarnation: int) -> bool:
    """Whether what this incarnation had stored was lost with it."""
    for crash in ix.crashes:
        if crash.incarnation >= incarnation and crash.fault < len(ix.faults):
            fault = ix.faults[crash.fault].fault
            if getattr(fault, "store", "kept") != "kept":
                return True
    return False
