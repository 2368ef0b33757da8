"""Any sequence of borrowing, trading, repaying, moving money, prices and hours keeps the books.

After every operation: the invariants of ``core.invariants`` (the pool has lent what is owed, nobody who could be
liquidated has lost the level, locks equal what orders need), money is conserved over accounts, house, fees, pool and
insurance, a refusal has changed nothing; at the end a branch restored half-way has told the same events. Fee schedules
with tiers, rebates, fees in quote and a token are drawn as well.
"""

from __future__ import annotations

from decimal import Decimal as D
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs

from outtrade_mocks.core import (
    BalanceChange,
    Change,
    Discount,
    Exchange,
    FeeSchedule,
    FeeTier,
    FlowConfig,
    Instrument,
    MarginRules,
    NewOrder,
    Practice,
    Rates,
    Reject,
    Trigger,
)
from outtrade_mocks.core.events import LoanChange, MarginChange
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.loans import HOUR
from outtrade_mocks.core.state import State, restore, snapshot

SYMBOLS = ("ABC/USD", "TOK/USD", "XYZ/ABC")
ASSETS = ("ABC", "TOK", "XYZ", "USD")
PRICES = {"ABC/USD": 100, "TOK/USD": 20, "XYZ/ABC": 4}
START = {"ABC": 400, "TOK": 300, "XYZ": 300, "USD": 40_000}
FLOW = FlowConfig(mid=D(100), depth=D(20), levels=4, spread_bps=200.0, taker_size=D(10), volatility_bps=250.0)


def market(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(
        symbol=symbol, base=base, quote=quote, tick=D(1), step=D(1), base_precision=0, quote_precision=0,
        maker_fee=D("0.01"), taker_fee=D("0.02"),
    )  # fmt: skip


def tier(maker: str, taker: str, volume: int = 0) -> FeeTier:
    return FeeTier(rates=Rates(maker=D(maker), taker=D(taker)), volume=D(volume))


SCHEDULES = (
    None,
    FeeSchedule(tiers=(tier("-0.01", "0.03"), tier("-0.02", "0.02", 3_000)), rebate="paid", reference="USD"),
    FeeSchedule(tiers=(tier("0.02", "0.04"), tier("0.01", "0.03", 3_000)), asset="quote", review="daily"),
    FeeSchedule(tiers=(tier("0.03", "0.03"),), discount=Discount(asset="TOK")),
    FeeSchedule(tiers=(tier("0.02", "0.05"),), asset="quote", discount=Discount(asset="TOK", multiplier=D("0.5"))),
)


def make(schedule: FeeSchedule | None, *, flow: bool, step: str, practice: Practice | None = None) -> Exchange:
    flows = {"ABC/USD": FLOW} if flow else None
    exchange = Exchange(map(market, SYMBOLS), now=0, seed=5, flows=flows, practice=practice)
    if schedule is not None:
        exchange.tariffs.charge(schedule)
    for name in "ab":
        exchange.open_account(name, START)
    for name, account in exchange.accounts.items():
        for symbol, price in PRICES.items():
            side: Any = "buy" if name == "a" else "sell"
            exchange.place(account, NewOrder(symbol=symbol, side=side, price=price, lots=1))
    rates = {"ABC": D("0.48"), "USD": D("0.24"), "XYZ": D("0.024")}
    rules = MarginRules(rates=rates, reference="USD", step=D(step), caps={"XYZ": D(200)})
    c = exchange.open_account("c", {"USD": 3_000, "ABC": 10})
    d = exchange.open_account("d", {"USD": 1_000, "TOK": 60})
    exchange.open_margin(c, rules)
    exchange.open_margin(d, changed(rules, leverage=5, call=D("1.16")))
    exchange.open_margin(exchange.open_account("i", {"USD": 2_000}), changed(rules, symbol="ABC/USD"))
    exchange.borrow(c, "USD", 5_000)
    exchange.place(c, NewOrder(symbol="ABC/USD", side="buy", price=100, lots=70))
    exchange.borrow(d, "ABC", 60)
    exchange.endow_insurance("USD", 200)
    return exchange


def changed(rules: MarginRules, **changes: Any) -> MarginRules:
    return MarginRules(**{name: getattr(rules, name) for name in rules.__dataclass_fields__} | changes)


def draw(random: Random) -> tuple[Any, ...]:
    """An operation: its name, the account, its arguments."""
    name, kind = random.choice("abccddii"), random.random()
    if name in "ab" and kind > 0.5:
        kind = random.choice((0.1, 0.95, 0.99))
    symbol = random.choice(SYMBOLS)
    side: Any = random.choice(("buy", "sell"))
    if kind < 0.45:
        effect: Any = random.choice((None, "borrow", "repay", "borrow_repay")) if name not in "ab" else None
        lots, mid = random.randint(1, 40), PRICES[symbol]
        if random.random() < 0.35:
            amount = {"lots": lots} if random.random() < 0.8 else {"quote": lots * mid}
            return "place", name, NewOrder(symbol=symbol, side=side, type="market", side_effect=effect, **amount)
        price = max(1, mid + random.randint(-mid // 4 - 1, mid // 4 + 1))
        trigger = Trigger(kind="stop", price=max(1, price)) if random.random() < 0.15 else None
        tif: Any = random.choice(("GTC", "GTC", "GTC", "IOC"))
        new = NewOrder(symbol=symbol, side=side, price=price, lots=lots, tif=tif, trigger=trigger, side_effect=effect)
        return "place", name, new
    if kind < 0.55:
        return "cancel", name, random.randrange(10**6)
    if kind < 0.68:
        return "borrow", name, random.choice(ASSETS), random.choice((5, 50, 500, 3_000))
    if kind < 0.76:
        return "repay", name, random.choice(ASSETS), random.choice((None, 1, 40, 700))
    if kind < 0.82:
        return "transfer", name, random.choice("abcdi"), random.choice(ASSETS), random.choice((5, 100, 800))
    if kind < 0.9:
        index = max(1, PRICES[symbol] * random.randint(60, 150) // 100)
        return "publish", name, symbol, index
    if kind < 0.93:
        return "halt", name, symbol, random.random() < 0.4
    return "advance", name, random.choice((HOUR // 7, HOUR, 5 * HOUR, 26 * HOUR))


def carry_out(exchange: Exchange, operation: tuple[Any, ...]) -> str:
    """Carry out one operation; what came of it."""
    what, name, *args = operation
    account = exchange.accounts[name]
    try:
        if what == "place":
            exchange.place(account, args[0])
        elif what == "cancel":
            ids = sorted(account.working.values())
            if ids:
                order = account.orders[ids[args[0] % len(ids)]][-1]
                exchange.cancel(account, order.symbol, order_id=order.order_id)
        elif what == "borrow":
            exchange.borrow(account, args[0], args[1])
        elif what == "repay":
            exchange.repay(account, args[0], args[1])
        elif what == "transfer":
            exchange.transfer(account, exchange.accounts[args[0]], args[1], args[2])
        elif what == "publish":
            exchange.publish(args[0], index=args[1])
        elif what == "halt":
            exchange.set_open(args[0], args[1])
        else:
            exchange.advance(exchange.now + args[0])
    except Reject as reject:
        return str(reject.reason)
    return "done"


class Machine(RuleBasedStateMachine):
    """Operations drawn from one seed each, so that a failing sequence shrinks to few of them."""

    @initialize(
        schedule=st.sampled_from(SCHEDULES), flow=st.booleans(), step=st.sampled_from(["0.25", "1"]),
        reserve=st.sampled_from(["placement", "trigger"]), self_trade=st.sampled_from(["none", "expire_maker"]),
    )  # fmt: skip
    def begin(self, schedule: FeeSchedule | None, flow: bool, step: str, reserve: Any, self_trade: Any) -> None:
        practice = Practice(reserve=reserve, self_trade=self_trade, immediate_trigger="trigger")
        self.flow = flow
        self.exchange = make(schedule, flow=flow, step=step, practice=practice)
        self.start = {asset: total(self.exchange, asset) for asset in ASSETS}
        self.told: list[Change] = []
        self.exchange.on_change(self.told.append)
        self.branch: tuple[Exchange, list[Change], int] | None = None
        self.last = "the beginning"

    @rule(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
    def operate(self, seeds: list[int]) -> None:
        for seed in seeds:
            operation = draw(Random(seed))
            if self.flow and operation[0] == "advance":
                operation = ("advance", operation[1], operation[2] // 200)
            before = snapshot(self.exchange) if seed % 5 == 0 and not self.flow else None
            result = carry_out(self.exchange, operation)
            self.last = f"{operation[0]} -> {result}"
            if before is not None and result != "done":
                assert structs.replace(snapshot(self.exchange), event_id=before.event_id) == before, operation
            if self.branch is not None:
                assert carry_out(self.branch[0], operation) == result
            check(self.exchange, self.last)

    @rule()
    def split(self) -> None:
        if self.branch is None:
            other = restore(State.from_json(snapshot(self.exchange).to_json()))
            heard: list[Change] = []
            other.on_change(heard.append)
            self.branch = other, heard, len(self.told)

    @invariant()
    def money_is_conserved(self) -> None:
        if hasattr(self, "exchange"):
            for asset, start in self.start.items():
                assert total(self.exchange, asset) == start, (self.last, asset)

    @invariant()
    def the_drop_copy_tells_every_balance_and_debt(self) -> None:
        if not hasattr(self, "exchange"):
            return
        balances: dict[tuple[str, str], tuple[int, int]] = {}
        debts: dict[tuple[str, str], tuple[int, int]] = {}
        for event in self.told:
            if isinstance(event, BalanceChange):
                balances.update({(event.account, asset): (free, locked) for asset, free, locked in event.balances})
            elif isinstance(event, LoanChange):
                debts[event.account, event.asset] = event.principal, event.interest
        for (name, asset), known in balances.items():
            balance = self.exchange.accounts[name].balance(asset)
            assert (balance.free, balance.locked) == known, (self.last, name, asset)
        for (name, asset), known in debts.items():
            assert self.exchange.view(self.exchange.accounts[name]).loans().get(asset, (0, 0)) == known, self.last

    def teardown(self) -> None:
        if getattr(self, "branch", None) is not None:
            assert self.branch is not None
            assert self.branch[1] == self.told[self.branch[2] :]


@pytest.mark.parametrize("steps", [25])
def test_any_sequence_with_margin(steps: int) -> None:
    case = Machine.TestCase
    case.settings = settings(
        max_examples=60, stateful_step_count=steps, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    case("runTest").runTest()


def test_the_operations_reach_what_they_are_for() -> None:
    results: set[tuple[str, str]] = set()
    why: set[str] = set()
    for number, schedule in enumerate(SCHEDULES):
        exchange = make(schedule, flow=False, step="0.25")
        start = {asset: total(exchange, asset) for asset in ASSETS}
        told: list[Change] = []
        exchange.on_change(told.append)
        for seed in range(number * 1_000, number * 1_000 + 500):
            operation = draw(Random(seed))
            results.add((operation[0], carry_out(exchange, operation)))
            check(exchange, operation[0])
            assert {asset: total(exchange, asset) for asset in ASSETS} == start, operation
        why |= {e.why for e in told if isinstance(e, MarginChange | LoanChange)}
    assert why == {"borrow", "repay", "interest", "takeover", "call", "safe", "liquidation"}
    assert {what for what, result in results if result == "done"} == {
        "place", "cancel", "borrow", "repay", "transfer", "publish", "halt", "advance",
    }  # fmt: skip
    reasons = {result for _, result in results}
    assert reasons >= {
        "ACCOUNT_TYPE", "BORROW_ASSET", "BORROW_LIMIT", "NO_LOAN", "REPAY_EXCEEDS", "TRANSFER_LEVEL",
        "INSUFFICIENT_BALANCE",
    }  # fmt: skip
