"""A Deribit venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Close, HttpAnswer, HttpRequest, Push, Session, ask
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.deribit import Deribit
from outtrade_mocks.venues.deribit.auth import sign

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
KEY, SECRET = "testerId", "TESTSECRET"
PERP, LINEAR = "BTC-PERPETUAL", "BTC_USDC-PERPETUAL"
SYMBOLS = ("BTC/USD:BTC", "ETH/USD:ETH", "BTC/USDC:USDC", "SOL/USDC:USDC", "BTC/USD:BTC-270625")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USD:BTC": QUIET | {"mid": "50000", "depth": "100000", "taker_size": "1000"},
    "BTC/USDC:USDC": QUIET | {"mid": "50000", "depth": "1", "taker_size": "0.05"},
    "SOL/USDC:USDC": QUIET | {"mid": "1200", "depth": "10", "taker_size": "0.5"},
}
HOST = "www.deribit.com"


@dataclass
class Answer:
    status: int
    body: Any
    call: Call

    @property
    def result(self) -> Any:
        assert "result" in self.body, self.body
        return self.body["result"]

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and text of a refusal."""
        return self.status, self.body["error"]["code"], self.body["error"]["message"]

    @property
    def code(self) -> int:
        return int(self.body["error"]["code"])


class Kit:
    """The venue and a client of it that signs properly."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USDC": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(10)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 7,
            "fees": (Decimal("0"), Decimal("0.0005")),
            "credentials": Credentials(KEY, SECRET),
        }
        self.venue: Deribit = load("deribit").build(VenueConfig(**(fields | changes)))
        self.now = EPOCH
        self.pushes: list[Push] = []
        self.truths: list[Any] = []
        self.sessions: list[Session] = []
        self.told: dict[int, list[Any]] = {}
        self._nonces = count(1)
        self.venue.on_push(self._pushed)
        self.venue.on_truth(self.truths.append)

    def _pushed(self, push: Push) -> None:
        self.pushes.append(push)
        for number, session in enumerate(self.sessions):
            self.told.setdefault(number, []).extend(json.loads(frame)["params"] for frame in session.frames(push))

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)
        self.venue.advance(self.now)

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The truth about orders, as the judge reads it."""
        return [self.venue.order_truth(change) for change in self.truths if isinstance(change, OrderChange)]

    @property
    def fills(self) -> list[dict[str, Any]]:
        return [self.venue.fill_truth(change) for change in self.truths if isinstance(change, Fill)]

    # ------------------------------------------------------------------ HTTP
    def header(self, method: str, target: str, body: str, **changes: str) -> str:
        fields = {"id": KEY, "ts": str(self.now // 1_000_000), "nonce": f"n{next(self._nonces)}"} | changes
        payload = f"{fields['ts']}\n{fields['nonce']}\n{method}\n{target}\n{body}\n"
        return "deri-hmac-sha256 " + ",".join(
            f"{name}={value}" for name, value in ({"sig": sign(SECRET, payload)} | fields).items()
        )

    def send(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return Answer(answer.status, json.loads(answer.body), call)

    def get(
        self, name: str, *, as_of: int | None = None, headers: dict[str, str] | None = None, **params: Any
    ) -> Answer:
        target = f"/api/v2/{name}" + (f"?{urlencode(params)}" if params else "")
        if headers is None:
            headers = {"authorization": self.header("GET", target, "")} if name.startswith("private") else {}
        return self.send(HttpRequest("GET", target, HOST, headers), as_of=as_of)

    def post(self, name: str, params: Any = None, *, path: str = "/api/v2", **more: Any) -> Answer:
        body = json.dumps({"jsonrpc": "2.0", "id": 5, "method": name, "params": params or {}} | more)
        headers = {"authorization": self.header("POST", path, body)}
        return self.send(HttpRequest("POST", path, HOST, headers, body.encode()))

    # ---- the usual requests
    def buy(self, instrument: str = PERP, **params: Any) -> Answer:
        return self.get("private/buy", instrument_name=instrument, **params)

    def sell(self, instrument: str = PERP, **params: Any) -> Answer:
        return self.get("private/sell", instrument_name=instrument, **params)

    def order(self, order_id: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.get("private/get_order_state", order_id=order_id, **more).result
        return found

    def books(self) -> tuple[Any, ...]:
        """What a refusal must not change: balances and orders."""
        truth = self.venue.truth()
        return truth["balances"], truth["working"], truth["positions"]

    # ------------------------------------------------------------- WebSocket
    def connect(self) -> Session:
        session = self.venue.open_session(HOST, "/ws/api/v2", self.now)
        self.sessions.append(session)
        return session

    def say(self, session: Session, method: str, **params: Any) -> list[Any]:
        """All frames that answer one; a Close as its code."""
        frame = {"jsonrpc": "2.0", "id": next(self._nonces), "method": method, "params": params}
        return self.text(session, json.dumps(frame))

    def text(self, session: Session, text: str) -> list[Any]:
        answer: HttpAnswer = ask(session, session.read(text), self.now)
        frames: list[Any] = [answer.body.decode()] if answer.body else []
        return [one.code if isinstance(one, Close) else json.loads(one) for one in (*frames, *answer.also)]

    def login(self, session: Session, **more: Any) -> dict[str, Any]:
        told = self.say(
            session, "public/auth", grant_type="client_credentials", client_id=KEY, client_secret=SECRET, **more
        )
        found: dict[str, Any] = told[0]["result"]
        return found

    def private(self, *channels: str) -> tuple[Session, list[Any]]:
        """A connection that is logged in and subscribed; and what comes on it from here on."""
        session = self.connect()
        self.login(session)
        assert self.say(session, "private/subscribe", channels=list(channels))[0]["result"] == list(channels)
        return session, self.told.setdefault(self.sessions.index(session), [])
