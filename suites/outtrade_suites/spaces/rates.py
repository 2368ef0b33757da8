"""How often things break: the profiles ``none``, ``realistic`` and ``hostile`` of ``outtrade run --faults``.

``realistic`` gives each kind of fault a chance of its own per scenario (a quarter of an hour, about three orders, about
sixty requests), so that most scenarios have none or one. Where a public figure was found it is named, with the
arithmetic; where not, the chance is *inferred* and says so: it is a setting, not a measurement. ``hostile`` is what
the spaces are made of: three to five faults in every scenario, all variants equally often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outtrade_suites.spaces import plans
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.plans import Wish

Profile = Literal["none", "realistic", "hostile"]
PROFILES: tuple[Profile, ...] = ("none", "realistic", "hostile")

INFERRED = "*inferred*: no public figure was found"
_FAILED = "APIContext, 'The two percent' (apicontext.com/the-two-percent): 1.6 of 83 million API calls answered 5xx"
_AVAILABLE = (
    "APImetrics, API cloud performance analysis (api-cloud-analysis.api.expert/keymetrics): 20 of 32 services were"
    " available 99.9 to 99.99 % of 24 months"
)
_DAY = "developers.binance.com/docs/binance-spot-api-docs/websocket-api: a connection is valid for 24 hours"
_HOURS = "knowm/XChange issue 3641: Kraken and Coinbase streams end after two hours to two days"
_DIE = "freqtrade/freqtrade issue 11821: streams of some exchanges die silently, still open"


@dataclass(frozen=True, slots=True)
class Rate:
    """The chance that a scenario has a fault of this kind, how it was reckoned, and whence."""

    chance: float
    basis: str
    source: str = INFERRED


REALISTIC: dict[str, Rate] = {
    "dns_failure": Rate(0.002, "a part of the outages", _AVAILABLE),
    "refuse": Rate(0.004, "0.05 % of 15 minutes in outages of 45 s make 0.01; 0.004 of it refused", _AVAILABLE),
    "blackhole": Rate(0.004, "the same, 0.004 of it without an answer", _AVAILABLE),
    "latency": Rate(0.05, "a slow answer in twenty scenarios"),
    "trickle": Rate(0.002, "rare"),
    "late_request": Rate(0.01, "a slow way there, a fifth of the slow answers"),
    "half_open": Rate(0.01, "a NAT or a load balancer forgets an idle connection", _DIE + "; the chance *inferred*"),
    "disconnect": Rate(0.05, "idle keep-alive connections are closed by every server"),
    "lost_answer": Rate(0.06, "2 % of about three orders; symptoms and truths equally often (*inferred*)", _FAILED),
    "rate_limit": Rate(0.02, "a limit shared with other programs of the account"),
    "ban": Rate(0.001, "follows limits that were ignored"),
    "forbidden": Rate(0.002, "a firewall's false alarm"),
    "reject": Rate(0.04, "funds, filters and permissions change under a running agent"),
    "partial_fill": Rate(0.2, "usual for orders beyond the best level"),
    "delayed_fill": Rate(0.2, "usual for resting orders"),
    "cancel_race": Rate(0.03, "some of the cancels meet a fill"),
    "visibility": Rate(0.02, "replicas behind the engine"),
    "duplicated": Rate(0.002, "proxies that repeat what is not idempotent"),
    "stream_drop": Rate(0.005, "slow consumers"),
    "stream_duplicate": Rate(0.01, "after a reconnection of the venue's own"),
    "stream_reorder": Rate(0.01, "two workers behind one stream"),
    "stream_early": Rate(0.1, "usual: two ways to the client, either may be faster"),
    "stream_silent": Rate(0.01, "the stream dies without a close", _DIE + "; the chance *inferred*"),
    "stream_close": Rate(0.02, "15 minutes of about half a day", _HOURS),
    "stream_stall": Rate(0.01, "events queue up while pings go on", _DIE + "; the chance *inferred*"),
    "stream_expire": Rate(0.01, "15 minutes of 24 hours", _DAY),
    "crash": Rate(0.005, "a deployment or a fault of its own every other day"),
    "pause": Rate(0.02, "garbage collection, a busy or suspended machine"),
}
"""Kind -> how often ``realistic`` has it."""


def wished(d: Draw, profile: Profile) -> list[Wish]:
    """The faults of one scenario under a profile."""
    return [] if profile == "none" else _realistic(d) if profile == "realistic" else _hostile(d)


def _realistic(d: Draw) -> list[Wish]:
    found = []
    for kind, rate in REALISTIC.items():
        variants = [variant for variant in plans.EVERY if variant.partition(".")[0] == kind]
        if d.boolean(f"has {kind}", rate.chance):
            found.append(plans.wish(d.sub(f"wish {kind}"), d.choice(f"form of {kind}", variants)))
    return found


def _hostile(d: Draw) -> list[Wish]:
    found: list[Wish] = []
    for number in range(1, d.integer("faults", 3, 5) + 1):
        w = plans.wish(d.sub(f"wish {number}"), d.spread(f"fault {number}", plans.EVERY))
        if w.kind not in {other.kind for other in found} or w.kind in plans.REPEATABLE:
            found.append(w)
    return found
