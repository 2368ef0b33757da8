"""Answers of all venues read by their declared traits, and ccxt's structures in our words."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import import_module
from inspect import signature
from typing import Any

import pytest

from outtrade.dialects.answers import Reader
from outtrade.dialects.unified import read_balances, read_fill, read_order, read_quote
from outtrade.dialects.words import Doubtful, Refused
from outtrade_mocks import venues
from outtrade_mocks.venues.about import ErrorRow

D = Decimal


def body(venue: str, row: ErrorRow) -> str:
    """An error in the venue's form."""
    if venue == "okx":
        item = {"sCode": row.code, "sMsg": row.text}
        whole = row.status != 200 or row.code in ("50001", "50011")
        data = {"code": row.code if whole else "1", "msg": row.text, "data": [] if whole else [item]}
        return json.dumps(data)
    if venue == "bybit":
        return json.dumps({"retCode": int(row.code or 0), "retMsg": row.text, "result": {}})
    if venue == "kraken_spot":
        return json.dumps({"error": [row.text]})
    if venue == "coinbase":
        errors = import_module("outtrade_mocks.venues.coinbase.errors").table().values()
        return json.dumps(next(one.body for one in errors if one.word == row.code))
    if venue == "deribit":
        return json.dumps({"jsonrpc": "2.0", "error": {"code": int(row.code), "message": row.text}})
    if venue == "alpaca":
        return json.dumps({"code": int(row.code), "message": row.text})
    return json.dumps({"code": int(row.code), "msg": row.text})


def said(venue: str, row: ErrorRow) -> str:
    try:
        Reader.of(venue).check(row.status, {}, body(venue, row), now=0.0)
    except Refused:
        return "definite"
    except Doubtful:
        return "ambiguous"
    return "ok"


def meant(venue: str, row: ErrorRow) -> str:
    read: Any = import_module(f"outtrade_mocks.venues.{venue}.reading").read_answer
    raw = body(venue, row).encode()
    short = len(signature(read).parameters) == 2
    outcome: str = (read(row.status, raw) if short else read(row.status, {}, raw, 0)).outcome
    return outcome


@pytest.mark.parametrize("venue", venues.NAMES)
def test_every_documented_error_is_read_as_the_venue_means_it_or_more_carefully(venue: str) -> None:
    rows = [row for row in venues.load(venue).about().errors if venue in ("kraken_spot",) or row.code.lstrip("-")]
    pairs = {(row.code, row.text): (said(venue, row), meant(venue, row)) for row in rows}
    assert len(pairs) > 20
    careful = {key for key, (ours, theirs) in pairs.items() if (ours, theirs) == ("ambiguous", "definite")}
    assert {key for key, (ours, theirs) in pairs.items() if ours != theirs} == careful
    assert {text for _, text in careful} <= {
        "EAPI:Invalid nonce",  # may be the echo of a request that was carried out
        "Internal error; unable to process your request. Please try again.",
        *(text for code, text in careful if code == "-1001"),
    }


@pytest.mark.parametrize(
    ("venue", "status", "data", "kind"),
    [
        ("binance_usdm", 400, {"code": -4116, "msg": "ClientOrderId is duplicated."}, "duplicate"),
        ("binance_usdm", 503, {"code": -1008, "msg": "Request throttled"}, "busy"),
        ("binance_usdm", 400, {"code": -2019, "msg": "Margin is insufficient."}, "funds"),
        ("okx", 200, {"code": "1", "data": [{"sCode": "51016", "sMsg": "exists"}], "msg": ""}, "duplicate"),
        ("okx", 200, {"code": "51603", "data": [], "msg": "Order does not exist"}, "not_found"),
        ("deribit", 400, {"error": {"code": 10004, "message": "order_not_found"}}, "not_found"),
        ("deribit", 400, {"error": {"code": 10010, "message": "already_closed"}}, "unknown_order"),
        ("deribit", 400, {"error": {"code": 11054, "message": "post_only_reject"}}, "would_take"),
        ("deribit", 400, {"error": {"code": 10035, "message": "trigger_price_too_low"}}, "rules"),
        ("deribit", 429, {"error": {"code": 10028, "message": "too_many_requests"}}, "rate"),
        (
            "deribit",
            400,
            {"error": {"code": 13009, "message": "unauthorized", "data": {"reason": "timestamp out of window"}}},
            "clock",
        ),
        ("okx", 503, {"code": "50001", "data": [], "msg": "Service temporarily unavailable"}, "busy"),
        (
            "okx",
            200,
            {"code": "50121", "data": [], "msg": "You can't access our services through the IP address"},
            "ban",
        ),
        ("okx", 401, {"code": "50102", "data": [], "msg": "Timestamp request expired"}, "clock"),
        ("bybit", 200, {"retCode": 170141, "retMsg": "Duplicate clientOrderId", "result": {}}, "duplicate"),
        ("bybit", 200, {"retCode": 110001, "retMsg": "order not exists", "result": {}}, "unknown_order"),
        ("bybit", 200, {"retCode": 10006, "retMsg": "Too many visits!", "result": {}}, "rate"),
        ("bybit", 403, {}, "ban"),
        ("binance_spot", 429, {"code": -1015, "msg": "Too many new orders; current limit is 100 per 10s."}, "busy"),
        ("binance_spot", 429, {"code": -1003, "msg": "Too much request weight used."}, "rate"),
        ("kraken_spot", 200, {"error": ["EOrder:Rate limit exceeded"]}, "busy"),
        ("kraken_spot", 200, {"error": ["EAPI:Rate limit exceeded"]}, "rate"),
        ("kraken_spot", 200, {"error": ["EGeneral:Invalid arguments:cl_ord_id not unique"]}, "duplicate"),
        ("kraken_spot", 200, {"error": ["EOrder:Unknown order"]}, "unknown_order"),
        ("alpaca", 422, {"code": 40010001, "message": "client_order_id must be unique"}, "duplicate"),
        ("alpaca", 422, {"code": 40010001, "message": "qty must be > 0"}, "rules"),
        ("alpaca", 404, {"code": 40410000, "message": "order not found"}, "not_found"),
        ("alpaca", 422, {"code": 42210000, "message": 'order is already in "filled" state'}, "unknown_order"),
        ("alpaca", 403, {"code": 40310000, "message": "insufficient buying power"}, "funds"),
        ("alpaca", 403, {"message": "forbidden."}, "auth"),
        ("kraken_spot", 200, {"error": ["EGeneral:Temporary lockout"]}, "ban"),
        ("kraken_spot", 200, {"error": ["EOrder:Insufficient funds"]}, "funds"),
        ("binance_spot", 400, {"code": -2010, "msg": "Duplicate order sent."}, "duplicate"),
        ("binance_spot", 400, {"code": -2010, "msg": "Market is closed."}, "closed"),
        ("binance_spot", 400, {"code": -2010, "msg": "Order would immediately match and take."}, "would_take"),
    ],
)
def test_why_a_venue_refused(venue: str, status: int, data: dict[str, Any], kind: str) -> None:
    with pytest.raises(Refused) as caught:
        Reader.of(venue).check(status, {}, json.dumps(data), now=0.0)
    assert caught.value.kind == kind


@pytest.mark.parametrize("venue", venues.NAMES)
@pytest.mark.parametrize(
    ("status", "text"),
    [(200, ""), (200, "{}"), (200, '{"a":'), (502, "<html>"), (403, "<html>"), (500, '{"code":-2010,"msg":"no"}')],
)
def test_what_is_no_answer_says_nothing(venue: str, status: int, text: str) -> None:
    if (venue, status) == ("bybit", 403):
        pytest.skip("403 is Bybit's ban")
    with pytest.raises(Doubtful):
        Reader.of(venue).check(status, {}, text, now=0.0)


@pytest.mark.parametrize(
    ("venue", "headers", "text", "seconds"),
    [
        ("binance_spot", {"Retry-After": "17"}, "banned until 1767225660000.", 60.0),
        ("binance_usdm", {}, "banned until 1767225660000.", 60.0),
        ("bybit", {"X-Bapi-Limit-Reset-Timestamp": "1767225605000"}, "Too many visits!", 5.0),
        ("kraken_spot", {}, "EService: Throttled: 1767225612", 12.0),
        ("okx", {}, "Too Many Requests", None),
        ("alpaca", {"X-Ratelimit-Reset": "1767225607"}, "rate limit exceeded", 7.0),
    ],
)
def test_how_long_a_venue_wants_silence(venue: str, headers: dict[str, str], text: str, seconds: float | None) -> None:
    assert Reader.of(venue).silence(headers, text, 1767225600.0) == seconds


ORDER: dict[str, Any] = {
    "id": "7", "clientOrderId": "AB12CD34-1", "symbol": "BTC/USDT", "side": "sell", "type": "market",
    "status": "open", "amount": "3", "filled": "1", "cost": "50.0", "price": None, "trades": None,
}  # fmt: skip
TRADE: dict[str, Any] = {"id": "1", "order": "7", "side": "buy", "price": "2", "amount": "3", "fee": None}


@pytest.mark.parametrize(
    ("status", "filled", "meant"),
    [("open", "1", "open"), ("closed", "3", "filled"), ("closed", "1", "cancelled"), ("canceled", "3", "cancelled")],
)
def test_an_order_structure(status: str, filled: str, meant: str) -> None:
    state = read_order({**ORDER, "status": status, "filled": filled}, "BTC/USDT", D(1))
    assert (state.status, state.filled, state.type, state.fills) == (meant, D(filled), "market", ())


def test_contracts_are_counted_in_base_units() -> None:
    trades = [{"id": "T1", "price": None}, {**TRADE, "side": None, "amount": "1"}]
    state = read_order({**ORDER, "trades": trades}, "BTC/USDT:USDT", D("0.01"))
    assert (state.quantity, state.filled) == (D("0.03"), D("0.01"))
    (fill,) = state.fills  # one of them was no more than an id
    assert (fill.quantity, fill.side, fill.fee, fill.fee_asset) == (D("0.01"), "sell", D(0), "")


@pytest.mark.parametrize("wrong", [{"id": None}, {"side": None}, {"status": None}, {"status": "odd"}])
def test_an_order_that_says_too_little_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        read_order({**ORDER, **wrong}, "BTC/USDT", D(1))


def test_fees_come_singly_or_in_a_list() -> None:
    fees = [{"cost": "0.1", "currency": "BNB"}]
    for given in ({"fee": fees[0]}, {"fee": None, "fees": fees}):
        fill = read_fill({**TRADE, **given}, "BTC/USDT", D(1))
        assert (fill.fee, fill.fee_asset) == (D("0.1"), "BNB")


def test_balances_and_quotes() -> None:
    balance = {"free": {"BTC": "1", "ETH": "0"}, "used": {"BTC": None, "ETH": "0"}}
    assert read_balances(balance) == {"BTC": (D(1), D(0))}
    assert read_quote({"bids": [["9", "1"]], "asks": [["11", "1"]]}).mid == 10
    assert read_quote({"bids": [], "asks": [["11", "1"]]}).mid == 11
    with pytest.raises(ValueError, match="empty"):
        read_quote({"bids": [], "asks": []})
