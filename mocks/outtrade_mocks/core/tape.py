"""A recorded market, played again: order books and trades at their own times, in place of seeded ones.

A ``Tape`` (``recording``) is plain data: books (bids and asks, best first) and trades (price, quantity, side of the
taker), in seconds since the market opened. ``TapeFlow`` plays it to the exchange as the house's actions: each book is a
quote, each trade a take up to its price. So an account's orders meet the recording as they meet any house: what rests
at a trade's price or better is filled, up to the trade's quantity; what a new book crosses is filled at its own price;
what an account takes is gone until the next recorded book. What the accounts do does **not** change the recording:
prices do not give way to them, and a level that they emptied is full again in the next book. Queues are not recorded:
an order rests behind what the house shows at its price when it comes, and before what the next book shows there
(*inferred*, in favour of the order).

After its last row a tape is silent: the book stays, nobody trades.
"""

from __future__ import annotations

from outtrade_mocks.core.flow import NEVER, NS, FlowConfig, Ladder, Quote, Take
from outtrade_mocks.core.instruments import Instrument


class TapeFlow:
    """The recorded actions of one symbol, in order of time. Raises OffGrid (a ValueError) where a recorded price or
    quantity does not lie on the instrument's grid."""

    __slots__ = (
        "_actions", "_books", "_place", "_seen", "config", "instrument", "mid", "next_time", "opened", "reference",
    )  # fmt: skip

    def __init__(self, config: FlowConfig, instrument: Instrument, *, now: int, place: int = 0) -> None:
        """``place``: how many rows were played already."""
        tape = config.tape
        assert tape is not None
        self.config = config
        self.instrument = instrument
        self.opened = now
        self._books: list[Ladder] = [
            (
                [(instrument.ticks(price), instrument.lots(size)) for price, size in bids],
                [(instrument.ticks(price), instrument.lots(size)) for price, size in asks],
            )
            for _, bids, asks in tape.books
        ]
        # A book that bears a trade's time came after it, but for the first, before which there was no market.
        rows: list[tuple[int, int, int, Quote | Take]] = []
        mid = float(config.mid / instrument.tick)
        for number, (at, _, _) in enumerate(tape.books):
            best = [side[0][0] for side in self._books[number] if side]
            mid = sum(best) / len(best) if best else mid
            time = now + round(at * NS)
            rows.append((time, 2 if number else 0, number, Quote(time, mid, number)))
        for number, (at, price, size, side) in enumerate(tape.trades):
            time = now + round(at * NS)
            take = Take(time, side == "buy", instrument.lots(size), 1, instrument.ticks(price))
            rows.append((time, 1, number, take))
        rows.sort(key=lambda row: row[:3])
        self._actions = [action for *_, action in rows]
        self.mid = float(config.mid / instrument.tick)
        self._seen = False
        self._place = 0
        for action in self._actions[:place]:
            self._pass(action)
        self._place = place
        self.reference = max(1, round(self.mid))
        self.next_time = self._time(place)

    def _time(self, place: int) -> int:
        return self._actions[place].time if place < len(self._actions) else NEVER

    def _pass(self, action: Quote | Take) -> None:
        if isinstance(action, Quote):
            self.mid = action.mid
            self.reference = max(1, round(action.mid))
        else:
            self._seen = True

    @property
    def place(self) -> int:
        """How many rows were played."""
        return self._place

    @property
    def next_quote(self) -> int:
        """When the next book comes (ns), NEVER for never."""
        return next((row.time for row in self._actions[self._place :] if isinstance(row, Quote)), NEVER)

    def pop(self) -> Quote | Take:
        """The next action."""
        action = self._actions[self._place]
        self._place += 1
        self._pass(action)
        self.next_time = self._time(self._place)
        return action

    def peek(self, index: int) -> Quote | Take | None:
        """The action ``index`` places after the next one, which stays where it is; None where none comes."""
        place = self._place + index
        return self._actions[place] if place < len(self._actions) else None

    def levels(self, quote: Quote) -> Ladder:
        """The recorded bids and asks of a quote, best first, as (ticks, lots)."""
        return self._books[quote.noise]

    def touch(self, quote: Quote) -> tuple[int, int]:
        """The best bid and ask (ticks); -NEVER and NEVER where there is none."""
        bids, asks = self._books[quote.noise]
        return bids[0][0] if bids else -NEVER, asks[0][0] if asks else NEVER

    def shown(self, quote: Quote) -> int | None:
        """The last price (ticks) after a quote; None: as it was. Until the first recorded trade the bid counts."""
        if self._seen:
            return None
        bid, ask = self.touch(quote)
        return bid if bid > 0 else ask if ask < NEVER else None

    def shields(self, quote: Quote, *, buy: bool, price: int, lots: int) -> bool:
        """Whether after ``quote`` purchases (``buy``, else sales) of ``lots`` are filled by the house alone before they
        reach ``price`` (ticks)."""
        ahead = 0
        for level, size in self._books[quote.noise][buy]:
            if level >= price if buy else level <= price:
                break
            ahead += size
        return ahead >= lots
