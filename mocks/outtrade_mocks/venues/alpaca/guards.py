"""What protects a customer: suspended trading, wash trades, pattern day trading, money and shares.

* **Wash trades**: an order that could trade with one of the account's own is refused, 403 ``potential wash trade
  detected``: where either is a market or stop order, or two limit orders meet (user protection; applies to crypto,
  too). Legs that wait for their entry do not count, nor the orders of one class among each other.
* **Pattern day trading**: below 25,000 dollars of equity at the last close, an order for an equity that could make the
  fourth day trade of five business days is refused, 403 with 40310100 (user protection). ``pdt_check`` says which:
  ``entry`` those that open a position, ``exit`` those that close one bought on the same day, ``both``.
  That day trades may be up to six per cent of all trades is not looked at (*simplified*).
* **Money**: ``buying_power`` is what is free; there is no margin (*simplified*: an account with multiplier 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from outtrade_mocks.core import Fill, NewOrder, Order
from outtrade_mocks.core.orders import Reject, RejectReason, Status
from outtrade_mocks.venues.alpaca.codec import amount, market_day
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.errors import Refusal, refuse, translate
from outtrade_mocks.venues.alpaca.reference import Listing

PATTERN_EQUITY = Decimal(25_000)
DAY_TRADES, DAYS = 3, 5
"""So many day trades in so many business days make nobody a pattern day trader; one more does."""


def check_account(desk: Desk, listing: Listing) -> None:
    """Whether the account may send orders at all. Raises Refusal."""
    if desk.configuration["suspend_trade"]:
        raise refuse("suspended")
    if not listing.raw.get("tradable", True):
        raise refuse("not_tradable", listing.id)


# ---------------------------------------------------------------- wash trades
def check_wash(desk: Desk, new: NewOrder, *, but: Order | None = None) -> None:
    """Whether a new order (or ``but``, as it is to become) could trade with one that is open. Raises Refusal."""
    if but is not None and not _at_limit(but.price, but):
        return
    opposite = "sell" if new.side == "buy" else "buy"
    for core_id, other in desk.standing.get((new.symbol, opposite), {}).items():
        if other.status is Status.HELD:
            continue
        if not _at_limit(new.price, new) or not _at_limit(other.price, other):
            raise refuse("wash", existing_order_id=desk.order_id(core_id))
        buy, sale = (new.price, other.price) if new.side == "buy" else (other.price, new.price)
        if (buy or 0) >= (sale or 0):
            reason = "opposite side limit order exists"
            raise refuse("wash", existing_order_id=desk.order_id(core_id), reject_reason=reason)


def _at_limit(price: int | None, order: NewOrder | Order) -> bool:
    """Whether it is a limit order and nothing else."""
    trigger = order.trigger if isinstance(order, NewOrder) else None if order.terms is None else order.terms.trigger
    return price is not None and trigger is None


# ---------------------------------------------------------- pattern day trades
def day_trades(desk: Desk, now: int) -> int:
    """Day trades in equities of the last five business days: each time a day's purchases of an asset begin to be sold
    (user protection, examples A and B)."""
    recent = _recent(desk, now)
    count = 0
    phases: dict[tuple[str, str], str] = {}
    for fill in _equity_fills(desk):
        key = desk.traded_on(fill), fill.symbol
        if key[0] in recent:
            count += fill.side == "sell" and phases.get(key) == "buy"
            phases[key] = fill.side
    return count


def _recent(desk: Desk, now: int) -> set[str]:
    today = market_day(now)
    days = [session.day for session in desk.calendar.sessions if session.day <= today]
    return {today, *days[-DAYS:]}


def _equity_fills(desk: Desk) -> Iterable[Fill]:
    return (fill for fill in desk.account.fills if desk.listings[fill.symbol].equity)


def check_pattern(desk: Desk, listing: Listing, side: str, last_equity: Decimal, now: int) -> None:
    """Whether an order could make the account a pattern day trader's. Raises Refusal."""
    if not listing.equity or last_equity >= PATTERN_EQUITY or day_trades(desk, now) < DAY_TRADES:
        return
    mode, today = desk.configuration["pdt_check"], market_day(now)
    bought = any(
        fill.symbol == listing.unified and fill.side == "buy" and desk.traded_on(fill) == today
        for fill in _equity_fills(desk)
    )
    if (side == "buy" and mode in ("entry", "both")) or (side == "sell" and bought and mode in ("exit", "both")):
        raise refuse("pdt")


# ------------------------------------------------------------ money and shares
def explained(desk: Desk, listing: Listing, new: NewOrder, reject: Reject) -> Refusal:
    """The core's refusal of a new order in Alpaca's words, with what was missing."""
    if reject.reason is RejectReason.NOTIONAL:
        return refuse("cost_basis", 10)
    if reject.reason in (RejectReason.LOT_SIZE, RejectReason.MARKET_LOT_SIZE) and not listing.equity:
        return refuse("cost_basis", listing.raw["min_order_size"])
    if reject.reason is RejectReason.AUCTION:
        return refuse("unprocessable", f"{new.tif.lower()} orders are not taken at this time")
    if reject.reason is not RejectReason.INSUFFICIENT_BALANCE:
        return translate(reject)
    return lacking(desk, listing, new)


def lacking(desk: Desk, listing: Listing, new: NewOrder) -> Refusal:
    """What an order lacks: buying power, shares, coins."""
    asset = listing.quote if new.side == "buy" else listing.base
    balance = desk.account.balance(asset)
    free, total = (
        amount(desk.exchange.amount(asset, atoms)) for atoms in (balance.free, balance.free + balance.locked)
    )
    cost = amount(_cost(desk, listing, new)) if new.side == "buy" else _requested(desk, listing, new)
    if not listing.equity:
        return refuse("balance", asset, cost, free, available=free, balance=total, symbol=asset)
    if new.side == "buy":
        return refuse("funds", buying_power=free, cost_basis=cost)
    if total == "0":
        return refuse("short")
    held = amount(desk.exchange.amount(asset, balance.locked))
    return refuse(
        "shares", cost, free, available=free, existing_qty=total, held_for_orders=held, symbol=listing.id,
        related_orders=[
            desk.order_id(core_id)
            for core_id in sorted(desk.account.working.values())
            if (order := desk.snapshot(core_id)) is not None and order.symbol == new.symbol and order.side == "sell"
        ],
    )  # fmt: skip


def _cost(desk: Desk, listing: Listing, new: NewOrder) -> Decimal:
    if new.quote is not None:
        return desk.exchange.amount(listing.quote, new.quote)
    rules = desk.rules(listing)
    price = rules.price(new.price) if new.price is not None else desk.price(listing) or Decimal(0)
    return round(price * rules.quantity(new.lots or 0), 2)


def _requested(desk: Desk, listing: Listing, new: NewOrder) -> str:
    if new.lots is None:
        price = desk.price(listing)
        return amount(_cost(desk, listing, new) / price) if price else "0"
    return amount(desk.rules(listing).quantity(new.lots))
