"""One connection to the venue, server side: HTTP/1.1 first, a WebSocket after an upgrade.

The link turns bytes into requests for the `Server` and answers into bytes; it knows what became of the connection (so
that a request without an answer gets its Broken event), and it pushes stream events. What a client sends is seen at
the instant of sending: network delay is the server's to add.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from outtrade.engine.delays import Way
from outtrade.engine.seam import Connection, Planned
from outtrade.model.history import Broken, Closed, StreamDown, StreamEvent, StreamUp
from outtrade_mocks import wire
from outtrade_mocks.venues.api import BINARY, Binary, Close, HttpAnswer, Push, Session

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange, Server


SPOKEN = 100_000_000
"""Nanoseconds after which a session that still has the same to say (an idle connection that is to end, say) is asked
again."""


class Link:
    """One TCP connection of the client under test."""

    __slots__ = (
        "closing", "conn", "dead", "due", "host", "http", "lanes", "left", "method", "open", "pushing", "queued",
        "seen_up", "server", "session", "stay", "subscribed", "waiting", "ws",
    )  # fmt: skip

    def __init__(self, server: Server, conn: Connection) -> None:
        self.server = server
        self.conn = conn
        self.host = conn.host
        self.http = wire.HttpConnection()
        self.ws: wire.WebSocketConnection | None = None
        self.session: Session | None = None
        self.waiting: dict[int, Exchange] = {}
        """Requests without an answer, by number: over HTTP one at most."""
        self.queued: list[wire.Received] = []
        self.open = True
        self.dead = False
        """Packets vanish for good (black hole)."""
        self.closing = False
        self.left = False
        """Whether the client said goodbye on its WebSocket: what follows is the end that it asked for."""
        self.subscribed = False
        self.pushing = False
        """Whether the venue may say something here without being asked."""
        self.due: Planned | None = None
        """When the session next speaks by itself."""
        self.seen_up = False
        self.stay = True
        self.method = "GET"
        self.lanes: dict[Way, tuple[int, int]] = {"up": (0, 0), "down": (0, 0)}
        """Of each direction, when the message that leaves last leaves and arrives (ns): none overtakes it."""
        server.links[conn.id] = self

    # ------------------------------------------------------------------ from the client
    def on_data(self, data: bytes) -> None:
        """Bytes left the client."""
        if self.ws is not None:
            self._frames(self.ws.receive(data))
            return
        for event in self.http.receive(data):
            if isinstance(event, wire.Received):
                if not self.waiting:
                    self._request(event)
                else:
                    self.queued.append(event)
            elif isinstance(event, wire.Continue):
                self.conn.send(wire.CONTINUE)
            elif isinstance(event, wire.Malformed):
                self.closing = True
                self._round_trip("malformed", self._last_words, wire.error_response(event))
            else:
                self._upgrade(event)

    def on_eof(self) -> None:
        """The client closed its side: so do we."""
        if self.ws is not None:
            self._frames(self.ws.receive_eof())
        self._over()
        self.conn.close()

    def on_reset(self) -> None:
        """The client reset the connection."""
        self._over()

    def client_closed(self, how: Literal["fin", "rst"]) -> None:
        """The client's end of the connection is gone, as of now."""
        if self.open:
            self._unanswered("crashed" if self.server.recorder.life_of(self.conn).dead else "gave_up")
            self.server.recorder.add(Closed(conn=self.conn.id, by="client", how=how))
            self._stream_down("client")
        self._over()

    def _request(self, event: wire.Received) -> None:
        self.stay = event.keep_alive
        self.method = event.request.method
        self.server.sent(self, event.request)

    # ------------------------------------------------------------------ to the client
    def frame(self, answer: HttpAnswer) -> bytes:
        """The bytes of an answer on this connection."""
        return wire.response(
            answer.status,
            answer.body,
            headers=answer.headers,
            content_type=answer.content_type,
            keep_alive=self.stay,
            method=self.method,
        )

    def send(self, data: bytes) -> None:
        """Give bytes to the client now; the next request that waited on this connection follows."""
        if not self.open:
            return
        self.conn.send(data)
        if not self.waiting:
            if not self.stay:
                self.finish()
            elif self.queued:
                self._request(self.queued.pop(0))

    def _round_trip(self, op: str, action: Callable[..., object], *args: Any) -> None:
        """The venue answers at once to what has just left the client."""
        up, down = self.server.delays.up(op), self.server.delays.down(op)
        self.server.carry(self, "down", up + down, action, *args, after=up)

    def _last_words(self, data: bytes) -> None:
        if self.open:
            self.conn.send(data)
            self.finish()

    def truncated(self, answer: HttpAnswer, length: int) -> None:
        """Head and part of a body that was announced as ``length`` bytes, then FIN."""
        if self.server.outages.swallowed(self) or not self.open:
            return
        data = self.frame(answer)
        announced = data.replace(b"Content-Length: %d" % len(answer.body), b"Content-Length: %d" % length, 1)
        self.conn.send(announced)
        self.cut_short()

    def cut_short(self) -> None:
        """The client has a part of the answer, then FIN."""
        self._unanswered("truncated")
        self.finish()

    def finish(self) -> None:
        """FIN to the client."""
        if self.open and not self.server.outages.swallowed(self):
            self._unanswered("close")
            self.server.recorder.add(Closed(conn=self.conn.id, by="venue", how="fin"))
            self._stream_down("client" if self.left else "venue")
            self._over()
            self.conn.close()

    def reset(self) -> None:
        """RST to the client."""
        if self.open and not self.dead:
            self._unanswered("reset")
            self.server.recorder.add(Closed(conn=self.conn.id, by="venue", how="rst"))
            self._stream_down("venue")
            self._over()
            self.conn.reset()

    def vanish(self) -> None:
        """From now on nothing travels on this connection, and nobody is told."""
        if not self.dead:
            self.dead = True
            self.conn.drop()
            self._gone_from_venue()

    # ------------------------------------------------------------------ the end
    def _unanswered(self, how: Literal["reset", "close", "truncated", "gave_up", "crashed"]) -> None:
        for number in self.waiting:
            self.server.recorder.add(Broken(call=number, conn=self.conn.id, how=how))
        self.waiting.clear()

    def _stream_up(self, call: int) -> None:
        """The client knows by now that the account's events come here."""
        if self.subscribed and not self.seen_up:
            self.seen_up = True
            self.server.recorder.add(StreamUp(conn=self.conn.id, call=call))

    def _stream_down(self, by: Literal["client", "venue"]) -> None:
        if self.seen_up:
            self.seen_up = False
            self.server.recorder.add(StreamDown(conn=self.conn.id, by=by))

    def _gone_from_venue(self) -> None:
        if self.session is not None:
            self.server.venue.advance(self.server.world.now)  # it may be the last stream that protected orders
            self.session.closed()
            self.session = None
            self.server.tick()
        if self.due is not None:
            self.due.cancel()
            self.due = None
        self.subscribed = False
        self._may_push()

    def _may_push(self) -> None:
        """Tell the network whether a wait for something on this connection may end without a request."""
        pushing = self.subscribed or self.due is not None
        if pushing != self.pushing:
            self.pushing = pushing
            self.server.world.net.pushing += 1 if pushing else -1

    def _over(self) -> None:
        if self.open:
            self.open = False
            self.server.links.pop(self.conn.id, None)
        self._gone_from_venue()

    # ------------------------------------------------------------------ WebSocket
    def _upgrade(self, event: wire.Upgrade) -> None:
        self.ws = wire.WebSocketConnection(event.request)
        self._frames(self.ws.receive(event.rest))

    def _frames(self, events: list[wire.WebSocketEvent]) -> None:
        assert self.ws is not None
        for event in events:
            if isinstance(event, wire.Opening):
                self._round_trip("upgrade", self._accept, event)
            elif isinstance(event, wire.Text):
                self._text(event.text)
            elif isinstance(event, wire.Closed):
                self.closing = self.left = True
        if self.ws.open or self.closing:
            self._round_trip("frames", self._flush)

    def _accept(self, event: wire.Opening) -> None:
        if self.server.outages.swallowed(self) or not self.open or self.ws is None:
            return
        now = self.server.world.now
        self.session = self.server.venue.open_session(self.host, event.request.target, now)
        self.ws.accept()
        self._flush()
        self._frames(self.ws.receive(b""))
        self._ping()
        self.say(self.session.opened(now))
        self.executed()
        self._stream_up(0)  # some are subscribed by their address

    def _ping(self) -> None:
        every = None if self.session is None else self.session.ping_every
        if every is not None and self.open and self.ws is not None and self.ws.open and not self.dead:
            if self.server.outages.silence() is None and not self.server.outages.swallowed(self):
                self.ws.ping(str(self.server.world.now // 1_000_000).encode())
                self._flush()
            self.server.world.call_later(every, self._ping, background=True)

    def _speak_later(self, again: int = 0) -> None:
        """Come back when the session says something by itself; where that is due already, in ``again`` nanoseconds."""
        at = None if self.session is None else self.session.next_time()
        if self.due is not None:
            if self.due.time == at:
                return
            self.due.cancel()
            self.due = None
        if at is not None:
            now = self.server.world.now
            self.due = self.server.world.call_at(at if at > now else now + again, self._speak, background=True)
        self._may_push()

    def _speak(self) -> None:
        self.due = None
        server = self.server
        if self.session is not None and self.open and not server.outages.swallowed(self):
            server.venue.advance(server.world.now)
            frames = self.session.due(server.world.now)
            if frames:
                server.carry(self, "down", server.delays.down("event"), self.say, frames)
            server.tick()
        self._speak_later(again=SPOKEN)  # a farewell is on its way, or an outage swallows it: once more, but not now

    def say(self, frames: Sequence[str | Close]) -> None:
        """Frames that are no answer and no event of the account (greetings, heartbeats, market data) reach the client;
        a silent stream swallows them."""
        for frame in frames:
            if not self.open or self.ws is None or not self.ws.open or self.server.outages.swallowed(self):
                return
            if isinstance(frame, Close):
                self.close_stream(frame.code, frame.reason)
            elif not self.server.outages.hushed(self):
                body = self.server.recorder.history.intern(str(frame))
                self.server.recorder.add(StreamEvent(conn=self.conn.id, n=0, kind="public", body=body))
                self._send(frame)
                self._flush()

    def _flush(self) -> None:
        """Give the client the frames that are due (pongs, closes); they vanish while the stream is silent."""
        if self.ws is None or not self.open or self.server.outages.swallowed(self):
            return
        data = self.ws.outgoing()
        if data and not self.server.outages.hushed(self):
            self.conn.send(data)
        if self.ws.eof:
            self.finish()

    def _text(self, text: str) -> None:
        if self.session is not None:
            self.server.asked(self, self.session, self.session.read(text), text)

    def executed(self) -> None:
        """The session has carried a frame out: it may be subscribed now, or have something to say later."""
        if self.session is None:
            return
        if self.session.subscribed and not self.subscribed:
            self.subscribed = True
            self.server.pushes.stream_here(self)
        self._speak_later()

    def reply(self, exchange: Exchange, answer: HttpAnswer, outcome: str) -> None:
        """Give the client the frame that answers, and what follows it."""
        if self.ws is None:
            return
        if outcome == "ok":
            self._stream_up(exchange.number)
        if answer.body:
            text = answer.body.decode("utf-8", "replace")
            self._send(Binary(text) if answer.content_type == BINARY else text)
            self._flush()
        self.say(answer.also)

    def push(self, push: Push, gap: float) -> None:
        """Send a pushed event in ``gap`` seconds; it arrives a network delay later unless something is in the way."""
        for text in () if self.session is None else self.session.frames(push):
            seconds = self.server.delays.down("event") + gap
            self.server.carry(self, "down", seconds, self._push, push, text, after=gap)

    def _push(self, push: Push, text: str) -> None:
        server = self.server
        if not self.open or self.ws is None or server.outages.silence() is not None or server.outages.swallowed(self):
            if silent := server.outages.silence():
                server.landed_once(silent, n=push.n)
            server.pushes.lost(push, self.conn.id)
            return
        server.recorder.add(
            StreamEvent(
                conn=self.conn.id,
                n=push.n,
                kind=push.kind,
                client_id=push.client_id,
                venue_id=push.venue_id,
                trade_id=push.trade_id,
                status=push.status,
                body=server.recorder.history.intern(str(text)),
            )
        )
        self._send(text)
        self._flush()

    def _send(self, frame: str) -> None:
        """Queue a frame of the venue's: text, or binary where it is marked so."""
        assert self.ws is not None
        if isinstance(frame, Binary):
            self.ws.send_binary(frame.encode("utf-8"))
        else:
            self.ws.send_text(frame)

    def expire(self) -> bool:
        """What the stream was opened with ends; whether this connection carried the account's events."""
        session, server = self.session, self.server
        if session is None or not self.subscribed:
            return False
        frames = session.expire(server.world.now)
        self.subscribed = session.subscribed
        self._speak_later()
        server.carry(self, "down", server.delays.down("event"), self._expired, frames)
        return True

    def _expired(self, frames: Sequence[str | Close]) -> None:
        if not self.subscribed:
            self._stream_down("venue")
        self.say(frames)

    def close_stream(self, code: int = 1001, reason: str = "going away") -> None:
        """The venue ends the WebSocket: close frame, then FIN."""
        if self.ws is not None and self.open:
            self.ws.close(code, reason)
            self._flush()
            self.finish()
