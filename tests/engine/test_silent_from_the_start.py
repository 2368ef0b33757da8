"""A stream that is silent before anybody has subscribed: what it swallows is the acknowledgement, and that counts."""

from __future__ import annotations

from decimal import Decimal

from outtrade.engine.run import run
from outtrade.model.fault import StreamSilent, Trigger
from outtrade.model.history import Landed, Ledger, StreamUp
from outtrade.model.scenario import Market, Scenario
from outtrade.targets.naming import resolve


def test_a_swallowed_acknowledgement_is_the_fault_in_effect() -> None:
    scenario = Scenario(
        id="mute",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": Decimal(1000)},
        markets={"BTC/USDT": Market(mid=Decimal(50_000), depth=Decimal(1), taker_size=Decimal("0.1"))},
        intents=(),
        until=400,
        faults=(StreamSilent(on=Trigger(after=0), duration=40),),
    )
    history = run(resolve("agent:httpx"), scenario)
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"]
    (landed,) = [event for event in history.events if isinstance(event, Landed)]
    ups = [event.seconds for event in history.events if isinstance(event, StreamUp)]
    assert landed.seconds < 1 and ups and ups[0] > 40
