"""The account: money, positions, activities, settings, fees of crypto; market data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from alpaca_kit import HOUR, Kit


def test_money_held_for_orders_is_no_cash_but_equity(kit: Kit) -> None:
    before = kit.account()
    assert (before["cash"], before["equity"], before["last_equity"]) == ("100000", "210100", "210100")
    kit.place(limit_price="180", qty="10")
    held = kit.account()
    assert (held["cash"], held["buying_power"], held["equity"]) == ("98200", "98200", "210100")
    assert Decimal(held["equity"]) - Decimal(held["position_market_value"]) == 100_000


def test_a_position_has_what_was_paid_for_it(kit: Kit) -> None:
    assert kit.position("AAPL")["avg_entry_price"] == "200", "what was there counts as bought at yesterday's close"
    kit.market("AAPL", "50")
    position = kit.position("AAPL")
    assert (position["qty"], position["avg_entry_price"], position["side"]) == ("100", "200.02", "long")
    assert position["cost_basis"] == "20002" and Decimal(position["unrealized_pl"]) < 0
    kit.place(side="sell", qty="30", limit_price="220")
    assert kit.position("AAPL")["qty_available"] == "70"
    kit.ask("DELETE", "/v2/orders")
    kit.market("AAPL", "60", "sell")
    assert kit.position("AAPL")["avg_entry_price"] == "200.02", "sales do not move it"
    assert [one["symbol"] for one in kit.ask("GET", "/v2/positions").ok] == ["AAPL", "BTCUSD", "F"]
    by_id = kit.position(position["asset_id"])
    assert by_id["symbol"] == "AAPL" and kit.position("BTC%2FUSD")["symbol"] == "BTCUSD"


def test_closing_positions(kit: Kit) -> None:
    order = kit.ask("DELETE", "/v2/positions/AAPL", qty="20").ok
    assert (order["side"], order["type"], order["qty"]) == ("sell", "market", "20")
    assert kit.position("AAPL")["qty"] == "30"
    assert kit.ask("DELETE", "/v2/positions/AAPL", percentage="50").status == 200
    assert kit.position("AAPL")["qty"] == "15"
    for query, text in (
        ({"qty": "1", "percentage": "5"}, "only one of"),
        ({"percentage": "101"}, "invalid percentage"),
    ):
        assert kit.ask("DELETE", "/v2/positions/AAPL", **query).error[2].startswith(text)
    kit.place(symbol="F", side="sell", qty="10", limit_price="12")
    rows = {row["symbol"]: row for row in kit.ask("DELETE", "/v2/positions").data}
    assert rows["AAPL"]["status"] == 200 and rows["F"]["status"] == 403, "shares are held for the order"
    assert rows["F"]["body"]["held_for_orders"] == "10"
    assert [row["status"] for row in kit.ask("DELETE", "/v2/positions", cancel_orders="true").data] == [200]
    assert kit.ask("GET", "/v2/positions").ok == []
    assert kit.ask("GET", "/v2/positions/AAPL").error == (404, 40410000, "position does not exist")


def test_activities_come_in_pages(kit: Kit) -> None:
    for number in range(3):
        kit.market("F", str(number + 1))
        kit.later(60)
    rows = kit.ask("GET", "/v2/account/activities/FILL").ok
    assert [row["qty"] for row in rows] == ["3", "2", "1"] and {row["order_status"] for row in rows} == {"filled"}
    assert rows[0]["id"].startswith("20260102100200000::")
    first = kit.ask("GET", "/v2/account/activities", page_size=2).ok
    rest = kit.ask("GET", "/v2/account/activities", page_size=2, page_token=first[-1]["id"]).ok
    assert first + rest == rows
    assert kit.ask("GET", "/v2/account/activities", direction="asc").ok == rows[::-1]
    assert kit.ask("GET", "/v2/account/activities", after=rows[1]["transaction_time"]).ok == rows[:1]
    assert kit.ask("GET", "/v2/account/activities", date="2026-01-01").ok == []
    assert kit.ask("GET", "/v2/account/activities/DIV").ok == []
    made = kit.place(symbol="F", qty="10", limit_price="9").ok
    kit.fill(made["id"], "0.4")
    part = kit.ask("GET", "/v2/account/activities/FILL").ok[0]
    assert (part["type"], part["cum_qty"], part["leaves_qty"], part["order_status"]) == (
        "partial_fill", "4", "6", "partially_filled",
    )  # fmt: skip


def test_the_fee_of_crypto_is_booked_at_the_end_of_the_day() -> None:
    kit = Kit(fees=(Decimal("0.0015"), Decimal("0.0025")))
    kit.market("BTC/USD", "0.4")
    kit.market("AAPL", "10")
    kit.market("ETH/USD", "1")
    kit.market("ETH/USD", "1", "sell")
    before = kit.balances()
    assert before["BTC"] == ("2.4", "0"), "the whole quantity, until midnight"
    kit.later(14 * HOUR)
    after = kit.balances()
    assert Decimal(after["BTC"][0]) == Decimal("2.399") and after["AAPL"] == before["AAPL"]
    assert Decimal(before["USD"][0]) - Decimal(after["USD"][0]) == Decimal("0.0025") * Decimal("2999.4")
    fees = kit.ask("GET", "/v2/account/activities/CFEE").ok
    assert next((one["symbol"], one["qty"], one["date"]) for one in fees if one["qty"] != "0") == (
        "BTCUSD", "-0.001", "2026-01-02",
    )  # fmt: skip
    at_once = Kit(knobs={"crypto_fee": "at_trade"}, fees=(Decimal("0.0015"), Decimal("0.0025")))
    bought = at_once.market("BTC/USD", "0.4")
    assert bought["filled_qty"] == "0.4" and at_once.position("BTCUSD")["qty"] == "2.399"


def test_settings(kit: Kit) -> None:
    assert kit.ask("PATCH", "/v2/account/configurations", {"suspend_trade": True}).ok["suspend_trade"] is True
    assert kit.place().error == (403, 40310000, "new orders are rejected by user request")
    assert kit.account()["trade_suspended_by_user"] is True
    kit.ask("PATCH", "/v2/account/configurations", {"suspend_trade": False, "fractional_trading": False})
    assert kit.place(qty="0.5").error == (403, 40310000, "fractional trading is disabled for the account")
    for sent in ({"pdt_check": "never"}, {"suspend_trade": "yes"}, {"max_margin_multiplier": "9"}):
        assert kit.ask("PATCH", "/v2/account/configurations", sent).status == 422
    assert kit.place(qty="1").status == 200


def test_market_data(kit: Kit) -> None:
    def crypto(name: str, **query: str) -> dict[str, object]:
        found: dict[str, object] = kit.ask("GET", f"/v1beta3/crypto/us/{name}", symbols="BTC/USD", **query).ok
        return found

    crypto("latest/trades")  # from here on trades are kept
    kit.market("BTC/USD", "0.1")
    assert crypto("latest/trades")["trades"]["BTC/USD"]["p"] == 50_010  # type: ignore[index]
    assert len(crypto("trades")["trades"]["BTC/USD"]) == 1  # type: ignore[index]
    [bar] = crypto("bars", timeframe="1Min")["bars"]["BTC/USD"]  # type: ignore[index]
    assert (bar["v"], bar["vw"], bar["n"]) == (0.1, 50_010, 1)
    assert len(crypto("latest/orderbooks")["orderbooks"]["BTC/USD"]["b"]) == 10  # type: ignore[index]
    for query, text in (
        ({"timeframe": "odd"}, "Invalid format for parameter timeframe"),
        ({"start": "yesterday"}, "Invalid format for parameter start"),
        ({"limit": "0"}, "Invalid format for parameter limit"),
    ):
        answer = kit.ask("GET", "/v1beta3/crypto/us/bars", symbols="BTC/USD", **query)
        assert answer.status == 400 and answer.data["message"].startswith(text)
    assert kit.ask("GET", "/v1beta3/crypto/us/bars", symbols="BTCUSD").error == (
        400, None, "Invalid symbol(s): BTCUSD does not match ^[A-Z]+/[A-Z]+$",
    )  # fmt: skip
    assert kit.ask("GET", "/v2/stocks/quotes/latest", symbols="AAPL,NONE").ok["quotes"].keys() == {"AAPL"}


def test_prices_that_nobody_knows_are_null() -> None:
    kit = Kit(symbols=("BTC/USD",), balances={"USD": Decimal(10), "XRP": Decimal(5)})
    assert kit.position("XRPUSD")["market_value"] is None and kit.account()["equity"] == "10"
    with pytest.raises(ValueError, match="alpaca does not list 'NO/USD'"):
        Kit(symbols=("NO/USD",))
