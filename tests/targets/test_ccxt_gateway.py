"""The meaning table against ccxt's own class hierarchy, and the translation of its structures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from outtrade.targets.ccxt_gateway import (
    MEANINGS_OF,
    CcxtGateway,
    Unreadable,
    create_args,
    fill_view,
    meaning_of,
    order_view,
    reference,
)
from outtrade.targets.gateway import MEANINGS, OrderRef, OrderRequest


def classes(tree: dict[str, Any]) -> list[str]:
    """All names of ccxt's published hierarchy."""
    return [name for parent, below in tree.items() for name in (parent, *classes(below))]


def test_every_class_of_ccxt_has_a_meaning_with_a_source() -> None:
    from ccxt.base.errors import error_hierarchy

    known = classes(error_hierarchy)
    assert {name for name, _, _ in MEANINGS_OF} <= set(known), "the table names a class that ccxt does not have"
    assert all(meaning in MEANINGS and source for _, meaning, source in MEANINGS_OF)
    assert {meaning_of(getattr(ccxt, name)("x")) for name in known} == MEANINGS


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("RequestTimeout", "ambiguous"),
        ("NetworkError", "ambiguous"),
        ("OperationFailed", "ambiguous"),
        ("BadResponse", "ambiguous"),
        ("ExchangeNotAvailable", "unavailable"),
        ("OnMaintenance", "unavailable"),
        ("DDoSProtection", "rate_limited"),
        ("RateLimitExceeded", "rate_limited"),
        ("OrderNotFound", "not_found"),
        ("DuplicateOrderId", "duplicate"),
        ("InvalidOrder", "rejected"),
        ("OrderImmediatelyFillable", "rejected"),
        ("OrderNotFillable", "rejected"),
        ("InsufficientFunds", "rejected"),
        ("BadSymbol", "rejected"),
        ("MarketClosed", "rejected"),
        ("PermissionDenied", "rejected"),
        ("ExchangeError", "rejected"),
        ("NotSupported", "not_sent"),
    ],
)
def test_meanings(name: str, meaning: str) -> None:
    assert meaning_of(getattr(ccxt, name)("x")) == meaning


def test_only_ccxt_s_own_classes_are_documented() -> None:
    class OrderNotFound(Exception):
        """A namesake from elsewhere."""

    for error in (TypeError("'NoneType' object is not subscriptable"), OrderNotFound(), Unreadable()):
        assert meaning_of(error) == "ambiguous"


def test_retry_after_is_read_from_the_header_then_from_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = CcxtGateway()

    class Exchange:
        last_response_headers: dict[str, str] | None = None

    gateway.exchange = Exchange()
    monkeypatch.setattr("outtrade.targets.ccxt_gateway.time.time", lambda: 1_767_225_600.0)
    banned = ccxt.DDoSProtection("binance 418 IP banned until 1767225690000. Please use")
    assert gateway.retry_after(banned) == 90.0
    Exchange.last_response_headers = {"RETRY-AFTER": "12"}
    assert gateway.retry_after(banned) == 12.0
    assert gateway.retry_after(ccxt.RequestTimeout("x")) is None
    Exchange.last_response_headers = {}
    assert gateway.retry_after(ccxt.DDoSProtection("binance 429 Too many")) is None


def test_orders_are_asked_for_as_ccxt_documents_it() -> None:
    request = OrderRequest(
        client_id="c1", symbol="BTC/USDT", side="buy", type="limit", quantity="0.4", limit_price="50000.1"
    )
    assert create_args(request) == ("BTC/USDT", "limit", "buy", 0.4, 50000.1, {"clientOrderId": "c1"})
    post = request.model_copy(update={"post_only": True, "time_in_force": "GTC"})
    assert create_args(post)[-1] == {"clientOrderId": "c1", "postOnly": True}
    ioc = request.model_copy(update={"time_in_force": "IOC"})
    assert create_args(ioc)[-1] == {"clientOrderId": "c1", "timeInForce": "IOC"}
    with pytest.raises(ValueError, match="no orders of type stop"):
        create_args(request.model_copy(update={"type": "stop"}))
    assert reference(OrderRef(client_id="c1", symbol="S/T")) == ("", "S/T", {"clientOrderId": "c1"})
    assert reference(OrderRef(client_id="c1", symbol="S/T"), "bybit") == ("", "S/T", {"orderLinkId": "c1"})
    assert reference(OrderRef(client_id="c1", venue_id="7", symbol="S/T")) == ("7", "S/T", {})


def test_structures_become_views() -> None:
    view = order_view(
        {"id": 7, "clientOrderId": "c1", "symbol": "BTC/USDT", "side": "buy", "type": "limit", "amount": 0.3,
         "filled": 0.1, "average": 50000.1, "status": "open"}
    )  # fmt: skip
    assert (view.venue_ids, view.filled, view.average_price, view.status) == (
        ("7",), Decimal("0.1"), Decimal("50000.1"), "open",
    )  # fmt: skip
    assert order_view({"id": "7", "symbol": "A/B", "side": "sell", "status": None}).status == "unknown"
    fill = fill_view({"id": "9", "order": "7", "price": 1.5, "amount": 2.0, "fee": {"cost": 0.002, "currency": "BTC"}})
    assert (fill.order, fill.fee, fill.fee_asset) == ("7", Decimal("0.002"), "BTC")


@pytest.mark.parametrize("answer", ["<html>", None, {}, {"id": None, "symbol": "A/B", "side": "buy"}, []])
def test_what_is_no_order_structure_is_no_statement(answer: Any) -> None:
    with pytest.raises(Unreadable):
        order_view(answer)
