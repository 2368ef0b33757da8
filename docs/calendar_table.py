"""Writes the session calendar that the core ships: New York's holidays, early closes and clock changes.

    pip install "outtrade[calendars]"
    python docs/calendar_table.py > mocks/outtrade_mocks/core/xnys.json

The table is taken from ``exchange_calendars`` (XNYS) and tzdata; nothing in it is written by hand. A test compares each
session's open and close in UTC with the library's, where the library is installed.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import exchange_calendars

FIRST, LAST = date(2010, 1, 1), date(2035, 12, 31)
NEW_YORK = ZoneInfo("America/New_York")


def table() -> dict[str, object]:
    """The table; stops with an assertion where a session has hours that the core's form cannot say."""
    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    early: list[str] = []
    opens = {}
    for session, begin, end in zip(calendar.sessions, calendar.opens, calendar.closes, strict=True):
        hours = begin.tz_convert(NEW_YORK).time(), end.tz_convert(NEW_YORK).time()
        assert hours in ((time(9, 30), time(16)), (time(9, 30), time(13))), (session, hours)
        opens[session.date()] = hours
        if hours[1] == time(13):
            early.append(session.date().isoformat())
    holidays, offsets, before = [], [], None
    day = FIRST
    while day <= LAST:
        if day.weekday() < 5 and day not in opens:
            holidays.append(day.isoformat())
        noon = datetime.combine(day, time(12), NEW_YORK)
        offset = int((noon.replace(tzinfo=UTC) - noon.astimezone(UTC)) / timedelta(minutes=1))
        if offset != before:
            offsets.append([day.isoformat(), offset])
            before = offset
        day += timedelta(days=1)
    assert all(date.fromisoformat(day) in opens for day in early)
    return {
        "calendar": "XNYS",
        "made_by": "docs/calendar_table.py",
        "from": f"exchange_calendars {version('exchange_calendars')}, tzdata {version('tzdata')}",
        "first": FIRST.isoformat(),
        "last": LAST.isoformat(),
        "holidays": holidays,
        "early_closes": early,
        "minutes_ahead_of_utc_from": offsets,
    }


if __name__ == "__main__":
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in table().items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")
