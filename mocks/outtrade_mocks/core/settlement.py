"""What the venue pays between holders of contracts: funding at intervals, and the last settlement of a contract.

Funding: at each interval of an instrument (UNIX time divisible by it: 00:00, 08:00, 16:00 UTC for eight hours) each
position pays value at the mark price x the published rate, longs to shorts where the rate is above zero (Binance,
Bybit, OKX). A published rate holds until another one is (*inferred*). What an account gets is rounded down to an atom,
what it pays up, and the house takes what is left over, as the holder of all other positions. A cross position pays from
the wallet, an isolated one from its margin (Binance USD-M; Bybit takes the wallet first).

Settlement: a dated future, or a contract that is delisted, ends at one price: its orders end, its positions are closed
at that price against the house, without a fee (*inferred*).
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from msgspec.structs import replace

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.feed import Feed
from outtrade_mocks.core.floor import FundingTime
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.liquidation import Liquidation
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed
from outtrade_mocks.core.states import TradingState


class Settlement(Liquidation):
    """Funding and final settlement."""

    def add_instrument(self, instrument: Instrument, flow: Feed | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, or where an asset has another precision already."""
        super().add_instrument(instrument, flow)
        if instrument.funding_interval is not None:
            self._await_funding(instrument)

    def _await_funding(self, instrument: Instrument) -> None:
        assert instrument.funding_interval is not None
        due = (self.now // instrument.funding_interval + 1) * instrument.funding_interval
        ends = self._markets[instrument.symbol].ends
        if ends is not None and due > ends:
            return
        self._alarm(due, FundingTime(instrument.symbol))

    def _restart_funding(self, instrument: Instrument) -> None:
        """The interval is another one from here on, or there is no funding any more."""
        for _, _, timed in self._timers:
            if isinstance(timed, FundingTime) and timed.symbol == instrument.symbol:
                timed.alive = False
        if instrument.funding_interval is not None:
            self._await_funding(instrument)

    def funding_time(self, symbol: str) -> int | None:
        """When the symbol pays funding next (ns); None: never. Raises Reject(UNKNOWN_SYMBOL)."""
        interval = self._market(symbol).instrument.funding_interval
        return None if interval is None else (self.now // interval + 1) * interval

    def funding_rate(self, symbol: str) -> Fraction | None:
        """The rate published last. Raises Reject(UNKNOWN_SYMBOL)."""
        margined = self._market(symbol).margined
        return None if margined is None else margined.funding

    def _pay_funding(self, symbol: str) -> None:
        """The time has come: pay, and wait for the next."""
        market = self._markets[symbol]
        margined, instrument = market.margined, market.instrument
        assert margined is not None
        if market.state is TradingState.EXPIRED:
            return
        if instrument.funding_interval is not None:
            self._await_funding(instrument)
        mark, rate = market.mark, margined.funding
        if mark is None or not rate:
            return
        wallet_of_house = self.ledger.house.balance(instrument.settle)
        for account, position in list(margined.positions()):
            due = self._value(market, position) * rate
            atoms = floor(-due if position.lots > 0 else due)
            if not atoms:
                continue
            wallet_of_house.free -= atoms
            if position.isolated:
                position = replace(position, margin=position.margin + atoms)
            else:
                wallet = account.balance(instrument.settle)
                wallet.free += atoms
                wallet.note(self.now)
            position = replace(position, funding=position.funding + atoms, updated=self.now)
            margined.keep(account, position)
            self._tell_position(position, "funding", "funding")
            if not position.isolated:
                self._tell_balance(account, "funding", wallet)
            if account not in self._stressed:
                self._stressed.append(account)
        self._aftermath(market)

    def settle_contract(self, symbol: str, price: int | None = None) -> None:
        """Settle a contract now at ``price`` (ticks; None: the mark price): its orders end, its positions are closed.
        Trading goes on; a contract that expires or is delisted (``plan_end``) is settled at its end without a call.
        Raises Malformed on a spot symbol, a price that is none, or where there is none."""
        market = self._market(symbol)
        margined = market.margined
        if margined is None:
            raise Malformed(f"{symbol} is no contract")
        price = market.mark if price is None else price
        if type(price) is not int or price <= 0:
            raise Malformed(f"settlement price {price!r}")
        for account in self.accounts.values():
            self._end_orders(account, market, "settlement")
        self._settle_positions(market, price)
        self._aftermath(market)
        self._flush()

    def _settle_positions(self, market: Market, price: int | None) -> None:
        """Close all positions at ``price`` (ticks; None: it never had one, so there are none)."""
        margined = market.margined
        if margined is None or price is None:
            return
        for account, position in list(margined.positions()):
            lots = abs(position.lots)
            value = self._deal(market, account, position, lots, price, "settlement")
            margined.settle_house(lots, value, buy=position.lots > 0)
        assert not margined.house_lots, "positions of all sides add up to nothing"
        self.ledger.house.balance(market.instrument.settle).free += margined.house_carried
        margined.house_carried = 0

    def deleverage(self, account: Account, symbol: str, lots: int, price: int) -> None:
        """Close ``lots`` of the account's net position against somebody who was liquidated (an account that is not
        modelled: the house takes the other side) at ``price``, in ticks, as ``Liquidation`` does where the insurance
        fund has not enough: the account's open orders in the symbol end, and no fee is taken. Raises Malformed, also
        where the position has fewer lots; Reject(UNKNOWN_SYMBOL)."""
        self._known(account)
        market = self._market(symbol)
        position = None if account.portfolio is None else account.portfolio.position(symbol, "net")
        whole = type(lots) is int and type(price) is int and price > 0
        if market.margined is None or position is None or not whole or not 0 < lots <= abs(position.lots):
            raise Malformed(f"deleveraging of {lots!r} lots of {symbol} at {price!r}")
        self._end_orders(account, market, "adl")
        value = self._deal(market, account, position, lots, price, "adl")
        market.margined.settle_house(lots, value, buy=position.lots > 0)
        self._aftermath(market)
        self._flush()

    def endow_insurance(self, asset: str, atoms: int) -> None:
        """Money from outside for the insurance fund. Raises Malformed."""
        if type(asset) is not str or type(atoms) is not int or atoms < 0:
            raise Malformed(f"insurance of {atoms!r} atoms of {asset!r}")
        self.precisions.setdefault(asset, 8)
        self._insure(asset, atoms, "script")
        self._flush()
