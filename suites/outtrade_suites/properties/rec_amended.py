"""What REC-12 admits of amendments: whether the new terms stood, and what may be said where they never did."""

from __future__ import annotations

from collections.abc import Iterable

from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO
from outtrade.model.task import Intent
from outtrade_suites.properties import guarding
from outtrade_suites.properties.amended import in_force, stood


def admitted(ix: Index, amend: Intent, moments: Iterable[int]) -> set[str]:
    """The outcomes of an amendment that were true just after one of the events."""
    return set().union(*(_admitted(ix, amend, seq) for seq in moments))


def _admitted(ix: Index, amend: Intent, seq: int) -> set[str]:
    """The contract's row for amendments; a protection with nothing to protect may be called moved or ended."""
    if stood(ix, amend, seq):
        return {"done"}
    never, target = {"failed", "refused"}, ix.intents.get(amend.target or "")
    if target is None or target.symbol not in ix.instruments:
        return never
    if target.kind != "protect":
        wanted = in_force(ix, target, ns(amend.at)).quantity
        enough = wanted is not None and ix.filled(target, seq) > ZERO and ix.filled(target, seq) >= wanted
        return never | {"done"} if enough else never
    known = guarding.moments(ix, target.symbol)
    start, (_, end) = ns(amend.at), guarding.window(ix, target)
    before = [moment for moment in known if moment.at <= start][-1:]
    during = [moment for moment in known if start < moment.at < end and moment.seq <= seq]
    bare = any(not guarding.is_dust(ix, target, guarding.exposed(ix, target, moment)) for moment in (*before, *during))
    return never if bare else never | {"done"}
