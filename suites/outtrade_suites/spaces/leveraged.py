"""Contracts: long and short positions, accounts left in strange modes, funding, and what the venue does to positions.

On Binance USD-M futures (``leveraged``), Bybit, OKX and Deribit (``leveraged//okx``, ...). Venues differ in what an
account has to be set to, and in what a number of contracts means (``PLACES``). Each scenario has one *plot* (they come
in turn), and every position may be long or short:

``modes``        the account was left in hedge mode, isolated, or with more leverage than the task allows
``profit``       a position is opened, a part of it is closed by a reduce-only order, the price goes its way
``turned``       a position is closed by an order that is larger than it, and opens the other side
``funding``      a position is held while funding is paid; another may be closed before
``liquidation``  an isolated position, and the mark price touches the price at which it is liquidated
``adl``          a part of a position, or all of it, is closed to close somebody else's
``expiry``       the contract ends while a position is held and an order rests
``flatten``      positions are opened, an order rests, and everything is to be closed

A part of the scenarios loses an answer as well: to an order, to a change of the account's settings, or to the first
question about positions.

    outtrade run agent:ccxt --space leveraged --scenarios 40
    outtrade run agent:ccxt --space leveraged//okx --scenarios 40
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from outtrade.model.fault import Adl, Expiry, Fault, Liquidation, LostAnswer, Trigger
from outtrade.model.scenario import AccountModes, Scenario
from outtrade.model.task import Limits
from outtrade.model.units import settled_in, value_of
from outtrade_mocks.core.script import Path
from outtrade_suites.spaces.by_venue import universe_of
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told


@dataclass(frozen=True, slots=True)
class Place:
    """Where contracts are traded: ``symbols`` (none: the usual linear ones), what somebody may have left an account in
    (``hedge``, ``margin``, ``leverage``: whether there is such a setting), and the maker and taker fee."""

    symbols: tuple[str, ...] = ()
    hedge: bool = True
    margin: tuple[str, ...] = ("cross", "isolated")
    leverage: bool = True
    fees: tuple[str, str] = ("0.0002", "0.0005")


PLACES: dict[str, Place] = {
    "binance_usdm": Place(),
    "bybit": Place(("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"), fees=("0.0002", "0.00055")),
    "okx": Place(("BTC/USDT:USDT", "DOGE/USDT:USDT", "ETH/USD:ETH"), margin=("cross",)),
    "deribit": Place(("BTC/USD:BTC", "ETH/USD:ETH", "SOL/USDC:USDC"), False, ("cross",), False, ("0", "0.0005")),
}
"""A contract is a unit of the base asset on Binance and Bybit. On OKX it is 0.01 BTC, 1,000 DOGE or, inverse, 10
dollars of ETH, and the margin mode goes with each order. Deribit counts its inverse perpetuals in dollars, and an
account has neither a position mode nor a leverage there. Fees: each venue's lowest tier (*inferred* but for Bybit's,
a copy of its help centre)."""

FUNDING = 8 * 3600
"""Seconds between two fundings, counted from midnight UTC."""
BEHIND = Decimal("0.6")
"""What stands behind a position that is to be liquidated, as a share of its value: more than the margin of the lowest
leverage that is drawn."""
MIDNIGHT = 1_767_225_600
"""UNIX seconds of 1 January 2026, 00:00 UTC."""


def leveraged(d: Draw, venue: str = "binance_usdm", space: str = "leveraged") -> Scenario:
    """Positions in contracts of Binance USD-M: account modes, funding, liquidation, orders that turn a position."""
    place = PLACES[venue]
    plots = [plot for plot in PLOTS if plot != "modes" or place.leverage]
    story, plot = Story(d, universe_of(venue, place.symbols)), d.spread("plot", plots)
    maker, taker = place.fees
    story.extra |= {"venue": venue, "needs": ("contracts",), "fees": (Decimal(maker), Decimal(taker))}
    part = d.sub(plot)
    story.extra["modes"] = modes(part.sub("account"), place, isolated=plot == "liquidation")
    PLOTS[plot](part, story)
    _may_be_lost(d.sub("answer"), story)
    for symbol, market in list(story.markets.items()):
        story.markets[symbol] = _moving(d.sub(f"path {story.known.products[symbol].base}"), symbol, market, story)
    made = told(story, space)
    return made.model_copy(update={"id": f"{made.id}-{plot}".replace("//", "-")})


def at_venue(venue: str) -> Callable[[Draw], Scenario]:
    """The space on one of ``PLACES``; it is called ``leveraged//VENUE``."""
    made = partial(leveraged, venue=venue, space=f"leveraged//{venue}")
    made.__doc__ = f"The same as leveraged, about contracts of {venue}."
    return made


def modes(d: Draw, place: Place, *, isolated: bool = False, wrong: bool = False) -> AccountModes:
    """How somebody left the account; ``wrong``: in hedge mode, or with much leverage, or both."""
    hedge = d.boolean("hedge", 0.6 if wrong else 0.1) and place.hedge
    high = wrong and (not hedge or d.boolean("both"))
    leverage = d.choice("high", (25, 50)) if high else d.choice("usual", (3, 5, 10))
    mode = "isolated" if isolated and "isolated" in place.margin else d.choice("margin", place.margin)
    return AccountModes.model_validate(
        {
            "position_mode": "hedge" if hedge else "one_way",
            "margin_mode": mode,
            "leverage": leverage if place.leverage else None,
        }
    )


# ------------------------------------------------------------------ plots
def _modes(d: Draw, story: Story) -> None:
    """The account is not as the task wants it; then it trades."""
    story.extra["modes"] = modes(d.sub("wrong"), PLACES[story.extra["venue"]], wrong=True)
    story.extra["limits"] = Limits(max_leverage=Decimal(d.choice("cap", (5, 10, 20))))
    _open(d.sub("first"), story)
    if d.boolean("second", 0.5):
        _open(d.sub("second one"), story)


def _profit(d: Draw, story: Story) -> None:
    """Open, and close a part."""
    opened = _open(d, story)
    at = opened["expires"] + d.integer("pause", 20, 80)
    _close(d.sub("part"), story, opened, at, Decimal(str(d.number("share", 0.2, 0.8))), reduce_only=True)
    if d.boolean("another", 0.4):
        _open(d.sub("another one"), story)


def _turned(d: Draw, story: Story) -> None:
    """Open, and sell (buy back) more than that."""
    opened = _open(d, story)
    at = opened["expires"] + d.integer("pause", 20, 80)
    _close(d.sub("turn"), story, opened, at, Decimal(str(d.number("share", 1.3, 2.2))), reduce_only=False)


def _funding(d: Draw, story: Story) -> None:
    """Positions are held at a time of funding, or closed before it."""
    opened = _open(d, story)
    at = opened["expires"] + d.integer("pause", 10, 60)
    if d.boolean("another", 0.5):
        other = _open(d.sub("another one"), story)
        if d.boolean("closed before", 0.5):
            _close(d.sub("close"), story, other, other["expires"] + 10, Decimal(1), reduce_only=True)
            at = max(at, other["expires"] + 50)
    story.extra["epoch"] = MIDNIGHT + FUNDING * d.integer("day", 1, 90) - int(at)
    story.extra["knobs"] = {"event_first": d.boolean("event first"), "funding_rate": d.number("rate", 0.0001, 0.002)}
    story.healed = max(story.healed, at)


def _liquidation(d: Draw, story: Story) -> None:
    """A position, an order beside it, and the price at which it is liquidated: isolated, or with little behind it."""
    alone = "isolated" not in PLACES[story.extra["venue"]].margin
    opened, at = _struck(d, story, again=not alone, another=not alone)
    if alone:
        _little_behind(story, opened)
    story.fault(Liquidation(on=Trigger(after=at, symbol=opened["symbol"])), ends=at + 5)


def _adl(d: Draw, story: Story) -> None:
    """A position, and somebody else's liquidation."""
    opened, at = _struck(d, story)
    fraction = d.choice("fraction", (1.0, 0.3, 0.5, 0.7))
    story.fault(Adl(on=Trigger(after=at, symbol=opened["symbol"]), fraction=fraction), ends=at + 5)


def _expiry(d: Draw, story: Story) -> None:
    """A position, an order beside it, and the end of the contract."""
    opened, at = _struck(d, story, again=False)
    story.fault(Expiry(on=Trigger(after=at, symbol=opened["symbol"])), ends=at + 5)


def _flatten(d: Draw, story: Story) -> None:
    """Open, let an order rest, close everything."""
    opened = _open(d, story)
    at = opened["expires"] + d.integer("pause", 10, 40)
    if d.boolean("resting too", 0.6):
        _rest(d.sub("resting"), story, opened, at)
    story.intent(kind="flatten", symbol=opened["symbol"], at=at + d.integer("later", 20, 80), tag=d.tag("flatten tag"))
    if d.boolean("another", 0.4):
        _open(d.sub("another one"), story)


PLOTS: dict[str, Plot] = {
    "modes": _modes, "profit": _profit, "turned": _turned, "funding": _funding,
    "liquidation": _liquidation, "adl": _adl, "expiry": _expiry, "flatten": _flatten,
}  # fmt: skip


# ------------------------------------------------------------------ parts
def _slot(story: Story) -> tuple[Product, str]:
    """The next contract that no intent has yet, and a side."""
    symbol, side = story.slots[0]
    story.slots = [slot for slot in story.slots if slot[0] != symbol]
    return story.known.products[symbol], side


def _other(side: str) -> str:
    return "sell" if side == "buy" else "buy"


def _open(d: Draw, story: Story) -> dict[str, Any]:
    """A market order that opens a position, long or short."""
    product, side = _slot(story)
    at = story.clock + d.integer("then", 5, 40)
    value = product.order_value * Decimal(str(d.number("value", 0.6, 1.4)))
    return story.intent(
        kind="order", symbol=product.symbol, side=side, type="market", at=at, expires=at + 40,
        quantity=product.sized(value, story.markets[product.symbol].mid), tag=d.tag("tag"),
    )  # fmt: skip


def _close(
    d: Draw, story: Story, opened: dict[str, Any], at: float, share: Decimal, *, reduce_only: bool
) -> dict[str, Any]:
    """A market order against a position that was opened, ``share`` of it."""
    product = story.known.products[opened["symbol"]]
    return story.intent(
        kind="order", symbol=product.symbol, side=_other(opened["side"]), type="market", at=at, expires=at + 40,
        quantity=product.quantity(opened["quantity"] * share), reduce_only=reduce_only, tag=d.tag("tag"),
    )  # fmt: skip


def _rest(d: Draw, story: Story, opened: dict[str, Any], at: float) -> dict[str, Any]:
    """A limit order on the other side, too far away to be met."""
    product, side = story.known.products[opened["symbol"]], _other(opened["side"])
    away = story.markets[product.symbol].mid * (Decimal("0.94") if side == "buy" else Decimal("1.06"))
    return story.intent(
        kind="order", symbol=product.symbol, side=side, type="limit", at=at, expires=at + d.integer("lasts", 120, 240),
        limit_price=product.price(away, up=side == "sell"), quantity=opened["quantity"], tag=d.tag("tag"),
    )  # fmt: skip


def _little_behind(story: Story, opened: dict[str, Any]) -> None:
    """The account holds less of the settlement asset than the position is worth: a price above 0 liquidates it."""
    symbol = opened["symbol"]
    value = value_of(symbol, opened["quantity"], story.markets[symbol].mid) * BEHIND
    story.extra["balances"] = {settled_in(symbol): value.quantize(Decimal("1e-8"))}


def _struck(d: Draw, story: Story, *, again: bool = True, another: bool = True) -> tuple[dict[str, Any], float]:
    """A position, sometimes with an order that rests, sometimes opened again later; and when it is struck."""
    opened = _open(d, story)
    at = opened["expires"] + d.integer("held", 10, 60)
    if d.boolean("resting too", 0.5):
        _rest(d.sub("resting"), story, opened, opened["expires"] + 2)
    elif again and d.boolean("again", 0.4):
        story.intent(**opened | {"at": at + 90, "expires": at + 130, "tag": d.tag("again tag")})
    if another and d.boolean("another", 0.3):
        _open(d.sub("another one"), story)
    return opened, float(at)


def _moving(d: Draw, symbol: str, market: Any, story: Story) -> Any:
    """The price goes one to four per cent one way while positions are held, so that profit is no rounding error."""
    share = Decimal(str(d.number("by", 0.01, 0.04))) * (1 if d.boolean("up") else -1)
    product = story.known.products[symbol]
    end = product.price(market.mid * (1 + share), up=False)
    return market.model_copy(update={"path": Path(points=((60.0, market.mid), (d.number("over", 150, 400), end)))})


def _may_be_lost(d: Draw, story: Story) -> None:
    """In a third of the scenarios an answer is lost: to the first order, a setting, or a question about positions."""
    if not d.boolean("lost", 0.35):
        return
    first = min(story.intents, key=lambda fields: fields["at"])
    committed, symptom = d.boolean("committed"), d.choice("symptom", SYMPTOMS)
    ops, left = ["place", "place", "positions"], story.extra["modes"]
    cap = story.extra.get("limits", Limits()).max_leverage
    if left.position_mode == "hedge":
        ops += ["position_mode"] * 2
    if cap is not None and left.leverage > cap:
        ops += ["leverage"] * 2
    op = d.choice("op", ops)
    on = Trigger(op=op, tag=first["tag"], before=first["at"] + 60) if op == "place" else Trigger(op=op)
    fault: Fault = LostAnswer(on=on, committed=committed, symptom=symptom, delay=0.4)
    story.fault(fault, ends=first["at"] + 90)
