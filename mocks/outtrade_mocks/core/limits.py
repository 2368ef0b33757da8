"""Limits of an account: how much may be open at a time, in a symbol, on the whole exchange, and how large it may get.

The names are those of Binance spot's filters (filters.md): MAX_POSITION, MAX_NUM_ORDERS, MAX_NUM_ALGO_ORDERS,
MAX_NUM_ICEBERG_ORDERS and MAX_NUM_ORDER_LISTS are rules of a symbol (``Instrument``); EXCHANGE_MAX_NUM_ORDERS,
EXCHANGE_MAX_NUM_ALGO_ORDERS, EXCHANGE_MAX_NUM_ICEBERG_ORDERS and EXCHANGE_MAX_NUM_ORDER_LISTS are the venue's
(``Practice``). An *algo* order waits for a trigger, an *iceberg* shows a part of itself; all count as orders, too, and
each leg of a list counts as an order, the list as one list. An algo order counts while it waits, in a list as well
(*inferred*; Binance counts by type).

MAX_NOTIONAL is the portfolio's: what an account holds in all assets but the one that is counted in, at fair prices, and
its open purchases for that one. It stops orders that add to it (*inferred*, after brokers' gross exposure limits). How
many orders may be sent in a time is rate limiting, and the venue's own business.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import NewOrder, Order, Reject, RejectReason, Status
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.rules import check_account, rests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outtrade_mocks.core.waiting import Waiting

_WAITING = (Status.UNTRIGGERED, Status.HELD)


def limited(instrument: Instrument, practice: Practice) -> bool:
    """Whether anything here limits orders in that symbol; where nothing does, nobody is asked."""
    return any(
        most is not None
        for rules in (instrument, practice)
        for most in (
            rules.max_orders,
            rules.max_algo_orders,
            rules.max_iceberg_orders,
            rules.max_position_lots if isinstance(rules, Instrument) else rules.max_notional,
        )
    )


def check_limits(
    floor: Waiting,
    market: Market,
    account: Account,
    new: NewOrder,
    lots: int,
    cost: tuple[Balance, int],
    leaving: Entry | None = None,
) -> None:
    """Whether the account may have one more order. ``cost``: the balance that pays and what the order needs of it;
    ``leaving``: an order that it replaces. Raises Reject with the filter's name."""
    instrument = market.instrument
    if market.margined is None:  # a position in contracts is limited with its margin
        open_buys = 0 if instrument.max_position_lots is None else floor._open_buys(account, instrument.symbol)
        if open_buys and leaving is not None and leaving.buy:
            open_buys -= leaving.total
        check_account(instrument, new, account, open_buys, lots, leaving is not None)
    if rests(new):
        gone = () if leaving is None or leaving.order is None else (leaving.order,)
        _check_counts(floor, instrument, account, 1 - len(gone))
        if new.trigger is not None or new.visible is not None:
            _check_special(floor, instrument, account, (new,), gone)
    if new.side == "buy" and market.margined is None:
        check_exposure(floor, account, *cost, leaving)


def check_exposure(floor: Waiting, account: Account, pays: Balance, need: int, leaving: Entry | None = None) -> None:
    """Whether the account may buy for ``need`` atoms of ``pays``. Raises Reject(MAX_NOTIONAL)."""
    most, reference = floor.practice.max_notional, floor.practice.notional_asset
    if most is not None and pays.asset == reference and exposure(floor, account, reference, leaving) + need > most:
        raise Reject(RejectReason.MAX_NOTIONAL, f"holdings worth more than the maximum in {reference}")


def check_list(floor: Waiting, instrument: Instrument, account: Account, orders: Sequence[NewOrder]) -> None:
    """Whether the account may have one more order list, with these orders. Raises Reject with the filter's name."""
    _check_counts(floor, instrument, account, len(orders))
    _check_special(floor, instrument, account, orders, ())
    lists = [group for group in floor._lists.open.values() if group.account is account]
    here = sum(group.symbol == instrument.symbol for group in lists)
    for most, count, reason in (
        (instrument.max_order_lists, here, RejectReason.MAX_NUM_ORDER_LISTS),
        (floor.practice.max_order_lists, len(lists), RejectReason.EXCHANGE_MAX_NUM_ORDER_LISTS),
    ):
        if most is not None and count >= most:
            raise Reject(reason, f"{count} order lists are open")


def exposure(floor: Waiting, account: Account, reference: str, leaving: Entry | None = None) -> Fraction:
    """Atoms of ``reference`` that the account's holdings and open purchases are worth; see MAX_NOTIONAL above."""
    total, rate = Fraction(0), floor.prices.rate
    for asset, balance in account.balances.items():
        if asset != reference:
            total += abs(balance.free + balance.locked) * (rate(asset, reference) or 0)
    for order_id in account.working.values():
        entry = floor._entries[order_id]
        if entry is not leaving and entry.buy and entry.pays is not None and entry.pays.asset == reference:
            total += entry.locked
    return total


def _check_counts(floor: Waiting, instrument: Instrument, account: Account, more: int) -> None:
    """Whether so many ``more`` orders may be open."""
    most, everywhere = instrument.max_orders, floor.practice.max_orders
    if most is not None:
        _most(most, account.open_count.get(instrument.symbol, 0) + more, RejectReason.MAX_NUM_ORDERS)
    if everywhere is not None:
        _most(everywhere, len(account.working) + more, RejectReason.EXCHANGE_MAX_NUM_ORDERS)


def _check_special(
    floor: Waiting, instrument: Instrument, account: Account, new: Sequence[NewOrder], gone: Sequence[Order]
) -> None:
    """Whether the trigger orders and icebergs among ``new`` may be open; ``gone``: open orders that make room."""
    practice, symbol = floor.practice, instrument.symbol
    algos = sum(order.trigger is not None for order in new)
    if algos and (instrument.max_algo_orders is not None or practice.max_algo_orders is not None):
        found = [order for order in _open(floor, account) if _is_algo(order) and order not in gone]
        here = algos + sum(order.symbol == symbol for order in found)
        _most(instrument.max_algo_orders, here, RejectReason.MAX_NUM_ALGO_ORDERS)
        _most(practice.max_algo_orders, algos + len(found), RejectReason.EXCHANGE_MAX_NUM_ALGO_ORDERS)
    bergs = sum(order.visible is not None for order in new)
    if bergs and (instrument.max_iceberg_orders is not None or practice.max_iceberg_orders is not None):
        found = [order for order in _open(floor, account) if _is_iceberg(order) and order not in gone]
        here = bergs + sum(order.symbol == symbol for order in found)
        _most(instrument.max_iceberg_orders, here, RejectReason.MAX_NUM_ICEBERG_ORDERS)
        _most(practice.max_iceberg_orders, bergs + len(found), RejectReason.EXCHANGE_MAX_NUM_ICEBERG_ORDERS)


def _most(most: int | None, count: int, reason: RejectReason) -> None:
    if most is not None and count > most:
        raise Reject(reason, f"at most {most} may be open")


def _open(floor: Waiting, account: Account) -> list[Order]:
    found = (floor._entries[order_id].order for order_id in account.working.values())
    return [order for order in found if order is not None]


def _is_algo(order: Order) -> bool:
    return order.terms is not None and order.terms.trigger is not None and order.status in _WAITING


def _is_iceberg(order: Order) -> bool:
    return order.terms is not None and order.terms.visible is not None
