"""The kit itself: a body that works, one whose assertion fails, one that never ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from world_kit import play, quiet

from outtrade.targets.access import VenueAccess
from outtrade_mocks.venues import NAMES, load
from outtrade_mocks.venues.vocabulary import TRAITS, missing

BTC = {"symbols": ("BTC/USDT",), "balances": {"USDT": 100_000, "BTC": 1}, "markets": {"BTC/USDT": quiet("50000")}}


def test_a_client_trades(did: Callable[[str, str, str], None]) -> None:
    def body(access: VenueAccess) -> None:
        exchange = access.ccxt()
        order = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 40_000)
        assert exchange.fetch_order(order["id"], "BTC/USDT")["status"] == "open"
        did("binance_spot", "ccxt", "create limit order")

    assert len(play("binance_spot", body, **BTC).events) > 10


def test_what_fails_is_raised() -> None:
    def body(access: VenueAccess) -> None:
        assert access.ccxt().fetch_balance()["USDT"]["free"] == 1

    with pytest.raises(AssertionError):
        play("binance_spot", body, **BTC)


async def _idle(access: VenueAccess) -> None:
    import asyncio

    await asyncio.Event().wait()


def test_who_never_ends_fails() -> None:
    with pytest.raises(AssertionError):
        play("binance_spot", _idle, **BTC)


@pytest.mark.parametrize("venue", NAMES)
def test_every_trait_is_declared_with_a_source(venue: str) -> None:
    traits = load(venue).traits
    assert missing(traits) == []
    assert [name for name in TRAITS if not traits[name].source] == []
    assert [name for name, trait in traits.items() if trait.value is None and trait.confidence == "inferred"] == []
