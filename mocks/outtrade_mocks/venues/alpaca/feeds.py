"""Market data streams: quotes, trades, bars and order books of assets, in lists of JSON objects.

    <- [{"T":"success","msg":"connected"}]
    -> {"action":"auth","key":"...","secret":"..."}
    <- [{"T":"success","msg":"authenticated"}]
    -> {"action":"subscribe","quotes":["BTC/USD"],"orderbooks":["BTC/USD"]}
    <- [{"T":"subscription","trades":[],"quotes":["BTC/USD"],...}]

The market is looked at every second; what has not changed is not told (*simplified*: the venue tells each change).
Errors are documented by number: 400 syntax, 401 not authenticated, 402 auth failed, 403 already authenticated, 404 auth
timeout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from outtrade_mocks.venues.alpaca import data
from outtrade_mocks.venues.alpaca.auth import fits
from outtrade_mocks.venues.alpaca.codec import SECOND, encode, texts
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.reading import read_answer
from outtrade_mocks.venues.alpaca.reference import Listing
from outtrade_mocks.venues.alpaca.streams import injected
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, Push, Reading
from outtrade_mocks.venues.config import Credentials

ERRORS = {400: "invalid syntax", 401: "not authenticated", 402: "auth failed", 403: "already authenticated",
          404: "auth timeout"}  # fmt: skip
CHANNELS = ("trades", "quotes", "orderbooks", "bars", "updatedBars", "dailyBars")
PATIENCE = 10 * SECOND
LOOK = SECOND
MINUTE = 60 * SECOND


def error(code: int) -> list[dict[str, Any]]:
    """An error by its number."""
    return [{"T": "error", "code": code, "msg": ERRORS[code]}]


class DataStream:
    """One connection to market data, above the frames."""

    ping_every: float | None = None
    subscribed = False

    def __init__(self, desk: Desk, credentials: Credentials, path: str, now: int) -> None:
        self._desk = desk
        self._credentials = credentials
        self._crypto = "crypto" in path
        self._known = False
        self._born = self._looked = now
        self._wanted: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
        self._seen: dict[tuple[str, str], Any] = {}

    # ------------------------------------------------------------- the calls
    def read(self, text: str) -> Call:
        """What a frame asks; never raises."""
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            found = None
        frame: dict[str, Any] = found if isinstance(found, dict) else {}
        action = frame.get("action")
        op = {"auth": "login", "subscribe": "subscribe"}.get(str(action), "other")
        params = {"apiKey": frame.get("key"), "passphrase": frame.get("secret")} if op == "login" else dict(frame)
        shown = texts({name: value for name, value in params.items() if value is not None})
        return Call(op, "WS", str(action)[:20], shown, raw=frame)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door."""
        if call.op == "login" and self._known:
            return self._said(error(403))
        if call.path not in ("auth", "subscribe", "unsubscribe"):
            return self._said(error(400))
        return None if self._known or call.op == "login" else self._said(error(401))

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a frame out."""
        frame: dict[str, Any] = call.raw
        commit = Commit(call)
        if call.op == "login":
            self._known = fits(frame.get("key"), frame.get("secret"), self._credentials)
            commit.result = [{"T": "success", "msg": "authenticated"}] if self._known else error(402)
            return commit
        for channel in CHANNELS:
            names = frame.get(channel)
            for name in names if isinstance(names, list) else ():
                self._change(channel, name, adds=call.path == "subscribe")
        self._looked = now
        commit.result = [{"T": "subscription"} | {channel: list(names) for channel, names in self._wanted.items()}]
        commit.result += self._news(now)
        return commit

    def _change(self, channel: str, name: Any, *, adds: bool) -> None:
        entry, wanted = self._desk.find(name), self._wanted[channel]
        if entry is None or entry.equity is self._crypto:
            return
        if adds and entry.id not in wanted:
            wanted.append(entry.id)
        elif not adds and entry.id in wanted:
            wanted.remove(entry.id)
            self._seen.pop((channel, entry.id), None)

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame; what is told besides follows in a frame of its own."""
        first, *others = commit.result
        also = (encode(others).decode(),) if others else ()
        return HttpAnswer(200, encode([first]), also=also)

    @staticmethod
    def _said(rows: list[dict[str, Any]]) -> HttpAnswer:
        return HttpAnswer(200, encode(rows))

    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How an answering frame is to be read."""
        try:
            rows = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            rows = None
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            return read_answer(status, headers, body, now)
        if rows[0].get("T") != "error":
            return Reading("ok")
        return Reading("definite", "auth", rows[0].get("code"), str(rows[0].get("msg", "")))

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """A refusal of REST in a frame. Raises ValueError on an unknown one."""
        refusal = injected(reason)
        return self._said([{"T": "error", "code": refusal.status, "msg": refusal.message}])

    # ----------------------------------------------------------- said unasked
    def opened(self, now: int) -> Sequence[str | Close]:
        """The greeting."""
        return ('[{"T":"success","msg":"connected"}]',)

    def frames(self, push: Push) -> Sequence[str]:
        """Nothing of the account is told here."""
        return ()

    def next_time(self) -> int | None:
        """When the market is looked at next; before the login, when patience ends."""
        if not self._known:
            return self._born + PATIENCE
        return self._looked + LOOK if any(self._wanted.values()) else None

    def due(self, now: int) -> Sequence[str | Close]:
        """News of the market."""
        if not self._known:
            return (encode(error(404)).decode(), Close(1000, "auth timeout")) if now >= self._born + PATIENCE else ()
        self._looked += (now - self._looked) // LOOK * LOOK
        rows = self._news(now)
        return (encode(rows).decode(),) if rows else ()

    def _news(self, now: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for channel, names in self._wanted.items():
            for name in names:
                entry = self._desk.find(name)
                assert entry is not None
                rows += self._of(channel, entry, now)
        return rows

    def _of(self, channel: str, entry: Listing, now: int) -> list[dict[str, Any]]:
        """What is new of a channel of an asset."""
        desk, key = self._desk, (channel, entry.id)
        before = self._seen.get(key)
        if channel == "quotes":
            found = data.quote(desk, entry, now)
            self._seen[key] = {name: value for name, value in found.items() if name != "t"}
            return [] if self._seen[key] == before else [{"T": "q", "S": entry.id} | found]
        if channel == "orderbooks":
            self._seen[key] = book = data.book(desk, entry, now)
            return _book(entry.id, before, book)
        trades = data.prints(desk, entry)
        last = trades[-1].number if trades else 0
        if channel == "trades":
            self._seen[key] = last
            news = [one for one in trades if before is not None and one.number > before]
            return [{"T": "t", "S": entry.id} | data.trade(desk, entry, one) for one in news]
        if channel != "bars":
            return []  # updated and daily bars are not told
        self._seen[key] = minute = now // MINUTE
        if before is None or minute == before:
            return []
        over = [one for one in trades if one.time // MINUTE == minute - 1]
        return [{"T": "b", "S": entry.id} | data.bars(desk, entry, 1, now)[-1 - (trades[-1].time // MINUTE == minute)]
                ] if over else []  # fmt: skip

    def expire(self, now: int) -> Sequence[str | Close]:
        """The venue ends the connection."""
        return (Close(1000, ""),)

    def closed(self) -> None:
        """The connection is gone."""
        self._wanted = {channel: [] for channel in CHANNELS}


def _book(name: str, before: dict[str, Any] | None, book: dict[str, Any]) -> list[dict[str, Any]]:
    """A whole book at first, then the levels that changed (size 0: gone)."""
    if before is None:
        return [{"T": "o", "S": name} | book | {"r": True}]
    sides = {}
    for side in ("a", "b"):
        old = {row["p"]: row["s"] for row in before[side]}
        new = {row["p"]: row["s"] for row in book[side]}
        changed = {price: new.get(price, 0) for price in (*new, *old) if old.get(price) != new.get(price)}
        sides[side] = [{"p": price, "s": size} for price, size in changed.items()]
    return [{"T": "o", "S": name, "t": book["t"]} | sides] if any(sides.values()) else []
