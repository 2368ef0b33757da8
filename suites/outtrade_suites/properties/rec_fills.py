"""REC-04, REC-05, REC-06: fills, average prices, fees.

Positions, profit and tax are sums over fills. The venue gives each trade an id; a set of books is right when it holds
each of them once, under the right order, with the right quantity, price and fee.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index
from outtrade.model.history import FillTruth
from outtrade.model.task import FillView
from outtrade.model.units import price_of
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import (
    UNSETTLED,
    near,
    near_any,
    near_average,
    plain,
    step_of,
)
from outtrade_suites.properties.strays import ambiguous, is_stray
from outtrade_suites.properties.truth import asset_unit, averages

ZERO = Decimal(0)


def matched(ix: Index, stated: Books, view: FillView) -> tuple[FillTruth | None, bool]:
    """The trade on the venue that a fill view means, and whether it is under the right order.

    Trade ids are unique per symbol only, so among several with the id the one of the named order is meant.
    """
    same = [
        fill
        for fill in ix.memo("fills by trade", _by_trade).get(view.trade_id, ())
        if fill.seq < stated.seq
        and (stated.symbol is None or fill.symbol == stated.symbol)
        and not (stated.agent and fill.foreign and not fill.forced and not is_stray(ix, ix.orders.get(fill.order)))
    ]
    for fill in same:
        order = ix.orders.get(fill.order)
        names = {fill.order, fill.client_id} | (set(order.names) if order is not None else set())
        if view.order in names:
            return fill, True
    return (same[0], False) if same else (None, False)


def _by_trade(ix: Index) -> dict[str, list[FillTruth]]:
    found: dict[str, list[FillTruth]] = {}
    for fill in ix.fills:
        found.setdefault(fill.trade_id, []).append(fill)
    return found


# ---------------------------------------------------------------- REC-04
def fills(ix: Index) -> Iterator[Case]:
    """REC-04: each trade once, none missing, none made up, under its order, in its size."""
    for stated in books(ix):
        if stated.fills is not None:
            yield from _trades(ix, stated)
        elif stated.agent:
            yield waived("the report has no fills")
        if stated.orders is not None:
            yield from _filled_quantities(ix, stated)


def _trades(ix: Index, stated: Books) -> Iterator[Case]:
    seen: dict[int, int] = {}
    for view in stated.fills or ():
        fill, right_order = matched(ix, stated, view)
        if fill is None:
            message = f"{stated.what} holds trade {view.trade_id}, which never took place"
            yield broke(message, stated.seq, subject=view.trade_id, key="fill-made-up")
            continue
        seen[fill.seq] = seen.get(fill.seq, 0) + 1
        proof, step = (fill.seq, stated.seq), step_of(ix.instruments.get(fill.symbol))
        if seen[fill.seq] == 2:
            message = f"{stated.what} holds trade {view.trade_id} of {fill.client_id} twice"
            yield broke(message, *proof, subject=view.trade_id, key="fill-twice")
        elif not right_order:
            message = f"{stated.what} books trade {view.trade_id} under {view.order}; it belongs to {fill.client_id}"
            yield broke(message, *proof, subject=view.trade_id, key="fill-wrong-order")
        elif not near(view.quantity, Decimal(fill.quantity), step):
            message = (
                f"{stated.what} gives trade {view.trade_id} of {fill.client_id} with quantity {plain(view.quantity)};"
                f" it was {fill.quantity}"
            )
            yield broke(message, *proof, subject=view.trade_id, key="fill-quantity")
        elif seen[fill.seq] == 1:
            yield held(*proof, subject=view.trade_id)
    for fill in ix.fills:
        due = stated.since <= fill.at <= stated.window.since and not (fill.foreign and stated.agent)
        if due and fill.seq not in seen and (stated.symbol is None or fill.symbol == stated.symbol):
            message = f"{stated.what} lacks trade {fill.trade_id} of {fill.client_id} ({fill.quantity} at {fill.price})"
            yield broke(message, fill.seq, stated.seq, subject=fill.trade_id, key="fill-missing")


def _filled_quantities(ix: Index, stated: Books) -> Iterator[Case]:
    """The filled quantity of each order that is stated (open ones are compared by REC-01)."""
    for name, named in stated.named(ix).items():
        order = ix.orders[name]
        if order.first.seq > stated.seq or (order.foreign and stated.agent):
            continue
        views = [view for view in named if view.status not in (*UNSETTLED, "open")]
        true = [ZERO if state is None else Decimal(state.filled) for state in stated.window.states(order)]
        for view in views:
            if near_any(view.filled, true, step_of(ix.instruments.get(order.symbol))):
                yield held(order.last.seq, stated.seq, subject=order.created_as)
                continue
            message = (
                f"{stated.what} gives {order.created_as} ({view.status}) with {plain(view.filled)} filled; on the venue"
                f" {plain(true[-1])} had filled"
            )
            yield broke(message, order.last.seq, stated.seq, subject=order.created_as, key="filled-quantity")


# ---------------------------------------------------------------- REC-05
def average_prices(ix: Index) -> Iterator[Case]:
    """REC-05: averages are volume-weighted, fills have the price at which they traded."""
    for stated in books(ix):
        silent = False
        for name, views in stated.named(ix).items():
            order = ix.orders[name]
            if order.first.seq > stated.seq or (order.foreign and stated.agent):
                continue
            if all(view.filled <= 0 for view in views):
                continue
            states = [s for s in stated.window.states(order) if s is not None and Decimal(s.filled) > 0]
            sums = [(Decimal(s.filled), Decimal(s.quote_filled)) for s in states]
            true = [price_of(order.symbol, filled, paid) for filled, paid in sums if paid]
            true += [price for s in states for price in averages(ix, (f for f in order.fills if f.at <= s.at))]
            for view in views:
                if not true or view.filled <= 0:
                    continue
                if view.average_price is None:
                    silent = True
                elif any(near_average(view.average_price, price) for price in true):
                    yield held(states[-1].seq, stated.seq, subject=order.created_as)
                else:
                    message = (
                        f"{stated.what} gives {plain(view.average_price)} as average price of {order.created_as}; its"
                        f" fills make {true[-1]:.8f}"
                    )
                    key = (
                        "average-is-limit"
                        if states[-1].price and near_average(view.average_price, Decimal(states[-1].price))
                        else "average"
                    )
                    yield broke(message, states[-1].seq, stated.seq, subject=order.created_as, key=key)
        for said in stated.fills or ():
            fill, _ = matched(ix, stated, said)
            if fill is not None and not near_average(said.price, Decimal(fill.price)):
                message = f"{stated.what} gives trade {said.trade_id} at {plain(said.price)}; it was at {fill.price}"
                yield broke(message, fill.seq, stated.seq, subject=said.trade_id, key="fill-price")
        if stated.agent:
            yield from _outcome_averages(ix, stated)
            if silent:
                yield waived("the report gives no average price for some orders")


def _outcome_averages(ix: Index, stated: Books) -> Iterator[Case]:
    report = ix.report
    for name, outcome in sorted((report.outcomes if report is not None else {}).items()):
        intent = ix.intents.get(name)
        if intent is None or outcome.average_price is None or ambiguous(ix, intent):
            continue
        orders = ix.orders_of(intent)
        true: list[Decimal] = []
        for seq in stated.window.moments(ix):
            filled = ix.filled(intent, seq)
            if filled > 0:
                paid = ix.quote_filled(intent, seq)
                true += [price_of(intent.symbol or "", filled, paid)] if paid else []
                true += averages(ix, (fill for order in orders for fill in order.fills if fill.seq <= seq))
        if not true:
            continue
        proof = (*(order.last.seq for order in ix.orders_of(intent)), stated.seq)
        if any(near_average(outcome.average_price, price) for price in true):
            yield held(*proof, subject=name)
        else:
            message = (
                f"the outcome of {name} gives {plain(outcome.average_price)} as average price; the fills of its orders"
                f" make {true[-1]:.8f}"
            )
            yield broke(message, *proof, subject=name, key="outcome-average")


# ---------------------------------------------------------------- REC-06
def fees(ix: Index) -> Iterator[Case]:
    """REC-06: each fee with its amount and its currency."""
    unit, shown = asset_unit(ix), Decimal(str(ix.trait("fee_shown") or 0))
    for stated in books(ix):
        if stated.fills is None:
            if stated.agent:
                yield waived("the report has no fills")
            continue
        for said in stated.fills:
            fill, right_order = matched(ix, stated, said)
            if fill is None or not right_order:
                continue
            true, proof = Decimal(fill.fee), (fill.seq, stated.seq)
            if said.fee is None:
                yield waived("the report gives no fees")
            elif said.fee_asset != fill.fee_asset and (true or said.fee):
                message = (
                    f"{stated.what} books the fee of trade {said.trade_id} in {said.fee_asset or 'no currency'}; it was"
                    f" taken in {fill.fee_asset}"
                )
                yield broke(message, *proof, subject=said.trade_id, key="fee-currency")
            elif not near(said.fee, true, unit) and abs(said.fee - true) >= shown:
                message = (
                    f"{stated.what} books a fee of {plain(said.fee)} {said.fee_asset} for trade {said.trade_id}; it was"
                    f" {plain(true)}"
                )
                yield broke(message, *proof, subject=said.trade_id, key="fee-amount")
            else:
                yield held(*proof, subject=said.trade_id)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-04",
        title="fills: same ids, none twice, none missing, right order and quantity",
        level="MUST",
        severity="critical",
        scope="AG",
        source="hummingbot#4024 and #5633 (partial fills lost or with one id); nautilus_trader#3493; ccxt#8327",
        explain="""\
A trade happens once and has an id. Books that miss one are short of a position that exists; books that hold one twice
own something that does not.

Example: an order fills in three parts. The agent learns of the first from the answer, of the second from its stream
and of all three from the list of trades, and adds what it hears. Without the ids it books five.

What passes: the fills of the report are the trades of the own orders: each id once per order, under the right order
(by client or venue id), with its quantity within half a step. Trades of the last five seconds may be missing. The
filled quantity of every order that is reported as ended is what filled on the venue.

How it is judged: agents by their report (all incarnations), gateways by each list of fills for its symbol and date,
and by the order views that they return. Trade ids are unique per symbol only. A report without fills waives the first
half.
""",
        check=fills,
        venues="each",
    ),
    Property(
        id="REC-05",
        title="average price is the volume-weighted price of the fills",
        level="MUST",
        severity="major",
        scope="AG",
        source="ccxt#6093, freqtrade#3597 and #13358 (limit price or zero taken for the fill price)",
        explain="""\
Profit, slippage and the next stop are computed from the average price. The price that was asked for is not the price
at which it traded, and the mean of two fill prices is not their average when the sizes differ.

Example: a limit buy at 100 fills 0.9 at 99 and 0.1 at 100. The average is 99.1. An agent that reports 100 (its limit)
or 99.5 (the mean) has a profit that is wrong by half a per cent, with the sign that suits nobody.

What passes: quote amount filled divided by base quantity filled, within one millionth, for each order and for each
outcome that gives an average; each fill with the price at which it traded.

How it is judged: against the trades on the venue at some instant of the window of the statement. An average that is
not given is waived.
""",
        check=average_prices,
        venues="each",
    ),
    Property(
        id="REC-06",
        title="fee amount and currency",
        level="MUST",
        severity="major",
        scope="AG",
        source="Binance spot commission FAQ (taken from the received asset); freqtrade#4057 (fees in two currencies)",
        explain="""\
Fees are the largest certain cost of trading, and their currency decides what is left to sell. On a spot venue a buy
pays in the base asset, a sale in the quote asset, and a discount token may take the place of both.

Example: a fee of 0.0004 BTC is booked as 0.0004 USDT. The cost looks like nothing, and 0.0004 BTC are missing from
the position.

What passes: for each fill the amount that the venue took, within half a unit of the asset, and its currency.

How it is judged: against the venue's trades, fill by fill, for the fills that can be matched (REC-04 judges the
others). Fills without a fee waive this property.
""",
        check=fees,
        venues="each",
    ),
)
