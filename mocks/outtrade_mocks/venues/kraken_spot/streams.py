"""WebSocket v2: one connection, public or private.

The connection is greeted with the system's status. A subscription is acknowledged, for each symbol by itself, and
followed by a snapshot; then come updates, and a heartbeat in each second in which nothing else came. Private channels
and orders need a token from ``GetWebSocketsToken``, which is to be used within 15 minutes and then lasts as long as the
connection. Orders in frames pass the same handlers as those of REST (``entry``), and count at the same engine counter.

A connection that subscribes to nothing is closed after a minute without requests (*inferred*: "about one minute").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.core import Reject
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.kraken_spot import codec, feeds, private
from outtrade_mocks.venues.kraken_spot.calls import injected, name_it
from outtrade_mocks.venues.kraken_spot.codec import SECOND, encode, moment
from outtrade_mocks.venues.kraken_spot.desk import Desk
from outtrade_mocks.venues.kraken_spot.entry import Frame, carry_out, translated
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse, translate
from outtrade_mocks.venues.kraken_spot.executions import BALANCES, ENDS, EXECUTIONS
from outtrade_mocks.venues.kraken_spot.feeds import Feed
from outtrade_mocks.venues.kraken_spot.market import INTERVALS, system_status
from outtrade_mocks.venues.kraken_spot.reading import read_answer

IDLE = 60 * SECOND
HEARTBEAT = SECOND
VERSION = "2.0.10"
PUBLIC_HOST, PRIVATE_HOST = "ws.kraken.com", "ws-auth.kraken.com"
METHOD_OPS: Mapping[str, str] = {
    "subscribe": "subscribe",
    "unsubscribe": "other",
    "ping": "ping",
    "add_order": "place",
    "amend_order": "amend",
    "edit_order": "cancel_replace",
    "cancel_order": "cancel",
    "cancel_all": "cancel_all",
    "cancel_all_orders_after": "dead_man",
    "batch_add": "place_batch",
    "batch_cancel": "cancel_batch",
}
PUBLIC = ("book", "ticker", "trade", "ohlc", "instrument")
PRIVATE = (EXECUTIONS, BALANCES)
_TRADING = frozenset(METHOD_OPS) - {"subscribe", "unsubscribe", "ping"}


class KrakenSession:
    """One connection to WebSocket v2, above the frames."""

    ping_every: float | None = None

    def __init__(self, desk: Desk, *, host: str, path: str, now: int) -> None:
        self.subscribed = False
        self._desk = desk
        self._host = host
        self._served = path.partition("?")[0].rstrip("/") == "/v2"
        self._born = self._asked = self._said = now
        self._polled = now
        self._tokens: set[str] = set()
        self._private: dict[str, int] = {}
        """Channel -> number of its last event."""
        self._numbers: dict[int, int] = {}
        """Number of a push -> its number in its subscription."""
        self._all_states = True
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._beats = False

    # ------------------------------------------------------------- the calls
    def read(self, text: str) -> Call:
        """What a text frame asks; never raises: an unreadable frame is an ``other`` call that is refused."""
        try:
            found = codec.decode(text)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("method"), str):
            problem = Refusal("invalid_arguments", "Malformed request")
            return Call("other", "WS", "", {}, raw=Frame("", None, {}, problem=problem))
        sent, req_id = found.get("params"), found.get("req_id")
        frame = Frame(found["method"], req_id if type(req_id) is int else None, sent if isinstance(sent, dict) else {})
        op = METHOD_OPS.get(frame.method, "other")
        params = translated(self._desk, frame)
        call = Call(op, "WS", frame.method, params, signed="token" in params, raw=frame)
        call.digest = codec.digest(frame.method, params, frame.body.get("orders"))
        name_it(call, self._desk)
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: a token where one is needed, and a connection that may serve the request."""
        frame: Frame = call.raw
        frame.received, self._asked = now, now
        try:
            if frame.method not in METHOD_OPS and frame.problem is None:
                raise Refusal("invalid_arguments", "Event(s) not found")
            channel = frame.sent.get("channel")
            is_private = frame.method in _TRADING or channel in PRIVATE
            if is_private:
                if self._host == PUBLIC_HOST:
                    raise refuse("permission")
                self._check_token(call.params.get("token", ""), now)
            elif frame.method == "subscribe" and channel in PUBLIC and self._host == PRIVATE_HOST:
                raise Refusal("permission", "Public market data subscriptions are not supported on this endpoint")
        except Refusal as refusal:
            return self._refused(call, refusal, now)
        return None

    def _check_token(self, token: str, now: int) -> None:
        if token in self._tokens:
            return
        if not self._desk.keeper.admits(token, now):
            raise refuse("invalid_session")
        self._tokens.add(token)

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a call out: the result is the list of frames that answer it, without their times."""
        desk, frame, commit = self._desk, call.raw, Commit(call)
        if now > desk.exchange.now:
            desk.advance(now)
        try:
            if frame.problem is not None:
                raise frame.problem
            if frame.method in _TRADING:
                commit.result, commit.order_ids = carry_out(desk, call, now)
            else:
                commit.result = self._talk(frame, now, as_of)
        except Refusal as refusal:
            commit.error = refusal
        except Reject as reject:
            commit.error = translate(reject)
        desk.follow()
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frames."""
        if commit.error is not None:
            return self._refused(commit.call, commit.error, now)
        self._said = now
        texts = [one if isinstance(one, str) else self._stamped(commit.call.raw, one, now) for one in commit.result]
        return HttpAnswer(200, texts[0].encode(), also=tuple(texts[1:]))

    def _stamped(self, frame: Frame, what: dict[str, Any], now: int) -> str:
        answer: dict[str, Any] = {"method": frame.method} | what
        if frame.req_id is not None:
            answer["req_id"] = frame.req_id
        return encode(answer | {"time_in": moment(frame.received or now), "time_out": moment(now)}).decode()

    def _refused(self, call: Call | None, refusal: Refusal, now: int) -> HttpAnswer:
        frame = Frame("", None, {}) if call is None else call.raw
        what: dict[str, Any] = {"error": refusal.text, "success": False}
        symbol = frame.sent.get("symbol")
        if frame.method in ("subscribe", "unsubscribe") and isinstance(symbol, list | str):
            what["symbol"] = symbol if isinstance(symbol, str) else next(iter(symbol), "")
        return HttpAnswer(200, self._stamped(frame, what, now).encode())

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a frame is to be read: its ``error`` says what that of REST would say."""
        try:
            frame = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            frame = None
        if not isinstance(frame, dict):
            return read_answer(status, headers, body, now)
        if frame.get("success") is False:
            return read_answer(200, headers, encode({"error": [str(frame.get("error", ""))]}), now)
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
        """The venue's wording of a refusal that a fault injects. Raises ValueError on an unknown reason."""
        return self._refused(call, injected(reason, now, retry_after, until), now)

    # --------------------------------------------------------- subscriptions
    def _talk(self, frame: Frame, now: int, as_of: int | None) -> list[dict[str, Any] | str]:
        if frame.method == "ping":
            return [{"method": "pong", "success": True}]
        channel = frame.sent.get("channel")
        if frame.method == "unsubscribe":
            return self._unsubscribe(frame, channel)
        if channel in PRIVATE:
            return self._subscribe_private(frame, channel, now, as_of)
        if channel not in PUBLIC:
            raise Refusal("invalid_arguments", "Subscription name invalid")
        self._beats = True
        if channel == "instrument":
            shown = frame.sent.get("snapshot") is not False
            done: dict[str, Any] = {"result": {"channel": channel, "snapshot": shown}, "success": True}
            return [done, feeds.instruments(self._desk)] if shown else [done]
        return self._subscribe(frame, channel, now)

    def _subscribe(self, frame: Frame, channel: str, now: int) -> list[dict[str, Any] | str]:
        option = self._option(frame, channel)
        shown = frame.sent.get("snapshot") is not False
        said: list[dict[str, Any] | str] = []
        for symbol in _symbols(frame):
            listing = self._desk.book.find(symbol) if "/" in symbol else None
            if listing is None or listing.unified != symbol:
                said.append({"error": f"Currency pair not supported {symbol}", "success": False, "symbol": symbol})
                continue
            if (channel, symbol) in self._feeds:
                said.append({"error": "Already subscribed", "success": False, "symbol": symbol})
                continue
            feed = feeds.feed_of(self._desk, channel, self._desk.open(listing), option)
            if not self._feeds:
                self._polled = now
            self._feeds[channel, symbol] = feed
            named = {"book": {"depth": option}, "ohlc": {"interval": option}}.get(channel, {})
            result = {"channel": channel, **named, "snapshot": shown, "symbol": symbol}
            said.append({"result": result, "success": True})
            snapshot = feed.snapshot(now)
            if shown and snapshot is not None:
                said.append(snapshot)
        if not said:
            raise Refusal("invalid_arguments", "Pair field must be an array")
        return said

    @staticmethod
    def _option(frame: Frame, channel: str) -> int:
        """Depth of a book, minutes of a candle. Raises Refusal."""
        if channel == "book":
            depth = frame.sent.get("depth", 10)
            if type(depth) is not int or depth not in feeds.DEPTHS:
                raise Refusal("invalid_arguments", "Subscription depth not supported")
            return depth
        if channel == "ohlc":
            minutes = frame.sent.get("interval", 1)
            if type(minutes) is not int or minutes not in INTERVALS:
                raise Refusal("invalid_arguments", "Subscription ohlc interval not supported")
            return minutes
        return 0

    def _subscribe_private(self, frame: Frame, channel: str, now: int, as_of: int | None) -> list[dict[str, Any] | str]:
        if channel in self._private:
            raise Refusal("invalid_arguments", "Already subscribed")
        if not self._private and self._number not in self._desk.listeners:
            self._desk.listeners.append(self._number)
        self._private[channel] = 0
        self.subscribed = self._beats = True
        sent = frame.sent
        done: dict[str, Any]
        if channel == BALANCES:
            shown = sent.get("snapshot") is not False
            done = {"result": {"channel": channel, "snapshot": shown}, "success": True}
            data = private.balances(self._desk, as_of)
        else:
            self._all_states = sent.get("order_status") is not False
            orders = sent.get("snap_orders") is not False
            trades = sent.get("snap_trades") is True
            done = {"result": {"channel": channel, "maxratecount": int(self._desk.limits.tier.engine),
                               "snap_orders": orders, "snap_trades": trades}, "success": True}  # fmt: skip
            data = private.executions(self._desk, as_of, orders=orders, trades=trades)
            shown = orders or trades
        if not shown:
            return [done]
        self._private[channel] = 1
        return [done, feeds.frame(channel, "snapshot", data, sequence=1)]

    def _unsubscribe(self, frame: Frame, channel: Any) -> list[dict[str, Any] | str]:
        if channel in PRIVATE:
            if self._private.pop(channel, None) is None:
                raise Refusal("invalid_arguments", "Subscription Not Found")
            self.subscribed = bool(self._private)
            return [{"result": {"channel": channel}, "success": True}]
        said: list[dict[str, Any] | str] = []
        for symbol in _symbols(frame):
            if self._feeds.pop((str(channel), symbol), None) is None:
                said.append({"error": "Subscription Not Found", "success": False, "symbol": symbol})
            else:
                said.append({"result": {"channel": channel, "symbol": symbol}, "success": True})
        if not said:
            raise Refusal("invalid_arguments", "Subscription Not Found")
        return said

    # ----------------------------------------------------------- said unasked
    def opened(self, now: int) -> Sequence[str | Close]:
        """The system's status; a path that is not served (WebSocket v1) is closed."""
        if not self._served:
            return (Close(1008, "only /v2 is served"),)
        data = {"version": VERSION, "system": system_status(self._desk), "api_version": "v2",
                "connection_id": 10**19 + self._born % 10**18}  # fmt: skip
        return (feeds.frame("status", "update", [data]),)

    def _number(self, push: Push) -> None:
        """An event is made: where it belongs to a subscription, it has the next number there."""
        channel, _, kind = push.channel.partition("/")
        if channel in self._private and (not kind or self._all_states or kind in ENDS):
            self._private[channel] += 1
            self._numbers[push.n] = self._private[channel]

    def frames(self, push: Push) -> Sequence[str]:
        """The frame of a pushed event, with the number that it was given (so that one that is lost leaves a gap)."""
        channel, number = push.channel.partition("/")[0], self._numbers.get(push.n)
        if channel not in self._private or number is None:
            return ()
        self._said = max(self._said, self._desk.exchange.now)
        return (f'{{"channel":"{channel}","type":"update","data":[{push.render()}],"sequence":{number}}}',)

    def next_time(self) -> int | None:
        """When it next says something: an update, a heartbeat, or good-bye."""
        if not self._beats:
            return self._asked + IDLE
        beat = self._said + HEARTBEAT
        return min(beat, self._polled + feeds.POLL) if self._feeds else beat

    def due(self, now: int) -> Sequence[str | Close]:
        """What it says by itself now."""
        if not self._beats:
            return (Close(1000, ""),) if now >= self._asked + IDLE else ()
        said: list[str] = []
        if self._feeds and now >= self._polled + feeds.POLL:
            self._polled += (now - self._polled) // feeds.POLL * feeds.POLL
            said = [text for feed in self._feeds.values() if (text := feed.update(now)) is not None]
        if not said and now >= self._said + HEARTBEAT:
            said = ['{"channel":"heartbeat"}']
        if said:
            self._said = now
        return said

    def expire(self, now: int) -> Sequence[str | Close]:
        """The connection ends (*inferred*: a token only has to be fresh when it subscribes)."""
        self.subscribed = False
        self._private.clear()
        return (Close(1000, ""),)

    def closed(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        self.subscribed = False
        if self._number in self._desk.listeners:
            self._desk.listeners.remove(self._number)
        self._private.clear()
        self._feeds.clear()


def _symbols(frame: Frame) -> list[str]:
    symbols = frame.sent.get("symbol")
    members = symbols if isinstance(symbols, list) else [symbols]
    return [one for one in members if isinstance(one, str)]
