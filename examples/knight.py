"""Knight Capital, 1 August 2012: 212 parent orders, 45 minutes, four million executions.

A router was sent 212 orders of customers. On one of its eight servers old code did not count what was filled, and so
went on sending child orders for parents that were long complete. ``docs/knight.md`` tells the story, with sources, and
says what of this model is known and what is invented.

    python examples/knight.py                    the whole morning (about a minute), prices and P&L by minute
    python examples/knight.py --size 0.01        one order in a hundred, in a second
    python examples/knight.py --svg FILE         draws the profit-and-loss curve
    python examples/knight.py --counting         the same morning with a router that counts its fills

The exchange is Outtrade's matching core: accounts, ledger and drop copy included. Positions are summed up
from the drop copy and compared with the exchange's ledger at the end.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "mocks"))

from outtrade_mocks.core import Account, Change, Exchange, Fill, FlowConfig, Instrument, NewOrder
from outtrade_mocks.core.flow import Flow, Quote, Take
from outtrade_mocks.core.past import forget_past

NS = 1_000_000_000
# Known (SEC Release No. 70694):
PARENTS, SYMBOLS, LONG = 212, 154, 80
MINUTES, SHARES, EXECUTIONS = 45, 397_000_000, 4_000_000
MOVED_10, MOVED_5 = 37, 75
"""Symbols that moved by more than 10 %, and by more than 5 %."""
# Invented: how the shares divide up, what prices did in between, and what liquidity there was.
CHILDREN = 4_005_000
"""Child orders; one that takes from two price levels makes two executions."""
MEAN_PRICE = 16.7
"""Dollars: 3.5 thousand millions long and 3.15 short over 397 million shares."""
LEVEL = 30_000
"""Shares on offer at each of four price levels a side, renewed about every ten seconds."""
TICK = NS
"""The router sends once a second, some seven child orders for each parent."""
CASH = 10**13
"""Cents that the account may spend: nobody had set a limit that counted."""


class Pushed(Flow):
    """A seeded market that gives way: each share bought or sold moves the next quote."""

    __slots__ = ("pressure", "pushed")

    def __init__(self, config: FlowConfig, instrument: Instrument, *, seed: int, now: int) -> None:
        super().__init__(config, instrument, seed=seed, now=now)
        self.pressure = 0.0
        """What was traded since the last quote will move the price by."""
        self.pushed = 1.0
        """Price over the price that it would have without the router."""

    def pop(self) -> Quote | Take:
        """The next action; a quote answers what was traded since the last one."""
        action = super().pop()
        if isinstance(action, Quote):
            self.pushed *= 1 + self.pressure
            self.pressure = 0.0
            self.mid = action.mid * self.pushed
            self.reference = max(1, round(self.mid))
            action = action._replace(mid=self.mid)
        return action


@dataclass
class Stock:
    """One symbol, and what the drop copy says of it."""

    symbol: str
    buy: bool
    flow: Pushed
    open_price: float
    """Ticks (cents)."""
    push: float
    """How much a share moves the price."""
    position: int = 0
    cash: int = 0


@dataclass
class Parent:
    """A customer's order, and how the router sees it."""

    stock: Stock
    children: list[NewOrder]
    """Child orders it sends in turn."""
    wanted: int
    """Shares the customer asked for."""
    sent: int = 0


@dataclass
class Morning:
    """What happened."""

    size: float
    executions: int = 0
    shares: int = 0
    orders: int = 0
    curve: list[tuple[float, float, float]] = field(default_factory=list)
    """(minute, P&L in dollars at the market's prices, at the prices before the open)."""
    stocks: list[Stock] = field(default_factory=list)
    seconds: float = 0.0

    def value(self, *, long: bool) -> float:
        """Dollars of all long (or short) positions, at market prices."""
        sign = 1 if long else -1
        return sum(abs(s.position) * s.flow.mid / 100 for s in self.stocks if s.position * sign > 0)


def build(seed: int, size: float) -> tuple[Exchange, Account, list[Stock], list[Parent]]:
    """The exchange before the open, and the orders that the router was sent."""
    random = Random(seed)
    exchange = Exchange([], now=0, seed=seed)
    moves = [random.uniform(0.10, 0.30) for _ in range(MOVED_10)]
    moves += [random.uniform(0.05, 0.10) for _ in range(MOVED_5 - MOVED_10)]
    moves += [random.uniform(0.002, 0.05) for _ in range(SYMBOLS - MOVED_5)]
    random.shuffle(moves)
    owners = list(range(SYMBOLS)) + [random.randrange(SYMBOLS) for _ in range(PARENTS - SYMBOLS)]
    each = SHARES * size / PARENTS
    stocks: list[Stock] = []
    for number, move in enumerate(moves):
        name = f"K{number + 1:03}"
        price = Decimal(round(random.uniform(0.4, 1.6) * MEAN_PRICE, 2)).quantize(Decimal("0.01"))
        instrument = Instrument(
            symbol=f"{name}/USD", base=name, quote="USD", tick=Decimal("0.01"), step=Decimal(1), base_precision=0,
            quote_precision=2,
        )  # fmt: skip
        config = FlowConfig(
            mid=price, spread_bps=6.0, depth=Decimal(LEVEL), levels=4, maker_rate=0.1, taker_rate=0.0,
            taker_size=Decimal(100), volatility_bps=3.0,
        )  # fmt: skip
        flow = Pushed(config, instrument, seed=seed, now=0)
        exchange.add_instrument(instrument, flow)
        buy = number < LONG
        push = (move if buy else -move) / (each * owners.count(number))
        stocks.append(Stock(instrument.symbol, buy, flow, flow.mid, push))
    # The core trades what an account holds: shares that are sold short are lent beforehand.
    borrowed = {stock.symbol.split("/")[0]: SHARES for stock in stocks if not stock.buy}
    account = exchange.open_account("router", {"USD": CASH} | borrowed)
    shares = SHARES / CHILDREN
    parents = []
    for owner in owners:
        stock = stocks[owner]
        children = [
            NewOrder(symbol=stock.symbol, side="buy" if stock.buy else "sell", type="market", lots=round(shares * part))
            for part in (0.8, 1.0, 1.2)
        ]
        parents.append(Parent(stock, children, random.randrange(1, 20) * 100))
    return exchange, account, stocks, parents


def run(*, seed: int = 1, size: float = 1.0, counting: bool = False) -> Morning:
    """Play the 45 minutes. ``counting``: the router counts fills against the parent's quantity, as it should have."""
    started = time.perf_counter()
    exchange, account, stocks, parents = build(seed, size)
    by_symbol = {stock.symbol: stock for stock in stocks}
    morning = Morning(size, stocks=stocks)

    def hear(change: Change) -> None:
        """The drop copy."""
        if type(change) is Fill:
            stock, lots = by_symbol[change.symbol], change.lots
            morning.executions += 1
            morning.shares += lots
            if change.side == "buy":
                stock.position += lots
                stock.cash -= change.quote
            else:
                stock.position -= lots
                stock.cash += change.quote
            stock.flow.pressure += stock.push * lots

    exchange.on_change(hear)
    ticks = MINUTES * 60 * NS // TICK
    a_minute = 60 * NS // TICK
    per_parent = CHILDREN * size / PARENTS
    place = exchange.place
    for tick in range(ticks + 1):
        exchange.advance(tick * TICK)
        due = int(per_parent * tick / ticks)
        for parent in parents:
            children = parent.children
            while parent.sent < due:
                child = children[parent.sent % 3]
                if counting and parent.sent * (child.lots or 0) >= parent.wanted:
                    break
                place(account, child)
                parent.sent += 1
        if tick % a_minute == 0:
            morning.curve.append((tick / a_minute, *worth(stocks)))
        if tick % 20 == 0:
            forget_past(exchange)
    morning.orders = sum(parent.sent for parent in parents)
    audit(exchange, account, morning)
    morning.seconds = time.perf_counter() - started
    return morning


def worth(stocks: Sequence[Stock]) -> tuple[float, float]:
    """Profit and loss in dollars: positions at the market's prices, and at those before the open."""
    cash = sum(stock.cash for stock in stocks)
    market = sum(stock.position * stock.flow.mid for stock in stocks)
    before = sum(stock.position * stock.open_price for stock in stocks)
    return (cash + market) / 100, (cash + before) / 100


def audit(exchange: Exchange, account: Account, morning: Morning) -> None:
    """The drop copy and the ledger say the same, and nothing came from nowhere."""
    house = exchange.ledger.house
    for stock in morning.stocks:
        base = stock.symbol.split("/")[0]
        start = 0 if stock.buy else SHARES
        held = account.balance(base)
        assert (held.free, held.locked) == (start + stock.position, 0), f"{base}: the ledger differs from the drop copy"
        assert house.balance(base).free == -stock.position, f"{base} came from nowhere"
        bids, asks = exchange.depth(stock.symbol, 1)
        assert not bids or not asks or bids[0][0] < asks[0][0], f"{base} is crossed"
    money = account.balance("USD")
    assert money.locked == 0 and money.free == CASH + sum(stock.cash for stock in morning.stocks)
    assert house.balance("USD").free == CASH - money.free


# ------------------------------------------------------------------- drawing
def svg(morning: Morning) -> str:
    """The two curves as a picture of its own."""
    width, height, left, top, right, bottom = 760, 400, 78, 54, 24, 46
    values = [value for _, *both in morning.curve for value in both]
    step = next(s for s in (m * 10**e for e in range(12) for m in (1, 2, 5)) if (max(values) - min(values)) / s <= 7)
    low, high = int(min(values) // step) * step, -int(-max(values) // step) * step

    def x(minute: float) -> float:
        return round(left + minute / MINUTES * (width - left - right), 1)

    def y(value: float) -> float:
        return round(top + (high - value) / ((high - low) or 1) * (height - top - bottom), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12">',
        "<title>Profit and loss of the router, 9:30 to 10:15</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="22" font-size="15" fill="#222">Profit and loss, millions of dollars</text>',
    ]
    value = low
    while value <= high:
        colour = "#555" if value == 0 else "#ddd"
        parts.append(f'<path d="M{left} {y(value)}H{width - right}" stroke="{colour}"/>')
        parts.append(f'<text x="{left - 8}" y="{y(value) + 4}" text-anchor="end" fill="#444">{value / 1e6:,g}</text>')
        value += step
    for minute in range(0, MINUTES + 1, 5):
        clock = f"{9 + (30 + minute) // 60}:{(30 + minute) % 60:02}"
        parts.append(f'<text x="{x(minute)}" y="{height - 22}" text-anchor="middle" fill="#444">{clock}</text>')
    for which, colour, dash, name in (
        (1, "#1f5fa8", "6 4", "positions at the prices it had pushed them to"),
        (2, "#b3261e", "none", "positions at the prices before the open"),
    ):
        points = " ".join(f"{x(row[0])},{y(row[which])}" for row in morning.curve)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>'
        )
        at = left + (which - 1) * 330
        parts.append(
            f'<path d="M{at} 38h28" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>'
            f'<text x="{at + 34}" y="42" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Knight Capital, 1 August 2012, on Outtrade's exchange core.")
    parser.add_argument("--size", type=float, default=1.0, help="share of the child orders, 0.001 to 1 (default 1)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counting", action="store_true", help="a router that counts its fills")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the curve")
    options = parser.parse_args(arguments)
    if not 0.001 <= options.size <= 1:
        parser.error("--size is a number from 0.001 to 1")
    morning = run(seed=options.seed, size=options.size, counting=options.counting)
    print("minute   P&L at the market   at prices before the open   (millions of dollars)")
    for minute, market, before in morning.curve[::5]:
        print(f"{minute:>6.0f} {market / 1e6:>19,.1f} {before / 1e6:>27,.1f}")
    print(
        f"{PARENTS} parent orders, {SYMBOLS} symbols: {morning.orders:,} child orders, "
        f"{morning.executions:,} executions, {morning.shares:,} shares"
    )
    print(f"long ${morning.value(long=True) / 1e6:,.0f} million, short ${morning.value(long=False) / 1e6:,.0f} million")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    print(f"{morning.seconds:.1f} s, {memory:,.0f} MiB at most; the ledger and the drop copy agree")
    if options.svg:
        options.svg.write_text(svg(morning), encoding="utf-8")
        print(options.svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
