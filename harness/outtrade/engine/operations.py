"""Operations of the exchange that last, for one run: halts, rules that change, a clock that runs apart,
orders ended by others.

Each acts on the venue itself (through its Witness, in the core's own words), so that all that follows from it is
the venue's behaviour and not ours: refusals, stream events, balances set free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade.faults.plan import Armed, Window
from outtrade.model.fault import ClockSkew, Halt, OthersCancel, RuleChange
from outtrade.model.history import NS

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange, Server
    from outtrade_mocks.venues.api import Call

HOUR = 3600 * NS


class Operations:
    """What the exchange does by itself, or others do at it, during one run."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def install(self) -> None:
        """Schedule what has its time in the plan."""
        server = self.server
        for window in server.plan.windows("halt"):
            server.at(window.start, self._halts, window)
            server.at(window.end, self._resumes, window)
        for armed in server.plan.of("rule_change"):
            if armed.start < server.heal_at:
                server.at(armed.start, self._changes, armed)
        for window in server.plan.windows("clock_skew"):
            server.at(window.end, self._right_again, window)

    # ------------------------------------------------------------------ orders
    def placed(self, call: Call, order: str) -> None:
        """An order was accepted: is somebody going to end it?"""
        server = self.server
        armed = server.plan.match(call, server.world.run_ns, "others_cancel")
        if armed is not None:
            assert isinstance(armed.fault, OthersCancel)
            server.later(armed.fault.after, self._ends, armed, order)

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
