"""What happens to a margin account by itself: interest becomes due, a low level is called, a lost one is liquidated.

Levels are looked at after every operation, every price and every hour's interest while anybody owes anything. An
account whose level has fallen to ``MarginRules.liquidation`` is liquidated (Binance: "all your assets will be
liquidated to pay back the interest and loan"; the steps are *inferred*, after Binance's and Bybit's descriptions of
futures):

1. its open orders end, and what is free of a borrowed asset pays that debt back;
2. in steps, each worth ``MarginRules.step`` of the debt: collateral is sold for the asset that is owed, or that asset
   is bought with it, by a market order that the drop copy shows (``Terms.forced``). Collateral without a market
   against it is turned into something that has one. Part of the proceeds, the liquidation fee, goes to the insurance
   fund, the rest pays the debt back. Debts in the order of borrowing, markets in that of listing. Trading fees are
   paid as ever;
3. it ends as soon as no margin call would be due;
4. where nothing can be sold and the level is still lost, the house takes over: it pays the debts, and takes of all
   assets what they and the fee are worth at fair prices, which is everything where they are worth less. Then the
   insurance fund pays the house the difference, as far as it can, and the house bears the rest. A market that is
   halted is waited for."""

from __future__ import annotations

from fractions import Fraction

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.feed import Feed
from outtrade_mocks.core.floor import InterestHour
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.liquidity import Liquidity
from outtrade_mocks.core.loans import HOUR, Loans
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import NewOrder, Reject, Terms
from outtrade_mocks.core.states import TradingState


class Foreclosure(Liquidity):
    """Interest, margin calls, liquidation of margin accounts."""

    def add_instrument(self, instrument: Instrument, flow: Feed | None = None) -> None:
        """List a symbol. Raises ValueError where it is listed, or where an asset has another precision already."""
        super().add_instrument(instrument, flow)
        market = self._markets[instrument.symbol]
        market.collateral = bool(self._borrowers) and market.margined is None  # see _collateral

    # ----------------------------------------------------------- interest
    def _accrue(self) -> None:
        """An hour has begun: everybody owes its interest."""
        for account in list(self._borrowers.values()):
            loans = self._loans(account)
            for asset, loan in loans.loans.items():
                loan.accrue(loans.rules.hourly(asset))
                self._tell_loan(account, asset, "interest", "interest")
        self._interest = InterestHour()
        self._alarm((self.now // HOUR + 1) * HOUR, self._interest)
        self._examine_levels()

    # ------------------------------------------------------------- levels
    def _aftermath(self, market: Market) -> None:
        """See Waiting; then margin accounts that this has brought into trouble."""
        super()._aftermath(market)
        if self._borrowers and not self._foreclosing:
            self._examine_levels()

    def _examine_levels(self) -> None:
        """Liquidate, until nobody is left who must be, or can be: one liquidation moves prices for the next."""
        self._foreclosing = True
        stuck: set[str] = set()
        try:
            while True:
                lost = []
                for account in list(self._borrowers.values()):
                    now = self.standing(account)
                    if account.name not in stuck and now.below(self._loans(account).rules.liquidation):
                        lost.append(account)
                    else:
                        self._watch_level(account, now)
                if not lost:
                    break
                for account in lost:
                    if not self._foreclose(account):
                        stuck.add(account.name)
        finally:
            self._foreclosing = False

    def _foreclose(self, account: Account) -> bool:
        """Liquidate an account as far as that is possible now. Returns whether anything came of it."""
        loans = self._loans(account)
        before = self._debts(loans)
        moved: dict[str, Market] = {}
        ended = self._open_ids(account, None)
        if ended or self._can_trade(account):
            self._tell_margin(account, "liquidation", "liquidation")
        for order_id in ended:
            entry = self._entries.get(order_id)
            if entry is not None and entry.order is not None:
                market = moved[entry.order.symbol] = self._markets[entry.order.symbol]
                self._end(market, entry, "liquidation", "liquidation")
                super()._aftermath(market)
        step = Fraction(loans.rules.step) / (1 - Fraction(loans.rules.liquidation_fee))
        targets = {asset: loan.debt * step for asset, loan in loans.loans.items()}
        while True:
            self._pay_from_own(account, loans)
            if not self.standing(account).below(loans.rules.call):
                break
            sold = self._sell(account, loans, targets)
            if sold is None:
                break
            moved[sold.instrument.symbol] = sold
        if self.standing(account).below(loans.rules.liquidation) and self._can_trade(account):
            self._assume(account, loans)
        for market in moved.values():
            super()._aftermath(market)
        return self._debts(loans) != before

    def _debts(self, loans: Loans) -> dict[str, int]:
        return {asset: loan.debt for asset, loan in loans.loans.items()}

    def _can_trade(self, account: Account) -> bool:
        """Whether no market that the account's assets and debts have with each other is halted."""
        assets = self._assets(account)
        return all(
            market.is_open or market.state is TradingState.EXPIRED
            for market in self._markets.values()
            if market.margined is None and {market.instrument.base, market.instrument.quote} <= assets
        )

    def _assets(self, account: Account) -> set[str]:
        held = {asset for asset, balance in account.balances.items() if balance.free or balance.locked}
        return held | set(self._loans(account).loans)

    # --------------------------------------------------------- liquidation
    def _pay_from_own(self, account: Account, loans: Loans) -> None:
        for asset in list(loans.loans):
            free = account.balance(asset).free
            self._pay_back(account, asset, min(free, loans.loans[asset].debt), "liquidation")

    def _sell(self, account: Account, loans: Loans, targets: dict[str, Fraction]) -> Market | None:
        """One step: turn collateral into an asset that is owed. Returns the market; None: nothing can be sold."""
        rate = Fraction(loans.rules.liquidation_fee)
        for asset in list(loans.loans):
            target, before = targets[asset], account.balance(asset).free
            for market in self._markets.values():
                if self._trade_for(account, market, asset, target):
                    fee = int((account.balance(asset).free - before) * rate)
                    if fee:
                        self._move(account, asset, -fee, "liquidation")
                        self._insure(asset, fee, "liquidation")
                    return market
            direct = self._partners(asset)
            for market in self._markets.values():  # nothing against it: on the way over another asset
                pair = market.instrument.base, market.instrument.quote
                for middle, other in (pair, pair[::-1]):
                    reach = self.prices.rate(asset, middle)
                    if middle not in direct or other in direct or not reach:
                        continue
                    if self._trade_for(account, market, middle, target * reach):
                        return market
        return None

    def _partners(self, asset: str) -> set[str]:
        """Assets that have a spot market against ``asset``, and that asset."""
        pairs = ({m.instrument.base, m.instrument.quote} for m in self._markets.values() if m.margined is None)
        return {asset}.union(*(pair for pair in pairs if asset in pair))

    def _trade_for(self, account: Account, market: Market, asset: str, target: Fraction) -> bool:
        """Get about ``target`` atoms of ``asset`` in ``market`` for the other asset of it. Returns whether it did."""
        instrument = market.instrument
        if not market.is_open or market.margined is not None or asset not in (instrument.base, instrument.quote):
            return False
        self._sync(market)
        buy = asset == instrument.base
        pays, gets = market.clearing.sides(account, buy)
        each = instrument.lot_atoms if buy else (self.prices.rate(instrument.base, asset) or 0) * instrument.lot_atoms
        if not each or pays.free <= 0:
            return False
        wanted = -(-target // each)
        if buy:
            try:
                affordable, need = self._size(market, account, True, None, pays.free, "none")
            except Reject:
                return False
            lots = min(wanted, affordable)
        else:
            lots = min(wanted, pays.free // instrument.lot_atoms)
        lots = min(lots, instrument.top_lots)
        lots -= lots % max(1, instrument.market_step_lots)
        if lots <= 0:
            return False
        number = self._last_order_id + 1
        new = NewOrder(
            symbol=instrument.symbol, side="buy" if buy else "sell", type="market", lots=lots,
            client_id=f"liquidation-{number}",
        )  # fmt: skip
        need = self._held(market, None, pays, need if buy else market.clearing.need(False, 0, lots))
        terms = Terms(forced="liquidation")
        entry = self._accept(market, account, new, lots, pays, gets, need, terms, cause="liquidation")
        self._enter(market, entry, True, "liquidation")
        return entry.order is not None and entry.order.filled > 0

    def _assume(self, account: Account, loans: Loans) -> None:
        """The house pays all debts, and takes what they are worth."""
        rules, house, now, ledger = loans.rules, self.ledger.house, self.standing(account), self.ledger
        due = now.debts * (1 + Fraction(rules.liquidation_fee))
        share = min(Fraction(1), due / now.assets) if now.assets else Fraction(1)
        for asset, balance in sorted(account.balances.items()):  # in what order they were touched is not remembered
            part = -(-balance.free * share.numerator // share.denominator)
            if part and self.prices.rate(asset, rules.reference):
                self._move(account, asset, -part, "liquidation")
                house.balance(asset).free += part
        for asset in list(loans.loans):
            debt = loans.loans[asset].debt
            interest = loans.loans[asset].repay(debt)
            ledger.interest[asset] = ledger.interest.get(asset, 0) + interest
            ledger.pool[asset] += debt - interest
            house.balance(asset).free -= debt
            self._tell_loan(account, asset, "takeover", "liquidation")
        gained = int(share * now.assets - now.debts)
        fund = ledger.insurance.get(rules.reference, 0)
        paid = max(gained, -fund)
        house.balance(rules.reference).free -= paid
        self._insure(rules.reference, paid, "liquidation")
        self._tell_margin(account, "takeover", "liquidation")
        for asset in list(loans.loans):
            self._settled(account, asset)
