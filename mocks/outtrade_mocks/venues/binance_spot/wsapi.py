"""A connection to the WebSocket API: requests in frames, and the private stream.

A request is ``{"id", "method", "params"}``, its answer ``{"id", "status", "result" | "error", "rateLimits"}``. Signed
requests carry apiKey, timestamp and a signature over their parameters in alphabetical order. Whoever has an Ed25519 key
can log on instead (``session.logon``); later requests on the connection then need a timestamp but no signature, though
one that is sent is checked.

Events of the account come wrapped, ``{"subscriptionId": 0, "event": {"e": "executionReport", ...}}``, after
``userDataStream.subscribe.signature``, or ``userDataStream.subscribe`` on a connection that has logged on. A connection
lasts 24 hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.binance_codec import digest, encode, optional
from outtrade_mocks.venues.binance_errors import Refusal, refuse
from outtrade_mocks.venues.binance_reading import body_of_frame
from outtrade_mocks.venues.binance_spot.desk import MS, Outcome
from outtrade_mocks.venues.binance_spot.front import Asked, Front
from outtrade_mocks.venues.binance_spot.methods import METHODS
from outtrade_mocks.venues.binance_spot.reading import read_answer

CONTROL = {
    "userDataStream.subscribe.signature": "subscribe",
    "userDataStream.subscribe": "subscribe",
    "userDataStream.unsubscribe": "other",
    "session.logon": "login",
    "session.status": "other",
    "session.logout": "other",
    "session.subscriptions": "other",
}
"""Methods about the connection itself, and their unified operation."""
CONTROL_WEIGHT = 2
CONNECT_WEIGHT = 2
PING_EVERY = 20.0
"""Seconds between the venue's WebSocket pings (web-socket-api.md, "every 20 seconds")."""
SUBSCRIPTION_ID = 0


class BinanceSession:
    """One connection to the WebSocket API, above the frames."""

    def __init__(self, front: Front, *, now: int, return_rate_limits: bool = True) -> None:
        self.subscribed = False
        self.ping_every: float | None = PING_EVERY
        self._front = front
        self._limits = front.desk.limits
        self._keys = front.keys
        self._connected = now
        self._authorized: int | None = None
        """When the connection logged on (UNIX ns)."""
        self._return_rate_limits = return_rate_limits
        self._limits.request(now, CONNECT_WEIGHT)

    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            return Call(op="other", method="WS", path="", params={}, raw=Asked(None, "", None))
        method = frame.get("method")
        name = method if isinstance(method, str) else ""
        sent = frame.get("params")
        params = {str(key): _text(value) for key, value in sent.items()} if isinstance(sent, dict) else {}
        endpoint = METHODS.get(name)
        call = Call(
            op=endpoint.op if endpoint is not None else CONTROL.get(name, "other"),
            method="WS",
            path=name,
            params=params,
            signed="signature" in params if endpoint is None else endpoint.security == "signed",
            digest=digest(name, params),
            raw=Asked(endpoint, _payload(params), params.get("apiKey"), frame=frame),
        )
        return call if endpoint is None else self._front.annotate(call)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; for methods about the connection itself only their weight."""
        asked: Asked = call.raw
        if asked.endpoint is None:
            limited = self._limits.request(now, CONTROL_WEIGHT if call.path in CONTROL else 1)
        else:
            own = self._authorized is not None and "signature" not in call.params
            trusted = own and asked.key in (None, self._keys.key)
            limited = self._front.admit(call, now, trusted=trusted)
        return None if limited is None else self._refused(call, limited, now)

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a call out."""
        asked: Asked = call.raw
        if asked.endpoint is not None:
            return self._front.execute(call, now, as_of)
        commit = Commit(call)
        try:
            if asked.frame is None:
                raise refuse("invalid_json")
            if not isinstance(asked.frame.get("method"), str):
                raise refuse("mandatory", "method")
            commit.result = Outcome(self._handler(call.path)(call, now), now)
        except Refusal as refusal:
            commit.error = refusal
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        if commit.error is not None:
            return self._refused(commit.call, commit.error, now)
        outcome: Outcome = commit.result
        return self._answer(commit.call, outcome.status, {"result": outcome.data}, now)

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a frame is to be read: its ``error`` says what the body of a REST answer would say."""
        return read_answer(status, headers, body_of_frame(body), now)

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
        refusal = self._limits.injected(reason, now, retry_after=retry_after, until=until)
        return self._refused(call, refusal, now)

    def _refused(self, call: Call | None, refusal: Refusal, now: int) -> HttpAnswer:
        error = refusal.envelope
        if refusal.status in (418, 429) and "Retry-After" in refusal.headers:
            retry = now // MS + int(refusal.headers["Retry-After"]) * 1000
            error["data"] = {"serverTime": now // MS, "retryAfter": retry}
        return self._answer(call, refusal.status, {"error": error}, now)

    def _answer(self, call: Call | None, status: int, what: dict[str, Any], now: int) -> HttpAnswer:
        asked: Asked | None = None if call is None else call.raw
        frame = None if asked is None else asked.frame
        identity = frame.get("id") if isinstance(frame, dict) else None
        if not (identity is None or isinstance(identity, str | int)) or isinstance(identity, bool):
            identity = None
        answer: dict[str, Any] = {"id": identity, "status": status} | what
        told = None if call is None else call.params.get("returnRateLimits")
        if self._return_rate_limits if told is None else told == "true":
            endpoint = None if asked is None else asked.endpoint
            answer["rateLimits"] = self._limits.told(now, orders=endpoint is not None and endpoint.new_order)
        return HttpAnswer(status, encode(answer))

    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def next_time(self) -> int | None:
        """Nothing is said unasked."""
        return None

    def due(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def frames(self, push: Push) -> Sequence[str]:
        """The text frame of a pushed event; none while not subscribed."""
        if not self.subscribed:
            return ()
        return (f'{{"subscriptionId":{SUBSCRIPTION_ID},"event":{push.render()}}}',)

    def expire(self, now: int) -> Sequence[str | Close]:
        """The subscription ends (user-data-stream.md, ``eventStreamTerminated``); the connection stays."""
        self.subscribed = False
        ended = encode({"e": "eventStreamTerminated", "E": now // MS}).decode()
        return (f'{{"subscriptionId":{SUBSCRIPTION_ID},"event":{ended}}}',)

    def closed(self) -> None:
        """The connection is gone, and the subscription with it."""
        self.subscribed = False

    # --------------------------------------------------------------- methods
    def _handler(self, method: str) -> Callable[[Call, int], Any]:
        handlers: dict[str, Callable[[Call, int], Any]] = {
            "userDataStream.subscribe.signature": self._subscribe,
            "userDataStream.subscribe": self._subscribe_session,
            "userDataStream.unsubscribe": self._unsubscribe,
            "session.logon": self._logon,
            "session.status": self._status,
            "session.logout": self._logout,
            "session.subscriptions": lambda call, now: [{"subscriptionId": SUBSCRIPTION_ID}] if self.subscribed else [],
        }
        found = handlers.get(method)
        if found is None:
            raise refuse("unsupported_operation")
        return found

    def _authenticate(self, call: Call, now: int) -> None:
        auth.check_key(optional(call.params, "apiKey"), self._keys.key)
        auth.check_signed(call.params, call.raw.payload, keys=self._keys, now=now)

    def _subscribe(self, call: Call, now: int) -> dict[str, int]:
        self._authenticate(call, now)
        return self._begin()

    def _subscribe_session(self, call: Call, now: int) -> dict[str, int]:
        """Needs a connection that has logged on."""
        if self._authorized is None:
            raise refuse("unauthorized")
        return self._begin()

    def _begin(self) -> dict[str, int]:
        if self.subscribed:
            raise refuse("subscription_active")
        self.subscribed = True
        return {"subscriptionId": SUBSCRIPTION_ID}

    def _unsubscribe(self, call: Call, now: int) -> dict[str, int]:
        wanted = optional(call.params, "subscriptionId")
        if not self.subscribed or wanted not in (None, str(SUBSCRIPTION_ID)):
            raise refuse("subscription_inactive")
        self.subscribed = False
        return {}

    def _logon(self, call: Call, now: int) -> dict[str, Any]:
        """Only Ed25519 keys can log on."""
        self._authenticate(call, now)
        if self._keys.kind != "ed25519":
            raise refuse("hmac_logon")
        self._authorized = now
        return self._status(call, now)

    def _logout(self, call: Call, now: int) -> dict[str, Any]:
        """Forget the key; a subscription that was made on the strength of it ends too (*inferred*)."""
        if self._authorized is not None:
            self._authorized, self.subscribed = None, False
        return self._status(call, now)

    def _status(self, call: Call, now: int) -> dict[str, Any]:
        return {
            "apiKey": None if self._authorized is None else self._keys.key,
            "authorizedSince": None if self._authorized is None else self._authorized // MS,
            "connectedSince": self._connected // MS,
            "returnRateLimits": self._return_rate_limits,
            "serverTime": now // MS,
            "userDataStream": self.subscribed,
        }


def _payload(params: Mapping[str, str]) -> str:
    """What is signed: the parameters in alphabetical order, without the signature."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")


def _text(value: object) -> str:
    """A JSON parameter as it stands in the signed payload."""
    if isinstance(value, str):
        return value
    return encode(value).decode()
