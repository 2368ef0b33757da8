"""PAR-14: rules that change during the run are read again after the first rejection, not argued with.

What the rules are at a moment follows from the plan (`rules_now`). An agent cannot know of a change before the venue
refuses something for it, so the first refusal is free. From then on it knows, in this life, that what
it has read is old.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.history import NS
from outtrade_suites.properties.rty_learn import PARAMETER
from outtrade_suites.properties.rules_now import breach, changes, rules_at

TIME_TO_READ = ns(60)
"""How much of the run has to be left after a rejection for a reading to be expected."""


def check_read_again(ix: Index) -> Iterator[Case]:
    """PAR-14."""
    symbols = sorted({op.order.symbol for op in ix.sends if op.order is not None})
    for symbol in symbols:
        if not changes(ix, symbol):
            continue
        sends = [op for op in ix.sends if op.order is not None and op.order.symbol == symbol]
        for life in sorted({op.request.incarnation for op in sends}):
            yield from _in_one_life(ix, symbol, [op for op in sends if op.request.incarnation == life])


def _in_one_life(ix: Index, symbol: str, sends: list[Operation]) -> Iterator[Case]:
    first = next((op for op in sends if _taught(ix, symbol, op)), None)
    if first is None:
        return
    assert first.ended_seq is not None and first.ended_at is not None
    known = rules_at(ix, symbol, first.ended_seq)
    assert known is not None
    later = [op for op in sends if op.seq > first.ended_seq]
    corrected = False
    for op in later:
        assert op.order is not None
        wrong = breach(op.order, known)
        corrected = corrected or not wrong
        if wrong:
            yield broke(
                f"{first.name} was refused, because the rules of {symbol} had changed; {op.name} argues: {wrong}",
                first.seq,
                first.ended_seq,
                op.seq,
                subject=symbol,
                key="old-rules",
            )
            return
    read = any(
        op.request.op == "exchange_info" and op.seq > first.ended_seq and op.state == "ok"
        for op in ix.ops
        if op.request.incarnation == first.request.incarnation
    )
    if not corrected and not read and _time_left(ix, first):
        yield broke(
            f"{first.name} was refused, because the rules of {symbol} had changed at"
            f" {changes(ix, symbol)[0][0].at / NS:.3f} s; they were not read again",
            first.seq,
            first.ended_seq,
            subject=symbol,
            key="not-read",
        )
        return
    yield held(first.seq, first.ended_seq, subject=symbol)


def _taught(ix: Index, symbol: str, op: Operation) -> bool:
    """Whether a refusal told the client that the rules are not those of the start."""
    if op.state != "definite" or op.error not in PARAMETER or op.injected or op.ended_seq is None or op.order is None:
        return False
    now, before = rules_at(ix, symbol, op.ended_seq), ix.instruments.get(symbol)
    return now is not None and before is not None and breach(op.order, now) != "" and breach(op.order, before) == ""


def _time_left(ix: Index, first: Operation) -> bool:
    """Whether the life in which it was refused went on for long enough to read something."""
    assert first.ended_at is not None
    life = next((one for one in ix.incarnations if one.number == first.request.incarnation), None)
    ends = [ix.until] + [e.at for e in (life.crashed, life.no_report, life.reported) if e is not None] if life else []
    return bool(ends) and min(ends) >= first.ended_at + TIME_TO_READ


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-14",
        title="Rules that change are read again after the first rejection",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Tick sizes, lot sizes and minimum values are changed while the market is open, and nobody tells the programs that are
connected. A bot that read them at its start, perhaps months ago, is refused from one second to the next: every order,
every exit. Those that retry send the same grid again until a limit stops them; those that give up stand still with a
position that they cannot leave. Both last until somebody restarts them.

Example: at second 60 the tick of BTC/USDT becomes 0.1. The order at 50000.07 is refused with PRICE_FILTER, and so is
the next one at 49990.33. An agent that asks for the rules after the first refusal, and sends 50000.0, passes.

How to mend: treat a refusal for a filter as news about the instrument: reload its rules (ccxt: `load_markets(True)`),
compute the order anew, and only then decide whether it is impossible.

Judged where a rule change landed and, after it, an order request was refused that kept the rules of the start and
broke those of the moment: the first such refusal in a life is free. After it no order request in that symbol breaks
the rules as they were then, and unless one keeps them, the reference data were asked for again (where a minute was
left to do so). Refusals that a fault made up are none.""",
        source="nautechsystems/nautilus_trader#2980; nautechsystems/nautilus_trader#3942",
        check=check_read_again,
        venues="each",
    ),
)
