"""A connection to the market data streams (web-socket-streams.md).

Streams are named in the address, ``/ws/btcusdt@trade`` or ``/stream?streams=btcusdt@trade/ethusdt@depth``, or asked for
in frames, ``{"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}``, which is answered by ``{"result": null,
"id": 1}``. What a combined connection says is wrapped, ``{"stream": name, "data": ...}``. A name that does not exist is
taken, and nothing comes of it. A connection sends at most five messages a second, carries at most 1,024 streams, is
pinged every 20 seconds and lasts 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.binance_codec import digest, encode
from outtrade_mocks.venues.binance_spot.desk import MS, Desk
from outtrade_mocks.venues.binance_spot.feeds import TICK, Feed, feed
from outtrade_mocks.venues.binance_spot.tape import SECOND

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
PING_EVERY = 20.0
LIFETIME = 86_400 * SECOND
MESSAGES_A_SECOND = 5
MOST_STREAMS = 1024


class Wrong(Exception):
    """A frame that is answered with an error: code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class MarketSession:
    """One connection to the market data streams, above the frames."""

    def __init__(self, desk: Desk, target: str, now: int) -> None:
        self.subscribed = False
        self.ping_every: float | None = PING_EVERY
        self._desk = desk
        self._end = now + LIFETIME
        path, _, query = target.partition("?")
        options = {name: unquote(value) for name, _, value in (pair.partition("=") for pair in query.split("&"))}
        self._unit = 1000 if options.get("timeUnit", "").upper() == "MICROSECOND" else MS
        self._combined = path.startswith("/stream")
        named = options.get("streams", "") if self._combined else unquote(path.removeprefix("/ws").lstrip("/"))
        self._feeds: dict[str, Feed | None] = {}
        for name in named.split("/")[:MOST_STREAMS]:
            if name:
                self._feeds[name] = self._open(name, now)
        self._second, self._messages = -1, 0

    def _open(self, name: str, now: int) -> Feed | None:
        return feed(self._desk, name, now, lambda at: at // self._unit)

    # ------------------------------------------------------------------ requests
    def read(self, text: str) -> Call:
        """What a frame asks; never raises."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        method = frame.get("method") if isinstance(frame, dict) else None
        name = method if isinstance(method, str) else ""
        sent = frame.get("params") if isinstance(frame, dict) else None
        params = {} if sent is None else {"params": encode(sent).decode()}
        op = "subscribe" if name == "SUBSCRIBE" else "other"
        return Call(op=op, method="WS", path=name, params=params, digest=digest(name, params), raw=frame)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """Whoever sends more than five messages a second is disconnected."""
        if now // SECOND != self._second:
            self._second, self._messages = now // SECOND, 0
        self._messages += 1
        if self._messages <= MESSAGES_A_SECOND:
            return None
        return HttpAnswer(429, b"", also=(Close(1008, "Too many requests"),))

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a frame out."""
        commit = Commit(call)
        try:
            commit.result = self._do(call.raw, now)
        except Wrong as wrong:
            commit.error = wrong
        return commit

    def _do(self, frame: Any, now: int) -> Any:
        if not isinstance(frame, dict):
            raise Wrong(3, "Invalid JSON: expected value at line 1 column 1")
        method, sent, identity = frame.get("method"), frame.get("params"), frame.get("id")
        if isinstance(identity, bool) or not (identity is None or isinstance(identity, int | str)):
            raise Wrong(2, "Invalid request: request ID must be an unsigned integer")
        if isinstance(identity, int) and identity < 0:
            raise Wrong(2, "Invalid request: request ID must be an unsigned integer")
        if "method" not in frame:
            raise Wrong(2, "Invalid request: missing field `method` at line 1 column 1")
        if method not in METHODS:
            shown = method if isinstance(method, str) else encode(method).decode()
            raise Wrong(2, f"Invalid request: unknown variant `{shown[:40]}`, expected one of {', '.join(METHODS)}")
        if method == "LIST_SUBSCRIPTIONS":
            return list(self._feeds)
        if not isinstance(sent, list) or not sent or not isinstance(sent[0], str):
            raise Wrong(2, "Invalid request: property name must be a string")
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(method, sent)
        if not all(isinstance(name, str) for name in sent):
            raise Wrong(2, "Invalid request: property name must be a string")
        if method == "UNSUBSCRIBE":
            for name in sent:
                self._feeds.pop(name, None)
            return None
        if len(self._feeds) + len(sent) > MOST_STREAMS:
            raise Wrong(2, "Invalid request: too many parameters")
        for name in sent:
            if name not in self._feeds:
                self._feeds[name] = self._open(name, now)
        return None

    def _property(self, method: str, sent: list[Any]) -> Any:
        if sent[0] != "combined":
            raise Wrong(0, "Unknown property")
        if method == "GET_PROPERTY":
            return self._combined
        if len(sent) > 2:
            raise Wrong(2, "Invalid request: too many parameters")
        if len(sent) != 2 or not isinstance(sent[1], bool):
            raise Wrong(1, "Invalid value type: expected Boolean")
        self._combined = sent[1]
        return None

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        frame = commit.call.raw
        identity = frame.get("id") if isinstance(frame, dict) else None
        if isinstance(identity, bool) or not isinstance(identity, int | str):
            identity = None
        if commit.error is not None:
            wrong: Wrong = commit.error
            return HttpAnswer(400, encode({"error": {"code": wrong.code, "msg": wrong.text}, "id": identity}))
        return HttpAnswer(200, encode({"result": commit.result, "id": identity}))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """An ``error`` is definite; nothing here concerns orders."""
        try:
            frame = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return Reading("definite", "rate" if status == 429 else "parameter")
        error = frame.get("error") if isinstance(frame, dict) else None
        if not isinstance(error, dict):
            return Reading("ok")
        return Reading("definite", "parameter", error.get("code"), str(error.get("msg", "")))

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """What a fault refuses ends the connection: the venue has no other words for it here."""
        self._desk.limits.injected(reason, now, retry_after=retry_after, until=until)  # raises on an unknown reason
        return HttpAnswer(429, b"", also=(Close(1008, "Too many requests"),))

    # ------------------------------------------------------------------ what it says by itself
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said before something has changed."""
        return ()

    def next_time(self) -> int | None:
        """When a stream is looked after next, or the connection ends."""
        periods = [one.period for one in self._feeds.values() if one is not None]
        if not periods:
            return self._end
        period = min(periods)  # they divide each other
        return min(self._end, (self._desk.exchange.now // period + 1) * period)

    def due(self, now: int) -> Sequence[str | Close]:
        """What there is to say now."""
        if now >= self._end:
            return (Close(1008, "24 hours are over"),)
        return tuple(self._said(now)) if now % TICK == 0 else ()

    def _said(self, now: int) -> Iterator[str]:
        for name, one in self._feeds.items():
            if one is None or now % one.period:
                continue
            for data in one.look(now):
                yield encode({"stream": name, "data": data} if self._combined else data).decode()

    def frames(self, push: Push) -> Sequence[str]:
        """Nothing of an account comes here."""
        return ()

    def expire(self, now: int) -> Sequence[str | Close]:
        """Nothing here was opened with a key."""
        return ()

    def closed(self) -> None:
        """The connection is gone."""
        self._feeds.clear()
