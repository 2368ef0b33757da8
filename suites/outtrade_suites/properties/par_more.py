"""PAR-04, PAR-13: prices that no market has, and rounding that changes what was wanted.

Both are about the moment at which a number becomes a request: a factor too many, the wrong side of a division, a grid
that is coarser than the number.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal
from outtrade.judge.records import Operation
from outtrade_suites.properties.amended import most
from outtrade_suites.properties.compare import plain
from outtrade_suites.properties.sent import impossible, rules, size, start_mid

MOVED = Decimal("1.25")
"""How far the reference price may have moved since the start of the run; within it nothing is judged."""


# ---------------------------------------------------------------- PAR-04
def check_band(ix: Index) -> Iterator[Case]:
    """PAR-04."""
    for op in ix.sends:
        instrument = rules(ix, op)
        price = decimal(op.order.price) if op.order is not None else None
        if instrument is None or instrument.band is None or price is None or op.order is None:
            continue
        if op.intent is not None and impossible(ix, op.intent) is not None:
            continue
        if op.intent is not None and op.intent.limit_price is not None and _far(ix, op, op.intent.limit_price):
            continue  # the intent itself asks for such a price: that is PAR-15's matter
        reference = start_mid(ix, op.order.symbol)
        if reference is None:
            continue
        low, high = instrument.band
        if reference * low / MOVED <= price <= reference * high * MOVED:
            yield held(op.seq, subject=op.client_id or op.request.op)
        else:
            yield broke(
                f"{op.name}: price {plain(price)} lies outside the venue's band of {plain(low)} to {plain(high)} times"
                f" the reference price, {plain(reference)} at the start",
                op.seq,
                subject=op.client_id or op.request.op,
                key="outside-the-band",
            )


def _far(ix: Index, op: Operation, price: Decimal) -> bool:
    instrument, reference = rules(ix, op), start_mid(ix, op.order.symbol) if op.order is not None else None
    if instrument is None or instrument.band is None or reference is None:
        return True
    return not reference * instrument.band[0] <= price <= reference * instrument.band[1]


# ---------------------------------------------------------------- PAR-13
def check_rounding(ix: Index) -> Iterator[Case]:
    """PAR-13."""
    for op in ix.sends:
        wanted = _wanted(ix, op)
        sent = size(op.order, rules(ix, op))
        if sent is None:
            continue
        subject = op.client_id or op.request.op
        if sent <= 0 or (op.order is not None and op.order.price is not None and decimal(op.order.price) == 0):
            yield broke(f"{op.name}: a quantity or price of zero was sent", op.seq, subject=subject, key="zero")
        elif wanted is not None and sent > wanted:
            yield broke(
                f"{op.name}: quantity {plain(sent)} is more than the {plain(wanted)} that was wanted",
                op.seq,
                subject=subject,
                key="rounded-up",
            )
        elif wanted is not None:
            yield held(op.seq, subject=subject)


def _wanted(ix: Index, op: Operation) -> Decimal | None:
    """What one order of the intent may ask for at most."""
    if ix.scope == "G":
        call = next((g for g in ix.gateway if g.call.method == "submit" and op in g.requests), None)
        value = None if call is None else call.call.args.get("quantity")
        return None if value is None else decimal(str(value))
    intent = op.intent
    return None if intent is None or intent.kind not in ("order", "trade", "scale") else most(ix, intent, op.sent_at)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-04",
        title="Prices lie inside the venue's band",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
A price ten times too high is no decision, it is a slip: cents for dollars, a missing division, the price of another
symbol. Venues refuse some of them with a band around the reference price; where they do not, the order trades.

Example: BTC at 50,000 and a sell limit at 500,000, where the band ends at five times the reference. A price inside the
band passes.

Judged: every order request with a price on a symbol that has a band, against the mid at the start of the run (which
may have moved by a quarter). Intents that ask for such a price themselves, and requests for impossible intents, are
judged by PAR-15.""",
        source="Binance spot API documentation, filters.md (PERCENT_PRICE_BY_SIDE); SEC Release 34-75331 (price bands)",
        check=check_band,
        venues="each",
    ),
    Property(
        id="PAR-13",
        title="Rounding never adds exposure and never reaches zero",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A quantity has to be put on the venue's grid. Rounded to the nearest step it may be more than was wanted, or more
than is there: a sale is refused, a hedge becomes a position. A price of a very cheap asset, rounded to five digits,
is zero.

Example: 0.00018 wanted, 0.0002 sent, on a grid of 0.0001. 0.0001 passes; reporting that it is too small passes.

Judged: the quantity of every order request is positive and not above the intent's (for gateways: the call's), and a
price that is sent is not zero.""",
        source="ccxt/ccxt#5743; ccxt/ccxt#663; freqtrade/freqtrade#528",
        check=check_rounding,
        venues="each",
    ),
)
