"""A Binance spot venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, HttpAnswer, HttpRequest, Push
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.binance_spot import BinanceSpot
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
KEY, SECRET = "TESTKEY0" * 8, "TESTSEC0" * 8
SYMBOLS = ("BTC/USDT", "ETH/USDT", "ETH/BTC", "DOGE/USDT")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USDT": QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    "ETH/USDT": QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
    "ETH/BTC": QUIET | {"mid": "0.06", "depth": "5", "taker_size": "0.5"},
}


@dataclass
class Answer:
    status: int
    data: Any
    headers: dict[str, str]
    call: Call

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and text."""
        return self.status, self.data["code"], self.data["msg"]


def limit_order(price: str, quantity: str, side: str = "BUY") -> dict[str, str]:
    """Parameters of a GTC limit order."""
    fields = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
    return fields | {"price": price, "quantity": quantity}


class Kit:
    """The venue and a client of it that signs properly."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(10)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 7,
            "credentials": Credentials(KEY, SECRET),
        }
        self.config = VenueConfig(**(fields | changes))
        self.venue: BinanceSpot = load("binance_spot").build(self.config)
        self.now = self.config.epoch_ns
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self._frames: list[str] = []
        self.venue.on_push(self._pushed)
        self.venue.on_truth(self.truths.append)

    def query(self, params: dict[str, Any], *, at: int | None = None) -> str:
        """Signed parameters as a query string."""
        stamped = params if "timestamp" in params else params | {"timestamp": (at or self.now) // 1_000_000}
        text = urlencode(stamped)
        return f"{text}&signature={sign(SECRET, text)}"

    def request(
        self, method: str, path: str, params: dict[str, Any] | None = None, *, signed: bool = True
    ) -> HttpRequest:
        text = self.query(params or {}) if signed else urlencode(params or {})
        in_body = method in ("POST", "PUT")
        target = path if in_body or not text else f"{path}?{text}"
        headers = {"host": "api.binance.com", "x-mbx-apikey": KEY}
        return HttpRequest(method, target, "api.binance.com", headers, text.encode() if in_body else b"")

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return parsed(answer, call)

    def ask(self, method: str, path: str, *, signed: bool = True, as_of: int | None = None, **params: Any) -> Answer:
        return self.raw(self.request(method, path, params, signed=signed), as_of=as_of)

    # ---- the usual requests
    def place(self, **params: Any) -> Answer:
        return self.ask("POST", "/api/v3/order", **params)

    def limit(self, price: str, quantity: str, side: str = "BUY", **params: Any) -> Answer:
        return self.place(**(limit_order(price, quantity, side) | params))

    def market(self, side: str = "BUY", **params: Any) -> Answer:
        return self.place(**({"symbol": "BTCUSDT", "side": side, "type": "MARKET"} | params))

    def public(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, signed=False, **params)

    def private(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, **params)

    def _pushed(self, push: Push) -> None:
        self.pushes.append(push)
        self._frames.append(push.render())

    def events(self) -> list[dict[str, Any]]:
        late = [push.render() for push in self.pushes]
        assert late == self._frames, "a frame made later says something else than one made at once"
        return [json.loads(text) for text in late]


def parsed(answer: HttpAnswer, call: Call) -> Answer:
    return Answer(answer.status, json.loads(answer.body), answer.headers, call)
