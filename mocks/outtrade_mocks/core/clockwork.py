"""Time: the market acts, orders reach their end, countdowns run out, sessions begin and end, prices are published.

Time is an argument: ``advance`` is the only way in which it passes, and ``next_time`` tells when it is worth calling.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from heapq import heappop

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.doors import Doors
from outtrade_mocks.core.events import Cause, CountdownChange, CountdownWhy
from outtrade_mocks.core.floor import Countdown, FundingTime, InterestHour, Planned, Timed, order_of
from outtrade_mocks.core.flow import NEVER
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import ExpiredBy, Malformed, Reject
from outtrade_mocks.core.states import TradingState

_ENDS: dict[str, ExpiredBy] = {"GTD": "gtd", "DAY": "day", "OPG": "auction", "CLS": "auction"}


class Clockwork(Doors):
    """What happens by itself."""

    def advance(self, now: int) -> None:
        """Let time pass: the market acts at its own times up to and including ``now`` (ns). Time never goes back."""
        if type(now) is not int or now < self.now:
            raise ValueError(f"time goes back from {self.now} to {now}, or is none")
        if self._timers and self._timers[0][0] <= now:
            self._ring(now)
        lively: list[Market] = []
        for market in self._moving:
            if market.own_entries or market.vigilant:
                lively.append(market)
            else:
                self._let_pass(market, now + 1)
        while lively:
            market = min(lively, key=Market.first_touch)
            time = market.first_touch()
            if time > now:
                break
            self._let_pass(market, time)
            self.now = time
            self._act(market, self._pop(market))
        for market in lively:
            self._let_pass(market, now + 1)
        self.now = now
        if self._out:
            self._flush()

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice by itself (ns): a trade, an end, a planned
        change of state; None while none is to come. Ask again after every call."""
        times = [market.first_touch() for market in self._moving]
        timers = self._timers
        while timers and not self._ticks(timers[0][2]):
            heappop(timers)
        if timers:
            times.append(timers[0][0])
        soonest = min(times, default=NEVER)
        return None if soonest == NEVER else soonest

    def _ring(self, now: int) -> None:
        """Do what is due at its own time, up to ``now``; at one time the market acts first, then trading states change,
        then orders end (so that those of a session are in its closing auction), instruments last."""
        timers = self._timers
        while timers and timers[0][0] <= now:
            time = timers[0][0]
            due = []
            while timers and timers[0][0] == time:
                due.append(heappop(timers)[2])
            self.advance(time)
            for one in sorted(due, key=_rank):
                if not self._ticks(one):
                    continue
                if isinstance(one, Planned):
                    self._on_plan(one)
                elif isinstance(one, FundingTime):
                    self._pay_funding(one.symbol)
                elif isinstance(one, InterestHour):
                    self._accrue()
                elif isinstance(one, Countdown):
                    self._countdowns.pop((one.account.name, one.symbol), None)
                    self._tell_countdown(one.account, one.symbol, "fired", 0, "time")
                    for order_id in self._open_ids(one.account, one.symbol):
                        if order_id in self._entries:
                            self._cancel(self._entries[order_id], "time", None)
                else:
                    entry = self._entries[one]
                    market = self._markets[order_of(entry).symbol]
                    self._end(market, entry, _ENDS[order_of(entry).tif], "time")
                    self._aftermath(market)

    def countdown(self, account: Account, delay: int, symbol: str | None = None) -> int | None:
        """Cancel all of the account's open orders (in ``symbol``; None: in all) ``delay`` ns from now, unless it is
        called again before; 0 switches that off. Returns the time at which it would happen.

        Binance USD-M countdownCancelAll (per symbol, 0 stops it), Kraken CancelAllOrdersAfter and OKX cancel-all-after
        (whole account). Raises Malformed.
        """
        try:
            self._known(account)
            if type(delay) is not int or delay < 0:
                raise Malformed(f"countdown {delay!r}")
            if symbol is not None:
                self._market(symbol)
        except Reject as refusal:
            raise self._refuse(account, "countdown", None, refusal) from None
        key = (account.name, symbol)
        before = self._countdowns.pop(key, None)
        if before is not None:
            before.alive = False
        due = self.now + delay if delay else None
        if due is not None:
            self._countdowns[key] = made = Countdown(account, symbol)
            self._alarm(due, made)
        if due is not None or before is not None:
            self._tell_countdown(account, symbol, "off" if due is None else "set", due or 0, "request")
            self._flush()
        return due

    def _tell_countdown(self, account: Account, symbol: str | None, why: CountdownWhy, due: int, cause: Cause) -> None:
        if self._callbacks:
            self._out.append(CountdownChange(account.name, symbol, why, due, self.now, cause))

    def publish(
        self, symbol: str, *, mark: int | None = None, index: int | None = None, funding: Decimal | None = None
    ) -> None:
        """Tell the core the mark or index price (ticks) that triggers compare with, and contracts are marked at; or the
        rate of the next funding payments (a fraction, above 0: longs pay shorts). Raises Malformed."""
        market = self._market(symbol)
        if funding is not None and (
            market.margined is None or type(funding) is not Decimal or not funding.is_finite() or abs(funding) >= 1
        ):
            raise Malformed(f"funding rate {funding!r}")
        for price in (mark, index):
            if price is not None and (type(price) is not int or price <= 0):
                raise Malformed(f"price {price!r}")
        self._sync(market)
        if funding is not None and market.margined is not None:
            market.margined.funding = Fraction(funding)
        for source, price in (("mark", mark), ("index", index)):
            if price is not None:
                market.published[source] = price
                if source == "index" and market.ends is not None:
                    self._note_index(market)
                if market.watches is not None and market.is_open:
                    market.watches.saw(source, price)
        self._aftermath(market)
        self._flush()

    def withdraw_mark(self, symbol: str) -> None:
        """No mark price is published for the symbol any more: its reference price stands for it again. Raises
        Reject(UNKNOWN_SYMBOL)."""
        market = self._market(symbol)
        self._sync(market)
        market.published.pop("mark", None)
        self._aftermath(market)
        self._flush()


def _rank(what: Timed) -> int:
    """Whose turn it is at one instant."""
    if not isinstance(what, Planned):
        return 1
    return 2 if what.state is TradingState.EXPIRED else 0
