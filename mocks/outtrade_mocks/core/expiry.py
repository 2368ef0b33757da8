"""The end of an instrument: the last trading time of a dated future, or the delisting of any symbol.

At that instant, after everything else that happens then: open orders end (``expired_by="expiry"``), the trading state
is EXPIRED for good, the settlement price is published (``FinalSettlement``), and positions are settled at it.

The settlement price is the average over time of the index during the last ``Practice.settlement_window`` before the end
(Deribit, expiration price: the time-weighted average of the index over the last half hour; Binance futures: of the last
30 minutes since November 2024, of the last hour before), rounded to a tick, halves up (*inferred*). An index that was
first published within the window counts from there; without any, it is the mark price, else the reference price
(*inferred*).
"""

from __future__ import annotations

from outtrade_mocks.core.auction import Auctions
from outtrade_mocks.core.events import FinalSettlement, StateChange
from outtrade_mocks.core.floor import Planned, order_of
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Malformed, Reject, RejectReason
from outtrade_mocks.core.states import TradingState


def average(published: list[tuple[int, int]], start: int, end: int) -> int | None:
    """The average over time, between ``start`` and ``end`` (ns), of prices that were published at their times, oldest
    first; rounded, halves up. None where there is none.

        >>> average([(0, 100), (30, 106)], 10, 40), average([(20, 100), (30, 103)], 10, 40), average([], 10, 40)
        (102, 102, None)
    """
    total = span = 0
    ends = [time for time, _ in published[1:]]
    for (time, price), until in zip(published, [*ends, end], strict=False):
        part = min(until, end) - max(time, start)
        if part > 0:
            total += part * price
            span += part
    return (2 * total + span) // (2 * span) if span else None


class Expiry(Auctions):
    """Instruments end."""

    def plan_end(self, symbol: str, at: int) -> None:
        """End trading in a symbol at a time to come (ns): a delisting. Instruments that expire need no call. Raises
        Reject(UNKNOWN_SYMBOL), Malformed where it is not after now or the end is set already."""
        market = self._market(symbol)
        if type(at) is not int or at <= self.now:
            raise Malformed(f"an end is planned for a time after now, not {at!r}")
        if market.ends is not None:
            raise Malformed(f"the end of {symbol} is set already")
        self._set_end(market, at)

    def _set_end(self, market: Market, at: int) -> None:
        market.ends = at
        self._note_index(market)
        self._alarm(at, Planned(market.instrument.symbol, TradingState.EXPIRED))

    def _note_index(self, market: Market) -> None:
        """The index was published: what the settlement price needs of it is kept."""
        index = market.published.get("index")
        if market.ends is None or index is None:
            return
        log, start = market.index_log, market.ends - self.practice.settlement_window
        if log and log[-1][0] == self.now:
            log.pop()
        log.append((self.now, index))
        while len(log) > 1 and log[1][0] <= start:
            del log[0]

    def settlement_price(self, symbol: str) -> int | None:
        """The settlement price in ticks if the symbol ended now. Raises Reject(UNKNOWN_SYMBOL)."""
        market = self._market(symbol)
        end = self.now if market.ends is None else min(self.now, market.ends)
        found = average(market.index_log, end - self.practice.settlement_window, end)
        return found or market.published.get("index") or market.published.get("mark") or market.reference

    def _expire_market(self, market: Market) -> None:
        """The end has come."""
        if market.state is TradingState.EXPIRED:
            raise AssertionError(f"{market.instrument.symbol} ends twice")
        symbol, price = market.instrument.symbol, self.settlement_price(market.instrument.symbol)
        for order_id in sorted(i for i, entry in self._entries.items() if order_of(entry).symbol == symbol):
            if order_id in self._entries:
                self._end(market, self._entries[order_id], "expiry", "time")
        market.withdraw()
        before, market.state, market.ordered = market.state, TradingState.EXPIRED, TradingState.EXPIRED
        market.is_open = False
        self._aftermath(market)
        if self._callbacks:
            self._out.append(StateChange(symbol, before, market.state, self.now, "time"))
            self._out.append(FinalSettlement(symbol, price, self.now))
        self._settle_positions(market, price)
        self._aftermath(market)

    def _alive(self, market: Market) -> None:
        """Raise Reject(MARKET_CLOSED) where the instrument has ended."""
        if market.state is TradingState.EXPIRED:
            raise Reject(RejectReason.MARKET_CLOSED, f"{market.instrument.symbol} has expired")
