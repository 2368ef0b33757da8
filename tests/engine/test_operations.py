"""Operations of the exchange that last: they act on the venue itself, land once, heal, and all follows from there."""

from __future__ import annotations

import time
from decimal import Decimal

import httpx
import pytest

from outtrade.engine.run import run
from outtrade.judge.index import Index
from outtrade.model.fault import (
    ClockSkew,
    DelayedFill,
    Fault,
    Halt,
    OthersCancel,
    Overfill,
    PartialFill,
    Stray,
    Transfer,
    Trigger,
    UnlistedFill,
)
from outtrade.model.history import (
    FillTruth,
    History,
    Ledger,
    OrderTruth,
    Published,
    Request,
    Response,
    Snapshot,
    StreamEvent,
)
from outtrade.model.scenario import Scenario
from outtrade.model.task import Report, Task
from outtrade.targets import resolve
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Target
from outtrade_suites.spaces import generate


def resting(*faults: Fault) -> Scenario:
    """The flagship with a limit order that rests from second 5 to 200, and other faults."""
    base = generate("flagship", 1, 0)
    order = base.intents[0].model_copy(update={"limit_price": Decimal(49000)})
    return base.model_copy(update={"intents": (order,), "faults": faults})


def played(*faults: Fault, agent: str = "agent:httpx") -> History:
    history = run(resolve(agent), resting(*faults))
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"] * len(faults)
    return history


def codes(history: History) -> list[int]:
    return [event.code for event in history.events if isinstance(event, Response) and event.code is not None]


@pytest.mark.parametrize(("by", "status"), [("person", "cancelled"), ("venue", "expired")])
def test_somebody_ends_the_order(by: str, status: str) -> None:
    history = played(OthersCancel(by=by, after=20))
    last = [event for event in history.events if isinstance(event, OrderTruth)][-1]
    assert (last.status, last.call, round(last.seconds)) == (status, None, 25)
    told = [event.status for event in history.events if isinstance(event, StreamEvent) and event.kind == "order"]
    assert told[-1] == {"cancelled": "CANCELED", "expired": "EXPIRED"}[status]
    end = [event for event in history.events if isinstance(event, Snapshot)][-1]
    assert not end.working and Decimal(end.balances["USDT"][1]) == 0  # what the order had locked is free again


@pytest.mark.parametrize("form", ["fill", "order"])
def test_an_order_that_was_never_sent_bears_a_tag_of_ours(form: str) -> None:
    history = played(Stray(form=form, after=20, fraction=0.5))
    own = next(event for event in history.events if isinstance(event, OrderTruth))
    stray = [event for event in history.events if isinstance(event, OrderTruth) and event.foreign]
    assert round(stray[0].seconds) == 25 and stray[0].created_as.startswith(resting().intents[0].tag)
    assert Decimal(stray[0].quantity) == Decimal(own.quantity) / 2 and stray[0].call is None
    assert stray[-1].status == ("filled" if form == "fill" else "open")
    assert [event.foreign for event in history.events if isinstance(event, FillTruth)] == [True] * (form == "fill")
    said = [event.data["text"] for event in history.events if isinstance(event, Published) and event.view == "Alert"]
    assert len(said) == 1 and "never sent from here" in said[0]


@pytest.mark.parametrize("venue", ["binance_usdm", "bybit", "kraken_spot", "okx"])
def test_strays_and_transfers_come_at_every_venue(venue: str) -> None:
    made = generate(venue, 1, 3)
    asset = made.symbols[0].split("/")[1].split(":")[0]
    second = Trigger(op="place", nth=2)
    faults = (Stray(after=5), Stray(form="order", after=6, on=second), Transfer(asset=asset, on=Trigger(after=60)))
    history = run(resolve("agent:ccxt"), made.model_copy(update={"faults": faults}))
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"] * 3
    strays = [event for event in history.events if isinstance(event, OrderTruth) and event.foreign]
    assert {event.type for event in strays} == {"market", "limit"}


@pytest.mark.parametrize(("way", "sign"), [("in", 1), ("out", -1)])
def test_money_moves_without_a_trade(way: str, sign: int) -> None:
    history = played(Transfer(way=way, asset="USDT", amount=12.5, on=Trigger(after=50)))
    start, *_, end = (event for event in history.events if isinstance(event, Snapshot))
    held = [sum(Decimal(part) for part in event.balances["USDT"]) for event in (start, end)]
    assert held[1] - held[0] == sign * Decimal("12.5")
    said = [event.data for event in history.events if isinstance(event, Published) and event.view == "Alert"]
    assert [alert["about"] for alert in said] == ["USDT"] and "12.5 USDT" in said[0]["text"]


def test_what_is_not_free_cannot_be_moved() -> None:
    history = run(resolve("agent:httpx"), resting(Transfer(asset="USDT", amount=1e12, on=Trigger(after=50))))
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["incomplete"]


@pytest.mark.parametrize("state", ["halted", "cancel_only", "maintenance"])
def test_a_halted_market_takes_no_orders_until_it_opens_again(state: str) -> None:
    history = played(Halt(state=state, on=Trigger(after=3, symbol="BTC/USDT"), duration=40))
    accepted = next(event for event in history.events if isinstance(event, OrderTruth))
    assert 43 <= accepted.seconds <= 110 and -2010 in codes(history)


def test_a_halt_of_another_market_is_none_of_this_one() -> None:
    base = resting(Halt(on=Trigger(after=3, symbol="ETH/USDT"), duration=40))
    market = generate("smoke", 1, 0).markets["BTC/USDT"].model_copy(update={"mid": Decimal(3000)})
    markets = {**base.markets, "ETH/USDT": market}
    history = run(
        resolve("agent:httpx"), base.model_copy(update={"symbols": (*base.symbols, "ETH/USDT"), "markets": markets})
    )
    assert -2010 not in codes(history)


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt", "agent:threaded"])
@pytest.mark.parametrize("seconds", [40, -3])
def test_a_clock_that_runs_apart_is_read_and_followed(agent: str, seconds: float) -> None:
    history = played(ClockSkew(seconds=seconds, on=Trigger(after=3), duration=60), agent=agent)
    assert 1 <= codes(history).count(-1021) <= 6
    assert any(isinstance(event, OrderTruth) for event in history.events)


def test_the_venue_tells_the_time_that_its_clock_shows() -> None:
    shown: list[float] = []

    def reads(_: Task, venue: VenueAccess) -> Report:
        with httpx.Client(base_url=venue.rest_url) as client:
            for _ in range(3):
                told = client.get("/api/v3/time").json()["serverTime"] / 1000
                shown.append(told - time.time())
                time.sleep(1800)
        return Report(outcomes={}, orders=())

    scenario = resting(ClockSkew(seconds=10, drift=60, duration=4000)).model_copy(update={"until": 6000})
    run(Target("reads", "A", False, lambda: reads), scenario)
    assert [round(one) for one in shown] == [10, 40, 70]


def test_the_same_bytes_twice() -> None:
    faults = (OthersCancel(after=9), ClockSkew(on=Trigger(after=2), duration=30))
    assert played(*faults).to_jsonl() == played(*faults).to_jsonl()


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt"])
def test_an_order_is_filled_for_more_than_it_asked(agent: str) -> None:
    history = played(Overfill(after=20, fraction=0.3), agent=agent)
    fill = next(event for event in history.events if isinstance(event, FillTruth))
    own = [event for event in history.events if isinstance(event, OrderTruth)][-1]
    assert round(fill.seconds) == 25 and own.status == "filled" and own.filled == fill.quantity
    assert Decimal(own.filled) == Decimal(own.quantity) * Decimal("1.3")
    said = [event.data["text"] for event in history.events if isinstance(event, Published) and event.view == "Alert"]
    assert any("filled 0.52" in text and "nothing more is sent" in text for text in said)
    end = [event for event in history.events if isinstance(event, Snapshot)][-1]
    assert Decimal(end.balances["BTC"][0]) > 0 and Decimal(end.balances["USDT"][1]) == 0


def test_a_list_of_trades_lacks_one_for_a_while() -> None:
    """The order's first part fills at second 8: the lists lack it until second 205, the order does not."""
    faults = (PartialFill(after=3, fraction=0.4), UnlistedFill(duration=200), DelayedFill(after=20))
    history = played(*faults, agent="agent:ccxt")
    trades = [event for event in history.events if isinstance(event, FillTruth)]
    assert [round(event.seconds) for event in trades] == [8, 25]
    asked = {event.call for event in history.events if isinstance(event, Request) and event.op == "trades"}
    lists = [event for event in history.events if isinstance(event, Response) and event.call in asked]
    known = [(one.seconds, [trade.trade_id in str(one.body) for trade in trades]) for one in lists if one.seconds > 26]
    early, late = ([both for at, both in known if (at < 206) is before] for before in (True, False))
    assert early and late and all(both == [False, True] for both in early) and all(all(both) for both in late)
    report = Index(history).report
    assert report is not None and {fill.trade_id for fill in report.fills or ()} == {one.trade_id for one in trades}
    assert not [alert for alert in report.alerts if alert.level != "info"]
