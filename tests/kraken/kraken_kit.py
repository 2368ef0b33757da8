"""A Kraken spot venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Close, HttpRequest, Push, ask
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.kraken_spot import KrakenSpot
from outtrade_mocks.venues.kraken_spot.auth import sign
from outtrade_mocks.venues.kraken_spot.streams import KrakenSession
from outtrade_mocks.venues.kraken_spot.venue import CREDENTIALS

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
SYMBOLS = ("BTC/USD", "ETH/USD", "ETH/BTC", "DOGE/USD")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USD": QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    "ETH/USD": QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
}


@dataclass
class Answer:
    data: Any
    call: Call
    status: int = 200

    @property
    def result(self) -> Any:
        assert self.data["error"] == [], self.data
        return self.data["result"]

    @property
    def error(self) -> str:
        """The only error; what is refused has no result."""
        assert "result" not in self.data, self.data
        assert self.status == 200
        return str(self.data["error"][0])


class Kit:
    """The venue and a client of it that signs properly."""

    def __init__(self, *, knobs: dict[str, Any] | None = None, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USD": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(10)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 7,
            "knobs": knobs or {},
        }
        self.venue: KrakenSpot = load("kraken_spot").build(VenueConfig(**(fields | changes)))
        self.now = EPOCH
        self.nonce = 0
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self.venue.on_push(self.pushes.append)
        self.venue.on_truth(self.truths.append)

    # ------------------------------------------------------------------ REST
    def request(self, name: str, params: dict[str, Any], *, as_json: bool = False, **changes: Any) -> HttpRequest:
        path = f"/0/private/{name}"
        self.nonce += 1
        sent = {"nonce": str(self.nonce)} | params
        body = json.dumps(sent) if as_json else urlencode(sent)
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        headers = {"api-key": CREDENTIALS.key, "content-type": kind}
        headers["api-sign"] = sign(CREDENTIALS.secret, path, str(sent["nonce"]), body)
        return HttpRequest("POST", path, "api.kraken.com", headers | changes, body.encode())

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return Answer(json.loads(answer.body), call, answer.status)

    def ask(self, name: str, as_of: int | None = None, as_json: bool = False, **params: Any) -> Answer:
        return self.raw(self.request(name, params, as_json=as_json), as_of=as_of)

    def public(self, name: str, **params: Any) -> Answer:
        query = f"?{urlencode(params)}" if params else ""
        return self.raw(HttpRequest("GET", f"/0/public/{name}{query}", "api.kraken.com", {}))

    def place(self, price: Any = None, volume: str = "0.01", side: str = "buy", **params: Any) -> str:
        """A limit order (without a price: a market order); its txid."""
        fields = {"pair": "XBTUSD", "type": side, "ordertype": "limit" if price else "market", "volume": volume}
        if price:
            fields["price"] = str(price)
        return str(self.ask("AddOrder", **(fields | params)).result["txid"][0])

    def order(self, txid: str, as_of: int | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("QueryOrders", as_of=as_of, txid=txid, trades="true").result[txid]
        return found

    def later(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        self.venue.advance(self.now)

    def balances(self) -> dict[str, tuple[str, str]]:
        return dict(self.venue.truth()["balances"])

    # ------------------------------------------------------------- WebSocket
    def token(self) -> str:
        return str(self.ask("GetWebSocketsToken").result["token"])

    def open(self, host: str = "ws-auth.kraken.com") -> Talk:
        return Talk(self, self.venue.open_session(host, "/v2", self.now))


class Talk:
    """One WebSocket connection."""

    def __init__(self, kit: Kit, session: KrakenSession) -> None:
        self.kit = kit
        self.session = session
        self.greeting = [json.loads(text) for text in session.opened(kit.now) if isinstance(text, str)]
        self._read = len(kit.pushes)

    def send(self, method: str, params: dict[str, Any] | None = None, req_id: int | None = 1) -> list[Any]:
        """All frames that answer at once."""
        frame: dict[str, Any] = {"method": method}
        if params is not None:
            frame["params"] = params
        if req_id is not None:
            frame["req_id"] = req_id
        return self.say(json.dumps(frame))

    def say(self, text: str) -> list[Any]:
        answer = ask(self.session, self.session.read(text), self.kit.now)
        return [json.loads(one) for one in (answer.body, *answer.also) if not isinstance(one, Close)]

    def private(self, channel: str = "executions", **params: Any) -> list[Any]:
        return self.send("subscribe", {"channel": channel, "token": self.kit.token()} | params)

    def events(self) -> list[Any]:
        """What was pushed since the last call."""
        pushes, self._read = self.kit.pushes[self._read :], len(self.kit.pushes)
        return [json.loads(text) for push in pushes for text in self.session.frames(push)]

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
