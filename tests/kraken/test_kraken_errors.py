"""Every refusal in the venue's words, and that it changed nothing; how answers are to be read."""

from __future__ import annotations

from typing import Any

import pytest
from kraken_kit import EPOCH, SECOND, Kit

from outtrade_mocks.core.states import TradingState
from outtrade_mocks.venues.kraken_spot.calls import REFUSALS
from outtrade_mocks.venues.kraken_spot.errors import table
from outtrade_mocks.venues.kraken_spot.reading import read_answer

GOOD = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "40000"}
WRONG: list[tuple[dict[str, str], str]] = [
    ({"pair": ""}, "EQuery:Unknown asset pair"),
    ({"pair": "XBTXXX"}, "EQuery:Unknown asset pair"),
    ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
    ({"ordertype": "peg"}, "EGeneral:Invalid arguments:ordertype"),
    ({"volume": ""}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "-1"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "1e2"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "0"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "0.123456789"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "9999999999"}, "EGeneral:Invalid arguments:volume"),
    ({"volume": "0.00001"}, "EOrder:Order minimum not met"),
    ({"volume": "0.0001", "price": "1000"}, "EOrder:Cost minimum not met"),
    ({"volume": "10"}, "EOrder:Insufficient funds"),
    ({"price": ""}, "EGeneral:Invalid arguments:price"),
    ({"price": "abc"}, "EGeneral:Invalid arguments:price"),
    ({"price": "0"}, "EOrder:Invalid price"),
    ({"price": "40000.05"}, "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals."),
    ({"ordertype": "stop-loss-limit", "price2": ""}, "EGeneral:Invalid arguments:price2"),
    ({"ordertype": "stop-loss", "trigger": "mark"}, "EGeneral:Invalid arguments:trigger"),
    ({"timeinforce": "DAY"}, "EGeneral:Invalid arguments:timeinforce"),
    ({"timeinforce": "GTD"}, "EGeneral:Invalid arguments:expiretm"),
    ({"timeinforce": "IOC", "oflags": "post"}, "EGeneral:Invalid arguments:timeinforce"),
    ({"timeinforce": "FOK", "ordertype": "market"}, "EGeneral:Invalid arguments:timeinforce"),
    ({"expiretm": "5"}, "EGeneral:Invalid arguments:expiretm"),
    ({"expiretm": "soon"}, "EGeneral:Invalid arguments:expiretm"),
    ({"starttm": "-"}, "EGeneral:Invalid arguments:starttm"),
    ({"oflags": "fcib,fciq"}, "EGeneral:Invalid arguments:oflags"),
    ({"oflags": "new"}, "EGeneral:Invalid arguments:oflags"),
    ({"ordertype": "market", "oflags": "post"}, "EGeneral:Invalid arguments:oflags"),
    ({"stptype": "none"}, "EGeneral:Invalid arguments:stptype"),
    ({"cl_ord_id": "a", "userref": "1"}, "EGeneral:Invalid arguments:cl_ord_id"),
    ({"userref": "4294967296"}, "EGeneral:Invalid arguments:userref"),
]


@pytest.mark.parametrize(("changes", "text"), WRONG)
def test_a_refused_order_leaves_nothing(changes: dict[str, str], text: str) -> None:
    kit = Kit()
    before = kit.venue.truth()
    assert kit.ask("AddOrder", **(GOOD | changes)).error == text
    assert kit.venue.truth() == before and kit.truths == [] and kit.venue.desk.notes == {}


def test_what_is_not_known_is_ignored_and_recorded(kit: Kit) -> None:
    answer = kit.ask("AddOrder", triggerPrice="25000", otp="123456", **GOOD)
    assert answer.result["txid"] and answer.call.params["triggerPrice"] == "25000"


def test_trading_states(kit: Kit) -> None:
    core = kit.venue.desk.exchange
    txid = kit.place("40000")
    for state, text, system in (
        (TradingState.CANCEL_ONLY, "EService:Market in cancel_only mode", "cancel_only"),
        (TradingState.POST_ONLY, "EService:Market in post_only mode", "post_only"),
        (TradingState.MAINTENANCE, "EService:Unavailable", "maintenance"),
    ):
        for symbol in core.instruments:
            core.set_state(symbol, state)
        assert kit.ask("AddOrder", **GOOD).error == text
        assert kit.public("SystemStatus").result["status"] == system
        assert kit.public("AssetPairs", pair="XBTUSD").result["XXBTZUSD"]["status"] == system
    for symbol in core.instruments:
        core.set_state(symbol, TradingState.CANCEL_ONLY)
    assert kit.ask("CancelOrder", txid=txid).result == {"count": 1}


CLASSES = {
    "invalid_key": "auth", "invalid_nonce": "clock", "rate_limit": "rate", "order_rate": "rate", "lockout": "ban",
    "throttled": "rate", "duplicate": "duplicate", "funds": "funds", "unknown_order": "unknown_order",
    "invalid_order": "not_found", "order_minimum": "parameter", "cost_minimum": "parameter", "tick_size": "parameter",
    "unknown_pair": "parameter", "invalid_argument": "parameter", "cancel_only": "closed", "unavailable": "closed",
    "permission": "auth", "post_only": "permanent", "orders_limit": "permanent", "invalid_session": "auth",
}  # fmt: skip
AMBIGUOUS = ("deadline", "busy", "internal")


@pytest.mark.parametrize("name", sorted(table()))
def test_every_error_is_read_by_its_class(name: str) -> None:
    body = b'{"error":["' + table()[name].encode() + b'"]}'
    reading = read_answer(200, {}, body, EPOCH)
    if name in AMBIGUOUS:
        assert (reading.outcome, reading.error) == ("ambiguous", "unknown")
    else:
        assert reading.outcome == "definite" and reading.error == CLASSES.get(name, reading.error)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"error":[],"result":{"count":1}}', "ok"),
        (200, b'{"error":["WGeneral:Danger"],"result":{"count":1}}', "ok"),
        (200, b'{"error":[],"result":{}}', "definite"),
        (200, b'{"error":[]}', "ambiguous"),
        (200, b'{"error":"text"}', "ambiguous"),
        (200, b"[]", "ambiguous"),
        (200, b"\xff", "ambiguous"),
        (520, b"<html>", "ambiguous"),
        (502, b'{"error":["EOrder:Insufficient funds"]}', "ambiguous"),
    ],
)
def test_how_answers_are_read(status: int, body: bytes, outcome: str) -> None:
    assert read_answer(status, {}, body, EPOCH).outcome == outcome


@pytest.mark.parametrize("reason", [*REFUSALS, "busy"])
def test_injected_refusals_are_the_venues_own(kit: Kit, reason: str) -> None:
    answer = kit.venue.refusal(reason, EPOCH, retry_after=20, until=EPOCH + 30 * SECOND)
    reading: Any = kit.venue.interpret(answer.status, answer.headers, answer.body, EPOCH)
    expected = {"rate": "rate", "ban": "ban", "funds": "funds", "closed": "closed", "permission": "auth",
                "filter": "parameter", "code_1006": "unknown", "code_1007": "unknown", "busy": "rate"}  # fmt: skip
    assert reading.error == expected[reason]
    assert reading.retry_after == (30.0 if reason == "busy" else None)
    with pytest.raises(ValueError, match="nonsense"):
        kit.venue.refusal("nonsense", EPOCH)
