"""Clearing of contracts: a trade changes positions, only profit, fees and isolated margin move money.

Nothing is locked for an order here: whether an account may trade is decided by its margin as a whole (``margin``), so
``need`` is always 0. For a trade of a value of N atoms, ``carried`` moves by N from one side to the other; profit is
realised from ``carried`` into the wallet. So for each asset the sum of wallets, isolated margins, carried of all
positions and of the house, fees and insurance stays constant to the atom (``positions``, ``ledger``).

Rules: the fee is a fraction of the value, rounded down, paid from the wallet, of isolated positions as well (Binance
USD-M; *inferred* for others). An isolated position takes value / leverage, rounded up, from the wallet for what a trade
opens, and gives back its share for what a trade closes. Orders that the venue makes pay no trading fee: liquidation has
a fee of its own (*inferred*). The house has one position, keeps everything in ``carried``, and never realises.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.ledger import Ledger
from outtrade_mocks.core.positions import Portfolio, Position, PositionSide, traded

if TYPE_CHECKING:
    from outtrade_mocks.core.tariffs import Charges


class Margined:
    """The money side of one market of contracts; see ``clearing.Clearing``."""

    __slots__ = (
        "_ledger", "changed", "charged", "charges", "funding", "holders", "house_carried", "house_lots", "instrument",
        "realised", "seen",
    )  # fmt: skip

    def __init__(self, ledger: Ledger, instrument: Instrument) -> None:
        self._ledger = ledger
        self.instrument = instrument
        self.house_lots = 0
        """The house's position, with sign, and what its trades moved."""
        self.house_carried = 0
        self.holders: dict[str, Account] = {}
        """Accounts with a position, by name."""
        self.funding: Fraction | None = None
        """The rate that the next funding payment uses; None: not published."""
        self.seen: int | None = None
        """The mark price at which the holders were last looked at."""
        self.changed: Position | None = None
        """The position after the trade settled last."""
        self.realised = 0
        """What that trade realised."""
        self.charges: Charges | None = None
        """What accounts are charged by fee schedules; None: the instrument's rates."""
        self.charged: Balance | None = None
        """The balance other than the wallet that paid that trade's fee."""

    # ------------------------------------------------------------- orders
    def sides(self, account: Account, buy: bool) -> tuple[Balance, Balance]:
        """See Clearing: the wallet in both directions."""
        wallet = account.balance(self.instrument.settle)
        return wallet, wallet

    def need(self, buy: bool, price: int, lots: int) -> int:
        """See Clearing: nothing is locked."""
        return 0

    def value(self, price: int, lots: int) -> int:
        """See Clearing: the contracts' value in atoms of the settlement asset."""
        return self.instrument.notional(price, lots)

    def lock(self, entry: Entry, now: int) -> Balance:
        """See Clearing: nothing is locked."""
        assert entry.pays is not None
        return entry.pays

    # ------------------------------------------------------------- trades
    def settle(self, entry: Entry, lots: int, quote: int, maker: bool, now: int) -> int:
        """See Clearing; the position goes to ``changed``."""
        account, wallet, order, instrument = entry.account, entry.gets, entry.order, self.instrument
        assert account is not None and wallet is not None and order is not None and account.portfolio is not None
        terms = order.terms
        side: PositionSide = "net" if terms is None or terms.position_side is None else terms.position_side
        held = self.held(account.portfolio, account.name, side, now)
        signed = lots if entry.buy else -lots
        trade = traded(held, signed, quote, inverse=instrument.inverse)
        charged, fee = wallet, 0
        if terms is None or not terms.forced:
            if self.charges is None:
                fee = (instrument.maker_rate if maker else instrument.taker_rate).fee(quote)
            else:
                charged, fee = self.charges.fee(account, wallet, quote, maker=maker, buy=entry.buy, now=now)
        if fee:
            fees = self._ledger.fees
            fees[charged.asset] = fees.get(charged.asset, 0) + fee
        self.charged = None
        if charged is not wallet:
            self.charged = charged
            charged.free -= fee
            charged.note(now)
        own = fee if charged is wallet else 0
        added = -(-trade.opened // held.leverage) if held.isolated else 0
        wallet.free += trade.realised + trade.released - added - own
        wallet.note(now)
        fresh = held.lots == 0 or (trade.lots != 0 and (trade.lots > 0) != (held.lots > 0))
        position = Position(
            account.name, instrument.symbol, side, trade.lots, trade.carried, held.margin - trade.released + added,
            held.isolated, held.leverage, 0 if fresh else held.realised + trade.realised,
            own if fresh else held.fees + own, 0 if fresh else held.funding, now if fresh else held.opened, now,
        )  # fmt: skip
        self.keep(account, position)
        self.changed, self.realised = position, trade.realised
        return fee

    def settle_house(self, lots: int, quote: int, *, buy: bool) -> None:
        """See Clearing."""
        self.house_lots += lots if buy else -lots
        self.house_carried += quote if buy == self.instrument.inverse else -quote

    # ---------------------------------------------------------- positions
    def held(self, portfolio: Portfolio, name: str, side: PositionSide, now: int) -> Position:
        """The position of that side, an empty one where there is none."""
        symbol = self.instrument.symbol
        found = portfolio.position(symbol, side)
        if found is None:
            setting = portfolio.settings[symbol]
            found = Position(name, symbol, side, 0, 0, 0, setting.isolated, setting.leverage, opened=now, updated=now)
        return found

    def keep(self, account: Account, position: Position) -> None:
        """Add the newest snapshot of a position."""
        portfolio = account.portfolio
        assert portfolio is not None
        portfolio.positions.setdefault((position.symbol, position.side), []).append(position)
        if position.lots:
            self.holders[account.name] = account
        elif not portfolio.held(position.symbol):
            self.holders.pop(account.name, None)

    def positions(self) -> Iterator[tuple[Account, Position]]:
        """Open positions of accounts, by name of account, then in the order in which their sides were first held."""
        for name in sorted(self.holders):
            account = self.holders[name]
            assert account.portfolio is not None
            for position in account.portfolio.held(self.instrument.symbol):
                yield account, position
