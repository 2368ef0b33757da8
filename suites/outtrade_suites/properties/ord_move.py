"""ORD-06: a stop that is moved, and a stop whose position is gone.

A stop that follows the price is cancelled and placed again, many times a day, by code that is tested with answers that
come. Every one of these moves is a chance to hold nothing (the cancel arrived, the new stop did not), two (the other
way round), or the wrong one. And the last move is the one that is forgotten: the position is closed, and its stop
stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import ZERO
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties import amended, guarding
from outtrade_suites.properties.compare import plain
from outtrade_suites.properties.guarding import Moment


def check_moved(ix: Index) -> Iterator[Case]:
    """ORD-06."""
    for guard in guarding.guards(ix):
        known = guarding.moments(ix, guard.symbol or "")
        moves = amended.moves(ix, guard)
        _, end = guarding.window(ix, guard)
        for place, move in enumerate(moves):
            until = min([end, *(ns(later.at) for later in moves[place + 1 :])])
            yield from _one_move(ix, guard, move, known, until)
        yield from _lives_on(ix, guard, known)


def _one_move(ix: Index, guard: Intent, move: Intent, known: list[Moment], end: int) -> Iterator[Case]:
    """One amendment: from its time until the next one, or until nothing has to be protected any more."""
    start = ns(move.at)
    before = [moment for moment in known if moment.at <= start]
    seen = [*before[-1:], *(moment for moment in known if start < moment.at < end)]
    at_risk = [m for m in seen if not guarding.is_dust(ix, guard, guarding.exposed(ix, guard, m))]
    if start >= end or not at_risk:
        return
    found = _gap(ix, guard, seen, start, end) or _double(ix, guard, seen, end) or _unmoved(ix, guard, seen, start, end)
    if found is None:
        yield held(*(moment.seq for moment in at_risk[:4]), subject=move.id)
        return
    moment, until, what, key = found
    yield broke(
        f"{move.id} moves the protection {guard.id} of {guard.symbol} at {move.at:g} s; from"
        f" {max(moment.at, start) / NS:.3f} s to {until / NS:.3f} s {what}",
        moment.seq,
        *(ix.orders[name].first.seq for name in moment.rests),
        subject=move.id,
        key=key,
    )


Found = tuple[Moment, int, str, str]
"""From this moment until then (ns): what was wrong, and a key for it."""


def _gap(ix: Index, guard: Intent, seen: list[Moment], start: int, end: int) -> Found | None:
    """Less protected than there is, since the move began (what was bare before is ORD-05's)."""
    bare = [(moment, not guarding.settled(ix, guard, moment)) for moment in seen]
    for moment, until in guarding.stretches(bare, end):
        if moment.at >= start and guarding.too_long(ix, guard, moment.at, until):
            size, cover = guarding.exposed(ix, guard, moment), guarding.covered(ix, guard, moment)
            return moment, until, f"{plain(size)} was held and {plain(cover)} of it protected", "gap"
    return None


def _double(ix: Index, guard: Intent, seen: list[Moment], end: int) -> Found | None:
    """More can be closed than there is, while there is something."""
    step = ix.instruments[guard.symbol or ""].step
    more = [(m, guarding.potential(ix, guard, m) > guarding.held(guard, m) + step) for m in seen]
    for moment, until in guarding.stretches(more, end):
        size, could = guarding.held(guard, moment), guarding.potential(ix, guard, moment)
        if not _dust(ix, guard, moment) and guarding.too_long(ix, guard, moment.at, until):
            return moment, until, f"{plain(size)} was held and its orders could close {plain(could)}", "double"
    return None


def _unmoved(ix: Index, guard: Intent, seen: list[Moment], start: int, end: int) -> Found | None:
    """Protected, but not where it was asked for."""
    wanted = amended.in_force(ix, guard, start)

    def at_old_price(moment: Moment) -> bool:
        size = guarding.exposed(ix, guard, moment)
        placed = {name: rest for name, rest in moment.rests.items() if amended.in_place(ix, ix.orders[name], wanted)}
        cover = guarding.covered(ix, guard, Moment(moment.at, moment.seq, moment.position, placed))
        return not guarding.is_dust(ix, guard, size - cover)

    for moment, until in guarding.stretches([(moment, at_old_price(moment)) for moment in seen], end):
        since = max(moment.at, start)
        if until > since and guarding.too_long(ix, guard, since, until):
            return moment, until, "not all of it was protected where it was to be", "not-moved"
    return None


def _lives_on(ix: Index, guard: Intent, known: list[Moment]) -> Iterator[Case]:
    """Orders that protect a position which is closed."""
    step = ix.instruments[guard.symbol or ""].step
    gone = [place for place, m in enumerate(known) if place and _closed(ix, guard, known[place - 1], m)]
    if not gone:
        return
    last = ix.last_incarnation
    ends = [] if last is None else [last.reported, last.no_report, last.crashed]
    end = min([ix.until, *(event.at for event in ends if event is not None)])
    left = [
        (m, _dust(ix, guard, m) and guarding.potential(ix, guard, m) > guarding.held(guard, m) + step)
        for m in known[gone[0] :]
    ]
    for moment, until in guarding.stretches(left, end):
        if guarding.too_long(ix, guard, moment.at, until):
            yield broke(
                f"the position in {guard.symbol} was closed at {moment.at / NS:.3f} s; until {until / NS:.3f} s orders"
                f" of {guard.id} still worked that could trade {plain(guarding.potential(ix, guard, moment))}",
                moment.seq,
                *(ix.orders[name].first.seq for name in moment.rests),
                subject=guard.id,
                key="outlives-the-position",
            )
            return
    yield held(*(known[place].seq for place in gone), subject=guard.id)


def _closed(ix: Index, guard: Intent, before: Moment, after: Moment) -> bool:
    """Whether a position that the guard's orders protected was closed between two moments."""
    protected = guarding.potential(ix, guard, before) > ZERO
    return protected and not _dust(ix, guard, before) and _dust(ix, guard, after)


def _dust(ix: Index, guard: Intent, moment: Moment) -> bool:
    """Whether what is held is nothing, or too small for an order."""
    return guarding.is_dust(ix, guard, guarding.held(guard, moment))


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-06",
        title="A stop that moves leaves no gap and no double, and goes with its position",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
A stop is moved behind a price that went the right way. Where the venue cannot change it, that is two requests: the old
one goes, the new one comes. Placed first, the new one stands beside the old, and a fall sells twice; cancelled first
and then put off (a retry loop, the next tick of a scheduler, an answer that got lost), the position is bare in between.
And when the position is closed, the stop that is left behind waits for a price at which it opens one the other way.

Example: 2 are held with a stop at 95, which is to become 98 at second 50. At second 51 a stop at 98 is placed and the
old one left: at 94, 4 have been sold. Also: the old one is cancelled at 50 and the new one placed at 75. Also: the 2
are sold at second 90, and the stop still stands at second 200. Passes: the old one is cancelled and seen to be gone,
the new one placed at once; or an amendment in place; or an exit where the venue refuses the new one, as the price has
passed it.

Judged from the truth, for `amend` intents that give a `protect` intent another stop or take-profit, from their `at` to
the next one or the end of the protection: never for longer than `protection_gap` is less than the position protected
(counted from the move on), more than the position in orders that can fill, or the position protected at other prices
than those asked for. And for every `protect` intent whose position is closed while orders of it work: they are gone
`protection_gap` later, unless they were what closed it. Time in which the target could not know or act (unanswered
requests, outages, restarts, orders in doubt) does not count. An overlap that is shorter passes (*inferred*: where the
venue lets both stand, that is the safer order); if both fill, that is ORD-04.""",
        source="freqtrade#2799, #12528 (a stop made again for a closed trade), #4051 (unprotected after a refused"
        " stop); Binance spot API documentation, rest-api.md (cancelReplace: two steps, each may fail)",
        check=check_moved,
    ),
)
