"""Guards: take profits, stop losses and trailing stops that stand beside an order or a position.

They are orders that the venue makes itself, when something has happened; so they are made *after* an operation, by
``Guards.run``, never while the core is at work. What is kept in order here (create-order.mdx, trading-stop.mdx):

* *Full* (contracts): one take profit, one stop loss and one trailing stop for each position, each closing all of it.
  An order's own ones take effect with its first fill, and replace what stands.
* *Partial* (contracts): a pair for what an order filled, or for the size asked for.
* Spot: a pair for what a limit order bought (or sold), once the order is over (*inferred*: not before).
* One of a pair triggered: the other ends (CancelByOCO...). One of a pair cancelled: so is the other.
* The position closed: its guards end (CancelByTpSlTsClear).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outtrade_mocks.core import Change, NewOrder, Order, OrderChange, Position, PositionChange, Reject, Trigger
from outtrade_mocks.core.orders import TERMINAL, HeldSide, Side, TriggerKind
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.venues.bybit.desk import Desk
from outtrade_mocks.venues.bybit.notes import Note
from outtrade_mocks.venues.bybit.tickets import POSITION_SIDES, SOURCES

SIDE_OF: Mapping[int, PositionSide] = {0: "net", 1: "long", 2: "short"}
INDEX = {side: index for index, side in SIDE_OF.items()}
ROUNDS = 50
"""Most rounds of consequences after one operation."""
STOP_TYPES = {
    ("tp", "Full"): ("TakeProfit", "CreateByTakeProfit"),
    ("sl", "Full"): ("StopLoss", "CreateByStopLoss"),
    ("tp", "Partial"): ("PartialTakeProfit", "CreateByPartialTakeProfit"),
    ("sl", "Partial"): ("PartialStopLoss", "CreateByPartialStopLoss"),
    ("ts", "Full"): ("TrailingStop", "CreateByTrailingStop"),
}
OTHERS = {"tp": "CancelByOCOSlCanceledByTpTriggered", "sl": "CancelByOCOTpCanceledBySlTriggered"}
"""Why the other of a pair ends when this one is triggered."""


@dataclass(slots=True)
class Wanted:
    """One guard that is to stand. Prices in ticks."""

    which: str
    """tp, sl or ts."""
    price: int | None
    source: str = "LastPrice"
    limit: int | None = None
    trail: int | None = None


class Guards:
    """The guards of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._news: list[Change] = []
        self._alive: set[str] = set()
        """Labels of open orders that are guards, or have some of their own."""
        self._pairs = 0
        desk.exchange.on_change(self._on_change)

    def _on_change(self, change: Change) -> None:
        if isinstance(change, PositionChange):
            if change.why == "trade":
                self._news.append(change)
        elif isinstance(change, OrderChange) and change.order.label:
            note = self._desk.notes.get(change.order.label)
            if note is None:
                return
            own = note.pair or note.take_profit or note.stop_loss
            if own or note.guards is not None:
                if change.order.status in TERMINAL:
                    self._alive.discard(change.order.label)
                else:
                    self._alive.add(change.order.label)
            if own:
                self._news.append(change)

    @property
    def on_duty(self) -> bool:
        """Whether what the market does may have consequences here."""
        return bool(self._alive)

    # ------------------------------------------------------------ consequences
    def run(self) -> None:
        """See to what has happened since the last call."""
        for _ in range(ROUNDS):
            if not self._news:
                return
            news, self._news = self._news, []
            for change in news:
                if isinstance(change, PositionChange):
                    self._follow_position(change)
                elif isinstance(change, OrderChange):
                    self._follow_order(change)

    def _follow_position(self, change: PositionChange) -> None:
        key = (change.position.symbol, INDEX[change.position.side])
        held = self._position(*key)
        for order in list(self.standing(*key)):
            lots = 0 if held is None else held.lots
            if not lots or (lots > 0) == (order.side == "buy"):
                self._end(order, "CancelByTpSlTsClear")

    def _follow_order(self, change: OrderChange) -> None:
        order, note = change.order, self._desk.note(change.order)
        if note.pair:
            if change.why == "triggered":
                self._end_other(order, note, OTHERS["tp" if "TakeProfit" in note.stop_type else "sl"])
            elif order.status in TERMINAL and change.why == "cancel" and note.cancel_type == "CancelByUser":
                self._end_other(order, note, "CancelByUser")
            return
        if note.guards is not None:
            return
        if self._desk.listings[order.symbol].spot:
            if order.status in TERMINAL and order.filled and not note.placed_guards:
                note.placed_guards = True
                self._guard_spot(order, note)
        elif change.fill is not None:
            self._guard_fill(order, note, change.fill.lots)

    def _end(self, order: Order, why: str) -> None:
        self._desk.note(order).cancel_type = why
        self._desk.exchange.cancel(self._desk.account, order.symbol, order_id=order.order_id)

    def _end_other(self, order: Order, note: Note, why: str) -> None:
        for other in self._live(order.symbol):
            if other.order_id != order.order_id and self._desk.note(other).pair == note.pair:
                self._end(other, why)

    # ------------------------------------------------------------------ looking
    def _live(self, symbol: str) -> list[Order]:
        account = self._desk.account
        found = (account.orders[core][-1] for core in sorted(account.working.values()))
        return [order for order in found if order.symbol == symbol]

    def standing(self, symbol: str, index: int) -> Iterator[Order]:
        """The guards of a position."""
        for order in self._live(symbol):
            if self._desk.note(order).guards == (symbol, index):
                yield order

    def of(self, symbol: str, index: int, which: str) -> Order | None:
        """The guard of a position of that kind which closes all of it."""
        wanted = STOP_TYPES[which, "Full"][0]
        for order in self.standing(symbol, index):
            if self._desk.note(order).stop_type == wanted:
                return order
        return None

    def _position(self, symbol: str, index: int) -> Position | None:
        portfolio = self._desk.account.portfolio
        return None if portfolio is None else portfolio.position(symbol, SIDE_OF[index])

    # ------------------------------------------------------------------- making
    def _guard_fill(self, order: Order, note: Note, lots: int) -> None:
        """An order for contracts with a take profit or stop loss has traded."""
        index = note.position_idx
        if self._position(order.symbol, index) is None:
            return
        wanted = self._wanted(note)
        side: Side = "sell" if order.side == "buy" else "buy"
        if note.tpsl_mode == "Partial":
            self.pair(order.symbol, index, side, wanted, lots)
            return
        if note.placed_guards:
            return
        note.placed_guards = True
        for one in wanted:
            self.set_full(order.symbol, index, side, one)

    def _guard_spot(self, order: Order, note: Note) -> None:
        """A spot limit order with a take profit or stop loss is over: guard what it brought."""
        desk = self._desk
        fee = sum(each.fill.fee for each in desk.by_order.get(order.order_id, ()))
        rules = desk.exchange.instrument(order.symbol)
        lots = order.filled
        if order.side == "buy" and fee > 0:
            lots -= -(-fee // rules.lot_atoms)
        if lots > 0:
            self.pair(order.symbol, -1, "sell" if order.side == "buy" else "buy", self._wanted(note), lots)

    @staticmethod
    def _wanted(note: Note) -> list[Wanted]:
        wanted = []
        if note.take_profit is not None:
            wanted.append(Wanted("tp", note.take_profit, note.tp_trigger_by, note.tp_limit))
        if note.stop_loss is not None:
            wanted.append(Wanted("sl", note.stop_loss, note.sl_trigger_by, note.sl_limit))
        return wanted

    def pair(self, symbol: str, index: int, side: Side, wanted: list[Wanted], lots: int) -> None:
        """Guard ``lots`` by a take profit and a stop loss that end each other; ``index`` -1: spot. What the core
        refuses (too small, too many) does not stand."""
        self._pairs += 1
        spot = index < 0
        for one in wanted:
            stop_type, create_type = STOP_TYPES[one.which, "Partial"]
            note = Note(
                order_filter="tpslOrder" if spot else "StopOrder",
                stop_type="BidirectionalTpslOrder" if spot else stop_type,
                create_type="CreateByUser" if spot else create_type,
                position_idx=max(index, 0),
                guards=None if spot else (symbol, index),
                pair=f"{self._pairs}" if len(wanted) > 1 else "",
                tpsl_mode="Partial",
            )
            if spot:
                note.link_id = self._desk.number()
                note.stop_type = "TakeProfit" if one.which == "tp" else "StopLoss"
            self._place(symbol, side, one, note, lots=lots, index=index)

    def set_full(self, symbol: str, index: int, side: Side, wanted: Wanted) -> None:
        """Let one guard of a whole position stand in place of what stood; raises Reject."""
        before = self.of(symbol, index, wanted.which)
        if before is not None:
            self._end(before, "CancelByUser")
        if wanted.price is None and wanted.trail is None:
            return
        stop_type, create_type = STOP_TYPES[wanted.which, "Full"]
        note = Note(
            order_filter="StopOrder", stop_type=stop_type, create_type=create_type, position_idx=index,
            guards=(symbol, index), tpsl_mode="Full", close_on_trigger=True,
        )  # fmt: skip
        self._place(symbol, side, wanted, note, lots=None, index=index)

    def _place(self, symbol: str, side: Side, one: Wanted, note: Note, *, lots: int | None, index: int) -> None:
        desk = self._desk
        label = desk.label(note)
        held: HeldSide | None = POSITION_SIDES[index] if index > 0 else None
        waits = one.which == "tp" or (one.which == "ts" and one.price is not None)  # a trailing one for its activation
        kind: TriggerKind = "take_profit" if waits else "stop"
        note.trigger_by = one.source or "LastPrice"
        note.direction = 1 if (side == "buy") == (kind == "stop") else 2
        new = NewOrder(
            symbol=symbol,
            side=side,
            type="market" if one.limit is None else "limit",
            price=one.limit,
            lots=lots,
            client_id=note.link_id or desk.client_id(),
            label=label,
            trigger=Trigger(
                kind=kind, price=one.price, source=SOURCES[one.source or "LastPrice"], trail_ticks=one.trail
            ),
            reduce_only=index >= 0 and lots is not None,
            close_position=lots is None,
            position_side=held,
        )
        try:
            desk.place(new)
        except Reject:
            return
