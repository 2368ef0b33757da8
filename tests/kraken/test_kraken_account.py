"""Histories, balances, the ledger, fees, public endpoints, limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kraken_kit import EPOCH, SECOND, Kit

from outtrade_mocks.venues.kraken_spot.limits import AMEND, CANCEL, EDIT, TIERS, Limits, by_age


def trades(kit: Kit, count: int) -> None:
    for _ in range(count):
        kit.later(1)
        kit.place(volume="0.001")


def test_histories_come_in_pages_newest_first() -> None:
    kit = Kit(knobs={"tier": "pro"})
    trades(kit, 60)
    first = kit.ask("TradesHistory").result
    second = kit.ask("TradesHistory", ofs="50").result
    assert (first["count"], len(first["trades"]), len(second["trades"])) == (60, 50, 10)
    times = [one["time"] for one in (*first["trades"].values(), *second["trades"].values())]
    assert times == sorted(times, reverse=True)
    kit.later(60)
    start, end = EPOCH // SECOND + 10, EPOCH // SECOND + 20
    found = kit.ask("TradesHistory", start=str(start), end=str(end), without_count="true").result
    assert [one["time"] for one in found["trades"].values()] == [float(t) for t in range(end, start, -1)]
    assert "count" not in found
    last = next(iter(found["trades"]))
    assert kit.ask("TradesHistory", start=last).result["count"] == 40
    kit.later(60)
    closed = kit.ask("ClosedOrders", ofs="58").result
    assert (closed["count"], len(closed["closed"])) == (60, 2)
    assert kit.ask("ClosedOrders", closetime="x").error == "EGeneral:Invalid arguments:closetime"
    assert kit.ask("ClosedOrders", ofs="-1").error == "EGeneral:Invalid arguments:ofs"


def test_a_query_may_see_the_past(kit: Kit) -> None:
    txid = kit.place("49995", "0.1")
    before = kit.now
    kit.later(1)
    kit.venue.fill(txid, Decimal(1))
    assert kit.order(txid)["status"] == "closed"
    old = kit.order(txid, as_of=before)
    assert (old["status"], old["vol_exec"], old["fee"]) == ("open", "0.00000000", "0.00000")
    assert kit.ask("TradesHistory", as_of=before).result["trades"] == {}
    assert kit.ask("BalanceEx", as_of=before).result["ZUSD"]["hold_trade"] == "5004.4995"
    assert kit.ask("QueryOrders", as_of=before - 1, txid=txid).error == "EOrder:Invalid order"
    assert kit.ask("Ledgers", as_of=before, type="trade").result["count"] == 0


def test_balances_and_the_ledger_agree(kit: Kit) -> None:
    kit.place(volume="0.05")
    kit.place("51000", "0.5", side="sell")
    owned = kit.ask("Balance").result
    assert owned["XXBT"] == "2.0500000000" and list(owned) == ["XXBT", "XETH", "ZUSD"]
    extended = kit.ask("BalanceEx").result
    assert extended["XXBT"] == {"balance": "2.0500000000", "hold_trade": "0.5000000000"}
    entries = kit.ask("Ledgers").result
    assert entries["count"] == 5  # three deposits, one trade of two assets
    usd = [one for one in entries["ledger"].values() if one["asset"] == "ZUSD"]
    assert (usd[0]["type"], usd[0]["amount"], usd[0]["fee"]) == ("trade", "-2500.5000", "2.5005")
    assert usd[0]["balance"] == owned["ZUSD"]
    assert Decimal(usd[1]["balance"]) + Decimal(usd[0]["amount"]) - Decimal(usd[0]["fee"]) == Decimal(owned["ZUSD"])
    one = next(iter(entries["ledger"]))
    assert kit.ask("QueryLedgers", id=one).result[one] == entries["ledger"][one]
    assert kit.ask("Ledgers", asset="XBT").result["count"] == 2
    assert kit.ask("Ledgers", asset="NOPE").error == "EQuery:Unknown asset"
    worth = Decimal(kit.ask("TradeBalance").result["eb"])
    assert abs(worth - Decimal(100_000 + 2 * 50_000 + 10 * 3_000)) < 20


def test_fees_follow_the_schedule_where_they_are_to() -> None:
    kit = Kit(knobs={"fee_tiers": True})
    kit.place(volume="0.1")
    kit.place(volume="0.1", side="sell")
    rows = [one["fee"] for one in kit.ask("TradesHistory").result["trades"].values()]
    assert sorted(rows) == ["19.99600", "20.00400"]  # 0.4 % below 10,000 USD
    kit.place(volume="0.01")
    assert next(iter(kit.ask("TradesHistory").result["trades"].values()))["fee"] == "1.75030"
    volume = kit.ask("TradeVolume", pair="XBTUSD").result
    assert volume["volume"] == "10500.1000"
    fee = volume["fees"]["XXBTZUSD"]
    assert (fee["fee"], fee["nextfee"], fee["tiervolume"]) == ("0.3500", "0.2400", "10000.0000")
    pair = kit.public("AssetPairs", pair="XBTUSD").result["XXBTZUSD"]
    assert pair["fees"][0] == [0, 0.4] and pair["fees_maker"][-1] == [10_000_000, 0.0]


def test_public_endpoints(kit: Kit) -> None:
    assert kit.public("Time").result == {"unixtime": EPOCH // SECOND, "rfc1123": "Thu,  1 Jan 26 00:00:00 +0000"}
    assert kit.public("SystemStatus").result["status"] == "online"
    assert list(kit.public("Assets", asset="XBT").result) == ["XXBT"]
    assert kit.public("Assets", asset="XBT,NOPE").error == "EQuery:Unknown asset"
    assert set(kit.public("AssetPairs").result) == {"XXBTZUSD", "XETHZUSD", "XETHXXBT", "XDGUSD"}
    assert list(kit.public("AssetPairs", pair="XBTUSD", info="margin").result["XXBTZUSD"]) == [
        "margin_call", "margin_stop",
    ]  # fmt: skip
    assert kit.public("Ticker", pair="NOPE").error == "EQuery:Unknown asset pair"
    book = kit.public("Depth", pair="XBTUSD", count="3").result["XXBTZUSD"]
    assert [len(book["asks"]), len(book["bids"]), book["asks"][0][0]] == [3, 3, "50010.00000"]
    txid = kit.place(volume="0.02")
    found = kit.public("Trades", pair="XBTUSD").result
    assert [row[:2] + row[3:4] for row in found["XXBTZUSD"]] == [["50010.00000", "0.02000000", "b"]], txid
    candles = kit.public("OHLC", pair="XBTUSD", interval="5").result["XXBTZUSD"]
    assert candles[-1] == [EPOCH // SECOND, *(["50010.0"] * 5), "0.02000000", 1]
    assert kit.public("OHLC", pair="XBTUSD", interval="7").error == "EGeneral:Invalid arguments:interval"
    assert kit.public("Nothing").error == "EGeneral:Unknown method"
    ticker = kit.public("Ticker", pair="XBTUSD").result["XXBTZUSD"]
    assert (ticker["c"], ticker["t"], ticker["o"]) == (["50010.00000", "0.02000000"], [1, 1], "50010.00000")


# -------------------------------------------------------------------- limits
def test_the_counter_of_calls() -> None:
    kit = Kit()
    for _ in range(5):
        kit.ask("Ledgers").result  # noqa: B018
    assert kit.ask("Balance").error == "EAPI:Rate limit exceeded"
    assert kit.place("40000")  # orders cost nothing there
    kit.later(2)
    assert kit.ask("Balance").result
    assert kit.ask("Balance").error == "EAPI:Rate limit exceeded"


def test_young_orders_are_dear_to_cancel() -> None:
    kit = Kit(knobs={"tier": "starter"})
    for _ in range(6):
        kit.ask("CancelOrder", txid=kit.place("40000")).result  # noqa: B018
    txid = kit.place("40000")  # 6 x (1 + 8) + 1
    assert kit.ask("CancelOrder", txid=txid).error == "EOrder:Rate limit exceeded"
    assert kit.order(txid)["status"] == "open"
    assert kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="1", price="9").error == (
        "EOrder:Rate limit exceeded"
    )
    other = kit.ask("AddOrder", pair="ETHUSD", type="buy", ordertype="limit", volume="1", price="9")
    assert other.result["txid"]  # each pair has its own
    kit.later(300)
    assert kit.ask("CancelOrder", txid=txid).result == {"count": 1}


def test_open_orders_of_a_pair_are_limited() -> None:
    kit = Kit(knobs={"tier": "starter"})
    for _ in range(60):
        kit.later(2)
        kit.place("40000", "0.001")
    kit.later(2)
    answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="0.001", price="40000")
    assert answer.error == "EOrder:Orders limit exceeded"


@pytest.mark.parametrize(
    ("steps", "age", "cost"),
    [(CANCEL, 0, 8), (CANCEL, 5, 6), (CANCEL, 14, 5), (CANCEL, 44, 4), (CANCEL, 45, 2), (CANCEL, 299, 1),
     (CANCEL, 300, 0), (AMEND, 4, 3), (AMEND, 14, 1), (EDIT, 0, 6), (EDIT, 89, 1), (EDIT, 90, 0)],
)  # fmt: skip
def test_what_an_age_costs(steps: tuple[tuple[int, int], ...], age: int, cost: int) -> None:
    assert by_age(steps, age * SECOND) == cost


def test_refused_orders_count_at_the_engine() -> None:
    limits = Limits("starter")
    assert limits.order(0, "BTC/USD", 60) and not limits.order(0, "BTC/USD", 1)
    assert limits.count(0, "BTC/USD") == 61
    assert limits.order(2 * SECOND, "BTC/USD", 1) is True
    assert set(TIERS) == {"starter", "intermediate", "pro"}
