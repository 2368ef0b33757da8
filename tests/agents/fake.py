"""A venue in memory, behind the agents' own port: scripted failures, a clock that only waiting moves.

No wire and no matching: market orders fill at once at 100, limit orders rest until a test fills them. ``script`` holds,
per operation, what happens to the next calls::

    port.script["place"] = ["lost"]         executed, then the answer is lost
    port.script["place"] = ["absent"]       the same to the agent, but nothing was executed
    port.script["order"] = [Refused("rate", retry_after=20)]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

from pydantic import ConfigDict

from outtrade.model.task import Instrument, Intent, Report, Task
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.port import Doubtful, Fill, Link, OrderState, Quote, Refused, Terms, drive

EPOCH = 1_767_225_600
D = Decimal
RULES = Instrument(
    venue_symbol="BTCUSDT", base="BTC", quote="USDT", tick=D("0.01"), price_min=D("0.01"), price_max=D("1000000"),
    step=D("0.001"), quantity_min=D("0.001"), quantity_max=D("9000"), notional_min=D("5"), band=(D("0.2"), D("5")),
    maker_fee=D("0.001"), taker_fee=D("0.001"), types=("market", "limit", "stop"),
)  # fmt: skip


class FakeAccess:
    name = "binance_spot"
    symbols: ClassVar = {"BTC/USDT": "BTCUSDT", "ETH/USDT": "ETHUSDT"}
    instruments: ClassVar = {
        "BTC/USDT": RULES,
        "ETH/USDT": RULES.model_copy(update={"venue_symbol": "ETHUSDT", "base": "ETH"}),
    }
    rest_url = stream_url = key = secret = ""
    absent_after = 30.0

    def ccxt(self, asynchronous: bool = False, pro: bool = False) -> Any:
        raise NotImplementedError


class FakeTask(Task):
    model_config = ConfigDict(frozen=False, extra="allow")

    def publish(self, view: Any) -> None:
        self.published.append(view)


def task(*intents: Intent, until: float = 600, store: dict[str, Any] | None = None, **fields: Any) -> FakeTask:
    made = FakeTask(id="t", epoch=EPOCH, intents=intents, until=until, **fields)
    made.store = {} if store is None else store
    made.published = []
    return made


def order(id: str = "i1", at: float = 5, **fields: Any) -> Intent:
    common = {"symbol": "BTC/USDT", "side": "buy", "quantity": "1", "type": "limit", "limit_price": "100"}
    return Intent(id=id, tag=f"{id:0>8}", at=at, kind="order", **{**common, **fields})


class Crash(BaseException):
    """The agent dies here."""


class FakePort:
    contracts = None
    switch = None
    offers: frozenset[str] = frozenset({"amend", "pair"})

    def __init__(self) -> None:
        self.now = float(EPOCH)
        self.link: Link | None = None
        self.orders: dict[str, OrderState] = {}
        self.trades: list[Fill] = []
        self.held: dict[str, tuple[Decimal, Decimal]] = {"USDT": (D(1000), D(0)), "BTC": (D(10), D(0))}
        self.script: dict[str, list[Any]] = defaultdict(list)
        self.calls: list[tuple[str, float, Any]] = []
        """(operation, run time, what) of every call."""
        self.shown = Quote(D("99.99"), D("100.01"), ((D("99.99"), D(50)),), ((D("100.01"), D(50)),))
        self.ruled: dict[str, Any] = {}
        """What the venue says of its rules when it is asked."""
        self.timeline: list[tuple[float, Callable[[], None]]] = []
        self.told: list[OrderState] = []
        self.closed = False

    # -- what tests do
    def at(self, run_time: float, action: Callable[[], None]) -> None:
        self.timeline.append((EPOCH + run_time, action))
        self.timeline.sort(key=lambda item: item[0])

    def fill(self, venue_id: str, quantity: str) -> None:
        state, amount = self.orders[venue_id], D(quantity)
        price = state.price or D(100)
        number, asset = str(len(self.trades) + 1), state.symbol.split("/")[0 if state.side == "buy" else 1]
        fee = amount * D("0.001") * (1 if state.side == "buy" else price)
        trade = Fill(number, venue_id, state.symbol, state.side, price, amount, fee, asset)
        self.trades.append(trade)
        filled = state.filled + amount
        status = "filled" if filled == state.quantity else state.status
        quote = state.quote_filled + amount * price
        self.orders[venue_id] = replace(state, filled=filled, quote_filled=quote, status=status)  # type: ignore[arg-type]
        self.told.append(replace(self.orders[venue_id], fills=(trade,)))

    def sent(self, op: str) -> list[float]:
        return [when for name, when, _ in self.calls if name == op]

    # -- the port
    def _call(self, op: str, what: Any, work: Callable[[], Any]) -> Any:
        assert not self.closed
        self.calls.append((op, self.now - EPOCH, what))
        fate = self.script[op].pop(0) if self.script[op] else None
        if fate == "crash before":
            raise Crash
        if fate == "lost":
            work()
            raise Doubtful("no answer")
        if fate == "crash after":
            work()
            raise Crash
        if fate == "absent":
            raise Doubtful("no answer")
        if isinstance(fate, Exception):
            raise fate
        if callable(fate):
            fate()
        return work()

    async def start(self) -> None:
        self._call("start", None, lambda: None)

    async def close(self) -> None:
        self.closed = True

    async def wait(self, seconds: float) -> None:
        end = self.now + max(0.0, seconds)
        while self.timeline and self.timeline[0][0] <= end:
            when, action = self.timeline.pop(0)
            self.now = max(self.now, when)
            action()
            if self.told and self.link:
                return
        self.now = end

    def events(self) -> list[OrderState]:
        told, self.told = (self.told if self.link else []), []
        return told

    async def place(self, client_id: str, terms: Terms) -> OrderState:
        def work() -> OrderState:
            if any(o.client_id == client_id and o.status == "open" for o in self.orders.values()):
                raise Refused("duplicate", "Duplicate order sent.")
            venue_id = str(100 + len(self.orders))
            quantity = terms.quantity if terms.quantity is not None else (terms.quote_quantity or D(0)) / 100
            self.orders[venue_id] = OrderState(
                venue_id, client_id, terms.symbol, terms.side, terms.type, "open", quantity, D(0), D(0), terms.price
            )
            if terms.type == "market":
                self.fill(venue_id, str(quantity))
                return replace(self.orders[venue_id], fills=(self.trades[-1],))
            return self.orders[venue_id]

        return self._call("place", (client_id, terms), work)  # type: ignore[no-any-return]

    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        return [await self.place(client_id, terms) for client_id, terms in legs]

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState:
        def work() -> OrderState:
            if self.orders[venue_id].status != "open":
                raise Refused("unknown_order", "Unknown order sent.")
            state = self.orders[venue_id]
            new = replace(state, status="cancelled", client_id=cancel_id or "random", placed_as=state.client_id)
            self.orders[venue_id] = replace(new, placed_as=None)
            return new

        return self._call("cancel", venue_id, work)  # type: ignore[no-any-return]

    async def amend(self, symbol: str, venue_id: str, quantity: Decimal, new_id: str) -> None:
        def work() -> None:
            if self.orders[venue_id].status != "open":
                raise Refused("unknown_order", "Unknown order sent.")
            self.orders[venue_id] = replace(self.orders[venue_id], quantity=quantity, client_id=new_id)

        self._call("amend", (venue_id, quantity), work)

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        def work() -> OrderState:
            for state in self.orders.values():
                if state.venue_id == venue_id or state.client_id == client_id:
                    return state
            raise Refused("not_found", "Order does not exist.")

        return self._call("order", venue_id or client_id, work)  # type: ignore[no-any-return]

    async def open_orders(self, symbol: str) -> list[OrderState]:
        def work() -> list[OrderState]:
            return [o for o in self.orders.values() if o.symbol == symbol and o.status == "open"]

        return self._call("open_orders", symbol, work)  # type: ignore[no-any-return]

    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        return self._call(  # type: ignore[no-any-return]
            "all_orders", symbol, lambda: [o for o in self.orders.values() if o.symbol == symbol]
        )

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        def work() -> list[Fill]:
            return [f for f in self.trades if f.symbol == symbol and order in (None, f.order)]

        return self._call("fills", order, work)  # type: ignore[no-any-return]

    async def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        return self._call("balances", None, lambda: dict(self.held))  # type: ignore[no-any-return]

    async def quote(self, symbol: str) -> Quote:
        return self._call("quote", symbol, lambda: self.shown)  # type: ignore[no-any-return]

    async def rules(self, symbol: str) -> dict[str, Any]:
        return self._call("rules", symbol, lambda: dict(self.ruled))  # type: ignore[no-any-return]


def run(port: FakePort, job: FakeTask, kind: type[Brain] = Brain) -> Report:
    brain = kind(job, FakeAccess(), port, rng=Random(1), clock=lambda: port.now)
    return drive(brain.run())
