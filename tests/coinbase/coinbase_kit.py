"""A Coinbase in a box: requests in, parsed answers out, no socket and no clock; tokens signed by ``cryptography``."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Close, HttpRequest, Push, Reading, ask
from outtrade_mocks.venues.coinbase import Coinbase
from outtrade_mocks.venues.coinbase.streams import CoinbaseSession
from outtrade_mocks.venues.coinbase.venue import CREDENTIALS
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
HOST = "api.coinbase.com"
BASE = "/api/v3/brokerage"
SYMBOLS = ("BTC/USD", "ETH/USD", "ETH/BTC", "DOGE/USD")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
MARKETS = {
    "BTC/USD": QUIET | {"mid": "50000", "depth": "0.5", "taker_size": "0.05"},
    "ETH/USD": QUIET | {"mid": "3000", "depth": "5", "taker_size": "0.5"},
}
EDWARDS = Credentials(key="11111111-2222-4333-8444-555555555555", secret=base64.b64encode(bytes(range(64))).decode())
"""An Ed25519 key as the venue hands them out: 64 bytes, of which the first 32 are the seed."""


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@lru_cache
def private_key(secret: str) -> Any:
    if secret.startswith("-----BEGIN"):
        return serialization.load_pem_private_key(secret.encode(), None)
    return ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret)[:32])


def token(
    now: int, uri: str | None = None, *, keys: Credentials = CREDENTIALS, header: Any = None, **claims: Any
) -> str:
    """A token as coinbase-advanced-py makes it; ``header`` and ``claims`` change members of it (None: leave out)."""
    key = private_key(keys.secret)
    edwards = isinstance(key, ed25519.Ed25519PrivateKey)
    head = {"alg": "EdDSA" if edwards else "ES256", "kid": keys.key, "nonce": "00ff", "typ": "JWT"} | (header or {})
    begins = now // SECOND
    body: dict[str, Any] = {"sub": keys.key, "iss": "cdp", "nbf": begins, "exp": begins + 120, "uri": uri} | claims
    parts = [b64(json.dumps({k: v for k, v in part.items() if v is not None}).encode()) for part in (head, body)]
    signed = ".".join(parts).encode()
    if edwards:
        return f"{'.'.join(parts)}.{b64(key.sign(signed))}"
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return f"{'.'.join(parts)}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]
    call: Call
    reading: Reading

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def ok(self) -> Any:
        assert (self.status, self.reading.outcome) == (200, "ok"), self.body
        return self.data

    @property
    def rejected(self) -> str:
        """The reason of a new order that was refused with HTTP 200."""
        assert self.status == 200 and self.data["success"] is False, self.body
        assert self.data["order_id"] == "" and self.reading.outcome == "definite"
        return self.reading.message


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
        fields |= changes
        fields["balances"] = {asset: Decimal(amount) for asset, amount in fields["balances"].items()}
        config = VenueConfig(**fields)
        self.keys = config.credentials or CREDENTIALS
        self.venue: Coinbase = load("coinbase").build(config)
        self.now = EPOCH
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self.venue.on_push(self.pushes.append)
        self.venue.on_truth(self.truths.append)
        self._names = 0

    # ------------------------------------------------------------------ REST
    def request(self, method: str, path: str, body: Any = None, query: Any = None, **claims: Any) -> HttpRequest:
        whole = path if path.startswith("/v2") else BASE + path
        headers = {"host": HOST, "content-type": "application/json"}
        headers["authorization"] = f"Bearer {token(self.now, f'{method} {HOST}{whole}', keys=self.keys, **claims)}"
        target = whole + (f"?{urlencode(query, doseq=True)}" if query else "")
        return HttpRequest(method, target, HOST, headers, b"" if body is None else json.dumps(body).encode())

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        reading = self.venue.interpret(answer.status, answer.headers, answer.body, self.now)
        return Answer(answer.status, answer.body, answer.headers, call, reading)

    def get(self, path: str, as_of: int | None = None, **query: Any) -> Answer:
        return self.raw(self.request("GET", path, query=query), as_of=as_of)

    def post(self, path: str, **body: Any) -> Answer:
        return self.raw(self.request("POST", path, body))

    def public(self, path: str, **query: Any) -> Answer:
        request = self.request("GET", path, query=query)
        del request.headers["authorization"]
        return self.raw(request)

    def order(self, kind: str = "limit_limit_gtc", *, side: str = "BUY", **fields: Any) -> Answer:
        """A new order; members of the request in capitals are not in the configuration."""
        self._names += 1
        outer = {name.lower(): fields.pop(name) for name in list(fields) if name.isupper()}
        usual = {} if "market" in kind else {"base_size": "0.01", "limit_price": "45000"}
        body = {"client_order_id": f"mine-{self._names}", "product_id": "BTC-USD", "side": side} | outer
        return self.post("/orders", **body, order_configuration={kind: usual | fields})

    def place(self, kind: str = "limit_limit_gtc", **fields: Any) -> str:
        """A new order that is taken; its id."""
        return str(self.order(kind, **fields).ok["order_id"])

    def seen(self, order: str, as_of: int | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/orders/historical/{order}", as_of).ok["order"]
        return found

    def later(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        self.venue.advance(self.now)

    def balances(self) -> dict[str, tuple[str, str]]:
        return dict(self.venue.truth()["balances"])

    # ------------------------------------------------------------- WebSocket
    def open(self, host: str = "advanced-trade-ws-user.coinbase.com") -> Talk:
        return Talk(self, self.venue.open_session(host, "/", self.now))


class Talk:
    """One WebSocket connection."""

    def __init__(self, kit: Kit, session: CoinbaseSession) -> None:
        self.kit = kit
        self.session = session
        self._read = len(kit.pushes)

    def send(self, channel: str, products: Any = (), *, kind: str = "subscribe", signed: bool = False) -> list[Any]:
        """All messages that answer at once."""
        frame: dict[str, Any] = {"type": kind, "product_ids": list(products), "channel": channel}
        if signed:
            frame["jwt"] = token(self.kit.now, keys=self.kit.keys)
        return self.say(json.dumps(frame))

    def say(self, text: str) -> list[Any]:
        answer = ask(self.session, self.session.read(text), self.kit.now)
        return [json.loads(one) for one in (answer.body, *answer.also) if not isinstance(one, Close)]

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
