"""REC-14: many trades: more than a page, or several in one millisecond.

A list of trades comes in pages, and a trade has a time in milliseconds. Both are details until an order fills five
hundred times at once: then the second page matters, and "everything since the last time" means something else than it
seemed to.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index
from outtrade.model.history import NS, FillTruth
from outtrade_suites.properties.books import Books, books

PAGE = 50
"""From so many trades of a symbol on, one page may not hold them: the smallest page of any venue here (Kraken,
TradesHistory; Bybit, execution/list)."""
MILLISECOND = NS // 1000

Bunch = tuple[str, list[FillTruth]]
"""What makes it hard to count them, and the trades."""


# ---------------------------------------------------------------- REC-14
def check_counted(ix: Index) -> Iterator[Case]:
    """REC-14. Trades of the last seconds may be missing, as in REC-04."""
    for stated in books(ix):
        if stated.fills is None:
            if stated.agent and next(_bunches(ix, stated), None) is not None:
                yield waived("the report has no fills")
            continue
        known = {(view.trade_id, view.order) for view in stated.fills}
        for what, bunch in _bunches(ix, stated):
            missing = [fill for fill in bunch if not _holds(ix, known, fill)]
            symbol, proof = bunch[0].symbol, (bunch[0].seq, bunch[-1].seq, stated.seq)
            if missing:
                yield broke(
                    f"{stated.what} lacks {len(missing)} of {len(bunch)} trades in {symbol} {what}, the first of them"
                    f" {missing[0].trade_id}",
                    *proof,
                    subject=symbol,
                    key="beyond-the-page" if len(bunch) > PAGE else "same-millisecond",
                )
            else:
                yield held(*proof, subject=symbol)


def _holds(ix: Index, known: set[tuple[str, str]], fill: FillTruth) -> bool:
    order = ix.orders.get(fill.order)
    names = {fill.order, fill.client_id, *(order.names if order is not None else ())}
    return any((fill.trade_id, name) in known for name in names)


def _bunches(ix: Index, stated: Books) -> Iterator[Bunch]:
    """The trades that a statement has to hold, where they are many: those of one symbol beyond a page, and those of one
    symbol in one millisecond."""
    due: dict[str, list[FillTruth]] = {}
    for fill in ix.fills:
        theirs = fill.foreign and stated.agent
        wanted = stated.since <= fill.at <= stated.window.since and stated.symbol in (None, fill.symbol)
        if wanted and not theirs:
            due.setdefault(fill.symbol, []).append(fill)
    for fills in due.values():
        if len(fills) > PAGE:
            yield "(more than a page)", fills
        at_once: dict[int, list[FillTruth]] = {}
        for fill in fills:
            at_once.setdefault(fill.at // MILLISECOND, []).append(fill)
        for together in at_once.values():
            if len(together) > 1:
                yield f"within the millisecond at {together[0].at / NS:.3f} s", together


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-14",
        title="many fills are all counted: more than a page, several in one millisecond",
        level="MUST",
        severity="major",
        scope="AG",
        source="ccxt/ccxt#9343 and #8327 (trades of one moment taken for one, or for the newest); Binance spot API"
        " documentation, rest-api.md (myTrades: limit 500, at most 1000; fromId)",
        explain="""\
A list of trades is answered page by page: 50, 100 or 500 rows. Code that reads one page is right until the day on which
a large order meets a book of small ones. Code that goes on "from the time of the last row" skips what stood behind it
in the same millisecond, and code that takes the time for an identity counts all of them as one.

Example: an order takes 563 levels of a thin book at once. The answer is lost, the trades are asked for: 500 rows. The
next page is asked for from the last row's time plus one millisecond, and is empty. 63 trades, and the position that
they made, are missing for good.

What passes: every trade of the own orders, each by its id.

How to mend: page by the venue's own cursor (an id, an offset, a token from the last answer), until a page brings
nothing new; identify a trade by its id and symbol, never by its time. Compare the sum with what the order says it
filled: that costs nothing and finds all of these.

How it is judged: of the trades that a report (a gateway's list of fills, for its symbol and date) has to hold: those of
one symbol where they are more than 50, and those of one symbol in one millisecond. A report without fills waives
this property.""",
        check=check_counted,
        venues="each",
    ),
)
