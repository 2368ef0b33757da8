"""Every refusal in Binance's own words, and nothing changed by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from binance_kit import EPOCH, KEY, SECOND, Kit

from outtrade_mocks import cassettes
from outtrade_mocks.venues.binance_spot.errors import table

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "40000",
}
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
MAKER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": "40000"}
DECIMAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"


def without(params: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in names}


def missing(name: str) -> tuple[int, int, str]:
    return 400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def illegal(name: str, legal: str) -> tuple[int, int, str]:
    return 400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."


def filtered(name: str) -> tuple[int, int, str]:
    return 400, -1013, f"Filter failure: {name}"


ORDER_ERRORS: list[tuple[dict[str, Any], tuple[int, int, str]]] = [
    (without(LIMIT, "symbol"), missing("symbol")),
    (without(LIMIT, "side"), missing("side")),
    (without(LIMIT, "type"), missing("type")),
    (without(LIMIT, "timeInForce"), missing("timeInForce")),
    (without(LIMIT, "quantity"), missing("quantity")),
    (without(LIMIT, "price"), missing("price")),
    (without(MAKER, "price"), missing("price")),
    (
        without(MARKET, "quantity"),
        (400, -1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
    ),
    (LIMIT | {"price": ""}, (400, -1105, "Parameter 'price' was empty.")),
    (LIMIT | {"newClientOrderId": ""}, (400, -1105, "Parameter 'newClientOrderId' was empty.")),
    (LIMIT | {"symbol": "NOSUCH"}, (400, -1121, "Invalid symbol.")),
    (LIMIT | {"symbol": "BTC/USDT"}, illegal("symbol", "^[A-Z0-9-_.]{1,20}$")),
    (LIMIT | {"side": "buy"}, (400, -1117, "Invalid side.")),
    (LIMIT | {"type": "ICEBERG"}, (400, -1116, "Invalid orderType.")),
    (LIMIT | {"timeInForce": "GTX"}, (400, -1115, "Invalid timeInForce.")),
    (MARKET | {"timeInForce": "GTC"}, (400, -1106, "Parameter 'timeInForce' sent when not required.")),
    (MARKET | {"price": "1"}, (400, -1106, "Parameter 'price' sent when not required.")),
    (MARKET | {"quoteOrderQty": "10"}, (400, -1106, "Parameter 'quoteOrderQty' sent when not required.")),
    (MAKER | {"timeInForce": "GTC"}, (400, -1106, "Parameter 'timeInForce' sent when not required.")),
    (LIMIT | {"stopPrice": "39000"}, (400, -1106, "Parameter 'stopPrice' sent when not required.")),
    (LIMIT | {"quantity": "1e-3"}, illegal("quantity", DECIMAL)),
    (LIMIT | {"quantity": "-1"}, illegal("quantity", DECIMAL)),
    (LIMIT | {"price": "NaN"}, illegal("price", DECIMAL)),
    (LIMIT | {"price": "4,000"}, illegal("price", DECIMAL)),
    (LIMIT | {"quantity": ".5"}, illegal("quantity", DECIMAL)),
    (LIMIT | {"quantity": "0.1" + "0" * 16 + "4"}, (400, -1111, "Parameter 'quantity' has too much precision.")),
    (LIMIT | {"price": "40000.000000001"}, (400, -1111, "Parameter 'price' has too much precision.")),
    (LIMIT | {"newClientOrderId": "x" * 37}, illegal("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$")),
    (LIMIT | {"newClientOrderId": "a b"}, illegal("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$")),
    (LIMIT | {"newOrderRespType": "ALL"}, (400, -1130, "Data sent for parameter 'newOrderRespType' is not valid.")),
    (
        LIMIT | {"selfTradePreventionMode": "NEVER"},
        (400, -1130, "Data sent for parameter 'selfTradePreventionMode' is not valid."),
    ),
    (LIMIT | {"strategyType": "999999"}, (400, -1134, "`strategyType` was less than 1000000.")),
    (LIMIT | {"strategyId": "9" * 20}, (400, -1108, "Parameter 'strategyId' overflowed.")),
    (LIMIT | {"trailingDelta": "100"}, (400, -1106, "Parameter 'trailingDelta' sent when not required.")),
    (MARKET | {"icebergQty": "0.001"}, (400, -1106, "Parameter 'icebergQty' sent when not required.")),
    (LIMIT | {"icebergQty": "7"}, (400, -2010, "IcebergQty exceeds QTY.")),
    (LIMIT | {"timeInForce": "IOC", "icebergQty": "0.001"}, (400, -1014, "Unsupported order combination.")),
    (LIMIT | {"pegPriceType": "PRIMARY_PEG"}, (400, -1020, "This operation is not supported.")),
    (
        MARKET | {"type": "STOP_LOSS"},
        (400, -1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"),
    ),
    (LIMIT | {"type": "STOP_LOSS"}, (400, -1106, "Parameter 'price' sent when not required.")),
    (LIMIT | {"type": "STOP_LOSS_LIMIT", "stopPrice": "40000.001"}, filtered("PRICE_FILTER")),
    (LIMIT | {"type": "TAKE_PROFIT_LIMIT", "trailingDelta": "5"}, filtered("TRAILING_DELTA")),
    (LIMIT | {"type": "TAKE_PROFIT_LIMIT", "trailingDelta": "x"}, illegal("trailingDelta", "^[0-9]{1,20}$")),
    (without(LIMIT, "timeInForce") | {"type": "STOP_LOSS_LIMIT", "stopPrice": "1"}, missing("timeInForce")),
    (
        MARKET | {"type": "STOP_LOSS", "side": "SELL", "stopPrice": "60000"},
        (400, -2010, "Order would trigger immediately."),
    ),
    (LIMIT | {"price": "40000.001"}, filtered("PRICE_FILTER")),
    (LIMIT | {"price": "0"}, filtered("PRICE_FILTER")),
    (LIMIT | {"price": "2000000"}, filtered("PRICE_FILTER")),
    (LIMIT | {"price": "9000"}, filtered("PERCENT_PRICE_BY_SIDE")),
    (LIMIT | {"side": "SELL", "price": "260000"}, filtered("PERCENT_PRICE_BY_SIDE")),
    (LIMIT | {"quantity": "0.000001"}, filtered("LOT_SIZE")),
    (LIMIT | {"quantity": "0"}, filtered("LOT_SIZE")),
    (LIMIT | {"quantity": "9001"}, filtered("LOT_SIZE")),
    (MARKET | {"quantity": "121"}, filtered("MARKET_LOT_SIZE")),
    (LIMIT | {"quantity": "0.0001"}, filtered("NOTIONAL")),
    (MARKET | {"quantity": "0.00009"}, filtered("NOTIONAL")),
    (without(MARKET, "quantity") | {"quoteOrderQty": "4.99"}, filtered("NOTIONAL")),
    (LIMIT | {"quantity": "3"}, (400, -2010, "Account has insufficient balance for requested action.")),
    (
        LIMIT | {"side": "SELL", "price": "60000", "quantity": "2.1"},
        (400, -2010, "Account has insufficient balance for requested action."),
    ),
    (MAKER | {"price": "50100"}, (400, -2010, "Order would immediately match and take.")),
]


@pytest.mark.parametrize(("params", "expected"), ORDER_ERRORS, ids=lambda value: str(value)[:60])
def test_new_order_refusals(kit: Kit, params: dict[str, Any], expected: tuple[int, int, str]) -> None:
    before = kit.venue.truth()
    answer = kit.place(**params)
    assert answer.error == expected
    assert kit.venue.truth() == before
    assert kit.pushes == []
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert "X-MBX-ORDER-COUNT-10S" not in answer.headers


@pytest.mark.parametrize(("params", "expected"), ORDER_ERRORS[:40], ids=lambda value: str(value)[:60])
def test_the_test_endpoint_refuses_the_same_form(
    kit: Kit, params: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    assert kit.ask("POST", "/api/v3/order/test", **params).error == expected


def test_duplicate_id_only_while_open(kit: Kit) -> None:
    assert kit.limit("40000", "0.01", newClientOrderId="same").status == 200
    assert kit.limit("40000", "0.01", newClientOrderId="same").error == (400, -2010, "Duplicate order sent.")
    assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="same").status == 200
    again = kit.limit("50100", "0.01", newClientOrderId="same")
    assert again.data["status"] == "FILLED"
    assert kit.limit("40000", "0.01", newClientOrderId="same").status == 200


def test_unknown_orders(kit: Kit) -> None:
    assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=1).error == (400, -2011, "Unknown order sent.")
    assert kit.private("/api/v3/order", symbol="BTCUSDT", orderId=1).error == (400, -2013, "Order does not exist.")
    assert kit.private("/api/v3/order", symbol="BTCUSDT", origClientOrderId="no").error[1] == -2013
    assert kit.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").error == (400, -2011, "Unknown order sent.")
    both = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
    assert kit.private("/api/v3/order", symbol="BTCUSDT").error == (400, -1102, both)
    assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT").error == (400, -1102, both)


def test_a_filled_or_cancelled_order_cannot_be_cancelled(kit: Kit) -> None:
    filled = kit.market(quantity="0.01").data
    assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=filled["orderId"]).error[1:] == (
        -2011,
        "Unknown order sent.",
    )
    resting = kit.limit("40000", "0.01").data
    for status in (200, 400):
        assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=resting["orderId"]).status == status


def test_ids_that_disagree(kit: Kit) -> None:
    order = kit.limit("40000", "0.01", newClientOrderId="mine").data
    text = "Client order ID is not correct for this order ID."
    params = {"symbol": "BTCUSDT", "orderId": order["orderId"], "origClientOrderId": "other"}
    assert kit.private("/api/v3/order", **params).error == (400, -2039, text)
    assert kit.ask("DELETE", "/api/v3/order", **params).error == (400, -2039, text)
    assert kit.private("/api/v3/order", **(params | {"origClientOrderId": "mine"})).status == 200


def test_cancel_restrictions(kit: Kit) -> None:
    order = kit.limit("40000", "0.01").data
    params = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    wrong = kit.ask("DELETE", "/api/v3/order", cancelRestrictions="SOMETIMES", **params)
    assert wrong.error == (400, -1145, "Invalid cancelRestrictions")
    refused = kit.ask("DELETE", "/api/v3/order", cancelRestrictions="ONLY_PARTIALLY_FILLED", **params)
    assert refused.error == (400, -2011, "Order was not canceled due to cancel restrictions.")
    assert kit.ask("DELETE", "/api/v3/order", cancelRestrictions="ONLY_NEW", **params).status == 200


def test_halted_market(kit: Kit) -> None:
    kit.venue.desk.exchange.set_open("BTC/USDT", False)
    assert kit.limit("40000", "0.01").error == (400, -2010, "Market is closed.")


def test_number_of_open_orders(kit: Kit) -> None:
    for _ in range(2):
        for _ in range(100):
            assert kit.limit("20000", "0.001").status == 200
        kit.now += 10 * SECOND
    assert kit.limit("20000", "0.001").error == filtered("MAX_NUM_ORDERS")


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        ("/api/v3/depth", {}, missing("symbol")),
        ("/api/v3/depth", {"symbol": "btcusdt"}, illegal("symbol", "^[A-Z0-9-_.]{1,20}$")),
        ("/api/v3/depth", {"symbol": "BTCUSDT", "limit": "ten"}, illegal("limit", "^[0-9]{1,20}$")),
        (
            "/api/v3/depth",
            {"symbol": "BTCUSDT", "limit": "0"},
            (400, -1130, "Data sent for parameter 'limit' is not valid."),
        ),
        ("/api/v3/exchangeInfo", {"symbol": "XXX"}, (400, -1121, "Invalid symbol.")),
        (
            "/api/v3/exchangeInfo",
            {"symbols": '["BTCUSDT","BTCUSDT"]'},
            (400, -1151, "Symbol is present multiple times in the list."),
        ),
        (
            "/api/v3/exchangeInfo",
            {"symbols": '["BTCUSDT"]', "symbol": "BTCUSDT"},
            (400, -1128, "Combination of optional parameters invalid."),
        ),
        (
            "/api/v3/ticker/24hr",
            {"symbol": "BTCUSDT", "type": "TINY"},
            (400, -1130, "Data sent for parameter 'type' is not valid."),
        ),
    ],
)
def test_market_data_refusals(kit: Kit, path: str, params: dict[str, str], expected: tuple[int, int, str]) -> None:
    assert kit.public(path, **params).error == expected


def test_symbols_that_are_no_list(kit: Kit) -> None:
    for bad in ("BTCUSDT", "[]", "{", '["btc"]', '[["BTCUSDT"]]'):
        assert kit.public("/api/v3/ticker/price", symbols=bad).error[:2] == (400, -1100)


def test_history_refusals(kit: Kit) -> None:
    day = 86_400_000
    assert kit.private("/api/v3/allOrders", symbol="BTCUSDT", startTime=1, endTime=day + 2).error == (
        400,
        -1127,
        "More than 24 hours between startTime and endTime.",
    )
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT", fromId=1, startTime=1).error == (
        400,
        -1128,
        "Combination of optional parameters invalid.",
    )
    assert kit.private("/api/v3/account", omitZeroBalances="maybe").error[1] == -1130


def test_paths_that_do_not_exist(kit: Kit) -> None:
    for method, path in [("GET", "/api/v3/nothing"), ("PUT", "/api/v3/order"), ("GET", "/"), ("GET", "/fapi/v1/order")]:
        assert kit.ask(method, path).error == (404, -1099, "Not found, authenticated, or authorized.")


def test_repeated_parameters(kit: Kit) -> None:
    request = kit.request("GET", "/api/v3/order", {"symbol": "BTCUSDT"})
    request.target += "&symbol=ETHUSDT"
    assert kit.raw(request).error == (400, -1101, "Duplicate values for a parameter detected.")


def test_every_error_of_the_cassette_is_used_or_read(make_kit: Callable[..., Kit]) -> None:
    """Each text reads back as what it is: no error of the table is taken for a success."""
    kit = make_kit()
    for interaction in cassettes.load("binance_spot", "errors"):
        reading = kit.venue.interpret(interaction.status, {}, interaction.body, EPOCH)
        assert reading.outcome in ("definite", "ambiguous"), interaction.name
        assert reading.code == table()[interaction.name].code
        assert (reading.outcome == "ambiguous") == (interaction.status >= 500), interaction.name


def test_key_errors(kit: Kit) -> None:
    request = kit.request("GET", "/api/v3/account")
    del request.headers["x-mbx-apikey"]
    assert kit.raw(request).error == (401, -2014, "API-key format invalid.")
    request.headers["x-mbx-apikey"] = "short"
    assert kit.raw(request).error == (401, -2014, "API-key format invalid.")
    request.headers["x-mbx-apikey"] = KEY[::-1]
    assert kit.raw(request).error == (401, -2015, "Invalid API-key, IP, or permissions for action.")
