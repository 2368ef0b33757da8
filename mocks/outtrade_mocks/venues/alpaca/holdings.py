"""What the account holds: positions with what was paid for them, cash, equity.

A position is what lies on the account of a share or a coin. What was there from the beginning counts as bought at the
first price of its market, on the day before; each purchase moves the average price, sales do not (average cost). Fees
of crypto are taken from the coins received, so a position is smaller than what its orders filled (recorded).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill
from outtrade_mocks.venues.alpaca.codec import amount, market_day, shown
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.reference import Listing, own_listings

ZERO = Decimal(0)


@dataclass(slots=True)
class Position:
    """One holding: units, of which ``free`` are not held for orders; ``paid``: average price of a unit."""

    listing: Listing
    quantity: Decimal
    free: Decimal
    paid: Decimal
    today: Decimal
    """Average price of what was bought on the day of the query."""
    bought_today: Decimal


def positions(desk: Desk, now: int, as_of: int | None = None) -> list[Position]:
    """All holdings but dollars, ordered by symbol."""
    balances = desk.exchange.view(desk.account, as_of).balances()
    found = []
    for asset, (free, locked) in balances.items():
        if asset == "USD" or free + locked == 0:
            continue
        listing = desk.bases.get(asset) or own_listings().get(f"{asset}/USD")
        if listing is None:
            continue  # no asset of this venue: the account was given it, and nobody can trade it
        quantity = desk.exchange.amount(asset, free + locked)
        paid, today, bought = _paid(desk, listing, now, as_of)
        found.append(Position(listing, quantity, desk.exchange.amount(asset, free), paid, today, bought))
    return sorted(found, key=lambda one: one.listing.position_id)


def _paid(desk: Desk, listing: Listing, now: int, as_of: int | None) -> tuple[Decimal, Decimal, Decimal]:
    """Average price of what is held, and of what was bought today, and how much that was."""
    held = desk.opened.get(listing.base, ZERO)
    average = desk.paid(listing) or ZERO
    day, spent, bought = market_day(now), ZERO, ZERO
    for fill in desk.account.fills:
        if fill.symbol != listing.unified or (as_of is not None and fill.time > as_of):
            continue
        quantity, price = _traded(desk, listing, fill)
        if fill.side == "sell":
            held -= quantity
            continue
        if held + quantity > 0:
            average = (average * max(held, ZERO) + price * quantity) / (max(held, ZERO) + quantity)
        held += quantity
        if market_day(fill.time) == day:
            spent, bought = spent + price * quantity, bought + quantity
    return average, spent / bought if bought else ZERO, bought


def _traded(desk: Desk, listing: Listing, fill: Fill) -> tuple[Decimal, Decimal]:
    rules = desk.rules(listing)
    return rules.quantity(fill.lots), rules.price(fill.price)


def net_quantity(desk: Desk, asset: str) -> Decimal:
    """What is held of an asset now."""
    balance = desk.account.balance(asset)
    return desk.exchange.amount(asset, balance.free + balance.locked)


def worth(desk: Desk, held: list[Position]) -> Decimal:
    """Dollars that positions are worth now; what has no price counts nothing."""
    return sum((one.quantity * (desk.price(one.listing) or ZERO) for one in held), ZERO)


def position_object(desk: Desk, one: Position) -> dict[str, Any]:
    """The JSON object of a position."""
    listing = one.listing
    price, before = desk.price(listing), desk.paid(listing)
    cost = one.paid * one.quantity
    value = None if price is None else price * one.quantity
    gain = None if value is None else value - cost
    since = None if price is None or before is None else _intraday(one, price, before)
    base = (
        cost if before is None else before * max(one.quantity - one.bought_today, ZERO) + one.today * one.bought_today
    )
    return {
        "asset_id": listing.asset_id,
        "symbol": listing.position_id,
        "exchange": str(listing.raw["exchange"]),
        "asset_class": listing.asset_class,
        "asset_marginable": bool(listing.raw["marginable"]),
        "qty": amount(one.quantity),
        "avg_entry_price": amount(one.paid),
        "side": "long",
        "market_value": shown(value),
        "cost_basis": amount(cost),
        "unrealized_pl": shown(gain),
        "unrealized_plpc": _ratio(gain, cost),
        "unrealized_intraday_pl": shown(since),
        "unrealized_intraday_plpc": _ratio(since, base),
        "current_price": shown(price),
        "lastday_price": shown(before),
        "change_today": None if price is None or not before else amount(price / before - 1),
        "qty_available": amount(one.free),
    }


def _intraday(one: Position, price: Decimal, before: Decimal) -> Decimal:
    new = min(one.bought_today, one.quantity)
    return (price - before) * (one.quantity - new) + (price - one.today) * new


def _ratio(part: Decimal | None, whole: Decimal) -> str | None:
    return None if part is None else amount(part / whole) if whole else "0"
