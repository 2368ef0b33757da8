"""Liquidation: what happens to positions whose margin no longer stands for them.

Looked at after every operation, for the accounts that traded contracts, and for all holders of a contract whose mark
price moved. A position is in trouble when what stands for it (its isolated margin, or the balance shared by all cross
positions of one settlement asset) plus unrealised profit is no longer above the maintenance margin (Binance, Bybit,
OKX: margin ratio 100 %). Then, as in Binance's "Liquidation Protocols":

1. all open orders that could use the margin end (isolated: those of the symbol);
2. an immediate-or-cancel order at the bankruptcy price, where nothing would be left, reduces the position to the next
   lower bracket, or closes it where there is none (``Practice.liquidation``). Several cross positions: the one with the
   largest maintenance margin first (*inferred*). Still in trouble, and the book gave all: the next step;
3. what the book does not take at that price, the insurance fund takes over at the bankruptcy price, and passes it on to
   the house at the mark price (*inferred*: at once), keeping or paying the difference;
4. where the fund has not enough, opposing positions are *deleveraged* at the bankruptcy price, those with the highest
   profit x effective leverage first (Bybit, Binance, BitMEX); their open orders in the symbol end (Bybit). Nobody left:
   the house takes it;
5. the liquidation fee, a fraction of the value closed, goes to the insurance fund, as far as something is left;
6. a wallet below zero without a position is brought back to zero by the fund ("the Insurance Fund will balance the
   account back to 0"), and by the house where the fund is empty (*inferred*).

In a halted market nothing is liquidated until it opens again (*inferred*). Every step is an order of the account with
``terms.forced``, with its fills, positions and balances in the drop copy.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.contracts import per_lot, price_where, worth
from outtrade_mocks.core.events import Cause
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Event, Forced, HeldSide, NewOrder, Order, Reject, RejectReason, Terms
from outtrade_mocks.core.positions import Position
from outtrade_mocks.core.waiting import Waiting


class Liquidation(Waiting):
    """Margin is watched, and enforced."""

    _examining = False

    def _aftermath(self, market: Market) -> None:
        super()._aftermath(market)
        margined = market.margined
        if margined is not None and not self._examining and (self._stressed or margined.seen != market.mark):
            self._examine(market)

    def _examine(self, market: Market) -> None:
        """Look at the margin of everybody whom an operation in ``market`` may have hurt, until nobody is left."""
        self._examining = True
        try:
            moved = [market]
            while True:
                due = {account.name: account for account in self._stressed}
                self._stressed.clear()
                for one in moved:
                    if one.margined is not None and one.margined.seen != one.mark:
                        one.margined.seen = one.mark
                        due |= one.margined.holders
                if not due:
                    return
                moved = []
                for name in sorted(due):
                    moved += self._rescue(due[name])
                for one in moved:
                    super()._aftermath(one)
        finally:
            self._examining = False

    # --------------------------------------------------------------- trouble
    def _rescue(self, account: Account) -> list[Market]:
        """Liquidate what must be. Returns the markets in which something was closed."""
        portfolio = account.portfolio
        assert portfolio is not None
        touched: list[Market] = []
        assets: dict[str, bool] = {}
        for position in portfolio.held():
            market = self._markets[position.symbol]
            if position.isolated:
                if self._isolated_trouble(market, position) and market.is_open:
                    self._liquidate_isolated(market, account, position)
                    touched.append(market)
            else:
                assets[market.instrument.settle] = True
        for asset in assets:
            touched += self._liquidate_cross(account, asset)
        for asset in sorted({self._markets[symbol].instrument.settle for symbol in portfolio.settings}):
            self._balance_out(account, asset)
        return touched

    def _isolated_trouble(self, market: Market, position: Position) -> bool:
        return position.margin + self._unrealised(market, position) <= self._maintenance(market, position)

    def _liquidate_isolated(self, market: Market, account: Account, position: Position) -> None:
        self._end_orders(account, market, "liquidation")
        portfolio, side = account.portfolio, position.side
        assert portfolio is not None
        now: Position | None = position
        while now is not None and self._isolated_trouble(market, now):
            self._liquidate_step(market, account, now)
            now = portfolio.position(position.symbol, side)

    def _liquidate_cross(self, account: Account, asset: str) -> list[Market]:
        """Returns the markets in which something was closed."""
        touched: list[Market] = []
        portfolio, ended = account.portfolio, False
        assert portfolio is not None
        while True:
            margin = self._standing(account, asset)
            if not margin.maintenance or margin.equity > margin.maintenance:
                return touched
            if not ended:
                self._end_spending(account, asset)
                ended = True
                continue
            worst: tuple[int, Market, Position] | None = None
            for position in portfolio.held():
                market = self._markets[position.symbol]
                if not position.isolated and market.instrument.settle == asset and market.is_open:
                    keeps = self._maintenance(market, position)
                    if worst is None or keeps > worst[0]:
                        worst = keeps, market, position
            if worst is None:
                return touched  # all are halted
            touched.append(worst[1])
            self._liquidate_step(worst[1], account, worst[2])

    def _end_orders(self, account: Account, market: Market, by: Forced) -> None:
        """End all open orders of an account in a market because its position is closed by the venue."""
        assert by != ""
        for order_id in self._open_ids(account, market.instrument.symbol):
            if order_id in self._entries:
                self._end(market, self._entries[order_id], by, by)
                self._lists_follow()

    def _end_spending(self, account: Account, asset: str) -> None:
        """End all open orders of an account that are for contracts settled in ``asset`` or lock some of it."""
        for order_id in self._open_ids(account, None):
            entry = self._entries.get(order_id)
            if entry is None or entry.pays is None or entry.pays.asset != asset:
                continue
            market = self._markets[order_of(entry).symbol]
            self._end(market, entry, "liquidation", "liquidation")
            self._lists_follow()

    def _lists_follow(self) -> None:
        while self._touched:
            self._follow_touched()

    # ----------------------------------------------------------------- steps
    def _liquidate_step(self, market: Market, account: Account, position: Position) -> None:
        """Close a part of a position, or all of it, in the book; what the book leaves is taken over."""
        portfolio, asset = account.portfolio, market.instrument.settle
        assert portfolio is not None
        size = self._step(market, position)
        wallet = account.balance(asset)
        before, value = wallet.free, 0
        limit = self._bankruptcy(market, account, position)
        order = self._force(market, account, position, size, limit, "liquidation")
        value += order.quote_filled
        left = portfolio.position(position.symbol, position.side)
        if left is not None and order.filled < size and self._in_trouble(market, account, left):
            limit = self._bankruptcy(market, account, left)
            value += self._take_over(market, account, left, limit)
        rate = market.instrument.liquidation_rate
        kept = wallet.free - before if position.isolated else self._standing(account, asset).equity
        fee = min(value * rate.numerator // rate.denominator, max(0, kept))
        if fee:
            wallet.free -= fee
            wallet.note(self.now)
            self._tell_balance(account, "liquidation", wallet)
            self._insure(asset, fee, "liquidation", payer=account.name, symbol=position.symbol)

    def _in_trouble(self, market: Market, account: Account, position: Position) -> bool:
        if position.isolated:
            return self._isolated_trouble(market, position)
        margin = self._standing(account, market.instrument.settle)
        return bool(margin.maintenance) and margin.equity <= margin.maintenance

    def _step(self, market: Market, position: Position) -> int:
        """Lots to close next: down to the largest value of the next lower bracket, or all."""
        tiers, mark, lots = market.instrument.tiers, market.mark, abs(position.lots)
        assert tiers is not None and mark is not None
        target = tiers.below(self._value(market, position)) if self.practice.liquidation == "steps" else 0
        if not target:
            return lots
        one = per_lot(market.instrument)
        one = one / mark if market.instrument.inverse else one * mark
        return lots - floor(target / one)

    def _bankruptcy(self, market: Market, account: Account, position: Position) -> int:
        """The worst price in ticks at which closing a position leaves nothing, but owes nothing either."""
        leg = position.lots, position.carried
        if position.isolated:
            cash = position.margin
        else:
            equity = self._standing(account, market.instrument.settle).equity
            cash = max(0, equity - self._unrealised(market, position))  # not better than entry, for others' losses
        exact = price_where(market.instrument, [leg], cash, maintenance=0)
        if exact is None:  # it never owes anything
            assert market.mark is not None
            return market.mark
        return max(1, ceil(exact) if position.lots > 0 else floor(exact))  # it never owes a part of an atom

    def _take_over(self, market: Market, account: Account, position: Position, price: int) -> int:
        """Close all of a position at its bankruptcy price, against the insurance fund or opposing positions. Returns
        the value closed."""
        instrument, mark, size = market.instrument, market.mark, abs(position.lots)
        assert mark is not None
        gain = worth(instrument, position.lots, mark) - worth(instrument, position.lots, price)
        if self.ledger.insurance.get(instrument.settle, 0) + gain < 0:
            value, size = self._deleverage(market, account, position, price)
            if not size:
                return value
            gain = 0  # nobody is left, and the house bears it
        else:
            value = 0
        deal = self._deal(market, account, position, size, price, "liquidation")
        market.clearing.settle_house(size, deal, buy=position.lots > 0)
        if gain:
            self.ledger.house.balance(instrument.settle).free -= gain
            self._insure(instrument.settle, gain, "liquidation")
        return value + deal

    def _deleverage(self, market: Market, account: Account, position: Position, price: int) -> tuple[int, int]:
        """Close a position against the opposing ones, by rank. Returns the value closed and the lots that are left."""
        left, value = abs(position.lots), 0
        for _, other, theirs in self._ranking(market, account, long=position.lots < 0):
            if not left:
                break
            self._end_orders(other, market, "adl")
            lots = min(left, abs(theirs.lots))
            value += self._deal(market, account, position, lots, price, "liquidation")
            self._deal(market, other, theirs, lots, price, "adl", new_trade=False)
            left -= lots
        return value, left

    def adl_rank(self, account: Account, symbol: str) -> list[tuple[Position, Fraction]]:
        """An account's positions in ``symbol`` with their share of same-sided positions that would be deleveraged
        before or with them: 1 is the first to go at the front, near 0 the last. Raises Malformed on an account that is
        none; Reject(UNKNOWN_SYMBOL)."""
        self._known(account)
        market = self._market(symbol)
        if market.margined is None:
            raise Reject(RejectReason.UNKNOWN_SYMBOL, f"{symbol} is no contract")
        found = []
        for long in (True, False):
            ranked = self._ranking(market, None, long=long)
            for number, (_, other, position) in enumerate(ranked):
                if other is account:
                    found.append((position, Fraction(len(ranked) - number, len(ranked))))
        return found

    def _ranking(
        self, market: Market, without: Account | None, *, long: bool
    ) -> list[tuple[Fraction, Account, Position]]:
        """Positions of one side, the first to be deleveraged first: by profit in percent of the entry value, times the
        effective leverage (value / equity); where there is a loss, divided by it, or by 1 at least (BitMEX; *inferred*
        for others, and the 1)."""
        assert market.margined is not None
        ranked = []
        for account, position in market.margined.positions():
            if account is without or (position.lots > 0) != long:
                continue
            profit, value = self._unrealised(market, position), self._value(market, position)
            if position.isolated:
                equity = position.margin + profit
            else:
                equity = self._standing(account, market.instrument.settle).equity
            leverage = Fraction(value, max(1, equity))
            share = Fraction(profit, max(1, abs(position.carried)))
            ranked.append((share * leverage if profit > 0 else share / max(leverage, Fraction(1)), account, position))
        return sorted(ranked, key=lambda item: -item[0])  # equals by name

    # ---------------------------------------------------------------- orders
    def _forced(
        self, market: Market, account: Account, position: Position, lots: int, price: int, why: Forced
    ) -> Entry:
        """An order that the venue makes to close ``lots`` of a position; told as accepted."""
        assert why != ""
        side: HeldSide | None = None if position.side == "net" else position.side
        terms = Terms(reduce_only=True, position_side=side, forced=why)
        new = NewOrder(
            symbol=position.symbol, side="sell" if position.lots > 0 else "buy", price=price, lots=lots, tif="IOC",
            client_id=f"{why}-{self._last_order_id + 1}",
        )  # fmt: skip
        pays, gets = market.clearing.sides(account, new.side == "buy")
        return self._accept(market, account, new, lots, pays, gets, 0, terms, cause=why)

    def _force(self, market: Market, account: Account, position: Position, lots: int, price: int, why: Forced) -> Order:
        """Close what the book takes at ``price`` or better."""
        assert why != ""
        entry = self._forced(market, account, position, lots, price, why)
        self._match(market, entry, price, why, "market")
        if entry.remaining:
            self._change(entry, Event.EXPIRE, "expire", why, expired_by="ioc")
        return order_of(entry)

    def _deal(
        self,
        market: Market,
        account: Account,
        position: Position,
        lots: int,
        price: int,
        why: Forced,
        *,
        new_trade: bool = True,
    ) -> int:
        """Close ``lots`` of a position at ``price`` outside the book; the other side is the caller's. Returns the value
        (atoms)."""
        assert why != ""
        entry = self._forced(market, account, position, lots, price, why)
        market.trade_id += new_trade
        value = market.clearing.value(price, lots)
        entry.remaining = 0
        self._fill(market, entry, price, lots, value, False, why)
        return value

    def _balance_out(self, account: Account, asset: str) -> None:
        """Bring a wallet below zero that no cross position stands behind back to zero."""
        wallet = account.balance(asset)
        if wallet.free >= 0 or self._standing(account, asset).maintenance:
            return
        if wallet.locked:
            self._end_spending(account, asset)
        missing = -wallet.free
        if missing <= 0:
            return
        cause: Cause = "liquidation"
        fund = min(missing, self.ledger.insurance.get(asset, 0))
        self._insure(asset, -fund, cause)
        self.ledger.house.balance(asset).free -= missing - fund
        wallet.free = 0
        wallet.note(self.now)
        self._tell_balance(account, cause, wallet)
