"""What all of Bybit's WebSocket connections have in common, and the private one.

* A frame is ``{"op": ..., "args": [...], "req_id": ...}``; the answer says ``success`` and ``ret_msg``.
* ``auth`` with key, expiry and signature opens the private stream; then topics may be subscribed to.
* A connection on which nothing was said for ten minutes is closed; the private one may ask for another time
  (``?max_active_time=1m``, 30 s to 600 s; ws/connect.mdx).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.bybit import auth
from outtrade_mocks.venues.bybit.codec import MS, digest, encode, texts
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.limits import Limits
from outtrade_mocks.venues.bybit.protection import TOPICS as DCP_TOPICS
from outtrade_mocks.venues.bybit.reading import read_answer
from outtrade_mocks.venues.bybit.reports import Reports

SECOND = 1_000_000_000
IDLE = 600 * SECOND
OPS = {"auth": "login", "subscribe": "subscribe", "unsubscribe": "other", "ping": "ping"}
PRIVATE_TOPICS = ("order", "execution", "execution.fast", "position", "wallet", "greeks")
BY_CATEGORY = ("spot", "linear", "inverse", "option")
_ACTIVE = re.compile(r"max_active_time=([0-9]{1,4})(s|m)")


def request_id(frame: Any) -> str | None:
    """``req_id`` of a frame, where it is text."""
    value = frame.get("req_id") if isinstance(frame, dict) else None
    return value if isinstance(value, str) else None


class Stream:
    """A connection above the frames; the base of all of them."""

    ping_every: float | None = None

    def __init__(self, firm: Firm, path: str, now: int, number: int) -> None:
        self.subscribed = False
        self._firm = firm
        self._id = f"bybit{firm.desk.epoch_ns // SECOND:x}-{number:04x}"
        match = _ACTIVE.search(path)
        wanted = IDLE if match is None else int(match[1]) * (60 if match[2] == "m" else 1) * SECOND
        self._idle = wanted if 30 * SECOND <= wanted <= IDLE else IDLE
        self._last = now

    # ---------------------------------------------------------------- frames
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        try:
            frame = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            return Call(op="other", method="WS", path="", params={}, raw=None)
        op = frame.get("op")
        name = op if isinstance(op, str) else ""
        params = texts({key: value for key, value in frame.items() if key != "op"})
        if name == "auth" and isinstance(frame.get("args"), list) and frame["args"]:
            params["apiKey"] = str(frame["args"][0])
            params.pop("args", None)
        return self._call(name, frame, params)

    def _call(self, name: str, frame: dict[str, Any], params: dict[str, str]) -> Call:
        return Call(
            op=OPS.get(name, "other"), method="WS", path=name, params=params, digest=digest(name, params), raw=frame
        )

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """Everybody may speak."""
        self._last = now
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a frame out; the commit's result is the answering frame, its error the reason of a refusal."""
        commit = Commit(call)
        frame = call.raw
        args = frame.get("args") if frame is not None else None
        if frame is None or not call.path:
            commit.error = "error:invalid op"
        elif call.path == "ping":
            commit.result = self._pong(frame, now)
        elif call.path == "auth":
            commit.error = self._login(args, now)
        elif call.path in ("subscribe", "unsubscribe"):
            if not isinstance(args, list) or not args or not all(isinstance(topic, str) for topic in args):
                commit.error = "error:topic is empty"
            elif call.path == "subscribe":
                commit.error = self._subscribe(args, now)
            else:
                self._unsubscribe(args)
        else:
            commit.error = f"error:invalid op,op:{call.path[:40]}"
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame, and what follows it."""
        if commit.result is not None:
            return HttpAnswer(200, encode(commit.result))
        frame = commit.call.raw
        reason = commit.error
        answer: dict[str, Any] = {
            "success": reason is None,
            "ret_msg": self._fine(commit.call.path) if reason is None else reason,
            "conn_id": self._id,
            "req_id": request_id(frame) or "",
            "op": commit.call.path,
        }
        if reason is not None:
            answer["request"] = {"op": commit.call.path, "args": None}
        return HttpAnswer(200, encode(answer), also=tuple(self._after(commit, now)))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a frame is to be read: ``success`` says it."""
        try:
            frame = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return Reading("ambiguous", "unknown", None, "no JSON")
        if not isinstance(frame, dict):
            return Reading("ambiguous", "unknown", None, "no object")
        if "retCode" in frame:
            return read_answer(status, body)
        if frame.get("success") is False:
            return Reading("definite", "permanent", None, str(frame.get("ret_msg", "")))
        return Reading("ok")

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
        refused = Limits.injected(reason, spot=False)
        commit = Commit(call or Call(op="other", method="WS", path="", params={}, raw={}), error=refused.message)
        return self.render(commit, now)

    # ----------------------------------------------------- what the kinds differ in
    def _fine(self, op: str) -> str:
        return ""

    def _pong(self, frame: dict[str, Any], now: int) -> dict[str, Any]:
        return {"req_id": request_id(frame) or "", "op": "pong", "args": [str(now // MS)], "conn_id": self._id}

    def _login(self, args: Any, now: int) -> str | None:
        return "error:invalid op,op:auth"

    def _subscribe(self, topics: list[str], now: int) -> str | None:
        raise NotImplementedError

    def _unsubscribe(self, topics: list[str]) -> None:
        raise NotImplementedError

    def _after(self, commit: Commit, now: int) -> Sequence[str]:
        return ()

    # ------------------------------------------------------------------ time
    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said unasked."""
        return ()

    def next_time(self) -> int | None:
        """When an idle connection is closed."""
        return self._last + self._idle

    def due(self, now: int) -> Sequence[str | Close]:
        """Idle for too long: goodbye."""
        return (Close(1000),) if now >= self._last + self._idle else ()

    def expire(self, now: int) -> Sequence[str | Close]:
        """The login ends, and with it the connection (*inferred*: no message is documented)."""
        self.closed()
        return (Close(1000),)

    def frames(self, push: Push) -> Sequence[str]:
        """The account's events are told on the private stream only."""
        return ()

    def closed(self) -> None:
        """The connection is gone."""


class PrivateStream(Stream):
    """The private stream: orders, executions, positions, wallet."""

    def __init__(self, firm: Firm, reports: Reports, path: str, now: int, number: int) -> None:
        super().__init__(firm, path, now, number)
        self._reports = reports
        self._logged_in = False
        self._topics: dict[str, frozenset[str]] = {}
        """Topic -> the categories that are told of."""

    def _login(self, args: Any, now: int) -> str | None:
        reason = auth.check_stream(args, self._firm.credentials, now)
        self._logged_in = self._logged_in or reason is None
        return reason

    def _subscribe(self, topics: list[str], now: int) -> str | None:
        if not self._logged_in:
            return "Request not authorized"
        for topic in topics:
            name, category = _split(topic)
            if topic not in DCP_TOPICS and (name not in PRIVATE_TOPICS or category == ""):
                return f"error:handler not found,topic:{topic[:60]}"
        for topic in topics:
            if topic in DCP_TOPICS:
                if topic not in self._topics:
                    self._firm.protection.arrived(DCP_TOPICS[topic])
                    self._topics[topic] = frozenset()
                continue
            name, category = _split(topic)
            if name == "execution.fast" and name not in self._topics:
                self._reports.fast += 1
            wanted = frozenset(BY_CATEGORY if category is None else (category,))
            self._topics[name] = self._topics.get(name, frozenset()) | wanted
        self.subscribed = any(topic in PRIVATE_TOPICS for topic in self._topics)
        return None

    def _unsubscribe(self, topics: list[str]) -> None:
        for topic in topics:
            name = topic if topic in DCP_TOPICS else _split(topic)[0]
            if self._topics.pop(name, None) is not None:
                self._leave(name)
        self.subscribed = any(topic in PRIVATE_TOPICS for topic in self._topics)

    def _leave(self, topic: str) -> None:
        if topic in DCP_TOPICS:
            self._firm.protection.gone(DCP_TOPICS[topic])
        elif topic == "execution.fast":
            self._reports.fast -= 1

    def frames(self, push: Push) -> Sequence[str]:
        """The text frame of an event whose topic is subscribed to."""
        categories = self._topics.get(push.channel)
        if categories is None:
            return ()
        if push.symbol is not None and self._firm.desk.listings[push.symbol].category not in categories:
            return ()
        self._last = max(self._last, self._firm.desk.exchange.now)
        return (push.render(),)

    def closed(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        topics, self._topics = self._topics, {}
        self.subscribed = self._logged_in = False
        for topic in topics:
            self._leave(topic)


def _split(topic: str) -> tuple[str, str | None]:
    """Topic and category: ``order.linear`` is ``order`` of ``linear``; no category (None): all; "": no such one."""
    if topic in PRIVATE_TOPICS:
        return topic, None
    name, _, category = topic.rpartition(".")
    return (name, category) if category in BY_CATEGORY else (topic, "")
