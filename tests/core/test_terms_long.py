"""Random operations over every order type and every practice, audited after each: some hundreds always, a million when
asked.

``python3 dev.py test -m slow tests/core/test_terms_long.py -s`` plays the million (ten minutes). A failure names
the seed of its exchange: ``play(seed, 200)`` plays it again.
"""

from __future__ import annotations

import itertools
from collections import Counter
from random import Random
from typing import Any

import pytest
from msgspec import structs
from test_terms_machine import FLOW, START, SYMBOL, TERMS, carry_out, draw

from outtrade_mocks.core import Change, Exchange, OrderChange, Practice, Rejection
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.orders import SELF_TRADE, TABLE
from outtrade_mocks.core.state import restore, snapshot

SECOND = 1_000_000_000


def practice(random: Random) -> Practice:
    """Any venue."""
    return Practice(
        reserve=random.choice(("placement", "trigger")), immediate_trigger=random.choice(("reject", "trigger")),
        post_only=random.choice(("reject", "cancel")), self_trade=random.choice(SELF_TRADE),  # type: ignore[arg-type]
        partial=random.choice(("cancel", "reduce")), released_part=random.random() < 0.5,
        amend=random.choice(("reduce", "change", "requeue", "replace")),
        amend_waiting=random.choice(("no", "fixed", "all", "all")),
        amend_below_filled=random.choice(("reject", "cancel")),
    )  # fmt: skip


def play(seed: int, operations: int) -> Counter[Any]:
    """One exchange of a random venue, and a branch of it from the middle on; counts what was told."""
    random = Random(seed)
    flow = {SYMBOL: FLOW} if random.random() < 0.5 else None
    exchange = Exchange([TERMS], now=0, seed=seed, flows=flow, practice=practice(random))
    for name in "abc":
        exchange.open_account(name, START)
    told: list[Change] = []
    exchange.on_change(told.append)
    branch: Exchange | None = None
    heard: list[Change] = []
    middle = 0
    for number in range(operations):
        if number == operations // 2:
            branch, middle = restore(snapshot(exchange)), len(told)
            branch.on_change(heard.append)
        operation = draw(random, exchange.now)
        if operation[0] == "advance" and flow:
            operation = (*operation[:2], operation[2] * SECOND)
        looked = number % 10 == 0 and not flow
        before, count = snapshot(exchange) if looked else None, len(told)
        result = carry_out(exchange, operation)
        if branch is not None:
            assert carry_out(branch, operation) == result
        event = f"operation {number} of seed {seed}, {operation[0]} -> {result}"
        if before is not None and result not in ("done", "half"):
            assert structs.replace(snapshot(exchange), event_id=before.event_id) == before, event
            assert [type(one) for one in told[count:]] == [Rejection], event
        check(exchange, event)
        for asset, start in START.items():
            held = sum(a.balance(asset).free + a.balance(asset).locked for a in exchange.accounts.values())
            ledger = exchange.ledger
            assert held + ledger.house.balance(asset).free + ledger.fees.get(asset, 0) == 3 * start, event
    assert heard == told[middle:], f"the branch of seed {seed} tells something else"
    for account in exchange.accounts.values():
        for path in account.orders.values():
            for one, other in itertools.pairwise(path):
                assert other.status in TABLE[one.status].values(), (seed, one, other)
            fills = [fill for fill in account.fills if fill.order_id == path[0].order_id]
            assert sum(fill.lots for fill in fills) == path[-1].filled <= path[-1].lots, (seed, path[-1])
    return Counter(event.why if isinstance(event, OrderChange) else type(event).__name__ for event in told)


def test_some_venues() -> None:
    counts = sum((play(seed, 60) for seed in range(12)), Counter())
    assert set(counts) >= {"accepted", "fill", "cancel", "amend", "triggered", "Rejection", "ListChange"}, counts


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_a_million_operations_over_every_order_type() -> None:
    counts: Counter[Any] = Counter()
    for seed in range(5_000):
        counts += play(seed, 200)
    print("\n" + ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items(), key=str)))
    assert counts["Fill"] > 100_000 and counts["replaced"] > 1_000 and counts["prevent"] > 100
