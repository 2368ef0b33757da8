"""The clock, the calendar and the assets: what is traded, and when.

The clock and the calendar are those of the equities, in New York's time; early closes and daylight saving are in them
(``core.sessions``). Crypto trades round the clock and has neither.
"""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core.sessions import Session
from outtrade_mocks.venues.alpaca.codec import eastern, instant, market_day
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.alpaca.errors import refuse
from outtrade_mocks.venues.api import Call


def clock(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/clock: whether the regular session is on, and when it next opens and closes."""
    calendar = desk.calendar
    session = calendar.session_at(now)
    is_open = session is not None and session.open <= now < session.close
    following = calendar.session_for(now)
    opening = following if now < following.open else calendar.session_for(following.close)
    return Outcome(
        {
            "timestamp": eastern(now),
            "is_open": is_open,
            "next_open": eastern(opening.open),
            "next_close": eastern(following.close),
        }
    )


def calendar(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/calendar: the sessions from ``start`` to ``end``, both included."""
    params = call.raw.params
    bounds = {}
    for name in ("start", "end"):
        sent = params.get(name)
        if sent is not None and sent != "" and instant(sent) is None:
            raise refuse("invalid", f"invalid {name}")
        bounds[name] = str(sent)[:10] if sent else None
    found = [
        _day(session)
        for session in desk.calendar.sessions
        if (bounds["start"] is None or session.day >= bounds["start"])
        and (bounds["end"] is None or session.day <= bounds["end"])
    ]
    return Outcome(found)


def _day(session: Session) -> dict[str, str]:
    def local(time: int) -> str:
        return eastern(time)[11:16]

    return {
        "date": session.day,
        "open": local(session.open),
        "close": local(session.close),
        "session_open": local(session.begin).replace(":", ""),
        "session_close": local(session.end).replace(":", ""),
        "settlement_date": session.day,
    }


def assets(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/assets: by class, status and exchange."""
    params = call.raw.params
    rows = [entry.raw for entry in desk.listings.values()]
    for name, key in (("asset_class", "class"), ("status", "status"), ("exchange", "exchange")):
        if params.get(name):
            rows = [row for row in rows if row[key] == params[name]]
    return Outcome(rows)


def asset(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/assets/{symbol or asset id}; a pair's slash may be left out, or stand in the path."""
    name = "/".join(call.raw.parts[2:])
    found = desk.find(name)
    if found is None:
        raise refuse("asset_not_found", name[:40])
    return Outcome(dict(found.raw))


def announced(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """Corporate actions, watchlists, wallets' transfers: there are none."""
    return Outcome([])


def history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/account/portfolio/history: two points, the start and now (*simplified*)."""
    from outtrade_mocks.venues.alpaca.account import account, last_equity

    last = last_equity(desk)
    equity = account(desk, call, now, as_of).result["equity"]
    gain = float(equity) - float(last)
    points: list[Any] = [0.0, round(gain, 2)]
    return Outcome(
        {
            "timestamp": [desk.epoch_ns // 10**9, now // 10**9],
            "equity": [round(float(last), 2), round(float(equity), 2)],
            "profit_loss": points,
            "profit_loss_pct": [0.0, round(gain / float(last), 8) if last else 0.0],
            "base_value": round(float(last), 2),
            "base_value_asof": market_day(desk.epoch_ns),
            "timeframe": str(call.raw.params.get("timeframe") or "1D"),
        }
    )
