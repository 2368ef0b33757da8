"""Any sequence of operations with triggers, lists, icebergs, ends, countdowns and self-trade modes keeps the books.

After every operation: the invariants of ``core.invariants`` (reservations equal what open orders need, lists are
consistent, the book is not crossed), money is conserved, each order was triggered at most once, snapshots are a path of
the life cycle table; at the end a branch restored half-way has told the same events.
"""

from __future__ import annotations

import dataclasses
import itertools
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs

from outtrade_mocks.core import (
    Change,
    Exchange,
    FlowConfig,
    Instrument,
    NewList,
    NewOrder,
    OrderChange,
    Practice,
    Reject,
    Rejection,
    StateChange,
    TradingState,
    Trigger,
    Uncross,
)
from outtrade_mocks.core.invariants import Broken, check
from outtrade_mocks.core.orders import ORDER_KINDS, SELF_TRADE, TABLE
from outtrade_mocks.core.requests import replace
from outtrade_mocks.core.state import restore, snapshot

S = TradingState
SYMBOL = "ABC/USD"
MORNING = 1_795_590_000_000_000_000
"""02:00 in New York on 25 November 2026: a day, a holiday, and an early close follow."""
START = {"ABC": 60, "USD": 6_000}
TERMS = Instrument(
    symbol=SYMBOL, base="ABC", quote="USD", tick=Decimal("0.7"), step=Decimal(1), base_precision=0, quote_precision=0,
    maker_fee=Decimal("0.01"), taker_fee=Decimal("0.03"),
)  # fmt: skip
FLOW = FlowConfig(
    mid=Decimal(70), spread_bps=150, depth=Decimal(6), levels=5, maker_rate=0.1, taker_rate=0.2, taker_size=Decimal(5),
    volatility_bps=300,
)  # fmt: skip


def draw(random: Random, now: int) -> tuple[Any, ...]:
    """An operation: its name, the account, its arguments."""
    name, kind = random.choice("abc"), random.random()
    side: Any = random.choice(("buy", "sell"))

    def plain(side: Any = side, lots: int | None = None, **more: Any) -> NewOrder:
        return NewOrder(
            symbol=SYMBOL, side=side, price=random.randint(94, 106), lots=lots or random.randint(1, 12), **more
        )

    def trigger(side: Any = side, lots: int | None = None) -> NewOrder:
        trail: dict[str, int] = random.choice([{}, {}, {"trail_ticks": 2}, {"trail_bps": 150}])
        price = None if trail and random.random() < 0.5 else random.randint(92, 108)
        source: Any = random.choice(("last", "last", "mark", "index"))
        what = Trigger(kind=random.choice(("stop", "take_profit")), price=price, source=source, **trail)
        limit = random.choice((None, random.randint(92, 108)))
        if lots is None and limit is None and side == "buy" and random.random() < 0.4:
            return NewOrder(symbol=SYMBOL, side=side, type="market", quote=random.randint(40, 600), trigger=what)
        return NewOrder(
            symbol=SYMBOL, side=side, type="market" if limit is None else "limit", price=limit,
            lots=lots or random.randint(1, 12), trigger=what,
        )  # type: ignore[arg-type]  # fmt: skip

    if kind < 0.3:
        more: dict[str, Any] = random.choice([{}, {"post_only": True}, {"tif": "IOC"}, {"tif": "FOK"}, {"visible": 2}])
        if random.random() < 0.4:
            more = random.choice([{"tif": "DAY"}, {"tif": "OPG"}, {"tif": "CLS"}, {"extended": True}, {"visible": 3}])
        if not more:
            more = {"tif": "GTD", "expires": now + random.randint(0, 20)}
        return "place", name, plain(self_trade=random.choice((None, *SELF_TRADE)), **more)
    if kind < 0.36:
        quote = random.choice((None, random.randint(50, 900)))
        lots = None if quote else random.randint(1, 15)
        mode: Any = random.choice((None, *SELF_TRADE))
        return "place", name, NewOrder(symbol=SYMBOL, side=side, type="market", lots=lots, quote=quote, self_trade=mode)
    if kind < 0.5:
        return "place", name, trigger()
    if kind < 0.66:
        lots, other = random.randint(1, 8), "sell" if side == "buy" else "buy"
        orders: dict[str, tuple[NewOrder, ...]] = {
            "oco": (plain(side, lots), trigger(side, lots)),
            "oto": (plain(side, lots), random.choice((plain, trigger))(other, lots)),
            "otoco": (plain(side), plain(other, lots), trigger(other, lots)),
            "bracket": (plain(side, lots), trigger(other, lots), plain(other, lots)),
        }
        which: Any = random.choice(list(orders))
        partial: Any = random.choice((None, "cancel", "reduce"))
        return "list", name, NewList(kind=which, orders=orders[which], partial=partial)
    if kind < 0.74:
        return "cancel", name, random.randrange(10**6)
    if kind < 0.76:
        mode = random.choice(("atomic", "atomic", "stop_on_failure"))
        return "replace", name, random.randrange(10**6), plain(), mode, random.choice((None, None, "new"))
    if kind < 0.82:
        to: dict[str, Any] = {"lots": random.choice((None, random.randint(1, 14)))}
        what = random.random()
        if what < 0.6:
            to["price"] = random.choice((None, random.randint(92, 108)))
        if what < 0.3:
            to["trigger_price"] = random.randint(90, 110)
        elif what > 0.8:
            to |= random.choice(({"trail_ticks": random.randint(1, 4)}, {"trail_bps": random.randint(50, 300)}))
        return "amend", name, random.randrange(10**6), to | {"new_client_id": random.choice((None, None, "n"))}
    if kind < 0.83:
        return "cancel_all", name, random.choice((None, "buy", "sell")), random.choice((None, *ORDER_KINDS))
    if kind < 0.84:
        return "publish", name, random.randint(92, 108), random.randint(92, 108)
    if kind < 0.87:
        return "countdown", name, random.randint(0, 15), random.choice((None, SYMBOL))
    if kind < 0.9:
        state = random.choice([S.OPEN, S.OPEN, *(state for state in S if state is not S.EXPIRED)])
        return "state", name, state, random.choice((None, None, random.randint(1, 10)))
    return "advance", name, random.randint(1, 10)


def carry_out(exchange: Exchange, operation: tuple[Any, ...]) -> str:
    """Carry out one operation; what came of it."""
    what, name, *args = operation
    account = exchange.accounts[name]
    ids = sorted(account.orders)
    try:
        if what == "place":
            exchange.place(account, args[0])
        elif what == "list":
            exchange.place_list(account, args[0])
        elif what == "cancel" and ids:
            exchange.cancel(account, SYMBOL, order_id=ids[args[0] % len(ids)])
        elif what == "amend" and ids:
            live = sorted(account.working.values()) if args[0] % 8 else ids  # else few would still be open
            exchange.amend(account, SYMBOL, order_id=(live or ids)[args[0] % len(live or ids)], **args[1])
        elif what == "replace" and ids:
            live = sorted(account.working.values()) or ids
            halves = replace(
                exchange, account, SYMBOL, args[1], order_id=live[args[0] % len(live)], mode=args[2], only=args[3]
            )
            if isinstance(halves.cancelled, Reject):
                return str(halves.cancelled.reason)
            return "half" if isinstance(halves.placed, Reject) else "done"
        elif what == "cancel_all":
            exchange.cancel_all(account, SYMBOL, side=args[0], kind=args[1])
        elif what == "publish":
            exchange.publish(SYMBOL, mark=args[0], index=args[1])
        elif what == "countdown":
            exchange.countdown(account, args[0], args[1])
        elif what == "state" and args[1] is None:
            exchange.set_state(SYMBOL, args[0])
        elif what == "state":
            exchange.plan_state(SYMBOL, args[0], exchange.now + args[1])
        elif what == "end":
            exchange.plan_end(SYMBOL, exchange.now + args[0])
        elif what == "advance":
            exchange.advance(exchange.now + args[0])
    except Reject as reject:
        return str(reject.reason)
    return "done"


class Machine(RuleBasedStateMachine):
    """Operations drawn from one seed each, so that a failing sequence shrinks to few of them."""

    @initialize(
        flow=st.booleans(),
        sessions=st.sampled_from(["", "open", "closed", "auctions"]),
        reserve=st.sampled_from(["placement", "trigger"]),
        immediate=st.sampled_from(["reject", "trigger"]),
        post_only=st.sampled_from(["reject", "cancel"]),
        partial=st.sampled_from(["cancel", "reduce"]),
        amend=st.sampled_from(["reduce", "change", "requeue", "replace"]),
        waiting=st.sampled_from(["no", "fixed", "all", "all"]),
        part=st.booleans(),
    )
    def begin(
        self,
        flow: bool,
        sessions: str,
        reserve: Any,
        immediate: Any,
        post_only: Any,
        partial: Any,
        amend: Any,
        waiting: Any,
        part: bool,
    ) -> None:
        practice = Practice(
            reserve=reserve, immediate_trigger=immediate, post_only=post_only, partial=partial, amend=amend,
            amend_below_filled="cancel" if part else "reject", amend_waiting=waiting, released_part=part,
        )  # fmt: skip
        second = 1_000_000_000
        self.still = not flow
        self.scale = 2_500 * second if sessions else second if flow else 1
        rules, now = TERMS, 0
        if sessions:
            rules = dataclasses.replace(TERMS, calendar="XNYS", auctions=sessions == "auctions")
            now = MORNING if sessions == "closed" else MORNING + 36_000 * second
        self.exchange = Exchange([rules], now=now, seed=5, flows={SYMBOL: FLOW} if flow else None, practice=practice)
        for name in "abc":
            self.exchange.open_account(name, START)
        self.told: list[Change] = []
        self.exchange.on_change(self.told.append)
        self.branch: tuple[Exchange, list[Change], int] | None = None
        self.last = "the beginning"

    @rule(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
    def operate(self, seeds: list[int]) -> None:
        for seed in seeds:
            operation = draw(Random(seed), self.exchange.now)
            if operation[0] == "advance":
                operation = ("advance", operation[1], operation[2] * self.scale)
            elif operation[0] == "state" and seed % 17 == 0:
                operation = ("end", operation[1], (1 + seed % 9) * self.scale)
            elif operation[0] == "state" and operation[3] is not None:
                operation = (*operation[:3], operation[3] * self.scale)
            before = len(self.told)
            state = snapshot(self.exchange) if seed % 7 == 0 else None
            result = carry_out(self.exchange, operation)
            self.last = f"{operation[0]} -> {result}"
            if state is not None and result not in ("done", "half") and self.still:
                after = structs.replace(snapshot(self.exchange), event_id=state.event_id)
                assert after.to_json() == state.to_json(), operation
                assert [type(event) for event in self.told[before:]] == [Rejection], operation
            if self.branch is not None:
                assert carry_out(self.branch[0], operation) == result
            check(self.exchange, self.last)

    @rule()
    def split(self) -> None:
        if self.branch is None:
            other = restore(snapshot(self.exchange))
            heard: list[Change] = []
            other.on_change(heard.append)
            self.branch = other, heard, len(self.told)

    @invariant()
    def money_is_conserved(self) -> None:
        if not hasattr(self, "exchange"):
            return
        ledger = self.exchange.ledger
        for asset, start in START.items():
            held = sum(a.balance(asset).free + a.balance(asset).locked for a in self.exchange.accounts.values())
            assert held + ledger.house.balance(asset).free + ledger.fees.get(asset, 0) == 3 * start, self.last

    @invariant()
    def snapshots_are_a_legal_path_and_tell_of_one_trigger(self) -> None:
        if not hasattr(self, "exchange"):
            return
        for account in self.exchange.accounts.values():
            for snapshots in account.orders.values():
                for one, other in itertools.pairwise(snapshots):
                    assert other.status in TABLE[one.status].values(), self.last
                assert sum(one.status == "triggered" for one in snapshots) <= 1
                assert snapshots[-1].status != "triggered"
                fills = [f for f in account.fills if f.order_id == snapshots[0].order_id]
                assert sum(f.lots for f in fills) == snapshots[-1].filled <= snapshots[-1].lots

    def teardown(self) -> None:
        if getattr(self, "branch", None) is not None:
            assert self.branch is not None
            assert self.branch[1] == self.told[self.branch[2] :]


@pytest.mark.parametrize("steps", [30])
def test_any_sequence_with_terms(steps: int) -> None:
    case = Machine.TestCase
    case.settings = settings(
        max_examples=80, stateful_step_count=steps, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    case("runTest").runTest()


def test_the_operations_reach_what_they_are_for() -> None:
    exchange = Exchange([TERMS], now=0, seed=5)
    for name in "abc":
        exchange.open_account(name, START)
    told: list[Change] = []
    exchange.on_change(told.append)
    results, refused = set(), 0
    for seed in range(4_000):
        operation = draw(Random(seed), exchange.now)
        result = carry_out(exchange, operation)
        refused += result != "done"
        results.add((operation[0], result))
        check(exchange, operation[0])
    whys = {event.why for event in told if isinstance(event, OrderChange)}
    assert whys >= {"accepted", "fill", "cancel", "expire", "amend", "released", "triggered", "working", "prevent"}
    assert sum(isinstance(event, Rejection) for event in told) == refused
    assert {
        "place",
        "list",
        "cancel",
        "cancel_all",
        "amend",
        "replace",
        "countdown",
        "publish",
        "state",
        "advance",
    } == {what for what, result in results if result == "done"}


def test_the_operations_reach_what_sessions_are_for() -> None:
    """The same on a market with sessions and auctions, over some days."""
    exchange = Exchange([dataclasses.replace(TERMS, calendar="XNYS", auctions=True)], now=MORNING, seed=5)
    for name in "abc":
        exchange.open_account(name, START)
    told: list[Change] = []
    exchange.on_change(told.append)
    results = set()
    for seed in range(4_000):
        operation = draw(Random(seed), exchange.now)
        if operation[0] == "advance":
            operation = ("advance", "a", operation[2] * 300_000_000_000)
        results.add(carry_out(exchange, operation))
        check(exchange, operation[0])
    assert {event.state for event in told if isinstance(event, StateChange)} == set(S) - {S.EXPIRED}
    assert sum(isinstance(event, Uncross) for event in told) > 8
    ends = {event.order.expired_by for event in told if isinstance(event, OrderChange)}
    assert ends >= {"day", "auction", "gtd", "list"}
    queued = {event.order.tif for event in told if isinstance(event, OrderChange) and event.order.status == "queued"}
    assert queued >= {"GTC", "DAY", "OPG", "CLS"}
    assert results >= {"MARKET_CLOSED", "CANCEL_ONLY", "POST_ONLY_MODE", "AUCTION", "MAINTENANCE"}


def test_a_broken_invariant_names_the_event() -> None:
    exchange = Exchange([TERMS], now=0, seed=5)
    account = exchange.open_account("a", START)
    exchange.place(account, NewOrder(symbol=SYMBOL, side="sell", price=100, lots=5))
    check(exchange, "an order")
    account.balance("ABC").locked -= 1
    with pytest.raises(Broken, match="after a lost atom: a has 4 atoms of ABC locked, open orders need 5"):
        check(exchange, "a lost atom")
