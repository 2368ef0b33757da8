"""Random operations as plain data, and an auditor that believes nothing but the drop copy.

``Player`` draws operations and carries them out on one or several exchanges. ``Auditor`` listens to one exchange and
holds its own books: after every event it checks the event itself, after every operation that both books agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from outtrade_mocks.core import (
    BalanceChange,
    Change,
    Exchange,
    Fill,
    FlowConfig,
    Instrument,
    MarketChange,
    NewOrder,
    Order,
    OrderChange,
    Reject,
    Rejection,
    RejectReason,
)
from outtrade_mocks.core.orders import TABLE, TERMINAL, WORKING

NS = 1_000_000_000
SYMBOLS = ("ABC/USD", "XYZ/USD")
NAMES = ("a", "b", "c", "d", "e")
START = {"ABC": 20_000, "XYZ": 20_000, "USD": 3_000_000}


def rules(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol, base=symbol[:3], quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0,
        quote_precision=0, maker_fee=Decimal("0.01"), taker_fee=Decimal("0.03"),
    )  # fmt: skip


def make(seed: int, *, flow: bool = True) -> Exchange:
    """Two symbols; XYZ has a seeded market."""
    config = FlowConfig(
        mid=Decimal(100), depth=Decimal(30), levels=4, spread_bps=300.0, taker_size=Decimal(20), maker_rate=0.3,
        taker_rate=0.3, volatility_bps=200.0,
    )  # fmt: skip
    exchange = Exchange(map(rules, SYMBOLS), now=0, seed=seed, flows={"XYZ/USD": config} if flow else None)
    for name in NAMES:
        exchange.open_account(name, START)
    return exchange


class Player:
    """Draws operations; ids of open orders come from what the operations before returned."""

    def __init__(self, seed: int, *, calm: bool = False) -> None:
        self.random = Random(seed)
        self.open: list[tuple[str, str, int]] = []
        self.halted: list[str] = []
        self.refused = 0
        """Operations that were refused."""
        self.calm = calm
        """No market steps, halts or scripted liquidity."""

    def draw(self) -> tuple[Any, ...]:
        """The next operation."""
        random, kind = self.random, self.random.random()
        symbol, name = random.choice(SYMBOLS), random.choice(NAMES)
        if self.halted and random.random() < 0.2:
            return "open", self.halted.pop(), True
        if kind < 0.55 or not self.open:
            side = random.choice(("buy", "sell"))
            price, lots = 100 + int(random.gauss(-2 if side == "buy" else 2, 4)), random.randrange(1, 60)
            tif = random.choice(("GTC",) * 6 + ("IOC", "FOK"))
            fields = {"price": price, "lots": lots, "tif": tif, "post_only": tif == "GTC" and random.random() < 0.15}
            if random.random() < 0.12:
                fields = {"type": "market"} | ({"lots": lots} if random.random() < 0.7 else {"quote": lots * 100})
            client = random.choice(("", "", "", "x", "y"))
            return "place", name, NewOrder(symbol=symbol, side=side, client_id=client, **fields)  # type: ignore[arg-type]
        spot = random.randrange(len(self.open))
        name, symbol, order_id = self.open[spot]
        if kind < 0.80:
            self.open[spot] = self.open[-1]
            self.open.pop()
            return "cancel", name, symbol, order_id, random.choice((None, None, "x", "z"))
        if kind < 0.90 or self.calm:
            return "amend", name, symbol, order_id, random.randrange(1, 60)
        if kind < 0.97:
            return "advance", random.randrange(NS * 3)
        if kind < 0.98:
            return "sweep", order_id, random.randrange(1, 20)
        if kind < 0.99:
            return "thin", symbol, random.choice(("buy", "sell")), random.randrange(0, 40)
        if symbol not in self.halted:
            self.halted.append(symbol)
        return "open", symbol, False

    def play(self, exchange: Exchange, operation: tuple[Any, ...]) -> Any:
        """Carry one out; returns what it returned, or the reason of the refusal."""
        what, *rest = operation
        try:
            if what == "place":
                return exchange.place(exchange.accounts[rest[0]], rest[1])
            if what == "cancel":
                name, symbol, order_id, rename = rest
                return exchange.cancel(exchange.accounts[name], symbol, order_id=order_id, new_client_id=rename)
            if what == "amend":
                name, symbol, order_id, lots = rest
                return exchange.amend(exchange.accounts[name], symbol, order_id=order_id, lots=lots)
            if what == "advance":
                return exchange.advance(exchange.now + rest[0])
            if what == "sweep":
                return exchange.sweep(*rest)
            if what == "thin":
                return exchange.thin(*rest)
            return exchange.set_open(*rest)
        except Reject as refusal:
            return refusal.reason

    def steps(self, count: int, *exchanges: Exchange) -> Iterator[tuple[Any, ...]]:
        """Play ``count`` operations on all exchanges; the same must come of it."""
        for _ in range(count):
            operation = self.draw()
            first, *others = [self.play(exchange, operation) for exchange in exchanges]
            self.refused += isinstance(first, RejectReason)
            assert all(other == first for other in others), operation
            if operation[0] == "place" and isinstance(first, Order) and first.status in WORKING:
                self.open.append((operation[1], first.symbol, first.order_id))
            yield operation


class Auditor:
    """Books of its own, made from the drop copy."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.events = 0
        self.trades = 0
        self.refused = 0
        """Requests that were refused."""
        self.orders: dict[int, Order] = {}
        """Open orders."""
        self.ended: set[int] = set()
        self.filled: dict[int, int] = {}
        self.owned = {name: dict(START) for name in exchange.accounts}
        """Account -> asset -> what it brought in, plus its fills."""
        self.told = {name: {asset: (atoms, 0) for asset, atoms in START.items()} for name in exchange.accounts}
        self.given = {asset: atoms * len(exchange.accounts) for asset, atoms in START.items()}
        """All that ever came from outside."""
        self.last_id = exchange.event_id
        self.last_trade: dict[str, int] = {}
        exchange.on_change(self.hear)

    def hear(self, change: Change) -> None:
        self.events += 1
        assert self.exchange.event_id == self.last_id + 1, "an event's number is left out or repeated"
        self.last_id += 1
        if isinstance(change, Fill):
            self._fill(change)
        elif isinstance(change, BalanceChange):
            for asset, free, locked in change.balances:
                assert free >= 0 and locked >= 0, change
                self.told[change.account][asset] = free, locked
        elif isinstance(change, OrderChange):
            self._order(change.order, change.why)
        elif not isinstance(change, MarketChange):
            assert isinstance(change, Rejection)
            self.refused += 1

    def _fill(self, fill: Fill) -> None:
        order, (base, quote) = self.orders[fill.order_id], fill.symbol.split("/")
        self.trades += 1
        assert fill.trade_id >= self.last_trade.get(fill.symbol, 0) and fill.lots > 0 and fill.fee >= 0
        self.last_trade[fill.symbol] = fill.trade_id
        if order.price is not None:
            assert fill.price <= order.price if order.side == "buy" else fill.price >= order.price, (fill, order)
        self.filled[fill.order_id] = self.filled.get(fill.order_id, 0) + fill.lots
        owned, sign = self.owned[fill.account], 1 if fill.side == "buy" else -1
        owned[base] += sign * fill.lots
        owned[quote] -= sign * fill.quote
        owned[fill.fee_asset] -= fill.fee

    def _order(self, order: Order, why: str) -> None:
        number = order.order_id
        assert number not in self.ended, f"{order} follows a terminal state"
        before = self.orders.get(number)
        if before is None:
            assert why == "accepted" and order.filled == 0, order
        else:
            assert order.status in TABLE[before.status].values(), (before, order)
        assert 0 <= order.filled <= order.lots and order.filled == self.filled.get(number, 0), order
        if order.status in TERMINAL:
            self.ended.add(number)
            self.orders.pop(number, None)
            self.filled.pop(number, None)
        else:
            self.orders[number] = order

    def check(self) -> None:
        """After an operation: what was told adds up, and the exchange's own books say the same."""
        exchange = self.exchange
        need = {name: dict.fromkeys(START, 0) for name in self.told}
        for order in self.orders.values():
            assert order.status in WORKING and order.price is not None
            base, quote = order.symbol.split("/")
            if order.side == "buy":
                need[order.account][quote] += order.price * order.remaining
            else:
                need[order.account][base] += order.remaining
        for asset in START:
            total = exchange.ledger.house.balance(asset).free + exchange.ledger.fees.get(asset, 0)
            for name, account in exchange.accounts.items():
                balance = account.balances[asset]
                assert self.told[name][asset] == (balance.free, balance.locked), (name, asset)
                assert balance.free + balance.locked == self.owned[name][asset], f"{name}'s {asset}: not its fills"
                assert balance.locked == need[name][asset], f"{name}'s {asset}: locked is not what orders need"
                total += balance.free + balance.locked
            assert total == self.given[asset], f"{asset} came from or went to nowhere"
        for symbol in SYMBOLS:
            bids, asks = exchange.depth(symbol, 1)
            assert not bids or not asks or bids[0][0] < asks[0][0], f"{symbol} is crossed"
            resting = sorted(order.order_id for side in exchange.resting(symbol) for order in side)
            assert resting == sorted(o.order_id for o in self.orders.values() if o.symbol == symbol)
