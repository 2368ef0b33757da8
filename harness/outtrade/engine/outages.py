"""Faults that hold for a stretch of time: DNS failures, refused connections, black holes, silent and closed streams.

They act on names, connections and packets of the venue, not on requests, and not on other hosts. Each lands once, on
the first thing it hits; a window in which nothing happened was not exercised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade.faults.plan import Armed, Moment, Window
from outtrade.model.fault import Disconnect, HalfOpen
from outtrade.model.history import NS
from outtrade.sim import ConnectPlan

if TYPE_CHECKING:
    from outtrade.engine.link import Link
    from outtrade.engine.server import Server


AGAIN_NS = NS
"""How long a moment waits for something to strike before it looks again."""
LOOPBACK = "127.0.0.1"
"""Where clients reach the venue over real sockets."""


class Outages:
    """The windowed faults of one run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        names = (host for host, _ in (*server.venue.rest_hosts, *server.venue.stream_hosts))
        self._hosts = frozenset((*names, LOOPBACK))

    def install(self) -> None:
        """Hook into the network and schedule the windows of the plan."""
        server = self.server
        server.world.net.on_resolve = self.on_resolve
        server.world.net.on_connect = self.on_connect
        for armed in server.plan.all:
            self.schedule(armed)

    def schedule(self, armed: Armed) -> None:
        """Plan what happens when a window opens and closes, or at a moment; other faults need no plan."""
        if isinstance(armed, Window):
            self.server.at(armed.start, self._opens, armed)
            self.server.at(armed.end, self._closes, armed)
        elif isinstance(armed, Moment):
            self.server.at(armed.start, self._strike, armed)

    def _now(self, kind: str) -> Window | None:
        return self.server.plan.window(kind, self.server.world.run_ns)

    def on_resolve(self, host: str) -> bool:
        """Whether a name is found now."""
        window = self._now("dns_failure")
        if window is None or host not in self._hosts:
            return True
        self.server.landed_once(window, detail=host)
        return False

    def on_connect(self, host: str, port: int) -> ConnectPlan | None:
        """What becomes of a connection attempt; None: it is no host of this venue."""
        server = self.server
        if host not in self._hosts:
            return None
        round_trip = server.delays.up("connect") + server.delays.down("connect")
        if window := self._now("blackhole"):
            server.landed_once(window, detail=f"connect {host}")
            return ConnectPlan("lost")
        window = self._now("refuse")
        if window is None and (host, port) in server.venue.stream_hosts:
            window = self._now("stream_close")
        if window is None:
            return ConnectPlan("ok", delay=round_trip)
        server.landed_once(window, detail=f"connect {host}")
        return ConnectPlan("refused", delay=round_trip)

    def _opens(self, window: Window) -> None:
        server = self.server
        match window.kind:
            case "dns_failure" | "refuse":
                for link in list(server.links.values()):
                    link.reset()
                    server.landed_once(window, conn=link.conn.id)
            case "stream_close":
                for link in server.pushes.live():
                    server.landed_once(window, conn=link.conn.id)
                    link.close_stream()
            case "stream_silent":
                for link in server.pushes.live():
                    server.landed_once(window, conn=link.conn.id)

    def _closes(self, window: Window) -> None:
        if window.fired:
            self.server.heal(window)
        if window.kind == "stream_stall":
            self.server.pushes.go_on()

    def _strike(self, armed: Armed) -> None:
        """A moment has come; where there is nothing to strike yet, it comes again."""
        server = self.server
        now = server.world.run_ns
        if armed.fired or now >= min(armed.end, server.heal_at):
            return
        if armed.kind == "pause":
            server.freeze(armed)
            return
        for link in list(server.links.values()):
            if self._strikes(armed, link):
                server.landed_once(armed, conn=link.conn.id)
        if armed.fired:
            server.heal(armed)
        else:
            server.at(now + AGAIN_NS, self._strike, armed)

    def _strikes(self, armed: Armed, link: Link) -> bool:
        fault = armed.fault
        if not link.open or link.dead:
            return False
        if isinstance(fault, HalfOpen | Disconnect):
            if fault.only != "all" and (fault.only == "stream") != (link.ws is not None):
                return False
            if isinstance(fault, HalfOpen):
                link.vanish()
            elif fault.how == "reset":
                link.reset()
            else:
                link.finish()
            return True
        return link.subscribed and link.expire()

    def stream_here(self, link: Link) -> None:
        """A private stream came up."""
        if window := self.silence():
            self.server.landed_once(window, conn=link.conn.id)

    def swallowed(self, link: Link) -> bool:
        """Whether a packet of this connection vanishes now (black hole); the connection is dead from then on."""
        if window := self._now("blackhole"):
            self.server.landed_once(window, conn=link.conn.id)
            link.vanish()
            return True
        return link.dead

    def hushed(self, link: Link) -> bool:
        """Whether a frame on this connection is swallowed now by a fault that keeps streams silent."""
        window = self.silence()
        if window is not None:
            self.server.landed_once(window, conn=link.conn.id)
        return window is not None

    def silence(self) -> Window | None:
        """The fault that keeps open streams silent now."""
        return self._now("stream_silent")
