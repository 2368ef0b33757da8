"""When equities trade: sessions with early closes and daylight saving, extended hours, auctions, what waits."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from alpaca_kit import HOUR, OPEN, QUIET, SECOND, Kit


def at(text: str) -> int:
    """UNIX ns of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


EVENING = at("2026-01-02T23:00")
"""Friday, 18:00 in New York."""
EARLY = at("2026-01-05T12:00")
"""Monday, 7:00 in New York: pre-market."""


@pytest.mark.parametrize(
    ("now", "is_open", "opens", "closes"),
    [
        ("2026-01-02T15:00", True, "2026-01-05T09:30:00-05:00", "2026-01-02T16:00:00-05:00"),
        ("2026-01-03T15:00", False, "2026-01-05T09:30:00-05:00", "2026-01-05T16:00:00-05:00"),
        ("2026-11-27T17:59", True, "2026-11-30T09:30:00-05:00", "2026-11-27T13:00:00-05:00"),
        ("2026-11-27T18:00", False, "2026-11-30T09:30:00-05:00", "2026-11-30T16:00:00-05:00"),
        ("2026-03-06T14:29", False, "2026-03-06T09:30:00-05:00", "2026-03-06T16:00:00-05:00"),
        ("2026-03-09T13:30", True, "2026-03-10T09:30:00-04:00", "2026-03-09T16:00:00-04:00"),
        ("2026-10-30T20:00", False, "2026-11-02T09:30:00-05:00", "2026-11-02T16:00:00-05:00"),
    ],
)
def test_the_clock(now: str, is_open: bool, opens: str, closes: str) -> None:
    clock = Kit(now=at(now)).ask("GET", "/v2/clock").ok
    assert (clock["is_open"], clock["next_open"], clock["next_close"]) == (is_open, opens, closes)


def test_the_calendar(kit: Kit) -> None:
    days = kit.ask("GET", "/v2/calendar", start="2026-11-25", end="2026-12-01").ok
    assert [(day["date"], day["close"]) for day in days] == [
        ("2026-11-25", "16:00"), ("2026-11-27", "13:00"), ("2026-11-30", "16:00"), ("2026-12-01", "16:00"),
    ]  # fmt: skip
    assert days[0]["session_open"] == "0400" and days[1]["session_close"] == "1700"
    assert kit.ask("GET", "/v2/calendar", start="odd").error == (422, 40010001, "invalid start")
    assert len(kit.ask("GET", "/v2/calendar").ok) > 6000


def test_what_comes_in_the_evening_waits_for_the_next_session() -> None:
    kit = Kit(now=EVENING)
    market = kit.place(type="market", limit_price=None).ok
    limit = kit.place(limit_price="180", time_in_force="gtc").ok
    assert [market["status"], limit["status"]] == ["accepted", "accepted"]
    assert (
        kit.ask("PATCH", f"/v2/orders/{limit['id']}", {"limit_price": "181"}).error[2].startswith("unable to replace")
    )
    assert float(kit.account()["buying_power"]) < 100_000 - 2 * 200 - 2 * 180, (
        "a market order is reserved with a collar"
    )
    kit.later(2 * 24 * HOUR)  # Sunday evening
    assert kit.order(market["id"])["status"] == "accepted"
    kit.later(16 * HOUR)  # Monday, 10:00
    assert (kit.order(market["id"])["status"], kit.order(limit["id"])["status"]) == ("filled", "new")
    assert kit.order(market["id"])["filled_at"] == "2026-01-05T14:30:00Z"


def test_a_day_order_lives_until_the_close_and_a_gtc_order_goes_on(kit: Kit) -> None:
    day, gtc = kit.place().ok, kit.place(limit_price="179", time_in_force="gtc").ok
    kit.later(6 * HOUR)  # 16:00
    gone = kit.order(day["id"])
    assert (gone["status"], gone["expired_at"]) == ("expired", "2026-01-02T21:00:00Z")
    assert kit.order(gtc["id"])["status"] == "new", "it waits for the next session"
    assert not kit.venue.fill(gtc["id"], Decimal(1)), "out of the market"
    kit.later(67 * HOUR)  # Monday, 11:00
    assert kit.order(gtc["id"])["status"] == "new"


def test_on_an_early_close_the_day_ends_at_one() -> None:
    kit = Kit(now=at("2026-11-27T17:00"))
    made = kit.place().ok
    assert made["expires_at"] == "2026-11-27T18:00:00Z"
    kit.later(HOUR)
    assert kit.order(made["id"])["status"] == "expired"


def test_extended_hours() -> None:
    kit = Kit(now=EARLY)
    usual = kit.place(limit_price="201").ok
    early = kit.place(limit_price="201", extended_hours=True).ok
    assert (usual["status"], early["status"]) == ("accepted", "pending_new")
    assert (kit.order(usual["id"])["status"], kit.order(early["id"])["status"]) == ("accepted", "filled")
    assert early["extended_hours"] and early["expires_at"] == "2026-01-06T01:00:00Z"
    fraction = kit.place(limit_price="180", qty="0.5", extended_hours=True).ok
    assert fraction["status"] == "pending_new"


def test_orders_for_an_auction() -> None:
    kit = Kit(now=EARLY)
    on_open = kit.place(type="market", limit_price=None, time_in_force="opg").ok
    assert on_open["status"] == "accepted"
    kit.later(2 * HOUR + 29 * 60)  # 9:29: too late
    late = kit.place(limit_price="201", time_in_force="opg")
    assert late.error == (422, 42210000, "opg orders are not taken at this time")
    kit.later(60)
    assert kit.order(on_open["id"])["status"] in ("filled", "canceled")
    on_close = kit.place(limit_price="150", time_in_force="cls").ok
    kit.later(6 * HOUR + 25 * 60)  # 15:55
    assert kit.place(limit_price="150", time_in_force="cls").error[0] == 422
    kit.later(6 * 60)
    assert kit.order(on_close["id"])["status"] == "canceled"
    kit.later(3 * HOUR)  # 19:01: for tomorrow
    assert kit.place(limit_price="150", time_in_force="cls").ok["status"] == "accepted"


def test_amounts_in_dollars_wait_as_quantities_and_crypto_never_waits() -> None:
    kit = Kit(now=EVENING)
    waits = kit.place(type="market", limit_price=None, qty=None, notional="100").ok
    assert (waits["status"], waits["notional"], waits["qty"]) == ("accepted", "100", None)
    assert kit.market("BTC/USD", "0.01")["status"] == "filled"
    kit.later(64 * HOUR)
    assert float(kit.order(waits["id"])["filled_qty"]) == pytest.approx(0.5, rel=0.01)


def test_stops_and_trailing_stops_follow_the_price() -> None:
    path: dict[str, Any] = {
        "points": [[0, "200"], [100, "200"], [200, "220"], [300, "205"]], "shape": "linear",
    }  # fmt: skip
    market = QUIET | {"mid": "200", "depth": "100", "taker_size": "1", "maker_rate": 1.0, "path": path}
    kit = Kit(symbols=("AAPL/USD",), markets={"AAPL/USD": market})
    stop = kit.place(side="sell", type="stop", limit_price=None, stop_price="195").ok
    trail = kit.place(side="sell", type="trailing_stop", limit_price=None, trail_percent="5").ok
    rise = kit.place(side="sell", type="stop_limit", limit_price="207", stop_price="210", qty="3").ok
    kit.later(195)
    found = kit.order(trail["id"])
    assert 215 < float(found["hwm"]) <= 220
    assert float(found["stop_price"]) == pytest.approx(float(found["hwm"]) * 0.95)
    kit.later(130)
    assert kit.order(trail["id"])["status"] == "filled", "five per cent below the best price"
    assert 207 < float(kit.order(trail["id"])["filled_avg_price"]) < 210
    assert kit.order(stop["id"])["status"] == "new" and kit.order(rise["id"])["status"] == "filled"


def test_day_trades_are_counted_and_the_fourth_is_refused() -> None:
    poor = {"USD": "5000", "AAPL": "20", "F": "10"}
    kit = Kit(balances={asset: Decimal(amount) for asset, amount in poor.items()})
    for number in range(3):
        assert kit.account()["daytrade_count"] == number
        kit.market("AAPL", "1")
        kit.market("AAPL", "1", "sell")
    assert kit.account()["daytrade_count"] == 3
    denied = (403, 40310100, "trade denied due to pattern day trading protection")
    buy = {"type": "market", "limit_price": None, "qty": "1"}
    assert kit.place(**buy).error == denied, "on entry"
    assert kit.place(symbol="BTC/USD", type="market", limit_price=None, qty="0.001", time_in_force="gtc").status == 200
    assert kit.ask("PATCH", "/v2/account/configurations", {"pdt_check": "exit"}).status == 200
    assert kit.place(**buy).status == 200
    assert kit.place(**buy, side="sell").error == denied, "on exit of what was bought today"
    assert kit.place(**(buy | {"symbol": "F"}), side="sell").status == 200
    kit.later(7 * 24 * HOUR)
    assert kit.account()["daytrade_count"] < 3, "five business days later"
    rich = Kit()
    for _ in range(4):
        rich.market("AAPL", "1")
        rich.market("AAPL", "1", "sell")
    assert rich.account()["daytrade_count"] == 4 and OPEN > 0
