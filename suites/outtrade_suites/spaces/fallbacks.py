"""Scenarios with somewhere else to go: the main venue is down, and another one is at hand.

Each scenario has one *plot* about an order, and another order or two beside it. Plots:

``down``       nothing gets through to the main venue for as long as the order would have had: it goes to the other
``in doubt``   the answer to the order is lost, and then the venue is down: it stays where it is until that is settled
``returns``    the venue is down when the order falls due, and back in good time: both ways are right, but one only
``banned``     the key is banned while the order is due

The other venue has its *troubles* too, half of the time: there it is ``slow``, rate-limited, the answer to the order is
lost (``lost``, committed or not), it is ``down`` when it is needed and comes back, or it is down for as long as the
main one (``gone``), and then an alert is all that there is to be done.

    outtrade run agent:ccxt --space fallback --scenarios 50
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from outtrade.model.fault import Ban, Blackhole, DnsFailure, Latency, LostAnswer, RateLimit, Refuse, Trigger
from outtrade.model.scenario import Fallback, Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.told import Plot, Story, begun, told

VENUES = ("okx", "bybit")
"""Where orders may go instead; both list what the stories trade."""


def fallback(d: Draw) -> Scenario:
    """The main venue is down, in doubt or bans, and another one is at hand."""
    story = begun(d, PLOTS)
    story.extra |= {"allow_alert_only": d.boolean("alert is enough", 0.3), "needs": ("fallback",)}
    away = d.sub("fallback")
    TROUBLES[away.choice("trouble", tuple(TROUBLES), weights=WEIGHTS)](away.sub("troubled"), story)
    used = {fields["symbol"] for fields in story.intents}
    other = Fallback(
        venue=away.choice("venue", VENUES),
        balances={asset: Decimal(amount) for asset, amount in story.known.balances.items()},
        markets={symbol: market for symbol, market in story.markets.items() if symbol in used},
        latency=away.number("latency", 0.005, 0.12),
    )
    story.extra["fallbacks"] = (other,)
    return told(story, "fallback")


def _away(d: Draw, story: Story, start: float, end: float) -> None:
    """Nothing gets through to the main venue between two run times, in seconds."""
    kind: Callable[..., Any] = d.choice("outage", (DnsFailure, Refuse, Blackhole))
    story.fault(kind(on=Trigger(after=float(start)), duration=float(end - start)), ends=end)


def _down(d: Draw, story: Story) -> None:
    at, lasts = story.clock + d.integer("then", 20, 60), d.integer("lasts", 125, 220)
    fields = story.order(d.sub("order"), d.choice("shape", ("resting", "marketable")), at=at, lasts=lasts)
    fields.pop("max_slippage_bps", None)
    _away(d, story, at - d.integer("ahead", 3, 8), fields["expires"] + d.integer("behind", 3, 15))


def _in_doubt(d: Draw, story: Story) -> None:
    at, lasts = story.clock + d.integer("then", 20, 60), d.integer("lasts", 125, 220)
    fields = story.order(d.sub("order"), d.choice("shape", ("resting", "marketable")), at=at, lasts=lasts)
    fields.pop("max_slippage_bps", None)
    symptom = d.choice("symptom", ("reset", "close", "truncate", "html_502", "html_504"))
    on = Trigger(op="place", tag=fields["tag"])
    story.fault(LostAnswer(on=on, committed=d.boolean("committed"), symptom=symptom), ends=at + 20)
    _away(d, story, at + d.integer("after", 1, 3), at + d.integer("down for", 60, lasts + 20))


def _returns(d: Draw, story: Story) -> None:
    at = story.clock + d.integer("then", 20, 60)
    story.order(d.sub("order"), d.choice("shape", ("resting", "marketable")), at=at, lasts=400)
    _away(d, story, at - d.integer("ahead", 3, 8), at + d.integer("behind", 5, 60))


def _banned(d: Draw, story: Story) -> None:
    first = story.order(d.sub("first"), "resting", at=story.clock + d.integer("then", 5, 40), lasts=60)
    lasts = d.integer("lasts", 130, 260)
    story.order(d.sub("order"), "resting", at=first["at"] + d.integer("after", 5, 30), lasts=lasts - 50)
    on = Trigger(op="place", tag=first["tag"])
    story.fault(Ban(on=on, duration=float(lasts), retry_after=True), ends=first["at"] + lasts + 60)


# ------------------------------------------------------------------ at the other venue
THERE = 1
"""The number of the fallback."""
OUTAGES: tuple[Callable[..., Any], ...] = (DnsFailure, Refuse, Blackhole)


def _nothing(d: Draw, story: Story) -> None:
    """All is well there."""


def _slow(d: Draw, story: Story) -> None:
    on = Trigger(op=d.choice("what", ("write", "read", "any")), times=d.integer("times", 1, 6))
    story.fault(Latency(on=on, delay=d.number("delay", 1.0, 6.0), venue=THERE), ends=story.about["expires"])


def _limited(d: Draw, story: Story) -> None:
    on, told = Trigger(op=d.choice("what", ("place", "any"))), d.boolean("told")
    limit = RateLimit(on=on, duration=float(d.integer("lasts", 5, 30)), retry_after=told, venue=THERE)
    story.fault(limit, ends=story.about["expires"] + 30)


def _lost(d: Draw, story: Story) -> None:
    symptom = d.choice("symptom", ("hang", "reset", "close", "truncate", "html_502", "html_504"))
    lost = LostAnswer(on=Trigger(op="place"), committed=d.boolean("committed"), symptom=symptom, venue=THERE)
    story.fault(lost, ends=story.about["expires"])


def _late(d: Draw, story: Story) -> None:
    at, lasts = story.about["at"] - 5, float(d.integer("lasts", 30, 70))
    story.fault(d.choice("outage", OUTAGES)(on=Trigger(after=at), duration=lasts, venue=THERE), ends=at + lasts)


def _gone(d: Draw, story: Story) -> None:
    at, end = story.about["at"] - 5, story.about["expires"] + 10
    story.fault(d.choice("outage", OUTAGES)(on=Trigger(after=at), duration=end - at, venue=THERE), ends=end)


TROUBLES: dict[str, Plot] = {
    "none": _nothing,
    "slow": _slow,
    "limited": _limited,
    "lost": _lost,
    "down": _late,
    "gone": _gone,
}
"""What befalls the other venue."""
WEIGHTS = (5, 1, 1, 2, 1, 1)

PLOTS: dict[str, Plot] = {"down": _down, "in doubt": _in_doubt, "returns": _returns, "banned": _banned}
"""What a scenario is about; over consecutive indices each comes equally often."""
