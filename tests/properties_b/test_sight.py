"""What answers tell about orders, read from bodies as Binance spot writes them, and the pure helpers of comparison."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade.model.history import History, Request, Response
from outtrade.model.task import Instrument, Intent
from outtrade_suites.properties import sight
from outtrade_suites.properties.claims import exceeds
from outtrade_suites.properties.compare import floor_to, near, near_average, plain, status_word, wanted_base

PLACED = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "i1xxxxxx-a", "price": "100.00",
    "origQty": "1.00", "executedQty": "1.00", "status": "FILLED", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
    "fills": [{"price": "100.00", "qty": "1.00", "commission": "0.001", "commissionAsset": "BTC", "tradeId": 56}],
}  # fmt: skip
CANCELLED = {
    "symbol": "BTCUSDT", "origClientOrderId": "i1xxxxxx-a", "orderId": 28, "orderListId": -1,
    "clientOrderId": "qLtNEl3s4KbW", "executedQty": "0.40", "status": "CANCELED",
}  # fmt: skip
TRADES = [{"symbol": "BTCUSDT", "id": 28, "orderId": 31, "orderListId": -1, "price": "100", "qty": "1"}]


def answered(line: str, op: str, body: Any) -> Index:
    """The history of a line in which the answers to ``op`` have this body."""
    lived = history("i1:buy 1@100 | " + line)
    calls = {event.call for event in lived.events if isinstance(event, Request) and event.op == op}
    played = History(lived.header)
    for event in lived.events:
        if isinstance(event, Response) and event.call in calls:
            event.body = json.dumps(body)
        played.add(event)
    return Index(played)


def test_an_answer_to_an_order_names_it_by_both_ids_and_gives_its_state() -> None:
    (seen,) = sight.sights(answered("1 place a -> ok:fill", "place", PLACED))
    assert {"28", "i1xxxxxx-a"} <= seen.names and seen.status == "filled" and seen.terminal
    assert "56" not in seen.names


def test_an_answer_to_a_cancel_names_the_order_although_it_has_a_new_client_id() -> None:
    ix = answered("1 place a -> ok:0.4 | 5 cancel a -> ok", "cancel", CANCELLED)
    last = sight.sights(ix)[-1]
    assert {"28", "i1xxxxxx-a", "qLtNEl3s4KbW"} <= last.names and last.status == "cancelled"


def test_the_number_of_a_trade_is_no_order() -> None:
    ix = answered("1 place a -> ok:fill | 9 trades -> ok", "trades", TRADES)
    last = sight.sights(ix)[-1]
    assert "31" in last.names and "28" not in last.names and last.status is None


def test_a_state_is_read_in_the_words_of_other_venues() -> None:
    kraken = {"error": [], "result": {"OABC-1": {"status": "closed", "cl_ord_id": "i1xxxxxx-a", "vol_exec": "1.0"}}}
    okx = {"code": "0", "data": [{"ordId": "77", "clOrdId": "i1xxxxxx-a", "state": "mmp_canceled"}]}
    bybit = {
        "retCode": 0,
        "result": {"list": [{"orderId": "9f", "orderLinkId": "i1xxxxxx-a", "orderStatus": "PartiallyFilled"}]},
    }
    for body, name, status in ((kraken, "OABC-1", "filled"), (okx, "77", "cancelled"), (bybit, "9f", "open")):
        last = sight.sights(answered("1 place a -> ok:fill | 5 query a -> ok", "query", body))[-1]
        assert name in last.names and last.status == status
    placed = {"error": [], "result": {"txid": ["OABC-1"], "descr": {"order": "buy 1"}}}
    assert "OABC-1" in sight.sights(answered("1 place a -> ok", "place", placed))[0].names


def test_lists_give_one_sighting_an_order_and_nonsense_gives_none() -> None:
    ix = answered("1 place a -> ok | 9 all -> ok", "all_orders", [PLACED, CANCELLED | {"orderId": 29}])
    assert [s.status for s in sight.sights(ix) if s.op == "all_orders"] == ["filled", "cancelled"]
    for body in ("text", 7, None, [], {"code": -1}):
        ix = answered("1 place a -> ok | 9 all -> ok", "all_orders", body)
        assert [s for s in sight.sights(ix) if s.op == "all_orders"] == []


def test_an_ambiguous_or_refused_answer_shows_nothing() -> None:
    assert sight.sights(answered("1 place a -> 503:fill", "place", PLACED)) == []
    assert sight.sights(answered("1 place a -> no:funds", "place", PLACED)) == []


def test_exposure_of_two_orders_against_the_intent() -> None:
    def replaced(first: str, second: str) -> bool:
        ix = Index(history(f"i1:buy 1@100 | 1 place a q={first} -> lost | 20 place b q={second} -> ok"))
        one, two = ix.sends
        return exceeds(ix, ix.intents["i1"], one, two)

    assert replaced("1", "1") and replaced("0.6", "0.5")
    assert not replaced("0.5", "0.5") and not replaced("0.5", "0.501")


def test_comparison_is_within_half_a_unit_and_one_millionth() -> None:
    step = Decimal("0.001")
    assert near(Decimal("0.4005"), Decimal("0.4"), step) and not near(Decimal("0.4006"), Decimal("0.4"), step)
    assert near_average(Decimal("100.0001"), Decimal(100)) and not near_average(Decimal("100.0002"), Decimal(100))
    assert (floor_to(Decimal("0.4567"), step), floor_to(Decimal("-0.4567"), step)) == (
        Decimal("0.456"),
        Decimal("-0.457"),
    )
    assert [plain(Decimal(text)) for text in ("1E+3", "0.10", "0", "1e-8")] == ["1000", "0.1", "0", "0.00000001"]
    words = [status_word(word) for word in ("NEW", "PARTIALLY_FILLED", "EXPIRED", "canceled", "HUH", None)]
    assert words == ["open", "open", "expired", "cancelled", None, None]


def test_what_an_intent_wants_is_rounded_down_to_the_step() -> None:
    instrument = Instrument.model_validate(
        {
            "venue_symbol": "BTCUSDT", "base": "BTC", "quote": "USDT", "tick": "0.01", "price_min": "0.01",
            "price_max": "1000000", "step": "0.001", "quantity_min": "0.001", "quantity_max": "100",
            "maker_fee": "0.001", "taker_fee": "0.001",
        }
    )  # fmt: skip
    intent = Intent(
        id="i1", tag="AB12CD34", at=0, kind="order", symbol="BTC/USDT", side="buy", quantity=Decimal("1.0009")
    )
    assert wanted_base(intent, instrument) == Decimal("1.000")
    assert wanted_base(intent.model_copy(update={"quantity": None}), instrument) is None
