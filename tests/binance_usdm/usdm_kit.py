"""A Binance USD-M venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Close, HttpAnswer, HttpRequest, Push, Session, ask
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.binance_usdm import BinanceUsdm
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
KEY, SECRET = "TESTKEY0" * 8, "TESTSEC0" * 8
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    BTC: QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    ETH: QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
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

    @property
    def code(self) -> int:
        return int(self.data["code"])


class Kit:
    """The venue and a client of it that signs properly."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": (BTC, ETH),
            "balances": {"USDT": Decimal(100_000)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 7,
            "fees": (Decimal("0.0002"), Decimal("0.0005")),
            "credentials": Credentials(KEY, SECRET),
        }
        self.config = VenueConfig(**(fields | changes))
        self.venue: BinanceUsdm = load("binance_usdm").build(self.config)
        self.now = self.config.epoch_ns
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self._frames: list[str] = []
        self.venue.on_push(self._pushed)
        self.venue.on_truth(self.truths.append)

    # ------------------------------------------------------------------ REST
    def request(
        self, method: str, path: str, params: dict[str, Any] | None = None, *, signed: bool = True
    ) -> HttpRequest:
        params = params or {}
        text = urlencode(params)
        if signed:
            text = urlencode(params if "timestamp" in params else params | {"timestamp": self.now // 1_000_000})
            text = f"{text}&signature={sign(SECRET, text)}"
        in_body = method in ("POST", "PUT")
        target = path if in_body or not text else f"{path}?{text}"
        headers = {"host": "fapi.binance.com", "x-mbx-apikey": KEY}
        return HttpRequest(method, target, "fapi.binance.com", headers, text.encode() if in_body else b"")

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return parsed(answer, call)

    def ask(self, method: str, path: str, *, signed: bool = True, as_of: int | None = None, **params: Any) -> Answer:
        return self.raw(self.request(method, path, params, signed=signed), as_of=as_of)

    def place(self, side: str = "BUY", **params: Any) -> Answer:
        return self.ask("POST", "/fapi/v1/order", **({"symbol": "BTCUSDT", "side": side} | params))

    def limit(self, price: str, quantity: str, side: str = "BUY", **params: Any) -> Answer:
        fields = {"type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity}
        return self.place(side, **(fields | params))

    def market(self, side: str = "BUY", quantity: str = "0.1", **params: Any) -> Answer:
        return self.place(side, **({"type": "MARKET", "quantity": quantity, "newOrderRespType": "RESULT"} | params))

    def algo(self, kind: str, side: str = "SELL", **params: Any) -> Answer:
        fields = {"symbol": "BTCUSDT", "side": side, "type": kind, "algoType": "CONDITIONAL"}
        return self.ask("POST", "/fapi/v1/algoOrder", **(fields | params))

    def public(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, signed=False, **params)

    def get(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, **params)

    def limits_orders(self) -> str:
        """Orders counted in these ten seconds."""
        return self.venue.desk.limits.order_headers(self.now)["X-MBX-ORDER-COUNT-10S"]

    def move(self, price: str, symbol: str = BTC) -> None:
        """The market's mid goes there: orders that wait for it are triggered."""
        exchange = self.venue.desk.exchange
        rules = exchange.instrument(symbol)
        exchange.publish(symbol, mark=rules.ticks(Decimal(price)))

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += int(seconds * SECOND)
        self.venue.advance(self.now)

    # --------------------------------------------------------------- streams
    def session(self, path: str, host: str = "fstream.binance.com") -> Session:
        return self.venue.open_session(host, path, self.now)

    def say(self, session: Session, frame: Any) -> Any:
        """Send a frame; the answer's JSON."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        return json.loads(ask(session, session.read(text), self.now).body)

    def signed(self, params: dict[str, Any]) -> dict[str, Any]:
        """Parameters of a frame, with key and signature."""
        stamped = params | {"apiKey": KEY, "timestamp": self.now // 1_000_000}
        payload = "&".join(f"{name}={stamped[name]}" for name in sorted(stamped))
        return stamped | {"signature": sign(SECRET, payload)}

    def heard(self, session: Session, seconds: float) -> list[Any]:
        """What a session says by itself in that time."""
        end, said = self.now + int(seconds * SECOND), []
        while (at := session.next_time()) is not None and at <= end:
            self.now = at
            self.venue.advance(at)
            said += list(session.due(at))
        self.now = end
        return [one if isinstance(one, Close) else json.loads(one) for one in said]

    def _pushed(self, push: Push) -> None:
        self.pushes.append(push)
        self._frames.append(push.render())

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        late = [push.render() for push in self.pushes]
        assert late == self._frames, "a frame made later says something else than one made at once"
        return [event for text in late if kind in (None, (event := json.loads(text))["e"])]


def parsed(answer: HttpAnswer, call: Call) -> Answer:
    return Answer(answer.status, json.loads(answer.body), answer.headers, call)
