"""How answers are read: what is definite, what says nothing, and for how long the venue wants silence."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import requests
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from outtrade.dialects.binance_spot import parsed, read_answer, read_event, read_order
from outtrade_suites.agents.ccxt_port import NOT_CONNECTED, chain
from outtrade_suites.agents.port import Doubtful, PortError, Refused


def error(code: int, message: str) -> str:
    return json.dumps({"code": code, "msg": message})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(-2010, "Duplicate order sent."), "duplicate"),
        (400, error(-2010, "Account has insufficient balance for requested action."), "funds"),
        (400, error(-2010, "Market is closed."), "closed"),
        (400, error(-2010, "Order would immediately match and take."), "would_take"),
        (400, error(-2011, "Unknown order sent."), "unknown_order"),
        (400, error(-2013, "Order does not exist."), "not_found"),
        (400, error(-1021, "Timestamp for this request is outside of the recvWindow."), "clock"),
        (400, error(-1013, "Filter failure: NOTIONAL"), "rules"),
        (400, error(-1111, "Parameter 'quantity' has too much precision."), "rules"),
        (401, error(-2015, "Invalid API-key, IP, or permissions for action."), "auth"),
        (429, error(-1003, "Too much request weight used."), "rate"),
        (429, error(-1015, "Too many new orders; current limit is 100 orders per TEN_SECONDS."), "busy"),
        (429, "<html>slow down</html>", "rate"),
        (418, error(-1003, "Way too much request weight used."), "ban"),
    ],
)
def test_definite_refusals(status: int, body: str, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        read_answer(status, {}, body, now=0.0)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (502, "<html>Bad Gateway</html>"),
        (503, error(-2010, "Account has insufficient balance for requested action.")),
        (504, error(-1007, "Timeout waiting for response from backend server.")),
        *((400, error(code, "...")) for code in (-1000, -1001, -1006, -1007, -1008)),
        (403, "<html>WAF</html>"),
        (200, ""),
        (200, '{"orderId": 1, "sta'),
        (200, '"a string"'),
        (200, error(-1007, "Timeout")),
    ],
)
def test_what_says_nothing_about_execution(status: int, body: str) -> None:
    with pytest.raises(Doubtful):
        read_answer(status, {}, body, now=0.0)


@pytest.mark.parametrize("body", ["{}", '{"orderId": 1}', "[]", "[1]", '{"orderId": 1, "side": "BUY", "type": null}'])
def test_an_order_without_the_documented_fields_is_unreadable(body: str) -> None:
    with pytest.raises(Doubtful):
        parsed(lambda: read_order(read_answer(200, {}, body, now=0.0), "BTC/USDT"))


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"Retry-After": "17"}, "IP banned until 1767225660000.", 60.0),
        ({"Retry-After": "90"}, "IP banned until 1767225660000.", 90.0),
        ({}, "Way too much request weight used; IP banned until 1767225660000. Please use", 60.0),
        ({"retry-after": "17"}, "Too much", 17.0),
        ({}, "Too much", None),
    ],
)
def test_how_long_the_venue_wants_silence(headers: dict[str, str], message: str, seconds: float | None) -> None:
    with pytest.raises(Refused) as caught:
        read_answer(418, headers, error(-1003, message), now=1_767_225_600.0)
    assert caught.value.retry_after == seconds


def test_a_cancel_event_tells_both_names_and_unknown_events_are_passed_over() -> None:
    event = {
        "e": "executionReport", "s": "BTCUSDT", "c": "TAG-1x", "C": "TAG-1", "S": "BUY", "o": "LIMIT", "q": "1.0",
        "p": "100.0", "x": "CANCELED", "X": "CANCELED", "i": 7, "l": "0.0", "z": "0.4", "L": "0.0", "n": "0", "N": None,
        "t": -1, "Z": "40.0",
    }  # fmt: skip
    state = read_event(event, {"BTCUSDT": "BTC/USDT"})
    assert state is not None and (state.placed_as, state.client_id, state.status) == ("TAG-1", "TAG-1x", "cancelled")
    assert state.filled == Decimal("0.4") and not state.fills
    assert read_event({"e": "balanceUpdate"}, {}) is None
    assert read_event(event | {"s": "OTHER"}, {"BTCUSDT": "BTC/USDT"}) is None


def raised_by_requests(reason: Exception) -> Exception:
    """The exception that ccxt sees: requests wraps urllib3's."""
    try:
        try:
            raise requests.ConnectionError(MaxRetryError(HTTPSConnectionPool("x"), "/", reason))
        except requests.ConnectionError as cause:
            raise RuntimeError("ccxt's NetworkError") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        (NewConnectionError(HTTPSConnectionPool("x"), "refused"), False),  # type: ignore[arg-type]
        (ProtocolError("Connection aborted.", ConnectionResetError()), True),
    ],
)
def test_ccxt_failures_are_told_apart_by_what_lies_below(reason: Exception, sent: bool) -> None:
    names = {type(cause).__name__ for cause in chain(raised_by_requests(reason))}
    assert (not names & set(NOT_CONNECTED)) == sent


def test_the_three_failures_have_one_parent() -> None:
    assert issubclass(Refused, PortError) and issubclass(Doubtful, PortError)
