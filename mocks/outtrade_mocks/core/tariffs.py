"""Fee schedules at work: whose trades in which market are charged how, and what an account traded in the last days.

``Exchange.tariffs`` knows which schedule holds for whom; the most specific one decides: account and symbol, account,
symbol, all. A market in which any schedule may hold is cleared by ``Tariffed`` instead of ``Spot``, so a market without
one pays nothing for this; contracts ask ``Charges.fee``. What an account is charged in a market is worked out once and
kept as a ``Plan`` until its tier may change.

On contracts a fee is a fraction of the value traded, in the settlement asset, a discount token aside; the value is the
volume that counts, in the settlement asset or at its price in the schedule's reference.

    >>> from decimal import Decimal
    >>> from outtrade_mocks.core import Exchange, Instrument, NewOrder
    >>> from outtrade_mocks.core.fees import FeeSchedule, FeeTier, Rates
    >>> abc = Instrument(symbol="ABC/USD", base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1),
    ...     base_precision=0, quote_precision=0)
    >>> exchange = Exchange([abc], now=0, seed=1)
    >>> anna = exchange.open_account("anna", {"USD": 100_000})
    >>> bert = exchange.open_account("bert", {"ABC": 1_000})
    >>> rates = FeeTier(rates=Rates(maker=Decimal("-0.01"), taker=Decimal("0.02")))
    >>> exchange.tariffs.charge(FeeSchedule(tiers=(rates,), asset="quote"))
    >>> _ = exchange.place(bert, NewOrder(symbol="ABC/USD", side="sell", price=100, lots=10))
    >>> _ = exchange.place(anna, NewOrder(symbol="ABC/USD", side="buy", type="market", lots=10))
    >>> anna.balance("USD").free, bert.balance("USD").free, exchange.ledger.fees
    (98980, 1010, {'USD': 10})
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.clearing import Spot
from outtrade_mocks.core.fees import WINDOW, FeeSchedule, FeeTier, Rate, Rates
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.valuation import Prices

DAY = 86_400_000_000_000


class Charge(NamedTuple):
    """The rates of one role on one side: in full, and where the fee is paid in the discount's token."""

    full: Rate
    discounted: Rate


class Plan:
    """What an account is charged in one market from here on."""

    __slots__ = ("charges", "in_quote", "key", "rebate_paid", "review", "tiers", "token", "top", "until")

    def __init__(self, schedule: FeeSchedule, key: str, token: Balance | None) -> None:
        self.key = key
        """The asset in which the schedule counts volume."""
        self.in_quote = schedule.asset == "quote"
        self.rebate_paid = schedule.rebate == "paid"
        self.token = token
        """The account's balance of the discount's asset."""
        self.tiers = len(schedule.tiers) > 1
        self.review = schedule.review == "trade"
        self.top: int | None = None
        """The volume (atoms of ``key``) at which the next tier begins."""
        self.until = 0
        """Time in ns at which the tier is looked up again."""
        self.charges: tuple[tuple[Charge, Charge], tuple[Charge, Charge]]
        """Indexed by [maker][buy]."""

    def set_tier(self, schedule: FeeSchedule, tier: FeeTier) -> None:
        """Take over a tier's rates."""

        def charge(maker: bool, buy: bool) -> Charge:
            full = schedule.rate(tier, maker=maker, buy=buy)
            return Charge(Rate.of(full), Rate.of(schedule.rate(tier, maker=maker, buy=buy, discounted=True)))

        self.charges = (
            (charge(False, False), charge(False, True)),
            (charge(True, False), charge(True, True)),
        )


class Tariffs:
    """The fee schedules of an exchange."""

    def __init__(self, markets: dict[str, Market], precisions: dict[str, int], ledger: Ledger, prices: Prices) -> None:
        self._markets = markets
        self._precisions = precisions
        self._ledger = ledger
        self.prices = prices
        self.schedules: dict[tuple[str | None, str | None], FeeSchedule] = {}
        """(account, symbol) -> schedule, None for all."""

    def charge(self, schedule: FeeSchedule, *, account: str | None = None, symbol: str | None = None) -> None:
        """Charge trades of ``account`` (None: all) in ``symbol`` (None: all) by ``schedule`` from now on;
        it replaces one that was given for the same. Raises ValueError where orders of accounts are open and fees in
        quote, which are part of what they lock, change; on a symbol that is not listed, and on what is no schedule or
        name."""
        if not isinstance(schedule, FeeSchedule) or not (account is None or isinstance(account, str)):
            raise ValueError("trades of an account, by its name, are charged by a FeeSchedule")
        if symbol is not None and symbol not in self._markets:
            raise ValueError(f"{symbol!r} is not listed")
        schedules = self.schedules | {(account, symbol): schedule}
        for market in self._markets.values():
            name = market.instrument.symbol
            open_orders = market.own_entries or market.watches is not None or market.waiting
            if open_orders and symbol in (None, name) and _worst(schedules, name) != _worst(self.schedules, name):
                raise ValueError(f"fees change while orders are open in {name}")
        self.schedules = schedules
        for market in self._markets.values():
            self.listed(market)

    def listed(self, market: Market) -> None:
        """A market is listed, or schedules have changed: it is cleared by what may hold in it."""
        symbol = market.instrument.symbol
        held = [schedule for (_, of), schedule in self.schedules.items() if of in (None, symbol)]
        if held and market.margined is not None:
            market.margined.charges = Charges(self, symbol)
        elif held:
            worst = _worst(self.schedules, symbol)
            tokens = frozenset(schedule.discount.asset for schedule in held if schedule.discount is not None)
            market.clearing = market.tariffed = Tariffed(self._ledger, market.instrument, self, worst, tokens)

    def of(self, account: str, symbol: str) -> FeeSchedule | None:
        """The schedule of an account in a market; None: the instrument's own rates."""
        schedules = self.schedules
        for key in ((account, symbol), (account, None), (None, symbol), (None, None)):
            found = schedules.get(key)
            if found is not None:
                return found
        return None

    def volume(self, account: Account, asset: str, now: int, *, today: bool = True) -> int:
        """Atoms of ``asset`` that an account's trades count for a schedule that counts in it: of the present UTC day
        and the 29 before it, or (``today`` False) of the 30 before the present day."""
        day = now // DAY
        first = day - WINDOW + today
        days = account.volumes.get(asset, {})
        return sum(atoms for one, atoms in days.items() if first <= one < day + today)

    def rates(self, account: Account, symbol: str, now: int) -> Plan:
        """What the account is charged in ``symbol`` at ``now``. Raises KeyError on a symbol that is not listed."""
        market = self._markets[symbol]
        schedule = self.of(account.name, symbol)
        return self._plan(account, market.instrument, schedule or _own(market.instrument), now)

    def _plan(self, account: Account, instrument: Instrument, schedule: FeeSchedule, now: int) -> Plan:
        key = schedule.reference or (instrument.settle if instrument.derivative else instrument.quote)
        discount = schedule.discount
        plan = Plan(schedule, key, None if discount is None else account.balance(discount.asset))
        done = self.volume(account, key, now, today=plan.review)
        tier, unit = schedule.tiers[0], 10 ** self._precisions.get(key, 8)
        for other in schedule.tiers[1:]:
            need = Fraction(other.volume) * unit
            if done < need:
                plan.top = -(-need.numerator // need.denominator)
                break
            tier = other
        plan.until = (now // DAY + 1) * DAY
        plan.set_tier(schedule, tier)
        return plan

    def counted(self, account: Account, plan: Plan, quote: str, atoms: int, now: int) -> None:
        """A trade of ``atoms`` of ``quote`` adds to the account's volume; without a price it does not (*inferred*)."""
        if plan.key != quote:
            rate = self.prices.rate(quote, plan.key)
            atoms = 0 if rate is None else atoms * rate.numerator // rate.denominator
        days, day = account.volumes.setdefault(plan.key, {}), now // DAY
        if day not in days:
            for old in [one for one in days if one < day - WINDOW]:
                del days[old]
        days[day] = days.get(day, 0) + atoms
        if plan.review and plan.top is not None and self.volume(account, plan.key, now) >= plan.top:
            for market in self._markets.values():
                charges = market.charges
                if charges is not None:
                    charges.plans.pop(account.name, None)

    def in_token(self, plan: Plan, asset: str, amount: int, rate: Rate) -> int | None:
        """Atoms of the plan's token for a fee of ``rate`` on ``amount`` atoms of ``asset``; None without a price."""
        assert plan.token is not None
        price = self.prices.rate(asset, plan.token.asset)
        if price is None:
            return None
        due = price * amount * Fraction(rate.numerator, rate.denominator)
        return due.numerator // due.denominator


class Charges:
    """The plans of one market."""

    __slots__ = ("_symbol", "_tariffs", "plans")

    def __init__(self, tariffs: Tariffs, symbol: str) -> None:
        self._tariffs = tariffs
        self._symbol = symbol
        self.plans: dict[str, Plan] = {}
        """Account -> its plan."""

    def plan(self, account: Account, now: int) -> Plan:
        """The account's plan at ``now``."""
        plan = self.plans.get(account.name)
        if plan is None or plan.until <= now:
            plan = self.plans[account.name] = self._tariffs.rates(account, self._symbol, now)
        return plan

    def fee(
        self, account: Account, wallet: Balance, value: int, *, maker: bool, buy: bool, now: int
    ) -> tuple[Balance, int]:
        """For a trade of contracts worth ``value`` atoms of ``wallet``'s asset: the balance that pays the fee, and the
        fee (below 0: a rebate). Counts the volume."""
        plan = self.plan(account, now)
        rates, charged = plan.charges[maker][buy], wallet
        fee = rates.full.fee(value)
        if plan.token is not None and fee > 0:
            tokens = self._tariffs.in_token(plan, wallet.asset, value, rates.discounted)
            if tokens is not None and plan.token.free >= tokens:
                charged, fee = plan.token, tokens
        if plan.tiers:
            self._tariffs.counted(account, plan, wallet.asset, value, now)
        return charged, fee


class Tariffed(Spot):
    """A spot market in which fee schedules hold; see ``clearing.Clearing``."""

    __slots__ = ("_tariffs", "_tokens", "charges", "worst")

    def __init__(
        self, ledger: Ledger, instrument: Instrument, tariffs: Tariffs, worst: Fraction, tokens: frozenset[str]
    ) -> None:
        super().__init__(ledger, instrument)
        self._tariffs = tariffs
        self._tokens = tokens
        self.worst = Rate.of(worst)
        """The highest rate that a buy pays in quote beside its cost."""
        self.charges = Charges(tariffs, instrument.symbol)

    def need(self, buy: bool, price: int, lots: int) -> int:
        """See Clearing; a fee in quote comes on top of what a buy costs."""
        return self.outlay(self.instrument.cover(price, lots)) if buy else lots * self.instrument.lot_atoms

    def outlay(self, cost: int) -> int:
        """What a buy that costs ``cost`` atoms may take from the account, the fee included."""
        worst = self.worst
        return cost + -(-cost * worst.numerator // worst.denominator)

    def within(self, budget: int) -> int:
        """The most a buy may cost so that it takes no more than ``budget`` atoms with its fee."""
        worst = self.worst
        return budget * worst.denominator // (worst.denominator + worst.numerator)

    def keeps(self, pays: Balance) -> bool:
        """Whether a market order locks what it needs, lest fees in a token take it away while it trades."""
        return pays.asset in self._tokens

    def lock(self, entry: Entry, now: int) -> Balance:
        """See Clearing; a market order that buys keeps what it has locked."""
        if entry.buy and not entry.price:
            assert entry.pays is not None
            return entry.pays
        return super().lock(entry, now)

    def settle(self, entry: Entry, lots: int, quote: int, maker: bool, now: int) -> int:
        """See Clearing; the asset of the fee is that of ``charged``."""
        gets, pays, account, instrument = entry.gets, entry.pays, entry.account, self.instrument
        assert gets is not None and pays is not None and account is not None
        buy, plan = entry.buy, self.charges.plan(account, now)
        base = lots * instrument.lot_atoms
        received, paid = (base, quote) if buy else (quote, base)
        rates = plan.charges[maker][buy]
        charged, amount = gets, received
        if plan.in_quote:
            charged, amount = (pays if buy else gets), quote
        elif plan.rebate_paid and rates.full.numerator < 0:
            charged, amount = pays, paid
        fee = rates.full.fee(amount)

        left = entry.total
        if not entry.locked or not left:
            need = 0
        elif entry.price or not buy:
            need = self.need(buy, entry.price, left)
        else:
            need = max(0, entry.locked - paid - paid * self.worst.numerator // self.worst.denominator)
        released = entry.locked - need
        entry.locked = need
        gets.free += received
        pays.free += released - paid
        pays.locked -= released
        if plan.token is not None and fee > 0:
            tokens = self._tariffs.in_token(plan, charged.asset, amount, rates.discounted)
            if tokens is not None and plan.token.free >= tokens:
                charged, fee = plan.token, tokens
        charged.free -= fee
        for balance in (gets, pays) if charged is gets or charged is pays else (gets, pays, charged):
            balance.note(now)
        self.charged = charged
        if fee:
            fees = self._ledger.fees
            fees[charged.asset] = fees.get(charged.asset, 0) + fee
        if plan.tiers:
            self._tariffs.counted(account, plan, instrument.quote, quote, now)
        return fee


def _worst(schedules: dict[tuple[str | None, str | None], FeeSchedule], symbol: str) -> Fraction:
    """The highest rate that a buy in a market may have to pay in quote beside its cost."""
    held = (schedule for (_, of), schedule in schedules.items() if of in (None, symbol))
    return max((schedule.worst for schedule in held if schedule.asset == "quote"), default=Fraction(0))


def _own(instrument: Instrument) -> FeeSchedule:
    """The instrument's own rates as a schedule."""
    return FeeSchedule(tiers=(FeeTier(rates=Rates(maker=instrument.maker_fee, taker=instrument.taker_fee)),))
