"""One symbol's market: its rules, its book, its flow, and what of the flow has not been carried out yet.

While no account has an order on the book, nobody can notice how the market got where it is: a quote replaces all orders
of the house. So actions are only noted (``note``), and when somebody looks, the last quote and the takes after it are
carried out. The result is the same as if each action had been carried out at its time; trade ids advance by what the
flow says, not by what was matched.
"""

from __future__ import annotations

from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.flow import NEVER, Flow, Quote, Take
from outtrade_mocks.core.instruments import Instrument


class Market:
    """Book and flow of one instrument."""

    __slots__ = (
        "asks", "bids", "flow", "house", "instrument", "is_open", "last_price", "noted", "own_entries", "quote",
        "takes", "trade_id",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, flow: Flow | None) -> None:
        self.instrument = instrument
        self.flow = flow
        self.bids = BookSide(buy=True)
        self.asks = BookSide(buy=False)
        self.is_open = True
        self.last_price: int | None = None
        self.trade_id = 0
        """Id of the last trade."""
        self.own_entries = 0
        """Orders of accounts on the book."""
        self.house: list[Entry] = []
        """The house makers' orders since the last quote, traded ones included."""
        self.quote: Quote | None = None
        """The last quote of the flow."""
        self.noted = False
        """Whether ``quote`` is still to be carried out."""
        self.takes: list[Take] = []
        """Takes after ``quote`` still to be carried out."""

    def side(self, *, buy: bool) -> BookSide:
        """Bids or asks."""
        return self.bids if buy else self.asks

    @property
    def reference(self) -> int | None:
        """The flow's mid in whole ticks, else the last trade."""
        return self.last_price if self.flow is None else self.flow.reference

    @property
    def next_time(self) -> int:
        """When the flow acts next."""
        return NEVER if self.flow is None else self.flow.next_time

    def pop(self) -> Quote | Take:
        """Take the flow's next action, with its effects that do not depend on the book: prints."""
        assert self.flow is not None
        action = self.flow.pop()
        if isinstance(action, Quote):
            self.quote = action
            self.last_price = max(1, self.flow.touch(action)[action.noise & 1])
        else:
            self.trade_id += action.prints
        return action

    def note(self, action: Quote | Take) -> None:
        """Remember an action instead of carrying it out."""
        if isinstance(action, Quote):
            self.noted = True
            self.takes.clear()
        elif self.is_open:
            self.takes.append(action)

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
