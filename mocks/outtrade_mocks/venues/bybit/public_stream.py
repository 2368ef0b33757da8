"""The public streams (/v5/public/spot, /v5/public/linear, /v5/public/inverse): market data, without a login."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outtrade_mocks.venues.api import Close, Commit
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.feeds import Feed, feed_of
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.streams import Stream, request_id

EVERY = 100 * MS
"""Nanoseconds between two looks at the market."""
MOST_SPOT_ARGS = 10
"""Topics in one request of the spot stream (ws/connect.mdx)."""


class PublicStream(Stream):
    """A connection for market data of one category; one that does not exist has no topics."""

    def __init__(self, firm: Firm, category: str, now: int, number: int) -> None:
        super().__init__(firm, "", now, number)
        self._category = category
        self._feeds: dict[str, Feed] = {}
        self._next = 0
        self._fresh: list[str] = []

    def _fine(self, op: str) -> str:
        return "subscribe" if op == "subscribe" and self._category == "spot" else ""

    def _pong(self, frame: dict[str, Any], now: int) -> dict[str, Any]:
        answer = {"success": True, "ret_msg": "pong", "conn_id": self._id}
        name = request_id(frame)
        return answer | ({} if name is None else {"req_id": name}) | {"op": "ping"}

    def _subscribe(self, topics: list[str], now: int) -> str | None:
        if self._category == "spot" and len(topics) > MOST_SPOT_ARGS:
            return f"args size >{MOST_SPOT_ARGS}"
        made = {}
        for topic in topics:
            feed = feed_of(self._firm.desk, self._category, topic)
            if feed is None:
                return f"error:handler not found,topic:{topic[:60]}"
            made[topic] = feed
        if not self._feeds:
            self._next = now + EVERY
        for topic, feed in made.items():
            if topic not in self._feeds:
                self._feeds[topic] = feed
                self._fresh.append(topic)
        return None

    def _unsubscribe(self, topics: list[str]) -> None:
        for topic in topics:
            self._feeds.pop(topic, None)

    def _after(self, commit: Commit, now: int) -> Sequence[str]:
        fresh, self._fresh = self._fresh, []
        return [text for topic in fresh if topic in self._feeds for text in self._feeds[topic].begin(now)]

    def next_time(self) -> int | None:
        """The next look at the market, or the end of an idle connection."""
        end = super().next_time()
        return end if not self._feeds else self._next if end is None else min(self._next, end)

    def due(self, now: int) -> Sequence[str | Close]:
        """What has changed."""
        if not self._feeds or now < self._next:
            return super().due(now)
        self._next += max(1, (now - self._next) // EVERY + 1) * EVERY
        said: list[str | Close] = [text for feed in self._feeds.values() for text in feed.look(now)]
        if said:
            self._last = now
        return said or super().due(now)

    def closed(self) -> None:
        """The connection is gone."""
        self._feeds.clear()
