"""REC-09, REC-13: what a position in a contract has brought, what stands for it, and what holding it cost.

Compared part by part, with what was true in the window of the statement. A part that is None is not tracked. All
amounts are in the settlement asset, whether that is the quote currency or (inverse contracts) the base asset.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index
from outtrade.model.task import PositionView
from outtrade.model.units import gain, is_inverse, value_of
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import near_average, plain
from outtrade_suites.properties.holding import Contract, Position, contract, contracts
from outtrade_suites.properties.truth import asset_unit

ZERO = Decimal(0)
PRICE_SLACK = Decimal("0.002")
"""By what share of the position's value unrealised profit may differ: mark prices between two that are on record, and
targets that value at the last price or the mid."""
MARGIN_SLACK = Decimal("0.01")
"""By what share margin may differ: venues round it in different ways."""
ROUNDED = Decimal("1e-6")
"""By what share of the value traded realised profit may differ."""

PARTS = ("entry_price", "unrealised", "leverage", "margin", "realised")


# ---------------------------------------------------------------- REC-09
def check_profit(ix: Index) -> Iterator[Case]:
    """REC-09."""
    for stated, symbol, view in _views(ix):
        if all(getattr(view, part) is None for part in PARTS):
            if stated.agent:
                yield waived(f"the position in {symbol} has neither entry price, profit, leverage nor margin")
            continue
        known = contract(ix, symbol)
        for part, said, true in _wrong(ix, known, stated, view, symbol):
            yield broke(
                f"{stated.what} gives {plain(said)} as {part.replace('_', ' ')} of {symbol}; it was {true}",
                *(one.seq for one in known.during(stated.window) if one.seq >= 0),
                stated.seq,
                subject=symbol,
                key=part,
            )
            break
        else:
            yield held(stated.seq, subject=symbol)


def _views(ix: Index) -> Iterator[tuple[Books, str, PositionView]]:
    """Every statement about a contract in which there was a position or an own order."""
    traded = {order.symbol for order in ix.orders.values() if order.accepted}
    for stated in books(ix):
        for symbol in contracts(ix) if stated.positions is not None else ():
            if symbol in traded and stated.positions is not None and symbol in stated.positions:
                yield stated, symbol, stated.positions[symbol]


def _wrong(
    ix: Index, known: Contract, stated: Books, view: PositionView, symbol: str
) -> Iterator[tuple[str, Decimal, str]]:
    """(part, what was said, what was true) of every part that fits no instant of the window."""
    states = known.during(stated.window)
    last, marks = states[-1], known.marks_before(stated.window.until)
    entries = [state.entry for state in states if state.entry is not None]
    if view.entry_price and entries and not any(near_average(view.entry_price, entry) for entry in entries):
        yield "entry_price", view.entry_price, f"{entries[-1]:.8f}"
    if view.entry_price and not any(state.quantity for state in states):
        yield "entry_price", view.entry_price, "no position"
    if view.unrealised is not None and marks and not any(_profit(symbol, view.unrealised, s, marks) for s in states):
        at_last = gain(symbol, last.quantity, last.entry, marks[-1]) if last.entry is not None else ZERO
        yield "unrealised", view.unrealised, f"{at_last:.{decimals(symbol)}f} at a mark price of {plain(marks[-1])}"
    levels = {known.leverage(seq) for seq in (stated.seq, max(0, states[0].seq))} - {None}
    if view.leverage is not None and levels and view.leverage not in levels:
        yield "leverage", view.leverage, str(known.leverage(stated.seq))
    leverage = known.leverage(stated.seq)
    margin = view.margin
    if margin is not None and leverage and not any(_margin(symbol, margin, s, marks, leverage) for s in states):
        value = value_of(symbol, abs(last.quantity), last.entry) if last.entry else ZERO
        isolated = f" ({last.margin:f})" if last.margin else ""
        yield "margin", margin, f"{value / leverage:.{decimals(symbol)}f} at entry{isolated}"
    if view.realised is not None:
        gained, turnover = _realised(ix, symbol, stated)
        if not any(abs(view.realised - one) <= turnover * ROUNDED + asset_unit(ix) for one in gained):
            yield "realised", view.realised, f"{gained[-1]:f}"


def decimals(symbol: str) -> int:
    """How many decimals of an amount are shown: money that is coins has more."""
    return 8 if is_inverse(symbol) else 4


def _profit(symbol: str, said: Decimal, state: Position, marks: list[Decimal]) -> bool:
    if state.entry is None:
        return bool(state.quantity) or abs(said) <= PRICE_SLACK
    found = [gain(symbol, state.quantity, state.entry, mark) for mark in marks]
    slack = value_of(symbol, abs(state.quantity), state.entry) * PRICE_SLACK
    return min(found) - slack <= said <= max(found) + slack


def _margin(symbol: str, said: Decimal, state: Position, marks: list[Decimal], leverage: int) -> bool:
    """Isolated margin (with or without profit), or initial margin at entry or at a mark price. Where long and short
    are held beside each other there is no price of entry."""
    size, entry = abs(state.quantity), state.entry
    found = [value_of(symbol, size, price) / leverage for price in marks]
    found.append(value_of(symbol, size, entry) / leverage if entry else ZERO)
    if state.margin:
        found.append(state.margin)
        found += [state.margin + gain(symbol, state.quantity, entry, mark) for mark in marks if entry]
    return min(found) * (1 - MARGIN_SLACK) - ROUNDED <= said <= max(found) * (1 + MARGIN_SLACK) + ROUNDED


def _realised(ix: Index, symbol: str, stated: Books) -> tuple[list[Decimal], Decimal]:
    """Profit realised up to each moment of the window, and the value of all that was traded."""
    fills = [fill for fill in ix.fills if fill.symbol == symbol and fill.seq < stated.seq]
    turnover = sum((value_of(symbol, Decimal(fill.quantity), Decimal(fill.price)) for fill in fills), ZERO)
    sums = [
        sum((Decimal(fill.realised) for fill in fills if fill.seq <= seq), ZERO) for seq in stated.window.moments(ix)
    ]
    return sums, turnover


# ---------------------------------------------------------------- REC-13
def check_booked(ix: Index) -> Iterator[Case]:
    """REC-13. A position on which nothing was ever booked beside trades shows nothing, unless something is stated."""
    for stated, symbol, view in _views(ix):
        known = contract(ix, symbol)
        if not stated.agent or (not known.charges and not view.funding):
            continue
        if view.funding is None:
            yield waived(f"the position in {symbol} has no funding")
            continue
        true = [known.charged(seq) for seq in stated.window.moments(ix)]
        slack = asset_unit(ix) * max(1, len(known.charges))
        proof = (*(one.seq for one in known.charges[-5:]), stated.seq)
        if any(abs(view.funding - one) <= slack for one in true):
            yield held(*proof, subject=symbol)
        else:
            kinds = sorted({one.why.replace("_", " ") for one in known.charges if one.seq < stated.seq})
            yield broke(
                f"{stated.what} books {plain(view.funding)} on {symbol} beside trades; the venue booked"
                f" {plain(true[-1])}" + (f" ({', '.join(kinds)})" if kinds else ""),
                *proof,
                subject=symbol,
                key="ignored" if not view.funding else "-".join(kinds).replace(" ", "-") or "made-up",
            )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-09",
        title="realised and unrealised profit, margin and leverage in use",
        level="MUST",
        severity="major",
        scope="AG",
        source="developers.binance.com derivatives/usds-margined-futures/trade/rest-api/Position-Information-V3"
        " (entryPrice, unRealizedProfit, initialMargin); Bybit help centre, P&L calculations (average entry price);"
        " freqtrade/freqtrade#9128 (a position that only the bot believed in)",
        explain="""\
Profit is what limits are drawn on, what is paid out and what is taxed; margin and leverage say how much may still be
opened and how far liquidation is. They follow from few numbers, and go wrong at the same few places: a short counted as
a long, an entry price that forgets what was closed, a leverage that was assumed.

Example: 0.1 BTC are sold short at 50,000, the mark price is 51,000. The books show a profit of 100 instead of a loss of
100, because quantity was taken without its sign; the stop that looks at profit never fires.

What goes wrong (*inferred* from the formulas): the price of the latest fill in place of the average; an average that
moves when a part is closed; a position that was turned around, with the entry price of the old side; profit multiplied
by leverage. Seen: positions taken from the bot's intents, which the exchange did not have.

How to mend: take entry price, profit and margin of open positions from the venue, and keep them apart from what was
realised; compute realised profit at average cost, from every fill of the account, those of a liquidation included.

What passes: each part that is told agrees with the venue; a part that is left out is not tracked.

How it is judged: what `positions` says of contracts in which something traded; a part left None is not tracked.
`entry_price` is the average cost of what is held. `unrealised` is quantity x (mark - entry) at a mark price of the last
minute (inverse contracts: quantity x (1/entry - 1/mark), in the base asset), within 0.2 % of the position's value.
`leverage` is the account's setting for the symbol. `margin` is the isolated margin, or value / leverage, within 1 %.
`realised` is the profit of everything closed since the start, fees and funding left out.""",
        check=check_profit,
    ),
    Property(
        id="REC-13",
        title="funding, interest and liquidation fees are booked",
        level="MUST",
        severity="minor",
        scope="A",
        source="developers.binance.com derivatives/usds-margined-futures/account/rest-api/Get-Income-History"
        " (FUNDING_FEE, INSURANCE_CLEAR); freqtrade/freqtrade#7107 (the loss of a liquidation that was never booked)",
        explain="""\
A perpetual contract costs something by being held: every few hours longs pay shorts, or the other way round. A
liquidation costs a fee of its own. None of that is a trade, so none of it is in a list of fills, and a book that adds
up fills drifts away from the wallet by a little every day.

Example: a position is held over 08:00 UTC. The wallet is 1.50 USDT smaller afterwards. The report says nothing of it,
and the difference is written off as rounding.

Real bugs: the loss of a liquidation was never booked. *Inferred*: funding counted for the latest interval only, a sign
that makes payments income, funding of a position that was closed before the report.

How to mend: read the venue's list of bookings (income, bills, transaction log) since the start, and add up what is no
trade and no transfer.

What passes: the sum of those bookings, to the last unit; or nothing said at all.

How it is judged: `funding` of each contract's position, the sum of what was booked beside trades since the
start: funding, and the fee of a liquidation; below 0 where it was paid. Where nothing was booked it is not judged,
where it is left None it is waived. There is no borrowed money in these scenarios yet, hence no interest.""",
        check=check_booked,
    ),
)
