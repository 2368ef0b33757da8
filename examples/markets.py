"""What a market can be made to do: profiles, a path and events, each played on the exchange core and drawn.

    python examples/markets.py                        a table: what an order of one unit costs, and when
    python examples/markets.py --svg docs/markets.svg draws best bid, best ask and last price over two minutes

Every panel is one market, looked at ten times a second. See docs/markets.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as File
from typing import Any

from outtrade_mocks.core import Exchange, FlowConfig, Instrument
from outtrade_mocks.core.profiles import PROFILES, market_fields
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import FlashCrash, Gap, OneSided, Path, TradeThrough, Widening

NS = 1_000_000_000
SECONDS = 120
LOOKS = 10
"""A second."""
UNIT = Decimal("0.1")
"""A usual order, base units."""
BTC = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=Decimal("0.01"), step=Decimal("0.00001"))
MID = Decimal(50_000)


@dataclass(frozen=True)
class Panel:
    """One market: what it is called, and what it is made of."""

    title: str
    note: str
    config: FlowConfig


@dataclass(frozen=True)
class Look:
    """What stood there at one moment (quote currency); None: nothing."""

    second: float
    bid: float | None
    ask: float | None
    last: float | None


def film() -> Tape:
    """A short recording, made up: the book moves every two seconds, and somebody trades."""
    mids = [50_000 + 9 * ((7 * n) % 11) - 4 * n for n in range(61)]
    book = [
        (2.0 * n, tuple((Decimal(mid - 6 - 5 * k), Decimal(1)) for k in range(5)),
         tuple((Decimal(mid + 6 + 5 * k), Decimal(1)) for k in range(5)))
        for n, mid in enumerate(mids)
    ]  # fmt: skip
    trades: list[Any] = [
        (2.0 * n + 1, Decimal(mids[n] + (6 if n % 3 else -6)), Decimal("0.3"), "buy" if n % 3 else "sell")
        for n in range(0, 60, 2)
    ]
    return Tape(books=tuple(book), trades=tuple(trades), source="made up")


def panels() -> list[Panel]:
    """All of them, profiles first."""
    found = [
        Panel(name, f"spread {profile.spread_bps:g} bps, {profile.levels} levels of {profile.depth:g} usual orders",
              FlowConfig(mid=MID, **market_fields(name, unit=UNIT)))
        for name, profile in PROFILES.items()
    ]  # fmt: skip
    usual = market_fields("normal", unit=UNIT)

    def told(title: str, note: str, *events: Any, path: Path | None = None) -> None:
        found.append(Panel(title, note, FlowConfig(mid=MID, **usual, events=events, path=path)))

    waypoints = ((20, MID), (50, Decimal(49_700)), (60, Decimal(49_700)), (100, Decimal(50_200)))
    told("path", "linear between four waypoints", path=Path(points=waypoints))
    told("path, stepped", "the same waypoints", path=Path(points=waypoints, shape="stepped"))
    told("gap", "-0.6 % at 45 s, for good", Gap(at=45, percent=-0.6))
    told("flash_crash", "-3 % within 6 s, 4 s there, back within 40 s",
         FlashCrash(at=40, percent=-3, fall=6, hold=4, recover=40))  # fmt: skip
    told("one_sided", "no bids from 40 to 70 s", OneSided(at=40, lasts=30, missing="bids"))
    told("trade_through", "a print 0.4 % below the mid at 60 s", TradeThrough(at=60, percent=-0.4))
    told(
        "widening",
        "spread times 8, a quarter of the depth, 40 to 80 s",
        Widening(at=40, lasts=40, factor=8, depth=0.25),
    )
    config = FlowConfig(mid=MID, depth=Decimal(1), taker_size=Decimal(1), tape=film())
    found.append(Panel("tape", "recorded books and trades, played again", config))
    return found


def watch(panel: Panel, seed: int = 4) -> Iterator[Look]:
    """Look at a market, ten times a second."""
    exchange = Exchange([BTC], now=0, seed=seed, flows={BTC.symbol: panel.config})
    for look in range(SECONDS * LOOKS + 1):
        exchange.advance(look * NS // LOOKS)
        bids, asks = exchange.depth(BTC.symbol, 1)
        last = exchange.last_price(BTC.symbol)
        bid, ask, price = (
            None if ticks is None else float(BTC.price(ticks))
            for ticks in (bids[0][0] if bids else None, asks[0][0] if asks else None, last)
        )
        yield Look(look / LOOKS, bid, ask, price)


# ------------------------------------------------------------------- drawing
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 190, 58, 12, 40, 24


def svg(shown: Sequence[tuple[Panel, Sequence[Look]]]) -> str:
    """All panels as one picture, two in a row."""
    rows = -(-len(shown) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT + 30}" '
        'font-family="sans-serif" font-size="11" fill="#444">',
        "<title>What a market can be made to do</title>",
        f'<rect width="{2 * WIDTH}" height="{rows * HEIGHT + 30}" fill="#fff"/>',
        '<path d="M58 16h26" stroke="#b3261e" stroke-width="1.6"/><text x="90" y="20">best ask</text>'
        '<path d="M160 16h26" stroke="#1f5fa8" stroke-width="1.6"/><text x="192" y="20">best bid</text>'
        '<path d="M262 16h26" stroke="#111" stroke-dasharray="1.5 2.5"/><text x="294" y="20">last price</text>'
        '<text x="380" y="20">quote currency over seconds; a gap in a line: that side is missing</text>',
    ]
    for number, (panel, looks) in enumerate(shown):
        x, y = number % 2 * WIDTH, number // 2 * HEIGHT + 30
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel, looks), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, looks: Sequence[Look]) -> Iterator[str]:
    values = [value for look in looks for value in (look.bid, look.ask, look.last) if value is not None]
    step = next(s for s in (m * 10**e for e in range(8) for m in (1, 2, 5)) if (max(values) - min(values)) / s <= 4)
    low, high = int(min(values) // step) * step, int(-(-max(values) // step)) * step

    def at(second: float, value: float) -> str:
        across = LEFT + second / SECONDS * (WIDTH - LEFT - RIGHT)
        down = TOP + (high - value) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    yield f'<text x="{LEFT}" y="16" font-size="13" fill="#111" font-weight="bold">{panel.title}</text>'
    yield f'<text x="{LEFT}" y="31">{panel.note}</text>'
    for value in range(low, high + 1, step):
        _, down = at(0, value).split(",")
        yield f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>'
        yield f'<text x="{LEFT - 5}" y="{float(down) + 4:.1f}" text-anchor="end">{value:,}</text>'
    for second in range(0, SECONDS + 1, 30):
        across, _ = at(second, low).split(",")
        yield f'<text x="{across}" y="{HEIGHT - 8}" text-anchor="middle">{second}</text>'
    for name, colour, style in (
        ("ask", "#b3261e", 'stroke-width="1.6"'),
        ("bid", "#1f5fa8", 'stroke-width="1.6"'),
        ("last", "#111", 'stroke-dasharray="1.5 2.5"'),
    ):
        for line in _lines(looks, name):
            points = " ".join(at(second, value) for second, value in line)
            yield f'<polyline points="{points}" fill="none" stroke="{colour}" {style}/>'


def _lines(looks: Sequence[Look], name: str) -> Iterator[list[tuple[float, float]]]:
    """Steps of one price, broken where it is missing; points on one level are left out."""
    line: list[tuple[float, float]] = []
    for look in looks:
        value = getattr(look, name)
        if value is None:
            if line:
                yield line
            line = []
            continue
        if line and line[-1][1] != value:
            line.append((look.second, line[-1][1]))
        elif len(line) > 1 and line[-2][1] == value:
            line.pop()
        line.append((look.second, value))
    if line:
        yield line


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Profiles, paths, events and recordings, played and drawn.")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--svg", type=File, metavar="FILE", help="draw all of them")
    options = parser.parse_args(arguments)
    shown = [(panel, list(watch(panel, options.seed))) for panel in panels()]
    print(
        f"{'market':<16} {'spread bps':>10} {'lowest bid':>11} {'highest ask':>11} {'last':>10}   at the start, in all"
    )
    for panel, looks in shown:
        first = looks[0]
        assert first.bid is not None and first.ask is not None and looks[-1].last is not None
        low = min(look.bid for look in looks if look.bid is not None)
        high = max(look.ask for look in looks if look.ask is not None)
        spread = (first.ask - first.bid) / float(MID) * 10_000
        print(f"{panel.title:<16} {spread:>10.1f} {low:>11,.2f} {high:>11,.2f} {looks[-1].last:>10,.2f}   {panel.note}")
    if options.svg:
        options.svg.write_text(svg(shown), encoding="utf-8")
        print(options.svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
