"""Any sequence of operations keeps what an exchange must keep.

Two state machines drive the exchange with random operations. The first, without a market flow, is compared step by step
with a naive reference matcher (lists, scanned in full: slow and obvious). The second has the seeded market, scripted
liquidity, halts and passing time. After every step, in both:

* money is conserved per asset: accounts + house + fees is what was deposited
* no balance is negative, and what is locked is what open orders need
* the book is not crossed
* each order's fills sum up to ``filled`` and ``quote_filled``, and its snapshots are a path of the life cycle table
* what an account owns is what it started with and its fills
* the drop copy's numbers go on without a gap, also where a snapshot of the exchange takes over
* what a view showed at an earlier time is what a view as of that time shows now
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    Fill,
    FlowConfig,
    Instrument,
    NewOrder,
    OrderChange,
    Reject,
    RejectReason,
)
from outtrade_mocks.core.orders import TABLE, WORKING, Order, Status
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal
SYMBOL = "ABC/USD"
NS = 1_000_000_000
ACCOUNTS = ("a", "b", "c")
NAMES = st.sampled_from(ACCOUNTS)
SIDES = st.sampled_from(["buy", "sell"])
PRICES = st.integers(95, 105)
LOTS = st.integers(1, 12)


class Common(RuleBasedStateMachine):
    """Operations of accounts and the invariants."""

    start: dict[str, int]
    terms: Instrument
    flow: FlowConfig | None = None

    def __init__(self) -> None:
        super().__init__()
        self.exchange = Exchange([self.terms], now=0, seed=3, flows={SYMBOL: self.flow} if self.flow else None)
        self.accounts: dict[str, Account] = {
            name: self.exchange.open_account(name, dict(self.start)) for name in ACCOUNTS
        }
        self.events: list[Change] = []
        self.numbers: list[int] = []
        self.exchange.on_change(self.hear)
        self.past: list[tuple[int, dict[str, Any]]] = []
        self.ids: list[tuple[str, int]] = []

    def hear(self, change: Change) -> None:
        self.events.append(change)
        self.numbers.append(self.exchange.event_id)

    # ------------------------------------------------------------ operations
    def place(self, name: str, **fields: Any) -> Order | None:
        """Place; None where it was refused."""
        try:
            order = self.exchange.place(self.accounts[name], NewOrder(symbol=SYMBOL, **fields))
        except Reject as refusal:
            assert refusal.reason in {
                RejectReason.INSUFFICIENT_BALANCE, RejectReason.WOULD_TAKE, RejectReason.LOT_SIZE,
                RejectReason.MARKET_CLOSED, RejectReason.DUPLICATE_CLIENT_ID,
            }  # fmt: skip
            return None
        self.ids.append((name, order.order_id))
        return order

    @rule(
        name=NAMES,
        side=SIDES,
        price=PRICES,
        lots=LOTS,
        tif=st.sampled_from(["GTC"] * 4 + ["IOC", "FOK"]),
    )
    def limit(self, name: str, side: str, price: int, lots: int, tif: str) -> None:
        self.place(name, side=side, price=price, lots=lots, tif=tif)

    @rule(name=NAMES, side=SIDES, price=PRICES, lots=LOTS, client=st.sampled_from(["", "x", "y"]))
    def post_only(self, name: str, side: str, price: int, lots: int, client: str) -> None:
        self.place(name, side=side, price=price, lots=lots, post_only=True, client_id=client)

    @rule(name=NAMES, side=SIDES, lots=st.integers(1, 30))
    def market(self, name: str, side: str, lots: int) -> None:
        self.place(name, side=side, type="market", lots=lots)

    @rule(name=NAMES, side=SIDES, quote=st.integers(50, 2_500))
    def market_by_quote(self, name: str, side: str, quote: int) -> None:
        order = self.place(name, side=side, type="market", quote=quote)
        assert order is None or order.quote_filled <= quote

    @precondition(lambda self: self.ids)
    @rule(pick=st.integers(0, 10**6), rename=st.sampled_from([None, "x", "z"]))
    def cancel(self, pick: int, rename: str | None) -> None:
        name, order_id = self.ids[pick % len(self.ids)]
        account = self.accounts[name]
        was = self.exchange.view(account).order(SYMBOL, order_id=order_id)
        try:
            now = self.exchange.cancel(account, SYMBOL, order_id=order_id, new_client_id=rename)
        except Reject as refusal:
            assert refusal.reason is RejectReason.UNKNOWN_ORDER and not was.working
        else:
            assert was.working and now.status is Status.CANCELLED and now.filled == was.filled
            assert now.client_id == (rename or was.client_id)
            self.cancelled(order_id)

    @precondition(lambda self: self.ids)
    @rule(pick=st.integers(0, 10**6), lots=LOTS)
    def amend(self, pick: int, lots: int) -> None:
        name, order_id = self.ids[pick % len(self.ids)]
        was = self.exchange.view(self.accounts[name]).order(SYMBOL, order_id=order_id)
        try:
            now = self.exchange.amend(self.accounts[name], SYMBOL, order_id=order_id, lots=lots)
        except Reject:
            assert not was.working or lots >= was.lots or lots <= was.filled
        else:
            assert now.lots == lots and was.filled < lots < was.lots
            self.amended(order_id, was.lots - lots)

    def cancelled(self, order_id: int) -> None:
        """Hook for the reference."""

    def amended(self, order_id: int, less: int) -> None:
        """Hook for the reference."""

    def shown(self, as_of: int | None = None) -> dict[str, Any]:
        """All that views show."""
        result = {}
        for name, account in self.accounts.items():
            view = self.exchange.view(account, as_of)
            result[name] = (
                view.all_orders(), view.open_orders(SYMBOL), view.trades(), view.balances(),
                [view.order(SYMBOL, client_id=order.client_id).order_id for order in view.all_orders()],
            )  # fmt: skip
        return result

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.past.append((self.exchange.now, self.shown()))
        self.exchange.advance(self.exchange.now + seconds * NS)

    @rule()
    def a_snapshot_takes_over(self) -> None:
        self.exchange = restore(State.from_json(snapshot(self.exchange).to_json()))
        self.accounts = dict(self.exchange.accounts)
        self.exchange.on_change(self.hear)

    # ------------------------------------------------------------ invariants
    @invariant()
    def numbers_of_the_drop_copy_go_on(self) -> None:
        assert self.numbers == list(range(1, len(self.events) + 1))

    @invariant()
    def positions_are_the_sum_of_fills(self) -> None:
        for account in self.accounts.values():
            owned = dict(self.start)
            for fill in account.fills:
                sign = 1 if fill.side == "buy" else -1
                owned["ABC"] += sign * fill.lots * self.terms.lot_atoms
                owned["USD"] -= sign * fill.quote
                owned[fill.fee_asset] -= fill.fee
            held = {asset: balance.free + balance.locked for asset, balance in account.balances.items()}
            assert held == owned

    @invariant()
    def money_is_conserved(self) -> None:
        ledger = self.exchange.ledger
        for asset in ("ABC", "USD"):
            held = sum(a.balance(asset).free + a.balance(asset).locked for a in self.accounts.values())
            house = ledger.house.balance(asset)
            assert house.locked == 0
            assert held + house.free + ledger.fees.get(asset, 0) == self.start[asset] * len(ACCOUNTS)

    @invariant()
    def balances_are_sound(self) -> None:
        for account in self.accounts.values():
            need = {"ABC": 0, "USD": 0}
            for order in self.exchange.view(account).open_orders():
                assert order.price is not None
                if order.side == "buy":
                    need["USD"] += self.terms.cover(order.price, order.remaining)
                else:
                    need["ABC"] += order.remaining * self.terms.lot_atoms
            for asset, (free, locked) in self.exchange.view(account).balances().items():
                assert free >= 0
                assert locked == need[asset]

    @invariant()
    def the_book_is_not_crossed(self) -> None:
        bids, asks = self.exchange.depth(SYMBOL, 10_000)
        assert bids == sorted(bids, reverse=True) and asks == sorted(asks)
        assert all(lots > 0 for _, lots in bids + asks)
        if bids and asks:
            assert bids[0][0] < asks[0][0]

    @invariant()
    def open_orders_stand_in_the_book(self) -> None:
        bids, asks = (dict(side) for side in self.exchange.depth(SYMBOL, 10_000))
        own: dict[tuple[str, int], int] = {}
        for account in self.accounts.values():
            for order in self.exchange.view(account).open_orders():
                assert order.price is not None
                key = (order.side, order.price)
                own[key] = own.get(key, 0) + order.remaining
        for (side, price), lots in own.items():
            there = (bids if side == "buy" else asks).get(price, 0)
            assert there >= lots if self.flow else there == lots

    @invariant()
    def fills_sum_up(self) -> None:
        for account in self.accounts.values():
            view = self.exchange.view(account)
            for order in view.all_orders():
                fills = view.trades(order_id=order.order_id)
                assert sum(fill.lots for fill in fills) == order.filled <= order.lots
                assert sum(fill.quote for fill in fills) == order.quote_filled
                assert (order.status is Status.FILLED) == (order.filled == order.lots)
                for fill in fills:
                    if order.price is not None:
                        assert fill.price <= order.price if order.side == "buy" else fill.price >= order.price

    @invariant()
    def snapshots_are_a_legal_path(self) -> None:
        for account in self.accounts.values():
            for snapshots in account.orders.values():
                assert snapshots[0].status is Status.OPEN
                for before, after in itertools.pairwise(snapshots):
                    assert before.status in WORKING and after.status in TABLE[before.status].values()
                    assert before.filled <= after.filled and before.updated <= after.updated

    @invariant()
    def events_tell_everything(self) -> None:
        told: dict[int, list[Order]] = {}
        fills: dict[str, list[Fill]] = {name: [] for name in ACCOUNTS}
        for event in self.events:
            if isinstance(event, OrderChange):
                told.setdefault(event.order.order_id, []).append(event.order)
            elif isinstance(event, Fill):
                fills[event.account].append(event)
        kept = {i: snapshots for account in self.accounts.values() for i, snapshots in account.orders.items()}
        assert told == kept
        assert fills == {name: account.fills for name, account in self.accounts.items()}
        ids = [fill.trade_id for event in self.events if isinstance(fill := event, Fill)]
        assert ids == sorted(ids)

    def teardown(self) -> None:
        for at, shown in self.past:
            assert self.shown(at) == shown


# ----------------------------------------------------------------- reference
@dataclass
class Naive:
    """One order of the reference matcher."""

    order_id: int
    name: str
    buy: bool
    price: int
    left: int


class WithReference(Common):
    """No market but the accounts; every fill is compared with the reference."""

    terms = Instrument(
        symbol=SYMBOL, base="ABC", quote="USD", tick=D(1), step=D(1), base_precision=0, quote_precision=0,
        maker_fee=D("0.01"), taker_fee=D("0.03"),
    )  # fmt: skip
    start = {"ABC": 60, "USD": 6_000}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.resting: list[Naive] = []
        self.seen = 0

    def place(self, name: str, **fields: Any) -> Order | None:
        before = {i for account in self.accounts.values() for i in account.orders}
        self.before_price = self.exchange.last_price(SYMBOL)
        order = super().place(name, **fields)
        if order is None:
            assert {i for account in self.accounts.values() for i in account.orders} == before
            self.check_refusal(name, fields)
            return None
        expected, left, expired = self.naive(name, order.order_id, fields)
        actual = [e for e in self.events[self.seen :] if isinstance(e, Fill) and not e.maker]
        assert [(f.price, f.lots) for f in actual] == [(price, lots) for price, lots, _ in expected]
        makers = [e for e in self.events[self.seen :] if isinstance(e, Fill) and e.maker]
        assert [(f.order_id, f.price, f.lots) for f in makers] == [(i, price, lots) for price, lots, i in expected]
        gone = [
            e.order.order_id for e in self.events[self.seen :]
            if isinstance(e, OrderChange) and e.why == "expire" and e.order.expired_by == "self_trade"
        ]  # fmt: skip
        assert gone == expired
        if left and not order.working:
            assert order.status is Status.EXPIRED
        return order

    def queue(self, buy: bool, limit: int | None) -> list[Naive]:
        """Resting orders that an arriving order meets, in order of priority."""
        sign = 1 if buy else -1
        other = [o for o in self.resting if o.buy != buy and (limit is None or (limit - o.price) * sign >= 0)]
        return sorted(other, key=lambda o: (o.price if buy else -o.price, o.order_id))

    def naive(self, name: str, order_id: int, fields: Any) -> tuple[list[tuple[int, int, int]], int, list[int]]:
        """Match one lot at a time."""
        self.seen = next(
            i for i, e in enumerate(self.events) if isinstance(e, OrderChange) and e.order.order_id == order_id
        )
        buy, limit, tif = fields["side"] == "buy", fields.get("price"), fields.get("tif", "GTC")
        budget, left = fields.get("quote"), fields.get("lots")
        queue = self.queue(buy, limit)
        others = [order.price for order in queue if order.name != name]
        self.dry_price = others[-1] if others else (self.before_price or 10**9)
        if tif == "FOK" and sum(o.left for o in queue if o.name != name) < left:
            return [], left, []
        trades: list[tuple[int, int, int]] = []
        expired = []
        for other in queue:
            if (left == 0) if budget is None else (budget == 0):
                break
            if other.name == name:
                if budget is not None and not self.wants_more(queue[queue.index(other) :], name, budget):
                    break
                expired.append(other.order_id)
                self.resting.remove(other)
                continue
            lots = 0
            while other.left and (left > 0 if budget is None else other.price <= budget):
                other.left -= 1
                lots += 1
                if budget is None:
                    left -= 1
                else:
                    budget -= other.price
            if lots:
                trades.append((other.price, lots, other.order_id))
            if other.left:
                break
            self.resting.remove(other)
        rest = left if budget is None else 0
        if rest and fields.get("type") != "market" and tif == "GTC":
            self.resting.append(Naive(order_id, name, buy, limit, rest))
        return trades, rest, expired

    def wants_more(self, queue: list[Naive], name: str, budget: int) -> bool:
        """Whether a quote amount pays for another lot: of what is left on the book, or, where the book runs dry, at
        the price seen last."""
        others = [order for order in queue if order.name != name]
        if others:
            return others[0].price <= budget
        return budget >= self.dry_price

    def check_refusal(self, name: str, fields: Any) -> None:
        """A refusal has a reason that the reference sees, too."""
        buy = fields["side"] == "buy"
        held = self.exchange.view(self.accounts[name]).balances()
        if fields.get("post_only") and self.queue(buy, fields["price"]):
            return
        if fields.get("client_id") and fields["client_id"] in self.accounts[name].working:
            return
        if "quote" in fields:
            return
        if not buy:
            assert fields["lots"] > held["ABC"][0]
        elif "price" in fields:
            assert fields["price"] * fields["lots"] > held["USD"][0]
        else:
            lots, cost = fields["lots"], 0
            for other in self.queue(True, None):
                if other.name != name:
                    part = min(lots, other.left)
                    lots, cost = lots - part, cost + part * other.price
            assert cost > held["USD"][0]

    def cancelled(self, order_id: int) -> None:
        self.resting = [order for order in self.resting if order.order_id != order_id]

    def amended(self, order_id: int, less: int) -> None:
        for order in self.resting:
            if order.order_id == order_id:
                order.left -= less

    @invariant()
    def the_book_is_the_references(self) -> None:
        for buy, side in zip((True, False), self.exchange.depth(SYMBOL, 10_000), strict=True):
            levels: dict[int, int] = {}
            for order in self.resting:
                if order.buy == buy:
                    levels[order.price] = levels.get(order.price, 0) + order.left
            assert side == sorted(levels.items(), reverse=buy)


class WithMarket(Common):
    """The seeded market, faults' liquidity, halts; a notional finer than an atom."""

    terms = Instrument(
        symbol=SYMBOL, base="ABC", quote="USD", tick=D("0.7"), step=D(1), base_precision=0, quote_precision=0,
        maker_fee=D("0.01"), taker_fee=D("0.03"),
    )  # fmt: skip
    start = {"ABC": 60, "USD": 4_000}  # noqa: RUF012
    flow = FlowConfig(
        mid=D(70), spread_bps=150, depth=D(6), levels=5, maker_rate=0.1, taker_rate=0.2, taker_size=D(5),
        volatility_bps=300,
    )  # fmt: skip

    @precondition(lambda self: self.ids)
    @rule(pick=st.integers(0, 10**6), lots=LOTS)
    def sweep(self, pick: int, lots: int) -> None:
        name, order_id = self.ids[pick % len(self.ids)]
        was = self.exchange.view(self.accounts[name]).order(SYMBOL, order_id=order_id)
        filled = self.exchange.sweep(order_id, lots)
        now = self.exchange.view(self.accounts[name]).order(SYMBOL, order_id=order_id)
        assert now.filled - was.filled == filled
        if was.working and self.is_open:
            assert filled == min(lots, was.remaining)
        else:
            assert filled == 0

    @rule(side=SIDES, lots=st.integers(0, 20), limit=st.none() | PRICES, name=st.none() | NAMES)
    def thin(self, side: Any, lots: int, limit: int | None, name: str | None) -> None:
        taker = self.accounts[name] if name else None
        left = self.exchange.thin(SYMBOL, side, lots, limit, taker=taker)
        book = self.exchange.depth(SYMBOL, 10_000)[1 if side == "buy" else 0]
        reach = [(p, q) for p, q in book if limit is None or (p <= limit if side == "buy" else p >= limit)]
        standing = {"buy": 0, "sell": 0}
        mine = 0
        for account in self.accounts.values():
            for order in self.exchange.view(account).open_orders():
                assert order.price is not None
                if limit is None or (order.price <= limit if side == "buy" else order.price >= limit):
                    if account is taker:
                        mine += order.remaining * (order.side != side)
                    else:
                        standing[order.side] += order.remaining
        accounts = standing["sell" if side == "buy" else "buy"]
        assert left == sum(q for _, q in reach) - mine
        assert left <= max(lots, lots + accounts)

    @initialize()
    def begin(self) -> None:
        self.is_open = True

    @rule(is_open=st.sampled_from([True, True, False]))
    def halt(self, is_open: bool) -> None:
        self.is_open = is_open
        self.exchange.set_open(SYMBOL, is_open)


SETTINGS = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.parametrize("machine", [WithReference, WithMarket])
def test_any_sequence(machine: type[Common]) -> None:
    case = machine.TestCase
    case.settings = SETTINGS
    case("runTest").runTest()
