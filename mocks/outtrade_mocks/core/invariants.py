"""What must hold between two operations of the core, checked in full: slow, for tests and for suspicion.

``check(exchange, event)`` raises Broken, which names the event after which it was called and what is wrong. The engine
itself checks as it goes what costs nothing (an illegal step of the life cycle, an overdrawn lock, a trigger that fires
twice); this looks at everything.

    >>> from decimal import Decimal
    >>> from outtrade_mocks.core import Exchange, Instrument
    >>> abc = Instrument(symbol="ABC/USD", base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1))
    >>> exchange = Exchange([abc], now=0, seed=1)
    >>> account = exchange.open_account("anna", {"ABC": 5})
    >>> check(exchange, "opening an account")
    >>> account.balance("ABC").locked = 1
    >>> check(exchange, "a fault of ours")
    Traceback (most recent call last):
        ...
    outtrade_mocks.core.invariants.Broken: after a fault of ours: anna has 1 atoms of ABC locked, open orders need 0
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.openings import Leg, Sums
from outtrade_mocks.core.orders import LIVE, TERMINAL, WORKING, Status
from outtrade_mocks.core.states import CONTINUOUS, TradingState, by_calendar, strictest


class Broken(AssertionError):
    """An invariant of the core does not hold."""


def check(exchange: Exchange, event: str) -> None:
    """Raise Broken, naming ``event``, where the exchange is not as it must be."""
    for problem in _problems(exchange) + _contracts(exchange) + _margin(exchange):
        raise Broken(f"after {event}: {problem}")


def total(exchange: Exchange, asset: str) -> int:
    """All atoms of an asset, wherever they are: balances, fees, insurance fund, lending pool, the house, isolated
    margins, and what positions carry. Only money from outside (deposits, endowments of the fund) changes it."""
    ledger = exchange.ledger
    found = ledger.fees.get(asset, 0) + ledger.insurance.get(asset, 0)
    found += ledger.pool.get(asset, 0) + ledger.interest.get(asset, 0)
    for account in (*exchange.accounts.values(), ledger.house):
        balance = account.balances.get(asset)
        found += 0 if balance is None else balance.free + balance.locked
        for position in [] if account.portfolio is None else account.portfolio.held():
            if exchange._markets[position.symbol].instrument.settle == asset:
                found += position.carried + position.margin
    for market in exchange._markets.values():
        if market.margined is not None and market.instrument.settle == asset:
            found += market.margined.house_carried
    return found


def _margin(exchange: Exchange) -> list[str]:
    """What is wrong with debts and margin levels."""
    found: list[str] = []
    lent: dict[str, int] = {}
    owing = [name for name, account in exchange.accounts.items() if account.loans is not None and account.loans.loans]
    if set(owing) != set(exchange._borrowers) or bool(owing) != (exchange._interest is not None):
        found.append("those who owe something are not those who are known to")
    for name in owing:
        account = exchange.accounts[name]
        loans = account.loans
        assert loans is not None
        for asset, loan in loans.loans.items():
            lent[asset] = lent.get(asset, 0) + loan.principal
            if loan.principal < 0 or loan.accrued < 0 or not loan.debt:
                found.append(f"{name} owes {loan.principal} atoms of {asset} and {loan.accrued} of interest")
        if exchange.standing(account).below(loans.rules.liquidation) and exchange._can_trade(account):
            found.append(f"{name} has lost its margin level and was not liquidated")
    pool = {asset: -atoms for asset, atoms in exchange.ledger.pool.items() if atoms}
    if pool != {asset: atoms for asset, atoms in lent.items() if atoms}:
        found.append(f"the pool has lent {pool}, accounts owe {lent}")
    for symbol, market in exchange._markets.items():
        if market.collateral != (bool(owing) and market.margined is None):
            found.append(f"prices of {symbol} are not watched as they must be")
    return found


def _contracts(exchange: Exchange) -> list[str]:
    """What is wrong with positions and margins."""
    found = [f"the insurance fund owes {asset}" for asset, atoms in exchange.ledger.insurance.items() if atoms < 0]
    for symbol, market in exchange._markets.items():
        if market.margined is None:
            continue
        holders = {name: a for name, a in exchange.accounts.items() if a.portfolio and a.portfolio.held(symbol)}
        if holders != market.margined.holders:
            found.append(f"the holders of {symbol} are not those who are known")
        lots = sum(position.lots for _, position in market.margined.positions())
        if lots + market.margined.house_lots:
            found.append(f"positions in {symbol} add up to {lots + market.margined.house_lots} lots")
    for account in exchange.accounts.values():
        portfolio = account.portfolio
        if portfolio is None:
            continue
        for symbol in exchange._markets:
            known = portfolio.openings.sums(symbol, exchange._opening)
            if known != (summed := _openings(exchange, account, symbol)):
                found.append(f"{account.name}'s orders in {symbol} could open {summed}, {known} is counted")
        for (symbol, side), snapshots in portfolio.positions.items():
            position, market = snapshots[-1], exchange._markets[symbol]
            where = f"{account.name}'s {side} position in {symbol}"
            if not position.lots and (position.carried or position.margin):
                found.append(f"{where} is closed, and something is left in it")
            if position.lots and ((side == "net") == portfolio.hedge or (position.lots < 0, side) in _WRONG):
                found.append(f"{where} is on the wrong side")
            if not position.isolated and position.margin:
                found.append(f"{where} is cross and has margin of its own")
            if position.lots and position.isolated and market.is_open and exchange._isolated_trouble(market, position):
                found.append(f"{where} has lost its maintenance margin and was not liquidated")
        for asset, balance in account.balances.items():
            margin = exchange._margin(account, asset)
            alive = any(
                not p.isolated and exchange._markets[p.symbol].instrument.settle == asset
                and exchange._markets[p.symbol].is_open for p in portfolio.held()
            )  # fmt: skip
            if alive and margin.maintenance and margin.equity <= margin.maintenance:
                found.append(f"{account.name} has lost the maintenance margin in {asset} and was not liquidated")
            if balance.free < 0 and not margin.maintenance:
                found.append(f"{account.name} owes {-balance.free} atoms of {asset}, and has no position")
        for order_id in account.working.values():
            entry = exchange._entries[order_id]
            terms = order_of(entry).terms
            if terms is None or not terms.reduce_only or entry.level is None:
                continue
            side = terms.position_side or "net"
            if entry.total > exchange._closable(account, order_of(entry).symbol, side, entry.buy):
                found.append(f"order {order_id} would do more than reduce the position")
            if order_id not in portfolio.reducing:
                found.append(f"order {order_id} is not known to be reduce-only")
    return found


def _openings(exchange: Exchange, account: Account, symbol: str) -> Sums:
    """What open orders for a contract could open, added up from scratch: of a pair the larger of the two."""
    market = exchange._markets[symbol]
    sums: Sums = {}
    pairs: dict[int, tuple[int, int]] = {}
    for order_id in sorted(account.working.values()) if market.margined is not None else ():
        entry = exchange._entries[order_id]
        order, special = order_of(entry), entry.special
        terms, price = order.terms, entry.price
        waits = order.status is Status.UNTRIGGERED
        if (
            order.symbol != symbol
            or order.status is Status.HELD
            or (terms is not None and terms.reduce_only)
            or (waits and exchange.practice.reserve == "trigger")
        ):
            continue
        if waits and not price and special is not None:
            price = special.reserve
        value, lots = market.instrument.cover(price, entry.total) if price else 0, entry.total
        group = None if special is None else special.group
        if group is not None and entry in group.pair:
            before = pairs.get(group.list_id, (0, 0))
            pairs[group.list_id] = max(value, before[0]), max(lots, before[1])
            value, lots = max(0, value - before[0]), max(0, lots - before[1])
        leg: Leg = "net" if terms is None or terms.position_side is None else terms.position_side, entry.buy
        known = sums.get(leg, (0, 0))
        sums[leg] = known[0] + value, known[1] + lots
    return {leg: sum_ for leg, sum_ in sums.items() if any(sum_)}


_WRONG = {(True, "long"), (False, "short")}


def _problems(exchange: Exchange) -> list[str]:
    found: list[str] = []
    if exchange._touched:
        found.append("an order list is still to be looked after")
    for order_id, entry in exchange._entries.items():
        found += _entry(exchange, order_id, entry)
    for account in exchange.accounts.values():
        need: dict[str, int] = {}
        shared: dict[int, tuple[str, int]] = {}
        live = {i: s[-1] for i, s in account.orders.items() if s[-1].live}
        if {order.client_id: i for i, order in live.items()} != account.working:
            found.append(f"{account.name}'s open orders are not those it is known for")
        for order_id in live:
            entry = exchange._entries[order_id]
            order = order_of(entry)
            if entry.pays is None or order is not live[order_id]:
                found.append(f"order {order_id} has two last snapshots")
                continue
            atoms = exchange._need(exchange._markets[order.symbol], entry)
            group = entry.special.group if entry.special is not None else None
            if group is None or entry not in group.pair:
                need[entry.pays.asset] = need.get(entry.pays.asset, 0) + atoms
            else:
                shared[group.list_id] = (entry.pays.asset, max(atoms, shared.get(group.list_id, ("", 0))[1]))
        for asset, atoms in shared.values():
            need[asset] = need.get(asset, 0) + atoms
        for asset, balance in account.balances.items():
            if balance.free < 0 and account.portfolio is None:
                found.append(f"{account.name} has {balance.free} atoms of {asset} free")
            if balance.locked != need.get(asset, 0):
                wanted = need.get(asset, 0)
                found.append(f"{account.name} has {balance.locked} atoms of {asset} locked, open orders need {wanted}")
    for symbol, market in exchange._markets.items():
        bid, ask = market.bids.best, market.asks.best
        crossed = bid is not None and ask is not None and bid.price >= ask.price
        if crossed and market.state is not TradingState.AUCTION:
            found.append(f"the book of {symbol} is crossed")
        waiting = [
            entry.special.watch
            for entry in exchange._entries.values()
            if entry.special is not None and entry.special.watch is not None and order_of(entry).symbol == symbol
        ]
        if not set(market.waiting) <= set(exchange._entries):
            found.append(f"an order that is not open waits for a session of {symbol}")
        if market.is_open != (market.state in CONTINUOUS):
            found.append(f"{symbol} is {market.state}, and whether it trades does not fit that")
        expected = strictest(market.ordered, by_calendar(market.calendar, exchange.now))
        if market.state is not expected:
            found.append(f"{symbol} is {market.state}, venue and calendar want {expected}")
        armed = 0 if market.watches is None else market.watches.armed
        if armed != len(waiting):
            found.append(f"{armed} triggers are armed in {symbol}, {len(waiting)} orders wait for one")
    for group in exchange._lists.open.values():
        orders = group.orders
        if all(order.status in TERMINAL for order in orders):
            found.append(f"list {group.list_id} is open without an open order")
        if group.released and any(order.status is Status.HELD for order in orders):
            found.append(f"list {group.list_id} holds an order back")
        pair = [order_of(entry) for entry in group.pair]
        dead = [order for order in pair if order.status in TERMINAL]
        if len(pair) == 2 and dead and dead[0].expired_by != "list":
            found.append(f"list {group.list_id} lives on though order {dead[0].order_id} ended")
        if len(pair) == 2 and group.released and all(order.live for order in pair):
            left = {order.remaining for order in pair}
            filled = any(order.filled for order in pair)
            if len(left) > 1 or (filled and group.partial == "cancel"):
                found.append(f"list {group.list_id}: a partial fill was not followed")
    return found


def _entry(exchange: Exchange, order_id: int, entry: Entry) -> list[str]:
    """What is wrong with one open order."""
    order, special = order_of(entry), entry.special
    if order.order_id != order_id or order.status not in LIVE:
        return [f"order {order_id} is {order.status}, yet open"]
    if entry.total != order.remaining:
        return [f"order {order_id} has {entry.total} lots left, its snapshot says {order.remaining}"]
    waits = exchange._markets[order.symbol].waiting.get(order_id)
    if waits is not entry if order.status is Status.QUEUED else waits is not None and order.status not in WORKING:
        return [f"order {order_id} is {order.status}, and whether it waits for a session does not fit that"]
    if (entry.level is not None) != (order.status in WORKING and waits is None):
        return [f"order {order_id} is {order.status}, and its place in the book does not fit that"]
    if (special is not None and special.watch is not None) != (order.status is Status.UNTRIGGERED):
        return [f"order {order_id} is {order.status}, and its trigger does not fit that"]
    if special is not None and special.watch is not None and not special.watch.alive:
        return [f"order {order_id} waits for a trigger that is gone"]
    if order.terms is not None and order.terms.expires is not None and order.terms.expires <= exchange.now:
        return [f"order {order_id} has outlived its end"]
    return []
