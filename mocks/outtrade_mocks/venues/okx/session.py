"""A WebSocket connection: login, subscriptions, order operations, heartbeats, the end of it.

There are three addresses: ``/ws/v5/public`` (market data), ``/ws/v5/private`` (the account, order operations) and
``/ws/v5/business`` (algo orders, candles). A frame is ``{"op": ..., "args": [...]}``; text ``ping`` is answered
``pong``. Who sends nothing, and is sent nothing, for 30 seconds is disconnected (close 4004). What happens while nobody
is subscribed is not sent later; account, positions and balance_and_position begin with a snapshot.

An order operation passes the same door as over REST, and its answer is the same data under
``{"id", "op", "code", "msg", "data", "inTime", "outTime"}``. Errors of the connection are
``{"event": "error", "code", "msg", "connId"}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.okx import auth, codec, door, endpoints
from outtrade_mocks.venues.okx.channels import (
    COUNTED,
    Subscription,
    check_subscription,
    due_frames,
    frames_of,
    next_due,
    snapshot,
)
from outtrade_mocks.venues.okx.desk import Desk, Outcome
from outtrade_mocks.venues.okx.door import Asked
from outtrade_mocks.venues.okx.endpoints import Endpoint
from outtrade_mocks.venues.okx.errors import ALL_FAILED, Refusal, refuse
from outtrade_mocks.venues.okx.reading import read_answer

PATHS = {"/ws/v5/public": "public", "/ws/v5/private": "private", "/ws/v5/business": "business"}
IDLE_NS = 30_000_000_000
UPGRADE = "The connection will soon be closed for a service upgrade. Please reconnect."
OPERATIONS: Mapping[str, Endpoint] = {
    "order": endpoints.PLACE,
    "batch-orders": endpoints.PLACE_BATCH,
    "cancel-order": endpoints.CANCEL,
    "batch-cancel-orders": endpoints.CANCEL_BATCH,
    "amend-order": endpoints.AMEND,
    "batch-amend-orders": endpoints.AMEND_BATCH,
}
SUBSCRIBE = ("subscribe", "unsubscribe")
MOST_SUBSCRIBES = 480
"""Logins, subscriptions and unsubscriptions of a connection in an hour (docs-v5, WebSocket Overview)."""
MOST_CONNECTIONS = 30


class Session:
    """One connection, above the frames."""

    def __init__(self, desk: Desk, credentials: Credentials, path: str, now: int, *, number: int) -> None:
        self.subscribed = False
        self.ping_every: float | None = None
        """The venue sends no WebSocket pings."""
        self.address = PATHS.get(path, "public")
        self.connection = f"{0xA4D3AE00 + number:08x}"
        self._desk = desk
        self._credentials = credentials
        self._number = number
        self._logged_in = False
        self._heard = now
        self._subscriptions: dict[str, Subscription] = {}

    # ------------------------------------------------------------------ read
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        if text == "ping":
            return Call(op="ping", method="WS", path="ping", params={}, raw=Asked(None))
        asked = Asked(None)
        frame: Any = None
        with suppress(Refusal):
            frame = codec.parse_body(text.encode("utf-8", "replace"))
        if not isinstance(frame, dict) or not isinstance(frame.get("op"), str):
            asked.problem = refuse("ws_request", text)
            return Call(op="other", method="WS", path="", params={}, raw=asked)
        op, args, identity = frame["op"], frame.get("args"), frame.get("id")
        asked.identity = identity if isinstance(identity, str) else ""
        asked.payload = args if isinstance(args, list) else []
        asked.deadline = codec.value(frame["expTime"]) if frame.get("expTime") else ""
        if not isinstance(args, list) or not args or not all(isinstance(one, dict) for one in args):
            asked.problem = refuse("ws_request", text) if op not in OPERATIONS else refuse("ws_args")
        endpoint = asked.endpoint = OPERATIONS.get(op)
        word = "login" if op == "login" else "subscribe" if op == "subscribe" else "other"
        call = Call(op=endpoint.op if endpoint else word, method="WS", path=op, params={}, raw=asked)
        if asked.problem is None and endpoint is None:
            call.params = codec.text(asked.payload[0]) if len(asked.payload) == 1 else {"args": codec.value(args)}
        elif asked.problem is None:
            call.signed = True
            door.describe(self._desk, call)
        call.digest = codec.digest(call.op, op, asked.payload)
        return call

    # ----------------------------------------------------------- the four calls
    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in."""
        asked: Asked = call.raw
        asked.entered = self._heard = now
        if call.op == "ping":
            return None
        try:
            if asked.problem is not None:
                raise asked.problem
            if asked.endpoint is not None:
                if self.address != "private":
                    raise refuse("ws_wrong_url")
                if not self._logged_in:
                    raise refuse("ws_login")
                if not asked.identity:
                    raise refuse("ws_empty", "id")
                door.check_limits(self._desk, call, now)
            elif call.path in ("login", *SUBSCRIBE):
                key, hour = ("connection", self._number), 3_600_000_000_000
                if not self._desk.limits.take(key, MOST_SUBSCRIBES, now, window=hour):
                    raise refuse("ws_frequent")
            else:
                raise refuse("ws_op", call.path)
        except Refusal as refusal:
            return self._refused(call, refusal, now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out."""
        desk, asked = self._desk, call.raw
        if now > desk.exchange.now:
            desk.exchange.advance(now)
        if asked.endpoint is not None:
            return door.carry_out(desk, call, now, as_of)
        commit = Commit(call)
        if call.op == "ping":
            commit.result = ["pong"]
            return commit
        try:
            if call.path == "login":
                commit.result = self._login(call, now)
            elif call.path == "subscribe":
                commit.result = self._subscribe(call, now)
            else:
                commit.result = self._unsubscribe(call)
        except Refusal as refusal:
            commit.error = refusal
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame, and those that follow it."""
        call = commit.call
        if commit.error is not None:
            return self._refused(call, commit.error, now)
        if call.raw.endpoint is not None:
            outcome: Outcome = commit.result
            return HttpAnswer(200, self._answer(call, outcome.code, outcome.msg, outcome.data, now))
        first, *rest = commit.result
        return HttpAnswer(200, first.encode("utf-8", "surrogatepass"), also=tuple(rest))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads a frame."""
        return Reading("ok") if body == b"pong" else read_answer(status, body)

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
        return self._refused(call, door.injected(self._desk, reason), now)

    # --------------------------------------------------------------- answers
    def _answer(self, call: Call, code: str, message: str, data: object, now: int) -> bytes:
        asked: Asked = call.raw
        times = {"inTime": str((asked.entered or now) // 1000), "outTime": str(now // 1000)}
        return codec.encode({"id": asked.identity, "op": call.path, "code": code, "msg": message, "data": data} | times)

    def _refused(self, call: Call | None, refusal: Refusal, now: int) -> HttpAnswer:
        status = refusal.status if refusal.status >= 400 and refusal.whole else 200
        if call is not None and call.raw.endpoint is not None and refusal.name != "ws_request":
            listed = door.as_item(call, refusal, now)
            if listed is not None:
                return HttpAnswer(200, self._answer(call, "1", ALL_FAILED, listed, now))
            return HttpAnswer(status, self._answer(call, refusal.code, refusal.message, [], now))
        return HttpAnswer(status, self._event("error", call, code=refusal.code, msg=refusal.message))

    def _event(self, event: str, call: Call | None, **fields: Any) -> bytes:
        made: dict[str, Any] = {"event": event} | fields | {"connId": self.connection}
        identity = "" if call is None else call.raw.identity
        return codec.encode({"id": identity} | made if identity else made)

    # --------------------------------------------------------------- methods
    def _login(self, call: Call, now: int) -> list[str]:
        if self._logged_in and call.params.get("apiKey") != self._credentials.key:
            raise refuse("ws_repeated_login")
        auth.check_login(call.params, self._credentials, now)
        self._logged_in = True
        return [self._event("login", call, code="0", msg="").decode()]

    def _subscribe(self, call: Call, now: int) -> list[str]:
        """Each argument is answered for itself, then come the snapshots."""
        frames: list[str] = []
        later: list[str] = []
        for arg in call.raw.payload:
            try:
                wanted = check_subscription(self._desk, self.address, self._logged_in, arg)
            except Refusal as refusal:
                frames.append(self._event("error", call, code=refusal.code, msg=refusal.message).decode())
                continue
            if wanted.private and wanted.channel in COUNTED:
                mine = any(one.channel == wanted.channel for one in self._subscriptions.values())
                count = self._desk.connections.get(wanted.channel, 0) + (0 if mine else 1)
                if count > MOST_CONNECTIONS:
                    frames.append(self._event("subscribe", call, arg=dict(arg)).decode())
                    later.append(self._counted("channel-conn-count-error", wanted.channel, MOST_CONNECTIONS))
                    continue
                self._desk.connections[wanted.channel] = count
                later.append(self._counted("channel-conn-count", wanted.channel, count))
            frames.append(self._event("subscribe", call, arg=dict(arg)).decode())
            wanted.begins(now)
            self._subscriptions[wanted.key] = wanted
            later.extend(snapshot(self._desk, wanted, now))
        self.subscribed = any(one.private for one in self._subscriptions.values())
        return frames + later

    def _counted(self, event: str, channel: str, count: int) -> str:
        made = {"event": event, "channel": channel, "connCount": str(count), "connId": self.connection}
        return codec.encode(made).decode()

    def _unsubscribe(self, call: Call) -> list[str]:
        frames = []
        for arg in call.raw.payload:
            gone = self._subscriptions.pop(Subscription.key_of(codec.text(arg)), None)
            if gone is not None:
                self._left(gone.channel)
            frames.append(self._event("unsubscribe", call, arg=dict(arg)).decode())
        self.subscribed = any(one.private for one in self._subscriptions.values())
        return frames

    def _left(self, channel: str) -> None:
        """This connection no longer counts for a channel."""
        if channel in COUNTED and not any(one.channel == channel for one in self._subscriptions.values()):
            self._desk.connections[channel] = max(0, self._desk.connections.get(channel, 0) - 1)

    # ----------------------------------------------------------------- speech
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def frames(self, push: Push) -> Sequence[str]:
        """The frames of a pushed event on this connection, one for each subscription that it fits."""
        found = frames_of(self._desk, self._subscriptions.values(), push)
        if found:
            self._heard = self._desk.exchange.now
        return found

    def next_time(self) -> int | None:
        """When it next has something to say: data, or the end of an idle connection."""
        idle = self._heard + IDLE_NS
        due = next_due(self._subscriptions.values())
        return idle if due is None else min(idle, due)

    def due(self, now: int) -> Sequence[str | Close]:
        """What it says by itself now."""
        frames: list[str | Close] = list(due_frames(self._desk, self._subscriptions.values(), now))
        if frames:
            self._heard = now
        elif now >= self._heard + IDLE_NS:
            return (Close(4004, "No data received in 30s"),)
        return frames

    def expire(self, now: int) -> Sequence[str | Close]:
        """The connection ends, announced (docs, "Notification": 64008 before a service upgrade)."""
        told = {"event": "notice", "code": "64008", "msg": UPGRADE, "connId": self.connection}
        self.closed()
        self.subscribed = False
        return (codec.encode(told).decode(), Close(1000, ""))

    def closed(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        channels = dict.fromkeys(one.channel for one in self._subscriptions.values())
        self._subscriptions.clear()
        for channel in channels:
            self._left(channel)
        self.subscribed = False
