"""REC-12, REC-15: what the agent says became of each intent, and that it is silent afterwards.

An outcome is the sentence that the agent's principal acts on: "done" closes the ticket, "failed" opens another. The
contract has a table of what may be said for each truth (see ``admitted``); it is generous where truth is ambiguous and
strict where a sentence would be false.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.judge.records import Order
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties import strays
from outtrade_suites.properties.amended import amendments, stood
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import floor_to, near_any, plain, step_of, wanted_base
from outtrade_suites.properties.rec_amended import admitted as amendment

ZERO = Decimal(0)
ORDERING = frozenset({"order", "trade", "scale"})
"""Kinds of intent whose outcome follows from what filled and what works."""


# ---------------------------------------------------------------- REC-12
def outcomes(ix: Index) -> Iterator[Case]:
    """REC-12: the outcome is among those that the truth admits."""
    report = ix.report
    if ix.scope == "G" or report is None:
        return
    for stated in books(ix):
        for intent in ix.scenario.intents:
            said = report.outcomes.get(intent.id)
            proof = (*(order.last.seq for order in orders_before(ix, intent, stated.seq)), stated.seq)
            if said is None:
                if intent.at * NS <= stated.window.until:
                    yield broke(f"the report has no outcome for {intent.id}", stated.seq, subject=intent.id, key="none")
                continue
            if said.status == "unknown" or intent.kind not in (*ORDERING, "cancel", "amend"):
                continue
            if strays.ambiguous(ix, intent):
                continue
            allowed = admitted(ix, intent, stated)
            if said.status not in allowed:
                message = (
                    f"intent {intent.id} is reported {said.status}; {truth(ix, intent, stated.seq)}, which admits"
                    f" {' or '.join(sorted(allowed))}"
                )
                key = f"{said.status}-not-{'-'.join(sorted(allowed))}"
                yield broke(message, *proof, subject=intent.id, key=key)
            elif said.filled is not None and not filled_right(ix, intent, said.filled, stated):
                message = (
                    f"intent {intent.id} is reported with {plain(said.filled)} filled; {truth(ix, intent, stated.seq)}"
                )
                yield broke(message, *proof, subject=intent.id, key="outcome-filled")
            else:
                yield held(*proof, subject=intent.id)


def orders_before(ix: Index, intent: Intent, seq: int) -> list[Order]:
    """Orders of the intent that the venue had accepted before event ``seq``."""
    return [order for order in ix.orders_of(intent) if order.accepted and order.first.seq < seq]


def admitted(ix: Index, intent: Intent, stated: Books) -> set[str]:
    """All statuses that were true of the intent at some instant of the window."""
    moments = stated.window.moments(ix)
    if intent.kind == "amend":
        return amendment(ix, intent, moments)
    if intent.kind == "cancel":
        return set().union(*(_cancel(ix, intent, seq) for seq in moments))
    return set().union(*(_order(ix, intent, seq) for seq in moments))


def _order(ix: Index, intent: Intent, seq: int) -> set[str]:
    """The contract's table for intents that place orders, just after event ``seq``."""
    filled, works = ix.filled(intent, seq), ix.working(intent, seq) > 0
    if complete(ix, intent, seq):
        return {"done", "working"} if works else {"done"}
    if works:
        return {"working"}
    if filled > 0:
        return {"partial", "done"} if within_market_step(ix, intent, filled) else {"partial"}
    if not orders_before(ix, intent, seq):
        return {"failed", "refused"}  # never sent, or never accepted: who gave up, agent or venue, is not ours to say
    return {"failed"}


def complete(ix: Index, intent: Intent, seq: int) -> bool:
    """Whether everything filled: within a step, for quote amounts within one step's value."""
    instrument = ix.instruments.get(intent.symbol or "")
    step = step_of(instrument)
    wanted = amended_base(ix, intent, seq) or wanted_base(intent, instrument)
    if wanted is not None:
        return ix.filled(intent, seq) > 0 and ix.filled(intent, seq) >= wanted - step / 2
    if intent.quote_quantity is None:
        return ix.filled(intent, seq) > 0 and ix.working(intent, seq) == 0
    filled, paid = ix.filled(intent, seq), ix.quote_filled(intent, seq)
    return filled > 0 and paid >= intent.quote_quantity - step * paid / filled


def amended_base(ix: Index, intent: Intent, seq: int) -> Decimal | None:
    """The base quantity after the last amendment that was carried out up to event ``seq``; None: there was none.

    The total that was asked for, once it stood; else an order that was amended has its new whole quantity, and what the
    intent's other orders filled comes to it."""
    stands = [one.quantity for one in amendments(ix, intent) if one.quantity is not None and stood(ix, one, seq)]
    if stands:
        return stands[-1]
    for order in ix.orders_of(intent):
        amended = [c for c in order.changes if c.why == "amend" and c.call is not None and c.seq <= seq]
        if amended:
            return Decimal(amended[-1].quantity) + ix.filled(intent, seq) - order.filled_at(seq)
    return None


def within_market_step(ix: Index, intent: Intent, filled: Decimal) -> bool:
    """Whether a market order could not have taken more: what is left is less than the venue's step for such orders."""
    instrument = ix.instruments.get(intent.symbol or "")
    if intent.type != "market" or intent.quantity is None or instrument is None or instrument.market_step is None:
        return False
    return filled >= floor_to(intent.quantity, instrument.market_step)


def _cancel(ix: Index, intent: Intent, seq: int) -> set[str]:
    """The contract's row for cancels: gone and not complete = done; complete, or never there = failed."""
    target = ix.intents.get(intent.target or "")
    if target is None:
        return {"failed", "refused", "done"}
    if not orders_before(ix, target, seq):
        return {"failed", "refused", "done"}
    if ix.working(target, seq) > 0:
        return {"failed", "working", "refused"}
    return {"failed"} if complete(ix, target, seq) else {"done"}


def filled_right(ix: Index, intent: Intent, said: Decimal, stated: Books) -> bool:
    """Whether the filled amount of an outcome was true; for quote amounts in either currency."""
    if intent.kind not in ORDERING:
        return True
    moments, step = stated.window.moments(ix), step_of(ix.instruments.get(intent.symbol or ""))
    if near_any(said, [ix.filled(intent, seq) for seq in moments], step):
        return True
    if intent.quantity is not None:
        return False
    return near_any(said, [ix.quote_filled(intent, seq) for seq in moments], step)


def truth(ix: Index, intent: Intent, seq: int) -> str:
    """What was true of an intent, for a sentence."""
    target = ix.intents.get(intent.target or "") if intent.kind in ("cancel", "amend") else intent
    if target is None:
        return "its target does not exist"
    whose = "its" if target is intent else f"the target's ({target.id})"
    filled, works = ix.filled(target, seq), ix.working(target, seq)
    count = len(orders_before(ix, target, seq))
    if not count:
        return f"none of {whose} orders was ever accepted"
    state = f"{plain(works)} still working" if works else "nothing working"
    return f"{whose} {count} order(s) filled {plain(filled)} with {state}"


# ---------------------------------------------------------------- REC-15
def silence(ix: Index) -> Iterator[Case]:
    """REC-15: after the report, nothing leaves any more."""
    reported = ix.reported
    if ix.scope == "G" or reported is None:
        return
    late = [op for op in ix.ops if op.seq > reported.seq]
    for op in late[:5]:
        message = f"{op.name} was sent {(op.sent_at - reported.at) / NS:.3f} s after the report"
        yield broke(message, reported.seq, op.seq, subject=op.client_id or "", key=f"sent-{op.request.op}")
    if not late:
        yield held(reported.seq)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-12",
        title="the outcome reported per intent is among those that the truth admits",
        level="MUST",
        severity="critical",
        scope="A",
        source="freqtrade#3647 (a filled buy reported as cancelled); zenbot#1936 (a partial fill reported as nothing)",
        explain="""\
Whoever gave the intent reads one word of the answer. "Failed" makes him try again elsewhere, "done" makes him stop. A
wrong word therefore becomes an order.

Example: a buy is cancelled at its deadline and fills in the same moment. The agent says "failed". The desk buys again
through another broker, and holds the position twice.

What passes, for intents that place orders: `done` when everything filled (quote amounts: within one step's value),
`partial` when some filled and nothing works any more, `working` while something works, `failed` when nothing filled
and all has ended, `refused` or `failed` when nothing was ever accepted. For a cancel: `done` when the target no
longer works and was not complete, `failed` when it was complete or unknown to the venue. A filled quantity that is
given must be right. For an amendment: `done` when an order stood that had the new terms, `failed` or `refused` when
none ever did (either, where nothing was left to do). `unknown` is never a lie, and is left to RCV-18.

How it is judged: against the venue's orders that carry the intent's tag (else its symbol and side), at some instant
of the window of the report. An intent without an outcome fails.
""",
        check=outcomes,
        venues="all",
    ),
    Property(
        id="REC-15",
        title="nothing is sent after the report",
        level="MUST",
        severity="major",
        scope="A",
        source="OctoBot-Trading#1255, bennycode/trading-signals#1178 (retries that outlive their caller)",
        explain="""\
A report is a closing of the books. A retry loop, a background task or a timer that still sends afterwards changes
what was just declared final, and nobody is left to see it.

Example: the agent reports and returns; a scheduled resend in a background task fires two seconds later and buys
again.

What passes: silence. Whatever is needed to be sure (last look at orders, clean-up, closing streams) comes before.

How it is judged: any request on record after the report of the last incarnation.
""",
        check=silence,
        venues="all",
    ),
)
