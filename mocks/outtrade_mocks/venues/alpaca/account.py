"""The account: what it owns and may spend, its settings, what happened on it, its orders.

``cash`` leaves out what is held for open orders; ``equity`` counts it, and all positions at their price (measured by
ccxt's maintainers, 2026-09). There is no margin: ``multiplier`` is 1, and ``buying_power`` is the cash that is free.
Queries are answered from the account as it was at ``as_of``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill, Order
from outtrade_mocks.venues.alpaca import guards
from outtrade_mocks.venues.alpaca.codec import amount, flag, instant, market_day, stamp, uuid_of, whole
from outtrade_mocks.venues.alpaca.desk import CONFIGURATION, Desk, Outcome
from outtrade_mocks.venues.alpaca.dues import Booked
from outtrade_mocks.venues.alpaca.errors import refuse
from outtrade_mocks.venues.alpaca.holdings import ZERO, positions, worth
from outtrade_mocks.venues.alpaca.notes import status_of
from outtrade_mocks.venues.alpaca.shapes import is_open, order_object
from outtrade_mocks.venues.api import Call

PAGE, MOST = 50, 500
"""Orders of one answer: default and most (GET orders)."""
ACTIVITIES = 100
"""Activities of one page: default and most (account activities)."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "dtbp_check": ("entry", "exit", "both"),
    "trade_confirm_email": ("all", "none"),
    "pdt_check": ("entry", "exit", "both"),
    "max_margin_multiplier": ("1", "2", "4"),
}


# -------------------------------------------------------------------- account
def _cash(desk: Desk, as_of: int | None) -> tuple[Decimal, Decimal]:
    """Dollars that are free, and those held for orders."""
    free, locked = desk.exchange.view(desk.account, as_of).balances().get("USD", (0, 0))
    return desk.exchange.amount("USD", free), desk.exchange.amount("USD", locked)


def last_equity(desk: Desk) -> Decimal:
    """Equity at yesterday's close (*simplified*: at the start)."""
    total = ZERO
    for asset, held in desk.opened.items():
        listing = desk.bases.get(asset)
        price = Decimal(1) if asset == "USD" else ZERO if listing is None else desk.paid(listing) or ZERO
        total += held * price
    return total


def account(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/account."""
    free, locked = _cash(desk, as_of)
    held = worth(desk, positions(desk, now, as_of))
    equity, last = free + locked + held, last_equity(desk)
    suspended = bool(desk.configuration["suspend_trade"])
    day = market_day(now)
    before = max((one.day for one in desk.calendar.sessions if one.day < day), default=day)
    return Outcome(
        {
            "id": uuid_of(desk.seed, "account", 1),
            "admin_configurations": {},
            "user_configurations": None,
            "account_number": "OUT000001",
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": "USD",
            "buying_power": amount(free),
            "regt_buying_power": amount(free),
            "daytrading_buying_power": "0",
            "effective_buying_power": amount(free),
            "non_marginable_buying_power": amount(free),
            "options_buying_power": amount(free),
            "bod_dtbp": "0",
            "cash": amount(free),
            "accrued_fees": "0",
            "pending_transfer_in": "0",
            "portfolio_value": amount(equity),
            "pattern_day_trader": False,
            "trading_blocked": False,
            "transfers_blocked": False,
            "account_blocked": False,
            "created_at": stamp(desk.epoch_ns),
            "trade_suspended_by_user": suspended,
            "multiplier": "1",
            "shorting_enabled": False,
            "equity": amount(equity),
            "last_equity": amount(last),
            "long_market_value": amount(held),
            "short_market_value": "0",
            "position_market_value": amount(held),
            "initial_margin": "0",
            "maintenance_margin": "0",
            "last_maintenance_margin": "0",
            "sma": "0",
            "daytrade_count": guards.day_trades(desk, now),
            "balance_asof": before,
            "crypto_tier": 1,
            "intraday_adjustments": "0",
            "pending_reg_taf_fees": "0",
            "options_approved_level": 0,
            "options_trading_level": 0,
        }
    )


def configuration(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/account/configurations."""
    return Outcome(dict(desk.configuration))


def configure(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PATCH /v2/account/configurations: all of it or nothing; what is unknown is ignored."""
    changes: dict[str, Any] = {}
    for name, value in call.raw.params.items():
        if name not in CONFIGURATION:
            continue
        if name in CHOICES:
            value = str(value).removesuffix(".0") if name == "max_margin_multiplier" else value
            fine = value in CHOICES[name]
        else:
            fine = isinstance(value, bool) if isinstance(CONFIGURATION[name], bool) else whole(value) in (0, 1, 2, 3)
        if not fine:
            raise refuse("invalid", f"invalid {name}")
        changes[name] = value
    desk.configuration |= changes
    return Outcome(dict(desk.configuration))


# --------------------------------------------------------------------- orders
def order(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/orders/{id}."""
    pending = desk.replacements.known(call.venue_id or "")
    if pending is not None and (as_of is None or pending.created <= as_of):
        return Outcome(dict(pending.shown))
    number = desk.core_id(call.venue_id or "")
    found = None if number is None else desk.snapshot(number, as_of)
    return _one(desk, call, found, as_of)


def order_by_client_id(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/orders:by_client_order_id."""
    if not call.client_id:
        raise refuse("invalid", "client_order_id is required")
    for pending in (*desk.replacements.waiting, *desk.replacements.failed.values()):
        if pending.client_id == call.client_id and (as_of is None or pending.created <= as_of):
            return Outcome(dict(pending.shown))
    return _one(desk, call, desk.named(call.client_id, as_of), as_of)


def _one(desk: Desk, call: Call, found: Order | None, as_of: int | None) -> Outcome:
    if found is None:
        raise refuse("order_not_found")
    return Outcome(order_object(desk, found, nested=flag(call.raw.params, "nested"), as_of=as_of))


def orders(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/orders: open, closed or all ones; newest first unless ``direction=asc``."""
    params = call.raw.params
    state = params.get("status", "open")
    if state not in ("open", "closed", "all"):
        raise refuse("invalid", "invalid status")
    limit, ascending = _count(params, "limit", PAGE, MOST), _ascending(params)
    after, until = _time(params, "after"), _time(params, "until")
    names = [name for name in str(params.get("symbols", "")).split(",") if name]
    wanted = {entry.unified for entry in map(desk.find, names) if entry is not None}
    side, nested = params.get("side"), flag(params, "nested")
    found = []
    for number in desk.notes if ascending else reversed(desk.notes):
        one = desk.snapshot(number, as_of)
        if one is None or (state != "all" and is_open(one) != (state == "open")):
            continue
        if (names and one.symbol not in wanted) or side not in (None, "", one.side):
            continue
        if (after is not None and one.created <= after) or (until is not None and one.created >= until):
            continue
        if nested and desk.notes[number].parent is not None:
            continue
        found.append(order_object(desk, one, nested=nested, as_of=as_of))
        if len(found) == limit:
            break
    return Outcome(found)


def _count(params: dict[str, Any], name: str, default: int, most: int) -> int:
    sent = params.get(name)
    if sent is None or sent == "":
        return default
    value = whole(sent)
    if value is None or not 0 < value <= most:
        raise refuse("invalid", f"{name} must be between 1 and {most}")
    return value


def _ascending(params: dict[str, Any]) -> bool:
    direction = params.get("direction", "desc")
    if direction not in ("asc", "desc"):
        raise refuse("invalid", "invalid direction")
    return bool(direction == "asc")


def _time(params: dict[str, Any], name: str) -> int | None:
    sent = params.get(name)
    if sent is None or sent == "":
        return None
    found = instant(sent)
    if found is None:
        raise refuse("invalid", f"invalid {name}")
    return found


# ----------------------------------------------------------------- activities
def activity_object(desk: Desk, fill: Fill) -> dict[str, Any]:
    """The JSON object of a trade. It says nothing of fees, which are booked at the end of the day (crypto fees)."""
    rules, listing = desk.exchange.instrument(fill.symbol), desk.listings[fill.symbol]
    snapshots = desk.account.orders[fill.order_id]
    done = 0
    for one in desk.account.fills:  # what was filled up to this trade
        if one.order_id == fill.order_id:
            done += one.lots
            if one is fill:
                break
    then = next(one for one in snapshots if one.filled >= done)
    return {
        "id": desk.activity_id(fill),
        "activity_type": "FILL",
        "transaction_time": stamp(fill.time),
        "type": "fill" if done == then.lots else "partial_fill",
        "price": amount(rules.price(fill.price)),
        "qty": amount(rules.quantity(fill.lots)),
        "side": fill.side,
        "symbol": listing.id,
        "leaves_qty": amount(rules.quantity(then.lots - done)),
        "order_id": desk.order_id(fill.order_id),
        "cum_qty": amount(rules.quantity(done)),
        "order_status": status_of(then, desk.notes[fill.order_id]),
        "swap_rate": "1",
    }


def activities(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/account/activities and /v2/account/activities/{type}: trades; newest first, in pages: ``page_token`` is
    the id of the last one seen. Fees of crypto are those booked so far; other types there are none (*simplified*)."""
    params = call.raw.params
    parts = call.raw.parts
    types = parts[3] if len(parts) == 4 else str(params.get("activity_types", ""))
    wanted = {name for name in types.upper().split(",") if name}
    after, until, day = _time(params, "after"), _time(params, "until"), params.get("date")
    limit, ascending = _count(params, "page_size", ACTIVITIES, ACTIVITIES), _ascending(params)
    token = params.get("page_token")
    happened = _happened(desk, wanted, as_of)
    rows = []
    skipping = bool(token)
    for one in happened if ascending else reversed(happened):
        if skipping:
            skipping = (desk.activity_id(one) if isinstance(one, Fill) else desk.dues.activity(one)["id"]) != token
            continue
        if (after is not None and one.time <= after) or (until is not None and one.time >= until):
            continue
        if day and market_day(one.time - isinstance(one, Booked)) != str(day)[:10]:
            continue
        rows.append(activity_object(desk, one) if isinstance(one, Fill) else desk.dues.activity(one))
        if len(rows) == limit:
            break
    return Outcome(rows)


def _happened(desk: Desk, wanted: set[str], as_of: int | None) -> list[Fill | Booked]:
    """Trades and booked fees, oldest first."""
    found: list[Fill | Booked] = []
    if not wanted or "FILL" in wanted:
        found += desk.exchange.view(desk.account, as_of).trades()
    if not wanted or "CFEE" in wanted:
        found += [one for one in desk.dues.booked if as_of is None or one.time <= as_of]
    return sorted(found, key=lambda one: one.time)
