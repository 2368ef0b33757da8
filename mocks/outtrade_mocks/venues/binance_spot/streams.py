"""The private stream: events of the account, and the WebSocket API session that carries them.

The WebSocket API answers ``{"id", "status", "result" | "error", "rateLimits"}``. After
``userDataStream.subscribe.signature`` (what HMAC keys can use: apiKey, timestamp and a signature over the parameters in
alphabetical order) events arrive wrapped, ``{"subscriptionId": 0, "event": {"e": "executionReport", ...}}``, in the
order in which the exchange moved. What happens while nobody is subscribed is not sent later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from outtrade_mocks.core import BalanceChange, ListChange, OrderChange
from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.binance_codec import digest, encode, money, optional
from outtrade_mocks.venues.binance_spot.desk import (
    CONTINGENCY,
    EXPIRY_REASON,
    LIST_ID_BASE,
    LIST_STATUS,
    MS,
    ORDER_ID_BASE,
    Desk,
)
from outtrade_mocks.venues.binance_spot.errors import Refusal, refuse
from outtrade_mocks.venues.binance_spot.reading import read_answer
from outtrade_mocks.venues.binance_spot.shapes import special

EXECUTIONS = {
    "accepted": "NEW",
    "released": "NEW",
    "working": "NEW",
    "fill": "TRADE",
    "cancel": "CANCELED",
    "expire": "EXPIRED",
    "reject": "REJECTED",
    "amend": "REPLACED",
    "prevent": "TRADE_PREVENTION",
}
"""Execution type by what happened. An order that comes to the book after it waited is told as NEW once more, now with
``w`` true (*inferred* for released orders); that it was triggered, an instant before, is not told."""
METHOD_OPS = {
    "userDataStream.subscribe.signature": "subscribe",
    "userDataStream.subscribe": "subscribe",
    "ping": "ping",
    "time": "time",
}
WEIGHTS = {
    "userDataStream.subscribe.signature": 2,
    "userDataStream.subscribe": 2,
    "userDataStream.unsubscribe": 2,
    "session.logon": 2,
    "session.status": 2,
    "session.logout": 2,
    "session.subscriptions": 2,
}
CONNECT_WEIGHT = 2
PING_EVERY = 20.0
"""Seconds between the venue's WebSocket pings (web-socket-api.md, "every 20 seconds")."""
SUBSCRIPTION_ID = 0


class Reports:
    """Makes numbered pushes out of the core's changes."""

    __slots__ = ("_desk", "_executions", "_n")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n = 0
        self._executions = 0

    def order(self, change: OrderChange) -> Push:
        """An executionReport."""
        desk, order, fill = self._desk, change.order, change.fill
        self._executions += 1
        self._n += 1
        status, venue_id = desk.status(order), str(desk.order_id(order))
        return Push(
            self._n,
            "fill" if fill else "order",
            partial(self._execution, change, self._executions, status),
            order.client_id,
            venue_id,
            str(desk.trade_id(fill)) if fill else None,
            status,
            venue_id,
        )

    def _execution(self, change: OrderChange, number: int, status: str) -> str:
        desk, order, fill = self._desk, change.order, change.fill
        listing = desk.listings[order.symbol]
        cancelled = change.why in ("cancel", "amend")
        prevented = order.expired_by == "self_trade"
        more = special(desk, order)
        working = desk.working_time(order)
        time = change.time // MS
        step = listing.step
        event: dict[str, Any] = {
            "e": "executionReport",
            "E": time,
            "s": listing.id,
            "c": order.client_id,
            "S": order.side.upper(),
            "o": desk.order_type(order),
            "f": order.tif,
            "q": money(order.lots * step),
            "p": desk.price(order.symbol, order.price),
            "P": more.get("stopPrice", "0.00000000"),
            "F": more.get("icebergQty", "0.00000000"),
            "g": desk.list_id(order),
            "C": order.created_as if cancelled and order.client_id != order.created_as else "",
            "x": "TRADE_PREVENTION" if prevented else EXECUTIONS[change.why],
            "X": status,
            "r": "NONE",
            "i": desk.order_id(order),
            "l": money(fill.lots * step) if fill else "0.00000000",
            "z": money(order.filled * step),
            "L": desk.price(order.symbol, fill.price) if fill else "0.00000000",
            "n": money(fill.fee) if fill else "0",
            "N": fill.fee_asset if fill else None,
            "T": time,
            "t": desk.trade_id(fill) if fill else -1,
            "I": 90_000_000_000 + number,
            "w": order.working,
            "m": fill.maker if fill else False,
            "M": fill is not None,
            "O": order.created // MS,
            "Z": money(order.quote_filled),
            "Y": money(fill.quote) if fill else "0.00000000",
            "Q": money(order.quote or 0),
        }
        if working >= 0:
            event["W"] = working
        event["V"] = desk.self_trade(order)
        if "trailingDelta" in more:
            event |= {"d": more["trailingDelta"], "D": more["trailingTime"]}
        if prevented:
            event |= {"v": 0, "A": money(order.remaining * step), "B": money(order.remaining * step)}
        elif order.expired_by in EXPIRY_REASON:
            event["eR"] = EXPIRY_REASON[order.expired_by]
        return encode(event).decode()

    def order_list(self, change: ListChange) -> Push:
        """A listStatus: an order list began, moved on or is over."""
        self._n += 1
        names = tuple(self._desk.account.orders[order_id][-1].client_id for order_id in change.order_ids)
        return Push(self._n, "other", partial(self._list, change, names))

    def _list(self, change: ListChange, names: tuple[str, ...]) -> str:
        time, symbol = change.time // MS, self._desk.listings[change.symbol].id
        event = {
            "e": "listStatus",
            "E": time,
            "s": symbol,
            "g": LIST_ID_BASE + change.list_id,
            "c": CONTINGENCY[change.kind],
            "l": LIST_STATUS[change.status],
            "L": "ALL_DONE" if change.status == "done" else "EXECUTING",
            "r": "NONE",
            "C": change.client_id,
            "T": time,
            "O": [
                {"s": symbol, "i": ORDER_ID_BASE + order_id, "c": name}
                for order_id, name in zip(change.order_ids, names, strict=True)
            ],
        }
        return encode(event).decode()

    def balance(self, change: BalanceChange) -> Push:
        """An outboundAccountPosition with the assets that changed."""
        self._n += 1
        return Push(self._n, "balance", partial(self._position, change))

    def _position(self, change: BalanceChange) -> str:
        time = change.time // MS
        event = {
            "e": "outboundAccountPosition",
            "E": time,
            "u": time,
            "B": [{"a": asset, "f": money(free), "l": money(locked)} for asset, free, locked in change.balances],
        }
        return encode(event).decode()


class BinanceSession:
    """One connection to the WebSocket API, above the frames."""

    def __init__(self, desk: Desk, *, keys: auth.Keys, now: int, return_rate_limits: bool = True) -> None:
        self.subscribed = False
        self.ping_every: float | None = PING_EVERY
        self._desk = desk
        self._keys = keys
        self._connected = now
        self._return_rate_limits = return_rate_limits
        desk.limits.request(now, CONNECT_WEIGHT)

    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            return Call(op="other", method="WS", path="", params={}, raw=None)
        method = frame.get("method")
        name = method if isinstance(method, str) else ""
        sent = frame.get("params")
        params = {str(key): _text(value) for key, value in sent.items()} if isinstance(sent, dict) else {}
        op = METHOD_OPS.get(name, "other")
        return Call(
            op=op,
            method="WS",
            path=name,
            params=params,
            signed="signature" in params,
            digest=digest(name, params),
            raw=frame,
        )

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: request weight."""
        limited = self._desk.limits.request(now, WEIGHTS.get(call.path, 1))
        return None if limited is None else self._refused(call, limited, now)

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a call out."""
        commit = Commit(call)
        try:
            if call.raw is None:
                raise refuse("invalid_json")
            if not isinstance(call.raw.get("method"), str):
                raise refuse("mandatory", "method")
            commit.result = self._handler(call.path)(call, now)
        except Refusal as refusal:
            commit.error = refusal
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        if commit.error is not None:
            return self._refused(commit.call, commit.error, now)
        return self._answer(commit.call, 200, {"result": commit.result}, now)

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a frame is to be read: its ``error`` says what the body of a REST answer would say."""
        try:
            frame = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return read_answer(status, headers, body, now)
        error = frame.get("error") if isinstance(frame, dict) else None
        return read_answer(status, headers, encode(error if error is not None else frame.get("result")), now)

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
        if refusal.status in (418, 429) and "Retry-After" in refusal.headers:
            retry = now // MS + int(refusal.headers["Retry-After"]) * 1000
            error["data"] = {"serverTime": now // MS, "retryAfter": retry}
        return self._answer(call, refusal.status, {"error": error}, now)

    def _answer(self, call: Call | None, status: int, what: dict[str, Any], now: int) -> HttpAnswer:
        frame = None if call is None else call.raw
        identity = frame.get("id") if isinstance(frame, dict) else None
        if not (identity is None or isinstance(identity, str | int)) or isinstance(identity, bool):
            identity = None
        answer: dict[str, Any] = {"id": identity, "status": status} | what
        if self._return_rate_limits:
            rule = self._desk.limits.rules()[0]
            answer["rateLimits"] = [rule | {"count": self._desk.limits.used(now)}]
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

    def closed(self) -> None:
        """The connection is gone, and the subscription with it."""
        self.subscribed = False

    # --------------------------------------------------------------- methods
    def _handler(self, method: str) -> Callable[[Call, int], Any]:
        handlers: dict[str, Callable[[Call, int], Any]] = {
            "ping": lambda call, now: {},
            "time": lambda call, now: {"serverTime": now // MS},
            "userDataStream.subscribe.signature": self._subscribe,
            "userDataStream.subscribe": self._subscribe_session,
            "userDataStream.unsubscribe": self._unsubscribe,
            "session.logon": self._logon,
            "session.status": self._status,
            "session.logout": self._status,
            "session.subscriptions": lambda call, now: [{"subscriptionId": SUBSCRIPTION_ID}] if self.subscribed else [],
        }
        found = handlers.get(method)
        if found is None:
            raise refuse("unsupported_operation")
        return found

    def _authenticate(self, call: Call, now: int) -> None:
        params = call.params
        auth.check_key(optional(params, "apiKey"), self._keys.key)
        names = sorted(name for name in params if name != "signature")
        payload = "&".join(f"{name}={params[name]}" for name in names)
        auth.check_signed(params, payload, keys=self._keys, now=now)

    def _subscribe(self, call: Call, now: int) -> dict[str, int]:
        self._authenticate(call, now)
        if self.subscribed:
            raise refuse("subscription_active")
        self.subscribed = True
        return {"subscriptionId": SUBSCRIPTION_ID}

    def _subscribe_session(self, call: Call, now: int) -> dict[str, int]:
        """Needs an authenticated session, which only Ed25519 keys can have: never the test key."""
        raise refuse("unauthorized")

    def _unsubscribe(self, call: Call, now: int) -> dict[str, int]:
        wanted = optional(call.params, "subscriptionId")
        if not self.subscribed or wanted not in (None, str(SUBSCRIPTION_ID)):
            raise refuse("subscription_inactive")
        self.subscribed = False
        return {}

    def _logon(self, call: Call, now: int) -> dict[str, int]:
        self._authenticate(call, now)
        raise refuse("hmac_logon")

    def _status(self, call: Call, now: int) -> dict[str, Any]:
        return {
            "apiKey": None,
            "authorizedSince": None,
            "connectedSince": self._connected // MS,
            "returnRateLimits": self._return_rate_limits,
            "serverTime": now // MS,
            "userDataStream": self.subscribed,
        }


def _text(value: object) -> str:
    """A JSON parameter as it stands in the signed payload."""
    if isinstance(value, str):
        return value
    return encode(value).decode()
