"""Intents by *shape*: what an order is made for decides which faults can hit it.

A fault that needs a cancel wants an order that rests until a deadline (``timed``); a partial fill that is to be
completed wants ``complete``; a fill out of the blue wants ``resting``; an outage now and then outlasts an order
(``brief``). Everything else takes whatever comes.
``impossible`` intents are to be refused.

All order intents of a scenario differ in (symbol, side), so an order on the venue belongs to at most one of them.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from outtrade.model.scenario import Market
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product, Universe

Shape = Literal["any", "resting", "timed", "brief", "complete", "marketable"]

IMPOSSIBLE = ("quantity", "notional", "funds", "symbol", "band")
"""Why an intent cannot be carried out: below the smallest quantity or notional, unaffordable, unknown symbol, price
outside the venue's band."""


UNKNOWN = ("XRP/USDT", "BTC/XYZ", "NOPE/USDT")


def order(d: Draw, product: Product, market: Market, side: str, at: float, shape: Shape) -> dict[str, Any]:
    """Fields of an ``order`` intent that can be carried out."""
    if shape == "any":
        shape = d.choice("shape", ("resting", "timed", "marketable"), weights=(2, 2, 5))
    fields: dict[str, Any] = {"kind": "order", "symbol": product.symbol, "side": side, "at": at}
    value = product.order_value * Decimal(str(d.number("value", 0.1, 1.2)))
    if shape == "marketable":
        fields |= _marketable(d, product, market, side, value)
    else:
        fields |= _resting(d, product, market, side, value)
        fields |= _ending(d, at, shape)
    if d.boolean("beside the grid", 0.15):
        fields |= _beside_the_grid(d, product, fields)
    return fields


def _resting(d: Draw, product: Product, market: Market, side: str, value: Decimal) -> dict[str, Any]:
    """A limit order far enough from the market to rest until something out of the ordinary happens."""
    far = Decimal(str(d.number("distance", 0.008, 0.03, digits=4)))
    price = market.mid * (1 - far if side == "buy" else 1 + far)
    price = product.price(price, up=side == "sell")
    return {
        "type": "limit",
        "limit_price": price,
        "quantity": product.quantity(value / price),
        "post_only": d.boolean("post_only", 0.25) and "post_only" not in product.lacks,
        "time_in_force": d.choice("time in force", (None, "GTC")),
    }


def _ending(d: Draw, at: float, shape: Shape) -> dict[str, Any]:
    """How long a resting order works, and what becomes of its rest."""
    if shape == "complete":
        return {
            "on_partial": "complete",
            "max_slippage_bps": Decimal(300),
            "expires": at + d.integer("lasts", 120, 220),
        }
    on_partial = d.choice("on partial", ("keep", "cancel"), weights=(3, 1))
    if shape in ("timed", "brief"):
        lasts = d.integer("lasts", 60, 150) if shape == "timed" else d.integer("lasts briefly", 8, 25)
        return {"on_partial": on_partial, "expires": at + lasts}
    return {"on_partial": on_partial, "expires": at + d.integer("lasts", 200, 500) if d.boolean("ends", 0.4) else None}


def _marketable(d: Draw, product: Product, market: Market, side: str, value: Decimal) -> dict[str, Any]:
    """An order that trades at once, or soon: market (base or quote), limit through the book, IOC, FOK, at the touch
    (half of these only as makers: some of them would take, and are refused)."""
    form = d.choice("form", ("market", "quote", "limit", "touch", "IOC", "FOK"), weights=(3, 2, 3, 2, 2, 1))
    if form in product.lacks:  # FOK
        form = "IOC"
    if form == "quote" and product.by_quote:
        return {"type": "market", "quote_quantity": _coarse(value)}
    if form in ("market", "quote"):
        return {"type": "market", "quantity": product.quantity(value / market.mid)}
    maker = form == "touch" and "post_only" not in product.lacks and d.boolean("maker only", 0.5)
    if maker:
        through = Decimal(str(d.number("near enough", -0.0008, 0.0008, digits=5)))
    elif form == "touch":
        through = Decimal(str(d.number("near", -0.001, -0.0002, digits=5)))
    elif form == "IOC" and d.boolean("misses", 0.25):
        through = Decimal("-0.01")
    else:
        through = Decimal(str(d.number("through", 0.003, 0.01, digits=4)))
    price = market.mid * (1 + through if side == "buy" else 1 - through)
    price = product.price(price, up=side == "sell")
    fields: dict[str, Any] = {"type": "limit", "limit_price": price, "quantity": product.quantity(value / price)}
    if form in ("IOC", "FOK"):
        fields["time_in_force"] = form
    if maker:
        fields["post_only"] = True
    return fields


def _beside_the_grid(d: Draw, product: Product, fields: dict[str, Any]) -> dict[str, Any]:
    """Prices and quantities with digits beyond the grid, as a strategy computes them."""
    changed: dict[str, Any] = {}
    tail = Decimal(d.integer("tail", 1, 9)) / 10
    if fields.get("limit_price") is not None and d.boolean("price too", 0.7):
        changed["limit_price"] = fields["limit_price"] + product.tick * tail
    if fields.get("quantity") is not None and (not changed or d.boolean("quantity too", 0.7)):
        changed["quantity"] = fields["quantity"] + product.step * tail
    return changed


def impossible(d: Draw, known: Universe, symbol: str, market: Market, side: str, at: float) -> dict[str, Any]:
    """Fields of an ``order`` intent that is to be refused, after at most one order request."""
    product, balances = known.products[symbol], known.balances
    without = {name for name, has in (("notional", product.notional_min), ("band", product.has_band)) if not has}
    why = d.choice("why", [name for name in IMPOSSIBLE if name not in without])
    sign = -1 if side == "buy" else 1
    price = product.price(market.mid * (1 + sign * Decimal("0.01")), up=side == "sell")
    quantity = product.quantity(product.order_value / price)
    if why == "quantity":
        quantity = product.quantity_min * Decimal("0.4")
    elif why == "notional":
        quantity = max(product.quantity(product.notional_min * Decimal("0.4") / price), product.quantity_min)
        if quantity * price >= product.notional_min:  # one step is already worth more
            quantity = product.quantity_min * Decimal("0.4")
    elif why == "funds":
        held = Decimal(balances[product.quote]) / price if side == "buy" else Decimal(balances[product.base])
        quantity = product.quantity(held * 2)
    elif why == "symbol":
        symbol = d.choice("unknown", [name for name in UNKNOWN if name not in known.products])
    else:
        price = product.price(market.mid * (Decimal("0.1") if side == "buy" else Decimal(6)), up=False)
        quantity = product.quantity(product.order_value / price)
    return {
        "kind": "order", "symbol": symbol, "side": side, "at": at, "type": "limit",
        "limit_price": price, "quantity": quantity, "expires": at + 100,
    }  # fmt: skip


def _coarse(value: Decimal) -> Decimal:
    """An amount with three significant digits."""
    digits = value.adjusted() - 2
    return value.quantize(Decimal(1).scaleb(digits), rounding=ROUND_FLOOR) if digits < 0 else Decimal(int(value))
