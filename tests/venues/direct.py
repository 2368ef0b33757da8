"""An unmodified ccxt class wired straight into a venue: no World, no socket; who watches (``asked``, ``seen``) is told.

    wire = Wire("binance_spot", seed=1)
    wire.ccxt.create_order("BTC/USDT", "limit", "buy", 0.01, 40_000)
    wire.request.target, wire.answer.status

``wire.now`` is the time (UNIX ns) that ccxt and the venue see; it moves by ``wire.wait(ns)`` alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import ccxt

from outtrade_mocks.core import Exchange
from outtrade_mocks.core.exchange import Exchange as CoreExchange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
MS = 1_000_000
MARKET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.5, "taker_rate": 0.5, "volatility_bps": 5.0}
MIDS = {"BTC": "50000", "ETH": "3000", "SOL": "150", "DOGE": "0.12", "XRP": "0.6"}
FUNDS = {"BTC": 10, "ETH": 100, "SOL": 1_000, "DOGE": 100_000, "XRP": 100_000}
CASH = 1_000_000


def chosen(symbols: list[str]) -> list[str]:
    """A few of a venue's symbols, of each kind, whose price we can tell."""
    known = [name for name in symbols if name.split("/")[0] in MIDS and name.split("/")[1].split(":")[0] not in FUNDS]
    spot, swaps = [name for name in known if ":" not in name], [name for name in known if ":" in name]
    return spot[:2] + swaps[:2]


def configured(venue: str, seed: int, *, credentials: Credentials | None = None, **market: Any) -> VenueConfig:
    """A funded account, two markets of each kind that move (``market``: other fields of them)."""
    symbols = chosen(sorted(load(venue).symbols))
    markets = {}
    for name in symbols:
        mid = MIDS[name.split("/")[0]]
        depth = str(Decimal(20_000) / Decimal(mid))
        markets[name] = MARKET | {"mid": mid, "depth": depth, "taker_size": str(Decimal(2_000) / Decimal(mid))} | market
    assets = {part for name in symbols for part in name.replace(":", "/").split("/")}
    balances = {asset: Decimal(FUNDS.get(asset, CASH)) for asset in sorted(assets)}
    return VenueConfig(
        symbols=symbols, balances=balances, markets=markets, epoch_ns=EPOCH, seed=seed, credentials=credentials
    )


def core_of(venue: Any) -> Exchange:
    """The exchange core within a venue."""
    for holder in (venue, *vars(venue).values()):
        found = getattr(holder, "exchange", None)
        if isinstance(found, CoreExchange):
            return found
    raise AssertionError("a venue keeps its core as `exchange` of its desk or witness")


class Failed(BaseException):
    """The venue raised. No Exception, so that no client library takes it for its own."""


class Wire:
    """A venue, a ccxt object that talks to it, and the time."""

    def __init__(
        self, venue: str, seed: int = 0, *, secret: str | None = None, public_key: bytes | None = None
    ) -> None:
        """``secret`` and ``public_key``: the two halves of a key pair (PEM) in place of the shared secret."""
        self.module = load(venue)
        self._pair = secret, public_key
        self.now = EPOCH
        self.asked: Callable[[], None] | None = None
        self.seen: Callable[[HttpRequest, Call, Commit | None, HttpAnswer], None] | None = None
        self.kept: tuple[Any, Any] | None = None
        """A venue, and what somebody wants to keep of it."""
        self.request: HttpRequest | None = None
        self.answer: HttpAnswer | None = None
        self.ccxt = self._client()
        self.restart(venue, seed)

    def restart(self, venue: str, seed: int, **market: Any) -> None:
        """A new venue at the beginning of time behind the same client."""
        own = self.module.credentials
        pair = None if self._pair[1] is None else Credentials(own.key, "", own.passphrase, self._pair[1])
        self.config = configured(venue, seed, credentials=pair, **market)
        self.venue = self.module.build(self.config)
        self.now = EPOCH
        self._numbers = count(1)
        self.ccxt.options = deepcopy(self._options)

    def _client(self) -> Any:
        keys = self.module.credentials
        config: dict[str, Any] = {"apiKey": keys.key, "secret": self._pair[0] or keys.secret, "enableRateLimit": False}
        if keys.passphrase is not None:
            config["password"] = keys.passphrase
        client = getattr(ccxt, self.module.ccxt_id)(config | {"options": deepcopy(dict(self.module.ccxt_options))})
        self._options = deepcopy(client.options)
        client.fetch = self._fetch
        client.uuid = lambda *_: str(UUID(int=next(self._numbers)))
        client.uuid16 = lambda *_: f"{next(self._numbers):016x}"
        client.uuid22 = lambda *_: f"{next(self._numbers):022x}"
        client.milliseconds = lambda: self.now // MS
        client.microseconds = lambda: self.now // 1000
        client.seconds = lambda: self.now // 1_000_000_000
        return client

    def load(self) -> None:
        """Let the client load its markets; every restart gives it back as it is then."""
        self.ccxt.load_markets()
        self._options = deepcopy(self.ccxt.options)

    def wait(self, ns: int) -> None:
        """Time passes."""
        self.now += ns
        self.venue.advance(self.now)

    def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
        raw = b"" if body is None else body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
        answer = self.send(HttpRequest(method, target, parts.hostname or "", sent, raw))
        parsed = json.loads(answer.body) if answer.body else None
        text = answer.body.decode("utf-8", "replace")
        self.ccxt.handle_errors(answer.status, "", url, method, answer.headers, text, parsed, headers, body)
        self.ccxt.handle_http_status_code(answer.status, "", url, method, text)
        return parsed

    def send(self, request: HttpRequest) -> HttpAnswer:
        """A request as it is."""
        venue = self.venue
        if self.asked is not None:
            self.asked()
        commit = None
        try:
            call = venue.read(request)
            answer = venue.admit(call, self.now)
            if answer is None:
                commit = venue.execute(call, self.now)
                answer = venue.render(commit, self.now)
        except Exception as error:
            raise Failed(f"{type(error).__name__}: {error}") from error
        self.request, self.answer = request, answer
        if self.seen is not None:
            self.seen(request, call, commit, answer)
        return answer
