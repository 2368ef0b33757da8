"""WebSocket connections: the account's trade updates, and market data.

**Trade updates** (``/stream`` on the trading hosts): the client authenticates, then listens; it is told
``authorization`` and ``listening``. All frames are binary, and hold JSON (docs of the paper account). There is one
connection of each key: a second one that authenticates is refused, or takes the place of the first (knob
``second_stream``).

**Market data** (``stream.data.alpaca.markets``): greeted as connected, the client authenticates within ten seconds and
subscribes; what it is told comes in lists of objects (``feeds``). JSON only: the MessagePack of alpaca-py's data
streams is not spoken here (*simplified*).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.venues.alpaca.auth import fits
from outtrade_mocks.venues.alpaca.codec import encode, texts
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.errors import Refusal, refuse
from outtrade_mocks.venues.alpaca.events import TRADE_UPDATES
from outtrade_mocks.venues.alpaca.reading import read_answer
from outtrade_mocks.venues.api import BINARY, Binary, Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.config import Credentials

INJECTED = {
    "rate": "rate",
    "ban": "rate",
    "funds": "funds",
    "closed": "halted",
    "permission": "suspended",
    "filter": "penny_limit",
    "busy": "unavailable",
    "code_1006": "internal",
    "code_1007": "gateway_timeout",
}
"""What a fault injects, by the names of the errors."""


def injected(reason: str) -> Refusal:
    """A refusal that a fault injects. Raises ValueError on an unknown reason."""
    name = INJECTED.get(reason)
    if name is None:
        raise ValueError(f"unknown refusal {reason!r}")
    return (
        refuse(name, "1.00001")
        if name == "penny_limit"
        else refuse(name, "this asset")
        if name == "halted"
        else refuse(name)
    )


class Slot:
    """The one place that a key has for a stream."""

    def __init__(self, *, replace: bool) -> None:
        self.replace = replace
        self.holder: TradingStream | None = None

    def take(self, session: TradingStream) -> bool:
        """Whether the session has the place now."""
        if self.holder is not None and self.holder is not session:
            if not self.replace:
                return False
            self.holder.dismissed = True
        self.holder = session
        return True

    def leave(self, session: TradingStream) -> None:
        """The session is over."""
        if self.holder is session:
            self.holder = None


class TradingStream:
    """One connection to the trade updates, above the frames."""

    ping_every: float | None = None

    def __init__(self, desk: Desk, credentials: Credentials, slot: Slot, now: int) -> None:
        self.subscribed = False
        self.dismissed = False
        self._desk = desk
        self._credentials = credentials
        self._slot = slot
        self._known = False
        self._born = now

    # ------------------------------------------------------------- the calls
    def read(self, text: str) -> Call:
        """What a frame asks; never raises."""
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            found = None
        frame: dict[str, Any] = found if isinstance(found, dict) else {}
        action, data = frame.get("action"), frame.get("data")
        data = data if isinstance(data, dict) else {}
        key, secret = data.get("key_id", frame.get("key")), data.get("secret_key", frame.get("secret"))
        login = action in ("authenticate", "auth")
        op = "login" if login else "subscribe" if action == "listen" else "other"
        params = {"apiKey": key, "passphrase": secret} if login else dict(data)
        call = Call(op, "WS", str(action)[:20], {}, raw=(action, data, key, secret))
        call.params = texts({name: value for name, value in params.items() if value is not None})
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: who has not authenticated may do nothing else."""
        if call.op in ("subscribe", "other") and not self._known:
            return self._said("authorization", {"status": "unauthorized", "action": call.path})
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a frame out."""
        commit = Commit(call)
        action, data, key, secret = call.raw
        if call.op == "login":
            fine = fits(key, secret, self._credentials)
            free = fine and self._slot.take(self)
            self._known = self._known or free
            told: dict[str, Any] = {"status": "authorized" if free else "unauthorized", "action": str(action)}
            if not free:
                told["message"] = "connection limit exceeded" if fine else "access key verification failed"
            commit.result = ("authorization", told)
        elif call.op == "subscribe":
            streams = data.get("streams")
            wanted = [one for one in streams if one == TRADE_UPDATES] if isinstance(streams, list) else []
            self.subscribed = bool(wanted)
            commit.result = ("listening", {"streams": wanted})
        else:
            commit.result = ("listening", {"error": "unknown action"})
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        return self._said(*commit.result)

    @staticmethod
    def _said(stream: str, data: dict[str, Any]) -> HttpAnswer:
        return HttpAnswer(200, encode({"stream": stream, "data": data}), content_type=BINARY)

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How an answering frame is to be read."""
        try:
            data = msgspec.json.decode(body)["data"]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError):
            return read_answer(status, headers, body, now)
        refused = isinstance(data, dict) and data.get("status") == "unauthorized"
        return Reading("definite", "auth", None, str(data.get("message", ""))) if refused else Reading("ok")

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """No order is sent in frames: a refusal is one of REST's, in a frame. Raises ValueError on an unknown one."""
        return self._said("error", injected(reason).body)

    # ----------------------------------------------------------- said unasked
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said before the client speaks."""
        return ()

    def frames(self, push: Push) -> Sequence[str]:
        """The frame of an event: binary."""
        return (Binary(push.render()),) if self.subscribed and not self.dismissed else ()

    def next_time(self) -> int | None:
        """Only who has lost its place to another connection has something to say: good-bye."""
        return self._born if self.dismissed else None

    def due(self, now: int) -> Sequence[str | Close]:
        """Good-bye to who has lost its place."""
        if not self.dismissed:
            return ()
        self.subscribed = False
        return (Close(1000, "connection limit exceeded"),)

    def expire(self, now: int) -> Sequence[str | Close]:
        """The venue ends the connection (*inferred*: keys do not run out)."""
        self.closed()
        return (Close(1000, ""),)

    def closed(self) -> None:
        """The connection is gone, and its place free."""
        self.subscribed = False
        self._slot.leave(self)
