"""One symbol's market: its rules, its book, its flow, and what of the flow has not been carried out yet.

A quote replaces all orders of the house, so nobody can notice how the market got from one quote to the next, except an
account whose order was traded with. So an action that touches no account's order is only noted (``defer``), and when
somebody looks, the last quote and the takes after it are carried out. The result is the same as if each action had been
carried out at its time; trade ids advance by what the flow says, not by what was matched. An order that rests away from
the touch for hours thus costs next to nothing.

``first_touch`` reads the flow ahead and says when the next action comes that could meet an account's order, so that
nobody has to be woken for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.clearing import Clearing
from outtrade_mocks.core.feed import Feed
from outtrade_mocks.core.flow import NEVER, Flow, Ladder, Quote, Take
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.margined import Margined
from outtrade_mocks.core.prints import Prints
from outtrade_mocks.core.sessions import calendar_of
from outtrade_mocks.core.states import TradingState
from outtrade_mocks.core.triggers import Watches

if TYPE_CHECKING:
    from outtrade_mocks.core.tariffs import Charges, Tariffed

LOOK_AHEAD = 64
"""So many actions are looked at to find one that touches an account's order."""


class Market:
    """Book and flow of one instrument."""

    __slots__ = (
        "_clear_until", "_own_best", "_taken", "asks", "bids", "calendar", "clearing", "collateral", "ends", "flow",
        "house", "index_log", "instrument", "is_open", "ladder", "last_price", "limited", "margined", "noted",
        "ordered", "own_entries", "prints", "published", "quote", "state", "takes", "tariffed", "trade_id", "waiting",
        "watches",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, flow: Feed | None, clearing: Clearing) -> None:
        self.instrument = instrument
        self.clearing = clearing
        self.tariffed: Tariffed | None = None
        """The same where fee schedules hold; None: all pay the instrument's own rates."""
        self.collateral = False
        """Whether its price counts for margin accounts' debts."""
        self.limited = False
        """Whether limits of accounts hold here (``core.limits``)."""
        self.margined = clearing if isinstance(clearing, Margined) else None
        """The clearing of a market of contracts; None: a spot market."""
        self.flow = flow
        self.bids = BookSide(buy=True)
        self.asks = BookSide(buy=False)
        self.calendar = calendar_of(instrument.calendar)
        self.ordered = TradingState.OPEN
        """The venue's own word on the trading state."""
        self.state = TradingState.OPEN
        """The trading state."""
        self.is_open = True
        """Whether that state is continuous trading."""
        self.ends: int | None = None
        """When trading ends for good (ns); None: it does not."""
        self.index_log: list[tuple[int, int]] = []
        """(time, ticks): the index as published in the last window before that, and once before."""
        self.waiting: dict[int, Entry] = {}
        """Order id -> open orders that stand outside the book until their session or auction, first come first."""
        self.last_price: int | None = None
        self.trade_id = 0
        """Id of the last trade."""
        self.own_entries = 0
        """Orders of accounts on the book."""
        self._own_best: tuple[int | None, int | None] | None = None
        """Best prices of accounts' bids and asks; None: to be looked up."""
        self.house: list[Entry] = []
        """The house makers' orders since the last quote, traded ones included."""
        self.quote: Quote | None = None
        """The last quote of the flow."""
        self.noted = False
        """Whether ``quote`` is still to be carried out."""
        self.takes: list[Take] = []
        """Takes after ``quote`` still to be carried out."""
        self._taken = [0, 0]
        """Lots of those takes: sales, purchases."""
        self._clear_until = -1
        """No action before that time touches an account's order; negative: not known."""
        self.ladder: Ladder | None = None
        """What the house makers put up for ``quote``; None: to be worked out."""
        self.published: dict[str, int] = {}
        """Prices that are told to the core, in ticks: mark and index."""
        self.prints: Prints | None = None
        """All trades as the public sees them; None: nobody asked for them."""
        self.watches: Watches | None = None
        """Armed trigger orders; None: there are none. While there are, every action is carried out at its time."""

    @property
    def charges(self) -> Charges | None:
        """What accounts are charged by fee schedules; None: nobody is."""
        charged = self.margined or self.tariffed
        return None if charged is None else charged.charges

    def side(self, *, buy: bool) -> BookSide:
        """Bids or asks."""
        return self.bids if buy else self.asks

    def price_of(self, source: str) -> int | None:
        """The price in ticks that triggers of ``source`` compare with: last trade, mark or index."""
        return self.last_price if source == "last" else self.published.get(source)

    @property
    def reference(self) -> int | None:
        """The flow's mid in whole ticks, else the last trade."""
        return self.last_price if self.flow is None else self.flow.reference

    @property
    def mark(self) -> int | None:
        """The mark price in ticks: as published, else the reference price (*inferred*: a venue always has one)."""
        return self.published.get("mark") or self.reference

    @property
    def vigilant(self) -> bool:
        """Whether each action of the flow must be carried out at its time, because prices decide about somebody: an
        order waits for one, a position is marked at one, or what stands for a debt."""
        margined = self.margined
        return (
            self.watches is not None
            or (margined is not None and bool(margined.holders) and "mark" not in self.published)
            or (self.collateral and "index" not in self.published)
        )

    @property
    def next_time(self) -> int:
        """When the flow acts next."""
        return NEVER if self.flow is None else self.flow.next_time

    def pop(self) -> Quote | Take:
        """Take the flow's next action, with its effects that do not depend on the book: prints."""
        flow = self.flow
        assert flow is not None
        action = flow.pop()
        if isinstance(action, Quote):
            self.quote = action
            self.ladder = None
            self.last_price = flow.shown(action) or self.last_price
            if self.instrument.grid and self.last_price is not None:
                self.last_price = self.instrument.snap(self.last_price)
            if action.through:
                self.trade_id += 1  # the print; triggers see it when all is filled
            elif self.watches is not None and self.is_open and self.last_price is not None:
                self.watches.saw("last", self.last_price)
            if self.prints is not None and self.is_open:
                self._print_touch(self.prints, action)
        else:
            self.trade_id += action.prints
            if action.limit:
                self.last_price = action.limit
        return action

    @property
    def least(self) -> int:
        """The least quantity (lots) of an order."""
        grid = self.instrument.grid_lots
        return -(-self.instrument.min_lots // grid) * grid

    def _print_touch(self, prints: Prints, quote: Quote) -> None:
        """A quote of the seeded flow counts as a small trade at its touch, but where an account's order would have been
        first. A recording has its own trades."""
        flow, price = self.flow, self.last_price
        if not isinstance(flow, Flow) or quote.through or price is None or flow.shown(quote) is None:
            return
        buy = price > flow.touch(quote)[0]
        bid, ask = self.own_best() if self.own_entries else (None, None)
        if not _within(buy, bid, ask, price):
            prints.add(quote.time, price, self.least, buy=buy)

    def own_changed(self) -> None:
        """Orders of accounts came to the book or left it (``own_entries`` says so already), or trading began or
        ended. Without a flow, nobody need know."""
        self._own_best = None
        self._clear_until = -1

    def own_best(self) -> tuple[int | None, int | None]:
        """Best prices (ticks) of accounts' bids and asks on the book."""
        found = self._own_best
        if found is None:
            bid, ask = (
                next((entry.price for entry in side.entries() if entry.order is not None), None)
                for side in (self.bids, self.asks)
            )
            found = self._own_best = (bid, ask)
        return found

    def levels(self) -> Ladder:
        """The house's bids and asks for the last quote."""
        if self.ladder is None:
            assert self.flow is not None and self.quote is not None
            self.ladder = self.flow.levels(self.quote)
            if self.instrument.grid:
                bids, asks = self.ladder
                self.ladder = (_snapped(self.instrument, bids, up=False), _snapped(self.instrument, asks, up=True))
        return self.ladder

    def first_touch(self) -> int:
        """The time (ns) of the next action that might trade with an account's order: nothing before it does. An action
        that is far ahead may be named though it touches nothing; NEVER where none will come."""
        flow = self.flow
        if flow is None or not self.is_open:
            return NEVER
        if self.vigilant or self.instrument.grid:  # any price may reach one; quotes are moved
            self._clear_until = -1
            return flow.next_time
        if not self.own_entries:
            return NEVER
        if self._clear_until >= flow.next_time:
            return self._clear_until
        bid, ask = self.own_best()
        noted, quote, taken = self.noted, self.quote, list(self._taken)
        found = NEVER
        for index in range(LOOK_AHEAD):
            action = flow.peek(index)
            if action is None:
                found = NEVER
                break
            found = action.time
            if isinstance(action, Quote):
                house_bid, house_ask = flow.touch(action)
                if (bid is not None and bid >= house_ask) or (ask is not None and ask <= house_bid):
                    break
                if action.through and _within(action.through > 0, bid, ask, abs(action.through)):
                    break
                noted, quote, taken = True, action, [0, 0]
            elif not noted:
                break  # the book may have been traded with since the quote
            else:
                own, buy = ask if action.buy else bid, action.buy
                taken[buy] += action.lots
                assert quote is not None
                if action.limit and not _within(buy, bid, ask, action.limit):
                    continue
                if own is not None and not flow.shields(quote, buy=buy, price=own, lots=taken[buy]):
                    break
        self._clear_until = found
        return found

    def looked_at(self) -> None:
        """The last quote is carried out, and from here on the book may be traded with: a take before the next quote
        has to be carried out too."""
        self.noted = False
        following = None if self.flow is None else self.flow.peek(0)
        if isinstance(following, Take) and self._clear_until > following.time:
            self._clear_until = following.time

    def defer(self, action: Quote | Take) -> None:
        """Remember an action instead of carrying it out. A halted market forgets its takes."""
        if isinstance(action, Quote):
            self.noted = True
            self.takes.clear()
            self._taken = [0, 0]
        elif self.is_open:
            self.takes.append(action)
            self._taken[action.buy] += action.lots

    def withdraw(self, *, bids: bool = True, asks: bool = True) -> None:
        """The house makers cancel."""
        kept = []
        for entry in self.house:
            if entry.level is None:
                continue
            if bids if entry.buy else asks:
                (self.bids if entry.buy else self.asks).remove(entry)
            else:
                kept.append(entry)
        self.house = kept


def _within(buy: bool, bid: int | None, ask: int | None, limit: int) -> bool:
    """Whether a purchase (else a sale) up to ``limit`` could reach an account's best ask (bid)."""
    if buy:
        return ask is not None and ask <= limit
    return bid is not None and bid >= limit


def _snapped(instrument: Instrument, levels: list[tuple[int, int]], *, up: bool) -> list[tuple[int, int]]:
    """Levels of a quote on the instrument's price grid, away from the touch; those that meet become one."""
    found: dict[int, int] = {}
    for price, lots in levels:
        price = instrument.snap(price, up=up)
        if instrument.on_grid(price):
            found[price] = found.get(price, 0) + lots
    return list(found.items())
