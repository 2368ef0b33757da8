"""EXQ-02, EXQ-04: orders that suit the book as it is, and the moment as it is.

Two ways to trade at a price that nobody would have chosen: with a size that the book cannot bear, and on a price that
was right a minute ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties.exq_price import BPS, slippage_bound, trades

MOST_OF_THE_BOUND = Decimal("0.5")
"""The part of the bound on slippage that one order may walk through the book."""
LAST_MINUTE = ns(60)
"""Before its end an intent may be carried out at once, whatever the book looks like."""
PRICES = frozenset({"depth", "ticker", "public_trades"})
"""Operations by which a client reads a price."""
ON_ITS_WAY = ns(2)
"""What a request may take to leave: a connection is made first, a throttle waits."""


# ---------------------------------------------------------------- EXQ-02
def check_impact(ix: Index) -> Iterator[Case]:
    """EXQ-02. Not judged without a bound on slippage, and in the last minute of an intent."""
    for intent in trades(ix):
        bound = slippage_bound(ix, intent)
        if bound is None:
            continue
        for order in ix.orders_of(intent):
            prices = [Decimal(fill.price) for fill in order.fills if not fill.maker]
            if not prices or order.first.at > ix.deadline(intent) - LAST_MINUTE:
                continue
            best, worst = (min(prices), max(prices)) if intent.side == "buy" else (max(prices), min(prices))
            tick = ix.instruments[intent.symbol or ""].tick
            walked = max(Decimal(0), abs(worst - best) - tick) / best * BPS
            if walked <= bound * MOST_OF_THE_BOUND:
                yield held(order.first.seq, order.last.seq, subject=order.created_as)
            else:
                yield broke(
                    f"{order.created_as} walked through the book from {best:f} to {worst:f}, {walked:.1f} basis points"
                    f" of the {bound:f} that {intent.id} allows in all; it had"
                    f" {(ix.deadline(intent) - order.first.at) / NS:.0f} s left",
                    order.first.seq,
                    order.last.seq,
                    subject=order.created_as,
                    key="impact",
                )


# ---------------------------------------------------------------- EXQ-04
def check_age(ix: Index) -> Iterator[Case]:
    """EXQ-04. Not judged of a client that follows a public stream, whose messages are not on record."""
    if any(op.request.op == "subscribe" and not op.request.signed for op in ix.ops):
        return
    for intent in trades(ix):
        if intent.max_age is None:
            continue
        for op in ix.sends_of(intent):
            yield _fresh(ix, intent, op, intent.max_age)


def _fresh(ix: Index, intent: Intent, op: Operation, most: float) -> Case:
    """Whether an order request left soon enough after a price was read."""
    read = None
    for other in ix.ops:
        if other.ended_seq is None or other.ended_seq > op.seq or other.state != "ok":
            continue
        same = other.request.incarnation == op.request.incarnation and other.request.symbol in (None, intent.symbol)
        if same and other.request.op in PRICES:
            read = other
    if read is None or read.ended_at is None:
        return broke(
            f"{op.name}: no price had been read for it", op.seq, subject=op.client_id or intent.id, key="no-price"
        )
    age = op.sent_at - read.ended_at
    if age <= ns(most) + ON_ITS_WAY:
        return held(read.seq, op.seq, subject=op.client_id or intent.id)
    return broke(
        f"{op.name} was decided on a price that was read {age / NS:.1f} s before; {intent.id} allows {most:g} s",
        read.seq,
        op.seq,
        subject=op.client_id or intent.id,
        key="old-price",
    )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="EXQ-02",
        title="The size of an order adapts to the depth of the book",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
A price limit keeps a large order from the worst, and lets it take everything up to there. In a thin book that is most
of what stands: the own order is the market, the price jumps to the limit, and the next piece starts from there. Others
see it as well. The same size in pieces, each as large as what stands at the best prices, finds a book that fills again.

Example: 4 wanted within 20 basis points, 0.5 at each level, two minutes to do it. One order for 4 that trades through
ten levels, 18 basis points deep, breaks it; eight orders that take what stands near the touch pass.

How to mend: read the book before each order; take what it shows near the best price, wait, look again; use the whole
bound only when time runs out.

Judged, of `trade` intents with a bound on slippage: each order that takes, more than a minute before the intent's
end: the distance from its best fill to its worst, a tick allowed, is at most half of the bound.""",
        source="constructed; Binance spot API documentation, rest-api.md (an order that takes, takes what the book"
        " holds); the contract with agents (max_slippage_bps)",
        check=check_impact,
    ),
    Property(
        id="EXQ-04",
        title="An old decision is not executed at the old price",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
An order is decided on a price, and then something holds it up: a rate limit, an outage, a request whose answer was lost
and that had to be proven absent. A queue that sends it afterwards trades on a market that is gone. Most retry loops do
just that, because the order is an object that was made before the loop.

Example: `max_age` 10; the book is read at second 60, the order is turned away with 429 and Retry-After 30, and leaves
again at second 91. An agent that reads the book again at second 90, and computes its order anew, passes.

How to mend: keep the time at which the price was read beside the order, and look at it in the moment of sending. What
is too old goes back to the place where it is decided.

Judged: every order request of `trade` intents with `max_age`: the last price that this life of the agent had read
before (book, ticker, trades) is at most so old, two seconds allowed for the way. Not judged of clients that follow a
public stream.""",
        source="the contract with agents (max_age); shinnytech/tqsdk-python#71",
        check=check_age,
    ),
)
