"""Borrowing and repaying: how money gets from the lending pool into a margin account and back.

The pool is the house's: ``ledger.pool`` counts what is lent out of each asset (below 0) and ``ledger.interest`` what
was earned with it, so that accounts, house, fees, insurance, pool and interest add up to the same at every event, and
the pool is always what accounts owe as principal. It lends without limit, except for ``MarginRules.caps``.

An order may borrow what it lacks when it is accepted, and repay with what it brings in, fill by fill, after each fill
(Binance sideEffectType MARGIN_BUY, AUTO_REPAY, AUTO_BORROW_REPAY). What it borrowed and can no longer spend, because
it was cancelled or expired, is paid back (Binance autoRepayAtCancel, whose default is true). A trigger order borrows
when its money is locked, which may be when it is triggered (``Practice.reserve``).

Events: ``LoanChange`` for every change of a debt; the money itself as ``BalanceChange`` with the cause borrow,
interest or repay. What is owed and what it stands against is valued at fair prices (``valuation``).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.events import Cause, LoanChange, LoanWhy, MarginChange, MarginWhy
from outtrade_mocks.core.floor import InterestHour
from outtrade_mocks.core.holdings import Holdings
from outtrade_mocks.core.loans import HOUR, Loan, Loans, MarginRules, Standing
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import BORROWS, REPAYS, Malformed, NewOrder, Reject, RejectReason, Terms
from outtrade_mocks.core.practice import Practice


class Borrowing(Holdings):
    """Debts of margin accounts."""

    def __init__(self, *, now: int, practice: Practice | None = None) -> None:
        super().__init__(now=now, practice=practice)
        self._borrowers: dict[str, Account] = {}
        """Accounts that owe something, by name, in the order in which they began to."""
        self._interest: InterestHour | None = None
        """The hour for which everybody waits; None: nobody owes anything."""
        self._foreclosing = False

    # ----------------------------------------------------------- requests
    def open_margin(self, account: Account, rules: MarginRules) -> None:
        """Make ``account`` a margin account, or change the rules of one that owes nothing. Raises ValueError where it
        owes something, has open orders or ever traded contracts, on an isolated symbol that is no spot market here, and
        on assets that are not traded."""
        self._known(account)
        if not isinstance(rules, MarginRules):
            raise ValueError("the rules of a margin account are MarginRules")
        if account.portfolio is not None:
            raise ValueError(f"{account.name} trades contracts; its margin is theirs")
        if account.working or (account.loans is not None and account.loans.loans):
            raise ValueError(f"{account.name} has open orders or debts")
        if rules.symbol is not None and rules.symbol not in self._markets:
            raise ValueError(f"{rules.symbol!r} is not traded here")
        if rules.symbol is not None and self._markets[rules.symbol].margined is not None:
            raise ValueError(f"{rules.symbol!r} is no spot market")
        traded = {a for m in self._markets.values() for a in (m.instrument.base, m.instrument.quote)}
        for asset in (rules.reference, *rules.rates):
            if asset not in traded:
                raise ValueError(f"{asset!r} is not traded here")
        account.loans = Loans(rules)

    def borrow(self, account: Account, asset: str, atoms: int) -> None:
        """Borrow ``atoms`` of ``asset``; the interest of the first hour is owed at once. Raises Reject: ACCOUNT_TYPE,
        BORROW_ASSET, BORROW_LIMIT; Malformed."""
        try:
            self._known(account)
            _amount(atoms)
            self._check_borrow(account, asset, atoms)
        except Reject as refusal:
            raise self._refuse(account, "borrow", None, refusal) from None
        self._lend(account, asset, atoms, "request")
        self._flush()

    def repay(self, account: Account, asset: str, atoms: int | None = None) -> None:
        """Pay back ``atoms`` of ``asset`` (None: all that is owed), interest first. Raises Reject: ACCOUNT_TYPE,
        NO_LOAN, REPAY_EXCEEDS, INSUFFICIENT_BALANCE; Malformed."""
        try:
            self._known(account)
            loan = self._loans(account).loans.get(asset) if isinstance(asset, str) else None
            if loan is None:
                raise Reject(RejectReason.NO_LOAN, f"no {asset!r} is owed")
            atoms = loan.debt if atoms is None else atoms
            _amount(atoms)
            if atoms > loan.debt:
                raise Reject(RejectReason.REPAY_EXCEEDS, f"less {asset} is owed")
            if atoms > account.balance(asset).free:
                raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {asset} than is free")
        except Reject as refusal:
            raise self._refuse(account, "repay", None, refusal) from None
        self._pay_back(account, asset, atoms, "repay")
        self._flush()

    def transfer(self, source: Account, target: Account, asset: str, atoms: int) -> None:
        """Move money between two accounts of this exchange: a customer's own, in and out of margin. Raises Reject:
        ACCOUNT_TYPE (an isolated account takes its two assets only), INSUFFICIENT_BALANCE, TRANSFER_LEVEL where a
        margin account would not keep the level its rules demand; Malformed."""
        try:
            self._known(source)
            self._known(target)
            _amount(atoms)
            if source is target or not isinstance(asset, str):
                raise Malformed("a transfer is of an asset, to another account")
            if target.loans is not None:
                self._check_asset(target.loans, asset)
            balance = source.balances.get(asset)
            if balance is None or atoms > self._spare(source, balance):
                raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {asset} than is free")
            if source.loans is not None and source.loans.loans:
                rules, now = source.loans.rules, self.standing(source)
                less = atoms * (self.prices.rate(asset, rules.reference) or 0)
                if now.assets - less < now.debts * Fraction(rules.transfer):
                    raise Reject(RejectReason.TRANSFER_LEVEL, f"the margin level would be below {rules.transfer}")
        except Reject as refusal:
            raise self._refuse(source, "transfer", None, refusal) from None
        self._move(source, asset, -atoms, "transfer")
        self._move(target, asset, atoms, "transfer")
        self._watch_level(target)
        self._flush()

    # ------------------------------------------------------------ queries
    def standing(self, account: Account) -> Standing:
        """What a margin account has and owes now. Raises Reject(ACCOUNT_TYPE)."""
        loans, rate = self._loans(account), self.prices.rate
        reference = loans.rules.reference
        assets = debts = Fraction(0)
        for asset, balance in account.balances.items():
            held = balance.free + balance.locked
            if held:
                assets += held * (rate(asset, reference) or 0)
        for asset, loan in loans.loans.items():
            debts += loan.debt * (rate(asset, reference) or 0)
        return Standing(assets, debts)

    def margin_level(self, account: Account) -> Fraction | None:
        """Assets / debts; None where nothing is owed. Raises Reject(ACCOUNT_TYPE)."""
        return self.standing(account).level

    def max_borrow(self, account: Account, asset: str) -> int:
        """The most atoms of ``asset`` that may be borrowed now. Raises Reject: ACCOUNT_TYPE, BORROW_ASSET."""
        loans = self._loans(account)
        rules = loans.rules
        if not isinstance(asset, str) or asset not in rules.rates:
            raise Reject(RejectReason.BORROW_ASSET, f"{asset!r} is not lent")
        self._check_asset(loans, asset)
        price = self.prices.rate(asset, rules.reference)
        if not price:
            return 0
        most = self.standing(account).room(rules.initial) / price
        found = most.numerator // most.denominator
        if asset in rules.caps:
            cap = Fraction(rules.caps[asset]) * 10 ** self.precisions.get(asset, 8)
            owed = loans.loans[asset].principal if asset in loans.loans else 0
            found = min(found, cap.numerator // cap.denominator - owed)
        return max(0, found)

    # ----------------------------------------------------- checks of ours
    def _loans(self, account: Account) -> Loans:
        if not isinstance(account, Account) or account.loans is None:
            raise Reject(RejectReason.ACCOUNT_TYPE, "this is no margin account")
        return account.loans

    def _check_asset(self, loans: Loans, asset: str) -> None:
        """An isolated account knows the two assets of its symbol only."""
        symbol = loans.rules.symbol
        if symbol is None:
            return
        instrument = self._markets[symbol].instrument
        if asset not in (instrument.base, instrument.quote):
            raise Reject(RejectReason.ACCOUNT_TYPE, f"an isolated account of {symbol} takes no {asset!r}")

    def _check_borrow(self, account: Account, asset: str, atoms: int) -> None:
        """Whether the account may borrow that much; and would not be liquidated for the first hour's interest, which
        an asset of few decimals rounds up a lot (*inferred*). Raises Reject."""
        if atoms > self.max_borrow(account, asset):
            raise Reject(RejectReason.BORROW_LIMIT, f"so much {asset} may not be borrowed")
        loans, now = self._loans(account), self.standing(account)
        before, price = loans.loans.get(asset, Loan()), self.prices.rate(asset, loans.rules.reference) or 0
        after = Loan(before.principal, before.accrued)
        after.borrow(atoms, loans.rules.hourly(asset))
        then = Standing(now.assets + atoms * price, now.debts + (after.debt - before.debt) * price)
        if then.below(loans.rules.liquidation):
            raise Reject(RejectReason.BORROW_LIMIT, f"the interest on so much {asset} would cost the margin level")

    def _check_margin_order(self, loans: Loans, market: Market) -> None:
        """Whether a margin account trades there. Raises Reject(ACCOUNT_TYPE)."""
        if market.margined is not None or loans.rules.symbol not in (None, market.instrument.symbol):
            raise Reject(RejectReason.ACCOUNT_TYPE, f"this margin account does not trade {market.instrument.symbol}")

    # ------------------------------------------------------------- orders
    def _lacks(self, account: Account, new: NewOrder, pays: Balance, short: int) -> None:
        """An order needs ``short`` atoms more than there are. Raises Reject where it does not borrow, or may not."""
        if new.side_effect not in BORROWS:
            raise Reject(RejectReason.INSUFFICIENT_BALANCE, f"needs more {pays.asset} than is free")
        self._check_borrow(account, pays.asset, short)

    def _borrow_first(self, terms: Terms, account: Account, pays: Balance, need: int) -> int:
        """Borrow what a new order lacks; it was checked. Returns the atoms borrowed."""
        short = need - pays.free
        if short <= 0 or terms.side_effect not in BORROWS:
            return 0
        self._lend(account, pays.asset, short, "request")
        return short

    def _covers(self, entry: Entry, short: int, cause: Cause) -> bool:
        """Whether an order that waited and lacks ``short`` atoms now borrows them."""
        order, account, pays = entry.order, entry.account, entry.pays
        assert order is not None and account is not None and pays is not None
        if order.terms is None or order.terms.side_effect not in BORROWS:
            return False
        try:
            self._check_borrow(account, pays.asset, short)
        except Reject:
            return False
        assert entry.special is not None
        self._lend(account, pays.asset, short, cause)
        entry.special.borrowed += short
        return True

    def _repay_received(self, entry: Entry, received: int) -> None:
        """A fill brought ``received`` atoms in: they pay back what is owed of that asset."""
        account, gets, order = entry.account, entry.gets, entry.order
        assert account is not None and gets is not None and order is not None and order.terms is not None
        if account.loans is None or order.terms.side_effect not in REPAYS:
            return
        loan = account.loans.loans.get(gets.asset)
        if loan is not None:
            self._pay_back(account, gets.asset, min(received, gets.free, loan.debt), "repay")

    def _give_back(self, entry: Entry) -> None:
        """An order is over: what it borrowed and did not spend is paid back; of a market order, the part of it that was
        not filled (*inferred*)."""
        special, account, pays = entry.special, entry.account, entry.pays
        assert special is not None and account is not None and pays is not None
        borrowed, special.borrowed = special.borrowed, 0
        loan = None if account.loans is None else account.loans.loans.get(pays.asset)
        if loan is None:
            return
        order = entry.order
        assert order is not None
        market = self._markets[order.symbol]
        if order.price is not None or not entry.buy:
            unspent = market.clearing.need(entry.buy, order.price or 0, order.remaining)
        else:
            unspent = borrowed * order.remaining // order.lots
        self._pay_back(account, pays.asset, min(borrowed, unspent, pays.free, loan.debt), "repay")

    # -------------------------------------------------------------- money
    def _move(self, account: Account, asset: str, atoms: int, cause: Cause) -> None:
        """Change what is free of a balance, and tell it."""
        balance = account.balance(asset)
        balance.free += atoms
        if balance.free < 0 and account.portfolio is None:
            raise AssertionError(f"{asset} of {account.name} overdrawn by {cause}")
        balance.note(self.now)
        self._tell_balance(account, cause, balance)

    def _lend(self, account: Account, asset: str, atoms: int, cause: Cause) -> None:
        loans = self._loans(account)
        loan = loans.loans.get(asset)
        if loan is None:
            loan = loans.loans[asset] = Loan()
        loan.borrow(atoms, loans.rules.hourly(asset))
        self.ledger.pool[asset] = self.ledger.pool.get(asset, 0) - atoms
        self._tell_loan(account, asset, "borrow", cause)
        self._move(account, asset, atoms, "borrow")
        self._borrowers[account.name] = account
        self._collateral(True)
        if self._interest is None:
            self._interest = InterestHour()
            self._alarm((self.now // HOUR + 1) * HOUR, self._interest)

    def _pay_back(self, account: Account, asset: str, atoms: int, cause: Cause) -> None:
        """Pay back ``atoms``, which are owed and free."""
        if not atoms:
            return
        loans, ledger = self._loans(account), self.ledger
        interest = loans.loans[asset].repay(atoms)
        ledger.interest[asset] = ledger.interest.get(asset, 0) + interest
        ledger.pool[asset] += atoms - interest
        self._tell_loan(account, asset, "repay", cause)
        if interest:
            self._move(account, asset, -interest, "interest")
        if atoms > interest:
            self._move(account, asset, interest - atoms, cause)
        self._settled(account, asset)

    def _settled(self, account: Account, asset: str) -> None:
        """Forget a loan on which nothing is owed."""
        loans = self._loans(account)
        if not loans.loans[asset].debt:
            del loans.loans[asset]
        if not loans.loans:
            self._borrowers.pop(account.name, None)
            self._watch_level(account)
        if not self._borrowers:
            self._collateral(False)
            if self._interest is not None:
                self._interest.alive = False
                self._interest = None

    def _collateral(self, lent: bool) -> None:
        """While anybody owes anything, each price of each spot market counts at its time."""
        for market in self._markets.values():
            market.collateral = lent and market.margined is None

    def _tell_loan(self, account: Account, asset: str, why: LoanWhy, cause: Cause) -> None:
        loans = self._loans(account)
        loan = loans.loans[asset]
        told = LoanChange(account.name, asset, loan.principal, loan.interest, why, self.now, cause)
        loans.history.append(told)
        if self._callbacks:
            self._out.append(told)

    def _watch_level(self, account: Account, now: Standing | None = None) -> None:
        """Tell where the account's level has fallen to the margin call, or is above it again. ``now``: its standing."""
        loans = account.loans
        if loans is not None:
            low = bool(loans.loans) and (now or self.standing(account)).below(loans.rules.call)
            if low != loans.called:
                loans.called = low
                self._tell_margin(account, "call" if low else "safe", "market")

    def _tell_margin(self, account: Account, why: MarginWhy, cause: Cause) -> None:
        """Tell what an account has and owes."""
        if self._callbacks:
            now, reference = self.standing(account), self._loans(account).rules.reference
            told = MarginChange(account.name, why, reference, floor(now.assets), ceil(now.debts), self.now, cause)
            self._out.append(told)


def _amount(atoms: int) -> None:
    if type(atoms) is not int or atoms <= 0:
        raise Malformed(f"an amount of {atoms!r} atoms")
