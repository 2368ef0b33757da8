"""One WebSocket connection: for market data, or for the user.

Every message has the same envelope, ``{"channel", "client_id", "timestamp", "sequence_num", "events"}``, and
``sequence_num`` counts the messages of the connection, whatever their channel, from 0. A client subscribes to one
channel a message and names products; ``subscriptions`` answers, with all that the connection is subscribed to, then
comes a snapshot. Every message to ``user`` carries a token of its own (without ``uri``, at most two minutes old);
public channels need none, and take a good one. What is refused, also a channel that does not exist, is told
``{"type": "error", "message": "authentication failure"}`` (coinbase-advanced-py#64, #92).

A connection ends

* five seconds after it began, without a subscription (WebSocket overview)
* where nothing was said for 60 to 90 seconds (WebSocket channels; knob ``quiet_seconds``). Whoever subscribes to
  ``heartbeats`` hears something each second, and is never cut off for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.coinbase import codec, shapes
from outtrade_mocks.venues.coinbase.codec import SECOND, encode, moment
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.errors import Refusal
from outtrade_mocks.venues.coinbase.events import CHANNEL
from outtrade_mocks.venues.coinbase.feeds import FEEDS, Feed, Said

USER_HOST = "advanced-trade-ws-user.coinbase.com"
STREAM_HOSTS = ((USER_HOST, 443), ("advanced-trade-ws.coinbase.com", 443))
FIRST = 5 * SECOND
SNAPSHOT = 50
"""Orders of a message of the snapshot; the last one has fewer (WebSocket channels, user)."""
HEARTBEATS = "heartbeats"
ON_USER_HOST = (CHANNEL, HEARTBEATS, "futures_balance_summary")
ANSWERS = (("authentication", "authentication failure"), ("rate", "rate limit exceeded"),
           ("malformed", "failed to parse message"))  # fmt: skip
"""What an error says; all but the first are *inferred*."""
MESSAGES = dict(ANSWERS)


class Wrong(Exception):
    """A message that is answered with an error: a name of ``MESSAGES``."""


class CoinbaseSession:
    """One connection, above the frames."""

    ping_every: float | None = None

    def __init__(self, desk: Desk, *, host: str, now: int) -> None:
        self.subscribed = False
        self._desk = desk
        self._user_host = host == USER_HOST
        self._born = self._said_at = now
        self._number = 0
        """Of the next message."""
        self._numbers: dict[int, int] = {}
        """Number of a push -> the message's."""
        self._products: dict[str, list[str]] = {}
        """Channel -> products, in order of subscription; all where the list is empty."""
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._due: dict[tuple[str, str], int] = {}
        self._beats: int | None = None
        self._counter = 0

    # ------------------------------------------------------------- the calls
    def read(self, text: str) -> Call:
        """What a message asks; never raises."""
        try:
            found = codec.decode(text)
        except ValueError:
            found = None
        frame = found if isinstance(found, dict) else {}
        kind, channel = frame.get("type"), frame.get("channel")
        params = codec.flat({name: value for name, value in frame.items() if name != "jwt"})
        op = "subscribe" if kind == "subscribe" else "other"
        signed = isinstance(frame.get("jwt"), str)
        name = channel if isinstance(channel, str) else ""
        return Call(op, "WS", name, params, signed=signed, digest=codec.digest(op, params), raw=frame)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door: the token of a message, and how many come without one."""
        frame, channel = call.raw, call.path
        try:
            if frame.get("type") not in ("subscribe", "unsubscribe"):
                raise Wrong("malformed")
            token = frame.get("jwt")
            if token is None and not self._desk.limits.message(now):
                raise Wrong("rate")
            known = channel in ON_USER_HOST if self._user_host else channel in (*FEEDS, CHANNEL, HEARTBEATS)
            if not known or channel == "futures_balance_summary":
                raise Wrong("authentication")
            if channel == CHANNEL or token is not None:
                self._desk.keys.check(token if isinstance(token, str) else None, now)
        except Wrong as wrong:
            return self._wrong(str(wrong))
        except Refusal:
            return self._wrong("authentication")
        return None

    @staticmethod
    def _wrong(name: str) -> HttpAnswer:
        status = {"authentication": 401, "rate": 429}.get(name, 400)
        return HttpAnswer(status, encode({"type": "error", "message": MESSAGES[name]}))

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a message out; the result is what is said of it, in order: channel and events."""
        desk, frame, channel = self._desk, call.raw, call.path
        if now > desk.exchange.now:
            desk.advance(now)
        commit, said = Commit(call), []
        products = _named(frame)
        if frame["type"] == "unsubscribe":
            self._leave(channel, products)
        else:
            said = self._enter(channel, products, now, as_of)
        commit.result = [("subscriptions", [{"subscriptions": self._subscriptions()}]), *said]
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering messages."""
        texts = [self._message(channel, events, now) for channel, events in commit.result]
        return HttpAnswer(200, texts[0].encode(), also=tuple(texts[1:]))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """An error is definite; nothing here concerns orders."""
        try:
            frame = codec.decode(body)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            return Reading("ambiguous", "unknown", None, "no JSON")
        if frame.get("type") == "error":
            message = str(frame.get("message", ""))
            kind = {MESSAGES["authentication"]: "auth", MESSAGES["rate"]: "rate"}.get(message, "parameter")
            return Reading("definite", kind, None, message)
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
        """What a fault refuses: limits as limits, all else as a failed authentication. Raises ValueError on an unknown
        reason."""
        if reason in ("rate", "ban", "busy", "code_1006", "code_1007"):
            return self._wrong("rate")
        if reason not in ("funds", "closed", "permission", "filter"):
            raise ValueError(f"unknown refusal {reason!r}")
        return self._wrong("authentication")

    # --------------------------------------------------------- subscriptions
    def _subscriptions(self) -> dict[str, list[str]]:
        shown = {}
        for channel, products in self._products.items():
            if channel == CHANNEL:
                shown[channel] = [self._desk.user_id]
            else:
                shown[channel] = [HEARTBEATS] if channel == HEARTBEATS else list(products)
        return shown

    def _enter(self, channel: str, products: list[str], now: int, as_of: int | None) -> list[tuple[str, Said]]:
        known = self._products.setdefault(channel, [])
        if channel == HEARTBEATS:
            self._beats = now + SECOND if self._beats is None else self._beats
            return []
        if channel == CHANNEL:
            known[:] = [] if not products else [*known, *(one for one in products if one not in known)]
            if not self.subscribed:
                self.subscribed = True
                self._desk.listeners.append(self._count)
            return self._orders(as_of)
        said: list[tuple[str, Said]] = []
        for product in products or ([""] if channel == "status" else []):
            listing = self._desk.known(product)
            if (listing is None and product) or product in known:
                continue
            known.append(product)
            feed = FEEDS[channel](self._desk, listing)
            self._feeds[channel, product] = feed
            self._due[channel, product] = now + feed.period
            events = feed.snapshot(now)
            if events:
                said.append((feed.channel, events))
        return said

    def _orders(self, as_of: int | None) -> list[tuple[str, Said]]:
        """The snapshot of open orders, in messages of fifty; the last one has fewer, perhaps none."""
        desk, rows = self._desk, []
        for note in desk.notes.values():
            order = desk.order(note, as_of)
            if order is not None and order.live and self._wants(note.listing.id):
                rows.append(shapes.event(desk, note, order))
        positions = {"perpetual_futures_positions": [], "expiring_futures_positions": []}  # type: ignore[var-annotated]
        return [
            (CHANNEL, [{"type": "snapshot", "orders": rows[n : n + SNAPSHOT], "positions": positions}])
            for n in range(0, len(rows) + 1, SNAPSHOT)
        ]

    def _wants(self, product: str) -> bool:
        products = self._products.get(CHANNEL)
        return products is not None and (not products or product in products)

    def _leave(self, channel: str, products: list[str]) -> None:
        """Unsubscribe from some products of a channel, or from the channel."""
        known = self._products.get(channel, [])
        for product in products or list(known):
            if product in known:
                known.remove(product)
            self._feeds.pop((channel, product), None)
            self._due.pop((channel, product), None)
        if not known or not products:
            self._products.pop(channel, None)
            if channel == HEARTBEATS:
                self._beats = None
            elif channel == CHANNEL:
                self._leave_user()

    def _leave_user(self) -> None:
        self.subscribed = False
        if self._count in self._desk.listeners:
            self._desk.listeners.remove(self._count)

    # ----------------------------------------------------------- said unasked
    def _message(self, channel: str, events: Said, now: int, number: int | None = None) -> str:
        if number is None:
            number, self._number = self._number, self._number + 1
        self._said_at = max(self._said_at, now)
        return encode(
            {"channel": channel, "client_id": "", "timestamp": moment(now, 9), "sequence_num": number, "events": events}
        ).decode()

    def opened(self, now: int) -> Sequence[str | Close]:
        """Nothing is said before something is asked."""
        return ()

    def _count(self, push: Push) -> None:
        """An event is made: where it is for this connection, it has the next number (so that one that is lost leaves a
        gap)."""
        if self._wants(self._desk.listings[push.symbol or ""].id):
            self._numbers[push.n] = self._number
            self._number += 1

    def frames(self, push: Push) -> Sequence[str]:
        """The message of a pushed event."""
        number = self._numbers.get(push.n)
        if number is None or CHANNEL not in self._products:
            return ()
        events = f'[{{"type":"update","orders":[{push.render()}]}}]'
        shell = self._message(CHANNEL, [], self._desk.exchange.now, number)
        return (shell.replace('"events":[]', f'"events":{events}'),)

    def next_time(self) -> int | None:
        """When it next says something: an update, a heartbeat, or good-bye."""
        if not self._products:
            end = (self._born if self._said_at == self._born else self._said_at) + FIRST
            return end
        times = [self._said_at + self._desk.quiet_seconds * SECOND, *self._due.values()]
        if self._beats is not None:
            times.append(self._beats)
        return min(times)

    def due(self, now: int) -> Sequence[str | Close]:
        """What it says by itself now."""
        at = self.next_time()
        if at is None or now < at:
            return ()
        if not self._products:
            return (Close(1000, ""),)
        said = []
        for key, feed in self._feeds.items():
            if now >= self._due[key]:
                self._due[key] += ((now - self._due[key]) // feed.period + 1) * feed.period
                events = feed.update(now)
                if events:
                    said.append(self._message(feed.channel, events, now))
        if self._beats is not None and now >= self._beats:
            self._beats += ((now - self._beats) // SECOND + 1) * SECOND
            self._counter += 1
            beat = {"current_time": _go(now, now - self._born), "heartbeat_counter": str(self._counter)}
            said.append(self._message(HEARTBEATS, [beat], now))
        if not said and now >= self._said_at + self._desk.quiet_seconds * SECOND:
            return (Close(1000, ""),)
        return said

    def expire(self, now: int) -> Sequence[str | Close]:
        """The connection ends (*inferred*: a token only has to be valid when it subscribes)."""
        self._leave_user()
        return (Close(1000, ""),)

    def closed(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        self._leave_user()
        self._products.clear()
        self._feeds.clear()
        self._due.clear()
        self._beats = None


def _named(frame: Mapping[str, Any]) -> list[str]:
    sent = frame.get("product_ids")
    return list(dict.fromkeys(one for one in sent if isinstance(one, str))) if isinstance(sent, list) else []


def _go(now: int, age: int) -> str:
    """A time as Go prints it, which is what heartbeats carry."""
    shown = moment(now, 9)
    return f"{shown[:10]} {shown[11:-1]} +0000 UTC m=+{age // SECOND}.{age % SECOND:09d}"
