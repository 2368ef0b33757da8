"""The session calendar: New York's hours in UTC, from a shipped table that equals a well-kept library's."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outtrade_mocks.core.sessions import ALWAYS, NS, Phase, calendar_of

NYSE = calendar_of("XNYS")


def at(text: str) -> int:
    """UNIX time in ns of an ISO time with offset."""
    return int(datetime.fromisoformat(text).timestamp()) * NS


def utc(time: int) -> str:
    return datetime.fromtimestamp(time // NS, UTC).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        # an ordinary day in winter and in summer time, and both sides of both changes of the clock in 2026
        ("2026-01-15", ["01-15 09:00", "01-15 14:30", "01-15 21:00", "01-16 01:00"]),
        ("2026-07-15", ["07-15 08:00", "07-15 13:30", "07-15 20:00", "07-16 00:00"]),
        ("2026-03-06", ["03-06 09:00", "03-06 14:30", "03-06 21:00", "03-07 01:00"]),
        ("2026-03-09", ["03-09 08:00", "03-09 13:30", "03-09 20:00", "03-10 00:00"]),
        ("2026-10-30", ["10-30 08:00", "10-30 13:30", "10-30 20:00", "10-31 00:00"]),
        ("2026-11-02", ["11-02 09:00", "11-02 14:30", "11-02 21:00", "11-03 01:00"]),
        # early closes: after Thanksgiving, Christmas Eve
        ("2026-11-27", ["11-27 09:00", "11-27 14:30", "11-27 18:00", "11-27 22:00"]),
        ("2024-12-24", ["12-24 09:00", "12-24 14:30", "12-24 18:00", "12-24 22:00"]),
    ],
)
def test_the_hours_of_a_day(day: str, hours: list[str]) -> None:
    session = next(session for session in NYSE.sessions if session.day == day)
    assert [utc(time) for time in session[1:]] == hours


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-11-26", "Thanksgiving"),
        ("2026-07-03", "Independence Day on a Saturday is kept on Friday"),
        ("2022-06-20", "Juneteenth on a Sunday is kept on Monday"),
        ("2021-06-18", "the exchange did not keep Juneteenth before 2022"),
        ("2012-10-29", "Hurricane Sandy"),
        ("2018-12-05", "mourning for a president"),
        ("2025-01-09", "mourning for a president"),
        ("2026-11-28", "a Saturday"),
    ],
)
def test_days_without_a_session(day: str, why: str) -> None:
    assert (day in {session.day for session in NYSE.sessions}) == ("did not keep" in why), why


def test_phases_change_at_their_boundaries() -> None:
    change, seen = at("2026-11-25T03:00-05:00"), []
    for _ in range(9):
        seen.append((utc(change), NYSE.phase(change).value))
        following = NYSE.next_change(change)
        assert following is not None and NYSE.phase(following - 1) is NYSE.phase(change)
        change = following
    assert seen == [
        ("11-25 08:00", "closed"), ("11-25 09:00", "pre_market"), ("11-25 14:30", "regular"),
        ("11-25 21:00", "after_hours"), ("11-26 01:00", "closed"), ("11-27 09:00", "pre_market"),
        ("11-27 14:30", "regular"), ("11-27 18:00", "after_hours"), ("11-27 22:00", "closed"),
    ]  # fmt: skip


def test_the_session_that_an_order_is_for() -> None:
    noon, evening = at("2026-11-25T12:00-05:00"), at("2026-11-25T18:00-05:00")
    assert NYSE.session_for(noon).day == NYSE.session_for(evening, extended=True).day == "2026-11-25"
    assert NYSE.session_for(evening).day == "2026-11-27"
    assert NYSE.session_for(at("2026-11-28T12:00-05:00")).day == "2026-11-30"
    assert NYSE.session_at(at("2026-11-28T12:00-05:00")) is None


def test_round_the_clock() -> None:
    assert ALWAYS.phase(1) is Phase.REGULAR and ALWAYS.next_change(1) is None and ALWAYS.session_at(1) is None


def test_outside_its_years_there_is_no_calendar() -> None:
    assert NYSE.sessions[0].day == "2010-01-04" and NYSE.sessions[-1].day == "2035-12-31"
    for time in (0, at("2009-12-31T12:00-05:00"), at("2036-01-02T12:00-05:00")):
        with pytest.raises(ValueError, match="has no sessions at"):
            NYSE.phase(time)
    with pytest.raises(ValueError, match="no session after"):
        NYSE.session_for(at("2035-12-31T18:00-05:00"))
    assert NYSE.next_change(at("2035-12-31T18:00-05:00")) is not None
    with pytest.raises(ValueError, match="there are 24/7 and XNYS"):
        calendar_of("XLON")


def test_it_does_not_look_at_the_machines_zones() -> None:
    """With no zone files at all the same sessions come out."""
    code = (
        "import sys, zoneinfo; zoneinfo.reset_tzpath(()); sys.modules['tzdata'] = None\n"
        "from outtrade_mocks.core.sessions import calendar_of; print(hash(calendar_of('XNYS').sessions[1000][1:]))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(root / "mocks"), "TZ": "Asia/Tokyo"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) == hash(NYSE.sessions[1000][1:])


def test_the_table_equals_the_librarys() -> None:
    library = pytest.importorskip("exchange_calendars", reason="pip install 'outtrade[calendars]'")
    first, last = NYSE.sessions[0].day, NYSE.sessions[-1].day
    theirs = library.get_calendar("XNYS", start=first, end=last)
    opens, closes = ([time.value for time in column] for column in (theirs.opens, theirs.closes))
    days = [session.date().isoformat() for session in theirs.sessions]
    assert [(s.day, s.open, s.close) for s in NYSE.sessions] == list(zip(days, opens, closes, strict=True))


def test_extended_hours_are_those_of_new_yorks_clock() -> None:
    try:
        zone = ZoneInfo("America/New_York")
    except Exception as error:
        pytest.skip(f"no zone files here: {error}")
    for session in NYSE.sessions:
        clock = [datetime.fromtimestamp(time // NS, zone).strftime("%H:%M") for time in session[1:]]
        assert clock in (["04:00", "09:30", "16:00", "20:00"], ["04:00", "09:30", "13:00", "17:00"]), session.day
