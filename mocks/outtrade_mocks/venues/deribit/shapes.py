"""The JSON objects of orders, trades, positions and accounts (docs.deribit.com private/buy, get_positions,
get_account_summary; fields and their kinds as recorded by nautilus_trader's test_data)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from outtrade_mocks.core import Fill, Order, Position, Status, contracts
from outtrade_mocks.venues.deribit.codec import MS
from outtrade_mocks.venues.deribit.desk import STATE, USER_ID, Desk, tidy
from outtrade_mocks.venues.deribit.reference import Listing

ZERO = Decimal(0)
_REASONS = {
    "liquidation": "autoliquidation",
    "adl": "autoliquidation",
    "expiry": "settlement",
    "settlement": "settlement",
}
"""Why the venue ended an order -> ``cancel_reason``."""


def rounded(value: Fraction | None, places: int) -> Decimal | None:
    """An exact quotient in so many decimals."""
    if value is None:
        return None
    return tidy((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-places)))


# --------------------------------------------------------------------- orders
def average(desk: Desk, order: Order) -> Decimal:
    """``average_price``: of a reversed contract dollars over coins, of a linear one dollars over coins as well."""
    if not order.filled:
        return ZERO
    rules = desk.exchange.instrument(order.symbol)
    fills = [one for one in desk.fills.get(order.order_id, ()) if one.time <= order.updated]
    if rules.inverse:
        coins = sum((Fraction(one.lots, one.price) for one in fills), Fraction(0))
        exact = sum(one.lots for one in fills) / coins if coins else Fraction(0)
    else:
        lots = sum(one.lots for one in fills)
        exact = Fraction(sum(one.lots * one.price for one in fills), lots) if lots else Fraction(0)
    return rounded(exact * Fraction(rules.tick), 8) or ZERO


def is_forced(order: Order) -> bool:
    """Whether the venue made the order: it has no label, whatever the core calls it."""
    return order.terms is not None and order.terms.forced != ""


def order_of(desk: Desk, order: Order) -> dict[str, Any]:
    """An order."""
    entry, note = desk.listings[order.symbol], desk.note(order)
    trigger = None if order.terms is None else order.terms.trigger
    state = STATE[order.status]
    amount = desk.amount(order.symbol, order.lots)
    waits = order.status is Status.UNTRIGGERED
    price: Any = desk.price(order.symbol, order.price)
    if price is None:
        price = "market_price" if waits else average(desk, order)
    forced = is_forced(order)
    told: dict[str, Any] = {
        "label": "" if forced else desk.label(order),
        "price": price,
        "user_id": USER_ID,
        "amount": amount,
        "direction": order.side,
        "time_in_force": note.tif,
        "instrument_name": entry.id,
        "web": False,
        "api": True,
        "order_id": desk.order_id(order),
        "creation_timestamp": order.created // MS,
        "replaced": note.replaced,
        "filled_amount": desk.amount(order.symbol, order.filled),
        "last_update_timestamp": order.updated // MS,
        "post_only": order.post_only,
        "reduce_only": bool(order.terms is not None and order.terms.reduce_only),
        "average_price": average(desk, order),
        "mmp": False,
        "contracts": tidy(amount / entry.contract),
        "reject_post_only": note.reject_post_only,
        "order_state": state,
        "order_type": note.kind if waits or trigger is None else "limit" if order.type == "limit" else "market",
        "is_liquidation": forced,
        "risk_reducing": False,
    }
    reason = _REASONS.get(order.expired_by) or note.cancel_reason
    if state == "cancelled" and reason:  # of one that ran out by itself no reason is documented
        told["cancel_reason"] = reason
    if trigger is not None:
        told["trigger"] = note.trigger
        told["triggered"] = not waits
        if trigger.trail_ticks is not None:
            told["trigger_offset"] = desk.price(order.symbol, trigger.trail_ticks)
            told["trigger_reference_price"] = note.reference
        if trigger.price is not None:
            told["trigger_price"] = desk.price(order.symbol, trigger.price)
    visible = None if order.terms is None else order.terms.visible
    if visible is not None:
        shown = desk.amount(order.symbol, min(visible, order.remaining))
        told["display_amount"], told["refresh_amount"] = shown, desk.amount(order.symbol, visible)
    return told


# --------------------------------------------------------------------- trades
def trade_of(desk: Desk, fill: Fill, order: Order) -> dict[str, Any]:
    """One of the account's trades; ``order`` as it stands now."""
    entry = desk.listings[fill.symbol]
    amount, mark = desk.amount(fill.symbol, fill.lots), desk.mark(entry)
    told = {
        "trade_id": desk.trade_id(fill),
        "trade_seq": fill.trade_id,
        "order_id": desk.order_id(fill),
        "instrument_name": entry.id,
        "direction": fill.side,
        "price": desk.price(fill.symbol, fill.price),
        "amount": amount,
        "contracts": tidy(amount / entry.contract),
        "fee": desk.money(fill.fee_asset, fill.fee),
        "fee_currency": fill.fee_asset,
        "timestamp": fill.time // MS,
        "liquidity": "M" if fill.maker else "T",
        "order_type": order.type,
        "index_price": mark,
        "mark_price": mark,
        "tick_direction": 1,
        "state": STATE[order.status],
        "matching_id": None,
        "api": True,
        "mmp": False,
        "self_trade": False,
        "post_only": order.post_only,
        "reduce_only": bool(order.terms is not None and order.terms.reduce_only),
        "risk_reducing": False,
        "profit_loss": desk.money(entry.settle, fill.realised),
    }
    label = "" if is_forced(order) else desk.label(order)
    return told | {"label": label} if label else told


# ------------------------------------------------------------------ positions
def position_of(desk: Desk, entry: Listing, held: Position | None) -> dict[str, Any]:
    """A position; without one (``private/get_position``) a row of zeros in the direction ``zero``."""
    exchange, rules = desk.exchange, desk.exchange.instrument(entry.unified)
    ticks = exchange.mark_price(entry.unified)
    mark = desk.price(entry.unified, ticks) or ZERO
    lots = 0 if held is None else held.lots
    size = desk.amount(entry.unified, lots)
    price = None if held is None else contracts.entry_price(rules, held.lots, held.carried)
    profit = 0
    if held is not None and ticks is not None:
        profit = contracts.unrealised(rules, held.lots, held.carried, ticks)
    coins = tidy((size / mark if mark else ZERO).quantize(Decimal("1e-9"))) if entry.inverse else size
    value = 0 if ticks is None else abs(contracts.worth(rules, lots, ticks))
    leverage = 50 if held is None else held.leverage
    tiers = rules.tiers
    liquidation = None if not lots else exchange.liquidation_price(desk.account, entry.unified)
    return {
        "average_price": rounded(price, 8) or ZERO,
        "delta": coins,
        "direction": "zero" if not lots else "buy" if lots > 0 else "sell",
        "estimated_liquidation_price": rounded(None if liquidation is None else liquidation * Fraction(rules.tick), 2),
        "floating_profit_loss": desk.money(entry.settle, profit),
        "index_price": mark,
        "initial_margin": desk.money(entry.settle, -(-value // leverage)),
        "instrument_name": entry.id,
        "interest_value": 0.0,
        "kind": "future",
        "leverage": leverage,
        "maintenance_margin": desk.money(entry.settle, tiers.maintenance(value) if tiers is not None else 0),
        "mark_price": mark,
        "open_orders_margin": ZERO,
        "realized_funding": desk.money(entry.settle, 0 if held is None else held.funding),
        "realized_profit_loss": desk.money(entry.settle, 0 if held is None else held.realised),
        "settlement_price": mark,
        "size": size,
        "size_currency": coins,
        "total_profit_loss": desk.money(entry.settle, profit + (0 if held is None else held.realised)),
        "user_id": USER_ID,
    }


# ------------------------------------------------------------------- accounts
def summary_of(desk: Desk, currency: str, as_of: int | None = None) -> dict[str, Any]:
    """The account's part in one currency: as of now what margin knows, else the balance as it was."""
    margin = desk.exchange.margin(desk.account, currency)
    balance, unrealised = margin.free + margin.locked + margin.isolated, margin.unrealised
    if as_of is not None and as_of < desk.exchange.now:
        free, locked = desk.exchange.view(desk.account, as_of).balances().get(currency, (0, 0))
        balance = free + locked

    def money(atoms: int) -> Decimal:
        return desk.money(currency, atoms)

    equity, initial = balance + unrealised, margin.positions + margin.orders
    zeros = dict.fromkeys(
        ("options_value", "options_delta", "options_gamma", "options_vega", "options_theta", "options_pl",
         "options_session_rpl", "options_session_upl", "locked_balance", "fee_balance", "additional_reserve",
         "spot_reserve", "session_upl", "session_rpl", "futures_session_upl", "futures_session_rpl"),
        ZERO,
    )  # fmt: skip
    available = max(0, equity - initial)
    delta = _delta(desk, currency)
    return zeros | {
        "currency": currency,
        "balance": money(balance),
        "equity": money(equity),
        "margin_balance": money(equity),
        "available_funds": money(available),
        "available_withdrawal_funds": money(min(max(0, balance), available)),
        "initial_margin": money(initial),
        "maintenance_margin": money(margin.maintenance),
        "projected_initial_margin": money(initial),
        "projected_maintenance_margin": money(margin.maintenance),
        "total_pl": money(unrealised),
        "futures_pl": money(unrealised),
        "delta_total": delta,
        "projected_delta_total": delta,
        "delta_total_map": {},
        "options_gamma_map": {},
        "options_vega_map": {},
        "options_theta_map": {},
        "margin_model": "segregated_sm",
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
        "limits": limits_of(desk),
    }


def limits_of(desk: Desk) -> dict[str, Any]:
    """``limits`` of an account: the rates of its tier."""
    trading = {"rate": desk.limits.rate, "burst": desk.limits.burst}
    return {
        "non_matching_engine": {"rate": 20, "burst": 100},
        "limits_per_currency": False,
        "matching_engine": {"trading": {"total": trading}, "spot": trading, "cancel_all": trading},
    }


def _delta(desk: Desk, currency: str) -> Decimal:
    total = ZERO
    for position in desk.exchange.view(desk.account).positions():
        entry = desk.listings[position.symbol]
        if entry.settle == currency:
            total += position_of(desk, entry, position)["delta"]
    return tidy(total)
