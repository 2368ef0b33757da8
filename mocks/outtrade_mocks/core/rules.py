"""Trading rules: what an order must satisfy before it reaches the book.

Rules are those of Binance spot's symbol filters (filters.md), checked in this order: price grid and bounds, price band,
quantity, notional, position, number of open orders. All but the last two depend on the order and the reference price
alone. A rule that is not documented is marked *inferred*.
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.orders import SELF_TRADE, TIMES_IN_FORCE, Malformed, NewOrder, Reject, RejectReason, Trigger
from outtrade_mocks.core.practice import Practice

_RESTS = frozenset({"GTC", "GTD", "DAY", "OPG", "CLS"})


def rests(new: NewOrder) -> bool:
    """Whether an order may become an open order; only those count against limits of open orders (*inferred*)."""
    return new.trigger is not None or (new.type == "limit" and new.tif in _RESTS)


def _count(value: object) -> bool:
    """Whether ``value`` is a plain integer (a bool is none)."""
    return type(value) is int


def check_shape(new: NewOrder) -> bool:
    """Raises Malformed (which is a ValueError, too) on a request that no venue codec may make: a bug of the caller, not
    of the client. Returns whether the order is plain: it has a price, a quantity and a client id, rests or trades at
    once, and has nothing that only some orders have (``Terms``)."""
    if new.side not in ("buy", "sell"):
        raise Malformed(f"side {new.side!r}")
    kind, tif, lots, quote = new.type, new.tif, new.lots, new.quote
    if kind == "limit":
        if type(new.price) is not int or type(lots) is not int or quote is not None:
            raise Malformed("a limit order has a price and a quantity, and no quote amount")
        if new.post_only and tif not in ("GTC", "GTD", "DAY"):
            raise Malformed("a post-only order is GTC, GTD or DAY")
    elif kind == "market":
        if quote is not None:
            fits = type(quote) is int and lots is None
        else:
            fits = type(lots) is int or (lots is None and new.close_position is True)
        if not fits or new.price is not None or new.post_only:
            raise Malformed("a market order has either a quantity or a quote amount, and no price")
    else:
        raise Malformed(f"order type {new.type!r}")
    if tif != "GTC":
        _check_tif(new)
    elif new.expires is not None:
        raise Malformed("only GTD and DAY orders have an end")
    if type(new.client_id) is not str:
        raise Malformed("a client id is text")
    return (
        (tif == "GTC" or tif in ("IOC", "FOK"))
        and new.trigger is None
        and new.visible is None
        and new.self_trade is None
        and new.side_effect is None
        and new.extended is False
        and new.reduce_only is False
        and new.close_position is False
        and new.position_side is None
    )


def _check_tif(new: NewOrder) -> None:
    if new.tif not in TIMES_IN_FORCE:
        raise Malformed(f"time in force {new.tif!r}")
    if new.tif == "GTD" or (new.tif == "DAY" and new.expires is not None):
        if not _count(new.expires) or (new.type != "limit" and new.trigger is None):
            raise Malformed("a GTD or DAY order with an end of its own is a limit or trigger order")
    elif new.tif in ("OPG", "CLS"):
        if new.trigger is not None or new.expires is not None or new.quote is not None:
            raise Malformed("an order for an auction has a quantity, and neither a trigger nor an end of its own")
    elif new.expires is not None:
        raise Malformed("only GTD and DAY orders have an end")


def check_spot(new: NewOrder) -> None:
    """Raises Malformed on what only orders for contracts have."""
    if new.reduce_only or new.close_position or new.position_side is not None:
        raise Malformed("only orders for contracts reduce or close a position")


def check_contract(new: NewOrder) -> None:
    """The shape of what only orders for contracts have. Raises Malformed."""
    if type(new.reduce_only) is not bool or type(new.close_position) is not bool:
        raise Malformed("reduce-only and close-position are yes or no")
    if new.position_side not in (None, "long", "short"):
        raise Malformed(f"position side {new.position_side!r}")
    if new.close_position and (new.type != "market" or new.lots is not None or new.quote is not None):
        raise Malformed("an order that closes the position is a market order without a quantity")
    if new.side_effect is not None:
        raise Malformed("an order for contracts borrows and repays nothing")
    if new.quote is not None:
        raise Malformed("an order for contracts has a quantity, not a quote amount")


def check_terms(new: NewOrder, instrument: Instrument, practice: Practice, now: int) -> None:
    """The rules of what only some orders have: an end, a trigger, a visible part, a self-trade mode.

    Raises Malformed; Reject: EXPIRY where the end is not after ``now``, ICEBERG_PARTS, LOT_SIZE.
    """
    if new.self_trade is not None and new.self_trade not in SELF_TRADE:
        raise Malformed(f"self-trade mode {new.self_trade!r}")
    if new.side_effect not in (None, "borrow", "repay", "borrow_repay"):
        raise Malformed(f"side effect {new.side_effect!r}")
    if new.trigger is not None:
        check_trigger(new, new.trigger)
    if new.visible is not None:
        if not _count(new.visible) or new.type != "limit" or new.tif not in _RESTS:
            raise Malformed("an iceberg is a limit order that may rest, with a visible quantity")
        assert new.lots is not None
        if not 0 < new.visible <= new.lots:
            raise Reject(RejectReason.LOT_SIZE, "the visible quantity is not within the order's")
        most = practice.iceberg_parts if instrument.iceberg_parts is None else instrument.iceberg_parts
        if -(-new.lots // new.visible) > most:
            raise Reject(RejectReason.ICEBERG_PARTS, f"more than {most} parts")
    if new.expires is not None and new.expires <= now:
        raise Reject(RejectReason.EXPIRY, "the end of the order is not in the future")


def check_trigger(new: NewOrder, trigger: Trigger) -> None:
    """The shape of a trigger. Raises Malformed; Reject(PRICE_FILTER) on a price or distance that is not positive."""
    if not isinstance(trigger, Trigger) or trigger.kind not in ("stop", "take_profit"):
        raise Malformed("a trigger is a stop or a take profit")
    if trigger.source not in ("last", "mark", "index"):
        raise Malformed(f"trigger source {trigger.source!r}")
    if trigger.reserve not in (None, "placement", "trigger"):
        raise Malformed(f"money is reserved at placement or at the trigger, not {trigger.reserve!r}")
    if new.lots is None and new.side != "buy" and not new.close_position:
        raise Malformed("a trigger order has a quantity; only a buy may have a quote amount instead")
    values = (trigger.price, trigger.trail_ticks, trigger.trail_bps)
    if not all(value is None or _count(value) for value in values):
        raise Malformed("trigger prices and distances are whole numbers")
    if trigger.trail_ticks is not None and trigger.trail_bps is not None:
        raise Malformed("a trailing distance is in ticks or in basis points, not both")
    if trigger.limit_ticks is not None or trigger.limit_bps is not None:
        limits = (trigger.limit_ticks, trigger.limit_bps)
        if new.type != "limit" or None not in limits or not all(value is None or _count(value) for value in limits):
            raise Malformed("a limit that follows the trigger is in ticks or in basis points, of a limit order")
        if trigger.limit_bps is not None and abs(trigger.limit_bps) >= 10_000:
            raise Reject(RejectReason.PRICE_FILTER, "a limit lies less than 100 % from the trigger price")
    if trigger.price is None and not trigger.trailing:
        raise Malformed("a trigger has a price or a trailing distance")
    if any(value is not None and value <= 0 for value in values):
        raise Reject(RejectReason.PRICE_FILTER, "trigger prices and distances are positive")
    if trigger.trail_bps is not None and trigger.trail_bps >= 10_000:
        raise Reject(RejectReason.PRICE_FILTER, "a trailing distance is below 100 %")


def check_limit(instrument: Instrument, side: str, price: int, lots: int, reference: int | None) -> None:
    """The filters that depend on a limit order alone; ``reference`` (ticks) as ``Exchange.reference_price``.

    Raises Reject. Without a reference price, bands and market-order notionals are not checked.
    """
    band = instrument.band
    if (
        instrument.min_ticks <= price <= instrument.top_ticks
        and (not instrument.grid or instrument.on_grid(price))
        and not lots % instrument.grid_lots
        and instrument.min_lots <= lots <= instrument.top_lots
        and instrument.min_units <= price * lots <= instrument.top_units
        and (band is None or reference is None or band.allows(side, price, reference))
    ):
        return  # nearly all orders; for the others, which rule it was
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
    if ticks % instrument.increment(ticks):
        raise Reject(RejectReason.PRICE_FILTER, f"price {instrument.price(ticks)} off the price grid")
    band = instrument.band
    if band is not None and reference is not None and not band.allows(side, ticks, reference):
        raise Reject(RejectReason.PERCENT_PRICE_BY_SIDE, f"price {instrument.price(ticks)} outside the band")


def check_lots(instrument: Instrument, lots: int, *, market: bool) -> None:
    """LOT_SIZE, and MARKET_LOT_SIZE for market orders."""
    if lots < instrument.min_lots:
        raise Reject(RejectReason.LOT_SIZE, f"quantity {instrument.quantity(lots)} below the minimum")
    if instrument.max_lots is not None and lots > instrument.max_lots:
        raise Reject(RejectReason.LOT_SIZE, f"quantity {instrument.quantity(lots)} above the maximum")
    if lots % instrument.grid_lots:
        raise Reject(RejectReason.LOT_SIZE, f"quantity {instrument.quantity(lots)} off the quantity grid")
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


def check_account(
    instrument: Instrument, new: NewOrder, account: Account, open_buys: int, lots: int, replaces: bool = False
) -> None:
    """MAX_POSITION and MAX_NUM_ORDERS; ``open_buys``: lots of the account's open buys, ``lots``: of this order."""
    if new.side == "buy" and instrument.max_position_lots is not None:
        base = account.balance(instrument.base)
        held = -(-(base.free + base.locked) // instrument.lot_atoms)
        if held + open_buys + lots > instrument.max_position_lots:
            raise Reject(RejectReason.MAX_POSITION, "position above the maximum")
    if (
        instrument.max_orders is not None
        and rests(new)
        and account.open_count.get(instrument.symbol, 0) - replaces >= instrument.max_orders
    ):
        raise Reject(RejectReason.MAX_NUM_ORDERS, f"{instrument.max_orders} orders are open")
