"""REC-01, REC-02, REC-03, REC-10: orders, positions and balances against the exchange.

The question that gives the project its name: do the two sets of books agree? On one side what the target states, on
the other what is true on the venue. For an agent the statement is its report; for a gateway each of its answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index
from outtrade.judge.records import Order, working
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import BalanceView, OrderView, is_contract
from outtrade.model.units import settled_in
from outtrade_suites.properties import strays
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import (
    UNSETTLED,
    near_any,
    near_average,
    plain,
    step_of,
)
from outtrade_suites.properties.truth import asset_unit, balances, entry_prices, position

ZERO = Decimal(0)


# ---------------------------------------------------------------- REC-01
def open_orders(ix: Index) -> Iterator[Case]:
    """REC-01: the open orders stated are the open orders there are."""
    for stated in books(ix):
        if stated.orders is None:
            continue
        clean = True
        for case in _orders_stated(ix, stated):
            clean = clean and case.kind != "broke"
            yield case
        if clean:
            yield held(stated.seq)


def _orders_stated(ix: Index, stated: Books) -> Iterator[Case]:
    named = stated.named(ix)
    for order in ix.orders.values() if stated.lists_open else [ix.orders[name] for name in named]:
        if order.first.seq > stated.seq or (stated.symbol is not None and order.symbol != stated.symbol):
            continue
        views = named.get(order.id, [])
        if not views and order.last.status != "open" and order.last.at <= stated.window.since:
            continue
        states = stated.window.states(order)
        claimed = [view for view in views if view.status == "open"]
        always = all(state is not None and state.status == "open" for state in states)
        ever = any(state is not None and state.status == "open" for state in states)
        if claimed and not ever:
            yield _phantom(stated, order, states[-1])
        elif claimed:
            yield from _terms(ix, stated, order, states, claimed[-1])
        elif always and stated.lists_open and not any(v.status in UNSETTLED for v in views):
            yield _missing(stated, order, views)
    known = {id(view) for views in named.values() for view in views}
    for view in stated.orders or ():
        if view.status == "open" and id(view) not in known:
            name = view.client_id or "/".join(view.venue_ids) or view.symbol
            message = f"{stated.what} holds {name} as open; no such order was ever accepted by the venue"
            yield broke(message, stated.seq, subject=name, key="open-but-never-accepted")


def _phantom(stated: Books, order: Order, state: OrderTruth | None) -> Case:
    was = "not there yet" if state is None else state.status
    message = f"{stated.what} holds {order.created_as} as open; on the venue it was {was}"
    seqs = (order.last.seq, stated.seq) if state is not None else (stated.seq,)
    return broke(message, *seqs, subject=order.created_as, key=f"open-but-{was.split()[0]}")


def _missing(stated: Books, order: Order, views: list[OrderView]) -> Case:
    said = f"calls it {views[-1].status}" if views else "does not know it"
    whose = "a foreign order" if order.foreign else "an own order"
    message = f"{order.created_as} ({order.id}), {whose}, stands on the venue and {stated.what} {said}"
    key = f"{'foreign' if order.foreign else 'own'}-open-but-{views[-1].status if views else 'missing'}"
    return broke(message, order.first.seq, stated.seq, subject=order.created_as, key=key)


def _terms(ix: Index, stated: Books, order: Order, states: list[OrderTruth | None], view: OrderView) -> Iterator[Case]:
    """An order that both sides hold for open: same symbol, side, quantity, filled quantity."""
    step = step_of(ix.instruments.get(order.symbol))
    known = [state for state in states if state is not None]
    wrong = []
    if view.symbol != order.symbol:
        wrong.append(("symbol", view.symbol, order.symbol))
    if view.side != order.side:
        wrong.append(("side", view.side, order.side))
    if view.quantity is not None and not near_any(view.quantity, [Decimal(s.quantity) for s in known], step):
        wrong.append(("quantity", plain(view.quantity), known[-1].quantity))
    if not near_any(view.filled, [Decimal(s.filled) for s in known], step):
        wrong.append(("filled", plain(view.filled), known[-1].filled))
    for field, said, true in wrong:
        message = f"{stated.what} gives {order.created_as} with {field} {said}; on the venue it was {true}"
        yield broke(message, known[-1].seq, stated.seq, subject=order.created_as, key=f"open-{field}")
    if not wrong:
        yield held(known[-1].seq, stated.seq, subject=order.created_as)


# ---------------------------------------------------------------- REC-02
def positions(ix: Index) -> Iterator[Case]:
    """REC-02: what was bought and sold, net of base fees."""
    for stated in books(ix):
        if stated.positions is None:
            if stated.agent:
                yield waived("the report has no positions")
            continue
        moments = stated.window.moments(ix)
        symbols = {fill.symbol for fill in ix.own_fills if fill.seq < stated.seq} | set(stated.positions)
        for symbol in sorted(symbols):
            view = stated.positions.get(symbol)
            said = ZERO if view is None else view.quantity
            true = list(dict.fromkeys(position(ix, symbol, seq) for seq in moments))
            fills = tuple(fill.seq for fill in ix.own_fills if fill.symbol == symbol and fill.seq < stated.seq)
            proof = (*fills[-5:], stated.seq)
            if not near_any(said, true, step_of(ix.instruments.get(symbol))):
                if symbol in strays.symbols(ix):
                    continue
                made = "it was" if is_contract(symbol) else "the orders made it"
                message = f"{stated.what} holds {plain(said)} {symbol}; {made} {plain(true[-1])}"
                yield broke(message, *proof, subject=symbol, key=_way_off(ix, symbol, said, stated.seq))
                continue
            entries = [price for seq in moments for price in entry_prices(ix, symbol, seq)]
            entry = None if view is None else view.entry_price
            if is_contract(symbol):
                entries = []  # judged by REC-09
            if entry is not None and entries and not any(near_average(entry, price) for price in entries):
                message = f"{stated.what} gives {plain(entry)} as entry price of {symbol}; it was {entries[0]:.8f}"
                yield broke(message, *proof, subject=symbol, key="entry-price")
            else:
                yield held(*proof, subject=symbol)
        if not symbols:
            yield held(stated.seq)


def _way_off(ix: Index, symbol: str, said: Decimal, seq: int) -> str:
    """What kind of mistake a wrong position looks like."""
    gross = ZERO
    for fill in ix.own_fills:
        if fill.symbol == symbol and fill.seq < seq:
            gross += Decimal(fill.quantity) if fill.side == "buy" else -Decimal(fill.quantity)
    if near_any(said, [gross], step_of(ix.instruments.get(symbol))):
        return "base-fee-ignored"
    true = position(ix, symbol, seq)
    return "missing" if said == 0 else ("too-much" if abs(said) > abs(true) else "too-little")


# ---------------------------------------------------------------- REC-03
def account_balances(ix: Index) -> Iterator[Case]:
    """REC-03: free and locked, asset by asset.

    What a margin account has locked follows the mark price and each venue's own formula, so an asset in which
    contracts are settled is compared where no position and no working order was there in the whole window: then all of
    it is free.
    """
    unit = asset_unit(ix)
    for stated in books(ix):
        if stated.balances is None:
            if stated.agent:
                yield waived("the report has no balances")
            continue
        true = admissible(ix, stated)
        if not true:
            continue
        busy = margin_in_use(ix, stated)
        for asset in sorted((set(true[-1]) | set(stated.balances if stated.agent else ())) - busy):
            view = stated.balances.get(asset, BalanceView(free=ZERO))
            pairs = list(dict.fromkeys(state.get(asset, (ZERO, ZERO)) for state in true))
            if any(near_any(view.free, [free], unit) and near_any(view.locked, [lock], unit) for free, lock in pairs):
                yield held(stated.seq, subject=asset)
                continue
            free, lock = pairs[-1]
            message = (
                f"{stated.what} holds {asset} {plain(view.free)} free and {plain(view.locked)} locked; on the venue it"
                f" was {plain(free)} free and {plain(lock)} locked"
            )
            total_right = near_any(view.free + view.locked, [f + k for f, k in pairs], unit)
            key = "locked" if total_right else "total"
            yield broke(message, stated.seq, subject=asset, key=f"balance-{key}")


def margin_in_use(ix: Index, stated: Books) -> set[str]:
    """Assets that margined a position or a working order of the account at some moment of the window."""
    busy = set()
    for symbol in sorted(name for name in ix.instruments if is_contract(name)):
        orders = [order for order in ix.orders.values() if order.symbol == symbol]
        worked = any(state is not None and working(state) for order in orders for state in stated.window.states(order))
        if worked or any(account_position(ix, symbol, seq) for seq in stated.window.moments(ix)):
            busy.add(settled_in(symbol))
    return busy


def account_position(ix: Index, symbol: str, seq: int) -> Decimal:
    """The account's net position in a contract just after event ``seq``, foreign orders included."""
    signs = {"buy": 1, "sell": -1}
    return sum((signs[f.side] * Decimal(f.quantity) for f in ix.fills if f.symbol == symbol and f.seq <= seq), ZERO)


def admissible(ix: Index, stated: Books) -> list[dict[str, tuple[Decimal, Decimal]]]:
    """The balances that were true at some instant of the window, the last one last.

    The venue's own snapshots are the measure: at the report, else at the end. Other instants are computed from the
    fills and the working orders, for those assets for which the same computation gives the snapshot.
    """
    computed = [state for seq in stated.window.moments(ix) if (state := balances(ix, seq)) is not None]
    snapshot = ix.snapshots.get("report") or ix.snapshots.get("end")
    if snapshot is None:
        return []
    true = {asset: (Decimal(free), Decimal(locked)) for asset, (free, locked) in snapshot.balances.items()}
    again = balances(ix, snapshot.seq) or {}
    trusted = {asset for asset, pair in true.items() if again.get(asset) == pair}
    known = [{asset: pair for asset, pair in state.items() if asset in trusted} for state in computed]
    if stated.agent and snapshot.why == "report":
        return [*({**true, **state} for state in known), true]
    return known


# ---------------------------------------------------------------- REC-10
def nothing_left_working(ix: Index) -> Iterator[Case]:
    """REC-10: no own order works at the end."""
    last = ix.last_incarnation
    if ix.scope == "G" or ix.scenario.leave_resting or last is None or last.crashed is not None:
        return
    ended = last.reported or last.no_report
    at = max(ix.until, ended.at if ended is not None else 0)
    for order in ix.own_orders:
        if not order.accepted:
            continue
        state = order.state_by(at)
        if state is not None and state.status == "open":
            message = (
                f"{order.created_as} ({order.id}) still works on the venue at {at / NS:g} s; it can fill after"
                " everybody has gone"
            )
            yield broke(message, order.first.seq, subject=order.created_as, key="left-working")
        else:
            yield held(order.last.seq, subject=order.created_as)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-01",
        title="open orders: what is reported equals what stands on the venue",
        level="MUST",
        severity="critical",
        scope="AG",
        source="hummingbot#1357 (an unacknowledged order stays on the book after the stop); nautilus_trader#4288",
        explain="""\
An open order is a promise that somebody else can call in at any moment. One that stands on the venue and in nobody's
books becomes a position by surprise; one that stands in the books only makes the agent wait for ever, or count
protection that is not there.

Example: a bot shows one ask, the venue has two. The second fills during the night.

What passes: every order that works on the venue is in the books as open, with the right symbol, side, quantity and
filled quantity, foreign orders included; nothing else is in the books as open. `unknown` and `pending` say "I do not
know", which is no lie; RCV-18 judges them.

How it is judged: agents by their report, gateways by each list of open orders and each order view that they return.
Held against a short window of truth before the statement (five seconds, the time an answer took, and a write that the
venue still hid): an order that worked all through it must be there, an order that worked at no instant of it must
not.
""",
        check=open_orders,
        venues="each",
    ),
    Property(
        id="REC-02",
        title="positions: what is reported equals the truth",
        level="MUST",
        severity="critical",
        scope="AG",
        source="freqtrade#528 and #1371 (fee taken from the base asset); nautilus_trader#1001 (position counted twice)",
        explain="""\
The position is what is hedged, protected and closed. If it is wrong, every later order is wrong by the same amount.

Example: 0.79 ETH are bought, the fee of 0.00079 is taken in ETH. The books say 0.79. The sale of 0.79 is refused for
lack of funds and repeated for ever, or, where the account may borrow, it opens a short position that nobody sees.

What passes: for each spot symbol, bought minus sold by the own orders of all incarnations since the start, minus the
fees that were taken in the base asset, within half a step; for each contract the account's net position, below 0 where
it is short, with what the venue liquidated, deleveraged or settled. Symbols without a position may be left out. An
entry price, if given, is the average of the buys (the price of the trades, or the cost per unit really received).

How it is judged: against the fills on the venue, at some instant of the window of the report. Where anything was
sold, the entry price is a matter of convention and not compared. A report without positions waives this property.
""",
        check=positions,
        venues="all",
    ),
    Property(
        id="REC-03",
        title="balances, free and locked: what is reported equals the truth",
        level="MUST",
        severity="major",
        scope="AG",
        source="zenbot#397 and #1284 (funds on hold after a cancel); Binance spot account documentation (free, locked)",
        explain="""\
Balances decide what can be bought, and their difference to the venue is the first thing an auditor looks at. Free and
locked both matter: money locked by a forgotten order is missing where it is needed.

Example: after a partial fill and a cancel an agent keeps the whole amount as locked and waits for funds that have
long been free.

What passes: for each asset of the account, free and locked within half a unit of the asset, fees included. Assets
with nothing in them may be left out.

How it is judged: agents against the account at the report, gateways against the account at the time of the call.
Where an order filled or ended in the seconds before, the balances before it are admissible too. A report without
balances waives this property.
""",
        check=account_balances,
        venues="each",
    ),
    Property(
        id="REC-10",
        title="nothing of its own works at the end",
        level="MUST",
        severity="critical",
        scope="A",
        source="hummingbot#1357; Binance spot documentation (no dead-man switch: an order rests until it is cancelled)",
        explain="""\
When the job is over, so must be its orders. What still rests on the book after the agent has gone will trade at the
worst time, without anybody watching.

Example: a session ends at 16:00, the agent reports "all cancelled" and exits. One cancel had timed out. The order
fills on the news at 18:00.

What passes: at `until`, or at the report if it came later, no order that the task placed in any incarnation works on
the venue, unless the task allows it (`leave_resting`).

How it is judged: by the exchange alone, whatever the report says. Not applicable after a crash without a restart.
""",
        check=nothing_left_working,
        venues="each",
    ),
)
