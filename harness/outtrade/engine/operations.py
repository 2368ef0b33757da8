"""Operations of the exchange that last, for one run: halts, rules that change, a clock that runs apart, what others
do on the account (orders that they end or place, money that they move), and promises that the venue itself breaks: an
order filled beyond its quantity, a trade that no list shows.

Each acts on the venue itself (through its Witness, in the core's own words), so that all that follows from it is
the venue's behaviour and not ours: refusals, stream events, balances set free.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, cast

from outtrade.faults.plan import Armed, Window
from outtrade.model.fault import ClockSkew, Halt, OthersCancel, Overfill, RuleChange, Stray, Transfer, UnlistedFill
from outtrade.model.history import NS
from outtrade.model.units import wire_size

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange, Server
    from outtrade_mocks.venues.api import Call

HOUR = 3600 * NS
AWAY = Decimal("0.03")
"""How far from the market, as a fraction of the price, a stray order rests."""


class Operations:
    """What the exchange does by itself, or others do at it, during one run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.unlisted: list[tuple[Armed, str, str | None]] = []
        """Faults that keep a trade from being listed: with the order it is of, and that order's symbol."""

    def install(self) -> None:
        """Schedule what has its time in the plan."""
        for armed in self.server.plan.all:
            self.schedule(armed)

    def schedule(self, armed: Armed) -> None:
        """Plan what happens at the times of a fault of these kinds; the others need no plan."""
        server = self.server
        if isinstance(armed, Window) and armed.kind == "halt":
            server.at(armed.start, self._halts, armed)
            server.at(armed.end, self._resumes, armed)
        elif isinstance(armed, Window) and armed.kind == "clock_skew":
            server.at(armed.end, self._right_again, armed)
        elif armed.kind == "transfer":
            server.at(armed.start, self._moves_money, armed)
        elif armed.kind == "rule_change" and armed.start < server.heal_at:
            server.at(armed.start, self._changes, armed)

    # ------------------------------------------------------------------ orders
    def placed(self, call: Call, order: str) -> None:
        """An order was accepted: is somebody going to end it?"""
        server = self.server
        armed = server.plan.match(call, server.world.run_ns, "others_cancel")
        if armed is not None:
            assert isinstance(armed.fault, OthersCancel)
            server.later(armed.fault.after, self._ends, armed, order)
        over = server.plan.match(call, server.world.run_ns, "overfill")
        if over is not None:
            assert isinstance(over.fault, Overfill)
            server.later(over.fault.after, self._overfills, over, order)
        short = server.plan.match(call, server.world.run_ns, "unlisted_fill")
        if short is not None and all(armed is not short for armed, _, _ in self.unlisted):
            self._unlists(short, order, call.symbol)
        stray = server.plan.match(call, server.world.run_ns, "stray")
        if stray is not None:
            assert isinstance(stray.fault, Stray)
            tag = server.plan.tag_of(call, server.world.run_ns)
            server.later(stray.fault.after, self._strays, stray, call, tag)

    def _ends(self, armed: Armed, order: str) -> None:
        server, fault = self.server, armed.fault
        assert isinstance(fault, OthersCancel)
        if armed.fired >= fault.on.times:
            return
        server.venue.advance(server.world.now)
        if server.venue.end(order, by=fault.by):
            server.recorder.add(armed.landed(order=order))
            server.heal(armed)
        server.tick()

    def _overfills(self, armed: Armed, order: str) -> None:
        """The order is filled, and then some; one that does not rest any more leaves the fault to another."""
        server, fault = self.server, armed.fault
        assert isinstance(fault, Overfill)
        if armed.fired >= fault.on.times:
            return
        server.venue.advance(server.world.now)
        if server.venue.overfill(order, Decimal(str(fault.fraction))):
            server.recorder.add(armed.landed(order=order))
            server.heal(armed)
        server.tick()

    def _unlists(self, armed: Armed, order: str, symbol: str | None) -> None:
        """From now on the first trade of an order is on no list, for a while."""
        server, fault = self.server, armed.fault
        assert isinstance(fault, UnlistedFill)
        armed.occurred = False  # whether anybody asks for a list is still to be seen
        server.venue.list_first_fill(order, listed=False)
        self.unlisted.append((armed, order, symbol))
        ends = min(server.world.run_ns + round(fault.duration * NS), server.heal_at)
        server.at(ends, self._lists_again, armed, order)

    def _lists_again(self, armed: Armed, order: str) -> None:
        self.server.venue.list_first_fill(order, listed=True)
        self.unlisted = [one for one in self.unlisted if one[0] is not armed]
        if armed.fired:
            self.server.heal(armed)

    def listed(self, exchange: Exchange) -> None:
        """A list of trades was answered: if one is missing there that has taken place, the fault is in effect."""
        call = exchange.call
        for armed, order, symbol in self.unlisted:
            asked = call.op == "trades" and call.symbol in (None, "", symbol) and call.venue_id in (None, order)
            if asked and order in self.server.plan.orders.traded:
                self.server.landed_once(armed, call=exchange.number, order=order)

    def _strays(self, armed: Armed, call: Call, tag: str | None) -> None:
        """An order under a tag of the agent's that it never sent. One that the venue will not take waits for another
        order of the agent's."""
        server, fault, order = self.server, armed.fault, call.order or {}
        assert isinstance(fault, Stray)
        server.venue.advance(server.world.now)
        mid = server.venue.truth()["mids"].get(call.symbol or "")
        if armed.fired >= fault.on.times or tag is None or call.symbol is None or mid is None:
            return
        side = cast('Literal["buy", "sell"]', order["side"])
        asked = wire_size(order.get("quantity"), server.venue.holder.contract_size(call.symbol))
        size = asked or Decimal(str(order.get("quote_quantity") or 0)) / Decimal(mid)
        quantity = size * Decimal(str(fault.fraction))
        price = None
        if fault.form == "order":
            price = Decimal(mid) * (1 - AWAY if side == "buy" else 1 + AWAY)
        try:
            found = server.venue.stand(call.symbol, side, quantity, price, f"{tag}s{armed.index + 1}")
        except ValueError:
            return
        server.recorder.add(armed.landed(order=found, detail=fault.form))
        server.heal(armed)
        server.tick()

    def _moves_money(self, armed: Armed) -> None:
        server, fault = self.server, armed.fault
        assert isinstance(fault, Transfer)
        armed.occurred = True
        server.venue.advance(server.world.now)
        amount = Decimal(str(fault.amount))
        if server.venue.transfer(fault.asset, amount if fault.way == "in" else -amount):
            server.recorder.add(armed.landed(detail=f"{fault.asset} {fault.way}"))
            server.heal(armed)
        server.tick()

    # ------------------------------------------------------------------ halts
    def _symbols(self, window: Armed) -> tuple[str, ...]:
        wanted = window.fault.on.symbol
        return self.server.scenario.symbols if wanted is None else (wanted,)

    def _halts(self, window: Window) -> None:
        assert isinstance(window.fault, Halt)
        server = self.server
        server.venue.advance(server.world.now)
        for symbol in self._symbols(window):
            server.venue.set_state(symbol, window.fault.state)
        server.recorder.add(window.landed(detail=window.fault.state))
        server.tick()

    def _resumes(self, window: Window) -> None:
        server = self.server
        server.venue.advance(server.world.now)
        for symbol in self._symbols(window):
            server.venue.set_state(symbol, "open")
        server.heal(window)
        server.tick()

    # ------------------------------------------------------------------ rules
    def _changes(self, armed: Armed) -> None:
        """Other rules, for good: from here on they are simply the venue's."""
        assert isinstance(armed.fault, RuleChange)
        server, told = self.server, []
        server.venue.advance(server.world.now)
        for symbol in self._symbols(armed):
            value = server.venue.set_rule(symbol, armed.fault.rule, armed.fault.times)
            if value is not None:
                told.append(f"{symbol} {armed.fault.rule} {value.normalize():f}")
        if told:
            server.recorder.add(armed.landed(detail=", ".join(told)))
            server.heal(armed)
        server.tick()

    # ------------------------------------------------------------------ clocks
    def skew(self) -> int:
        """By how much the clock at the front door is ahead of the true time now (ns)."""
        run = self.server.world.run_ns
        window = self.server.plan.window("clock_skew", run)
        if window is None:
            return 0
        assert isinstance(window.fault, ClockSkew)
        return int(window.fault.seconds * NS) + int(window.fault.drift * NS) * (run - window.start) // HOUR

    def told(self, exchange: Exchange) -> None:
        """A request was held against the clock, or asked for it: if that runs apart, the fault is in effect."""
        server = self.server
        window = server.plan.window("clock_skew", server.world.run_ns)
        if window is not None and (exchange.call.signed or exchange.call.op == "time"):
            server.landed_once(window, call=exchange.number)

    def _right_again(self, window: Window) -> None:
        if window.fired:
            self.server.heal(window)
