"""A real host as it stands in the World: it listens at port 443, and each whole request is asked outside, at once.

The request is carried out while the World's clock stands still; the answer reaches the agent ``latency`` virtual
seconds later, in one piece: what a host streams (server-sent events) comes whole, and a client that reads it event by
event gets its events one after another. A real connection that failed ends as a connection does: it is reset. No
fault of a scenario acts here, they are the venue's. What travels is no event of the venue either: an ``Outside`` on
the record says what was asked and what came.
"""

from __future__ import annotations

from outtrade.engine.runtime import Recorder
from outtrade.model.history import Outside
from outtrade.outside.talk import Talk, TalkError
from outtrade.sim import Conn, HarnessError, World
from outtrade.sim.active import outside
from outtrade_mocks import wire
from outtrade_mocks.cassettes import LIMITS

PORT = 443
_LIMITS = wire.HttpLimits(body=LIMITS.body)


def listen(world: World, hosts: tuple[str, ...], talk: Talk, recorder: Recorder) -> None:
    """Serve ``hosts`` in a World."""
    for host in hosts:
        world.net.listen(host, PORT, lambda conn: _Side(world, conn, talk, recorder))


class _Side:
    """One connection of the agent."""

    def __init__(self, world: World, conn: Conn, talk: Talk, recorder: Recorder) -> None:
        self._world, self._conn, self._talk, self._recorder = world, conn, talk, recorder
        self._http = wire.HttpConnection(limits=_LIMITS)

    def on_data(self, data: bytes) -> None:
        """Bytes from the agent."""
        for event in self._http.receive(data):
            if isinstance(event, wire.Continue):
                self._conn.send(wire.CONTINUE)
            elif isinstance(event, wire.Received):
                self._ask(event)
            elif isinstance(event, wire.Malformed):
                self._later(0.0, wire.error_response(event), keep=False)
            else:
                self._world.escape(f"a WebSocket to {self._conn.host}: --allow-host lets plain requests through")
                self._later(0.0, wire.response(501, b"no WebSocket here", content_type="text/plain"), keep=False)

    def _ask(self, event: wire.Received) -> None:
        request, conn = event.request, self._conn
        request.host = conn.host  # who was dialled, whatever the header says
        if not request.target.startswith("/"):
            self._later(0.0, wire.error_response(wire.Malformed(400, "the target is no path")), keep=False)
            return
        try:
            with outside():
                heard = self._talk.ask(request)
        except TalkError as error:
            self._world.stop(HarnessError(str(error)))
        answer = heard.answer
        self._recorder.add(
            Outside(
                conn=conn.id,
                incarnation=self._recorder.incarnation,
                host=conn.host,
                method=request.method,
                path=heard.path,
                status=answer.status if answer else 0,
                size=len(answer.body) if answer else 0,
                error=heard.error,
                latency=heard.latency,
            )
        )
        if answer is None:
            self._world.call_later(heard.latency, conn.reset)
            return
        data = wire.response(
            answer.status,
            answer.body,
            headers=answer.headers,
            content_type=answer.content_type,
            keep_alive=event.keep_alive,
            method=request.method,
        )
        self._later(heard.latency, data, keep=event.keep_alive)

    def _later(self, seconds: float, data: bytes, *, keep: bool) -> None:
        self._world.call_later(seconds, self._send, data, keep)

    def _send(self, data: bytes, keep: bool) -> None:
        self._conn.send(data)
        if not keep:
            self._conn.close()

    def on_eof(self) -> None:
        """The agent closed its side: so do we."""
        self._conn.close()

    def on_reset(self) -> None:
        """The agent reset the connection."""
