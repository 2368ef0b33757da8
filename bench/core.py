"""Speed of the exchange core: operations a second with accounts, filters, balances, snapshots and events.

Run ``python bench/core.py``. Each workload is prepared in advance and played against a fresh exchange several times;
the median of the CPU time is printed, and the best. An operation is one call: place (with its trades), cancel, or one
market action.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "mocks"))

from outtrade_mocks.core import Account, Change, Exchange, FlowConfig, Instrument, NewOrder, PriceBand

NS = 1_000_000_000
RUNS = 7
BTC = Instrument(
    symbol="BTC/USDT", base="BTC", quote="USDT", tick=Decimal("0.01"), step=Decimal("0.00001"),
    price_min=Decimal("0.01"), price_max=Decimal(1_000_000), quantity_min=Decimal("0.00001"),
    quantity_max=Decimal(9_000), market_max=Decimal(100), notional_min=Decimal(5), notional_max=Decimal(9_000_000),
    band=PriceBand(Decimal("0.2"), Decimal(5), Decimal("0.2"), Decimal(5)),
    maker_fee=Decimal("0.001"), taker_fee=Decimal("0.001"),
)  # fmt: skip
FLOW = FlowConfig(mid=Decimal(50_000), depth=Decimal("0.5"), taker_size=Decimal("0.4"))


def exchange(*, flow: bool = False) -> tuple[Exchange, list[Account], list[Change]]:
    made = Exchange([BTC], now=0, seed=1, flows={"BTC/USDT": FLOW} if flow else None)
    rich = {"BTC": made.atoms("BTC", Decimal(10**6)), "USDT": made.atoms("USDT", Decimal(10**11))}
    accounts = [made.open_account(f"a{i}", rich) for i in range(8)]
    log: list[Change] = []
    made.on_change(log.append)
    return made, accounts, log


def mixed(operations: int) -> Callable[[], tuple[float, int]]:
    """Limit orders around the mid (about half trade), market orders, cancels of random open orders; 1 us apart."""
    random = Random(7)
    made, accounts, _ = exchange()
    plan: list[tuple[int, NewOrder | None, int]] = []
    while len(plan) < operations:  # played once while it is made, so that it knows the ids of open orders
        who, kind, side = random.randrange(8), random.random(), random.choice(("buy", "sell"))
        account = accounts[who]
        if kind < 0.55:
            price = 5_000_000 + int(random.gauss(-40 if side == "buy" else 40, 50))
            new = NewOrder(symbol="BTC/USDT", side=side, price=price, lots=random.randrange(100, 5000))
        elif kind < 0.65:
            new = NewOrder(symbol="BTC/USDT", side=side, type="market", lots=random.randrange(100, 9000))
        else:
            if account.working:
                order_id = random.choice(list(account.working.values()))
                made.cancel(account, "BTC/USDT", order_id=order_id)
                plan.append((who, None, order_id))
            continue
        made.place(account, new)
        plan.append((who, new, 0))

    def run() -> tuple[float, int]:
        made, accounts, log = exchange()
        now = 0
        start = time.process_time()
        for who, new, order_id in plan:
            now += 1000
            made.advance(now)
            if new is not None:
                made.place(accounts[who], new)
            else:
                made.cancel(accounts[who], "BTC/USDT", order_id=order_id)
        return time.process_time() - start, len(log)

    return run


def place_cancel(operations: int) -> Callable[[], tuple[float, int]]:
    """One order placed and cancelled over and over beside 500 resting ones."""

    def run() -> tuple[float, int]:
        made, accounts, log = exchange()
        for index in range(500):
            made.place(accounts[1], NewOrder(symbol="BTC/USDT", side="buy", price=4_990_000 - index % 100, lots=100))
        new = NewOrder(symbol="BTC/USDT", side="buy", price=4_999_000, lots=500)
        account = accounts[0]
        start = time.process_time()
        for _ in range(operations // 2):
            order = made.place(account, new)
            made.cancel(account, "BTC/USDT", order_id=order.order_id)
        return time.process_time() - start, len(log)

    return run


def match(operations: int) -> Callable[[], tuple[float, int]]:
    """A resting order and a market order that fills it: two orders, one trade, two fills."""
    ask = NewOrder(symbol="BTC/USDT", side="sell", price=5_000_000, lots=1000)
    buy = NewOrder(symbol="BTC/USDT", side="buy", type="market", lots=1000)

    def run() -> tuple[float, int]:
        made, accounts, log = exchange()
        maker, taker = accounts[0], accounts[1]
        start = time.process_time()
        for _ in range(operations // 2):
            made.place(maker, ask)
            made.place(taker, buy)
        return time.process_time() - start, len(log)

    return run


def market(operations: int, *, resting: bool) -> Callable[[], tuple[float, int]]:
    """The seeded market alone: every action carried out (an order rests), or only noted (nobody looks)."""

    def run() -> tuple[float, int]:
        made, accounts, log = exchange(flow=True)
        if resting:
            made.place(accounts[0], NewOrder(symbol="BTC/USDT", side="buy", price=4_000_000, lots=1000))
        start = time.process_time()
        made.advance(operations * 10 * NS)  # one action in ten virtual seconds
        return time.process_time() - start, len(log)

    return run


def main() -> None:
    count = 20_000
    workloads: list[tuple[str, int, Callable[[], tuple[float, int]]]] = [
        ("mixed: place, trade, cancel; 8 accounts", count, mixed(count)),
        ("place and cancel", count, place_cancel(count)),
        ("resting order, market order, trade", count, match(count)),
        ("market actions, an order rests", 2_000, market(2_000, resting=True)),
        ("market actions, nobody looks", count, market(count, resting=False)),
    ]
    print(f"{'workload':<42} {'ops/s':>9} {'us/op':>7} {'best':>9} {'events':>8}   median of {RUNS} runs")
    for name, operations, run in workloads:
        gc.collect()
        results = [run() for _ in range(RUNS)]
        seconds = statistics.median(taken for taken, _ in results)
        best = operations / min(taken for taken, _ in results)
        rate, each = operations / seconds, seconds / operations * 1e6
        print(f"{name:<42} {rate:>9,.0f} {each:>7.2f} {best:>9,.0f} {results[0][1]:>8,}")


if __name__ == "__main__":
    main()
