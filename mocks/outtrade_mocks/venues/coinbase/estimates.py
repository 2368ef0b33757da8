"""Previews: what an order would cost, worked out on the book as it stands.

An estimate walks the book as a taker for what would trade at once and takes the order's own price for the rest.
``errs`` lists what stands in the way, in the words of previews; nothing is reserved and nothing is promised. What
previews say of leverage and margin is empty on spot.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core import NewOrder
from outtrade_mocks.venues.coinbase import codec
from outtrade_mocks.venues.coinbase.codec import text
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.errors import EDITED, PREVIEWED
from outtrade_mocks.venues.coinbase.notes import Note
from outtrade_mocks.venues.coinbase.reference import PRECISION, Listing

ZERO = Decimal(0)
_CENT = Decimal(1).scaleb(-PRECISION)


def nothing(errs: list[str]) -> dict[str, Any]:
    """A preview of an order that would be refused."""
    return _preview(errs, total=ZERO, fee=ZERO, quote=ZERO, base=ZERO, touch=("", ""), slippage=ZERO, name="")


def _preview(
    errs: list[str], *, total: Decimal, fee: Decimal, quote: Decimal, base: Decimal, touch: tuple[str, str],
    slippage: Decimal, name: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "order_total": text(total),
        "commission_total": text(fee),
        "errs": errs,
        "warning": [],
        "quote_size": text(quote),
        "base_size": text(base),
        "best_bid": touch[0],
        "best_ask": touch[1],
        "is_max": False,
        "order_margin_total": "",
        "leverage": "",
        "long_leverage": "",
        "short_leverage": "",
        "slippage": text(slippage),
        "preview_id": name,
        "current_liquidation_buffer": "",
        "projected_liquidation_buffer": "",
        "max_leverage": "",
        "pnl_configuration": None,
    }


def touch(desk: Desk, listing: Listing) -> tuple[str, str]:
    """Best bid and best ask as written."""
    bids, asks = desk.exchange.depth(listing.unified, 1)
    return listing.price(bids[0][0]) if bids else "", listing.price(asks[0][0]) if asks else ""


def rates(desk: Desk, listing: Listing) -> tuple[Decimal, Decimal]:
    """Maker and taker rate of the account, as fractions."""
    plan = desk.exchange.tariffs.rates(desk.account, listing.unified, desk.exchange.now)
    maker, taker = (plan.charges[role][True].full for role in (True, False))
    return Decimal(maker.numerator) / maker.denominator, Decimal(taker.numerator) / taker.denominator


def walk(desk: Desk, listing: Listing, new: NewOrder) -> tuple[Decimal, Decimal, Decimal]:
    """Base and quote that would trade at once, and the slippage against the best price (a fraction)."""
    bids, asks = desk.exchange.depth(listing.unified, 100)
    buy = new.side == "buy"
    budget = None if new.quote is None else Decimal(new.quote).scaleb(-PRECISION)
    left, base, quote, best = new.lots, ZERO, ZERO, ZERO
    for ticks, lots in asks if buy else bids:
        if new.price is not None and (ticks > new.price if buy else ticks < new.price):
            break
        price = ticks * listing.tick
        best = best or price
        taken = lots * listing.step if left is None else min(lots, left) * listing.step
        if budget is not None:
            taken = min(taken, (budget - quote) / price)
        base, quote = base + taken, quote + taken * price
        if left is not None:
            left -= min(lots, left)
        if left == 0 or (budget is not None and quote >= budget):
            break
    paid = quote / base if base else ZERO
    return base, quote, abs(paid - best) / best if best and base else ZERO


def of_order(desk: Desk, note: Note, new: NewOrder, now: int) -> dict[str, Any]:
    """The preview of an order that can be read."""
    listing = note.listing
    maker, taker = rates(desk, listing)
    base, quote, slippage = walk(desk, listing, new)
    rest = ZERO if new.lots is None else max(ZERO, new.lots * listing.step - base)
    errs, fee = [], quote * taker
    if new.price is not None and new.tif not in ("IOC", "FOK"):
        base, quote = base + rest, quote + rest * new.price * listing.tick
        fee += rest * new.price * listing.tick * maker
    elif not base:
        errs.append("PREVIEW_INVALID_NO_LIQUIDITY")
    if new.post_only and base > rest:
        errs.append("PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY")
    total = quote + fee if note.side == "buy" else quote - fee
    needs, asset = (total, listing.quote) if note.side == "buy" else (base, listing.base)
    free = desk.exchange.view(desk.account).balances().get(asset, (0, 0))[0]
    if needs > Decimal(free).scaleb(-PRECISION):
        errs.insert(0, "PREVIEW_INSUFFICIENT_FUND")
    name = codec.made_id("preview", desk.seed, now, note.client_id)
    return _preview(
        errs, total=_cut(total), fee=_cut(fee), quote=_cut(quote), base=_cut(base), touch=touch(desk, listing),
        slippage=_cut(slippage), name=name,
    )  # fmt: skip


def _cut(value: Decimal) -> Decimal:
    return value.quantize(_CENT, "ROUND_DOWN")


# ------------------------------------------------------------------ edits
def nothing_edited(problems: list[dict[str, str]]) -> dict[str, Any]:
    """The preview of an edit that would be refused."""
    return _edit(problems, ZERO, ZERO, ZERO, ZERO, ("", ""), "0")


def _edit(
    problems: list[dict[str, str]], total: Decimal, fee: Decimal, quote: Decimal, base: Decimal,
    touched: tuple[str, str], average: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "errors": problems,
        "slippage": "0",
        "order_total": text(total),
        "commission_total": text(fee),
        "quote_size": text(quote),
        "base_size": text(base),
        "best_bid": touched[0],
        "best_ask": touched[1],
        "average_filled_price": average,
    }


def of_edit(desk: Desk, note: Note, lots: int, price: int) -> dict[str, Any]:
    """The preview of an edit that would be taken."""
    listing = note.listing
    base = lots * listing.step
    quote = base * price * listing.tick
    fee = quote * rates(desk, listing)[0]
    total = quote + fee if note.side == "buy" else quote - fee
    said = [{"edit_failure_reason": EDITED, "preview_failure_reason": PREVIEWED}]
    return _edit(said, _cut(total), _cut(fee), _cut(quote), base, touch(desk, listing), listing.price(price))
