"""One of Binance's venues in a box: requests in, parsed answers out, no socket and no clock. And the lives of orders,
as a cassette tells them (``Life``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlencode

from outtrade_mocks.cassettes.model import Interaction
from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, HttpAnswer, HttpRequest, Push
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
KEY, SECRET = "TESTKEY0" * 8, "TESTSEC0" * 8
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
BTC_MARKET = QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"}
ETH_MARKET = QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"}


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


def parsed(answer: HttpAnswer, call: Call) -> Answer:
    return Answer(answer.status, json.loads(answer.body), answer.headers, call)


class Box:
    """The venue and a client of it that signs properly."""

    name: str
    host: str
    usual: Mapping[str, Any]
    """The usual configuration, without time and credentials."""

    def __init__(self, **changes: Any) -> None:
        common = {"epoch_ns": EPOCH, "seed": 7, "credentials": Credentials(KEY, SECRET)}
        self.config = VenueConfig(**(common | dict(self.usual) | changes))
        self.venue = load(self.name).build(self.config)
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
        headers = {"host": self.host, "x-mbx-apikey": KEY}
        return HttpRequest(method, target, self.host, headers, text.encode() if in_body else b"")

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        return parsed(answer, call)

    def ask(self, method: str, path: str, *, signed: bool = True, as_of: int | None = None, **params: Any) -> Answer:
        return self.raw(self.request(method, path, params, signed=signed), as_of=as_of)

    def public(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, signed=False, **params)

    def private(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, **params)

    def _pushed(self, push: Push) -> None:
        self.pushes.append(push)
        self._frames.append(push.render())

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        late = [push.render() for push in self.pushes]
        assert late == self._frames, "a frame made later says something else than one made at once"
        return [event for text in late if kind in (None, (event := json.loads(text)).get("e"))]


class Life:
    """A venue of its own, the orders of one life, and what was asked and answered. ``api``: the path of the API, as
    ``/api/v3``; ``type``: of its answers. Key, time and signature are left out."""

    api: str
    type: str
    response: str
    """``newOrderRespType``."""
    trades_at: str
    box: Callable[[], Box]

    def __init__(self, name: str) -> None:
        self.name = name
        self.kit = self.box()
        self.made: list[Interaction] = []

    def ask(self, method: str, path: str, **params: Any) -> Any:
        self.kit.now += SECOND
        answer = self.kit.ask(method, f"{self.api}/{path}", **params)
        text = urlencode(params)
        in_body = method in ("POST", "PUT")
        self.made.append(
            Interaction(
                name=f"{self.name} {len(self.made) + 1}",
                method=method,
                uri=f"https://{self.kit.host}{self.api}/{path}" + ("" if in_body else f"?{text}"),
                status=answer.status,
                body=json.dumps(answer.data, separators=(",", ":")).encode(),
                headers={"Content-Type": self.type},
                request_body=text.encode() if in_body else b"",
            )
        )
        return answer.data

    def order(self, **params: Any) -> int:
        named = {"newClientOrderId": f"{self.name}-1", "newOrderRespType": self.response}
        return int(self.ask("POST", "order", **named, **params)["orderId"])

    def query(self, order: int) -> None:
        self.ask("GET", "order", symbol="BTCUSDT", orderId=order)

    def trades(self, order: int) -> None:
        self.ask("GET", self.trades_at, symbol="BTCUSDT", orderId=order)

    def end(self, order: int) -> None:
        self.ask("DELETE", "order", symbol="BTCUSDT", orderId=order)


def rests(**order: Any) -> Callable[[Life], None]:
    """An order that rests, is partly filled and cancelled."""

    def live(life: Life) -> None:
        number = life.order(**order)
        life.query(number)
        life.kit.venue.fill(str(number), Decimal("0.4"))
        life.query(number)
        life.trades(number)
        life.end(number)
        life.query(number)

    return live


def over(**order: Any) -> Callable[[Life], None]:
    """An order that is over at once."""

    def live(life: Life) -> None:
        number = life.order(**order)
        life.query(number)
        life.trades(number)

    return live


class Lived(Protocol):
    def __call__(self, name: str, /) -> Life: ...


def interactions(lives: Mapping[str, Callable[[Any], None]], born: Lived) -> Iterator[Interaction]:
    """All lives, one after the other, each at a venue of its own."""
    for name, live in lives.items():
        life = born(name)
        live(life)
        yield from life.made
