"""Speed of the exchange core: operations a second with accounts, filters, balances, snapshots and events.

Run ``python bench/core.py``. Each workload is prepared in advance and played against a fresh exchange several times;
the median of the CPU time is printed, and the best. An operation is one call: place (with its trades), cancel, or one
market action. ``python bench/core.py --scale`` measures the cost of an operation beside 1,000 to 1,000,000 resting
orders, each at a price of its own, and a snapshot of 10,000 (some minutes, 2 GiB). ``python bench/core.py --digest``
prints a digest of all that each workload told, and of a snapshot after it: equal before and after a change that only
saves time.
"""

from __future__ import annotations

import gc
import hashlib
import resource
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "mocks"))

import msgspec

from outtrade_mocks.core import Account, Change, Exchange, FlowConfig, Instrument, NewOrder, PriceBand
from outtrade_mocks.core.saved import State
from outtrade_mocks.core.state import restore, snapshot

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

MADE: deque[tuple[Exchange, list[Change]]] = deque(maxlen=1)
"""The exchange of the last run, and what it told."""


def exchange(*, flow: bool = False) -> tuple[Exchange, list[Account], list[Change]]:
    made = Exchange([BTC], now=0, seed=1, flows={"BTC/USDT": FLOW} if flow else None)
    rich = {"BTC": made.atoms("BTC", Decimal(10**6)), "USDT": made.atoms("USDT", Decimal(10**11))}
    accounts = [made.open_account(f"a{i}", rich) for i in range(8)]
    log: list[Change] = []
    made.on_change(log.append)
    MADE.append((made, log))
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


def scale() -> None:
    """Cost of an operation beside ever more resting orders, half of them bids, each at a price of its own."""
    print(f"{'resting orders':>14} {'place':>8} {'cancel':>8} {'trade':>8} {'us; MiB in all':>15}")
    for resting in (1_000, 10_000, 100_000, 1_000_000):
        random = Random(resting)
        made, accounts, log = exchange()
        half = resting // 2
        offsets = random.sample(range(1, half + 1), half)
        ids: list[int] = []
        for number, offset in enumerate(offsets):
            for side, sign in (("buy", -1), ("sell", 1)):
                new = NewOrder(symbol="BTC/USDT", side=side, price=5_000_000 + sign * offset, lots=100)
                order = made.place(accounts[number % 4 + (4 if sign > 0 else 0)], new)
                if side == "buy":
                    ids.append(order.order_id)
        log.clear()
        gc.collect()
        if resting == 10_000:
            snapshots(made)
        count = 1_000
        took: list[list[float]] = [[], [], []]
        for _ in range(RUNS):
            gone = random.sample(range(len(ids)), count // 2)
            start = time.process_time()
            for index in gone:
                made.cancel(accounts[_owner(made, ids[index])], "BTC/USDT", order_id=ids[index])
            took[1].append(time.process_time() - start)
            prices = [5_000_000 - offsets[index] for index in gone]
            news = [NewOrder(symbol="BTC/USDT", side="buy", price=price, lots=100) for price in prices]
            start = time.process_time()
            back = [made.place(accounts[0], new).order_id for new in news]
            took[0].append(time.process_time() - start)
            for index, order_id in zip(gone, back, strict=True):
                ids[index] = order_id
            ask = NewOrder(symbol="BTC/USDT", side="sell", price=5_000_000, lots=100)
            buy = NewOrder(symbol="BTC/USDT", side="buy", type="market", lots=100)
            start = time.process_time()
            for _ in range(count // 2):
                made.place(accounts[5], ask)
                made.place(accounts[0], buy)
            took[2].append(time.process_time() - start)
        place, cancel, trade = (statistics.median(times) / (count // 2) * 1e6 for times in took)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{resting:>14,} {place:>8.2f} {cancel:>8.2f} {trade:>8.2f} {memory:>15,.0f}", flush=True)


def _owner(made: Exchange, order_id: int) -> int:
    account = made._entries[order_id].account
    assert account is not None
    return int(account.name[1:])


def snapshots(made: Exchange) -> None:
    """What it takes to branch a run."""
    times: list[list[float]] = [[], [], []]
    for _ in range(RUNS):
        start = time.process_time()
        state = snapshot(made)
        times[0].append(time.process_time() - start)
        start = time.process_time()
        restore(state)
        times[1].append(time.process_time() - start)
        start = time.process_time()
        state.to_json()
        times[2].append(time.process_time() - start)
    taken, restored, written = (statistics.median(each) * 1e3 for each in times)
    print(f"{'':>14} snapshot {taken:.1f} ms, restore {restored:.1f} ms, as JSON {written:.1f} ms", flush=True)


def digests(count: int = 3_000) -> None:
    """What each workload told, and what a snapshot and a restored core's snapshot look like after it."""
    for name, _, run in workloads(count):
        MADE.clear()
        run()
        made, log = MADE[-1]
        found = hashlib.sha256()
        for change in log:
            found.update(type(change).__name__.encode() + msgspec.json.encode(change) + b"\n")
        state = snapshot(made).to_json()
        assert snapshot(restore(State.from_json(state))).to_json() == state
        print(f"{name:<42} {len(log):>8,} {found.hexdigest()[:32]} {hashlib.sha256(state).hexdigest()[:32]}")


def workloads(count: int) -> list[tuple[str, int, Callable[[], tuple[float, int]]]]:
    """Name, operations, and what plays them."""
    return [
        ("mixed: place, trade, cancel; 8 accounts", count, mixed(count)),
        ("place and cancel", count, place_cancel(count)),
        ("resting order, market order, trade", count, match(count)),
        ("market actions, an order rests", count // 10, market(count // 10, resting=True)),
        ("market actions, nobody looks", count, market(count, resting=False)),
    ]


def main() -> None:
    count = 20_000
    print(f"{'workload':<42} {'ops/s':>9} {'us/op':>7} {'best':>9} {'events':>8}   median of {RUNS} runs")
    for name, operations, run in workloads(count):
        gc.collect()
        results = [run() for _ in range(RUNS)]
        seconds = statistics.median(taken for taken, _ in results)
        best = operations / min(taken for taken, _ in results)
        rate, each = operations / seconds, seconds / operations * 1e6
        print(f"{name:<42} {rate:>9,.0f} {each:>7.2f} {best:>9,.0f} {results[0][1]:>8,}")


if __name__ == "__main__":
    {"--scale": scale, "--digest": digests}.get("".join(sys.argv[1:]), main)()
