"""The WebSocket API (``wss://ws-fapi.binance.com/ws-fapi/v1``): orders and queries in frames.

A request is ``{"id", "method", "params"}``, an answer ``{"id", "status", "result" | "error", "rateLimits"}``. What is
asked is what a REST endpoint does, so the same handlers carry it out. A signed one carries ``apiKey`` and a signature
over its parameters in alphabetical order, unless the connection was logged on (``session.logon``, Ed25519 keys only).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.binance_reading import body_of_frame
from outtrade_mocks.venues.binance_usdm import front, settings
from outtrade_mocks.venues.binance_usdm.desk import MS, SECOND, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse
from outtrade_mocks.venues.binance_usdm.reading import read_answer
from outtrade_mocks.venues.binance_usdm.trading import codec_text

CONNECT_WEIGHT = 5
PING_EVERY = 180.0
LIFE = 86_400 * SECOND
"""A connection ends after 24 hours."""
USER = Endpoint("token", "key", 5, settings.open_listen_key)
METHODS: dict[str, Endpoint] = {
    "order.place": ENDPOINTS["POST", "/fapi/v1/order"],
    "order.modify": ENDPOINTS["PUT", "/fapi/v1/order"],
    "order.cancel": ENDPOINTS["DELETE", "/fapi/v1/order"],
    "order.status": ENDPOINTS["GET", "/fapi/v1/order"],
    "algoOrder.place": ENDPOINTS["POST", "/fapi/v1/algoOrder"],
    "algoOrder.cancel": ENDPOINTS["DELETE", "/fapi/v1/algoOrder"],
    "account.status": ENDPOINTS["GET", "/fapi/v2/account"],
    "v2/account.status": ENDPOINTS["GET", "/fapi/v3/account"],
    "account.balance": ENDPOINTS["GET", "/fapi/v2/balance"],
    "v2/account.balance": ENDPOINTS["GET", "/fapi/v3/balance"],
    "account.position": ENDPOINTS["GET", "/fapi/v2/positionRisk"],
    "v2/account.position": ENDPOINTS["GET", "/fapi/v3/positionRisk"],
    "depth": ENDPOINTS["GET", "/fapi/v1/depth"],
    "ticker.price": ENDPOINTS["GET", "/fapi/v1/ticker/price"],
    "ticker.book": ENDPOINTS["GET", "/fapi/v1/ticker/bookTicker"],
    "ping": ENDPOINTS["GET", "/fapi/v1/ping"],
    "time": ENDPOINTS["GET", "/fapi/v1/time"],
    "userDataStream.start": USER,
    "userDataStream.ping": Endpoint("token", "key", 1, settings.renew_listen_key),
    "userDataStream.stop": Endpoint("token", "key", 1, settings.close_listen_key),
}
"""Methods that do what an endpoint does."""
SESSION_METHODS = ("session.logon", "session.status", "session.logout")


class ApiSession:
    """One connection to the WebSocket API, above the frames. ``symbols``: Binance's id -> unified."""

    def __init__(
        self,
        desk: Desk,
        keys: auth.Keys,
        symbols: Mapping[str, str],
        now: int,
        *,
        return_rate_limits: bool = True,
    ) -> None:
        self.subscribed = False
        self.ping_every: float | None = PING_EVERY
        self._desk = desk
        self._keys = keys
        self._symbols = symbols
        self._connected = now
        self._logged_on: int | None = None
        self._over = False
        self._return_rate_limits = return_rate_limits
        desk.limits.request(now, CONNECT_WEIGHT)

    # ------------------------------------------------------------- four calls
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            return Call(op="other", method="WS", path="", params={}, raw=_Asked(None, None))
        method = frame.get("method")
        name = method if isinstance(method, str) else ""
        sent = frame.get("params")
        params = {}
        if isinstance(sent, dict):
            params = {str(key): codec_text(value) for key, value in sent.items() if value is not None}
        endpoint = METHODS.get(name)
        op = endpoint.op if endpoint is not None else "login" if name == "session.logon" else "other"
        call = Call(
            op=op,
            method="WS",
            path=name,
            params=params,
            signed="signature" in params,
            digest=codec.digest(name, params),
            raw=_Asked(frame, endpoint),
        )
        return front.describe(call, self._symbols)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: weight, form, key, clock, signature, order limits."""
        asked: _Asked = call.raw
        endpoint = asked.endpoint
        try:
            front.limited(self._desk, endpoint, call.params, now)
            if asked.frame is None:
                raise refuse("invalid_json")
            if endpoint is None and call.path not in SESSION_METHODS:
                raise refuse("not_found") if call.path else refuse("mandatory", "method")
            security = endpoint.security if endpoint is not None else "none"
            if call.path == "session.logon":
                security = "signed"
            if security != "none" and self._logged_on is None:
                auth.check_key(codec.optional(call.params, "apiKey"), self._keys.key)
            if security == "signed":
                asked.deadline = self._check(call, now)
            if endpoint is not None:
                front.counted(self._desk, endpoint, call.params, now)
        except Refusal as refusal:
            return self._refused(call, refusal, now)
        return None

    def _check(self, call: Call, now: int) -> int:
        """Time and signature; a session that is logged on needs no signature."""
        params = call.params
        if self._logged_on is not None and "signature" not in params:
            return auth.check_time(params, now)
        names = sorted(name for name in params if name != "signature")
        payload = "&".join(f"{name}={params[name]}" for name in names)
        return auth.check_signed(params, payload, keys=self._keys, now=now)

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a call out."""
        asked: _Asked = call.raw
        if asked.endpoint is not None:
            return front.carry_out(self._desk, asked.endpoint, call, now, as_of, asked.deadline)
        commit = Commit(call)
        handlers: dict[str, Callable[[int], Any]] = {
            "session.logon": self._logon,
            "session.status": self._status,
            "session.logout": self._logout,
        }
        try:
            handler = handlers.get(call.path)
            if handler is None:
                raise refuse("not_found")
            commit.result = Outcome(handler(now), now)
        except Refusal as refusal:
            commit.error = refusal
            commit.result = Outcome(None, now)
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
        refusal = self._desk.limits.injected(reason, now, retry_after=retry_after, until=until)
        return self._refused(call, refusal, now)

    def _refused(self, call: Call | None, refusal: Refusal, now: int) -> HttpAnswer:
        error = refusal.envelope
        if "Retry-After" in refusal.headers:
            retry = now // MS + int(refusal.headers["Retry-After"]) * 1000
            error["data"] = {"serverTime": now // MS, "retryAfter": retry}
        return self._answer(call, refusal.status, {"error": error}, now)

    def _answer(self, call: Call | None, status: int, what: dict[str, Any], now: int) -> HttpAnswer:
        frame = None if call is None else call.raw.frame
        identity = frame.get("id") if isinstance(frame, dict) else None
        if not (identity is None or isinstance(identity, str | int)) or isinstance(identity, bool):
            identity = None
        answer: dict[str, Any] = {"id": identity, "status": status} | what
        if self._return_rate_limits:
            orders = call is not None and call.raw.endpoint is not None and call.raw.endpoint.orders
            answer["rateLimits"] = self._desk.limits.counted(now, orders=orders)
        return HttpAnswer(status, codec.encode(answer))

    # --------------------------------------------------------------- session
    def _logon(self, now: int) -> dict[str, Any]:
        if self._keys.kind != "ed25519":
            raise refuse("key_type")
        self._logged_on = now
        return self._status(now)

    def _logout(self, now: int) -> dict[str, Any]:
        self._logged_on = None
        return self._status(now)

    def _status(self, now: int) -> dict[str, Any]:
        since = self._logged_on
        return {
            "apiKey": None if since is None else self._keys.key,
            "authorizedSince": None if since is None else since // MS,
            "connectedSince": self._connected // MS,
            "returnRateLimits": self._return_rate_limits,
            "serverTime": now // MS,
        }

    # ---------------------------------------------------------------- by itself
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def next_time(self) -> int | None:
        """The end of its life."""
        return None if self._over else self._connected + LIFE

    def due(self, now: int) -> Sequence[str | Close]:
        """A connection ends after 24 hours."""
        if now < self._connected + LIFE:
            return ()
        self._over = True
        return (Close(1000, ""),)

    def frames(self, push: Push) -> Sequence[str]:
        """Events of the account come on the streams, never here."""
        return ()

    def expire(self, now: int) -> Sequence[str | Close]:
        """No event of the account comes this way."""
        return ()

    def closed(self) -> None:
        """The connection is gone."""


class _Asked:
    """The venue's own parse of a frame."""

    __slots__ = ("deadline", "endpoint", "frame")

    def __init__(self, frame: dict[str, Any] | None, endpoint: Endpoint | None) -> None:
        self.frame = frame
        self.endpoint = endpoint
        self.deadline: int | None = None
