"""An Alpaca venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.alpaca import CREDENTIALS, Alpaca
from outtrade_mocks.venues.api import Call, Close, HttpRequest, Push, Session, ask
from outtrade_mocks.venues.config import VenueConfig

SECOND = 1_000_000_000
OPEN = 1_767_366_000 * SECOND
"""Friday, 2 January 2026, 10:00 in New York: half an hour into the session."""
HOUR = 3600
SYMBOLS = ("BTC/USD", "ETH/USD", "ETH/BTC", "AAPL/USD", "F/USD", "SNDL/USD")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USD": QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    "ETH/USD": QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
    "AAPL/USD": QUIET | {"mid": "200", "depth": "100", "taker_size": "1"},
    "F/USD": QUIET | {"mid": "10", "depth": "1000", "taker_size": "10"},
    "SNDL/USD": QUIET | {"mid": "0.5", "depth": "1000", "taker_size": "10"},
}


@dataclass
class Answer:
    data: Any
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    call: Call | None = None

    @property
    def ok(self) -> Any:
        assert self.status < 300, (self.status, self.data)
        return self.data

    @property
    def error(self) -> tuple[int, int | None, str]:
        assert self.status >= 400, self.data
        return self.status, self.data.get("code"), self.data["message"]


class Kit:
    """The venue and a client of it that sends the right key."""

    def __init__(self, *, knobs: dict[str, Any] | None = None, now: int = OPEN, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USD": Decimal(100_000), "BTC": Decimal(2), "AAPL": Decimal(50), "F": Decimal(10)},
            "markets": MARKETS,
            "epoch_ns": now,
            "seed": 7,
            "knobs": knobs or {},
        }
        self.venue: Alpaca = load("alpaca").build(VenueConfig(**(fields | changes)))
        self.now = now
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self.venue.on_push(self.pushes.append)
        self.venue.on_truth(self.truths.append)

    # ------------------------------------------------------------------ REST
    def ask(
        self, method: str, path: str, body: Any = None, as_of: int | None = None, *, headers: Any = None, **query: Any
    ) -> Answer:
        sent = {"apca-api-key-id": CREDENTIALS.key, "apca-api-secret-key": CREDENTIALS.secret}
        target = path + (f"?{urlencode(query)}" if query else "")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        call = self.venue.read(
            HttpRequest(method, target, "api.alpaca.markets", sent if headers is None else headers, raw)
        )
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return Answer(json.loads(answer.body) if answer.body else None, answer.status, answer.headers, call)

    def place(self, **changes: Any) -> Answer:
        """A limit order for two shares of Apple well below the market, but for the changes; None leaves a field out."""
        fields: dict[str, Any] = {
            "symbol": "AAPL", "side": "buy", "type": "limit", "limit_price": "180", "qty": "2", "time_in_force": "day",
        }  # fmt: skip
        body = {name: value for name, value in (fields | changes).items() if value is not None}
        return self.ask("POST", "/v2/orders", body)

    def market(self, symbol: str = "AAPL", qty: str = "2", side: str = "buy", **changes: Any) -> Any:
        """A market order; the order as it then is."""
        tif = "gtc" if "/" in symbol else "day"
        made = self.place(
            symbol=symbol, qty=qty, side=side, type="market", limit_price=None, time_in_force=tif, **changes
        ).ok
        return self.order(made["id"])

    def order(self, wire: str, as_of: int | None = None, **query: Any) -> Any:
        return self.ask("GET", f"/v2/orders/{wire}", as_of=as_of, **query).ok

    def orders(self, **query: Any) -> Any:
        return self.ask("GET", "/v2/orders", **query).ok

    def account(self) -> Any:
        return self.ask("GET", "/v2/account").ok

    def position(self, symbol: str) -> Any:
        return self.ask("GET", f"/v2/positions/{symbol}").ok

    def fill(self, wire: str, fraction: str = "1") -> None:
        assert self.venue.fill(wire, Decimal(fraction))

    def later(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        self.venue.advance(self.now)

    def balances(self) -> dict[str, tuple[str, str]]:
        return dict(self.venue.truth()["balances"])

    # ------------------------------------------------------------- WebSocket
    def open(self, path: str = "/stream", host: str = "paper-api.alpaca.markets") -> Talk:
        return Talk(self, self.venue.open_session(host, path, self.now))


class Talk:
    """One WebSocket connection."""

    def __init__(self, kit: Kit, session: Session) -> None:
        self.kit = kit
        self.session = session
        self.greeting = [json.loads(text) for text in session.opened(kit.now) if isinstance(text, str)]
        self._read = len(kit.pushes)

    def say(self, frame: Any) -> Any:
        """The first frame that answers."""
        return self.all(frame)[0]

    def all(self, frame: Any) -> list[Any]:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        answer = ask(self.session, self.session.read(text), self.kit.now)
        return [json.loads(one) for one in (answer.body, *answer.also) if not isinstance(one, Close)]

    def listen(self) -> Any:
        keys = {"key_id": CREDENTIALS.key, "secret_key": CREDENTIALS.secret}
        self.say({"action": "authenticate", "data": keys})
        return self.say({"action": "listen", "data": {"streams": ["trade_updates"]}})

    def events(self) -> list[Any]:
        """What was pushed since the last call."""
        pushes, self._read = self.kit.pushes[self._read :], len(self.kit.pushes)
        return [json.loads(text)["data"] for push in pushes for text in self.session.frames(push)]

    def due(self, seconds: float) -> list[Any]:
        """What the connection says by itself in the next seconds."""
        end, said = self.kit.now + round(seconds * SECOND), []
        while (time := self.session.next_time()) is not None and time <= end:
            self.kit.now = max(self.kit.now, time)
            self.kit.venue.advance(self.kit.now)
            frames = self.session.due(self.kit.now)
            said += [one if isinstance(one, Close) else json.loads(one) for one in frames]
            if any(isinstance(one, Close) for one in frames):
                break
        self.kit.now = max(self.kit.now, end)
        return said
