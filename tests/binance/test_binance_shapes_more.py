"""Every other usable sample of the venue in the reference material: the rest of REST, the WebSocket API, the streams.

Each case answers with the mock's document for the sample of that name; ``ABSENT`` names the samples of what the mock
does not have (docs/venues/binance_spot.md), and a test holds that together they are all samples there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from binance_kit import EPOCH, KEY, SECOND, Kit, limit_order
from test_binance_market_streams import BUSY, Watcher
from test_binance_shapes import (
    CASES,
    CONDITIONAL,
    FOLDER,
    OTHER_RULES,
    PENDING,
    PENDING_PAIR,
    SELL,
    WORKING,
    pair,
    prepared,
    resting,
)
from test_binance_stream import ask, signed

from outtrade_mocks.venues.binance_spot.wsapi import BinanceSession

ABSENT = {
    *("order_list_opo", "order_list_opoco", "wsapi_order_list_place_opo", "wsapi_order_list_place_opoco"),
    *("sor_order", "sor_order_2", "wsapi_sor_order", "wsapi_sor_order_place"),
    *("historical_block_trades", "wsapi_block_trades_historical", "block_trade_subscription"),
    *("wsapi_execution_rules", "wsapi_reference_price", "wsapi_reference_price_calculation"),
    "reference_price_subscription",
}
"""One-pays-other lists, smart order routing, block trades, execution rules and reference prices."""
SYMBOL: dict[str, Any] = {"symbol": "BTCUSDT"}
TEST_ORDER = limit_order("40000", "0.01") | {"computeCommissionRates": "true"}
PAIR = SELL | {"aboveType": "LIMIT_MAKER", "abovePrice": "51000", "belowType": "STOP_LOSS", "belowStopPrice": "49000"}


def session_of(kit: Kit) -> BinanceSession:
    session = kit.venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)
    assert isinstance(session, BinanceSession)
    return session


def framed(kit: Kit, method: str, **params: Any) -> Any:
    answer = ask(session_of(kit), method, signed(kit.now, **params), now=kit.now)
    assert answer["status"] == 200, answer
    return answer


def public(kit: Kit, method: str, **params: Any) -> Any:
    return ask(session_of(kit), method, params, now=kit.now)


def listed(kit: Kit) -> int:
    return int(pair(kit)["orderListId"])


def sold(kit: Kit) -> int:
    """An order that self-trade prevention ended."""
    order = kit.limit("50005", "0.01", "SELL").data["orderId"]
    kit.market(quantity="0.01")
    return int(order)


def logged_on(kit: Kit, *methods: str) -> Any:
    """Answers on a connection that has logged on with an Ed25519 key."""
    pytest.importorskip("cryptography")
    from binance_pairs import pair as key_pair

    own = Kit(credentials=key_pair("ed25519").credentials(KEY))
    session = session_of(own)
    fields: dict[str, Any] = {"apiKey": KEY, "timestamp": EPOCH // 1_000_000}
    payload = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    answer = ask(session, "session.logon", fields | {"signature": key_pair("ed25519").sign(payload)})
    for method in methods:
        answer = ask(session, method)
    return answer


def subscribed(kit: Kit, method: str) -> Any:
    session = session_of(kit)
    ask(session, "userDataStream.subscribe.signature", signed(kit.now), now=kit.now)
    return ask(session, method, now=kit.now)


REST: dict[str, Callable[[Kit], Any]] = {
    "account_commission": lambda kit: kit.private("/api/v3/account/commission", **SYMBOL).data,
    "my_allocations": lambda kit: kit.private("/api/v3/myAllocations", **SYMBOL).data,
    "my_filters": lambda kit: kit.private("/api/v3/myFilters", **SYMBOL).data,
    "my_prevented_matches": lambda kit: kit.private("/api/v3/myPreventedMatches", **SYMBOL, orderId=sold(kit)).data,
    "klines": lambda kit: times(kit.public("/api/v3/klines", **SYMBOL, interval="1m").data),
    "ui_klines": lambda kit: times(kit.public("/api/v3/uiKlines", **SYMBOL, interval="1m").data),
    "ticker": lambda kit: kit.public("/api/v3/ticker", **SYMBOL).data,
    "ticker_trading_day": lambda kit: kit.public("/api/v3/ticker/tradingDay", **SYMBOL).data,
    "order": lambda kit: kit.ask("POST", "/api/v3/order/test", **TEST_ORDER).data,
}
FRAMES: dict[str, Callable[[Kit], Any]] = {
    "account_commission": lambda kit: framed(kit, "account.commission", **SYMBOL),
    "account_rate_limits_orders": lambda kit: framed(kit, "account.rateLimits.orders"),
    "account_status": lambda kit: framed(kit, "account.status"),
    "all_order_lists": lambda kit: (listed(kit), framed(kit, "allOrderLists"))[1],
    "all_orders": lambda kit: framed(kit, "allOrders", **SYMBOL),
    "my_allocations": lambda kit: framed(kit, "myAllocations", **SYMBOL),
    "my_filters": lambda kit: framed(kit, "myFilters", **SYMBOL),
    "my_prevented_matches": lambda kit: framed(kit, "myPreventedMatches", **SYMBOL, orderId=sold(kit)),
    "my_trades": lambda kit: framed(kit, "myTrades", **SYMBOL),
    "open_order_lists_status": lambda kit: (listed(kit), framed(kit, "openOrderLists.status"))[1],
    "open_orders_status": lambda kit: framed(kit, "openOrders.status", **SYMBOL),
    "order_amendments": lambda kit: (amended(kit), framed(kit, "order.amendments", **SYMBOL, orderId=resting(kit)))[1],
    "order_list_status": lambda kit: framed(kit, "orderList.status", orderListId=listed(kit)),
    "order_status": lambda kit: framed(kit, "order.status", **SYMBOL, orderId=resting(kit)),
    "session_logon": lambda kit: logged_on(kit),
    "session_status": lambda kit: logged_on(kit, "session.status"),
    "session_logout": lambda kit: logged_on(kit, "session.logout"),
    "exchange_info": lambda kit: public(kit, "exchangeInfo", **SYMBOL),
    "avg_price": lambda kit: public(kit, "avgPrice", **SYMBOL),
    "depth": lambda kit: public(kit, "depth", **SYMBOL),
    "klines": lambda kit: candles(kit, "klines"),
    "ui_klines": lambda kit: candles(kit, "uiKlines"),
    "ticker": lambda kit: public(kit, "ticker", **SYMBOL),
    "ticker24hr": lambda kit: public(kit, "ticker.24hr", **SYMBOL),
    "ticker_book": lambda kit: public(kit, "ticker.book", **SYMBOL),
    "ticker_price": lambda kit: public(kit, "ticker.price", **SYMBOL),
    "ticker_trading_day": lambda kit: public(kit, "ticker.tradingDay", symbols=["BTCUSDT"]),
    "trades_aggregate": lambda kit: public(kit, "trades.aggregate", **SYMBOL),
    "trades_historical": lambda kit: public(kit, "trades.historical", **SYMBOL),
    "trades_recent": lambda kit: public(kit, "trades.recent", **SYMBOL),
    "open_orders_cancel_all": lambda kit: (listed(kit), framed(kit, "openOrders.cancelAll", **SYMBOL))[1],
    "order_amend_keep_priority": lambda kit: amended_in_a_list(kit),
    "order_cancel": lambda kit: both_cancelled(kit),
    "order_cancel_replace": lambda kit: framed(
        kit,
        "order.cancelReplace",
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=resting(kit),
        **limit_order("50100", "0.01"),
    ),
    "order_list_cancel": lambda kit: framed(kit, "orderList.cancel", **SYMBOL, orderListId=listed(kit)),
    "order_list_place": lambda kit: framed(kit, "orderList.place", **SELL, price="51000", stopPrice="49000"),
    "order_list_place_oco": lambda kit: framed(kit, "orderList.place.oco", **PAIR),
    "order_list_place_oto": lambda kit: framed(kit, "orderList.place.oto", **WORKING, **PENDING),
    "order_list_place_otoco": lambda kit: framed(kit, "orderList.place.otoco", **WORKING, **PENDING_PAIR),
    "order_place": lambda kit: framed(kit, "order.place", **limit_order("50100", "0.01")),
    "order": lambda kit: framed(kit, "order.test", **TEST_ORDER),
    "session_subscriptions": lambda kit: subscribed(kit, "session.subscriptions"),
    "user_data_stream_subscribe": lambda kit: logged_on(kit, "userDataStream.subscribe"),
    "user_data_stream_unsubscribe": lambda kit: subscribed(kit, "userDataStream.unsubscribe"),
}
STREAMS = {
    "agg_trade": "btcusdt@aggTrade",
    "all_market_rolling_window_ticker": "!ticker_1h@arr",
    "all_mini_ticker": "!miniTicker@arr",
    "avg_price": "btcusdt@avgPrice",
    "book_ticker": "btcusdt@bookTicker",
    "diff_book_depth": "btcusdt@depth@100ms",
    "kline": "btcusdt@kline_1m",
    "mini_ticker": "btcusdt@miniTicker",
    "partial_book_depth": "btcusdt@depth5",
    "rolling_window_ticker": "btcusdt@ticker_1h",
    "ticker": "btcusdt@ticker",
    "trade": "btcusdt@trade",
}
CONDITIONAL_HERE = r"\.(takerPreventedQuantity|makerPreventedQuantity|tradeId|assetFilters\[\]|pegInstructionsAllowed)"
EMPTY_HERE = ("my_allocations", "wsapi_my_allocations")


def amended(kit: Kit) -> Any:
    return framed(kit, "order.amend.keepPriority", **SYMBOL, orderId=resting(kit), newQty="0.005")


def amended_in_a_list(kit: Kit) -> Any:
    working = kit.ask("POST", "/api/v3/orderList/oto", **WORKING, **PENDING).data["orderReports"][0]["orderId"]
    return framed(kit, "order.amend.keepPriority", **SYMBOL, orderId=working, newQty="0.05")


def both_cancelled(kit: Kit) -> Any:
    """The sample shows the answer to a single order and that to one of a list in one object."""
    one = framed(kit, "order.cancel", **SYMBOL, orderId=resting(kit))
    other = framed(kit, "order.cancel", **SYMBOL, orderId=pair(kit)["orders"][0]["orderId"])
    return one | {"result": other["result"] | one["result"]}


def times(rows: list[list[Any]]) -> list[list[Any]]:
    """The samples of candles have lost all but the opening time."""
    assert all(len(row) == 12 for row in rows)
    return [row[:1] for row in rows]


def candles(kit: Kit, method: str) -> Any:
    answer = public(kit, method, **SYMBOL, interval="1m")
    return answer | {"result": times(answer["result"])}


def all_cases() -> Iterator[tuple[str, Callable[[Kit], Any]]]:
    yield from REST.items()
    for name, make in FRAMES.items():
        yield f"wsapi_{name}", make
    for name, stream in STREAMS.items():
        yield f"{name}_subscription", lambda kit, stream=stream: last_of(stream)  # type: ignore[misc]


def last_of(stream: str) -> Any:
    return Watcher(Kit(markets=BUSY), f"/ws/{stream}").wait(10)[-1]


@pytest.mark.parametrize(("name", "make"), sorted(all_cases(), key=lambda case: case[0]))
def test_shape_of(shared: Path, wire_compare: ModuleType, name: str, make: Callable[[Kit], Any]) -> None:
    path = shared / "fixtures" / FOLDER / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"no sample {name}")
    kit = prepared()
    kit.now += SECOND
    mine = json.loads(json.dumps(make(kit)))
    if name in EMPTY_HERE:
        assert (mine if isinstance(mine, list) else mine["result"]) == []
        return
    ignore = (CONDITIONAL, OTHER_RULES, CONDITIONAL_HERE, r"lastUpdateId")  # an id, though it looks like a time
    result = wire_compare.compare(json.loads(path.read_text()), mine, venue="binance_spot", ignore=ignore)
    print(f"{name}: coverage {result['coverage']} % of {result['paths']} paths")
    hard = [finding for finding in result["findings"] if finding["hard"]]
    assert hard == [], hard
    assert result["coverage"] >= 95, result["findings"]


def test_every_sample_is_compared_or_said_to_be_absent(shared: Path) -> None:
    rows = map(json.loads, (shared / "fixtures" / "index.jsonl").read_text().splitlines())
    samples = {
        Path(row["file"]).stem
        for row in rows
        if row["venue"] == "binance_spot"
        and row["usable"]
        and row["direction"] == "recv"
        and row["trust"] in ("A", "C")
    }
    assert samples <= set(CASES) | {name for name, _ in all_cases()} | ABSENT
