"""Trading rules: what an order must satisfy before it reaches the book.

Rules are those of Binance spot's symbol filters (filters.md), checked in this order: price grid and bounds, price band,
quantity, notional, position, number of open orders. All but the last two depend on the order and the reference price
alone. A rule that is not documented is marked *inferred*.
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.orders import NewOrder, Reject, RejectReason


def check_shape(new: NewOrder) -> None:
    """Raises ValueError on a request that no venue codec may make (a bug of the caller, not of the client)."""
    if new.side not in ("buy", "sell"):
        raise ValueError(f"side {new.side!r}")
    kind = new.type
    if kind == "limit":
        if new.price is None or new.lots is None or new.quote is not None:
            raise ValueError("a limit order has a price and a quantity, and no quote amount")
        if new.post_only and new.tif != "GTC":
            raise ValueError("a post-only order is GTC")
    elif kind == "market":
        if new.price is not None or new.post_only or (new.lots is None) == (new.quote is None):
            raise ValueError("a market order has either a quantity or a quote amount, and no price")
    else:
        raise ValueError(f"order type {new.type!r}")


def check_limit(instrument: Instrument, side: str, price: int, lots: int, reference: int | None) -> None:
    """The filters that depend on a limit order alone; ``reference`` (ticks) as ``Exchange.reference_price``.

    Raises Reject. Without a reference price, bands and market-order notionals are not checked.
    """
    check_price(instrument, side, price, reference)
    check_lots(instrument, lots, market=False)
    check_notional(instrument, price * lots, market=False)


def check_market(instrument: Instrument, lots: int | None, quote: int | None, reference: int | None) -> None:
    """The filters that depend on a market order alone. Raises Reject."""
    if quote is not None:
        if quote <= 0:
            raise Reject(RejectReason.NOTIONAL, "the quote amount is not positive")
        check_notional(instrument, quote * instrument.unit_denominator // instrument.unit_numerator, market=True)
    elif lots is not None:
        check_lots(instrument, lots, market=True)
        if reference is not None:
            check_notional(instrument, reference * lots, market=True)


def check_price(instrument: Instrument, side: str, ticks: int, reference: int | None) -> None:
    """PRICE_FILTER and PERCENT_PRICE_BY_SIDE."""
    if ticks < instrument.min_ticks:
        raise Reject(RejectReason.PRICE_FILTER, f"price {instrument.price(ticks)} below the minimum")
    if instrument.max_ticks is not None and ticks > instrument.max_ticks:
        raise Reject(RejectReason.PRICE_FILTER, f"price {instrument.price(ticks)} above the maximum")
    band = instrument.band
    if band is not None and reference is not None and not band.allows(side, ticks, reference):
        raise Reject(RejectReason.PERCENT_PRICE_BY_SIDE, f"price {instrument.price(ticks)} outside the band")


def check_lots(instrument: Instrument, lots: int, *, market: bool) -> None:
    """LOT_SIZE, and MARKET_LOT_SIZE for market orders."""
    if lots < instrument.min_lots:
        raise Reject(RejectReason.LOT_SIZE, f"quantity {instrument.quantity(lots)} below the minimum")
    if instrument.max_lots is not None and lots > instrument.max_lots:
        raise Reject(RejectReason.LOT_SIZE, f"quantity {instrument.quantity(lots)} above the maximum")
    if not market:
        return
    if lots < instrument.market_min_lots:
        raise Reject(RejectReason.MARKET_LOT_SIZE, f"quantity {instrument.quantity(lots)} below the minimum")
    if instrument.market_max_lots is not None and lots > instrument.market_max_lots:
        raise Reject(RejectReason.MARKET_LOT_SIZE, f"quantity {instrument.quantity(lots)} above the maximum")
    if instrument.market_step_lots and lots % instrument.market_step_lots:
        raise Reject(RejectReason.MARKET_LOT_SIZE, f"quantity {instrument.quantity(lots)} off the step grid")


def check_notional(instrument: Instrument, units: int, *, market: bool) -> None:
    """NOTIONAL; ``units`` = ticks x lots."""
    if units < instrument.min_units and (not market or instrument.notional_min_market):
        raise Reject(RejectReason.NOTIONAL, "price x quantity below the minimum")
    if (
        instrument.max_units is not None
        and units > instrument.max_units
        and (not market or instrument.notional_max_market)
    ):
        raise Reject(RejectReason.NOTIONAL, "price x quantity above the maximum")


def check_account(instrument: Instrument, new: NewOrder, account: Account, open_buys: int, lots: int) -> None:
    """MAX_POSITION and MAX_NUM_ORDERS; ``open_buys``: lots of the account's open buys, ``lots``: of this order.

    Only orders that may rest count as open orders (*inferred*).
    """
    if new.side == "buy" and instrument.max_position_lots is not None:
        base = account.balance(instrument.base)
        held = -(-(base.free + base.locked) // instrument.lot_atoms)
        if held + open_buys + lots > instrument.max_position_lots:
            raise Reject(RejectReason.MAX_POSITION, "position above the maximum")
    if (
        instrument.max_orders is not None
        and new.type == "limit"
        and new.tif == "GTC"
        and account.open_count.get(instrument.symbol, 0) >= instrument.max_orders
    ):
        raise Reject(RejectReason.MAX_NUM_ORDERS, f"{instrument.max_orders} orders are open")
