"""When a market trades: round the clock, or in the sessions of New York.

A *session* is one trading day with four times: the pre-market begins at 04:00, the regular session at 09:30, it closes
at 16:00 (13:00 on early closes), after-hours trading ends at 20:00 (17:00 on early closes), all New York time (NYSE,
hours and calendars; NYSE Arca's three sessions). Times here are UNIX time in nanoseconds.

    >>> nyse = calendar_of("XNYS")
    >>> friday = nyse.session_at(1795793400 * NS)  # the day after Thanksgiving 2026
    >>> friday.day, (friday.close - friday.open) / 3600 / NS, (friday.end - friday.close) / 3600 / NS
    ('2026-11-27', 3.5, 4.0)
    >>> nyse.phase(friday.close).value, calendar_of("24/7").phase(0).value
    ('after_hours', 'regular')

The core may not depend on the machine's zone files, nor on pandas: holidays, early closes and clock changes come from a
table that is shipped, ``xnys.json``, made from ``exchange_calendars`` by ``docs/calendar_table.py`` (see
``docs/calendars.md``). It is bounded; outside of it there is no calendar, and asking raises ValueError.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

NS = 1_000_000_000
_MINUTE = 60 * NS
_PRE, _OPEN, _CLOSE, _END = 4 * 60, 9 * 60 + 30, 16 * 60, 20 * 60
"""Minutes after midnight in New York."""
_EARLY_CLOSE, _EARLY_END = 13 * 60, 17 * 60


class Phase(StrEnum):
    """What the calendar says of a moment. A boundary belongs to what begins at it."""

    CLOSED = "closed"
    PRE_MARKET = "pre_market"
    REGULAR = "regular"
    AFTER_HOURS = "after_hours"


class Session(NamedTuple):
    """One trading day; times in ns."""

    day: str
    """As in ``2026-11-27``, in the exchange's own zone."""
    begin: int
    """The pre-market begins."""
    open: int
    close: int
    end: int
    """After-hours trading ends."""


class Calendar:
    """The sessions of one exchange; without any: it never closes."""

    __slots__ = ("_begins", "first", "last", "name", "sessions")

    def __init__(self, name: str, sessions: tuple[Session, ...] = (), first: int = 0, last: int = 0) -> None:
        self.name = name
        self.sessions = sessions
        """All of them, oldest first."""
        self.first = first
        """The calendar knows the times from ``first`` up to (not including) ``last``, in ns."""
        self.last = last
        self._begins = [session.begin for session in sessions]

    @property
    def always_open(self) -> bool:
        """Whether it has no sessions because it never closes."""
        return not self.sessions

    def _index(self, now: int) -> int:
        """Index of the session that began last, -1 before the first one."""
        if not self.first <= now < self.last:
            raise ValueError(f"the calendar {self.name} has no sessions at {now} ns (docs/calendars.md has its years)")
        return bisect_right(self._begins, now) - 1

    def session_at(self, now: int) -> Session | None:
        """The session that ``now`` lies in, pre-market and after hours included; None where there is none."""
        if self.always_open:
            return None
        index = self._index(now)
        return self.sessions[index] if index >= 0 and now < self.sessions[index].end else None

    def phase(self, now: int) -> Phase:
        """What is going on at ``now``. Raises ValueError outside the calendar's years."""
        if self.always_open:
            return Phase.REGULAR
        session = self.session_at(now)
        if session is None:
            return Phase.CLOSED
        if now < session.open:
            return Phase.PRE_MARKET
        return Phase.REGULAR if now < session.close else Phase.AFTER_HOURS

    def next_change(self, now: int) -> int | None:
        """When the phase changes next, after ``now``; None: never (or not within the calendar)."""
        if self.always_open:
            return None
        index = self._index(now)
        for session in self.sessions[max(index, 0) : index + 2]:
            for time in session[1:]:
                if time > now:
                    return time
        return None

    def session_for(self, now: int, *, extended: bool = False) -> Session:
        """The session that an order placed at ``now`` is for: the first one whose close (``extended``: whose end) is
        still to come. Raises ValueError where the calendar has none."""
        index = max(self._index(now), 0)
        for session in self.sessions[index : index + 2]:
            if now < (session.end if extended else session.close):
                return session
        raise ValueError(f"the calendar {self.name} has no session after {now} ns (docs/calendars.md has its years)")


ALWAYS = Calendar("24/7")


@cache
def calendar_of(name: str) -> Calendar:
    """The calendar with this name, ``24/7`` or ``XNYS``. Raises ValueError on any other."""
    if name == ALWAYS.name:
        return ALWAYS
    if name != "XNYS":
        raise ValueError(f"there is no calendar {name!r}; there are 24/7 and XNYS")
    table = json.loads(Path(__file__).with_name("xnys.json").read_bytes())
    closed, early = frozenset(table["holidays"]), frozenset(table["early_closes"])
    offsets = dict(table["minutes_ahead_of_utc_from"])
    day, last = date.fromisoformat(table["first"]), date.fromisoformat(table["last"])
    first_time, offset = _midnight(day), 0
    sessions: list[Session] = []
    while day <= last:
        text = day.isoformat()
        offset = offsets.get(text, offset)
        if day.weekday() < 5 and text not in closed:
            midnight = _midnight(day) - offset * _MINUTE  # clocks change on Sundays, where there is no session
            close, end = (_EARLY_CLOSE, _EARLY_END) if text in early else (_CLOSE, _END)
            sessions.append(Session(text, *(midnight + minutes * _MINUTE for minutes in (_PRE, _OPEN, close, end))))
        day += timedelta(days=1)
    return Calendar(name, tuple(sessions), first_time, sessions[-1].end + 1)


def _midnight(day: date) -> int:
    """Midnight of a day in UTC, ns."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NS
