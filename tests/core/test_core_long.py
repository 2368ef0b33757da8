"""Random operations under an auditor that keeps books of its own: some thousands always, a million when asked.

``python3 dev.py test -m slow tests/core/test_core_long.py -s`` plays the million (some minutes).
"""

from __future__ import annotations

import pytest
from core_play import START, Auditor, Player, make

from outtrade_mocks.core import Exchange
from outtrade_mocks.core.past import forget_past
from outtrade_mocks.core.state import restore, snapshot


def play(operations: int, seed: int) -> tuple[Exchange, Auditor]:
    """Audited after every operation. Money is handed out again now and then, or fees would end all trading."""
    exchange = make(seed)
    auditor = Auditor(exchange)
    player = Player(seed)
    for number, _ in enumerate(player.steps(operations, exchange)):
        auditor.check()
        if number % 2_000 == 1_999:
            refill(exchange, auditor)
            forget_past(exchange)
    forget_past(exchange)
    assert auditor.refused == player.refused > operations // 50, "each refusal is told, once"
    return exchange, auditor


def refill(exchange: Exchange, auditor: Auditor) -> None:
    """Bring each account back to at least what it started with."""
    for name, account in exchange.accounts.items():
        for asset, atoms in START.items():
            missing = atoms - auditor.owned[name][asset]
            if missing > 0:
                auditor.owned[name][asset] += missing
                auditor.given[asset] += missing
                exchange.deposit(account, asset, missing)


def test_some_thousands_of_operations() -> None:
    exchange, auditor = play(6_000, seed=11)
    assert auditor.trades > 2_000
    assert sum(len(account.orders) for account in exchange.accounts.values()) == len(auditor.orders)


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_a_million_operations() -> None:
    exchange, auditor = play(1_000_000, seed=12)
    print(f"\n{auditor.events:,} events, {auditor.trades:,} fills, {len(auditor.orders)} open orders at the end")
    assert auditor.trades > 300_000
    assert snapshot(restore(snapshot(exchange))).to_json() == snapshot(exchange).to_json()


@pytest.mark.parametrize(
    "damage",
    ["a free atom", "a lock", "a fill that is not told", "a repeated number", "a crossed book", "an order that rose"],
)
def test_the_auditor_sees(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An auditor that cannot find anything proves nothing."""
    exchange = make(4)
    auditor = Auditor(exchange)
    player = Player(4)
    for _ in player.steps(300, exchange):
        auditor.check()
    account = exchange.accounts["a"]
    order = next(order for order in auditor.orders.values())
    if damage == "a free atom":
        account.balances["USD"].free += 1
    elif damage == "a lock":
        account.balances["USD"].free -= 1
        account.balances["USD"].locked += 1
    elif damage == "a fill that is not told":
        auditor.owned["a"]["ABC"] += 1
    elif damage == "a repeated number":
        exchange.event_id -= 1
    elif damage == "a crossed book":
        entry = exchange._entries[order.order_id]
        entry.price = 10**6 if entry.buy else 1
        exchange._markets[order.symbol].side(buy=entry.buy).add(entry)
    else:
        auditor.ended.add(order.order_id)
        exchange._last_order_id = order.order_id - 1
    with pytest.raises(AssertionError):
        auditor.check()
        for _ in player.steps(300, exchange):
            auditor.check()
