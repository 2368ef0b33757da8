"""Decimals become integers exactly, or not at all; fees and bands."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.core.fees import Rate
from outtrade_mocks.core.instruments import Instrument, OffGrid, PriceBand, from_atoms, to_atoms

D = Decimal
ETHBTC = Instrument(symbol="ETH/BTC", base="ETH", quote="BTC", tick=D("0.00001"), step=D("0.0001"))
BTC = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"))


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_ticks_and_lots_survive_the_round_trip(ticks: int, lots: int) -> None:
    for instrument in (BTC, ETHBTC):
        assert instrument.ticks(instrument.price(ticks)) == ticks
        assert instrument.lots(instrument.quantity(lots)) == lots


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_what_moves_and_what_is_locked_are_the_two_roundings_of_the_exact_amount(ticks: int, lots: int) -> None:
    exact = ETHBTC.price(ticks) * ETHBTC.quantity(lots) * 10**8
    assert ETHBTC.notional(ticks, lots) <= exact <= ETHBTC.cover(ticks, lots)
    assert exact - ETHBTC.notional(ticks, lots) < 1
    assert ETHBTC.cover(ticks, lots) - exact < 1


@given(st.integers(1, 10**7), st.integers(0, 10**12))
def test_affordable_is_the_most_that_the_amount_covers(ticks: int, atoms: int) -> None:
    lots = ETHBTC.affordable(ticks, atoms)
    assert ETHBTC.cover(ticks, lots) <= atoms < ETHBTC.cover(ticks, lots + 1)


@pytest.mark.parametrize("price", ["50000.001", "0.005", "NaN", "Infinity", "-Infinity"])
def test_a_price_off_the_grid_is_refused(price: str) -> None:
    with pytest.raises(OffGrid):
        BTC.ticks(D(price))


def test_trailing_zeros_are_on_the_grid() -> None:
    assert BTC.ticks(D("50000.1000")) == 5_000_010
    assert BTC.lots(D("1E+1")) == 1_000_000


def test_amounts_of_an_asset() -> None:
    assert to_atoms(D("1.5"), 8) == 150_000_000
    assert str(from_atoms(150_000_000, 8)) == "1.50000000"
    with pytest.raises(OffGrid):
        to_atoms(D("0.000000001"), 8)


def test_bounds_round_inwards() -> None:
    made = Instrument(
        symbol="A/B", base="A", quote="B", tick=D("0.05"), step=D("0.1"),
        price_min=D("0.06"), price_max=D("9.99"), quantity_min=D("0.15"), quantity_max=D("0.99"),
        notional_min=D("0.0101"), notional_max=D("1.0099"),
    )  # fmt: skip
    assert (made.min_ticks, made.max_ticks) == (2, 199)
    assert (made.min_lots, made.max_lots) == (2, 9)
    assert (made.min_units, made.max_units) == (3, 201)  # in units of 0.05 x 0.1 = 0.005


@pytest.mark.parametrize(
    ("side", "ticks", "allowed"),
    [("buy", 119, False), ("buy", 120, True), ("buy", 300, True), ("buy", 301, False),
     ("sell", 299, True), ("sell", 240, True), ("sell", 239, False), ("sell", 900, True), ("sell", 901, False)],
)  # fmt: skip
def test_the_band_is_inclusive_and_has_factors_for_each_side(side: str, ticks: int, allowed: bool) -> None:
    band = PriceBand(bid_down=D("0.4"), bid_up=D(1), ask_down=D("0.8"), ask_up=D(3))
    assert band.allows(side, ticks, 300) is allowed


@given(st.integers(0, 10**15), st.sampled_from(["0", "0.001", "0.00075", "0.1", "-0.0001"]))
def test_a_fee_is_rounded_down(amount: int, rate: str) -> None:
    fee = Rate.of(rate).fee(amount)
    assert fee <= amount * D(rate) < fee + 1


@pytest.mark.parametrize("rate", ["1", "-1", "2", "NaN"])
def test_a_rate_that_is_no_part_of_a_trade_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="a fee rate is between -1 and 1"):
        Rate.of(rate)


def test_a_step_finer_than_an_atom_is_refused() -> None:
    with pytest.raises(OffGrid):
        Instrument(symbol="A/B", base="A", quote="B", tick=D(1), step=D("0.1"), base_precision=0)
