"""A state machine that tells an agent's day step by step, for Hypothesis (``pip install "outtrade[hypothesis]"``).

``scenarios(space)`` draws a whole scenario at once. Here the steps are rules, so that Hypothesis drops, repeats and
reorders them, and a failure reads like a story::

    state = OneExposure()
    state.order(away=20, hundredths=1, rest=30, side='buy')
    state.lose_answer(committed=True, op='place', symptom='hang')
    state.teardown()

Rules of the base class: an order (crossing or resting, with a deadline), a pause, an answer that is lost (either truth,
any usual symptom), a rate limit. A subclass names the target, and may add rules (``self.add``, ``self.break_``) and
demand what it likes of the history in ``check``. At the end of the steps the scenario is run and judged by the suite.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.judge.api import Finding
from outtrade.model.fault import Fault, LostAnswer, RateLimit, Trigger
from outtrade.model.history import History
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Intent
from outtrade.targets import Target, resolve

MID = Decimal(50000)
ORDERS, FAULTS = 6, 4
"""Most of each in one example."""


class AgentMachine(RuleBasedStateMachine):
    """The story of one scenario. Set ``target``; add rules; override ``check``."""

    target: ClassVar[str]
    """What is tested: ``py:my_agent.py:execute``, ``agent:ccxt``, ..."""
    suite: ClassVar[str] = suites.CORE

    def __init__(self) -> None:
        super().__init__()
        self.clock = 5.0
        """Seconds of run time at which the next step happens."""
        self.intents: list[Intent] = []
        self.faults: list[Fault] = []

    # ------------------------------------------------------------------ steps
    @precondition(lambda self: len(self.intents) < ORDERS)
    @rule(
        away=st.sampled_from((20, 100, -150, -300)),
        hundredths=st.integers(1, 40),
        rest=st.integers(30, 120),
        side=st.sampled_from(("buy", "sell")),
    )
    def order(self, away: int, hundredths: int, rest: int, side: Literal["buy", "sell"]) -> None:
        """A limit order that lies ``away`` basis points beyond the mid (negative: it rests), for ``rest`` seconds."""
        beyond = MID * away / 10_000
        price = MID + beyond if side == "buy" else MID - beyond
        self.add(side=side, quantity=Decimal(hundredths) / 100, limit_price=price, expires=self.clock + rest)

    @rule(seconds=st.integers(1, 120))
    def pause(self, seconds: int) -> None:
        """Nothing new for a while."""
        self.clock += seconds

    @precondition(lambda self: self.intents and len(self.faults) < FAULTS)
    @rule(
        committed=st.booleans(),
        op=st.sampled_from(("place", "cancel", "query")),
        symptom=st.sampled_from(("hang", "reset", "html_502", "code_1006")),
    )
    def lose_answer(self, committed: bool, op: str, symptom: Any) -> None:
        """The first answer about the last order is lost; ``committed``: the exchange had done what was asked."""
        on = Trigger(op=op, tag=self.intents[-1].tag)
        if not any(isinstance(fault, LostAnswer) and fault.on == on for fault in self.faults):
            self.break_(LostAnswer(on=on, committed=committed or op == "query", symptom=symptom))

    @precondition(lambda self: len(self.faults) < FAULTS)
    @rule(seconds=st.integers(1, 30))
    def rate_limit(self, seconds: int) -> None:
        """From now on the next order meets 429 with Retry-After."""
        self.break_(RateLimit(on=Trigger(op="place", after=self.clock), duration=float(seconds)))

    # ------------------------------------------------------------------ for rules of one's own
    def add(self, **fields: Any) -> Intent:
        """One more intent, now; ``fields`` are those of an Intent. The clock goes on by two seconds."""
        number = len(self.intents) + 1
        usual: dict[str, Any] = {
            "id": f"i{number}", "tag": f"STEP{number:04d}", "at": self.clock, "kind": "order", "symbol": "BTC/USDT",
            "type": "limit",
        }  # fmt: skip
        self.intents.append(Intent.model_validate(usual | fields))
        self.clock += 2
        return self.intents[-1]

    def break_(self, fault: Fault) -> None:
        """One more fault."""
        self.faults.append(fault)

    def scenario(self) -> Scenario:
        """The story so far as a scenario, with time to heal and to settle after its last deadline."""
        last = max([self.clock, *(intent.expires or self.clock for intent in self.intents)])
        market = Market(
            mid=MID, depth=Decimal("0.5"), taker_size=Decimal("0.05"), taker_rate=0.0, maker_rate=0.0,
            volatility_bps=0.0,
        )  # fmt: skip
        return Scenario(
            id="machine", seed=1, until=last + Bounds().settle + 120, symbols=("BTC/USDT",),
            balances={"USDT": Decimal(1_000_000), "BTC": Decimal(10), "BNB": Decimal("12.5")},
            markets={"BTC/USDT": market}, intents=tuple(self.intents), faults=tuple(self.faults),
        )  # fmt: skip

    # ------------------------------------------------------------------ the end
    def check(self, history: History, findings: Sequence[Finding]) -> None:
        """What has to hold; by default that no MUST is violated."""
        broken = [f"{found.fingerprint}: {found.broken[0].message}" for found in findings if found.verdict == "fail"]
        assert not broken, "\n".join(broken)

    def teardown(self) -> None:
        """Run the scenario, judge it, check."""
        if self.intents:
            target, properties = _loaded(self.target, self.suite)
            history = run(target, self.scenario())
            self.check(history, judge_history(history, properties))


@cache
def _loaded(target: str, suite: str) -> tuple[Target, tuple[Any, ...]]:
    return resolve(target), suites.load(suite).properties
