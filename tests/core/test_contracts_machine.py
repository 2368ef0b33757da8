"""Any sequence of operations on contracts keeps the books.

Three accounts trade a linear and an inverse contract beside a spot market, in all modes; prices jump, funding is paid,
orders trigger, the market is halted, leverage and margin change, positions are liquidated, deleveraged and settled.
After every operation: the invariants of ``core.invariants`` (positions and the house add up to nothing, nobody is under
the maintenance margin in an open market, reduce-only orders never do more than reduce), every atom is where it was or
somewhere else, positions are the sum of fills, a refused request has changed nothing, ids never repeat, and a branch
that was restored half-way tells the same events.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs

from outtrade_mocks.core import (
    Bracket,
    Change,
    Exchange,
    Fill,
    FlowConfig,
    Instrument,
    NewList,
    NewOrder,
    OrderChange,
    Practice,
    Reject,
    Trigger,
)
from outtrade_mocks.core.events import BalanceChange, InsuranceChange, PositionChange
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal
SECOND = 10**9
LINEAR, INVERSE, SPOT = "ABC/USD", "ABD/USX", "XYZ/USD"
START = {"USD": 2_000, "ABD": 400_000, "XYZ": 50}
ASSETS = tuple(START)
BRACKETS = (
    Bracket(cap=D(3_000), leverage=50, rate=D("0.01")), Bracket(cap=D(9_000), leverage=20, rate=D("0.03")),
    Bracket(cap=None, leverage=8, rate=D("0.06")),
)  # fmt: skip
RULES = (
    Instrument(
        symbol=LINEAR, base="ABC", quote="USD", tick=D("0.7"), step=D(1), base_precision=0, quote_precision=0,
        kind="perpetual", brackets=BRACKETS, maker_fee=D("0.002"), taker_fee=D("0.004"), liquidation_fee=D("0.01"),
        funding_interval=7, max_position=D(80),
    ),
    Instrument(
        symbol=INVERSE, base="ABD", quote="USX", tick=D("0.7"), step=D(1), base_precision=0, quote_precision=0,
        kind="perpetual", inverse=True, contract_size=D(100_000), maker_fee=D("0.001"), taker_fee=D("0.001"),
        brackets=(Bracket(cap=D(60_000), leverage=25, rate=D("0.02")), Bracket(cap=None, leverage=10, rate=D("0.05"))),
        liquidation_fee=D("0.005"),
    ),
    Instrument(
        symbol=SPOT, base="XYZ", quote="USD", tick=D(1), step=D(1), base_precision=0, quote_precision=0,
        taker_fee=D("0.01"),
    ),
)  # fmt: skip
FLOW = FlowConfig(
    mid=D(70),
    spread_bps=150.0,
    depth=D(12),
    levels=5,
    maker_rate=0.2,
    taker_rate=0.3,
    taker_size=D(8),
    volatility_bps=900.0,
)


def draw(random: Random, now: int) -> tuple[Any, ...]:
    """An operation: its name, the account, its arguments."""
    name, kind = random.choice("abc"), random.random()
    symbol = random.choice((LINEAR, LINEAR, LINEAR, INVERSE, INVERSE, SPOT))
    side: Any = random.choice(("buy", "sell"))

    def order(**more: Any) -> NewOrder:
        given: dict[str, Any] = {"symbol": symbol, "side": side, "price": random.randint(90, 110)}
        given["lots"] = random.choice((1, 3, 8, 20, 45))
        if symbol != SPOT:
            given["reduce_only"] = random.random() < 0.35
            given["position_side"] = random.choice((None,) * 8 + ("long", "short"))
        if given.get("reduce_only") and random.random() < 0.6:  # one that rests for a while
            given["price"] = random.randint(107, 114) if side == "sell" else random.randint(86, 93)
        return NewOrder(**(given | more))

    def trigger(**more: Any) -> NewOrder:
        trail: dict[str, int] = random.choice([{}, {}, {"trail_ticks": 3}])
        source: Any = random.choice(("last", "mark"))
        what = Trigger(
            kind=random.choice(("stop", "take_profit")), price=random.randint(88, 112), source=source, **trail
        )
        if random.random() < 0.5:
            more |= {"type": "market", "price": None}
            if random.random() < 0.4 and symbol != SPOT:
                more |= {"lots": None, "close_position": True}
        return order(trigger=what, **more)

    if kind < 0.36:
        more: dict[str, Any] = random.choice(
            [{}, {}, {"post_only": True}, {"tif": "IOC"}, {"tif": "FOK"}, {"visible": 3}]
        )
        return "place", name, order(**more)
    if kind < 0.44:
        close = symbol != SPOT and random.random() < 0.3
        return (
            "place",
            name,
            order(type="market", price=None, **({"lots": None, "close_position": True} if close else {})),
        )
    if kind < 0.50:
        return "place", name, trigger()
    if kind < 0.54:
        entry, lots = order(reduce_only=False), random.randint(1, 9)
        away: Any = "sell" if side == "buy" else "buy"
        legs = (
            structs.replace(entry, lots=lots),
            structs.replace(
                entry, side=away, lots=lots, price=107 if away == "sell" else 93, reduce_only=symbol != SPOT
            ),
            structs.replace(
                entry, side=away, lots=lots, type="market", price=None, reduce_only=symbol != SPOT,
                trigger=Trigger(price=92 if away == "sell" else 108),
            ),
        )  # fmt: skip
        return "list", name, NewList(kind=random.choice(("bracket", "otoco")), orders=legs)
    if kind < 0.60:
        return "cancel", name, random.randrange(10**6)
    if kind < 0.64:
        return (
            "amend",
            name,
            random.randrange(10**6),
            random.randint(1, 30),
            random.choice((None, random.randint(92, 108))),
        )
    if kind < 0.74:
        rate = random.choice((None, None, D("0.003"), D("-0.02")))
        return "publish", name, symbol, random.choice((None, random.randint(80, 120))), rate
    if kind < 0.79:
        return "leverage", name, symbol, random.choice((1, 5, 8, 20, 25, 50))
    if kind < 0.82:
        return "isolated", name, symbol, random.random() < 0.6
    if kind < 0.84:
        return "hedge", name, random.random() < 0.3
    if kind < 0.87:
        return "margin", name, symbol, random.choice((-50, -5, 20, 200, 2_000)), random.choice(("net", "long", "short"))
    if kind < 0.89:
        return "halt", name, symbol, random.random() < 0.85
    if kind < 0.91:
        return "endow", name, random.choice(ASSETS), random.randint(0, 100)
    if kind < 0.93:
        return "sweep", name, random.randrange(10**6), random.randint(1, 20)
    if kind < 0.935:
        return "settle", name, symbol, random.randint(85, 115)
    return "advance", name, random.randint(1, 9)


def carry_out(exchange: Exchange, operation: tuple[Any, ...]) -> str:
    """Carry out one operation; what came of it."""
    what, name, *args = operation
    account = exchange.accounts[name]
    ids = sorted(account.working.values())
    calls = {
        "place": lambda: exchange.place(account, args[0]),
        "list": lambda: exchange.place_list(account, args[0]),
        "publish": lambda: exchange.publish(args[0], mark=args[1], funding=args[2]),
        "leverage": lambda: exchange.set_leverage(account, args[0], args[1]),
        "isolated": lambda: exchange.set_margin_mode(account, args[0], isolated=args[1]),
        "hedge": lambda: exchange.set_position_mode(account, hedge=args[0]),
        "margin": lambda: exchange.add_margin(account, args[0], args[1], side=args[2]),
        "halt": lambda: exchange.set_open(args[0], args[1]),
        "endow": lambda: exchange.endow_insurance(args[0], args[1]),
        "settle": lambda: exchange.settle_contract(args[0], args[1]),
        "advance": lambda: exchange.advance(exchange.now + args[0]),
    }
    if ids:
        number = ids[args[0] % len(ids)] if what in ("cancel", "amend", "sweep") else 0
        symbol = account.orders[number][-1].symbol if number else ""
        calls |= {
            "cancel": lambda: exchange.cancel(account, symbol, order_id=number),
            "amend": lambda: exchange.amend(account, symbol, order_id=number, lots=args[1], price=args[2]),
            "sweep": lambda: exchange.sweep(number, args[1]),
        }
    try:
        calls.get(what, lambda: None)()
    except Reject as reject:
        return str(reject.reason)
    return "done"


def begin(practice: Practice | None = None, *, flow: bool = False) -> Exchange:
    rules = RULES if not flow else (replace(RULES[0], funding_interval=7 * SECOND), *RULES[1:])
    exchange = Exchange(rules, now=0, seed=5, flows={LINEAR: FLOW} if flow else None, practice=practice)
    for name in "abc":
        exchange.open_account(name, START)
    return exchange


def signed(fill: Fill) -> int:
    return fill.lots if fill.side == "buy" else -fill.lots


class Machine(RuleBasedStateMachine):
    """Operations drawn from one seed each, so that a failing sequence shrinks to few of them."""

    @initialize(
        flow=st.booleans(),
        reserve=st.sampled_from(["placement", "trigger"]),
        reduce_only=st.sampled_from(["trim", "reject"]),
        maintenance=st.sampled_from(["mark", "entry"]),
        liquidation=st.sampled_from(["steps", "whole"]),
        amend=st.sampled_from(["reduce", "change", "requeue", "replace"]),
        self_trade=st.sampled_from(["none", "expire_maker", "decrement", "expire_both"]),
        leverage=st.sampled_from([5, 20]),
        isolated=st.booleans(),
    )
    def begin(self, flow: bool, **practice: Any) -> None:
        self.scale = SECOND if flow else 1
        self.exchange = begin(Practice(**practice), flow=flow)
        self.given = {asset: 3 * atoms for asset, atoms in START.items()}
        self.told: list[Change] = []
        self.exchange.on_change(self.told.append)
        self.branch: tuple[Exchange, list[Change], int] | None = None
        self.last = "the beginning"

    @rule(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
    def operate(self, seeds: list[int]) -> None:
        for seed in seeds:
            operation = draw(Random(seed), self.exchange.now)
            if operation[0] == "advance":
                operation = ("advance", operation[1], operation[2] * self.scale)
            before = snapshot(self.exchange) if seed % 7 == 0 and self.scale == 1 else None
            result = carry_out(self.exchange, operation)
            self.last = f"{operation[0]} -> {result}"
            if operation[0] == "endow" and result == "done":
                self.given[operation[2]] += operation[3]
            if before is not None and result != "done":
                assert same(before, snapshot(self.exchange)), operation
            if self.branch is not None:
                assert carry_out(self.branch[0], operation) == result
            check(self.exchange, self.last)
            for asset, atoms in self.given.items():
                assert total(self.exchange, asset) == atoms, (self.last, asset)

    @rule()
    def split(self) -> None:
        if self.branch is None:
            state = snapshot(self.exchange)
            other = restore(State.from_json(state.to_json()))
            again = snapshot(other)  # but for the numbers of watches, which only give their order
            assert (again.accounts, again.markets, again.insurance) == (state.accounts, state.markets, state.insurance)
            heard: list[Change] = []
            other.on_change(heard.append)
            self.branch = other, heard, len(self.told)

    @invariant()
    def positions_are_the_sum_of_fills(self) -> None:
        if not hasattr(self, "exchange"):
            return
        for account in self.exchange.accounts.values():
            for symbol in (LINEAR, INVERSE):
                held = [] if account.portfolio is None else account.portfolio.held(symbol)
                fills = [fill for fill in account.fills if fill.symbol == symbol]
                assert sum(position.lots for position in held) == sum(map(signed, fills)), self.last

    @invariant()
    def the_drop_copy_tells_everything(self) -> None:
        if not hasattr(self, "exchange"):
            return
        wallets: dict[tuple[str, str], tuple[int, int]] = {}
        positions: dict[tuple[str, str, str], Any] = {}
        fund: dict[str, int] = {}
        for event in self.told:
            if isinstance(event, BalanceChange):
                wallets |= {(event.account, asset): (free, locked) for asset, free, locked in event.balances}
            elif isinstance(event, PositionChange):
                one = event.position
                positions[one.account, one.symbol, one.side] = one
            elif isinstance(event, InsuranceChange):
                fund[event.asset] = event.atoms
        assert fund == {asset: a for asset, a in self.exchange.ledger.insurance.items() if a or asset in fund}, (
            self.last
        )
        for account in self.exchange.accounts.values():
            for asset, balance in account.balances.items():
                start = START.get(asset, 0), 0
                assert wallets.get((account.name, asset), start) == (balance.free, balance.locked), self.last
            for key, snapshots in {} if account.portfolio is None else account.portfolio.positions.items():
                assert positions[account.name, *key] == snapshots[-1], self.last

    @invariant()
    def order_ids_never_repeat(self) -> None:
        if hasattr(self, "exchange"):
            accepted = [e.order.order_id for e in self.told if isinstance(e, OrderChange) and e.why == "accepted"]
            assert accepted == list(range(1, len(accepted) + 1))

    def teardown(self) -> None:
        if getattr(self, "branch", None) is not None:
            assert self.branch is not None
            assert self.branch[1] == self.told[self.branch[2] :]


def same(one: State, other: State) -> bool:
    """Whether nothing is different but the number of the refusal; balances that were looked at may be there, empty."""
    return structs.replace(one, event_id=0) == structs.replace(other, event_id=0)


def test_any_sequence_with_contracts() -> None:
    case = Machine.TestCase
    case.settings = settings(
        max_examples=50, stateful_step_count=25, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    case("runTest").runTest()


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_any_sequence_with_contracts_at_length() -> None:
    case = Machine.TestCase
    case.settings = settings(
        max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case("runTest").runTest()


def test_the_operations_reach_what_they_are_for() -> None:
    told: list[Change] = []
    results = set()
    for seed in range(8):
        exchange = begin(
            Practice(leverage=(20, 50)[seed % 2], isolated=seed % 3 == 0, reserve="trigger"), flow=seed % 2 == 0
        )
        exchange.on_change(told.append)
        given = {asset: 3 * atoms for asset, atoms in START.items()}
        for number in range(700):
            operation = draw(Random(seed * 10**6 + number), exchange.now)
            if operation[0] == "advance" and seed % 2 == 0:
                operation = ("advance", operation[1], operation[2] * SECOND)
            result = carry_out(exchange, operation)
            results.add((operation[0], result))
            if operation[0] == "endow" and result == "done":
                given[operation[2]] += operation[3]
            check(exchange, f"{operation[0]} -> {result}")
            assert all(total(exchange, asset) == atoms for asset, atoms in given.items()), operation
    causes = {event.cause for event in told if isinstance(event, PositionChange)}
    assert causes >= {"request", "market", "script", "funding", "liquidation", "adl", "settlement"}
    whys = {event.why for event in told if isinstance(event, PositionChange)}
    assert whys == {"trade", "funding", "margin", "leverage"}
    ended = {event.order.expired_by for event in told if isinstance(event, OrderChange)}
    assert ended >= {"reduce_only", "liquidation", "settlement", "funds"}
    assert any(isinstance(event, OrderChange) and event.why == "reduce" for event in told)
    reasons = {reason for _, reason in results}
    assert reasons >= {
        "done", "INSUFFICIENT_MARGIN", "REDUCE_ONLY", "POSITION_SIDE", "LEVERAGE", "POSITION_MODE", "MARGIN_MODE",
        "NO_POSITION", "NO_CHANGE", "MAX_POSITION", "INSUFFICIENT_BALANCE",
    }  # fmt: skip


# ----------------------------------------------------------------- bad input
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=True), st.text(max_size=5),
    st.binary(max_size=3), st.lists(st.integers(), max_size=2), st.just(LINEAR), st.just("net"), st.just(D("NaN")),
)  # fmt: skip


def prepared() -> Exchange:
    """Positions, orders and money on all sides."""
    exchange = begin(Practice(leverage=10))
    for account, side in (("b", "sell"), ("a", "buy")):
        for symbol, lots in ((LINEAR, 20), (INVERSE, 9)):
            exchange.place(
                exchange.accounts[account], NewOrder(symbol=symbol, side=side, price=100, lots=lots)  # type: ignore[arg-type]
            )  # fmt: skip
    exchange.place(exchange.accounts["a"], NewOrder(symbol=LINEAR, side="sell", price=110, lots=9, reduce_only=True))
    return exchange


@settings(deadline=None, max_examples=150)
@given(
    what=st.sampled_from(
        ["place", "set_leverage", "set_margin_mode", "set_position_mode", "add_margin", "publish", "settle", "endow"]
    ),
    one=JUNK, two=JUNK, three=JUNK, field=st.sampled_from(NewOrder.__struct_fields__),
    known=st.booleans(),
)  # fmt: skip
def test_bad_input_is_refused_and_changes_nothing(
    what: str, one: Any, two: Any, three: Any, field: str, known: bool
) -> None:
    exchange = prepared()
    account: Any = exchange.accounts["a"]
    symbol = LINEAR if known else one
    before = snapshot(exchange)
    try:
        if what == "place":
            new = NewOrder(symbol=LINEAR, side="buy", price=100, lots=3)
            exchange.place(account, structs.replace(new, **{field: two}))
        elif what == "set_leverage":
            exchange.set_leverage(account if known else three, symbol, two)
        elif what == "set_margin_mode":
            exchange.set_margin_mode(account, symbol, isolated=two)
        elif what == "set_position_mode":
            exchange.set_position_mode(account if known else three, hedge=two)
        elif what == "add_margin":
            exchange.add_margin(account, symbol, two, side=three)
        elif what == "publish":
            exchange.publish(symbol, mark=two, index=three, funding=one)
        elif what == "settle":
            exchange.settle_contract(symbol, two)
        else:
            exchange.endow_insurance("USD", two)
    except Reject:
        assert same(before, snapshot(exchange))
    check(exchange, f"{what} {one!r} {two!r} {three!r}")
