"""A connection to the streams (``wss://fstream.binance.com``): the account's events by a listen key, and market data.

What is wanted is named in the path, or subscribed in frames; both may be mixed on one connection::

    /ws/btcusdt@depth             raw frames; also /ws/<listenKey>, /private/ws?listenKey=..., /public/ws, /market/ws
    /stream?streams=a/b           combined: {"stream": name, "data": frame}
    {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 1}       -> {"result": null, "id": 1}

A name that is none is taken and says nothing, as on the venue. The account's events end with the listen key, which the
stream tells (``listenKeyExpired``); a connection ends after 24 hours. What happens while nobody listens is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.binance_usdm.desk import MS, SECOND, Desk
from outtrade_mocks.venues.binance_usdm.events import encode_text
from outtrade_mocks.venues.binance_usdm.feeds import Feed, feed
from outtrade_mocks.venues.binance_usdm.reading import read_answer

PING_EVERY = 180.0
"""Seconds between the venue's WebSocket pings (websocket-market-streams: every 3 minutes)."""
LIFE = 86_400 * SECOND
MOST_STREAMS = 1024
CATEGORIES = ("public", "market", "private")
VARIANTS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
UNKNOWN_METHOD = (
    "Invalid request: unknown variant `%s`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`"
)


class StreamSession:
    """One connection, above the frames."""

    def __init__(self, desk: Desk, path: str, now: int) -> None:
        self.ping_every: float | None = PING_EVERY
        self._desk = desk
        self._connected = now
        self._names: list[str] = []
        self._feeds: dict[str, Feed] = {}
        self._keys: list[str] = []
        """Listen keys that it listens by."""
        self._combined = False
        self._over = False
        self._open(path, now)

    def _open(self, path: str, now: int) -> None:
        route, _, query = path.partition("?")
        parts = [part for part in route.split("/") if part]
        if parts and parts[0] in CATEGORIES:
            parts = parts[1:]
        try:
            asked = parse_qs(query, max_num_fields=20)
        except ValueError:
            asked = {}
        self._combined = bool(parts) and parts[0] == "stream"
        names = parts[1:] + asked.get("listenKey", [])
        for listed in asked.get("streams", []):
            names += [name for name in listed.split("/") if name]
        self._subscribe(names[:MOST_STREAMS], now)

    # -------------------------------------------------------------- subscriptions
    @property
    def subscribed(self) -> bool:
        """Whether events of the account are delivered here."""
        return bool(self._keys)

    @subscribed.setter
    def subscribed(self, value: bool) -> None:
        if not value:
            self._keys.clear()

    def _subscribe(self, names: list[str], now: int) -> None:
        for name in names:
            if name in self._names:
                continue
            self._names.append(name)
            if self._desk.listen_keys.known(name):
                if self._desk.listen_keys.alive(name, now):
                    self._keys.append(name)
                continue
            found = feed(self._desk, name, now)
            if found is not None:
                self._feeds[name] = found

    def _unsubscribe(self, names: list[str]) -> None:
        for name in names:
            if name in self._names:
                self._names.remove(name)
            self._feeds.pop(name, None)
            if name in self._keys:
                self._keys.remove(name)

    # -------------------------------------------------------------- four calls
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        method = frame.get("method") if isinstance(frame, dict) else None
        name = method if isinstance(method, str) else ""
        params = {}
        if isinstance(frame, dict) and frame.get("params") is not None:
            params = {"params": codec.encode(frame["params"]).decode()}
        op = "subscribe" if name in ("SUBSCRIBE", "UNSUBSCRIBE") else "other"
        return Call(op=op, method="WS", path=name, params=params, raw=frame)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """Everybody may come in: a listen key is all that is asked for."""
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Subscribe, unsubscribe, list, or read and set the property ``combined``."""
        self._desk.advance(now)
        commit = Commit(call)
        frame, params = call.raw, None
        if not isinstance(frame, dict):
            commit.error = (3, "Invalid JSON: expected value at line 1 column 1")
            return commit
        params = frame.get("params")
        if call.path not in VARIANTS:
            commit.error = (2, UNKNOWN_METHOD % call.path[:40])
        elif not _is_id(frame.get("id")):
            commit.error = (2, "Invalid request: request ID must be an unsigned integer")
        elif call.path in ("SUBSCRIBE", "UNSUBSCRIBE"):
            if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
                commit.error = (2, "Invalid request: params must be a list of stream names")
            elif call.path == "UNSUBSCRIBE":
                self._unsubscribe(params)
            elif len(self._names) + len(params) > MOST_STREAMS:
                commit.error = (2, f"Invalid request: more than {MOST_STREAMS} streams on one connection")
            else:
                self._subscribe(params, now)
        elif call.path == "LIST_SUBSCRIPTIONS":
            commit.result = list(self._names)
        else:
            self._property(commit, params, write=call.path == "SET_PROPERTY")
        return commit

    def _property(self, commit: Commit, params: Any, *, write: bool) -> None:
        if not isinstance(params, list) or not params or not isinstance(params[0], str):
            commit.error = (2, "Invalid request: property name must be a string")
        elif params[0] != "combined":
            commit.error = (0, "Unknown property")
        elif not write:
            commit.result = self._combined
        elif len(params) != 2 or not isinstance(params[1], bool):
            commit.error = (1, "Invalid value type: expected Boolean")
        else:
            self._combined = params[1]

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        frame = commit.call.raw
        identity = frame.get("id") if isinstance(frame, dict) else None
        tail = {"id": identity} if _is_id(identity) else {}
        if commit.error is not None:
            code, message = commit.error
            return HttpAnswer(400, codec.encode({"code": code, "msg": message} | tail))
        return HttpAnswer(200, codec.encode({"result": commit.result} | tail))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a frame is to be read."""
        try:
            frame = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return read_answer(status, headers, body, now)
        if isinstance(frame, dict) and isinstance(frame.get("code"), int) and frame["code"] >= 0:
            return Reading("definite", "parameter", frame["code"], str(frame.get("msg", "")))
        return read_answer(status, headers, body, now)

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects."""
        refusal = self._desk.limits.injected(reason, now, retry_after=retry_after, until=until)
        frame = None if call is None else call.raw
        identity = frame.get("id") if isinstance(frame, dict) else None
        return HttpAnswer(
            refusal.status, codec.encode(refusal.envelope | ({"id": identity} if _is_id(identity) else {}))
        )

    # ---------------------------------------------------------------- by itself
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def frames(self, push: Push) -> Sequence[str]:
        """The event once for each listen key that it listens by."""
        now = self._desk.exchange.now
        alive = [key for key in self._keys if self._desk.listen_keys.alive(key, now)]
        if not alive:
            return ()
        text = push.render()
        return [f'{{"stream":"{key}","data":{text}}}' if self._combined else text for key in alive]

    def next_time(self) -> int | None:
        """When a stream has something to say, a key expires, or the connection ends."""
        if self._over:
            return None
        times = [self._connected + LIFE, *(one.due for one in self._feeds.values())]
        times += [ends for key in self._keys if (ends := self._desk.listen_keys.ends(key)) is not None]
        return min(times)

    def due(self, now: int) -> Sequence[str | Close]:
        """What the streams say now."""
        said: list[str | Close] = []
        for name, one in self._feeds.items():
            if one.due <= now:
                said += [self._wrapped(name, event) for event in one.said(now)]
        for key in [key for key in self._keys if not self._desk.listen_keys.alive(key, now)]:
            self._keys.remove(key)
            said.append(self._wrapped(key, {"e": "listenKeyExpired", "E": now // MS, "listenKey": key}))
        if now >= self._connected + LIFE:
            self._over = True
            said.append(Close(1000, ""))
        return said

    def _wrapped(self, name: str, event: Any) -> str:
        return encode_text({"stream": name, "data": event} if self._combined else event)

    def expire(self, now: int) -> Sequence[str | Close]:
        """The listen key ends, as it does an hour after its last renewal."""
        self._desk.listen_keys.close(now)
        return self.due(now)

    def closed(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        self._keys.clear()
        self._feeds.clear()


def _is_id(value: object) -> bool:
    """Whether a frame's id is one: an unsigned integer, or a string."""
    return (isinstance(value, int) and not isinstance(value, bool) and value >= 0) or (
        isinstance(value, str) and len(value) <= 64
    )
