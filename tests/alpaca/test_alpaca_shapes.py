"""Shapes held against the samples of the official documentation (skipped where the material is absent)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alpaca_kit import Kit

from outtrade_mocks.venues.alpaca import CREDENTIALS

DOCS, OAS = "alpaca_docs/alpaca", "alpaca_oas/alpaca"
STOCKS = f"{DOCS}/stock-pricing-data_historical_Example_of_a"


def prepared() -> Kit:
    """An account on which something happened, and prints of the market."""
    kit = Kit()
    kit.ask("GET", "/v2/stocks/AAPL/trades/latest")
    kit.market("AAPL", "5")
    kit.place()
    return kit


def get(path: str, **query: Any) -> Callable[[Kit], Any]:
    return lambda kit: kit.ask("GET", path, **query).ok


def streamed(kit: Kit) -> Any:
    talk = kit.open()
    talk.listen()
    kit.market("BTC/USD", "0.1", "sell")
    return {"stream": "trade_updates", "data": talk.events()[-1]}


def stream(*frames: Any) -> Callable[[Kit], Any]:
    def answer(kit: Kit) -> Any:
        talk = kit.open()
        return [talk.say(frame) for frame in frames][-1]

    return answer


def data(*frames: Any) -> Callable[[Kit], Any]:
    def answer(kit: Kit) -> Any:
        talk = kit.open("/v1beta3/crypto/us", "stream.data.alpaca.markets")
        return [talk.greeting[0], *(talk.say(frame) for frame in frames)][-1]

    return answer


KEYS = {"key_id": CREDENTIALS.key, "secret_key": CREDENTIALS.secret}
LOGIN = {"action": "authenticate", "data": KEYS}
WRONG = {"action": "authenticate", "data": KEYS | {"secret_key": "x"}}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}
AUTH = {"action": "auth", "key": CREDENTIALS.key, "secret": CREDENTIALS.secret}
CHANNELS = ("trades", "quotes", "orderbooks", "bars")
CASES: dict[str, Callable[[Kit], Any]] = {
    f"{OAS}/Account": get("/v2/account"),
    f"{OAS}/AccountConfigurations": get("/v2/account/configurations"),
    f"{DOCS}/trading_trading-configurations_Sample_Object": get("/v2/account/configurations"),
    f"{OAS}/TradingActivities": lambda kit: kit.ask("GET", "/v2/account/activities/FILL").ok[0],
    f"{OAS}/Order": lambda kit: kit.orders()[0],
    f"{DOCS}/trading_orders_Sample_Order_Object": lambda kit: kit.orders()[0],
    f"{OAS}/Assets": get("/v2/assets/AAPL"),
    f"{OAS}/Position": get("/v2/positions/AAPL"),
    f"{DOCS}/trading_positions_Sample_Position_Object": get("/v2/positions/AAPL"),
    f"{OAS}/Calendar": lambda kit: kit.ask("GET", "/v2/calendar", start="2026-01-02", end="2026-01-02").ok[0],
    f"{OAS}/Clock": get("/v2/clock"),
    f"{OAS}/CanceledOrderResponse": lambda kit: kit.ask("DELETE", "/v2/orders").data[0],
    f"{OAS}/PositionClosedReponse": lambda kit: kit.ask("DELETE", "/v2/positions", cancel_orders="true").data[0],
    f"{DOCS}/trading_portfolio-history_Sample_Object": get("/v2/account/portfolio/history"),
    f"{OAS}/LatestQuoteResponse": get("/v2/stocks/AAPL/quotes/latest"),
    f"{OAS}/LatestTradeResponse": get("/v2/stocks/AAPL/trades/latest"),
    f"{OAS}/QuotesResponse": get("/v2/stocks/AAPL/quotes"),
    f"{OAS}/TradesResponse": get("/v2/stocks/AAPL/trades"),
    f"{OAS}/BarsResponse": get("/v2/stocks/AAPL/bars", timeframe="1Min"),
    f"{STOCKS}_latest_multi_quotes_response": get("/v2/stocks/quotes/latest", symbols="AAPL"),
    f"{STOCKS}_latest_multi_trades_response": get("/v2/stocks/trades/latest", symbols="AAPL"),
    f"{STOCKS}_latest_multi_bars_response": get("/v2/stocks/bars/latest", symbols="AAPL"),
    f"{STOCKS}_snapshot_response_for_one_ticker": get("/v2/stocks/AAPL/snapshot"),
    f"{DOCS}/trading-api_streaming_Authentication_2": stream(LOGIN),
    f"{DOCS}/trading-api_streaming_Authentication_3": stream(WRONG),
    f"{DOCS}/trading-api_streaming_Authentication_4": stream(LISTEN),
    f"{DOCS}/trading-api_streaming_Streaming_2": stream(LOGIN, LISTEN),
    f"{DOCS}/trading-api_streaming_Example": streamed,
    f"{DOCS}/crypto-api_real-time_Establishment": data(),
    f"{DOCS}/crypto-api_real-time_Establishment_3": data(AUTH),
    f"{DOCS}/crypto-api_real-time_Subscription_confirmation": data(
        AUTH, {"action": "subscribe"} | {name: ["BTC/USD"] for name in CHANNELS}
    ),
    f"{DOCS}/crypto-api_real-time_Errors": data({"action": "odd"}),
    f"{DOCS}/crypto-api_real-time_Errors_2": data({"action": "subscribe", "quotes": ["BTC/USD"]}),
    f"{DOCS}/crypto-api_real-time_Errors_3": data(AUTH | {"secret": "x"}),
    f"{DOCS}/crypto-api_real-time_Errors_4": data(AUTH, AUTH),
}
IGNORED = (
    r"\.commission$",  # of the Broker API
    r"^\.next_page_token$",  # there is no further page
    r"next_page_token",
    r"^\$\.timestamp\[\]$",  # the sample has milliseconds, the reference says seconds
)


def one_symbol(value: Any) -> Any:
    """Maps of several assets, as one of Apple."""
    examples = [name for name in value if "example" in name] if isinstance(value, dict) else []
    if examples:
        return value[examples[0]]
    if isinstance(value, dict):
        named = [name for name in value if name.isupper() and len(name) < 6]
        if named and all(isinstance(value[name], dict | list) for name in named):
            return {"AAPL": value[named[0]]}
        return {name: one_symbol(member) for name, member in value.items()}
    return value


@pytest.mark.parametrize("name", CASES, ids=lambda name: name.rpartition("/")[2])
def test_a_sample_of_the_documentation(
    name: str, shared: Path, wire_compare: ModuleType, record_property: Callable[[str, object], None]
) -> None:
    path = shared / "fixtures" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    sample = one_symbol(json.loads(path.read_text()))
    mine = one_symbol(json.loads(json.dumps(CASES[name](prepared()))))
    result = wire_compare.compare(sample, mine, venue="alpaca", ignore=IGNORED)
    record_property("coverage", result["coverage"])
    hard = [finding for finding in result["findings"] if finding["hard"]]
    assert hard == [] and result["coverage"] >= 95, (result["coverage"], result["findings"])
