"""Faults at Kraken: lost answers and their twins, refusals in its dialect, delayed sight, a drowned stream."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from test_kraken_clients import BTC, STAGE
from world_kit import play

from outtrade.model.fault import Duplicated, LostAnswer, RateLimit, Reject, StreamDrop, Trigger, Visibility
from outtrade.model.history import Landed, Response
from outtrade.targets.access import VenueAccess

SYMPTOMS = ("hang", "reset", "close", "truncate", "html_502", "code_1006", "code_1007", "malformed")


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_an_answer_is_lost(symptom: str, committed: bool) -> None:
    """Whatever the client sees, the order is found by its client id exactly where it was taken."""
    import ccxt

    found: list[Any] = []

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        # a body that is no JSON is no error to ccxt: it makes an order without an id of it
        raised: Any = nullcontext() if symptom == "malformed" else pytest.raises(ccxt.BaseError)
        with raised:
            made = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "lost-1"})
            assert made["id"] is None
        found.append(exchange.privatePostQueryOrders({"cl_ord_id": "lost-1"})["result"])

    fault = LostAnswer(on=Trigger(op="place"), committed=committed, symptom=symptom)  # type: ignore[arg-type]
    history = play("kraken_spot", body, **STAGE, faults=(fault,))
    assert len(found[0]) == committed
    if symptom.startswith("code"):
        answers = [event for event in history.events if isinstance(event, Response) and event.error == "unknown"]
        assert [event.outcome for event in answers] == ["ambiguous"]


def test_it_limits_rates_in_its_own_words() -> None:
    import ccxt

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        with pytest.raises(ccxt.DDoSProtection, match="EAPI:Rate limit exceeded"):
            exchange.fetch_balance()
        exchange.sleep(30_000)
        with pytest.raises(ccxt.ExchangeError, match="EService: Throttled"):
            exchange.create_order(BTC, "limit", "buy", 0.1, 45_000)

    faults = (RateLimit(on=Trigger(op="account"), duration=5.0), Reject(on=Trigger(op="place"), reason="busy"))
    play("kraken_spot", body, **STAGE, faults=faults)


def test_a_query_may_lag_behind() -> None:
    import ccxt

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        order = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "late-1"})
        with pytest.raises(ccxt.InvalidOrder, match="Invalid order"):
            exchange.fetch_order(order["id"], BTC)
        assert exchange.fetch_open_orders(BTC) == []
        exchange.sleep(30_000)
        assert exchange.fetch_order(order["id"], BTC)["status"] == "open"

    play("kraken_spot", body, **STAGE, faults=(Visibility(on=Trigger(op="place"), delay=20.0),))


def test_an_event_is_dropped_and_its_number_missing() -> None:
    async def body(access: VenueAccess) -> None:
        exchange = access.ccxt(pro=True)
        seen: list[Any] = []
        try:
            await exchange.load_markets()
            await exchange.watch_balance()
            waiting = asyncio.ensure_future(exchange.watch_orders(BTC))
            client = exchange.client("wss://ws-auth.kraken.com/v2")
            handle = exchange.handle_message
            exchange.handle_message = lambda of, message: (seen.append(message), handle(of, message))[1]
            client.on_message_callback = exchange.handle_message
            await asyncio.sleep(2)
            for _ in range(2):
                await exchange.create_order_ws(BTC, "limit", "buy", 0.1, 45_000)
            await waiting
            await asyncio.sleep(1)
        finally:
            await exchange.close()
        numbers = [one["sequence"] for one in seen if one.get("channel") == "executions"]
        assert numbers == [1, 3, 4, 5], seen

    play("kraken_spot", body, **STAGE, faults=(StreamDrop(on=Trigger(op="event")),))


def test_the_same_run_is_the_same_record() -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.create_order(BTC, "market", "buy", 0.1)
        exchange.fetch_my_trades(BTC)
        exchange.fetch_balance()

    first, second = (play("kraken_spot", body, **STAGE) for _ in range(2))
    assert [repr(event) for event in first.events] == [repr(event) for event in second.events]


def test_a_copy_with_a_used_nonce_is_turned_away_and_the_first_answer_stands() -> None:
    """What a copy is told that the venue did not read, says nothing about the order: the client must not see it."""
    found: list[Any] = []

    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        exchange.load_markets()
        made = exchange.create_order(BTC, "limit", "buy", 0.1, 45_000, {"clientOrderId": "twice-1"})
        found.append(made["id"])
        found.append([order["id"] for order in exchange.fetch_open_orders(BTC)])
        exchange.cancel_order(made["id"], BTC)
        found.append(exchange.fetch_open_orders(BTC))

    faults = tuple(Duplicated(on=Trigger(op=op), after=0.2) for op in ("place", "cancel"))  # type: ignore[arg-type]
    history = play("kraken_spot", body, **STAGE, faults=faults)
    assert found[0] is not None and found[1:] == [[found[0]], []]
    landed = [event for event in history.events if isinstance(event, Landed)]
    assert [event.detail for event in landed] == ["copy turned away"] * 2
    assert {event.outcome for event in history.events if isinstance(event, Response)} == {"ok"}
