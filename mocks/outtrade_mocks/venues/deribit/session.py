"""A WebSocket connection (``/ws/api/v2``): every method over it, subscriptions, heartbeats, cancel on disconnect.

``public/auth`` logs the connection in; from then on private methods need no token until that login's token expires,
which ``refresh_token`` renews (what was subscribed goes on, *inferred*). ``set_heartbeat`` makes the venue speak every
so many seconds: ``heartbeat``, and ``test_request`` to who was silent for an interval; who does not answer it (any
frame will do) is disconnected with the next. With cancel on disconnect, orders placed on the connection end with it,
unless it says ``private/logout`` first. A request above the limits is refused, and the connection ends
(docs.deribit.com, Connection Management, Rate Limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.deribit import auth, channels, codec, door, trading
from outtrade_mocks.venues.deribit.channels import Channel
from outtrade_mocks.venues.deribit.codec import encode
from outtrade_mocks.venues.deribit.desk import Desk, Outcome
from outtrade_mocks.venues.deribit.door import Asked
from outtrade_mocks.venues.deribit.errors import Refusal, refuse
from outtrade_mocks.venues.deribit.reading import read_answer

LEAST_HEARTBEAT = 10
"""Seconds (public/set_heartbeat)."""
MOST_CHANNELS = 500
"""Of one subscription (API usage policy)."""
SECOND = 1_000_000_000


class Session:
    """One connection, above the frames."""

    def __init__(self, desk: Desk, now: int, *, number: int) -> None:
        self.subscribed = False
        self.ping_every: float | None = None
        """The venue sends no WebSocket pings of its own (*inferred*); heartbeats are asked for."""
        self._desk = desk
        self._number = number
        self._logged_in_until = 0
        self._heard = now
        self._heartbeat = 0
        """Nanoseconds between two heartbeats; 0: none."""
        self._beat: int | None = None
        self._tested = False
        """A test request is out that was not answered."""
        self._channels: dict[str, Channel] = {}
        self._leaving = False
        if desk.cod_account:
            desk.cod.add(number)

    # ------------------------------------------------------------------ read
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        asked = Asked(None)
        name = ""
        try:
            name = door.read_object(asked, codec.parse_json(text.encode("utf-8", "surrogatepass")))
        except Refusal as refusal:
            asked.problem = refusal
        call = Call(op="other", method="WS", path=name, params={}, raw=asked)
        door.describe(self._desk, call, name)
        return call

    # ----------------------------------------------------------- the four calls
    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in."""
        asked: Asked = call.raw
        asked.entered = self._heard = now
        self._tested = False
        try:
            door.check_limits(self._desk, asked, now)
            if asked.problem is not None:
                raise asked.problem
            if asked.method is None:
                raise refuse("method_not_found")
            if asked.method.private:
                self._check_login(asked, now)
        except Refusal as refusal:
            return self._refused(call, refusal, now)
        return None

    def _check_login(self, asked: Asked, now: int) -> None:
        token = codec.text(asked.sent, "access_token")
        if token is not None:
            self._desk.gate.check_token(token, self._number, now)
        elif self._logged_in_until <= now:
            raise auth.denied("invalid_token") if self._logged_in_until else refuse("unauthorized")

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out."""
        desk, asked = self._desk, call.raw
        if now > desk.exchange.now:
            desk.exchange.advance(now)
        if asked.method.run is not None:
            commit = door.carry_out(desk, call, now, as_of, self._number)
            if call.path == "public/auth" and commit.error is None:
                self._logged_in_until = now + int(commit.result.result["expires_in"]) * SECOND
            return commit
        commit = Commit(call)
        try:
            result, after = self._own(call.path, asked, now)
            commit.result = Outcome((result, after))
        except Refusal as refusal:
            commit.error = refusal
        return commit

    def _own(self, name: str, asked: Asked, now: int) -> tuple[Any, list[str | Close]]:
        """The methods that concern the connection: what is answered, and what follows. None: no answer."""
        word = name.partition("/")[2]
        if word == "subscribe":
            return self._subscribe(name, asked, now)
        if word in ("unsubscribe", "unsubscribe_all"):
            return self._unsubscribe(name, asked), []
        if word == "set_heartbeat":
            seconds = codec.number(asked.sent, "interval")
            if seconds is None or not LEAST_HEARTBEAT <= seconds <= 86_400:
                raise codec.invalid("interval", f"must be {LEAST_HEARTBEAT} or more")
            self._heartbeat = int(seconds * SECOND)
            self._beat = now + self._heartbeat
            return "ok", []
        if word == "disable_heartbeat":
            self._heartbeat, self._beat = 0, None
            return "ok", []
        assert word == "logout"
        self._leaving = True
        if codec.text(asked.sent, "invalidate_token") is None or codec.flag(asked.sent, "invalidate_token"):
            self._desk.gate.forget(self._number)
        self._logged_in_until = 0
        return None, [Close(1000, "")]

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame, and those that follow it."""
        call = commit.call
        if commit.error is not None:
            return self._refused(call, commit.error, now)
        outcome: Outcome = commit.result
        if call.raw.method.run is not None:
            return HttpAnswer(200, door.envelope(call, now, result=outcome.result))
        result, after = outcome.result
        body = b"" if result is None else door.envelope(call, now, result=result)
        return HttpAnswer(200, body, also=tuple(after))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads a frame."""
        return read_answer(status, body)

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects. Raises ValueError on an unknown reason."""
        return self._refused(call, door.injected(reason), now)

    def _refused(self, call: Call | None, refusal: Refusal, now: int) -> HttpAnswer:
        body = door.envelope(call, now, error=refusal.shown())
        also = (Close(1008, refusal.message),) if refusal.name == "too_many_requests" else ()
        return HttpAnswer(refusal.status, body, also=also)

    # ---------------------------------------------------------- subscriptions
    def _names(self, asked: Asked) -> list[str]:
        sent = asked.sent.get("channels")
        if not isinstance(sent, list) or not all(isinstance(one, str) for one in sent):
            raise codec.invalid("channels", "must be a list of strings")
        if len(sent) > MOST_CHANNELS:
            raise codec.invalid("channels", f"at most {MOST_CHANNELS} channels")
        return list(dict.fromkeys(sent))

    def _subscribe(self, name: str, asked: Asked, now: int) -> tuple[list[str], list[str | Close]]:
        """The channels that were taken: those that do not exist are left out, without an error."""
        logged_in = self._logged_in_until > now
        taken: list[Channel] = []
        for wanted in self._names(asked):
            found = channels.parse(self._desk, wanted)
            if found is None or (found.private and name == "public/subscribe" and not logged_in):
                continue
            if not found.private and found.interval == "raw" and not logged_in and found.topic != "silent":
                raise refuse("raw_unauthorized")
            taken.append(found)
        after: list[str | Close] = []
        for one in taken:
            self._channels[one.name] = one
            after += channels.first(self._desk, one, now)
        self._count()
        return [one.name for one in taken], after

    def _unsubscribe(self, name: str, asked: Asked) -> Any:
        if name.endswith("_all"):
            private = name.startswith("private")
            for known in [one.name for one in self._channels.values() if private or not one.private]:
                del self._channels[known]
            self._count()
            return "ok"
        gone = [wanted for wanted in self._names(asked) if self._channels.pop(wanted, None) is not None]
        self._count()
        return gone

    def _count(self) -> None:
        self.subscribed = any(one.private for one in self._channels.values())

    # ----------------------------------------------------------------- speech
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def frames(self, push: Push) -> Sequence[str]:
        """The frames of a pushed event on this connection, one for each subscription that it fits."""
        return channels.frames_of(self._desk, self._channels.values(), push)

    def next_time(self) -> int | None:
        """When it next has something to say: data, or a heartbeat."""
        due = channels.next_due(self._channels.values())
        times = [one for one in (due, self._beat) if one is not None]
        return min(times, default=None)

    def due(self, now: int) -> Sequence[str | Close]:
        """What it says by itself now."""
        frames: list[str | Close] = list(channels.due_frames(self._desk, self._channels.values(), now))
        if self._beat is None or self._beat > now:
            return frames
        self._beat = now + self._heartbeat
        if self._tested:
            return (*frames, Close(1000, "heartbeat timeout"))
        self._tested = now - self._heard >= self._heartbeat
        kind = "test_request" if self._tested else "heartbeat"
        frames.append(encode({"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": kind}}).decode())
        return frames

    def expire(self, now: int) -> Sequence[str | Close]:
        """The connection ends before its time; the venue gives no warning (*inferred*)."""
        self._channels.clear()
        self.subscribed = False
        self._logged_in_until = 0
        return (Close(1001, ""),)

    def closed(self) -> None:
        """The connection is gone; with cancel on disconnect, so are its orders."""
        self._channels.clear()
        self.subscribed = False
        self._beat = None
        if self._number in self._desk.cod and not self._leaving:
            trading.disconnected(self._desk, self._number)
        self._desk.cod.discard(self._number)
        self._desk.gate.forget(self._number)
