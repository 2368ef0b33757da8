"""What accounts hold in contracts, seen from the engine: margin, what a trade sets off at once, reduce-only orders.

A trade tells the position's change. If the position shrank, reduce-only orders that would now do more than close it are
cut to it, or end where nothing is left to reduce; this happens between two fills, so no reduce-only order can ever open
a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.contracts import price_where, unrealised, worth
from outtrade_mocks.core.events import Cause, InsuranceChange, PositionChange, PositionWhy
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.lifecycle import LifeCycle
from outtrade_mocks.core.margin import Exposure, Margin, initial
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.openings import Part, Sums, part_of
from outtrade_mocks.core.orders import TERMINAL, Event, Malformed, Reject, RejectReason
from outtrade_mocks.core.positions import Position, PositionSide
from outtrade_mocks.core.practice import Practice

_NONE = (0, 0)
"""Value and lots of no orders."""
_NOTHING = Exposure("net", 0, 0, 0)


class Holdings(LifeCycle):
    """Margin and positions of accounts."""

    def __init__(self, *, now: int, practice: Practice | None = None) -> None:
        super().__init__(now=now, practice=practice)
        self._stressed: list[Account] = []
        """Accounts that traded contracts, whose margin is still to be looked at."""

    # ------------------------------------------------------------- margin
    def margin(self, account: Account, asset: str) -> Margin:
        """The account's margin in ``asset`` now, at the mark prices. Raises Malformed."""
        self._known(account)
        if type(asset) is not str:
            raise Malformed(f"asset {asset!r}")
        return self._margin(account, asset)

    def _margin(
        self, account: Account, asset: str, known: Mapping[str, tuple[int, int]] | None = MappingProxyType({})
    ) -> Margin:
        """``known``: initial margins by symbol (``initial``) that were worked out just now; None: open orders do not
        matter."""
        balance = account.balances.get(asset)
        profit = positions = orders = maintenance = isolated = 0
        portfolio = account.portfolio
        if portfolio is not None:
            for symbol, setting in portfolio.settings.items():
                market = self._markets[symbol]
                if market.instrument.settle != asset:
                    continue
                if known is not None:
                    if symbol in known:
                        alone, together = known[symbol]
                    else:
                        alone, together = initial(self._exposure(account, market), setting.leverage)
                    orders += together - alone
                for position in portfolio.held(symbol):
                    if position.isolated:
                        isolated += position.margin
                    else:
                        profit += self._unrealised(market, position)
                        maintenance += self._maintenance(market, position)
                        positions += -(-self._value(market, position) // setting.leverage)
        return Margin(
            asset=asset,
            free=0 if balance is None else balance.free,
            locked=0 if balance is None else balance.locked,
            unrealised=profit,
            positions=positions,
            orders=orders,
            maintenance=maintenance,
            isolated=isolated,
        )

    def mark_price(self, symbol: str) -> int | None:
        """The mark price in ticks: as published, else the seeded market's mid, else the last trade (*inferred*)."""
        return self._market(symbol).mark

    def exposure(self, account: Account, symbol: str) -> list[Exposure]:
        """What each side of a contract could come to, with all open orders filled (see ``margin``). Raises Malformed;
        Reject(UNKNOWN_SYMBOL)."""
        self._known(account)
        return self._exposure(account, self._market(symbol))

    def liquidation_price(self, account: Account, symbol: str, side: PositionSide = "net") -> Fraction | None:
        """The mark price in ticks (not whole) at which a position is liquidated, given everything else of the account
        as it is now; None where there is no position or no such price.

        A hedged symbol's cross positions share one (Binance). Raises Malformed; Reject(UNKNOWN_SYMBOL).
        """
        self._known(account)
        if side not in ("net", "long", "short"):
            raise Malformed(f"position side {side!r}")
        market, portfolio = self._market(symbol), account.portfolio
        position = None if portfolio is None else portfolio.position(symbol, side)
        if position is None or portfolio is None:
            return None
        instrument, near = market.instrument, market.mark or 1
        if position.isolated:
            fixed = self._maintenance(market, position) if self.practice.maintenance == "entry" else None
            leg = position.lots, position.carried
            return price_where(instrument, [leg], position.margin, maintenance=fixed, near=near)
        whole = self._standing(account, instrument.settle)
        legs = [one for one in portfolio.held(symbol) if not one.isolated]
        rest = whole.equity - whole.maintenance
        for one in legs:
            rest += self._maintenance(market, one) - self._unrealised(market, one)
        return price_where(instrument, [(one.lots, one.carried) for one in legs], rest, near=near)

    def _value(self, market: Market, position: Position) -> int:
        """Value of a position at the mark price; at its entry while there is no price."""
        mark = market.mark
        return abs(position.carried) if mark is None else abs(worth(market.instrument, position.lots, mark))

    def _unrealised(self, market: Market, position: Position) -> int:
        mark = market.mark
        return 0 if mark is None else unrealised(market.instrument, position.lots, position.carried, mark)

    def _maintenance(self, market: Market, position: Position) -> int:
        """Maintenance margin that keeps a position from liquidation."""
        tiers = market.instrument.tiers
        assert tiers is not None
        at_entry = position.isolated and self.practice.maintenance == "entry"
        return tiers.maintenance(abs(position.carried) if at_entry else self._value(market, position))

    def _exposure(self, account: Account, market: Market) -> list[Exposure]:
        """What each side of a symbol could come to."""
        return self._sides(account, market, self._open_values(account, market))

    def _open_values(self, account: Account, market: Market, leaving: Entry | None = None) -> Sums:
        """Value and lots of open orders that could open something; ``leaving``: an order that is not counted."""
        portfolio = account.portfolio
        return {} if portfolio is None else portfolio.openings.sums(market.instrument.symbol, self._opening, leaving)

    def _opening(self, entry: Entry) -> Part | None:
        """What an order adds to what its account's orders could open."""
        order = order_of(entry)
        market = self._markets[order.symbol]
        if market.margined is None or self._entries.get(order.order_id) is not entry:
            return None
        return part_of(entry, market.instrument, while_waiting=self.practice.reserve == "placement")

    def _sides(self, account: Account, market: Market, sums: Sums) -> list[Exposure]:
        """What each side could come to with open orders of those values."""
        portfolio, symbol = account.portfolio, market.instrument.symbol
        sides: tuple[PositionSide, ...] = ("long", "short") if portfolio is not None and portfolio.hedge else ("net",)
        result = []
        for side in sides:
            bids, asks = sums.get((side, True), _NONE), sums.get((side, False), _NONE)
            position = None if portfolio is None else portfolio.position(symbol, side)
            if position is None:
                held, value, most = 0, max(bids[0], asks[0]), max(bids[1], asks[1])
            else:
                held, lots = self._value(market, position), position.lots
                signed = held if lots > 0 else -held
                value = max(abs(signed + bids[0]), abs(signed - asks[0]))
                most = max(abs(lots + bids[1]), abs(lots - asks[1]))
            if value or held:
                result.append(Exposure(side, value, most, held))
        return result

    def _check_margin(
        self,
        market: Market,
        account: Account,
        side: PositionSide,
        buy: bool,
        value: int,
        lots: int,
        leaving: Entry | None = None,
    ) -> None:
        """Whether the account may have an order of that value that is not there yet (``leaving``: which it replaces).

        It needs the initial margin that it adds, and where it adds some, what it would lose at once at the mark price
        (Binance USD-M: cost = initial margin + open loss). Raises Reject: MAX_POSITION, LEVERAGE, INSUFFICIENT_MARGIN.
        """
        instrument, portfolio = market.instrument, account.portfolio
        tiers = instrument.tiers
        assert tiers is not None
        setting = self._setting(portfolio, market)
        sums = self._open_values(account, market)
        before = self._sides(account, market, sums)
        if leaving is not None:
            sums = self._open_values(account, market, leaving)
        there = sums.get((side, buy), _NONE)
        after = self._sides(account, market, sums | {(side, buy): (there[0] + value, there[1] + lots)})
        leverage, most = setting.leverage, instrument.max_position_lots
        for one in after:
            many, large = most is not None and one.lots > most, not tiers.allows(one.value, leverage)
            if many or large:  # as it was already, or does the order make it so?
                was = next((old for old in before if old.side == one.side), _NOTHING)
                if many and one.lots > was.lots:
                    raise Reject(RejectReason.MAX_POSITION, "position above the maximum")
                if large and one.value > was.value:
                    raise Reject(RejectReason.LEVERAGE, f"position too large for a leverage of {leverage}")
        now = initial(before, leverage)
        more = initial(after, leverage)[1] - now[1]
        mark = market.mark
        if more > 0 and mark is not None:
            at_mark = instrument.notional(mark, lots)
            more += max(0, value - at_mark if buy != instrument.inverse else at_mark - value)
        if more > 0:
            whole = self._margin(account, instrument.settle, {instrument.symbol: now})
            if more > (min(whole.spare, whole.free) if setting.isolated else whole.spare):
                raise Reject(RejectReason.INSUFFICIENT_MARGIN, f"needs more {instrument.settle} than is available")

    def _spare(self, account: Account, balance: Balance) -> int:
        """Atoms of a balance that may be put elsewhere: what is free, and not needed as margin."""
        if account.portfolio is None:
            return balance.free
        margin = self._margin(account, balance.asset)
        return min(
            balance.free, margin.spare, *((margin.equity - margin.maintenance - 1,) if margin.maintenance else ())
        )

    def _standing(self, account: Account, asset: str) -> Margin:
        """The margin as far as it decides about liquidation: without what open orders need."""
        return self._margin(account, asset, None)

    # ------------------------------------------------------------- trades
    def _booked(self, market: Market, entry: Entry, cause: Cause) -> None:
        """What a trade of contracts sets off at once; the trade itself is told already."""
        account, wallet, margined = entry.account, entry.gets, market.margined
        assert account is not None and wallet is not None and margined is not None and margined.changed is not None
        assert account.portfolio is not None
        account.portfolio.openings.mark(entry)
        position = margined.changed
        self._tell_position(position, "trade", cause)
        self._tell_balance(account, cause, wallet)
        if margined.charged is not None:
            self._tell_balance(account, cause, margined.charged)
        if account not in self._stressed:
            self._stressed.append(account)
        self._trim(market, account, position, cause)

    def _tell_position(self, position: Position, why: PositionWhy, cause: Cause) -> None:
        if self._callbacks:
            self._out.append(PositionChange(position, why, self.now, cause))

    def _insure(self, asset: str, atoms: int, cause: Cause, *, payer: str = "", symbol: str = "") -> None:
        """The insurance fund takes in ``atoms`` (below 0: pays); ``payer``: whose liquidation fee in ``symbol`` that
        is."""
        if not atoms:
            return
        fund = self.ledger.insurance
        fund[asset] = fund.get(asset, 0) + atoms
        if fund[asset] < 0:
            raise AssertionError(f"the insurance fund of {asset} is overdrawn")
        if self._callbacks:
            fee = atoms if payer else 0
            self._out.append(InsuranceChange(asset, fund[asset], self.now, cause, payer, symbol, fee))

    # -------------------------------------------------------- reduce-only
    def _closable(self, account: Account, symbol: str, side: PositionSide, buy: bool) -> int:
        """Lots of a position that an order of that direction could close."""
        position = None if account.portfolio is None else account.portfolio.position(symbol, side)
        return 0 if position is None or (position.lots > 0) == buy else abs(position.lots)

    def _trim(self, market: Market, account: Account, position: Position, cause: Cause) -> None:
        """Cut the account's reduce-only orders in that position to what is left of it."""
        portfolio = account.portfolio
        assert portfolio is not None
        if not portfolio.reducing:
            return
        for order_id in list(portfolio.reducing):
            entry = portfolio.reducing[order_id]
            order = order_of(entry)
            if order.status in TERMINAL:
                del portfolio.reducing[order_id]
                continue
            terms = order.terms
            assert terms is not None
            if order.symbol != position.symbol or (terms.position_side or "net") != position.side:
                continue
            if entry.level is None:
                continue  # it arrives just now, or waits: it is looked at when it comes to the market
            less = entry.total - self._closable(account, order.symbol, position.side, entry.buy)
            if less <= 0:
                continue
            if less == entry.total:
                self._end(market, entry, "reduce_only", cause)
                continue
            self._shrink(market, entry, less)
            self._change(entry, Event.AMEND, "reduce", cause, lots=order.lots - less)
            if entry.special is not None and entry.special.group is not None:
                self._touched.append(entry)
