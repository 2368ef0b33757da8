"""Market channels of the WebSocket: level2, ticker, ticker_batch, market_trades, candles, status.

A feed looks at the exchange now and then and says what changed since it last looked; the first thing it says is a
snapshot. What a feed says are the ``events`` of one message; the message around it (channel, time, number) is the
connection's::

    channel         looked at every    says (WebSocket channels)
    level2          100 ms             the whole book, then levels that changed; on the wire it is called l2_data
    ticker          100 ms             price, the day's figures, best bid and ask
    ticker_batch    5 s                the same
    market_trades   250 ms             trades since the last look; the snapshot has the latest
    candles         1 s                the candles of five minutes that changed
    status          5 s                all products (*inferred*: a preset interval)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outtrade_mocks.venues.coinbase import market
from outtrade_mocks.venues.coinbase.codec import SECOND, moment, text
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.reference import Listing

MS = 1_000_000
LEVELS = 500
"""Levels of each side that level2 follows (*simplified*: the venue sends all)."""
SNAPSHOT_TRADES, SNAPSHOT_CANDLES = 50, 300
FIVE_MINUTES = 300 * SECOND
Said = list[dict[str, Any]]


class Feed:
    """One channel of one product (status: of all)."""

    channel = ""
    """What the channel is called in messages."""
    period = 100 * MS

    def __init__(self, desk: Desk, listing: Listing | None) -> None:
        self.desk = desk
        self._listing = listing

    @property
    def listing(self) -> Listing:
        """The product."""
        assert self._listing is not None
        return self._listing

    def snapshot(self, now: int) -> Said:
        """The events of the first message; none: there is nothing to tell."""
        raise NotImplementedError

    def update(self, now: int) -> Said:
        """The events of what changed since the last look; none: nothing did."""
        raise NotImplementedError


class Level2(Feed):
    """The order book."""

    channel = "l2_data"

    def __init__(self, desk: Desk, listing: Listing | None) -> None:
        super().__init__(desk, listing)
        self._shown: dict[str, dict[int, int]] = {}

    def _sides(self) -> dict[str, dict[int, int]]:
        bids, asks = self.desk.exchange.depth(self.listing.unified, LEVELS)
        return {"bid": dict(bids), "offer": dict(asks)}

    def _event(self, kind: str, changes: list[tuple[str, int, int]], now: int) -> Said:
        listing = self.listing
        updates = [
            {"side": side, "event_time": moment(now), "price_level": listing.price(ticks),
             "new_quantity": listing.size(lots)}
            for side, ticks, lots in changes
        ]  # fmt: skip
        return [{"type": kind, "product_id": listing.id, "updates": updates}]

    def snapshot(self, now: int) -> Said:
        self._shown = self._sides()
        rows = [(side, ticks, lots) for side, levels in self._shown.items() for ticks, lots in levels.items()]
        return self._event("snapshot", rows, now)

    def update(self, now: int) -> Said:
        before, self._shown = self._shown, self._sides()
        changes = []
        for side, levels in self._shown.items():
            old = before[side]
            changes += [(side, ticks, 0) for ticks in old if ticks not in levels]
            changes += [(side, ticks, lots) for ticks, lots in levels.items() if old.get(ticks) != lots]
        return self._event("update", changes, now) if changes else []


class Ticker(Feed):
    """Price, best bid and ask, the day's figures."""

    channel = "ticker"
    _last: dict[str, Any] | None = None

    def _row(self, now: int) -> dict[str, Any]:
        desk, listing = self.desk, self.listing
        prints = [one for one in desk.prints(listing) if one.time > now - market.DAY]
        last = desk.last(listing) or 0
        found = [one.price for one in prints] or [last]
        bids, asks = desk.exchange.depth(listing.unified, 1)
        (bid, bid_lots), (ask, ask_lots) = (bids or [(0, 0)])[0], (asks or [(0, 0)])[0]
        change = 100 * (last - found[0]) / found[0] if found[0] else 0
        return {
            "type": "ticker",
            "product_id": listing.id,
            "price": listing.price(last),
            "volume_24_h": listing.size(sum(one.lots for one in prints)),
            "low_24_h": listing.price(min(found)),
            "high_24_h": listing.price(max(found)),
            "low_52_w": listing.price(min(found)),
            "high_52_w": listing.price(max(found)),
            "price_percent_chg_24_h": f"{change:.8f}",
            "best_bid": listing.price(bid),
            "best_ask": listing.price(ask),
            "best_bid_quantity": listing.size(bid_lots),
            "best_ask_quantity": listing.size(ask_lots),
        }

    def snapshot(self, now: int) -> Said:
        self._last = self._row(now)
        return [{"type": "snapshot", "tickers": [self._last]}]

    def update(self, now: int) -> Said:
        row = self._row(now)
        if row == self._last:
            return []
        self._last = row
        return [{"type": "update", "tickers": [row]}]


class TickerBatch(Ticker):
    """The ticker, every five seconds."""

    channel = "ticker_batch"
    period = 5 * SECOND


class MarketTrades(Feed):
    """Everybody's trades, newest first."""

    channel = "market_trades"
    period = 250 * MS
    _seen = 0

    def _rows(self, after: int) -> Said:
        found = self.desk.prints(self.listing, after)
        if found:
            self._seen = max(0, found[-1].number)
        return [market.trade(self.listing, one) for one in reversed(found)]

    def snapshot(self, now: int) -> Said:
        rows = self._rows(-SNAPSHOT_TRADES)[:SNAPSHOT_TRADES]
        return [{"type": "snapshot", "trades": rows}] if rows else []  # clients look at the first

    def update(self, now: int) -> Said:
        rows = self._rows(self._seen)
        return [{"type": "update", "trades": rows}] if rows else []


class Candles(Feed):
    """Candles of five minutes."""

    channel = "candles"
    period = SECOND

    def __init__(self, desk: Desk, listing: Listing | None) -> None:
        super().__init__(desk, listing)
        self._last: Said = []

    def _rows(self, now: int) -> Said:
        start = now - now % FIVE_MINUTES - SNAPSHOT_CANDLES * FIVE_MINUTES
        found = market.candles_of(self.desk, self.listing, 300, start, now)
        return [row | {"product_id": self.listing.id} for row in found]

    def snapshot(self, now: int) -> Said:
        self._last = self._rows(now)
        return [{"type": "snapshot", "candles": self._last}]

    def update(self, now: int) -> Said:
        before, self._last = self._last, self._rows(now)
        rows = [row for row in self._last if row not in before]
        return [{"type": "update", "candles": rows}] if rows else []


class Status(Feed):
    """All products, or one of them, with what state they are in."""

    channel = "status"
    period = 5 * SECOND

    def snapshot(self, now: int) -> Said:
        listed = list(self.desk.listings.values()) if self._listing is None else [self._listing]
        rows = []
        for listing in listed:
            raw = listing.raw | market.FLAGS.get(self.desk.state(listing), {})
            rows.append(
                {
                    "product_type": "SPOT",
                    "id": listing.id,
                    "base_currency": listing.base,
                    "quote_currency": listing.quote,
                    "base_increment": text(listing.step),
                    "quote_increment": text(listing.tick),
                    "display_name": f"{listing.base}/{listing.quote}",
                    "status": str(raw["status"]),
                    "status_message": "",
                    "min_market_funds": str(raw["quote_min_size"]),
                }
            )
        return [{"type": "snapshot", "products": rows}]

    def update(self, now: int) -> Said:
        return self.snapshot(now)


FEEDS: Mapping[str, Callable[[Desk, Listing | None], Feed]] = {
    "level2": Level2,
    "ticker": Ticker,
    "ticker_batch": TickerBatch,
    "market_trades": MarketTrades,
    "candles": Candles,
    "status": Status,
}
"""Channel as it is subscribed to -> its feed."""
