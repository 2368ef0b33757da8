"""An OKX venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Close, HttpAnswer, HttpRequest, Push, Session, ask
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.okx import Okx
from outtrade_mocks.venues.okx.auth import sign

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
KEY, SECRET, PASSPHRASE = "11111111-2222-4333-8444-555555555555", "TESTSECRET", "pass-Phrase1"
SYMBOLS = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "BTC/USD:BTC")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USDT": QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    "ETH/USDT": QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
    "BTC/USDT:USDT": QUIET | {"mid": "50000", "depth": "50", "taker_size": "5"},
    "BTC/USD:BTC": QUIET | {"mid": "50000", "depth": "5000", "taker_size": "50"},
}
HOST = "www.okx.com"
SPOT, SWAP, INVERSE = "BTC-USDT", "BTC-USDT-SWAP", "BTC-USD-SWAP"


@dataclass
class Answer:
    status: int
    body: Any
    call: Call
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def item(self) -> dict[str, Any]:
        """The only item."""
        assert len(self.data) == 1
        found: dict[str, Any] = self.data[0]
        return found

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and text of what was refused: of the item where it is one order's."""
        if self.code == "1":
            return self.status, self.item["sCode"], self.item["sMsg"]
        return self.status, self.code, self.body["msg"]


def iso(now: int) -> str:
    return datetime.fromtimestamp(now // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now // 1_000_000 % 1000:03d}Z"


class Kit:
    """The venue and a client of it that signs properly."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(10)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 7,
            "credentials": Credentials(KEY, SECRET, PASSPHRASE),
        }
        self.venue: Okx = load("okx").build(VenueConfig(**(fields | changes)))
        self.now = EPOCH
        self.pushes: list[Push] = []
        self.frames: list[tuple[str, Any]] = []
        self.truths: list[OrderChange | Fill] = []
        self.sessions: list[Session] = []
        self.told: dict[int, list[Any]] = {}
        self.venue.on_push(self._pushed)
        self.venue.on_truth(self.truths.append)

    def _pushed(self, push: Push) -> None:
        self.pushes.append(push)
        self.frames.append((push.channel, json.loads(push.render())))
        for number, session in enumerate(self.sessions):
            self.told.setdefault(number, []).extend(json.loads(frame) for frame in session.frames(push))

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)
        self.venue.advance(self.now)

    # ------------------------------------------------------------------ REST
    def request(self, method: str, path: str, payload: Any = None, *, signed: bool = True) -> HttpRequest:
        target, body = f"/api/v5/{path}", b""
        if method == "GET" and payload:
            target += "?" + urlencode(payload)
        elif payload is not None:
            body = json.dumps(payload).encode()
        headers = {"host": HOST, "content-type": "application/json"}
        if signed:
            stamp = iso(self.now)
            headers |= {
                "ok-access-key": KEY,
                "ok-access-passphrase": PASSPHRASE,
                "ok-access-timestamp": stamp,
                "ok-access-sign": sign(SECRET, stamp + method + target + body.decode()),
            }
        return HttpRequest(method, target, HOST, headers, body)

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return parsed(answer, call)

    def get(self, path: str, *, as_of: int | None = None, signed: bool = True, **params: Any) -> Answer:
        return self.raw(self.request("GET", path, params, signed=signed), as_of=as_of)

    def public(self, path: str, **params: Any) -> Answer:
        return self.get(path, signed=False, **params)

    def post(self, path: str, payload: Any = None, **params: Any) -> Answer:
        return self.raw(self.request("POST", path, params if payload is None else payload))

    # ---- the usual requests
    def place(self, **params: Any) -> Answer:
        return self.post("trade/order", spot(**params) if "instId" not in params else params)

    def limit(self, price: str, size: str, side: str = "buy", **params: Any) -> Answer:
        return self.place(side=side, ordType="limit", px=price, sz=size, **params)

    def swap(self, side: str, size: str, ord_type: str = "market", **params: Any) -> Answer:
        fields = {"instId": SWAP, "tdMode": "cross", "side": side, "ordType": ord_type, "sz": size}
        return self.post("trade/order", fields | params)

    def algo(self, **params: Any) -> Answer:
        return self.post("trade/order-algo", {"instId": SPOT, "tdMode": "cash"} | params)

    def order(self, order_id: str, inst_id: str = SPOT, **params: Any) -> dict[str, Any]:
        return self.get("trade/order", instId=inst_id, ordId=order_id, **params).item

    def balance(self, asset: str) -> dict[str, Any]:
        details = self.get("account/balance", ccy=asset).item["details"]
        assert len(details) == 1
        found: dict[str, Any] = details[0]
        return found

    # ------------------------------------------------------------- WebSocket
    def connect(self, address: str = "private") -> Session:
        session = self.venue.open_session("ws.okx.com", f"/ws/v5/{address}", self.now)
        self.sessions.append(session)
        return session

    def login(self, session: Session, **changes: str) -> Any:
        stamp = str(self.now // SECOND)
        arg = {
            "apiKey": KEY,
            "passphrase": PASSPHRASE,
            "timestamp": stamp,
            "sign": sign(SECRET, stamp + "GET/users/self/verify"),
        }
        return self.say(session, {"op": "login", "args": [arg | changes]})[0]

    def say(self, session: Session, frame: Any) -> list[Any]:
        """All frames that answer one."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        answer = ask(session, session.read(text), self.now)
        frames = [answer.body.decode(), *(one for one in answer.also if not isinstance(one, Close))]
        return [json.loads(one) if one.startswith("{") else one for one in frames]

    def subscribe(self, session: Session, *args: dict[str, Any]) -> list[Any]:
        return self.say(session, {"op": "subscribe", "args": list(args)})

    def private(self, *channels: str) -> tuple[Session, list[Any]]:
        """A connection that is logged in and subscribed; and what comes on it from here on."""
        session = self.connect("business" if any("algo" in one for one in channels) else "private")
        assert self.login(session)["code"] == "0"
        for answer in self.subscribe(session, *({"channel": one, "instType": "ANY"} for one in channels)):
            assert answer.get("event") != "error", answer
        return session, self.told.setdefault(self.sessions.index(session), [])


def spot(**params: Any) -> dict[str, Any]:
    return {"instId": SPOT, "tdMode": "cash"} | params


def parsed(answer: HttpAnswer, call: Call) -> Answer:
    return Answer(answer.status, json.loads(answer.body), call, answer.headers)
