"""Pushed events on their way to the client's private streams: held back, dropped, doubled, reordered.

While the answer to a write is being lost (`LostAnswer`), its truth must not leak: pushes are held in a backlog until
the client's first read after it, or until everything heals. Then each push passes the stream faults and goes to every
live stream; where none is up any more, it is lost for good, as real venues do not replay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade.faults.plan import Armed
from outtrade.model.fault import StreamDuplicate, StreamReorder, StreamStall
from outtrade.model.history import StreamLost
from outtrade_mocks.venues.api import Call, Push

if TYPE_CHECKING:
    from outtrade.engine.link import Link
    from outtrade.engine.server import Server

EVENT_GAP = 0.002
"""Seconds between an answer and the pushed event of the same change (either may come first: a seeded knob)."""


class Pushes:
    """The way of pushed events, for one run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.count = 0
        """Pushes of the venue so far."""
        self.held: list[Armed] = []
        """Lost answers whose truth is still hidden."""
        self._backlog: list[Push] = []
        self._reordered: tuple[Armed, Push] | None = None
        self._stalled: list[Push] = []
        """What comes late, when the stream goes on."""
        self._last_stream = -1

    # ------------------------------------------------------------------ streams
    def live(self) -> list[Link]:
        """Connections with an acknowledged private stream."""
        return [link for link in self.server.links.values() if link.subscribed and link.open]

    def stream_here(self, link: Link) -> None:
        """A connection carries the private stream now."""
        self._last_stream = link.conn.id
        self.server.outages.stream_here(link)

    # ------------------------------------------------------------------ holding back
    def hold(self, armed: Armed) -> None:
        """Hide the truth of a lost answer."""
        self.held.append(armed)

    def release(self) -> None:
        """The truth of lost answers may be seen from now on."""
        for armed in self.held:
            self.server.heal(armed)
        self.held.clear()
        backlog, self._backlog = self._backlog, []
        for push in backlog:
            self._route(push)

    # ------------------------------------------------------------------ the way
    def pushed(self, push: Push) -> None:
        """The venue pushes an event."""
        self.count += 1
        if self.held:
            self._backlog.append(push)
        else:
            self._route(push)

    def lost(self, push: Push, conn: int) -> None:
        """A push will never reach the client."""
        self.server.recorder.add(
            StreamLost(conn=conn, n=push.n, kind=push.kind, client_id=push.client_id, trade_id=push.trade_id)
        )

    def _route(self, push: Push) -> None:
        live = self.live()
        if not live:
            if self._last_stream >= 0:
                self.lost(push, self._last_stream)
            return
        if stall := self.server.plan.window("stream_stall", self.server.world.run_ns):
            self.server.landed_once(stall, n=push.n)
            assert isinstance(stall.fault, StreamStall)
            if stall.fault.late:
                self._stalled.append(push)
            else:
                for link in live:
                    self.lost(push, link.conn.id)
            return
        if push.kind in ("order", "fill"):
            if self._faulted(push, live):
                return
            self._spread(push)
            if self._reordered is not None:
                self._late(self._reordered[1])
        else:
            self._spread(push)

    def _faulted(self, push: Push, live: list[Link]) -> bool:
        """Apply the stream fault that fires on this push; True if the push does not go out now."""
        server = self.server
        probe = Call("event", "", "", {}, client_id=push.client_id, venue_id=push.order or push.venue_id)
        armed = server.plan.match(probe, server.world.run_ns, "stream_drop", "stream_duplicate", "stream_reorder")
        if armed is None:
            return False
        if isinstance(armed.fault, StreamReorder):
            if self._reordered is not None:
                return False
            self._reordered = (armed, push)
            server.later(armed.fault.after, self._late, push)
            return True
        server.recorder.add(armed.landed(n=push.n))
        server.heal(armed)
        if isinstance(armed.fault, StreamDuplicate):
            server.later(armed.fault.after, self._spread, push)
            return False
        for link in live:
            self.lost(push, link.conn.id)
        return True

    def go_on(self) -> None:
        """A stall is over: what it kept comes now."""
        stalled, self._stalled = self._stalled, []
        for push in stalled:
            self._route(push)

    def _late(self, push: Push) -> None:
        if self._reordered is not None and self._reordered[1] is push:
            armed = self._reordered[0]
            self._reordered = None
            self.server.recorder.add(armed.landed(n=push.n))
            self.server.heal(armed)
            self._spread(push)

    def _spread(self, push: Push) -> None:
        gap = 0.0 if self.server.event_first else EVENT_GAP
        for link in self.live():
            link.push(push, gap)
