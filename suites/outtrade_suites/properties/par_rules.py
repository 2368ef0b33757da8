"""PAR-01, -02, -03, -05: an order request obeys the instrument's rules and is written in plain decimals.

All four look at what travelled, not at what the venue made of it: a request that a fault swallowed is judged like any
other. The rules are those that the target could read at the start (``header.instruments``). The one rejected request
that an impossible intent may cost is judged by PAR-15 instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal
from outtrade.judge.records import ZERO, Operation
from outtrade.model.history import OrderParams
from outtrade.model.task import Instrument
from outtrade.model.units import worth
from outtrade_suites.properties.sent import MARGIN, decimals, judged_sends, on_grid, rules, size, start_mid

PLAIN = re.compile(r"\d+(\.\d+)?")
"""Plain decimal notation: digits, and after a point at least one more. No sign, no exponent, no ``.5``."""
MOST_DECIMALS = 8
"""Digits behind the point that an amount may have where the venue declares no grid for it (quote amounts)."""


def _ruled(ix: Index) -> Iterator[tuple[Operation, OrderParams, Instrument]]:
    for op in judged_sends(ix):
        instrument = rules(ix, op)
        if op.order is not None and instrument is not None:
            yield op, op.order, instrument


def check_tick(ix: Index) -> Iterator[Case]:
    """PAR-01."""
    for op, order, instrument in _ruled(ix):
        for name, text in (("price", order.price), ("stop price", order.stop_price)):
            price = decimal(text)
            if price is None:
                continue
            if price <= 0:
                yield broke(
                    f"{op.name}: the {name} {text} is not positive", op.seq, subject=_name(op), key="not-positive"
                )
            elif on_grid(price, instrument.tick):
                yield held(op.seq, subject=_name(op))
            else:
                yield broke(
                    f"{op.name}: the {name} {text} is off the {instrument.tick:f} grid of {order.symbol}",
                    op.seq,
                    subject=_name(op),
                    key=f"off-grid {name}",
                )


def check_step(ix: Index) -> Iterator[Case]:
    """PAR-02."""
    for op, order, instrument in _ruled(ix):
        quantity = size(order, instrument)
        if quantity is None:
            continue
        market = order.type == "market"
        step = max(instrument.step, (instrument.market_step or ZERO) if market else ZERO)
        low = max(instrument.quantity_min, (instrument.market_min or ZERO) if market else ZERO)
        high = instrument.quantity_max
        if market and instrument.market_max:
            high = min(high, instrument.market_max)
        if not on_grid(quantity, step):
            what, key = f"is off the {step:f} grid", "off-grid"
        elif quantity < low or quantity <= 0:
            what, key = f"is below the minimum of {low:f}", "below-minimum"
        elif quantity > high:
            what, key = f"is above the maximum of {high:f}{' for market orders' if market else ''}", "above-maximum"
        else:
            yield held(op.seq, subject=_name(op))
            continue
        yield broke(
            f"{op.name}: the quantity {order.quantity} {what} of {order.symbol}", op.seq, subject=_name(op), key=key
        )


def check_notional(ix: Index) -> Iterator[Case]:
    """PAR-03."""
    for op, order, instrument in _ruled(ix):
        value, exact = _notional(ix, order, instrument)
        if value is None:
            continue
        low, high = instrument.notional_min, instrument.notional_max
        slack = Decimal(1) if exact else MARGIN
        if op.orders or op.carried_out:
            yield held(op.seq, subject=_name(op))
        elif low is not None and value * slack < low:
            yield broke(
                f"{op.name}: its value of about {value:f} is below the minimum notional of {low:f} of {order.symbol}",
                op.seq,
                subject=_name(op),
                key="below-minimum",
            )
        elif high is not None and value / slack > high:
            yield broke(
                f"{op.name}: its value of about {value:f} is above the maximum notional of {high:f} of {order.symbol}",
                op.seq,
                subject=_name(op),
                key="above-maximum",
            )
        elif exact:
            yield held(op.seq, subject=_name(op))


def _notional(ix: Index, order: OrderParams, rule: Instrument) -> tuple[Decimal | None, bool]:
    """Value of an order request in the quote currency, and whether it is exact."""
    quote = decimal(order.quote_quantity)
    if quote is not None:
        return quote, True
    quantity, price = size(order, rule), decimal(order.price)
    if quantity is None:
        return None, True
    if price is not None:
        return worth(order.symbol, quantity, price), True
    mid = start_mid(ix, order.symbol)
    return (None if mid is None else worth(order.symbol, quantity, mid)), False


def check_notation(ix: Index) -> Iterator[Case]:
    """PAR-05."""
    for op in judged_sends(ix):
        order, instrument = op.order, rules(ix, op)
        assert order is not None
        tick = decimals(instrument.tick) if instrument else None
        step = decimals(instrument.step / instrument.contract_size) if instrument else None
        for name, text, digits in (
            ("price", order.price, tick),
            ("stop price", order.stop_price, tick),
            ("quantity", order.quantity, step),
            ("quote amount", order.quote_quantity, max(tick or 0, MOST_DECIMALS)),
        ):
            if text is None:
                continue
            if not PLAIN.fullmatch(text):
                yield broke(
                    f"{op.name}: the {name} {text!r} is not in plain decimal notation",
                    op.seq,
                    subject=_name(op),
                    key=f"notation {name}",
                )
            elif digits is not None and decimals(Decimal(text)) > digits:
                yield broke(
                    f"{op.name}: the {name} {text} has more digits than the {digits} that the grid allows",
                    op.seq,
                    subject=_name(op),
                    key=f"digits {name}",
                )
            else:
                yield held(op.seq, subject=_name(op))


def _name(op: Operation) -> str:
    return op.client_id or ""


FILTERS = "Binance spot API documentation, filters.md"

PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-01",
        title="Prices lie on the tick grid",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
An exchange quotes each instrument on a grid: BTC/USDT may trade at 50000.01 and 50000.02 but at nothing
between. A price off the grid is refused, or, on venues that round for you, silently becomes another price.
Either way the order that the strategy decided on does not exist: an exit that is refused again and again is a
position without an exit, and code that rounds with binary floats meets the refusal only at some prices.

Example: tick 0.01, the agent sends price=100.005. A price of 100.00 or 100.01 passes (which of the two is right
is judged by PAR-13).

Judged: every price and stop price of every order request, by exact decimal arithmetic against the tick that the
instrument had when the run began. Not judged: the one rejected request of an intent that cannot be carried out
at all (PAR-15), and numbers that cannot be read (PAR-05).""",
        source=f"{FILTERS}, PRICE_FILTER; ccxt/ccxt#663",
        check=check_tick,
        venues="each",
        always=True,
    ),
    Property(
        id="PAR-02",
        title="Quantities lie on the step grid and within the limits",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
Quantities come in steps and between a minimum and a maximum; market orders often have tighter limits of their
own. A quantity that float arithmetic left at 2.049999 is refused as a lot-size error, and the loop that
computed it computes it again. Missed entries are annoying, missed exits cost money.

Example: step 0.001, the agent sends quantity=0.3334. Or: the market order limit is 100 and the agent sells 150
at the market in one piece. 0.333, and two orders of 75, pass.

Judged: the base quantity of every order request by exact decimal arithmetic; for market orders the stricter of
both sets of limits. Orders by quote amount have no base quantity and are not judged here. Exempt: the one
rejected request of an intent that cannot be carried out (PAR-15).""",
        source=f"{FILTERS}, LOT_SIZE and MARKET_LOT_SIZE; sammchardy/python-binance#219; ccxt/ccxt#799",
        check=check_step,
        venues="each",
        always=True,
    ),
    Property(
        id="PAR-03",
        title="The notional is within the venue's limits",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Venues refuse orders whose value (price times quantity) is too small or too large. The classic loss is the rest
of a partial fill: what remains is worth less than the minimum, every attempt to sell it is refused, and the
agent either loops or forgets that it holds something.

Example: minimum 5 USDT, the agent sends 0.03 at 100. An agent that leaves such dust alone and reports `partial`
passes.

Judged: limit orders and orders by quote amount exactly. A market order's value is estimated by the mid at the
start, and counts against the agent only where it misses the limit by more than a quarter and the venue did not
accept it. Exempt: the one rejected request of an intent that cannot be carried out (PAR-15).""",
        source=f"{FILTERS}, MIN_NOTIONAL and NOTIONAL; freqtrade/freqtrade#3622",
        check=check_notional,
        venues="each",
    ),
    Property(
        id="PAR-05",
        title="Numbers are written in plain decimal notation",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
What travels is text, and text shows how a number was computed. 1e-05 is refused by most venues;
0.30000000000000004 is the signature of binary floats; digits beyond the grid are refused as too much precision.
Where a lenient parser lets them through, the order has another size than the books say.

Example: price=1E+2, quantity=0.30000000000000004, quantity=.5 break it. Trailing zeros ("0.500") pass.

Judged: the raw strings of price, stop price, quantity and quote amount of every order request: digits with at
most one point between digits, and no more significant decimals than tick or step have (8 for quote amounts,
which have no declared grid). Exempt: the one rejected request of an intent that cannot be carried out (PAR-15).""",
        source="Binance spot API documentation, errors.md, -1100 and -1111; ccxt/ccxt#663; ccxt/ccxt#799",
        check=check_notation,
        venues="each",
    ),
)
