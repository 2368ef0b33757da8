"""How an account trades contracts: leverage, margin mode, position mode, and the margin of isolated positions.

What does not fit what stands is refused, as venues do (Binance USD-M error codes in brackets); then nothing has
changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.amending import Amending
from outtrade_mocks.core.events import Ask, SettingsChange
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.margin import initial
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed, Reject, RejectReason
from outtrade_mocks.core.positions import Portfolio, PositionSide


class MarginRequests(Amending):
    """Requests about margin."""

    def set_leverage(self, account: Account, symbol: str, leverage: int) -> None:
        """Trade ``symbol`` with that leverage, which its open positions take on too.

        Raises Malformed; Reject: UNKNOWN_SYMBOL; LEVERAGE where no bracket allows it (-4028), where position and
        orders are too large for it (-2027), or where it would fall under an isolated position (-4161);
        INSUFFICIENT_MARGIN where it would need more margin than is there (-2019).
        """
        with self._asking(account, "set_leverage"):
            market, setting = self._contract(symbol), self._setting(account.portfolio, self._contract(symbol))
            tiers = market.instrument.tiers
            assert tiers is not None
            if type(leverage) is not int:
                raise Malformed(f"leverage {leverage!r}")
            if leverage < 1 or leverage > tiers.tiers[0].leverage:
                raise Reject(RejectReason.LEVERAGE, f"leverage is 1 to {tiers.tiers[0].leverage}")
            exposure, cap = self._exposure(account, market), tiers.cap(leverage)
            if cap is not None and any(one.value > cap for one in exposure):
                raise Reject(RejectReason.LEVERAGE, f"position and orders are too large for a leverage of {leverage}")
            held = [] if account.portfolio is None else account.portfolio.held(symbol)
            if leverage < setting.leverage and any(position.isolated for position in held):
                raise Reject(RejectReason.LEVERAGE, "the leverage of an isolated position cannot be reduced")
            more = initial(exposure, leverage)[1] - initial(exposure, setting.leverage)[1]
            if more > 0 and more > self._margin(account, market.instrument.settle).spare:
                raise Reject(
                    RejectReason.INSUFFICIENT_MARGIN, f"needs more {market.instrument.settle} than is available"
                )
            portfolio = self._portfolio(account, market)
            portfolio.settings[symbol].leverage = leverage
            for position in portfolio.held(symbol):
                changed = replace(position, leverage=leverage, updated=self.now)
                market.margined.keep(account, changed)  # type: ignore[union-attr]
                self._tell_position(changed, "leverage", "request")
            self._tell_settings(account, portfolio, symbol)

    def set_margin_mode(self, account: Account, symbol: str, *, isolated: bool) -> None:
        """Trade ``symbol`` with isolated or with cross margin.

        Raises Malformed; Reject: UNKNOWN_SYMBOL, NO_CHANGE (-4046), MARGIN_MODE while there are open orders (-4047) or
        a position (-4048) in the symbol.
        """
        with self._asking(account, "set_margin_mode"):
            market = self._contract(symbol)
            if type(isolated) is not bool:
                raise Malformed(f"isolated {isolated!r}")
            if self._setting(account.portfolio, market).isolated == isolated:
                raise Reject(RejectReason.NO_CHANGE, "the margin mode is that already")
            if self._open_ids(account, symbol):
                raise Reject(RejectReason.MARGIN_MODE, "there are open orders")
            if account.portfolio is not None and account.portfolio.held(symbol):
                raise Reject(RejectReason.MARGIN_MODE, "there is a position")
            portfolio = self._portfolio(account, market)
            portfolio.settings[symbol].isolated = isolated
            self._tell_settings(account, portfolio, symbol)

    def set_position_mode(self, account: Account, *, hedge: bool) -> None:
        """Hold one position per symbol, or (hedge) a long and a short one beside each other; for the whole account.

        Raises Malformed; Reject: NO_CHANGE (-4059), POSITION_MODE while there are open orders (-4067) or positions
        (-4068) in contracts.
        """
        with self._asking(account, "set_position_mode"):
            if type(hedge) is not bool:
                raise Malformed(f"hedge {hedge!r}")
            portfolio = account.portfolio
            if (portfolio is not None and portfolio.hedge) == hedge:
                raise Reject(RejectReason.NO_CHANGE, "the position mode is that already")
            for order_id in self._open_ids(account, None):
                if self._markets[order_of(self._entries[order_id]).symbol].margined is not None:
                    raise Reject(RejectReason.POSITION_MODE, "there are open orders")
            if portfolio is not None and portfolio.held():
                raise Reject(RejectReason.POSITION_MODE, "there are positions")
            if portfolio is None:
                portfolio = account.portfolio = Portfolio()
            portfolio.hedge = hedge
            self._tell_settings(account, portfolio, "")

    def add_margin(self, account: Account, symbol: str, atoms: int, *, side: PositionSide = "net") -> None:
        """Add ``atoms`` to the margin of an isolated position, below 0: take them out.

        Raises Malformed; Reject: UNKNOWN_SYMBOL, NO_POSITION (-4049), MARGIN_MODE for a cross position (-4049),
        INSUFFICIENT_MARGIN where the wallet has not so much available (-4051), or where the position would keep less
        than its initial margin at the mark price, a loss counted in (*inferred*: Binance maxWithdrawAmount).
        """
        with self._asking(account, "add_margin"):
            market = self._contract(symbol)
            if type(atoms) is not int or not atoms or side not in ("net", "long", "short"):
                raise Malformed("margin is added in whole atoms, above 0, or taken, below 0, from one position")
            position = None if account.portfolio is None else account.portfolio.position(symbol, side)
            if position is None:
                raise Reject(RejectReason.NO_POSITION, f"there is no {side} position in {symbol}")
            if not position.isolated:
                raise Reject(RejectReason.MARGIN_MODE, "the position is not isolated")
            wallet, margined = account.balance(market.instrument.settle), market.margined
            assert margined is not None
            if atoms > 0:
                if atoms > self._spare(account, wallet):
                    raise Reject(RejectReason.INSUFFICIENT_MARGIN, f"so much {wallet.asset} is not available")
            else:
                floor = max(
                    -(-self._value(market, position) // position.leverage), self._maintenance(market, position) + 1
                )
                if position.margin + atoms + min(0, self._unrealised(market, position)) < floor:
                    raise Reject(RejectReason.INSUFFICIENT_MARGIN, "the position needs that margin")
            wallet.free -= atoms
            wallet.note(self.now)
            changed = replace(position, margin=position.margin + atoms, updated=self.now)
            margined.keep(account, changed)
            self._tell_position(changed, "margin", "request")
            self._tell_balance(account, "request", wallet)
            self._flush()

    @contextmanager
    def _asking(self, account: Account, ask: Ask) -> Iterator[None]:
        """A request; where it is refused, that is told."""
        try:
            self._known(account)
            yield
        except Reject as refusal:
            raise self._refuse(account, ask, None, refusal) from None

    def _contract(self, symbol: str) -> Market:
        """A market of contracts. Raises Reject(UNKNOWN_SYMBOL)."""
        market = self._market(symbol)
        if market.margined is None:
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{symbol} is no contract")
        self._sync(market)
        return market

    def _tell_settings(self, account: Account, portfolio: Portfolio, symbol: str) -> None:
        setting = portfolio.settings.get(symbol)
        leverage, isolated = (0, False) if setting is None else (setting.leverage, setting.isolated)
        if self._callbacks:
            self._out.append(
                SettingsChange(account.name, symbol, leverage, isolated, portfolio.hedge, self.now, "request")
            )
        self._flush()
