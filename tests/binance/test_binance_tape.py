"""The public tape: trades, aggregates, candles and windows; fees in BNB, and self-trades that were prevented."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance_kit import EPOCH, MARKETS, QUIET, SECOND, SYMBOLS, Kit, limit_order

MS = 1_000_000
BUSY = MARKETS | {"BTC/USDT": MARKETS["BTC/USDT"] | {"maker_rate": 0.5, "taker_rate": 1.0, "volatility_bps": 5.0}}


def busy(make_kit: Callable[..., Kit], seconds: int = 300) -> Kit:
    kit = make_kit(markets=BUSY)
    kit.public("/api/v3/trades", symbol="BTCUSDT")
    kit.now += seconds * SECOND
    return kit


def test_everybodys_trades(make_kit: Callable[..., Kit]) -> None:
    kit = busy(make_kit)
    own = kit.market(quantity="0.02").data["fills"]
    trades = kit.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).data
    assert len(trades) > 50
    ids = [trade["id"] for trade in trades]
    assert ids == list(range(ids[0], ids[0] + len(ids))), "ids have no gaps"
    last = trades[-1]
    assert (last["price"], last["qty"]) == (own[-1]["price"], own[-1]["qty"])
    assert (last["time"], last["isBuyerMaker"], last["isBestMatch"]) == (kit.now // MS, False, True)
    assert Decimal(last["quoteQty"]) == (Decimal(last["price"]) * Decimal(last["qty"])).quantize(Decimal("1e-8"))
    older = kit.public("/api/v3/historicalTrades", symbol="BTCUSDT", fromId=ids[10], limit=5).data
    assert older == trades[10:15]


def test_own_trades_before_the_first_look_are_there(kit: Kit) -> None:
    kit.market(quantity="0.01")
    kit.now += SECOND
    kit.limit("50020", "0.01")
    trades = kit.public("/api/v3/trades", symbol="BTCUSDT").data
    assert [trade["qty"] for trade in trades] == ["0.01000000", "0.01000000"]
    kit.market("SELL", quantity="0.01")
    after = kit.public("/api/v3/trades", symbol="BTCUSDT").data
    assert after[:2] == trades
    assert after[2]["id"] == trades[1]["id"] + 1
    assert after[2]["isBuyerMaker"]


def test_aggregates(make_kit: Callable[..., Kit]) -> None:
    kit = busy(make_kit)
    trades = {one["id"]: one for one in kit.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).data}
    groups = kit.public("/api/v3/aggTrades", symbol="BTCUSDT", limit=1000).data
    assert len(groups) > 20
    for group in groups:
        parts = [trades[number] for number in range(group["f"], group["l"] + 1) if number in trades]
        if len(parts) == group["l"] - group["f"] + 1:
            assert {(part["price"], part["time"], part["isBuyerMaker"]) for part in parts} == {
                (group["p"], group["T"], group["m"])
            }
            assert sum(Decimal(part["qty"]) for part in parts) == Decimal(group["q"])
    some = kit.public("/api/v3/aggTrades", symbol="BTCUSDT", fromId=groups[3]["a"], limit=2).data
    assert some == groups[3:5]
    bounded = kit.public("/api/v3/aggTrades", symbol="BTCUSDT", startTime=groups[3]["T"], endTime=groups[5]["T"]).data
    assert groups[3] in bounded
    assert all(groups[3]["T"] <= each["T"] <= groups[5]["T"] for each in bounded)
    refused = kit.public("/api/v3/aggTrades", symbol="BTCUSDT", fromId=1, startTime=1)
    assert refused.error == (400, -1128, "Combination of optional parameters invalid.")


def test_candles(make_kit: Callable[..., Kit]) -> None:
    kit = busy(make_kit)
    trades = kit.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).data
    rows = kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1m").data
    assert len(rows) == 6, "the run began five minutes ago"
    assert all(row[0] % 60_000 == 0 and row[6] == row[0] + 59_999 and len(row) == 12 for row in rows)
    assert sum(row[8] for row in rows) == len(trades)
    second = [trade for trade in trades if rows[1][0] <= trade["time"] <= rows[1][6]]
    prices = [Decimal(trade["price"]) for trade in second]
    assert [Decimal(value) for value in rows[1][1:5]] == [prices[0], max(prices), min(prices), prices[-1]]
    assert Decimal(rows[1][5]) == sum(Decimal(trade["qty"]) for trade in second)
    bought = sum(Decimal(trade["qty"]) for trade in second if not trade["isBuyerMaker"])
    assert Decimal(rows[1][9]) == bought
    later = kit.public("/api/v3/uiKlines", symbol="BTCUSDT", interval="1m", startTime=rows[2][0], limit=2).data
    assert later == rows[2:4]
    assert kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1m", endTime=rows[2][0]).data == rows[:3]
    day = kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1d", timeZone="+3:00").data
    assert (day[0][0] + 3 * 3_600_000) % 86_400_000 == 0
    assert kit.public("/api/v3/klines", symbol="BTCUSDT", interval="7m").error == (400, -1120, "Invalid interval.")
    assert kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1m", timeZone="25").error[1] == -1130
    assert kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1m", startTime=9 * 10**18).data == []


def test_windows(make_kit: Callable[..., Kit]) -> None:
    kit = busy(make_kit)
    trades = kit.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).data
    rolling = kit.public("/api/v3/ticker", symbol="BTCUSDT", windowSize="1h").data
    assert (rolling["count"], rolling["lastId"]) == (len(trades), trades[-1]["id"])
    assert rolling["lastPrice"] == trades[-1]["price"]
    minute = kit.public("/api/v3/ticker", symbol="BTCUSDT", windowSize="1m").data
    assert 0 < minute["count"] < rolling["count"]
    day = kit.public("/api/v3/ticker/tradingDay", symbols='["BTCUSDT","ETHUSDT"]', type="MINI").data
    assert [each["symbol"] for each in day] == ["BTCUSDT", "ETHUSDT"]
    assert "priceChange" not in day[0]
    assert kit.public("/api/v3/ticker", symbol="BTCUSDT", windowSize="61m").error[:2] == (400, -1100)
    assert kit.public("/api/v3/ticker").error[:2] == (400, -1102)
    full = kit.public("/api/v3/ticker/24hr", symbol="BTCUSDT").data
    assert (full["count"], full["highPrice"]) == (rolling["count"], rolling["highPrice"])


def test_whether_anybody_looks_changes_nothing(make_kit: Callable[..., Kit]) -> None:
    def tell(look: bool) -> Any:
        kit = make_kit(markets=BUSY)
        kit.limit("49000", "0.01")
        for _ in range(5):
            kit.now += 60 * SECOND
            if look:
                kit.public("/api/v3/klines", symbol="BTCUSDT", interval="1m")
            kit.market(quantity="0.01")
        return kit.private("/api/v3/myTrades", symbol="BTCUSDT").data

    assert tell(True) == tell(False)


# ------------------------------------------------------------------ fees in BNB
WITH_BNB = {
    "symbols": (*SYMBOLS, "BNB/USDT"),
    "markets": MARKETS | {"BNB/USDT": QUIET | {"mid": "600", "depth": "5", "taker_size": "0.5"}},
}


def test_fees_in_bnb(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(**WITH_BNB, balances={"USDT": Decimal(100_000), "BNB": Decimal("0.01")})
    standing = kit.limit("40000", "0.01").data["orderId"]
    assert kit.market(quantity="0.01").data["fills"][0]["commissionAsset"] == "BTC"
    assert kit.ask("POST", "/sapi/v1/bnbBurn", spotBNBBurn="true").data == {
        "spotBNBBurn": True,
        "interestBNBBurn": False,
    }
    assert kit.private("/sapi/v1/bnbBurn").data["spotBNBBurn"] is True
    discount = kit.private("/api/v3/account/commission", symbol="BTCUSDT").data["discount"]
    assert discount["enabledForAccount"] is True
    fill = kit.market(quantity="0.01").data["fills"][0]
    due = Decimal("0.01") * Decimal("0.001") * Decimal("0.75") * 50_000 / 600  # BTC at its price in BNB
    assert fill["commissionAsset"] == "BNB"
    assert Decimal(fill["commission"]) == due.quantize(Decimal("1e-8"), "ROUND_DOWN")
    assert kit.venue.fill(str(standing), Decimal(1)), "an order that was open pays in BNB too"
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT").data[-1]["commissionAsset"] == "BNB"
    assert [each["B"] for each in kit.events() if each["e"] == "outboundAccountPosition"][-1][-1]["a"] == "BNB"
    dear = kit.market(quantity="0.5").data["fills"][0]
    assert dear["commissionAsset"] == "BTC", "there is not enough BNB for it"
    kit.ask("POST", "/sapi/v1/bnbBurn", spotBNBBurn="false")
    assert kit.market(quantity="0.01").data["fills"][0]["commissionAsset"] == "BTC"
    assert kit.ask("POST", "/sapi/v1/bnbBurn").error[:2] == (400, -1102)


def test_bnb_from_the_start(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(**WITH_BNB, balances={"USDT": Decimal(100_000), "BNB": Decimal(1)}, knobs={"bnb_burn": True})
    assert kit.market(quantity="0.01").data["fills"][0]["commissionAsset"] == "BNB"


# ------------------------------------------------------------------ self-trades
@pytest.mark.parametrize(
    ("mode", "taker", "maker", "lost"),
    [
        ("EXPIRE_MAKER", "FILLED", "EXPIRED_IN_MATCH", ("0", "0.01")),
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "NEW", ("0.02", "0")),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH", ("0.02", "0.01")),
        ("DECREMENT", "FILLED", "EXPIRED_IN_MATCH", ("0.01", "0.01")),
    ],
)
def test_prevented_matches(kit: Kit, mode: str, taker: str, maker: str, lost: tuple[str, str]) -> None:
    resting = kit.limit("50005", "0.01", "SELL").data["orderId"]
    answer = kit.limit("50100", "0.02", selfTradePreventionMode=mode).data
    assert answer["status"] == taker
    assert kit.private("/api/v3/order", symbol="BTCUSDT", orderId=resting).data["status"] == maker
    [match] = kit.private("/api/v3/myPreventedMatches", symbol="BTCUSDT", orderId=resting).data
    assert (match["takerOrderId"], match["makerOrderId"]) == (answer["orderId"], resting)
    assert match["price"] == "50005.00000000"
    assert match["selfTradePreventionMode"] == mode
    assert (Decimal(match.get("takerPreventedQuantity", 0)), Decimal(match.get("makerPreventedQuantity", 0))) == tuple(
        map(Decimal, lost)
    )
    by_id = kit.private("/api/v3/myPreventedMatches", symbol="BTCUSDT", preventedMatchId=match["preventedMatchId"])
    assert by_id.data == [match]
    told = [event for event in kit.events() if event.get("x") == "TRADE_PREVENTION"]
    assert {event["i"] for event in told} == {
        order for order, part in ((answer["orderId"], lost[0]), (resting, lost[1])) if part != "0"
    }
    for event in told:
        assert event["v"] == match["preventedMatchId"]
        assert event["U"] in (resting, answer["orderId"]) and event["U"] != event["i"]
        assert Decimal(event["A"]) == Decimal(event["B"]) == Decimal(lost[event["i"] == resting])
    assert ("preventedMatchId" in answer) == (lost[0] != "0"), "only who lost something by it says so"
    if lost[0] != "0":
        assert Decimal(answer["preventedQuantity"]) == Decimal(lost[0])


def test_an_iceberg_has_as_many_parts_as_the_symbol_allows(make_kit: Callable[..., Kit]) -> None:
    listing = make_kit().venue.desk.listings["BTC/USDT"]
    rules = [dict(rule, limit=3) if rule["filterType"] == "ICEBERG_PARTS" else rule for rule in listing.raw["filters"]]
    kit = make_kit(symbols=("BTC/USDT",), reference={"listings": {"BTC/USDT": listing.raw | {"filters": rules}}})
    assert kit.limit("40000", "0.03", icebergQty="0.01").status == 200
    refused = kit.limit("40000", "0.04", icebergQty="0.01")
    assert refused.error == (400, -1013, "Filter failure: ICEBERG_PARTS")


def test_prevented_matches_are_asked_for_by_one_thing(kit: Kit) -> None:
    assert kit.private("/api/v3/myPreventedMatches", symbol="BTCUSDT").error[:2] == (400, -1128)
    assert kit.private("/api/v3/myPreventedMatches", symbol="BTCUSDT", orderId=5).data == []


def test_what_clients_ask_of_an_account(kit: Kit) -> None:
    assert kit.private("/sapi/v1/account/status").data == {"data": "Normal"}
    assert kit.private("/sapi/v1/account/apiTradingStatus").data["data"]["isLocked"] is False
    assert kit.private("/sapi/v1/account/apiRestrictions").data["enableSpotAndMarginTrading"] is True
    held = kit.ask("POST", "/sapi/v3/asset/getUserAsset").data
    assert [(each["asset"], each["free"]) for each in held] == [("BTC", "2"), ("ETH", "10"), ("USDT", "100000")]
    assert kit.private("/api/v3/myAllocations", symbol="BTCUSDT").data == []
    assert kit.private("/api/v3/myFilters", symbol="BTCUSDT").data["symbolFilters"][0]["filterType"] == "PRICE_FILTER"
    assert kit.now == EPOCH


def test_which_symbols_are_listed_for_a_permission(kit: Kit) -> None:
    def names(**params: Any) -> list[str]:
        return [one["symbol"] for one in kit.public("/api/v3/exchangeInfo", **params).data["symbols"]]

    assert names(permissions="SPOT") == names(permissions='["MARGIN","SPOT"]') == names()
    assert names(permissions="MARGIN") == []
    assert "permissionSets" not in kit.public("/api/v3/exchangeInfo", showPermissionSets="false").data["symbols"][0]


def test_a_symbol_without_cancel_replace(make_kit: Callable[..., Kit]) -> None:
    raw = make_kit().venue.desk.listings["BTC/USDT"].raw | {"cancelReplaceAllowed": False}
    kit = make_kit(symbols=("BTC/USDT",), reference={"listings": {"BTC/USDT": raw}})
    order = kit.limit("40000", "0.01").data["orderId"]
    swap = limit_order("41000", "0.01") | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": order}
    refused = kit.ask("POST", "/api/v3/order/cancelReplace", **swap)
    assert refused.error == (400, -1013, "Order cancel-replace is not supported for this symbol.")
